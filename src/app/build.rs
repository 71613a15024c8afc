//! Start-up as a numbered story: the only place that names everything.
//!
//! **Invariants.** Nothing listens before what the last run left open is closed. Whatever fails on the way ends the start
//! with words for the engineer on call; what was begun by then ends by itself.
//! **Not here.** What stands before anything runs (`app::house`), the end (`app::serve`).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc as std_mpsc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::Notify;
use tokio::sync::mpsc;
use tokio::sync::watch;

use crate::app::archives;
use crate::app::config::ServerConfig;
use crate::app::house::House;
pub use crate::app::house::Places;
pub use crate::app::house::open_store;
pub use crate::app::house::os_random;
use crate::app::sockets::ControlRuntime;
use crate::app::sockets::open_sip;
use crate::app::sockets::sip_config;
use crate::base::limits::CONTROL_QUEUE_MAX;
use crate::base::time::Clock as _;
use crate::base::time::Now;
use crate::call::context::MediaAddresses;
use crate::engine::Engine;
use crate::engine::EngineParts;
use crate::engine::alarms::AlarmParts;
use crate::engine::alarms::Alarms;
use crate::engine::articles::ArticleParts;
use crate::engine::articles::Articles;
use crate::engine::control_loop::ControlLoop;
use crate::engine::control_loop::Doors;
use crate::engine::deadlines::DeadlineParts;
use crate::engine::deadlines::Deadlines;
use crate::engine::dispositions::DispositionParts;
use crate::engine::dispositions::Dispositions;
use crate::engine::metrics::Metrics;
use crate::engine::outbox::Outbox;
use crate::engine::outbox::OutboxParts;
use crate::engine::outbox::Pace;
use crate::engine::policies::Policies;
use crate::engine::projector::Projector;
use crate::engine::recovery;
use crate::engine::reference::References;
use crate::engine::search::Search;
use crate::engine::shipper::Shipper;
use crate::engine::ticket_service::TicketService;
use crate::engine::ticket_service::TicketServiceParts;
use crate::engine::views::Views;
use crate::engine::watch::Watch;
use crate::exchange::Exchange;
use crate::exchange::admission::Limits;
use crate::exchange::machine::Parts;
use crate::fact::Actor;
use crate::fact::Fact;
use crate::fact::FactNo;
use crate::fact::Record;
use crate::fact::recording::RecordingFact;
use crate::fact::system::SystemFact;
use crate::io::files::Files;
use crate::io::journal;
use crate::io::journal::JournalConfig;
use crate::io::journal::JournalEvent;
use crate::io::journal::JournalHandle;
use crate::io::media::pool::PoolConfig;
use crate::io::media::prompts::PromptLibrary;
use crate::io::media::worker;
use crate::io::media::worker::MediaConfig;
use crate::io::media::worker::MediaHandle;
use crate::io::media::worker::MediaParts;
use crate::io::notify;
use crate::io::notify::render::SiteWords;
use crate::io::recording::archive;
use crate::io::recording::command::recorder_channel;
use crate::io::recording::writer;
use crate::io::recording::writer::RecorderConfig;
use crate::io::store::search::IndexKey;
use crate::media::command::MediaEvent;
use crate::media::command::PromptIndex;
use crate::media::port_pool::BoundSlot;
use crate::media::port_pool::PortPool;
use crate::sip::endpoint::Listener;

/// A running server, without its web side.
pub struct Running {
    /// The handle for everybody who asks.
    pub engine: Engine,
    /// SIP addresses that are listened on.
    pub sip: Vec<Listener>,
    /// Tells the control loop to end.
    pub stop: Arc<AtomicBool>,
    /// Wakes it.
    pub notify: Arc<Notify>,
    /// The control thread; returns when everything is on disk.
    pub control: std::thread::JoinHandle<()>,
    /// The recorder's thread; ends after the control thread.
    pub recorder: std::thread::JoinHandle<()>,
    /// The journal's thread; ends after the control thread.
    pub journal: std::thread::JoinHandle<()>,
    /// Tasks that end when the journal has ended.
    pub tasks: Vec<tokio::task::JoinHandle<()>>,
    /// Whether accounts or phones were given secrets by this start.
    pub made_secrets: bool,
    /// Holds the data folder against a second process.
    pub lock: std::fs::File,
}

/// The journal and what follows it into the database.
struct Spine {
    notify: Arc<Notify>,
    journal: JournalHandle,
    journal_thread: std::thread::JoinHandle<()>,
    journal_inbox: std_mpsc::Receiver<JournalEvent>,
    metrics: Arc<Metrics>,
    alarms: Alarms,
    watch: Watch,
    shipped: watch::Receiver<FactNo>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

/// Starts everything but the web side. Call it inside the runtime that shall run the tasks.
///
/// # Errors
/// Whatever is missing or broken, in words for the engineer on call.
pub async fn start(config: &ServerConfig, places: &Places) -> anyhow::Result<Running> {
    // 1. The folder is ours alone; keys, database, trail, accounts and phones.
    let mut house = House::open(config, places).await?;

    // 2. The journal, and everything it still holds into the database.
    let mut spine = open_spine(config, places, &mut house).await?;

    // 3. What a crash left open is closed before the first call.
    wait_shipped(&spine.shipped, spine.journal.last_fact()).await?;
    let last_fact = recover(&house, config, places, &spine.journal).await?;

    // 4. The services over the database.
    let services = start_services(config, places, &mut house, &mut spine).await?;

    // 5. Prompts, media, recorder; SIP sockets and the control thread.
    let library = PromptLibrary::load(&places.prompts).map_err(|faults| anyhow::anyhow!("{faults}"))?;
    let tell = (&spine.notify, &spine.watch);
    let media = start_media(config, places, &library, &mut house, tell)?;
    let sockets = open_sip(config, &spine.notify).await?;
    let (sender, commands) = mpsc::channel(CONTROL_QUEUE_MAX);
    let (views, stop) = (Arc::new(Views::default()), Arc::new(AtomicBool::new(false)));
    let heard = (&library, media.slots.as_slice(), sockets.listeners.as_slice());
    let exchange = Exchange::new(exchange_parts(config, &mut house, heard, last_fact));
    let doors = Doors {
        udp: sockets.udp,
        streams: sockets.streams,
        stream_events: sockets.stream_events,
        media: media.handle,
        recorder_events: media.recorder_events,
        journal: spine.journal,
        journal_events: spine.journal_inbox,
        commands,
        notify: Arc::clone(&spine.notify),
        stop: Arc::clone(&stop),
        views: Arc::clone(&views),
        metrics: Arc::clone(&spine.metrics),
        watch: spine.watch.clone(),
    };
    let control = start_control(sockets.runtime, ControlLoop::new(exchange, doors, house.clock))?;

    // 6. The handle by which everybody asks.
    let engine = Engine::new(EngineParts {
        commands: sender,
        notify: Arc::clone(&spine.notify),
        views,
        store: house.store,
        tickets: services.tickets,
        references: services.references,
        search: services.search,
        outbox: services.outbox,
        articles: services.articles,
        files: Files::new(places.data.join("files")),
        audit: house.audit,
        alarms: spine.alarms,
        keys: house.keys,
        profile: house.profile,
        profile_version: house.version,
        prompts: prompt_indexes(&library).into_keys().collect(),
        metrics: spine.metrics,
        recordings: places.recordings.clone(),
        clock: house.clock,
        zone: house.zone,
    });
    spine
        .watch
        .begin(engine.clone(), places.data.clone(), config.node.clone());
    Ok(Running {
        engine,
        sip: sockets.listeners,
        stop,
        notify: spine.notify,
        control,
        recorder: media.recorder,
        journal: spine.journal_thread,
        tasks: spine.tasks,
        made_secrets: house.made_secrets,
        lock: house.lock,
    })
}

fn start_control(
    runtime: ControlRuntime,
    control_loop: ControlLoop,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new()
        .name("control".to_owned())
        .spawn(move || runtime.run(control_loop.run()))
}

async fn open_spine(config: &ServerConfig, places: &Places, house: &mut House) -> anyhow::Result<Spine> {
    let metrics = Arc::new(Metrics::default());
    let alarms = Alarms::load(AlarmParts {
        store: house.store.clone(),
        audit: house.audit.clone(),
        clock: house.clock,
        metrics: Arc::clone(&metrics),
        random: house.random.fork(),
    })
    .await?;
    let watch = Watch::new(&alarms, &metrics);
    let notify = Arc::new(Notify::new());
    let (durable, durable_seen) = watch::channel(FactNo(0));
    let (journal_events, journal_inbox) = std_mpsc::channel();
    let head = house.store.last_hash(&config.node).await?;
    let site = &house.profile.site.id;
    let mut settings = JournalConfig::new(places.data.join("journal"), &config.node, site, house.boot_id);
    settings.shipped = (head.fact_no, head.hash);
    let journal = journal::open(settings, house.keys.clone(), house.clock, {
        let (notify, watch) = (Arc::clone(&notify), watch.clone());
        move |event| {
            watch.journal(&event);
            if let JournalEvent::Durable(fact_no) = &event {
                durable.send_replace(*fact_no);
            }
            // The control thread outlives the journal's events.
            let _ = journal_events.send(event);
            notify.notify_one();
        }
    })?;
    let (shipper, shipped) = Shipper::new(journal.reader, house.store.clone(), &config.node);
    let tasks = vec![tokio::spawn(shipper.run(durable_seen, watch.shipper()))];
    Ok(Spine {
        notify,
        journal: journal.handle,
        journal_thread: journal.thread,
        journal_inbox,
        metrics,
        alarms,
        watch,
        shipped,
        tasks,
    })
}

/// What stands over the database and under the handle.
struct Services {
    tickets: TicketService,
    references: References,
    search: Search,
    outbox: Outbox,
    articles: Articles,
}

async fn start_services(
    config: &ServerConfig,
    places: &Places,
    house: &mut House,
    spine: &mut Spine,
) -> anyhow::Result<Services> {
    let projector = Projector::new(house.store.clone(), &config.node);
    spine.tasks.push(tokio::spawn(
        projector.run(spine.shipped.clone(), spine.watch.projector()),
    ));
    let now = house.clock.now();
    let references = References::open(house.store.clone(), house.audit.clone(), now)
        .await
        .context("reference data")?;
    tokio::spawn(
        references
            .clone()
            .follow(|error| tracing::error!(%error, "reference data of another process were not taken up")),
    );
    let key = house.keys.with(|ring| IndexKey::new(ring.index_key()));
    let search = Search::new(house.store.clone(), key, Arc::new(house.clock), &*config.node);
    tokio::spawn(
        search
            .clone()
            .fold_always(|error| tracing::error!(%error, "the search index was not folded")),
    );
    let outbox = start_outbox(config, places, house, spine)?;
    let in_force = references.clone();
    let tickets = TicketService::new(TicketServiceParts {
        store: house.store.clone(),
        audit: house.audit.clone(),
        keys: house.keys.clone(),
        clock: Arc::new(house.clock),
        random: house.random.fork(),
        zone: house.zone.clone(),
        area_code: house.profile.site.area_code.clone(),
        reference: Arc::new(move || in_force.current()),
        search: Some(search.clone()),
        outbox: Some(outbox.clone()),
    });
    archives::look_at_rights(&house.store, &spine.alarms).await;
    start_order_tasks(config, places, house, spine, &tickets);
    let articles = Articles::new(ArticleParts {
        store: house.store.clone(),
        audit: house.audit.clone(),
        tickets: tickets.clone(),
        outbox: Some(outbox.clone()),
        clock: Arc::new(house.clock),
        random: house.random.fork(),
        zone: house.zone.clone(),
    });
    tokio::spawn(articles.clone().run());
    Ok(Services {
        tickets,
        references,
        search,
        outbox,
        articles,
    })
}

/// What gives commands to orders, and what looks after the house; all but the policies run until the runtime ends: what
/// they write is repeated at the next start.
fn start_order_tasks(
    config: &ServerConfig,
    places: &Places,
    house: &House,
    spine: &mut Spine,
    tickets: &TicketService,
) {
    let policies = Policies::new(house.store.clone(), tickets.clone(), &config.node);
    spine.tasks.push(tokio::spawn(
        policies.run(spine.shipped.clone(), spine.watch.policies()),
    ));
    let archiver = archives::start(config, places, house, spine.alarms.clone(), tickets);
    let deadlines = Deadlines::new(DeadlineParts {
        store: house.store.clone(),
        tickets: tickets.clone(),
        clock: Arc::new(house.clock),
        node: config.node.clone(),
        on_archive_due: Arc::new(move |ticket| archiver.is_due(ticket)),
    });
    tokio::spawn(deadlines.run(|error| tracing::error!(%error, "clocks of work orders are fired late")));
    tokio::spawn(spine.alarms.clone().run());
    let dispositions = Dispositions::new(DispositionParts {
        store: house.store.clone(),
        audit: house.audit.clone(),
        alarms: spine.alarms.clone(),
        reference: {
            let tickets = tickets.clone();
            Arc::new(move || tickets.reference())
        },
        clock: Arc::new(house.clock),
        zone: house.zone.clone(),
    });
    tokio::spawn(dispositions.run(|error| tracing::error!(%error, "what became of calls is told late")));
    let heads_zone = house.zone.clone();
    tokio::spawn(house.audit.clone().keep_heads_daily(
        house.clock,
        move |at| heads_zone.date_of(at).to_string(),
        |error| tracing::error!(%error, "the daily head of the trail was not kept"),
    ));
}

fn start_outbox(
    config: &ServerConfig,
    places: &Places,
    house: &House,
    spine: &Spine,
) -> anyhow::Result<Outbox> {
    let clock = Arc::new(house.clock);
    let ways = notify::open(&config.notify, &places.data, &house.zone, clock.clone())
        .context("the way of messages, [notify]")?;
    tokio::spawn(ways.work);
    let (outbox, work, mut replies) = Outbox::new(OutboxParts {
        store: house.store.clone(),
        audit: house.audit.clone(),
        alarms: spine.alarms.clone(),
        clock,
        node: config.node.clone(),
        site: SiteWords {
            city: house.profile.site.name.clone(),
            signature: config.notify.signature.clone(),
        },
        area_code: house.profile.site.area_code.clone(),
        sms: ways.sms,
        webhook: ways.webhook,
        incoming: ways.incoming,
        pace: Pace::STANDARD,
    });
    tokio::spawn(work);
    // Answers of citizens stand in the database until somebody takes them; here they are only noted.
    tokio::spawn(async move {
        while let Some(reply) = replies.recv().await {
            tracing::info!(reply = %reply.id, "a citizen's message waits");
        }
    });
    Ok(outbox)
}

fn exchange_parts(
    config: &ServerConfig,
    house: &mut House,
    (library, slots, listeners): (&PromptLibrary, &[BoundSlot], &[Listener]),
    last_fact: FactNo,
) -> Parts {
    Parts {
        sip: sip_config(&house.realm, std::mem::take(&mut house.devices), listeners),
        ports: port_pool(slots),
        addresses: media_addresses(config),
        prompts: prompt_indexes(library),
        profile: Arc::clone(&house.profile),
        limits: Limits {
            calls_max: usize::try_from(config.calls_max).unwrap_or(usize::MAX),
            calls_per_second_max: config.calls_per_second_max,
            stranger_rows_per_second_max: 50,
        },
        last_fact,
        random: house.random.fork(),
    }
}

async fn wait_shipped(shipped: &watch::Receiver<FactNo>, last: FactNo) -> anyhow::Result<()> {
    let mut shipped = shipped.clone();
    let all = shipped.wait_for(|at| last <= *at);
    tokio::time::timeout(Duration::from_mins(2), all)
        .await
        .context("the journal's facts do not reach the database; is it up?")?
        .context("the shipper ended")?;
    Ok(())
}

/// Closes the calls and recordings that the last run left open. Gives the number of the last fact.
async fn recover(
    house: &House,
    config: &ServerConfig,
    places: &Places,
    journal: &JournalHandle,
) -> anyhow::Result<FactNo> {
    let (store, now) = (&house.store, house.clock.now());
    let mut records = vec![system_record(
        now,
        SystemFact::NodeStarted {
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
    )];
    Projector::new(store.clone(), &config.node).catch_up().await?;
    records.extend(recovery::close_calls(store, &config.node, &[], now).await?);
    std::fs::create_dir_all(&places.recordings)?;
    let closed = archive::recover(&places.recordings, &house.keys)?;
    let found = closed.iter().map(|it| it.recording).collect();
    for it in closed {
        records.push(Record {
            now,
            interaction: Some(it.interaction),
            ticket: None,
            actor: Actor::system(),
            cause: "recovery",
            fact: Fact::Recording(RecordingFact::Stored {
                recording: it.recording,
                path: it.file.path,
                duration_ms: it.file.duration_ms,
                bytes: it.file.bytes,
                digest: it.file.digest,
                gap_ms: it.file.gap_ms,
                recovered: true,
            }),
            personal: None,
        });
    }
    records.extend(recovery::close_recordings(store, &found, now).await?);
    let last = FactNo(journal.last_fact().0 + u64::try_from(records.len()).unwrap_or(0));
    journal.append(records);
    Ok(last)
}

/// A record of the program's own.
pub fn system_record(now: Now, fact: SystemFact) -> Record {
    Record {
        now,
        interaction: None,
        ticket: None,
        actor: Actor::system(),
        cause: "node",
        fact: Fact::System(fact),
        personal: None,
    }
}

/// Media and recorder, started.
struct Media {
    handle: MediaHandle,
    recorder: std::thread::JoinHandle<()>,
    recorder_events: std_mpsc::Receiver<MediaEvent>,
    slots: Vec<BoundSlot>,
}

fn start_media(
    config: &ServerConfig,
    places: &Places,
    library: &PromptLibrary,
    house: &mut House,
    (notify, watch): (&Arc<Notify>, &Watch),
) -> anyhow::Result<Media> {
    let (sender, receiver) = recorder_channel(usize::try_from(config.calls_max).unwrap_or(1000));
    let (recorder_events, recorder_inbox) = std_mpsc::channel();
    let recorder = RecorderConfig {
        root: places.recordings.clone(),
        zone: house.zone.clone(),
        keys: house.keys.clone(),
    };
    let (recorder_notify, watch) = (Arc::clone(notify), watch.clone());
    // The thread ends when the media worker's end of the ring is dropped.
    let recorder = writer::start(
        recorder,
        receiver,
        Box::new(move |event| {
            watch.recorder(&event);
            // The control thread outlives the recorder's events.
            let _ = recorder_events.send(event);
            recorder_notify.notify_one();
        }),
    )?;
    let pairs = config.calls_max.saturating_mul(2).saturating_add(16);
    let addresses = || config.media.addresses.iter().copied();
    let v4 = addresses().find_map(|it| if let IpAddr::V4(it) = it { Some(it) } else { None });
    let v6 = addresses().find_map(|it| if let IpAddr::V6(it) = it { Some(it) } else { None });
    let media_notify = Arc::clone(notify);
    let (handle, slots) = worker::start(
        MediaConfig {
            pool: PoolConfig {
                ipv4: v4.map(|it| (it, pairs)),
                ipv6: v6.map(|it| (it, if v4.is_some() { pairs.min(64) } else { pairs })),
                port_first: config.media.first_port,
                port_last: config.media.last_port,
            },
            rtp_timeout: Duration::from_secs(u64::from(config.media.timeout_s)),
        },
        &mut house.random,
        house.clock,
        MediaParts {
            prompts: library.audio(),
            recorder: sender,
            wake: Arc::new(move || media_notify.notify_one()),
        },
    )?;
    Ok(Media {
        handle,
        recorder,
        recorder_events: recorder_inbox,
        slots,
    })
}

fn port_pool(slots: &[BoundSlot]) -> PortPool {
    let mut pool = PortPool::new();
    for slot in slots {
        pool.add(*slot);
    }
    pool
}

fn media_addresses(config: &ServerConfig) -> MediaAddresses {
    let of = |v4: bool| {
        config
            .media
            .addresses
            .iter()
            .copied()
            .find(|it| it.is_ipv4() == v4)
    };
    MediaAddresses {
        v4: of(true).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        v6: of(false).unwrap_or(IpAddr::V6(Ipv6Addr::LOCALHOST)),
    }
}

fn prompt_indexes(library: &PromptLibrary) -> BTreeMap<crate::base::ids::PromptId, PromptIndex> {
    library
        .entries()
        .iter()
        .filter_map(|entry| Some((entry.id.clone(), library.index(&entry.id)?)))
        .collect()
}
