//! Citizens and agents' phones with sound, for `benches/figures.py`: SIP over UDP and G.711 on the loopback interface.
//!
//! ```text
//! load talk     SERVER NUMBER CALLS            calls that phones answer; both sides send 50 packets/s
//! load listen   SERVER NUMBER CALLS            callers who hear a prompt or music, and send
//! load turnover SERVER NUMBER CALLS AGENTS     more callers than agents; phones hang up one after the other
//! ```
//!
//! Callers speak from 127.0.0.1, phones are contacted at 127.0.0.2:7001 (registered by someone else). It prints `up`
//! once every call stands, then goes on until its standard input ends; hangs up, and prints what it counted as JSON.
//! `turnover` prints `up` once every agent talks, and the milliseconds from a phone's BYE to the next INVITE at a phone.
//!
//! **Not here.** What the server spent: `figures.py` reads that in `/proc`. Lost packets are not sent again: a call
//! that does not stand within 30 s ends the run with a failure.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a load generator stops at the first thing that is not as it should be, and prints"
)]

use std::collections::BTreeMap;
use std::io::Read;
use std::net::SocketAddr;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU16;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

const PHONES: &str = "127.0.0.2:7001";
/// The media thread looks ten times in a packet's 20 ms, each time at a tenth of the legs.
const LOOK: Duration = Duration::from_millis(2);
const LOOKS_PER_PACKET: usize = 10;
const PACKET_SAMPLES: usize = 160;
const BETWEEN_CALLS: Duration = Duration::from_millis(20);
const UP_WITHIN: Duration = Duration::from_secs(30);
const SETTLE: Duration = Duration::from_millis(40);
const NO_BODY: &str = "Content-Length: 0\r\n\r\n";

/// One end of a call's sound. `peer` is the server's port, 0 while there is none.
struct Leg {
    socket: UdpSocket,
    port: u16,
    peer: AtomicU16,
}

/// What the threads share.
struct Load {
    server: SocketAddr,
    number: String,
    calls: usize,
    /// First those of callers, then those of phones.
    legs: Vec<Leg>,
    stop: AtomicBool,
    turn_over: AtomicBool,
    phones_up: AtomicUsize,
    sent: AtomicU64,
    received: AtomicU64,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [mode, server, number, calls, rest @ ..] = args.as_slice() else {
        eprintln!("usage: load talk|listen|turnover SERVER NUMBER CALLS [AGENTS]");
        std::process::exit(2);
    };
    let calls: usize = calls.parse().unwrap();
    let phones = match mode.as_str() {
        "talk" => calls,
        "listen" => 0,
        _ => rest[0].parse().unwrap(),
    };
    let load = Arc::new(Load {
        server: server.parse().unwrap(),
        number: number.clone(),
        calls,
        legs: (0..2 * calls).map(|_| leg()).collect(),
        stop: AtomicBool::new(false),
        turn_over: AtomicBool::new(false),
        phones_up: AtomicUsize::new(0),
        sent: AtomicU64::new(0),
        received: AtomicU64::new(0),
    });
    let start = |work: fn(&Load) -> Vec<f64>| {
        let load = Arc::clone(&load);
        thread::spawn(move || work(&load))
    };
    let media = (mode != "turnover").then(|| start(play));
    let phone = (0 < phones).then(|| start(answer));
    let input = {
        let load = Arc::clone(&load);
        move || {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            load.stop.store(true, Ordering::Relaxed);
        }
    };
    thread::spawn(input);
    let failed = call(&load, phones);
    load.stop.store(true, Ordering::Relaxed);
    let mut turns = phone.map_or(Vec::new(), |it| it.join().unwrap());
    drop(media.map(thread::JoinHandle::join));
    turns.sort_by(f64::total_cmp);
    println!(
        "{{\"failed\": {failed}, \"sent\": {}, \"received\": {}, \"turns_ms\": {turns:?}}}",
        load.sent.load(Ordering::Relaxed),
        load.received.load(Ordering::Relaxed),
    );
    std::process::exit(i32::from(0 < failed));
}

fn leg() -> Leg {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    let port = socket.local_addr().unwrap().port();
    Leg {
        socket,
        port,
        peer: AtomicU16::new(0),
    }
}

/// Sends a packet every 20 ms from each leg that has a peer, and counts what comes.
fn play(load: &Load) -> Vec<f64> {
    let started = Instant::now();
    let mut buffer = [0; 2_048];
    let mut counters = vec![0_u16; load.legs.len()];
    let (mut sent, mut received) = (0, 0);
    for look in 1_u32.. {
        if load.stop.load(Ordering::Relaxed) {
            break;
        }
        let first = usize::try_from(look).unwrap() % LOOKS_PER_PACKET;
        for at in (first..load.legs.len()).step_by(LOOKS_PER_PACKET) {
            let leg = &load.legs[at];
            let peer = leg.peer.load(Ordering::Relaxed);
            if peer == 0 {
                continue;
            }
            counters[at] = counters[at].wrapping_add(1);
            let packet = packet(at, counters[at]);
            sent += u64::from(leg.socket.send_to(&packet, ("127.0.0.1", peer)).is_ok());
            while leg.socket.recv(&mut buffer).is_ok() {
                received += 1;
            }
        }
        load.sent.store(sent, Ordering::Relaxed);
        load.received.store(received, Ordering::Relaxed);
        thread::sleep((LOOK * look).saturating_sub(started.elapsed()));
    }
    Vec::new()
}

/// RTP version 2, payload type 8 (RFC 3550, RFC 3551), the leg's index as SSRC, any sound.
fn packet(leg: usize, counter: u16) -> [u8; 12 + PACKET_SAMPLES] {
    let samples = u32::try_from(PACKET_SAMPLES).unwrap();
    let mut out = [0xD5; 12 + PACKET_SAMPLES];
    out[0] = 0x80;
    out[1] = 8;
    out[2..4].copy_from_slice(&counter.to_be_bytes());
    out[4..8].copy_from_slice(&(u32::from(counter) * samples).to_be_bytes());
    out[8..12].copy_from_slice(&u32::try_from(leg + 1).unwrap().to_be_bytes());
    for (at, sample) in (0_u8..).zip(&mut out[12..]) {
        *sample ^= at.wrapping_mul(37);
    }
    out
}

/// A received message, as much of it as is needed here.
struct Message {
    start: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Message {
    fn read(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let start = lines.next()?.to_owned();
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        };
        Some(Self {
            start,
            headers: lines.filter_map(header).collect(),
            body: body.to_owned(),
        })
    }

    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|it| it.0 == name);
        found.map_or("", |it| &it.1)
    }

    fn status(&self) -> Option<u16> {
        self.start.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    fn method(&self) -> &str {
        self.header("cseq").rsplit(' ').next().unwrap_or("")
    }

    /// Port of the first `m=audio` line, 0 without one.
    fn audio_port(&self) -> u16 {
        let line = self.body.lines().find_map(|it| it.strip_prefix("m=audio "));
        line.and_then(|it| it.split(' ').next()?.parse().ok())
            .unwrap_or(0)
    }

    /// The address within `Contact`.
    fn contact(&self) -> String {
        let value = self.header("contact");
        let inner = value.split_once('<').and_then(|it| it.1.split_once('>'));
        inner.map_or(value, |it| it.0).to_owned()
    }

    /// A response to this request; `more` is what follows its own headers, with the empty line.
    fn response(&self, status: &str, tag: &str, more: &str) -> String {
        let mut lines = vec![format!("SIP/2.0 {status}")];
        for (name, value) in &self.headers {
            match name.as_str() {
                "via" | "from" | "call-id" | "cseq" => lines.push(format!("{name}: {value}")),
                "to" if value.contains(";tag=") || tag.is_empty() => lines.push(format!("to: {value}")),
                "to" => lines.push(format!("to: {value};tag={tag}")),
                _ => (),
            }
        }
        let rest = if more.is_empty() { NO_BODY } else { more };
        lines.join("\r\n") + "\r\n" + rest
    }
}

/// The end of a message with a description of one G.711 A-law stream.
fn with_sound(contact: &str, port: u16) -> String {
    let body = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 8\r\n\
         a=rtpmap:8 PCMA/8000\r\na=ptime:20\r\n"
    );
    format!(
        "Contact: <sip:load@{contact}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A caller's side of one call.
#[derive(Clone, Default)]
struct Caller {
    to: String,
    target: String,
    state: State,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Calling,
    Up,
    Leaving,
    Over,
    Failed,
}

struct Callers<'a> {
    load: &'a Load,
    socket: UdpSocket,
    local: SocketAddr,
    all: Vec<Caller>,
    /// Part of every Call-ID, so that two runs never share one.
    run: u32,
}

/// Plays all callers. Returns how many calls failed or ended before their time.
fn call(load: &Load, phones: usize) -> usize {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    let mut callers = Callers {
        load,
        local: socket.local_addr().unwrap(),
        socket,
        all: vec![Caller::default(); load.calls],
        run: std::process::id(),
    };
    let (started, mut invited, mut told) = (Instant::now(), 0_usize, false);
    while !load.stop.load(Ordering::Relaxed) {
        let due = u32::try_from(invited).unwrap() * BETWEEN_CALLS;
        if invited < load.calls && due <= started.elapsed() {
            callers.invite(invited);
            invited += 1;
        }
        callers.receive();
        let up = callers.count(State::Up) == load.calls;
        if !told && up && phones <= load.phones_up.load(Ordering::Relaxed) {
            println!("up");
            load.turn_over
                .store(phones < load.calls && 0 < phones, Ordering::Relaxed);
            told = true;
        }
        if !told && UP_WITHIN + BETWEEN_CALLS * u32::try_from(load.calls).unwrap() < started.elapsed() {
            let phones_up = load.phones_up.load(Ordering::Relaxed);
            eprintln!(
                "{} of {} calls stand, {phones_up} phones",
                callers.count(State::Up),
                load.calls
            );
            break;
        }
    }
    // Callers whose phones hang up are over before the end, as was asked for.
    let turn_over = load.turn_over.load(Ordering::Relaxed);
    let early = if turn_over { 0 } else { callers.count(State::Over) };
    let failed = early + callers.count(State::Failed) + callers.count(State::Calling);
    callers.leave();
    failed
}

impl Callers<'_> {
    fn count(&self, state: State) -> usize {
        self.all.iter().filter(|it| it.state == state).count()
    }

    fn head(&self, at: usize, method: &str, cseq: u32) -> String {
        let Self { load, local, run, .. } = self;
        let number = &load.number;
        let caller = &self.all[at];
        let uri = match caller.target.as_str() {
            "" => format!("sip:{number}@{}", load.server),
            target => target.to_owned(),
        };
        let to = match caller.to.as_str() {
            "" => format!("<sip:{number}@{}>", load.server),
            to => to.to_owned(),
        };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{run}x{at}x{cseq}{method};rport\r\n\
             From: <sip:139{at:08}@{local}>;tag=c{at}\r\nTo: {to}\r\nCall-ID: load-{run}-{at}\r\n\
             CSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n"
        )
    }

    fn send(&self, text: &str) {
        self.socket.send_to(text.as_bytes(), self.load.server).unwrap();
    }

    fn invite(&self, at: usize) {
        let sound = with_sound(&self.local.to_string(), self.load.legs[at].port);
        self.send(&(self.head(at, "INVITE", 1) + &sound));
    }

    /// Takes what comes within a millisecond.
    fn receive(&mut self) {
        let mut buffer = [0; 4_096];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            if let Some(message) = Message::read(&buffer[..length]) {
                self.take(&message);
            }
        }
    }

    fn take(&mut self, message: &Message) {
        let at = message.header("call-id").rsplit('-').next().unwrap_or("");
        let Some(at) = at.parse().ok().filter(|at| *at < self.all.len()) else {
            return;
        };
        match (message.status(), message.method()) {
            (None, "ACK") | (Some(100..200), _) => (),
            (None, method) => {
                self.send(&message.response("200 OK", "", ""));
                if method == "BYE" {
                    self.over(at, State::Over);
                }
            }
            (Some(200..300), "INVITE") => {
                let caller = &mut self.all[at];
                message.header("to").clone_into(&mut caller.to);
                caller.target = message.contact();
                caller.state = State::Up;
                let peer = message.audio_port();
                self.load.legs[at].peer.store(peer, Ordering::Relaxed);
                self.send(&(self.head(at, "ACK", 1) + NO_BODY));
            }
            (Some(status), "INVITE") => {
                eprintln!("call {at} refused: {status}");
                message.header("to").clone_into(&mut self.all[at].to);
                let ack = self.head(at, "ACK", 1).replace("x1ACK", "x1INVITE");
                self.send(&(ack + NO_BODY));
                self.over(at, State::Failed);
            }
            (Some(_), _) => self.over(at, State::Over),
        }
    }

    fn over(&mut self, at: usize, state: State) {
        self.load.legs[at].peer.store(0, Ordering::Relaxed);
        self.all[at].state = state;
    }

    /// Hangs up what stands, and waits a little for the answers.
    fn leave(&mut self) {
        for at in 0..self.all.len() {
            if self.all[at].state == State::Up {
                self.send(&(self.head(at, "BYE", 2) + NO_BODY));
                self.all[at].state = State::Leaving;
                self.receive();
            }
        }
        let started = Instant::now();
        while 0 < self.count(State::Leaving) && started.elapsed() < Duration::from_secs(5) {
            self.receive();
        }
    }
}

/// A phone's side of one call.
struct Phone {
    leg: usize,
    /// `From`, `To` and `Call-ID` of our requests within this call.
    dialog: String,
    target: String,
    since: Instant,
}

struct Phones<'a> {
    load: &'a Load,
    socket: UdpSocket,
    /// By Call-ID.
    talks: BTreeMap<String, Phone>,
    free_legs: Vec<usize>,
    hung_up: Option<Instant>,
    /// When a phone rang last.
    rang: Instant,
    /// Milliseconds from each hang-up to the next INVITE.
    turns: Vec<f64>,
}

/// Plays all phones, which answer at once, until no talk is left after the end.
fn answer(load: &Load) -> Vec<f64> {
    let socket = UdpSocket::bind(PHONES).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    let mut phones = Phones {
        load,
        socket,
        talks: BTreeMap::new(),
        free_legs: (load.calls..load.legs.len()).collect(),
        hung_up: None,
        rang: Instant::now(),
        turns: Vec::new(),
    };
    let mut buffer = [0; 4_096];
    let mut stopped = None;
    loop {
        if load.stop.load(Ordering::Relaxed) {
            // Callers hang up now: their phones still say goodbye.
            let stopped = *stopped.get_or_insert_with(Instant::now);
            if phones.talks.is_empty() || Duration::from_secs(3) < stopped.elapsed() {
                return phones.turns;
            }
        } else if load.turn_over.load(Ordering::Relaxed)
            && phones.hung_up.is_none()
            && SETTLE < phones.rang.elapsed()
        {
            phones.hang_up();
        }
        if let Ok(length) = phones.socket.recv(&mut buffer) {
            let arrived = Instant::now();
            if let Some(message) = Message::read(&buffer[..length]) {
                phones.take(&message, arrived);
            }
        }
    }
}

impl Phones<'_> {
    fn send(&self, text: &str) {
        self.socket.send_to(text.as_bytes(), self.load.server).unwrap();
    }

    /// Ends the longest talk from the phone's side.
    fn hang_up(&mut self) {
        let longest = self
            .talks
            .iter()
            .min_by_key(|it| it.1.since)
            .map(|it| it.0.clone());
        let Some(phone) = longest.and_then(|it| self.talks.remove(&it)) else {
            return;
        };
        self.free_legs.push(phone.leg);
        let branch = self.turns.len();
        let (target, dialog) = (phone.target, phone.dialog);
        self.hung_up = Some(Instant::now());
        self.send(&format!(
            "BYE {target} SIP/2.0\r\nVia: SIP/2.0/UDP {PHONES};branch=z9hG4bKphone{branch};rport\r\n{dialog}\
             CSeq: 1 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        ));
    }

    fn take(&mut self, message: &Message, arrived: Instant) {
        match (message.status(), message.method()) {
            (Some(_), _) => (),
            (None, "INVITE") => self.invited(message, arrived),
            (None, "ACK") => {
                self.load.phones_up.fetch_add(1, Ordering::Relaxed);
            }
            (None, method) => {
                self.send(&message.response("200 OK", "", ""));
                let talk = if method == "BYE" {
                    self.talks.remove(message.header("call-id"))
                } else {
                    None
                };
                if let Some(phone) = talk {
                    self.load.legs[phone.leg].peer.store(0, Ordering::Relaxed);
                    self.free_legs.push(phone.leg);
                }
            }
        }
    }

    fn invited(&mut self, message: &Message, arrived: Instant) {
        let id = message.header("call-id");
        let again = self.talks.get(id).map(|it| it.leg);
        if let Some(since) = self.hung_up.take_if(|_| again.is_none()) {
            self.turns.push(1e3 * arrived.duration_since(since).as_secs_f64());
        }
        self.rang = arrived;
        let leg = again
            .or_else(|| self.free_legs.pop())
            .expect("a leg for each talk");
        let tag = format!("phone-{id}");
        let ringing = format!("Contact: <sip:load@{PHONES}>\r\nContent-Length: 0\r\n\r\n");
        self.send(&message.response("180 Ringing", &tag, &ringing));
        self.send(&message.response("200 OK", &tag, &with_sound(PHONES, self.load.legs[leg].port)));
        self.load.legs[leg]
            .peer
            .store(message.audio_port(), Ordering::Relaxed);
        let (from, to) = (message.header("from"), message.header("to"));
        let phone = Phone {
            leg,
            dialog: format!("From: {to};tag={tag}\r\nTo: {from}\r\nCall-ID: {id}\r\n"),
            target: message.contact(),
            since: arrived,
        };
        self.talks.insert(id.to_owned(), phone);
    }
}
