//! What the distributor must know of queues and agents.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::acd::order::Ageing;
use crate::acd::order::Order;
use crate::acd::relaxation::Step;
use crate::acd::requirement::Levels;
use crate::acd::requirement::Preferred;
use crate::acd::requirement::Requirement;
use crate::acd::strategy::Strategy;
use crate::base::ids::AgentId;
use crate::base::ids::DeviceId;
use crate::base::ids::QueueId;
use crate::fact::call::Class;

/// Queues and agents of the active profile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Which item an agent takes next.
    pub order: Order,
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
    /// Whom its items need.
    pub requires: Requirement,
    /// Whom they like better, for [`Strategy::WeightedSkill`].
    pub preferred: Vec<Preferred>,
    /// How much the levels in what is needed count beside what is liked.
    pub match_weight: u8,
    /// How they ask less the longer they wait.
    pub relaxation: Vec<Step>,
    /// Who of several gets an item.
    pub strategy: Strategy,
    /// The class of its items.
    pub class: Class,
    /// Their priority at first, 0–9.
    pub priority: u8,
    /// How it grows.
    pub ageing: Ageing,
    /// Items should be answered within this time.
    pub sla_target: Duration,
    /// Its part of the turns, for [`Order::WeightedFair`]; at least 1.
    pub weight: u16,
    /// Offers and talks of this queue at once at most.
    pub talks_max: Option<u32>,
    /// Members who stay free for it: another queue's item takes one only while more than these are left.
    pub reserve: u32,
    /// Standby members join when its oldest item waits longer than this.
    pub overload: Option<Duration>,
    /// Ring at most this long, counted from the first 18x.
    pub ring_timeout: Duration,
    /// Wrap-up at most this long; zero is none.
    pub wrapup: Duration,
    /// Hang-ups sooner than this count as short.
    pub short_abandon: Duration,
}

impl QueueConfig {
    /// A queue that needs nothing and has every default.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            requires: Requirement::default(),
            preferred: Vec::new(),
            match_weight: 10,
            relaxation: Vec::new(),
            strategy: Strategy::default(),
            class: Class::Normal,
            priority: 0,
            ageing: Ageing::default(),
            sla_target: Duration::from_secs(20),
            weight: 1,
            talks_max: None,
            reserve: 0,
            overload: None,
            ring_timeout: RING_TIMEOUT,
            wrapup: Duration::from_secs(30),
            short_abandon: Duration::from_secs(5),
        }
    }
}

/// An agent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AgentConfig {
    /// 姓名.
    pub name: String,
    /// Levels 1–10.
    pub skills: Levels,
    /// Queues he serves.
    pub memberships: Vec<Membership>,
    /// Classes he serves alone (专席, exclusive); empty is all.
    pub classes: Vec<Class>,
    /// Phones of his profile.
    pub devices: Vec<DeviceId>,
}

/// How an agent serves a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Membership {
    /// Which.
    pub queue: QueueId,
    /// How much he prefers it, 1 (most) to 99.
    pub preference: u8,
    /// He takes its items when they are this old.
    pub delay: Duration,
    /// Its ring; a relaxation plan opens ring after ring.
    pub ring: u8,
    /// His rank, for [`Strategy::Linear`].
    pub rank: u16,
    /// He joins only while the queue is overloaded.
    pub standby: bool,
}

impl Membership {
    /// An ordinary membership.
    pub const fn of(queue: QueueId) -> Self {
        Self {
            queue,
            preference: 50,
            delay: Duration::ZERO,
            ring: 1,
            rank: 0,
            standby: false,
        }
    }
}

impl AgentConfig {
    /// The queues he serves.
    pub fn queues(&self) -> impl Iterator<Item = &QueueId> {
        self.memberships.iter().map(|member| &member.queue)
    }
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
/// Queues an item waits in at most.
pub const QUEUES_PER_ITEM_MAX: usize = 8;
/// An emergency takes the offer of another item at most so often.
pub const PREEMPTIONS_MAX: u8 = 2;
/// A queue counts as overloaded when it has been so for this long.
pub const OVERLOAD_AFTER: Duration = Duration::from_secs(10);
/// It counts as relieved when its oldest item has waited less than 80 % of the bound for this long.
pub const RELIEVED_AFTER: Duration = Duration::from_secs(30);
