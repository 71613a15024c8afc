//! The alarm list: what is wrong now, since when, and who has taken notice.
//!
//! ```text
//!           raise                    clear
//!  (none) ─────────► open ─────────────────────► cleared
//!                     │ └─ acknowledge ─► open, noticed ─┘
//! ```
//!
//! Raising and clearing never wait: the list in memory is the truth, [`Alarms::run`] brings it into the database with
//! its facts and tries again while the database is down — which is an alarm itself.
//!
//! **Invariants.** At most one open alarm per (code, object); raising what is raised and clearing what is clear change
//! nothing. Changes reach the database in order.
//! **Not here.** Measuring (`engine::watch` and whoever sees the fault), rows (`io::store::alarms`).

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::watch;

use crate::base::ids::AlarmId;
use crate::base::ids::UserId;
use crate::base::random::Random;
use crate::base::time::Clock;
use crate::base::time::Now;
use crate::engine::audit::Audit;
use crate::engine::audit::AuditError;
use crate::engine::metrics::Metrics;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::system::Severity;
use crate::fact::system::SystemFact;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::alarms::AlarmRow;

/// How long a failed write waits for its next try.
const RETRY: Duration = Duration::from_secs(2);
/// Most changes that wait for the database; more are only logged.
const WAITING_MAX: usize = 10_000;

/// Declares the kinds of alarms once.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal $severity:ident),+ $(,)?) => {
        /// What may be wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum AlarmCode { $($(#[$doc])* $name),+ }

        impl AlarmCode {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The stable code, as in facts and texts.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// How bad it is.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity),+ }
            }
        }
    };
}

kinds! {
    /// The local journal cannot be written: new calls are refused.
    JournalFailed = "journal-failed" Critical,
    /// The local journal has reached its bound: new calls are refused.
    JournalFull = "journal-full" Critical,
    /// The database is far behind the local journal.
    JournalLag = "journal-lag" Warning,
    /// The database does not answer.
    DatabaseDown = "database-down" Critical,
    /// The program's own user of the database could change what is only ever added to.
    DatabaseRights = "database-rights" Warning,
    /// Little disk is left.
    DiskLow = "disk-low" Warning,
    /// A recording could not be written.
    RecordingFailed = "recording-failed" Critical,
    /// The web certificate ends soon.
    CertificateExpiring = "certificate-expiring" Warning,
    /// Too many RTP packets are lost.
    MediaLoss = "media-loss" Warning,
    /// Short messages do not leave.
    SmsGatewayDown = "sms-gateway-down" Critical,
    /// A closed order could not be archived.
    ArchiveFailed = "archive-failed" Critical,
    /// Calls that were answered long ago have become nothing.
    CallsUndisposed = "calls-undisposed" Warning,
    /// Nobody is there to take calls.
    NoAgentSignedIn = "no-agent-signed-in" Info,
}

/// What is to be brought into the database.
#[derive(Clone, Debug)]
enum Change {
    Raised(AlarmRow, Now),
    Cleared(AlarmRow, Now),
}

#[derive(Debug, Default)]
struct State {
    open: BTreeMap<(String, String), AlarmRow>,
    waiting: VecDeque<Change>,
}

struct Inner {
    store: Store,
    audit: Audit,
    clock: Arc<dyn Clock + Send + Sync>,
    metrics: Arc<Metrics>,
    random: Mutex<Random>,
    state: Mutex<State>,
    /// Held while changes are written, so that they stay in order.
    writing: tokio::sync::Mutex<()>,
    wake: Notify,
    changes: watch::Sender<u64>,
}

/// The alarm list; cheap to clone.
#[derive(Clone)]
pub struct Alarms(Arc<Inner>);

impl std::fmt::Debug for Alarms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Alarms")
    }
}

/// What the list is made of.
pub struct AlarmParts {
    /// Where it is kept.
    pub store: Store,
    /// Where its facts go.
    pub audit: Audit,
    /// The clocks.
    pub clock: Arc<dyn Clock + Send + Sync>,
    /// Shows how many are open.
    pub metrics: Arc<Metrics>,
    /// Draws ids.
    pub random: Random,
}

impl Alarms {
    /// Takes over the alarms that were open when the program ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn load(parts: AlarmParts) -> Result<Self, StoreError> {
        let AlarmParts {
            store,
            audit,
            clock,
            metrics,
            random,
        } = parts;
        let rows = store.open_alarms().await?;
        let open = rows
            .into_iter()
            .map(|row| ((row.code.clone(), row.object.clone()), row))
            .collect();
        let alarms = Self(Arc::new(Inner {
            store,
            audit,
            clock,
            metrics,
            random: Mutex::new(random),
            state: Mutex::new(State {
                open,
                waiting: VecDeque::new(),
            }),
            writing: tokio::sync::Mutex::new(()),
            wake: Notify::new(),
            changes: watch::channel(0).0,
        }));
        alarms.tell();
        Ok(alarms)
    }

    /// Raises an alarm about `object` (a trunk, a disk, a recording; empty for the program). Never waits.
    pub fn raise(&self, code: AlarmCode, object: &str) {
        let now = self.0.clock.now();
        let key = (code.code().to_owned(), object.to_owned());
        {
            let mut state = self.state();
            if state.open.contains_key(&key) {
                return;
            }
            let id = AlarmId::new(
                now,
                &mut self.0.random.lock().unwrap_or_else(PoisonError::into_inner),
            );
            let row = AlarmRow {
                id,
                code: key.0.clone(),
                severity: code.severity(),
                object: key.1.clone(),
                raised_at: now.wall,
                cleared_at: None,
                acknowledged_at: None,
                acknowledged_by: None,
            };
            state.open.insert(key, row.clone());
            push(&mut state.waiting, Change::Raised(row, now));
        }
        tracing::warn!(alarm = code.code(), object, "alarm raised");
        self.tell();
    }

    /// Says that the cause is gone. Never waits.
    pub fn clear(&self, code: AlarmCode, object: &str) {
        let now = self.0.clock.now();
        {
            let mut state = self.state();
            let Some(mut row) = state.open.remove(&(code.code().to_owned(), object.to_owned())) else {
                return;
            };
            row.cleared_at = Some(now.wall);
            push(&mut state.waiting, Change::Cleared(row, now));
        }
        tracing::info!(alarm = code.code(), object, "alarm cleared");
        self.tell();
    }

    /// Raises or clears, as `wrong` says.
    pub fn set(&self, code: AlarmCode, object: &str, wrong: bool) {
        if wrong {
            self.raise(code, object);
        } else {
            self.clear(code, object);
        }
    }

    /// Open alarms, oldest first.
    pub fn open(&self) -> Vec<AlarmRow> {
        let mut rows: Vec<AlarmRow> = self.state().open.values().cloned().collect();
        rows.sort_by_key(|row| (row.raised_at, row.id));
        rows
    }

    /// Whether an alarm of this kind is open, about anything.
    pub fn is_open(&self, code: AlarmCode) -> bool {
        self.state().open.keys().any(|(open, _)| open == code.code())
    }

    /// Told at every change.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// Takes notice of an alarm for `user`. Returns false when somebody has already, or there is no such alarm.
    ///
    /// # Errors
    /// [`AuditError`].
    pub async fn acknowledge(&self, user: &UserId, id: AlarmId) -> Result<bool, AuditError> {
        // What waits goes first: the row may not be there yet.
        self.flush().await?;
        let now = self.0.clock.now();
        let mut tx = self.0.store.begin().await?;
        if !tx.acknowledge_alarm(id, user, now.wall).await? {
            return Ok(false);
        }
        let actor = Actor::named(ActorKind::User, user);
        let fact = SystemFact::AlarmAcknowledged { alarm: id };
        self.0
            .audit
            .append(&mut tx, &[record(now, actor, "api:acknowledge", fact)])
            .await?;
        tx.commit().await?;
        if let Some(row) = self.state().open.values_mut().find(|row| row.id == id) {
            row.acknowledged_at = Some(now.wall);
            row.acknowledged_by = Some(user.clone());
        }
        self.tell();
        Ok(true)
    }

    /// Brings what waits into the database.
    ///
    /// # Errors
    /// [`AuditError`]; what was not written waits on.
    pub async fn flush(&self) -> Result<(), AuditError> {
        let _order = self.0.writing.lock().await;
        loop {
            let Some(change) = self.state().waiting.front().cloned() else {
                return Ok(());
            };
            self.write(&change).await?;
            self.state().waiting.pop_front();
        }
    }

    /// Keeps the database up to date, for as long as the program runs.
    pub async fn run(self) {
        loop {
            self.0.wake.notified().await;
            while let Err(error) = self.flush().await {
                tracing::warn!(%error, "alarms wait for the database");
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    async fn write(&self, change: &Change) -> Result<(), AuditError> {
        let mut tx = self.0.store.begin().await?;
        let (done, now, fact) = match change {
            Change::Raised(row, now) => {
                let AlarmRow {
                    id,
                    code,
                    severity,
                    object,
                    ..
                } = row.clone();
                let fact = SystemFact::AlarmRaised {
                    alarm: id,
                    code,
                    severity,
                    object,
                };
                (tx.raise_alarm(row).await?, *now, fact)
            }
            Change::Cleared(row, now) => {
                let cleared = tx.clear_alarm(&row.code, &row.object, now.wall).await?;
                (
                    cleared.is_some(),
                    *now,
                    SystemFact::AlarmCleared { alarm: row.id },
                )
            }
        };
        if done {
            self.0
                .audit
                .append(&mut tx, &[record(now, Actor::system(), "alarm", fact)])
                .await?;
            tx.commit().await?;
        }
        Ok(())
    }

    fn tell(&self) {
        let open = u64::try_from(self.state().open.len()).unwrap_or(u64::MAX);
        self.0.metrics.alarms_open.store(open, Relaxed);
        self.0.changes.send_modify(|count| *count += 1);
        self.0.wake.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn push(waiting: &mut VecDeque<Change>, change: Change) {
    if waiting.len() < WAITING_MAX {
        waiting.push_back(change);
    } else {
        tracing::error!("too many changes of alarms wait for the database: one is only in this log");
    }
}

fn record(now: Now, actor: Actor, cause: &'static str, fact: SystemFact) -> Record {
    Record {
        now,
        interaction: None,
        ticket: None,
        actor,
        cause,
        fact: Fact::System(fact),
        personal: None,
    }
}
