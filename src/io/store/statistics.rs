//! Queue figures per quarter of an hour, and counted refusals.
//!
//! **Invariants.** Rows are only added to, in the same transaction as the projector's checkpoint.
//! **Not here.** What is counted when (`report::interval`).

use crate::base::ids::QueueId;
use crate::base::time::WallTime;
use crate::fact::call::RefusalReason;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::sql;
use crate::io::store::sql::Cells;
use crate::io::store::sql::Tx;
use crate::io::store::sql::code;
use crate::io::store::sql::values;
use crate::report::interval::Interval;
use crate::report::interval::IntervalKey;
use crate::report::interval::Intervals;

macro_rules! columns {
    () => {
        "queue, start_us, offered, answered, abandoned, short_abandoned, left_otherwise, answered_15s, answered_20s,
         abandoned_15s, abandoned_20s, answered_wait_ms, abandoned_wait_ms, talk_ms, hold_ms, wrapup_ms, no_answers,
         wait_max_ms"
    };
}

fn read(cells: &mut Cells) -> Result<(IntervalKey, Interval), StoreError> {
    let key = IntervalKey {
        queue: cells.id()?,
        start: cells.instant()?,
    };
    let row = Interval {
        offered: cells.int()?,
        answered: cells.int()?,
        abandoned: cells.int()?,
        short_abandoned: cells.int()?,
        left_otherwise: cells.int()?,
        answered_15s: cells.int()?,
        answered_20s: cells.int()?,
        abandoned_15s: cells.int()?,
        abandoned_20s: cells.int()?,
        answered_wait_ms: cells.int()?,
        abandoned_wait_ms: cells.int()?,
        talk_ms: cells.int()?,
        hold_ms: cells.int()?,
        wrapup_ms: cells.int()?,
        no_answers: cells.int()?,
        wait_max_ms: cells.int()?,
    };
    Ok((key, row))
}

impl Store {
    /// Reads the quarters of a queue, or of all, that begin in `from..to`, in order.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn queue_intervals(
        &self,
        queue: Option<&QueueId>,
        from: WallTime,
        to: WallTime,
    ) -> Result<Vec<(IntervalKey, Interval)>, StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            columns!(),
            " FROM queue_interval WHERE (CAST($1 AS TEXT) IS NULL OR queue = $1) AND start_us >= $2 AND start_us < $3
              ORDER BY queue, start_us"
        );
        sql::read(
            self.database(),
            SQL,
            values![queue.map(QueueId::as_str), from, to],
            read,
        )
        .await
    }

    /// The sums of each queue over `from..to`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn queue_totals(
        &self,
        from: WallTime,
        to: WallTime,
    ) -> Result<Vec<(QueueId, Interval)>, StoreError> {
        let mut totals: Vec<(QueueId, Interval)> = Vec::new();
        for (key, row) in self.queue_intervals(None, from, to).await? {
            match totals.last_mut().filter(|(queue, _)| *queue == key.queue) {
                Some((_, total)) => total.add(&row),
                None => totals.push((key.queue, row)),
            }
        }
        Ok(totals)
    }

    /// Refusals of `from..to` that were counted by the minute, by reason.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn counted_refusals(
        &self,
        from: WallTime,
        to: WallTime,
    ) -> Result<Vec<(RefusalReason, u64)>, StoreError> {
        const SQL: &str = "SELECT reason, CAST(SUM(refused) AS BIGINT) FROM refusal_minute
            WHERE minute_us >= $1 AND minute_us < $2 GROUP BY reason ORDER BY reason";
        sql::read(self.database(), SQL, values![from, to], |cells| {
            Ok((sql::decode_code(&cells.text()?)?, cells.count()?))
        })
        .await
    }
}

impl Tx {
    /// Adds to the quarters.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn add_intervals(&mut self, changes: &Intervals) -> Result<(), StoreError> {
        const HEAD: &str = concat!("INSERT INTO queue_interval (", columns!(), ")");
        const TAIL: &str = "ON CONFLICT (queue, start_us) DO UPDATE SET
            offered = queue_interval.offered + excluded.offered,
            answered = queue_interval.answered + excluded.answered,
            abandoned = queue_interval.abandoned + excluded.abandoned,
            short_abandoned = queue_interval.short_abandoned + excluded.short_abandoned,
            left_otherwise = queue_interval.left_otherwise + excluded.left_otherwise,
            answered_15s = queue_interval.answered_15s + excluded.answered_15s,
            answered_20s = queue_interval.answered_20s + excluded.answered_20s,
            abandoned_15s = queue_interval.abandoned_15s + excluded.abandoned_15s,
            abandoned_20s = queue_interval.abandoned_20s + excluded.abandoned_20s,
            answered_wait_ms = queue_interval.answered_wait_ms + excluded.answered_wait_ms,
            abandoned_wait_ms = queue_interval.abandoned_wait_ms + excluded.abandoned_wait_ms,
            talk_ms = queue_interval.talk_ms + excluded.talk_ms,
            hold_ms = queue_interval.hold_ms + excluded.hold_ms,
            wrapup_ms = queue_interval.wrapup_ms + excluded.wrapup_ms,
            no_answers = queue_interval.no_answers + excluded.no_answers,
            wait_max_ms = CASE WHEN queue_interval.wait_max_ms < excluded.wait_max_ms
                THEN excluded.wait_max_ms ELSE queue_interval.wait_max_ms END";
        let mut rows = Vec::with_capacity(changes.len() * 18);
        for (key, change) in changes {
            rows.extend(values![key.queue.as_str(), key.start]);
            rows.extend(change.sums().map(sql::Value::from));
            rows.push(sql::Value::from(change.wait_max_ms));
        }
        self.insert_many(HEAD, TAIL, 18, rows).await.map(|_| ())
    }

    /// Adds refusals that were counted in one minute.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn add_refusals(
        &mut self,
        node: &str,
        minute: WallTime,
        reason: RefusalReason,
        count: u64,
    ) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO refusal_minute (node, minute_us, reason, refused) VALUES ($1, $2, $3, $4)
            ON CONFLICT (node, minute_us, reason) DO UPDATE SET refused = refusal_minute.refused + excluded.refused";
        self.execute(SQL, values![node, minute, code(&reason), count])
            .await
            .map(|_| ())
    }
}
