//! Return and extension. 7.4, 7.6.

use expect_test::expect;
use rexian::account::Principal;
use rexian::account::Role;
use rexian::ticket::command::AskExtension;
use rexian::ticket::command::AskReturn;
use rexian::ticket::command::Command;
use rexian::ticket::command::DecideExtension;
use rexian::ticket::command::DecideReturn;
use rexian::ticket::model::AppealType::*;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::ContactWay;
use rexian::ticket::model::Flag;
use rexian::ticket::model::RequestState;
use rexian::ticket::model::ReturnReason;
use rexian::ticket::model::Urgency::*;
use rexian::ticket::reference::Kind;

use crate::ticket::script::Script;
use crate::ticket::script::dispatcher;
use crate::ticket::script::file;
use crate::ticket::script::organ;
use crate::ticket::script::person;
use crate::ticket::script::reply;
use crate::ticket::script::supervisor;
use crate::ticket::script::unit;

const START: &str = "2026-11-23 09:40";

pub(super) fn asked_return() -> AskReturn {
    AskReturn {
        reason: ReturnReason::NotOurDuty,
        legal_basis: "三定方案".into(),
        explanation: "不属本单位职责".into(),
        suggested: Some(organ("cg")),
        complex: false,
        files: vec![file("f")],
        sub: None,
        overridden: false,
    }
}

pub(super) fn give_back() -> Command {
    Command::AskReturn(asked_return())
}

fn complex() -> Command {
    Command::AskReturn(AskReturn {
        complex: true,
        ..asked_return()
    })
}

fn overridden() -> Command {
    Command::AskReturn(AskReturn {
        overridden: true,
        ..asked_return()
    })
}

pub(super) fn on_return(request: u32, approve: bool, complex: bool) -> Command {
    Command::DecideReturn(DecideReturn {
        request,
        approve,
        complex,
        reason: if approve {
            "".into()
        } else {
            "属于本单位职责".into()
        },
    })
}

pub(super) fn more_time(until: &str) -> Command {
    Command::AskExtension(AskExtension {
        until: until.to_owned(),
        reason: "需要采购配件".into(),
        progress: "已查明原因".into(),
        told: ContactWay::Phone,
        told_text: "已电话告知".into(),
        files: Vec::new(),
    })
}

pub(super) fn on_extension(request: u32, approve: bool, until: Option<&str>) -> Command {
    Command::DecideExtension(DecideExtension {
        request,
        approve,
        until: until.map(str::to_owned),
        reason: if approve {
            "".into()
        } else {
            "理由不充分".into()
        },
    })
}

fn reviewer(organ: &str) -> Principal {
    person("shen", Role::Reviewer, organ)
}

pub(super) fn joined(facts: Vec<String>) -> String {
    facts.join("\n")
}

#[test]
fn ac_7_4_an_approved_return_voids_the_units_clocks_and_the_next_unit_has_its_own() {
    // S1.
    let mut script = Script::accepted(Help, Normal, "2026-11-23 09:00");
    script.dispatch(START, "zj");
    let mut facts = script.give("2026-11-24 10:00", &unit("zj"), give_back());
    facts.extend(script.give("2026-11-24 11:00", &dispatcher(), on_return(1, true, false)));
    expect![[r#"
        requested cycle=1 files=1/f/image/jpeg/abababababababababababababababababababababababababababababababab reason=not_our_duty request=1 unit=zj units=cg what=return
        clock_started return_review/1/1 1wd → 2026-11-25 24:00 by organ !2026-11-25 16:24
        clock_ended return_review/1/1 end=met
        request_decided request=1 state=approved
        clock_ended sign/1/0 end=void
        clock_ended return_window/1/0 end=void
        clock_ended co_apply_window/1/0 end=void
        clock_ended close/1/0 end=void
        clock_started dispatch/1/0 2h → 2026-11-24 13:00 by organ !2026-11-24 12:30"#]].assert_eq(&joined(facts));
    assert_eq!(script.due(ClockKind::Dispatch, 0), "2026-11-24 13:00");
    script.dispatch("2026-11-24 11:20", "cg");
    assert_eq!(script.due(ClockKind::Sign, 0), "2026-11-25 24:00");
    assert_eq!(script.due(ClockKind::Close, 0), "2026-12-01 24:00");
    let citizen = script.running(ClockKind::Citizen, 0).unwrap();
    assert_eq!(script.zone.format_end(citizen.start), "2026-11-23 09:00");
    assert_eq!((script.ticket.returns, script.ticket.supervisions.len()), (1, 0));
}

#[test]
fn ac_7_4_a_return_after_its_window_is_the_supervisors_word_alone() {
    // S2.
    let mut script = Script::dispatched(Help, Normal, START, "zj");
    assert_eq!(script.due(ClockKind::ReturnWindow, 0), "2026-11-24 24:00");
    let late = "2026-11-25 09:00";
    assert_eq!(
        script.refused(late, &unit("zj"), give_back()),
        "7.4: return_window_over"
    );
    assert_eq!(
        script.refused(late, &unit("zj"), overridden()),
        "7.4: supervisor_only"
    );
    assert_eq!(
        script.refused(late, &supervisor(), give_back()),
        "7.4: not_your_unit"
    );
    let facts = script.give(late, &supervisor(), overridden());
    assert!(facts[0].contains("overridden=true"), "{facts:?}");
    // The instant at which the window ends is outside of it.
    let mut script = Script::dispatched(Help, Normal, START, "zj");
    assert_eq!(
        script.refused("2026-11-24 24:00", &unit("zj"), give_back()),
        "7.4: return_window_over"
    );
    script.give("2026-11-24 23:59", &unit("zj"), give_back());
}

#[test]
fn ac_7_4_a_complex_matter_has_three_working_days_when_the_organ_confirms_it() {
    // S3.
    let mut script = Script::signed(Help, Normal, START, "zj");
    let asked = "2026-11-26 23:00";
    script.give(asked, &unit("zj"), complex());
    assert_eq!(
        script.refused(asked, &dispatcher(), on_return(1, true, false)),
        "7.4: complex_not_confirmed"
    );
    script.give(asked, &dispatcher(), on_return(1, true, true));
    assert!(script.ticket.flags.contains(&Flag::Complex));
    let mut script = Script::signed(Help, Normal, START, "zj");
    assert_eq!(
        script.refused("2026-11-26 24:00", &unit("zj"), complex()),
        "7.4: return_window_over"
    );
    // V08: over National Day.
    let mut script = Script::dispatched(Help, Normal, "2026-09-30 15:00", "zj");
    script.give("2026-10-10 23:59", &unit("zj"), complex());
}

#[test]
fn a_refused_return_leaves_the_clocks_and_what_the_organ_took_too_long_is_given_back() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    script.give("2026-11-23 15:00", &unit("zj"), give_back());
    assert_eq!(
        script.refused("2026-11-23 15:00", &unit("zj"), give_back()),
        "7.4: request_open"
    );
    assert_eq!(script.due(ClockKind::ReturnReview, 1), "2026-11-24 24:00");
    let reasonless = Command::DecideReturn(DecideReturn {
        request: 1,
        approve: false,
        complex: false,
        reason: "".into(),
    });
    assert_eq!(
        script.refused("2026-11-24 10:00", &dispatcher(), reasonless),
        "7.4: reason: missing"
    );
    let facts = script.give("2026-11-24 10:00", &dispatcher(), on_return(1, false, false));
    assert_eq!(
        facts,
        [
            "clock_ended return_review/1/1 end=met",
            "request_decided request=1 state=refused"
        ]
    );
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-30 24:00");
    assert_eq!(
        script.refused("2026-11-24 10:00", &dispatcher(), on_return(1, false, false)),
        "7.4: request_decided"
    );
    // A working day late.
    script.give("2026-11-24 11:00", &unit("zj"), give_back());
    let facts = script.give("2026-11-27 10:00", &dispatcher(), on_return(2, false, false));
    expect![[r#"
        clock_ended return_review/1/2 end=met late=true
        request_decided late=true request=2 state=refused
        clock_moved close/1/0 cause=credit from=2026-11-30 24:00 to=2026-12-01 24:00 warnings=2026-11-30 06:44,2026-11-30 24:00"#]].assert_eq(&joined(facts));
}

#[test]
fn a_return_names_its_reason_and_its_clause() {
    let mut script = Script::dispatched(Help, Normal, START, "zj");
    let missing = Command::AskReturn(AskReturn {
        legal_basis: "".into(),
        ..asked_return()
    });
    assert_eq!(
        script.refused(START, &unit("zj"), missing),
        "7.4: legal_basis: missing"
    );
    let missing = Command::AskReturn(AskReturn {
        explanation: "".into(),
        ..asked_return()
    });
    assert_eq!(
        script.refused(START, &unit("zj"), missing),
        "7.4: explanation: missing"
    );
    for (suggested, reason) in [("nobody", "unknown_code"), ("zj", "yourself")] {
        let wrong = Command::AskReturn(AskReturn {
            suggested: Some(organ(suggested)),
            ..asked_return()
        });
        assert_eq!(
            script.refused(START, &unit("zj"), wrong),
            format!("7.4: suggested: {reason}")
        );
    }
    assert_eq!(
        script.refused(START, &unit("cg"), give_back()),
        "7.4: not_your_unit"
    );
    assert_eq!(
        script.refused(START, &dispatcher(), on_return(1, true, false)),
        "7.4: request: unknown_code"
    );
    script.give(START, &unit("zj"), give_back());
    let county = person("xian", Role::Dispatcher, "hotline/t130203");
    assert_eq!(
        script.refused(START, &county, on_return(1, true, false)),
        "7.4: city_organ"
    );
}

#[test]
fn a_critical_order_is_not_returned_unless_the_site_allows_it() {
    let mut script = Script::signed(Help, Critical, START, "zj");
    assert_eq!(
        script.refused(START, &unit("zj"), give_back()),
        "7.4: critical_not_returned"
    );
    assert!(script.running(ClockKind::ReturnWindow, 0).is_none());
    let (no, yes) = (
        r#""id": "return.critical", "value": false"#,
        r#""id": "return.critical", "value": true"#,
    );
    let mut script = Script::signed(Help, Critical, START, "zj").with(Kind::Settings, no, yes);
    script.give(START, &unit("zj"), give_back());
    assert_eq!(script.due(ClockKind::ReturnReview, 1), "2026-11-23 13:40");
}

#[test]
fn ac_7_6_an_extension_asked_for_in_time_counts_from_before_the_deadline() {
    // S4.
    let mut script = Script::signed(Help, Normal, START, "zj");
    let mut facts = script.give("2026-11-30 21:00", &unit("zj"), more_time("2026-12-07"));
    assert_eq!(script.due(ClockKind::ExtensionReview, 1), "2026-12-01 21:00");
    facts.extend(script.tick("2026-11-30 24:00"));
    assert_eq!(script.tick("2026-12-01 16:59"), Vec::<String>::new());
    facts.extend(script.tick("2026-12-01 17:00"));
    facts.extend(script.give(
        "2026-12-01 20:00",
        &reviewer("hotline"),
        on_extension(1, true, None),
    ));
    expect![[r#"
        requested cycle=1 request=1 told=phone unit=zj until=2026-12-07 24:00 what=extension
        clock_started extension_review/1/1 24h → 2026-12-01 21:00 by organ !2026-12-01 17:00
        clock_ended return_window/1/0 end=over
        clock_ended co_apply_window/1/0 end=over
        clock_moved close/1/0 cause=pending from=2026-11-30 24:00 to=2026-11-30 24:00
        clock_warned extension_review/1/1 step=1
        clock_ended extension_review/1/1 end=met
        request_decided request=1 state=approved until=2026-12-07 24:00
        clock_moved close/1/0 cause=extension from=2026-11-30 24:00 to=2026-12-07 24:00 warnings=2026-12-04 24:00,2026-12-05 01:56"#]].assert_eq(&joined(facts));
    assert_eq!(script.due(ClockKind::Close, 0), "2026-12-07 24:00");
    assert!(script.ticket.supervisions.is_empty());
}

#[test]
fn ac_7_6_groups_public_opinion_and_haste_are_never_extended() {
    // S5.
    let asked = "2026-11-24 10:00";
    for flag in [Flag::Group, Flag::PublicOpinion] {
        let mut script = Script::signed(Help, Normal, START, "zj");
        script.ticket.flags.insert(flag);
        assert_eq!(
            script.refused(asked, &unit("zj"), more_time("2026-12-07")),
            "7.6: extension_forbidden"
        );
    }
    for urgency in [Urgent, Critical] {
        let mut script = Script::signed(Help, urgency, START, "zj");
        assert_eq!(
            script.refused("2026-11-23 10:00", &unit("zj"), more_time("2026-12-07")),
            "7.6: extension_forbidden"
        );
    }
    // A flag set while it is decided counts too.
    let mut script = Script::signed(Help, Normal, START, "zj");
    script.give(asked, &unit("zj"), more_time("2026-12-07"));
    script.ticket.flags.insert(Flag::Group);
    assert_eq!(
        script.refused(asked, &dispatcher(), on_extension(1, true, None)),
        "7.6: extension_forbidden"
    );
}

#[test]
fn an_extension_is_asked_for_before_the_deadline_once_and_not_for_longer_than_the_limit() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    assert_eq!(
        script.refused("2026-11-30 24:00", &unit("zj"), more_time("2026-12-07")),
        "7.6: extension_too_late"
    );
    let now = "2026-11-27 10:00";
    for (day, refusal) in [
        ("soon", "7.6: until: not_a_day"),
        ("2026-11-30", "7.6: until: not_later"),
        ("2026-12-08", "7.6: extension_too_long"),
    ] {
        assert_eq!(script.refused(now, &unit("zj"), more_time(day)), refusal);
    }
    let untold = Command::AskExtension(AskExtension {
        until: "2026-12-07".to_owned(),
        reason: "需要采购配件".into(),
        progress: "已查明原因".into(),
        told: ContactWay::Phone,
        told_text: "".into(),
        files: Vec::new(),
    });
    assert_eq!(
        script.refused(now, &unit("zj"), untold),
        "7.6: told_text: missing"
    );
    script.give(now, &unit("zj"), more_time("2026-12-02"));
    assert_eq!(
        script.refused(now, &unit("zj"), more_time("2026-12-03")),
        "7.6: request_open"
    );
    // Longer than the original limit is the supervisor's word.
    let longer = Some("2026-12-10");
    assert_eq!(
        script.refused(now, &reviewer("hotline"), on_extension(1, true, longer)),
        "7.6: extension_too_long"
    );
    assert_eq!(
        script.refused(now, &reviewer("hotline/t130203"), on_extension(1, true, None)),
        "7.6: city_organ"
    );
    script.give(now, &supervisor(), on_extension(1, true, longer));
    assert_eq!(script.due(ClockKind::Close, 0), "2026-12-10 24:00");
    assert_eq!(
        script.refused(now, &unit("zj"), more_time("2026-12-11")),
        "7.6: extension_used"
    );
}

#[test]
fn an_extension_refused_after_the_deadline_gives_one_working_day_of_grace() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    script.give("2026-11-30 21:00", &unit("zj"), more_time("2026-12-07"));
    script.tick("2026-12-02 08:00");
    let facts = script.give("2026-12-02 08:00", &dispatcher(), on_extension(1, false, None));
    expect![[r#"
        clock_ended extension_review/1/1 end=met late=true
        request_decided late=true request=1 state=refused
        clock_moved close/1/0 cause=grace from=2026-11-30 24:00 to=2026-12-03 24:00 warnings=2026-12-02 24:00"#]].assert_eq(&joined(facts));
    // In time: the old deadline stays.
    let mut script = Script::signed(Help, Normal, START, "zj");
    script.give("2026-11-27 21:00", &unit("zj"), more_time("2026-12-07"));
    script.give("2026-11-28 08:00", &dispatcher(), on_extension(1, false, None));
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-30 24:00");
    // A refused one may be asked for again.
    script.give("2026-11-28 09:00", &unit("zj"), more_time("2026-12-07"));
}

#[test]
fn a_reply_while_the_extension_is_undecided_is_in_time() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    script.heard("2026-11-30 20:00", &unit("zj"));
    script.give("2026-11-30 21:00", &unit("zj"), more_time("2026-12-07"));
    script.tick("2026-12-01 09:00");
    let facts = script.give("2026-12-01 10:00", &unit("zj"), reply());
    assert_eq!(
        facts.get(..3).unwrap(),
        [
            "clock_ended extension_review/1/1 end=void",
            "request_decided request=1 state=void",
            "clock_ended close/1/0 end=met",
        ]
    );
    assert!(!script.ticket.cycle().unwrap().fed_back_late && script.ticket.supervisions.is_empty());
}

#[test]
fn silence_approves_nothing_unless_the_site_says_so() {
    let run = |choice: &str| {
        let from = r#""value": "escalate""#;
        let to = format!(r#""value": "{choice}""#);
        let mut script = Script::signed(Help, Normal, START, "zj").with(Kind::Settings, from, &to);
        script.give("2026-11-30 21:00", &unit("zj"), more_time("2026-12-07"));
        script.tick("2026-12-01 21:00");
        (script.ticket.requests[0].state, script.due(ClockKind::Close, 0))
    };
    assert_eq!(
        run("escalate"),
        (RequestState::Open, "2026-11-30 24:00".to_owned())
    );
    assert_eq!(
        run("approve"),
        (RequestState::Approved, "2026-12-07 24:00".to_owned())
    );
    assert_eq!(
        run("reject"),
        (RequestState::Refused, "2026-12-02 24:00".to_owned())
    );
}
