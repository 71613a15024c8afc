//! Gateways that are dead: no command waits for one, and each is an alarm of its own.

use std::sync::Arc;
use std::time::Duration;

use rexian::account::Role;
use rexian::base::random::Random;
use rexian::engine::alarms::AlarmCode;
use rexian::engine::outbox::Recipient;
use rexian::engine::ticket_service::TicketService;
use rexian::engine::ticket_service::TicketServiceParts;
use rexian::io::notify::gateway::Gateway;
use rexian::io::notify::gateway::SubmitErrorKind;
use rexian::io::notify::http::HttpGateway;
use rexian::io::notify::http::HttpGatewayConfig;
use rexian::io::notify::vocabulary::Channel;
use rexian::io::notify::vocabulary::OutboxState;
use rexian::io::notify::vocabulary::Template;
use rexian::ticket::model::State;
use rexian::ticket::reference::Reference;
use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::PATIENCE;
use super::office::Office;
use super::office::PACE;
use super::office::Scripted;
use super::office::Ways;
use super::office::message;
use super::office::office_of;
use super::office::queue;
use super::office::row;
use super::office::rows;
use super::until;
use crate::store::Bench;
use crate::store::CallIds;
use crate::store::on_both;
use crate::store::person;
use crate::store::tickets::complete;
use crate::store::tickets::draft_of;

fn http(url: String) -> Arc<dyn Gateway> {
    let config = HttpGatewayConfig {
        url,
        secret: "key".to_owned(),
        ca: None,
        timeout: Duration::from_millis(100),
    };
    Arc::new(HttpGateway::new(&config).unwrap())
}

/// A server that takes connections, reads, and never says anything.
async fn silent() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/send", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    url
}

/// A server that takes every message and tells its body.
async fn taking() -> (String, mpsc::Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, bodies) = mpsc::channel(8);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (mut heard, mut buffer) = (Vec::new(), [0; 4_096]);
            let body = loop {
                let read = stream.read(&mut buffer).await.unwrap();
                heard.extend_from_slice(&buffer[..read]);
                let text = String::from_utf8_lossy(&heard).into_owned();
                let body = text.split_once("\r\n\r\n").map(|(_, body)| body);
                match body.and_then(|body| serde_json::from_str(body).ok()) {
                    Some(body) => break body,
                    None => assert_ne!(read, 0, "{text}"),
                }
            };
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
            stream.write_all(answer).await.unwrap();
            sender.send(body).await.unwrap();
        }
    });
    (url, bodies)
}

async fn open(bench: &Bench, ways: Ways) -> (Office, mpsc::Sender<rexian::io::notify::gateway::Incoming>) {
    let (sender, incoming) = mpsc::channel(4);
    (office_of(bench, "n1", ways, incoming, PACE).await, sender)
}

/// The orders' service with an outbox.
fn tickets(bench: &Bench, office: &Office) -> TicketService {
    TicketService::new(TicketServiceParts {
        store: bench.store.clone(),
        audit: bench.audit(),
        keys: bench.keys.clone(),
        clock: bench.clock.clone(),
        random: Random::from_number(41),
        zone: super::zone(),
        area_code: "315".to_owned(),
        reference: Arc::new(|| Reference::shipped().unwrap()),
        search: None,
        outbox: Some(office.outbox.clone()),
    })
}

#[test]
fn a_gateway_that_never_answers_blocks_no_command_and_is_an_alarm() {
    on_both(async |bench| {
        let ways = Ways {
            sms: http(silent().await),
            webhook: Arc::new(Scripted::default()),
        };
        let (office, _sender) = open(bench, ways).await;
        let who = person("wang", Role::Agent, "hotline", Some("1001"));
        let commands = async {
            for seed in 1..=8 {
                let draft = draft_of(bench, CallIds::number(seed)).await.row.ticket;
                let orders = tickets(bench, &office);
                let saved = orders.save(&who, draft.id, complete(), 1).await.unwrap();
                let sent = orders
                    .submit(&who, draft.id, saved.row.ticket.version, None)
                    .await;
                assert_eq!(sent.unwrap().row.ticket.state, State::PendingDispatch);
            }
        };
        tokio::time::timeout(PATIENCE, commands)
            .await
            .expect("no command waits for a gateway");
        until("the alarm is raised", async || {
            office.alarms.is_open(AlarmCode::SmsGatewayDown)
        })
        .await;
        assert_eq!(office.alarms.open()[0].object, "http");
        assert!(rows(bench, OutboxState::Sent).await.is_empty());
    });
}

#[test]
fn another_system_gets_its_message_by_the_webhook_and_does_not_clear_the_alarm_of_the_other_way() {
    on_both(async |bench| {
        let (url, mut bodies) = taking().await;
        let ways = Ways {
            sms: http(silent().await),
            webhook: http(url),
        };
        let (office, _sender) = open(bench, ways).await;
        queue(
            bench,
            &office.outbox,
            &[message("a", "13800138000", Template::Accepted)],
        )
        .await;
        until("the alarm is raised", async || {
            office.alarms.is_open(AlarmCode::SmsGatewayDown)
        })
        .await;
        let mut hook = message("b", "", Template::Dispatched);
        hook.channel = Channel::Webhook;
        hook.recipient = Recipient::Partner("city-brain".to_owned());
        queue(bench, &office.outbox, &[hook]).await;
        let body = tokio::time::timeout(PATIENCE, bodies.recv())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(body["to"], "city-brain");
        until("it is sent", async || {
            row(bench, "b").await.state == OutboxState::Sent
        })
        .await;
        assert!(
            office.alarms.is_open(AlarmCode::SmsGatewayDown),
            "short messages still do not leave"
        );
    });
}

#[test]
fn a_webhook_that_is_down_is_an_alarm_under_its_own_name() {
    on_both(async |bench| {
        let webhook = Arc::new(Scripted::default());
        *webhook.refuses.lock().unwrap() = Some(SubmitErrorKind::Down);
        let ways = Ways {
            sms: Arc::new(Scripted::default()),
            webhook: Arc::clone(&webhook) as Arc<dyn Gateway>,
        };
        let (office, _sender) = open(bench, ways).await;
        let mut hook = message("b", "", Template::Dispatched);
        hook.channel = Channel::Webhook;
        hook.recipient = Recipient::Partner("city-brain".to_owned());
        queue(bench, &office.outbox, &[hook]).await;
        until("the alarm is raised", async || {
            office.alarms.is_open(AlarmCode::SmsGatewayDown)
        })
        .await;
        assert_eq!(office.alarms.open()[0].object, "webhook scripted");
        queue(
            bench,
            &office.outbox,
            &[message("a", "13800138000", Template::Accepted)],
        )
        .await;
        until("the short message is sent", async || {
            row(bench, "a").await.state == OutboxState::Sent
        })
        .await;
        assert!(
            office.alarms.is_open(AlarmCode::SmsGatewayDown),
            "one way that works says nothing of the other"
        );
        *webhook.refuses.lock().unwrap() = None;
        until("the alarm is cleared", async || {
            !office.alarms.is_open(AlarmCode::SmsGatewayDown)
        })
        .await;
    });
}
