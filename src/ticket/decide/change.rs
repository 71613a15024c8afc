//! Kind, category and urgency changed after acceptance, and what that does to the limits.
//!
//! **Invariants.** A raised urgency makes a limit shorter, never longer. A changed kind or category counts from the
//! dispatch; only a supervisor of the city's organ gives more time by it. No change makes a unit late after the fact: a
//! limit that would be over already stays as it was.
//! **Not here.** The limits themselves (`ticket::close_limit`), more time that a unit asks for (`ticket::decide::request`).
//! **Source.** DB1302/T 604—2025 3.2, 7.1.2 a, 7.2 a, 7.5.1; readings Q30, Q31, Q33.

use crate::account::Role;
use crate::base::time::WallTime;
use crate::fact::ticket::TicketFact;
use crate::ticket::close_limit::CloseLimit;
use crate::ticket::command::ChangeCategory;
use crate::ticket::command::ChangeType;
use crate::ticket::command::ChangeUrgency;
use crate::ticket::command::Command;
use crate::ticket::command::Text;
use crate::ticket::deadline::Deadline;
use crate::ticket::deadline::Rule;
use crate::ticket::decide::dispatch;
use crate::ticket::decide::dispatch::check_city;
use crate::ticket::decide::duty;
use crate::ticket::decide::intake;
use crate::ticket::decide::mark::OPEN;
use crate::ticket::decide::mark::REASON_MIN;
use crate::ticket::decide::mark::next_no;
use crate::ticket::decide::work::WORDS_MAX;
use crate::ticket::decide::work::Words;
use crate::ticket::decide::work::Work;
use crate::ticket::decide::work::invalid;
use crate::ticket::decide::work::rule;
use crate::ticket::model::AppealType;
use crate::ticket::model::Clock;
use crate::ticket::model::ClockKind;
use crate::ticket::model::State;
use crate::ticket::model::Urgency;
use crate::ticket::refusal::TicketError;
use crate::ticket::settings::Id;

/// Where the urgency still changes a limit.
const PRESSING: [State; 5] = [
    State::PendingDispatch,
    State::Arbitration,
    State::PendingSign,
    State::Handling,
    State::Rework,
];

/// How a limit is counted again.
#[derive(Clone, Copy)]
struct Again {
    /// From now, and not from when the clock began.
    from_now: bool,
    /// It may become longer.
    longer: bool,
}

fn reason(work: &Work<'_>, text: &Text, what: &str, clause: &'static str) -> Result<Words, TicketError> {
    let reason = work.text("reason", text, (REASON_MIN, WORDS_MAX), clause)?;
    Ok(vec![(format!("{what}.{}.reason", next_no(work, what)), reason)])
}

/// T43. Source: 7.5.1.
pub(super) fn urgency(work: &mut Work<'_>, command: &Command, it: &ChangeUrgency) -> Result<(), TicketError> {
    work.in_state(command, &PRESSING)?;
    let from = dispatch::urgency(work);
    let words = reason(work, &it.reason, "urgency", "7.5.1")?;
    if it.to == from {
        return Ok(());
    }
    let lowered = it.to < from;
    if lowered && !work.has_role(Role::Supervisor) {
        return Err(TicketError::Forbidden {
            rule: "urgency_lowered",
            clause: "7.5.1",
        });
    }
    work.put_with(TicketFact::UrgencyChanged { from, to: it.to }, words);
    let again = Again {
        from_now: !lowered && work.settings().choice(Id::RaiseStart) == "changed",
        longer: lowered,
    };
    for kind in [ClockKind::Dispatch, ClockKind::Sign] {
        let limit = Id::of_clock(kind, it.to).map(|id| work.settings().rule(id));
        let running = work.ticket.clock(kind, 0).cloned();
        if let (Some(limit), Some(clock)) = (limit, running) {
            let begin = if again.from_now { work.ctx.now } else { clock.start };
            let to = work.deadline(begin, limit);
            move_by(work, &clock, to, again, (limit, clock.basis.clone()));
        }
    }
    close(work, again);
    first_result(work, it.to);
    if it.to == Urgency::Normal {
        duty::end(work);
    } else if !lowered {
        call_duty(work);
    }
    Ok(())
}

/// The duty office of a unit that has the order is told; before dispatch the clock to that begins. Source: 7.2 a.
fn call_duty(work: &mut Work<'_>) {
    match work.ticket.state {
        State::PendingSign | State::Handling | State::Rework => duty::begin(work),
        _ => intake::start_duty(work),
    }
}

/// A critical order at a unit needs its first result, and is not given back. Source: 7.5.1, 7.4.
fn first_result(work: &mut Work<'_>, to: Urgency) {
    if to != Urgency::Critical {
        work.void(ClockKind::FirstResult, 0);
        return;
    }
    if !work.settings().flag(Id::ReturnCritical) {
        work.void(ClockKind::ReturnWindow, 0);
    }
    let at_unit = matches!(
        work.ticket.state,
        State::PendingSign | State::Handling | State::Rework
    );
    let there = work
        .ticket
        .cycle()
        .is_some_and(|cycle| cycle.first_result_at.is_some());
    if at_unit && !there && work.ticket.clock(ClockKind::FirstResult, 0).is_none() {
        work.start_by(ClockKind::FirstResult, 0, Id::FirstResult, "unit");
    }
}

/// 投诉 made a 咨询 is a known way to another limit: the organ says so, with a reason. Source: 3.2, reading Q33.
pub(super) fn appeal_type(
    work: &mut Work<'_>,
    command: &Command,
    it: &ChangeType,
) -> Result<(), TicketError> {
    work.in_state(command, &OPEN)?;
    check_city(work, "3.2")?;
    let words = reason(work, &it.reason, "type", "3.2")?;
    let Some(from) = work.ticket.draft.appeal_type else {
        return Err(invalid("appeal_type", "missing", "3.2"));
    };
    if from == it.to {
        return Ok(());
    }
    let before = matches!(work.ticket.state, State::PendingDispatch | State::Arbitration);
    if it.to == AppealType::Praise && !before {
        return Err(rule("praise_is_told", "7.2"));
    }
    work.put_with(TicketFact::TypeChanged { from, to: it.to }, words);
    recount(work);
    Ok(())
}

/// The limit of law goes with the category. Source: 7.1.2 a, 7.5.1 (从其规定).
pub(super) fn category(
    work: &mut Work<'_>,
    command: &Command,
    it: &ChangeCategory,
) -> Result<(), TicketError> {
    work.in_state(command, &OPEN)?;
    check_city(work, "7.1.2 a")?;
    let words = reason(work, &it.reason, "category", "7.1.2 a")?;
    let categories = &work.ctx.reference.catalogue.categories;
    if !categories.contains(&it.to) {
        return Err(invalid("to", "unknown_code", "7.1.2 a"));
    }
    if work.ticket.draft.category == it.to {
        return Ok(());
    }
    let fact = TicketFact::CategoryChanged {
        from: work.ticket.draft.category.clone(),
        to: it.to.clone(),
        version: categories.version,
    };
    work.put_with(fact, words);
    recount(work);
    Ok(())
}

fn recount(work: &mut Work<'_>) {
    let again = Again {
        from_now: work.settings().choice(Id::ReclassStart) == "changed",
        longer: work.has_role(Role::Supervisor),
    };
    close(work, again);
}

/// Counts the limits to close again: the first unit's, and with it those of the parts that share it.
fn close(work: &mut Work<'_>, again: Again) {
    let shared = work.settings().choice(Id::CoDeadline) == "main";
    let running = work
        .ticket
        .clocks
        .iter()
        .filter(|it| it.runs() && it.clock.kind == ClockKind::Close);
    let clocks: Vec<Clock> = running.cloned().collect();
    for clock in clocks.iter().filter(|it| it.clock.subject == 0 || shared) {
        let main = clocks.iter().find(|it| it.clock.subject == 0).unwrap_or(clock);
        let begin = if again.from_now { work.ctx.now } else { main.start };
        let limit: Option<CloseLimit> = dispatch::close_limit(work, begin);
        if let Some(limit) = limit {
            move_by(work, clock, limit.deadline, again, (limit.rule, limit.basis));
        } else {
            work.void(ClockKind::Close, clock.clock.subject);
        }
    }
}

/// Moves a clock when the deadline is still to come, and not later than before unless that is allowed.
fn move_by(work: &mut Work<'_>, clock: &Clock, to: Deadline, again: Again, limit: (Rule, String)) {
    let old: WallTime = clock.deadline.unwrap_or(to.at);
    if to.at <= work.ctx.now || (old < to.at && !again.longer) {
        return;
    }
    work.reclassify(clock.clock.kind, clock.clock.subject, to, limit);
}
