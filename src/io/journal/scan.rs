//! Opening: every file of the folder is read and checked before the first fact is written.
//!
//! **Invariants.** A torn end is cut, since a batch begins only after the one before was synced: a damaged frame that no
//! batch follows was never promised. One that a batch follows, a broken chain and a missing fact are errors: the journal
//! does not open. Facts that are missing here and stand in the database are no loss. A file without a whole head goes.
//! **Not here.** Writing and reading a running journal: `writer`, `reader`.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::fact::FactNo;
use crate::fact::codec;
use crate::fact::codec::CodecError;
use crate::io::journal::JournalConfig;
use crate::io::journal::JournalError;
use crate::io::journal::Segment;
use crate::io::journal::frame::HEADER_BYTES;
use crate::io::journal::frame::KIND_FACT;
use crate::io::journal::frame::KIND_KEY;
use crate::io::journal::frame::batch_follows;
use crate::io::journal::frame::first_of;
use crate::io::journal::frame::read_frame;
use crate::io::keys::KeyRecord;

/// What the folder holds.
pub(super) struct Scan {
    /// The files, oldest first; all closed.
    pub(super) segments: Vec<Segment>,
    /// Data keys that stand in them.
    pub(super) keys: Vec<KeyRecord>,
    /// The last fact of the files or, when they end earlier, of the database.
    pub(super) last: FactNo,
    /// Its hash.
    pub(super) hash: String,
}

/// Checks every file of the folder: frames, chain, and that no fact is missing.
pub(super) fn scan_folder(config: &JournalConfig) -> Result<Scan, JournalError> {
    let (shipped, shipped_hash) = config.shipped.clone();
    let mut scan = Scan {
        segments: Vec::new(),
        keys: Vec::new(),
        last: FactNo(0),
        hash: String::new(),
    };
    for path in files_of(&config.folder).map_err(|error| io_error(&config.folder, error))? {
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let number = stem.and_then(|stem| stem.parse().ok()).unwrap_or(0);
        let bytes = fs::read(&path).map_err(|error| io_error(&path, error))?;
        let Some(first) = first_of(&bytes) else {
            if bytes.len() <= usize::try_from(HEADER_BYTES).unwrap_or(0) {
                // Not even the head was written: nothing was promised.
                fs::remove_file(&path).map_err(|error| io_error(&path, error))?;
                continue;
            }
            let error = CodecError::Chain(scan.last.0 + 1);
            return Err(JournalError::Damaged { path, error });
        };
        // What is missing before this file is no loss when the database has it.
        let in_database = scan.last.0 + 1 < first && first <= shipped.0 + 1;
        if scan.segments.is_empty() || in_database {
            scan.last = FactNo(first.saturating_sub(1));
            scan.hash.clear();
            if shipped == scan.last {
                scan.hash.clone_from(&shipped_hash);
            }
        }
        if scan.last.0 + 1 < first {
            let after = scan.last.0;
            return Err(JournalError::Hole { path, after });
        }
        let good = scan_segment(&path, &bytes, &mut scan)?;
        cut(&path, good).map_err(|error| io_error(&path, error))?;
        scan.segments.push(Segment {
            path,
            number,
            last: scan.last,
            bytes: good,
            closed: true,
        });
    }
    if scan.segments.is_empty() || scan.last < shipped {
        scan.last = shipped;
        scan.hash = shipped_hash;
    }
    Ok(scan)
}

/// Walks one file's frames; gives the length of its whole frames. What stands after them was never promised.
fn scan_segment(path: &Path, bytes: &[u8], scan: &mut Scan) -> Result<u64, JournalError> {
    let mut at = usize::try_from(HEADER_BYTES).unwrap_or(usize::MAX);
    let damaged = |error| JournalError::Damaged {
        path: path.to_owned(),
        error,
    };
    while let Some((kind, payload, length)) = bytes.get(at..).and_then(read_frame) {
        if kind == KIND_KEY {
            scan.keys.extend(serde_json::from_slice::<KeyRecord>(payload));
        } else if kind == KIND_FACT {
            let envelope = codec::decode(payload).map_err(damaged)?;
            if scan.last < envelope.fact_no {
                // The first envelope of the oldest file may follow one that is in the database alone.
                let before = if scan.hash.is_empty() {
                    envelope.prev_hash.clone()
                } else {
                    scan.hash.clone()
                };
                scan.hash = codec::verify_link(payload, &before).map_err(damaged)?;
                if envelope.fact_no.0 != scan.last.0 + 1 {
                    return Err(JournalError::Hole {
                        path: path.to_owned(),
                        after: scan.last.0,
                    });
                }
                scan.last = envelope.fact_no;
            }
        }
        at += length;
    }
    if bytes.get(at..).is_some_and(batch_follows) {
        return Err(damaged(CodecError::Chain(scan.last.0 + 1)));
    }
    Ok(u64::try_from(at.min(bytes.len())).unwrap_or(0))
}

/// Cuts a file to `length`; a shorter one stays as it is.
pub(super) fn cut(path: &Path, length: u64) -> io::Result<()> {
    let file = fs::OpenOptions::new().write(true).open(path)?;
    let present = file.metadata()?.len();
    if length < present {
        tracing::warn!(path = %path.display(), bytes = present - length, "an end that was never synced is cut off");
        file.set_len(length)?;
        file.sync_all()?;
    }
    Ok(())
}

pub(super) fn segment_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:08}.rxj"))
}

/// The journal's files, oldest first.
fn files_of(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "rxj") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn io_error(path: &Path, error: io::Error) -> JournalError {
    JournalError::Io {
        path: path.to_owned(),
        error,
    }
}
