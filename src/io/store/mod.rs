//! The database: SQLite in one file by default, PostgreSQL for several nodes, one SQL text for both.
//!
//! ```text
//!  SQLite      one writing connection (BEGIN IMMEDIATE), several readers; WAL, synchronous=FULL
//!  PostgreSQL  one pool; synchronous_commit=on
//! ```
//!
//! **Invariants.** What [`Tx::commit`] has returned from survives a power cut. Every branch between the databases is in
//! this file or in `sql`. Personal values stand here only sealed.
//! **Not here.** What the rows mean (`report`, `ticket`, `account`); when they are written (`engine`).

pub mod account_requests;
pub mod alarms;
pub mod archives;
pub mod articles;
pub mod calls;
pub mod case_matters;
pub mod cases;
pub mod commitments;
pub mod conformance;
pub mod exports;
pub mod journal;
pub mod keys;
pub mod migrate;
pub mod missed;
pub mod outbox;
pub mod outbox_attempt;
pub mod profiles;
pub mod ratios;
pub mod recordings;
pub mod reference;
pub mod rights;
pub mod rule_proposals;
pub mod search;
pub mod search_segment;
pub mod sms_inbound;
pub(crate) mod sql;
pub mod statistics;
pub mod ticket_files;
pub mod tickets;
pub mod users;

pub use sql::Tx;

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::PgPool;
use sqlx::SqlitePool;
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::sqlite::SqliteJournalMode;
use sqlx::sqlite::SqliteSynchronous;

use crate::base::time::WallTime;
use crate::io::store::sql::EitherTx;

/// How long a statement of SQLite waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long somebody waits for a free connection before the database counts as down.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Rows that SQLite's thread may be ahead of their reader: a whole batch, so that neither wakes the other for each.
const ROW_BUFFER: usize = 512;
/// Readers of SQLite: lists, the live desk, the projector.
const READERS: u32 = 4;
/// Connections to PostgreSQL.
const CONNECTIONS: u32 = 8;

/// Why the database did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is down, full or refuses.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A row holds what this program never writes.
    #[error("the database holds what this program cannot read: {0}")]
    Corrupt(String),
    /// A newer program has migrated it.
    #[error(
        "the database has schema {found}; this program knows schemas up to {known}: start the newer program"
    )]
    Newer {
        /// The schema found.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// A migration that was applied is not the one this program carries.
    #[error("migration {version} of the database is not the one this program was built with")]
    Altered {
        /// Which.
        version: i64,
    },
    /// The address is neither `sqlite:PATH` nor `postgres://…`.
    #[error("not a database address: give sqlite:PATH or postgres://HOST/NAME")]
    Address,
    /// There is one already.
    #[error("{0} exists already")]
    Exists(String),
    /// Somebody was quicker.
    #[error("the row has version {actual}")]
    Version {
        /// What is there.
        actual: i64,
    },
}

impl StoreError {
    /// Whether a unique key refused the row.
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }

    /// Whether trying again may help: another transaction was in the way.
    pub fn is_transient(&self) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else {
            return false;
        };
        // PostgreSQL: serialization failure, deadlock; SQLite: busy, locked.
        matches!(
            error.code().as_deref(),
            Some("40001" | "40P01" | "5" | "6" | "517")
        )
    }
}

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A file.
    Sqlite(PathBuf),
    /// A server, as `postgres://user@host/name` or with `?host=/run/postgresql`.
    Postgres(String),
}

impl std::str::FromStr for Address {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let path = text
            .strip_prefix("sqlite://")
            .or_else(|| text.strip_prefix("sqlite:"));
        path.filter(|path| !path.is_empty())
            .map(|path| Self::Sqlite(path.into()))
            .ok_or(StoreError::Address)
    }
}

/// The two typed pools.
#[derive(Debug)]
pub(crate) enum Database {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    Postgres(PgPool),
}

/// The database, cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    database: Arc<Database>,
}

impl Store {
    /// Opens the database and brings its schema up to date; a SQLite file that is migrated is copied first.
    ///
    /// `now` is written beside the migrations.
    ///
    /// # Errors
    /// [`StoreError::Newer`] and [`StoreError::Altered`] for a schema that is not ours; [`StoreError::Database`].
    pub async fn open(address: &Address, now: WallTime) -> Result<Self, StoreError> {
        let (database, file) = match address {
            Address::Sqlite(path) => (open_sqlite(path).await?, Some(path.as_path())),
            Address::Postgres(url) => (open_postgres(url).await?, None),
        };
        let store = Self {
            database: Arc::new(database),
        };
        migrate::run(&store, file, now).await?;
        Ok(store)
    }

    /// Begins a writing transaction.
    ///
    /// # Errors
    /// [`StoreError::Database`] when no connection is free or the database is down.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(Tx(match &*self.database {
            Database::Sqlite { writer, .. } => EitherTx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Database::Postgres(pool) => EitherTx::Postgres(pool.begin().await?),
        }))
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// [`StoreError::Database`] when it gives none.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sql::read(&self.database, "SELECT 1", [], |_| Ok(()))
            .await
            .map(|_| ())
    }

    /// Closes every connection; SQLite folds its WAL into the file.
    pub async fn close(&self) {
        match &*self.database {
            Database::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Database::Postgres(pool) => pool.close().await,
        }
    }

    /// Reads a setting.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        const SQL: &str = "SELECT value FROM setting WHERE name = $1";
        Ok(
            sql::read(self.database(), SQL, sql::values![name], sql::Cells::text)
                .await?
                .pop(),
        )
    }

    /// Writes a setting unless it is there; returns what is there now, so that the first value stays (as the realm).
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn setting_once(&self, name: &str, value: &str) -> Result<String, StoreError> {
        const SQL: &str = "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
        let mut tx = self.begin().await?;
        tx.execute(SQL, sql::values![name, value]).await?;
        tx.commit().await?;
        Ok(self.setting(name).await?.unwrap_or_else(|| value.to_owned()))
    }

    /// Whether the database has users of its own, so that rights can be taken away.
    pub(crate) fn has_users(&self) -> bool {
        matches!(&*self.database, Database::Postgres(_))
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Copies a SQLite database to a new file; PostgreSQL has its own tools.
    pub(crate) async fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        if let Database::Sqlite { writer, .. } = &*self.database {
            let text = path.to_string_lossy().into_owned();
            sqlx::query("VACUUM INTO $1").bind(text).execute(writer).await?;
        }
        Ok(())
    }

    /// Keeps two programs from migrating at once: SQLite's writer does by itself.
    pub(crate) async fn lock_schema(tx: &mut Tx) -> Result<(), StoreError> {
        if let EitherTx::Postgres(tx) = &mut tx.0 {
            sqlx::query("SELECT pg_advisory_xact_lock(12345)")
                .execute(&mut **tx)
                .await?;
        }
        Ok(())
    }
}

async fn open_sqlite(path: &Path) -> Result<Database, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .row_buffer_size(ROW_BUFFER)
        // What undoes a statement is kept in memory: else every insert of several rows makes a file.
        .pragma("temp_store", "MEMORY")
        .statement_cache_capacity(256)
        .disable_statement_logging();
    let pool = || {
        PoolOptions::new()
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .idle_timeout(None)
    };
    let writer = pool().max_lifetime(None).max_connections(1);
    let writer = writer
        .connect_with(options.clone().create_if_missing(true))
        .await?;
    let readers = pool()
        .max_connections(READERS)
        .connect_with(options.pragma("query_only", "ON"))
        .await?;
    Ok(Database::Sqlite { writer, readers })
}

async fn open_postgres(url: &str) -> Result<Database, StoreError> {
    let options: PgConnectOptions = url.parse().map_err(|_| StoreError::Address)?;
    let options = options
        .application_name("rexian")
        .options([
            ("synchronous_commit", "on"),
            ("lock_timeout", "10s"),
            ("statement_timeout", "60s"),
        ])
        .statement_cache_capacity(256)
        .disable_statement_logging();
    let pool = PoolOptions::new()
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .max_connections(CONNECTIONS);
    Ok(Database::Postgres(pool.connect_with(options).await?))
}
