//! Files of orders on disk, sealed one by one under the order's data key.
//!
//! ```text
//!  <data>/files/<first two digits>/<id>      nonce ‖ ciphertext ‖ tag
//! ```
//!
//! **Invariants.** A file is whole on the disk before its row is written. Its kind is what its bytes say, never what
//! somebody says; what is no known kind is not taken. With the order's key its files are erased.
//! **Not here.** Whose a file is (`io::store::ticket_files`); who may read it (`http::tickets::files`).
//! **Source.** Signatures of file formats: each format's own specification.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use sha2::Digest as _;
use sha2::Sha256;
use tokio::io::AsyncWriteExt as _;

use crate::base::ids::FileId;
use crate::fact::codec::SealError;
use crate::io::keys::DataKey;
use crate::io::keys::decrypt;
use crate::io::keys::encrypt;

/// Largest file, bytes.
pub const FILE_BYTES_MAX: usize = 20 << 20;
/// Most files of one order.
pub const FILES_MAX: u32 = 30;

/// Why a file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The disk said no.
    #[error("files: {0}")]
    Io(#[from] io::Error),
    /// It does not open with this key, or was changed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Its bytes are not those its row speaks of.
    #[error("file {0} is not the one that was stored")]
    Altered(FileId),
}

/// Kinds that are taken: the media type and what such a file begins with, at which place.
const KINDS: &[(&str, usize, &[u8])] = &[
    ("image/jpeg", 0, b"\xff\xd8\xff"),
    ("image/png", 0, b"\x89PNG\r\n\x1a\n"),
    ("image/gif", 0, b"GIF8"),
    ("image/bmp", 0, b"BM"),
    ("image/webp", 8, b"WEBP"),
    ("application/pdf", 0, b"%PDF-"),
    ("audio/wav", 8, b"WAVE"),
    ("audio/mpeg", 0, b"ID3"),
    ("audio/amr", 0, b"#!AMR"),
    ("video/mp4", 4, b"ftyp"),
    (
        "application/vnd.ms-office",
        0,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    ),
    ("application/zip", 0, b"PK\x03\x04"),
    ("text/plain", 0, b"\xef\xbb\xbf"),
];

/// What a file is by its bytes; none when it is of no kind that is taken.
pub fn sniff(bytes: &[u8]) -> Option<&'static str> {
    let fits =
        |(_, at, sign): &&(&str, usize, &[u8])| bytes.get(*at..).is_some_and(|rest| rest.starts_with(sign));
    let (kind, _, _) = KINDS.iter().find(fits)?;
    match *kind {
        "application/zip" => office(bytes).or(Some("application/zip")),
        "image/webp" | "audio/wav" if !bytes.starts_with(b"RIFF") => None,
        kind => Some(kind),
    }
}

/// Which office document a ZIP container is: the folders of its parts say so near its beginning.
fn office(bytes: &[u8]) -> Option<&'static str> {
    let beginning = bytes.get(..8_192).unwrap_or(bytes);
    let holds = |name: &[u8]| beginning.windows(name.len()).any(|part| part == name);
    if !holds(b"[Content_Types].xml") && !holds(b"_rels/") {
        return None;
    }
    if holds(b"word/") {
        return Some("application/vnd.openxmlformats-officedocument.wordprocessingml.document");
    }
    holds(b"xl/").then_some("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
}

/// SHA-256, hex.
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Where files are.
#[derive(Clone, Debug)]
pub struct Files {
    root: PathBuf,
}

impl Files {
    /// Files below `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Seals a file and writes it; durable when this returns.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn put(&self, id: FileId, key: &DataKey, bytes: &[u8]) -> Result<(), FileError> {
        let sealed = encrypt(key, &context(id), bytes)?;
        let path = self.path(id);
        let folder = path.parent().unwrap_or(Path::new("."));
        tokio::fs::create_dir_all(folder).await?;
        let part = path.with_extension("part");
        let mut file = tokio::fs::File::create(&part).await?;
        file.write_all(&sealed).await?;
        file.sync_all().await?;
        tokio::fs::rename(&part, &path).await?;
        // The name counts only when its folder is on the disk, too.
        tokio::fs::File::open(folder).await?.sync_all().await?;
        Ok(())
    }

    /// Reads a file and checks that it is the one with this digest.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn get(&self, id: FileId, key: &DataKey, sha256: &str) -> Result<Vec<u8>, FileError> {
        let sealed = tokio::fs::read(self.path(id)).await?;
        let bytes = decrypt(key, &context(id), &sealed)?;
        if digest(&bytes) == sha256 {
            return Ok(bytes);
        }
        Err(FileError::Altered(id))
    }

    /// Where a file stands.
    pub fn path(&self, id: FileId) -> PathBuf {
        let name = id.to_string();
        let folder = name.get(name.len().saturating_sub(2)..).unwrap_or_default();
        self.root.join(folder).join(&name)
    }
}

fn context(id: FileId) -> String {
    format!("file:{id}")
}

#[cfg(test)]
#[path = "files_test.rs"]
mod tests;
