//! The distributor itself: every step keeps queues, agents and reservations true together.
//!
//! **Source.** Reservation rules R1–R4, misses and cool-down, wrap-up: the queue and agent behaviour page of `docs`.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::acd::agent::Agent;
use crate::acd::agent::Work;
use crate::acd::config::AgentConfig;
use crate::acd::config::Config;
use crate::acd::config::LEASE_SLACK;
use crate::acd::config::NO_ANSWER_LIMIT;
use crate::acd::config::QueueConfig;
use crate::acd::config::REJECT_DELAY;
use crate::acd::config::REJECT_EXCLUDE;
use crate::acd::config::REJECT_LIMIT;
use crate::acd::config::SETUP_TIMEOUT;
use crate::acd::decision::AgentNote;
use crate::acd::decision::Decision;
use crate::acd::decision::Reservation;
use crate::acd::decision::Timer;
use crate::acd::queue::Item;
use crate::acd::queue::Queue;
use crate::base::ids::AgentId;
use crate::base::ids::DeviceId;
use crate::base::ids::InteractionId;
use crate::base::ids::OfferId;
use crate::base::ids::QueueId;
use crate::base::ids::ReasonId;
use crate::base::ids::SeatId;
use crate::base::random::Random;
use crate::base::time::Now;
use crate::base::time::millis;
use crate::fact::agent::AgentFact;
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
    /// No wrap-up or offer to finish.
    NothingToFinish,
    /// As many wait as may.
    Full,
}

/// Queues, agents and reservations of one routing domain.
#[derive(Clone, Debug, Default)]
pub struct Acd {
    config: Config,
    queues: BTreeMap<QueueId, Queue>,
    agents: BTreeMap<AgentId, Agent>,
    items: BTreeMap<InteractionId, Item>,
    epoch: u64,
    arrivals: u64,
    waiting_max: usize,
    paused: bool,
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
        for (id, agent) in &mut self.agents {
            agent.listed = None;
            let queues = self
                .config
                .agents
                .get(id)
                .map(|config| config.queues.as_slice())
                .unwrap_or_default();
            for queue in queues.iter().filter(|_| agent.presence != Presence::Offline) {
                if let Some(queue) = self.queues.get_mut(queue) {
                    queue.signed_in += 1;
                }
            }
        }
        let known: Vec<AgentId> = self.agents.keys().cloned().collect();
        for agent in known {
            self.refresh(now, &agent, random, out);
        }
    }

    /// Stops or resumes matching, while offers could not be written down.
    pub fn pause(&mut self, now: Now, paused: bool, random: &mut Random, out: &mut Vec<Decision>) {
        if self.paused == paused {
            return;
        }
        self.paused = paused;
        if !paused {
            let known: Vec<AgentId> = self.agents.keys().cloned().collect();
            for agent in known {
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

    /// Signs an agent in; he is not ready (`login`) until he says so.
    ///
    /// # Errors
    /// [`AcdError::NoAgent`], [`AcdError::Busy`] while he works.
    pub fn sign_in(
        &mut self,
        now: Now,
        agent: &AgentId,
        place: (Option<SeatId>, Vec<DeviceId>),
        reachable: impl Fn(&DeviceId) -> bool,
        out: &mut Vec<Decision>,
    ) -> Result<(), AcdError> {
        let known = self.config.agents.contains_key(agent);
        let record = self
            .agents
            .get_mut(agent)
            .filter(|_| known)
            .ok_or(AcdError::NoAgent)?;
        if record.work != Work::Idle {
            return Err(AcdError::Busy);
        }
        let (seat, devices) = place;
        record.reachable = devices
            .iter()
            .filter(|device| reachable(device))
            .cloned()
            .collect();
        record.seat.clone_from(&seat);
        record.devices.clone_from(&devices);
        record.missed = 0;
        record.rejected = 0;
        record.cooldown_until = None;
        record.next = None;
        out.push(Decision::Fact(
            AgentFact::SignedIn {
                agent: agent.clone(),
                seat,
                devices,
            }
            .into(),
        ));
        self.apply_presence(now, agent, not_ready("login"), out);
        Ok(())
    }

    /// Signs an agent out.
    ///
    /// # Errors
    /// [`AcdError::NotSignedIn`], [`AcdError::Busy`] while he is reserved or talks.
    pub fn sign_out(&mut self, now: Now, agent: &AgentId, out: &mut Vec<Decision>) -> Result<(), AcdError> {
        let record = self.agents.get_mut(agent).ok_or(AcdError::NoAgent)?;
        match record.work {
            _ if record.presence == Presence::Offline => return Err(AcdError::NotSignedIn),
            Work::Reserved { .. } | Work::Talking { .. } => return Err(AcdError::Busy),
            Work::Wrapup {
                interaction, since, ..
            } => {
                record.work = Work::Idle;
                let lasted_ms = millis(now.mono.since(since));
                let fact = AgentFact::WrapupEnded {
                    agent: agent.clone(),
                    timed_out: false,
                    lasted_ms,
                };
                out.push(Decision::StopTimer(Timer::Wrapup(agent.clone())));
                out.push(Decision::Fact(AgentNote {
                    interaction: Some(interaction),
                    fact,
                }));
            }
            Work::Idle => {}
        }
        self.apply_presence(now, agent, Presence::Offline, out);
        out.push(Decision::Fact(
            AgentFact::SignedOut { agent: agent.clone() }.into(),
        ));
        Ok(())
    }

    /// Sets the presence now, or the next one while the agent works. Ready clears a stored other state.
    ///
    /// # Errors
    /// [`AcdError::NoAgent`], [`AcdError::NotSignedIn`].
    pub fn set_presence(
        &mut self,
        now: Now,
        agent: &AgentId,
        presence: Presence,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) -> Result<(), AcdError> {
        let record = self.agents.get_mut(agent).ok_or(AcdError::NoAgent)?;
        if record.presence == Presence::Offline {
            return Err(AcdError::NotSignedIn);
        }
        if presence == Presence::Ready {
            record.missed = 0;
            record.rejected = 0;
        }
        if record.work == Work::Idle {
            record.next = None;
            self.apply_presence(now, agent, presence, out);
            self.refresh(now, agent, random, out);
        } else {
            record.next = (record.presence != presence).then_some(presence);
            out.push(Decision::AgentChanged(agent.clone()));
        }
        Ok(())
    }

    /// A phone became reachable or not.
    pub fn set_reachable(
        &mut self,
        now: Now,
        device: &DeviceId,
        reachable: Reachable,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) {
        let owners: Vec<AgentId> = self
            .agents
            .iter()
            .filter(|(_, agent)| agent.devices.contains(device))
            .map(|(id, _)| id.clone())
            .collect();
        for agent in owners {
            if let Some(record) = self.agents.get_mut(&agent) {
                let changed = match reachable {
                    Reachable::Yes => record.reachable.insert(device.clone()),
                    Reachable::No => record.reachable.remove(device),
                };
                if changed {
                    out.push(Decision::AgentChanged(agent.clone()));
                }
            }
            if reachable == Reachable::Yes {
                self.return_from_device_fault(now, &agent, out);
            }
            self.refresh(now, &agent, random, out);
        }
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

    /// Takes a caller out of his queue (he hung up); a running offer ends as cancelled, without a miss.
    pub fn withdraw(
        &mut self,
        now: Now,
        interaction: InteractionId,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) {
        let Some(item) = self.remove_item(interaction, out) else {
            return;
        };
        if let Some(reservation) = item.offering {
            self.free_agent(&reservation, out);
            let agent = reservation.agent.clone();
            out.push(Decision::OfferEnded {
                reservation,
                outcome: OfferOutcome::Cancelled,
            });
            self.settle(now, &agent, random, out);
        }
    }

    /// A phone rings (first 18x): the ring timer replaces the set-up timer. A stale epoch is ignored.
    pub fn ringing(&mut self, now: Now, agent: &AgentId, epoch: u64, out: &mut Vec<Decision>) {
        let Some(record) = self.agents.get_mut(agent) else {
            return;
        };
        let Work::Reserved { reservation, ringing } = &mut record.work else {
            return;
        };
        if reservation.epoch != epoch || *ringing {
            return;
        }
        *ringing = true;
        let timeout = self
            .config
            .queues
            .get(&reservation.queue)
            .map_or(Duration::from_secs(20), |it| it.ring_timeout);
        record.since = now.wall;
        out.push(Decision::StopTimer(Timer::Setup(agent.clone())));
        out.push(Decision::SetTimer(Timer::Ring(agent.clone()), now.mono + timeout));
        out.push(Decision::AgentChanged(agent.clone()));
    }

    /// The agent answered: the reservation ends as accepted and the item leaves its queue. `None` for a stale epoch.
    pub fn accept(
        &mut self,
        now: Now,
        agent: &AgentId,
        epoch: u64,
        out: &mut Vec<Decision>,
    ) -> Option<Accepted> {
        let reservation = self.reservation(agent, epoch)?;
        let item = self.remove_item(reservation.interaction, out)?;
        stop_offer_timers(agent, out);
        let record = self.agents.get_mut(agent)?;
        record.work = Work::Talking {
            interaction: reservation.interaction,
            queue: reservation.queue.clone(),
            held: false,
        };
        record.since = now.wall;
        record.missed = 0;
        record.rejected = 0;
        out.push(Decision::AgentChanged(agent.clone()));
        Some(Accepted {
            waited: now.mono.since(item.place.0),
            reservation,
        })
    }

    /// An offer ended without a talk: the item returns to its place, the agent bears what the outcome says.
    /// A stale epoch is ignored.
    #[allow(
        clippy::too_many_arguments,
        reason = "agent and epoch name the reservation; the rest every step takes"
    )]
    pub fn offer_ended(
        &mut self,
        now: Now,
        agent: &AgentId,
        epoch: u64,
        outcome: OfferOutcome,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) {
        let Some(reservation) = self.reservation(agent, epoch) else {
            return;
        };
        self.free_agent(&reservation, out);
        let interaction = reservation.interaction;
        self.put_back(now, &reservation, outcome, out);
        self.bear_outcome(now, agent, outcome, out);
        out.push(Decision::OfferEnded { reservation, outcome });
        self.settle(now, agent, random, out);
        self.match_item(now, interaction, random, out);
    }

    /// The talk was put on hold or retrieved.
    pub fn set_held(&mut self, now: Now, agent: &AgentId, is_held: Held, out: &mut Vec<Decision>) {
        if let Some(record) = self.agents.get_mut(agent)
            && let Work::Talking { held, .. } = &mut record.work
        {
            *held = is_held == Held::Yes;
            record.since = now.wall;
            out.push(Decision::AgentChanged(agent.clone()));
        }
    }

    /// The talk is over: wrap-up begins, or the agent is idle at once where the queue has none.
    pub fn talk_ended(
        &mut self,
        now: Now,
        agent: &AgentId,
        interaction: InteractionId,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) {
        let Some(record) = self.agents.get_mut(agent) else {
            return;
        };
        let Work::Talking {
            interaction: present,
            queue,
            ..
        } = &record.work
        else {
            return;
        };
        if *present != interaction {
            return;
        }
        let queue = queue.clone();
        let wrapup = self
            .config
            .queues
            .get(&queue)
            .map_or(Duration::ZERO, |it| it.wrapup);
        record.idle_since = now.mono;
        record.since = now.wall;
        if wrapup.is_zero() {
            record.work = Work::Idle;
            self.settle(now, agent, random, out);
            return;
        }
        record.work = Work::Wrapup {
            interaction,
            since: now.mono,
            until: now.wall + wrapup,
        };
        let fact = AgentFact::WrapupStarted {
            agent: agent.clone(),
            queue,
            max_ms: millis(wrapup),
        };
        out.push(Decision::Fact(AgentNote {
            interaction: Some(interaction),
            fact,
        }));
        out.push(Decision::SetTimer(
            Timer::Wrapup(agent.clone()),
            now.mono + wrapup,
        ));
        out.push(Decision::AgentChanged(agent.clone()));
    }

    /// Ends a wrap-up early.
    ///
    /// # Errors
    /// [`AcdError::NothingToFinish`] when there is none.
    pub fn finish_wrapup(
        &mut self,
        now: Now,
        agent: &AgentId,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) -> Result<(), AcdError> {
        match self.agents.get(agent).map(|record| &record.work) {
            Some(Work::Wrapup { .. }) => {
                out.push(Decision::StopTimer(Timer::Wrapup(agent.clone())));
                self.end_wrapup(now, agent, TimedOut::No, random, out);
                Ok(())
            }
            Some(_) => Err(AcdError::NothingToFinish),
            None => Err(AcdError::NoAgent),
        }
    }

    /// The reservation that rings at the agent, to be rejected by him.
    ///
    /// # Errors
    /// [`AcdError::NothingToFinish`] when nothing rings.
    pub fn offer_of(&self, agent: &AgentId) -> Result<&Reservation, AcdError> {
        match self.agents.get(agent).map(|record| &record.work) {
            Some(Work::Reserved { reservation, .. }) => Ok(reservation),
            Some(_) => Err(AcdError::NothingToFinish),
            None => Err(AcdError::NoAgent),
        }
    }

    /// A timer fired.
    pub fn timeout(&mut self, now: Now, timer: Timer, random: &mut Random, out: &mut Vec<Decision>) {
        match timer {
            Timer::Setup(agent) => self.expire_offer(now, &agent, OfferOutcome::Failed, random, out),
            Timer::Ring(agent) => self.expire_offer(now, &agent, OfferOutcome::NoAnswer, random, out),
            Timer::Lease(agent) => self.expire_offer(now, &agent, OfferOutcome::Expired, random, out),
            Timer::Wrapup(agent) => self.end_wrapup(now, &agent, TimedOut::Yes, random, out),
            Timer::Cooldown(agent) => self.refresh(now, &agent, random, out),
            Timer::Exclusion(interaction) => {
                self.match_item(now, interaction, random, out);
                self.arm_exclusion(now, interaction, out);
            }
        }
    }

    fn expire_offer(
        &mut self,
        now: Now,
        agent: &AgentId,
        outcome: OfferOutcome,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) {
        if let Ok(epoch) = self.offer_of(agent).map(|reservation| reservation.epoch) {
            self.offer_ended(now, agent, epoch, outcome, random, out);
        }
    }

    /// Finds the longest idle agent for an item, and reserves him.
    fn match_item(
        &mut self,
        now: Now,
        interaction: InteractionId,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) {
        let Some(item) = self.items.get(&interaction) else {
            return;
        };
        if item.offering.is_some() || self.paused {
            return;
        }
        let Some(queue) = self.queues.get(&item.queue) else {
            return;
        };
        let chosen = queue.free.iter().map(|(_, agent)| agent).find(|agent| {
            self.config
                .agents
                .get(*agent)
                .is_some_and(|config| item.fits(agent, &config.skills, now.mono))
        });
        if let Some(agent) = chosen.cloned() {
            self.reserve(now, &agent, interaction, random, out);
        }
    }

    /// Finds the longest waiting item for an agent, over all his queues, and reserves it.
    fn match_agent(&mut self, now: Now, agent: &AgentId, random: &mut Random, out: &mut Vec<Decision>) {
        if self.paused {
            return;
        }
        let Some(config) = self.config.agents.get(agent) else {
            return;
        };
        let oldest_of = |queue: &QueueId| {
            let waiting = &self.queues.get(queue)?.waiting;
            let (place, interaction) = waiting.iter().find(|(_, interaction)| {
                self.items
                    .get(interaction)
                    .is_some_and(|item| item.fits(agent, &config.skills, now.mono))
            })?;
            Some((*place, *interaction))
        };
        if let Some((_, interaction)) = config.queues.iter().filter_map(oldest_of).min() {
            self.reserve(now, agent, interaction, random, out);
        }
    }

    /// R1: agent and item change together, in one step.
    fn reserve(
        &mut self,
        now: Now,
        agent: &AgentId,
        interaction: InteractionId,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) {
        let (Some(record), Some(item)) = (self.agents.get_mut(agent), self.items.get_mut(&interaction))
        else {
            return;
        };
        debug_assert!(
            record.work == Work::Idle && item.offering.is_none(),
            "R1: both must be free"
        );
        self.epoch += 1;
        let reservation = Reservation {
            offer: OfferId::new(now, random),
            epoch: self.epoch,
            agent: agent.clone(),
            interaction,
            queue: item.queue.clone(),
            since: now.mono,
        };
        let devices: Vec<DeviceId> = record.reachable.iter().cloned().collect();
        record.work = Work::Reserved {
            reservation: reservation.clone(),
            ringing: false,
        };
        record.since = now.wall;
        item.offering = Some(reservation.clone());
        if let Some(queue) = self.queues.get_mut(&item.queue) {
            queue.waiting.remove(&item.place);
        }
        self.leave_free_lists(agent);
        let ring = self
            .config
            .queues
            .get(&reservation.queue)
            .map_or(Duration::from_secs(20), |it| it.ring_timeout);
        out.push(Decision::SetTimer(
            Timer::Setup(agent.clone()),
            now.mono + SETUP_TIMEOUT,
        ));
        out.push(Decision::SetTimer(
            Timer::Lease(agent.clone()),
            now.mono + SETUP_TIMEOUT + ring + LEASE_SLACK,
        ));
        out.push(Decision::Offer { reservation, devices });
    }

    fn reservation(&self, agent: &AgentId, epoch: u64) -> Option<Reservation> {
        self.offer_of(agent).ok().filter(|it| it.epoch == epoch).cloned()
    }

    fn free_agent(&mut self, reservation: &Reservation, out: &mut Vec<Decision>) {
        stop_offer_timers(&reservation.agent, out);
        if let Some(record) = self.agents.get_mut(&reservation.agent) {
            record.work = Work::Idle;
            out.push(Decision::AgentChanged(reservation.agent.clone()));
        }
    }

    fn put_back(
        &mut self,
        now: Now,
        reservation: &Reservation,
        outcome: OfferOutcome,
        out: &mut Vec<Decision>,
    ) {
        let Some(item) = self.items.get_mut(&reservation.interaction) else {
            return;
        };
        item.offering = None;
        if outcome != OfferOutcome::Cancelled {
            item.excluded
                .insert(reservation.agent.clone(), now.mono + REJECT_EXCLUDE);
        }
        let place = item.place;
        if let Some(queue) = self.queues.get_mut(&item.queue) {
            queue.waiting.insert(place, reservation.interaction);
        }
        out.push(Decision::QueueChanged(reservation.queue.clone()));
        self.arm_exclusion(now, reservation.interaction, out);
    }

    /// Arms the timer at which the first exclusion of an item ends; ended ones are forgotten.
    fn arm_exclusion(&mut self, now: Now, interaction: InteractionId, out: &mut Vec<Decision>) {
        let Some(item) = self.items.get_mut(&interaction) else {
            return;
        };
        item.excluded.retain(|_, until| now.mono < *until);
        if let Some(first) = item.excluded.values().min() {
            out.push(Decision::SetTimer(Timer::Exclusion(interaction), *first));
        }
    }

    /// Misses, rejections and unreachable phones have consequences; a cancelled or lost offer has none.
    fn bear_outcome(&mut self, now: Now, agent: &AgentId, outcome: OfferOutcome, out: &mut Vec<Decision>) {
        let Some(record) = self.agents.get_mut(agent) else {
            return;
        };
        let forced = match outcome {
            OfferOutcome::Rejected => {
                record.rejected = record.rejected.saturating_add(1);
                record.idle_since = now.mono;
                record.cooldown_until = Some(now.mono + REJECT_DELAY);
                out.push(Decision::SetTimer(
                    Timer::Cooldown(agent.clone()),
                    now.mono + REJECT_DELAY,
                ));
                (REJECT_LIMIT <= record.rejected).then_some("rejects")
            }
            OfferOutcome::NoAnswer | OfferOutcome::Expired => {
                record.missed = record.missed.saturating_add(1);
                record.idle_since = now.mono;
                (NO_ANSWER_LIMIT <= record.missed).then_some("rona")
            }
            OfferOutcome::Failed => Some("device"),
            OfferOutcome::Accepted
            | OfferOutcome::Cancelled
            | OfferOutcome::Preempted
            | OfferOutcome::LostRace => None,
        };
        if let Some(reason) = forced {
            record.next = None;
            self.apply_presence(now, agent, not_ready(reason), out);
        }
    }

    fn return_from_device_fault(&mut self, now: Now, agent: &AgentId, out: &mut Vec<Decision>) {
        let faulted = self
            .agents
            .get(agent)
            .is_some_and(|record| record.presence == not_ready("device"));
        if faulted {
            self.apply_presence(now, agent, Presence::Ready, out);
        }
    }

    fn end_wrapup(
        &mut self,
        now: Now,
        agent: &AgentId,
        timed_out: TimedOut,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) {
        let Some(record) = self.agents.get_mut(agent) else {
            return;
        };
        let Work::Wrapup {
            interaction, since, ..
        } = record.work
        else {
            return;
        };
        record.work = Work::Idle;
        record.idle_since = now.mono;
        record.since = now.wall;
        let fact = AgentFact::WrapupEnded {
            agent: agent.clone(),
            timed_out: timed_out == TimedOut::Yes,
            lasted_ms: millis(now.mono.since(since)),
        };
        out.push(Decision::Fact(AgentNote {
            interaction: Some(interaction),
            fact,
        }));
        self.settle(now, agent, random, out);
    }

    /// The agent is idle again: the stored next state is applied, then he is matched.
    fn settle(&mut self, now: Now, agent: &AgentId, random: &mut Random, out: &mut Vec<Decision>) {
        out.push(Decision::AgentChanged(agent.clone()));
        let next = self.agents.get_mut(agent).and_then(|record| record.next.take());
        if let Some(presence) = next {
            self.apply_presence(now, agent, presence, out);
        }
        self.refresh(now, agent, random, out);
    }

    fn apply_presence(&mut self, now: Now, agent: &AgentId, presence: Presence, out: &mut Vec<Decision>) {
        let Some(record) = self.agents.get_mut(agent) else {
            return;
        };
        if record.presence != presence {
            if presence == Presence::Ready {
                record.idle_since = now.mono;
            }
            record.since = now.wall;
            let (was, is) = (
                record.presence != Presence::Offline,
                presence != Presence::Offline,
            );
            record.presence = presence.clone();
            self.count_signed_in(agent, was, is);
            out.push(Decision::Fact(
                AgentFact::PresenceChanged {
                    agent: agent.clone(),
                    presence,
                }
                .into(),
            ));
        }
        self.leave_free_lists(agent);
        out.push(Decision::AgentChanged(agent.clone()));
        self.mark_queues(agent, out);
    }

    /// Puts the agent into, or takes him out of, his queues' free lists, and matches him when he is free.
    fn refresh(&mut self, now: Now, agent: &AgentId, random: &mut Random, out: &mut Vec<Decision>) {
        self.leave_free_lists(agent);
        let Some(record) = self.agents.get_mut(agent) else {
            return;
        };
        if !record.is_routable(now.mono) {
            self.mark_queues(agent, out);
            return;
        }
        let idle_since = record.idle_since;
        record.listed = Some(idle_since);
        if let Some(config) = self.config.agents.get(agent) {
            for queue in &config.queues {
                if let Some(queue) = self.queues.get_mut(queue) {
                    queue.free.insert((idle_since, agent.clone()));
                }
            }
        }
        self.mark_queues(agent, out);
        self.match_agent(now, agent, random, out);
    }

    fn leave_free_lists(&mut self, agent: &AgentId) {
        let Some(listed) = self.agents.get_mut(agent).and_then(|record| record.listed.take()) else {
            return;
        };
        let key = (listed, agent.clone());
        let queues = self
            .config
            .agents
            .get(agent)
            .map(|config| config.queues.as_slice())
            .unwrap_or_default();
        for queue in queues {
            if let Some(queue) = self.queues.get_mut(queue) {
                queue.free.remove(&key);
            }
        }
    }

    fn count_signed_in(&mut self, agent: &AgentId, was: bool, is: bool) {
        let queues = self
            .config
            .agents
            .get(agent)
            .map(|config| config.queues.as_slice())
            .unwrap_or_default();
        for queue in queues {
            if let Some(queue) = self.queues.get_mut(queue) {
                queue.signed_in = (queue.signed_in + u32::from(is)).saturating_sub(u32::from(was));
            }
        }
    }

    fn mark_queues(&self, agent: &AgentId, out: &mut Vec<Decision>) {
        if let Some(config) = self.config.agents.get(agent) {
            out.extend(config.queues.iter().cloned().map(Decision::QueueChanged));
        }
    }

    fn remove_item(&mut self, interaction: InteractionId, out: &mut Vec<Decision>) -> Option<Item> {
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

fn stop_offer_timers(agent: &AgentId, out: &mut Vec<Decision>) {
    for timer in [
        Timer::Setup(agent.clone()),
        Timer::Ring(agent.clone()),
        Timer::Lease(agent.clone()),
    ] {
        out.push(Decision::StopTimer(timer));
    }
}

/// What an accepted offer was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The reservation that ended with it.
    pub reservation: Reservation,
    /// How long the caller waited in the queue.
    pub waited: Duration,
}

/// Whether a phone can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reachable {
    /// It has a contact.
    Yes,
    /// It has none.
    No,
}

/// Whether a talk is on hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// On hold.
    Yes,
    /// Not.
    No,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TimedOut {
    Yes,
    No,
}

/// The engine's own reasons are slugs by construction.
fn not_ready(reason: &'static str) -> Presence {
    reason
        .parse::<ReasonId>()
        .map_or(Presence::Offline, Presence::NotReady)
}
