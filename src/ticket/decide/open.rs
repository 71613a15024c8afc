//! How an order comes into being: a call was answered, a call holds another matter, another channel brought an appeal, an
//! older system's order is taken over.
//!
//! **Invariants.** The original words of another channel are never changed. What is taken over closed has no clock.
//! **Source.** DB1302/T 604—2025 4.2.2.2, 7.1.2; reading Q32.

use std::collections::BTreeMap;

use crate::fact::ticket::TicketFact;
use crate::ticket::command::DraftFields;
use crate::ticket::command::Import;
use crate::ticket::command::OpenDraft;
use crate::ticket::command::OpenMatter;
use crate::ticket::command::Opening;
use crate::ticket::command::Receive;
use crate::ticket::decide::checks::check_code;
use crate::ticket::decide::checks::check_digest;
use crate::ticket::decide::checks::check_other;
use crate::ticket::decide::draft;
use crate::ticket::decide::work::BLOCK_MAX;
use crate::ticket::decide::work::Work;
use crate::ticket::decide::work::invalid;
use crate::ticket::decide::work::rule;
use crate::ticket::evolve;
use crate::ticket::model::ClockKind;
use crate::ticket::model::FollowupLevel;
use crate::ticket::model::FollowupMode;
use crate::ticket::model::FollowupResult;
use crate::ticket::model::Satisfaction;
use crate::ticket::model::State;
use crate::ticket::refusal::TicketError;
use crate::ticket::settings::Id;

/// Longest original of another channel, characters.
pub const ORIGINAL_MAX: usize = 20_000;
/// Matters of one call at most.
pub const MATTERS_MAX: u32 = 20;

pub(super) fn open(work: &mut Work<'_>, opening: &Opening) -> Result<(), TicketError> {
    match opening {
        Opening::Draft(it) => {
            open_draft(work, it);
            Ok(())
        }
        Opening::Matter(it) => open_matter(work, it),
        Opening::Received(it) => receive(work, it),
        Opening::Imported(it) => import(work, it),
    }
}

fn open_draft(work: &mut Work<'_>, it: &OpenDraft) {
    work.put(TicketFact::DraftOpened {
        number: it.number.clone(),
        agent: it.agent.clone(),
        queue: it.queue.clone(),
        recording: it.recording,
        line: it.line.clone(),
    });
}

/// Another matter: of the first order who asks is taken over, never what. Source: reading Q32.
fn open_matter(work: &mut Work<'_>, it: &OpenMatter) -> Result<(), TicketError> {
    if work.settings().choice(Id::MattersMode) != "split" {
        return Err(rule("matters_are_items", "3.4"));
    }
    if it.matter < 2 || MATTERS_MAX < it.matter {
        return Err(invalid("matter", "out_of_range", "3.4"));
    }
    check_other(work, "first", it.first, "3.4")?;
    let block = DraftFields {
        name: it.appellant.name.clone(),
        appellant_kind: it.appellant.appellant_kind.clone(),
        contact_phone: it.appellant.contact_phone.clone(),
        company: it.appellant.company.clone(),
        credit_code: it.appellant.credit_code.clone(),
        secrecy: it.appellant.secrecy,
        ..DraftFields::default()
    };
    let values = read_fields(work, &block)?;
    let fact = TicketFact::MatterOpened {
        number: it.number.clone(),
        agent: it.agent.clone(),
        first: it.first,
        matter: it.matter,
    };
    work.put_values(fact, values);
    Ok(())
}

fn receive(work: &mut Work<'_>, it: &Receive) -> Result<(), TicketError> {
    check_code("channel", Some(&it.channel), "5")?;
    check_code("platform", it.platform.as_deref(), "5")?;
    check_code("external", it.external.as_deref(), "5")?;
    check_digest("digest", &it.digest, "7.1.2 b")?;
    // The original is kept to the letter: it is measured, not cleaned.
    match it.original.0.chars().count() {
        0 => return Err(invalid("original", "missing", "7.1.2 b")),
        1..=ORIGINAL_MAX => (),
        _ => return Err(invalid("original", "too_long", "7.1.2 b")),
    }
    let mut values = read_fields(work, &it.fields)?;
    values.insert("original.text".to_owned(), it.original.0.clone());
    let fact = TicketFact::Received {
        number: it.number.clone(),
        channel: it.channel.clone(),
        platform: it.platform.clone(),
        external: it.external.clone(),
        deadline: it.deadline,
        digest: it.digest.clone(),
        grid: it.grid,
    };
    work.put_values(fact, values);
    if work.settings().flag(Id::InboxClock) {
        work.start_by(ClockKind::Inbox, 0, inbox_limit(&it.channel), "organ");
    }
    Ok(())
}

/// How long an item of a channel may wait in the inbox. Source: GB/T 33358, reading Q4.
fn inbox_limit(channel: &str) -> Id {
    match channel {
        "sms" | "chat" => Id::InboxMessage,
        "mail" | "mailbox" | "email" => Id::InboxMailbox,
        _ => Id::Inbox,
    }
}

/// Closed there, at the instant of there: no clock of ours was ever asked.
fn import(work: &mut Work<'_>, it: &Import) -> Result<(), TicketError> {
    check_code("old_number", Some(&it.old_number), "7.9.1")?;
    if it.closed_at < it.accepted_at || work.ctx.now < it.closed_at {
        return Err(invalid("closed_at", "out_of_range", "7.9.1"));
    }
    if let Some(unit) = &it.unit
        && work.ctx.reference.organs.get(unit).is_none()
    {
        return Err(invalid("unit", "unknown_code", "7.9.1"));
    }
    let reply = work.text("reply", &it.reply, (0, BLOCK_MAX), "7.9.1")?;
    let mut values = read_fields(work, &it.fields)?;
    if !reply.is_empty() {
        values.insert("reply.1.result".to_owned(), reply);
    }
    let fact = TicketFact::Imported {
        number: it.number.clone(),
        old_number: it.old_number.clone(),
        state: State::Closed,
        unit: it.unit.clone(),
        accepted_at: Some(it.accepted_at),
        closed_at: Some(it.closed_at),
    };
    work.put_values(fact, values);
    if it.result.is_some() || it.satisfaction.is_some() {
        let cycle = work.ticket.cycle_no();
        work.put(TicketFact::FollowupRecorded {
            cycle,
            level: FollowupLevel::City,
            mode: FollowupMode::Person,
            result: it.result.unwrap_or(FollowupResult::Other),
            satisfaction: it.satisfaction.unwrap_or(Satisfaction::NoComment),
            reached: true,
            recording: None,
        });
    }
    Ok(())
}

/// The values by which the draft differs from an empty one once these fields are in it.
fn read_fields(work: &Work<'_>, fields: &DraftFields) -> Result<BTreeMap<String, String>, TicketError> {
    let draft = draft::changed(&work.ticket.draft, fields, work.ctx.reference)?;
    let before = evolve::values(&work.ticket.draft);
    let mut values = evolve::values(&draft);
    values.retain(|name, value| before.get(name) != Some(value));
    Ok(values)
}
