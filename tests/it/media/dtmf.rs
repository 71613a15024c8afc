//! Scripts: digits heard once, passed on under the other leg's number, and sent.

use rexian::media::command::LegMedia;
use rexian::media::command::MediaCommand;
use rexian::media::command::MediaEvent;
use rexian::media::command::Repeat;

use super::rig::A;
use super::rig::B;
use super::rig::LONG;
use super::rig::Rig;
use super::rig::assert_continuous;
use super::rig::media;
use super::rig::packet;

fn event(digit: u8, end: bool, duration: u16) -> Vec<u8> {
    let [high, low] = duration.to_be_bytes();
    vec![digit, (u8::from(end) << 7) | 0x0a, high, low]
}

fn digits(rig: &mut Rig) -> String {
    rig.take_events()
        .into_iter()
        .filter_map(|event| match event {
            MediaEvent::Digit { digit, .. } => Some(digit),
            _ => None,
        })
        .collect()
}

#[test]
fn repetition_loss_and_disorder_of_event_packets_give_each_press_once() {
    let mut rig = Rig::with_two_legs();
    // Packets as (sequence number, press, end); the order is that of arrival, what is missing was lost.
    let arrivals = [
        (1, 5, false),
        (2, 5, false),
        (4, 5, true),
        (3, 5, false),
        (5, 5, true),
        (5, 5, true),
        (6, 5, true),
        // The beginning of the next is lost; only one end arrives.
        (12, 1, true),
        // The last one's end overtakes its beginning.
        (22, 11, true),
        (20, 11, false),
        (21, 11, false),
    ];
    for (sequence, digit, end) in arrivals {
        let timestamp = match digit {
            5 => 160,
            1 => 2_000,
            _ => 5_000,
        };
        rig.receive(A, &packet(4, sequence, timestamp, 101, &event(digit, end, 800)));
        rig.pass(20);
    }
    assert_eq!(digits(&mut rig), "51#");
}

#[test]
fn the_same_digit_of_another_source_is_another_press() {
    let mut rig = Rig::with_two_legs();
    for (ssrc, first) in [(4, 1), (9, 1)] {
        for (step, end) in [false, true, true, true].into_iter().enumerate() {
            let sequence = first + u16::try_from(step).unwrap();
            rig.receive(A, &packet(ssrc, sequence, 160, 101, &event(5, end, 800)));
            rig.pass(20);
        }
    }
    assert_eq!(digits(&mut rig), "55", "one timestamp, two sources");
}

#[test]
fn digits_are_passed_on_under_the_partners_payload_type_in_one_stream_with_the_voice() {
    let mut rig = Rig::new();
    rig.open(
        A,
        LegMedia {
            telephone_event: Some(96),
            ..media(A)
        },
    );
    rig.open(B, media(B));
    rig.command(MediaCommand::Bridge { a: A, b: B });
    rig.talk(B, 5, 0, 10, 9);
    for (step, end) in [false, false, false, true, true, true].into_iter().enumerate() {
        let step = u16::try_from(step).unwrap();
        rig.receive(
            B,
            &packet(5, 10 + step, 1_600, 101, &event(7, end, 160 * (step + 1))),
        );
        rig.pass(20);
    }
    for frame in 16..30_u16 {
        rig.receive(B, &packet(5, frame, u32::from(frame) * 160, 8, &[9; 160]));
        rig.pass(20);
    }
    assert_eq!(digits(&mut rig), "7");
    let sent = rig.take_sent(A);
    assert_continuous(&sent, 120);
    let events: Vec<_> = sent.iter().filter(|it| it.header().payload_type == 96).collect();
    assert_eq!(events.len(), 6);
    assert!(
        events
            .windows(2)
            .all(|it| it[0].header().timestamp == it[1].header().timestamp)
    );
    assert_eq!(events[0].packet[12..], event(7, false, 160));
}

#[test]
fn a_partner_without_telephone_events_sees_no_hole_in_its_numbers() {
    let mut rig = Rig::new();
    rig.open(
        A,
        LegMedia {
            telephone_event: None,
            ..media(A)
        },
    );
    rig.open(B, media(B));
    rig.command(MediaCommand::Bridge { a: A, b: B });
    rig.talk(B, 5, 0, 5, 9);
    for step in 0..5 {
        rig.receive(B, &packet(5, 5 + step, 800, 101, &event(7, 2 < step, 160)));
        rig.pass(20);
    }
    rig.talk(B, 5, 10, 5, 9);
    let sent = rig.take_sent(A);
    assert_eq!(sent.len(), 10);
    assert_continuous(&sent, 2);
    assert_eq!(digits(&mut rig), "7");
}

#[test]
fn digits_that_we_send_are_heard_and_the_music_goes_on_after_them() {
    let mut rig = Rig::with_two_legs();
    rig.play(A, &[LONG], Repeat::Forever);
    rig.pass(200);
    rig.command(MediaCommand::SendDigits {
        leg: A,
        digits: "19*".into(),
    });
    rig.pass(1_000);
    let sent = rig.take_sent(A);
    let mut other = Rig::with_two_legs();
    for it in &sent {
        other.receive(B, &it.packet);
    }
    assert_eq!(digits(&mut other), "19*");
    assert_eq!(sent.last().unwrap().header().payload_type, 8);
    for pair in sent.windows(2) {
        assert_eq!(
            pair[0].header().sequence.wrapping_add(1),
            pair[1].header().sequence
        );
        let step = pair[1]
            .header()
            .timestamp
            .wrapping_sub(pair[0].header().timestamp);
        assert!(step <= 2_000, "the stream does not go back or jump: {step}");
    }
    let ends = sent
        .iter()
        .filter(|it| it.header().payload_type == 101 && it.packet[13] & 0x80 != 0)
        .count();
    assert_eq!(ends, 9);
}

#[test]
fn digits_are_not_sent_to_a_peer_that_does_not_know_them() {
    let mut rig = Rig::new();
    rig.open(
        A,
        LegMedia {
            telephone_event: None,
            ..media(A)
        },
    );
    rig.command(MediaCommand::SendDigits {
        leg: A,
        digits: "1".into(),
    });
    rig.pass(500);
    assert!(rig.take_sent(A).is_empty());
}
