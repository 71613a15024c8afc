//! What a fact costs: writing it down, and making a batch of them durable.
//!
//! `encode` is the control path's share on the journal thread; `durable/n` is a batch of n facts from the hand-over to
//! the word that it is on disk, on the file system of the temporary folder.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a benchmark stops at the first thing that is not as it should be"
)]

use std::hint::black_box;
use std::sync::mpsc;

use criterion::BatchSize;
use criterion::Criterion;
use criterion::Throughput;
use criterion::criterion_group;
use criterion::criterion_main;
use rexian::base::ids::BootId;
use rexian::base::ids::InteractionId;
use rexian::base::ids::LegId;
use rexian::base::phone_number::Number;
use rexian::base::time::Now;
use rexian::fact::Actor;
use rexian::fact::Fact;
use rexian::fact::FactNo;
use rexian::fact::Record;
use rexian::fact::call::CallFact;
use rexian::fact::call::Direction;
use rexian::fact::call::EndedBy;
use rexian::fact::call::Outcome;
use rexian::fact::codec::EnvelopeWriter;
use rexian::fact::codec::FIRST_HASH;
use rexian::fact::personal::Personal;
use rexian::io::clock::SystemClock;
use rexian::io::journal;
use rexian::io::journal::JournalConfig;
use rexian::io::journal::JournalEvent;
use rexian::io::keys::KeyRing;
use rexian::io::keys::Keys;

fn record(fact: CallFact) -> Record {
    Record {
        now: Now::default(),
        interaction: Some(InteractionId::from_bytes([7; 16])),
        ticket: None,
        actor: Actor::caller(),
        cause: "sip:bye",
        fact: Fact::Call(fact),
        personal: None,
    }
}

fn ended() -> Record {
    record(CallFact::Ended {
        outcome: Outcome::Answered,
        by: EndedBy::Caller,
        status: Some(200),
    })
}

/// The first fact of a call, with personal data to be sealed.
fn offered() -> Record {
    let personal = Personal {
        number: Some(Number::parse("13800138000", "315")),
        ..Personal::default()
    };
    let fact = CallFact::Offered {
        leg: LegId::default(),
        trunk: None,
        line: None,
        flow: None,
        direction: Direction::Inbound,
        purpose: None,
    };
    Record {
        personal: Some(personal.with("called", "12345").with("from_uri", "sip:a@b")),
        ..record(fact)
    }
}

fn encode(criterion: &mut Criterion) {
    let data = tempfile::tempdir().unwrap();
    let mut ring = KeyRing::open(data.path()).unwrap();
    let mut writer = EnvelopeWriter::new("node-1", BootId::default(), "tangshan", FactNo(0), FIRST_HASH);
    let mut out = Vec::with_capacity(4_096);
    let mut group = criterion.benchmark_group("encode");
    group.throughput(Throughput::Elements(1));
    for (name, record) in [("plain", ended()), ("sealed", offered())] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                out.clear();
                writer.encode(black_box(&record), &mut ring, &mut out).unwrap()
            });
        });
    }
    group.finish();
}

fn durable(criterion: &mut Criterion) {
    let data = tempfile::tempdir().unwrap();
    let keys = Keys::new(KeyRing::open(data.path()).unwrap());
    let config = JournalConfig::new(
        data.path().join("journal"),
        "node-1",
        "tangshan",
        BootId::default(),
    );
    let (sender, events) = mpsc::channel();
    let tell = move |event| drop(sender.send(event));
    let journal = journal::open(config, keys, SystemClock::new(), tell).unwrap();
    let mut written = 0;
    let mut group = criterion.benchmark_group("durable");
    for size in [1_u64, 8, 64] {
        group.throughput(Throughput::Elements(size));
        group.bench_function(size.to_string(), |bencher| {
            let batch = || (0..size).map(|_| ended()).collect::<Vec<Record>>();
            bencher.iter_batched(
                batch,
                |records| {
                    journal.handle.append(records);
                    written += size;
                    while events.recv().unwrap() != JournalEvent::Durable(FactNo(written)) {}
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
    drop(journal.handle);
    journal.thread.join().unwrap();
}

criterion_group!(all, encode, durable);
criterion_main!(all);
