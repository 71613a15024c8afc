//! The server transaction of every request but INVITE and ACK.
//!
//! ```text
//!  Trying --1xx--> Proceeding --200..699--> Completed --J--> Terminated
//!     '---200..699----------------------------^
//! ```
//!
//! Driven by `TransactionLayer`.
//!
//! **Invariants.** A repeated request never reaches the user of the transaction.
//!
//! **Not here.** The deadline of Trying: who takes a request answers it at once or arms its own timer (session).
//!
//! **Source.** RFC 3261 §17.2.2.

use std::sync::Arc;

use crate::base::time::Now;
use crate::sip::transaction::Action;
use crate::sip::transaction::Reliability;
use crate::sip::transaction::ServerInput;
use crate::sip::transaction::timer::Timer;
use crate::sip::transaction::timer::Timing;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

/// One request that we received.
#[derive(Debug)]
pub(crate) struct Server {
    state: State,
    reliability: Reliability,
    response: Option<Arc<[u8]>>,
}

impl Server {
    /// Takes a new request.
    pub(crate) fn new(reliability: Reliability) -> Self {
        Self {
            state: State::Trying,
            reliability,
            response: None,
        }
    }

    /// Advances the transaction by one input.
    pub(crate) fn handle(&mut self, now: Now, input: ServerInput, timing: &Timing, out: &mut Vec<Action>) {
        match (self.state, input) {
            (State::Proceeding | State::Completed, ServerInput::Request) => {
                out.extend(self.response.clone().map(Action::Retransmit));
            }
            (State::Trying | State::Proceeding, ServerInput::Reply(status, bytes)) => {
                out.push(Action::Send(Arc::clone(&bytes)));
                self.response = Some(bytes);
                if status < 200 {
                    self.state = State::Proceeding;
                } else if self.reliability == Reliability::Reliable {
                    self.state = State::Terminated;
                    out.push(Action::Terminated);
                } else {
                    self.state = State::Completed;
                    out.push(Action::SetTimer(Timer::J, now.mono + timing.timeout()));
                }
            }
            (State::Completed, ServerInput::Timeout(Timer::J)) => {
                self.state = State::Terminated;
                out.push(Action::Terminated);
            }
            // A repeated request before any response is absorbed; a second final response is a late one.
            _ => (),
        }
    }
}
