//! The desk's work order over HTTP: draft, version, submission, and who sees what of it.

use serde_json::Value;
use serde_json::json;

use super::floor::Floor;

fn whole() -> Value {
    json!({"name": "赵女士", "appeal_type": "complaint", "category": "010202", "content": "小区门口长期占道经营，影响通行。",
        "urgency": "normal", "region": "130202001", "address": "学院路一号"})
}

async fn save(floor: &Floor, cookie: &str, version: i64, body: &Value) -> reqwest::Response {
    let path = format!("/api/v1/tickets/{}", floor.ticket);
    let request = floor
        .request("PUT", &path, Some(cookie))
        .header("if-match", format!("\"{version}\""));
    request.json(body).send().await.unwrap()
}

async fn submit(floor: &Floor, cookie: &str, version: i64, key: &str) -> reqwest::Response {
    let path = format!("/api/v1/tickets/{}/submit", floor.ticket);
    let request = floor
        .request("POST", &path, Some(cookie))
        .header("if-match", format!("\"{version}\""));
    request.header("idempotency-key", key).send().await.unwrap()
}

#[tokio::test]
async fn a_draft_is_found_by_its_call_saved_and_submitted_once() {
    let floor = Floor::open().await;
    let cookie = floor.session("agent").await;
    let path = format!("/api/v1/tickets?interaction={}", floor.call);
    let found: Value = floor.get(&path, &cookie).await.json().await.unwrap();
    assert_eq!(found["items"][0]["id"], floor.ticket.to_string());

    let draft = floor
        .get(&format!("/api/v1/tickets/{}", floor.ticket), &cookie)
        .await;
    assert_eq!(draft.headers()["etag"], "\"1\"");
    let draft: Value = draft.json().await.unwrap();
    assert_eq!(
        (draft["caller"].as_str(), draft["caller_clear"].as_bool()),
        (Some("+8613800138000"), Some(true))
    );

    let saved = save(&floor, &cookie, 1, &whole()).await;
    assert_eq!(saved.status(), 200);
    assert_eq!(saved.headers()["etag"], "\"2\"");
    let saved: Value = saved.json().await.unwrap();
    assert_eq!(saved["category_path"], "城乡建设与管理/市政设施/井盖缺失破损");
    assert_eq!(saved["region_path"], "唐山市/路南区/学院南路街道");
    assert_eq!(
        save(&floor, &cookie, 1, &json!({"name": "x"})).await.status(),
        412
    );

    let first = submit(&floor, &cookie, 2, "key-1").await;
    assert_eq!(first.status(), 200);
    let first: Value = first.json().await.unwrap();
    assert_eq!(first["state"], "pending_dispatch");
    let again = submit(&floor, &cookie, 2, "key-1").await;
    assert_eq!(again.status(), 200, "a repetition gets the first answer");
    assert_eq!(again.json::<Value>().await.unwrap(), first);
    assert_eq!(
        submit(&floor, &cookie, 2, "key-2").await.status(),
        409,
        "it is no draft any more"
    );
    assert_eq!(
        submit(&floor, &cookie, 3, "key-1").await.status(),
        422,
        "a key belongs to one request"
    );
    let submitted = floor
        .trail()
        .await
        .iter()
        .filter(|kind| *kind == "ticket.submitted")
        .count();
    assert_eq!(submitted, 1);
}

#[tokio::test]
async fn a_bare_submission_names_every_missing_field_and_the_clause() {
    let floor = Floor::open().await;
    let cookie = floor.session("agent").await;
    let refused = submit(&floor, &cookie, 1, "key").await;
    assert_eq!(refused.status(), 422);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "incomplete");
    assert_eq!(
        problem["fields"],
        json!(["name", "content", "appeal_type", "category", "urgency", "place"])
    );
    assert_eq!(problem["clause"], "DB1302/T 604—2025 7.1.2 a");
    assert!(
        problem["title"].as_str().unwrap().contains("诉求内容"),
        "{problem}"
    );
    let unknown: Value = save(&floor, &cookie, 1, &json!({"category": "999999"}))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        (unknown["code"].as_str(), unknown["field"].as_str()),
        (Some("unknown"), Some("category"))
    );
}

#[tokio::test]
async fn who_does_not_write_an_order_sees_the_caller_masked_and_no_agent_sees_anothers() {
    let floor = Floor::open().await;
    let path = format!("/api/v1/tickets/{}", floor.ticket);
    let supervisor = floor.session("supervisor").await;
    let read: Value = floor.get(&path, &supervisor).await.json().await.unwrap();
    assert_eq!(read["caller_clear"], false);
    assert!(
        !read["caller"].as_str().unwrap().contains("13800138000"),
        "{read}"
    );
    let other = floor.session("expert").await;
    assert_eq!(floor.get(&path, &other).await.status(), 403);
    let list: Value = floor
        .get("/api/v1/tickets?day=today", &other)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(list["items"], json!([]), "an agent's list holds his own");
    let list: Value = floor
        .get("/api/v1/tickets?day=today", &supervisor)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["caller"], "");
}

#[tokio::test]
async fn calls_are_listed_masked_and_revealed_only_with_a_fact() {
    let floor = Floor::open().await;
    let cookie = floor.session("supervisor").await;
    let list = floor
        .get("/api/v1/calls?day=today", &cookie)
        .await
        .text()
        .await
        .unwrap();
    assert!(!list.contains("13800138000"), "{list}");
    let list: Value = serde_json::from_str(&list).unwrap();
    let call = &list["items"][0];
    assert_eq!(call["interaction"], floor.call.to_string());
    assert_eq!(
        (call["outcome"].as_str(), call["queue_name"].as_str()),
        (Some("answered"), Some("综合"))
    );
    assert_eq!(call["agent_name"], "王芳");
    assert!(call["ticket"]["number"].as_str().unwrap().len() == 14);

    let path = format!("/api/v1/calls/{}/reveal", floor.call);
    let number: Value = floor
        .request("POST", &path, Some(&cookie))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(number["number"], "+8613800138000");
    assert!(floor.trail().await.contains(&"personal.revealed".to_owned()));
    let other = floor.session("expert").await;
    assert_eq!(
        floor
            .request("POST", &path, Some(&other))
            .send()
            .await
            .unwrap()
            .status(),
        403
    );

    let search = |body: Value| {
        let request = floor
            .request("POST", "/api/v1/calls/search", Some(&cookie))
            .json(&body);
        async move {
            request.send().await.unwrap().json::<Value>().await.unwrap()["items"]
                .as_array()
                .unwrap()
                .len()
        }
    };
    assert_eq!(search(json!({"number": "+86 138 0013 8000"})).await, 1);
    assert_eq!(search(json!({"number": "13800138001"})).await, 0);
    assert_eq!(search(json!({"last4": "8000"})).await, 1);
}
