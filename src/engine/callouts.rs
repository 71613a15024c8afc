//! Calls that were made for an order are brought home to it when they end: linked, with their recording; a follow-up that
//! reached nobody is an attempt on record.
//!
//! **Invariants.** Facts are taken in order behind a checkpoint. Linking twice changes nothing, and an attempt bears the
//! call as its key: what a stop cuts in two is done again without harm.
//! **Not here.** Making calls (`exchange::make_call`), what an attempt means (`ticket::decide`).
//! **Source.** DB1302/T 604—2025 7.7.1 (回访), 7.9.1 (归档).

use std::collections::BTreeMap;

use crate::account::Principal;
use crate::account::commitment::Commitment;
use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::RecordingId;
use crate::base::ids::TicketId;
use crate::engine::audit::AuditError;
use crate::engine::ticket_service::Give;
use crate::engine::ticket_service::TicketService;
use crate::engine::ticket_service::TicketServiceError;
use crate::fact::Fact;
use crate::fact::FactNo;
use crate::fact::call::CallFact;
use crate::fact::call::Outcome;
use crate::fact::call::Purpose;
use crate::fact::codec;
use crate::io::store::Store;
use crate::io::store::users::AccountState;
use crate::ticket::command::Command;
use crate::ticket::command::LinkCall;
use crate::ticket::command::RecordAttempt;
use crate::ticket::command::Text;
use crate::ticket::decide::By;
use crate::ticket::model::FollowupLevel;
use crate::ticket::model::FollowupMode;

/// The name of the checkpoint.
pub const CALLOUTS: &str = "callouts";
/// Ends of calls of one batch at most.
const BATCH: u32 = 64;
/// A checkpoint that is so far behind is moved even when there was nothing to do.
const LAZY_FACTS: u64 = 4_096;

/// The reader of one node's facts.
#[derive(Debug)]
pub struct Callouts {
    store: Store,
    tickets: TicketService,
    node: String,
    at: Option<FactNo>,
    /// Where the checkpoint stands in the database: facts behind it that were nothing to do are not worth a write.
    stored: FactNo,
}

/// A call that was made for an order.
#[derive(Debug)]
struct Made {
    interaction: InteractionId,
    ticket: TicketId,
    agent: Option<AgentId>,
    purpose: Purpose,
    recording: Option<RecordingId>,
    outcome: Outcome,
}

impl Callouts {
    /// Makes the reader of `node`'s facts.
    pub fn new(store: Store, tickets: TicketService, node: &str) -> Self {
        Self {
            store,
            tickets,
            node: node.to_owned(),
            at: None,
            stored: FactNo(0),
        }
    }

    /// Takes every fact up to `up_to`.
    ///
    /// # Errors
    /// [`TicketServiceError`]; the failed batch is taken again.
    pub async fn catch_up(&mut self, up_to: FactNo) -> Result<(), TicketServiceError> {
        loop {
            let result = self.step(up_to).await;
            if result.is_err() {
                self.at = None;
            }
            if !result? {
                return Ok(());
            }
        }
    }

    async fn step(&mut self, up_to: FactNo) -> Result<bool, TicketServiceError> {
        let after = if let Some(at) = self.at {
            at
        } else {
            self.stored = self.store.checkpoint(CALLOUTS, &self.node).await?;
            self.stored
        };
        self.at = Some(after);
        let ended = self
            .store
            .facts_of_kind_after(&self.node, after, "call.ended", BATCH)
            .await?;
        let full = u32::try_from(ended.len()).is_ok_and(|facts| facts == BATCH);
        let last = ended.last().map(|(fact_no, _)| *fact_no);
        let reached = if full { last } else { last.max(Some(up_to)) }.unwrap_or(after);
        let made = self.made(&ended).await?;
        if made.is_empty() && reached.0 < self.stored.0.saturating_add(LAZY_FACTS) {
            self.at = Some(reached);
            return Ok(full);
        }
        for made in made {
            self.bring_home(&made).await?;
        }
        let mut tx = self.store.begin().await?;
        if !tx
            .move_checkpoint(CALLOUTS, &self.node, self.stored, reached)
            .await?
        {
            self.at = None;
            return Ok(true);
        }
        tx.commit().await?;
        (self.at, self.stored) = (Some(reached), reached);
        Ok(full)
    }

    /// Which of the ended calls were made for an order, from the calls' own facts.
    async fn made(&self, ended: &[(FactNo, String)]) -> Result<Vec<Made>, TicketServiceError> {
        let mut outcomes = BTreeMap::new();
        for (_, text) in ended {
            let envelope = codec::decode(text.as_bytes()).map_err(AuditError::from)?;
            if let (Some(call), Ok(Some(Fact::Call(CallFact::Ended { outcome, .. })))) =
                (envelope.interaction, envelope.fact())
            {
                outcomes.insert(call, outcome);
            }
        }
        let calls: Vec<InteractionId> = outcomes.keys().copied().collect();
        let calls = self.store.calls_of_orders(&calls).await?;
        let mut made: BTreeMap<InteractionId, Made> = BTreeMap::new();
        let mut recordings = BTreeMap::new();
        for text in self.store.beginnings(&calls).await? {
            let envelope = codec::decode(text.as_bytes()).map_err(AuditError::from)?;
            let Some(interaction) = envelope.interaction else {
                continue;
            };
            match (envelope.fact(), envelope.ticket, outcomes.get(&interaction)) {
                (
                    Ok(Some(Fact::Call(CallFact::Offered {
                        purpose: Some(purpose),
                        ..
                    }))),
                    Some(ticket),
                    Some(outcome),
                ) => {
                    let found = Made {
                        interaction,
                        ticket,
                        agent: envelope.actor.id.parse().ok(),
                        purpose,
                        recording: None,
                        outcome: *outcome,
                    };
                    made.insert(interaction, found);
                }
                (Ok(Some(Fact::Call(CallFact::Answered { recording }))), ..) => {
                    recordings.insert(interaction, recording);
                }
                _ => (),
            }
        }
        for (interaction, it) in &mut made {
            it.recording = recordings.get(interaction).copied().flatten();
        }
        Ok(made.into_values().collect())
    }

    async fn bring_home(&self, made: &Made) -> Result<(), TicketServiceError> {
        let purpose = match made.purpose {
            Purpose::Followup => "followup",
            Purpose::Contact => "contact",
            Purpose::Callback => "callback",
        };
        let link = Command::LinkCall(LinkCall {
            interaction: made.interaction,
            purpose: purpose.to_owned(),
            recording: made.recording,
        });
        self.give(Give::by_system(made.ticket, &link), made).await?;
        let unanswered = matches!(
            made.outcome,
            Outcome::Busy | Outcome::NoAnswer | Outcome::Declined | Outcome::Unreachable | Outcome::Failed
        );
        if made.purpose == Purpose::Followup && unanswered {
            self.attempt(made).await?;
        }
        Ok(())
    }

    /// The follow-up reached nobody: an attempt of the person who called.
    async fn attempt(&self, made: &Made) -> Result<(), TicketServiceError> {
        let Some(agent) = &made.agent else {
            return Ok(());
        };
        let account = self.store.account_of_agent(agent).await?;
        let Some(account) = account.filter(|it| it.state == AccountState::Active) else {
            tracing::warn!(call = %made.interaction, "a follow-up reached nobody, and its caller has no account");
            return Ok(());
        };
        let who = Principal {
            user: account.id,
            roles: account.roles,
            organ: account.organ,
            agent: account.agent,
            session: String::new(),
            // Who has not signed it could not call.
            commitment: Commitment::Signed,
        };
        let command = Command::RecordAttempt(RecordAttempt {
            level: FollowupLevel::City,
            mode: FollowupMode::Person,
            call: Some(made.interaction),
            recording: made.recording,
            note: Text::default(),
        });
        let key = format!("call/{}", made.interaction);
        let give = Give {
            by: By::User(&who),
            ticket: made.ticket,
            command: &command,
            expected: None,
            key: Some(&key),
        };
        self.give(give, made).await
    }

    /// What the rules refuse by now is told and left: the call has its own record.
    async fn give(&self, give: Give<'_>, made: &Made) -> Result<(), TicketServiceError> {
        match self.tickets.give(give).await {
            Ok(_) => Ok(()),
            Err(error @ (TicketServiceError::Refused(_) | TicketServiceError::NotFound(_))) => {
                tracing::warn!(call = %made.interaction, ticket = %made.ticket, %error, "a call was not entered in its order");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}
