//! Scripts: a party that heard nothing for a while hears one stream all the same, without a loss it could count.

use rexian::media::command::Flow;
use rexian::media::command::LegMedia;
use rexian::media::command::MediaCommand;
use rexian::media::command::MediaLeg;
use rexian::media::command::Repeat;

use super::rig::A;
use super::rig::B;
use super::rig::LONG;
use super::rig::Rig;
use super::rig::Sent;
use super::rig::assert_continuous;
use super::rig::media;
use super::rig::packet;

const BOTH: Flow = Flow {
    send: true,
    receive: true,
};
const NONE: Flow = Flow {
    send: false,
    receive: false,
};
/// The peer may only listen.
const SEND: Flow = Flow {
    send: true,
    receive: false,
};
/// The peer may only speak.
const RECEIVE: Flow = Flow {
    send: false,
    receive: true,
};

/// Both phones speak all the time, whether they are heard or not: A says 8, B says 9.
struct Phones {
    rig: Rig,
    frame: u16,
}

impl Phones {
    fn bridged() -> Self {
        Self {
            rig: Rig::bridged(),
            frame: 0,
        }
    }

    fn talk(&mut self, frames: u16) {
        for _ in 0..frames {
            let timestamp = u32::from(self.frame) * 160;
            let (a, b) = (self.frame.wrapping_add(65_500), self.frame.wrapping_add(30_000));
            self.rig.receive(A, &packet(4, a, timestamp, 8, &[8; 160]));
            self.rig.receive(B, &packet(5, b, timestamp, 8, &[9; 160]));
            self.rig.pass(20);
            self.frame += 1;
        }
    }

    /// Two seconds of talk, three seconds under `hold`, one second of talk under `retrieve`.
    fn hold(&mut self, hold: MediaCommand, retrieve: MediaCommand) {
        self.talk(100);
        self.rig.command(hold);
        self.talk(150);
        self.rig.command(retrieve);
        self.talk(50);
    }

    fn flow(&mut self, leg: MediaLeg, flow: Flow) {
        self.hold(modify(leg, flow), modify(leg, BOTH));
    }
}

fn modify(leg: MediaLeg, flow: Flow) -> MediaCommand {
    let media = LegMedia { flow, ..media(leg) };
    MediaCommand::Modify { leg, media }
}

fn marks(sent: &[Sent]) -> Vec<usize> {
    let marked = sent.iter().enumerate().filter(|(_, it)| it.header().marker);
    marked.map(|(at, _)| at).collect()
}

/// What a leg was sent: 150 frames, a marker at the first and at the first after the hold, and no hole.
fn assert_retrieved(sent: &[Sent]) {
    assert_continuous(sent, 2);
    assert_eq!(sent.len(), 150);
    assert_eq!(marks(sent), [0, 100]);
}

#[test]
fn a_bridge_that_comes_back_goes_on_from_the_last_number_both_ways() {
    let mut phones = Phones::bridged();
    phones.hold(
        MediaCommand::Unbridge { leg: A },
        MediaCommand::Bridge { a: A, b: B },
    );
    assert_retrieved(&phones.rig.take_sent(A));
    assert_retrieved(&phones.rig.take_sent(B));
}

#[test]
fn a_leg_that_may_be_sent_to_again_goes_on_from_its_last_number() {
    let mut phones = Phones::bridged();
    phones.flow(A, RECEIVE);
    assert_retrieved(&phones.rig.take_sent(A));
    let other = phones.rig.take_sent(B);
    assert_continuous(&other, 2);
    assert_eq!(
        (other.len(), marks(&other)),
        (300, vec![0]),
        "B heard A all the time"
    );
}

#[test]
fn the_partner_of_a_leg_that_is_heard_again_goes_on_from_its_last_number() {
    let mut phones = Phones::bridged();
    phones.flow(B, SEND);
    assert_retrieved(&phones.rig.take_sent(A));
    let other = phones.rig.take_sent(B);
    assert_continuous(&other, 2);
    assert_eq!(
        (other.len(), marks(&other)),
        (300, vec![0]),
        "B heard A all the time"
    );
}

#[test]
fn a_leg_that_was_held_both_ways_leaves_no_hole_on_either_side() {
    let mut phones = Phones::bridged();
    phones.flow(B, NONE);
    assert_retrieved(&phones.rig.take_sent(A));
    assert_retrieved(&phones.rig.take_sent(B));
}

#[test]
fn a_hold_that_names_no_address_leaves_no_hole() {
    let mut phones = Phones::bridged();
    let nowhere = LegMedia {
        remote_rtp: None,
        ..media(A)
    };
    phones.hold(
        MediaCommand::Modify {
            leg: A,
            media: nowhere,
        },
        modify(A, BOTH),
    );
    assert_retrieved(&phones.rig.take_sent(A));
}

#[test]
fn a_hold_with_music_is_one_stream_from_talk_to_music_to_talk() {
    let mut phones = Phones::bridged();
    phones.talk(100);
    phones.rig.command(modify(B, NONE));
    phones.rig.command(MediaCommand::Unbridge { leg: A });
    phones.rig.play(A, &[LONG], Repeat::Forever);
    phones.talk(150);
    phones.rig.command(modify(B, BOTH));
    phones.rig.command(MediaCommand::Bridge { a: A, b: B });
    phones.talk(50);
    let sent = phones.rig.take_sent(A);
    assert_continuous(&sent, 20);
    let heard: Vec<u8> = marks(&sent).iter().map(|at| sent[*at].packet[12]).collect();
    assert_eq!(heard, [9, 2, 9]);
    assert_retrieved(&phones.rig.take_sent(B));
}

#[test]
fn a_leg_whose_presses_were_cut_off_by_new_media_goes_on_from_its_last_number() {
    let mut phones = Phones::bridged();
    phones.talk(50);
    let digits = "12".into();
    phones.rig.command(MediaCommand::SendDigits { leg: A, digits });
    let deaf = LegMedia {
        telephone_event: None,
        ..media(A)
    };
    phones.rig.command(MediaCommand::Modify { leg: A, media: deaf });
    phones.talk(50);
    let sent = phones.rig.take_sent(A);
    assert!((95..100).contains(&sent.len()), "{}", sent.len());
    assert_continuous(&sent, 2);
}

#[test]
fn a_session_that_is_only_refreshed_is_no_new_talk_spurt() {
    let mut phones = Phones::bridged();
    phones.hold(modify(A, BOTH), modify(B, BOTH));
    for leg in [A, B] {
        let sent = phones.rig.take_sent(leg);
        assert_continuous(&sent, 2);
        assert_eq!((sent.len(), marks(&sent)), (300, vec![0]));
    }
}

#[test]
fn a_loss_after_a_hold_is_a_hole_again_and_what_comes_late_from_before_is_not_sent() {
    let mut rig = Rig::bridged();
    rig.talk(B, 5, 0, 100, 9);
    rig.command(modify(B, SEND));
    rig.talk(B, 5, 100, 149, 9);
    rig.command(modify(B, BOTH));
    for frame in [250, 249, 253, 252] {
        rig.talk(B, 5, frame, 1, 9);
    }
    let numbers: Vec<u16> = rig
        .take_sent(A)
        .iter()
        .skip(99)
        .map(|it| it.header().sequence.wrapping_sub(65_530))
        .collect();
    assert_eq!(numbers, [99, 100, 103, 102]);
}
