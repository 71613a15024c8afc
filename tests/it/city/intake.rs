//! What counts as an appeal and how it is written down: clauses 3.1, 3.2, 3.3, 6.1, 7.1.2.

use std::collections::BTreeSet;

use rexian::account::Role;
use rexian::ticket::command::DraftFields;
use rexian::ticket::command::Opening;
use rexian::ticket::command::Receive;
use rexian::ticket::decide::By;
use rexian::ticket::model::AppealType;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::State;
use serde_json::Value;
use serde_json::json;

use super::appeals::appeal;
use super::town::City;
use super::town::HOTLINE;
use super::town::reply;
use super::twin::Off;
use super::twin::holds;
use super::twin::proven;

const CALLER: &str = "13800138000";

#[test]
fn ac_3_1_what_is_handed_to_an_emergency_line_never_gets_a_dispatch_clock() {
    let sentence = "no dispatch clock ever stood";
    proven(&[(Off::Rules(&["state"]), sentence)], async |city| {
        city.at("2026-11-23 09:00");
        let agent = city.person(Role::Agent, HOTLINE).await;
        let supervisor = city.person(Role::Supervisor, HOTLINE).await;
        let ticket = city.written(CALLER, &appeal("AP088").fields).await;
        let refer = json!({"command": "refer", "line": "110", "outcome": "stayed", "life_danger": true,
            "note": "已转接并持续陪护"});
        city.done(&agent, ticket, refer).await;
        let submit = city.give(&supervisor, ticket, json!({"command": "submit"})).await;
        city.pass_until("2026-11-24 12:00").await;
        let row = city.ticket(ticket).await.ticket;
        holds(
            sentence,
            row.clocks.iter().all(|it| it.clock.kind != ClockKind::Dispatch),
        )?;
        assert_eq!(submit.refusal(), "409 not_allowed - 7.1.2 a");
        assert_eq!(row.state, State::Referred);
        let referred = city.fact(ticket, "referred").await.unwrap();
        assert_eq!(
            (referred.actor.as_str(), &referred.body["line"]),
            ("agent:a1001", &json!("110"))
        );
        Ok(())
    });
}

#[test]
fn ac_3_2_there_are_six_kinds_and_only_the_organ_changes_one_with_a_reason_and_another_limit() {
    let (six, organ, why) = (
        "a seventh kind is refused",
        "a unit does not change the kind",
        "a reason is asked for",
    );
    let twins = [
        (Off::Rules(&["appeal_type"]), six),
        (Off::Rules(&["role", "city_organ"]), organ),
        (Off::Rules(&["reason"]), why),
    ];
    proven(&twins, async |city| {
        city.at("2026-11-23 10:00");
        let (agent, unit) = (
            city.person(Role::Agent, HOTLINE).await,
            city.person(Role::Unit, "t130203").await,
        );
        let dispatcher = city.person(Role::Dispatcher, HOTLINE).await;
        let ticket = city.written(CALLER, &appeal("AP021").fields).await;
        let seventh = json!({"command": "save_draft", "appeal_type": "petition"});
        let refused = city.give(&agent, ticket, seventh).await;
        holds(six, refused.status == 422)?;
        assert!(
            refused.refusal().ends_with(" appeal_type 3.2"),
            "{}",
            refused.refusal()
        );
        for kind in ["consult", "help", "report", "praise", "suggestion", "complaint"] {
            city.done(
                &agent,
                ticket,
                json!({"command": "save_draft", "appeal_type": kind}),
            )
            .await;
        }
        city.done(&agent, ticket, json!({"command": "submit"})).await;
        city.dispatch(ticket, "t130203").await;
        assert_eq!(city.due(ticket, ClockKind::Close).await, "2026-11-30 24:00");
        let change = json!({"command": "change_type", "to": "consult", "reason": "只是咨询政策"});
        let by_unit = city.give(&unit, ticket, change.clone()).await;
        holds(organ, by_unit.status == 403)?;
        assert_eq!(by_unit.refusal(), "403 role - 3.2");
        let bare = city
            .give(
                &dispatcher,
                ticket,
                json!({"command": "change_type", "to": "consult"}),
            )
            .await;
        holds(why, bare.status == 422)?;
        assert!(bare.refusal().ends_with(" reason 3.2"), "{}", bare.refusal());
        city.done(&dispatcher, ticket, change).await;
        assert_eq!(city.due(ticket, ClockKind::Close).await, "2026-11-25 24:00");
        let fact = city.fact(ticket, "type_changed").await.unwrap();
        assert_eq!(fact.actor, "user:dispatcher-hotline");
        assert_eq!(
            (&fact.body["from"], &fact.body["to"]),
            (&json!("complaint"), &json!("consult"))
        );
        let row = city.ticket(ticket).await.ticket;
        assert_eq!(row.draft.appeal_type, Some(AppealType::Consult));
        Ok(())
    });
}

#[test]
fn ac_3_3_a_legal_person_is_followed_up_by_a_person_and_never_by_a_robot_or_a_message() {
    let sentence = "a robot's or a message's word does not count";
    proven(
        &[(Off::Rules(&["enterprise_by_person"]), sentence)],
        async |city| {
            city.at("2026-11-23 10:00");
            let ticket = city.accepted(CALLER, &appeal("AP061").fields).await;
            city.dispatch(ticket, "t130208").await;
            let unit = city.person(Role::Unit, "t130208").await;
            let reviewer = city.person(Role::Reviewer, HOTLINE).await;
            let caller = city.person(Role::Followup, HOTLINE).await;
            city.signed_and_heard(&unit, ticket).await;
            city.done(&unit, ticket, reply()).await;
            city.done(&reviewer, ticket, json!({"command": "pass_review"}))
                .await;
            let planned = city.fact(ticket, "followup_planned").await.unwrap();
            assert_eq!(
                (&planned.body["modes"], planned.actor.as_str()),
                (&json!(["person"]), "user:reviewer-hotline")
            );
            assert_eq!(planned.body["only_person"], true);
            for mode in ["robot", "sms"] {
                let word = json!({"command": "record_result", "level": "city", "mode": mode, "result": "solved",
                "satisfaction": "satisfied"});
                let refused = city.give(&caller, ticket, word).await;
                holds(sentence, refused.status != 200)?;
                assert_eq!(refused.refusal(), "422 enterprise_by_person - 7.7.1");
            }
            let word = json!({"command": "record_result", "level": "city", "mode": "person", "result": "solved",
            "satisfaction": "satisfied"});
            city.done(&caller, ticket, word).await;
            assert_eq!(city.ticket(ticket).await.ticket.state, State::Closed);
            Ok(())
        },
    );
}

#[test]
fn ac_6_1_every_field_has_event_types_and_nobody_decides_or_reviews_a_complaint_about_himself() {
    let sentence = "the unit complained about does not get the order";
    proven(
        &[(Off::Rules(&["conflict_of_interest"]), sentence)],
        async |city| {
            city.at("2026-11-23 10:00");
            let agent = city.person(Role::Agent, HOTLINE).await;
            let tree = city.get(&agent, "/reference/categories").await.body;
            let rows = tree["document"]["categories"].as_array().unwrap();
            let below = |parent: &Value| rows.iter().filter(|it| it["parent"] == *parent).count();
            let fields: Vec<&Value> = rows.iter().filter(|it| it["parent"].is_null()).collect();
            assert!(6 < fields.len(), "{} fields", fields.len());
            for field in fields {
                assert!(0 < below(&field["code"]), "{field}");
            }
            let mut fields = appeal("AP021").fields;
            fields["target_organ"] = json!("cg");
            let ticket = city.accepted(CALLER, &fields).await;
            let dispatcher = city.person(Role::Dispatcher, HOTLINE).await;
            let to_itself = json!({"command": "dispatch", "unit": "cg", "basis": "judgement", "reason": "属于该单位职责"});
            let refused = city.give(&dispatcher, ticket, to_itself).await;
            holds(sentence, refused.status != 200)?;
            assert_eq!(refused.refusal(), "422 conflict_of_interest - 6.1 a");
            city.dispatch(ticket, "zj").await;
            let unit = city.person(Role::Unit, "zj").await;
            city.signed_and_heard(&unit, ticket).await;
            city.done(&unit, ticket, reply()).await;
            let judge = city.person(Role::Reviewer, "cg").await;
            let refused = city.give(&judge, ticket, json!({"command": "pass_review"})).await;
            assert_eq!(refused.status, 404, "{}", refused.refusal());
            let reviewer = city.person(Role::Reviewer, HOTLINE).await;
            city.done(&reviewer, ticket, json!({"command": "pass_review"}))
                .await;
            let passed = city.fact(ticket, "review_passed").await.unwrap();
            assert_eq!(passed.actor, "user:reviewer-hotline");
            assert_eq!(city.ticket(ticket).await.ticket.unit().unwrap().as_str(), "zj");
            Ok(())
        },
    );
}

/// A draft of each kind of entry: a call, another channel, a grid officer's report.
async fn three_kinds(city: &City) -> Vec<rexian::base::ids::TicketId> {
    let agent = city.person(Role::Agent, HOTLINE).await;
    let by_call = city.draft(city.call(CALLER).await).await;
    let received = json!({"channel": "visit", "original": "来访登记：小区门口长期占道经营"});
    let received = city.post(&agent, "/tickets", &received).await.body;
    let by_visit = received["id"].as_str().unwrap().parse().unwrap();
    let original = "网格员上报：外墙瓷砖脱落";
    let opening = Opening::Received(Receive {
        number: String::new(),
        channel: "grid_app".to_owned(),
        platform: None,
        external: Some("G-1".to_owned()),
        deadline: None,
        digest: rexian::io::files::digest(original.as_bytes()),
        grid: true,
        original: original.into(),
        fields: DraftFields::default(),
    });
    let tickets = city.engine().tickets();
    let by_grid = tickets.open(By::System, &opening).await.unwrap().row.ticket.id;
    for ticket in [by_visit, by_grid] {
        city.done(&agent, ticket, json!({"command": "claim"})).await;
    }
    vec![by_call, by_visit, by_grid]
}

#[test]
fn ac_7_1_2_a_call_another_channel_and_a_grid_officer_all_lead_to_the_same_record() {
    let sentence = "each entry asks the same of the form";
    let twin = Off::Rules(&["name", "content", "category"]);
    proven(&[(twin, sentence)], async |city| {
        city.at("2026-11-23 10:00");
        let agent = city.person(Role::Agent, HOTLINE).await;
        let dispatcher = city.person(Role::Dispatcher, HOTLINE).await;
        let mut shapes = BTreeSet::new();
        for ticket in three_kinds(city).await {
            let part = json!({"command": "save_draft", "appeal_type": "complaint", "urgency": "normal",
                "place": "none"});
            city.done(&agent, ticket, part).await;
            let refused = city.give(&agent, ticket, json!({"command": "submit"})).await;
            holds(sentence, refused.status == 422)?;
            assert_eq!(refused.body["fields"], json!(["name", "content", "category"]));
            assert_eq!(refused.body["clause"], "DB1302/T 604—2025 7.1.2 a");
            let mut save = appeal("AP021").fields;
            save["command"] = json!("save_draft");
            city.done(&agent, ticket, save).await;
            city.done(&agent, ticket, json!({"command": "submit"})).await;
            let shown = city.get(&dispatcher, &format!("/tickets/{ticket}")).await.body;
            let names: Vec<String> = shown.as_object().unwrap().keys().cloned().collect();
            shapes.insert(names);
            let row = city.ticket(ticket).await.ticket;
            assert_eq!(row.state, State::PendingDispatch);
            let submitted = city.fact(ticket, "submitted").await.unwrap();
            assert_eq!(submitted.actor, "agent:a1001");
        }
        assert_eq!(shapes.len(), 1, "one record type");
        Ok(())
    });
}

#[test]
fn ac_7_1_2a_each_missing_item_is_named_and_what_was_saved_survives_browser_and_server() {
    let sentence = "a submission without one of the items is refused";
    let twin = Off::Rules(&["name", "content", "category"]);
    proven(&[(twin, sentence)], async |city| {
        city.at("2026-11-23 10:00");
        let agent = city.person(Role::Agent, HOTLINE).await;
        let whole = appeal("AP021").fields;
        let ticket = city.written(CALLER, &whole).await;
        for item in ["name", "content", "appeal_type", "category", "urgency"] {
            let mut without = json!({"command": "save_draft"});
            without[item] = json!("");
            city.done(&agent, ticket, without).await;
            let refused = city.give(&agent, ticket, json!({"command": "submit"})).await;
            holds(sentence, refused.status == 422)?;
            assert_eq!(refused.body["fields"], json!([item]));
            assert_eq!(refused.body["clause"], "DB1302/T 604—2025 7.1.2 a");
            let mut back = json!({"command": "save_draft"});
            back[item] = whole[item].clone();
            city.done(&agent, ticket, back).await;
        }
        // The browser is gone with its session, and then the server is started anew.
        city.forget_session(&agent);
        city.reopen().await;
        let shown = city.get(&agent, &format!("/tickets/{ticket}")).await.body;
        for item in ["name", "content", "appeal_type", "category", "urgency"] {
            let value = match &shown[item] {
                Value::Object(coded) => coded.get("code").or(coded.get("id")).unwrap().clone(),
                plain => plain.clone(),
            };
            assert_eq!(value, whole[item], "{item}: {}", shown[item]);
        }
        let supervisor = city.person(Role::Supervisor, HOTLINE).await;
        city.done(&supervisor, ticket, json!({"command": "submit"})).await;
        let submitted = city.fact(ticket, "submitted").await.unwrap();
        assert_eq!(submitted.actor, "user:supervisor-hotline");
        assert_eq!(city.ticket(ticket).await.ticket.state, State::PendingDispatch);
        Ok(())
    });
}
