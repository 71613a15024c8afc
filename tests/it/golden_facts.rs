//! What facts look like on disk: one file for each kind and version, which is added once and never edited.
//!
//! A new kind: write its record into [`records`], run `GOLDEN=write cargo test golden`, look at the new file, keep it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use rexian::base::ids::AlarmId;
use rexian::base::ids::BootId;
use rexian::base::ids::InteractionId;
use rexian::base::ids::LegId;
use rexian::base::ids::OfferId;
use rexian::base::ids::RecordingId;
use rexian::base::ids::TicketId;
use rexian::base::phone_number::Number;
use rexian::base::time::MonoTime;
use rexian::base::time::Now;
use rexian::base::time::WallTime;
use rexian::fact::Actor;
use rexian::fact::ActorKind;
use rexian::fact::Fact;
use rexian::fact::FactNo;
use rexian::fact::Record;
use rexian::fact::account::AccountFact;
use rexian::fact::agent::AgentFact;
use rexian::fact::agent::Presence;
use rexian::fact::call::CallFact;
use rexian::fact::call::Class;
use rexian::fact::call::Direction;
use rexian::fact::call::EndedBy;
use rexian::fact::call::LegStats;
use rexian::fact::call::OfferOutcome;
use rexian::fact::call::Outcome;
use rexian::fact::call::Party;
use rexian::fact::call::RefusalReason;
use rexian::fact::codec;
use rexian::fact::codec::CodecError;
use rexian::fact::codec::EnvelopeWriter;
use rexian::fact::codec::SealError;
use rexian::fact::codec::Sealer;
use rexian::fact::codec::Upcaster;
use rexian::fact::personal::Personal;
use rexian::fact::personal::Sealed;
use rexian::fact::recording::RecordingFact;
use rexian::fact::system::Severity;
use rexian::fact::system::SystemFact;
use rexian::fact::ticket::TicketFact;
use serde_json::Value;

const BEFORE: &str = "sha256:0f0e0d0c0b0a09080706050403020100ffeeddccbbaa99887766554433221100";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Seals without secrets, so that the bytes are the same each time.
struct PlainSealer;

impl Sealer for PlainSealer {
    fn seal(&mut self, key_id: &str, _: &Personal) -> Result<Sealed, SealError> {
        Ok(Sealed {
            alg: "A256GCM".to_owned(),
            key: key_id.to_owned(),
            ct: "bm9uY2Ugb2YgMTIgY2lwaGVydGV4dCBhbmQgdGFn".to_owned(),
            number_tag: Some("HS256:aa".to_owned()),
            last4_tag: Some("HS256:bb".to_owned()),
        })
    }
}

fn interaction() -> InteractionId {
    "0199f5c2-1000-7000-8000-000000000001".parse().unwrap()
}

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn leg() -> LegId {
    id("0199f5c2-1000-7000-8000-000000000002")
}

fn offer() -> OfferId {
    id("0199f5c2-1000-7000-8000-000000000003")
}

fn recording() -> RecordingId {
    id("0199f5c2-1000-7000-8000-000000000004")
}

fn alarm() -> AlarmId {
    id("0199f5c2-1000-7000-8000-000000000005")
}

fn record(actor: Actor, cause: &'static str, fact: Fact) -> Record {
    Record {
        now: Now {
            mono: MonoTime::from_micros(61_000_123),
            wall: WallTime::from_micros(1_795_486_222_000_456),
        },
        interaction: None,
        ticket: None,
        actor,
        cause,
        fact,
        personal: None,
    }
}

fn of_call(actor: Actor, cause: &'static str, fact: CallFact) -> Record {
    Record {
        interaction: Some(interaction()),
        ..record(actor, cause, Fact::Call(fact))
    }
}

fn with_caller(record: Record) -> Record {
    let number = Some(Number::parse("13800138000", "315"));
    Record {
        personal: Some(
            Personal {
                number,
                ..Personal::default()
            }
            .with("called", "12345"),
        ),
        ..record
    }
}

fn agent(name: &str) -> Actor {
    Actor::named(ActorKind::Agent, name)
}

fn arrival_records() -> Vec<Record> {
    let trunk = || Actor::named(ActorKind::Trunk, "unicom");
    vec![
        with_caller(of_call(
            Actor::caller(),
            "sip:invite",
            CallFact::Offered {
                leg: leg(),
                trunk: Some(id("unicom")),
                line: Some(id("main")),
                flow: Some(id("main")),
                direction: Direction::Inbound,
                purpose: None,
            },
        )),
        with_caller(of_call(
            trunk(),
            "sip:invite",
            CallFact::Refused {
                status: 486,
                q850: Some(34),
                reason: RefusalReason::NoMediaPort,
                trunk: Some(id("unicom")),
            },
        )),
        of_call(
            Actor::system(),
            "flow:answer",
            CallFact::Answered {
                recording: Some(recording()),
            },
        ),
        of_call(
            Actor::system(),
            "media:prompt_ended",
            CallFact::NoticePlayed {
                prompt: id("recording-notice"),
                whole: true,
                played_ms: 4_120,
            },
        ),
        of_call(
            Actor::caller(),
            "media:digit",
            CallFact::DigitsCollected {
                node: id("menu"),
                choice: "1".to_owned(),
            },
        ),
        of_call(
            Actor::system(),
            "flow:enqueue",
            CallFact::Queued {
                queue: id("general"),
                skills: vec![(id("mandarin"), 1), (id("housing"), 3)],
                enqueued_at_us: 1_795_486_222_000_456,
                class: Class::Normal,
                priority: 0,
            },
        ),
        of_call(
            Actor::system(),
            "acd:relaxation",
            CallFact::QueueJoined { queue: id("help") },
        ),
    ]
}

fn talk_records() -> Vec<Record> {
    vec![
        of_call(
            Actor::system(),
            "acd:offer",
            CallFact::AgentOffered {
                offer: offer(),
                agent: id("1001"),
                devices: vec![id("desk-1001"), id("browser-1001")],
                queue: Some(id("general")),
                epoch: 7,
            },
        ),
        of_call(
            Actor::system(),
            "timer:ring",
            CallFact::OfferEnded {
                offer: offer(),
                agent: id("1001"),
                outcome: OfferOutcome::NoAnswer,
                lasted_ms: 15_000,
            },
        ),
        of_call(
            agent("1001"),
            "sip:200",
            CallFact::AgentAnswered {
                offer: offer(),
                leg: leg(),
                agent: id("1001"),
                device: id("desk-1001"),
                queue: Some(id("general")),
                waited_ms: 8_250,
            },
        ),
        of_call(agent("1001"), "sip:reinvite", CallFact::Held { by: Party::Agent }),
        of_call(
            agent("1001"),
            "sip:reinvite",
            CallFact::Retrieved { by: Party::Agent },
        ),
        of_call(
            agent("1001"),
            "sip:bye",
            CallFact::AgentLeft { agent: id("1001") },
        ),
        of_call(
            Actor::system(),
            "media:closed",
            CallFact::LegMedia {
                leg: leg(),
                stats: LegStats {
                    received: 9_000,
                    sent: 9_001,
                    lost: 3,
                    strangers: 2,
                    late: 1,
                    jitter_us: 1_250,
                    far_loss: 4,
                },
            },
        ),
        of_call(
            Actor::caller(),
            "sip:bye",
            CallFact::Ended {
                outcome: Outcome::Answered,
                by: EndedBy::Caller,
                status: Some(200),
            },
        ),
    ]
}

fn agent_records() -> Vec<Record> {
    let of = |cause, fact| record(agent("1001"), cause, Fact::Agent(fact));
    let of_device = |fact| {
        record(
            Actor::named(ActorKind::Device, "desk-1001"),
            "sip:register",
            Fact::Agent(fact),
        )
    };
    vec![
        of(
            "api:sign_in",
            AgentFact::SignedIn {
                agent: id("1001"),
                seat: Some(id("a-01")),
                devices: vec![id("desk-1001")],
            },
        ),
        of("api:sign_out", AgentFact::SignedOut { agent: id("1001") }),
        of(
            "api:presence",
            AgentFact::PresenceChanged {
                agent: id("1001"),
                presence: Presence::NotReady(id("rest")),
            },
        ),
        of(
            "call:ended",
            AgentFact::WrapupStarted {
                agent: id("1001"),
                queue: Some(id("general")),
                max_ms: 30_000,
            },
        ),
        of(
            "timer:wrapup",
            AgentFact::WrapupEnded {
                agent: id("1001"),
                timed_out: true,
                lasted_ms: 30_000,
            },
        ),
        of_device(AgentFact::DeviceRegistered {
            device: id("desk-1001"),
            contacts: 1,
        }),
        of_device(AgentFact::DeviceUnregistered {
            device: id("desk-1001"),
        }),
    ]
}

fn recording_records() -> Vec<Record> {
    let of = |actor, cause, fact| Record {
        interaction: Some(interaction()),
        ..record(actor, cause, Fact::Recording(fact))
    };
    vec![
        of(
            Actor::system(),
            "recorder",
            RecordingFact::Stored {
                recording: recording(),
                path: "2026/11/24/0199f5c2-1000-7000-8000-000000000004.rxr".to_owned(),
                duration_ms: 182_340,
                bytes: 2_932_000,
                digest: BEFORE.to_owned(),
                gap_ms: 0,
                recovered: false,
            },
        ),
        of(
            Actor::system(),
            "recorder",
            RecordingFact::Failed {
                recording: recording(),
                error: "No space left on device".to_owned(),
            },
        ),
        of(
            Actor::named(ActorKind::User, "command-line"),
            "cli:recordings_import",
            RecordingFact::Imported {
                recording: recording(),
                path: "2024/08/15/0199f5c2-1000-7000-8000-000000000004.rxr".to_owned(),
                duration_ms: 182_340,
                bytes: 2_932_000,
                digest: BEFORE.to_owned(),
                recorded_at: WallTime::from_micros(1_723_685_400_000_000),
                source: BEFORE.to_owned(),
            },
        ),
        of(
            Actor::named(ActorKind::User, "zhao"),
            "api:play",
            RecordingFact::Read {
                recording: recording(),
                how: "play".to_owned(),
            },
        ),
    ]
}

fn ticket_records() -> Vec<Record> {
    let of = |cause, fact| Record {
        interaction: Some(interaction()),
        ticket: Some(id::<TicketId>("0199f5c2-1000-7000-8000-000000000006")),
        ..record(Actor::named(ActorKind::User, "zhao"), cause, Fact::Ticket(fact))
    };
    vec![
        with_caller(of(
            "call:agent_answered",
            TicketFact::DraftOpened {
                number: "20261124000001".to_owned(),
                agent: id("1001"),
                queue: id("general"),
                recording: Some(recording()),
                line: None,
            },
        )),
        with_caller(of(
            "api:save",
            TicketFact::DraftSaved {
                changed: vec!["name".to_owned(), "content".to_owned()],
                version: 2,
            },
        )),
        with_caller(of(
            "api:submit",
            TicketFact::Submitted {
                appeal_type: "help".to_owned(),
                category: "010101".to_owned(),
                category_version: 1,
                urgency: "normal".to_owned(),
                version: 3,
            },
        )),
    ]
}

fn order_records() -> Vec<Record> {
    let of = |fact| record(Actor::named(ActorKind::User, "zhao"), "command", fact);
    let of_order = |fact| Record {
        ticket: Some(id::<TicketId>("0199f5c2-1000-7000-8000-000000000006")),
        ..of(fact)
    };
    let orders = crate::golden_orders::of_orders().into_iter().map(of_order);
    let beside = crate::golden_orders::beside_orders().into_iter().map(of);
    orders.chain(beside).collect()
}

fn account_records() -> Vec<Record> {
    let of = |cause, fact| record(Actor::named(ActorKind::User, "zhao"), cause, Fact::Account(fact));
    vec![
        of(
            "cli:users_add",
            AccountFact::Created {
                user: id("zhao"),
                roles: vec!["agent".to_owned()],
            },
        ),
        of(
            "api:roles",
            AccountFact::RolesSet {
                user: id("zhao"),
                roles: vec!["supervisor".to_owned()],
            },
        ),
        of(
            "api:disable",
            AccountFact::StateSet {
                user: id("zhao"),
                state: "disabled".to_owned(),
            },
        ),
        of(
            "cli:users_password",
            AccountFact::PasswordSet { user: id("zhao") },
        ),
        of("api:sign_in", AccountFact::SignedIn { user: id("zhao") }),
        of("api:sign_in", AccountFact::SignInFailed { user: None }),
        of("api:sign_out", AccountFact::SignedOut { user: id("zhao") }),
        of(
            "api:sign_in",
            AccountFact::SessionReplaced {
                user: id("zhao"),
                sessions: 1,
            },
        ),
        of(
            "api:commitment",
            AccountFact::CommitmentSigned {
                user: id("zhao"),
                version: 1,
                sha256: BEFORE[7..].to_owned(),
            },
        ),
        of(
            "api:request",
            AccountFact::Requested {
                request: id("0199f5c2-1000-7000-8000-000000000007"),
                user: id("zhao"),
                what: "change".to_owned(),
                roles: vec!["unit".to_owned()],
                organ: "hotline/ln".to_owned(),
                at_once: false,
            },
        ),
        of(
            "api:request_approve",
            AccountFact::RequestApproved {
                request: id("0199f5c2-1000-7000-8000-000000000007"),
                user: id("zhao"),
                roles: vec!["unit".to_owned()],
                organ: "hotline/ln".to_owned(),
            },
        ),
        of(
            "api:request_refuse",
            AccountFact::RequestRefused {
                request: id("0199f5c2-1000-7000-8000-000000000007"),
                user: id("zhao"),
            },
        ),
        of(
            "api:export",
            AccountFact::Exported {
                export: id("0199f5c2-1000-7000-8000-000000000008"),
                format: "csv".to_owned(),
                rows: 2,
                sha256: BEFORE[7..].to_owned(),
            },
        ),
        of(
            "api:play",
            AccountFact::PermissionDenied {
                verb: "recording.play".to_owned(),
                object: "recording/0199f5c2-1000-7000-8000-000000000004".to_owned(),
            },
        ),
        of(
            "api:reveal",
            AccountFact::Revealed {
                object: "call/0199f5c2-1000-7000-8000-000000000001".to_owned(),
                fields: vec!["caller".to_owned()],
            },
        ),
    ]
}

fn system_records() -> Vec<Record> {
    let of = |cause, fact| record(Actor::system(), cause, Fact::System(fact));
    vec![
        of(
            "start",
            SystemFact::NodeStarted {
                version: "0.1.0".to_owned(),
            },
        ),
        of("signal", SystemFact::NodeStopped { forced: false }),
        of(
            "cli:publish",
            SystemFact::ProfilePublished {
                version: 1,
                sha256: BEFORE[7..].to_owned(),
            },
        ),
        of(
            "api:reference",
            SystemFact::ReferencePublished {
                document: "organs".to_owned(),
                version: 2,
                sha256: BEFORE[7..].to_owned(),
            },
        ),
        of(
            "api:rule_proposal",
            SystemFact::RuleDecided {
                ticket: id("0199f5c2-1000-7000-8000-000000000006"),
                approved: true,
                version: Some(3),
            },
        ),
        of(
            "watch",
            SystemFact::AlarmRaised {
                alarm: alarm(),
                code: "journal-full".to_owned(),
                severity: Severity::Critical,
                object: "journal".to_owned(),
            },
        ),
        of(
            "timer:day",
            SystemFact::DayReconciled {
                day: "2026-11-23".to_owned(),
                answered: 312,
                undisposed: 2,
                sums: [
                    ("order", 201),
                    ("answered", 90),
                    ("invalid", 19),
                    ("undisposed", 2),
                ]
                .map(|(became, calls)| (became.to_owned(), calls))
                .into(),
            },
        ),
        of("watch", SystemFact::AlarmCleared { alarm: alarm() }),
        of(
            "api:acknowledge",
            SystemFact::AlarmAcknowledged { alarm: alarm() },
        ),
        of(
            "journal:accepting",
            SystemFact::RefusalsCounted {
                minute_us: 1_795_486_200_000_000,
                reason: RefusalReason::JournalFull,
                count: 12,
            },
        ),
    ]
}

/// A record of every kind.
fn records() -> Vec<Record> {
    [
        arrival_records(),
        talk_records(),
        agent_records(),
        recording_records(),
        ticket_records(),
        order_records(),
        account_records(),
        system_records(),
    ]
    .concat()
}

fn encode(record: &Record) -> Vec<u8> {
    let boot: BootId = id("0199f5c2-0000-7000-8000-000000000000");
    let mut writer = EnvelopeWriter::new("node-1", boot, "tangshan", FactNo(41), BEFORE);
    let mut out = Vec::new();
    assert_eq!(writer.encode(record, &mut PlainSealer, &mut out), Ok(FactNo(42)));
    out
}

fn golden_of(bytes: &[u8]) -> PathBuf {
    let envelope = codec::decode(bytes).unwrap();
    root()
        .join("tests/data/facts")
        .join(format!("{}.{}.json", envelope.kind, envelope.kind_v))
}

/// Every kind that the sources name.
fn kinds() -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    for entry in fs::read_dir(root().join("src/fact")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let names = text
            .split("#[serde(rename = \"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        kinds.extend(names.filter(|name| name.contains('.')).map(str::to_owned));
    }
    kinds
}

#[test]
fn every_fact_is_written_as_its_golden_file_says() {
    let write = std::env::var("GOLDEN").is_ok_and(|value| value == "write");
    let mut faults = Vec::new();
    for record in records() {
        let bytes = encode(&record);
        let path = golden_of(&bytes);
        if write && !path.exists() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, [&bytes[..], b"\n"].concat()).unwrap();
        }
        let golden = fs::read(&path).unwrap_or_default();
        if golden.strip_suffix(b"\n") != Some(&bytes[..]) {
            faults.push(format!(
                "{}:\n  {}",
                path.display(),
                String::from_utf8_lossy(&bytes)
            ));
        }
    }
    assert!(
        faults.is_empty(),
        "written otherwise than the golden file:\n{}",
        faults.join("\n")
    );
}

#[test]
fn every_kind_has_a_golden_file_and_every_golden_file_a_kind() {
    let kinds = kinds();
    let written: BTreeSet<String> = records()
        .iter()
        .map(|record| codec::decode(&encode(record)).unwrap().kind)
        .collect();
    assert_eq!(written, kinds, "a kind has no record in this file");
    let files: BTreeSet<String> = fs::read_dir(root().join("tests/data/facts"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| {
            name.trim_end_matches(".json")
                .rsplit_once('.')
                .unwrap()
                .0
                .to_owned()
        })
        .collect();
    assert_eq!(files, kinds);
}

#[test]
fn every_golden_file_is_read_back_as_the_fact_it_was() {
    for record in records() {
        let golden = fs::read(golden_of(&encode(&record))).unwrap();
        let golden = golden.strip_suffix(b"\n").unwrap();
        let envelope = codec::decode(golden).unwrap();
        assert_eq!(
            envelope.fact(),
            Ok(Some(record.fact.clone())),
            "{}",
            envelope.kind
        );
        assert_eq!(
            (envelope.interaction, envelope.ticket),
            (record.interaction, record.ticket)
        );
        assert_eq!(
            (envelope.actor, envelope.cause.as_str()),
            (record.actor, record.cause)
        );
        assert_eq!(envelope.at_us, record.now.wall.as_micros());
        assert_eq!(envelope.sealed.is_some(), record.personal.is_some());
        assert!(envelope.other.is_empty(), "{:?}", envelope.other);
        assert_eq!(codec::verify_link(golden, BEFORE), Ok(envelope.hash));
        let text = std::str::from_utf8(golden).unwrap();
        assert!(!text.contains("13800138000"), "{text}");
    }
}

#[test]
fn personal_data_is_sealed_under_the_key_of_the_call_else_of_the_order_else_of_the_site() {
    let of = |interaction, ticket| {
        let record = Record {
            interaction,
            ticket,
            ..with_caller(system_records().remove(0))
        };
        codec::decode(&encode(&record)).unwrap().sealed.unwrap().key
    };
    let ticket: TicketId = id("0199f5c2-1000-7000-8000-000000000006");
    assert_eq!(of(Some(interaction()), Some(ticket)), interaction().to_string());
    assert_eq!(of(None, Some(ticket)), ticket.to_string());
    assert_eq!(of(None, None), "site");
}

#[test]
fn a_fact_of_a_newer_program_is_kept_though_it_is_not_understood() {
    let mut value: Value = serde_json::from_slice(&encode(&records()[0])).unwrap();
    value["kind"] = "call.teleported".into();
    value["weather"] = "fine".into();
    value["ticket"] = Value::Null;
    let bytes = serde_json::to_vec(&value).unwrap();
    let envelope = codec::decode(&bytes).unwrap();
    assert_eq!(envelope.fact(), Ok(None));
    assert_eq!(envelope.other["weather"], "fine");
    assert_eq!(serde_json::to_value(&envelope).unwrap(), value);
    value["kind"] = "weather.changed".into();
    assert_eq!(
        codec::decode(&serde_json::to_vec(&value).unwrap())
            .unwrap()
            .fact(),
        Ok(None)
    );
}

#[test]
fn what_cannot_be_read_is_told_and_not_guessed() {
    let mut value: Value = serde_json::from_slice(&encode(&records()[0])).unwrap();
    value["body"]["leg"] = "no leg".into();
    let envelope = codec::decode(&serde_json::to_vec(&value).unwrap()).unwrap();
    assert!(
        matches!(envelope.fact(), Err(CodecError::Json(_))),
        "{:?}",
        envelope.fact()
    );
    value["v"] = 2.into();
    assert_eq!(
        codec::decode(&serde_json::to_vec(&value).unwrap()),
        Err(CodecError::Version(2))
    );
    assert!(matches!(codec::decode(b"{}"), Err(CodecError::Json(_))));
}

#[test]
fn an_old_body_climbs_one_version_at_a_time() {
    fn rename(mut body: Value) -> Value {
        let old = body.as_object_mut().unwrap().remove("secs").unwrap();
        body["ms"] = (old.as_u64().unwrap() * 1_000).into();
        body
    }
    fn add(mut body: Value) -> Value {
        body["by"] = "caller".into();
        body
    }
    let steps = [
        Upcaster {
            kind: "call.waited",
            from: 2,
            up: add,
        },
        Upcaster {
            kind: "call.waited",
            from: 1,
            up: rename,
        },
    ];
    let old = serde_json::json!({ "secs": 3 });
    let new = serde_json::json!({ "ms": 3_000, "by": "caller" });
    assert_eq!(codec::upcast("call.waited", 1, old.clone(), &steps), (3, new));
    assert_eq!(codec::upcast("call.ended", 1, old.clone(), &steps), (1, old));
}

#[test]
fn the_chain_breaks_where_a_byte_was_changed_and_where_a_fact_is_missing() {
    let mut writer = EnvelopeWriter::new(
        "node-1",
        BootId::default(),
        "tangshan",
        FactNo(0),
        codec::FIRST_HASH,
    );
    let envelopes: Vec<Vec<u8>> = records()
        .iter()
        .take(3)
        .map(|record| {
            let mut out = Vec::new();
            writer.encode(record, &mut PlainSealer, &mut out).unwrap();
            out
        })
        .collect();
    let first = codec::verify_link(&envelopes[0], codec::FIRST_HASH).unwrap();
    let second = codec::verify_link(&envelopes[1], &first).unwrap();
    assert_eq!(
        codec::verify_link(&envelopes[2], &second),
        Ok(writer.head().1.to_owned())
    );
    assert_eq!(
        codec::verify_link(&envelopes[2], &first),
        Err(CodecError::Chain(3))
    );
    for at in 0..envelopes[1].len() {
        let mut changed = envelopes[1].clone();
        changed[at] ^= 1;
        assert!(codec::verify_link(&changed, &first).is_err(), "byte {at}");
    }
}

#[test]
fn a_fact_that_cannot_be_sealed_leaves_the_chain_as_it_was() {
    struct Broken;
    impl Sealer for Broken {
        fn seal(&mut self, key_id: &str, _: &Personal) -> Result<Sealed, SealError> {
            Err(SealError::NoKey(key_id.to_owned()))
        }
    }
    let mut writer = EnvelopeWriter::new(
        "node-1",
        BootId::default(),
        "tangshan",
        FactNo(0),
        codec::FIRST_HASH,
    );
    let mut out = b"before".to_vec();
    let refused = writer.encode(&records()[0], &mut Broken, &mut out);
    assert_eq!(
        refused,
        Err(CodecError::Seal(SealError::NoKey(interaction().to_string())))
    );
    assert_eq!(writer.head(), (FactNo(0), codec::FIRST_HASH));
    assert_eq!(out, b"before");
}
