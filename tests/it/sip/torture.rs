//! The torture messages: what the standards call valid is taken, what they call broken is refused with what they say, and
//! everything that is taken can be written and read again.

use rexian::sip::message::Framed;
use rexian::sip::message::Message;
use rexian::sip::message::frame_stream;
use rexian::sip::message::salvage;
use rexian::sip::write::refuse_salvaged;
use rexian::sip::write::write_message;

use crate::sip::corpus;

/// The class that RFC 4475 and RFC 5118 put a message in, as far as the message layer can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Valid,
    Broken,
    Either,
    Scheme,
    Version,
}

fn class_of(name: &str) -> Class {
    match name {
        "badinv01" | "clerr" | "ncl" | "scalar02" | "scalarlg" | "quotbal" | "ltgtruri" | "lwsruri"
        | "escruri" | "regbadct" | "mismatch01" | "mismatch02" | "bigcode" | "insuf" | "multi01"
        | "mcl01" | "ipv6-bad" => Class::Broken,
        "lwsstart" | "trws" | "ipv6-bug-abnf-3-colons" => Class::Either,
        "unkscm" | "novelsc" => Class::Scheme,
        "badvers" => Class::Version,
        _ => Class::Valid,
    }
}

fn all() -> Vec<(String, Vec<u8>)> {
    let mut messages = corpus("rfc4475");
    assert_eq!(messages.len(), 49);
    messages.extend(corpus("rfc5118"));
    assert_eq!(messages.len(), 61);
    messages
}

fn verdict(bytes: &[u8]) -> Result<(), u16> {
    let message = Message::parse(bytes).map_err(|error| error.refusal().status)?;
    message.validate().map_err(|refusal| refusal.status)
}

#[test]
fn each_torture_message_meets_its_class() {
    for (name, bytes) in all() {
        let verdict = verdict(&bytes);
        match class_of(&name) {
            Class::Valid => assert_eq!(verdict, Ok(()), "{name}"),
            Class::Broken => assert_eq!(verdict, Err(400), "{name}"),
            Class::Either => assert!(matches!(verdict, Ok(()) | Err(400)), "{name}: {verdict:?}"),
            Class::Scheme => assert_eq!(verdict, Err(416), "{name}"),
            Class::Version => assert_eq!(verdict, Err(505), "{name}"),
        }
    }
}

#[test]
fn what_is_read_can_be_written_and_read_again() {
    let mut read = 0;
    for (name, bytes) in all() {
        let Ok(message) = Message::parse(&bytes) else {
            continue;
        };
        read += 1;
        let mut written = Vec::new();
        write_message(&message, &mut written);
        let again = Message::parse(&written).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(message, again, "{name}");
        assert_eq!(message.validate(), again.validate(), "{name}");
        let mut twice = Vec::new();
        write_message(&again, &mut twice);
        assert_eq!(written, twice, "{name}");
    }
    assert!(50 <= read, "{read}");
}

#[test]
fn a_request_that_does_not_parse_can_be_answered_all_the_same() {
    for (name, bytes) in all() {
        let Err(error) = Message::parse(&bytes) else {
            continue;
        };
        if name == "bigcode" {
            assert_eq!(salvage(&bytes), None);
            continue;
        }
        let saved = salvage(&bytes).unwrap_or_else(|| panic!("{name} is lost"));
        let answer = refuse_salvaged(&saved, error.refusal());
        let answer = Message::parse(&answer).unwrap();
        assert_eq!(answer.validate(), Ok(()), "{name}");
        assert_eq!(answer.status(), Some(400), "{name}");
    }
}

#[test]
fn on_a_stream_each_message_ends_where_its_length_says() {
    for (name, bytes) in all() {
        match frame_stream(&bytes) {
            Ok(Framed::Message(length)) => assert!(length <= bytes.len(), "{name}"),
            Ok(Framed::Incomplete) => assert!(matches!(name.as_str(), "clerr" | "baddn"), "{name}"),
            other => assert!(
                matches!(name.as_str(), "inv2543" | "ncl" | "mcl01"),
                "{name}: {other:?}"
            ),
        }
    }
    let (_, both) = corpus("rfc4475")
        .into_iter()
        .find(|(name, _)| name == "dblreq")
        .unwrap();
    let Ok(Framed::Message(first)) = frame_stream(&both) else {
        panic!("a message")
    };
    let rest = &both[first..];
    assert_eq!(frame_stream(rest), Ok(Framed::KeepAlive(2)));
    let Ok(Framed::Message(second)) = frame_stream(&rest[2..]) else {
        panic!("a second message")
    };
    assert_eq!(
        Message::parse(&rest[2..2 + second])
            .unwrap()
            .method()
            .unwrap()
            .as_str(),
        "INVITE"
    );
}
