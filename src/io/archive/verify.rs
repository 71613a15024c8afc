//! Checks packages against their manifests, and copies them to a second store.
//!
//! **Invariants.** Checking changes nothing. A copy is there whole or not at all, and is checked before it counts.
//! **Not here.** Which manifest an order's fact names (`engine::archiver`).
//! **Source.** DB1302/T 604—2025 7.9.1, 7.9.3.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use sha2::Digest as _;
use sha2::Sha256;

use crate::io::archive::PackageError;
use crate::io::archive::fail;
use crate::io::archive::folder;
use crate::io::archive::manifest;
use crate::io::archive::manifest::Manifest;
use crate::io::archive::package;

/// What is wrong with a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PackageFault {
    /// There is none.
    NoPackage,
    /// Its manifest is not there or not readable.
    NoManifest,
    /// The manifest is not the one the order's fact names.
    Manifest,
    /// It is another order's.
    Number,
    /// A file is not there.
    Missing(String),
    /// A file was changed.
    Changed(String),
    /// A file nobody put there.
    Added(String),
    /// A file could not be read.
    Unreadable(String),
}

impl fmt::Display for PackageFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPackage => f.write_str("the package is not there"),
            Self::NoManifest => f.write_str("manifest.json is not there or not readable"),
            Self::Manifest => f.write_str("manifest.json is not the one that the order's fact names"),
            Self::Number => f.write_str("the manifest is another order's"),
            Self::Missing(name) => write!(f, "{name}: is missing"),
            Self::Changed(name) => write!(f, "{name}: was changed"),
            Self::Added(name) => write!(f, "{name}: is not in the manifest"),
            Self::Unreadable(name) => write!(f, "{name}: cannot be read"),
        }
    }
}

/// A package after a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// SHA-256 of its manifest, hex; empty when there is none.
    pub manifest: String,
    /// What it says.
    pub content: Option<Manifest>,
    /// Files read.
    pub files: usize,
    /// What is wrong.
    pub faults: Vec<PackageFault>,
}

/// Reads every file of an order's package again. `named` is the manifest the order's fact names.
pub fn verify(root: &Path, number: &str, named: Option<&str>) -> Checked {
    let mut checked = Checked::default();
    let Ok(folder) = folder(root, number).and_then(|it| it.is_dir().then_some(it).ok_or_else(none)) else {
        checked.faults.push(PackageFault::NoPackage);
        return checked;
    };
    let content = read_manifest(&folder, &mut checked.manifest);
    let Some(content) = content else {
        checked.faults.push(PackageFault::NoManifest);
        return checked;
    };
    if named.is_some_and(|named| named != checked.manifest) {
        checked.faults.push(PackageFault::Manifest);
    }
    if content.number != number {
        checked.faults.push(PackageFault::Number);
    }
    for entry in &content.files {
        checked.files += 1;
        let name = || entry.name.clone();
        match digest(&folder.join(&entry.name)) {
            Ok(found) if found == (entry.sha256.clone(), entry.bytes) => (),
            Ok(_) => checked.faults.push(PackageFault::Changed(name())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                checked.faults.push(PackageFault::Missing(name()));
            }
            Err(_) => checked.faults.push(PackageFault::Unreadable(name())),
        }
    }
    let known: BTreeSet<&str> = content.files.iter().map(|it| it.name.as_str()).collect();
    added(&folder, "", &known, &mut checked.faults);
    checked.content = Some(content);
    checked
}

fn none() -> PackageError {
    PackageError::Number(String::new())
}

fn read_manifest(folder: &Path, hash: &mut String) -> Option<Manifest> {
    let path = folder.join(manifest::NAME);
    if manifest::BYTES_MAX < fs::metadata(&path).ok()?.len() {
        return None;
    }
    let bytes = fs::read(&path).ok()?;
    *hash = manifest::sha256(&bytes);
    let content = Manifest::decode(&bytes)?;
    // A name leads nowhere but into the package.
    let inside =
        |name: &str| !name.starts_with('/') && name.split('/').all(|it| !it.is_empty() && it != "..");
    content.files.iter().all(|it| inside(&it.name)).then_some(content)
}

fn added(folder: &Path, below: &str, known: &BTreeSet<&str>, faults: &mut Vec<PackageFault>) {
    let Ok(entries) = fs::read_dir(folder) else {
        faults.push(PackageFault::Unreadable(below.to_owned()));
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        let is_folder = entry.file_type().is_ok_and(|it| it.is_dir());
        if is_folder {
            added(&entry.path(), &format!("{name}/"), known, faults);
        } else if name != manifest::NAME && !known.contains(name.as_str()) {
            faults.push(PackageFault::Added(name));
        }
    }
}

fn digest(path: &Path) -> std::io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let (mut hash, mut length) = (Sha256::new(), 0);
    let mut piece = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut piece)?;
        let bytes = piece.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            return Ok((hex::encode(hash.finalize()), length));
        }
        hash.update(bytes);
        length += u64::try_from(read).unwrap_or(0);
    }
}

/// Copies a whole package below another root and checks the copy. Returns whether it was not there before.
///
/// # Errors
/// [`PackageError`]: it is damaged, or another one lies there.
pub fn copy(from: &Path, to: &Path, number: &str, named: &str) -> Result<bool, PackageError> {
    let checked = verify(from, number, Some(named));
    let Some(content) = checked.content.filter(|_| checked.faults.is_empty()) else {
        return Err(PackageError::Damaged(number.to_owned()));
    };
    let target = folder(to, number)?;
    if target.exists() {
        let whole = verify(to, number, Some(named)).faults.is_empty();
        return if whole {
            Ok(false)
        } else {
            Err(PackageError::Other(target.display().to_string()))
        };
    }
    let source = folder(from, number)?;
    let work = to.join(".unfinished").join(number);
    if work.exists() {
        fs::remove_dir_all(&work).map_err(fail(&work))?;
    }
    fs::create_dir_all(&work).map_err(fail(&work))?;
    let names = content.files.iter().map(|it| it.name.as_str());
    for name in names.chain([manifest::NAME]) {
        package::copy(&source.join(name), &work.join(name))?;
    }
    package::sync_folders(&work)?;
    let above = target.parent().unwrap_or(to);
    fs::create_dir_all(above).map_err(fail(above))?;
    fs::rename(&work, &target).map_err(fail(&target))?;
    package::sync(above)?;
    if verify(to, number, Some(named)).faults.is_empty() {
        Ok(true)
    } else {
        Err(PackageError::Damaged(number.to_owned()))
    }
}
