//! Clocks that are due: leased to one scheduler at a time, oldest first.
//!
//! ```text
//!  (row written with its order) ─take_due_clocks─► leased ─the order changed─► row written anew, or gone
//!        ▲                                            │ the lease ended, or put_back
//!        └────────────────────────────────────────────┘
//! ```
//!
//! **Invariants.** Of two who take at once one gets a clock. A lease that ran out is taken again. Taking costs by what is
//! due, not by how many clocks run.
//! **Not here.** What a clock does when it is due (`ticket::decide`); when to look (`engine::deadlines`).

use crate::base::ids::TicketId;
use crate::base::limits::PAGE_ROWS_MAX;
use crate::base::time::WallTime;
use crate::fact::codes::ClockKind;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::sql;
use crate::io::store::sql::Cells;
use crate::io::store::sql::Tx;
use crate::io::store::sql::values;
use crate::ticket::model::ClockRef;

/// A clock that something is due of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueClock {
    /// Whose.
    pub ticket: TicketId,
    /// Which.
    pub clock: ClockRef,
    /// Since when: a warning, or the deadline.
    pub due: WallTime,
}

fn read(cells: &mut Cells) -> Result<DueClock, StoreError> {
    let (ticket, kind) = (cells.id()?, cells.text()?);
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let kind = ClockKind::parse(&kind).ok_or_else(|| StoreError::Corrupt(format!("a clock {kind}")))?;
    Ok(DueClock {
        ticket,
        clock: ClockRef {
            kind,
            cycle: small(cells.count()?),
            subject: small(cells.count()?),
        },
        due: cells.instant()?,
    })
}

impl Store {
    /// When somebody may fire the next clock: the instant it is due, or the end of a lease.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn next_clock_at(&self) -> Result<Option<WallTime>, StoreError> {
        const SQL: &str = "SELECT next_us FROM ticket_clock ORDER BY next_us, due_us LIMIT 1";
        let rows = sql::read(self.database(), SQL, [], Cells::instant).await?;
        Ok(rows.into_iter().next())
    }

    /// Orders that have a running clock with a provisional deadline; those after `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn provisional_tickets(
        &self,
        after: Option<TicketId>,
        limit: u32,
    ) -> Result<Vec<TicketId>, StoreError> {
        const SQL: &str = "SELECT DISTINCT ticket FROM ticket_clock WHERE provisional = 1 AND ticket > $1
            ORDER BY ticket LIMIT $2";
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        sql::read(self.database(), SQL, values![after, i64::from(limit)], Cells::id).await
    }

    /// How many clocks run that something is still to come of.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn clocks_running(&self) -> Result<u64, StoreError> {
        let rows = sql::read(
            self.database(),
            "SELECT COUNT(*) FROM ticket_clock",
            [],
            Cells::count,
        );
        Ok(rows.await?.pop().unwrap_or(0))
    }
}

impl Tx {
    /// Leases clocks that are due at `now` to `node` until `until`, the longest due first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn take_due_clocks(
        &mut self,
        now: WallTime,
        (node, until): (&str, WallTime),
        limit: u32,
    ) -> Result<Vec<DueClock>, StoreError> {
        const DUE: &str = "SELECT ticket, kind, cycle, subject, due_us FROM ticket_clock WHERE next_us <= $1
            ORDER BY next_us, due_us LIMIT $2";
        // Who waited for another node's lease looks again before he takes. One row at a time, by its key: whatever the
        // planner knows of the table, it walks no more than what is due.
        const TAKE: &str = "UPDATE ticket_clock SET next_us = $5, lease_node = $6
            WHERE ticket = $1 AND kind = $2 AND cycle = $3 AND subject = $4 AND next_us <= $7";
        let limit = i64::from(limit.clamp(1, PAGE_ROWS_MAX));
        let mut taken = Vec::new();
        for due in self.rows(DUE, values![now, limit], read).await? {
            let DueClock { ticket, clock, .. } = &due;
            let key = values![
                ticket.to_string(),
                clock.kind.code(),
                clock.cycle,
                clock.subject,
                until,
                node,
                now,
            ];
            if self.execute(TAKE, key).await? == 1 {
                taken.push(due);
            }
        }
        taken.sort_by_key(|it| (it.due, it.ticket, it.clock));
        Ok(taken)
    }

    /// Puts a clock back that could not be fired or did nothing: it is taken again at `again`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn put_clock_back(&mut self, clock: &DueClock, again: WallTime) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE ticket_clock SET next_us = $5, lease_node = NULL
            WHERE ticket = $1 AND kind = $2 AND cycle = $3 AND subject = $4 AND due_us = $6";
        let DueClock { ticket, clock, due } = clock;
        let values = values![
            ticket.to_string(),
            clock.kind.code(),
            clock.cycle,
            clock.subject,
            again,
            *due,
        ];
        self.execute(SQL, values).await.map(|_| ())
    }
}
