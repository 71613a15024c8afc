//! The knowledge base over HTTP: two people, versions, what an answer may rest on, requests and their lateness.

use rexian::base::time::WallTime;
use rexian::io::store::articles::UpdateRow;
use serde_json::Value;
use serde_json::json;

use super::commands::give;
use super::commands::give_at;
use super::commands::saved;
use super::floor::Floor;

fn words(title: &str) -> Value {
    json!({"title": title, "body": "持身份证到街道便民服务中心办理。", "owner": "hotline",
        "valid_from": "2020-01-01"})
}

async fn create(floor: &Floor, cookie: &str, words: &Value) -> Value {
    let answer = floor.send("POST", "/api/v1/articles", cookie, words).await;
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

async fn act(floor: &Floor, cookie: &str, article: &Value, what: &str) -> (u16, Value) {
    let path = format!("/api/v1/articles/{}/{what}", article["id"].as_str().unwrap());
    let request = floor
        .request("POST", &path, Some(cookie))
        .header("if-match", format!("\"{}\"", article["revision"]));
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

/// Answers the floor's draft with an article; the status and the answer.
async fn answered(floor: &Floor, agent: &str, article: &Value) -> (u16, Value) {
    saved(floor, agent).await;
    let command = json!({"command": "answer", "basis": "article", "reply": "请到街道便民服务中心办理。",
        "article": {"id": article["id"], "version": article["version"]}});
    give(floor, agent, &command).await
}

#[tokio::test]
async fn an_article_is_approved_by_a_second_person_and_every_step_leaves_a_fact() {
    let floor = Floor::open().await;
    let (writer, approver) = (
        floor.session("supervisor").await,
        floor.session("dispatcher").await,
    );
    let article = create(&floor, &writer, &words("老年证怎么办")).await;
    assert_eq!(
        (article["version"].as_i64(), article["state"].as_str()),
        (Some(1), Some("draft"))
    );

    let (status, problem) = act(&floor, &writer, &article, "approve").await;
    assert_eq!((status, problem["rule"].as_str()), (403, Some("second_person")));
    assert_eq!(problem["clause"], "DB1302/T 604—2025 8.3");
    let reader = floor.session("quality").await;
    assert_eq!(act(&floor, &reader, &article, "approve").await.0, 403);

    let (status, approved) = act(&floor, &approver, &article, "approve").await;
    assert_eq!((status, approved["valid"].as_bool()), (200, Some(true)));
    assert_eq!(
        act(&floor, &approver, &article, "approve").await.0,
        412,
        "an old revision"
    );

    // What was published is followed by a new version, and both can be read.
    let path = format!("/api/v1/articles/{}", article["id"].as_str().unwrap());
    let request = floor
        .request("PUT", &path, Some(&writer))
        .header("if-match", format!("\"{}\"", approved["revision"]));
    let next: Value = request
        .json(&words("老年证办理"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        (next["version"].as_i64(), next["state"].as_str()),
        (Some(2), Some("draft"))
    );
    let valid: Value = floor
        .get("/api/v1/articles?valid=true&title=怎么", &reader)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(valid["items"][0]["version"], 1, "the draft does not count yet");
    assert_eq!(act(&floor, &approver, &next, "approve").await.0, 200);
    let versions: Value = floor.get(&path, &reader).await.json().await.unwrap();
    let states: Vec<&str> = versions["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["approved", "retired"]);
    let facts = floor.trail().await;
    let of = |kind: &str| facts.iter().filter(|it| *it == kind).count();
    assert_eq!(
        (
            of("article.written"),
            of("article.approved"),
            of("article.retired")
        ),
        (2, 2, 1)
    );
}

/// Red when `Known.article` is taken as valid whatever it is.
#[tokio::test]
async fn ac_8_3_a_draft_or_an_expired_article_cannot_carry_an_answer_and_a_valid_one_can() {
    let floor = Floor::open().await;
    let (writer, approver) = (
        floor.session("supervisor").await,
        floor.session("dispatcher").await,
    );
    let agent = floor.session("agent").await;
    let draft = create(&floor, &writer, &words("未审核")).await;
    let (status, problem) = answered(&floor, &agent, &draft).await;
    assert_eq!(status, 422, "{problem}");
    assert_eq!(problem["clause"], "DB1302/T 604—2025 7.1.4 a");

    let mut old = words("已过期");
    old["valid_until"] = json!("2020-12-31");
    let old = create(&floor, &writer, &old).await;
    let (_, old) = act(&floor, &approver, &old, "approve").await;
    assert_eq!(old["valid"], false);
    assert_eq!(answered(&floor, &agent, &old).await.0, 422);

    let good = create(&floor, &writer, &words("有效")).await;
    let (_, good) = act(&floor, &approver, &good, "approve").await;
    let (status, order) = answered(&floor, &agent, &good).await;
    assert_eq!(
        (status, order["state"].as_str()),
        (200, Some("answered")),
        "{order}"
    );
    assert_eq!(order["ending_code"], "article");
}

#[tokio::test]
async fn a_request_is_done_by_an_approval_and_told_once_when_it_is_late() {
    let floor = Floor::open().await;
    let (writer, approver) = (
        floor.session("supervisor").await,
        floor.session("dispatcher").await,
    );
    let article = create(&floor, &writer, &words("公租房申请")).await;
    let ask = json!({"article": article["id"], "organ": "hotline", "reason": "申请条件已调整"});
    let agent = floor.session("agent").await;
    let asked = floor.send("POST", "/api/v1/article-updates", &agent, &ask).await;
    assert_eq!(asked.status(), 200);
    let asked: Value = asked.json().await.unwrap();
    assert_eq!(
        (asked["reason"].as_str(), asked["late"].as_bool()),
        (Some("申请条件已调整"), Some(false))
    );
    let articles = floor.engine.articles();
    assert_eq!(
        articles.tell_overdue().await.unwrap(),
        0,
        "its limit has not passed"
    );

    // The same request, but asked for a week ago.
    let (store, now) = (floor.engine.store(), floor.engine.clock().now().wall);
    let mut tx = store.begin().await.unwrap();
    let row = tx
        .article_update(asked["id"].as_str().unwrap().parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    let late = UpdateRow {
        id: "018f0000-0000-7000-8000-000000000001".parse().unwrap(),
        due: WallTime::from_micros(now.as_micros() - 1),
        ..row
    };
    tx.insert_article_update(&late).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(articles.tell_overdue().await.unwrap(), 1);
    assert_eq!(articles.tell_overdue().await.unwrap(), 0, "told once");
    assert_eq!(act(&floor, &approver, &article, "approve").await.0, 200);
    let open: Value = floor
        .get("/api/v1/article-updates?open=true", &writer)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(open["items"], json!([]));
    let facts = floor.trail().await;
    let of = |kind: &str| facts.iter().filter(|it| *it == kind).count();
    assert_eq!(
        (
            of("article.update_asked"),
            of("article.update_overdue"),
            of("article.update_done")
        ),
        (1, 1, 2)
    );
    let text = floor.facts_text().await;
    assert!(!text.contains("申请条件已调整"), "the reason stands sealed");
}

#[tokio::test]
async fn a_version_that_is_gone_from_under_a_command_is_told() {
    let floor = Floor::open().await;
    let agent = floor.session("agent").await;
    saved(&floor, &agent).await;
    let (status, problem) = give_at(&floor, &agent, 1, &json!({"command": "submit"})).await;
    assert_eq!((status, problem["code"].as_str()), (412, Some("conflict")));
}
