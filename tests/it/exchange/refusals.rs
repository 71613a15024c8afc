//! What is not taken: refused before it is answered, in the words its trunk wants, and written down.

use rexian::exchange::admission::Limits;
use rexian::exchange::command::Command;
use rexian::exchange::input::JournalStatus;
use rexian::fact::Actor;

use super::profile::limits;
use super::profile::profile;
use super::rig::CITY;
use super::rig::Rig;
use super::rig::SDP;
use super::rig::value;

fn refused(rig: &mut Rig, peer: &str) -> (String, String, String) {
    let text = rig.heard(peer).pop().unwrap();
    let status = text.split(' ').nth(1).unwrap().to_owned();
    (
        status,
        value(&text, "Reason").to_owned(),
        value(&text, "Retry-After").to_owned(),
    )
}

#[test]
fn overload_is_told_as_each_trunk_wants_it() {
    let none = Limits {
        calls_max: 0,
        ..limits()
    };
    for (trunk, status, cause, retry) in [
        ("192.0.2.2:5060", "480", "34", ""),
        ("192.0.2.3:5060", "486", "17", ""),
        ("192.0.2.4:5060", "503", "34", ""),
        ("192.0.2.5:5060", "503", "34", "10"),
    ] {
        let mut rig = Rig::with(profile(), none);
        let citizen = rig.invite_from(trunk, 1, "12345", SDP);
        let (found, reason, retry_after) = refused(&mut rig, trunk);
        assert_eq!((found.as_str(), retry_after.as_str()), (status, retry), "{trunk}");
        assert!(reason.starts_with(&format!("Q.850;cause={cause}")), "{reason}");
        assert_eq!(rig.last("call.refused")["reason"], "overload");
        rig.ack_refusal(&citizen);
        rig.settle();
    }
}

#[test]
fn a_number_that_leads_nowhere_is_404_and_a_stranger_403() {
    let mut rig = Rig::new();
    rig.invite(1, "99999", SDP);
    assert_eq!(refused(&mut rig, CITY).0, "404");
    assert_eq!(rig.last("call.refused")["reason"], "unknown_number");
    rig.invite_from("203.0.113.9:5060", 2, "12345", SDP);
    assert_eq!(refused(&mut rig, "203.0.113.9:5060").0, "403");
    assert_eq!(rig.last("call.refused")["reason"], "no_trunk");
}

#[test]
fn strangers_above_the_rate_are_counted_instead_of_written() {
    let mut rig = Rig::new();
    for number in 0..20 {
        rig.invite_from("203.0.113.9:5060", number, "12345", SDP);
    }
    assert_eq!(
        rig.story(0)
            .split(' ')
            .filter(|kind| *kind == "call.refused")
            .count(),
        5
    );
    rig.pass(121_000);
    let counted = rig.last("call.refusals_counted");
    assert_eq!(
        (&counted["count"], &counted["reason"]),
        (&15.into(), &"no_trunk".into())
    );
}

#[test]
fn without_a_common_codec_it_is_488() {
    let mut rig = Rig::new();
    let g729 = SDP
        .replace("RTP/AVP 8 101", "RTP/AVP 18")
        .replace("a=rtpmap:8 PCMA/8000\r\n", "");
    let citizen = rig.invite(1, "12345", &g729);
    assert_eq!(refused(&mut rig, CITY).0, "488");
    assert_eq!(rig.last("call.refused")["reason"], "not_acceptable");
    rig.ack_refusal(&citizen);
    rig.settle();
}

#[test]
fn without_a_free_port_a_call_is_refused() {
    let mut rig = Rig::new();
    for number in 0..40 {
        rig.call(number, "12345");
    }
    rig.invite(40, "12345", SDP);
    assert_eq!(refused(&mut rig, CITY).0, "480");
    assert_eq!(rig.last("call.refused")["reason"], "no_media_port");
}

#[test]
fn a_journal_that_takes_nothing_refuses_calls_and_counts_them() {
    for (status, reason) in [
        (JournalStatus::Full, "journal_full"),
        (JournalStatus::Failed, "journal_failed"),
    ] {
        let mut rig = Rig::new();
        let talking = rig.call(1, "12345");
        rig.journal(status);
        rig.forget();
        let before = rig.facts.len();
        rig.invite(2, "12345", SDP);
        assert_eq!(refused(&mut rig, CITY).0, "480");
        assert_eq!(rig.facts.len(), before, "nothing can be written now");
        rig.pass(61_000);
        rig.journal(JournalStatus::Accepting);
        let counted = rig.last("call.refusals_counted");
        assert_eq!(
            (&counted["count"], &counted["reason"]),
            (&1.into(), &reason.into())
        );
        rig.say(&talking, "BYE", "", "");
        assert_eq!(
            rig.last("call.ended")["by"],
            "caller",
            "calls in progress went on"
        );
    }
}

#[test]
fn draining_refuses_new_calls_and_keeps_the_old() {
    let mut rig = Rig::new();
    let old = rig.call(1, "12345");
    rig.command(Actor::system(), Command::Drain);
    rig.forget();
    rig.invite(2, "12345", SDP);
    assert_eq!(refused(&mut rig, CITY).0, "480");
    assert_eq!(rig.last("call.refused")["reason"], "draining");
    assert_eq!(rig.exchange.calls_len(), 1);
    rig.command(Actor::system(), Command::Force);
    assert_eq!(rig.exchange.calls_len(), 0);
    assert_eq!(rig.last("call.ended")["by"], "shutdown");
    rig.say(&old, "BYE", "", "");
    rig.settle();
}
