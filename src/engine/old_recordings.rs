//! Recordings of an older system: from a folder of WAV files and an index to sealed recordings of the orders they belong
//! to.
//!
//! ```text
//!  index, folder, orders ─ check ─► no faults ─► file ─► row and fact ─► linked with the order
//! ```
//!
//! **Invariants.** The ids of a recording follow from its sound, its order's old number and its instant, so that the same
//! index again makes nothing twice and a run that was cut off goes on. Names of files are never written down: they often
//! hold numbers of citizens; a fault names the line.
//! **Not here.** The container (`io::recording::wav`), who may listen (`account::permission`).
//! **Source.** DB1302/T 604—2025 7.9.1.

use std::collections::BTreeMap;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

use sha2::Digest as _;
use sha2::Sha256;

use crate::base::civil::SiteZone;
use crate::base::csv;
use crate::base::fault::Fault;
use crate::base::ids::InteractionId;
use crate::base::ids::RecordingId;
use crate::base::ids::TicketId;
use crate::base::random::Random;
use crate::base::time::Now;
use crate::base::time::WallTime;
use crate::engine::audit::Audit;
use crate::engine::audit::AuditError;
use crate::engine::ticket_service::Give;
use crate::engine::ticket_service::TicketService;
use crate::engine::ticket_service::TicketServiceError;
use crate::fact::Actor;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::recording::RecordingFact;
use crate::io::keys::Keys;
use crate::io::recording::wav;
use crate::io::recording::wav::Sound;
use crate::io::recording::wav::Whose;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::recordings::RecordingRow;
use crate::io::store::recordings::RecordingState;
use crate::ticket::command::Command;
use crate::ticket::command::LinkCall;
use crate::ticket::decide::CALLS_MAX;
use crate::ticket::model::State;
use crate::ticket::old_orders::instant_of;

/// Most recordings of an index.
pub const RECORDINGS_MAX: usize = 100_000;
/// The columns of an index.
pub const COLUMNS: [&str; 3] = ["file", "old_number", "recorded_at"];

/// Why recordings were not taken over.
#[derive(Debug, thiserror::Error)]
pub enum OldRecordingError {
    /// A file was not read or written.
    #[error("line {line} of the index: {error}")]
    File {
        /// The line of the index.
        line: usize,
        /// What the system said.
        error: std::io::Error,
    },
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The trail was not written.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The recording was not linked with its order.
    #[error(transparent)]
    Ticket(#[from] TicketServiceError),
}

/// What a run needs.
pub struct OldRecordings {
    /// The database.
    pub store: Store,
    /// The trail.
    pub audit: Audit,
    /// Keys.
    pub keys: Keys,
    /// The orders.
    pub tickets: TicketService,
    /// The site's zone.
    pub zone: SiteZone,
    /// The recordings' root.
    pub root: PathBuf,
    /// Who does it.
    pub actor: Actor,
}

impl std::fmt::Debug for OldRecordings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OldRecordings")
    }
}

/// A line of an index that was checked.
#[derive(Debug)]
pub struct Wanted {
    line: usize,
    file: PathBuf,
    ticket: TicketId,
    source: [u8; 32],
    seed: [u8; 32],
    recorded_at: WallTime,
}

/// What a run has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakenOver {
    /// Recordings that were added.
    pub added: usize,
    /// Recordings that were there already.
    pub there: usize,
}

impl OldRecordings {
    /// Reads an index and looks at every file and order it names. Faults are told by line and column.
    ///
    /// # Errors
    /// [`OldRecordingError::Store`].
    pub async fn check(
        &self,
        index: &str,
        folder: &Path,
        now: WallTime,
    ) -> Result<(Vec<Wanted>, Vec<Fault>), OldRecordingError> {
        let mut faults = Vec::new();
        let lines = rows(index, &mut faults);
        let (mut wanted, mut seen) = (Vec::with_capacity(lines.len()), BTreeMap::new());
        for (line, [file, old_number, recorded_at]) in lines {
            let mut fault = |column: &str, reason: String| {
                faults.push(Fault::new(format!("line {line}, column {column}"), reason));
            };
            let sound = read(folder, &file).and_then(|(path, bytes)| {
                let read = Sound::read(&bytes).map_err(|error| error.to_string());
                read.map(|_| (path, Sha256::digest(&bytes).into()))
            });
            let sound: Option<(PathBuf, [u8; 32])> = sound.map_err(|reason| fault("file", reason)).ok();
            let at = instant_of(&recorded_at, &self.zone).filter(|at| *at <= now);
            if at.is_none() {
                fault(
                    "recorded_at",
                    "no past instant, as 2024-08-15 09:30:00".to_owned(),
                );
            }
            let order = self.store.ticket_of_old_number(&old_number).await?;
            let order = order.map(|row| row.ticket);
            match &order {
                None => fault(
                    "old_number",
                    "no order has it: import the orders first".to_owned(),
                ),
                Some(order) if order.state == State::Archived => {
                    fault(
                        "old_number",
                        "the order is archived: nothing is added to it".to_owned(),
                    );
                }
                Some(order) if CALLS_MAX <= order.calls.len() => {
                    fault("old_number", format!("the order has {CALLS_MAX} calls already"));
                }
                Some(_) => (),
            }
            let (Some((file, source)), Some(recorded_at), Some(order)) = (sound, at, order) else {
                continue;
            };
            let seed = seed(&source, &old_number);
            if let Some(first) = seen.insert(seed, line) {
                fault(
                    "file",
                    format!("the same sound of the same order stands on line {first}"),
                );
            }
            wanted.push(Wanted {
                line,
                file,
                ticket: order.id,
                source,
                seed,
                recorded_at,
            });
        }
        Ok((wanted, faults))
    }

    /// Takes one recording over. Returns whether it is new.
    ///
    /// # Errors
    /// [`OldRecordingError`]; the same again goes on where it ended.
    pub async fn take_over(&self, it: &Wanted, now: Now) -> Result<bool, OldRecordingError> {
        let whose = it.whose();
        let there = self.store.recording(whose.recording).await?;
        let new = there.is_none_or(|row| row.state != RecordingState::Stored);
        if new {
            self.store_file(it, whose, now).await?;
        }
        let link = Command::LinkCall(LinkCall {
            interaction: whose.interaction,
            purpose: "intake".to_owned(),
            recording: Some(whose.recording),
        });
        self.tickets.give(Give::by_system(it.ticket, &link)).await?;
        Ok(new)
    }

    async fn store_file(&self, it: &Wanted, whose: Whose, now: Now) -> Result<(), OldRecordingError> {
        let wrong = |error| OldRecordingError::File { line: it.line, error };
        let bytes = std::fs::read(&it.file).map_err(wrong)?;
        if Sha256::digest(&bytes).as_slice() != it.source {
            return Err(wrong(std::io::Error::other("the file was changed meanwhile")));
        }
        let sound = Sound::read(&bytes).map_err(|error| wrong(std::io::Error::other(error)))?;
        let file = wav::write(&self.root, &self.zone, &self.keys, whose, &sound).map_err(wrong)?;
        let fact = RecordingFact::Imported {
            recording: whose.recording,
            path: file.path,
            duration_ms: file.duration_ms,
            bytes: file.bytes,
            digest: file.digest,
            recorded_at: it.recorded_at,
            source: format!("sha256:{}", hex::encode(it.source)),
        };
        let mut row = RecordingRow::opened(whose.recording, Some(whose.interaction), it.recorded_at);
        row.close(now.wall, &fact);
        let record = Record {
            now,
            interaction: Some(whose.interaction),
            ticket: Some(it.ticket),
            actor: self.actor.clone(),
            cause: "cli:recordings_import",
            fact: Fact::Recording(fact),
            personal: None,
        };
        let mut tx = self.store.begin().await?;
        tx.put_recordings(&[row]).await?;
        self.audit.append(&mut tx, &[record]).await?;
        tx.commit().await?;
        Ok(())
    }
}

impl Wanted {
    /// The ids, drawn from what the recording is.
    fn whose(&self) -> Whose {
        let mut random = Random::from_seed(self.seed);
        let then = Now {
            wall: self.recorded_at,
            ..Now::default()
        };
        Whose {
            recording: RecordingId::new(then, &mut random),
            interaction: InteractionId::new(then, &mut random),
            opened_at: self.recorded_at,
        }
    }
}

fn seed(source: &[u8; 32], old_number: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(source);
    hash.update(old_number.as_bytes());
    hash.finalize().into()
}

/// Reads a file of the folder whole.
fn read(folder: &Path, name: &str) -> Result<(PathBuf, Vec<u8>), String> {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    if name.is_empty() || !Path::new(name).components().all(plain) {
        return Err("no name of a file in the folder".to_owned());
    }
    let path = folder.join(name);
    let size = std::fs::metadata(&path).map_err(|error| error.to_string())?.len();
    if wav::FILE_BYTES_MAX < size {
        return Err(format!("longer than {} bytes", wav::FILE_BYTES_MAX));
    }
    let bytes = std::fs::read(&path).map_err(|error| error.to_string())?;
    Ok((path, bytes))
}

/// The lines of an index, each cell by its column.
fn rows(index: &str, faults: &mut Vec<Fault>) -> Vec<(usize, [String; 3])> {
    let mut lines = match csv::parse(index) {
        Ok(lines) => lines.into_iter(),
        Err(found) => {
            faults.extend(found);
            return Vec::new();
        }
    };
    let head = lines.next().map(|line| line.cells).unwrap_or_default();
    let place = |column: &str| head.iter().position(|name| name.trim() == column);
    let places = COLUMNS.map(place);
    for (column, place) in COLUMNS.iter().zip(places) {
        if place.is_none() {
            faults.push(Fault::new(format!("line 1, column {column}"), "is missing"));
        }
    }
    if !faults.is_empty() {
        return Vec::new();
    }
    let rows: Vec<(usize, [String; 3])> = lines
        .map(|line| {
            let cell = |place: Option<usize>| place.and_then(|place| line.cells.get(place));
            let cells =
                places.map(|place| cell(place).map(|cell| cell.trim().to_owned()).unwrap_or_default());
            (line.number, cells)
        })
        .collect();
    if RECORDINGS_MAX < rows.len() {
        faults.push(Fault::new(
            "",
            format!("more than {RECORDINGS_MAX} recordings: use several indexes"),
        ));
        return Vec::new();
    }
    rows
}
