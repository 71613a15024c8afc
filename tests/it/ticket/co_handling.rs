//! Co-handling: what is asked, the parts, and the reply that waits for them. 7.2 b, B.2 to B.4.

use expect_test::expect;
use rexian::ticket::command::AskCoHandling;
use rexian::ticket::command::AskReturn;
use rexian::ticket::command::CoPart;
use rexian::ticket::command::Command;
use rexian::ticket::command::DecideCoHandling;
use rexian::ticket::command::FeedBack;
use rexian::ticket::command::ReplySub;
use rexian::ticket::command::SignSub;
use rexian::ticket::model::AppealType::*;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::RequestState;
use rexian::ticket::model::State;
use rexian::ticket::model::SubState;
use rexian::ticket::model::Urgency::*;
use rexian::ticket::reference::Kind;
use serde_json::json;

use crate::store::fold::command;
use crate::ticket::request::asked_return;
use crate::ticket::request::give_back;
use crate::ticket::request::joined;
use crate::ticket::request::more_time;
use crate::ticket::request::on_extension;
use crate::ticket::request::on_return;
use crate::ticket::script::Script;
use crate::ticket::script::dispatcher;
use crate::ticket::script::file;
use crate::ticket::script::full_reply;
use crate::ticket::script::organ;
use crate::ticket::script::reply;
use crate::ticket::script::supervisor;
use crate::ticket::script::unit;

const START: &str = "2026-11-23 09:40";

fn asked_co(units: &[&str], files: usize) -> AskCoHandling {
    AskCoHandling {
        units: units
            .iter()
            .map(|id| CoPart {
                unit: organ(id),
                matter: "配合处置".into(),
            })
            .collect(),
        reason: "需要共同办理".into(),
        files: vec![file("f"); files],
        overridden: false,
    }
}

fn co(units: &[&str], files: usize) -> Command {
    Command::AskCoHandling(asked_co(units, files))
}

fn on_co(request: u32, approve: bool, until: Option<&str>) -> Command {
    Command::DecideCoHandling(DecideCoHandling {
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

fn sign_part(sub: u32) -> Command {
    Command::SignSub(SignSub { sub })
}

fn part_done(sub: u32) -> Command {
    Command::ReplySub(ReplySub {
        sub,
        reply: "已完成".into(),
        files: Vec::new(),
    })
}

#[test]
fn ac_b_2_co_handling_names_units_matters_a_reason_and_a_file() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    let now = "2026-11-24 10:00";
    assert_eq!(
        script.refused(now, &unit("zj"), co(&["cg"], 0)),
        "B.2: files: missing"
    );
    assert_eq!(
        script.refused(now, &unit("zj"), co(&[], 1)),
        "B.2: units: missing"
    );
    assert_eq!(
        script.refused(now, &unit("zj"), co(&["cg", "cg"], 1)),
        "B.2: units: twice"
    );
    assert_eq!(
        script.refused(now, &unit("zj"), co(&["zj"], 1)),
        "B.2: units: twice"
    );
    assert_eq!(
        script.refused(now, &unit("zj"), co(&["nobody"], 1)),
        "B.2: units: unknown_code"
    );
    assert_eq!(
        script.refused(now, &unit("zj"), co(&["cg"; 11], 1)),
        "B.2: units: too_many"
    );
    assert_eq!(
        script.refused(now, &unit("cg"), co(&["cg"], 1)),
        "B.2: not_your_unit"
    );
    // On the second day refused by rule, but for the supervisor's word.
    let late = "2026-11-24 24:00";
    assert_eq!(
        script.refused(late, &unit("zj"), co(&["cg"], 1)),
        "B.2: co_window_over"
    );
    let by_supervisor = Command::AskCoHandling(AskCoHandling {
        overridden: true,
        ..asked_co(&["cg"], 1)
    });
    assert_eq!(
        script.refused(late, &unit("zj"), by_supervisor.clone()),
        "B.2: supervisor_only"
    );
    script.give(late, &supervisor(), by_supervisor);
}

#[test]
fn ac_7_2b3_all_parts_begin_at_once_and_the_reply_waits_for_each() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    script.heard(START, &unit("zj"));
    let now = "2026-11-24 10:00";
    let mut facts = script.give(now, &unit("zj"), co(&["cg", "sl"], 1));
    facts.extend(script.give("2026-11-24 15:00", &dispatcher(), on_co(1, true, None)));
    expect![[r#"
        requested cycle=1 files=1/f/image/jpeg/abababababababababababababababababababababababababababababababab request=1 unit=zj units=cg,sl what=co_handling
        clock_started co_review/1/1 1wd → 2026-11-25 24:00 by organ !2026-11-25 16:24
        clock_ended co_review/1/1 end=met
        request_decided request=1 state=approved
        sub_opened cycle=1 request=1 sub=1 unit=cg
        clock_started sign/1/1 1wd → 2026-11-25 24:00 by unit !2026-11-25 17:24
        clock_started return_window/1/1 1wd → 2026-11-25 24:00 by unit
        clock_started close/1/1 5wd → 2026-11-30 24:00 by unit !2026-11-27 24:00 !2026-11-29 17:24
        sub_opened cycle=1 request=1 sub=2 unit=sl
        clock_started sign/1/2 1wd → 2026-11-25 24:00 by unit !2026-11-25 17:24
        clock_started return_window/1/2 1wd → 2026-11-25 24:00 by unit
        clock_started close/1/2 5wd → 2026-11-30 24:00 by unit !2026-11-27 24:00 !2026-11-29 17:24"#]].assert_eq(&joined(facts));
    assert_eq!(script.ticket.texts.get("sub.2.matter"), "配合处置");
    assert_eq!(
        script.refused(now, &unit("zj"), reply()),
        "7.5.2: co_summary: missing".replace("7.5.2", "B.3")
    );
    let summed = Command::FeedBack(FeedBack {
        co_summary: "各单位均已完成".into(),
        unit_followup: "诉求人认可".into(),
        ..full_reply()
    });
    assert_eq!(
        script.refused(now, &unit("zj"), summed.clone()),
        "B.2: co_parts_open"
    );
    assert_eq!(
        script.refused(now, &unit("sl"), sign_part(1)),
        "B.2: not_your_unit"
    );
    assert_eq!(
        script.refused(now, &unit("cg"), part_done(1)),
        "B.2: part_not_worked"
    );
    for (id, sub) in [("cg", 1), ("sl", 2)] {
        script.give("2026-11-25 10:00", &unit(id), sign_part(sub));
        assert_eq!(
            script.refused(now, &unit(id), sign_part(sub)),
            "B.2: part_not_pending"
        );
        let facts = script.give("2026-11-26 10:00", &unit(id), part_done(sub));
        let done = format!("sub_changed cycle=1 state=done sub={sub}");
        assert_eq!(facts, [format!("clock_ended close/1/{sub} end=met"), done]);
    }
    script.give("2026-11-27 10:00", &unit("zj"), summed);
    assert_eq!(script.ticket.texts.get("reply.1.co_summary"), "各单位均已完成");
}

#[test]
fn a_refused_co_handling_leaves_the_first_unit_alone() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    script.give("2026-11-24 10:00", &unit("zj"), co(&["cg"], 1));
    let facts = script.give("2026-11-24 11:00", &dispatcher(), on_co(1, false, None));
    assert_eq!(
        facts,
        [
            "clock_ended co_review/1/1 end=met",
            "request_decided request=1 state=refused"
        ]
    );
    assert!(script.ticket.subs.is_empty());
}

#[test]
fn with_too_little_time_left_the_organ_moves_the_main_deadline_while_it_approves() {
    let mut script = Script::signed(Consult, Normal, START, "zj");
    script.give("2026-11-24 10:00", &unit("zj"), co(&["cg"], 1));
    assert_eq!(
        script.refused("2026-11-24 11:00", &dispatcher(), on_co(1, true, None)),
        "B.2: co_time_short"
    );
    script.give(
        "2026-11-24 11:00",
        &dispatcher(),
        on_co(1, true, Some("2026-11-27")),
    );
    for subject in [0, 1] {
        assert_eq!(script.due(ClockKind::Close, subject), "2026-11-27 24:00");
    }
    // What may never be extended is not moved either; its parts have what is left.
    let mut script = Script::signed(Help, Urgent, START, "zj");
    script.give("2026-11-24 10:00", &unit("zj"), co(&["cg"], 1));
    assert_eq!(
        script.refused(
            "2026-11-24 11:00",
            &dispatcher(),
            on_co(1, true, Some("2026-11-27"))
        ),
        "7.6: extension_forbidden"
    );
    script.give("2026-11-24 11:00", &dispatcher(), on_co(1, true, None));
    assert_eq!(script.due(ClockKind::Close, 1), "2026-11-26 09:40");
    // Where the site reads it so, a part has the whole limit from its own dispatch.
    let (main, own) = (r#""value": "main""#, r#""value": "own""#);
    let mut script = Script::signed(Consult, Normal, START, "zj").with(Kind::Settings, main, own);
    script.give("2026-11-24 10:00", &unit("zj"), co(&["cg"], 1));
    script.give("2026-11-24 11:00", &dispatcher(), on_co(1, true, None));
    assert_eq!(script.due(ClockKind::Close, 1), "2026-11-26 24:00");
}

#[test]
fn a_co_unit_may_give_its_part_back_in_its_own_window() {
    let with_part = || {
        let mut script = Script::signed(Help, Normal, START, "zj");
        script.give("2026-11-24 10:00", &unit("zj"), co(&["cg"], 1));
        script.give("2026-11-25 15:00", &dispatcher(), on_co(1, true, None));
        script
    };
    let part_back = |sub: u32| {
        Command::AskReturn(AskReturn {
            sub: Some(sub),
            suggested: None,
            ..asked_return()
        })
    };
    let mut script = with_part();
    assert_eq!(
        script.refused("2026-11-25 16:00", &unit("zj"), part_back(1)),
        "7.4: not_your_unit"
    );
    assert_eq!(
        script.refused("2026-11-25 16:00", &unit("cg"), part_back(2)),
        "7.4: sub: unknown_code"
    );
    script.give("2026-11-26 23:59", &unit("cg"), part_back(1));
    let facts = script.give("2026-11-27 09:00", &dispatcher(), on_return(2, true, false));
    expect![[r#"
        clock_ended return_review/1/2 end=met
        request_decided request=2 state=approved
        clock_ended sign/1/1 end=void
        clock_ended close/1/1 end=void
        clock_ended return_window/1/1 end=void
        sub_changed cycle=1 state=void sub=1"#]]
    .assert_eq(&joined(facts));
    assert_eq!((script.ticket.state, script.ticket.returns), (State::Handling, 0));
    assert_eq!(script.ticket.subs[0].state, SubState::Void);
    let mut script = with_part();
    assert_eq!(
        script.refused("2026-11-26 24:00", &unit("cg"), part_back(1)),
        "7.4: return_window_over"
    );
}

#[test]
fn an_extension_of_the_order_is_its_parts_too() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    script.give("2026-11-24 10:00", &unit("zj"), co(&["cg"], 1));
    script.give("2026-11-24 11:00", &dispatcher(), on_co(1, true, None));
    script.give("2026-11-24 12:00", &unit("cg"), sign_part(1));
    script.give("2026-11-30 21:00", &unit("zj"), more_time("2026-12-07"));
    script.tick("2026-12-01 10:00");
    assert!(script.ticket.supervisions.is_empty());
    script.give("2026-12-01 20:00", &dispatcher(), on_extension(2, true, None));
    assert_eq!(script.due(ClockKind::Close, 1), "2026-12-07 24:00");
}

#[test]
fn a_returned_order_takes_its_parts_and_requests_with_it() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    script.give("2026-11-23 10:00", &unit("zj"), co(&["cg"], 1));
    script.give("2026-11-23 11:00", &dispatcher(), on_co(1, true, None));
    script.give("2026-11-23 12:00", &unit("zj"), more_time("2026-12-07"));
    script.give("2026-11-23 13:00", &unit("zj"), give_back());
    script.give("2026-11-23 14:00", &dispatcher(), on_return(3, true, false));
    assert_eq!(script.ticket.subs[0].state, SubState::Void);
    assert_eq!(script.ticket.requests[1].state, RequestState::Void);
    let running: Vec<&str> = script
        .ticket
        .clocks
        .iter()
        .filter(|it| it.runs())
        .map(|it| it.clock.kind.code())
        .collect();
    assert_eq!(running, ["citizen", "dispatch"]);
}

#[test]
fn a_county_does_not_hand_the_order_down_to_a_unit_that_has_a_part_of_it() {
    let mut script = Script::accepted(Help, Normal, START);
    script.give(
        START,
        &dispatcher(),
        command(json!({"command": "open_arbitration", "reason": "责任不清"})),
    );
    let decided = json!({"command": "arbitrate", "unit": "t130203", "secondary": ["t130203-zj"],
        "decision": "会商决定由该单位办理", "legal_basis": "职责规定"});
    script.give(START, &dispatcher(), command(decided));
    let down = |to: &str| command(json!({"command": "redispatch", "to": to, "reason": "属地办理"}));
    assert_eq!(
        script.refused(START, &unit("t130203"), down("t130203-zj")),
        "B.2: to: twice"
    );
    script.give(START, &unit("t130203"), down("t130203-cg"));
}

#[test]
fn a_part_follows_the_limit_of_the_order_from_the_orders_beginning() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    script.give("2026-11-24 10:00", &unit("zj"), co(&["cg"], 1));
    script.give("2026-11-24 10:30", &dispatcher(), on_co(1, true, None));
    assert_eq!(script.due(ClockKind::Close, 1), script.due(ClockKind::Close, 0));
    let change = rexian::ticket::command::ChangeType {
        to: Consult,
        reason: "登记有误".into(),
    };
    script.give("2026-11-24 11:00", &dispatcher(), Command::ChangeType(change));
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-25 24:00");
    assert_eq!(script.due(ClockKind::Close, 1), "2026-11-25 24:00");
}

#[test]
fn whoever_is_late_with_his_part_is_supervised_himself() {
    let mut script = Script::signed(Help, Normal, START, "zj");
    script.give("2026-11-24 10:00", &unit("zj"), co(&["cg"], 1));
    script.give("2026-11-24 10:30", &dispatcher(), on_co(1, true, None));
    let told = script.tick("2026-11-26 00:00");
    let supervised: Vec<&String> = told.iter().filter(|it| it.starts_with("supervised")).collect();
    assert_eq!(supervised.len(), 1, "{told:?}");
    assert!(supervised[0].contains("cause=a") && supervised[0].ends_with("unit=cg"));
}
