//! Routing rules that fixed responsibilities propose, one an order.
//!
//! **Invariants.** A proposal is decided once.
//! **Not here.** The rules themselves (`io::store::reference`), what a rule looks like (`ticket::rule_proposal`).
//! **Source.** DB1302/T 604—2025 B.5.

use std::fmt::Write as _;

use sqlx::AssertSqlSafe;

use crate::base::ids::OrganId;
use crate::base::ids::TicketId;
use crate::base::limits::PAGE_ROWS_MAX;
use crate::base::time::WallTime;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::calls::Cursor;
use crate::io::store::sql;
use crate::io::store::sql::Cells;
use crate::io::store::sql::Tx;
use crate::io::store::sql::Value;
use crate::io::store::sql::values;

macro_rules! columns {
    () => {
        "ticket, number, category, region, unit, state, proposed_by, proposed_at_us, decided_by, decided_at_us,
         rules_version"
    };
}
const ONE: &str = concat!("SELECT ", columns!(), " FROM rule_proposal WHERE ticket = $1");

/// A proposed rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleProposalRow {
    /// The order whose responsibility was fixed.
    pub ticket: TicketId,
    /// Its number.
    pub number: String,
    /// 事件类型.
    pub category: String,
    /// The region or street; none when it has no place.
    pub region: Option<String>,
    /// The primary unit.
    pub unit: OrganId,
    /// `open`, `approved`, `refused`.
    pub state: String,
    /// Whose fact it is.
    pub proposed_by: String,
    /// When.
    pub proposed_at: WallTime,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<WallTime>,
    /// The version of the rules that has it.
    pub rules_version: Option<i64>,
}

/// How a proposal was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleVerdict<'a> {
    /// `approved` or `refused`.
    pub state: &'static str,
    /// Who.
    pub by: &'a str,
    /// When.
    pub at: WallTime,
    /// The version of the rules that has it.
    pub version: Option<i64>,
}

fn read(cells: &mut Cells) -> Result<RuleProposalRow, StoreError> {
    Ok(RuleProposalRow {
        ticket: cells.id()?,
        number: cells.text()?,
        category: cells.text()?,
        region: cells.text_or_null()?,
        unit: cells.id()?,
        state: cells.text()?,
        proposed_by: cells.text()?,
        proposed_at: cells.instant()?,
        decided_by: cells.text_or_null()?,
        decided_at: cells.instant_or_null()?,
        rules_version: cells.int_or_null()?,
    })
}

impl Store {
    /// Lists proposals, the newest first; only open ones if asked.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn rule_proposals(
        &self,
        open: bool,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<(Vec<RuleProposalRow>, Option<Cursor>), StoreError> {
        let mut text = concat!("SELECT ", columns!(), " FROM rule_proposal WHERE 1 = 1").to_owned();
        let mut values: Vec<Value<'_>> = Vec::new();
        if open {
            text.push_str(" AND state = 'open'");
        }
        if let Some(after) = after {
            values.extend(values![after.at, after.at, after.id.as_str()]);
            text.push_str(" AND (proposed_at_us < $1 OR (proposed_at_us = $2 AND ticket < $3))");
        }
        let limit = limit.clamp(1, PAGE_ROWS_MAX);
        values.push(limit.into());
        let _ = write!(
            text,
            " ORDER BY proposed_at_us DESC, ticket DESC LIMIT ${}",
            values.len()
        );
        let rows = sql::read(self.database(), AssertSqlSafe(text), values, read).await?;
        let full = u32::try_from(rows.len()).is_ok_and(|rows| rows == limit);
        let end = rows.last().filter(|_| full).map(|row| Cursor {
            at: row.proposed_at,
            id: row.ticket.to_string(),
        });
        Ok((rows, end))
    }

    /// Reads a proposal.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn rule_proposal(&self, ticket: TicketId) -> Result<Option<RuleProposalRow>, StoreError> {
        Ok(sql::read(self.database(), ONE, values![ticket.to_string()], read)
            .await?
            .pop())
    }
}

impl Tx {
    /// Writes a proposal; a later one of the same order takes the place of one that is not approved.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn put_rule_proposal(&mut self, row: &RuleProposalRow) -> Result<(), StoreError> {
        const SQL: &str = concat!(
            "INSERT INTO rule_proposal (",
            columns!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (ticket) DO UPDATE SET category = excluded.category, region = excluded.region,
             unit = excluded.unit, state = excluded.state, proposed_by = excluded.proposed_by,
             proposed_at_us = excluded.proposed_at_us, decided_by = NULL, decided_at_us = NULL, rules_version = NULL
             WHERE rule_proposal.state <> 'approved'"
        );
        let values = values![
            row.ticket.to_string(),
            &row.number,
            &row.category,
            row.region.as_deref(),
            row.unit.as_str(),
            &row.state,
            &row.proposed_by,
            row.proposed_at,
            row.decided_by.as_deref(),
            row.decided_at,
            row.rules_version,
        ];
        self.execute(SQL, values).await.map(|_| ())
    }

    /// Decides an open proposal. Returns whether it was open.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn decide_rule_proposal(
        &mut self,
        ticket: TicketId,
        verdict: &RuleVerdict<'_>,
    ) -> Result<bool, StoreError> {
        const SQL: &str =
            "UPDATE rule_proposal SET state = $2, decided_by = $3, decided_at_us = $4, rules_version = $5
            WHERE ticket = $1 AND state = 'open'";
        let values = values![
            ticket.to_string(),
            verdict.state,
            verdict.by,
            verdict.at,
            verdict.version
        ];
        Ok(self.execute(SQL, values).await? == 1)
    }
}
