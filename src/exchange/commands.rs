//! What people ask of the exchange. Each answer waits in the gate for the facts it rests on.

use crate::acd::distributor::AcdError;
use crate::base::ids::AgentId;
use crate::base::ids::DeviceId;
use crate::base::ids::InteractionId;
use crate::base::ids::SeatId;
use crate::base::time::Now;
use crate::exchange::command::Command;
use crate::exchange::command::CommandError;
use crate::exchange::command::RequestId;
use crate::exchange::gate::Gated;
use crate::exchange::input::JournalStatus;
use crate::exchange::machine::Exchange;
use crate::fact::Actor;
use crate::fact::agent::Presence;
use crate::fact::call::EndedBy;
use crate::fact::call::OfferOutcome;

impl Exchange {
    pub(super) fn command(&mut self, now: Now, request: RequestId, actor: &Actor, command: Command) {
        let result = self.obey(now, actor, command);
        self.drain_decisions(now);
        self.write_facts();
        self.commit(now, Gated::Reply { request, result });
    }

    fn obey(&mut self, now: Now, actor: &Actor, command: Command) -> Result<(), CommandError> {
        if self.admission.journal() == JournalStatus::Failed
            && !matches!(command, Command::Drain | Command::Force)
        {
            return Err(CommandError::Journal);
        }
        match command {
            Command::SignIn { agent, seat, devices } => self.sign_in(now, &agent, seat, devices),
            Command::SignOut { agent } => self
                .acd
                .sign_out(now, &agent, &mut self.random, &mut self.decisions)
                .map_err(|error| refusal(&error, &agent)),
            Command::SetPresence { agent, presence } => self.set_presence(now, &agent, presence),
            Command::FinishWrapup { agent } => self
                .acd
                .finish_wrapup(now, &agent, &mut self.random, &mut self.decisions)
                .map_err(|error| refusal(&error, &agent)),
            Command::RejectOffer { agent } => self.reject_offer(now, &agent),
            Command::MakeCall(call) => self.make_call(now, actor, &call),
            Command::HangUp { interaction } => self.hang_up(now, actor, interaction),
            Command::Publish { profile, devices, .. } => {
                self.sip_config.devices = devices;
                self.adopt(now, &profile);
                self.dirty_agents.extend(self.profile.agents.keys().cloned());
                self.dirty_queues.extend(self.profile.queues.keys().cloned());
                Ok(())
            }
            Command::Drain => {
                self.admission.drain();
                Ok(())
            }
            Command::Force => {
                let calls: Vec<InteractionId> = self.calls.keys().copied().collect();
                for call in calls {
                    self.with_call(now, call, |call, ctx| {
                        call.hang_up(ctx, EndedBy::Shutdown, "node:stop");
                    });
                }
                Ok(())
            }
        }
    }

    fn sign_in(
        &mut self,
        now: Now,
        agent: &AgentId,
        seat: Option<SeatId>,
        devices: Vec<DeviceId>,
    ) -> Result<(), CommandError> {
        let config = self
            .profile
            .agents
            .get(agent)
            .ok_or_else(|| CommandError::NoAgent(agent.clone()))?;
        let fixed = match &seat {
            None => None,
            Some(seat) => match self.profile.seats.get(seat) {
                Some(known) => known.device.clone(),
                None => {
                    return Err(CommandError::Unknown {
                        field: "seat",
                        value: seat.to_string(),
                    });
                }
            },
        };
        if let Some(unknown) = devices
            .iter()
            .find(|device| !self.profile.devices.contains_key(*device))
        {
            return Err(CommandError::Unknown {
                field: "devices",
                value: unknown.to_string(),
            });
        }
        let mut bound = if devices.is_empty() {
            config.devices.clone()
        } else {
            devices
        };
        bound.extend(fixed);
        bound.sort();
        bound.dedup();
        let endpoint = &self.endpoint;
        let reachable = |device: &DeviceId| endpoint.bindings(device).next().is_some();
        self.acd
            .sign_in(now, agent, (seat, bound), reachable, &mut self.decisions)
            .map_err(|error| refusal(&error, agent))
    }

    fn set_presence(&mut self, now: Now, agent: &AgentId, presence: Presence) -> Result<(), CommandError> {
        match &presence {
            Presence::Offline => {
                return Err(CommandError::Unknown {
                    field: "state",
                    value: "offline".to_owned(),
                });
            }
            Presence::NotReady(reason) if !self.profile.reasons.contains_key(reason) => {
                return Err(CommandError::Unknown {
                    field: "reason",
                    value: reason.to_string(),
                });
            }
            Presence::NotReady(_) | Presence::Ready => {}
        }
        self.acd
            .set_presence(now, agent, presence, &mut self.random, &mut self.decisions)
            .map_err(|error| refusal(&error, agent))
    }

    fn reject_offer(&mut self, now: Now, agent: &AgentId) -> Result<(), CommandError> {
        let epoch = self
            .acd
            .offer_of(agent)
            .map_err(|error| refusal(&error, agent))?
            .epoch;
        let outcome = OfferOutcome::Rejected;
        self.acd
            .offer_ended(now, agent, epoch, outcome, &mut self.random, &mut self.decisions);
        Ok(())
    }

    fn hang_up(&mut self, now: Now, actor: &Actor, interaction: InteractionId) -> Result<(), CommandError> {
        let call = self
            .calls
            .get(&interaction)
            .ok_or(CommandError::NoCall(interaction))?;
        let own = call.agent().is_some_and(|agent| agent.as_str() == actor.id);
        let by = if own { EndedBy::Agent } else { EndedBy::User };
        self.with_call(now, interaction, |call, ctx| call.hang_up(ctx, by, "api:hangup"));
        Ok(())
    }
}

pub(super) fn refusal(error: &AcdError, agent: &AgentId) -> CommandError {
    let agent = agent.clone();
    match error {
        AcdError::NoAgent | AcdError::NoQueue => CommandError::NoAgent(agent),
        AcdError::NotSignedIn => CommandError::NotSignedIn(agent),
        AcdError::Busy | AcdError::Full => CommandError::Busy(agent),
        AcdError::NoPhone => CommandError::NoPhone(agent),
        AcdError::NothingToFinish => CommandError::NothingToFinish(agent),
    }
}
