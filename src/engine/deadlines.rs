//! The scheduler of work orders and 重点督办 cases: fires what is due of their clocks, once, on whatever node.
//!
//! ```text
//!  sleep until the next due ─► take some (lease) ─► fire each through the ticket service ─► more due? again
//!        ▲     ▲                                         │ the order changed: its clock rows are written anew
//!        │     └ an order of this node changed           │ nothing changed: put back, looked at again later
//!        └─ at most 30 s, for rows of other nodes ◄──────┘
//! ```
//!
//! **Invariants.** A firing is a command of the program (`ClockDue`), decided on the order as it stands and stored with
//! its version: what was warned of or told late already is not told again, whoever else fires. Killed anywhere, nothing
//! is half done, and the lease runs out. After a stop everything overdue fires at once, the longest due first. Nobody
//! asks the database more often than something is due, or changed, or [`PACE`] says.
//! **Not here.** What a warning or a breach means (`ticket::decide`); rows and leases (`io::store::tickets`).
//! **Source.** DB1302/T 604—2025 7.2 to 7.9; work-order timers.

use std::sync::Arc;
use std::time::Duration;

use crate::base::ids::TicketId;
use crate::base::time::Clock;
use crate::base::time::WallTime;
use crate::engine::cases::Cases;
use crate::engine::ticket_service::Give;
use crate::engine::ticket_service::TicketService;
use crate::engine::ticket_service::TicketServiceError;
use crate::fact::codes::ClockKind;
use crate::io::store::Store;
use crate::io::store::tickets::DueClock;
use crate::ticket::command::ClockDue;
use crate::ticket::command::Command;
use crate::ticket::reference::Kind;

/// Clocks taken at once.
const BATCH: u32 = 64;
/// For so long a clock is one node's: longer than the slowest command by far.
const LEASE: Duration = Duration::from_mins(1);
/// Longest sleep: another node may have written a clock that is due earlier.
const PACE: Duration = Duration::from_secs(30);
/// A clock whose firing failed or did nothing is looked at again after so long.
const AGAIN: Duration = Duration::from_mins(10);
/// The wait after the database failed.
const RETRY: Duration = Duration::from_secs(5);
/// Orders whose provisional deadlines are counted again at once.
const RECOMPUTE_PAGE: u32 = 100;

/// Told of each order whose archive is due.
pub type OnArchiveDue = Arc<dyn Fn(TicketId) + Send + Sync>;

/// What a scheduler is made of.
pub struct DeadlineParts {
    /// The database.
    pub store: Store,
    /// Where commands go.
    pub tickets: TicketService,
    /// 重点督办 cases, whose limits pass too.
    pub cases: Cases,
    /// The clocks; tests move them.
    pub clock: Arc<dyn Clock + Send + Sync>,
    /// This node, as leases name it.
    pub node: String,
    /// Who archives.
    pub on_archive_due: OnArchiveDue,
}

/// The scheduler of one node.
pub struct Deadlines {
    parts: DeadlineParts,
}

impl std::fmt::Debug for Deadlines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Deadlines({})", self.parts.node)
    }
}

/// What one pass came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fired {
    /// Clocks that were taken.
    pub taken: usize,
    /// Clocks whose firing changed their order.
    pub changed: usize,
}

impl Deadlines {
    /// Makes the scheduler.
    pub const fn new(parts: DeadlineParts) -> Self {
        Self { parts }
    }

    /// Fires what is due as long as the program runs; `failed` hears of each failure.
    pub async fn run(self, mut failed: impl FnMut(&TicketServiceError) + Send) {
        let mut calendar = None;
        loop {
            let sleep = match self.turn(&mut calendar).await {
                Ok(sleep) => sleep,
                Err(error) => {
                    failed(&error);
                    RETRY
                }
            };
            tokio::select! {
                () = tokio::time::sleep(sleep) => (),
                () = self.parts.tickets.clocks_changed() => (),
            }
        }
    }

    /// Does what there is to do, and says how long there is nothing more.
    ///
    /// # Errors
    /// [`TicketServiceError`].
    pub async fn turn(&self, calendar: &mut Option<i64>) -> Result<Duration, TicketServiceError> {
        let published = self.parts.tickets.reference().version(Kind::Calendar);
        if *calendar != Some(published) {
            let changed = self.recompute().await?;
            *calendar = Some(published);
            tracing::info!(
                calendar = published,
                changed,
                "provisional deadlines were counted again"
            );
        }
        if self.until_next().await?.is_zero() {
            // A clock that does not fire keeps no case from being told.
            let orders = self.fire_due().await;
            self.parts.cases.fire_due().await?;
            orders?;
        }
        self.until_next().await
    }

    /// Fires everything that is due now, the longest due first; what failed is put back and told at the end.
    ///
    /// # Errors
    /// [`TicketServiceError`]: that of the database, or the last of the firings that failed.
    pub async fn fire_due(&self) -> Result<Fired, TicketServiceError> {
        let (mut fired, mut last_error) = (Fired::default(), None);
        loop {
            let taken = self.take().await?;
            for due in &taken {
                match self.fire(due).await {
                    Ok(changed) => fired.changed += usize::from(changed),
                    Err(error) => {
                        tracing::error!(ticket = %due.ticket, clock = %due.clock.kind, %error, "a clock was not fired");
                        self.put_back(due).await?;
                        last_error = Some(error);
                    }
                }
            }
            fired.taken += taken.len();
            if taken.is_empty() {
                break;
            }
        }
        last_error.map_or(Ok(fired), Err)
    }

    /// Leases what is due to this node.
    ///
    /// # Errors
    /// [`TicketServiceError`].
    pub async fn take(&self) -> Result<Vec<DueClock>, TicketServiceError> {
        let now = self.now();
        let mut tx = self.parts.store.begin().await?;
        let node = self.parts.node.as_str();
        let taken = tx.take_due_clocks(now, (node, now + LEASE), BATCH).await?;
        tx.commit().await?;
        Ok(taken)
    }

    /// Fires one clock; whether its order changed.
    ///
    /// # Errors
    /// [`TicketServiceError`].
    pub async fn fire(&self, due: &DueClock) -> Result<bool, TicketServiceError> {
        if due.clock.kind == ClockKind::Archive {
            (self.parts.on_archive_due)(due.ticket);
            self.put_back(due).await?;
            return Ok(false);
        }
        let command = Command::ClockDue(ClockDue { clock: due.clock });
        let before = self.parts.store.ticket(due.ticket).await?;
        let before = before.map_or(0, |row| row.ticket.version);
        let after = self
            .parts
            .tickets
            .give(Give::by_system(due.ticket, &command))
            .await?;
        let changed = before < after.row.ticket.version;
        if !changed {
            // Somebody else was quicker, and then the row is another or gone; or the rules do nothing with it.
            self.put_back(due).await?;
        }
        Ok(changed)
    }

    /// Counts provisional deadlines again, as after a calendar was published; how many orders changed.
    ///
    /// # Errors
    /// [`TicketServiceError`]; the orders before it are done.
    pub async fn recompute(&self) -> Result<usize, TicketServiceError> {
        let (mut changed, mut after) = (0, None);
        loop {
            let page = self
                .parts
                .store
                .provisional_tickets(after, RECOMPUTE_PAGE)
                .await?;
            for ticket in &page {
                let before = self.parts.store.ticket(*ticket).await?;
                let give = Give::by_system(*ticket, &Command::Recompute);
                let now = self.parts.tickets.give(give).await?;
                changed += usize::from(before.is_some_and(|row| row.ticket.version < now.row.ticket.version));
            }
            after = page.last().copied();
            if u32::try_from(page.len()).is_ok_and(|page| page < RECOMPUTE_PAGE) {
                return Ok(changed);
            }
        }
    }

    /// How long nothing is due, at most [`PACE`].
    async fn until_next(&self) -> Result<Duration, TicketServiceError> {
        let clock = self.parts.store.next_clock_at().await?;
        let case = self.parts.cases.next_due().await?;
        let next = clock.into_iter().chain(case).min();
        Ok(next.map_or(PACE, |next| next.since(self.now()).min(PACE)))
    }

    async fn put_back(&self, due: &DueClock) -> Result<(), TicketServiceError> {
        let mut tx = self.parts.store.begin().await?;
        tx.put_clock_back(due, self.now() + AGAIN).await?;
        tx.commit().await?;
        Ok(())
    }

    fn now(&self) -> WallTime {
        self.parts.clock.now().wall
    }
}
