//! What stands before anything runs: the folder, the keys, the database, the profile, accounts and phones.
//!
//! **Invariants.** One process at a time uses a data folder. Folders that are made here are their owner's alone.
//! **Not here.** What runs on it (`app::build`).

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use anyhow::bail;

use crate::app::config::Fault;
use crate::app::config::LoadedProfile;
use crate::app::config::ServerConfig;
use crate::app::config::load_profile;
use crate::app::credentials;
use crate::base::civil::SiteZone;
use crate::base::ids::BootId;
use crate::base::random::Random;
use crate::base::time::Clock as _;
use crate::base::time::Now;
use crate::engine::audit::Audit;
use crate::engine::audit::AuditConfig;
use crate::engine::devices;
use crate::exchange::profile::Profile;
use crate::io::clock::SystemClock;
use crate::io::keys::KeyRing;
use crate::io::keys::Keys;
use crate::io::keys::SITE_KEY;
use crate::io::media::socket::raise_file_limit;
use crate::io::store::Address;
use crate::io::store::Store;
use crate::sip::endpoint::DeviceAccount;

/// Where things are; the command line stands above `server.toml`.
#[derive(Clone, Debug)]
pub struct Places {
    /// Database, journal, keys, certificates.
    pub data: PathBuf,
    /// Profile files.
    pub profiles: PathBuf,
    /// Prompts.
    pub prompts: PathBuf,
    /// Recordings.
    pub recordings: PathBuf,
}

/// What stands before anything runs: the folder, the keys, the database, the profile, the phones.
pub(super) struct House {
    pub(super) lock: std::fs::File,
    pub(super) clock: SystemClock,
    pub(super) random: Random,
    pub(super) boot_id: BootId,
    pub(super) keys: Keys,
    pub(super) store: Store,
    pub(super) version: u64,
    pub(super) profile: Arc<Profile>,
    pub(super) zone: SiteZone,
    pub(super) audit: Audit,
    pub(super) realm: String,
    pub(super) devices: Vec<DeviceAccount>,
    /// Whether secrets were made by this start.
    pub(super) made_secrets: bool,
}

impl House {
    /// Opens the folder and what is in it; the first time it is made.
    ///
    /// # Errors
    /// Whatever is missing or broken, in words for the engineer on call.
    pub(super) async fn open(config: &ServerConfig, places: &Places) -> anyhow::Result<Self> {
        let lock = lock_data(&places.data)?;
        own_folder(&places.recordings)?;
        raise_file_limit();
        let clock = SystemClock::new();
        let mut random = os_random()?;
        let boot_id = BootId::new(clock.now(), &mut random);
        let keys = Keys::new(KeyRing::open(&places.data)?);
        let store = open_store(config, &places.data, clock.now()).await?;
        let (version, profile) = known_profile(&store, places, clock.now()).await?;
        let zone = SiteZone::new(&profile.site.time_zone)?;
        // The site's own key may stand in the database alone: its journal file is gone once it was shipped.
        if let Some(record) = store.data_key(SITE_KEY).await? {
            keys.with(|ring| ring.adopt(&record))?;
        }
        let settings = AuditConfig {
            node: config.node.clone(),
            boot: boot_id,
            site: profile.site.id.clone(),
            data: places.data.clone(),
        };
        let audit = Audit::new(store.clone(), keys.clone(), settings);
        let realm = devices::realm(&store, &profile).await?;
        let first = credentials::FirstStart {
            store: &store,
            audit: &audit,
            profile: &profile,
            realm: &realm,
            data: &places.data,
            now: clock.now(),
        };
        let made_users = first.make_accounts(&mut random).await?;
        let (devices, made_phones) = first.device_accounts(&mut random).await?;
        Ok(Self {
            lock,
            clock,
            random,
            boot_id,
            keys,
            store,
            version,
            profile,
            zone,
            audit,
            realm,
            devices,
            made_secrets: made_users || made_phones,
        })
    }
}

/// Makes a folder, and those above it, for their owner alone; one that is there stays as it is.
fn own_folder(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("folder {}", path.display()))
}

fn lock_data(data: &Path) -> anyhow::Result<std::fs::File> {
    own_folder(data)?;
    let path = data.join("lock");
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| path.display().to_string())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            bail!(
                "{}: another rexian uses this data folder; stop it first, or give another with --data",
                data.display()
            )
        }
        Err(std::fs::TryLockError::Error(error)) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// A generator seeded by the operating system.
///
/// # Errors
/// When it has no randomness.
pub fn os_random() -> anyhow::Result<Random> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(Random::from_seed(seed))
}

/// Opens the database that the settings name.
///
/// # Errors
/// What the store says.
pub async fn open_store(config: &ServerConfig, data: &Path, now: Now) -> anyhow::Result<Store> {
    let address = match &config.database {
        Some(database) => database.parse()?,
        None => Address::Sqlite(data.join("rexian.db")),
    };
    Ok(Store::open(&address, now.wall).await?)
}

/// The last published profile, or the files' at the first start.
async fn known_profile(store: &Store, places: &Places, now: Now) -> anyhow::Result<(u64, Arc<Profile>)> {
    let from_files = load_profile(&places.profiles, &places.prompts);
    if let Some(published) = store.latest_profile().await? {
        let profile: Profile = serde_json::from_str(&published.document).context("the published profile")?;
        match from_files {
            Ok(files) if files.sha256 != published.sha256 => tracing::warn!(
                version = published.version,
                "the files differ from the published profile; `rexian profile diff` shows how, `profile publish` adopts them"
            ),
            Ok(_) => {}
            Err(faults) => tracing::warn!(
                version = published.version,
                faults = faults.len(),
                "the profile's files have faults, which `rexian check` lists; the published version is used"
            ),
        }
        return Ok((published.version, Arc::new(profile)));
    }
    let LoadedProfile {
        profile,
        document,
        sha256,
    } = from_files.map_err(|faults| {
        let words: Vec<String> = faults.iter().map(Fault::to_string).collect();
        anyhow::anyhow!("the profile has faults:\n{}", words.join("\n"))
    })?;
    let mut tx = store.begin().await?;
    let version = tx
        .publish_profile(&document, &sha256, now.wall, "first-start")
        .await?;
    tx.commit().await?;
    Ok((version, Arc::new(profile)))
}
