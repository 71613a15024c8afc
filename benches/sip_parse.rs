//! What one INVITE costs the message layer: reading, asking for the typed headers, writing.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a bench stops at the first thing that is not as it should be"
)]

use std::hint::black_box;

use criterion::Criterion;
use criterion::Throughput;
use criterion::criterion_group;
use criterion::criterion_main;

use rexian::sip::header::HeaderName;
use rexian::sip::message::Message;
use rexian::sip::write::Writer;
use rexian::sip::write::write_message;

/// An INVITE as a carrier's session border controller sends it: 17 headers and a description, about 1 kB.
const INVITE: &[u8] = b"INVITE sip:12345@10.20.30.40:5060;user=phone SIP/2.0\r\n\
Via: SIP/2.0/UDP 10.20.30.50:5060;branch=z9hG4bK3e1f0a9c77d21b45;rport\r\n\
Via: SIP/2.0/UDP 172.16.8.9:5060;branch=z9hG4bKa8f7c3;received=172.16.8.9\r\n\
Record-Route: <sip:10.20.30.50:5060;lr;ftag=8f1c2d>\r\n\
Max-Forwards: 68\r\n\
From: \"13800000000\" <sip:13800000000@10.20.30.50;user=phone>;tag=8f1c2d3e4a\r\n\
To: <sip:12345@10.20.30.40;user=phone>\r\n\
Call-ID: 5d2c8a7f-1b9e-4c3d-a6f0-e7d8c9b0a1f2@10.20.30.50\r\n\
CSeq: 102 INVITE\r\n\
Contact: <sip:13800000000@10.20.30.50:5060;transport=udp>\r\n\
Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, UPDATE, PRACK, INFO, REFER\r\n\
Supported: 100rel, timer, replaces\r\n\
Session-Expires: 1800\r\n\
Min-SE: 90\r\n\
P-Asserted-Identity: <tel:+8613800000000>\r\n\
User-Agent: Carrier-SBC/7.4.1\r\n\
Content-Type: application/sdp\r\n\
Content-Length: 236\r\n\
\r\n\
v=0\r\n\
o=sbc 20518 20518 IN IP4 10.20.30.51\r\n\
s=-\r\n\
c=IN IP4 10.20.30.51\r\n\
t=0 0\r\n\
m=audio 31822 RTP/AVP 8 0 18 101\r\n\
a=rtpmap:8 PCMA/8000\r\n\
a=rtpmap:0 PCMU/8000\r\n\
a=rtpmap:18 G729/8000\r\n\
a=rtpmap:101 telephone-event/8000\r\n\
a=fmtp:101 0-15\r\n\
a=ptime:20\r\n";

fn benches(criterion: &mut Criterion) {
    let parsed = Message::parse(INVITE).unwrap();
    assert_eq!((parsed.lines().len(), parsed.validate()), (17, Ok(())));
    let mut group = criterion.benchmark_group("sip");
    group.throughput(Throughput::Bytes(u64::try_from(INVITE.len()).unwrap()));
    group.bench_function("parse", |bencher| {
        bencher.iter(|| Message::parse(black_box(INVITE)));
    });
    let mut out = Vec::with_capacity(2_048);
    group.bench_function("parse_and_write", |bencher| {
        bencher.iter(|| {
            out.clear();
            write_message(&Message::parse(black_box(INVITE)).unwrap(), &mut out);
            black_box(out.len())
        });
    });
    group.bench_function("parse_and_validate", |bencher| {
        bencher.iter(|| Message::parse(black_box(INVITE)).unwrap().validate());
    });
    group.bench_function("parse_and_typed_headers", |bencher| {
        bencher.iter(|| {
            let message = Message::parse(black_box(INVITE)).unwrap();
            let addresses = (
                message.request_uri(),
                message.top_via(),
                message.from(),
                message.to(),
            );
            let dialog = (
                message.call_id(),
                message.cseq(),
                message.contacts().next(),
                message.record_routes().next(),
            );
            let rest = (
                message.max_forwards(),
                message.content_type(),
                message.body().len(),
            );
            (
                black_box(addresses).0.is_ok(),
                black_box(dialog).0.is_ok(),
                black_box(rest).0.is_ok(),
            )
        });
    });
    group.bench_function("write_response", |bencher| {
        bencher.iter(|| {
            Writer::response(200, "OK")
                .copy_dialog(&parsed, Some("6a1f"))
                .copy_header(&parsed, HeaderName::RecordRoute)
                .header(HeaderName::Contact, "<sip:12345@10.20.30.40:5060>")
                .finish()
        });
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
