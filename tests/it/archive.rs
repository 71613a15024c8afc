//! Archives of closed orders: whole, sealed, checked against the chain, found again, opened on the record, copied.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use rexian::base::civil::SiteZone;
use rexian::base::ids::BootId;
use rexian::base::ids::InteractionId;
use rexian::base::ids::RecordingId;
use rexian::base::ids::TicketId;
use rexian::base::phone_number::Number;
use rexian::base::random::Random;
use rexian::base::time::Clock;
use rexian::base::time::MonoTime;
use rexian::base::time::Now;
use rexian::base::time::WallTime;
use rexian::engine::archiver::Archiver;
use rexian::engine::archiver::ArchiverParts;
use rexian::engine::audit::Audit;
use rexian::engine::audit::AuditConfig;
use rexian::fact::Actor;
use rexian::fact::ActorKind;
use rexian::fact::Fact;
use rexian::fact::Record;
use rexian::fact::personal::Personal;
use rexian::fact::recording::RecordingFact;
use rexian::fact::ticket::TicketFact;
use rexian::io::archive::dossier::Names;
use rexian::io::archive::folder;
use rexian::io::archive::manifest::Part;
use rexian::io::archive::manifest::sha256;
use rexian::io::archive::verify::PackageFault;
use rexian::io::keys::KeyRing;
use rexian::io::keys::Keys;
use rexian::io::pdf::Face;
use rexian::io::store::Address;
use rexian::io::store::Store;
use rexian::io::store::archives::ArchiveFilter;
use rexian::io::store::recordings::RecordingRow;
use rexian::io::store::tickets::TicketRow;
use rexian::ticket::evolve;
use rexian::ticket::model::State;

use crate::pdf::text_of;

pub(crate) const NUMBER: &str = "20261123000001";
const CONTENT: &str = "小区夜间施工噪音扰民";
const PHOTO: &[u8] = b"a photo of a building site";

pub(crate) fn now(second: u64) -> Now {
    Now {
        mono: MonoTime::from_micros(second * 1_000_000),
        wall: WallTime::from_micros(1_795_420_800_000_000 + i64::try_from(second).unwrap() * 1_000_000),
    }
}

struct Stopped;
impl Clock for Stopped {
    fn now(&self) -> Now {
        now(100_000)
    }
}

pub(crate) struct Bench {
    pub(crate) store: Store,
    audit: Audit,
    pub(crate) archiver: Archiver,
    data: tempfile::TempDir,
    /// The order takes no seal, as when the program is killed before its fact is written.
    refuse: Arc<AtomicBool>,
    pub(crate) id: TicketId,
}

pub(crate) fn on_both<F: AsyncFn(Bench)>(recorded: bool, test: F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        for postgres in [false, true] {
            let data = tempfile::tempdir().unwrap();
            let address = if postgres {
                Address::Postgres(crate::postgres::empty_database().await)
            } else {
                Address::Sqlite(data.path().join("rexian.db"))
            };
            test(bench(data, &address, recorded).await).await;
        }
    });
}

async fn bench(data: tempfile::TempDir, address: &Address, recorded: bool) -> Bench {
    let store = Store::open(address, now(0).wall).await.unwrap();
    let keys = Keys::new(KeyRing::open(data.path()).unwrap());
    let mut random = Random::from_seed([7; 32]);
    let config = AuditConfig {
        node: "n1".to_owned(),
        boot: BootId::new(now(0), &mut random),
        site: "tangshan".to_owned(),
        data: data.path().to_owned(),
    };
    let audit = Audit::new(store.clone(), keys.clone(), config);
    let id = closed_order(&store, &audit, &mut random, recorded).await;
    let refuse = Arc::new(AtomicBool::new(false));
    let refused = Arc::clone(&refuse);
    let (sealer, chain) = (store.clone(), audit.clone());
    let archiver = Archiver::new(ArchiverParts {
        store: store.clone(),
        audit: audit.clone(),
        keys,
        archives: data.path().join("archives"),
        recordings: data.path().join("recordings"),
        face: Some(Face::find(None).unwrap()),
        zone: SiteZone::new("Asia/Shanghai").unwrap(),
        clock: Arc::new(Stopped),
        node: "n1".to_owned(),
        files: Arc::new(|_, file| Box::pin(async move { (file.id == "photo-1").then(|| PHOTO.to_vec()) })),
        names: Arc::new(|_| Names {
            organs: [("lubei-ug".to_owned(), "路北区城市管理局".to_owned())].into(),
            category: "城市管理 / 施工管理 / 噪音".to_owned(),
            region: "唐山市 / 路北区".to_owned(),
        }),
        seal: Arc::new(move |seal| {
            let (store, audit) = (sealer.clone(), chain.clone());
            let refused = refused.load(Ordering::Relaxed);
            Box::pin(async move {
                if refused {
                    return Err("killed".to_owned());
                }
                let fact = TicketFact::Archived {
                    manifest: seal.manifest,
                    missing: seal.missing,
                };
                let words = Personal::default().with("archive.explanation", seal.explanation);
                apply(&store, &audit, seal.ticket, vec![(50_000, fact, Some(words))]).await;
                Ok(())
            })
        }),
    });
    Bench {
        store,
        audit,
        archiver,
        data,
        refuse,
        id,
    }
}

/// Writes facts and the row they lead to.
async fn apply(store: &Store, audit: &Audit, id: TicketId, facts: Vec<(u64, TicketFact, Option<Personal>)>) {
    let mut row = store.ticket(id).await.unwrap().unwrap();
    let before = row.ticket.clone();
    let words = audit.open(row.sealed.as_ref().unwrap()).await.unwrap().unwrap();
    evolve::set_values(&mut row.ticket.draft, &words.values);
    row.ticket.texts.0 = words
        .values
        .into_iter()
        .filter(|(name, _)| name.contains('.'))
        .collect();
    let mut records = Vec::new();
    for (second, fact, personal) in facts {
        evolve::evolve(&mut row.ticket, now(second).wall, &fact, personal.as_ref());
        records.push(record(id, row.ticket.interaction, second, fact, personal));
    }
    let sealed = Personal {
        number: None,
        values: evolve::personal_values(&row.ticket),
    };
    let mut tx = store.begin().await.unwrap();
    row.sealed = Some(audit.seal(&mut tx, &row.ticket.key_id(), &sealed).await.unwrap());
    tx.update_ticket(&before, &row).await.unwrap();
    audit.append(&mut tx, &records).await.unwrap();
    tx.commit().await.unwrap();
}

fn record(
    id: TicketId,
    call: Option<InteractionId>,
    second: u64,
    fact: TicketFact,
    personal: Option<Personal>,
) -> Record {
    Record {
        now: now(second),
        interaction: call,
        ticket: Some(id),
        actor: Actor::named(ActorKind::User, "wang"),
        cause: "api:test",
        fact: Fact::Ticket(fact),
        personal,
    }
}

/// A fact as it stands on the wire.
fn fact(kind: &str, body: serde_json::Value) -> TicketFact {
    serde_json::from_value(serde_json::json!({"kind": format!("ticket.{kind}"), "body": body})).unwrap()
}

async fn closed_order(store: &Store, audit: &Audit, random: &mut Random, recorded: bool) -> TicketId {
    let id = TicketId::new(now(0), random);
    let call = InteractionId::new(now(0), random);
    let recording = RecordingId::new(now(0), random);
    let opened = fact(
        "draft_opened",
        serde_json::json!({"number": NUMBER, "agent": "1001", "queue": "general",
            "recording": recorded.then_some(recording)}),
    );
    let mut ticket = evolve::blank(id, now(0).wall);
    ticket.interaction = Some(call);
    evolve::evolve(&mut ticket, now(0).wall, &opened, None);
    let mut tx = store.begin().await.unwrap();
    let caller = Personal {
        number: Some(Number::parse("13800138000", "315")),
        ..Personal::default()
    };
    let key = call.to_string();
    let row = TicketRow {
        query_code: "12345678".to_owned(),
        query_tries: 0,
        caller: Some(audit.seal(&mut tx, &key, &caller).await.unwrap()),
        sealed: Some(audit.seal(&mut tx, &key, &Personal::default()).await.unwrap()),
        contact_tag: None,
        contact_last4_tag: None,
        ticket,
    };
    tx.insert_tickets(&[row]).await.unwrap();
    audit
        .append(&mut tx, &[record(id, Some(call), 0, opened, None)])
        .await
        .unwrap();
    if recorded {
        // Its file was lost: the row says it was stored.
        let mut stored = RecordingRow::opened(recording, Some(call), now(0).wall);
        stored.close(
            now(60).wall,
            &RecordingFact::Stored {
                recording,
                path: format!("2026/11/23/{recording}.rxr"),
                duration_ms: 60_000,
                bytes: 10,
                digest: "sha256:00".to_owned(),
                gap_ms: 0,
                recovered: false,
            },
        );
        tx.put_recordings(&[stored]).await.unwrap();
    }
    tx.commit().await.unwrap();
    apply(store, audit, id, story()).await;
    id
}

fn story() -> Vec<(u64, TicketFact, Option<Personal>)> {
    let words = |pairs: &[(&str, &str)]| {
        let mut personal = Personal::default();
        for (name, text) in pairs {
            personal = personal.with(name, *text);
        }
        Some(personal)
    };
    let photo = serde_json::json!({"id": "photo-1", "sha256": sha256(PHOTO), "bytes": PHOTO.len(), "media_type": "image/jpeg"});
    let lost =
        serde_json::json!({"id": "photo-2", "sha256": sha256(b"x"), "bytes": 1, "media_type": "image/jpeg"});
    let first = [
        ("name", "张先生"),
        ("content", "施工"),
        ("appeal_type", "consult"),
        ("urgency", "normal"),
    ];
    let second = [
        ("content", CONTENT),
        ("appeal_type", "complaint"),
        ("category", "010203"),
        ("region", "130203"),
        ("place", "at"),
        ("address", "机场路1号"),
    ];
    let reply = [
        ("reply.1.process", "已到现场核实"),
        ("reply.1.public_reply", "施工已停止"),
    ];
    vec![
        (
            10,
            fact(
                "draft_saved",
                serde_json::json!({"changed": ["content"], "version": 2}),
            ),
            words(&first),
        ),
        (
            20,
            fact(
                "draft_saved",
                serde_json::json!({"changed": ["content"], "version": 3}),
            ),
            words(&second),
        ),
        (
            30,
            fact("attached", serde_json::json!({"file": photo, "purpose": "photo"})),
            None,
        ),
        (
            31,
            fact("attached", serde_json::json!({"file": lost, "purpose": "photo"})),
            None,
        ),
        (
            40,
            fact(
                "accepted",
                serde_json::json!({"at": now(40).wall, "again": false}),
            ),
            None,
        ),
        (
            50,
            fact(
                "dispatched",
                serde_json::json!({"cycle": 1, "unit": "lubei-ug", "basis": "territory", "class": "other",
            "legal_basis": "7.5.1", "final_unit": false, "for_information": false}),
            ),
            None,
        ),
        (
            60,
            fact("signed", serde_json::json!({"unit": "lubei-ug", "late": false})),
            None,
        ),
        (
            70,
            fact(
                "fed_back",
                serde_json::json!({"cycle": 1, "unit": "lubei-ug", "solved": true, "late": false}),
            ),
            words(&reply),
        ),
        (
            80,
            fact("closed", serde_json::json!({"cycle": 1, "how": "followed_up"})),
            None,
        ),
    ]
}

pub(crate) fn package(bench: &Bench) -> PathBuf {
    folder(&bench.data.path().join("archives"), NUMBER).unwrap()
}

fn all_bytes(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        bytes.extend(if path.is_dir() {
            all_bytes(&path)
        } else {
            std::fs::read(path).unwrap()
        });
    }
    bytes
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|it| it == text.as_bytes())
}

#[test]
fn a_package_holds_the_five_blocks_and_every_fact_and_no_word_in_clear() {
    on_both(true, async |bench| {
        let packed = bench.archiver.archive(bench.id).await.unwrap();
        let row = bench.store.ticket(bench.id).await.unwrap().unwrap();
        assert_eq!(row.ticket.state, State::Archived);
        assert_eq!(row.ticket.archive.as_deref(), Some(packed.manifest.as_str()));
        let bytes = all_bytes(&package(&bench));
        for word in [CONTENT, "张先生", "13800138000", "机场路"] {
            assert!(!holds(&bytes, word), "{word} lies in clear");
        }
        let missing: Vec<String> = packed
            .content
            .missing
            .iter()
            .map(|it| format!("{} {}", it.part.split(':').next().unwrap(), it.why))
            .collect();
        assert_eq!(missing, ["recording file_gone", "file file_gone"]);
        let auditor = Actor::named(ActorKind::User, "auditor");
        let files = bench
            .archiver
            .open(&auditor, "api:archive", NUMBER)
            .await
            .unwrap();
        let order = &files.iter().find(|it| it.part == Part::Order).unwrap().bytes;
        let order: serde_json::Value = serde_json::from_slice(order).unwrap();
        for block in ["appellant", "appeal", "handling", "supervision", "followup"] {
            assert!(order[block].is_object(), "{block}");
        }
        assert_eq!(order["appellant"]["caller"], "13800138000");
        assert_eq!(order["handling"]["words"]["reply.1.process"], "已到现场核实");
        let events = order["events"].as_array().unwrap();
        assert_eq!(events.len(), 10);
        assert!(
            events
                .iter()
                .all(|it| it["at"].is_i64() && it["actor"]["type"] == "user" && it["hash"].is_string())
        );
        let change = events[2]["changed"]
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["name"] == "appeal_type")
            .unwrap();
        assert_eq!(
            (&change["before"], &change["after"]),
            (&"consult".into(), &"complaint".into())
        );
        if let Ok(folder) = std::env::var("REXIAN_PAPER") {
            std::fs::write(
                folder,
                &files.iter().find(|it| it.part == Part::Paper).unwrap().bytes,
            )
            .unwrap();
        }
        let paper = text_of(&files.iter().find(|it| it.part == Part::Paper).unwrap().bytes);
        for part in [
            "一、诉求人基本情况",
            "张先生",
            CONTENT,
            "路北区城市管理局",
            "已到现场核实",
            "七、全过程记录",
            "rexian@n1",
        ] {
            assert!(crate::pdf::holds(&paper, part), "{part} is not on\n{paper}");
        }
        let photo = files.iter().find(|it| it.part == Part::Attachment).unwrap();
        assert_eq!(
            (photo.name.as_str(), photo.bytes.as_slice()),
            ("files/photo-1", PHOTO)
        );
        let consulted = bench
            .store
            .facts_of_ticket(bench.id)
            .await
            .unwrap()
            .pop()
            .unwrap()
            .1;
        assert!(consulted.contains("personal.revealed") && consulted.contains(&format!("archive/{NUMBER}")));
    });
}

#[test]
fn packing_again_gives_the_same_package() {
    on_both(false, async |bench| {
        bench.refuse.store(true, Ordering::Relaxed);
        bench.archiver.archive(bench.id).await.unwrap_err();
        let before = all_bytes(&package(&bench));
        assert!(
            !bench.archiver.verify(NUMBER).await.unwrap().is_sound(),
            "no fact names it yet"
        );
        bench.refuse.store(false, Ordering::Relaxed);
        let first = bench.archiver.archive(bench.id).await.unwrap();
        assert_eq!(before, all_bytes(&package(&bench)), "what was durable is taken");
        let manifest = std::fs::read(package(&bench).join("manifest.json")).unwrap();
        assert_eq!(sha256(&manifest), first.manifest);
        assert_eq!(
            first
                .content
                .missing
                .iter()
                .map(|it| it.part.as_str())
                .collect::<Vec<_>>()[0],
            "intake_recording"
        );
        assert!(
            !bench
                .data
                .path()
                .join("archives/.unfinished")
                .join(NUMBER)
                .exists()
        );
        assert!(bench.archiver.verify(NUMBER).await.unwrap().is_sound());
    });
}

#[test]
fn a_changed_a_missing_and_an_added_file_break_the_archive_visibly() {
    on_both(false, async |bench| {
        bench.archiver.archive(bench.id).await.unwrap();
        let folder = package(&bench);
        let order = folder.join("order.json.sealed");
        let whole = std::fs::read(&order).unwrap();
        let mut other = whole.clone();
        other[40] ^= 1;
        std::fs::write(&order, &other).unwrap();
        let faults = bench.archiver.verify(NUMBER).await.unwrap().package.faults;
        assert_eq!(faults, [PackageFault::Changed("order.json.sealed".to_owned())]);
        std::fs::remove_file(&order).unwrap();
        std::fs::write(folder.join("more.txt"), "x").unwrap();
        let faults = bench.archiver.verify(NUMBER).await.unwrap().package.faults;
        assert_eq!(
            faults,
            [
                PackageFault::Missing("order.json.sealed".to_owned()),
                PackageFault::Added("more.txt".to_owned()),
            ]
        );
        let damaged = ArchiveFilter {
            damaged: true,
            ..ArchiveFilter::default()
        };
        assert_eq!(bench.store.archives(&damaged, 10).await.unwrap().len(), 1);
        std::fs::remove_file(folder.join("more.txt")).unwrap();
        std::fs::write(&order, &whole).unwrap();
        // Whoever changes the manifest too is found by the order's fact.
        let path = folder.join("manifest.json");
        let text = std::fs::read_to_string(&path)
            .unwrap()
            .replace("\"facts\": 10", "\"facts\": 9");
        std::fs::write(&path, text).unwrap();
        let faults = bench.archiver.verify(NUMBER).await.unwrap().package.faults;
        assert_eq!(faults, [PackageFault::Manifest]);
        std::fs::remove_dir_all(&folder).unwrap();
        let faults = bench.archiver.verify(NUMBER).await.unwrap().package.faults;
        assert_eq!(faults, [PackageFault::NoPackage]);
        let auditor = Actor::named(ActorKind::User, "auditor");
        assert!(
            bench
                .archiver
                .open(&auditor, "api:archive", NUMBER)
                .await
                .is_err()
        );
    });
}

#[test]
fn the_catalogue_finds_by_year_category_unit_and_region() {
    on_both(false, async |bench| {
        bench.archiver.archive(bench.id).await.unwrap();
        let found = async |filter: ArchiveFilter| bench.store.archives(&filter, 10).await.unwrap().len();
        let any = ArchiveFilter::default;
        assert_eq!(
            found(ArchiveFilter {
                year: Some("2026".into()),
                sealed: true,
                ..any()
            })
            .await,
            1
        );
        assert_eq!(
            found(ArchiveFilter {
                category: Some("0102".into()),
                ..any()
            })
            .await,
            1
        );
        assert_eq!(
            found(ArchiveFilter {
                unit: "lubei-ug".parse().ok(),
                region: Some("1302".into()),
                ..any()
            })
            .await,
            1
        );
        assert_eq!(
            found(ArchiveFilter {
                year: Some("2025".into()),
                ..any()
            })
            .await,
            0
        );
        assert_eq!(
            found(ArchiveFilter {
                category: Some("02".into()),
                ..any()
            })
            .await,
            0
        );
        assert_eq!(
            found(ArchiveFilter {
                after: NUMBER.into(),
                ..any()
            })
            .await,
            0
        );
    });
}

#[test]
fn a_second_store_gets_a_checked_copy_and_no_damaged_one() {
    on_both(false, async |bench| {
        bench.archiver.archive(bench.id).await.unwrap();
        let second = bench.data.path().join("second");
        assert!(bench.archiver.copy(NUMBER, second.clone()).await.unwrap());
        assert!(
            !bench.archiver.copy(NUMBER, second.clone()).await.unwrap(),
            "it is there already"
        );
        assert_eq!(
            all_bytes(&package(&bench)).len(),
            all_bytes(&folder(&second, NUMBER).unwrap()).len()
        );
        assert!(
            bench
                .store
                .archive(NUMBER)
                .await
                .unwrap()
                .unwrap()
                .copied_at
                .is_some()
        );
        std::fs::remove_file(package(&bench).join("order.pdf.sealed")).unwrap();
        assert!(
            bench
                .archiver
                .copy(NUMBER, bench.data.path().join("third"))
                .await
                .is_err()
        );
    });
}

#[test]
fn an_erased_key_makes_the_archive_unreadable_and_leaves_it_whole() {
    on_both(false, async |bench| {
        bench.archiver.archive(bench.id).await.unwrap();
        let call = bench
            .store
            .ticket(bench.id)
            .await
            .unwrap()
            .unwrap()
            .ticket
            .key_id();
        let mut tx = bench.store.begin().await.unwrap();
        assert!(tx.erase_data_key(&call).await.unwrap());
        tx.commit().await.unwrap();
        assert!(bench.archiver.verify(NUMBER).await.unwrap().is_sound());
        let auditor = Actor::named(ActorKind::User, "auditor");
        let error = bench
            .archiver
            .open(&auditor, "api:archive", NUMBER)
            .await
            .err()
            .unwrap();
        assert!(error.to_string().contains("erased"), "{error}");
        assert!(
            bench
                .audit
                .verify(bench.audit.node())
                .await
                .unwrap()
                .faults
                .is_empty()
        );
    });
}
