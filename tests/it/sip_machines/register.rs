//! Phones that register, are called, and vanish.

use rexian::base::ids::DeviceId;
use rexian::sip::endpoint::Event;
use rexian::sip::endpoint::OutgoingInvite;
use rexian::sip::endpoint::Route;
use rexian::sip::endpoint::Target;
use rexian::sip::endpoint::Transport;

use super::Bench;
use super::OFFER;
use super::admission::authorize;
use super::response;
use super::udp;
use super::value;

const PHONE: &str = "sip:8001@10.0.0.9:5062";

fn register(cseq: u32, extra: &str) -> String {
    format!(
        "REGISTER sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5062;rport;branch=z9hG4bKr{cseq}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:8001@192.0.2.1>;tag=p\r\nTo: <sip:8001@192.0.2.1>\r\nCall-ID: reg\r\n\
         CSeq: {cseq} REGISTER\r\n{extra}Content-Length: 0\r\n\r\n"
    )
}

fn desk() -> DeviceId {
    "desk-1".parse().unwrap()
}

/// A bench with a phone behind a translator, and its challenge.
fn phone() -> (Bench, String) {
    let mut bench = Bench::new();
    bench.route = udp("192.0.2.1:5060", "198.51.100.9:40000");
    bench.feed(&register(1, ""));
    let challenge = bench.take().pop().unwrap();
    assert!(challenge.starts_with("SIP/2.0 401 "), "{challenge}");
    (bench, challenge)
}

fn signed(challenge: &str, cseq: u32, extra: &str) -> String {
    let proof = authorize(challenge, "REGISTER", "sip:192.0.2.1", "secret", cseq);
    register(cseq, &format!("{proof}{extra}"))
}

#[test]
fn a_phone_registers_refreshes_and_expires() {
    let (mut bench, challenge) = phone();
    let contact = format!("Contact: <{PHONE}>;expires=100\r\n");
    bench.feed(&signed(&challenge, 2, &contact));
    let answer = bench.take().pop().unwrap();
    assert_eq!(value(&answer, "Contact"), format!("<{PHONE}>;expires=100"));
    bench.feed(&signed(&challenge, 2, &contact));
    assert_eq!(bench.said(), "200", "a repeated REGISTER is no replay");
    bench.advance(50_000);
    bench.feed(&signed(&challenge, 3, &contact));
    let registered = |changed| Event::Registered {
        device: desk(),
        contacts: 1,
        changed,
    };
    assert_eq!(bench.take_events(), [registered(true), registered(false)]);
    bench.advance(99_999);
    assert_eq!(bench.endpoint.bindings(&desk()).count(), 1);
    bench.advance(1);
    assert_eq!(bench.take_events(), [Event::Unregistered { device: desk() }]);
    assert_eq!(bench.endpoint.bindings(&desk()).count(), 0);
    bench.settle();
}

#[test]
fn a_phone_behind_a_translator_is_called_over_its_flow() {
    let (mut bench, challenge) = phone();
    bench.feed(&signed(&challenge, 2, &format!("Contact: <{PHONE}>\r\n")));
    bench.take();
    let target = Target::from(bench.endpoint.bindings(&desk()).next().unwrap());
    let request = OutgoingInvite {
        target,
        from_user: "13800138000".to_owned(),
        from_display: None,
        to_user: "8001".to_owned(),
        headers: Vec::new(),
        sdp: OFFER.to_owned(),
    };
    let session = bench.act(|endpoint, now, out| endpoint.invite(now, &request, out));
    let (_, remote, invite) = bench.sent.pop().unwrap();
    assert!(invite.starts_with(&format!("INVITE {PHONE} SIP/2.0")), "{invite}");
    assert_eq!(remote.to_string(), "198.51.100.9:40000");
    bench.feed(
        &response(&invite, 200, "peer", OFFER)
            .replace("<sip:far@192.0.2.2:5060>", "<sip:8001@203.0.113.200>"),
    );
    bench.act(|endpoint, now, out| endpoint.bye(now, session, None, out));
    let places: Vec<String> = bench
        .sent
        .iter()
        .map(|(_, remote, _)| remote.to_string())
        .collect();
    assert_eq!(
        places, ["198.51.100.9:40000"; 2],
        "ACK and BYE follow the flow, not the contact"
    );
    assert!(bench.take()[1].starts_with("BYE sip:8001@203.0.113.200 "));
}

#[test]
fn the_wire_side_of_the_registration_table() {
    let (mut bench, challenge) = phone();
    let mut table = |cseq: u32, extra: &str| {
        bench.feed(&signed(&challenge, cseq, extra));
        bench.take().pop().unwrap()
    };
    let brief = table(2, "Contact: <sip:8001@a.invalid>;expires=10\r\n");
    assert!(brief.starts_with("SIP/2.0 423 "), "{brief}");
    assert_eq!(value(&brief, "Min-Expires"), "60");
    let default = table(3, "Contact: <sip:8001@a.invalid>\r\n");
    assert_eq!(value(&default, "Contact"), "<sip:8001@a.invalid>;expires=300");
    let header = table(4, "Contact: <sip:8001@b.invalid>\r\nExpires: 120\r\n");
    assert!(header.contains("<sip:8001@b.invalid>;expires=120"), "{header}");
    assert!(header.contains("<sip:8001@a.invalid>;expires=300"), "{header}");
    let query = table(5, "");
    assert_eq!(query.matches("\r\nContact: ").count(), 2);
    assert!(table(6, "Contact: *\r\n").starts_with("SIP/2.0 400 "));
    assert!(
        table(7, "Contact: *\r\nContact: <sip:8001@a.invalid>\r\nExpires: 0\r\n").starts_with("SIP/2.0 400 ")
    );
    let removed = table(8, "Contact: *\r\nExpires: 0\r\n");
    assert!(
        removed.starts_with("SIP/2.0 200 ") && !removed.contains("Contact"),
        "{removed}"
    );
    assert_eq!(
        bench.take_events().pop(),
        Some(Event::Unregistered { device: desk() })
    );
}

#[test]
fn a_wrong_password_and_an_unknown_user_get_the_same_answers() {
    let (mut bench, challenge) = phone();
    let guess = authorize(&challenge, "REGISTER", "sip:192.0.2.1", "guess", 2);
    bench.feed(&register(2, &guess));
    let wrong = bench.take().pop().unwrap();
    let stranger = |text: String| text.replace("8001", "9999");
    bench.feed(&stranger(register(3, "")));
    assert_eq!(bench.said(), "401");
    bench.feed(&stranger(register(4, &guess)));
    let unknown = bench.take().pop().unwrap();
    let start = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    assert_eq!(
        (start(&wrong), start(&unknown)),
        ("SIP/2.0 403 Forbidden".into(), "SIP/2.0 403 Forbidden".into())
    );
    // A device may not register another's address.
    let proof = authorize(&challenge, "REGISTER", "sip:192.0.2.1", "secret", 5);
    bench.feed(&register(5, &proof).replace("To: <sip:8001", "To: <sip:8002"));
    assert_eq!(bench.said(), "403");
    assert_eq!(bench.told(), "");
    assert!(bench.endpoint.is_idle());
}

#[test]
fn a_lost_connection_takes_its_bindings_and_fails_its_requests() {
    let (mut bench, challenge) = phone();
    bench.route = Route {
        transport: Transport::Tcp,
        connection: 7,
        ..bench.route
    };
    bench.feed(&signed(
        &challenge,
        2,
        &format!("Contact: <{PHONE};transport=tcp>\r\n"),
    ));
    bench.take();
    let target = Target::from(bench.endpoint.bindings(&desk()).next().unwrap());
    let request = OutgoingInvite {
        target,
        from_user: "12345".to_owned(),
        from_display: None,
        to_user: "8001".to_owned(),
        headers: Vec::new(),
        sdp: OFFER.to_owned(),
    };
    bench.act(|endpoint, now, out| endpoint.invite(now, &request, out));
    bench.told();
    bench.act(|endpoint, now, out| endpoint.connection_lost(now, 7, out));
    assert_eq!(bench.told(), "Failed 503, Unregistered");
    bench.settle();
}
