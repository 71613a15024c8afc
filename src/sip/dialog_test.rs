use super::*;

fn route(remote: &str) -> Route {
    let local = "203.0.113.1:5060".parse().unwrap();
    Route {
        transport: Transport::Udp,
        local,
        remote: remote.parse().unwrap(),
        connection: 0,
    }
}

fn invite(extra: &str) -> String {
    format!(
        "INVITE sip:12345@203.0.113.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKa\r\n\
         From: <sip:13800138000@198.51.100.7>;tag=f\r\nTo: <sip:12345@203.0.113.1>\r\nCall-ID: c\r\n\
         CSeq: 7 INVITE\r\n{extra}\r\n"
    )
}

fn dialog(extra: &str, hop: Hop) -> Dialog {
    let text = invite(extra);
    let message = Message::parse(text.as_bytes()).unwrap();
    Dialog::from_request(&message, route("198.51.100.7:5062"), 1, hop).unwrap()
}

#[test]
fn the_next_hop_is_the_first_route_else_the_contact_else_the_flow() {
    let computed = |extra: &str| dialog(extra, Hop::Computed).next_hop().remote.to_string();
    assert_eq!(
        computed("Contact: <sip:a@198.51.100.8:5070>\r\n"),
        "198.51.100.8:5070"
    );
    assert_eq!(computed("Contact: <sip:a@198.51.100.8>\r\n"), "198.51.100.8:5060");
    let routed =
        "Record-Route: <sip:198.51.100.9;lr>, <sip:198.51.100.10;lr>\r\nContact: <sip:a@198.51.100.8>\r\n";
    assert_eq!(computed(routed), "198.51.100.9:5060");
    assert_eq!(
        computed("Contact: <sip:a@pbx.example.com>\r\n"),
        "198.51.100.7:5062"
    );
    assert_eq!(computed("Contact: <sip:a@192.168.1.5>\r\n"), "198.51.100.7:5062");
    let learned = dialog("Contact: <sip:a@198.51.100.8>\r\n", Hop::Learned);
    assert_eq!(learned.next_hop().remote.to_string(), "198.51.100.7:5062");
}

#[test]
fn a_contact_that_wants_tcp_gets_a_connection_to_be_opened() {
    let hop = dialog("Contact: <sip:a@198.51.100.8;transport=tcp>\r\n", Hop::Computed).next_hop();
    assert_eq!((hop.transport, hop.connection), (Transport::Tcp, 0));
}

#[test]
fn loose_routes_are_copied_and_a_strict_one_becomes_the_request_uri() {
    let text = |extra: &str| {
        let bytes = dialog(extra, Hop::Computed)
            .start_request("BYE", 1, 2, "203.0.113.1:5060".parse().unwrap())
            .finish();
        String::from_utf8(bytes).unwrap()
    };
    let loose =
        text("Record-Route: <sip:r1;lr>\r\nRecord-Route: <sip:r2;lr>\r\nContact: <sip:a@198.51.100.8>\r\n");
    assert!(loose.starts_with("BYE sip:a@198.51.100.8 SIP/2.0\r\n"), "{loose}");
    assert!(
        loose.contains("Route: <sip:r1;lr>\r\nRoute: <sip:r2;lr>\r\n"),
        "{loose}"
    );
    let strict = text("Record-Route: <sip:r1>, <sip:r2;lr>\r\nContact: <sip:a@198.51.100.8>\r\n");
    assert!(strict.starts_with("BYE sip:r1 SIP/2.0\r\n"), "{strict}");
    assert!(
        strict.contains("Route: <sip:r2;lr>\r\nRoute: <sip:a@198.51.100.8>\r\n"),
        "{strict}"
    );
}

#[test]
fn a_request_must_match_call_id_and_tag_and_come_in_order() {
    let mut dialog = dialog("Contact: <sip:a@198.51.100.8>\r\n", Hop::Computed);
    let text = invite("");
    assert!(dialog.matches(&Message::parse(text.as_bytes()).unwrap()));
    for (from, to) in [("tag=f", "tag=g"), ("tag=f", "x=f"), ("Call-ID: c", "Call-ID: d")] {
        let other = text.replace(from, to);
        assert!(
            !dialog.matches(&Message::parse(other.as_bytes()).unwrap()),
            "{to}"
        );
    }
    assert!(!dialog.advance_remote(7));
    assert!(dialog.advance_remote(9));
    assert!(!dialog.advance_remote(8));
}
