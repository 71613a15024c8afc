//! The outbox over a gateway: nothing is lost, nothing is doubled that need not be, and answers come back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use rexian::engine::alarms::AlarmCode;
use rexian::engine::outbox::Message;
use rexian::engine::outbox::Outbox;
use rexian::engine::outbox::Pace;
use rexian::engine::outbox::Recipient;
use rexian::engine::outbox::user_tag;
use rexian::io::notify::cmpp::CmppGateway;
use rexian::io::notify::gateway::Gateway;
use rexian::io::notify::gateway::SubmitErrorKind;
use rexian::io::notify::render::Secrecy;
use rexian::io::notify::vocabulary::Channel;
use rexian::io::notify::vocabulary::OutboxState;
use rexian::io::notify::vocabulary::Template;
use rexian::io::store::outbox::NotificationId;
use rexian::io::store::outbox::OutboxFilter;
use tokio::sync::mpsc;

use super::PATIENCE;
use super::SECRET;
use super::client;
use super::clock;
use super::cmpp_peer::Heard;
use super::cmpp_peer::Peer;
use super::cmpp_peer::Plan;
use super::cmpp_peer::written;
use super::office::PACE;
use super::office::Scripted;
use super::office::message;
use super::office::office;
use super::office::queue;
use super::office::row;
use super::office::rows;
use super::office::scripted;
use super::until;
use super::zone;
use crate::store::on_both;

#[test]
fn a_dropped_line_and_throttling_lose_nothing_and_double_only_what_was_unanswered() {
    on_both(async |bench| {
        let mut peer = Peer::open(Plan {
            results: [8, 0, 0, 8, 8].into(),
            reports: true,
            reports_first: true,
            ..Plan::default()
        })
        .await;
        let (sender, incoming) = mpsc::channel(64);
        let (gateway, work) = CmppGateway::new(client(&peer.address, SECRET), zone(), clock(), sender);
        tokio::spawn(work);
        let office = office(bench, "n1", Arc::new(gateway), incoming, PACE).await;
        let first: Vec<Message> = (10..30)
            .map(|at| message(&at.to_string(), &format!("138001380{at}"), Template::Accepted))
            .collect();
        queue(bench, &office.outbox, &first).await;
        until("the first are there", async || {
            rows(bench, OutboxState::Delivered).await.len() == 20
        })
        .await;

        {
            let mut plan = peer.plan.lock().unwrap();
            plan.drop_after = Some(7);
            plan.reports_first = false;
        }
        let second: Vec<Message> = (30..70)
            .map(|at| message(&at.to_string(), &format!("138001380{at}"), Template::Closed))
            .collect();
        queue(bench, &office.outbox, &second).await;
        until("all are there", async || {
            rows(bench, OutboxState::Delivered).await.len() == 60
        })
        .await;

        let mut taken: BTreeMap<String, u32> = BTreeMap::new();
        let mut unanswered: BTreeMap<String, u32> = BTreeMap::new();
        let mut drops = 0;
        for heard in peer.heard() {
            match heard {
                Heard::Submitted {
                    submit,
                    result: Some(0),
                } => *taken.entry(submit.to).or_default() += 1,
                Heard::Submitted { submit, result: None } => *unanswered.entry(submit.to).or_default() += 1,
                Heard::Dropped => drops += 1,
                _ => {}
            }
        }
        assert_eq!(drops, 1);
        assert_eq!((taken.len(), unanswered.len()), (60, 7), "nothing is lost");
        assert!(
            taken.values().all(|times| *times == 1),
            "nothing is doubled: {taken:?}"
        );
        for row in rows(bench, OutboxState::Delivered).await {
            let opened = bench
                .audit()
                .open(&row.notification.recipient)
                .await
                .unwrap()
                .unwrap();
            let to = opened.number.unwrap().national();
            if unanswered.contains_key(&to) {
                assert_eq!(
                    (row.resends, row.attempts),
                    (1, 2),
                    "{to} was sent again and counted"
                );
            }
        }
        let figures = office.outbox.figures();
        assert_eq!(
            (figures.sent.load(Relaxed), figures.delivered.load(Relaxed)),
            (60, 60)
        );
        assert!((7..=16).contains(&figures.resent.load(Relaxed)));
    });
}

#[test]
fn two_nodes_share_the_work_and_send_each_message_once() {
    on_both(async |bench| {
        let gateway = Arc::new(Scripted::default());
        let messages: Vec<Message> = (10..90)
            .map(|at| message(&at.to_string(), &format!("138001380{at}"), Template::Accepted))
            .collect();
        let mut offices = Vec::new();
        for node in ["n1", "n2"] {
            let (_sender, incoming) = mpsc::channel(1);
            offices.push(
                office(
                    bench,
                    node,
                    Arc::clone(&gateway) as Arc<dyn Gateway>,
                    incoming,
                    PACE,
                )
                .await,
            );
        }
        queue(bench, &offices[0].outbox, &messages).await;
        offices[1].outbox.wake();
        until("all are sent", async || {
            rows(bench, OutboxState::Sent).await.len() == 80
        })
        .await;
        let mut ids: Vec<String> = gateway
            .taken
            .lock()
            .unwrap()
            .iter()
            .map(|it| it.id.clone())
            .collect();
        assert_eq!(ids.len(), 80);
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 80);
    });
}

#[test]
fn a_message_waits_over_a_restart() {
    on_both(async |bench| {
        let (first, gateway, _sender) = scripted(bench, PACE).await;
        *gateway.refuses.lock().unwrap() = Some(SubmitErrorKind::Down);
        queue(
            bench,
            &first.outbox,
            &[message("a", "13800138000", Template::Accepted)],
        )
        .await;
        until("it was tried", async || 0 < *gateway.asked.lock().unwrap()).await;
        drop(first);
        let (_second, gateway, _sender) = scripted(
            bench,
            Pace {
                lease: Duration::ZERO,
                ..PACE
            },
        )
        .await;
        // What the first had leased when it ended is taken when its lease is over.
        bench.meddle("UPDATE outbox SET next_at_us = 0").await;
        until("it is sent", async || {
            row(bench, "a").await.state == OutboxState::Sent
        })
        .await;
        assert_eq!(gateway.taken.lock().unwrap()[0].to, "13800138000");
    });
}

#[test]
fn a_gateway_that_is_down_is_an_alarm_and_costs_no_attempt() {
    on_both(async |bench| {
        let (office, gateway, _sender) = scripted(bench, PACE).await;
        *gateway.refuses.lock().unwrap() = Some(SubmitErrorKind::Down);
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
        let waiting = row(bench, "a").await;
        assert!(
            waiting.attempts <= 1,
            "an attempt that is under way counts until it ends"
        );
        assert_eq!(office.alarms.open()[0].object, "scripted");
        *gateway.refuses.lock().unwrap() = None;
        until("the alarm is cleared", async || {
            !office.alarms.is_open(AlarmCode::SmsGatewayDown)
        })
        .await;
        let sent = row(bench, "a").await;
        assert_eq!((sent.state, sent.attempts), (OutboxState::Sent, 1));
    });
}

#[test]
fn eight_attempts_are_the_end_until_a_person_asks_for_more() {
    on_both(async |bench| {
        let (office, gateway, _sender) = scripted(bench, PACE).await;
        *gateway.refuses.lock().unwrap() = Some(SubmitErrorKind::Transient);
        queue(
            bench,
            &office.outbox,
            &[message("a", "13800138000", Template::Accepted)],
        )
        .await;
        until("it is dead", async || {
            row(bench, "a").await.state == OutboxState::Dead
        })
        .await;
        let asked = *gateway.asked.lock().unwrap();
        assert_eq!((asked, row(bench, "a").await.attempts), (8, 8));
        *gateway.refuses.lock().unwrap() = None;
        let user = "supervisor".parse().unwrap();
        let id = NotificationId::of_key("a");
        assert!(office.outbox.requeue(&user, id).await.unwrap());
        until("it is sent", async || {
            row(bench, "a").await.state == OutboxState::Sent
        })
        .await;
        assert!(
            !office.outbox.requeue(&user, id).await.unwrap(),
            "what is sent is not sent again"
        );

        *gateway.refuses.lock().unwrap() = Some(SubmitErrorKind::Permanent);
        queue(
            bench,
            &office.outbox,
            &[message("b", "13800138000", Template::Accepted)],
        )
        .await;
        until("it is dead at once", async || {
            row(bench, "b").await.state == OutboxState::Dead
        })
        .await;
        assert_eq!(row(bench, "b").await.attempts, 1);
    });
}

#[test]
fn what_cannot_be_sent_is_given_up_with_its_reason() {
    on_both(async |bench| {
        let (office, gateway, _sender) = scripted(bench, PACE).await;
        let mut erased = message("erased", "13800138000", Template::Accepted);
        erased.not_before = Some(rexian::base::time::WallTime::from_micros(i64::MAX));
        queue(
            bench,
            &office.outbox,
            &[erased, message("anonymous", "anonymous", Template::Accepted)],
        )
        .await;
        until("it has no number", async || {
            row(bench, "anonymous").await.state == OutboxState::Dead
        })
        .await;
        assert_eq!(
            row(bench, "anonymous").await.last_error.as_deref(),
            Some("no-address")
        );
        let mut tx = bench.store.begin().await.unwrap();
        assert!(tx.erase_data_key("order-erased").await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(
            row(bench, "erased").await.state,
            OutboxState::Queued,
            "not before its time"
        );
        bench
            .meddle("UPDATE outbox SET next_at_us = 0 WHERE once_key = 'erased'")
            .await;
        until("it is cancelled", async || {
            row(bench, "erased").await.state == OutboxState::Cancelled
        })
        .await;
        assert_eq!(row(bench, "erased").await.last_error.as_deref(), Some("erased"));
        assert_eq!(*gateway.asked.lock().unwrap(), 0);
    });
}

#[test]
fn a_confidential_order_leaves_with_number_and_code_and_its_variables_are_not_even_kept() {
    on_both(async |bench| {
        let (office, gateway, _sender) = scripted(bench, PACE).await;
        let mut secret = message("a", "13800138000", Template::Dispatched);
        secret.secrecy = Secrecy::Confidential;
        queue(bench, &office.outbox, &[secret]).await;
        until("it is sent", async || {
            row(bench, "a").await.state == OutboxState::Sent
        })
        .await;
        let text = gateway.taken.lock().unwrap()[0].text.clone();
        assert!(text.contains("84230019") && !text.contains("路北区"), "{text}");
        let row = row(bench, "a").await;
        let kept = bench
            .audit()
            .open(&row.notification.variables)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(kept.values.keys().collect::<Vec<_>>(), ["code"]);
        assert_eq!(
            Outbox::masked_recipient(&bench.audit(), &row).await.unwrap(),
            "***"
        );
    });
}

#[test]
fn a_notice_is_delivered_by_standing_in_its_recipients_list() {
    on_both(async |bench| {
        let (office, gateway, _sender) = scripted(bench, PACE).await;
        let user: rexian::base::ids::UserId = "u1".parse().unwrap();
        let mut notice = message("a", "", Template::SupervisorAlarm);
        notice.channel = Channel::Notice;
        notice.recipient = Recipient::User(user.clone(), None);
        queue(bench, &office.outbox, &[notice]).await;
        let filter = OutboxFilter {
            recipient_tag: Some(user_tag(&user)),
            state: Some(OutboxState::Delivered),
            limit: 10,
            ..OutboxFilter::default()
        };
        until("it is there", async || {
            bench.store.notifications(&filter).await.unwrap().0.len() == 1
        })
        .await;
        assert_eq!(*gateway.asked.lock().unwrap(), 0);
        let row = row(bench, "a").await;
        assert_eq!(
            Outbox::masked_recipient(&bench.audit(), &row).await.unwrap(),
            "u1"
        );
    });
}

#[test]
fn an_answer_is_stored_confirmed_handed_on_and_handed_again_until_it_is_dealt_with() {
    on_both(async |bench| {
        let mut peer = Peer::open(Plan::default()).await;
        let (sender, incoming) = mpsc::channel(64);
        let (gateway, work) = CmppGateway::new(client(&peer.address, SECRET), zone(), clock(), sender);
        tokio::spawn(work);
        let mut office = office(bench, "n1", Arc::new(gateway), incoming, PACE).await;
        assert_eq!(peer.hear().await, Heard::SignedIn);
        for _ in 0..2 {
            peer.say(written(77, "8613800138000", " 1 "));
            assert_eq!(
                peer.hear().await,
                Heard::Confirmed {
                    msg_id: 77,
                    result: 0
                }
            );
        }
        assert_eq!(
            office.outbox.figures().replies.load(Relaxed),
            1,
            "the repetition is the same answer"
        );
        let mut next = async || {
            tokio::time::timeout(PATIENCE, office.replies.recv())
                .await
                .unwrap()
                .unwrap()
        };
        let reply = next().await;
        assert_eq!(
            (reply.from.national().as_str(), reply.text.as_str()),
            ("13800138000", "1")
        );
        assert_eq!(next().await, reply, "nobody has dealt with it");
        let mut tx = bench.store.begin().await.unwrap();
        assert!(tx.take_inbound(reply.id, reply.at).await.unwrap());
        tx.commit().await.unwrap();
        let later = bench
            .store
            .inbound_waiting(rexian::base::time::WallTime::from_micros(i64::MAX), 9)
            .await;
        assert_eq!(later.unwrap(), []);
    });
}
