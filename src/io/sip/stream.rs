//! TCP connections that carry SIP: accepted or opened by us, framed, and written through a bounded queue each.
//!
//! ```text
//!  accept ───────────────► open ─► cut: peer closed, fell silent, sent no SIP, or does not read ─► Lost
//!  send_to ─► connecting ──┘ ▲
//!                │ 5 s       └ messages wait in the queue from the beginning
//!                └─► Lost
//! ```
//! **Invariants.** Nobody waits for a peer: a queue that is full cuts its connection. Every number is told `Lost` exactly
//! once, after its last message. Half a message is cut after `SIP_STREAM_MESSAGE_MAX` however slowly it trickles, an
//! idle peer after `SIP_STREAM_IDLE`, one that never said anything after `SIP_STREAM_MESSAGE_MAX`. More connections than
//! `SIP_CONNECTIONS_MAX` are not taken, and one address holds at most half of them.
//! **Not here.** What a message says (`sip`), which connection one goes to (the route that `sip` chose).
//! **Source.** RFC 3261 §18; RFC 5626 §3.5.1 (keep-alive pings, answered here).

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::base::limits::SIP_CONNECTIONS_MAX;
use crate::base::limits::SIP_MESSAGE_BYTES_MAX;
use crate::base::limits::SIP_STREAM_IDLE;
use crate::base::limits::SIP_STREAM_MESSAGE_MAX;
use crate::sip::endpoint::Route;
use crate::sip::endpoint::Transport;
use crate::sip::message::Framed;
use crate::sip::message::frame_stream;

/// Messages that may wait for one slow peer.
const WRITE_QUEUE_MAX: usize = 64;
/// A peer that takes nothing of a message for so long is cut.
const WRITE_MAX: Duration = Duration::from_secs(10);
/// A connection of ours must stand within this time; the request on it fails by its own timer.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Connections of one address: a stranger cannot keep everybody else out.
const CONNECTIONS_PER_ADDRESS_MAX: usize = SIP_CONNECTIONS_MAX / 2;
/// Bytes looked at for one message: one that comes byte by byte is looked at again with each.
const SCANNED_BYTES_MAX: usize = 64 * SIP_MESSAGE_BYTES_MAX;
/// A wait after a failed accept, as with too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// The system asks a peer that is silent for so long whether it is still there.
const PROBE_AFTER: Duration = Duration::from_mins(1);

/// What streams tell the control thread.
#[derive(Debug)]
pub enum StreamEvent {
    /// A whole message.
    Message(Route, Vec<u8>),
    /// A connection is gone.
    Lost(u64),
}

/// All stream connections; cheap to clone.
#[derive(Clone)]
pub struct Streams(Arc<Inner>);

struct Inner {
    runtime: Handle,
    events: mpsc::Sender<StreamEvent>,
    notify: Box<dyn Fn() + Send + Sync>,
    table: Mutex<Table>,
    next: AtomicU64,
    malformed: AtomicU64,
    crowded: AtomicBool,
}

#[derive(Default)]
struct Table {
    open: BTreeMap<u64, Connection>,
    /// The last connection of each peer.
    by_remote: BTreeMap<SocketAddr, u64>,
    /// Where we listen.
    listeners: Vec<SocketAddr>,
}

/// A connection's place in the table; without it the connection ends.
struct Connection {
    remote: SocketAddr,
    queue: mpsc::Sender<Arc<[u8]>>,
    _alive: oneshot::Sender<()>,
}

/// The other end of a place.
struct Seat {
    route: Route,
    queue: mpsc::Receiver<Arc<[u8]>>,
    /// Ends when the place is taken away.
    given_up: oneshot::Receiver<()>,
}

/// Who opened a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opened {
    ByPeer,
    ByUs,
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams")
            .field("open", &self.len())
            .finish_non_exhaustive()
    }
}

impl Streams {
    /// No connections yet. They are served on `runtime`; `notify` is called after each event.
    pub fn new(
        runtime: Handle,
        events: mpsc::Sender<StreamEvent>,
        notify: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Inner {
            runtime,
            events,
            notify: Box::new(notify),
            table: Mutex::default(),
            next: AtomicU64::new(0),
            malformed: AtomicU64::new(0),
            crowded: AtomicBool::new(false),
        }))
    }

    /// Binds `address` and takes connections until the runtime ends; port 0 takes any free one. Gives the bound address.
    ///
    /// # Errors
    /// The operating system's.
    pub async fn listen(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let local = listener.local_addr()?;
        self.table().listeners.push(local);
        let streams = self.clone();
        self.0.runtime.spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((socket, remote)) => streams.accept(socket, local, remote),
                    Err(error) => {
                        tracing::warn!(%error, %local, "no SIP connection could be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        });
        Ok(local)
    }

    /// Queues a message on a connection. Returns false when the connection is gone, or is given up now because the peer
    /// does not read.
    pub fn send(&self, connection: u64, bytes: Arc<[u8]>) -> bool {
        let mut table = self.table();
        let taken = table
            .open
            .get(&connection)
            .is_some_and(|it| it.queue.try_send(bytes).is_ok());
        if !taken {
            table.remove(connection);
        }
        taken
    }

    /// Queues a message on the connection with `remote`, which is opened from the address `local` when there is none.
    /// Returns false when nothing can be queued. Messages of a connection that does not come about are dropped.
    pub fn send_to(&self, local: SocketAddr, remote: SocketAddr, bytes: Arc<[u8]>) -> bool {
        let (known, local) = {
            let table = self.table();
            (
                table.by_remote.get(&remote).copied(),
                table.local_for(local, remote),
            )
        };
        if let Some(connection) = known {
            return self.send(connection, bytes);
        }
        let Some(seat) = self.enter(local, remote) else {
            return false;
        };
        let connection = seat.route.connection;
        let streams = self.clone();
        self.0.runtime.spawn(async move {
            match timeout(CONNECT_MAX, connect(local.ip(), remote)).await {
                Ok(Ok(socket)) => streams.run(seat, socket, Opened::ByUs).await,
                Ok(Err(error)) => tracing::warn!(%remote, %error, "no SIP connection to the peer"),
                Err(_) => tracing::warn!(%remote, "no SIP connection to the peer: it does not answer"),
            }
            streams.leave(connection).await;
        });
        self.send(connection, bytes)
    }

    /// How many connections are open or being opened.
    pub fn len(&self) -> usize {
        self.table().open.len()
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Connections that were cut because what came was no SIP.
    pub fn malformed(&self) -> u64 {
        self.0.malformed.load(Ordering::Relaxed)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(&self, socket: TcpStream, local: SocketAddr, remote: SocketAddr) {
        let Some(seat) = self.enter(local, remote) else {
            return;
        };
        let streams = self.clone();
        self.0.runtime.spawn(async move {
            let connection = seat.route.connection;
            streams.run(seat, socket, Opened::ByPeer).await;
            streams.leave(connection).await;
        });
    }

    /// Takes a place in the table, if there is one.
    fn enter(&self, local: SocketAddr, remote: SocketAddr) -> Option<Seat> {
        let mut table = self.table();
        let same_address = |it: &&Connection| it.remote.ip() == remote.ip();
        let is_full = SIP_CONNECTIONS_MAX <= table.open.len()
            || CONNECTIONS_PER_ADDRESS_MAX <= table.open.values().filter(same_address).count();
        if self.0.crowded.swap(is_full, Ordering::Relaxed) != is_full && is_full {
            tracing::warn!(%remote, open = table.open.len(), "too many SIP connections: more are refused");
        }
        if is_full {
            return None;
        }
        let connection = self.0.next.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, queue) = mpsc::channel(WRITE_QUEUE_MAX);
        let (alive, given_up) = oneshot::channel();
        let place = Connection {
            remote,
            queue: sender,
            _alive: alive,
        };
        table.open.insert(connection, place);
        table.by_remote.insert(remote, connection);
        let transport = Transport::Tcp;
        Some(Seat {
            route: Route {
                transport,
                local,
                remote,
                connection,
            },
            queue,
            given_up,
        })
    }

    async fn leave(&self, connection: u64) {
        self.table().remove(connection);
        // The control thread may be gone: then nobody wants to know.
        if self.0.events.send(StreamEvent::Lost(connection)).await.is_ok() {
            (self.0.notify)();
        }
    }

    async fn run(&self, seat: Seat, socket: TcpStream, opened: Opened) {
        // A socket without these settings works as well.
        let _ = socket.set_nodelay(true);
        let probe = socket2::TcpKeepalive::new().with_time(PROBE_AFTER);
        let _ = socket2::SockRef::from(&socket).set_tcp_keepalive(&probe);
        let (reader, writer) = socket.into_split();
        tokio::select! {
            () = self.read_messages(reader, seat.route, opened) => {}
            () = write_messages(writer, seat.queue) => {}
            _ = seat.given_up => {}
        }
    }

    /// Reads until the peer closes, falls silent, or sends what is not SIP.
    async fn read_messages(&self, mut reader: OwnedReadHalf, route: Route, opened: Opened) {
        let mut buffer: Vec<u8> = Vec::with_capacity(4096);
        let mut has_spoken = opened == Opened::ByUs;
        loop {
            match self.take_whole(&mut buffer, route).await {
                Some(messages) => has_spoken |= 0 < messages,
                None => return,
            }
            // Single line breaks are the pings of some phones, not the beginning of a message.
            let has_begun = buffer.iter().any(|byte| !matches!(byte, b'\r' | b'\n'));
            let goes_on = if has_begun {
                timeout(SIP_STREAM_MESSAGE_MAX, read_whole(&mut reader, &mut buffer)).await
            } else {
                let patience = if has_spoken {
                    SIP_STREAM_IDLE
                } else {
                    SIP_STREAM_MESSAGE_MAX
                };
                timeout(patience, read_more(&mut reader, &mut buffer)).await
            };
            if !goes_on.unwrap_or(false) {
                return;
            }
        }
    }

    /// Hands on every whole message and answers pings. Returns how many messages there were; none when the connection
    /// is to be closed.
    async fn take_whole(&self, buffer: &mut Vec<u8>, route: Route) -> Option<usize> {
        let (mut at, mut messages, mut pinged) = (0, 0, false);
        loop {
            let rest = buffer.get(at..).unwrap_or_default();
            match frame_stream(rest) {
                Ok(Framed::Message(length)) => {
                    let message = rest.get(..length).unwrap_or(rest).to_vec();
                    at += length;
                    messages += 1;
                    let event = StreamEvent::Message(route, message);
                    self.0.events.send(event).await.ok()?;
                    (self.0.notify)();
                }
                Ok(Framed::KeepAlive(length)) => {
                    at += length;
                    pinged |= length == 4;
                }
                Ok(Framed::Incomplete) => break,
                Err(error) => {
                    self.0.malformed.fetch_add(1, Ordering::Relaxed);
                    tracing::debug!(remote = %route.remote, %error, "a SIP connection is cut");
                    return None;
                }
            }
        }
        buffer.drain(..at.min(buffer.len()));
        // One answer for all pings that came at once.
        if pinged && !self.send(route.connection, Arc::from(&b"\r\n"[..])) {
            return None;
        }
        Some(messages)
    }
}

impl Table {
    fn remove(&mut self, connection: u64) {
        let Some(place) = self.open.remove(&connection) else {
            return;
        };
        if self.by_remote.get(&place.remote) == Some(&connection) {
            self.by_remote.remove(&place.remote);
        }
    }

    /// The listener that a connection to `remote` belongs to: the one that is named, or else the nearest to it. Peers
    /// are told its address, not the one of the connection.
    fn local_for(&self, local: SocketAddr, remote: SocketAddr) -> SocketAddr {
        let of_family = self
            .listeners
            .iter()
            .filter(|it| it.is_ipv4() == remote.is_ipv4());
        let nearest = of_family.min_by_key(|it| (**it != local, it.ip() != local.ip()));
        nearest.copied().unwrap_or(local)
    }
}

async fn connect(local: IpAddr, remote: SocketAddr) -> io::Result<TcpStream> {
    let socket = if remote.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    if local.is_ipv4() == remote.is_ipv4() && !local.is_unspecified() {
        socket.bind(SocketAddr::new(local, 0))?;
    }
    socket.connect(remote).await
}

/// Reads once. Returns false at the end of the stream.
async fn read_more(reader: &mut OwnedReadHalf, buffer: &mut Vec<u8>) -> bool {
    reader.read_buf(buffer).await.is_ok_and(|read| 0 < read)
}

/// Reads until something is whole, or can be seen to be no SIP. Returns false when the stream is to be closed.
async fn read_whole(reader: &mut OwnedReadHalf, buffer: &mut Vec<u8>) -> bool {
    let mut scanned = 0_usize;
    while read_more(reader, buffer).await {
        if !matches!(frame_stream(buffer), Ok(Framed::Incomplete)) {
            return true;
        }
        scanned = scanned.saturating_add(buffer.len());
        if SCANNED_BYTES_MAX < scanned {
            return false;
        }
    }
    false
}

/// Writes until the peer does not take what it is sent.
async fn write_messages(mut writer: OwnedWriteHalf, mut queue: mpsc::Receiver<Arc<[u8]>>) {
    while let Some(bytes) = queue.recv().await {
        if !matches!(timeout(WRITE_MAX, writer.write_all(&bytes)).await, Ok(Ok(()))) {
            return;
        }
    }
}
