//! The INVITE client transaction: sends an INVITE until somebody answers, and acknowledges refusals.
//!
//! ```text
//!  Calling --1xx--> Proceeding --2xx--> Accepted  --M--> Terminated
//!     |  \--2xx-----------^-------------^                   ^
//!     |---300..699--> Completed --D-------------------------|
//!     '---B, transport failure------------------------------'
//! ```
//!
//! Driven by `TransactionLayer`, which sends, arms timers and hands responses to the session.
//!
//! **Invariants.** Every 2xx is passed up, also repeated and forked ones; every refusal is acknowledged here.
//!
//! **Not here.** The ACK of a 2xx (session). The deadline of Proceeding is the session's; when that gives up, Timer B
//! runs once more, so that a late 2xx still finds somebody.
//!
//! **Source.** RFC 3261 §17.1.1; RFC 6026 §7.2, §8.4.

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
    Calling,
    Proceeding,
    Completed,
    Accepted,
    Terminated,
}

/// One INVITE that we sent.
#[derive(Debug)]
pub(crate) struct ClientInvite {
    state: State,
    interval: Duration,
    reliability: Reliability,
    request: Arc<[u8]>,
    /// Nobody waits for it: Timer B runs in Proceeding too.
    is_orphan: bool,
}

impl ClientInvite {
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
            out.push(Action::SetTimer(Timer::A, now.mono + timing.t1));
        }
        out.push(Action::SetTimer(Timer::B, now.mono + timing.timeout()));
        Self {
            state: State::Calling,
            interval: timing.t1,
            reliability,
            request,
            is_orphan: false,
        }
    }

    /// The INVITE as sent.
    pub(crate) fn request(&self) -> &Arc<[u8]> {
        &self.request
    }

    /// Advances the transaction by one input.
    pub(crate) fn handle(&mut self, now: Now, input: ClientInput, timing: &Timing, out: &mut Vec<Action>) {
        match (self.state, input) {
            (State::Calling, ClientInput::Timeout(Timer::A)) => {
                self.interval *= 2;
                out.push(Action::Retransmit(Arc::clone(&self.request)));
                out.push(Action::SetTimer(Timer::A, now.mono + self.interval));
            }
            // In Proceeding only an orphan has this timer.
            (State::Calling | State::Proceeding, ClientInput::Timeout(Timer::B)) => {
                out.push(Action::StopTimer(Timer::A));
                out.push(Action::TimedOut);
                self.terminate(out);
            }
            (State::Calling | State::Proceeding, ClientInput::Response(status)) => {
                self.respond(now, status, timing, out);
            }
            (State::Calling | State::Proceeding, ClientInput::Orphaned) => {
                self.is_orphan = true;
                out.push(Action::SetTimer(Timer::B, now.mono + timing.timeout()));
            }
            // A repeated or forked 2xx: the session must acknowledge it again.
            (State::Accepted, ClientInput::Response(200..=299)) => out.push(Action::Pass),
            (State::Completed, ClientInput::Response(300..)) => out.push(Action::SendAck),
            (State::Accepted, ClientInput::Timeout(Timer::M))
            | (State::Completed, ClientInput::Timeout(Timer::D)) => self.terminate(out),
            (State::Calling | State::Proceeding, ClientInput::TransportFailed) => {
                out.extend([Action::StopTimer(Timer::A), Action::StopTimer(Timer::B)]);
                out.push(Action::TransportFailed);
                self.terminate(out);
            }
            // Late: a timer whose stop was in flight, a response overtaken by a final one.
            (_, ClientInput::Timeout(_) | ClientInput::TransportFailed | ClientInput::Orphaned)
            | (State::Accepted | State::Completed | State::Terminated, ClientInput::Response(_)) => (),
        }
    }

    fn respond(&mut self, now: Now, status: u16, timing: &Timing, out: &mut Vec<Action>) {
        if self.state == State::Calling {
            out.push(Action::StopTimer(Timer::A));
        }
        if self.state == State::Calling && !self.is_orphan || self.is_orphan && 200 <= status {
            out.push(Action::StopTimer(Timer::B));
        }
        match status {
            0..=199 => {
                self.state = State::Proceeding;
                out.push(Action::Pass);
            }
            200..=299 => {
                self.state = State::Accepted;
                out.push(Action::SetTimer(Timer::M, now.mono + timing.timeout()));
                out.push(Action::Pass);
            }
            300.. => {
                self.state = State::Completed;
                out.push(Action::SendAck);
                out.push(Action::Pass);
                if self.reliability == Reliability::Reliable {
                    self.terminate(out);
                } else {
                    out.push(Action::SetTimer(Timer::D, now.mono + timing.timeout()));
                }
            }
        }
    }

    fn terminate(&mut self, out: &mut Vec<Action>) {
        self.state = State::Terminated;
        out.push(Action::Terminated);
    }
}
