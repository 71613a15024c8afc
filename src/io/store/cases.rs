//! 重点督办 cases as rows with a version, and which of them is due.
//!
//! **Invariants.** A row is written in the transaction that writes its facts and changes its orders; a change names the
//! version it was decided on. Words stand only sealed. Derived columns and rows are written from the aggregate here and
//! nowhere else.
//! **Not here.** What a command does (`ticket::key_case`); what should become a case (`io::store::case_matters`).
//! **Source.** DB1302/T 604—2025 7.8.2.

use std::fmt::Write as _;

use sqlx::AssertSqlSafe;

use crate::base::ids::CaseId;
use crate::base::ids::OrganId;
use crate::base::ids::TicketId;
use crate::base::limits::PAGE_ROWS_MAX;
use crate::base::time::WallTime;
use crate::fact::personal::Sealed;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::calls::Cursor;
use crate::io::store::sql;
use crate::io::store::sql::Cells;
use crate::io::store::sql::Tx;
use crate::io::store::sql::Value;
use crate::io::store::sql::code;
use crate::io::store::sql::json;
use crate::io::store::sql::values;
use crate::io::store::tickets::UNITS_MAX;
use crate::ticket::key_case::KeyCase;
use crate::ticket::model::KeyState;

const ONE: &str = "SELECT body, sealed FROM key_case WHERE id = $1";

/// A case as its row holds it: its texts are empty here and stand in `sealed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRow {
    /// The case without its words.
    pub case: KeyCase,
    /// The words.
    pub sealed: Sealed,
}

/// Which cases are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseFilter {
    /// Only those that were taken and in which one of these is to rectify; empty does not narrow.
    pub units: Vec<OrganId>,
    /// In this state.
    pub state: Option<KeyState>,
    /// The page before ended here.
    pub after: Option<Cursor>,
    /// Rows at most (1 to 500).
    pub limit: u32,
}

fn read(cells: &mut Cells) -> Result<CaseRow, StoreError> {
    let lacks = |what: &str| StoreError::Corrupt(format!("a case without its {what}"));
    Ok(CaseRow {
        case: cells.json_or_null()?.ok_or_else(|| lacks("body"))?,
        sealed: cells.json_or_null()?.ok_or_else(|| lacks("words"))?,
    })
}

/// When the limit of a case passes, if that is still to be told.
fn due(case: &KeyCase) -> Option<WallTime> {
    case.limit
        .filter(|_| case.state == KeyState::Rectify && !case.overdue)
}

impl Store {
    /// Reads a case.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn key_case(&self, id: CaseId) -> Result<Option<CaseRow>, StoreError> {
        Ok(sql::read(self.database(), ONE, values![id.to_string()], read)
            .await?
            .pop())
    }

    /// Lists cases, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn key_cases(&self, filter: &CaseFilter) -> Result<(Vec<CaseRow>, Option<Cursor>), StoreError> {
        let mut text = "SELECT body, sealed FROM key_case WHERE 1 = 1".to_owned();
        let mut values: Vec<Value<'_>> = Vec::new();
        if let Some(state) = &filter.state {
            values.push(code(state).into());
            let _ = write!(text, " AND state = ${}", values.len());
        }
        if !filter.units.is_empty() {
            text.push_str(
                " AND state NOT IN ('submitted', 'sent_back')
                 AND id IN (SELECT case_id FROM key_case_unit WHERE organ IN (",
            );
            for (at, unit) in filter.units.iter().take(UNITS_MAX).enumerate() {
                values.push(unit.as_str().into());
                let comma = if at == 0 { "" } else { ", " };
                let _ = write!(text, "{comma}${}", values.len());
            }
            text.push_str("))");
        }
        if let Some(after) = &filter.after {
            values.extend(values![after.at, after.at, after.id.as_str()]);
            let last = values.len();
            let _ = write!(
                text,
                " AND (submitted_at_us < ${} OR (submitted_at_us = ${} AND id < ${last}))",
                last - 2,
                last - 1
            );
        }
        let limit = filter.limit.clamp(1, PAGE_ROWS_MAX);
        values.push(i64::from(limit).into());
        let _ = write!(
            text,
            " ORDER BY submitted_at_us DESC, id DESC LIMIT ${}",
            values.len()
        );
        let rows = sql::read(self.database(), AssertSqlSafe(text), values, read).await?;
        let full = u32::try_from(rows.len()).is_ok_and(|rows| rows == limit);
        let end = rows.last().filter(|_| full).map(|row| Cursor {
            at: row.case.at,
            id: row.case.id.to_string(),
        });
        Ok((rows, end))
    }

    /// Cases whose limit has passed and was not told, the longest due first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn due_cases(&self, now: WallTime, limit: u32) -> Result<Vec<CaseId>, StoreError> {
        const SQL: &str = "SELECT id FROM key_case WHERE due_us <= $1 ORDER BY due_us, id LIMIT $2";
        sql::read(self.database(), SQL, values![now, limit], Cells::id).await
    }

    /// When the next limit of a case passes.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn next_case_at(&self) -> Result<Option<WallTime>, StoreError> {
        const SQL: &str = "SELECT due_us FROM key_case WHERE due_us IS NOT NULL ORDER BY due_us LIMIT 1";
        Ok(sql::read(self.database(), SQL, [], Cells::instant).await?.pop())
    }
}

impl Tx {
    /// Reads a case inside the transaction.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn key_case(&mut self, id: CaseId) -> Result<Option<CaseRow>, StoreError> {
        Ok(self.rows(ONE, values![id.to_string()], read).await?.pop())
    }

    /// Writes a case: a new one, or one whose version is `expected`.
    ///
    /// # Errors
    /// [`StoreError::Version`] when it has another; [`StoreError::Database`].
    pub async fn put_key_case(&mut self, row: &CaseRow, expected: Option<i64>) -> Result<(), StoreError> {
        const INSERT: &str =
            "INSERT INTO key_case (id, version, body, sealed, state, cause, submitted_at_us, due_us)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING";
        const UPDATE: &str =
            "UPDATE key_case SET (version, body, sealed, state, cause, submitted_at_us, due_us)
            = ($2, $3, $4, $5, $6, $7, $8) WHERE id = $1 AND version = $9";
        let case = &row.case;
        let mut values = values![
            case.id.to_string(),
            case.version,
            json(case),
            json(&row.sealed),
            code(&case.state),
            code(&case.cause),
            case.at,
            due(case),
        ]
        .to_vec();
        let text = if let Some(expected) = expected {
            values.push(expected.into());
            UPDATE
        } else {
            INSERT
        };
        if self.execute(text, values).await? == 0 {
            let there = self.key_case(case.id).await?;
            return Err(StoreError::Version {
                actual: there.map_or(0, |row| row.case.version),
            });
        }
        Ok(())
    }

    /// Writes which orders and units a case has; what is there already stays.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn put_key_case_parts(
        &mut self,
        case: CaseId,
        orders: &[TicketId],
        units: &[OrganId],
    ) -> Result<(), StoreError> {
        const ORDER: &str =
            "INSERT INTO key_case_order (case_id, ticket) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        const UNIT: &str =
            "INSERT INTO key_case_unit (case_id, organ) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        for order in orders {
            self.execute(ORDER, values![case.to_string(), order.to_string()])
                .await?;
        }
        for unit in units {
            self.execute(UNIT, values![case.to_string(), unit.as_str()])
                .await?;
        }
        Ok(())
    }

    /// The case that a key was used for.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn key_case_of(&mut self, scope: &str, key: &str) -> Result<Option<CaseId>, StoreError> {
        const SQL: &str = "SELECT case_id FROM key_case_key WHERE scope = $1 AND command_key = $2";
        Ok(self.rows(SQL, values![scope, key], Cells::id).await?.pop())
    }

    /// Remembers that a key was used.
    ///
    /// # Errors
    /// [`StoreError::Database`]: also when it was used meanwhile.
    pub async fn put_key_case_key(&mut self, scope: &str, key: &str, case: CaseId) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO key_case_key (scope, command_key, case_id) VALUES ($1, $2, $3)";
        self.execute(SQL, values![scope, key, case.to_string()])
            .await
            .map(|_| ())
    }

    /// How many different people asked for these orders, by the keyed tags of their numbers; an order without a number is
    /// one of its own.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn distinct_appellants(&mut self, orders: &[TicketId]) -> Result<u32, StoreError> {
        if orders.is_empty() {
            return Ok(0);
        }
        let mut text =
            "SELECT COUNT(DISTINCT COALESCE(caller_tag, contact_tag, id)) FROM ticket WHERE id IN ("
                .to_owned();
        let mut values: Vec<Value<'_>> = Vec::with_capacity(orders.len());
        for (at, order) in orders.iter().enumerate() {
            values.push(order.to_string().into());
            let comma = if at == 0 { "" } else { ", " };
            let _ = write!(text, "{comma}${}", at + 1);
        }
        text.push(')');
        let count = self.rows(AssertSqlSafe(text), values, Cells::count).await?.pop();
        Ok(u32::try_from(count.unwrap_or(0)).unwrap_or(u32::MAX))
    }
}
