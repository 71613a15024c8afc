//! Which sockets carry RTP cheapest: one per leg (unconnected or connected, with epoll) or one shared by all.
//!
//! 200 legs in pairs on 127.0.0.1, one packet of 172 bytes per leg every 20 ms, the relay on a grid of 2 ms; run
//! time of the relay's thread (kernel time included) per packet passed on. Each design three times, in turns.
//! The choice is written down in `docs/decisions/0004-rtp-sockets.md`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    missing_docs,
    reason = "a bench measures time and prints"
)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use rexian::io::media::socket::Poller;

const LEGS: usize = 200;
const GRID: Duration = Duration::from_millis(2);
const BATCH: usize = 64;

#[derive(Clone, Copy, Debug)]
enum Design {
    Unconnected,
    Connected,
    Shared,
}

fn main() {
    let seconds = std::env::args().find_map(|it| it.parse().ok()).unwrap_or(2);
    println!("design         us/packet  packets/s");
    for _ in 0..3 {
        for design in [Design::Unconnected, Design::Connected, Design::Shared] {
            let (micros, rate) = run(design, seconds);
            println!("{:12}  {micros:9.2}  {rate:9.0}", format!("{design:?}"));
        }
    }
}

fn run(design: Design, seconds: u64) -> (f64, f64) {
    let bind = || {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    };
    let peers: Vec<UdpSocket> = (0..LEGS).map(|_| bind()).collect();
    let legs: Vec<UdpSocket> = (0..if matches!(design, Design::Shared) { 1 } else { LEGS })
        .map(|_| bind())
        .collect();
    let targets: Vec<SocketAddr> = peers.iter().map(|peer| peer.local_addr().unwrap()).collect();
    for (at, peer) in peers.iter().enumerate() {
        let leg = &legs[at % legs.len()];
        peer.connect(leg.local_addr().unwrap()).unwrap();
        if matches!(design, Design::Connected) {
            leg.connect(targets[at]).unwrap();
        }
    }
    let running = Arc::new(AtomicBool::new(true));
    let relay = {
        let running = Arc::clone(&running);
        thread::spawn(move || match design {
            Design::Shared => relay_shared(&legs[0], &targets, &running),
            Design::Unconnected | Design::Connected => relay_each(design, &legs, &targets, &running),
        })
    };
    let started = Instant::now();
    let mut buffer = [0; 1_500];
    for turn in 0_u32.. {
        if Duration::from_secs(seconds) < started.elapsed() {
            break;
        }
        for peer in peers.iter().skip(turn as usize % 10).step_by(10) {
            let _ = peer.send(&[0xD5; 172]);
            while peer.recv(&mut buffer).is_ok() {}
        }
        thread::sleep((GRID * (turn + 1)).saturating_sub(started.elapsed()));
    }
    let elapsed = started.elapsed().as_secs_f64();
    running.store(false, Ordering::Relaxed);
    let (packets, cpu) = relay.join().unwrap();
    (cpu as f64 / 1e3 / packets as f64, packets as f64 / elapsed)
}

fn relay_each(
    design: Design,
    legs: &[UdpSocket],
    targets: &[SocketAddr],
    running: &AtomicBool,
) -> (u64, u64) {
    let mut poller = Poller::new().unwrap();
    for (at, leg) in legs.iter().enumerate() {
        poller.watch(leg, at as u64).unwrap();
    }
    let (mut packets, mut ready, mut buffer) = (0, Vec::new(), [0; 1_500]);
    on_grid(running, || {
        ready.clear();
        ready.extend(poller.ready());
        for at in &ready {
            let at = *at as usize;
            let partner = at ^ 1;
            if matches!(design, Design::Connected) {
                while let Ok(length) = legs[at].recv(&mut buffer) {
                    let _ = legs[partner].send(&buffer[..length]);
                    packets += 1;
                }
            } else {
                while let Ok((length, _)) = legs[at].recv_from(&mut buffer) {
                    let _ = legs[partner].send_to(&buffer[..length], targets[partner]);
                    packets += 1;
                }
            }
        }
    });
    (packets, thread_cpu())
}

/// Receives and sends up to 64 packets a system call and finds the leg by the source port.
fn relay_shared(socket: &UdpSocket, targets: &[SocketAddr], running: &AtomicBool) -> (u64, u64) {
    let by_port: BTreeMap<u16, usize> = targets
        .iter()
        .enumerate()
        .map(|(at, it)| (it.port().to_be(), at))
        .collect();
    let ports: Vec<u16> = targets.iter().map(|it| it.port().to_be()).collect();
    let mut buffers = vec![[0_u8; 1_500]; BATCH];
    // SAFETY: these are plain C structures for which all zeros is a valid value.
    let (mut names, mut vectors, mut headers): (
        Vec<libc::sockaddr_in>,
        Vec<libc::iovec>,
        Vec<libc::mmsghdr>,
    ) = unsafe {
        (
            vec![std::mem::zeroed(); BATCH],
            vec![std::mem::zeroed(); BATCH],
            vec![std::mem::zeroed(); BATCH],
        )
    };
    let mut packets = 0;
    on_grid(running, || {
        loop {
            for at in 0..BATCH {
                vectors[at] = libc::iovec {
                    iov_base: buffers[at].as_mut_ptr().cast(),
                    iov_len: 1_500,
                };
                headers[at].msg_hdr.msg_name = (&raw mut names[at]).cast();
                headers[at].msg_hdr.msg_namelen = 16;
                headers[at].msg_hdr.msg_iov = &raw mut vectors[at];
                headers[at].msg_hdr.msg_iovlen = 1;
            }
            // SAFETY: every header points at a name, a vector and a buffer that live as long as this function.
            let count = unsafe {
                libc::recvmmsg(
                    socket.as_raw_fd(),
                    headers.as_mut_ptr(),
                    BATCH as u32,
                    libc::MSG_DONTWAIT,
                    std::ptr::null_mut(),
                )
            };
            let Some(count) = usize::try_from(count).ok().filter(|count| 0 < *count) else {
                return;
            };
            for at in 0..count {
                vectors[at].iov_len = headers[at].msg_len as usize;
                names[at].sin_port = ports[by_port[&names[at].sin_port] ^ 1];
            }
            // SAFETY: as above; the first `count` headers were filled by the kernel and changed in place.
            let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), count as u32, 0) };
            packets += u64::try_from(sent).unwrap_or(0);
        }
    });
    (packets, thread_cpu())
}

fn on_grid(running: &AtomicBool, mut look: impl FnMut()) {
    let started = Instant::now();
    for turn in 1_u32.. {
        look();
        if !running.load(Ordering::Relaxed) {
            return;
        }
        thread::sleep((GRID * turn).saturating_sub(started.elapsed()));
    }
}

/// Nanoseconds that this thread has run.
fn thread_cpu() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}
