//! The call record: what the facts of one interaction amount to, with segments that tile the citizen's time.
//!
//! ```text
//!  offered ─► Setup ─answered─► Ivr ─queued─► Queue ─agent answered─► Talk ◄─held/retrieved─► Hold
//!               │                │              ▲ │                     │                       │
//!               │                │              └─┼──────queued again───┤                       │
//!               └────────────────┴────────ended───┴─────────────────────┴───────────────────────┘
//! ```
//!
//! A call of ours is Setup until the citizen answers, then Talk.
//!
//! **Invariants.** Segments are numbered from 0, each begins where the one before ended, the first at `offered_at` and
//! the last ends at `ended_at`. A fact that comes twice or too late changes nothing that is closed.
//! Lengths come from the monotonic clock inside one run of the program, from wall instants across runs.
//! **Not here.** Reading and writing rows (`io::store::calls`), queue figures (`report::interval`).
//! **Source.** DB1302/T 604—2025 8.5 a (受理接通量); GB/T 33358—2016 for waiting and answering.

use std::time::Duration;

use crate::base::ids::AgentId;
use crate::base::ids::BootId;
use crate::base::ids::FlowId;
use crate::base::ids::InteractionId;
use crate::base::ids::LineId;
use crate::base::ids::NodeId;
use crate::base::ids::OfferId;
use crate::base::ids::PromptId;
use crate::base::ids::QueueId;
use crate::base::ids::RecordingId;
use crate::base::ids::TrunkId;
use crate::base::time::MonoTime;
use crate::base::time::WallTime;
use crate::base::time::millis;
use crate::fact::Fact;
use crate::fact::agent::AgentFact;
use crate::fact::call::CallFact;
use crate::fact::call::Direction;
use crate::fact::call::EndedBy;
use crate::fact::call::OfferOutcome;
use crate::fact::call::Outcome;
use crate::fact::call::Purpose;
use crate::fact::call::RefusalReason;
use crate::fact::personal::Sealed;

/// Most menu choices kept of one call.
const CHOICES_MAX: usize = 64;

/// When a fact happened: both clocks, and the run of the program in which the monotonic one holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Wall instant.
    pub wall: WallTime,
    /// Monotonic instant inside `boot`.
    pub mono: MonoTime,
    /// The run of the program.
    pub boot: BootId,
}

impl Moment {
    /// Time from `earlier` to `self`, milliseconds; zero when `earlier` is later.
    pub fn millis_since(self, earlier: Self) -> u64 {
        let elapsed: Duration = if self.boot == earlier.boot {
            self.mono.since(earlier.mono)
        } else {
            self.wall.since(earlier.wall)
        };
        millis(elapsed)
    }
}

/// What the citizen's time went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SegmentKind {
    /// Before our answer.
    Setup,
    /// In the flow.
    Ivr,
    /// Waiting, ringing at an agent included.
    Queue,
    /// With an agent.
    Talk,
    /// On hold.
    Hold,
}

impl SegmentKind {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Ivr => "ivr",
            Self::Queue => "queue",
            Self::Talk => "talk",
            Self::Hold => "hold",
        }
    }

    /// The kind with this code.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Setup, Self::Ivr, Self::Queue, Self::Talk, Self::Hold]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

/// A closed interval of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What it was.
    pub kind: SegmentKind,
    /// Where it begins.
    pub from: WallTime,
    /// Where it ends and the next begins.
    pub to: WallTime,
    /// Its length by the monotonic clock, milliseconds.
    pub lasted_ms: u64,
    /// The queue, for waiting, talk and hold.
    pub queue: Option<QueueId>,
    /// The agent, for talk and hold.
    pub agent: Option<AgentId>,
}

/// The interval that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Running {
    kind: SegmentKind,
    since: Moment,
    from: WallTime,
}

/// One attempt to give the call to an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferRecord {
    /// Its id.
    pub offer: OfferId,
    /// To whom.
    pub agent: AgentId,
    /// From which queue; none for a call that the agent made.
    pub queue: Option<QueueId>,
    /// When it began.
    pub offered_at: WallTime,
    /// How it ended; none while it rings.
    pub outcome: Option<OfferOutcome>,
    /// How long it rang, milliseconds.
    pub lasted_ms: u64,
}

/// One stay in one queue, from the enqueue that is kept over re-offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueVisit {
    /// Which queue.
    pub queue: QueueId,
    /// When the wait began.
    pub enqueued_at: WallTime,
    /// How it ended; none while it lasts.
    pub end: Option<VisitEnd>,
    /// How long the caller waited, milliseconds.
    pub wait_ms: u64,
}

/// How a stay in a queue ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VisitEnd {
    /// An agent answered.
    Answered,
    /// The caller gave up.
    Abandoned,
    /// The caller gave up before the short-abandon limit.
    ShortAbandoned,
    /// Went elsewhere or was ended by us.
    Left,
}

/// The notice that must be heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The prompt that carried it.
    pub prompt: PromptId,
    /// Whether it was heard to its end.
    pub whole: bool,
    /// How much was played, milliseconds.
    pub played_ms: u64,
}

/// A refusal before an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: RefusalReason,
    /// The Q.850 cause given.
    pub q850: Option<u8>,
}

/// All that is known of one interaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    /// Which.
    pub interaction: InteractionId,
    /// The trunk it came by.
    pub trunk: Option<TrunkId>,
    /// The dialled line.
    pub line: Option<LineId>,
    /// The flow that ran.
    pub flow: Option<FlowId>,
    /// Who called whom.
    pub direction: Direction,
    /// What a call of ours was for.
    pub purpose: Option<Purpose>,
    /// The citizen's number, sealed, with the search tags.
    pub caller: Option<Sealed>,
    /// The INVITE.
    pub offered_at: WallTime,
    /// Our 200 OK.
    pub answered_at: Option<WallTime>,
    /// The first enqueue.
    pub queued_at: Option<WallTime>,
    /// The first talk.
    pub agent_answered_at: Option<WallTime>,
    /// The end.
    pub ended_at: Option<WallTime>,
    /// The last queue.
    pub queue: Option<QueueId>,
    /// The last agent who talked.
    pub agent: Option<AgentId>,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// Who or what ended it.
    pub ended_by: Option<EndedBy>,
    /// The SIP status of the end or of the refusal.
    pub status: Option<u16>,
    /// Why it was refused.
    pub refusal: Option<Refusal>,
    /// The recording.
    pub recording: Option<RecordingId>,
    /// The notice that was played.
    pub notice: Option<Notice>,
    /// Menu choices in order.
    pub choices: Vec<(NodeId, String)>,
    /// Waiting in queues, milliseconds.
    pub wait_ms: u64,
    /// Talk without hold, milliseconds.
    pub talk_ms: u64,
    /// Hold, milliseconds.
    pub hold_ms: u64,
    /// Work after the call, milliseconds.
    pub wrapup_ms: u64,
    /// Closed segments in order.
    pub segments: Vec<Segment>,
    /// Offers in order.
    pub offers: Vec<OfferRecord>,
    /// Stays in queues in order.
    pub visits: Vec<QueueVisit>,
    running: Option<Running>,
}

impl CallRecord {
    /// Begins a record at its first fact.
    pub fn new(interaction: InteractionId, at: Moment) -> Self {
        Self {
            running: Some(Running {
                kind: SegmentKind::Setup,
                since: at,
                from: at.wall,
            }),
            ..Self::empty(interaction, at.wall)
        }
    }

    /// A record with nothing in it, to be filled from a row.
    pub fn empty(interaction: InteractionId, offered_at: WallTime) -> Self {
        Self {
            interaction,
            trunk: None,
            line: None,
            flow: None,
            direction: Direction::Inbound,
            purpose: None,
            caller: None,
            offered_at,
            answered_at: None,
            queued_at: None,
            agent_answered_at: None,
            ended_at: None,
            queue: None,
            agent: None,
            outcome: None,
            ended_by: None,
            status: None,
            refusal: None,
            recording: None,
            notice: None,
            choices: Vec::new(),
            wait_ms: 0,
            talk_ms: 0,
            hold_ms: 0,
            wrapup_ms: 0,
            segments: Vec::new(),
            offers: Vec::new(),
            visits: Vec::new(),
            running: None,
        }
    }

    /// Folds one fact in. `sealed` is the fact's personal data.
    ///
    /// Returns whether the record changed: facts that say nothing about a call change nothing.
    pub fn apply(&mut self, at: Moment, fact: &Fact, sealed: Option<&Sealed>) -> bool {
        match fact {
            Fact::Call(fact) => self.apply_call(at, fact, sealed),
            Fact::Agent(AgentFact::WrapupEnded { lasted_ms, .. }) => {
                self.wrapup_ms = self.wrapup_ms.saturating_add(*lasted_ms);
                true
            }
            _ => false,
        }
    }

    fn apply_call(&mut self, at: Moment, fact: &CallFact, sealed: Option<&Sealed>) -> bool {
        if self.ended_at.is_some() {
            return false;
        }
        match fact {
            CallFact::Offered {
                trunk,
                line,
                flow,
                direction,
                purpose,
                ..
            } => {
                self.direction = *direction;
                self.purpose = *purpose;
                self.trunk.clone_from(trunk);
                self.line.clone_from(line);
                self.flow.clone_from(flow);
                self.caller = sealed.cloned();
            }
            CallFact::Refused {
                status,
                q850,
                reason,
                trunk,
            } => {
                self.trunk = self.trunk.take().or_else(|| trunk.clone());
                self.caller = self.caller.take().or_else(|| sealed.cloned());
                self.refusal = Some(Refusal {
                    reason: *reason,
                    q850: *q850,
                });
                self.end(at, Outcome::Refused, EndedBy::Refusal, Some(*status));
            }
            CallFact::Answered { recording } => {
                self.answered_at = Some(at.wall);
                self.recording = *recording;
                if self.direction == Direction::Outbound {
                    self.agent_answered_at = Some(at.wall);
                    self.turn(at, Some(SegmentKind::Talk));
                } else {
                    self.turn(at, Some(SegmentKind::Ivr));
                }
            }
            CallFact::NoticePlayed {
                prompt,
                whole,
                played_ms,
            } => {
                self.notice = Some(Notice {
                    prompt: prompt.clone(),
                    whole: *whole,
                    played_ms: *played_ms,
                });
            }
            CallFact::DigitsCollected { node, choice } if self.choices.len() < CHOICES_MAX => {
                self.choices.push((node.clone(), choice.clone()));
            }
            CallFact::Held { .. } => self.turn(at, Some(SegmentKind::Hold)),
            CallFact::Retrieved { .. } => self.turn(at, Some(SegmentKind::Talk)),
            CallFact::Ended { outcome, by, status } => self.end(at, *outcome, *by, *status),
            other => return self.apply_offer(at, other),
        }
        true
    }

    /// The facts between queue and agent.
    fn apply_offer(&mut self, at: Moment, fact: &CallFact) -> bool {
        match fact {
            CallFact::Queued {
                queue,
                enqueued_at_us,
                ..
            } => self.enqueue(at, queue, *enqueued_at_us),
            CallFact::AgentOffered {
                offer, agent, queue, ..
            } => self.offers.push(OfferRecord {
                offer: *offer,
                agent: agent.clone(),
                queue: queue.clone(),
                offered_at: at.wall,
                outcome: None,
                lasted_ms: 0,
            }),
            CallFact::OfferEnded {
                offer,
                outcome,
                lasted_ms,
                ..
            } => {
                self.end_offer(*offer, *outcome, *lasted_ms);
            }
            CallFact::AgentAnswered {
                offer,
                agent,
                queue,
                waited_ms,
                ..
            } => {
                self.accepted(at, *offer);
                match queue {
                    Some(queue) => self.talk(at, agent, queue, *waited_ms),
                    // A call of ours: the talk begins when the citizen answers.
                    None => self.agent = Some(agent.clone()),
                }
            }
            _ => return false,
        }
        true
    }

    fn enqueue(&mut self, at: Moment, queue: &QueueId, enqueued_at_us: i64) {
        if self.queue.as_ref() == Some(queue) {
            self.turn(at, Some(SegmentKind::Queue));
        } else {
            self.split(at, Some(SegmentKind::Queue));
        }
        self.queue = Some(queue.clone());
        self.queued_at = self.queued_at.or(Some(at.wall));
        let enqueued_at = WallTime::from_micros(enqueued_at_us);
        if let Some(last) = self.visits.last_mut() {
            if last.queue == *queue && last.enqueued_at == enqueued_at {
                last.end = None;
                return;
            }
            if last.end.is_none() {
                last.wait_ms = millis(at.wall.since(last.enqueued_at));
                last.end = Some(VisitEnd::Left);
            }
        }
        self.visits.push(QueueVisit {
            queue: queue.clone(),
            enqueued_at,
            end: None,
            wait_ms: 0,
        });
    }

    fn end_offer(&mut self, offer: OfferId, outcome: OfferOutcome, lasted_ms: u64) {
        let open = |known: &&mut OfferRecord| known.offer == offer && known.outcome.is_none();
        if let Some(known) = self.offers.iter_mut().rev().find(open) {
            known.outcome = Some(outcome);
            known.lasted_ms = lasted_ms;
        }
    }

    fn accepted(&mut self, at: Moment, offer: OfferId) {
        let rang = self
            .offers
            .iter()
            .find(|known| known.offer == offer)
            .map(|known| known.offered_at);
        let lasted_ms = rang.map_or(0, |from| millis(at.wall.since(from)));
        self.end_offer(offer, OfferOutcome::Accepted, lasted_ms);
    }

    fn talk(&mut self, at: Moment, agent: &AgentId, queue: &QueueId, waited_ms: u64) {
        if self.agent.as_ref() == Some(agent) {
            self.turn(at, Some(SegmentKind::Talk));
        } else {
            self.split(at, Some(SegmentKind::Talk));
        }
        self.agent = Some(agent.clone());
        self.queue = Some(queue.clone());
        self.agent_answered_at = self.agent_answered_at.or(Some(at.wall));
        if let Some(visit) = self.visits.last_mut() {
            visit.end = Some(VisitEnd::Answered);
            visit.wait_ms = waited_ms;
        }
    }

    fn end(&mut self, at: Moment, outcome: Outcome, by: EndedBy, status: Option<u16>) {
        self.split(at, None);
        self.ended_at = self.segments.last().map(|segment| segment.to).or(Some(at.wall));
        self.outcome = Some(outcome);
        self.ended_by = Some(by);
        self.status = status;
        if let Some(visit) = self.visits.last_mut()
            && visit.end.is_none()
        {
            visit.wait_ms = millis(at.wall.since(visit.enqueued_at));
            visit.end = Some(match outcome {
                Outcome::Abandoned => VisitEnd::Abandoned,
                Outcome::ShortAbandoned => VisitEnd::ShortAbandoned,
                _ => VisitEnd::Left,
            });
        }
    }

    /// Closes the running segment at `at` and begins one of `next`; the same kind again goes on.
    fn turn(&mut self, at: Moment, next: Option<SegmentKind>) {
        if self.running.as_ref().map(|running| running.kind) != next {
            self.split(at, next);
        }
    }

    /// Closes the running segment at `at` and begins one of `next`.
    fn split(&mut self, at: Moment, next: Option<SegmentKind>) {
        let Some(running) = self.running.take() else {
            return;
        };
        // The wall clock may have been set back: segments still tile.
        let to = running.from.max(at.wall);
        let lasted_ms = at.millis_since(running.since);
        let (with_queue, with_agent) = match running.kind {
            SegmentKind::Setup | SegmentKind::Ivr => (false, false),
            SegmentKind::Queue => (true, false),
            SegmentKind::Talk | SegmentKind::Hold => (true, true),
        };
        match running.kind {
            SegmentKind::Queue => self.wait_ms = self.wait_ms.saturating_add(lasted_ms),
            SegmentKind::Talk => self.talk_ms = self.talk_ms.saturating_add(lasted_ms),
            SegmentKind::Hold => self.hold_ms = self.hold_ms.saturating_add(lasted_ms),
            SegmentKind::Setup | SegmentKind::Ivr => (),
        }
        self.segments.push(Segment {
            kind: running.kind,
            from: running.from,
            to,
            lasted_ms,
            queue: self.queue.clone().filter(|_| with_queue),
            agent: self.agent.clone().filter(|_| with_agent),
        });
        self.running = next.map(|kind| Running {
            kind,
            since: at,
            from: to,
        });
    }
}
