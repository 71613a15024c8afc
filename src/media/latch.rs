//! Who may speak on a leg: learning the source of its packets safely, then locking it.
//!
//! ```text
//! open ──first packet from an allowed address──▶ learning ──5 packets in order──▶ locked
//!   ▲                                              │ a better source: learn that          │
//!   └───────────────── reset (changed media) ◀─────┴───────────────────────────────────────┘
//! ```
//! **Invariants.** A locked source is left only by [`SourceLatch::reset`] or when the same address goes on with
//! the same SSRC and the next sequence numbers from another port. Everybody else is a stranger.
//! **Not here.** Where to send before anything is locked (the address of the SDP), SRTP.
//! **Source.** Interoperability rules 8 and 9; RFC 3550 §8.2.

use std::net::IpAddr;
use std::net::SocketAddr;
use std::time::Duration;

use crate::base::time::MonoTime;
use crate::media::command::Latch;
use crate::media::rtp::Header;
use crate::media::rtp::sequence_distance;

const IN_ORDER_TO_LOCK: u8 = 5;
/// Steps that still count as in order: loss happens while learning too.
const STEP_MAX: i16 = 10;
/// Steps over which a moved port is believed: 1 s at 20 ms.
const MOVE_STEPS_MAX: i16 = 50;
const ANY_SOURCE_FOR: Duration = Duration::from_secs(3);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Source {
    address: SocketAddr,
    ssrc: u32,
    sequence: u16,
    in_order: u8,
    rank: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Learning(Source),
    Locked(Source),
}

/// What a packet's source is to the leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The leg's peer.
    Peer,
    /// Not the leg's peer: drop and count.
    Stranger,
}

/// The source of one leg.
#[derive(Clone, Debug)]
pub struct SourceLatch {
    rule: Latch,
    sdp: Option<SocketAddr>,
    opened: MonoTime,
    state: State,
}

impl SourceLatch {
    /// Begins to learn. `sdp` is the address that the peer named.
    pub fn new(now: MonoTime, rule: Latch, sdp: Option<SocketAddr>) -> Self {
        Self {
            rule,
            sdp,
            opened: now,
            state: State::Open,
        }
    }

    /// Takes changed media: a peer that names another address is learned anew.
    pub fn reset(&mut self, now: MonoTime, rule: Latch, sdp: Option<SocketAddr>) {
        // Hold with 0.0.0.0 names nobody; the peer is still the same.
        if sdp.is_some() && self.sdp.is_some() && sdp != self.sdp || rule != self.rule {
            self.state = State::Open;
            self.opened = now;
        }
        self.rule = rule;
        self.sdp = sdp.or(self.sdp);
    }

    /// Judges the source of a packet whose payload type fits the leg.
    pub fn judge(&mut self, now: MonoTime, address: SocketAddr, header: &Header) -> Verdict {
        match self.state {
            State::Locked(locked) => self.judge_locked(locked, address, header),
            State::Learning(source) if source.address == address => {
                self.state = learn(source, header);
                Verdict::Peer
            }
            State::Open | State::Learning(_) => self.judge_new(now, address, header),
        }
    }

    fn judge_locked(&mut self, mut locked: Source, address: SocketAddr, header: &Header) -> Verdict {
        if locked.address != address {
            let steps = sequence_distance(locked.sequence, header.sequence);
            let moved = locked.address.ip() == address.ip()
                && locked.ssrc == header.ssrc
                && (1..=MOVE_STEPS_MAX).contains(&steps);
            if !moved {
                return Verdict::Stranger;
            }
            locked.address = address;
        }
        // The same peer may change its SSRC (a new source behind it).
        let newer = locked.ssrc != header.ssrc || 0 < sequence_distance(locked.sequence, header.sequence);
        if newer {
            locked.ssrc = header.ssrc;
            locked.sequence = header.sequence;
        }
        self.state = State::Locked(locked);
        Verdict::Peer
    }

    fn judge_new(&mut self, now: MonoTime, address: SocketAddr, header: &Header) -> Verdict {
        let Some(rank) = self.rank(now, address) else {
            return Verdict::Stranger;
        };
        // Two candidates: the one that the SDP names better is learned.
        if let State::Learning(source) = self.state
            && rank <= source.rank
        {
            return Verdict::Stranger;
        }
        let source = Source {
            address,
            ssrc: header.ssrc,
            sequence: header.sequence,
            in_order: 1,
            rank,
        };
        self.state = State::Learning(source);
        Verdict::Peer
    }

    /// How well an address fits what was signalled; `None` when it is not allowed.
    fn rank(&self, now: MonoTime, address: SocketAddr) -> Option<u8> {
        if self.sdp == Some(address) {
            return Some(3);
        }
        if self.sdp.is_some_and(|sdp| sdp.ip() == address.ip()) {
            return Some(2);
        }
        match self.rule {
            Latch::SdpAddress => None,
            Latch::SdpOrSignalling(signalling) => (signalling == address.ip()).then_some(1),
            Latch::AnySource => (now.since(self.opened) <= ANY_SOURCE_FOR).then_some(0),
        }
    }

    /// The locked address: where to send from then on.
    pub fn locked(&self) -> Option<SocketAddr> {
        match self.state {
            State::Locked(source) => Some(source.address),
            State::Open | State::Learning(_) => None,
        }
    }

    /// Whether a control packet (RTCP) may come from this host.
    pub fn knows_host(&self, host: IpAddr) -> bool {
        let learned = match self.state {
            State::Open => None,
            State::Learning(source) | State::Locked(source) => Some(source.address.ip()),
        };
        learned == Some(host) || (learned.is_none() && self.sdp.is_some_and(|sdp| sdp.ip() == host))
    }
}

fn learn(mut source: Source, header: &Header) -> State {
    let steps = sequence_distance(source.sequence, header.sequence);
    let in_order = source.ssrc == header.ssrc && (1..=STEP_MAX).contains(&steps);
    source.in_order = if in_order { source.in_order + 1 } else { 1 };
    source.ssrc = header.ssrc;
    source.sequence = header.sequence;
    if IN_ORDER_TO_LOCK <= source.in_order {
        State::Locked(source)
    } else {
        State::Learning(source)
    }
}

#[cfg(test)]
#[path = "latch_test.rs"]
mod tests;
