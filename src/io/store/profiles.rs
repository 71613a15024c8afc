//! Published profiles, and the secrets of phones, which are not part of them.
//!
//! **Invariants.** A version is written once and never changed; the newest is the active one. A phone's secret stands
//! only as sealed HA1 values (MD5 and SHA-256); the secret itself is shown once when it is made and not kept.
//! **Not here.** Reading and checking profile files (`app::config`).

use crate::base::ids::DeviceId;
use crate::base::time::WallTime;
use crate::fact::personal::Sealed;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::sql;
use crate::io::store::sql::Cells;
use crate::io::store::sql::Tx;
use crate::io::store::sql::json;
use crate::io::store::sql::values;

/// A published profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedProfile {
    /// 1, 2, 3 …
    pub version: u64,
    /// Hex SHA-256 of the document.
    pub sha256: String,
    /// The document, JSON; empty in lists.
    pub document: String,
    /// When.
    pub published_at: WallTime,
    /// By whom: a user's name, or `command-line`.
    pub published_by: String,
}

/// A phone's credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSecret {
    /// Which phone.
    pub device: DeviceId,
    /// The realm the values were made for.
    pub realm: String,
    /// `ha1_md5` and `ha1_sha256`, sealed.
    pub sealed: Sealed,
    /// When it was set.
    pub set_at: WallTime,
}

fn read(cells: &mut Cells) -> Result<PublishedProfile, StoreError> {
    Ok(PublishedProfile {
        version: cells.count()?,
        sha256: cells.text()?,
        document: cells.text()?,
        published_at: cells.instant()?,
        published_by: cells.text()?,
    })
}

impl Store {
    /// The active profile: the newest; none before the first start.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn latest_profile(&self) -> Result<Option<PublishedProfile>, StoreError> {
        const SQL: &str = "SELECT version, sha256, document, published_at_us, published_by FROM profile
            ORDER BY version DESC LIMIT 1";
        Ok(sql::read(self.database(), SQL, [], read).await?.pop())
    }

    /// Reads one version.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn profile(&self, version: u64) -> Result<Option<PublishedProfile>, StoreError> {
        const SQL: &str = "SELECT version, sha256, document, published_at_us, published_by FROM profile
            WHERE version = $1";
        Ok(sql::read(self.database(), SQL, values![version], read)
            .await?
            .pop())
    }

    /// Lists the versions, newest first, without their documents.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn profiles(&self) -> Result<Vec<PublishedProfile>, StoreError> {
        const SQL: &str = "SELECT version, sha256, '', published_at_us, published_by FROM profile
            ORDER BY version DESC";
        sql::read(self.database(), SQL, [], read).await
    }

    /// Reads every phone's credentials.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn device_secrets(&self) -> Result<Vec<DeviceSecret>, StoreError> {
        const SQL: &str = "SELECT device, realm, sealed, set_at_us FROM device_secret ORDER BY device";
        sql::read(self.database(), SQL, [], |cells| {
            let (device, realm) = (cells.id()?, cells.text()?);
            let sealed = cells.json_or_null()?;
            let sealed = sealed.ok_or_else(|| StoreError::Corrupt(format!("secret of {device}")))?;
            Ok(DeviceSecret {
                device,
                realm,
                sealed,
                set_at: cells.instant()?,
            })
        })
        .await
    }
}

impl Tx {
    /// Stores a profile as the next version and returns the version; the document that is active already keeps its own.
    ///
    /// # Errors
    /// [`StoreError::Database`], also when two publish at once.
    pub async fn publish_profile(
        &mut self,
        document: &str,
        sha256: &str,
        at: WallTime,
        by: &str,
    ) -> Result<u64, StoreError> {
        const LAST: &str = "SELECT version, sha256 FROM profile ORDER BY version DESC LIMIT 1";
        const INSERT: &str = "INSERT INTO profile (version, sha256, document, published_at_us, published_by)
            VALUES ($1, $2, $3, $4, $5)";
        let last = self
            .rows(LAST, [], |cells| Ok((cells.count()?, cells.text()?)))
            .await?
            .pop();
        let (version, known) = last.unwrap_or((0, String::new()));
        if known == sha256 {
            return Ok(version);
        }
        self.execute(INSERT, values![version + 1, sha256, document, at, by])
            .await?;
        Ok(version + 1)
    }

    /// Sets a phone's credentials.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_device_secret(&mut self, secret: &DeviceSecret) -> Result<(), StoreError> {
        const SQL: &str =
            "INSERT INTO device_secret (device, realm, sealed, set_at_us) VALUES ($1, $2, $3, $4)
            ON CONFLICT (device) DO UPDATE SET realm = excluded.realm, sealed = excluded.sealed,
            set_at_us = excluded.set_at_us";
        let values = values![
            secret.device.as_str(),
            &secret.realm,
            json(&secret.sealed),
            secret.set_at
        ];
        self.execute(SQL, values).await.map(|_| ())
    }
}
