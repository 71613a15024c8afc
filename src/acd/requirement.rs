//! What an item asks of an agent: a tree over skill levels, and skills that are liked but never exclude.
//!
//! **Invariants.** Every widening ([`Requirement::lower`], [`Requirement::drop_skill`], [`Requirement::or`]) keeps whoever
//! was eligible: a skill that stands under a NOT is left alone, and [`Requirement::is_widened_by`] says so beforehand.
//! **Not here.** When a requirement widens (`relaxation`), who is eligible at present (`market`).
//! **Source.** `docs/conformance.md`.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;

use crate::base::ids::SkillId;

/// An agent's levels, 1–10; a skill that is not there is level 0.
pub type Levels = BTreeMap<SkillId, u8>;

/// The highest level.
pub const LEVEL_MAX: u8 = 10;
/// Nodes of a tree at most.
pub const NODES_MAX: usize = 64;
/// How deep a tree may be.
pub const DEPTH_MAX: usize = 8;

/// A condition on an agent's levels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Requirement {
    /// A level within bounds.
    Skill {
        /// Of which skill.
        id: SkillId,
        /// At least, 1–10.
        least: u8,
        /// At most, 1–10; left out, there is no such bound.
        #[serde(default = "level_max", skip_serializing_if = "is_level_max")]
        most: u8,
    },
    /// Not so.
    Not(Box<Self>),
    /// All of them; none of them is always so.
    All(Vec<Self>),
    /// One of them; none of them is never so.
    Any(Vec<Self>),
}

/// A skill that is liked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preferred {
    /// Which.
    pub skill: SkillId,
    /// Counts from this level on, 1–10.
    #[serde(default = "level_one")]
    pub least: u8,
    /// How much it counts, 1–100.
    pub weight: u8,
}

const fn level_max() -> u8 {
    LEVEL_MAX
}

const fn level_one() -> u8 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_level_max(level: &u8) -> bool {
    *level == LEVEL_MAX
}

impl Default for Requirement {
    /// Asks nothing.
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

impl Requirement {
    /// All least levels of a list.
    pub fn from_levels(levels: &Levels) -> Self {
        let leaf = |(id, least): (&SkillId, &u8)| Self::Skill {
            id: id.clone(),
            least: *least,
            most: LEVEL_MAX,
        };
        Self::All(levels.iter().map(leaf).collect())
    }

    /// Whether an agent with these levels is eligible.
    pub fn holds(&self, levels: &Levels) -> bool {
        match self {
            Self::Skill { id, least, most } => {
                let level = levels.get(id).copied().unwrap_or(0);
                *least <= level && level <= *most
            }
            Self::Not(inner) => !inner.holds(levels),
            Self::All(parts) => parts.iter().all(|part| part.holds(levels)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(levels)),
        }
    }

    /// The mean of an agent's levels over the skills asked for, thousandths of the highest; 1000 when none is asked for.
    pub fn mean(&self, levels: &Levels) -> u32 {
        let mut asked = BTreeSet::new();
        self.collect(true, &mut asked);
        let Ok(count) = u32::try_from(asked.len()) else {
            return 0;
        };
        if count == 0 {
            return 1000;
        }
        let sum: u32 = asked
            .iter()
            .map(|skill| u32::from(levels.get(*skill).copied().unwrap_or(0)))
            .sum();
        sum * 100 / count
    }

    /// Every skill that is named.
    pub fn skills(&self) -> BTreeSet<&SkillId> {
        let mut all = BTreeSet::new();
        self.collect(true, &mut all);
        self.collect(false, &mut all);
        all
    }

    /// Whether lowering or dropping a skill can only widen this: it stands under no NOT.
    pub fn is_widened_by(&self, skill: &SkillId) -> bool {
        let mut negated = BTreeSet::new();
        self.collect(false, &mut negated);
        !negated.contains(skill)
    }

    /// Asks at most this level of a skill, where it is asked for.
    pub fn lower(&mut self, skill: &SkillId, to: u8) {
        self.each_leaf(&mut |leaf| {
            if let Self::Skill { id, least, .. } = leaf
                && id == skill
            {
                *least = (*least).min(to);
            }
        });
    }

    /// Asks nothing of a skill any more.
    pub fn drop_skill(&mut self, skill: &SkillId) {
        self.each_leaf(&mut |leaf| {
            if matches!(leaf, Self::Skill { id, .. } if id == skill) {
                *leaf = Self::default();
            }
        });
    }

    /// Whoever meets `other` is eligible too.
    pub fn or(&mut self, other: &Self) {
        let before = std::mem::take(self);
        *self = Self::Any(vec![before, other.clone()]);
    }

    /// What is wrong with it, in words; none when it is sound.
    pub fn fault(&self) -> Option<String> {
        let (nodes, depth) = self.size();
        if NODES_MAX < nodes || DEPTH_MAX < depth {
            return Some(format!(
                "more than {NODES_MAX} conditions or {DEPTH_MAX} levels deep"
            ));
        }
        self.level_fault()
    }

    fn level_fault(&self) -> Option<String> {
        match self {
            Self::Skill { id, least, most } if *least < 1 || LEVEL_MAX < *most || most < least => Some(
                format!("{id}: levels are 1 to {LEVEL_MAX}, and least is not above most"),
            ),
            Self::Skill { .. } => None,
            Self::Not(inner) => inner.level_fault(),
            Self::Any(parts) if parts.is_empty() => Some("any of nothing is never met".to_owned()),
            Self::All(parts) | Self::Any(parts) => parts.iter().find_map(Self::level_fault),
        }
    }

    fn size(&self) -> (usize, usize) {
        match self {
            Self::Skill { .. } => (1, 1),
            Self::Not(inner) => {
                let (nodes, depth) = inner.size();
                (nodes + 1, depth + 1)
            }
            Self::All(parts) | Self::Any(parts) => parts
                .iter()
                .map(Self::size)
                .fold((1, 1), |sum, part| (sum.0 + part.0, sum.1.max(part.1 + 1))),
        }
    }

    /// The skills that are asked for (`wanted`), or that stand under a NOT.
    fn collect<'a>(&'a self, wanted: bool, found: &mut BTreeSet<&'a SkillId>) {
        match self {
            Self::Skill { id, .. } => {
                if wanted {
                    found.insert(id);
                }
            }
            Self::Not(inner) => {
                if !wanted {
                    inner.collect(true, found);
                    inner.collect(false, found);
                }
            }
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.collect(wanted, found)),
        }
    }

    /// Does `act` with every leaf that stands under no NOT.
    fn each_leaf(&mut self, act: &mut impl FnMut(&mut Self)) {
        match self {
            Self::Skill { .. } => act(self),
            Self::Not(_) => {}
            Self::All(parts) | Self::Any(parts) => parts.iter_mut().for_each(|part| part.each_leaf(act)),
        }
    }
}
