//! Transactions: the four machines, the table that holds them, and the words that they share.
//!
//! **Invariants.** A machine knows no other machine and no message: it gets a status or the fact of a repetition, and
//! says what to send, arm, pass on.
//!
//! **Not here.** Dialogs (`dialog`) and sessions (`session`).
//!
//! **Source.** RFC 3261 §17; RFC 6026.

use std::sync::Arc;

use crate::base::time::MonoTime;
use crate::sip::endpoint::Route;
use crate::sip::endpoint::SessionId;
use crate::sip::endpoint::Transport;
use crate::sip::transaction::timer::Timer;

pub(crate) mod client;
pub(crate) mod client_invite;
pub(crate) mod layer;
pub(crate) mod server;
pub(crate) mod server_invite;
pub(crate) mod timer;

#[cfg(test)]
#[path = "machines_test.rs"]
mod machines_test;

/// Names a transaction; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TransactionId(pub(crate) u64);

/// Whether the transport repeats what is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reliability {
    /// UDP.
    Unreliable,
    /// TCP.
    Reliable,
}

impl From<Transport> for Reliability {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Udp => Self::Unreliable,
            Transport::Tcp => Self::Reliable,
        }
    }
}

/// What happens to a client machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientInput {
    /// A response with this status.
    Response(u16),
    /// A timer.
    Timeout(Timer),
    /// The transport cannot carry it.
    TransportFailed,
    /// Nobody waits for the final response any more.
    Orphaned,
}

/// What happens to a server machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ServerInput {
    /// The same request again.
    Request,
    /// An ACK that matches the INVITE.
    Ack,
    /// The user answers with this status and message.
    Reply(u16, Arc<[u8]>),
    /// A timer.
    Timeout(Timer),
}

/// What a machine wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Send for the first time.
    Send(Arc<[u8]>),
    /// Send again.
    Retransmit(Arc<[u8]>),
    /// Acknowledge the refusal at hand.
    SendAck,
    /// Arm.
    SetTimer(Timer, MonoTime),
    /// Disarm.
    StopTimer(Timer),
    /// Hand the message at hand to the user.
    Pass,
    /// No final response came.
    TimedOut,
    /// The transport failed.
    TransportFailed,
    /// Forget the machine.
    Terminated,
}

/// Why a session sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The first INVITE.
    Invite,
    /// A later INVITE.
    Reinvite,
    /// BYE.
    Bye,
    /// CANCEL, or the BYE of a fork: nobody waits for the response.
    Nothing,
}

/// Who is told about a client transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct User {
    /// The session.
    pub(crate) session: SessionId,
    /// Why it sent.
    pub(crate) purpose: Purpose,
}

/// What the user of a client transaction must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upcall {
    /// The response at hand.
    Response,
    /// 64·T1 without a final response.
    TimedOut,
    /// The transport failed.
    TransportFailed,
}

/// A request to send.
pub(crate) struct Outgoing {
    /// The random part of its branch.
    pub(crate) branch: u64,
    /// Its method.
    pub(crate) method: ClientMethod,
    /// Where it goes.
    pub(crate) route: Route,
    /// The message.
    pub(crate) bytes: Arc<[u8]>,
    /// Who is told.
    pub(crate) user: User,
}

/// What the layer must know of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientMethod {
    /// INVITE.
    Invite,
    /// CANCEL: shares its branch with the INVITE.
    Cancel,
    /// Any other.
    Other,
}

/// What a request turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matched {
    /// Repeated, or an ACK of a refusal: done with.
    Absorbed,
    /// The same request came over another path. Source: RFC 3261 §8.2.2.2.
    Merged,
    /// Not seen before.
    New,
}
