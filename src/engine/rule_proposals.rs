//! Routing rules that fixed responsibilities propose: approved into a new version of the table of rules, or refused.
//!
//! **Invariants.** Who approves is another person than who fixed the responsibility. Publishing comes first and is the same
//! again when it is repeated, so that a stop between it and the proposal's row is made good by the next approval.
//! **Not here.** What the rule says (`ticket::rule_proposal`); who may approve (`account::permission`, asked by the caller).
//! **Source.** DB1302/T 604—2025 B.5.

use crate::account::Principal;
use crate::base::ids::TicketId;
use crate::base::time::Now;
use crate::engine::Engine;
use crate::engine::audit::AuditError;
use crate::engine::reference::Publisher;
use crate::engine::reference::ReferenceError;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::system::SystemFact;
use crate::io::store::StoreError;
use crate::io::store::rule_proposals::RuleProposalRow;
use crate::io::store::rule_proposals::RuleVerdict;
use crate::ticket::reference::Kind;
use crate::ticket::refusal::TicketError;
use crate::ticket::rule_proposal::NewRule;
use crate::ticket::rule_proposal::with_rule;

const CLAUSE: &str = "B.5";

/// Why a proposal was not decided.
#[derive(Debug, thiserror::Error)]
pub enum RuleProposalError {
    /// No such proposal.
    #[error("no such proposal")]
    NotFound,
    /// It is decided already, or by the person who made it.
    #[error(transparent)]
    Refused(#[from] TicketError),
    /// The rule does not fit the table.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// The database did not do it.
    #[error(transparent)]
    Audit(#[from] AuditError),
}

impl From<StoreError> for RuleProposalError {
    fn from(error: StoreError) -> Self {
        Self::Audit(error.into())
    }
}

/// Decides a proposal; approved, it stands in the rules from today on.
///
/// # Errors
/// [`RuleProposalError`].
pub async fn decide(
    engine: &Engine,
    who: &Principal,
    ticket: TicketId,
    approved: bool,
) -> Result<RuleProposalRow, RuleProposalError> {
    let now = engine.clock().now();
    let row = engine.store().rule_proposal(ticket).await?;
    let row = row.ok_or(RuleProposalError::NotFound)?;
    if row.state != "open" {
        return Err(decided().into());
    }
    let agent = who
        .agent
        .as_ref()
        .is_some_and(|agent| agent.as_str() == row.proposed_by);
    if agent || who.user.as_str() == row.proposed_by {
        return Err(TicketError::Forbidden {
            rule: "second_person",
            clause: CLAUSE,
        }
        .into());
    }
    let version = if approved {
        Some(publish(engine, who, &row, now).await?)
    } else {
        None
    };
    let verdict = RuleVerdict {
        state: if approved { "approved" } else { "refused" },
        by: who.user.as_str(),
        at: now.wall,
        version,
    };
    let mut tx = engine.store().begin().await?;
    if !tx.decide_rule_proposal(ticket, &verdict).await? {
        return Err(decided().into());
    }
    let fact = SystemFact::RuleDecided {
        ticket,
        approved,
        version,
    };
    let record = Record {
        now,
        interaction: None,
        ticket: Some(ticket),
        actor: Actor::named(ActorKind::User, &who.user),
        cause: "api:rule_proposal",
        fact: Fact::System(fact),
        personal: None,
    };
    engine.audit().append(&mut tx, &[record]).await?;
    tx.commit().await?;
    let row = engine.store().rule_proposal(ticket).await?;
    row.ok_or(RuleProposalError::NotFound)
}

/// Publishes the rules with the new one in them; the version that has it.
async fn publish(
    engine: &Engine,
    who: &Principal,
    row: &RuleProposalRow,
    now: Now,
) -> Result<i64, RuleProposalError> {
    let references = engine.references();
    let current = references.current();
    let rule = NewRule {
        number: &row.number,
        category: &row.category,
        region: row.region.as_deref(),
        unit: &row.unit,
        day: engine.zone().date_of(now.wall),
        approved_by: who.user.as_str(),
    };
    let document = with_rule(&current, &rule).ok_or(RuleProposalError::NotFound)?;
    let by = Publisher {
        actor: Actor::named(ActorKind::User, &who.user),
        name: who.user.to_string(),
        cause: "api:rule_proposal",
        now,
    };
    let expected = current.version(Kind::Rules);
    let done = references
        .publish(Kind::Rules, &document, Some(expected), by)
        .await?;
    Ok(done.version)
}

const fn decided() -> TicketError {
    TicketError::Rule {
        rule: "already_decided",
        clause: CLAUSE,
    }
}
