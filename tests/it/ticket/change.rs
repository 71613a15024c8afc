//! Kind, category and urgency changed after acceptance, and the limits that follow.

use rexian::account::Role;
use rexian::ticket::command::ChangeCategory;
use rexian::ticket::command::ChangeType;
use rexian::ticket::command::ChangeUrgency;
use rexian::ticket::command::Command;
use rexian::ticket::model::AppealType;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::Urgency;
use rexian::ticket::reference::Kind;

use crate::ticket::desk::accepted;
use crate::ticket::desk::agent;
use crate::ticket::desk::complete;
use crate::ticket::desk::written;
use crate::ticket::script::Script;
use crate::ticket::script::dispatcher;
use crate::ticket::script::person;
use crate::ticket::script::supervisor;
use crate::ticket::script::unit;

const MON: &str = "2026-11-23 09:40";

fn urgency(to: Urgency) -> Command {
    Command::ChangeUrgency(ChangeUrgency {
        to,
        reason: "情况有变化".into(),
    })
}

fn kind(to: AppealType) -> Command {
    Command::ChangeType(ChangeType {
        to,
        reason: "登记有误".into(),
    })
}

fn category(to: &str) -> Command {
    Command::ChangeCategory(ChangeCategory {
        to: to.to_owned(),
        reason: "登记有误".into(),
    })
}

fn signed(kind: AppealType) -> Script {
    Script::signed(kind, Urgency::Normal, MON, "cg")
}

#[test]
fn a_raised_urgency_shortens_the_limit_from_now_on() {
    let mut script = signed(AppealType::Help);
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-30 24:00");
    let facts = script.give("2026-11-24 10:00", &dispatcher(), urgency(Urgency::Urgent));
    assert_eq!(facts[0], "urgency_changed from=normal to=urgent");
    assert!(
        facts[1].contains("cause=reclassified") && facts[1].contains("limit=72h"),
        "{facts:?}"
    );
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-27 10:00");
    let close = script.running(ClockKind::Close, 0).unwrap();
    assert_eq!((close.rule.as_str(), close.warnings.is_empty()), ("72h", false));
    assert_eq!(script.ticket.cycle().unwrap().class, "urgent");
    assert_eq!(script.due(ClockKind::DutyNotice, 0), "2026-11-24 10:15");
}

#[test]
fn a_raised_urgency_never_gives_more_time() {
    let mut script = signed(AppealType::Consult);
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-25 24:00");
    script.give("2026-11-24 10:00", &dispatcher(), urgency(Urgency::Urgent));
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-25 24:00");
    assert_eq!(script.running(ClockKind::Close, 0).unwrap().rule, "2wd");
}

#[test]
fn a_critical_order_needs_its_first_result_and_is_not_given_back() {
    let mut script = signed(AppealType::Help);
    script.give("2026-11-23 10:00", &agent(), urgency(Urgency::Critical));
    assert_eq!(script.due(ClockKind::FirstResult, 0), "2026-11-23 15:00");
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-24 10:00");
    assert_eq!(script.due(ClockKind::ReturnWindow, 0), "-");
}

#[test]
fn before_dispatch_the_organs_own_clock_becomes_shorter() {
    let mut script = accepted("2026-11-23 09:00", complete());
    script.give("2026-11-23 09:20", &agent(), urgency(Urgency::Critical));
    assert_eq!(script.due(ClockKind::Dispatch, 0), "2026-11-23 09:35");
    assert_eq!(script.due(ClockKind::DutyNotice, 0), "2026-11-23 09:35");
    assert_eq!(script.due(ClockKind::FirstResult, 0), "-");
}

#[test]
fn an_order_that_waits_for_its_signature_is_signed_sooner() {
    let mut script = Script::dispatched(AppealType::Help, Urgency::Normal, MON, "cg");
    assert_eq!(script.due(ClockKind::Sign, 0), "2026-11-24 24:00");
    script.give("2026-11-23 10:00", &dispatcher(), urgency(Urgency::Urgent));
    assert_eq!(script.due(ClockKind::Sign, 0), "2026-11-23 14:00");
}

#[test]
fn only_a_supervisor_lowers_an_urgency() {
    let mut script = Script::signed(AppealType::Help, Urgency::Critical, MON, "cg");
    assert_eq!(
        script.refused(MON, &dispatcher(), urgency(Urgency::Normal)),
        "7.5.1: urgency_lowered"
    );
    assert_eq!(
        script.refused(MON, &unit("cg"), urgency(Urgency::Normal)),
        "7.5.1: role"
    );
    script.give(MON, &supervisor(), urgency(Urgency::Normal));
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-30 24:00");
    assert_eq!(script.due(ClockKind::FirstResult, 0), "-");
    assert_eq!(script.due(ClockKind::DutyNotice, 0), "-");
}

#[test]
fn a_change_needs_a_reason_and_the_same_again_is_none() {
    let mut script = signed(AppealType::Help);
    let bare = Command::ChangeUrgency(ChangeUrgency {
        to: Urgency::Urgent,
        reason: "".into(),
    });
    assert_eq!(script.refused(MON, &dispatcher(), bare), "7.5.1: reason: missing");
    assert_eq!(
        script.give(MON, &dispatcher(), urgency(Urgency::Normal)),
        Vec::<String>::new()
    );
    assert_eq!(
        script.give(MON, &dispatcher(), kind(AppealType::Help)),
        Vec::<String>::new()
    );
    assert_eq!(
        script.give(MON, &dispatcher(), category("140403")),
        Vec::<String>::new()
    );
    let mut draft = written(MON, complete());
    assert_eq!(
        draft.refused(MON, &agent(), urgency(Urgency::Urgent)),
        "7.5.1: not in state draft"
    );
}

#[test]
fn ac_3_2_a_complaint_made_an_inquiry_is_the_organs_word_and_counts_from_the_dispatch() {
    let mut script = signed(AppealType::Complaint);
    assert_eq!(
        script.refused(MON, &agent(), kind(AppealType::Consult)),
        "3.2: role"
    );
    assert_eq!(
        script.refused(MON, &unit("cg"), kind(AppealType::Consult)),
        "3.2: role"
    );
    let of_unit = person("of-cg", Role::Dispatcher, "hotline/cg");
    assert_eq!(
        script.refused(MON, &of_unit, kind(AppealType::Consult)),
        "3.2: city_organ"
    );
    let bare = Command::ChangeType(ChangeType {
        to: AppealType::Consult,
        reason: "".into(),
    });
    assert_eq!(script.refused(MON, &dispatcher(), bare), "3.2: reason: missing");
    let facts = script.give("2026-11-24 10:00", &dispatcher(), kind(AppealType::Consult));
    assert_eq!(facts[0], "type_changed from=complaint to=consult");
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-25 24:00");
    assert_eq!(script.ticket.cycle().unwrap().class, "consult");
    assert_eq!(script.ticket.texts.get("type.1.reason"), "登记有误");
}

#[test]
fn more_time_by_another_kind_is_a_supervisors_to_give() {
    let mut script = signed(AppealType::Consult);
    script.give(MON, &dispatcher(), kind(AppealType::Help));
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-25 24:00");
    let mut script = signed(AppealType::Consult);
    script.give(MON, &supervisor(), kind(AppealType::Help));
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-30 24:00");
}

#[test]
fn no_change_makes_a_unit_late_after_the_fact() {
    let mut script = signed(AppealType::Complaint);
    script.give("2026-11-27 10:00", &dispatcher(), kind(AppealType::Consult));
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-30 24:00");
}

#[test]
fn an_order_with_a_unit_does_not_become_praise() {
    let mut script = signed(AppealType::Help);
    assert_eq!(
        script.refused(MON, &dispatcher(), kind(AppealType::Praise)),
        "7.2: praise_is_told"
    );
    let mut script = accepted(MON, complete());
    assert_eq!(script.give(MON, &dispatcher(), kind(AppealType::Praise)).len(), 1);
}

#[test]
fn the_limit_of_law_goes_with_the_category() {
    let strict = r#""code": "010101", "statutory_rule": "24h", "statutory_basis": "《示例条例》第一条","#;
    let mut script = signed(AppealType::Help).with(Kind::Categories, r#""code": "010101","#, strict);
    assert_eq!(
        script.refused(MON, &dispatcher(), category("999999")),
        "7.1.2 a: to: unknown_code"
    );
    let facts = script.give("2026-11-23 10:00", &dispatcher(), category("010101"));
    assert_eq!(facts[0], "category_changed from=140403 to=010101 version=2");
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-24 09:40");
    let close = script.running(ClockKind::Close, 0).unwrap();
    assert_eq!(close.basis, "《示例条例》第一条");
    // A looser limit gives nothing back by itself.
    script.give("2026-11-23 10:30", &dispatcher(), category("140403"));
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-24 09:40");
}

#[test]
fn another_kind_moves_the_limit_to_close_and_no_other_clock() {
    let mut script = signed(AppealType::Help);
    let others = |script: &Script| {
        let clocks = script
            .ticket
            .clocks
            .iter()
            .filter(|it| it.clock.kind != ClockKind::Close);
        clocks.cloned().collect::<Vec<_>>()
    };
    let before = others(&script);
    assert!(before.iter().any(|it| it.runs() && it.deadline.is_some()));
    script.give("2026-11-23 10:00", &dispatcher(), kind(AppealType::Consult));
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-25 24:00");
    assert_eq!(others(&script), before);
    let close = script.running(ClockKind::Close, 0).unwrap();
    assert!(
        close.basis.contains("604"),
        "what the limit rests on: {}",
        close.basis
    );
}
