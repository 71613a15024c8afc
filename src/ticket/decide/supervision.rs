//! 催办, 批示 and 督办: how a unit is made to hurry, and how it answers.
//!
//! ```text
//!  open ─read─► read ─reply─► replied ─content─► closed
//!   ▲ └────────reply─────────►  │
//!   └──────────not content──────┘        open, read ─limit passed─► escalated ─reply─► replied
//! ```
//!
//! **Invariants.** A unit is supervised once a cause a cycle. Every 催办 is counted; the unit is told of one in the time
//! that is set. A 督办 is answered even after the order is closed.
//! **Not here.** When a limit is passed (`ticket::decide::clocks`); 重点督办 (`ticket::key_case`).
//! **Source.** DB1302/T 604—2025 7.8, 7.8.1, 8.1.2.1 a.

use crate::account::Role;
use crate::base::ids::OrganId;
use crate::fact::ticket::TicketFact;
use crate::ticket::command::Command;
use crate::ticket::command::Instruct;
use crate::ticket::command::JudgeSupervision;
use crate::ticket::command::ReadSupervision;
use crate::ticket::command::ReplySupervision;
use crate::ticket::command::Supervise;
use crate::ticket::command::Urge;
use crate::ticket::decide::followup::REASON_MIN;
use crate::ticket::decide::work::WORDS_MAX;
use crate::ticket::decide::work::Words;
use crate::ticket::decide::work::Work;
use crate::ticket::decide::work::rule;
use crate::ticket::model::ClockKind;
use crate::ticket::model::Flag;
use crate::ticket::model::State;
use crate::ticket::model::Supervision;
use crate::ticket::model::SupervisionCause;
use crate::ticket::model::SupervisionState;
use crate::ticket::model::UrgedBy;
use crate::ticket::refusal::TicketError;
use crate::ticket::settings::Id;

/// 催办 of one order at most: citizens may ask as often as they like, a row may not grow as long as it likes.
pub const URGES_MAX: usize = 300;
/// 批示 of one order at most.
pub const INSTRUCTIONS_MAX: u32 = 100;
/// Longest name of a leader, characters.
const LEADER_MAX: usize = 100;

/// Between acceptance and the end.
const OPEN: &[State] = &[
    State::PendingDispatch,
    State::Arbitration,
    State::PendingSign,
    State::Handling,
    State::Review,
    State::Followup,
    State::Verify,
    State::Rework,
];
/// A unit has, or had, the order.
const WITH_UNIT: &[State] = &[
    State::PendingSign,
    State::Handling,
    State::Review,
    State::Followup,
    State::Verify,
    State::Rework,
    State::Closed,
];
/// The unit is to do something now.
const AT_UNIT: &[State] = &[State::PendingSign, State::Handling, State::Rework];

pub(super) fn decide(work: &mut Work<'_>, command: &Command) -> Result<(), TicketError> {
    match command {
        Command::Urge(it) => urge(work, command, it),
        Command::Instruct(it) => instruct(work, command, it),
        Command::Supervise(it) => supervise(work, command, it),
        Command::ReadSupervision(it) => read(work, it),
        Command::ReplySupervision(it) => reply(work, it),
        Command::JudgeSupervision(it) => judge(work, it),
        _ => {
            debug_assert!(false, "{} is no supervision", command.code());
            Ok(())
        }
    }
}

fn urge(work: &mut Work<'_>, command: &Command, it: &Urge) -> Result<(), TicketError> {
    work.in_state(command, OPEN)?;
    let organ = work.has_role(Role::Supervisor) || work.has_role(Role::Dispatcher);
    if it.by == UrgedBy::Organ && !organ {
        return Err(TicketError::Forbidden {
            rule: "role",
            clause: "7.8",
        });
    }
    let text = work.text("text", &it.text, (0, WORDS_MAX), "7.8")?;
    if URGES_MAX <= work.ticket.urges.len() {
        return Err(rule("urge_limit", "7.8"));
    }
    let every = work.settings().rule(Id::UrgeNoticeEvery);
    let told = work.ticket.urges.iter().rev().find(|(_, _, told)| *told);
    let pause = told.is_some_and(|(at, _, _)| work.ctx.now < work.deadline(*at, every).at);
    let notified = AT_UNIT.contains(&work.ticket.state) && !pause;
    let name = format!("urge.{}.text", work.ticket.urges.len() + 1);
    work.put_with(TicketFact::Urged { by: it.by, notified }, vec![(name, text)]);
    Ok(())
}

fn instruct(work: &mut Work<'_>, command: &Command, it: &Instruct) -> Result<(), TicketError> {
    let mut states = OPEN.to_vec();
    states.extend([State::Closed, State::Answered]);
    work.in_state(command, &states)?;
    let leader = work.text("leader", &it.leader, (1, LEADER_MAX), "8.1.2.1 a")?;
    let text = work.text("text", &it.text, (REASON_MIN, WORDS_MAX), "8.1.2.1 a")?;
    let no = work.ticket.instructions + 1;
    if INSTRUCTIONS_MAX < no {
        return Err(rule("instruction_limit", "8.1.2.1 a"));
    }
    let words = vec![
        (format!("instruction.{no}.leader"), leader),
        (format!("instruction.{no}.text"), text),
    ];
    work.put_with(TicketFact::Instructed { no }, words);
    if !work.ticket.flags.contains(&Flag::Instruction) {
        work.put(TicketFact::Flagged {
            flag: Flag::Instruction,
            on: true,
        });
    }
    Ok(())
}

/// Supervises the unit by the program, once a cause a cycle. Source: 7.8.1 a, b, c.
pub(super) fn automatic(work: &mut Work<'_>, cause: SupervisionCause) {
    let unit = work.ticket.handler().cloned();
    let Some(unit) = unit.filter(|_| !is_supervised(work, cause)) else {
        return;
    };
    sent(work, cause, unit, true, String::new());
}

fn is_supervised(work: &Work<'_>, cause: SupervisionCause) -> bool {
    let cycle = work.ticket.cycle_no();
    let mut all = work.ticket.supervisions.iter();
    all.any(|it| it.cause == cause && it.cycle == cycle)
}

fn sent(work: &mut Work<'_>, cause: SupervisionCause, unit: OrganId, automatic: bool, text: String) {
    let no = work.ticket.supervisions.iter().map(|it| it.no).max().unwrap_or(0) + 1;
    let fact = TicketFact::Supervised {
        no,
        cause,
        cycle: work.ticket.cycle_no(),
        unit,
        automatic,
    };
    work.put_with(fact, vec![(format!("supervision.{no}.text"), text)]);
    work.start_by(ClockKind::SupervisionReply, no, Id::SupervisionReply, "unit");
}

fn supervise(work: &mut Work<'_>, command: &Command, it: &Supervise) -> Result<(), TicketError> {
    work.in_state(command, WITH_UNIT)?;
    let unit = work.ticket.handler().cloned();
    let Some(unit) = unit else {
        return Err(rule("no_unit", "7.8.1"));
    };
    check_overseer(work, &unit)?;
    let text = work.text("text", &it.text, (REASON_MIN, WORDS_MAX), "7.8.1")?;
    if is_supervised(work, it.cause) {
        return Err(rule("already_supervised", "7.8.1"));
    }
    let late = match it.cause {
        SupervisionCause::LateSign => is_late(work, &[ClockKind::Sign]),
        SupervisionCause::LateClose => is_late(work, &[ClockKind::Close, ClockKind::FirstResult]),
        SupervisionCause::PoorFeedback | SupervisionCause::Knowledge => true,
    };
    if !late {
        return Err(rule("not_late", "7.8.1"));
    }
    sent(work, it.cause, unit, false, text);
    Ok(())
}

/// A hotline organ supervises: the city's every unit, a county's those below it. Source: 7.8.1.
fn check_overseer(work: &Work<'_>, unit: &OrganId) -> Result<(), TicketError> {
    let own = work.user().and_then(|who| who.organ.organ());
    let above = own.is_some_and(|own| own != unit) && work.works_for(unit);
    if work.is_city_organ() || above {
        return Ok(());
    }
    Err(TicketError::Forbidden {
        rule: "not_your_unit",
        clause: "7.8.1",
    })
}

/// Whether a clock of the newest cycle ended or runs after its deadline.
fn is_late(work: &Work<'_>, kinds: &[ClockKind]) -> bool {
    let cycle = work.ticket.cycle_no();
    let mut clocks = work.ticket.clocks.iter();
    clocks.any(|it| {
        let ours = it.clock.cycle == cycle && it.clock.subject == 0 && kinds.contains(&it.clock.kind);
        ours && (it.late || it.breached || (it.runs() && work.is_late(it)))
    })
}

fn supervision(work: &Work<'_>, no: u32) -> Result<Supervision, TicketError> {
    let found = work.ticket.supervisions.iter().find(|it| it.no == no);
    found.cloned().ok_or(TicketError::Invalid {
        field: "no",
        reason: "unknown_code",
        clause: "7.8.1",
    })
}

/// A 督办 as its own unit has it before it.
fn of_own_unit(work: &Work<'_>, no: u32) -> Result<Supervision, TicketError> {
    let it = supervision(work, no)?;
    if work.works_for(&it.unit) {
        return Ok(it);
    }
    Err(TicketError::Forbidden {
        rule: "not_your_unit",
        clause: "7.8.1",
    })
}

fn changed(work: &mut Work<'_>, no: u32, state: SupervisionState, words: Words) {
    work.put_with(TicketFact::SupervisionChanged { no, state }, words);
}

fn read(work: &mut Work<'_>, it: &ReadSupervision) -> Result<(), TicketError> {
    let found = of_own_unit(work, it.no)?;
    // Opened again, or after the answer: nothing changes.
    if found.state == SupervisionState::Open {
        changed(work, it.no, SupervisionState::Read, Words::new());
    }
    Ok(())
}

fn reply(work: &mut Work<'_>, it: &ReplySupervision) -> Result<(), TicketError> {
    let found = of_own_unit(work, it.no)?;
    if matches!(found.state, SupervisionState::Replied | SupervisionState::Closed) {
        return Err(rule("supervision_not_open", "7.8.1"));
    }
    let text = work.text("reply", &it.reply, (REASON_MIN, WORDS_MAX), "7.8.1")?;
    let words = vec![(format!("supervision.{}.reply", it.no), text)];
    changed(work, it.no, SupervisionState::Replied, words);
    work.met(ClockKind::SupervisionReply, it.no);
    Ok(())
}

fn judge(work: &mut Work<'_>, it: &JudgeSupervision) -> Result<(), TicketError> {
    let found = supervision(work, it.no)?;
    check_overseer(work, &found.unit)?;
    if found.state != SupervisionState::Replied {
        return Err(rule("supervision_not_replied", "7.8.1"));
    }
    if it.satisfied {
        changed(work, it.no, SupervisionState::Closed, Words::new());
        return Ok(());
    }
    let reason = work.text("reason", &it.reason, (REASON_MIN, WORDS_MAX), "7.8.1")?;
    let words = vec![(format!("supervision.{}.reason", it.no), reason)];
    changed(work, it.no, SupervisionState::Open, words);
    work.start_by(ClockKind::SupervisionReply, it.no, Id::SupervisionReply, "unit");
    Ok(())
}
