//! Digits as RTP telephone events: hearing each press once, and sending presses.
//!
//! ```text
//! Listener:  packet of a new (SSRC, timestamp) ─▶ digit;  any other packet of it ─▶ nothing
//! Sender:    idle ─press─▶ tone (5 packets, 20 ms apart) ─▶ end ×3 ─▶ pause (60 ms) ─▶ idle or next press
//! ```
//! **Invariants.** A press is reported at its first packet that arrives, whichever that is: a lost beginning, a
//! missing marker, repeated or reordered packets and repeated ends change nothing.
//! **Not here.** SIP INFO digits and their merging with these (`call`), in-band tones.
//! **Source.** RFC 4733 §2.3, §2.5.

use crate::base::limits::DIGITS_MAX;

/// Bytes of an event payload.
pub const EVENT_BYTES: usize = 4;
const KEYS_REMEMBERED: usize = 4;
/// −10 dBm0.
const VOLUME: u8 = 10;
const FRAME_SAMPLES: u16 = 160;
const TONE_FRAMES: u8 = 5;
const END_FRAMES: u8 = 3;
const PAUSE_FRAMES: u8 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Press {
    ssrc: u32,
    timestamp: u32,
    event: u8,
    duration: u16,
    ended: bool,
}

/// Hears digits on one leg.
#[derive(Clone, Debug, Default)]
pub struct Listener {
    presses: [Option<Press>; KEYS_REMEMBERED],
    next: usize,
}

impl Listener {
    /// Takes the payload of one telephone-event packet; gives the digit when this press was not heard before.
    pub fn receive(&mut self, ssrc: u32, timestamp: u32, payload: &[u8]) -> Option<char> {
        let [event, flags, d0, d1] = *payload.first_chunk::<EVENT_BYTES>()?;
        let digit = digit_of(event)?;
        let press = Press {
            ssrc,
            timestamp,
            event,
            duration: u16::from_be_bytes([d0, d1]),
            ended: flags & 0x80 != 0,
        };
        let mut known = self.presses.iter_mut().flatten();
        if let Some(old) = known.find(|old| old.ssrc == ssrc && old.timestamp == timestamp) {
            old.duration = old.duration.max(press.duration);
            old.ended |= press.ended;
            return None;
        }
        let continued = self.presses.iter().flatten().any(|old| continues(old, &press));
        if let Some(place) = self.presses.get_mut(self.next) {
            *place = Some(press);
        }
        self.next = (self.next + 1) % KEYS_REMEMBERED;
        (!continued).then_some(digit)
    }
}

/// A press longer than the 16 bits of the duration goes on as a new segment. Source: RFC 4733 §2.5.1.3.
fn continues(old: &Press, new: &Press) -> bool {
    old.ssrc == new.ssrc
        && old.event == new.event
        && !old.ended
        && 0xF000 <= old.duration
        && new.timestamp.wrapping_sub(old.timestamp) <= 0xFFFF
}

fn digit_of(event: u8) -> Option<char> {
    Some(match event {
        0..=9 => char::from(b'0' + event),
        10 => '*',
        11 => '#',
        12..=15 => char::from(b'A' + event - 12),
        _ => return None,
    })
}

fn event_of(digit: char) -> Option<u8> {
    let event = match digit {
        '0'..='9' => u32::from(digit) - u32::from('0'),
        '*' => 10,
        '#' => 11,
        'A'..='D' => u32::from(digit) - u32::from('A') + 12,
        _ => return None,
    };
    u8::try_from(event).ok()
}

/// What the sender wants on the wire in one frame of 20 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Nothing to send and nothing to wait for.
    Idle,
    /// The pause between two presses.
    Pause,
    /// A packet of a press.
    Packet {
        /// The first packet of the press: it fixes the timestamp and carries the marker.
        first: bool,
        /// Its payload.
        payload: [u8; EVENT_BYTES],
        /// Samples from the start of the press to the end of this packet.
        duration: u16,
    },
}

/// Sends digits on one leg.
#[derive(Clone, Debug)]
pub struct Sender {
    waiting: [u8; DIGITS_MAX],
    first: usize,
    count: usize,
    frame: u8,
}

impl Default for Sender {
    fn default() -> Self {
        Self {
            waiting: [0; DIGITS_MAX],
            first: 0,
            count: 0,
            frame: 0,
        }
    }
}

impl Sender {
    /// Adds presses; letters that are no digit and presses beyond [`DIGITS_MAX`] are left out.
    pub fn press(&mut self, digits: &str) {
        for event in digits.chars().filter_map(event_of) {
            let at = (self.first + self.count) % DIGITS_MAX;
            match self.waiting.get_mut(at) {
                Some(place) if self.count < DIGITS_MAX => {
                    *place = event;
                    self.count += 1;
                }
                _ => return,
            }
        }
    }

    /// Whether something is being sent.
    pub fn is_idle(&self) -> bool {
        self.count == 0
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The next frame of 20 ms.
    pub fn next_frame(&mut self) -> Frame {
        let (false, Some(event)) = (self.is_idle(), self.waiting.get(self.first).copied()) else {
            return Frame::Idle;
        };
        let frame = self.frame;
        self.frame += 1;
        if TONE_FRAMES + END_FRAMES <= frame {
            if self.frame == TONE_FRAMES + END_FRAMES + PAUSE_FRAMES {
                self.frame = 0;
                self.first = (self.first + 1) % DIGITS_MAX;
                self.count -= 1;
            }
            return Frame::Pause;
        }
        let end = TONE_FRAMES <= frame;
        let duration = FRAME_SAMPLES * u16::from(frame.min(TONE_FRAMES - 1) + 1);
        let [d0, d1] = duration.to_be_bytes();
        Frame::Packet {
            first: frame == 0,
            payload: [event, (u8::from(end) << 7) | VOLUME, d0, d1],
            duration,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(event: u8, end: bool, duration: u16) -> [u8; 4] {
        let [d0, d1] = duration.to_be_bytes();
        [event, u8::from(end) << 7, d0, d1]
    }

    #[test]
    fn a_press_is_heard_once_at_its_beginning_whatever_is_repeated() {
        let mut listener = Listener::default();
        assert_eq!(listener.receive(1, 100, &packet(5, false, 160)), Some('5'));
        for duration in [320, 480] {
            assert_eq!(listener.receive(1, 100, &packet(5, false, duration)), None);
        }
        for _ in 0..3 {
            assert_eq!(listener.receive(1, 100, &packet(5, true, 640)), None);
        }
        assert_eq!(
            listener.receive(1, 2_000, &packet(5, false, 160)),
            Some('5'),
            "the same key again"
        );
    }

    #[test]
    fn a_press_whose_beginning_is_lost_is_heard_at_its_end() {
        let mut listener = Listener::default();
        assert_eq!(listener.receive(1, 100, &packet(11, true, 800)), Some('#'));
        assert_eq!(listener.receive(1, 100, &packet(11, true, 800)), None);
    }

    #[test]
    fn ends_that_arrive_after_the_next_press_are_not_a_press() {
        let mut listener = Listener::default();
        assert_eq!(listener.receive(1, 100, &packet(1, false, 160)), Some('1'));
        assert_eq!(listener.receive(1, 1_100, &packet(2, false, 160)), Some('2'));
        assert_eq!(listener.receive(1, 100, &packet(1, true, 800)), None);
        assert_eq!(listener.receive(1, 1_100, &packet(2, true, 800)), None);
    }

    #[test]
    fn a_press_of_many_seconds_is_one_press() {
        let mut listener = Listener::default();
        assert_eq!(listener.receive(1, 100, &packet(0, false, 0xFFFF)), Some('0'));
        assert_eq!(listener.receive(1, 100 + 0xFFFF, &packet(0, false, 160)), None);
    }

    #[test]
    fn flash_and_short_payloads_are_no_digits() {
        let mut listener = Listener::default();
        assert_eq!(listener.receive(1, 100, &packet(16, false, 160)), None);
        assert_eq!(listener.receive(1, 100, &[1, 2, 3]), None);
    }

    #[test]
    fn what_is_sent_is_heard_with_three_ends_and_a_pause() {
        let (mut sender, mut listener) = (Sender::default(), Listener::default());
        sender.press("1x*D");
        let (mut heard, mut ends, mut pauses) = (String::new(), 0, 0);
        loop {
            match sender.next_frame() {
                Frame::Idle => break,
                Frame::Pause => pauses += 1,
                Frame::Packet {
                    first,
                    payload,
                    duration,
                } => {
                    assert_eq!(first, duration == 160);
                    ends += i32::from(payload[1] & 0x80 != 0);
                    heard.extend(listener.receive(1, pauses, &payload));
                }
            }
        }
        assert_eq!((heard.as_str(), ends, pauses), ("1*D", 9, 9));
    }

    #[test]
    fn presses_beyond_the_bound_are_left_out() {
        let mut sender = Sender::default();
        sender.press(&"1".repeat(DIGITS_MAX + 10));
        assert_eq!(sender.count, DIGITS_MAX);
    }
}
