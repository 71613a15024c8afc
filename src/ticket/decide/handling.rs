//! Handling by the unit: signing, speaking to the appellant, stages, and the reply.
//!
//! ```text
//!  pending_sign ─sign─► handling ─reply─► review
//!                        │   ▲   rework ─reply─► review
//!                        └───┘ contact, stage, first result
//! ```
//!
//! **Invariants.** Only who handles the order replies to the appellant, never a co-unit. A reply comes after the
//! appellant was told and heard, after every co-unit's part, and of a critical order after its first result. Late is
//! told, never forbidden.
//! **Not here.** What a reply's words are checked for (`ticket::reply`); its review (`ticket::decide::review`).
//! **Source.** DB1302/T 604—2025 7.3, 7.5.1, 7.5.2, 7.7.1 a, B.3; readings Q12, Q14.

use crate::base::ids::OrganId;
use crate::fact::ticket::TicketFact;
use crate::ticket::command::Command;
use crate::ticket::command::FeedBack;
use crate::ticket::command::RecordContact;
use crate::ticket::command::RecordProgress;
use crate::ticket::command::Text;
use crate::ticket::decide::clocks;
use crate::ticket::decide::dispatch;
use crate::ticket::decide::duty;
use crate::ticket::decide::extension;
use crate::ticket::decide::request;
use crate::ticket::decide::review;
use crate::ticket::decide::work::BLOCK_MAX;
use crate::ticket::decide::work::WORDS_MAX;
use crate::ticket::decide::work::Words;
use crate::ticket::decide::work::Work;
use crate::ticket::decide::work::checked;
use crate::ticket::decide::work::invalid;
use crate::ticket::decide::work::rule;
use crate::ticket::model::ClockKind;
use crate::ticket::model::Contact;
use crate::ticket::model::ContactOutcome;
use crate::ticket::model::ContactWay;
use crate::ticket::model::FileRef;
use crate::ticket::model::State;
use crate::ticket::model::SubState;
use crate::ticket::model::Urgency;
use crate::ticket::refusal::TicketError;
use crate::ticket::reply;
use crate::ticket::settings::Id;

/// Most files beside one reply, request or part.
pub(super) const FILES_MAX: usize = 20;
/// Most documents quoted in one reply.
const CITATIONS_MAX: usize = 20;
/// Longest number dialled, characters.
const NUMBER_MAX: usize = 32;
/// Longest title, number or clause of a document, characters.
const CITATION_MAX: usize = 200;
/// Most contacts recorded in a cycle.
const CONTACTS_MAX: usize = 100;
/// Most stages recorded in a cycle.
const STAGES_MAX: u32 = 100;
/// Shortest text that says something, characters.
const SAID_MIN: usize = 2;
/// Where a unit works.
pub(super) const WORKED: &[State] = &[State::Handling, State::Rework];

pub(super) fn decide(work: &mut Work<'_>, command: &Command) -> Result<(), TicketError> {
    match command {
        Command::Sign(_) => sign(work, command),
        Command::RecordContact(it) => record_contact(work, command, it),
        Command::RecordProgress(it) => record_progress(work, command, it),
        Command::FeedBack(it) => feed_back(work, command, it),
        _ => {
            debug_assert!(false, "{} is no handling", command.code());
            Ok(())
        }
    }
}

/// Files within bounds, each with a digest.
pub(super) fn check_files(files: &[FileRef], clause: &'static str) -> Result<(), TicketError> {
    if FILES_MAX < files.len() {
        return Err(invalid("files", "too_many", clause));
    }
    let is_digest =
        |it: &FileRef| it.sha256.len() == 64 && it.sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !files.iter().all(is_digest) {
        return Err(invalid("files", "not_text", clause));
    }
    Ok(())
}

fn sign(work: &mut Work<'_>, command: &Command) -> Result<(), TicketError> {
    work.in_state(command, &[State::PendingSign])?;
    let unit = work.handler("7.3")?;
    // A breach that nobody came to tell is told now.
    clocks::tell_breach(work, ClockKind::Sign, 0);
    let late = work.met(ClockKind::Sign, 0);
    work.put(TicketFact::Signed { unit, late });
    if work.settings().choice(Id::CloseStart) == "signed" {
        dispatch::start_close(work);
    }
    let grid = work.ticket.cycle().is_some_and(|cycle| cycle.grid.is_some());
    if work.settings().choice(Id::ReturnStart) == "signed" && !grid {
        dispatch::start_return_window(work);
    }
    Ok(())
}

fn record_contact(work: &mut Work<'_>, command: &Command, it: &RecordContact) -> Result<(), TicketError> {
    work.in_state(command, WORKED)?;
    let unit = work.handler("7.3")?;
    let number = work.text("number", &it.number, (0, NUMBER_MAX), "7.3")?;
    let opinion = work.text("opinion", &it.opinion, (0, WORDS_MAX), "7.7.1 a")?;
    let note = work.text("note", &it.note, (0, WORDS_MAX), "7.3")?;
    let reached = it.outcome == ContactOutcome::Reached;
    if !opinion.is_empty() && !reached {
        return Err(invalid("opinion", "not_reached", "7.7.1 a"));
    }
    if it.call.is_some() {
        let Some(call) = &work.ctx.known.call else {
            return Err(invalid("call", "unknown_code", "7.3"));
        };
        if reached && !call.answered && it.way == ContactWay::Phone {
            return Err(invalid("outcome", "not_answered", "7.3"));
        }
    }
    let contacts = work.ticket.cycle().map_or(0, |cycle| cycle.contacts.len());
    if CONTACTS_MAX <= contacts {
        return Err(rule("too_many_contacts", "7.3"));
    }
    let (cycle, no) = (work.ticket.cycle_no(), contacts + 1);
    let name = |field: &str| format!("contact.{cycle}.{no}.{field}");
    let words: Words = vec![
        (name("number"), number),
        (name("opinion"), opinion.clone()),
        (name("note"), note),
    ];
    let fact = TicketFact::Contacted {
        cycle,
        unit,
        way: it.way,
        outcome: it.outcome,
        call: it.call,
        opinion: !opinion.is_empty(),
    };
    work.put_with(fact, words);
    Ok(())
}

fn record_progress(work: &mut Work<'_>, command: &Command, it: &RecordProgress) -> Result<(), TicketError> {
    work.in_state(command, WORKED)?;
    let unit = work.handler("7.5.1")?;
    let text = work.text("text", &it.text, (SAID_MIN, WORDS_MAX), "7.5.1")?;
    if it.first_result && dispatch::urgency(work) != Urgency::Critical {
        return Err(rule("first_result_not_asked", "7.5.1"));
    }
    let stages = work.ticket.cycle().map_or(0, |cycle| cycle.stages);
    if STAGES_MAX <= stages {
        return Err(rule("too_many_stages", "7.5.1"));
    }
    if it.first_result {
        clocks::tell_breach(work, ClockKind::FirstResult, 0);
        work.met(ClockKind::FirstResult, 0);
    }
    let cycle = work.ticket.cycle_no();
    let words = vec![(format!("progress.{cycle}.{}.text", stages + 1), text)];
    let fact = TicketFact::Progressed {
        cycle,
        unit,
        first_result: it.first_result,
        public: it.public,
    };
    work.put_with(fact, words);
    Ok(())
}

fn feed_back(work: &mut Work<'_>, command: &Command, it: &FeedBack) -> Result<(), TicketError> {
    work.in_state(command, WORKED)?;
    let unit = work.handler("7.5.2")?;
    let mut warnings = Vec::new();
    let words = reply_words(work, it, &mut warnings)?;
    check_files(&it.files, "7.5.2")?;
    check_ready(work, &unit)?;
    warnings.extend(reply::check(it, work.ctx.reference));
    // What the unit asked for is no longer asked: it has replied.
    let late = is_late(work);
    clocks::tell_breach(work, ClockKind::Close, 0);
    request::void_open(work);
    work.met_judged(ClockKind::Close, 0, late);
    duty::end(work);
    let fact = TicketFact::FedBack {
        cycle: work.ticket.cycle_no(),
        unit,
        solved: it.solved,
        late,
        warnings,
        files: it.files.clone(),
    };
    let clean = matches!(&fact, TicketFact::FedBack { warnings, .. } if warnings.is_empty());
    work.put_with(fact, words);
    work.start_by(ClockKind::FeedbackReview, 0, Id::FeedbackReview, "organ");
    if clean {
        review::pass_if_off(work);
    }
    Ok(())
}

/// Whether the reply comes too late. A unit is not late while its extension, asked for in time, is undecided; and as the
/// site sets it the first reply of a cycle judges, not the one that was taken. Source: 7.5.1, 7.6, readings Q12, Q18.
fn is_late(work: &Work<'_>) -> bool {
    let late = work
        .ticket
        .clock(ClockKind::Close, 0)
        .is_some_and(|it| work.is_late(it));
    let cycle = work.ticket.cycle();
    match cycle.filter(|it| it.fed_back_at.is_some()) {
        Some(cycle) if work.settings().choice(Id::CloseJudged) == "first" => cycle.fed_back_late,
        _ => late && !extension::protects(work),
    }
}

/// The words of a reply by name, complete and within bounds.
fn reply_words(work: &Work<'_>, it: &FeedBack, warnings: &mut Vec<String>) -> Result<Words, TicketError> {
    let blocks: [(&'static str, &Text); 4] = [
        ("process", &it.process),
        ("basis", &it.basis),
        ("result", &it.result),
        ("next_steps", &it.next_steps),
    ];
    let empty: Vec<&'static str> = blocks
        .iter()
        .filter(|(_, text)| text.is_empty())
        .map(|(field, _)| *field)
        .collect();
    if !empty.is_empty() && work.settings().choice(Id::FeedbackEmptyBlock) == "refuse" {
        return Err(TicketError::Incomplete {
            fields: empty,
            clause: "7.5.2",
        });
    }
    warnings.extend(empty.iter().map(|field| format!("empty:{field}")));
    let cycle = work.ticket.cycle_no();
    let name = |field: &str| format!("reply.{cycle}.{field}");
    let mut words = Words::new();
    for (field, text) in blocks {
        words.push((name(field), work.text(field, text, (0, BLOCK_MAX), "7.5.2")?));
    }
    let public = work.text("public_reply", &it.public_reply, (0, BLOCK_MAX), "7.5.2")?;
    words.push((name("public_reply"), public));
    let internal = work.text("internal_note", &it.internal_note, (0, BLOCK_MAX), "7.5.2")?;
    words.push((name("internal_note"), internal));
    // B.3: after co-handling the first unit sums up the others' work and has asked the appellant itself.
    let least = usize::from(is_co_handled(work)) * SAID_MIN;
    let summary = work.text("co_summary", &it.co_summary, (least, BLOCK_MAX), "B.3")?;
    words.push((name("co_summary"), summary));
    let followup = work.text("unit_followup", &it.unit_followup, (least, BLOCK_MAX), "B.3")?;
    words.push((name("unit_followup"), followup));
    if CITATIONS_MAX < it.citations.len() {
        return Err(invalid("citations", "too_many", "7.5.2"));
    }
    for citation in &it.citations {
        for text in [&citation.title, &citation.number, &citation.clause] {
            checked("citations", text.trimmed(), (0, CITATION_MAX), "7.5.2")?;
        }
    }
    if !it.citations.is_empty() {
        let citations = serde_json::to_string(&it.citations).unwrap_or_default();
        words.push((name("citations"), citations));
    }
    Ok(words)
}

fn is_co_handled(work: &Work<'_>) -> bool {
    work.ticket.subs.iter().any(|part| part.state != SubState::Void)
}

/// Whether everything that comes before a reply has come.
fn check_ready(work: &Work<'_>, unit: &OrganId) -> Result<(), TicketError> {
    let over = [SubState::Done, SubState::Void];
    if !work.ticket.subs.iter().all(|part| over.contains(&part.state)) {
        work.refuse(rule("co_parts_open", "B.2"))?;
    }
    if work.ticket.clock(ClockKind::FirstResult, 0).is_some() {
        return Err(rule("first_result_missing", "7.5.1"));
    }
    if !is_heard(work, unit) {
        work.refuse(rule("contact_missing", "7.7.1 a"))?;
    }
    Ok(())
}

/// Whether the unit told the appellant and heard him in this cycle, or tried often enough with the calls to show for it.
/// Who must not know the appellant cannot speak to him. Source: 7.3, 7.7.1 a, reading Q6.
fn is_heard(work: &Work<'_>, unit: &OrganId) -> bool {
    let ticket = &work.ticket;
    let conflict = work
        .ctx
        .reference
        .conflict(ticket.draft.target_organ.as_ref(), unit);
    let judges = conflict.is_none_or(|it| it.decided_by == *unit);
    let hidden = !judges && work.settings().flag(Id::ComplaintHideAppellant);
    if ticket.draft.secrecy || ticket.confidential || ticket.origin.grid || hidden {
        return true;
    }
    let contacts: &[Contact] = ticket.cycle().map_or(&[], |cycle| &cycle.contacts);
    if contacts
        .iter()
        .any(|it| it.opinion && it.outcome == ContactOutcome::Reached)
    {
        return true;
    }
    let tries = contacts
        .iter()
        .filter(|it| it.call.is_some() && it.outcome != ContactOutcome::Reached)
        .count();
    let enough = usize::try_from(work.settings().count(Id::ContactUnreachableTries)).unwrap_or(usize::MAX);
    enough <= tries
}
