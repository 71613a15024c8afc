//! A hand-written RTP peer: sends a paced sound and keys, and keeps every packet that it hears.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use crate::real::alaw;
use crate::real::alaw::Tone;

const FRAME: Duration = Duration::from_millis(20);

/// An RTP packet, as sent or heard.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    /// When.
    pub(crate) at: Instant,
    /// Sequence number.
    pub(crate) sequence: u16,
    /// Timestamp.
    pub(crate) timestamp: u32,
    /// Source.
    pub(crate) ssrc: u32,
    /// Payload type.
    pub(crate) payload_type: u8,
    /// Payload.
    pub(crate) payload: Vec<u8>,
}

#[derive(Debug)]
struct State {
    remote: Option<SocketAddr>,
    tone: Option<Tone>,
    keys: VecDeque<u8>,
    sent: Vec<Packet>,
    heard: Vec<Packet>,
}

/// The peer; its thread ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Media {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// Where it listens.
    pub(crate) local: SocketAddr,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    stop: AtomicBool,
}

impl Media {
    /// Listens on a free port of `ip`.
    pub(crate) fn new(ip: IpAddr) -> Self {
        let socket = UdpSocket::bind((ip, 0)).unwrap();
        let local = socket.local_addr().unwrap();
        let state = State {
            remote: None,
            tone: None,
            keys: VecDeque::new(),
            sent: Vec::new(),
            heard: Vec::new(),
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            stop: AtomicBool::new(false),
        });
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || run(&socket, &shared)
        });
        Self {
            shared,
            thread: Some(thread),
            local,
        }
    }

    /// Sends to `remote` from now on; silence until there is a tone.
    pub(crate) fn send_to(&self, remote: Option<SocketAddr>) {
        self.shared.state.lock().unwrap().remote = remote;
    }

    /// Plays this from now on.
    pub(crate) fn play(&self, tone: Tone) {
        self.shared.state.lock().unwrap().tone = Some(tone);
    }

    /// Presses a key (`0`–`9`, `*`, `#`) for 100 ms (RFC 4733).
    pub(crate) fn press(&self, key: char) {
        let event = match key {
            '*' => 10,
            '#' => 11,
            _ => key.to_digit(10).unwrap() as u8,
        };
        self.shared.state.lock().unwrap().keys.push_back(event);
    }

    /// Everything heard so far.
    pub(crate) fn heard(&self) -> Vec<Packet> {
        self.shared.state.lock().unwrap().heard.clone()
    }

    /// Everything sent so far.
    pub(crate) fn sent(&self) -> Vec<Packet> {
        self.shared.state.lock().unwrap().sent.clone()
    }

    /// Waits until what was heard satisfies `enough`.
    pub(crate) fn wait_heard(&self, what: &str, at_most: Duration, enough: impl Fn(&[Packet]) -> bool) {
        let end = Instant::now() + at_most;
        let mut state = self.shared.state.lock().unwrap();
        while !enough(&state.heard) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "waited {at_most:?} in vain to hear {what}; {} packets",
                state.heard.len()
            );
            state = self.shared.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits until the last half second of sound has `frequency` in it.
    pub(crate) fn wait_tone(&self, frequency: f64, at_most: Duration) {
        self.wait_heard(&format!("{frequency} Hz"), at_most, |heard| {
            let samples = samples(&heard[heard.len().saturating_sub(25)..]);
            4_000 <= samples.len() && -16.0 < alaw::level(&samples, frequency)
        });
    }
}

impl Drop for Media {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A fault in it shows in what was heard.
            let _ = thread.join();
        }
    }
}

/// The sound of packets with A-law.
pub(crate) fn samples(packets: &[Packet]) -> Vec<i16> {
    packets
        .iter()
        .filter(|it| it.payload_type == 8)
        .flat_map(|it| it.payload.iter().map(|it| alaw::decode(*it)))
        .collect()
}

fn run(socket: &UdpSocket, shared: &Shared) {
    let seed = socket.local_addr().unwrap().port();
    let mut sender = Sender {
        sequence: seed,
        timestamp: u32::from(seed) * 977,
        ssrc: u32::from(seed) << 8 | 1,
        key: None,
    };
    let mut next = Instant::now() + FRAME;
    let mut buffer = [0; 2_048];
    while !shared.stop.load(Ordering::Relaxed) {
        let left = next.saturating_duration_since(Instant::now());
        if left.is_zero() {
            next += FRAME;
            sender.tick(socket, shared);
            continue;
        }
        socket
            .set_read_timeout(Some(left.max(Duration::from_micros(100))))
            .unwrap();
        // A timeout is the rule; a port that is closed by now is no fault either.
        let Ok((length, _)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        if let Some(packet) = parse(&buffer[..length]) {
            shared.state.lock().unwrap().heard.push(packet);
            shared.changed.notify_all();
        }
    }
}

fn parse(bytes: &[u8]) -> Option<Packet> {
    if bytes.len() < 12 || bytes[0] >> 6 != 2 || (200..=204).contains(&bytes[1]) {
        return None;
    }
    let header = 12 + 4 * usize::from(bytes[0] & 15);
    Some(Packet {
        at: Instant::now(),
        sequence: u16::from_be_bytes([bytes[2], bytes[3]]),
        timestamp: u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
        ssrc: u32::from_be_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]),
        payload_type: bytes[1] & 127,
        payload: bytes.get(header..)?.to_vec(),
    })
}

/// A key that is held: event, how many packets went out, timestamp at its begin.
type HeldKey = (u8, u16, u32);

struct Sender {
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    key: Option<HeldKey>,
}

impl Sender {
    fn tick(&mut self, socket: &UdpSocket, shared: &Shared) {
        let mut state = shared.state.lock().unwrap();
        let Some(remote) = state.remote else { return };
        if self.key.is_none() {
            self.key = state.keys.pop_front().map(|event| (event, 0, self.timestamp));
        }
        let (payload_type, timestamp, payload) = match self.key {
            Some((event, count, begin)) => {
                // 100 ms, then the end three times.
                let end = if 5 <= count { 0x80 } else { 0 };
                let duration = (count.min(5) + 1) * 160;
                self.key = (count < 7).then_some((event, count + 1, begin));
                (
                    101,
                    begin,
                    [&[event, end | 10][..], &duration.to_be_bytes()].concat(),
                )
            }
            None => {
                let frame = state
                    .tone
                    .as_mut()
                    .map_or_else(|| vec![alaw::encode(0); alaw::FRAME], Tone::frame);
                (8, self.timestamp, frame)
            }
        };
        let packet = Packet {
            at: Instant::now(),
            sequence: self.sequence,
            timestamp,
            ssrc: self.ssrc,
            payload_type,
            payload,
        };
        // Who does not listen yet or any more misses it.
        let _ = socket.send_to(&bytes(&packet), remote);
        state.sent.push(packet);
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(160);
    }
}

fn bytes(packet: &Packet) -> Vec<u8> {
    let mut out = vec![0x80, packet.payload_type];
    out.extend_from_slice(&packet.sequence.to_be_bytes());
    out.extend_from_slice(&packet.timestamp.to_be_bytes());
    out.extend_from_slice(&packet.ssrc.to_be_bytes());
    out.extend_from_slice(&packet.payload);
    out
}
