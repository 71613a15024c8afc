//! Opens orders: drafts of calls, further matters of one, appeals by other channels, orders of an older system.
//!
//! **Invariants.** What was opened is not opened again: the order that is there is the answer.

use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::LineId;
use crate::base::ids::QueueId;
use crate::base::ids::RecordingId;
use crate::base::ids::TicketId;
use crate::base::phone_number::Number;
use crate::base::time::Now;
use crate::engine::ticket_service::OpenedTicket;
use crate::engine::ticket_service::TicketChange;
use crate::engine::ticket_service::TicketService;
use crate::engine::ticket_service::TicketServiceError;
use crate::engine::ticket_service::change_of;
use crate::engine::ticket_service::write::Doing;
use crate::fact::personal::Personal;
use crate::fact::personal::Sealed;
use crate::io::store::Tx;
use crate::io::store::tickets::TicketRow;
use crate::ticket::command::DraftFields;
use crate::ticket::command::OpenDraft;
use crate::ticket::command::Opening;
use crate::ticket::decide;
use crate::ticket::decide::By;
use crate::ticket::decide::Context;
use crate::ticket::decide::Decision;
use crate::ticket::decide::Known;
use crate::ticket::decide::TicketError;
use crate::ticket::model::Draft;

/// How often an opening is tried again because somebody else opened the same.
const TRIES: u32 = 4;

/// What a draft is opened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftRequest {
    /// The call.
    pub interaction: InteractionId,
    /// The dialled line.
    pub line: Option<LineId>,
    /// The queue.
    pub queue: QueueId,
    /// Who answered.
    pub agent: AgentId,
    /// The recording.
    pub recording: Option<RecordingId>,
    /// The caller as the call's first fact holds him: sealed under the interaction's key already.
    pub caller: Option<Sealed>,
}

impl TicketService {
    /// Opens drafts inside a transaction; a call that has one already gets no second.
    ///
    /// Returns what is to be told with [`TicketService::tell`] after the commit.
    ///
    /// # Errors
    /// [`TicketServiceError`]; the transaction is then to be dropped.
    pub async fn open_drafts(
        &self,
        tx: &mut Tx,
        requests: &[DraftRequest],
    ) -> Result<Vec<TicketChange>, TicketServiceError> {
        let now = self.inner.clock.now();
        let mut known = {
            let calls: Vec<InteractionId> = requests.iter().map(|request| request.interaction).collect();
            tx.calls_with_ticket(&calls).await?
        };
        let new = requests
            .iter()
            .filter(|request| known.insert(request.interaction));
        let new: Vec<&DraftRequest> = new.collect();
        let mut opened = Vec::with_capacity(new.len());
        for (request, number) in new.iter().zip(self.numbers(tx, now, new.len()).await?) {
            let opening = Opening::Draft(OpenDraft {
                number,
                interaction: request.interaction,
                line: request.line.clone(),
                queue: request.queue.clone(),
                agent: request.agent.clone(),
                recording: request.recording,
            });
            opened.push(self.decide_opening(now, By::System, &opening, request.caller.clone())?);
        }
        let doing = Doing::new(now, By::System, "policy:agent_answered");
        let opened = self.add(tx, opened, &doing).await?;
        Ok(opened.iter().map(|it| change_of(&it.row)).collect())
    }

    /// Opens an order that is no draft of a call: another matter of one, an appeal by another channel, one of an older
    /// system. The number (and of a matter its place in the call) is given here.
    ///
    /// # Errors
    /// [`TicketServiceError`]; [`TicketServiceError::NotFound`] for a matter of an order that is not there.
    pub async fn open(&self, by: By<'_>, opening: &Opening) -> Result<OpenedTicket, TicketServiceError> {
        let mut tries = 1;
        loop {
            match self.try_open(by, opening.clone()).await {
                Err(error) if tries < TRIES && error.may_pass_now() => tries += 1,
                other => return other,
            }
        }
    }

    async fn try_open(&self, by: By<'_>, mut opening: Opening) -> Result<OpenedTicket, TicketServiceError> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        if let Some(id) = there_already(&mut tx, &opening).await? {
            return self.load(&mut tx, id).await;
        }
        let first = match &opening {
            Opening::Matter(matter) => Some(self.load(&mut tx, matter.first).await?),
            _ => None,
        };
        let number = self.numbers(&mut tx, now, 1).await?.pop().unwrap_or_default();
        match &mut opening {
            Opening::Draft(it) => it.number = number,
            Opening::Received(it) => it.number = number,
            Opening::Imported(it) => it.number = number,
            Opening::Matter(it) => {
                it.number = number;
                if let Some(first) = &first {
                    it.matter = next_matter(&mut tx, first).await?;
                    it.interaction = first.row.ticket.interaction;
                    it.recording = first.row.ticket.recording;
                    it.appellant = appellant_of(&first.row.ticket.draft);
                }
            }
        }
        let caller = first.as_ref().and_then(|first| first.row.caller.clone());
        let (mut opened, decisions) = self.decide_opening(now, by, &opening, caller)?;
        if let Some(first) = &first {
            opened.caller.clone_from(&first.caller);
        } else {
            self.take_contact_as_caller(&mut tx, &mut opened).await?;
        }
        let cause = match &opening {
            Opening::Draft(_) => "policy:agent_answered",
            Opening::Matter(_) => "api:matter",
            Opening::Received(_) => "channel",
            Opening::Imported(_) => "import",
        };
        let doing = Doing::new(now, by, cause);
        let opened = self.add(&mut tx, vec![(opened, decisions)], &doing).await?;
        tx.commit().await?;
        self.tell(opened.iter().map(|it| change_of(&it.row)).collect());
        let opened = opened.into_iter().next();
        opened.ok_or(TicketServiceError::Refused(TicketError::NotOpen))
    }

    pub(super) async fn numbers(
        &self,
        tx: &mut Tx,
        now: Now,
        count: usize,
    ) -> Result<Vec<String>, TicketServiceError> {
        let day = self.inner.zone.date_of(now.wall).compact();
        Ok(tx.next_order_numbers(&day, count).await?)
    }

    pub(super) fn decide_opening(
        &self,
        now: Now,
        by: By<'_>,
        opening: &Opening,
        caller: Option<Sealed>,
    ) -> Result<(OpenedTicket, Vec<Decision>), TicketServiceError> {
        let reference = self.reference();
        let ctx = Context {
            now: now.wall,
            by,
            reference: &reference,
            zone: &self.inner.zone,
            known: &Known::default(),
        };
        let (id, query_code) = self.draw(now);
        let outcome = decide::open(id, opening, &ctx)?;
        let row = TicketRow {
            ticket: outcome.ticket,
            query_code,
            query_tries: 0,
            caller,
            sealed: None,
            contact_tag: None,
            contact_last4_tag: None,
        };
        let opened = OpenedTicket {
            row,
            caller: None,
            erased: false,
        };
        Ok((opened, outcome.decisions))
    }

    /// Who wrote by another channel is found as callers are: by the number he left.
    pub(super) async fn take_contact_as_caller(
        &self,
        tx: &mut Tx,
        opened: &mut OpenedTicket,
    ) -> Result<(), TicketServiceError> {
        let ticket = &opened.row.ticket;
        let number: Option<Number> = self.number_of(&ticket.draft.contact_phone);
        let Some(number) = number.filter(|_| opened.row.caller.is_none()) else {
            return Ok(());
        };
        let personal = Personal {
            number: Some(number.clone()),
            ..Personal::default()
        };
        let sealed = self.inner.audit.seal(tx, &ticket.key_id(), &personal).await?;
        (opened.row.caller, opened.caller) = (Some(sealed), Some(number));
        Ok(())
    }
}

/// The order that this opening made already.
async fn there_already(tx: &mut Tx, opening: &Opening) -> Result<Option<TicketId>, TicketServiceError> {
    let row = match opening {
        Opening::Draft(it) => tx.tickets_of(it.interaction).await?.into_iter().next(),
        Opening::Matter(_) => None,
        Opening::Received(it) => match &it.external {
            Some(external) => {
                let platform = it.platform.as_deref().unwrap_or(&it.channel);
                tx.ticket_of_origin(platform, external).await?
            }
            None => None,
        },
        Opening::Imported(it) => tx.ticket_of_old_number(&it.old_number).await?,
    };
    Ok(row.map(|row| row.ticket.id))
}

/// The place of one more matter of a call.
async fn next_matter(tx: &mut Tx, first: &OpenedTicket) -> Result<u32, TicketServiceError> {
    let matters = match first.row.ticket.interaction {
        Some(call) => tx.tickets_of(call).await?,
        None => Vec::new(),
    };
    let last = matters.iter().map(|row| row.ticket.matter).max();
    Ok(last.unwrap_or(first.row.ticket.matter).saturating_add(1))
}

/// Who asks, as another matter of his takes it over.
fn appellant_of(draft: &Draft) -> DraftFields {
    let text = |text: &String| Some(text.clone());
    DraftFields {
        name: text(&draft.name),
        appellant_kind: draft.appellant_kind.map(|kind| kind.code().to_owned()),
        contact_phone: text(&draft.contact_phone),
        company: text(&draft.company),
        credit_code: text(&draft.credit_code),
        secrecy: Some(draft.secrecy),
        ..DraftFields::default()
    }
}
