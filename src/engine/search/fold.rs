//! Folding: what stands in the tail of the search index becomes postings, in short transactions.
//!
//! ```text
//!  a full segment, or rows that came late to folded ones ─► turned round ─► merged, some tags a transaction
//!                                                        ─► the tail's rows dropped ─► the mark moved
//! ```
//!
//! **Invariants.** Rows are dropped after all their postings are committed, and the mark is moved last: killed at any
//! point, the next fold does again what was not finished, and a search finds everything meanwhile. Between two
//! transactions commands have their turn.
//! **Not here.** Merging and the rows (`io::store::search`).

use std::time::Duration;

use crate::engine::search::Search;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::Tx;
use crate::io::store::search::TailRange;
use crate::io::store::search::invert_by_segment;
use crate::io::store::search::range_of;
use crate::io::store::search_segment::Postings;
use crate::io::store::search_segment::TailRow;
use crate::io::store::search_segment::first_of;

/// Tags written by one transaction of a fold: some 20 ms, for so long a command may have to wait.
const FOLD_TAGS: usize = 2_048;
/// Documents whose tail rows are read or dropped at once.
const FOLD_DOCS: i64 = 2_048;
/// Rows of folded segments that gather in the tail before they are folded in.
const LATE_ROWS: u32 = 4_096;
/// For so long nobody else folds after a step of ours.
const FOLD_HELD: Duration = Duration::from_mins(1);
/// How often it is looked whether there is something to fold.
const FOLD_LOOK: Duration = Duration::from_secs(30);

/// What one step of a fold did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folded {
    /// There was nothing to do.
    Nothing,
    /// Another node folds.
    Busy,
    /// A full segment.
    Segment(i64),
    /// So many rows of segments folded earlier.
    Late(usize),
}

impl Search {
    /// Folds as long as the program runs; `failed` hears of each failure, the next try is made at the next look.
    pub async fn fold_always(self, mut failed: impl FnMut(&StoreError) + Send) {
        if let Err(error) = self.tail([]).await {
            failed(&error);
        }
        loop {
            match self.fold().await {
                Ok(Folded::Segment(_) | Folded::Late(_)) => continue,
                Ok(Folded::Nothing | Folded::Busy) => (),
                Err(error) => failed(&error),
            }
            tokio::time::sleep(FOLD_LOOK).await;
        }
    }

    /// Folds the oldest full segment, or else what came late to folded ones, when there is enough of it.
    ///
    /// # Errors
    /// [`StoreError`]; the next call does again what was not finished.
    pub async fn fold(&self) -> Result<Folded, StoreError> {
        let store = &self.inner.store;
        let head = store.search_head().await?;
        let folded = first_of(head.folded);
        let (full, rows, range) = if first_of(head.folded + 1) <= head.docs + 1 {
            let range = range_of(head.folded, head.seq);
            (Some(head.folded), self.rows_of(range).await?, range)
        } else if i64::from(LATE_ROWS) <= store.search_tail_below(folded, LATE_ROWS).await? {
            let range = TailRange {
                from: 0,
                to: folded,
                seq: head.seq,
            };
            let rows = store.search_tail_of(range, LATE_ROWS).await?;
            let (rows, range) = whole_docs(rows, range);
            (None, rows, range)
        } else {
            return Ok(Folded::Nothing);
        };
        let count = rows.len();
        // Sorting some millions of pairs is no work for a thread that others wait for.
        let inverted = tokio::task::spawn_blocking(move || invert_by_segment(&rows)).await;
        let inverted: Vec<(i64, Postings)> = inverted.unwrap_or_default();
        if inverted.is_empty() && 0 < count {
            return Err(StoreError::Corrupt("search index: a fold was broken off".into()));
        }
        for (segment, postings) in &inverted {
            for part in postings.chunks(FOLD_TAGS) {
                let Some(mut tx) = self.hold().await? else {
                    return Ok(Folded::Busy);
                };
                tx.merge_postings(*segment, part).await?;
                tx.commit().await?;
            }
        }
        if !self.drop_rows(range, full).await? {
            return Ok(Folded::Busy);
        }
        // So that no search has to read the tail anew.
        self.tail([]).await?;
        Ok(full.map_or(Folded::Late(count), Folded::Segment))
    }

    async fn rows_of(&self, range: TailRange) -> Result<Vec<TailRow>, StoreError> {
        let mut rows = Vec::new();
        let mut from = range.from;
        while from < range.to {
            let to = range.to.min(from + FOLD_DOCS);
            let part = TailRange { from, to, ..range };
            rows.extend(self.inner.store.search_tail_of(part, u32::MAX).await?);
            from = to;
        }
        Ok(rows)
    }

    /// Drops rows whose postings are committed, some at a time; the last transaction moves the mark.
    async fn drop_rows(&self, range: TailRange, full: Option<i64>) -> Result<bool, StoreError> {
        let mut from = range.from;
        while from < range.to {
            // Late rows are few and lie anywhere: one step; a segment's stand side by side.
            let to = full.map_or(range.to, |_| range.to.min(from + FOLD_DOCS));
            let Some(mut tx) = self.hold().await? else {
                return Ok(false);
            };
            tx.drop_tail(TailRange { from, to, ..range }).await?;
            if let Some(segment) = full.filter(|_| to == range.to) {
                tx.set_folded(segment + 1).await?;
            }
            tx.commit().await?;
            from = to;
        }
        Ok(true)
    }

    /// Begins a transaction that holds the folder's row; none when another node folds.
    async fn hold(&self) -> Result<Option<Tx>, StoreError> {
        let now = self.inner.clock.now().wall;
        let mut tx = self.inner.store.begin().await?;
        let held = tx.hold_fold(&self.inner.node, now, now + FOLD_HELD).await?;
        Ok(held.then_some(tx))
    }
}

/// Leaves out the last document when rows of it may be missing, and narrows the range to what is left.
fn whole_docs(mut rows: Vec<TailRow>, range: TailRange) -> (Vec<TailRow>, TailRange) {
    let full = u32::try_from(rows.len()).is_ok_and(|rows| rows == LATE_ROWS);
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return (rows, range);
    };
    let (first, last, seq) = (first.doc, last.doc, last.seq);
    if !full {
        return (rows, range);
    }
    if first == last {
        // All of one document: its rows stand in the order of their numbers.
        let range = TailRange {
            from: last,
            to: last + 1,
            seq,
        };
        return (rows, range);
    }
    rows.retain(|row| row.doc < last);
    (rows, TailRange { to: last, ..range })
}

/// Orders that are not folded yet: less than a segment when the folder keeps up.
///
/// # Errors
/// [`StoreError`].
pub async fn waiting(store: &Store) -> Result<i64, StoreError> {
    let head = store.search_head().await?;
    Ok((head.docs - first_of(head.folded)).max(0))
}
