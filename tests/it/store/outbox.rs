//! Messages on their way out: one per key, one node's at a time, and found again by their receipts.

use std::collections::BTreeMap;

use rexian::base::ids::TicketId;
use rexian::base::phone_number::Number;
use rexian::base::random::Random;
use rexian::fact::personal::Personal;
use rexian::io::notify::gateway::Receipt;
use rexian::io::notify::vocabulary::Channel;
use rexian::io::notify::vocabulary::OutboxState;
use rexian::io::notify::vocabulary::RecipientKind;
use rexian::io::notify::vocabulary::Template;
use rexian::io::store::Address;
use rexian::io::store::Tx;
use rexian::io::store::outbox::Notification;
use rexian::io::store::outbox::NotificationId;
use rexian::io::store::outbox::NotificationRow;
use rexian::io::store::outbox::OutboxFilter;
use rexian::io::store::outbox_attempt::AfterFailure;
use rexian::io::store::outbox_attempt::Failure;
use rexian::io::store::sms_inbound::InboundRow;

use crate::store::Bench;
use crate::store::CITIZEN;
use crate::store::at;
use crate::store::citizen;
use crate::store::on_both;

const LEASE_MS: u64 = 600_000;

async fn notification(bench: &Bench, tx: &mut Tx, key: &str) -> Notification {
    let audit = bench.audit();
    let to = Personal {
        number: Some(citizen()),
        ..Personal::default()
    };
    let variables = Personal::default().with("reason", "路灯不亮");
    Notification {
        key: key.to_owned(),
        channel: Channel::Sms,
        template: Template::Accepted,
        recipient_kind: RecipientKind::Appellant,
        recipient: audit.seal(tx, "order-1", &to).await.unwrap(),
        recipient_tag: None,
        ticket: Some(ticket()),
        ticket_number: "20261123000001".to_owned(),
        variables: audit.seal(tx, "order-1", &variables).await.unwrap(),
        confidential: false,
        created_at: at(0).wall,
        not_before: at(0).wall,
    }
}

fn ticket() -> TicketId {
    TicketId::new(at(0), &mut Random::from_number(5))
}

async fn queue(bench: &Bench, keys: &[&str]) -> u64 {
    let mut tx = bench.store.begin().await.unwrap();
    let mut notifications = Vec::new();
    for key in keys {
        notifications.push(notification(bench, &mut tx, key).await);
    }
    let written = tx.queue_notifications(&notifications).await.unwrap();
    tx.commit().await.unwrap();
    written
}

async fn lease(bench: &Bench, node: &str, ms: u64, limit: u32) -> Vec<NotificationRow> {
    let mut tx = bench.store.begin().await.unwrap();
    let until = at(ms + LEASE_MS).wall;
    let leased = tx
        .lease_due(Channel::Sms, at(ms).wall, (node, until), limit)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    leased
}

async fn sent(bench: &Bench, id: NotificationId, ids: &[&str], ms: u64) -> OutboxState {
    let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    let mut tx = bench.store.begin().await.unwrap();
    let state = tx.mark_sent(id, "cmpp", &ids, at(ms).wall).await.unwrap();
    tx.commit().await.unwrap();
    state
}

async fn receipt(bench: &Bench, id: &str, status: &str) -> Option<(NotificationId, OutboxState)> {
    let receipt = Receipt {
        gateway: "cmpp".to_owned(),
        gateway_id: id.to_owned(),
        status: status.to_owned(),
    };
    let mut tx = bench.store.begin().await.unwrap();
    let settled = tx.mark_delivered(&receipt, at(9).wall).await.unwrap();
    tx.commit().await.unwrap();
    settled
}

async fn failed(bench: &Bench, id: NotificationId, node: &str, failure: &Failure<'_>) -> bool {
    let mut tx = bench.store.begin().await.unwrap();
    let ours = tx.mark_failed(id, node, failure, at(5).wall).await.unwrap();
    tx.commit().await.unwrap();
    ours
}

async fn row(bench: &Bench, key: &str) -> NotificationRow {
    let row = bench
        .store
        .notification(NotificationId::of_key(key))
        .await
        .unwrap();
    row.unwrap()
}

#[test]
fn a_key_is_one_message_and_it_is_there_when_its_command_is() {
    on_both(async |bench| {
        let mut tx = bench.store.begin().await.unwrap();
        let lost = notification(bench, &mut tx, "lost").await;
        assert_eq!(tx.queue_notifications(&[lost]).await.unwrap(), 1);
        drop(tx);
        let id = NotificationId::of_key("lost");
        assert_eq!(bench.store.notification(id).await.unwrap(), None);

        assert_eq!(queue(bench, &["a", "b", "a"]).await, 2);
        assert_eq!(queue(bench, &["b", "c"]).await, 1);
        let filter = OutboxFilter {
            limit: 2,
            ..OutboxFilter::default()
        };
        let (first, end) = bench.store.notifications(&filter).await.unwrap();
        let after = OutboxFilter {
            after: end,
            ..filter.clone()
        };
        let (second, end) = bench.store.notifications(&after).await.unwrap();
        assert_eq!((first.len(), second.len(), end), (2, 1, None));
        let of_ticket = OutboxFilter {
            ticket: Some(ticket()),
            state: Some(OutboxState::Queued),
            limit: 500,
            ..OutboxFilter::default()
        };
        assert_eq!(bench.store.notifications(&of_ticket).await.unwrap().0.len(), 3);
        let counts = bench.store.outbox_counts().await.unwrap();
        assert_eq!((counts[0].state, counts[0].count), (OutboxState::Queued, 3));
        assert_eq!(counts[0].oldest, at(0).wall);
    });
}

#[test]
fn two_nodes_never_lease_the_same_message() {
    on_both(async |bench| {
        let keys: Vec<String> = (0..60).map(|key| key.to_string()).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        queue(bench, &keys).await;
        let mut owners: BTreeMap<NotificationId, usize> = BTreeMap::new();
        for _ in 0..5 {
            let (one, other) = tokio::join!(lease(bench, "n1", 1, 7), lease(bench, "n2", 1, 7));
            for row in one.iter().chain(&other) {
                *owners.entry(row.id).or_default() += 1;
                assert_eq!((row.state, row.attempts), (OutboxState::Leased, 1));
            }
        }
        assert!(owners.values().all(|times| *times == 1));
        // On PostgreSQL one waits for the other and may find all of his taken.
        assert!(35 <= owners.len(), "{}", owners.len());
        while !lease(bench, "n1", 1, 16).await.is_empty() {}
        assert_eq!(bench.store.outbox_counts().await.unwrap()[0].count, 60);
        assert_eq!(
            bench.store.next_notification_at(Channel::Sms).await.unwrap(),
            Some(at(1 + LEASE_MS).wall)
        );
        assert_eq!(
            bench.store.next_notification_at(Channel::Webhook).await.unwrap(),
            None
        );
    });
}

#[test]
fn a_lease_that_ran_out_is_taken_again_and_counted() {
    on_both(async |bench| {
        queue(bench, &["a"]).await;
        assert_eq!(lease(bench, "n1", 1, 16).await.len(), 1);
        assert_eq!(lease(bench, "n2", LEASE_MS, 16).await.len(), 0);
        let again = lease(bench, "n2", LEASE_MS + 1, 16).await;
        assert_eq!((again[0].attempts, again[0].resends), (2, 1));
        let failure = Failure {
            error: "http-503",
            unanswered: false,
            after: AfterFailure::Retry(at(7).wall),
        };
        let id = again[0].id;
        assert!(!failed(bench, id, "n1", &failure).await, "n1 has lost it");
        assert!(failed(bench, id, "n2", &failure).await);
        // What n1 hears from its gateway counts all the same.
        assert_eq!(sent(bench, id, &["x"], 8).await, OutboxState::Sent);
        assert_eq!(row(bench, "a").await.state, OutboxState::Sent);
    });
}

#[test]
fn a_failed_attempt_is_counted_postponed_or_the_last() {
    on_both(async |bench| {
        queue(bench, &["a"]).await;
        let id = NotificationId::of_key("a");
        let failure = |unanswered, after| Failure {
            error: "code",
            unanswered,
            after,
        };
        let cases = [
            (failure(false, AfterFailure::Postpone(at(2).wall)), 0, 0),
            (failure(false, AfterFailure::Retry(at(2).wall)), 1, 0),
            (failure(true, AfterFailure::Retry(at(2).wall)), 2, 1),
            (failure(false, AfterFailure::Dead), 3, 1),
        ];
        for (failure, attempts, resends) in cases {
            assert_eq!(lease(bench, "n1", 2, 16).await.len(), 1);
            assert!(failed(bench, id, "n1", &failure).await);
            let row = row(bench, "a").await;
            assert_eq!((row.attempts, row.resends), (attempts, resends));
            assert_eq!(row.last_error.as_deref(), Some("code"));
        }
        assert_eq!(row(bench, "a").await.state, OutboxState::Dead);
        assert_eq!(lease(bench, "n1", LEASE_MS * 9, 16).await.len(), 0);

        let user = "supervisor".parse().unwrap();
        let mut tx = bench.store.begin().await.unwrap();
        assert!(tx.requeue_notification(id, &user, at(3).wall).await.unwrap());
        assert!(!tx.requeue_notification(id, &user, at(3).wall).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(lease(bench, "n1", 3, 16).await[0].attempts, 1);

        queue(bench, &["b"]).await;
        let mut tx = bench.store.begin().await.unwrap();
        let cancelled = tx
            .cancel_notifications(ticket(), Template::Accepted, at(4).wall)
            .await;
        assert_eq!(cancelled.unwrap(), 1, "what is leased is not taken back");
        tx.commit().await.unwrap();
        assert_eq!(row(bench, "b").await.state, OutboxState::Cancelled);
    });
}

#[test]
fn a_text_of_two_parts_has_arrived_when_both_have_whichever_came_first() {
    on_both(async |bench| {
        queue(bench, &["a", "b", "c"]).await;
        let [a, b, c] = ["a", "b", "c"].map(NotificationId::of_key);
        lease(bench, "n1", 1, 16).await;
        // The receipt of a2 overtakes the answer to its submission.
        assert_eq!(receipt(bench, "a2", "DELIVRD").await, None);
        assert_eq!(sent(bench, a, &["a1", "a2"], 2).await, OutboxState::Sent);
        assert_eq!(
            receipt(bench, "a1", "DELIVRD").await,
            Some((a, OutboxState::Delivered))
        );
        assert_eq!(receipt(bench, "b1", "DELIVRD").await, None);
        assert_eq!(sent(bench, b, &["b1"], 2).await, OutboxState::Delivered);
        assert_eq!(sent(bench, c, &["c1", "c2"], 2).await, OutboxState::Sent);
        assert_eq!(
            receipt(bench, "c2", "EXPIRED").await,
            Some((c, OutboxState::Undelivered))
        );
        assert_eq!(
            receipt(bench, "c1", "DELIVRD").await,
            None,
            "given up is given up"
        );
        assert_eq!(row(bench, "c").await.last_error.as_deref(), Some("EXPIRED"));

        let mut tx = bench.store.begin().await.unwrap();
        let user = "supervisor".parse().unwrap();
        assert!(tx.requeue_notification(c, &user, at(3).wall).await.unwrap());
        tx.commit().await.unwrap();
        lease(bench, "n1", 4, 16).await;
        assert_eq!(sent(bench, c, &["c3"], 5).await, OutboxState::Sent);
        // The gateway uses an id again a year later.
        queue(bench, &["d"]).await;
        lease(bench, "n1", 6, 16).await;
        assert_eq!(
            sent(bench, NotificationId::of_key("d"), &["a1"], 7).await,
            OutboxState::Sent
        );
        let mut tx = bench.store.begin().await.unwrap();
        assert!(3 <= tx.forget_parts(at(8).wall).await.unwrap());
    });
}

#[test]
fn two_receipts_at_once_settle_a_message() {
    on_both(async |bench| {
        for round in 0..10 {
            let key = format!("k{round}");
            queue(bench, &[&key]).await;
            lease(bench, "n1", 1, 16).await;
            let (one, other) = (format!("{round}-1"), format!("{round}-2"));
            sent(bench, NotificationId::of_key(&key), &[&one, &other], 2).await;
            tokio::join!(receipt(bench, &one, "DELIVRD"), receipt(bench, &other, "DELIVRD"));
            assert_eq!(row(bench, &key).await.state, OutboxState::Delivered);
        }
    });
}

#[test]
fn what_a_citizen_wrote_is_kept_once_and_taken_once() {
    on_both(async |bench| {
        let id = NotificationId::of_key("cmpp:1");
        let keep = async || {
            let mut tx = bench.store.begin().await.unwrap();
            let personal = Personal {
                number: Some(citizen()),
                ..Personal::default()
            }
            .with("text", "2 路灯不亮");
            let audit = bench.audit();
            let sealed = audit.seal(&mut tx, &id.to_string(), &personal).await.unwrap();
            let kept = tx
                .keep_inbound(&InboundRow {
                    id,
                    gateway: "cmpp".to_owned(),
                    gateway_id: "1".to_owned(),
                    sealed,
                    received_at: at(3).wall,
                })
                .await
                .unwrap();
            tx.commit().await.unwrap();
            kept
        };
        assert!(keep().await);
        assert!(!keep().await, "a gateway repeats what was not confirmed");
        assert_eq!(bench.store.inbound_waiting(at(3).wall, 9).await.unwrap(), []);
        let waiting = bench.store.inbound_waiting(at(4).wall, 9).await.unwrap();
        let opened = bench.audit().open(&waiting[0].sealed).await.unwrap().unwrap();
        assert_eq!(opened.get("text"), Some("2 路灯不亮"));
        assert_eq!(opened.number, Some(citizen()));
        let mut tx = bench.store.begin().await.unwrap();
        assert!(tx.take_inbound(id, at(5).wall).await.unwrap());
        assert!(!tx.take_inbound(id, at(5).wall).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(bench.store.inbound_waiting(at(9).wall, 9).await.unwrap(), []);
    });
}

#[test]
fn no_number_and_no_word_stands_in_clear_in_the_tables() {
    on_both(async |bench| {
        queue(bench, &["a"]).await;
        let dump = match &bench.address {
            Address::Postgres(url) => crate::postgres::dump(url),
            Address::Sqlite(path) => {
                let copy = path.with_extension("copy");
                bench.meddle(&format!("VACUUM INTO '{}'", copy.display())).await;
                std::fs::read(copy).unwrap()
            }
        };
        let national = Number::parse(CITIZEN, "315").national();
        for secret in [CITIZEN, national.as_str(), "路灯不亮"] {
            let found = dump.windows(secret.len()).any(|it| it == secret.as_bytes());
            assert!(!found, "{secret} on {}", bench.kind);
        }
    });
}
