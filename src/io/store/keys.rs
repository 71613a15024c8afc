//! Data keys, wrapped by the master key: the only rows whose deletion makes sealed values unreadable for good.
//!
//! **Invariants.** A key is never replaced by another under the same id, only wrapped anew.
//! **Not here.** Wrapping and sealing (`io::keys`).

use crate::io::keys::KeyRecord;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::sql;
use crate::io::store::sql::Tx;
use crate::io::store::sql::values;

const ONE: &str = "SELECT key_id, master_id, wrapped FROM data_key WHERE key_id = $1";

fn read(cells: &mut sql::Cells) -> Result<KeyRecord, StoreError> {
    Ok(KeyRecord {
        key_id: cells.text()?,
        master_id: cells.text()?,
        wrapped: cells.text()?,
    })
}

impl Store {
    /// Reads a data key; none when it was never stored or was erased.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn data_key(&self, key_id: &str) -> Result<Option<KeyRecord>, StoreError> {
        Ok(sql::read(self.database(), ONE, values![key_id], read)
            .await?
            .pop())
    }

    /// Reads keys that are not wrapped by `master_id`, at most `limit`, so that they can be wrapped anew.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn data_keys_not_under(
        &self,
        master_id: &str,
        limit: u32,
    ) -> Result<Vec<KeyRecord>, StoreError> {
        const SQL: &str =
            "SELECT key_id, master_id, wrapped FROM data_key WHERE master_id <> $1 ORDER BY key_id LIMIT $2";
        sql::read(self.database(), SQL, values![master_id, i64::from(limit)], read).await
    }
}

impl Tx {
    /// Reads a data key inside the transaction.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn data_key(&mut self, key_id: &str) -> Result<Option<KeyRecord>, StoreError> {
        Ok(self.rows(ONE, values![key_id], read).await?.pop())
    }

    /// Stores keys; one that is there already stays.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn put_data_keys(&mut self, records: &[KeyRecord]) -> Result<(), StoreError> {
        const HEAD: &str = "INSERT INTO data_key (key_id, master_id, wrapped)";
        const TAIL: &str = "ON CONFLICT (key_id) DO NOTHING";
        let values = records
            .iter()
            .flat_map(|record| values![&record.key_id, &record.master_id, &record.wrapped])
            .collect();
        self.insert_many(HEAD, TAIL, 3, values).await.map(|_| ())
    }

    /// Stores a key wrapped anew.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn rewrap_data_key(&mut self, record: &KeyRecord) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE data_key SET master_id = $2, wrapped = $3 WHERE key_id = $1";
        let values = values![&record.key_id, &record.master_id, &record.wrapped];
        self.execute(SQL, values).await.map(|_| ())
    }

    /// Erases a key, and with it every value sealed under it. Returns whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn erase_data_key(&mut self, key_id: &str) -> Result<bool, StoreError> {
        Ok(self
            .execute("DELETE FROM data_key WHERE key_id = $1", values![key_id])
            .await?
            != 0)
    }
}
