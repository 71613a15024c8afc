//! The distributor itself: queues, agents and reservations, kept true together by every step.
//!
//! This file holds the state and who enters and leaves a queue. `presence` has what agents and their phones do,
//! `matching` who gets whom, `offers` what becomes of a reservation.
//!
//! **Invariants.** A reservation binds one agent to one waiting item.
//! - R1: both are bound in one step, with nothing in between.
//! - R2: each reservation raises the epoch; what comes for an older epoch changes nothing.
//! - R3: its lease ends at set-up + ringing + 5 s.
//! - R4: it ends exactly once, with one of the eight [`OfferOutcome`]s.
//!
//! **Not here.** Signalling, media and the journal: the exchange carries out what is decided here.
//! **Source.** `docs/conformance.md`: A-R1, A-R2, A-R3, A-R4.

pub use crate::acd::offers::Accepted;
pub use crate::acd::presence::Held;
pub use crate::acd::presence::Reachable;

use std::collections::BTreeMap;

use crate::acd::agent::Agent;
use crate::acd::agent::Work;
use crate::acd::config::AgentConfig;
use crate::acd::config::Config;
use crate::acd::config::QueueConfig;
use crate::acd::decision::Decision;
use crate::acd::decision::Reservation;
use crate::acd::decision::Timer;
use crate::acd::queue::Item;
use crate::acd::queue::Queue;
use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::QueueId;
use crate::base::random::Random;
use crate::base::time::Now;
use crate::fact::agent::Presence;
use crate::fact::call::OfferOutcome;

/// Why the distributor refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AcdError {
    /// Not in the profile.
    NoAgent,
    /// Not in the profile.
    NoQueue,
    /// Not signed in.
    NotSignedIn,
    /// Talks, rings or wraps up.
    Busy,
    /// None of his phones is registered.
    NoPhone,
    /// No wrap-up or offer to finish.
    NothingToFinish,
    /// As many wait as may.
    Full,
}

/// Queues, agents and reservations of one routing domain.
#[derive(Clone, Debug, Default)]
pub struct Acd {
    pub(super) config: Config,
    pub(super) queues: BTreeMap<QueueId, Queue>,
    pub(super) agents: BTreeMap<AgentId, Agent>,
    pub(super) items: BTreeMap<InteractionId, Item>,
    pub(super) epoch: u64,
    arrivals: u64,
    waiting_max: usize,
    pub(super) paused: bool,
}

impl Acd {
    /// An empty distributor that lets at most `waiting_max` callers wait.
    pub fn new(waiting_max: usize) -> Self {
        Self {
            waiting_max,
            ..Self::default()
        }
    }

    /// Makes `config` the active one; presence, work, places and reservations stay as they are.
    pub fn configure(&mut self, now: Now, config: Config, random: &mut Random, out: &mut Vec<Decision>) {
        self.config = config;
        for queue in self.config.queues.keys() {
            self.queues.entry(queue.clone()).or_default();
        }
        for agent in self.config.agents.keys() {
            self.agents.entry(agent.clone()).or_insert_with(Agent::offline);
        }
        for queue in self.queues.values_mut() {
            queue.free.clear();
            queue.signed_in = 0;
        }
        let known = self.known_agents();
        for id in &known {
            if let Some(agent) = self.agents.get_mut(id) {
                agent.listed = None;
                let signed_in = agent.presence != Presence::Offline;
                self.count_signed_in(id, false, signed_in);
            }
        }
        for agent in &known {
            self.refresh(now, agent, random, out);
        }
    }

    /// Stops or resumes matching, while offers could not be written down.
    pub fn pause(&mut self, now: Now, paused: bool, random: &mut Random, out: &mut Vec<Decision>) {
        if self.paused == paused {
            return;
        }
        self.paused = paused;
        if !paused {
            for agent in self.known_agents() {
                self.refresh(now, &agent, random, out);
            }
        }
    }

    /// An agent's runtime record.
    pub fn agent(&self, agent: &AgentId) -> Option<&Agent> {
        self.agents.get(agent)
    }

    /// All agents.
    pub fn agents(&self) -> impl Iterator<Item = (&AgentId, &Agent)> {
        self.agents.iter()
    }

    /// An agent's configuration.
    pub fn agent_config(&self, agent: &AgentId) -> Option<&AgentConfig> {
        self.config.agents.get(agent)
    }

    /// A queue's configuration.
    pub fn queue_config(&self, queue: &QueueId) -> Option<&QueueConfig> {
        self.config.queues.get(queue)
    }

    /// All queues with their runtime.
    pub fn queues(&self) -> impl Iterator<Item = (&QueueId, &Queue)> {
        self.queues.iter()
    }

    /// One queue's runtime.
    pub fn queue(&self, queue: &QueueId) -> Option<&Queue> {
        self.queues.get(queue)
    }

    /// A waiting item.
    pub fn item(&self, interaction: InteractionId) -> Option<&Item> {
        self.items.get(&interaction)
    }

    /// Puts a caller into a queue and offers him at once when somebody is free.
    ///
    /// # Errors
    /// [`AcdError::NoQueue`], [`AcdError::Full`].
    pub fn enqueue(
        &mut self,
        now: Now,
        interaction: InteractionId,
        queue: &QueueId,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) -> Result<(), AcdError> {
        let config = self.config.queues.get(queue).ok_or(AcdError::NoQueue)?;
        if self.waiting_max <= self.items.len() {
            return Err(AcdError::Full);
        }
        self.arrivals += 1;
        let item = Item {
            queue: queue.clone(),
            skills: config.skills.clone(),
            place: (now.mono, self.arrivals),
            enqueued_at: now.wall,
            excluded: BTreeMap::new(),
            offering: None,
        };
        let runtime = self.queues.entry(queue.clone()).or_default();
        runtime.waiting.insert(item.place, interaction);
        runtime.length += 1;
        self.items.insert(interaction, item);
        out.push(Decision::QueueChanged(queue.clone()));
        self.match_item(now, interaction, random, out);
        Ok(())
    }

    /// Takes a caller out of his queue (he hung up), or ends the reservation of an agent for his own call; a running
    /// offer ends as cancelled, without a miss.
    pub fn withdraw(
        &mut self,
        now: Now,
        interaction: InteractionId,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) {
        let offering = match self.remove_item(interaction, out) {
            Some(item) => item.offering,
            None => self.own_call(interaction),
        };
        if let Some(reservation) = offering {
            self.free_agent(&reservation, out);
            let agent = reservation.agent.clone();
            out.push(Decision::OfferEnded {
                reservation,
                outcome: OfferOutcome::Cancelled,
            });
            self.settle(now, &agent, random, out);
        }
    }

    /// Tells that the picture of each queue of an agent changed.
    pub(super) fn mark_queues(&self, agent: &AgentId, out: &mut Vec<Decision>) {
        let served = queues_of(&self.config, agent);
        out.extend(served.iter().cloned().map(Decision::QueueChanged));
    }

    /// Does `act` with the runtime of each queue that an agent serves.
    pub(super) fn each_queue_of(&mut self, agent: &AgentId, mut act: impl FnMut(&mut Queue)) {
        for queue in queues_of(&self.config, agent) {
            if let Some(queue) = self.queues.get_mut(queue) {
                act(queue);
            }
        }
    }

    /// The reservation of an agent for a call that he makes himself.
    fn own_call(&self, interaction: InteractionId) -> Option<Reservation> {
        self.agents.values().find_map(|agent| match &agent.work {
            Work::Reserved { reservation, .. }
                if reservation.interaction == interaction && reservation.queue.is_none() =>
            {
                Some(reservation.clone())
            }
            _ => None,
        })
    }

    fn known_agents(&self) -> Vec<AgentId> {
        self.agents.keys().cloned().collect()
    }

    /// Takes an item out of its queue and forgets it.
    pub(super) fn remove_item(
        &mut self,
        interaction: InteractionId,
        out: &mut Vec<Decision>,
    ) -> Option<Item> {
        let item = self.items.remove(&interaction)?;
        if let Some(queue) = self.queues.get_mut(&item.queue) {
            queue.waiting.remove(&item.place);
            queue.length = queue.length.saturating_sub(1);
        }
        if !item.excluded.is_empty() {
            out.push(Decision::StopTimer(Timer::Exclusion(interaction)));
        }
        out.push(Decision::QueueChanged(item.queue.clone()));
        Some(item)
    }
}

/// The queues that an agent serves, as the profile says; none when he is gone from it.
fn queues_of<'a>(config: &'a Config, agent: &AgentId) -> &'a [QueueId] {
    config
        .agents
        .get(agent)
        .map(|config| config.queues.as_slice())
        .unwrap_or_default()
}
