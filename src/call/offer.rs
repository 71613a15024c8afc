//! An offer: the phones of one agent ring for a caller; the first answer wins.
//!
//! **Invariants.** Phones ring only after `call.agent_offered` is durable. An offer that is dropped before that rings
//! nothing; one dropped later is cancelled, and a 200 that crosses the CANCEL is acknowledged and ended by the SIP
//! machine. The set of branches holds one today.
//! **Source.** RFC 3261 §9 and §13.2.2.4; RFC 3326 for "completed elsewhere".

use crate::base::codec::Codec;
use crate::base::ids::AgentId;
use crate::base::ids::DeviceId;
use crate::base::ids::OfferId;
use crate::base::ids::QueueId;
use crate::base::time::MonoTime;
use crate::base::time::millis;
use crate::call::context::CallOutput;
use crate::call::context::Ctx;
use crate::call::leg::Leg;
use crate::call::machine::Call;
use crate::call::machine::State;
use crate::call::talk::Talk;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::fact::call::CallFact;
use crate::fact::call::OfferOutcome;
use crate::media::command::Latch;
use crate::sip::endpoint::Completed;
use crate::sip::endpoint::OutgoingInvite;
use crate::sip::endpoint::SessionId;

/// One attempt to give the caller to an agent.
#[derive(Debug)]
pub struct Offer {
    /// Its id.
    pub id: OfferId,
    /// The reservation's epoch.
    pub epoch: u64,
    /// To whom.
    pub agent: AgentId,
    /// From which queue; none for a call that the agent makes.
    pub queue: Option<QueueId>,
    /// When it was made.
    pub since: MonoTime,
    /// Phones to ring.
    pub devices: Vec<DeviceId>,
    /// Phones that ring.
    pub branches: Vec<Branch>,
    declined: bool,
}

/// One phone of an offer.
#[derive(Debug)]
pub struct Branch {
    /// Which.
    pub device: DeviceId,
    /// Its leg.
    pub leg: Leg,
}

/// Where a phone is found, and what to show on it.
#[derive(Clone, Debug)]
pub struct RingTarget {
    /// The device.
    pub device: DeviceId,
    /// The request to send, without its SDP.
    pub invite: OutgoingInvite,
    /// Codecs of the device.
    pub codecs: Vec<Codec>,
    /// Where its contact is reached.
    pub signalling_ip: std::net::IpAddr,
}

impl Call {
    /// Remembers an offer whose fact has been written; nothing rings yet.
    pub fn offer_reserved(&mut self, ctx: &mut Ctx<'_>, offer: NewOffer) {
        self.drop_offer(ctx);
        self.offer = Some(Offer {
            id: offer.id,
            epoch: offer.epoch,
            agent: offer.agent,
            queue: offer.queue,
            since: ctx.now.mono,
            devices: offer.devices,
            branches: Vec::new(),
            declined: false,
        });
    }

    /// The epoch of the running offer.
    pub fn offer_epoch(&self) -> Option<u64> {
        self.offer.as_ref().map(|offer| offer.epoch)
    }

    /// The offer that runs.
    pub fn offer(&self) -> Option<&Offer> {
        self.offer.as_ref()
    }

    /// The fact of the offer is durable: its phones ring. With none to ring the offer fails at once.
    pub fn ring(
        &mut self,
        ctx: &mut Ctx<'_>,
        epoch: u64,
        targets: Vec<RingTarget>,
        sessions: &mut Vec<SessionId>,
    ) {
        if self.offer_epoch() != Some(epoch) {
            return;
        }
        for target in targets {
            let latch = Latch::SdpOrSignalling(target.signalling_ip);
            let Some(mut leg) = Leg::new(ctx, SessionId(0), target.signalling_ip, target.codecs, latch)
            else {
                continue;
            };
            let mut invite = target.invite;
            invite.sdp = leg.offer();
            leg.session = ctx.sip.invite(ctx.now, &invite, ctx.sip_out);
            sessions.push(leg.session);
            if let Some(offer) = &mut self.offer {
                offer.branches.push(Branch {
                    device: target.device,
                    leg,
                });
            }
        }
        ctx.out.push(CallOutput::Changed);
        if self.offer.as_ref().is_some_and(|offer| offer.branches.is_empty()) {
            self.offer_failed(ctx);
        }
    }

    /// A phone of the offer rings.
    pub fn branch_rings(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(offer) = &self.offer {
            ctx.out.push(CallOutput::Ringing {
                agent: offer.agent.clone(),
                epoch: offer.epoch,
            });
        }
    }

    /// A phone of the offer failed or declined.
    pub fn branch_failed(&mut self, ctx: &mut Ctx<'_>, session: SessionId, status: u16) {
        let Some(offer) = &mut self.offer else { return };
        let Some(at) = offer
            .branches
            .iter()
            .position(|branch| branch.leg.session == session)
        else {
            return;
        };
        let mut branch = offer.branches.remove(at);
        offer.declined |= matches!(status, 486 | 600 | 603);
        branch.leg.close(ctx);
        let none_left = offer.branches.is_empty();
        if none_left || 600 <= status {
            self.offer_failed(ctx);
        }
    }

    /// A phone of the offer answered: the talk begins, the other phones stop ringing.
    pub fn branch_answered(&mut self, ctx: &mut Ctx<'_>, session: SessionId, sdp: Option<&[u8]>) {
        let Some(offer) = &mut self.offer else { return };
        let Some(at) = offer
            .branches
            .iter()
            .position(|branch| branch.leg.session == session)
        else {
            return;
        };
        let mut branch = offer.branches.remove(at);
        let accepted = sdp.is_some_and(|sdp| branch.leg.accept_answer(sdp).is_ok());
        if !accepted || !matches!(self.state, State::Queued | State::Summoning) {
            ctx.sip.bye(
                ctx.now,
                session,
                Some((88, "Incompatible destination")),
                ctx.sip_out,
            );
            branch.leg.close(ctx);
            if self.offer.as_ref().is_some_and(|offer| offer.branches.is_empty()) {
                self.offer_failed(ctx);
            }
            return;
        }
        self.begin_talk(ctx, branch);
    }

    fn begin_talk(&mut self, ctx: &mut Ctx<'_>, mut branch: Branch) {
        let Some(offer) = self.offer.take() else { return };
        for mut other in offer.branches {
            ctx.sip
                .cancel(ctx.now, other.leg.session, Completed::Elsewhere, ctx.sip_out);
            other.leg.close(ctx);
        }
        branch.leg.apply(ctx);
        let waited = self
            .queued
            .map_or(0, |(since, _)| millis(ctx.now.mono.since(since)));
        ctx.fact(
            self.id,
            Actor::named(ActorKind::Agent, &offer.agent),
            "sip:200",
            CallFact::AgentAnswered {
                offer: offer.id,
                leg: branch.leg.id,
                agent: offer.agent.clone(),
                device: branch.device.clone(),
                queue: offer.queue.clone(),
                waited_ms: waited,
            },
        );
        ctx.out.push(CallOutput::Accepted {
            agent: offer.agent.clone(),
            epoch: offer.epoch,
        });
        ctx.out.push(CallOutput::Changed);
        self.talk = Some(Talk {
            agent: offer.agent,
            device: branch.device,
            leg: branch.leg,
            since: ctx.now.wall,
            agent_holds: false,
        });
        if self.outbound.is_some() {
            self.begin_dialling(ctx);
        } else {
            self.state = State::Talking;
            self.connect(ctx);
        }
    }

    /// Stops ringing and forgets the offer; what was decided about it is the distributor's.
    pub fn drop_offer(&mut self, ctx: &mut Ctx<'_>) {
        let Some(offer) = self.offer.take() else { return };
        for mut branch in offer.branches {
            ctx.sip
                .cancel(ctx.now, branch.leg.session, Completed::No, ctx.sip_out);
            branch.leg.close(ctx);
        }
        ctx.out.push(CallOutput::Changed);
    }

    fn offer_failed(&mut self, ctx: &mut Ctx<'_>) {
        let Some(offer) = &self.offer else { return };
        let outcome = if offer.declined {
            OfferOutcome::Rejected
        } else {
            OfferOutcome::Failed
        };
        let output = CallOutput::OfferFailed {
            agent: offer.agent.clone(),
            epoch: offer.epoch,
            outcome,
        };
        self.drop_offer(ctx);
        ctx.out.push(output);
    }
}

/// What an offer is made of.
#[derive(Clone, Debug)]
pub struct NewOffer {
    /// Its id.
    pub id: OfferId,
    /// The reservation's epoch.
    pub epoch: u64,
    /// To whom.
    pub agent: AgentId,
    /// From which queue; none for a call that the agent makes.
    pub queue: Option<QueueId>,
    /// Phones to ring.
    pub devices: Vec<DeviceId>,
}
