//! Scripts: who hears whom, what a stream looks like on the wire, who is a stranger, when a leg is dead.

use std::net::IpAddr;
use std::net::SocketAddr;
use std::time::Duration;

use proptest::prelude::*;
use rexian::base::codec::Codec;
use rexian::media::command::Flow;
use rexian::media::command::Latch;
use rexian::media::command::LegMedia;
use rexian::media::command::MediaCommand;
use rexian::media::command::MediaEvent;
use rexian::media::command::MediaLeg;
use rexian::media::command::PlaybackId;
use rexian::media::command::Repeat;
use rexian::media::g711;
use rexian::media::plane::Channel;
use rexian::media::rtcp;

use super::rig::A;
use super::rig::B;
use super::rig::LONG;
use super::rig::Rig;
use super::rig::SHORT;
use super::rig::assert_continuous;
use super::rig::media;
use super::rig::packet;
use super::rig::phone;

fn ended(whole: bool, played_ms: u64) -> MediaEvent {
    MediaEvent::PromptEnded {
        leg: A,
        playback: PlaybackId(7),
        whole,
        played: Duration::from_millis(played_ms),
    }
}

#[test]
fn one_stream_goes_on_from_prompt_to_music_to_agent_and_back() {
    let mut rig = Rig::with_two_legs();
    rig.play(A, &[SHORT], Repeat::Once);
    rig.pass(500);
    assert_eq!(rig.take_events(), [ended(true, 200)]);
    rig.play(A, &[LONG], Repeat::Forever);
    rig.pass(1_500);
    rig.command(MediaCommand::Bridge { a: A, b: B });
    rig.pass(300);
    rig.talk(B, 5, 100, 50, 9);
    rig.play(A, &[SHORT], Repeat::Once);
    rig.talk(B, 5, 150, 20, 9);
    let sent = rig.take_sent(A);
    assert_continuous(&sent, 20);
    let marks: Vec<u8> = sent
        .iter()
        .filter(|it| it.header().marker)
        .map(|it| it.packet[12])
        .collect();
    assert_eq!(marks, [1, 2, 9, 1, 9], "a marker at each change of what is heard");
    assert_eq!(sent.first().unwrap().header().sequence, 65_530);
}

#[test]
fn a_bridged_leg_hears_its_prompt_and_then_its_partner_again() {
    let mut rig = Rig::bridged();
    rig.talk(B, 5, 0, 5, 9);
    rig.play(A, &[SHORT], Repeat::Once);
    rig.talk(B, 5, 5, 15, 9);
    let heard: Vec<u8> = rig.take_sent(A).iter().map(|it| it.packet[12]).collect();
    assert_eq!(heard[..5], [9; 5]);
    assert_eq!(heard.iter().position(|it| *it == 1), Some(5));
    assert_eq!(heard.iter().rposition(|it| *it == 1), Some(14));
    assert_eq!(heard.last(), Some(&9));
}

#[test]
fn stopping_a_prompt_says_how_much_was_heard_and_music_ends_in_silence() {
    let mut rig = Rig::with_two_legs();
    rig.play(A, &[LONG], Repeat::Once);
    rig.pass(410);
    rig.command(MediaCommand::StopPlay { leg: A });
    let events = rig.take_events();
    assert!(
        matches!(events[..], [MediaEvent::PromptEnded { whole: false, played, .. }]
        if (400..=420).contains(&played.as_millis())),
        "{events:?}"
    );
    rig.play(A, &[LONG], Repeat::Forever);
    rig.pass(100);
    rig.command(MediaCommand::StopPlay { leg: A });
    assert_eq!(rig.take_events(), []);
    rig.take_sent(A);
    rig.pass(1_000);
    assert!(rig.take_sent(A).is_empty());
}

#[test]
fn a_partner_that_changes_its_source_or_its_clock_makes_no_jump_in_our_stream() {
    let mut rig = Rig::bridged();
    rig.talk(B, 5, 100, 20, 9);
    rig.talk(B, 6, 40_000, 20, 9);
    for frame in 0..20_u16 {
        let far = 3_000_000_000 + u32::from(frame) * 160;
        rig.receive(B, &packet(6, 40_020 + frame, far, 8, &[9; 160]));
        rig.pass(20);
    }
    let sent = rig.take_sent(A);
    assert_eq!(sent.len(), 60);
    assert_continuous(&sent, 2);
    assert_eq!(sent.iter().filter(|it| it.header().marker).count(), 3);
}

#[test]
fn loss_and_disorder_reach_the_partner_as_they_came() {
    let mut rig = Rig::bridged();
    for sequence in [10_u16, 11, 13, 12, 12, 16] {
        rig.receive(B, &packet(5, sequence, u32::from(sequence) * 160, 8, &[9; 160]));
        rig.pass(20);
    }
    let sent: Vec<(u16, u32)> = rig
        .take_sent(A)
        .iter()
        .map(|it| {
            (
                it.header().sequence.wrapping_sub(65_530),
                it.header().timestamp.wrapping_sub(4_294_960_000) / 160,
            )
        })
        .collect();
    assert_eq!(sent, [(0, 0), (1, 1), (3, 3), (2, 2), (6, 6)]);
    let stats = rig.plane.stats(B.slot).unwrap();
    assert_eq!((stats.received, stats.lost, stats.late), (5, 2, 1));
}

#[test]
fn both_laws_meet_on_a_bridge() {
    let mut rig = Rig::new();
    rig.open(
        A,
        LegMedia {
            codec: Codec::Pcmu,
            payload_type: 0,
            ..media(A)
        },
    );
    rig.open(B, media(B));
    rig.command(MediaCommand::Bridge { a: A, b: B });
    let loud = g711::encode(Codec::Pcma, 8_000);
    rig.receive(B, &packet(5, 1, 160, 8, &[loud; 160]));
    let sent = &rig.take_sent(A)[0];
    assert_eq!(sent.header().payload_type, 0);
    let heard = g711::decode(Codec::Pcmu, sent.packet[12]);
    assert!((7_600..8_400).contains(&heard), "{heard}");
    assert_eq!(sent.packet.len(), 172);
}

#[test]
fn extensions_and_padding_are_not_passed_on() {
    let mut rig = Rig::bridged();
    let mut odd = packet(5, 1, 160, 8, &[]);
    odd[0] = 0xB1;
    odd.extend([0, 0, 0, 1, 0xBE, 0xDE, 0, 1, 1, 2, 3, 4]);
    odd.extend([9; 160]);
    odd.extend([0, 0, 0, 4]);
    rig.receive(B, &odd);
    let sent = &rig.take_sent(A)[0];
    assert_eq!((sent.packet[0], sent.packet.len()), (0x80, 172));
    assert_eq!(sent.packet[12..], [9; 160]);
}

#[test]
fn injected_packets_are_counted_and_heard_by_nobody() {
    let mut rig = Rig::bridged();
    rig.talk(B, 5, 0, 10, 9);
    rig.take_sent(A);
    for sequence in 10..60 {
        rig.receive_from(
            B,
            "6.6.6.6:4000".parse().unwrap(),
            &packet(5, sequence, 1_600, 8, &[66; 160]),
        );
    }
    rig.talk(B, 5, 10, 10, 9);
    let sent = rig.take_sent(A);
    assert_eq!(sent.len(), 10);
    assert!(sent.iter().all(|it| it.packet[12] == 9));
    assert_eq!(rig.plane.stats(B.slot).unwrap().strangers, 50);
}

#[test]
fn rtp_goes_to_the_locked_source_and_only_new_media_moves_it() {
    let mut rig = Rig::new();
    let natted: SocketAddr = "203.0.113.9:61000".parse().unwrap();
    rig.open(
        A,
        LegMedia {
            latch: Latch::SdpOrSignalling(natted.ip()),
            ..media(A)
        },
    );
    rig.play(A, &[LONG], Repeat::Forever);
    for sequence in 0..10 {
        rig.receive_from(
            A,
            natted,
            &packet(5, sequence, u32::from(sequence) * 160, 8, &[9; 160]),
        );
        rig.pass(20);
    }
    let targets: Vec<SocketAddr> = rig.take_sent(A).iter().map(|it| it.to).collect();
    assert_eq!(targets.first(), Some(&phone(A)));
    assert_eq!(targets.last(), Some(&natted));
    let moved: SocketAddr = "10.0.0.77:5000".parse().unwrap();
    rig.command(MediaCommand::Modify {
        leg: A,
        media: LegMedia {
            remote_rtp: Some(moved),
            ..media(A)
        },
    });
    rig.pass(40);
    assert!(rig.take_sent(A).iter().all(|it| it.to == moved));
}

#[test]
fn a_held_leg_is_neither_heard_nor_spoken_to_nor_timed_out() {
    let mut rig = Rig::bridged();
    rig.talk(A, 4, 0, 10, 8);
    rig.talk(B, 5, 0, 10, 9);
    rig.take_sent(A);
    rig.take_sent(B);
    let flow = Flow {
        send: false,
        receive: false,
    };
    rig.command(MediaCommand::Modify {
        leg: B,
        media: LegMedia { flow, ..media(B) },
    });
    rig.talk(B, 5, 10, 10, 9);
    rig.talk(A, 4, 10, 10, 8);
    assert!(rig.take_sent(A).is_empty() && rig.take_sent(B).is_empty());
    rig.take_events();
    rig.pass(60_000);
    assert_eq!(rig.take_events(), [MediaEvent::RtpTimeout { leg: A }]);
    rig.command(MediaCommand::Modify {
        leg: B,
        media: media(B),
    });
    rig.talk(B, 5, 20, 10, 9);
    assert_eq!(rig.take_sent(A).len(), 10);
}

#[test]
fn nothing_is_sent_to_a_peer_that_named_no_address() {
    let mut rig = Rig::new();
    rig.open(
        A,
        LegMedia {
            remote_rtp: None,
            remote_rtcp: None,
            ..media(A)
        },
    );
    rig.play(A, &[SHORT], Repeat::Once);
    rig.pass(20_000);
    assert!(rig.world.sent.is_empty());
    assert_eq!(
        rig.take_events(),
        [ended(true, 200)],
        "the prompt's time passes all the same"
    );
}

#[test]
fn before_an_answer_nothing_is_accepted() {
    let mut rig = Rig::new();
    let start = rexian::media::command::StreamStart {
        ssrc: 1,
        sequence: 1,
        timestamp: 1,
    };
    rig.command(MediaCommand::Open {
        leg: A,
        media: None,
        start,
    });
    rig.talk(A, 5, 0, 20, 9);
    assert_eq!(rig.take_events(), []);
    rig.command(MediaCommand::Modify {
        leg: A,
        media: media(A),
    });
    rig.talk(A, 5, 20, 1, 9);
    assert_eq!(rig.take_events(), [MediaEvent::FirstRtp { leg: A }]);
}

#[test]
fn silence_is_reported_once_and_a_report_is_a_sign_of_life() {
    let mut rig = Rig::with_two_legs();
    rig.talk(A, 5, 0, 5, 9);
    rig.take_events();
    rig.pass(29_000);
    let report = rtcp::Report {
        ssrc: 5,
        sender: None,
        block: None,
        cname: [b'a'; 16],
        goodbye: false,
    };
    let mut buffer = [0; rtcp::COMPOUND_BYTES_MAX];
    let length = rtcp::write(&report, &mut buffer);
    rig.receive_rtcp(A, "10.0.0.0:4001".parse().unwrap(), &buffer[..length]);
    rig.receive_rtcp(B, "6.6.6.6:4001".parse().unwrap(), &buffer[..length]);
    rig.pass(29_000);
    assert_eq!(
        rig.take_events(),
        [MediaEvent::RtpTimeout { leg: B }],
        "a stranger's report is no sign of life"
    );
    assert_eq!(rig.plane.stats(B.slot).unwrap().strangers, 1);
    rig.pass(60_000);
    assert_eq!(rig.take_events(), [MediaEvent::RtpTimeout { leg: A }]);
}

/// That a source leaves: in a compound with a report about our stream, and alone.
fn goodbyes(of: u32, block: Option<rtcp::ReportBlock>) -> [Vec<u8>; 2] {
    let report = rtcp::Report {
        ssrc: of,
        sender: None,
        block,
        cname: [b'a'; 16],
        goodbye: true,
    };
    let mut buffer = [0; rtcp::COMPOUND_BYTES_MAX];
    let length = rtcp::write(&report, &mut buffer);
    let [s0, s1, s2, s3] = of.to_be_bytes();
    let goodbyes = [buffer[..length].to_vec(), vec![0x81, 203, 0, 1, s0, s1, s2, s3]];
    assert!(goodbyes.iter().all(|it| rtcp::read(it, 0xAA00).unwrap().goodbye));
    goodbyes
}

/// A talk of nine seconds, then silence; after the first second the goodbyes come from a host at both sockets of A.
fn talk_with_goodbyes(host: IpAddr, goodbyes: &[Vec<u8>]) -> Rig {
    let mut rig = Rig::bridged();
    rig.talk(A, 5, 0, 50, 8);
    for goodbye in goodbyes {
        rig.receive_rtcp(A, SocketAddr::new(host, 4001), goodbye);
        rig.receive_from(A, SocketAddr::new(host, 4000), goodbye);
    }
    rig.talk(A, 5, 50, 400, 8);
    rig.talk(B, 6, 0, 50, 9);
    rig.pass(60_000);
    rig
}

/// What is sent on these channels and all that is said is the same in both talks, and both go on.
fn assert_same_talk(quiet: &mut Rig, attacked: &mut Rig, channels: &[Channel]) {
    let bytes = |rig: &mut Rig| -> Vec<_> {
        let sent = std::mem::take(&mut rig.world.sent);
        sent.into_iter()
            .filter(|it| channels.contains(&it.channel))
            .map(|it| (it.at, it.slot, it.channel, it.to, it.packet))
            .collect()
    };
    let sent = bytes(quiet);
    assert!(500 <= sent.len(), "450 frames one way and 50 the other");
    assert!(
        sent == bytes(attacked),
        "other bytes, at another time or to another address"
    );
    assert_eq!(quiet.take_events(), attacked.take_events());
    assert!(attacked.plane.is_open(0) && attacked.plane.is_open(1));
}

#[test]
fn a_goodbye_of_a_stranger_who_knows_every_number_changes_nothing() {
    let about_us = rtcp::ReportBlock {
        ssrc: 0xAA00,
        fraction_lost: 255,
        lost: 9,
        highest: 0,
        jitter: 0,
        last_sr: 0,
        delay: 0,
    };
    let stranger = "6.6.6.6".parse().unwrap();
    let mut quiet = talk_with_goodbyes(stranger, &[]);
    let mut attacked = talk_with_goodbyes(stranger, &goodbyes(5, Some(about_us)));
    assert_same_talk(&mut quiet, &mut attacked, &[Channel::Rtp, Channel::Rtcp]);
    let (before, after) = (quiet.plane.stats(0).unwrap(), attacked.plane.stats(0).unwrap());
    assert_eq!((before.strangers, after.strangers, after.far_loss), (0, 4, 0));
}

#[test]
fn a_goodbye_of_an_unknown_source_behind_the_peers_address_ends_no_talk() {
    let mut quiet = talk_with_goodbyes(phone(A).ip(), &[]);
    let mut attacked = talk_with_goodbyes(phone(A).ip(), &goodbyes(0x6666_6666, None));
    assert_same_talk(&mut quiet, &mut attacked, &[Channel::Rtp]);
}

#[test]
fn reports_say_what_was_sent_and_lost_and_the_far_loss_is_read() {
    let mut rig = Rig::bridged();
    for sequence in (0..200_u16).filter(|it| it % 4 != 3) {
        rig.receive(A, &packet(5, sequence, u32::from(sequence) * 160, 8, &[9; 160]));
        rig.pass(26);
    }
    let sent: Vec<_> = rig
        .world
        .sent
        .iter()
        .filter(|it| it.slot == 0 && it.channel == Channel::Rtcp)
        .collect();
    assert!(!sent.is_empty());
    assert_eq!(sent[0].to, "10.0.0.0:4001".parse().unwrap());
    let heard = rtcp::read(&sent[0].packet, 5).unwrap();
    let block = heard.about_us.unwrap();
    assert!(
        (60..=68).contains(&block.fraction_lost),
        "{}",
        block.fraction_lost
    );
    let to_b = rig
        .world
        .sent
        .iter()
        .find(|it| it.slot == 1 && it.channel == Channel::Rtcp)
        .unwrap();
    assert_eq!(to_b.packet[1], 200, "a leg that was sent to gets a sender report");
    let about = rtcp::ReportBlock {
        ssrc: 0xAA00,
        fraction_lost: 51,
        lost: 9,
        highest: 0,
        jitter: 0,
        last_sr: 0,
        delay: 0,
    };
    let report = rtcp::Report {
        ssrc: 5,
        sender: None,
        block: Some(about),
        cname: [b'a'; 16],
        goodbye: false,
    };
    let mut buffer = [0; rtcp::COMPOUND_BYTES_MAX];
    let length = rtcp::write(&report, &mut buffer);
    rig.receive_rtcp(A, "10.0.0.0:4001".parse().unwrap(), &buffer[..length]);
    assert_eq!(rig.plane.stats(A.slot).unwrap().far_loss, 51);
}

#[test]
fn a_leg_is_never_its_own_source_and_a_new_bridge_ends_the_old() {
    let mut rig = Rig::bridged();
    let third = MediaLeg {
        slot: 2,
        generation: 1,
    };
    rig.open(third, media(third));
    rig.command(MediaCommand::Bridge { a: A, b: A });
    assert_eq!(rig.plane.counts().refused, 1);
    rig.command(MediaCommand::Bridge { a: third, b: B });
    rig.talk(A, 4, 0, 3, 8);
    rig.talk(B, 5, 0, 3, 9);
    assert!(rig.take_sent(A).is_empty() && rig.take_sent(B).is_empty());
    assert_eq!(rig.take_sent(third).len(), 3);
    rig.command(MediaCommand::Close { leg: third });
    rig.talk(B, 5, 3, 3, 9);
    assert!(rig.take_sent(A).is_empty() && rig.take_sent(third).iter().all(|it| it.packet[1] != 8));
}

#[test]
fn a_command_for_an_older_use_of_the_slot_is_dropped_and_counted() {
    let mut rig = Rig::with_two_legs();
    rig.command(MediaCommand::Close { leg: A });
    let again = MediaLeg { generation: 2, ..A };
    rig.open(again, media(again));
    rig.play(A, &[SHORT], Repeat::Once);
    rig.command(MediaCommand::Bridge { a: A, b: B });
    rig.command(MediaCommand::Close { leg: A });
    rig.pass(100);
    assert!(rig.take_sent(A).iter().all(|it| it.channel == Channel::Rtcp));
    assert_eq!(rig.plane.counts().stale, 3);
    assert!(rig.plane.is_open(0));
}

#[test]
fn closing_says_goodbye_and_gives_the_last_figures() {
    let mut rig = Rig::bridged();
    rig.talk(A, 4, 0, 10, 8);
    rig.take_events();
    rig.command(MediaCommand::Close { leg: A });
    let events = rig.take_events();
    assert!(
        matches!(&events[..], [MediaEvent::Closed { leg: A, stats }] if stats.received == 10),
        "{events:?}"
    );
    let last = rig.world.sent.last().unwrap();
    assert_eq!((last.slot, last.channel), (0, Channel::Rtcp));
    assert!(rtcp::read(&last.packet, 0).unwrap().goodbye);
    rig.talk(B, 5, 0, 3, 9);
    assert!(rig.take_sent(A).is_empty());
}

proptest! {
    #[test]
    fn nothing_that_arrives_does_harm(
        packets in proptest::collection::vec(
            (0_u32..3, any::<bool>(), 0_u8..4, proptest::collection::vec(any::<u8>(), 0..60)),
            0..200,
        )
    ) {
        let mut rig = Rig::bridged();
        for (slot, shared, shape, mut bytes) in packets {
            let leg = MediaLeg { slot, generation: 1 };
            if let [flags, kind, ..] = &mut bytes[..] && 0 < shape {
                *flags = 0x80 | (*flags & 0x33);
                *kind = [*kind, 8, 101, 200][usize::from(shape)];
            }
            if shared { rig.receive(leg, &bytes) } else { rig.receive_rtcp(leg, phone(leg), &bytes) }
            rig.pass(4);
        }
    }
}
