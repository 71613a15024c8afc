//! Facts about agents: presence, wrap-up, seats and phones.
//!
//! **Source.** Agent states as in ECMA-269 §6.1.3 (logged on/off, ready, not ready, work after call).

use serde::Deserialize;
use serde::Serialize;

use crate::base::ids::AgentId;
use crate::base::ids::DeviceId;
use crate::base::ids::QueueId;
use crate::base::ids::ReasonId;
use crate::base::ids::SeatId;

/// What happened to an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum AgentFact {
    /// Signed in at a seat with phones.
    #[serde(rename = "agent.signed_in")]
    SignedIn {
        /// Who.
        agent: AgentId,
        /// Where.
        seat: Option<SeatId>,
        /// Which phones ring.
        devices: Vec<DeviceId>,
    },
    /// Signed out.
    #[serde(rename = "agent.signed_out")]
    SignedOut {
        /// Who.
        agent: AgentId,
    },
    /// The chosen presence changed.
    #[serde(rename = "agent.presence_changed")]
    PresenceChanged {
        /// Who.
        agent: AgentId,
        /// To what.
        presence: Presence,
    },
    /// Wrap-up began after a talk.
    #[serde(rename = "agent.wrapup_started")]
    WrapupStarted {
        /// Who.
        agent: AgentId,
        /// The queue that delivered the work; none after a call that the agent made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        queue: Option<QueueId>,
        /// At most this long, milliseconds.
        max_ms: u64,
    },
    /// Wrap-up ended.
    #[serde(rename = "agent.wrapup_ended")]
    WrapupEnded {
        /// Who.
        agent: AgentId,
        /// Whether the time ran out.
        timed_out: bool,
        /// How long it lasted, milliseconds.
        lasted_ms: u64,
    },
    /// A phone bound or renewed a contact. Personal: contact.
    #[serde(rename = "device.registered")]
    DeviceRegistered {
        /// Which.
        device: DeviceId,
        /// How many contacts it has now.
        contacts: u32,
    },
    /// A phone has no contact any more.
    #[serde(rename = "device.unregistered")]
    DeviceUnregistered {
        /// Which.
        device: DeviceId,
    },
}

/// What an agent chose to be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "state", content = "reason", rename_all = "snake_case")]
pub enum Presence {
    /// Not signed in.
    Offline,
    /// Takes calls.
    Ready,
    /// Signed in and takes no calls, for a reason.
    NotReady(ReasonId),
}
