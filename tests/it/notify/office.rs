//! An outbox with its work, over a gateway that answers as it is told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rexian::base::phone_number::Number;
use rexian::base::random::Random;
use rexian::engine::alarms::AlarmParts;
use rexian::engine::alarms::Alarms;
use rexian::engine::outbox::Message;
use rexian::engine::outbox::Outbox;
use rexian::engine::outbox::OutboxParts;
use rexian::engine::outbox::Pace;
use rexian::engine::outbox::Recipient;
use rexian::engine::outbox::Reply;
use rexian::io::clock::SystemClock;
use rexian::io::notify::gateway::Gateway;
use rexian::io::notify::gateway::Incoming;
use rexian::io::notify::gateway::Outgoing;
use rexian::io::notify::gateway::SubmitError;
use rexian::io::notify::gateway::SubmitErrorKind;
use rexian::io::notify::gateway::Taken;
use rexian::io::notify::render::Secrecy;
use rexian::io::notify::render::SiteWords;
use rexian::io::notify::vocabulary::Channel;
use rexian::io::notify::vocabulary::OutboxState;
use rexian::io::notify::vocabulary::Template;
use rexian::io::store::outbox::NotificationId;
use rexian::io::store::outbox::NotificationRow;
use rexian::io::store::outbox::OutboxFilter;
use tokio::sync::mpsc;

use super::clock;
use crate::store::Bench;

pub(super) const PACE: Pace = Pace {
    poll: Duration::from_millis(20),
    lease: Duration::from_secs(60),
    retry_first: Duration::from_millis(20),
    retry_max: Duration::from_millis(100),
    attempts_max: 8,
    postpone: Duration::from_millis(20),
    alarm_after: Duration::from_millis(200),
    hand_again: Duration::from_millis(100),
};

/// A gateway that answers as it is told and keeps what it took.
#[derive(Default)]
pub(super) struct Scripted {
    /// The kind of every refusal; `None` takes everything.
    pub(super) refuses: Mutex<Option<SubmitErrorKind>>,
    pub(super) taken: Mutex<Vec<Outgoing>>,
    pub(super) asked: Mutex<u32>,
}

impl Gateway for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    fn submit<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Result<Taken, SubmitError>> {
        *self.asked.lock().unwrap() += 1;
        let end = match *self.refuses.lock().unwrap() {
            Some(kind) => Err(SubmitError::new(kind, "scripted")),
            None => {
                self.taken.lock().unwrap().push(message.clone());
                Ok(Taken::default())
            }
        };
        std::future::ready(end).boxed()
    }

    fn window(&self) -> usize {
        4
    }
}

pub(super) struct Office {
    pub(super) outbox: Outbox,
    pub(super) alarms: Alarms,
    pub(super) replies: mpsc::Receiver<Reply>,
    pub(super) work: tokio::task::JoinHandle<()>,
}

impl Drop for Office {
    fn drop(&mut self) {
        self.work.abort();
    }
}

pub(super) async fn office(
    bench: &Bench,
    node: &str,
    sms: Arc<dyn Gateway>,
    incoming: mpsc::Receiver<Incoming>,
    pace: Pace,
) -> Office {
    let ways = Ways {
        sms,
        webhook: Arc::new(Scripted::default()),
    };
    office_of(bench, node, ways, incoming, pace).await
}

/// The gateways of both channels that leave the house.
pub(super) struct Ways {
    pub(super) sms: Arc<dyn Gateway>,
    pub(super) webhook: Arc<dyn Gateway>,
}

pub(super) async fn office_of(
    bench: &Bench,
    node: &str,
    ways: Ways,
    incoming: mpsc::Receiver<Incoming>,
    pace: Pace,
) -> Office {
    let alarms = Alarms::load(AlarmParts {
        store: bench.store.clone(),
        audit: bench.audit(),
        clock: Arc::new(SystemClock::new()),
        metrics: Arc::default(),
        random: Random::from_number(3),
    })
    .await
    .unwrap();
    let (outbox, work, replies) = Outbox::new(OutboxParts {
        store: bench.store.clone(),
        audit: bench.audit(),
        alarms: alarms.clone(),
        clock: clock(),
        node: node.to_owned(),
        site: SiteWords {
            city: "唐山市".to_owned(),
            signature: "唐山12345".to_owned(),
        },
        area_code: "315".to_owned(),
        sms: ways.sms,
        webhook: ways.webhook,
        incoming,
        pace,
    });
    Office {
        outbox,
        alarms,
        replies,
        work: tokio::spawn(work),
    }
}

pub(super) async fn scripted(bench: &Bench, pace: Pace) -> (Office, Arc<Scripted>, mpsc::Sender<Incoming>) {
    let gateway = Arc::new(Scripted::default());
    let (sender, incoming) = mpsc::channel(4);
    let office = office(
        bench,
        "n1",
        Arc::clone(&gateway) as Arc<dyn Gateway>,
        incoming,
        pace,
    )
    .await;
    (office, gateway, sender)
}

pub(super) fn message(key: &str, to: &str, template: Template) -> Message {
    Message {
        key: key.to_owned(),
        channel: Channel::Sms,
        template,
        recipient: Recipient::Appellant(Number::parse(to, "315")),
        key_id: format!("order-{key}"),
        ticket: None,
        variables: BTreeMap::from([
            ("code".to_owned(), "84230019".to_owned()),
            ("unit".to_owned(), "路北区城市管理局".to_owned()),
        ]),
        secrecy: Secrecy::Open,
        not_before: None,
    }
}

pub(super) async fn queue(bench: &Bench, outbox: &Outbox, messages: &[Message]) {
    let mut tx = bench.store.begin().await.unwrap();
    outbox.queue(&mut tx, messages).await.unwrap();
    tx.commit().await.unwrap();
    outbox.wake();
}

pub(super) async fn row(bench: &Bench, key: &str) -> NotificationRow {
    let row = bench
        .store
        .notification(NotificationId::of_key(key))
        .await
        .unwrap();
    row.unwrap()
}

pub(super) async fn rows(bench: &Bench, state: OutboxState) -> Vec<NotificationRow> {
    let filter = OutboxFilter {
        state: Some(state),
        limit: 500,
        ..OutboxFilter::default()
    };
    bench.store.notifications(&filter).await.unwrap().0
}
