//! What the distributor decides and the exchange carries out.

use crate::base::ids::AgentId;
use crate::base::ids::DeviceId;
use crate::base::ids::InteractionId;
use crate::base::ids::OfferId;
use crate::base::ids::QueueId;
use crate::base::time::MonoTime;
use crate::fact::agent::AgentFact;
use crate::fact::call::OfferOutcome;

/// A lease on an agent for one item. Source: rules R1–R4 of the reservation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The offer.
    pub offer: OfferId,
    /// Counts reservations; later events carry it.
    pub epoch: u64,
    /// To whom.
    pub agent: AgentId,
    /// What.
    pub interaction: InteractionId,
    /// From which queue; none for a call that the agent makes himself, which waits in no queue.
    pub queue: Option<QueueId>,
    /// When it was made.
    pub since: MonoTime,
}

/// A timer of the distributor.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// No 18x yet.
    Setup(AgentId),
    /// It rings too long.
    Ring(AgentId),
    /// The reservation's lease (R3).
    Lease(AgentId),
    /// Wrap-up is over.
    Wrapup(AgentId),
    /// The pause after a rejection is over.
    Cooldown(AgentId),
    /// An agent may be offered this item again.
    Exclusion(InteractionId),
    /// The item asks less, or more agents may take it.
    Widen(InteractionId),
    /// The load of a queue may have changed for its standby members.
    Load(QueueId),
}

/// A fact about an agent, and the interaction whose work it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentNote {
    /// The interaction, for wrap-up.
    pub interaction: Option<InteractionId>,
    /// What happened.
    pub fact: AgentFact,
}

impl From<AgentFact> for AgentNote {
    fn from(fact: AgentFact) -> Self {
        Self {
            interaction: None,
            fact,
        }
    }
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Offer the item to the agent on these phones; the caller of `Acd` writes the fact first.
    Offer {
        /// The reservation.
        reservation: Reservation,
        /// The phones that ring.
        devices: Vec<DeviceId>,
    },
    /// A reservation ended without a talk: stop ringing, write the fact.
    OfferEnded {
        /// Which.
        reservation: Reservation,
        /// How.
        outcome: OfferOutcome,
    },
    /// An item waits in one more queue: write the fact.
    QueueJoined {
        /// Which.
        interaction: InteractionId,
        /// In which.
        queue: QueueId,
    },
    /// Something about an agent is to be written.
    Fact(AgentNote),
    /// An agent's picture changed.
    AgentChanged(AgentId),
    /// A queue's picture changed.
    QueueChanged(QueueId),
    /// Arm a timer.
    SetTimer(Timer, MonoTime),
    /// Disarm a timer.
    StopTimer(Timer),
}
