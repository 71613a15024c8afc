//! 帮办. 7.1.5 a, b.

use expect_test::expect;
use rexian::account::Principal;
use rexian::account::Role;
use rexian::ticket::command::AssignHelp;
use rexian::ticket::command::CheckIn;
use rexian::ticket::command::CloseHelp;
use rexian::ticket::command::Command;
use rexian::ticket::command::EndHelp;
use rexian::ticket::command::OpenHelp;
use rexian::ticket::command::ReportHelp;
use rexian::ticket::decide::HELP_LIST_MAX;
use rexian::ticket::decide::HELPS_MAX;
use rexian::ticket::model::AppealType::*;
use rexian::ticket::model::AppellantKind;
use rexian::ticket::model::Flag;
use rexian::ticket::model::HelpState;
use rexian::ticket::model::Urgency::*;

use crate::ticket::script::Script;
use crate::ticket::script::dispatcher;
use crate::ticket::script::file;
use crate::ticket::script::organ;
use crate::ticket::script::person;
use crate::ticket::script::supervisor;

const START: &str = "2026-11-23 09:40";

fn seat(agent: &str) -> Principal {
    Principal {
        agent: Some(agent.parse().unwrap()),
        ..person(agent, Role::Expert, "hotline")
    }
}

fn open() -> OpenHelp {
    OpenHelp {
        need: "听障老人办理补贴".into(),
        place: "社区服务中心".into(),
        departments: vec![organ("mz")],
    }
}

fn assign() -> Command {
    Command::AssignHelp(AssignHelp {
        no: 1,
        seat: "8001".parse().unwrap(),
    })
}

fn check_in() -> CheckIn {
    CheckIn {
        no: 1,
        place: "社区服务中心".into(),
        companions: "社区工作人员".into(),
        files: vec![file("photo")],
    }
}

fn report(problems: &str) -> Command {
    Command::ReportHelp(ReportHelp {
        no: 1,
        needs: "补贴申请".into(),
        steps: "陪同办理".into(),
        result: "已办结".into(),
        problems: problems.into(),
        suggestions: "".into(),
    })
}

fn vulnerable() -> Script {
    let mut script = Script::accepted(Help, Normal, START);
    script.ticket.flags.insert(Flag::Vulnerable);
    script
}

#[test]
fn ac_7_1_5a_only_the_citys_organ_opens_one_for_whom_the_clause_names() {
    let mut script = Script::accepted(Help, Normal, START);
    assert_eq!(
        script.refused(START, &dispatcher(), Command::OpenHelp(open())),
        "7.1.5 a: help_for_whom"
    );
    script.ticket.draft.appellant_kind = Some(AppellantKind::LegalPerson);
    let county = person("xian", Role::Dispatcher, "hotline/t130203");
    assert_eq!(
        script.refused(START, &county, Command::OpenHelp(open())),
        "7.1.5 a: city_organ"
    );
    let unknown = OpenHelp {
        departments: vec![organ("nobody")],
        ..open()
    };
    assert_eq!(
        script.refused(START, &dispatcher(), Command::OpenHelp(unknown)),
        "7.1.5 a: departments: unknown_code"
    );
    let facts = script.give(START, &dispatcher(), Command::OpenHelp(open()));
    expect![[r#"
        help_opened departments=mz no=1
        clock_started help_contact/0/1 1wd → 2026-11-24 24:00 by seat !2026-11-24 16:20"#]]
    .assert_eq(&facts.join("\n"));
    for _ in 1..HELPS_MAX {
        script.give(START, &dispatcher(), Command::OpenHelp(open()));
    }
    assert_eq!(
        script.refused(START, &dispatcher(), Command::OpenHelp(open())),
        "7.1.5 a: help_limit"
    );
}

#[test]
fn ac_7_1_5b_it_is_not_closed_without_the_report() {
    let mut script = vulnerable();
    script.give(START, &dispatcher(), Command::OpenHelp(open()));
    let now = "2026-11-24 09:00";
    let close = || Command::CloseHelp(CloseHelp { no: 1 });
    assert_eq!(
        script.refused(now, &seat("8001"), Command::CheckIn(check_in())),
        "7.1.5 a: help_state"
    );
    script.give(now, &dispatcher(), assign());
    assert!(script.give(now, &dispatcher(), assign()).is_empty());
    assert_eq!(
        script.refused(now, &seat("8002"), Command::CheckIn(check_in())),
        "7.1.5 a: not_your_help"
    );
    let many = CheckIn {
        files: vec![file("photo"); HELP_LIST_MAX + 1],
        ..check_in()
    };
    assert_eq!(
        script.refused(now, &seat("8001"), Command::CheckIn(many)),
        "7.1.5 a: files: too_long"
    );
    let facts = script.give(now, &seat("8001"), Command::CheckIn(check_in()));
    assert_eq!(facts[1], "clock_ended help_contact/0/1 end=met");
    assert_eq!(
        script.refused(now, &supervisor(), close()),
        "7.1.5 b: help_report_missing"
    );
    let facts = script.give(now, &seat("8001"), Command::EndHelp(EndHelp { no: 1 }));
    expect![[r#"
        help_changed no=1 state=report_due
        clock_started help_report/0/1 2wd → 2026-11-26 24:00 by seat !2026-11-25 24:00"#]]
    .assert_eq(&facts.join("\n"));
    assert_eq!(
        script.refused(now, &supervisor(), close()),
        "7.1.5 b: help_report_missing"
    );
    assert_eq!(
        script.refused(now, &seat("8001"), report(" ")),
        "7.1.5 b: missing problems"
    );
    let facts = script.give("2026-11-27 09:00", &seat("8001"), report("窗口未设手语服务"));
    assert_eq!(facts[1], "clock_ended help_report/0/1 end=met late=true");
    assert_eq!(script.ticket.texts.get("help.1.problems"), "窗口未设手语服务");
    script.give("2026-11-27 10:00", &supervisor(), close());
    assert_eq!(script.ticket.helps[0].state, HelpState::Closed);
}
