//! The catalogue of archived orders.
//!
//! **Invariants.** A row names the package that was written last; what counts is the order's fact, which `engine::archiver`
//! compares. Nothing personal stands here.
//! **Not here.** Packages (`io::archive`).
//! **Source.** DB1302/T 604—2025 7.9.2.

use std::fmt::Write as _;

use sqlx::AssertSqlSafe;

use crate::base::ids::OrganId;
use crate::base::ids::TicketId;
use crate::base::ids::UserId;
use crate::base::limits::PAGE_ROWS_MAX;
use crate::base::time::WallTime;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::sql;
use crate::io::store::sql::Cells;
use crate::io::store::sql::Tx;
use crate::io::store::sql::Value;
use crate::io::store::sql::values;
use crate::io::store::tickets::UNITS_MAX;

/// An archived order in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveRow {
    /// Its number.
    pub number: String,
    /// The order.
    pub ticket: TicketId,
    /// The year of its number.
    pub year: String,
    /// 诉求类别.
    pub appeal_type: Option<String>,
    /// 事件类型.
    pub category: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// 首接负责单位 of the last cycle.
    pub unit: Option<OrganId>,
    /// Whether only its circle sees it.
    pub confidential: bool,
    /// SHA-256 of the manifest, hex.
    pub manifest: String,
    /// The order's version when it was packed.
    pub version: i64,
    /// How many files.
    pub files: u64,
    /// How many bytes.
    pub bytes: u64,
    /// How many parts are missing.
    pub missing: u64,
    /// When it was packed.
    pub packed_at: WallTime,
    /// The last check.
    pub checked_at: Option<WallTime>,
    /// Faults it found.
    pub faults: Option<i64>,
    /// The last copy to a second store.
    pub copied_at: Option<WallTime>,
}

/// What the catalogue is asked for; what is none does not matter. Category and region find what is below them by the
/// beginning of the code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArchiveFilter {
    /// The year, four digits.
    pub year: Option<String>,
    /// The event type, or the beginning of its code.
    pub category: Option<String>,
    /// The unit.
    pub unit: Option<OrganId>,
    /// The region, or the beginning of its code.
    pub region: Option<String>,
    /// With exactly this number.
    pub number: Option<String>,
    /// Only those that were found damaged.
    pub damaged: bool,
    /// Only those whose fact is written.
    pub sealed: bool,
    /// Keyed tag of the caller's number, or of the number to call back.
    pub phone_tag: Option<String>,
    /// Keyed tag of the last four digits of either.
    pub last4_tag: Option<String>,
    /// These orders alone, as a search found them; empty does not narrow.
    pub tickets: Vec<TicketId>,
    /// Who asks: confidential orders are left out but those in whose circle he is; none for who sees them all.
    pub reader: Option<UserId>,
    /// After this number.
    pub after: String,
}

macro_rules! columns {
    () => {
        "archive.number, archive.ticket, archive.year, archive.appeal_type, archive.category, archive.region,
         archive.unit, archive.confidential, archive.manifest, archive.version, archive.files, archive.bytes,
         archive.missing, archive.packed_at_us, archive.checked_at_us, archive.faults, archive.copied_at_us"
    };
}

fn read(cells: &mut Cells) -> Result<ArchiveRow, StoreError> {
    Ok(ArchiveRow {
        number: cells.text()?,
        ticket: cells.id()?,
        year: cells.text()?,
        appeal_type: cells.text_or_null()?,
        category: cells.text_or_null()?,
        region: cells.text_or_null()?,
        unit: cells.id_or_null()?,
        confidential: cells.flag()?,
        manifest: cells.text()?,
        version: cells.int()?,
        files: cells.count()?,
        bytes: cells.count()?,
        missing: cells.count()?,
        packed_at: cells.instant()?,
        checked_at: cells.instant_or_null()?,
        faults: cells.int_or_null()?,
        copied_at: cells.instant_or_null()?,
    })
}

impl ArchiveFilter {
    /// Adds whose numbers stand in the orders, which orders, and what the reader may see.
    fn whose<'a>(&'a self, sql: &mut String, values: &mut Vec<Value<'a>>) {
        let either = [
            ("caller_tag", "contact_tag", self.phone_tag.as_deref()),
            ("caller_last4_tag", "contact_last4_tag", self.last4_tag.as_deref()),
        ];
        for (one, other, tag) in either {
            if let Some(tag) = tag {
                values.extend(values![tag, tag]);
                let place = values.len();
                let _ = write!(
                    sql,
                    " AND (ticket.{one} = ${} OR ticket.{other} = ${place})",
                    place - 1
                );
            }
        }
        for (at, ticket) in self.tickets.iter().take(UNITS_MAX).enumerate() {
            values.push(ticket.to_string().into());
            let before = if at == 0 { " AND archive.ticket IN (" } else { ", " };
            let _ = write!(sql, "{before}${}", values.len());
        }
        if !self.tickets.is_empty() {
            sql.push(')');
        }
        if let Some(reader) = &self.reader {
            values.push(reader.as_str().into());
            let _ = write!(
                sql,
                " AND (ticket.confidential = 0 OR ticket.id IN (SELECT ticket FROM ticket_circle WHERE account = ${}))",
                values.len()
            );
        }
    }
}

impl Store {
    /// Reads the catalogue by number, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn archives(&self, filter: &ArchiveFilter, limit: u32) -> Result<Vec<ArchiveRow>, StoreError> {
        let mut sql = concat!(
            "SELECT ",
            columns!(),
            " FROM archive JOIN ticket ON ticket.id = archive.ticket WHERE archive.number > $1"
        )
        .to_owned();
        let mut values: Vec<Value<'_>> = vec![filter.after.as_str().into()];
        let exact = [
            ("archive.number", filter.number.as_deref()),
            ("archive.year", filter.year.as_deref()),
            ("archive.unit", filter.unit.as_ref().map(OrganId::as_str)),
        ];
        for (column, value) in exact {
            if let Some(value) = value {
                values.push(value.into());
                let _ = write!(sql, " AND {column} = ${}", values.len());
            }
        }
        let below = [
            ("archive.category", &filter.category),
            ("archive.region", &filter.region),
        ];
        for (column, value) in below {
            if let Some(value) = value {
                values.push(value.into());
                values.push(format!("{value}~").into());
                let place = values.len();
                let _ = write!(sql, " AND {column} >= ${} AND {column} < ${place}", place - 1);
            }
        }
        if filter.damaged {
            sql.push_str(" AND archive.faults > 0");
        }
        if filter.sealed {
            sql.push_str(" AND ticket.state = 'archived'");
        }
        filter.whose(&mut sql, &mut values);
        values.push(i64::from(limit.clamp(1, PAGE_ROWS_MAX)).into());
        let _ = write!(sql, " ORDER BY archive.number LIMIT ${}", values.len());
        sql::read(self.database(), AssertSqlSafe(sql), values, read).await
    }

    /// Reads one row of the catalogue.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn archive(&self, number: &str) -> Result<Option<ArchiveRow>, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM archive WHERE number = $1");
        Ok(sql::read(self.database(), SQL, values![number], read)
            .await?
            .pop())
    }

    /// Writes what a check found.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn archive_checked(&self, number: &str, faults: usize, at: WallTime) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE archive SET checked_at_us = $2, faults = $3 WHERE number = $1";
        let faults = i64::try_from(faults).unwrap_or(i64::MAX);
        let mut tx = self.begin().await?;
        tx.execute(SQL, values![number, at, faults]).await?;
        tx.commit().await
    }

    /// Writes that a package was copied to a second store.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn archive_copied(&self, number: &str, at: WallTime) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE archive SET copied_at_us = $2 WHERE number = $1";
        let mut tx = self.begin().await?;
        tx.execute(SQL, values![number, at]).await?;
        tx.commit().await
    }
}

impl Tx {
    /// Writes a package into the catalogue, again when an order was packed again.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn put_archive(&mut self, row: &ArchiveRow) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO archive (number, ticket, year, appeal_type, category, region, unit, confidential,
            manifest, version, files, bytes, missing, packed_at_us)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
            ON CONFLICT (number) DO UPDATE SET appeal_type = excluded.appeal_type, category = excluded.category,
            region = excluded.region, unit = excluded.unit, confidential = excluded.confidential,
            manifest = excluded.manifest, version = excluded.version, files = excluded.files, bytes = excluded.bytes,
            missing = excluded.missing, packed_at_us = excluded.packed_at_us, checked_at_us = NULL, faults = NULL,
            copied_at_us = NULL";
        let values = values![
            &row.number,
            row.ticket.to_string(),
            &row.year,
            row.appeal_type.as_deref(),
            row.category.as_deref(),
            row.region.as_deref(),
            row.unit.as_ref().map(OrganId::as_str),
            row.confidential,
            &row.manifest,
            row.version,
            row.files,
            row.bytes,
            row.missing,
            row.packed_at,
        ];
        self.execute(SQL, values).await.map(|_| ())
    }
}
