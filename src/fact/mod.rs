//! The vocabulary of facts: what has happened, in the past tense, and how it is written down.
//!
//! A fact is journaled before anybody reads it; records, statistics and live views are folds of facts.
//! Personal data never stands in a fact's body: it travels beside it as [`Personal`] and is sealed by the journal.
//!
//! **Invariants.** A kind's name and fields are a contract: fields are only added; a changed meaning is a new
//! `kind_v` with an upcaster. Each (kind, kind_v) has one golden JSON that is never edited.
//! **Not here.** The envelope's encoding and hash chain (`fact::codec`), the file (`io::journal`).

pub mod account;
pub mod agent;
pub mod article;
pub mod call;
pub mod case;
pub mod codec;
pub mod codes;
pub mod personal;
pub mod recording;
pub mod system;
pub mod ticket;

use serde::Deserialize;
use serde::Serialize;

use crate::base::ids::InteractionId;
use crate::base::ids::TicketId;
use crate::base::time::Now;
use crate::fact::account::AccountFact;
use crate::fact::agent::AgentFact;
use crate::fact::article::ArticleFact;
use crate::fact::call::CallFact;
use crate::fact::case::CaseFact;
use crate::fact::personal::Personal;
use crate::fact::recording::RecordingFact;
use crate::fact::system::SystemFact;
use crate::fact::ticket::TicketFact;

/// The place of a fact in its node's chain: 1, 2, 3 … without a gap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FactNo(pub u64);

/// Who caused a fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// What sort of actor it is.
    #[serde(rename = "type")]
    pub kind: ActorKind,
    /// Its id: a user, agent, device or trunk name; empty for the system and for callers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
}

impl Actor {
    /// The program itself.
    pub const fn system() -> Self {
        Self {
            kind: ActorKind::System,
            id: String::new(),
        }
    }

    /// The citizen on the line; the number is personal and stands sealed in the call's first fact.
    pub const fn caller() -> Self {
        Self {
            kind: ActorKind::Caller,
            id: String::new(),
        }
    }

    /// An actor with a name.
    pub fn named(kind: ActorKind, id: impl std::fmt::Display) -> Self {
        Self {
            kind,
            id: id.to_string(),
        }
    }
}

/// The sorts of actors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// The program.
    System,
    /// The citizen.
    Caller,
    /// An agent at a phone.
    Agent,
    /// A signed-in person.
    User,
    /// A SIP account.
    Device,
    /// A trunk.
    Trunk,
}

/// Anything that has happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fact {
    /// About an interaction.
    Call(CallFact),
    /// About an agent.
    Agent(AgentFact),
    /// About a recording.
    Recording(RecordingFact),
    /// About a work order.
    Ticket(TicketFact),
    /// About a 重点督办 case.
    Case(CaseFact),
    /// About an article of the knowledge base.
    Article(ArticleFact),
    /// About accounts, sign-ins and reads of personal data.
    Account(AccountFact),
    /// About the program.
    System(SystemFact),
}

/// A fact as a machine hands it over: when, who, about what, and the personal data to be sealed.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// When it happened.
    pub now: Now,
    /// The interaction it is about.
    pub interaction: Option<InteractionId>,
    /// The work order it is about.
    pub ticket: Option<TicketId>,
    /// Who caused it.
    pub actor: Actor,
    /// Why, in a stable code: the request or fact that led here (`sip:bye`, `timer:ring`, `api:submit` …).
    pub cause: &'static str,
    /// What happened.
    pub fact: Fact,
    /// Personal data, sealed before it is written.
    pub personal: Option<Personal>,
}
