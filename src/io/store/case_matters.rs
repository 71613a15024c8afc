//! What should become a 重点督办 case, counted by the database: many appellants of one event type in one place, reworks
//! without effect, 督办 that nobody answered.
//!
//! **Invariants.** People are told apart by the keyed tag of their number; no order is opened. An order that is in a case
//! does not count again, a confidential one not at all.
//! **Not here.** The thresholds (`ticket::key_matter`); the case (`io::store::cases`).
//! **Source.** DB1302/T 604—2025 7.8.2 a–c.

use crate::base::ids::TicketId;
use crate::base::time::WallTime;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::sql;
use crate::io::store::sql::Cells;
use crate::io::store::sql::values;

/// Matters and orders that are told at most.
pub const PROPOSALS_MAX: u32 = 100;
/// Orders of one matter that are told at most: as many as one submission takes.
pub const MATTER_ORDERS_MAX: u32 = 200;

macro_rules! counts {
    () => {
        "ticket.confidential = 0 AND ticket.state NOT IN ('draft', 'invalid', 'cancelled')
         AND NOT EXISTS (SELECT 1 FROM key_case_order k WHERE k.ticket = ticket.id)"
    };
}

/// A matter of many appellants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatterRow {
    /// 事件类型.
    pub category: String,
    /// The region or street.
    pub region: String,
    /// Different appellants.
    pub appellants: u32,
    /// Orders.
    pub orders: u64,
}

/// An order whose handling gives reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeakRow {
    /// Which.
    pub ticket: TicketId,
    /// 事件类型.
    pub category: Option<String>,
    /// The region or street.
    pub region: Option<String>,
    /// Reworks without effect, or 督办 without an answer.
    pub count: u32,
}

fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn weak(cells: &mut Cells) -> Result<WeakRow, StoreError> {
    Ok(WeakRow {
        ticket: cells.id()?,
        category: cells.text_or_null()?,
        region: cells.text_or_null()?,
        count: small(cells.count()?),
    })
}

impl Store {
    /// Matters with so many different appellants after an instant, the largest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn many_appeals(
        &self,
        after: WallTime,
        until: WallTime,
        least: u32,
    ) -> Result<Vec<MatterRow>, StoreError> {
        const SQL: &str = concat!(
            "SELECT category, region, COUNT(DISTINCT COALESCE(caller_tag, contact_tag)), COUNT(*) FROM ticket
             WHERE created_at_us > $1 AND created_at_us <= $2 AND category IS NOT NULL AND region IS NOT NULL AND ",
            counts!(),
            " GROUP BY category, region HAVING COUNT(DISTINCT COALESCE(caller_tag, contact_tag)) >= $3
             ORDER BY 3 DESC, 1, 2 LIMIT $4"
        );
        let values = values![after, until, least, PROPOSALS_MAX];
        sql::read(self.database(), SQL, values, |cells| {
            Ok(MatterRow {
                category: cells.text()?,
                region: cells.text()?,
                appellants: small(cells.count()?),
                orders: cells.count()?,
            })
        })
        .await
    }

    /// The orders of a matter, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn orders_of_matter(
        &self,
        matter: &MatterRow,
        after: WallTime,
        until: WallTime,
    ) -> Result<Vec<TicketId>, StoreError> {
        const SQL: &str = concat!(
            "SELECT id FROM ticket
             WHERE category = $1 AND region = $2 AND created_at_us > $3 AND created_at_us <= $4 AND ",
            counts!(),
            " ORDER BY created_at_us DESC, id DESC LIMIT $5"
        );
        let values = values![&matter.category, &matter.region, after, until, MATTER_ORDERS_MAX];
        sql::read(self.database(), SQL, values, Cells::id).await
    }

    /// Orders with so many reworks after which the appellant was still not content.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn failed_reworks(&self, least: u32) -> Result<Vec<WeakRow>, StoreError> {
        const SQL: &str = concat!(
            "SELECT ticket.id, ticket.category, ticket.region, COUNT(*)
             FROM ticket_cycle c JOIN ticket ON ticket.id = c.ticket
             WHERE c.rework = 1 AND (c.result = 'unsolved' OR c.satisfaction = 'unsatisfied') AND ",
            counts!(),
            " GROUP BY ticket.id, ticket.category, ticket.region HAVING COUNT(*) >= $1
             ORDER BY 4 DESC, 1 LIMIT $2"
        );
        sql::read(self.database(), SQL, values![least, PROPOSALS_MAX], weak).await
    }

    /// Orders with 督办 whose answer did not come in time and is still to come.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn escalated_supervisions(&self) -> Result<Vec<WeakRow>, StoreError> {
        const SQL: &str = concat!(
            "SELECT ticket.id, ticket.category, ticket.region, COUNT(*)
             FROM ticket_supervision s JOIN ticket ON ticket.id = s.ticket
             WHERE s.state = 'escalated' AND ",
            counts!(),
            " GROUP BY ticket.id, ticket.category, ticket.region ORDER BY 4 DESC, 1 LIMIT $1"
        );
        sql::read(self.database(), SQL, values![PROPOSALS_MAX], weak).await
    }
}
