//! The writer: messages out, and messages read back into bytes.
//!
//! **Invariants.** A value cannot break out of its line: CR and LF in values are written as spaces. Every message
//! ends with `Content-Length`, an empty line and its body.
//!
//! **Not here.** Which headers a message needs: the machines know.
//!
//! **Source.** RFC 3261 §7, §21.

use std::fmt;
use std::fmt::Write;
use std::sync::Arc;

use crate::sip::header::HeaderName;
use crate::sip::message::Message;
use crate::sip::message::Refusal;
use crate::sip::message::Salvaged;
use crate::sip::message::StartLine;
use crate::sip::scan::unfold;

/// Room for a usual message.
const MESSAGE_BYTES_USUAL: usize = 1_024;

/// Builds one message into one buffer.
#[derive(Debug)]
pub struct Writer {
    out: Vec<u8>,
    ended: bool,
}

impl Writer {
    /// Starts a request.
    pub fn request(method: &str, uri: &str) -> Self {
        Self::request_in(Vec::with_capacity(MESSAGE_BYTES_USUAL), method, uri)
    }

    /// Starts a request in a buffer that is emptied and used again.
    pub fn request_in(mut buffer: Vec<u8>, method: &str, uri: &str) -> Self {
        buffer.clear();
        let mut writer = Self {
            out: buffer,
            ended: false,
        };
        push_safe(&mut writer.out, method.as_bytes());
        writer.out.push(b' ');
        push_safe(&mut writer.out, uri.as_bytes());
        writer.out.extend_from_slice(b" SIP/2.0\r\n");
        writer
    }

    /// Starts a response; `status` is 100 to 699.
    pub fn response(status: u16, reason: &str) -> Self {
        Self::response_in(Vec::with_capacity(MESSAGE_BYTES_USUAL), status, reason)
    }

    /// Starts a response in a buffer that is emptied and used again.
    pub fn response_in(mut buffer: Vec<u8>, status: u16, reason: &str) -> Self {
        buffer.clear();
        let mut writer = Self {
            out: buffer,
            ended: false,
        };
        writer.out.extend_from_slice(b"SIP/2.0 ");
        push_display(&mut writer.out, &status);
        writer.out.push(b' ');
        push_safe(&mut writer.out, reason.as_bytes());
        writer.out.extend_from_slice(b"\r\n");
        writer
    }

    /// Writes one header line.
    pub fn header(&mut self, name: impl AsRef<str>, value: impl fmt::Display) -> &mut Self {
        push_name(&mut self.out, name.as_ref());
        push_display(&mut self.out, &value);
        self.out.extend_from_slice(b"\r\n");
        self
    }

    /// Writes one header line with a raw value; folds in it become spaces.
    pub fn header_bytes(&mut self, name: impl AsRef<str>, value: &[u8]) -> &mut Self {
        push_name(&mut self.out, name.as_ref());
        push_safe(&mut self.out, &unfold(value));
        self.out.extend_from_slice(b"\r\n");
        self
    }

    /// Copies every line of a header from another message, in order.
    pub fn copy_header(&mut self, message: &Message<'_>, name: HeaderName) -> &mut Self {
        for value in message.headers(name) {
            self.header_bytes(name, value);
        }
        self
    }

    /// Copies what every response copies from its request: `Via`, `From`, `To`, `Call-ID`, `CSeq`.
    ///
    /// `to_tag` is added to a `To` that has none. Source: RFC 3261 §8.2.6.2.
    pub fn copy_dialog(&mut self, request: &Message<'_>, to_tag: Option<&str>) -> &mut Self {
        self.copy_header(request, HeaderName::Via)
            .copy_header(request, HeaderName::From);
        let tagged = request.to().is_ok_and(|to| to.tag().is_some());
        match (request.header(HeaderName::To), to_tag) {
            (Some(value), Some(tag)) if !tagged => {
                push_name(&mut self.out, HeaderName::To.as_str());
                push_safe(&mut self.out, &unfold(value));
                self.out.extend_from_slice(b";tag=");
                push_safe(&mut self.out, tag.as_bytes());
                self.out.extend_from_slice(b"\r\n");
            }
            _ => {
                self.copy_header(request, HeaderName::To);
            }
        }
        self.copy_header(request, HeaderName::CallId)
            .copy_header(request, HeaderName::CSeq)
    }

    /// Copies what was saved of a broken request.
    pub fn copy_salvaged(&mut self, saved: &Salvaged<'_>) -> &mut Self {
        for via in &saved.vias {
            self.header_bytes(HeaderName::Via, via);
        }
        let singles = [
            (HeaderName::From, saved.from),
            (HeaderName::To, saved.to),
            (HeaderName::CallId, saved.call_id),
            (HeaderName::CSeq, saved.cseq),
        ];
        for (name, value) in singles {
            if let Some(value) = value {
                self.header_bytes(name, value);
            }
        }
        self
    }

    /// Writes the type, the length and the body, and with them the end of the message; nothing can follow.
    pub fn body(&mut self, content_type: &str, body: &[u8]) -> &mut Self {
        if !self.ended {
            self.header(HeaderName::ContentType, content_type);
            self.end(body);
        }
        self
    }

    fn end(&mut self, body: &[u8]) {
        self.header(HeaderName::ContentLength, body.len());
        self.out.extend_from_slice(b"\r\n");
        self.out.extend_from_slice(body);
        self.ended = true;
    }

    /// The message; without a body it ends with `Content-Length: 0`. The writer is empty afterwards.
    pub fn finish(&mut self) -> Vec<u8> {
        if !self.ended {
            self.end(&[]);
        }
        std::mem::take(&mut self.out)
    }

    /// The message, shared: a retransmission costs nothing.
    pub fn finish_shared(&mut self) -> Arc<[u8]> {
        Arc::from(self.finish())
    }
}

/// The answer to a request that does not parse.
pub fn refuse_salvaged(saved: &Salvaged<'_>, refusal: Refusal) -> Vec<u8> {
    Writer::response(refusal.status, refusal.reason)
        .copy_salvaged(saved)
        .finish()
}

/// Writes a message that was read: known headers under their long names, folds taken away, the same body.
pub fn write_message(message: &Message<'_>, out: &mut Vec<u8>) {
    match message.start() {
        StartLine::Request { method, uri } => {
            push_safe(out, method.as_str().as_bytes());
            out.push(b' ');
            push_safe(out, uri);
            out.push(b' ');
            push_safe(out, message.version().as_bytes());
        }
        StartLine::Response { status, reason } => {
            push_safe(out, message.version().as_bytes());
            out.push(b' ');
            push_display(out, status);
            out.push(b' ');
            push_safe(out, reason);
        }
    }
    out.extend_from_slice(b"\r\n");
    for line in message.lines() {
        let name = match line.known {
            Some(known) => known.as_str(),
            None => line.name,
        };
        push_name(out, name);
        out.extend_from_slice(&unfold(line.value));
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(message.body());
}

/// The phrase that the standards give to a status code. Source: RFC 3261 §21 and the registry.
pub const fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        181 => "Call Is Being Forwarded",
        182 => "Queued",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        204 => "No Notification",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Moved Temporarily",
        305 => "Use Proxy",
        380 => "Alternative Service",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 | 606 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        412 => "Conditional Request Failed",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        421 => "Extension Required",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        430 => "Flow Failed",
        433 => "Anonymity Disallowed",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        484 => "Address Incomplete",
        485 => "Ambiguous",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        493 => "Undecipherable",
        494 => "Security Agreement Required",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        580 => "Precondition Failure",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        607 => "Unwanted",
        608 => "Rejected",
        _ => class_phrase(status),
    }
}

const fn class_phrase(status: u16) -> &'static str {
    match status / 100 {
        1 => "Progress",
        2 => "Success",
        3 => "Redirected",
        4 => "Request Failed",
        5 => "Server Failure",
        _ => "Refused",
    }
}

fn push_name(out: &mut Vec<u8>, name: &str) {
    push_safe(out, name.as_bytes());
    out.extend_from_slice(b": ");
}

/// Adds bytes; what would end the line becomes a space.
fn push_safe(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.extend_from_slice(bytes);
    for byte in out.iter_mut().skip(start) {
        if matches!(byte, b'\r' | b'\n') {
            *byte = b' ';
        }
    }
}

struct Line<'a>(&'a mut Vec<u8>);

impl Write for Line<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        push_safe(self.0, text.as_bytes());
        Ok(())
    }
}

fn push_display(out: &mut Vec<u8>, value: &dyn fmt::Display) {
    // A Display that fails has written what it could; the line stays a line.
    let _ = write!(Line(out), "{value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_copies_its_request() {
        let request = b"OPTIONS sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP one;branch=z9hG4bK1,\r\n SIP/2.0/UDP two\r\nVia: SIP/2.0/TCP three\r\n\
            f: <sip:c@d>;tag=1\r\nt: <sip:a@b>\r\ni: x\r\nCSeq: 1 OPTIONS\r\n\r\n";
        let request = Message::parse(request).unwrap();
        let bytes = Writer::response(200, reason_phrase(200))
            .copy_dialog(&request, Some("9"))
            .header("Allow", "INVITE")
            .finish();
        let expected = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP one;branch=z9hG4bK1, SIP/2.0/UDP two\r\nVia: SIP/2.0/TCP three\r\n\
            From: <sip:c@d>;tag=1\r\nTo: <sip:a@b>;tag=9\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\nAllow: INVITE\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn a_value_cannot_start_a_line() {
        let bytes = Writer::request("INVITE", "sip:a@b\r\nEvil: 1")
            .header("Sub\r\nject", "x\r\nEvil: 2")
            .header_bytes("S", b"a\0b\rc")
            .finish();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(
            text,
            "INVITE sip:a@b  Evil: 1 SIP/2.0\r\nSub  ject: x  Evil: 2\r\nS: a\0b c\r\nContent-Length: 0\r\n\r\n"
        );
    }

    #[test]
    fn a_body_ends_the_message_with_its_length() {
        let bytes = Writer::request_in(vec![1, 2, 3], "INFO", "sip:a@b")
            .body("application/x", b"a\r\n\0\xff")
            .finish();
        assert_eq!(
            bytes,
            b"INFO sip:a@b SIP/2.0\r\nContent-Type: application/x\r\nContent-Length: 5\r\n\r\na\r\n\0\xff"
        );
    }

    #[test]
    fn every_status_has_a_phrase() {
        assert!((100..700).all(|status| !reason_phrase(status).is_empty()));
    }
}
