//! The states of one call.
//!
//! ```text
//!  INVITE ─► Answering ──durable──► Flow ──enqueue──► Queued ⇄ Offering ──200──► Talking ⇄ Held
//!               │                    │                  │         │                │
//!               └─────CANCEL─────────┴──────BYE─────────┴─────────┴───────BYE──────┴─► Over
//! ```
//!
//! A call of ours begins elsewhere (`call::dial`) and is the same from the talk on.
//!
//! **Invariants.** The 200 OK to the citizen leaves only after `call.answered` is durable; a CANCEL that comes
//! before is honoured. Causes of an agent's phone never reach the citizen. Every way out passes [`Call::finish`].
//! **Source.** RFC 3261 §13, §15 through `sip::endpoint`.

use std::sync::Arc;
use std::time::Duration;

use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::LineId;
use crate::base::ids::PromptId;
use crate::base::ids::QueueId;
use crate::base::ids::RecordingId;
use crate::base::phone_number::Number;
use crate::base::time::MonoTime;
use crate::base::time::WallTime;
use crate::base::time::millis;
use crate::call::context::CallOutput;
use crate::call::context::CallSettings;
use crate::call::context::Ctx;
use crate::call::dial::Outbound;
use crate::call::leg::Leg;
use crate::call::offer::Offer;
use crate::call::talk::Talk;
use crate::fact::Actor;
use crate::fact::call::CallFact;
use crate::fact::call::EndedBy;
use crate::fact::call::Outcome;
use crate::ivr::interpreter::Action;
use crate::ivr::interpreter::Input as FlowInput;
use crate::ivr::interpreter::Interpreter;
use crate::media::command::MediaCommand;
use crate::media::command::Playback;
use crate::media::command::PlaybackId;
use crate::media::command::PromptIndex;
use crate::media::command::Repeat;
use crate::sip::endpoint::SessionId;

/// A key that comes by INFO and as a telephone-event within this time is one press.
const SAME_PRESS_MS: u64 = 400;

/// The disk has so long to take the facts of an answer; then the call is refused, for its trunk to try elsewhere.
const ANSWER_MAX: Duration = Duration::from_secs(4);

/// Where the customer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A call of ours: its agent's phone rings.
    Summoning,
    /// A call of ours: the citizen is called, and the agent hears it.
    Dialling,
    /// The 200 OK waits for its fact.
    Answering,
    /// The flow runs.
    Flow,
    /// Waits in a queue; an offer may be running.
    Queued,
    /// Talks with an agent.
    Talking,
    /// Over.
    Over,
}

/// One interaction with a citizen.
pub struct Call {
    /// Its id.
    pub id: InteractionId,
    /// Who calls.
    pub caller: Number,
    /// The dialled line.
    pub line: Option<LineId>,
    /// 线路名.
    pub line_name: String,
    /// When the INVITE came.
    pub offered_at: WallTime,
    /// Where the customer stands.
    pub state: State,
    /// The recording that runs.
    pub recording: Option<RecordingId>,
    /// The queue it waits in or came from.
    pub queue: Option<QueueId>,
    /// When it began to wait.
    pub queued: Option<(MonoTime, WallTime)>,
    pub(super) settings: CallSettings,
    pub(super) customer: Leg,
    pub(super) offer: Option<Offer>,
    pub(super) talk: Option<Talk>,
    pub(super) music: Option<PromptId>,
    pub(super) customer_holds: bool,
    /// What makes it a call of ours; none for one that came in.
    pub outbound: Option<Outbound>,
    answer_sdp: String,
    late_offer: bool,
    flow: Option<Interpreter>,
    playing: Option<Playing>,
    playbacks: u32,
    last_digit: Option<(char, DigitSource, MonoTime)>,
}

struct Playing {
    id: PlaybackId,
    notice: bool,
    since: MonoTime,
}

/// What a new call is made of.
pub struct NewCall {
    /// Its id.
    pub id: InteractionId,
    /// Who calls.
    pub caller: Number,
    /// The dialled line.
    pub line: Option<LineId>,
    /// 线路名.
    pub line_name: String,
    /// Its settings.
    pub settings: CallSettings,
    /// Its flow; none for a call of ours.
    pub flow: Option<Interpreter>,
    /// The customer's leg.
    pub customer: Leg,
    /// What our 200 OK will carry.
    pub answer_sdp: String,
    /// Whether that is our offer (the INVITE carried none).
    pub late_offer: bool,
}

impl Call {
    /// Takes a call whose `call.offered` is among the facts of this step; the answer waits for its fact.
    pub fn start(ctx: &mut Ctx<'_>, new: NewCall) -> Self {
        let recording = new.settings.record.then(|| RecordingId::new(ctx.now, ctx.random));
        ctx.fact(
            new.id,
            Actor::system(),
            "flow:answer",
            CallFact::Answered { recording },
        );
        ctx.out.push(CallOutput::AwaitAnswer);
        ctx.out.push(CallOutput::SetFlowTimer(ctx.now.mono + ANSWER_MAX));
        ctx.out.push(CallOutput::Changed);
        let mut call = Self::new(ctx, new, State::Answering);
        call.recording = recording;
        call
    }

    /// A call at its beginning, in `state`.
    pub(super) fn new(ctx: &Ctx<'_>, new: NewCall, state: State) -> Self {
        Self {
            id: new.id,
            caller: new.caller,
            line: new.line,
            line_name: new.line_name,
            offered_at: ctx.now.wall,
            state,
            recording: None,
            queue: None,
            queued: None,
            settings: new.settings,
            customer: new.customer,
            offer: None,
            talk: None,
            music: None,
            customer_holds: false,
            outbound: None,
            answer_sdp: new.answer_sdp,
            late_offer: new.late_offer,
            flow: new.flow,
            playing: None,
            playbacks: 0,
            last_digit: None,
        }
    }

    /// The customer's SIP session.
    pub fn customer_session(&self) -> SessionId {
        self.customer.session
    }

    /// The facts of the answer are durable: the 200 OK leaves, recording and flow begin.
    pub fn answer_durable(&mut self, ctx: &mut Ctx<'_>) {
        if self.state != State::Answering {
            return;
        }
        self.state = State::Flow;
        ctx.out.push(CallOutput::StopFlowTimer);
        self.customer.apply(ctx);
        self.record(ctx);
        ctx.sip
            .answer(ctx.now, self.customer.session, &self.answer_sdp, ctx.sip_out);
        ctx.out.push(CallOutput::Changed);
        self.step_flow(ctx, FlowInput::Start);
    }

    /// The recording begins, where there is to be one.
    pub(super) fn record(&self, ctx: &mut Ctx<'_>) {
        if let Some(recording) = self.recording {
            ctx.media.push(MediaCommand::Record {
                leg: self.customer.media_leg,
                recording,
                interaction: self.id,
                opened_at_us: ctx.now.wall.as_micros(),
            });
        }
    }

    /// The citizen pressed a key. INFO and telephone-event of the same press count once.
    pub fn digit(&mut self, ctx: &mut Ctx<'_>, digit: char, source: DigitSource) {
        let repeated = self.last_digit.is_some_and(|(last, from, at)| {
            last == digit && from != source && millis(ctx.now.mono.since(at)) < SAME_PRESS_MS
        });
        self.last_digit = (!repeated).then_some((digit, source, ctx.now.mono));
        if self.state == State::Flow && !repeated {
            self.step_flow(ctx, FlowInput::Digit(digit));
        }
    }

    /// The call's timer fired: the flow has waited long enough, or the disk has not taken the answer's fact in time.
    pub fn flow_timeout(&mut self, ctx: &mut Ctx<'_>) {
        match self.state {
            State::Answering => {
                let refusal = self.settings.unwritten;
                ctx.sip
                    .refuse(ctx.now, self.customer.session, &refusal, ctx.sip_out);
                ctx.out.push(CallOutput::Refused(self.customer.session));
                self.finish(
                    ctx,
                    Outcome::Failed,
                    EndedBy::Refusal,
                    Some(refusal.status),
                    "timer:answer",
                );
            }
            State::Flow => self.step_flow(ctx, FlowInput::Timeout),
            State::Dialling => self.give_up(ctx),
            State::Summoning | State::Queued | State::Talking | State::Over => {}
        }
    }

    /// A playback to the citizen ended.
    pub fn prompt_ended(&mut self, ctx: &mut Ctx<'_>, playback: PlaybackId, whole: bool, played_ms: u64) {
        if self.playing.as_ref().is_none_or(|playing| playing.id != playback) {
            return;
        }
        self.note_notice(ctx, whole, played_ms);
        if self.state == State::Flow {
            self.step_flow(ctx, FlowInput::PromptEnded { whole });
        }
    }

    /// The citizen's ACK; it carries the answer when our 200 carried the offer.
    pub fn acknowledged(&mut self, ctx: &mut Ctx<'_>, sdp: Option<&[u8]>) {
        if !self.late_offer {
            return;
        }
        self.late_offer = false;
        if let Some(Ok(_)) = sdp.map(|sdp| self.customer.accept_answer(sdp)) {
            self.customer.apply(ctx);
        } else {
            // No usable answer: RFC 3261 §13.3.1.4 ends the session.
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
                "sip:no-answer-in-ack",
            );
        }
    }

    /// Whether the answer to our offer is still to come, in the ACK.
    pub fn awaits_answer_in_ack(&self) -> bool {
        self.late_offer
    }

    /// The citizen hung up or cancelled.
    pub fn customer_left(&mut self, ctx: &mut Ctx<'_>, short: bool) {
        let outcome = match self.state {
            State::Answering => Outcome::Cancelled,
            State::Flow => Outcome::EndedInIvr,
            State::Queued if short => Outcome::ShortAbandoned,
            State::Queued => Outcome::Abandoned,
            State::Talking => Outcome::Answered,
            State::Summoning | State::Dialling => Outcome::Failed,
            State::Over => return,
        };
        let cause = if outcome == Outcome::Cancelled {
            "sip:cancel"
        } else {
            "sip:bye"
        };
        self.finish(ctx, outcome, EndedBy::Caller, None, cause);
    }

    /// Ends the call from our side.
    pub fn hang_up(&mut self, ctx: &mut Ctx<'_>, by: EndedBy, cause: &'static str) {
        if self.state == State::Over {
            return;
        }
        let outcome = match (self.state, by) {
            (State::Talking, _) => Outcome::Answered,
            (State::Flow, EndedBy::Flow) => Outcome::EndedInIvr,
            (State::Summoning | State::Dialling, EndedBy::Agent | EndedBy::User) => Outcome::Cancelled,
            _ => Outcome::Failed,
        };
        let q850 = if by == EndedBy::MediaTimeout {
            (102, "Recovery on timer expiry")
        } else {
            (16, "Normal call clearing")
        };
        ctx.sip
            .bye(ctx.now, self.customer.session, Some(q850), ctx.sip_out);
        self.finish(ctx, outcome, by, None, cause);
    }

    /// Signalling or media of the customer's leg was lost.
    pub fn customer_lost(
        &mut self,
        ctx: &mut Ctx<'_>,
        by: EndedBy,
        status: Option<u16>,
        cause: &'static str,
    ) {
        let outcome = if self.state == State::Talking {
            Outcome::Answered
        } else {
            Outcome::Failed
        };
        self.finish(ctx, outcome, by, status, cause);
    }

    /// The one way out: ends offer, talk and media, and writes `call.ended`.
    pub(super) fn finish(
        &mut self,
        ctx: &mut Ctx<'_>,
        outcome: Outcome,
        by: EndedBy,
        status: Option<u16>,
        cause: &'static str,
    ) {
        if self.state == State::Over {
            return;
        }
        let played_ms = self
            .playing
            .as_ref()
            .map_or(0, |playing| millis(ctx.now.mono.since(playing.since)));
        self.note_notice(ctx, false, played_ms);
        if matches!(self.state, State::Queued | State::Summoning) {
            ctx.out.push(CallOutput::Withdraw);
        }
        self.drop_offer(ctx);
        self.end_talk(ctx);
        self.state = State::Over;
        self.customer.close(ctx);
        let actor = match by {
            EndedBy::Caller => Actor::caller(),
            _ => Actor::system(),
        };
        ctx.fact(self.id, actor, cause, CallFact::Ended { outcome, by, status });
        ctx.out.push(CallOutput::StopFlowTimer);
        ctx.out.push(CallOutput::Over);
    }

    /// Plays to the citizen, in place of what he hears.
    pub(super) fn play(
        &mut self,
        ctx: &mut Ctx<'_>,
        prompts: Arc<[PromptIndex]>,
        repeat: Repeat,
        notice: bool,
    ) {
        self.playbacks = self.playbacks.wrapping_add(1);
        let id = PlaybackId(self.playbacks);
        self.playing = (repeat == Repeat::Once).then_some(Playing {
            id,
            notice,
            since: ctx.now.mono,
        });
        let playback = Playback { id, prompts, repeat };
        ctx.media.push(MediaCommand::Play {
            leg: self.customer.media_leg,
            playback,
        });
    }

    /// Plays the queue's music until something else is to be heard.
    pub(super) fn play_music(&mut self, ctx: &mut Ctx<'_>) {
        let index = self
            .music
            .as_ref()
            .and_then(|music| ctx.prompts.get(music))
            .copied();
        if let Some(index) = index {
            self.play(ctx, Arc::from([index]), Repeat::Forever, false);
        }
    }

    /// The caller entered `queue`, whose music he hears from now on.
    pub fn queued(&mut self, ctx: &mut Ctx<'_>, queue: QueueId, music: PromptId) {
        self.state = State::Queued;
        self.queue = Some(queue);
        self.queued = Some((ctx.now.mono, ctx.now.wall));
        self.music = Some(music);
        self.play_music(ctx);
        ctx.out.push(CallOutput::Changed);
    }

    /// The agent the call is offered to or talks with.
    pub fn agent(&self) -> Option<&AgentId> {
        let offered = self.offer.as_ref().map(|offer| &offer.agent);
        self.talk.as_ref().map(|talk| &talk.agent).or(offered)
    }

    fn step_flow(&mut self, ctx: &mut Ctx<'_>, input: FlowInput) {
        let mut actions = Vec::new();
        if let Some(flow) = &mut self.flow {
            flow.handle(input, &mut actions);
        }
        for action in actions {
            match action {
                Action::Play { prompts, notice } => {
                    let indexes: Vec<PromptIndex> = prompts
                        .iter()
                        .filter_map(|prompt| ctx.prompts.get(prompt).copied())
                        .collect();
                    self.play(ctx, Arc::from(indexes), Repeat::Once, notice);
                }
                Action::StopPlay => {
                    ctx.media.push(MediaCommand::StopPlay {
                        leg: self.customer.media_leg,
                    });
                }
                Action::SetTimer(after) => ctx.out.push(CallOutput::SetFlowTimer(ctx.now.mono + after)),
                Action::StopTimer => ctx.out.push(CallOutput::StopFlowTimer),
                Action::Collected { node, choice } => {
                    ctx.fact(
                        self.id,
                        Actor::caller(),
                        "flow:collect",
                        CallFact::DigitsCollected { node, choice },
                    );
                }
                Action::Enqueue { queue } => ctx.out.push(CallOutput::Enqueue(queue)),
                Action::HangUp => self.hang_up(ctx, EndedBy::Flow, "flow:hangup"),
            }
        }
    }

    /// Writes which notice was heard, once, when its playback ends in whatever way.
    fn note_notice(&mut self, ctx: &mut Ctx<'_>, whole: bool, played_ms: u64) {
        let Some(playing) = self.playing.take() else {
            return;
        };
        if let Some(prompt) = self.settings.notice.clone().filter(|_| playing.notice) {
            ctx.fact(
                self.id,
                Actor::system(),
                "media:prompt-ended",
                CallFact::NoticePlayed {
                    prompt,
                    whole,
                    played_ms,
                },
            );
        }
    }
}

/// How a key reached us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigitSource {
    /// RFC 4733 telephone-event.
    Rtp,
    /// SIP INFO.
    Info,
}
