//! Scripts for `message.rs`.

use super::*;
use crate::base::limits::SIP_HEADER_BYTES_MAX;

const INVITE: &str = "INVITE sip:12345@hotline.example SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKa\r\n\
    From: <sip:13800000000@t>;tag=1\r\nTo: <sip:12345@hotline.example>\r\nCall-ID: a@b\r\nCSeq: 1 INVITE\r\n";

fn with(extra: &str) -> String {
    format!("{INVITE}{extra}\r\n")
}

fn refusal(text: &str) -> Result<(), (u16, &'static str)> {
    let message = Message::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
    message
        .validate()
        .map_err(|refusal| (refusal.status, refusal.reason))
}

#[test]
fn an_invite_is_read_with_its_typed_headers() {
    let text =
        with("m: *, \"a, b\" <sip:x@y>;expires=5\r\nMax-Forwards: 70\r\nx: 1800\r\nX-Own: 1\r\nl: 3\r\n")
            + "abcdef";
    let message = Message::parse(text.as_bytes()).unwrap();
    assert_eq!(message.method(), Some(&Method::Invite));
    assert_eq!(message.request_uri().unwrap().user, Some("12345"));
    assert_eq!(message.top_via().unwrap().branch(), Some("z9hG4bKa"));
    assert_eq!(
        (message.from().unwrap().tag(), message.to().unwrap().tag()),
        (Some("1"), None)
    );
    assert_eq!(
        (message.call_id(), message.cseq().unwrap().number),
        (Ok("a@b"), 1)
    );
    let contacts: Vec<_> = message.contacts().collect::<Result<_, _>>().unwrap();
    assert_eq!(contacts[0], Contact::Star);
    assert_eq!(contacts[1].address().unwrap().expires(), Some(5));
    assert_eq!(
        (message.max_forwards(), message.body(), message.content_length()),
        (Ok(70), &b"abc"[..], Some(3))
    );
    assert_eq!(message.other_header("x-own"), Some(&b"1"[..]));
    assert_eq!(message.other_header("session-expires"), Some(&b"1800"[..]));
    assert_eq!(message.validate(), Ok(()));
}

#[test]
fn lines_may_end_with_lf_alone_and_follow_line_breaks() {
    let text = format!("\r\n\r\n{}", with("Subject: a\r\n  b\r\n")).replace("\r\n", "\n");
    let message = Message::parse(text.as_bytes()).unwrap();
    assert_eq!(message.text(HeaderName::Subject).as_deref(), Some("a b"));
    assert_eq!(message.validate(), Ok(()));
}

#[test]
fn what_is_no_message_is_refused() {
    let cases: [(&[u8], ParseError); 16] = [
        (b"", ParseError::Empty),
        (b"\r\n\r\n", ParseError::Empty),
        (b"INVITE", ParseError::StartLine),
        (b"INVITE sip:a@b\r\n\r\n", ParseError::StartLine),
        (b"INVITE  sip:a@b SIP/2.0\r\n\r\n", ParseError::StartLine),
        (b"INVITE sip:a@b SIP/2.0 \r\n\r\n", ParseError::StartLine),
        (b"INVITE sip:a@b HTTP/1.1\r\n\r\n", ParseError::StartLine),
        (b"IN(VITE sip:a@b SIP/2.0\r\n\r\n", ParseError::StartLine),
        (b"SIP/2.0 4294967301 better\r\n\r\n", ParseError::StatusCode),
        (b"SIP/2.0 700 x\r\n\r\n", ParseError::StatusCode),
        (b"SIP/2.0 20 x\r\n\r\n", ParseError::StatusCode),
        (b"A sip:a@b SIP/2.0\r\nno colon\r\n\r\n", ParseError::HeaderLine),
        (b"A sip:a@b SIP/2.0\r\nA: cut", ParseError::HeaderLine),
        (b"A sip:a@b SIP/2.0\r\nA: x\rB: y\r\n\r\n", ParseError::HeaderLine),
        (b"A sip:a@b SIP/2.0\r\nl: 4\r\n\r\nabc", ParseError::Truncated),
        (
            b"A sip:a@b SIP/2.0\r\nl: 3\r\nContent-Length: 3\r\n\r\nabc",
            ParseError::ContentLength,
        ),
    ];
    for (bytes, error) in cases {
        assert_eq!(
            Message::parse(bytes),
            Err(error),
            "{}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[test]
fn the_bounds_are_kept() {
    let many = |count: usize| format!("A sip:a@b SIP/2.0\r\n{}\r\n", "X: y\r\n".repeat(count));
    assert!(Message::parse(many(SIP_HEADERS_MAX).as_bytes()).is_ok());
    assert_eq!(
        Message::parse(many(SIP_HEADERS_MAX + 1).as_bytes()),
        Err(ParseError::TooManyHeaders)
    );
    let long = |length: usize| format!("A sip:a@b SIP/2.0\r\nX: {}\r\n\r\n", "y".repeat(length - 3));
    assert!(Message::parse(long(SIP_HEADER_BYTES_MAX).as_bytes()).is_ok());
    assert_eq!(
        Message::parse(long(SIP_HEADER_BYTES_MAX + 1).as_bytes()),
        Err(ParseError::HeaderTooLong)
    );
    assert_eq!(
        Message::parse(&vec![b'A'; SIP_MESSAGE_BYTES_MAX + 1]),
        Err(ParseError::TooLong)
    );
    assert_eq!(
        frame_stream(&vec![b'A'; SIP_MESSAGE_BYTES_MAX + 1]),
        Err(ParseError::TooLong)
    );
}

#[test]
fn validation_names_what_is_wrong() {
    assert_eq!(refusal(&with("")), Ok(()));
    assert_eq!(
        refusal(&with("").replace(" SIP/2.0\r", " SIP/3.0\r")),
        Err((505, "Version Not Supported"))
    );
    assert_eq!(
        refusal(&with("").replace("1 INVITE", "1 BYE")),
        Err((400, "CSeq Method Mismatch"))
    );
    assert_eq!(
        refusal(&with("").replace("CSeq: 1", "CSeq: 2147483648")),
        Err((400, "Bad CSeq"))
    );
    assert_eq!(
        refusal(&with("").replace("Via:", "X-Via:")),
        Err((400, "Missing Via"))
    );
    assert_eq!(
        refusal(&with("").replace("From:", "X-From:")),
        Err((400, "Missing From"))
    );
    assert_eq!(
        refusal(&with("").replace("To:", "X-To:")),
        Err((400, "Missing To"))
    );
    assert_eq!(
        refusal(&with("").replace("Call-ID:", "X:")),
        Err((400, "Missing Call-ID"))
    );
    assert_eq!(
        refusal(&with("").replace("INVITE sip:", "INVITE http:")),
        Err((416, "Unsupported URI Scheme"))
    );
    assert_eq!(
        refusal(&with("").replace("hotline.example SIP", "h?a=b SIP")),
        Err((400, "Headers in Request-URI"))
    );
    assert_eq!(refusal(&with("t: <sip:b@c>\r\n")), Err((400, "Repeated To")));
    assert_eq!(
        refusal(&with("Max-Forwards: 256\r\n")),
        Err((400, "Bad Max-Forwards"))
    );
    assert_eq!(refusal(&with("Contact: Joe\r\n")), Err((400, "Bad Contact")));
    assert_eq!(refusal(&with("Route: <sip:a@b\r\n")), Err((400, "Bad Route")));
    assert_eq!(
        refusal(&with("Record-Route: ,\r\n")),
        Err((400, "Bad Record-Route"))
    );
    assert_eq!(
        refusal(&with("Content-Type: sdp\r\n")),
        Err((400, "Bad Content-Type"))
    );
}

#[test]
fn a_stream_is_cut_into_messages_and_keep_alives() {
    let message = with("l : 3\r\n") + "abc";
    for cut in 1..message.len() {
        let expected = if cut == message.len() {
            Framed::Message(cut)
        } else {
            Framed::Incomplete
        };
        assert_eq!(frame_stream(&message.as_bytes()[..cut]), Ok(expected), "{cut}");
    }
    assert_eq!(
        frame_stream((message.clone() + "INVITE").as_bytes()),
        Ok(Framed::Message(message.len()))
    );
    assert_eq!(frame_stream(b"\r\n\r\nINVITE"), Ok(Framed::KeepAlive(4)));
    assert_eq!(frame_stream(b"\r\nINVITE"), Ok(Framed::KeepAlive(2)));
    assert_eq!(frame_stream(b"\r\n"), Ok(Framed::Incomplete));
    assert_eq!(
        frame_stream(with("").as_bytes()),
        Err(ParseError::NoContentLength)
    );
    assert_eq!(
        frame_stream(with("l: -1\r\n").as_bytes()),
        Err(ParseError::ContentLength)
    );
    assert_eq!(
        frame_stream(with("l: 65535\r\n").as_bytes()),
        Err(ParseError::TooLong)
    );
    assert_eq!(frame_stream(b"garbage\r\nl: 0\r\n\r\n"), Ok(Framed::Message(17)));
}

#[test]
fn a_broken_request_can_still_be_answered() {
    let text = with("broken line\r\nl: -1\r\n");
    assert!(Message::parse(text.as_bytes()).is_err());
    let saved = salvage(text.as_bytes()).unwrap();
    assert_eq!(
        (saved.method, saved.vias.len(), saved.call_id),
        ("INVITE", 1, Some(&b"a@b"[..]))
    );
    assert_eq!(
        (saved.from, saved.cseq),
        (Some(&b"<sip:13800000000@t>;tag=1"[..]), Some(&b"1 INVITE"[..]))
    );
    assert_eq!(salvage(text.replace("INVITE sip", "ACK sip").as_bytes()), None);
    assert_eq!(salvage(b"SIP/2.0 999999 x\r\nVia: SIP/2.0/UDP a\r\n\r\n"), None);
    assert_eq!(salvage(b"INVITE sip:a@b SIP/2.0\r\n\r\n"), None);
    assert_eq!(salvage(b""), None);
}
