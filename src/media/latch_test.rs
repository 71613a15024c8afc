use super::*;

const SDP: &str = "10.0.0.1:4000";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn at(ms: u64) -> MonoTime {
    MonoTime::from_micros(ms * 1000)
}

fn header(ssrc: u32, sequence: u16) -> Header {
    Header {
        marker: false,
        payload_type: 8,
        sequence,
        timestamp: 0,
        ssrc,
    }
}

fn latch(rule: Latch) -> SourceLatch {
    SourceLatch::new(at(0), rule, Some(address(SDP)))
}

/// Feeds packets `from`, in order from `first`, and says how many were the peer's.
fn feed(latch: &mut SourceLatch, from: &str, ssrc: u32, sequences: std::ops::Range<u16>) -> usize {
    sequences
        .filter(|it| latch.judge(at(100), address(from), &header(ssrc, *it)) == Verdict::Peer)
        .count()
}

#[test]
fn five_packets_in_order_lock_the_source() {
    let mut latch = latch(Latch::SdpAddress);
    assert_eq!(feed(&mut latch, "10.0.0.1:4002", 1, 0..4), 4);
    assert_eq!(latch.locked(), None);
    assert_eq!(feed(&mut latch, "10.0.0.1:4002", 1, 4..5), 1);
    assert_eq!(latch.locked(), Some(address("10.0.0.1:4002")));
}

#[test]
fn nobody_else_speaks_on_a_locked_leg() {
    let mut latch = latch(Latch::AnySource);
    feed(&mut latch, SDP, 1, 0..5);
    assert_eq!(
        feed(&mut latch, "10.0.0.9:4000", 1, 5..60),
        0,
        "another host with the right SSRC"
    );
    assert_eq!(
        feed(&mut latch, "10.0.0.1:5000", 7, 5..60),
        0,
        "the same host with another SSRC"
    );
    assert_eq!(
        feed(&mut latch, "10.0.0.1:5000", 1, 1000..1060),
        0,
        "the same host, numbers far off"
    );
    assert_eq!(latch.locked(), Some(address(SDP)));
}

#[test]
fn the_sdp_address_is_the_only_one_under_the_strict_rule() {
    let mut latch = latch(Latch::SdpAddress);
    assert_eq!(feed(&mut latch, "10.0.0.2:4000", 1, 0..20), 0);
    assert_eq!(feed(&mut latch, "10.0.0.1:9999", 1, 0..20), 20);
}

#[test]
fn the_signalling_host_may_speak_when_the_rule_says_so() {
    let mut latch = latch(Latch::SdpOrSignalling("203.0.113.7".parse().unwrap()));
    assert_eq!(feed(&mut latch, "203.0.113.8:1", 1, 0..20), 0);
    assert_eq!(feed(&mut latch, "203.0.113.7:1", 1, 0..20), 20);
}

#[test]
fn any_source_is_believed_for_three_seconds_only() {
    let mut early = latch(Latch::AnySource);
    assert_eq!(
        early.judge(at(2_900), address("1.2.3.4:5"), &header(1, 0)),
        Verdict::Peer
    );
    let mut late = latch(Latch::AnySource);
    assert_eq!(
        late.judge(at(3_100), address("1.2.3.4:5"), &header(1, 0)),
        Verdict::Stranger
    );
    assert_eq!(late.judge(at(3_100), address(SDP), &header(1, 0)), Verdict::Peer);
}

#[test]
fn the_named_source_displaces_a_guess_that_is_not_locked_yet() {
    let mut latch = latch(Latch::AnySource);
    assert_eq!(feed(&mut latch, "6.6.6.6:6", 6, 0..3), 3);
    assert_eq!(feed(&mut latch, SDP, 1, 0..5), 5);
    assert_eq!(feed(&mut latch, "6.6.6.6:6", 6, 3..20), 0);
    assert_eq!(latch.locked(), Some(address(SDP)));
}

#[test]
fn disorder_starts_the_count_again() {
    let mut latch = latch(Latch::SdpAddress);
    for sequence in [1, 2, 3, 4, 900, 901, 902, 903] {
        latch.judge(at(0), address(SDP), &header(1, sequence));
        assert_eq!(latch.locked(), None);
    }
    latch.judge(at(0), address(SDP), &header(1, 904));
    assert_eq!(latch.locked(), Some(address(SDP)));
}

#[test]
fn a_peer_may_change_its_ssrc_and_may_move_its_port_when_the_stream_goes_on() {
    let mut latch = latch(Latch::SdpAddress);
    feed(&mut latch, SDP, 1, 0..5);
    assert_eq!(
        feed(&mut latch, SDP, 2, 500..510),
        10,
        "a new source behind the same address"
    );
    assert_eq!(
        feed(&mut latch, "10.0.0.1:4444", 2, 512..520),
        8,
        "a NAT gave it another port"
    );
    assert_eq!(latch.locked(), Some(address("10.0.0.1:4444")));
    assert_eq!(feed(&mut latch, SDP, 2, 510..512), 0, "the old port's stragglers");
}

#[test]
fn changed_media_is_learned_anew_but_hold_is_not() {
    let mut latch = latch(Latch::SdpAddress);
    feed(&mut latch, SDP, 1, 0..5);
    latch.reset(at(200), Latch::SdpAddress, None);
    latch.reset(at(300), Latch::SdpAddress, Some(address(SDP)));
    assert_eq!(latch.locked(), Some(address(SDP)));
    latch.reset(at(400), Latch::SdpAddress, Some(address("10.0.0.5:6000")));
    assert_eq!(latch.locked(), None);
    assert_eq!(feed(&mut latch, SDP, 1, 5..10), 0);
    assert_eq!(feed(&mut latch, "10.0.0.5:6000", 3, 0..5), 5);
    assert_eq!(latch.locked(), Some(address("10.0.0.5:6000")));
}

#[test]
fn control_packets_are_taken_from_the_peers_host_only() {
    let mut latch = latch(Latch::AnySource);
    assert!(latch.knows_host("10.0.0.1".parse().unwrap()));
    feed(&mut latch, "1.2.3.4:5", 1, 0..5);
    assert!(latch.knows_host("1.2.3.4".parse().unwrap()));
    assert!(!latch.knows_host("10.0.0.1".parse().unwrap()));
}
