//! Queues the messages that facts of an order ask for, in the transaction that stores them.
//!
//! **Invariants.** One fact asks for a message once, however often its command is tried. Whoever repeated an order is
//! told its end as its own appellant is.
//! **Not here.** Who is told what (`ticket::notices`); words and sending (`engine::outbox`, `io::notify`).
//! **Source.** DB1302/T 604—2025 7.1 to 7.8; 7.1.4 c.

use std::collections::BTreeMap;

use crate::base::ids::OrganId;
use crate::base::phone_number::Number;
use crate::engine::outbox::Message;
use crate::engine::outbox::Outbox;
use crate::engine::outbox::Recipient;
use crate::engine::ticket_service::OpenedTicket;
use crate::engine::ticket_service::TicketService;
use crate::engine::ticket_service::TicketServiceError;
use crate::fact::ticket::TicketFact;
use crate::io::notify::render;
use crate::io::notify::render::Secrecy;
use crate::io::notify::vocabulary::Channel;
use crate::io::notify::vocabulary::Template;
use crate::io::store::Tx;
use crate::ticket::decide::Decision;
use crate::ticket::model::Closing;
use crate::ticket::notices::Notice;
use crate::ticket::notices::To;
use crate::ticket::notices::Value;
use crate::ticket::notices::notices;
use crate::ticket::reference::Reference;

impl TicketService {
    /// Queues what decisions ask to be told. `opened` is the order after all of them.
    pub(super) async fn queue_messages(
        &self,
        tx: &mut Tx,
        opened: &OpenedTicket,
        decisions: &[Decision],
    ) -> Result<(), TicketServiceError> {
        let Some(outbox) = &self.inner.outbox else {
            return Ok(());
        };
        let reference = self.reference();
        let ticket = &opened.row.ticket;
        let first = ticket.version - i64::try_from(decisions.len()).unwrap_or(0);
        let mut messages = Vec::new();
        for (decision, version) in decisions.iter().zip(first + 1..) {
            for (no, notice) in notices(ticket, &decision.fact).into_iter().enumerate() {
                let key = format!("{}:{version}:{no}", ticket.id);
                messages.extend(self.messages_of(opened, notice, &key, &reference));
            }
        }
        if !messages.is_empty() {
            outbox.queue(tx, &messages).await?;
        }
        if decisions.iter().any(|it| is_end(&it.fact)) {
            self.tell_repeats(tx, opened, outbox).await?;
        }
        Ok(())
    }

    /// Tells those whose orders were merged into this one that it has ended.
    async fn tell_repeats(
        &self,
        tx: &mut Tx,
        master: &OpenedTicket,
        outbox: &Outbox,
    ) -> Result<(), TicketServiceError> {
        let reference = self.reference();
        for (repeat, _) in &master.row.ticket.repeats {
            let repeat = self.load(tx, *repeat).await?;
            let notice = Notice {
                template: Template::Closed.code(),
                to: To::Appellant,
                variables: BTreeMap::new(),
                confidential: repeat.row.ticket.confidential || repeat.row.ticket.draft.secrecy,
            };
            let key = format!("{}:master:{}", repeat.row.ticket.id, master.row.ticket.version);
            let messages: Vec<Message> = self.messages_of(&repeat, notice, &key, &reference).collect();
            outbox.queue(tx, &messages).await?;
        }
        Ok(())
    }

    fn messages_of(
        &self,
        opened: &OpenedTicket,
        notice: Notice,
        key: &str,
        reference: &Reference,
    ) -> impl Iterator<Item = Message> {
        let ticket = &opened.row.ticket;
        let ways = self.ways(opened, &notice.to, reference);
        let template = Template::parse(notice.template);
        let secrecy = if notice.confidential {
            Secrecy::Confidential
        } else {
            Secrecy::Open
        };
        let mut variables: BTreeMap<String, String> = notice
            .variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), self.words(value, reference)))
            .collect();
        variables.insert("code".to_owned(), opened.row.query_code.clone());
        let (key_id, number) = (ticket.key_id(), (ticket.id, ticket.number.clone()));
        let key = key.to_owned();
        ways.into_iter().filter_map(move |(channel, recipient)| {
            Some(Message {
                key: format!("{key}:{channel}"),
                channel,
                template: template?,
                recipient,
                key_id: key_id.clone(),
                ticket: Some(number.clone()),
                variables: variables.clone(),
                secrecy,
                not_before: None,
            })
        })
    }

    /// By which ways somebody is reached: units on their screens, a duty office and an appellant by mobile telephone.
    fn ways(&self, opened: &OpenedTicket, to: &To, reference: &Reference) -> Vec<(Channel, Recipient)> {
        let on_screen = |organ: &OrganId| (Channel::Notice, Recipient::Unit(organ.clone(), None));
        match to {
            To::Unit(organ) => vec![on_screen(organ)],
            To::Organ => reference
                .organs
                .root()
                .map(|root| on_screen(&root.id))
                .into_iter()
                .collect(),
            To::DutyOffice(organ) => {
                let known = reference.organs.get(organ);
                let phones = known.map(|it| [it.duty_phone.as_deref(), it.deputy_phone.as_deref()]);
                let phones = phones.into_iter().flatten().flatten();
                let mobile = phones.filter_map(|phone| self.number_of(phone)).find(is_mobile);
                let by_phone = mobile.map(|number| (Channel::Sms, Recipient::DutyOffice(number)));
                [on_screen(organ)].into_iter().chain(by_phone).collect()
            }
            To::Appellant => {
                let contact = self.number_of(&opened.row.ticket.draft.contact_phone);
                let known = [contact, opened.caller.clone()];
                let mobile = known.into_iter().flatten().find(is_mobile);
                let by_phone = mobile.map(|number| (Channel::Sms, Recipient::Appellant(number)));
                by_phone.into_iter().collect()
            }
        }
    }

    fn words(&self, value: Value, reference: &Reference) -> String {
        match value {
            Value::Words(words) => words,
            Value::At(at) => self.inner.zone.format_end(at),
            Value::Organ(organ) => reference
                .organs
                .get(&organ)
                .map_or_else(|| organ.to_string(), |it| it.name.clone()),
            Value::Code(code) => render::reason(&code).to_owned(),
        }
    }
}

/// Whether a short message can reach it.
fn is_mobile(number: &Number) -> bool {
    let national = number.national();
    national.len() == 11 && national.starts_with('1')
}

/// Whether the result of an order stands, so that others who asked the same are told.
const fn is_end(fact: &TicketFact) -> bool {
    matches!(
        fact,
        TicketFact::Closed {
            how: Closing::FollowedUp | Closing::Exempt | Closing::Verified,
            ..
        }
    )
}
