//! One real path through each shell of the engine: datagrams, streams, and the live picture.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rexian::base::ids::InteractionId;
use rexian::base::limits::STREAM_EVENTS_MAX;
use rexian::engine::views::Views;
use rexian::exchange::snapshot::QueueView;
use rexian::exchange::snapshot::ViewChange;
use rexian::io::media::socket::raise_file_limit;
use rexian::io::sip::stream::StreamEvent;
use rexian::io::sip::stream::Streams;
use rexian::io::sip::udp::UdpListener;
use rexian::sip::endpoint::Route;
use rexian::sip::endpoint::Transport;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::broadcast::error::TryRecvError;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Nothing on a loopback takes so long.
const SOON: Duration = Duration::from_secs(10);
const OPTIONS: &[u8] = b"OPTIONS sip:a@127.0.0.1 SIP/2.0\r\nContent-Length: 4\r\n\r\nbody";

struct House {
    streams: Streams,
    events: mpsc::Receiver<StreamEvent>,
    told: Arc<AtomicUsize>,
    address: SocketAddr,
}

impl House {
    async fn open(address: &str) -> Self {
        let (sender, events) = mpsc::channel(16);
        let told = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&told);
        let streams = Streams::new(Handle::current(), sender, move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        let address = streams.listen(address.parse().unwrap()).await.unwrap();
        Self {
            streams,
            events,
            told,
            address,
        }
    }

    async fn message(&mut self) -> (Route, Vec<u8>) {
        match timeout(SOON, self.events.recv()).await.unwrap().unwrap() {
            StreamEvent::Message(route, bytes) => (route, bytes),
            StreamEvent::Lost(connection) => panic!("{connection} is lost"),
        }
    }

    async fn lost(&mut self) -> u64 {
        match timeout(SOON, self.events.recv()).await.unwrap().unwrap() {
            StreamEvent::Lost(connection) => connection,
            StreamEvent::Message(_, bytes) => panic!("{}", String::from_utf8_lossy(&bytes)),
        }
    }
}

async fn connect_from(local: &str, remote: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{local}:0").parse().unwrap()).unwrap();
    timeout(SOON, socket.connect(remote)).await.unwrap().unwrap()
}

async fn read_exactly(stream: &mut TcpStream, bytes: &[u8]) {
    let mut heard = vec![0; bytes.len()];
    timeout(SOON, stream.read_exact(&mut heard))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(heard, bytes);
}

#[tokio::test]
async fn a_datagram_comes_with_its_route_and_goes_back_by_it() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let mut listener = UdpListener::bind(address.parse().unwrap()).unwrap();
        let peer = tokio::net::UdpSocket::bind(address).await.unwrap();
        peer.send_to(OPTIONS, listener.local()).await.unwrap();
        let mut buffer = Vec::new();
        let route = timeout(SOON, async {
            loop {
                std::future::poll_fn(|cx| listener.poll_readable(cx))
                    .await
                    .unwrap();
                if let Some(route) = listener.receive(&mut buffer) {
                    return route;
                }
            }
        });
        let route = route.await.unwrap();
        assert_eq!(buffer, OPTIONS);
        assert_eq!((route.transport, route.connection), (Transport::Udp, 0));
        assert_eq!(route.remote, peer.local_addr().unwrap());
        assert_eq!(listener.receive(&mut buffer), None, "there was only one");
        assert!(listener.send(route.remote, b"answer"));
        let mut answer = [0; 16];
        let (length, source) = timeout(SOON, peer.recv_from(&mut answer)).await.unwrap().unwrap();
        assert_eq!((&answer[..length], source), (&b"answer"[..], route.local));
        assert!(
            !listener.send(route.remote, &vec![0; 70_000]),
            "no datagram is so long"
        );
        assert_eq!(listener.dropped(), 1);
    }
}

#[tokio::test]
async fn messages_of_a_stream_come_whole_however_they_were_cut_and_pings_are_answered() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let mut house = House::open(address).await;
        let mut peer = TcpStream::connect(house.address).await.unwrap();
        peer.write_all(b"\r\n\r\n").await.unwrap();
        read_exactly(&mut peer, b"\r\n").await;
        let three = [OPTIONS, b"\r\n\r\n", OPTIONS, b"\r\n", OPTIONS].concat();
        let (head, tail) = three.split_at(OPTIONS.len() * 2 - 7);
        peer.write_all(head).await.unwrap();
        let (route, bytes) = house.message().await;
        assert_eq!(bytes, OPTIONS);
        assert_eq!((route.transport, route.local), (Transport::Tcp, house.address));
        assert_eq!(route.remote, peer.local_addr().unwrap());
        read_exactly(&mut peer, b"\r\n").await;
        peer.write_all(tail).await.unwrap();
        for _ in 0..2 {
            assert_eq!(house.message().await, (route, OPTIONS.to_vec()));
        }
        assert!(house.streams.send(route.connection, Arc::from(&b"answer"[..])));
        read_exactly(&mut peer, b"answer").await;
        drop(peer);
        assert_eq!(house.lost().await, route.connection);
        assert!(house.streams.is_empty());
        assert!(!house.streams.send(route.connection, Arc::from(&b"late"[..])));
        // The last call follows the event that it tells of.
        assert!(
            3 <= house.told.load(Ordering::Relaxed),
            "three messages, three calls"
        );
    }
}

#[tokio::test]
async fn a_stream_that_carries_no_sip_is_cut_and_counted() {
    let mut house = House::open("127.0.0.1:0").await;
    let mut peer = TcpStream::connect(house.address).await.unwrap();
    peer.write_all(b"GET / HTTP/1.1\r\nHost: rexian\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(house.lost().await, 1);
    assert_eq!((house.streams.malformed(), house.streams.len()), (1, 0));
    // It is closed, or reset when it was closed with something unread.
    assert!(matches!(
        timeout(SOON, peer.read(&mut [0; 8])).await.unwrap(),
        Ok(0) | Err(_)
    ));
}

#[tokio::test]
async fn a_message_that_trickles_in_is_not_looked_at_for_ever() {
    let mut house = House::open("127.0.0.1:0").await;
    let mut peer = TcpStream::connect(house.address).await.unwrap();
    peer.set_nodelay(true).unwrap();
    let trickle = async {
        peer.write_all(&[b'x'; 60_000]).await.unwrap();
        // Single bytes until the house has enough, long before the message would be too long.
        for _ in 0..5_000 {
            if peer.write_all(b"x").await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    let (lost, ()) = tokio::join!(house.lost(), trickle);
    assert_eq!(lost, 1);
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_cut_when_its_queue_is_full() {
    let mut house = House::open("127.0.0.1:0").await;
    let mut peer = TcpStream::connect(house.address).await.unwrap();
    peer.write_all(OPTIONS).await.unwrap();
    let (route, _) = house.message().await;
    let long: Arc<[u8]> = Arc::from(vec![b'x'; 60_000]);
    let sent = { 0..10_000 }
        .find(|_| !house.streams.send(route.connection, Arc::clone(&long)))
        .unwrap();
    assert!(sent <= 64 + 1, "{sent} messages waited");
    assert!(house.streams.is_empty(), "its place is free at once");
    assert_eq!(house.lost().await, route.connection);
}

#[tokio::test]
async fn one_address_cannot_take_every_connection() {
    raise_file_limit();
    let mut house = House::open("127.0.0.1:0").await;
    let mut held = Vec::new();
    for _ in 0..512 {
        held.push(connect_from("127.0.0.2", house.address).await);
    }
    let mut refused = connect_from("127.0.0.2", house.address).await;
    assert!(matches!(
        timeout(SOON, refused.read(&mut [0; 8])).await.unwrap(),
        Ok(0) | Err(_)
    ));
    assert_eq!(house.streams.len(), 512);
    let mut neighbour = connect_from("127.0.0.3", house.address).await;
    neighbour.write_all(OPTIONS).await.unwrap();
    house.message().await;
    drop(held);
    for _ in 0..512 {
        house.lost().await;
    }
    let mut again = connect_from("127.0.0.2", house.address).await;
    again.write_all(OPTIONS).await.unwrap();
    house.message().await;
}

#[tokio::test]
async fn a_connection_is_opened_for_a_peer_that_has_none_and_used_until_it_is_lost() {
    let mut house = House::open("127.0.0.4:0").await;
    let listener = TcpListener::bind("127.0.0.5:0").await.unwrap();
    let remote = listener.local_addr().unwrap();
    // The route names the UDP listener's port of the same address.
    let local: SocketAddr = "127.0.0.4:9".parse().unwrap();
    assert!(house.streams.send_to(local, remote, Arc::from(&b"first "[..])));
    assert!(house.streams.send_to(local, remote, Arc::from(&b"second"[..])));
    let (mut peer, from) = timeout(SOON, listener.accept()).await.unwrap().unwrap();
    assert_eq!(from.ip(), local.ip(), "the peer knows us by this address");
    read_exactly(&mut peer, b"first second").await;
    peer.write_all(OPTIONS).await.unwrap();
    let (route, _) = house.message().await;
    assert_eq!((route.local, route.remote), (house.address, remote));
    assert_ne!(route.connection, 0);
    assert!(house.streams.send(route.connection, Arc::from(&b"third"[..])));
    read_exactly(&mut peer, b"third").await;
    drop(peer);
    assert_eq!(house.lost().await, route.connection);
    assert!(house.streams.send_to(local, remote, Arc::from(&b"fourth"[..])));
    let (mut peer, _) = timeout(SOON, listener.accept()).await.unwrap().unwrap();
    read_exactly(&mut peer, b"fourth").await;
}

#[tokio::test]
async fn a_connection_that_does_not_come_about_is_lost_and_leaves_nothing() {
    let mut house = House::open("127.0.0.1:0").await;
    let nobody = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    assert!(house.streams.send_to(house.address, nobody, Arc::from(OPTIONS)));
    assert_eq!(house.lost().await, 1);
    assert!(house.streams.is_empty());
}

fn queue(waiting: u32) -> ViewChange {
    ViewChange::Queue(QueueView {
        queue: "general".parse().unwrap(),
        name: "综合".to_owned(),
        waiting,
        oldest_since: None,
        ready: 0,
        signed_in: 0,
    })
}

#[test]
fn a_reader_who_subscribes_first_and_drops_what_the_snapshot_has_misses_nothing() {
    let views = Views::default();
    views.apply(queue(1));
    let mut changes = views.subscribe();
    views.apply(queue(2));
    let snapshot = views.snapshot();
    views.apply(queue(3));
    assert_eq!(snapshot.seq, 2);
    assert_eq!(snapshot.queues.values().next().unwrap().waiting, 2);
    assert_eq!(
        changes.try_recv().unwrap(),
        (2, queue(2)),
        "it is in the snapshot and is dropped"
    );
    assert_eq!(changes.try_recv().unwrap(), (3, queue(3)));
    views.apply(ViewChange::CallGone(InteractionId::default()));
    assert_eq!(changes.try_recv().unwrap().0, 4);
}

#[test]
fn a_reader_who_lags_sees_a_gap_and_begins_again_with_a_snapshot() {
    let views = Views::default();
    let mut changes = views.subscribe();
    let many = u32::try_from(STREAM_EVENTS_MAX).unwrap() * 2;
    for waiting in 1..=many {
        views.apply(queue(waiting));
    }
    assert!(matches!(changes.try_recv(), Err(TryRecvError::Lagged(_))));
    let seen = views.read(|picture| picture.seq);
    assert_eq!(seen, u64::from(many));
    views.apply(queue(0));
    // The reader's place was lost again with this change; what is in the snapshot he drops.
    let next = loop {
        match changes.try_recv() {
            Ok((seq, change)) if seen < seq => break (seq, change),
            Ok(_) | Err(TryRecvError::Lagged(_)) => {}
            Err(error) => panic!("nothing came after the snapshot: {error}"),
        }
    };
    assert_eq!(
        next,
        (seen + 1, queue(0)),
        "nothing is missing after the snapshot"
    );
}

#[test]
fn the_writer_does_not_wait_for_a_reader_and_the_reader_brings_in_what_came_meanwhile() {
    let views = Views::default();
    let mut changes = views.subscribe();
    let seen = views.read(|picture| {
        // The picture is held: a writer who waited would never come back.
        views.apply(queue(7));
        picture.seq
    });
    assert_eq!(seen, 0);
    assert_eq!(changes.try_recv().unwrap(), (1, queue(7)));
    assert_eq!(views.snapshot().seq, 1);
}
