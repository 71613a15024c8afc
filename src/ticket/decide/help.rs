//! 帮办: a seat goes to an enterprise or to somebody who needs more than a telephone, and reports what it found.
//!
//! ```text
//!  created ─assign─► assigned ─check in─► on_site ─end─► report_due ─report─► reported ─reviewed─► closed
//! ```
//!
//! **Invariants.** Only the city's organ opens one; only its seat checks in, ends and reports; without the report with the
//! problems found it is not closed.
//! **Not here.** The order's own handling, which goes on beside it.
//! **Source.** DB1302/T 604—2025 7.1.5 a, b; reading Q26.

use crate::fact::ticket::TicketFact;
use crate::ticket::command::AssignHelp;
use crate::ticket::command::CheckIn;
use crate::ticket::command::CloseHelp;
use crate::ticket::command::Command;
use crate::ticket::command::EndHelp;
use crate::ticket::command::OpenHelp;
use crate::ticket::command::ReportHelp;
use crate::ticket::decide::work::BLOCK_MAX;
use crate::ticket::decide::work::WORDS_MAX;
use crate::ticket::decide::work::Words;
use crate::ticket::decide::work::Work;
use crate::ticket::decide::work::invalid;
use crate::ticket::decide::work::rule;
use crate::ticket::model::ClockKind;
use crate::ticket::model::Flag;
use crate::ticket::model::Help;
use crate::ticket::model::HelpState;
use crate::ticket::model::State;
use crate::ticket::refusal::TicketError;
use crate::ticket::settings::Id;

/// 帮办 of one order at most.
pub const HELPS_MAX: usize = 20;
/// Departments and photos of one 帮办 at most.
pub const LIST_MAX: usize = 20;
/// Longest place and longest list of companions, characters.
const PLACE_MAX: usize = 200;
/// Shortest need and shortest part of a report, characters.
const PART_MIN: usize = 1;

pub(super) fn decide(work: &mut Work<'_>, command: &Command) -> Result<(), TicketError> {
    match command {
        Command::OpenHelp(it) => open(work, command, it),
        Command::AssignHelp(it) => assign(work, it),
        Command::CheckIn(it) => check_in(work, it),
        Command::EndHelp(it) => end(work, it),
        Command::ReportHelp(it) => report(work, it),
        Command::CloseHelp(it) => close(work, it),
        _ => {
            debug_assert!(false, "{} is no help", command.code());
            Ok(())
        }
    }
}

fn open(work: &mut Work<'_>, command: &Command, it: &OpenHelp) -> Result<(), TicketError> {
    let ended = matches!(work.ticket.state, State::Intake | State::Answered) || work.ticket.is_ended();
    if ended {
        work.in_state(command, &[])?;
    }
    if !work.is_city_organ() {
        work.refuse(TicketError::Forbidden {
            rule: "city_organ",
            clause: "7.1.5 a",
        })?;
    }
    let flags = &work.ticket.flags;
    let special = flags.contains(&Flag::Vulnerable) || flags.contains(&Flag::Minor);
    if !special && !work.ticket.is_enterprise() {
        return Err(rule("help_for_whom", "7.1.5 a"));
    }
    let need = work.text("need", &it.need, (PART_MIN, WORDS_MAX), "7.1.5 a")?;
    let place = work.text("place", &it.place, (0, PLACE_MAX), "7.1.5 a")?;
    check_departments(work, it)?;
    if HELPS_MAX <= work.ticket.helps.len() {
        return Err(rule("help_limit", "7.1.5 a"));
    }
    let no = work.ticket.helps.iter().map(|it| it.no).max().unwrap_or(0) + 1;
    let words = vec![
        (format!("help.{no}.need"), need),
        (format!("help.{no}.place"), place),
    ];
    let fact = TicketFact::HelpOpened {
        no,
        departments: it.departments.clone(),
    };
    work.put_with(fact, words);
    work.start_by(ClockKind::HelpContact, no, Id::HelpContact, "seat");
    Ok(())
}

fn check_departments(work: &Work<'_>, it: &OpenHelp) -> Result<(), TicketError> {
    if LIST_MAX < it.departments.len() {
        return Err(invalid("departments", "too_long", "7.1.5 a"));
    }
    let today = work.ctx.zone.date_of(work.ctx.now);
    let organs = &work.ctx.reference.organs;
    let known = |id| organs.get(id).is_some_and(|organ| organ.is_active(today));
    if it.departments.iter().all(known) {
        return Ok(());
    }
    Err(invalid("departments", "unknown_code", "7.1.5 a"))
}

/// A 帮办 in one of these states.
fn help(work: &Work<'_>, no: u32, states: &[HelpState], clause: &'static str) -> Result<Help, TicketError> {
    let found = work.ticket.helps.iter().find(|it| it.no == no);
    let found = found.ok_or(TicketError::Invalid {
        field: "no",
        reason: "unknown_code",
        clause,
    })?;
    if states.contains(&found.state) {
        return Ok(found.clone());
    }
    let missing = matches!(found.state, HelpState::OnSite | HelpState::ReportDue);
    let why = if missing && states == [HelpState::Reported] {
        "help_report_missing"
    } else {
        "help_state"
    };
    work.refuse(rule(why, clause))?;
    Ok(found.clone())
}

/// Only the seat that was sent speaks for it.
fn check_seat(work: &Work<'_>, help: &Help, clause: &'static str) -> Result<(), TicketError> {
    let own = work
        .user()
        .is_none_or(|who| who.agent.is_some() && who.agent == help.seat);
    if own {
        return Ok(());
    }
    Err(TicketError::Forbidden {
        rule: "not_your_help",
        clause,
    })
}

fn changed(work: &mut Work<'_>, no: u32, state: HelpState, words: Words) {
    let fact = TicketFact::HelpChanged {
        no,
        state,
        seat: None,
        files: Vec::new(),
    };
    work.put_with(fact, words);
}

fn assign(work: &mut Work<'_>, it: &AssignHelp) -> Result<(), TicketError> {
    let found = help(work, it.no, &[HelpState::Created, HelpState::Assigned], "7.1.5 a")?;
    if found.seat.as_ref() == Some(&it.seat) {
        return Ok(());
    }
    work.put(TicketFact::HelpChanged {
        no: it.no,
        state: HelpState::Assigned,
        seat: Some(it.seat.clone()),
        files: Vec::new(),
    });
    Ok(())
}

fn check_in(work: &mut Work<'_>, it: &CheckIn) -> Result<(), TicketError> {
    let found = help(work, it.no, &[HelpState::Assigned], "7.1.5 a")?;
    check_seat(work, &found, "7.1.5 a")?;
    let place = work.text("place", &it.place, (PART_MIN, PLACE_MAX), "7.1.5 a")?;
    let companions = work.text("companions", &it.companions, (0, PLACE_MAX), "7.1.5 a")?;
    if LIST_MAX < it.files.len() {
        return Err(invalid("files", "too_long", "7.1.5 a"));
    }
    let words = vec![
        (format!("help.{}.check_in", it.no), place),
        (format!("help.{}.companions", it.no), companions),
    ];
    let fact = TicketFact::HelpChanged {
        no: it.no,
        state: HelpState::OnSite,
        seat: None,
        files: it.files.clone(),
    };
    work.put_with(fact, words);
    work.met(ClockKind::HelpContact, it.no);
    Ok(())
}

fn end(work: &mut Work<'_>, it: &EndHelp) -> Result<(), TicketError> {
    let found = help(work, it.no, &[HelpState::OnSite], "7.1.5 b")?;
    check_seat(work, &found, "7.1.5 b")?;
    changed(work, it.no, HelpState::ReportDue, Words::new());
    work.start_by(ClockKind::HelpReport, it.no, Id::HelpReport, "seat");
    Ok(())
}

fn report(work: &mut Work<'_>, it: &ReportHelp) -> Result<(), TicketError> {
    let found = help(
        work,
        it.no,
        &[HelpState::ReportDue, HelpState::Reported],
        "7.1.5 b",
    )?;
    check_seat(work, &found, "7.1.5 b")?;
    let parts = [
        ("needs", &it.needs, PART_MIN),
        ("steps", &it.steps, PART_MIN),
        ("result", &it.result, PART_MIN),
        ("problems", &it.problems, PART_MIN),
        ("suggestions", &it.suggestions, 0),
    ];
    let missing = parts.iter().filter(|(_, text, min)| 0 < *min && text.is_empty());
    let fields: Vec<&'static str> = missing.map(|(name, _, _)| *name).collect();
    if !fields.is_empty() {
        return Err(TicketError::Incomplete {
            fields,
            clause: "7.1.5 b",
        });
    }
    let mut words = Words::new();
    for (name, text, min) in parts {
        let text = work.text(name, text, (min, BLOCK_MAX), "7.1.5 b")?;
        words.push((format!("help.{}.{name}", it.no), text));
    }
    changed(work, it.no, HelpState::Reported, words);
    work.met(ClockKind::HelpReport, it.no);
    Ok(())
}

fn close(work: &mut Work<'_>, it: &CloseHelp) -> Result<(), TicketError> {
    help(work, it.no, &[HelpState::Reported], "7.1.5 b")?;
    changed(work, it.no, HelpState::Closed, Words::new());
    Ok(())
}
