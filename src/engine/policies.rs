//! Turns facts into commands; the only place that does. Today: an agent answered, so a work order's draft is opened;
//! and a call that was made for an order ended, so it is entered there (`engine::callouts`).
//!
//! **Invariants.** Facts are taken in order, from the database, with a checkpoint that is committed together with what
//! the commands did: nothing is done twice and nothing is left out, across restarts too.
//! **Not here.** What a command does (`engine::ticket_service`).
//! **Source.** DB1302/T 604—2025 7.1.2 a.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;

use crate::base::ids::InteractionId;
use crate::engine::callouts::Callouts;
use crate::engine::projector::read_fact;
use crate::engine::ticket_service::DraftRequest;
use crate::engine::ticket_service::TicketService;
use crate::engine::ticket_service::TicketServiceError;
use crate::fact::Fact;
use crate::fact::FactNo;
use crate::fact::call::CallFact;
use crate::io::store::Store;

/// The name of the checkpoint.
pub const POLICIES: &str = "policies";
/// Commands of one transaction at most.
const BATCH: u32 = 64;
/// A checkpoint that is so far behind is moved even when there was nothing to do.
const LAZY_FACTS: u64 = 4_096;
/// The first wait after a failure; it doubles up to [`RETRY_MAX`].
const RETRY_FIRST: Duration = Duration::from_millis(500);
/// The longest wait after failures.
const RETRY_MAX: Duration = Duration::from_secs(10);

/// The policies over one node's facts.
#[derive(Debug)]
pub struct Policies {
    store: Store,
    tickets: TicketService,
    node: String,
    at: Option<FactNo>,
    callouts: Callouts,
}

impl Policies {
    /// Makes the policies over `node`'s facts.
    pub fn new(store: Store, tickets: TicketService, node: &str) -> Self {
        let callouts = Callouts::new(store.clone(), tickets.clone(), node);
        Self {
            store,
            tickets,
            node: node.to_owned(),
            at: None,
            callouts,
        }
    }

    /// Runs until `shipped` is closed. Failures are tried again; `failed` hears of each.
    pub async fn run(
        mut self,
        mut shipped: watch::Receiver<FactNo>,
        mut failed: impl FnMut(&TicketServiceError) + Send,
    ) {
        let mut retry = RETRY_FIRST;
        loop {
            let up_to = *shipped.borrow_and_update();
            match self.catch_up(up_to).await {
                Ok(()) => retry = RETRY_FIRST,
                Err(error) => {
                    failed(&error);
                    tokio::time::sleep(retry).await;
                    retry = RETRY_MAX.min(retry * 2);
                    continue;
                }
            }
            if shipped.changed().await.is_err() {
                return;
            }
        }
    }

    /// Takes every fact up to `up_to`.
    ///
    /// # Errors
    /// [`TicketServiceError`]; nothing of the failed batch is done.
    pub async fn catch_up(&mut self, up_to: FactNo) -> Result<(), TicketServiceError> {
        loop {
            let result = self.step(up_to).await;
            if result.is_err() {
                self.at = None;
            }
            if !result? {
                break;
            }
        }
        self.callouts.catch_up(up_to).await
    }

    /// Takes one batch; whether there may be more.
    async fn step(&mut self, up_to: FactNo) -> Result<bool, TicketServiceError> {
        let after = match self.at {
            Some(at) => at,
            None => self.store.checkpoint(POLICIES, &self.node).await?,
        };
        self.at = Some(after);
        let answered = self
            .store
            .facts_of_kind_after(&self.node, after, "call.agent_answered", BATCH)
            .await?;
        let full = u32::try_from(answered.len()).is_ok_and(|facts| facts == BATCH);
        let last = answered.last().map(|(fact_no, _)| *fact_no);
        // Facts between the last answer and `up_to` hold nothing to do.
        let reached = if full { last } else { last.max(Some(up_to)) }.unwrap_or(after);
        if last.is_none() && reached.0 < after.0.saturating_add(LAZY_FACTS) {
            return Ok(false);
        }
        let requests = self.drafts_for(&answered).await?;
        let mut tx = self.store.begin().await?;
        if !tx.move_checkpoint(POLICIES, &self.node, after, reached).await? {
            // Somebody else moved it: begin again where it stands now.
            self.at = None;
            return Ok(true);
        }
        let changes = self.tickets.open_drafts(&mut tx, &requests).await?;
        tx.commit().await.map_err(TicketServiceError::from)?;
        self.at = Some(reached);
        self.tickets.tell(changes);
        Ok(full)
    }

    /// The drafts the answers ask for: who called, on which line, which recording, from the calls' own facts.
    async fn drafts_for(
        &self,
        answered: &[(FactNo, String)],
    ) -> Result<Vec<DraftRequest>, TicketServiceError> {
        let mut requests: BTreeMap<InteractionId, DraftRequest> = BTreeMap::new();
        for (_, envelope) in answered {
            let stored = read_fact(envelope)?;
            // What an agent calls himself has its order.
            if let (
                Some(call),
                Some(Fact::Call(CallFact::AgentAnswered {
                    agent,
                    queue: Some(queue),
                    ..
                })),
            ) = (stored.interaction, stored.fact)
            {
                requests.entry(call).or_insert(DraftRequest {
                    interaction: call,
                    line: None,
                    queue,
                    agent,
                    recording: None,
                    caller: None,
                });
            }
        }
        let calls: Vec<InteractionId> = requests.keys().copied().collect();
        for envelope in self.store.beginnings(&calls).await? {
            let stored = read_fact(&envelope)?;
            let Some(request) = stored.interaction.and_then(|call| requests.get_mut(&call)) else {
                continue;
            };
            match stored.fact {
                Some(Fact::Call(CallFact::Offered { line, .. })) => {
                    request.line = line;
                    request.caller = stored.sealed;
                }
                Some(Fact::Call(CallFact::Answered { recording })) => request.recording = recording,
                _ => (),
            }
        }
        Ok(requests.into_values().collect())
    }
}
