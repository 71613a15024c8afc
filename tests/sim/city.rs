//! The simulated city: agents with a phone each, two queues, two lines, and the exchange that serves them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rexian::acd::order::Order;
use rexian::base::codec::Codec;
use rexian::base::ids::AgentId;
use rexian::base::random::Random;
use rexian::call::context::MediaAddresses;
use rexian::exchange::Exchange;
use rexian::exchange::admission::Limits;
use rexian::exchange::machine::Parts;
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
use rexian::fact::FactNo;
use rexian::media::command::PromptIndex;
use rexian::media::port_pool::BoundSlot;
use rexian::media::port_pool::Family;
use rexian::media::port_pool::PortPool;
use rexian::sip::auth::Secret;
use rexian::sip::endpoint::Config;
use rexian::sip::endpoint::DeviceAccount;
use rexian::sip::endpoint::Listener;
use rexian::sip::endpoint::Route;
use rexian::sip::endpoint::Transport;
use rexian::sip::registrar::ExpiryBounds;

pub(crate) const REALM: &str = "hotline.example";
pub(crate) const ENGINE: &str = "10.0.0.1:5060";
pub(crate) const PORTS: u32 = 600;
pub(crate) const PROMPTS: [&str; 5] = ["greeting", "notice-recorded", "menu", "invalid-key", "music"];
/// Who was passed over is not asked again for the same caller so soon.
pub(crate) const EXCLUDED: Duration = Duration::from_mins(1);

const RTP_BASE: u16 = 40_000;

const MAIN: &str = r#"{"name": "主流程", "start": "greeting", "notice": "notice-recorded", "nodes": {
  "greeting": {"verb": "play", "prompts": ["greeting", "notice-recorded"], "interruptible": false, "next": "menu"},
  "menu": {"verb": "collect", "prompts": ["menu"], "digits": 1, "timeout_ms": 3000, "invalid": ["invalid-key"],
    "retries": 1, "choices": {"0": "person", "1": "enterprise", "9": "bye"}, "default": "person", "timeout": "person"},
  "person": {"verb": "enqueue", "queue": "general"},
  "enterprise": {"verb": "enqueue", "queue": "enterprise"},
  "bye": {"verb": "hangup", "prompts": []}}}"#;
const DIRECT: &str = r#"{"name": "直接排队", "start": "person",
  "nodes": {"person": {"verb": "enqueue", "queue": "general"}}}"#;

pub(crate) fn slug<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("a name of the city")
}

pub(crate) fn engine() -> SocketAddr {
    ENGINE.parse().expect("an address")
}

pub(crate) fn route(remote: SocketAddr) -> Route {
    Route {
        transport: Transport::Udp,
        local: engine(),
        remote,
        connection: 0,
    }
}

pub(crate) fn trunk_address(at: usize) -> SocketAddr {
    let host = u8::try_from(2 + at % 4).unwrap_or(2);
    SocketAddr::from(([10, 0, 0, host], 5060))
}

/// Agent and phone `at` of the city.
pub(crate) fn agent_of(at: usize) -> AgentId {
    slug(&format!("a{at:04}"))
}

pub(crate) fn agent_index(agent: &AgentId) -> usize {
    agent.as_str()[1..].parse().expect("an agent of the city")
}

pub(crate) fn user_of(at: usize) -> String {
    format!("8{at:04}")
}

pub(crate) fn phone_address(at: usize) -> SocketAddr {
    let at = u16::try_from(at).unwrap_or(0).to_be_bytes();
    SocketAddr::from(([10, 1, at[0], at[1]], 5060))
}

pub(crate) fn phone_index(address: SocketAddr) -> Option<usize> {
    match address.ip() {
        IpAddr::V4(ip) if ip.octets()[..2] == [10, 1] => {
            let [_, _, high, low] = ip.octets();
            Some(usize::from(u16::from_be_bytes([high, low])))
        }
        _ => None,
    }
}

/// Where the RTP of citizen `number` is; a real one has packets.
pub(crate) fn citizen_rtp(number: u32, real: bool) -> SocketAddr {
    let [_, a, b, c] = number.to_be_bytes();
    let net = if real { 9 } else { 8 };
    SocketAddr::new(
        IpAddr::V4(Ipv4Addr::new(10, net, b, c)),
        RTP_BASE + 2 * u16::from(a),
    )
}

/// The citizen whose RTP this is, and whether it is real.
pub(crate) fn citizen_of_rtp(rtp: SocketAddr) -> Option<(u32, bool)> {
    let IpAddr::V4(ip) = rtp.ip() else { return None };
    let [ten, net, b, c] = ip.octets();
    let [_, a] = (rtp.port().wrapping_sub(RTP_BASE) / 2).to_be_bytes();
    (ten == 10 && matches!(net, 8 | 9)).then_some((u32::from_be_bytes([0, a, b, c]), net == 9))
}

pub(crate) fn phone_rtp(at: usize, serial: u32) -> SocketAddr {
    let host = phone_address(at).ip();
    SocketAddr::new(host, 30_000 + u16::try_from(serial % 1_000).unwrap_or(0) * 2)
}

fn queue(name: &str, wrapup_s: u16, ring_timeout_s: u16) -> Queue {
    Queue {
        name: name.to_owned(),
        kind: QueueKind::General,
        skills: BTreeMap::new(),
        ring_timeout_s,
        wrapup_s,
        music: slug("music"),
        short_abandon_s: 5,
        distribution: Distribution::default(),
    }
}

pub(crate) fn queues_of(at: usize) -> &'static [&'static str] {
    match at % 4 {
        0 => &["enterprise"],
        1 => &["enterprise", "general"],
        _ => &["general"],
    }
}

pub(crate) fn profile(agents: usize) -> Profile {
    let trunk = |at: usize| Trunk {
        addresses: vec![trunk_address(at).ip()],
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        overload: [
            OverloadAnswer::Busy,
            OverloadAnswer::Unavailable,
            OverloadAnswer::Service,
            OverloadAnswer::ServiceRetryAfter,
        ][at],
        trusted_identity: true,
        nat: false,
        outbound: None,
    };
    let line = |number: &str, flow: &str| Line {
        number: number.to_owned(),
        name: "热线".to_owned(),
        flow: slug(flow),
        record: true,
    };
    let agent = |at: usize| Agent {
        name: format!("坐席{at}"),
        user: slug("someone"),
        organ: slug("centre"),
        skills: BTreeMap::new(),
        queues: queues_of(at).iter().map(|queue| slug(queue)).collect(),
        memberships: BTreeMap::new(),
        classes: vec![],
        devices: vec![slug(&format!("desk-{at}"))],
    };
    let device = |at: usize| Device {
        user: user_of(at),
        extension: None,
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        md5_only: false,
    };
    let flow = |text: &str| serde_json::from_str(text).expect("a flow");
    Profile {
        site: Site {
            id: "sim".to_owned(),
            name: "唐山".to_owned(),
            area_code: "315".to_owned(),
            time_zone: "Asia/Shanghai".to_owned(),
            realm: REALM.to_owned(),
            outbound_number: "12345".to_owned(),
        },
        trunks: (0..4)
            .map(|at| (slug(&format!("trunk-{at}")), trunk(at)))
            .collect(),
        lines: BTreeMap::from([
            (slug("main"), line("12345", "main")),
            (slug("direct"), line("12346", "direct")),
        ]),
        order: Order::default(),
        queues: BTreeMap::from([
            (slug("general"), queue("综合", 10, 8)),
            (slug("enterprise"), queue("企业", 0, 8)),
        ]),
        skills: BTreeMap::new(),
        reasons: ["login", "rona", "rejects", "device", "rest"]
            .into_iter()
            .map(|reason| (slug(reason), reason.to_owned()))
            .collect(),
        agents: (0..agents).map(|at| (agent_of(at), agent(at))).collect(),
        devices: (0..agents)
            .map(|at| (slug(&format!("desk-{at}")), device(at)))
            .collect(),
        seats: BTreeMap::new(),
        flows: BTreeMap::from([(slug("main"), flow(MAIN)), (slug("direct"), flow(DIRECT))]),
    }
}

pub(crate) fn account(at: usize) -> DeviceAccount {
    let user = user_of(at);
    let secret = Secret::new(&user, REALM, &format!("secret-{user}"));
    DeviceAccount {
        device: slug(&format!("desk-{at}")),
        user,
        ha1_md5: secret.md5,
        ha1_sha256: Some(secret.sha256),
    }
}

/// An exchange whose facts begin after `last_fact`.
pub(crate) fn exchange(agents: usize, last_fact: FactNo, random: Random) -> Exchange {
    let sip = Config {
        realm: REALM.to_owned(),
        user_agent: "Rexian".to_owned(),
        t1: Duration::from_millis(500),
        t2: Duration::from_secs(4),
        t4: Duration::from_secs(5),
        trunks: Vec::new(),
        devices: (0..agents).map(account).collect(),
        listeners: vec![Listener {
            transport: Transport::Udp,
            local: engine(),
            advertised: None,
        }],
        register_expires: ExpiryBounds {
            min: Duration::from_mins(1),
            max: Duration::from_hours(1),
            default: Duration::from_mins(5),
        },
        nonce_lifetime: Duration::from_mins(5),
    };
    let mut ports = PortPool::new();
    for slot in 0..PORTS {
        let rtp_port = u16::try_from(20_000 + 2 * slot).unwrap_or(0);
        ports.add(BoundSlot {
            slot,
            family: Family::V4,
            rtp_port,
        });
    }
    let prompts = PROMPTS
        .iter()
        .zip(0..)
        .map(|(name, at)| (slug(name), PromptIndex(at)));
    Exchange::new(Parts {
        sip,
        ports,
        addresses: MediaAddresses {
            v4: engine().ip(),
            v6: "2001:db8::1".parse().expect("an address"),
        },
        prompts: prompts.collect(),
        profile: Arc::new(profile(agents)),
        limits: Limits {
            calls_max: 250,
            calls_per_second_max: 20,
            stranger_rows_per_second_max: 1_000,
        },
        last_fact,
        random,
    })
}
