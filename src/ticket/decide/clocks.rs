//! What a clock does when its warning or its deadline comes.
//!
//! ```text
//!  runs ─warning─► runs ─deadline─► breached (told once) ─what it waited for─► met, late
//!                    │                 └─ sign, close, first result: 督办 a, b, once a cause, cycle and unit
//!                    ├─ windows, waits: over ─► what follows: the next notice, the next way, …
//!                    └─ an extension asked for in time is undecided: held until it is decided
//! ```
//!
//! **Invariants.** A due instant does its work once: the second time there is nothing to do. A deadline that is no longer
//! provisional, or still is, only moves forward. A unit whose extension is undecided is not told of as late.
//! **Not here.** When to look (`engine::deadlines`); the archive's clock, which the engine keeps by archiving.
//! **Source.** DB1302/T 604—2025 7.2 to 7.8.1; readings Q12, Q20.

use crate::base::ids::OrganId;
use crate::base::time::WallTime;
use crate::fact::ticket::TicketFact;
use crate::ticket::command::ClockDue;
use crate::ticket::command::Command;
use crate::ticket::deadline::Deadline;
use crate::ticket::deadline::Limits;
use crate::ticket::deadline::Rule;
use crate::ticket::decide::duty;
use crate::ticket::decide::extension;
use crate::ticket::decide::followup;
use crate::ticket::decide::work::Words;
use crate::ticket::decide::work::Work;
use crate::ticket::model::Clock;
use crate::ticket::model::ClockCause;
use crate::ticket::model::ClockEnd;
use crate::ticket::model::ClockKind;
use crate::ticket::model::ClockRef;
use crate::ticket::model::RequestKind;
use crate::ticket::model::State;
use crate::ticket::model::SupervisionCause;
use crate::ticket::model::SupervisionState;
use crate::ticket::settings::Id;

/// Does what is due; there is nothing to refuse the program.
pub(super) fn decide(work: &mut Work<'_>, command: &Command) {
    match command {
        Command::ClockDue(it) => due(work, it),
        Command::Recompute => recompute(work),
        _ => debug_assert!(false, "{} is no clock's", command.code()),
    }
}

fn due(work: &mut Work<'_>, it: &ClockDue) {
    let running = work.ticket.clocks.iter().rev();
    let found = running
        .filter(|clock| clock.runs())
        .find(|clock| clock.clock == it.clock);
    let Some(clock) = found.cloned() else { return };
    let now = work.ctx.now;
    if clock.next_due().is_none_or(|at| now < at) {
        return;
    }
    if !work.is_late(&clock) {
        let given = clock.warnings.iter().filter(|at| **at <= now).count();
        let step = u32::try_from(given).unwrap_or(u32::MAX);
        work.put(TicketFact::ClockWarned {
            clock: it.clock,
            step,
        });
        return;
    }
    passed(work, it.clock);
}

/// The deadline passed, and nobody was told yet.
fn passed(work: &mut Work<'_>, clock: ClockRef) {
    let subject = clock.subject;
    match clock.kind {
        ClockKind::ReturnWindow | ClockKind::CoApplyWindow => {
            work.end(clock.kind, subject, ClockEnd::Over);
        }
        ClockKind::InstantRating => {
            work.end(clock.kind, subject, ClockEnd::Over);
            if work.ticket.state == State::Answered {
                followup::rating_over(work);
            }
        }
        ClockKind::DutyNotice if 0 < subject => {
            work.end(clock.kind, subject, ClockEnd::Over);
            duty::notify(work);
        }
        ClockKind::Close if is_protected(work, subject) => hold(work, clock),
        ClockKind::Sign | ClockKind::Close | ClockKind::FirstResult => tell_breach(work, clock.kind, subject),
        ClockKind::ExtensionReview => {
            breached(work, clock);
            review_ran_out(work, subject);
        }
        ClockKind::SupervisionReply => {
            breached(work, clock);
            escalate(work, subject);
        }
        // The engine archives; the citizen's clock only counts.
        ClockKind::Archive | ClockKind::Citizen => (),
        ClockKind::Inbox
        | ClockKind::Dispatch
        | ClockKind::DutyNotice
        | ClockKind::ReturnReview
        | ClockKind::CoReview
        | ClockKind::FeedbackReview
        | ClockKind::FollowupStart
        | ClockKind::FollowupAttempt
        | ClockKind::Verify
        | ClockKind::Arbitration
        | ClockKind::HelpContact
        | ClockKind::HelpReport => breached(work, clock),
    }
}

/// The deadline passed while an extension asked for in time is undecided: it is written down, and nobody is late.
fn hold(work: &mut Work<'_>, clock: ClockRef) {
    let running = work.ticket.clock(clock.kind, clock.subject);
    let Some((at, provisional)) = running.and_then(|it| Some((it.deadline?, it.provisional))) else {
        return;
    };
    work.put(TicketFact::ClockMoved {
        clock,
        from: at,
        to: at,
        provisional,
        cause: ClockCause::Pending,
        warnings: Vec::new(),
        limit: None,
        basis: None,
    });
}

fn breached(work: &mut Work<'_>, clock: ClockRef) {
    work.put(TicketFact::ClockBreached { clock });
}

/// Tells that a unit's clock passed its deadline, if it did and nobody was told, and supervises the unit. Commands that
/// end such a clock ask first, so that a breach nobody came to tell is not lost. Source: 7.8.1 a, b.
pub(super) fn tell_breach(work: &mut Work<'_>, kind: ClockKind, subject: u32) {
    let Some(clock) = work.ticket.clock(kind, subject) else {
        return;
    };
    let told = clock.breached || !work.is_late(clock);
    if told || (kind == ClockKind::Close && is_protected(work, subject)) {
        return;
    }
    let clock = clock.clock;
    breached(work, clock);
    let cause = if kind == ClockKind::Sign {
        SupervisionCause::LateSign
    } else {
        SupervisionCause::LateClose
    };
    let unit = match work.ticket.sub(subject) {
        Some(part) if 0 < subject => Some(part.unit.clone()),
        _ => work.ticket.handler().cloned(),
    };
    if let Some(unit) = unit {
        supervise(work, cause, unit);
    }
}

/// Whether what was asked for in time is undecided: of the order itself, and of the parts whose deadline is its own.
fn is_protected(work: &Work<'_>, subject: u32) -> bool {
    let same = subject == 0 || work.settings().choice(Id::CoDeadline) == "main";
    same && extension::protects(work)
}

/// 督办 by the program: once a cause, cycle and unit. Source: 7.8.1.
fn supervise(work: &mut Work<'_>, cause: SupervisionCause, unit: OrganId) {
    let cycle = work.ticket.cycle_no();
    let mut all = work.ticket.supervisions.iter();
    if all.any(|it| (it.cause, it.cycle) == (cause, cycle) && it.unit == unit) {
        return;
    }
    let no = u32::try_from(work.ticket.supervisions.len() + 1).unwrap_or(u32::MAX);
    work.put(TicketFact::Supervised {
        no,
        cause,
        cycle,
        unit,
        automatic: true,
    });
    work.start_by(ClockKind::SupervisionReply, no, Id::SupervisionReply, "unit");
}

/// The organ did not decide on an extension in its day: silence approves nothing, unless the site says so. Source: Q12.
fn review_ran_out(work: &mut Work<'_>, request: u32) {
    let choice = work.settings().choice(Id::ExtensionOnReviewTimeout);
    let open = work.ticket.open_request(RequestKind::Extension, None);
    let Some(request) = open.filter(|it| it.no == request).cloned() else {
        return;
    };
    match (choice, extension::asked(work, &request)) {
        ("approve", Ok(until)) => extension::approve(work, &request, until, Words::new()),
        ("reject", _) => extension::refuse(work, &request, Words::new()),
        _ => (),
    }
}

fn escalate(work: &mut Work<'_>, no: u32) {
    let waits = [SupervisionState::Open, SupervisionState::Read];
    let found = work.ticket.supervisions.iter().find(|it| it.no == no);
    if found.is_some_and(|it| waits.contains(&it.state)) {
        work.put(TicketFact::SupervisionChanged {
            no,
            state: SupervisionState::Escalated,
        });
    }
}

/// Counts provisional deadlines again, each with what counted when it began. Source: the working-day rule.
fn recompute(work: &mut Work<'_>) {
    let clocks = work.ticket.clocks.iter();
    let provisional: Vec<Clock> = clocks.filter(|it| it.runs() && it.provisional).cloned().collect();
    for clock in provisional {
        let (Some(at), Ok(limit)) = (clock.deadline, clock.rule.parse::<Rule>()) else {
            continue;
        };
        let old = Deadline {
            at,
            provisional: true,
        };
        if let Some(new) = counted_again(work, clock.start, limit, old) {
            work.move_clock(clock.clock.kind, clock.clock.subject, new, ClockCause::Calendar);
        }
    }
}

fn counted_again(work: &Work<'_>, start: WallTime, limit: Rule, old: Deadline) -> Option<Deadline> {
    Limits::of(work.ctx.reference, work.ctx.zone, start).recompute(start, limit, old)
}
