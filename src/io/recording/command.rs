//! What a media worker tells the recorder, and the two bounded rings between them.
//!
//! ```text
//! worker: RecorderSender ──Open, Chunk, Close──▶ RecorderReceiver: recorder
//!                        ◀──empty buffers────────
//! ```
//! The worker never waits: it takes an empty buffer from the return ring or counts a gap. The recorder blocks in
//! [`RecorderReceiver::receive`] and gives every buffer back with [`RecorderReceiver::give_back`].
//!
//! **Invariants.** For one recording: one `Open`, chunks in order, one `Close`. In steady state nothing is
//! allocated and nothing is locked.
//! **Not here.** The file (`io::recording::writer`), filling a chunk (`media::tap`).

use std::sync::Arc;
use std::sync::OnceLock;
use std::thread::Thread;
use std::time::Duration;

use crate::media::chunk::ChunkAudio;
pub use crate::media::chunk::RecorderCommand;

/// Makes the rings for at most `recordings_max` recordings at once.
pub fn recorder_channel(recordings_max: usize) -> (RecorderSender, RecorderReceiver) {
    // Each recording owns at most four buffers, so chunks alone cannot fill the ring.
    let capacity = recordings_max.saturating_mul(8).max(64);
    let (command_in, command_out) = rtrb::RingBuffer::new(capacity);
    let (buffer_in, buffer_out) = rtrb::RingBuffer::new(capacity);
    let sleeper = Arc::new(OnceLock::new());
    (
        RecorderSender {
            commands: command_in,
            buffers: buffer_out,
            sleeper: Arc::clone(&sleeper),
        },
        RecorderReceiver {
            commands: command_out,
            buffers: buffer_in,
            sleeper,
        },
    )
}

/// The worker's end.
#[derive(Debug)]
pub struct RecorderSender {
    commands: rtrb::Producer<RecorderCommand>,
    buffers: rtrb::Consumer<ChunkAudio>,
    sleeper: Arc<OnceLock<Thread>>,
}

impl RecorderSender {
    /// Hands a command over.
    ///
    /// # Errors
    /// Gives the command back when the ring is full.
    pub fn send(&mut self, command: RecorderCommand) -> Result<(), RecorderCommand> {
        self.commands
            .push(command)
            .map_err(|rtrb::PushError::Full(command)| command)
    }

    /// Wakes the recorder; call once after a batch of sends.
    pub fn flush(&self) {
        if let Some(thread) = self.sleeper.get() {
            thread.unpark();
        }
    }

    /// A buffer that the recorder has given back, with old audio in it.
    pub fn take_buffer(&mut self) -> Option<ChunkAudio> {
        self.buffers.pop().ok()
    }
}

/// The recorder's end.
#[derive(Debug)]
pub struct RecorderReceiver {
    commands: rtrb::Consumer<RecorderCommand>,
    buffers: rtrb::Producer<ChunkAudio>,
    sleeper: Arc<OnceLock<Thread>>,
}

impl RecorderReceiver {
    /// The next command; waits at most `patience` for one. Call it from one thread only.
    pub fn receive(&mut self, patience: Duration) -> Option<RecorderCommand> {
        if let Ok(command) = self.commands.pop() {
            return Some(command);
        }
        self.sleeper.get_or_init(std::thread::current);
        // A wake between this look and the parking is kept by the thread's token, so none is lost.
        if let Ok(command) = self.commands.pop() {
            return Some(command);
        }
        std::thread::park_timeout(patience);
        self.commands.pop().ok()
    }

    /// The worker is gone and everything it sent has been received.
    pub fn is_finished(&self) -> bool {
        self.commands.is_abandoned() && self.commands.is_empty()
    }

    /// Gives a chunk's buffer back to the worker; dropped when the ring is full.
    pub fn give_back(&mut self, audio: ChunkAudio) {
        drop(self.buffers.push(audio));
    }
}
