//! The duty office (值班室) of the unit: told at once of what is urgent, again until it says that it knows.
//!
//! ```text
//!  urgent order dispatched ─► told ─5 min─► told again ×3 ─► its breach is the supervisor's
//!                               └─ acknowledged ─► no more
//! ```
//!
//! **Invariants.** The clock with subject 0 waits for the acknowledgement; those with 1, 2 … wait between two notices. No
//! more notices than the setting says are given to one unit.
//! **Not here.** The call or message itself (`engine`), the clock from acceptance to dispatch (`ticket::decide::intake`).
//! **Source.** DB1302/T 604—2025 7.2 a; reading Q26.

use crate::fact::ticket::TicketFact;
use crate::ticket::command::AcknowledgeDuty;
use crate::ticket::command::Command;
use crate::ticket::decide::dispatch::urgency;
use crate::ticket::decide::work::Work;
use crate::ticket::decide::work::rule;
use crate::ticket::model::ClockEnd;
use crate::ticket::model::ClockKind;
use crate::ticket::model::State;
use crate::ticket::model::Urgency;
use crate::ticket::refusal::TicketError;
use crate::ticket::settings::Id;

/// Longest name of whom at the duty office was spoken to, characters.
const NAME_MAX: usize = 50;

/// Tells the duty office of the unit that was just given an urgent order.
pub(super) fn begin(work: &mut Work<'_>) {
    if urgency(work) == Urgency::Normal {
        return;
    }
    if work.ticket.clock(ClockKind::DutyNotice, 0).is_none() {
        work.start_by(ClockKind::DutyNotice, 0, Id::DutyNotice, "organ");
    }
    void_repeats(work);
    notify(work);
}

/// Tells the duty office once more, unless it knows or was told often enough.
pub(super) fn notify(work: &mut Work<'_>) {
    if work.ticket.clock(ClockKind::DutyNotice, 0).is_none() || work.ticket.is_ended() {
        return;
    }
    let Some(unit) = work.ticket.handler().cloned() else {
        return;
    };
    let told = told(work);
    if work.settings().count(Id::DutyNoticeRepeats) < told {
        return;
    }
    let attempt = told + 1;
    work.put(TicketFact::DutyNotified { attempt, unit });
    work.start_by(ClockKind::DutyNotice, attempt, Id::DutyNoticeRepeat, "organ");
}

/// How often the unit that has the order now was told: a wait follows every notice.
fn told(work: &Work<'_>) -> u32 {
    let since = work.ticket.cycle().and_then(|cycle| cycle.dispatched_at);
    let waits = work.ticket.clocks.iter().filter(|it| {
        let voided = it.end == Some(ClockEnd::Void);
        it.clock.kind == ClockKind::DutyNotice && 0 < it.clock.subject && Some(it.start) >= since && !voided
    });
    waits.map(|it| it.clock.subject).max().unwrap_or(0)
}

/// Ends everything that waits for the duty office, because nobody waits for it any more.
pub(super) fn end(work: &mut Work<'_>) {
    void_repeats(work);
    work.void(ClockKind::DutyNotice, 0);
}

fn void_repeats(work: &mut Work<'_>) {
    let running = work
        .ticket
        .clocks
        .iter()
        .filter(|it| it.runs())
        .map(|it| it.clock);
    let repeats: Vec<u32> = running
        .filter(|it| it.kind == ClockKind::DutyNotice && 0 < it.subject)
        .map(|it| it.subject)
        .collect();
    for subject in repeats {
        work.void(ClockKind::DutyNotice, subject);
    }
}

/// The duty office said that it knows. Source: 7.2 a.
pub(super) fn acknowledge(
    work: &mut Work<'_>,
    command: &Command,
    it: &AcknowledgeDuty,
) -> Result<(), TicketError> {
    // With the reply nobody waits for the duty office any more.
    let handled = [State::PendingSign, State::Handling, State::Rework];
    work.in_state(command, &handled)?;
    let unit = match work.ticket.handler() {
        Some(unit) if work.is_city_organ() => unit.clone(),
        _ => work.handler("7.2 a")?,
    };
    let name = work.text("name", &it.name, (1, NAME_MAX), "7.2 a")?;
    if work.ticket.clock(ClockKind::DutyNotice, 0).is_none() {
        return Err(rule("duty_not_waiting", "7.2 a"));
    }
    let cycle = work.ticket.cycle_no();
    void_repeats(work);
    work.met(ClockKind::DutyNotice, 0);
    let words = vec![(format!("duty.{cycle}.name"), name)];
    work.put_with(TicketFact::DutyAcknowledged { unit }, words);
    Ok(())
}
