//! What the sessions of one endpoint share: settings, transactions, randomness, and the index of dialogs.
//!
//! **Invariants.** A tag is in the index as long as its session lives.
//!
//! **Not here.** The sessions themselves (`endpoint`), so that a session and what it uses can be borrowed at once.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::net::SocketAddr;

use crate::base::Map;
use crate::base::ids::DeviceId;
use crate::base::ids::TrunkId;
use crate::base::random::Random;
use crate::base::random::SeededHasher;
use crate::base::time::Now;
use crate::sip::dialog::Dialog;
use crate::sip::dialog::tag_text;
use crate::sip::endpoint::Config;
use crate::sip::endpoint::Counters;
use crate::sip::endpoint::DeviceAccount;
use crate::sip::endpoint::Listener;
use crate::sip::endpoint::Output;
use crate::sip::endpoint::Route;
use crate::sip::endpoint::SessionId;
use crate::sip::endpoint::Transport;
use crate::sip::endpoint::TrunkAccount;
use crate::sip::header::HeaderName;
use crate::sip::message::Message;
use crate::sip::message::Method;
use crate::sip::render;
use crate::sip::transaction::ClientMethod;
use crate::sip::transaction::Outgoing;
use crate::sip::transaction::TransactionId;
use crate::sip::transaction::User;
use crate::sip::transaction::layer::TransactionLayer;
use crate::sip::transaction::timer::Timing;
use crate::sip::write::Writer;

/// What we understand, in the words of `Allow`.
pub(crate) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, REGISTER";
/// The extensions that a peer may require of us.
pub(crate) const SUPPORTED: &[&str] = &["timer"];

/// Shared by the sessions of one endpoint.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) config: Config,
    pub(crate) layer: TransactionLayer,
    pub(crate) random: Random,
    pub(crate) tags: Map<u64, SessionId>,
    pub(crate) counters: Counters,
    trunks: BTreeMap<IpAddr, usize>,
    users: BTreeMap<String, usize>,
    hasher: SeededHasher,
}

impl Core {
    pub(crate) fn new(config: Config, mut random: Random) -> Self {
        let mut core = Self {
            layer: TransactionLayer::new(timing_of(&config), &mut random),
            tags: Map::with_hasher(SeededHasher::new(&mut random)),
            counters: Counters::default(),
            trunks: BTreeMap::new(),
            users: BTreeMap::new(),
            hasher: SeededHasher::new(&mut random),
            config: config.clone(),
            random,
        };
        core.configure(config);
        core
    }

    pub(crate) fn configure(&mut self, config: Config) {
        self.layer.set_timing(timing_of(&config));
        let addresses = config
            .trunks
            .iter()
            .enumerate()
            .flat_map(|(at, trunk)| trunk.addresses.iter().map(move |ip| (render::canonical(*ip), at)));
        self.trunks = addresses.collect();
        self.users = config
            .devices
            .iter()
            .enumerate()
            .map(|(at, it)| (it.user.clone(), at))
            .collect();
        self.config = config;
    }

    /// The trunk that an address belongs to.
    pub(crate) fn trunk_at(&self, ip: IpAddr) -> Option<&TrunkAccount> {
        self.trunks
            .get(&render::canonical(ip))
            .and_then(|at| self.config.trunks.get(*at))
    }

    /// The id of [`Core::trunk_at`].
    pub(crate) fn trunk_id_at(&self, ip: IpAddr) -> Option<TrunkId> {
        self.trunk_at(ip).map(|trunk| trunk.trunk.clone())
    }

    /// The device of a user name.
    pub(crate) fn device_of(&self, user: &str) -> Option<&DeviceAccount> {
        self.users.get(user).and_then(|at| self.config.devices.get(*at))
    }

    /// Whether a device is configured.
    pub(crate) fn has_device(&self, device: &DeviceId) -> bool {
        self.config.devices.iter().any(|it| it.device == *device)
    }

    /// The address that peers of this route know us by.
    pub(crate) fn host(&self, route: &Route) -> SocketAddr {
        let same = |it: &&Listener| it.transport == route.transport && it.local == route.local;
        let listener = self.config.listeners.iter().find(same);
        listener.and_then(|it| it.advertised).unwrap_or(route.local)
    }

    /// Our `Contact` towards peers of this route.
    pub(crate) fn contact(&self, route: &Route) -> String {
        let host = self.host(route);
        match route.transport {
            Transport::Udp => format!("<sip:{host}>"),
            Transport::Tcp => format!("<sip:{host};transport=tcp>"),
        }
    }

    /// Sends the next request of a dialog.
    pub(crate) fn send(
        &mut self,
        now: Now,
        dialog: &mut Dialog,
        (name, method, user): (&str, ClientMethod, User),
        fill: impl FnOnce(&mut Writer),
        out: &mut Vec<Output>,
    ) -> TransactionId {
        let route = dialog.next_hop();
        let branch = self.random.next_u64();
        let cseq = dialog.next_cseq();
        let mut writer = dialog.start_request(name, cseq, branch, self.host(&route));
        writer.header(HeaderName::UserAgent, &self.config.user_agent);
        if method == ClientMethod::Invite {
            writer.header(HeaderName::Allow, ALLOW);
        }
        fill(&mut writer);
        let bytes = writer.finish_shared();
        self.layer.send(
            now,
            Outgoing {
                branch,
                method,
                route,
                bytes,
                user,
            },
            out,
        )
    }

    /// Answers a request at hand through its transaction.
    pub(crate) fn reply(
        &mut self,
        now: Now,
        (message, source): (&Message<'_>, &Route),
        transaction: TransactionId,
        (status, fill): (u16, impl FnOnce(&mut Writer)),
        out: &mut Vec<Output>,
    ) {
        let bytes = self.start_reply(message, source, status, fill).finish_shared();
        self.layer.reply(now, transaction, status, bytes, out);
    }

    /// Answers a request without keeping anything: its repetition gets the same answer. Source: RFC 3261 §8.2.7.
    pub(crate) fn reply_stateless(
        &mut self,
        message: &Message<'_>,
        source: &Route,
        (status, fill): (u16, impl FnOnce(&mut Writer)),
        out: &mut Vec<Output>,
    ) {
        if message.method() == Some(&Method::Ack) {
            self.counters.dropped += 1;
            return;
        }
        let bytes = self.start_reply(message, source, status, fill).finish_shared();
        out.push(Output::Send {
            route: render::response_route(message, *source),
            bytes,
        });
    }

    fn start_reply(
        &mut self,
        message: &Message<'_>,
        source: &Route,
        status: u16,
        fill: impl FnOnce(&mut Writer),
    ) -> Writer {
        let tag = (status > 100).then(|| self.stateless_tag(message));
        let mut writer = render::start_response(message, source, status, tag.as_deref());
        fill(&mut writer);
        writer
    }

    /// A tag that a repeated request gets again, though nothing is remembered.
    fn stateless_tag(&self, message: &Message<'_>) -> String {
        tag_text(
            self.hasher
                .hash_one((message.call_id().ok(), message.header(HeaderName::From))),
        )
    }

    /// Answers what is no part of a call: OPTIONS with what we can, anything else with what we cannot.
    pub(crate) fn answer_capabilities(
        &mut self,
        now: Now,
        message: &Message<'_>,
        source: &Route,
        transaction: TransactionId,
        out: &mut Vec<Output>,
    ) {
        let status = capability_status(message);
        let fill = |writer: &mut Writer| push_capabilities(writer, status);
        self.reply(now, (message, source), transaction, (status, fill), out);
    }
}

/// Writes what every 2xx to INVITE says about us.
pub(crate) fn push_abilities(writer: &mut Writer) {
    writer
        .header(HeaderName::Allow, ALLOW)
        .header(HeaderName::Supported, "timer");
}

/// The answer to a request that no machine handles.
pub(crate) fn capability_status(message: &Message<'_>) -> u16 {
    match message.method() {
        Some(Method::Options) => 200,
        Some(Method::Other(_)) => 501,
        _ => 405,
    }
}

/// Writes what belongs into the answer of [`capability_status`].
pub(crate) fn push_capabilities(writer: &mut Writer, status: u16) {
    writer.header(HeaderName::Allow, ALLOW);
    if status == 200 {
        writer
            .header(HeaderName::Accept, "application/sdp")
            .header(HeaderName::AcceptLanguage, "zh-CN, en");
        writer
            .header(HeaderName::AcceptEncoding, "identity")
            .header(HeaderName::Supported, "timer");
    }
}

fn timing_of(config: &Config) -> Timing {
    Timing {
        t1: config.t1,
        t2: config.t2,
        t4: config.t4,
    }
}
