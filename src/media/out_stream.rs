//! The one outgoing RTP stream of a leg: numbers and timestamps that go on whatever it carries.
//!
//! ```text
//! silent ─own frame─▶ own ─relayed packet─▶ relayed(source) ─own frame─▶ own …
//!    ▲                                            │
//!    └──────────── relay broken off ──────────────┘
//! ```
//! Each change of what is carried is an *anchor*: the next number, a timestamp advanced by the wall gap, a marker.
//! Between anchors a relayed packet keeps its distance in number and time to the packets around it, so that the
//! far end sees loss and order as they were; a relay that is broken off (hold, the end of a bridge) and comes back
//! is carried anew, so that what the far end was not meant to hear is no loss to it.
//!
//! **Invariants.** One SSRC; a sequence number is used once; an anchor never goes back in number or time.
//! **Not here.** The payload, where it goes (`endpoint`).
//! **Source.** RFC 3550 §5.1; interoperability rule 8.

use crate::base::time::MonoTime;
use crate::base::time::micros;
use crate::media::command::StreamStart;
use crate::media::rtp::Header;
use crate::media::rtp::sequence_distance;

/// Late packets further behind than this are dropped: no receiver waits so long.
const REORDER_MAX: u32 = 25;
/// A jump of the source's clock against the wall of more than this is an anchor: 1 s.
const CLOCK_JUMP: u32 = 8_000;
/// A jump of the source's numbers of more than this is an anchor.
const SEQUENCE_JUMP: i16 = 500;
/// Own frames further apart than this (in µs) are separate talk spurts.
const OWN_GAP_US: u64 = 150_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carried {
    Nothing,
    Own,
    Relayed(Relayed),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Relayed {
    ssrc: u32,
    sequence_offset: u16,
    timestamp_offset: u32,
    highest: u16,
    newest_timestamp: u32,
    newest_at: MonoTime,
    /// Numbers since the anchor, saturating: older packets belong to what was carried before.
    since_anchor: u32,
}

/// The numbers of an outgoing stream.
#[derive(Clone, Debug)]
pub struct OutStream {
    ssrc: u32,
    next_sequence: u16,
    /// Timestamp of the newest packet, and of the end of what it carries.
    timestamp: u32,
    end: u32,
    sent_at: Option<MonoTime>,
    carried: Carried,
    /// Packets sent.
    pub packets: u64,
    /// Payload bytes sent.
    pub octets: u64,
}

impl OutStream {
    /// Starts at random numbers.
    pub fn new(start: StreamStart) -> Self {
        Self {
            ssrc: start.ssrc,
            next_sequence: start.sequence,
            timestamp: start.timestamp,
            end: start.timestamp,
            sent_at: None,
            carried: Carried::Nothing,
            packets: 0,
            octets: 0,
        }
    }

    /// Our source.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// What comes next is a new talk spurt.
    pub fn interrupt(&mut self) {
        self.carried = Carried::Nothing;
    }

    /// What was relayed is withheld from now on: when it comes back it begins anew. Frames of our own go on.
    pub fn break_relay(&mut self) {
        if matches!(self.carried, Carried::Relayed(_)) {
            self.carried = Carried::Nothing;
        }
    }

    /// The header of a frame of our own of `samples`; `payload_type` is the leg's.
    pub fn own_frame(&mut self, now: MonoTime, payload_type: u8, samples: u32) -> Header {
        let gap = self.sent_at.map_or(u64::MAX, |sent| micros(now.since(sent)));
        let goes_on = self.carried == Carried::Own && gap < OWN_GAP_US;
        let timestamp = if goes_on {
            self.end
        } else {
            self.anchor_timestamp(now)
        };
        self.carried = Carried::Own;
        let header = Header {
            marker: !goes_on,
            payload_type,
            sequence: self.next_sequence,
            timestamp,
            ssrc: self.ssrc,
        };
        self.note_newest(now, &header, samples);
        header
    }

    /// The header of a packet of a telephone event of our own: all packets of a press share their timestamp.
    pub fn own_event(&mut self, now: MonoTime, payload_type: u8, first: bool, duration: u32) -> Header {
        let timestamp = if first {
            self.anchor_timestamp(now)
        } else {
            self.timestamp
        };
        self.carried = Carried::Nothing;
        let header = Header {
            marker: first,
            payload_type,
            sequence: self.next_sequence,
            timestamp,
            ssrc: self.ssrc,
        };
        self.note_newest(now, &header, duration);
        header
    }

    /// The header for a packet that is passed on, or `None` when it is too late to be.
    ///
    /// `samples` is what it carries; telephone events carry none.
    pub fn relayed(
        &mut self,
        now: MonoTime,
        incoming: &Header,
        payload_type: u8,
        samples: u32,
    ) -> Option<Header> {
        let (mut map, anchored) = match self.carried {
            Carried::Relayed(map) if !is_broken(&map, now, incoming) => (map, false),
            _ => (self.anchor(now, incoming), true),
        };
        let steps = sequence_distance(map.highest, incoming.sequence);
        let behind = u32::from(steps.min(0).unsigned_abs());
        if map.since_anchor < behind || REORDER_MAX < behind {
            return None;
        }
        let header = Header {
            marker: incoming.marker || anchored,
            payload_type,
            sequence: incoming.sequence.wrapping_add(map.sequence_offset),
            timestamp: incoming.timestamp.wrapping_add(map.timestamp_offset),
            ssrc: self.ssrc,
        };
        if anchored || 0 < steps {
            advance(&mut map, now, incoming);
            self.note_newest(now, &header, samples);
        } else {
            self.packets += 1;
        }
        self.carried = Carried::Relayed(map);
        Some(header)
    }

    /// A packet of the relayed source is not passed on: no number is spent on it.
    pub fn skip(&mut self, now: MonoTime, incoming: &Header) {
        if let Carried::Relayed(mut map) = self.carried
            && map.ssrc == incoming.ssrc
            && 0 < sequence_distance(map.highest, incoming.sequence)
        {
            advance(&mut map, now, incoming);
            map.sequence_offset = map.sequence_offset.wrapping_sub(1);
            map.since_anchor = 0;
            self.carried = Carried::Relayed(map);
        }
    }

    /// The timestamp that stands for the present instant; for a sender report.
    pub fn timestamp_at(&self, now: MonoTime) -> u32 {
        self.timestamp.wrapping_add(self.samples_since(now))
    }

    fn anchor(&self, now: MonoTime, incoming: &Header) -> Relayed {
        Relayed {
            ssrc: incoming.ssrc,
            sequence_offset: self.next_sequence.wrapping_sub(incoming.sequence),
            timestamp_offset: self.anchor_timestamp(now).wrapping_sub(incoming.timestamp),
            highest: incoming.sequence,
            newest_timestamp: incoming.timestamp,
            newest_at: now,
            since_anchor: 0,
        }
    }

    /// Advanced by the wall gap, and never into what the last packet carries.
    fn anchor_timestamp(&self, now: MonoTime) -> u32 {
        let by_wall = self.samples_since(now);
        let by_content = self.end.wrapping_sub(self.timestamp);
        self.timestamp.wrapping_add(by_wall.max(by_content))
    }

    #[allow(clippy::cast_possible_truncation, reason = "timestamps wrap")]
    fn samples_since(&self, now: MonoTime) -> u32 {
        self.sent_at
            .map_or(0, |sent| (micros(now.since(sent)) / 125) as u32)
    }

    fn note_newest(&mut self, now: MonoTime, header: &Header, samples: u32) {
        self.next_sequence = header.sequence.wrapping_add(1);
        self.timestamp = header.timestamp;
        self.end = header.timestamp.wrapping_add(samples);
        self.sent_at = Some(now);
        self.packets += 1;
    }
}

fn advance(map: &mut Relayed, now: MonoTime, incoming: &Header) {
    let steps = sequence_distance(map.highest, incoming.sequence);
    map.since_anchor = map
        .since_anchor
        .saturating_add(u32::from(steps.max(0).unsigned_abs()));
    map.highest = incoming.sequence;
    map.newest_timestamp = incoming.timestamp;
    map.newest_at = now;
}

/// The source is another one, or its numbers or its clock have jumped.
#[allow(clippy::cast_possible_truncation, reason = "timestamps wrap")]
fn is_broken(map: &Relayed, now: MonoTime, incoming: &Header) -> bool {
    if map.ssrc != incoming.ssrc {
        return true;
    }
    let steps = sequence_distance(map.highest, incoming.sequence);
    if steps < 0 {
        return steps < -SEQUENCE_JUMP;
    }
    let by_clock = incoming.timestamp.wrapping_sub(map.newest_timestamp);
    let by_wall = (micros(now.since(map.newest_at)) / 125) as u32;
    let difference = by_clock.wrapping_sub(by_wall).cast_signed().unsigned_abs();
    SEQUENCE_JUMP < steps || CLOCK_JUMP < difference
}
