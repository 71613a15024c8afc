//! Extensions (延期): more time, asked for before the deadline, told to the appellant, decided by the organ within a day.
//!
//! ```text
//!  asked in time ─► open ─approved─► the deadline is the approved day's end
//!                     ├──refused in time─► the deadline stays
//!                     ├──refused after the deadline─► one working day of grace
//!                     └──24 h passed─► escalated, still open: silence approves nothing
//! ```
//!
//! **Invariants.** What concerns a group, public opinion or haste is never extended. A unit is not late while what it asked
//! for in time is undecided. Both deadlines are kept.
//! **Not here.** How long an extension may be (`ticket::deadline`).
//! **Source.** DB1302/T 604—2025 7.6; readings Q11 to Q13.

use crate::account::Role;
use crate::base::civil::CivilDate;
use crate::fact::ticket::TicketFact;
use crate::ticket::command::AskExtension;
use crate::ticket::command::Command;
use crate::ticket::command::DecideExtension;
use crate::ticket::deadline::Deadline;
use crate::ticket::deadline::Rule;
use crate::ticket::decide::clocks;
use crate::ticket::decide::dispatch;
use crate::ticket::decide::handling;
use crate::ticket::decide::parts;
use crate::ticket::decide::request;
use crate::ticket::decide::request::REASON_MIN;
use crate::ticket::decide::work::WORDS_MAX;
use crate::ticket::decide::work::Words;
use crate::ticket::decide::work::Work;
use crate::ticket::decide::work::invalid;
use crate::ticket::decide::work::rule;
use crate::ticket::model::Clock;
use crate::ticket::model::ClockCause;
use crate::ticket::model::ClockKind;
use crate::ticket::model::Flag;
use crate::ticket::model::Request;
use crate::ticket::model::RequestKind;
use crate::ticket::model::RequestState;
use crate::ticket::model::Urgency;
use crate::ticket::refusal::TicketError;
use crate::ticket::settings::Id;

const CLAUSE: &str = "7.6";

/// Whether the order may never get more time. Source: 7.6, reading Q13.
pub(super) fn is_forbidden(work: &Work<'_>) -> bool {
    let flags = &work.ticket.flags;
    let flagged = flags.contains(&Flag::Group) || flags.contains(&Flag::PublicOpinion);
    flagged || dispatch::urgency(work) != Urgency::Normal
}

/// Whether the unit is not late although its deadline passed: what it asked for in time is undecided. Source: Q12.
pub(super) fn protects(work: &Work<'_>) -> bool {
    let open = work.ticket.open_request(RequestKind::Extension, None);
    open.is_some_and(|it| it.cycle == work.ticket.cycle_no())
        && work.settings().flag(Id::ExtensionPendingNotLate)
}

/// The instant at which a day given in words ends; it lies after the deadline in force, and no further than the site
/// allows, but on the supervisor's word.
pub(super) fn day_end(
    work: &Work<'_>,
    clock: &Clock,
    day: &str,
    clause: &'static str,
) -> Result<Deadline, TicketError> {
    let Ok(date) = CivilDate::parse(day.trim()) else {
        return Err(invalid("until", "not_a_day", clause));
    };
    let limits = work.limits();
    let at = limits.end(date);
    let Some(now) = clock.deadline else {
        return Err(rule("no_deadline", clause));
    };
    if at <= now.max(work.ctx.now) {
        return Err(invalid("until", "not_later", clause));
    }
    let limit = clock.rule.parse().unwrap_or(Rule::WorkingDays(1));
    let percent = work.settings().count(Id::ExtensionMaxLength);
    let force = Deadline {
        at: now,
        provisional: clock.provisional,
    };
    let longest = limits.latest_extension(force, limit, percent);
    let supervisor = work.has_role(Role::Supervisor) && work.is_city_organ() && work.user().is_some();
    if longest < at && !supervisor {
        return Err(rule("extension_too_long", clause));
    }
    // The day was named: no calendar moves it.
    Ok(Deadline {
        at,
        provisional: false,
    })
}

fn close_clock(work: &Work<'_>, clause: &'static str) -> Result<Clock, TicketError> {
    let clock = work.ticket.clock(ClockKind::Close, 0);
    clock.cloned().ok_or(rule("no_deadline", clause))
}

pub(super) fn ask(work: &mut Work<'_>, command: &Command, it: &AskExtension) -> Result<(), TicketError> {
    work.in_state(command, handling::WORKED)?;
    let unit = work.handler(CLAUSE)?;
    let reason = work.text("reason", &it.reason, (REASON_MIN, WORDS_MAX), CLAUSE)?;
    let progress = work.text("progress", &it.progress, (REASON_MIN, WORDS_MAX), CLAUSE)?;
    let told = work.text("told_text", &it.told_text, (REASON_MIN, WORDS_MAX), CLAUSE)?;
    handling::check_files(&it.files, CLAUSE)?;
    if is_forbidden(work) {
        work.refuse(rule("extension_forbidden", CLAUSE))?;
    }
    let no = request::next(work, RequestKind::Extension, None, CLAUSE)?;
    let clock = close_clock(work, CLAUSE)?;
    if work.is_late(&clock) {
        work.refuse(rule("extension_too_late", CLAUSE))?;
    }
    let cycle = work.ticket.cycle_no();
    let all = work.ticket.requests.iter().filter(|it| it.cycle == cycle);
    let given = all.filter(|it| it.what == RequestKind::Extension && it.state == RequestState::Approved);
    let most = usize::try_from(work.settings().count(Id::ExtensionMaxCount)).unwrap_or(usize::MAX);
    if most <= given.count() {
        work.refuse(rule("extension_used", CLAUSE))?;
    }
    let until = day_end(work, &clock, &it.until, CLAUSE)?;
    let fact = TicketFact::Requested {
        request: no,
        what: RequestKind::Extension,
        cycle,
        unit,
        sub: None,
        reason: None,
        complex: false,
        units: Vec::new(),
        until: Some(until.at),
        told: Some(it.told),
        files: it.files.clone(),
        overridden: false,
    };
    let name = |field: &str| format!("extension.{no}.{field}");
    let words: Words = vec![
        (name("reason"), reason),
        (name("progress"), progress),
        (name("told"), told),
    ];
    work.put_with(fact, words);
    work.start_by(ClockKind::ExtensionReview, no, Id::ExtensionReview, "organ");
    Ok(())
}

pub(super) fn decide(
    work: &mut Work<'_>,
    command: &Command,
    it: &DecideExtension,
) -> Result<(), TicketError> {
    work.in_state(command, handling::WORKED)?;
    dispatch::check_city(work, CLAUSE)?;
    let request = request::open(work, it.request, RequestKind::Extension, CLAUSE)?;
    let least = if it.approve { 0 } else { REASON_MIN };
    let reason = work.text("reason", &it.reason, (least, WORDS_MAX), CLAUSE)?;
    let words = vec![(format!("extension.{}.decision", request.no), reason)];
    if !it.approve {
        refuse(work, &request, words);
        return Ok(());
    }
    // It may have become a matter of haste since it was asked for.
    if is_forbidden(work) {
        work.refuse(rule("extension_forbidden", CLAUSE))?;
    }
    let until = match &it.until {
        Some(day) => day_end(work, &close_clock(work, CLAUSE)?, day, CLAUSE)?,
        None => asked(work, &request)?,
    };
    approve(work, &request, until, words);
    Ok(())
}

/// The deadline that was asked for, if it is still to come.
pub(super) fn asked(work: &Work<'_>, request: &Request) -> Result<Deadline, TicketError> {
    match request.until.filter(|at| work.ctx.now < *at) {
        Some(at) => Ok(Deadline {
            at,
            provisional: false,
        }),
        None => Err(invalid("until", "not_later", CLAUSE)),
    }
}

/// The deadline moves, as if it had always been the new one. Source: 7.6, S4 of the worked examples.
pub(super) fn approve(work: &mut Work<'_>, request: &Request, until: Deadline, words: Words) {
    let late = work.met(ClockKind::ExtensionReview, request.no);
    let fact = TicketFact::RequestDecided {
        request: request.no,
        state: RequestState::Approved,
        late,
        complex: false,
        until: Some(until.at),
    };
    work.put_with(fact, words);
    work.move_clock(ClockKind::Close, 0, until, ClockCause::Extension);
    parts::follow_main(work, until, ClockCause::Extension);
}

/// The deadline stays; when it passed while the organ thought, the unit gets its grace from now.
pub(super) fn refuse(work: &mut Work<'_>, request: &Request, words: Words) {
    let late = work.met(ClockKind::ExtensionReview, request.no);
    let fact = TicketFact::RequestDecided {
        request: request.no,
        state: RequestState::Refused,
        late,
        complex: false,
        until: None,
    };
    work.put_with(fact, words);
    let settings = work.settings();
    let passed = work
        .ticket
        .clock(ClockKind::Close, 0)
        .is_some_and(|it| work.is_late(it));
    if passed && settings.flag(Id::ExtensionPendingNotLate) {
        let grace = work.deadline(work.ctx.now, settings.rule(Id::ExtensionGrace));
        work.move_clock(ClockKind::Close, 0, grace, ClockCause::Grace);
        parts::follow_main(work, grace, ClockCause::Grace);
    } else if passed {
        clocks::tell_breach(work, ClockKind::Close, 0);
    }
}
