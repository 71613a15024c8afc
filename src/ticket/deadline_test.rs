use super::*;

use std::process::Command;

use proptest::prelude::*;
use serde_json::Value;

use crate::ticket::settings::Settings;

/// Worked out by hand; the file names its sources.
const VECTORS: &str = include_str!("../../tests/data/sla_vectors.json");
const DAY: i64 = 86_400_000_000;

fn zone() -> SiteZone {
    SiteZone::new("Asia/Shanghai").unwrap()
}

/// A local instant, `2026-11-24 10:00` or `2026-11-24 24:00`.
fn at(local: &str) -> WallTime {
    let (date, time) = local.split_once(' ').unwrap();
    zone().at(CivilDate::parse(date).unwrap(), DayTime::parse(time).unwrap())
}

fn limits() -> Limits<'static> {
    let calendar = Calendar::shipped();
    Limits::new(calendar, &Settings::shipped().at(WallTime::default()), &zone())
}

fn end(start: &str, rule: &str) -> String {
    let deadline = limits().deadline(at(start), rule.parse().unwrap());
    zone().format_end(deadline.at)
}

fn scenarios() -> Vec<Value> {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    file["scenarios"].as_array().unwrap().clone()
}

fn expected(scenario: &str, key: &str) -> Value {
    let found = scenarios().into_iter().find(|it| it["id"] == scenario).unwrap();
    found["expect"][key].clone()
}

#[test]
fn every_vector_gives_its_deadline() {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 23);
    for vector in vectors {
        let text = |key: &str| vector[key].as_str().unwrap();
        let number = |key: &str| u16::try_from(vector["rule"][key].as_u64()?).ok();
        let number = |key: &str| -> Option<u16> { vector["rule"].get(key).and_then(|_| number(key)) };
        let rule =
            number("working_days").map_or_else(|| Rule::Hours(number("hours").unwrap()), Rule::WorkingDays);
        let deadline = limits().deadline(at(text("start")), rule);
        assert_eq!(deadline.at, at(text("deadline_exclusive")), "{vector}");
        assert_eq!(zone().format_end(deadline.at), text("display"), "{vector}");
        assert_eq!(
            Value::Bool(deadline.provisional),
            vector["provisional"],
            "{vector}"
        );
    }
}

#[test]
fn the_zone_of_the_machine_changes_nothing() {
    let this = module_path!().split_once("::").unwrap().1;
    for machine in ["America/New_York", "Pacific/Kiritimati", "UTC"] {
        let run = Command::new(std::env::current_exe().unwrap())
            .env("TZ", machine)
            .args(["--exact", &format!("{this}::every_vector_gives_its_deadline")])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(said.contains("1 passed"), "{machine}: {said}");
    }
}

#[test]
fn s1_the_second_unit_has_its_whole_time() {
    assert_eq!(expected("S1", "B.sign_deadline"), end("2026-11-24 11:20", "1wd"));
    assert_eq!(
        expected("S1", "B.close_deadline_5wd"),
        end("2026-11-24 11:20", "5wd")
    );
    assert!(at("2026-11-24 10:00") < limits().deadline(at("2026-11-23 09:40"), Rule::WorkingDays(1)).at);
}

#[test]
fn s2_and_s3_the_window_to_return_is_one_day_or_three() {
    let asked = at("2026-11-25 09:00");
    assert!(limits().deadline(at("2026-11-23 09:40"), Rule::WorkingDays(1)).at <= asked);
    assert_eq!(expected("S3", "window_end"), end("2026-11-23 09:40", "3wd"));
    assert!(at("2026-11-26 23:00") < limits().deadline(at("2026-11-23 09:40"), Rule::WorkingDays(3)).at);
}

#[test]
fn s4_an_extension_of_the_limits_own_length_is_the_longest() {
    let limits = limits();
    let close = limits.deadline(at("2026-11-23 09:40"), Rule::WorkingDays(5));
    assert_eq!(zone().format_end(close.at), "2026-11-30 24:00");
    assert_eq!(expected("S4", "review_deadline"), end("2026-11-30 21:00", "24h"));
    let wanted = limits.end(CivilDate::parse("2026-12-07").unwrap());
    assert_eq!(expected("S4", "new_deadline"), zone().format_end(wanted));
    assert_eq!(limits.latest_extension(close, Rule::WorkingDays(5), 100), wanted);
    let half = limits.latest_extension(close, Rule::WorkingDays(5), 50);
    assert_eq!(zone().format_end(half), "2026-12-02 24:00");
    let hours = limits.latest_extension(close, Rule::Hours(10), 50);
    assert_eq!(zone().format_end(hours), "2026-12-01 05:00");
}

#[test]
fn s6_s7_s8_a_rework_a_stricter_limit_and_a_late_signature() {
    assert_eq!(
        expected("S6", "rework_deadline_5wd"),
        end("2026-12-03 10:00", "5wd")
    );
    assert_eq!(expected("S7", "stricter"), end("2026-11-23 10:00", "24h"));
    let kept = format!("{} (5 wd kept)", end("2026-11-23 10:00", "5wd"));
    assert_eq!(expected("S7", "looser"), kept);
    let dispatched = at("2026-11-23 09:40");
    assert!(limits().deadline(dispatched, Rule::WorkingDays(1)).at <= at("2026-11-25 08:00"));
    assert!(at("2026-11-30 12:00") < limits().deadline(dispatched, Rule::WorkingDays(5)).at);
}

#[test]
fn the_close_of_business_and_a_counted_first_day_are_settings() {
    let mut limits = limits();
    limits.cutoff = DayTime::parse("17:30").unwrap();
    let end = |limits: &Limits<'_>, start, n| {
        zone().format_end(limits.deadline(at(start), Rule::WorkingDays(n)).at)
    };
    assert_eq!(end(&limits, "2026-11-20 18:00", 1), "2026-11-23 17:30");
    limits.count_event_day = true;
    assert_eq!(end(&limits, "2026-11-23 10:00", 1), "2026-11-23 17:30");
    assert_eq!(
        end(&limits, "2026-11-23 17:30", 1),
        "2026-11-24 17:30",
        "the day is over"
    );
    assert_eq!(
        end(&limits, "2026-11-22 10:00", 1),
        "2026-11-23 17:30",
        "a Sunday is none"
    );
    assert_eq!(end(&limits, "2026-11-23 10:00", 5), "2026-11-27 17:30");
}

#[test]
fn a_rule_is_read_as_it_is_written() {
    for text in ["1wd", "250wd", "72h", "30min", "10080min"] {
        let rule: Rule = text.parse().unwrap();
        assert_eq!(rule.to_string(), text);
        let json = serde_json::to_string(&rule).unwrap();
        assert_eq!(serde_json::from_str::<Rule>(&json).unwrap(), rule);
    }
    for text in [
        "", "5", "wd", "0wd", "05wd", "251wd", "10081h", "+5wd", "5 wd", "5d", "99999h", "5WD", "五wd",
    ] {
        assert!(text.parse::<Rule>().is_err(), "{text}");
    }
    assert!(serde_json::from_str::<Rule>("\"5d\"").is_err());
}

#[test]
fn the_organs_own_time_is_given_back_in_the_unit_of_counting() {
    let limits = limits();
    let old = limits.deadline(at("2026-11-23 10:00"), Rule::WorkingDays(5));
    let given = |from, to| {
        let span = Span {
            from: at(from),
            to: at(to),
        };
        let new = limits.later_by(old, Rule::WorkingDays(5), span);
        zone().format_end(new.at)
    };
    assert_eq!(
        given("2026-11-25 09:00", "2026-11-25 17:00"),
        "2026-11-30 24:00",
        "the same day"
    );
    assert_eq!(given("2026-11-25 16:00", "2026-11-26 09:00"), "2026-12-01 24:00");
    assert_eq!(
        given("2026-11-27 16:00", "2026-11-29 09:00"),
        "2026-11-30 24:00",
        "a weekend"
    );
    assert_eq!(given("2026-11-27 16:00", "2026-12-01 09:00"), "2026-12-02 24:00");
    assert_eq!(
        given("2026-11-30 16:00", "2026-11-27 09:00"),
        "2026-11-30 24:00",
        "backwards"
    );
    let hours = limits.deadline(at("2026-11-23 10:00"), Rule::Hours(72));
    let span = Span {
        from: at("2026-11-24 10:00"),
        to: at("2026-11-24 12:30"),
    };
    let new = limits.later_by(hours, Rule::Hours(72), span);
    assert_eq!(zone().format_end(new.at), "2026-11-26 12:30");
}

#[test]
fn a_deadline_inside_a_day_keeps_its_time_when_days_are_given_back() {
    let upper = Deadline {
        at: at("2026-11-27 10:00"),
        provisional: false,
    };
    let new = limits().later_by_days(upper, 1);
    assert_eq!(zone().format_end(new.at), "2026-11-30 10:00");
    assert_eq!(limits().later_by_rule(upper, Rule::WorkingDays(1)), new);
    let hour = limits().later_by_rule(upper, Rule::Hours(1));
    assert_eq!(zone().format_end(hour.at), "2026-11-27 11:00");
}

#[test]
fn what_is_left_is_told_in_working_days_and_hours() {
    let limits = limits();
    let left = |now, deadline| {
        let it = limits.remaining(at(now), at(deadline));
        (it.overdue, it.working_days, it.hours, it.minutes)
    };
    assert_eq!(left("2026-11-23 10:00", "2026-11-24 24:00"), (false, 1, 38, 0));
    assert_eq!(left("2026-11-24 21:45", "2026-11-24 24:00"), (false, 0, 2, 15));
    assert_eq!(left("2026-09-30 15:00", "2026-10-08 24:00"), (false, 1, 201, 0));
    assert_eq!(
        left("2026-11-24 24:00", "2026-11-24 24:00"),
        (true, 0, 0, 0),
        "exclusive"
    );
    assert_eq!(left("2026-11-26 01:30", "2026-11-24 24:00"), (true, 1, 25, 30));
}

#[test]
fn the_light_follows_the_share_that_is_left() {
    let deadline = |provisional| Deadline {
        at: WallTime::from_micros(1_000),
        provisional,
    };
    for (now, code) in [
        (0, "green"),
        (499, "green"),
        (500, "yellow"),
        (799, "yellow"),
        (800, "orange"),
        (999, "orange"),
        (1_000, "red"),
    ] {
        let light = light(WallTime::from_micros(now), WallTime::default(), deadline(false));
        assert_eq!(light.code(), code, "{now}");
    }
    let light = |now| light(WallTime::from_micros(now), WallTime::default(), deadline(true)).code();
    assert_eq!((light(999), light(1_000)), ("purple", "red"));
}

#[test]
fn followups_are_made_by_day() {
    let limits = limits();
    let (from, to) = (DayTime::parse("09:00").unwrap(), DayTime::parse("20:00").unwrap());
    for (wanted, got) in [
        ("2026-11-24 08:59", "2026-11-24 09:00"),
        ("2026-11-24 09:00", "2026-11-24 09:00"),
        ("2026-11-24 19:59", "2026-11-24 19:59"),
        ("2026-11-24 20:00", "2026-11-25 09:00"),
    ] {
        assert_eq!(limits.within_day(at(wanted), from, to), at(got), "{wanted}");
    }
}

#[test]
fn a_loaded_year_moves_a_provisional_deadline_forward_or_makes_it_certain() {
    let start = at("2026-12-30 10:00");
    let rule = Rule::WorkingDays(5);
    let old = limits().deadline(start, rule);
    assert_eq!(
        (zone().format_end(old.at).as_str(), old.provisional),
        ("2027-01-07 24:00", true)
    );
    assert_eq!(limits().recompute(start, rule, old), None, "nothing was loaded");
    let loaded = |off: &str, work: &str| Calendar::parse(&year_2027(off, work)).unwrap();
    let recomputed = |calendar: &Calendar, old| {
        let limits = Limits { calendar, ..limits() };
        let new = limits.recompute(start, rule, old)?;
        Some((zone().format_end(new.at), new.provisional))
    };
    let later = loaded(r#", "2027-01-04""#, "");
    assert_eq!(recomputed(&later, old), Some(("2027-01-08 24:00".into(), false)));
    let same = loaded("", "");
    assert_eq!(recomputed(&same, old), Some(("2027-01-07 24:00".into(), false)));
    let earlier = loaded("", r#""2027-01-02""#);
    assert_eq!(
        recomputed(&earlier, old),
        Some(("2027-01-07 24:00".into(), false)),
        "never back"
    );
    let extended = Deadline {
        at: at("2027-01-12 24:00"),
        provisional: true,
    };
    assert_eq!(
        recomputed(&later, extended),
        Some(("2027-01-12 24:00".into(), false))
    );
}

/// The shipped calendar with a notice for 2027.
fn year_2027(off: &str, work: &str) -> String {
    let fixed = r#""2027-01-01", "2027-05-01", "2027-05-02", "2027-10-01", "2027-10-02", "2027-10-03""#;
    let year = format!(r#""2027": {{"papers": [], "off": [{fixed}{off}], "work": [{work}]}}, "2025":"#);
    crate::ticket::calendar::SHIPPED.replacen(r#""2025":"#, &year, 1)
}

/// Instants from 2024 to 2028, so that years with and without a notice are crossed.
fn instants() -> impl Strategy<Value = i64> {
    1_704_067_200_000_000_i64..1_861_920_000_000_000
}

fn rules() -> impl Strategy<Value = Rule> {
    prop_oneof![
        (1_u16..=40).prop_map(Rule::WorkingDays),
        (1_u16..=500).prop_map(Rule::Hours),
        (1_u16..=500).prop_map(Rule::Minutes),
    ]
}

/// Readings: where a working day ends, and whether the first one counts.
fn readings() -> impl Strategy<Value = Limits<'static>> {
    (
        prop_oneof![Just("24:00"), Just("17:30"), Just("00:01")],
        any::<bool>(),
    )
        .prop_map(|(cutoff, event_day)| Limits {
            cutoff: DayTime::parse(cutoff).unwrap(),
            count_event_day: event_day,
            ..limits()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn a_deadline_lies_after_its_start(start in instants(), rule in rules(), limits in readings()) {
        let start = WallTime::from_micros(start);
        prop_assert!(start < limits.deadline(start, rule).at);
    }

    #[test]
    fn a_later_start_never_ends_earlier(a in instants(), b in 0..30 * DAY, rule in rules(), limits in readings()) {
        let one = limits.deadline(WallTime::from_micros(a), rule);
        let two = limits.deadline(WallTime::from_micros(a + b), rule);
        prop_assert!(one.at <= two.at);
    }

    #[test]
    fn one_working_day_more_ends_later(start in instants(), n in 1_u16..60, limits in readings()) {
        let start = WallTime::from_micros(start);
        let one = limits.deadline(start, Rule::WorkingDays(n));
        let two = limits.deadline(start, Rule::WorkingDays(n + 1));
        prop_assert!(one.at < two.at);
        prop_assert!(!one.provisional || two.provisional);
    }

    #[test]
    fn working_days_end_at_the_cutoff_of_a_working_day(start in instants(), n in 1_u16..60, limits in readings()) {
        let deadline = limits.deadline(WallTime::from_micros(start), Rule::WorkingDays(n));
        let last = limits.zone.date_of(just_before(deadline.at));
        prop_assert_eq!(limits.end(last), deadline.at);
        prop_assert!(limits.calendar.working(last).working);
    }

    #[test]
    fn the_days_between_an_event_and_its_deadline_are_the_rules(start in instants(), n in 1_u16..60) {
        let (start, limits) = (WallTime::from_micros(start), limits());
        let deadline = limits.deadline(start, Rule::WorkingDays(n)).at;
        prop_assert_eq!(limits.working_days_between(start, deadline), u32::from(n));
        prop_assert_eq!(limits.working_days_between(deadline, start), 0);
    }

    #[test]
    fn what_is_given_back_is_what_was_taken(start in instants(), n in 1_u16..20, from in 0..10 * DAY, long in 0..10 * DAY) {
        let (limits, rule) = (limits(), Rule::WorkingDays(n));
        let start = WallTime::from_micros(start);
        let old = limits.deadline(start, rule);
        let from = WallTime::from_micros(start.as_micros() + from);
        let span = Span { from, to: WallTime::from_micros(from.as_micros() + long) };
        let new = limits.later_by(old, rule, span);
        prop_assert!(old.at <= new.at);
        if span.from < old.at {
            let before = limits.working_days_between(span.from, old.at);
            let after = limits.working_days_between(span.from, new.at);
            prop_assert_eq!(after, before + limits.working_days_between(span.from, span.to));
        }
    }

    #[test]
    fn loading_a_year_never_shortens(
        start in 1_796_000_000_000_000_i64..1_830_000_000_000_000,
        n in 1_u16..40,
        off in proptest::collection::btree_set(2_i32..360, 0..20),
        work in proptest::collection::btree_set(0_i32..52, 0..8),
    ) {
        let first = CivilDate::parse("2027-01-01").unwrap();
        let fixed = ["2027-01-01", "2027-05-01", "2027-05-02", "2027-10-01", "2027-10-02", "2027-10-03"];
        let days = |list: Vec<CivilDate>| list.iter().map(|it| format!("\"{it}\"")).collect::<Vec<_>>();
        let off: Vec<CivilDate> = off.into_iter().map(|n| first.add_days(n)).collect();
        let mut work: Vec<CivilDate> = work.into_iter().map(|week| first.add_days(1 + 7 * week)).collect();
        let is_fixed = |it: &CivilDate| fixed.contains(&it.to_string().as_str());
        work.retain(|it| !off.contains(it) && !is_fixed(it));
        let off: Vec<CivilDate> = off.into_iter().filter(|it| !is_fixed(it)).collect();
        let off = days(off).iter().fold(String::new(), |all, it| all + ", " + it);
        let calendar = Calendar::parse(&year_2027(&off, &days(work).join(","))).unwrap();
        let (start, rule) = (WallTime::from_micros(start), Rule::WorkingDays(n));
        let old = limits().deadline(start, rule);
        let loaded = Limits { calendar: &calendar, ..limits() };
        let new = loaded.recompute(start, rule, old);
        prop_assert!(new.is_none_or(|it| old.at <= it.at));
        prop_assert!(old.provisional || new.is_none());
    }
}
