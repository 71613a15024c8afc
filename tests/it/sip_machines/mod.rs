//! Scripts against the SIP endpoint in virtual time: what a peer sends, what comes back, what the exchange is told.

mod admission;
mod network;
mod offers;
mod register;
mod uac;
mod uas;

use std::net::SocketAddr;
use std::time::Duration;

use rexian::base::random::Random;
use rexian::base::time::Now;
use rexian::base::timer_queue::TimerQueue;
use rexian::sip::auth::Secret;
use rexian::sip::endpoint::Config;
use rexian::sip::endpoint::DeviceAccount;
use rexian::sip::endpoint::Endpoint;
use rexian::sip::endpoint::Event;
use rexian::sip::endpoint::Listener;
use rexian::sip::endpoint::OutgoingInvite;
use rexian::sip::endpoint::Output;
use rexian::sip::endpoint::Route;
use rexian::sip::endpoint::SessionId;
use rexian::sip::endpoint::Target;
use rexian::sip::endpoint::TimerKey;
use rexian::sip::endpoint::Transport;
use rexian::sip::endpoint::TrunkAccount;
use rexian::sip::registrar::ExpiryBounds;

pub(crate) const REALM: &str = "hotline";
pub(crate) const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\n";

pub(crate) fn config(local: &str, trunk: &str) -> Config {
    let secret = Secret::new("8001", REALM, "secret");
    let local = local.parse().unwrap();
    Config {
        realm: REALM.to_owned(),
        user_agent: "Rexian".to_owned(),
        t1: Duration::from_millis(500),
        t2: Duration::from_secs(4),
        t4: Duration::from_secs(5),
        trunks: vec![TrunkAccount {
            trunk: "city".parse().unwrap(),
            addresses: vec![trunk.parse().unwrap()],
            trusted_identity: true,
        }],
        devices: vec![DeviceAccount {
            device: "desk-1".parse().unwrap(),
            user: "8001".to_owned(),
            ha1_md5: secret.md5,
            ha1_sha256: Some(secret.sha256),
        }],
        listeners: vec![Listener {
            transport: Transport::Udp,
            local,
            advertised: None,
        }],
        register_expires: ExpiryBounds {
            min: Duration::from_mins(1),
            max: Duration::from_hours(1),
            default: Duration::from_mins(5),
        },
        nonce_lifetime: Duration::from_mins(5),
    }
}

pub(crate) fn udp(local: &str, remote: &str) -> Route {
    let (local, remote) = (local.parse().unwrap(), remote.parse().unwrap());
    Route {
        transport: Transport::Udp,
        local,
        remote,
        connection: 0,
    }
}

/// An endpoint with its timers and clock, and what it did.
pub(crate) struct Bench {
    pub(crate) endpoint: Endpoint,
    pub(crate) timers: TimerQueue<TimerKey>,
    pub(crate) now: Now,
    pub(crate) route: Route,
    pub(crate) sent: Vec<(u64, SocketAddr, String)>,
    pub(crate) events: Vec<Event>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let route = udp("192.0.2.1:5060", "192.0.2.2:5060");
        Self {
            endpoint: Endpoint::new(config("192.0.2.1:5060", "192.0.2.2"), Random::from_number(1)),
            timers: TimerQueue::default(),
            now: Now::default(),
            route,
            sent: Vec::new(),
            events: Vec::new(),
        }
    }

    pub(crate) fn ms(&self) -> u64 {
        self.now.mono.as_micros() / 1_000
    }

    /// Lets the endpoint act and collects its outputs.
    pub(crate) fn act<T>(&mut self, act: impl FnOnce(&mut Endpoint, Now, &mut Vec<Output>) -> T) -> T {
        let mut out = Vec::new();
        let result = act(&mut self.endpoint, self.now, &mut out);
        for output in out {
            match output {
                Output::Send { route, bytes } => {
                    self.sent.push((
                        self.ms(),
                        route.remote,
                        String::from_utf8(bytes.to_vec()).unwrap(),
                    ));
                }
                Output::SetTimer(key, at) => self.timers.set(key, at),
                Output::StopTimer(key) => self.timers.stop(&key),
                Output::Event(event) => self.events.push(event),
            }
        }
        result
    }

    /// The peer sends; lines of `text` are joined with CRLF by the caller.
    pub(crate) fn feed(&mut self, text: &str) {
        let route = self.route;
        self.act(|endpoint, now, out| endpoint.receive(now, route, text.as_bytes(), out));
    }

    /// Time passes, timers fire.
    pub(crate) fn advance(&mut self, ms: u64) {
        let end = self.now.mono + Duration::from_millis(ms);
        while let Some(due) = self.timers.next().filter(|due| *due <= end) {
            self.now.mono = due;
            if let Some(key) = self.timers.pop_due(due) {
                self.act(|endpoint, now, out| endpoint.timeout(now, key, out));
            }
        }
        self.now.mono = end;
    }

    /// What was sent since the last look.
    pub(crate) fn take(&mut self) -> Vec<String> {
        self.sent.drain(..).map(|(_, _, text)| text).collect()
    }

    /// The start lines of what was sent since the last look, short: `INVITE`, `200`.
    pub(crate) fn said(&mut self) -> String {
        self.take()
            .iter()
            .map(|text| short(text))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// As [`Bench::said`], each with its millisecond.
    pub(crate) fn said_when(&mut self) -> String {
        let said = self
            .sent
            .drain(..)
            .map(|(ms, _, text)| format!("{ms} {}", short(&text)));
        said.collect::<Vec<_>>().join(", ")
    }

    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// The names of the events since the last look.
    pub(crate) fn told(&mut self) -> String {
        let name = |event: Event| match event {
            Event::Failed { status, .. } => format!("Failed {status}"),
            Event::OfferFailed { status, .. } => format!("OfferFailed {status}"),
            Event::Progress { status, .. } => format!("Progress {status}"),
            Event::Refused { status, why, .. } => format!("Refused {status} {why:?}"),
            Event::Ended { cause, .. } => format!("Ended {cause:?}"),
            other => format!("{other:?}")
                .split([' ', '{'])
                .next()
                .unwrap_or_default()
                .to_owned(),
        };
        self.take_events()
            .into_iter()
            .map(name)
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Waits until nothing is left, and checks that nothing is.
    pub(crate) fn settle(&mut self) {
        self.advance(70_000);
        assert!(
            self.endpoint.is_idle(),
            "left over: {:?}",
            self.endpoint.counters()
        );
        assert!(self.timers.is_empty(), "timers left over: {:?}", self.timers);
    }

    /// An INVITE that became a session.
    pub(crate) fn incoming(&mut self, extra: &str) -> SessionId {
        self.feed(&invite(extra, OFFER));
        assert_eq!(self.said(), "100");
        match self.take_events().pop() {
            Some(Event::Incoming { session, .. }) => session,
            other => panic!("no call: {other:?}"),
        }
    }

    /// A call of ours; returns the INVITE that was sent.
    pub(crate) fn outgoing(&mut self) -> (SessionId, String) {
        let request = OutgoingInvite {
            target: Target::Uri {
                uri: "sip:13800138000@192.0.2.2".to_owned(),
                route: self.route,
            },
            from_user: "12345".to_owned(),
            from_display: Some("热线 \"12345\"".to_owned()),
            to_user: "13800138000".to_owned(),
            headers: vec![(
                "P-Asserted-Identity".to_owned(),
                "<sip:12345@192.0.2.1>".to_owned(),
            )],
            sdp: OFFER.to_owned(),
        };
        let session = self.act(|endpoint, now, out| endpoint.invite(now, &request, out));
        (session, self.take().pop().unwrap())
    }

    /// A call of ours that is answered.
    pub(crate) fn talking_out(&mut self) -> (SessionId, String) {
        let (session, invite) = self.outgoing();
        self.feed(&response(&invite, 200, "peer", OFFER));
        assert_eq!(self.said(), "ACK");
        assert_eq!(self.told(), "Answered");
        (session, invite)
    }

    /// A call of theirs that is answered and acknowledged; returns our tag.
    pub(crate) fn talking_in(&mut self, extra: &str) -> (SessionId, String) {
        let session = self.incoming(extra);
        self.act(|endpoint, now, out| endpoint.answer(now, session, OFFER, out));
        let tag = tag_of(&self.take().pop().unwrap());
        self.feed(&in_dialog("ACK", 1, &tag, "a", "", ""));
        assert_eq!(self.told(), "Acknowledged");
        (session, tag)
    }
}

/// `INVITE sip:…` as `INVITE`, `SIP/2.0 200 OK` as `200`.
fn short(text: &str) -> String {
    let mut words = text.split(' ');
    match words.next() {
        Some("SIP/2.0") => words.next().unwrap_or_default().to_owned(),
        word => word.unwrap_or_default().to_owned(),
    }
}

/// A header's value in a message.
pub(crate) fn value<'a>(text: &'a str, name: &str) -> &'a str {
    let line = text
        .lines()
        .find(|line| line.split_once(": ").is_some_and(|(found, _)| found == name));
    line.and_then(|line| line.split_once(": "))
        .map_or("", |(_, value)| value)
}

/// The tag of a response's `To`.
pub(crate) fn tag_of(text: &str) -> String {
    value(text, "To")
        .split_once(";tag=")
        .map(|(_, tag)| tag.to_owned())
        .unwrap_or_default()
}

fn with_body(head: &str, body: &str) -> String {
    let kind = if body.is_empty() {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    };
    format!("{head}{kind}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// A first INVITE of the peer, with branch `i`.
pub(crate) fn invite(extra: &str, body: &str) -> String {
    let head = format!(
        "INVITE sip:12345@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;rport;branch=z9hG4bKi\r\n\
         Max-Forwards: 70\r\nFrom: \"Zhang\" <sip:13800138000@192.0.2.2>;tag=far\r\nTo: <sip:12345@192.0.2.1>\r\n\
         Call-ID: call@far\r\nCSeq: 1 INVITE\r\nContact: <sip:13800138000@192.0.2.2:5060>\r\n{extra}"
    );
    with_body(&head, body)
}

/// A request of the peer in the dialog of [`invite`].
pub(crate) fn in_dialog(method: &str, cseq: u32, tag: &str, branch: &str, extra: &str, body: &str) -> String {
    let tag = if tag.is_empty() {
        String::new()
    } else {
        format!(";tag={tag}")
    };
    let head = format!(
        "{method} sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;rport;branch=z9hG4bK{branch}\r\n\
         Max-Forwards: 70\r\nFrom: \"Zhang\" <sip:13800138000@192.0.2.2>;tag=far\r\nTo: <sip:12345@192.0.2.1>{tag}\r\n\
         Call-ID: call@far\r\nCSeq: {cseq} {method}\r\nContact: <sip:13800138000@192.0.2.2:5060>\r\n{extra}"
    );
    with_body(&head, body)
}

/// The peer's response to a request of ours.
pub(crate) fn response(request: &str, status: u16, tag: &str, body: &str) -> String {
    let to = value(request, "To");
    let to = if to.contains(";tag=") || tag.is_empty() {
        to.to_owned()
    } else {
        format!("{to};tag={tag}")
    };
    let head = format!(
        "SIP/2.0 {status} Whatever\r\nVia: {}\r\nFrom: {}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         Contact: <sip:far@192.0.2.2:5060>\r\n",
        value(request, "Via"),
        value(request, "From"),
        value(request, "Call-ID"),
        value(request, "CSeq"),
    );
    with_body(&head, body)
}

/// A request of the peer in the dialog of a call of ours.
pub(crate) fn in_our_dialog(invite: &str, method: &str, cseq: u32, extra: &str, body: &str) -> String {
    let head = format!(
        "{method} sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK{method}{cseq}\r\n\
         From: {};tag=peer\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\n\
         Contact: <sip:far@192.0.2.2:5060>\r\n{extra}",
        value(invite, "To"),
        value(invite, "From"),
        value(invite, "Call-ID"),
    );
    with_body(&head, body)
}
