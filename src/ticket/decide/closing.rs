//! Ends that are undone, orders that are withdrawn, the archive, and responsibility after closing.
//!
//! ```text
//!  closed, answered ─reopen─┐
//!  not_accepted ─overturn───┼─► pending_dispatch          draft … handling, before any reply ─cancel─► cancelled
//!  merged ─un-merge─────────┘                             closed and every end at the desk ─► archived
//! ```
//!
//! **Invariants.** What is undone keeps the first acceptance: the citizen's clock counts from it, the organ's from now.
//! Nothing is cancelled once a unit has answered. A part that is missing from the archive is explained.
//! **Not here.** What the archive holds (`engine::archive`), closing itself (`ticket::decide::followup`).
//! **Source.** DB1302/T 604—2025 6.2, 7.1.4 c, 7.7.1, 7.9.1, 7.9.3, B.5; reading Q29.

use crate::base::ids::OrganId;
use crate::base::time::WallTime;
use crate::fact::ticket::TicketFact;
use crate::ticket::command::Archive;
use crate::ticket::command::Cancel;
use crate::ticket::command::Command;
use crate::ticket::command::FixResponsibility;
use crate::ticket::command::Text;
use crate::ticket::decide::checks::check_digest;
use crate::ticket::decide::dispatch::check_city;
use crate::ticket::decide::endings::end_record;
use crate::ticket::decide::endings::void_desk_clocks;
use crate::ticket::decide::intake::check_own;
use crate::ticket::decide::intake::start_accepted;
use crate::ticket::decide::mark::REASON_MIN;
use crate::ticket::decide::mark::next_no;
use crate::ticket::decide::work::WORDS_MAX;
use crate::ticket::decide::work::Words;
use crate::ticket::decide::work::Work;
use crate::ticket::decide::work::invalid;
use crate::ticket::decide::work::rule;
use crate::ticket::model::ClockKind;
use crate::ticket::model::Ending;
use crate::ticket::model::RequestState;
use crate::ticket::model::RouteBasis;
use crate::ticket::model::State;
use crate::ticket::model::SubState;
use crate::ticket::refusal::TicketError;

/// Most secondary units.
const SECONDARY_MAX: usize = 10;
/// Most parts of an archive that may be missing.
const MISSING_MAX: usize = 1_000;
/// How often an order is opened again at most.
pub const REOPENED_MAX: u32 = 20;

/// Before any unit has answered.
const CANCELLABLE: [State; 6] = [
    State::Intake,
    State::Draft,
    State::PendingDispatch,
    State::Arbitration,
    State::PendingSign,
    State::Handling,
];

/// Ends before dispatch, and withdrawn.
const ENDS: [State; 5] = [
    State::NotAccepted,
    State::Invalid,
    State::Referred,
    State::Merged,
    State::Cancelled,
];

pub(super) fn decide(work: &mut Work<'_>, command: &Command) -> Result<(), TicketError> {
    match command {
        Command::Reopen(it) => reopen(work, command, &it.reason),
        Command::OverturnRefusal(it) => overturn(work, command, &it.reason),
        Command::Unmerge(it) => unmerge(work, command, &it.reason),
        Command::Cancel(it) => cancel(work, command, it),
        Command::Archive(it) => archive(work, command, it),
        Command::FixResponsibility(it) => fix_responsibility(work, command, it),
        _ => {
            debug_assert!(false, "{} is no closing", command.code());
            Ok(())
        }
    }
}

fn why(work: &Work<'_>, text: &Text, what: &str, clause: &'static str) -> Result<Words, TicketError> {
    let reason = work.text("reason", text, (REASON_MIN, WORDS_MAX), clause)?;
    Ok(vec![(format!("{what}.{}.reason", next_no(work, what)), reason)])
}

/// T38.
fn reopen(work: &mut Work<'_>, command: &Command, reason: &Text) -> Result<(), TicketError> {
    work.in_state(command, &[State::Closed, State::Answered])?;
    check_city(work, "7.7.1")?;
    let words = why(work, reason, "reopening", "7.7.1")?;
    if REOPENED_MAX <= work.ticket.reopened {
        return Err(rule("reopen_limit", "7.7.1"));
    }
    let first = work.ticket.accepted_at.unwrap_or(work.ticket.created_at);
    void_desk_clocks(work);
    work.put_with(TicketFact::Reopened {}, words);
    start_accepted(work, first);
    Ok(())
}

/// T44: the two hours count from now, the citizen's clock from the refusal, which was the first time.
fn overturn(work: &mut Work<'_>, command: &Command, reason: &Text) -> Result<(), TicketError> {
    work.in_state(command, &[State::NotAccepted])?;
    check_city(work, "6.2")?;
    let words = why(work, reason, "overturning", "6.2")?;
    let first = first_time(work);
    void_desk_clocks(work);
    work.put_with(TicketFact::RefusalOverturned {}, words);
    accept_again(work, first);
    Ok(())
}

/// T45. The master's own count is corrected by a command to it.
fn unmerge(work: &mut Work<'_>, command: &Command, reason: &Text) -> Result<(), TicketError> {
    work.in_state(command, &[State::Merged])?;
    check_city(work, "7.1.4 c")?;
    let words = why(work, reason, "unmerging", "7.1.4 c")?;
    let Some(Ending::Merged { master, .. }) = work.ticket.ending else {
        return work.in_state(command, &[]);
    };
    let first = first_time(work);
    void_desk_clocks(work);
    work.put_with(TicketFact::Unmerged { master }, words);
    accept_again(work, first);
    Ok(())
}

/// When the appeal was first decided on: accepted, or else the end that is undone now, whose record waits since then.
fn first_time(work: &Work<'_>) -> WallTime {
    let ended = work.ticket.clock(ClockKind::Archive, 0).map(|clock| clock.start);
    work.ticket
        .accepted_at
        .or(ended)
        .unwrap_or(work.ticket.created_at)
}

fn accept_again(work: &mut Work<'_>, first: WallTime) {
    work.put(TicketFact::Accepted {
        at: first,
        again: true,
    });
    start_accepted(work, first);
}

/// T40.
fn cancel(work: &mut Work<'_>, command: &Command, it: &Cancel) -> Result<(), TicketError> {
    work.in_state(command, &CANCELLABLE)?;
    if work.ticket.state == State::Draft {
        check_own(work, "7.9.3")?;
    }
    let words = why(work, &it.reason, "cancelling", "7.9.3")?;
    if work.ticket.cycles.iter().any(|cycle| cycle.fed_back_at.is_some()) {
        return Err(rule("answered_already", "7.9.3"));
    }
    void_attached(work);
    void_desk_clocks(work);
    let withdrawn = it.withdrawn;
    work.put_with(TicketFact::Cancelled { withdrawn }, words);
    end_record(work);
    Ok(())
}

/// What hangs on the order ends with it: open requests and co-units' parts.
fn void_attached(work: &mut Work<'_>) {
    let open = work
        .ticket
        .requests
        .iter()
        .filter(|it| it.state == RequestState::Open);
    let open: Vec<u32> = open.map(|it| it.no).collect();
    for request in open {
        work.put(TicketFact::RequestDecided {
            request,
            state: RequestState::Void,
            late: false,
            complex: false,
            until: None,
        });
    }
    let parts = work.ticket.subs.iter();
    let parts: Vec<(u32, u32)> = parts
        .filter(|it| !matches!(it.state, SubState::Done | SubState::Void))
        .map(|it| (it.no, it.cycle))
        .collect();
    for (sub, cycle) in parts {
        work.put(TicketFact::SubChanged {
            sub,
            state: SubState::Void,
            late: false,
            cycle,
        });
    }
}

/// T37, T46: the package is sealed.
fn archive(work: &mut Work<'_>, command: &Command, it: &Archive) -> Result<(), TicketError> {
    let mut states = ENDS.to_vec();
    states.push(State::Closed);
    work.in_state(command, &states)?;
    check_digest("manifest", &it.manifest, "7.9.1")?;
    if MISSING_MAX < it.missing.len() {
        return Err(invalid("missing", "too_many", "7.9.1"));
    }
    let min = if it.missing.is_empty() { 0 } else { REASON_MIN };
    let explanation = work.text("explanation", &it.explanation, (min, WORDS_MAX), "7.9.1")?;
    // While a refusal or a merge may still be undone there is no last word.
    let waiting = work.ticket.clock(ClockKind::Archive, 0);
    let early = waiting.is_some_and(|clock| !work.is_late(clock));
    if early && ENDS.contains(&work.ticket.state) {
        return Err(rule("archive_too_early", "7.9.1"));
    }
    let words = vec![("archive.1.explanation".to_owned(), explanation)];
    work.met(ClockKind::Archive, 0);
    void_desk_clocks(work);
    let fact = TicketFact::Archived {
        manifest: it.manifest.clone(),
        missing: it.missing.clone(),
    };
    work.put_with(fact, words);
    Ok(())
}

/// Primary and secondary responsibility of an order that several units had to do with. Source: B.5.
fn fix_responsibility(
    work: &mut Work<'_>,
    command: &Command,
    it: &FixResponsibility,
) -> Result<(), TicketError> {
    work.in_state(command, &[State::Closed, State::Archived])?;
    check_city(work, "B.5")?;
    let words = why(work, &it.reason, "responsibility", "B.5")?;
    let organs = &work.ctx.reference.organs;
    let there = |organ: &OrganId| organs.get(organ).is_some();
    if !there(&it.primary) {
        return Err(invalid("primary", "unknown_code", "B.5"));
    }
    if SECONDARY_MAX < it.secondary.len() {
        return Err(invalid("secondary", "too_many", "B.5"));
    }
    for (at, unit) in it.secondary.iter().enumerate() {
        if !there(unit) {
            return Err(invalid("secondary", "unknown_code", "B.5"));
        }
        if *unit == it.primary || it.secondary.iter().take(at).any(|other| other == unit) {
            return Err(invalid("secondary", "twice", "B.5"));
        }
    }
    if !is_shared(work) {
        return Err(rule("not_shared", "B.5"));
    }
    let fact = TicketFact::ResponsibilityFixed {
        primary: it.primary.clone(),
        secondary: it.secondary.clone(),
        propose_rule: it.propose_rule,
    };
    work.put_with(fact, words);
    Ok(())
}

/// Whether more than one unit had to do with the order: co-handled, given back, or arbitrated.
fn is_shared(work: &Work<'_>) -> bool {
    let ticket = &work.ticket;
    let arbitrated = |basis: Option<RouteBasis>| basis == Some(RouteBasis::Arbitration);
    !ticket.subs.is_empty()
        || ticket.final_unit
        || ticket
            .requests
            .iter()
            .any(|it| it.state == RequestState::Approved)
        || ticket.cycles.iter().any(|cycle| arbitrated(cycle.basis))
}
