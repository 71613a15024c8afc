//! What a verb stands on: the database, the keys and the trail of a data folder, whether or not a server runs on it.

use std::path::PathBuf;

use anyhow::Context as _;
use anyhow::bail;

use crate::app::build::Places;
use crate::app::build::open_store;
use crate::app::build::os_random;
use crate::app::cli::table::Output;
use crate::app::config::ServerConfig;
use crate::app::config::load_profile;
use crate::base::civil::CivilDate;
use crate::base::civil::SiteZone;
use crate::base::ids::BootId;
use crate::base::ids::InteractionId;
use crate::base::time::Clock as _;
use crate::base::time::Now;
use crate::base::time::WallTime;
use crate::engine::audit::Audit;
use crate::engine::audit::AuditConfig;
use crate::exchange::profile::Profile;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::personal::Sealed;
use crate::io::clock::SystemClock;
use crate::io::keys::KeyRing;
use crate::io::keys::Keys;
use crate::io::store::Store;

/// Who acts at the command line, as in facts.
pub(super) const COMMAND_LINE: &str = "command-line";

/// An opened data folder.
pub(super) struct Base {
    pub(super) store: Store,
    pub(super) keys: Keys,
    pub(super) audit: Audit,
    pub(super) zone: SiteZone,
    pub(super) area_code: String,
    pub(super) node: String,
    pub(super) places: Places,
    pub(super) output: Output,
    pub(super) clock: SystemClock,
}

impl Base {
    /// Opens what a server has begun.
    pub(super) async fn open(config: &ServerConfig, places: &Places, output: Output) -> anyhow::Result<Self> {
        if !places.data.join("keys").join("master.key").exists() {
            bail!(
                "{}: no data of a server; start one with `rexian serve`, or give --data",
                places.data.display()
            );
        }
        let clock = SystemClock::new();
        let keys = Keys::new(KeyRing::open(&places.data)?);
        let store = open_store(config, &places.data, clock.now()).await?;
        let profile = active(&store, places).await?;
        let zone = SiteZone::new(&profile.site.time_zone)?;
        let boot = BootId::new(clock.now(), &mut os_random()?);
        let audit_config = AuditConfig {
            node: config.node.clone(),
            boot,
            site: profile.site.id.clone(),
            data: places.data.clone(),
        };
        let audit = Audit::new(store.clone(), keys.clone(), audit_config);
        Ok(Self {
            store,
            keys,
            audit,
            zone,
            area_code: profile.site.area_code.clone(),
            node: config.node.clone(),
            places: places.clone(),
            output,
            clock,
        })
    }

    /// The present instant.
    pub(super) fn now(&self) -> Now {
        self.clock.now()
    }

    /// First and last instant of a day: `today`, YYYY-MM-DD, or `all`.
    pub(super) fn day(&self, day: &str) -> anyhow::Result<(Option<WallTime>, Option<WallTime>)> {
        let date = match day {
            "all" => return Ok((None, None)),
            "today" => self.zone.date_of(self.now().wall),
            text => CivilDate::parse(text)
                .map_err(|_| anyhow::anyhow!("{text}: not `today`, `all` or YYYY-MM-DD"))?,
        };
        Ok((Some(self.zone.start_of(date)), Some(self.zone.end_of(date))))
    }

    /// Local time for people, empty when absent.
    pub(super) fn local(&self, at: Option<WallTime>) -> String {
        at.map(|at| self.zone.format(at)).unwrap_or_default()
    }

    /// A sealed caller, masked.
    pub(super) async fn caller(&self, sealed: Option<&Sealed>) -> anyhow::Result<String> {
        let Some(sealed) = sealed else {
            return Ok(String::new());
        };
        let opened = self.audit.open(sealed).await?;
        Ok(opened
            .and_then(|personal| personal.number)
            .map(|number| number.to_string())
            .unwrap_or_default())
    }

    /// A fact that the command line caused.
    pub(super) fn record(&self, interaction: Option<InteractionId>, fact: Fact) -> Record {
        let actor = Actor::named(ActorKind::User, COMMAND_LINE);
        Record {
            now: self.now(),
            interaction,
            ticket: None,
            actor,
            cause: "cli",
            fact,
            personal: None,
        }
    }

    /// A file below the recordings' root.
    pub(super) fn recording_file(&self, path: &str) -> PathBuf {
        self.places.recordings.join(path)
    }
}

/// The active profile, or that of the files before the first start.
async fn active(store: &Store, places: &Places) -> anyhow::Result<Profile> {
    if let Some(published) = store.latest_profile().await? {
        return serde_json::from_str(&published.document).context("the published profile");
    }
    let loaded = load_profile(&places.profiles, &places.prompts);
    Ok(loaded
        .map_err(|faults| anyhow::anyhow!("the profile has {} faults: see `rexian check`", faults.len()))?
        .profile)
}

/// The stable code of a value, as facts write it.
pub(super) fn code<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(code)) => code,
        _ => String::new(),
    }
}

/// A value by its stable code.
pub(super) fn by_code<T: serde::de::DeserializeOwned>(what: &str, code: &str) -> anyhow::Result<T> {
    serde_json::from_value(serde_json::Value::String(code.to_owned()))
        .map_err(|_| anyhow::anyhow!("{code}: no such {what}"))
}
