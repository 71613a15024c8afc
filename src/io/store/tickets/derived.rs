//! Rows that are derived from an order: its cycles, requests, 督办, running clocks, units and circle.
//!
//! **Invariants.** What stands here follows from the aggregate alone; a change writes the rows that differ and no other.
//! A clock whose row is written anew is nobody's lease any more.
//! **Not here.** Taking clocks that are due (`io::store::tickets::clocks`).

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;

use crate::fact::codes::FollowupMode;
use crate::fact::codes::FollowupResult;
use crate::fact::codes::Satisfaction;
use crate::io::store::StoreError;
use crate::io::store::sql::Tx;
use crate::io::store::sql::Value;
use crate::io::store::sql::values;
use crate::io::store::tickets::row::count;
use crate::io::store::tickets::row::is_rework;
use crate::io::store::tickets::row::last_clock;
use crate::io::store::tickets::row::or_null;
use crate::ticket::model::AppealType;
use crate::ticket::model::Clock;
use crate::ticket::model::ClockEnd;
use crate::ticket::model::ClockKind;
use crate::ticket::model::Cycle;
use crate::ticket::model::Request;
use crate::ticket::model::RequestKind;
use crate::ticket::model::RequestState;
use crate::ticket::model::ReturnReason;
use crate::ticket::model::RouteBasis;
use crate::ticket::model::SubState;
use crate::ticket::model::Supervision;
use crate::ticket::model::Ticket;
use crate::ticket::model::Urgency;
use crate::ticket::model::Verdict;

/// A table of derived rows; its key is the order and `key` more columns.
struct Table {
    head: &'static str,
    on_conflict: &'static str,
    delete: &'static str,
    key: usize,
    rows: fn(&Ticket) -> Vec<Vec<Value<'static>>>,
}

const TABLES: [Table; 6] = [CYCLES, REQUESTS, SUPERVISIONS, CLOCKS, UNITS, CIRCLE];

const CYCLES: Table = Table {
    head: "INSERT INTO ticket_cycle (ticket, cycle, unit, handler, basis, class, appeal_type, category, urgency, region,
        enterprise, dispatched_at_us, dispatch_deadline_us, dispatched_late, sign_deadline_us, signed_at_us, signed_late,
        close_deadline_us, close_first_deadline_us, close_provisional, fed_back_at_us, fed_back_late, reviewed_at_us,
        sent_back, first_result_deadline_us, first_result_at_us, contacted_at_us, returns_asked, returns_approved,
        returns_refused, extensions_asked, extensions_approved, co_units, co_late, attempts, followed_at_us,
        followed_mode, followed_reached, result, satisfaction, county_result, county_satisfaction, verdict, excluded,
        rework, closed_at_us)",
    on_conflict: "ON CONFLICT (ticket, cycle) DO UPDATE SET unit = excluded.unit, handler = excluded.handler,
        basis = excluded.basis, class = excluded.class, appeal_type = excluded.appeal_type,
        category = excluded.category, urgency = excluded.urgency, region = excluded.region,
        enterprise = excluded.enterprise, dispatched_at_us = excluded.dispatched_at_us,
        dispatch_deadline_us = excluded.dispatch_deadline_us, dispatched_late = excluded.dispatched_late,
        sign_deadline_us = excluded.sign_deadline_us, signed_at_us = excluded.signed_at_us,
        signed_late = excluded.signed_late, close_deadline_us = excluded.close_deadline_us,
        close_first_deadline_us = excluded.close_first_deadline_us, close_provisional = excluded.close_provisional,
        fed_back_at_us = excluded.fed_back_at_us, fed_back_late = excluded.fed_back_late,
        reviewed_at_us = excluded.reviewed_at_us, sent_back = excluded.sent_back,
        first_result_deadline_us = excluded.first_result_deadline_us,
        first_result_at_us = excluded.first_result_at_us, contacted_at_us = excluded.contacted_at_us,
        returns_asked = excluded.returns_asked, returns_approved = excluded.returns_approved,
        returns_refused = excluded.returns_refused, extensions_asked = excluded.extensions_asked,
        extensions_approved = excluded.extensions_approved, co_units = excluded.co_units, co_late = excluded.co_late,
        attempts = excluded.attempts, followed_at_us = excluded.followed_at_us,
        followed_mode = excluded.followed_mode, followed_reached = excluded.followed_reached,
        result = excluded.result, satisfaction = excluded.satisfaction, county_result = excluded.county_result,
        county_satisfaction = excluded.county_satisfaction, verdict = excluded.verdict, excluded = excluded.excluded,
        rework = excluded.rework, closed_at_us = excluded.closed_at_us",
    delete: "DELETE FROM ticket_cycle WHERE ticket = $1 AND cycle = $2",
    key: 1,
    rows: cycles,
};

const REQUESTS: Table = Table {
    head: "INSERT INTO ticket_request (ticket, no, kind, state, cycle, unit, sub, reason, asked_at_us, decided_at_us,
        decided_late)",
    on_conflict: "ON CONFLICT (ticket, no) DO UPDATE SET state = excluded.state, decided_at_us = excluded.decided_at_us,
        decided_late = excluded.decided_late",
    delete: "DELETE FROM ticket_request WHERE ticket = $1 AND no = $2",
    key: 1,
    rows: requests,
};

const SUPERVISIONS: Table = Table {
    head: "INSERT INTO ticket_supervision (ticket, no, cause, cycle, unit, automatic, state, sent_at_us,
        reply_deadline_us, replied_at_us, reply_late)",
    on_conflict: "ON CONFLICT (ticket, no) DO UPDATE SET state = excluded.state,
        reply_deadline_us = excluded.reply_deadline_us, replied_at_us = excluded.replied_at_us,
        reply_late = excluded.reply_late",
    delete: "DELETE FROM ticket_supervision WHERE ticket = $1 AND no = $2",
    key: 1,
    rows: supervisions,
};

const CLOCKS: Table = Table {
    head: "INSERT INTO ticket_clock (ticket, kind, cycle, subject, due_us, deadline_us, provisional, next_us)",
    on_conflict: "ON CONFLICT (ticket, kind, cycle, subject) DO UPDATE SET due_us = excluded.due_us,
        deadline_us = excluded.deadline_us, provisional = excluded.provisional, next_us = excluded.next_us,
        lease_node = NULL",
    delete: "DELETE FROM ticket_clock WHERE ticket = $1 AND kind = $2 AND cycle = $3 AND subject = $4",
    key: 3,
    rows: clocks,
};

const UNITS: Table = Table {
    head: "INSERT INTO ticket_unit (ticket, organ, part)",
    on_conflict: "ON CONFLICT (ticket, organ, part) DO NOTHING",
    delete: "DELETE FROM ticket_unit WHERE ticket = $1 AND organ = $2 AND part = $3",
    key: 2,
    rows: units,
};

const CIRCLE: Table = Table {
    head: "INSERT INTO ticket_circle (ticket, account)",
    on_conflict: "ON CONFLICT (ticket, account) DO NOTHING",
    delete: "DELETE FROM ticket_circle WHERE ticket = $1 AND account = $2",
    key: 1,
    rows: circle,
};

impl Tx {
    /// Writes the derived rows that differ between an order before and after a change.
    pub(super) async fn put_derived(
        &mut self,
        before: Option<&Ticket>,
        after: &Ticket,
    ) -> Result<(), StoreError> {
        for table in &TABLES {
            let old = by_key(table, before);
            let new = by_key(table, Some(after));
            for (key, row) in &old {
                if !new.contains_key(key) {
                    let key = row.iter().take(table.key + 1).cloned();
                    self.execute(AssertSqlSafe(table.delete), key).await?;
                }
            }
            let width = new.values().next().map_or(1, Vec::len);
            let changed = new.iter().filter(|(key, row)| old.get(*key) != Some(*row));
            let values: Vec<Value<'_>> = changed.flat_map(|(_, row)| row.iter().cloned()).collect();
            self.insert_many(table.head, table.on_conflict, width, values)
                .await?;
        }
        Ok(())
    }
}

/// The rows of a table by their key as text.
fn by_key(table: &Table, ticket: Option<&Ticket>) -> BTreeMap<String, Vec<Value<'static>>> {
    let rows = ticket.map(table.rows).unwrap_or_default();
    rows.into_iter()
        .map(|row| (format!("{:?}", row.get(1..=table.key)), row))
        .collect()
}

fn cycles(ticket: &Ticket) -> Vec<Vec<Value<'static>>> {
    ticket
        .cycles
        .iter()
        .map(|cycle| cycle_row(ticket, cycle))
        .collect()
}

fn cycle_row(ticket: &Ticket, cycle: &Cycle) -> Vec<Value<'static>> {
    let mut row = Vec::from(values![ticket.id.to_string(), cycle.no]);
    row.extend(cycle_matter(ticket, cycle));
    row.extend(cycle_clocks(ticket, cycle));
    row.extend(cycle_requests(ticket, cycle));
    row.extend(cycle_followup(cycle));
    let newest = ticket.cycle_no() == cycle.no;
    row.extend(values![is_rework(cycle), ticket.closed_at.filter(|_| newest)]);
    row
}

fn cycle_matter(ticket: &Ticket, cycle: &Cycle) -> [Value<'static>; 9] {
    let draft = &ticket.draft;
    values![
        cycle.unit.as_ref().map(ToString::to_string),
        cycle.handler.as_ref().map(ToString::to_string),
        cycle.basis.map(RouteBasis::code),
        or_null(&cycle.class).map(str::to_owned),
        draft.appeal_type.map(AppealType::code),
        or_null(&draft.category).map(str::to_owned),
        draft.urgency.map(Urgency::code),
        draft.place.region().map(str::to_owned),
        ticket.is_enterprise(),
    ]
}

fn cycle_clocks(ticket: &Ticket, cycle: &Cycle) -> [Value<'static>; 16] {
    let of = |kind| last_clock(ticket, kind, cycle.no);
    let (sign, close) = (of(ClockKind::Sign), of(ClockKind::Close));
    // The dispatch clock of a cycle began before the cycle did: the last one that was met by its dispatch.
    let dispatch = ticket.clocks.iter().rev().find(|it| {
        it.clock.kind == ClockKind::Dispatch
            && it.end == Some(ClockEnd::Met)
            && it.ended_at == cycle.dispatched_at
    });
    values![
        cycle.dispatched_at,
        dispatch.and_then(|clock| clock.deadline),
        dispatch.map(|clock| clock.late),
        sign.and_then(|clock| clock.deadline),
        cycle.signed_at,
        cycle.signed_at.map(|_| cycle.signed_late),
        close.and_then(|clock| clock.deadline),
        close.and_then(|clock| clock.first_deadline),
        close.is_some_and(|clock| clock.provisional),
        cycle.fed_back_at,
        cycle.fed_back_at.map(|_| cycle.fed_back_late),
        cycle.reviewed_at,
        cycle.sent_back,
        of(ClockKind::FirstResult).and_then(|clock| clock.deadline),
        cycle.first_result_at,
        cycle.contacts.first().map(|contact| contact.at),
    ]
}

fn cycle_requests(ticket: &Ticket, cycle: &Cycle) -> [Value<'static>; 7] {
    let asked = |what: RequestKind, state: Option<RequestState>| {
        let ours = |it: &&Request| it.cycle == cycle.no && it.sub.is_none() && it.what == what;
        let of_state = |it: &&Request| state.is_none_or(|state| it.state == state);
        count(ticket.requests.iter().filter(ours).filter(of_state).count())
    };
    let parts = || {
        let ours = ticket.subs.iter().filter(|sub| sub.cycle == cycle.no);
        ours.filter(|sub| sub.state != SubState::Void)
    };
    values![
        asked(RequestKind::Return, None),
        asked(RequestKind::Return, Some(RequestState::Approved)),
        asked(RequestKind::Return, Some(RequestState::Refused)),
        asked(RequestKind::Extension, None),
        asked(RequestKind::Extension, Some(RequestState::Approved)),
        count(parts().count()),
        count(parts().filter(|sub| sub.done_late).count()),
    ]
}

fn cycle_followup(cycle: &Cycle) -> [Value<'static>; 10] {
    let (city, county) = (cycle.city.as_ref(), cycle.county.as_ref());
    values![
        count(cycle.attempts.len()),
        city.map(|word| word.at),
        city.map(|word| FollowupMode::code(word.mode)),
        city.map(|word| word.reached),
        city.map(|word| FollowupResult::code(word.result)),
        city.map(|word| Satisfaction::code(word.satisfaction)),
        county.map(|word| FollowupResult::code(word.result)),
        county.map(|word| Satisfaction::code(word.satisfaction)),
        cycle.verdict.map(Verdict::code),
        cycle.excluded,
    ]
}

fn requests(ticket: &Ticket) -> Vec<Vec<Value<'static>>> {
    let row = |it: &Request| {
        Vec::from(values![
            ticket.id.to_string(),
            it.no,
            it.what.code(),
            it.state.code(),
            it.cycle,
            it.unit.to_string(),
            it.sub.map(i64::from),
            it.reason.map(ReturnReason::code),
            it.at,
            it.decided_at,
            it.decided_late,
        ])
    };
    ticket.requests.iter().map(row).collect()
}

fn supervisions(ticket: &Ticket) -> Vec<Vec<Value<'static>>> {
    let row = |it: &Supervision| {
        let reply =
            |clock: &&Clock| clock.clock.kind == ClockKind::SupervisionReply && clock.clock.subject == it.no;
        let reply = ticket.clocks.iter().rev().find(reply);
        let met = reply.filter(|clock| clock.end == Some(ClockEnd::Met));
        Vec::from(values![
            ticket.id.to_string(),
            it.no,
            it.cause.code(),
            it.cycle,
            it.unit.to_string(),
            it.automatic,
            it.state.code(),
            it.at,
            reply.and_then(|clock| clock.deadline),
            met.and_then(|clock| clock.ended_at),
            met.map(|clock| clock.late),
        ])
    };
    ticket.supervisions.iter().map(row).collect()
}

fn clocks(ticket: &Ticket) -> Vec<Vec<Value<'static>>> {
    let row = |it: &Clock| {
        let due = it.next_due()?;
        Some(Vec::from(values![
            ticket.id.to_string(),
            it.clock.kind.code(),
            it.clock.cycle,
            it.clock.subject,
            due,
            it.deadline,
            it.provisional,
            due,
        ]))
    };
    ticket.clocks.iter().filter_map(row).collect()
}

fn units(ticket: &Ticket) -> Vec<Vec<Value<'static>>> {
    let first = ticket.unit().map(|unit| (unit, "first"));
    let handler = ticket.handler().map(|unit| (unit, "handler"));
    let parts = ticket.subs.iter().filter(|sub| sub.state != SubState::Void);
    let parts = parts.map(|sub| (&sub.unit, "co"));
    let secondary = ticket.responsibility.iter().flat_map(|(_, secondary)| secondary);
    let secondary = secondary.map(|unit| (unit, "secondary"));
    first
        .into_iter()
        .chain(handler)
        .chain(parts)
        .chain(secondary)
        .map(|(unit, part)| Vec::from(values![ticket.id.to_string(), unit.to_string(), part]))
        .collect()
}

fn circle(ticket: &Ticket) -> Vec<Vec<Value<'static>>> {
    if !ticket.confidential {
        return Vec::new();
    }
    let row = |user: &crate::base::ids::UserId| Vec::from(values![ticket.id.to_string(), user.to_string()]);
    ticket.circle.iter().map(row).collect()
}
