//! The ends of an appeal at the desk: answered at once, not accepted, invalid, referred, merged.
//!
//! ```text
//!  draft ─► answered ─rating─► closed          draft ─► not_accepted | invalid | referred | merged ─► archived
//! ```
//!
//! **Invariants.** Each end rests on what the clause asks for, and says so: an article that counts now, a call that was
//! answered, an order that is open or finished; one of six reasons and words; two warnings before a caller counts as one
//! who harasses. What ends here has no clock but the one to its archive.
//! **Not here.** Undoing an end (`ticket::decide::closing`), the rating (`ticket::decide::followup`).
//! **Source.** DB1302/T 604—2025 3.1, 6.2, 7.1.4, appendix A; readings Q5, Q20, Q25.

use crate::account::Role;
use crate::base::ids::TicketId;
use crate::fact::ticket::TicketFact;
use crate::ticket::command::Answer;
use crate::ticket::command::Command;
use crate::ticket::command::Merge;
use crate::ticket::command::RecordRepeat;
use crate::ticket::command::Refer;
use crate::ticket::command::Refuse;
use crate::ticket::command::Text;
use crate::ticket::command::Urge;
use crate::ticket::command::WarnCaller;
use crate::ticket::decide::checks::check_code;
use crate::ticket::decide::checks::check_file;
use crate::ticket::decide::checks::check_other;
use crate::ticket::decide::draft::CLAUSE_ITEMS;
use crate::ticket::decide::draft::CONTENT_MIN;
use crate::ticket::decide::followup;
use crate::ticket::decide::intake;
use crate::ticket::decide::supervision;
use crate::ticket::decide::work::BLOCK_MAX;
use crate::ticket::decide::work::WORDS_MAX;
use crate::ticket::decide::work::Words;
use crate::ticket::decide::work::Work;
use crate::ticket::decide::work::invalid;
use crate::ticket::decide::work::rule;
use crate::ticket::model::AnswerBasis;
use crate::ticket::model::ClockEnd;
use crate::ticket::model::ClockKind;
use crate::ticket::model::Disposition;
use crate::ticket::model::Flag;
use crate::ticket::model::RefusalReason;
use crate::ticket::model::UrgedBy;
use crate::ticket::refusal::TicketError;
use crate::ticket::settings::Id;

/// Shortest explanation of a refusal, characters.
pub const EXPLANATION_MIN: usize = 5;
/// Shortest reply and shortest legal route, characters.
const REPLY_MIN: usize = 2;
/// Orders merged into one at most.
pub const REPEATS_MAX: usize = 2_000;
/// Highest likeness.
pub const SCORE_MAX: u32 = 1_000;
/// The code of a line that is not among the emergency lines.
pub const OTHER_LINE: &str = "other";
/// What may come of handing a caller over.
const OUTCOMES: [&str; 3] = ["connected", "stayed", "told"];

/// T04: answered at once.
pub(super) fn answer(work: &mut Work<'_>, it: &Answer) -> Result<(), TicketError> {
    check_written(work)?;
    let reply = work.text("reply", &it.reply, (REPLY_MIN, BLOCK_MAX), "7.1.4")?;
    check_basis(work, it)?;
    intake::mark_enterprise(work);
    void_desk_clocks(work);
    let of = |basis: AnswerBasis| it.basis == basis;
    let fact = TicketFact::Answered {
        basis: it.basis,
        article: it.article.clone().filter(|_| of(AnswerBasis::Article)),
        call: it.call.filter(|_| of(AnswerBasis::Transfer)),
        master: it.master.filter(|_| of(AnswerBasis::Master)),
    };
    work.put_with(fact, vec![("answer.1.reply".to_owned(), reply)]);
    followup::after_answer(work);
    Ok(())
}

/// An answered appeal is an appeal: what it was about is written down.
fn check_written(work: &Work<'_>) -> Result<(), TicketError> {
    let draft = &work.ticket.draft;
    let items = [
        ("content", draft.content.chars().count() < CONTENT_MIN),
        ("appeal_type", draft.appeal_type.is_none()),
        ("category", draft.category.is_empty()),
    ];
    let fields: Vec<&'static str> = items
        .into_iter()
        .filter_map(|(name, bare)| bare.then_some(name))
        .collect();
    if fields.is_empty() {
        return Ok(());
    }
    let clause = CLAUSE_ITEMS;
    Err(TicketError::Incomplete { fields, clause })
}

fn check_basis(work: &Work<'_>, it: &Answer) -> Result<(), TicketError> {
    let known = work.ctx.known;
    match it.basis {
        AnswerBasis::Article => {
            let Some(article) = &it.article else {
                return Err(invalid("article", "missing", "7.1.4 a"));
            };
            match &known.article {
                Some(found) if found.article == *article && found.valid => Ok(()),
                _ => work.refuse(rule("article_not_valid", "7.1.4 a")),
            }
        }
        AnswerBasis::Transfer => match (it.call, &known.call) {
            (None, _) => Err(invalid("call", "missing", "7.1.4 b")),
            (Some(_), Some(call)) if call.answered => Ok(()),
            (Some(_), _) => Err(rule("call_not_answered", "7.1.4 b")),
        },
        AnswerBasis::Master => {
            let Some(master) = it.master else {
                return Err(invalid("master", "missing", "7.1.4 c"));
            };
            check_master(work, "master", master, "7.1.4 c").map(|_| ())
        }
    }
}

/// An order that may be repeated: another one, there, open or lawfully finished. Whether the same person asks again.
fn check_master(
    work: &Work<'_>,
    field: &'static str,
    master: TicketId,
    clause: &'static str,
) -> Result<bool, TicketError> {
    check_other(work, field, master, clause)?;
    match &work.ctx.known.master {
        Some(found) if found.id == master && found.open_or_finished => Ok(found.same_appellant),
        Some(found) if found.id == master => Err(rule("master_not_usable", clause)),
        _ => Err(invalid(field, "unknown", clause)),
    }
}

/// T05: not accepted, for one of six reasons.
pub(super) fn refuse(work: &mut Work<'_>, it: &Refuse) -> Result<(), TicketError> {
    let explanation = work.text(
        "explanation",
        &it.explanation,
        (EXPLANATION_MIN, WORDS_MAX),
        "6.2",
    )?;
    let route = check_reason(work, it)?;
    check_second(work, it)?;
    intake::mark_enterprise(work);
    void_desk_clocks(work);
    let words: Words = vec![
        ("refusal.1.explanation".to_owned(), explanation),
        ("refusal.1.route".to_owned(), route),
    ];
    let fact = TicketFact::NotAccepted {
        reason: it.reason,
        procedure: it.procedure,
        concluded: it.concluded,
        file: it.file.clone(),
    };
    work.put_with(fact, words);
    end_record(work);
    Ok(())
}

/// What each reason asks for; the legal route that was told. Source: 6.2 a to f.
fn check_reason(work: &Work<'_>, it: &Refuse) -> Result<String, TicketError> {
    use RefusalReason::{Concluded, LegalProcedure, Petition};
    let clause = match it.reason {
        RefusalReason::OutsideCity => "6.2 a",
        LegalProcedure => "6.2 b",
        Petition => "6.2 c",
        RefusalReason::Secret => "6.2 d",
        Concluded => "6.2 e",
        RefusalReason::Unlawful => "6.2 f",
    };
    if (it.reason == LegalProcedure) != it.procedure.is_some() {
        let reason = if it.procedure.is_none() {
            "missing"
        } else {
            "not_here"
        };
        work.refuse(invalid("procedure", reason, clause))?;
    }
    if it.reason == Concluded {
        if let Some(file) = &it.file {
            check_file(file, clause)?;
        }
        match it.concluded {
            Some(order) => {
                check_master(work, "concluded", order, clause)?;
            }
            None if it.file.is_none() => work.refuse(invalid("concluded", "missing", clause))?,
            None => (),
        }
    } else if it.concluded.is_some() || it.file.is_some() {
        let field = if it.concluded.is_some() {
            "concluded"
        } else {
            "file"
        };
        return Err(invalid(field, "not_here", clause));
    }
    let asked = matches!(it.reason, LegalProcedure | Petition);
    let min = if asked { REPLY_MIN } else { 0 };
    work.text("route", &it.route, (min, WORDS_MAX), clause)
}

/// By other channels than the telephone a supervisor agrees, who is somebody else. Source: 6.2, reading Q25.
fn check_second(work: &Work<'_>, it: &Refuse) -> Result<(), TicketError> {
    if !work
        .settings()
        .refusal_needs_second_person(&work.ticket.origin.channel)
    {
        return Ok(());
    }
    let clause = "6.2";
    let Some(named) = &it.confirmed_by else {
        return Err(invalid("confirmed_by", "missing", clause));
    };
    let second = work.ctx.known.second.as_ref().filter(|who| who.user == *named);
    let other = work.user().is_none_or(|who| who.user != *named);
    if other && second.is_some_and(|who| who.roles.contains(&Role::Supervisor)) {
        return Ok(());
    }
    Err(TicketError::Forbidden {
        rule: "second_person",
        clause,
    })
}

/// Appendix A, 12: first one phrase, then the other.
pub(super) fn warn_caller(work: &mut Work<'_>, it: &WarnCaller) -> Result<(), TicketError> {
    let next = u32::try_from(work.ticket.warned.len())
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    if it.step != 1 && it.step != 2 {
        return Err(invalid("step", "out_of_range", "A"));
    }
    if it.step != next {
        return Err(rule("warning_order", "A"));
    }
    work.put(TicketFact::CallerWarned { step: it.step });
    Ok(())
}

/// T06: holds no appeal.
pub(super) fn mark_invalid(work: &mut Work<'_>, disposition: Disposition) -> Result<(), TicketError> {
    check_disposition(work, disposition)?;
    void_desk_clocks(work);
    work.put(TicketFact::MarkedInvalid { disposition });
    end_record(work);
    Ok(())
}

/// Another disposition, while the time to correct it runs. Source: appendix A.
pub(super) fn correct(work: &mut Work<'_>, disposition: Disposition) -> Result<(), TicketError> {
    intake::check_own(work, "A")?;
    check_disposition(work, disposition)?;
    let grace = work.settings().rule(Id::DispositionGrace);
    let since = work.ticket.clock(ClockKind::Archive, 0).map(|clock| clock.start);
    let open = since.is_some_and(|since| work.ctx.now < work.deadline(since, grace).at);
    if !open {
        return Err(rule("correction_over", "A"));
    }
    work.put(TicketFact::MarkedInvalid { disposition });
    Ok(())
}

fn check_disposition(work: &Work<'_>, disposition: Disposition) -> Result<(), TicketError> {
    if disposition == Disposition::Harassment && work.ticket.warned.len() < 2 {
        return Err(rule("harassment_not_warned", "A"));
    }
    Ok(())
}

/// T07: handed to an emergency or other line.
pub(super) fn refer(work: &mut Work<'_>, it: &Refer) -> Result<(), TicketError> {
    let lines = &work.ctx.reference.emergency_lines;
    let other = it.line == OTHER_LINE;
    if !other && !lines.iter().any(|line| line.number == it.line) {
        return Err(invalid("line", "unknown_code", "3.1"));
    }
    if !OUTCOMES.contains(&it.outcome.as_str()) {
        return Err(invalid("outcome", "unknown_code", "3.1"));
    }
    check_code("partner_number", it.partner_number.as_deref(), "3.1")?;
    // Which line it was stands in the note when it is none of the list.
    let min = if other { REPLY_MIN } else { 0 };
    let note = work.text("note", &it.note, (min, WORDS_MAX), "3.1")?;
    if it.life_danger && !work.ticket.flags.contains(&Flag::LifeDanger) {
        let flag = Flag::LifeDanger;
        work.put(TicketFact::Flagged { flag, on: true });
    }
    void_desk_clocks(work);
    let fact = TicketFact::Referred {
        line: it.line.clone(),
        outcome: it.outcome.clone(),
        partner_number: it.partner_number.clone(),
        life_danger: it.life_danger,
    };
    work.put_with(fact, vec![("referral.1.note".to_owned(), note)]);
    end_record(work);
    Ok(())
}

/// T08: repeats another order.
pub(super) fn merge(work: &mut Work<'_>, it: &Merge) -> Result<(), TicketError> {
    if SCORE_MAX < it.score {
        return Err(invalid("score", "out_of_range", "7.1.4 c"));
    }
    let told = work.text("told", &it.told, (0, WORDS_MAX), "7.1.4 c")?;
    let same_appellant = check_master(work, "master", it.master, "7.1.4 c")?;
    if !work.ticket.repeats.is_empty() {
        return Err(rule("has_repeats", "7.1.4 c"));
    }
    intake::mark_enterprise(work);
    void_desk_clocks(work);
    let fact = TicketFact::Merged {
        master: it.master,
        same_appellant,
        score: it.score,
    };
    work.put_with(fact, vec![("merge.1.told".to_owned(), told)]);
    end_record(work);
    Ok(())
}

/// Another order repeats this one, or no longer does. The same person who asks again asks for haste. Source: 7.1.4 c.
pub(super) fn record_repeat(work: &mut Work<'_>, it: &RecordRepeat) -> Result<(), TicketError> {
    check_other(work, "repeat", it.repeat, "7.1.4 c")?;
    let there = work.ticket.repeats.iter().any(|(order, _)| *order == it.repeat);
    let repeat = it.repeat;
    match (it.undone, there) {
        (true, true) => work.put(TicketFact::RepeatUndone { repeat }),
        (true, false) | (false, true) => (),
        (false, false) => {
            if REPEATS_MAX <= work.ticket.repeats.len() {
                return Err(rule("repeat_limit", "7.1.4 c"));
            }
            let same_appellant = it.same_appellant;
            work.put(TicketFact::Repeated {
                repeat,
                same_appellant,
            });
            if same_appellant {
                urge(work);
            }
        }
    }
    Ok(())
}

/// A repeat by the same person counts as 催办 while the order is open; on one that is finished it is none.
fn urge(work: &mut Work<'_>) {
    let urge = Command::Urge(Urge {
        by: UrgedBy::Appellant,
        text: Text::default(),
    });
    // A refusal says that nothing is to be hurried (any more).
    let _counted = supervision::decide(work, &urge);
}

/// Ends what still ran from an acceptance before the order came back to the desk.
pub(super) fn void_desk_clocks(work: &mut Work<'_>) {
    work.void_all_but(&[ClockKind::Citizen, ClockKind::HelpContact, ClockKind::HelpReport]);
}

/// The order has ended before dispatch: the citizen waits no more, the record waits for its archive. Source: 7.9.1.
pub(super) fn end_record(work: &mut Work<'_>) {
    work.end(ClockKind::Citizen, 0, ClockEnd::Met);
    work.start_by(ClockKind::Archive, 0, Id::ArchiveEndRecord, "organ");
}
