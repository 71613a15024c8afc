//! 催办, 批示, 督办 and 重点督办 as the order sees them. 7.8, 7.8.1, 7.8.2.

use expect_test::expect;
use rexian::account::Role;
use rexian::base::ids::CaseId;
use rexian::ticket::command::Command;
use rexian::ticket::command::EnterCase;
use rexian::ticket::command::Instruct;
use rexian::ticket::command::JudgeSupervision;
use rexian::ticket::command::LeaveCase;
use rexian::ticket::command::ReadSupervision;
use rexian::ticket::command::RecordResult;
use rexian::ticket::command::ReplySupervision;
use rexian::ticket::command::Sign;
use rexian::ticket::command::Supervise;
use rexian::ticket::command::Urge;
use rexian::ticket::decide::CASES_MAX;
use rexian::ticket::decide::INSTRUCTIONS_MAX;
use rexian::ticket::decide::URGES_MAX;
use rexian::ticket::model::AppealType::*;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::Flag;
use rexian::ticket::model::FollowupLevel;
use rexian::ticket::model::FollowupMode;
use rexian::ticket::model::FollowupResult;
use rexian::ticket::model::KeyCause;
use rexian::ticket::model::Satisfaction;
use rexian::ticket::model::State;
use rexian::ticket::model::SupervisionCause;
use rexian::ticket::model::SupervisionState;
use rexian::ticket::model::UrgedBy;
use rexian::ticket::model::Urgency::*;

use crate::ticket::followup::follower;
use crate::ticket::followup::passed;
use crate::ticket::followup::reviewer;
use crate::ticket::script::Script;
use crate::ticket::script::person;
use crate::ticket::script::reply;
use crate::ticket::script::supervisor;
use crate::ticket::script::unit;

const START: &str = "2026-11-23 09:40";

fn urge(by: UrgedBy) -> Command {
    Command::Urge(Urge {
        by,
        text: "请尽快".into(),
    })
}

fn supervise(cause: SupervisionCause) -> Command {
    Command::Supervise(Supervise {
        cause,
        text: "请说明原因".into(),
    })
}

fn judge(satisfied: bool) -> Command {
    Command::JudgeSupervision(JudgeSupervision {
        no: 1,
        satisfied,
        reason: "说明不清".into(),
    })
}

fn answer() -> Command {
    Command::ReplySupervision(ReplySupervision {
        no: 1,
        reply: "人员不足，已增派".into(),
    })
}

fn enter(case: u128) -> Command {
    Command::EnterCase(EnterCase {
        case: CaseId::from_bytes(case.to_be_bytes()),
        cause: KeyCause::ManyAppeals,
    })
}

fn leave(case: u128) -> Command {
    Command::LeaveCase(LeaveCase {
        case: CaseId::from_bytes(case.to_be_bytes()),
    })
}

#[test]
fn every_urge_is_counted_and_the_unit_is_told_once_in_four_hours() {
    let agent = person("jie", Role::Agent, "hotline");
    let mut script = Script::accepted(Help, Normal, START);
    assert_eq!(
        script.give(START, &agent, urge(UrgedBy::Appellant)),
        ["urged by=appellant"]
    );
    assert_eq!(script.refused(START, &agent, urge(UrgedBy::Organ)), "7.8: role");
    script.dispatch("2026-11-23 10:00", "zj");
    let told =
        |script: &mut Script, when: &str| script.give(when, &agent, urge(UrgedBy::Appellant)).remove(0);
    assert_eq!(
        told(&mut script, "2026-11-23 10:30"),
        "urged by=appellant notified=true"
    );
    assert_eq!(told(&mut script, "2026-11-23 14:29"), "urged by=appellant");
    assert_eq!(
        told(&mut script, "2026-11-23 14:30"),
        "urged by=appellant notified=true"
    );
    assert_eq!(script.ticket.urges.len(), 4);
}

#[test]
fn an_order_holds_so_many_urges_and_instructions() {
    let agent = person("jie", Role::Agent, "hotline");
    let mut script = Script::accepted(Help, Normal, START);
    for _ in 0..URGES_MAX {
        script.give(START, &agent, urge(UrgedBy::Agent));
    }
    assert_eq!(
        script.refused(START, &agent, urge(UrgedBy::Agent)),
        "7.8: urge_limit"
    );
    let instruct = || {
        Command::Instruct(Instruct {
            leader: "市领导".into(),
            text: "请认真办理".into(),
        })
    };
    let facts = script.give(START, &supervisor(), instruct());
    assert_eq!(facts, ["instructed no=1", "flagged flag=instruction on=true"]);
    for _ in 1..INSTRUCTIONS_MAX {
        script.give(START, &supervisor(), instruct());
    }
    assert_eq!(
        script.refused(START, &supervisor(), instruct()),
        "8.1.2.1 a: instruction_limit"
    );
    assert!(script.ticket.flags.contains(&Flag::Instruction));
    assert_eq!(script.ticket.texts.get("instruction.2.leader"), "市领导");
}

#[test]
fn a_supervision_is_read_answered_and_judged() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    let now = "2026-11-24 10:00";
    assert_eq!(
        script.refused(now, &unit("zj"), supervise(SupervisionCause::Knowledge)),
        "7.8.1: role"
    );
    assert_eq!(
        script.refused(now, &supervisor(), supervise(SupervisionCause::LateClose)),
        "7.8.1: not_late"
    );
    let facts = script.give(now, &supervisor(), supervise(SupervisionCause::PoorFeedback));
    expect![[r#"
        supervised cause=c cycle=1 no=1 unit=zj
        clock_started supervision_reply/1/1 1wd → 2026-11-25 24:00 by unit !2026-11-25 16:24"#]]
    .assert_eq(&facts.join("\n"));
    assert_eq!(
        script.refused(now, &supervisor(), supervise(SupervisionCause::PoorFeedback)),
        "7.8.1: already_supervised"
    );
    let read = |no| Command::ReadSupervision(ReadSupervision { no });
    assert_eq!(script.refused(now, &unit("cg"), read(1)), "7.8.1: not_your_unit");
    assert_eq!(
        script.refused(now, &unit("zj"), read(2)),
        "7.8.1: no: unknown_code"
    );
    assert_eq!(
        script.give(now, &unit("zj"), read(1)),
        ["supervision_changed no=1 state=read"]
    );
    assert!(script.give(now, &unit("zj"), read(1)).is_empty());
    assert_eq!(
        script.refused(now, &supervisor(), judge(true)),
        "7.8.1: supervision_not_replied"
    );
    let facts = script.give(now, &unit("zj"), answer());
    assert_eq!(
        facts,
        [
            "supervision_changed no=1 state=replied",
            "clock_ended supervision_reply/1/1 end=met"
        ]
    );
    // Not content: open again with a limit of its own.
    script.give(now, &supervisor(), judge(false));
    assert_eq!(script.due(ClockKind::SupervisionReply, 1), "2026-11-25 24:00");
    script.give(now, &unit("zj"), answer());
    assert_eq!(
        script.give(now, &supervisor(), judge(true)),
        ["supervision_changed no=1 state=closed"]
    );
    assert_eq!(
        script.refused(now, &unit("zj"), answer()),
        "7.8.1: supervision_not_open"
    );
}

#[test]
fn a_supervision_without_an_answer_is_escalated_and_may_still_be_answered() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    script.give(
        "2026-11-24 10:00",
        &supervisor(),
        supervise(SupervisionCause::PoorFeedback),
    );
    script.tick("2026-11-25 24:00");
    assert_eq!(script.ticket.supervisions[0].state, SupervisionState::Escalated);
    let facts = script.give("2026-11-26 10:00", &unit("zj"), answer());
    assert_eq!(facts[1], "clock_ended supervision_reply/1/1 end=met late=true");
    assert_eq!(script.ticket.supervisions[0].state, SupervisionState::Replied);
}

#[test]
fn ac_7_8_1_a_late_signature_is_supervised_by_hand_only_when_it_is_late() {
    let mut script = Script::dispatched(Help, Normal, START, "zj");
    let late = supervise(SupervisionCause::LateSign);
    assert_eq!(
        script.refused("2026-11-24 23:59", &supervisor(), late.clone()),
        "7.8.1: not_late"
    );
    script.tick("2026-11-24 24:00");
    assert_eq!(script.ticket.supervisions.len(), 1);
    script.give("2026-11-25 10:00", &unit("zj"), Command::Sign(Sign {}));
    assert_eq!(
        script.refused("2026-11-25 10:00", &supervisor(), late),
        "7.8.1: already_supervised"
    );
}

#[test]
fn a_county_supervises_the_units_below_it() {
    let county = person("xian", Role::Reviewer, "hotline/t130203");
    let mut script = Script::dispatched(Help, Normal, START, "t130203-zj");
    let poor = supervise(SupervisionCause::PoorFeedback);
    script.give(START, &county, poor.clone());
    let mut script = Script::dispatched(Help, Normal, START, "zj");
    assert_eq!(
        script.refused(START, &county, poor.clone()),
        "7.8.1: not_your_unit"
    );
    let mut script = Script::dispatched(Help, Normal, START, "t130203");
    assert_eq!(script.refused(START, &county, poor), "7.8.1: not_your_unit");
}

#[test]
fn ac_7_8_2_an_order_in_a_case_is_closed_when_its_last_case_ends() {
    let inspector = person("du", Role::Inspector, "hotline/dc");
    let mut script = Script::signed(Help, Normal, START, "zj");
    script.heard("2026-11-23 15:00", &unit("zj"));
    script.give("2026-11-24 15:00", &unit("zj"), reply());
    let now = "2026-11-25 10:00";
    assert_eq!(script.refused(now, &inspector, enter(1)), "7.8.2: role");
    let county = person("xian", Role::Reviewer, "hotline/t130203");
    assert_eq!(script.refused(now, &county, enter(1)), "7.8.2: city_organ");
    for case in 1..=2 {
        script.give(now, &supervisor(), enter(case));
    }
    assert_eq!(
        script.refused(now, &supervisor(), enter(1)),
        "7.8.2: already_in_case"
    );
    script.give(now, &reviewer(), passed());
    let word = Command::RecordResult(RecordResult {
        level: FollowupLevel::City,
        mode: FollowupMode::Person,
        result: FollowupResult::Solved,
        satisfaction: Satisfaction::Satisfied,
        opinion: "".into(),
        call: None,
        recording: None,
    });
    script.give(now, &follower(), word.clone());
    assert_eq!(script.ticket.state, State::Followup);
    assert_eq!(script.refused(now, &follower(), word), "7.7.2: already_recorded");
    script.give(now, &inspector, leave(1));
    assert_eq!(script.ticket.state, State::Followup);
    let facts = script.give(now, &inspector, leave(2));
    expect![[r#"
        key_supervision_ended case=00000000-0000-0000-0000-000000000002
        closed cycle=1 how=followed_up
        clock_ended citizen/0/0 end=met
        clock_ended return_window/1/0 end=void
        clock_ended co_apply_window/1/0 end=void
        clock_started archive/1/0 24h → 2026-11-26 10:00 by organ"#]]
    .assert_eq(&facts.join("\n"));
    assert_eq!(script.refused(now, &inspector, leave(2)), "7.8.2: not_in_case");
}

#[test]
fn an_order_is_in_so_many_cases() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    for case in 1..=CASES_MAX {
        script.give(START, &supervisor(), enter(u128::try_from(case).unwrap()));
    }
    assert_eq!(
        script.refused(START, &supervisor(), enter(999)),
        "7.8.2: case_limit"
    );
}
