//! Signed secrecy commitments, and sessions that gave way to a newer one.
//!
//! **Invariants.** A signature is never changed or taken away while its account stands. Of an account only the sessions
//! that its last sign-in ended are remembered.
//! **Source.** DB1302/T 604—2025 4.3.1, 4.3.3.

use crate::base::ids::UserId;
use crate::base::time::WallTime;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::sql;
use crate::io::store::sql::Cells;
use crate::io::store::sql::Tx;
use crate::io::store::sql::values;

/// A signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitmentRow {
    /// Which version of the text.
    pub version: i64,
    /// SHA-256 of the text as it was shown, hex.
    pub sha256: String,
    /// When.
    pub signed_at: WallTime,
}

impl Store {
    /// The newest version that somebody signed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn commitment(&self, user: &UserId) -> Result<Option<CommitmentRow>, StoreError> {
        const SQL: &str = "SELECT version, sha256, signed_at_us FROM commitment WHERE account = $1
            ORDER BY version DESC LIMIT 1";
        let read = |cells: &mut Cells| {
            Ok(CommitmentRow {
                version: cells.int()?,
                sha256: cells.text()?,
                signed_at: cells.instant()?,
            })
        };
        Ok(sql::read(self.database(), SQL, values![user.as_str()], read)
            .await?
            .pop())
    }

    /// Whether the session of this token gave way to a newer one that may still be open at `now`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn is_session_replaced(&self, token_hash: &str, now: WallTime) -> Result<bool, StoreError> {
        const SQL: &str =
            "SELECT COUNT(*) FROM session_replaced WHERE token_hash = $1 AND expires_at_us > $2";
        let found = sql::read(self.database(), SQL, values![token_hash, now], Cells::count).await?;
        Ok(found.into_iter().any(|count| 0 < count))
    }
}

impl Tx {
    /// Keeps a signature. Returns whether it is a new one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn insert_commitment(
        &mut self,
        user: &UserId,
        row: &CommitmentRow,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "INSERT INTO commitment (account, version, sha256, signed_at_us)
            VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        let values = values![user.as_str(), row.version, &row.sha256, row.signed_at];
        Ok(self.execute(SQL, values).await? == 1)
    }

    /// Ends every session of an account for a newer one; gives the hashes of their tokens that had not ended at `now`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn replace_web_sessions(
        &mut self,
        user: &UserId,
        now: WallTime,
    ) -> Result<Vec<String>, StoreError> {
        const FORGET: &str = "DELETE FROM session_replaced WHERE account = $1 OR expires_at_us <= $2";
        const KEEP: &str = "INSERT INTO session_replaced (token_hash, account, expires_at_us)
            SELECT token_hash, account, expires_at_us FROM web_session WHERE account = $1 AND expires_at_us > $2";
        const END: &str = "DELETE FROM web_session WHERE account = $1";
        const ENDED: &str = "SELECT token_hash FROM session_replaced WHERE account = $1";
        self.execute(FORGET, values![user.as_str(), now]).await?;
        self.execute(KEEP, values![user.as_str(), now]).await?;
        self.execute(END, values![user.as_str()]).await?;
        self.rows(ENDED, values![user.as_str()], Cells::text).await
    }
}
