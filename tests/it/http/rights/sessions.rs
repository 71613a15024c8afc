//! AC-4.3.3: an account has one live session; the older one ends, leaves a fact, and is told why.

use std::time::Duration;

use futures_util::StreamExt as _;
use rexian::http::auth;
use serde_json::Value;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::facts;
use super::get;
use crate::http::floor::Floor;
use crate::http::floor::PASSWORD;

async fn sign_in(floor: &Floor, user: &str) -> String {
    let body = json!({"user": user, "password": PASSWORD});
    let answer = floor
        .request("POST", "/api/v1/session", None)
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let line = answer.headers()["set-cookie"].to_str().unwrap();
    line.split(';').next().unwrap().to_owned()
}

/// Reads a stream to its end: why it was closed.
async fn end_of_stream(floor: &Floor, cookie: &str, then: impl AsyncFnOnce()) -> (u16, String) {
    let mut request = format!("ws://{}/api/v1/stream", floor.address)
        .into_client_request()
        .unwrap();
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let hello = socket.next().await.unwrap().unwrap();
    assert!(matches!(hello, Message::Text(_)));
    then().await;
    loop {
        // Far sooner than the next heartbeat would look at the session.
        let message = tokio::time::timeout(Duration::from_secs(10), socket.next()).await;
        if let Message::Close(Some(frame)) = message.unwrap().unwrap().unwrap() {
            return (frame.code.into(), frame.reason.to_string());
        }
    }
}

#[tokio::test]
async fn ac_4_3_3_of_two_sessions_of_one_account_the_older_is_closed_and_logged() {
    let floor = Floor::open().await;
    // Both have signed the commitment.
    for user in ["agent", "supervisor"] {
        let cookie = floor.session(user).await;
        floor
            .request("DELETE", "/api/v1/session", Some(&cookie))
            .send()
            .await
            .unwrap();
    }
    let older = sign_in(&floor, "agent").await;
    let beside = sign_in(&floor, "supervisor").await;
    assert_eq!(get(&floor, "/api/v1/tickets", &older).await.0, 200);
    assert!(
        facts(&floor, "user.session_replaced").await.is_empty(),
        "nothing was there to end"
    );

    let mut newer = String::new();
    let end = end_of_stream(&floor, &older, async || newer = sign_in(&floor, "agent").await).await;
    assert_eq!(end, (4409, "session_replaced".to_owned()));
    let (status, problem) = get(&floor, "/api/v1/tickets", &older).await;
    assert_eq!(
        (status, problem["code"].as_str(), problem["title"].as_str()),
        (
            401,
            Some("session_replaced"),
            Some("该账号已在其他地方登录，本次登录已结束")
        )
    );
    let replaced = facts(&floor, "user.session_replaced").await;
    assert_eq!(replaced.len(), 1);
    assert_eq!(replaced[0]["body"], json!({"user": "agent", "sessions": 1}));
    assert_eq!(replaced[0]["actor"]["id"], "agent");
    let hash = |cookie: &str| auth::hash_token(cookie.split_once('=').unwrap().1);
    let (store, now) = (floor.engine.store(), rexian::base::time::WallTime::from_micros(0));
    assert!(store.web_session(&hash(&older), now).await.unwrap().is_none());
    assert!(store.web_session(&hash(&newer), now).await.unwrap().is_some());

    // The twins: the newer one goes on, and so does another account's.
    assert_eq!(get(&floor, "/api/v1/tickets", &newer).await.0, 200);
    assert_eq!(get(&floor, "/api/v1/tickets", &beside).await.0, 200);
    // And after a sign-out there is nothing to end.
    floor
        .request("DELETE", "/api/v1/session", Some(&newer))
        .send()
        .await
        .unwrap();
    sign_in(&floor, "agent").await;
    assert_eq!(facts(&floor, "user.session_replaced").await.len(), 1);
    let (status, problem): (u16, Value) = get(&floor, "/api/v1/session", &newer).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (401, Some("not_signed_in")),
        "he left by himself"
    );
}

#[tokio::test]
async fn the_stream_of_another_account_goes_on() {
    let floor = Floor::open().await;
    let supervisor = floor.session("supervisor").await;
    let end = end_of_stream(&floor, &supervisor, async || {
        sign_in(&floor, "agent").await;
        sign_in(&floor, "agent").await;
        floor.web.stop();
    });
    assert_eq!(end.await.0, 1001, "until the server stops");
}
