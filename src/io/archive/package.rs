//! Writes a package: everything into a temporary folder, each file synced, then one rename.
//!
//! **Invariants.** A power cut leaves either no package or a whole one. Packing the same version of an order again gives
//! the package that is there. A recording is copied as it is and checked against the digest its fact names.
//! **Not here.** What is in it (`io::archive::dossier`).
//! **Source.** DB1302/T 604—2025 7.9.1.

use std::fs;
use std::fs::File;
use std::io::Read as _;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use sha2::Digest as _;
use sha2::Sha256;

use crate::io::archive::PackageError;
use crate::io::archive::dossier::Attachment;
use crate::io::archive::dossier::Dossier;
use crate::io::archive::fail;
use crate::io::archive::folder;
use crate::io::archive::manifest;
use crate::io::archive::manifest::Entry;
use crate::io::archive::manifest::Manifest;
use crate::io::archive::manifest::Missing;
use crate::io::archive::manifest::Part;
use crate::io::archive::manifest::Sound;
use crate::io::archive::paper;
use crate::io::archive::verify;
use crate::io::keys::DataKey;
use crate::io::keys::Keys;
use crate::io::keys::decrypt;
use crate::io::keys::encrypt;
use crate::io::pdf::Face;
use crate::io::recording::archive::RecordingReader;

/// The end of a sealed file's name.
pub const SEALED: &str = ".sealed";
/// Where unfinished packages lie, below the root.
const UNFINISHED: &str = ".unfinished";
/// Bytes copied at once.
const PIECE: usize = 1 << 16;

/// A package that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// SHA-256 of the manifest, hex: what the order's fact names.
    pub manifest: String,
    /// Where it is.
    pub folder: PathBuf,
    /// What it holds.
    pub content: Manifest,
    /// How many bytes all files have.
    pub bytes: u64,
}

/// With what a package is written.
pub struct Packer<'a> {
    /// Where archives are.
    pub root: &'a Path,
    /// The typeface of the paper.
    pub face: &'a Face,
    /// Opens recordings, to check them.
    pub keys: &'a Keys,
    /// The order's data key.
    pub key: &'a DataKey,
    /// Its id.
    pub key_id: &'a str,
}

impl std::fmt::Debug for Packer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Packer({})", self.root.display())
    }
}

impl Packer<'_> {
    /// Writes the package of an order, or gives the one that is there for the same version of it.
    ///
    /// # Errors
    /// [`PackageError`]; no package is left then.
    pub fn pack(&self, dossier: &Dossier) -> Result<Packed, PackageError> {
        let number = &dossier.ticket.number;
        let target = folder(self.root, number)?;
        if let Some(packed) = self.there(&target, dossier) {
            return Ok(packed);
        }
        let work = self.root.join(UNFINISHED).join(number);
        // What an interrupted attempt left is not a package.
        if work.exists() {
            fs::remove_dir_all(&work).map_err(fail(&work))?;
        }
        fs::create_dir_all(&work).map_err(fail(&work))?;
        let mut writing = Writing {
            packer: self,
            work: &work,
            files: Vec::new(),
            missing: dossier.missing.clone(),
        };
        writing.all(dossier)?;
        let content = writing.manifest(dossier);
        let bytes = content
            .encode()
            .ok_or_else(|| PackageError::Manifest(number.clone()))?;
        store(&work.join(manifest::NAME), &bytes)?;
        sync_folders(&work)?;
        self.put(&work, &target)?;
        Ok(packed(&target, &bytes, content))
    }

    /// The whole package of the same version, if it is there.
    fn there(&self, target: &Path, dossier: &Dossier) -> Option<Packed> {
        let bytes = fs::read(target.join(manifest::NAME)).ok()?;
        let content = Manifest::decode(&bytes)?;
        let whole = verify::verify(self.root, &dossier.ticket.number, None)
            .faults
            .is_empty();
        (whole && content.version == dossier.ticket.version).then(|| packed(target, &bytes, content))
    }

    /// Moves a finished folder to its place. A package of an earlier version, whose order was opened again before its
    /// fact was written, makes way.
    fn put(&self, work: &Path, target: &Path) -> Result<(), PackageError> {
        let above = target.parent().unwrap_or(self.root);
        fs::create_dir_all(above).map_err(fail(above))?;
        if target.exists() {
            let old = self.root.join(UNFINISHED).join("replaced");
            if old.exists() {
                fs::remove_dir_all(&old).map_err(fail(&old))?;
            }
            fs::rename(target, &old).map_err(fail(target))?;
        }
        fs::rename(work, target).map_err(fail(target))?;
        for folder in above.ancestors().take_while(|it| it.starts_with(self.root)) {
            sync(folder)?;
        }
        Ok(())
    }
}

fn packed(folder: &Path, bytes: &[u8], content: Manifest) -> Packed {
    Packed {
        manifest: manifest::sha256(bytes),
        folder: folder.to_owned(),
        bytes: content.files.iter().map(|it| it.bytes).sum(),
        content,
    }
}

/// A package being written.
struct Writing<'a> {
    packer: &'a Packer<'a>,
    work: &'a Path,
    files: Vec<Entry>,
    missing: Vec<Missing>,
}

impl Writing<'_> {
    fn all(&mut self, dossier: &Dossier) -> Result<(), PackageError> {
        let number = &dossier.ticket.number;
        if manifest::FILES_MAX < dossier.sounds.len() + dossier.files.len() + 2 {
            return Err(PackageError::TooMany(number.clone()));
        }
        for (sound, path) in &dossier.sounds {
            self.sound(sound, path.as_deref())?;
        }
        for file in &dossier.files {
            self.attachment(file)?;
        }
        // Last, so that order and paper name what turned out to be missing.
        let complete = Dossier {
            missing: self.missing.clone(),
            ..dossier.clone()
        };
        let mut json = serde_json::to_vec_pretty(&complete.to_json())
            .map_err(|_| PackageError::Manifest(number.clone()))?;
        json.push(b'\n');
        self.seal("order.json", Part::Order, &json)?;
        let paper = paper::document(&complete).draw(self.packer.face)?;
        self.seal("order.pdf", Part::Paper, &paper)
    }

    fn seal(&mut self, name: &str, part: Part, plain: &[u8]) -> Result<(), PackageError> {
        let name = format!("{name}{SEALED}");
        let sealed = encrypt(self.packer.key, &context(self.packer.key_id, &name), plain)?;
        store(&self.work.join(&name), &sealed)?;
        self.files.push(Entry {
            sha256: manifest::sha256(&sealed),
            bytes: u64::try_from(sealed.len()).unwrap_or(u64::MAX),
            name,
            part,
        });
        Ok(())
    }

    fn sound(&mut self, sound: &Sound, path: Option<&Path>) -> Result<(), PackageError> {
        let part = format!("recording:{}", sound.recording);
        let known = self.missing.iter().any(|it| it.part == part);
        let Some(path) = path.filter(|path| path.is_file()) else {
            if !known {
                self.miss(part, "file_gone");
            }
            return Ok(());
        };
        let name = format!("recordings/{}.rxr", sound.recording);
        let target = self.work.join(&name);
        let (sha256, bytes) = copy(path, &target)?;
        let whole = RecordingReader::open(&target, self.packer.keys).and_then(|it| it.verify());
        let right = whole.is_ok_and(|digest| sound.digest.as_ref().is_none_or(|it| *it == digest));
        if !right {
            // It is kept as it is, and the package says that it is not what was recorded.
            self.miss(part, "damaged");
        }
        self.files.push(Entry {
            name,
            part: Part::Recording,
            sha256,
            bytes,
        });
        Ok(())
    }

    fn attachment(&mut self, it: &Attachment) -> Result<(), PackageError> {
        let id = &it.file.id;
        let part = format!("file:{id}");
        let sound = !id.is_empty()
            && id
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_');
        match &it.bytes {
            None => self.miss(part, "file_gone"),
            Some(_) if !sound || 64 < id.len() => self.miss(part, "bad_id"),
            Some(bytes) => {
                if manifest::sha256(bytes) != it.file.sha256 {
                    self.miss(part, "damaged");
                }
                self.seal(&format!("files/{id}"), Part::Attachment, bytes)?;
            }
        }
        Ok(())
    }

    fn miss(&mut self, part: String, why: &str) {
        self.missing.push(Missing {
            part,
            why: why.to_owned(),
        });
    }

    fn manifest(mut self, dossier: &Dossier) -> Manifest {
        self.files.sort_by(|one, other| one.name.cmp(&other.name));
        Manifest {
            format: manifest::FORMAT,
            ticket: dossier.ticket.id,
            number: dossier.ticket.number.clone(),
            version: dossier.ticket.version,
            made_at: dossier.made_at,
            facts: u64::try_from(dossier.events.len()).unwrap_or(u64::MAX),
            last_fact: dossier.last_fact.clone(),
            key: self.packer.key_id.to_owned(),
            files: self.files,
            recordings: dossier.sounds.iter().map(|(sound, _)| sound.clone()).collect(),
            missing: self.missing,
        }
    }
}

/// A sealed file is bound to its order and its name.
fn context(key_id: &str, name: &str) -> String {
    format!("archive/{key_id}/{name}")
}

/// Opens a sealed file of a package.
///
/// # Errors
/// [`PackageError`].
pub fn open_sealed(
    folder: &Path,
    content: &Manifest,
    name: &str,
    key: &DataKey,
) -> Result<Vec<u8>, PackageError> {
    let path = folder.join(name);
    let sealed = fs::read(&path).map_err(fail(&path))?;
    Ok(decrypt(key, &context(&content.key, name), &sealed)?)
}

fn store(path: &Path, bytes: &[u8]) -> Result<(), PackageError> {
    if let Some(above) = path.parent() {
        fs::create_dir_all(above).map_err(fail(above))?;
    }
    let mut file = File::create(path).map_err(fail(path))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(fail(path))
}

/// Copies a file, synced; gives its SHA-256 and length.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(String, u64), PackageError> {
    if let Some(above) = to.parent() {
        fs::create_dir_all(above).map_err(fail(above))?;
    }
    let mut source = File::open(from).map_err(fail(from))?;
    let mut target = File::create(to).map_err(fail(to))?;
    let (mut hash, mut length) = (Sha256::new(), 0_u64);
    let mut piece = vec![0; PIECE];
    loop {
        let read = source.read(&mut piece).map_err(fail(from))?;
        let bytes = piece.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        hash.update(bytes);
        length += u64::try_from(read).unwrap_or(0);
        target.write_all(bytes).map_err(fail(to))?;
    }
    target.sync_all().map_err(fail(to))?;
    Ok((hex::encode(hash.finalize()), length))
}

/// Syncs a folder and those in it.
pub(super) fn sync_folders(folder: &Path) -> Result<(), PackageError> {
    for entry in fs::read_dir(folder).map_err(fail(folder))? {
        let path = entry.map_err(fail(folder))?.path();
        if path.is_dir() {
            sync_folders(&path)?;
        }
    }
    sync(folder)
}

pub(super) fn sync(folder: &Path) -> Result<(), PackageError> {
    File::open(folder)
        .and_then(|it| it.sync_all())
        .map_err(fail(folder))
}
