//! What people and the program may ask of the exchange, and what it answers.
//!
//! A command is checked for permission before it comes here; the exchange decides whether the state allows it. The
//! answer leaves when the facts it rests on are durable.

use std::sync::Arc;

use crate::base::ids::AgentId;
use crate::base::ids::DeviceId;
use crate::base::ids::InteractionId;
use crate::base::ids::SeatId;
use crate::base::ids::TicketId;
use crate::base::phone_number::Number;
use crate::exchange::profile::Profile;
use crate::fact::agent::Presence;
use crate::fact::call::Purpose;
use crate::fact::call::RefusalReason;
use crate::sip::endpoint::DeviceAccount;

/// Names a command so that its answer finds the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// What may be asked.
#[derive(Clone, Debug)]
pub enum Command {
    /// Binds an agent to a seat and phones; he becomes not ready (`login`).
    SignIn {
        /// Who.
        agent: AgentId,
        /// Where.
        seat: Option<SeatId>,
        /// Which phones shall ring; empty for those of his profile.
        devices: Vec<DeviceId>,
    },
    /// Ends an agent's work; refused while he talks.
    SignOut {
        /// Who.
        agent: AgentId,
    },
    /// Sets the presence, or the next one while the agent is busy.
    SetPresence {
        /// Who.
        agent: AgentId,
        /// To what: Ready or NotReady.
        presence: Presence,
    },
    /// Ends a wrap-up early.
    FinishWrapup {
        /// Whose.
        agent: AgentId,
    },
    /// Declines the ringing offer.
    RejectOffer {
        /// Who.
        agent: AgentId,
    },
    /// Calls a citizen: the agent's phone rings first, then the citizen's (ECMA-269 §17.1.13, make call).
    MakeCall(Box<MakeCall>),
    /// Ends a call.
    HangUp {
        /// Which.
        interaction: InteractionId,
    },
    /// Makes a checked profile the active one.
    Publish {
        /// Which version.
        version: u64,
        /// The document.
        profile: Arc<Profile>,
        /// Its phones with their secrets.
        devices: Vec<DeviceAccount>,
    },
    /// Refuses new calls from now on; calls in progress go on.
    Drain,
    /// Ends every call now.
    Force,
}

/// A call to a citizen.
#[derive(Clone, Debug)]
pub struct MakeCall {
    /// Its id, chosen by who asks.
    pub interaction: InteractionId,
    /// Who calls: signed in, and not busy.
    pub agent: AgentId,
    /// Whom.
    pub number: Number,
    /// What for.
    pub purpose: Purpose,
    /// The work order that it is about.
    pub ticket: Option<TicketId>,
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// No such agent in the active profile.
    #[error("no agent {0}")]
    NoAgent(AgentId),
    /// The agent is not signed in.
    #[error("agent {0} is not signed in")]
    NotSignedIn(AgentId),
    /// The agent talks, rings or wraps up.
    #[error("agent {0} is busy")]
    Busy(AgentId),
    /// None of the agent's phones is registered.
    #[error("agent {0} has no phone that is registered")]
    NoPhone(AgentId),
    /// The number cannot be dialled.
    #[error("the number cannot be dialled")]
    NoNumber,
    /// No trunk of the active profile takes calls of ours.
    #[error("no trunk of the active profile takes calls")]
    NoTrunk,
    /// No call is taken at present.
    #[error("no call can be made: {0:?}")]
    NotAdmitted(RefusalReason),
    /// The agent has no wrap-up to finish or no offer to reject.
    #[error("agent {0} has nothing to finish")]
    NothingToFinish(AgentId),
    /// No such call.
    #[error("no call {0}")]
    NoCall(InteractionId),
    /// No such reason, seat or device in the active profile.
    #[error("{field}: no {value} in the active profile")]
    Unknown {
        /// Which field of the command.
        field: &'static str,
        /// What it named.
        value: String,
    },
    /// The journal cannot take the facts of this command.
    #[error("the journal takes no facts at present")]
    Journal,
    /// The program is stopping.
    #[error("the program is stopping")]
    Stopping,
}
