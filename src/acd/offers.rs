//! What becomes of a reservation: it rings, is accepted, or ends without a talk; and the timers.
//!
//! ```text
//!  Reserved ──18x──► Ringing ──accept──► Accepted
//!     │ 6 s             │ ring timeout
//!     ▼                 ▼
//!   Failed           NoAnswer      from both: Rejected · Cancelled · Failed (the phone's answer) · Expired (lease)
//! ```
//! Part of the distributor ([`Acd`]).
//!
//! **Invariants.** What is reported of a phone names the epoch of its reservation; a stale one changes nothing (R2). The
//! lease ends what nothing else ended (R3). Agent and item are let go together, and once (R4).
//! **Not here.** Making a reservation: `matching`. What follows for the agent's presence: `presence`.
//! **Source.** `docs/conformance.md`: A-R2 to A-R4, A-3.2.2 to A-3.2.6, A-3.5.1, A-3.5.3.

use std::time::Duration;

use crate::acd::agent::Work;
use crate::acd::config::NO_ANSWER_LIMIT;
use crate::acd::config::REJECT_DELAY;
use crate::acd::config::REJECT_EXCLUDE;
use crate::acd::config::REJECT_LIMIT;
use crate::acd::config::RING_TIMEOUT;
use crate::acd::decision::Decision;
use crate::acd::decision::Reservation;
use crate::acd::decision::Timer;
use crate::acd::distributor::Acd;
use crate::acd::distributor::AcdError;
use crate::acd::distributor::Queues;
use crate::acd::presence::TimedOut;
use crate::acd::presence::not_ready;
use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::QueueId;
use crate::base::random::Random;
use crate::base::time::Now;
use crate::fact::call::OfferOutcome;

/// What an accepted offer was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The reservation that ended with it.
    pub reservation: Reservation,
    /// How long the caller waited in the queue.
    pub waited: Duration,
}

impl Acd {
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
        let timeout = ring_timeout(&self.queues, reservation.queue.as_ref());
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
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) -> Option<Accepted> {
        let reservation = self.reservation(agent, epoch)?;
        let waited = match &reservation.queue {
            Some(_) => {
                let item = self.remove_item(now, reservation.interaction, random, out)?;
                now.mono.since(item.place.0)
            }
            None => Duration::ZERO,
        };
        stop_offer_timers(agent, out);
        let record = self.agents.get_mut(agent)?;
        record.work = Work::Talking {
            interaction: reservation.interaction,
            queue: reservation.queue.clone(),
            held: false,
        };
        record.since = now.wall;
        record.talk_since = now.mono;
        record.tally.answered(now.mono);
        record.missed = 0;
        record.rejected = 0;
        out.push(Decision::AgentChanged(agent.clone()));
        Some(Accepted { reservation, waited })
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
        // Who does not take his own call bears nothing for it; a phone that cannot be reached is a fault all the same.
        if reservation.queue.is_some() || outcome == OfferOutcome::Failed {
            self.bear_outcome(now, agent, outcome, out);
        }
        let queue = reservation.queue.clone();
        out.push(Decision::OfferEnded { reservation, outcome });
        self.settle(now, agent, random, out);
        self.match_item(now, interaction, random, out);
        self.release_talk(now, queue.as_ref(), random, out);
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
            Timer::Widen(interaction) => self.widen_and_match(now, interaction, random, out),
            Timer::Load(queue) => self.look_at_load(now, &queue, random, out),
        }
    }

    /// One of the three timers of the reservation that runs has fired.
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

    /// The reservation of this epoch; `None` when the epoch is stale (R2).
    fn reservation(&self, agent: &AgentId, epoch: u64) -> Option<Reservation> {
        self.offer_of(agent).ok().filter(|it| it.epoch == epoch).cloned()
    }

    /// Ends the agent's side of a reservation: he is idle, its timers are stopped.
    pub(super) fn free_agent(&mut self, reservation: &Reservation, out: &mut Vec<Decision>) {
        stop_offer_timers(&reservation.agent, out);
        if let Some(record) = self.agents.get_mut(&reservation.agent) {
            record.work = Work::Idle;
            out.push(Decision::AgentChanged(reservation.agent.clone()));
        }
    }

    /// Ends the item's side of a reservation: it waits again where it waited before, without this agent for a while when
    /// he is why.
    pub(super) fn put_back(
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
        let blameless = matches!(
            outcome,
            OfferOutcome::Cancelled | OfferOutcome::Preempted | OfferOutcome::LostRace
        );
        if !blameless {
            item.excluded
                .insert(reservation.agent.clone(), now.mono + REJECT_EXCLUDE);
        }
        let changed = item
            .waits
            .iter()
            .map(|wait| Decision::QueueChanged(wait.queue.clone()));
        out.extend(changed);
        self.stand(reservation.interaction);
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
}

/// How long a queue lets a phone ring; 20 s without one.
pub(super) fn ring_timeout(queues: &Queues, queue: Option<&QueueId>) -> Duration {
    queue
        .and_then(|queue| queues.get(queue))
        .map_or(RING_TIMEOUT, |queue| queue.config.ring_timeout)
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
