//! Admission: which new calls are taken. What is not taken is refused before it is answered, and written down.
//!
//! **Invariants.** A call that cannot be accounted for is not taken. Calls in progress are never dropped for it.

use std::collections::BTreeMap;

use crate::base::time::MonoTime;
use crate::base::time::WallTime;
use crate::exchange::input::JournalStatus;
use crate::exchange::profile::OverloadAnswer;
use crate::fact::call::RefusalReason;
use crate::sip::endpoint::Refusal;

/// Bounds on new calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls in progress.
    pub calls_max: usize,
    /// New calls a second, with a burst of as many.
    pub calls_per_second_max: u32,
    /// Refusals of strangers a second that get a row each; the rest is counted.
    pub stranger_rows_per_second_max: u32,
}

/// Keeps the counts that admission needs.
#[derive(Debug)]
pub struct Admission {
    limits: Limits,
    calls: TokenBucket,
    strangers: TokenBucket,
    journal: JournalStatus,
    draining: bool,
    counted: BTreeMap<(i64, RefusalReason), u64>,
}

impl Admission {
    /// Nothing counted yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            calls: TokenBucket::new(limits.calls_per_second_max),
            strangers: TokenBucket::new(limits.stranger_rows_per_second_max),
            journal: JournalStatus::Accepting,
            draining: false,
            counted: BTreeMap::new(),
        }
    }

    /// The journal's ability to take facts changed.
    pub fn set_journal(&mut self, status: JournalStatus) {
        self.journal = status;
    }

    /// Whether facts are taken at all.
    pub fn journal(&self) -> JournalStatus {
        self.journal
    }

    /// No new calls from now on.
    pub fn drain(&mut self) {
        self.draining = true;
    }

    /// Whether the program is stopping.
    pub fn is_draining(&self) -> bool {
        self.draining
    }

    /// Decides on one more call while `calls` are in progress.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn admit(&mut self, now: MonoTime, calls: usize) -> Result<(), RefusalReason> {
        match self.journal {
            JournalStatus::Full => return Err(RefusalReason::JournalFull),
            JournalStatus::Failed => return Err(RefusalReason::JournalFailed),
            JournalStatus::Accepting => {}
        }
        if self.draining {
            return Err(RefusalReason::Draining);
        }
        if self.limits.calls_max <= calls || !self.calls.take(now) {
            return Err(RefusalReason::Overload);
        }
        Ok(())
    }

    /// Whether a refusal gets a row of its own; if not it is counted for its minute.
    pub fn writes_row(&mut self, now: MonoTime, wall: WallTime, reason: RefusalReason) -> bool {
        let stranger = matches!(
            reason,
            RefusalReason::NoTrunk | RefusalReason::BadCredentials | RefusalReason::Malformed
        );
        let row = self.journal == JournalStatus::Accepting && (!stranger || self.strangers.take(now));
        if !row {
            let minute = wall.as_micros().div_euclid(60_000_000) * 60_000_000;
            *self.counted.entry((minute, reason)).or_default() += 1;
        }
        row
    }

    /// Takes the counted refusals of minutes before the present one, once facts are taken again.
    pub fn take_counted(&mut self, wall: WallTime) -> Vec<(i64, RefusalReason, u64)> {
        if self.journal != JournalStatus::Accepting {
            return Vec::new();
        }
        let present = (
            wall.as_micros().div_euclid(60_000_000) * 60_000_000,
            RefusalReason::NoTrunk,
        );
        let later = self.counted.split_off(&present);
        std::mem::replace(&mut self.counted, later)
            .into_iter()
            .map(|((minute, reason), count)| (minute, reason, count))
            .collect()
    }

    /// Whether counted refusals wait to be written.
    pub fn has_counted(&self) -> bool {
        !self.counted.is_empty()
    }
}

/// The SIP answer to a refusal towards a trunk.
pub fn answer_of(reason: RefusalReason, overload: OverloadAnswer) -> Refusal<'static> {
    let (status, q850) = match reason {
        RefusalReason::NoTrunk | RefusalReason::BadCredentials => (403, None),
        RefusalReason::UnknownNumber => (404, Some((1, "Unallocated number"))),
        RefusalReason::NotAcceptable => (488, Some((88, "Incompatible destination"))),
        RefusalReason::Malformed => (400, None),
        RefusalReason::Overload
        | RefusalReason::NoMediaPort
        | RefusalReason::JournalFull
        | RefusalReason::JournalFailed
        | RefusalReason::Draining
        | RefusalReason::Counted => match overload {
            OverloadAnswer::Busy => (486, Some((17, "User busy"))),
            OverloadAnswer::Unavailable => (480, Some((34, "No circuit available"))),
            OverloadAnswer::Service | OverloadAnswer::ServiceRetryAfter => {
                (503, Some((34, "No circuit available")))
            }
        },
    };
    let retry_after_s = (status == 503 && overload == OverloadAnswer::ServiceRetryAfter).then_some(10);
    Refusal {
        status,
        q850,
        retry_after_s,
    }
}

/// Tokens that refill with time; times in microseconds, a token is one second's share.
#[derive(Debug)]
struct TokenBucket {
    per_second: u64,
    /// Tokens × 1 000 000.
    level: u64,
    at: MonoTime,
}

impl TokenBucket {
    fn new(per_second: u32) -> Self {
        let per_second = u64::from(per_second);
        Self {
            per_second,
            level: per_second * 1_000_000,
            at: MonoTime::default(),
        }
    }

    fn take(&mut self, now: MonoTime) -> bool {
        let passed = now.as_micros().saturating_sub(self.at.as_micros());
        self.at = now;
        self.level = (self.level + passed.saturating_mul(self.per_second)).min(self.per_second * 1_000_000);
        if self.level < 1_000_000 {
            return false;
        }
        self.level -= 1_000_000;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        calls_max: 3,
        calls_per_second_max: 2,
        stranger_rows_per_second_max: 1,
    };

    #[test]
    fn calls_above_the_bound_or_the_rate_are_refused() {
        let mut admission = Admission::new(LIMITS);
        let at = MonoTime::from_micros(1);
        assert_eq!(admission.admit(at, 3), Err(RefusalReason::Overload));
        assert_eq!(admission.admit(at, 0), Ok(()));
        assert_eq!(admission.admit(at, 0), Ok(()));
        assert_eq!(
            admission.admit(at, 0),
            Err(RefusalReason::Overload),
            "third in one instant"
        );
        assert_eq!(
            admission.admit(MonoTime::from_micros(600_000), 0),
            Ok(()),
            "half a second refills one"
        );
    }

    #[test]
    fn a_journal_that_takes_nothing_takes_no_calls() {
        let mut admission = Admission::new(LIMITS);
        admission.set_journal(JournalStatus::Full);
        assert_eq!(
            admission.admit(MonoTime::default(), 0),
            Err(RefusalReason::JournalFull)
        );
        assert!(!admission.writes_row(
            MonoTime::default(),
            WallTime::default(),
            RefusalReason::JournalFull
        ));
        assert!(
            admission
                .take_counted(WallTime::from_micros(120_000_000))
                .is_empty(),
            "not while it is full"
        );
        admission.set_journal(JournalStatus::Accepting);
        let counted = admission.take_counted(WallTime::from_micros(120_000_000));
        assert_eq!(counted, vec![(0, RefusalReason::JournalFull, 1)]);
    }
}
