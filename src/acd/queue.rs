//! A queue: who waits in which order, and which of its agents are free in which order.
//!
//! **Invariants.** The order of callers is (enqueued at, arrival): total, and kept over re-offers. The order of free
//! agents is (idle since, id): total, so a replay chooses the same agent. Cost of a match: O(log n).

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::acd::decision::Reservation;
use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::QueueId;
use crate::base::ids::SkillId;
use crate::base::time::MonoTime;
use crate::base::time::WallTime;

/// A place in a queue: when the item began to wait (a clock that never jumps) and its arrival number.
pub type Place = (MonoTime, u64);

/// Runtime of one queue.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    /// Callers that wait and are not being offered.
    pub waiting: BTreeMap<Place, InteractionId>,
    /// Agents that could take a call now, longest idle first.
    pub free: BTreeSet<(MonoTime, AgentId)>,
    /// Callers in the queue, waiting or being offered.
    pub length: u32,
    /// Members that are signed in.
    pub signed_in: u32,
}

/// A work item: what waits.
#[derive(Clone, Debug)]
pub struct Item {
    /// In which queue.
    pub queue: QueueId,
    /// Skills it needs.
    pub skills: BTreeMap<SkillId, u8>,
    /// Its place, kept over re-offers.
    pub place: Place,
    /// When it began to wait, for records and screens.
    pub enqueued_at: WallTime,
    /// Agents who are not offered it until then.
    pub excluded: BTreeMap<AgentId, MonoTime>,
    /// The offer that runs.
    pub offering: Option<Reservation>,
}

impl Item {
    /// Whether an agent with `levels` may take it at `now`.
    pub fn fits(&self, agent: &AgentId, levels: &BTreeMap<SkillId, u8>, now: MonoTime) -> bool {
        let skilled = self
            .skills
            .iter()
            .all(|(skill, least)| levels.get(skill).is_some_and(|level| least <= level));
        skilled && self.excluded.get(agent).is_none_or(|until| *until <= now)
    }
}
