//! Which item an agent takes next: a total order over everything he could take.
//!
//! Rank, ascending: class, then what the domain's [`Order`] says, then place (since when it waits, and its number). Within
//! a lane of items of one class and one priority at the beginning, the order of places is the order of ranks at any time,
//! so only the first of each lane is ever compared.
//!
//! **Source.** `docs/conformance.md`, A-P5, A-P6.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::base::time::MonoTime;
use crate::fact::call::Class;

/// A place in the lane: when the item began to wait, less what its age was raised by (a clock that never jumps), and its
/// arrival number.
pub type Place = (MonoTime, u64);

/// How waiting items are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The agent's preference for the queue, then priority with ageing, then age.
    #[default]
    StrictQueue,
    /// Age alone.
    LongestWait,
    /// The agent's preference, then how soon the queue's target time is over.
    SlaSlack,
    /// Queues take turns by weight, then age: a heavy queue gets more and none gets nothing.
    WeightedFair,
}

/// How the priority of an item grows with its age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ageing {
    /// Added at each step; 0 turns ageing off.
    pub inc: u8,
    /// Length of a step, seconds, at least 1.
    pub step_s: u16,
    /// The highest priority that ageing reaches.
    pub cap: u8,
}

/// Priorities are 0–9.
pub const PRIORITY_MAX: u8 = 9;

impl Default for Ageing {
    /// One more for each minute, up to 9.
    fn default() -> Self {
        Self {
            inc: 1,
            step_s: 60,
            cap: PRIORITY_MAX,
        }
    }
}

impl Ageing {
    /// The priority at an age.
    pub fn priority(self, at_first: u8, age: Duration) -> u8 {
        let steps = age.as_secs() / u64::from(self.step_s.max(1));
        let grown = u64::from(at_first).saturating_add(steps.saturating_mul(u64::from(self.inc)));
        u8::try_from(grown).unwrap_or(u8::MAX).min(self.cap.max(at_first))
    }
}

/// What a rank is made from, beside the item's place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) order: Order,
    pub(super) ageing: Ageing,
    pub(super) sla_target: Duration,
    /// How far the queue has had its turn, for [`Order::WeightedFair`].
    pub(super) turn: u64,
}

/// A rank; the smallest is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    class: std::cmp::Reverse<Class>,
    preference: u8,
    urgency: u64,
    place: Place,
}

impl Rank {
    pub(super) const fn class(&self) -> Class {
        self.class.0
    }

    /// The rank of an item for an agent who prefers its queue by `preference` (1 most, 99 least).
    pub(super) fn new(
        now: MonoTime,
        terms: &Terms,
        (class, priority): (Class, u8),
        preference: u8,
        place: Place,
    ) -> Self {
        let (preference, urgency) = match terms.order {
            Order::StrictQueue => {
                let present = terms.ageing.priority(priority, now.since(place.0));
                (preference, u64::from(u8::MAX - present))
            }
            Order::LongestWait => (0, 0),
            Order::SlaSlack => (preference, (place.0 + terms.sla_target).as_micros()),
            Order::WeightedFair => (0, terms.turn),
        };
        Self {
            class: std::cmp::Reverse(class),
            preference,
            urgency,
            place,
        }
    }
}
