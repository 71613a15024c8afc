//! Calls of citizens who reached nobody, and what they were told since: what `report::missed` folds.
//!
//! **Invariants.** Missed is: it came in, no agent answered, and it was not ours to refuse (an unknown number, a stranger);
//! who hung up sooner in a queue than counts as waiting is left out. At most [`CALLS_MAX`] calls are read.
//! **Source.** `docs/conformance.md`.

use crate::base::ids::InteractionId;
use crate::base::time::WallTime;
use crate::fact::personal::Sealed;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::sql;
use crate::io::store::sql::Cells;
use crate::io::store::sql::values;
use crate::report::missed::Attempt;
use crate::report::missed::Kind;

/// Calls read for one answer at most.
pub const CALLS_MAX: u32 = 20_000;

/// A missed call's condition, on the interaction `$alias`.
macro_rules! is_missed {
    ($alias:literal) => {
        concat!(
            $alias,
            ".direction = 'inbound' AND ",
            $alias,
            ".ended_at_us IS NOT NULL AND ",
            $alias,
            ".agent_answered_at_us IS NULL AND ",
            $alias,
            ".caller_tag IS NOT NULL AND (",
            $alias,
            ".outcome IN ('abandoned', 'ended_in_ivr', 'cancelled', 'failed') OR (",
            $alias,
            ".outcome = 'refused' AND ",
            $alias,
            ".refusal IN ('overload', 'no_media_port', 'journal_full', 'journal_failed', 'draining')))"
        )
    };
}

const SQL: &str = concat!(
    "SELECT i.id, i.caller_tag, i.offered_at_us, i.direction, i.agent_answered_at_us, i.wait_ms, i.talk_ms, i.queue, i.line
     FROM interaction i WHERE i.offered_at_us >= $1 AND i.caller_tag IN (
         SELECT m.caller_tag FROM interaction m WHERE m.offered_at_us >= $1 AND m.offered_at_us < $2 AND ",
    is_missed!("m"),
    ") AND ((",
    is_missed!("i"),
    " AND i.offered_at_us < $2) OR (i.ended_at_us IS NOT NULL
         AND (i.direction = 'outbound' OR i.agent_answered_at_us IS NOT NULL)))
     ORDER BY i.offered_at_us, i.id LIMIT $3"
);

impl Store {
    /// Missed calls of `[from, to)` and what became of their numbers since, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn missed_calls(&self, (from, to): (WallTime, WallTime)) -> Result<Vec<Attempt>, StoreError> {
        let values = values![from, to, i64::from(CALLS_MAX)];
        sql::read(self.database(), SQL, values, read).await
    }

    /// The sealed caller of a call; none for one that is not on record or has none.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn caller_of(&self, interaction: InteractionId) -> Result<Option<Sealed>, StoreError> {
        const SQL: &str = "SELECT caller_sealed FROM interaction WHERE id = $1";
        let values = values![interaction.to_string()];
        let mut rows = sql::read(self.database(), SQL, values, sql::Cells::json_or_null).await?;
        Ok(rows.pop().flatten())
    }
}

fn read(cells: &mut Cells) -> Result<Attempt, StoreError> {
    let interaction: InteractionId = cells.id()?;
    let number = cells.text()?;
    let at = cells.instant()?;
    let outbound = cells.text()? == "outbound";
    let answered = cells.instant_or_null()?.is_some();
    let (wait_ms, talk_ms) = (cells.count()?, cells.count()?);
    let (queue, line) = (cells.id_or_null()?, cells.id_or_null()?);
    let kind = match (outbound, answered) {
        (true, _) => Kind::CalledBack { talk_ms },
        (false, true) => Kind::Served,
        (false, false) => Kind::Missed { wait_ms, queue, line },
    };
    Ok(Attempt {
        interaction,
        number,
        at,
        kind,
    })
}
