//! What an agent did in the last hour, in twelve parts of five minutes: bounded, and cheap to forget.
//!
//! **Source.** `docs/conformance.md`: A-3.7.1 (strategies over a window).

use std::time::Duration;

use crate::base::time::MonoTime;
use crate::base::time::millis;

const PARTS: usize = 12;
const PART: Duration = Duration::from_mins(5);

/// Calls and times of one agent.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    parts: [Part; PARTS],
}

#[derive(Clone, Copy, Debug, Default)]
struct Part {
    /// Which part of all time it is.
    number: u64,
    work: Work,
}

/// Work within a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Calls answered.
    pub calls: u32,
    /// Talk, milliseconds.
    pub talk_ms: u64,
    /// Talk and wrap-up, milliseconds.
    pub busy_ms: u64,
    /// Ready and idle, milliseconds.
    pub idle_ms: u64,
}

impl Work {
    /// Part of the time in work, millionths.
    pub(super) fn occupied(self) -> u64 {
        (self.busy_ms * 1_000_000)
            .checked_div(self.busy_ms + self.idle_ms)
            .unwrap_or(0)
    }
}

impl Tally {
    /// Counts an answered call.
    pub(super) fn answered(&mut self, now: MonoTime) {
        self.part(now).calls += 1;
    }

    /// Counts a talk that ended.
    pub(super) fn talked(&mut self, now: MonoTime, length: Duration) {
        let part = self.part(now);
        part.talk_ms += millis(length);
        part.busy_ms += millis(length);
    }

    /// Counts a wrap-up that ended.
    pub(super) fn wrapped_up(&mut self, now: MonoTime, length: Duration) {
        self.part(now).busy_ms += millis(length);
    }

    /// Counts time that was spent ready and idle.
    pub(super) fn idled(&mut self, now: MonoTime, length: Duration) {
        self.part(now).idle_ms += millis(length);
    }

    /// The last hour, to five minutes.
    pub fn last_hour(&self, now: MonoTime) -> Work {
        let newest = number(now);
        let recent = |part: &&Part| newest < part.number + u64::try_from(PARTS).unwrap_or(0);
        self.parts
            .iter()
            .filter(recent)
            .fold(Work::default(), |sum, part| Work {
                calls: sum.calls + part.work.calls,
                talk_ms: sum.talk_ms + part.work.talk_ms,
                busy_ms: sum.busy_ms + part.work.busy_ms,
                idle_ms: sum.idle_ms + part.work.idle_ms,
            })
    }

    fn part(&mut self, now: MonoTime) -> &mut Work {
        let number = number(now);
        let at = usize::try_from(number).unwrap_or(0) % PARTS;
        // `at` is below the length.
        #[allow(clippy::indexing_slicing, reason = "a remainder by the length is an index")]
        let part = &mut self.parts[at];
        if part.number != number {
            *part = Part {
                number,
                work: Work::default(),
            };
        }
        &mut part.work
    }
}

fn number(now: MonoTime) -> u64 {
    now.as_micros() / u64::try_from(PART.as_micros()).unwrap_or(1)
}
