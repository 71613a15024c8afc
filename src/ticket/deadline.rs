//! Deadlines: when a limit of working days, hours or minutes ends, and what is left of it.
//!
//! A limit of n working days ends at 24:00 (or at the close of business, a setting) of the n-th working day after the
//! day of the event, which is not counted itself. Hours and minutes run on the natural clock, through nights and
//! holidays.
//!
//! **Invariants.** A deadline is exclusive: on time is before it. It lies after its start, and later for more days and
//! for a later start. A loaded calendar never moves a deadline back. The zone is the site's, never the machine's.
//! **Not here.** The days themselves (`ticket::calendar`), the numbers (`ticket::settings`), which limit an order has
//! (`ticket::close_limit`), when to warn (`ticket::warning`), the clocks of an order (`ticket::decide`).
//! **Source.** 民法典 art. 200 to 204; DB1302/T 604—2025 7.2 to 7.6.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error as _;

use crate::base::civil::CivilDate;
use crate::base::civil::DayTime;
use crate::base::civil::SiteZone;
use crate::base::time::WallTime;
use crate::ticket::calendar::Calendar;
pub use crate::ticket::close_limit::CloseCase;
pub use crate::ticket::close_limit::CloseClass;
pub use crate::ticket::close_limit::CloseLimit;
pub use crate::ticket::close_limit::LimitSource;
pub use crate::ticket::close_limit::Statutory;
use crate::ticket::reference::Reference;
use crate::ticket::settings::Id;
use crate::ticket::settings::SettingsAt;

/// Longest limit in working days: about a year.
pub const WORKING_DAYS_MAX: u16 = 250;
/// Longest limit in hours, and in minutes: a little more than a year, and a week.
pub const UNITS_MAX: u16 = 10_080;

/// How long a limit is. Its text is `5wd`, `72h` or `30min`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Working days, 1 to [`WORKING_DAYS_MAX`].
    WorkingDays(u16),
    /// Natural hours, 1 to [`UNITS_MAX`].
    Hours(u16),
    /// Natural minutes, 1 to [`UNITS_MAX`].
    Minutes(u16),
}

/// Why a text is no limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no limit; write one as 5wd, 72h or 30min, from 1 on, at most 250wd, 10080h or 10080min")]
pub struct RuleError(String);

impl Rule {
    /// The natural time of hours and minutes; none for working days.
    pub fn duration(self) -> Option<Duration> {
        match self {
            Self::WorkingDays(_) => None,
            Self::Hours(hours) => Some(Duration::from_secs(u64::from(hours) * 3_600)),
            Self::Minutes(minutes) => Some(Duration::from_secs(u64::from(minutes) * 60)),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WorkingDays(days) => write!(f, "{days}wd"),
            Self::Hours(hours) => write!(f, "{hours}h"),
            Self::Minutes(minutes) => write!(f, "{minutes}min"),
        }
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).unwrap_or_default();
        let wrong = || RuleError(text.chars().take(20).collect());
        let number: u16 = number.parse().map_err(|_| wrong())?;
        let rule = match unit {
            "wd" if number <= WORKING_DAYS_MAX => Self::WorkingDays(number),
            "h" => Self::Hours(number),
            "min" => Self::Minutes(number),
            _ => return Err(wrong()),
        };
        // One text for one limit: `05wd` is refused.
        if number == 0 || UNITS_MAX < number || rule.to_string() != text {
            return Err(wrong());
        }
        Ok(rule)
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// The end of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// On time is before this instant.
    pub at: WallTime,
    /// Counted over a day of a year whose calendar is not there yet.
    pub provisional: bool,
}

/// What is left of a limit, or by how much it is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// Whether the deadline is passed; then the figures say by how much.
    pub overdue: bool,
    /// Working days, today not counted.
    pub working_days: u32,
    /// Whole natural hours.
    pub hours: u64,
    /// Minutes beyond the hours, 0 to 59.
    pub minutes: u64,
}

/// How near a deadline is, at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Light {
    /// More than half of the time is left.
    Green,
    /// Half or less.
    Yellow,
    /// A fifth or less.
    Orange,
    /// Passed.
    Red,
    /// Not passed, and the date is provisional.
    Purple,
}

impl Light {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Orange => "orange",
            Self::Red => "red",
            Self::Purple => "purple",
        }
    }
}

/// The light of a limit by the share of its natural time that is left; a passed deadline is red, provisional or not.
pub fn light(now: WallTime, start: WallTime, deadline: Deadline) -> Light {
    if deadline.at <= now {
        return Light::Red;
    }
    if deadline.provisional {
        return Light::Purple;
    }
    let left = i128::from(deadline.at.as_micros()) - i128::from(now.as_micros());
    let whole = i128::from(deadline.at.as_micros()) - i128::from(start.as_micros());
    match left * 100 {
        share if share <= whole * 20 => Light::Orange,
        share if share <= whole * 50 => Light::Yellow,
        _ => Light::Green,
    }
}

/// Time that passed, from one instant to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// From when.
    pub from: WallTime,
    /// Until when.
    pub to: WallTime,
}

/// Counts limits: a calendar, a zone, and how days are read.
#[derive(Clone, Debug)]
pub struct Limits<'a> {
    /// The site's zone.
    pub zone: SiteZone,
    /// Its working days.
    pub calendar: &'a Calendar,
    /// When a working day ends: 24:00, or the close of business.
    pub cutoff: DayTime,
    /// Whether the day of the event counts as the first.
    pub count_event_day: bool,
}

impl<'a> Limits<'a> {
    /// The counting in force with these settings.
    pub fn new(calendar: &'a Calendar, settings: &SettingsAt<'_>, zone: &SiteZone) -> Self {
        Self {
            zone: zone.clone(),
            calendar,
            cutoff: settings.time(Id::Cutoff),
            count_event_day: settings.flag(Id::CountEventDay),
        }
    }

    /// The counting in force at an instant.
    pub fn of(reference: &'a Reference, zone: &SiteZone, at: WallTime) -> Self {
        Self::new(&reference.calendar, &reference.settings.at(at), zone)
    }

    /// When a limit ends that counts from `start`. Zero working days count as one.
    pub fn deadline(&self, start: WallTime, rule: Rule) -> Deadline {
        match (rule, rule.duration()) {
            (Rule::WorkingDays(days), _) => self.end_of_working_day(start, days.max(1)),
            (_, span) => Deadline {
                at: start + span.unwrap_or_default(),
                provisional: false,
            },
        }
    }

    fn end_of_working_day(&self, start: WallTime, days: u16) -> Deadline {
        let today = self.zone.date_of(start);
        let mut walk = Walk::from(today);
        let mut left = days;
        // After the close of business the day is over and cannot be counted.
        if self.count_event_day && self.calendar.working(today).working && start < self.end(today) {
            left -= 1;
            walk.provisional = self.calendar.working(today).provisional;
        }
        walk.forward(self.calendar, left);
        Deadline {
            at: self.end(walk.date),
            provisional: walk.provisional,
        }
    }

    /// When a day ends for the purpose of limits: the deadline of what is due on that day.
    pub fn end(&self, date: CivilDate) -> WallTime {
        self.zone.at(date, self.cutoff)
    }

    /// Gives back the organ's own time: moves a deadline by the working days that passed in `span`, the first day not
    /// counted, or for limits in hours and minutes by the very time.
    pub fn later_by(&self, deadline: Deadline, rule: Rule, span: Span) -> Deadline {
        if rule.duration().is_some() {
            return Deadline {
                at: deadline.at + span.to.since(span.from),
                ..deadline
            };
        }
        self.later_by_days(deadline, self.working_days_between(span.from, span.to))
    }

    /// A deadline so many working days later, at the same time of the day.
    pub fn later_by_days(&self, deadline: Deadline, days: u32) -> Deadline {
        let days = u16::try_from(days).unwrap_or(u16::MAX);
        if days == 0 {
            return deadline;
        }
        let last = self.zone.date_of(just_before(deadline.at));
        let mut walk = Walk::from(last);
        walk.forward(self.calendar, days);
        let at = if deadline.at == self.end(last) {
            self.end(walk.date)
        } else {
            self.zone.start_of(walk.date) + deadline.at.since(self.zone.start_of(last))
        };
        Deadline {
            at: at.max(deadline.at),
            provisional: deadline.provisional || walk.provisional,
        }
    }

    /// A deadline moved by a limit: working days at the same time of the day, hours and minutes exactly.
    pub fn later_by_rule(&self, deadline: Deadline, rule: Rule) -> Deadline {
        match rule {
            Rule::WorkingDays(days) => self.later_by_days(deadline, u32::from(days)),
            Rule::Hours(_) | Rule::Minutes(_) => Deadline {
                at: deadline.at + rule.duration().unwrap_or_default(),
                ..deadline
            },
        }
    }

    /// Counts a provisional deadline again after a calendar was loaded: the new one when anything changed. It only
    /// moves forward; what an extension or credit gave stays when it is later.
    pub fn recompute(&self, start: WallTime, rule: Rule, old: Deadline) -> Option<Deadline> {
        let counted = self.deadline(start, rule);
        let new = Deadline {
            at: counted.at.max(old.at),
            provisional: counted.provisional,
        };
        (new != old).then_some(new)
    }

    /// The latest day's end an extension may be given to: `percent` of the limit's own length after its deadline.
    ///
    /// Source: 7.6; the length is a reading of the site, since the clause names none.
    pub fn latest_extension(&self, deadline: Deadline, rule: Rule, percent: u32) -> WallTime {
        let share = |units: u16| u64::from(units) * u64::from(percent) / 100;
        match rule {
            Rule::WorkingDays(days) => {
                let days = u32::try_from(share(days)).unwrap_or(u32::MAX);
                self.later_by_days(deadline, days).at
            }
            Rule::Hours(hours) => deadline.at + Duration::from_secs(share(hours) * 3_600),
            Rule::Minutes(minutes) => deadline.at + Duration::from_secs(share(minutes) * 60),
        }
    }

    /// Working days from one instant to another, the first day not counted: `n` from an event to the deadline of `n`
    /// working days; 0 when `to` is not later.
    pub fn working_days_between(&self, from: WallTime, to: WallTime) -> u32 {
        let last = self.zone.date_of(just_before(to));
        let mut date = self.zone.date_of(from);
        let mut days = 0;
        while date < last {
            let Some(next) = date.tomorrow() else { break };
            date = next;
            days += u32::from(self.calendar.working(date).working);
        }
        days
    }

    /// What is left until a deadline, or how long it is passed.
    pub fn remaining(&self, now: WallTime, deadline: WallTime) -> Remaining {
        let overdue = deadline <= now;
        let (from, to) = if overdue { (deadline, now) } else { (now, deadline) };
        let minutes = to.since(from).as_secs() / 60;
        Remaining {
            overdue,
            working_days: self.working_days_between(from, to),
            hours: minutes / 60,
            minutes: minutes % 60,
        }
    }

    /// The first instant from `at` on between two times of the local day, such as 09:00 and 20:00.
    pub fn within_day(&self, at: WallTime, from: DayTime, to: DayTime) -> WallTime {
        let today = self.zone.date_of(at);
        if at < self.zone.at(today, from) {
            return self.zone.at(today, from);
        }
        if at < self.zone.at(today, to) {
            return at;
        }
        today.tomorrow().map_or(at, |next| self.zone.at(next, from))
    }
}

/// A walk over the days, which remembers whether it crossed one that is not known yet.
struct Walk {
    date: CivilDate,
    provisional: bool,
}

impl Walk {
    const fn from(date: CivilDate) -> Self {
        Self {
            date,
            provisional: false,
        }
    }

    /// Goes on to the so-manieth working day after this one.
    fn forward(&mut self, calendar: &Calendar, mut working_days: u16) {
        while 0 < working_days {
            let Some(next) = self.date.tomorrow() else { break };
            self.date = next;
            let day = calendar.working(next);
            self.provisional |= day.provisional;
            working_days -= u16::from(day.working);
        }
    }
}

/// The last microsecond before an instant.
pub(super) const fn just_before(at: WallTime) -> WallTime {
    WallTime::from_micros(at.as_micros().saturating_sub(1))
}

#[cfg(test)]
#[path = "deadline_test.rs"]
mod tests;
