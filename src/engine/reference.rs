//! Reference data while the program runs: the newest documents of every kind as one whole, swapped whole.
//!
//! ```text
//!  document ─► one written form ─► same as before? nothing ─► checked with all others ─► row + fact ─► swapped
//!                                                               └─ faults: nothing has changed
//! ```
//!
//! **Invariants.** What is given out never changes; who needs a consistent picture takes it once. A version is published
//! with its fact or not at all. Two who publish, on whatever node, come one after the other.
//! **Not here.** What is a fault (`ticket::reference`); who may publish (`account::permission`, asked by the caller).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::time::Duration;

use sha2::Digest as _;
use sha2::Sha256;

use crate::base::fault::Fault;
use crate::base::time::Now;
use crate::engine::audit::Audit;
use crate::engine::audit::AuditError;
use crate::fact::Actor;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::system::SystemFact;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::reference::PublishedDocument;
use crate::ticket::reference::Document;
use crate::ticket::reference::Kind;
use crate::ticket::reference::Reference;
use crate::ticket::table;
use crate::ticket::table::Changes;

/// How often another process's publications are looked for.
pub const LOOK: Duration = Duration::from_secs(10);
/// By whom the shipped documents were published.
pub const PROGRAM: &str = "program";

/// Why nothing was published or read.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// The database did not do it; [`StoreError::Version`] when somebody was quicker.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The trail could not be written.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The document, or what is stored, has faults.
    #[error("{} faults; the first: {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
    Faults(Vec<Fault>),
}

/// Who publishes, and when.
#[derive(Clone, Debug)]
pub struct Publisher {
    /// As in the fact.
    pub actor: Actor,
    /// As in the row: a user's name, `command-line`.
    pub name: String,
    /// What brought it about, as `api:reference`.
    pub cause: &'static str,
    /// When.
    pub now: Now,
}

/// What a publication came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The version that counts now.
    pub version: i64,
    /// Hex SHA-256 of its document.
    pub sha256: String,
    /// What differs from the version before; empty when the content was published already.
    pub changes: Changes,
}

/// The reference data; cheap to clone.
#[derive(Clone, Debug)]
pub struct References(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    audit: Audit,
    current: RwLock<Arc<Reference>>,
}

impl References {
    /// Reads the newest documents; a kind that has none is published as it was shipped.
    ///
    /// # Errors
    /// [`ReferenceError::Faults`] when what is stored is no longer a whole; [`ReferenceError::Store`].
    pub async fn open(store: Store, audit: Audit, now: Now) -> Result<Self, ReferenceError> {
        let mut tx = store.begin().await?;
        tx.lock_references().await?;
        let mut rows = tx.newest_references().await?;
        let mut records = Vec::new();
        for kind in Kind::ALL {
            if rows.iter().any(|row| row.kind == kind.code()) {
                continue;
            }
            let document = table::canonical(kind, kind.shipped());
            let row = row(kind, 1, document, PROGRAM, now);
            tx.publish_reference(&row).await?;
            records.push(record(Actor::system(), "start", now, &row));
            rows.push(row);
        }
        let whole = whole(&rows)?;
        audit.append(&mut tx, &records).await?;
        tx.commit().await?;
        Ok(Self(Arc::new(Inner {
            store,
            audit,
            current: RwLock::new(Arc::new(whole)),
        })))
    }

    /// The whole as it stands; it never changes in the hand of who took it.
    pub fn current(&self) -> Arc<Reference> {
        Arc::clone(&self.0.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What a document would change.
    ///
    /// # Errors
    /// Every fault of it.
    pub fn check(&self, kind: Kind, text: &str) -> Result<Changes, Vec<Fault>> {
        let current = self.current();
        let text = table::canonical(kind, text);
        current.with(kind, &text)?;
        Ok(table::changes(kind, current.document(kind), &text))
    }

    /// Publishes a document as the next version of its kind; the same content again publishes nothing.
    ///
    /// `expected` is the version the publisher had before his eyes, if he says.
    ///
    /// # Errors
    /// [`ReferenceError::Faults`] names all of them; [`StoreError::Version`] when another version is the newest.
    pub async fn publish(
        &self,
        kind: Kind,
        text: &str,
        expected: Option<i64>,
        by: Publisher,
    ) -> Result<Publication, ReferenceError> {
        let mut tx = self.0.store.begin().await?;
        tx.lock_references().await?;
        let rows = tx.newest_references().await?;
        let before = self.at(&rows)?;
        let actual = before.version(kind);
        if expected.is_some_and(|expected| expected != actual) {
            return Err(StoreError::Version { actual }.into());
        }
        let text = table::canonical(kind, text);
        if text == before.document(kind) {
            self.swap(before);
            return Ok(Publication {
                version: actual,
                sha256: sha256(&text),
                changes: Changes::default(),
            });
        }
        let next = before.with(kind, &text).map_err(ReferenceError::Faults)?;
        let changes = table::changes(kind, before.document(kind), &text);
        let row = row(kind, actual + 1, text, &by.name, by.now);
        tx.publish_reference(&row).await?;
        let fact = record(by.actor, by.cause, by.now, &row);
        self.0.audit.append(&mut tx, &[fact]).await?;
        tx.commit().await?;
        self.swap(Arc::new(next));
        tracing::info!(%kind, version = row.version, "reference data were published");
        Ok(Publication {
            version: row.version,
            sha256: row.sha256,
            changes,
        })
    }

    /// Takes up what another process has published; tells whether there was something.
    ///
    /// # Errors
    /// [`ReferenceError`]; the whole in use stays.
    pub async fn refresh(&self) -> Result<bool, ReferenceError> {
        let current = self.current();
        let versions = self.0.store.reference_versions().await?;
        let newer = |(code, version): &(String, i64)| {
            code.parse()
                .is_ok_and(|kind: Kind| current.version(kind) < *version)
        };
        if !versions.iter().any(newer) {
            return Ok(false);
        }
        let rows = self.0.store.newest_references().await?;
        self.swap(Arc::new(whole(&rows)?));
        Ok(true)
    }

    /// Takes up what other processes publish, as long as the program runs; `failed` hears of each failure.
    pub async fn follow(self, mut failed: impl FnMut(&ReferenceError) + Send) {
        loop {
            tokio::time::sleep(LOOK).await;
            match self.refresh().await {
                Ok(true) => tracing::info!("reference data of another process were taken up"),
                Ok(false) => (),
                Err(error) => failed(&error),
            }
        }
    }

    /// Reads versions of a kind from the database, newest first; those below `before`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn history(
        &self,
        kind: Kind,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<PublishedDocument>, StoreError> {
        let before = before.unwrap_or(i64::MAX);
        self.0.store.reference_history(kind.code(), before, limit).await
    }

    /// Reads one version of a kind.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn version(&self, kind: Kind, version: i64) -> Result<Option<PublishedDocument>, StoreError> {
        self.0.store.reference_document(kind.code(), version).await
    }

    /// The whole of rows: the one in use when it is that.
    fn at(&self, rows: &[PublishedDocument]) -> Result<Arc<Reference>, ReferenceError> {
        let current = self.current();
        let same = |row: &PublishedDocument| {
            row.kind
                .parse()
                .is_ok_and(|kind: Kind| current.version(kind) == row.version)
        };
        if rows.iter().all(same) {
            return Ok(current);
        }
        whole(rows).map(Arc::new)
    }

    fn swap(&self, next: Arc<Reference>) {
        *self.0.current.write().unwrap_or_else(PoisonError::into_inner) = next;
    }
}

fn whole(rows: &[PublishedDocument]) -> Result<Reference, ReferenceError> {
    let mut documents = BTreeMap::new();
    for row in rows {
        // A kind of a newer program is of no use here.
        if let Ok(kind) = row.kind.parse::<Kind>() {
            let document = Document {
                version: row.version,
                text: row.document.as_str().into(),
            };
            documents.insert(kind, document);
        }
    }
    Reference::build(documents).map_err(ReferenceError::Faults)
}

fn row(kind: Kind, version: i64, document: String, by: &str, now: Now) -> PublishedDocument {
    PublishedDocument {
        kind: kind.code().to_owned(),
        version,
        sha256: sha256(&document),
        document,
        published_at: now.wall,
        published_by: by.to_owned(),
    }
}

fn sha256(document: &str) -> String {
    hex::encode(Sha256::digest(document.as_bytes()))
}

fn record(actor: Actor, cause: &'static str, now: Now, row: &PublishedDocument) -> Record {
    let fact = SystemFact::ReferencePublished {
        document: row.kind.clone(),
        version: row.version,
        sha256: row.sha256.clone(),
    };
    Record {
        now,
        interaction: None,
        ticket: None,
        actor,
        cause,
        fact: Fact::System(fact),
        personal: None,
    }
}
