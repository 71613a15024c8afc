//! Copies the local journal file into the database, in order and exactly once.
//!
//! ```text
//!  Waiting ─facts durable─► Gathering ─100 ms or 256 facts─► Writing ─committed─► Waiting
//!                                                              │  ▲
//!                                                              └──┘ database down: wait 0.2 s … 5 s, try again
//! ```
//!
//! **Invariants.** A fact is released from the file only after the transaction that holds it was committed. Copying
//! twice is harmless: (node, fact_no) is unique. Data keys are stored in the transaction of the facts that use them.
//! **Not here.** The file (`io::journal`); what becomes of the facts (`engine::projector`, `engine::policies`).

use std::io;
use std::time::Duration;

use tokio::sync::watch;

use crate::fact::FactNo;
use crate::io::journal::JournalBatch;
use crate::io::journal::JournalReader;
use crate::io::store::Store;
use crate::io::store::StoreError;

/// Facts of one transaction at most.
pub const BATCH_FACTS: usize = 256;
/// A batch is gathered for so long: short, because a work order's draft waits for it.
const BATCH_WAIT: Duration = Duration::from_millis(100);
/// The first wait after a failure; it doubles up to [`RETRY_MAX`].
const RETRY_FIRST: Duration = Duration::from_millis(200);
/// The longest wait after failures.
const RETRY_MAX: Duration = Duration::from_secs(5);

/// The reading end of the local journal.
pub trait Source: Send + 'static {
    /// Reads durable facts after `after`, at most `max`.
    ///
    /// # Errors
    /// The file cannot be read.
    fn read_after(&mut self, after: FactNo, max: usize) -> io::Result<JournalBatch>;

    /// Gives up everything up to and with `up_to`: it is in the database.
    ///
    /// # Errors
    /// A file cannot be removed.
    fn release(&mut self, up_to: FactNo) -> io::Result<()>;
}

impl Source for JournalReader {
    fn read_after(&mut self, after: FactNo, max: usize) -> io::Result<JournalBatch> {
        Self::read_after(self, after, max)
    }

    fn release(&mut self, up_to: FactNo) -> io::Result<()> {
        Self::release(self, up_to)
    }
}

/// What the shipper tells the alarms and the metrics.
#[derive(Debug)]
pub enum ShipperEvent<'a> {
    /// Everything up to here is in the database.
    Shipped(FactNo),
    /// The database does not take facts; told at every try.
    DatabaseDown(&'a StoreError),
    /// It takes them again.
    DatabaseUp,
    /// The file cannot be read or cleaned; told at every try.
    FileFailed(&'a io::Error),
    /// Facts are missing between the database and the file, as after restoring an old copy of the database.
    Gap {
        /// The last in the database.
        after: FactNo,
        /// The first in the file.
        before: FactNo,
    },
}

/// Ships one node's journal.
#[derive(Debug)]
pub struct Shipper<S> {
    source: S,
    store: Store,
    node: String,
    shipped: watch::Sender<FactNo>,
    at: Option<FactNo>,
    down: bool,
}

impl<S: Source> Shipper<S> {
    /// Makes the shipper of `node`'s file; whoever subscribes to the receiver is told how far it has come.
    pub fn new(source: S, store: Store, node: &str) -> (Self, watch::Receiver<FactNo>) {
        let (shipped, receiver) = watch::channel(FactNo(0));
        (
            Self {
                source,
                store,
                node: node.to_owned(),
                shipped,
                at: None,
                down: false,
            },
            receiver,
        )
    }

    /// Runs until `durable` is closed, then ships what is left and returns.
    ///
    /// `durable` carries the last fact that is in the file; `tell` hears what happens.
    pub async fn run(
        mut self,
        mut durable: watch::Receiver<FactNo>,
        mut tell: impl FnMut(ShipperEvent<'_>) + Send,
    ) {
        let mut retry = RETRY_FIRST;
        let mut open = true;
        loop {
            match self.ship_all(&mut tell).await {
                Ok(()) => retry = RETRY_FIRST,
                Err(()) if !open => return,
                Err(()) => {
                    tokio::time::sleep(retry).await;
                    retry = RETRY_MAX.min(retry * 2);
                    continue;
                }
            }
            if !open {
                return;
            }
            let waiting = *durable.borrow_and_update();
            if self.at.is_none_or(|at| waiting <= at) {
                open = durable.changed().await.is_ok();
            }
            if open {
                tokio::time::sleep(BATCH_WAIT).await;
            }
        }
    }

    /// Ships until the file has nothing more.
    async fn ship_all(&mut self, tell: &mut (impl FnMut(ShipperEvent<'_>) + Send)) -> Result<(), ()> {
        loop {
            match self.ship_batch(tell).await {
                Ok(facts) => {
                    if self.down {
                        self.down = false;
                        tell(ShipperEvent::DatabaseUp);
                    }
                    if facts < BATCH_FACTS {
                        return Ok(());
                    }
                }
                Err(ShipError::Store(error)) => {
                    self.down = true;
                    self.at = None;
                    tell(ShipperEvent::DatabaseDown(&error));
                    return Err(());
                }
                Err(ShipError::File(error)) => {
                    tell(ShipperEvent::FileFailed(&error));
                    return Err(());
                }
            }
        }
    }

    /// Ships one batch. Returns how many facts it had.
    async fn ship_batch(
        &mut self,
        tell: &mut (impl FnMut(ShipperEvent<'_>) + Send),
    ) -> Result<usize, ShipError> {
        let after = match self.at {
            Some(at) => at,
            None => self.store.last_fact(&self.node).await?,
        };
        self.at = Some(after);
        let batch = self.source.read_after(after, BATCH_FACTS)?;
        let (Some((first, _)), Some((last, _))) = (batch.facts.first(), batch.facts.last()) else {
            self.tell_shipped(after, tell);
            return Ok(0);
        };
        let (first, last) = (*first, *last);
        if after.0.saturating_add(1) < first.0 {
            tell(ShipperEvent::Gap { after, before: first });
        }
        let mut envelopes = Vec::with_capacity(batch.facts.len());
        for (fact_no, bytes) in &batch.facts {
            let text = str::from_utf8(bytes);
            envelopes.push(text.map_err(|_| StoreError::Corrupt(format!("fact {} is no text", fact_no.0)))?);
        }
        let mut tx = self.store.begin().await?;
        tx.put_data_keys(&batch.keys).await?;
        tx.append_journal(&self.node, envelopes).await?;
        tx.commit().await?;
        self.at = Some(last);
        self.tell_shipped(last, tell);
        self.source.release(last)?;
        Ok(batch.facts.len())
    }

    fn tell_shipped(&self, up_to: FactNo, tell: &mut impl FnMut(ShipperEvent<'_>)) {
        let moved = self.shipped.send_if_modified(|known| {
            let newer = *known < up_to;
            *known = up_to.max(*known);
            newer
        });
        if moved {
            tell(ShipperEvent::Shipped(up_to));
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum ShipError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] io::Error),
}
