//! What a call is handed at every step: the clock, the machines it speaks to, and the places its outputs go.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::base::codec::Codec;
use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::LegId;
use crate::base::ids::PromptId;
use crate::base::ids::QueueId;
use crate::base::random::Random;
use crate::base::time::MonoTime;
use crate::base::time::Now;
use crate::fact::Actor;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::call::CallFact;
use crate::fact::call::OfferOutcome;
use crate::fact::personal::Personal;
use crate::media::command::MediaCommand;
use crate::media::command::MediaLeg;
use crate::media::command::PromptIndex;
use crate::media::port_pool::Family;
use crate::media::port_pool::PortPool;
use crate::sip::endpoint::Endpoint;
use crate::sip::endpoint::Output as SipOutput;
use crate::sip::endpoint::Refusal;
use crate::sip::endpoint::SessionId;

/// What a call needs of the world during one step.
pub struct Ctx<'a> {
    /// The instant of the step.
    pub now: Now,
    /// The SIP machine.
    pub sip: &'a mut Endpoint,
    /// Its outputs.
    pub sip_out: &'a mut Vec<SipOutput>,
    /// Commands to the media worker.
    pub media: &'a mut Vec<MediaCommand>,
    /// Free sockets.
    pub ports: &'a mut PortPool,
    /// Our media addresses.
    pub addresses: MediaAddresses,
    /// Facts of this step, in order.
    pub facts: &'a mut Vec<Record>,
    /// Ids and stream starts.
    pub random: &'a mut Random,
    /// Where each prompt stands in the loaded library.
    pub prompts: &'a BTreeMap<PromptId, PromptIndex>,
    /// What the exchange must do.
    pub out: &'a mut Vec<CallOutput>,
}

impl Ctx<'_> {
    /// Writes a fact about `interaction`.
    pub fn fact(&mut self, interaction: InteractionId, actor: Actor, cause: &'static str, fact: CallFact) {
        self.fact_with(interaction, actor, cause, fact, None);
    }

    /// Writes a fact with personal data beside it.
    pub fn fact_with(
        &mut self,
        interaction: InteractionId,
        actor: Actor,
        cause: &'static str,
        fact: CallFact,
        personal: Option<Personal>,
    ) {
        self.facts.push(Record {
            now: self.now,
            interaction: Some(interaction),
            ticket: None,
            actor,
            cause,
            fact: Fact::Call(fact),
            personal,
        });
    }
}

/// The addresses that our SDP names for media, one a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaAddresses {
    /// For peers on IPv4.
    pub v4: IpAddr,
    /// For peers on IPv6.
    pub v6: IpAddr,
}

impl MediaAddresses {
    /// The address of a family.
    pub const fn of(self, family: Family) -> IpAddr {
        match family {
            Family::V4 => self.v4,
            Family::V6 => self.v6,
        }
    }
}

/// What a call asks of the exchange.
#[derive(Clone, Debug, PartialEq)]
pub enum CallOutput {
    /// Come back with `answer_durable` when the facts of this step are durable.
    AwaitAnswer,
    /// Come back with `dial` when the facts of this step are durable.
    AwaitDial,
    /// Put the caller into a queue.
    Enqueue(QueueId),
    /// Take the caller out of his queue, or let the agent go who is reserved for a call of ours: it is over.
    Withdraw,
    /// A phone of the offer rings.
    Ringing {
        /// Whose.
        agent: AgentId,
        /// Of which reservation.
        epoch: u64,
    },
    /// The offer was answered.
    Accepted {
        /// By whom.
        agent: AgentId,
        /// Of which reservation.
        epoch: u64,
    },
    /// Every phone of the offer failed or declined.
    OfferFailed {
        /// Whose.
        agent: AgentId,
        /// Of which reservation.
        epoch: u64,
        /// How.
        outcome: OfferOutcome,
    },
    /// The talk is on hold or goes on.
    TalkHeld {
        /// Whose.
        agent: AgentId,
        /// On hold.
        held: bool,
    },
    /// The talk is over.
    TalkEnded {
        /// Whose.
        agent: AgentId,
    },
    /// The media plane serves a leg from now on, until it reports it closed.
    LegOpened {
        /// Its handle.
        media: MediaLeg,
        /// Its id in facts.
        leg: LegId,
    },
    /// Arm the flow's timer.
    SetFlowTimer(MonoTime),
    /// Disarm it.
    StopFlowTimer,
    /// A session was refused, of which the SIP machine says nothing more.
    Refused(SessionId),
    /// The picture of the call changed.
    Changed,
    /// The call is over; forget it.
    Over,
}

/// Settings of the profile and the site that bear on a call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallSettings {
    /// Codecs towards the customer, in our order.
    pub codecs: Vec<Codec>,
    /// Whether the customer's RTP may come from anywhere at first.
    pub nat: bool,
    /// Record the call.
    pub record: bool,
    /// The prompt that says that the call is recorded.
    pub notice: Option<PromptId>,
    /// What the citizen is told when his call cannot be written down in time.
    pub unwritten: Refusal<'static>,
    /// Where the signalling came from.
    pub signalling_ip: IpAddr,
}
