//! One run of the server: every service over one database, the web on a socket of its own.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

use rexian::base::civil::SiteZone;
use rexian::base::ids::BootId;
use rexian::base::ids::TicketId;
use rexian::base::random::Random;
use rexian::base::time::Clock;
use rexian::base::time::MonoTime;
use rexian::base::time::Now;
use rexian::base::time::WallTime;
use rexian::engine::Engine;
use rexian::engine::EngineParts;
use rexian::engine::alarms::AlarmParts;
use rexian::engine::alarms::Alarms;
use rexian::engine::archiver::Archiver;
use rexian::engine::archiver::ArchiverParts;
use rexian::engine::archiver::files_from;
use rexian::engine::archiver::names_from;
use rexian::engine::archiver::seal_by;
use rexian::engine::articles::ArticleParts;
use rexian::engine::articles::Articles;
use rexian::engine::audit::Audit;
use rexian::engine::audit::AuditConfig;
use rexian::engine::cases::CaseParts;
use rexian::engine::cases::Cases;
use rexian::engine::control_loop::CommandRequest;
use rexian::engine::deadlines::DeadlineParts;
use rexian::engine::deadlines::Deadlines;
use rexian::engine::metrics::Metrics;
use rexian::engine::outbox::Outbox;
use rexian::engine::outbox::OutboxParts;
use rexian::engine::outbox::Pace;
use rexian::engine::reference::References;
use rexian::engine::search::Search;
use rexian::engine::ticket_service::ReferenceOf;
use rexian::engine::ticket_service::TicketService;
use rexian::engine::ticket_service::TicketServiceParts;
use rexian::engine::views::Views;
use rexian::exchange::profile::Profile;
use rexian::http::Scheme;
use rexian::http::Web;
use rexian::http::server;
use rexian::io::files::Files;
use rexian::io::keys::KeyRing;
use rexian::io::keys::Keys;
use rexian::io::notify;
use rexian::io::notify::NotifyConfig;
use rexian::io::notify::SmsConfig;
use rexian::io::notify::render::SiteWords;
use rexian::io::pdf::Face;
use rexian::io::store::Address;
use rexian::io::store::Store;
use rexian::io::store::search::IndexKey;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// 2025-01-01 00:00 in Tangshan: before every day of a script.
const EPOCH_US: i64 = 1_735_660_800_000_000;
pub(super) const NODE: &str = "n1";

/// A clock that stands until it is moved.
#[derive(Debug)]
pub(super) struct CityClock(AtomicI64);

impl CityClock {
    pub(super) fn new() -> Self {
        Self(AtomicI64::new(EPOCH_US))
    }

    pub(super) fn set(&self, at: WallTime) {
        self.0.store(at.as_micros(), Ordering::Relaxed);
    }
}

impl Clock for CityClock {
    fn now(&self) -> Now {
        let wall = self.0.load(Ordering::Relaxed);
        Now {
            mono: MonoTime::from_micros(u64::try_from(wall - EPOCH_US).unwrap()),
            wall: WallTime::from_micros(wall),
        }
    }
}

/// Rules that are switched off, shared by all runs of one city.
pub(super) type Suspended = Arc<Mutex<BTreeSet<&'static str>>>;

/// What a run stands on; the next one stands on the same.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) address: Address,
    pub(super) clock: Arc<CityClock>,
    pub(super) suspended: Suspended,
}

/// One run of the server.
pub(super) struct House {
    pub(super) engine: Engine,
    pub(super) deadlines: Deadlines,
    pub(super) archiver: Archiver,
    /// Orders whose archive the clocks told of.
    pub(super) archive_due: Arc<Mutex<Vec<TicketId>>>,
    pub(super) socket: SocketAddr,
    web: Web,
    tasks: JoinSet<()>,
}

pub(super) fn zone() -> SiteZone {
    SiteZone::new("Asia/Shanghai").unwrap()
}

pub(super) fn profile() -> Profile {
    serde_json::from_value(serde_json::json!({
        "site": {"id": "tangshan", "name": "唐山市", "area_code": "315", "time_zone": "Asia/Shanghai",
            "realm": "rexian.test", "outbound_number": "12345"},
        "trunks": {},
        "lines": {"main": {"number": "12345", "name": "12345热线", "flow": "main"}},
        "queues": {"general": {"name": "综合", "kind": "general", "skills": {}, "ring_timeout_s": 20,
            "wrapup_s": 30, "music": "music", "short_abandon_s": 5}},
        "skills": {"mandarin": "普通话"},
        "reasons": {"rest": "小休", "login": "签入"},
        "agents": {
            "a1001": {"name": "王芳", "user": "agent-hotline", "organ": "tangshan", "skills": {},
                "queues": ["general"], "devices": ["d1001"]},
            "a1002": {"name": "李强", "user": "expert-hotline", "organ": "tangshan", "skills": {},
                "queues": ["general"], "devices": ["d1002"]}},
        "devices": {"d1001": {"user": "1001", "extension": "8001", "codecs": []},
            "d1002": {"user": "1002", "codecs": []}},
        "seats": {"s1": {"room": "一号厅", "row": "1", "device": "d1001"}},
        "flows": {}
    }))
    .unwrap()
}

/// The services of orders, beside the store.
struct Services {
    references: References,
    search: Search,
    outbox: Outbox,
    tickets: TicketService,
    articles: Articles,
}

impl House {
    pub(super) async fn open(site: &Site, data: &Path, seed: u64) -> Self {
        let clock: Arc<dyn Clock + Send + Sync> = site.clock.clone();
        let mut random = Random::from_number(seed);
        let store = Store::open(&site.address, clock.now().wall).await.unwrap();
        let keys = Keys::new(KeyRing::open(data).unwrap());
        let config = AuditConfig {
            node: NODE.to_owned(),
            boot: BootId::new(clock.now(), &mut random),
            site: "tangshan".to_owned(),
            data: data.to_owned(),
        };
        let audit = Audit::new(store.clone(), keys.clone(), config);
        let metrics = Arc::new(Metrics::default());
        let alarms = AlarmParts {
            store: store.clone(),
            audit: audit.clone(),
            clock: clock.clone(),
            metrics: Arc::clone(&metrics),
            random: random.fork(),
        };
        let alarms = Alarms::load(alarms).await.unwrap();
        let mut tasks = JoinSet::new();
        let outbox = outbox(site, &store, &audit, &alarms, data, &mut tasks);
        let services = services(site, &store, &audit, &keys, outbox, &mut random).await;
        let archiver = archiver(site, &store, &audit, &keys, data, &services.tickets);
        let archive_due: Arc<Mutex<Vec<TicketId>>> = Arc::default();
        let due = archive_due.clone();
        let cases = Cases::new(CaseParts {
            store: store.clone(),
            audit: audit.clone(),
            tickets: services.tickets.clone(),
            clock: clock.clone(),
            random: random.fork(),
        });
        let deadlines = Deadlines::new(DeadlineParts {
            store: store.clone(),
            tickets: services.tickets.clone(),
            cases: cases.clone(),
            clock: clock.clone(),
            node: NODE.to_owned(),
            on_archive_due: Arc::new(move |ticket| due.lock().unwrap().push(ticket)),
        });
        let (commands, inbox) = mpsc::channel(16);
        tasks.spawn(exchange(inbox));
        let engine = Engine::new(EngineParts {
            commands,
            notify: Arc::new(Notify::new()),
            views: Arc::new(Views::default()),
            store,
            tickets: services.tickets,
            references: services.references,
            search: services.search,
            outbox: services.outbox,
            articles: services.articles,
            cases,
            archiver: archiver.clone(),
            files: Files::new(data.join("files")),
            audit,
            alarms,
            keys,
            profile: Arc::new(profile()),
            profile_version: 1,
            prompts: ["music".parse().unwrap()].into(),
            metrics,
            recordings: data.join("recordings"),
            clock,
            zone: zone(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = listener.local_addr().unwrap();
        let web = Web::new(engine.clone(), Scheme::Http);
        let serving = web.clone();
        tasks.spawn(async move { drop(server::serve(serving, listener, None).await) });
        Self {
            engine,
            deadlines,
            archiver,
            archive_due,
            socket,
            web,
            tasks,
        }
    }

    /// Ends the run as a stop of the program does: what was answered is on disk.
    pub(super) async fn close(&mut self) {
        self.web.stop();
        self.tasks.shutdown().await;
        self.engine.store().close().await;
    }
}

/// Says yes to whatever the exchange is asked: no order depends on it.
async fn exchange(mut inbox: mpsc::Receiver<CommandRequest>) {
    while let Some(request) = inbox.recv().await {
        let _ = request.reply.send(Ok(()));
    }
}

/// Short messages go to files, as on a site without a gateway.
fn outbox(
    site: &Site,
    store: &Store,
    audit: &Audit,
    alarms: &Alarms,
    data: &Path,
    tasks: &mut JoinSet<()>,
) -> Outbox {
    let config = NotifyConfig {
        signature: "唐山12345".into(),
        sms: SmsConfig::File,
        webhook: None,
    };
    let ways = notify::open(&config, data, &zone(), site.clock.clone()).unwrap();
    tasks.spawn(ways.work);
    let (outbox, work, mut replies) = Outbox::new(OutboxParts {
        store: store.clone(),
        audit: audit.clone(),
        alarms: alarms.clone(),
        clock: site.clock.clone(),
        node: NODE.into(),
        site: SiteWords {
            city: "唐山市".into(),
            signature: "唐山12345".into(),
        },
        area_code: "315".into(),
        sms: ways.sms,
        webhook: ways.webhook,
        incoming: ways.incoming,
        pace: Pace::STANDARD,
    });
    tasks.spawn(work);
    tasks.spawn(async move { while replies.recv().await.is_some() {} });
    outbox
}

async fn services(
    site: &Site,
    store: &Store,
    audit: &Audit,
    keys: &Keys,
    outbox: Outbox,
    random: &mut Random,
) -> Services {
    let clock: Arc<dyn Clock + Send + Sync> = site.clock.clone();
    let references = References::open(store.clone(), audit.clone(), clock.now())
        .await
        .unwrap();
    let key = keys.with(|ring| IndexKey::new(ring.index_key()));
    let search = Search::new(store.clone(), key, clock.clone(), NODE);
    let tickets = TicketService::new(TicketServiceParts {
        store: store.clone(),
        audit: audit.clone(),
        keys: keys.clone(),
        clock: clock.clone(),
        random: random.fork(),
        zone: zone(),
        area_code: "315".into(),
        reference: in_force(references.clone(), site.suspended.clone()),
        search: Some(search.clone()),
        outbox: Some(outbox.clone()),
    });
    let articles = Articles::new(ArticleParts {
        store: store.clone(),
        audit: audit.clone(),
        tickets: tickets.clone(),
        outbox: Some(outbox.clone()),
        clock,
        random: random.fork(),
        zone: zone(),
    });
    Services {
        references,
        search,
        outbox,
        tickets,
        articles,
    }
}

/// The reference data in force, without the rules that a twin switched off.
fn in_force(references: References, suspended: Suspended) -> ReferenceOf {
    Arc::new(move || {
        let current = references.current();
        let off: Vec<&'static str> = suspended.lock().unwrap().iter().copied().collect();
        if off.is_empty() {
            return current;
        }
        Arc::new((*current).clone().without(&off))
    })
}

fn archiver(
    site: &Site,
    store: &Store,
    audit: &Audit,
    keys: &Keys,
    data: &Path,
    tickets: &TicketService,
) -> Archiver {
    let named = tickets.clone();
    Archiver::new(ArchiverParts {
        store: store.clone(),
        audit: audit.clone(),
        keys: keys.clone(),
        archives: data.join("archives"),
        recordings: data.join("recordings"),
        face: Face::find(None).ok(),
        zone: zone(),
        clock: site.clock.clone(),
        node: NODE.to_owned(),
        files: files_from(store.clone(), keys.clone(), Files::new(data.join("files"))),
        names: names_from(Arc::new(move || named.reference())),
        seal: seal_by(tickets.clone()),
    })
}
