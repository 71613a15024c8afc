//! What an item asks in a queue, and how it asks less the longer it waits.
//!
//! ```text
//!  Demand ──step due──► wider Demand ──step due──► … (never narrower)
//! ```
//! Steps count from the first queueing and are kept over re-offers and overflow, so that a miss never restarts them. A plan
//! is bound when its item is queued: a publish changes later items only.
//!
//! **Not here.** The timers (`distributor`), who meets a demand (`market`).
//! **Source.** `docs/conformance.md`: A-3.7.3, A-P7.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::acd::requirement::Preferred;
use crate::acd::requirement::Requirement;
use crate::base::ids::AgentId;
use crate::base::ids::QueueId;
use crate::base::ids::SkillId;

/// Steps of a plan at most.
pub const STEPS_MAX: usize = 16;

/// What one item asks in one queue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Demand {
    /// In which queue.
    pub queue: QueueId,
    /// Of whom.
    pub requires: Requirement,
    /// Whom it likes better.
    pub preferred: Vec<Preferred>,
    /// How much what is asked for counts beside what is liked.
    pub match_weight: u8,
    /// Members of these rings of the queue; 255 is all of them.
    pub ring: u8,
    /// Whether it takes anybody with the skills, wherever he belongs: an emergency.
    pub anywhere: bool,
    /// Agents who may take it whatever they can and wherever they belong.
    pub allowed: BTreeSet<AgentId>,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// When.
    pub when: When,
    /// What.
    #[serde(rename = "do")]
    pub action: Action,
}

/// When a step is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// So many seconds after the first queueing.
    AfterS(u32),
    /// As soon as nobody who could take it is signed in.
    NoStaffed,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Asks at most this level of a skill.
    Lower {
        /// Which.
        skill: SkillId,
        /// 1–10.
        to: u8,
    },
    /// Asks nothing of a skill any more.
    Drop(SkillId),
    /// Takes who meets this instead.
    AddAlternative(Requirement),
    /// Takes members up to this ring.
    Ring(u8),
    /// Waits in this queue too.
    AddQueue(QueueId),
    /// These agents may take it, whatever they can.
    AllowAgents(BTreeSet<AgentId>),
    /// Every member of the queue may take it.
    AnyInQueue,
}

impl When {
    /// The time after the first queueing; none for a step without one.
    pub const fn after(self) -> Option<Duration> {
        match self {
            Self::AfterS(seconds) => Some(Duration::from_secs(seconds as u64)),
            Self::NoStaffed => None,
        }
    }
}

impl Demand {
    /// Does a step; whether an item waits in one more queue is for the caller to see to.
    pub fn widen(&mut self, action: &Action) {
        action.widen(&mut self.requires);
        match action {
            Action::Ring(ring) => self.ring = self.ring.max(*ring),
            Action::AllowAgents(agents) => self.allowed.extend(agents.iter().cloned()),
            Action::AnyInQueue => self.ring = u8::MAX,
            Action::Lower { .. } | Action::Drop(_) | Action::AddAlternative(_) | Action::AddQueue(_) => {}
        }
    }
}

impl Action {
    fn widen(&self, requires: &mut Requirement) {
        match self {
            Self::Lower { skill, to } => requires.lower(skill, *to),
            Self::Drop(skill) => requires.drop_skill(skill),
            Self::AddAlternative(tree) => requires.or(tree),
            Self::AnyInQueue => *requires = Requirement::default(),
            Self::Ring(_) | Self::AllowAgents(_) | Self::AddQueue(_) => {}
        }
    }
}

/// What is wrong with a plan for a requirement, as (number of the step, words); empty when it only widens.
pub fn faults(requires: &Requirement, plan: &[Step]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut last = 0;
    let mut present = requires.clone();
    for (at, step) in plan.iter().enumerate() {
        if let When::AfterS(seconds) = step.when {
            if seconds < last {
                found.push((at, "comes before the step above it".to_owned()));
            }
            last = seconds;
        }
        match &step.action {
            Action::Lower { skill, .. } | Action::Drop(skill) if !present.skills().contains(skill) => {
                found.push((at, format!("{skill} is not asked for")));
            }
            Action::Lower { skill, .. } | Action::Drop(skill) if !present.is_widened_by(skill) => {
                found.push((
                    at,
                    format!("{skill} stands under a NOT, which a step leaves alone"),
                ));
            }
            Action::AddAlternative(tree) => found.extend(tree.fault().map(|fault| (at, fault))),
            Action::AllowAgents(agents) if agents.is_empty() => found.push((at, "names nobody".to_owned())),
            _ => {}
        }
        step.action.widen(&mut present);
    }
    if STEPS_MAX < plan.len() {
        found.push((STEPS_MAX, format!("more than {STEPS_MAX} steps")));
    }
    found
}
