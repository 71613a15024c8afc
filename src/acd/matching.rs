//! Who gets whom: an item looks for the longest idle agent, an agent for the longest waiting item.
//!
//! Part of the distributor ([`Acd`]): `presence` and `offers` call it whenever somebody became free or came back.
//!
//! **Invariants.** An agent stands in the free lists of all his queues while he is routable, and in no other. Reserving
//! takes him out of them and the item out of its queue's waiting list, in one step (R1).
//! **Not here.** What becomes of a reservation: `offers`. The order of the lists: `queue`.
//! **Source.** `docs/conformance.md`: A-R1 to A-R3, A-3.7.1, A-3.7.4.

use crate::acd::agent::Work;
use crate::acd::config::LEASE_SLACK;
use crate::acd::config::SETUP_TIMEOUT;
use crate::acd::decision::Decision;
use crate::acd::decision::Reservation;
use crate::acd::decision::Timer;
use crate::acd::distributor::Acd;
use crate::acd::distributor::AcdError;
use crate::acd::offers::ring_timeout;
use crate::base::ids::AgentId;
use crate::base::ids::DeviceId;
use crate::base::ids::InteractionId;
use crate::base::ids::OfferId;
use crate::base::ids::QueueId;
use crate::base::random::Random;
use crate::base::time::Now;
use crate::fact::agent::Presence;

impl Acd {
    /// Finds the longest idle agent for an item, and reserves him.
    pub(super) fn match_item(
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
            queue: Some(item.queue.clone()),
            since: now.mono,
        };
        item.offering = Some(reservation.clone());
        if let Some(queue) = self.queues.get_mut(&item.queue) {
            queue.waiting.remove(&item.place);
        }
        self.bind(now, reservation, out);
    }

    /// Reserves an agent for a call that he makes himself: nothing waits for it in a queue.
    ///
    /// # Errors
    /// [`AcdError::NoAgent`]; [`AcdError::NotSignedIn`]; [`AcdError::Busy`] while he works; [`AcdError::NoPhone`].
    pub fn reserve_for_own_call(
        &mut self,
        now: Now,
        agent: &AgentId,
        interaction: InteractionId,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) -> Result<(), AcdError> {
        let record = self.agents.get(agent).ok_or(AcdError::NoAgent)?;
        if record.presence == Presence::Offline {
            return Err(AcdError::NotSignedIn);
        }
        if record.work != Work::Idle {
            return Err(AcdError::Busy);
        }
        if record.reachable.is_empty() {
            return Err(AcdError::NoPhone);
        }
        self.epoch += 1;
        let reservation = Reservation {
            offer: OfferId::new(now, random),
            epoch: self.epoch,
            agent: agent.clone(),
            interaction,
            queue: None,
            since: now.mono,
        };
        self.bind(now, reservation, out);
        Ok(())
    }

    /// The agent's side of a reservation: he is no longer free, its timers run, and it is offered.
    fn bind(&mut self, now: Now, reservation: Reservation, out: &mut Vec<Decision>) {
        let agent = reservation.agent.clone();
        let Some(record) = self.agents.get_mut(&agent) else {
            return;
        };
        let devices: Vec<DeviceId> = record.reachable.iter().cloned().collect();
        record.work = Work::Reserved {
            reservation: reservation.clone(),
            ringing: false,
        };
        record.since = now.wall;
        self.leave_free_lists(&agent);
        let ring = ring_timeout(&self.config, reservation.queue.as_ref());
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

    /// Puts the agent into, or takes him out of, his queues' free lists, and matches him when he is free.
    pub(super) fn refresh(
        &mut self,
        now: Now,
        agent: &AgentId,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) {
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
        self.each_queue_of(agent, |queue| {
            queue.free.insert((idle_since, agent.clone()));
        });
        self.mark_queues(agent, out);
        self.match_agent(now, agent, random, out);
    }

    /// Takes the agent out of his queues' free lists, where he stands in them.
    pub(super) fn leave_free_lists(&mut self, agent: &AgentId) {
        let Some(listed) = self.agents.get_mut(agent).and_then(|record| record.listed.take()) else {
            return;
        };
        let key = (listed, agent.clone());
        self.each_queue_of(agent, |queue| {
            queue.free.remove(&key);
        });
    }
}
