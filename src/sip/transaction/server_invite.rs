//! The INVITE server transaction: answers repeated INVITEs and repeats a refusal until it is acknowledged.
//!
//! ```text
//!  Proceeding --2xx--> Accepted --L------------------> Terminated
//!      '--300..699--> Completed --ACK--> Confirmed --I----^
//!                         '-------------H-----------------'
//! ```
//!
//! Driven by `TransactionLayer`.
//!
//! **Invariants.** An INVITE that is repeated after a 2xx is absorbed (RFC 6026): the session repeats the 2xx.
//!
//! **Not here.** The deadline of Proceeding and the wait for the ACK of a 2xx (session).
//!
//! **Source.** RFC 3261 §17.2.1; RFC 6026 §7.1, §8.7.

use std::sync::Arc;
use std::time::Duration;

use crate::base::time::Now;
use crate::sip::transaction::Action;
use crate::sip::transaction::Reliability;
use crate::sip::transaction::ServerInput;
use crate::sip::transaction::timer::Timer;
use crate::sip::transaction::timer::Timing;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Proceeding,
    Completed,
    Confirmed,
    Accepted,
    Terminated,
}

/// One INVITE that we received.
#[derive(Debug)]
pub(crate) struct ServerInvite {
    state: State,
    interval: Duration,
    reliability: Reliability,
    response: Option<Arc<[u8]>>,
}

impl ServerInvite {
    /// Takes a new INVITE.
    pub(crate) fn new(reliability: Reliability) -> Self {
        Self {
            state: State::Proceeding,
            interval: Duration::ZERO,
            reliability,
            response: None,
        }
    }

    /// Whether a final response has been sent.
    pub(crate) fn is_final(&self) -> bool {
        self.state != State::Proceeding
    }

    /// Advances the transaction by one input.
    pub(crate) fn handle(&mut self, now: Now, input: ServerInput, timing: &Timing, out: &mut Vec<Action>) {
        match (self.state, input) {
            (State::Proceeding | State::Completed, ServerInput::Request) => {
                out.extend(self.response.clone().map(Action::Retransmit));
            }
            (State::Proceeding, ServerInput::Reply(status, bytes)) => {
                self.reply(now, status, bytes, timing, out);
            }
            (State::Accepted, ServerInput::Reply(200..=299, bytes)) => out.push(Action::Retransmit(bytes)),
            (State::Completed, ServerInput::Timeout(Timer::G)) => {
                self.interval = timing.next_interval(self.interval);
                out.extend(self.response.clone().map(Action::Retransmit));
                out.push(Action::SetTimer(Timer::G, now.mono + self.interval));
            }
            (State::Completed, ServerInput::Ack) => {
                out.extend([Action::StopTimer(Timer::G), Action::StopTimer(Timer::H)]);
                self.response = None;
                if self.reliability == Reliability::Reliable {
                    self.terminate(out);
                } else {
                    self.state = State::Confirmed;
                    out.push(Action::SetTimer(Timer::I, now.mono + timing.t4));
                }
            }
            (State::Completed, ServerInput::Timeout(Timer::H)) => {
                out.push(Action::StopTimer(Timer::G));
                self.terminate(out);
            }
            // An ACK of a 2xx that carries the branch of its INVITE, as RFC 2543 peers send it.
            (State::Accepted, ServerInput::Ack) => out.push(Action::Pass),
            (State::Confirmed, ServerInput::Timeout(Timer::I))
            | (State::Accepted, ServerInput::Timeout(Timer::L)) => self.terminate(out),
            // Absorbed: repeated INVITE or ACK, late timers, a response after the final one.
            _ => (),
        }
    }

    fn reply(&mut self, now: Now, status: u16, bytes: Arc<[u8]>, timing: &Timing, out: &mut Vec<Action>) {
        out.push(Action::Send(Arc::clone(&bytes)));
        match status {
            0..=199 => self.response = Some(bytes),
            200..=299 => {
                self.state = State::Accepted;
                self.response = None;
                out.push(Action::SetTimer(Timer::L, now.mono + timing.timeout()));
            }
            300.. => {
                self.state = State::Completed;
                self.interval = timing.t1;
                self.response = Some(bytes);
                if self.reliability == Reliability::Unreliable {
                    out.push(Action::SetTimer(Timer::G, now.mono + timing.t1));
                }
                out.push(Action::SetTimer(Timer::H, now.mono + timing.timeout()));
            }
        }
    }

    fn terminate(&mut self, out: &mut Vec<Action>) {
        self.state = State::Terminated;
        out.push(Action::Terminated);
    }
}
