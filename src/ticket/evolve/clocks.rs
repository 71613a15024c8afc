//! Applies facts about clocks.

use crate::base::time::WallTime;
use crate::fact::ticket::ClockBody;
use crate::fact::ticket::TicketFact;
use crate::ticket::model::Clock;
use crate::ticket::model::ClockCause;
use crate::ticket::model::ClockRef;
use crate::ticket::model::Ticket;

/// Applies `fact` if it is about a clock; whether it is.
pub(super) fn evolve(ticket: &mut Ticket, at: WallTime, fact: &TicketFact) -> bool {
    match fact {
        TicketFact::ClockStarted { clock } => ticket.clocks.push(started(clock)),
        TicketFact::ClockMoved {
            clock,
            to,
            provisional,
            warnings,
            limit,
            basis,
            cause,
            ..
        } => with(ticket, *clock, |it| {
            it.deadline = Some(*to);
            it.provisional = *provisional;
            it.rule = limit.clone().unwrap_or_else(|| std::mem::take(&mut it.rule));
            it.basis = basis.clone().unwrap_or_else(|| std::mem::take(&mut it.basis));
            // A breach that was told stays told; what lies ahead is watched again.
            it.breached = it.breached && *to <= at;
            it.held = *cause == ClockCause::Pending;
            it.warnings.retain(|warning| *warning <= at);
            it.warned = u32::try_from(it.warnings.len()).unwrap_or(u32::MAX);
            it.warnings
                .extend(warnings.iter().copied().filter(|warning| at < *warning));
        }),
        TicketFact::ClockEnded { clock, end, late } => with(ticket, *clock, |it| {
            it.end = Some(*end);
            it.ended_at = Some(at);
            it.late = *late;
        }),
        TicketFact::ClockWarned { clock, step } => with(ticket, *clock, |it| it.warned = *step),
        TicketFact::ClockBreached { clock } => with(ticket, *clock, |it| it.breached = true),
        _ => return false,
    }
    true
}

fn with(ticket: &mut Ticket, clock: ClockRef, change: impl FnOnce(&mut Clock)) {
    let found = ticket
        .clocks
        .iter_mut()
        .rev()
        .find(|it| it.clock == clock && it.runs());
    if let Some(found) = found {
        change(found);
    }
}

fn started(body: &ClockBody) -> Clock {
    Clock {
        clock: body.clock,
        start: body.start,
        first_deadline: body.deadline,
        deadline: body.deadline,
        provisional: body.provisional,
        rule: body.rule.clone(),
        basis: body.basis.clone(),
        against: body.against.clone(),
        warnings: body.warnings.clone(),
        warned: 0,
        breached: false,
        held: false,
        end: None,
        ended_at: None,
        late: false,
    }
}
