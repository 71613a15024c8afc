//! Readings of what the standard leaves open: the default one holds, and another value of its setting reads otherwise.

use rexian::account::Role;
use rexian::base::ids::TicketId;
use rexian::ticket::model::ClockKind;
use serde_json::Value;
use serde_json::json;

use super::steps::actor;
use super::steps::co_handled;
use super::steps::contact;
use super::steps::form;
use super::steps::more_time;
use super::steps::pass;
use super::steps::reply;
use super::steps::reviewed;
use super::steps::signed;
use super::steps::state;
use super::steps::why;
use super::steps::word;
use super::town::City;
use super::town::HOTLINE;
use super::twin::Finding;
use super::twin::Off;
use super::twin::holds;
use super::twin::proven;

const GRID: &str = "130202001-g01";

fn give_back() -> Value {
    json!({"command": "ask_return", "reason": "not_our_duty", "legal_basis": "《三定方案》第二条",
        "explanation": "不属于我单位职责"})
}

async fn decide_return(city: &City, ticket: TicketId, approve: bool) {
    let dispatcher = city.person(Role::Dispatcher, HOTLINE).await;
    let request = city.ticket(ticket).await.ticket.requests.len();
    let decide =
        json!({"command": "decide_return", "request": request, "approve": approve, "reason": "已核实"});
    city.done(&dispatcher, ticket, decide).await;
}

async fn starts(city: &mut City) -> Finding {
    city.at("2026-11-23 10:00");
    let ticket = city.accepted("13800138000", &form("help", "normal")).await;
    city.dispatch(ticket, "ga").await;
    city.at("2026-11-24 10:00");
    let unit = city.person(Role::Unit, "ga").await;
    city.done(&unit, ticket, json!({"command": "sign"})).await;
    assert_eq!(actor(city, ticket, "signed").await, "user:unit-ga");
    let due = city.due(ticket, ClockKind::Close).await;
    holds("the limit counts from the dispatch", due == "2026-11-30 24:00")?;
    city.at("2026-11-25 09:00");
    let refused = city.give(&unit, ticket, give_back()).await;
    holds(
        "so does the window to return",
        why(&refused) == "return_window_over - 7.4",
    )
}

#[test]
fn q_2_the_limit_counts_from_the_dispatch_and_not_from_signing() {
    let off = Off::Setting("close_start", json!("signed"));
    proven(&[(off, "the limit counts from the dispatch")], starts);
}

#[test]
fn q_7_the_window_to_return_counts_from_the_dispatch() {
    let off = Off::Setting("return_start", json!("signed"));
    proven(&[(off, "so does the window to return")], starts);
}

async fn given_back(city: &mut City) -> Finding {
    city.at("2026-11-23 10:00");
    let ticket = city.accepted("13800138000", &form("help", "normal")).await;
    for unit in ["ga", "jj"] {
        city.dispatch(ticket, unit).await;
        let officer = city.person(Role::Unit, unit).await;
        city.done(&officer, ticket, give_back()).await;
        decide_return(city, ticket, true).await;
        assert_eq!(state(city, ticket).await, "pending_dispatch");
        assert_eq!(
            actor(city, ticket, "request_decided").await,
            "user:dispatcher-hotline"
        );
    }
    let dispatcher = city.person(Role::Dispatcher, HOTLINE).await;
    let third = json!({"command": "dispatch", "unit": "jy", "basis": "judgement", "reason": "按职责判断"});
    let refused = city.give(&dispatcher, ticket, third).await;
    holds(
        "twice given back goes to arbitration",
        why(&refused) == "arbitration_needed - B.1",
    )?;
    let open = json!({"command": "open_arbitration", "reason": "责任不清"});
    city.done(&dispatcher, ticket, open).await;
    let decide = json!({"command": "arbitrate", "unit": "ga", "decision": "会商决定由该单位办理", "legal_basis": "职责规定"});
    city.done(&dispatcher, ticket, decide).await;
    let unit = city.person(Role::Unit, "ga").await;
    let refused = city.give(&unit, ticket, give_back()).await;
    holds("and then it is final", why(&refused) == "final_dispatch - B.1")
}

#[test]
fn q_10_after_two_returns_the_organ_decides_and_the_unit_keeps_it() {
    let off = Off::Setting("return.max_approved", json!(3));
    proven(&[(off, "twice given back goes to arbitration")], given_back);
}

async fn late_review(city: &mut City) -> Finding {
    city.at("2026-11-23 10:00");
    let ticket = signed(city, &form("help", "normal")).await;
    let unit = city.person(Role::Unit, "ga").await;
    city.done(&unit, ticket, give_back()).await;
    holds(
        "the limit goes on meanwhile",
        city.due(ticket, ClockKind::Close).await == "2026-11-30 24:00",
    )?;
    city.at("2026-11-26 10:00");
    decide_return(city, ticket, false).await;
    assert_eq!(
        actor(city, ticket, "request_decided").await,
        "user:dispatcher-hotline"
    );
    let due = city.due(ticket, ClockKind::Close).await;
    holds(
        "what the organ took too long is given back",
        due == "2026-12-01 24:00",
    )
}

#[test]
fn q_9_a_return_under_review_stops_nothing_and_the_organs_delay_is_given_back() {
    let off = Off::Setting("credit_return_review", json!(false));
    proven(
        &[(off, "what the organ took too long is given back")],
        late_review,
    );
}

async fn once_more(city: &mut City) -> Finding {
    city.at("2026-11-23 10:00");
    let ticket = signed(city, &form("help", "normal")).await;
    let unit = city.person(Role::Unit, "ga").await;
    let refused = city.give(&unit, ticket, more_time("2026-12-14")).await;
    holds(
        "no longer than the limit itself",
        why(&refused) == "extension_too_long - 7.6",
    )?;
    city.done(&unit, ticket, more_time("2026-12-02")).await;
    let supervisor = city.person(Role::Supervisor, HOTLINE).await;
    let approve = json!({"command": "decide_extension", "request": 1, "approve": true});
    city.done(&supervisor, ticket, approve).await;
    assert_eq!(
        actor(city, ticket, "clock_moved").await,
        "user:supervisor-hotline"
    );
    let refused = city.give(&unit, ticket, more_time("2026-12-04")).await;
    holds("once and not again", why(&refused) == "extension_used - 7.6")
}

#[test]
fn q_11_more_time_is_given_once() {
    proven(
        &[(
            Off::Setting("extension.max_count", json!(2)),
            "once and not again",
        )],
        once_more,
    );
}

#[test]
fn q_11_more_time_is_at_most_the_limits_own_length() {
    let off = Off::Setting("extension.max_length", json!(200));
    proven(&[(off, "no longer than the limit itself")], once_more);
}

async fn part_back(city: &mut City) -> Finding {
    city.at("2026-11-23 10:00");
    let ticket = signed(city, &form("help", "normal")).await;
    co_handled(city, ticket, "jj").await;
    let (co, unit) = (
        city.person(Role::Unit, "jj").await,
        city.person(Role::Unit, "ga").await,
    );
    let mut back = give_back();
    back["sub"] = json!(1);
    let refused = city.give(&unit, ticket, back.clone()).await;
    assert_ne!(refused.status, 200, "only the co-unit itself");
    let asked = city.give(&co, ticket, back).await;
    holds("a co-unit may give its part back", asked.status == 200)?;
    assert_eq!(actor(city, ticket, "requested").await, "user:unit-jj");
    decide_return(city, ticket, true).await;
    let part = city
        .ticket(ticket)
        .await
        .ticket
        .subs
        .first()
        .map(|it| it.state.code());
    holds(
        "and the part is void",
        part == Some("void") && state(city, ticket).await == "handling",
    )
}

#[test]
fn q_16_a_co_unit_may_give_its_part_back() {
    proven(
        &[(
            Off::Setting("co.may_return", json!(false)),
            "a co-unit may give its part back",
        )],
        part_back,
    );
}

async fn by_the_grid(city: &mut City) -> Finding {
    city.at("2026-11-23 10:00");
    let mut fields = form("help", "normal");
    fields["category"] = json!("010102");
    fields["region"] = json!("130202001");
    fields["place"] = json!("at");
    let ticket = city.accepted("13800138000", &fields).await;
    holds(
        "a matter of the list goes to the grid",
        state(city, ticket).await == "pending_sign",
    )?;
    let officer = city.grid_officer(GRID).await;
    for command in [json!({"command": "sign"}), contact(), reply()] {
        city.done(&officer, ticket, command).await;
    }
    pass(city, ticket).await;
    assert_eq!(actor(city, ticket, "fed_back").await, format!("user:grid-{GRID}"));
    holds(
        "a citizen's is followed up",
        state(city, ticket).await == "followup",
    )?;
    // Reworked, the officer has it again.
    let followup = city.person(Role::Followup, HOTLINE).await;
    city.done(&followup, ticket, word("person", "unsolved", "unsatisfied"))
        .await;
    let rework = json!({"command": "decide_verdict", "verdict": "rework", "reason": "未实质性解决"});
    city.done(&followup, ticket, rework).await;
    city.done(&officer, ticket, contact()).await;
    holds(
        "and comes back to its officer",
        state(city, ticket).await == "rework",
    )
}

#[test]
fn q_19_a_citizens_matter_that_went_to_a_grid_is_followed_up() {
    let off = Off::Setting("exempt_grid_direct", json!(true));
    proven(&[(off, "a citizen's is followed up")], by_the_grid);
}

async fn pressing(city: &mut City) -> Finding {
    city.at("2026-11-23 10:00");
    let ticket = city.accepted("13800138000", &form("help", "critical")).await;
    holds(
        "dispatched in 15 minutes",
        city.due(ticket, ClockKind::Dispatch).await == "2026-11-23 10:15",
    )?;
    holds(
        "the duty office knows in 15 minutes",
        city.due(ticket, ClockKind::DutyNotice).await == "2026-11-23 10:15",
    )?;
    city.dispatch(ticket, "ga").await;
    holds(
        "signed in 30 minutes",
        city.due(ticket, ClockKind::Sign).await == "2026-11-23 10:30",
    )?;
    let unit = city.person(Role::Unit, "ga").await;
    let refused = city.give(&unit, ticket, give_back()).await;
    holds(
        "a critical matter is not given back",
        why(&refused) == "critical_not_returned - 7.4",
    )?;
    let told = json!({"command": "acknowledge_duty", "name": "值班员张某"});
    city.done(&unit, ticket, told).await;
    assert_eq!(actor(city, ticket, "duty_acknowledged").await, "user:unit-ga");
    holds(
        "and then nobody waits",
        city.due(ticket, ClockKind::DutyNotice).await == "-",
    )
}

#[test]
fn q_26_the_first_moment_has_numbers() {
    proven(
        &[(
            Off::Setting("duty_notice", json!("20min")),
            "the duty office knows in 15 minutes",
        )],
        pressing,
    );
}

#[test]
fn q_26_a_critical_order_is_dispatched_in_fifteen_minutes() {
    proven(
        &[(
            Off::Setting("dispatch.critical", json!("1h")),
            "dispatched in 15 minutes",
        )],
        pressing,
    );
}

#[test]
fn q_7_a_critical_matter_is_not_given_back() {
    proven(
        &[(
            Off::Setting("return.critical", json!(true)),
            "a critical matter is not given back",
        )],
        pressing,
    );
}

async fn archived(city: &mut City) -> Finding {
    city.at("2026-11-23 10:00");
    let ticket = reviewed(city, &form("help", "normal")).await;
    let followup = city.person(Role::Followup, HOTLINE).await;
    city.done(&followup, ticket, word("person", "solved", "satisfied"))
        .await;
    assert_eq!(actor(city, ticket, "closed").await, "user:followup-hotline");
    holds(
        "archived after a day",
        city.due(ticket, ClockKind::Archive).await == "2026-11-24 10:00",
    )
}

#[test]
fn q_29_a_closed_order_is_archived_after_a_day() {
    proven(
        &[(Off::Setting("archive", json!("48h")), "archived after a day")],
        archived,
    );
}

async fn flags(city: &mut City) -> Finding {
    city.at("2026-11-23 10:00");
    let ticket = city.accepted("13800138000", &form("help", "normal")).await;
    city.dispatch(ticket, "t130203").await;
    let supervisor = city.person(Role::Supervisor, HOTLINE).await;
    let flag = |on: bool| json!({"command": "set_flag", "flag": "group", "on": on, "reason": "多人反映"});
    city.done(&supervisor, ticket, flag(true)).await;
    assert_eq!(actor(city, ticket, "flagged").await, "user:supervisor-hotline");
    let unit = city.person(Role::Unit, "t130203").await;
    assert_eq!(why(&city.give(&unit, ticket, flag(false)).await), "role - 7.6");
    let county = city.person(Role::Supervisor, "t130203").await;
    let refused = city.give(&county, ticket, flag(false)).await;
    holds(
        "only the city's organ takes a flag away",
        why(&refused) == "city_organ - 7.6",
    )
}

#[test]
fn q_13_a_flag_is_taken_away_by_the_citys_organ_alone() {
    let off = Off::Setting("flags.unit_may_remove", json!(true));
    proven(&[(off, "only the city's organ takes a flag away")], flags);
}
