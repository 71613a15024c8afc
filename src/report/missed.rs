//! Missed calls: citizens who called and reached nobody, one record for a number and a day, closed when they are served.
//!
//! ```text
//!  missed ─► open (count, first, last, longest wait) ─ served, or called back and talked to for 10 s ─► closed
//!              └─ missed again: counted on ─┘ └─ called back in vain: one more attempt ─┘
//! ```
//!
//! **Invariants.** A number has at most one open record a day. Who calls again after he was served begins a new one. The
//! same calls in the same order give the same records: they are read off the call records and stored nowhere.
//! **Not here.** Which calls count as missed, and the tag that stands for a number (`io::store::missed`).
//! **Source.** DB1302/T 604—2025 5 a; `docs/conformance.md`: A-3.10.4, A-P18.

use std::collections::BTreeMap;

use crate::base::civil::CivilDate;
use crate::base::ids::InteractionId;
use crate::base::ids::LineId;
use crate::base::ids::QueueId;
use crate::base::time::WallTime;

/// A talk with a citizen whom we called back serves him when it lasted so long, milliseconds.
pub const SERVED_BY_CALL_OUT_MS: u64 = 10_000;

/// One call of a number, in the order of their beginnings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The call.
    pub interaction: InteractionId,
    /// The keyed tag of the citizen's number.
    pub number: String,
    /// When it began.
    pub at: WallTime,
    /// What it was.
    pub kind: Kind,
}

/// What a call means for those who were missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The citizen called and no agent talked with him.
    Missed {
        /// How long he waited in queues, milliseconds.
        wait_ms: u64,
        /// The last queue.
        queue: Option<QueueId>,
        /// The dialled line.
        line: Option<LineId>,
    },
    /// The citizen called and an agent answered.
    Served,
    /// We called him and talked so long, milliseconds; 0 when he was not reached.
    CalledBack {
        /// Length of the talk.
        talk_ms: u64,
    },
}

/// A citizen who reached nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// His first call of this record; names the record.
    pub first: InteractionId,
    /// His last.
    pub last: InteractionId,
    /// The keyed tag of his number.
    pub number: String,
    /// The civil day.
    pub day: CivilDate,
    /// How many calls.
    pub count: u32,
    /// When the first came.
    pub first_at: WallTime,
    /// When the last came.
    pub last_at: WallTime,
    /// The longest wait in queues, milliseconds.
    pub longest_wait_ms: u64,
    /// The queue of the last call.
    pub queue: Option<QueueId>,
    /// The line of the last call.
    pub line: Option<LineId>,
    /// Calls of ours that did not reach him.
    pub attempts: u32,
    /// The call that served him; none while the record is open.
    pub served_by: Option<InteractionId>,
}

/// Folds calls, oldest first, into records: the open ones first, each group by its first call.
pub fn missed(calls: &[Attempt], day_of: impl Fn(WallTime) -> CivilDate) -> Vec<Missed> {
    let mut open: BTreeMap<&str, Missed> = BTreeMap::new();
    let mut done: Vec<Missed> = Vec::new();
    for call in calls {
        let number = call.number.as_str();
        match &call.kind {
            Kind::Missed { wait_ms, queue, line } => {
                let day = day_of(call.at);
                if open.get(number).is_some_and(|record| record.day != day) {
                    done.extend(open.remove(number));
                }
                let record = open.entry(number).or_insert_with(|| Missed {
                    first: call.interaction,
                    last: call.interaction,
                    number: call.number.clone(),
                    day,
                    count: 0,
                    first_at: call.at,
                    last_at: call.at,
                    longest_wait_ms: 0,
                    queue: None,
                    line: None,
                    attempts: 0,
                    served_by: None,
                });
                record.count = record.count.saturating_add(1);
                (record.last, record.last_at) = (call.interaction, call.at);
                record.longest_wait_ms = record.longest_wait_ms.max(*wait_ms);
                (record.queue, record.line) = (queue.clone(), line.clone());
            }
            Kind::CalledBack { talk_ms } if *talk_ms < SERVED_BY_CALL_OUT_MS => {
                if let Some(record) = open.get_mut(number) {
                    record.attempts = record.attempts.saturating_add(1);
                }
            }
            Kind::Served | Kind::CalledBack { .. } => {
                // Whoever was missed on an earlier day is served too.
                let waiting = done
                    .iter_mut()
                    .filter(|it| it.number == number && it.served_by.is_none());
                waiting.for_each(|it| it.served_by = Some(call.interaction));
                if let Some(mut record) = open.remove(number) {
                    record.served_by = Some(call.interaction);
                    done.push(record);
                }
            }
        }
    }
    done.extend(open.into_values());
    done.sort_by_key(|it| (it.served_by.is_some(), it.first_at, it.first));
    done
}

#[cfg(test)]
#[path = "missed_test.rs"]
mod tests;
