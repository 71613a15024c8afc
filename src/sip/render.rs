//! The messages that follow from another message: responses, the ACK of a refusal, CANCEL; and where responses go.
//!
//! **Invariants.** A response carries the `Via` lines of its request, the topmost stamped with the source.
//!
//! **Not here.** Requests inside a dialog (`dialog`), bytes and escaping (`write`).
//!
//! **Source.** RFC 3261 §8.2.6, §9.1, §17.1.1.3, §18.2; RFC 3581 §4.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::sip::endpoint::Route;
use crate::sip::endpoint::Transport;
use crate::sip::header::HeaderName;
use crate::sip::message::Message;
use crate::sip::message::StartLine;
use crate::sip::scan::find_outside;
use crate::sip::scan::unfold;
use crate::sip::via::MAGIC_COOKIE;
use crate::sip::write::Writer;
use crate::sip::write::reason_phrase;

/// The number in a branch that we made; `None` for the branches of others.
pub(crate) fn parse_branch(branch: &str) -> Option<u64> {
    let digits = branch
        .get(MAGIC_COOKIE.len()..)
        .filter(|digits| digits.len() == 16)?;
    u64::from_str_radix(digits, 16).ok()
}

/// The transport's name in a `Via`.
pub(crate) fn transport_name(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "UDP",
        Transport::Tcp => "TCP",
    }
}

/// Starts a response to `request`, which came over `source`; `tag` is added to a `To` without one.
pub(crate) fn start_response(
    request: &Message<'_>,
    source: &Route,
    status: u16,
    tag: Option<&str>,
) -> Writer {
    let mut writer = Writer::response(status, reason_phrase(status));
    for (at, via) in request.headers(HeaderName::Via).enumerate() {
        if at == 0 {
            writer.header(HeaderName::Via, stamp_via(request, via, source));
        } else {
            writer.header_bytes(HeaderName::Via, via);
        }
    }
    writer.copy_header(request, HeaderName::From);
    let is_tagged = request.to().is_ok_and(|to| to.tag().is_some());
    match (request.text(HeaderName::To), tag) {
        (Some(to), Some(tag)) if !is_tagged => writer.header(HeaderName::To, format_args!("{to};tag={tag}")),
        _ => writer.copy_header(request, HeaderName::To),
    };
    writer
        .copy_header(request, HeaderName::CallId)
        .copy_header(request, HeaderName::CSeq);
    if status == 100 {
        writer.copy_header(request, HeaderName::Timestamp);
    }
    writer
}

/// The first `Via` line with `received` and `rport` in its first element.
fn stamp_via(request: &Message<'_>, line: &[u8], source: &Route) -> String {
    let line = unfold(line);
    let line = String::from_utf8_lossy(&line);
    let end = find_outside(&line, b',').ok().flatten().unwrap_or(line.len());
    let (item, rest) = line.split_at_checked(end).unwrap_or((&line, ""));
    let remote = canonical(source.remote.ip());
    let mut pieces = item.split(';');
    let mut stamped = String::with_capacity(line.len() + 48);
    stamped.push_str(pieces.next().unwrap_or_default().trim_end());
    let mut asked = false;
    for piece in pieces {
        let name = piece.split('=').next().unwrap_or_default().trim();
        if name.eq_ignore_ascii_case("rport") {
            asked = true;
            let _ = write!(stamped, ";rport={}", source.remote.port());
        } else if !name.eq_ignore_ascii_case("received") {
            stamped.push(';');
            stamped.push_str(piece);
        }
    }
    let is_other_host = request
        .top_via()
        .is_ok_and(|via| via.host.ip().map(canonical) != Some(remote));
    if asked || is_other_host {
        let _ = write!(stamped, ";received={remote}");
    }
    stamped.push_str(rest);
    stamped
}

/// Where responses to a request go: back to its source, or to the port that its `Via` names when it did not ask for
/// `rport` and its address is not translated.
pub(crate) fn response_route(request: &Message<'_>, source: Route) -> Route {
    let Ok(via) = request.top_via() else {
        return source;
    };
    let is_direct = via.host.ip().map(canonical) == Some(canonical(source.remote.ip()));
    if source.transport == Transport::Tcp || via.rport().is_some() || !is_direct {
        return source;
    }
    Route {
        remote: SocketAddr::new(source.remote.ip(), via.port.unwrap_or(5060)),
        ..source
    }
}

/// An IPv4 address that a dual-stack socket wrapped, unwrapped.
pub(crate) fn canonical(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

/// The ACK of a refused INVITE: the same `Via`, `Route` and CSeq number, the `To` of the refusal.
pub(crate) fn ack_of_refusal(invite: &[u8], response: &Message<'_>) -> Option<Arc<[u8]>> {
    let invite = Message::parse(invite).ok()?;
    let mut writer = start_twin(&invite, "ACK")?;
    writer.copy_header(response, HeaderName::To);
    finish_twin(writer, &invite, "ACK", None)
}

/// The CANCEL of an INVITE. Source: RFC 3261 §9.1; RFC 3326 for the reason.
pub(crate) fn cancel_of(invite: &[u8], reason: Option<&str>) -> Option<Arc<[u8]>> {
    let invite = Message::parse(invite).ok()?;
    let mut writer = start_twin(&invite, "CANCEL")?;
    writer.copy_header(&invite, HeaderName::To);
    finish_twin(writer, &invite, "CANCEL", reason)
}

fn start_twin(invite: &Message<'_>, method: &str) -> Option<Writer> {
    let StartLine::Request { uri, .. } = invite.start() else {
        return None;
    };
    let mut writer = Writer::request(method, str::from_utf8(uri).ok()?);
    writer.header_bytes(HeaderName::Via, invite.header(HeaderName::Via)?);
    writer.header(HeaderName::MaxForwards, 70);
    writer
        .copy_header(invite, HeaderName::Route)
        .copy_header(invite, HeaderName::From);
    Some(writer)
}

fn finish_twin(
    mut writer: Writer,
    invite: &Message<'_>,
    method: &str,
    reason: Option<&str>,
) -> Option<Arc<[u8]>> {
    let number = invite.cseq().ok()?.number;
    writer.copy_header(invite, HeaderName::CallId);
    writer.header(HeaderName::CSeq, format_args!("{number} {method}"));
    if let Some(reason) = reason {
        writer.header(HeaderName::Reason, reason);
    }
    Some(writer.finish_shared())
}

/// The value of a `Reason` header for a Q.850 cause. Source: RFC 3326 §2.
pub(crate) fn q850_reason((cause, text): (u8, &str)) -> String {
    let text = text.replace(['"', '\\'], "'");
    format!("Q.850;cause={cause};text=\"{text}\"")
}
