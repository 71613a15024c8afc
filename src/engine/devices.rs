//! Phones and their secrets: which have one, new ones for those that have none, and all as the SIP machine wants them.
//!
//! ```text
//!  profile, store ─open─► Devices ─make─► secrets to be told ─store─► sealed HA1 values
//!                            └─accounts─► DeviceAccount of every phone
//! ```
//!
//! **Invariants.** A secret in clear stands in what [`Devices::make`] gives and nowhere else; what is kept are HA1 values,
//! sealed. They prove one user name in one realm: a phone whose user name changed has no secret any more. Making and
//! storing are two steps, so that whoever makes a secret can see first that it will be told.
//! **Not here.** Where secrets are told (`app::credentials`, `http`), proving them (`sip::auth`).
//! **Source.** RFC 7616 §3.4.2 (HA1).

use std::collections::BTreeMap;

use crate::base::ids::DeviceId;
use crate::base::random::Random;
use crate::base::time::WallTime;
use crate::engine::audit::Audit;
use crate::engine::audit::AuditError;
use crate::exchange::profile::Device;
use crate::exchange::profile::Profile;
use crate::fact::personal::Personal;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::profiles::DeviceSecret;
use crate::sip::auth::Secret;
use crate::sip::endpoint::DeviceAccount;

/// Characters of a phone's secret.
const SECRET_LENGTH: usize = 16;
/// Letters and digits that are not mistaken for each other.
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// The setting that keeps the realm.
const REALM_SETTING: &str = "sip-realm";

/// Names of the sealed values.
const MD5: &str = "ha1_md5";
const SHA256: &str = "ha1_sha256";
const USER: &str = "user";

/// Why there are no phones.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Values could not be sealed or opened.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The values of a phone cannot be opened any more.
    #[error("the key of device {0} is gone: give the phone a new secret")]
    KeyGone(DeviceId),
    /// What was opened is no HA1.
    #[error("HA1 of device {0}")]
    Broken(DeviceId),
}

/// A phone's new secret; told once.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSecret {
    /// Which phone.
    pub device: DeviceId,
    /// Its user name.
    pub user: String,
    /// The secret in clear.
    pub secret: String,
}

impl std::fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewSecret({})", self.device)
    }
}

/// The digest realm of every phone: that of the first profile, whatever later ones say, since secrets are bound to it.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn realm(store: &Store, profile: &Profile) -> Result<String, StoreError> {
    store.setting_once(REALM_SETTING, &profile.site.realm).await
}

/// A random password of `length` characters.
pub fn password(random: &mut Random, length: usize) -> String {
    let size = u64::try_from(ALPHABET.len()).unwrap_or(1);
    (0..length)
        .filter_map(|_| ALPHABET.get(usize::try_from(random.below(size)).unwrap_or(0)))
        .map(|byte| char::from(*byte))
        .collect()
}

/// The phones of a profile.
#[derive(Debug)]
pub struct Devices<'a> {
    store: &'a Store,
    audit: &'a Audit,
    realm: &'a str,
    profile: &'a Profile,
    known: BTreeMap<DeviceId, Secret>,
    /// Those of `known` that the database does not know yet.
    fresh: Vec<DeviceId>,
}

impl<'a> Devices<'a> {
    /// Reads what is known of the phones of `profile` in `realm`.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub async fn open(
        store: &'a Store,
        audit: &'a Audit,
        realm: &'a str,
        profile: &'a Profile,
    ) -> Result<Self, DeviceError> {
        let mut known = BTreeMap::new();
        for stored in store.device_secrets().await? {
            let Some(settings) = profile.devices.get(&stored.device) else {
                continue;
            };
            let Some(personal) = audit.open(&stored.sealed).await? else {
                return Err(DeviceError::KeyGone(stored.device));
            };
            // Values from before user names were kept with them are those of the name that the phone has had ever since.
            let same_user = personal.get(USER).is_none_or(|user| user == settings.user);
            if same_user && stored.realm == realm {
                let secret = read(&personal).ok_or_else(|| DeviceError::Broken(stored.device.clone()))?;
                known.insert(stored.device, secret);
            }
        }
        Ok(Self {
            store,
            audit,
            realm,
            profile,
            known,
            fresh: Vec::new(),
        })
    }

    /// Makes secrets for the phones that have none; they count from here on and are stored by [`Devices::store`].
    pub fn make(&mut self, random: &mut Random) -> Vec<NewSecret> {
        let mut made = Vec::new();
        for (device, settings) in &self.profile.devices {
            if self.known.contains_key(device) {
                continue;
            }
            let secret = password(random, SECRET_LENGTH);
            let values = Secret::new(&settings.user, self.realm, &secret);
            self.known.insert(device.clone(), values);
            self.fresh.push(device.clone());
            made.push(NewSecret {
                device: device.clone(),
                user: settings.user.clone(),
                secret,
            });
        }
        made
    }

    /// Stores what was made, all or nothing.
    ///
    /// # Errors
    /// [`DeviceError`]; nothing is stored then.
    pub async fn store(&mut self, at: WallTime) -> Result<(), DeviceError> {
        if self.fresh.is_empty() {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        for device in &self.fresh {
            let (Some(secret), Some(settings)) = (self.known.get(device), self.profile.devices.get(device))
            else {
                continue;
            };
            let personal = Personal::default()
                .with(USER, settings.user.as_str())
                .with(MD5, hex::encode(secret.md5))
                .with(SHA256, hex::encode(secret.sha256));
            let key = format!("device-{device}");
            let row = DeviceSecret {
                device: device.clone(),
                realm: self.realm.to_owned(),
                sealed: self.audit.seal(&mut tx, &key, &personal).await?,
                set_at: at,
            };
            tx.set_device_secret(&row).await?;
        }
        tx.commit().await?;
        self.fresh.clear();
        Ok(())
    }

    /// Every phone that has a secret, as the SIP machine wants it.
    pub fn accounts(&self) -> Vec<DeviceAccount> {
        let account = |(device, settings): (&DeviceId, &Device)| {
            let secret = self.known.get(device)?;
            Some(DeviceAccount {
                device: device.clone(),
                user: settings.user.clone(),
                ha1_md5: secret.md5,
                ha1_sha256: (!settings.md5_only).then_some(secret.sha256),
            })
        };
        self.profile.devices.iter().filter_map(account).collect()
    }
}

/// The values that were sealed.
fn read(personal: &Personal) -> Option<Secret> {
    let value = |name| hex::decode(personal.get(name)?).ok();
    Some(Secret {
        md5: value(MD5)?.try_into().ok()?,
        sha256: value(SHA256)?.try_into().ok()?,
    })
}
