//! The tables on both databases, and what stands directly on them: shipper, projector, policies, work orders, audit.

mod accounts;
mod audit;
mod cases;
mod deadlines;
mod dispositions;
pub(crate) mod fold;
mod migrations;
mod missed;
mod orders;
mod outbox;
mod personal_data;
mod projection;
mod ratios;
mod recovery;
mod reference;
mod search;
mod shipping;
mod sla_vectors;
pub(crate) mod tickets;
mod two_users;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use rexian::account::Principal;
use rexian::account::Role;
use rexian::base::civil::SiteZone;
use rexian::base::ids::BootId;
use rexian::base::ids::InteractionId;
use rexian::base::ids::LegId;
use rexian::base::ids::OfferId;
use rexian::base::ids::RecordingId;
use rexian::base::phone_number::Canonical;
use rexian::base::phone_number::Number;
use rexian::base::random::Random;
use rexian::base::time::Clock;
use rexian::base::time::MonoTime;
use rexian::base::time::Now;
use rexian::base::time::WallTime;
use rexian::engine::audit::Audit;
use rexian::engine::audit::AuditConfig;
use rexian::engine::cases::CaseParts;
use rexian::engine::cases::Cases;
use rexian::engine::search::Search;
use rexian::engine::ticket_service::TicketService;
use rexian::engine::ticket_service::TicketServiceParts;
use rexian::fact::Actor;
use rexian::fact::Fact;
use rexian::fact::FactNo;
use rexian::fact::Record;
use rexian::fact::agent::AgentFact;
use rexian::fact::call::CallFact;
use rexian::fact::call::Class;
use rexian::fact::call::Direction;
use rexian::fact::call::EndedBy;
use rexian::fact::call::Outcome;
use rexian::fact::call::Party;
use rexian::fact::codec::EnvelopeWriter;
use rexian::fact::codec::FIRST_HASH;
use rexian::fact::personal::Personal;
use rexian::fact::recording::RecordingFact;
use rexian::io::keys::KeyRecord;
use rexian::io::keys::KeyRing;
use rexian::io::keys::Keys;
use rexian::io::store::Address;
use rexian::io::store::Store;
use rexian::io::store::search::IndexKey;
use rexian::ticket::reference::Reference;

/// 2026-11-23 16:00:00 in Tangshan, a beginning of a quarter.
pub(crate) const START_US: i64 = 1_795_420_800_000_000;
pub(crate) const NODE: &str = "n1";
pub(crate) const CITIZEN: &str = "13800138000";

/// One database of one kind, with a data directory.
pub(crate) struct Bench {
    pub(crate) kind: &'static str,
    pub(crate) store: Store,
    pub(crate) address: Address,
    pub(crate) data: tempfile::TempDir,
    pub(crate) keys: Keys,
    pub(crate) clock: Arc<TestClock>,
}

/// A clock that stands until it is moved.
#[derive(Debug, Default)]
pub(crate) struct TestClock(AtomicU64);

impl TestClock {
    pub(crate) fn advance_ms(&self, ms: u64) {
        self.0.fetch_add(ms * 1000, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Now {
        at(self.0.load(Ordering::Relaxed) / 1000)
    }
}

/// The instant `ms` after the start.
pub(crate) fn at(ms: u64) -> Now {
    let micros = ms * 1000;
    Now {
        mono: MonoTime::from_micros(micros),
        wall: WallTime::from_micros(START_US + i64::try_from(micros).unwrap()),
    }
}

/// Runs a test on SQLite, then on PostgreSQL.
#[expect(clippy::needless_pass_by_value, reason = "a test is written in place")]
pub(crate) fn on_both<F>(test: F)
where
    F: AsyncFn(&Bench),
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        for kind in ["SQLite", "PostgreSQL"] {
            let data = tempfile::tempdir().unwrap();
            let address = match kind {
                "SQLite" => Address::Sqlite(data.path().join("rexian.db")),
                _ => Address::Postgres(crate::postgres::empty_database().await),
            };
            let store = Store::open(&address, at(0).wall).await.unwrap();
            let keys = Keys::new(KeyRing::open(data.path()).unwrap());
            let bench = Bench {
                kind,
                store,
                address,
                data,
                keys,
                clock: Arc::default(),
            };
            println!("on {kind}");
            test(&bench).await;
            bench.store.close().await;
        }
    });
}

impl Bench {
    pub(crate) fn audit(&self) -> Audit {
        let config = AuditConfig {
            node: NODE.to_owned(),
            boot: BootId::default(),
            site: "tangshan".to_owned(),
            data: self.data.path().to_owned(),
        };
        Audit::new(self.store.clone(), self.keys.clone(), config)
    }

    /// A service of its own each time, as two nodes have.
    pub(crate) fn tickets(&self) -> TicketService {
        static SEEDS: AtomicU64 = AtomicU64::new(7);
        TicketService::new(TicketServiceParts {
            store: self.store.clone(),
            audit: self.audit(),
            keys: self.keys.clone(),
            clock: self.clock.clone(),
            random: Random::from_number(SEEDS.fetch_add(1, Ordering::Relaxed)),
            zone: zone(),
            area_code: "315".to_owned(),
            reference: Arc::new(|| Reference::shipped().unwrap()),
            search: Some(self.search()),
            outbox: None,
        })
    }

    /// Cases over a ticket service of their own.
    pub(crate) fn cases(&self) -> Cases {
        static SEEDS: AtomicU64 = AtomicU64::new(1_007);
        Cases::new(CaseParts {
            store: self.store.clone(),
            audit: self.audit(),
            tickets: self.tickets(),
            clock: self.clock.clone(),
            random: Random::from_number(SEEDS.fetch_add(1, Ordering::Relaxed)),
        })
    }

    pub(crate) fn search(&self) -> Search {
        let key = self.keys.with(|ring| IndexKey::new(ring.index_key()));
        Search::new(self.store.clone(), key, self.clock.clone(), NODE)
    }

    /// Runs statements past the program, as somebody with the database's password could.
    pub(crate) async fn meddle(&self, sql: &str) {
        use sqlx::Connection as _;
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match &self.address {
            Address::Sqlite(path) => {
                let url = format!("sqlite:{}", path.display());
                let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
                sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
            Address::Postgres(url) => {
                let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
                sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }

    /// Writes envelopes of facts, as the journal does.
    pub(crate) fn envelopes(&self, chain: &mut Chain, records: &[Record]) -> Vec<String> {
        self.keys.with(|ring| {
            let texts = records.iter().map(|record| {
                let mut bytes = Vec::new();
                chain.0.encode(record, ring, &mut bytes).unwrap();
                String::from_utf8(bytes).unwrap()
            });
            texts.collect()
        })
    }

    /// Puts facts into the SQL journal, as the shipper does.
    pub(crate) async fn ship(&self, chain: &mut Chain, records: &[Record]) {
        let envelopes = self.envelopes(chain, records);
        let keys: Vec<KeyRecord> = self.keys.with(KeyRing::take_created);
        let mut tx = self.store.begin().await.unwrap();
        tx.put_data_keys(&keys).await.unwrap();
        tx.append_journal(NODE, envelopes.iter().map(String::as_str))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}

/// The chain of the node's journal.
pub(crate) struct Chain(pub(crate) EnvelopeWriter);

impl Chain {
    pub(crate) fn new() -> Self {
        Self(EnvelopeWriter::new(
            NODE,
            BootId::default(),
            "tangshan",
            FactNo(0),
            FIRST_HASH,
        ))
    }
}

pub(crate) fn zone() -> SiteZone {
    SiteZone::new("Asia/Shanghai").unwrap()
}

/// A signed-in person of an organ, given by its path.
pub(crate) fn person(name: &str, role: Role, organ: &str, agent: Option<&str>) -> Principal {
    Principal {
        user: name.parse().unwrap(),
        roles: [role].into(),
        organ: organ.parse().unwrap(),
        agent: agent.map(|agent| agent.parse().unwrap()),
        session: String::new(),
        commitment: rexian::account::commitment::Commitment::Signed,
    }
}

pub(crate) fn citizen() -> Number {
    Number {
        raw: CITIZEN.to_owned(),
        canonical: Canonical::E164(format!("+86{CITIZEN}")),
    }
}

/// The ids of a call in a script.
#[derive(Clone, Copy)]
pub(crate) struct CallIds {
    pub(crate) call: InteractionId,
    pub(crate) leg: LegId,
    pub(crate) offer: OfferId,
    pub(crate) recording: RecordingId,
}

impl CallIds {
    pub(crate) fn number(seed: u64) -> Self {
        let mut random = Random::from_number(seed);
        let now = at(seed);
        Self {
            call: InteractionId::new(now, &mut random),
            leg: LegId::new(now, &mut random),
            offer: OfferId::new(now, &mut random),
            recording: RecordingId::new(now, &mut random),
        }
    }

    pub(crate) fn record(&self, ms: u64, fact: impl Into<Scripted>) -> Record {
        let Scripted(fact) = fact.into();
        let first = matches!(
            fact,
            Fact::Call(CallFact::Offered { .. } | CallFact::Refused { .. })
        );
        Record {
            now: at(ms),
            interaction: Some(self.call),
            ticket: None,
            actor: Actor::system(),
            cause: "test",
            fact,
            personal: first.then(|| Personal {
                number: Some(citizen()),
                ..Personal::default()
            }),
        }
    }

    pub(crate) fn offered(&self, ms: u64) -> Record {
        self.record(
            ms,
            CallFact::Offered {
                leg: self.leg,
                trunk: Some("carrier".parse().unwrap()),
                line: Some("main".parse().unwrap()),
                flow: Some("welcome".parse().unwrap()),
                direction: Direction::Inbound,
                purpose: None,
            },
        )
    }

    pub(crate) fn queued(&self, ms: u64) -> Record {
        let enqueued_at_us = at(ms).wall.as_micros();
        self.record(
            ms,
            CallFact::Queued {
                queue: "general".parse().unwrap(),
                skills: vec![],
                enqueued_at_us,
                class: Class::Normal,
                priority: 0,
            },
        )
    }

    pub(crate) fn agent_answered(&self, ms: u64, waited_ms: u64) -> Record {
        self.record(
            ms,
            CallFact::AgentAnswered {
                offer: self.offer,
                leg: self.leg,
                agent: "1001".parse().unwrap(),
                device: "desk-1".parse().unwrap(),
                queue: "general".parse().ok(),
                waited_ms,
            },
        )
    }

    pub(crate) fn ended(&self, ms: u64, outcome: Outcome) -> Record {
        self.record(
            ms,
            CallFact::Ended {
                outcome,
                by: EndedBy::Caller,
                status: None,
            },
        )
    }

    /// The facts of a whole call that begins at `ms`: 100 ms setup, 2 s flow, 5 s queue, 30 s talk, 4 s hold, 6 s talk.
    pub(crate) fn whole_call(&self, ms: u64) -> Vec<Record> {
        vec![
            self.offered(ms),
            self.record(
                ms + 100,
                CallFact::Answered {
                    recording: Some(self.recording),
                },
            ),
            self.record(
                ms + 1_000,
                CallFact::NoticePlayed {
                    prompt: "notice".parse().unwrap(),
                    whole: true,
                    played_ms: 900,
                },
            ),
            self.record(
                ms + 2_000,
                CallFact::DigitsCollected {
                    node: "menu".parse().unwrap(),
                    choice: "1".to_owned(),
                },
            ),
            self.queued(ms + 2_100),
            self.record(
                ms + 5_000,
                CallFact::AgentOffered {
                    offer: self.offer,
                    agent: "1001".parse().unwrap(),
                    devices: vec!["desk-1".parse().unwrap()],
                    queue: "general".parse().ok(),
                    epoch: 1,
                },
            ),
            self.agent_answered(ms + 7_100, 5_000),
            self.record(ms + 37_100, CallFact::Held { by: Party::Agent }),
            self.record(ms + 41_100, CallFact::Retrieved { by: Party::Agent }),
            self.ended(ms + 47_100, Outcome::Answered),
            self.record(
                ms + 47_200,
                RecordingFact::Stored {
                    recording: self.recording,
                    path: format!("2026/11/23/{}.rxr", self.recording),
                    duration_ms: 47_000,
                    bytes: 752_000,
                    digest: "sha256:00".to_owned(),
                    gap_ms: 0,
                    recovered: false,
                },
            ),
            self.record(
                ms + 57_100,
                AgentFact::WrapupEnded {
                    agent: "1001".parse().unwrap(),
                    timed_out: false,
                    lasted_ms: 10_000,
                },
            ),
        ]
    }
}

/// A fact of any kind in a script.
pub(crate) struct Scripted(pub(crate) Fact);

impl From<CallFact> for Scripted {
    fn from(fact: CallFact) -> Self {
        Self(Fact::Call(fact))
    }
}

impl From<RecordingFact> for Scripted {
    fn from(fact: RecordingFact) -> Self {
        Self(Fact::Recording(fact))
    }
}

impl From<AgentFact> for Scripted {
    fn from(fact: AgentFact) -> Self {
        Self(Fact::Agent(fact))
    }
}
