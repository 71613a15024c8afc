//! What the standard library lacks: waiting for many sockets at once, a traffic class, more open files.
//!
//! With `io::disk` the only unsafe code of the program; every block says why it is sound.
//!
//! **Invariants.** A [`Poller`] reports level-triggered readiness of the sockets it was given; it never owns them.
//! **Not here.** Reading and writing packets (`std::net::UdpSocket`), when to wait (`io::media::worker`).
//! **Source.** epoll(7), ipv6(7), setrlimit(2).

use std::io;
use std::os::fd::AsRawFd;
use std::os::fd::FromRawFd;
use std::os::fd::OwnedFd;

/// Most sockets reported by one look.
pub const READY_MAX: usize = 1_024;

/// A set of sockets that is asked which of them can be read.
#[derive(Debug)]
pub struct Poller {
    epoll: OwnedFd,
    events: Vec<libc::epoll_event>,
}

impl Poller {
    /// Makes an empty set.
    ///
    /// # Errors
    /// The system has no more files or memory.
    pub fn new() -> io::Result<Self> {
        // SAFETY: no pointers are passed; the result is checked before use.
        let raw = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if raw < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `raw` is a descriptor that was just opened and that nobody else owns.
        let epoll = unsafe { OwnedFd::from_raw_fd(raw) };
        Ok(Self {
            epoll,
            events: vec![libc::epoll_event { events: 0, u64: 0 }; READY_MAX],
        })
    }

    /// Begins to watch a socket; `token` names it in [`Poller::ready`].
    ///
    /// # Errors
    /// The socket is watched already or the system has no more memory.
    pub fn watch(&self, socket: &impl AsRawFd, token: u64) -> io::Result<()> {
        let readable = u32::try_from(libc::EPOLLIN).unwrap_or(1);
        let mut event = libc::epoll_event {
            events: readable,
            u64: token,
        };
        self.control(libc::EPOLL_CTL_ADD, socket.as_raw_fd(), &mut event)
    }

    /// Stops watching a socket.
    ///
    /// # Errors
    /// The socket is not watched.
    pub fn forget(&self, socket: &impl AsRawFd) -> io::Result<()> {
        let mut event = libc::epoll_event { events: 0, u64: 0 };
        self.control(libc::EPOLL_CTL_DEL, socket.as_raw_fd(), &mut event)
    }

    fn control(&self, operation: i32, socket: i32, event: &mut libc::epoll_event) -> io::Result<()> {
        // SAFETY: `event` is a valid event for the length of the call; the kernel copies it. Bad descriptors are
        // answered with an error.
        let result = unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), operation, socket, event) };
        if result < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(())
        }
    }

    /// The tokens of the sockets that can be read now; does not wait.
    pub fn ready(&mut self) -> impl Iterator<Item = u64> + '_ {
        let room = i32::try_from(self.events.len()).unwrap_or(0);
        // SAFETY: `events` holds `room` initialised events and outlives the call; the kernel writes at most `room`.
        let count = unsafe { libc::epoll_wait(self.epoll.as_raw_fd(), self.events.as_mut_ptr(), room, 0) };
        // An error (interrupted) is no socket ready: the next look tells.
        let count = usize::try_from(count).unwrap_or(0);
        self.events.iter().take(count).map(|event| event.u64)
    }
}

/// Marks what an IPv6 socket sends.
///
/// # Errors
/// The socket is not of IPv6.
pub fn set_traffic_class_v6(socket: &impl AsRawFd, class: u32) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of::<u32>()).unwrap_or(4);
    let (level, name) = (libc::IPPROTO_IPV6, libc::IPV6_TCLASS);
    // SAFETY: the value is a valid `u32` of `length` bytes for the length of the call; the kernel copies it.
    let result =
        unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const class).cast(), length) };
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// Raises the limit of open files to what the system allows and gives the limit.
pub fn raise_file_limit() -> u64 {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is a valid place for the result for the length of the call.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return 0;
    }
    let raised = libc::rlimit {
        rlim_cur: limit.rlim_max,
        ..limit
    };
    // SAFETY: `raised` is a valid limit for the length of the call; the kernel copies it.
    if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const raised) } == 0 {
        raised.rlim_cur
    } else {
        limit.rlim_cur
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    #[test]
    fn a_socket_is_ready_until_it_is_read_or_forgotten() {
        let mut poller = Poller::new().unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        poller.watch(&socket, 7).unwrap();
        assert_eq!(poller.ready().count(), 0);
        socket.send_to(&[1], socket.local_addr().unwrap()).unwrap();
        assert_eq!(poller.ready().collect::<Vec<_>>(), [7]);
        assert_eq!(poller.ready().collect::<Vec<_>>(), [7]);
        poller.forget(&socket).unwrap();
        assert_eq!(poller.ready().count(), 0);
        assert!(poller.forget(&socket).is_err());
    }

    #[test]
    fn the_file_limit_is_at_least_what_it_was() {
        assert!(256 <= raise_file_limit());
    }
}
