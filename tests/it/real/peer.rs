//! A hand-written SIP phone over UDP, with audio: a citizen behind the trunk, or an agent's registered phone.
//!
//! It is written apart from the product's SIP code on purpose: what both would misread alike would show nowhere.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use md5::Digest as _;
use md5::Md5;
use sha2::Sha256;

use crate::real::media::Media;

/// How long a phone waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

static NAMES: AtomicU64 = AtomicU64::new(1);

fn unique() -> u64 {
    NAMES.fetch_add(1, Ordering::Relaxed)
}

/// What a phone does with a call that comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pickup {
    /// Rings and answers after a while.
    After(Duration),
    /// Rings and never answers.
    Never,
}

/// Which digest a phone speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    /// RFC 2617.
    Md5,
    /// RFC 7616.
    Sha256,
}

/// A message that came in.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The whole of it.
    pub(crate) text: String,
}

impl Seen {
    /// A request of this method, or a response of this status to any method.
    fn begins(&self, word: &str) -> bool {
        self.text.starts_with(&format!("{word} ")) || self.text.starts_with(&format!("SIP/2.0 {word} "))
    }

    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        headers(&self.text, name).next()
    }

    /// The body.
    pub(crate) fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

fn headers<'a, 'b>(text: &'a str, name: &'b str) -> impl Iterator<Item = &'a str> + use<'a, 'b> {
    text.split("\r\n\r\n")
        .next()
        .unwrap_or("")
        .lines()
        .skip(1)
        .filter_map(move |line| {
            let (it, value) = line.split_once(':')?;
            it.trim().eq_ignore_ascii_case(name).then_some(value.trim())
        })
}

/// One call's dialog as this phone sees it.
#[derive(Clone, Debug, Default)]
struct Dialog {
    call_id: String,
    /// Our header value with tag.
    local: String,
    /// Their header value with tag.
    remote: String,
    /// Where requests go.
    target: String,
    routes: Vec<String>,
    cseq: u32,
    /// The INVITE that we sent, for ACK to a refusal and for CANCEL.
    invite: String,
    up: bool,
    over: bool,
}

#[derive(Debug)]
struct State {
    seen: Vec<Seen>,
    dialog: Dialog,
    pickup: Pickup,
    /// An INVITE that rings: when to answer it, and its text.
    ringing: Option<(Instant, String, SocketAddr)>,
}

#[derive(Debug)]
struct Shared {
    socket: UdpSocket,
    server: SocketAddr,
    user: String,
    state: Mutex<State>,
    changed: Condvar,
    stop: AtomicBool,
    media: Arc<Media>,
}

/// The phone; it falls silent when this is dropped.
#[derive(Debug)]
pub(crate) struct Phone {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// Its ear and mouth.
    pub(crate) media: Arc<Media>,
}

impl Phone {
    /// A phone of `user` at `ip`, which speaks with `server`.
    pub(crate) fn new(user: &str, ip: IpAddr, server: SocketAddr) -> Self {
        Self::at(user, SocketAddr::new(ip, 0), server)
    }

    /// The same at a port of one's choice.
    pub(crate) fn at(user: &str, local: SocketAddr, server: SocketAddr) -> Self {
        let media = Arc::new(Media::new(local.ip()));
        let socket = UdpSocket::bind(local).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
        let pickup = Pickup::After(Duration::from_millis(100));
        let state = State {
            seen: Vec::new(),
            dialog: Dialog::default(),
            pickup,
            ringing: None,
        };
        let shared = Arc::new(Shared {
            socket,
            server,
            user: user.to_owned(),
            state: Mutex::new(state),
            changed: Condvar::new(),
            stop: AtomicBool::new(false),
            media: Arc::clone(&media),
        });
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.run()
        });
        Self {
            shared,
            thread: Some(thread),
            media,
        }
    }

    /// What to do with calls that come in.
    pub(crate) fn pick_up(&self, pickup: Pickup) {
        self.shared.state.lock().unwrap().pickup = pickup;
    }

    /// Picks up what rings.
    pub(crate) fn answer_now(&self) {
        if let Some(ringing) = &mut self.shared.state.lock().unwrap().ringing {
            ringing.0 = Instant::now();
        }
    }

    /// Registers with digest; gives the status of the final answer.
    pub(crate) fn register(&self, secret: &str, hash: Hash) -> String {
        let shared = &self.shared;
        let call_id = format!("register-{}", unique());
        let first = shared.register_request(&call_id, 1, None);
        shared.send(&first);
        let challenge = self.wait("a challenge", |it| {
            it.begins("401") && it.header("call-id") == Some(&call_id)
        });
        let wanted = if hash == Hash::Md5 { "MD5" } else { "SHA-256" };
        let challenge = headers(&challenge.text, "www-authenticate")
            .map(parameters)
            .find(|it| it.get("algorithm").map_or("MD5", String::as_str) == wanted)
            .unwrap_or_else(|| panic!("no challenge for {wanted}: {}", challenge.text));
        let credentials = credentials(
            &challenge,
            hash,
            (&shared.user, secret),
            &format!("sip:{}", shared.server),
        );
        shared.send(&shared.register_request(&call_id, 2, Some(&credentials)));
        let answer = self.wait("an answer", |it| {
            it.header("call-id") == Some(&call_id) && it.header("cseq").is_some_and(|it| it.starts_with("2 "))
        });
        answer.text.split(' ').nth(1).unwrap().to_owned()
    }

    /// Calls a number; returns at once.
    pub(crate) fn call(&self, number: &str) {
        self.shared.invite(number);
    }

    /// Calls a number and takes it back before anything was answered.
    pub(crate) fn call_and_cancel(&self, number: &str) {
        self.shared.invite(number);
        self.cancel();
    }

    /// Sends the INVITE of the call once more, as it was.
    pub(crate) fn repeat_invite(&self) {
        let invite = self.shared.state.lock().unwrap().dialog.invite.clone();
        self.shared.send(&invite);
    }

    /// Every answer so far that begins with this status and belongs to a method.
    pub(crate) fn answers(&self, status: &str, method: &str) -> Vec<Seen> {
        let state = self.shared.state.lock().unwrap();
        let of = |it: &&Seen| it.begins(status) && it.header("cseq").is_some_and(|it| it.ends_with(method));
        state.seen.iter().filter(of).cloned().collect()
    }

    /// Takes a call back.
    pub(crate) fn cancel(&self) {
        let invite = self.shared.state.lock().unwrap().dialog.invite.clone();
        let first = |name| headers(&invite, name).next().unwrap_or("").to_owned();
        let target = invite.split(' ').nth(1).unwrap_or("");
        let mut text = format!(
            "CANCEL {target} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\n",
            first("via")
        );
        text += &format!("From: {}\r\nTo: {}\r\n", first("from"), first("to"));
        text += &format!(
            "Call-ID: {}\r\nCSeq: 1 CANCEL\r\nContent-Length: 0\r\n\r\n",
            first("call-id")
        );
        self.shared.send(&text);
    }

    /// The final answer to the last request of a method.
    pub(crate) fn answer_to(&self, method: &str) -> Seen {
        self.wait(&format!("an answer to {method}"), |it| {
            let matches = it.header("cseq").is_some_and(|it| it.ends_with(method));
            matches && it.text.starts_with("SIP/2.0 ") && !it.text.starts_with("SIP/2.0 1")
        })
    }

    /// Waits until a call that was made or taken is up.
    pub(crate) fn wait_up(&self) -> Instant {
        self.shared.wait_state("the call to be up", PATIENCE, |state| {
            state.dialog.up.then(Instant::now)
        })
    }

    /// Waits until the call is over.
    pub(crate) fn wait_over(&self, at_most: Duration) -> Instant {
        self.shared.wait_state("the call to be over", at_most, |state| {
            state.dialog.over.then(Instant::now)
        })
    }

    /// Whether the call is up.
    pub(crate) fn is_up(&self) -> bool {
        let state = self.shared.state.lock().unwrap();
        state.dialog.up && !state.dialog.over
    }

    /// Forgets the last call, so that the next one can be waited for.
    pub(crate) fn forget(&self) {
        let mut state = self.shared.state.lock().unwrap();
        state.dialog = Dialog::default();
        state.seen.clear();
    }

    fn wait(&self, what: &str, wanted: impl Fn(&Seen) -> bool) -> Seen {
        self.shared.wait_state(what, PATIENCE, |state| {
            state.seen.iter().find(|it| wanted(it)).cloned()
        })
    }

    /// Hangs up.
    pub(crate) fn hang_up(&self) {
        self.shared.in_dialog("BYE", "");
        self.shared.state.lock().unwrap().dialog.over = true;
        self.media.send_to(None);
    }

    /// Asks for hold (`sendonly`) or the call back (`sendrecv`).
    pub(crate) fn reoffer(&self, direction: &str) {
        let sdp = self.shared.sdp(direction, 2);
        self.shared.in_dialog("INVITE", &sdp);
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A fault in it shows in what was waited for.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn wait_state<T>(&self, what: &str, at_most: Duration, look: impl Fn(&State) -> Option<T>) -> T {
        let end = Instant::now() + at_most;
        let mut state = self.state.lock().unwrap();
        loop {
            if let Some(found) = look(&state) {
                return found;
            }
            let left = end.saturating_duration_since(Instant::now());
            let seen: Vec<&str> = state
                .seen
                .iter()
                .filter_map(|it| it.text.lines().next())
                .collect();
            assert!(
                !left.is_zero(),
                "{} waited {at_most:?} in vain for {what}; it saw {seen:?}",
                self.user
            );
            state = self.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    fn run(&self) {
        let mut buffer = vec![0; 65_536];
        while !self.stop.load(Ordering::Relaxed) {
            if let Ok((length, from)) = self.socket.recv_from(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                // The answer first: whoever waits for the message may rely on it.
                self.react(&text, from);
                self.state.lock().unwrap().seen.push(Seen { text });
                self.changed.notify_all();
            }
            self.answer_when_due();
        }
    }

    fn send(&self, text: &str) {
        self.socket.send_to(text.as_bytes(), self.server).unwrap();
    }

    fn react(&self, text: &str, from: SocketAddr) {
        if let Some(rest) = text.strip_prefix("SIP/2.0 ") {
            let status: u16 = rest[..3].parse().unwrap();
            let to_invite = headers(text, "cseq")
                .next()
                .is_some_and(|it| it.ends_with("INVITE"));
            if to_invite && (200..300).contains(&status) {
                self.connected(text);
            } else if to_invite && 300 <= status {
                self.refused(text);
            }
            return;
        }
        let method = text.split(' ').next().unwrap_or("");
        match method {
            "INVITE" if headers(text, "to").any(|it| it.contains("tag=")) => {
                let held = text.contains("a=sendonly") || text.contains("a=inactive");
                let sdp = self.sdp(if held { "recvonly" } else { "sendrecv" }, 2);
                self.reply(text, from, "200 OK", &sdp);
            }
            "INVITE" => self.rings(text, from),
            "ACK" => {
                let mut state = self.state.lock().unwrap();
                state.dialog.up |= !state.dialog.over;
            }
            "BYE" => {
                self.reply(text, from, "200 OK", "");
                self.state.lock().unwrap().dialog.over = true;
                self.media.send_to(None);
            }
            "CANCEL" => {
                self.reply(text, from, "200 OK", "");
                let ringing = self.state.lock().unwrap().ringing.take();
                if let Some((_, invite, from)) = ringing {
                    self.reply(&invite, from, "487 Request Terminated", "");
                }
            }
            _ => self.reply(text, from, "200 OK", ""),
        }
    }

    fn rings(&self, invite: &str, from: SocketAddr) {
        let mut state = self.state.lock().unwrap();
        let again = state.dialog.call_id == *headers(invite, "call-id").next().unwrap_or("");
        if again {
            return;
        }
        let after = match state.pickup {
            Pickup::After(after) => after,
            Pickup::Never => Duration::from_secs(3_600),
        };
        let first = |name| headers(invite, name).next().unwrap_or("").to_owned();
        state.dialog = Dialog {
            call_id: first("call-id"),
            local: format!("{};tag={}", first("to"), unique()),
            remote: first("from"),
            target: uri_of(&first("contact")),
            routes: headers(invite, "record-route").map(str::to_owned).collect(),
            cseq: 100,
            ..Dialog::default()
        };
        state.ringing = Some((Instant::now() + after, invite.to_owned(), from));
        drop(state);
        self.reply(invite, from, "180 Ringing", "");
    }

    fn answer_when_due(&self) {
        let mut state = self.state.lock().unwrap();
        if !state
            .ringing
            .as_ref()
            .is_some_and(|(due, ..)| *due <= Instant::now())
        {
            return;
        }
        let Some((_, invite, from)) = state.ringing.take() else {
            return;
        };
        drop(state);
        let body = invite.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        self.media.send_to(rtp_of(body));
        self.reply(&invite, from, "200 OK", &self.sdp("sendrecv", 1));
    }

    fn reply(&self, request: &str, to: SocketAddr, status: &str, sdp: &str) {
        let mut answer = format!("SIP/2.0 {status}\r\n");
        for name in ["Via", "Record-Route", "From", "Call-ID", "CSeq"] {
            for value in headers(request, name) {
                answer += &format!("{name}: {value}\r\n");
            }
        }
        let to_header = headers(request, "to").next().unwrap_or("");
        let state = self.state.lock().unwrap();
        let ours = if to_header.contains("tag=") {
            to_header
        } else {
            state.dialog.local.as_str()
        };
        answer += &format!("To: {ours}\r\n");
        drop(state);
        self.socket
            .send_to(self.finish(answer, sdp).as_bytes(), to)
            .unwrap();
    }

    fn finish(&self, mut head: String, sdp: &str) -> String {
        head += &format!(
            "Contact: <sip:{}@{}>\r\n",
            self.user,
            self.socket.local_addr().unwrap()
        );
        if !sdp.is_empty() {
            head += "Content-Type: application/sdp\r\n";
        }
        format!("{head}Content-Length: {}\r\n\r\n{sdp}", sdp.len())
    }

    fn via(&self) -> String {
        let local = self.socket.local_addr().unwrap();
        format!(
            "Via: SIP/2.0/UDP {local};branch=z9hG4bK-{}-{};rport\r\nMax-Forwards: 70\r\n",
            local.port(),
            unique()
        )
    }

    fn register_request(&self, call_id: &str, cseq: u32, credentials: Option<&str>) -> String {
        let (user, server) = (&self.user, self.server.ip());
        let mut head = format!("REGISTER sip:{} SIP/2.0\r\n{}", self.server, self.via());
        head += &format!(
            "From: <sip:{user}@{server}>;tag=r{}\r\nTo: <sip:{user}@{server}>\r\n",
            unique()
        );
        head += &format!("Call-ID: {call_id}\r\nCSeq: {cseq} REGISTER\r\nExpires: 600\r\n");
        if let Some(credentials) = credentials {
            head += &format!("Authorization: {credentials}\r\n");
        }
        self.finish(head, "")
    }

    fn invite(&self, number: &str) {
        let target = format!("sip:{number}@{}", self.server);
        let local = format!(
            "<sip:{}@{}>;tag=c{}",
            self.user,
            self.socket.local_addr().unwrap().ip(),
            unique()
        );
        let call_id = format!("call-{}-{}", unique(), self.socket.local_addr().unwrap());
        let mut head = format!("INVITE {target} SIP/2.0\r\n{}", self.via());
        head += &format!("From: {local}\r\nTo: <{target}>\r\nCall-ID: {call_id}\r\nCSeq: 1 INVITE\r\n");
        let text = self.finish(head, &self.sdp("sendrecv", 1));
        self.state.lock().unwrap().dialog = Dialog {
            call_id,
            local,
            remote: format!("<{target}>"),
            target,
            cseq: 1,
            invite: text.clone(),
            ..Dialog::default()
        };
        self.send(&text);
    }

    /// A 2xx to our INVITE: remembers the dialog, acknowledges, and speaks.
    fn connected(&self, answer: &str) {
        let mut state = self.state.lock().unwrap();
        let first = |name| headers(answer, name).next().unwrap_or("").to_owned();
        state.dialog.remote = first("to");
        state.dialog.target = uri_of(&first("contact"));
        state.dialog.routes = headers(answer, "record-route").map(str::to_owned).collect();
        state.dialog.routes.reverse();
        state.dialog.up = true;
        let cseq = first("cseq").split(' ').next().unwrap_or("1").parse().unwrap();
        let ack = self.request(&state.dialog, "ACK", cseq, "");
        drop(state);
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        if let Some(rtp) = rtp_of(body) {
            self.media.send_to(Some(rtp));
        }
        self.send(&ack);
    }

    /// A refusal of our INVITE: acknowledged within its transaction.
    fn refused(&self, answer: &str) {
        let mut state = self.state.lock().unwrap();
        state.dialog.over = true;
        let invite = state.dialog.invite.clone();
        drop(state);
        let first = |text: &str, name: &str| headers(text, name).next().unwrap_or("").to_owned();
        let target = invite.split(' ').nth(1).unwrap_or("").to_owned();
        let mut ack = format!(
            "ACK {target} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\n",
            first(&invite, "via")
        );
        ack += &format!(
            "From: {}\r\nTo: {}\r\n",
            first(&invite, "from"),
            first(answer, "to")
        );
        ack += &format!("Call-ID: {}\r\nCSeq: 1 ACK\r\n", first(&invite, "call-id"));
        self.send(&self.finish(ack, ""));
    }

    fn in_dialog(&self, method: &str, sdp: &str) {
        let mut state = self.state.lock().unwrap();
        state.dialog.cseq += 1;
        let text = self.request(&state.dialog, method, state.dialog.cseq, sdp);
        drop(state);
        self.send(&text);
    }

    fn request(&self, dialog: &Dialog, method: &str, cseq: u32, sdp: &str) -> String {
        let mut head = format!("{method} {} SIP/2.0\r\n{}", dialog.target, self.via());
        for route in &dialog.routes {
            head += &format!("Route: {route}\r\n");
        }
        head += &format!("From: {}\r\nTo: {}\r\n", dialog.local, dialog.remote);
        head += &format!("Call-ID: {}\r\nCSeq: {cseq} {method}\r\n", dialog.call_id);
        self.finish(head, sdp)
    }

    fn sdp(&self, direction: &str, version: u32) -> String {
        let local = self.media.local;
        let (ip, family) = (local.ip(), if local.is_ipv4() { "IP4" } else { "IP6" });
        format!(
            "v=0\r\no=- {0} {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
             m=audio {0} RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
             a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na={direction}\r\n",
            local.port()
        )
    }
}

fn uri_of(header: &str) -> String {
    let inner = header
        .split_once('<')
        .map_or(header, |(_, rest)| rest.split('>').next().unwrap_or(rest));
    inner.to_owned()
}

/// Where an SDP wants its RTP.
fn rtp_of(sdp: &str) -> Option<SocketAddr> {
    let ip = sdp
        .lines()
        .find(|it| it.starts_with("c="))?
        .split(' ')
        .nth(2)?
        .trim()
        .parse::<IpAddr>()
        .ok()?;
    let port = sdp
        .lines()
        .find(|it| it.starts_with("m=audio"))?
        .split(' ')
        .nth(1)?
        .parse()
        .ok()?;
    Some(SocketAddr::new(ip, port))
}

/// `Digest a="b", c=d` as a table.
fn parameters(value: &str) -> BTreeMap<String, String> {
    let value = value.trim_start_matches("Digest").trim();
    value
        .split(',')
        .filter_map(|it| it.split_once('='))
        .map(|(name, value)| {
            (
                name.trim().to_lowercase(),
                value.trim().trim_matches('"').to_owned(),
            )
        })
        .collect()
}

fn credentials(
    challenge: &BTreeMap<String, String>,
    hash: Hash,
    (user, secret): (&str, &str),
    uri: &str,
) -> String {
    let digest = |text: String| match hash {
        Hash::Md5 => hex::encode(Md5::digest(text)),
        Hash::Sha256 => hex::encode(Sha256::digest(text)),
    };
    let (realm, nonce) = (&challenge["realm"], &challenge["nonce"]);
    let (count, own) = ("00000001", format!("{:08x}", unique()));
    let one = digest(format!("{user}:{realm}:{secret}"));
    let two = digest(format!("REGISTER:{uri}"));
    let response = digest(format!("{one}:{nonce}:{count}:{own}:auth:{two}"));
    let algorithm = if hash == Hash::Md5 { "MD5" } else { "SHA-256" };
    let opaque = challenge
        .get("opaque")
        .map(|it| format!(", opaque=\"{it}\""))
        .unwrap_or_default();
    format!(
        "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\", \
         algorithm={algorithm}, qop=auth, nc={count}, cnonce=\"{own}\"{opaque}"
    )
}
