//! Reading recordings: any range as WAV, export, check, and the closing of what a crash left open.
//!
//! **Invariants.** What is whole in the file is readable, whether or not the file was closed. Nothing is deleted.
//! Opening reads the chunk heads once; reading a range then costs the seconds it touches.

use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::io;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::path::PathBuf;

use crate::base::codec::Codec;
use crate::base::ids::InteractionId;
use crate::base::ids::RecordingId;
use crate::fact::codec::SealError;
use crate::io::keys::DataKey;
use crate::io::keys::Keys;
use crate::io::recording::container;
use crate::io::recording::container::CHUNK_HEAD_BYTES;
use crate::io::recording::container::ChunkHead;
use crate::io::recording::container::ChunkWriter;
use crate::io::recording::container::ContainerError;
use crate::io::recording::container::Flags;
use crate::io::recording::container::HEADER_BYTES_MAX;
use crate::io::recording::container::Header;
use crate::media::chunk::SILENCE;
use crate::media::command::StoredFile;
use crate::media::g711;

/// Bytes in front of the samples: RIFF, `fmt `, `fact`, `data`.
pub const WAV_HEADER_BYTES: u64 = 56;
/// One sample of both channels, 16 bits each.
const FRAME_BYTES: u64 = 4;
const CHUNK_SAMPLES: u64 = 8_000;
/// More chunks than the recorder leaves without a sync.
const UNSYNCED_MAX: usize = 12;

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file system said no.
    #[error("{path}: {error}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
    /// The file is not a recording or was changed.
    #[error("{path}: {error}")]
    Container {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        error: ContainerError,
    },
    /// The key is not to be had.
    #[error("{path}: {error}")]
    Key {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        error: SealError,
    },
}

#[derive(Clone, Copy, Debug)]
struct ChunkAt {
    offset: u64,
    place: u64,
    head: ChunkHead,
}

/// An opened recording.
#[derive(Debug)]
pub struct RecordingReader {
    path: PathBuf,
    file: File,
    header: Header,
    key: DataKey,
    chunks: BTreeMap<u32, ChunkAt>,
    samples: u64,
    /// Length of the whole chunks, how many they are, and the hash of the last.
    end: (u64, u64, [u8; 32]),
    /// Hash of the header, where the chain begins.
    begin: [u8; 32],
    /// The closing chunk.
    closing: Option<ChunkAt>,
}

impl RecordingReader {
    /// Opens a file.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn open(path: &Path, keys: &Keys) -> Result<Self, ArchiveError> {
        let fail = |error| ArchiveError::Io {
            path: path.to_owned(),
            error,
        };
        let wrong = |error| ArchiveError::Container {
            path: path.to_owned(),
            error,
        };
        let file = File::open(path).map_err(fail)?;
        let mut bytes = vec![0; HEADER_BYTES_MAX];
        let read = read_up_to(&file, &mut bytes, 0).map_err(fail)?;
        bytes.truncate(read);
        let (header, length) = Header::decode(&bytes).map_err(wrong)?;
        let key = keys
            .with(|ring| ring.unwrap_key(&header.key))
            .map_err(|error| ArchiveError::Key {
                path: path.to_owned(),
                error,
            })?;
        let start = u64::try_from(length).unwrap_or(0);
        let before = container::digest_of(bytes.get(..length).unwrap_or_default());
        let mut reader = Self {
            path: path.to_owned(),
            file,
            header,
            key,
            chunks: BTreeMap::new(),
            samples: 0,
            end: (start, 0, before),
            begin: before,
            closing: None,
        };
        reader.index().map_err(fail)?;
        Ok(reader)
    }

    /// What stands in front.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Length, milliseconds.
    pub fn duration_ms(&self) -> u64 {
        self.samples / 8
    }

    /// Whether the recorder finished the file.
    pub fn is_closed(&self) -> bool {
        self.closing.is_some()
    }

    /// Audio that was lost, milliseconds.
    pub fn gap_ms(&self) -> u64 {
        self.chunks
            .values()
            .chain(&self.closing)
            .map(|it| u64::from(it.head.gap_ms))
            .sum()
    }

    /// Bytes of the whole recording as WAV.
    pub fn wav_len(&self) -> u64 {
        WAV_HEADER_BYTES + self.samples * FRAME_BYTES
    }

    /// Bytes `offset..offset + length` of the WAV (16-bit PCM, two channels, 8 kHz); shorter at its end.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn read_wav(&self, offset: u64, length: u64) -> Result<Vec<u8>, ArchiveError> {
        let end = self.wav_len().min(offset.saturating_add(length));
        let mut out = Vec::with_capacity(usize::try_from(end.saturating_sub(offset)).unwrap_or(0));
        let mut at = offset;
        if at < WAV_HEADER_BYTES {
            let header = wav_header(self.samples);
            out.extend(header.iter().skip(index(at)).take(index(end.saturating_sub(at))));
            at = WAV_HEADER_BYTES.min(end);
        }
        while at < end {
            let sample_byte = at - WAV_HEADER_BYTES;
            let number = sample_byte / (CHUNK_SAMPLES * FRAME_BYTES);
            let pcm = self.second(u32::try_from(number).unwrap_or(u32::MAX))?;
            let skip = sample_byte - number * CHUNK_SAMPLES * FRAME_BYTES;
            out.extend(pcm.iter().skip(index(skip)).take(index(end - at)));
            at = WAV_HEADER_BYTES + (number + 1) * CHUNK_SAMPLES * FRAME_BYTES;
        }
        Ok(out)
    }

    /// One second as A-law, interleaved; silence where the chunk is missing.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn read_alaw(&self, number: u32) -> Result<Vec<u8>, ArchiveError> {
        let Some(it) = self.chunks.get(&number) else {
            return Ok(vec![SILENCE; index(CHUNK_SAMPLES * 2)]);
        };
        let chunk = self.read_chunk(it).map_err(|error| ArchiveError::Io {
            path: self.path.clone(),
            error,
        })?;
        container::open_chunk(&self.key, self.header.recording, it.place, &chunk).map_err(|error| {
            ArchiveError::Container {
                path: self.path.clone(),
                error,
            }
        })
    }

    /// Opens every chunk and follows the chain. Gives its last link, which the fact of a stored recording names.
    ///
    /// # Errors
    /// [`ArchiveError`] for the first chunk that was changed, removed or added.
    pub fn verify(&self) -> Result<String, ArchiveError> {
        let mut places: Vec<&ChunkAt> = self.chunks.values().chain(&self.closing).collect();
        places.sort_by_key(|it| it.place);
        let fail = |error| ArchiveError::Io {
            path: self.path.clone(),
            error,
        };
        let wrong = |error| ArchiveError::Container {
            path: self.path.clone(),
            error,
        };
        let mut before = self.begin;
        for (place, it) in (0..).zip(places) {
            let chunk = self.read_chunk(it).map_err(fail)?;
            if it.head.before != before || it.place != place {
                return Err(wrong(ContainerError::Sealed(it.place)));
            }
            container::open_chunk(&self.key, self.header.recording, it.place, &chunk).map_err(wrong)?;
            before = container::digest_of(&chunk);
        }
        Ok(format!("sha256:{}", hex::encode(before)))
    }

    /// Reads all chunk heads; stops at the first that is torn.
    fn index(&mut self) -> io::Result<()> {
        let size = self.file.metadata()?.len();
        let (mut offset, mut place, mut last) = (self.end.0, 0_u64, None);
        loop {
            let mut bytes = [0; CHUNK_HEAD_BYTES];
            if read_up_to(&self.file, &mut bytes, offset)? < CHUNK_HEAD_BYTES {
                break;
            }
            let Some(head) = ChunkHead::decode(&bytes) else {
                break;
            };
            let next = offset + u64::try_from(CHUNK_HEAD_BYTES).unwrap_or(0) + u64::from(head.length);
            if size < next {
                break;
            }
            let it = ChunkAt { offset, place, head };
            if head.flags.has(Flags::LAST) {
                self.closing = Some(it);
            } else {
                self.samples = self
                    .samples
                    .max(u64::from(head.number) * CHUNK_SAMPLES + u64::from(head.samples));
                self.chunks.insert(head.number, it);
            }
            last = Some(it);
            (offset, place) = (next, place + 1);
        }
        let digest = match last {
            Some(it) => container::digest_of(&self.read_chunk(&it)?),
            None => self.end.2,
        };
        self.end = (offset, place, digest);
        Ok(())
    }

    /// Drops the newest chunks that do not open: after a power cut, the seconds since the last sync may have reached the
    /// disk in part or out of order.
    fn drop_unsealed(&mut self) -> Result<(), ArchiveError> {
        let mut places: Vec<ChunkAt> = self.chunks.values().copied().collect();
        places.sort_by_key(|it| it.place);
        let fail = |path: &Path, error| ArchiveError::Io {
            path: path.to_owned(),
            error,
        };
        let newest = places.split_off(places.len().saturating_sub(UNSYNCED_MAX));
        for it in newest {
            let chunk = self.read_chunk(&it).map_err(|error| fail(&self.path, error))?;
            if container::open_chunk(&self.key, self.header.recording, it.place, &chunk).is_ok() {
                continue;
            }
            self.chunks.retain(|_, other| other.place < it.place);
            let before = match self.chunks.values().find(|other| other.place + 1 == it.place) {
                Some(last) => {
                    container::digest_of(&self.read_chunk(last).map_err(|error| fail(&self.path, error))?)
                }
                None => self.begin,
            };
            let ends = self
                .chunks
                .values()
                .map(|it| u64::from(it.head.number) * CHUNK_SAMPLES + u64::from(it.head.samples));
            self.samples = ends.max().unwrap_or(0);
            self.end = (it.offset, it.place, before);
            break;
        }
        Ok(())
    }

    fn read_chunk(&self, it: &ChunkAt) -> io::Result<Vec<u8>> {
        let length = CHUNK_HEAD_BYTES + usize::try_from(it.head.length).unwrap_or(0);
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, it.offset)?;
        Ok(bytes)
    }

    /// One second as PCM bytes.
    fn second(&self, number: u32) -> Result<Vec<u8>, ArchiveError> {
        let mut alaw = self.read_alaw(number)?;
        alaw.resize(index(CHUNK_SAMPLES * 2), SILENCE);
        Ok(alaw
            .into_iter()
            .flat_map(|byte| g711::decode(Codec::Pcma, byte).to_le_bytes())
            .collect())
    }
}

fn read_up_to(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        let read = file.read_at(rest, offset + u64::try_from(done).unwrap_or(0))?;
        if read == 0 {
            break;
        }
        done += read;
    }
    Ok(done)
}

fn index(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// The WAV header of `samples` samples. Source: RIFF WAVE, format 1 (PCM), with a `fact` chunk.
fn wav_header(samples: u64) -> Vec<u8> {
    let data = u32::try_from(samples * FRAME_BYTES).unwrap_or(u32::MAX);
    let mut out = Vec::with_capacity(index(WAV_HEADER_BYTES));
    out.extend_from_slice(b"RIFF");
    out.extend_from_slice(&data.saturating_add(48).to_le_bytes());
    out.extend_from_slice(b"WAVEfmt ");
    out.extend_from_slice(&16_u32.to_le_bytes());
    out.extend_from_slice(&1_u16.to_le_bytes());
    out.extend_from_slice(&2_u16.to_le_bytes());
    out.extend_from_slice(&8_000_u32.to_le_bytes());
    out.extend_from_slice(&32_000_u32.to_le_bytes());
    out.extend_from_slice(&4_u16.to_le_bytes());
    out.extend_from_slice(&16_u16.to_le_bytes());
    out.extend_from_slice(b"fact");
    out.extend_from_slice(&4_u32.to_le_bytes());
    out.extend_from_slice(&u32::try_from(samples).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(b"data");
    out.extend_from_slice(&data.to_le_bytes());
    out
}

/// Writes a recording as a WAV file.
///
/// # Errors
/// [`ArchiveError`].
pub fn export(path: &Path, keys: &Keys, out: &Path) -> Result<u64, ArchiveError> {
    let reader = RecordingReader::open(path, keys)?;
    let fail = |error| ArchiveError::Io {
        path: out.to_owned(),
        error,
    };
    let mut file = File::create(out).map_err(fail)?;
    let mut at = 0;
    while at < reader.wav_len() {
        let part = reader.read_wav(at, 1 << 20)?;
        file.write_all(&part).map_err(fail)?;
        at += u64::try_from(part.len()).unwrap_or(0);
    }
    file.sync_all().map_err(fail)?;
    Ok(reader.duration_ms())
}

/// A recording that a start-up closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Which.
    pub recording: RecordingId,
    /// Whose interaction it is.
    pub interaction: InteractionId,
    /// The file as it is now.
    pub file: StoredFile,
}

/// Closes the files that a crash left open, among the two newest days: the torn end is cut, a closing chunk is added.
///
/// # Errors
/// The first [`ArchiveError`] that is not a file's own damage; damaged files are logged and left as they are.
pub fn recover(root: &Path, keys: &Keys) -> Result<Vec<Recovered>, ArchiveError> {
    let mut found = Vec::new();
    for day in newest_days(root, 2).map_err(|error| ArchiveError::Io {
        path: root.to_owned(),
        error,
    })? {
        let entries = fs::read_dir(&day).map_err(|error| ArchiveError::Io {
            path: day.clone(),
            error,
        })?;
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "rxr"));
        paths.sort();
        for path in paths {
            match close(root, &path, keys) {
                Ok(Some(recovered)) => found.push(recovered),
                Ok(None) => {}
                Err(error) => tracing::error!(%error, "a recording could not be closed and is left as it is"),
            }
        }
    }
    Ok(found)
}

fn close(root: &Path, path: &Path, keys: &Keys) -> Result<Option<Recovered>, ArchiveError> {
    let fail = |error| ArchiveError::Io {
        path: path.to_owned(),
        error,
    };
    if ends_closed(path).map_err(fail)? {
        return Ok(None);
    }
    let mut reader = RecordingReader::open(path, keys)?;
    if reader.is_closed() {
        return Ok(None);
    }
    reader.drop_unsealed()?;
    let (length, place, before) = reader.end;
    let mut chunks = ChunkWriter::resume(reader.key.clone(), reader.header.recording, place, before);
    let number = u32::try_from(reader.samples.div_ceil(CHUNK_SAMPLES)).unwrap_or(u32::MAX);
    let head = ChunkHead::closing(number, 0);
    let closing = chunks
        .encode(head, &[])
        .map_err(|error| ArchiveError::Container {
            path: path.to_owned(),
            error,
        })?;
    let file = fs::OpenOptions::new().write(true).open(path).map_err(fail)?;
    file.set_len(length).map_err(fail)?;
    file.write_all_at(&closing, length).map_err(fail)?;
    file.sync_all().map_err(fail)?;
    chunks.accept(&closing);
    let relative = path.strip_prefix(root).unwrap_or(path).display().to_string();
    Ok(Some(Recovered {
        recording: reader.header.recording,
        interaction: reader.header.interaction,
        file: StoredFile {
            path: relative,
            duration_ms: reader.duration_ms(),
            bytes: length + u64::try_from(closing.len()).unwrap_or(0),
            digest: format!("sha256:{}", hex::encode(chunks.digest())),
            gap_ms: reader.gap_ms(),
        },
    }))
}

/// Whether a closing chunk stands at the end, told from the end alone: a start-up looks at thousands of files.
fn ends_closed(path: &Path) -> io::Result<bool> {
    let file = File::open(path)?;
    let length = u64::try_from(CHUNK_HEAD_BYTES + container::TAG_BYTES).unwrap_or(0);
    let Some(at) = file.metadata()?.len().checked_sub(length) else {
        return Ok(false);
    };
    let mut bytes = [0; CHUNK_HEAD_BYTES];
    read_up_to(&file, &mut bytes, at)?;
    Ok(ChunkHead::decode(&bytes).is_some_and(|head| head.is_closing()))
}

/// The newest day folders (`YYYY/MM/DD`) that exist.
fn newest_days(root: &Path, count: usize) -> io::Result<Vec<PathBuf>> {
    let mut level = vec![root.to_owned()];
    for _ in 0..3 {
        let mut next = Vec::new();
        for folder in level {
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                let named = path.file_name().and_then(|name| name.to_str());
                if path.is_dir() && named.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
                    next.push(path);
                }
            }
        }
        next.sort();
        next.reverse();
        next.truncate(count);
        level = next;
    }
    Ok(level)
}
