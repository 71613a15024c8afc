//! Facts become call records, recordings and figures, the same whatever the batches are.

use rexian::base::ids::InteractionId;
use rexian::base::time::WallTime;
use rexian::engine::projector::Projector;
use rexian::engine::projector::rebuild;
use rexian::fact::call::Outcome;
use rexian::io::keys::KeyRing;
use rexian::io::store::calls::CallFilter;
use rexian::io::store::calls::CallLine;
use rexian::io::store::recordings::RecordingState;
use rexian::report::interval::Interval;

use crate::store::Bench;
use crate::store::CITIZEN;
use crate::store::CallIds;
use crate::store::Chain;
use crate::store::NODE;
use crate::store::at;
use crate::store::citizen;
use crate::store::on_both;

async fn all_calls(bench: &Bench) -> Vec<CallLine> {
    let filter = CallFilter {
        limit: 500,
        ..CallFilter::default()
    };
    let mut whole = Vec::new();
    for line in bench.store.calls(&filter).await.unwrap().0 {
        whole.push(bench.store.call(line.record.interaction).await.unwrap().unwrap());
    }
    whole
}

async fn totals(bench: &Bench) -> Interval {
    let rows = bench
        .store
        .queue_intervals(None, at(0).wall, WallTime::from_micros(i64::MAX))
        .await
        .unwrap();
    let mut total = Interval::default();
    for (_, row) in &rows {
        total.add(row);
    }
    total
}

#[test]
fn a_call_becomes_one_row_with_segments_that_tile() {
    on_both(async |bench| {
        let ids = CallIds::number(1);
        bench.ship(&mut Chain::new(), &ids.whole_call(0)).await;
        assert_eq!(
            Projector::new(bench.store.clone(), NODE)
                .catch_up()
                .await
                .unwrap(),
            12
        );
        let call = bench.store.call(ids.call).await.unwrap().unwrap().record;
        let lengths: Vec<(&str, u64)> = call
            .segments
            .iter()
            .map(|segment| (segment.kind.code(), segment.lasted_ms))
            .collect();
        let expected = [
            ("setup", 100),
            ("ivr", 2_000),
            ("queue", 5_000),
            ("talk", 30_000),
            ("hold", 4_000),
            ("talk", 6_000),
        ];
        assert_eq!(lengths, expected);
        assert_eq!(call.segments[0].from, call.offered_at);
        assert!(call.segments.windows(2).all(|pair| pair[0].to == pair[1].from));
        assert_eq!(call.segments.last().map(|segment| segment.to), call.ended_at);
        assert_eq!(
            (call.wait_ms, call.talk_ms, call.hold_ms, call.wrapup_ms),
            (5_000, 36_000, 4_000, 10_000)
        );
        assert_eq!(call.outcome, Some(Outcome::Answered));
        assert_eq!(call.choices, vec![("menu".parse().unwrap(), "1".to_owned())]);
        assert!(
            call.notice
                .is_some_and(|notice| notice.whole && notice.played_ms == 900)
        );
        assert_eq!(call.offers.len(), 1);
        assert_eq!(call.offers[0].lasted_ms, 2_100);
        let recording = bench.store.recording(ids.recording).await.unwrap().unwrap();
        assert_eq!(recording.state, RecordingState::Stored);
        assert_eq!(recording.opened_at, at(100).wall);
        assert_eq!(recording.interaction, Some(ids.call));
        assert_eq!(bench.store.open_recordings().await.unwrap(), vec![]);
    });
}

#[test]
fn figures_stand_in_the_quarter_of_the_enqueue() {
    on_both(async |bench| {
        let mut chain = Chain::new();
        // Queued two seconds before a quarter ends, answered in the next.
        bench
            .ship(&mut chain, &CallIds::number(1).whole_call(15 * 60_000 - 4_100))
            .await;
        let ids = CallIds::number(2);
        let abandoned = vec![
            ids.offered(0),
            ids.queued(1_000),
            ids.ended(17_500, Outcome::Abandoned),
        ];
        bench.ship(&mut chain, &abandoned).await;
        let ids = CallIds::number(3);
        bench
            .ship(
                &mut chain,
                &[
                    ids.offered(0),
                    ids.queued(1_000),
                    ids.ended(2_000, Outcome::ShortAbandoned),
                ],
            )
            .await;
        Projector::new(bench.store.clone(), NODE)
            .catch_up()
            .await
            .unwrap();
        let rows = bench
            .store
            .queue_intervals(None, at(0).wall, at(3_600_000).wall)
            .await
            .unwrap();
        assert_eq!(rows.len(), 1, "everything was queued in the first quarter");
        let expected = Interval {
            offered: 3,
            answered: 1,
            abandoned: 1,
            short_abandoned: 1,
            left_otherwise: 0,
            answered_15s: 1,
            answered_20s: 1,
            abandoned_15s: 1,
            abandoned_20s: 2,
            answered_wait_ms: 5_000,
            abandoned_wait_ms: 17_500,
            wait_max_ms: 16_500,
            talk_ms: 36_000,
            hold_ms: 4_000,
            wrapup_ms: 10_000,
            no_answers: 0,
        };
        assert_eq!(rows[0].1, expected);
        assert_eq!(
            bench
                .store
                .queue_totals(at(0).wall, at(3_600_000).wall)
                .await
                .unwrap()[0]
                .1,
            expected
        );
    });
}

#[test]
fn batches_of_one_fact_and_forgotten_memory_give_the_same_rows() {
    on_both(async |bench| {
        let mut chain = Chain::new();
        let scripts: Vec<_> = (0..5)
            .map(|number| CallIds::number(number).whole_call(number * 700))
            .collect();
        let mut facts: Vec<_> = scripts.into_iter().flatten().collect();
        facts.sort_by_key(|record| record.now.wall);
        for fact in &facts {
            bench.ship(&mut chain, std::slice::from_ref(fact)).await;
            // A new projector knows nothing: every batch begins with what the tables and the journal hold.
            Projector::new(bench.store.clone(), NODE)
                .catch_up()
                .await
                .unwrap();
        }
        let (piecemeal, figures) = (all_calls(bench).await, totals(bench).await);
        assert_eq!(piecemeal.len(), 5);
        assert_eq!(rebuild(&bench.store, "cdr").await.unwrap(), Some(facts.len()));
        assert_eq!(all_calls(bench).await, piecemeal);
        assert_eq!(totals(bench).await, figures);
        assert_eq!(rebuild(&bench.store, "nothing").await.unwrap(), None);
    });
}

#[test]
fn a_rebuild_under_a_running_projector_counts_nothing_twice() {
    on_both(async |bench| {
        let mut chain = Chain::new();
        let mut running = Projector::new(bench.store.clone(), NODE);
        bench.ship(&mut chain, &CallIds::number(1).whole_call(0)).await;
        running.catch_up().await.unwrap();
        rebuild(&bench.store, "cdr").await.unwrap();
        bench
            .ship(&mut chain, &CallIds::number(2).whole_call(5_000))
            .await;
        running.catch_up().await.unwrap();
        let total = totals(bench).await;
        assert_eq!((total.offered, total.answered, total.wrapup_ms), (2, 2, 20_000));
    });
}

#[test]
fn calls_are_listed_newest_first_in_pages_and_found_by_number() {
    on_both(async |bench| {
        let mut chain = Chain::new();
        for number in 0..25 {
            bench
                .ship(&mut chain, &CallIds::number(number).whole_call(number * 1_000))
                .await;
        }
        Projector::new(bench.store.clone(), NODE)
            .catch_up()
            .await
            .unwrap();
        let mut filter = CallFilter {
            limit: 10,
            agent: Some("1001".parse().unwrap()),
            ..CallFilter::default()
        };
        let mut seen: Vec<InteractionId> = Vec::new();
        let mut pages = 0;
        loop {
            let (page, end) = bench.store.calls(&filter).await.unwrap();
            pages += 1;
            assert!(
                page.windows(2)
                    .all(|pair| pair[1].record.offered_at < pair[0].record.offered_at)
            );
            seen.extend(page.iter().map(|line| line.record.interaction));
            let Some(end) = end else { break };
            filter.after = Some(end.to_string().parse().unwrap());
        }
        seen.sort();
        seen.dedup();
        assert_eq!((seen.len(), pages), (25, 3));
        let (tag, last4) = bench.keys.with(|ring: &mut KeyRing| {
            (
                ring.number_tag(&citizen()).unwrap(),
                ring.last4_tag(&CITIZEN[CITIZEN.len() - 4..]),
            )
        });
        assert_eq!(bench.store.calls_of_caller(&tag, 100).await.unwrap().len(), 25);
        let by_last4 = CallFilter {
            last4_tag: Some(last4),
            limit: 500,
            ..CallFilter::default()
        };
        assert_eq!(bench.store.calls(&by_last4).await.unwrap().0.len(), 25);
        let nobody = CallFilter {
            agent: Some("1002".parse().unwrap()),
            limit: 500,
            ..CallFilter::default()
        };
        assert_eq!(bench.store.calls(&nobody).await.unwrap().0.len(), 0);
        let window = CallFilter {
            from: Some(at(3_000).wall),
            to: Some(at(5_000).wall),
            limit: 9,
            ..CallFilter::default()
        };
        assert_eq!(bench.store.calls(&window).await.unwrap().0.len(), 2);
        let open = CallFilter {
            ended: Some(false),
            limit: 9,
            ..CallFilter::default()
        };
        assert_eq!(bench.store.calls(&open).await.unwrap().0.len(), 0);
    });
}
