//! The only clock reads of the program.

use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use crate::base::time::Clock;
use crate::base::time::MonoTime;
use crate::base::time::Now;
use crate::base::time::WallTime;

/// The machine's clocks; the monotonic one counts from the making of the first copy.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Starts counting.
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the one place that reads clocks"
    )]
    #[allow(
        clippy::new_without_default,
        reason = "a clock's start is an event, not a default"
    )]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the one place that reads clocks"
    )]
    fn now(&self) -> Now {
        let mono = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_micros());
        Now {
            mono: MonoTime::from_micros(mono),
            wall: WallTime::from_micros(i64::try_from(wall).unwrap_or(i64::MAX)),
        }
    }
}
