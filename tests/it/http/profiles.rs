//! Making a published profile the active one: what is told, what is refused, and what a refusal leaves alone.

use rexian::exchange::snapshot::QueueView;
use rexian::exchange::snapshot::ViewChange;
use serde_json::Value;
use serde_json::json;

use super::floor::Floor;
use super::floor::profile;
use super::floor::queue_view;

const PATH: &str = "/api/v1/profiles/activate";

/// Stores the floor's profile, changed, as the next version.
async fn publish(floor: &Floor, change: impl FnOnce(&mut Value)) {
    let mut document = serde_json::to_value(profile()).unwrap();
    change(&mut document);
    let text = document.to_string();
    let (now, stored) = (floor.engine.clock().now().wall, floor.engine.store().profiles());
    let number = stored.await.unwrap().len();
    let mut tx = floor.engine.store().begin().await.unwrap();
    tx.publish_profile(&text, &format!("{number:064x}"), now, "test")
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// Asks as the administrator; gives the status and the answer.
async fn activate(floor: &Floor, key: Option<&str>) -> (u16, Value) {
    let cookie = floor.session("admin").await;
    ask(floor, &cookie, key).await
}

async fn ask(floor: &Floor, cookie: &str, key: Option<&str>) -> (u16, Value) {
    let mut request = floor.request("POST", PATH, Some(cookie));
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

fn published(floor: &Floor) -> usize {
    let asked = floor.asked.lock().unwrap();
    asked.iter().filter(|it| it.contains("Publish")).count()
}

#[tokio::test]
async fn a_version_becomes_active_and_each_secret_is_told_once() {
    let floor = Floor::open().await;
    publish(&floor, |it| it["site"]["name"] = json!("唐山市新")).await;
    let (status, first) = activate(&floor, None).await;
    assert_eq!((status, &first["version"]), (200, &json!(1)), "{first:#}");
    let told: Vec<&str> = { first["new_devices"].as_array().unwrap() }
        .iter()
        .map(|it| it["device"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["d1001", "d1002"], "phones of the floor have no secret yet");
    assert_eq!(floor.engine.profile().site.name, "唐山市新");
    let (_, again) = activate(&floor, None).await;
    assert_eq!(again["new_devices"], json!([]), "{again:#}");

    // One more phone, and one that bears another user name.
    publish(&floor, |it| {
        it["devices"]["d1003"] = json!({"user": "1003", "codecs": []});
        it["devices"]["d1002"]["user"] = json!("2002");
    })
    .await;
    let cookie = floor.session("admin").await;
    let (_, second) = ask(&floor, &cookie, Some("k1")).await;
    let told = second["new_devices"].as_array().unwrap();
    let users: Vec<&str> = told.iter().map(|it| it["user"].as_str().unwrap()).collect();
    assert_eq!(users, ["2002", "1003"], "{second:#}");
    assert!(told.iter().all(|it| it["secret"].as_str().unwrap().len() == 16));
    let repeated = ask(&floor, &cookie, Some("k1")).await;
    assert_eq!(repeated, (200, second), "the same request has the same answer");
    assert_eq!(published(&floor), 3, "and nothing is done again");
    assert_eq!(floor.engine.profile_version(), 2);
    let facts = floor.trail().await;
    let of_it = facts.iter().filter(|kind| *kind == "profile.published").count();
    assert_eq!(of_it, 3);
}

#[tokio::test]
async fn what_a_running_server_cannot_take_is_refused_by_its_field_and_changes_nothing() {
    type Change = fn(&mut Value);
    let cases: [(&str, Change); 5] = [
        ("site.id", |it| it["site"]["id"] = json!("other")),
        ("site.realm", |it| it["site"]["realm"] = json!("other.test")),
        ("site.time_zone", |it| {
            it["site"]["time_zone"] = json!("Asia/Urumqi")
        }),
        ("queues.general.music", |it| {
            it["queues"]["general"]["music"] = json!("new-music");
        }),
        ("flows.main.nodes.end.prompts.0", |it| {
            it["flows"]["main"] = json!({"name": "主流程", "start": "end",
                "nodes": {"end": {"verb": "hangup", "prompts": ["new-words"]}}});
        }),
    ];
    let floor = Floor::open().await;
    for (field, change) in cases {
        publish(&floor, |it| {
            it["devices"]["d1003"] = json!({"user": "1003", "codecs": []});
            change(it);
        })
        .await;
        let (status, problem) = activate(&floor, None).await;
        assert_eq!(
            (status, &problem["code"], &problem["field"]),
            (409, &json!("not_allowed"), &json!(field)),
            "{problem:#}"
        );
    }
    assert_eq!(published(&floor), 0, "the exchange was not asked");
    assert_eq!(floor.engine.profile().site.name, profile().site.name);
    assert!(floor.engine.store().device_secrets().await.unwrap().is_empty());
    assert!(!floor.trail().await.contains(&"profile.published".to_owned()));
}

#[tokio::test]
async fn a_queue_that_callers_wait_in_stays() {
    let floor = Floor::open().await;
    let ViewChange::Queue(of_general) = queue_view(2) else {
        unreachable!()
    };
    let waiting = |waiting| {
        ViewChange::Queue(QueueView {
            queue: "dialect".parse().unwrap(),
            waiting,
            ..of_general.clone()
        })
    };
    floor.views.apply(waiting(2));
    publish(&floor, |_| {}).await;
    let (status, problem) = activate(&floor, None).await;
    assert_eq!(
        (status, &problem["field"]),
        (409, &json!("queues.dialect")),
        "{problem:#}"
    );
    floor.views.apply(waiting(0));
    assert_eq!(activate(&floor, None).await.0, 200);
}

#[tokio::test]
async fn without_a_published_version_there_is_nothing_to_activate() {
    let floor = Floor::open().await;
    let (status, problem) = activate(&floor, None).await;
    assert_eq!(
        (status, &problem["code"]),
        (404, &json!("not_found")),
        "{problem:#}"
    );
}
