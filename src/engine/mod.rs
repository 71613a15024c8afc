//! The engine: the threads and tasks that drive the machines, and the handle by which everybody else asks.
//!
//! ```text
//!   http, cli ──Engine──► control loop (exchange) ──facts──► journal file ──► shipper ──► SQL journal
//!                 │                                                                  │        │
//!                 └──► ticket service, audit ──one transaction each──► SQL      policies   projector
//! ```
//!
//! **Invariants.** Every command of a person passes [`Engine::command`] or [`Engine::authorize`]: permission is
//! checked there and nowhere else, and a refusal is written to the trail.
//! **Not here.** Decisions about calls (`exchange`), about orders (`ticket`).

pub mod alarms;
pub mod archiver;
pub mod articles;
pub mod audit;
pub mod callouts;
pub mod cases;
pub mod conformance;
pub mod control_loop;
pub mod deadlines;
pub mod devices;
pub mod dispositions;
pub mod doors;
pub mod metrics;
pub mod old_recordings;
pub mod outbox;
pub mod policies;
pub mod projector;
pub mod publication;
pub mod recovery;
pub mod reference;
pub mod rule_proposals;
pub mod search;
pub mod shipper;
pub mod ticket_service;
pub mod views;
pub mod watch;

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;

use tokio::sync::Notify;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use crate::account::Principal;
use crate::account::permission::Denied;
use crate::account::permission::Object;
use crate::account::permission::Verb;
use crate::account::permission::authorize;
use crate::base::civil::SiteZone;
use crate::base::ids::PromptId;
use crate::base::time::Clock;
use crate::engine::alarms::Alarms;
use crate::engine::archiver::Archiver;
use crate::engine::articles::Articles;
use crate::engine::audit::Audit;
use crate::engine::cases::Cases;
use crate::engine::control_loop::CommandRequest;
use crate::engine::metrics::Metrics;
use crate::engine::outbox::Outbox;
use crate::engine::reference::References;
use crate::engine::search::Search;
use crate::engine::ticket_service::TicketService;
use crate::engine::views::Views;
use crate::exchange::command::Command;
use crate::exchange::command::CommandError;
use crate::exchange::profile::Profile;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::account::AccountFact;
use crate::io::files::Files;
use crate::io::keys::Keys;
use crate::io::store::Store;
use crate::sip::endpoint::DeviceAccount;

/// Why the engine did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The principal may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The state does not allow it.
    #[error(transparent)]
    Refused(#[from] CommandError),
    /// The program is stopping.
    #[error("the program is stopping")]
    Stopping,
}

/// What an engine is made of.
pub struct EngineParts {
    /// Where commands go.
    pub commands: mpsc::Sender<CommandRequest>,
    /// Wakes the control loop.
    pub notify: Arc<Notify>,
    /// The live picture.
    pub views: Arc<Views>,
    /// The database.
    pub store: Store,
    /// Work orders.
    pub tickets: TicketService,
    /// Organs, categories, rules, calendar, settings.
    pub references: References,
    /// The index over the words of orders.
    pub search: Search,
    /// Messages that leave the house.
    pub outbox: Outbox,
    /// The knowledge base.
    pub articles: Articles,
    /// 重点督办 cases.
    pub cases: Cases,
    /// The archive of closed orders.
    pub archiver: Archiver,
    /// Files of orders.
    pub files: Files,
    /// The trail of what people do.
    pub audit: Audit,
    /// The alarm list.
    pub alarms: Alarms,
    /// Keys.
    pub keys: Keys,
    /// The profile that the program starts with.
    pub profile: Arc<Profile>,
    /// Its version.
    pub profile_version: u64,
    /// The prompts that were loaded.
    pub prompts: BTreeSet<PromptId>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// The recordings root.
    pub recordings: PathBuf,
    /// The clocks; tests move them.
    pub clock: Arc<dyn Clock + Send + Sync>,
    /// The site's time zone.
    pub zone: SiteZone,
}

struct Inner {
    parts: EngineParts,
    /// The active profile with its version.
    profile: RwLock<(u64, Arc<Profile>)>,
    /// Held while a version becomes the active one.
    publishing: Arc<tokio::sync::Mutex<()>>,
}

/// A handle on the engine; cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

impl Engine {
    /// Makes the handle.
    pub fn new(parts: EngineParts) -> Self {
        let profile = RwLock::new((parts.profile_version, Arc::clone(&parts.profile)));
        let publishing = Arc::default();
        Self(Arc::new(Inner {
            parts,
            profile,
            publishing,
        }))
    }

    /// Checks a permission; a refusal is counted and written to the trail.
    ///
    /// # Errors
    /// [`EngineError::Denied`].
    pub async fn authorize(
        &self,
        principal: &Principal,
        verb: Verb,
        object: &Object,
    ) -> Result<(), EngineError> {
        let Err(denied) = authorize(principal, verb, object) else {
            return Ok(());
        };
        self.note_denied(principal, denied.verb.code(), &denied.object)
            .await;
        Err(denied.into())
    }

    /// Writes a refusal for lack of a right to the trail; `verb` and `object` as in `permission.denied`.
    pub async fn note_denied(&self, principal: &Principal, verb: &str, object: &str) {
        self.metrics()
            .permissions_denied
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let fact = AccountFact::PermissionDenied {
            verb: verb.to_owned(),
            object: object.to_owned(),
        };
        if let Err(error) = self
            .audit()
            .write(&[self.account_record(principal, "api:denied", fact)])
            .await
        {
            tracing::error!(%error, "a refusal could not be written to the trail");
        }
    }

    /// Gives a command of a person to the exchange: permission first, then the state decides. Resolves when the facts
    /// it rests on are durable.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn command(&self, principal: &Principal, command: Command) -> Result<(), EngineError> {
        let (verb, object) = self.permission_for(principal, &command);
        self.authorize(principal, verb, &object).await?;
        let actor = match &principal.agent {
            Some(agent) => Actor::named(ActorKind::Agent, agent),
            None => Actor::named(ActorKind::User, &principal.user),
        };
        self.submit(actor, command).await
    }

    /// Gives a command of the program itself to the exchange.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn submit(&self, actor: Actor, command: Command) -> Result<(), EngineError> {
        let (reply, answer) = oneshot::channel();
        let request = CommandRequest {
            actor,
            command,
            reply,
        };
        self.0
            .parts
            .commands
            .send(request)
            .await
            .map_err(|_| EngineError::Stopping)?;
        self.0.parts.notify.notify_one();
        answer.await.map_err(|_| EngineError::Stopping)??;
        Ok(())
    }

    /// Makes a published profile the active one.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn activate(
        &self,
        version: u64,
        profile: Arc<Profile>,
        devices: Vec<DeviceAccount>,
    ) -> Result<(), EngineError> {
        let command = Command::Publish {
            version,
            profile: Arc::clone(&profile),
            devices,
        };
        self.submit(Actor::system(), command).await?;
        *self.0.profile.write().unwrap_or_else(PoisonError::into_inner) = (version, profile);
        Ok(())
    }

    /// The live picture.
    pub fn views(&self) -> &Views {
        &self.0.parts.views
    }

    /// The database, for reads.
    pub fn store(&self) -> &Store {
        &self.0.parts.store
    }

    /// Work orders.
    pub fn tickets(&self) -> &TicketService {
        &self.0.parts.tickets
    }

    /// Organs, categories, rules, calendar, settings.
    pub fn references(&self) -> &References {
        &self.0.parts.references
    }

    /// The index over the words of orders.
    pub fn search(&self) -> &Search {
        &self.0.parts.search
    }

    /// Messages that leave the house.
    pub fn outbox(&self) -> &Outbox {
        &self.0.parts.outbox
    }

    /// The knowledge base.
    pub fn articles(&self) -> &Articles {
        &self.0.parts.articles
    }

    /// 重点督办 cases.
    pub fn cases(&self) -> &Cases {
        &self.0.parts.cases
    }

    /// The archive of closed orders.
    pub fn archiver(&self) -> &Archiver {
        &self.0.parts.archiver
    }

    /// Files of orders.
    pub fn files(&self) -> &Files {
        &self.0.parts.files
    }

    /// The trail of what people do.
    pub fn audit(&self) -> &Audit {
        &self.0.parts.audit
    }

    /// The alarm list.
    pub fn alarms(&self) -> &Alarms {
        &self.0.parts.alarms
    }

    /// Keys.
    pub fn keys(&self) -> &Keys {
        &self.0.parts.keys
    }

    /// The active profile.
    pub fn profile(&self) -> Arc<Profile> {
        Arc::clone(&self.0.profile.read().unwrap_or_else(PoisonError::into_inner).1)
    }

    /// The version of the active profile.
    pub fn profile_version(&self) -> u64 {
        self.0.profile.read().unwrap_or_else(PoisonError::into_inner).0
    }

    /// Counters.
    pub fn metrics(&self) -> &Metrics {
        &self.0.parts.metrics
    }

    /// The recordings root.
    pub fn recordings_root(&self) -> &Path {
        &self.0.parts.recordings
    }

    /// The clocks.
    pub fn clock(&self) -> &Arc<dyn Clock + Send + Sync> {
        &self.0.parts.clock
    }

    /// The site's time zone.
    pub fn zone(&self) -> &SiteZone {
        &self.0.parts.zone
    }

    /// A record of the trail, caused by a person.
    pub fn account_record(&self, principal: &Principal, cause: &'static str, fact: AccountFact) -> Record {
        Record {
            now: self.clock().now(),
            interaction: None,
            ticket: None,
            actor: Actor::named(ActorKind::User, &principal.user),
            cause,
            fact: Fact::Account(fact),
            personal: None,
        }
    }

    fn permission_for(&self, principal: &Principal, command: &Command) -> (Verb, Object) {
        let of_agent = |agent: &crate::base::ids::AgentId| {
            let verb = if principal.agent.as_ref() == Some(agent) {
                Verb::AgentSelf
            } else {
                Verb::AgentForce
            };
            (
                verb,
                Object::of_agent(format!("agent/{agent}"), Some(agent.clone())),
            )
        };
        match command {
            Command::SignIn { agent, .. }
            | Command::SignOut { agent }
            | Command::SetPresence { agent, .. }
            | Command::FinishWrapup { agent }
            | Command::RejectOffer { agent } => of_agent(agent),
            Command::MakeCall(call) => (
                Verb::CallMake,
                Object::of_agent(format!("call/{}", call.interaction), Some(call.agent.clone())),
            ),
            Command::HangUp { interaction } => {
                let agent = self
                    .views()
                    .read(|it| it.calls.get(interaction).and_then(|call| call.agent.clone()));
                (
                    Verb::CallHangup,
                    Object::of_agent(format!("call/{interaction}"), agent),
                )
            }
            Command::Publish { version, .. } => (
                Verb::ProfilePublish,
                Object::of_centre(format!("profile/{version}")),
            ),
            Command::Drain | Command::Force => (Verb::NodeDrain, Object::of_centre("node")),
        }
    }
}
