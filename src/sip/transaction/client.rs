//! The client transaction of every request but INVITE and ACK.
//!
//! ```text
//!  Trying --1xx--> Proceeding --200..699--> Completed --K--> Terminated
//!     |---200..699----------------------------^                  ^
//!     '---F, transport failure (also in Proceeding)--------------'
//! ```
//!
//! Driven by `TransactionLayer`.
//!
//! **Invariants.** Exactly one final response, timeout or transport failure is passed up.
//!
//! **Source.** RFC 3261 §17.1.2.

use std::sync::Arc;
use std::time::Duration;

use crate::base::time::Now;
use crate::sip::transaction::Action;
use crate::sip::transaction::ClientInput;
use crate::sip::transaction::Reliability;
use crate::sip::transaction::timer::Timer;
use crate::sip::transaction::timer::Timing;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

/// One request that we sent.
#[derive(Debug)]
pub(crate) struct Client {
    state: State,
    interval: Duration,
    reliability: Reliability,
    request: Option<Arc<[u8]>>,
}

impl Client {
    /// Sends `request` and waits.
    pub(crate) fn start(
        now: Now,
        request: Arc<[u8]>,
        reliability: Reliability,
        timing: &Timing,
        out: &mut Vec<Action>,
    ) -> Self {
        out.push(Action::Send(Arc::clone(&request)));
        if reliability == Reliability::Unreliable {
            out.push(Action::SetTimer(Timer::E, now.mono + timing.t1));
        }
        out.push(Action::SetTimer(Timer::F, now.mono + timing.timeout()));
        Self {
            state: State::Trying,
            interval: timing.t1,
            reliability,
            request: Some(request),
        }
    }

    /// Advances the transaction by one input.
    pub(crate) fn handle(&mut self, now: Now, input: ClientInput, timing: &Timing, out: &mut Vec<Action>) {
        match (self.state, input) {
            (State::Trying | State::Proceeding, ClientInput::Timeout(Timer::E)) => {
                self.interval = match self.state {
                    State::Trying => timing.next_interval(self.interval),
                    _ => timing.t2,
                };
                out.extend(self.request.clone().map(Action::Retransmit));
                out.push(Action::SetTimer(Timer::E, now.mono + self.interval));
            }
            (State::Trying | State::Proceeding, ClientInput::Timeout(Timer::F)) => {
                self.end(Action::TimedOut, out);
            }
            (State::Trying | State::Proceeding, ClientInput::TransportFailed) => {
                self.end(Action::TransportFailed, out);
            }
            (State::Trying | State::Proceeding, ClientInput::Response(0..=199)) => {
                self.state = State::Proceeding;
                out.push(Action::Pass);
            }
            (State::Trying | State::Proceeding, ClientInput::Response(_)) => {
                out.extend([
                    Action::StopTimer(Timer::E),
                    Action::StopTimer(Timer::F),
                    Action::Pass,
                ]);
                self.request = None;
                if self.reliability == Reliability::Reliable {
                    self.state = State::Terminated;
                    out.push(Action::Terminated);
                } else {
                    self.state = State::Completed;
                    out.push(Action::SetTimer(Timer::K, now.mono + timing.t4));
                }
            }
            (State::Completed, ClientInput::Timeout(Timer::K)) => {
                self.state = State::Terminated;
                out.push(Action::Terminated);
            }
            // Late: a timer whose stop was in flight, a repeated response.
            _ => (),
        }
    }

    fn end(&mut self, cause: Action, out: &mut Vec<Action>) {
        self.state = State::Terminated;
        out.extend([
            Action::StopTimer(Timer::E),
            Action::StopTimer(Timer::F),
            cause,
            Action::Terminated,
        ]);
    }
}
