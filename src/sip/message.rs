//! A SIP message, read in place: start line, header lines, body; typed headers on demand.
//!
//! ```text
//! datagram ─▶ parse ─▶ Message ─▶ validate ─▶ Ok, or Refusal { status, reason }
//!                └────▶ ParseError ─▶ salvage: enough to answer 400
//! stream   ─▶ frame_stream ─▶ Incomplete │ KeepAlive │ Message(length) ─▶ parse
//! ```
//!
//! **Invariants.** Any bytes give a value, never a panic. A [`Message`] borrows its datagram and allocates one list. The
//! syntax of a header is looked at only when it is asked for, or by [`Message::validate`]. Bodies are bytes.
//!
//! **Not here.** What a request may do (405, 420, 415): `endpoint.rs`. Reading sockets: `io/sip`.
//!
//! **Source.** RFC 3261 §7, §20; RFC 4475; RFC 5118.

use std::borrow::Cow;

use crate::base::limits::SIP_HEADERS_MAX;
use crate::base::limits::SIP_MESSAGE_BYTES_MAX;
pub use crate::sip::frame::Framed;
pub use crate::sip::frame::Salvaged;
pub use crate::sip::frame::frame_stream;
pub use crate::sip::frame::salvage;
use crate::sip::frame::skip_line_breaks;
use crate::sip::frame::take_header;
use crate::sip::frame::take_line;
use crate::sip::header::CSeq;
use crate::sip::header::ContentType;
use crate::sip::header::HeaderName;
use crate::sip::header::parse_number;
use crate::sip::header::parse_seconds;
use crate::sip::name_addr::Contact;
use crate::sip::name_addr::NameAddr;
pub use crate::sip::refusal::ParseError;
pub use crate::sip::refusal::Refusal;
use crate::sip::scan::ListItems;
use crate::sip::scan::is_token;
use crate::sip::scan::is_token_byte;
use crate::sip::scan::trim_lws;
use crate::sip::scan::unfold;
use crate::sip::uri::Uri;
use crate::sip::via::Via;

/// Room for the header lines of a usual message, so that reading one allocates once.
const HEADERS_USUAL: usize = 32;

/// A request method; names are case-sensitive. Source: RFC 3261 §7.1 and the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the method of its name")]
pub enum Method<'a> {
    Invite,
    Ack,
    Bye,
    Cancel,
    Options,
    Register,
    Info,
    Update,
    Prack,
    Refer,
    Notify,
    Subscribe,
    Message,
    Publish,
    /// Any other token.
    Other(&'a str),
}

impl<'a> Method<'a> {
    /// The method of this name; the caller has seen that it is a token.
    pub fn from_name(name: &'a str) -> Self {
        match name {
            "INVITE" => Self::Invite,
            "ACK" => Self::Ack,
            "BYE" => Self::Bye,
            "CANCEL" => Self::Cancel,
            "OPTIONS" => Self::Options,
            "REGISTER" => Self::Register,
            "INFO" => Self::Info,
            "UPDATE" => Self::Update,
            "PRACK" => Self::Prack,
            "REFER" => Self::Refer,
            "NOTIFY" => Self::Notify,
            "SUBSCRIBE" => Self::Subscribe,
            "MESSAGE" => Self::Message,
            "PUBLISH" => Self::Publish,
            other => Self::Other(other),
        }
    }

    /// The name on the wire.
    pub const fn as_str(&self) -> &'a str {
        match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Options => "OPTIONS",
            Self::Register => "REGISTER",
            Self::Info => "INFO",
            Self::Update => "UPDATE",
            Self::Prack => "PRACK",
            Self::Refer => "REFER",
            Self::Notify => "NOTIFY",
            Self::Subscribe => "SUBSCRIBE",
            Self::Message => "MESSAGE",
            Self::Publish => "PUBLISH",
            Self::Other(name) => name,
        }
    }
}

/// The first line. Source: RFC 3261 §7.1, §7.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartLine<'a> {
    /// A request.
    Request {
        /// The method.
        method: Method<'a>,
        /// The Request-URI as sent; [`Message::request_uri`] reads it.
        uri: &'a [u8],
    },
    /// A response.
    Response {
        /// 100 to 699.
        status: u16,
        /// The reason phrase as sent, usually UTF-8.
        reason: &'a [u8],
    },
}

/// One header line.
#[derive(Clone, Copy, Debug)]
pub struct HeaderLine<'a> {
    /// The header, if this program knows it.
    pub known: Option<HeaderName>,
    /// The name as sent.
    pub name: &'a str,
    /// The value as sent, trimmed; line breaks of folding are inside.
    pub value: &'a [u8],
}

impl PartialEq for HeaderLine<'_> {
    /// The same header with the same value, however it is spelt and folded.
    fn eq(&self, other: &Self) -> bool {
        self.known == other.known
            && (self.known.is_some() || self.name.eq_ignore_ascii_case(other.name))
            && unfold(self.value) == unfold(other.value)
    }
}

impl Eq for HeaderLine<'_> {}

/// A message that borrows its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    start: StartLine<'a>,
    version: &'a str,
    lines: Vec<HeaderLine<'a>>,
    body: &'a [u8],
}

impl<'a> Message<'a> {
    /// Reads one datagram, or one frame of a stream. Bytes after `Content-Length` are ignored; without that header
    /// everything is body. Lines may end with LF alone; line breaks before the start line are skipped.
    ///
    /// # Errors
    /// [`ParseError`] says what broke; [`salvage`] tells whether it can be answered.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        if SIP_MESSAGE_BYTES_MAX < bytes.len() {
            return Err(ParseError::TooLong);
        }
        let bytes = skip_line_breaks(bytes);
        if bytes.is_empty() {
            return Err(ParseError::Empty);
        }
        let (first, mut rest) = take_line(bytes).ok_or(ParseError::StartLine)?;
        let (start, version) = parse_start_line(first)?;
        let mut lines = Vec::with_capacity(HEADERS_USUAL);
        let mut length = None;
        while !rest.is_empty() {
            let (raw, after) = take_header(rest)?;
            rest = after;
            if raw.is_empty() {
                break;
            }
            if lines.len() == SIP_HEADERS_MAX {
                return Err(ParseError::TooManyHeaders);
            }
            let line = parse_header_line(raw)?;
            if line.known == Some(HeaderName::ContentLength) {
                let number = str::from_utf8(line.value)
                    .ok()
                    .and_then(parse_number)
                    .ok_or(ParseError::ContentLength)?;
                if length.replace(number).is_some() {
                    return Err(ParseError::ContentLength);
                }
            }
            lines.push(line);
        }
        let body = match length {
            None => rest,
            Some(length) => {
                let length = usize::try_from(length).map_err(|_| ParseError::Truncated)?;
                rest.get(..length).ok_or(ParseError::Truncated)?
            }
        };
        Ok(Self {
            start,
            version,
            lines,
            body,
        })
    }

    /// The first line.
    pub const fn start(&self) -> &StartLine<'a> {
        &self.start
    }

    /// The protocol version as sent, `SIP/2.0` unless [`Message::validate`] refuses it.
    pub const fn version(&self) -> &'a str {
        self.version
    }

    /// Whether this is a request.
    pub const fn is_request(&self) -> bool {
        matches!(self.start, StartLine::Request { .. })
    }

    /// The method of a request.
    pub const fn method(&self) -> Option<&Method<'a>> {
        match &self.start {
            StartLine::Request { method, .. } => Some(method),
            StartLine::Response { .. } => None,
        }
    }

    /// The status code of a response.
    pub const fn status(&self) -> Option<u16> {
        match self.start {
            StartLine::Request { .. } => None,
            StartLine::Response { status, .. } => Some(status),
        }
    }

    /// The Request-URI.
    ///
    /// # Errors
    /// [`ParseError::Uri`]; [`ParseError::Missing`] for a response.
    pub fn request_uri(&self) -> Result<Uri<'a>, ParseError> {
        match self.start {
            StartLine::Request { uri, .. } => Uri::parse(str::from_utf8(uri).map_err(|_| ParseError::Uri)?),
            StartLine::Response { .. } => Err(ParseError::Missing),
        }
    }

    /// Every header line in order.
    pub fn lines(&self) -> &[HeaderLine<'a>] {
        &self.lines
    }

    /// The raw value of the first line of a header; folds are inside.
    pub fn header(&self, name: HeaderName) -> Option<&'a [u8]> {
        self.lines
            .iter()
            .find(|line| line.known == Some(name))
            .map(|line| line.value)
    }

    /// The raw value of each line of a header, in order.
    pub fn headers(&self, name: HeaderName) -> impl Iterator<Item = &'a [u8]> + Clone {
        self.lines
            .iter()
            .filter(move |line| line.known == Some(name))
            .map(|line| line.value)
    }

    /// The raw value of the first line of a header by its literal long name; case is ignored.
    pub fn other_header(&self, name: &str) -> Option<&'a [u8]> {
        match HeaderName::lookup(name.as_bytes()) {
            Some(known) => self.header(known),
            None => self
                .lines
                .iter()
                .find(|line| line.name.eq_ignore_ascii_case(name))
                .map(|line| line.value),
        }
    }

    /// The value of the first line of a header as text, folds taken away; bytes that are not UTF-8 become U+FFFD.
    pub fn text(&self, name: HeaderName) -> Option<Cow<'a, str>> {
        self.header(name).map(|value| match unfold(value) {
            Cow::Borrowed(value) => String::from_utf8_lossy(value),
            Cow::Owned(value) => Cow::Owned(String::from_utf8_lossy(&value).into_owned()),
        })
    }

    /// The value of the first line of a header as text; folds are inside and count as white space.
    ///
    /// # Errors
    /// [`ParseError::Missing`], [`ParseError::Utf8`].
    pub fn value(&self, name: HeaderName) -> Result<&'a str, ParseError> {
        str::from_utf8(self.header(name).ok_or(ParseError::Missing)?).map_err(|_| ParseError::Utf8)
    }

    /// The elements of all comma lists of a header; an element that is not UTF-8 is an error.
    pub fn items(&self, name: HeaderName) -> impl Iterator<Item = Result<&'a str, ParseError>> {
        self.headers(name).flat_map(|value| {
            let (text, error) = match str::from_utf8(value) {
                Ok(text) => (Some(text), None),
                Err(_) => (None, Some(Err(ParseError::Utf8))),
            };
            text.into_iter().flat_map(ListItems::new).map(Ok).chain(error)
        })
    }

    /// The tokens of `Supported`, `Require`, `Allow` and their like; what is broken or empty is passed over.
    pub fn tokens(&self, name: HeaderName) -> impl Iterator<Item = &'a str> {
        self.items(name)
            .filter_map(Result::ok)
            .filter(|item| !item.is_empty())
    }

    /// Every `Via`, topmost first.
    pub fn vias(&self) -> impl Iterator<Item = Result<Via<'a>, ParseError>> {
        self.items(HeaderName::Via).map(|item| Via::parse(item?))
    }

    /// The topmost `Via`.
    ///
    /// # Errors
    /// [`ParseError::Missing`], [`ParseError::Via`], [`ParseError::Utf8`].
    pub fn top_via(&self) -> Result<Via<'a>, ParseError> {
        self.vias().next().unwrap_or(Err(ParseError::Missing))
    }

    /// `From`.
    ///
    /// # Errors
    /// [`ParseError::Missing`] or as [`NameAddr::parse`].
    pub fn from(&self) -> Result<NameAddr<'a>, ParseError> {
        NameAddr::parse_bytes(self.header(HeaderName::From).ok_or(ParseError::Missing)?)
    }

    /// `To`.
    ///
    /// # Errors
    /// [`ParseError::Missing`] or as [`NameAddr::parse`].
    pub fn to(&self) -> Result<NameAddr<'a>, ParseError> {
        NameAddr::parse_bytes(self.header(HeaderName::To).ok_or(ParseError::Missing)?)
    }

    /// `Call-ID`: visible characters only.
    ///
    /// # Errors
    /// [`ParseError::Missing`], [`ParseError::CallId`], [`ParseError::Utf8`].
    pub fn call_id(&self) -> Result<&'a str, ParseError> {
        let value = trim_lws(self.value(HeaderName::CallId)?);
        let good = |byte: u8| b' ' < byte && byte != 0x7f;
        if value.is_empty() || !value.bytes().all(good) {
            Err(ParseError::CallId)
        } else {
            Ok(value)
        }
    }

    /// `CSeq`.
    ///
    /// # Errors
    /// [`ParseError::Missing`], [`ParseError::CSeq`], [`ParseError::Utf8`].
    pub fn cseq(&self) -> Result<CSeq<'a>, ParseError> {
        CSeq::parse(self.value(HeaderName::CSeq)?)
    }

    /// Every `Contact`.
    pub fn contacts(&self) -> impl Iterator<Item = Result<Contact<'a>, ParseError>> {
        self.items(HeaderName::Contact).map(|item| Contact::parse(item?))
    }

    /// Every `Record-Route`, topmost first.
    pub fn record_routes(&self) -> impl Iterator<Item = Result<NameAddr<'a>, ParseError>> {
        self.addresses(HeaderName::RecordRoute)
    }

    /// Every `Route`, topmost first.
    pub fn routes(&self) -> impl Iterator<Item = Result<NameAddr<'a>, ParseError>> {
        self.addresses(HeaderName::Route)
    }

    /// Every address of a header that lists addresses: `P-Asserted-Identity`, `Diversion`, `Path` and their like.
    ///
    /// A line that is not UTF-8 is read as one address.
    pub fn addresses(&self, name: HeaderName) -> impl Iterator<Item = Result<NameAddr<'a>, ParseError>> {
        self.headers(name).flat_map(|value| {
            let text = str::from_utf8(value).ok();
            let odd = if text.is_none() {
                Some(NameAddr::parse_bytes(value))
            } else {
                None
            };
            text.into_iter()
                .flat_map(ListItems::new)
                .map(NameAddr::parse)
                .chain(odd)
        })
    }

    /// `Max-Forwards`, 0 to 255.
    ///
    /// # Errors
    /// [`ParseError::Missing`], [`ParseError::Number`], [`ParseError::Utf8`].
    pub fn max_forwards(&self) -> Result<u8, ParseError> {
        let number = parse_number(self.value(HeaderName::MaxForwards)?);
        number
            .and_then(|number| u8::try_from(number).ok())
            .ok_or(ParseError::Number)
    }

    /// `Expires` in seconds, at most 2³²−1; `None` when absent or no number.
    pub fn expires(&self) -> Option<u32> {
        parse_seconds(self.value(HeaderName::Expires).ok()?)
    }

    /// `Content-Type`.
    ///
    /// # Errors
    /// [`ParseError::Missing`], [`ParseError::ContentType`], [`ParseError::Utf8`].
    pub fn content_type(&self) -> Result<ContentType<'a>, ParseError> {
        ContentType::parse(self.value(HeaderName::ContentType)?)
    }

    /// The `Content-Length` that was sent.
    pub fn content_length(&self) -> Option<usize> {
        parse_number(self.value(HeaderName::ContentLength).ok()?)
            .and_then(|number| usize::try_from(number).ok())
    }

    /// The body.
    pub const fn body(&self) -> &'a [u8] {
        self.body
    }
}

/// Reads one header line with its continuations.
pub(crate) fn parse_header_line(raw: &[u8]) -> Result<HeaderLine<'_>, ParseError> {
    let colon = raw
        .iter()
        .position(|byte| *byte == b':')
        .ok_or(ParseError::HeaderLine)?;
    let (name, value) = raw.split_at_checked(colon).ok_or(ParseError::HeaderLine)?;
    let name = name.trim_ascii_end();
    let value = value.split_first().map_or(value, |(_, value)| value).trim_ascii();
    if name.is_empty() || !name.iter().copied().all(is_token_byte) || has_bare_return(value) {
        return Err(ParseError::HeaderLine);
    }
    let known = HeaderName::lookup(name);
    Ok(HeaderLine {
        known,
        name: str::from_utf8(name).map_err(|_| ParseError::HeaderLine)?,
        value,
    })
}

/// A CR without its LF would start a new line at some peers and not at others.
fn has_bare_return(value: &[u8]) -> bool {
    if !value.contains(&b'\r') {
        return false;
    }
    let mut previous = 0;
    for byte in value {
        if previous == b'\r' && *byte != b'\n' {
            return true;
        }
        previous = *byte;
    }
    false
}

fn parse_start_line(line: &[u8]) -> Result<(StartLine<'_>, &str), ParseError> {
    if line.contains(&b'\r') {
        return Err(ParseError::StartLine);
    }
    let first_space = line
        .iter()
        .position(|byte| *byte == b' ')
        .ok_or(ParseError::StartLine)?;
    let (word, rest) = line.split_at_checked(first_space).ok_or(ParseError::StartLine)?;
    let word = str::from_utf8(word).map_err(|_| ParseError::StartLine)?;
    let rest = rest.split_first().map_or(rest, |(_, rest)| rest);
    if is_version(word) {
        let end = rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
        let (code, reason) = rest.split_at_checked(end).ok_or(ParseError::StartLine)?;
        let code = str::from_utf8(code)
            .ok()
            .filter(|code| code.len() == 3)
            .and_then(parse_number);
        let status = code
            .and_then(|code| u16::try_from(code).ok())
            .filter(|code| (100..700).contains(code));
        let reason = reason.split_first().map_or(reason, |(_, reason)| reason);
        return Ok((
            StartLine::Response {
                status: status.ok_or(ParseError::StatusCode)?,
                reason,
            },
            word,
        ));
    }
    let second_space = rest
        .iter()
        .position(|byte| *byte == b' ')
        .ok_or(ParseError::StartLine)?;
    let (uri, version) = rest.split_at_checked(second_space).ok_or(ParseError::StartLine)?;
    let version = version.split_first().map_or(version, |(_, version)| version);
    let version = str::from_utf8(version)
        .ok()
        .filter(|text| is_version(text))
        .ok_or(ParseError::StartLine)?;
    if !is_token(word) || uri.is_empty() {
        return Err(ParseError::StartLine);
    }
    Ok((
        StartLine::Request {
            method: Method::from_name(word),
            uri,
        },
        version,
    ))
}

/// `SIP/digits.digits`.
fn is_version(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.get(..4)
        .is_some_and(|name| name.eq_ignore_ascii_case("SIP/"))
        && text
            .get(4..)
            .and_then(|version| version.split_once('.'))
            .is_some_and(|(major, minor)| digits(major) && digits(minor))
}

#[cfg(test)]
#[path = "message_test.rs"]
mod tests;
