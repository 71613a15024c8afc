//! UDP listeners, read and written without waiting by the control thread.
//!
//! **Invariants.** Nothing here waits: a datagram that the kernel does not take is dropped and counted, since SIP repeats
//! what matters. The socket belongs to the runtime in which it was bound, which must be polled for it to be read.
//! **Not here.** Which listener a message leaves by (`engine::control_loop`), what it says (`sip`).
//! **Source.** RFC 3261 §18.

use std::io;
use std::net::SocketAddr;
use std::task::Context;
use std::task::Poll;

use tokio::net::UdpSocket;

use crate::base::limits::SIP_MESSAGE_BYTES_MAX;
use crate::sip::endpoint::Route;
use crate::sip::endpoint::Transport;

/// One bound UDP address.
#[derive(Debug)]
pub struct UdpListener {
    socket: UdpSocket,
    local: SocketAddr,
    dropped: u64,
}

/// Kernel buffer asked for: a second of 5 000 messages of 1 kB.
const SOCKET_BUFFER_BYTES: usize = 4 << 20;

impl UdpListener {
    /// Binds `address`; port 0 takes any free one. To be called inside the runtime that shall read it.
    ///
    /// # Errors
    /// The operating system's.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let domain = if address.is_ipv4() {
            socket2::Domain::IPV4
        } else {
            socket2::Domain::IPV6
        };
        let socket = socket2::Socket::new(domain, socket2::Type::DGRAM, Some(socket2::Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        // The kernel may grant less; that is no fault.
        let _ = socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES);
        let _ = socket.set_send_buffer_size(SOCKET_BUFFER_BYTES);
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let socket = UdpSocket::from_std(socket.into())?;
        let local = socket.local_addr()?;
        Ok(Self {
            socket,
            local,
            dropped: 0,
        })
    }

    /// The bound address.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Ready when a datagram waits; registers `cx` otherwise.
    pub fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.poll_recv_ready(cx)
    }

    /// Takes one waiting datagram into `buffer`, which is emptied first. `None`: none waits, or the kernel reports a
    /// fault of an earlier one, which is over with that.
    pub fn receive(&self, buffer: &mut Vec<u8>) -> Option<Route> {
        buffer.clear();
        buffer.reserve(SIP_MESSAGE_BYTES_MAX);
        match self.socket.try_recv_buf_from(buffer) {
            Ok((_, remote)) => Some(Route {
                transport: Transport::Udp,
                local: self.local,
                remote,
                connection: 0,
            }),
            Err(_) => None,
        }
    }

    /// Sends a datagram, or drops it when the kernel does not take it; says whether it was taken.
    pub fn send(&mut self, remote: SocketAddr, bytes: &[u8]) -> bool {
        match self.socket.try_send_to(bytes, remote) {
            Ok(_) => true,
            Err(error) => {
                // Powers of two: a network that is down does not flood the log.
                self.dropped += 1;
                if self.dropped.is_power_of_two() {
                    let (local, dropped) = (self.local, self.dropped);
                    tracing::warn!(%local, %remote, %error, dropped, "a SIP datagram could not be sent");
                }
                false
            }
        }
    }

    /// Datagrams that the kernel did not take.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}
