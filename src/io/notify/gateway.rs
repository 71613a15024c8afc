//! What every gateway is to the sender: a message goes in, an id or a reason comes out; receipts and answers come back.
//!
//! **Invariants.** A gateway says of each failure whether the message may be tried again, and whether it may have left
//! all the same. Nothing that came from a gateway is confirmed to it before it is durable here.
//! **Not here.** When something is tried again (`engine::outbox`), rows (`io::store::outbox`).

use std::fmt;

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use crate::base::time::WallTime;

/// Most things from a gateway that wait to be stored; a gateway that sends more waits.
pub const INCOMING_MAX: usize = 64;
/// Longest text that is handed to a gateway, characters: ten short messages.
pub const TEXT_CHARS_MAX: usize = 670;

/// A message as it leaves us, in clear.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its id; the same message again has the same.
    pub id: String,
    /// How often it may have left before this attempt.
    pub resends: u32,
    /// The telephone as people dial it at home, or the address of another system.
    pub to: String,
    /// What it says.
    pub text: String,
    /// Its template's code.
    pub template: &'static str,
    /// What the number is used for, by its code.
    pub purpose: &'static str,
    /// The order's number; empty without one.
    pub ticket_number: String,
    /// The instant of this attempt.
    pub at: WallTime,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outgoing({} {})", self.id, self.template)
    }
}

/// What a gateway calls a message it took: one id for each short message it made of it, none when it names none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The ids.
    pub ids: Vec<String>,
}

/// Whether a message that was not taken may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmitErrorKind {
    /// Never: the gateway refuses this message.
    Permanent,
    /// Later.
    Transient,
    /// Later, and it may have left: its answer never came.
    Unanswered,
    /// When the gateway takes more; the message was not looked at.
    Throttled,
    /// When the gateway is back; the message was not looked at.
    Down,
}

/// Why a gateway did not take a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct SubmitError {
    /// Whether it may be tried again.
    pub kind: SubmitErrorKind,
    /// Stable code, as `cmpp-13` or `http-503`.
    pub code: String,
}

impl SubmitError {
    /// Makes one.
    pub fn new(kind: SubmitErrorKind, code: impl Into<String>) -> Self {
        Self {
            kind,
            code: code.into(),
        }
    }
}

/// What became of a short message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The gateway.
    pub gateway: String,
    /// What it calls the short message.
    pub gateway_id: String,
    /// `DELIVRD`, or why it was given up, as `EXPIRED`. Source: CMPP 3.0 status reports.
    pub status: String,
}

/// A short message from a citizen.
#[derive(Clone, PartialEq, Eq)]
pub struct Inbound {
    /// The gateway.
    pub gateway: String,
    /// What it calls the short message.
    pub gateway_id: String,
    /// Who sent it, as the gateway writes the number.
    pub from: String,
    /// What it says.
    pub text: String,
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inbound({})", self.gateway_id)
    }
}

/// What comes from a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// What became of something we sent.
    Receipt(Receipt),
    /// What a citizen wrote.
    Inbound(Inbound),
}

/// What comes from a gateway, and where to say that it is durable; said by dropping: it is not.
#[derive(Debug)]
pub struct Incoming {
    /// What came.
    pub event: Event,
    /// Told when it is durable.
    pub stored: oneshot::Sender<()>,
}

/// A way out.
pub trait Gateway: Send + Sync {
    /// Its name in rows, `[a-z0-9-]{1,40}`.
    fn name(&self) -> &str;

    /// Hands a message over.
    ///
    /// # Errors
    /// [`SubmitError`].
    fn submit<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Result<Taken, SubmitError>>;

    /// Most messages that it is handed at once (1 to 16).
    fn window(&self) -> usize;

    /// Whether messages can be handed over now, as far as it is known without trying.
    fn is_up(&self) -> bool {
        true
    }
}
