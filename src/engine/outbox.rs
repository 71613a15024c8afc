//! Messages that leave the house: queued with the rows they tell of, sent by tasks, answered by citizens.
//!
//! ```text
//!  command ──queue──► outbox row ◄─lease── sender (one per channel) ──► Gateway
//!                         ▲                                                │
//!  reply reader ◄─ mpsc ──┴── receiver ◄── receipts, answers ──────────────┘
//! ```
//!
//! **Invariants.** A command only inserts rows: nobody waits for a gateway. Rows survive a restart, and of two nodes
//! one sends each. Of a confidential order nothing but number and query code is even stored here. What a citizen wrote
//! is handed on until [`Tx::take_inbound`] says that somebody has dealt with it.
//! **Not here.** When which message is due (work orders), its words (`io::notify::render`), rows (`io::store::outbox`).

mod receiver;
mod sender;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::mpsc;

use crate::base::ids::OrganId;
use crate::base::ids::TicketId;
use crate::base::ids::UserId;
use crate::base::phone_number::Number;
use crate::base::time::Clock;
use crate::base::time::WallTime;
use crate::engine::alarms::Alarms;
use crate::engine::audit::Audit;
use crate::engine::audit::AuditError;
use crate::fact::personal::Personal;
use crate::io::notify::gateway::Gateway;
use crate::io::notify::gateway::INCOMING_MAX;
use crate::io::notify::gateway::Incoming;
use crate::io::notify::render::Secrecy;
use crate::io::notify::render::SiteWords;
use crate::io::notify::vocabulary::Channel;
use crate::io::notify::vocabulary::RecipientKind;
use crate::io::notify::vocabulary::Template;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::Tx;
use crate::io::store::outbox::Notification;
use crate::io::store::outbox::NotificationId;
use crate::io::store::outbox::NotificationRow;

/// The name under which a recipient that is no number is sealed.
const ADDRESS: &str = "to";

/// To whom a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// 诉求人.
    Appellant(Number),
    /// 值班室, by its office number.
    DutyOffice(Number),
    /// 承办单位; without a number on its screen alone.
    Unit(OrganId, Option<Number>),
    /// A user of ours; without a number on his screen alone.
    User(UserId, Option<Number>),
    /// Another city system, by its name.
    Partner(String),
}

/// A message that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// What makes it one message, as `accepted:<ticket>`; asked for twice, it leaves once.
    pub key: String,
    /// By which way.
    pub channel: Channel,
    /// What it says.
    pub template: Template,
    /// To whom.
    pub recipient: Recipient,
    /// Under which data key it is sealed: the order's, so that erasing the order erases it.
    pub key_id: String,
    /// The order and its number.
    pub ticket: Option<(TicketId, String)>,
    /// What is put into the words: `code`, `unit`, `deadline` …; the order's number is put in by itself.
    pub variables: BTreeMap<String, String>,
    /// Whether the order is confidential.
    pub secrecy: Secrecy,
    /// Not before this instant, as a follow-up in the evening; `None`: at once.
    pub not_before: Option<WallTime>,
}

/// What a citizen wrote to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its id, for [`Tx::take_inbound`].
    pub id: NotificationId,
    /// Who wrote.
    pub from: Number,
    /// What, without white space at its ends.
    pub text: String,
    /// When it came.
    pub at: WallTime,
}

/// How often and when things are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between two looks at an empty queue, and at a gateway that is down.
    pub poll: Duration,
    /// How long a message is one node's: longer than the slowest attempt, so that nothing is sent twice at once.
    pub lease: Duration,
    /// The pause after the first failed attempt; each next is twice as long.
    pub retry_first: Duration,
    /// The longest.
    pub retry_max: Duration,
    /// Attempts before a message is dead.
    pub attempts_max: u32,
    /// How long a message waits for a gateway that is down or throttles.
    pub postpone: Duration,
    /// A gateway that is down for so long is an alarm.
    pub alarm_after: Duration,
    /// After so long an answer that nobody has dealt with is handed on again.
    pub hand_again: Duration,
}

impl Pace {
    /// 30 s, 1, 2, 4, 8, 16, 32 min between eight attempts: an hour in all, after which a person has to look. A minute
    /// without gateway is no blink any more.
    pub const STANDARD: Self = Self {
        poll: Duration::from_secs(5),
        lease: Duration::from_mins(10),
        retry_first: Duration::from_secs(30),
        retry_max: Duration::from_hours(1),
        attempts_max: 8,
        postpone: Duration::from_secs(15),
        alarm_after: Duration::from_mins(1),
        hand_again: Duration::from_mins(1),
    };
}

/// What has happened since the program started.
#[derive(Debug, Default)]
pub struct OutboxFigures {
    /// Messages that a gateway took.
    pub sent: AtomicU64,
    /// Messages that arrived.
    pub delivered: AtomicU64,
    /// Messages that the network gave up.
    pub undelivered: AtomicU64,
    /// Attempts that failed.
    pub failed: AtomicU64,
    /// Attempts after one whose end nobody knows.
    pub resent: AtomicU64,
    /// Messages given up.
    pub dead: AtomicU64,
    /// Answers from citizens.
    pub replies: AtomicU64,
}

/// What an outbox is made of.
pub struct OutboxParts {
    /// The database.
    pub store: Store,
    /// Seals and opens.
    pub audit: Audit,
    /// The alarm list.
    pub alarms: Alarms,
    /// The clocks.
    pub clock: Arc<dyn Clock + Send + Sync>,
    /// This node, as leases name it.
    pub node: String,
    /// How the site names itself.
    pub site: SiteWords,
    /// The area code without its 0, by which senders' numbers are understood.
    pub area_code: String,
    /// Where short messages go.
    pub sms: Arc<dyn Gateway>,
    /// Where messages to other systems go.
    pub webhook: Arc<dyn Gateway>,
    /// What comes from the gateways.
    pub incoming: mpsc::Receiver<Incoming>,
    /// How often and when things are tried.
    pub pace: Pace,
}

struct Inner {
    store: Store,
    audit: Audit,
    alarms: Alarms,
    clock: Arc<dyn Clock + Send + Sync>,
    node: String,
    site: SiteWords,
    area_code: String,
    pace: Pace,
    figures: OutboxFigures,
    sms_wake: Notify,
    webhook_wake: Notify,
    notice_wake: Notify,
}

/// The outbox; cheap to clone.
#[derive(Clone)]
pub struct Outbox(Arc<Inner>);

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outbox({})", self.0.node)
    }
}

impl Outbox {
    /// Makes the outbox, the work that is to be spawned (it ends with the runtime), and where answers of citizens
    /// come out.
    pub fn new(parts: OutboxParts) -> (Self, impl Future<Output = ()> + Send, mpsc::Receiver<Reply>) {
        let OutboxParts {
            store,
            audit,
            alarms,
            clock,
            node,
            site,
            area_code,
            sms,
            webhook,
            incoming,
            pace,
        } = parts;
        let outbox = Self(Arc::new(Inner {
            store,
            audit,
            alarms,
            clock,
            node,
            site,
            area_code,
            pace,
            figures: OutboxFigures::default(),
            sms_wake: Notify::new(),
            webhook_wake: Notify::new(),
            notice_wake: Notify::new(),
        }));
        let (replies, received) = mpsc::channel(INCOMING_MAX);
        let it = outbox.clone();
        let work = async move {
            tokio::join!(
                sender::run(it.clone(), Channel::Sms, Some(sms)),
                sender::run(it.clone(), Channel::Webhook, Some(webhook)),
                sender::run(it.clone(), Channel::Notice, None),
                receiver::receive(it.clone(), incoming, replies.clone()),
                receiver::sweep(it.clone(), replies),
            );
        };
        (outbox, work, received)
    }

    /// Seals messages and writes them inside a transaction; one whose key is there already is left as it is. Call
    /// [`Outbox::wake`] after the commit. Returns how many were written.
    ///
    /// # Errors
    /// [`AuditError`]; the transaction is then to be dropped.
    pub async fn queue(&self, tx: &mut Tx, messages: &[Message]) -> Result<u64, AuditError> {
        let now = self.0.clock.now().wall;
        let mut notifications = Vec::with_capacity(messages.len());
        for message in messages {
            notifications.push(self.seal(tx, message, now).await?);
        }
        Ok(tx.queue_notifications(&notifications).await?)
    }

    /// Tells the senders that something was queued.
    pub fn wake(&self) {
        for channel in Channel::ALL {
            self.wake_of(*channel).notify_one();
        }
    }

    /// Puts a message that was given up back into the queue; the row remembers by whom. Returns false when it is in no
    /// such state.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn requeue(&self, user: &UserId, id: NotificationId) -> Result<bool, StoreError> {
        let now = self.0.clock.now().wall;
        let mut tx = self.0.store.begin().await?;
        if !tx.requeue_notification(id, user, now).await? {
            return Ok(false);
        }
        tx.commit().await?;
        self.wake();
        Ok(true)
    }

    /// The recipient of a message as lists show him: a number masked, of a confidential order nothing.
    ///
    /// # Errors
    /// [`AuditError`].
    pub async fn masked_recipient(audit: &Audit, row: &NotificationRow) -> Result<String, AuditError> {
        if row.notification.confidential {
            return Ok("***".to_owned());
        }
        let Some(personal) = audit.open(&row.notification.recipient).await? else {
            return Ok(String::new());
        };
        let address = personal.get(ADDRESS).unwrap_or_default();
        Ok(personal
            .number
            .as_ref()
            .map_or_else(|| address.to_owned(), Number::masked))
    }

    /// What has happened since the program started.
    pub fn figures(&self) -> &OutboxFigures {
        &self.0.figures
    }

    async fn seal(&self, tx: &mut Tx, message: &Message, now: WallTime) -> Result<Notification, AuditError> {
        let Message {
            key, key_id, ticket, ..
        } = message;
        let (recipient_kind, personal, tag) = recipient_of(&message.recipient);
        let recipient = self.0.audit.seal(tx, key_id, &personal).await?;
        let mut variables = Personal::default();
        for (name, value) in &message.variables {
            if message.secrecy == Secrecy::Open || name == "code" {
                variables = variables.with(name, value.as_str());
            }
        }
        let variables = self.0.audit.seal(tx, key_id, &variables).await?;
        Ok(Notification {
            key: key.clone(),
            channel: message.channel,
            template: message.template,
            recipient_kind,
            recipient_tag: tag.or_else(|| recipient.number_tag.clone()),
            recipient,
            ticket: ticket.as_ref().map(|(id, _)| *id),
            ticket_number: ticket
                .as_ref()
                .map(|(_, number)| number.clone())
                .unwrap_or_default(),
            variables,
            confidential: message.secrecy == Secrecy::Confidential,
            created_at: now,
            not_before: message.not_before.unwrap_or(now),
        })
    }

    fn wake_of(&self, channel: Channel) -> &Notify {
        match channel {
            Channel::Sms => &self.0.sms_wake,
            Channel::Webhook => &self.0.webhook_wake,
            Channel::Notice => &self.0.notice_wake,
        }
    }
}

/// The tag by which a unit's notices are found.
pub fn unit_tag(organ: &OrganId) -> String {
    format!("unit:{organ}")
}

/// The tag by which a user's notices are found.
pub fn user_tag(user: &UserId) -> String {
    format!("user:{user}")
}

fn recipient_of(recipient: &Recipient) -> (RecipientKind, Personal, Option<String>) {
    let numbered = |number: Option<&Number>| Personal {
        number: number.cloned(),
        ..Personal::default()
    };
    match recipient {
        Recipient::Appellant(number) => (RecipientKind::Appellant, numbered(Some(number)), None),
        Recipient::DutyOffice(number) => (RecipientKind::DutyOffice, numbered(Some(number)), None),
        Recipient::Unit(organ, number) => (
            RecipientKind::Unit,
            numbered(number.as_ref()).with(ADDRESS, organ.as_str()),
            Some(unit_tag(organ)),
        ),
        Recipient::User(user, number) => (
            RecipientKind::User,
            numbered(number.as_ref()).with(ADDRESS, user.as_str()),
            Some(user_tag(user)),
        ),
        Recipient::Partner(name) => (
            RecipientKind::Partner,
            Personal::default().with(ADDRESS, name.as_str()),
            None,
        ),
    }
}
