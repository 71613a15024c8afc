//! Scripts for `negotiate.rs`.

use super::*;

const BOTH: &[Codec] = &[Codec::Pcma, Codec::Pcmu];

fn local() -> LocalMedia<'static> {
    let address = IpAddr::from([10, 0, 0, 9]);
    LocalMedia {
        address,
        rtp_port: 30_000,
        codecs: BOTH,
        telephone_event: true,
        rtcp_mux: false,
    }
}

fn offer(tail: &str) -> String {
    format!(
        "v=0\r\no=x 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8 96\r\n\
        a=rtpmap:96 telephone-event/8000\r\n{tail}"
    )
}

fn answered(offer: &str) -> (String, Negotiated) {
    SdpSession::new(7)
        .answer(offer.as_bytes(), &local())
        .unwrap_or_else(|error| panic!("{offer}: {error}"))
}

fn direction_line(sdp: &str) -> &str {
    sdp.lines()
        .find(|line| Direction::from_name(line.trim_start_matches("a=")).is_some())
        .unwrap()
}

#[test]
fn an_answer_takes_the_offerers_first_codec_and_payload_types() {
    let (sdp, agreed) = answered(&offer("a=ptime:30\r\na=rtcp-mux\r\n"));
    let expected = "v=0\r\no=- 7 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 30000 RTP/AVP 0 96\r\n\
        a=rtpmap:0 PCMU/8000\r\na=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-15\r\na=ptime:20\r\na=sendrecv\r\n";
    assert_eq!(sdp, expected);
    let expected = Negotiated {
        remote_rtp: Some("192.0.2.1:4000".parse().unwrap()),
        remote_rtcp: Some("192.0.2.1:4001".parse().unwrap()),
        send: true,
        receive: true,
        codec: Codec::Pcmu,
        payload_type: 0,
        telephone_event: Some(96),
        ptime_ms: 30,
        rtcp_mux: false,
        hold: false,
    };
    assert_eq!(agreed, expected);
    let only_pcma = LocalMedia {
        codecs: &[Codec::Pcma],
        telephone_event: false,
        rtcp_mux: true,
        ..local()
    };
    let (sdp, agreed) = SdpSession::new(7)
        .answer(offer("a=rtcp-mux\r\n").as_bytes(), &only_pcma)
        .unwrap();
    assert!(sdp.contains("m=audio 30000 RTP/AVP 8\r\n") && sdp.contains("a=rtcp-mux\r\n"));
    assert_eq!(
        (agreed.codec, agreed.telephone_event, agreed.rtcp_mux),
        (Codec::Pcma, None, true)
    );
    assert_eq!(agreed.remote_rtcp, agreed.remote_rtp);
}

#[test]
fn a_dynamic_payload_type_of_a_known_codec_is_kept() {
    let text = "v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 111 97\na=rtpmap:111 opus/48000/2\na=rtpmap:97 PCMA/8000\n";
    let (sdp, agreed) = answered(text);
    assert!(
        sdp.contains("m=audio 30000 RTP/AVP 97\r\na=rtpmap:97 PCMA/8000\r\n"),
        "{sdp}"
    );
    assert_eq!((agreed.codec, agreed.payload_type), (Codec::Pcma, 97));
}

#[test]
fn each_way_to_hold_is_answered_with_its_complement() {
    let session = |line: &str| offer("").replace("t=0 0\r\n", &format!("t=0 0\r\na={line}\r\n"));
    let zero = |tail: &str| offer(tail).replace("c=IN IP4 192.0.2.1", "c=IN IP4 0.0.0.0");
    let cases = [
        (offer(""), "a=sendrecv", true, true, false),
        (offer("a=sendonly\r\n"), "a=recvonly", false, true, true),
        (offer("a=recvonly\r\n"), "a=sendonly", true, false, false),
        (offer("a=inactive\r\n"), "a=inactive", false, false, true),
        (session("sendonly"), "a=recvonly", false, true, true),
        (session("inactive"), "a=inactive", false, false, true),
        (
            session("inactive") + "a=sendrecv\r\n",
            "a=sendrecv",
            true,
            true,
            false,
        ),
        (zero(""), "a=recvonly", false, true, true),
        (zero("a=sendonly\r\n"), "a=recvonly", false, true, true),
        (zero("a=inactive\r\n"), "a=inactive", false, false, true),
    ];
    for (text, line, send, receive, hold) in cases {
        let (sdp, agreed) = answered(&text);
        assert_eq!(direction_line(&sdp), line, "{text}");
        assert_eq!(
            (agreed.send, agreed.receive, agreed.hold),
            (send, receive, hold),
            "{text}"
        );
        assert_eq!(agreed.remote_rtp.is_none(), text.contains("0.0.0.0"), "{text}");
        assert!(sdp.contains("m=audio 30000 "), "the port stays: {sdp}");
    }
}

#[test]
fn the_version_stays_for_the_same_and_grows_by_one_for_another_description() {
    let mut session = SdpSession::new(7);
    let (first, _) = session.answer(offer("").as_bytes(), &local()).unwrap();
    let (again, _) = session.answer(offer("").as_bytes(), &local()).unwrap();
    assert_eq!(first, again);
    let (hold, _) = session
        .answer(offer("a=sendonly\r\n").as_bytes(), &local())
        .unwrap();
    assert!(hold.contains("o=- 7 2 IN"), "{hold}");
    let (back, _) = session.answer(offer("").as_bytes(), &local()).unwrap();
    assert!(back.contains("o=- 7 3 IN"), "{back}");
    let before = session.version();
    assert_eq!(
        session.answer(b"v=0\r\nm=video 1 RTP/AVP 31\r\n", &local()),
        Err(SdpError::NoAudio)
    );
    assert_eq!(session.version(), before);
}

#[test]
fn refused_sections_keep_their_place() {
    let text = offer("").replace("m=audio", "m=video 5000 RTP/SAVPF 96 97\r\na=x\r\nm=audio")
        + "m=application 9 UDP/TLS webrtc\r\n";
    let mut session = SdpSession::new(7);
    let (sdp, _) = session.answer(text.as_bytes(), &local()).unwrap();
    let lines = |sdp: &str| {
        sdp.lines()
            .filter(|line| line.starts_with("m="))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        lines(&sdp),
        [
            "m=video 0 RTP/SAVPF 96",
            "m=audio 30000 RTP/AVP 0 96",
            "m=application 0 UDP/TLS webrtc"
        ]
    );
    let ours = session.offer(&local(), Direction::SendOnly);
    assert_eq!(
        lines(&ours),
        [
            "m=video 0 RTP/SAVPF 96",
            "m=audio 30000 RTP/AVP 8 0 96",
            "m=application 0 UDP/TLS webrtc"
        ]
    );
    assert_eq!(direction_line(&ours), "a=sendonly");
}

#[test]
fn an_offer_is_answered_and_taken() {
    let mut session = SdpSession::new(7);
    let ours = session.offer(
        &LocalMedia {
            rtcp_mux: true,
            ..local()
        },
        Direction::SendRecv,
    );
    let expected = "v=0\r\no=- 7 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 30000 RTP/AVP 8 0 101\r\n\
        a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n\
        a=rtcp-mux\r\na=sendrecv\r\n";
    assert_eq!(ours, expected);
    assert_eq!(
        session.accept_answer(offer("").replace("4000", "0").as_bytes()),
        Err(SdpError::Rejected)
    );
    let agreed = session
        .accept_answer(offer("a=rtcp:4009\r\n").as_bytes())
        .unwrap();
    assert_eq!(
        (agreed.codec, agreed.telephone_event, agreed.rtcp_mux),
        (Codec::Pcmu, Some(96), false)
    );
    assert_eq!(agreed.remote_rtcp, Some("192.0.2.1:4009".parse().unwrap()));
    assert_eq!(
        session.accept_answer(offer("").as_bytes()),
        Err(SdpError::NoOffer)
    );
}

#[test]
fn two_of_our_sessions_agree_with_each_other() {
    for (ours, send, receive) in [
        (Direction::SendRecv, true, true),
        (Direction::SendOnly, true, false),
        (Direction::RecvOnly, false, true),
        (Direction::Inactive, false, false),
    ] {
        let (mut one, mut two) = (SdpSession::new(1), SdpSession::new(2));
        let six = LocalMedia {
            address: "2001:db8::9".parse().unwrap(),
            ..local()
        };
        let offer = one.offer(&six, ours);
        let (answer, there) = two.answer(offer.as_bytes(), &six).unwrap();
        let here = one.accept_answer(answer.as_bytes()).unwrap();
        assert_eq!((here.send, here.receive), (send, receive));
        assert_eq!((there.send, there.receive), (receive, send));
        assert_eq!(there.hold, !ours.receives());
        assert!(!here.hold);
        assert_eq!(here.remote_rtp, Some("[2001:db8::9]:30000".parse().unwrap()));
        assert!(offer.contains("c=IN IP6 2001:db8::9\r\n"));
    }
}

#[test]
fn a_disabled_stream_is_accepted_only_in_a_running_session() {
    let disabled = offer("").replace("audio 4000", "audio 0");
    let mut session = SdpSession::new(7);
    assert_eq!(
        session.answer(disabled.as_bytes(), &local()),
        Err(SdpError::NoAudio)
    );
    session.answer(offer("").as_bytes(), &local()).unwrap();
    let (sdp, agreed) = session.answer(disabled.as_bytes(), &local()).unwrap();
    assert!(sdp.contains("m=audio 0 RTP/AVP 0 96\r\n"), "{sdp}");
    assert_eq!(
        (agreed.remote_rtp, agreed.send, agreed.receive, agreed.hold),
        (None, false, false, true)
    );
}

#[test]
fn what_cannot_be_agreed_says_why() {
    let cases = [
        ("hello", SdpError::Malformed, 415),
        ("v=0\nm=video 1 RTP/AVP 31\n", SdpError::NoAudio, 488),
        (
            "v=0\nc=IN IP4 192.0.2.1\nm=audio 1 RTP/SAVP 8\n",
            SdpError::Profile,
            488,
        ),
        (
            "v=0\nc=IN IP4 192.0.2.1\nm=audio 1 RTP/AVP 18 9\n",
            SdpError::NoCodec,
            488,
        ),
        (
            "v=0\nc=IN IP4 pbx.example\nm=audio 1 RTP/AVP 8\n",
            SdpError::Address,
            488,
        ),
        ("v=0\nm=audio 1 RTP/AVP 8\n", SdpError::Address, 488),
    ];
    for (text, error, status) in cases {
        assert_eq!(
            SdpSession::new(7).answer(text.as_bytes(), &local()),
            Err(error),
            "{text}"
        );
        assert_eq!(error.status(), status);
    }
}

#[test]
fn the_last_port_has_no_rtcp_neighbour() {
    let (_, agreed) = answered(&offer("").replace("4000", "65535"));
    assert_eq!(agreed.remote_rtcp, None);
}
