//! The list of what is in a package, and of what is missing from it.
//!
//! **Invariants.** No word somebody wrote and no name of a person stands here. Files are in the order of their names.
//! The same content gives the same bytes, so that its hash names it.
//! **Source.** DB1302/T 604—2025 7.9.1.

use serde::Deserialize;
use serde::Serialize;
use sha2::Digest as _;
use sha2::Sha256;

use crate::base::ids::InteractionId;
use crate::base::ids::RecordingId;
use crate::base::ids::TicketId;
use crate::base::time::WallTime;

/// The version of the format that is written.
pub const FORMAT: u32 = 1;
/// The file's name.
pub const NAME: &str = "manifest.json";
/// Largest manifest that is read, bytes.
pub const BYTES_MAX: u64 = 4 << 20;
/// Most files of a package.
pub const FILES_MAX: usize = 2_000;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The order with all its facts, as data.
    Order,
    /// The same for people.
    Paper,
    /// A recording.
    Recording,
    /// A file somebody added.
    Attachment,
}

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its path below the package.
    pub name: String,
    /// What it is.
    pub part: Part,
    /// SHA-256 of its bytes as they lie there, hex.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

/// A recording in the catalogue of the package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sound {
    /// Its id.
    pub recording: RecordingId,
    /// The call.
    pub call: Option<InteractionId>,
    /// `intake`, `followup`, `contact` …
    pub purpose: String,
    /// When it began.
    pub opened_at: Option<WallTime>,
    /// Milliseconds.
    pub duration_ms: Option<u64>,
    /// The last link of its own chain, as the fact of the stored recording names it.
    pub digest: Option<String>,
}

/// Something that belongs to the order and is not in its package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// As `recording:<id>`, `followup_recording`, `file:<id>`.
    pub part: String,
    /// Why, as a stable code: `not_recorded`, `failed`, `file_gone` …
    pub why: String,
}

/// What is in a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// The order.
    pub ticket: TicketId,
    /// Its number.
    pub number: String,
    /// Its version when it was packed.
    pub version: i64,
    /// When it was packed.
    pub made_at: WallTime,
    /// How many facts it has.
    pub facts: u64,
    /// The hash of the last of them in its chain.
    pub last_fact: String,
    /// The data key the sealed files are under.
    pub key: String,
    /// Files by name.
    pub files: Vec<Entry>,
    /// Recordings, present or not.
    pub recordings: Vec<Sound>,
    /// What is missing.
    pub missing: Vec<Missing>,
}

impl Manifest {
    /// The bytes that lie in the package.
    pub fn encode(&self) -> Option<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self).ok()?;
        bytes.push(b'\n');
        Some(bytes)
    }

    /// Reads a manifest; none when it is not one, or of a newer format.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let manifest: Self = serde_json::from_slice(bytes).ok()?;
        (manifest.format <= FORMAT && manifest.files.len() <= FILES_MAX).then_some(manifest)
    }
}

/// SHA-256, hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
