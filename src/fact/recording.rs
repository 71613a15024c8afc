//! Facts about recordings.

use serde::Deserialize;
use serde::Serialize;

use crate::base::ids::RecordingId;
use crate::base::time::WallTime;

/// What happened to a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum RecordingFact {
    /// The file is complete and synced.
    #[serde(rename = "recording.stored")]
    Stored {
        /// Which.
        recording: RecordingId,
        /// Its path below the recordings root; carries ids only.
        path: String,
        /// Its length, milliseconds.
        duration_ms: u64,
        /// Its size on disk, bytes.
        bytes: u64,
        /// Hex hash of the last chunk of its chain, with the algorithm in front (`sha256:…`).
        digest: String,
        /// How much is missing because the disk was too slow or failed, milliseconds.
        gap_ms: u64,
        /// Whether a restart closed the file.
        recovered: bool,
    },
    /// The file could not be written.
    #[serde(rename = "recording.failed")]
    Failed {
        /// Which.
        recording: RecordingId,
        /// Why, in words of the operating system.
        error: String,
    },
    /// Taken over from an older system, complete and synced.
    #[serde(rename = "recording.imported")]
    Imported {
        /// Which.
        recording: RecordingId,
        /// Its path below the recordings root; carries ids only.
        path: String,
        /// Its length, milliseconds.
        duration_ms: u64,
        /// Its size on disk, bytes.
        bytes: u64,
        /// Hex hash of the last chunk of its chain, with the algorithm in front (`sha256:…`).
        digest: String,
        /// When it was recorded there.
        recorded_at: WallTime,
        /// Hash of the file it was made of, with the algorithm in front.
        source: String,
    },
    /// Somebody listened to it or exported it.
    #[serde(rename = "recording.read")]
    Read {
        /// Which.
        recording: RecordingId,
        /// How: `play`, `export`.
        how: String,
    },
}
