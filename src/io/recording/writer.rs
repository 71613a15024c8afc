//! The recorder thread: one write a second per recording, synced every ten seconds and at the end.
//!
//! **Invariants.** A failed write loses its second and is tried again with the next: the file is cut back to its last
//! whole chunk first. Buffers go back to the worker whatever the disk does. Every recording ends with exactly one event.
//! **Cost.** Sealing a second about 10 µs, one write(2) of 16 kB.

use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::io;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::base::civil::SiteZone;
use crate::base::ids::InteractionId;
use crate::base::ids::RecordingId;
use crate::base::time::WallTime;
use crate::io::keys::Keys;
use crate::io::recording::command::RecorderCommand;
use crate::io::recording::command::RecorderReceiver;
use crate::io::recording::container::ChunkHead;
use crate::io::recording::container::ChunkWriter;
use crate::io::recording::container::Flags;
use crate::io::recording::container::Header;
use crate::media::chunk::Chunk;
use crate::media::command::MediaEvent;
use crate::media::command::StoredFile;

/// How long the thread waits for a command before it looks whether the worker is gone.
const PATIENCE: Duration = Duration::from_millis(500);
/// Seconds between syncs of one file.
const SYNC_EVERY: u32 = 10;

/// What the recorder needs.
#[derive(Debug)]
pub struct RecorderConfig {
    /// The recordings root.
    pub root: PathBuf,
    /// The site's time zone, for the folders.
    pub zone: SiteZone,
    /// Keys.
    pub keys: Keys,
}

/// Where the file of a recording lies below the root: `2026/11/24/<recording>.rxr`.
pub fn path_of(zone: &SiteZone, opened_at_us: i64, recording: RecordingId) -> String {
    format!(
        "{}/{recording}.rxr",
        zone.date_of(WallTime::from_micros(opened_at_us)).as_path()
    )
}

/// Starts the thread; it ends when the worker is gone and everything it sent is on disk.
///
/// # Errors
/// When the system refuses the thread.
pub fn start(
    config: RecorderConfig,
    receiver: RecorderReceiver,
    events: Box<dyn FnMut(MediaEvent) + Send>,
) -> io::Result<JoinHandle<()>> {
    let recorder = Recorder {
        config,
        files: BTreeMap::new(),
        events,
    };
    std::thread::Builder::new()
        .name("recorder".to_owned())
        .spawn(move || recorder.run(receiver))
}

struct Recorder {
    config: RecorderConfig,
    files: BTreeMap<RecordingId, Writing>,
    events: Box<dyn FnMut(MediaEvent) + Send>,
}

/// A file being written.
struct Writing {
    interaction: InteractionId,
    path: String,
    header: Vec<u8>,
    chunks: ChunkWriter,
    file: Option<File>,
    /// Length of the whole chunks in the file.
    length: u64,
    samples: u64,
    gap_ms: u64,
    /// Audio lost since the last chunk in the file, milliseconds; the next one tells it.
    lost_ms: u32,
    unsynced: u32,
    /// Whether the last write failed.
    failed: bool,
}

impl Recorder {
    fn run(mut self, mut receiver: RecorderReceiver) {
        while !receiver.is_finished() {
            match receiver.receive(PATIENCE) {
                Some(RecorderCommand::Open {
                    recording,
                    interaction,
                    opened_at_us,
                }) => {
                    self.open(recording, interaction, opened_at_us);
                }
                Some(RecorderCommand::Chunk(chunk)) => {
                    self.append(&chunk);
                    receiver.give_back(chunk.audio);
                }
                Some(RecorderCommand::Close { recording, gap_ms }) => self.close(recording, gap_ms),
                None => {}
            }
        }
        let left: Vec<RecordingId> = self.files.keys().copied().collect();
        for recording in left {
            self.close(recording, 0);
        }
    }

    fn open(&mut self, recording: RecordingId, interaction: InteractionId, opened_at_us: i64) {
        let made = self.config.keys.with(|ring| ring.fresh(&recording.to_string()));
        let (key, wrapped) = match made {
            Ok(made) => made,
            Err(error) => {
                (self.events)(MediaEvent::RecordingFailed {
                    recording,
                    interaction,
                    error: error.to_string(),
                });
                return;
            }
        };
        let header = Header {
            recording,
            interaction,
            opened_at_us,
            key: wrapped,
        }
        .encode();
        let chunks = ChunkWriter::new(key, recording, &header);
        let path = path_of(&self.config.zone, opened_at_us, recording);
        let mut writing = Writing {
            interaction,
            path,
            header,
            chunks,
            file: None,
            length: 0,
            samples: 0,
            gap_ms: 0,
            lost_ms: 0,
            unsynced: 0,
            failed: false,
        };
        if let Err(error) = writing.ready(&self.config.root) {
            tracing::error!(%recording, %error, "the file of a recording cannot be made; it is tried again each second");
            (writing.failed, writing.file) = (true, None);
        }
        self.files.insert(recording, writing);
    }

    fn append(&mut self, chunk: &Chunk) {
        let Some(writing) = self.files.get_mut(&chunk.recording) else {
            return;
        };
        writing.lost_ms = writing.lost_ms.saturating_add(chunk.gap_ms);
        writing.gap_ms += u64::from(chunk.gap_ms);
        let bytes = usize::from(chunk.samples) * 2;
        let mut flags = Flags::default();
        if 0 < writing.lost_ms {
            flags = flags.with(Flags::GAP);
        }
        if chunk.pause {
            flags = flags.with(Flags::PAUSE);
        }
        let head = ChunkHead {
            number: chunk.number,
            rtp_start: chunk.rtp_start,
            wall_start_us: chunk.wall_start_us,
            samples: chunk.samples,
            flags,
            gap_ms: writing.lost_ms,
            length: 0,
            before: [0; 32],
        };
        let audio = chunk.audio.get(..bytes).unwrap_or_default();
        let sync = chunk.pause || SYNC_EVERY <= writing.unsynced + 1;
        match writing.write(&self.config.root, head, audio, sync) {
            Ok(()) => {
                writing.samples = u64::from(chunk.number) * 8_000 + u64::from(chunk.samples);
                (writing.lost_ms, writing.failed) = (0, false);
            }
            Err(error) => {
                let lost_ms = u32::from(chunk.samples) / 8;
                writing.lost_ms = writing.lost_ms.saturating_add(lost_ms);
                writing.gap_ms += u64::from(lost_ms);
                writing.file = None;
                if !std::mem::replace(&mut writing.failed, true) {
                    tracing::error!(recording = %chunk.recording, %error, "a second of a recording was lost");
                }
            }
        }
    }

    fn close(&mut self, recording: RecordingId, gap_ms: u32) {
        let Some(mut writing) = self.files.remove(&recording) else {
            return;
        };
        writing.gap_ms += u64::from(gap_ms);
        let number = u32::try_from(writing.samples.div_ceil(8_000)).unwrap_or(u32::MAX);
        let head = ChunkHead::closing(number, writing.lost_ms.saturating_add(gap_ms));
        let interaction = writing.interaction;
        let written = writing.write(&self.config.root, head, &[], true);
        let event = match written.and_then(|()| writing.stands(&self.config.root)) {
            Ok(()) => MediaEvent::RecordingStored {
                recording,
                interaction,
                file: StoredFile {
                    path: writing.path,
                    duration_ms: writing.samples / 8,
                    bytes: writing.length,
                    digest: format!("sha256:{}", hex::encode(writing.chunks.digest())),
                    gap_ms: writing.gap_ms,
                },
            },
            Err(error) => MediaEvent::RecordingFailed {
                recording,
                interaction,
                error: error.to_string(),
            },
        };
        (self.events)(event);
    }
}

impl Writing {
    /// Makes sure that the file is open and ends after its last whole chunk.
    fn ready(&mut self, root: &Path) -> io::Result<&mut File> {
        if self.file.is_none() {
            let path = root.join(&self.path);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut file = fs::OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)?;
            file.set_len(self.length)?;
            file.seek(SeekFrom::Start(self.length))?;
            if self.length == 0 {
                file.write_all(&self.header)?;
                self.length = u64::try_from(self.header.len()).unwrap_or(0);
            }
            self.file = Some(file);
        }
        self.file.as_mut().ok_or_else(|| io::Error::other("no file"))
    }

    /// Makes sure that what was written is found by its name: a file whose folder was taken away still takes writes.
    fn stands(&self, root: &Path) -> io::Result<()> {
        let found = fs::metadata(root.join(&self.path))?.len();
        if found == self.length {
            Ok(())
        } else {
            Err(io::Error::other(format!(
                "the file has {found} of {} bytes",
                self.length
            )))
        }
    }

    fn write(&mut self, root: &Path, head: ChunkHead, audio: &[u8], sync: bool) -> io::Result<()> {
        let chunk = self.chunks.encode(head, audio).map_err(io::Error::other)?;
        let file = self.ready(root)?;
        file.write_all(&chunk)?;
        if sync {
            file.sync_data()?;
        }
        self.length += u64::try_from(chunk.len()).unwrap_or(0);
        self.unsynced = if sync { 0 } else { self.unsynced + 1 };
        self.chunks.accept(&chunk);
        Ok(())
    }
}

#[cfg(test)]
#[path = "writer_test.rs"]
mod tests;
