//! Signing and giving back: clauses 7.3 and 7.4.

use rexian::account::Role;
use rexian::base::ids::TicketId;
use rexian::ticket::model::ClockEnd;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::State;
use serde_json::Value;
use serde_json::json;

use super::appeals::appeal;
use super::town::City;
use super::town::HOTLINE;
use super::town::instant;
use super::town::reply;
use super::twin::Off;
use super::twin::holds;
use super::twin::proven;

const CALLER: &str = "13800138000";

/// An order that was accepted and dispatched to `unit` at an instant.
async fn dispatched(city: &City, when: &str, unit: &str) -> TicketId {
    city.at(when);
    let ticket = city.accepted(CALLER, &appeal("AP021").fields).await;
    city.dispatch(ticket, unit).await;
    ticket
}

#[test]
fn ac_7_3_a_unit_signs_within_one_working_day_and_speaks_to_the_appellant_before_it_replies() {
    let (one_day, contact) = (
        "one working day to sign",
        "no reply before the appellant was spoken to",
    );
    let twins = [
        (Off::Setting("sign", json!("2wd")), one_day),
        (Off::Rules(&["contact_missing"]), contact),
    ];
    proven(&twins, async |city| {
        for (vector, dispatch, due) in [
            ("V05", "2026-09-30 15:00", "2026-10-08 24:00"),
            ("V02", "2026-11-20 16:00", "2026-11-23 24:00"),
            ("V01", "2026-11-23 10:00", "2026-11-24 24:00"),
        ] {
            let ticket = dispatched(city, dispatch, "t130203").await;
            let found = city.due(ticket, ClockKind::Sign).await;
            println!("{vector}: {found}");
            holds(one_day, found == due)?;
        }
        let unit = city.person(Role::Unit, "t130203").await;
        let other = city.person(Role::Unit, "st").await;
        let (late, in_time) = (
            dispatched(city, "2026-11-23 10:00", "t130203").await,
            dispatched(city, "2026-11-23 10:00", "t130203").await,
        );
        assert_eq!(
            city.give(&other, late, json!({"command": "sign"})).await.status,
            404
        );
        city.at("2026-11-24 23:59:59");
        city.done(&unit, in_time, json!({"command": "sign"})).await;
        city.at("2026-11-24 24:00");
        city.done(&unit, late, json!({"command": "sign"})).await;
        for (ticket, is_late) in [(in_time, false), (late, true)] {
            let signed = city.fact(ticket, "signed").await.unwrap();
            assert_eq!(
                (signed.actor.as_str(), &signed.body["late"]),
                ("user:unit-t130203", &json!(is_late))
            );
            let row = city.ticket(ticket).await.ticket;
            assert_eq!(
                (row.state, row.cycle().unwrap().signed_late),
                (State::Handling, is_late)
            );
            let supervised = city.fact(ticket, "supervised").await;
            assert_eq!(
                supervised.map(|it| it.body["cause"].clone()),
                is_late.then(|| json!("a"))
            );
        }
        let refused = city.give(&unit, in_time, reply()).await;
        holds(contact, refused.status == 422)?;
        assert_eq!(refused.refusal(), "422 contact_missing - 7.7.1 a");
        // Three calls that nobody picked up are evidence enough.
        for _ in 0..3 {
            let call = city.call_without_answer(CALLER).await.id;
            let tried = json!({"command": "record_contact", "way": "phone", "outcome": "no_answer",
                "number": CALLER, "call": call.to_string()});
            city.done(&unit, in_time, tried).await;
        }
        city.done(&unit, in_time, reply()).await;
        city.heard(&unit, late).await;
        city.done(&unit, late, reply()).await;
        let contacted = city.fact(late, "contacted").await.unwrap();
        assert_eq!(
            (contacted.actor.as_str(), &contacted.body["outcome"]),
            ("user:unit-t130203", &json!("reached"))
        );
        Ok(())
    });
}

fn give_back(complex: bool) -> Value {
    json!({"command": "ask_return", "reason": "not_our_duty", "legal_basis": "职责清单第三条",
        "explanation": "不属于本单位职责", "suggested": "cg", "complex": complex})
}

#[test]
fn ac_7_4_a_return_is_asked_within_one_working_day_or_three_and_an_approved_one_voids_the_clocks() {
    let (window, three) = (
        "after one working day it is refused",
        "a complex matter has three working days",
    );
    let twins = [
        (Off::Setting("return_window", json!("5wd")), window),
        (Off::Setting("return_window.complex", json!("2wd")), three),
    ];
    proven(&twins, async |city| {
        let unit = city.person(Role::Unit, "t130203").await;
        let dispatcher = city.person(Role::Dispatcher, HOTLINE).await;
        let supervisor = city.person(Role::Supervisor, HOTLINE).await;
        // V08: over the national holidays, to the last minute and no further.
        let (in_time, late) = (
            dispatched(city, "2026-09-30 15:00", "t130203").await,
            dispatched(city, "2026-09-30 15:00", "t130203").await,
        );
        city.at("2026-10-10 23:59:59");
        let asked = city.give(&unit, in_time, give_back(true)).await;
        holds(three, asked.status == 200)?;
        city.at("2026-10-10 24:00");
        let refused = city.give(&unit, late, give_back(true)).await;
        assert_eq!(refused.refusal(), "422 return_window_over - 7.4");

        // S2: an ordinary matter after the window; the supervisor may take it.
        let ticket = dispatched(city, "2026-11-23 09:40", "t130203").await;
        city.at("2026-11-25 09:00");
        let refused = city.give(&unit, ticket, give_back(false)).await;
        holds(window, refused.status == 422)?;
        assert_eq!(refused.refusal(), "422 return_window_over - 7.4");
        let mut overridden = give_back(false);
        overridden["overridden"] = json!(true);
        let by_unit = city.give(&unit, ticket, overridden.clone()).await;
        assert_eq!(by_unit.refusal(), "403 supervisor_only - 7.4");
        city.done(&supervisor, ticket, overridden).await;
        let asked = city.fact(ticket, "requested").await.unwrap();
        assert_eq!(
            (asked.actor.as_str(), &asked.body["overridden"]),
            ("user:supervisor-hotline", &json!(true))
        );

        // S3: a complex one inside its window; refused, the clocks go on; approved, they are void.
        for approve in [false, true] {
            let ticket = dispatched(city, "2026-11-23 09:40", "t130203").await;
            city.at("2026-11-24 10:00");
            city.done(&unit, ticket, json!({"command": "sign"})).await;
            city.at("2026-11-26 23:00");
            city.done(&unit, ticket, give_back(true)).await;
            city.at("2026-11-26 23:30");
            let decide = json!({"command": "decide_return", "request": 1, "approve": approve, "complex": true,
                "reason": "经核实"});
            let refused = city.give(&unit, ticket, decide.clone()).await;
            assert_eq!(refused.refusal(), "403 role - 7.4");
            city.done(&dispatcher, ticket, decide).await;
            let row = city.ticket(ticket).await.ticket;
            let close = row
                .clocks
                .iter()
                .find(|it| it.clock.kind == ClockKind::Close)
                .unwrap();
            let decided = city.fact(ticket, "request_decided").await.unwrap();
            assert_eq!(decided.actor, "user:dispatcher-hotline");
            if approve {
                assert_eq!(
                    (row.state, close.end),
                    (State::PendingDispatch, Some(ClockEnd::Void))
                );
                assert_eq!(city.due(ticket, ClockKind::Dispatch).await, "2026-11-27 01:30");
                assert_eq!(decided.body["state"], "approved");
            } else {
                assert_eq!((row.state, close.end), (State::Handling, None));
                assert_eq!(close.deadline, Some(instant("2026-11-30 24:00")));
                assert_eq!(decided.body["state"], "refused");
            }
        }
        Ok(())
    });
}
