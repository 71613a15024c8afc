//! Calls that come in.

use rexian::sip::endpoint::Event;
use rexian::sip::endpoint::Peer;
use rexian::sip::endpoint::Refusal;

use super::Bench;
use super::OFFER;
use super::in_dialog;
use super::invite;
use super::tag_of;
use super::value;

#[test]
fn a_call_is_rung_answered_and_ended_by_the_peer() {
    let mut bench = Bench::new();
    let session = bench.incoming("");
    bench.act(|endpoint, now, out| endpoint.ring(now, session, 180, out));
    let ringing = bench.take().pop().unwrap();
    assert!(ringing.starts_with("SIP/2.0 180 Ringing\r\n"), "{ringing}");
    assert_eq!(
        value(&ringing, "Via"),
        "SIP/2.0/UDP 192.0.2.2:5060;rport=5060;branch=z9hG4bKi;received=192.0.2.2"
    );
    bench.act(|endpoint, now, out| endpoint.answer(now, session, OFFER, out));
    let answer = bench.take().pop().unwrap();
    assert_eq!(tag_of(&answer), tag_of(&ringing));
    assert_eq!(value(&answer, "Contact"), "<sip:192.0.2.1:5060>");
    assert!(answer.ends_with(OFFER));
    bench.feed(&in_dialog("ACK", 1, &tag_of(&answer), "ack", "", ""));
    assert_eq!(bench.told(), "Acknowledged");
    bench.feed(&in_dialog(
        "BYE",
        2,
        &tag_of(&answer),
        "bye",
        "Reason: Q.850;cause=16\r\n",
        "",
    ));
    assert_eq!(bench.said(), "200");
    assert_eq!(bench.told(), "Ended Bye { reason: Some(\"Q.850;cause=16\") }");
    bench.settle();
}

#[test]
fn what_the_invite_said_is_told() {
    let mut bench = Bench::new();
    let extra =
        "P-Asserted-Identity: <tel:+8613900139000>\r\nPrivacy: id\r\nDiversion: <sip:12319@192.0.2.2>\r\n";
    bench.feed(&invite(extra, OFFER));
    let Some(Event::Incoming { peer, call, .. }) = bench.take_events().pop() else {
        panic!("no call");
    };
    assert_eq!(peer, Peer::Trunk("city".parse().unwrap()));
    assert_eq!(
        (call.request_user.as_str(), call.from_user.as_str()),
        ("12345", "13800138000")
    );
    assert_eq!(call.from_display.as_deref(), Some("Zhang"));
    assert_eq!(call.asserted_user.as_deref(), Some("+8613900139000"));
    assert_eq!(call.diversion_user.as_deref(), Some("12319"));
    assert_eq!(call.sdp.as_deref(), Some(OFFER.as_bytes()));
    assert!(call.privacy);
}

#[test]
fn an_isup_part_beside_the_description_does_not_hide_it() {
    let mut bench = Bench::new();
    let body = format!(
        "--b1\r\nContent-Type: application/sdp\r\n\r\n{OFFER}\r\n--b1\r\nContent-Type: application/isup\r\n\r\nx\r\n--b1--\r\n"
    );
    let text = invite("", &body).replace(
        "application/sdp\r\nContent-Length",
        "multipart/mixed;boundary=b1\r\nContent-Length",
    );
    bench.feed(&text);
    let Some(Event::Incoming { call, .. }) = bench.take_events().pop() else {
        panic!("no call");
    };
    assert_eq!(call.sdp.as_deref(), Some(OFFER.as_bytes()));
}

#[test]
fn a_200_is_repeated_until_it_is_acknowledged() {
    let mut bench = Bench::new();
    let session = bench.incoming("");
    bench.act(|endpoint, now, out| endpoint.answer(now, session, OFFER, out));
    let tag = tag_of(&bench.sent.last().unwrap().2.clone());
    bench.advance(8_000);
    assert_eq!(bench.said_when(), "0 200, 500 200, 1500 200, 3500 200, 7500 200");
    bench.feed(&invite("", OFFER));
    assert_eq!(bench.said(), "", "a repeated INVITE is absorbed after 200");
    bench.feed(&in_dialog("ACK", 1, &tag, "ack", "", ""));
    bench.feed(&in_dialog("ACK", 1, &tag, "ack", "", ""));
    assert_eq!(bench.told(), "Acknowledged");
    bench.advance(60_000);
    assert_eq!(bench.said(), "");
}

#[test]
fn a_200_that_nobody_acknowledges_ends_with_a_bye() {
    let mut bench = Bench::new();
    let session = bench.incoming("");
    bench.act(|endpoint, now, out| endpoint.answer(now, session, OFFER, out));
    bench.advance(31_999);
    assert_eq!(bench.said(), "200 200 200 200 200 200 200 200 200 200 200");
    bench.advance(1);
    let bye = bench.take().pop().unwrap();
    assert!(
        bye.starts_with("BYE sip:13800138000@192.0.2.2:5060 SIP/2.0"),
        "{bye}"
    );
    assert_eq!(bench.told(), "Ended AckTimeout");
    bench.settle();
}

#[test]
fn a_late_offer_is_answered_in_the_ack() {
    let mut bench = Bench::new();
    bench.feed(&invite("", ""));
    let Some(Event::Incoming { session, call, .. }) = bench.take_events().pop() else {
        panic!("no call");
    };
    assert_eq!(call.sdp, None);
    bench.act(|endpoint, now, out| endpoint.answer(now, session, OFFER, out));
    let tag = tag_of(&bench.take().pop().unwrap());
    bench.feed(&in_dialog("ACK", 1, &tag, "ack", "", "v=0\r\n"));
    assert_eq!(
        bench.take_events(),
        [Event::Acknowledged {
            session,
            sdp: Some(b"v=0\r\n".to_vec())
        }]
    );
}

#[test]
fn a_refusal_says_why_and_is_repeated_until_it_is_acknowledged() {
    let mut bench = Bench::new();
    let session = bench.incoming("");
    let refusal = Refusal {
        status: 486,
        q850: Some((17, "User busy")),
        retry_after_s: None,
    };
    bench.act(|endpoint, now, out| endpoint.refuse(now, session, &refusal, out));
    bench.advance(1_000);
    let sent = bench.take();
    assert_eq!(sent.len(), 2);
    assert_eq!(value(&sent[0], "Reason"), "Q.850;cause=17;text=\"User busy\"");
    bench.feed(&in_dialog("ACK", 1, &tag_of(&sent[0]), "i", "", ""));
    assert_eq!(bench.told(), "");
    bench.settle();
}

#[test]
fn a_cancel_gets_200_and_the_invite_487() {
    let mut bench = Bench::new();
    bench.incoming("");
    bench.feed(&in_dialog("CANCEL", 1, "", "i", "", ""));
    assert_eq!(bench.said(), "200 487");
    assert_eq!(bench.told(), "Cancelled");
    bench.feed(&in_dialog("CANCEL", 1, "", "i", "", ""));
    assert_eq!(bench.said(), "200", "a repeated CANCEL is answered again");
    assert_eq!(bench.told(), "");
    bench.settle();
}

#[test]
fn a_cancel_after_the_200_changes_nothing() {
    let mut bench = Bench::new();
    let session = bench.incoming("");
    bench.act(|endpoint, now, out| endpoint.answer(now, session, OFFER, out));
    let tag = tag_of(&bench.take().pop().unwrap());
    bench.feed(&in_dialog("CANCEL", 1, "", "i", "", ""));
    assert_eq!(bench.said(), "200");
    assert_eq!(bench.told(), "");
    bench.feed(&in_dialog("ACK", 1, &tag, "ack", "", ""));
    assert_eq!(bench.told(), "Acknowledged");
}

#[test]
fn a_cancel_of_nothing_gets_481() {
    let mut bench = Bench::new();
    bench.feed(&in_dialog("CANCEL", 1, "", "nothing", "", ""));
    assert_eq!(bench.said(), "481");
    assert!(bench.endpoint.is_idle());
}

#[test]
fn a_bye_before_the_ack_ends_the_call() {
    let mut bench = Bench::new();
    let session = bench.incoming("");
    bench.act(|endpoint, now, out| endpoint.answer(now, session, OFFER, out));
    let tag = tag_of(&bench.take().pop().unwrap());
    bench.feed(&in_dialog("BYE", 2, &tag, "bye", "", ""));
    assert_eq!(bench.said(), "200");
    assert_eq!(bench.told(), "Ended Bye { reason: None }");
    bench.feed(&in_dialog("ACK", 1, &tag, "ack", "", ""));
    bench.advance(10_000);
    assert_eq!(bench.said(), "", "nobody repeats the 200");
    bench.settle();
}

#[test]
fn a_bye_in_the_early_dialog_ends_the_invite_with_487() {
    let mut bench = Bench::new();
    let session = bench.incoming("");
    bench.act(|endpoint, now, out| endpoint.ring(now, session, 180, out));
    let tag = tag_of(&bench.take().pop().unwrap());
    bench.feed(&in_dialog("BYE", 2, &tag, "bye", "", ""));
    assert_eq!(bench.said(), "200 487");
    assert_eq!(bench.told(), "Ended Bye { reason: None }");
    bench.settle();
}

#[test]
fn our_bye_waits_for_the_ack_of_the_200() {
    let mut bench = Bench::new();
    let session = bench.incoming("");
    bench.act(|endpoint, now, out| endpoint.answer(now, session, OFFER, out));
    let tag = tag_of(&bench.take().pop().unwrap());
    bench.act(|endpoint, now, out| endpoint.bye(now, session, Some((16, "Normal")), out));
    assert_eq!(bench.said(), "");
    bench.feed(&in_dialog("ACK", 1, &tag, "ack", "", ""));
    let bye = bench.take().pop().unwrap();
    assert_eq!(value(&bye, "Reason"), "Q.850;cause=16;text=\"Normal\"");
    assert_eq!(bench.told(), "");
    bench.feed(&super::response(&bye, 200, "", ""));
    assert_eq!(bench.told(), "Closed");
    bench.settle();
}

#[test]
fn our_bye_without_an_ack_goes_when_the_time_is_over() {
    let mut bench = Bench::new();
    let session = bench.incoming("");
    bench.act(|endpoint, now, out| endpoint.answer(now, session, OFFER, out));
    bench.act(|endpoint, now, out| endpoint.bye(now, session, None, out));
    bench.advance(32_000);
    assert!(bench.said().ends_with("200 BYE"));
    bench.settle();
    assert_eq!(bench.told(), "Closed");
}

#[test]
fn both_may_hang_up_at_once() {
    let mut bench = Bench::new();
    let (session, tag) = bench.talking_in("");
    bench.act(|endpoint, now, out| endpoint.bye(now, session, None, out));
    let bye = bench.take().pop().unwrap();
    bench.feed(&in_dialog("BYE", 2, &tag, "bye", "", ""));
    assert_eq!(bench.said(), "200");
    bench.feed(&super::response(&bye, 481, "", ""));
    assert_eq!(bench.told(), "Closed");
    bench.settle();
}

#[test]
fn a_ringing_call_is_kept_alive_and_not_for_ever() {
    let mut bench = Bench::new();
    let session = bench.incoming("");
    bench.act(|endpoint, now, out| endpoint.ring(now, session, 180, out));
    bench.said();
    bench.advance(180_000);
    assert_eq!(bench.said_when(), "60000 180, 120000 180, 180000 180");
    bench.advance(1_800_000);
    assert_eq!(bench.told(), "Ended NoAnswer");
    bench.settle();
}

#[test]
fn a_session_timer_of_the_peer_is_accepted_and_kept() {
    let mut bench = Bench::new();
    let session = bench.incoming("Supported: timer\r\nSession-Expires: 90\r\n");
    bench.act(|endpoint, now, out| endpoint.answer(now, session, OFFER, out));
    let answer = bench.take().pop().unwrap();
    assert_eq!(
        (value(&answer, "Session-Expires"), value(&answer, "Require")),
        ("90;refresher=uac", "timer")
    );
    bench.feed(&in_dialog("ACK", 1, &tag_of(&answer), "ack", "", ""));
    bench.advance(80_000);
    let refresh = "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n";
    bench.feed(&in_dialog("UPDATE", 2, &tag_of(&answer), "up", refresh, ""));
    assert_eq!(bench.said(), "200");
    bench.advance(89_000);
    assert_eq!(bench.told(), "Acknowledged");
    bench.advance(1_000);
    assert_eq!(bench.told(), "Ended SessionExpired");
    assert_eq!(bench.said(), "BYE");
    bench.settle();
}

#[test]
fn a_session_timer_under_90_seconds_is_refused() {
    let mut bench = Bench::new();
    bench.feed(&invite("Supported: timer\r\nSession-Expires: 89\r\n", OFFER));
    let refusal = bench.take().pop().unwrap();
    assert!(refusal.starts_with("SIP/2.0 422 "), "{refusal}");
    assert_eq!(value(&refusal, "Min-SE"), "90");
    assert_eq!(bench.told(), "Refused 422 Unsupported");
}

#[test]
fn requests_in_a_dialog_must_match_it_and_come_in_order() {
    let mut bench = Bench::new();
    let (session, tag) = bench.talking_in("");
    bench.feed(&in_dialog("INFO", 2, "0000000000000000", "x1", "", ""));
    bench.feed(&in_dialog("INFO", 2, &tag, "x2", "", "").replace("tag=far", "tag=near"));
    bench.feed(&in_dialog("INFO", 2, &tag, "x3", "", "").replace("call@far", "call@near"));
    assert_eq!(bench.said(), "481 481 481");
    let digit = "Content-Type: application/dtmf-relay\r\n";
    bench.feed(&in_dialog("INFO", 3, &tag, "x4", digit, ""));
    bench.feed(&in_dialog("INFO", 3, &tag, "x4", digit, ""));
    assert_eq!(bench.said(), "200 200");
    let content_type = "application/dtmf-relay".to_owned();
    assert_eq!(
        bench.take_events(),
        [Event::Info {
            session,
            content_type,
            body: Vec::new()
        }]
    );
    bench.feed(&in_dialog("INFO", 2, &tag, "x5", "", ""));
    assert_eq!(bench.said(), "500");
    bench.feed(&in_dialog("OPTIONS", 4, &tag, "x6", "", ""));
    bench.feed(&in_dialog("REFER", 5, &tag, "x7", "", ""));
    bench.feed(&in_dialog("DANCE", 6, &tag, "x8", "", ""));
    assert_eq!(bench.said(), "200 405 501");
}
