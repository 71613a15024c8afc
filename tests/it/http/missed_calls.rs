//! Missed calls over HTTP: masked, listed until served, called back with one press.

use std::time::Duration;

use rexian::base::ids::InteractionId;
use rexian::base::random::Random;
use rexian::fact::call::EndedBy;
use rexian::fact::call::Outcome;
use rexian::fact::personal::Personal;
use rexian::io::store::calls::CallChange;
use rexian::report::cdr::CallRecord;
use serde_json::Value;

use crate::http::floor::Floor;
use crate::http::floor::NUMBER;
use crate::http::floor::caller;

/// A call of the floor's citizen that nobody answered, a minute ago.
async fn lost(floor: &Floor, seed: u64) -> InteractionId {
    let now = floor.engine.clock().now();
    let id = InteractionId::new(now, &mut Random::from_number(seed));
    let mut tx = floor.engine.store().begin().await.unwrap();
    let personal = Personal {
        number: Some(caller()),
        ..Personal::default()
    };
    let sealed = floor
        .engine
        .audit()
        .seal(&mut tx, &id.to_string(), &personal)
        .await
        .unwrap();
    let mut record = CallRecord::empty(id, now.wall + Duration::from_secs(seed));
    record.line = Some("main".parse().unwrap());
    record.queue = Some("general".parse().unwrap());
    record.caller = Some(sealed);
    record.ended_at = Some(now.wall + Duration::from_secs(seed));
    record.outcome = Some(Outcome::Abandoned);
    record.ended_by = Some(EndedBy::Caller);
    record.wait_ms = 42_000;
    let change = CallChange {
        record: &record,
        segments_from: 0,
        offers_from: 0,
    };
    tx.put_calls("n1", &[change]).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn listed(floor: &Floor, session: &str, query: &str) -> Value {
    let answer = floor.get(&format!("/api/v1/calls/missed{query}"), session).await;
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

#[tokio::test]
async fn a_missed_call_is_listed_masked_and_called_back() {
    let floor = Floor::open().await;
    let agent = floor.session("agent").await;
    assert_eq!(listed(&floor, &agent, "").await["items"], serde_json::json!([]));
    let first = lost(&floor, 1).await;
    let last = lost(&floor, 2).await;
    let list = listed(&floor, &agent, "").await;
    let item = &list["items"][0];
    assert_eq!(list["total"], 1);
    assert_eq!(item["interaction"], first.to_string());
    assert_eq!(item["last"], last.to_string());
    assert_eq!(
        (item["count"].as_u64(), item["longest_wait_ms"].as_u64()),
        (Some(2), Some(42_000))
    );
    assert!(item["caller"].as_str().unwrap().contains('*'), "{item}");
    assert!(!list.to_string().contains(NUMBER));
    for (query, total) in [("?state=served", 0), ("?state=all", 1), ("?day=2020-01-01", 0)] {
        assert_eq!(listed(&floor, &agent, query).await["total"], total, "{query}");
    }
    let path = format!("/api/v1/calls/missed/{first}/call");
    let answer = floor.send("POST", &path, &agent, &Value::Null).await;
    assert_eq!(answer.status(), 202);
    let made = |floor: &Floor| {
        let asked = floor.asked.lock().unwrap();
        asked
            .iter()
            .filter(|it| it.contains("MakeCall"))
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(made(&floor).len(), 1);
    assert!(made(&floor)[0].contains("Callback"));

    // A supervisor sees it and has no telephone; a call that was answered is none to call back.
    let boss = floor.session("supervisor").await;
    assert_eq!(listed(&floor, &boss, "").await["total"], 1);
    assert_eq!(floor.send("POST", &path, &boss, &Value::Null).await.status(), 403);
    let answered = format!("/api/v1/calls/missed/{}/call", floor.call);
    assert_eq!(
        floor.send("POST", &answered, &agent, &Value::Null).await.status(),
        409
    );
    assert_eq!(made(&floor).len(), 1);
}

#[tokio::test]
async fn a_wrong_state_or_day_is_named() {
    let floor = Floor::open().await;
    let agent = floor.session("agent").await;
    for (query, field) in [("?state=lost", "state"), ("?day=yesterday", "day")] {
        let answer = floor.get(&format!("/api/v1/calls/missed{query}"), &agent).await;
        assert_eq!(answer.status(), 422, "{query}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["field"], field, "{problem}");
    }
}
