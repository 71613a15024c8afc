//! A call of ours: the agent's phone first, then the citizen's.
//!
//! ```text
//!  make call ─► Summoning ──agent's 200──► Dialling ──citizen's 200──► Talking
//!                   │                         │
//!                   └─no answer, hang-up──────┴─busy, no answer, refusal, hang-up──► Over
//! ```
//!
//! Part of [`Call`]: the agent's side is an offer that waits in no queue, the talk is the talk of every call.
//!
//! **Invariants.** The citizen's sockets are taken before anything rings. The citizen is dialled only after the fact of
//! the agent's answer is durable. Recording begins with the citizen's 200. Every way out has one outcome.
//! **Not here.** Which trunk takes the call and who may make it (`exchange::make_call`).
//! **Source.** ECMA-269 §17.1.13 (make call); RFC 3261 §13.2, §21.4.18, §21.6; RFC 3960 §3 (ringback, early media).

use std::sync::Arc;
use std::time::Duration;

use crate::base::ids::InteractionId;
use crate::base::ids::PromptId;
use crate::base::ids::RecordingId;
use crate::base::phone_number::Number;
use crate::call::context::CallOutput;
use crate::call::context::CallSettings;
use crate::call::context::Ctx;
use crate::call::leg::Leg;
use crate::call::machine::Call;
use crate::call::machine::NewCall;
use crate::call::machine::State;
use crate::fact::Actor;
use crate::fact::call::CallFact;
use crate::fact::call::Direction;
use crate::fact::call::EndedBy;
use crate::fact::call::OfferOutcome;
use crate::fact::call::Outcome;
use crate::media::command::MediaCommand;
use crate::media::command::Playback;
use crate::media::command::PlaybackId;
use crate::media::command::Repeat;
use crate::sip::endpoint::Completed;
use crate::sip::endpoint::OutgoingInvite;
use crate::sip::endpoint::SessionId;

/// A citizen's phone rings at most this long; networks give up at about as much.
pub const DIAL_MAX: Duration = Duration::from_mins(1);
/// What the agent hears while the citizen's phone rings and the network sends no sound of its own.
const RINGBACK: &str = "ringback";

/// What makes a call one of ours.
#[derive(Debug)]
pub struct Outbound {
    /// The request to the citizen, without its SDP.
    invite: OutgoingInvite,
    /// The network has sent sound before the answer.
    early: bool,
}

/// What a call of ours is made of.
pub struct NewOutbound {
    /// Its id.
    pub id: InteractionId,
    /// Whom.
    pub callee: Number,
    /// Its settings.
    pub settings: CallSettings,
    /// The citizen's leg, whose session begins when he is dialled.
    pub customer: Leg,
    /// The request to the citizen, without its SDP.
    pub invite: OutgoingInvite,
}

impl Call {
    /// A call of ours, whose `call.offered` is among the facts of this step; its agent is reserved next.
    pub fn place(ctx: &mut Ctx<'_>, new: NewOutbound) -> Self {
        ctx.out.push(CallOutput::Changed);
        let call = NewCall {
            id: new.id,
            caller: new.callee,
            line: None,
            line_name: String::new(),
            settings: new.settings,
            flow: None,
            customer: new.customer,
            answer_sdp: String::new(),
            late_offer: false,
        };
        let mut call = Self::new(ctx, call, State::Summoning);
        call.outbound = Some(Outbound {
            invite: new.invite,
            early: false,
        });
        call
    }

    /// Who calls whom.
    pub fn direction(&self) -> Direction {
        match self.outbound {
            None => Direction::Inbound,
            Some(_) => Direction::Outbound,
        }
    }

    /// The agent has answered: he hears ringback, and the citizen is dialled when that fact is durable.
    pub(super) fn begin_dialling(&mut self, ctx: &mut Ctx<'_>) {
        self.state = State::Dialling;
        ctx.out.push(CallOutput::AwaitDial);
        ctx.out.push(CallOutput::SetFlowTimer(ctx.now.mono + DIAL_MAX));
        let ringback: Option<PromptId> = RINGBACK.parse().ok();
        let index = ringback.and_then(|prompt| ctx.prompts.get(&prompt)).copied();
        if let (Some(index), Some(talk)) = (index, &self.talk) {
            ctx.media.push(MediaCommand::Play {
                leg: talk.leg.media_leg,
                playback: Playback {
                    id: PlaybackId(0),
                    prompts: Arc::from([index]),
                    repeat: Repeat::Forever,
                },
            });
        }
    }

    /// The fact of the agent's answer is durable: the INVITE to the citizen leaves. Returns its session.
    pub fn dial(&mut self, ctx: &mut Ctx<'_>) -> Option<SessionId> {
        if self.state != State::Dialling {
            return None;
        }
        let mut invite = self.outbound.as_ref()?.invite.clone();
        invite.sdp = self.customer.offer();
        self.customer.session = ctx.sip.invite(ctx.now, &invite, ctx.sip_out);
        Some(self.customer.session)
    }

    /// The citizen's phone rings; with a description the network sends sound of its own.
    pub fn customer_rings(&mut self, ctx: &mut Ctx<'_>, sdp: Option<&[u8]>) {
        let Some(sdp) = sdp.filter(|_| self.state == State::Dialling) else {
            return;
        };
        if self.customer.accept_answer(sdp).is_err() {
            return;
        }
        if let Some(outbound) = &mut self.outbound {
            outbound.early = true;
        }
        self.customer.apply(ctx);
        self.connect(ctx);
    }

    /// The citizen answered: the talk begins, and the recording with it.
    pub fn customer_answered(&mut self, ctx: &mut Ctx<'_>, sdp: Option<&[u8]>) {
        if self.state != State::Dialling {
            return;
        }
        let early = self.outbound.as_ref().is_some_and(|it| it.early);
        if early && sdp.is_some() {
            // The 2xx may be another fork's: its description is an answer to the same offer (RFC 3261 §13.2.2.4).
            let _ = self.customer.offer();
        }
        let accepted = sdp.is_some_and(|sdp| self.customer.accept_answer(sdp).is_ok());
        if !accepted && !early {
            ctx.sip.bye(
                ctx.now,
                self.customer.session,
                Some((88, "Incompatible destination")),
                ctx.sip_out,
            );
            self.finish(
                ctx,
                Outcome::Failed,
                EndedBy::Refusal,
                Some(488),
                "sip:no-answer-in-200",
            );
            return;
        }
        ctx.out.push(CallOutput::StopFlowTimer);
        self.customer.apply(ctx);
        self.connect(ctx);
        self.recording = self
            .settings
            .record
            .then(|| RecordingId::new(ctx.now, ctx.random));
        self.record(ctx);
        let recording = self.recording;
        let fact = CallFact::Answered { recording };
        ctx.fact(self.id, Actor::caller(), "sip:200", fact);
        self.state = State::Talking;
        let agent = self.talk.as_mut().map(|talk| {
            talk.since = ctx.now.wall;
            talk.leg.session
        });
        ctx.out.push(CallOutput::Changed);
        // The agent may have put the call on hold while it rang.
        if let Some(session) = agent {
            self.note_hold(ctx, session);
        }
    }

    /// The network or the citizen refused the call.
    pub fn customer_refused(&mut self, ctx: &mut Ctx<'_>, status: u16) {
        if self.state != State::Dialling {
            return;
        }
        let (outcome, by) = outcome_of(status);
        self.finish(ctx, outcome, by, Some(status), "sip:final");
    }

    /// Nobody picked up in time.
    pub(super) fn give_up(&mut self, ctx: &mut Ctx<'_>) {
        ctx.sip
            .cancel(ctx.now, self.customer.session, Completed::No, ctx.sip_out);
        self.finish(ctx, Outcome::NoAnswer, EndedBy::RingTimeout, None, "timer:dial");
    }

    /// The agent did not take his phone: nobody is dialled.
    pub fn agent_missed(&mut self, ctx: &mut Ctx<'_>, outcome: OfferOutcome) {
        if self.state != State::Summoning {
            return;
        }
        let by = match outcome {
            OfferOutcome::Rejected => EndedBy::Agent,
            OfferOutcome::NoAnswer | OfferOutcome::Expired => EndedBy::RingTimeout,
            _ => EndedBy::SignallingTimeout,
        };
        self.finish(ctx, Outcome::AgentNoAnswer, by, None, "acd:offer-ended");
    }

    /// Whether the customer's leg may be silent: nothing is promised before the answer.
    pub fn may_be_silent(&self) -> bool {
        self.state == State::Dialling
    }

    /// Agent and citizen hear each other.
    pub(super) fn connect(&self, ctx: &mut Ctx<'_>) {
        if let Some(talk) = &self.talk {
            ctx.media.push(MediaCommand::Bridge {
                a: self.customer.media_leg,
                b: talk.leg.media_leg,
            });
        }
    }
}

/// What a final response to our INVITE says, and who said it.
const fn outcome_of(status: u16) -> (Outcome, EndedBy) {
    match status {
        486 | 600 => (Outcome::Busy, EndedBy::Network),
        408 | 480 | 487 => (Outcome::NoAnswer, EndedBy::RingTimeout),
        603 | 607 => (Outcome::Declined, EndedBy::Caller),
        400..=499 | 604 => (Outcome::Unreachable, EndedBy::Network),
        _ => (Outcome::Failed, EndedBy::Network),
    }
}
