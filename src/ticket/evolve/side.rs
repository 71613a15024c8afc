//! Applies facts about what hangs on an order: requests, co-units' parts, 督办, 帮办, 催办, 批示.

use crate::base::time::WallTime;
use crate::fact::ticket::TicketFact;
use crate::ticket::model::Help;
use crate::ticket::model::HelpState;
use crate::ticket::model::Request;
use crate::ticket::model::RequestKind;
use crate::ticket::model::RequestState;
use crate::ticket::model::RouteBasis;
use crate::ticket::model::State;
use crate::ticket::model::SubOrder;
use crate::ticket::model::SubState;
use crate::ticket::model::Supervision;
use crate::ticket::model::SupervisionState;
use crate::ticket::model::Ticket;

/// Applies `fact` if it is about a side record; whether it is.
pub(super) fn evolve(ticket: &mut Ticket, at: WallTime, fact: &TicketFact) -> bool {
    requested(ticket, at, fact)
        || subs(ticket, at, fact)
        || supervised(ticket, at, fact)
        || helped(ticket, at, fact)
}

fn requested(ticket: &mut Ticket, at: WallTime, fact: &TicketFact) -> bool {
    match fact {
        TicketFact::Requested {
            request,
            what,
            cycle,
            unit,
            sub,
            reason,
            complex,
            units,
            until,
            files,
            overridden,
            ..
        } => ticket.requests.push(Request {
            no: *request,
            what: *what,
            state: RequestState::Open,
            cycle: *cycle,
            unit: unit.clone(),
            sub: *sub,
            at,
            decided_at: None,
            decided_late: false,
            reason: *reason,
            complex: *complex,
            overridden: *overridden,
            units: units.clone(),
            until: *until,
            files: files.clone(),
        }),
        TicketFact::RequestDecided {
            request,
            state,
            late,
            complex,
            until,
        } => decided(ticket, at, *request, (*state, *late), *complex, until.as_ref()),
        _ => return false,
    }
    true
}

fn decided(
    ticket: &mut Ticket,
    at: WallTime,
    no: u32,
    (state, late): (RequestState, bool),
    complex: bool,
    until: Option<&WallTime>,
) {
    let Some(request) = ticket.requests.iter_mut().find(|it| it.no == no) else {
        return;
    };
    (request.state, request.decided_at, request.decided_late) = (state, Some(at), late);
    request.complex = complex;
    if let Some(until) = until {
        request.until = Some(*until);
    }
    let main_return = request.what == RequestKind::Return && request.sub.is_none();
    if main_return && state == RequestState::Approved {
        // What a grid officer hands back was never anybody's 退单 (7.2 c).
        let by_grid = ticket
            .cycle()
            .is_some_and(|it| it.basis == Some(RouteBasis::Grid));
        ticket.returns += u32::from(!by_grid);
        ticket.state = State::PendingDispatch;
    }
}

fn subs(ticket: &mut Ticket, at: WallTime, fact: &TicketFact) -> bool {
    match fact {
        TicketFact::SubOpened { sub, cycle, unit, .. } => ticket.subs.push(SubOrder {
            no: *sub,
            cycle: *cycle,
            unit: unit.clone(),
            state: SubState::PendingSign,
            at,
            signed_late: false,
            done_late: false,
        }),
        TicketFact::SubChanged {
            sub,
            state,
            late,
            cycle,
        } => {
            if let Some(part) = ticket.subs.iter_mut().find(|it| it.no == *sub) {
                match state {
                    SubState::Handling => part.signed_late = *late,
                    SubState::Done => part.done_late = *late,
                    SubState::PendingSign | SubState::Void | SubState::Rework => (),
                }
                (part.state, part.cycle) = (*state, *cycle);
            }
        }
        _ => return false,
    }
    true
}

fn supervised(ticket: &mut Ticket, at: WallTime, fact: &TicketFact) -> bool {
    match fact {
        TicketFact::Supervised {
            no,
            cause,
            cycle,
            unit,
            automatic,
        } => ticket.supervisions.push(Supervision {
            no: *no,
            cause: *cause,
            cycle: *cycle,
            unit: unit.clone(),
            automatic: *automatic,
            state: SupervisionState::Open,
            at,
        }),
        TicketFact::SupervisionChanged { no, state } => {
            if let Some(it) = ticket.supervisions.iter_mut().find(|it| it.no == *no) {
                it.state = *state;
            }
        }
        TicketFact::KeySupervised { case, .. } => ticket.cases.push((*case, true)),
        TicketFact::KeySupervisionEnded { case } => {
            if let Some(it) = ticket.cases.iter_mut().find(|it| it.0 == *case) {
                it.1 = false;
            }
        }
        TicketFact::Urged { by, notified } => ticket.urges.push((at, *by, *notified)),
        TicketFact::Instructed { no } => ticket.instructions = *no,
        TicketFact::ResponsibilityFixed {
            primary, secondary, ..
        } => ticket.responsibility = Some((primary.clone(), secondary.clone())),
        _ => return false,
    }
    true
}

fn helped(ticket: &mut Ticket, at: WallTime, fact: &TicketFact) -> bool {
    match fact {
        TicketFact::HelpOpened { no, departments } => ticket.helps.push(Help {
            no: *no,
            state: HelpState::Created,
            departments: departments.clone(),
            seat: None,
            at,
        }),
        TicketFact::HelpChanged { no, state, seat, .. } => {
            if let Some(help) = ticket.helps.iter_mut().find(|it| it.no == *no) {
                help.state = *state;
                if let Some(seat) = seat {
                    help.seat = Some(seat.clone());
                }
            }
        }
        _ => return false,
    }
    true
}
