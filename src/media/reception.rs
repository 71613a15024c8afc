//! What the sequence numbers and arrival times of a received stream say: loss, repetition, jitter.
//!
//! **Invariants.** A packet is accepted once; one that is more than 64 behind the newest counts as late.
//! **Not here.** Reordering for play-out: packets are relayed as they come.
//! **Source.** RFC 3550 §6.4.1, appendices A.1, A.3 and A.8.

use crate::base::time::MonoTime;
use crate::media::rtp::Header;
use crate::media::rtp::sequence_distance;

/// A jump of more than this restarts the count (RFC 3550 A.1, MAX_DROPOUT is 3000).
const JUMP_MAX: i16 = 3_000;
const WINDOW: u32 = 64;

/// How a packet stands to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The newest so far.
    New,
    /// Older than the newest, not seen before.
    Reordered,
    /// Seen before, or too old to tell.
    Late,
    /// The first of its source, or after a jump: what was known is void.
    Restart,
}

/// Statistics of one received stream.
#[derive(Clone, Debug, Default)]
pub struct Reception {
    ssrc: Option<u32>,
    highest: u32,
    base: u32,
    seen: u64,
    /// Packets accepted from all sources of the leg.
    pub received: u64,
    /// Packets received twice or too late.
    pub late: u64,
    lost_before: u64,
    received_here: u64,
    expected_prior: u64,
    received_prior: u64,
    transit: u32,
    jitter_16: u32,
}

impl Reception {
    /// Takes the header of a packet from the accepted source.
    pub fn receive(&mut self, now: MonoTime, header: &Header) -> Order {
        let order = self.place(header);
        match order {
            Order::Late => {
                self.late += 1;
                return order;
            }
            Order::Restart => {
                self.lost_before = self.lost();
                self.ssrc = Some(header.ssrc);
                // The count starts in its second cycle so that a packet just before it has a number too.
                self.base = 0x1_0000 + u32::from(header.sequence);
                self.highest = self.base;
                self.seen = 1;
                (self.received_here, self.expected_prior, self.received_prior) = (0, 0, 0);
                self.transit = arrival(now).wrapping_sub(header.timestamp);
            }
            Order::New | Order::Reordered => self.measure(now, header),
        }
        self.received += 1;
        self.received_here += 1;
        order
    }

    fn place(&mut self, header: &Header) -> Order {
        if self.ssrc != Some(header.ssrc) {
            return Order::Restart;
        }
        let [_, _, high, low] = self.highest.to_be_bytes();
        let distance = sequence_distance(u16::from_be_bytes([high, low]), header.sequence);
        if !(-JUMP_MAX..=JUMP_MAX).contains(&distance) {
            return Order::Restart;
        }
        let steps = u32::from(distance.unsigned_abs());
        if 0 < distance {
            self.highest = self.highest.wrapping_add(steps);
            self.seen = if steps < WINDOW {
                (self.seen << steps) | 1
            } else {
                1
            };
            return Order::New;
        }
        if WINDOW <= steps || self.seen & (1 << steps) != 0 {
            return Order::Late;
        }
        self.seen |= 1 << steps;
        Order::Reordered
    }

    fn measure(&mut self, now: MonoTime, header: &Header) {
        let transit = arrival(now).wrapping_sub(header.timestamp);
        let change = transit.wrapping_sub(self.transit).cast_signed().unsigned_abs();
        self.transit = transit;
        // A jump of the timestamp is a new source in disguise, not jitter.
        if change < 8_000 {
            self.jitter_16 = self.jitter_16 + change - ((self.jitter_16 + 8) >> 4);
        }
    }

    fn expected_here(&self) -> u64 {
        if self.ssrc.is_none() {
            0
        } else {
            u64::from(self.highest.wrapping_sub(self.base)) + 1
        }
    }

    /// Packets that the sequence numbers say are missing, all sources of the leg together.
    pub fn lost(&self) -> u64 {
        self.lost_before + self.expected_here().saturating_sub(self.received_here)
    }

    /// Jitter in samples of 1/8000 s.
    pub fn jitter(&self) -> u32 {
        self.jitter_16 >> 4
    }

    /// Jitter in microseconds.
    pub fn jitter_us(&self) -> u64 {
        u64::from(self.jitter_16) * 125 / 16
    }

    /// The source that is being received.
    pub fn ssrc(&self) -> Option<u32> {
        self.ssrc
    }

    /// The extended highest sequence number, counted from cycle 0.
    pub fn highest(&self) -> u32 {
        self.highest.wrapping_sub(0x1_0000)
    }

    /// Loss since the last call, of 256; for a report block.
    pub fn take_fraction_lost(&mut self) -> u8 {
        let expected = self.expected_here().saturating_sub(self.expected_prior);
        let received = self.received_here.saturating_sub(self.received_prior);
        self.expected_prior = self.expected_here();
        self.received_prior = self.received_here;
        let lost = expected.saturating_sub(received);
        u8::try_from((lost << 8) / expected.max(1)).unwrap_or(u8::MAX)
    }
}

/// An instant on the sample clock, wrapping.
#[allow(
    clippy::cast_possible_truncation,
    reason = "the sample clock wraps as RTP timestamps do"
)]
pub fn arrival(now: MonoTime) -> u32 {
    (now.as_micros() / 125) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(ssrc: u32, sequence: u16) -> Header {
        Header {
            marker: false,
            payload_type: 8,
            sequence,
            timestamp: u32::from(sequence) * 160,
            ssrc,
        }
    }

    fn at(ms: u64) -> MonoTime {
        MonoTime::from_micros(ms * 1000)
    }

    #[test]
    fn loss_repetition_and_reordering_are_told_apart() {
        let mut reception = Reception::default();
        let orders: Vec<Order> = [65_534, 65_535, 1, 0, 0, 5]
            .map(|it| reception.receive(at(0), &header(1, it)))
            .into();
        assert_eq!(
            orders,
            [
                Order::Restart,
                Order::New,
                Order::New,
                Order::Reordered,
                Order::Late,
                Order::New
            ]
        );
        assert_eq!((reception.received, reception.lost(), reception.late), (5, 3, 1));
        assert_eq!(reception.take_fraction_lost(), 96);
        assert_eq!(reception.take_fraction_lost(), 0);
        assert_eq!(reception.highest(), 0x1_0005);
    }

    #[test]
    fn a_new_source_keeps_the_loss_of_the_old() {
        let mut reception = Reception::default();
        for sequence in [10, 12] {
            reception.receive(at(0), &header(1, sequence));
        }
        assert_eq!(reception.receive(at(0), &header(2, 40_000)), Order::Restart);
        assert_eq!((reception.received, reception.lost()), (3, 1));
    }

    #[test]
    fn a_jump_of_the_sequence_starts_anew_without_counting_loss() {
        let mut reception = Reception::default();
        reception.receive(at(0), &header(1, 10));
        assert_eq!(reception.receive(at(0), &header(1, 30_000)), Order::Restart);
        assert_eq!(reception.lost(), 0);
    }

    #[test]
    fn jitter_settles_at_the_mean_change_of_transit() {
        let mut reception = Reception::default();
        for sequence in 0..1_000_u16 {
            let late = if sequence % 2 == 0 { 0 } else { 10 };
            reception.receive(at(u64::from(sequence) * 20 + late), &header(1, sequence));
        }
        assert!((70..=80).contains(&reception.jitter()), "{}", reception.jitter());
        assert!((9_000..=10_100).contains(&reception.jitter_us()));
    }
}
