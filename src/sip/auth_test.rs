use super::*;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

fn at(seconds: u64) -> MonoTime {
    MonoTime::from_micros(seconds * 1_000_000)
}

fn credentials<'a>(nonce: &'a str, nc: &'a str, response: &'a str) -> Credentials<'a> {
    Credentials {
        username: "8001",
        realm: "hotline",
        nonce,
        uri: "sip:hotline",
        response,
        algorithm: Algorithm::Sha256,
        quality: Some(("auth", nc, "0a4f113b")),
    }
}

fn try_once(challenger: &mut Challenger, now: MonoTime, source: IpAddr, nonce: &str, nc: &str) -> Verdict {
    let secret = Secret::new("8001", "hotline", "secret");
    let proof = credentials(nonce, nc, "").expected("REGISTER", &secret);
    challenger.verify(now, source, &credentials(nonce, nc, &proof), "REGISTER", &secret)
}

#[test]
fn the_examples_of_rfc_7616_come_out() {
    let value = |algorithm: &str, response: &str| {
        format!(
            "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", \
             algorithm={algorithm}, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
             cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, response=\"{response}\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        )
    };
    let secret = Secret::new("Mufasa", "http-auth@example.org", "Circle of Life");
    for (algorithm, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        (
            "SHA-256",
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
    ] {
        let text = value(algorithm, response);
        let credentials = Credentials::parse(&text).unwrap();
        assert_eq!(credentials.expected("GET", &secret), response);
    }
}

#[test]
fn the_example_of_rfc_2617_without_qop_is_computed_as_rfc_2069_says() {
    let secret = Secret::new("Mufasa", "testrealm@host.com", "CircleOfLife");
    let text = "Digest username=\"Mufasa\",realm=\"testrealm@host.com\",nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\",\
                uri=\"/dir/index.html\",response=\"1949323746fe6a43ef61f9606e7febea\"";
    let credentials = Credentials::parse(text).unwrap();
    assert_eq!(credentials.quality, None);
    assert_eq!(
        credentials.expected("GET", &secret),
        "1949323746fe6a43ef61f9606e7febea"
    );
}

#[test]
fn credentials_that_cannot_be_checked_are_none() {
    let good = "Digest username=\"a\", realm=\"r\", nonce=\"n\", uri=\"sip:x\", response=\"0\"";
    assert!(Credentials::parse(good).is_some());
    let commas = "Digest username=\"a,b\\\"\" ,, realm=\"r\", nonce=\"n\", uri=\"sip:x;y\", response=\"0\",";
    assert_eq!(Credentials::parse(commas).unwrap().username, "a,b\\\"");
    for bad in [
        "Basic dXNlcg==",
        "Digest",
        "Digest username=\"a\"",
        &format!("{good}, algorithm=SHA-512-256"),
        &format!("{good}, qop=auth-int, nc=00000001, cnonce=\"c\""),
        &format!("{good}, qop=auth"),
    ] {
        assert_eq!(Credentials::parse(bad), None, "{bad}");
    }
}

#[test]
fn a_nonce_is_good_for_its_address_its_time_and_growing_counts() {
    let mut random = Random::from_number(1);
    let mut challenger = Challenger::new(&mut random, Duration::from_mins(1));
    let nonce = challenger.nonce(at(10), HERE, &mut random);
    assert_eq!(
        try_once(&mut challenger, at(11), HERE, &nonce, "00000001"),
        Verdict::Accepted
    );
    assert_eq!(
        try_once(&mut challenger, at(12), HERE, &nonce, "00000001"),
        Verdict::Stale
    );
    assert_eq!(
        try_once(&mut challenger, at(13), HERE, &nonce, "0000000a"),
        Verdict::Accepted
    );
    assert_eq!(
        try_once(&mut challenger, at(13), HERE, &nonce, "00000009"),
        Verdict::Stale
    );
    assert_eq!(
        try_once(&mut challenger, at(13), HERE, &nonce, "00000010"),
        Verdict::Accepted
    );
    assert_eq!(
        try_once(&mut challenger, at(13), HERE, &nonce, "xyz"),
        Verdict::Stale
    );
    assert_eq!(
        try_once(&mut challenger, at(13), THERE, &nonce, "00000011"),
        Verdict::Stale
    );
    assert_eq!(
        try_once(&mut challenger, at(71), HERE, &nonce, "00000011"),
        Verdict::Stale
    );
    assert_eq!(
        try_once(&mut challenger, at(71), HERE, &"0".repeat(64), "00000001"),
        Verdict::Stale
    );
}

#[test]
fn a_wrong_password_is_wrong_whatever_the_nonce() {
    let mut random = Random::from_number(1);
    let mut challenger = Challenger::new(&mut random, Duration::from_mins(1));
    let nonce = challenger.nonce(at(10), HERE, &mut random);
    let other = Secret::new("8001", "hotline", "guess");
    let proof = credentials(&nonce, "00000001", "").expected("REGISTER", &other);
    let secret = Secret::new("8001", "hotline", "secret");
    let guess = credentials(&nonce, "00000001", &proof);
    assert_eq!(
        challenger.verify(at(10), HERE, &guess, "REGISTER", &secret),
        Verdict::Wrong
    );
    assert!(challenger.is_empty());
}

#[test]
fn a_nonce_without_qop_is_good_once() {
    let mut random = Random::from_number(1);
    let mut challenger = Challenger::new(&mut random, Duration::from_mins(1));
    let secret = Secret::new("8001", "hotline", "secret");
    let nonce = challenger.nonce(at(10), HERE, &mut random);
    let bare = Credentials {
        quality: None,
        algorithm: Algorithm::Md5,
        ..credentials(&nonce, "", "")
    };
    let proof = bare.expected("REGISTER", &secret);
    let bare = Credentials {
        response: &proof,
        ..bare
    };
    assert_eq!(
        challenger.verify(at(10), HERE, &bare, "REGISTER", &secret),
        Verdict::Accepted
    );
    assert_eq!(
        challenger.verify(at(10), HERE, &bare, "REGISTER", &secret),
        Verdict::Stale
    );
}

#[test]
fn the_table_of_nonces_is_bounded_and_the_forgotten_are_stale() {
    let mut random = Random::from_number(1);
    let mut challenger = Challenger::with_capacity(&mut random, Duration::from_mins(10), 4);
    let nonces: Vec<_> = (0..6)
        .map(|second| challenger.nonce(at(second), HERE, &mut random))
        .collect();
    for nonce in &nonces {
        assert_eq!(
            try_once(&mut challenger, at(10), HERE, nonce, "00000001"),
            Verdict::Accepted
        );
    }
    assert_eq!(challenger.len(), 4);
    assert_eq!(
        try_once(&mut challenger, at(10), HERE, &nonces[0], "00000002"),
        Verdict::Stale
    );
    assert_eq!(
        try_once(&mut challenger, at(10), HERE, &nonces[5], "00000002"),
        Verdict::Accepted
    );
    let late = challenger.nonce(at(700), HERE, &mut random);
    assert_eq!(
        try_once(&mut challenger, at(700), HERE, &late, "00000001"),
        Verdict::Accepted
    );
    assert_eq!(challenger.len(), 1);
}
