//! Work orders as rows with a version, and the counter their numbers come from.
//!
//! ```text
//!  ticket ─┬─ ticket_cycle, ticket_request, ticket_supervision   what ratios count
//!          ├─ ticket_clock                                       what the scheduler takes
//!          ├─ ticket_unit, ticket_circle                         whose it is, who sees it
//!          └─ ticket_command_key                                 what was asked for already
//! ```
//!
//! **Invariants.** A row is written in the transaction that writes its facts; a change names the version it was decided
//! on, and nothing is written when the row has another. Words and personal values stand only sealed. Derived columns and
//! rows are written with the order and never apart from it.
//! **Not here.** What a command does (`ticket::decide`); sealing and transactions (`engine::ticket_service`).

mod clocks;
mod derived;
mod list;
mod row;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use sqlx::AssertSqlSafe;

use crate::base::ids::InteractionId;
use crate::base::ids::TicketId;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::sql;
use crate::io::store::sql::Cells;
use crate::io::store::sql::Tx;
use crate::io::store::sql::Value;
use crate::io::store::sql::values;
pub use crate::io::store::tickets::clocks::DueClock;
pub use crate::io::store::tickets::list::Deadlines;
pub use crate::io::store::tickets::list::TicketFilter;
pub use crate::io::store::tickets::list::UNITS_MAX;
pub use crate::io::store::tickets::row::TicketRow;
use crate::io::store::tickets::row::WIDTH;
use crate::io::store::tickets::row::all_columns;
use crate::io::store::tickets::row::read;
use crate::io::store::tickets::row::read_columns;
use crate::ticket::model::Ticket;

const ONE: &str = concat!("SELECT ", read_columns!(), " FROM ticket WHERE id = $1");
const OF_NUMBER: &str = concat!("SELECT ", read_columns!(), " FROM ticket WHERE number = $1");
const OF_INTERACTION: &str = concat!(
    "SELECT ",
    read_columns!(),
    " FROM ticket WHERE interaction = $1 ORDER BY matter"
);
const OF_ORIGIN: &str = concat!(
    "SELECT ",
    read_columns!(),
    " FROM ticket WHERE platform = $1 AND external = $2"
);
const OF_OLD_NUMBER: &str = concat!("SELECT ", read_columns!(), " FROM ticket WHERE old_number = $1");

/// The text that writes every column of a row again.
static UPDATE: LazyLock<String> = LazyLock::new(|| {
    let mut sql = String::from(concat!("UPDATE ticket SET (", all_columns!(), ") = ("));
    for place in 1..=WIDTH {
        let comma = if place == 1 { "" } else { ", " };
        let _ = write!(sql, "{comma}${place}");
    }
    let _ = write!(sql, ") WHERE id = ${} AND version = ${}", WIDTH + 1, WIDTH + 2);
    sql
});

impl Store {
    /// Reads one order.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ticket(&self, id: TicketId) -> Result<Option<TicketRow>, StoreError> {
        Ok(sql::read(self.database(), ONE, values![id.to_string()], read)
            .await?
            .pop())
    }

    /// Reads an order by its number.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ticket_of_number(&self, number: &str) -> Result<Option<TicketRow>, StoreError> {
        Ok(sql::read(self.database(), OF_NUMBER, values![number], read)
            .await?
            .pop())
    }

    /// Reads the order that has this number in an older system.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ticket_of_old_number(&self, number: &str) -> Result<Option<TicketRow>, StoreError> {
        Ok(sql::read(self.database(), OF_OLD_NUMBER, values![number], read)
            .await?
            .pop())
    }

    /// Reads the first order of a call.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ticket_of(&self, interaction: InteractionId) -> Result<Option<TicketRow>, StoreError> {
        Ok(self.tickets_of(interaction).await?.into_iter().next())
    }

    /// Reads the orders of a call, one a matter.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn tickets_of(&self, interaction: InteractionId) -> Result<Vec<TicketRow>, StoreError> {
        let values = values![interaction.to_string()];
        sql::read(self.database(), OF_INTERACTION, values, read).await
    }
}

impl Tx {
    /// Takes the next `count` order numbers of a day (`YYYYMMDD`): the day and six digits each.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] after 999 999 orders of one day; [`StoreError::Database`].
    pub async fn next_order_numbers(&mut self, day: &str, count: usize) -> Result<Vec<String>, StoreError> {
        const SQL: &str = "INSERT INTO ticket_counter (day, last) VALUES ($1, $2)
            ON CONFLICT (day) DO UPDATE SET last = ticket_counter.last + excluded.last RETURNING last";
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        if count == 0 {
            return Ok(Vec::new());
        }
        let last = self
            .rows(SQL, values![day, count], Cells::int)
            .await?
            .pop()
            .unwrap_or(0);
        if !(count..=999_999).contains(&last) {
            return Err(StoreError::Corrupt(format!(
                "the order counter of {day} stands at {last}"
            )));
        }
        Ok((last - count + 1..=last)
            .map(|number| format!("{day}{number:06}"))
            .collect())
    }

    /// Which of these calls have an order already.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn calls_with_ticket(
        &mut self,
        calls: &[InteractionId],
    ) -> Result<BTreeSet<InteractionId>, StoreError> {
        if calls.is_empty() {
            return Ok(BTreeSet::new());
        }
        let places: Vec<String> = (1..=calls.len()).map(|place| format!("${place}")).collect();
        let sql = format!(
            "SELECT interaction FROM ticket WHERE interaction IN ({})",
            places.join(", ")
        );
        let values = calls.iter().map(|call| Value::from(call.to_string()));
        Ok(self
            .rows(AssertSqlSafe(sql), values, Cells::id)
            .await?
            .into_iter()
            .collect())
    }

    /// Which of these numbers of an older system have an order already.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn old_numbers_there(&mut self, numbers: &[&str]) -> Result<BTreeSet<String>, StoreError> {
        if numbers.is_empty() {
            return Ok(BTreeSet::new());
        }
        let places: Vec<String> = (1..=numbers.len()).map(|place| format!("${place}")).collect();
        let sql = format!(
            "SELECT old_number FROM ticket WHERE old_number IN ({})",
            places.join(", ")
        );
        let values = numbers.iter().map(|number| Value::from(*number));
        Ok(self
            .rows(AssertSqlSafe(sql), values, Cells::text)
            .await?
            .into_iter()
            .collect())
    }

    /// Reads an order inside the transaction.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ticket(&mut self, id: TicketId) -> Result<Option<TicketRow>, StoreError> {
        Ok(self.rows(ONE, values![id.to_string()], read).await?.pop())
    }

    /// Reads the orders of a call inside the transaction, one a matter.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn tickets_of(&mut self, interaction: InteractionId) -> Result<Vec<TicketRow>, StoreError> {
        let values = values![interaction.to_string()];
        self.rows(OF_INTERACTION, values, read).await
    }

    /// Reads the order that came from another platform (or by a channel without one) with this number there.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ticket_of_origin(
        &mut self,
        platform: &str,
        external: &str,
    ) -> Result<Option<TicketRow>, StoreError> {
        let values = values![platform, external];
        Ok(self.rows(OF_ORIGIN, values, read).await?.pop())
    }

    /// Reads the order that has this number in an older system.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ticket_of_old_number(&mut self, number: &str) -> Result<Option<TicketRow>, StoreError> {
        Ok(self.rows(OF_OLD_NUMBER, values![number], read).await?.pop())
    }

    /// Adds orders, with what is derived from them.
    ///
    /// # Errors
    /// [`StoreError::Database`], as when a call has one already.
    pub async fn insert_tickets(&mut self, rows: &[TicketRow]) -> Result<(), StoreError> {
        const HEAD: &str = concat!("INSERT INTO ticket (", all_columns!(), ")");
        let values = rows.iter().flat_map(row::columns).collect();
        self.insert_many(HEAD, "", WIDTH, values).await?;
        for row in rows {
            self.put_derived(None, &row.ticket).await?;
        }
        Ok(())
    }

    /// Writes a changed order that was decided on `before`, with what is derived from it.
    ///
    /// # Errors
    /// [`StoreError::Version`] when the row has another version or is gone; [`StoreError::Database`].
    pub async fn update_ticket(&mut self, before: &Ticket, row: &TicketRow) -> Result<(), StoreError> {
        let id = row.ticket.id;
        let mut values = row::columns(row);
        values.extend(values![id.to_string(), before.version]);
        if self.execute(AssertSqlSafe(UPDATE.as_str()), values).await? == 1 {
            return self.put_derived(Some(before), &row.ticket).await;
        }
        let there = self.ticket(id).await?;
        Err(StoreError::Version {
            actual: there.map_or(0, |row| row.ticket.version),
        })
    }

    /// The version an order had after the command that came with this key; none when none came.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn command_key(&mut self, id: TicketId, key: &str) -> Result<Option<i64>, StoreError> {
        const SQL: &str = "SELECT version FROM ticket_command_key WHERE ticket = $1 AND command_key = $2";
        let rows = self.rows(SQL, values![id.to_string(), key], Cells::int);
        Ok(rows.await?.pop())
    }

    /// Keeps the key of a command.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn put_command_key(&mut self, id: TicketId, key: &str, version: i64) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO ticket_command_key (ticket, command_key, version) VALUES ($1, $2, $3)
            ON CONFLICT (ticket, command_key) DO NOTHING";
        let values = values![id.to_string(), key, version];
        self.execute(SQL, values).await.map(|_| ())
    }

    /// Counts a wrong query code, or forgets all of them. Returns how many there are now.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_query_try(&mut self, id: TicketId, right: bool) -> Result<u64, StoreError> {
        const SQL: &str = "UPDATE ticket SET query_tries = CASE WHEN $2 = 1 THEN 0 ELSE query_tries + 1 END
            WHERE id = $1 RETURNING query_tries";
        let rows = self.rows(SQL, values![id.to_string(), right], Cells::count);
        Ok(rows.await?.pop().unwrap_or(0))
    }
}
