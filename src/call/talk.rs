//! A talk: customer and agent hear each other; either may hold; either may hang up.
//!
//! **Invariants.** While the agent holds, the citizen hears music and the recording goes on. Each leg's re-INVITE is
//! answered by us alone: the other leg never sees it.
//! **Source.** RFC 3264 §8.4 (hold), RFC 3261 §14.

use crate::base::ids::AgentId;
use crate::base::ids::DeviceId;
use crate::base::time::WallTime;
use crate::call::context::CallOutput;
use crate::call::context::Ctx;
use crate::call::leg::Leg;
use crate::call::machine::Call;
use crate::call::machine::State;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::fact::call::CallFact;
use crate::fact::call::EndedBy;
use crate::fact::call::Outcome;
use crate::fact::call::Party;
use crate::media::command::MediaCommand;
use crate::media::command::MediaLeg;
use crate::sip::endpoint::SessionId;

/// The agent's side of a talk.
#[derive(Debug)]
pub struct Talk {
    /// Who.
    pub agent: AgentId,
    /// On which phone.
    pub device: DeviceId,
    /// The agent's leg.
    pub leg: Leg,
    /// When the agent answered.
    pub since: WallTime,
    /// The agent has put the citizen on hold.
    pub agent_holds: bool,
}

impl Call {
    /// The talk, while there is one.
    pub fn talk(&self) -> Option<&Talk> {
        self.talk.as_ref()
    }

    /// Whether either side holds.
    pub fn is_held(&self) -> bool {
        self.customer_holds || self.talk.as_ref().is_some_and(|talk| talk.agent_holds)
    }

    /// Whether the party whose leg this is holds, so that its silence says nothing: many phones send nothing then.
    pub fn holds(&self, leg: MediaLeg) -> bool {
        let talk = self.talk.as_ref().map(|talk| &talk.leg);
        [Some(&self.customer), talk]
            .into_iter()
            .flatten()
            .any(|it| it.media_leg == leg && !it.is_two_way())
    }

    /// Whether `leg` is the agent's in a talk.
    pub fn is_agent_media(&self, leg: MediaLeg) -> bool {
        self.talk.as_ref().is_some_and(|talk| talk.leg.media_leg == leg)
    }

    /// Whether `leg` is the customer's.
    pub fn is_customer_media(&self, leg: MediaLeg) -> bool {
        self.customer.media_leg == leg
    }

    /// A peer sent an offer inside its dialog (re-INVITE, UPDATE), or asked for ours (`sdp` is none).
    pub fn offer_received(&mut self, ctx: &mut Ctx<'_>, session: SessionId, sdp: Option<&[u8]>) {
        let Some(leg) = self.leg_mut(session) else { return };
        let Some(sdp) = sdp else {
            let offer = leg.offer();
            ctx.sip.answer_offer(ctx.now, session, &offer, ctx.sip_out);
            return;
        };
        match leg.answer_offer(sdp) {
            Ok((answer, _)) => {
                leg.apply(ctx);
                ctx.sip.answer_offer(ctx.now, session, &answer, ctx.sip_out);
                self.note_hold(ctx, session);
            }
            Err(_) => ctx.sip.refuse_offer(ctx.now, session, 488, ctx.sip_out),
        }
    }

    /// The answer to an offer of ours inside a dialog (in an ACK after an offerless re-INVITE).
    pub fn answer_received(&mut self, ctx: &mut Ctx<'_>, session: SessionId, sdp: &[u8]) {
        let Some(leg) = self.leg_mut(session) else { return };
        if leg.accept_answer(sdp).is_ok() {
            leg.apply(ctx);
            self.note_hold(ctx, session);
        }
    }

    /// The agent's leg ended while the citizen is there: the call ends, caused by the agent or by a fault.
    pub fn agent_left(&mut self, ctx: &mut Ctx<'_>, by: EndedBy, cause: &'static str) {
        let Some(talk) = &self.talk else { return };
        let agent = talk.agent.clone();
        let actor = Actor::named(ActorKind::Agent, &agent);
        ctx.fact(self.id, actor, cause, CallFact::AgentLeft { agent });
        ctx.sip.bye(
            ctx.now,
            self.customer.session,
            Some((16, "Normal call clearing")),
            ctx.sip_out,
        );
        // Nothing is sent where the phone hung up; where its media stopped it must be told.
        self.end_talk(ctx);
        let outcome = match (self.state, by) {
            (State::Talking, _) => Outcome::Answered,
            (_, EndedBy::Agent) => Outcome::Cancelled,
            _ => Outcome::Failed,
        };
        self.finish(ctx, outcome, by, None, cause);
    }

    /// Ends the agent's leg, when there is one.
    pub(super) fn end_talk(&mut self, ctx: &mut Ctx<'_>) {
        let Some(mut talk) = self.talk.take() else { return };
        ctx.sip.bye(
            ctx.now,
            talk.leg.session,
            Some((16, "Normal call clearing")),
            ctx.sip_out,
        );
        talk.leg.close(ctx);
        ctx.out.push(CallOutput::TalkEnded { agent: talk.agent });
    }

    fn leg_mut(&mut self, session: SessionId) -> Option<&mut Leg> {
        if self.customer.session == session {
            return Some(&mut self.customer);
        }
        self.talk
            .as_mut()
            .map(|talk| &mut talk.leg)
            .filter(|leg| leg.session == session)
    }

    /// Compares what a re-offer settled with who held before, and does what follows from the difference.
    pub(super) fn note_hold(&mut self, ctx: &mut Ctx<'_>, session: SessionId) {
        if self.state != State::Talking {
            return;
        }
        let held_before = self.is_held();
        let by = if session == self.customer.session {
            Party::Caller
        } else {
            Party::Agent
        };
        let changed = match by {
            Party::Caller => {
                let holds = !self.customer.is_two_way();
                std::mem::replace(&mut self.customer_holds, holds) != holds
            }
            Party::Agent => self.note_agent_hold(ctx),
        };
        if !changed || self.is_held() == held_before {
            return;
        }
        let held = self.is_held();
        let actor = match by {
            Party::Caller => Actor::caller(),
            Party::Agent => self
                .agent()
                .map_or_else(Actor::system, |agent| Actor::named(ActorKind::Agent, agent)),
        };
        let fact = if held {
            CallFact::Held { by }
        } else {
            CallFact::Retrieved { by }
        };
        ctx.fact(self.id, actor, "sip:reinvite", fact);
        if let Some(agent) = self.talk.as_ref().map(|talk| talk.agent.clone()) {
            ctx.out.push(CallOutput::TalkHeld { agent, held });
        }
        ctx.out.push(CallOutput::Changed);
    }

    /// Music instead of the agent while he holds, the agent again afterwards. Returns whether it changed.
    fn note_agent_hold(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let Some(talk) = &mut self.talk else { return false };
        let holds = !talk.leg.is_two_way();
        if std::mem::replace(&mut talk.agent_holds, holds) == holds {
            return false;
        }
        let (customer, agent) = (self.customer.media_leg, talk.leg.media_leg);
        if holds {
            ctx.media.push(MediaCommand::Unbridge { leg: customer });
            self.play_music(ctx);
        } else {
            ctx.media.push(MediaCommand::Bridge {
                a: customer,
                b: agent,
            });
        }
        true
    }
}
