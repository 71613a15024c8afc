//! Takes messages of one channel from the queue and hands them to its gateway.
//!
//! ```text
//!  look ──gateway down──► pause ──► look
//!   │ nothing due: until woken, at most a poll
//!   └─ lease ──► open, render, submit (all of a lease at once) ──► mark ──► look
//! ```
//!
//! **Invariants.** What a gateway took is noted before anything else is leased; that the database is down then is waited
//! out, since else the message would leave twice. A gateway that is down costs no message an attempt.
//! **Not here.** Rows (`io::store::outbox_attempt`), gateways (`io::notify`).

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::future::join_all;
use tokio::time::sleep;

use crate::base::phone_number::Number;
use crate::base::time::MonoTime;
use crate::base::time::WallTime;
use crate::base::time::micros;
use crate::engine::alarms::AlarmCode;
use crate::engine::audit::AuditError;
use crate::engine::outbox::ADDRESS;
use crate::engine::outbox::Outbox;
use crate::engine::outbox::Pace;
use crate::fact::personal::Personal;
use crate::io::notify::gateway::Gateway;
use crate::io::notify::gateway::Outgoing;
use crate::io::notify::gateway::SubmitError;
use crate::io::notify::gateway::SubmitErrorKind;
use crate::io::notify::gateway::Taken;
use crate::io::notify::render::Secrecy;
use crate::io::notify::render::render;
use crate::io::notify::vocabulary::Channel;
use crate::io::notify::vocabulary::OutboxState;
use crate::io::store::StoreError;
use crate::io::store::outbox::NotificationRow;
use crate::io::store::outbox_attempt::AfterFailure;
use crate::io::store::outbox_attempt::Failure;

/// Notices noted at once.
const NOTICES: u32 = 100;
/// How often the end of an attempt is noted again while the database is down.
const NOTES_MAX: u32 = 100;

/// What an attempt says about its gateway.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    /// It worked, or spoke at least.
    Up,
    /// It has too much to do.
    Busy,
    /// It is not to be had.
    Down,
    /// It took the message and did not answer: when all are like that for long, it is down for us.
    Silent,
    /// Nothing.
    Unknown,
}

/// Since when a gateway is down, and how that is known.
#[derive(Clone, Copy)]
struct Outage {
    since: MonoTime,
    /// Whether the gateway itself said so: it says as well when it is back.
    told: bool,
}

/// Sends the messages of a channel for as long as the program runs; without a gateway they are notices.
pub(super) async fn run(outbox: Outbox, channel: Channel, gateway: Option<Arc<dyn Gateway>>) {
    let mut outage = None;
    loop {
        if let Some(gateway) = gateway.as_deref().filter(|gateway| !gateway.is_up()) {
            outbox.note_down(&object(channel, gateway), &mut outage, true);
            sleep(outbox.0.pace.poll).await;
            continue;
        }
        let limit = gateway.as_deref().map_or(NOTICES, |gateway| {
            u32::try_from(gateway.window()).unwrap_or(1).clamp(1, 16)
        });
        let leased = match outbox.lease(channel, limit).await {
            Ok(leased) => leased,
            Err(error) => {
                tracing::warn!(%error, channel = channel.code(), "the outbox waits for the database");
                sleep(outbox.0.pace.poll).await;
                continue;
            }
        };
        if leased.is_empty() {
            if let Some(gateway) = gateway.as_deref().filter(|_| outage.is_some_and(|it| it.told)) {
                outbox.note_up(&object(channel, gateway), &mut outage);
            }
            outbox.wait(channel).await;
            continue;
        }
        let attempts = leased
            .into_iter()
            .map(|row| outbox.attempt(row, gateway.as_deref()));
        let healths = join_all(attempts).await;
        if let Some(gateway) = gateway.as_deref() {
            if healths.contains(&Health::Up) {
                outbox.note_up(&object(channel, gateway), &mut outage);
            } else if healths.contains(&Health::Down) {
                outbox.note_down(&object(channel, gateway), &mut outage, false);
                // The rest of the queue would only find the same.
                sleep(outbox.0.pace.poll).await;
            } else if healths.contains(&Health::Silent) {
                outbox.note_down(&object(channel, gateway), &mut outage, false);
            } else if healths.contains(&Health::Busy) {
                sleep(outbox.0.pace.poll).await;
            }
        }
    }
}

impl Outbox {
    async fn lease(&self, channel: Channel, limit: u32) -> Result<Vec<NotificationRow>, StoreError> {
        let now = self.0.clock.now().wall;
        // Most looks find nothing: they shall not keep others from writing.
        let next = self.0.store.next_notification_at(channel).await?;
        if next.is_none_or(|next| now < next) {
            return Ok(Vec::new());
        }
        let until = later(now, self.0.pace.lease);
        let mut tx = self.0.store.begin().await?;
        let leased = tx.lease_due(channel, now, (&self.0.node, until), limit).await?;
        tx.commit().await?;
        Ok(leased)
    }

    /// Until something is queued, at most a poll.
    async fn wait(&self, channel: Channel) {
        let woken = self.wake_of(channel).notified();
        // Woken or not: it looks.
        let _ = tokio::time::timeout(self.0.pace.poll, woken).await;
    }

    async fn attempt(&self, row: NotificationRow, gateway: Option<&dyn Gateway>) -> Health {
        if 0 < row.resends {
            self.0.figures.resent.fetch_add(1, Relaxed);
        }
        let Some(gateway) = gateway else {
            self.note_shown(&row).await;
            return Health::Unknown;
        };
        let outgoing = match self.open(&row).await {
            Ok(outgoing) => outgoing,
            Err(unsendable) => {
                self.note_failed(&row, &unsendable.failure(self.postponed()))
                    .await;
                return Health::Unknown;
            }
        };
        match gateway.submit(&outgoing).await {
            Ok(taken) => {
                self.note_sent(&row, gateway, &taken).await;
                Health::Up
            }
            Err(error) => {
                let after = self.after(&error, row.attempts);
                let failure = Failure {
                    error: &error.code,
                    unanswered: error.kind == SubmitErrorKind::Unanswered,
                    after,
                };
                self.note_failed(&row, &failure).await;
                match error.kind {
                    SubmitErrorKind::Down => Health::Down,
                    SubmitErrorKind::Throttled => Health::Busy,
                    SubmitErrorKind::Permanent | SubmitErrorKind::Transient => Health::Up,
                    SubmitErrorKind::Unanswered => Health::Silent,
                }
            }
        }
    }

    fn postponed(&self) -> WallTime {
        later(self.0.clock.now().wall, self.0.pace.postpone)
    }

    fn after(&self, error: &SubmitError, attempts: u32) -> AfterFailure {
        let pace = &self.0.pace;
        match error.kind {
            SubmitErrorKind::Permanent => AfterFailure::Dead,
            SubmitErrorKind::Down | SubmitErrorKind::Throttled => AfterFailure::Postpone(self.postponed()),
            _ if pace.attempts_max <= attempts => AfterFailure::Dead,
            _ => AfterFailure::Retry(later(self.0.clock.now().wall, retry_pause(pace, attempts))),
        }
    }

    async fn open(&self, row: &NotificationRow) -> Result<Outgoing, Unsendable> {
        let it = &row.notification;
        let (Some(recipient), Some(variables)) = (
            self.0.audit.open(&it.recipient).await?,
            self.0.audit.open(&it.variables).await?,
        ) else {
            return Err(Unsendable::Erased);
        };
        let to = address(&recipient).ok_or(Unsendable::NoAddress)?;
        let secrecy = if it.confidential {
            Secrecy::Confidential
        } else {
            Secrecy::Open
        };
        let mut values = variables.values;
        values.insert("number".to_owned(), it.ticket_number.clone());
        Ok(Outgoing {
            id: row.id.to_string(),
            resends: row.resends,
            to,
            text: render(it.template, &values, secrecy, &self.0.site),
            template: it.template.code(),
            purpose: row.purpose.code(),
            ticket_number: it.ticket_number.clone(),
            at: self.0.clock.now().wall,
        })
    }

    async fn note_sent(&self, row: &NotificationRow, gateway: &dyn Gateway, taken: &Taken) {
        self.0.figures.sent.fetch_add(1, Relaxed);
        let note = || {
            async {
                let now = self.0.clock.now().wall;
                let mut tx = self.0.store.begin().await?;
                let state = tx.mark_sent(row.id, gateway.name(), &taken.ids, now).await?;
                tx.commit().await?;
                Ok(state)
            }
            .boxed()
        };
        if let Some(state) = self.insist(note).await {
            self.count_settled(state);
        }
    }

    async fn note_shown(&self, row: &NotificationRow) {
        let note = || {
            async {
                let mut tx = self.0.store.begin().await?;
                let shown = tx.mark_shown(row.id, self.0.clock.now().wall).await?;
                tx.commit().await?;
                Ok(shown)
            }
            .boxed()
        };
        self.insist(note).await;
    }

    async fn note_failed(&self, row: &NotificationRow, failure: &Failure<'_>) {
        self.0.figures.failed.fetch_add(1, Relaxed);
        if failure.after == AfterFailure::Dead {
            self.0.figures.dead.fetch_add(1, Relaxed);
            tracing::warn!(message = %row.id, error = failure.error, "a message was given up");
        }
        let note = || {
            async {
                let mut tx = self.0.store.begin().await?;
                let now = self.0.clock.now().wall;
                let ours = tx.mark_failed(row.id, &self.0.node, failure, now).await?;
                tx.commit().await?;
                Ok(ours)
            }
            .boxed()
        };
        self.insist(note).await;
    }

    pub(super) fn count_settled(&self, state: OutboxState) {
        let figures = &self.0.figures;
        match state {
            OutboxState::Delivered => figures.delivered.fetch_add(1, Relaxed),
            OutboxState::Undelivered => figures.undelivered.fetch_add(1, Relaxed),
            _ => 0,
        };
    }

    /// Notes something until it is noted, within reason.
    pub(super) async fn insist<'a, T>(
        &self,
        note: impl Fn() -> BoxFuture<'a, Result<T, AuditError>>,
    ) -> Option<T> {
        for _ in 0..NOTES_MAX {
            match note().await {
                Ok(done) => return Some(done),
                Err(error) => tracing::warn!(%error, "the outbox could not note what happened; once more"),
            }
            sleep(self.0.pace.poll).await;
        }
        tracing::error!("the outbox gave up noting what happened to a message");
        None
    }

    fn note_down(&self, object: &str, outage: &mut Option<Outage>, told: bool) {
        let now = self.0.clock.now().mono;
        let outage = outage.get_or_insert(Outage { since: now, told });
        if self.0.pace.alarm_after <= now.since(outage.since) {
            self.0.alarms.raise(AlarmCode::SmsGatewayDown, object);
        }
    }

    fn note_up(&self, object: &str, outage: &mut Option<Outage>) {
        *outage = None;
        self.0.alarms.clear(AlarmCode::SmsGatewayDown, object);
    }
}

/// What an alarm of a gateway is about. Two channels may leave by gateways of one name, and one that works must not clear
/// the alarm of the other.
fn object(channel: Channel, gateway: &dyn Gateway) -> String {
    match channel {
        Channel::Sms => gateway.name().to_owned(),
        channel => format!("{} {}", channel.code(), gateway.name()),
    }
}

/// Why a message cannot even be handed over.
enum Unsendable {
    /// Its key was erased.
    Erased,
    /// No telephone and no other address.
    NoAddress,
    /// It cannot be opened.
    Unreadable,
    /// The database is down.
    Database,
}

impl From<AuditError> for Unsendable {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Store(_) => Self::Database,
            AuditError::Seal(_) | AuditError::Envelope(_) | AuditError::Heads { .. } => Self::Unreadable,
        }
    }
}

impl Unsendable {
    fn failure(&self, postponed: WallTime) -> Failure<'static> {
        let (error, after) = match self {
            Self::Erased => ("erased", AfterFailure::Cancel),
            Self::NoAddress => ("no-address", AfterFailure::Dead),
            Self::Unreadable => ("unreadable", AfterFailure::Dead),
            Self::Database => ("database", AfterFailure::Postpone(postponed)),
        };
        Failure {
            error,
            unanswered: false,
            after,
        }
    }
}

fn address(recipient: &Personal) -> Option<String> {
    let number = recipient.number.as_ref().map(Number::national);
    let address = number.or_else(|| recipient.get(ADDRESS).map(str::to_owned));
    address.filter(|address| !address.is_empty())
}

/// The pause after the attempt `attempts`, from 1: it doubles.
fn retry_pause(pace: &Pace, attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(20);
    pace.retry_first
        .saturating_mul(1 << doublings)
        .min(pace.retry_max)
}

fn later(at: WallTime, pause: Duration) -> WallTime {
    let pause = i64::try_from(micros(pause)).unwrap_or(i64::MAX);
    WallTime::from_micros(at.as_micros().saturating_add(pause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_double_from_half_a_minute_and_end_at_an_hour() {
        let pause = |attempts| retry_pause(&Pace::STANDARD, attempts).as_secs();
        let pauses: Vec<u64> = (1..=9).map(pause).collect();
        assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert_eq!(pause(u32::MAX), 3600);
    }
}
