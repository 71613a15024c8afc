//! An order in a 重点督办 case, as the order sees it.
//!
//! **Invariants.** Only the city's organ hands an order to the inspection department (督查部门), and only that department
//! lets it go. What was decided while a case held the order open takes effect when the last case ends.
//! **Not here.** The case itself with its orders, limit and rectification (`ticket::key_case`).
//! **Source.** DB1302/T 604—2025 7.8.2.

use crate::fact::ticket::TicketFact;
use crate::ticket::command::Command;
use crate::ticket::command::EnterCase;
use crate::ticket::command::LeaveCase;
use crate::ticket::decide::followup::close_if_decided;
use crate::ticket::decide::work::Work;
use crate::ticket::decide::work::rule;
use crate::ticket::model::State;
use crate::ticket::refusal::TicketError;

/// Cases of one order at most.
pub const CASES_MAX: usize = 20;

/// From dispatch on, the archive included: a matter may grow after its end.
const STATES: &[State] = &[
    State::PendingDispatch,
    State::Arbitration,
    State::PendingSign,
    State::Handling,
    State::Review,
    State::Followup,
    State::Verify,
    State::Rework,
    State::Closed,
    State::Archived,
];

pub(super) fn decide(work: &mut Work<'_>, command: &Command) -> Result<(), TicketError> {
    match command {
        Command::EnterCase(it) => enter(work, command, it),
        Command::LeaveCase(it) => leave(work, it),
        _ => {
            debug_assert!(false, "{} is no case", command.code());
            Ok(())
        }
    }
}

fn enter(work: &mut Work<'_>, command: &Command, it: &EnterCase) -> Result<(), TicketError> {
    work.in_state(command, STATES)?;
    if !work.is_city_organ() {
        return Err(TicketError::Forbidden {
            rule: "city_organ",
            clause: "7.8.2",
        });
    }
    if work.ticket.cases.iter().any(|(case, _)| *case == it.case) {
        return Err(rule("already_in_case", "7.8.2"));
    }
    if CASES_MAX <= work.ticket.cases.len() {
        return Err(rule("case_limit", "7.8.2"));
    }
    work.put(TicketFact::KeySupervised {
        case: it.case,
        cause: it.cause,
    });
    Ok(())
}

fn leave(work: &mut Work<'_>, it: &LeaveCase) -> Result<(), TicketError> {
    if !work.ticket.cases.contains(&(it.case, true)) {
        return Err(rule("not_in_case", "7.8.2"));
    }
    work.put(TicketFact::KeySupervisionEnded { case: it.case });
    let held = work.ticket.cases.iter().any(|(_, open)| *open);
    if !held {
        close_if_decided(work);
    }
    Ok(())
}
