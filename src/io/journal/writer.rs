//! The journal thread: takes what waits, seals, chains, appends and syncs it, and tells what is durable.
//!
//! ```text
//!  Accepting ⇄ Full       so much waits for the database or the disk
//!      │ ▲      │ ▲
//!      ▼ │      ▼ │
//!      Failed             a write failed: a fresh file with the next facts, or after half a second
//! ```
//! **Invariants.** `Durable(n)` is told after the sync of n and of everything before. What was encoded stays in
//! `pending` until it is synced, so the same bytes are written again after a failure. A file's number is never used
//! twice in a run.
//! **Not here.** The bytes: `frame`. Which files were there: `scan`. Deleting what was shipped: `reader`.

use std::collections::VecDeque;
use std::fs;
use std::fs::File;
use std::io;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use crate::base::limits::JOURNAL_FACTS_WAITING_MAX;
use crate::base::limits::JOURNAL_SEGMENT_BYTES;
use crate::base::time::Clock as _;
use crate::base::time::MonoTime;
use crate::fact::FactNo;
use crate::fact::Record;
use crate::fact::codec::CodecError;
use crate::fact::codec::EnvelopeWriter;
use crate::io::clock::SystemClock;
use crate::io::journal::JournalConfig;
use crate::io::journal::JournalEvent;
use crate::io::journal::Segment;
use crate::io::journal::Shared;
use crate::io::journal::frame::HEADER_BYTES;
use crate::io::journal::frame::KIND_BATCH;
use crate::io::journal::frame::KIND_FACT;
use crate::io::journal::frame::KIND_KEY;
use crate::io::journal::frame::header;
use crate::io::journal::frame::push_frame;
use crate::io::journal::scan::Scan;
use crate::io::journal::scan::cut;
use crate::io::journal::scan::segment_path;
use crate::io::keys::Keys;

/// A file that holds anything is closed after this time, so that shipped ones can be deleted.
const SEGMENT_AGE_MAX: Duration = Duration::from_mins(10);
/// After a failed write the next attempt comes so late, or with the next facts, if these come sooner.
const RETRY: Duration = Duration::from_millis(500);
/// Attempts to write the last facts when the program ends: 10 s.
const LAST_TRIES: u32 = 20;

/// The journal thread.
pub(super) struct Worker {
    config: JournalConfig,
    keys: Keys,
    clock: SystemClock,
    writer: EnvelopeWriter,
    shared: Arc<Shared>,
    events: Box<dyn FnMut(JournalEvent) + Send>,
    file: Option<File>,
    /// Encoded frames that are not synced.
    pending: Vec<u8>,
    /// Records that are not encoded.
    queue: VecDeque<Record>,
    /// Facts in `pending`.
    encoded: u64,
    status: JournalEvent,
    /// Of the next file; never used twice in a run, so that a reader's place stays true.
    next_number: u64,
    opened_at: MonoTime,
}

impl Worker {
    /// Goes on after what `scan` found; the files are in `shared`.
    pub(super) fn new(
        config: JournalConfig,
        keys: Keys,
        clock: SystemClock,
        scan: &Scan,
        shared: Arc<Shared>,
        events: Box<dyn FnMut(JournalEvent) + Send>,
    ) -> Self {
        let writer = EnvelopeWriter::new(&config.node, config.boot_id, &config.site, scan.last, &scan.hash);
        let next_number = shared.segments().last().map_or(1, |segment| segment.number + 1);
        Self {
            config,
            keys,
            clock,
            writer,
            shared,
            events,
            file: None,
            pending: Vec::new(),
            queue: VecDeque::new(),
            encoded: 0,
            status: JournalEvent::Accepting,
            next_number,
            opened_at: MonoTime::default(),
        }
    }

    /// Writes until the other end of `batches` is dropped and everything is on disk, or cannot be brought there.
    pub(super) fn run(&mut self, batches: &mpsc::Receiver<Vec<Record>>) {
        let mut last_tries = LAST_TRIES;
        loop {
            let first = batches.recv_timeout(RETRY);
            let ended = matches!(first, Err(RecvTimeoutError::Disconnected));
            self.queue.extend(first.into_iter().flatten());
            while let Ok(more) = batches.try_recv() {
                self.queue.extend(more);
            }
            if !self.queue.is_empty() || !self.pending.is_empty() {
                self.write_batch();
            } else {
                self.close_old();
                if self.status != JournalEvent::Accepting {
                    self.update_status(None);
                }
            }
            let done = self.queue.is_empty() && self.pending.is_empty();
            if ended && (done || last_tries == 0) {
                return;
            }
            if ended {
                // The disk does not take the last facts: nobody was told that they are durable.
                last_tries -= 1;
                std::thread::park_timeout(RETRY);
            }
        }
    }

    fn write_batch(&mut self) {
        let encoded = self.encode();
        let result = encoded.and_then(|()| self.append_pending());
        match result {
            Ok(()) => {
                let head = self.writer.head().0;
                self.shared.synced.store(head.0, Ordering::Release);
                self.shared.waiting.fetch_sub(self.encoded, Ordering::Relaxed);
                self.encoded = 0;
                (self.events)(JournalEvent::Durable(head));
                self.update_status(None);
            }
            Err(error) => {
                self.leave_file();
                self.update_status(Some(error));
            }
        }
    }

    /// Leaves a file that could not be written: what is not synced is cut off, so that failing again and again does not
    /// fill the disk. It may fail, too; opening passes over facts that stand in two files.
    fn leave_file(&mut self) {
        if self.file.take().is_none() {
            return;
        }
        let mut segments = self.shared.segments();
        let Some(segment) = segments.last() else { return };
        if segment.bytes <= HEADER_BYTES {
            let _ = fs::remove_file(&segment.path);
            segments.pop();
        } else {
            let _ = cut(&segment.path, segment.bytes);
        }
    }

    /// Closes a file that has been idle for long, so that it and the keys in it can go.
    fn close_old(&mut self) {
        if self.file.is_some() && SEGMENT_AGE_MAX < self.clock.now().mono.since(self.opened_at) {
            self.file = None;
            if let Some(segment) = self.shared.segments().last_mut() {
                segment.closed = true;
            }
        }
    }

    fn encode(&mut self) -> Result<(), String> {
        if self.pending.is_empty() {
            let first = self.writer.head().0.0 + 1;
            push_frame(&mut self.pending, KIND_BATCH, &first.to_le_bytes());
        }
        while let Some(record) = self.queue.front() {
            let mut envelope = Vec::with_capacity(768);
            let created = self.keys.with(|ring| {
                self.writer.encode(record, ring, &mut envelope)?;
                Ok::<_, CodecError>(ring.take_created())
            });
            for key in created.map_err(|error| error.to_string())? {
                let payload = serde_json::to_vec(&key).map_err(|error| error.to_string())?;
                push_frame(&mut self.pending, KIND_KEY, &payload);
            }
            push_frame(&mut self.pending, KIND_FACT, &envelope);
            self.encoded += 1;
            self.queue.pop_front();
        }
        Ok(())
    }

    fn append_pending(&mut self) -> Result<(), String> {
        self.rotate().map_err(|error| error.to_string())?;
        let Some(file) = &mut self.file else {
            return Err("no file".to_owned());
        };
        file.write_all(&self.pending)
            .and_then(|()| file.sync_data())
            .map_err(|error| error.to_string())?;
        let written = u64::try_from(self.pending.len()).unwrap_or(u64::MAX);
        if let Some(segment) = self.shared.segments().last_mut() {
            segment.bytes += written;
            segment.last = self.writer.head().0;
        }
        self.pending.clear();
        Ok(())
    }

    /// Opens a fresh file when there is none, or when the present one is large or old.
    fn rotate(&mut self) -> io::Result<()> {
        let now = self.clock.now().mono;
        let present = self.shared.segments().last().map_or(0, |segment| segment.bytes);
        let old = SEGMENT_AGE_MAX < now.since(self.opened_at) && HEADER_BYTES < present;
        if self.file.is_some() && present < JOURNAL_SEGMENT_BYTES && !old {
            return Ok(());
        }
        let number = self.next_number;
        let path = segment_path(&self.config.folder, number);
        let mut file = fs::OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .open(&path)?;
        let first = self.shared.synced.load(Ordering::Acquire) + 1;
        file.write_all(&header(first))?;
        file.sync_all()?;
        File::open(&self.config.folder)?.sync_all()?;
        let mut segments = self.shared.segments();
        for segment in segments.iter_mut() {
            segment.closed = true;
        }
        let last = FactNo(self.shared.synced.load(Ordering::Acquire));
        segments.push(Segment {
            path,
            number,
            last,
            bytes: HEADER_BYTES,
            closed: false,
        });
        drop(segments);
        self.next_number += 1;
        self.file = Some(file);
        self.opened_at = now;
        Ok(())
    }

    fn update_status(&mut self, error: Option<String>) {
        let too_many = usize::try_from(self.shared.waiting.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
        let bound = self.config.bytes_waiting_max;
        let bound = if self.status == JournalEvent::Full {
            bound / 10 * 9
        } else {
            bound
        };
        let status = match error {
            Some(error) => JournalEvent::Failed(error),
            None if bound <= self.shared.bytes() || JOURNAL_FACTS_WAITING_MAX <= too_many => {
                JournalEvent::Full
            }
            None => JournalEvent::Accepting,
        };
        let same_kind = std::mem::discriminant(&status) == std::mem::discriminant(&self.status);
        if !same_kind {
            (self.events)(status.clone());
        }
        self.status = status;
    }
}
