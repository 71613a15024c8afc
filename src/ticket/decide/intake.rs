//! Intake (受理): claiming, writing, accepting, and straight to the grid.
//!
//! ```text
//!  intake ─claim─► draft ─submit─► pending_dispatch
//!                   │ ▲  └─ matter of the grid list, grid found ─► pending_sign
//!                   │ └─ sent back, facts missing
//!                   └─ answered, not accepted, invalid, referred, merged (ticket::decide::endings)
//! ```
//!
//! **Invariants.** A draft is written by its own agent or a supervisor. The citizen's clock starts with the first
//! acceptance and with nothing else; an order that comes back to the desk is not accepted twice.
//! **Not here.** The fields (`ticket::decide::draft`), the dispatch (`ticket::decide::dispatch`).
//! **Source.** DB1302/T 604—2025 3.3, 7.1.2, 7.2 a, 7.2 c; readings Q2, Q4, Q26.

use crate::account::Role;
use crate::base::time::WallTime;
use crate::fact::ticket::TicketFact;
use crate::ticket::command::Command;
use crate::ticket::decide::dispatch;
use crate::ticket::decide::dispatch::Sending;
use crate::ticket::decide::draft;
use crate::ticket::decide::draft::CLAUSE_APPELLANT;
use crate::ticket::decide::draft::CLAUSE_ITEMS;
use crate::ticket::decide::endings;
use crate::ticket::decide::work::Start;
use crate::ticket::decide::work::Work;
use crate::ticket::evolve;
use crate::ticket::model::AppealType;
use crate::ticket::model::AppellantKind;
use crate::ticket::model::ClockKind;
use crate::ticket::model::Flag;
use crate::ticket::model::Place;
use crate::ticket::model::RouteBasis;
use crate::ticket::model::State;
use crate::ticket::model::Urgency;
use crate::ticket::refusal::TicketError;
use crate::ticket::routing::Question;
use crate::ticket::settings::Id;

pub(super) fn decide(work: &mut Work<'_>, command: &Command) -> Result<(), TicketError> {
    match command {
        Command::Claim(_) => claim(work, command),
        Command::RecordRepeat(it) => endings::record_repeat(work, it),
        Command::MarkInvalid(it) if work.ticket.state == State::Invalid => {
            endings::correct(work, it.disposition)
        }
        _ => {
            work.in_state(command, &[State::Draft])?;
            check_own(work, command.clause())?;
            match command {
                Command::SaveDraft(fields) => draft::save(work, fields),
                Command::Submit(_) => submit(work),
                Command::Answer(it) => endings::answer(work, it),
                Command::WarnCaller(it) => endings::warn_caller(work, it),
                Command::Refuse(it) => endings::refuse(work, it),
                Command::MarkInvalid(it) => endings::mark_invalid(work, it.disposition),
                Command::Refer(it) => endings::refer(work, it),
                Command::Merge(it) => endings::merge(work, it),
                _ => {
                    debug_assert!(false, "{} is no intake", command.code());
                    Ok(())
                }
            }
        }
    }
}

/// A draft is its agent's; a supervisor may step in.
pub(super) fn check_own(work: &Work<'_>, clause: &'static str) -> Result<(), TicketError> {
    let Some(who) = work.user() else { return Ok(()) };
    let own = who.agent.is_some() && who.agent == work.ticket.agent;
    if own || who.roles.contains(&Role::Supervisor) {
        return Ok(());
    }
    Err(TicketError::Forbidden {
        rule: "not_your_order",
        clause,
    })
}

/// T03: an item of the inbox gets its agent; whoever comes second finds it in another state.
fn claim(work: &mut Work<'_>, command: &Command) -> Result<(), TicketError> {
    work.in_state(command, &[State::Intake])?;
    let Some(agent) = work.user().and_then(|who| who.agent.clone()) else {
        return Err(TicketError::Forbidden {
            rule: "no_agent",
            clause: command.clause(),
        });
    };
    work.put(TicketFact::Claimed { agent });
    work.met(ClockKind::Inbox, 0);
    Ok(())
}

/// T09, T10: the appeal is accepted.
fn submit(work: &mut Work<'_>) -> Result<(), TicketError> {
    let (appeal_type, urgency) = check_items(work)?;
    mark_enterprise(work);
    let values = evolve::values(&work.ticket.draft);
    let fact = TicketFact::Submitted {
        appeal_type: appeal_type.code().to_owned(),
        category: work.ticket.draft.category.clone(),
        category_version: work.ticket.draft.category_version,
        urgency: urgency.code().to_owned(),
        version: work.ticket.version + 1,
    };
    let first = work.ticket.accepted_at.is_none();
    work.put_values(fact, values);
    if first {
        let at = work.ctx.now;
        work.put(TicketFact::Accepted { at, again: false });
    }
    let since = work.ticket.accepted_at.unwrap_or(work.ctx.now);
    match grid_of(work) {
        Some(sending) => {
            start_citizen(work, since);
            dispatch::send(work, sending);
        }
        None => start_accepted(work, since),
    }
    Ok(())
}

/// The five items of 7.1.2 a and the place; for a legal person or organisation its name.
fn check_items(work: &Work<'_>) -> Result<(AppealType, Urgency), TicketError> {
    let draft = &work.ticket.draft;
    let mut fields = draft::missing(draft);
    fields.retain(|field| !work.ctx.reference.suspends(field));
    match (draft.appeal_type, draft.urgency) {
        (Some(appeal_type), Some(urgency)) if fields.is_empty() => Ok((appeal_type, urgency)),
        _ => {
            let clause = if fields == ["company"] {
                CLAUSE_APPELLANT
            } else {
                CLAUSE_ITEMS
            };
            Err(TicketError::Incomplete { fields, clause })
        }
    }
}

/// An appeal of a legal person or organisation is an enterprise's; the flag says so in the trail. 个体工商户 and business
/// matters are marked by the agent. Source: 3.3, 7.7.1.
pub(super) fn mark_enterprise(work: &mut Work<'_>) {
    let kinds = work.settings().list(Id::EnterpriseKinds);
    let kind = work.ticket.draft.appellant_kind.map(AppellantKind::code);
    let is_one = kind.is_some_and(|kind| kinds.iter().any(|it| it == kind));
    if is_one && !work.ticket.flags.contains(&Flag::Enterprise) {
        let flag = Flag::Enterprise;
        work.put(TicketFact::Flagged { flag, on: true });
    }
}

/// The grid to which a matter goes at once: on the list, the grid known, and nothing that needs a person's judgement.
/// What a grid officer reported himself needs a unit. Source: 7.1.2 c, 7.2 c.
fn grid_of(work: &Work<'_>) -> Option<Sending> {
    let (ticket, draft) = (&work.ticket, &work.ticket.draft);
    let judged = ticket.confidential
        || draft.secrecy
        || ticket.origin.grid
        || !ticket.cycles.is_empty()
        || draft.appeal_type == Some(AppealType::Praise)
        || draft.urgency == Some(Urgency::Critical);
    let Place::At { region, address } = &draft.place else {
        return None;
    };
    if judged {
        return None;
    }
    let question = Question {
        category: &draft.category,
        region: Some(region),
        target: draft.target_organ.as_ref(),
        day: work.ctx.zone.date_of(work.ctx.now),
    };
    let grid = work.ctx.reference.grid_of(question, address)?;
    Some(Sending {
        unit: grid.organ.clone(),
        basis: RouteBasis::Grid,
        rule: None,
        grid: Some(grid.id.clone()),
        secondary: Vec::new(),
        reason: String::new(),
    })
}

/// The organ's clocks of an accepted order that waits for dispatch; those that run already go on. `since` is the first
/// acceptance. Source: 7.2 a.
pub(super) fn start_accepted(work: &mut Work<'_>, since: WallTime) {
    let urgency = dispatch::urgency(work);
    if work.ticket.clock(ClockKind::Dispatch, 0).is_none() {
        let limit = Id::of_clock(ClockKind::Dispatch, urgency).unwrap_or(Id::Dispatch);
        work.start_by(ClockKind::Dispatch, 0, limit, "organ");
    }
    start_duty(work);
    start_citizen(work, since);
}

/// The clock until the duty office knows of an urgent order. Source: 7.2 a, reading Q26.
pub(super) fn start_duty(work: &mut Work<'_>) {
    let praise = work.ticket.draft.appeal_type == Some(AppealType::Praise);
    let urgent = dispatch::urgency(work) != Urgency::Normal;
    if urgent && !praise && work.ticket.clock(ClockKind::DutyNotice, 0).is_none() {
        work.start_by(ClockKind::DutyNotice, 0, Id::DutyNotice, "organ");
    }
}

/// The citizen's clock, which only counts. Source: reading Q2.
fn start_citizen(work: &mut Work<'_>, since: WallTime) {
    if work.ticket.clock(ClockKind::Citizen, 0).is_some() {
        return;
    }
    work.start(Start {
        kind: ClockKind::Citizen,
        subject: 0,
        from: since,
        rule: None,
        against: "organ",
        basis: String::new(),
    });
}
