//! Agents: signing in and out, presence, phones that come and go, talk and wrap-up.
//!
//! Part of the distributor ([`Acd`]).
//!
//! **Invariants.** Presence changes at once while an agent is idle, else when he is idle again: the last wish wins.
//! Every change of presence is a fact. A wrap-up's beginning and end are facts about the interaction it belongs to.
//! **Not here.** Reservations: `offers`. Whether a change brings him a caller: `matching`.
//! **Source.** ECMA-269 §6.1.3 for the words; `docs/conformance.md`.

use std::time::Duration;

use crate::acd::agent::Work;
use crate::acd::config::AgentConfig;
use crate::acd::config::OWN_CALL_WRAPUP;
use crate::acd::decision::AgentNote;
use crate::acd::decision::Decision;
use crate::acd::decision::Timer;
use crate::acd::distributor::Acd;
use crate::acd::distributor::AcdError;
use crate::base::ids::AgentId;
use crate::base::ids::DeviceId;
use crate::base::ids::InteractionId;
use crate::base::ids::QueueId;
use crate::base::ids::ReasonId;
use crate::base::ids::SeatId;
use crate::base::random::Random;
use crate::base::time::Now;
use crate::base::time::millis;
use crate::fact::agent::AgentFact;
use crate::fact::agent::Presence;

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

/// Whether a wrap-up lasted as long as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimedOut {
    /// The timer ended it.
    Yes,
    /// The agent did.
    No,
}

impl Acd {
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
        let known = self.agents_config.contains_key(agent);
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
    pub fn sign_out(
        &mut self,
        now: Now,
        agent: &AgentId,
        random: &mut Random,
        out: &mut Vec<Decision>,
    ) -> Result<(), AcdError> {
        let record = self.agents.get_mut(agent).ok_or(AcdError::NoAgent)?;
        match record.work {
            _ if record.presence == Presence::Offline => return Err(AcdError::NotSignedIn),
            Work::Reserved { .. } | Work::Talking { .. } => return Err(AcdError::Busy),
            Work::Wrapup {
                interaction, since, ..
            } => {
                record.work = Work::Idle;
                out.push(Decision::StopTimer(Timer::Wrapup(agent.clone())));
                out.push(wrapup_ended(
                    agent,
                    interaction,
                    now.mono.since(since),
                    TimedOut::No,
                ));
            }
            Work::Idle => {}
        }
        self.apply_presence(now, agent, Presence::Offline, out);
        out.push(Decision::Fact(
            AgentFact::SignedOut { agent: agent.clone() }.into(),
        ));
        let served: Vec<QueueId> = self
            .agents_config
            .get(agent)
            .into_iter()
            .flat_map(AgentConfig::queues)
            .cloned()
            .collect();
        for queue in served {
            self.look_at_staff(now, &queue, random, out);
        }
        self.release_owned(now, agent, random, out);
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
            self.release_owned(now, agent, random, out);
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
        let Some(record) = self.agents.get(agent) else {
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
        let wrapup = match &queue {
            Some(queue) => self.queue_config(queue).map_or(Duration::ZERO, |it| it.wrapup),
            None => self.own_call_wrapup(agent),
        };
        self.release_talk(now, queue.as_ref(), random, out);
        let Some(record) = self.agents.get_mut(agent) else {
            return;
        };
        record.tally.talked(now.mono, now.mono.since(record.talk_since));
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

    /// After a call of his own an agent has the longest time that a queue of his gives.
    fn own_call_wrapup(&self, agent: &AgentId) -> Duration {
        let served = self
            .agents_config
            .get(agent)
            .into_iter()
            .flat_map(AgentConfig::queues);
        served
            .filter_map(|queue| Some(self.queue_config(queue)?.wrapup))
            .max()
            .unwrap_or(OWN_CALL_WRAPUP)
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

    /// Wrap-up is over, if there is one.
    pub(super) fn end_wrapup(
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
        record.tally.wrapped_up(now.mono, now.mono.since(since));
        record.idle_since = now.mono;
        record.since = now.wall;
        out.push(wrapup_ended(agent, interaction, now.mono.since(since), timed_out));
        self.settle(now, agent, random, out);
    }

    /// The agent is idle again: the stored next state is applied, then he is matched.
    pub(super) fn settle(&mut self, now: Now, agent: &AgentId, random: &mut Random, out: &mut Vec<Decision>) {
        out.push(Decision::AgentChanged(agent.clone()));
        let next = self.agents.get_mut(agent).and_then(|record| record.next.take());
        if let Some(presence) = next {
            self.apply_presence(now, agent, presence, out);
        }
        self.refresh(now, agent, random, out);
        self.release_owned(now, agent, random, out);
    }

    /// Who is not ready for his phone alone is ready when it is back.
    fn return_from_device_fault(&mut self, now: Now, agent: &AgentId, out: &mut Vec<Decision>) {
        let faulted = self
            .agents
            .get(agent)
            .is_some_and(|record| record.presence == not_ready("device"));
        if faulted {
            self.apply_presence(now, agent, Presence::Ready, out);
        }
    }

    /// Sets the presence; the agent leaves the free lists until `refresh` puts him back.
    pub(super) fn apply_presence(
        &mut self,
        now: Now,
        agent: &AgentId,
        presence: Presence,
        out: &mut Vec<Decision>,
    ) {
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
        self.leave_free_lists(now, agent);
        out.push(Decision::AgentChanged(agent.clone()));
        self.mark_queues(agent, out);
    }

    /// Counts the agent in or out of his queues, when he was signed in before and is so now.
    pub(super) fn count_signed_in(&mut self, agent: &AgentId, was: bool, is: bool) {
        if let Some(supply) = self.agents.get(agent).map(|record| record.supply) {
            self.market.count_signed_in(supply, was, is);
        }
        self.each_queue_of(agent, |queue, _| {
            queue.signed_in = (queue.signed_in + u32::from(is)).saturating_sub(u32::from(was));
        });
    }
}

fn wrapup_ended(
    agent: &AgentId,
    interaction: InteractionId,
    lasted: Duration,
    timed_out: TimedOut,
) -> Decision {
    let fact = AgentFact::WrapupEnded {
        agent: agent.clone(),
        timed_out: timed_out == TimedOut::Yes,
        lasted_ms: millis(lasted),
    };
    Decision::Fact(AgentNote {
        interaction: Some(interaction),
        fact,
    })
}

/// Not ready for a reason of the engine's own. These reasons are slugs by construction.
pub(super) fn not_ready(reason: &'static str) -> Presence {
    reason
        .parse::<ReasonId>()
        .map_or(Presence::Offline, Presence::NotReady)
}
