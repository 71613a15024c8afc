//! What the distributor must know of queues and agents.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::ids::AgentId;
use crate::base::ids::DeviceId;
use crate::base::ids::QueueId;
use crate::base::ids::SkillId;

/// Queues and agents of the active profile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Queues by id.
    pub queues: BTreeMap<QueueId, QueueConfig>,
    /// Agents by id.
    pub agents: BTreeMap<AgentId, AgentConfig>,
}

/// A queue.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueConfig {
    /// 队列名.
    pub name: String,
    /// Least levels (1–10) that an agent must have.
    pub skills: BTreeMap<SkillId, u8>,
    /// Ring at most this long, counted from the first 18x.
    pub ring_timeout: Duration,
    /// Wrap-up at most this long; zero is none.
    pub wrapup: Duration,
    /// Hang-ups sooner than this count as short.
    pub short_abandon: Duration,
}

/// An agent.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentConfig {
    /// 姓名.
    pub name: String,
    /// Levels 1–10.
    pub skills: BTreeMap<SkillId, u8>,
    /// Queues he serves.
    pub queues: Vec<QueueId>,
    /// Phones of his profile.
    pub devices: Vec<DeviceId>,
}

/// Time without any 18x after which a phone counts as unreachable.
pub const SETUP_TIMEOUT: Duration = Duration::from_secs(6);
/// A phone rings at most this long for a call that its agent makes himself, or for a queue that is gone from the profile.
pub const RING_TIMEOUT: Duration = Duration::from_secs(20);
/// Wrap-up after a call that an agent made, where none of his queues says how long it may last.
pub const OWN_CALL_WRAPUP: Duration = Duration::from_mins(1);
/// Slack of a reservation's lease over set-up and ringing (R3).
pub const LEASE_SLACK: Duration = Duration::from_secs(5);
/// An agent who rejected or missed an item is not offered the same item again so soon.
pub const REJECT_EXCLUDE: Duration = Duration::from_mins(1);
/// An agent who rejected is offered nothing for so long.
pub const REJECT_DELAY: Duration = Duration::from_secs(5);
/// Offers missed in a row until the agent is set not ready (`rona`).
pub const NO_ANSWER_LIMIT: u8 = 2;
/// Offers rejected in a row until the agent is set not ready (`rejects`).
pub const REJECT_LIMIT: u8 = 5;
