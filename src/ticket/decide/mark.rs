//! What is marked beside the form: flags, the circle of a confidential order, files, calls, what the appellant adds.
//!
//! **Invariants.** Who marks says why once the order is with others. A unit takes no flag away that keeps it from more
//! time. A confidential order has at least one person who sees it.
//! **Not here.** Kind, category and urgency (`ticket::decide::change`); who sees what (`ticket::sight`).
//! **Source.** DB1302/T 604—2025 7.1.2, 7.6, 7.7.1, 7.9.1; readings Q6, Q13.

use crate::account::Role;
use crate::fact::ticket::TicketFact;
use crate::ticket::command::AddFacts;
use crate::ticket::command::Attach;
use crate::ticket::command::Command;
use crate::ticket::command::LinkCall;
use crate::ticket::command::SetCircle;
use crate::ticket::command::SetFlag;
use crate::ticket::decide::change;
use crate::ticket::decide::checks::check_file;
use crate::ticket::decide::dispatch;
use crate::ticket::decide::dispatch::check_city;
use crate::ticket::decide::intake::check_own;
use crate::ticket::decide::work::WORDS_MAX;
use crate::ticket::decide::work::Work;
use crate::ticket::decide::work::invalid;
use crate::ticket::decide::work::rule;
use crate::ticket::model::AppellantKind;
use crate::ticket::model::Flag;
use crate::ticket::model::State;
use crate::ticket::model::SubState;
use crate::ticket::refusal::TicketError;
use crate::ticket::settings::Id;

/// Shortest reason, characters.
pub(super) const REASON_MIN: usize = 2;
/// People who see a confidential order at most.
pub const CIRCLE_MAX: usize = 50;
/// Files of an order at most.
pub const FILES_MAX: usize = 200;
/// Calls of an order at most.
pub const CALLS_MAX: usize = 200;
/// How often an appellant may add something.
pub const ADDED_MAX: u32 = 50;
/// Longest name of a file, characters.
const FILE_NAME_MAX: usize = 200;

const FILE_PURPOSES: [&str; 5] = ["evidence", "photo", "reply", "conclusion", "other"];
const CALL_PURPOSES: [&str; 6] = ["intake", "followup", "contact", "callback", "urge", "other"];

/// Accepted and not at its end.
pub(super) const OPEN: [State; 8] = [
    State::PendingDispatch,
    State::Arbitration,
    State::PendingSign,
    State::Handling,
    State::Rework,
    State::Review,
    State::Followup,
    State::Verify,
];

pub(super) fn decide(work: &mut Work<'_>, command: &Command) -> Result<(), TicketError> {
    match command {
        Command::SetFlag(it) => set_flag(work, command, it),
        Command::SetCircle(it) => set_circle(work, command, it),
        Command::Attach(it) => attach(work, command, it),
        Command::LinkCall(it) => link_call(work, command, it),
        Command::AddFacts(it) => add_facts(work, command, it),
        Command::ChangeUrgency(it) => change::urgency(work, command, it),
        Command::ChangeType(it) => change::appeal_type(work, command, it),
        Command::ChangeCategory(it) => change::category(work, command, it),
        _ => {
            debug_assert!(false, "{} is no mark", command.code());
            Ok(())
        }
    }
}

/// 1, 2 …: the number of the next words of this name.
pub(super) fn next_no(work: &Work<'_>, what: &str) -> u32 {
    let of_name = |name: &&String| name.split('.').next() == Some(what);
    let there = work.ticket.texts.0.keys().filter(of_name).count();
    u32::try_from(there).unwrap_or(u32::MAX).saturating_add(1)
}

fn set_flag(work: &mut Work<'_>, command: &Command, it: &SetFlag) -> Result<(), TicketError> {
    let mut states = OPEN.to_vec();
    states.extend([State::Draft, State::Answered]);
    work.in_state(command, &states)?;
    let draft = work.ticket.state == State::Draft;
    if draft {
        check_own(work, "7.6")?;
    }
    // Why is asked when it is not the agent who writes what he hears.
    let min = if it.on && draft { 0 } else { REASON_MIN };
    let reason = work.text("reason", &it.reason, (min, WORDS_MAX), "7.6")?;
    if work.ticket.flags.contains(&it.flag) == it.on {
        return Ok(());
    }
    check_flag(work, it)?;
    let name = format!("flag.{}.reason", next_no(work, "flag"));
    let (flag, on) = (it.flag, it.on);
    work.put_with(TicketFact::Flagged { flag, on }, vec![(name, reason)]);
    Ok(())
}

fn check_flag(work: &Work<'_>, it: &SetFlag) -> Result<(), TicketError> {
    if it.flag == Flag::Complex {
        // 复杂疑难 is what the organ confirms.
        return check_city(work, "7.4");
    }
    if it.on {
        return Ok(());
    }
    let legal = matches!(
        work.ticket.draft.appellant_kind,
        Some(AppellantKind::LegalPerson | AppellantKind::Organization)
    );
    if it.flag == Flag::Enterprise && legal {
        return Err(rule("enterprise_by_kind", "3.3"));
    }
    if work.ticket.state == State::Draft || work.settings().flag(Id::FlagsUnitMayRemove) {
        return Ok(());
    }
    check_city(work, "7.6")
}

fn set_circle(work: &mut Work<'_>, command: &Command, it: &SetCircle) -> Result<(), TicketError> {
    let mut states = OPEN.to_vec();
    states.extend([State::Draft, State::Answered, State::NotAccepted, State::Closed]);
    work.in_state(command, &states)?;
    if work.ticket.state == State::Draft {
        check_own(work, "7.7.1")?;
    }
    if it.confidential && it.circle.is_empty() {
        return Err(invalid("circle", "missing", "7.7.1"));
    }
    if !it.confidential && !it.circle.is_empty() {
        return Err(invalid("circle", "not_here", "7.7.1"));
    }
    if CIRCLE_MAX < it.circle.len() {
        return Err(invalid("circle", "too_many", "7.7.1"));
    }
    let reason = work.text("reason", &it.reason, (REASON_MIN, WORDS_MAX), "7.7.1")?;
    if (work.ticket.confidential, &work.ticket.circle) == (it.confidential, &it.circle) {
        return Ok(());
    }
    if work.ticket.confidential {
        check_city(work, "7.7.1")?;
        check_inside(work)?;
        if !it.confidential && !work.has_role(Role::Supervisor) && !work.has_role(Role::Dispatcher) {
            return Err(TicketError::Forbidden {
                rule: "organ_only",
                clause: "7.7.1",
            });
        }
    }
    let name = format!("circle.{}.reason", next_no(work, "circle"));
    let (confidential, circle) = (it.confidential, it.circle.clone());
    work.put_with(
        TicketFact::CircleSet { confidential, circle },
        vec![(name, reason)],
    );
    Ok(())
}

/// Only who sees a confidential order changes who sees it.
fn check_inside(work: &Work<'_>) -> Result<(), TicketError> {
    let Some(who) = work.user() else { return Ok(()) };
    if work.ticket.circle.contains(&who.user) || who.roles.contains(&Role::Supervisor) {
        return Ok(());
    }
    Err(TicketError::Forbidden {
        rule: "not_in_circle",
        clause: "7.7.1",
    })
}

/// People of units touch only what their unit has or has a part in; a draft is its agent's.
fn check_touch(work: &Work<'_>, clause: &'static str) -> Result<(), TicketError> {
    if work.ticket.state == State::Draft {
        return check_own(work, clause);
    }
    if work.is_city_organ() {
        return Ok(());
    }
    let part = |unit| work.works_for(unit);
    let mut parts = work.ticket.subs.iter().filter(|sub| sub.state != SubState::Void);
    if parts.any(|sub| part(&sub.unit)) {
        return Ok(());
    }
    // Who gave it back has nothing to do with it any more.
    if dispatch::is_given_back(work) {
        return Err(TicketError::Forbidden {
            rule: "not_your_unit",
            clause,
        });
    }
    work.handler(clause).map(|_| ())
}

fn not_archived(work: &Work<'_>, command: &Command) -> Result<(), TicketError> {
    if work.ticket.state == State::Archived {
        return work.in_state(command, &[]);
    }
    Ok(())
}

fn attach(work: &mut Work<'_>, command: &Command, it: &Attach) -> Result<(), TicketError> {
    not_archived(work, command)?;
    check_touch(work, "7.9.1")?;
    if !FILE_PURPOSES.contains(&it.purpose.as_str()) {
        return Err(invalid("purpose", "unknown_code", "7.9.1"));
    }
    check_file(&it.file, "7.9.1")?;
    let name = work.text("name", &it.name, (1, FILE_NAME_MAX), "7.9.1")?;
    if work.ticket.files.iter().any(|(file, _)| file.id == it.file.id) {
        return Ok(());
    }
    if FILES_MAX <= work.ticket.files.len() {
        return Err(rule("file_limit", "7.9.1"));
    }
    let no = work.ticket.files.len() + 1;
    let fact = TicketFact::Attached {
        file: it.file.clone(),
        purpose: it.purpose.clone(),
    };
    work.put_with(fact, vec![(format!("file.{no}.name"), name)]);
    Ok(())
}

fn link_call(work: &mut Work<'_>, command: &Command, it: &LinkCall) -> Result<(), TicketError> {
    not_archived(work, command)?;
    check_touch(work, "7.9.1")?;
    if !CALL_PURPOSES.contains(&it.purpose.as_str()) {
        return Err(invalid("purpose", "unknown_code", "7.9.1"));
    }
    if work.user().is_some() && work.ctx.known.call.is_none() {
        return Err(invalid("interaction", "unknown", "7.9.1"));
    }
    let link = (it.interaction, it.purpose.clone());
    if work.ticket.calls.contains(&link) {
        return Ok(());
    }
    if CALLS_MAX <= work.ticket.calls.len() {
        return Err(rule("call_limit", "7.9.1"));
    }
    work.put(TicketFact::CallLinked {
        interaction: it.interaction,
        purpose: it.purpose.clone(),
        recording: it.recording,
    });
    Ok(())
}

fn add_facts(work: &mut Work<'_>, command: &Command, it: &AddFacts) -> Result<(), TicketError> {
    let mut states = OPEN.to_vec();
    states.push(State::Intake);
    work.in_state(command, &states)?;
    let text = work.text("text", &it.text, (REASON_MIN, WORDS_MAX), "7.1.2")?;
    let no = next_no(work, "added");
    if ADDED_MAX < no {
        return Err(rule("added_limit", "7.1.2"));
    }
    let by = it.by;
    work.put_with(
        TicketFact::FactsAdded { by },
        vec![(format!("added.{no}.text"), text)],
    );
    Ok(())
}
