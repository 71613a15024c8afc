//! Applies facts from the first word to acceptance or another end.

use crate::base::time::WallTime;
use crate::fact::ticket::TicketFact;
use crate::ticket::close_limit::CloseClass;
use crate::ticket::model::Closing;
use crate::ticket::model::Cycle;
use crate::ticket::model::Ending;
use crate::ticket::model::State;
use crate::ticket::model::Ticket;

/// Applies `fact` if it is about intake; whether it is.
pub(super) fn evolve(ticket: &mut Ticket, at: WallTime, fact: &TicketFact) -> bool {
    opened(ticket, fact) || written(ticket, at, fact) || ended(ticket, at, fact)
}

fn opened(ticket: &mut Ticket, fact: &TicketFact) -> bool {
    match fact {
        TicketFact::DraftOpened {
            number,
            agent,
            queue,
            recording,
            line,
        } => {
            ticket.number.clone_from(number);
            ticket.line.clone_from(line);
            ticket.agent = Some(agent.clone());
            ticket.queue = Some(queue.clone());
            ticket.recording = *recording;
        }
        TicketFact::MatterOpened {
            number,
            agent,
            first,
            matter,
        } => {
            ticket.number.clone_from(number);
            ticket.agent = Some(agent.clone());
            (ticket.first, ticket.matter) = (Some(*first), *matter);
        }
        TicketFact::Received {
            number,
            channel,
            platform,
            external,
            deadline,
            digest,
            grid,
        } => {
            ticket.state = State::Intake;
            ticket.number.clone_from(number);
            let origin = &mut ticket.origin;
            origin.channel.clone_from(channel);
            origin.platform.clone_from(platform);
            origin.external.clone_from(external);
            (origin.upper_deadline, origin.grid) = (*deadline, *grid);
            origin.digest = Some(digest.clone());
        }
        TicketFact::Imported {
            number,
            old_number,
            state,
            unit,
            accepted_at,
            closed_at,
        } => {
            ticket.number.clone_from(number);
            (ticket.accepted_at, ticket.closed_at) = (*accepted_at, *closed_at);
            if unit.is_some() {
                ticket.cycles.push(Cycle {
                    no: 1,
                    unit: unit.clone(),
                    handler: unit.clone(),
                    ..Cycle::default()
                });
            }
            ticket.origin.old_number = Some(old_number.clone());
            "import".clone_into(&mut ticket.origin.channel);
            (ticket.state, ticket.closing) = (*state, Some(Closing::Imported));
        }
        _ => return false,
    }
    true
}

fn written(ticket: &mut Ticket, at: WallTime, fact: &TicketFact) -> bool {
    match fact {
        TicketFact::DraftSaved { .. } | TicketFact::FactsAdded { .. } => (),
        TicketFact::Claimed { agent } => {
            (ticket.agent, ticket.state) = (Some(agent.clone()), State::Draft);
        }
        TicketFact::Submitted { .. } => {
            ticket.state = State::PendingDispatch;
            ticket.submitted_at = Some(at);
            ticket.accepted_at.get_or_insert(at);
        }
        TicketFact::Accepted { at, .. } => {
            ticket.accepted_at.get_or_insert(*at);
        }
        TicketFact::Flagged { flag, on: true } => {
            ticket.flags.insert(*flag);
        }
        TicketFact::Flagged { flag, on: false } => {
            ticket.flags.remove(flag);
        }
        TicketFact::CircleSet { confidential, circle } => {
            (ticket.confidential, ticket.circle) = (*confidential, circle.clone());
        }
        TicketFact::Attached { file, purpose } => ticket.files.push((file.clone(), purpose.clone())),
        TicketFact::CallLinked {
            interaction, purpose, ..
        } => ticket.calls.push((*interaction, purpose.clone())),
        TicketFact::CallerWarned { .. } => ticket.warned.push(at),
        TicketFact::Repeated {
            repeat,
            same_appellant,
        } => ticket.repeats.push((*repeat, *same_appellant)),
        TicketFact::RepeatUndone { repeat } => ticket.repeats.retain(|(it, _)| it != repeat),
        TicketFact::UrgencyChanged { to, .. } => {
            ticket.draft.urgency = Some(*to);
            reclass(ticket);
        }
        TicketFact::TypeChanged { to, .. } => {
            ticket.draft.appeal_type = Some(*to);
            reclass(ticket);
        }
        TicketFact::CategoryChanged { to, version, .. } => {
            ticket.draft.category.clone_from(to);
            ticket.draft.category_version = *version;
        }
        _ => return false,
    }
    true
}

/// The class of the newest cycle follows the kind and the urgency while a unit has the order.
fn reclass(ticket: &mut Ticket) {
    let (Some(appeal_type), Some(urgency)) = (ticket.draft.appeal_type, ticket.draft.urgency) else {
        return;
    };
    let with_unit = matches!(ticket.state, State::PendingSign | State::Handling | State::Rework);
    if let Some(cycle) = ticket.cycles.last_mut().filter(|_| with_unit) {
        let class = CloseClass::of(appeal_type, urgency);
        cycle.class = class.map_or_else(String::new, |class| class.code().to_owned());
    }
}

fn ended(ticket: &mut Ticket, at: WallTime, fact: &TicketFact) -> bool {
    let (state, ending) = match fact {
        TicketFact::Answered {
            basis,
            article,
            master,
            ..
        } => {
            ticket.accepted_at.get_or_insert(at);
            let (article, master) = (article.clone(), *master);
            (
                State::Answered,
                Ending::Answered {
                    basis: *basis,
                    article,
                    master,
                },
            )
        }
        TicketFact::NotAccepted {
            reason, procedure, ..
        } => {
            let (reason, procedure) = (*reason, *procedure);
            (State::NotAccepted, Ending::NotAccepted { reason, procedure })
        }
        TicketFact::MarkedInvalid { disposition } => {
            let disposition = *disposition;
            (State::Invalid, Ending::Invalid { disposition })
        }
        TicketFact::Referred { line, .. } => (State::Referred, Ending::Referred { line: line.clone() }),
        TicketFact::Merged {
            master,
            same_appellant,
            ..
        } => {
            let (master, same_appellant) = (*master, *same_appellant);
            ticket.accepted_at.get_or_insert(at);
            (
                State::Merged,
                Ending::Merged {
                    master,
                    same_appellant,
                },
            )
        }
        TicketFact::Cancelled { withdrawn } => {
            let withdrawn = *withdrawn;
            (State::Cancelled, Ending::Cancelled { withdrawn })
        }
        _ => return false,
    };
    (ticket.state, ticket.ending) = (state, Some(ending));
    true
}
