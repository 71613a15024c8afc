//! Folds of facts by themselves: whatever the order of events, segments tile and quarters add up.

use proptest::prelude::*;

use rexian::base::ids::BootId;
use rexian::base::ids::InteractionId;
use rexian::base::ids::LegId;
use rexian::base::ids::OfferId;
use rexian::base::time::MonoTime;
use rexian::base::time::WallTime;
use rexian::fact::Fact;
use rexian::fact::agent::AgentFact;
use rexian::fact::call::CallFact;
use rexian::fact::call::Class;
use rexian::fact::call::Direction;
use rexian::fact::call::EndedBy;
use rexian::fact::call::OfferOutcome;
use rexian::fact::call::Outcome;
use rexian::fact::call::Party;
use rexian::fact::call::RefusalReason;
use rexian::report::cdr::CallRecord;
use rexian::report::cdr::Moment;
use rexian::report::cdr::SegmentKind;
use rexian::report::cdr::VisitEnd;
use rexian::report::interval::Interval;
use rexian::report::interval::Intervals;
use rexian::report::interval::contribution;
use rexian::report::interval::difference;

const START_US: i64 = 1_795_420_800_000_000;

fn at(ms: u64) -> Moment {
    Moment {
        wall: WallTime::from_micros(START_US + i64::try_from(ms * 1000).unwrap()),
        mono: MonoTime::from_micros(ms * 1000),
        boot: BootId::default(),
    }
}

fn offered() -> Fact {
    Fact::Call(CallFact::Offered {
        leg: LegId::default(),
        trunk: None,
        line: None,
        flow: None,
        direction: Direction::Inbound,
        purpose: None,
    })
}

fn queued(queue: &str, ms: u64) -> Fact {
    let enqueued_at_us = at(ms).wall.as_micros();
    Fact::Call(CallFact::Queued {
        queue: queue.parse().unwrap(),
        skills: vec![],
        enqueued_at_us,
        class: Class::Normal,
        priority: 0,
    })
}

fn rings(number: u8) -> Fact {
    Fact::Call(CallFact::AgentOffered {
        offer: offer(number),
        agent: "1001".parse().unwrap(),
        devices: vec![],
        queue: "general".parse().ok(),
        epoch: 1,
    })
}

fn offer(number: u8) -> OfferId {
    OfferId::from_bytes([number; 16])
}

fn missed(number: u8) -> Fact {
    let agent = "1001".parse().unwrap();
    Fact::Call(CallFact::OfferEnded {
        offer: offer(number),
        agent,
        outcome: OfferOutcome::NoAnswer,
        lasted_ms: 20_000,
    })
}

fn answered(number: u8, agent: &str, waited_ms: u64) -> Fact {
    Fact::Call(CallFact::AgentAnswered {
        offer: offer(number),
        leg: LegId::default(),
        agent: agent.parse().unwrap(),
        device: "desk-1".parse().unwrap(),
        queue: "general".parse().ok(),
        waited_ms,
    })
}

fn ended(outcome: Outcome) -> Fact {
    Fact::Call(CallFact::Ended {
        outcome,
        by: EndedBy::Caller,
        status: None,
    })
}

fn fold(facts: &[(u64, Fact)]) -> CallRecord {
    let mut record = CallRecord::new(InteractionId::default(), at(facts[0].0));
    for (ms, fact) in facts {
        record.apply(at(*ms), fact, None);
    }
    record
}

fn kinds(record: &CallRecord) -> Vec<(&'static str, u64)> {
    record
        .segments
        .iter()
        .map(|segment| (segment.kind.code(), segment.lasted_ms))
        .collect()
}

fn total(rows: &Intervals) -> Interval {
    let mut total = Interval::default();
    for row in rows.values() {
        total.add(row);
    }
    total
}

#[test]
fn a_call_refused_at_once_is_a_record_of_no_length() {
    let refused = CallFact::Refused {
        status: 486,
        q850: Some(17),
        reason: RefusalReason::Overload,
        trunk: Some("carrier".parse().unwrap()),
    };
    let record = fold(&[(0, Fact::Call(refused))]);
    assert_eq!(kinds(&record), [("setup", 0)]);
    assert_eq!(
        (record.outcome, record.status),
        (Some(Outcome::Refused), Some(486))
    );
    assert!(record.refusal.is_some_and(|refusal| refusal.q850 == Some(17)));
    assert_eq!(total(&contribution(&record)), Interval::default());
}

#[test]
fn a_caller_who_hangs_up_in_the_menu_never_waited() {
    let record = fold(&[
        (0, offered()),
        (100, Fact::Call(CallFact::Answered { recording: None })),
        (4_100, ended(Outcome::EndedInIvr)),
    ]);
    assert_eq!(kinds(&record), [("setup", 100), ("ivr", 4_000)]);
    assert_eq!((record.wait_ms, record.queued_at), (0, None));
}

#[test]
fn a_missed_offer_keeps_the_place_and_is_counted_once() {
    let record = fold(&[
        (0, offered()),
        (1_000, queued("general", 1_000)),
        (2_000, rings(1)),
        (22_000, missed(1)),
        (22_000, queued("general", 1_000)),
        (23_000, rings(2)),
        (25_000, answered(2, "1002", 24_000)),
        (30_000, ended(Outcome::Answered)),
    ]);
    assert_eq!(
        kinds(&record),
        [("setup", 1_000), ("queue", 24_000), ("talk", 5_000)]
    );
    assert_eq!(record.visits.len(), 1, "the wait goes on over a missed offer");
    let outcomes: Vec<_> = record.offers.iter().map(|offer| offer.outcome).collect();
    assert_eq!(
        outcomes,
        [Some(OfferOutcome::NoAnswer), Some(OfferOutcome::Accepted)]
    );
    let row = total(&contribution(&record));
    assert_eq!(
        (row.offered, row.answered, row.no_answers, row.answered_20s),
        (1, 1, 1, 0)
    );
}

#[test]
fn another_queue_and_another_agent_begin_segments_of_their_own() {
    let record = fold(&[
        (0, offered()),
        (1_000, queued("dialect", 1_000)),
        (6_000, queued("general", 6_000)),
        (7_000, rings(1)),
        (8_000, answered(1, "1001", 2_000)),
        (10_000, Fact::Call(CallFact::Held { by: Party::Agent })),
        (11_000, answered(2, "1002", 2_000)),
        (15_000, ended(Outcome::Answered)),
    ]);
    let owners: Vec<_> = record
        .segments
        .iter()
        .map(|segment| {
            let queue = segment.queue.as_ref().map_or("", |queue| queue.as_str());
            (
                segment.kind.code(),
                queue,
                segment.agent.as_ref().map_or("", |agent| agent.as_str()),
            )
        })
        .collect();
    let expected = [
        ("setup", "", ""),
        ("queue", "dialect", ""),
        ("queue", "general", ""),
        ("talk", "general", "1001"),
        ("hold", "general", "1001"),
        ("talk", "general", "1002"),
    ];
    assert_eq!(owners, expected);
    assert_eq!(record.visits[0].end, Some(VisitEnd::Left));
    assert_eq!(record.visits[0].wait_ms, 5_000);
}

#[test]
fn lengths_survive_a_wall_clock_that_is_set_back() {
    let mut record = CallRecord::new(InteractionId::default(), at(10_000));
    record.apply(at(10_000), &offered(), None);
    let back = Moment {
        wall: at(4_000).wall,
        ..at(12_000)
    };
    record.apply(back, &Fact::Call(CallFact::Answered { recording: None }), None);
    record.apply(at(13_000), &ended(Outcome::EndedInIvr), None);
    assert_eq!(
        kinds(&record),
        [("setup", 2_000), ("ivr", 1_000)],
        "by the monotonic clock"
    );
    assert!(record.segments.windows(2).all(|pair| pair[0].to == pair[1].from));
    assert!(record.segments.iter().all(|segment| segment.from <= segment.to));
}

#[test]
fn nothing_but_the_wrap_up_changes_a_call_that_is_over() {
    let mut record = fold(&[
        (0, offered()),
        (1_000, queued("general", 1_000)),
        (2_000, ended(Outcome::Abandoned)),
    ]);
    let before = record.clone();
    for late in [
        ended(Outcome::Failed),
        queued("general", 3_000),
        answered(1, "1001", 1),
    ] {
        assert!(!record.apply(at(5_000), &late, None));
    }
    assert_eq!(record, before);
    let agent = "1001".parse().unwrap();
    let wrapup = AgentFact::WrapupEnded {
        agent,
        timed_out: true,
        lasted_ms: 60_000,
    };
    assert!(record.apply(at(65_000), &Fact::Agent(wrapup), None));
    assert_eq!(record.wrapup_ms, 60_000);
}

fn any_fact() -> impl Strategy<Value = Fact> {
    prop_oneof![
        Just(Fact::Call(CallFact::Answered { recording: None })),
        (0..3_u64)
            .prop_map(|queue| queued(["general", "dialect", "expert"][queue as usize], queue * 400_000)),
        (0..4_u8).prop_map(rings),
        (0..4_u8).prop_map(missed),
        (0..4_u8, 0..3_u8).prop_map(|(number, agent)| answered(number, &format!("100{agent}"), 700)),
        Just(Fact::Call(CallFact::Held { by: Party::Agent })),
        Just(Fact::Call(CallFact::Retrieved { by: Party::Agent })),
        Just(Fact::Call(CallFact::AgentLeft {
            agent: "1001".parse().unwrap()
        })),
        Just(ended(Outcome::Abandoned)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn segments_tile_and_differences_add_up(script in prop::collection::vec((any_fact(), 0..2_000_000_u64), 0..40)) {
        let mut record = CallRecord::new(InteractionId::default(), at(0));
        record.apply(at(0), &offered(), None);
        let mut ms = 0;
        let mut rows = Intervals::new();
        let mut counted = Intervals::new();
        for (fact, later) in script {
            ms += later;
            record.apply(at(ms), &fact, None);
            let now = contribution(&record);
            for (key, change) in difference(&counted, &now) {
                rows.entry(key).or_default().add(&change);
            }
            counted = now;
        }
        record.apply(at(ms), &ended(Outcome::Failed), None);
        prop_assert_eq!(record.segments[0].from, record.offered_at);
        prop_assert!(record.segments.windows(2).all(|pair| pair[0].to == pair[1].from));
        prop_assert_eq!(record.segments.last().map(|segment| segment.to), record.ended_at);
        let sum = |kind: SegmentKind| -> u64 {
            record.segments.iter().filter(|segment| segment.kind == kind).map(|segment| segment.lasted_ms).sum()
        };
        prop_assert_eq!(sum(SegmentKind::Queue), record.wait_ms);
        prop_assert_eq!(sum(SegmentKind::Talk), record.talk_ms);
        prop_assert_eq!(sum(SegmentKind::Hold), record.hold_ms);
        rows.retain(|_, row| !row.is_zero());
        counted.retain(|_, row| !row.is_zero());
        for (key, row) in &counted {
            prop_assert_eq!(rows.get(key).map(Interval::sums), Some(row.sums()));
        }
        for row in contribution(&record).values() {
            let left = row.offered - row.answered - row.abandoned - row.short_abandoned - row.left_otherwise;
            prop_assert_eq!(left, 0, "a call that is over waits nowhere");
        }
    }
}
