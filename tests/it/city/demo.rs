//! One order from the call to the archive, as the demonstration tells it: every step by the people who take it, the time
//! moved by the clock alone.

use rexian::account::Role;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::State;
use rexian::ticket::model::SubState;
use serde_json::Value;
use serde_json::json;

use super::appeals::appeal;
use super::town::City;
use super::town::HOTLINE;
use super::town::in_a_city;
use super::town::reply;

const CALLER: &str = "13800138000";

fn summed_up(process: &str) -> Value {
    let mut reply = reply();
    reply["process"] = json!(process);
    reply["co_summary"] = json!("供电公司已更换线路");
    reply["unit_followup"] = json!("已电话告知诉求人并听取意见");
    reply
}

fn tried(mode: &str) -> Value {
    json!({"command": "record_attempt", "level": "city", "mode": mode, "note": "无人接听"})
}

fn word(result: &str, satisfaction: &str, call: &str) -> Value {
    json!({"command": "record_result", "level": "city", "mode": "person", "result": result,
        "satisfaction": satisfaction, "opinion": "诉求人原话", "call": call})
}

/// Steps 1 to 5: call, form, no repeats, submission with its message, dispatch.
async fn to_its_unit(city: &City) -> rexian::base::ids::TicketId {
    city.at("2026-11-23 09:00");
    let agent = city.person(Role::Agent, HOTLINE).await;
    let mut fields = appeal("AP009").fields;
    // A whole district, no street: a dispatcher decides.
    fields["region"] = json!("130203");
    let ticket = city.written(CALLER, &fields).await;
    let likes = city
        .get(&agent, &format!("/tickets/{ticket}/duplicates"))
        .await
        .body;
    assert_eq!(likes["items"], json!([]));
    city.done(&agent, ticket, json!({"command": "submit"})).await;
    assert!(!city.messages(ticket).await.is_empty(), "the number is told");
    city.at("2026-11-23 09:40");
    city.dispatch(ticket, "t130203").await;
    ticket
}

/// Steps 6 to 9: signed next morning, spoken to, co-handled with the power company, which is done.
async fn co_handled(city: &City, ticket: rexian::base::ids::TicketId) {
    let unit = city.person(Role::Unit, "t130203").await;
    let co = city.person(Role::Unit, "dl").await;
    let dispatcher = city.person(Role::Dispatcher, HOTLINE).await;
    city.pass_until("2026-11-24 08:30").await;
    city.signed_and_heard(&unit, ticket).await;
    let file = city.upload(&unit, ticket).await;
    let ask = json!({"command": "ask_co_handling", "units": [{"unit": "dl", "matter": "更换故障线路"}],
        "reason": "线路属供电公司", "files": [file]});
    city.done(&unit, ticket, ask).await;
    city.at("2026-11-24 10:00");
    let approve = json!({"command": "decide_co_handling", "request": 1, "approve": true});
    city.done(&dispatcher, ticket, approve).await;
    city.done(&co, ticket, json!({"command": "sign_sub", "sub": 1}))
        .await;
    city.pass_until("2026-11-26 15:00").await;
    let done = json!({"command": "reply_sub", "sub": 1, "reply": "线路已更换"});
    city.done(&co, ticket, done).await;
}

#[test]
fn the_demo_script_runs_from_the_call_to_the_archive_and_the_five_rates() {
    in_a_city(async |city| {
        let ticket = to_its_unit(city).await;
        co_handled(city, ticket).await;
        let unit = city.person(Role::Unit, "t130203").await;
        let co = city.person(Role::Unit, "dl").await;
        let reviewer = city.person(Role::Reviewer, HOTLINE).await;
        let caller = city.person(Role::Followup, HOTLINE).await;
        // 10, 11: the first unit replies for both, and the organ passes it.
        city.at("2026-11-27 10:00");
        city.done(&unit, ticket, summed_up("线路更换后路灯恢复")).await;
        city.done(&reviewer, ticket, json!({"command": "pass_review"}))
            .await;
        // 12: the robot reaches nobody, the message neither; a person hears that nothing is solved.
        city.pass_until("2026-11-27 11:00").await;
        city.done(&caller, ticket, tried("robot")).await;
        city.pass_until("2026-11-27 15:30").await;
        city.done(&caller, ticket, tried("sms")).await;
        city.pass_until("2026-11-30 10:00").await;
        let call = city.call(CALLER).await.id.to_string();
        let answered = city
            .done(&caller, ticket, word("unsolved", "unsatisfied", &call))
            .await;
        assert_eq!(answered["state"], "verify");
        // 13: verified, and back to both.
        city.at("2026-12-01 10:00");
        let rework = json!({"command": "decide_verdict", "verdict": "rework", "reason": "北段仍有三盏不亮"});
        city.done(&caller, ticket, rework).await;
        let row = city.ticket(ticket).await.ticket;
        assert_eq!(
            (row.state, row.cycle_no(), row.subs[0].state),
            (State::Rework, 2, SubState::Rework)
        );
        assert_eq!(city.due(ticket, ClockKind::Close).await, "2026-12-08 24:00");
        // 14: the second cycle.
        city.pass_until("2026-12-03 14:00").await;
        let done = json!({"command": "reply_sub", "sub": 1, "reply": "北段线路已更换"});
        city.done(&co, ticket, done).await;
        city.heard(&unit, ticket).await;
        city.done(&unit, ticket, summed_up("北段三盏路灯已更换")).await;
        city.done(&reviewer, ticket, json!({"command": "pass_review"}))
            .await;
        // 15: satisfied.
        city.pass_until("2026-12-04 10:00").await;
        let call = city.call(CALLER).await.id.to_string();
        city.done(&caller, ticket, word("solved", "satisfied", &call))
            .await;
        assert_eq!(city.ticket(ticket).await.ticket.state, State::Closed);
        // 16: archived a day later, and the package is whole.
        city.pass_until("2026-12-05 10:01").await;
        let row = city.ticket(ticket).await.ticket;
        assert_eq!(row.state, State::Archived);
        let check = city.archiver().verify(&row.number).await.unwrap();
        assert!(check.is_sound(), "{check:?}");
        // 17: the five rates show it.
        for (rate, figure) in [
            ("sign_on_time", (1, 1)),
            ("close_on_time", (1, 1)),
            ("followup", (1, 1)),
            ("solved", (1, 1)),
            ("satisfied", (1, 1)),
        ] {
            assert_eq!(city.share(rate).await, figure, "{rate}");
        }
        assert_eq!(
            city.share("solved_first").await,
            (0, 1),
            "the first word stands too"
        );
        let facts = city.facts(ticket).await;
        let acted: std::collections::BTreeSet<&str> = facts.iter().map(|it| it.actor.as_str()).collect();
        for who in [
            "agent:a1001",
            "user:dispatcher-hotline",
            "user:unit-t130203",
            "user:unit-dl",
            "user:reviewer-hotline",
            "user:followup-hotline",
            "system:",
        ] {
            assert!(acted.contains(who), "{who}: {acted:?}");
        }
    });
}
