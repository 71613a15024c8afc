//! Messages that leave the house: listed masked, and put back into the queue by whoever may.

use std::collections::BTreeMap;

use rexian::base::phone_number::Number;
use rexian::engine::outbox::Message;
use rexian::engine::outbox::Recipient;
use rexian::io::notify::render::Secrecy;
use rexian::io::notify::vocabulary::Channel;
use rexian::io::notify::vocabulary::Template;
use rexian::io::store::outbox::NotificationId;
use rexian::io::store::outbox_attempt::AfterFailure;
use rexian::io::store::outbox_attempt::Failure;
use serde_json::Value;
use serde_json::json;

use super::floor::Floor;

/// Queues a message for a citizen and gives it up.
async fn given_up(floor: &Floor) -> NotificationId {
    let message = Message {
        key: "a".to_owned(),
        channel: Channel::Sms,
        template: Template::Accepted,
        recipient: Recipient::Appellant(Number::parse("13800138000", "315")),
        key_id: "order".to_owned(),
        ticket: None,
        variables: BTreeMap::new(),
        secrecy: Secrecy::Open,
        not_before: None,
    };
    let mut tx = floor.engine.store().begin().await.unwrap();
    floor.engine.outbox().queue(&mut tx, &[message]).await.unwrap();
    let now = floor.engine.clock().now().wall;
    let leased = tx.lease_due(Channel::Sms, now, ("n1", now), 1).await.unwrap();
    let failure = Failure {
        error: "cmpp-13",
        unanswered: false,
        after: AfterFailure::Dead,
    };
    tx.mark_failed(leased[0].id, "n1", &failure, now).await.unwrap();
    tx.commit().await.unwrap();
    leased[0].id
}

#[tokio::test]
async fn a_message_that_was_given_up_is_listed_masked_and_put_back_once() {
    let floor = Floor::open().await;
    let id = given_up(&floor).await;
    let cookie = floor.session("supervisor").await;
    let list = async |path: &str| -> Value { floor.get(path, &cookie).await.json().await.unwrap() };
    let page = list("/api/v1/outbox?state=dead").await;
    assert_eq!(page["items"][0]["id"], json!(id.to_string()));
    assert_eq!(page["items"][0]["recipient"], "138****8000");
    assert_eq!(page["items"][0]["last_error"], "cmpp-13");
    assert_eq!(
        (&page["counts"][0]["state"], &page["counts"][0]["count"]),
        (&json!("dead"), &json!(1))
    );
    assert_eq!(
        floor.get("/api/v1/outbox?state=lost", &cookie).await.status(),
        422
    );

    let path = format!("/api/v1/outbox/{id}/requeue");
    assert_eq!(
        floor.send("POST", &path, &cookie, &Value::Null).await.status(),
        403,
        "who reads does not manage"
    );
    let admin = floor.session("admin").await;
    assert_eq!(
        floor.send("POST", &path, &admin, &Value::Null).await.status(),
        204
    );
    assert_eq!(
        floor.send("POST", &path, &admin, &Value::Null).await.status(),
        409
    );
    let unknown = format!("/api/v1/outbox/{}/requeue", NotificationId::of_key("x"));
    assert_eq!(
        floor.send("POST", &unknown, &admin, &Value::Null).await.status(),
        404
    );
    assert_eq!(list("/api/v1/outbox?state=dead").await["items"], json!([]));
    assert_eq!(list("/api/v1/outbox").await["items"][0]["state"], "queued");
}
