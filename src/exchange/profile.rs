//! The profile: everything an administrator decides about routing, as one typed and versioned document.
//!
//! **Invariants.** A profile is checked whole before it is published and swapped whole; a publish changes no
//! presence, counter, age or leg. Secrets are not in it: device secrets live sealed in the store.
//! **Not here.** Reading files and reporting faults with file and line (`app::config`).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::net::SocketAddr;

use serde::Deserialize;
use serde::Serialize;

use crate::acd::order::Ageing;
use crate::acd::order::Order;
use crate::acd::relaxation::Step;
use crate::acd::requirement::Preferred;
use crate::acd::requirement::Requirement;
use crate::acd::strategy::Strategy;
use crate::base::codec::Codec;
use crate::base::ids::AgentId;
use crate::base::ids::DeviceId;
use crate::base::ids::FlowId;
use crate::base::ids::LineId;
use crate::base::ids::OrganId;
use crate::base::ids::QueueId;
use crate::base::ids::ReasonId;
use crate::base::ids::SeatId;
use crate::base::ids::SkillId;
use crate::base::ids::TrunkId;
use crate::base::ids::UserId;
use crate::fact::call::Class;
use crate::ivr::flow::Flow;

/// All of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The city.
    pub site: Site,
    /// Neighbours that bring and take calls.
    pub trunks: BTreeMap<TrunkId, Trunk>,
    /// Dialled numbers that lead to us.
    pub lines: BTreeMap<LineId, Line>,
    /// Which item an agent takes next.
    #[serde(default)]
    pub order: Order,
    /// Queues.
    pub queues: BTreeMap<QueueId, Queue>,
    /// Skills by id, with their Chinese name.
    pub skills: BTreeMap<SkillId, String>,
    /// Reasons for being not ready, with their Chinese name.
    pub reasons: BTreeMap<ReasonId, String>,
    /// Agents.
    pub agents: BTreeMap<AgentId, Agent>,
    /// Phones.
    pub devices: BTreeMap<DeviceId, Device>,
    /// Desks.
    pub seats: BTreeMap<SeatId, Seat>,
    /// Flows.
    pub flows: BTreeMap<FlowId, Flow>,
}

/// The city this program serves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Short name in ids and facts, as `tangshan`.
    pub id: String,
    /// 城市名.
    pub name: String,
    /// Area code without its 0, as `315`.
    pub area_code: String,
    /// IANA time zone, as `Asia/Shanghai`.
    pub time_zone: String,
    /// The SIP realm, fixed at the first start.
    pub realm: String,
    /// Number shown on calls we make.
    pub outbound_number: String,
}

/// A SIP neighbour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trunk {
    /// Addresses from which its requests come; an INVITE from elsewhere is no trunk's.
    pub addresses: Vec<IpAddr>,
    /// Codecs in our order of preference.
    pub codecs: Vec<Codec>,
    /// How a call is refused for overload.
    pub overload: OverloadAnswer,
    /// Its identity headers (P-Asserted-Identity, Diversion) are believed.
    pub trusted_identity: bool,
    /// Peers behind NAT whose RTP may come from anywhere at first.
    #[serde(default)]
    pub nat: bool,
    /// Where it takes calls of ours; none for a trunk that only brings calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbound: Option<Outbound>,
}

/// Where a trunk takes calls of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outbound {
    /// Address and port to which INVITEs go, over UDP.
    pub address: SocketAddr,
    /// The number that the citizen sees, instead of the site's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// How numbers are written towards it.
    #[serde(default)]
    pub numbers: NumberForm,
}

/// How a number is written towards a trunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberForm {
    /// As dialled in the country: 13812345678, 03151234567.
    #[default]
    National,
    /// ITU-T E.164 with +.
    E164,
}

/// The answer to a call that is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverloadAnswer {
    /// 486 Busy Here, Q.850 cause 17.
    Busy,
    /// 480 Temporarily Unavailable, Q.850 cause 34.
    Unavailable,
    /// 503 without Retry-After.
    Service,
    /// 503 with Retry-After: only where the carrier has a second address of ours.
    ServiceRetryAfter,
}

/// A dialled number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The number as the trunk sends it (canonical text is compared).
    pub number: String,
    /// 线路名, as 12345热线.
    pub name: String,
    /// The flow that answers.
    pub flow: FlowId,
    /// Whether its calls are recorded; the standard wants it for every line that citizens dial (8.4.2.1).
    #[serde(default = "recorded")]
    pub record: bool,
}

const fn recorded() -> bool {
    true
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// 队列名.
    pub name: String,
    /// General, or expert (专席).
    pub kind: QueueKind,
    /// Least levels that an agent must have.
    pub skills: BTreeMap<SkillId, u8>,
    /// Ring at most this long, seconds (5–120), 20 in the shipped profile.
    pub ring_timeout_s: u16,
    /// Wrap-up at most this long, seconds (0–3600); 0 is none.
    pub wrapup_s: u16,
    /// Music while waiting.
    pub music: crate::base::ids::PromptId,
    /// Hang-ups sooner than this after entering the queue count as short, seconds; 5 in the shipped profile.
    pub short_abandon_s: u16,
    /// Who gets its items.
    #[serde(default)]
    pub distribution: Distribution,
}

/// Who gets the items of a queue; every field may be left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Distribution {
    /// Beside the queue's least levels: a tree of conditions.
    pub requires: Option<Requirement>,
    /// Skills that are liked.
    pub preferred: Vec<Preferred>,
    /// How much the levels in what is needed count beside what is liked, 0–100.
    pub match_weight: u8,
    /// How items ask less the longer they wait.
    pub relaxation: Vec<Step>,
    /// Who of several gets an item.
    pub strategy: Strategy,
    /// The class of its items.
    pub class: Class,
    /// Their priority at first, 0–9.
    pub priority: u8,
    /// How it grows.
    pub ageing: Ageing,
    /// Items should be answered within so many seconds.
    pub sla_target_s: u16,
    /// Its part of the turns where queues take turns, 1–100.
    pub weight: u16,
    /// Offers and talks at once at most; none is no bound.
    pub talks_max: Option<u32>,
    /// Members who stay free for it.
    pub reserve: u32,
    /// Standby members join when its oldest item waits longer, seconds; none is never.
    pub overload_s: Option<u16>,
}

impl Default for Distribution {
    fn default() -> Self {
        Self {
            requires: None,
            preferred: Vec::new(),
            match_weight: 10,
            relaxation: Vec::new(),
            strategy: Strategy::default(),
            class: Class::default(),
            priority: 0,
            ageing: Ageing::default(),
            sla_target_s: 20,
            weight: 1,
            talks_max: None,
            reserve: 0,
            overload_s: None,
        }
    }
}

/// What sort of queue it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueKind {
    /// 综合.
    General,
    /// 专席.
    Expert,
}

/// An agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// 姓名.
    pub name: String,
    /// The person's account.
    pub user: UserId,
    /// The organ he works for.
    pub organ: OrganId,
    /// Skills with levels 1–10.
    pub skills: BTreeMap<SkillId, u8>,
    /// Queues he serves.
    pub queues: Vec<QueueId>,
    /// How he serves them, where it is not the usual way.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub memberships: BTreeMap<QueueId, Membership>,
    /// The only classes he serves (专席, exclusive); empty is all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<Class>,
    /// His phones; offers ring those that are registered.
    pub devices: Vec<DeviceId>,
}

/// How an agent serves a queue; every field may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Membership {
    /// How much he prefers it, 1 (most) to 99.
    pub preference: u8,
    /// He takes its items when they are so many seconds old.
    pub delay_s: u16,
    /// Its ring, 1–9.
    pub ring: u8,
    /// His rank, for the linear strategy.
    pub rank: u16,
    /// He joins only while the queue is overloaded.
    pub standby: bool,
}

impl Default for Membership {
    fn default() -> Self {
        Self {
            preference: 50,
            delay_s: 0,
            ring: 1,
            rank: 0,
            standby: false,
        }
    }
}

/// A SIP account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// User part of its address of record and digest user name.
    pub user: String,
    /// Dialable number, if any.
    #[serde(default)]
    pub extension: Option<String>,
    /// Codecs in our order of preference.
    pub codecs: Vec<Codec>,
    /// It knows MD5 alone and gives up when it is offered anything else.
    #[serde(default)]
    pub md5_only: bool,
}

/// A desk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seat {
    /// Room.
    pub room: String,
    /// Row.
    pub row: String,
    /// Its fixed phone.
    #[serde(default)]
    pub device: Option<DeviceId>,
}
