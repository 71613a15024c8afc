//! After a crash every interaction gets exactly one end.

use std::collections::BTreeSet;

use rexian::engine::projector::Projector;
use rexian::engine::recovery::close_calls;
use rexian::engine::recovery::close_recordings;
use rexian::fact::Fact;
use rexian::fact::Record;
use rexian::fact::call::CallFact;
use rexian::fact::call::EndedBy;
use rexian::fact::call::OfferOutcome;
use rexian::fact::call::Outcome;
use rexian::fact::recording::RecordingFact;
use rexian::io::store::recordings::RecordingState;

use crate::store::CallIds;
use crate::store::Chain;
use crate::store::NODE;
use crate::store::at;
use crate::store::on_both;

fn ends(records: &[Record]) -> Vec<(u64, Outcome)> {
    let number =
        |record: &Record| (0..20).find(|seed| Some(CallIds::number(*seed).call) == record.interaction);
    let ends = records.iter().filter_map(|record| match &record.fact {
        Fact::Call(CallFact::Ended {
            outcome,
            by: EndedBy::Crash,
            ..
        }) => Some((number(record)?, *outcome)),
        _ => None,
    });
    ends.collect()
}

#[test]
fn open_calls_are_closed_once_wherever_their_facts_were() {
    on_both(async |bench| {
        let mut chain = Chain::new();
        let call = |number: u64| CallIds::number(number).whole_call(number * 1_000);
        // 1 is over; 2 talks and is projected; 3 rings and is shipped only; 4 waits and is in the file only;
        // 5 has its end in the file; 6 is offered only.
        bench.ship(&mut chain, &call(1)).await;
        bench.ship(&mut chain, &call(2)[..7]).await;
        bench.ship(&mut chain, &call(5)[..7]).await;
        Projector::new(bench.store.clone(), NODE)
            .catch_up()
            .await
            .unwrap();
        bench.ship(&mut chain, &call(3)[..6]).await;
        let shipped_too = bench.envelopes(&mut Chain::new(), &call(1));
        let mut file: Vec<Vec<u8>> = shipped_too.into_iter().map(String::into_bytes).collect();
        let tail = [&call(4)[..5], &call(5)[7..], &call(6)[..1]].concat();
        file.extend(
            bench
                .envelopes(&mut chain, &tail)
                .into_iter()
                .map(String::into_bytes),
        );
        let records = close_calls(&bench.store, NODE, &file, at(100_000)).await.unwrap();
        let mut closed = ends(&records);
        closed.sort();
        let expected = vec![
            (2, Outcome::Answered),
            (3, Outcome::Failed),
            (4, Outcome::Failed),
            (6, Outcome::Failed),
        ];
        assert_eq!(closed, expected);
        let ringing = records.iter().any(|record| {
            matches!(
                record.fact,
                Fact::Call(CallFact::OfferEnded {
                    outcome: OfferOutcome::Failed,
                    ..
                })
            ) && record.interaction == Some(CallIds::number(3).call)
        });
        assert!(ringing, "the offer that rang is ended too");
        // The next start finds nothing: the facts are in the file now.
        file.extend(
            bench
                .envelopes(&mut chain, &records)
                .into_iter()
                .map(String::into_bytes),
        );
        assert_eq!(
            close_calls(&bench.store, NODE, &file, at(200_000)).await.unwrap(),
            vec![]
        );
    });
}

#[test]
fn a_recording_without_a_file_is_failed_and_one_with_a_file_is_left_to_the_archive() {
    on_both(async |bench| {
        let mut chain = Chain::new();
        let (lost, found) = (CallIds::number(1), CallIds::number(2));
        bench.ship(&mut chain, &lost.whole_call(0)[..7]).await;
        bench.ship(&mut chain, &found.whole_call(1_000)[..7]).await;
        let mut projector = Projector::new(bench.store.clone(), NODE);
        projector.catch_up().await.unwrap();
        let files = BTreeSet::from([found.recording]);
        let records = close_recordings(&bench.store, &files, at(9_000)).await.unwrap();
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].interaction, Some(lost.call));
        assert!(matches!(&records[0].fact,
            Fact::Recording(RecordingFact::Failed { recording, .. }) if *recording == lost.recording));
        bench.ship(&mut chain, &records).await;
        projector.catch_up().await.unwrap();
        let row = bench.store.recording(lost.recording).await.unwrap().unwrap();
        assert_eq!(row.state, RecordingState::Failed);
        assert_eq!(row.opened_at, at(100).wall);
    });
}
