//! The distributor itself: queues, agents and reservations, kept true together by every step.
//!
//! This file holds the state and the profile's part of it. `waiting` has what enters, widens and leaves, `presence` what
//! agents and their phones do, `matching` who gets whom, `offers` what becomes of a reservation.
//!
//! **Invariants.** A reservation binds one agent to one waiting item.
//! - R1: both are bound in one step, with nothing in between.
//! - R2: each reservation raises the epoch; what comes for an older epoch changes nothing.
//! - R3: its lease ends at set-up + ringing + 5 s.
//! - R4: it ends exactly once, with one of the eight outcomes of an offer.
//!
//! **Not here.** Signalling, media and the journal: the exchange carries out what is decided here.
//! **Source.** `docs/conformance.md`: A-R1, A-R2, A-R3, A-R4.

pub use crate::acd::offers::Accepted;
pub use crate::acd::presence::Held;
pub use crate::acd::presence::Reachable;
pub use crate::acd::queue::NewItem;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::acd::agent::Agent;
use crate::acd::agent::Work;
use crate::acd::config::AgentConfig;
use crate::acd::config::Config;
use crate::acd::config::QueueConfig;
use crate::acd::decision::Decision;
use crate::acd::decision::Reservation;
use crate::acd::market::Market;
use crate::acd::market::Member;
use crate::acd::market::Supply;
use crate::acd::market::SupplyNo;
use crate::acd::order::Order;
use crate::acd::queue::Item;
use crate::acd::queue::Place;
use crate::acd::queue::Queue;
use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::QueueId;
use crate::base::random::Random;
use crate::base::time::Now;
use crate::fact::agent::Presence;

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
    pub(super) order: Order,
    pub(super) agents_config: BTreeMap<AgentId, AgentConfig>,
    pub(super) queues: Queues,
    pub(super) agents: BTreeMap<AgentId, Agent>,
    pub(super) items: BTreeMap<InteractionId, Item>,
    pub(super) market: Market,
    /// Items that wait for an agent of their own, by him.
    pub(super) owned: BTreeMap<AgentId, BTreeMap<Place, InteractionId>>,
    /// Queues that keep a reserve.
    pub(super) reserving: Vec<QueueId>,
    pub(super) epoch: u64,
    pub(super) arrivals: u64,
    pub(super) waiting_max: usize,
    pub(super) paused: bool,
}

/// Queues by id and by number; a number is never reused.
#[derive(Clone, Debug, Default)]
pub(super) struct Queues {
    rows: Vec<(QueueId, Queue)>,
    by_id: BTreeMap<QueueId, usize>,
}

impl Queues {
    pub(super) fn get(&self, id: &QueueId) -> Option<&Queue> {
        self.rows.get(*self.by_id.get(id)?).map(|row| &row.1)
    }

    pub(super) fn get_mut(&mut self, id: &QueueId) -> Option<&mut Queue> {
        self.rows.get_mut(*self.by_id.get(id)?).map(|row| &mut row.1)
    }

    /// The number of a queue.
    pub(super) fn number(&self, id: &QueueId) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// By its number.
    pub(super) fn at(&self, number: usize) -> Option<&(QueueId, Queue)> {
        self.rows.get(number)
    }

    fn entry(&mut self, id: &QueueId, config: &QueueConfig) -> Option<&mut Queue> {
        let next = self.rows.len();
        let number = *self.by_id.entry(id.clone()).or_insert(next);
        if number == next {
            self.rows.push((id.clone(), Queue::new(config.clone())));
        }
        self.rows.get_mut(number).map(|row| &mut row.1)
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = &mut (QueueId, Queue)> {
        self.rows.iter_mut()
    }

    /// In the order of their ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&QueueId, &Queue)> {
        self.by_id
            .values()
            .filter_map(|no| self.rows.get(*no))
            .map(|(id, queue)| (id, queue))
    }
}

impl Acd {
    /// An empty distributor that lets at most `waiting_max` callers wait.
    pub fn new(waiting_max: usize) -> Self {
        Self {
            waiting_max,
            ..Self::default()
        }
    }

    /// Makes `config` the active one; presence, work, places, plans and reservations stay as they are.
    pub fn configure(&mut self, now: Now, config: Config, random: &mut Random, out: &mut Vec<Decision>) {
        let Config {
            order,
            queues,
            agents,
        } = config;
        self.order = order;
        for (id, queue) in self.queues.iter_mut() {
            queue.retired = !queues.contains_key(id);
        }
        for (id, config) in &queues {
            let delays: BTreeSet<_> = members_of(&agents, id)
                .map(|member| member.delay)
                .filter(|delay| !delay.is_zero())
                .collect();
            if let Some(queue) = self.queues.entry(id, config) {
                queue.config = config.clone();
                queue.delays = delays.into_iter().collect();
                queue.plan = Arc::from(config.relaxation.as_slice());
            }
        }
        let keeps = |(_, config): &(&QueueId, &QueueConfig)| 0 < config.reserve;
        self.reserving = queues.iter().filter(keeps).map(|(id, _)| id.clone()).collect();
        for agent in agents.keys() {
            self.agents.entry(agent.clone()).or_insert_with(Agent::offline);
        }
        self.agents_config = agents;
        let known = self.known_agents();
        for id in &known {
            let supply = self.supply_of(id);
            self.move_agent(now, id, supply);
        }
        for agent in &known {
            self.refresh(now, agent, random, out);
        }
    }

    /// The number of what an agent can and where he belongs, as the profile says.
    fn supply_of(&mut self, agent: &AgentId) -> SupplyNo {
        let supply = self
            .agents_config
            .get(agent)
            .map_or_else(Supply::default, |config| {
                let mut members: Vec<Member> = config
                    .memberships
                    .iter()
                    .map(|it| Member {
                        queue: it.queue.clone(),
                        preference: it.preference,
                        delay: it.delay,
                        ring: it.ring,
                        standby: it.standby,
                    })
                    .collect();
                members.sort();
                members.dedup_by(|a, b| a.queue == b.queue);
                Supply {
                    levels: config.skills.clone(),
                    members,
                    classes: config.classes.clone(),
                }
            });
        self.market.supply_no(supply)
    }

    /// Takes an agent out of one supply and into another; he stands among the free again after `refresh`.
    fn move_agent(&mut self, now: Now, id: &AgentId, supply: SupplyNo) {
        self.leave_free_lists(now, id);
        let signed_in = self
            .agents
            .get(id)
            .is_some_and(|agent| agent.presence != Presence::Offline);
        self.count_signed_in(id, signed_in, false);
        if let Some(agent) = self.agents.get_mut(id) {
            agent.supply = supply;
        }
        self.count_signed_in(id, false, signed_in);
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
        self.agents_config.get(agent)
    }

    /// A queue's configuration; none when it is in the profile no more.
    pub fn queue_config(&self, queue: &QueueId) -> Option<&QueueConfig> {
        let queue = self.queues.get(queue).filter(|queue| !queue.retired)?;
        Some(&queue.config)
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

    /// Tells that the picture of each queue of an agent changed.
    pub(super) fn mark_queues(&self, agent: &AgentId, out: &mut Vec<Decision>) {
        let supply = self
            .agents
            .get(agent)
            .and_then(|it| self.market.supply(it.supply));
        let members = supply.map_or(&[][..], |row| row.supply.members.as_slice());
        out.extend(members.iter().map(|it| Decision::QueueChanged(it.queue.clone())));
    }

    /// Does `act` with each queue that an agent serves, and whether he does so only while it is overloaded.
    pub(super) fn each_queue_of(&mut self, agent: &AgentId, mut act: impl FnMut(&mut Queue, bool)) {
        let supply = self
            .agents
            .get(agent)
            .and_then(|it| self.market.supply(it.supply));
        for member in supply.map_or(&[][..], |row| row.supply.members.as_slice()) {
            if let Some(queue) = self.queues.get_mut(&member.queue) {
                act(queue, member.standby);
            }
        }
    }

    /// The reservation of an agent for a call that he makes himself.
    pub(super) fn own_call(&self, interaction: InteractionId) -> Option<Reservation> {
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
}

fn members_of<'a>(
    agents: &'a BTreeMap<AgentId, AgentConfig>,
    queue: &'a QueueId,
) -> impl Iterator<Item = &'a crate::acd::config::Membership> {
    agents
        .values()
        .flat_map(|agent| agent.memberships.iter())
        .filter(move |member| member.queue == *queue)
}
