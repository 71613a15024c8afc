//! Applies facts from dispatch to the archive.

use crate::base::time::WallTime;
use crate::fact::ticket::TicketFact;
use crate::ticket::model::Attempt;
use crate::ticket::model::Contact;
use crate::ticket::model::Cycle;
use crate::ticket::model::Exemption;
use crate::ticket::model::FollowupLevel;
use crate::ticket::model::FollowupWord;
use crate::ticket::model::State;
use crate::ticket::model::Ticket;
use crate::ticket::model::Verdict;

/// Applies `fact` if it is about handling; whether it is.
pub(super) fn evolve(ticket: &mut Ticket, at: WallTime, fact: &TicketFact) -> bool {
    dispatched(ticket, at, fact)
        || handled(ticket, at, fact)
        || followed(ticket, at, fact)
        || ended(ticket, at, fact)
}

fn newest(ticket: &mut Ticket, change: impl FnOnce(&mut Cycle)) {
    if let Some(cycle) = ticket.cycles.last_mut() {
        change(cycle);
    }
}

fn dispatched(ticket: &mut Ticket, at: WallTime, fact: &TicketFact) -> bool {
    match fact {
        TicketFact::Dispatched {
            cycle,
            unit,
            basis,
            rule,
            grid,
            class,
            final_unit,
            for_information,
            ..
        } => {
            ticket.state = State::PendingSign;
            if *for_information {
                ticket.exempt = Some(Exemption::Praise);
            }
            ticket.final_unit |= *final_unit;
            let fresh = Cycle {
                no: *cycle,
                unit: Some(unit.clone()),
                handler: Some(unit.clone()),
                basis: Some(*basis),
                rule: rule.clone(),
                grid: grid.clone(),
                class: class.clone(),
                dispatched_at: Some(at),
                ..Cycle::default()
            };
            // A return is no rework: the same cycle goes to another unit.
            ticket.cycles.retain(|it| it.no != *cycle);
            ticket.cycles.push(fresh);
        }
        TicketFact::SentBackToIntake {} => ticket.state = State::Draft,
        TicketFact::ArbitrationOpened { .. } => ticket.state = State::Arbitration,
        TicketFact::Arbitrated { .. } => ticket.returns = 0,
        TicketFact::Redispatched { to, .. } => newest(ticket, |cycle| cycle.handler = Some(to.clone())),
        TicketFact::Signed { late, .. } => {
            ticket.state = State::Handling;
            newest(ticket, |cycle| {
                (cycle.signed_at, cycle.signed_late) = (Some(at), *late);
            });
        }
        TicketFact::DutyNotified { .. } | TicketFact::DutyAcknowledged { .. } => (),
        TicketFact::Reworked { cycle, unit } => {
            ticket.state = State::Rework;
            // The same people again, found as they were: a grid officer gets his own order back.
            let before = ticket.cycle().cloned().unwrap_or_default();
            let handler = ticket.handler().cloned();
            ticket.cycles.push(Cycle {
                no: *cycle,
                unit: Some(unit.clone()),
                handler,
                basis: before.basis,
                rule: before.rule,
                grid: before.grid,
                class: before.class,
                dispatched_at: Some(at),
                signed_at: Some(at),
                ..Cycle::default()
            });
        }
        _ => return false,
    }
    true
}

fn handled(ticket: &mut Ticket, at: WallTime, fact: &TicketFact) -> bool {
    match fact {
        TicketFact::Contacted {
            unit,
            way,
            outcome,
            opinion,
            call,
            ..
        } => {
            let contact = Contact {
                at,
                unit: unit.clone(),
                way: *way,
                outcome: *outcome,
                opinion: *opinion,
                call: *call,
            };
            newest(ticket, |cycle| cycle.contacts.push(contact));
        }
        TicketFact::Progressed { first_result, .. } => newest(ticket, |cycle| {
            cycle.stages += 1;
            if *first_result {
                cycle.first_result_at.get_or_insert(at);
            }
        }),
        TicketFact::FedBack { solved, late, .. } => {
            ticket.state = State::Review;
            newest(ticket, |cycle| {
                (cycle.fed_back_at, cycle.fed_back_late) = (Some(at), *late);
                cycle.said_solved = *solved;
            });
        }
        TicketFact::ReviewPassed { county: true, .. } => {
            newest(ticket, |cycle| cycle.county_reviewed_at = Some(at));
        }
        TicketFact::ReviewPassed { exempt, .. } => {
            ticket.exempt = exempt.or(ticket.exempt);
            newest(ticket, |cycle| cycle.reviewed_at = Some(at));
        }
        TicketFact::ReviewSentBack { .. } => {
            // A cycle that was dispatched has a basis; one that came of a verification has none.
            ticket.state = if ticket.cycle().is_some_and(|it| it.basis.is_none()) {
                State::Rework
            } else {
                State::Handling
            };
            newest(ticket, |cycle| {
                cycle.sent_back += 1;
                cycle.county_reviewed_at = None;
            });
        }
        _ => return false,
    }
    true
}

fn followed(ticket: &mut Ticket, at: WallTime, fact: &TicketFact) -> bool {
    match fact {
        TicketFact::FollowupPlanned {
            modes, only_person, ..
        } => {
            if matches!(ticket.state, State::Review | State::Answered) {
                ticket.state = State::Followup;
            }
            own_cycle(ticket);
            newest(ticket, |cycle| {
                (cycle.plan, cycle.only_person) = (modes.clone(), *only_person);
            });
        }
        TicketFact::FollowupAttempted {
            level,
            mode,
            reached,
            daypart,
            ..
        } => {
            own_cycle(ticket);
            let attempt = Attempt {
                at,
                level: *level,
                mode: *mode,
                reached: *reached,
                daypart: *daypart,
            };
            newest(ticket, |cycle| cycle.attempts.push(attempt));
        }
        TicketFact::FollowupRecorded {
            level,
            mode,
            result,
            satisfaction,
            reached,
            ..
        } => recorded(
            ticket,
            *level,
            FollowupWord {
                at,
                mode: *mode,
                result: *result,
                satisfaction: *satisfaction,
                reached: *reached,
            },
        ),
        TicketFact::AgentRated { satisfaction } => ticket.agent_rating = Some(*satisfaction),
        TicketFact::VerifyProposed { verdict, by, .. } => {
            newest(ticket, |cycle| cycle.proposed = Some((*verdict, by.clone())));
        }
        TicketFact::Verified {
            verdict, excluded, ..
        } => newest(ticket, |cycle| {
            (cycle.verdict, cycle.excluded) = (Some(*verdict), *excluded && *verdict == Verdict::Close);
        }),
        _ => return false,
    }
    true
}

/// An order that was never dispatched has no cycle: what its appellant says is kept in one of its own.
fn own_cycle(ticket: &mut Ticket) {
    if ticket.cycles.is_empty() {
        ticket.cycles.push(Cycle::default());
    }
}

fn recorded(ticket: &mut Ticket, level: FollowupLevel, word: FollowupWord) {
    let negative = word.is_negative();
    own_cycle(ticket);
    newest(ticket, |cycle| match level {
        FollowupLevel::City => cycle.city = Some(word),
        FollowupLevel::County => cycle.county = Some(word),
    });
    let asked = matches!(ticket.state, State::Followup | State::Answered);
    if level == FollowupLevel::City && negative && asked {
        ticket.state = State::Verify;
    }
}

fn ended(ticket: &mut Ticket, at: WallTime, fact: &TicketFact) -> bool {
    match fact {
        TicketFact::Closed { how, .. } => {
            (ticket.state, ticket.closing, ticket.closed_at) = (State::Closed, Some(*how), Some(at));
        }
        TicketFact::Archived { manifest, .. } => {
            (ticket.state, ticket.archive) = (State::Archived, Some(manifest.clone()));
        }
        TicketFact::Reopened {} => {
            ticket.state = State::PendingDispatch;
            ticket.reopened += 1;
            (ticket.closing, ticket.closed_at, ticket.ending) = (None, None, None);
        }
        TicketFact::RefusalOverturned {} | TicketFact::Unmerged { .. } => {
            (ticket.state, ticket.ending) = (State::PendingDispatch, None);
        }
        _ => return false,
    }
    true
}
