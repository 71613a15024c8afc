//! The CMPP client against a gateway of our own.

use std::collections::BTreeSet;
use std::time::Duration;

use rexian::io::notify::cmpp::CmppGateway;
use rexian::io::notify::cmpp_pdu::Body;
use rexian::io::notify::gateway::Event;
use rexian::io::notify::gateway::Gateway;
use rexian::io::notify::gateway::Incoming;
use rexian::io::notify::gateway::SubmitError;
use rexian::io::notify::gateway::SubmitErrorKind;
use tokio::sync::mpsc;

use super::SECRET;
use super::client;
use super::clock;
use super::cmpp_peer::Heard;
use super::cmpp_peer::Peer;
use super::cmpp_peer::Plan;
use super::cmpp_peer::report;
use super::cmpp_peer::written;
use super::outgoing;
use super::until;
use super::zone;

fn connect(peer: &Peer, secret: &str) -> (CmppGateway, mpsc::Receiver<Incoming>) {
    let (sender, incoming) = mpsc::channel(4);
    let (gateway, work) = CmppGateway::new(client(&peer.address, secret), zone(), clock(), sender);
    tokio::spawn(work);
    (gateway, incoming)
}

async fn up(plan: Plan) -> (Peer, CmppGateway, mpsc::Receiver<Incoming>) {
    let mut peer = Peer::open(plan).await;
    let (gateway, incoming) = connect(&peer, SECRET);
    assert_eq!(peer.hear().await, Heard::SignedIn);
    until("signed in", async || gateway.is_up()).await;
    (peer, gateway, incoming)
}

fn kind(end: Result<impl std::fmt::Debug, SubmitError>) -> (SubmitErrorKind, String) {
    let error = end.unwrap_err();
    (error.kind, error.code)
}

#[tokio::test]
async fn a_message_is_taken_with_the_id_that_the_gateway_gives() {
    let (mut peer, gateway, _incoming) = up(Plan::default()).await;
    let taken = gateway
        .submit(&outgoing("1", "13800138000", "您好"))
        .await
        .unwrap();
    assert_eq!(taken.ids, ["0b18000000000001"]);
    let Heard::Submitted { submit, result } = peer.hear().await else {
        panic!()
    };
    assert_eq!(
        (result, submit.to.as_str(), submit.sender.as_str()),
        (Some(0), "13800138000", "1065712345")
    );
    assert_eq!((submit.total, submit.number, submit.has_head), (1, 1, false));
    assert_eq!(submit.content, [0x60, 0xa8, 0x59, 0x7d]);
    drop(gateway);
    assert_eq!(peer.hear().await, Heard::Terminated);
}

#[tokio::test]
async fn a_long_message_leaves_in_parts_that_fit_together() {
    let (mut peer, gateway, _incoming) = up(Plan::default()).await;
    let text: String = ('一'..).take(150).collect();
    let taken = gateway
        .submit(&outgoing("1", "13800138000", &text))
        .await
        .unwrap();
    assert_eq!(taken.ids.len(), 3);
    let mut whole = Vec::new();
    for number in 1..=3 {
        let Heard::Submitted { submit, .. } = peer.hear().await else {
            panic!()
        };
        assert_eq!((submit.total, submit.number, submit.has_head), (3, number, true));
        assert_eq!(submit.content[..3], [5, 0, 3]);
        assert_eq!(submit.content[4..6], [3, number]);
        whole.extend_from_slice(&submit.content[6..]);
    }
    let units: Vec<u16> = whole
        .chunks(2)
        .map(|it| u16::from_be_bytes([it[0], it[1]]))
        .collect();
    assert_eq!(String::from_utf16(&units).unwrap(), text);
}

#[tokio::test]
async fn who_does_not_know_the_secret_gets_in_on_neither_side() {
    let mut peer = Peer::open(Plan::default()).await;
    let (gateway, _incoming) = connect(&peer, "wrong");
    for _ in 0..2 {
        assert_eq!(peer.hear().await, Heard::WrongAuthenticator, "it is tried again");
    }
    assert!(!gateway.is_up());
    let end = gateway.submit(&outgoing("1", "13800138000", "您好")).await;
    assert_eq!(kind(end), (SubmitErrorKind::Down, "cmpp-down".to_owned()));

    let mut peer = Peer::open(Plan {
        impostor: true,
        ..Plan::default()
    })
    .await;
    let (gateway, _incoming) = connect(&peer, SECRET);
    for _ in 0..2 {
        assert_eq!(peer.hear().await, Heard::SignedIn);
        assert_eq!(peer.hear().await, Heard::Dropped);
    }
    assert!(!gateway.is_up());
}

#[tokio::test]
async fn results_tell_what_is_refused_for_good_from_what_may_be_tried_again() {
    let (_peer, gateway, _incoming) = up(Plan {
        results: [13, 3, 99].into(),
        ..Plan::default()
    })
    .await;
    let message = outgoing("1", "13800138000", "您好");
    assert_eq!(
        kind(gateway.submit(&message).await),
        (SubmitErrorKind::Permanent, "cmpp-13".to_owned())
    );
    assert_eq!(
        kind(gateway.submit(&message).await),
        (SubmitErrorKind::Transient, "cmpp-3".to_owned())
    );
    assert_eq!(
        kind(gateway.submit(&message).await),
        (SubmitErrorKind::Transient, "cmpp-99".to_owned())
    );
    assert!(gateway.submit(&message).await.is_ok());
}

#[tokio::test]
async fn a_gateway_that_throttles_is_asked_again_and_then_left_alone() {
    let (mut peer, gateway, _incoming) = up(Plan {
        results: [8, 8].into(),
        ..Plan::default()
    })
    .await;
    let message = outgoing("1", "13800138000", "您好");
    assert!(gateway.submit(&message).await.is_ok());
    let heard: Vec<Option<u32>> = peer.heard().into_iter().map(result_of).collect();
    assert_eq!(heard, [Some(8), Some(8), Some(0)]);
    peer.plan.lock().unwrap().results = [8; 6].into();
    assert_eq!(
        kind(gateway.submit(&message).await),
        (SubmitErrorKind::Throttled, "cmpp-8".to_owned())
    );
    // A part of it has left: what comes next repeats it.
    peer.plan.lock().unwrap().results = [0, 99].into();
    let long = outgoing("2", "13800138000", &"字".repeat(71));
    assert_eq!(
        kind(gateway.submit(&long).await),
        (SubmitErrorKind::Unanswered, "cmpp-99".to_owned())
    );
}

fn result_of(heard: Heard) -> Option<u32> {
    let Heard::Submitted { result, .. } = heard else {
        panic!("{heard:?}")
    };
    result
}

#[tokio::test]
async fn at_most_sixteen_are_unanswered_and_a_dropped_line_says_so_of_each() {
    let (mut peer, gateway, _incoming) = up(Plan {
        drop_after: Some(16),
        ..Plan::default()
    })
    .await;
    let messages: Vec<_> = (0..40)
        .map(|at| outgoing(&at.to_string(), &format!("138001380{at:02}"), "您好"))
        .collect();
    let ends = futures_util::future::join_all(messages.iter().map(|message| gateway.submit(message))).await;
    let read = peer
        .heard()
        .into_iter()
        .filter(|it| matches!(it, Heard::Submitted { result: None, .. }));
    let read: BTreeSet<String> = read
        .map(|it| match it {
            Heard::Submitted { submit, .. } => submit.to,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(read.len(), 16, "no seventeenth was written before an answer");
    for (message, end) in messages.iter().zip(ends) {
        let code = end.map_err(|error| error.kind);
        if read.contains(&message.to) {
            assert_eq!(code, Err(SubmitErrorKind::Unanswered), "{}", message.to);
        } else {
            assert!(
                !matches!(code, Err(SubmitErrorKind::Unanswered)),
                "{}",
                message.to
            );
        }
    }
    until("signed in again", async || gateway.is_up()).await;
    assert!(
        gateway
            .submit(&outgoing("x", "13800138099", "您好"))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_receipt_and_a_citizens_message_are_confirmed_when_they_are_durable() {
    let (mut peer, _gateway, mut incoming) = up(Plan::default()).await;
    peer.say(report(0x0b18_0000_0000_0001, "EXPIRED"));
    let Incoming { event, stored } = incoming.recv().await.unwrap();
    let Event::Receipt(receipt) = event else { panic!() };
    assert_eq!(
        (receipt.gateway_id.as_str(), receipt.status.as_str()),
        ("0b18000000000001", "EXPIRED")
    );
    assert_eq!(peer.heard(), [], "not yet");
    stored.send(()).unwrap();
    assert!(matches!(peer.hear().await, Heard::Confirmed { result: 0, .. }));

    peer.say(written(77, "8613800138000", "1"));
    let Incoming { event, stored } = incoming.recv().await.unwrap();
    let Event::Inbound(inbound) = event else { panic!() };
    assert_eq!(
        (inbound.from.as_str(), inbound.text.as_str()),
        ("8613800138000", "1")
    );
    drop(stored);
    // What was not stored is never confirmed; what comes after it is.
    peer.say(report(2, "ACCEPTD"));
    assert_eq!(
        peer.hear().await,
        Heard::Confirmed {
            msg_id: 2 ^ 0xffff,
            result: 0
        }
    );
    peer.say(Body::ActiveTest);
    assert_eq!(peer.hear().await, Heard::ActiveTestAnswered);
}

#[tokio::test]
async fn a_silent_gateway_is_given_up_and_what_it_had_is_unanswered() {
    let mut peer = Peer::open(Plan {
        drop_after: Some(1_000),
        ..Plan::default()
    })
    .await;
    let (sender, _incoming) = mpsc::channel(4);
    let mut config = client(&peer.address, SECRET);
    config.pace.answer = Duration::from_millis(100);
    let (gateway, work) = CmppGateway::new(config, zone(), clock(), sender);
    tokio::spawn(work);
    assert_eq!(peer.hear().await, Heard::SignedIn);
    until("signed in", async || gateway.is_up()).await;
    let end = gateway.submit(&outgoing("1", "13800138000", "您好")).await;
    assert_eq!(
        kind(end),
        (SubmitErrorKind::Unanswered, "cmpp-unanswered".to_owned())
    );
}
