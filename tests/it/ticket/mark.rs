//! Flags, the circle, files, calls, what the appellant adds.

use rexian::account::Role;
use rexian::ticket::command::AddFacts;
use rexian::ticket::command::Attach;
use rexian::ticket::command::Command;
use rexian::ticket::command::LinkCall;
use rexian::ticket::command::SetCircle;
use rexian::ticket::command::SetFlag;
use rexian::ticket::decide::ADDED_MAX;
use rexian::ticket::decide::CALLS_MAX;
use rexian::ticket::decide::CIRCLE_MAX;
use rexian::ticket::decide::CallView;
use rexian::ticket::decide::FILES_MAX;
use rexian::ticket::model::AppealType;
use rexian::ticket::model::Flag;
use rexian::ticket::model::State;
use rexian::ticket::model::UrgedBy;
use rexian::ticket::model::Urgency;

use crate::ticket::desk::accepted;
use crate::ticket::desk::agent;
use crate::ticket::desk::call;
use crate::ticket::desk::complete;
use crate::ticket::desk::other_agent;
use crate::ticket::desk::text;
use crate::ticket::desk::written;
use crate::ticket::script::Script;
use crate::ticket::script::dispatcher;
use crate::ticket::script::file;
use crate::ticket::script::person;
use crate::ticket::script::supervisor;
use crate::ticket::script::unit;

const MON: &str = "2026-11-23 09:00";

fn flag(flag: Flag, on: bool, reason: &str) -> Command {
    Command::SetFlag(SetFlag {
        flag,
        on,
        reason: reason.into(),
    })
}

fn signed() -> Script {
    Script::signed(AppealType::Help, Urgency::Normal, MON, "cg")
}

#[test]
fn a_flag_is_set_while_writing_without_and_later_with_a_reason() {
    let mut script = written(MON, complete());
    assert_eq!(
        script.give(MON, &agent(), flag(Flag::Group, true, "")),
        ["flagged flag=group on=true"]
    );
    assert_eq!(
        script.give(MON, &agent(), flag(Flag::Group, true, "")),
        Vec::<String>::new()
    );
    assert_eq!(
        script.refused(MON, &agent(), flag(Flag::Group, false, "")),
        "7.6: reason: missing"
    );
    assert_eq!(
        script.refused(MON, &other_agent(), flag(Flag::Minor, true, "")),
        "7.6: not_your_order"
    );
    let mut script = accepted(MON, complete());
    assert_eq!(
        script.refused(MON, &dispatcher(), flag(Flag::Minor, true, "")),
        "7.6: reason: missing"
    );
    script.give(MON, &dispatcher(), flag(Flag::Minor, true, "涉及未成年人"));
    assert_eq!(script.ticket.texts.get("flag.1.reason"), "涉及未成年人");
}

#[test]
fn a_unit_sets_no_flag_and_takes_none_away() {
    let mut script = signed();
    assert_eq!(
        script.refused(MON, &unit("cg"), flag(Flag::Group, true, "有理由")),
        "7.6: role"
    );
    script.give(MON, &dispatcher(), flag(Flag::PublicOpinion, true, "有舆情"));
    let of_unit = person("of-cg", Role::Dispatcher, "hotline/cg");
    assert_eq!(
        script.refused(MON, &of_unit, flag(Flag::PublicOpinion, false, "没有舆情")),
        "7.6: city_organ"
    );
    assert_eq!(
        script.refused(MON, &of_unit, flag(Flag::Complex, true, "疑难")),
        "7.4: city_organ"
    );
    script.give(MON, &dispatcher(), flag(Flag::PublicOpinion, false, "没有舆情"));
    assert!(script.ticket.flags.is_empty());
}

#[test]
fn a_legal_person_stays_an_enterprise() {
    let fields = rexian::ticket::command::DraftFields {
        appellant_kind: text("legal_person"),
        company: text("某厂"),
        ..complete()
    };
    let mut script = accepted(MON, fields);
    let refusal = script.refused(MON, &supervisor(), flag(Flag::Enterprise, false, "写错了"));
    assert_eq!(refusal, "3.3: enterprise_by_kind");
}

fn circle(confidential: bool, users: &[&str]) -> Command {
    Command::SetCircle(SetCircle {
        confidential,
        circle: users.iter().map(|user| user.parse().unwrap()).collect(),
        reason: "诉求人要求保密".into(),
    })
}

#[test]
fn a_confidential_order_has_somebody_who_sees_it() {
    let mut script = accepted(MON, complete());
    assert_eq!(
        script.refused(MON, &dispatcher(), circle(true, &[])),
        "7.7.1: circle: missing"
    );
    assert_eq!(
        script.refused(MON, &dispatcher(), circle(false, &["pai"])),
        "7.7.1: circle: not_here"
    );
    let many: Vec<String> = (0..=CIRCLE_MAX).map(|no| format!("u{no}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(
        script.refused(MON, &dispatcher(), circle(true, &many)),
        "7.7.1: circle: too_many"
    );
    assert_eq!(script.give(MON, &agent(), circle(true, &["pai"])).len(), 1);
    assert!(script.ticket.confidential);
    assert_eq!(
        script.give(MON, &dispatcher(), circle(true, &["pai"])),
        Vec::<String>::new()
    );
}

#[test]
fn only_the_organ_ends_it_and_only_who_sees_the_order() {
    let mut script = accepted(MON, complete());
    script.give(MON, &agent(), circle(true, &["zuo", "pai"]));
    assert_eq!(
        script.refused(MON, &agent(), circle(false, &[])),
        "7.7.1: organ_only"
    );
    let outside = person("wai", Role::Dispatcher, "hotline");
    assert_eq!(
        script.refused(MON, &outside, circle(false, &[])),
        "7.7.1: not_in_circle"
    );
    let of_unit = person("pai", Role::Dispatcher, "hotline/cg");
    assert_eq!(
        script.refused(MON, &of_unit, circle(false, &[])),
        "7.7.1: city_organ"
    );
    script.give(MON, &dispatcher(), circle(false, &[]));
    assert!(!script.ticket.confidential && script.ticket.circle.is_empty());
}

fn attach(no: usize) -> Command {
    Command::Attach(Attach {
        file: file(&format!("f-{no}")),
        name: "现场.jpg".into(),
        purpose: "photo".to_owned(),
    })
}

#[test]
fn files_are_added_by_whoever_has_the_order_up_to_a_bound() {
    let mut script = signed();
    assert_eq!(
        script.refused(MON, &unit("jy"), attach(1)),
        "7.9.1: not_your_unit"
    );
    script.give(MON, &unit("cg"), attach(1));
    assert_eq!(script.ticket.texts.get("file.1.name"), "现场.jpg");
    assert_eq!(script.give(MON, &unit("cg"), attach(1)), Vec::<String>::new());
    for no in 2..=FILES_MAX {
        script.give(MON, &dispatcher(), attach(no));
    }
    assert_eq!(
        script.refused(MON, &dispatcher(), attach(FILES_MAX + 1)),
        "7.9.1: file_limit"
    );
    let odd = Attach {
        file: file("../etc"),
        name: "x".into(),
        purpose: "secret".to_owned(),
    };
    assert_eq!(
        script.refused(MON, &dispatcher(), Command::Attach(odd)),
        "7.9.1: purpose: unknown_code"
    );
}

#[test]
fn a_file_that_is_no_file_is_refused() {
    let mut script = signed();
    let with = |change: fn(&mut Attach)| {
        let Command::Attach(mut it) = attach(1) else {
            unreachable!()
        };
        change(&mut it);
        Command::Attach(it)
    };
    let table = [
        (with(|it| it.file.bytes = 0), "7.9.1: file: not_a_file"),
        (
            with(|it| it.file.id = "a b".to_owned()),
            "7.9.1: file: not_a_file",
        ),
        (
            with(|it| it.file.sha256 = "00".to_owned()),
            "7.9.1: file: not_a_digest",
        ),
        (with(|it| it.name = "".into()), "7.9.1: name: missing"),
    ];
    for (command, refusal) in table {
        assert_eq!(script.refused(MON, &unit("cg"), command), refusal);
    }
}

#[test]
fn calls_are_linked_once_each_up_to_a_bound() {
    let mut script = signed();
    let link = |no: u8, purpose: &str| {
        Command::LinkCall(LinkCall {
            interaction: call(no),
            purpose: purpose.to_owned(),
            recording: None,
        })
    };
    assert_eq!(
        script.refused(MON, &agent(), link(1, "contact")),
        "7.9.1: interaction: unknown"
    );
    script.known.call = Some(CallView { answered: true });
    assert_eq!(
        script.refused(MON, &agent(), link(1, "gossip")),
        "7.9.1: purpose: unknown_code"
    );
    assert_eq!(script.give(MON, &agent(), link(1, "contact")).len(), 1);
    assert_eq!(
        script.give(MON, &agent(), link(1, "contact")),
        Vec::<String>::new()
    );
    for no in 2..=CALLS_MAX {
        script.system(MON, link(u8::try_from(no).unwrap(), "other"));
    }
    assert_eq!(
        script.refused(MON, &agent(), link(250, "other")),
        "7.9.1: call_limit"
    );
}

#[test]
fn an_appellant_adds_something_to_an_open_order_up_to_a_bound() {
    let add = |text: &str| {
        Command::AddFacts(AddFacts {
            by: UrgedBy::Appellant,
            text: text.into(),
        })
    };
    let mut script = signed();
    assert_eq!(script.refused(MON, &agent(), add("")), "7.1.2: text: missing");
    for no in 1..=ADDED_MAX {
        script.give(MON, &agent(), add("还有一处"));
        assert_eq!(script.ticket.texts.get(&format!("added.{no}.text")), "还有一处");
    }
    assert_eq!(
        script.refused(MON, &agent(), add("还有一处")),
        "7.1.2: added_limit"
    );
    let mut script = written(MON, complete());
    assert_eq!(
        script.refused(MON, &agent(), add("还有一处")),
        "7.1.2: not in state draft"
    );
    script.ticket.state = State::Closed;
    assert_eq!(
        script.refused(MON, &agent(), add("还有一处")),
        "7.1.2: not in state closed"
    );
}
