//! Re-INVITE, UPDATE and their glare.

use rexian::sip::endpoint::Event;

use super::Bench;
use super::OFFER;
use super::in_dialog;
use super::in_our_dialog;
use super::response;
use super::value;

#[test]
fn a_reinvite_is_answered_by_the_exchange() {
    let mut bench = Bench::new();
    let (session, tag) = bench.talking_in("");
    bench.feed(&in_dialog("INVITE", 2, &tag, "re", "", "v=0 hold"));
    assert_eq!(bench.said(), "100");
    assert_eq!(
        bench.take_events(),
        [Event::Offer {
            session,
            sdp: Some(b"v=0 hold".to_vec())
        }]
    );
    bench.act(|endpoint, now, out| endpoint.answer_offer(now, session, "v=0 held", out));
    let answer = bench.take().pop().unwrap();
    assert!(
        answer.starts_with("SIP/2.0 200 OK\r\n") && answer.ends_with("v=0 held"),
        "{answer}"
    );
    bench.advance(600);
    assert_eq!(bench.said(), "200");
    bench.feed(&in_dialog("ACK", 2, &tag, "ack2", "", ""));
    bench.advance(40_000);
    assert_eq!(bench.said(), "");
    assert_eq!(bench.told(), "");
    bench.feed(&in_dialog("BYE", 3, &tag, "bye", "", ""));
    bench.settle();
}

#[test]
fn an_offerless_reinvite_is_offered_and_answered_in_the_ack() {
    let mut bench = Bench::new();
    let (session, tag) = bench.talking_in("");
    bench.feed(&in_dialog("INVITE", 2, &tag, "re", "", ""));
    assert_eq!(bench.take_events(), [Event::Offer { session, sdp: None }]);
    bench.act(|endpoint, now, out| endpoint.answer_offer(now, session, OFFER, out));
    bench.feed(&in_dialog("ACK", 2, &tag, "ack2", "", "v=0"));
    assert_eq!(
        bench.take_events(),
        [Event::Acknowledged {
            session,
            sdp: Some(b"v=0".to_vec())
        }]
    );
}

#[test]
fn a_refused_offer_leaves_the_call_as_it_was() {
    let mut bench = Bench::new();
    let (session, tag) = bench.talking_in("");
    bench.feed(&in_dialog("UPDATE", 2, &tag, "up", "", "v=0"));
    bench.said();
    bench.act(|endpoint, now, out| endpoint.refuse_offer(now, session, 488, out));
    assert_eq!(bench.said(), "488");
    bench.feed(&in_dialog("UPDATE", 3, &tag, "up3", "", "v=0"));
    bench.act(|endpoint, now, out| endpoint.answer_offer(now, session, OFFER, out));
    let answer = bench.take().pop().unwrap();
    assert!(answer.ends_with(OFFER), "{answer}");
    assert_eq!(bench.told(), "Offer, Offer");
}

#[test]
fn an_offer_that_the_exchange_forgets_is_refused() {
    let mut bench = Bench::new();
    let (_, tag) = bench.talking_in("");
    bench.feed(&in_dialog("INVITE", 2, &tag, "re", "", "v=0"));
    bench.advance(20_000);
    assert_eq!(bench.told(), "Offer, OfferFailed 500");
    assert_eq!(bench.said(), "100 500");
}

#[test]
fn a_reinvite_may_be_cancelled_and_the_call_goes_on() {
    let mut bench = Bench::new();
    let (session, tag) = bench.talking_in("");
    bench.feed(&in_dialog("INVITE", 2, &tag, "re", "", "v=0"));
    bench.feed(&in_dialog("CANCEL", 2, &tag, "re", "", ""));
    assert_eq!(bench.said(), "100 200 487");
    assert_eq!(bench.told(), "Offer, OfferFailed 487");
    bench.feed(&in_dialog("ACK", 2, &tag, "re", "", ""));
    bench.act(|endpoint, now, out| endpoint.reoffer(now, session, OFFER, out));
    assert_eq!(bench.said(), "INVITE");
}

#[test]
fn two_offers_that_meet_are_both_refused_and_ours_is_tried_again() {
    let mut bench = Bench::new();
    let (session, invite) = bench.talking_out();
    bench.act(|endpoint, now, out| endpoint.reoffer(now, session, "v=0 ours", out));
    let ours = bench.take().pop().unwrap();
    bench.feed(&in_our_dialog(&invite, "INVITE", 1, "", "v=0 theirs"));
    assert_eq!(bench.said(), "491");
    let ack = in_our_dialog(&invite, "ACK", 1, "", "").replace("z9hG4bKACK1", "z9hG4bKINVITE1");
    bench.feed(&ack);
    bench.feed(&response(&ours, 491, "", ""));
    assert_eq!(bench.said(), "ACK");
    bench.advance(2_090);
    assert_eq!(bench.said(), "", "the owner of the Call-ID waits at least 2.1 s");
    bench.advance(1_910);
    let again = bench.take().pop().unwrap();
    assert!(
        again.starts_with("INVITE ") && again.ends_with("v=0 ours"),
        "{again}"
    );
    bench.feed(&response(&again, 200, "", OFFER));
    assert_eq!(bench.said(), "ACK");
    assert_eq!(bench.told(), "OfferAnswered");
}

#[test]
fn the_called_side_waits_at_most_two_seconds_after_glare_and_gives_up_after_five_tries() {
    let mut bench = Bench::new();
    let (session, _) = bench.talking_in("");
    bench.act(|endpoint, now, out| endpoint.reoffer(now, session, OFFER, out));
    for _ in 0..6 {
        let ours = bench
            .take()
            .into_iter()
            .rfind(|it| it.starts_with("INVITE"))
            .unwrap();
        bench.feed(&response(&ours, 491, "", ""));
        bench.advance(2_000);
    }
    assert_eq!(bench.told(), "OfferFailed 491");
}

#[test]
fn an_offer_of_ours_waits_for_theirs() {
    let mut bench = Bench::new();
    let (session, tag) = bench.talking_in("");
    bench.feed(&in_dialog("INVITE", 2, &tag, "re", "", "v=0"));
    bench.act(|endpoint, now, out| endpoint.reoffer(now, session, "v=0 first", out));
    bench.act(|endpoint, now, out| endpoint.reoffer(now, session, "v=0 second", out));
    bench.act(|endpoint, now, out| endpoint.answer_offer(now, session, OFFER, out));
    assert_eq!(bench.said(), "100 200");
    bench.feed(&in_dialog("ACK", 2, &tag, "ack2", "", ""));
    let ours = bench.take().pop().unwrap();
    assert!(ours.ends_with("v=0 second"), "{ours}");
    assert_eq!(value(&ours, "CSeq"), "1 INVITE");
}

#[test]
fn a_second_offer_of_theirs_before_the_first_is_answered_gets_500() {
    let mut bench = Bench::new();
    let (_, tag) = bench.talking_in("");
    bench.feed(&in_dialog("INVITE", 2, &tag, "re", "", "v=0"));
    bench.feed(&in_dialog("UPDATE", 3, &tag, "up", "", "v=0"));
    let sent = bench.take();
    assert!(sent[1].starts_with("SIP/2.0 500 "), "{}", sent[1]);
    assert!(!value(&sent[1], "Retry-After").is_empty());
}

#[test]
fn a_reinvite_that_overtakes_the_ack_proves_the_200() {
    let mut bench = Bench::new();
    let session = bench.incoming("");
    bench.act(|endpoint, now, out| endpoint.answer(now, session, OFFER, out));
    let tag = super::tag_of(&bench.take().pop().unwrap());
    bench.feed(&in_dialog("INVITE", 2, &tag, "re", "", "v=0"));
    assert_eq!(bench.told(), "Acknowledged, Offer");
    bench.feed(&in_dialog("ACK", 1, &tag, "ack", "", ""));
    assert_eq!(bench.told(), "");
}

#[test]
fn a_reoffer_without_an_answer_or_dialog_ends_the_call() {
    let mut bench = Bench::new();
    let (session, _) = bench.talking_in("");
    bench.act(|endpoint, now, out| endpoint.reoffer(now, session, OFFER, out));
    let ours = bench.take().pop().unwrap();
    bench.feed(&response(&ours, 481, "", ""));
    assert_eq!(bench.told(), "Ended NoAnswer");
    bench.settle();
    let mut bench = Bench::new();
    let (session, _) = bench.talking_in("");
    bench.act(|endpoint, now, out| endpoint.reoffer(now, session, OFFER, out));
    bench.advance(32_000);
    assert_eq!(bench.told(), "Ended NoAnswer");
    assert!(bench.said().ends_with(" BYE"));
    bench.settle();
}

#[test]
fn a_bye_during_an_open_offer_of_theirs_ends_both() {
    let mut bench = Bench::new();
    let (session, tag) = bench.talking_in("");
    bench.feed(&in_dialog("INVITE", 2, &tag, "re", "", "v=0"));
    bench.act(|endpoint, now, out| endpoint.bye(now, session, None, out));
    assert_eq!(bench.said(), "100 487 BYE");
    bench.settle();
    assert_eq!(bench.told(), "Offer, Closed");
}

#[test]
fn a_body_that_is_no_description_gets_415() {
    let mut bench = Bench::new();
    let (_, tag) = bench.talking_in("");
    let text = in_dialog("INVITE", 2, &tag, "re", "", "x").replace("application/sdp", "text/plain");
    bench.feed(&text);
    let refusal = bench.take().pop().unwrap();
    assert!(refusal.starts_with("SIP/2.0 415 "), "{refusal}");
    assert_eq!(value(&refusal, "Accept"), "application/sdp");
}

#[test]
fn a_reinvite_that_overtakes_the_ack_of_a_call_we_are_ending_gets_481() {
    let mut bench = Bench::new();
    let session = bench.incoming("");
    bench.act(|endpoint, now, out| endpoint.answer(now, session, OFFER, out));
    let tag = super::tag_of(&bench.take().pop().unwrap());
    bench.act(|endpoint, now, out| endpoint.bye(now, session, None, out));
    bench.feed(&in_dialog("INVITE", 2, &tag, "re", "", "v=0"));
    assert_eq!(bench.said(), "BYE 481");
    bench.settle();
    assert_eq!(bench.told(), "Closed");
}

#[test]
fn a_reinvite_of_ours_that_is_only_tried_does_not_outlive_the_call() {
    for provisional_first in [false, true] {
        let mut bench = Bench::new();
        let (session, _) = bench.talking_out();
        bench.act(|endpoint, now, out| endpoint.reoffer(now, session, OFFER, out));
        let ours = bench.take().pop().unwrap();
        let trying = response(&ours, 100, "", "");
        if provisional_first {
            bench.feed(&trying);
        }
        bench.act(|endpoint, now, out| endpoint.bye(now, session, None, out));
        let bye = bench.take().pop().unwrap();
        bench.feed(&response(&bye, 200, "", ""));
        bench.feed(&trying);
        assert_eq!(bench.told(), "Closed");
        bench.settle();
    }
}
