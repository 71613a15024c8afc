//! Random bytes and mutated messages: nothing panics, and what is read survives writing.

use proptest::prelude::*;
use proptest::sample::Index;

use rexian::base::codec::Codec;
use rexian::sdp::negotiate::LocalMedia;
use rexian::sdp::negotiate::SdpSession;
use rexian::sip::header::HeaderName;
use rexian::sip::message::Message;
use rexian::sip::message::frame_stream;
use rexian::sip::message::salvage;
use rexian::sip::uri::Uri;
use rexian::sip::write::Writer;
use rexian::sip::write::write_message;

use crate::sip::corpus;

/// Asks a message for everything it can tell.
fn exhaust(bytes: &[u8]) {
    let _ = frame_stream(bytes);
    if let Some(saved) = salvage(bytes) {
        let answer = Writer::response(400, "Bad Request")
            .copy_salvaged(&saved)
            .finish();
        Message::parse(&answer).expect("an answer of ours parses");
    }
    let Ok(message) = Message::parse(bytes) else {
        return;
    };
    let verdict = message.validate();
    let _ = (
        message.request_uri(),
        message.expires(),
        message.max_forwards(),
        message.content_type(),
    );
    for name in HeaderName::ALL {
        let _ = (
            message.text(*name),
            message.addresses(*name).count(),
            message.tokens(*name).count(),
        );
    }
    for contact in message.contacts().filter_map(Result::ok) {
        if let Some(address) = contact.address() {
            let _ = (
                address.q(),
                address.expires(),
                address.uri.user_decoded(),
                address.uri.equivalent(&address.uri),
            );
        }
    }
    for via in message.vias().filter_map(Result::ok) {
        let _ = (via.received(), via.rport(), via.transaction_branch());
    }
    let local = LocalMedia {
        address: [10, 0, 0, 1].into(),
        rtp_port: 4000,
        codecs: &[Codec::Pcma],
        telephone_event: true,
        rtcp_mux: true,
    };
    let mut session = SdpSession::new(1);
    let _ = session.answer(message.body(), &local);
    let mut written = Vec::new();
    write_message(&message, &mut written);
    let again = Message::parse(&written).expect("what is written can be read");
    assert_eq!(again.validate(), verdict);
    assert_eq!(again.body(), message.body());
}

#[derive(Clone, Debug)]
enum Mutation {
    Replace(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Copy(Index, Index, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let telling = prop::sample::select(&b"\r\n \t:;,<>\"\\/=@?%[]0\0\xff"[..]);
    prop_oneof![
        (any::<Index>(), telling.clone()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
        (any::<Index>(), prop::collection::vec(telling, 1..4))
            .prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        (any::<Index>(), 1_usize..40).prop_map(|(at, count)| Mutation::Remove(at, count)),
        (any::<Index>(), any::<Index>(), 1_usize..80)
            .prop_map(|(from, to, count)| Mutation::Copy(from, to, count)),
    ]
}

fn apply(bytes: &mut Vec<u8>, mutation: &Mutation) {
    if bytes.is_empty() {
        return;
    }
    match mutation {
        Mutation::Replace(at, byte) => {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        Mutation::Insert(at, extra) => {
            let at = at.index(bytes.len());
            bytes.splice(at..at, extra.iter().copied());
        }
        Mutation::Remove(at, count) => {
            let at = at.index(bytes.len());
            bytes.drain(at..(at + count).min(bytes.len()));
        }
        Mutation::Copy(from, to, count) => {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            let piece = bytes[from..(from + count).min(bytes.len())].to_vec();
            bytes.splice(to..to, piece);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        exhaust(&bytes);
    }

    #[test]
    fn mutated_messages_never_panic(which in any::<Index>(), mutations in prop::collection::vec(mutation(), 1..6)) {
        let mut seeds = corpus("rfc4475");
        seeds.extend(corpus("rfc5118"));
        let (_, mut bytes) = seeds.swap_remove(which.index(seeds.len()));
        for mutation in &mutations {
            apply(&mut bytes, mutation);
            exhaust(&bytes);
        }
    }

    #[test]
    fn every_prefix_of_a_message_is_taken_or_refused(which in any::<Index>(), cut in any::<Index>()) {
        let (_, bytes) = corpus("rfc4475").swap_remove(which.index(49));
        exhaust(&bytes[..cut.index(bytes.len())]);
    }

    #[test]
    fn what_the_writer_writes_is_read_back(
        user in "[a-z0-9+]{1,20}",
        name in "\\PC{0,20}",
        subject in any::<String>(),
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let uri = format!("sip:{user}@hotline.example");
        let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
        let bytes = Writer::request("INVITE", &uri)
            .header(HeaderName::Via, "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1")
            .header(HeaderName::From, format_args!("\"{quoted}\" <{uri}>;tag=1"))
            .header(HeaderName::To, format_args!("<{uri}>"))
            .header(HeaderName::CallId, "a@b")
            .header(HeaderName::CSeq, "1 INVITE")
            .header("Subject", &subject)
            .body("application/octet-stream", &body)
            .finish();
        let message = Message::parse(&bytes).unwrap();
        prop_assert_eq!(message.validate(), Ok(()));
        prop_assert_eq!(message.request_uri().unwrap(), Uri::parse(&uri).unwrap());
        let from = message.from().unwrap();
        prop_assert_eq!(from.display.as_deref(), Some(name.as_str()));
        prop_assert_eq!(message.body(), &body[..]);
        prop_assert_eq!(frame_stream(&bytes), Ok(rexian::sip::message::Framed::Message(bytes.len())));
    }
}
