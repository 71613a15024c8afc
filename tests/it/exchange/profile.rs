//! The small city of the scripts: two lines, two queues, two agents with a phone each, four trunks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rexian::acd::order::Order;
use rexian::base::codec::Codec;
use rexian::base::random::Random;
use rexian::call::context::MediaAddresses;
use rexian::exchange::Exchange;
use rexian::exchange::admission::Limits;
use rexian::exchange::machine::Parts;
use rexian::exchange::profile::Agent;
use rexian::exchange::profile::Device;
use rexian::exchange::profile::Distribution;
use rexian::exchange::profile::Line;
use rexian::exchange::profile::NumberForm;
use rexian::exchange::profile::Outbound;
use rexian::exchange::profile::OverloadAnswer;
use rexian::exchange::profile::Profile;
use rexian::exchange::profile::Queue;
use rexian::exchange::profile::QueueKind;
use rexian::exchange::profile::Site;
use rexian::exchange::profile::Trunk;
use rexian::fact::FactNo;
use rexian::ivr::flow::Flow;
use rexian::media::command::PromptIndex;
use rexian::media::port_pool::BoundSlot;
use rexian::media::port_pool::Family;
use rexian::media::port_pool::PortPool;
use rexian::sip::auth::Secret;
use rexian::sip::endpoint::Config;
use rexian::sip::endpoint::DeviceAccount;
use rexian::sip::endpoint::Listener;
use rexian::sip::endpoint::Transport;
use rexian::sip::registrar::ExpiryBounds;

pub(super) const REALM: &str = "hotline.example";
pub(super) const LOCAL: &str = "192.0.2.1:5060";
pub(super) const PORTS: u32 = 40;
pub(super) const PROMPTS: [&str; 6] = [
    "greeting",
    "notice-recorded",
    "menu",
    "invalid-key",
    "music",
    "ringback",
];

/// The flow as the shipped profile has it: greeting and notice, then a menu; people first.
const FLOW: &str = r#"{
  "name": "主流程", "start": "greeting", "notice": "notice-recorded",
  "nodes": {
    "greeting": {"verb": "play", "prompts": ["greeting", "notice-recorded"], "interruptible": false, "next": "menu"},
    "menu": {"verb": "collect", "prompts": ["menu"], "digits": 1, "timeout_ms": 3000, "invalid": ["invalid-key"],
      "retries": 1, "choices": {"0": "person", "1": "enterprise", "9": "bye"}, "default": "person", "timeout": "person"},
    "person": {"verb": "enqueue", "queue": "general"},
    "enterprise": {"verb": "enqueue", "queue": "enterprise"},
    "bye": {"verb": "hangup", "prompts": []}
  }
}"#;
const DIRECT: &str = r#"{"name": "直接排队", "start": "person",
  "nodes": {"person": {"verb": "enqueue", "queue": "general"}}}"#;

pub(super) fn slug<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

pub(super) fn flow(text: &str) -> Flow {
    serde_json::from_str(text).unwrap()
}

fn trunk(address: &str, overload: OverloadAnswer) -> Trunk {
    Trunk {
        addresses: vec![address.parse().unwrap()],
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        overload,
        trusted_identity: true,
        nat: false,
        outbound: (address == "192.0.2.2").then(|| Outbound {
            address: "192.0.2.2:5060".parse().unwrap(),
            number: None,
            numbers: NumberForm::National,
        }),
    }
}

fn queue(name: &str, wrapup_s: u16) -> Queue {
    Queue {
        name: name.to_owned(),
        kind: QueueKind::General,
        skills: BTreeMap::new(),
        ring_timeout_s: 20,
        wrapup_s,
        music: slug("music"),
        short_abandon_s: 5,
        distribution: Distribution::default(),
    }
}

fn agent(name: &str, device: &str) -> Agent {
    Agent {
        name: name.to_owned(),
        user: slug("wang"),
        organ: slug("centre"),
        skills: BTreeMap::new(),
        queues: vec![slug("general"), slug("enterprise")],
        memberships: BTreeMap::new(),
        classes: vec![],
        devices: vec![slug(device)],
    }
}

fn device(user: &str) -> Device {
    Device {
        user: user.to_owned(),
        extension: None,
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        md5_only: false,
    }
}

pub(super) fn profile() -> Profile {
    let line = |number: &str, flow: &str| Line {
        number: number.to_owned(),
        name: "热线".to_owned(),
        flow: slug(flow),
        record: true,
    };
    Profile {
        site: Site {
            id: "tangshan".to_owned(),
            name: "唐山".to_owned(),
            area_code: "315".to_owned(),
            time_zone: "Asia/Shanghai".to_owned(),
            realm: REALM.to_owned(),
            outbound_number: "12345".to_owned(),
        },
        trunks: BTreeMap::from([
            (slug("city"), trunk("192.0.2.2", OverloadAnswer::Unavailable)),
            (slug("mobile"), trunk("192.0.2.3", OverloadAnswer::Busy)),
            (slug("unicom"), trunk("192.0.2.4", OverloadAnswer::Service)),
            (
                slug("telecom"),
                trunk("192.0.2.5", OverloadAnswer::ServiceRetryAfter),
            ),
        ]),
        lines: BTreeMap::from([
            (slug("main"), line("12345", "main")),
            (slug("direct"), line("12346", "direct")),
        ]),
        order: Order::default(),
        queues: BTreeMap::from([
            (slug("general"), queue("综合", 30)),
            (slug("enterprise"), queue("企业", 0)),
        ]),
        skills: BTreeMap::new(),
        reasons: ["login", "rona", "rejects", "device", "rest"]
            .into_iter()
            .map(|reason| (slug(reason), reason.to_owned()))
            .collect(),
        agents: BTreeMap::from([
            (slug("a1001"), agent("王", "desk-1")),
            (slug("a1002"), agent("李", "desk-2")),
        ]),
        devices: BTreeMap::from([(slug("desk-1"), device("8001")), (slug("desk-2"), device("8002"))]),
        seats: BTreeMap::new(),
        flows: BTreeMap::from([(slug("main"), flow(FLOW)), (slug("direct"), flow(DIRECT))]),
    }
}

pub(super) fn accounts() -> Vec<DeviceAccount> {
    let account = |device: &str, user: &str| {
        let secret = Secret::new(user, REALM, &format!("secret-{user}"));
        DeviceAccount {
            device: slug(device),
            user: user.to_owned(),
            ha1_md5: secret.md5,
            ha1_sha256: Some(secret.sha256),
        }
    };
    vec![account("desk-1", "8001"), account("desk-2", "8002")]
}

pub(super) fn limits() -> Limits {
    Limits {
        calls_max: 100,
        calls_per_second_max: 100,
        stranger_rows_per_second_max: 5,
    }
}

pub(super) fn exchange(profile: Profile, limits: Limits, last_fact: FactNo) -> Exchange {
    let sip = Config {
        realm: REALM.to_owned(),
        user_agent: "Rexian".to_owned(),
        t1: Duration::from_millis(500),
        t2: Duration::from_secs(4),
        t4: Duration::from_secs(5),
        trunks: Vec::new(),
        devices: accounts(),
        listeners: vec![Listener {
            transport: Transport::Udp,
            local: LOCAL.parse().unwrap(),
            advertised: None,
        }],
        register_expires: ExpiryBounds {
            min: Duration::from_mins(1),
            max: Duration::from_hours(2),
            default: Duration::from_mins(5),
        },
        nonce_lifetime: Duration::from_mins(5),
    };
    let mut ports = PortPool::new();
    for slot in 0..PORTS {
        let rtp_port = u16::try_from(20_000 + 2 * slot).unwrap();
        ports.add(BoundSlot {
            slot,
            family: Family::V4,
            rtp_port,
        });
    }
    let prompts = PROMPTS.iter().enumerate();
    Exchange::new(Parts {
        sip,
        ports,
        addresses: MediaAddresses {
            v4: "192.0.2.1".parse().unwrap(),
            v6: "2001:db8::1".parse().unwrap(),
        },
        prompts: prompts
            .map(|(at, name)| (slug(name), PromptIndex(u16::try_from(at).unwrap())))
            .collect(),
        profile: Arc::new(profile),
        limits,
        last_fact,
        random: Random::from_number(7),
    })
}
