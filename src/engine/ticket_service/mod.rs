//! Work orders between the pure rules and the tables: load, decide, store row and facts together, tell the desk.
//!
//! ```text
//!  command ─► row of the order ─► ticket::decide ─► row, facts, messages, index in one transaction ─► told to readers
//!                   ▲                                      │ somebody was quicker
//!                   └───────────── once more ◄─────────────┘
//! ```
//!
//! **Invariants.** "Saved" is answered after the commit. An order is opened once per call, per number of another
//! platform, per number of an older system. Its number is taken from the day's counter in the transaction that opens it,
//! so a number is never given twice and none is skipped. Words are sealed under the order's data key in facts and row
//! alike. What one command changes of two orders (a repeat and its master) is changed together or not at all.
//! **Not here.** Rules (`ticket::decide`), coarse permission (`account::permission`), when clocks are due
//! (`engine::deadlines`).
//! **Source.** DB1302/T 604—2025 7.1 to 7.9.

mod give;
mod import;
mod index;
mod known;
mod messages;
mod open;
mod write;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use tokio::sync::Notify;
use tokio::sync::broadcast;

use crate::base::civil::SiteZone;
use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::TicketId;
use crate::base::limits::STREAM_EVENTS_MAX;
use crate::base::phone_number::Number;
use crate::base::random::Random;
use crate::base::time::Clock;
use crate::base::time::Now;
use crate::engine::audit::Audit;
use crate::engine::audit::AuditError;
use crate::engine::outbox::Outbox;
use crate::engine::search::Search;
pub use crate::engine::ticket_service::give::Give;
pub use crate::engine::ticket_service::import::IMPORT_BATCH;
pub use crate::engine::ticket_service::import::Imported;
pub use crate::engine::ticket_service::open::DraftRequest;
use crate::fact::personal::Personal;
use crate::fact::personal::Sealed;
use crate::io::keys::Keys;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::tickets::TicketRow;
use crate::ticket::decide::TicketError;
use crate::ticket::evolve;
use crate::ticket::model::State;
use crate::ticket::model::Texts;
use crate::ticket::reference::Reference;

/// Digits of a query code.
const QUERY_CODE_BOUND: u64 = 100_000_000;

/// Why an order was not changed.
#[derive(Debug, thiserror::Error)]
pub enum TicketServiceError {
    /// No such order.
    #[error("no work order {0}")]
    NotFound(TicketId),
    /// The rules refuse it.
    #[error(transparent)]
    Refused(#[from] TicketError),
    /// The database or the keys did not do it.
    #[error(transparent)]
    Audit(#[from] AuditError),
}

impl From<StoreError> for TicketServiceError {
    fn from(error: StoreError) -> Self {
        Self::Audit(error.into())
    }
}

impl TicketServiceError {
    /// Whether somebody else was in the way and the same may go well now.
    pub(crate) fn may_pass_now(&self) -> bool {
        let Self::Audit(AuditError::Store(error)) = self else {
            return false;
        };
        matches!(error, StoreError::Version { .. }) || error.is_transient() || error.is_duplicate()
    }
}

/// Told whenever an order changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketChange {
    /// Which order.
    pub ticket: TicketId,
    /// Its number.
    pub number: String,
    /// The call it belongs to.
    pub interaction: Option<InteractionId>,
    /// Whose it is.
    pub agent: Option<AgentId>,
    /// Its version now.
    pub version: i64,
    /// Whether nothing of it can be due and nothing leaves the house: a draft without clocks.
    pub quiet: bool,
}

/// An order with its words in clear: for the program, which shows of it what the reader may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedTicket {
    /// The order; draft and texts are complete.
    pub row: TicketRow,
    /// The caller's number; none when it was withheld or its key was erased.
    pub caller: Option<Number>,
    /// Whether the data key was erased: the words are then empty.
    pub erased: bool,
}

/// Gives the reference data in force.
pub type ReferenceOf = Arc<dyn Fn() -> Arc<Reference> + Send + Sync>;

/// What the service needs beside the store.
pub struct TicketServiceParts {
    /// The database.
    pub store: Store,
    /// The chain that order facts go to.
    pub audit: Audit,
    /// Makes search tags of numbers.
    pub keys: Keys,
    /// Both clocks.
    pub clock: Arc<dyn Clock + Send + Sync>,
    /// Randomness for ids and query codes.
    pub random: Random,
    /// The site's zone.
    pub zone: SiteZone,
    /// The area code without its 0, by which numbers to call back are understood.
    pub area_code: String,
    /// Organs, categories, rules, calendar, settings.
    pub reference: ReferenceOf,
    /// The index over words; without one nothing is found by words.
    pub search: Option<Search>,
    /// Where messages go; without one none leaves.
    pub outbox: Option<Outbox>,
}

/// Work orders, cheap to clone.
#[derive(Clone)]
pub struct TicketService {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    audit: Audit,
    keys: Keys,
    clock: Arc<dyn Clock + Send + Sync>,
    random: Mutex<Random>,
    zone: SiteZone,
    area_code: String,
    reference: ReferenceOf,
    search: Option<Search>,
    outbox: Option<Outbox>,
    changes: broadcast::Sender<TicketChange>,
    clocks_changed: Notify,
}

impl std::fmt::Debug for TicketService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TicketService")
    }
}

impl TicketService {
    /// Makes the service.
    pub fn new(parts: TicketServiceParts) -> Self {
        let TicketServiceParts {
            store,
            audit,
            keys,
            clock,
            random,
            zone,
            area_code,
            reference,
            search,
            outbox,
        } = parts;
        Self {
            inner: Arc::new(Inner {
                store,
                audit,
                keys,
                clock,
                random: Mutex::new(random),
                zone,
                area_code,
                reference,
                search,
                outbox,
                changes: broadcast::channel(STREAM_EVENTS_MAX).0,
                clocks_changed: Notify::new(),
            }),
        }
    }

    /// Changes from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<TicketChange> {
        self.inner.changes.subscribe()
    }

    /// Resolves after an order of this node changed, so that a clock may be due earlier than was known.
    pub(crate) async fn clocks_changed(&self) {
        self.inner.clocks_changed.notified().await;
    }

    /// Has whoever waits for [`Self::clocks_changed`] look again.
    pub(crate) fn wake_clocks(&self) {
        self.inner.clocks_changed.notify_one();
    }

    /// The reference data in force.
    pub fn reference(&self) -> Arc<Reference> {
        (self.inner.reference)()
    }

    /// The site's zone.
    pub fn zone(&self) -> &SiteZone {
        &self.inner.zone
    }

    /// Reads an order with its words in clear.
    ///
    /// # Errors
    /// [`TicketServiceError::NotFound`]; [`TicketServiceError::Audit`].
    pub async fn ticket(&self, id: TicketId) -> Result<OpenedTicket, TicketServiceError> {
        let row = self
            .inner
            .store
            .ticket(id)
            .await?
            .ok_or(TicketServiceError::NotFound(id))?;
        self.open_row(row).await
    }

    /// Reads the first order of a call, with its words in clear.
    ///
    /// # Errors
    /// [`TicketServiceError::Audit`].
    pub async fn ticket_of(&self, call: InteractionId) -> Result<Option<OpenedTicket>, TicketServiceError> {
        match self.inner.store.ticket_of(call).await? {
            Some(row) => self.open_row(row).await.map(Some),
            None => Ok(None),
        }
    }

    /// Opens the words of a row that was read.
    ///
    /// # Errors
    /// [`TicketServiceError::Audit`].
    pub async fn open_row(&self, row: TicketRow) -> Result<OpenedTicket, TicketServiceError> {
        let caller = match &row.caller {
            Some(sealed) => self.inner.audit.open(sealed).await?,
            None => None,
        };
        let words = match &row.sealed {
            Some(sealed) => self.inner.audit.open(sealed).await?,
            None => None,
        };
        Ok(opened(row, caller, words))
    }

    /// Tells readers what changed.
    pub fn tell(&self, changes: Vec<TicketChange>) {
        if changes.is_empty() {
            return;
        }
        let quiet = changes.iter().all(|change| change.quiet);
        for change in changes {
            // Nobody listens: nothing to tell.
            let _ = self.inner.changes.send(change);
        }
        // Each answered call opens a draft: schedulers and senders are not woken for it.
        if quiet {
            return;
        }
        self.inner.clocks_changed.notify_one();
        if let Some(outbox) = &self.inner.outbox {
            outbox.wake();
        }
    }

    /// An id for a call that is to be made.
    pub fn draw_call(&self) -> InteractionId {
        let mut random = self.inner.random.lock().unwrap_or_else(PoisonError::into_inner);
        InteractionId::new(self.inner.clock.now(), &mut random)
    }

    fn draw(&self, now: Now) -> (TicketId, String) {
        let mut random = self.inner.random.lock().unwrap_or_else(PoisonError::into_inner);
        let code = random.below(QUERY_CODE_BOUND);
        (TicketId::new(now, &mut random), format!("{code:08}"))
    }
}

/// Puts opened words into their order.
fn opened(mut row: TicketRow, caller: Option<Personal>, words: Option<Personal>) -> OpenedTicket {
    let lost = |sealed: &Option<Sealed>, open: &Option<Personal>| sealed.is_some() && open.is_none();
    let erased = lost(&row.caller, &caller) || lost(&row.sealed, &words);
    if let Some(words) = words {
        evolve::set_values(&mut row.ticket.draft, &words.values);
        let texts = words.values.into_iter().filter(|(name, _)| name.contains('.'));
        row.ticket.texts = Texts(texts.collect());
    }
    OpenedTicket {
        row,
        caller: caller.and_then(|caller| caller.number),
        erased,
    }
}

fn change_of(row: &TicketRow) -> TicketChange {
    TicketChange {
        ticket: row.ticket.id,
        number: row.ticket.number.clone(),
        interaction: row.ticket.interaction,
        agent: row.ticket.agent.clone(),
        version: row.ticket.version,
        quiet: row.ticket.state == State::Draft
            && !row.ticket.clocks.iter().any(crate::ticket::model::Clock::runs),
    }
}
