//! Published documents of reference data: organs, event types, rules, grids, calendar, settings.
//!
//! **Invariants.** A version is written once and never changed; the newest of a kind counts. Documents are whole.
//! **Not here.** Whether a document is right (`ticket::reference`); who may publish it (`engine::reference`).

use crate::base::time::WallTime;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::sql;
use crate::io::store::sql::Cells;
use crate::io::store::sql::Tx;
use crate::io::store::sql::values;

/// A published document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedDocument {
    /// The code of its kind.
    pub kind: String,
    /// 1, 2, 3 …
    pub version: i64,
    /// Hex SHA-256 of the document.
    pub sha256: String,
    /// The document, JSON; empty in lists.
    pub document: String,
    /// When.
    pub published_at: WallTime,
    /// By whom: a user's name, `command-line`, or `program` for what was shipped.
    pub published_by: String,
}

fn read(cells: &mut Cells) -> Result<PublishedDocument, StoreError> {
    Ok(PublishedDocument {
        kind: cells.text()?,
        version: cells.int()?,
        sha256: cells.text()?,
        document: cells.text()?,
        published_at: cells.instant()?,
        published_by: cells.text()?,
    })
}

const NEWEST: &str = "SELECT kind, version, sha256, document, published_at_us, published_by
    FROM reference_document AS one
    WHERE version = (SELECT MAX(version) FROM reference_document AS all_of WHERE all_of.kind = one.kind)
    ORDER BY kind";

impl Store {
    /// Reads the newest document of every kind that has one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn newest_references(&self) -> Result<Vec<PublishedDocument>, StoreError> {
        sql::read(self.database(), NEWEST, [], read).await
    }

    /// The newest version of every kind that has one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn reference_versions(&self) -> Result<Vec<(String, i64)>, StoreError> {
        const SQL: &str = "SELECT kind, MAX(version) FROM reference_document GROUP BY kind ORDER BY kind";
        sql::read(self.database(), SQL, [], |cells| {
            Ok((cells.text()?, cells.int()?))
        })
        .await
    }

    /// Reads one version of a kind.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn reference_document(
        &self,
        kind: &str,
        version: i64,
    ) -> Result<Option<PublishedDocument>, StoreError> {
        const SQL: &str = "SELECT kind, version, sha256, document, published_at_us, published_by
            FROM reference_document WHERE kind = $1 AND version = $2";
        Ok(sql::read(self.database(), SQL, values![kind, version], read)
            .await?
            .pop())
    }

    /// Lists the versions of a kind, newest first, without their documents; those below `before`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn reference_history(
        &self,
        kind: &str,
        before: i64,
        limit: i64,
    ) -> Result<Vec<PublishedDocument>, StoreError> {
        const SQL: &str = "SELECT kind, version, sha256, '', published_at_us, published_by
            FROM reference_document WHERE kind = $1 AND version < $2 ORDER BY version DESC LIMIT $3";
        sql::read(self.database(), SQL, values![kind, before, limit], read).await
    }
}

impl Tx {
    /// Lets one after the other publish, on whatever node: the row is held until the transaction ends.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lock_references(&mut self) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO setting (name, value) VALUES ('reference_lock', '')
            ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.execute(SQL, []).await.map(|_| ())
    }

    /// Reads the newest document of every kind that has one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn newest_references(&mut self) -> Result<Vec<PublishedDocument>, StoreError> {
        self.rows(NEWEST, [], read).await
    }

    /// Stores a document as a version of its kind.
    ///
    /// # Errors
    /// [`StoreError::Version`] when somebody else has published that version; [`StoreError::Database`].
    pub async fn publish_reference(&mut self, row: &PublishedDocument) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO reference_document
            (kind, version, sha256, document, published_at_us, published_by)
            VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (kind, version) DO NOTHING";
        let values = values![
            &row.kind,
            row.version,
            &row.sha256,
            &row.document,
            row.published_at,
            &row.published_by
        ];
        if self.execute(SQL, values).await? == 0 {
            return Err(StoreError::Version { actual: row.version });
        }
        Ok(())
    }
}
