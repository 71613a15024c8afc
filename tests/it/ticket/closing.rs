//! Ends that are undone, orders that are withdrawn, the archive, responsibility.

use rexian::account::Role;
use rexian::ticket::command::Archive;
use rexian::ticket::command::Cancel;
use rexian::ticket::command::Command;
use rexian::ticket::command::FixResponsibility;
use rexian::ticket::command::MarkInvalid;
use rexian::ticket::command::Merge;
use rexian::ticket::command::OverturnRefusal;
use rexian::ticket::command::Refuse;
use rexian::ticket::command::Reopen;
use rexian::ticket::command::Unmerge;
use rexian::ticket::decide::REOPENED_MAX;
use rexian::ticket::model::AppealType;
use rexian::ticket::model::ClockEnd;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::Disposition;
use rexian::ticket::model::RefusalReason;
use rexian::ticket::model::State;
use rexian::ticket::model::SubOrder;
use rexian::ticket::model::SubState;
use rexian::ticket::model::Urgency;

use crate::ticket::desk::accepted;
use crate::ticket::desk::agent;
use crate::ticket::desk::answer;
use crate::ticket::desk::by_call;
use crate::ticket::desk::complete;
use crate::ticket::desk::id;
use crate::ticket::desk::master;
use crate::ticket::desk::of;
use crate::ticket::desk::written;
use crate::ticket::script::Script;
use crate::ticket::script::at;
use crate::ticket::script::dispatcher;
use crate::ticket::script::organ;
use crate::ticket::script::person;
use crate::ticket::script::reply;
use crate::ticket::script::supervisor;
use crate::ticket::script::unit;

const MON: &str = "2026-11-23 09:00";

fn reopen() -> Command {
    Command::Reopen(Reopen {
        reason: "有新情况".into(),
    })
}

fn overturn() -> Command {
    Command::OverturnRefusal(OverturnRefusal {
        reason: "属于受理范围".into(),
    })
}

fn unmerge() -> Command {
    Command::Unmerge(Unmerge {
        reason: "不是同一事项".into(),
    })
}

fn cancel() -> Command {
    Command::Cancel(Cancel {
        withdrawn: true,
        reason: "诉求人撤回".into(),
    })
}

fn archive(missing: &[&str], explanation: &str) -> Command {
    Command::Archive(Archive {
        manifest: "ab".repeat(32),
        missing: missing.iter().map(|it| (*it).to_owned()).collect(),
        explanation: explanation.into(),
    })
}

fn refused() -> Script {
    let mut script = written(MON, complete());
    let refuse = Refuse {
        reason: RefusalReason::OutsideCity,
        procedure: None,
        explanation: "该事项不在本市".into(),
        route: "".into(),
        concluded: None,
        file: None,
        confirmed_by: None,
    };
    script.give(MON, &agent(), Command::Refuse(refuse));
    script
}

fn merged() -> Script {
    let mut script = written(MON, complete());
    script.known.master = Some(master(2, false));
    let merge = Merge {
        master: id(2),
        score: 900,
        told: "".into(),
    };
    script.give(MON, &agent(), Command::Merge(merge));
    script
}

fn answered() -> Script {
    let mut script = written(MON, complete());
    let command = answer(&mut script);
    script.give(MON, &agent(), command);
    script
}

#[test]
fn ac_6_2_z_an_overturned_refusal_starts_the_two_hours_anew_and_keeps_the_first_time() {
    let mut script = refused();
    assert_eq!(script.refused(MON, &agent(), overturn()), "6.2: role");
    let elsewhere = person("x", Role::Dispatcher, "hotline/cg");
    assert_eq!(script.refused(MON, &elsewhere, overturn()), "6.2: city_organ");
    let facts = script.give("2026-11-24 10:00", &supervisor(), overturn());
    assert_eq!(
        facts,
        [
            "clock_ended archive/0/0 end=void",
            "refusal_overturned",
            "accepted again=true at=2026-11-23 09:00",
            "clock_started dispatch/0/0 2h → 2026-11-24 12:00 by organ !2026-11-24 11:30",
            "clock_started citizen/0/0  → null by organ",
        ]
    );
    assert_eq!(script.ticket.state, State::PendingDispatch);
    assert_eq!(script.ticket.accepted_at, Some(at(MON)));
    assert_eq!(script.running(ClockKind::Citizen, 0).unwrap().start, at(MON));
    assert_eq!(
        script.refused("2026-11-24 10:00", &supervisor(), overturn()),
        "6.2: not in state pending_dispatch"
    );
}

#[test]
fn an_order_taken_out_of_a_merge_keeps_its_acceptance() {
    let mut script = merged();
    assert_eq!(script.refused(MON, &dispatcher(), unmerge()), "7.1.4 c: role");
    script.give("2026-11-24 10:00", &supervisor(), unmerge());
    assert_eq!(script.ticket.state, State::PendingDispatch);
    assert_eq!(script.ticket.accepted_at, Some(at(MON)));
    assert_eq!(script.due(ClockKind::Dispatch, 0), "2026-11-24 12:00");
    assert_eq!(script.running(ClockKind::Citizen, 0).unwrap().start, at(MON));
}

#[test]
fn a_closed_or_answered_order_is_opened_again_with_new_clocks() {
    let mut script = answered();
    assert_eq!(script.refused(MON, &agent(), reopen()), "7.7.1: role");
    let bare = Command::Reopen(Reopen { reason: "".into() });
    assert_eq!(script.refused(MON, &supervisor(), bare), "7.7.1: reason: missing");
    script.give("2026-11-24 08:00", &supervisor(), reopen());
    assert_eq!(
        (script.ticket.state, script.ticket.reopened),
        (State::PendingDispatch, 1)
    );
    assert_eq!(script.due(ClockKind::InstantRating, 0), "-");
    assert_eq!(script.due(ClockKind::Dispatch, 0), "2026-11-24 10:00");
    assert_eq!(script.running(ClockKind::Citizen, 0).unwrap().start, at(MON));
    assert_eq!(
        script.refused("2026-11-24 08:00", &supervisor(), reopen()),
        "7.7.1: not in state pending_dispatch"
    );
    script.ticket.reopened = REOPENED_MAX;
    script.ticket.state = State::Closed;
    assert_eq!(
        script.refused("2026-11-24 08:00", &supervisor(), reopen()),
        "7.7.1: reopen_limit"
    );
}

#[test]
fn an_order_is_withdrawn_before_a_unit_has_answered() {
    let mut script = Script::signed(AppealType::Help, Urgency::Normal, MON, "cg");
    assert_eq!(script.refused(MON, &dispatcher(), cancel()), "7.9.3: role");
    script.give("2026-11-23 10:00", &supervisor(), cancel());
    assert_eq!(script.ticket.state, State::Cancelled);
    let running: Vec<ClockKind> = script
        .ticket
        .clocks
        .iter()
        .filter(|it| it.runs())
        .map(|it| it.clock.kind)
        .collect();
    assert_eq!(running, [ClockKind::Archive]);
    let citizen = script
        .ticket
        .clocks
        .iter()
        .find(|it| it.clock.kind == ClockKind::Citizen);
    assert_eq!(citizen.and_then(|it| it.end), Some(ClockEnd::Met));
}

#[test]
fn an_order_is_not_withdrawn_after_a_reply() {
    let mut script = Script::signed(AppealType::Help, Urgency::Normal, MON, "cg");
    script.heard("2026-11-23 10:00", &unit("cg"));
    script.give("2026-11-23 11:00", &unit("cg"), reply());
    assert_eq!(
        script.refused("2026-11-23 12:00", &supervisor(), cancel()),
        "7.9.3: not in state review"
    );
    script.ticket.state = State::Handling;
    assert_eq!(
        script.refused("2026-11-23 12:00", &supervisor(), cancel()),
        "7.9.3: answered_already"
    );
}

#[test]
fn the_archive_is_sealed_by_the_program_and_explains_what_is_missing() {
    let mut script = answered();
    script.tick("2026-11-24 09:00");
    script.ticket.state = State::Closed;
    assert_eq!(
        script.refused("2026-11-26 09:00", &supervisor(), archive(&[], "")),
        "7.9.1: role"
    );
    let by = rexian::ticket::decide::By::System;
    let refusal = script
        .by("2026-11-26 09:00", by, &archive(&["recording"], ""))
        .unwrap_err();
    assert_eq!(refusal.field(), Some("explanation"));
    script.system("2026-11-26 09:00", archive(&["recording"], "来电未录音"));
    assert_eq!(script.ticket.state, State::Archived);
    assert_eq!(script.ticket.texts.get("archive.1.explanation"), "来电未录音");
    assert!(
        script.ticket.clocks.iter().all(|it| !it.runs()),
        "{:?}",
        script.ticket.clocks
    );
}

#[test]
fn a_record_that_may_still_be_undone_is_not_archived() {
    let by = rexian::ticket::decide::By::System;
    let invalid = || {
        let mut script = of(MON, &by_call());
        let mark = MarkInvalid {
            disposition: Disposition::Silent,
        };
        script.give(MON, &agent(), Command::MarkInvalid(mark));
        script
    };
    for mut script in [refused(), merged(), invalid()] {
        let refusal = script.by("2026-11-30 08:59", by, &archive(&[], "")).unwrap_err();
        assert_eq!(refusal.to_string(), "DB1302/T 604—2025 7.9.1: archive_too_early");
        script.system("2026-11-30 09:00", archive(&[], ""));
        assert_eq!(script.ticket.state, State::Archived);
    }
    let mut open = accepted(MON, complete());
    assert!(open.by(MON, by, &archive(&[], "")).is_err());
}

fn responsibility(primary: &str, secondary: &[&str]) -> Command {
    Command::FixResponsibility(FixResponsibility {
        primary: organ(primary),
        secondary: secondary.iter().map(|it| organ(it)).collect(),
        reason: "按职责划分".into(),
        propose_rule: true,
    })
}

#[test]
fn ac_b_5_responsibility_is_fixed_after_closing_of_what_several_units_had_to_do_with() {
    let mut script = Script::signed(AppealType::Help, Urgency::Normal, MON, "cg");
    assert_eq!(
        script.refused(MON, &supervisor(), responsibility("cg", &[])),
        "B.5: not in state handling"
    );
    script.ticket.state = State::Closed;
    assert_eq!(
        script.refused(MON, &supervisor(), responsibility("cg", &["jy"])),
        "B.5: not_shared"
    );
    script.ticket.final_unit = true;
    assert_eq!(
        script.refused(MON, &supervisor(), responsibility("nobody", &[])),
        "B.5: primary: unknown_code"
    );
    assert_eq!(
        script.refused(MON, &supervisor(), responsibility("cg", &["cg"])),
        "B.5: secondary: twice"
    );
    assert_eq!(
        script.refused(MON, &unit("cg"), responsibility("cg", &[])),
        "B.5: role"
    );
    let facts = script.give(MON, &supervisor(), responsibility("cg", &["jy"]));
    assert_eq!(
        facts,
        ["responsibility_fixed primary=cg propose_rule=true secondary=jy"]
    );
    assert_eq!(
        script.ticket.responsibility,
        Some((organ("cg"), vec![organ("jy")]))
    );
}

#[test]
fn the_list_of_what_an_archive_lacks_has_its_bound() {
    let closed = || {
        let mut script = answered();
        script.tick("2026-11-24 09:00");
        script.ticket.state = State::Closed;
        script
    };
    let by = rexian::ticket::decide::By::System;
    let lacks = |count| archive(&vec!["recording"; count], "旧系统停用，录音缺失");
    let refusal = closed().by("2026-11-26 09:00", by, &lacks(1_001)).unwrap_err();
    assert_eq!(refusal.to_string(), "DB1302/T 604—2025 7.9.1: missing: too_many");
    closed().system("2026-11-26 09:00", lacks(1_000));
}

#[test]
fn a_withdrawn_order_ends_the_parts_that_are_open_and_leaves_what_was_done() {
    let mut script = Script::signed(AppealType::Help, Urgency::Normal, MON, "cg");
    for (no, state) in [(1, SubState::Done), (2, SubState::Handling)] {
        script.ticket.subs.push(SubOrder {
            no,
            cycle: 1,
            unit: organ("zj"),
            state,
            at: script.now,
            signed_late: false,
            done_late: false,
        });
    }
    script.give("2026-11-23 10:00", &supervisor(), cancel());
    let states: Vec<SubState> = script.ticket.subs.iter().map(|it| it.state).collect();
    assert_eq!(states, [SubState::Done, SubState::Void]);
}
