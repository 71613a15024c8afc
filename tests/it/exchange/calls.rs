//! One call from its INVITE to its end: flow, queue, agent, talk; and how a caller may leave before.

use rexian::fact::call::EndedBy;
use rexian::media::command::LegStats;
use rexian::media::command::MediaCommand;
use rexian::media::command::MediaEvent;
use rexian::media::command::Repeat;

use super::rig::CITY;
use super::rig::PHONES;
use super::rig::Rig;
use super::rig::SDP;
use super::rig::body_of;
use super::rig::short;
use super::rig::tag_of;
use super::rig::value;

fn ended(rig: &Rig) -> (String, String) {
    let body = rig.last("call.ended");
    (
        body["outcome"].as_str().unwrap().to_owned(),
        body["by"].as_str().unwrap().to_owned(),
    )
}

#[test]
fn a_citizen_is_greeted_waits_talks_and_both_sides_are_ended() {
    let mut rig = Rig::staffed(1);
    let from = rig.facts.len();
    let mut citizen = rig.invite(1, "12345", SDP);
    let heard = rig.heard(CITY);
    assert_eq!(
        heard.iter().map(|text| short(text)).collect::<Vec<_>>(),
        ["100", "200"]
    );
    assert!(
        body_of(&heard[1]).contains("m=audio 20000 RTP/AVP 8 101\r\n"),
        "{}",
        heard[1]
    );
    citizen.tag = tag_of(&heard[1]);
    rig.say(&citizen, "ACK", "", "");
    let (leg, playback) = rig.playing();
    assert_eq!(leg, rig.opened());
    assert_eq!(
        (playback.prompts.len(), playback.repeat),
        (2, Repeat::Once),
        "greeting and notice"
    );
    rig.prompt_ends(true);
    rig.media_says(MediaEvent::Digit { leg, digit: '0' });
    let invite = rig.pick_up(0);
    assert_eq!(
        value(&invite, "From").split(';').next(),
        Some("\"综合\" <sip:+8613800130001@192.0.2.1:5060>")
    );
    assert!(
        rig.media
            .iter()
            .any(|it| matches!(it, MediaCommand::Bridge { a, .. } if *a == leg))
    );
    rig.pass(60_000);
    rig.say(&citizen, "BYE", "", "");
    assert_eq!(rig.told(CITY), "200");
    let bye = rig.heard(PHONES[0]);
    assert_eq!(short(&bye[0]), "BYE");
    rig.respond(0, &bye[0], 200, "");
    assert_eq!(
        rig.story(from),
        "call.offered call.answered call.notice_played call.digits_collected call.queued call.agent_offered \
         call.agent_answered call.ended agent.wrapup_started call.leg_media call.leg_media"
    );
    assert_eq!(ended(&rig), ("answered".to_owned(), "caller".to_owned()));
    assert_eq!(rig.last("call.agent_answered")["waited_ms"], 0);
    rig.settle();
}

#[test]
fn an_agent_who_hangs_up_ends_the_citizens_leg() {
    let mut rig = Rig::staffed(1);
    let citizen = rig.call(1, "12346");
    let invite = rig.pick_up(0);
    rig.forget();
    rig.phone_says(0, &invite, "BYE", 1, "");
    assert_eq!(rig.told(PHONES[0]), "200");
    let bye = rig.heard(CITY);
    assert!(value(&bye[0], "Reason").contains("Q.850;cause=16"), "{}", bye[0]);
    assert_eq!(ended(&rig), ("answered".to_owned(), "agent".to_owned()));
    assert_eq!(citizen.number, 1);
    rig.settle();
}

#[test]
fn a_cancel_before_the_fact_is_durable_is_honoured() {
    let mut rig = Rig::staffed(1);
    rig.durable_at_once = false;
    let citizen = rig.invite(1, "12345", SDP);
    assert_eq!(rig.told(CITY), "100", "the 200 waits for its fact");
    rig.say(&citizen, "CANCEL", "", "");
    assert_eq!(rig.told(CITY), "200 487");
    rig.ack_refusal(&citizen);
    rig.sync();
    assert_eq!(rig.told(CITY), "", "no 200 after a CANCEL");
    assert_eq!(ended(&rig), ("cancelled".to_owned(), "caller".to_owned()));
    rig.settle();
}

#[test]
fn a_call_whose_fact_the_disk_does_not_take_is_refused_after_four_seconds() {
    let mut rig = Rig::staffed(1);
    rig.durable_at_once = false;
    let citizen = rig.invite(1, "12345", SDP);
    assert_eq!(rig.told(CITY), "100");
    rig.pass(3_900);
    assert_eq!(rig.told(CITY), "", "the disk still has time");
    rig.pass(200);
    let refusal = rig.heard(CITY);
    assert!(
        refusal[0].starts_with("SIP/2.0 480"),
        "as the trunk's profile says: {}",
        refusal[0]
    );
    rig.ack_refusal(&citizen);
    rig.sync();
    assert_eq!(rig.told(CITY), "", "no 200 when the disk comes back");
    assert_eq!(ended(&rig), ("failed".to_owned(), "refusal".to_owned()));
    rig.settle();
}

#[test]
fn a_cancel_after_the_200_changes_nothing() {
    let mut rig = Rig::staffed(1);
    let mut citizen = rig.invite(1, "12345", SDP);
    let answers = rig.heard(CITY);
    rig.say(&citizen, "CANCEL", "", "");
    assert_eq!(rig.told(CITY), "200", "the CANCEL is answered and has no effect");
    citizen.tag = tag_of(&answers[1]);
    rig.say(&citizen, "ACK", "", "");
    rig.say(&citizen, "BYE", "", "");
    assert_eq!(ended(&rig), ("ended_in_ivr".to_owned(), "caller".to_owned()));
    rig.settle();
}

#[test]
fn a_bye_that_overtakes_the_ack_ends_the_call_once() {
    let mut rig = Rig::staffed(1);
    let mut citizen = rig.invite(1, "12346", SDP);
    citizen.tag = tag_of(&rig.heard(CITY)[1]);
    rig.say(&citizen, "BYE", "", "");
    rig.say(&citizen, "ACK", "", "");
    assert_eq!(ended(&rig), ("short_abandoned".to_owned(), "caller".to_owned()));
    rig.settle();
    assert_eq!(
        rig.facts
            .iter()
            .filter(|it| super::rig::kind(it) == "call.ended")
            .count(),
        1
    );
}

#[test]
fn a_200_that_nobody_acknowledges_ends_the_call() {
    let mut rig = Rig::staffed(0);
    rig.invite(1, "12345", SDP);
    rig.pass(33_000);
    assert_eq!(
        ended(&rig),
        ("failed".to_owned(), "signalling_timeout".to_owned())
    );
    assert!(rig.told(CITY).ends_with("BYE"));
    rig.settle();
}

#[test]
fn a_silent_caller_reaches_the_queue_and_hears_music() {
    let mut rig = Rig::staffed(0);
    rig.call(1, "12345");
    rig.prompt_ends(true);
    rig.prompt_ends(true);
    rig.pass(3_001);
    assert_eq!(rig.last("call.digits_collected")["choice"], "");
    assert_eq!(rig.playing().1.repeat, Repeat::Forever);
    assert_eq!(rig.last("call.queued")["queue"], "general");
}

#[test]
fn menu_keys_lead_where_the_flow_says() {
    for (key, queue) in [('1', Some("enterprise")), ('0', Some("general")), ('9', None)] {
        let mut rig = Rig::staffed(0);
        rig.call(1, "12345");
        rig.prompt_ends(true);
        let (leg, _) = rig.playing();
        rig.media_says(MediaEvent::Digit { leg, digit: key });
        if let Some(queue) = queue {
            assert_eq!(rig.last("call.queued")["queue"], queue);
        } else {
            rig.prompt_ends(false);
            assert_eq!(ended(&rig), ("ended_in_ivr".to_owned(), "flow".to_owned()));
            assert_eq!(rig.told(CITY), "BYE");
        }
    }
}

#[test]
fn a_wrong_key_is_told_so_and_a_second_one_leads_to_a_person() {
    let mut rig = Rig::staffed(0);
    rig.call(1, "12345");
    rig.prompt_ends(true);
    let (leg, _) = rig.playing();
    rig.media_says(MediaEvent::Digit { leg, digit: '7' });
    assert_eq!(
        rig.playing().1.prompts.len(),
        2,
        "the invalid-key words and the menu again"
    );
    rig.media_says(MediaEvent::Digit { leg, digit: '7' });
    assert_eq!(rig.last("call.queued")["queue"], "general");
}

#[test]
fn keys_by_info_count_and_count_once_beside_telephone_events() {
    let mut rig = Rig::staffed(0);
    let citizen = rig.call(1, "12345");
    let (leg, _) = rig.playing();
    let relay = "Content-Type: application/dtmf-relay\r\n";
    rig.media_says(MediaEvent::Digit { leg, digit: '7' });
    rig.pass(100);
    rig.say(&citizen, "INFO", relay, "Signal=7\r\nDuration=160\r\n");
    assert_eq!(rig.told(CITY), "200");
    rig.prompt_ends(true);
    rig.prompt_ends(false);
    assert_eq!(
        rig.playing().1.prompts.len(),
        2,
        "one 7 was pressed ahead: one retry"
    );
    assert!(!rig.story(0).contains("call.queued"));
    let mut later = rig.call(2, "12345");
    later.number = 2;
    rig.prompt_ends(true);
    rig.say(&later, "INFO", "Content-Type: application/dtmf\r\n", "1");
    assert_eq!(rig.last("call.queued")["queue"], "enterprise");
}

#[test]
fn a_key_by_info_within_400_ms_of_its_telephone_event_is_the_same_press() {
    for (ms, presses) in [(0, 1), (399, 1), (400, 2)] {
        let mut rig = Rig::staffed(0);
        let citizen = rig.call(1, "12345");
        rig.prompt_ends(true);
        rig.press('7');
        rig.pass(ms);
        let relay = "Content-Type: application/dtmf-relay\r\n";
        rig.say(&citizen, "INFO", relay, "Signal=7\r\nDuration=160\r\n");
        // The menu is left for a person at the second wrong key.
        assert_eq!(rig.story(0).contains("call.queued"), presses == 2, "{ms} ms");
    }
}

#[test]
fn hang_ups_in_the_queue_are_short_before_the_limit_and_abandoned_after_it() {
    for (ms, outcome) in [(4_900, "short_abandoned"), (5_100, "abandoned")] {
        let mut rig = Rig::staffed(0);
        let citizen = rig.call(1, "12346");
        rig.pass(ms);
        rig.say(&citizen, "BYE", "", "");
        assert_eq!(ended(&rig).0, outcome);
        rig.settle();
    }
}

#[test]
fn a_late_offer_is_answered_in_the_ack() {
    let mut rig = Rig::staffed(1);
    let mut citizen = rig.invite(1, "12346", "");
    let heard = rig.heard(CITY);
    assert!(
        body_of(&heard[1]).contains("m=audio"),
        "our 200 carries our offer"
    );
    citizen.tag = tag_of(&heard[1]);
    assert!(
        rig.media
            .iter()
            .any(|it| matches!(it, MediaCommand::Open { media: None, .. }))
    );
    rig.say(&citizen, "ACK", "", SDP);
    let modified = rig.media.iter().find_map(|it| match it {
        MediaCommand::Modify { media, .. } => media.remote_rtp,
        _ => None,
    });
    assert_eq!(modified, Some("192.0.2.99:40000".parse().unwrap()));
    rig.pick_up(0);
    rig.say(&citizen, "BYE", "", "");
    assert_eq!(ended(&rig).0, "answered");
}

#[test]
fn a_late_offer_without_an_answer_ends_the_call() {
    let mut rig = Rig::staffed(0);
    let mut citizen = rig.invite(1, "12346", "");
    citizen.tag = tag_of(&rig.heard(CITY)[1]);
    rig.say(&citizen, "ACK", "", "");
    assert_eq!(rig.told(CITY), "BYE");
    assert_eq!(ended(&rig), ("failed".to_owned(), "refusal".to_owned()));
    rig.settle();
}

#[test]
fn a_leg_without_rtp_ends_the_call_and_tells_both_sides() {
    let mut rig = Rig::staffed(1);
    rig.call(1, "12346");
    rig.pick_up(0);
    let agent_leg = rig.opened();
    rig.forget();
    rig.media_says(MediaEvent::RtpTimeout { leg: agent_leg });
    assert_eq!(ended(&rig), ("answered".to_owned(), "media_timeout".to_owned()));
    assert_eq!(
        (rig.told(CITY).as_str(), rig.told(PHONES[0]).as_str()),
        ("BYE", "BYE")
    );
    rig.settle();
}

#[test]
fn whoever_calls_again_after_his_talk_broke_off_reaches_the_same_agent_first() {
    let mut rig = Rig::staffed(2);
    rig.call(1, "12346");
    let customer_leg = rig.opened();
    rig.pick_up(0);
    rig.forget();
    rig.media_says(MediaEvent::RtpTimeout { leg: customer_leg });
    assert_eq!(ended(&rig).1, "media_timeout");
    rig.pass(1_000);
    rig.heard(PHONES[0]);
    let again = rig.call_again(2, 1, "12346");
    assert_eq!(
        rig.told(PHONES[1]),
        "",
        "the other agent is free and is not asked yet"
    );
    rig.finish_wrapup(0).unwrap();
    rig.rung(0);
    rig.say(&again, "BYE", "", "");
    rig.heard(PHONES[0]);
    // It is remembered for one call; another caller goes to whoever is idle longest.
    rig.call(3, "12346");
    rig.rung(1);
}

#[test]
fn statistics_of_legs_and_recordings_are_written_when_media_report_them() {
    let mut rig = Rig::staffed(0);
    let citizen = rig.call(1, "12345");
    let recording = rig.last("call.answered")["recording"]
        .as_str()
        .unwrap()
        .to_owned();
    let interaction = rig.interaction();
    rig.say(&citizen, "BYE", "", "");
    assert_eq!(
        rig.last("call.leg_media")["stats"]["received"],
        LegStats::default().received
    );
    rig.media_says(MediaEvent::RecordingFailed {
        recording: recording.parse().unwrap(),
        interaction,
        error: "disk full".to_owned(),
    });
    assert_eq!(rig.last("recording.failed")["recording"], recording);
    assert_eq!(
        serde_json::to_value(EndedBy::Caller).unwrap(),
        rig.last("call.ended")["by"]
    );
}
