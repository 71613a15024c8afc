//! What arrives, sorted: responses to their transactions, requests to dialogs, the rest to admission or an answer.
//!
//! **Invariants.** An ACK and a response are never answered. What a stranger sends is answered without keeping anything.
//!
//! **Not here.** Who may call (`admission`), what a session makes of a request (`session`).
//!
//! **Source.** RFC 3261 §8.2, §9.2, §12.2.2, §16.3 for Max-Forwards; RFC 4475 for what may be broken.

use crate::base::time::Now;
use crate::sip::core::SUPPORTED;
use crate::sip::core::capability_status;
use crate::sip::core::push_capabilities;
use crate::sip::dialog::parse_tag;
use crate::sip::dialog::tag_text;
use crate::sip::endpoint::Endpoint;
use crate::sip::endpoint::Event;
use crate::sip::endpoint::Output;
use crate::sip::endpoint::RefusedWhy;
use crate::sip::endpoint::Route;
use crate::sip::endpoint::SessionId;
use crate::sip::frame;
use crate::sip::header::HeaderName;
use crate::sip::message::Message;
use crate::sip::message::Method;
use crate::sip::refusal;
use crate::sip::refusal::ParseError;
use crate::sip::render;
use crate::sip::session::uac::end_fork;
use crate::sip::transaction::Matched;
use crate::sip::transaction::Purpose;
use crate::sip::uri::Uri;
use crate::sip::write::Writer;
use crate::sip::write::refuse_salvaged;

impl Endpoint {
    pub(crate) fn receive_message(&mut self, now: Now, route: Route, bytes: &[u8], out: &mut Vec<Output>) {
        let message = match Message::parse(bytes) {
            Ok(message) => message,
            Err(ParseError::Empty) => return,
            Err(_) => return self.refuse_broken(route, bytes, out),
        };
        self.core.counters.parsed += 1;
        let validity = message.validate();
        if !message.is_request() {
            match validity {
                Ok(()) => self.receive_response(now, &message, out),
                Err(_) => self.core.counters.malformed += 1,
            }
            return;
        }
        if let Err(refusal) = validity {
            self.core.counters.malformed += 1;
            self.core
                .reply_stateless(&message, &route, (refusal.status, |_: &mut Writer| ()), out);
            if message.method() == Some(&Method::Invite) {
                self.report_refused(&message, &route, (refusal.status, RefusedWhy::Malformed), out);
            }
            return;
        }
        self.receive_request(now, route, (&message, bytes), out);
    }

    /// Answers 400 to what does not parse, if enough of it can be read.
    fn refuse_broken(&mut self, route: Route, bytes: &[u8], out: &mut Vec<Output>) {
        self.core.counters.malformed += 1;
        let Some(saved) = frame::salvage(bytes) else {
            self.core.counters.dropped += 1;
            return;
        };
        let refusal = refusal::Refusal {
            status: 400,
            reason: "Bad Request",
        };
        let is_invite = saved.method == "INVITE";
        out.push(Output::Send {
            route,
            bytes: refuse_salvaged(&saved, refusal).into(),
        });
        if is_invite {
            self.core.counters.refused += 1;
            out.push(Output::Event(Event::Refused {
                status: 400,
                why: RefusedWhy::Malformed,
                trunk: self.core.trunk_id_at(route.remote.ip()),
                from_user: String::new(),
                request_user: String::new(),
            }));
        }
    }

    /// Counts and reports an INVITE that was refused at once.
    pub(crate) fn report_refused(
        &mut self,
        message: &Message<'_>,
        route: &Route,
        (status, why): (u16, RefusedWhy),
        out: &mut Vec<Output>,
    ) {
        self.core.counters.refused += 1;
        out.push(Output::Event(Event::Refused {
            status,
            why,
            trunk: self.core.trunk_id_at(route.remote.ip()),
            from_user: message.from().ok().map(|it| user_of(&it.uri)).unwrap_or_default(),
            request_user: message
                .request_uri()
                .ok()
                .map(|it| user_of(&it))
                .unwrap_or_default(),
        }));
    }

    fn receive_response(&mut self, now: Now, message: &Message<'_>, out: &mut Vec<Output>) {
        let Some((id, user, upcall)) = self.core.layer.receive_response(now, message, out) else {
            return;
        };
        if self.sessions.contains_key(&user.session) {
            self.with(user.session, |session, core| {
                session.receive_response(core, now, (id, user, upcall), Some(message), out);
            });
            return;
        }
        let is_success = message
            .status()
            .is_some_and(|status| (200..300).contains(&status));
        if is_success && matches!(user.purpose, Purpose::Invite | Purpose::Reinvite) {
            end_fork(&mut self.core, now, id, message, out);
        }
    }

    fn receive_request(
        &mut self,
        now: Now,
        route: Route,
        (message, bytes): (&Message<'_>, &[u8]),
        out: &mut Vec<Output>,
    ) {
        match self.core.layer.receive_request(now, message, out) {
            Matched::Absorbed => return,
            Matched::Merged => {
                self.core
                    .reply_stateless(message, &route, (482, |_: &mut Writer| ()), out);
                return self.report_refused(message, &route, (482, RefusedWhy::Loop), out);
            }
            Matched::New => (),
        }
        let method = message.method().copied().unwrap_or(Method::Options);
        if method == Method::Cancel {
            return self.receive_cancel(now, route, message, out);
        }
        let is_in_dialog = message.to().is_ok_and(|to| to.tag().is_some());
        if method == Method::Ack {
            return self.receive_ack(now, message, out);
        }
        let unsupported = unsupported(message);
        if !unsupported.is_empty() {
            let fill = |writer: &mut Writer| {
                writer.header(HeaderName::Unsupported, &unsupported);
            };
            self.core.reply_stateless(message, &route, (420, fill), out);
            if method == Method::Invite && !is_in_dialog {
                self.report_refused(message, &route, (420, RefusedWhy::Unsupported), out);
            }
            return;
        }
        if is_in_dialog {
            return self.receive_in_dialog(now, route, (message, bytes), out);
        }
        match method {
            Method::Invite => self.receive_invite(now, route, (message, bytes), out),
            Method::Register => self.receive_register(now, route, message, out),
            // They mean a dialog, and there is none.
            Method::Bye | Method::Info | Method::Update | Method::Prack | Method::Notify => {
                self.core
                    .reply_stateless(message, &route, (481, |_: &mut Writer| ()), out);
            }
            _ => {
                let status = capability_status(message);
                let fill = |writer: &mut Writer| push_capabilities(writer, status);
                self.core.reply_stateless(message, &route, (status, fill), out);
            }
        }
    }

    fn receive_in_dialog(
        &mut self,
        now: Now,
        route: Route,
        (message, bytes): (&Message<'_>, &[u8]),
        out: &mut Vec<Output>,
    ) {
        let Some(id) = self.find_session(message) else {
            return self
                .core
                .reply_stateless(message, &route, (481, |_: &mut Writer| ()), out);
        };
        let back = render::response_route(message, route);
        let transaction = self.core.layer.accept(message, back, Some(id));
        self.with(id, |session, core| {
            session.receive(core, now, (message, bytes), (transaction, route), out);
        });
    }

    fn receive_ack(&mut self, now: Now, message: &Message<'_>, out: &mut Vec<Output>) {
        match self.find_session(message) {
            Some(id) => self.with(id, |session, core| session.acknowledged(core, now, message, out)),
            None => self.core.counters.dropped += 1,
        }
    }

    fn receive_cancel(&mut self, now: Now, route: Route, message: &Message<'_>, out: &mut Vec<Output>) {
        let Some((_, is_final, session)) = self.core.layer.find_cancelled(message) else {
            return self
                .core
                .reply_stateless(message, &route, (481, |_: &mut Writer| ()), out);
        };
        let tag = session
            .and_then(|id| self.sessions.get(&id))
            .map(|it| tag_text(it.dialog.local_tag));
        match tag {
            Some(tag) => {
                let bytes = render::start_response(message, &route, 200, Some(&tag)).finish_shared();
                out.push(Output::Send {
                    route: render::response_route(message, route),
                    bytes,
                });
            }
            None => self
                .core
                .reply_stateless(message, &route, (200, |_: &mut Writer| ()), out),
        }
        if let Some(id) = session.filter(|_| !is_final) {
            self.with(id, |session, core| session.cancelled(core, now, out));
        }
    }

    /// The session whose dialog a request names with all three parts.
    fn find_session(&self, message: &Message<'_>) -> Option<SessionId> {
        let tag = parse_tag(message.to().ok()?.tag()?)?;
        let id = *self.core.tags.get(&tag)?;
        let session = self.sessions.get(&id)?;
        session.dialog.matches(message).then_some(id)
    }
}

/// The user part of a URI, decoded; the number of a tel URI.
pub(crate) fn user_of(uri: &Uri<'_>) -> String {
    uri.user_decoded()
        .map(std::borrow::Cow::into_owned)
        .unwrap_or_default()
}

/// The extensions that a request requires and we lack, as `Unsupported` lists them.
fn unsupported(message: &Message<'_>) -> String {
    let required = message
        .tokens(HeaderName::Require)
        .chain(message.tokens(HeaderName::ProxyRequire));
    let lacking = required.filter(|tag| !SUPPORTED.iter().any(|known| known.eq_ignore_ascii_case(tag)));
    lacking.collect::<Vec<_>>().join(", ")
}
