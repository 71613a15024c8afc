//! Messages on their way out, and the short messages they became.
//!
//! ```text
//!            lease_due            mark_sent              all parts arrived
//!  queued ─────────────► leased ─────────────► sent ──────────────────────► delivered
//!    ▲  ▲                  │ │                   └── a part given up ─────► undelivered
//!    │  └── mark_failed ───┘ └── mark_failed ──► dead                            │
//!    └───────────────────────── requeue_notification ◄──────────────────────────┘
//! ```
//!
//! **Invariants.** One key is one message, whoever asks how often. A message is written in the transaction of what it
//! tells of. A lease that ran out is taken again, and the repetition is counted. Recipients and variables stand only
//! sealed. A receipt may come before its submission is known: it waits.
//! **Not here.** Sending (`engine::outbox`), gateways and words (`io::notify`), what becomes of an attempt
//! (`io::store::outbox_attempt`), answers (`io::store::sms_inbound`).

use std::fmt;
use std::str::FromStr;

use sha2::Digest as _;
use sha2::Sha256;

use crate::base::ids::IdError;
use crate::base::ids::TicketId;
use crate::base::ids::UserId;
use crate::base::limits::PAGE_ROWS_MAX;
use crate::base::time::WallTime;
use crate::fact::personal::Sealed;
use crate::io::notify::vocabulary::Channel;
use crate::io::notify::vocabulary::OutboxState;
use crate::io::notify::vocabulary::Purpose;
use crate::io::notify::vocabulary::RecipientKind;
use crate::io::notify::vocabulary::Template;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::calls::Cursor;
use crate::io::store::sql;
use crate::io::store::sql::Cells;
use crate::io::store::sql::Tx;
use crate::io::store::sql::json;
use crate::io::store::sql::values;

/// A message by its id: drawn from its key, so that the same key has the same id. Source: RFC 9562 §5.8.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NotificationId([u8; 16]);

impl NotificationId {
    /// The id of the message with this key.
    pub fn of_key(key: &str) -> Self {
        let digest = Sha256::digest(key.as_bytes());
        let mut bytes = [0; 16];
        for (byte, drawn) in bytes.iter_mut().zip(digest) {
            *byte = drawn;
        }
        bytes[6] = (bytes[6] & 0x0f) | 0x80;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Self(bytes)
    }
}

impl fmt::Display for NotificationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One spelling for all UUIDs.
        TicketId::from_bytes(self.0).fmt(f)
    }
}

impl fmt::Debug for NotificationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for NotificationId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Ok(Self(text.parse::<TicketId>()?.to_bytes()))
    }
}

/// A message that is to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// What makes it one message, as `accepted:<ticket>`: asked for twice, it leaves once.
    pub key: String,
    /// By which way it goes.
    pub channel: Channel,
    /// What it says.
    pub template: Template,
    /// To whom.
    pub recipient_kind: RecipientKind,
    /// The number or address, sealed.
    pub recipient: Sealed,
    /// By what its messages are found: the number's keyed tag, or `unit:<organ>`, `user:<user>`.
    pub recipient_tag: Option<String>,
    /// The order it tells of.
    pub ticket: Option<TicketId>,
    /// That order's number; empty without one.
    pub ticket_number: String,
    /// What is put into the words, sealed.
    pub variables: Sealed,
    /// Whether the order is confidential: its message carries number and query code alone. Source: 6.2 d, 8.4.2.1.
    pub confidential: bool,
    /// When it was asked for.
    pub created_at: WallTime,
    /// When it may leave.
    pub not_before: WallTime,
}

impl Notification {
    /// Its id.
    pub fn id(&self) -> NotificationId {
        NotificationId::of_key(&self.key)
    }
}

/// A message as its row holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotificationRow {
    /// Its id.
    pub id: NotificationId,
    /// The message.
    pub notification: Notification,
    /// What the recipient's number is used for.
    pub purpose: Purpose,
    /// Where it stands.
    pub state: OutboxState,
    /// Attempts begun that count.
    pub attempts: u32,
    /// Attempts after one that may have reached the gateway.
    pub resends: u32,
    /// When a sender may take it.
    pub next_at: WallTime,
    /// How long it is a node's.
    pub lease_until: Option<WallTime>,
    /// Whose.
    pub lease_node: Option<String>,
    /// Which gateway took it.
    pub gateway: Option<String>,
    /// What that gateway calls it; of several parts the first.
    pub gateway_id: Option<String>,
    /// Why the last attempt failed, or what the network said.
    pub last_error: Option<String>,
    /// When a gateway took it.
    pub sent_at: Option<WallTime>,
    /// When it arrived or was given up.
    pub settled_at: Option<WallTime>,
}

/// Which messages are listed; what is `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboxFilter {
    /// In this state.
    pub state: Option<OutboxState>,
    /// Of this order.
    pub ticket: Option<TicketId>,
    /// To the recipient with this tag.
    pub recipient_tag: Option<String>,
    /// The page before ended here.
    pub after: Option<Cursor>,
    /// Rows at most (1 to 500).
    pub limit: u32,
}

/// How many messages stand in a state that somebody should care for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxCount {
    /// The state: queued, leased, dead or undelivered.
    pub state: OutboxState,
    /// How many.
    pub count: u64,
    /// When the oldest of them was asked for.
    pub oldest: WallTime,
}

macro_rules! outbox_columns {
    () => {
        "id, once_key, channel, template, purpose, recipient_kind, recipient_sealed, recipient_tag, ticket,
         ticket_number, variables_sealed, confidential, state, attempts, resends, next_at_us, lease_until_us,
         lease_node, gateway, gateway_id, last_error, created_at_us, sent_at_us, settled_at_us"
    };
}
pub(super) use outbox_columns;

fn list_code<T>(cells: &mut Cells, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    let code = cells.text()?;
    parse(&code).ok_or_else(|| StoreError::Corrupt(format!("a message's code {code}")))
}

pub(super) fn sealed(cells: &mut Cells) -> Result<Sealed, StoreError> {
    cells
        .json_or_null()?
        .ok_or_else(|| StoreError::Corrupt("a message without its sealed values".to_owned()))
}

fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

pub(super) fn read(cells: &mut Cells) -> Result<NotificationRow, StoreError> {
    let (id, key) = (cells.id()?, cells.text()?);
    let channel = list_code(cells, Channel::parse)?;
    let template = list_code(cells, Template::parse)?;
    let purpose = list_code(cells, Purpose::parse)?;
    let recipient_kind = list_code(cells, RecipientKind::parse)?;
    let (recipient, recipient_tag) = (sealed(cells)?, cells.text_or_null()?);
    let (ticket, ticket_number) = (cells.id_or_null()?, cells.text()?);
    let (variables, confidential) = (sealed(cells)?, cells.flag()?);
    let state = list_code(cells, OutboxState::parse)?;
    let (attempts, resends) = (small(cells.count()?), small(cells.count()?));
    let next_at = cells.instant()?;
    let (lease_until, lease_node) = (cells.instant_or_null()?, cells.text_or_null()?);
    let (gateway, gateway_id) = (cells.text_or_null()?, cells.text_or_null()?);
    let (last_error, created_at) = (cells.text_or_null()?, cells.instant()?);
    let notification = Notification {
        key,
        channel,
        template,
        recipient_kind,
        recipient,
        recipient_tag,
        ticket,
        ticket_number,
        variables,
        confidential,
        created_at,
        not_before: next_at,
    };
    Ok(NotificationRow {
        id,
        notification,
        purpose,
        state,
        attempts,
        resends,
        next_at,
        lease_until,
        lease_node,
        gateway,
        gateway_id,
        last_error,
        sent_at: cells.instant_or_null()?,
        settled_at: cells.instant_or_null()?,
    })
}

impl Store {
    /// Reads one message.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn notification(&self, id: NotificationId) -> Result<Option<NotificationRow>, StoreError> {
        const SQL: &str = concat!("SELECT ", outbox_columns!(), " FROM outbox WHERE id = $1");
        let rows = sql::read(self.database(), SQL, values![id.to_string()], read).await?;
        Ok(rows.into_iter().next())
    }

    /// Lists messages, newest first, with where the page ended when there may be more.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn notifications(
        &self,
        filter: &OutboxFilter,
    ) -> Result<(Vec<NotificationRow>, Option<Cursor>), StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            outbox_columns!(),
            " FROM outbox WHERE (CAST($1 AS TEXT) IS NULL OR state = $1)
              AND (CAST($2 AS TEXT) IS NULL OR ticket = $2)
              AND (CAST($3 AS TEXT) IS NULL OR recipient_tag = $3)
              AND (created_at_us < $4 OR (created_at_us = $4 AND id < $5))
              ORDER BY created_at_us DESC, id DESC LIMIT $6"
        );
        let limit = filter.limit.clamp(1, PAGE_ROWS_MAX);
        let after = filter.after.as_ref();
        let values = values![
            filter.state.map(OutboxState::code),
            filter.ticket.map(|ticket| ticket.to_string()),
            filter.recipient_tag.as_deref(),
            after.map_or(i64::MAX, |cursor| cursor.at.as_micros()),
            after.map_or("", |cursor| cursor.id.as_str()),
            i64::from(limit),
        ];
        let rows = sql::read(self.database(), SQL, values, read).await?;
        let full = u32::try_from(rows.len()).is_ok_and(|rows| rows == limit);
        let end = rows.last().filter(|_| full).map(|row| Cursor {
            at: row.notification.created_at,
            id: row.id.to_string(),
        });
        Ok((rows, end))
    }

    /// Counts messages that wait or have failed, by state.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn outbox_counts(&self) -> Result<Vec<OutboxCount>, StoreError> {
        const SQL: &str = "SELECT state, COUNT(*), MIN(created_at_us) FROM outbox
            WHERE state IN ('queued', 'leased', 'dead', 'undelivered') GROUP BY state ORDER BY state";
        sql::read(self.database(), SQL, [], |cells| {
            Ok(OutboxCount {
                state: list_code(cells, OutboxState::parse)?,
                count: cells.count()?,
                oldest: cells.instant()?,
            })
        })
        .await
    }

    /// When the next message of a channel may leave; none when nothing waits.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn next_notification_at(&self, channel: Channel) -> Result<Option<WallTime>, StoreError> {
        const SQL: &str = "SELECT next_at_us FROM outbox WHERE channel = $1 AND state IN ('queued', 'leased')
            ORDER BY next_at_us, id LIMIT 1";
        let rows = sql::read(self.database(), SQL, values![channel.code()], Cells::instant).await?;
        Ok(rows.into_iter().next())
    }
}

impl Tx {
    /// Writes messages that are to leave; one whose key is there already is not written again. Returns how many were.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn queue_notifications(&mut self, notifications: &[Notification]) -> Result<u64, StoreError> {
        const HEAD: &str = "INSERT INTO outbox (id, once_key, channel, template, purpose, recipient_kind,
            recipient_sealed, recipient_tag, ticket, ticket_number, variables_sealed, confidential, state, attempts,
            resends, next_at_us, created_at_us)";
        const TAIL: &str = "ON CONFLICT (once_key) DO NOTHING";
        let values = notifications.iter().flat_map(|it| {
            values![
                it.id().to_string(),
                &it.key,
                it.channel.code(),
                it.template.code(),
                it.template.purpose().code(),
                it.recipient_kind.code(),
                json(&it.recipient),
                it.recipient_tag.as_deref(),
                it.ticket.map(|ticket| ticket.to_string()),
                &it.ticket_number,
                json(&it.variables),
                it.confidential,
                OutboxState::Queued.code(),
                0_i64,
                0_i64,
                it.not_before,
                it.created_at,
            ]
        });
        self.insert_many(HEAD, TAIL, 17, values.collect()).await
    }

    /// Puts a message that was given up back into the queue, with all its attempts before it. Returns false when it is
    /// in no such state.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn requeue_notification(
        &mut self,
        id: NotificationId,
        by: &UserId,
        at: WallTime,
    ) -> Result<bool, StoreError> {
        const SQL: &str =
            "UPDATE outbox SET state = 'queued', attempts = 0, next_at_us = $2, settled_at_us = NULL,
            requeued_at_us = $2, requeued_by = $3 WHERE id = $1 AND state IN ('dead', 'undelivered')";
        let text = id.to_string();
        if self.execute(SQL, values![&text, at, by.as_str()]).await? == 0 {
            return Ok(false);
        }
        // What the parts of the earlier attempt come to is not this one's.
        self.execute("DELETE FROM outbox_part WHERE outbox = $1", values![&text])
            .await?;
        Ok(true)
    }

    /// Takes messages of an order back that have not left, as when it turned confidential or was merged. Returns how
    /// many.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn cancel_notifications(
        &mut self,
        ticket: TicketId,
        template: Template,
        at: WallTime,
    ) -> Result<u64, StoreError> {
        const SQL: &str = "UPDATE outbox SET state = 'cancelled', settled_at_us = $3
            WHERE ticket = $1 AND template = $2 AND state = 'queued'";
        self.execute(SQL, values![ticket.to_string(), template.code(), at])
            .await
    }
}
