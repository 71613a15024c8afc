//! What the exchange wants done.

use std::sync::Arc;

use crate::exchange::command::CommandError;
use crate::exchange::command::RequestId;
use crate::exchange::snapshot::ViewChange;
use crate::fact::Record;
use crate::media::command::MediaCommand;
use crate::sip::endpoint::Route;

/// One effect. Effects are carried out in order; none waits for another: gating is the exchange's own.
#[derive(Debug)]
pub enum Output {
    /// Send a SIP message.
    Send {
        /// Where to.
        route: Route,
        /// The message.
        bytes: Arc<[u8]>,
    },
    /// Tell the media plane.
    Media(MediaCommand),
    /// Write a fact; its number is the next one in order.
    Fact(Record),
    /// Answer a command.
    Reply {
        /// Which.
        request: RequestId,
        /// With what.
        result: Result<(), CommandError>,
    },
    /// Show a change.
    View(ViewChange),
}
