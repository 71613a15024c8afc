//! AC-4.3.1: who has not signed the secrecy commitment in force sees nothing of an appellant.

use rexian::account::commitment::VERSION;
use rexian::io::store::commitments::CommitmentRow;
use serde_json::Value;
use serde_json::json;

use super::facts;
use super::get;
use super::post;
use crate::http::floor::Floor;

const TEXT: &str = "/api/v1/session/commitment";

/// What shows appellants to an agent, and to a supervisor.
fn doors(floor: &Floor) -> Vec<(&'static str, &'static str, String, Value)> {
    let (ticket, call, recording) = (floor.ticket, floor.call, floor.recording);
    let none = Value::Null;
    vec![
        ("agent", "GET", "/tickets".to_owned(), none.clone()),
        ("agent", "GET", format!("/tickets/{ticket}"), none.clone()),
        ("agent", "GET", format!("/tickets/{ticket}/history"), none.clone()),
        (
            "agent",
            "GET",
            format!("/tickets/{ticket}/duplicates"),
            none.clone(),
        ),
        ("agent", "POST", format!("/tickets/{ticket}/reveal"), none.clone()),
        (
            "agent",
            "POST",
            "/tickets/search".to_owned(),
            json!({"last4": "8000"}),
        ),
        ("agent", "GET", "/calls".to_owned(), none.clone()),
        ("agent", "GET", format!("/calls/{call}"), none.clone()),
        ("agent", "POST", format!("/calls/{call}/reveal"), none.clone()),
        ("agent", "GET", format!("/callers/{call}/history"), none.clone()),
        ("supervisor", "GET", "/recordings".to_owned(), none.clone()),
        ("supervisor", "GET", "/outbox".to_owned(), none.clone()),
        (
            "supervisor",
            "POST",
            "/tickets/export".to_owned(),
            json!({"format": "csv", "purpose": "季度分析"}),
        ),
        // The file of the recording is not there; that he may hear it is what counts.
        (
            "agent",
            "GET",
            format!("/recordings/{recording}/audio"),
            none.clone(),
        ),
        // No WebSocket is asked for; that he may is what counts.
        ("agent", "GET", "/stream".to_owned(), none),
    ]
}

async fn knock(floor: &Floor, method: &str, path: &str, cookie: &str, body: &Value) -> (u16, String) {
    let request = floor.request(method, &format!("/api/v1{path}"), Some(cookie));
    let request = if body.is_null() {
        request
    } else {
        request.json(body)
    };
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn ac_4_3_1_a_user_without_a_signed_commitment_sees_no_appellant_data() {
    let floor = Floor::open().await;
    let agent = floor.session_unsigned("agent").await;
    let supervisor = floor.session_unsigned("supervisor").await;
    let of = |who: &str| if who == "agent" { &agent } else { &supervisor };
    let (_, me) = get(&floor, "/api/v1/session", &agent).await;
    assert_eq!(me["commitment_due"], true);
    for (who, method, path, body) in doors(&floor) {
        let (status, text) = knock(&floor, method, &path, of(who), &body).await;
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (status, problem["code"].as_str(), problem["clause"].as_str()),
            (403, Some("commitment_required"), Some("DB1302/T 604—2025 4.3.1")),
            "{method} {path} as {who}: {text}"
        );
        assert!(!text.contains("8000"), "{text}");
    }
    assert_eq!(
        facts(&floor, "permission.denied").await.len(),
        doors(&floor).len()
    );
    // What shows nobody goes on.
    assert_eq!(get(&floor, "/api/v1/reference/regions", &agent).await.0, 200);
    assert_eq!(get(&floor, "/api/v1/statistics/queues", &supervisor).await.0, 200);

    // He signs what he read, to the last letter.
    let (_, text) = get(&floor, TEXT, &agent).await;
    assert_eq!(
        (text["version"].as_i64(), &text["signed_at"]),
        (Some(VERSION), &Value::Null)
    );
    assert!(text["paragraphs"].as_array().unwrap().len() > 3);
    let wrong = json!({"version": VERSION, "sha256": "00"});
    assert_eq!(post(&floor, TEXT, &agent, &wrong).await.0, 412);
    let right = json!({"version": VERSION, "sha256": text["sha256"]});
    for cookie in [&agent, &supervisor, &agent] {
        let (status, signed) = post(&floor, TEXT, cookie, &right).await;
        assert_eq!((status, signed["signed_at"].is_string()), (200, true), "{signed}");
    }
    let row = floor
        .engine
        .store()
        .commitment(&"agent".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(row.unwrap().sha256, text["sha256"].as_str().unwrap());
    let signed = facts(&floor, "user.commitment_signed").await;
    let who: Vec<&Value> = signed.iter().map(|fact| &fact["body"]["user"]).collect();
    assert_eq!(who, ["agent", "supervisor"], "signing again changes nothing");

    // The twin: with the signature every door is open.
    for (who, method, path, body) in doors(&floor) {
        let (status, text) = knock(&floor, method, &path, of(who), &body).await;
        assert_ne!(status, 403, "{method} {path} as {who}: {text}");
    }
}

#[tokio::test]
async fn a_signature_under_an_older_text_does_not_count() {
    let floor = Floor::open().await;
    let agent = floor.session_unsigned("agent").await;
    let sign = async |version| {
        let row = CommitmentRow {
            version,
            sha256: "00".repeat(32),
            signed_at: floor.engine.clock().now().wall,
        };
        let mut tx = floor.engine.store().begin().await.unwrap();
        tx.insert_commitment(&"agent".parse().unwrap(), &row)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    let path = format!("/api/v1/tickets/{}", floor.ticket);
    sign(VERSION - 1).await;
    assert_eq!(get(&floor, &path, &agent).await.0, 403);
    sign(VERSION).await;
    assert_eq!(
        get(&floor, &path, &agent).await.0,
        200,
        "the twin: the text in force"
    );
}

#[tokio::test]
async fn nobody_takes_a_seat_before_he_has_signed() {
    let floor = Floor::open().await;
    let unsigned = floor.session_unsigned("agent").await;
    let (status, problem) = post(&floor, "/api/v1/agent/sign-in", &unsigned, &json!({})).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (403, Some("commitment_required"))
    );
    assert!(
        floor.asked.lock().unwrap().is_empty(),
        "the exchange was not asked"
    );
    let signed = floor.session("agent").await;
    assert_eq!(
        post(&floor, "/api/v1/agent/sign-in", &signed, &json!({})).await.0,
        204
    );
}
