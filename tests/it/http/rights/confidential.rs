//! A confidential order outside its circle: not in a list, a search, a call, a recording, an export, a public answer.

use rexian::account::Role;
use serde_json::Value;
use serde_json::json;

use super::facts;
use super::get;
use super::person;
use super::post;
use crate::http::commands::give;
use crate::http::commands::saved;
use crate::http::floor::Floor;
use crate::http::floor::NUMBER;

/// The unit that has the order.
const UNIT: &str = "t130203-zj";

/// What one person can find of the order: a name for each door, and whether the order stands behind it.
async fn found(floor: &Floor, cookie: &str) -> Vec<(&'static str, bool)> {
    let number = number(floor).await;
    let holds = |(status, body): (u16, Value)| status == 200 && body.to_string().contains(&number);
    let order = format!("/api/v1/tickets/{}", floor.ticket);
    let of_call = format!("/api/v1/tickets?interaction={}", floor.call);
    let search = json!({"phone": NUMBER});
    let by_number = json!({"phone": NUMBER, "filter": {"number": number}});
    vec![
        ("show", holds(get(floor, &order, cookie).await)),
        (
            "history",
            get(floor, &format!("{order}/history"), cookie).await.0 == 200,
        ),
        (
            "duplicates",
            get(floor, &format!("{order}/duplicates"), cookie).await.0 == 200,
        ),
        ("list", holds(get(floor, "/api/v1/tickets", cookie).await)),
        ("list of a call", holds(get(floor, &of_call, cookie).await)),
        (
            "search",
            holds(post(floor, "/api/v1/tickets/search", cookie, &search).await),
        ),
        (
            "search of a number",
            holds(post(floor, "/api/v1/tickets/search", cookie, &by_number).await),
        ),
    ]
}

async fn number(floor: &Floor) -> String {
    let row = floor.engine.store().ticket(floor.ticket).await.unwrap();
    row.unwrap().ticket.number
}

/// An order with a unit, of which everybody may know who may know of orders at all.
async fn dispatched(floor: &Floor) -> String {
    let (agent, dispatcher) = (floor.session("agent").await, floor.session("dispatcher").await);
    saved(floor, &agent).await;
    assert_eq!(give(floor, &agent, &json!({"command": "submit"})).await.0, 200);
    let dispatch =
        json!({"command": "dispatch", "unit": UNIT, "basis": "judgement", "reason": "属于该单位职责范围"});
    let (status, answer) = give(floor, &dispatcher, &dispatch).await;
    assert_eq!(status, 200, "{answer}");
    format!("hotline/t130203/{UNIT}")
}

async fn set_circle(floor: &Floor, circle: &[&str]) {
    let supervisor = floor.session("supervisor").await;
    let command = json!({"command": "set_circle", "confidential": !circle.is_empty(), "circle": circle,
        "reason": "涉及举报人安全"});
    let (status, answer) = give(floor, &supervisor, &command).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn a_confidential_order_is_not_there_for_anybody_outside_its_circle() {
    let floor = Floor::open().await;
    let path = dispatched(&floor).await;
    let inside = person(&floor, "officer", Role::Unit, &path).await;
    let outside = [
        person(&floor, "colleague", Role::Unit, &path).await,
        floor.session("dispatcher").await,
        floor.session("reviewer").await,
        floor.session("quality").await,
    ];
    let nowhere = format!("/api/v1/tickets/{}", floor.call);
    for cookie in outside.iter().chain([&inside]) {
        let doors = found(&floor, cookie).await;
        assert!(doors.iter().all(|(_, found)| *found), "the twin: {doors:?}");
    }
    set_circle(&floor, &["officer"]).await;
    for cookie in &outside {
        let doors = found(&floor, cookie).await;
        assert!(doors.iter().all(|(_, found)| !*found), "{doors:?}");
        let order = format!("/api/v1/tickets/{}", floor.ticket);
        for door in ["", "/history", "/duplicates", "/files/x"] {
            let hidden = get(&floor, &format!("{order}{door}"), cookie).await;
            let missing = get(&floor, &format!("{nowhere}{door}"), cookie).await;
            assert_eq!(hidden.0, 404, "{door}");
            assert_eq!(hidden, missing, "as one that never was");
        }
    }
    let (status, problem) = give(&floor, &outside[1], &json!({"command": "sign"})).await;
    assert_eq!((status, problem["code"].as_str()), (404, Some("not_found")));
    let doors = found(&floor, &inside).await;
    assert!(doors.iter().all(|(_, found)| *found), "the circle: {doors:?}");
}

#[tokio::test]
async fn the_call_of_a_confidential_order_leads_to_neither_order_nor_recording_nor_caller() {
    let floor = Floor::open().await;
    dispatched(&floor).await;
    let (agent, quality) = (floor.session("agent").await, floor.session("quality").await);
    let call = format!("/api/v1/calls/{}", floor.call);
    let audio = format!("/api/v1/recordings/{}/audio", floor.recording);
    let reveal = format!("{call}/reveal");
    let last4 = json!({"last4": "8000"});
    let typed = json!({"content": "小区门口长期占道经营，影响通行。", "category": "010401",
        "region": "130202001", "interaction": floor.call.to_string()});
    let number = number(&floor).await;
    let look = async |agent: &str, quality: &str| {
        let rows = |page: &Value| page["items"].as_array().unwrap().clone();
        let (_, shown) = get(&floor, &call, quality).await;
        let (_, listed) = get(&floor, "/api/v1/calls", agent).await;
        let (_, searched) = post(&floor, "/api/v1/calls/search", quality, &last4).await;
        let (_, recordings) = get(&floor, "/api/v1/recordings", quality).await;
        let (_, proposed) = post(&floor, "/api/v1/tickets/duplicates", agent, &typed).await;
        get(&floor, &audio, quality).await;
        [
            !shown["call"]["ticket"].is_null() && !shown["call"]["recording"].is_null(),
            !rows(&listed)[0]["ticket"].is_null() && rows(&listed)[0]["caller"] != "",
            !rows(&searched).is_empty(),
            !rows(&recordings).is_empty(),
            proposed.to_string().contains(&number),
            post(&floor, &reveal, agent, &json!({})).await.0 == 200,
        ]
    };
    assert_eq!(look(&agent, &quality).await, [true; 6], "the twin");
    assert_eq!(facts(&floor, "recording.read").await.len(), 1);
    set_circle(&floor, &["reviewer"]).await;
    // Other sittings, so that hearing it would be another fact.
    let (agent, quality) = (floor.session("agent").await, floor.session("quality").await);
    assert_eq!(look(&agent, &quality).await, [false; 6]);
    assert_eq!(facts(&floor, "recording.read").await.len(), 1, "nobody heard it");
    assert_eq!(
        facts(&floor, "personal.revealed").await.len(),
        1,
        "nor saw the number"
    );
}

#[tokio::test]
async fn an_export_holds_a_confidential_order_only_for_its_circle() {
    let floor = Floor::open().await;
    dispatched(&floor).await;
    let supervisor = floor.session("supervisor").await;
    let wish = json!({"format": "json", "purpose": "季度分析"});
    let count = async || {
        let (status, table) = post(&floor, "/api/v1/tickets/export", &supervisor, &wish).await;
        assert_eq!(status, 200, "{table}");
        table["items"].as_array().unwrap().len()
    };
    assert_eq!(count().await, 1);
    set_circle(&floor, &["officer"]).await;
    assert_eq!(count().await, 0, "though a supervisor of the city may open it");
    set_circle(&floor, &["officer", "supervisor"]).await;
    assert_eq!(count().await, 1);
}

#[tokio::test]
async fn what_leaves_the_house_tells_nothing_of_a_confidential_order() {
    let floor = Floor::open().await;
    dispatched(&floor).await;
    let row = floor.engine.store().ticket(floor.ticket).await.unwrap().unwrap();
    let open = json!({"number": row.ticket.number, "code": row.query_code});
    let ask = async |path: &'static str| {
        let answer = floor
            .request("POST", path, None)
            .json(&open)
            .send()
            .await
            .unwrap();
        super::told(answer).await
    };
    let (_, before) = ask("/api/v1/public/query").await;
    assert!(
        !before["steps"].as_array().unwrap().is_empty(),
        "the twin: {before}"
    );
    set_circle(&floor, &["officer"]).await;
    let (status, after) = ask("/api/v1/public/query").await;
    assert_eq!(
        (status, &after["steps"], &after["deadline"]),
        (200, &json!([]), &Value::Null)
    );
    assert_eq!(ask("/api/v1/public/urge").await.0, 204);
    let admin = floor.session("admin").await;
    let (_, sent) = get(&floor, "/api/v1/outbox", &admin).await;
    let of = |secret: bool| {
        let rows = sent["items"].as_array().unwrap().iter();
        rows.filter(move |row| row["confidential"] == secret)
            .collect::<Vec<_>>()
    };
    assert!(
        of(false)
            .iter()
            .any(|row| row["ticket_number"] == row_number(&open)),
        "the twin: {sent}"
    );
    assert!(!of(true).is_empty(), "{sent}");
    for row in of(true) {
        assert_eq!(
            (
                &row["ticket"],
                row["ticket_number"].as_str(),
                row["recipient"].as_str()
            ),
            (&Value::Null, Some(""), Some("***"))
        );
    }
}

fn row_number(open: &Value) -> Value {
    open["number"].clone()
}
