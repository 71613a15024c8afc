//! The worked limits on real orders: in several zones of the site and of the machine, with the program stopped between
//! the start of a limit and its end. 7.2 to 7.6.

use std::process::Command as Program;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

use rexian::account::Principal;
use rexian::account::Role;
use rexian::base::civil::CivilDate;
use rexian::base::civil::DayTime;
use rexian::base::civil::SiteZone;
use rexian::base::ids::BootId;
use rexian::base::ids::TicketId;
use rexian::base::random::Random;
use rexian::base::time::Clock;
use rexian::base::time::MonoTime;
use rexian::base::time::Now;
use rexian::base::time::WallTime;
use rexian::engine::audit::Audit;
use rexian::engine::audit::AuditConfig;
use rexian::engine::cases::CaseParts;
use rexian::engine::cases::Cases;
use rexian::engine::deadlines::DeadlineParts;
use rexian::engine::deadlines::Deadlines;
use rexian::engine::ticket_service::DraftRequest;
use rexian::engine::ticket_service::Give;
use rexian::engine::ticket_service::TicketService;
use rexian::engine::ticket_service::TicketServiceParts;
use rexian::io::keys::KeyRing;
use rexian::io::keys::Keys;
use rexian::io::store::Store;
use rexian::ticket::command::DraftFields;
use rexian::ticket::decide::By;
use rexian::ticket::model;
use rexian::ticket::model::ClockEnd;
use rexian::ticket::model::ClockKind;
use rexian::ticket::reference::Reference;
use serde_json::Value;
use serde_json::json;

use crate::store::Bench;
use crate::store::CallIds;
use crate::store::NODE;
use crate::store::fold::command;
use crate::store::fold::folded;
use crate::store::fold::who;
use crate::store::on_both;
use crate::store::tickets::complete;

const VECTORS: &str = include_str!("../../data/sla_vectors.json");
const SHA: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/// Instants before which no vector begins, 2025-01-01 UTC.
const EPOCH_US: i64 = 1_735_689_600_000_000;

/// A clock that is set.
#[derive(Debug)]
struct Set(AtomicI64);

impl Clock for Set {
    fn now(&self) -> Now {
        let wall = self.0.load(Ordering::Relaxed);
        Now {
            mono: MonoTime::from_micros(u64::try_from(wall - EPOCH_US).unwrap()),
            wall: WallTime::from_micros(wall),
        }
    }
}

/// The program on a database, from its start to its stop.
struct Running {
    store: Store,
    tickets: TicketService,
    scheduler: Deadlines,
}

struct Site<'a> {
    bench: &'a Bench,
    zone: SiteZone,
    clock: Arc<Set>,
}

impl Site<'_> {
    /// Starts on what is on the disk and in the database, and on nothing else.
    async fn start(&self, boot: u64) -> Running {
        let store = Store::open(&self.bench.address, self.clock.now().wall)
            .await
            .unwrap();
        let keys = Keys::new(KeyRing::open(self.bench.data.path()).unwrap());
        let config = AuditConfig {
            node: NODE.to_owned(),
            boot: BootId::default(),
            site: "tangshan".to_owned(),
            data: self.bench.data.path().to_owned(),
        };
        let audit = Audit::new(store.clone(), keys.clone(), config);
        let tickets = TicketService::new(TicketServiceParts {
            store: store.clone(),
            audit: audit.clone(),
            keys,
            clock: self.clock.clone(),
            random: Random::from_number(boot),
            zone: self.zone.clone(),
            area_code: "315".to_owned(),
            reference: Arc::new(|| Reference::shipped().unwrap()),
            search: None,
            outbox: None,
        });
        let cases = Cases::new(CaseParts {
            store: store.clone(),
            audit,
            tickets: tickets.clone(),
            clock: self.clock.clone(),
            random: Random::from_number(boot + 1_000_000),
        });
        let scheduler = Deadlines::new(DeadlineParts {
            store: store.clone(),
            tickets: tickets.clone(),
            cases,
            clock: self.clock.clone(),
            node: format!("boot-{boot}"),
            on_archive_due: Arc::new(|_| ()),
        });
        Running {
            store,
            tickets,
            scheduler,
        }
    }

    fn at(&self, local: &str) -> WallTime {
        let (date, time) = local.split_once(' ').unwrap();
        self.zone
            .at(CivilDate::parse(date).unwrap(), DayTime::parse(time).unwrap())
    }

    fn set(&self, at: WallTime, plus_us: i64) {
        self.clock.0.store(at.as_micros() + plus_us, Ordering::Relaxed);
    }
}

impl Running {
    async fn stop(self) {
        drop((self.tickets, self.scheduler));
        self.store.close().await;
    }

    async fn give(&self, id: TicketId, who: &Principal, body: Value) {
        let command = command(body);
        let give = Give {
            by: By::User(who),
            ticket: id,
            command: &command,
            expected: None,
            key: None,
        };
        self.tickets.give(give).await.unwrap();
    }

    async fn draft(&self, seed: u64, kind: &str, urgency: &str) -> TicketId {
        let ids = CallIds::number(seed);
        let request = DraftRequest {
            interaction: ids.call,
            line: Some("main".parse().unwrap()),
            queue: "general".parse().unwrap(),
            agent: "1001".parse().unwrap(),
            recording: Some(ids.recording),
            caller: None,
        };
        let mut tx = self.store.begin().await.unwrap();
        self.tickets.open_drafts(&mut tx, &[request]).await.unwrap();
        tx.commit().await.unwrap();
        let id = self
            .tickets
            .ticket_of(ids.call)
            .await
            .unwrap()
            .unwrap()
            .row
            .ticket
            .id;
        let text = |text: &str| Some(text.to_owned());
        let fields = DraftFields {
            appeal_type: text(kind),
            category: text("140403"),
            urgency: text(urgency),
            place: text("none"),
            region: None,
            address: None,
            ..complete()
        };
        self.tickets
            .save(&who(Role::Agent, "hotline"), id, fields, 1)
            .await
            .unwrap();
        self.give(id, &who(Role::Agent, "hotline"), json!({"command": "submit"}))
            .await;
        id
    }

    async fn clock(&self, id: TicketId, kind: ClockKind) -> model::Clock {
        let ticket = self.tickets.ticket(id).await.unwrap().row.ticket;
        let found = ticket.clocks.iter().rev().find(|it| it.clock.kind == kind);
        found.unwrap_or_else(|| panic!("no {kind}")).clone()
    }
}

/// Which order and which of its clocks a vector is about.
fn case(vector: &Value) -> (&'static str, &'static str, ClockKind) {
    let days = vector["rule"].get("working_days").and_then(Value::as_u64);
    let hours = vector["rule"].get("hours").and_then(Value::as_u64);
    match (vector["clause"].as_str().unwrap(), days, hours) {
        ("7.3", Some(1), _) => ("help", "normal", ClockKind::Sign),
        ("7.4", Some(3), _) => ("help", "normal", ClockKind::ReturnWindow),
        ("7.5.1", Some(2), _) => ("consult", "normal", ClockKind::Close),
        ("7.5.1", Some(5), _) => ("help", "normal", ClockKind::Close),
        ("7.5.1", _, Some(72)) => ("help", "urgent", ClockKind::Close),
        ("7.5.1", _, Some(24)) => ("help", "critical", ClockKind::Close),
        ("7.5.1", _, Some(5)) => ("help", "critical", ClockKind::FirstResult),
        ("7.2 a", _, Some(2)) => ("help", "normal", ClockKind::Dispatch),
        ("7.6", _, Some(24)) => ("help", "normal", ClockKind::ExtensionReview),
        _ => panic!("{vector}"),
    }
}

/// The order whose clock of the vector starts at the vector's start.
async fn begin(site: &Site<'_>, running: &Running, seed: u64, vector: &Value) -> (TicketId, ClockKind) {
    let (kind, urgency, clock) = case(vector);
    let start = site.at(vector["start"].as_str().unwrap());
    let early = if clock == ClockKind::ExtensionReview {
        3_600_000_000
    } else {
        0
    };
    site.set(start, -early);
    let id = running.draft(seed, kind, urgency).await;
    if clock == ClockKind::Dispatch {
        return (id, clock);
    }
    let dispatcher = who(Role::Dispatcher, "hotline");
    if clock == ClockKind::ReturnWindow {
        let complex = json!({"command": "set_flag", "flag": "complex", "on": true, "reason": "复杂疑难"});
        running.give(id, &dispatcher, complex).await;
    }
    let dispatch = json!({"command": "dispatch", "unit": "ga", "basis": "judgement", "reason": "按职责判断"});
    running.give(id, &dispatcher, dispatch).await;
    if clock == ClockKind::ExtensionReview {
        let unit = who(Role::Unit, "ga");
        running.give(id, &unit, json!({"command": "sign"})).await;
        site.set(start, 0);
        let until = site.zone.date_of(start).add_days(9).to_string();
        let ask = json!({"command": "ask_extension", "until": until, "reason": "情况复杂", "progress": "正在办理",
            "told": "phone", "told_text": "已告知", "files": [{"id": "f", "sha256": SHA, "bytes": 1, "media_type": "image/jpeg"}]});
        running.give(id, &unit, ask).await;
    }
    (id, clock)
}

/// Whether the clock's end was told: a breach, or for a window its end.
fn is_over(clock: &model::Clock) -> bool {
    clock.breached || clock.end == Some(ClockEnd::Over)
}

async fn every_vector(bench: &Bench, zone: &str, first: u64) {
    let clock = Arc::new(Set(AtomicI64::new(EPOCH_US)));
    let site = Site {
        bench,
        zone: SiteZone::new(zone).unwrap(),
        clock,
    };
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let mut vectors = file["vectors"].as_array().unwrap().clone();
    assert_eq!(vectors.len(), 23);
    vectors.sort_by_key(|it| it["deadline_exclusive"].as_str().unwrap().to_owned());
    for (no, vector) in (first..).zip(&vectors) {
        let text = |key: &str| vector[key].as_str().unwrap();
        site.set(site.at(text("start")), 0);
        let before = site.start(3 * no).await;
        let (id, kind) = begin(&site, &before, no, vector).await;
        let begun = before.clock(id, kind).await;
        let deadline = begun.deadline.unwrap();
        assert_eq!(begun.start, site.at(text("start")), "{zone} {vector}");
        assert_eq!(deadline, site.at(text("deadline_exclusive")), "{zone} {vector}");
        assert_eq!(site.zone.format_end(deadline), text("display"), "{zone} {vector}");
        assert_eq!(
            Value::Bool(begun.provisional),
            vector["provisional"],
            "{zone} {vector}"
        );
        before.stop().await;
        // Exclusive: a microsecond before it nobody is late, at it he is.
        site.set(deadline, -1);
        let between = site.start(3 * no + 1).await;
        fire(&between).await;
        assert!(!is_over(&between.clock(id, kind).await), "{zone} {vector}");
        between.stop().await;
        site.set(deadline, 0);
        let after = site.start(3 * no + 2).await;
        fire(&after).await;
        let over = after.clock(id, kind).await;
        assert!(
            is_over(&over) && over.deadline == Some(deadline),
            "{zone} {vector}: {over:?}"
        );
        if kind == ClockKind::Sign {
            after
                .give(id, &who(Role::Unit, "ga"), json!({"command": "sign"}))
                .await;
            assert!(
                after.clock(id, kind).await.late,
                "signed at the instant is late: {vector}"
            );
        }
        let row = after.tickets.ticket(id).await.unwrap().row.ticket;
        assert_eq!(folded(bench, id).await, row);
        after.stop().await;
    }
}

/// All that is due, batch after batch.
async fn fire(running: &Running) {
    while 0 < running.scheduler.fire_due().await.unwrap().changed {}
}

#[test]
fn every_worked_limit_ends_at_its_instant_in_every_zone_though_the_program_stops_between() {
    on_both(async |bench| {
        for (at, zone) in ["Asia/Shanghai", "Asia/Urumqi", "America/New_York"]
            .into_iter()
            .enumerate()
        {
            every_vector(bench, zone, 100 * u64::try_from(at + 1).unwrap()).await;
        }
        assert_eq!(bench.audit().verify("n1-db").await.unwrap().faults, vec![]);
    });
}

#[test]
fn the_zone_of_the_machine_moves_no_stored_limit() {
    let this = module_path!().split_once("::").unwrap().1;
    let test = "every_worked_limit_ends_at_its_instant_in_every_zone_though_the_program_stops_between";
    let run = Program::new(std::env::current_exe().unwrap())
        .env("TZ", "Pacific/Kiritimati")
        .args(["--exact", &format!("{this}::{test}")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(said.contains("1 passed"), "{said}");
}

#[test]
fn a_unit_that_signs_a_microsecond_before_its_limit_is_on_time() {
    on_both(async |bench| {
        let clock = Arc::new(Set(AtomicI64::new(EPOCH_US)));
        let site = Site {
            bench,
            zone: SiteZone::new("Asia/Shanghai").unwrap(),
            clock,
        };
        for (seed, plus, late) in [(1, -1, false), (2, 0, true)] {
            site.set(site.at("2026-11-23 10:00"), 0);
            let before = site.start(10 * seed).await;
            let id = before.draft(seed, "help", "normal").await;
            let dispatch =
                json!({"command": "dispatch", "unit": "ga", "basis": "judgement", "reason": "按职责判断"});
            before.give(id, &who(Role::Dispatcher, "hotline"), dispatch).await;
            before.stop().await;
            site.set(site.at("2026-11-24 24:00"), plus);
            let after = site.start(10 * seed + 1).await;
            after
                .give(id, &who(Role::Unit, "ga"), json!({"command": "sign"}))
                .await;
            let sign = after.clock(id, ClockKind::Sign).await;
            let supervised = after
                .tickets
                .ticket(id)
                .await
                .unwrap()
                .row
                .ticket
                .supervisions
                .len();
            assert_eq!(
                (sign.late, supervised),
                (late, usize::from(late)),
                "AC-7.3: 24:00:00 exactly is late"
            );
            after.stop().await;
        }
    });
}
