//! What the SIP machine reports, brought to the call it belongs to.

use crate::acd::distributor::Reachable;
use crate::base::ids::DeviceId;
use crate::base::ids::InteractionId;
use crate::base::time::Now;
use crate::call::context::Ctx;
use crate::call::machine::Call;
use crate::call::machine::DigitSource;
use crate::call::machine::State;
use crate::exchange::calls::personal_of;
use crate::exchange::machine::Exchange;
use crate::exchange::machine::Timer;
use crate::exchange::output::Output;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::fact::agent::AgentFact;
use crate::fact::call::CallFact;
use crate::fact::call::EndedBy;
use crate::fact::call::RefusalReason;
use crate::sip::endpoint::EndCause;
use crate::sip::endpoint::Event;
use crate::sip::endpoint::Output as SipOutput;
use crate::sip::endpoint::RefusedWhy;
use crate::sip::endpoint::SessionId;

impl Exchange {
    /// Takes what the SIP machine has put out so far.
    pub(super) fn drain_sip(&mut self, now: Now) {
        let mut outputs = std::mem::take(&mut self.sip_out);
        for output in outputs.drain(..) {
            match output {
                SipOutput::Send { route, bytes } => self.out.push(Output::Send { route, bytes }),
                SipOutput::SetTimer(key, at) => self.timers.set(Timer::Sip(key), at),
                SipOutput::StopTimer(key) => self.timers.stop(&Timer::Sip(key)),
                SipOutput::Event(event) => self.sip_event(now, event),
            }
        }
        if self.sip_out.is_empty() {
            self.sip_out = outputs;
        }
    }

    fn sip_event(&mut self, now: Now, event: Event) {
        match event {
            Event::Incoming { session, peer, call } => self.incoming(now, session, &peer, call),
            Event::Refused {
                status,
                why,
                trunk,
                from_user,
                request_user,
            } => {
                let reason = refusal_of(why);
                let caller = self.dialplan.number(&from_user);
                let personal = personal_of(&caller, &request_user, "");
                let id = InteractionId::new(now, &mut self.random);
                self.write_refusal(
                    now,
                    id,
                    reason,
                    CallFact::Refused {
                        status,
                        q850: None,
                        reason,
                        trunk,
                    },
                    personal,
                );
            }
            Event::Cancelled { session } => self.customer_left(now, session),
            Event::Acknowledged { session, sdp } => self.acknowledged(now, session, sdp.as_deref()),
            Event::Progress { session, sdp, .. } => self.with_session(now, session, |call, ctx| {
                if call.customer_session() == session {
                    call.customer_rings(ctx, sdp.as_deref());
                } else {
                    call.branch_rings(ctx);
                }
            }),
            Event::Answered { session, sdp } => self.answered(now, session, sdp.as_deref()),
            Event::Failed { session, status, .. } => {
                self.with_session(now, session, |call, ctx| {
                    if call.customer_session() == session {
                        call.customer_refused(ctx, status);
                    } else {
                        call.branch_failed(ctx, session, status);
                    }
                });
                self.sessions.remove(&session);
            }
            Event::Offer { session, sdp } => self.offer_received(now, session, sdp.as_deref()),
            Event::OfferAnswered { session, sdp } => {
                if let Some(sdp) = sdp {
                    self.with_session(now, session, |call, ctx| call.answer_received(ctx, session, &sdp));
                }
            }
            Event::OfferFailed { .. } => {}
            Event::Info {
                session,
                content_type,
                body,
            } => self.info(now, session, &content_type, &body),
            Event::Ended { session, cause } => self.session_ended(now, session, &cause),
            Event::Closed { session } => {
                self.sessions.remove(&session);
            }
            Event::Registered {
                device,
                contacts,
                changed,
            } => self.registered(now, &device, contacts, changed),
            Event::Unregistered { device } => self.unregistered(now, &device),
        }
    }

    /// A phone of an offer answered, or the citizen whom we call.
    fn answered(&mut self, now: Now, session: SessionId, sdp: Option<&[u8]>) {
        self.with_session(now, session, |call, ctx| {
            if call.customer_session() == session {
                call.customer_answered(ctx, sdp);
            } else {
                call.branch_answered(ctx, session, sdp);
            }
        });
        self.end_orphan(now, session);
    }

    fn with_session(&mut self, now: Now, session: SessionId, step: impl FnOnce(&mut Call, &mut Ctx<'_>)) {
        if let Some(id) = self.sessions.get(&session).copied() {
            self.with_call(now, id, step);
        }
    }

    /// An answered phone whose call is over must not stay up.
    fn end_orphan(&mut self, now: Now, session: SessionId) {
        let alive = self
            .sessions
            .get(&session)
            .is_some_and(|id| self.calls.contains_key(id));
        if !alive {
            self.endpoint.bye(
                now,
                session,
                Some((16, "Normal call clearing")),
                &mut self.sip_out,
            );
        }
    }

    fn customer_left(&mut self, now: Now, session: SessionId) {
        if let Some(id) = self.sessions.remove(&session) {
            let short = self.is_short_abandon(now, id);
            self.with_call(now, id, |call, ctx| call.customer_left(ctx, short));
        }
    }

    fn acknowledged(&mut self, now: Now, session: SessionId, sdp: Option<&[u8]>) {
        self.with_session(now, session, |call, ctx| {
            let is_customer = call.customer_session() == session;
            if is_customer && call.awaits_answer_in_ack() {
                call.acknowledged(ctx, sdp);
            } else if let Some(sdp) = sdp {
                call.answer_received(ctx, session, sdp);
            }
        });
    }

    fn offer_received(&mut self, now: Now, session: SessionId, sdp: Option<&[u8]>) {
        let alive = self
            .sessions
            .get(&session)
            .is_some_and(|id| self.calls.contains_key(id));
        if alive {
            self.with_session(now, session, |call, ctx| call.offer_received(ctx, session, sdp));
        } else {
            self.endpoint.refuse_offer(now, session, 488, &mut self.sip_out);
        }
    }

    fn session_ended(&mut self, now: Now, session: SessionId, cause: &EndCause) {
        let Some(id) = self.sessions.remove(&session) else {
            return;
        };
        let short = self.is_short_abandon(now, id);
        let lost = match cause {
            EndCause::Bye { .. } => None,
            EndCause::AckTimeout => Some((EndedBy::SignallingTimeout, None, "sip:ack-timeout")),
            EndCause::NoAnswer => Some((EndedBy::SignallingTimeout, Some(408), "sip:no-answer")),
            EndCause::SessionExpired => Some((EndedBy::SignallingTimeout, None, "sip:session-expired")),
        };
        let of_citizen = |call: &Call| call.customer_session() == session;
        if lost.is_some() && self.calls.get(&id).is_some_and(of_citizen) {
            self.note_cut(now, id);
        }
        self.with_call(now, id, |call, ctx| {
            let is_customer = call.customer_session() == session;
            match lost {
                None if is_customer => call.customer_left(ctx, short),
                None => call.agent_left(ctx, EndedBy::Agent, "sip:bye"),
                Some((by, status, cause)) if is_customer => call.customer_lost(ctx, by, status, cause),
                Some((by, _, cause)) => call.agent_left(ctx, by, cause),
            }
        });
    }

    /// Keys by INFO: `application/dtmf-relay` (`Signal=5`) or `application/dtmf` (`5`).
    fn info(&mut self, now: Now, session: SessionId, content_type: &str, body: &[u8]) {
        let text = String::from_utf8_lossy(body);
        let signal = if content_type.eq_ignore_ascii_case("application/dtmf-relay") {
            text.lines()
                .find_map(|line| line.trim().strip_prefix("Signal=").map(|it| it.trim().to_owned()))
        } else if content_type.eq_ignore_ascii_case("application/dtmf") {
            Some(text.trim().to_owned())
        } else {
            None
        };
        let digit = signal
            .and_then(|signal| signal.chars().next())
            .map(|digit| digit.to_ascii_uppercase());
        let Some(digit) = digit.filter(|digit| matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D')) else {
            return;
        };
        self.with_session(now, session, |call, ctx| {
            if call.customer_session() == session && call.state != State::Over {
                call.digit(ctx, digit, DigitSource::Info);
            }
        });
    }

    fn registered(&mut self, now: Now, device: &DeviceId, contacts: u32, changed: bool) {
        if changed {
            let fact = AgentFact::DeviceRegistered {
                device: device.clone(),
                contacts,
            };
            self.agent_fact(now, Actor::named(ActorKind::Device, device), "sip:register", fact);
        }
        self.acd
            .set_reachable(now, device, Reachable::Yes, &mut self.random, &mut self.decisions);
    }

    fn unregistered(&mut self, now: Now, device: &DeviceId) {
        let fact = AgentFact::DeviceUnregistered {
            device: device.clone(),
        };
        self.agent_fact(now, Actor::named(ActorKind::Device, device), "sip:register", fact);
        self.acd
            .set_reachable(now, device, Reachable::No, &mut self.random, &mut self.decisions);
    }
}

fn refusal_of(why: RefusedWhy) -> RefusalReason {
    match why {
        RefusedWhy::NoTrunk => RefusalReason::NoTrunk,
        RefusedWhy::BadCredentials => RefusalReason::BadCredentials,
        RefusedWhy::Malformed => RefusalReason::Malformed,
        RefusedWhy::Unsupported | RefusedWhy::Loop => RefusalReason::NotAcceptable,
        RefusedWhy::Overloaded => RefusalReason::Overload,
    }
}
