//! The city itself: people sign in, time passes, a restart loses nothing.

use rexian::account::Role;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::State;
use serde_json::json;

use super::appeals::appeal;
use super::town::HOTLINE;
use super::town::in_a_city;
use super::town::instant;

#[test]
fn an_order_lives_through_a_night_and_a_restart() {
    in_a_city(async |city| {
        city.at("2026-11-23 10:00");
        let ticket = city.accepted("13800138000", &appeal("AP010").fields).await;
        city.dispatch(ticket, "t130203").await;
        assert_eq!(city.due(ticket, ClockKind::Sign).await, "2026-11-24 24:00");
        let unit = city.person(Role::Unit, "t130203").await;
        assert_eq!(
            city.get(&unit, &format!("/tickets/{ticket}")).await.body["state"],
            "pending_sign"
        );
        city.pass_until("2026-11-25 08:00").await;
        city.reopen().await;
        let breach = city.fact(ticket, "supervised").await.unwrap();
        assert_eq!(
            (breach.actor.as_str(), breach.at),
            ("system:", instant("2026-11-24 24:00"))
        );
        city.done(&unit, ticket, json!({"command": "sign"})).await;
        let signed = city.fact(ticket, "signed").await.unwrap();
        assert_eq!(
            (signed.actor.as_str(), &signed.body["late"]),
            ("user:unit-t130203", &json!(true))
        );
        assert_eq!(city.ticket(ticket).await.ticket.state, State::Handling);
        let agent = city.person(Role::Agent, HOTLINE).await;
        let refused = city.give(&agent, ticket, json!({"command": "sign"})).await;
        assert_eq!(refused.refusal(), "403 role - 7.3");
    });
}
