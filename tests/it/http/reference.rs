//! Reference data over HTTP: read by everybody signed in, published whole by the administrator, refused with every fault.

use reqwest::StatusCode;
use serde_json::Value;

use crate::http::floor::Floor;

async fn put(
    floor: &Floor,
    cookie: &str,
    kind: &str,
    version: &str,
    csv: bool,
    body: String,
) -> (StatusCode, Value) {
    let content = if csv { "text/csv" } else { "application/json" };
    let sent = floor
        .request("PUT", &format!("/api/v1/reference/{kind}"), Some(cookie))
        .header("content-type", content)
        .header("if-match", version)
        .body(body)
        .send()
        .await
        .unwrap();
    (sent.status(), sent.json().await.unwrap())
}

#[tokio::test]
async fn an_administrator_publishes_and_an_agent_reads() {
    let floor = Floor::open().await;
    let (admin, agent) = (floor.session("admin").await, floor.session("agent").await);
    let read = floor.get("/api/v1/reference/regions", &agent).await;
    assert_eq!(read.status(), 200);
    assert_eq!(read.headers()["etag"], "\"1\"");
    let mut body: Value = read.json().await.unwrap();
    assert_eq!(body["columns"], serde_json::json!(["code", "name", "parent"]));
    let document = &mut body["document"];
    document["regions"][1]["name"] = "路南".into();
    let text = document.to_string();
    let (status, problem) = put(&floor, &agent, "regions", "\"1\"", false, text.clone()).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (403, &Value::from("forbidden"))
    );
    let (status, done) = put(&floor, &admin, "regions", "\"1\"", false, text.clone()).await;
    assert_eq!(status, 200, "{done}");
    assert_eq!(done["version"], 2);
    assert_eq!(done["changed"][0]["after"], "路南");
    assert_eq!(floor.trail().await.last().unwrap(), "reference.published");
    let (status, _) = put(&floor, &admin, "regions", "\"1\"", false, text).await;
    assert_eq!(status, 412, "the version that was read is no longer the newest");
    let history: Value = floor
        .get("/api/v1/reference/regions/history", &agent)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(history["items"][0]["published_by"], "admin");
    assert_eq!(history["items"].as_array().unwrap().len(), 2);
    let old: Value = floor
        .get("/api/v1/reference/regions?version=1", &agent)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(old["document"]["regions"][1]["name"], "路南区");
}

#[tokio::test]
async fn a_table_is_taken_and_its_faults_are_told_by_line() {
    let floor = Floor::open().await;
    let admin = floor.session("admin").await;
    let csv = floor
        .get("/api/v1/reference/rules?format=csv", &admin)
        .await
        .text()
        .await
        .unwrap();
    assert!(csv.starts_with("id,category,region,target"), "{csv}");
    let (status, same) = put(&floor, &admin, "rules", "\"1\"", true, csv.clone()).await;
    assert_eq!(
        (status.as_u16(), &same["version"]),
        (200, &Value::from(1)),
        "nothing has changed"
    );
    let bad = csv.replacen("territory", "nobody", 1) + "x,99,*,cg,industry,,,\r\n";
    let (status, problem) = put(&floor, &admin, "rules", "\"1\"", true, bad).await;
    assert_eq!(status, 422);
    let places: Vec<&str> = problem["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_str().unwrap())
        .collect();
    assert_eq!(places, ["line 2, column target", "line 71, column category"]);
    let (status, _) = put(&floor, &admin, "boats", "\"1\"", false, "{}".to_owned()).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn proposals_are_made_where_the_site_has_switched_them_on() {
    let floor = Floor::open().await;
    let (admin, agent) = (floor.session("admin").await, floor.session("agent").await);
    let ask = async |content: String| {
        let body = serde_json::json!({"content": content, "region": "130202008"});
        let answer = floor
            .send("POST", "/api/v1/tickets/proposals", &agent, &body)
            .await;
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let text = "路南区惠民道一带井盖丢了好几个，请派人来".to_owned();
    let (status, problem) = ask(text.clone()).await;
    assert_eq!(
        (status, &problem["field"]),
        (409, &Value::from("proposals.on")),
        "{problem}"
    );
    let read = floor.get("/api/v1/reference/settings", &admin).await;
    let version = read.headers()["etag"].to_str().unwrap().to_owned();
    let mut body: Value = read.json().await.unwrap();
    let entries = body["document"]["entries"].as_array_mut().unwrap();
    let own = entries.iter_mut().find(|it| it["id"] == "proposals.on").unwrap();
    own["value"] = true.into();
    let (status, done) = put(
        &floor,
        &admin,
        "settings",
        &version,
        false,
        body["document"].to_string(),
    )
    .await;
    assert_eq!(status, 200, "{done}");
    let (status, found) = ask(text).await;
    assert_eq!(status, 200, "{found}");
    assert_eq!(found["categories"][0]["code"], "010202");
    assert_eq!(found["units"][0]["unit"], "t130202");
    assert!(
        found["categories"][0]["words"].to_string().contains("井盖"),
        "{found}"
    );
    let (status, problem) = ask("路".repeat(5_001)).await;
    assert_eq!((status, &problem["field"]), (422, &Value::from("content")));
}
