//! Archives orders whose archive is due, and checks, opens and copies archives.
//!
//! ```text
//!  clock `archive` due ─► queue ─► read order, facts, recordings, files ─► package on disk ─► catalogue ─► command Archive
//!                                                                                               fact ticket.archived ◄──┘
//! ```
//!
//! **Invariants.** The fact is written after the package is durable, and names its manifest. Killed anywhere, the clock is
//! due again and the package that is there is taken. Opening an archive leaves a fact before anything is shown.
//! **Not here.** Packages (`io::archive`), the clock (`engine::deadlines`), the command (`ticket::decide`).
//! **Source.** DB1302/T 604—2025 7.9.1 to 7.9.3.

mod consult;
mod parts;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::sync::mpsc;

use crate::base::civil::SiteZone;
use crate::base::ids::TicketId;
use crate::base::time::Clock;
pub use crate::engine::archiver::consult::Consultation;
use crate::engine::archiver::parts::catalogue_row;
pub use crate::engine::archiver::parts::files_from;
pub use crate::engine::archiver::parts::names_from;
pub use crate::engine::archiver::parts::seal_by;
use crate::engine::archiver::parts::seal_of;
use crate::engine::archiver::parts::wanted_sounds;
use crate::engine::audit::Audit;
use crate::engine::audit::AuditError;
use crate::fact::codec;
use crate::fact::codec::Envelope;
use crate::fact::personal::Personal;
use crate::io::archive::PackageError;
use crate::io::archive::dossier;
use crate::io::archive::dossier::Attachment;
use crate::io::archive::dossier::Dossier;
use crate::io::archive::dossier::Names;
use crate::io::archive::manifest::Missing;
use crate::io::archive::manifest::Part;
use crate::io::archive::manifest::Sound;
use crate::io::archive::package::Packed;
use crate::io::archive::package::Packer;
use crate::io::archive::verify::Checked;
use crate::io::keys::DataKey;
use crate::io::keys::Keys;
use crate::io::pdf::Face;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::recordings::RecordingState;
use crate::io::store::tickets::TicketRow;
use crate::ticket::evolve;
use crate::ticket::model::FileRef;
use crate::ticket::model::Ticket;

/// Most orders that wait to be archived; more are told again by their clocks.
const WAITING_MAX: usize = 1_000;

/// Why an order was not archived, or an archive not opened.
#[derive(Debug, thiserror::Error)]
pub enum ArchiverError {
    /// No such order.
    #[error("no work order {0}")]
    NotFound(String),
    /// It is not archived.
    #[error("the work order {0} is not archived")]
    NotArchived(String),
    /// The words were erased with their key.
    #[error("the words of {0} were erased with their key")]
    Erased(String),
    /// The database or the keys did not do it.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The package was not written or read.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The order did not take the command.
    #[error("the work order does not take it: {0}")]
    Refused(String),
    /// Papers cannot be drawn.
    #[error("no typeface for order.pdf: install fonts-noto-cjk, or set documents.font")]
    NoFace,
    /// The work was stopped.
    #[error("the work was stopped: {0}")]
    Stopped(#[from] tokio::task::JoinError),
}

impl From<StoreError> for ArchiverError {
    fn from(error: StoreError) -> Self {
        Self::Audit(error.into())
    }
}

/// What an order's archive is sealed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The order.
    pub ticket: TicketId,
    /// SHA-256 of the manifest, hex.
    pub manifest: String,
    /// Parts that are not there.
    pub missing: Vec<String>,
    /// Why, as codes; empty when nothing is missing.
    pub explanation: String,
}

/// Gives the order the command that writes its fact.
pub type SealOrder =
    Arc<dyn Fn(Seal) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;
/// Reads the bytes of a file of an order; none when they are not there.
pub type ReadFile =
    Arc<dyn Fn(TicketId, FileRef) -> Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send>> + Send + Sync>;
/// Gives the names of an order's codes.
pub type NamesOf = Arc<dyn Fn(&Ticket) -> Names + Send + Sync>;

/// What the archiver is made of.
#[derive(Clone)]
pub struct ArchiverParts {
    /// The database.
    pub store: Store,
    /// Opens words, and takes the facts of reads.
    pub audit: Audit,
    /// Data keys.
    pub keys: Keys,
    /// Where archives are.
    pub archives: PathBuf,
    /// Where recordings are.
    pub recordings: PathBuf,
    /// The typeface of papers; without one nothing is packed.
    pub face: Option<Face>,
    /// The site's zone.
    pub zone: SiteZone,
    /// The clocks.
    pub clock: Arc<dyn Clock + Send + Sync>,
    /// This node, as the watermark names the program.
    pub node: String,
    /// Files of orders.
    pub files: ReadFile,
    /// Names of codes.
    pub names: NamesOf,
    /// Writes the fact.
    pub seal: SealOrder,
}

/// The archive, cheap to clone.
#[derive(Clone)]
pub struct Archiver {
    parts: Arc<ArchiverParts>,
    due: mpsc::Sender<TicketId>,
    waiting: Arc<Mutex<mpsc::Receiver<TicketId>>>,
}

impl std::fmt::Debug for Archiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Archiver({})", self.parts.archives.display())
    }
}

/// An archive after a check, against the order's fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveCheck {
    /// The order.
    pub number: String,
    /// What the package says.
    pub package: Checked,
    /// The manifest that the fact names; none when no fact does.
    pub named: Option<String>,
}

impl ArchiveCheck {
    /// Whether the package is whole and is the one that the fact names.
    pub fn is_sound(&self) -> bool {
        self.named.is_some() && self.package.faults.is_empty()
    }
}

/// A file of an opened archive.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenedFile {
    /// Its name without the ending of sealed files.
    pub name: String,
    /// What it is.
    pub part: Part,
    /// Its bytes in clear; of a recording, as they lie there.
    pub bytes: Vec<u8>,
}

impl Archiver {
    /// Makes the archive's keeper.
    pub fn new(parts: ArchiverParts) -> Self {
        let (due, waiting) = mpsc::channel(WAITING_MAX);
        Self {
            parts: Arc::new(parts),
            due,
            waiting: Arc::new(Mutex::new(waiting)),
        }
    }

    /// Told of an order whose archive is due. Never waits: when too many wait, its clock tells it again.
    pub fn is_due(&self, ticket: TicketId) {
        if self.due.try_send(ticket).is_err() {
            tracing::warn!(%ticket, "too many orders wait for the archive; it is tried again later");
        }
    }

    /// Archives what is due as long as the program runs; `failed` hears of each order and whether it went wrong.
    pub async fn run(self, mut failed: impl FnMut(TicketId, Option<&ArchiverError>) + Send) {
        let mut waiting = self.waiting.lock().await;
        while let Some(ticket) = waiting.recv().await {
            match self.archive(ticket).await {
                Ok(_) => failed(ticket, None),
                Err(error) => failed(ticket, Some(&error)),
            }
        }
    }

    /// Packs an order, writes the catalogue and the order's fact.
    ///
    /// # Errors
    /// [`ArchiverError`]; what is there already is taken at the next try.
    pub async fn archive(&self, ticket: TicketId) -> Result<Packed, ArchiverError> {
        let row = self.parts.store.ticket(ticket).await?;
        let row = row.ok_or_else(|| ArchiverError::NotFound(ticket.to_string()))?;
        let face = self.parts.face.clone().ok_or(ArchiverError::NoFace)?;
        let (key_id, key) = self.sealing_key(&row).await?;
        let dossier = self.dossier(row, &format!("rexian@{}", self.parts.node)).await?;
        let catalogued = dossier.ticket.clone();
        let parts = Arc::clone(&self.parts);
        let packed = tokio::task::spawn_blocking(move || {
            let packer = Packer {
                root: &parts.archives,
                face: &face,
                keys: &parts.keys,
                key: &key,
                key_id: &key_id,
            };
            packer.pack(&dossier)
        });
        let packed = packed.await??;
        let mut tx = self.parts.store.begin().await?;
        tx.put_archive(&catalogue_row(&catalogued, &packed)).await?;
        tx.commit().await?;
        (self.parts.seal)(seal_of(ticket, &packed))
            .await
            .map_err(ArchiverError::Refused)?;
        Ok(packed)
    }

    /// The key a package is sealed under: the order's own. When that was erased it is not made again, which would bring
    /// the words back: what is left of the order goes under a key of the archive.
    async fn sealing_key(&self, row: &TicketRow) -> Result<(String, DataKey), ArchiverError> {
        let own = row.ticket.key_id();
        if let Some(key) = self.key(&own).await? {
            return Ok((own, key));
        }
        let erased = row.sealed.is_some() || row.caller.is_some();
        let key_id = if erased {
            format!("archive-{}", row.ticket.id)
        } else {
            own
        };
        let mut tx = self.parts.store.begin().await?;
        self.parts
            .audit
            .seal(&mut tx, &key_id, &Personal::default())
            .await?;
        tx.commit().await?;
        let key = self.key(&key_id).await?;
        Ok((
            key_id,
            key.ok_or_else(|| ArchiverError::Erased(row.ticket.number.clone()))?,
        ))
    }

    async fn key(&self, key_id: &str) -> Result<Option<DataKey>, ArchiverError> {
        let stored = self.parts.store.data_key(key_id).await?;
        let open = |record| {
            self.parts
                .keys
                .with(|ring| ring.unwrap_key(&record))
                .map_err(AuditError::from)
        };
        Ok(stored.map(open).transpose()?)
    }

    /// Reads everything about an order, with its words in clear.
    ///
    /// # Errors
    /// [`ArchiverError`].
    pub async fn dossier(&self, row: TicketRow, made_by: &str) -> Result<Dossier, ArchiverError> {
        let parts = &self.parts;
        let words = match &row.sealed {
            Some(sealed) => parts.audit.open(sealed).await?,
            None => None,
        };
        let caller = match &row.caller {
            Some(sealed) => parts.audit.open(sealed).await?,
            None => None,
        };
        let erased = (row.sealed.is_some() && words.is_none()) || (row.caller.is_some() && caller.is_none());
        let mut ticket = row.ticket;
        if let Some(words) = &words {
            evolve::set_values(&mut ticket.draft, &words.values);
            let texts = words.values.iter().filter(|(name, _)| name.contains('.'));
            ticket
                .texts
                .0
                .extend(texts.map(|(name, text)| (name.clone(), text.clone())));
        }
        let envelopes = self.facts(ticket.id).await?;
        let (sounds, missing) = self.sounds(&ticket, &envelopes).await?;
        let mut files = Vec::with_capacity(ticket.files.len());
        for (file, purpose) in &ticket.files {
            files.push(Attachment {
                bytes: (parts.files)(ticket.id, file.clone()).await,
                file: file.clone(),
                purpose: purpose.clone(),
            });
        }
        let last = envelopes
            .iter()
            .rev()
            .find(|(it, _)| it.kind.starts_with("ticket."));
        Ok(Dossier {
            events: dossier::history(&ticket, &envelopes),
            last_fact: last.map(|(it, _)| it.hash.clone()).unwrap_or_default(),
            names: (parts.names)(&ticket),
            caller: caller.and_then(|it| it.number).map(|number| number.national()),
            erased,
            sounds,
            files,
            missing,
            made_by: made_by.to_owned(),
            made_at: parts.clock.now().wall,
            zone: parts.zone.clone(),
            ticket,
        })
    }

    /// Every fact that names the order, oldest first, with its words opened.
    async fn facts(&self, ticket: TicketId) -> Result<Vec<(Envelope, Option<Personal>)>, ArchiverError> {
        let mut keys: BTreeMap<String, Option<crate::io::keys::KeyRecord>> = BTreeMap::new();
        let mut facts = Vec::new();
        for (_, text) in self.parts.store.facts_of_ticket(ticket).await? {
            let envelope = codec::decode(text.as_bytes()).map_err(AuditError::from)?;
            // A call that was made for the order has a record of its own; here its link counts.
            if envelope.kind.starts_with("call.") {
                continue;
            }
            let mut personal = None;
            if let Some(sealed) = &envelope.sealed {
                if !keys.contains_key(&sealed.key) {
                    let record = self.parts.store.data_key(&sealed.key).await?;
                    keys.insert(sealed.key.clone(), record);
                }
                if let Some(record) = keys.get(&sealed.key).and_then(Option::as_ref) {
                    personal = Some(self.parts.audit.open_with(sealed, record)?);
                }
            }
            facts.push((envelope, personal));
        }
        // Facts of one order may stand in several chains; within one they are in order already.
        facts.sort_by_key(|(envelope, _)| envelope.at_us);
        Ok(facts)
    }

    async fn sounds(
        &self,
        ticket: &Ticket,
        facts: &[(Envelope, Option<Personal>)],
    ) -> Result<(Vec<(Sound, Option<PathBuf>)>, Vec<Missing>), ArchiverError> {
        let (wanted, mut missing) = wanted_sounds(ticket, facts);
        let mut sounds = Vec::with_capacity(wanted.len());
        for (recording, purpose) in wanted {
            let row = self.parts.store.recording(recording).await?;
            let miss = |why: &str| Missing {
                part: format!("recording:{recording}"),
                why: why.to_owned(),
            };
            match row.as_ref().map(|row| row.state) {
                None => missing.push(miss("unknown")),
                Some(RecordingState::Open) => missing.push(miss("never_closed")),
                Some(RecordingState::Failed) => missing.push(miss("failed")),
                Some(RecordingState::Stored) => (),
            }
            let path = row.as_ref().and_then(|row| row.path.as_ref());
            let path = path.map(|path| self.parts.recordings.join(path));
            let sound = Sound {
                recording,
                call: row.as_ref().and_then(|row| row.interaction),
                purpose,
                opened_at: row.as_ref().map(|row| row.opened_at),
                duration_ms: row.as_ref().and_then(|row| row.duration_ms),
                digest: row.and_then(|row| row.digest),
            };
            sounds.push((sound, path));
        }
        Ok((sounds, missing))
    }
}
