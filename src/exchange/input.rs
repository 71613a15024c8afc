//! What the exchange is told.

use crate::exchange::command::Command;
use crate::exchange::command::RequestId;
use crate::fact::Actor;
use crate::fact::FactNo;
use crate::media::command::MediaEvent;
use crate::sip::endpoint::Route;

/// One input; the instant comes beside it.
#[derive(Debug)]
pub enum Input<'a> {
    /// A SIP message arrived whole.
    Sip {
        /// From where, and on which of our sockets.
        route: Route,
        /// The message.
        bytes: &'a [u8],
    },
    /// A stream connection is gone.
    ConnectionLost(u64),
    /// The media plane says something.
    Media(MediaEvent),
    /// Every fact up to this one is on disk.
    Durable(FactNo),
    /// The journal's ability to take facts changed.
    Journal(JournalStatus),
    /// Somebody permitted asks for something.
    Command {
        /// Names the request.
        request: RequestId,
        /// Who asks.
        actor: Actor,
        /// What for.
        command: Command,
    },
    /// `next_timeout` has passed.
    Timeout,
}

/// Whether the journal takes facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalStatus {
    /// It does.
    Accepting,
    /// The database lags so far behind that the file is at its bound: no new calls.
    Full,
    /// The file cannot be written: no new calls, no offers.
    Failed,
}
