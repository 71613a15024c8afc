//! The prompts in memory: read once from sound files, encoded once in both laws.
//!
//! The manifest is `manifest.toml`; each `[[prompt]]` has `id`, `text` (what is said), `file` (relative to the
//! manifest), `sha256` (of the file) and `kind`.
//!
//! **Invariants.** A file that is missing, altered or not 8 kHz mono 16-bit PCM is refused with its name and field;
//! all faults are reported at once.
//! **Not here.** Playing (`media::player`), making the files.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use sha2::Digest;
use sha2::Sha256;

use crate::base::ids::PromptId;
use crate::media::chunk::RATE;
use crate::media::command::PromptIndex;
use crate::media::player::Prompt;
use crate::media::player::Prompts;

/// A fault of the manifest or of a sound file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {field}: {problem}")]
pub struct PromptFault {
    /// The file.
    pub file: String,
    /// The field of the manifest, or the property of the sound file.
    pub field: String,
    /// What is wrong.
    pub problem: String,
}

/// All faults of a library.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct PromptFaults(pub Vec<PromptFault>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    #[serde(default)]
    prompt: Vec<ManifestPrompt>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ManifestPrompt {
    id: PromptId,
    text: String,
    file: PathBuf,
    sha256: String,
    kind: String,
}

/// What is known of a prompt besides its sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptEntry {
    /// Its name in flows.
    pub id: PromptId,
    /// What is said.
    pub text: String,
    /// What it is for, as the manifest says.
    pub kind: String,
    /// Its length.
    pub duration: Duration,
}

/// The prompts of one manifest.
#[derive(Clone, Debug, Default)]
pub struct PromptLibrary {
    entries: Vec<PromptEntry>,
    by_id: BTreeMap<PromptId, PromptIndex>,
    audio: Arc<Prompts>,
}

impl PromptLibrary {
    /// Reads `manifest.toml` of a folder and every file it names.
    ///
    /// # Errors
    /// All faults, each with its file and field.
    pub fn load(folder: &Path) -> Result<Self, PromptFaults> {
        let path = folder.join("manifest.toml");
        let name = path.display().to_string();
        let at = |field: &str, problem: String| PromptFault {
            file: name.clone(),
            field: field.to_owned(),
            problem,
        };
        let text =
            std::fs::read_to_string(&path).map_err(|it| PromptFaults(vec![at("file", it.to_string())]))?;
        let manifest: Manifest =
            toml::from_str(&text).map_err(|it| PromptFaults(vec![at("syntax", it.to_string())]))?;
        let (mut faults, mut library, mut audio) = (Vec::new(), Self::default(), Vec::new());
        for (place, prompt) in manifest.prompt.into_iter().enumerate() {
            let Ok(index) = u16::try_from(place).map(PromptIndex) else {
                faults.push(at("prompt", "more than 65536 prompts".to_owned()));
                break;
            };
            if library.by_id.insert(prompt.id.clone(), index).is_some() {
                faults.push(at("id", format!("prompt {} is there twice", prompt.id)));
            }
            match load_sound(&folder.join(&prompt.file), &prompt.sha256) {
                Ok(sound) => {
                    let ManifestPrompt { id, text, kind, .. } = prompt;
                    library.entries.push(PromptEntry {
                        id,
                        text,
                        kind,
                        duration: sound.duration(),
                    });
                    audio.push(sound);
                }
                Err(fault) => faults.push(fault),
            }
        }
        library.audio = Arc::new(Prompts(audio));
        if faults.is_empty() {
            Ok(library)
        } else {
            Err(PromptFaults(faults))
        }
    }

    /// A library from linear samples, for tests and the simulator.
    pub fn from_samples(prompts: &[(PromptId, Vec<i16>)]) -> Self {
        let mut library = Self::default();
        let mut audio = Vec::new();
        for ((id, samples), index) in prompts.iter().zip(0..=u16::MAX) {
            let sound = Prompt::encode(samples);
            library.by_id.insert(id.clone(), PromptIndex(index));
            let (text, kind) = (String::new(), String::new());
            library.entries.push(PromptEntry {
                id: id.clone(),
                text,
                kind,
                duration: sound.duration(),
            });
            audio.push(sound);
        }
        library.audio = Arc::new(Prompts(audio));
        library
    }

    /// The number of a prompt for the media plane.
    pub fn index(&self, id: &PromptId) -> Option<PromptIndex> {
        self.by_id.get(id).copied()
    }

    /// What is known of a prompt.
    pub fn entry(&self, index: PromptIndex) -> Option<&PromptEntry> {
        self.entries.get(usize::from(index.0))
    }

    /// All prompts in the order of the manifest.
    pub fn entries(&self) -> &[PromptEntry] {
        &self.entries
    }

    /// The sounds.
    pub fn audio(&self) -> Arc<Prompts> {
        Arc::clone(&self.audio)
    }
}

fn load_sound(path: &Path, sha256: &str) -> Result<Prompt, PromptFault> {
    let fault = |field: &str, problem: String| PromptFault {
        file: path.display().to_string(),
        field: field.to_owned(),
        problem,
    };
    let bytes = std::fs::read(path).map_err(|it| fault("file", it.to_string()))?;
    let digest = hex::encode(Sha256::digest(&bytes));
    let wanted = sha256.strip_prefix("sha256:").unwrap_or(sha256);
    if !digest.eq_ignore_ascii_case(wanted) {
        return Err(fault(
            "sha256",
            format!("the manifest says {wanted}, the file is {digest}"),
        ));
    }
    let mut reader =
        hound::WavReader::new(Cursor::new(bytes)).map_err(|it| fault("format", it.to_string()))?;
    let spec = reader.spec();
    if spec.channels != 1 {
        return Err(fault(
            "channels",
            format!("1 is needed, the file has {}", spec.channels),
        ));
    }
    if spec.sample_rate != RATE {
        return Err(fault(
            "sample_rate",
            format!("{RATE} is needed, the file has {}", spec.sample_rate),
        ));
    }
    if spec.bits_per_sample != 16 || spec.sample_format != hound::SampleFormat::Int {
        return Err(fault(
            "bits_per_sample",
            format!("16-bit PCM is needed, the file has {}", spec.bits_per_sample),
        ));
    }
    let samples: Result<Vec<i16>, _> = reader.samples().collect();
    let samples = samples.map_err(|it| fault("data", it.to_string()))?;
    if samples.is_empty() {
        return Err(fault("data", "no sound at all".to_owned()));
    }
    Ok(Prompt::encode(&samples))
}

#[cfg(test)]
#[path = "prompts_test.rs"]
mod tests;
