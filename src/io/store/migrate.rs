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
        version: 6,
        title: "accounts",
        sql: include_str!("migrations/0006_accounts.sql"),
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
        version: 9,
        title: "cases",
        sql: include_str!("migrations/0009_cases.sql"),
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
    let missing: Vec<&Migration> = migrations
        .iter()
        .filter(|migration| !applied.contains(&migration.version))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if let Some(file) = file.filter(|_| !applied.is_empty()) {
        let mut name = file.as_os_str().to_owned();
        name.push(format!(".schema-{}.{}.backup", applied.len(), now.as_micros()));
        store.copy_to(Path::new(&name)).await?;
    }
    for migration in missing {
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

/// Versions of `migrations` that are applied; refuses what is not ours. A number that was left free may be filled later:
/// its script makes tables of its own.
async fn applied(store: &Store, migrations: &[Migration]) -> Result<Vec<i64>, StoreError> {
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
    let rows: Vec<(i64, String)> = found?;
    let known = migrations.last().map_or(0, |last| last.version);
    if let Some((found, _)) = rows.iter().rev().find(|(version, _)| known < *version) {
        return Err(StoreError::Newer { found: *found, known });
    }
    for (version, checksum) in &rows {
        let ours = migrations.iter().find(|migration| migration.version == *version);
        if ours.is_none_or(|ours| ours.checksum() != *checksum) {
            return Err(StoreError::Altered { version: *version });
        }
    }
    Ok(rows.into_iter().map(|(version, _)| version).collect())
}

#[cfg(test)]
#[path = "migrate_test.rs"]
mod tests;
