//! Start-up as a numbered story: the only place that names everything.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc as std_mpsc;
use std::time::Duration;

use anyhow::Context as _;
use anyhow::bail;
use tokio::sync::Notify;
use tokio::sync::mpsc;
use tokio::sync::watch;

use crate::app::config::LoadedProfile;
use crate::app::config::ServerConfig;
use crate::app::config::SipTransport;
use crate::app::config::load_profile;
use crate::app::credentials;
use crate::base::civil::SiteZone;
use crate::base::ids::BootId;
use crate::base::limits::CONTROL_QUEUE_MAX;
use crate::base::random::Random;
use crate::base::time::Clock as _;
use crate::base::time::Now;
use crate::call::context::MediaAddresses;
use crate::engine::Engine;
use crate::engine::EngineParts;
use crate::engine::alarms::AlarmParts;
use crate::engine::alarms::Alarms;
use crate::engine::audit::Audit;
use crate::engine::audit::AuditConfig;
use crate::engine::control_loop::ControlLoop;
use crate::engine::control_loop::Doors;
use crate::engine::metrics::Metrics;
use crate::engine::policies::Policies;
use crate::engine::projector::Projector;
use crate::engine::recovery;
use crate::engine::shipper::Shipper;
use crate::engine::ticket_service::TicketService;
use crate::engine::ticket_service::TicketServiceParts;
use crate::engine::views::Views;
use crate::engine::watch::Watch;
use crate::exchange::Exchange;
use crate::exchange::admission::Limits;
use crate::exchange::machine::Parts;
use crate::exchange::profile::Profile;
use crate::fact::Actor;
use crate::fact::Fact;
use crate::fact::FactNo;
use crate::fact::Record;
use crate::fact::recording::RecordingFact;
use crate::fact::system::SystemFact;
use crate::io::clock::SystemClock;
use crate::io::journal;
use crate::io::journal::JournalConfig;
use crate::io::journal::JournalEvent;
use crate::io::journal::JournalHandle;
use crate::io::keys::KeyRing;
use crate::io::keys::Keys;
use crate::io::keys::SITE_KEY;
use crate::io::media::pool::PoolConfig;
use crate::io::media::prompts::PromptLibrary;
use crate::io::media::socket::raise_file_limit;
use crate::io::media::worker;
use crate::io::media::worker::MediaConfig;
use crate::io::media::worker::MediaHandle;
use crate::io::media::worker::MediaParts;
use crate::io::recording::archive;
use crate::io::recording::command::recorder_channel;
use crate::io::recording::writer;
use crate::io::recording::writer::RecorderConfig;
use crate::io::sip::stream::StreamEvent;
use crate::io::sip::stream::Streams;
use crate::io::sip::udp::UdpListener;
use crate::io::store::Address;
use crate::io::store::Store;
use crate::media::command::MediaEvent;
use crate::media::command::PromptIndex;
use crate::media::port_pool::BoundSlot;
use crate::media::port_pool::PortPool;
use crate::sip::endpoint::Config as SipConfig;
use crate::sip::endpoint::DeviceAccount;
use crate::sip::endpoint::Listener;
use crate::sip::endpoint::Transport;
use crate::sip::registrar::ExpiryBounds;

/// Where things are; the command line stands above `server.toml`.
#[derive(Clone, Debug)]
pub struct Places {
    /// Database, journal, keys, certificates.
    pub data: PathBuf,
    /// Profile files.
    pub profiles: PathBuf,
    /// Prompts.
    pub prompts: PathBuf,
    /// Recordings.
    pub recordings: PathBuf,
}

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
    /// The journal's thread; ends after the control thread.
    pub journal: std::thread::JoinHandle<()>,
    /// Tasks that end when the journal has ended.
    pub tasks: Vec<tokio::task::JoinHandle<()>>,
    /// Holds the data folder against a second process.
    pub lock: std::fs::File,
}

/// What stands before anything runs: the folder, the keys, the database, the profile, the phones.
struct House {
    lock: std::fs::File,
    clock: SystemClock,
    random: Random,
    boot_id: BootId,
    keys: Keys,
    store: Store,
    version: u64,
    profile: Arc<Profile>,
    zone: SiteZone,
    audit: Audit,
    realm: String,
    devices: Vec<DeviceAccount>,
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
    let mut house = open_house(config, places).await?;

    // 2. The journal, and everything it still holds into the database.
    let mut spine = open_spine(config, places, &mut house).await?;

    // 3. What a crash left open is closed before the first call.
    wait_shipped(&spine.shipped, spine.journal.last_fact()).await?;
    let last_fact = recover(&house, config, places, &spine.journal).await?;

    // 4. The services over the database.
    let tickets = start_services(config, &mut house, &mut spine);

    // 5. Prompts, media, recorder; SIP sockets and the control thread.
    let library = PromptLibrary::load(&places.prompts).map_err(|faults| anyhow::anyhow!("{faults}"))?;
    let Spine {
        notify,
        journal,
        journal_thread,
        journal_inbox,
        metrics,
        alarms,
        watch,
        tasks,
        ..
    } = spine;
    let (media, recorder_events, slots) =
        start_media(config, places, &library, &mut house, (&notify, &watch))?;
    let control_runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let udp = bind_udp(config, &control_runtime)?;
    let streams = Streams::default();
    let (stream_sender, stream_events) = mpsc::channel(CONTROL_QUEUE_MAX);
    let sip = listen(config, &udp, &streams, stream_sender, &notify).await?;
    let (sender, commands) = mpsc::channel(CONTROL_QUEUE_MAX);
    let (views, stop) = (Arc::new(Views::default()), Arc::new(AtomicBool::new(false)));
    let exchange = Exchange::new(exchange_parts(
        config,
        &mut house,
        (&library, &slots, &sip),
        last_fact,
    ));
    let doors = Doors {
        udp,
        streams,
        stream_events,
        media,
        recorder_events,
        journal,
        journal_events: journal_inbox,
        commands,
        notify: Arc::clone(&notify),
        stop: Arc::clone(&stop),
        views: Arc::clone(&views),
        metrics: Arc::clone(&metrics),
    };
    let control_loop = ControlLoop::new(exchange, doors, house.clock);
    let control = std::thread::Builder::new()
        .name("control".to_owned())
        .spawn(move || control_runtime.block_on(control_loop.run()))?;

    // 6. The handle by which everybody asks.
    let engine = Engine::new(EngineParts {
        commands: sender,
        notify: Arc::clone(&notify),
        views,
        store: house.store,
        tickets,
        audit: house.audit,
        alarms,
        keys: house.keys,
        profile: house.profile,
        profile_version: house.version,
        metrics,
        recordings: places.recordings.clone(),
        clock: house.clock,
        zone: house.zone,
    });
    watch.begin(engine.clone(), places.data.clone());
    Ok(Running {
        engine,
        sip,
        stop,
        notify,
        control,
        journal: journal_thread,
        tasks,
        lock: house.lock,
    })
}

async fn open_house(config: &ServerConfig, places: &Places) -> anyhow::Result<House> {
    let lock = lock_data(&places.data)?;
    raise_file_limit();
    let clock = SystemClock::new();
    let mut random = os_random()?;
    let boot_id = BootId::new(clock.now(), &mut random);
    let keys = Keys::new(KeyRing::open(&places.data)?);
    let store = open_store(config, &places.data, clock.now()).await?;
    let (version, profile) = known_profile(&store, places).await?;
    let zone = SiteZone::new(&profile.site.time_zone)?;
    // The site's own key may stand in the database alone: its journal file is gone once it was shipped.
    if let Some(record) = store.data_key(SITE_KEY).await? {
        keys.with(|ring| ring.adopt(&record))?;
    }
    let settings = AuditConfig {
        node: config.node.clone(),
        boot: boot_id,
        site: profile.site.id.clone(),
        data: places.data.clone(),
    };
    let audit = Audit::new(store.clone(), keys.clone(), settings);
    let realm = store.setting_once("sip-realm", &profile.site.realm).await?;
    let users = credentials::make_accounts(&store, &audit, &profile, clock.now(), &mut random).await?;
    let (devices, made) =
        credentials::device_accounts(&store, &audit, &profile, &realm, clock.now(), &mut random).await?;
    credentials::keep(&places.data, &realm, users, made)?;
    Ok(House {
        lock,
        clock,
        random,
        boot_id,
        keys,
        store,
        version,
        profile,
        zone,
        audit,
        realm,
        devices,
    })
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

fn start_services(config: &ServerConfig, house: &mut House, spine: &mut Spine) -> TicketService {
    let projector = Projector::new(house.store.clone(), &config.node);
    spine.tasks.push(tokio::spawn(
        projector.run(spine.shipped.clone(), spine.watch.projector()),
    ));
    let day_zone = house.zone.clone();
    let tickets = TicketService::new(TicketServiceParts {
        store: house.store.clone(),
        audit: house.audit.clone(),
        clock: Arc::new(house.clock),
        random: house.random.fork(),
        day_of: Arc::new(move |at| day_zone.date_of(at).compact()),
    });
    let policies = Policies::new(house.store.clone(), tickets.clone(), &config.node);
    spine.tasks.push(tokio::spawn(
        policies.run(spine.shipped.clone(), spine.watch.policies()),
    ));
    // These two run until the runtime ends: what they write is repeated at the next start.
    tokio::spawn(spine.alarms.clone().run());
    let heads_zone = house.zone.clone();
    tokio::spawn(house.audit.clone().keep_heads_daily(
        house.clock,
        move |at| heads_zone.date_of(at).to_string(),
        |error| tracing::error!(%error, "the daily head of the trail was not kept"),
    ));
    tickets
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

fn lock_data(data: &Path) -> anyhow::Result<std::fs::File> {
    std::fs::create_dir_all(data).with_context(|| format!("data folder {}", data.display()))?;
    let path = data.join("lock");
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            bail!(
                "{}: another rexian uses this data folder; stop it first, or give another with --data",
                data.display()
            )
        }
        Err(std::fs::TryLockError::Error(error)) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// A generator seeded by the operating system.
///
/// # Errors
/// When it has no randomness.
pub fn os_random() -> anyhow::Result<Random> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(Random::from_seed(seed))
}

/// Opens the database that the settings name.
///
/// # Errors
/// What the store says.
pub async fn open_store(config: &ServerConfig, data: &Path, now: Now) -> anyhow::Result<Store> {
    let address = match &config.database {
        Some(database) => database.parse()?,
        None => Address::Sqlite(data.join("rexian.db")),
    };
    Ok(Store::open(&address, now.wall).await?)
}

/// The last published profile, or the files' at the first start.
async fn known_profile(store: &Store, places: &Places) -> anyhow::Result<(u64, Arc<Profile>)> {
    let from_files = load_profile(&places.profiles, &places.prompts);
    if let Some(published) = store.latest_profile().await? {
        let profile: Profile = serde_json::from_str(&published.document).context("the published profile")?;
        if from_files.is_ok_and(|files| files.sha256 != published.sha256) {
            tracing::warn!(
                version = published.version,
                "the files differ from the published profile; `rexian profile diff` shows how, `profile publish` adopts them"
            );
        }
        return Ok((published.version, Arc::new(profile)));
    }
    let LoadedProfile {
        profile,
        document,
        sha256,
    } = from_files.map_err(|faults| {
        let words: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the profile has faults:\n{}", words.join("\n"))
    })?;
    let now = SystemClock::new().now();
    let mut tx = store.begin().await?;
    let version = tx
        .publish_profile(&document, &sha256, now.wall, "first-start")
        .await?;
    tx.commit().await?;
    Ok((version, Arc::new(profile)))
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

type MediaStart = (MediaHandle, std_mpsc::Receiver<MediaEvent>, Vec<BoundSlot>);

fn start_media(
    config: &ServerConfig,
    places: &Places,
    library: &PromptLibrary,
    house: &mut House,
    (notify, watch): (&Arc<Notify>, &Watch),
) -> anyhow::Result<MediaStart> {
    let (sender, receiver) = recorder_channel(usize::try_from(config.calls_max).unwrap_or(1000));
    let (recorder_events, recorder_inbox) = std_mpsc::channel();
    let recorder = RecorderConfig {
        root: places.recordings.clone(),
        zone: house.zone.clone(),
        keys: house.keys.clone(),
    };
    let (recorder_notify, watch) = (Arc::clone(notify), watch.clone());
    // The thread ends when the media worker's end of the ring is dropped.
    writer::start(
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
    let v4 = config
        .media
        .addresses
        .iter()
        .copied()
        .find_map(|it| if let IpAddr::V4(it) = it { Some(it) } else { None });
    let v6 = config
        .media
        .addresses
        .iter()
        .copied()
        .find_map(|it| if let IpAddr::V6(it) = it { Some(it) } else { None });
    let media_notify = Arc::clone(notify);
    let (media, slots) = worker::start(
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
    Ok((media, recorder_inbox, slots))
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

fn bind_udp(config: &ServerConfig, runtime: &tokio::runtime::Runtime) -> anyhow::Result<Vec<UdpListener>> {
    let _inside = runtime.enter();
    let addresses = config.sip.iter().filter(|it| it.transport == SipTransport::Udp);
    addresses
        .map(|it| UdpListener::bind(it.address).with_context(|| format!("SIP over UDP on {}", it.address)))
        .collect()
}

async fn listen(
    config: &ServerConfig,
    udp: &[UdpListener],
    streams: &Streams,
    events: mpsc::Sender<StreamEvent>,
    notify: &Arc<Notify>,
) -> anyhow::Result<Vec<Listener>> {
    let advertised = |transport: SipTransport, address: SocketAddr| {
        config
            .sip
            .iter()
            .find(|it| it.transport == transport && it.address == address)
            .and_then(|it| it.advertised)
    };
    let mut listeners: Vec<Listener> = udp
        .iter()
        .map(|it| Listener {
            transport: Transport::Udp,
            local: it.local(),
            advertised: advertised(SipTransport::Udp, it.local()),
        })
        .collect();
    for it in config.sip.iter().filter(|it| it.transport == SipTransport::Tcp) {
        let wake = Arc::clone(notify);
        let listening = streams.listen(it.address, events.clone(), Arc::new(move || wake.notify_one()));
        let (local, _task) = listening
            .await
            .with_context(|| format!("SIP over TCP on {}", it.address))?;
        listeners.push(Listener {
            transport: Transport::Tcp,
            local,
            advertised: it.advertised,
        });
    }
    Ok(listeners)
}

fn sip_config(realm: &str, devices: Vec<DeviceAccount>, listeners: &[Listener]) -> SipConfig {
    SipConfig {
        realm: realm.to_owned(),
        user_agent: format!("Rexian/{}", env!("CARGO_PKG_VERSION")),
        t1: Duration::from_millis(500),
        t2: Duration::from_secs(4),
        t4: Duration::from_secs(5),
        trunks: Vec::new(),
        devices,
        listeners: listeners.to_vec(),
        register_expires: ExpiryBounds {
            min: Duration::from_mins(1),
            max: Duration::from_hours(1),
            default: Duration::from_mins(5),
        },
        nonce_lifetime: Duration::from_mins(5),
    }
}
