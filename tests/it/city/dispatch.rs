//! Dispatch: clause 7.2 with the first unit, the co-units and the grid.

use rexian::account::Role;
use rexian::base::ids::TicketId;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::RouteBasis;
use rexian::ticket::model::State;
use rexian::ticket::model::SubState;
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

#[test]
fn ac_7_2_praise_is_told_to_its_unit_and_never_has_a_unit_clock() {
    let sentence = "praise has no clock of a unit";
    proven(&[(Off::Rules(&["praise_is_told"]), sentence)], async |city| {
        city.at("2026-11-23 10:00");
        let ticket = city.accepted(CALLER, &appeal("AP083").fields).await;
        city.dispatch(ticket, "gj").await;
        let row = city.ticket(ticket).await.ticket;
        let of_unit = [ClockKind::Sign, ClockKind::Close, ClockKind::ReturnWindow];
        let none = row.clocks.iter().all(|it| !of_unit.contains(&it.clock.kind));
        holds(sentence, none)?;
        assert_eq!(row.state, State::Closed);
        let unit = city.person(Role::Unit, "gj").await;
        let refused = city.give(&unit, ticket, json!({"command": "sign"})).await;
        assert_eq!(refused.refusal(), "409 not_allowed - 7.3");
        let fact = city.fact(ticket, "dispatched").await.unwrap();
        assert_eq!(
            (fact.actor.as_str(), &fact.body["for_information"]),
            ("user:dispatcher-hotline", &json!(true))
        );
        Ok(())
    });
}

#[test]
fn ac_7_2a_two_hours_to_dispatch_and_the_duty_office_is_told_at_once_and_again_until_it_answers() {
    let (two_hours, escalated) = (
        "two hours by day and night",
        "who is silent for 15 minutes is told of",
    );
    let twins = [
        (Off::Setting("dispatch", json!("3h")), two_hours),
        (Off::Setting("duty_notice", json!("60min")), escalated),
    ];
    proven(&twins, async |city| {
        // V19: a Sunday night.
        city.at("2026-11-22 23:10");
        let ticket = city.accepted(CALLER, &appeal("AP021").fields).await;
        let due = city.due(ticket, ClockKind::Dispatch).await;
        holds(two_hours, due == "2026-11-23 01:10")?;
        city.pass_until("2026-11-23 02:00").await;
        let breach = city.fact(ticket, "clock_breached").await.unwrap();
        assert_eq!(
            (breach.actor.as_str(), breach.at),
            ("system:", instant("2026-11-23 01:10"))
        );

        city.at("2026-11-23 10:00");
        let unit = city.person(Role::Unit, "rq").await;
        for answered in [true, false] {
            city.at(if answered {
                "2026-11-23 10:00"
            } else {
                "2026-11-23 12:00"
            });
            let dispatched = city.now();
            let ticket = city.accepted(CALLER, &appeal("AP029").fields).await;
            city.dispatch(ticket, "rq").await;
            let notice = city.fact(ticket, "duty_notified").await.unwrap();
            assert_eq!(notice.body["unit"], "rq");
            let jobs = city.messages(ticket).await;
            let waited = jobs
                .iter()
                .filter(|it| it.notification.recipient_tag.as_deref() == Some("unit:rq"))
                .map(|it| it.notification.created_at.since(dispatched));
            assert!(
                waited.min().is_some_and(|it| it.as_secs() <= 60),
                "{}",
                jobs.len()
            );
            if answered {
                city.at("2026-11-23 10:04");
                let ack = json!({"command": "acknowledge_duty", "name": "值班员李某"});
                city.done(&unit, ticket, ack).await;
                let fact = city.fact(ticket, "duty_acknowledged").await.unwrap();
                assert_eq!(
                    (fact.actor.as_str(), fact.at),
                    ("user:unit-rq", instant("2026-11-23 10:04"))
                );
                city.pass_until("2026-11-23 10:40").await;
                let told = city.facts(ticket).await;
                assert_eq!(
                    told.iter().filter(|it| it.kind == "ticket.duty_notified").count(),
                    1
                );
                continue;
            }
            city.pass_until("2026-11-23 12:16").await;
            let facts = city.facts(ticket).await;
            let again = facts
                .iter()
                .filter(|it| it.kind == "ticket.duty_notified")
                .count();
            assert!(2 < again, "{again} notices");
            let silent = facts
                .iter()
                .rev()
                .find(|it| it.kind == "ticket.clock_breached" && it.body["clock"]["kind"] == "duty_notice");
            holds(
                escalated,
                silent.is_some_and(|it| it.at == instant("2026-11-23 12:15")),
            )?;
        }
        let agent = city.person(Role::Agent, HOTLINE).await;
        let refused = city
            .give(
                &agent,
                ticket,
                json!({"command": "dispatch", "unit": "cg", "basis": "judgement"}),
            )
            .await;
        assert_eq!(refused.refusal(), "403 role - 7.2");
        Ok(())
    });
}

#[test]
fn ac_7_2b1_a_cycle_has_one_first_unit_and_no_second() {
    let sentence = "the first unit stays";
    proven(&[(Off::Rules(&["state"]), sentence)], async |city| {
        city.at("2026-11-23 10:00");
        let ticket = city.accepted(CALLER, &appeal("AP021").fields).await;
        city.dispatch(ticket, "t130203").await;
        let dispatcher = city.person(Role::Dispatcher, HOTLINE).await;
        let second =
            json!({"command": "dispatch", "unit": "st", "basis": "judgement", "reason": "也属于该单位职责"});
        let refused = city.give(&dispatcher, ticket, second).await;
        let row = city.ticket(ticket).await.ticket;
        let units: Vec<&str> = row
            .cycles
            .iter()
            .map(|it| it.unit.as_ref().unwrap().as_str())
            .collect();
        holds(sentence, units == ["t130203"])?;
        assert_eq!(refused.refusal(), "409 not_allowed - 7.2");
        let other = city.person(Role::Unit, "st").await;
        assert_eq!(
            city.give(&other, ticket, json!({"command": "sign"})).await.status,
            404
        );
        let facts = city.facts(ticket).await;
        let sent: Vec<&str> = facts
            .iter()
            .filter(|it| it.kind == "ticket.dispatched")
            .map(|it| it.actor.as_str())
            .collect();
        assert_eq!(sent, ["user:dispatcher-hotline"]);
        Ok(())
    });
}

/// An order that `t130203` has signed and co-handles with `st` since 2026-11-23 11:00.
async fn co_handled(city: &City) -> TicketId {
    city.at("2026-11-23 10:00");
    let ticket = city.accepted(CALLER, &appeal("AP021").fields).await;
    city.dispatch(ticket, "t130203").await;
    city.at("2026-11-23 11:00");
    let first = city.person(Role::Unit, "t130203").await;
    city.signed_and_heard(&first, ticket).await;
    let file = city.upload(&first, ticket).await;
    let ask = json!({"command": "ask_co_handling", "units": [{"unit": "st", "matter": "检测油烟排放"}],
        "reason": "需要环境监测", "files": [file]});
    city.done(&first, ticket, ask).await;
    let dispatcher = city.person(Role::Dispatcher, HOTLINE).await;
    let decide = json!({"command": "decide_co_handling", "request": 1, "approve": true});
    city.done(&dispatcher, ticket, decide).await;
    let co = city.person(Role::Unit, "st").await;
    city.done(&co, ticket, json!({"command": "sign_sub", "sub": 1}))
        .await;
    ticket
}

/// A reply of a first unit that did not work alone.
fn summed_up() -> Value {
    let mut reply = reply();
    reply["co_summary"] = json!("生态环境部门已完成检测");
    reply["unit_followup"] = json!("已电话回访，诉求人认可");
    reply
}

#[test]
fn ac_7_2b2_a_co_unit_has_no_right_to_answer_the_appellant() {
    let sentence = "a co-unit does not reply to the appellant";
    proven(&[(Off::Rules(&["not_your_unit"]), sentence)], async |city| {
        let ticket = co_handled(city).await;
        let (first, co) = (
            city.person(Role::Unit, "t130203").await,
            city.person(Role::Unit, "st").await,
        );
        let done = json!({"command": "reply_sub", "sub": 1, "reply": "检测达标，已责令清洗"});
        city.done(&co, ticket, done).await;
        let refused = city.give(&co, ticket, summed_up()).await;
        holds(sentence, refused.status != 200)?;
        assert_eq!(refused.refusal(), "403 not_your_unit - 7.5.2");
        let denied = city.trail("permission.denied").await;
        assert_eq!(denied.last().map(|it| it.actor.as_str()), Some("user:unit-st"));
        city.done(&first, ticket, summed_up()).await;
        let fact = city.fact(ticket, "fed_back").await.unwrap();
        assert_eq!(
            (fact.actor.as_str(), &fact.body["unit"]),
            ("user:unit-t130203", &json!("t130203"))
        );
        assert_eq!(city.ticket(ticket).await.ticket.state, State::Review);
        Ok(())
    });
}

#[test]
fn ac_7_2b3_the_first_unit_does_not_reply_while_a_part_is_open_unless_the_organ_takes_it_back() {
    let sentence = "an open part holds the reply back";
    proven(&[(Off::Rules(&["co_parts_open"]), sentence)], async |city| {
        let ticket = co_handled(city).await;
        let (first, co) = (
            city.person(Role::Unit, "t130203").await,
            city.person(Role::Unit, "st").await,
        );
        let refused = city.give(&first, ticket, summed_up()).await;
        holds(sentence, refused.status == 422)?;
        assert_eq!(refused.refusal(), "422 co_parts_open - B.2");
        let row = city.ticket(ticket).await.ticket;
        assert_eq!(
            (row.state, row.subs[0].state),
            (State::Handling, SubState::Handling)
        );
        let done = json!({"command": "reply_sub", "sub": 1, "reply": "检测达标，已责令清洗"});
        city.done(&co, ticket, done).await;
        let fact = city.fact(ticket, "sub_changed").await.unwrap();
        assert_eq!(
            (fact.actor.as_str(), &fact.body["state"]),
            ("user:unit-st", &json!("done"))
        );
        city.done(&first, ticket, summed_up()).await;
        assert_eq!(city.ticket(ticket).await.ticket.state, State::Review);

        // The organ's own word: the supervisor takes the part back with a reason, and nobody waits for it any more.
        let ticket = co_handled(city).await;
        let take_back = json!({"command": "ask_return", "sub": 1, "reason": "other", "overridden": true,
            "explanation": "检测已由第三方完成，不再等待协办"});
        let refused = city.give(&first, ticket, take_back.clone()).await;
        assert_eq!(refused.refusal(), "403 supervisor_only - 7.4");
        let supervisor = city.person(Role::Supervisor, HOTLINE).await;
        city.done(&supervisor, ticket, take_back).await;
        let approve =
            json!({"command": "decide_return", "request": 2, "approve": true, "reason": "同意取消协办"});
        city.done(&supervisor, ticket, approve).await;
        let fact = city.fact(ticket, "sub_changed").await.unwrap();
        assert_eq!(
            (fact.actor.as_str(), &fact.body["state"]),
            ("user:supervisor-hotline", &json!("void"))
        );
        city.done(&first, ticket, summed_up()).await;
        assert_eq!(city.ticket(ticket).await.ticket.state, State::Review);
        Ok(())
    });
}

#[test]
fn ac_7_2c_a_street_lamp_goes_to_the_grid_of_its_street_and_without_a_grid_to_the_dispatcher() {
    let sentence = "it goes to the grid without a dispatcher";
    proven(&[(Off::Row("grid_list", "g-010203"), sentence)], async |city| {
        city.at("2026-11-23 10:00");
        let fields = appeal("AP009").fields;
        let ticket = city.accepted(CALLER, &fields).await;
        let row = city.ticket(ticket).await.ticket;
        holds(sentence, row.state == State::PendingSign)?;
        let cycle = row.cycle().unwrap();
        let grid = cycle.grid.clone().unwrap();
        assert!(grid.starts_with("130203006-"), "{grid}");
        assert_eq!(cycle.basis, Some(RouteBasis::Grid));
        let fact = city.fact(ticket, "dispatched").await.unwrap();
        assert_eq!(
            (fact.actor.as_str(), &fact.body["grid"]),
            ("agent:a1001", &json!(grid))
        );
        let stranger = city.grid_officer("130202001-g01").await;
        assert_eq!(
            city.give(&stranger, ticket, json!({"command": "sign"}))
                .await
                .status,
            404
        );
        let officer = city.grid_officer(&grid).await;
        city.done(&officer, ticket, json!({"command": "sign"})).await;
        let signed = city.fact(ticket, "signed").await.unwrap();
        assert_eq!(signed.actor, format!("user:grid-{grid}"));
        let back = json!({"command": "ask_return", "reason": "wrong_area", "explanation": "不在本网格内"});
        city.done(&officer, ticket, back).await;
        assert_eq!(city.ticket(ticket).await.ticket.state, State::PendingDispatch);
        let mut unknown = fields;
        unknown["region"] = json!("130203");
        let other = city.accepted("13900139000", &unknown).await;
        assert_eq!(city.ticket(other).await.ticket.state, State::PendingDispatch);
        assert!(city.fact(other, "dispatched").await.is_none());
        Ok(())
    });
}
