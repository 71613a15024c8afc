//! Gives commands to orders.
//!
//! **Invariants.** A key that came before answers with the order as it is and does nothing. Who named the version he had
//! before his eyes is refused when another is there; else the command is decided once more. A refusal for lack of a right
//! stands in the trail.

use crate::account::Principal;
use crate::base::ids::TicketId;
use crate::engine::ticket_service::OpenedTicket;
use crate::engine::ticket_service::TicketChange;
use crate::engine::ticket_service::TicketService;
use crate::engine::ticket_service::TicketServiceError;
use crate::engine::ticket_service::change_of;
use crate::engine::ticket_service::opened;
use crate::engine::ticket_service::write::Doing;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::account::AccountFact;
use crate::fact::ticket::TicketFact;
use crate::io::store::Tx;
use crate::ticket::command::Command;
use crate::ticket::command::DraftFields;
use crate::ticket::command::RecordRepeat;
use crate::ticket::command::Submit;
use crate::ticket::decide::By;
use crate::ticket::decide::Context;
use crate::ticket::decide::Decision;
use crate::ticket::decide::Known;
use crate::ticket::decide::Outcome;
use crate::ticket::decide::TicketError;
use crate::ticket::decide::decide;

/// How often a command is decided again because somebody was quicker.
const TRIES: u32 = 4;

/// A command on its way.
#[derive(Clone, Copy, Debug)]
pub struct Give<'a> {
    /// Who gives it.
    pub by: By<'a>,
    /// To which order.
    pub ticket: TicketId,
    /// What.
    pub command: &'a Command,
    /// The version the giver had before his eyes, if he says.
    pub expected: Option<i64>,
    /// The same key again does nothing again.
    pub key: Option<&'a str>,
}

impl<'a> Give<'a> {
    /// A command of the program itself.
    pub const fn by_system(ticket: TicketId, command: &'a Command) -> Self {
        Self {
            by: By::System,
            ticket,
            command,
            expected: None,
            key: None,
        }
    }
}

impl TicketService {
    /// Gives a command and returns the order as it is then, committed.
    ///
    /// # Errors
    /// [`TicketServiceError`]; nothing is changed then.
    pub async fn give(&self, give: Give<'_>) -> Result<OpenedTicket, TicketServiceError> {
        let mut tries = 1;
        loop {
            // What stands on the way down to the database is large: it is kept off the stacks of those who wait for it.
            let result = Box::pin(self.try_give(&give)).await;
            match result {
                Err(error) if tries < TRIES && error.may_pass_now() => tries += 1,
                Err(TicketServiceError::Refused(error)) => {
                    self.note_forbidden(&give, &error).await;
                    return Err(error.into());
                }
                other => return other,
            }
        }
    }

    /// Saves fields of a draft and returns the order as it is then.
    ///
    /// # Errors
    /// [`TicketServiceError`].
    pub async fn save(
        &self,
        who: &Principal,
        ticket: TicketId,
        fields: DraftFields,
        expected_version: i64,
    ) -> Result<OpenedTicket, TicketServiceError> {
        let command = Command::SaveDraft(fields);
        self.give(Give {
            by: By::User(who),
            ticket,
            command: &command,
            expected: Some(expected_version),
            key: None,
        })
        .await
    }

    /// Submits a draft; the same key again answers with the order as it is.
    ///
    /// # Errors
    /// [`TicketServiceError`].
    pub async fn submit(
        &self,
        who: &Principal,
        ticket: TicketId,
        expected_version: i64,
        key: Option<&str>,
    ) -> Result<OpenedTicket, TicketServiceError> {
        self.give(Give {
            by: By::User(who),
            ticket,
            command: &Command::Submit(Submit {}),
            expected: Some(expected_version),
            key,
        })
        .await
    }

    async fn try_give(&self, give: &Give<'_>) -> Result<OpenedTicket, TicketServiceError> {
        // What stands in other tables is looked up before the transaction holds the writer.
        let mut known = self.look_up(give.command).await?;
        let now = self.inner.clock.now();
        let doing = Doing::new(now, give.by, give.command.code());
        let mut tx = self.inner.store.begin().await?;
        let mut opened = self.load(&mut tx, give.ticket).await?;
        if let Some(key) = give.key
            && tx.command_key(give.ticket, key).await?.is_some()
        {
            return Ok(opened);
        }
        known.master = self.master_of(&mut tx, give.command, &opened.row).await?;
        let reference = self.reference();
        let ctx = Context {
            now: now.wall,
            by: give.by,
            reference: &reference,
            zone: &self.inner.zone,
            known: &known,
        };
        let outcome = decide(&opened.row.ticket, give.command, &ctx);
        let outcome = checked_version(give.expected, opened.row.ticket.version, outcome)?;
        if outcome.decisions.is_empty() {
            return Ok(opened);
        }
        let follow = repeats_of(give.ticket, &outcome.decisions);
        self.change(&mut tx, &mut opened, outcome, &doing).await?;
        let mut changes = vec![change_of(&opened.row)];
        if let Some((master, command)) = follow {
            changes.extend(self.follow(&mut tx, master, &command, &doing).await?);
        }
        if let Some(key) = give.key {
            tx.put_command_key(give.ticket, key, opened.row.ticket.version)
                .await?;
        }
        tx.commit().await?;
        self.tell(changes);
        Ok(opened)
    }

    /// Gives a command inside a transaction of the caller's, who commits and then tells what is returned.
    pub(crate) async fn give_within(
        &self,
        tx: &mut Tx,
        by: By<'_>,
        ticket: TicketId,
        command: &Command,
    ) -> Result<Option<TicketChange>, TicketServiceError> {
        let doing = Doing::new(self.inner.clock.now(), by, command.code());
        self.change_within(tx, by, (ticket, command), &doing).await
    }

    /// What a command means for another order, decided by the program in the same transaction.
    async fn follow(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        command: &Command,
        doing: &Doing,
    ) -> Result<Option<TicketChange>, TicketServiceError> {
        self.change_within(tx, By::System, (ticket, command), doing).await
    }

    async fn change_within(
        &self,
        tx: &mut Tx,
        by: By<'_>,
        (ticket, command): (TicketId, &Command),
        doing: &Doing,
    ) -> Result<Option<TicketChange>, TicketServiceError> {
        let mut opened = self.load(tx, ticket).await?;
        let reference = self.reference();
        let ctx = Context {
            now: doing.now.wall,
            by,
            reference: &reference,
            zone: &self.inner.zone,
            known: &Known::default(),
        };
        let outcome = decide(&opened.row.ticket, command, &ctx)?;
        if outcome.decisions.is_empty() {
            return Ok(None);
        }
        self.change(tx, &mut opened, outcome, doing).await?;
        Ok(Some(change_of(&opened.row)))
    }

    /// Reads an order inside a transaction, with its words in clear.
    pub(super) async fn load(&self, tx: &mut Tx, id: TicketId) -> Result<OpenedTicket, TicketServiceError> {
        let row = tx.ticket(id).await?.ok_or(TicketServiceError::NotFound(id))?;
        let mut open = Vec::with_capacity(2);
        for sealed in [&row.caller, &row.sealed] {
            let Some(sealed) = sealed else {
                open.push(None);
                continue;
            };
            let key = tx.data_key(&sealed.key).await?;
            open.push(match key {
                Some(key) => Some(self.inner.audit.open_with(sealed, &key)?),
                None => None,
            });
        }
        let words = open.pop().flatten();
        Ok(opened(row, open.pop().flatten(), words))
    }

    /// A refusal for lack of a right is written to the trail, as every other is.
    async fn note_forbidden(&self, give: &Give<'_>, error: &TicketError) {
        let (TicketError::Forbidden { .. }, By::User(who)) = (error, give.by) else {
            return;
        };
        let fact = AccountFact::PermissionDenied {
            verb: format!("ticket.{}", give.command.code()),
            object: format!("ticket/{}", give.ticket),
        };
        let record = Record {
            now: self.inner.clock.now(),
            interaction: None,
            ticket: None,
            actor: Actor::named(ActorKind::User, &who.user),
            cause: "api:denied",
            fact: Fact::Account(fact),
            personal: None,
        };
        if let Err(error) = self.inner.audit.write(&[record]).await {
            tracing::error!(%error, "a refusal could not be written to the trail");
        }
    }
}

/// Refuses what was decided on another version than the giver had before his eyes. That the state or a right does not
/// allow it at all is said first: reading again would not help.
fn checked_version(
    expected: Option<i64>,
    actual: i64,
    outcome: Result<Outcome, TicketError>,
) -> Result<Outcome, TicketError> {
    match (outcome, expected.filter(|expected| *expected != actual)) {
        (outcome, None) => outcome,
        (Err(error @ (TicketError::NotAllowed { .. } | TicketError::Forbidden { .. })), _) => Err(error),
        (_, Some(expected)) => Err(TicketError::Version { expected, actual }),
    }
}

/// Which order counts this one as its repeat from now on, or no longer.
fn repeats_of(ticket: TicketId, decisions: &[Decision]) -> Option<(TicketId, Command)> {
    let repeat = |same_appellant, undone| {
        Command::RecordRepeat(RecordRepeat {
            repeat: ticket,
            same_appellant,
            undone,
        })
    };
    decisions.iter().find_map(|decision| match &decision.fact {
        TicketFact::Merged {
            master,
            same_appellant,
            ..
        } => Some((*master, repeat(*same_appellant, false))),
        TicketFact::Unmerged { master } => Some((*master, repeat(false, true))),
        _ => None,
    })
}
