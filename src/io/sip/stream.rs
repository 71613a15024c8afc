//! TCP connections that carry SIP: accepted, framed, and written through a bounded queue each.
//!
//! **Invariants.** A peer that sends half a message is cut after `SIP_STREAM_MESSAGE_MAX`, an idle one after
//! `SIP_STREAM_IDLE`; more connections than `SIP_CONNECTIONS_MAX` are not taken. Keep-alive pings (RFC 5626 §3.5.1)
//! are answered here.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

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

/// What streams tell the control thread.
#[derive(Debug)]
pub enum StreamEvent {
    /// A whole message.
    Message(Route, Vec<u8>),
    /// A connection is gone.
    Lost(u64),
}

/// The queue of one connection.
type Writer = mpsc::Sender<Arc<[u8]>>;

/// All stream connections.
#[derive(Clone, Debug, Default)]
pub struct Streams {
    writers: Arc<Mutex<BTreeMap<u64, Writer>>>,
    next: Arc<AtomicU64>,
}

impl Streams {
    /// Binds `address` and serves its connections on the present runtime; `notify` is called after each event.
    ///
    /// # Errors
    /// The operating system's.
    pub async fn listen(
        &self,
        address: SocketAddr,
        events: mpsc::Sender<StreamEvent>,
        notify: Arc<dyn Fn() + Send + Sync>,
    ) -> io::Result<(SocketAddr, JoinHandle<()>)> {
        let listener = TcpListener::bind(address).await?;
        let local = listener.local_addr()?;
        let streams = self.clone();
        let task = tokio::spawn(async move {
            loop {
                let Ok((socket, remote)) = listener.accept().await else {
                    continue;
                };
                streams.serve(socket, local, remote, events.clone(), Arc::clone(&notify));
            }
        });
        Ok((local, task))
    }

    /// Queues a message on a connection. A peer that does not read is given up.
    pub fn send(&self, connection: u64, bytes: Arc<[u8]>) {
        let mut writers = self.writers.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = writers
            .get(&connection)
            .is_some_and(|writer| writer.try_send(bytes).is_ok());
        if !taken {
            writers.remove(&connection);
        }
    }

    /// How many connections are open.
    pub fn len(&self) -> usize {
        self.writers.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn serve(
        &self,
        socket: TcpStream,
        local: SocketAddr,
        remote: SocketAddr,
        events: mpsc::Sender<StreamEvent>,
        notify: Arc<dyn Fn() + Send + Sync>,
    ) {
        let connection = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, receiver) = mpsc::channel(WRITE_QUEUE_MAX);
        {
            let mut writers = self.writers.lock().unwrap_or_else(PoisonError::into_inner);
            if SIP_CONNECTIONS_MAX <= writers.len() {
                return;
            }
            writers.insert(connection, sender.clone());
        }
        let streams = self.clone();
        tokio::spawn(async move {
            let route = Route {
                transport: Transport::Tcp,
                local,
                remote,
                connection,
            };
            let (reader, writer) = socket.into_split();
            let writing = tokio::spawn(write_messages(writer, receiver));
            read_messages(reader, route, &events, sender, &notify).await;
            streams
                .writers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&connection);
            writing.abort();
            if events.send(StreamEvent::Lost(connection)).await.is_ok() {
                notify();
            }
        });
    }
}

async fn write_messages(mut writer: tokio::net::tcp::OwnedWriteHalf, mut queue: mpsc::Receiver<Arc<[u8]>>) {
    while let Some(bytes) = queue.recv().await {
        if writer.write_all(&bytes).await.is_err() {
            return;
        }
    }
    // The queue was given up: the peer did not read.
    let _ = writer.shutdown().await;
}

/// Reads until the peer closes, falls silent, or sends what is not SIP.
async fn read_messages(
    mut reader: tokio::net::tcp::OwnedReadHalf,
    route: Route,
    events: &mpsc::Sender<StreamEvent>,
    pongs: mpsc::Sender<Arc<[u8]>>,
    notify: &Arc<dyn Fn() + Send + Sync>,
) {
    let mut buffer: Vec<u8> = Vec::with_capacity(4096);
    loop {
        loop {
            match frame_stream(&buffer) {
                Ok(Framed::Message(length)) => {
                    let rest = buffer.split_off(length.min(buffer.len()));
                    let message = std::mem::replace(&mut buffer, rest);
                    if events.send(StreamEvent::Message(route, message)).await.is_err() {
                        return;
                    }
                    notify();
                }
                Ok(Framed::KeepAlive(length)) => {
                    if length == 4 && pongs.try_send(Arc::from(&b"\r\n"[..])).is_err() {
                        return;
                    }
                    buffer.drain(..length.min(buffer.len()));
                }
                Ok(Framed::Incomplete) => break,
                Err(_) => return,
            }
        }
        if SIP_MESSAGE_BYTES_MAX < buffer.len() {
            return;
        }
        let patience = if buffer.is_empty() {
            SIP_STREAM_IDLE
        } else {
            SIP_STREAM_MESSAGE_MAX
        };
        match tokio::time::timeout(patience, reader.read_buf(&mut buffer)).await {
            Ok(Ok(read)) if 0 < read => {}
            Ok(Ok(_) | Err(_)) | Err(_) => return,
        }
    }
}
