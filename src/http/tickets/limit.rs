//! A limit of an order: its deadline, its light, and in words what is left.
//!
//! **Source.** DB1302/T 604—2025 7.5.1; reading Q1 (working days).

use serde::Serialize;
use utoipa::ToSchema;

use crate::http::instant::Instant;
use crate::http::instant::maybe;
use crate::http::texts::text;
use crate::http::tickets::dto::Light;
use crate::ticket::deadline::Deadline;
use crate::ticket::deadline::Limits;
use crate::ticket::deadline::Remaining;
use crate::ticket::deadline::light as light_of;
use crate::ticket::model::Clock;
use crate::ticket::model::ClockEnd;

/// A running limit.
#[derive(Serialize, ToSchema)]
#[schema(as = Limit)]
pub(crate) struct LimitDto {
    /// What it waits for, as `close`.
    kind: &'static str,
    /// On time is before this instant.
    deadline: Instant,
    /// Counted past the last loaded calendar.
    provisional: bool,
    /// `green`, `yellow`, `orange`, `red`, `purple`.
    light: &'static str,
    /// What is left, or by how much it is passed, in words.
    words: String,
}

impl LimitDto {
    /// None for a clock that does not run or has no deadline.
    pub(crate) fn new(clock: &Clock, light: &Light<'_>) -> Option<Self> {
        let deadline = clock.deadline.filter(|_| clock.runs())?;
        let limits = Limits::of(light.reference, light.zone, light.now);
        let counted = Deadline {
            at: deadline,
            provisional: clock.provisional,
        };
        Some(Self {
            kind: clock.clock.kind.code(),
            deadline: deadline.into(),
            provisional: clock.provisional,
            light: light_of(light.now, clock.start, counted).code(),
            words: words(limits.remaining(light.now, deadline)),
        })
    }
}

/// A clock of an order, running or ended.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketClock)]
pub(crate) struct ClockDto {
    /// What it waits for.
    kind: &'static str,
    /// The round.
    cycle: u32,
    /// The request, part or 督办 it is about; 0 for the order itself.
    subject: u32,
    /// From when it counts.
    start: Instant,
    /// The first deadline.
    first_deadline: Option<Instant>,
    /// The deadline in force.
    deadline: Option<Instant>,
    /// The rule, as `5wd`.
    rule: String,
    /// What it rests on.
    basis: String,
    /// Against whom it counts: `unit`, `organ`, `seat`.
    against: String,
    /// How it ended; absent while it runs.
    end: Option<&'static str>,
    /// When it ended.
    ended_at: Option<Instant>,
    /// Whether its deadline has passed before its end.
    late: bool,
    /// While it runs: light and words.
    limit: Option<LimitDto>,
}

impl ClockDto {
    /// A clock as it stands.
    pub(crate) fn new(clock: &Clock, light: &Light<'_>) -> Self {
        Self {
            kind: clock.clock.kind.code(),
            cycle: clock.clock.cycle,
            subject: clock.clock.subject,
            start: clock.start.into(),
            first_deadline: maybe(clock.first_deadline),
            deadline: maybe(clock.deadline),
            rule: clock.rule.clone(),
            basis: clock.basis.clone(),
            against: clock.against.clone(),
            end: clock.end.map(ClockEnd::code),
            ended_at: maybe(clock.ended_at),
            late: clock.late || clock.breached,
            limit: LimitDto::new(clock, light),
        }
    }
}

/// 剩余或超出多少: working days when there is one at least, else hours and minutes.
fn words(remaining: Remaining) -> String {
    let Remaining {
        overdue,
        working_days,
        hours,
        minutes,
    } = remaining;
    let (key, number) = match (overdue, working_days, hours) {
        (false, 0, 0) => ("left_minutes", minutes),
        (false, 0, _) => ("left_hours", hours),
        (false, ..) => ("left_days", u64::from(working_days)),
        (true, 0, 0) => ("over_minutes", minutes),
        (true, 0, _) => ("over_hours", hours),
        (true, ..) => ("over_days", u64::from(working_days)),
    };
    text("limit", key).replace("{n}", &number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_said_in_working_days_then_hours_then_minutes() {
        let say = |overdue, working_days, hours, minutes| {
            words(Remaining {
                overdue,
                working_days,
                hours,
                minutes,
            })
        };
        assert_eq!(say(false, 2, 50, 0), "剩余2个工作日");
        assert_eq!(say(false, 0, 5, 30), "剩余5小时");
        assert_eq!(say(false, 0, 0, 9), "剩余9分钟");
        assert_eq!(say(true, 1, 24, 0), "超期1个工作日");
        assert_eq!(say(true, 0, 0, 1), "超期1分钟");
    }
}
