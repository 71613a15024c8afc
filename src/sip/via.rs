//! The `Via` header: where a response goes back.
//!
//! **Invariants.** One [`Via`] is one element of the list; it borrows the message.
//!
//! **Not here.** Where to send: the endpoint decides from `received`, `rport` and the source address.
//!
//! **Source.** RFC 3261 §18.2, §20.42; RFC 3581; RFC 5118 §4.5 for `received` with an IPv6 address.

use std::net::IpAddr;

use crate::sip::message::ParseError;
use crate::sip::scan::Params;
use crate::sip::scan::is_lws;
use crate::sip::scan::is_token;
use crate::sip::scan::trim_lws;
use crate::sip::uri::Host;
use crate::sip::uri::parse_host_port;
use crate::sip::uri::parse_ip;

/// What a branch of RFC 3261 starts with.
pub const MAGIC_COOKIE: &str = "z9hG4bK";

/// One element of a `Via` list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Via<'a> {
    /// The protocol version, `2.0` for everything we speak.
    pub version: &'a str,
    /// The transport as sent, `UDP` for instance; compared without case.
    pub transport: &'a str,
    /// The host of sent-by.
    pub host: Host<'a>,
    /// The port of sent-by, if one was written.
    pub port: Option<u16>,
    /// The parameters.
    pub params: Params<'a>,
}

impl<'a> Via<'a> {
    /// Reads one element.
    ///
    /// # Errors
    /// [`ParseError::Via`]: no protocol, sent-by or a broken parameter.
    pub fn parse(text: &'a str) -> Result<Self, ParseError> {
        Self::read(trim_lws(text)).ok_or(ParseError::Via)
    }

    fn read(text: &'a str) -> Option<Self> {
        let (name, rest) = text.split_once('/')?;
        let (version, rest) = rest.split_once('/')?;
        let (name, version, rest) = (trim_lws(name), trim_lws(version), rest.trim_start_matches(is_lws));
        let (transport, rest) = rest.split_once(is_lws)?;
        if !name.eq_ignore_ascii_case("SIP") || !is_token(version) || !is_token(transport) {
            return None;
        }
        let end = rest.find(';').unwrap_or(rest.len());
        let (sent_by, params) = rest.split_at_checked(end)?;
        let (host, port) = parse_host_port(trim_lws(sent_by))?;
        Some(Self {
            version,
            transport,
            host,
            port,
            params: Params::parse_tail(params).ok()?,
        })
    }

    /// The branch as sent.
    pub fn branch(&self) -> Option<&'a str> {
        self.params.get("branch").filter(|branch| !branch.is_empty())
    }

    /// The branch when it identifies a transaction: the magic cookie and more behind it.
    /// `None`: match as RFC 2543 does. Source: RFC 3261 §17.2.3; RFC 4475 §3.2.1.
    pub fn transaction_branch(&self) -> Option<&'a str> {
        self.branch().filter(|branch| {
            branch.len() > MAGIC_COOKIE.len()
                && branch
                    .get(..MAGIC_COOKIE.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(MAGIC_COOKIE))
        })
    }

    /// The source address that the next hop saw.
    pub fn received(&self) -> Option<IpAddr> {
        self.params.get("received").and_then(parse_ip)
    }

    /// `None`: no `rport`; `Some(None)`: asked for; `Some(Some(port))`: filled in. Source: RFC 3581 §3, §4.
    pub fn rport(&self) -> Option<Option<u16>> {
        self.params.get("rport").map(|port| port.parse().ok())
    }

    /// The value of a parameter; a flag has the value `""`.
    pub fn param(&self, name: &str) -> Option<&'a str> {
        self.params.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_may_stand_between_the_parts() {
        let via =
            Via::parse("SIP  / 2.0  / TCP     spindle.example.com : 5070  ;\r\n  branch  =   z9hG4bK9ikj8")
                .unwrap();
        assert_eq!((via.version, via.transport, via.port), ("2.0", "TCP", Some(5070)));
        assert_eq!(via.host, Host::Name("spindle.example.com"));
        assert_eq!(via.transaction_branch(), Some("z9hG4bK9ikj8"));
        let folded = Via::parse("SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw").unwrap();
        assert_eq!(
            (folded.branch(), folded.transaction_branch()),
            (Some("390skdjuw"), None)
        );
    }

    #[test]
    fn received_is_read_with_and_without_brackets() {
        for text in ["received=[2001:db8::9:255]", "received=2001:db8::9:255"] {
            let line = format!("SIP/2.0/UDP [2001:db8::9:1]:6050;{text};branch=z9hG4bKas3");
            let via = Via::parse(&line).unwrap();
            assert_eq!(via.received(), Some("2001:db8::9:255".parse().unwrap()));
            assert_eq!(
                (via.host.ip(), via.port),
                (Some("2001:db8::9:1".parse().unwrap()), Some(6050))
            );
        }
    }

    #[test]
    fn rport_is_absent_asked_or_filled() {
        let rport = |tail: &str| Via::parse(&format!("SIP/2.0/UDP a{tail}")).unwrap().rport();
        assert_eq!(rport(""), None);
        assert_eq!(rport(";rport;branch=z9hG4bKa"), Some(None));
        assert_eq!(rport(";rport=5062"), Some(Some(5062)));
    }

    #[test]
    fn a_bare_cookie_identifies_nothing() {
        let via = Via::parse("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK").unwrap();
        assert_eq!((via.branch(), via.transaction_branch()), (Some("z9hG4bK"), None));
    }

    #[test]
    fn broken_elements_are_refused() {
        for bad in [
            "",
            "SIP/2.0/UDP",
            "SIP/2.0 a",
            "SIP/2.0/UDP 192.0.2.15;;",
            ";",
            "HTTP/1.1/TCP a",
            "SIP/2.0/UDP a b",
            "SIP/2.0/UDP a:b",
        ] {
            assert_eq!(Via::parse(bad), Err(ParseError::Via), "{bad}");
        }
    }
}
