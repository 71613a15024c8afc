//! Runs one SQL text on either database: values in, cells out, transactions of both kinds behind one type.
//!
//! **Invariants.** A statement's text is the same for both; values are texts and 64-bit integers, which is all the
//! portable subset has. Multi-row inserts come in powers of two up to 64 rows, so that few texts are prepared.
//! **Not here.** Statements (one file per aggregate beside this one), pools (`io::store`).

use std::borrow::Cow;
use std::fmt::Write as _;
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::AssertSqlSafe;
use sqlx::Postgres;
use sqlx::Row as _;
use sqlx::SqlSafeStr;
use sqlx::Sqlite;
use sqlx::postgres::PgArguments;
use sqlx::postgres::PgRow;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::sqlite::SqliteRow;

use crate::base::time::WallTime;
use crate::io::store::StoreError;

/// A value bound to a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// TEXT, or NULL of it.
    Text(Option<Cow<'a, str>>),
    /// BIGINT, or NULL of it.
    Int(Option<i64>),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Some(Cow::Borrowed(value)))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(Some(Cow::Borrowed(value)))
    }
}

impl From<String> for Value<'_> {
    fn from(value: String) -> Self {
        Self::Text(Some(Cow::Owned(value)))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Self::Text(value.map(Cow::Borrowed))
    }
}

impl From<Option<String>> for Value<'_> {
    fn from(value: Option<String>) -> Self {
        Self::Text(value.map(Cow::Owned))
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<u64> for Value<'_> {
    fn from(value: u64) -> Self {
        Self::Int(Some(i64::try_from(value).unwrap_or(i64::MAX)))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}

impl From<Option<bool>> for Value<'_> {
    fn from(value: Option<bool>) -> Self {
        Self::Int(value.map(i64::from))
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}

impl From<WallTime> for Value<'_> {
    fn from(value: WallTime) -> Self {
        Self::Int(Some(value.as_micros()))
    }
}

impl From<Option<WallTime>> for Value<'_> {
    fn from(value: Option<WallTime>) -> Self {
        Self::Int(value.map(WallTime::as_micros))
    }
}

/// A list of values, each converted.
macro_rules! values {
    ($($value:expr),* $(,)?) => { [$(crate::io::store::sql::Value::from($value)),*] };
}
pub(crate) use values;

/// A row of either database, read cell by cell in the order of the statement.
pub(crate) struct Cells {
    row: EitherRow,
    at: usize,
}

enum EitherRow {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Cells {
    /// The next cell, a text or NULL.
    pub(crate) fn text_or_null(&mut self) -> Result<Option<String>, StoreError> {
        let at = self.at;
        self.at += 1;
        Ok(match &self.row {
            EitherRow::Sqlite(row) => row.try_get(at)?,
            EitherRow::Postgres(row) => row.try_get(at)?,
        })
    }

    /// The next cell, an integer or NULL.
    pub(crate) fn int_or_null(&mut self) -> Result<Option<i64>, StoreError> {
        let at = self.at;
        self.at += 1;
        Ok(match &self.row {
            EitherRow::Sqlite(row) => row.try_get(at)?,
            EitherRow::Postgres(row) => row.try_get(at)?,
        })
    }

    /// The next cell, a text.
    pub(crate) fn text(&mut self) -> Result<String, StoreError> {
        let at = self.at;
        self.text_or_null()?
            .ok_or_else(|| StoreError::Corrupt(format!("cell {at} is null")))
    }

    /// The next cell, an integer.
    pub(crate) fn int(&mut self) -> Result<i64, StoreError> {
        let at = self.at;
        self.int_or_null()?
            .ok_or_else(|| StoreError::Corrupt(format!("cell {at} is null")))
    }

    /// The next cell, a number that cannot be negative.
    pub(crate) fn count(&mut self) -> Result<u64, StoreError> {
        let at = self.at;
        u64::try_from(self.int()?).map_err(|_| StoreError::Corrupt(format!("cell {at} is negative")))
    }

    /// The next cell, a flag.
    pub(crate) fn flag(&mut self) -> Result<bool, StoreError> {
        Ok(self.int()? != 0)
    }

    /// The next cell, an instant.
    pub(crate) fn instant(&mut self) -> Result<WallTime, StoreError> {
        Ok(WallTime::from_micros(self.int()?))
    }

    /// The next cell, an instant or NULL.
    pub(crate) fn instant_or_null(&mut self) -> Result<Option<WallTime>, StoreError> {
        Ok(self.int_or_null()?.map(WallTime::from_micros))
    }

    /// The next cell, an id.
    pub(crate) fn id<T: FromStr>(&mut self) -> Result<T, StoreError> {
        let at = self.at;
        self.id_or_null()?
            .ok_or_else(|| StoreError::Corrupt(format!("cell {at} is null")))
    }

    /// The next cell, an id or NULL.
    pub(crate) fn id_or_null<T: FromStr>(&mut self) -> Result<Option<T>, StoreError> {
        let at = self.at;
        let Some(text) = self.text_or_null()? else {
            return Ok(None);
        };
        text.parse()
            .map(Some)
            .map_err(|_| StoreError::Corrupt(format!("cell {at} is no id")))
    }

    /// The next cell, a code of a closed list, or NULL.
    pub(crate) fn code_or_null<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        self.text_or_null()?.map(|text| decode_code(&text)).transpose()
    }

    /// The next cell, JSON, or NULL.
    pub(crate) fn json_or_null<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        let at = self.at;
        let Some(text) = self.text_or_null()? else {
            return Ok(None);
        };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| StoreError::Corrupt(format!("cell {at}: {error}")))
    }
}

/// The stable code of a value of a closed list, as serde names it.
pub(crate) fn code<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(code)) => code,
        _ => String::new(),
    }
}

/// The value with this code.
pub(crate) fn decode_code<T: DeserializeOwned>(code: &str) -> Result<T, StoreError> {
    let text = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(code);
    T::deserialize(text).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// The JSON of a value.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

fn bind_sqlite<'q>(
    sql: impl SqlSafeStr,
    values: impl IntoIterator<Item = Value<'q>>,
) -> Query<'q, Sqlite, SqliteArguments> {
    values
        .into_iter()
        .fold(sqlx::query(sql), |query, value| match value {
            Value::Text(text) => query.bind(text),
            Value::Int(number) => query.bind(number),
        })
}

fn bind_postgres<'q>(
    sql: impl SqlSafeStr,
    values: impl IntoIterator<Item = Value<'q>>,
) -> Query<'q, Postgres, PgArguments> {
    values
        .into_iter()
        .fold(sqlx::query(sql), |query, value| match value {
            Value::Text(text) => query.bind(text),
            Value::Int(number) => query.bind(number),
        })
}

/// Reads rows outside a transaction.
pub(crate) async fn read<'q, T>(
    database: &crate::io::store::Database,
    sql: impl SqlSafeStr,
    values: impl IntoIterator<Item = Value<'q>>,
    mut map: impl FnMut(&mut Cells) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    match database {
        crate::io::store::Database::Sqlite { readers, .. } => {
            let rows = bind_sqlite(sql, values).fetch_all(readers).await?;
            rows.into_iter()
                .map(|row| {
                    map(&mut Cells {
                        row: EitherRow::Sqlite(row),
                        at: 0,
                    })
                })
                .collect()
        }
        crate::io::store::Database::Postgres(pool) => {
            let rows = bind_postgres(sql, values).fetch_all(pool).await?;
            rows.into_iter()
                .map(|row| {
                    map(&mut Cells {
                        row: EitherRow::Postgres(row),
                        at: 0,
                    })
                })
                .collect()
        }
    }
}

/// A transaction; dropped without [`Tx::commit`] it leaves nothing.
#[derive(Debug)]
pub struct Tx(pub(crate) EitherTx);

#[derive(Debug)]
pub(crate) enum EitherTx {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Tx {
    /// Makes everything durable.
    ///
    /// # Errors
    /// [`StoreError::Database`]: nothing is promised; the caller reads again before he writes again.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.0 {
            EitherTx::Sqlite(tx) => tx.commit().await?,
            EitherTx::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Runs a statement; returns how many rows it touched.
    pub(crate) async fn execute<'q>(
        &mut self,
        sql: impl SqlSafeStr,
        values: impl IntoIterator<Item = Value<'q>>,
    ) -> Result<u64, StoreError> {
        Ok(match &mut self.0 {
            EitherTx::Sqlite(tx) => bind_sqlite(sql, values).execute(&mut **tx).await?.rows_affected(),
            EitherTx::Postgres(tx) => bind_postgres(sql, values)
                .execute(&mut **tx)
                .await?
                .rows_affected(),
        })
    }

    /// Runs a statement that gives rows.
    pub(crate) async fn rows<'q, T>(
        &mut self,
        sql: impl SqlSafeStr,
        values: impl IntoIterator<Item = Value<'q>>,
        mut map: impl FnMut(&mut Cells) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        match &mut self.0 {
            EitherTx::Sqlite(tx) => {
                let rows = bind_sqlite(sql, values).fetch_all(&mut **tx).await?;
                rows.into_iter()
                    .map(|row| {
                        map(&mut Cells {
                            row: EitherRow::Sqlite(row),
                            at: 0,
                        })
                    })
                    .collect()
            }
            EitherTx::Postgres(tx) => {
                let rows = bind_postgres(sql, values).fetch_all(&mut **tx).await?;
                rows.into_iter()
                    .map(|row| {
                        map(&mut Cells {
                            row: EitherRow::Postgres(row),
                            at: 0,
                        })
                    })
                    .collect()
            }
        }
    }

    /// Runs several statements without values, as a migration has them.
    pub(crate) async fn script(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match &mut self.0 {
            EitherTx::Sqlite(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(|_| ())?,
            EitherTx::Postgres(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(|_| ())?,
        }
        Ok(())
    }

    /// Inserts rows of `width` values each: `head` ends before VALUES, `tail` begins with ON CONFLICT or is empty.
    /// Returns how many rows were touched.
    pub(crate) async fn insert_many(
        &mut self,
        head: &'static str,
        tail: &'static str,
        width: usize,
        values: Vec<Value<'_>>,
    ) -> Result<u64, StoreError> {
        let mut left = values.len().checked_div(width).unwrap_or(0);
        let mut values = values.into_iter();
        let mut touched = 0;
        for size in [64, 32, 16, 8, 4, 2, 1] {
            while size <= left {
                let sql = self.insert_text(head, tail, width, size);
                touched += self
                    .execute(AssertSqlSafe(sql), values.by_ref().take(size * width))
                    .await?;
                left -= size;
            }
        }
        Ok(touched)
    }
    /// The text of an insert of `rows` rows. SQLite takes bare `?`, whose names it need not look up: with `$n` the
    /// binding of n values takes n² steps.
    fn insert_text(&self, head: &str, tail: &str, width: usize, rows: usize) -> String {
        let numbered = matches!(self.0, EitherTx::Postgres(_));
        let mut sql = String::with_capacity(head.len() + tail.len() + rows * width * 5 + 16);
        sql.push_str(head);
        sql.push_str(" VALUES ");
        for row in 0..rows {
            sql.push_str(if row == 0 { "(" } else { ",(" });
            for column in 0..width {
                sql.push_str(if column == 0 { "" } else { "," });
                if numbered {
                    let _ = write!(sql, "${}", row * width + column + 1);
                } else {
                    sql.push('?');
                }
            }
            sql.push(')');
        }
        sql.push(' ');
        sql.push_str(tail);
        sql
    }
}
