//! Limits to close, what a reply must hold, and more time. 7.5.1, 7.5.2, 7.6.

use rexian::account::Role;
use rexian::ticket::model::ClockKind;
use serde_json::json;

use super::steps::actor;
use super::steps::form;
use super::steps::heard;
use super::steps::more_time;
use super::steps::reply;
use super::steps::signed;
use super::steps::state;
use super::steps::why;
use super::town::City;
use super::town::HOTLINE;
use super::town::instant;
use super::twin::Finding;
use super::twin::Off;
use super::twin::holds;
use super::twin::proven;

/// Start, kind, urgency, which clock, its end: V13, V12, V22, V21, V17, V20, V07, V06, V04, V03 of the worked limits.
const LIMITS: [(&str, &str, &str, ClockKind, &str); 10] = [
    (
        "2026-02-13 17:00",
        "help",
        "normal",
        ClockKind::Close,
        "2026-02-27 24:00",
    ),
    (
        "2026-02-13 17:00",
        "consult",
        "normal",
        ClockKind::Close,
        "2026-02-24 24:00",
    ),
    (
        "2026-02-16 23:30",
        "help",
        "critical",
        ClockKind::Close,
        "2026-02-17 23:30",
    ),
    (
        "2026-02-16 23:30",
        "report",
        "critical",
        ClockKind::FirstResult,
        "2026-02-17 04:30",
    ),
    (
        "2026-04-30 08:30",
        "complaint",
        "normal",
        ClockKind::Close,
        "2026-05-11 24:00",
    ),
    (
        "2026-10-01 08:00",
        "consult",
        "urgent",
        ClockKind::Close,
        "2026-10-04 08:00",
    ),
    (
        "2026-10-10 15:00",
        "help",
        "normal",
        ClockKind::Close,
        "2026-10-16 24:00",
    ),
    (
        "2026-11-20 16:00",
        "suggestion",
        "normal",
        ClockKind::Close,
        "2026-11-27 24:00",
    ),
    (
        "2026-11-20 16:00",
        "consult",
        "normal",
        ClockKind::Close,
        "2026-11-24 24:00",
    ),
    (
        "2026-12-30 10:00",
        "help",
        "normal",
        ClockKind::Close,
        "2027-01-07 24:00",
    ),
];

async fn limits(city: &mut City) -> Finding {
    for (start, kind, urgency, clock, end) in LIMITS {
        city.at(start);
        let ticket = city.accepted("13800138000", &form(kind, urgency)).await;
        city.dispatch(ticket, "ga").await;
        let due = city.due(ticket, clock).await;
        holds(&format!("{kind} {urgency} of {start} ends {end}"), due == end)?;
        assert_eq!(actor(city, ticket, "dispatched").await, "user:dispatcher-hotline");
    }
    Ok(())
}

#[test]
fn ac_7_5_1_a_unit_has_the_time_of_kind_and_urgency_through_days_off() {
    let breaks = "help normal of 2026-02-13 17:00 ends 2026-02-27 24:00";
    proven(&[(Off::Setting("close.other", json!("4wd")), breaks)], limits);
}

async fn changed(city: &mut City) -> Finding {
    city.at("2026-11-23 10:00");
    let ticket = signed(city, &form("complaint", "normal")).await;
    holds(
        "5 working days",
        city.due(ticket, ClockKind::Close).await == "2026-11-30 24:00",
    )?;
    city.at("2026-11-24 09:00");
    let consult = json!({"command": "change_type", "to": "consult", "reason": "实为政策咨询"});
    let unit = city.person(Role::Unit, "ga").await;
    let refused = city.give(&unit, ticket, consult.clone()).await;
    holds("a unit does not change the kind", why(&refused) == "role - 3.2")?;
    let dispatcher = city.person(Role::Dispatcher, HOTLINE).await;
    city.done(&dispatcher, ticket, consult).await;
    let moved = city.fact(ticket, "clock_moved").await.unwrap();
    assert_eq!(
        (moved.actor.as_str(), &moved.body["cause"]),
        ("user:dispatcher-hotline", &json!("reclassified"))
    );
    let due = city.due(ticket, ClockKind::Close).await;
    holds(
        "an inquiry's 2 days count from the dispatch",
        due == "2026-11-25 24:00",
    )?;
    let agent = city.person(Role::Agent, HOTLINE).await;
    let urgent = json!({"command": "change_urgency", "to": "critical", "reason": "存在安全隐患"});
    city.done(&agent, ticket, urgent).await;
    let due = city.due(ticket, ClockKind::Close).await;
    holds("a critical matter's 24 hours", due == "2026-11-25 09:00")?;
    let due = city.due(ticket, ClockKind::FirstResult).await;
    holds("its first result in 5 hours", due == "2026-11-24 14:00")
}

#[test]
fn ac_7_5_1_another_kind_or_urgency_counts_the_limit_again() {
    let off = Off::Setting("reclass.start", json!("changed"));
    proven(&[(off, "an inquiry's 2 days count from the dispatch")], changed);
}

async fn blocks(city: &mut City) -> Finding {
    city.at("2026-11-23 10:00");
    let ticket = signed(city, &form("help", "normal")).await;
    heard(city, ticket).await;
    let unit = city.person(Role::Unit, "ga").await;
    let mut bare = reply();
    bare["basis"] = json!("");
    let refused = city.give(&unit, ticket, bare).await;
    holds(
        "a reply without its basis is refused by 7.5.2",
        refused.refusal().ends_with("basis 7.5.2"),
    )?;
    assert_eq!(
        (state(city, ticket).await, actor(city, ticket, "fed_back").await),
        ("handling", "-".to_owned())
    );
    // A document quoted without its number is warned of, and the reviewer sees it.
    let mut quoting = reply();
    quoting["basis"] = json!("依据《唐山市城市管理条例》办理。");
    city.done(&unit, ticket, quoting).await;
    let fact = city.fact(ticket, "fed_back").await.unwrap();
    let warned = fact.body["warnings"].to_string().contains("citation");
    assert_eq!(fact.actor, "user:unit-ga");
    holds("a document without its number is warned of", warned)?;
    let reviewer = city.person(Role::Reviewer, HOTLINE).await;
    let back = json!({"command": "send_back_reply", "rules": ["citation"], "reason": "请补充文号和条款"});
    city.done(&reviewer, ticket, back).await;
    assert_eq!(
        actor(city, ticket, "review_sent_back").await,
        "user:reviewer-hotline"
    );
    holds("a poor reply goes back", state(city, ticket).await == "handling")
}

#[test]
fn ac_7_5_2_a_reply_has_four_blocks_and_quotes_documents_in_full() {
    let off = Off::Setting("feedback.empty_block", json!("warn"));
    proven(&[(off, "a reply without its basis is refused by 7.5.2")], blocks);
}

async fn extension(city: &mut City) -> Finding {
    city.at("2026-11-23 09:40");
    let unit = city.person(Role::Unit, "ga").await;
    let supervisor = city.person(Role::Supervisor, HOTLINE).await;
    // S5: group, public opinion and urgent matters never.
    let group = signed(city, &form("help", "normal")).await;
    let flag = json!({"command": "set_flag", "flag": "group", "on": true, "reason": "多人反映"});
    city.done(&supervisor, group, flag).await;
    let urgent = signed(city, &form("help", "urgent")).await;
    for ticket in [group, urgent] {
        let refused = city.give(&unit, ticket, more_time("2026-12-07")).await;
        holds(
            "a group's or urgent matter gets no more time",
            why(&refused) == "extension_forbidden - 7.6",
        )?;
    }
    // S4: asked in time, decided later, and nobody is late.
    let ticket = signed(city, &form("help", "normal")).await;
    let late = signed(city, &form("help", "normal")).await;
    city.pass_until("2026-11-30 21:00").await;
    city.done(&unit, ticket, more_time("2026-12-07")).await;
    let asked = city.fact(ticket, "requested").await.unwrap();
    assert_eq!(
        (asked.actor.as_str(), &asked.body["what"]),
        ("user:unit-ga", &json!("extension"))
    );
    let row = city.ticket(ticket).await.ticket;
    let review = row.clock(ClockKind::ExtensionReview, 1).unwrap();
    holds(
        "the organ has 24 hours",
        review.deadline == Some(instant("2026-12-01 21:00")),
    )?;
    holds(
        "a second request waits",
        why(&city.give(&unit, ticket, more_time("2026-12-04")).await) == "request_open - 7.6",
    )?;
    // V23: a second after the deadline it is too late.
    city.pass_until("2026-12-01 00:00:01").await;
    let refused = city.give(&unit, late, more_time("2026-12-07")).await;
    holds(
        "a second late is too late",
        why(&refused) == "extension_too_late - 7.6",
    )?;
    city.pass_until("2026-12-01 20:00").await;
    let approve = json!({"command": "decide_extension", "request": 1, "approve": true});
    let refused = city.give(&unit, ticket, approve.clone()).await;
    holds("a unit does not decide", why(&refused) == "role - 7.6")?;
    city.done(&supervisor, ticket, approve).await;
    assert_eq!(
        actor(city, ticket, "request_decided").await,
        "user:supervisor-hotline"
    );
    let row = city.ticket(ticket).await.ticket;
    let close = row.clock(ClockKind::Close, 0).unwrap();
    assert_eq!(
        close.first_deadline,
        Some(instant("2026-11-30 24:00")),
        "both deadlines are kept"
    );
    holds(
        "the new deadline",
        close.deadline == Some(instant("2026-12-07 24:00")),
    )?;
    holds(
        "no breach between",
        !close.breached && row.supervisions.is_empty(),
    )
}

#[test]
fn ac_7_6_more_time_is_asked_before_the_limit_and_never_for_what_is_pressing() {
    let breaks = "a group's or urgent matter gets no more time";
    proven(&[(Off::Rules(&["extension_forbidden"]), breaks)], extension);
}

#[test]
fn ac_7_6_a_request_a_second_late_is_refused_by_its_rule() {
    proven(
        &[(Off::Rules(&["extension_too_late"]), "a second late is too late")],
        extension,
    );
}

async fn silence(city: &mut City) -> Finding {
    city.at("2026-11-23 09:40");
    let ticket = signed(city, &form("help", "normal")).await;
    let unit = city.person(Role::Unit, "ga").await;
    city.pass_until("2026-11-30 10:00").await;
    city.done(&unit, ticket, more_time("2026-12-04")).await;
    city.pass_until("2026-12-01 11:00").await;
    let row = city.ticket(ticket).await.ticket;
    let review = row
        .clocks
        .iter()
        .find(|it| it.clock.kind == ClockKind::ExtensionReview)
        .unwrap();
    holds("silence approves nothing", row.requests[0].state.code() == "open")?;
    holds(
        "the organ is late, not the unit",
        review.breached && row.supervisions.is_empty(),
    )?;
    let supervisor = city.person(Role::Supervisor, HOTLINE).await;
    let refuse =
        json!({"command": "decide_extension", "request": 1, "approve": false, "reason": "理由不充分"});
    city.done(&supervisor, ticket, refuse).await;
    let due = city.due(ticket, ClockKind::Close).await;
    holds(
        "refused after the deadline: one working day",
        due == "2026-12-02 24:00",
    )
}

#[test]
fn q_12_an_extension_that_is_not_reviewed_in_24_hours_is_escalated() {
    let off = Off::Setting("extension.on_review_timeout", json!("approve"));
    proven(&[(off, "silence approves nothing")], silence);
}

#[test]
fn q_12_a_unit_is_not_late_while_its_request_in_time_is_undecided() {
    let off = Off::Setting("extension.pending_not_late", json!(false));
    proven(&[(off, "the organ is late, not the unit")], silence);
}

#[test]
fn q_14_a_critical_matters_first_result_is_due_in_five_hours() {
    let breaks = "report critical of 2026-02-16 23:30 ends 2026-02-17 04:30";
    proven(&[(Off::Setting("first_result", json!("4h")), breaks)], limits);
}

#[test]
fn q_31_an_urgent_inquiry_has_the_72_hours_of_its_urgency() {
    let breaks = "consult urgent of 2026-10-01 08:00 ends 2026-10-04 08:00";
    proven(&[(Off::Setting("close.urgent", json!("71h")), breaks)], limits);
}

#[test]
fn q_33_a_raised_urgency_counts_from_the_change() {
    let off = Off::Setting("raise.start", json!("dispatched"));
    proven(&[(off, "a critical matter's 24 hours")], changed);
}
