//! What clocks do when they are due: warn, breach, supervise, go on. 7.2 to 7.8.1.

use expect_test::expect;
use rexian::fact::ticket::ClockBody;
use rexian::fact::ticket::ClockRef;
use rexian::fact::ticket::TicketFact;
use rexian::ticket::command::ClockDue;
use rexian::ticket::command::Command;
use rexian::ticket::model::AnswerBasis;
use rexian::ticket::model::AppealType::*;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::Closing;
use rexian::ticket::model::State;
use rexian::ticket::model::SupervisionState;
use rexian::ticket::model::Urgency::*;
use rexian::ticket::reference::Kind;

use crate::ticket::script::Script;
use crate::ticket::script::dispatcher;
use crate::ticket::script::unit;

const START: &str = "2026-11-23 09:40";
const NOTHING: Vec<String> = Vec::new();

fn due(kind: ClockKind, cycle: u32, subject: u32) -> Command {
    let clock = ClockRef { kind, cycle, subject };
    Command::ClockDue(ClockDue { clock })
}

#[test]
fn ac_7_8_1_a_breach_is_told_once_and_supervises_once_a_cause() {
    let mut script = Script::dispatched(Help, Normal, START, "zj");
    let sign = due(ClockKind::Sign, 1, 0);
    assert_eq!(script.system("2026-11-24 12:00", sign.clone()), NOTHING);
    let facts = script.tick("2026-11-24 20:00");
    assert_eq!(facts, ["clock_warned sign/1/0 step=1"]);
    assert_eq!(script.system("2026-11-24 20:00", sign.clone()), NOTHING);
    let facts = script.system("2026-11-24 24:00", sign.clone());
    expect![[r#"
        clock_breached sign/1/0
        supervised automatic=true cause=a cycle=1 no=1 unit=zj
        clock_started supervision_reply/1/1 1wd → 2026-11-26 24:00 by unit !2026-11-26 14:24"#]]
    .assert_eq(&facts.join("\n"));
    assert_eq!(script.system("2026-11-24 24:00", sign.clone()), NOTHING);
    assert_eq!(script.system("2026-11-25 10:00", sign), NOTHING);
    let facts = script.tick("2026-12-01 00:00");
    assert_eq!(facts.iter().filter(|it| it.starts_with("supervised")).count(), 1);
    assert_eq!(script.ticket.supervisions.len(), 2);
    // A clock that does not run, or is another's, does nothing.
    assert_eq!(
        script.system("2026-12-01 00:00", due(ClockKind::Sign, 2, 0)),
        NOTHING
    );
}

#[test]
fn a_critical_order_late_with_both_results_is_supervised_once() {
    let mut script = Script::signed(Help, Critical, START, "zj");
    let warned = script.tick("2026-11-23 14:00");
    let first_result = warned.iter().filter(|it| it.contains("first_result"));
    assert_eq!(first_result.count(), 1);
    script.tick("2026-11-24 10:00");
    let causes: Vec<&str> = script
        .ticket
        .supervisions
        .iter()
        .map(|it| it.cause.code())
        .collect();
    assert_eq!(causes, ["b"]);
}

#[test]
fn the_limit_warns_at_four_fifths_and_a_working_day_before() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    let close = |facts: Vec<String>| {
        facts
            .into_iter()
            .filter(|it| it.contains("close/"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        close(script.tick("2026-11-28 23:59")),
        ["clock_warned close/1/0 step=1"]
    );
    assert_eq!(
        close(script.tick("2026-11-30 23:59")),
        ["clock_warned close/1/0 step=2"]
    );
    // After a standstill what was missed is one warning, or only the breach.
    let mut script = Script::signed(Help, Normal, START, "zj");
    assert_eq!(
        close(script.tick("2026-11-30 23:59")),
        ["clock_warned close/1/0 step=2"]
    );
    let mut script = Script::signed(Help, Normal, START, "zj");
    assert_eq!(
        close(script.tick("2026-12-01 08:00")),
        ["clock_breached close/1/0"]
    );
}

#[test]
fn windows_end_and_nobody_is_late() {
    let mut script = Script::dispatched(Help, Normal, START, "zj");
    let windows: Vec<String> = script
        .tick("2026-11-25 00:00")
        .into_iter()
        .filter(|it| it.contains("window"))
        .collect();
    assert_eq!(
        windows,
        [
            "clock_ended return_window/1/0 end=over",
            "clock_ended co_apply_window/1/0 end=over"
        ]
    );
}

#[test]
fn an_unanswered_supervision_is_escalated() {
    let mut script = Script::dispatched(Help, Normal, START, "zj");
    script.tick("2026-11-25 00:00");
    let facts = script.tick("2026-11-27 00:00");
    let last: Vec<&String> = facts.iter().rev().take(2).rev().collect();
    assert_eq!(
        last,
        [
            "clock_breached supervision_reply/1/1",
            "supervision_changed no=1 state=escalated"
        ]
    );
    assert_eq!(script.ticket.supervisions[0].state, SupervisionState::Escalated);
}

#[test]
fn a_return_that_nobody_decides_is_the_organs_breach() {
    let mut script = Script::dispatched(Help, Normal, START, "zj");
    script.give(
        "2026-11-23 10:00",
        &unit("zj"),
        Command::AskReturn(rexian::ticket::command::AskReturn {
            reason: rexian::ticket::model::ReturnReason::Other,
            legal_basis: "".into(),
            explanation: "其他原因".into(),
            suggested: None,
            complex: false,
            files: Vec::new(),
            sub: None,
            overridden: false,
        }),
    );
    let facts = script.tick("2026-11-25 00:00");
    assert!(
        facts.contains(&"clock_breached return_review/1/1".to_owned()),
        "{facts:?}"
    );
}

fn answered(change: Option<(&str, &str)>) -> Script {
    let mut script = Script::accepted(Help, Normal, START);
    if let Some((from, to)) = change {
        script = script.with(Kind::Settings, from, to);
    }
    script.fold(TicketFact::Answered {
        basis: AnswerBasis::Article,
        article: None,
        call: None,
        master: None,
    });
    let deadline = crate::ticket::script::at("2026-11-24 09:40");
    script.fold(TicketFact::ClockStarted {
        clock: ClockBody {
            clock: ClockRef {
                kind: ClockKind::InstantRating,
                cycle: 0,
                subject: 0,
            },
            start: script.now,
            deadline: Some(deadline),
            provisional: false,
            rule: "24h".to_owned(),
            against: "organ".to_owned(),
            basis: String::new(),
            warnings: Vec::new(),
        },
    });
    script
}

#[test]
fn a_rating_that_does_not_come_is_a_try_and_the_next_way_follows() {
    let mut script = answered(None);
    let facts = script.system("2026-11-24 09:40", due(ClockKind::InstantRating, 0, 0));
    assert_eq!(facts[0], "clock_ended instant_rating/0/0 end=over");
    assert_eq!(script.ticket.state, State::Followup);
    let (is, not) = (
        r#""id": "instant_rating.timeout_is_attempt", "value": true"#,
        r#""id": "instant_rating.timeout_is_attempt", "value": false"#,
    );
    let mut script = answered(Some((is, not)));
    script.system("2026-11-24 09:40", due(ClockKind::InstantRating, 0, 0));
    assert_eq!(
        (script.ticket.state, script.ticket.closing),
        (State::Closed, Some(Closing::InstantRating))
    );
}

#[test]
fn the_archives_clock_is_the_engines() {
    let mut script = Script::accepted(Praise, Normal, START);
    script.dispatch(START, "zj");
    assert_eq!(
        script.system("2026-11-25 00:00", due(ClockKind::Archive, 1, 0)),
        NOTHING
    );
}

#[test]
fn a_provisional_deadline_is_counted_again_when_its_calendar_comes_and_only_moves_forward() {
    // V18: the year 2027 is not loaded.
    let mut script = Script::dispatched(Help, Normal, "2026-12-30 10:00", "zj");
    assert_eq!(script.due(ClockKind::Close, 0), "2027-01-07 24:00");
    assert!(script.running(ClockKind::Close, 0).unwrap().provisional);
    assert_eq!(script.system("2026-12-30 11:00", Command::Recompute), NOTHING);
    let calendar = script.reference.document(Kind::Calendar).to_owned();
    let mut read: serde_json::Value = serde_json::from_str(&calendar).unwrap();
    let off = [
        "2027-01-01",
        "2027-01-02",
        "2027-01-03",
        "2027-01-04",
        "2027-01-05",
        "2027-05-01",
        "2027-05-02",
        "2027-10-01",
        "2027-10-02",
        "2027-10-03",
    ];
    load_year(&mut read, &off);
    script.reference = std::sync::Arc::new(script.reference.with(Kind::Calendar, &read.to_string()).unwrap());
    let facts = script.system("2026-12-30 12:00", Command::Recompute);
    expect!["clock_moved close/1/0 cause=calendar from=2027-01-07 24:00 to=2027-01-11 24:00 warnings=2027-01-08 24:00,2027-01-09 11:36"].assert_eq(&facts.join("\n"));
    assert_eq!(script.system("2026-12-30 12:00", Command::Recompute), NOTHING);
}

/// A year 2027 with these days off, in the shape of the shipped calendar.
fn load_year(calendar: &mut serde_json::Value, off: &[&str]) {
    calendar["years"]["2027"] = serde_json::json!({"papers": ["a notice"], "off": off, "work": []});
}

#[test]
fn after_a_return_the_next_unit_is_supervised_for_its_own_lateness() {
    let mut script = Script::dispatched(Help, Normal, START, "zj");
    script.tick("2026-11-25 08:00");
    let back = rexian::ticket::command::AskReturn {
        reason: rexian::ticket::model::ReturnReason::Other,
        legal_basis: "".into(),
        explanation: "其他原因".into(),
        suggested: None,
        complex: true,
        files: Vec::new(),
        sub: None,
        overridden: false,
    };
    script.give("2026-11-25 09:00", &unit("zj"), Command::AskReturn(back));
    let approve = rexian::ticket::command::DecideReturn {
        request: 1,
        approve: true,
        complex: true,
        reason: "".into(),
    };
    script.give("2026-11-25 09:10", &dispatcher(), Command::DecideReturn(approve));
    script.dispatch("2026-11-25 09:20", "cg");
    // 复杂疑难, confirmed: three working days.
    assert_eq!(script.due(ClockKind::ReturnWindow, 0), "2026-11-30 24:00");
    script.tick("2026-11-27 00:00");
    let units: Vec<&str> = script
        .ticket
        .supervisions
        .iter()
        .map(|it| it.unit.as_str())
        .collect();
    assert_eq!(units, ["zj", "cg"]);
}
