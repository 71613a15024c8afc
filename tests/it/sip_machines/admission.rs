//! Who may call, and what is answered to everybody else.

use rexian::base::limits::SIP_TRANSACTIONS_MAX;
use rexian::sip::auth::Credentials;
use rexian::sip::auth::Secret;
use rexian::sip::endpoint::Event;
use rexian::sip::endpoint::Output;
use rexian::sip::endpoint::Peer;
use rexian::sip::endpoint::RefusedWhy;
use rexian::sip::message::Message;

use super::Bench;
use super::OFFER;
use super::REALM;
use super::in_dialog;
use super::invite;
use super::udp;
use super::value;

/// The `Authorization` line that answers a challenge.
pub(crate) fn authorize(challenge: &str, method: &str, uri: &str, password: &str, nc: u32) -> String {
    let line = value(challenge, "WWW-Authenticate");
    let nonce = line
        .split("nonce=\"")
        .nth(1)
        .and_then(|it| it.split('"').next())
        .unwrap_or_default();
    let start = format!(
        "Digest username=\"8001\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"{uri}\", algorithm=SHA-256, \
         qop=auth, nc={nc:08x}, cnonce=\"c\""
    );
    let unsigned = format!("{start}, response=\"\"");
    let secret = Secret::new("8001", REALM, password);
    let proof = Credentials::parse(&unsigned).unwrap().expected(method, &secret);
    format!("Authorization: {start}, response=\"{proof}\"\r\n")
}

fn from_phone(branch: &str, cseq: u32, extra: &str) -> String {
    invite(extra, OFFER)
        .replace("sip:13800138000@192.0.2.2>;tag", "sip:8001@192.0.2.1>;tag")
        .replace("z9hG4bKi", &format!("z9hG4bK{branch}"))
        .replace("CSeq: 1", &format!("CSeq: {cseq}"))
}

fn phone_bench() -> Bench {
    let mut bench = Bench::new();
    bench.route = udp("192.0.2.1:5060", "198.51.100.9:40000");
    bench
}

#[test]
fn a_device_is_challenged_and_then_believed() {
    let mut bench = phone_bench();
    bench.feed(&from_phone("p1", 1, ""));
    let challenge = bench.take().pop().unwrap();
    assert!(challenge.starts_with("SIP/2.0 401 "), "{challenge}");
    assert_eq!(challenge.matches("WWW-Authenticate: Digest").count(), 2);
    assert!(
        challenge.find("MD5") < challenge.find("SHA-256"),
        "a phone that knows MD5 alone reads the first"
    );
    assert_eq!(bench.told(), "");
    assert!(bench.endpoint.is_idle(), "a challenge keeps nothing");
    let proof = authorize(&challenge, "INVITE", "sip:12345@192.0.2.1", "secret", 1);
    bench.feed(&from_phone("p2", 2, &proof));
    assert_eq!(bench.said(), "100");
    let Some(Event::Incoming { peer, .. }) = bench.take_events().pop() else {
        panic!("no call");
    };
    assert_eq!(peer, Peer::Device("desk-1".parse().unwrap()));
}

#[test]
fn a_wrong_password_a_strange_name_and_a_stranger_are_refused() {
    let mut bench = phone_bench();
    bench.feed(&from_phone("p1", 1, ""));
    let challenge = bench.take().pop().unwrap();
    let guess = authorize(&challenge, "INVITE", "sip:12345@192.0.2.1", "guess", 1);
    bench.feed(&from_phone("p2", 2, &guess));
    let other_uri = authorize(&challenge, "INVITE", "sip:110@192.0.2.1", "secret", 1);
    bench.feed(&from_phone("p3", 3, &other_uri));
    bench.feed(&invite("", OFFER));
    assert_eq!(bench.said(), "403 403 403");
    let told = "Refused 403 BadCredentials, Refused 403 BadCredentials, Refused 403 NoTrunk";
    assert_eq!(bench.told(), told);
    assert!(bench.endpoint.is_idle());
}

#[test]
fn a_repeated_nonce_count_and_an_old_nonce_are_stale() {
    let mut bench = phone_bench();
    bench.feed(&from_phone("p1", 1, ""));
    let challenge = bench.take().pop().unwrap();
    let uri = "sip:12345@192.0.2.1";
    bench.feed(&from_phone(
        "p2",
        2,
        &authorize(&challenge, "INVITE", uri, "secret", 1),
    ));
    assert_eq!(bench.said(), "100");
    bench.feed(&from_phone(
        "p3",
        3,
        &authorize(&challenge, "INVITE", uri, "secret", 1),
    ));
    let stale = bench.take().pop().unwrap();
    assert!(
        stale.starts_with("SIP/2.0 401 ") && value(&stale, "WWW-Authenticate").ends_with("stale=true"),
        "{stale}"
    );
    bench.advance(301_000);
    bench.feed(&from_phone(
        "p4",
        4,
        &authorize(&challenge, "INVITE", uri, "secret", 2),
    ));
    let stale = bench.take().pop().unwrap();
    assert!(
        value(&stale, "WWW-Authenticate").ends_with("stale=true"),
        "{stale}"
    );
}

#[test]
fn the_same_invite_over_another_path_is_a_loop() {
    let mut bench = Bench::new();
    bench.incoming("");
    bench.feed(&invite("", OFFER).replace("z9hG4bKi", "z9hG4bKj"));
    assert_eq!(bench.said(), "482");
    assert_eq!(bench.told(), "Refused 482 Loop");
}

#[test]
fn an_invite_that_we_cannot_serve_is_refused_with_the_reason() {
    let table = [
        ("Max-Forwards: 70", "Max-Forwards: 0", "483", "Refused 483 Loop"),
        (
            "Max-Forwards: 70",
            "Require: 100rel, timer",
            "420",
            "Refused 420 Unsupported",
        ),
        (
            "Contact: <sip:13800138000@192.0.2.2:5060>\r\n",
            "",
            "400",
            "Refused 400 Malformed",
        ),
        ("application/sdp", "text/plain", "415", "Refused 415 Unsupported"),
        (
            "INVITE sip:12345@192.0.2.1",
            "INVITE weird:12345",
            "416",
            "Refused 416 Malformed",
        ),
        ("CSeq: 1 INVITE", "CSeq: 1 BYE", "400", "Refused 400 Malformed"),
        (
            " SIP/2.0\r\nVia",
            " SIP/7.0\r\nVia",
            "505",
            "Refused 505 Malformed",
        ),
        (
            "Content-Length: ",
            "Content-Length: 9",
            "400",
            "Refused 400 Malformed",
        ),
    ];
    for (from, to, said, told) in table {
        let mut bench = Bench::new();
        bench.feed(&invite("", OFFER).replacen(from, to, 1));
        assert_eq!(
            (bench.said().as_str(), bench.told().as_str()),
            (said, told),
            "{from} -> {to}"
        );
        bench.settle();
    }
}

#[test]
fn unknown_extensions_are_listed() {
    let mut bench = Bench::new();
    bench.feed(&invite(
        "Require: 100rel, timer, nothing\r\nProxy-Require: path\r\n",
        OFFER,
    ));
    assert_eq!(value(&bench.take()[0], "Unsupported"), "100rel, nothing, path");
}

#[test]
fn anybody_may_ask_what_we_can_and_nothing_is_kept() {
    let mut bench = phone_bench();
    bench.feed(&in_dialog("OPTIONS", 1, "", "o", "", "").replace("Max-Forwards: 70", "Max-Forwards: 0"));
    let answer = bench.take().pop().unwrap();
    assert!(answer.starts_with("SIP/2.0 200 OK\r\n"), "{answer}");
    for header in ["Allow", "Accept", "Supported"] {
        assert!(!value(&answer, header).is_empty(), "{header}");
    }
    assert!(bench.endpoint.is_idle());
}

#[test]
fn requests_without_a_dialog_get_what_their_method_deserves() {
    let mut bench = Bench::new();
    for (method, status) in [
        ("BYE", "481"),
        ("INFO", "481"),
        ("UPDATE", "481"),
        ("PRACK", "481"),
        ("NOTIFY", "481"),
        ("SUBSCRIBE", "405"),
        ("REFER", "405"),
        ("MESSAGE", "405"),
        ("DANCE", "501"),
        ("ACK", ""),
    ] {
        bench.feed(&in_dialog(method, 1, "", method, "", ""));
        let sent = bench.take();
        let said = sent.first().map(|it| super::short(it)).unwrap_or_default();
        assert_eq!(said, status, "{method}");
        assert_eq!(
            sent.first().is_some_and(|it| it.contains("\r\nAllow: ")),
            status == "405" || status == "501"
        );
    }
    assert!(bench.endpoint.is_idle());
    assert!(bench.timers.is_empty());
}

#[test]
fn broken_messages_are_answered_if_they_are_requests_and_no_ack() {
    let mut bench = Bench::new();
    let broken = |method: &str| in_dialog(method, 1, "", "b", "Broken line\r\n", "");
    bench.feed(&broken("OPTIONS"));
    assert_eq!(bench.said(), "400");
    bench.feed(&broken("ACK"));
    bench.feed("SIP/2.0 200 OK\r\nBroken line\r\n\r\n");
    bench.feed("\r\n\r\n");
    bench.feed("\u{0}\u{1}");
    assert_eq!(bench.said(), "");
    assert!(bench.endpoint.counters().malformed >= 4);
}

#[test]
fn responses_go_to_the_source_when_asked_or_translated_and_else_to_the_port_of_the_via() {
    let port = |bench: &mut Bench, text: &str| {
        bench.feed(text);
        bench.sent.pop().unwrap().1.to_string()
    };
    let text = in_dialog("OPTIONS", 1, "", "o", "", "");
    let mut bench = Bench::new();
    bench.route = udp("192.0.2.1:5060", "192.0.2.2:6060");
    assert_eq!(port(&mut bench, &text), "192.0.2.2:6060");
    assert_eq!(port(&mut bench, &text.replace(";rport", "")), "192.0.2.2:5060");
    let behind = text
        .replace(";rport", "")
        .replace("UDP 192.0.2.2", "UDP 10.0.0.2");
    assert_eq!(port(&mut bench, &behind), "192.0.2.2:6060");
}

#[test]
fn an_rfc_2543_peer_is_matched_without_a_branch() {
    let mut bench = Bench::new();
    let old = |text: String| text.replace(";branch=z9hG4bKi", "");
    bench.feed(&old(invite("", OFFER)));
    bench.feed(&old(invite("", OFFER)));
    assert_eq!(bench.said(), "100 100");
    assert_eq!(bench.told(), "Incoming");
    bench.feed(&old(in_dialog("CANCEL", 1, "", "i", "", "").replacen(
        "sip:192.0.2.1",
        "sip:12345@192.0.2.1",
        1,
    )));
    assert_eq!(bench.said(), "200 487");
    bench.feed(&old(in_dialog("ACK", 1, "x", "i", "", "").replacen(
        "sip:192.0.2.1",
        "sip:12345@192.0.2.1",
        1,
    )));
    bench.advance(10_000);
    assert_eq!(bench.said(), "", "the 487 is acknowledged");
    bench.settle();
}

#[test]
fn a_flood_of_invites_ends_at_the_bound_of_transactions() {
    let mut bench = Bench::new();
    let route = bench.route;
    let template = invite("", OFFER);
    let mut out = Vec::new();
    for number in 0..SIP_TRANSACTIONS_MAX + 3 {
        let text = template
            .replace("z9hG4bKi", &format!("z9hG4bK{number}"))
            .replace("call@far", &format!("{number}"));
        out.clear();
        bench
            .endpoint
            .receive(bench.now, route, text.as_bytes(), &mut out);
    }
    let refused = |output: &Output| {
        matches!(
            output,
            Output::Event(Event::Refused {
                status: 503,
                why: RefusedWhy::Overloaded,
                ..
            })
        )
    };
    assert!(out.iter().any(refused), "{out:?}");
    let counters = bench.endpoint.counters();
    assert_eq!(
        counters.transactions,
        u64::try_from(SIP_TRANSACTIONS_MAX).unwrap()
    );
    assert_eq!((counters.sessions, counters.refused), (counters.transactions, 3));
}

#[test]
fn no_message_of_the_torture_suites_panics_or_stays() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut bench = Bench::new();
    let mut count = 0;
    for suite in ["rfc4475", "rfc5118"] {
        let entries = std::fs::read_dir(root.join(suite)).unwrap();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths
            .iter()
            .filter(|path| path.extension().is_some_and(|it| it == "dat"))
        {
            let bytes = std::fs::read(path).unwrap();
            let route = bench.route;
            bench.act(|endpoint, now, out| {
                endpoint.receive(now, route, &bytes, out);
                // Every answer must itself be a message, also when it echoes what is broken.
                for output in out.iter() {
                    if let Output::Send { bytes, .. } = output {
                        assert!(Message::parse(bytes).is_ok(), "{}", path.display());
                    }
                }
                out.retain(|output| !matches!(output, Output::Send { .. }));
            });
            count += 1;
        }
    }
    assert!(count > 50, "{count}");
    bench.advance(1_900_000);
    bench.settle();
}
