//! The doors of the control loop: all that it hears and all that it speaks to.
//!
//! **Invariants.** Whoever uses a door calls [`Doors::notify`] afterwards, but for datagrams, which wake by themselves; a
//! call while nobody waits is kept, so no wake-up is lost. Sending never waits.
//! **Not here.** The order in which doors are looked at (`engine::control_loop`).

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::mpsc;

use crate::engine::control_loop::CommandRequest;
use crate::engine::metrics::Metrics;
use crate::engine::views::Views;
use crate::engine::watch::Watch;
use crate::io::journal::JournalEvent;
use crate::io::journal::JournalHandle;
use crate::io::media::worker::MediaHandle;
use crate::io::sip::stream::StreamEvent;
use crate::io::sip::stream::Streams;
use crate::io::sip::udp::UdpListener;
use crate::media::command::MediaEvent;
use crate::sip::endpoint::Route;
use crate::sip::endpoint::Transport;

/// The doors of the loop.
pub struct Doors {
    /// UDP listeners.
    pub udp: Vec<UdpListener>,
    /// Stream connections.
    pub streams: Streams,
    /// What arrives on streams.
    pub stream_events: mpsc::Receiver<StreamEvent>,
    /// The media worker.
    pub media: MediaHandle,
    /// What the recorder says.
    pub recorder_events: std::sync::mpsc::Receiver<MediaEvent>,
    /// The journal's thread.
    pub journal: JournalHandle,
    /// What the journal says.
    pub journal_events: std::sync::mpsc::Receiver<JournalEvent>,
    /// Commands of people and of the program.
    pub commands: mpsc::Receiver<CommandRequest>,
    /// Wakes the loop; whoever uses a door calls it.
    pub notify: Arc<Notify>,
    /// Set when the loop shall end as soon as nothing is in progress.
    pub stop: Arc<AtomicBool>,
    /// The live picture.
    pub views: Arc<Views>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Is told when the disk takes no facts.
    pub watch: Watch,
}

impl Doors {
    /// Sends a SIP message the way that `route` says; a stream without a number is opened. Says whether it is on its way.
    pub fn send(&mut self, route: &Route, bytes: Arc<[u8]>) -> bool {
        match route.transport {
            Transport::Tcp if route.connection == 0 => self.streams.send_to(route.local, route.remote, bytes),
            Transport::Tcp => self.streams.send(route.connection, bytes),
            Transport::Udp => {
                let addresses = self.udp.iter().map(UdpListener::local);
                sender_for(addresses, route.local, route.remote)
                    .and_then(|at| self.udp.get_mut(at))
                    .is_some_and(|listener| listener.send(route.remote, &bytes))
            }
        }
    }

    /// Sleeps until a door has something, at most for `timeout`.
    pub async fn wait(&self, timeout: Duration) {
        let readable = poll_fn(|cx| {
            let ready = self.udp.iter().any(|it| it.poll_readable(cx).is_ready());
            if ready { Poll::Ready(()) } else { Poll::Pending }
        });
        tokio::select! {
            () = readable => {}
            () = self.notify.notified() => {}
            () = tokio::time::sleep(timeout) => {}
        }
    }
}

/// The UDP listener that a datagram to `remote` leaves by: the one that `local` names, or else the nearest to it, since
/// `local` is a TCP listener's address when a peer that came over TCP wants its requests by UDP. `None`: no listener is
/// of the peer's family.
fn sender_for(
    listeners: impl Iterator<Item = SocketAddr>,
    local: SocketAddr,
    remote: SocketAddr,
) -> Option<usize> {
    let misfit = |it: &SocketAddr| {
        let other_reach = it.ip().is_loopback() != remote.ip().is_loopback();
        (*it != local, it.ip() != local.ip(), other_reach)
    };
    listeners
        .enumerate()
        .filter(|(_, it)| it.is_ipv4() == remote.is_ipv4())
        .min_by_key(|(_, it)| misfit(it))
        .map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_leaves_by_the_listener_that_is_nearest_to_what_the_route_names() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        let listeners = ["127.0.0.1:5060", "10.0.0.1:5060", "10.0.0.1:5070", "[::1]:5060"].map(at);
        let chosen = |local: &str, remote: &str| sender_for(listeners.into_iter(), at(local), at(remote));
        let (peer, neighbour) = ("10.0.0.9:5060", "[::1]:5062");
        assert_eq!(chosen("10.0.0.1:5070", peer), Some(2), "the one that is named");
        assert_eq!(
            chosen("10.0.0.1:5061", peer),
            Some(1),
            "TCP's port, UDP's address"
        );
        assert_eq!(chosen("10.0.0.3:5060", peer), Some(1), "not the loopback");
        assert_eq!(chosen("10.0.0.1:5060", neighbour), Some(3), "the peer's family");
        let v4 = listeners.into_iter().take(3);
        assert_eq!(sender_for(v4, at("10.0.0.1:5060"), at(neighbour)), None);
    }
}
