//! An order as its row: the aggregate as JSON, its words sealed, and every other column derived from it here.
//!
//! **Invariants.** Only `body`, `sealed`, `caller_sealed`, `query_code`, `query_tries` and the contact's tags are read
//! back; a derived column is written from the aggregate and from nothing else.
//! **Not here.** Rows of other tables that are derived too (`io::store::tickets::derived`).

use crate::base::ids::AgentId;
use crate::base::ids::LineId;
use crate::base::ids::OrganId;
use crate::base::ids::QueueId;
use crate::base::time::WallTime;
use crate::fact::personal::Sealed;
use crate::io::store::StoreError;
use crate::io::store::sql::Cells;
use crate::io::store::sql::Value;
use crate::io::store::sql::json;
use crate::io::store::sql::values;
use crate::ticket::model::AppealType;
use crate::ticket::model::AppellantKind;
use crate::ticket::model::Clock;
use crate::ticket::model::ClockEnd;
use crate::ticket::model::ClockKind;
use crate::ticket::model::Closing;
use crate::ticket::model::Cycle;
use crate::ticket::model::Ending;
use crate::ticket::model::Exemption;
use crate::ticket::model::FollowupMode;
use crate::ticket::model::FollowupResult;
use crate::ticket::model::RequestKind;
use crate::ticket::model::RequestState;
use crate::ticket::model::Satisfaction;
use crate::ticket::model::Ticket;
use crate::ticket::model::Urgency;

/// An order as its row holds it: the personal fields of `ticket.draft` and its texts are empty here and stand in
/// `sealed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketRow {
    /// The order without its words.
    pub ticket: Ticket,
    /// Eight digits the citizen asks with.
    pub query_code: String,
    /// Wrong codes since the last right one.
    pub query_tries: u32,
    /// The caller, sealed, with the search tags.
    pub caller: Option<Sealed>,
    /// The words, sealed.
    pub sealed: Option<Sealed>,
    /// Keyed tag of the number to call back.
    pub contact_tag: Option<String>,
    /// Keyed tag of its last four digits.
    pub contact_last4_tag: Option<String>,
}

macro_rules! read_columns {
    () => {
        "body, query_code, query_tries, caller_sealed, sealed, contact_tag, contact_last4_tag"
    };
}
pub(super) use read_columns;

/// Reads a row of `read_columns`.
pub(super) fn read(cells: &mut Cells) -> Result<TicketRow, StoreError> {
    let ticket: Option<Ticket> = cells.json_or_null()?;
    let (query_code, query_tries) = (cells.text()?, cells.count()?);
    Ok(TicketRow {
        ticket: ticket.ok_or_else(|| StoreError::Corrupt("an order without its body".to_owned()))?,
        query_code,
        query_tries: u32::try_from(query_tries).unwrap_or(u32::MAX),
        caller: cells.json_or_null()?,
        sealed: cells.json_or_null()?,
        contact_tag: cells.text_or_null()?,
        contact_last4_tag: cells.text_or_null()?,
    })
}

/// Every column of a row.
macro_rules! all_columns {
    () => {
        "id, number, query_code, query_tries, version, body, sealed, caller_sealed, caller_tag,
         caller_last4_tag, contact_tag, contact_last4_tag, state, channel, platform, external,
         old_number, interaction, matter, line, queue, agent, appellant_kind, appeal_type, category,
         urgency, region, flags, enterprise, confidential, cycle, unit, handler, class, created_at_us,
         updated_at_us, submitted_at_us, accepted_at_us, dispatched_at_us, signed_at_us, fed_back_at_us,
         closed_at_us, close_deadline_us, close_provisional, next_due_us, dispatched_late, signed_late,
         fed_back_late, returns_asked, returns_approved, extensions_asked, extensions_approved, reworks,
         reopened, repeats, ending, ending_code, master, exempt, closing, excluded, first_result,
         first_satisfaction, final_result, final_satisfaction, followed_at_us, followed_mode,
         followed_reached, agent_rating"
    };
}
pub(super) use all_columns;
/// How many they are.
pub(super) const WIDTH: usize = 69;

/// The values of a row's columns, in the order of `all_columns`.
pub(super) fn columns(row: &TicketRow) -> Vec<Value<'_>> {
    let mut all = Vec::with_capacity(WIDTH);
    all.extend(identity(row));
    all.extend(matter(&row.ticket));
    all.extend(instants(&row.ticket));
    all.extend(counts(&row.ticket));
    all.extend(ends(&row.ticket));
    all.extend(words(&row.ticket));
    all
}

fn identity(row: &TicketRow) -> [Value<'_>; 12] {
    let caller = row.caller.as_ref();
    values![
        row.ticket.id.to_string(),
        &row.ticket.number,
        &row.query_code,
        row.query_tries,
        row.ticket.version,
        json(&row.ticket),
        row.sealed.as_ref().map(json),
        caller.map(json),
        caller.and_then(|caller| caller.number_tag.as_deref()),
        caller.and_then(|caller| caller.last4_tag.as_deref()),
        row.contact_tag.as_deref(),
        row.contact_last4_tag.as_deref(),
    ]
}

fn matter(ticket: &Ticket) -> [Value<'_>; 22] {
    let (origin, draft) = (&ticket.origin, &ticket.draft);
    let flags = ticket
        .flags
        .iter()
        .fold(String::from(","), |flags, flag| flags + flag.code() + ",");
    values![
        ticket.state.code(),
        &origin.channel,
        origin.external.as_ref().map(|_| origin_key(ticket)),
        origin.external.as_deref(),
        origin.old_number.as_deref(),
        ticket.interaction.map(|call| call.to_string()),
        ticket.matter,
        ticket.line.as_ref().map(LineId::as_str),
        ticket.queue.as_ref().map(QueueId::as_str),
        ticket.agent.as_ref().map(AgentId::as_str),
        draft.appellant_kind.map(AppellantKind::code),
        draft.appeal_type.map(AppealType::code),
        or_null(&draft.category),
        draft.urgency.map(Urgency::code),
        draft.place.region(),
        flags,
        ticket.is_enterprise(),
        ticket.confidential,
        ticket.cycle_no(),
        ticket.unit().map(OrganId::as_str),
        ticket.handler().map(OrganId::as_str),
        ticket.cycle().and_then(|cycle| or_null(&cycle.class)),
    ]
}

fn instants(ticket: &Ticket) -> [Value<'static>; 14] {
    let first = |what: fn(&Cycle) -> Option<WallTime>| ticket.cycles.iter().find_map(what);
    let close = last_clock(ticket, ClockKind::Close, ticket.cycle_no());
    let late_of = |what: fn(&Cycle) -> Option<bool>| ticket.cycles.iter().find_map(what);
    let dispatch = ticket
        .clocks
        .iter()
        .find(|it| it.clock.kind == ClockKind::Dispatch && it.end == Some(ClockEnd::Met));
    values![
        ticket.created_at,
        ticket.updated_at,
        ticket.submitted_at,
        ticket.accepted_at,
        first(|cycle| cycle.dispatched_at),
        first(|cycle| cycle.signed_at),
        first(|cycle| cycle.fed_back_at),
        ticket.closed_at,
        close.and_then(|clock| clock.deadline),
        close.is_some_and(|clock| clock.provisional),
        ticket.clocks.iter().filter_map(Clock::next_due).min(),
        dispatch.map(|clock| clock.late),
        late_of(|cycle| cycle.signed_at.map(|_| cycle.signed_late)),
        late_of(|cycle| cycle.fed_back_at.map(|_| cycle.fed_back_late)),
    ]
}

fn counts(ticket: &Ticket) -> [Value<'static>; 7] {
    let asked = |what: RequestKind, approved: bool| {
        let found = ticket.requests.iter().filter(|it| {
            it.what == what && it.sub.is_none() && (!approved || it.state == RequestState::Approved)
        });
        count(found.count())
    };
    values![
        asked(RequestKind::Return, false),
        asked(RequestKind::Return, true),
        asked(RequestKind::Extension, false),
        asked(RequestKind::Extension, true),
        count(ticket.cycles.iter().filter(|cycle| is_rework(cycle)).count()),
        ticket.reopened,
        count(ticket.repeats.len()),
    ]
}

fn ends(ticket: &Ticket) -> [Value<'_>; 6] {
    let (kind, code, master) = match &ticket.ending {
        None => (None, None, None),
        Some(Ending::Answered { basis, master, .. }) => (Some("answered"), Some(basis.code()), *master),
        Some(Ending::NotAccepted { reason, .. }) => (Some("not_accepted"), Some(reason.code()), None),
        Some(Ending::Invalid { disposition }) => (Some("invalid"), Some(disposition.code()), None),
        Some(Ending::Referred { line }) => (Some("referred"), Some(line.as_str()), None),
        Some(Ending::Merged {
            master,
            same_appellant,
        }) => {
            let who = if *same_appellant { "same" } else { "other" };
            (Some("merged"), Some(who), Some(*master))
        }
        Some(Ending::Cancelled { withdrawn }) => {
            let why = if *withdrawn { "withdrawn" } else { "mistake" };
            (Some("cancelled"), Some(why), None)
        }
    };
    values![
        kind,
        code,
        master.map(|master| master.to_string()),
        ticket.exempt.map(Exemption::code),
        ticket.closing.map(Closing::code),
        ticket.cycle().is_some_and(|cycle| cycle.excluded),
    ]
}

fn words(ticket: &Ticket) -> [Value<'static>; 8] {
    let heard = || ticket.cycles.iter().filter_map(|cycle| cycle.city.as_ref());
    let (first, last) = (heard().next(), heard().next_back());
    values![
        first.map(|word| FollowupResult::code(word.result)),
        first.map(|word| Satisfaction::code(word.satisfaction)),
        last.map(|word| FollowupResult::code(word.result)),
        last.map(|word| Satisfaction::code(word.satisfaction)),
        last.map(|word| word.at),
        last.map(|word| FollowupMode::code(word.mode)),
        last.map(|word| word.reached),
        ticket.agent_rating.map(Satisfaction::code),
    ]
}

/// The other platform of an order, or the channel when it names none: with the number there it is one order.
pub(super) fn origin_key(ticket: &Ticket) -> &str {
    let origin = &ticket.origin;
    origin.platform.as_deref().unwrap_or(&origin.channel)
}

/// The newest clock of a kind in a cycle, running or not.
pub(super) fn last_clock(ticket: &Ticket, kind: ClockKind, cycle: u32) -> Option<&Clock> {
    let wanted = |it: &&Clock| it.clock.kind == kind && it.clock.cycle == cycle && it.clock.subject == 0;
    ticket.clocks.iter().rev().find(wanted)
}

/// Whether a cycle is one of rework: it was not dispatched through a rule or a judgement.
pub(super) fn is_rework(cycle: &Cycle) -> bool {
    1 < cycle.no && cycle.basis.is_none()
}

pub(super) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

pub(super) fn or_null(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
