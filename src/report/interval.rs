//! Figures of each queue per quarter of an hour, as sums from which every ratio is made.
//!
//! A call counts in the quarter of its enqueue, whenever it is answered or given up: so offered = answered + abandoned
//! + short abandoned + left + still waiting holds in every quarter.
//!
//! **Invariants.** Only sums and counts: averages and ratios are made by the reader, from sums. A call's contribution
//! is a function of its record; what is added to a row is the contribution now less the one before.
//! **Not here.** Ratios and their targets; agents' days.
//! **Source.** GB/T 33358—2016 (15 s, 20 s); DB1302/T 604—2025 8.5.

use std::collections::BTreeMap;

use crate::base::ids::QueueId;
use crate::base::time::WallTime;
use crate::fact::call::OfferOutcome;
use crate::report::cdr::CallRecord;
use crate::report::cdr::QueueVisit;
use crate::report::cdr::VisitEnd;

/// A quarter of an hour, microseconds. Civil quarters begin at multiples of it in every zone with whole quarters.
const QUARTER_US: i64 = 15 * 60 * 1_000_000;

/// The two waiting limits of the service level, milliseconds.
const WITHIN_MS: [u64; 2] = [15_000, 20_000];

/// Which row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IntervalKey {
    /// The queue.
    pub queue: QueueId,
    /// Where the quarter begins.
    pub start: WallTime,
}

impl IntervalKey {
    /// The quarter in which `at` lies.
    pub fn at(queue: &QueueId, at: WallTime) -> Self {
        let start = at.as_micros().div_euclid(QUARTER_US).saturating_mul(QUARTER_US);
        Self {
            queue: queue.clone(),
            start: WallTime::from_micros(start),
        }
    }
}

/// The sums of a row, or a change of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interval {
    /// Calls that began to wait.
    pub offered: i64,
    /// Calls that an agent answered.
    pub answered: i64,
    /// Callers who gave up, without the short ones.
    pub abandoned: i64,
    /// Callers who gave up before the short-abandon limit.
    pub short_abandoned: i64,
    /// Calls that went elsewhere.
    pub left_otherwise: i64,
    /// Answered within 15 s.
    pub answered_15s: i64,
    /// Answered within 20 s.
    pub answered_20s: i64,
    /// Given up within 15 s, short ones included.
    pub abandoned_15s: i64,
    /// Given up within 20 s, short ones included.
    pub abandoned_20s: i64,
    /// Waiting of the answered, milliseconds.
    pub answered_wait_ms: i64,
    /// Waiting of those who gave up, milliseconds.
    pub abandoned_wait_ms: i64,
    /// Longest wait, milliseconds: a maximum, never a sum.
    pub wait_max_ms: i64,
    /// Talk without hold, milliseconds.
    pub talk_ms: i64,
    /// Hold, milliseconds.
    pub hold_ms: i64,
    /// Work after the call, milliseconds.
    pub wrapup_ms: i64,
    /// Offers that nobody picked up.
    pub no_answers: i64,
}

impl Interval {
    /// The sums as a list, in the order of [`Interval::COLUMNS`]; the maximum is not among them.
    pub const fn sums(&self) -> [i64; 15] {
        [
            self.offered,
            self.answered,
            self.abandoned,
            self.short_abandoned,
            self.left_otherwise,
            self.answered_15s,
            self.answered_20s,
            self.abandoned_15s,
            self.abandoned_20s,
            self.answered_wait_ms,
            self.abandoned_wait_ms,
            self.talk_ms,
            self.hold_ms,
            self.wrapup_ms,
            self.no_answers,
        ]
    }

    /// The names of the sums.
    pub const COLUMNS: [&'static str; 15] = [
        "offered",
        "answered",
        "abandoned",
        "short_abandoned",
        "left_otherwise",
        "answered_15s",
        "answered_20s",
        "abandoned_15s",
        "abandoned_20s",
        "answered_wait_ms",
        "abandoned_wait_ms",
        "talk_ms",
        "hold_ms",
        "wrapup_ms",
        "no_answers",
    ];

    fn each(&mut self, other: &Self, combine: impl Fn(i64, i64) -> i64) {
        let fields = [
            (&mut self.offered, other.offered),
            (&mut self.answered, other.answered),
            (&mut self.abandoned, other.abandoned),
            (&mut self.short_abandoned, other.short_abandoned),
            (&mut self.left_otherwise, other.left_otherwise),
            (&mut self.answered_15s, other.answered_15s),
            (&mut self.answered_20s, other.answered_20s),
            (&mut self.abandoned_15s, other.abandoned_15s),
            (&mut self.abandoned_20s, other.abandoned_20s),
            (&mut self.answered_wait_ms, other.answered_wait_ms),
            (&mut self.abandoned_wait_ms, other.abandoned_wait_ms),
            (&mut self.talk_ms, other.talk_ms),
            (&mut self.hold_ms, other.hold_ms),
            (&mut self.wrapup_ms, other.wrapup_ms),
            (&mut self.no_answers, other.no_answers),
        ];
        for (mine, theirs) in fields {
            *mine = combine(*mine, theirs);
        }
        self.wait_max_ms = self.wait_max_ms.max(other.wait_max_ms);
    }

    /// Adds another row or change.
    pub fn add(&mut self, other: &Self) {
        self.each(other, i64::saturating_add);
    }

    /// Whether adding it would change nothing (the maximum aside).
    pub fn is_zero(&self) -> bool {
        self.sums().iter().all(|sum| *sum == 0)
    }
}

/// Rows, or changes of rows.
pub type Intervals = BTreeMap<IntervalKey, Interval>;

/// What a call contributes to the rows of its queues.
pub fn contribution(call: &CallRecord) -> Intervals {
    let mut rows = Intervals::new();
    for visit in &call.visits {
        let row = rows
            .entry(IntervalKey::at(&visit.queue, visit.enqueued_at))
            .or_default();
        row.offered += 1;
        let wait_ms = count(visit.wait_ms);
        let within = WITHIN_MS.map(|limit| i64::from(visit.wait_ms <= limit));
        match visit.end {
            Some(VisitEnd::Answered) => {
                row.answered += 1;
                row.answered_15s += within[0];
                row.answered_20s += within[1];
                row.answered_wait_ms += wait_ms;
            }
            Some(end @ (VisitEnd::Abandoned | VisitEnd::ShortAbandoned)) => {
                let short = i64::from(end == VisitEnd::ShortAbandoned);
                row.abandoned += 1 - short;
                row.short_abandoned += short;
                row.abandoned_15s += within[0];
                row.abandoned_20s += within[1];
                row.abandoned_wait_ms += wait_ms;
            }
            Some(VisitEnd::Left) => row.left_otherwise += 1,
            None => (),
        }
        row.wait_max_ms = row.wait_max_ms.max(wait_ms);
    }
    for offer in call
        .offers
        .iter()
        .filter(|offer| offer.outcome == Some(OfferOutcome::NoAnswer))
    {
        let of_offer = |visit: &&QueueVisit| {
            Some(&visit.queue) == offer.queue.as_ref() && visit.enqueued_at <= offer.offered_at
        };
        if let Some(visit) = call.visits.iter().rev().find(of_offer) {
            rows.entry(IntervalKey::at(&visit.queue, visit.enqueued_at))
                .or_default()
                .no_answers += 1;
        }
    }
    if let Some(visit) = call
        .visits
        .iter()
        .rev()
        .find(|visit| visit.end == Some(VisitEnd::Answered))
    {
        let row = rows
            .entry(IntervalKey::at(&visit.queue, visit.enqueued_at))
            .or_default();
        row.talk_ms += count(call.talk_ms);
        row.hold_ms += count(call.hold_ms);
        row.wrapup_ms += count(call.wrapup_ms);
    }
    rows
}

/// What must be added to the rows so that they count `after` where they counted `before`.
pub fn difference(before: &Intervals, after: &Intervals) -> Intervals {
    let mut changes = after.clone();
    for (key, old) in before {
        let row = changes.entry(key.clone()).or_default();
        row.each(old, i64::saturating_sub);
    }
    changes.retain(|_, change| !change.is_zero());
    changes
}

fn count(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}
