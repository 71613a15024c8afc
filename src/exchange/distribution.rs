//! What the distributor decides, carried out: facts first, then phones.

use crate::acd::config::SETUP_TIMEOUT;
use crate::acd::decision::Decision;
use crate::acd::decision::Reservation;
use crate::acd::decision::Timer as AcdTimer;
use crate::base::ids::DeviceId;
use crate::base::ids::InteractionId;
use crate::base::time::Now;
use crate::base::time::millis;
use crate::call::machine::Call;
use crate::call::offer::NewOffer;
use crate::call::offer::RingTarget;
use crate::exchange::gate::Gated;
use crate::exchange::machine::Exchange;
use crate::exchange::machine::Timer;
use crate::fact::Actor;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::call::CallFact;
use crate::fact::call::OfferOutcome;
use crate::sip::endpoint::OutgoingInvite;

impl Exchange {
    /// Takes what the distributor has decided so far.
    pub(super) fn drain_decisions(&mut self, now: Now) {
        let mut decisions = std::mem::take(&mut self.decisions);
        for decision in decisions.drain(..) {
            match decision {
                Decision::Offer { reservation, devices } => self.offer(now, reservation, devices),
                Decision::OfferEnded { reservation, outcome } => self.offer_ended(now, &reservation, outcome),
                Decision::QueueJoined { interaction, queue } => {
                    self.with_call(now, interaction, |_, ctx| {
                        let fact = CallFact::QueueJoined { queue };
                        ctx.fact(interaction, Actor::system(), "acd:relaxation", fact);
                    });
                }
                Decision::Fact(note) => self.fact(Record {
                    now,
                    interaction: note.interaction,
                    ticket: None,
                    actor: Actor::system(),
                    cause: "acd",
                    fact: Fact::Agent(note.fact),
                    personal: None,
                }),
                Decision::AgentChanged(agent) => {
                    self.dirty_agents.insert(agent);
                }
                Decision::QueueChanged(queue) => {
                    self.dirty_queues.insert(queue);
                }
                Decision::SetTimer(timer, at) => self.timers.set(Timer::Acd(timer), at),
                Decision::StopTimer(timer) => self.timers.stop(&Timer::Acd(timer)),
            }
        }
        if self.decisions.is_empty() {
            self.decisions = decisions;
        }
    }

    /// A reservation was made: its fact is written, it is seen, and its phones ring when that is durable.
    fn offer(&mut self, now: Now, reservation: Reservation, devices: Vec<DeviceId>) {
        // The agent stands in no free list any more: all his queues have one less who is ready.
        self.dirty_agents.insert(reservation.agent.clone());
        if let Some(config) = self.acd.agent_config(&reservation.agent) {
            self.dirty_queues.extend(config.queues().cloned());
        }
        let interaction = reservation.interaction;
        let epoch = reservation.epoch;
        self.with_call(now, interaction, |call, ctx| {
            let fact = CallFact::AgentOffered {
                offer: reservation.offer,
                agent: reservation.agent.clone(),
                devices: devices.clone(),
                queue: reservation.queue.clone(),
                epoch,
            };
            ctx.fact(interaction, Actor::system(), "acd:match", fact);
            let offer = NewOffer {
                id: reservation.offer,
                epoch,
                agent: reservation.agent,
                queue: reservation.queue,
                devices,
            };
            call.offer_reserved(ctx, offer);
        });
        self.commit(now, Gated::Ring { interaction, epoch });
    }

    /// The fact of an offer is durable: its phones ring.
    pub(super) fn ring(&mut self, now: Now, interaction: InteractionId, epoch: u64) {
        let Some(call) = self.calls.get(&interaction) else {
            return;
        };
        let Some(offer) = call.offer().filter(|offer| offer.epoch == epoch) else {
            return;
        };
        let (devices, agent) = (offer.devices.clone(), offer.agent.clone());
        let queue_name = offer
            .queue
            .as_ref()
            .and_then(|queue| self.profile.queues.get(queue))
            .map(|queue| queue.name.clone());
        // Whom he calls himself is on his screen; his phone shows our own number.
        let caller = match call.outbound {
            None => call.caller.canonical_text().to_owned(),
            Some(_) => self.profile.site.outbound_number.clone(),
        };
        let mut targets = Vec::with_capacity(devices.len());
        for device in devices {
            let Some(account) = self.profile.devices.get(&device) else {
                continue;
            };
            let Some(binding) = self.endpoint.bindings(&device).last() else {
                continue;
            };
            let invite = OutgoingInvite {
                target: binding.into(),
                from_user: caller.clone(),
                from_display: queue_name.clone(),
                to_user: account.user.clone(),
                headers: vec![("X-Interaction-Id".to_owned(), interaction.to_string())],
                sdp: String::new(),
            };
            let signalling_ip = binding.route.remote.ip();
            targets.push(RingTarget {
                device,
                invite,
                codecs: account.codecs.clone(),
                signalling_ip,
            });
        }
        let mut sessions = Vec::new();
        self.timers
            .set(Timer::Acd(AcdTimer::Setup(agent)), now.mono + SETUP_TIMEOUT);
        self.with_call(now, interaction, |call, ctx| {
            call.ring(ctx, epoch, targets, &mut sessions);
        });
        for session in sessions {
            self.sessions.insert(session, interaction);
        }
    }

    /// A timer of the distributor fired. A phone's time to ring begins when its INVITE leaves: while an offer waits for
    /// its fact, no phone is to blame.
    pub(super) fn acd_timeout(&mut self, now: Now, timer: AcdTimer) {
        if let AcdTimer::Setup(agent) = &timer
            && let Ok(reservation) = self.acd.offer_of(agent)
            && let Some(offer) = self.calls.get(&reservation.interaction).and_then(Call::offer)
            && offer.branches.is_empty()
        {
            self.timers.set(Timer::Acd(timer), now.mono + SETUP_TIMEOUT);
            return;
        }
        self.acd
            .timeout(now, timer, &mut self.random, &mut self.decisions);
    }

    fn offer_ended(&mut self, now: Now, reservation: &Reservation, outcome: OfferOutcome) {
        let lasted_ms = millis(now.mono.since(reservation.since));
        let interaction = reservation.interaction;
        let fact = CallFact::OfferEnded {
            offer: reservation.offer,
            agent: reservation.agent.clone(),
            outcome,
            lasted_ms,
        };
        self.fact(Record {
            now,
            interaction: Some(interaction),
            ticket: None,
            actor: Actor::system(),
            cause: "acd:offer-ended",
            fact: Fact::Call(fact),
            personal: None,
        });
        let epoch = reservation.epoch;
        self.with_call(now, interaction, |call, ctx| {
            if call.offer_epoch() == Some(epoch) {
                call.drop_offer(ctx);
            }
            call.agent_missed(ctx, outcome);
        });
    }
}
