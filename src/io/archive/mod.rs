//! The archive of closed orders: one folder an order, sealed by the hash of its manifest in the order's own fact.
//!
//! ```text
//!  <archives>/YYYY/MM/<number>/
//!     manifest.json          every file with its SHA-256, what is missing and why; its own hash stands in the chain
//!     order.json.sealed      the five blocks of 3.4 and every fact with who, when, before and after
//!     order.pdf.sealed       the same for people
//!     recordings/<id>.rxr    as they were written, encrypted, each with its wrapped key
//!     files/<id>.sealed      attachments
//!
//!  temporary folder ─► files, each synced ─► manifest ─► folder synced ─► renamed ─► fact ticket.archived
//! ```
//!
//! **Invariants.** A package is there whole or not at all. What is in it never changes: a changed, missing or added file
//! is told by [`verify`]. Personal words stand in it only sealed under the order's data key, so that erasing the key
//! erases them here too. Names of files carry ids only.
//! **Not here.** When an order is archived (`engine::archiver`), the catalogue (`io::store::archives`), recordings
//! (`io::recording`).
//! **Source.** DB1302/T 604—2025 7.9.1, 7.9.2, 7.9.3, 3.4.

pub mod dossier;
pub mod manifest;
pub mod package;
pub mod paper;
pub mod verify;

use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::fact::codec::SealError;
use crate::io::pdf::PdfError;

/// Why a package was not written, read or copied.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The disk did not do it.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The paper was not made.
    #[error(transparent)]
    Paper(#[from] PdfError),
    /// The words could not be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Not the number of an order.
    #[error("{0}: not an order number")]
    Number(String),
    /// Too much for one package.
    #[error("the package of {0} would hold too many files")]
    TooMany(String),
    /// The manifest could not be written or read.
    #[error("{0}: the manifest is not readable")]
    Manifest(String),
    /// The place it is to be copied to holds another one.
    #[error("{0}: the copy there is another package")]
    Other(String),
    /// What is to be copied is not whole.
    #[error("{0}: the package is not whole; see `rexian archive verify`")]
    Damaged(String),
}

fn fail(path: &Path) -> impl Fn(io::Error) -> PackageError + '_ {
    move |error| PackageError::Io {
        path: path.to_owned(),
        error,
    }
}

/// The folder of an order's package: the year and month of its number, then the number.
///
/// # Errors
/// [`PackageError::Number`]: the number comes into a path.
pub fn folder(root: &Path, number: &str) -> Result<PathBuf, PackageError> {
    let sound = (8..=20).contains(&number.len()) && number.bytes().all(|it| it.is_ascii_digit());
    match (sound, number.get(..4), number.get(4..6)) {
        (true, Some(year), Some(month)) => Ok(root.join(year).join(month).join(number)),
        _ => Err(PackageError::Number(number.chars().take(20).collect())),
    }
}
