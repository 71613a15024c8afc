//! What waits: items that enter, ask less with time, stand in lanes, and leave.
//!
//! ```text
//!  enqueue ─► owned (its owners alone are asked) ─► in the lanes of its queues ⇄ offered ─► gone
//!                                                     │ relaxation, a member's delay
//!                                                     └► in wider lanes
//! ```
//! Part of the distributor ([`Acd`]).
//!
//! **Invariants.** An item has one timer, for whatever of its widenings is due first. Its place never changes.
//! **Not here.** Who gets it (`matching`), what becomes of an offer (`offers`).
//! **Source.** `docs/conformance.md`: A-3.6.1, A-3.7.3, A-3.8.1.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::acd::config::OVERLOAD_AFTER;
use crate::acd::config::QUEUES_PER_ITEM_MAX;
use crate::acd::config::RELIEVED_AFTER;
use crate::acd::decision::Decision;
use crate::acd::decision::Timer;
use crate::acd::distributor::Acd;
use crate::acd::distributor::AcdError;
use crate::acd::market::LaneRow;
use crate::acd::queue::Item;
use crate::acd::queue::NewItem;
use crate::acd::queue::Queue;
use crate::acd::queue::Wait;
use crate::acd::relaxation::Action;
use crate::acd::relaxation::Demand;
use crate::acd::relaxation::Step;
use crate::acd::relaxation::When;
use crate::acd::requirement::Requirement;
use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::QueueId;
use crate::base::random::Random;
use crate::base::time::MonoTime;
use crate::base::time::Now;
use crate::fact::agent::Presence;
use crate::fact::call::Class;
use crate::fact::call::OfferOutcome;

impl Acd {
    /// Puts a caller into a queue and offers him at once when somebody is free.
    ///
    /// # Errors
    /// [`AcdError::NoQueue`], [`AcdError::Full`]; an emergency is never refused for the number that waits.
    pub fn enqueue(
        &mut self,
        now: Now,
        new: NewItem,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) -> Result<(), AcdError> {
        let queue = self
            .queues
            .get(&new.queue)
            .filter(|queue| !queue.retired)
            .ok_or(AcdError::NoQueue)?;
        let class = new.class.unwrap_or(queue.config.class);
        if self.waiting_max <= self.items.len() && class != Class::Emergency {
            return Err(AcdError::Full);
        }
        let priority = new.priority.unwrap_or(queue.config.priority);
        let demand = demand_of(&new.queue, queue, class, new.requires.as_ref());
        let (plan, number) = (Arc::clone(&queue.plan), self.queues.number(&new.queue));
        let demand = self.market.demand_no(&demand, number.unwrap_or_default());
        self.arrivals += 1;
        let waited = u64::try_from(new.waited.as_micros()).unwrap_or(u64::MAX);
        let since = MonoTime::from_micros(now.mono.as_micros().saturating_sub(waited));
        let owners_until =
            (!new.owners.is_empty() && !new.owners_for.is_zero()).then(|| now.mono + new.owners_for);
        let item = Item {
            waits: vec![Wait {
                queue: new.queue.clone(),
                demand,
                lane: self.market.lane_no(demand, class, priority),
            }],
            class,
            priority,
            place: (since, self.arrivals),
            enqueued_at: now.wall,
            excluded: BTreeMap::new(),
            offering: None,
            preempted: 0,
            plan,
            steps_done: 0,
            owners: new.owners,
            owners_until,
        };
        if let Some(queue) = self.queues.get_mut(&new.queue) {
            queue.length += 1;
        }
        self.items.insert(new.interaction, item);
        self.stand(new.interaction);
        self.look_at_load(now, &new.queue, random, out);
        out.push(Decision::QueueChanged(new.queue));
        self.widen(now, new.interaction, out);
        self.match_item(now, new.interaction, random, out);
        Ok(())
    }

    /// Takes a caller out of his queues (he hung up), or ends the reservation of an agent for his own call; a running
    /// offer ends as cancelled, without a miss.
    pub fn withdraw(
        &mut self,
        now: Now,
        interaction: InteractionId,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) {
        let offering = match self.remove_item(now, interaction, random, out) {
            Some(item) => item.offering,
            None => self.own_call(interaction),
        };
        if let Some(reservation) = offering {
            self.free_agent(&reservation, out);
            self.release_talk(now, reservation.queue.as_ref(), random, out);
            let agent = reservation.agent.clone();
            out.push(Decision::OfferEnded {
                reservation,
                outcome: OfferOutcome::Cancelled,
            });
            self.settle(now, &agent, random, out);
        }
    }

    /// Does what is due for an item by now: steps of its plan, members whose delay is over, the end of its owners' time.
    pub(super) fn widen_and_match(
        &mut self,
        now: Now,
        interaction: InteractionId,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) {
        self.widen(now, interaction, out);
        self.match_item(now, interaction, random, out);
    }

    /// Does the steps that are due, and arms the timer of the next.
    fn widen(&mut self, now: Now, interaction: InteractionId, out: &mut Vec<Decision>) {
        let Some(item) = self.items.get(&interaction) else {
            return;
        };
        let staffed = item.waits.iter().any(|wait| self.market.is_staffed(wait.demand));
        let age = now.mono.since(item.place.0);
        let due: Vec<(usize, Action)> = item
            .plan
            .iter()
            .enumerate()
            .filter(|(at, _)| item.steps_done & (1 << at) == 0)
            .filter(|(_, step)| match step.when {
                When::NoStaffed => !staffed,
                When::AfterS(_) => step.when.after().is_some_and(|after| after <= age),
            })
            .map(|(at, step)| (at, step.action.clone()))
            .collect();
        let released = item.owners_until.is_some_and(|until| until <= now.mono);
        if !due.is_empty() || released {
            self.sit(interaction);
            if let Some(item) = self.items.get_mut(&interaction)
                && released
            {
                item.owners_until = None;
            }
            for (at, action) in due {
                self.do_step(interaction, at, &action, out);
            }
            self.stand(interaction);
        }
        self.arm_widening(now, interaction, out);
    }

    fn do_step(&mut self, interaction: InteractionId, at: usize, action: &Action, out: &mut Vec<Decision>) {
        let Some(item) = self.items.get_mut(&interaction) else {
            return;
        };
        item.steps_done |= 1 << at;
        let (class, priority) = (item.class, item.priority);
        if let Action::AddQueue(queue) = action {
            self.wait_also(interaction, queue, out);
            return;
        }
        let Some(wait) = item.waits.first() else {
            return;
        };
        let (queue, number) = (wait.queue.clone(), wait.demand);
        let Some(mut demand) = self.market.demand(number).map(|row| row.demand.clone()) else {
            return;
        };
        demand.widen(action);
        let number = self.queues.number(&queue).unwrap_or_default();
        let demand = self.market.demand_no(&demand, number);
        let lane = self.market.lane_no(demand, class, priority);
        if let Some(wait) = self
            .items
            .get_mut(&interaction)
            .and_then(|item| item.waits.first_mut())
        {
            (wait.demand, wait.lane) = (demand, lane);
        }
    }

    /// The item waits in one more queue, with its age; not twice in one, and in eight at most.
    fn wait_also(&mut self, interaction: InteractionId, queue: &QueueId, out: &mut Vec<Decision>) {
        let Some((item, row)) = self.items.get(&interaction).zip(self.queues.get(queue)) else {
            return;
        };
        let known = item.waits.iter().any(|wait| wait.queue == *queue);
        if known || row.retired || QUEUES_PER_ITEM_MAX <= item.waits.len() {
            return;
        }
        let demand = demand_of(queue, row, item.class, None);
        let (class, priority) = (item.class, item.priority);
        let demand = self
            .market
            .demand_no(&demand, self.queues.number(queue).unwrap_or_default());
        let lane = self.market.lane_no(demand, class, priority);
        if let Some(item) = self.items.get_mut(&interaction) {
            item.waits.push(Wait {
                queue: queue.clone(),
                demand,
                lane,
            });
        }
        if let Some(row) = self.queues.get_mut(queue) {
            row.length += 1;
        }
        out.push(Decision::QueueJoined {
            interaction,
            queue: queue.clone(),
        });
        out.push(Decision::QueueChanged(queue.clone()));
    }

    /// Arms the timer of what widens next.
    fn arm_widening(&self, now: Now, interaction: InteractionId, out: &mut Vec<Decision>) {
        let Some(item) = self.items.get(&interaction) else {
            return;
        };
        let steps = item
            .plan
            .iter()
            .enumerate()
            .filter(|(at, _)| item.steps_done & (1 << at) == 0)
            .filter_map(|(_, step)| step.when.after());
        let delays = item
            .waits
            .iter()
            .filter_map(|wait| self.queues.get(&wait.queue))
            .flat_map(|queue| queue.delays.iter().copied());
        let by_age = steps
            .chain(delays)
            .map(|after| item.place.0 + after)
            .filter(|at| now.mono < *at);
        if let Some(next) = by_age.chain(item.owners_until).min() {
            out.push(Decision::SetTimer(Timer::Widen(interaction), next));
        }
    }

    /// Whether any step of any item waits for a queue without staff: then a roster change is looked at.
    pub(super) fn look_at_staff(
        &mut self,
        now: Now,
        queue: &QueueId,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) {
        let Some(row) = self.queues.get(queue) else {
            return;
        };
        let waiting: Vec<InteractionId> = row
            .waiting
            .values()
            .filter(|id| {
                self.items.get(id).is_some_and(|item| {
                    let open = |(at, step): (usize, &Step)| {
                        step.when == When::NoStaffed && item.steps_done & (1 << at) == 0
                    };
                    item.plan.iter().enumerate().any(open)
                })
            })
            .copied()
            .collect();
        for interaction in waiting {
            self.widen_and_match(now, interaction, random, out);
        }
    }

    /// Stands in the lanes of all its queues, or before its owners.
    pub(super) fn stand(&mut self, interaction: InteractionId) {
        let Some(item) = self.items.get(&interaction) else {
            return;
        };
        if item.offering.is_some() {
            return;
        }
        for wait in &item.waits {
            if let Some(queue) = self.queues.get_mut(&wait.queue) {
                queue.waiting.insert(item.place, interaction);
            }
            if item.owners_until.is_none() {
                self.market.wait(wait.lane, item.place, interaction);
            }
        }
        if item.owners_until.is_some() {
            for owner in &item.owners {
                self.owned
                    .entry(owner.clone())
                    .or_default()
                    .insert(item.place, interaction);
            }
        }
    }

    /// Leaves every lane it stands in; its place is kept.
    pub(super) fn sit(&mut self, interaction: InteractionId) {
        let Some(item) = self.items.get(&interaction) else {
            return;
        };
        for wait in &item.waits {
            if let Some(queue) = self.queues.get_mut(&wait.queue) {
                queue.waiting.remove(&item.place);
            }
            self.market.leave(wait.lane, item.place);
        }
        if item.owners_until.is_some() {
            for owner in &item.owners {
                if let Some(owned) = self.owned.get_mut(owner) {
                    owned.remove(&item.place);
                    if owned.is_empty() {
                        self.owned.remove(owner);
                    }
                }
            }
        }
    }

    /// Takes an item out of its queues and forgets it.
    pub(super) fn remove_item(
        &mut self,
        now: Now,
        interaction: InteractionId,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) -> Option<Item> {
        self.sit(interaction);
        let item = self.items.remove(&interaction)?;
        for wait in &item.waits {
            if let Some(queue) = self.queues.get_mut(&wait.queue) {
                queue.length = queue.length.saturating_sub(1);
            }
            self.look_at_load(now, &wait.queue, random, out);
            out.push(Decision::QueueChanged(wait.queue.clone()));
        }
        if !item.excluded.is_empty() {
            out.push(Decision::StopTimer(Timer::Exclusion(interaction)));
        }
        out.push(Decision::StopTimer(Timer::Widen(interaction)));
        Some(item)
    }

    /// Whether the queue's standby members join or leave; arms the timer at which that could change.
    pub(super) fn look_at_load(
        &mut self,
        now: Now,
        id: &QueueId,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) {
        let Some(queue) = self.queues.get_mut(id) else {
            return;
        };
        let Some(bound) = queue.config.overload else {
            queue.overloaded = false;
            return;
        };
        let oldest = queue.waiting.keys().next().map(|place| place.0);
        let waited = oldest.map_or(Duration::ZERO, |since| now.mono.since(since));
        if !queue.overloaded {
            let late = oldest.map(|since| since + bound + OVERLOAD_AFTER);
            match late {
                Some(at) if at <= now.mono => {
                    (queue.overloaded, queue.calm_since) = (true, None);
                    self.wake(now, id, random, out);
                }
                Some(at) => out.push(Decision::SetTimer(Timer::Load(id.clone()), at)),
                None => {}
            }
            return;
        }
        let calm = waited * 5 < bound * 4;
        if !calm {
            queue.calm_since = None;
            return;
        }
        let since = *queue.calm_since.get_or_insert(now.mono);
        if since + RELIEVED_AFTER <= now.mono {
            (queue.overloaded, queue.calm_since) = (false, None);
        } else {
            out.push(Decision::SetTimer(
                Timer::Load(id.clone()),
                since + RELIEVED_AFTER,
            ));
        }
    }

    /// What waits for this agent alone waits for everybody when neither he nor another owner takes calls any more.
    pub(super) fn release_owned(
        &mut self,
        now: Now,
        agent: &AgentId,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) {
        let takes_calls = |id: &AgentId| {
            let record = self.agents.get(id);
            record.is_some_and(|record| record.presence == Presence::Ready)
        };
        if takes_calls(agent) {
            return;
        }
        let owned = self.owned.get(agent).into_iter().flat_map(|items| items.values());
        let left: Vec<InteractionId> = owned
            .filter(|id| {
                let item = self.items.get(id);
                item.is_some_and(|item| !item.owners.iter().any(takes_calls))
            })
            .copied()
            .collect();
        for interaction in left {
            self.sit(interaction);
            if let Some(item) = self.items.get_mut(&interaction) {
                item.owners_until = None;
            }
            self.stand(interaction);
            self.match_item(now, interaction, random, out);
        }
    }

    /// Offers what waits in a queue after something that held it back is gone.
    pub(super) fn wake(&mut self, now: Now, id: &QueueId, random: &mut Random, out: &mut Vec<Decision>) {
        while self.market.has_labour() && self.queues.get(id).is_some_and(|queue| !queue.is_capped()) {
            let mut lanes: Vec<_> = self
                .market
                .open_lanes_of(id)
                .filter_map(|lane| {
                    let first = lane.waiting.keys().next()?;
                    Some((Reverse(lane.class), *first, self.hopefuls(now, lane)))
                })
                .collect();
            lanes.extend(self.owned.values().flatten().filter_map(|(place, interaction)| {
                let item = self.items.get(interaction)?;
                let here = item.queue() == Some(id);
                here.then(|| (Reverse(item.class), *place, vec![*interaction]))
            }));
            lanes.sort();
            let tried = lanes.into_iter().flat_map(|(_, _, items)| items);
            let mut matched = false;
            for interaction in tried {
                matched = self.match_item(now, interaction, random, out);
                if matched {
                    break;
                }
            }
            if !matched {
                return;
            }
        }
    }

    /// The items of a lane that are worth a try: what fails for one fails for the next, unless agents are left out for it.
    fn hopefuls(&self, now: Now, lane: &LaneRow) -> Vec<InteractionId> {
        let mut found = Vec::new();
        for interaction in lane.waiting.values() {
            found.push(*interaction);
            let special = self.items.get(interaction).is_some_and(|item| {
                item.excluded.values().any(|until| now.mono < *until) || 1 < item.waits.len()
            });
            if !special {
                break;
            }
        }
        found
    }
}

/// What an item of a class asks in a queue.
fn demand_of(id: &QueueId, queue: &Queue, class: Class, more: Option<&Requirement>) -> Demand {
    let config = &queue.config;
    let requires = match more {
        Some(more) => Requirement::All(vec![config.requires.clone(), more.clone()]),
        None => config.requires.clone(),
    };
    let rings = config
        .relaxation
        .iter()
        .any(|step| matches!(step.action, Action::Ring(_)));
    Demand {
        queue: id.clone(),
        requires,
        preferred: config.preferred.clone(),
        match_weight: config.match_weight,
        ring: if rings { 1 } else { u8::MAX },
        anywhere: class == Class::Emergency,
        allowed: BTreeSet::new(),
    }
}
