//! Calls that go out.

use rexian::sip::endpoint::Completed;
use rexian::sip::endpoint::Event;

use super::Bench;
use super::OFFER;
use super::in_our_dialog;
use super::response;
use super::value;

#[test]
fn a_call_is_made_answered_and_ended_by_us() {
    let mut bench = Bench::new();
    let (session, invite) = bench.outgoing();
    assert!(
        invite.starts_with("INVITE sip:13800138000@192.0.2.2 SIP/2.0\r\n"),
        "{invite}"
    );
    assert!(
        value(&invite, "From").starts_with("\"热线 \\\"12345\\\"\" <sip:12345@192.0.2.1:5060>;tag="),
        "{invite}"
    );
    bench.feed(&response(&invite, 100, "", ""));
    bench.feed(&response(&invite, 183, "peer", OFFER));
    bench.feed(&response(&invite, 180, "peer", ""));
    assert_eq!(bench.told(), "Progress 183, Progress 180");
    bench.feed(&response(&invite, 200, "peer", OFFER));
    let ack = bench.take().pop().unwrap();
    assert!(ack.starts_with("ACK sip:far@192.0.2.2:5060 SIP/2.0\r\n"), "{ack}");
    assert_eq!(
        bench.take_events(),
        [Event::Answered {
            session,
            sdp: Some(OFFER.as_bytes().to_vec())
        }]
    );
    bench.feed(&response(&invite, 200, "peer", OFFER));
    assert_eq!(bench.take(), [ack], "a repeated 200 gets the same ACK");
    bench.act(|endpoint, now, out| endpoint.bye(now, session, None, out));
    let bye = bench.take().pop().unwrap();
    bench.feed(&response(&bye, 200, "", ""));
    assert_eq!(bench.told(), "Closed");
    bench.feed(&response(&invite, 200, "peer", OFFER));
    assert_eq!(bench.said(), "ACK", "the ACK outlives the session");
    bench.settle();
}

#[test]
fn an_unanswered_invite_fails_with_408_and_a_bye_that_nobody_answers_closes() {
    let mut bench = Bench::new();
    bench.outgoing();
    bench.advance(32_000);
    assert_eq!(bench.said(), "INVITE INVITE INVITE INVITE INVITE INVITE");
    assert_eq!(bench.told(), "Failed 408");
    let (session, _) = bench.talking_out();
    bench.act(|endpoint, now, out| endpoint.bye(now, session, None, out));
    bench.advance(32_000);
    assert_eq!(bench.told(), "Closed");
    bench.settle();
}

#[test]
fn a_refusal_is_acknowledged_and_reported_once() {
    let mut bench = Bench::new();
    let (_, invite) = bench.outgoing();
    for status in [486, 486] {
        bench.feed(&response(&invite, status, "peer", ""));
    }
    let acks = bench.take();
    assert_eq!(acks.len(), 2);
    assert_eq!(value(&acks[0], "Via"), value(&invite, "Via"));
    assert!(value(&acks[0], "To").ends_with(";tag=peer"));
    assert_eq!(bench.told(), "Failed 486");
    let (_, invite) = bench.outgoing();
    bench.feed(&response(&invite, 302, "peer", ""));
    assert_eq!(bench.told(), "Failed 302");
    bench.settle();
}

#[test]
fn a_cancel_waits_for_a_provisional_response() {
    let mut bench = Bench::new();
    let (session, invite) = bench.outgoing();
    bench.act(|endpoint, now, out| endpoint.cancel(now, session, Completed::Elsewhere, out));
    assert_eq!(bench.said(), "");
    bench.feed(&response(&invite, 100, "", ""));
    let cancel = bench.take().pop().unwrap();
    assert!(
        cancel.starts_with("CANCEL sip:13800138000@192.0.2.2 SIP/2.0\r\n"),
        "{cancel}"
    );
    assert_eq!(value(&cancel, "Via"), value(&invite, "Via"));
    assert_eq!(
        value(&cancel, "Reason"),
        "SIP;cause=200;text=\"Call completed elsewhere\""
    );
    bench.feed(&response(&cancel, 200, "peer", ""));
    bench.feed(&response(&invite, 487, "peer", ""));
    assert_eq!(bench.said(), "ACK");
    assert_eq!(bench.told(), "Failed 487");
    bench.settle();
}

#[test]
fn an_answer_that_crosses_the_cancel_is_acknowledged_and_ended() {
    for with_provisional in [false, true] {
        let mut bench = Bench::new();
        let (session, invite) = bench.outgoing();
        if with_provisional {
            bench.feed(&response(&invite, 180, "peer", ""));
        }
        bench.act(|endpoint, now, out| endpoint.cancel(now, session, Completed::No, out));
        bench.told();
        bench.feed(&response(&invite, 200, "peer", OFFER));
        let expected = if with_provisional {
            "CANCEL ACK BYE"
        } else {
            "ACK BYE"
        };
        let sent = bench.take();
        assert_eq!(
            sent.iter()
                .map(|it| super::short(it))
                .collect::<Vec<_>>()
                .join(" "),
            expected
        );
        assert_eq!(bench.told(), "Failed 487");
        bench.feed(&response(sent.last().unwrap(), 200, "", ""));
        assert_eq!(bench.told(), "");
        bench.settle();
    }
}

#[test]
fn a_cancel_that_is_never_followed_by_487_ends_all_the_same() {
    let mut bench = Bench::new();
    let (session, invite) = bench.outgoing();
    bench.feed(&response(&invite, 180, "peer", ""));
    bench.act(|endpoint, now, out| endpoint.cancel(now, session, Completed::No, out));
    bench.told();
    bench.advance(32_000);
    assert_eq!(bench.told(), "Failed 487");
    bench.settle();
}

#[test]
fn bye_before_an_answer_cancels() {
    let mut bench = Bench::new();
    let (session, invite) = bench.outgoing();
    bench.feed(&response(&invite, 180, "peer", ""));
    bench.act(|endpoint, now, out| endpoint.bye(now, session, None, out));
    assert_eq!(bench.said(), "CANCEL");
}

#[test]
fn a_second_fork_that_answers_is_acknowledged_and_ended() {
    let mut bench = Bench::new();
    let (_, invite) = bench.talking_out();
    bench.feed(&response(&invite, 200, "other", OFFER));
    let sent = bench.take();
    assert_eq!(
        sent.iter().map(|it| super::short(it)).collect::<Vec<_>>(),
        ["ACK", "BYE"]
    );
    assert!(sent.iter().all(|it| value(it, "To").ends_with(";tag=other")));
    bench.feed(&response(&invite, 200, "other", OFFER));
    assert_eq!(bench.said(), "ACK");
    assert_eq!(bench.told(), "");
}

#[test]
fn the_answer_may_come_from_another_fork_than_the_ringing() {
    let mut bench = Bench::new();
    let (session, invite) = bench.outgoing();
    bench.feed(&response(&invite, 183, "one", OFFER));
    bench.feed(&response(&invite, 180, "two", ""));
    bench.feed(&response(&invite, 200, "three", OFFER));
    assert_eq!(bench.told(), "Progress 183, Progress 180, Answered");
    assert_eq!(bench.said(), "ACK");
    bench.act(|endpoint, now, out| endpoint.bye(now, session, None, out));
    assert!(value(&bench.take()[0], "To").ends_with(";tag=three"));
}

#[test]
fn the_peer_ends_a_call_of_ours() {
    let mut bench = Bench::new();
    let (_, invite) = bench.talking_out();
    bench.feed(&in_our_dialog(&invite, "BYE", 1, "", ""));
    assert_eq!(bench.said(), "200");
    assert_eq!(bench.told(), "Ended Bye { reason: None }");
    bench.settle();
}

#[test]
fn a_response_to_nothing_is_dropped() {
    let mut bench = Bench::new();
    let (_, invite) = bench.outgoing();
    bench.feed(&response(&invite.replace("z9hG4bK", "z9hG4bKf"), 200, "peer", ""));
    bench.feed(&response(&invite, 200, "peer", "").replace("CSeq: ", "CSeq: x"));
    assert_eq!(bench.told(), "");
    assert_eq!(bench.said(), "");
}
