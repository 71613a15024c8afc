//! Scripts for `uri.rs`.

use super::*;

fn uri(text: &str) -> Uri<'_> {
    Uri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_full_uri_falls_into_its_parts() {
    let it = uri(
        "sips:+8657112345;phone-context=x:secret@[2001:db8::1]:5061;transport=tcp;lr?Subject=a&Priority=urgent",
    );
    assert_eq!(it.scheme, Scheme::Sips);
    assert_eq!(it.user, Some("+8657112345;phone-context=x"));
    assert_eq!(it.password, Some("secret"));
    assert_eq!(it.host, Host::V6("2001:db8::1".parse().unwrap()));
    assert_eq!(it.port, Some(5061));
    assert_eq!(
        it.params().collect::<Vec<_>>(),
        [("transport", Some("tcp")), ("lr", None)]
    );
    assert!(it.is_loose_router());
    assert_eq!(it.headers, Some("Subject=a&Priority=urgent"));
}

#[test]
fn the_hosts_are_names_and_addresses() {
    assert_eq!(uri("sip:example.com").host, Host::Name("EXAMPLE.com"));
    assert_eq!(uri("sip:192.0.2.1").host, Host::V4(Ipv4Addr::new(192, 0, 2, 1)));
    assert_eq!(uri("sip:[2001:db8::10:5070]").port, None);
    assert_eq!(uri("sip:[2001:db8::10]:5070").port, Some(5070));
    assert_eq!(
        uri("sip:a@[::ffff:192.0.2.2]").host.to_string(),
        "[::ffff:192.0.2.2]"
    );
    assert_eq!(uri("sip:1234.example").host, Host::Name("1234.example"));
}

#[test]
fn a_tel_uri_has_a_number_and_parameters() {
    let it = uri("tel:+86-571-12345;phone-context=example.com");
    assert_eq!((it.scheme, it.user), (Scheme::Tel, Some("+86-571-12345")));
    assert_eq!(it.param("phone-context"), Some("example.com"));
    assert!(it.equivalent(&uri("tel:+8657112345;phone-context=EXAMPLE.com")));
}

#[test]
fn an_unknown_scheme_is_kept_whole() {
    for text in [
        "soap.beep://192.0.2.103:3002",
        "isbn:2983792873",
        "name:John_Smith",
        "http://www.example.com",
    ] {
        assert!(matches!(uri(text).scheme, Scheme::Other(_)));
        assert_eq!(uri(text).to_string(), text);
    }
}

#[test]
fn escapes_are_decoded_only_on_demand() {
    let it = uri("sip:sips%3Auser%40example.com@example.net");
    assert_eq!(it.user, Some("sips%3Auser%40example.com"));
    assert_eq!(it.user_decoded().as_deref(), Some("sips:user@example.com"));
    assert_eq!(
        uri("sip:null-%00-null@a").user_decoded().as_deref(),
        Some("null-\0-null")
    );
    assert_eq!(uri("sip:50%@a").user_decoded().as_deref(), Some("50%"));
    assert_eq!(
        uri("sip:%E7%83%AD%E7%BA%BF@a").user_decoded().as_deref(),
        Some("热线")
    );
}

#[test]
fn what_is_no_uri_is_refused() {
    let bad = [
        "",
        "sip",
        "sip:",
        "sip:@host",
        ":a",
        "1sip:a",
        "<sip:a@b>",
        "sip:a b@c",
        "sip:a@",
        "sip:a@b:",
        "sip:a@b:x",
        "sip:a@b:65536",
        "sip:a@b:-1",
        "sip:2001:db8::10",
        "sip:[2001:db8::10",
        "sip:[2001:db8:::192.0.2.1]",
        "sip:a@b;",
        "sip:a@b;;lr",
        "sip:a@b;=x",
        "sip:a@b;x=",
        "sip:a@b@c",
        "sip:a@b?",
        "sip:a@b?x=\"",
        "tel:",
        "tel:abc@x",
        "x:",
        "sip:a@b\r\n",
        "sip:a@b\0",
        "sip:a@[::1]x",
    ];
    for text in bad {
        assert_eq!(Uri::parse(text), Err(ParseError::Uri), "{text}");
    }
}

#[test]
fn equivalence_follows_the_tables_of_the_standard() {
    let same = [
        (
            "sip:%61lice@atlanta.com;transport=TCP",
            "sip:alice@AtLanTa.CoM;Transport=tcp",
        ),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:carol@chicago.com;newparam=5",
            "sip:carol@chicago.com;security=on",
        ),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
    ];
    for (one, two) in same {
        assert!(uri(one).equivalent(&uri(two)), "{one} {two}");
        assert!(uri(two).equivalent(&uri(one)), "{two} {one}");
    }
    let different = [
        (
            "SIP:ALICE@AtLanTa.CoM;Transport=udp",
            "sip:alice@AtLanTa.CoM;Transport=UDP",
        ),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        (
            "sip:carol@chicago.com",
            "sip:carol@chicago.com?Subject=next%20meeting",
        ),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        (
            "sip:carol@chicago.com;security=on",
            "sip:carol@chicago.com;security=off",
        ),
        ("sip:a@b", "sips:a@b"),
    ];
    for (one, two) in different {
        assert!(!uri(one).equivalent(&uri(two)), "{one} {two}");
        assert!(!uri(two).equivalent(&uri(one)), "{two} {one}");
    }
}
