//! Facts about an interaction, from its first INVITE to its end.
//!
//! The customer leg's segments follow from them without gap: setup (offered), ivr (answered), queue (queued),
//! talk (agent answered), hold (held), talk (retrieved), end (ended).
//!
//! **Source.** Segments and outcomes: RFC 3261 for the leg, the vocabulary of interaction, segment and offer.

use serde::Deserialize;
use serde::Serialize;

use crate::base::ids::AgentId;
use crate::base::ids::DeviceId;
use crate::base::ids::FlowId;
use crate::base::ids::LegId;
use crate::base::ids::LineId;
use crate::base::ids::NodeId;
use crate::base::ids::OfferId;
use crate::base::ids::PromptId;
use crate::base::ids::QueueId;
use crate::base::ids::RecordingId;
use crate::base::ids::SkillId;
use crate::base::ids::TrunkId;

/// What happened to a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all_fields = "snake_case")]
pub enum CallFact {
    /// An INVITE was taken, or a call of ours begins with its agent's phone. Personal: the citizen's number, called,
    /// from_uri.
    #[serde(rename = "call.offered")]
    Offered {
        /// The customer's leg.
        leg: LegId,
        /// The trunk it came by; none from one of our own devices.
        trunk: Option<TrunkId>,
        /// The dialled line.
        line: Option<LineId>,
        /// The flow that will run.
        flow: Option<FlowId>,
        /// Who calls whom.
        #[serde(default, skip_serializing_if = "Direction::is_inbound")]
        direction: Direction,
        /// What a call of ours is for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        purpose: Option<Purpose>,
    },
    /// An INVITE was refused before an answer; the interaction ends with this fact. Personal: caller, called.
    #[serde(rename = "call.refused")]
    Refused {
        /// The SIP status given (300–699).
        status: u16,
        /// The Q.850 cause in the Reason header, if any.
        q850: Option<u8>,
        /// Why, as a stable code.
        reason: RefusalReason,
        /// The trunk it came by, when known.
        trunk: Option<TrunkId>,
    },
    /// The 200 OK to the citizen is due, or the citizen answered a call of ours; recording begins with it.
    #[serde(rename = "call.answered")]
    Answered {
        /// The recording that begins here; none where policy records nothing.
        recording: Option<RecordingId>,
    },
    /// A notice that must be heard was played to the citizen.
    #[serde(rename = "call.notice_played")]
    NoticePlayed {
        /// The prompt that carries the notice.
        prompt: PromptId,
        /// Whether it was heard to its end or cut by a key or a hang-up.
        whole: bool,
        /// How much was played, milliseconds.
        played_ms: u64,
    },
    /// The citizen chose in a menu; keys other than a menu choice are never written.
    #[serde(rename = "call.digits_collected")]
    DigitsCollected {
        /// The node that asked.
        node: NodeId,
        /// The choice; empty when nothing was keyed in time.
        choice: String,
    },
    /// The call waits in a queue.
    #[serde(rename = "call.queued")]
    Queued {
        /// The queue.
        queue: QueueId,
        /// Skills that are required, each with the least level.
        skills: Vec<(SkillId, u8)>,
        /// When it began to wait, UTC µs: kept over re-offers.
        enqueued_at_us: i64,
        /// Its class.
        #[serde(default, skip_serializing_if = "Class::is_normal")]
        class: Class,
        /// Its priority at first, 0–9.
        #[serde(default, skip_serializing_if = "is_zero")]
        priority: u8,
    },
    /// The call waits in one more queue, with the age it has.
    #[serde(rename = "call.queue_joined")]
    QueueJoined {
        /// The queue.
        queue: QueueId,
    },
    /// The call is offered to an agent.
    #[serde(rename = "call.agent_offered")]
    AgentOffered {
        /// The offer.
        offer: OfferId,
        /// To whom.
        agent: AgentId,
        /// Which phones ring.
        devices: Vec<DeviceId>,
        /// From which queue; none for a call that the agent makes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        queue: Option<QueueId>,
        /// The reservation's epoch.
        epoch: u64,
    },
    /// An offer ended without a talk.
    #[serde(rename = "call.offer_ended")]
    OfferEnded {
        /// The offer.
        offer: OfferId,
        /// To whom.
        agent: AgentId,
        /// How it ended.
        outcome: OfferOutcome,
        /// How long it lasted, milliseconds.
        lasted_ms: u64,
    },
    /// An agent answered; the talk begins, or the citizen is dialled.
    #[serde(rename = "call.agent_answered")]
    AgentAnswered {
        /// The offer that was accepted.
        offer: OfferId,
        /// The agent's leg.
        leg: LegId,
        /// Who.
        agent: AgentId,
        /// On which phone.
        device: DeviceId,
        /// From which queue; none for a call that the agent makes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        queue: Option<QueueId>,
        /// How long the caller had waited in the queue, milliseconds.
        waited_ms: u64,
    },
    /// The talk was put on hold.
    #[serde(rename = "call.held")]
    Held {
        /// Who held: `agent` or `caller`.
        by: Party,
    },
    /// The talk goes on after a hold.
    #[serde(rename = "call.retrieved")]
    Retrieved {
        /// Who retrieved.
        by: Party,
    },
    /// The agent's leg ended while the citizen stayed (the citizen's leg is then ended or queued again).
    #[serde(rename = "call.agent_left")]
    AgentLeft {
        /// Who.
        agent: AgentId,
    },
    /// What the media of a leg amounted to.
    #[serde(rename = "call.leg_media")]
    LegMedia {
        /// The leg.
        leg: LegId,
        /// Counted figures.
        stats: LegStats,
    },
    /// The interaction's customer leg is over: exactly one per answered or offered interaction.
    #[serde(rename = "call.ended")]
    Ended {
        /// What became of the call.
        outcome: Outcome,
        /// Who or what ended it.
        by: EndedBy,
        /// The SIP status or Q.850 cause that was seen or sent, if any.
        status: Option<u16>,
    },
}

/// Who calls whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The citizen calls us.
    #[default]
    Inbound,
    /// We call the citizen.
    Outbound,
}

impl Direction {
    /// Whether the citizen calls us.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
    pub const fn is_inbound(&self) -> bool {
        matches!(self, Self::Inbound)
    }
}

/// How pressing what waits is; the greater goes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Ordinary.
    #[default]
    Normal,
    /// For dedicated seats (专席).
    Dedicated,
    /// An emergency: barred by nothing but what an agent can.
    Emergency,
}

impl Class {
    /// Whether it is ordinary.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
    pub const fn is_normal(&self) -> bool {
        matches!(self, Self::Normal)
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
const fn is_zero(number: &u8) -> bool {
    *number == 0
}

/// What a call of ours is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// 回访.
    Followup,
    /// 联系诉求人.
    Contact,
    /// Calling back who could not be served when he called.
    Callback,
}

/// Why an INVITE was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// The source is no trunk of ours and no device.
    NoTrunk,
    /// The device's digest answer was wrong.
    BadCredentials,
    /// Nothing is reached by the dialled number.
    UnknownNumber,
    /// No common codec or an offer that does not parse.
    NotAcceptable,
    /// More calls than admitted.
    Overload,
    /// No free media port.
    NoMediaPort,
    /// The journal cannot take more facts.
    JournalFull,
    /// The journal cannot be written.
    JournalFailed,
    /// The program is stopping.
    Draining,
    /// The message was malformed.
    Malformed,
    /// The number of refusals in this minute is counted in one row instead of one each.
    Counted,
}

/// How an offer ended. Exactly one per reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferOutcome {
    /// The agent answered.
    Accepted,
    /// The agent declined (486, 603 or in the browser).
    Rejected,
    /// Nobody picked up in time.
    NoAnswer,
    /// The phone could not be reached.
    Failed,
    /// The caller left or the offer was withdrawn.
    Cancelled,
    /// A more urgent call took the agent.
    Preempted,
    /// Another agent was quicker.
    LostRace,
    /// The lease ran out.
    Expired,
}

/// A party of a talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The citizen.
    Caller,
    /// The agent.
    Agent,
}

/// What became of a call: exactly one per interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Talked with an agent.
    Answered,
    /// Hung up while waiting in the queue.
    Abandoned,
    /// Hung up in the queue before the short-abandon limit.
    ShortAbandoned,
    /// Ended in the flow without reaching a queue.
    EndedInIvr,
    /// Hung up before our answer.
    Cancelled,
    /// Refused before an answer.
    Refused,
    /// Ended by a fault (media lost, signalling lost, restart).
    Failed,
    /// Called by us: the line was busy.
    Busy,
    /// Called by us: nobody picked up in time.
    NoAnswer,
    /// Called by us: the call was declined.
    Declined,
    /// Called by us: the number leads nowhere, or the network did not bring the call there.
    Unreachable,
    /// The agent who wanted to call did not take his phone.
    AgentNoAnswer,
}

/// Who or what ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The citizen hung up.
    Caller,
    /// The agent hung up.
    Agent,
    /// The flow ended the call.
    Flow,
    /// A supervisor or administrator ended it.
    User,
    /// No media arrived for too long.
    MediaTimeout,
    /// A SIP peer did not answer (ACK, re-INVITE or session refresh).
    SignallingTimeout,
    /// The program stopped in order.
    Shutdown,
    /// The program died; the next start closed the call.
    Crash,
    /// We refused it.
    Refusal,
    /// Nobody picked up in time.
    RingTimeout,
    /// The network refused a call of ours.
    Network,
}

/// Media figures of a leg.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegStats {
    /// RTP packets received and used.
    pub received: u64,
    /// RTP packets sent.
    pub sent: u64,
    /// Packets that the sequence numbers say are missing.
    pub lost: u64,
    /// Packets from a source that is not the locked one.
    pub strangers: u64,
    /// Packets received twice or too late.
    pub late: u64,
    /// Interarrival jitter at the end, microseconds (RFC 3550 §6.4.1).
    pub jitter_us: u64,
    /// Loss that the far end reported, of 256 (RFC 3550 §6.4.1).
    pub far_loss: u8,
}
