//! Calling the appellant of an order, and what answered calls have become, over HTTP.

use rexian::account::Role;
use serde_json::Value;
use serde_json::json;

use crate::http::floor::Floor;
use crate::http::floor::NUMBER;

async fn call(floor: &Floor, session: &str, purpose: &str) -> (u16, Value) {
    let path = format!("/api/v1/tickets/{}/call", floor.ticket);
    let answer = floor
        .send("POST", &path, session, &json!({"purpose": purpose}))
        .await;
    (
        answer.status().as_u16(),
        answer.json().await.unwrap_or(Value::Null),
    )
}

fn made(floor: &Floor) -> usize {
    let asked = floor.asked.lock().unwrap();
    asked.iter().filter(|it| it.contains("MakeCall")).count()
}

#[tokio::test]
async fn the_agent_of_an_order_calls_its_appellant_and_never_sees_the_number() {
    let floor = Floor::open().await;
    let agent = floor.session("agent").await;
    let (status, answer) = call(&floor, &agent, "contact").await;
    assert_eq!(status, 202, "{answer}");
    assert!(answer["interaction"].is_string() && !answer.to_string().contains(NUMBER));
    assert_eq!(made(&floor), 1);
    let (status, _) = call(&floor, &agent, "followup").await;
    assert_eq!(status, 403, "only who follows up calls to follow up");
    let (status, _) = call(&floor, &agent, "sales").await;
    assert!((400..500).contains(&status), "{status}");
    for role in [
        Role::Expert,
        Role::Supervisor,
        Role::Followup,
        Role::Unit,
        Role::Admin,
    ] {
        let session = floor.session(role.code()).await;
        let (status, _) = call(&floor, &session, "contact").await;
        assert_eq!(status, 403, "{role:?}: no agent, or another's order");
    }
    assert_eq!(made(&floor), 1);
}

#[tokio::test]
async fn a_supervisor_sees_what_became_of_the_days_calls_and_opens_each_sum() {
    let floor = Floor::open().await;
    let boss = floor.session("supervisor").await;
    let day: Value = floor
        .get("/api/v1/calls/reconciliation?day=today", &boss)
        .await
        .json()
        .await
        .unwrap();
    let items = day["items"].as_array().unwrap();
    let mut sum = 0;
    for item in items {
        let became = item["became"].as_str().unwrap();
        let path = format!("/api/v1/calls?day=today&became={became}");
        let page: Value = floor.get(&path, &boss).await.json().await.unwrap();
        let rows = page["items"].as_array().unwrap().len() as u64;
        assert_eq!(item["calls"].as_u64(), Some(rows), "{became}");
        sum += rows;
    }
    assert_eq!(day["answered"].as_u64(), Some(sum));
    assert!(day["closed_at"].is_null());
    let open: Value = floor
        .get("/api/v1/calls/undisposed", &boss)
        .await
        .json()
        .await
        .unwrap();
    assert!(!open.to_string().contains(NUMBER), "masked: {open}");
    let bad = floor.get("/api/v1/calls/undisposed?cursor=x", &boss).await;
    assert_eq!(bad.status(), 422);
}
