//! Brings the schema forward, one numbered script after the other, and never back.
//!
//! **Invariants.** A released script is frozen: its SHA-256 is written beside it in the database and in
//! `migrations/checksums.txt`, and a difference is refused. Each script runs in a transaction of its own.
//! **Not here.** Projections: they are folded again, not migrated.

use std::path::Path;

use sha2::Digest;
use sha2::Sha256;

use crate::base::time::WallTime;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::sql;
use crate::io::store::sql::values;

/// A script.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// 1, 2, 3 …
    pub version: i64,
    /// What it is about, as in its file name.
    pub title: &'static str,
    /// Its text.
    pub sql: &'static str,
}

/// Every script in order.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        title: "first",
        sql: include_str!("migrations/0001_first.sql"),
    },
    Migration {
        version: 2,
        title: "orders",
        sql: include_str!("migrations/0002_orders.sql"),
    },
    Migration {
        version: 3,
        title: "reference",
        sql: include_str!("migrations/0003_reference.sql"),
    },
    Migration {
        version: 4,
        title: "outbox",
        sql: include_str!("migrations/0004_outbox.sql"),
    },
    Migration {
        version: 5,
        title: "search",
        sql: include_str!("migrations/0005_search.sql"),
    },
    Migration {
        version: 7,
        title: "archive",
        sql: include_str!("migrations/0007_archive.sql"),
    },
    Migration {
        version: 8,
        title: "articles",
        sql: include_str!("migrations/0008_articles.sql"),
    },
    Migration {
        version: 10,
        title: "dispositions",
        sql: include_str!("migrations/0010_dispositions.sql"),
    },
];

impl Migration {
    /// Hex SHA-256 of the text.
    pub fn checksum(&self) -> String {
        hex::encode(Sha256::digest(self.sql.as_bytes()))
    }
}

const CREATE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
    version BIGINT PRIMARY KEY, title TEXT NOT NULL, checksum TEXT NOT NULL, applied_at_us BIGINT NOT NULL)";
const SELECT: &str = "SELECT version, checksum FROM schema_migration ORDER BY version";
const INSERT: &str =
    "INSERT INTO schema_migration (version, title, checksum, applied_at_us) VALUES ($1, $2, $3, $4)";

/// Applies what is missing. `file` is the SQLite file, copied beside itself before an existing schema is changed.
pub(crate) async fn run(store: &Store, file: Option<&Path>, now: WallTime) -> Result<(), StoreError> {
    run_all(store, file, now, MIGRATIONS).await
}

/// Applies what is missing of `migrations`.
pub(crate) async fn run_all(
    store: &Store,
    file: Option<&Path>,
    now: WallTime,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    let applied = applied(store, migrations).await?;
    if applied == migrations.len() {
        return Ok(());
    }
    if let Some(file) = file.filter(|_| 0 < applied) {
        let mut name = file.as_os_str().to_owned();
        name.push(format!(".schema-{applied}.{}.backup", now.as_micros()));
        store.copy_to(Path::new(&name)).await?;
    }
    for migration in migrations.iter().skip(applied) {
        let mut tx = store.begin().await?;
        Store::lock_schema(&mut tx).await?;
        let there = tx.rows(SELECT, [], sql::Cells::int).await?;
        if there.contains(&migration.version) {
            continue;
        }
        tx.script(migration.sql).await?;
        let row = values![migration.version, migration.title, migration.checksum(), now];
        tx.execute(INSERT, row).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// How many of `migrations` are applied; refuses what is not ours.
async fn applied(store: &Store, migrations: &[Migration]) -> Result<usize, StoreError> {
    let read = || {
        sql::read(store.database(), SELECT, [], |cells| {
            Ok((cells.int()?, cells.text()?))
        })
    };
    let mut found = read().await;
    if found.is_err() {
        // It is not there yet. Whoever may only read and write rows does not come here, once it is.
        let mut tx = store.begin().await?;
        Store::lock_schema(&mut tx).await?;
        tx.execute(CREATE, []).await?;
        tx.commit().await?;
        found = read().await;
    }
    let rows = found?;
    let known = migrations.last().map_or(0, |last| last.version);
    for (at, (version, checksum)) in rows.iter().enumerate() {
        let Some(migration) = migrations.get(at) else {
            return Err(StoreError::Newer {
                found: rows.last().map_or(*version, |last| last.0),
                known,
            });
        };
        if migration.version != *version || migration.checksum() != *checksum {
            return Err(StoreError::Altered { version: *version });
        }
    }
    Ok(rows.len())
}

#[cfg(test)]
#[path = "migrate_test.rs"]
mod tests;
