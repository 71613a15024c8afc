//! SIP, SIPS and tel URIs, and the shape of every other.
//!
//! **Invariants.** A [`Uri`] borrows the text it was read from and prints exactly that text.
//!
//! **Not here.** Telephone numbers: `base::phone_number`. Name resolution: the shell.
//!
//! **Source.** RFC 3261 §19.1, §25.1; RFC 3966 for `tel`; RFC 5118 for IPv6 references.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

use crate::sip::message::ParseError;

/// The scheme of a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme<'a> {
    /// `sip`.
    Sip,
    /// `sips`.
    Sips,
    /// `tel`.
    Tel,
    /// Any other, as sent.
    Other(&'a str),
}

/// A host: a name or a literal address.
#[derive(Clone, Copy, Debug)]
pub enum Host<'a> {
    /// A domain name as sent; empty in a URI without a host.
    Name(&'a str),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, in brackets on the wire.
    V6(Ipv6Addr),
}

impl Host<'_> {
    /// The literal address, if it is one.
    pub const fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::V4(ip) => Some(IpAddr::V4(*ip)),
            Self::V6(ip) => Some(IpAddr::V6(*ip)),
        }
    }
}

impl PartialEq for Host<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(one), Self::Name(two)) => one.eq_ignore_ascii_case(two),
            (Self::V4(one), Self::V4(two)) => one == two,
            (Self::V6(one), Self::V6(two)) => one == two,
            _ => false,
        }
    }
}

impl Eq for Host<'_> {}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(ip) => write!(f, "{ip}"),
            Self::V6(ip) => write!(f, "[{ip}]"),
        }
    }
}

/// A URI, read in place.
#[derive(Clone, Copy, Debug)]
pub struct Uri<'a> {
    /// The whole URI as sent.
    raw: &'a str,
    /// The scheme.
    pub scheme: Scheme<'a>,
    /// The user part as sent, escapes included; the number of a `tel` URI.
    pub user: Option<&'a str>,
    /// The password as sent.
    pub password: Option<&'a str>,
    /// The host; an empty name for `tel` and unknown schemes.
    pub host: Host<'a>,
    /// The port, if one was written.
    pub port: Option<u16>,
    /// The parameters as sent, without the first `;`.
    params: &'a str,
    /// The headers as sent, without the `?`.
    pub headers: Option<&'a str>,
}

impl<'a> Uri<'a> {
    /// Reads a URI; the text must be the URI and nothing else.
    ///
    /// # Errors
    /// [`ParseError::Uri`]: no scheme, a character no URI may carry, or a broken host, port or parameter.
    pub fn parse(raw: &'a str) -> Result<Self, ParseError> {
        let (scheme, rest) = raw.split_once(':').ok_or(ParseError::Uri)?;
        let first_is_letter = scheme
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphabetic());
        if !first_is_letter || !scheme.bytes().all(is_scheme_byte) || raw.bytes().any(is_never_in_a_uri) {
            return Err(ParseError::Uri);
        }
        if scheme.eq_ignore_ascii_case("sip") {
            return Self::parse_sip(raw, Scheme::Sip, rest);
        }
        if scheme.eq_ignore_ascii_case("sips") {
            return Self::parse_sip(raw, Scheme::Sips, rest);
        }
        if scheme.eq_ignore_ascii_case("tel") {
            return Self::parse_tel(raw, rest);
        }
        if rest.is_empty() {
            return Err(ParseError::Uri);
        }
        Ok(Self {
            scheme: Scheme::Other(scheme),
            ..Self::bare(raw)
        })
    }

    const fn bare(raw: &'a str) -> Self {
        let (user, password, port, headers) = (None, None, None, None);
        Self {
            raw,
            scheme: Scheme::Sip,
            user,
            password,
            host: Host::Name(""),
            port,
            params: "",
            headers,
        }
    }

    fn parse_sip(raw: &'a str, scheme: Scheme<'a>, rest: &'a str) -> Result<Self, ParseError> {
        let (user_info, rest) = rest
            .split_once('@')
            .map_or((None, rest), |(user, rest)| (Some(user), rest));
        let (user, password) = match user_info {
            Some(info) => {
                let (user, password) = info
                    .split_once(':')
                    .map_or((info, None), |(user, word)| (user, Some(word)));
                if user.is_empty() {
                    return Err(ParseError::Uri);
                }
                (Some(user), password)
            }
            None => (None, None),
        };
        let (rest, headers) = rest
            .split_once('?')
            .map_or((rest, None), |(rest, headers)| (rest, Some(headers)));
        let (host_port, params) = rest.split_once(';').unwrap_or((rest, ""));
        let has_params = host_port.len() < rest.len();
        if has_params && !params.split(';').all(is_uri_param) || headers == Some("") {
            return Err(ParseError::Uri);
        }
        if params.contains('@') || headers.is_some_and(|headers| headers.contains(['@', ';'])) {
            return Err(ParseError::Uri);
        }
        let (host, port) = parse_host_port(host_port).ok_or(ParseError::Uri)?;
        Ok(Self {
            raw,
            scheme,
            user,
            password,
            host,
            port,
            params,
            headers,
        })
    }

    fn parse_tel(raw: &'a str, rest: &'a str) -> Result<Self, ParseError> {
        let (number, params) = rest.split_once(';').unwrap_or((rest, ""));
        let is_number_byte = |byte: u8| {
            byte.is_ascii_hexdigit() || matches!(byte, b'+' | b'-' | b'.' | b'(' | b')' | b'*' | b'#')
        };
        let has_params = number.len() < rest.len();
        if number.is_empty() || !number.bytes().all(is_number_byte) {
            return Err(ParseError::Uri);
        }
        if has_params && !params.split(';').all(is_uri_param) {
            return Err(ParseError::Uri);
        }
        Ok(Self {
            scheme: Scheme::Tel,
            user: Some(number),
            params,
            ..Self::bare(raw)
        })
    }

    /// The URI as sent.
    pub const fn as_str(&self) -> &'a str {
        self.raw
    }

    /// The user part with escapes decoded; bytes that are not UTF-8 become U+FFFD.
    pub fn user_decoded(&self) -> Option<Cow<'a, str>> {
        self.user.map(decode)
    }

    /// The value of a URI parameter; a flag has the value `""`. Case of names is ignored.
    pub fn param(&self, name: &str) -> Option<&'a str> {
        self.params()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.unwrap_or(""))
    }

    /// Each URI parameter's name and value in order, as sent; `None` is a flag.
    pub fn params(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + use<'a> {
        self.params
            .split(';')
            .filter(|param| !param.is_empty())
            .map(split_pair)
    }

    /// Whether the request of this URI may skip strict routing: the `lr` parameter. Source: RFC 3261 §19.1.1.
    pub fn is_loose_router(&self) -> bool {
        self.param("lr").is_some()
    }

    /// Whether two URIs mean the same resource. Source: RFC 3261 §19.1.4; other schemes compare as text.
    pub fn equivalent(&self, other: &Uri<'_>) -> bool {
        match (self.scheme, other.scheme) {
            (Scheme::Sip, Scheme::Sip) | (Scheme::Sips, Scheme::Sips) => self.equivalent_sip(other),
            (Scheme::Tel, Scheme::Tel) => {
                let digits = |text: &str| -> String {
                    text.chars()
                        .filter(|it| !matches!(it, '-' | '.' | '(' | ')'))
                        .map(|it| it.to_ascii_lowercase())
                        .collect()
                };
                digits(self.user.unwrap_or("")) == digits(other.user.unwrap_or(""))
                    && same_params(self, other, &[])
            }
            (Scheme::Other(_), Scheme::Other(_)) => self.raw == other.raw,
            _ => false,
        }
    }

    fn equivalent_sip(&self, other: &Uri<'_>) -> bool {
        let sticky = ["user", "ttl", "method", "maddr", "transport"];
        self.user.map(decode) == other.user.map(decode)
            && self.password.map(decode) == other.password.map(decode)
            && self.host == other.host
            && self.port == other.port
            && same_params(self, other, &sticky)
            && same_headers(self.headers, other.headers)
    }
}

impl fmt::Display for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.raw)
    }
}

impl PartialEq for Uri<'_> {
    /// The same text; [`Uri::equivalent`] compares meaning.
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl Eq for Uri<'_> {}

/// Reads `host[:port]`; white space around the colon is the caller's to trim. `None`: not that.
pub fn parse_host_port(text: &str) -> Option<(Host<'_>, Option<u16>)> {
    let (host, tail) = if let Some(inner) = text.strip_prefix('[') {
        let (address, tail) = inner.split_once(']')?;
        (Host::V6(address.parse().ok()?), tail)
    } else {
        let end = text.find(':').unwrap_or(text.len());
        let (name, tail) = text.split_at_checked(end)?;
        (parse_host_name(name.trim_ascii_end())?, tail)
    };
    let tail = tail.trim_ascii_start();
    if tail.is_empty() {
        return Some((host, None));
    }
    let port = tail.strip_prefix(':')?.trim_ascii();
    if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((host, Some(port.parse().ok()?)))
}

/// Reads a literal address, with or without brackets: the form of `received`. `None`: not that.
pub fn parse_ip(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|inner| inner.strip_suffix(']'))
        .unwrap_or(text);
    bare.parse().ok()
}

fn parse_host_name(name: &str) -> Option<Host<'_>> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if name.is_empty() || !name.bytes().all(good) {
        return None;
    }
    let looks_like_ip = name.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    if looks_like_ip && let Ok(ip) = name.parse() {
        return Some(Host::V4(ip));
    }
    Some(Host::Name(name))
}

/// Decodes `%XX`; what is no escape stays as it is.
pub fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let escape = match after {
            [high, low, tail @ ..] if *byte == b'%' => hex(*high).zip(hex(*low)).map(|pair| (pair, tail)),
            _ => None,
        };
        let (decoded, tail) = escape.map_or((*byte, after), |((high, low), tail)| ((high << 4) | low, tail));
        out.push(decoded);
        rest = tail;
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

const fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

const fn is_scheme_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

const fn is_never_in_a_uri(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b'<' | b'>' | b'"' | 0x7f)
}

fn is_uri_param(param: &str) -> bool {
    let (name, value) = split_pair(param);
    !name.is_empty() && value != Some("")
}

fn split_pair(param: &str) -> (&str, Option<&str>) {
    param
        .split_once('=')
        .map_or((param, None), |(name, value)| (name, Some(value)))
}

fn same_params(one: &Uri<'_>, two: &Uri<'_>, sticky: &[&str]) -> bool {
    let agrees = |one: &Uri<'_>, two: &Uri<'_>| {
        one.params().all(|(name, value)| match two.param(&decode(name)) {
            Some(found) => decode(found).eq_ignore_ascii_case(&decode(value.unwrap_or(""))),
            None => !sticky.iter().any(|it| it.eq_ignore_ascii_case(name)),
        })
    };
    agrees(one, two) && agrees(two, one)
}

fn same_headers(one: Option<&str>, two: Option<&str>) -> bool {
    let sorted = |headers: Option<&str>| {
        let mut pairs: Vec<String> = headers
            .unwrap_or("")
            .split('&')
            .map(|it| decode(it).to_ascii_lowercase())
            .collect();
        pairs.sort_unstable();
        pairs
    };
    (one.is_none() && two.is_none()) || sorted(one) == sorted(two)
}

#[cfg(test)]
#[path = "uri_test.rs"]
mod tests;
