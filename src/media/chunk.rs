//! One second of a recording on its way from a leg to the disk.
//!
//! **Invariants.** The audio is A-law at 8 kHz, two channels interleaved: bytes 0, 2, 4 … are left (what the
//! customer said), bytes 1, 3, 5 … are right (what the customer heard). What is missing is A-law silence.
//! **Not here.** How it is filled (`media::tap`), sealed and stored (`io::recording`).

use crate::base::ids::InteractionId;
use crate::base::ids::RecordingId;

/// Samples per second.
pub const RATE: u32 = 8_000;
/// Samples of each channel in a whole chunk: 1 s.
pub const CHUNK_SAMPLES: usize = 8_000;
/// Bytes of a chunk's audio: two channels of one byte a sample.
pub const CHUNK_BYTES: usize = 2 * CHUNK_SAMPLES;
/// A-law zero. Source: ITU-T G.711 table 1a (even bits inverted).
pub const SILENCE: u8 = 0xD5;

/// The audio of a chunk. It travels from the worker to the recorder and back, so that nothing is allocated.
pub type ChunkAudio = Box<[u8; CHUNK_BYTES]>;

/// Makes an empty (silent) buffer.
pub fn new_audio() -> ChunkAudio {
    Box::new([SILENCE; CHUNK_BYTES])
}

/// At most one second of both channels. Chunk `n` covers second `n` of the recording: there are no holes in time,
/// only silence and numbers that are missing because of [`Chunk::gap_ms`].
#[derive(Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Of which recording.
    pub recording: RecordingId,
    /// The second of the recording, from 0. A number is skipped only when audio was lost (then `gap_ms` > 0).
    pub number: u32,
    /// The audio; only the first `2 × samples` bytes count.
    pub audio: ChunkAudio,
    /// Samples of each channel, 1 to 8000; fewer than 8000 only in the last chunk.
    pub samples: u16,
    /// RTP timestamp of the left channel's first sample; 0 while nothing was received.
    pub rtp_start: u32,
    /// Wall instant of the first sample, UTC µs.
    pub wall_start_us: i64,
    /// Audio lost just before this chunk because no buffer was free, milliseconds.
    pub gap_ms: u32,
    /// The recording was paused at the end of this chunk.
    pub pause: bool,
}

/// What the recorder is asked to do. For one recording: one `Open`, chunks in order, one `Close`.
#[derive(Debug, PartialEq, Eq)]
pub enum RecorderCommand {
    /// Begin a file.
    Open {
        /// The recording.
        recording: RecordingId,
        /// Whose interaction it is.
        interaction: InteractionId,
        /// Wall instant of the opening, UTC µs.
        opened_at_us: i64,
    },
    /// Append a second.
    Chunk(Chunk),
    /// Finish the file and report it as stored or failed.
    Close {
        /// The recording.
        recording: RecordingId,
        /// Audio lost after the last chunk, milliseconds.
        gap_ms: u32,
    },
}
