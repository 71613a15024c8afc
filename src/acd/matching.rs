//! Who gets whom: an item looks for an agent by its queue's strategy, an agent for the item of the first rank.
//!
//! Part of the distributor ([`Acd`]): `waiting`, `presence` and `offers` call it whenever something became possible.
//!
//! **Invariants.** An agent stands among the free while he is routable, and at no other time. Reserving takes him out and
//! the item out of all its lanes, in one step (R1). What bars a pair is asked in the step that reserves it, so that two
//! takes cannot both pass. An emergency is barred by nothing but what an agent can.
//! **Not here.** What becomes of a reservation (`offers`); who fits whom (`market`).
//! **Source.** `docs/conformance.md`: A-R1 to A-R3, A-3.6.1, A-3.7.1, A-3.7.4, A-3.11.1, A-3.12.2.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::acd::agent::Work;
use crate::acd::config::LEASE_SLACK;
use crate::acd::config::PREEMPTIONS_MAX;
use crate::acd::config::SETUP_TIMEOUT;
use crate::acd::decision::Decision;
use crate::acd::decision::Reservation;
use crate::acd::decision::Timer;
use crate::acd::distributor::Acd;
use crate::acd::distributor::AcdError;
use crate::acd::market::Fit;
use crate::acd::market::LaneRow;
use crate::acd::market::Supply;
use crate::acd::offers::ring_timeout;
use crate::acd::order::Order;
use crate::acd::order::Rank;
use crate::acd::order::Terms;
use crate::acd::queue::Item;
use crate::acd::queue::Place;
use crate::acd::queue::Queue;
use crate::acd::queue::Wait;
use crate::acd::strategy::Candidate;
use crate::acd::strategy::Strategy;
use crate::base::ids::AgentId;
use crate::base::ids::DeviceId;
use crate::base::ids::InteractionId;
use crate::base::ids::OfferId;
use crate::base::ids::QueueId;
use crate::base::random::Random;
use crate::base::time::MonoTime;
use crate::base::time::Now;
use crate::fact::agent::Presence;
use crate::fact::call::Class;
use crate::fact::call::OfferOutcome;

/// One turn of a queue of weight 1, for weighted fair order.
const TURN: u64 = 1 << 20;

impl Acd {
    /// Finds an agent for an item, and reserves him. Returns whether there was one.
    pub(super) fn match_item(
        &mut self,
        now: Now,
        interaction: InteractionId,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) -> bool {
        let Some(item) = self.items.get(&interaction) else {
            return false;
        };
        if item.offering.is_some() || self.paused {
            return false;
        }
        let chosen = if item.is_owned(now.mono) {
            self.owner_for(now, item)
        } else {
            item.waits
                .iter()
                .find_map(|wait| Some((self.agent_for(now, item, wait, random)?, wait.queue.clone())))
        };
        match chosen {
            Some((agent, queue)) => {
                self.reserve(now, &agent, (interaction, queue), random, out);
                true
            }
            None if item.class == Class::Emergency => self.preempt(now, interaction, random, out),
            None => false,
        }
    }

    /// The first free owner of an item.
    fn owner_for(&self, now: Now, item: &Item) -> Option<(AgentId, QueueId)> {
        let queue = item.queue()?;
        if self.queues.get(queue)?.is_capped() {
            return None;
        }
        let owner = item.owners.iter().find(|owner| {
            let listed = self
                .agents
                .get(*owner)
                .is_some_and(|agent| agent.listed.is_some());
            listed && !item.excludes(owner, now.mono)
        })?;
        Some((owner.clone(), queue.clone()))
    }

    /// The best free agent for an item in one of its queues.
    fn agent_for(&self, now: Now, item: &Item, wait: &Wait, random: &mut Random) -> Option<AgentId> {
        let queue = self.queues.get(&wait.queue)?;
        let strategy = queue.config.strategy;
        let urgent = item.class == Class::Emergency;
        if queue.is_capped() && !urgent {
            return None;
        }
        let tight = self.tight_queues(&wait.queue);
        let age = now.mono.since(item.place.0);
        let mut best: Option<Choice<'_>> = None;
        for (supply, fit) in self.market.open_supplies_for(wait.demand) {
            let barred = !urgent
                && (age < fit.delay()
                    || (fit.standby && !queue.overloaded)
                    || serves_not(&supply.supply, item.class)
                    || is_reserved(&supply.supply, &tight));
            if barred {
                continue;
            }
            let free = supply
                .free
                .iter()
                .filter(|(_, agent)| !item.excludes(agent, now.mono));
            let looked_at = if strategy.is_by_skill() { 1 } else { usize::MAX };
            for (idle_since, agent) in free.take(looked_at) {
                self.weigh(now, queue, (agent, *idle_since, fit), random, &mut best);
            }
        }
        let named = self.market.demand(wait.demand).map(|row| &row.demand.allowed);
        for agent in named.into_iter().flatten() {
            let Some(record) = self.agents.get(agent) else {
                continue;
            };
            let barred = !urgent
                && self.market.supply(record.supply).is_some_and(|row| {
                    serves_not(&row.supply, item.class) || is_reserved(&row.supply, &tight)
                });
            if let Some(idle_since) = record.listed
                && !barred
                && !item.excludes(agent, now.mono)
            {
                let fit = self.market.fit(wait.demand, record.supply).unwrap_or_default();
                self.weigh(now, queue, (agent, idle_since, fit), random, &mut best);
            }
        }
        best.map(|best| best.2.clone())
    }

    /// Keeps the better of the best so far and one more agent.
    fn weigh<'a>(
        &self,
        now: Now,
        queue: &Queue,
        (agent, idle_since, fit): (&'a AgentId, MonoTime, Fit),
        random: &mut Random,
        best: &mut Option<Choice<'a>>,
    ) {
        let strategy = queue.config.strategy;
        let mut candidate = Candidate {
            mean: u32::from(fit.mean),
            score: fit.score,
            ..Candidate::default()
        };
        if !strategy.is_by_skill() {
            candidate.work = self
                .agents
                .get(agent)
                .map(|record| record.tally.last_hour(now.mono))
                .unwrap_or_default();
            candidate.had_turn = queue.chosen.as_ref().is_some_and(|last| agent <= last);
            candidate.rank = self.rank_in(agent, queue);
        }
        let idle = if strategy == Strategy::RoundRobin {
            MonoTime::default()
        } else {
            idle_since
        };
        let choice = (Reverse(strategy.weight(&candidate, random)), idle, agent);
        if best.as_ref().is_none_or(|best| choice < *best) {
            *best = Some(choice);
        }
    }

    /// An agent's rank in a queue, for the linear strategy.
    fn rank_in(&self, agent: &AgentId, queue: &Queue) -> u16 {
        if queue.config.strategy != Strategy::Linear {
            return 0;
        }
        let members = self
            .agents_config
            .get(agent)
            .map(|config| config.memberships.iter());
        members
            .into_iter()
            .flatten()
            .find(|member| {
                self.queues
                    .get(&member.queue)
                    .is_some_and(|it| std::ptr::eq(it, queue))
            })
            .map_or(u16::MAX, |member| member.rank)
    }

    /// Queues beside `queue` that keep their last free members for themselves now.
    fn tight_queues(&self, queue: &QueueId) -> Vec<&QueueId> {
        self.reserving
            .iter()
            .filter(|id| *id != queue)
            .filter(|id| {
                let row = self.queues.get(id);
                row.is_some_and(|row| row.free.saturating_sub(1) <= row.config.reserve)
            })
            .collect()
    }

    /// Finds the item of the first rank for an agent, over all his queues, and reserves it. Returns whether there was one.
    pub(super) fn match_agent(
        &mut self,
        now: Now,
        agent: &AgentId,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) -> bool {
        let Some(record) = self.agents.get(agent).filter(|record| record.listed.is_some()) else {
            return false;
        };
        if self.paused {
            return false;
        }
        let mut best: Option<(Rank, InteractionId, usize)> = None;
        for (lane, queue, fit) in self.market.open_lanes_for(record.supply) {
            self.rank(now, (agent, record.supply), (lane, queue, fit), &mut best);
        }
        for (lane, queue) in self.market.open_lanes_naming(agent) {
            let fit = Fit {
                preference: 99,
                ..Fit::default()
            };
            self.rank(now, (agent, record.supply), (lane, queue, fit), &mut best);
        }
        let urgent = best.is_some_and(|(rank, ..)| rank.class() == Class::Emergency);
        let chosen = match self.owned_item(now, agent).filter(|_| !urgent) {
            Some(owned) => Some(owned),
            None => best.and_then(|(_, interaction, queue)| {
                let (queue, _) = self.queues.at(queue)?;
                Some((interaction, queue.clone()))
            }),
        };
        let Some(chosen) = chosen else {
            return false;
        };
        self.reserve(now, agent, chosen, random, out);
        true
    }

    /// The oldest item that waits for this agent before others.
    fn owned_item(&self, now: Now, agent: &AgentId) -> Option<(InteractionId, QueueId)> {
        self.owned.get(agent)?.values().find_map(|interaction| {
            let item = self.items.get(interaction)?;
            let queue = item.queue()?;
            let free = !item.excludes(agent, now.mono) && !self.queues.get(queue)?.is_capped();
            free.then(|| (*interaction, queue.clone()))
        })
    }

    /// Keeps the better of the best so far and the first item of a lane that this agent may take.
    fn rank(
        &self,
        now: Now,
        (agent, supply): (&AgentId, usize),
        (lane, queue, fit): (&LaneRow, usize, Fit),
        best: &mut Option<(Rank, InteractionId, usize)>,
    ) {
        let Some((id, row)) = self.queues.at(queue) else {
            return;
        };
        let config = &row.config;
        let terms = Terms {
            order: self.order,
            ageing: config.ageing,
            sla_target: config.sla_target,
            turn: row.turn,
        };
        let class = (lane.class, lane.priority);
        let better = |place: Place| {
            let rank = Rank::new(now.mono, &terms, class, fit.preference, place);
            best.as_ref()
                .is_none_or(|(best, ..)| rank < *best)
                .then_some(rank)
        };
        let Some((rank, place, interaction)) = lane
            .waiting
            .iter()
            .map_while(|(place, interaction)| Some((better(*place)?, place, interaction)))
            .find(|(_, _, interaction)| {
                let item = self.items.get(interaction);
                item.is_some_and(|item| !item.excludes(agent, now.mono))
            })
        else {
            return;
        };
        if lane.class != Class::Emergency {
            let supply = self.market.supply(supply).map(|row| &row.supply);
            let reserved = || {
                !self.reserving.is_empty()
                    && supply.is_some_and(|supply| is_reserved(supply, &self.tight_queues(id)))
            };
            let barred = row.is_capped()
                || now.mono.since(place.0) < fit.delay()
                || (fit.standby && !row.overloaded)
                || supply.is_some_and(|supply| serves_not(supply, lane.class))
                || reserved();
            if barred {
                return;
            }
        }
        *best = Some((rank, *interaction, queue));
    }

    /// R1: agent and item change together, in one step.
    fn reserve(
        &mut self,
        now: Now,
        agent: &AgentId,
        (interaction, queue): (InteractionId, QueueId),
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) {
        let free = self
            .agents
            .get(agent)
            .is_some_and(|record| record.work == Work::Idle)
            && self
                .items
                .get(&interaction)
                .is_some_and(|item| item.offering.is_none());
        debug_assert!(free, "R1: both must be free");
        if !free {
            return;
        }
        self.epoch += 1;
        let reservation = Reservation {
            offer: OfferId::new(now, random),
            epoch: self.epoch,
            agent: agent.clone(),
            interaction,
            queue: Some(queue.clone()),
            since: now.mono,
        };
        self.sit(interaction);
        if let Some(item) = self.items.get_mut(&interaction) {
            item.offering = Some(reservation.clone());
        }
        self.take_turn(&queue, agent);
        self.bind(now, reservation, out);
        self.look_at_load(now, &queue, random, out);
    }

    /// A queue has had a turn and one more of its items is with an agent.
    fn take_turn(&mut self, id: &QueueId, agent: &AgentId) {
        // A queue that had nothing to give meanwhile does not come before the others for it.
        let floor = if self.order == Order::WeightedFair {
            let waits = self.queues.iter().filter(|(_, queue)| !queue.waiting.is_empty());
            waits.map(|(_, queue)| queue.turn).min()
        } else {
            None
        };
        if let Some(queue) = self.queues.get_mut(id) {
            let from = floor.map_or(queue.turn, |floor| queue.turn.max(floor));
            queue.turn = from + TURN / u64::from(queue.config.weight.max(1));
            queue.talks += 1;
            queue.chosen = Some(agent.clone());
        }
    }

    /// One offer or talk of a queue less; what its cap held back is offered.
    pub(super) fn release_talk(
        &mut self,
        now: Now,
        id: Option<&QueueId>,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) {
        let Some(id) = id else {
            return;
        };
        let Some(queue) = self.queues.get_mut(id) else {
            return;
        };
        let was_capped = queue.is_capped();
        queue.talks = queue.talks.saturating_sub(1);
        if was_capped {
            self.wake(now, id, random, out);
        }
    }

    /// An emergency that found nobody free takes an agent to whom an ordinary item is only being offered.
    fn preempt(
        &mut self,
        now: Now,
        interaction: InteractionId,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) -> bool {
        let Some(item) = self.items.get(&interaction) else {
            return false;
        };
        let Some((demand, queue)) = item.waits.first().map(|wait| (wait.demand, wait.queue.clone())) else {
            return false;
        };
        let victim = self
            .agents
            .iter()
            .filter_map(|(id, record)| {
                let Work::Reserved { reservation, .. } = &record.work else {
                    return None;
                };
                let other = self.items.get(&reservation.interaction)?;
                let takes = other.class < Class::Emergency
                    && other.preempted < PREEMPTIONS_MAX
                    && !item.excludes(id, now.mono)
                    && self.market.fit(demand, record.supply).is_some();
                takes.then(|| (other.class, Reverse(other.place), reservation.clone()))
            })
            .min_by_key(|(class, place, reservation)| (*class, *place, reservation.agent.clone()));
        let Some((_, _, taken)) = victim else {
            return false;
        };
        self.free_agent(&taken, out);
        if let Some(other) = self.items.get_mut(&taken.interaction) {
            other.preempted += 1;
        }
        self.put_back(now, &taken, OfferOutcome::Preempted, out);
        let (agent, other, queue_of_other) = (taken.agent.clone(), taken.interaction, taken.queue.clone());
        out.push(Decision::OfferEnded {
            reservation: taken,
            outcome: OfferOutcome::Preempted,
        });
        self.reserve(now, &agent, (interaction, queue), random, out);
        self.release_talk(now, queue_of_other.as_ref(), random, out);
        self.match_item(now, other, random, out);
        true
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
        let ring = ring_timeout(&self.queues, reservation.queue.as_ref());
        self.leave_free_lists(now, &agent);
        let Some(record) = self.agents.get_mut(&agent) else {
            return;
        };
        let devices: Vec<DeviceId> = record.reachable.iter().cloned().collect();
        record.work = Work::Reserved {
            reservation: reservation.clone(),
            ringing: false,
        };
        record.since = now.wall;
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

    /// Puts the agent among the free, or takes him out, and matches him when he is free.
    pub(super) fn refresh(
        &mut self,
        now: Now,
        agent: &AgentId,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) {
        self.leave_free_lists(now, agent);
        let Some(record) = self.agents.get_mut(agent) else {
            return;
        };
        if !record.is_routable(now.mono) {
            self.mark_queues(agent, out);
            return;
        }
        let (idle_since, supply) = (record.idle_since, record.supply);
        record.listed = Some(idle_since);
        record.listed_at = now.mono;
        self.market.offer_labour(supply, (idle_since, agent.clone()));
        self.each_queue_of(agent, |queue, standby| {
            queue.free += u32::from(!standby);
        });
        self.mark_queues(agent, out);
        if !self.match_agent(now, agent, random, out) {
            self.loosen(now, agent, random, out);
        }
    }

    /// One more is free in a queue that keeps a reserve: others of its members may be taken now.
    fn loosen(&mut self, now: Now, agent: &AgentId, random: &mut Random, out: &mut Vec<Decision>) {
        if self.reserving.is_empty() {
            return;
        }
        let supply = self
            .agents
            .get(agent)
            .and_then(|record| self.market.supply(record.supply));
        let members = supply.map_or(&[][..], |row| row.supply.members.as_slice());
        let pools: Vec<QueueId> = members
            .iter()
            .filter(|member| self.reserving.contains(&member.queue))
            .map(|member| member.queue.clone())
            .collect();
        let served: BTreeSet<QueueId> = self
            .market
            .open_supplies()
            .map(|row| row.supply.members.as_slice())
            .filter(|members| members.iter().any(|member| pools.contains(&member.queue)))
            .flat_map(|members| members.iter().map(|member| member.queue.clone()))
            .collect();
        for queue in served {
            self.wake(now, &queue, random, out);
        }
    }

    /// Takes the agent out of the free, where he stands among them.
    pub(super) fn leave_free_lists(&mut self, now: Now, agent: &AgentId) {
        let Some(record) = self.agents.get_mut(agent) else {
            return;
        };
        let Some(listed) = record.listed.take() else {
            return;
        };
        record.tally.idled(now.mono, now.mono.since(record.listed_at));
        let supply = record.supply;
        self.market.withdraw_labour(supply, &(listed, agent.clone()));
        self.each_queue_of(agent, |queue, standby| {
            queue.free = queue.free.saturating_sub(u32::from(!standby));
        });
    }
}

/// What an agent weighs, since when he is idle, and who he is; the least is best.
type Choice<'a> = (Reverse<u64>, MonoTime, &'a AgentId);

/// Whether agents serve other classes only.
fn serves_not(supply: &Supply, class: Class) -> bool {
    !supply.classes.is_empty() && !supply.classes.contains(&class)
}

/// Whether a member of one of these queues stays free for it.
fn is_reserved(supply: &Supply, tight: &[&QueueId]) -> bool {
    let held = |member: &crate::acd::market::Member| !member.standby && tight.contains(&&member.queue);
    !tight.is_empty() && supply.members.iter().any(held)
}
