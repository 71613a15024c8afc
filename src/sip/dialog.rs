//! A dialog: the two ends, the route between them, and the order of requests.
//!
//! Driven by the sessions.
//!
//! **Invariants.** The local tag is 64 random bits of ours, so that it alone finds the session; Call-ID and remote tag
//! are compared all the same. The local CSeq grows by one with every request but ACK.
//!
//! **Not here.** The INVITE session that lives in it (`session`), early dialogs of forks (`session::uac`).
//!
//! **Source.** RFC 3261 §12; the learned flow after RFC 5626 and OpenSIPS' experience with contacts behind NAT.

use std::net::IpAddr;
use std::net::SocketAddr;

use crate::sip::endpoint::Route;
use crate::sip::endpoint::Transport;
use crate::sip::header::HeaderName;
use crate::sip::message::Message;
use crate::sip::name_addr::Contact;
use crate::sip::name_addr::NameAddr;
use crate::sip::render::canonical;
use crate::sip::render::transport_name;
use crate::sip::uri::Uri;
use crate::sip::write::Writer;

/// Most elements of a route set that are kept.
const ROUTES_MAX: usize = 16;

/// How the next hop of a request is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hop {
    /// Where the peer's last request came from: phones, whose contacts lie behind address translation.
    Learned,
    /// What the route set or the contact says: trunks.
    Computed,
}

/// One dialog, also while its other tag is unknown.
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    pub(crate) call_id: Box<str>,
    pub(crate) local_tag: u64,
    /// Empty until known, and for RFC 2543 peers.
    pub(crate) remote_tag: Box<str>,
    /// Our `From` in requests, tag included.
    pub(crate) local: Box<str>,
    /// Our `To` in requests, tag included once known.
    pub(crate) remote: Box<str>,
    pub(crate) local_cseq: u32,
    pub(crate) remote_cseq: Option<u32>,
    pub(crate) routes: Box<[Box<str>]>,
    pub(crate) target: Box<str>,
    pub(crate) route: Route,
    pub(crate) hop: Hop,
    /// Whether the Call-ID is ours, which decides who waits longer after a 491.
    pub(crate) is_caller: bool,
}

/// A tag on the wire.
pub(crate) fn tag_text(tag: u64) -> String {
    format!("{tag:016x}")
}

/// The tag of ours that a text is, if it can be one.
pub(crate) fn parse_tag(text: &str) -> Option<u64> {
    if text.len() == 16 {
        u64::from_str_radix(text, 16).ok()
    } else {
        None
    }
}

impl Dialog {
    /// The dialog of an INVITE that we received. `None`: the message lacks what `validate` demands.
    pub(crate) fn from_request(
        request: &Message<'_>,
        route: Route,
        local_tag: u64,
        hop: Hop,
    ) -> Option<Self> {
        let from = request.from().ok()?;
        let to = request.text(HeaderName::To)?;
        Some(Self {
            call_id: Box::from(request.call_id().ok()?),
            local_tag,
            remote_tag: Box::from(from.tag().unwrap_or_default()),
            local: format!("{to};tag={}", tag_text(local_tag)).into(),
            remote: Box::from(&*request.text(HeaderName::From)?),
            local_cseq: 0,
            remote_cseq: Some(request.cseq().ok()?.number),
            routes: route_set(request, false),
            target: contact_of(request).unwrap_or_else(|| Box::from(from.uri.as_str())),
            route,
            hop,
            is_caller: false,
        })
    }

    /// The dialog that a 2xx to an INVITE of ours made, from nothing but the response: for forks and strays.
    pub(crate) fn from_response(response: &Message<'_>, route: Route) -> Option<Self> {
        let to = response.to().ok()?;
        let mut dialog = Self {
            call_id: Box::from(response.call_id().ok()?),
            local_tag: 0,
            remote_tag: Box::default(),
            local: Box::from(&*response.text(HeaderName::From)?),
            remote: Box::default(),
            local_cseq: response.cseq().ok()?.number,
            remote_cseq: None,
            routes: Box::default(),
            target: Box::from(to.uri.as_str()),
            route,
            hop: Hop::Computed,
            is_caller: true,
        };
        dialog.establish(response);
        Some(dialog)
    }

    /// Takes the other end's tag, route set and target from a response to our INVITE. Source: RFC 3261 §12.1.2.
    pub(crate) fn establish(&mut self, response: &Message<'_>) {
        if let (Ok(to), Some(text)) = (response.to(), response.text(HeaderName::To)) {
            self.remote_tag = Box::from(to.tag().unwrap_or_default());
            self.remote = Box::from(&*text);
        }
        self.routes = route_set(response, true);
        self.refresh_target(response);
    }

    /// Takes a new target from a message that refreshes it. Source: RFC 3261 §12.2.
    pub(crate) fn refresh_target(&mut self, message: &Message<'_>) {
        if let Some(contact) = contact_of(message) {
            self.target = contact;
        }
    }

    /// Whether a request belongs to this dialog. Source: RFC 3261 §12.2.2.
    pub(crate) fn matches(&self, request: &Message<'_>) -> bool {
        let from = request.from();
        let tag = from.as_ref().ok().and_then(NameAddr::tag).unwrap_or_default();
        request.call_id().is_ok_and(|id| id == &*self.call_id) && tag == &*self.remote_tag
    }

    /// Checks and takes the CSeq of a request; whether it is newer than every one before.
    pub(crate) fn advance_remote(&mut self, number: u32) -> bool {
        let is_newer = self.remote_cseq.is_none_or(|last| last < number);
        if is_newer {
            self.remote_cseq = Some(number);
        }
        is_newer
    }

    /// The CSeq of the next request.
    pub(crate) fn next_cseq(&mut self) -> u32 {
        self.local_cseq = self.local_cseq.wrapping_add(1);
        self.local_cseq
    }

    /// Where the next request goes.
    pub(crate) fn next_hop(&self) -> Route {
        if self.hop == Hop::Learned {
            return self.route;
        }
        let first = self
            .routes
            .first()
            .map(|value| NameAddr::parse(value).map(|it| it.uri));
        match first.unwrap_or_else(|| Uri::parse(&self.target)) {
            Ok(uri) => hop_of(&uri, self.route),
            Err(_) => self.route,
        }
    }

    /// Starts a request of this dialog; `cseq` is its number. Source: RFC 3261 §12.2.1.1.
    pub(crate) fn start_request(&self, method: &str, cseq: u32, branch: u64, host: SocketAddr) -> Writer {
        let first_is_strict = self
            .routes
            .first()
            .filter(|value| NameAddr::parse(value).is_ok_and(|it| !it.uri.is_loose_router()));
        let strict = first_is_strict
            .and_then(|value| NameAddr::parse(value).ok())
            .map(|it| it.uri.as_str());
        let mut writer = Writer::request(method, strict.unwrap_or(&self.target));
        let transport = transport_name(self.next_hop().transport);
        writer.header(
            HeaderName::Via,
            format_args!("SIP/2.0/{transport} {host};rport;branch=z9hG4bK{branch:016x}"),
        );
        writer.header(HeaderName::MaxForwards, 70);
        for route in self.routes.iter().skip(usize::from(strict.is_some())) {
            writer.header(HeaderName::Route, route);
        }
        if strict.is_some() {
            writer.header(HeaderName::Route, format_args!("<{}>", self.target));
        }
        writer
            .header(HeaderName::From, &self.local)
            .header(HeaderName::To, &self.remote);
        writer.header(HeaderName::CallId, &self.call_id);
        writer.header(HeaderName::CSeq, format_args!("{cseq} {method}"));
        writer
    }
}

/// The next hop that a URI names, seen from a flow that reached us. A name, or a private address announced from a
/// public one, leads back over the flow.
fn hop_of(uri: &Uri<'_>, flow: Route) -> Route {
    let source = canonical(flow.remote.ip());
    let Some(ip) = uri.host.ip().map(canonical) else {
        return flow;
    };
    if ip.is_unspecified() || is_private(ip) && !is_private(source) {
        return flow;
    }
    let is_tcp = uri
        .param("transport")
        .is_some_and(|it| it.eq_ignore_ascii_case("tcp"));
    if flow.transport == Transport::Tcp && ip == source {
        return flow;
    }
    let transport = if is_tcp { Transport::Tcp } else { Transport::Udp };
    Route {
        transport,
        remote: SocketAddr::new(ip, uri.port.unwrap_or(5060)),
        connection: 0,
        ..flow
    }
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local() || matches!(ip.octets(), [100, 64..=127, ..]),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

fn contact_of(message: &Message<'_>) -> Option<Box<str>> {
    match message.contacts().next()?.ok()? {
        Contact::Address(address) => Some(Box::from(address.uri.as_str())),
        Contact::Star => None,
    }
}

fn route_set(message: &Message<'_>, reversed: bool) -> Box<[Box<str>]> {
    let items = message
        .items(HeaderName::RecordRoute)
        .filter_map(Result::ok)
        .take(ROUTES_MAX);
    let mut routes: Vec<Box<str>> = items.map(Box::from).collect();
    if reversed {
        routes.reverse();
    }
    routes.into_boxed_slice()
}

#[cfg(test)]
#[path = "dialog_test.rs"]
mod tests;
