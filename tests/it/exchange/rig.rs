//! An exchange with a clock, a journal that can be stopped, and peers that are written text.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use md5::Digest as _;
use rexian::base::ids::InteractionId;
use rexian::base::ids::TicketId;
use rexian::base::phone_number::Number;
use rexian::base::time::MonoTime;
use rexian::base::time::Now;
use rexian::base::time::WallTime;
use rexian::exchange::Exchange;
use rexian::exchange::admission::Limits;
use rexian::exchange::command::Command;
use rexian::exchange::command::CommandError;
use rexian::exchange::command::MakeCall;
use rexian::exchange::command::RequestId;
use rexian::exchange::input::Input;
use rexian::exchange::input::JournalStatus;
use rexian::exchange::output::Output;
use rexian::exchange::profile::Profile;
use rexian::exchange::snapshot::ViewChange;
use rexian::fact::Actor;
use rexian::fact::ActorKind;
use rexian::fact::FactNo;
use rexian::fact::Record;
use rexian::fact::agent::Presence;
use rexian::fact::call::Purpose;
use rexian::media::command::LegStats;
use rexian::media::command::MediaCommand;
use rexian::media::command::MediaEvent;
use rexian::media::command::MediaLeg;
use rexian::media::command::Playback;
use rexian::media::port_pool::Family;
use rexian::sip::endpoint::Route;
use rexian::sip::endpoint::Transport;

use super::profile::LOCAL;
use super::profile::PORTS;
use super::profile::REALM;
use super::profile::exchange;
use super::profile::limits;
use super::profile::profile;
use super::profile::slug;

pub(super) const CITY: &str = "192.0.2.2:5060";
/// Where the phones of the two agents are.
pub(super) const PHONES: [&str; 2] = ["198.51.100.1:5060", "198.51.100.2:5060"];

pub(super) struct Rig {
    pub(super) exchange: Exchange,
    pub(super) now: Now,
    /// Facts become durable as soon as they are written.
    pub(super) durable_at_once: bool,
    pub(super) facts: Vec<Record>,
    pub(super) durable: u64,
    pub(super) media: Vec<MediaCommand>,
    pub(super) views: Vec<ViewChange>,
    pub(super) replies: Vec<(RequestId, Result<(), CommandError>)>,
    sent: Vec<(SocketAddr, String)>,
    requests: u64,
    branches: u64,
}

/// One citizen's call as the trunk sees it.
pub(super) struct Citizen {
    pub(super) number: u32,
    /// The last digits of the number he calls from.
    caller: u32,
    address: SocketAddr,
    called: String,
    /// Our tag, once the 200 came.
    pub(super) tag: String,
    cseq: u32,
}

impl Rig {
    pub(super) fn new() -> Self {
        Self::with(profile(), limits())
    }

    pub(super) fn with(profile: Profile, limits: Limits) -> Self {
        let mut rig = Self {
            exchange: exchange(profile, limits, FactNo(0)),
            now: Now {
                mono: MonoTime::from_micros(1_000_000),
                wall: WallTime::from_micros(1_795_000_000_000_000),
            },
            durable_at_once: true,
            facts: Vec::new(),
            durable: 0,
            media: Vec::new(),
            views: Vec::new(),
            replies: Vec::new(),
            sent: Vec::new(),
            requests: 0,
            branches: 0,
        };
        let mut out = Vec::new();
        rig.exchange.start(rig.now, &mut out);
        rig.carry_out(out);
        rig
    }

    /// A rig whose agents are signed in at registered phones and ready.
    pub(super) fn staffed(agents: usize) -> Self {
        let mut rig = Self::new();
        for at in 0..agents {
            rig.register(at, 7_200);
            rig.sign_in(at);
            rig.set_presence(at, Presence::Ready).unwrap();
        }
        rig.forget();
        rig
    }

    pub(super) fn input(&mut self, input: Input<'_>) {
        let mut out = Vec::new();
        self.exchange.handle(self.now, input, &mut out);
        self.carry_out(out);
    }

    fn carry_out(&mut self, out: Vec<Output>) {
        let mut closed = Vec::new();
        for output in out {
            match output {
                Output::Send { route, bytes } => {
                    self.sent
                        .push((route.remote, String::from_utf8(bytes.to_vec()).unwrap()));
                }
                Output::Media(command) => {
                    if let MediaCommand::Close { leg } = &command {
                        closed.push(*leg);
                    }
                    self.media.push(command);
                }
                Output::Fact(record) => self.facts.push(record),
                Output::Reply { request, result } => self.replies.push((request, result)),
                Output::View(change) => self.views.push(change),
            }
        }
        for leg in closed {
            self.input(Input::Media(MediaEvent::Closed {
                leg,
                stats: LegStats::default(),
            }));
        }
        if self.durable_at_once {
            self.sync();
        }
    }

    /// All facts reach the disk.
    pub(super) fn sync(&mut self) {
        let written = self.facts.len() as u64;
        if self.durable < written {
            self.durable = written;
            self.input(Input::Durable(FactNo(written)));
        }
    }

    /// Forgets what has been said so far; facts stay.
    pub(super) fn forget(&mut self) {
        self.sent.clear();
        self.media.clear();
        self.views.clear();
        self.replies.clear();
    }

    pub(super) fn journal(&mut self, status: JournalStatus) {
        self.input(Input::Journal(status));
    }

    pub(super) fn media_says(&mut self, event: MediaEvent) {
        self.input(Input::Media(event));
    }

    /// Time passes, timers fire.
    pub(super) fn pass(&mut self, ms: u64) {
        let end = self.now.mono + Duration::from_millis(ms);
        while let Some(due) = self.exchange.next_timeout().filter(|due| *due <= end) {
            self.turn_to(due.max(self.now.mono));
            self.input(Input::Timeout);
        }
        self.turn_to(end);
    }

    fn turn_to(&mut self, mono: MonoTime) {
        self.now = Now {
            mono,
            wall: self.now.wall + mono.since(self.now.mono),
        };
    }

    /// A peer at `from` sends.
    pub(super) fn feed(&mut self, from: &str, text: &str) {
        let route = Route {
            transport: Transport::Udp,
            local: LOCAL.parse().unwrap(),
            remote: from.parse().unwrap(),
            connection: 0,
        };
        self.input(Input::Sip {
            route,
            bytes: text.as_bytes(),
        });
    }

    /// What a peer was sent since he last looked.
    pub(super) fn heard(&mut self, peer: &str) -> Vec<String> {
        let peer: SocketAddr = peer.parse().unwrap();
        let (his, rest) = std::mem::take(&mut self.sent)
            .into_iter()
            .partition(|(to, _)| *to == peer);
        self.sent = rest;
        let his: Vec<(SocketAddr, String)> = his;
        his.into_iter().map(|(_, text)| text).collect()
    }

    /// The same, short: `100 200`, `INVITE`.
    pub(super) fn told(&mut self, peer: &str) -> String {
        let texts = self.heard(peer);
        texts.iter().map(|text| short(text)).collect::<Vec<_>>().join(" ")
    }

    /// The kinds of the facts about calls from `from` on.
    pub(super) fn story(&self, from: usize) -> String {
        let kinds = self.facts[from..].iter().map(kind);
        kinds
            .filter(|kind| !kind.starts_with("device."))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The body of the last fact of a kind.
    pub(super) fn last(&self, wanted: &str) -> serde_json::Value {
        let record = self.facts.iter().rev().find(|record| kind(record) == wanted);
        serde_json::to_value(&record.unwrap_or_else(|| panic!("no {wanted}")).fact).unwrap()["body"].clone()
    }

    pub(super) fn interaction(&self) -> InteractionId {
        self.facts
            .iter()
            .rev()
            .find_map(|record| record.interaction)
            .unwrap()
    }

    // Commands of people.

    pub(super) fn command(&mut self, actor: Actor, command: Command) -> RequestId {
        self.requests += 1;
        let request = RequestId(self.requests);
        self.input(Input::Command {
            request,
            actor,
            command,
        });
        request
    }

    fn agent_command(&mut self, at: usize, command: Command) -> Result<(), CommandError> {
        let actor = Actor::named(ActorKind::Agent, agent_of(at));
        let request = self.command(actor, command);
        self.replies
            .iter()
            .find(|(it, _)| *it == request)
            .unwrap()
            .1
            .clone()
    }

    pub(super) fn sign_in(&mut self, at: usize) {
        let command = Command::SignIn {
            agent: slug(agent_of(at)),
            seat: None,
            devices: Vec::new(),
        };
        self.agent_command(at, command).unwrap();
    }

    pub(super) fn set_presence(&mut self, at: usize, presence: Presence) -> Result<(), CommandError> {
        self.agent_command(
            at,
            Command::SetPresence {
                agent: slug(agent_of(at)),
                presence,
            },
        )
    }

    pub(super) fn reject(&mut self, at: usize) -> Result<(), CommandError> {
        self.agent_command(
            at,
            Command::RejectOffer {
                agent: slug(agent_of(at)),
            },
        )
    }

    pub(super) fn finish_wrapup(&mut self, at: usize) -> Result<(), CommandError> {
        self.agent_command(
            at,
            Command::FinishWrapup {
                agent: slug(agent_of(at)),
            },
        )
    }

    /// An agent calls a number; he hears whether he may.
    pub(super) fn make_call(&mut self, at: usize, number: &str) -> Result<InteractionId, CommandError> {
        let call = self.own_call(at, number);
        let interaction = call.interaction;
        self.agent_command(at, Command::MakeCall(Box::new(call)))
            .map(|()| interaction)
    }

    /// The same, without looking at the answer, which may wait for the disk.
    pub(super) fn make_call_unseen(&mut self, at: usize, number: &str) {
        let call = self.own_call(at, number);
        let actor = Actor::named(ActorKind::Agent, agent_of(at));
        self.command(actor, Command::MakeCall(Box::new(call)));
    }

    fn own_call(&mut self, at: usize, number: &str) -> MakeCall {
        self.requests += 1;
        let mut bytes = [9; 16];
        bytes[15] = u8::try_from(self.requests).unwrap();
        MakeCall {
            interaction: InteractionId::from_bytes(bytes),
            agent: slug(agent_of(at)),
            number: Number::parse(number, "315"),
            purpose: Purpose::Followup,
            ticket: Some(TicketId::from_bytes([7; 16])),
        }
    }

    /// The INVITE that the trunk was sent.
    pub(super) fn dialled(&mut self) -> String {
        let mut heard = self.heard(CITY);
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert!(heard[0].starts_with("INVITE"), "{heard:?}");
        heard.remove(0)
    }

    /// The trunk answers a request of ours.
    pub(super) fn trunk_responds(&mut self, request: &str, status: u16, sdp: &str) {
        let text = response(request, status, sdp, CITY);
        self.feed(CITY, &text);
    }

    /// The trunk sends a request in the dialog of the INVITE that it took.
    pub(super) fn trunk_says(&mut self, invite: &str, method: &str, cseq: u32, body: &str) {
        self.peer_says((CITY, "p"), invite, method, cseq, body);
    }

    // Citizens.

    /// The city trunk brings a call to `called`; nothing is acknowledged yet.
    pub(super) fn invite(&mut self, number: u32, called: &str, sdp: &str) -> Citizen {
        self.invite_from(CITY, number, called, sdp)
    }

    pub(super) fn invite_from(&mut self, trunk: &str, number: u32, called: &str, sdp: &str) -> Citizen {
        self.invite_as(trunk, (number, number), called, sdp)
    }

    /// The call of a number (the first) from the telephone of another (the second).
    fn invite_as(&mut self, trunk: &str, (number, caller): (u32, u32), called: &str, sdp: &str) -> Citizen {
        let citizen = Citizen {
            number,
            caller,
            address: trunk.parse().unwrap(),
            called: called.to_owned(),
            tag: String::new(),
            cseq: 1,
        };
        let text = citizen.request("INVITE", 1, "first", "", sdp);
        self.feed(trunk, &text);
        citizen
    }

    /// A call that is answered and acknowledged.
    pub(super) fn call(&mut self, number: u32, called: &str) -> Citizen {
        self.call_again(number, number, called)
    }

    /// A call from the telephone of `caller`, who has called before.
    pub(super) fn call_again(&mut self, number: u32, caller: u32, called: &str) -> Citizen {
        let mut citizen = self.invite_as(CITY, (number, caller), called, SDP);
        let answers = self.heard(CITY);
        let answer = answers
            .iter()
            .find(|text| text.starts_with("SIP/2.0 200"))
            .unwrap();
        citizen.tag = tag_of(answer);
        self.say(&citizen, "ACK", "", "");
        citizen
    }

    /// The citizen sends a request inside the dialog (or a CANCEL).
    pub(super) fn say(&mut self, citizen: &Citizen, method: &str, extra: &str, body: &str) {
        self.branches += 1;
        let (cseq, branch) = match method {
            "ACK" => (citizen.cseq, format!("b{}", self.branches)),
            "CANCEL" => (1, "first".to_owned()),
            _ => (citizen.cseq + 1, format!("b{}", self.branches)),
        };
        let text = citizen.request(method, cseq, &branch, extra, body);
        let from = citizen.address.to_string();
        self.feed(&from, &text);
    }

    /// The ACK of a refusal, inside its transaction.
    pub(super) fn ack_refusal(&mut self, citizen: &Citizen) {
        let text = citizen
            .request("ACK", 1, "first", "", "")
            .replace("firstACK", "firstINVITE");
        let from = citizen.address.to_string();
        self.feed(&from, &text);
    }

    /// A re-INVITE of the citizen; returns the body of our answer.
    pub(super) fn reinvite(&mut self, citizen: &mut Citizen, sdp: &str) -> String {
        self.say(citizen, "INVITE", "", sdp);
        citizen.cseq += 1;
        let answers = self.heard(CITY);
        let answer = answers
            .iter()
            .find(|text| text.starts_with("SIP/2.0 200"))
            .unwrap();
        self.say(citizen, "ACK", "", "");
        body_of(answer).to_owned()
    }

    // Phones.

    /// A phone registers with a digest answer of its own making.
    pub(super) fn register(&mut self, at: usize, expires_s: u32) {
        self.branches += 1;
        let (phone, user, serial) = (PHONES[at], user_of(at), self.branches);
        let text = |cseq: u32, extra: &str| {
            format!(
                "REGISTER sip:{REALM} SIP/2.0\r\nVia: SIP/2.0/UDP {phone};rport;branch=z9hG4bKr{serial}n{cseq}\r\n\
                 Max-Forwards: 70\r\nFrom: <sip:{user}@{REALM}>;tag=r\r\nTo: <sip:{user}@{REALM}>\r\n\
                 Call-ID: register-{serial}\r\nCSeq: {cseq} REGISTER\r\nContact: <sip:{user}@{phone}>\r\n\
                 Expires: {expires_s}\r\n{extra}Content-Length: 0\r\n\r\n"
            )
        };
        self.feed(phone, &text(1, ""));
        let challenge = self.heard(phone).pop().unwrap();
        let offered = challenge
            .lines()
            .find(|line| line.contains("algorithm=MD5"))
            .unwrap();
        let nonce = offered
            .split("nonce=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        let secret = md5(&format!("{user}:{REALM}:secret-{user}"));
        let action = md5(&format!("REGISTER:sip:{REALM}"));
        let answer = md5(&format!("{secret}:{nonce}:00000001:abc:auth:{action}"));
        let proof = format!(
            "Authorization: Digest username=\"{user}\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"sip:{REALM}\", \
             qop=auth, nc=00000001, cnonce=\"abc\", response=\"{answer}\", algorithm=MD5\r\n"
        );
        self.feed(phone, &text(2, &proof));
        assert!(self.told(phone).starts_with("200"), "the registration");
    }

    /// The INVITE that a phone was sent.
    pub(super) fn rung(&mut self, at: usize) -> String {
        let mut heard = self.heard(PHONES[at]);
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert!(heard[0].starts_with("INVITE"), "{heard:?}");
        heard.remove(0)
    }

    /// A phone answers a request of ours.
    pub(super) fn respond(&mut self, at: usize, request: &str, status: u16, sdp: &str) {
        let text = response(request, status, sdp, PHONES[at]);
        self.feed(PHONES[at], &text);
    }

    /// A phone takes the call that rings there.
    pub(super) fn pick_up(&mut self, at: usize) -> String {
        let invite = self.rung(at);
        self.respond(at, &invite, 180, "");
        self.respond(at, &invite, 200, SDP);
        assert_eq!(self.told(PHONES[at]), "ACK");
        invite
    }

    /// A phone sends a request in the dialog of the INVITE that it took.
    pub(super) fn phone_says(&mut self, at: usize, invite: &str, method: &str, cseq: u32, body: &str) {
        self.peer_says((PHONES[at], user_of(at)), invite, method, cseq, body);
    }

    fn peer_says(&mut self, (peer, user): (&str, &str), invite: &str, method: &str, cseq: u32, body: &str) {
        let call_id = value(invite, "Call-ID");
        let text = format!(
            "{method} sip:{LOCAL} SIP/2.0\r\nVia: SIP/2.0/UDP {peer};rport;branch=z9hG4bKp{call_id}{method}{cseq}\r\n\
             Max-Forwards: 70\r\nFrom: {};tag=phone\r\nTo: {}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:{user}@{peer}>\r\n",
            value(invite, "To"),
            value(invite, "From"),
        );
        self.feed(peer, &with_body(&text, body));
    }

    // Media.

    /// The leg that was opened last.
    pub(super) fn opened(&self) -> MediaLeg {
        let legs = self.media.iter().rev();
        legs.into_iter()
            .find_map(|command| match command {
                MediaCommand::Open { leg, .. } => Some(*leg),
                _ => None,
            })
            .unwrap()
    }

    pub(super) fn playing(&self) -> (MediaLeg, Playback) {
        let commands = self.media.iter().rev();
        commands
            .into_iter()
            .find_map(|command| match command {
                MediaCommand::Play { leg, playback } => Some((*leg, playback.clone())),
                _ => None,
            })
            .unwrap()
    }

    /// The citizen who hears the latest playback presses a key.
    pub(super) fn press(&mut self, digit: char) {
        let (leg, _) = self.playing();
        self.media_says(MediaEvent::Digit { leg, digit });
    }

    /// What plays now ends.
    pub(super) fn prompt_ends(&mut self, whole: bool) {
        let (leg, playback) = self.playing();
        let played = Duration::from_secs(2);
        self.media_says(MediaEvent::PromptEnded {
            leg,
            playback: playback.id,
            whole,
            played,
        });
    }

    /// Everything ends: nothing may be left but what people and phones hold.
    pub(super) fn settle(&mut self) {
        self.durable_at_once = true;
        self.sync();
        self.pass(100_000);
        assert!(
            self.exchange.is_idle(),
            "left over: {:?}",
            self.exchange.endpoint().counters()
        );
        assert_eq!(self.exchange.free_ports(Family::V4), PORTS as usize);
    }
}

impl Citizen {
    pub(super) fn request(&self, method: &str, cseq: u32, branch: &str, extra: &str, body: &str) -> String {
        let tag = if self.tag.is_empty() {
            String::new()
        } else {
            format!(";tag={}", self.tag)
        };
        let (number, caller, address, called) = (self.number, self.caller, self.address, &self.called);
        let (branch_method, cseq_method) = match method {
            "CANCEL" => ("INVITE", "CANCEL"),
            _ => (method, method),
        };
        let head = format!(
            "{method} sip:{called}@192.0.2.1 SIP/2.0\r\n\
             Via: SIP/2.0/UDP {address};rport;branch=z9hG4bK{number}{branch}{branch_method}\r\nMax-Forwards: 70\r\n\
             From: <sip:1380013{caller:04}@{address}>;tag=far{number}\r\nTo: <sip:{called}@192.0.2.1>{tag}\r\n\
             Call-ID: call-{number}@far\r\nCSeq: {cseq} {cseq_method}\r\nContact: <sip:1380013{number:04}@{address}>\r\n\
             {extra}"
        );
        if body.is_empty() || extra.contains("Content-Type") {
            return format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        }
        with_body(&head, body)
    }
}

/// A description of a peer that sends and receives A-law and telephone events.
pub(super) const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.99\r\ns=-\r\nc=IN IP4 192.0.2.99\r\nt=0 0\r\n\
                              m=audio 40000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n\
                              a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n";

/// The same peer, holding.
pub(super) fn on_hold() -> String {
    SDP.replace("o=- 1 1", "o=- 1 2")
        .replace("a=sendrecv", "a=sendonly")
}

pub(super) fn agent_of(at: usize) -> &'static str {
    ["a1001", "a1002"][at]
}

fn user_of(at: usize) -> &'static str {
    ["8001", "8002"][at]
}

fn md5(text: &str) -> String {
    let mut hex = String::new();
    for byte in md5::Md5::digest(text.as_bytes()) {
        write!(hex, "{byte:02x}").unwrap();
    }
    hex
}

/// `INVITE sip:…` as `INVITE`, `SIP/2.0 200 OK` as `200`.
pub(super) fn short(text: &str) -> &str {
    let mut words = text.split(' ');
    match words.next() {
        Some("SIP/2.0") => words.next().unwrap_or_default(),
        word => word.unwrap_or_default(),
    }
}

/// A header's value in a message.
pub(super) fn value<'a>(text: &'a str, name: &str) -> &'a str {
    let head = text.split("\r\n\r\n").next().unwrap();
    let found = head
        .split("\r\n")
        .filter_map(|line| line.split_once(": "))
        .find(|(found, _)| *found == name);
    found.map_or("", |(_, value)| value)
}

pub(super) fn tag_of(text: &str) -> String {
    value(text, "To")
        .split_once(";tag=")
        .map(|(_, tag)| tag.to_owned())
        .unwrap_or_default()
}

pub(super) fn body_of(text: &str) -> &str {
    text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

fn with_body(head: &str, body: &str) -> String {
    let kind = if body.is_empty() {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    };
    format!("{head}{kind}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// A phone's response to a request of ours.
fn response(request: &str, status: u16, sdp: &str, phone: &str) -> String {
    let to = value(request, "To");
    let to = if to.contains(";tag=") {
        to.to_owned()
    } else {
        format!("{to};tag=phone")
    };
    let head = format!(
        "SIP/2.0 {status} So\r\nVia: {}\r\nFrom: {}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {}\r\nContact: <sip:p@{phone}>\r\n",
        value(request, "Via"),
        value(request, "From"),
        value(request, "Call-ID"),
        value(request, "CSeq"),
    );
    with_body(&head, sdp)
}

/// A fact's kind on the wire.
pub(super) fn kind(record: &Record) -> String {
    serde_json::to_value(&record.fact).unwrap()["kind"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}
