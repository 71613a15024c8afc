//! The live picture that readers get: agents, queues, calls. Values only; every change carries the new whole of one
//! thing, so a reader that knows the snapshot and the changes in order knows the present.
//!
//! **Invariants.** Numbers are carried whole here and masked by role at the edge (`http`).
//! **Not here.** History (folds of the journal in `report`).

use crate::base::ids::AgentId;
use crate::base::ids::DeviceId;
use crate::base::ids::InteractionId;
use crate::base::ids::LineId;
use crate::base::ids::OfferId;
use crate::base::ids::QueueId;
use crate::base::ids::RecordingId;
use crate::base::ids::SeatId;
use crate::base::phone_number::Number;
use crate::base::time::WallTime;
use crate::fact::agent::Presence;
use crate::fact::call::Direction;

/// One thing that changed.
#[derive(Clone, Debug, PartialEq)]
pub enum ViewChange {
    /// An agent is now so.
    Agent(AgentView),
    /// A queue is now so.
    Queue(QueueView),
    /// A call is now so.
    Call(CallView),
    /// A call is over (its wrap-up may go on in the agent's view).
    CallGone(InteractionId),
}

/// An agent as the desk and the supervisor see him.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentView {
    /// Who.
    pub agent: AgentId,
    /// 姓名.
    pub name: String,
    /// Where he sits.
    pub seat: Option<SeatId>,
    /// What he chose.
    pub presence: Presence,
    /// What he does.
    pub occupancy: Occupancy,
    /// Since when both are so.
    pub since: WallTime,
    /// What he becomes when his occupancy is idle again.
    pub next: Option<Presence>,
    /// The interaction he is reserved for, talks in or wraps up.
    pub interaction: Option<InteractionId>,
    /// When a wrap-up ends at the latest.
    pub wrapup_until: Option<WallTime>,
    /// His phones, and whether each is registered.
    pub devices: Vec<(DeviceId, bool)>,
}

/// What an agent does; derived, never set by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Occupancy {
    /// Nothing.
    Idle,
    /// Chosen for a call whose offer is not out yet.
    Reserved,
    /// A phone rings.
    Ringing,
    /// Talks.
    Talking,
    /// The talk is on hold.
    Holding,
    /// Work after a call.
    Wrapup,
}

impl Occupancy {
    /// The stable code: `idle`, `reserved`, `ringing`, `talking`, `holding`, `wrapup`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Reserved => "reserved",
            Self::Ringing => "ringing",
            Self::Talking => "talking",
            Self::Holding => "holding",
            Self::Wrapup => "wrapup",
        }
    }
}

/// A queue as the supervisor sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueView {
    /// Which.
    pub queue: QueueId,
    /// 队列名.
    pub name: String,
    /// Callers waiting.
    pub waiting: u32,
    /// Since when the oldest waits.
    pub oldest_since: Option<WallTime>,
    /// Members that could take a call now.
    pub ready: u32,
    /// Members signed in.
    pub signed_in: u32,
}

/// A call as the desk sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct CallView {
    /// Which.
    pub interaction: InteractionId,
    /// Where it stands.
    pub state: CallState,
    /// Who calls whom.
    pub direction: Direction,
    /// The citizen.
    pub caller: Number,
    /// The dialled line.
    pub line: Option<LineId>,
    /// 线路名.
    pub line_name: String,
    /// The queue it waits in or came from.
    pub queue: Option<QueueId>,
    /// 队列名.
    pub queue_name: String,
    /// The agent it is offered to or talks with.
    pub agent: Option<AgentId>,
    /// The offer that rings now.
    pub offer: Option<OfferId>,
    /// When the INVITE came.
    pub offered_at: WallTime,
    /// When it began to wait.
    pub queued_at: Option<WallTime>,
    /// When the agent answered.
    pub talk_at: Option<WallTime>,
    /// The recording that runs.
    pub recording: Option<RecordingId>,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallState {
    /// Not answered yet.
    Setup,
    /// In the flow.
    Ivr,
    /// A citizen's phone is called.
    Dialling,
    /// Waits.
    Queued,
    /// An agent's phone rings.
    Ringing,
    /// Talks.
    Talking,
    /// On hold.
    Held,
}

impl CallState {
    /// The stable code: `setup`, `ivr`, `dialling`, `queued`, `ringing`, `talking`, `held`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Ivr => "ivr",
            Self::Dialling => "dialling",
            Self::Queued => "queued",
            Self::Ringing => "ringing",
            Self::Talking => "talking",
            Self::Held => "held",
        }
    }
}
