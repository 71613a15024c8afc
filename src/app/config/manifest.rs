//! The prompts that flows and queues may name: `prompts/manifest.toml`.
//!
//! **Not here.** Loading their audio (`io::media::prompts`).

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use sha2::Digest as _;
use sha2::Sha256;

use crate::app::config::document::Document;
use crate::app::config::document::Table;
use crate::app::config::form::Entries;
use crate::base::ids::PromptId;

/// What sort of audio a prompt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// Words, said once.
    Speech,
    /// Played again and again.
    Music,
    /// Played again and again.
    Tone,
}

/// Reads the manifest and checks that each file is there and unchanged.
pub(super) fn read(document: &Document, folder: &Path) -> Entries<PromptId, Kind> {
    let root = document.root();
    let mut prompts = BTreeMap::new();
    for row in root.rows("prompt") {
        let id = row.required::<PromptId>("id");
        let kind = row.required::<Kind>("kind");
        let (_, file, hash) = (
            row.required::<String>("text"),
            row.required::<String>("file"),
            row.required::<String>("sha256"),
        );
        row.finish();
        if let (Some(file), Some(hash)) = (file, hash) {
            audio(&row, folder, &file, &hash);
        }
        if let Some(id) = id
            && prompts.insert(id.clone(), kind).is_some()
        {
            row.fault(
                "id",
                format!("the prompt `{id}` stands twice"),
                "rename one of them",
            );
        }
    }
    root.finish();
    prompts
}

fn audio(row: &Table<'_>, folder: &Path, file: &str, hash: &str) {
    if Path::new(file).is_absolute() || file.split('/').any(|part| part == "..") {
        return row.fault(
            "file",
            "leads out of the prompts folder",
            "write a path below the manifest's folder",
        );
    }
    match std::fs::read(folder.join(file)) {
        Err(error) => row.fault(
            "file",
            format!("cannot be read: {error}"),
            "add the file or correct the path",
        ),
        Ok(bytes) if hex::encode(Sha256::digest(&bytes)) != hash.to_ascii_lowercase() => {
            row.fault(
                "sha256",
                "the file is not the one that was recorded",
                "make the prompt anew, or restore the file",
            );
        }
        Ok(_) => {}
    }
}
