//! What left the house as a table: by whom, when, how much, what for.
//!
//! **Invariants.** A row is added before the first byte leaves, and never changed. What for stands sealed.
//! **Not here.** What an export holds (`http::tickets::export`).
//! **Source.** DB1302/T 604—2025 8.4.1.3, 8.4.2.1.

use std::fmt::Write as _;

use sqlx::AssertSqlSafe;

use crate::account::organ::OrganPath;
use crate::base::ids::ExportId;
use crate::base::ids::UserId;
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
use crate::io::store::sql::json;
use crate::io::store::sql::values;

macro_rules! columns {
    () => {
        "id, account, organ, format, row_count, bounded, filter, purpose_sealed, sha256, exported_at_us"
    };
}

/// An export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportRow {
    /// Which.
    pub id: ExportId,
    /// Who took it.
    pub account: UserId,
    /// His organ.
    pub organ: OrganPath,
    /// `csv` or `json`.
    pub format: String,
    /// How many orders.
    pub rows: u32,
    /// Whether there were more than it holds.
    pub bounded: bool,
    /// What narrowed it, as JSON; nothing personal.
    pub filter: String,
    /// What for, sealed.
    pub purpose: Sealed,
    /// SHA-256 of what was handed out, hex.
    pub sha256: String,
    /// When.
    pub exported_at: WallTime,
}

fn read(cells: &mut Cells) -> Result<ExportRow, StoreError> {
    Ok(ExportRow {
        id: cells.id()?,
        account: cells.id()?,
        organ: cells.id()?,
        format: cells.text()?,
        rows: u32::try_from(cells.int()?).unwrap_or(u32::MAX),
        bounded: cells.flag()?,
        filter: cells.text()?,
        purpose: cells
            .json_or_null()?
            .ok_or_else(|| StoreError::Corrupt("an export without its purpose".to_owned()))?,
        sha256: cells.text()?,
        exported_at: cells.instant()?,
    })
}

impl Store {
    /// Lists exports, newest first, of people of an organ or one below it; none does not narrow.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn exports(
        &self,
        below: Option<&OrganPath>,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<(Vec<ExportRow>, Option<Cursor>), StoreError> {
        let mut sql = concat!("SELECT ", columns!(), " FROM data_export WHERE 1 = 1").to_owned();
        let mut values: Vec<Value<'_>> = Vec::new();
        let mut place = |value: Value<'static>| {
            values.push(value);
            format!("${}", values.len())
        };
        if let Some(below) = below {
            let (own, under) = (
                place(below.to_string().into()),
                place(format!("{below}/%").into()),
            );
            let _ = write!(sql, " AND (organ = {own} OR organ LIKE {under})");
        }
        if let Some(after) = after {
            let (at, id) = (place(after.at.into()), place(after.id.clone().into()));
            let _ = write!(
                sql,
                " AND (exported_at_us < {at} OR (exported_at_us = {at} AND id < {id}))"
            );
        }
        let limit = limit.clamp(1, PAGE_ROWS_MAX);
        let rows = place(i64::from(limit).into());
        let _ = write!(sql, " ORDER BY exported_at_us DESC, id DESC LIMIT {rows}");
        let rows = sql::read(self.database(), AssertSqlSafe(sql), values, read).await?;
        let full = u32::try_from(rows.len()).is_ok_and(|rows| rows == limit);
        let end = rows.last().filter(|_| full).map(|row| Cursor {
            at: row.exported_at,
            id: row.id.to_string(),
        });
        Ok((rows, end))
    }
}

impl Tx {
    /// Keeps an export.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn insert_export(&mut self, row: &ExportRow) -> Result<(), StoreError> {
        const SQL: &str = concat!(
            "INSERT INTO data_export (",
            columns!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        );
        let values = values![
            row.id.to_string(),
            row.account.as_str(),
            row.organ.to_string(),
            &row.format,
            i64::from(row.rows),
            row.bounded,
            &row.filter,
            json(&row.purpose),
            &row.sha256,
            row.exported_at,
        ];
        self.execute(SQL, values).await.map(|_| ())
    }
}
