//! What is not accepted: clause 6.2 with its six reasons.

use rexian::account::Role;
use rexian::base::ids::TicketId;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::Ending;
use rexian::ticket::model::State;
use serde_json::Value;
use serde_json::json;

use super::appeals::appeal;
use super::town::City;
use super::town::HOTLINE;
use super::town::instant;
use super::twin::Off;
use super::twin::holds;
use super::twin::proven;

const CALLER: &str = "13800138000";

/// A refusal with all that its reason asks for; `e` names a file of the order.
async fn refusal(city: &City, ticket: TicketId, reason: &str) -> Value {
    let mut command =
        json!({"command": "refuse", "reason": reason, "explanation": "不属于受理范围，已说明原因"});
    match reason {
        "b" => {
            command["procedure"] = json!("litigation");
            command["route"] = json!("请依法向人民法院申请再审");
        }
        "c" => command["route"] = json!("请向信访部门查询办理进度"),
        "e" => {
            let agent = city.person(Role::Agent, HOTLINE).await;
            command["file"] = city.upload(&agent, ticket).await;
        }
        _ => (),
    }
    command
}

#[test]
fn ac_6_2_exactly_six_reasons_can_be_chosen_and_words_are_asked_for() {
    let sentence = "a refusal without words is refused";
    proven(&[(Off::Rules(&["explanation"]), sentence)], async |city| {
        city.at("2026-11-23 09:00");
        let agent = city.person(Role::Agent, HOTLINE).await;
        let supervisor = city.person(Role::Supervisor, HOTLINE).await;
        let keys = ["AP064", "AP065", "AP067", "AP068", "AP069", "AP070"];
        for (reason, key) in ["a", "b", "c", "d", "e", "f"].into_iter().zip(keys) {
            let by = if reason == "f" { &supervisor } else { &agent };
            let appeal = appeal(key);
            assert_eq!(appeal.expected["not_accepted_reason"], format!("6.2{reason}"));
            let ticket = city.written(CALLER, &appeal.fields).await;
            let mut bare = refusal(city, ticket, reason).await;
            let whole = bare.clone();
            bare["explanation"] = json!("");
            let refused = city.give(by, ticket, bare).await;
            holds(sentence, refused.status == 422)?;
            assert!(
                refused.refusal().ends_with(" explanation 6.2"),
                "{}",
                refused.refusal()
            );
            city.done(by, ticket, whole).await;
            let row = city.ticket(ticket).await.ticket;
            assert_eq!(row.state, State::NotAccepted);
            let fact = city.fact(ticket, "refused").await.unwrap();
            let actor = if reason == "f" {
                "user:supervisor-hotline"
            } else {
                "agent:a1001"
            };
            assert_eq!(
                (fact.actor.as_str(), &fact.body["reason"]),
                (actor, &json!(reason))
            );
        }
        let ticket = city.written(CALLER, &appeal("AP064").fields).await;
        for other in ["g", "A", ""] {
            let command = json!({"command": "refuse", "reason": other, "explanation": "不属于受理范围"});
            assert_eq!(city.give(&agent, ticket, command).await.status, 400, "{other}");
        }
        Ok(())
    });
}

#[test]
fn ac_6_2b_without_the_procedure_nothing_is_saved_and_each_of_them_can_be_chosen() {
    let sentence = "without the procedure it is refused";
    proven(&[(Off::Rules(&["procedure"]), sentence)], async |city| {
        city.at("2026-11-23 09:00");
        let agent = city.person(Role::Agent, HOTLINE).await;
        let supervisor = city.person(Role::Supervisor, HOTLINE).await;
        let ticket = city.written(CALLER, &appeal("AP065").fields).await;
        let bare =
            json!({"command": "refuse", "reason": "b", "explanation": "已由法院判决", "route": "请申请再审"});
        let refused = city.give(&supervisor, ticket, bare.clone()).await;
        holds(sentence, refused.status == 422)?;
        assert!(
            refused.refusal().ends_with(" procedure 6.2 b"),
            "{}",
            refused.refusal()
        );
        let mut unrouted = bare.clone();
        unrouted["procedure"] = json!("litigation");
        unrouted["route"] = json!("");
        let refused = city.give(&agent, ticket, unrouted).await;
        assert!(
            refused.refusal().ends_with(" route 6.2 b"),
            "{}",
            refused.refusal()
        );
        assert_eq!(city.ticket(ticket).await.ticket.state, State::Draft);
        let procedures = [
            "litigation",
            "arbitration",
            "discipline",
            "reconsideration",
            "disclosure",
            "other",
        ];
        for procedure in procedures {
            let ticket = city.written(CALLER, &appeal("AP065").fields).await;
            let mut whole = bare.clone();
            whole["procedure"] = json!(procedure);
            city.done(&agent, ticket, whole).await;
            let fact = city.fact(ticket, "refused").await.unwrap();
            assert_eq!(
                (fact.actor.as_str(), &fact.body["procedure"]),
                ("agent:a1001", &json!(procedure))
            );
            assert_eq!(city.ticket(ticket).await.ticket.state, State::NotAccepted);
        }
        Ok(())
    });
}

#[test]
fn ac_6_2d_what_was_refused_as_a_secret_is_neither_shown_nor_found_but_by_a_supervisor() {
    let sentence = "its words are shown to no ordinary user";
    proven(&[(Off::Rules(&["secret_refusal"]), sentence)], async |city| {
        city.at("2026-11-23 09:00");
        let agent = city.person(Role::Agent, HOTLINE).await;
        let fields = appeal("AP068").fields;
        let ticket = city.written(CALLER, &fields).await;
        let command = refusal(city, ticket, "d").await;
        city.done(&agent, ticket, command).await;
        let words = fields["content"].as_str().unwrap();
        for role in [Role::Dispatcher, Role::Reviewer, Role::Followup, Role::Quality] {
            let reader = city.person(role, HOTLINE).await;
            let shown = city.get(&reader, &format!("/tickets/{ticket}")).await;
            holds(sentence, !shown.body.to_string().contains(words))?;
            let found = city
                .post(&reader, "/tickets/search", &json!({"text": "邻居家的手机号"}))
                .await;
            assert_eq!(found.body["items"], json!([]), "{role}: {}", found.body);
        }
        let supervisor = city.person(Role::Supervisor, HOTLINE).await;
        let shown = city.get(&supervisor, &format!("/tickets/{ticket}")).await;
        assert_eq!(shown.body["content"], words);
        let dispatcher = city.person(Role::Dispatcher, HOTLINE).await;
        let reveal = city
            .post(&dispatcher, &format!("/tickets/{ticket}/reveal"), &json!({}))
            .await;
        assert_eq!(reveal.status, 403);
        assert_eq!(reveal.refusal(), "403 identity_hidden - 8.4.2.1");
        let fact = city.fact(ticket, "refused").await.unwrap();
        assert_eq!(
            (fact.actor.as_str(), &fact.body["reason"]),
            ("agent:a1001", &json!("d"))
        );
        let row = city.ticket(ticket).await.ticket;
        assert!(
            !serde_json::to_string(&row).unwrap().contains(words),
            "the row is sealed"
        );
        Ok(())
    });
}

#[test]
fn ac_6_2e_a_concluded_matter_needs_the_order_or_the_paper_that_concluded_it() {
    let sentence = "without order and paper it is refused";
    proven(&[(Off::Rules(&["concluded"]), sentence)], async |city| {
        city.at("2026-11-23 09:00");
        let agent = city.person(Role::Agent, HOTLINE).await;
        let supervisor = city.person(Role::Supervisor, HOTLINE).await;
        let earlier = city.accepted("13900139000", &appeal("AP021").fields).await;
        let ticket = city.written(CALLER, &appeal("AP069").fields).await;
        let bare = json!({"command": "refuse", "reason": "e", "explanation": "镇里已书面答复，县里复核维持"});
        let refused = city.give(&supervisor, ticket, bare.clone()).await;
        holds(sentence, refused.status == 422)?;
        assert!(
            refused.refusal().ends_with(" concluded 6.2 e"),
            "{}",
            refused.refusal()
        );
        assert_eq!(city.ticket(ticket).await.ticket.state, State::Draft);
        let mut linked = bare.clone();
        linked["concluded"] = json!(earlier.to_string());
        city.done(&agent, ticket, linked).await;
        let row = city.ticket(ticket).await.ticket;
        assert!(
            matches!(&row.ending, Some(Ending::NotAccepted { .. })),
            "{:?}",
            row.ending
        );
        let fact = city.fact(ticket, "refused").await.unwrap();
        assert_eq!(
            (fact.actor.as_str(), &fact.body["concluded"]),
            ("agent:a1001", &json!(earlier.to_string()))
        );
        let other = city.written(CALLER, &appeal("AP069").fields).await;
        let command = refusal(city, other, "e").await;
        let file = command["file"]["id"].clone();
        city.done(&supervisor, other, command).await;
        let fact = city.fact(other, "refused").await.unwrap();
        assert_eq!(
            (fact.actor.as_str(), &fact.body["file"]["id"]),
            ("user:supervisor-hotline", &file)
        );
        Ok(())
    });
}

#[test]
fn ac_6_2z_an_overturned_refusal_has_two_hours_from_then_and_the_citizen_waits_since_the_first_time() {
    let (two_hours, who) = (
        "two hours count from the overturning",
        "an agent does not overturn a refusal",
    );
    let twins = [
        (Off::Setting("dispatch", json!("3h")), two_hours),
        (Off::Rules(&["role"]), who),
    ];
    proven(&twins, async |city| {
        city.at("2026-11-23 09:00");
        let agent = city.person(Role::Agent, HOTLINE).await;
        let supervisor = city.person(Role::Supervisor, HOTLINE).await;
        let ticket = city.written(CALLER, &appeal("AP064").fields).await;
        let command = refusal(city, ticket, "a").await;
        city.done(&agent, ticket, command).await;
        city.at("2026-11-24 10:00");
        let overturn = json!({"command": "overturn_refusal", "reason": "房屋其实在本市范围内"});
        let refused = city.give(&agent, ticket, overturn.clone()).await;
        holds(who, refused.status == 403)?;
        assert_eq!(refused.refusal(), "403 role - 6.2");
        city.done(&supervisor, ticket, overturn).await;
        let due = city.due(ticket, ClockKind::Dispatch).await;
        holds(two_hours, due == "2026-11-24 12:00")?;
        let row = city.ticket(ticket).await.ticket;
        let citizen = row.clock(ClockKind::Citizen, 0).unwrap();
        assert_eq!(citizen.start, instant("2026-11-23 09:00"));
        assert_eq!(row.accepted_at, Some(instant("2026-11-23 09:00")));
        assert_eq!(row.state, State::PendingDispatch);
        let fact = city.fact(ticket, "refusal_overturned").await.unwrap();
        assert_eq!(fact.actor, "user:supervisor-hotline");
        assert_eq!(fact.at, instant("2026-11-24 10:00"));
        Ok(())
    });
}
