//! From the local file to the SQL journal, exactly once.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;

use tokio::sync::watch;

use rexian::engine::shipper::Shipper;
use rexian::engine::shipper::ShipperEvent;
use rexian::engine::shipper::Source;
use rexian::fact::FactNo;
use rexian::io::journal::JournalBatch;

use crate::store::Bench;
use crate::store::CallIds;
use crate::store::Chain;
use crate::store::NODE;
use crate::store::on_both;

/// A file in memory; everything released is gone.
#[derive(Clone, Default)]
struct MemoryFile(Arc<Mutex<MemoryState>>);

#[derive(Default)]
struct MemoryState {
    facts: VecDeque<(FactNo, Vec<u8>)>,
    released: FactNo,
}

impl MemoryFile {
    fn new(envelopes: Vec<String>) -> Self {
        let numbered = envelopes
            .into_iter()
            .zip(1..)
            .map(|(text, no)| (FactNo(no), text.into_bytes()));
        let state = MemoryState {
            facts: numbered.collect(),
            released: FactNo(0),
        };
        Self(Arc::new(Mutex::new(state)))
    }
}

impl Source for MemoryFile {
    fn read_after(&mut self, after: FactNo, max: usize) -> io::Result<JournalBatch> {
        let state = self.0.lock().unwrap();
        let facts = state
            .facts
            .iter()
            .filter(|(fact_no, _)| after < *fact_no)
            .take(max)
            .cloned();
        Ok(JournalBatch {
            facts: facts.collect(),
            keys: Vec::new(),
        })
    }

    fn release(&mut self, up_to: FactNo) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        state.facts.retain(|(fact_no, _)| up_to < *fact_no);
        state.released = up_to;
        Ok(())
    }
}

fn calls(bench: &Bench, count: u64) -> Vec<String> {
    let mut chain = Chain::new();
    let calls = (0..count).map(|number| CallIds::number(number).whole_call(number * 20));
    calls
        .flat_map(|records| bench.envelopes(&mut chain, &records))
        .collect()
}

async fn run(bench: &Bench, file: MemoryFile, events: Arc<Mutex<Vec<String>>>) {
    let (durable, durable_rx) = watch::channel(FactNo(0));
    let (shipper, _shipped) = Shipper::new(file, bench.store.clone(), NODE);
    // The channel is closed at once: what is there is shipped, and the shipper returns.
    drop(durable);
    shipper
        .run(durable_rx, |event| {
            events.lock().unwrap().push(format!("{event:?}"));
        })
        .await;
}

#[test]
fn every_fact_is_shipped_in_order_and_released_only_then() {
    on_both(async |bench| {
        let envelopes = calls(bench, 60);
        let total = envelopes.len();
        assert_eq!(total, 720);
        let file = MemoryFile::new(envelopes.clone());
        run(bench, file.clone(), Arc::default()).await;
        let shipped = bench.store.facts_after(NODE, FactNo(0), 10_000).await.unwrap();
        let texts: Vec<String> = shipped.iter().map(|(_, text)| text.clone()).collect();
        assert_eq!(texts, envelopes);
        assert!(shipped.iter().zip(1..).all(|((fact_no, _), no)| fact_no.0 == no));
        assert_eq!(file.0.lock().unwrap().released, FactNo(720));
    });
}

#[test]
fn a_file_that_is_read_again_after_a_crash_changes_nothing() {
    on_both(async |bench| {
        let envelopes = calls(bench, 3);
        run(bench, MemoryFile::new(envelopes[..20].to_vec()), Arc::default()).await;
        // The crash came before the release: the same facts are there again, and more.
        run(bench, MemoryFile::new(envelopes.clone()), Arc::default()).await;
        let shipped = bench.store.facts_after(NODE, FactNo(0), 10_000).await.unwrap();
        assert_eq!(shipped.len(), envelopes.len());
        let mut tx = bench.store.begin().await.unwrap();
        let again = tx
            .append_journal(NODE, envelopes.iter().map(String::as_str))
            .await
            .unwrap();
        assert_eq!(again, 0, "copying twice is copying once");
    });
}

#[test]
fn a_database_that_is_down_is_told_and_taken_up_again() {
    on_both(async |bench| {
        let envelopes = calls(bench, 2);
        let file = MemoryFile::new(envelopes.clone());
        bench.meddle("ALTER TABLE journal RENAME TO away").await;
        let (durable, durable_rx) = watch::channel(FactNo(24));
        let (shipper, mut shipped) = Shipper::new(file.clone(), bench.store.clone(), NODE);
        let (told, mut hear) = tokio::sync::mpsc::unbounded_channel();
        let task = tokio::spawn(shipper.run(durable_rx, move |event| {
            let name = match event {
                ShipperEvent::DatabaseDown(_) => "down",
                ShipperEvent::DatabaseUp => "up",
                ShipperEvent::Shipped(_) => "shipped",
                ShipperEvent::FileFailed(_) | ShipperEvent::Gap { .. } => "other",
            };
            let _ = told.send(name);
        }));
        assert_eq!(hear.recv().await, Some("down"));
        assert_eq!(
            file.0.lock().unwrap().released,
            FactNo(0),
            "nothing is given up while it is down"
        );
        bench.meddle("ALTER TABLE away RENAME TO journal").await;
        shipped.wait_for(|up_to| *up_to == FactNo(24)).await.unwrap();
        let mut heard = Vec::new();
        while !heard.contains(&"up") {
            heard.push(hear.recv().await.unwrap());
        }
        assert!(heard.contains(&"shipped"), "{heard:?}");
        drop(durable);
        task.await.unwrap();
    });
}

#[test]
fn a_gap_between_database_and_file_is_told() {
    on_both(async |bench| {
        let file = MemoryFile::new(calls(bench, 1));
        file.0.lock().unwrap().facts.drain(..5);
        let events = Arc::<Mutex<Vec<String>>>::default();
        run(bench, file, events.clone()).await;
        let told = events.lock().unwrap();
        assert!(
            told.iter()
                .any(|event| event == "Gap { after: FactNo(0), before: FactNo(6) }"),
            "{told:?}"
        );
    });
}

#[test]
fn a_checkpoint_is_moved_only_from_where_it_stands() {
    on_both(async |bench| {
        for (from, to, moved, there) in [
            (3, 4, false, 0),
            (0, 5, true, 5),
            (0, 6, false, 5),
            (5, 9, true, 9),
            (5, 7, false, 9),
        ] {
            let mut tx = bench.store.begin().await.unwrap();
            let done = tx
                .move_checkpoint("cdr", NODE, FactNo(from), FactNo(to))
                .await
                .unwrap();
            tx.commit().await.unwrap();
            assert_eq!(done, moved, "{from} to {to}");
            assert_eq!(bench.store.checkpoint("cdr", NODE).await.unwrap(), FactNo(there));
        }
    });
}
