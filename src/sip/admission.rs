//! Who may call and register: trunks by address, devices by digest.
//!
//! **Invariants.** Nothing is kept of a request that is not admitted. A user name that does not exist is answered like a
//! wrong password. An authenticated name must be the one in `From` (INVITE) or `To` (REGISTER).
//!
//! **Source.** RFC 3261 §8.2, §10.3, §22; RFC 3325 §9; RFC 5806; RFC 7044; RFC 8760.

use crate::base::ids::DeviceId;
use crate::base::time::Now;
use crate::sip::auth::Algorithm;
use crate::sip::auth::Challenger;
use crate::sip::auth::Credentials;
use crate::sip::auth::Verdict;
use crate::sip::dialog::Dialog;
use crate::sip::dialog::Hop;
use crate::sip::endpoint::Endpoint;
use crate::sip::endpoint::Event;
use crate::sip::endpoint::IncomingCall;
use crate::sip::endpoint::Key;
use crate::sip::endpoint::Output;
use crate::sip::endpoint::Peer;
use crate::sip::endpoint::RefusedWhy;
use crate::sip::endpoint::Route;
use crate::sip::endpoint::SessionId;
use crate::sip::endpoint::TimerKey;
use crate::sip::header::HeaderName;
use crate::sip::inbound::user_of;
use crate::sip::message::Message;
use crate::sip::message::Method;
use crate::sip::name_addr::Contact;
use crate::sip::name_addr::NameAddr;
use crate::sip::registrar::Contacts;
use crate::sip::registrar::Registered;
use crate::sip::registrar::RegistrarError;
use crate::sip::registrar::Registration;
use crate::sip::render;
use crate::sip::session::Session;
use crate::sip::session::has_unknown_body;
use crate::sip::session::sdp_of;
use crate::sip::transaction::TransactionId;
use crate::sip::uri::Uri;
use crate::sip::write::Writer;

/// What a request proved about its sender.
enum Proof {
    /// The password of this device.
    Device { device: DeviceId, user: String },
    /// Nothing yet, or with a nonce that is no good any more.
    Unproven { stale: bool },
    /// A wrong password.
    Wrong,
}

impl Endpoint {
    /// An INVITE outside a dialog.
    pub(crate) fn receive_invite(
        &mut self,
        now: Now,
        route: Route,
        (message, bytes): (&Message<'_>, &[u8]),
        out: &mut Vec<Output>,
    ) {
        let Some(peer) = self.identify(now, route, message, out) else {
            return;
        };
        if self.core.layer.is_full() {
            self.core
                .reply_stateless(message, &route, (503, |_: &mut Writer| ()), out);
            return self.report_refused(message, &route, (503, RefusedWhy::Overloaded), out);
        }
        let back = render::response_route(message, route);
        let id = self.next_session_id();
        let transaction = self.core.layer.accept(message, back, Some(id));
        let refusal = match invite_fault(message) {
            Some((status, why)) => Some((status, why, 0)),
            None => self.open_session(now, (id, &peer), (message, bytes), (transaction, route), out),
        };
        if let Some((status, why, min_s)) = refusal {
            let fill = |writer: &mut Writer| match status {
                415 => drop(writer.header(HeaderName::Accept, "application/sdp")),
                422 => drop(writer.header(HeaderName::MinSe, min_s)),
                _ => (),
            };
            self.core
                .reply(now, (message, &route), transaction, (status, fill), out);
            return self.report_refused(message, &route, (status, why), out);
        }
        self.core.reply(
            now,
            (message, &route),
            transaction,
            (100, |_: &mut Writer| ()),
            out,
        );
        let call = Box::new(self.describe(message, &route, &peer));
        out.push(Output::Event(Event::Incoming {
            session: id,
            peer,
            call,
        }));
    }

    fn open_session(
        &mut self,
        now: Now,
        (id, peer): (SessionId, &Peer),
        (message, bytes): (&Message<'_>, &[u8]),
        (transaction, route): (TransactionId, Route),
        out: &mut Vec<Output>,
    ) -> Option<(u16, RefusedWhy, u32)> {
        let hop = match peer {
            Peer::Trunk(_) => Hop::Computed,
            Peer::Device(_) => Hop::Learned,
        };
        let local_tag = self.core.random.next_u64();
        let Some(dialog) = Dialog::from_request(message, route, local_tag, hop) else {
            return Some((400, RefusedWhy::Malformed, 0));
        };
        match Session::incoming(now, id, dialog, (message, bytes), (transaction, route), out) {
            Ok(session) => {
                self.core.tags.insert(local_tag, id);
                self.sessions.insert(id, Box::new(session));
                None
            }
            Err(min_s) => Some((422, RefusedWhy::Unsupported, min_s)),
        }
    }

    /// Who sent an INVITE; `None`: he has been challenged or refused.
    fn identify(
        &mut self,
        now: Now,
        route: Route,
        message: &Message<'_>,
        out: &mut Vec<Output>,
    ) -> Option<Peer> {
        if let Some(trunk) = self.core.trunk_id_at(route.remote.ip()) {
            return Some(Peer::Trunk(trunk));
        }
        let from_user = message.from().map(|from| user_of(&from.uri)).unwrap_or_default();
        if self.core.device_of(&from_user).is_none() {
            self.core
                .reply_stateless(message, &route, (403, |_: &mut Writer| ()), out);
            self.report_refused(message, &route, (403, RefusedWhy::NoTrunk), out);
            return None;
        }
        match self.authenticate(now, &route, message) {
            Proof::Device { device, user } if user == from_user => Some(Peer::Device(device)),
            Proof::Unproven { stale } => {
                self.challenge(now, &route, message, stale, out);
                None
            }
            Proof::Device { .. } | Proof::Wrong => {
                self.core.counters.bad_credentials += 1;
                self.core
                    .reply_stateless(message, &route, (403, |_: &mut Writer| ()), out);
                self.report_refused(message, &route, (403, RefusedWhy::BadCredentials), out);
                None
            }
        }
    }

    fn authenticate(&mut self, now: Now, route: &Route, message: &Message<'_>) -> Proof {
        let unproven = Proof::Unproven { stale: false };
        let (Some(method), Ok(request_uri)) = (message.method(), message.request_uri()) else {
            return unproven;
        };
        let realm = &self.core.config.realm;
        let found = message
            .headers(HeaderName::Authorization)
            .filter_map(|value| Credentials::parse(str::from_utf8(value).ok()?))
            .find(|credentials| credentials.realm == realm);
        let Some(credentials) = found else {
            return unproven;
        };
        let is_same_uri = credentials.uri == request_uri.as_str()
            || Uri::parse(credentials.uri).is_ok_and(|uri| uri.equivalent(&request_uri));
        let account = self.core.device_of(credentials.username);
        let secret = account.map_or(self.decoy, |account| account.secret(&self.decoy));
        let source = render::canonical(route.remote.ip());
        let verdict = self
            .challenger
            .verify(now.mono, source, &credentials, method.as_str(), &secret);
        match (account, verdict) {
            (Some(account), Verdict::Accepted) if is_same_uri => Proof::Device {
                device: account.device.clone(),
                user: account.user.clone(),
            },
            (Some(_), Verdict::Stale) if is_same_uri => Proof::Unproven { stale: true },
            _ => Proof::Wrong,
        }
    }

    fn challenge(
        &mut self,
        now: Now,
        route: &Route,
        message: &Message<'_>,
        stale: bool,
        out: &mut Vec<Output>,
    ) {
        self.core.counters.challenged += 1;
        let source = render::canonical(route.remote.ip());
        let nonce = self.challenger.nonce(now.mono, source, &mut self.core.random);
        // Some phones that know MD5 alone read the first challenge only, some give up at any other: docs/decisions/0005.
        let user = message
            .from()
            .ok()
            .and_then(|from| from.uri.user_decoded().map(std::borrow::Cow::into_owned));
        let account = user.and_then(|user| self.core.device_of(&user));
        let md5_only = account.is_some_and(|account| account.ha1_sha256.is_none());
        let algorithms = if md5_only {
            &[Algorithm::Md5][..]
        } else {
            &[Algorithm::Md5, Algorithm::Sha256]
        };
        let realm = &self.core.config.realm;
        let challenge = |algorithm: &Algorithm| Challenger::challenge(realm, &nonce, *algorithm, stale);
        let values: Vec<String> = algorithms.iter().map(challenge).collect();
        let fill = |writer: &mut Writer| {
            for value in &values {
                writer.header(HeaderName::WwwAuthenticate, value);
            }
        };
        self.core.reply_stateless(message, route, (401, fill), out);
    }

    fn describe(&self, message: &Message<'_>, route: &Route, peer: &Peer) -> IncomingCall {
        let request_uri = message.request_uri().ok();
        let from = message.from().ok();
        let is_trusted = matches!(peer, Peer::Trunk(_))
            && self
                .core
                .trunk_at(route.remote.ip())
                .is_some_and(|trunk| trunk.trusted_identity);
        let asserted = message
            .addresses(HeaderName::PAssertedIdentity)
            .filter_map(Result::ok);
        let asserted_user = { asserted }
            .filter(|_| is_trusted)
            .map(|it| user_of(&it.uri))
            .find(|user| !user.is_empty());
        let first = |name| {
            message
                .addresses(name)
                .find_map(Result::ok)
                .map(|it: NameAddr<'_>| user_of(&it.uri))
        };
        let privacy = message.text(HeaderName::Privacy).is_some_and(|value| {
            value.split(';').any(|token| {
                ["id", "user", "header"]
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(token.trim()))
            })
        });
        IncomingCall {
            request_user: request_uri.as_ref().map(user_of).unwrap_or_default(),
            request_uri: request_uri.map(|uri| uri.as_str().to_owned()).unwrap_or_default(),
            from_user: from.as_ref().map(|it| user_of(&it.uri)).unwrap_or_default(),
            from_uri: from
                .as_ref()
                .map(|it| it.uri.as_str().to_owned())
                .unwrap_or_default(),
            from_display: from.and_then(|it| it.display).map(std::borrow::Cow::into_owned),
            asserted_user,
            privacy,
            diversion_user: first(HeaderName::Diversion).or_else(|| first(HeaderName::HistoryInfo)),
            sip_call_id: message.call_id().unwrap_or_default().to_owned(),
            sdp: sdp_of(message),
            signalling_ip: render::canonical(route.remote.ip()),
            local: route.local,
        }
    }

    /// A REGISTER.
    pub(crate) fn receive_register(
        &mut self,
        now: Now,
        route: Route,
        message: &Message<'_>,
        out: &mut Vec<Output>,
    ) {
        let to_user = message.to().map(|to| user_of(&to.uri)).unwrap_or_default();
        let device = match self.authenticate(now, &route, message) {
            Proof::Device { device, user } if user == to_user => device,
            Proof::Unproven { stale } => return self.challenge(now, &route, message, stale, out),
            Proof::Device { .. } | Proof::Wrong => {
                self.core.counters.bad_credentials += 1;
                return self
                    .core
                    .reply_stateless(message, &route, (403, |_: &mut Writer| ()), out);
            }
        };
        let Some(contacts) = self.contacts_of(message) else {
            return self
                .core
                .reply_stateless(message, &route, (400, |_: &mut Writer| ()), out);
        };
        let request = Registration {
            call_id: message.call_id().unwrap_or_default(),
            cseq: message.cseq().map_or(0, |cseq| cseq.number),
            route,
            contacts,
        };
        let transaction = self
            .core
            .layer
            .accept(message, render::response_route(message, route), None);
        let bounds = self.core.config.register_expires;
        match self.registrar.register(now.mono, &device, &request, &bounds) {
            Ok(done) => {
                self.confirm_registration(now, &device, (message, &route), transaction, out);
                self.report_registration(device, done, out);
            }
            Err(error) => {
                let status = match error {
                    RegistrarError::TooBrief { .. } => 423,
                    RegistrarError::OutOfOrder => 500,
                    RegistrarError::TooMany => 400,
                };
                let fill = |writer: &mut Writer| {
                    if let RegistrarError::TooBrief { min_s } = error {
                        writer.header(HeaderName::MinExpires, min_s);
                    }
                };
                self.core
                    .reply(now, (message, &route), transaction, (status, fill), out);
            }
        }
    }

    fn confirm_registration(
        &mut self,
        now: Now,
        device: &DeviceId,
        (message, route): (&Message<'_>, &Route),
        transaction: TransactionId,
        out: &mut Vec<Output>,
    ) {
        let bindings = self.registrar.bindings(device);
        let contacts: Vec<String> = { bindings }
            .map(|it| {
                format!(
                    "<{}>;expires={}",
                    it.contact,
                    it.expires.since(now.mono).as_secs()
                )
            })
            .collect();
        let fill = |writer: &mut Writer| {
            for contact in &contacts {
                writer.header(HeaderName::Contact, contact);
            }
        };
        self.core
            .reply(now, (message, route), transaction, (200, fill), out);
    }

    /// The contacts of a REGISTER; `None`: malformed.
    fn contacts_of<'a>(&self, message: &Message<'a>) -> Option<Contacts<'a>> {
        let default_s = message
            .expires()
            .unwrap_or(self.core.config.register_expires.default_seconds());
        let mut updates = Vec::new();
        let mut stars = 0;
        for contact in message.contacts() {
            match contact.ok()? {
                Contact::Star => stars += 1,
                Contact::Address(address) => {
                    updates.push((address.uri, address.expires().unwrap_or(default_s)));
                }
            }
        }
        match (stars, updates.is_empty()) {
            (0, true) => Some(Contacts::Query),
            (0, false) => Some(Contacts::Update(updates)),
            (1, true) if message.expires() == Some(0) => Some(Contacts::RemoveAll),
            _ => None,
        }
    }

    fn report_registration(&mut self, device: DeviceId, done: Registered, out: &mut Vec<Output>) {
        self.arm_registrations(out);
        match done {
            Registered {
                contacts: 0,
                changed: true,
            } => out.push(Output::Event(Event::Unregistered { device })),
            Registered {
                contacts: 0,
                changed: false,
            } => (),
            Registered { contacts, changed } => {
                out.push(Output::Event(Event::Registered {
                    device,
                    contacts,
                    changed,
                }));
            }
        }
    }

    /// Reports devices that lost a binding.
    pub(crate) fn report_bindings(&mut self, touched: Vec<(DeviceId, u32)>, out: &mut Vec<Output>) {
        self.arm_registrations(out);
        for (device, contacts) in touched {
            let event = match contacts {
                0 => Event::Unregistered { device },
                _ => Event::Registered {
                    device,
                    contacts,
                    changed: true,
                },
            };
            out.push(Output::Event(event));
        }
    }

    fn arm_registrations(&self, out: &mut Vec<Output>) {
        let key = TimerKey(Key::Registrations);
        out.push(match self.registrar.next_expiry() {
            Some(at) => Output::SetTimer(key, at),
            None => Output::StopTimer(key),
        });
    }
}

/// What is wrong with an INVITE from a known peer.
fn invite_fault(message: &Message<'_>) -> Option<(u16, RefusedWhy)> {
    debug_assert!(message.method() == Some(&Method::Invite));
    if message.max_forwards() == Ok(0) {
        return Some((483, RefusedWhy::Loop));
    }
    if message.contacts().next().is_none() {
        return Some((400, RefusedWhy::Malformed));
    }
    if has_unknown_body(message) {
        return Some((415, RefusedWhy::Unsupported));
    }
    None
}
