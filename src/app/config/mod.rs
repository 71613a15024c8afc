//! Reads everything an administrator writes, checks it whole, and tells every fault with file, line, field and fix.
//!
//! ```text
//! *.toml ─▶ document ─▶ form ─▶ cross ─▶ Profile ─▶ JSON document + SHA-256
//! ```
//! Driven by `check`, `profile publish` and `serve`.
//!
//! **Invariants.** A profile without faults is complete: whatever it names exists. Equal profiles have equal documents.
//! **Not here.** Storing and activating a version (`io::store`, `engine`), secrets (`io::keys`), loading audio
//! (`io::media::prompts`).

mod cross;
mod document;
mod documents;
mod flow_form;
mod form;
mod manifest;
mod notify;
mod server;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use sha2::Digest as _;
use sha2::Sha256;

use crate::acd::order::Order;
use crate::app::config::cross::Parts;
use crate::app::config::document::Document;
use crate::app::config::document::Source;
pub use crate::app::config::documents::DocumentsConfig;
use crate::app::config::form::Entries;
pub use crate::app::config::notify::NotifyConfig;
pub use crate::app::config::server::HttpConfig;
pub use crate::app::config::server::MediaSettings;
pub use crate::app::config::server::ServerConfig;
pub use crate::app::config::server::SipListener;
pub use crate::app::config::server::SipTransport;
use crate::base::ids::FlowId;
use crate::exchange::profile::Profile;
use crate::ivr::validate::World;
use crate::ivr::validate::suggest;

/// Every file of a profile's folder, beside `flows/`.
const FILES: [&str; 6] = [
    "server.toml",
    "site.toml",
    "trunk.toml",
    "queues.toml",
    "agents.toml",
    "devices.toml",
];

/// Something wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1; 0 when the fault is of the whole file.
    pub line: u32,
    /// The field, as `agents.a1001.queues.0`; empty when the fault is of no field.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub fix: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        write!(f, "{}; {}", self.problem, self.fix)
    }
}

/// A profile without faults.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedProfile {
    /// The profile.
    pub profile: Profile,
    /// The whole of it as JSON, always the same for the same profile; reads back as [`Profile`].
    pub document: String,
    /// SHA-256 of the document, hexadecimal.
    pub sha256: String,
}

/// What a check found.
#[derive(Clone, Debug)]
pub struct Report {
    /// The profile, if it has no fault.
    pub profile: Option<LoadedProfile>,
    /// The node's settings, if they have no fault.
    pub server: Option<ServerConfig>,
    /// Every fault, by file and line.
    pub faults: Vec<Fault>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.faults {
            writeln!(f, "{fault}")?;
        }
        match &self.profile {
            Some(LoadedProfile { profile, sha256, .. }) if self.faults.is_empty() => writeln!(
                f,
                "no faults: {} trunks, {} lines, {} queues, {} agents, {} devices, {} seats, {} flows; sha256 {sha256}",
                profile.trunks.len(),
                profile.lines.len(),
                profile.queues.len(),
                profile.agents.len(),
                profile.devices.len(),
                profile.seats.len(),
                profile.flows.len(),
            ),
            _ => writeln!(f, "{} faults", self.faults.len()),
        }
    }
}

/// Checks the folder of profile files and the folder of prompts, server settings included.
pub fn check(dir: &Path, prompts: &Path) -> Report {
    let (profile, mut faults) = match load_profile(dir, prompts) {
        Ok(profile) => (Some(profile), Vec::new()),
        Err(faults) => (None, faults),
    };
    let server = load_server(&dir.join("server.toml"))
        .map_err(|more| faults.extend(more))
        .ok();
    faults.sort();
    Report {
        profile,
        server,
        faults,
    }
}

/// Reads the settings of a node from its file.
///
/// # Errors
/// Every fault, by line.
pub fn load_server(file: &Path) -> Result<ServerConfig, Vec<Fault>> {
    let source = Source::read(file);
    let document = Document::parse(&source);
    let config = server::read(&document);
    match config {
        Some(config) if document.is_sound() => Ok(config),
        _ => Err(sorted(document.into_faults())),
    }
}

/// Reads a profile from the folder `dir` and the prompts' manifest from the folder `prompts`.
///
/// # Errors
/// Every fault of every file, by file and line.
pub fn load_profile(dir: &Path, prompts: &Path) -> Result<LoadedProfile, Vec<Fault>> {
    let sources = Sources::read(dir, prompts);
    let files = Files::parse(&sources);
    let mut faults = stray_files(dir);
    let parts = files.parts(prompts);
    if !files.is_broken() {
        cross::check(&parts, &files);
    }
    faults.extend(files.into_faults());
    match assemble(parts) {
        Some(profile) if faults.is_empty() => loaded(profile, dir),
        _ => Err(sorted(faults)),
    }
}

fn loaded(profile: Profile, dir: &Path) -> Result<LoadedProfile, Vec<Fault>> {
    let document = serde_json::to_string(&profile).map_err(|error| {
        let (problem, fix) = (
            format!("cannot be written as JSON: {error}"),
            "report this with the files".to_owned(),
        );
        vec![Fault {
            file: dir.display().to_string(),
            line: 0,
            field: String::new(),
            problem,
            fix,
        }]
    })?;
    let sha256 = hex::encode(Sha256::digest(document.as_bytes()));
    Ok(LoadedProfile {
        profile,
        document,
        sha256,
    })
}

/// The texts of a profile.
struct Sources {
    site: Source,
    trunk: Source,
    queues: Source,
    agents: Source,
    devices: Source,
    manifest: Source,
    /// With the name of the file, less `.toml`.
    flows: Vec<(String, Source)>,
}

impl Sources {
    fn read(dir: &Path, prompts: &Path) -> Self {
        let read = |name: &str| Source::read(&dir.join(name));
        let flow = |file: PathBuf| {
            let name = file
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            (name, Source::read(&file))
        };
        Self {
            site: read("site.toml"),
            trunk: read("trunk.toml"),
            queues: read("queues.toml"),
            agents: read("agents.toml"),
            devices: read("devices.toml"),
            manifest: Source::read(&prompts.join("manifest.toml")),
            flows: toml_files(&dir.join("flows")).into_iter().map(flow).collect(),
        }
    }
}

/// The files of a profile, parsed.
struct Files<'t> {
    site: Document<'t>,
    trunk: Document<'t>,
    queues: Document<'t>,
    agents: Document<'t>,
    devices: Document<'t>,
    manifest: Document<'t>,
    flows: Vec<(Option<FlowId>, Document<'t>)>,
}

impl<'t> Files<'t> {
    fn parse(sources: &'t Sources) -> Self {
        let flow = |(name, source): &'t (String, Source)| {
            let document = Document::parse(source);
            let id = name.parse::<FlowId>();
            if let Err(error) = &id {
                document.fault(
                    "",
                    format!("the file's name is the flow's id, and `{name}` is {error}"),
                    "rename it",
                );
            }
            (id.ok(), document)
        };
        Self {
            site: Document::parse(&sources.site),
            trunk: Document::parse(&sources.trunk),
            queues: Document::parse(&sources.queues),
            agents: Document::parse(&sources.agents),
            devices: Document::parse(&sources.devices),
            manifest: Document::parse(&sources.manifest),
            flows: sources.flows.iter().map(flow).collect(),
        }
    }

    /// The entries of all files.
    fn parts(&self, prompts: &Path) -> Parts {
        let [site, trunk, queues, agents, devices] =
            [&self.site, &self.trunk, &self.queues, &self.agents, &self.devices].map(Document::root);
        let mut parts = Parts {
            site: form::site(&site),
            trunks: form::entries(&trunk, "trunks", form::trunk),
            lines: form::entries(&site, "lines", form::line),
            order: queues.or("order", Order::default()),
            queues: form::entries(&queues, "queues", form::queue),
            skills: form::names(&queues, "skills"),
            reasons: form::names(&queues, "reasons"),
            agents: form::entries(&agents, "agents", form::agent),
            devices: form::entries(&devices, "devices", form::device),
            seats: form::entries(&devices, "seats", form::seat),
            flows: Entries::new(),
            prompts: manifest::read(&self.manifest, prompts),
        };
        for root in [site, trunk, queues, agents, devices] {
            root.finish();
        }
        let world = World {
            prompts: parts.prompts.keys().cloned().collect(),
            queues: parts.queues.keys().cloned().collect(),
        };
        let world = (!self.is_broken()).then_some(world);
        let flow = |(id, document): &(Option<FlowId>, Document<'_>)| {
            let flow = flow_form::flow(document, world.as_ref());
            Some((id.clone()?, flow))
        };
        parts.flows = self.flows.iter().filter_map(flow).collect();
        parts
    }

    /// Whether a file could not be read or parsed: what it holds would seem to be missing.
    fn is_broken(&self) -> bool {
        let Self {
            site,
            trunk,
            queues,
            agents,
            devices,
            manifest,
            flows: _,
        } = self;
        [site, trunk, queues, agents, devices, manifest]
            .into_iter()
            .any(Document::is_broken)
    }

    fn into_faults(self) -> Vec<Fault> {
        let Self {
            site,
            trunk,
            queues,
            agents,
            devices,
            manifest,
            flows,
        } = self;
        let flows = flows.into_iter().map(|(_, document)| document);
        let documents = [site, trunk, queues, agents, devices, manifest]
            .into_iter()
            .chain(flows);
        documents.flat_map(Document::into_faults).collect()
    }
}

/// The profile, if every entry is sound.
fn assemble(parts: Parts) -> Option<Profile> {
    Some(Profile {
        site: parts.site?,
        trunks: whole(parts.trunks)?,
        lines: whole(parts.lines)?,
        order: parts.order,
        queues: whole(parts.queues)?,
        skills: parts.skills,
        reasons: parts.reasons,
        agents: whole(parts.agents)?,
        devices: whole(parts.devices)?,
        seats: whole(parts.seats)?,
        flows: whole(parts.flows)?,
    })
}

fn whole<K: Ord, V>(entries: Entries<K, V>) -> Option<BTreeMap<K, V>> {
    entries
        .into_iter()
        .map(|(id, entry)| entry.map(|entry| (id, entry)))
        .collect()
}

/// Files that nothing reads: most likely misnamed.
fn stray_files(dir: &Path) -> Vec<Fault> {
    let stray = |file: PathBuf| {
        let name = file.file_name()?.to_str()?.to_owned();
        let fix = suggest(&name, FILES);
        let (line, field, problem) = (0, String::new(), format!("nothing reads `{name}`"));
        (!FILES.contains(&name.as_str())).then(|| Fault {
            file: file.display().to_string(),
            line,
            field,
            problem,
            fix,
        })
    };
    toml_files(dir).into_iter().filter_map(stray).collect()
}

/// The TOML files of a folder, in order of their names; a folder that cannot be read has none.
fn toml_files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml") && file.is_file());
    files.sort();
    files
}

fn sorted(mut faults: Vec<Fault>) -> Vec<Fault> {
    faults.sort();
    faults
}
