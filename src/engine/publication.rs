//! A published profile becomes the active one while calls go on.
//!
//! ```text
//!  newest stored version ─► can this run take it? ─► secrets of new phones ─► fact ─► exchange ─► secrets stored
//!                               └─ no: refused with the field, nothing has changed
//! ```
//!
//! **Invariants.** One version at a time becomes active, whole. The fact stands in the trail before the exchange takes the
//! version, and whoever asked may go away between the two. Secrets of new phones are stored last and given to the one who
//! asked: when a step fails before, the phones have none, and asking again makes new ones. Nobody loses the queue he
//! waits in.
//! **Not here.** Checking files and storing a version (`app::cli::profile`), what changes for agents and calls
//! (`exchange`, `acd`).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::account::Principal;
use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::base::ids::PromptId;
use crate::base::ids::QueueId;
use crate::base::random::Random;
use crate::engine::Engine;
use crate::engine::EngineError;
use crate::engine::audit::AuditError;
use crate::engine::devices;
use crate::engine::devices::DeviceError;
use crate::engine::devices::Devices;
use crate::engine::devices::NewSecret;
use crate::exchange::profile::Profile;
use crate::exchange::profile::Site;
use crate::exchange::snapshot::QueueView;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::system::SystemFact;
use crate::io::store::StoreError;

/// What to do about a field that never changes.
const FOR_EVER: &str = "that is fixed at the first start: publish the profile with the old value";
/// What to do about a field that is read once.
const AT_START: &str = "that is read at the start alone: restart the server to run the version";

/// Why a version did not become the active one.
#[derive(Debug, thiserror::Error)]
pub enum PublicationError {
    /// The person may not, or the exchange did not take it.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The trail could not be written.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The phones' secrets could not be read or stored.
    #[error(transparent)]
    Devices(#[from] DeviceError),
    /// No version is stored.
    #[error("no profile was published")]
    NonePublished,
    /// The stored document is no profile of this program.
    #[error("version {version}: {error}")]
    Unreadable {
        /// Which version.
        version: u64,
        /// Why.
        error: serde_json::Error,
    },
    /// This run of the program cannot take it.
    #[error("version {version}: {field}: {reason}")]
    Refused {
        /// Which version.
        version: u64,
        /// The field of the profile that stands against it, as `site.realm`.
        field: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The operating system has no randomness.
    #[error("no randomness: {0}")]
    Random(getrandom::Error),
}

/// A version that became the active one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activated {
    /// Which.
    pub version: u64,
    /// Hex SHA-256 of its document.
    pub sha256: String,
    /// Phones that had no secret before, with the secrets that nobody tells again.
    pub new_devices: Vec<NewSecret>,
}

impl Engine {
    /// Makes the newest published profile the active one, as `principal` asks. Calls, presence and counters go on.
    ///
    /// # Errors
    /// [`PublicationError`]; only the secrets of new phones may be missing then when the version is active.
    pub async fn adopt_published(&self, principal: &Principal) -> Result<Activated, PublicationError> {
        self.authorize(principal, Verb::ProfilePublish, &Object::of_centre("profiles"))
            .await?;
        let turn = Arc::clone(&self.0.publishing).lock_owned().await;
        let stored = self.store().latest_profile().await?;
        let stored = stored.ok_or(PublicationError::NonePublished)?;
        let version = stored.version;
        let profile: Profile = serde_json::from_str(&stored.document)
            .map_err(|error| PublicationError::Unreadable { version, error })?;
        let realm = devices::realm(self.store(), &self.0.parts.profile).await?;
        if let Some((field, reason)) = self.objection(&profile, &realm) {
            return Err(PublicationError::Refused {
                version,
                field,
                reason,
            });
        }
        let profile = Arc::new(profile);
        let asked = Arc::clone(&profile);
        let mut devices = Devices::open(self.store(), self.audit(), &realm, &asked).await?;
        let new_devices = devices.make(&mut os_random()?);
        let record = self.publication_record(principal, version, &stored.sha256);
        let (engine, accounts) = (self.clone(), devices.accounts());
        // What has begun comes to its end, whoever asked.
        let taken = tokio::spawn(async move {
            engine.audit().write(&[record]).await?;
            engine.activate(version, profile, accounts).await?;
            Ok::<_, PublicationError>(turn)
        });
        let _turn = taken.await.map_err(|_| EngineError::Stopping)??;
        devices.store(self.clock().now().wall).await?;
        let phones = new_devices.len();
        tracing::info!(version, phones, "another version of the profile is active");
        Ok(Activated {
            version,
            sha256: stored.sha256,
            new_devices,
        })
    }

    /// The first field that this run of the program cannot take, and why.
    fn objection(&self, asked: &Profile, realm: &str) -> Option<(String, String)> {
        let parts = &self.0.parts;
        changed_site(&asked.site, &parts.profile.site, realm)
            .or_else(|| missing_prompt(asked, &parts.prompts))
            .or_else(|| self.lost_queue(asked))
    }

    /// A queue that callers wait in and that would be gone.
    fn lost_queue(&self, asked: &Profile) -> Option<(String, String)> {
        self.views().read(|live| {
            let gone =
                |(id, queue): &(&QueueId, &QueueView)| 0 < queue.waiting && !asked.queues.contains_key(*id);
            let (id, queue) = live.queues.iter().find(gone)?;
            let reason = format!(
                "{} callers wait in the queue; ask again when they are served",
                queue.waiting
            );
            Some((format!("queues.{id}"), reason))
        })
    }

    fn publication_record(&self, principal: &Principal, version: u64, sha256: &str) -> Record {
        let sha256 = sha256.to_owned();
        Record {
            now: self.clock().now(),
            interaction: None,
            ticket: None,
            actor: Actor::named(ActorKind::User, &principal.user),
            cause: "api:activate",
            fact: Fact::System(SystemFact::ProfilePublished { version, sha256 }),
            personal: None,
        }
    }
}

/// Chains of facts bear the site's name, secrets its realm, and days its time zone.
fn changed_site(asked: &Site, running: &Site, realm: &str) -> Option<(String, String)> {
    let fields = [
        ("site.id", asked.id.as_str(), running.id.as_str(), FOR_EVER),
        ("site.realm", &asked.realm, realm, FOR_EVER),
        ("site.time_zone", &asked.time_zone, &running.time_zone, AT_START),
    ];
    let (field, asked, running, remedy) = fields
        .into_iter()
        .find(|(_, asked, running, _)| asked != running)?;
    let reason = format!("it is `{asked}`, but this server runs as `{running}`; {remedy}");
    Some((field.to_owned(), reason))
}

/// A prompt that the profile plays and the start did not load.
fn missing_prompt(asked: &Profile, loaded: &BTreeSet<PromptId>) -> Option<(String, String)> {
    let of_flows = asked.flows.iter().flat_map(|(flow, it)| {
        let nodes = it.nodes.iter();
        nodes.flat_map(move |(node, it)| {
            let spoken = it.spoken().into_iter();
            spoken.map(move |it| (format!("flows.{flow}.nodes.{node}.{}", it.field), it.prompt))
        })
    });
    let of_queues = { &asked.queues }
        .iter()
        .map(|(queue, it)| (format!("queues.{queue}.music"), &it.music));
    let (field, prompt) = of_flows
        .chain(of_queues)
        .find(|(_, prompt)| !loaded.contains(*prompt))?;
    let reason = format!("the prompt `{prompt}` was not there at the start; {AT_START}");
    Some((field, reason))
}

fn os_random() -> Result<Random, PublicationError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(PublicationError::Random)?;
    Ok(Random::from_seed(seed))
}
