//! Work orders between the pure rules and the tables: load, decide, store row and facts together, tell the desk.
//!
//! ```text
//!  command ─► row of the order ─► ticket::decide ─► row + facts in one transaction ─► change told to readers
//!                   ▲                                      │ somebody was quicker
//!                   └───────────── once more ◄─────────────┘
//! ```
//!
//! **Invariants.** "Saved" is answered after the commit. An order is opened once per interaction. Its number is taken
//! from the day's counter in the transaction that opens it, so a number is never given twice and none is skipped.
//! Personal values are sealed under the interaction's data key in facts and row alike.
//! **Not here.** Who may do it: the caller has checked (`account::permission`).
//! **Source.** DB1302/T 604—2025 7.1.2.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use tokio::sync::broadcast;

use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::LineId;
use crate::base::ids::QueueId;
use crate::base::ids::RecordingId;
use crate::base::ids::TicketId;
use crate::base::limits::STREAM_EVENTS_MAX;
use crate::base::phone_number::Number;
use crate::base::random::Random;
use crate::base::time::Clock;
use crate::base::time::Now;
use crate::base::time::WallTime;
use crate::engine::audit::Audit;
use crate::engine::audit::AuditError;
use crate::fact::Actor;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::personal::Personal;
use crate::fact::personal::Sealed;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::Tx;
use crate::io::store::tickets::TicketRow;
use crate::ticket::catalogue::Catalogue;
use crate::ticket::command::Command;
use crate::ticket::command::DraftFields;
use crate::ticket::command::OpenDraft;
use crate::ticket::decide::Decision;
use crate::ticket::decide::TicketError;
use crate::ticket::decide::decide;
use crate::ticket::evolve;
use crate::ticket::model::Place;

/// Digits of a query code.
const QUERY_CODE_BOUND: u64 = 100_000_000;

/// Why an order was not changed.
#[derive(Debug, thiserror::Error)]
pub enum TicketServiceError {
    /// No such order.
    #[error("no work order {0}")]
    NotFound(TicketId),
    /// The rules refuse it.
    #[error(transparent)]
    Refused(#[from] TicketError),
    /// The database or the keys did not do it.
    #[error(transparent)]
    Audit(#[from] AuditError),
}

impl From<StoreError> for TicketServiceError {
    fn from(error: StoreError) -> Self {
        Self::Audit(error.into())
    }
}

/// Told whenever an order changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketChange {
    /// Which order.
    pub ticket: TicketId,
    /// Its number.
    pub number: String,
    /// The call it belongs to.
    pub interaction: InteractionId,
    /// Whose it is.
    pub agent: AgentId,
    /// Its version now.
    pub version: i64,
}

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

/// An order with its personal fields in clear: for the writer and for whoever may see him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedTicket {
    /// The order; the draft is complete.
    pub row: TicketRow,
    /// The caller's number; none when it was withheld or its key was erased.
    pub caller: Option<Number>,
    /// Whether the data key was erased: the personal fields are then empty.
    pub erased: bool,
}

/// Gives the civil day of an instant as `YYYYMMDD`.
pub type DayOf = Arc<dyn Fn(WallTime) -> String + Send + Sync>;

/// What the service needs beside the store.
pub struct TicketServiceParts {
    /// The database.
    pub store: Store,
    /// The chain that order facts go to.
    pub audit: Audit,
    /// Both clocks.
    pub clock: Arc<dyn Clock + Send + Sync>,
    /// Randomness for ids and query codes.
    pub random: Random,
    /// The site's civil day.
    pub day_of: DayOf,
}

/// Work orders, cheap to clone.
#[derive(Clone)]
pub struct TicketService {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    audit: Audit,
    clock: Arc<dyn Clock + Send + Sync>,
    random: Mutex<Random>,
    day_of: DayOf,
    changes: broadcast::Sender<TicketChange>,
}

impl std::fmt::Debug for TicketService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TicketService")
    }
}

impl TicketService {
    /// Makes the service.
    pub fn new(parts: TicketServiceParts) -> Self {
        let TicketServiceParts {
            store,
            audit,
            clock,
            random,
            day_of,
        } = parts;
        let changes = broadcast::channel(STREAM_EVENTS_MAX).0;
        Self {
            inner: Arc::new(Inner {
                store,
                audit,
                clock,
                random: Mutex::new(random),
                day_of,
                changes,
            }),
        }
    }

    /// Changes from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<TicketChange> {
        self.inner.changes.subscribe()
    }

    /// Reads an order with its personal fields in clear.
    ///
    /// # Errors
    /// [`TicketServiceError::NotFound`]; [`TicketServiceError::Audit`].
    pub async fn ticket(&self, id: TicketId) -> Result<OpenedTicket, TicketServiceError> {
        let row = self
            .inner
            .store
            .ticket(id)
            .await?
            .ok_or(TicketServiceError::NotFound(id))?;
        self.open_row(row).await
    }

    /// Reads the order that was opened by a call, with its personal fields in clear.
    ///
    /// # Errors
    /// [`TicketServiceError::Audit`].
    pub async fn ticket_of(&self, call: InteractionId) -> Result<Option<OpenedTicket>, TicketServiceError> {
        match self.inner.store.ticket_of(call).await? {
            Some(row) => self.open_row(row).await.map(Some),
            None => Ok(None),
        }
    }

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
        let day = (self.inner.day_of)(now.wall);
        let mut known = {
            let calls: Vec<InteractionId> = requests.iter().map(|request| request.interaction).collect();
            tx.calls_with_ticket(&calls).await?
        };
        let new = requests
            .iter()
            .filter(|request| known.insert(request.interaction));
        let new: Vec<&DraftRequest> = new.collect();
        let mut rows = Vec::with_capacity(new.len());
        let mut records = Vec::with_capacity(new.len());
        for (request, number) in new.iter().zip(tx.next_order_numbers(&day, new.len()).await?) {
            let open = OpenDraft {
                number,
                interaction: request.interaction,
                line: request.line.clone(),
                queue: request.queue.clone(),
                agent: request.agent.clone(),
                recording: request.recording,
            };
            let decisions = decide(None, &Command::OpenDraft(open.clone()), Catalogue::shipped())?;
            let (id, query_code) = self.draw(now);
            let row = TicketRow {
                ticket: evolve::open(id, &open, now.wall),
                query_code,
                caller: request.caller.clone(),
                sealed: None,
                submit_key: None,
            };
            let facts = decisions.into_iter();
            records.extend(facts.map(|it| record(now, &row, &Actor::system(), "policy:agent_answered", it)));
            rows.push(row);
        }
        tx.insert_tickets(&rows).await?;
        self.inner.audit.append(tx, &records).await?;
        Ok(rows.iter().map(change_of).collect())
    }

    /// Tells readers what changed.
    pub fn tell(&self, changes: Vec<TicketChange>) {
        for change in changes {
            // Nobody listens: nothing to tell.
            let _ = self.inner.changes.send(change);
        }
    }

    /// Saves fields of a draft and returns the order as it is then.
    ///
    /// # Errors
    /// [`TicketServiceError`].
    pub async fn save(
        &self,
        actor: &Actor,
        id: TicketId,
        fields: DraftFields,
        expected_version: i64,
    ) -> Result<OpenedTicket, TicketServiceError> {
        self.change(
            actor,
            id,
            &Command::SaveDraft {
                fields,
                expected_version,
            },
            "api:save",
            None,
        )
        .await
    }

    /// Submits a draft; the same `submit_key` again answers with the order as it is.
    ///
    /// # Errors
    /// [`TicketServiceError`].
    pub async fn submit(
        &self,
        actor: &Actor,
        id: TicketId,
        expected_version: i64,
        submit_key: Option<&str>,
    ) -> Result<OpenedTicket, TicketServiceError> {
        let command = Command::Submit { expected_version };
        self.change(actor, id, &command, "api:submit", submit_key).await
    }

    async fn change(
        &self,
        actor: &Actor,
        id: TicketId,
        command: &Command,
        cause: &'static str,
        submit_key: Option<&str>,
    ) -> Result<OpenedTicket, TicketServiceError> {
        let change = Change {
            actor,
            id,
            command,
            cause,
            submit_key,
        };
        match self.try_change(&change).await {
            Err(TicketServiceError::Audit(AuditError::Store(error)))
                if matches!(error, StoreError::Version { .. }) || error.is_transient() =>
            {
                self.try_change(&change).await
            }
            other => other,
        }
    }

    async fn try_change(&self, change: &Change<'_>) -> Result<OpenedTicket, TicketServiceError> {
        let now = self.inner.clock.now();
        let mut tx = self.inner.store.begin().await?;
        let row = tx
            .ticket(change.id)
            .await?
            .ok_or(TicketServiceError::NotFound(change.id))?;
        if change.submit_key.is_some() && row.submit_key.as_deref() == change.submit_key {
            drop(tx);
            return self.open_row(row).await;
        }
        let key = row.ticket.interaction.to_string();
        let stored = tx.data_key(&key).await?;
        let mut opened = self.open_with(row, stored.as_ref())?;
        let before = opened.row.ticket.version;
        let decisions = decide(Some(&opened.row.ticket), change.command, Catalogue::shipped())?;
        if decisions.is_empty() {
            return Ok(opened);
        }
        for decision in &decisions {
            let personal = decision.personal.as_ref();
            evolve::evolve(&mut opened.row.ticket, now.wall, &decision.fact, personal);
        }
        let sealed = self
            .inner
            .audit
            .seal(&mut tx, &key, &personal_fields(&opened.row))
            .await?;
        opened.row.sealed = Some(sealed);
        if let Some(submit_key) = change.submit_key {
            opened.row.submit_key = Some(submit_key.to_owned());
        }
        tx.update_ticket(&opened.row, before).await?;
        let row = &opened.row;
        let records: Vec<Record> = decisions
            .into_iter()
            .map(|it| record(now, row, change.actor, change.cause, it))
            .collect();
        self.inner.audit.append(&mut tx, &records).await?;
        tx.commit().await?;
        self.tell(vec![change_of(&opened.row)]);
        Ok(opened)
    }

    async fn open_row(&self, row: TicketRow) -> Result<OpenedTicket, TicketServiceError> {
        let stored = self
            .inner
            .store
            .data_key(&row.ticket.interaction.to_string())
            .await?;
        self.open_with(row, stored.as_ref())
    }

    fn open_with(
        &self,
        mut row: TicketRow,
        key: Option<&crate::io::keys::KeyRecord>,
    ) -> Result<OpenedTicket, TicketServiceError> {
        let sealed = row.sealed.is_some() || row.caller.is_some();
        let Some(key) = key else {
            return Ok(OpenedTicket {
                row,
                caller: None,
                erased: sealed,
            });
        };
        let mut caller = None;
        if let Some(sealed) = &row.caller {
            caller = self.inner.audit.open_with(sealed, key)?.number;
        }
        if let Some(sealed) = &row.sealed {
            let personal = self.inner.audit.open_with(sealed, key)?;
            evolve::set_values(&mut row.ticket.draft, &personal.values);
        }
        Ok(OpenedTicket {
            row,
            caller,
            erased: false,
        })
    }

    fn draw(&self, now: Now) -> (TicketId, String) {
        let mut random = self.inner.random.lock().unwrap_or_else(PoisonError::into_inner);
        let code = random.below(QUERY_CODE_BOUND);
        (TicketId::new(now, &mut random), format!("{code:08}"))
    }
}

/// One change that is asked for.
struct Change<'a> {
    actor: &'a Actor,
    id: TicketId,
    command: &'a Command,
    cause: &'static str,
    submit_key: Option<&'a str>,
}

/// The fields that stand only sealed in the row.
fn personal_fields(row: &TicketRow) -> Personal {
    let draft = &row.ticket.draft;
    let address = match &draft.place {
        Place::At { address, .. } => address.as_str(),
        Place::Unset | Place::None => "",
    };
    Personal::default()
        .with("name", draft.name.as_str())
        .with("contact_phone", draft.contact_phone.as_str())
        .with("content", draft.content.as_str())
        .with("address", address)
}

fn record(now: Now, row: &TicketRow, actor: &Actor, cause: &'static str, decision: Decision) -> Record {
    Record {
        now,
        interaction: Some(row.ticket.interaction),
        ticket: Some(row.ticket.id),
        actor: actor.clone(),
        cause,
        fact: Fact::Ticket(decision.fact),
        personal: decision.personal,
    }
}

fn change_of(row: &TicketRow) -> TicketChange {
    TicketChange {
        ticket: row.ticket.id,
        number: row.ticket.number.clone(),
        interaction: row.ticket.interaction,
        agent: row.ticket.agent.clone(),
        version: row.ticket.version,
    }
}
