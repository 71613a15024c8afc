//! What a call costs the exchange: one whole call, and one step of it, beside 20 and beside 1 000 calls in progress.
//!
//! A whole call is INVITE, answer, queue, offer, talk and hang-up of both sides with every fact made durable: about
//! twenty steps; the texts of its peers are written inside the measured time. The median step is that of all inputs of
//! a call (messages, durable reports, timers), the median message that of its SIP messages; an INFO of a citizen in a talk
//! (parsing, dialog, call, answer) is a dear one.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench stops at the first fault"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use criterion::BatchSize;
use criterion::Criterion;
use criterion::criterion_group;
use criterion::criterion_main;
use rexian::acd::order::Order;
use rexian::base::codec::Codec;
use rexian::base::random::Random;
use rexian::base::time::MonoTime;
use rexian::base::time::Now;
use rexian::base::time::WallTime;
use rexian::call::context::MediaAddresses;
use rexian::exchange::Exchange;
use rexian::exchange::admission::Limits;
use rexian::exchange::command::Command;
use rexian::exchange::command::RequestId;
use rexian::exchange::input::Input;
use rexian::exchange::machine::Parts;
use rexian::exchange::output::Output;
use rexian::exchange::profile::Agent;
use rexian::exchange::profile::Device;
use rexian::exchange::profile::Distribution;
use rexian::exchange::profile::Line;
use rexian::exchange::profile::OverloadAnswer;
use rexian::exchange::profile::Profile;
use rexian::exchange::profile::Queue;
use rexian::exchange::profile::QueueKind;
use rexian::exchange::profile::Site;
use rexian::exchange::profile::Trunk;
use rexian::fact::Actor;
use rexian::fact::FactNo;
use rexian::fact::agent::Presence;
use rexian::media::command::LegStats;
use rexian::media::command::MediaCommand;
use rexian::media::command::MediaEvent;
use rexian::media::port_pool::BoundSlot;
use rexian::media::port_pool::Family;
use rexian::media::port_pool::PortPool;
use rexian::sip::auth::Algorithm;
use rexian::sip::auth::Credentials;
use rexian::sip::auth::Secret;
use rexian::sip::endpoint::Config;
use rexian::sip::endpoint::DeviceAccount;
use rexian::sip::endpoint::Listener;
use rexian::sip::endpoint::Route;
use rexian::sip::endpoint::Transport;
use rexian::sip::registrar::ExpiryBounds;

const REALM: &str = "bench";
const ENGINE: &str = "10.0.0.1:5060";
const CARRIER: &str = "10.0.0.2:5060";
const FLOW: &str = r#"{"name": "直接排队", "start": "person", "nodes": {"person": {"verb": "enqueue", "queue": "general"}}}"#;

fn slug<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

fn phone(at: usize) -> SocketAddr {
    let [high, low] = u16::try_from(at).unwrap().to_be_bytes();
    SocketAddr::from(([10, 1, high, low], 5060))
}

fn profile(agents: usize) -> Profile {
    let trunk = Trunk {
        addresses: vec![CARRIER.parse::<SocketAddr>().unwrap().ip()],
        codecs: vec![Codec::Pcma],
        overload: OverloadAnswer::Busy,
        trusted_identity: true,
        nat: false,
        outbound: None,
    };
    let queue = Queue {
        name: "综合".to_owned(),
        kind: QueueKind::General,
        skills: BTreeMap::new(),
        ring_timeout_s: 20,
        wrapup_s: 0,
        music: slug("music"),
        short_abandon_s: 5,
        distribution: Distribution::default(),
    };
    let line = Line {
        number: "12345".to_owned(),
        name: "热线".to_owned(),
        flow: slug("direct"),
        record: true,
    };
    let agent = |at: usize| Agent {
        name: "坐席".to_owned(),
        user: slug("someone"),
        organ: slug("centre"),
        skills: BTreeMap::new(),
        queues: vec![slug("general")],
        memberships: BTreeMap::new(),
        classes: vec![],
        devices: vec![slug(&format!("desk-{at}"))],
    };
    let device = |at: usize| Device {
        user: format!("8{at:04}"),
        extension: None,
        codecs: vec![Codec::Pcma],
        md5_only: false,
    };
    Profile {
        site: Site {
            id: "bench".to_owned(),
            name: "唐山".to_owned(),
            area_code: "315".to_owned(),
            time_zone: "Asia/Shanghai".to_owned(),
            realm: REALM.to_owned(),
            outbound_number: "12345".to_owned(),
        },
        trunks: BTreeMap::from([(slug("city"), trunk)]),
        lines: BTreeMap::from([(slug("main"), line)]),
        order: Order::default(),
        queues: BTreeMap::from([(slug("general"), queue)]),
        skills: BTreeMap::new(),
        reasons: BTreeMap::from([(slug("login"), "登录".to_owned())]),
        agents: (0..agents)
            .map(|at| (slug(&format!("a{at}")), agent(at)))
            .collect(),
        devices: (0..agents)
            .map(|at| (slug(&format!("desk-{at}")), device(at)))
            .collect(),
        seats: BTreeMap::new(),
        flows: BTreeMap::from([(slug("direct"), serde_json::from_str(FLOW).unwrap())]),
    }
}

fn secret(at: usize) -> Secret {
    Secret::new(&format!("8{at:04}"), REALM, "secret")
}

fn parts(agents: usize) -> Parts {
    let account = |at: usize| DeviceAccount {
        device: slug(&format!("desk-{at}")),
        user: format!("8{at:04}"),
        ha1_md5: secret(at).md5,
        ha1_sha256: Some(secret(at).sha256),
    };
    let mut ports = PortPool::new();
    for slot in 0..4_096 {
        ports.add(BoundSlot {
            slot,
            family: Family::V4,
            rtp_port: u16::try_from(20_000 + 2 * slot).unwrap(),
        });
    }
    Parts {
        sip: Config {
            realm: REALM.to_owned(),
            user_agent: "Rexian".to_owned(),
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            trunks: Vec::new(),
            devices: (0..agents).map(account).collect(),
            listeners: vec![Listener {
                transport: Transport::Udp,
                local: ENGINE.parse().unwrap(),
                advertised: None,
            }],
            register_expires: ExpiryBounds {
                min: Duration::from_mins(1),
                max: Duration::from_hours(100),
                default: Duration::from_mins(5),
            },
            nonce_lifetime: Duration::from_mins(5),
        },
        ports,
        addresses: MediaAddresses {
            v4: "10.0.0.1".parse().unwrap(),
            v6: "::1".parse().unwrap(),
        },
        prompts: BTreeMap::new(),
        profile: Arc::new(profile(agents)),
        limits: Limits {
            calls_max: 100_000,
            calls_per_second_max: 1_000_000,
            stranger_rows_per_second_max: 1,
        },
        last_fact: FactNo(0),
        random: Random::from_number(1),
    }
}

/// An exchange whose facts are durable at once and whose peers do as they are told.
struct Bench {
    exchange: Exchange,
    now: Now,
    facts: u64,
    serial: u64,
    out: Vec<Output>,
    sent: Vec<(SocketAddr, Arc<[u8]>)>,
    /// How long each step took.
    steps: Vec<Duration>,
    /// Only steps that a SIP message caused are kept.
    messages_only: bool,
}

impl Bench {
    /// `talks` calls in progress, and one agent more.
    fn with_talks(talks: usize) -> Self {
        let mut bench = Self {
            exchange: Exchange::new(parts(talks + 1)),
            now: Now {
                mono: MonoTime::from_micros(1_000_000),
                wall: WallTime::from_micros(1_795_000_000_000_000),
            },
            facts: 0,
            serial: 0,
            out: Vec::new(),
            sent: Vec::new(),
            steps: Vec::new(),
            messages_only: false,
        };
        for at in 0..=talks {
            bench.register(at);
        }
        for _ in 0..talks {
            bench.begin();
        }
        assert_eq!(bench.exchange.calls_len(), talks);
        bench
    }

    /// The median of the kept steps of one whole call and the second after it.
    fn median_of_call(&mut self) -> Duration {
        self.steps.clear();
        let talk = self.begin();
        self.end(&talk);
        self.pass(Duration::from_secs(1));
        self.steps.sort_unstable();
        self.steps[self.steps.len() / 2]
    }

    fn input(&mut self, input: Input<'_>) {
        let mut out = std::mem::take(&mut self.out);
        let message = matches!(input, Input::Sip { .. });
        let begun = Instant::now();
        self.exchange.handle(self.now, input, &mut out);
        if self.steps.len() < 1_000 && (message || !self.messages_only) {
            self.steps.push(begun.elapsed());
        }
        let (mut written, mut closed) = (0, Vec::new());
        for output in out.drain(..) {
            match output {
                Output::Send { route, bytes } => self.sent.push((route.remote, bytes)),
                Output::Fact(record) => {
                    black_box(&record);
                    written += 1;
                }
                Output::Media(MediaCommand::Close { leg }) => closed.push(leg),
                other => drop(black_box(other)),
            }
        }
        self.out = out;
        if written > 0 {
            self.facts += written;
            self.input(Input::Durable(FactNo(self.facts)));
        }
        for leg in closed {
            let stats = LegStats::default();
            self.input(Input::Media(MediaEvent::Closed { leg, stats }));
        }
    }

    fn feed(&mut self, remote: SocketAddr, text: &str) {
        let route = Route {
            transport: Transport::Udp,
            local: ENGINE.parse().unwrap(),
            remote,
            connection: 0,
        };
        self.now.mono = self.now.mono + Duration::from_millis(1);
        self.input(Input::Sip {
            route,
            bytes: text.as_bytes(),
        });
    }

    /// The last message that begins so, and to whom it went.
    fn take(&mut self, start: &str) -> (SocketAddr, String) {
        let found = self
            .sent
            .iter()
            .rev()
            .find(|(_, bytes)| bytes.starts_with(start.as_bytes()));
        let (to, bytes) = found
            .unwrap_or_else(|| unreachable!("no {start} was sent"))
            .clone();
        self.sent.clear();
        (to, String::from_utf8(bytes.to_vec()).unwrap())
    }

    fn register(&mut self, at: usize) {
        let (address, user) = (phone(at), format!("8{at:04}"));
        let uri = format!("sip:{REALM}");
        let text = |cseq: u32, proof: &str| {
            format!(
                "REGISTER {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {address};rport;branch=z9hG4bKr{at}n{cseq}\r\n\
                 Max-Forwards: 70\r\nFrom: <sip:{user}@{REALM}>;tag=r\r\nTo: <sip:{user}@{REALM}>\r\nCall-ID: r{at}\r\n\
                 CSeq: {cseq} REGISTER\r\nContact: <sip:{user}@{address}>\r\nExpires: 300000\r\n{proof}\
                 Content-Length: 0\r\n\r\n"
            )
        };
        self.feed(address, &text(1, ""));
        let (_, challenge) = self.take("SIP/2.0 401");
        let nonce = challenge
            .split("nonce=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        let credentials = Credentials {
            username: &user,
            realm: REALM,
            nonce,
            uri: &uri,
            response: "",
            algorithm: Algorithm::Md5,
            quality: Some(("auth", "00000001", "c")),
        };
        let proof = format!(
            "Authorization: Digest username=\"{user}\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"{uri}\", qop=auth, \
             nc=00000001, cnonce=\"c\", response=\"{}\", algorithm=MD5\r\n",
            credentials.expected("REGISTER", &secret(at))
        );
        self.feed(address, &text(2, &proof));
        self.take("SIP/2.0 200");
        let agent = slug(&format!("a{at}"));
        let sign_in = Command::SignIn {
            agent,
            seat: None,
            devices: Vec::new(),
        };
        let ready = Command::SetPresence {
            agent: slug(&format!("a{at}")),
            presence: Presence::Ready,
        };
        for command in [sign_in, ready] {
            let (request, actor) = (RequestId(1), Actor::system());
            self.input(Input::Command {
                request,
                actor,
                command,
            });
        }
    }

    fn citizen(&self, talk: &Talk, method: &str, cseq: u32, body: (&str, &str)) -> String {
        let (number, tag) = (talk.number, &talk.tag);
        let tag = if tag.is_empty() {
            String::new()
        } else {
            format!(";tag={tag}")
        };
        format!(
            "{method} sip:12345@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {CARRIER};rport;branch=z9hG4bKc{number}{method}{}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:139{number:08}@{CARRIER}>;tag=f{number}\r\nTo: <sip:12345@10.0.0.1>{tag}\r\n\
             Call-ID: c{number}@bench\r\nCSeq: {cseq} {method}\r\nContact: <sip:139{number:08}@{CARRIER}>\r\n{}\
             Content-Length: {}\r\n\r\n{}",
            self.serial,
            body.0,
            body.1.len(),
            body.1
        )
    }

    /// A call up to the talk.
    fn begin(&mut self) -> Talk {
        self.serial += 1;
        let mut talk = Talk {
            number: self.serial,
            tag: String::new(),
            invite: String::new(),
            phone: phone(0),
        };
        let carrier: SocketAddr = CARRIER.parse().unwrap();
        let sdp = ("Content-Type: application/sdp\r\n", SDP);
        let invite = self.citizen(&talk, "INVITE", 1, sdp);
        self.feed(carrier, &invite);
        let found = self
            .sent
            .iter()
            .find(|(_, bytes)| bytes.starts_with(b"SIP/2.0 200"));
        let answer = String::from_utf8(found.unwrap().1.to_vec()).unwrap();
        value(&answer, "To")
            .split(";tag=")
            .nth(1)
            .unwrap()
            .clone_into(&mut talk.tag);
        (talk.phone, talk.invite) = self.take("INVITE");
        let ack = self.citizen(&talk, "ACK", 1, ("", ""));
        self.feed(carrier, &ack);
        let ringing = response(&talk.invite, 180, "");
        self.feed(talk.phone, &ringing);
        let taken = response(&talk.invite, 200, SDP);
        self.feed(talk.phone, &taken);
        self.take("ACK");
        talk
    }

    /// The citizen hangs up.
    fn end(&mut self, talk: &Talk) {
        let bye = self.citizen(talk, "BYE", 2, ("", ""));
        self.feed(CARRIER.parse().unwrap(), &bye);
        let (to, bye) = self.take("BYE");
        let done = response(&bye, 200, "");
        self.feed(to, &done);
        self.sent.clear();
    }

    /// Timers of transactions that are over fire, so that tables do not grow with the length of the run.
    fn pass(&mut self, length: Duration) {
        let end = self.now.mono + length;
        while let Some(at) = self.exchange.next_timeout().filter(|at| *at <= end) {
            self.now.mono = at.max(self.now.mono);
            self.input(Input::Timeout);
        }
        self.now.mono = end;
    }
}

struct Talk {
    number: u64,
    tag: String,
    invite: String,
    phone: SocketAddr,
}

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 10.2.0.1\r\ns=-\r\nc=IN IP4 10.2.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 101\r\n\
                   a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n";

fn value<'a>(text: &'a str, name: &str) -> &'a str {
    let found = text
        .split("\r\n")
        .filter_map(|line| line.split_once(": "))
        .find(|(found, _)| *found == name);
    found.unwrap().1
}

fn response(request: &str, status: u16, sdp: &str) -> String {
    let kind = if sdp.is_empty() {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    };
    let to = value(request, "To");
    let to = if to.contains(";tag=") {
        to.to_owned()
    } else {
        format!("{to};tag=p")
    };
    format!(
        "SIP/2.0 {status} OK\r\nVia: {}\r\nFrom: {}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {}\r\nContact: <sip:p@10.1.0.9>\r\n\
         {kind}Content-Length: {}\r\n\r\n{sdp}",
        value(request, "Via"),
        value(request, "From"),
        value(request, "Call-ID"),
        value(request, "CSeq"),
        sdp.len()
    )
}

fn whole_call(criterion: &mut Criterion) {
    for talks in [20, 1_000] {
        let mut bench = Bench::with_talks(talks);
        bench.pass(Duration::from_mins(2));
        criterion.bench_function(&format!("exchange/whole call beside {talks}"), |it| {
            it.iter(|| {
                let talk = bench.begin();
                bench.end(&talk);
                // A call a second: its transactions are forgotten while others come.
                bench.pass(Duration::from_secs(1));
            });
        });
    }
}

/// The median of the steps of a whole call: of all inputs, and of its SIP messages alone.
fn step_median(criterion: &mut Criterion) {
    for (name, messages_only) in [("median step", false), ("median message", true)] {
        for talks in [20, 1_000] {
            let mut bench = Bench::with_talks(talks);
            bench.messages_only = messages_only;
            bench.pass(Duration::from_mins(2));
            criterion.bench_function(&format!("exchange/{name} beside {talks}"), |it| {
                it.iter_custom(|wanted| (0..wanted).map(|_| bench.median_of_call()).sum());
            });
        }
    }
}

fn one_step(criterion: &mut Criterion) {
    for talks in [20, 1_000] {
        let mut bench = Bench::with_talks(talks);
        let talk = bench.begin();
        bench.pass(Duration::from_mins(2));
        let bench = RefCell::new(bench);
        let carrier: SocketAddr = CARRIER.parse().unwrap();
        let mut cseq = 1;
        criterion.bench_function(&format!("exchange/INFO in a talk beside {talks}"), |it| {
            it.iter_batched(
                || {
                    cseq += 1;
                    let body = ("Content-Type: application/dtmf-relay\r\n", "Signal=5\r\n");
                    let mut bench = bench.borrow_mut();
                    bench.serial += 1;
                    // The answers of earlier steps are forgotten in their time.
                    bench.pass(Duration::from_millis(200));
                    bench.sent.clear();
                    bench.citizen(&talk, "INFO", cseq, body)
                },
                |info| bench.borrow_mut().feed(carrier, &info),
                BatchSize::PerIteration,
            );
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20);
    targets = whole_call, step_median, one_step
}
criterion_main!(benches);
