//! One real path: two phones, the worker's thread and its sockets on 127.0.0.1.

use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;
use std::time::Instant;

use rexian::base::codec::Codec;
use rexian::base::ids::InteractionId;
use rexian::base::ids::RecordingId;
use rexian::base::random::Random;
use rexian::base::time::Clock;
use rexian::base::time::MonoTime;
use rexian::base::time::Now;
use rexian::base::time::WallTime;
use rexian::io::media::pool::PoolConfig;
use rexian::io::media::worker::MediaConfig;
use rexian::io::media::worker::MediaHandle;
use rexian::io::media::worker::MediaParts;
use rexian::io::media::worker::start;
use rexian::io::recording::command::RecorderCommand;
use rexian::io::recording::command::RecorderReceiver;
use rexian::io::recording::command::recorder_channel;
use rexian::media::command::Flow;
use rexian::media::command::Latch;
use rexian::media::command::LegMedia;
use rexian::media::command::MediaCommand;
use rexian::media::command::MediaEvent;
use rexian::media::command::MediaLeg;
use rexian::media::command::StreamStart;
use rexian::media::g711;
use rexian::media::player::Prompts;
use rexian::media::port_pool::Family;
use rexian::media::port_pool::PortPool;
use rexian::media::rtp;
use rexian::media::rtp::Header;
use rexian::media::tone::Tone;

struct TestClock(Instant);

impl Clock for TestClock {
    fn now(&self) -> Now {
        let mono = u64::try_from(self.0.elapsed().as_micros()).unwrap();
        Now {
            mono: MonoTime::from_micros(mono),
            wall: WallTime::from_micros(1_795_000_000_000_000),
        }
    }
}

struct Phone {
    socket: UdpSocket,
    leg: MediaLeg,
    tone: Vec<u8>,
    heard: Vec<u8>,
    presses: Vec<u8>,
}

impl Phone {
    fn new(leg: MediaLeg, rtp_port: u16, frequency: u16) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket
            .connect(SocketAddr::from((Ipv4Addr::LOCALHOST, rtp_port)))
            .unwrap();
        socket.set_nonblocking(true).unwrap();
        let samples = Tone {
            frequency,
            level: 8_000,
            on_ms: 1_000,
            off_ms: 0,
        }
        .samples();
        let tone = samples.iter().map(|it| g711::encode(Codec::Pcma, *it)).collect();
        Self {
            socket,
            leg,
            tone,
            heard: Vec::new(),
            presses: Vec::new(),
        }
    }

    fn media(&self) -> LegMedia {
        LegMedia {
            remote_rtp: Some(self.socket.local_addr().unwrap()),
            remote_rtcp: None,
            rtcp_mux: true,
            codec: Codec::Pcma,
            payload_type: 8,
            telephone_event: Some(101),
            flow: Flow {
                send: true,
                receive: true,
            },
            latch: Latch::SdpAddress,
        }
    }

    fn send(&self, frame: u16, payload_type: u8, payload: &[u8]) {
        let timestamp = u32::from(frame) * 160;
        let header = Header {
            marker: false,
            payload_type,
            sequence: frame,
            timestamp,
            ssrc: self.leg.slot,
        };
        let mut packet = header.to_bytes().to_vec();
        packet.extend(payload);
        self.socket.send(&packet).unwrap();
    }

    fn talk(&self, frame: u16) {
        let at = usize::from(frame) * 160;
        self.send(frame, 8, &self.tone[at..at + 160]);
    }

    fn listen(&mut self) {
        let mut buffer = [0; 1_500];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            let packet = &buffer[..length];
            if rtp::is_rtcp(packet) {
                continue;
            }
            let span = rtp::parse(packet).unwrap();
            match span.header.payload_type {
                8 => self.heard.extend(&packet[span.start..span.end]),
                101 => self.presses.push(packet[span.start]),
                other => panic!("payload type {other}"),
            }
        }
    }
}

/// Waits for what `look` finds, at most five seconds.
fn wait<T>(woken: &mpsc::Receiver<()>, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < Duration::from_secs(5), "nothing came");
        // The timeout is the pace of looking; an event wakes earlier.
        let _ = woken.recv_timeout(Duration::from_millis(2));
    }
}

/// Waits for an instant, as a phone's sound card does.
fn pace(woken: &mpsc::Receiver<()>, until: Instant) {
    while let Some(rest) = until
        .checked_duration_since(Instant::now())
        .filter(|it| !it.is_zero())
    {
        let _ = woken.recv_timeout(rest);
    }
}

struct Bench {
    handle: MediaHandle,
    ports: PortPool,
    woken: mpsc::Receiver<()>,
    recorder: RecorderReceiver,
}

fn bench(port_first: u16, ipv6: u32) -> Bench {
    let (recorder_in, recorder) = recorder_channel(4);
    let (wake, woken) = mpsc::channel();
    let pool = PoolConfig {
        ipv4: Some((Ipv4Addr::LOCALHOST, 4)),
        ipv6: (0 < ipv6).then_some((Ipv6Addr::LOCALHOST, ipv6)),
        port_first,
        port_last: port_first + 200,
    };
    let config = MediaConfig {
        pool,
        rtp_timeout: Duration::from_secs(30),
    };
    let wake = Arc::new(move || {
        // A test that has ended hears nothing more.
        let _ = wake.send(());
    });
    let parts = MediaParts {
        prompts: Arc::new(Prompts::default()),
        recorder: recorder_in,
        wake,
    };
    let mut random = Random::from_number(u64::from(port_first));
    let (handle, slots) = start(config, &mut random, TestClock(Instant::now()), parts).unwrap();
    let mut ports = PortPool::new();
    for slot in slots {
        ports.add(slot);
    }
    Bench {
        handle,
        ports,
        woken,
        recorder,
    }
}

fn open(bench: &mut Bench, frequency: u16) -> Phone {
    let slot = bench.ports.take(Family::V4).unwrap();
    let phone = Phone::new(slot.leg, slot.rtp_port, frequency);
    let start = StreamStart {
        ssrc: slot.leg.slot + 77,
        sequence: 1,
        timestamp: 1,
    };
    bench
        .handle
        .send(MediaCommand::Open {
            leg: slot.leg,
            media: Some(phone.media()),
            start,
        })
        .unwrap();
    phone
}

#[test]
fn two_tones_cross_a_bridge_sample_by_sample_with_digits_both_ways_and_a_recording() {
    let mut bench = bench(45_000, 0);
    let (mut a, mut b) = (open(&mut bench, 440), open(&mut bench, 1_000));
    bench
        .handle
        .send(MediaCommand::Bridge { a: a.leg, b: b.leg })
        .unwrap();
    let (recording, interaction) = (RecordingId::from_bytes([9; 16]), InteractionId::default());
    bench
        .handle
        .send(MediaCommand::Record {
            leg: a.leg,
            recording,
            interaction,
            opened_at_us: 0,
        })
        .unwrap();
    bench.handle.flush();
    let counts = bench.handle.counts();
    wait(&bench.woken, || {
        (counts.legs.load(std::sync::atomic::Ordering::Relaxed) == 2).then_some(())
    });
    let started = Instant::now();
    for frame in 0..25 {
        pace(
            &bench.woken,
            started + Duration::from_millis(20) * u32::from(frame),
        );
        a.talk(frame);
        b.talk(frame);
        let wanted = 160 * (usize::from(frame) + 1);
        wait(&bench.woken, || {
            a.listen();
            b.listen();
            (a.heard.len() == wanted && b.heard.len() == wanted).then_some(())
        });
    }
    assert_eq!(a.heard, b.tone[..4_000]);
    assert_eq!(b.heard, a.tone[..4_000]);
    for frame in 25..28 {
        a.send(frame, 101, &[1, if frame == 27 { 0x8a } else { 10 }, 0, 160]);
        b.send(frame, 101, &[11, if frame == 27 { 0x8a } else { 10 }, 0, 160]);
    }
    let mut digits = Vec::new();
    wait(&bench.woken, || {
        while let Some(event) = bench.handle.receive() {
            if let MediaEvent::Digit { leg, digit } = event {
                digits.push((leg, digit));
            }
        }
        a.listen();
        b.listen();
        (a.presses.len() == 3 && b.presses.len() == 3).then_some(())
    });
    assert_eq!((a.presses, b.presses), (vec![11; 3], vec![1; 3]));
    // Each packet of a press here has its own timestamp, so each is a press of its own.
    assert_eq!(digits.iter().filter(|it| **it == (a.leg, '1')).count(), 3);
    bench.handle.send(MediaCommand::Close { leg: a.leg }).unwrap();
    bench.handle.flush();
    let stats = wait(&bench.woken, || match bench.handle.receive() {
        Some(MediaEvent::Closed { leg, stats }) if leg == a.leg => Some(stats),
        _ => None,
    });
    assert_eq!((stats.received, stats.lost, stats.strangers), (28, 0, 0));
    assert_recorded(&mut bench.recorder, &a.tone, &b.tone);
}

/// The least delay of the first packets sets the place; from then on both channels are whole and aligned.
fn assert_recorded(recorder: &mut RecorderReceiver, said: &[u8], heard: &[u8]) {
    let (opened, closed, left, right) = drain(recorder);
    assert_eq!((opened, closed), (1, 1));
    let [left_at, right_at] = [(left, said), (right, heard)].map(|(lane, tone)| {
        let spoken = &tone[5 * 160..25 * 160];
        lane.windows(spoken.len()).position(|it| it == spoken).unwrap()
    });
    assert!(left_at.abs_diff(right_at) <= 160, "{left_at} {right_at}");
}

fn drain(recorder: &mut RecorderReceiver) -> (usize, usize, Vec<u8>, Vec<u8>) {
    let (mut opened, mut closed, mut left, mut right) = (0, 0, Vec::new(), Vec::new());
    while closed == 0 {
        match recorder.receive(Duration::from_secs(1)) {
            Some(RecorderCommand::Open { .. }) => opened += 1,
            Some(RecorderCommand::Close { .. }) => closed += 1,
            Some(RecorderCommand::Chunk(chunk)) => {
                left.extend(
                    chunk
                        .audio
                        .iter()
                        .copied()
                        .take(2 * usize::from(chunk.samples))
                        .step_by(2),
                );
                right.extend(
                    chunk
                        .audio
                        .iter()
                        .copied()
                        .take(2 * usize::from(chunk.samples))
                        .skip(1)
                        .step_by(2),
                );
                recorder.give_back(chunk.audio);
            }
            None => panic!("the recorder hears nothing"),
        }
    }
    (opened, closed, left, right)
}

#[test]
fn what_came_before_a_slot_was_opened_is_thrown_away() {
    let mut bench = bench(45_300, 2);
    let slot = bench.ports.take(Family::V6).unwrap();
    let socket = UdpSocket::bind("[::1]:0").unwrap();
    let to = SocketAddr::from((Ipv6Addr::LOCALHOST, slot.rtp_port));
    let old = Header {
        marker: false,
        payload_type: 8,
        sequence: 1,
        timestamp: 1,
        ssrc: 1,
    }
    .to_bytes();
    socket.send_to(&old, to).unwrap();
    let media = LegMedia {
        remote_rtp: Some(socket.local_addr().unwrap()),
        remote_rtcp: None,
        rtcp_mux: true,
        codec: Codec::Pcma,
        payload_type: 8,
        telephone_event: None,
        flow: Flow {
            send: true,
            receive: true,
        },
        latch: Latch::SdpAddress,
    };
    let start = StreamStart {
        ssrc: 1,
        sequence: 1,
        timestamp: 1,
    };
    bench
        .handle
        .send(MediaCommand::Open {
            leg: slot.leg,
            media: Some(media),
            start,
        })
        .unwrap();
    bench.handle.flush();
    let counts = bench.handle.counts();
    wait(&bench.woken, || {
        (counts.legs.load(std::sync::atomic::Ordering::Relaxed) == 1).then_some(())
    });
    assert_eq!(bench.handle.receive(), None);
    socket.send_to(&old, to).unwrap();
    let event = wait(&bench.woken, || bench.handle.receive());
    assert_eq!(event, MediaEvent::FirstRtp { leg: slot.leg });
}

#[test]
fn stopping_the_worker_finishes_the_recordings() {
    let mut bench = bench(45_600, 0);
    let phone = open(&mut bench, 440);
    let (recording, interaction) = (RecordingId::from_bytes([9; 16]), InteractionId::default());
    bench
        .handle
        .send(MediaCommand::Record {
            leg: phone.leg,
            recording,
            interaction,
            opened_at_us: 0,
        })
        .unwrap();
    bench.handle.flush();
    let Bench {
        handle, mut recorder, ..
    } = bench;
    drop(handle);
    let (opened, closed, ..) = drain(&mut recorder);
    assert_eq!((opened, closed), (1, 1));
    assert!(recorder.is_finished());
}
