//! What only the program asks.
//!
//! **Not here.** What they do (`ticket::decide`).

use crate::base::ids::TicketId;
use crate::ticket::command::Text;
use crate::ticket::model::ClockRef;

/// Another order was merged into this one, or taken out again. Source: 7.1.4 c.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRepeat {
    /// That order.
    pub repeat: TicketId,
    /// Whether the same person asks again.
    pub same_appellant: bool,
    /// Taken out again.
    pub undone: bool,
}

/// Seals the archive. Source: 7.9.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// SHA-256 of the manifest, hex.
    pub manifest: String,
    /// Parts that are not there.
    pub missing: Vec<String>,
    /// Why they are not.
    pub explanation: Text,
}

/// A warning or a deadline is due. Source: 7.8.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockDue {
    /// Which.
    pub clock: ClockRef,
}
