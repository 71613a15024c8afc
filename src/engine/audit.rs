//! The chain of facts that are born in the database: accounts, permissions, work orders. One per node, beside the
//! node's own, and the place where the daily heads of all chains are kept outside the database.
//!
//! **Invariants.** Facts are appended inside the transaction of the rows they speak of; the chain's head is locked
//! until that transaction ends, so numbers have no gap and hashes follow each other. Hashes run over ciphertext.
//! **Not here.** Facts of calls (`io::journal`); the envelope and its hash (`fact::codec`).
//! **Source.** GB/T 22239—2019 8.1.5.2 (audit records are protected against loss and change).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;

use crate::base::ids::BootId;
use crate::base::time::Clock;
use crate::base::time::WallTime;
use crate::fact::FactNo;
use crate::fact::Record;
use crate::fact::codec;
use crate::fact::codec::CodecError;
use crate::fact::codec::EnvelopeWriter;
use crate::fact::codec::SealError;
use crate::fact::codec::Sealer;
use crate::fact::personal::Personal;
use crate::fact::personal::Sealed;
use crate::io::keys::KeyRecord;
use crate::io::keys::KeyRing;
use crate::io::keys::Keys;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::Tx;
use crate::io::store::journal::ChainHead;

/// How often the day is looked at.
const HEADS_LOOK: Duration = Duration::from_mins(10);
/// Facts read at once when a chain is checked.
const PAGE: u32 = 500;

/// Why facts were not appended.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Personal data could not be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The envelope could not be made.
    #[error(transparent)]
    Envelope(#[from] CodecError),
    /// The heads file could not be written or read.
    #[error("{}: {error}", path.display())]
    Heads {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

/// What is wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainFault {
    /// The fact that was changed or removed, or that does not follow the one before it.
    pub fact_no: FactNo,
    /// Set when it is a head kept outside the database on that day that does not stand in the chain.
    pub day: Option<String>,
}

/// A chain after a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many facts were read.
    pub facts: u64,
    /// Where the chain stands.
    pub head: ChainHead,
    /// What is wrong, at most one hundred.
    pub faults: Vec<ChainFault>,
    /// The last fact of each civil day that has one.
    pub days: BTreeMap<String, FactNo>,
}

/// The chain of facts born in the database.
#[derive(Clone)]
pub struct Audit {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    keys: Keys,
    node: String,
    boot: BootId,
    site: String,
    heads: PathBuf,
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Audit({})", self.inner.node)
    }
}

/// What a chain is written with.
#[derive(Clone, Debug)]
pub struct AuditConfig {
    /// This node; the chain is called `<node>-db`.
    pub node: String,
    /// This run of the program.
    pub boot: BootId,
    /// The city, as in every envelope.
    pub site: String,
    /// The data directory; heads are kept in `audit/heads.log` below it.
    pub data: PathBuf,
}

impl Audit {
    /// Makes the chain's writer.
    pub fn new(store: Store, keys: Keys, config: AuditConfig) -> Self {
        let AuditConfig {
            node,
            boot,
            site,
            data,
        } = config;
        let heads = data.join("audit").join("heads.log");
        Self {
            inner: Arc::new(Inner {
                store,
                keys,
                node: format!("{node}-db"),
                boot,
                site,
                heads,
            }),
        }
    }

    /// The name of the chain.
    pub fn node(&self) -> &str {
        &self.inner.node
    }

    /// Appends facts inside a transaction; they are durable when it is committed.
    ///
    /// # Errors
    /// [`AuditError`]; the transaction is then to be dropped.
    pub async fn append(&self, tx: &mut Tx, records: &[Record]) -> Result<(), AuditError> {
        if records.is_empty() {
            return Ok(());
        }
        for record in records.iter().filter(|record| record.personal.is_some()) {
            self.learn(tx, &codec::key_id(record)).await?;
        }
        let head = tx.lock_chain(&self.inner.node).await?;
        let (envelopes, head, keys) = self.encode(records, &head)?;
        tx.append_journal(&self.inner.node, envelopes.iter().map(String::as_str))
            .await?;
        tx.set_chain(&self.inner.node, &head).await?;
        tx.put_data_keys(&keys).await?;
        Ok(())
    }

    /// Appends facts in a transaction of their own.
    ///
    /// # Errors
    /// [`AuditError`]; nothing is written.
    pub async fn write(&self, records: &[Record]) -> Result<(), AuditError> {
        let mut tx = self.inner.store.begin().await?;
        self.append(&mut tx, records).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Seals values for a row inside a transaction, and stores the key with them.
    ///
    /// # Errors
    /// [`AuditError`].
    pub async fn seal(&self, tx: &mut Tx, key_id: &str, personal: &Personal) -> Result<Sealed, AuditError> {
        self.learn(tx, key_id).await?;
        let (sealed, key) = seal(&self.inner.keys, key_id, personal)?;
        tx.put_data_keys(&[key]).await?;
        Ok(sealed)
    }

    /// Opens values of a row; none when their key was erased.
    ///
    /// # Errors
    /// [`AuditError`].
    pub async fn open(&self, sealed: &Sealed) -> Result<Option<Personal>, AuditError> {
        match self.inner.store.data_key(&sealed.key).await? {
            Some(record) => Ok(Some(self.open_with(sealed, &record)?)),
            None => Ok(None),
        }
    }

    /// Opens values of a row whose key has been read.
    ///
    /// # Errors
    /// [`AuditError::Seal`].
    pub fn open_with(&self, sealed: &Sealed, key: &KeyRecord) -> Result<Personal, AuditError> {
        let key = self.inner.keys.with(|ring| ring.unwrap_key(key))?;
        Ok(KeyRing::open_sealed(sealed, &key)?)
    }

    /// Another process may have made the key: what is stored counts.
    async fn learn(&self, tx: &mut Tx, key_id: &str) -> Result<(), AuditError> {
        if let Some(record) = tx.data_key(key_id).await? {
            self.inner.keys.with(|ring| ring.adopt(&record))?;
        }
        Ok(())
    }

    fn encode(
        &self,
        records: &[Record],
        head: &ChainHead,
    ) -> Result<(Vec<String>, ChainHead, Vec<KeyRecord>), AuditError> {
        let Inner {
            node,
            boot,
            site,
            keys,
            ..
        } = &*self.inner;
        let mut writer = EnvelopeWriter::new(node, *boot, site, head.fact_no, &head.hash);
        let mut sealer = Collector {
            keys,
            made: Vec::new(),
        };
        let mut envelopes = Vec::with_capacity(records.len());
        for record in records {
            let mut bytes = Vec::new();
            writer.encode(record, &mut sealer, &mut bytes)?;
            let text = String::from_utf8(bytes);
            envelopes.push(text.map_err(|error| CodecError::Json(error.to_string()))?);
        }
        let (fact_no, hash) = writer.head();
        Ok((
            envelopes,
            ChainHead {
                fact_no,
                hash: hash.to_owned(),
            },
            sealer.made,
        ))
    }

    /// Keeps the heads of all chains for `day` (`YYYY-MM-DD`) outside the database; once a day is enough.
    ///
    /// Returns how many heads were added: none when those of the day are kept already.
    ///
    /// # Errors
    /// [`AuditError`].
    pub async fn keep_heads(&self, day: &str) -> Result<usize, AuditError> {
        let kept = self.kept_heads().await?;
        let mut lines = String::new();
        let mut added = 0;
        for node in self.inner.store.nodes().await? {
            if kept.iter().any(|head| head.day == day && head.node == node) {
                continue;
            }
            let head = self.inner.store.last_hash(&node).await?;
            let _ = writeln!(lines, "{day} {node} {} {}", head.fact_no.0, head.hash);
            added += 1;
        }
        if !lines.is_empty() {
            append(&self.inner.heads, &lines)
                .await
                .map_err(|error| self.heads_error(error))?;
        }
        Ok(added)
    }

    /// Keeps the heads of every day as long as the program runs; `day` gives the civil day of an instant. `failed` hears
    /// of each failure; the next try is made at the next look.
    pub async fn keep_heads_daily(
        self,
        clock: impl Clock + Send,
        day: impl Fn(WallTime) -> String + Send,
        mut failed: impl FnMut(&AuditError) + Send,
    ) {
        let mut kept = String::new();
        loop {
            let today = day(clock.now().wall);
            if today != kept {
                match self.keep_heads(&today).await {
                    Ok(_) => kept = today,
                    Err(error) => failed(&error),
                }
            }
            tokio::time::sleep(HEADS_LOOK).await;
        }
    }

    /// The heads that are kept outside the database.
    ///
    /// # Errors
    /// [`AuditError::Heads`].
    pub async fn kept_heads(&self) -> Result<Vec<KeptHead>, AuditError> {
        let text = self.heads_text().await?;
        Ok(text.lines().filter_map(KeptHead::parse).collect())
    }

    /// The lines of the heads' file that are no heads, each by its number: 1, 2, 3 … A damaged line takes its head out
    /// of every check, so that it is to be told.
    ///
    /// # Errors
    /// [`AuditError::Heads`].
    pub async fn damaged_heads(&self) -> Result<Vec<usize>, AuditError> {
        let text = self.heads_text().await?;
        let damaged = { 1.. }
            .zip(text.lines())
            .filter(|(_, line)| !line.is_empty() && KeptHead::parse(line).is_none());
        Ok(damaged.map(|(number, _)| number).collect())
    }

    async fn heads_text(&self) -> Result<String, AuditError> {
        match tokio::fs::read(&self.inner.heads).await {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(self.heads_error(error)),
        }
    }

    /// Reads a whole chain and checks it against itself and against the heads kept outside.
    ///
    /// # Errors
    /// [`AuditError`] when it cannot be read; what is wrong with it stands in the answer.
    pub async fn verify(&self, node: &str) -> Result<Verified, AuditError> {
        self.verify_by_day(node, |_| String::new()).await
    }

    /// The same, and tells which days have facts; `day` gives the civil day of an instant.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub async fn verify_by_day(
        &self,
        node: &str,
        day: impl Fn(WallTime) -> String,
    ) -> Result<Verified, AuditError> {
        let kept: Vec<KeptHead> = self
            .kept_heads()
            .await?
            .into_iter()
            .filter(|head| head.node == node)
            .collect();
        // Where the database itself says that the chain stands; what is appended from now on comes behind it.
        let said = self.inner.store.chain_head(node).await?;
        let mut verified = Verified {
            facts: 0,
            head: ChainHead::first(),
            faults: Vec::new(),
            days: BTreeMap::new(),
        };
        let mut seen = 0;
        loop {
            let page = self
                .inner
                .store
                .facts_after(node, verified.head.fact_no, PAGE)
                .await?;
            for (fact_no, text) in &page {
                let at = check_fact(&mut verified, *fact_no, text);
                at.map(|at| verified.days.insert(day(at), *fact_no));
                let named = kept.iter().filter(|head| head.fact_no == *fact_no);
                for head in named {
                    seen += 1;
                    if head.hash != verified.head.hash {
                        verified.faults.push(ChainFault {
                            fact_no: *fact_no,
                            day: Some(head.day.clone()),
                        });
                    }
                }
                let is_last = said.fact_no == *fact_no && said.hash != verified.head.hash;
                if is_last && verified.faults.iter().all(|fault| fault.fact_no != *fact_no) {
                    verified.faults.push(ChainFault {
                        fact_no: *fact_no,
                        day: None,
                    });
                }
            }
            if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) || 100 < verified.faults.len() {
                break;
            }
        }
        if seen < kept.len() {
            let beyond = kept.iter().filter(|head| verified.head.fact_no < head.fact_no);
            verified.faults.extend(beyond.map(|head| ChainFault {
                fact_no: head.fact_no,
                day: Some(head.day.clone()),
            }));
        }
        let whole = verified.faults.len() <= 100;
        if whole && verified.head.fact_no < said.fact_no {
            let told = verified.faults.iter().any(|fault| fault.fact_no == said.fact_no);
            verified.faults.extend((!told).then_some(ChainFault {
                fact_no: said.fact_no,
                day: None,
            }));
        }
        Ok(verified)
    }

    fn heads_error(&self, error: std::io::Error) -> AuditError {
        AuditError::Heads {
            path: self.inner.heads.clone(),
            error,
        }
    }
}

/// A line of the heads file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptHead {
    /// `YYYY-MM-DD`.
    pub day: String,
    /// The chain.
    pub node: String,
    /// Its last fact then.
    pub fact_no: FactNo,
    /// The hash of that fact.
    pub hash: String,
}

impl KeptHead {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (day, node) = (words.next()?.to_owned(), words.next()?.to_owned());
        let fact_no = FactNo(words.next()?.parse().ok()?);
        Some(Self {
            day,
            node,
            fact_no,
            hash: words.next()?.to_owned(),
        })
    }
}

/// Checks a fact against the one before it; gives when it happened.
fn check_fact(verified: &mut Verified, fact_no: FactNo, text: &str) -> Option<WallTime> {
    verified.facts += 1;
    let follows = fact_no.0 == verified.head.fact_no.0.saturating_add(1);
    let envelope = codec::decode(text.as_bytes()).ok();
    let hash = match codec::verify_link(text.as_bytes(), &verified.head.hash) {
        Ok(hash) if follows => hash,
        Ok(hash) => {
            verified.faults.push(ChainFault { fact_no, day: None });
            hash
        }
        Err(_) => {
            verified.faults.push(ChainFault { fact_no, day: None });
            // The rest is checked against what the text claims, so that one fault is told once.
            envelope.as_ref().map(|it| it.hash.clone()).unwrap_or_default()
        }
    };
    verified.head = ChainHead { fact_no, hash };
    envelope.map(|it| WallTime::from_micros(it.at_us))
}

async fn append(path: &Path, lines: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await?;
    }
    let mut file = tokio::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .await?;
    // A line that a crash cut off stays a line of its own, and is told as damaged.
    let mut text = String::new();
    if !ends_with_line(path).await? {
        text.push('\n');
    }
    text.push_str(lines);
    file.write_all(text.as_bytes()).await?;
    file.sync_all().await
}

async fn ends_with_line(path: &Path) -> std::io::Result<bool> {
    let bytes = tokio::fs::read(path).await?;
    Ok(bytes.last().is_none_or(|byte| *byte == b'\n'))
}

/// Seals, and gives the key as it is to be stored: the row that is there already stays.
fn seal(keys: &Keys, key_id: &str, personal: &Personal) -> Result<(Sealed, KeyRecord), SealError> {
    keys.with(|ring| {
        let sealed = ring.seal(key_id, personal)?;
        let key = ring.data_key(key_id)?;
        Ok((sealed, ring.wrap(key_id, &key)?))
    })
}

/// Seals through the ring and gathers the keys that are to be stored.
struct Collector<'a> {
    keys: &'a Keys,
    made: Vec<KeyRecord>,
}

impl Sealer for Collector<'_> {
    fn seal(&mut self, key_id: &str, personal: &Personal) -> Result<Sealed, SealError> {
        let (sealed, key) = seal(self.keys, key_id, personal)?;
        if self.made.iter().all(|made| made.key_id != key.key_id) {
            self.made.push(key);
        }
        Ok(sealed)
    }
}
