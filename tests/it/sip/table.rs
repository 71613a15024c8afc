//! What must be read from each message of the corpora, against hand-checked tables.
//!
//! `tests/data/rfc*/expected.tsv` has the columns message, field, value. The field `verdict` says `accept`, or the exact
//! refusal; the other fields of an accepted message are its start line, each header's value in order (unfolded, under its
//! long name), the typed headers (fields that start with `=`), and the length of its body.

use std::fmt::Write;

use rexian::sip::header::HeaderName;
use rexian::sip::message::Message;
use rexian::sip::message::ParseError;
use rexian::sip::message::StartLine;
use rexian::sip::name_addr::Contact;
use rexian::sip::name_addr::NameAddr;
use rexian::sip::scan::unfold;
use rexian::sip::uri::Uri;

use crate::sip::corpus;
use crate::sip::folder;

fn check(name: &str) {
    let expected = std::fs::read_to_string(folder(name).join("expected.tsv")).unwrap_or_default();
    let mut actual = String::from("message\tfield\tvalue\n");
    for (message, bytes) in corpus(name) {
        for (field, value) in describe(&bytes) {
            writeln!(actual, "{message}\t{field}\t{}", escape(value.as_bytes())).unwrap();
        }
    }
    for (at, (expected, actual)) in expected.lines().zip(actual.lines()).enumerate() {
        assert_eq!(expected, actual, "line {} of {name}/expected.tsv", at + 1);
    }
    assert_eq!(
        expected.lines().count(),
        actual.lines().count(),
        "{name}:\n{actual}"
    );
}

fn describe(bytes: &[u8]) -> Vec<(String, String)> {
    let field = |name: &str, value: String| (name.to_owned(), value);
    let message = match Message::parse(bytes) {
        Ok(message) => message,
        Err(ParseError::StatusCode) => {
            return vec![field("verdict", "drop malformed status code".to_owned())];
        }
        Err(error) => {
            let refusal = error.refusal();
            return vec![field("verdict", format!("{} {}", refusal.status, refusal.reason))];
        }
    };
    if let Err(refusal) = message.validate() {
        let action = if message.is_request() {
            refusal.status.to_string()
        } else {
            "drop".to_owned()
        };
        return vec![field("verdict", format!("{action} {}", refusal.reason))];
    }
    let mut rows = vec![field("verdict", "accept".to_owned())];
    match message.start() {
        StartLine::Request { method, uri } => {
            rows.push(field("method", method.as_str().to_owned()));
            rows.push(field("uri", String::from_utf8_lossy(uri).into_owned()));
            rows.push(field("=uri", uri_parts(&message.request_uri().unwrap())));
        }
        StartLine::Response { status, reason } => {
            rows.push(field("status", status.to_string()));
            rows.push(field("reason", String::from_utf8_lossy(reason).into_owned()));
        }
    }
    for line in message.lines() {
        let name = line.known.map_or(line.name, |known| known.as_str());
        rows.push(field(
            name,
            String::from_utf8_lossy(&unfold(line.value)).into_owned(),
        ));
    }
    typed_rows(&message, &mut rows);
    rows.push(field("=body", message.body().len().to_string()));
    rows
}

fn typed_rows(message: &Message<'_>, rows: &mut Vec<(String, String)>) {
    let mut push = |name: &str, value: String| rows.push((name.to_owned(), value));
    for via in message.vias().map(Result::unwrap) {
        let port = via.port.map_or("-".to_owned(), |port| port.to_string());
        let received = via.received().map_or("-".to_owned(), |ip| ip.to_string());
        let (branch, rport) = (via.branch().unwrap_or("-"), via.rport());
        push(
            "=via",
            format!(
                "{} {} {port} branch={branch} received={received} rport={rport:?}",
                via.transport, via.host
            ),
        );
    }
    push("=from", address(&message.from().unwrap()));
    push("=to", address(&message.to().unwrap()));
    push("=call-id", message.call_id().unwrap().to_owned());
    let cseq = message.cseq().unwrap();
    push("=cseq", format!("{} {}", cseq.number, cseq.method.as_str()));
    if message.header(HeaderName::MaxForwards).is_some() {
        push("=max-forwards", message.max_forwards().unwrap().to_string());
    }
    for contact in message.contacts().map(Result::unwrap) {
        match contact {
            Contact::Star => push("=contact", "*".to_owned()),
            Contact::Address(contact) => push("=contact", address(&contact)),
        }
    }
    for route in message.routes().map(Result::unwrap) {
        push("=route", address(&route));
    }
    for route in message.record_routes().map(Result::unwrap) {
        push("=record-route", address(&route));
    }
    if let Ok(kind) = message.content_type() {
        push(
            "=content-type",
            format!(
                "{}/{} {:?}",
                kind.kind,
                kind.subtype,
                kind.params.iter().collect::<Vec<_>>()
            ),
        );
    }
}

fn uri_parts(uri: &Uri<'_>) -> String {
    let user = uri.user_decoded().unwrap_or("-".into());
    let port = uri.port.map_or("-".to_owned(), |port| port.to_string());
    let params: Vec<_> = uri
        .params()
        .map(|(name, value)| format!("{name}={}", value.unwrap_or("-")))
        .collect();
    format!(
        "{:?} {user} {} {port} [{}]",
        uri.scheme,
        uri.host,
        params.join(" ")
    )
}

fn address(address: &NameAddr<'_>) -> String {
    let params: Vec<_> = address
        .params
        .iter()
        .map(|(name, value)| format!("{name}={}", value.unwrap_or("-")))
        .collect();
    format!(
        "{:?} {} [{}] {}",
        address.display.as_deref(),
        address.uri,
        params.join(" "),
        uri_parts(&address.uri)
    )
}

fn escape(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    for byte in bytes {
        if *byte < b' ' || *byte == 0x7f {
            out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
        } else {
            out.push(*byte);
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn every_message_of_rfc_4475_is_read_as_the_table_says() {
    check("rfc4475");
}

#[test]
fn every_message_of_rfc_5118_is_read_as_the_table_says() {
    check("rfc5118");
}
