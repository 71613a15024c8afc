//! The rows of the conformance report, read page by page.
//!
//! **Not here.** What they mean (`report::conformance`).

use crate::base::time::WallTime;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::sql;
use crate::io::store::sql::Cells;
use crate::io::store::sql::values;
use crate::report::conformance::CycleRow;
use crate::report::conformance::OrderRow;
use crate::report::conformance::RequestRow;
use crate::report::conformance::SupervisionRow;

/// Rows read at once.
const PAGE: i64 = 2_000;

const ORDERS: &str = "SELECT t.id, t.number, t.state, t.appellant_kind, t.appeal_type, t.category, t.urgency,
    t.enterprise, t.submitted_at_us, t.accepted_at_us, t.created_at_us, t.dispatched_at_us, t.closed_at_us, t.ending,
    t.ending_code, t.exempt, t.closing, t.followed_mode, t.final_result, t.final_satisfaction, a.missing, a.faults
    FROM ticket t LEFT JOIN archive a ON a.ticket = t.id
    WHERE t.created_at_us < $2 AND (t.closed_at_us IS NULL OR t.closed_at_us >= $1) AND t.id > $3
    ORDER BY t.id LIMIT $4";

const CYCLES: &str = "SELECT c.ticket, c.cycle, t.number, c.unit, c.basis, c.class, c.dispatched_at_us,
    c.dispatched_late, c.sign_deadline_us, c.signed_at_us, c.signed_late, c.close_deadline_us, c.fed_back_at_us,
    c.fed_back_late, c.reviewed_at_us, c.sent_back, c.first_result_deadline_us, c.first_result_at_us,
    c.contacted_at_us, c.returns_approved, c.co_units, c.result, c.satisfaction, c.followed_at_us, c.verdict, c.rework,
    c.closed_at_us,
    (SELECT COUNT(*) FROM ticket_supervision s WHERE s.ticket = c.ticket AND s.cycle = c.cycle AND s.cause = 'a'),
    (SELECT COUNT(*) FROM ticket_supervision s WHERE s.ticket = c.ticket AND s.cycle = c.cycle AND s.cause = 'b'),
    CASE WHEN c.co_units = 0 AND COALESCE(c.basis, '') <> 'arbitration' THEN 0 ELSE
        (SELECT COUNT(*) FROM journal j WHERE j.ticket = c.ticket AND j.kind = 'ticket.responsibility_fixed') END
    FROM ticket_cycle c JOIN ticket t ON t.id = c.ticket
    WHERE t.created_at_us < $2 AND (t.closed_at_us IS NULL OR t.closed_at_us >= $1)
      AND (c.ticket > $3 OR (c.ticket = $3 AND c.cycle > $4))
    ORDER BY c.ticket, c.cycle LIMIT $5";

const REQUESTS: &str =
    "SELECT r.ticket, r.no, t.number, r.kind, r.state, r.decided_late, r.asked_at_us, t.urgency
    FROM ticket_request r JOIN ticket t ON t.id = r.ticket
    WHERE r.asked_at_us >= $1 AND r.asked_at_us < $2 AND (r.ticket > $3 OR (r.ticket = $3 AND r.no > $4))
    ORDER BY r.ticket, r.no LIMIT $5";

const SUPERVISIONS: &str = "SELECT s.ticket, s.no, t.number, s.cause, s.automatic, s.state, s.sent_at_us,
    s.reply_deadline_us, s.replied_at_us, s.reply_late
    FROM ticket_supervision s JOIN ticket t ON t.id = s.ticket
    WHERE s.sent_at_us >= $1 AND s.sent_at_us < $2 AND (s.ticket > $3 OR (s.ticket = $3 AND s.no > $4))
    ORDER BY s.ticket, s.no LIMIT $5";

/// A row with its place in the order of its table.
type Placed<T> = (String, i64, T);

impl Store {
    /// Gives every order that was open in a period to `each`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn report_orders(
        &self,
        from: WallTime,
        to: WallTime,
        mut each: impl FnMut(&OrderRow),
    ) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let values = values![from, to, after.as_str(), PAGE];
            let rows = sql::read(self.database(), ORDERS, values, order).await?;
            for (_, row) in &rows {
                each(row);
            }
            match rows.last() {
                Some((last, _)) if is_full(rows.len()) => after.clone_from(last),
                _ => return Ok(()),
            }
        }
    }

    /// Gives every cycle of those orders to `each`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn report_cycles(
        &self,
        from: WallTime,
        to: WallTime,
        each: impl FnMut(&CycleRow),
    ) -> Result<(), StoreError> {
        self.pages(CYCLES, (from, to), cycle, each).await
    }

    /// Gives everything that was asked for in a period to `each`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn report_requests(
        &self,
        from: WallTime,
        to: WallTime,
        each: impl FnMut(&RequestRow),
    ) -> Result<(), StoreError> {
        self.pages(REQUESTS, (from, to), request, each).await
    }

    /// Gives every 督办 of a period to `each`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn report_supervisions(
        &self,
        from: WallTime,
        to: WallTime,
        each: impl FnMut(&SupervisionRow),
    ) -> Result<(), StoreError> {
        self.pages(SUPERVISIONS, (from, to), supervision, each).await
    }

    /// How many facts of each kind there are in a period, of accounts and of 重点督办.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn report_facts(&self, from: WallTime, to: WallTime) -> Result<Vec<(String, u64)>, StoreError> {
        const SQL: &str = "SELECT kind, COUNT(*) FROM journal WHERE at_us >= $1 AND at_us < $2
            AND kind IN ('user.created', 'user.roles_set', 'permission.denied', 'ticket.key_supervised')
            GROUP BY kind ORDER BY kind";
        sql::read(self.database(), SQL, values![from, to], |cells| {
            Ok((cells.text()?, cells.count()?))
        })
        .await
    }

    async fn pages<T>(
        &self,
        sql: &'static str,
        (from, to): (WallTime, WallTime),
        read: fn(&mut Cells) -> Result<Placed<T>, StoreError>,
        mut each: impl FnMut(&T),
    ) -> Result<(), StoreError> {
        let mut after = (String::new(), 0);
        loop {
            let values = values![from, to, after.0.as_str(), after.1, PAGE];
            let rows = sql::read(self.database(), sql, values, read).await?;
            for (_, _, row) in &rows {
                each(row);
            }
            match rows.last() {
                Some((ticket, no, _)) if is_full(rows.len()) => after = (ticket.clone(), *no),
                _ => return Ok(()),
            }
        }
    }
}

fn is_full(rows: usize) -> bool {
    i64::try_from(rows).is_ok_and(|rows| rows == PAGE)
}

fn order(cells: &mut Cells) -> Result<(String, OrderRow), StoreError> {
    let id = cells.text()?;
    let row = OrderRow {
        number: cells.text()?,
        state: cells.text()?,
        appellant_kind: cells.text_or_null()?,
        appeal_type: cells.text_or_null()?,
        category: cells.text_or_null()?,
        urgency: cells.text_or_null()?,
        enterprise: cells.flag()?,
        submitted_at: cells.instant_or_null()?,
        accepted_at: cells.instant_or_null()?,
        created_at: cells.instant()?,
        dispatched_at: cells.instant_or_null()?,
        closed_at: cells.instant_or_null()?,
        ending: cells.text_or_null()?,
        ending_code: cells.text_or_null()?,
        exempt: cells.text_or_null()?,
        closing: cells.text_or_null()?,
        followed_mode: cells.text_or_null()?,
        result: cells.text_or_null()?,
        satisfaction: cells.text_or_null()?,
        missing: cells.int_or_null()?,
        faults: cells.int_or_null()?,
    };
    Ok((id, row))
}

fn flag(cells: &mut Cells) -> Result<Option<bool>, StoreError> {
    Ok(cells.int_or_null()?.map(|value| value != 0))
}

fn cycle(cells: &mut Cells) -> Result<Placed<CycleRow>, StoreError> {
    let place = (cells.text()?, cells.int()?);
    let row = CycleRow {
        number: cells.text()?,
        unit: cells.text_or_null()?,
        basis: cells.text_or_null()?,
        class: cells.text_or_null()?,
        dispatched_at: cells.instant_or_null()?,
        dispatched_late: flag(cells)?,
        sign_deadline: cells.instant_or_null()?,
        signed_at: cells.instant_or_null()?,
        signed_late: flag(cells)?,
        close_deadline: cells.instant_or_null()?,
        fed_back_at: cells.instant_or_null()?,
        fed_back_late: flag(cells)?,
        reviewed_at: cells.instant_or_null()?,
        sent_back: cells.count()?,
        first_deadline: cells.instant_or_null()?,
        first_result_at: cells.instant_or_null()?,
        contacted_at: cells.instant_or_null()?,
        returned: cells.count()?,
        co_units: cells.count()?,
        result: cells.text_or_null()?,
        satisfaction: cells.text_or_null()?,
        followed_at: cells.instant_or_null()?,
        verdict: cells.text_or_null()?,
        rework: cells.flag()?,
        closed_at: cells.instant_or_null()?,
        supervised_a: cells.flag()?,
        supervised_b: cells.flag()?,
        fixed: cells.flag()?,
    };
    Ok((place.0, place.1, row))
}

fn request(cells: &mut Cells) -> Result<Placed<RequestRow>, StoreError> {
    let place = (cells.text()?, cells.int()?);
    let row = RequestRow {
        number: cells.text()?,
        kind: cells.text()?,
        state: cells.text()?,
        decided_late: cells.flag()?,
        asked_at: cells.instant()?,
        urgency: cells.text_or_null()?,
    };
    Ok((place.0, place.1, row))
}

fn supervision(cells: &mut Cells) -> Result<Placed<SupervisionRow>, StoreError> {
    let place = (cells.text()?, cells.int()?);
    let row = SupervisionRow {
        number: cells.text()?,
        cause: cells.text()?,
        automatic: cells.flag()?,
        state: cells.text()?,
        sent_at: cells.instant()?,
        reply_deadline: cells.instant_or_null()?,
        replied_at: cells.instant_or_null()?,
        reply_late: flag(cells)?,
    };
    Ok((place.0, place.1, row))
}
