//! Missed calls as they are read off the call records.

use rexian::engine::projector::Projector;
use rexian::fact::Record;
use rexian::fact::call::CallFact;
use rexian::fact::call::Direction;
use rexian::fact::call::EndedBy;
use rexian::fact::call::Outcome;
use rexian::fact::call::Purpose;
use rexian::fact::call::RefusalReason;
use rexian::report::missed::Kind;
use rexian::report::missed::missed;

use crate::store::CallIds;
use crate::store::Chain;
use crate::store::NODE;
use crate::store::at;
use crate::store::on_both;

const MINUTE_MS: u64 = 60_000;

/// A call that ends without an agent after 20 s, in the queue where `queued`.
fn lost(ids: CallIds, ms: u64, queued: bool, outcome: Outcome) -> Vec<Record> {
    let mut records = vec![
        ids.offered(ms),
        ids.record(ms + 100, CallFact::Answered { recording: None }),
    ];
    if queued {
        records.push(ids.queued(ms + 1_000));
    }
    records.push(ids.ended(ms + 20_000, outcome));
    records
}

fn refused(ids: CallIds, ms: u64, reason: RefusalReason) -> Record {
    ids.record(
        ms,
        CallFact::Refused {
            status: 486,
            q850: Some(17),
            reason,
            trunk: None,
        },
    )
}

/// A call of ours to the citizen, who talks for so long.
fn called_back(ids: CallIds, ms: u64, talk_ms: u64) -> Vec<Record> {
    let offered = CallFact::Offered {
        leg: ids.leg,
        trunk: Some("carrier".parse().unwrap()),
        line: None,
        flow: None,
        direction: Direction::Outbound,
        purpose: Some(Purpose::Callback),
    };
    let ended = |outcome| CallFact::Ended {
        outcome,
        by: EndedBy::Caller,
        status: None,
    };
    if talk_ms == 0 {
        return vec![
            ids.record(ms, offered),
            ids.record(ms + 30_000, ended(Outcome::NoAnswer)),
        ];
    }
    vec![
        ids.record(ms, offered),
        ids.record(ms + 5_000, CallFact::Answered { recording: None }),
        ids.record(ms + 5_000 + talk_ms, ended(Outcome::Answered)),
    ]
}

#[test]
fn who_reached_nobody_is_listed_once_until_he_is_served() {
    on_both(async |bench| {
        let ids = CallIds::number;
        let mut records = lost(ids(1), 0, true, Outcome::Abandoned);
        records.extend(lost(ids(2), MINUTE_MS, false, Outcome::EndedInIvr));
        records.push(refused(ids(3), 2 * MINUTE_MS, RefusalReason::Overload));
        // None of these is ours to call back.
        records.extend(lost(ids(4), 3 * MINUTE_MS, true, Outcome::ShortAbandoned));
        records.push(refused(ids(5), 4 * MINUTE_MS, RefusalReason::UnknownNumber));
        records.extend(called_back(ids(6), 5 * MINUTE_MS, 0));
        let mut chain = Chain::new();
        bench.ship(&mut chain, &records).await;
        let mut projector = Projector::new(bench.store.clone(), NODE);
        projector.catch_up().await.unwrap();
        let span = (at(0).wall, at(60 * MINUTE_MS).wall);
        let day = |at| crate::store::zone().date_of(at);
        let calls = bench.store.missed_calls(span).await.unwrap();
        let records = missed(&calls, day);
        assert_eq!(records.len(), 1, "{records:?}");
        let one = &records[0];
        assert_eq!((one.count, one.attempts, one.served_by), (3, 1, None));
        assert_eq!(
            (one.first, one.last, one.longest_wait_ms),
            (ids(1).call, ids(3).call, 19_000)
        );
        let sealed = bench.store.caller_of(one.last).await.unwrap();
        assert!(sealed.is_some(), "whom to call back");

        bench
            .ship(&mut chain, &called_back(ids(7), 10 * MINUTE_MS, 60_000))
            .await;
        projector.catch_up().await.unwrap();
        let calls = bench.store.missed_calls(span).await.unwrap();
        assert_eq!(missed(&calls, day)[0].served_by, Some(ids(7).call));
        assert!(matches!(
            calls.last().unwrap().kind,
            Kind::CalledBack { talk_ms: 60_000 }
        ));

        bench
            .ship(
                &mut chain,
                &lost(ids(8), 20 * MINUTE_MS, true, Outcome::Abandoned),
            )
            .await;
        bench.ship(&mut chain, &ids(9).whole_call(30 * MINUTE_MS)).await;
        projector.catch_up().await.unwrap();
        let calls = bench.store.missed_calls(span).await.unwrap();
        let records = missed(&calls, day);
        let served: Vec<_> = records.iter().map(|it| it.served_by).collect();
        assert_eq!(
            served,
            [Some(ids(7).call), Some(ids(9).call)],
            "an agent talked with him"
        );
    });
}
