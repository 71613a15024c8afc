//! Folds shipped facts into call records, recordings and queue figures, batch by batch.
//!
//! ```text
//!  SQL journal ─► fold in memory (open calls) ─► rows + checkpoint in one transaction ─► wait for more
//! ```
//!
//! **Invariants.** A batch's rows and its checkpoint are committed together, so every fact is folded exactly once.
//! What is in memory is only a cache: an interaction that is not there is folded again from its facts.
//! Figures are written with every batch; a call's rows at its beginning, its talk, its end and after it, so that a call
//! costs four writes and not one per fact: the live picture is not here.
//! **Not here.** What the facts amount to (`report`), how they come into the database (`engine::shipper`).

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::watch;

use crate::base::ids::InteractionId;
use crate::base::ids::RecordingId;
use crate::base::time::MonoTime;
use crate::base::time::WallTime;
use crate::fact::Fact;
use crate::fact::FactNo;
use crate::fact::agent::AgentFact;
use crate::fact::call::CallFact;
use crate::fact::call::RefusalReason;
use crate::fact::codec;
use crate::fact::personal::Sealed;
use crate::fact::recording::RecordingFact;
use crate::fact::system::SystemFact;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::calls::CallChange;
use crate::io::store::recordings::RecordingRow;
use crate::report::cdr::CallRecord;
use crate::report::cdr::Moment;
use crate::report::interval;
use crate::report::interval::Intervals;

/// The name of the checkpoint, and of the projection at the command line.
pub const CDR: &str = "cdr";
/// Facts of one batch at most.
const BATCH_FACTS: u32 = 1_024;
/// A batch is gathered for so long after its first fact: a transaction costs more than what is in it, and nobody waits
/// for these rows.
const BATCH_WAIT: Duration = Duration::from_secs(1);
/// The first wait after a failure; it doubles up to [`RETRY_MAX`].
const RETRY_FIRST: Duration = Duration::from_millis(500);
/// The longest wait after failures.
const RETRY_MAX: Duration = Duration::from_secs(10);
/// An ended call is kept in memory for so long: wrap-up and recording follow its end.
const KEPT_AFTER_END: Duration = Duration::from_mins(5);
/// Calls in memory at most; beyond, ended ones go first.
const CACHED_MAX: usize = 20_000;

/// A fact as the folds need it.
#[derive(Clone, Debug)]
pub struct StoredFact {
    /// Its place in the chain.
    pub fact_no: FactNo,
    /// When it happened.
    pub at: Moment,
    /// The interaction it is about.
    pub interaction: Option<InteractionId>,
    /// What happened; none for a kind this program does not know.
    pub fact: Option<Fact>,
    /// Its personal data.
    pub sealed: Option<Sealed>,
}

/// Reads an envelope.
///
/// # Errors
/// [`StoreError::Corrupt`] when the text is no envelope.
pub fn read_fact(envelope: &str) -> Result<StoredFact, StoreError> {
    let envelope =
        codec::decode(envelope.as_bytes()).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let fact = envelope
        .fact()
        .map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(StoredFact {
        fact_no: envelope.fact_no,
        at: Moment {
            wall: WallTime::from_micros(envelope.at_us),
            mono: MonoTime::from_micros(envelope.mono_us),
            boot: envelope.boot_id,
        },
        interaction: envelope.interaction,
        fact,
        sealed: envelope.sealed,
    })
}

/// Folds the facts of one interaction up to `up_to`; none when the first of them is missing.
pub(crate) async fn fold_interaction(
    store: &Store,
    node: &str,
    interaction: InteractionId,
    up_to: FactNo,
) -> Result<Option<CallRecord>, StoreError> {
    let mut record: Option<CallRecord> = None;
    for (fact_no, envelope) in store.facts_of_interaction(node, interaction).await? {
        if up_to < fact_no {
            break;
        }
        let stored = read_fact(&envelope)?;
        if let Some(fact) = &stored.fact {
            fold(&mut record, interaction, &stored, fact);
        }
    }
    Ok(record)
}

/// Folds one fact into a record that may have to begin with it. Returns whether the record changed.
pub(crate) fn fold(
    record: &mut Option<CallRecord>,
    interaction: InteractionId,
    stored: &StoredFact,
    fact: &Fact,
) -> bool {
    match record {
        Some(record) => record.apply(stored.at, fact, stored.sealed.as_ref()),
        None if begins(fact) => record.insert(CallRecord::new(interaction, stored.at)).apply(
            stored.at,
            fact,
            stored.sealed.as_ref(),
        ),
        None => false,
    }
}

const fn begins(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Call(CallFact::Offered { .. } | CallFact::Refused { .. })
    )
}

const fn concerns_a_call(fact: &Fact) -> bool {
    matches!(fact, Fact::Call(_) | Fact::Agent(AgentFact::WrapupEnded { .. }))
}

/// Whether a call's rows are written with this fact: at its beginning, its talk, its end and after it. What happens
/// between is in memory and in the journal, and is written with the next of these.
fn is_written(record: &CallRecord, fact: &Fact) -> bool {
    record.ended_at.is_some() || begins(fact) || matches!(fact, Fact::Call(CallFact::AgentAnswered { .. }))
}

/// A call in memory and what of it is in the tables.
#[derive(Debug)]
struct Tracked {
    record: CallRecord,
    segments_written: usize,
    offers_closed: usize,
    counted: Intervals,
}

impl Tracked {
    /// Takes a record of which nothing is in the tables.
    const fn fresh(record: CallRecord) -> Self {
        Self {
            record,
            segments_written: 0,
            offers_closed: 0,
            counted: Intervals::new(),
        }
    }

    /// Takes a record that was folded again: its figures are counted; which rows are written is not known, and writing
    /// one twice changes nothing.
    fn counted(record: CallRecord) -> Self {
        let counted = interval::contribution(&record);
        Self {
            counted,
            ..Self::fresh(record)
        }
    }

    fn mark_written(&mut self) {
        self.segments_written = self.record.segments.len();
        let closed = self
            .record
            .offers
            .iter()
            .take_while(|offer| offer.outcome.is_some());
        self.offers_closed = closed.count();
    }
}

/// What a batch changes beside calls.
#[derive(Debug, Default)]
struct Batch {
    touched: BTreeSet<InteractionId>,
    written: BTreeSet<InteractionId>,
    recordings: BTreeMap<RecordingId, RecordingRow>,
    refusals: BTreeMap<(i64, RefusalReason), u64>,
    last: FactNo,
}

/// Folds one node's facts.
#[derive(Debug)]
pub struct Projector {
    store: Store,
    node: String,
    calls: BTreeMap<InteractionId, Tracked>,
    at: Option<FactNo>,
}

impl Projector {
    /// Makes the projector of `node`'s facts.
    pub fn new(store: Store, node: &str) -> Self {
        Self {
            store,
            node: node.to_owned(),
            calls: BTreeMap::new(),
            at: None,
        }
    }

    /// Runs until `shipped` is closed: folds whatever is shipped, then waits for more.
    ///
    /// Failures are tried again; `failed` hears of each.
    pub async fn run(
        mut self,
        mut shipped: watch::Receiver<FactNo>,
        mut failed: impl FnMut(&StoreError) + Send,
    ) {
        let mut retry = RETRY_FIRST;
        loop {
            match self.catch_up().await {
                Ok(_) => retry = RETRY_FIRST,
                Err(error) => {
                    failed(&error);
                    tokio::time::sleep(retry).await;
                    retry = RETRY_MAX.min(retry * 2);
                    continue;
                }
            }
            if shipped.changed().await.is_err() {
                let _ = self.catch_up().await;
                return;
            }
            tokio::time::sleep(BATCH_WAIT).await;
            shipped.mark_unchanged();
        }
    }

    /// Folds until nothing is left. Returns how many facts were folded.
    ///
    /// # Errors
    /// [`StoreError`]; nothing of the failed batch is written.
    pub async fn catch_up(&mut self) -> Result<usize, StoreError> {
        let mut folded = 0;
        loop {
            let facts = self.step().await?;
            folded += facts;
            if facts < usize::try_from(BATCH_FACTS).unwrap_or(usize::MAX) {
                return Ok(folded);
            }
        }
    }

    /// Folds one batch. Returns how many facts it had.
    ///
    /// # Errors
    /// [`StoreError`]; nothing of the batch is written, and the memory is emptied so that it cannot be ahead of it.
    pub async fn step(&mut self) -> Result<usize, StoreError> {
        let result = self.try_step().await;
        if result.is_err() {
            self.calls.clear();
            self.at = None;
        }
        result
    }

    async fn try_step(&mut self) -> Result<usize, StoreError> {
        let after = match self.at {
            Some(at) => at,
            None => self.store.checkpoint(CDR, &self.node).await?,
        };
        let facts = self.store.facts_after(&self.node, after, BATCH_FACTS).await?;
        if facts.is_empty() {
            self.at = Some(after);
            return Ok(0);
        }
        let mut batch = Batch::default();
        for (fact_no, envelope) in &facts {
            self.fold_fact(after, &read_fact(envelope)?, &mut batch).await?;
            batch.last = *fact_no;
        }
        if self.write(after, &batch).await? {
            self.at = Some(batch.last);
            self.settle(&batch);
            return Ok(facts.len());
        }
        // Somebody else moved the checkpoint (a rebuild): begin again where it stands now.
        self.calls.clear();
        self.at = None;
        Ok(usize::try_from(BATCH_FACTS).unwrap_or(usize::MAX))
    }

    async fn fold_fact(
        &mut self,
        after: FactNo,
        stored: &StoredFact,
        batch: &mut Batch,
    ) -> Result<(), StoreError> {
        let Some(fact) = &stored.fact else { return Ok(()) };
        fold_aside(stored, fact, batch);
        let Some(interaction) = stored.interaction.filter(|_| concerns_a_call(fact)) else {
            return Ok(());
        };
        let known = self.calls.remove(&interaction);
        let (mut record, mut tracked) = match known {
            Some(tracked) => (None, Some(tracked)),
            None if begins(fact) && !batch.touched.contains(&interaction) => (None, None),
            None => (
                fold_interaction(&self.store, &self.node, interaction, after).await?,
                None,
            ),
        };
        if let Some(record) = record.take() {
            tracked = Some(Tracked::counted(record));
        }
        let changed = match &mut tracked {
            Some(tracked) => tracked.record.apply(stored.at, fact, stored.sealed.as_ref()),
            None => fold(&mut record, interaction, stored, fact),
        };
        if let Some(record) = record {
            tracked = Some(Tracked::fresh(record));
        }
        if let Some(tracked) = tracked {
            if changed {
                batch.touched.insert(interaction);
                if is_written(&tracked.record, fact) {
                    batch.written.insert(interaction);
                }
            }
            self.calls.insert(interaction, tracked);
        }
        Ok(())
    }

    /// Writes a batch; false when the checkpoint is not where the batch began.
    async fn write(&self, after: FactNo, batch: &Batch) -> Result<bool, StoreError> {
        let known = |interaction| self.calls.get(interaction);
        let mut intervals = Intervals::new();
        for tracked in batch.touched.iter().filter_map(known) {
            let change = interval::difference(&tracked.counted, &interval::contribution(&tracked.record));
            for (key, row) in change {
                intervals.entry(key).or_default().add(&row);
            }
        }
        let changes = batch.written.iter().filter_map(known).map(|tracked| CallChange {
            record: &tracked.record,
            segments_from: tracked.segments_written,
            offers_from: tracked.offers_closed,
        });
        let changes: Vec<CallChange<'_>> = changes.collect();
        let recordings: Vec<RecordingRow> = batch.recordings.values().cloned().collect();
        let mut tx = self.store.begin().await?;
        if !tx.move_checkpoint(CDR, &self.node, after, batch.last).await? {
            return Ok(false);
        }
        tx.put_calls(&self.node, &changes).await?;
        tx.put_recordings(&recordings).await?;
        tx.add_intervals(&intervals).await?;
        for ((minute_us, reason), count) in &batch.refusals {
            tx.add_refusals(&self.node, WallTime::from_micros(*minute_us), *reason, *count)
                .await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Notes what is written and forgets calls that are long over.
    fn settle(&mut self, batch: &Batch) {
        for interaction in &batch.touched {
            if let Some(tracked) = self.calls.get_mut(interaction) {
                tracked.counted = interval::contribution(&tracked.record);
            }
        }
        for interaction in &batch.written {
            if let Some(tracked) = self.calls.get_mut(interaction) {
                tracked.mark_written();
            }
        }
        let latest = self
            .calls
            .values()
            .filter_map(|tracked| tracked.record.ended_at)
            .max();
        let crowded = CACHED_MAX < self.calls.len();
        self.calls
            .retain(|_, tracked| match (tracked.record.ended_at, latest) {
                (Some(ended), Some(latest)) => !crowded && latest.since(ended) < KEPT_AFTER_END,
                _ => true,
            });
    }
}

/// What a fact changes beside its call.
fn fold_aside(stored: &StoredFact, fact: &Fact, batch: &mut Batch) {
    match fact {
        Fact::Call(CallFact::Answered {
            recording: Some(recording),
        }) => {
            let row = RecordingRow::opened(*recording, stored.interaction, stored.at.wall);
            batch.recordings.insert(*recording, row);
        }
        Fact::Recording(
            closed @ (RecordingFact::Stored { recording, .. } | RecordingFact::Failed { recording, .. }),
        ) => {
            let row = batch
                .recordings
                .entry(*recording)
                .or_insert_with(|| RecordingRow::opened(*recording, stored.interaction, stored.at.wall));
            row.close(stored.at.wall, closed);
        }
        Fact::Recording(
            imported @ RecordingFact::Imported {
                recording,
                recorded_at,
                ..
            },
        ) => {
            let mut row = RecordingRow::opened(*recording, stored.interaction, *recorded_at);
            row.close(stored.at.wall, imported);
            batch.recordings.insert(*recording, row);
        }
        Fact::System(SystemFact::RefusalsCounted {
            minute_us,
            reason,
            count,
        }) => {
            *batch.refusals.entry((*minute_us, *reason)).or_default() += count;
        }
        _ => (),
    }
}

/// Throws a projection away and folds it again from the first fact of every node.
///
/// Returns how many facts were folded, or none when there is no such projection.
///
/// # Errors
/// [`StoreError`].
pub async fn rebuild(store: &Store, projection: &str) -> Result<Option<usize>, StoreError> {
    if projection != CDR {
        return Ok(None);
    }
    let mut tx = store.begin().await?;
    tx.clear_calls().await?;
    tx.reset_checkpoint(CDR).await?;
    tx.commit().await?;
    let mut folded = 0;
    for node in store.nodes().await? {
        folded += Projector::new(store.clone(), &node).catch_up().await?;
    }
    Ok(Some(folded))
}
