//! Handling by the unit: signing, contact, first result, reply. 7.3, 7.5.1, 7.5.2, 7.7.1 a, B.3.

use expect_test::expect;
use rexian::account::Role;
use rexian::ticket::command::Command;
use rexian::ticket::command::FeedBack;
use rexian::ticket::command::RecordProgress;
use rexian::ticket::command::Sign;
use rexian::ticket::decide::CallView;
use rexian::ticket::model::AppealType::*;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::ContactOutcome;
use rexian::ticket::model::State;
use rexian::ticket::model::Urgency::*;
use rexian::ticket::reference::Kind;

use crate::ticket::script::Script;
use crate::ticket::script::contact;
use crate::ticket::script::dispatcher;
use crate::ticket::script::full_reply;
use crate::ticket::script::reply;
use crate::ticket::script::unit;

const START: &str = "2026-11-23 09:40";

fn progress(text: &str, first_result: bool) -> Command {
    Command::RecordProgress(RecordProgress {
        text: text.into(),
        first_result,
        public: false,
    })
}

#[test]
fn ac_7_3_a_signature_at_midnight_is_late_and_supervised_once() {
    let mut script = Script::dispatched(Help, Normal, START, "zj");
    assert_eq!(
        script.refused(START, &unit("cg"), Command::Sign(Sign {})),
        "7.3: not_your_unit"
    );
    assert_eq!(
        script.refused(START, &dispatcher(), Command::Sign(Sign {})),
        "7.3: role"
    );
    let mut on_time = Script::dispatched(Help, Normal, START, "zj");
    let facts = on_time.give("2026-11-24 23:59", &unit("zj"), Command::Sign(Sign {}));
    assert_eq!(facts, ["clock_ended sign/1/0 end=met", "signed unit=zj"]);
    // S8: the two breaches are separate, and nobody has to have come for the first.
    let facts = script.give("2026-11-24 24:00", &unit("zj"), Command::Sign(Sign {}));
    expect![[r#"
        clock_breached sign/1/0
        supervised automatic=true cause=a cycle=1 no=1 unit=zj
        clock_started supervision_reply/1/1 1wd → 2026-11-26 24:00 by unit !2026-11-26 14:24
        clock_ended sign/1/0 end=met late=true
        signed late=true unit=zj"#]]
    .assert_eq(&facts.join("\n"));
    script.heard("2026-11-30 11:00", &unit("zj"));
    script.give("2026-11-30 12:00", &unit("zj"), reply());
    let cycle = script.ticket.cycle().unwrap();
    assert!(cycle.signed_late && !cycle.fed_back_late);
    assert_eq!(script.ticket.supervisions.len(), 1);
}

#[test]
fn ac_7_5_2_a_reply_has_four_blocks() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    script.heard("2026-11-23 15:00", &unit("zj"));
    let empty = FeedBack {
        basis: " ".into(),
        next_steps: "".into(),
        ..full_reply()
    };
    let now = "2026-11-24 15:00";
    assert_eq!(
        script.refused(now, &unit("zj"), Command::FeedBack(empty.clone())),
        "7.5.2: missing basis, next_steps"
    );
    let (refuse, warn) = (r#""value": "refuse""#, r#""value": "warn""#);
    let mut script = script.with(Kind::Settings, refuse, warn);
    let facts = script.give(now, &unit("zj"), Command::FeedBack(empty));
    assert!(
        facts
            .iter()
            .any(|it| it.contains("warnings=empty:basis,empty:next_steps")),
        "{facts:?}"
    );
}

#[test]
fn a_reply_in_time_ends_the_limit_and_begins_the_review() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    script.heard("2026-11-23 15:00", &unit("zj"));
    let facts = script.give("2026-11-30 23:59", &unit("zj"), reply());
    expect![[r#"
        clock_ended close/1/0 end=met
        fed_back cycle=1 solved=true unit=zj
        clock_started feedback_review/1/0 1wd → 2026-12-01 24:00 by organ !2026-12-01 19:11"#]]
    .assert_eq(&facts.join("\n"));
    assert_eq!(script.ticket.state, State::Review);
    assert_eq!(script.ticket.texts.get("reply.1.process"), "已到现场查看");
    assert_eq!(
        script.refused("2026-11-30 23:59", &unit("zj"), reply()),
        "7.5.2: not in state review"
    );
}

#[test]
fn a_reply_at_midnight_is_late_and_supervised() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    script.heard("2026-11-23 15:00", &unit("zj"));
    let facts = script.give("2026-11-30 24:00", &unit("zj"), reply());
    assert!(
        facts.contains(&"clock_ended close/1/0 end=met late=true".to_owned()),
        "{facts:?}"
    );
    assert!(script.ticket.cycle().unwrap().fed_back_late);
    assert_eq!(script.ticket.supervisions.last().unwrap().cause.code(), "b");
}

#[test]
fn ac_7_7_1a1_the_appellant_was_told_and_heard_before_the_reply() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    let now = "2026-11-24 10:00";
    let clause = "7.7.1 a: contact_missing";
    assert_eq!(script.refused(now, &unit("zj"), reply()), clause);
    // An opinion comes from somebody who was reached.
    assert_eq!(
        script.refused(now, &unit("zj"), contact(ContactOutcome::NoAnswer, "同意", false)),
        "7.7.1 a: opinion: not_reached"
    );
    assert_eq!(
        script.refused(now, &unit("zj"), contact(ContactOutcome::NoAnswer, "", true)),
        "7.3: call: unknown_code"
    );
    script.give(now, &unit("zj"), contact(ContactOutcome::Reached, "", false));
    assert_eq!(script.refused(now, &unit("zj"), reply()), clause);
    // Three tries count with their calls only.
    script.give(now, &unit("zj"), contact(ContactOutcome::NoAnswer, "", false));
    script.known.call = Some(CallView { answered: false });
    assert_eq!(
        script.refused(now, &unit("zj"), contact(ContactOutcome::Reached, "同意", true)),
        "7.3: outcome: not_answered"
    );
    for _ in 0..2 {
        script.give(now, &unit("zj"), contact(ContactOutcome::NoAnswer, "", true));
        assert_eq!(script.refused(now, &unit("zj"), reply()), clause);
    }
    let facts = script.give(now, &unit("zj"), contact(ContactOutcome::NoAnswer, "", true));
    assert!(facts[0].starts_with("contacted "), "{facts:?}");
    script.give(now, &unit("zj"), reply());
}

#[test]
fn who_may_not_know_the_appellant_need_not_speak_to_him() {
    for hide in [
        |script: &mut Script| script.ticket.draft.secrecy = true,
        |script: &mut Script| {
            script.ticket.origin.grid = true;
        },
    ] {
        let mut script = Script::signed(Help, Normal, START, "zj");
        hide(&mut script);
        script.give("2026-11-24 10:00", &unit("zj"), reply());
    }
}

#[test]
fn ac_7_5_1_a_critical_order_has_its_first_result_before_its_reply() {
    let mut script = Script::signed(Help, Critical, START, "zj");
    script.heard("2026-11-23 10:00", &unit("zj"));
    assert_eq!(
        script.refused("2026-11-23 11:00", &unit("zj"), reply()),
        "7.5.1: first_result_missing"
    );
    let facts = script.give("2026-11-23 14:39", &unit("zj"), progress("已疏散", true));
    assert_eq!(
        facts,
        [
            "clock_ended first_result/1/0 end=met",
            "progressed cycle=1 first_result=true unit=zj"
        ]
    );
    script.give("2026-11-24 09:00", &unit("zj"), reply());
    let mut script = Script::signed(Help, Urgent, START, "zj");
    assert_eq!(
        script.refused(START, &unit("zj"), progress("已疏散", true)),
        "7.5.1: first_result_not_asked"
    );
    script.give(START, &unit("zj"), progress("已到场", false));
    assert_eq!(
        script.refused(START, &unit("zj"), progress("", false)),
        "7.5.1: text: missing"
    );
}

#[test]
fn a_stage_and_a_contact_are_bounded() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    for _ in 0..100 {
        script.give(START, &unit("zj"), progress("进行中", false));
        script.give(START, &unit("zj"), contact(ContactOutcome::NoAnswer, "", false));
    }
    assert_eq!(
        script.refused(START, &unit("zj"), progress("进行中", false)),
        "7.5.1: too_many_stages"
    );
    assert_eq!(
        script.refused(START, &unit("zj"), contact(ContactOutcome::NoAnswer, "", false)),
        "7.3: too_many_contacts"
    );
    let files = FeedBack {
        files: vec![crate::ticket::script::file("f"); 21],
        ..full_reply()
    };
    assert_eq!(
        script.refused(START, &unit("zj"), Command::FeedBack(files)),
        "7.5.2: files: too_many"
    );
    let quoted = FeedBack {
        citations: vec![Default::default(); 21],
        ..full_reply()
    };
    assert_eq!(
        script.refused(START, &unit("zj"), Command::FeedBack(quoted)),
        "7.5.2: citations: too_many"
    );
}

#[test]
fn a_reply_ends_the_duty_office_and_what_was_asked_for() {
    let mut script = Script::signed(Help, Critical, START, "zj");
    script.give(START, &unit("zj"), progress("已处置", true));
    script.heard(START, &unit("zj"));
    script.give("2026-11-23 09:44", &unit("zj"), reply());
    assert!(script.running(ClockKind::DutyNotice, 0).is_none());
    assert_eq!(script.tick("2026-11-23 12:00"), Vec::<String>::new());
}

#[test]
fn a_reply_passes_by_itself_where_reviews_are_off() {
    let (on, off) = (
        r#""id": "review.on", "value": true"#,
        r#""id": "review.on", "value": false"#,
    );
    let mut script = Script::signed(Help, Normal, START, "zj").with(Kind::Settings, on, off);
    script.heard("2026-11-23 15:00", &unit("zj"));
    script.give("2026-11-24 15:00", &unit("zj"), reply());
    assert_eq!(script.ticket.state, State::Followup);
}

#[test]
fn a_co_unit_has_no_word_to_the_appellant() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    let other = unit("cg");
    assert!(other.roles.contains(&Role::Unit));
    assert_eq!(script.refused(START, &other, reply()), "7.5.2: not_your_unit");
    assert_eq!(
        script.refused(START, &other, contact(ContactOutcome::Reached, "同意", false)),
        "7.3: not_your_unit"
    );
}
