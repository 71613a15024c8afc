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
//! **Not here.** The types of what it takes and gives (`vocabulary`, given on from here), the timer queue and calls
//! (`exchange`), sockets and name resolution (`io::sip`), session descriptions (`sdp`), credentials of ours towards a
//! trunk.
//!
//! **Source.** RFC 3261, 3263 in part (addresses are given), 3311, 3326, 3325, 3581, 4028, 6026, 7616, 8760.

pub use crate::sip::vocabulary::Completed;
pub use crate::sip::vocabulary::Config;
pub use crate::sip::vocabulary::Counters;
pub use crate::sip::vocabulary::DeviceAccount;
pub use crate::sip::vocabulary::EndCause;
pub use crate::sip::vocabulary::Event;
pub use crate::sip::vocabulary::IncomingCall;
pub(crate) use crate::sip::vocabulary::Key;
pub use crate::sip::vocabulary::Listener;
pub use crate::sip::vocabulary::OutgoingInvite;
pub use crate::sip::vocabulary::Output;
pub use crate::sip::vocabulary::Peer;
pub use crate::sip::vocabulary::Refusal;
pub use crate::sip::vocabulary::RefusedWhy;
pub use crate::sip::vocabulary::Route;
pub use crate::sip::vocabulary::SessionId;
pub use crate::sip::vocabulary::Target;
pub use crate::sip::vocabulary::TimerKey;
pub use crate::sip::vocabulary::Transport;
pub use crate::sip::vocabulary::TrunkAccount;

use std::collections::BTreeMap;

use crate::base::ids::DeviceId;
use crate::base::random::Random;
use crate::base::time::Now;
use crate::sip::auth::Challenger;
use crate::sip::auth::Secret;
use crate::sip::core::Core;
use crate::sip::registrar::Binding;
use crate::sip::registrar::Registrar;
use crate::sip::session::Session;

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
