//! The timers of the transaction machines and the three durations they are made of.
//!
//! **Invariants.** A machine has at most two timers armed at once; a machine that terminates stops what it armed.
//!
//! **Not here.** Timer C belongs to proxies. The retransmission of a 2xx belongs to the session.
//!
//! **Source.** RFC 3261 §17.1, §17.2 and table 4 of appendix A; RFC 6026 §8.

use std::time::Duration;

/// A timer of a transaction. Source: RFC 3261 appendix A, table 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Timer {
    /// INVITE request retransmission, unreliable transport only.
    A,
    /// INVITE client transaction timeout.
    B,
    /// Wait for response retransmissions after a refused INVITE.
    D,
    /// Other request retransmission, unreliable transport only.
    E,
    /// Other client transaction timeout.
    F,
    /// INVITE refusal retransmission.
    G,
    /// Wait for the ACK of a refusal.
    H,
    /// Wait for ACK retransmissions.
    I,
    /// Wait for retransmissions of another request.
    J,
    /// Wait for response retransmissions of another request.
    K,
    /// Wait for retransmissions of an accepted INVITE (RFC 6026).
    L,
    /// Wait for retransmissions and forks of a 2xx to INVITE (RFC 6026).
    M,
}

/// The base durations. Source: RFC 3261 §17.1.1.1, §17.1.2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timing {
    /// Round-trip estimate; 500 ms unless configured.
    pub(crate) t1: Duration,
    /// Largest retransmission interval; 4 s unless configured.
    pub(crate) t2: Duration,
    /// How long a message may stay in the network; 5 s unless configured.
    pub(crate) t4: Duration,
}

impl Timing {
    /// 64·T1, the life of nearly everything that waits for a peer.
    pub(crate) fn timeout(&self) -> Duration {
        self.t1 * 64
    }

    /// The next retransmission interval after `interval`: doubled, at most T2.
    pub(crate) fn next_interval(&self, interval: Duration) -> Duration {
        (interval * 2).min(self.t2)
    }
}
