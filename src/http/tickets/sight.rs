//! Whose eyes look at an order, and which of its words they are shown.
//!
//! **Invariants.** A word whose name is not known here is shown only to those who see everything.
//! **Not here.** How much somebody sees (`ticket::sight`).
//! **Source.** DB1302/T 604—2025 8.4.2.1; readings Q6, Q24.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::account::Principal;
use crate::account::organ::OrganPath;
use crate::account::permission::Object;
use crate::base::ids::InteractionId;
use crate::base::ids::OrganId;
use crate::http::Web;
use crate::http::error::Problem;
use crate::io::store::tickets::TicketRow;
use crate::ticket::model::HelpState;
use crate::ticket::model::State;
use crate::ticket::model::Ticket;
use crate::ticket::reference::Reference;
use crate::ticket::sight::Sight;
use crate::ticket::sight::sight;

/// A person before an order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Eyes<'a> {
    /// How much he sees.
    pub(crate) sight: Sight,
    /// Whether he writes this draft: then he sees the numbers he writes.
    pub(crate) writes: bool,
    who: &'a Principal,
}

impl<'a> Eyes<'a> {
    /// Somebody's eyes on an order.
    pub(crate) fn on(ticket: &Ticket, who: &'a Principal, reference: &Reference) -> Self {
        Self {
            sight: sight(ticket, who, reference),
            writes: ticket.state == State::Draft && ticket.agent.is_some() && who.agent == ticket.agent,
            who,
        }
    }

    /// The stable code of the sight.
    pub(crate) const fn code(&self) -> &'static str {
        match self.sight {
            Sight::Nothing => "nothing",
            Sight::Masked => "masked",
            Sight::Matter => "matter",
            Sight::Personal => "personal",
            Sight::Whole => "whole",
        }
    }

    /// Whether he works for this unit or one above it, below the city's organ.
    fn works_for(&self, unit: &OrganId, reference: &Reference) -> bool {
        let path = reference.organs.path(unit);
        path.is_some_and(|path| self.who.organ.contains(&path))
    }

    /// The words of an order that he is shown, by name.
    pub(crate) fn words(&self, ticket: &Ticket, reference: &Reference) -> BTreeMap<String, String> {
        let shown = ticket
            .texts
            .0
            .iter()
            .filter(|(name, words)| !words.is_empty() && self.shows_word(name, ticket, reference));
        shown.map(|(name, words)| (name.clone(), words.clone())).collect()
    }

    /// Whether the word or field with this name is shown to him.
    pub(crate) fn shows_word(&self, name: &str, ticket: &Ticket, reference: &Reference) -> bool {
        let mut parts = name.split('.');
        let what = parts.next().unwrap_or_default();
        if what == "sub" {
            // What a co-unit is asked and answers is for itself and for who leads.
            let no = parts.next().and_then(|no| no.parse().ok());
            let part = no.and_then(|no| ticket.sub(no));
            let own = part.is_some_and(|part| self.works_for(&part.unit, reference));
            let leads = ticket
                .handler()
                .is_some_and(|unit| self.works_for(unit, reference));
            return self.sight.shows_internal() || (self.sight.shows_matter() && (own || leads));
        }
        self.sight >= least(name, what)
    }
}

/// An order as an object of permission: its writer, and the organ that has it or a part of it; of several, one that
/// this person reaches. Source: 8.4.1.
pub(crate) fn object(ticket: &Ticket, who: &Principal, reference: &Reference) -> Object {
    let parts = ticket.subs.iter().map(|sub| &sub.unit);
    let earlier = ticket.cycles.iter().rev().filter_map(|cycle| cycle.unit.as_ref());
    let asked = ticket.requests.iter().map(|request| &request.unit);
    let all = ticket
        .handler()
        .into_iter()
        .chain(ticket.unit())
        .chain(parts)
        .chain(earlier)
        .chain(asked);
    let mut paths: Vec<OrganPath> = all.filter_map(|organ| reference.organs.path(organ)).collect();
    // What was submitted to the inspection department (督查部门) is within its reach, whoever handles it (7.8.2).
    let own = who.organ.organ();
    let inspects = own.is_some() && own == reference.organs.inspection().map(|organ| &organ.id);
    if inspects && !ticket.cases.is_empty() {
        paths.insert(0, who.organ.clone());
    }
    let reached = paths
        .iter()
        .position(|path| who.organ.contains(path))
        .unwrap_or(0);
    // The seat that was sent to help reads the order as its own. Source: 7.1.5 a.
    let mut helps = ticket.helps.iter().filter(|it| it.state != HelpState::Closed);
    let is_sent = who.agent.is_some() && helps.any(|it| it.seat == who.agent);
    Object {
        name: format!("ticket/{}", ticket.id),
        agent: if is_sent {
            who.agent.clone()
        } else {
            ticket.agent.clone()
        },
        organ: (reached < paths.len()).then(|| paths.swap_remove(reached)),
    }
}

/// Whether an order is confidential and not for this person: for him it is not there. Source: 7.7.1.
pub(crate) fn is_hidden(ticket: &Ticket, who: &Principal, reference: &Reference) -> bool {
    ticket.confidential && !sight(ticket, who, reference).is_seen()
}

/// Of these calls, those of whose confidential order this person may not know.
///
/// # Errors
/// What the database says.
pub(crate) async fn hidden_calls(
    web: &Web,
    who: &Principal,
    calls: impl IntoIterator<Item = InteractionId>,
) -> Result<BTreeSet<InteractionId>, Problem> {
    let calls: Vec<InteractionId> = calls.into_iter().collect();
    let reference = web.engine.tickets().reference();
    let rows = web.engine.store().confidential_tickets_of(&calls).await?;
    let hidden = rows.iter().filter(|row| is_hidden(&row.ticket, who, &reference));
    let of_row = |row: &TicketRow| {
        let linked: Vec<InteractionId> = row.ticket.calls.iter().map(|(call, _)| *call).collect();
        row.ticket.interaction.into_iter().chain(linked)
    };
    let hidden: BTreeSet<InteractionId> = hidden.flat_map(of_row).collect();
    Ok(calls.into_iter().filter(|call| hidden.contains(call)).collect())
}

/// What a person asks of many orders: those of his own agent and organ.
pub(crate) fn own(name: &str, who: &Principal) -> Object {
    Object {
        name: name.to_owned(),
        agent: who.agent.clone(),
        organ: Some(who.organ.clone()),
    }
}

/// How much somebody sees at least who is shown the word or field with this name.
fn least(name: &str, what: &str) -> Sight {
    let last = name.rsplit('.').next().unwrap_or_default();
    match (what, last) {
        (_, "internal_note") | ("caller" | "contact_phone" | "credit_code", _) | ("contact", "number") => {
            Sight::Whole
        }
        (
            "content" | "demand" | "target" | "address" | "reply" | "progress" | "dispatch" | "redispatch"
            | "return" | "extension" | "co_handling" | "review" | "send_back" | "rework" | "reopen"
            | "supervision" | "instruction" | "urge" | "added" | "file" | "answer" | "refusal" | "urgency"
            | "flag" | "type" | "category" | "responsibility" | "cancel" | "arbitration",
            _,
        ) => Sight::Matter,
        ("name" | "company" | "contact_time" | "original" | "contact" | "followup" | "help", _) => {
            Sight::Personal
        }
        _ => Sight::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_word_and_an_internal_note_are_for_those_who_see_everything() {
        let of = |name: &str| least(name, name.split('.').next().unwrap());
        assert_eq!(of("reply.1.result"), Sight::Matter);
        assert_eq!(of("reply.1.internal_note"), Sight::Whole);
        assert_eq!(of("contact.1.1.opinion"), Sight::Personal);
        assert_eq!(of("contact.1.1.number"), Sight::Whole);
        assert_eq!(of("original.text"), Sight::Personal);
        assert_eq!(of("something.new"), Sight::Whole);
    }
}
