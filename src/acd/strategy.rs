//! Who gets an item when several could: the strategies of a queue, each a total order.
//!
//! A strategy gives each agent a weight; the heaviest gets the item, and among equals the longest idle, and among those
//! the first id, so that a replay chooses the same. Drawing strategies draw from the randomness of the step.
//!
//! **Not here.** Who is eligible (`market`), how many calls he had (`tally`).
//! **Source.** `docs/conformance.md`.

use serde::Deserialize;
use serde::Serialize;

use crate::acd::tally::Work;
use crate::base::random::Random;

/// How a queue chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Whoever has been idle longest.
    #[default]
    LongestIdle,
    /// Fewest calls in the last hour.
    FewestCalls,
    /// Least talk in the last hour.
    LeastTalk,
    /// Least part of the last hour's time in work.
    LeastOccupied,
    /// Highest levels in what is asked for.
    MostSkilled,
    /// Lowest levels in it that suffice: experts stay free.
    LeastSkilled,
    /// Levels in what is liked, by weight, and in what is asked for.
    WeightedSkill,
    /// In turn, by id.
    RoundRobin,
    /// Always the first in the order of the queue.
    Linear,
    /// Drawn.
    Random,
    /// Drawn, the higher his levels the likelier.
    WeightedRandom,
}

impl Strategy {
    /// Whether all agents with the same skills weigh the same: then only the longest idle of them is looked at.
    pub(super) const fn is_by_skill(self) -> bool {
        matches!(
            self,
            Self::LongestIdle | Self::MostSkilled | Self::LeastSkilled | Self::WeightedSkill
        )
    }

    /// What an agent weighs; more is better.
    pub(super) fn weight(self, of: &Candidate, random: &mut Random) -> u64 {
        match self {
            Self::LongestIdle => 0,
            Self::FewestCalls => u64::MAX - u64::from(of.work.calls),
            Self::LeastTalk => u64::MAX - of.work.talk_ms,
            Self::LeastOccupied => u64::MAX - of.work.occupied(),
            Self::MostSkilled => u64::from(of.mean),
            Self::LeastSkilled => u64::MAX - u64::from(of.mean),
            Self::WeightedSkill => u64::from(of.score),
            Self::RoundRobin => u64::from(!of.had_turn),
            Self::Linear => u64::MAX - u64::from(of.rank),
            Self::Random => random.next_u64(),
            // The largest of as many draws as he has points: his chance grows with them, and one draw is enough.
            Self::WeightedRandom => {
                let draws = u64::from(of.score / 1000).clamp(1, 64);
                (0..draws).map(|_| random.next_u64()).max().unwrap_or(0)
            }
        }
    }
}

/// What is known of an agent who could take an item.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Candidate {
    /// Mean level in what is asked for, thousandths.
    pub(super) mean: u32,
    /// Levels in what is liked and asked for, by weight.
    pub(super) score: u32,
    /// His rank in the queue.
    pub(super) rank: u16,
    /// Whether he comes, by id, before whoever was chosen last, or is that one.
    pub(super) had_turn: bool,
    /// His last hour.
    pub(super) work: Work,
}
