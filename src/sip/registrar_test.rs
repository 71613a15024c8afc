use super::*;

use std::net::SocketAddr;

use crate::sip::endpoint::Transport;

const BOUNDS: ExpiryBounds = ExpiryBounds {
    min: Duration::from_mins(1),
    max: Duration::from_hours(1),
    default: Duration::from_mins(5),
};

fn at(seconds: u64) -> MonoTime {
    MonoTime::from_micros(seconds * 1_000_000)
}

fn device() -> DeviceId {
    "8001".parse().unwrap()
}

fn route(port: u16) -> Route {
    let local = SocketAddr::from(([192, 0, 2, 1], 5060));
    let remote = SocketAddr::from(([192, 0, 2, 9], port));
    Route {
        transport: Transport::Udp,
        local,
        remote,
        connection: u64::from(port),
    }
}

fn request<'a>(call_id: &'a str, cseq: u32, contacts: &[(&'a str, u32)]) -> Registration<'a> {
    let contacts = contacts
        .iter()
        .map(|(uri, lifetime)| (Uri::parse(uri).unwrap(), *lifetime))
        .collect();
    Registration {
        call_id,
        cseq,
        route: route(5060),
        contacts: Contacts::Update(contacts),
    }
}

fn outcome(result: Result<Registered, RegistrarError>) -> String {
    match result {
        Ok(done) => format!(
            "{} {}",
            done.contacts,
            if done.changed { "changed" } else { "same" }
        ),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_table_of_registrations() {
    let mut registrar = Registrar::default();
    let one = "sip:8001@192.0.2.9";
    let two = "sip:8001@192.0.2.10:5070";
    let all = |cseq| Registration {
        contacts: Contacts::RemoveAll,
        ..request("b", cseq, &[])
    };
    let query = Registration {
        contacts: Contacts::Query,
        ..request("c", 1, &[])
    };
    let table = [
        (0, query.clone(), "0 same"),
        (0, request("a", 1, &[(one, 300)]), "1 changed"),
        (10, request("a", 2, &[(one, 300)]), "1 same"),
        (
            10,
            request("a", 2, &[(one, 300)]),
            "the request is older than the binding",
        ),
        (
            10,
            request("a", 1, &[(one, 0)]),
            "the request is older than the binding",
        ),
        (
            11,
            request("a", 3, &[(one, 59)]),
            "a binding must live at least 60 s",
        ),
        (
            11,
            request("b", 1, &[(two, 100), (one, 5)]),
            "a binding must live at least 60 s",
        ),
        (11, query.clone(), "1 same"),
        (12, request("b", 1, &[(two, 100), (one, 99_999)]), "2 changed"),
        (13, request("b", 2, &[("SIP:8001@192.0.2.9", 0)]), "1 changed"),
        (14, all(1), "the request is older than the binding"),
        (14, all(2), "0 changed"),
        (15, query, "0 same"),
    ];
    for (row, (seconds, request, expected)) in table.into_iter().enumerate() {
        let got = outcome(registrar.register(at(seconds), &device(), &request, &BOUNDS));
        assert_eq!(got, expected, "row {row}");
    }
    assert!(registrar.is_empty());
}

#[test]
fn a_binding_that_moves_to_another_flow_is_a_change() {
    let mut registrar = Registrar::default();
    let first = request("a", 1, &[("sip:8001@a.invalid", 300)]);
    assert_eq!(
        outcome(registrar.register(at(0), &device(), &first, &BOUNDS)),
        "1 changed"
    );
    let moved = Registration {
        route: route(6000),
        ..request("a", 2, &[("sip:8001@a.invalid", 300)])
    };
    assert_eq!(
        outcome(registrar.register(at(1), &device(), &moved, &BOUNDS)),
        "1 changed"
    );
    assert_eq!(registrar.connection_lost(5060), []);
    assert_eq!(registrar.connection_lost(6000), [(device(), 0)]);
}

#[test]
fn bindings_expire_one_by_one_and_long_lives_are_cut() {
    let mut registrar = Registrar::default();
    let both = request(
        "a",
        1,
        &[("sip:8001@a.invalid", 60), ("sip:8001@b.invalid", 999_999)],
    );
    registrar.register(at(0), &device(), &both, &BOUNDS).unwrap();
    assert_eq!(registrar.next_expiry(), Some(at(60)));
    assert_eq!(registrar.expire(at(59)), []);
    assert_eq!(registrar.expire(at(60)), [(device(), 1)]);
    assert_eq!(registrar.next_expiry(), Some(at(3_600)));
    assert_eq!(registrar.expire(at(3_600)), [(device(), 0)]);
    assert_eq!(registrar.next_expiry(), None);
    assert_eq!(registrar.len(), 0);
}

#[test]
fn a_device_has_eight_contacts_and_the_one_that_expires_first_makes_room() {
    let mut registrar = Registrar::default();
    for number in 0..12_u32 {
        let uri = format!("sip:8001@host{number}.invalid");
        registrar
            .register(
                at(0),
                &device(),
                &request("a", 1, &[(&uri, 100 + number)]),
                &BOUNDS,
            )
            .unwrap();
    }
    assert_eq!(registrar.len(), SIP_BINDINGS_PER_DEVICE_MAX);
    assert_eq!(registrar.next_expiry(), Some(at(104)));
    let nine: Vec<String> = (0..9)
        .map(|number| format!("sip:8001@many{number}.invalid"))
        .collect();
    let nine: Vec<(&str, u32)> = nine.iter().map(|uri| (uri.as_str(), 300)).collect();
    let refused = registrar.register(at(0), &device(), &request("b", 1, &nine), &BOUNDS);
    assert_eq!(refused, Err(RegistrarError::TooMany));
}
