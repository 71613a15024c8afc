//! Settings of one node, from `server.toml`: where it listens, where it writes, how much it takes.
//!
//! **Invariants.** Read once at start; not part of a published profile, since nodes differ.
//! **Not here.** Routing (`exchange::profile`).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use serde::Deserialize;

use crate::app::config::document::Document;
use crate::app::config::document::Table;
use crate::app::config::documents;
use crate::app::config::documents::DocumentsConfig;
use crate::app::config::notify;
use crate::app::config::notify::NotifyConfig;

const CALLS: RangeInclusive<u32> = 1..=10_000;
const CALL_RATES: RangeInclusive<u32> = 1..=5_000;
/// More than this machine is measured to take is no use.
const CALLS_PER_SECOND: u32 = 500;
const PORTS: RangeInclusive<u16> = 1024..=65_535;
const TIMEOUT_S: RangeInclusive<u16> = 10..=300;
/// Ports of a call with an agent: two legs, RTP and RTCP each.
const PORTS_PER_CALL: u32 = 4;

/// One node's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// The node's name in facts, `[a-z0-9-]{1,40}`.
    pub node: String,
    /// Folder for database, journal, keys and certificates.
    pub data: PathBuf,
    /// Folder for recordings.
    pub recordings: PathBuf,
    /// `sqlite:PATH` or `postgres://…`; none is SQLite in the data folder.
    pub database: Option<String>,
    /// Most calls at once (1–10000).
    pub calls_max: u32,
    /// Most new calls a second (1–5000), 500 unless told; one more is refused as one above `calls_max`.
    pub calls_per_second_max: u32,
    /// Where SIP is spoken; at least one.
    pub sip: Vec<SipListener>,
    /// Where browsers and programs reach us.
    pub http: HttpConfig,
    /// Where RTP flows.
    pub media: MediaSettings,
    /// How messages leave.
    pub notify: NotifyConfig,
    /// Archives and their papers.
    pub documents: DocumentsConfig,
}

/// One SIP socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SipListener {
    /// UDP or TCP.
    pub transport: SipTransport,
    /// The address; never unspecified, its port never 0.
    pub address: SocketAddr,
    /// The address that peers shall use instead, behind a NAT.
    pub advertised: Option<SocketAddr>,
}

/// What carries SIP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SipTransport {
    /// Datagrams.
    Udp,
    /// Streams.
    Tcp,
}

/// The web side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// The address.
    pub listen: SocketAddr,
    /// Names and addresses in the certificate we make ourselves; at least one.
    pub hosts: Vec<String>,
}

/// The media side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaSettings {
    /// At most one address of each family, at least one.
    pub addresses: Vec<IpAddr>,
    /// First UDP port (1024–65535).
    pub first_port: u16,
    /// Last UDP port (1024–65535).
    pub last_port: u16,
    /// A leg without RTP and RTCP for so long ends its call, seconds (10–300), 30 unless told.
    pub timeout_s: u16,
}

/// Reads the settings; `None` after a fault.
pub(super) fn read(document: &Document) -> Option<ServerConfig> {
    let root = document.root();
    let node = root.required::<String>("node");
    if node
        .as_deref()
        .is_some_and(|node| node.parse::<crate::base::ids::TrunkId>().is_err())
    {
        root.fault("node", "not an id", "write 1 to 40 of a-z, 0-9 and -");
    }
    let data = folder(&root, "data");
    let recordings = folder(&root, "recordings");
    let database = database(&root);
    let calls_max = root.within("calls_max", &CALLS);
    let calls_per_second_max = root
        .optional::<u32>("calls_per_second_max")
        .unwrap_or(CALLS_PER_SECOND);
    if !CALL_RATES.contains(&calls_per_second_max) {
        root.fault("calls_per_second_max", "out of range", "write 1 to 5000");
    }
    let sip = root.section("sip").map(|table| listeners(&table));
    let http = root.section("http").and_then(|table| http(&table));
    let media = root.section("media").and_then(|table| media(&table, calls_max));
    let notify = notify::read(&root);
    let documents = documents::read(&root);
    root.finish();
    let config = ServerConfig {
        node: node?,
        data: data?,
        recordings: recordings?,
        database,
        calls_max: calls_max?,
        calls_per_second_max,
        sip: sip?,
        http: http?,
        media: media?,
        notify: notify?,
        documents,
    };
    families(&root, &config);
    document.is_sound().then_some(config)
}

fn folder(table: &Table<'_>, name: &'static str) -> Option<PathBuf> {
    let path = table.required::<String>(name)?;
    if path.is_empty() {
        table.fault(name, "no folder", format!("write a path, as {name} = \"{name}\""));
        return None;
    }
    Some(PathBuf::from(path))
}

fn database(table: &Table<'_>) -> Option<String> {
    let database = table.optional::<String>("database")?;
    if !["sqlite:", "postgres:", "postgresql:"]
        .iter()
        .any(|scheme| database.starts_with(scheme))
    {
        table.fault(
            "database",
            "neither SQLite nor PostgreSQL",
            "write \"sqlite:PATH\" or \"postgres://user@host/name\"",
        );
    }
    Some(database)
}

fn listeners(sip: &Table<'_>) -> Vec<SipListener> {
    let mut taken = BTreeSet::new();
    let mut listeners = Vec::new();
    for row in sip.rows("listen") {
        let transport = row.required::<SipTransport>("transport");
        let address = address(&row, "address");
        let advertised = row.optional("advertised");
        row.finish();
        if let (Some(transport), Some(address)) = (transport, address) {
            if !taken.insert((transport, address)) {
                row.fault(
                    "address",
                    format!("`{address}` is taken already"),
                    "leave one out",
                );
            }
            listeners.push(SipListener {
                transport,
                address,
                advertised,
            });
        }
    }
    if listeners.is_empty() {
        sip.fault("listen", "SIP is spoken nowhere", "add [[sip.listen]]");
    }
    sip.finish();
    listeners
}

fn http(table: &Table<'_>) -> Option<HttpConfig> {
    let listen = table.required("listen");
    let hosts = table.some("hosts");
    table.finish();
    Some(HttpConfig {
        listen: listen?,
        hosts,
    })
}

fn media(table: &Table<'_>, calls_max: Option<u32>) -> Option<MediaSettings> {
    let addresses: Vec<IpAddr> = table.some("addresses");
    let first_port = table.within("first_port", &PORTS);
    let last_port = table.within("last_port", &PORTS);
    let timeout_s = if table.optional::<i64>("timeout_s").is_some() {
        table.within("timeout_s", &TIMEOUT_S)
    } else {
        Some(30)
    };
    table.finish();
    for (at, address) in addresses.iter().enumerate() {
        if address.is_unspecified() {
            table.fault(
                format!("addresses.{at}"),
                "not an address that peers can send to",
                "write one of this machine's",
            );
        }
        if addresses
            .iter()
            .take(at)
            .any(|earlier| earlier.is_ipv4() == address.is_ipv4())
        {
            table.fault(
                format!("addresses.{at}"),
                "a second address of its family",
                "leave one out",
            );
        }
    }
    let (first, last) = (first_port?, last_port?);
    let have = (u32::from(last) + 1).saturating_sub(u32::from(first));
    let need = calls_max.unwrap_or(1).saturating_mul(PORTS_PER_CALL);
    if have < need {
        let problem = format!("{have} ports are too few for {} calls", calls_max.unwrap_or(1));
        table.fault(
            "last_port",
            problem,
            format!("leave room for {need} ports or lower calls_max"),
        );
    }
    Some(MediaSettings {
        addresses,
        first_port: first,
        last_port: last,
        timeout_s: timeout_s?,
    })
}

fn address(table: &Table<'_>, name: &'static str) -> Option<SocketAddr> {
    let address = table.required::<SocketAddr>(name)?;
    if address.ip().is_unspecified() {
        table.fault(
            name,
            "it would be written into messages",
            "write an address of this machine",
        );
    }
    if address.port() == 0 {
        table.fault(name, "port 0 is no port", "write a port, as 5060");
    }
    Some(address)
}

/// SIP of a family needs a media address of it.
fn families(root: &Table<'_>, config: &ServerConfig) {
    for (at, listener) in config.sip.iter().enumerate() {
        let have = config
            .media
            .addresses
            .iter()
            .any(|address| address.is_ipv4() == listener.address.is_ipv4());
        if !have {
            let problem = format!("no media address of the family of {}", listener.address);
            root.fault(
                format!("sip.listen.{at}.address"),
                problem,
                "add one to media.addresses",
            );
        }
    }
}
