//! What the exchange does for its calls: new ones, what they ask, and what media say about them.

use std::net::IpAddr;

use crate::acd::distributor::AcdError;
use crate::acd::distributor::Held;
use crate::acd::distributor::NewItem;
use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::QueueId;
use crate::base::ids::TrunkId;
use crate::base::phone_number::Number;
use crate::base::time::Now;
use crate::base::time::millis;
use crate::call::context::CallOutput;
use crate::call::context::CallSettings;
use crate::call::context::Ctx;
use crate::call::leg::Leg;
use crate::call::machine::Call;
use crate::call::machine::DigitSource;
use crate::call::machine::NewCall;
use crate::call::machine::State;
use crate::exchange::admission::answer_of;
use crate::exchange::cut_calls::ASKED_ALONE_FOR;
use crate::exchange::gate::Gated;
use crate::exchange::machine::Exchange;
use crate::exchange::machine::Timer;
use crate::exchange::profile::OverloadAnswer;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::agent::Presence;
use crate::fact::call::CallFact;
use crate::fact::call::Direction;
use crate::fact::call::EndedBy;
use crate::fact::call::LegStats;
use crate::fact::call::RefusalReason;
use crate::fact::personal::Personal;
use crate::fact::recording::RecordingFact;
use crate::fact::system::SystemFact;
use crate::ivr::interpreter::Interpreter;
use crate::media::command::Latch;
use crate::media::command::MediaEvent;
use crate::media::command::MediaLeg;
use crate::sip::endpoint::IncomingCall;
use crate::sip::endpoint::Peer;
use crate::sip::endpoint::SessionId;

/// What is known of an INVITE before it is a call.
pub(super) struct Arrival {
    pub(super) id: InteractionId,
    pub(super) session: SessionId,
    pub(super) trunk: Option<TrunkId>,
    pub(super) caller: Number,
    pub(super) called: Number,
    pub(super) call: Box<IncomingCall>,
}

impl Exchange {
    /// A new INVITE from a peer we know: it becomes a call, or is refused and written down.
    pub(super) fn incoming(&mut self, now: Now, session: SessionId, peer: &Peer, call: Box<IncomingCall>) {
        let trunk = match peer {
            Peer::Trunk(trunk) => Some(trunk.clone()),
            Peer::Device(_) => None,
        };
        let caller = if call.privacy {
            self.dialplan.number("anonymous")
        } else {
            self.dialplan
                .number(call.asserted_user.as_deref().unwrap_or(&call.from_user))
        };
        let called = self.dialplan.number(&call.request_user);
        let id = InteractionId::new(now, &mut self.random);
        let arrival = Arrival {
            id,
            session,
            trunk,
            caller,
            called,
            call,
        };
        if let Err(reason) = self.admit(now, &arrival) {
            self.refuse(now, &arrival, reason);
        }
    }

    fn admit(&mut self, now: Now, arrival: &Arrival) -> Result<(), RefusalReason> {
        let line_id = self
            .dialplan
            .line(&arrival.called)
            .cloned()
            .ok_or(RefusalReason::UnknownNumber)?;
        let line = self
            .profile
            .lines
            .get(&line_id)
            .ok_or(RefusalReason::UnknownNumber)?
            .clone();
        let flow = self
            .flows
            .get(&line.flow)
            .cloned()
            .ok_or(RefusalReason::UnknownNumber)?;
        self.admission.admit(now.mono, self.calls.len())?;
        let settings = self.call_settings(arrival, flow.notice.clone(), line.record);
        let latch = latch_of(settings.nat, arrival.call.signalling_ip);
        let mut asked = Vec::new();
        let mut ctx = Ctx {
            now,
            sip: &mut self.endpoint,
            sip_out: &mut self.sip_out,
            media: &mut self.media_out,
            ports: &mut self.ports,
            addresses: self.addresses,
            facts: &mut self.facts,
            random: &mut self.random,
            prompts: &self.prompts,
            out: &mut asked,
        };
        let codecs = settings.codecs.clone();
        let mut customer = Leg::new(
            &mut ctx,
            arrival.session,
            arrival.call.signalling_ip,
            codecs,
            latch,
        )
        .ok_or(RefusalReason::NoMediaPort)?;
        let (answer_sdp, late_offer) = match &arrival.call.sdp {
            None => (customer.offer(), true),
            Some(offer) => {
                let Ok((answer, _)) = customer.answer_offer(offer) else {
                    ctx.ports.release(customer.media_leg);
                    return Err(RefusalReason::NotAcceptable);
                };
                (answer, false)
            }
        };
        ctx.facts
            .push(offered(now, arrival, &customer, &line_id, &line.flow));
        let variables = [("line".to_owned(), line_id.to_string())].into_iter().collect();
        let new = NewCall {
            id: arrival.id,
            caller: arrival.caller.clone(),
            line: Some(line_id),
            line_name: line.name.clone(),
            settings,
            flow: Some(Interpreter::new(flow, variables)),
            customer,
            answer_sdp,
            late_offer,
        };
        let call = Call::start(&mut ctx, new);
        self.calls.insert(arrival.id, call);
        self.sessions.insert(arrival.session, arrival.id);
        self.carry_out(now, arrival.id, asked);
        Ok(())
    }

    fn call_settings(
        &self,
        arrival: &Arrival,
        notice: Option<crate::base::ids::PromptId>,
        record: bool,
    ) -> CallSettings {
        let trunk = arrival
            .trunk
            .as_ref()
            .and_then(|trunk| self.profile.trunks.get(trunk));
        CallSettings {
            codecs: trunk.map_or_else(default_codecs, |trunk| trunk.codecs.clone()),
            nat: trunk.is_some_and(|trunk| trunk.nat),
            record,
            notice,
            unwritten: answer_of(
                RefusalReason::JournalFailed,
                trunk.map_or(OverloadAnswer::Service, |it| it.overload),
            ),
            signalling_ip: arrival.call.signalling_ip,
        }
    }

    fn refuse(&mut self, now: Now, arrival: &Arrival, reason: RefusalReason) {
        let overload = arrival
            .trunk
            .as_ref()
            .and_then(|trunk| self.profile.trunks.get(trunk));
        let overload = overload.map_or(OverloadAnswer::Service, |trunk| trunk.overload);
        let refusal = answer_of(reason, overload);
        let (status, q850) = (refusal.status, refusal.q850.map(|(cause, _)| cause));
        self.endpoint
            .refuse(now, arrival.session, &refusal, &mut self.sip_out);
        let personal = personal_of(&arrival.caller, &arrival.called.raw, &arrival.call.from_uri);
        let fact = CallFact::Refused {
            status,
            q850,
            reason,
            trunk: arrival.trunk.clone(),
        };
        self.write_refusal(now, arrival.id, reason, fact, personal);
    }

    /// Writes a refused INVITE down: a record of its own, or a count for its minute.
    pub(super) fn write_refusal(
        &mut self,
        now: Now,
        id: InteractionId,
        reason: RefusalReason,
        fact: CallFact,
        personal: Personal,
    ) {
        if !self.admission.writes_row(now.mono, now.wall, reason) {
            self.arm_refusals(now);
            return;
        }
        self.fact(Record {
            now,
            interaction: Some(id),
            ticket: None,
            actor: Actor::system(),
            cause: "sip:invite",
            fact: Fact::Call(fact),
            personal: Some(personal),
        });
    }

    pub(super) fn write_counted(&mut self, now: Now) {
        for (minute_us, reason, count) in self.admission.take_counted(now.wall) {
            let fact = SystemFact::RefusalsCounted {
                minute_us,
                reason,
                count,
            };
            self.fact(Record {
                now,
                interaction: None,
                ticket: None,
                actor: Actor::system(),
                cause: "timer:refusals",
                fact: Fact::System(fact),
                personal: None,
            });
        }
        if self.admission.has_counted() {
            self.arm_refusals(now);
        }
    }

    fn arm_refusals(&mut self, now: Now) {
        self.timers
            .set(Timer::Refusals, now.mono + std::time::Duration::from_mins(1));
    }

    /// Carries out what a call asked.
    pub(super) fn call_output(&mut self, now: Now, id: InteractionId, output: CallOutput) {
        match output {
            CallOutput::AwaitAnswer => self.commit(now, Gated::Answer(id)),
            CallOutput::Enqueue(queue) => self.enqueue(now, id, &queue),
            CallOutput::AwaitDial => self.commit(now, Gated::Dial(id)),
            // Carried out before the facts of the step were written.
            CallOutput::Withdraw => {}
            CallOutput::Ringing { agent, epoch } => self.acd.ringing(now, &agent, epoch, &mut self.decisions),
            CallOutput::Accepted { agent, epoch } => {
                let accepted = self
                    .acd
                    .accept(now, &agent, epoch, &mut self.random, &mut self.decisions);
                debug_assert!(accepted.is_some(), "an offer that rings is reserved");
            }
            CallOutput::OfferFailed {
                agent,
                epoch,
                outcome,
            } => {
                self.acd
                    .offer_ended(now, &agent, epoch, outcome, &mut self.random, &mut self.decisions);
            }
            CallOutput::TalkHeld { agent, held } => {
                let held = if held { Held::Yes } else { Held::No };
                self.acd.set_held(now, &agent, held, &mut self.decisions);
            }
            CallOutput::TalkEnded { agent } => {
                self.acd
                    .talk_ended(now, &agent, id, &mut self.random, &mut self.decisions);
            }
            CallOutput::LegOpened { media, leg } => {
                self.legs.insert(media, (id, leg));
            }
            CallOutput::SetFlowTimer(at) => self.timers.set(Timer::Flow(id), at),
            CallOutput::StopFlowTimer => self.timers.stop(&Timer::Flow(id)),
            CallOutput::Refused(session) => {
                self.sessions.remove(&session);
            }
            CallOutput::Changed => {
                self.dirty_calls.insert(id);
            }
            CallOutput::Over => {
                self.calls.remove(&id);
                self.dirty_calls.remove(&id);
                self.gone_calls.push(id);
            }
        }
    }

    fn enqueue(&mut self, now: Now, id: InteractionId, queue: &QueueId) {
        let Some(config) = self.profile.queues.get(queue).cloned() else {
            self.with_call(now, id, |call, ctx| {
                call.hang_up(ctx, EndedBy::Flow, "flow:no-queue");
            });
            return;
        };
        let entered = queue.clone();
        self.with_call(now, id, |call, ctx| {
            let queued = CallFact::Queued {
                queue: entered.clone(),
                skills: config
                    .skills
                    .iter()
                    .map(|(skill, level)| (skill.clone(), *level))
                    .collect(),
                enqueued_at_us: ctx.now.wall.as_micros(),
                class: config.distribution.class,
                priority: config.distribution.priority,
            };
            ctx.fact(call.id, Actor::system(), "flow:enqueue", queued);
            call.queued(ctx, entered, config.music.clone());
        });
        let mut item = NewItem::new(id, queue.clone());
        if let Some(agent) = self.lost_agent(now, id) {
            (item.owners, item.owners_for) = (vec![agent], ASKED_ALONE_FOR);
        }
        match self.acd.enqueue(now, item, &mut self.random, &mut self.decisions) {
            Err(
                AcdError::Full
                | AcdError::NoQueue
                | AcdError::NoAgent
                | AcdError::NotSignedIn
                | AcdError::NoPhone,
            ) => {
                self.with_call(now, id, |call, ctx| call.hang_up(ctx, EndedBy::Flow, "acd:full"));
            }
            Ok(()) | Err(AcdError::Busy | AcdError::NothingToFinish) => {}
        }
    }

    /// The agent with whom this caller's last talk broke off, if he takes calls now.
    fn lost_agent(&mut self, now: Now, id: InteractionId) -> Option<AgentId> {
        let caller = &self.calls.get(&id)?.caller;
        let agent = self.cut_calls.take(now.mono, caller)?;
        let takes_calls = self
            .acd
            .agent(&agent)
            .is_some_and(|record| record.presence == Presence::Ready);
        takes_calls.then_some(agent)
    }

    /// The citizen's line breaks: if he talks, his next call shall reach the same agent.
    pub(super) fn note_cut(&mut self, now: Now, id: InteractionId) {
        let talk = self.calls.get(&id).filter(|call| call.state == State::Talking);
        if let Some((caller, agent)) = talk.and_then(|call| Some((&call.caller, call.talk()?.agent.clone())))
        {
            self.cut_calls.note(now.mono, caller, agent);
        }
    }

    /// Whether a caller who hangs up now did so before the short-abandon limit of his queue.
    pub(super) fn is_short_abandon(&self, now: Now, id: InteractionId) -> bool {
        let Some(call) = self.calls.get(&id) else {
            return false;
        };
        let (Some((since, _)), Some(queue)) = (call.queued, &call.queue) else {
            return false;
        };
        let limit = self
            .acd
            .queue_config(queue)
            .map_or(0, |config| millis(config.short_abandon));
        millis(now.mono.since(since)) < limit
    }

    /// The media plane says something.
    pub(super) fn media_event(&mut self, now: Now, event: MediaEvent) {
        match event {
            MediaEvent::Digit { leg, digit } => {
                self.with_customer(now, leg, |call, ctx| call.digit(ctx, digit, DigitSource::Rtp));
            }
            MediaEvent::PromptEnded {
                leg,
                playback,
                whole,
                played,
            } => {
                let played = millis(played);
                self.with_customer(now, leg, |call, ctx| {
                    call.prompt_ended(ctx, playback, whole, played);
                });
            }
            MediaEvent::FirstRtp { .. } => {}
            MediaEvent::RtpTimeout { leg } => self.rtp_timeout(now, leg),
            MediaEvent::Closed { leg, stats } => self.leg_closed(now, leg, stats),
            MediaEvent::RecordingStored {
                recording,
                interaction,
                file,
            } => {
                let fact = RecordingFact::Stored {
                    recording,
                    path: file.path,
                    duration_ms: file.duration_ms,
                    bytes: file.bytes,
                    digest: file.digest,
                    gap_ms: file.gap_ms,
                    recovered: false,
                };
                self.recording_fact(now, interaction, fact);
            }
            MediaEvent::RecordingFailed {
                recording,
                interaction,
                error,
            } => {
                self.recording_fact(now, interaction, RecordingFact::Failed { recording, error });
            }
        }
    }

    fn with_customer(&mut self, now: Now, leg: MediaLeg, step: impl FnOnce(&mut Call, &mut Ctx<'_>)) {
        let Some((id, _)) = self.legs.get(&leg).copied() else {
            return;
        };
        self.with_call(now, id, |call, ctx| {
            if call.is_customer_media(leg) {
                step(call, ctx);
            }
        });
    }

    fn rtp_timeout(&mut self, now: Now, leg: MediaLeg) {
        let Some((id, _)) = self.legs.get(&leg).copied() else {
            return;
        };
        let is_silent =
            |call: &Call| call.is_customer_media(leg) && !call.holds(leg) && !call.may_be_silent();
        if self.calls.get(&id).is_some_and(is_silent) {
            self.note_cut(now, id);
        }
        self.with_call(now, id, |call, ctx| {
            if call.holds(leg) || (call.is_customer_media(leg) && call.may_be_silent()) {
                return;
            }
            if call.is_agent_media(leg) {
                call.agent_left(ctx, EndedBy::MediaTimeout, "media:timeout");
            } else if call.is_customer_media(leg) && call.state != State::Over {
                call.hang_up(ctx, EndedBy::MediaTimeout, "media:timeout");
            }
        });
    }

    fn leg_closed(&mut self, now: Now, media: MediaLeg, stats: crate::media::command::LegStats) {
        self.ports.release(media);
        let Some((id, leg)) = self.legs.remove(&media) else {
            return;
        };
        let stats = LegStats {
            received: stats.received,
            sent: stats.sent,
            lost: stats.lost,
            strangers: stats.strangers,
            late: stats.late,
            jitter_us: stats.jitter_us,
            far_loss: stats.far_loss,
        };
        self.fact(Record {
            now,
            interaction: Some(id),
            ticket: None,
            actor: Actor::system(),
            cause: "media:closed",
            fact: Fact::Call(CallFact::LegMedia { leg, stats }),
            personal: None,
        });
    }

    fn recording_fact(&mut self, now: Now, interaction: InteractionId, fact: RecordingFact) {
        self.fact(Record {
            now,
            interaction: Some(interaction),
            ticket: None,
            actor: Actor::system(),
            cause: "media:recorder",
            fact: Fact::Recording(fact),
            personal: None,
        });
    }
}

fn offered(
    now: Now,
    arrival: &Arrival,
    customer: &Leg,
    line: &crate::base::ids::LineId,
    flow: &crate::base::ids::FlowId,
) -> Record {
    let actor = arrival
        .trunk
        .as_ref()
        .map_or_else(Actor::caller, |trunk| Actor::named(ActorKind::Trunk, trunk));
    Record {
        now,
        interaction: Some(arrival.id),
        ticket: None,
        actor,
        cause: "sip:invite",
        fact: Fact::Call(CallFact::Offered {
            leg: customer.id,
            trunk: arrival.trunk.clone(),
            line: Some(line.clone()),
            flow: Some(flow.clone()),
            direction: Direction::Inbound,
            purpose: None,
        }),
        personal: Some(personal_of(
            &arrival.caller,
            &arrival.called.raw,
            &arrival.call.from_uri,
        )),
    }
}

/// The personal data of an INVITE.
pub(super) fn personal_of(caller: &Number, called: &str, from_uri: &str) -> Personal {
    Personal {
        number: Some(caller.clone()),
        ..Personal::default()
    }
    .with("called", called)
    .with("from_uri", from_uri)
}

pub(super) fn latch_of(nat: bool, signalling_ip: IpAddr) -> Latch {
    if nat {
        Latch::AnySource
    } else {
        Latch::SdpOrSignalling(signalling_ip)
    }
}

fn default_codecs() -> Vec<crate::base::codec::Codec> {
    vec![crate::base::codec::Codec::Pcma, crate::base::codec::Codec::Pcmu]
}
