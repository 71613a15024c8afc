//! What a call costs on the media thread: relay, relay with stereo recording, prompts; in CPU and allocations.
//!
//! Real sockets on 127.0.0.1, G.711 at 20 ms, 100 calls. A generator thread plays both ends of every call; only the
//! thread `media-0` is measured (its run time in /proc, kernel time included), after 2 s of warm-up.
//! `cargo bench --bench media_tick [-- SECONDS]`; exits with 1 when a bound is missed three times over or
//! anything was allocated in the whole process while it was measured.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::expect_used,
    missing_docs,
    reason = "a bench measures time and prints"
)]

use std::alloc::GlobalAlloc;
use std::alloc::Layout;
use std::alloc::System;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::thread;
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
use rexian::media::command::Playback;
use rexian::media::command::PlaybackId;
use rexian::media::command::PromptIndex;
use rexian::media::command::Repeat;
use rexian::media::command::StreamStart;
use rexian::media::player::Prompt;
use rexian::media::player::Prompts;
use rexian::media::port_pool::PortPool;
use rexian::media::port_pool::Slot;
use rexian::media::rtp::Header;
use rexian::media::tone::RINGING;

struct Counting;
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is passed on to the system's allocator unchanged; counting touches no memory of the caller.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`, which is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`, which is the system's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct BenchClock(Instant);

impl Clock for BenchClock {
    fn now(&self) -> Now {
        let mono = u64::try_from(self.0.elapsed().as_micros()).unwrap();
        Now {
            mono: MonoTime::from_micros(mono),
            wall: WallTime::from_micros(1_795_000_000_000_000),
        }
    }
}

/// What a scenario does with its 100 calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scenario {
    /// 200 legs, bridged in pairs: 10 000 packets/s in and out.
    Relay,
    /// The same with a stereo recording of each call.
    RelayRecorded,
    /// 100 legs hear a prompt and send: 5 000 packets/s in, 5 000 out.
    Prompt,
}

fn main() {
    let seconds = std::env::args().find_map(|it| it.parse().ok()).unwrap_or(5);
    let bounds = [
        (Scenario::Relay, 8.0),
        (Scenario::RelayRecorded, 10.0),
        (Scenario::Prompt, 5.0),
    ];
    let mut missed = false;
    println!(
        "scenario         CPU %   bound   received/s  sent/s  heard/s  us/packet  allocations  late looks"
    );
    for (scenario, bound) in bounds {
        let (cpu, allocations) = run(scenario, bound, seconds);
        missed |= 3.0 * bound < cpu || allocations != 0;
    }
    std::process::exit(i32::from(missed));
}

fn run(scenario: Scenario, bound: f64, seconds: u64) -> (f64, u64) {
    let legs = if scenario == Scenario::Prompt { 100 } else { 200 };
    let (sender, receiver) = recorder_channel(200);
    let recorder = thread::spawn(move || record(receiver));
    let prompts = Arc::new(Prompts(vec![Prompt::encode(&RINGING.samples())]));
    let pool = PoolConfig {
        ipv4: Some((Ipv4Addr::LOCALHOST, legs)),
        ipv6: None,
        port_first: 20_000,
        port_last: 29_999,
    };
    let config = MediaConfig {
        pool,
        rtp_timeout: Duration::from_secs(30),
    };
    let parts = MediaParts {
        prompts,
        recorder: sender,
        wake: Arc::new(|| ()),
    };
    let mut random = Random::from_number(1);
    let (mut handle, bound_slots) = start(config, &mut random, BenchClock(Instant::now()), parts).unwrap();
    let mut ports = PortPool::new();
    for slot in bound_slots {
        ports.add(slot);
    }
    let family = rexian::media::port_pool::Family::V4;
    let slots: Vec<Slot> = (0..legs).map(|_| ports.take(family).unwrap()).collect();
    let peers: Vec<UdpSocket> = slots.iter().map(|slot| connect(slot, &mut handle)).collect();
    command_all(scenario, &slots, &mut handle);
    let (running, heard) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(0)));
    let generator = {
        let (running, heard) = (Arc::clone(&running), Arc::clone(&heard));
        thread::spawn(move || generate(&peers, &running, &heard))
    };
    thread::sleep(Duration::from_secs(2));
    let counts = handle.counts();
    let look = || {
        let of = |it: &AtomicU64| it.load(Ordering::Relaxed);
        [
            of(&counts.received),
            of(&counts.sent),
            of(&heard),
            of(&ALLOCATIONS),
            of(&counts.late_looks),
        ]
    };
    // Reading the run time allocates: outside of what is counted.
    let (cpu_before, before, started) = (worker_cpu(), look(), Instant::now());
    thread::sleep(Duration::from_secs(seconds));
    let (after, cpu_after, elapsed) = (look(), worker_cpu(), started.elapsed().as_secs_f64());
    running.store(false, Ordering::Relaxed);
    generator.join().unwrap();
    drop(handle);
    recorder.join().unwrap();
    #[allow(clippy::cast_precision_loss, reason = "figures")]
    let [received, sent, heard, allocations, late] =
        std::array::from_fn(|at| (after[at] - before[at]) as f64);
    #[allow(clippy::cast_precision_loss, reason = "figures")]
    let cpu = (cpu_after - cpu_before) as f64 / 1e9;
    let percent = 100.0 * cpu / elapsed;
    println!(
        "{:15}  {percent:5.2}  {bound:5.1}  {:10.0} {:8.0} {:8.0} {:9.2}  {allocations:10} {late:10}",
        format!("{scenario:?}"),
        received / elapsed,
        sent / elapsed,
        heard / elapsed,
        1e6 * cpu / sent,
    );
    (percent, after[3] - before[3])
}

fn record(mut receiver: RecorderReceiver) {
    while !receiver.is_finished() {
        if let Some(RecorderCommand::Chunk(chunk)) = receiver.receive(Duration::from_millis(100)) {
            receiver.give_back(chunk.audio);
        }
    }
}

/// Makes the peer of a leg and opens the leg towards it.
fn connect(slot: &Slot, handle: &mut MediaHandle) -> UdpSocket {
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, slot.rtp_port)))
        .unwrap();
    peer.set_nonblocking(true).unwrap();
    let media = LegMedia {
        remote_rtp: Some(peer.local_addr().unwrap()),
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
    };
    let start = StreamStart {
        ssrc: slot.leg.slot + 1,
        sequence: 1,
        timestamp: 1,
    };
    handle
        .send(MediaCommand::Open {
            leg: slot.leg,
            media: Some(media),
            start,
        })
        .unwrap();
    peer
}

fn command_all(scenario: Scenario, slots: &[Slot], handle: &mut MediaHandle) {
    for (number, pair) in slots.chunks(2).enumerate() {
        let (a, b) = (pair[0].leg, pair[1].leg);
        if scenario == Scenario::Prompt {
            for leg in [a, b] {
                let playback = Playback {
                    id: PlaybackId(1),
                    prompts: Arc::from([PromptIndex(0)]),
                    repeat: Repeat::Forever,
                };
                handle.send(MediaCommand::Play { leg, playback }).unwrap();
            }
            continue;
        }
        handle.send(MediaCommand::Bridge { a, b }).unwrap();
        if scenario == Scenario::RelayRecorded {
            let recording = RecordingId::from_bytes(u128::try_from(number).unwrap().to_be_bytes());
            let interaction = InteractionId::default();
            handle
                .send(MediaCommand::Record {
                    leg: a,
                    recording,
                    interaction,
                    opened_at_us: 0,
                })
                .unwrap();
        }
    }
    handle.flush();
}

/// Sends one packet per leg every 20 ms, the legs spread over ten turns of 2 ms, and reads what comes.
fn generate(peers: &[UdpSocket], running: &AtomicBool, heard: &AtomicU64) {
    let started = Instant::now();
    let mut packet = [0xD5; 172];
    let mut buffer = [0; 1_500];
    for turn in 0_u32.. {
        if !running.load(Ordering::Relaxed) {
            return;
        }
        for (at, peer) in peers
            .iter()
            .enumerate()
            .filter(|(at, _)| at % 10 == turn as usize % 10)
        {
            let frame = turn / 10;
            let header = Header {
                marker: false,
                payload_type: 8,
                sequence: u16::try_from(frame % 65_536).unwrap(),
                timestamp: frame * 160,
                ssrc: u32::try_from(at).unwrap(),
            };
            packet[..12].copy_from_slice(&header.to_bytes());
            let _ = peer.send(&packet);
            while peer.recv(&mut buffer).is_ok() {
                heard.fetch_add(1, Ordering::Relaxed);
            }
        }
        let next = Duration::from_millis(2) * (turn + 1);
        thread::sleep(next.saturating_sub(started.elapsed()));
    }
}

/// Nanoseconds that the media thread has run.
fn worker_cpu() -> u64 {
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        let path = task.unwrap().path();
        if std::fs::read_to_string(path.join("comm")).is_ok_and(|name| name.trim() == "media-0") {
            let text = std::fs::read_to_string(path.join("schedstat")).unwrap();
            return text.split(' ').next().unwrap().parse().unwrap();
        }
    }
    0
}
