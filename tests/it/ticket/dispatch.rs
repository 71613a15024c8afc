//! Dispatch: the one first unit, arbitration, the duty office, grids, orders that go down the tree. 7.2, B.1.

use expect_test::expect;
use rexian::account::Role;
use rexian::fact::ticket::TicketFact;
use rexian::ticket::command::AcknowledgeDuty;
use rexian::ticket::command::Arbitrate;
use rexian::ticket::command::AskReturn;
use rexian::ticket::command::Command;
use rexian::ticket::command::DecideReturn;
use rexian::ticket::command::Dispatch;
use rexian::ticket::command::OpenArbitration;
use rexian::ticket::command::Redispatch;
use rexian::ticket::command::SendBack;
use rexian::ticket::command::Sign;
use rexian::ticket::model::AppealType::*;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::Closing;
use rexian::ticket::model::Place;
use rexian::ticket::model::ReturnReason;
use rexian::ticket::model::RouteBasis;
use rexian::ticket::model::State;
use rexian::ticket::model::Urgency::*;
use rexian::ticket::reference::Kind;

use crate::ticket::script::Script;
use crate::ticket::script::dispatcher;
use crate::ticket::script::judged;
use crate::ticket::script::organ;
use crate::ticket::script::person;
use crate::ticket::script::supervisor;
use crate::ticket::script::unit;

const START: &str = "2026-11-23 09:40";

fn by(basis: RouteBasis, to: &str) -> Command {
    Command::Dispatch(Dispatch {
        unit: organ(to),
        basis,
        rule: None,
        grid: None,
        reason: "".into(),
    })
}

fn to_grid(grid: &str, to: &str) -> Command {
    Command::Dispatch(Dispatch {
        unit: organ(to),
        basis: RouteBasis::Grid,
        rule: None,
        grid: Some(grid.to_owned()),
        reason: "".into(),
    })
}

fn give_back(explanation: &str) -> Command {
    Command::AskReturn(AskReturn {
        reason: ReturnReason::NotOurDuty,
        legal_basis: "三定方案".into(),
        explanation: explanation.into(),
        suggested: None,
        complex: false,
        files: Vec::new(),
        sub: None,
        overridden: false,
    })
}

fn returned(script: &mut Script, when: &str, from: &str) {
    script.give(when, &unit(from), give_back("不属本单位职责"));
    let request = script.ticket.requests.last().unwrap().no;
    let approve = DecideReturn {
        request,
        approve: true,
        complex: false,
        reason: "".into(),
    };
    script.give(when, &dispatcher(), Command::DecideReturn(approve));
}

#[test]
fn ac_7_2a_a_dispatch_ends_the_organs_clock_and_starts_the_units() {
    let mut script = Script::accepted(Help, Normal, "2026-11-23 09:00");
    let facts = script.dispatch(START, "zj");
    expect![[r#"
        clock_ended dispatch/0/0 end=met
        dispatched basis=judgement class=other cycle=1 unit=zj
        clock_started sign/1/0 1wd → 2026-11-24 24:00 by unit !2026-11-24 16:20
        clock_started return_window/1/0 1wd → 2026-11-24 24:00 by unit
        clock_started co_apply_window/1/0 1wd → 2026-11-24 24:00 by unit
        clock_started close/1/0 5wd → 2026-11-30 24:00 by unit !2026-11-27 24:00 !2026-11-29 11:32"#]]
    .assert_eq(&facts.join("\n"));
    assert_eq!(script.ticket.state, State::PendingSign);
    assert_eq!(script.due(ClockKind::Dispatch, 0), "-");
}

#[test]
fn a_dispatch_after_two_hours_is_the_organs_breach() {
    let mut script = Script::accepted(Help, Normal, "2026-11-22 23:10");
    assert_eq!(script.tick("2026-11-23 01:09"), Vec::<String>::new());
    assert_eq!(script.tick("2026-11-23 01:10"), ["clock_breached dispatch/0/0"]);
    let facts = script.dispatch("2026-11-23 01:20", "zj");
    assert_eq!(facts[0], "clock_ended dispatch/0/0 end=met late=true");
}

#[test]
fn an_order_is_dispatched_by_the_city_alone_and_only_while_it_waits() {
    let mut script = Script::accepted(Help, Normal, START);
    let county = person("xian", Role::Dispatcher, "hotline/t130203");
    assert_eq!(script.refused(START, &county, judged("zj")), "7.2: city_organ");
    assert_eq!(script.refused(START, &unit("zj"), judged("zj")), "7.2: role");
    script.dispatch(START, "zj");
    // A second first unit is impossible.
    assert_eq!(
        script.refused(START, &dispatcher(), judged("cg")),
        "7.2: not in state pending_sign"
    );
}

#[test]
fn the_unit_exists_and_takes_orders_and_a_judgement_has_its_reason() {
    let mut script = Script::accepted(Help, Normal, START);
    assert_eq!(
        script.refused(START, &dispatcher(), judged("nobody")),
        "7.2 b: unit: unknown_code"
    );
    assert_eq!(
        script.refused(START, &dispatcher(), by(RouteBasis::Judgement, "zj")),
        "7.2 b: reason: missing"
    );
    let (now, gone) = (r#"{"id": "zj", "#, r#"{"id": "zj", "active": false, "#);
    let mut script = script.with(Kind::Organs, now, gone);
    assert_eq!(
        script.refused(START, &dispatcher(), judged("zj")),
        "7.2 b: unit: not_active"
    );
}

#[test]
fn what_is_dispatched_by_place_or_trade_goes_where_the_rule_leads() {
    let mut script = Script::accepted(Help, Normal, START);
    script.ticket.draft.category = "010102".to_owned();
    script.ticket.draft.place = Place::At {
        region: "130203".to_owned(),
        address: String::new(),
    };
    let clause = "7.2 b: route_mismatch";
    assert_eq!(
        script.refused(START, &dispatcher(), by(RouteBasis::Territory, "zj")),
        clause
    );
    assert_eq!(
        script.refused(START, &dispatcher(), by(RouteBasis::Industry, "t130203")),
        clause
    );
    let other = Command::Dispatch(Dispatch {
        unit: organ("t130203"),
        basis: RouteBasis::Territory,
        rule: Some("r-020100".to_owned()),
        grid: None,
        reason: "".into(),
    });
    assert_eq!(script.refused(START, &dispatcher(), other), clause);
    script.give(START, &dispatcher(), by(RouteBasis::Territory, "t130203"));
    assert_eq!(script.ticket.cycle().unwrap().rule.as_deref(), Some("r-010100"));
}

#[test]
fn a_complaint_about_a_unit_never_goes_to_it() {
    let mut script = Script::accepted(Complaint, Normal, START);
    script.ticket.draft.target_organ = Some(organ("t130203"));
    let clause = "6.1 a: conflict_of_interest";
    assert_eq!(script.refused(START, &dispatcher(), judged("t130203")), clause);
    assert_eq!(
        script.refused(START, &dispatcher(), judged("t130203-130203001")),
        clause
    );
    script.dispatch(START, "hotline");
    // About the hotline itself 督查部门 decides.
    let mut script = Script::accepted(Complaint, Normal, START);
    script.ticket.draft.target_organ = Some(organ("hotline"));
    assert_eq!(script.refused(START, &dispatcher(), judged("hotline")), clause);
    script.dispatch(START, "dc");
}

#[test]
fn ac_7_2_praise_is_told_to_the_unit_and_never_has_a_deadline() {
    let mut script = Script::accepted(Praise, Critical, START);
    script.ticket.draft.target_organ = Some(organ("gj"));
    let facts = script.dispatch(START, "gj");
    expect![[r#"
        clock_ended dispatch/0/0 end=met
        dispatched basis=judgement class= cycle=1 for_information=true unit=gj
        closed cycle=1 how=information
        clock_ended citizen/0/0 end=met
        clock_started archive/1/0 24h → 2026-11-24 09:40 by organ"#]]
    .assert_eq(&facts.join("\n"));
    assert_eq!(script.ticket.closing, Some(Closing::Information));
}

#[test]
fn urgency_sets_the_limits_and_a_stricter_law_or_platform_wins() {
    let deadlines = |script: &Script| {
        [ClockKind::Sign, ClockKind::Close, ClockKind::FirstResult].map(|kind| script.due(kind, 0))
    };
    let script = Script::dispatched(Consult, Normal, START, "zj");
    assert_eq!(deadlines(&script), ["2026-11-24 24:00", "2026-11-25 24:00", "-"]);
    let script = Script::dispatched(Consult, Urgent, START, "zj");
    assert_eq!(deadlines(&script), ["2026-11-23 13:40", "2026-11-26 09:40", "-"]);
    let script = Script::dispatched(Report, Critical, START, "zj");
    let critical = ["2026-11-23 10:10", "2026-11-24 09:40", "2026-11-23 14:40"];
    assert_eq!(deadlines(&script), critical);
    // S7: a stricter law counts, a looser one does not.
    for (category, close) in [("020103", "2026-11-24 10:00"), ("050101", "2026-11-30 24:00")] {
        let mut script = Script::accepted(Help, Normal, "2026-11-23 10:00");
        script.ticket.draft.category = category.to_owned();
        script.dispatch("2026-11-23 10:00", "zj");
        assert_eq!(script.due(ClockKind::Close, 0), close);
    }
    let mut script = Script::accepted(Help, Normal, START);
    script.ticket.origin.upper_deadline = Some(crate::ticket::script::at("2026-11-26 12:00"));
    script.dispatch(START, "zj");
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-26 12:00");
}

#[test]
fn the_limit_may_count_from_acceptance_or_from_signing_where_the_site_reads_it_so() {
    let set = |choice: &str| {
        let from = r#""id": "close_start", "value": "dispatched""#;
        let to = format!(r#""id": "close_start", "value": "{choice}""#);
        Script::accepted(Help, Urgent, "2026-11-23 09:00").with(Kind::Settings, from, &to)
    };
    let mut script = set("accepted");
    script.dispatch(START, "zj");
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-26 09:00");
    let mut script = set("signed");
    script.dispatch(START, "zj");
    assert_eq!(script.due(ClockKind::Close, 0), "-");
    script.give("2026-11-23 11:00", &unit("zj"), Command::Sign(Sign {}));
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-26 11:00");
}

#[test]
fn missing_facts_go_back_to_the_agent_while_the_organs_clock_goes_on() {
    let mut script = Script::accepted(Help, Normal, START);
    let back = |reason: &str| {
        Command::SendBack(SendBack {
            reason: reason.into(),
        })
    };
    assert_eq!(
        script.refused(START, &dispatcher(), back("")),
        "7.1.2: reason: missing"
    );
    assert_eq!(script.give(START, &dispatcher(), back("缺少地址")), ["sent_back"]);
    assert_eq!(script.ticket.state, State::Draft);
    assert_eq!(script.due(ClockKind::Dispatch, 0), "2026-11-23 11:40");
}

#[test]
fn ac_b_1_after_two_returns_responsibility_is_decided_and_the_decided_unit_cannot_return() {
    let mut script = Script::dispatched(Help, Normal, START, "zj");
    returned(&mut script, "2026-11-23 10:00", "zj");
    script.dispatch("2026-11-23 10:10", "cg");
    returned(&mut script, "2026-11-23 10:20", "cg");
    let now = "2026-11-23 10:30";
    assert_eq!(
        script.refused(now, &dispatcher(), judged("sl")),
        "B.1: arbitration_needed"
    );
    let opened = OpenArbitration {
        reason: "两次退单，责任不明".into(),
        invited: vec![organ("zg")],
    };
    let mut facts = script.give(now, &dispatcher(), Command::OpenArbitration(opened));
    let decision = |unit: &str, secondary: &[&str]| {
        Command::Arbitrate(Arbitrate {
            unit: organ(unit),
            secondary: secondary.iter().map(|id| organ(id)).collect(),
            decision: "由住建部门牵头办理".into(),
            legal_basis: "属事优先".into(),
            minutes: "".into(),
        })
    };
    assert_eq!(
        script.refused(now, &dispatcher(), decision("zj", &["zj"])),
        "B.1: secondary: twice"
    );
    facts.extend(script.give(now, &dispatcher(), decision("zj", &["cg"])));
    expect![[r#"
        clock_ended dispatch/1/0 end=void
        arbitration_opened invited=bb,sf,zg returns=2
        clock_started arbitration/1/0 1wd → 2026-11-24 24:00 by organ !2026-11-24 16:30
        clock_ended arbitration/1/0 end=met
        arbitrated secondary=cg unit=zj
        dispatched basis=arbitration class=other cycle=1 final_unit=true secondary=cg unit=zj
        clock_started sign/1/0 1wd → 2026-11-24 24:00 by unit !2026-11-24 16:30
        clock_started co_apply_window/1/0 1wd → 2026-11-24 24:00 by unit
        clock_started close/1/0 5wd → 2026-11-30 24:00 by unit !2026-11-27 24:00 !2026-11-29 11:42
        sub_opened cycle=1 sub=1 unit=cg
        clock_started sign/1/1 1wd → 2026-11-24 24:00 by unit !2026-11-24 16:30
        clock_started return_window/1/1 1wd → 2026-11-24 24:00 by unit
        clock_started close/1/1 5wd → 2026-11-30 24:00 by unit !2026-11-27 24:00 !2026-11-29 11:42"#]]
    .assert_eq(&facts.join("\n"));
    assert_eq!((script.ticket.cycle_no(), script.ticket.returns), (1, 0));
    assert_eq!(
        script.refused("2026-11-23 11:00", &unit("zj"), give_back("仍非职责")),
        "B.1: final_dispatch"
    );
}

#[test]
fn an_arbitration_has_its_limit_and_its_words() {
    let mut script = Script::accepted(Help, Normal, START);
    let open = Command::OpenArbitration(OpenArbitration {
        reason: "职责交叉".into(),
        invited: Vec::new(),
    });
    script.give(START, &dispatcher(), open);
    let empty = Command::Arbitrate(Arbitrate {
        unit: organ("zj"),
        secondary: Vec::new(),
        decision: "".into(),
        legal_basis: "".into(),
        minutes: "".into(),
    });
    assert_eq!(
        script.refused(START, &dispatcher(), empty),
        "B.1: decision: missing"
    );
    let told = script.tick("2026-11-25 00:00");
    assert_eq!(told.last().unwrap(), "clock_breached arbitration/0/0");
}

#[test]
fn ac_7_2a_the_duty_office_is_told_until_it_says_that_it_knows() {
    let mut script = Script::dispatched(Help, Critical, START, "zj");
    let notices = |facts: Vec<String>| {
        let told = |it: &String| it.starts_with("duty") || it.contains("duty_notice/1/0");
        facts.into_iter().filter(told).collect::<Vec<_>>()
    };
    assert_eq!(notices(script.tick("2026-11-23 09:44")), Vec::<String>::new());
    assert_eq!(
        notices(script.tick("2026-11-23 09:45")),
        ["duty_notified attempt=2 unit=zj"]
    );
    assert_eq!(
        notices(script.tick("2026-11-23 09:50")),
        ["duty_notified attempt=3 unit=zj"]
    );
    let last = [
        "clock_breached duty_notice/1/0",
        "duty_notified attempt=4 unit=zj",
    ];
    assert_eq!(notices(script.tick("2026-11-23 09:55")), last);
    // Three repeats, then it is the supervisor's.
    assert_eq!(notices(script.tick("2026-11-23 10:05")), Vec::<String>::new());
    let knows = |name: &str| Command::AcknowledgeDuty(AcknowledgeDuty { name: name.into() });
    assert_eq!(
        script.refused("2026-11-23 10:06", &unit("cg"), knows("张")),
        "7.2 a: not_your_unit"
    );
    let facts = script.give("2026-11-23 10:06", &dispatcher(), knows("值班员张某"));
    assert_eq!(
        facts,
        [
            "clock_ended duty_notice/1/0 end=met late=true",
            "duty_acknowledged unit=zj"
        ]
    );
    assert_eq!(
        script.refused("2026-11-23 10:07", &dispatcher(), knows("值班员张某")),
        "7.2 a: duty_not_waiting"
    );
    assert_eq!(
        script.system("2026-11-23 10:08", Command::NotifyDuty),
        Vec::<String>::new()
    );
}

#[test]
fn an_acknowledgement_in_time_ends_the_notices() {
    let mut script = Script::dispatched(Help, Urgent, START, "zj");
    let knows = Command::AcknowledgeDuty(AcknowledgeDuty {
        name: "值班员李某".into(),
    });
    script.give("2026-11-23 09:43", &unit("zj"), knows);
    assert_eq!(script.tick("2026-11-23 10:30"), Vec::<String>::new());
}

#[test]
fn ac_7_7_1b_an_order_goes_down_and_the_upper_organ_stays_answerable() {
    let mut script = Script::dispatched(Help, Normal, START, "t130203");
    let down = |to: &str| {
        Command::Redispatch(Redispatch {
            to: organ(to),
            reason: "".into(),
        })
    };
    let county = person("xian", Role::Dispatcher, "hotline/t130203");
    assert_eq!(
        script.refused(START, &dispatcher(), down("t130203-130203001")),
        "7.7.1 b: not_your_unit"
    );
    assert_eq!(
        script.refused(START, &county, down("t130202")),
        "7.7.1 b: not_below"
    );
    assert_eq!(
        script.refused(START, &county, down("t130203")),
        "7.7.1 b: not_below"
    );
    let before = script.due(ClockKind::Close, 0);
    let facts = script.give("2026-11-23 15:00", &county, down("t130203-130203001"));
    assert_eq!(facts, ["redispatched from=t130203 to=t130203-130203001"]);
    assert_eq!(script.due(ClockKind::Close, 0), before);
    assert_eq!(script.ticket.unit(), Some(&organ("t130203")));
    let street = person("jie", Role::Unit, "hotline/t130203/t130203-130203001");
    let facts = script.give("2026-11-23 16:00", &street, Command::Sign(Sign {}));
    assert_eq!(facts.last().unwrap(), "signed unit=t130203-130203001");
    assert_eq!(
        script.refused("2026-11-23 16:00", &unit("t130202"), Command::Sign(Sign {})),
        "7.3: not in state handling"
    );
}

#[test]
fn ac_7_2c_a_grid_officer_has_only_his_grids_orders_and_hands_back_by_himself() {
    let grid = "130202001-g01";
    let officer = |id: &str| person(id, Role::Grid, "hotline/t130202");
    let mut script = Script::accepted(Help, Normal, START);
    assert_eq!(
        script.refused(START, &dispatcher(), by(RouteBasis::Grid, "t130202")),
        "7.2 c: grid: missing"
    );
    assert_eq!(
        script.refused(START, &dispatcher(), to_grid(grid, "t130203")),
        "7.2 c: route_mismatch"
    );
    script.give(START, &dispatcher(), to_grid(grid, "t130202"));
    assert_eq!(
        script.refused(START, &officer("grid-130202001-g02"), Command::Sign(Sign {})),
        "7.3: not_your_grid"
    );
    let own = officer("grid-130202001-g01");
    script.give("2026-11-23 10:00", &own, Command::Sign(Sign {}));
    let facts = script.give("2026-11-23 11:00", &own, give_back("需要工程车"));
    expect![[r#"
        requested cycle=1 reason=not_our_duty request=1 unit=t130202 what=return
        request_decided request=1 state=approved
        clock_ended return_window/1/0 end=void
        clock_ended close/1/0 end=void
        clock_started dispatch/1/0 2h → 2026-11-23 13:00 by organ !2026-11-23 12:30"#]]
    .assert_eq(&facts.join("\n"));
    assert_eq!(
        (script.ticket.state, script.ticket.returns),
        (State::PendingDispatch, 0)
    );
    // The county's other orders are not his.
    script.dispatch("2026-11-23 11:30", "t130202");
    assert_eq!(
        script.refused("2026-11-23 12:00", &own, Command::Sign(Sign {})),
        "7.3: not_your_grid"
    );
    let mut script = Script::accepted(Help, Normal, START);
    script.give(START, &dispatcher(), to_grid(grid, "t130202"));
    assert_eq!(
        script.refused("2026-11-25 00:00", &own, give_back("太晚了")),
        "7.2 c: grid_window_over"
    );
}

#[test]
fn an_order_that_is_opened_again_gets_a_new_cycle_and_a_returned_one_keeps_its_own() {
    let mut script = Script::dispatched(Help, Normal, START, "zj");
    returned(&mut script, "2026-11-23 10:00", "zj");
    script.dispatch("2026-11-23 10:10", "cg");
    assert_eq!(script.ticket.cycle_no(), 1);
    script.fold(TicketFact::Closed {
        cycle: 1,
        how: Closing::FollowedUp,
    });
    script.fold(TicketFact::Reopened {});
    script.dispatch("2026-11-24 10:10", "cg");
    assert_eq!(script.ticket.cycle_no(), 2);
}

#[test]
fn the_supervisor_dispatches_too_and_nothing_else_may_be_named_as_a_basis() {
    let mut script = Script::accepted(Help, Normal, START);
    for basis in [RouteBasis::Arbitration, RouteBasis::Down] {
        assert_eq!(
            script.refused(START, &supervisor(), by(basis, "zj")),
            "7.2 b: basis: not_here"
        );
    }
    script.give(START, &supervisor(), judged("zj"));
}

#[test]
fn an_arbitration_invites_ten_units_and_may_name_several_beside_the_first() {
    let open = |units: usize| {
        Command::OpenArbitration(OpenArbitration {
            reason: "职责交叉".into(),
            invited: vec![organ("zj"); units],
        })
    };
    let mut script = Script::accepted(Help, Normal, START);
    assert_eq!(
        script.refused(START, &dispatcher(), open(11)),
        "7.2 b: invited: too_many"
    );
    script.give(START, &dispatcher(), open(10));
    let decision = |secondary: &[&str]| {
        Command::Arbitrate(Arbitrate {
            unit: organ("zj"),
            secondary: secondary.iter().map(|id| organ(id)).collect(),
            decision: "由住建部门牵头办理".into(),
            legal_basis: "属事优先".into(),
            minutes: "".into(),
        })
    };
    assert_eq!(
        script.refused(START, &dispatcher(), decision(&["cg", "cg"])),
        "B.1: secondary: twice"
    );
    script.give(START, &dispatcher(), decision(&["cg", "sl"]));
    let parts: Vec<&str> = script.ticket.subs.iter().map(|it| it.unit.as_str()).collect();
    assert_eq!(parts, ["cg", "sl"]);
}
