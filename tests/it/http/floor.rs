//! A floor to test on: a SQLite file, an account for each role, two agents, one call with its order and recording, and
//! an exchange that says yes to everything and remembers what it was asked.

use std::sync::Arc;
use std::sync::Mutex;

use reqwest::Client;
use reqwest::Method;
use reqwest::RequestBuilder;
use reqwest::Response;
use rexian::account::Principal;
use rexian::account::Role;
use rexian::account::commitment;
use rexian::base::civil::SiteZone;
use rexian::base::ids::BootId;
use rexian::base::ids::InteractionId;
use rexian::base::ids::RecordingId;
use rexian::base::ids::TicketId;
use rexian::base::phone_number::Number;
use rexian::base::random::Random;
use rexian::base::time::Clock as _;
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
use rexian::engine::metrics::Metrics;
use rexian::engine::outbox::Outbox;
use rexian::engine::outbox::OutboxParts;
use rexian::engine::outbox::Pace;
use rexian::engine::reference::References;
use rexian::engine::search::Search;
use rexian::engine::ticket_service::DraftRequest;
use rexian::engine::ticket_service::TicketService;
use rexian::engine::ticket_service::TicketServiceParts;
use rexian::engine::views::Views;
use rexian::exchange::profile::Profile;
use rexian::exchange::snapshot::AgentView;
use rexian::exchange::snapshot::CallState;
use rexian::exchange::snapshot::CallView;
use rexian::exchange::snapshot::Occupancy;
use rexian::exchange::snapshot::QueueView;
use rexian::exchange::snapshot::ViewChange;
use rexian::fact::agent::Presence;
use rexian::fact::call::EndedBy;
use rexian::fact::call::Outcome;
use rexian::fact::personal::Personal;
use rexian::http::Scheme;
use rexian::http::Web;
use rexian::http::auth;
use rexian::http::server;
use rexian::io::clock::SystemClock;
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
use rexian::io::store::calls::CallChange;
use rexian::io::store::commitments::CommitmentRow;
use rexian::io::store::recordings::RecordingRow;
use rexian::io::store::recordings::RecordingState;
use rexian::io::store::search::IndexKey;
use rexian::io::store::users::Account;
use rexian::io::store::users::AccountState;
use rexian::io::store::users::WebSession;
use rexian::report::cdr::CallRecord;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::sync::mpsc;

pub(super) const PASSWORD: &str = "Hotline-12345";
pub(super) const NUMBER: &str = "13800138000";

pub(super) struct Floor {
    pub(super) address: std::net::SocketAddr,
    pub(super) engine: Engine,
    pub(super) web: Web,
    pub(super) views: Arc<Views>,
    /// What the exchange was asked, in order.
    pub(super) asked: Arc<Mutex<Vec<String>>>,
    pub(super) call: InteractionId,
    pub(super) ticket: TicketId,
    pub(super) recording: RecordingId,
    pub(super) folder: tempfile::TempDir,
    http: Client,
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
            "a1001": {"name": "王芳", "user": "agent", "organ": "tangshan", "skills": {}, "queues": ["general"],
                "devices": ["d1001"]},
            "a1002": {"name": "李强", "user": "expert", "organ": "tangshan", "skills": {}, "queues": ["general"],
                "devices": ["d1002"]}},
        "devices": {"d1001": {"user": "1001", "extension": "8001", "codecs": []},
            "d1002": {"user": "1002", "codecs": []}},
        "seats": {"s1": {"room": "一号厅", "row": "1", "device": "d1001"}},
        "flows": {}
    }))
    .unwrap()
}

fn agent_of(role: Role) -> Option<&'static str> {
    match role {
        Role::Agent => Some("a1001"),
        Role::Expert => Some("a1002"),
        _ => None,
    }
}

impl Floor {
    pub(super) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = Address::Sqlite(folder.path().join("test.db"));
        Self::over(folder, address).await
    }

    /// A floor over a database that is there.
    pub(super) async fn over(folder: tempfile::TempDir, address: Address) -> Self {
        let clock = SystemClock::new();
        let mut random = Random::from_number(12345);
        let boot = BootId::new(clock.now(), &mut random);
        let store = Store::open(&address, clock.now().wall).await.unwrap();
        let keys = Keys::new(KeyRing::open(folder.path()).unwrap());
        let config = AuditConfig {
            node: "n1".into(),
            boot,
            site: "tangshan".into(),
            data: folder.path().to_owned(),
        };
        let audit = Audit::new(store.clone(), keys.clone(), config);
        let metrics = Arc::new(Metrics::default());
        let alarms = Alarms::load(AlarmParts {
            store: store.clone(),
            audit: audit.clone(),
            clock: Arc::new(clock),
            metrics: Arc::clone(&metrics),
            random: random.fork(),
        });
        let zone = SiteZone::new("Asia/Shanghai").unwrap();
        let now = clock.now();
        let references = References::open(store.clone(), audit.clone(), now).await.unwrap();
        let key = keys.with(|ring| IndexKey::new(ring.index_key()));
        let search = Search::new(store.clone(), key, Arc::new(clock), "n1");
        let alarms = alarms.await.unwrap();
        let outbox = outbox(&store, &audit, &alarms, folder.path(), &zone, clock);
        let in_force = references.clone();
        let tickets = TicketService::new(TicketServiceParts {
            store: store.clone(),
            audit: audit.clone(),
            keys: keys.clone(),
            clock: Arc::new(clock),
            random: random.fork(),
            zone: zone.clone(),
            area_code: "315".into(),
            reference: Arc::new(move || in_force.current()),
            search: Some(search.clone()),
            outbox: Some(outbox.clone()),
        });
        let articles = Articles::new(ArticleParts {
            store: store.clone(),
            audit: audit.clone(),
            tickets: tickets.clone(),
            outbox: Some(outbox.clone()),
            clock: Arc::new(clock),
            random: random.fork(),
            zone: zone.clone(),
        });
        let cases = Cases::new(CaseParts {
            store: store.clone(),
            audit: audit.clone(),
            tickets: tickets.clone(),
            clock: Arc::new(clock),
            random: random.fork(),
        });
        let archiver = archiver(&store, &audit, &keys, folder.path(), &tickets);
        let (commands, inbox) = mpsc::channel(16);
        let views = Arc::new(Views::default());
        let engine = Engine::new(EngineParts {
            commands,
            notify: Arc::new(Notify::new()),
            views: Arc::clone(&views),
            store,
            tickets,
            references,
            search,
            outbox,
            articles,
            cases,
            archiver,
            files: Files::new(folder.path().join("files")),
            audit,
            alarms,
            keys,
            profile: Arc::new(profile()),
            profile_version: 1,
            prompts: ["music".parse().unwrap()].into(),
            metrics,
            recordings: folder.path().join("recordings"),
            clock: Arc::new(clock),
            zone,
        });
        let asked = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(exchange(inbox, Arc::clone(&asked)));
        let (call, ticket, recording) = furnish(&engine, &mut random).await;
        for role in Role::ALL {
            add_account(&engine, role).await;
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let web = Web::new(engine.clone(), Scheme::Http);
        tokio::spawn(server::serve(web.clone(), listener, None));
        let http = Client::builder().build().unwrap();
        Self {
            address,
            engine,
            web,
            views,
            asked,
            call,
            ticket,
            recording,
            folder,
            http,
        }
    }

    /// A session made without its password, as its cookie, of somebody who has signed the secrecy commitment.
    pub(super) async fn session(&self, user: &str) -> String {
        let row = CommitmentRow {
            version: commitment::VERSION,
            sha256: "00".repeat(32),
            signed_at: self.engine.clock().now().wall,
        };
        let mut tx = self.engine.store().begin().await.unwrap();
        tx.insert_commitment(&user.parse().unwrap(), &row).await.unwrap();
        tx.commit().await.unwrap();
        self.session_unsigned(user).await
    }

    /// The same of somebody who has signed nothing yet.
    pub(super) async fn session_unsigned(&self, user: &str) -> String {
        let token = auth::new_token().unwrap();
        let now = self.engine.clock().now().wall;
        let session = WebSession {
            token_hash: auth::hash_token(&token),
            account: user.parse().unwrap(),
            created_at: now,
            last_seen: now,
            expires_at: auth::expiry(now, now),
        };
        let mut tx = self.engine.store().begin().await.unwrap();
        tx.insert_web_session(&session).await.unwrap();
        tx.commit().await.unwrap();
        format!("{}={token}", auth::COOKIE)
    }

    pub(super) fn request(&self, method: &str, path: &str, cookie: Option<&str>) -> RequestBuilder {
        let url = format!("http://{}{path}", self.address);
        let request = self
            .http
            .request(Method::from_bytes(method.as_bytes()).unwrap(), url);
        match cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    pub(super) async fn get(&self, path: &str, cookie: &str) -> Response {
        self.request("GET", path, Some(cookie)).send().await.unwrap()
    }

    pub(super) async fn send(&self, method: &str, path: &str, cookie: &str, body: &Value) -> Response {
        self.request(method, path, Some(cookie))
            .json(body)
            .send()
            .await
            .unwrap()
    }

    /// The facts in the trail as they stand in the database.
    pub(super) async fn facts_text(&self) -> String {
        let node = self.engine.audit().node().to_owned();
        let none = rexian::fact::FactNo(0);
        let facts = self
            .engine
            .store()
            .facts_after(&node, none, 10_000)
            .await
            .unwrap();
        facts.into_iter().map(|(_, text)| text).collect()
    }

    /// Kinds of the facts in the trail, in order.
    pub(super) async fn trail(&self) -> Vec<String> {
        let engine = &self.engine;
        let node = engine.audit().node().to_owned();
        let facts = engine
            .store()
            .facts_after(&node, rexian::fact::FactNo(0), 10_000)
            .await
            .unwrap();
        let kind = |text: &str| {
            serde_json::from_str::<Value>(text).unwrap()["kind"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        facts.iter().map(|(_, text)| kind(text)).collect()
    }
}

async fn exchange(mut inbox: mpsc::Receiver<CommandRequest>, asked: Arc<Mutex<Vec<String>>>) {
    while let Some(request) = inbox.recv().await {
        asked
            .lock()
            .unwrap()
            .push(format!("{}: {:?}", request.actor.id, request.command));
        let _ = request.reply.send(Ok(()));
    }
}

async fn add_account(engine: &Engine, role: Role) {
    // Hashed once with the cost of a test: what is verified is the flow, not the cost.
    let now = engine.clock().now().wall;
    let account = Account {
        id: role.code().parse().unwrap(),
        name: format!("测试{role}"),
        password_hash: cheap_hash(),
        roles: [role].into(),
        organ: "hotline".parse().unwrap(),
        agent: agent_of(role).map(|agent| agent.parse().unwrap()),
        state: AccountState::Active,
        failed_sign_ins: 0,
        locked_until: None,
        created_at: now,
        password_set_at: now,
        version: 1,
    };
    let mut tx = engine.store().begin().await.unwrap();
    tx.insert_account(&account).await.unwrap();
    tx.commit().await.unwrap();
}

fn cheap_hash() -> String {
    use argon2::PasswordHasher as _;
    let params = argon2::Params::new(64, 1, 1, None).unwrap();
    let hasher = argon2::Argon2::from(params);
    hasher
        .hash_password_with_salt(PASSWORD.as_bytes(), b"a-salt-for-tests")
        .unwrap()
        .to_string()
}

pub(super) fn caller() -> Number {
    Number::parse(NUMBER, "315")
}

/// One answered call of agent a1001 with its recording and its draft.
async fn furnish(engine: &Engine, random: &mut Random) -> (InteractionId, TicketId, RecordingId) {
    let now = engine.clock().now();
    let call = InteractionId::new(now, random);
    let recording = RecordingId::new(now, random);
    let mut tx = engine.store().begin().await.unwrap();
    let personal = Personal {
        number: Some(caller()),
        ..Personal::default()
    };
    let sealed = engine
        .audit()
        .seal(&mut tx, &call.to_string(), &personal)
        .await
        .unwrap();
    let mut record = CallRecord::empty(call, now.wall);
    record.line = Some("main".parse().unwrap());
    record.queue = Some("general".parse().unwrap());
    record.agent = Some("a1001".parse().unwrap());
    record.caller = Some(sealed.clone());
    record.recording = Some(recording);
    record.agent_answered_at = Some(now.wall);
    record.ended_at = Some(now.wall);
    record.outcome = Some(Outcome::Answered);
    record.ended_by = Some(EndedBy::Caller);
    record.talk_ms = 61_000;
    let change = CallChange {
        record: &record,
        segments_from: 0,
        offers_from: 0,
    };
    tx.put_calls("n1", &[change]).await.unwrap();
    let row = RecordingRow {
        id: recording,
        interaction: Some(call),
        state: RecordingState::Stored,
        opened_at: now.wall,
        closed_at: Some(now.wall),
        path: Some(format!("2026/11/24/{recording}.rxr")),
        duration_ms: Some(2_500),
        bytes: Some(1),
        digest: Some("sha256:00".into()),
        gap_ms: Some(0),
        recovered: false,
        error: None,
    };
    tx.put_recordings(&[row]).await.unwrap();
    let request = DraftRequest {
        interaction: call,
        line: Some("main".parse().unwrap()),
        queue: "general".parse().unwrap(),
        agent: "a1001".parse().unwrap(),
        recording: Some(recording),
        caller: Some(sealed),
    };
    let changes = engine.tickets().open_drafts(&mut tx, &[request]).await.unwrap();
    tx.commit().await.unwrap();
    (call, changes[0].ticket, recording)
}

/// The archive as `serve` makes it, over the floor's folder.
fn archiver(
    store: &Store,
    audit: &Audit,
    keys: &Keys,
    data: &std::path::Path,
    tickets: &TicketService,
) -> Archiver {
    let named = tickets.clone();
    Archiver::new(ArchiverParts {
        store: store.clone(),
        audit: audit.clone(),
        keys: keys.clone(),
        archives: data.join("archives"),
        recordings: data.join("recordings"),
        face: Some(Face::find(None).unwrap()),
        zone: SiteZone::new("Asia/Shanghai").unwrap(),
        clock: Arc::new(SystemClock::new()),
        node: "n1".into(),
        files: files_from(store.clone(), keys.clone(), Files::new(data.join("files"))),
        names: names_from(Arc::new(move || named.reference())),
        seal: seal_by(tickets.clone()),
    })
}

/// Messages are queued and go nowhere: nobody runs the senders.
fn outbox(
    store: &Store,
    audit: &Audit,
    alarms: &Alarms,
    data: &std::path::Path,
    zone: &SiteZone,
    clock: SystemClock,
) -> Outbox {
    let config = NotifyConfig {
        signature: "12345".into(),
        sms: SmsConfig::File,
        webhook: None,
    };
    let ways = notify::open(&config, data, zone, Arc::new(clock)).unwrap();
    let (outbox, _, _) = Outbox::new(OutboxParts {
        store: store.clone(),
        audit: audit.clone(),
        alarms: alarms.clone(),
        clock: Arc::new(clock),
        node: "n1".into(),
        site: SiteWords {
            city: "唐山市".into(),
            signature: "12345".into(),
        },
        area_code: "315".into(),
        sms: ways.sms,
        webhook: ways.webhook,
        incoming: ways.incoming,
        pace: Pace::STANDARD,
    });
    outbox
}

pub(super) fn agent_view(agent: &str, occupancy: Occupancy) -> ViewChange {
    ViewChange::Agent(AgentView {
        agent: agent.parse().unwrap(),
        name: "王芳".into(),
        seat: None,
        presence: Presence::Ready,
        occupancy,
        since: WallTime::from_micros(1_795_486_222_000_000),
        next: None,
        interaction: None,
        wrapup_until: None,
        devices: vec![("d1001".parse().unwrap(), true)],
    })
}

pub(super) fn queue_view(waiting: u32) -> ViewChange {
    ViewChange::Queue(QueueView {
        queue: "general".parse().unwrap(),
        name: "综合".into(),
        waiting,
        oldest_since: None,
        ready: 1,
        signed_in: 1,
    })
}

pub(super) fn call_view(interaction: InteractionId, state: CallState, agent: Option<&str>) -> ViewChange {
    ViewChange::Call(CallView {
        interaction,
        state,
        direction: rexian::fact::call::Direction::Inbound,
        caller: caller(),
        line: Some("main".parse().unwrap()),
        line_name: "12345热线".into(),
        queue: Some("general".parse().unwrap()),
        queue_name: "综合".into(),
        agent: agent.map(|agent| agent.parse().unwrap()),
        offer: None,
        offered_at: WallTime::from_micros(1_795_486_222_000_000),
        queued_at: None,
        talk_at: None,
        recording: None,
    })
}

#[allow(dead_code, reason = "for tests that ask the engine without the web")]
pub(super) fn principal(role: Role) -> Principal {
    Principal {
        user: role.code().parse().unwrap(),
        roles: [role].into(),
        organ: "hotline".parse().unwrap(),
        agent: agent_of(role).map(|agent| agent.parse().unwrap()),
        session: String::new(),
        commitment: rexian::account::commitment::Commitment::Signed,
    }
}
