use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::base::civil::SiteZone;

fn zone() -> SiteZone {
    SiteZone::new("Asia/Shanghai").unwrap()
}

/// Noon of a day, and so many minutes.
fn at(day: u64, minute: u64) -> WallTime {
    let noon = WallTime::from_micros(1_795_492_800_000_000);
    noon + Duration::from_mins(day * 24 * 60 + minute)
}

fn call(nth: u8, number: &str, at: WallTime, kind: Kind) -> Attempt {
    Attempt {
        interaction: InteractionId::from_bytes([nth; 16]),
        number: number.to_owned(),
        at,
        kind,
    }
}

fn missing(wait_s: u64) -> Kind {
    Kind::Missed {
        wait_ms: wait_s * 1000,
        queue: "general".parse().ok(),
        line: None,
    }
}

fn fold(calls: &[Attempt]) -> Vec<Missed> {
    let zone = zone();
    missed(calls, |at| zone.date_of(at))
}

#[test]
fn repeats_of_a_day_count_on_one_record_with_the_longest_wait() {
    let records = fold(&[
        call(1, "a", at(0, 0), missing(30)),
        call(2, "b", at(0, 1), missing(5)),
        call(3, "a", at(0, 9), missing(20)),
    ]);
    let told: Vec<_> = records
        .iter()
        .map(|it| {
            (
                it.number.as_str(),
                it.count,
                it.longest_wait_ms,
                it.first_at,
                it.last_at,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("a", 2, 30_000, at(0, 0), at(0, 9)),
            ("b", 1, 5_000, at(0, 1), at(0, 1))
        ]
    );
}

#[test]
fn being_served_closes_it_and_a_later_miss_begins_anew() {
    let records = fold(&[
        call(1, "a", at(0, 0), missing(1)),
        call(2, "a", at(0, 1), Kind::Served),
        call(3, "a", at(0, 2), missing(1)),
    ]);
    let told: Vec<_> = records.iter().map(|it| (it.count, it.served_by)).collect();
    assert_eq!(told, [(1, None), (1, Some(InteractionId::from_bytes([2; 16])))]);
}

#[test]
fn a_call_back_of_ten_seconds_serves_and_a_shorter_one_is_an_attempt() {
    for (talk_ms, attempts, served) in [(0, 1, false), (9_999, 1, false), (10_000, 0, true)] {
        let records = fold(&[
            call(1, "a", at(0, 0), missing(1)),
            call(2, "a", at(0, 1), Kind::CalledBack { talk_ms }),
        ]);
        assert_eq!(
            (records[0].attempts, records[0].served_by.is_some()),
            (attempts, served)
        );
    }
}

#[test]
fn each_day_has_its_own_record_and_one_talk_closes_them_all() {
    let calls = [
        call(1, "a", at(0, 0), missing(1)),
        call(2, "a", at(1, 0), missing(1)),
    ];
    assert_eq!(fold(&calls).iter().filter(|it| it.served_by.is_none()).count(), 2);
    let served = call(3, "a", at(1, 5), Kind::Served);
    let records = fold(&[&calls[..], &[served]].concat());
    assert!(records.iter().all(|it| it.served_by.is_some()));
}

proptest! {
    #[test]
    fn p18_a_number_has_one_open_record_a_day_and_every_missed_call_is_counted_once(
        calls in prop::collection::vec((0_u8..4, 0_u8..4, 0_u64..2_000), 0..60),
    ) {
        let mut minute = 0;
        let calls: Vec<Attempt> = calls.iter().enumerate().map(|(nth, (number, kind, gap))| {
            minute += gap / 10;
            let kind = match kind {
                0 | 1 => missing(*gap),
                2 => Kind::Served,
                _ => Kind::CalledBack { talk_ms: gap * 10 },
            };
            call(u8::try_from(nth).unwrap(), &number.to_string(), at(0, minute), kind)
        }).collect();
        let records = fold(&calls);
        let mut open: Vec<_> = records.iter().filter(|it| it.served_by.is_none()).map(|it| (&it.number, it.day)).collect();
        let all = open.len();
        open.sort();
        open.dedup();
        prop_assert_eq!(open.len(), all);
        let missed = calls.iter().filter(|it| matches!(it.kind, Kind::Missed { .. })).count();
        let counted: u32 = records.iter().map(|it| it.count).sum();
        prop_assert_eq!(usize::try_from(counted).unwrap(), missed);
    }
}
