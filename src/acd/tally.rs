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
    parts: Box<[Part; PARTS]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Part {
    /// Which part of all time it is.
    number: u32,
    calls: u32,
    talk_ms: u32,
    busy_ms: u32,
    idle_ms: u32,
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
        part.talk_ms = part.talk_ms.saturating_add(short(length));
        part.busy_ms = part.busy_ms.saturating_add(short(length));
    }

    /// Counts a wrap-up that ended.
    pub(super) fn wrapped_up(&mut self, now: MonoTime, length: Duration) {
        let part = self.part(now);
        part.busy_ms = part.busy_ms.saturating_add(short(length));
    }

    /// Counts time that was spent ready and idle.
    pub(super) fn idled(&mut self, now: MonoTime, length: Duration) {
        let part = self.part(now);
        part.idle_ms = part.idle_ms.saturating_add(short(length));
    }

    /// The last hour, to five minutes.
    pub fn last_hour(&self, now: MonoTime) -> Work {
        let oldest = number(now).saturating_sub(u32::try_from(PARTS).unwrap_or(0));
        let recent = |part: &&Part| oldest < part.number || oldest == 0;
        let parts = self.parts.iter().filter(recent);
        parts.fold(Work::default(), |sum, part| Work {
            calls: sum.calls + part.calls,
            talk_ms: sum.talk_ms + u64::from(part.talk_ms),
            busy_ms: sum.busy_ms + u64::from(part.busy_ms),
            idle_ms: sum.idle_ms + u64::from(part.idle_ms),
        })
    }

    fn part(&mut self, now: MonoTime) -> &mut Part {
        let number = number(now);
        let at = usize::try_from(number).unwrap_or(0) % PARTS;
        // `at` is below the length.
        #[allow(clippy::indexing_slicing, reason = "a remainder by the length is an index")]
        let part = &mut self.parts[at];
        if part.number != number {
            *part = Part {
                number,
                ..Part::default()
            };
        }
        part
    }
}

fn short(length: Duration) -> u32 {
    u32::try_from(millis(length)).unwrap_or(u32::MAX)
}

fn number(now: MonoTime) -> u32 {
    let number = now.as_micros() / u64::try_from(PART.as_micros()).unwrap_or(1);
    u32::try_from(number).unwrap_or(u32::MAX)
}
