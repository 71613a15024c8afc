//! 督办, co-handling and rework. 7.8.1, B.2, B.3, B.4.

use rexian::account::Role;
use rexian::ticket::model::ClockKind;
use serde_json::json;

use super::steps::actor;
use super::steps::co_handled;
use super::steps::co_handling;
use super::steps::form;
use super::steps::heard;
use super::steps::part_done;
use super::steps::pass;
use super::steps::replied;
use super::steps::reply;
use super::steps::signed;
use super::steps::state;
use super::steps::why;
use super::steps::word;
use super::town::City;
use super::town::HOTLINE;
use super::town::instant;
use super::twin::Finding;
use super::twin::Off;
use super::twin::holds;
use super::twin::proven;

async fn supervised(city: &mut City) -> Finding {
    city.at("2026-11-23 09:40");
    let ticket = city.accepted("13800138000", &form("help", "normal")).await;
    city.dispatch(ticket, "ga").await;
    city.pass_until("2026-11-24 23:59:59").await;
    assert!(city.ticket(ticket).await.ticket.supervisions.is_empty());
    city.pass_until("2026-11-25 00:00").await;
    let first = city.fact(ticket, "supervised").await;
    let sent = first.map(|it| (it.at, it.actor, it.body["cause"].clone()));
    let expected = (instant("2026-11-24 24:00"), "system:".to_owned(), json!("a"));
    holds("late to sign: 督办 a within the minute", sent == Some(expected))?;
    let unit = city.person(Role::Unit, "ga").await;
    let read = json!({"command": "read_supervision", "no": 1});
    let other = city.person(Role::Unit, "jj").await;
    let refused = city.give(&other, ticket, read.clone()).await;
    holds(
        "another unit reads it not",
        refused.status == 403 || refused.status == 404,
    )?;
    city.done(&unit, ticket, read).await;
    city.done(
        &unit,
        ticket,
        json!({"command": "reply_supervision", "no": 1, "reply": "已安排专人签收。"}),
    )
    .await;
    assert_eq!(actor(city, ticket, "supervision_changed").await, "user:unit-ga");
    let dispatcher = city.person(Role::Dispatcher, HOTLINE).await;
    city.done(
        &dispatcher,
        ticket,
        json!({"command": "judge_supervision", "no": 1, "satisfied": true}),
    )
    .await;
    city.done(&unit, ticket, json!({"command": "sign"})).await;
    city.pass_until("2026-12-02 09:00").await;
    let causes = async || {
        let all = city.ticket(ticket).await.ticket.supervisions;
        all.iter().map(|it| it.cause.code()).collect::<String>()
    };
    holds("late to close: 督办 b, once a cause", causes().await == "ab")?;
    let again = json!({"command": "supervise", "cause": "b", "text": "请尽快办结"});
    let refused = city.give(&dispatcher, ticket, again).await;
    holds(
        "once a cause and cycle",
        why(&refused) == "already_supervised - 7.8.1",
    )?;
    heard(city, ticket).await;
    let reviewer = city.person(Role::Reviewer, HOTLINE).await;
    for _ in 0..2 {
        city.done(&unit, ticket, reply()).await;
        let back = json!({"command": "send_back_reply", "rules": ["result"], "reason": "未写明办理结果"});
        city.done(&reviewer, ticket, back).await;
    }
    holds("a poor reply twice: 督办 c", causes().await == "abc")
}

#[test]
fn ac_7_8_1_a_late_signature_a_late_reply_and_a_poor_one_are_supervised_once_each() {
    let off = Off::Setting("sign", json!("2wd"));
    proven(&[(off, "late to sign: 督办 a within the minute")], supervised);
}

async fn asked(city: &mut City) -> Finding {
    city.at("2026-11-23 09:40");
    let ticket = signed(city, &form("help", "normal")).await;
    let late = signed(city, &form("help", "normal")).await;
    let unit = city.person(Role::Unit, "ga").await;
    let refused = city.give(&unit, ticket, co_handling("jj", &[])).await;
    holds(
        "no file, no co-handling",
        refused.refusal().ends_with("files B.2"),
    )?;
    assert_eq!(actor(city, ticket, "requested").await, "-");
    let agent = city.person(Role::Agent, HOTLINE).await;
    let file = city.upload(&unit, ticket).await;
    let refused = city
        .give(&agent, ticket, co_handling("jj", std::slice::from_ref(&file)))
        .await;
    holds("only the first unit asks", why(&refused) == "role - B.2")?;
    let mut two = co_handling("jj", &[file]);
    two["units"]
        .as_array_mut()
        .unwrap()
        .push(json!({"unit": "jy", "matter": "请提供资料"}));
    city.done(&unit, ticket, two).await;
    assert_eq!(actor(city, ticket, "requested").await, "user:unit-ga");
    let dispatcher = city.person(Role::Dispatcher, HOTLINE).await;
    let approve =
        json!({"command": "decide_co_handling", "request": 1, "approve": true, "reason": "同意协办"});
    city.done(&dispatcher, ticket, approve).await;
    let row = city.ticket(ticket).await.ticket;
    let parts: Vec<_> = row.subs.iter().map(|it| (it.unit.as_str(), it.at)).collect();
    holds(
        "all co-units at once",
        parts == [("jj", city.now()), ("jy", city.now())],
    )?;
    let due = |no| row.clock(ClockKind::Close, no).and_then(|it| it.deadline);
    holds("by the main deadline", due(1) == due(0) && due(2) == due(0))?;
    // On the second day it is too late, but for the supervisor's word.
    city.pass_until("2026-11-25 09:00").await;
    let file = city.upload(&unit, late).await;
    let mut second_day = co_handling("jj", &[file]);
    let refused = city.give(&unit, late, second_day.clone()).await;
    holds("not on the second day", why(&refused) == "co_window_over - B.2")?;
    second_day["overridden"] = json!(true);
    let supervisor = city.person(Role::Supervisor, HOTLINE).await;
    city.done(&supervisor, late, second_day).await;
    let fact = city.fact(late, "requested").await.unwrap();
    assert_eq!(
        (fact.actor.as_str(), &fact.body["overridden"]),
        ("user:supervisor-hotline", &json!(true))
    );
    Ok(())
}

#[test]
fn ac_b_2_co_handling_takes_a_file() {
    proven(&[(Off::Rules(&["files"]), "no file, no co-handling")], asked);
}

#[test]
fn ac_b_2_co_handling_is_asked_in_one_working_day() {
    proven(
        &[(Off::Rules(&["co_window_over"]), "not on the second day")],
        asked,
    );
}

#[test]
fn q_15_a_co_unit_has_the_main_deadline() {
    // With a limit of its own each part has its own five days, which here is the same day: approved a day later it is not.
    proven(
        &[(
            Off::Setting("co.deadline", json!("own")),
            "the co-unit has the main deadline",
        )],
        own_deadline,
    );
}

async fn own_deadline(city: &mut City) -> Finding {
    city.at("2026-11-23 09:40");
    let ticket = signed(city, &form("help", "normal")).await;
    city.at("2026-11-24 10:00");
    co_handled(city, ticket, "jj").await;
    let row = city.ticket(ticket).await.ticket;
    let due = row.clock(ClockKind::Close, 1).and_then(|it| it.deadline);
    assert_eq!(actor(city, ticket, "sub_opened").await, "user:dispatcher-hotline");
    holds(
        "the co-unit has the main deadline",
        due == Some(instant("2026-11-30 24:00")),
    )
}

async fn summed_up(city: &mut City) -> Finding {
    city.at("2026-11-23 09:40");
    let ticket = signed(city, &form("help", "normal")).await;
    co_handled(city, ticket, "jj").await;
    heard(city, ticket).await;
    let unit = city.person(Role::Unit, "ga").await;
    let co = city.person(Role::Unit, "jj").await;
    part_done(city, ticket, "jj").await;
    let refused = city.give(&co, ticket, reply()).await;
    holds(
        "a co-unit does not answer the appellant",
        why(&refused) == "not_your_unit - 7.5.2",
    )?;
    let refused = city.give(&unit, ticket, reply()).await;
    holds(
        "the first unit sums up the others' work",
        refused.refusal().ends_with("co_summary B.3"),
    )?;
    let mut whole = reply();
    whole["co_summary"] = json!("协办单位已经现场核实。");
    let refused = city.give(&unit, ticket, whole.clone()).await;
    holds(
        "and has asked the appellant itself",
        refused.refusal().ends_with("unit_followup B.3"),
    )?;
    whole["unit_followup"] = json!("诉求人表示满意。");
    city.done(&unit, ticket, whole).await;
    assert_eq!(actor(city, ticket, "fed_back").await, "user:unit-ga");
    let shown = city
        .get(&unit, &format!("/tickets/{ticket}"))
        .await
        .body
        .to_string();
    holds(
        "both are read in the order",
        shown.contains("协办单位已经现场核实") && shown.contains("诉求人表示满意"),
    )
}

#[test]
fn ac_b_3_the_first_unit_sums_up_and_follows_up_itself() {
    let breaks = "the first unit sums up the others' work";
    proven(&[(Off::Rules(&["co_summary"]), breaks)], summed_up);
}

async fn again(city: &mut City) -> Finding {
    city.at("2026-11-23 09:40");
    let ticket = signed(city, &form("help", "normal")).await;
    co_handled(city, ticket, "jj").await;
    heard(city, ticket).await;
    part_done(city, ticket, "jj").await;
    let unit = city.person(Role::Unit, "ga").await;
    let mut whole = reply();
    whole["co_summary"] = json!("协办单位已经现场核实。");
    whole["unit_followup"] = json!("诉求人表示满意。");
    city.done(&unit, ticket, whole).await;
    pass(city, ticket).await;
    let followup = city.person(Role::Followup, HOTLINE).await;
    city.done(&followup, ticket, word("person", "unsolved", "unsatisfied"))
        .await;
    city.at("2026-12-03 10:00");
    let rework = json!({"command": "decide_verdict", "verdict": "rework", "reason": "未实质性解决"});
    let refused = city.give(&unit, ticket, rework.clone()).await;
    holds("a unit does not verify itself", why(&refused) == "role - 7.7.1")?;
    city.done(&followup, ticket, rework).await;
    assert_eq!(actor(city, ticket, "reworked").await, "user:followup-hotline");
    let row = city.ticket(ticket).await.ticket;
    holds("a new cycle", (row.cycle_no(), row.state.code()) == (2, "rework"))?;
    holds(
        "the first cycle is kept on time",
        row.cycles.first().is_some_and(|it| !it.fed_back_late),
    )?;
    holds(
        "S6: five days from the return",
        city.due(ticket, ClockKind::Close).await == "2026-12-10 24:00",
    )?;
    holds(
        "the co-unit has it back too",
        row.subs.first().is_some_and(|it| it.state.code() == "rework"),
    )?;
    // B.4 and S6: a reply waits for the co-unit's part again.
    heard(city, ticket).await;
    let mut second = reply();
    second["co_summary"] = json!("协办单位已经重新核实。");
    second["unit_followup"] = json!("诉求人表示满意。");
    let refused = city.give(&unit, ticket, second).await;
    holds(
        "and the reply waits for it",
        why(&refused) == "co_parts_open - B.2",
    )
}

#[test]
fn ac_b_4_what_was_not_solved_goes_back_to_the_first_unit_and_the_co_units() {
    let off = Off::Setting("rework.co_units", json!("chosen"));
    proven(&[(off, "the co-unit has it back too")], again);
}

#[test]
fn q_17_a_rework_has_the_orders_own_limit_from_its_return() {
    let off = Off::Setting("rework_limit", json!("consult"));
    proven(&[(off, "S6: five days from the return")], again);
}

async fn reviewed(city: &mut City) -> Finding {
    city.at("2026-11-23 09:40");
    let ticket = replied(city, &form("help", "normal")).await;
    holds("a reply is reviewed", state(city, ticket).await == "review")?;
    holds(
        "in one working day",
        city.due(ticket, ClockKind::FeedbackReview).await == "2026-11-24 24:00",
    )?;
    city.at("2026-11-25 09:40");
    let reviewer = city.person(Role::Reviewer, HOTLINE).await;
    let unit = city.person(Role::Unit, "ga").await;
    let back = json!({"command": "send_back_reply", "rules": ["facts"], "reason": "事实不清"});
    let refused = city.give(&unit, ticket, back.clone()).await;
    holds("a unit does not review", why(&refused) == "role - 7.5.2")?;
    city.done(&reviewer, ticket, back).await;
    assert_eq!(
        actor(city, ticket, "review_sent_back").await,
        "user:reviewer-hotline"
    );
    holds(
        "the organ's two days are given back",
        city.due(ticket, ClockKind::Close).await == "2026-12-02 24:00",
    )
}

#[test]
fn q_18_a_reply_is_reviewed_unless_the_site_says_otherwise() {
    proven(
        &[(Off::Setting("review.on", json!(false)), "a reply is reviewed")],
        reviewed,
    );
}

#[test]
fn q_18_the_time_of_the_review_is_the_organs() {
    let off = Off::Setting("credit_review_time", json!(false));
    proven(&[(off, "the organ's two days are given back")], reviewed);
}
