//! What people and the program may ask of the exchange, and what it answers.
//!
//! A command is checked for permission before it comes here; the exchange decides whether the state allows it. The
//! answer leaves when the facts it rests on are durable.

use std::sync::Arc;

use crate::base::ids::AgentId;
use crate::base::ids::DeviceId;
use crate::base::ids::InteractionId;
use crate::base::ids::SeatId;
use crate::exchange::profile::Profile;
use crate::fact::agent::Presence;
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
