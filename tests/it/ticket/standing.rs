//! Orders that stand in each state by the page's own way, and a well-formed instance of each command.

use rexian::account::Principal;
use rexian::account::Role;
use rexian::ticket::command::Archive;
use rexian::ticket::command::Command;
use rexian::ticket::command::DraftFields;
use rexian::ticket::command::Opening;
use rexian::ticket::decide::ArticleView;
use rexian::ticket::decide::CallView;
use rexian::ticket::model::ArticleRef;
use rexian::ticket::model::State;
use serde_json::Value;
use serde_json::json;

use crate::store::fold::command;
use crate::ticket::desk::by_call;
use crate::ticket::desk::complete;
use crate::ticket::desk::desk;
use crate::ticket::desk::item;
use crate::ticket::desk::master;
use crate::ticket::desk::of;
use crate::ticket::desk::text;
use crate::ticket::script::Script;
use crate::ticket::script::person;

/// A Tuesday morning, when people may be telephoned.
const NOW: &str = "2026-11-24 10:00";
const COUNTY: &str = "t130202";
const GRID: &str = "130202001-g01";
const CASE: &str = "0197f3a4-5b6c-7d8e-9f01-23456789abcd";
const INTERACTION: &str = "0197f3a4-5b6c-7d8e-9f01-23456789abce";
const MASTER: &str = "09090909-0909-0909-0909-090909090909";

/// What hangs on the order beside its state, where the state can have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum With {
    Nothing,
    /// It went to a grid officer.
    Grid,
    /// It went to a county, which has units below it.
    County,
    /// Before dispatch: a unit had it and gave it back.
    Returned,
    Heard,
    Return,
    Extension,
    CoHandling,
    PartPending,
    PartHandling,
    PartDone,
    Duty,
    Supervision,
    SupervisionReplied,
    Case,
    Vulnerable,
    /// A 帮办 so far: created, assigned, on site, report due, reported.
    Help(usize),
}

pub(super) fn with(code: &str, role: Role) -> With {
    match code {
        "sign" | "record_contact" | "record_progress" | "ask_return" | "attach" if role == Role::Grid => {
            With::Grid
        }
        "feed_back" if role == Role::Grid => With::Grid,
        "redispatch" => With::County,
        "attach" | "link_call" => With::Returned,
        "feed_back" => With::Heard,
        "decide_return" => With::Return,
        "decide_extension" => With::Extension,
        "decide_co_handling" => With::CoHandling,
        "sign_sub" => With::PartPending,
        "reply_sub" => With::PartHandling,
        "fix_responsibility" => With::PartDone,
        "acknowledge_duty" => With::Duty,
        "read_supervision" | "reply_supervision" => With::Supervision,
        "judge_supervision" => With::SupervisionReplied,
        "leave_case" => With::Case,
        "open_help" => With::Vulnerable,
        "assign_help" => With::Help(0),
        "check_in" => With::Help(1),
        "end_help" => With::Help(2),
        "report_help" => With::Help(3),
        "close_help" => With::Help(4),
        _ => With::Nothing,
    }
}

fn file() -> Value {
    json!({"id": "f-1", "sha256": "ab".repeat(32), "bytes": 10, "media_type": "image/jpeg"})
}

/// A command as it is asked when nothing is wrong with it.
pub(super) fn instance(code: &str, role: Role) -> Value {
    let reason = "已经核实清楚";
    let mut body = match code {
        "claim" | "submit" | "sign" | "pass_review" => json!({}),
        "save_draft" => json!({"demand": "请尽快处理"}),
        "answer" => {
            json!({"basis": "article", "article": {"id": "a-1", "version": 3}, "reply": "可以网上办理"})
        }
        "warn_caller" => json!({"step": 1}),
        "refuse" => json!({"reason": "a", "explanation": "不属于本市管辖的事项"}),
        "mark_invalid" => json!({"disposition": "silent"}),
        "refer" => json!({"line": "110", "outcome": "connected"}),
        "merge" => json!({"master": MASTER, "score": 900, "told": "已告知"}),
        "set_flag" => json!({"flag": "group", "on": true, "reason": reason}),
        "set_circle" => json!({"confidential": true, "circle": ["somebody"], "reason": reason}),
        "attach" => json!({"file": file(), "name": "照片.jpg", "purpose": "photo"}),
        "link_call" => json!({"interaction": INTERACTION, "purpose": "other"}),
        "add_facts" => json!({"by": "appellant", "text": "每天早晚都有"}),
        "dispatch" => json!({"unit": "ga", "basis": "judgement", "reason": reason}),
        "arbitrate" => json!({"unit": "ga", "decision": "会商决定由该单位办理", "legal_basis": "职责规定"}),
        "redispatch" => json!({"to": "t130203-zj", "reason": reason}),
        "acknowledge_duty" => json!({"name": "值班员"}),
        "change_urgency" => json!({"to": "urgent", "reason": reason}),
        "change_type" => json!({"to": "complaint", "reason": reason}),
        "change_category" => json!({"to": "010101", "reason": reason}),
        "record_contact" => json!({"way": "visit", "outcome": "reached", "opinion": "同意"}),
        "record_progress" => json!({"text": "已到现场查看", "public": true}),
        "feed_back" => json!({"process": "已到现场查看", "basis": "按有关规定办理", "result": "已修复",
            "next_steps": "加强巡查", "public_reply": "已解决", "solved": true}),
        "ask_return" => json!({"reason": "not_our_duty", "legal_basis": "职责规定", "explanation": reason}),
        "decide_return" | "decide_extension" | "decide_co_handling" => {
            json!({"request": 1, "approve": true, "reason": reason})
        }
        "ask_extension" => {
            json!({"until": "2026-12-02", "reason": reason, "progress": "正在办理", "told": "phone", "told_text": "已告知"})
        }
        "ask_co_handling" => {
            json!({"units": [{"unit": "jj", "matter": "配合处置"}], "reason": reason, "files": [file()]})
        }
        "sign_sub" => json!({"sub": 1}),
        "reply_sub" => json!({"sub": 1, "reply": "协办事项已经办完"}),
        "send_back_reply" => json!({"rules": ["basis"], "reason": reason}),
        "record_attempt" => json!({"level": level(role), "mode": "person"}),
        "record_result" => {
            json!({"level": level(role), "mode": "person", "result": "solved", "satisfaction": "satisfied"})
        }
        "rate_agent" => json!({"satisfaction": "satisfied"}),
        "propose_verdict" => json!({"verdict": "close", "reason": reason}),
        "decide_verdict" => json!({"verdict": "rework", "reason": reason}),
        "cancel" => json!({"withdrawn": true, "reason": reason}),
        "urge" => json!({"by": "appellant", "text": "请尽快办理"}),
        "instruct" => json!({"leader": "张某", "text": "请认真办理"}),
        "supervise" => json!({"cause": "c", "text": "请按规定办理"}),
        "read_supervision" => json!({"no": 1}),
        "reply_supervision" => json!({"no": 1, "reply": "已经整改"}),
        "judge_supervision" => json!({"no": 1, "satisfied": true}),
        "enter_case" => json!({"case": CASE, "cause": "a"}),
        "leave_case" => json!({"case": CASE}),
        "open_help" => json!({"need": "不会使用网上办理"}),
        "assign_help" => json!({"no": 1, "seat": "1001"}),
        "check_in" => json!({"no": 1, "place": "政务大厅"}),
        "end_help" | "close_help" => json!({"no": 1}),
        "report_help" => {
            json!({"no": 1, "needs": "协助", "steps": "陪同", "result": "已办", "problems": "流程长"})
        }
        "fix_responsibility" => json!({"primary": "ga", "secondary": ["jj"], "reason": reason}),
        // Those that only give a reason.
        _ => json!({"reason": reason}),
    };
    if matches!(code, "ask_return" | "ask_co_handling") && role == Role::Supervisor {
        body["overridden"] = true.into();
    }
    body["command"] = code.into();
    body
}

fn level(role: Role) -> &'static str {
    if role == Role::Unit { "county" } else { "city" }
}

/// Somebody of the role at the organ that has to do with the order.
pub(super) fn who(code: &str, role: Role, script: &Script) -> Principal {
    let ticket = &script.ticket;
    let path = |organ: &str| {
        let organ = organ.parse().unwrap();
        script.reference.organs.path(&organ).unwrap().to_string()
    };
    let handler = ticket.handler().map_or("ga", |unit| unit.as_str());
    match role {
        Role::Agent | Role::Expert => desk(&format!("{role}-1"), role, "1001"),
        Role::Grid => person(&format!("grid-{GRID}"), role, &path(COUNTY)),
        Role::Inspector => person("inspector-1", role, &path("dc")),
        Role::Dispatcher if code == "redispatch" => person("county-1", role, &path(handler)),
        Role::Unit if matches!(code, "sign_sub" | "reply_sub") => person("part-1", role, &path("jj")),
        Role::Unit => person("unit-1", role, &path(handler)),
        _ => person(&format!("{role}-1"), role, "hotline"),
    }
}

/// Gives a command on the way; what is not possible here is a fault of the way.
fn go(script: &mut Script, role: Role, code: &str, change: Value) {
    let mut body = instance(code, role);
    for (field, value) in change.as_object().unwrap() {
        body[field] = value.clone();
    }
    let giver = who(code, role, script);
    script.give(NOW, &giver, command(body));
}

fn just(script: &mut Script, role: Role, code: &str) {
    go(script, role, code, json!({}));
}

/// An order that stands in the state by the page's own way, with what hangs on it where the state can have it.
pub(super) fn order(state: State, with: With) -> Script {
    let opening = if state == State::Intake {
        Opening::Received(item("app"))
    } else {
        by_call()
    };
    let mut script = of(NOW, &opening);
    let article = ArticleRef {
        id: "a-1".to_owned(),
        version: 3,
    };
    script.known.article = Some(ArticleView { article, valid: true });
    script.known.master = Some(master(9, false));
    script.known.call = Some(CallView { answered: true });
    if state == State::Intake {
        return script;
    }
    draft(&mut script, with);
    let desk_end = match state {
        State::Draft => Some(""),
        State::Answered => Some("answer"),
        State::NotAccepted => Some("refuse"),
        State::Invalid => Some("mark_invalid"),
        State::Referred => Some("refer"),
        State::Merged => Some("merge"),
        _ => None,
    };
    if let Some(code) = desk_end {
        if let With::Supervision | With::SupervisionReplied | With::Case | With::Returned = with {
            just(&mut script, Role::Agent, "submit");
            before_dispatch(&mut script, with);
            just(&mut script, Role::Dispatcher, "send_back");
        }
        if !code.is_empty() {
            just(&mut script, Role::Agent, code);
        }
        return script;
    }
    just(&mut script, Role::Agent, "submit");
    accepted(&mut script, state, with);
    script
}

fn draft(script: &mut Script, with: With) {
    let urgency = if with == With::Duty { "urgent" } else { "normal" };
    let fields = DraftFields {
        urgency: text(urgency),
        ..complete()
    };
    script.give(
        NOW,
        &desk("agent-1", Role::Agent, "1001"),
        Command::SaveDraft(fields),
    );
    if matches!(with, With::Vulnerable | With::Help(_)) {
        go(script, Role::Agent, "set_flag", json!({"flag": "vulnerable"}));
    }
    let With::Help(steps) = with else { return };
    just(script, Role::Expert, "open_help");
    let way = [
        (Role::Dispatcher, "assign_help"),
        (Role::Expert, "check_in"),
        (Role::Expert, "end_help"),
        (Role::Expert, "report_help"),
    ];
    for (role, code) in way.into_iter().take(steps) {
        just(script, role, code);
    }
}

/// What hangs on an order that waits for its dispatch: a unit had it, was supervised, and gave it back.
fn before_dispatch(script: &mut Script, with: With) {
    if with == With::Case {
        return just(script, Role::Supervisor, "enter_case");
    }
    if !matches!(
        with,
        With::Supervision | With::SupervisionReplied | With::Returned
    ) {
        return;
    }
    just(script, Role::Dispatcher, "dispatch");
    supervised(script, with);
    just(script, Role::Unit, "ask_return");
    just(script, Role::Dispatcher, "decide_return");
}

fn supervised(script: &mut Script, with: With) {
    if matches!(with, With::Supervision | With::SupervisionReplied) {
        just(script, Role::Supervisor, "supervise");
    }
    if with == With::SupervisionReplied {
        just(script, Role::Unit, "reply_supervision");
    }
}

/// From acceptance to the state.
fn accepted(script: &mut Script, state: State, with: With) {
    if matches!(state, State::PendingDispatch | State::Arbitration) {
        before_dispatch(script, with);
        if state == State::Arbitration {
            just(script, Role::Dispatcher, "open_arbitration");
        }
        return;
    }
    let late_case = matches!(state, State::Closed | State::Archived);
    if with == With::Case && !late_case {
        just(script, Role::Supervisor, "enter_case");
    }
    dispatched(script, state, with);
    if state == State::PendingSign {
        return;
    }
    let unit = if with == With::Grid {
        Role::Grid
    } else {
        Role::Unit
    };
    just(script, unit, "sign");
    if state == State::Cancelled {
        return just(script, Role::Supervisor, "cancel");
    }
    if state == State::Handling {
        return at_unit(script, state, with);
    }
    worked(script, with, unit);
    followed(script, state, with);
    if with == With::Case && late_case {
        just(script, Role::Supervisor, "enter_case");
    }
}

fn dispatched(script: &mut Script, state: State, with: With) {
    let early_part = state == State::PendingSign && matches!(with, With::PartPending | With::PartHandling);
    if early_part {
        just(script, Role::Dispatcher, "open_arbitration");
        go(
            script,
            Role::Dispatcher,
            "arbitrate",
            json!({"secondary": ["jj"]}),
        );
        if with == With::PartHandling {
            just(script, Role::Unit, "sign_sub");
        }
        return;
    }
    let change = match with {
        With::Grid => json!({"unit": COUNTY, "basis": "grid", "grid": GRID}),
        With::County => json!({"unit": "t130203"}),
        _ => json!({}),
    };
    go(script, Role::Dispatcher, "dispatch", change);
    supervised(script, with);
    if state == State::PendingSign && with == With::Return {
        just(script, Role::Unit, "ask_return");
    }
}

/// What hangs on an order that a unit works on.
fn at_unit(script: &mut Script, state: State, with: With) {
    match with {
        With::Return if state == State::Handling => just(script, Role::Unit, "ask_return"),
        With::Extension => just(script, Role::Unit, "ask_extension"),
        With::CoHandling => just(script, Role::Unit, "ask_co_handling"),
        With::PartDone if state == State::Rework => (),
        With::PartPending | With::PartHandling | With::PartDone => {
            just(script, Role::Unit, "ask_co_handling");
            just(script, Role::Dispatcher, "decide_co_handling");
            if with != With::PartPending {
                just(script, Role::Unit, "sign_sub");
            }
            if with == With::PartDone {
                just(script, Role::Unit, "reply_sub");
            }
        }
        With::Heard => just(script, Role::Unit, "record_contact"),
        With::Grid => just(script, Role::Grid, "record_contact"),
        With::Duty if state == State::Rework => {
            go(
                script,
                Role::Supervisor,
                "change_urgency",
                json!({"to": "critical"}),
            );
        }
        _ => (),
    }
}

fn worked(script: &mut Script, with: With, unit: Role) {
    if with == With::PartDone {
        at_unit(script, State::Handling, with);
    }
    just(script, unit, "record_contact");
    go(
        script,
        unit,
        "feed_back",
        json!({"co_summary": "协办已完成", "unit_followup": "诉求人满意"}),
    );
}

/// From the reply to the state.
fn followed(script: &mut Script, state: State, with: With) {
    if state == State::Review {
        return;
    }
    just(script, Role::Reviewer, "pass_review");
    match state {
        State::Verify | State::Rework => {
            go(
                script,
                Role::Followup,
                "record_result",
                json!({"result": "unsolved", "satisfaction": "unsatisfied"}),
            );
            if state == State::Rework {
                just(script, Role::Supervisor, "decide_verdict");
                at_unit(script, state, with);
            }
        }
        State::Closed | State::Archived => {
            just(script, Role::Followup, "record_result");
            if state == State::Archived {
                let (manifest, missing) = ("ab".repeat(32), Vec::new());
                script.system(
                    NOW,
                    Command::Archive(Archive {
                        manifest,
                        missing,
                        explanation: "".into(),
                    }),
                );
            }
        }
        _ => (),
    }
}
