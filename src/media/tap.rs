//! The recording copy of one customer leg: both directions laid on one time line, handed out second by second.
//!
//! ```text
//! left  (received) ─▶ ┐  position = RTP time + anchor   ┌ current second ─▶ Chunk, 200 ms after its end
//! right (sent)     ─▶ ┘                                 └ what is ahead of it
//! ```
//! The anchor of a direction ties its RTP clock to arrival time. A packet cannot arrive before it is sent, so the
//! smallest delay seen is the truest: the anchor follows it down at once and up (a slow sender clock) after 2 s.
//! A new SSRC or a jump of the timestamp anchors anew at the arrival.
//!
//! **Invariants.** Chunk `n` is second `n` since the opening; what is missing is silence; both channels lie within
//! 20 ms of each other; a buffer and a half per leg and nothing allocated before its end. What is handed out when it is due
//! before a packet is copied never finds the room ahead too short.
//! **Not here.** The file (`io::recording`); who is recorded (`call`).
//! **Source.** Clause of the standard on recording (both sides, in full); RFC 3550 §5.1.

use crate::base::codec::Codec;
use crate::base::ids::RecordingId;
use crate::base::time::MonoTime;
use crate::base::time::micros;
use crate::media::chunk::CHUNK_SAMPLES;
use crate::media::chunk::Chunk;
use crate::media::chunk::ChunkAudio;
use crate::media::chunk::SILENCE;
use crate::media::g711;
use crate::media::rtp::PACKET_BYTES_MAX;

/// How long a second waits for late packets, in samples: 200 ms.
const SLACK: u64 = 1_600;
/// Earlier than the anchor by more than this (10 ms) corrects it.
const TOLERANCE: i32 = 80;
/// Off by more than this (1 s) is a jump.
const JUMP: i32 = 8_000;
/// Packets after which a steady delay is taken for drift: 2 s at 20 ms.
const DRIFT_WINDOW: u32 = 100;
const CHUNK: u64 = CHUNK_SAMPLES as u64;
/// Room for what comes while a second waits for late packets: the slack, what a packet may be early, and the longest packet.
const AHEAD_SAMPLES: usize = 4_000;
const _: () =
    assert!(SLACK + TOLERANCE.unsigned_abs() as u64 + (PACKET_BYTES_MAX as u64) <= AHEAD_SAMPLES as u64);

/// Which channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What the customer said.
    Left,
    /// What the customer heard.
    Right,
}

/// Audio of one packet with its place in its RTP stream.
#[derive(Clone, Copy, Debug)]
pub struct Audio<'a> {
    /// Source of the packet.
    pub ssrc: u32,
    /// Its RTP timestamp.
    pub timestamp: u32,
    /// Its law.
    pub codec: Codec,
    /// One byte a sample.
    pub payload: &'a [u8],
}

#[derive(Clone, Copy, Debug, Default)]
struct Anchor {
    ssrc: Option<u32>,
    offset: u32,
    least_delay: i32,
    packets: u32,
}

impl Anchor {
    /// The position of a packet's first sample on the recording's time line.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the sample clock wraps as RTP timestamps do"
    )]
    fn place(&mut self, arrival: u64, ssrc: u32, timestamp: u32) -> u64 {
        let transit = (arrival as u32).wrapping_sub(timestamp);
        let delay = transit.wrapping_sub(self.offset).cast_signed();
        if self.ssrc != Some(ssrc) || !(-TOLERANCE..=JUMP).contains(&delay) {
            *self = Self {
                ssrc: Some(ssrc),
                offset: transit,
                least_delay: 0,
                packets: 1,
            };
            return arrival;
        }
        self.least_delay = if self.packets == 0 {
            delay
        } else {
            self.least_delay.min(delay)
        };
        self.packets += 1;
        if DRIFT_WINDOW <= self.packets {
            if TOLERANCE < self.least_delay {
                self.offset = self.offset.wrapping_add_signed(self.least_delay);
            }
            self.packets = 0;
        }
        arrival.saturating_add_signed(-i64::from(delay))
    }
}

/// What is left of a recording at its end.
#[derive(Debug)]
pub struct Finished {
    /// The last seconds in order; the last of them is partial.
    pub chunks: [Option<Chunk>; 2],
    /// A buffer that holds nothing.
    pub spare: Option<ChunkAudio>,
    /// Audio lost after the last chunk, milliseconds.
    pub gap_ms: u32,
}

/// A chunk without its audio.
#[derive(Clone, Copy, Debug)]
struct Head {
    recording: RecordingId,
    opened_at_us: i64,
    anchor: Anchor,
    number: u32,
    gap_ms: u32,
}

impl Head {
    fn chunk(self, audio: ChunkAudio, samples: usize) -> Chunk {
        let start = u64::from(self.number) * CHUNK;
        Chunk {
            recording: self.recording,
            number: self.number,
            audio,
            samples: u16::try_from(samples).unwrap_or(0),
            rtp_start: self.rtp_at(start),
            wall_start_us: self.opened_at_us.saturating_add_unsigned(start * 125),
            gap_ms: self.gap_ms,
            pause: false,
        }
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "the sample clock wraps as RTP timestamps do"
    )]
    fn rtp_at(&self, position: u64) -> u32 {
        self.anchor
            .ssrc
            .map_or(0, |_| (position as u32).wrapping_sub(self.anchor.offset))
    }
}

/// The recording of one leg.
#[derive(Debug)]
pub struct Tap {
    recording: RecordingId,
    opened_at_us: i64,
    opened: MonoTime,
    left: Anchor,
    right: Anchor,
    current: ChunkAudio,
    ahead: Box<[u8; 2 * AHEAD_SAMPLES]>,
    number: u32,
    gap_ms: u32,
    /// Packets that came after their second had been handed out.
    pub late: u64,
}

impl Tap {
    /// Begins at `now` with a buffer, whatever is in it.
    pub fn new(recording: RecordingId, opened_at_us: i64, now: MonoTime, mut current: ChunkAudio) -> Self {
        current.fill(SILENCE);
        Self {
            recording,
            opened_at_us,
            opened: now,
            left: Anchor::default(),
            right: Anchor::default(),
            current,
            ahead: Box::new([SILENCE; 2 * AHEAD_SAMPLES]),
            number: 0,
            gap_ms: 0,
            late: 0,
        }
    }

    /// Which recording.
    pub fn recording(&self) -> RecordingId {
        self.recording
    }

    /// Copies the audio of one packet.
    pub fn copy(&mut self, now: MonoTime, side: Side, audio: &Audio<'_>) {
        let arrival = self.position(now);
        let anchor = match side {
            Side::Left => &mut self.left,
            Side::Right => &mut self.right,
        };
        let place = anchor.place(arrival, audio.ssrc, audio.timestamp);
        let start = u64::from(self.number) * CHUNK;
        // Seen from the start of the current second.
        let (skip, at) = if place < start {
            (start - place, 0)
        } else {
            (0, place - start)
        };
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let Some(payload) = audio.payload.get(skip..).filter(|rest| !rest.is_empty()) else {
            self.late += 1;
            return;
        };
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let (now_part, next_part) = payload.split_at(CHUNK_SAMPLES.saturating_sub(at).min(payload.len()));
        lay(&mut self.current[..], side, at, audio.codec, now_part);
        if !next_part.is_empty() {
            lay(
                &mut self.ahead[..],
                side,
                at.saturating_sub(CHUNK_SAMPLES),
                audio.codec,
                next_part,
            );
        }
    }

    /// Whether a second is complete and its slack has passed.
    pub fn is_due(&self, now: MonoTime) -> bool {
        (u64::from(self.number) + 1) * CHUNK + SLACK <= self.position(now)
    }

    /// Hands out the current second in exchange for an empty buffer; without one the second is lost and counted.
    pub fn take(&mut self, spare: Option<ChunkAudio>) -> Option<Chunk> {
        let chunk = if let Some(spare) = spare {
            let audio = std::mem::replace(&mut self.current, spare);
            Some(self.take_head().chunk(audio, CHUNK_SAMPLES))
        } else {
            self.gap_ms = self.gap_ms.saturating_add(1_000);
            None
        };
        let (begun, rest) = self.current.split_at_mut(self.ahead.len());
        begun.copy_from_slice(&self.ahead[..]);
        rest.fill(SILENCE);
        self.ahead.fill(SILENCE);
        self.number += 1;
        chunk
    }

    /// Whether the end, at `now`, needs one more buffer: a second that waited for late packets is handed out too.
    pub fn ends_in_two(&self, now: MonoTime) -> bool {
        (u64::from(self.number) + 1) * CHUNK < self.position(now)
    }

    /// Ends the recording; `spare` is the buffer of [`Tap::ends_in_two`].
    pub fn finish(mut self, now: MonoTime, spare: Option<ChunkAudio>) -> Finished {
        let mut finished = Finished {
            chunks: [None, None],
            spare,
            gap_ms: 0,
        };
        if self.ends_in_two(now) {
            if let Some(spare) = finished.spare.take() {
                finished.chunks[0] = self.take(Some(spare));
            } else {
                self.take(None);
            }
        }
        let begun = u64::from(self.number) * CHUNK;
        let samples = usize::try_from(self.position(now).saturating_sub(begun)).unwrap_or(0);
        if samples == 0 {
            finished.spare = Some(self.current);
        } else {
            let head = self.take_head();
            finished.chunks[1] = Some(head.chunk(self.current, samples.min(CHUNK_SAMPLES)));
        }
        finished.gap_ms = self.gap_ms;
        finished
    }

    fn take_head(&mut self) -> Head {
        Head {
            recording: self.recording,
            opened_at_us: self.opened_at_us,
            anchor: self.left,
            number: self.number,
            gap_ms: std::mem::take(&mut self.gap_ms),
        }
    }

    /// Samples since the opening.
    fn position(&self, now: MonoTime) -> u64 {
        micros(now.since(self.opened)) / 125
    }
}

/// Writes one channel of an interleaved buffer; what does not fit is left out.
fn lay(buffer: &mut [u8], side: Side, at: usize, codec: Codec, payload: &[u8]) {
    let lane = match side {
        Side::Left => 0,
        Side::Right => 1,
    };
    let Some(target) = buffer.get_mut(at.saturating_mul(2)..) else {
        return;
    };
    for (pair, byte) in target.chunks_exact_mut(2).zip(payload) {
        if let Some(place) = pair.get_mut(lane) {
            *place = g711::to_alaw(codec, *byte);
        }
    }
}

#[cfg(test)]
#[path = "tap_test.rs"]
mod tests;
