//! Alarms: once per cause, kept over a restart, noticed by name, and known while the database is down.

use rexian::base::random::Random;
use rexian::engine::alarms::AlarmCode;
use rexian::engine::alarms::AlarmParts;
use rexian::engine::alarms::Alarms;
use rexian::http::error::Code;
use serde_json::Value;

use super::floor::Floor;

async fn again(floor: &Floor) -> Alarms {
    Alarms::load(AlarmParts {
        store: floor.engine.store().clone(),
        audit: floor.engine.audit().clone(),
        clock: floor.engine.clock().clone(),
        metrics: std::sync::Arc::default(),
        random: Random::from_number(77),
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn an_alarm_is_raised_once_noticed_and_cleared_and_each_leaves_one_fact() {
    let floor = Floor::open().await;
    let alarms = floor.engine.alarms();
    for _ in 0..3 {
        alarms.raise(AlarmCode::DiskLow, "recordings");
    }
    alarms.raise(AlarmCode::DiskLow, "data");
    assert_eq!(alarms.open().len(), 2);
    alarms.flush().await.unwrap();

    let cookie = floor.session("supervisor").await;
    let list: Value = floor
        .get("/api/v1/alarms?open=true", &cookie)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(list["items"][0]["object"], "recordings");
    assert_eq!(list["items"][0]["severity"], "warning");
    let path = format!(
        "/api/v1/alarms/{}/acknowledge",
        list["items"][0]["alarm"].as_str().unwrap()
    );
    for _ in 0..2 {
        assert_eq!(
            floor
                .request("POST", &path, Some(&cookie))
                .send()
                .await
                .unwrap()
                .status(),
            204
        );
    }
    alarms.clear(AlarmCode::DiskLow, "recordings");
    alarms.clear(AlarmCode::DiskLow, "recordings");
    alarms.flush().await.unwrap();
    let all: Value = floor.get("/api/v1/alarms", &cookie).await.json().await.unwrap();
    let cleared = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["object"] == "recordings")
        .unwrap();
    assert_eq!(cleared["acknowledged_by"], "supervisor");
    assert!(cleared["cleared_at"].is_string());
    let facts: Vec<String> = floor
        .trail()
        .await
        .into_iter()
        .filter(|kind| kind.starts_with("alarm."))
        .collect();
    assert_eq!(
        facts,
        [
            "alarm.raised",
            "alarm.raised",
            "alarm.acknowledged",
            "alarm.cleared"
        ]
    );
}

#[tokio::test]
async fn an_open_alarm_is_known_after_a_restart_and_not_raised_anew() {
    let floor = Floor::open().await;
    floor.engine.alarms().raise(AlarmCode::JournalLag, "facts");
    floor.engine.alarms().flush().await.unwrap();
    let after = again(&floor).await;
    assert!(after.is_open(AlarmCode::JournalLag));
    after.raise(AlarmCode::JournalLag, "facts");
    after.flush().await.unwrap();
    after.clear(AlarmCode::JournalLag, "facts");
    after.flush().await.unwrap();
    let facts: Vec<String> = floor
        .trail()
        .await
        .into_iter()
        .filter(|kind| kind.starts_with("alarm."))
        .collect();
    assert_eq!(facts, ["alarm.raised", "alarm.cleared"]);
}

#[tokio::test]
async fn an_alarm_is_shown_while_the_database_is_down() {
    let floor = Floor::open().await;
    let alarms = floor.engine.alarms();
    floor.engine.store().close().await;
    alarms.raise(AlarmCode::DatabaseDown, "journal");
    assert!(alarms.flush().await.is_err());
    assert!(alarms.is_open(AlarmCode::DatabaseDown));
    alarms.raise(AlarmCode::JournalFailed, "journal");
    let ready = floor.request("GET", "/readyz", None).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    let ready: Value = ready.json().await.unwrap();
    assert_eq!(ready["reasons"], serde_json::json!(["journal-failed"]));
    let asked = floor.request(
        "GET",
        "/api/v1/session",
        Some(&format!("rexian_session={}", "a".repeat(43))),
    );
    let answer: Value = asked.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["code"], Code::Unavailable.as_str());
    assert_eq!(
        floor
            .request("GET", "/healthz", None)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn an_agent_goes_on_working_while_the_database_is_down() {
    let floor = Floor::open().await;
    let (cookie, stranger) = (floor.session("agent").await, floor.session("expert").await);
    assert_eq!(floor.get("/api/v1/session", &cookie).await.status(), 200);
    floor.engine.store().close().await;
    let ready = serde_json::json!({"state": "ready"});
    assert_eq!(
        floor
            .send("PUT", "/api/v1/agent/presence", &cookie, &ready)
            .await
            .status(),
        204
    );
    assert_eq!(floor.asked.lock().unwrap().len(), 1);
    let unknown = floor
        .send("PUT", "/api/v1/agent/presence", &stranger, &ready)
        .await;
    assert_eq!(unknown.status(), 503, "who was not seen before is not let in");
}
