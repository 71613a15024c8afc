//! Keys: the master key on disk, a data key per interaction or order, and the keyed tags for equality search.
//!
//! ```text
//!   master.key (0600) ──wraps──► data key ──seals──► personal data
//!          └──derives──► tag key ──HMAC──► number tag, last-four tag
//! ```
//!
//! **Invariants.** A data key is made durable together with the fact that first uses it. Deleting its row is erasing.
//! Several masters may stand in the file: the last one wraps, all unwrap. Tags come from the first, so that search
//! survives a rotation. Nothing secret is printed.
//! **Source.** AES-256-GCM: NIST SP 800-38D; HMAC-SHA-256: RFC 2104.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use aes_gcm::Aes256Gcm;
use aes_gcm::KeyInit as _;
use aes_gcm::aead::Aead as _;
use aes_gcm::aead::Payload;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::Hmac;
use hmac::Mac as _;
use serde::Deserialize;
use serde::Serialize;
use sha2::Sha256;

use crate::base::phone_number::Canonical;
use crate::base::phone_number::Number;
use crate::fact::codec::SealError;
use crate::fact::codec::Sealer;
use crate::fact::personal::Personal;
use crate::fact::personal::Sealed;

/// The algorithm id of sealed values and wrapped keys.
pub const SEAL_ALGORITHM: &str = "A256GCM";
/// Data keys kept unwrapped in memory, 20 MB. A call's key must not be pushed out between two facts that use it: this is
/// half an hour of 50 new calls a second.
const CACHE_MAX: usize = 100_000;
/// The key of facts that belong to no interaction or order. It lives as long as the site and is never pushed out.
pub const SITE_KEY: &str = "site";

/// A data key as it is stored: wrapped by a master.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Whose personal data it seals.
    pub key_id: String,
    /// Which master wraps it.
    pub master_id: String,
    /// `A256GCM:` + base64 of nonce ‖ ciphertext ‖ tag.
    pub wrapped: String,
}

/// Why keys are not to be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file system said no.
    #[error("{path}: {error}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// The file may be read by others.
    #[error("{0}: must not be readable by others; run: chmod 600 {0}")]
    Mode(PathBuf),
    /// The file holds no key.
    #[error("{path}, line {line}: expected an id and 64 hexadecimal digits")]
    Format {
        /// Which file.
        path: PathBuf,
        /// Which line.
        line: usize,
    },
}

/// A 256-bit key that never prints itself.
#[derive(Clone)]
pub struct DataKey([u8; 32]);

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey")
    }
}

/// All keys of one site.
#[derive(Debug)]
pub struct KeyRing {
    masters: BTreeMap<String, DataKey>,
    wrapping: String,
    tag_key: DataKey,
    index_key: DataKey,
    /// Keys by id, each with the turn of its last use.
    cache: BTreeMap<Arc<str>, (DataKey, u64)>,
    /// Ids by that turn: the first was used longest ago.
    order: BTreeMap<u64, Arc<str>>,
    turn: u64,
    created: Vec<KeyRecord>,
}

impl KeyRing {
    /// Opens `<data>/keys/master.key`, making it at the first start.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn open(data: &Path) -> Result<Self, KeyError> {
        let folder = data.join("keys");
        let path = folder.join("master.key");
        let fail = |error| KeyError::Io {
            path: path.clone(),
            error,
        };
        if !path.exists() {
            fs::create_dir_all(&folder).map_err(fail)?;
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).map_err(fail)?;
            append_master(&path, "m1").map_err(fail)?;
        }
        let mode = fs::metadata(&path).map_err(fail)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(KeyError::Mode(path));
        }
        let text = fs::read_to_string(&path).map_err(fail)?;
        let mut masters = BTreeMap::new();
        let (mut first, mut last) = (None, None);
        for (at, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            let (id, key) = parse_master(line).ok_or_else(|| KeyError::Format {
                path: path.clone(),
                line: at + 1,
            })?;
            first.get_or_insert_with(|| key.clone());
            last = Some(id.clone());
            masters.insert(id, key);
        }
        let (Some(first), Some(wrapping)) = (first, last) else {
            return Err(KeyError::Format { path, line: 1 });
        };
        let tag_key = DataKey(hmac(&first.0, b"rexian number tags 1"));
        let index_key = DataKey(hmac(&first.0, b"rexian search index 1"));
        Ok(Self {
            masters,
            wrapping,
            tag_key,
            index_key,
            cache: BTreeMap::new(),
            order: BTreeMap::new(),
            turn: 0,
            created: Vec::new(),
        })
    }

    /// Adds a new master, which wraps from now on.
    ///
    /// # Errors
    /// [`KeyError::Io`].
    pub fn rotate(data: &Path) -> Result<Self, KeyError> {
        let path = data.join("keys").join("master.key");
        let known = Self::open(data)?.masters.len();
        append_master(&path, &format!("m{}", known + 1)).map_err(|error| KeyError::Io { path, error })?;
        Self::open(data)
    }

    /// The key from which the search index makes its tags.
    pub const fn index_key(&self) -> &[u8; 32] {
        &self.index_key.0
    }

    /// The id of the master that wraps.
    pub fn wrapping_master(&self) -> &str {
        &self.wrapping
    }

    /// Takes the records of keys made since the last call; they must be stored with the facts that use them.
    pub fn take_created(&mut self) -> Vec<KeyRecord> {
        std::mem::take(&mut self.created)
    }

    /// The data key `key_id`, made when it is not known. A key that was made and stored before must be brought back
    /// with [`KeyRing::adopt`] first.
    ///
    /// # Errors
    /// [`SealError`] when the operating system has no randomness or wrapping fails.
    pub fn data_key(&mut self, key_id: &str) -> Result<DataKey, SealError> {
        if let Some((key, _)) = self.cache.get(key_id) {
            let key = key.clone();
            self.remember(key_id, key.clone());
            return Ok(key);
        }
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| SealError::NoKey(key_id.to_owned()))?;
        let key = DataKey(bytes);
        let record = self.wrap(key_id, &key)?;
        self.created.push(record);
        self.remember(key_id, key.clone());
        Ok(key)
    }

    /// Makes a key that is stored by its user, as a recording does in its own header; it is not remembered.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn fresh(&self, key_id: &str) -> Result<(DataKey, KeyRecord), SealError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| SealError::NoKey(key_id.to_owned()))?;
        let key = DataKey(bytes);
        let record = self.wrap(key_id, &key)?;
        Ok((key, record))
    }

    /// Whether the key is in memory.
    pub fn knows(&self, key_id: &str) -> bool {
        self.cache.contains_key(key_id)
    }

    /// Unwraps a stored key and remembers it.
    ///
    /// # Errors
    /// [`SealError::NoKey`] for an unknown master, [`SealError::Broken`].
    pub fn adopt(&mut self, record: &KeyRecord) -> Result<DataKey, SealError> {
        let key = self.unwrap_key(record)?;
        self.remember(&record.key_id, key.clone());
        Ok(key)
    }

    /// Forgets a key whose row was erased.
    pub fn forget(&mut self, key_id: &str) {
        if let Some((_, turn)) = self.cache.remove(key_id) {
            self.order.remove(&turn);
        }
    }

    /// Wraps a key under the present master.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn wrap(&self, key_id: &str, key: &DataKey) -> Result<KeyRecord, SealError> {
        let master = self
            .masters
            .get(&self.wrapping)
            .ok_or_else(|| SealError::NoKey(self.wrapping.clone()))?;
        let wrapped = format!(
            "{SEAL_ALGORITHM}:{}",
            BASE64.encode(encrypt(master, key_id, &key.0)?)
        );
        Ok(KeyRecord {
            key_id: key_id.to_owned(),
            master_id: self.wrapping.clone(),
            wrapped,
        })
    }

    /// Opens a wrapped key.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn unwrap_key(&self, record: &KeyRecord) -> Result<DataKey, SealError> {
        let master = self
            .masters
            .get(&record.master_id)
            .ok_or_else(|| SealError::NoKey(record.master_id.clone()))?;
        let text = record
            .wrapped
            .strip_prefix(SEAL_ALGORITHM)
            .and_then(|rest| rest.strip_prefix(':'))
            .ok_or_else(|| SealError::Algorithm(record.wrapped.chars().take(8).collect()))?;
        let broken = || SealError::Broken(record.key_id.clone());
        let bytes = decrypt(
            master,
            &record.key_id,
            &BASE64.decode(text).map_err(|_| broken())?,
        )?;
        Ok(DataKey(bytes.try_into().map_err(|_| broken())?))
    }

    /// Opens sealed personal data with its data key.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn open_sealed(sealed: &Sealed, key: &DataKey) -> Result<Personal, SealError> {
        if sealed.alg != SEAL_ALGORITHM {
            return Err(SealError::Algorithm(sealed.alg.clone()));
        }
        let broken = || SealError::Broken(sealed.key.clone());
        let bytes = decrypt(
            key,
            &sealed.key,
            &BASE64.decode(&sealed.ct).map_err(|_| broken())?,
        )?;
        serde_json::from_slice(&bytes).map_err(|error| SealError::Json(error.to_string()))
    }

    /// The search tag of a number, or none for one that is not a number.
    pub fn number_tag(&self, number: &Number) -> Option<String> {
        match &number.canonical {
            Canonical::E164(text) | Canonical::Short(text) => Some(self.tag("number", text)),
            Canonical::Anonymous | Canonical::Invalid => None,
        }
    }

    /// The search tag of four last digits.
    pub fn last4_tag(&self, last4: &str) -> String {
        self.tag("last4", last4)
    }

    fn tag(&self, what: &str, text: &str) -> String {
        format!(
            "HS256:{}",
            hex::encode(hmac(&self.tag_key.0, format!("{what}:{text}").as_bytes()))
        )
    }

    /// Keeps a key as the one used last; the one used longest ago goes.
    fn remember(&mut self, key_id: &str, key: DataKey) {
        let id = self
            .cache
            .get_key_value(key_id)
            .map_or_else(|| Arc::from(key_id), |(id, _)| Arc::clone(id));
        self.turn += 1;
        if let Some((_, turn)) = self.cache.insert(Arc::clone(&id), (key, self.turn)) {
            self.order.remove(&turn);
        }
        if key_id != SITE_KEY {
            self.order.insert(self.turn, id);
        }
        while CACHE_MAX < self.cache.len() {
            match self.order.pop_first() {
                Some((_, oldest)) => self.cache.remove(&oldest),
                None => break,
            };
        }
    }
}

impl Sealer for KeyRing {
    fn seal(&mut self, key_id: &str, personal: &Personal) -> Result<Sealed, SealError> {
        let key = self.data_key(key_id)?;
        let plain = serde_json::to_vec(personal).map_err(|error| SealError::Json(error.to_string()))?;
        let number = personal.number.as_ref();
        let last4 = number
            .map(Number::canonical_text)
            .filter(|text| 8 <= text.len())
            .map(|text| {
                let start = text.len() - 4;
                self.last4_tag(text.get(start..).unwrap_or_default())
            });
        Ok(Sealed {
            alg: SEAL_ALGORITHM.to_owned(),
            key: key_id.to_owned(),
            ct: BASE64.encode(encrypt(&key, key_id, &plain)?),
            number_tag: number.and_then(|number| self.number_tag(number)),
            last4_tag: last4,
        })
    }
}

/// The key ring as it is shared between threads.
#[derive(Clone, Debug)]
pub struct Keys(Arc<Mutex<KeyRing>>);

impl Keys {
    /// Shares a ring.
    pub fn new(ring: KeyRing) -> Self {
        Self(Arc::new(Mutex::new(ring)))
    }

    /// Uses the ring; never across a wait.
    pub fn with<T>(&self, work: impl FnOnce(&mut KeyRing) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Seals `plain` with AES-256-GCM under `key`; `context` is authenticated beside it. Nonce ‖ ciphertext ‖ tag.
///
/// # Errors
/// [`SealError::NoKey`] without randomness.
pub fn encrypt(key: &DataKey, context: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; 12];
    getrandom::fill(&mut nonce).map_err(|_| SealError::NoKey(context.to_owned()))?;
    let payload = Payload {
        msg: plain,
        aad: context.as_bytes(),
    };
    let sealed = cipher(key)
        .encrypt(&nonce.into(), payload)
        .map_err(|_| SealError::Broken(context.to_owned()))?;
    Ok([&nonce[..], &sealed].concat())
}

/// Opens what [`encrypt`] sealed.
///
/// # Errors
/// [`SealError::Broken`].
pub fn decrypt(key: &DataKey, context: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let broken = || SealError::Broken(context.to_owned());
    let (nonce, body) = sealed.split_first_chunk::<12>().ok_or_else(broken)?;
    let payload = Payload {
        msg: body,
        aad: context.as_bytes(),
    };
    cipher(key)
        .decrypt(&(*nonce).into(), payload)
        .map_err(|_| broken())
}

/// The cipher of a key, for callers with their own nonces.
pub fn cipher(key: &DataKey) -> Aes256Gcm {
    Aes256Gcm::new(&key.0.into())
}

fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return [0; 32];
    };
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn append_master(path: &Path, id: &str) -> io::Result<()> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
    let mut file = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{id} {}", hex::encode(key))?;
    file.sync_all()?;
    // A master that a power cut takes away would take all personal data with it: the folders' entries count, too.
    for folder in path.ancestors().skip(1).take(2) {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn parse_master(line: &str) -> Option<(String, DataKey)> {
    let (id, key) = line.trim().split_once(' ')?;
    let bytes: [u8; 32] = hex::decode(key.trim()).ok()?.try_into().ok()?;
    Some((id.to_owned(), DataKey(bytes)))
}
