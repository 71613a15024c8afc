//! The shipper's end: synced facts in order, with the keys they need; closed files go when the database has them.
//!
//! **Invariants.** Only synced facts are given, each once and in order, also when a fact stands in two files. A key comes
//! with the first fact that uses it. The file that is being written stays.
//! **Not here.** What becomes of the facts: `engine::shipper`.

use std::fs;
use std::fs::File;
use std::io;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::fact::FactNo;
use crate::io::journal::Segment;
use crate::io::journal::Shared;
use crate::io::journal::frame::FRAME_BYTES_MAX;
use crate::io::journal::frame::FRAME_HEAD;
use crate::io::journal::frame::HEADER_BYTES;
use crate::io::journal::frame::KIND_FACT;
use crate::io::journal::frame::KIND_KEY;
use crate::io::journal::frame::read_frame;
use crate::io::keys::KeyRecord;

/// What the shipper reads at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JournalBatch {
    /// Envelopes in order, each with its number.
    pub facts: Vec<(FactNo, Vec<u8>)>,
    /// Keys that these facts use, to be stored with them.
    pub keys: Vec<KeyRecord>,
}

/// Reads synced facts for the shipper, in order.
#[derive(Debug)]
pub struct JournalReader {
    shared: Arc<Shared>,
    /// File number and offset of the next frame, and the fact before it.
    place: Option<(u64, u64, FactNo)>,
}

impl JournalReader {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, place: None }
    }

    /// The last fact on disk.
    pub fn synced(&self) -> FactNo {
        FactNo(self.shared.synced.load(Ordering::Acquire))
    }

    /// Bytes that wait on disk.
    pub fn bytes_waiting(&self) -> u64 {
        self.shared.bytes()
    }

    /// Reads at most `max` facts after `after`.
    ///
    /// # Errors
    /// The operating system's.
    pub fn read_after(&mut self, after: FactNo, max: usize) -> io::Result<JournalBatch> {
        let synced = self.synced();
        let mut batch = JournalBatch::default();
        let (mut number, mut offset) = match self.place {
            Some((number, offset, before)) if before == after => (number, offset),
            Some(_) | None => (0, HEADER_BYTES),
        };
        let segments: Vec<Segment> = self.shared.segments().clone();
        let from = number;
        for segment in segments
            .iter()
            .filter(|segment| from <= segment.number && after < segment.last)
        {
            if segment.number != number {
                (number, offset) = (segment.number, HEADER_BYTES);
            }
            // Keys belong to the next fact; those of facts that are not wanted have been stored and may be erased.
            let mut keys = Vec::new();
            loop {
                let bytes = read_part(&segment.path, offset, segment.bytes)?;
                let mut at = 0;
                while let Some((kind, payload, length)) = bytes.get(at..).and_then(read_frame) {
                    at += length;
                    if kind == KIND_KEY {
                        keys.extend(serde_json::from_slice::<KeyRecord>(payload));
                    }
                    let Some(fact_no) = Some(payload).filter(|_| kind == KIND_FACT).and_then(fact_no_of)
                    else {
                        continue;
                    };
                    if synced < fact_no || max <= batch.facts.len() {
                        return Ok(batch);
                    }
                    if batch.facts.last().map_or(after, |(last, _)| *last) < fact_no {
                        batch.facts.push((fact_no, payload.to_vec()));
                        batch.keys.append(&mut keys);
                        self.place = Some((number, offset + u64::try_from(at).unwrap_or(0), fact_no));
                    }
                    keys.clear();
                }
                if at == 0 {
                    break;
                }
                offset += u64::try_from(at).unwrap_or(0);
            }
        }
        Ok(batch)
    }

    /// Deletes closed files whose facts are all in the database.
    ///
    /// # Errors
    /// The operating system's.
    pub fn release(&self, shipped: FactNo) -> io::Result<()> {
        let mut segments = self.shared.segments();
        while segments
            .first()
            .is_some_and(|segment| segment.closed && segment.last <= shipped)
        {
            if let Some(segment) = segments.first() {
                match fs::remove_file(&segment.path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    Ok(()) | Err(_) => {}
                }
            }
            segments.remove(0);
        }
        Ok(())
    }
}

/// Reads so much from `offset` that a whole frame fits, at most to `end`.
fn read_part(path: &Path, offset: u64, end: u64) -> io::Result<Vec<u8>> {
    let window = u64::try_from(FRAME_BYTES_MAX + FRAME_HEAD).unwrap_or(u64::MAX);
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(end.saturating_sub(offset).min(window))
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The number of an envelope, without reading all of it.
fn fact_no_of(envelope: &[u8]) -> Option<FactNo> {
    #[derive(serde::Deserialize)]
    struct Numbered {
        fact_no: FactNo,
    }
    serde_json::from_slice::<Numbered>(envelope)
        .ok()
        .map(|it| it.fact_no)
}
