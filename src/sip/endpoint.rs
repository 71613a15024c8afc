//! The SIP endpoint: bytes and timers in, bytes, timers and session events out.
//!
//! ```text
//!  receive ─▶ Message ─▶ transaction layer ─▶ session │ registrar │ capabilities ─▶ Output
//! ```
//!
//! Driven by `exchange`; drives `transaction`, `session`, `registrar` and `auth`. `inbound` sorts what arrives,
//! `admission` decides who may call and register.
//!
//! **Invariants.** Strangers cost no memory: until a request is authenticated or its source is a trunk it is answered
//! statelessly. Every table has a bound of `base::limits`. The same seed and inputs give the same outputs.
//!
//! **Not here.** The timer queue and calls (`exchange`), sockets and name resolution (`io::sip`), session descriptions
//! (`sdp`), credentials of ours towards a trunk.
//!
//! **Source.** RFC 3261, 3263 in part (addresses are given), 3311, 3326, 3325, 3581, 4028, 6026, 7616, 8760.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::base::ids::DeviceId;
use crate::base::ids::TrunkId;
use crate::base::random::Random;
use crate::base::time::MonoTime;
use crate::base::time::Now;
use crate::sip::auth::Challenger;
use crate::sip::auth::Secret;
use crate::sip::core::Core;
use crate::sip::registrar::Binding;
use crate::sip::registrar::ExpiryBounds;
use crate::sip::registrar::Registrar;
use crate::sip::session::Session;
use crate::sip::session::SessionTimer;
use crate::sip::transaction::TransactionId;
use crate::sip::transaction::timer::Timer;

/// How bytes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
}

/// Where a message came from or goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Route {
    /// How.
    pub transport: Transport,
    /// Our address.
    pub local: SocketAddr,
    /// The peer's address.
    pub remote: SocketAddr,
    /// The shell's number of a stream connection; 0 for UDP, and for a stream that is still to be opened.
    pub connection: u64,
}

/// One INVITE session, that is one leg; never used twice by one endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// A timer of the endpoint; opaque, cheap to copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerKey(pub(crate) Key);

/// What a timer belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    Transaction(TransactionId, Timer),
    Session(SessionId, SessionTimer),
    Registrations,
}

/// The settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// The digest realm.
    pub realm: String,
    /// The value of `User-Agent`.
    pub user_agent: String,
    /// Round-trip estimate; 500 ms as RFC 3261 says.
    pub t1: Duration,
    /// Largest retransmission interval; 4 s.
    pub t2: Duration,
    /// How long a message may stay in the network; 5 s.
    pub t4: Duration,
    /// Neighbours known by address.
    pub trunks: Vec<TrunkAccount>,
    /// Phones known by password.
    pub devices: Vec<DeviceAccount>,
    /// Where we listen.
    pub listeners: Vec<Listener>,
    /// How long a registration may last.
    pub register_expires: ExpiryBounds,
    /// How long a digest nonce is good.
    pub nonce_lifetime: Duration,
}

/// A neighbour known by address.
#[derive(Clone, Debug)]
pub struct TrunkAccount {
    /// Which.
    pub trunk: TrunkId,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Whether its `P-Asserted-Identity` is believed (RFC 3325).
    pub trusted_identity: bool,
}

/// A phone known by password.
#[derive(Clone)]
pub struct DeviceAccount {
    /// Which.
    pub device: DeviceId,
    /// Its user name.
    pub user: String,
    /// `MD5(user:realm:password)`.
    pub ha1_md5: [u8; 16],
    /// `SHA-256(user:realm:password)`.
    ///
    /// None for a phone that knows MD5 alone: it is offered nothing else.
    pub ha1_sha256: Option<[u8; 32]>,
}

impl DeviceAccount {
    /// The values that prove the phone. One that knows MD5 alone has the decoy's SHA-256, which nobody knows.
    pub(crate) fn secret(&self, decoy: &Secret) -> Secret {
        Secret {
            md5: self.ha1_md5,
            sha256: self.ha1_sha256.unwrap_or(decoy.sha256),
        }
    }
}

impl std::fmt::Debug for DeviceAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceAccount")
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}

/// An address we listen on.
#[derive(Clone, Copy, Debug)]
pub struct Listener {
    /// How.
    pub transport: Transport,
    /// Where; equal to [`Route::local`] of what arrives there.
    pub local: SocketAddr,
    /// What peers are told instead.
    pub advertised: Option<SocketAddr>,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// A neighbour.
    Trunk(TrunkId),
    /// A phone of ours.
    Device(DeviceId),
}

/// What an INVITE said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncomingCall {
    /// The user part of the Request-URI, decoded.
    pub request_user: String,
    /// The Request-URI.
    pub request_uri: String,
    /// The user part of `From`, decoded.
    pub from_user: String,
    /// The URI of `From`.
    pub from_uri: String,
    /// The display name of `From`.
    pub from_display: Option<String>,
    /// The user part of `P-Asserted-Identity` (sip or tel); only from trusted trunks.
    pub asserted_user: Option<String>,
    /// Whether `Privacy` asks for the identity to be withheld.
    pub privacy: bool,
    /// The user part of the topmost `Diversion`, else of the first `History-Info`: what was dialled originally.
    pub diversion_user: Option<String>,
    /// The `Call-ID`.
    pub sip_call_id: String,
    /// The session description; `None` asks us to offer.
    pub sdp: Option<Vec<u8>>,
    /// Where the INVITE came from.
    pub signalling_ip: IpAddr,
    /// The address of ours that the peer used.
    pub local: SocketAddr,
}

/// Why an INVITE was refused before anybody saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefusedWhy {
    /// The source is no trunk and the caller no device.
    NoTrunk,
    /// Wrong password, or another user's name.
    BadCredentials,
    /// It does not parse or lacks a header.
    Malformed,
    /// It requires an extension or a body type that we lack.
    Unsupported,
    /// It has been forwarded too often, or arrived twice.
    Loop,
    /// Too many transactions.
    Overloaded,
}

/// How the peer ended a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndCause {
    /// BYE, with its `Reason`.
    Bye {
        /// The value of `Reason` as sent.
        reason: Option<String>,
    },
    /// Our 200 was not acknowledged for 64·T1.
    AckTimeout,
    /// A request of ours in the dialog got no answer, 408 or 481; or an INVITE stayed unanswered by us for too long.
    NoAnswer,
    /// The peer promised to refresh the session and did not.
    SessionExpired,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A new INVITE from a known peer; 100 has been sent.
    Incoming {
        /// Its session.
        session: SessionId,
        /// Who.
        peer: Peer,
        /// What it said.
        call: Box<IncomingCall>,
    },
    /// An INVITE outside a dialog that was refused at once; a challenge is no refusal.
    Refused {
        /// With what.
        status: u16,
        /// Why.
        why: RefusedWhy,
        /// Whose, if the source is a trunk.
        trunk: Option<TrunkId>,
        /// The user part of `From`.
        from_user: String,
        /// The user part of the Request-URI.
        request_user: String,
    },
    /// The caller gave up; 200 to CANCEL and 487 have been sent and the session is over.
    Cancelled {
        /// Which.
        session: SessionId,
    },
    /// The ACK of our first 200, or of a later one that carried our offer.
    Acknowledged {
        /// Which.
        session: SessionId,
        /// The answer to our offer.
        sdp: Option<Vec<u8>>,
    },
    /// A 18x to our INVITE.
    Progress {
        /// Which.
        session: SessionId,
        /// 101 to 199.
        status: u16,
        /// Early media.
        sdp: Option<Vec<u8>>,
    },
    /// A 2xx to our INVITE; the ACK has been sent.
    Answered {
        /// Which.
        session: SessionId,
        /// The answer.
        sdp: Option<Vec<u8>>,
    },
    /// Our INVITE failed; the session is over. 408: timeout. 503: transport. 487 also after a cancel that crossed a 200.
    Failed {
        /// Which.
        session: SessionId,
        /// 300 to 699.
        status: u16,
        /// The value of `Reason`.
        reason: Option<String>,
    },
    /// A re-INVITE or UPDATE, to be answered with `answer_offer` or `refuse_offer` within 20 s.
    Offer {
        /// Which.
        session: SessionId,
        /// `None`: our answer is an offer, and its answer comes as `Acknowledged`.
        sdp: Option<Vec<u8>>,
    },
    /// Our `reoffer` was accepted.
    OfferAnswered {
        /// Which.
        session: SessionId,
        /// The answer.
        sdp: Option<Vec<u8>>,
    },
    /// Our `reoffer` was refused, or an `Offer` was withdrawn (487) or not answered in time (500). The session goes on.
    OfferFailed {
        /// Which.
        session: SessionId,
        /// 300 to 699.
        status: u16,
    },
    /// An INFO; it has been answered.
    Info {
        /// Which.
        session: SessionId,
        /// The value of `Content-Type`; empty without one.
        content_type: String,
        /// The body.
        body: Vec<u8>,
    },
    /// The session ended without us; everything has been answered and the session is over.
    Ended {
        /// Which.
        session: SessionId,
        /// How.
        cause: EndCause,
    },
    /// Our `bye` is finished; the session is over.
    Closed {
        /// Which.
        session: SessionId,
    },
    /// A REGISTER was accepted, or a binding expired while others remain.
    Registered {
        /// Which device.
        device: DeviceId,
        /// How many bindings it has.
        contacts: u32,
        /// Whether a contact came, went or moved; a refresh is no change.
        changed: bool,
    },
    /// A device has no binding any more.
    Unregistered {
        /// Which device.
        device: DeviceId,
    },
}

/// What the endpoint wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send these bytes.
    Send {
        /// Where.
        route: Route,
        /// What.
        bytes: Arc<[u8]>,
    },
    /// Arm a timer, replacing its earlier deadline.
    SetTimer(TimerKey, MonoTime),
    /// Disarm a timer.
    StopTimer(TimerKey),
    /// Tell the exchange.
    Event(Event),
}

/// Whom to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A registered contact, over the flow that registered it.
    Binding {
        /// The Request-URI.
        contact: String,
        /// The flow.
        route: Route,
    },
    /// An address; later requests follow the peer's `Contact`.
    Uri {
        /// The Request-URI.
        uri: String,
        /// Where the INVITE goes.
        route: Route,
    },
}

impl From<&Binding> for Target {
    fn from(binding: &Binding) -> Self {
        Self::Binding {
            contact: binding.contact.clone(),
            route: binding.route,
        }
    }
}

/// An INVITE to send.
#[derive(Clone, Debug)]
pub struct OutgoingInvite {
    /// Whom.
    pub target: Target,
    /// The user part of `From`.
    pub from_user: String,
    /// The display name of `From`.
    pub from_display: Option<String>,
    /// The user part of `To`.
    pub to_user: String,
    /// More headers, such as `P-Asserted-Identity`.
    pub headers: Vec<(String, String)>,
    /// The offer.
    pub sdp: String,
}

/// Why an INVITE is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completed {
    /// Another phone answered: this one shall not log a missed call (RFC 3326).
    Elsewhere,
    /// Nobody answered.
    No,
}

/// How an INVITE is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// 300 to 699.
    pub status: u16,
    /// `Reason: Q.850`: cause and text.
    pub q850: Option<(u8, &'a str)>,
    /// `Retry-After` in seconds.
    pub retry_after_s: Option<u32>,
}

/// What has been counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages that parsed.
    pub parsed: u64,
    /// Messages that did not parse or were refused as malformed.
    pub malformed: u64,
    /// Messages that were dropped without an answer.
    pub dropped: u64,
    /// Messages of ours that were sent again.
    pub retransmitted: u64,
    /// Messages of peers that came again.
    pub absorbed: u64,
    /// Requests challenged for a password.
    pub challenged: u64,
    /// Requests with a wrong password.
    pub bad_credentials: u64,
    /// INVITEs refused at once.
    pub refused: u64,
    /// Transactions now.
    pub transactions: u64,
    /// Sessions now.
    pub sessions: u64,
    /// Registered contacts now.
    pub bindings: u64,
    /// Digest nonces remembered now.
    pub nonces: u64,
}

/// The machine.
#[derive(Debug)]
pub struct Endpoint {
    pub(crate) core: Core,
    pub(crate) sessions: BTreeMap<SessionId, Box<Session>>,
    pub(crate) registrar: Registrar,
    pub(crate) challenger: Challenger,
    pub(crate) decoy: Secret,
    pub(crate) next_session: u64,
}

impl Endpoint {
    /// An endpoint without sessions.
    pub fn new(config: Config, mut random: Random) -> Self {
        let challenger = Challenger::new(&mut random, config.nonce_lifetime);
        let decoy = Secret::new("", "", &random.hex(32));
        Self {
            core: Core::new(config, random),
            sessions: BTreeMap::new(),
            registrar: Registrar::default(),
            challenger,
            decoy,
            next_session: 0,
        }
    }

    /// Changes the settings; sessions go on, bindings of devices that are gone are forgotten in silence.
    pub fn configure(&mut self, config: Config) {
        self.challenger.set_lifetime(config.nonce_lifetime);
        self.core.configure(config);
        let core = &self.core;
        self.registrar.retain_devices(|device| core.has_device(device));
    }

    /// Takes a datagram, or one framed message of a stream.
    pub fn receive(&mut self, now: Now, route: Route, bytes: &[u8], out: &mut Vec<Output>) {
        self.receive_message(now, route, bytes, out);
    }

    /// A timer fired. A timer that was stopped meanwhile does nothing.
    pub fn timeout(&mut self, now: Now, key: TimerKey, out: &mut Vec<Output>) {
        match key.0 {
            Key::Transaction(id, timer) => {
                if let Some((id, user, upcall)) = self.core.layer.timeout(now, id, timer, out) {
                    self.with(user.session, |session, core| {
                        session.receive_response(core, now, (id, user, upcall), None, out);
                    });
                }
            }
            Key::Session(id, timer) => self.with(id, |session, core| session.timeout(core, now, timer, out)),
            Key::Registrations => {
                let touched = self.registrar.expire(now.mono);
                self.report_bindings(touched, out);
            }
        }
    }

    /// A stream connection is gone: requests on it fail with 503, contacts registered over it are forgotten, sessions go
    /// on and reach their peer over a new connection.
    pub fn connection_lost(&mut self, now: Now, connection: u64, out: &mut Vec<Output>) {
        if connection == 0 {
            return;
        }
        for (id, user, upcall) in self.core.layer.connection_lost(now, connection, out) {
            self.with(user.session, |session, core| {
                session.receive_response(core, now, (id, user, upcall), None, out);
            });
        }
        for session in self.sessions.values_mut() {
            if session.dialog.route.connection == connection {
                session.dialog.route.connection = 0;
            }
        }
        let touched = self.registrar.connection_lost(connection);
        self.report_bindings(touched, out);
    }

    /// Calls. Ends with `Failed`, or with `Answered` and later `Ended` or `Closed`.
    pub fn invite(&mut self, now: Now, request: &OutgoingInvite, out: &mut Vec<Output>) -> SessionId {
        let id = self.next_session_id();
        let session = Session::invite(&mut self.core, now, id, request, out);
        self.core.tags.insert(session.dialog.local_tag, id);
        self.sessions.insert(id, Box::new(session));
        id
    }

    /// Sends a provisional response (180) to an incoming call.
    pub fn ring(&mut self, now: Now, session: SessionId, status: u16, out: &mut Vec<Output>) {
        self.with(session, |session, core| session.ring(core, now, status, out));
    }

    /// Answers an incoming call with 200, repeated until `Acknowledged`, or `Ended` with `AckTimeout`.
    pub fn answer(&mut self, now: Now, session: SessionId, sdp: &str, out: &mut Vec<Output>) {
        self.with(session, |session, core| session.answer(core, now, sdp, out));
    }

    /// Refuses an incoming call; no event follows. A call already answered is ended as by [`Endpoint::bye`].
    pub fn refuse(&mut self, now: Now, session: SessionId, refusal: &Refusal<'_>, out: &mut Vec<Output>) {
        self.with(session, |session, core| session.refuse(core, now, refusal, out));
    }

    /// Cancels a call of ours at any time; `Failed` follows, also when the answer crossed it.
    pub fn cancel(&mut self, now: Now, session: SessionId, completed: Completed, out: &mut Vec<Output>) {
        self.with(session, |session, core| session.cancel(core, now, completed, out));
    }

    /// Ends a session in any state; `Closed` follows, or `Failed` for a call of ours without an answer.
    pub fn bye(&mut self, now: Now, session: SessionId, q850: Option<(u8, &str)>, out: &mut Vec<Output>) {
        self.with(session, |session, core| session.bye(core, now, q850, out));
    }

    /// Offers a new description; `OfferAnswered` or `OfferFailed` follows. While another offer is under way it waits,
    /// and replaces one that waits.
    pub fn reoffer(&mut self, now: Now, session: SessionId, sdp: &str, out: &mut Vec<Output>) {
        self.with(session, |session, core| session.reoffer(core, now, sdp, out));
    }

    /// Answers an `Offer`.
    pub fn answer_offer(&mut self, now: Now, session: SessionId, sdp: &str, out: &mut Vec<Output>) {
        self.with(session, |session, core| session.answer_offer(core, now, sdp, out));
    }

    /// Refuses an `Offer`, with 488 for instance; the session goes on as it was.
    pub fn refuse_offer(&mut self, now: Now, session: SessionId, status: u16, out: &mut Vec<Output>) {
        self.with(session, |session, core| {
            session.refuse_offer(core, now, status, out);
        });
    }

    /// Where a device is reachable.
    pub fn bindings(&self, device: &DeviceId) -> impl Iterator<Item = &Binding> {
        self.registrar.bindings(device)
    }

    /// What has been counted.
    pub fn counters(&self) -> Counters {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Counters {
            retransmitted: self.core.layer.retransmitted(),
            absorbed: self.core.layer.absorbed(),
            transactions: count(self.core.layer.len()),
            sessions: count(self.sessions.len()),
            bindings: count(self.registrar.len()),
            nonces: count(self.challenger.len()),
            ..self.core.counters
        }
    }

    /// Whether no transaction and no session is left.
    pub fn is_idle(&self) -> bool {
        self.core.layer.len() == 0 && self.sessions.is_empty() && self.core.tags.is_empty()
    }

    pub(crate) fn next_session_id(&mut self) -> SessionId {
        self.next_session += 1;
        SessionId(self.next_session)
    }

    /// Lets a session act, and forgets it when it is over.
    pub(crate) fn with(&mut self, id: SessionId, act: impl FnOnce(&mut Session, &mut Core)) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        act(session, &mut self.core);
        if session.is_over() {
            self.core.tags.remove(&session.dialog.local_tag);
            self.sessions.remove(&id);
        }
    }
}
