//! A queue and what waits in it.
//!
//! **Invariants.** The order of items is (place): total, and kept over re-offers. An item stands in the lanes of every
//! queue it waits in, or in none while it is offered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::acd::config::QueueConfig;
use crate::acd::decision::Reservation;
use crate::acd::market::DemandNo;
use crate::acd::market::LaneNo;
pub use crate::acd::order::Place;
use crate::acd::relaxation::Step;
use crate::acd::requirement::Requirement;
use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::QueueId;
use crate::base::time::MonoTime;
use crate::base::time::WallTime;
use crate::fact::call::Class;

/// One queue.
#[derive(Clone, Debug)]
pub struct Queue {
    /// What the profile says, or said last.
    pub config: QueueConfig,
    /// Whether it is in the profile no more: what waits goes on waiting, nothing new enters.
    pub retired: bool,
    /// Items that wait and are not being offered.
    pub waiting: BTreeMap<Place, InteractionId>,
    /// Items in the queue, waiting or being offered.
    pub length: u32,
    /// Members that could take an item now.
    pub free: u32,
    /// Members that are signed in.
    pub signed_in: u32,
    /// Offers and talks of its items.
    pub talks: u32,
    /// Whether standby members serve it now.
    pub overloaded: bool,
    /// Since when its oldest item has waited less than 80 % of the bound.
    pub(super) calm_since: Option<MonoTime>,
    /// How far it has had its turn.
    pub(super) turn: u64,
    /// Who was chosen last.
    pub(super) chosen: Option<AgentId>,
    /// Ages at which members with a delay join, ascending.
    pub(super) delays: Vec<Duration>,
    /// The profile's plan.
    pub(super) plan: Arc<[Step]>,
}

impl Queue {
    pub(super) fn new(config: QueueConfig) -> Self {
        Self {
            config,
            retired: false,
            waiting: BTreeMap::new(),
            length: 0,
            free: 0,
            signed_in: 0,
            talks: 0,
            overloaded: false,
            calm_since: None,
            turn: 0,
            chosen: None,
            delays: Vec::new(),
            plan: Arc::from([]),
        }
    }

    /// Whether as many of its items are offered or talked to as may be.
    pub(super) fn is_capped(&self) -> bool {
        self.config.talks_max.is_some_and(|most| most <= self.talks)
    }
}

/// What enters a queue.
#[derive(Clone, Debug)]
pub struct NewItem {
    /// Which interaction.
    pub interaction: InteractionId,
    /// Into which queue.
    pub queue: QueueId,
    /// Its class; the queue's when left out.
    pub class: Option<Class>,
    /// Its priority; the queue's when left out.
    pub priority: Option<u8>,
    /// What it needs beside what the queue asks.
    pub requires: Option<Requirement>,
    /// Agents who are asked first, in order, for this long.
    pub owners: Vec<AgentId>,
    /// How long only they are asked.
    pub owners_for: Duration,
    /// What it has waited before, kept.
    pub waited: Duration,
}

impl NewItem {
    /// An item as its queue has them.
    pub const fn new(interaction: InteractionId, queue: QueueId) -> Self {
        Self {
            interaction,
            queue,
            class: None,
            priority: None,
            requires: None,
            owners: Vec::new(),
            owners_for: Duration::ZERO,
            waited: Duration::ZERO,
        }
    }
}

/// A work item: what waits.
#[derive(Clone, Debug)]
pub struct Item {
    /// The queues it waits in, the first one first.
    pub waits: Vec<Wait>,
    /// Its class.
    pub class: Class,
    /// Its priority at first.
    pub priority: u8,
    /// Its place, kept over re-offers.
    pub place: Place,
    /// When it began to wait, for records and screens.
    pub enqueued_at: WallTime,
    /// Agents who are not offered it until then.
    pub excluded: BTreeMap<AgentId, MonoTime>,
    /// The offer that runs.
    pub offering: Option<Reservation>,
    /// How often an emergency has taken its offer.
    pub preempted: u8,
    /// The plan it is bound to, and which of its steps are done, a bit each.
    pub(super) plan: Arc<[Step]>,
    pub(super) steps_done: u32,
    /// Who is asked first, and until when.
    pub(super) owners: Vec<AgentId>,
    pub(super) owners_until: Option<MonoTime>,
}

/// An item in one queue.
#[derive(Clone, Debug)]
pub struct Wait {
    /// Which.
    pub queue: QueueId,
    /// What it asks there, and where it stands for it.
    pub(super) demand: DemandNo,
    pub(super) lane: LaneNo,
}

impl Item {
    /// Whether an agent is not offered it now.
    pub(super) fn excludes(&self, agent: &AgentId, now: MonoTime) -> bool {
        self.excluded.get(agent).is_some_and(|until| now < *until)
    }

    /// Whether only its owners are asked now.
    pub(super) fn is_owned(&self, now: MonoTime) -> bool {
        self.owners_until.is_some_and(|until| now < until)
    }

    /// The queue it entered first.
    pub fn queue(&self) -> Option<&QueueId> {
        self.waits.first().map(|wait| &wait.queue)
    }
}
