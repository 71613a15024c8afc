//! Stores what a decision came to: row, derived rows, index, messages and facts in the transaction it was made in.
//!
//! **Invariants.** The index's counter is taken before the chain's head, in every command alike, so that no two commands
//! wait for each other.

use crate::base::phone_number::Number;
use crate::base::time::Now;
use crate::engine::ticket_service::OpenedTicket;
use crate::engine::ticket_service::TicketService;
use crate::engine::ticket_service::TicketServiceError;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::personal::Personal;
use crate::fact::ticket::TicketFact;
use crate::io::store::Tx;
use crate::io::store::rule_proposals::RuleProposalRow;
use crate::io::store::tickets::TicketRow;
use crate::ticket::decide::By;
use crate::ticket::decide::Decision;
use crate::ticket::decide::FACTS_MAX;
use crate::ticket::decide::Outcome;
use crate::ticket::decide::TicketError;
use crate::ticket::evolve;
use crate::ticket::model::Ticket;

/// Facts that are kept back for the program, so that an order that has reached the bound can still be brought to its
/// end.
const FACTS_KEPT_BACK: i64 = 500;

/// Who did what for which reason, when.
#[derive(Clone, Debug)]
pub(super) struct Doing {
    pub(super) now: Now,
    pub(super) actor: Actor,
    pub(super) cause: &'static str,
    pub(super) system: bool,
}

impl Doing {
    pub(super) fn new(now: Now, by: By<'_>, cause: &'static str) -> Self {
        let actor = match by {
            By::System => Actor::system(),
            By::User(who) => match &who.agent {
                Some(agent) => Actor::named(ActorKind::Agent, agent),
                None => Actor::named(ActorKind::User, &who.user),
            },
        };
        Self {
            now,
            actor,
            cause,
            system: matches!(by, By::System),
        }
    }

    fn records(&self, ticket: &Ticket, decisions: Vec<Decision>) -> Vec<Record> {
        let record = |it: Decision| Record {
            now: self.now,
            interaction: ticket.interaction,
            ticket: Some(ticket.id),
            actor: self.actor.clone(),
            cause: self.cause,
            fact: Fact::Ticket(it.fact),
            personal: it.personal,
        };
        decisions.into_iter().map(record).collect()
    }
}

impl TicketService {
    /// Stores what a decision made of an order that was there.
    pub(super) async fn change(
        &self,
        tx: &mut Tx,
        opened: &mut OpenedTicket,
        outcome: Outcome,
        doing: &Doing,
    ) -> Result<(), TicketServiceError> {
        let Outcome { ticket, decisions } = outcome;
        check_room(&ticket, doing)?;
        let before = std::mem::replace(&mut opened.row.ticket, ticket);
        self.seal_row(tx, &mut opened.row).await?;
        tx.update_ticket(&before, &opened.row).await?;
        self.index(tx, Some(&before), &opened.row.ticket, &decisions)
            .await?;
        self.queue_messages(tx, opened, &decisions).await?;
        if let Some(row) = proposed_rule(&opened.row.ticket, &decisions, doing) {
            tx.put_rule_proposal(&row).await?;
        }
        let records = doing.records(&opened.row.ticket, decisions);
        self.inner.audit.append(tx, &records).await?;
        Ok(())
    }

    /// Stores orders that are new, with their decisions.
    pub(super) async fn add(
        &self,
        tx: &mut Tx,
        new: Vec<(OpenedTicket, Vec<Decision>)>,
        doing: &Doing,
    ) -> Result<Vec<OpenedTicket>, TicketServiceError> {
        let (mut all, mut records) = (Vec::with_capacity(new.len()), Vec::new());
        let (mut rows, mut decided) = (Vec::with_capacity(new.len()), Vec::with_capacity(new.len()));
        for (mut opened, decisions) in new {
            if decisions.iter().any(|it| it.personal.is_some()) {
                self.seal_row(tx, &mut opened.row).await?;
            }
            rows.push(opened.row.clone());
            all.push(opened);
            decided.push(decisions);
        }
        tx.insert_tickets(&rows).await?;
        for (opened, decisions) in all.iter().zip(decided) {
            self.index(tx, None, &opened.row.ticket, &decisions).await?;
            self.queue_messages(tx, opened, &decisions).await?;
            records.extend(doing.records(&opened.row.ticket, decisions));
        }
        self.inner.audit.append(tx, &records).await?;
        Ok(all)
    }

    /// Seals the words of an order into its row, and tags the number to call back.
    pub(super) async fn seal_row(&self, tx: &mut Tx, row: &mut TicketRow) -> Result<(), TicketServiceError> {
        let personal = Personal {
            number: None,
            values: evolve::personal_values(&row.ticket),
        };
        let sealed = self.inner.audit.seal(tx, &row.ticket.key_id(), &personal).await?;
        row.sealed = Some(sealed);
        (row.contact_tag, row.contact_last4_tag) = self.contact_tags(&row.ticket.draft.contact_phone);
        Ok(())
    }

    fn contact_tags(&self, phone: &str) -> (Option<String>, Option<String>) {
        let number = self.number_of(phone);
        let Some(number) = number else {
            return (None, None);
        };
        let national = number.national();
        let last4: String = national
            .chars()
            .skip(national.chars().count().saturating_sub(4))
            .collect();
        self.inner.keys.with(|ring| {
            let tag = ring.number_tag(&number);
            let last4 = (last4.chars().count() == 4).then(|| ring.last4_tag(&last4));
            (tag, last4)
        })
    }

    /// A number that somebody wrote down; none when it is none.
    pub(super) fn number_of(&self, phone: &str) -> Option<Number> {
        let number = Number::parse(phone.trim(), &self.inner.area_code);
        Some(number).filter(|number| !number.national().is_empty())
    }
}

/// The routing rule that a fixed responsibility proposes. Source: B.5.
fn proposed_rule(ticket: &Ticket, decisions: &[Decision], doing: &Doing) -> Option<RuleProposalRow> {
    let unit = decisions.iter().find_map(|it| match &it.fact {
        TicketFact::ResponsibilityFixed {
            primary,
            propose_rule: true,
            ..
        } => Some(primary),
        _ => None,
    })?;
    Some(RuleProposalRow {
        ticket: ticket.id,
        number: ticket.number.clone(),
        category: ticket.draft.category.clone(),
        region: ticket.draft.place.region().map(ToOwned::to_owned),
        unit: unit.clone(),
        state: "open".to_owned(),
        proposed_by: doing.actor.id.clone(),
        proposed_at: doing.now.wall,
        decided_by: None,
        decided_at: None,
        rules_version: None,
    })
}

fn check_room(ticket: &Ticket, doing: &Doing) -> Result<(), TicketError> {
    let kept_back = if doing.system { FACTS_KEPT_BACK } else { 0 };
    if ticket.version <= FACTS_MAX + kept_back {
        return Ok(());
    }
    Err(TicketError::Rule {
        rule: "too_many_facts",
        clause: "7.9.1",
    })
}
