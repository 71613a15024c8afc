//! Where a message ends: lines of a datagram, messages of a stream, and what can be saved of a broken one.
//!
//! **Invariants.** Any bytes give a value, never a panic; what is read is bounded by `base::limits`.
//!
//! **Not here.** What a line says: `message.rs`.
//!
//! **Source.** RFC 3261 §7.3.1, §18.3; RFC 5626 §3.5.1.

use crate::base::limits::SIP_HEADER_BYTES_MAX;
use crate::base::limits::SIP_HEADERS_MAX;
use crate::base::limits::SIP_MESSAGE_BYTES_MAX;
use crate::sip::header::HeaderName;
use crate::sip::header::parse_number;
use crate::sip::message::parse_header_line;
use crate::sip::refusal::ParseError;
use crate::sip::scan::is_token;

/// What the start of a stream's buffer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framed {
    /// Nothing whole yet: read more.
    Incomplete,
    /// Line breaks only: 4 bytes are a ping to be answered with CRLF, 2 bytes are a pong or padding.
    KeepAlive(usize),
    /// A message of so many bytes, for [`crate::sip::message::Message::parse`].
    Message(usize),
}

/// Finds the first message of a stream.
///
/// A malformed message is framed all the same when its length is known, so that it can be answered.
///
/// # Errors
/// [`ParseError::TooLong`], [`ParseError::NoContentLength`], [`ParseError::ContentLength`]: the stream cannot be
/// followed further and is to be closed. Source: RFC 3261 §18.3; RFC 5626 §3.5.1.
pub fn frame_stream(buffer: &[u8]) -> Result<Framed, ParseError> {
    if buffer.starts_with(b"\r\n\r\n") {
        return Ok(Framed::KeepAlive(4));
    }
    if matches!(buffer, b"" | b"\r" | b"\r\n" | b"\r\n\r") {
        return Ok(Framed::Incomplete);
    }
    if buffer.starts_with(b"\r\n") {
        return Ok(Framed::KeepAlive(2));
    }
    if buffer.starts_with(b"\n") {
        return Ok(Framed::KeepAlive(1));
    }
    let incomplete = if SIP_MESSAGE_BYTES_MAX < buffer.len() {
        Err(ParseError::TooLong)
    } else {
        Ok(Framed::Incomplete)
    };
    let mut rest = buffer;
    let mut length = None;
    loop {
        let Some((line, after)) = take_line(rest) else {
            return incomplete;
        };
        rest = after;
        if line.is_empty() {
            break;
        }
        if let Some(value) = content_length_of(line) {
            let number = str::from_utf8(value)
                .ok()
                .and_then(parse_number)
                .ok_or(ParseError::ContentLength)?;
            if length.replace(number).is_some() {
                return Err(ParseError::ContentLength);
            }
        }
    }
    let length = length.ok_or(ParseError::NoContentLength)?;
    let body = usize::try_from(length).map_err(|_| ParseError::TooLong)?;
    let total = (buffer.len() - rest.len()).saturating_add(body);
    if SIP_MESSAGE_BYTES_MAX < total {
        return Err(ParseError::TooLong);
    }
    if buffer.len() < total {
        incomplete
    } else {
        Ok(Framed::Message(total))
    }
}

fn content_length_of(line: &[u8]) -> Option<&[u8]> {
    // Every line of every message comes by here: the first letter sorts nearly all of them out.
    if !matches!(line.first(), Some(b'C' | b'c' | b'L' | b'l')) {
        return None;
    }
    let (name, value) = line.split_at_checked(line.iter().position(|byte| *byte == b':')?)?;
    let known = HeaderName::lookup(name.trim_ascii_end());
    if known == Some(HeaderName::ContentLength) {
        value.split_first().map(|(_, value)| value)
    } else {
        None
    }
}

/// What could be saved of a request that does not parse: raw values to copy into an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Salvaged<'a> {
    /// The first word of the request line.
    pub method: &'a str,
    /// Each `Via` line in order; at least one.
    pub vias: Vec<&'a [u8]>,
    /// `From`.
    pub from: Option<&'a [u8]>,
    /// `To`.
    pub to: Option<&'a [u8]>,
    /// `Call-ID`.
    pub call_id: Option<&'a [u8]>,
    /// `CSeq`.
    pub cseq: Option<&'a [u8]>,
}

/// Saves enough of a broken request to answer it; `None`: a response, no method, an ACK, or no `Via`.
///
/// What broke is passed over line by line; the first line of each single header counts.
pub fn salvage(bytes: &[u8]) -> Option<Salvaged<'_>> {
    let (first, mut rest) = take_line_or_all(skip_line_breaks(bytes));
    let end = first.iter().position(|byte| *byte == b' ')?;
    let method = str::from_utf8(first.get(..end)?)
        .ok()
        .filter(|method| is_token(method) && *method != "ACK")?;
    let mut saved = Salvaged {
        method,
        vias: Vec::new(),
        from: None,
        to: None,
        call_id: None,
        cseq: None,
    };
    let mut lines = 0;
    while !rest.is_empty() && lines < SIP_HEADERS_MAX {
        let Ok((raw, after)) = take_header(rest) else {
            rest = take_line_or_all(rest).1;
            lines += 1;
            continue;
        };
        rest = after;
        lines += 1;
        if raw.is_empty() {
            break;
        }
        let Ok(line) = parse_header_line(raw) else {
            continue;
        };
        match line.known {
            Some(HeaderName::Via) => saved.vias.push(line.value),
            Some(HeaderName::From) => saved.from = saved.from.or(Some(line.value)),
            Some(HeaderName::To) => saved.to = saved.to.or(Some(line.value)),
            Some(HeaderName::CallId) => saved.call_id = saved.call_id.or(Some(line.value)),
            Some(HeaderName::CSeq) => saved.cseq = saved.cseq.or(Some(line.value)),
            _ => (),
        }
    }
    (!saved.vias.is_empty()).then_some(saved)
}

/// The bytes without the line breaks that may precede a start line. Source: RFC 3261 §7.5.
pub(crate) fn skip_line_breaks(bytes: &[u8]) -> &[u8] {
    let start = bytes
        .iter()
        .position(|byte| !matches!(byte, b'\r' | b'\n'))
        .unwrap_or(bytes.len());
    bytes.get(start..).unwrap_or_default()
}

/// Takes one line off, its end taken away. `None`: no line ends here.
pub(crate) fn take_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (line, rest) = bytes.split_at_checked(find_line_feed(bytes)?)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest.split_first()?.1))
}

fn take_line_or_all(bytes: &[u8]) -> (&[u8], &[u8]) {
    take_line(bytes).unwrap_or((bytes, &[]))
}

/// Finds LF eight bytes at a step.
fn find_line_feed(bytes: &[u8]) -> Option<usize> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    let (words, _) = bytes.as_chunks::<8>();
    let mut from = 0;
    for word in words {
        let differs = u64::from_le_bytes(*word) ^ (LOW * 0x0a);
        if differs.wrapping_sub(LOW) & !differs & (LOW << 7) != 0 {
            break;
        }
        from += 8;
    }
    bytes
        .get(from..)?
        .iter()
        .position(|byte| *byte == b'\n')
        .map(|at| from + at)
}

/// Takes one header line with its continuations off; empty at the end of the headers.
pub(crate) fn take_header(bytes: &[u8]) -> Result<(&[u8], &[u8]), ParseError> {
    let mut rest = bytes;
    loop {
        let (line, after) = take_line(rest).ok_or(ParseError::HeaderLine)?;
        let end = bytes.len() - rest.len() + line.len();
        rest = after;
        if SIP_HEADER_BYTES_MAX < end {
            return Err(ParseError::HeaderTooLong);
        }
        if end == 0 || !matches!(rest.first(), Some(b' ' | b'\t')) {
            return Ok((bytes.get(..end).unwrap_or_default(), rest));
        }
    }
}
