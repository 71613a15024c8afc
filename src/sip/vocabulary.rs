//! What the endpoint takes and gives: settings, routes, calls to make and to refuse, events, outputs, counts.
//!
//! `endpoint` gives these types to everybody else.
//!
//! **Invariants.** Plain values: a session is named by its number, a peer by its id. Only [`DeviceAccount`] holds a secret,
//! and does not show it in its debug text.
//! **Not here.** What is done with them: `endpoint`, `session`, `transaction`, `registrar`.
//! **Source.** RFC 3261 for the words; RFC 3325 and 3326 for identity and reason.

use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::base::ids::DeviceId;
use crate::base::ids::TrunkId;
use crate::base::time::MonoTime;
use crate::sip::auth::Secret;
use crate::sip::registrar::Binding;
use crate::sip::registrar::ExpiryBounds;
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
