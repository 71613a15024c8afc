//! Who is followed up (回访), by whom and by which ways: the plan of an order, and when to try again.
//!
//! **Invariants.** Pure. Everything that was accepted is followed up but for the three exempt kinds; an enterprise only by a
//! person. The plan follows from the order and the settings alone, so that the coverage report counts what was planned.
//! **Not here.** Tries and words (`ticket::decide::followup`), who telephones (`engine`), shares (`report`).
//! **Source.** DB1302/T 604—2025 7.7.1, 8.5 c; readings Q19 to Q22.

use std::collections::BTreeSet;

use crate::base::civil::DayTime;
use crate::base::time::WallTime;
use crate::ticket::deadline::Deadline;
use crate::ticket::deadline::Limits;
use crate::ticket::model::AppealType;
use crate::ticket::model::Cycle;
use crate::ticket::model::Ending;
use crate::ticket::model::Exemption;
use crate::ticket::model::FollowupLevel;
use crate::ticket::model::FollowupMode;
use crate::ticket::model::FollowupResult;
use crate::ticket::model::RouteBasis;
use crate::ticket::model::Satisfaction;
use crate::ticket::model::State;
use crate::ticket::model::Ticket;
use crate::ticket::settings::Id;
use crate::ticket::settings::SettingsAt;

/// How an order is followed up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Exempt, and why: then there are no modes.
    pub exempt: Option<Exemption>,
    /// The ways, in this order; none and not exempt: there is nothing to follow up.
    pub modes: Vec<FollowupMode>,
    /// By a person only: an enterprise's appeal.
    pub only_person: bool,
}

impl Plan {
    /// Whether somebody is to be asked.
    pub const fn is_due(&self) -> bool {
        !self.modes.is_empty()
    }
}

/// The plan of an order as it stands. Source: 7.7.1.
pub fn plan(ticket: &Ticket, settings: &SettingsAt<'_>) -> Plan {
    let answered = ticket.state == State::Answered || matches!(ticket.ending, Some(Ending::Answered { .. }));
    if !is_accepted(ticket, settings) {
        return Plan::default();
    }
    let only_person = must_be_person(ticket, answered, settings);
    let exempt = exemption(ticket, settings);
    let enterprise_first = only_person && settings.choice(Id::EnterpriseExemptPrecedence) == "enterprise";
    if exempt.is_some() && !enterprise_first {
        return Plan {
            exempt,
            ..Plan::default()
        };
    }
    let mut modes = Vec::new();
    if only_person {
        modes.push(FollowupMode::Person);
    } else {
        if answered && settings.flag(Id::InstantRatingIsFollowup) {
            modes.push(FollowupMode::Instant);
        }
        let words = settings.list(Id::FollowupOrder);
        modes.extend(words.iter().filter_map(|word| FollowupMode::parse(word)));
    }
    Plan {
        exempt: None,
        modes,
        only_person,
    }
}

/// Why an order is not followed up, if it is one of the three kinds. Source: 7.7.1.
pub fn exemption(ticket: &Ticket, settings: &SettingsAt<'_>) -> Option<Exemption> {
    let sent_to_grid = || {
        let basis = ticket.cycle().and_then(|cycle| cycle.basis);
        settings.flag(Id::ExemptGridDirect) && basis == Some(RouteBasis::Grid)
    };
    if ticket.confidential || ticket.draft.secrecy {
        return Some(Exemption::Confidential);
    }
    if ticket.draft.appeal_type == Some(AppealType::Praise) {
        return Some(Exemption::Praise);
    }
    if ticket.origin.grid || sent_to_grid() {
        return Some(Exemption::Grid);
    }
    ticket.exempt
}

/// Whether only a person may follow the order up. Source: 7.7.1 (企业诉求全部人工回访).
pub fn must_be_person(ticket: &Ticket, answered: bool, settings: &SettingsAt<'_>) -> bool {
    let every = settings.choice(Id::EnterprisePersonFollowup) == "accepted";
    ticket.is_enterprise() && (every || !answered)
}

/// Whether the order was accepted, so that somebody waits for a result. The appellant of a merged order has a follow-up of
/// his own unless he is the master's appellant, who is asked there.
fn is_accepted(ticket: &Ticket, settings: &SettingsAt<'_>) -> bool {
    match &ticket.ending {
        Some(Ending::Merged { same_appellant, .. }) => {
            !same_appellant && settings.flag(Id::MergedOwnFollowup)
        }
        Some(
            Ending::NotAccepted { .. }
            | Ending::Invalid { .. }
            | Ending::Referred { .. }
            | Ending::Cancelled { .. },
        ) => false,
        Some(Ending::Answered { .. }) | None => !matches!(
            ticket.state,
            State::NotAccepted | State::Invalid | State::Referred | State::Cancelled
        ),
    }
}

/// In which of the four parts of the day an hour lies: morning, noon, afternoon, evening.
pub const fn daypart(hour: u8) -> u8 {
    match hour {
        0..=11 => 0,
        12..=13 => 1,
        14..=17 => 2,
        _ => 3,
    }
}

/// Tries of a level in a cycle.
pub fn tries(cycle: &Cycle, level: FollowupLevel) -> u32 {
    let tries = cycle.attempts.iter().filter(|it| it.level == level).count();
    u32::try_from(tries).unwrap_or(u32::MAX)
}

/// The way of the next try: the plan's own order, and its last one as often as needed; none without a plan.
pub fn next_mode(cycle: &Cycle) -> Option<FollowupMode> {
    let tried = usize::try_from(tries(cycle, FollowupLevel::City)).unwrap_or(usize::MAX);
    cycle.plan.get(tried).or(cycle.plan.last()).copied()
}

/// Whether a try in this hour still lets the tries that are left reach the number of parts of the day that is asked.
pub fn daypart_fits(cycle: &Cycle, level: FollowupLevel, hour: u8, settings: &SettingsAt<'_>) -> bool {
    let of_level = cycle.attempts.iter().filter(|it| it.level == level);
    // A rating that did not come is no try at a time of the day.
    let timed = of_level.filter(|it| it.mode != FollowupMode::Instant);
    let mut parts: BTreeSet<u8> = timed.map(|it| daypart(it.daypart)).collect();
    parts.insert(daypart(hour));
    let left = settings
        .count(Id::FollowupAttempts)
        .saturating_sub(tries(cycle, level) + 1);
    let seen = u32::try_from(parts.len()).unwrap_or(u32::MAX);
    settings.count(Id::FollowupDayparts) <= seen.saturating_add(left)
}

/// From when on the next try may be made, and until when it has to be: the pause that is set, counted only over the hours in
/// which people are telephoned, from the first instant in a part of the day that is still asked.
pub fn next_try(
    cycle: &Cycle,
    limits: &Limits<'_>,
    now: WallTime,
    settings: &SettingsAt<'_>,
) -> (WallTime, Deadline) {
    let (from, to) = (settings.time(Id::FollowupFrom), settings.time(Id::FollowupTo));
    let mut earliest = limits.within_day(now, from, to);
    // Hour by hour until a fitting part of the day: a day has four of them.
    for _ in 0..24 {
        let hour = local_hour(limits, earliest);
        if daypart_fits(cycle, FollowupLevel::City, hour, settings) {
            break;
        }
        let next = limits.zone.start_of(limits.zone.date_of(earliest)) + hours(u64::from(hour) + 1);
        earliest = limits.within_day(next, from, to);
    }
    let limit = settings.rule(Id::FollowupAttempt);
    let whole = limits.deadline(earliest, limit);
    let Some(mut left) = limit.duration() else {
        return (earliest, whole);
    };
    let mut at = earliest;
    for _ in 0..DAYS_MAX {
        let day = limits.zone.date_of(at);
        let open = limits.zone.at(day, to).since(at);
        if left <= open {
            return (
                earliest,
                Deadline {
                    at: at + left,
                    ..whole
                },
            );
        }
        left = left.saturating_sub(open);
        let Some(next) = day.tomorrow() else { break };
        at = limits.zone.at(next, from);
    }
    (earliest, whole)
}

/// Days over which a pause is counted at most: the longest limit in hours over days of one hour is far below.
const DAYS_MAX: u32 = 20_000;

/// The local hour of an instant, 0 to 23.
pub fn local_hour(limits: &Limits<'_>, at: WallTime) -> u8 {
    u8::try_from(limits.zone.time_of(at).hour()).unwrap_or(23)
}

/// Whether people may be telephoned at an instant; what began within the hours may be written down a little later.
pub fn within_hours(limits: &Limits<'_>, at: WallTime, settings: &SettingsAt<'_>) -> bool {
    let (from, to): (DayTime, DayTime) = (settings.time(Id::FollowupFrom), settings.time(Id::FollowupTo));
    let day = limits.zone.date_of(at);
    limits.zone.at(day, from) <= at && at < limits.zone.at(day, to) + WRITING_DOWN
}

/// How long after the hours a try may still be written down.
pub const WRITING_DOWN: std::time::Duration = std::time::Duration::from_mins(10);

const fn hours(hours: u64) -> std::time::Duration {
    std::time::Duration::from_hours(hours)
}

/// What a rating of the agent says as the follow-up of an order that was answered directly: who is content has his answer;
/// who is not has said nothing about the result. Source: 7.7.2, 8.5 c.
pub const fn result_of_rating(satisfaction: Satisfaction) -> FollowupResult {
    match satisfaction {
        Satisfaction::Satisfied => FollowupResult::Solved,
        Satisfaction::Unsatisfied | Satisfaction::NoComment => FollowupResult::Other,
    }
}
