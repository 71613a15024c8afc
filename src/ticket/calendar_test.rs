use super::*;

fn date(text: &str) -> CivilDate {
    CivilDate::parse(text).unwrap()
}

fn faults(text: &str) -> Vec<String> {
    let faults = Calendar::parse(text).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

/// A document with the fixed days off of 2026 and these further fields.
fn with(off: &str, work: &str, rest: &str) -> String {
    let fixed = r#""2026-01-01", "2026-05-01", "2026-05-02", "2026-10-01", "2026-10-02", "2026-10-03""#;
    format!(r#"{{"years": {{"2026": {{"papers": [], "off": [{fixed}{off}], "work": [{work}]}}}}{rest}}}"#)
}

#[test]
fn the_shipped_calendar_has_no_fault_and_knows_two_years() {
    let calendar = Calendar::parse(SHIPPED).unwrap();
    assert_eq!(&calendar, Calendar::shipped());
    assert_eq!(calendar.years().collect::<Vec<_>>(), [2025, 2026]);
    assert_eq!(calendar.version, 1);
    assert!(calendar.papers(2026)[0].starts_with("https://www.gov.cn/"));
    assert!(calendar.papers(2027).is_empty());
}

#[test]
fn every_day_of_2026_has_its_reason() {
    let calendar = Calendar::shipped();
    for (day, working, why) in [
        ("2026-11-24", true, "weekday"),
        ("2026-11-22", false, "weekend"),
        ("2026-10-01", false, "statutory_off"),
        ("2026-10-10", true, "makeup"),
        ("2026-02-14", true, "makeup"),
        ("2026-02-23", false, "statutory_off"),
    ] {
        let is = calendar.working(date(day));
        assert_eq!(
            (is.working, is.why.code(), is.provisional),
            (working, why, false),
            "{day}"
        );
    }
    let working = (0..365).filter(|n| calendar.working(date("2026-01-01").add_days(*n)).working);
    assert_eq!(
        working.count(),
        248,
        "365 days, 104 weekend days, 13 days off by law"
    );
}

#[test]
fn a_year_without_a_notice_has_weekends_and_the_fixed_days_and_is_provisional() {
    let calendar = Calendar::shipped();
    for (day, working, why) in [
        ("2027-01-01", false, "provisional_statutory"),
        ("2027-01-02", false, "weekend"),
        ("2027-01-04", true, "weekday"),
        ("2027-05-01", false, "provisional_statutory"),
        ("2027-10-02", false, "provisional_statutory"),
        ("2027-10-04", true, "weekday"),
        ("2027-02-08", true, "weekday"),
    ] {
        let is = calendar.working(date(day));
        assert_eq!(
            (is.working, is.why.code(), is.provisional),
            (working, why, true),
            "{day}"
        );
    }
}

#[test]
fn a_local_day_off_outranks_a_makeup_day_and_is_certain_in_any_year() {
    let rest = r#", "local_off": [
        {"date": "2026-10-10", "reason": "暴雨红色预警", "approved_by": "市政府办公室"},
        {"date": "2027-07-01", "reason": "台风", "approved_by": "市政府办公室"}]"#;
    let calendar = Calendar::parse(&with("", r#""2026-10-10""#, rest)).unwrap();
    for day in ["2026-10-10", "2027-07-01"] {
        let is = calendar.working(date(day));
        assert_eq!(
            (is.working, is.why, is.provisional),
            (false, Why::LocalOff, false)
        );
    }
    let (day, off) = calendar.local_off().next().unwrap();
    assert_eq!(
        (day, off.reason.as_str(), off.approved_by.as_str()),
        (date("2026-10-10"), "暴雨红色预警", "市政府办公室")
    );
}

#[test]
fn the_missing_year_is_told_from_the_first_of_december_on() {
    let calendar = Calendar::shipped();
    for (today, missing) in [
        ("2026-11-30", false),
        ("2026-12-01", true),
        ("2026-12-31", true),
        ("2027-01-01", true),
        ("2025-12-01", false),
    ] {
        assert_eq!(calendar.next_year_missing(date(today)), missing, "{today}");
    }
}

#[test]
fn a_notice_may_reach_into_the_december_before() {
    let text = with(r#", "2025-12-31""#, "", "");
    let calendar = Calendar::parse(&text).unwrap();
    assert_eq!(calendar.working(date("2025-12-31")).why, Why::StatutoryOff);
    assert!(!calendar.is_loaded(2025), "one day is no year");
}

#[test]
fn every_fault_is_told_at_once_with_its_place() {
    let text = r#"{"version": -1, "timezone": "China/Tangshan", "strange": 1, "years": {
        "26": {}, "2027": [],
        "2026": {"papers": [1], "note": "x", "work": ["2026-10-12", "2026-10-10", "2026-10-10"],
            "off": ["2026-01-01", "2026-05-01", "2026-05-02", "2026-10-01", "2026-10-02", "2026-02-30", "2024-06-01"]}},
        "local_off": [{"date": "2026-07-01", "reason": " "}, 3,
            {"date": "2026-07-01", "reason": "a", "approved_by": "b", "by": "c"},
            {"date": "soon", "reason": "a", "approved_by": "b"}]}"#;
    let told = faults(text);
    for place in [
        "version: not a number",
        "timezone: `China/Tangshan` is no time zone",
        "strange: is not known here",
        "years.26: no year",
        "years.2027: not an object",
        "years.2026.papers[0]: not a text",
        "years.2026.note: is not known here",
        "years.2026.work[0]: 2026-10-12 is no weekend",
        "years.2026.work[2]: 2026-10-10 stands twice",
        "years.2026.off[5]: `2026-02-30` is no date",
        "years.2026.off[6]: 2024-06-01 is no day of 2026",
        "years.2026.off: 2026-10-03 is off by law and is missing",
        "local_off[0].reason: is missing",
        "local_off[0].approved_by: is missing",
        "local_off[1]: not an object",
        "local_off[2].by: is not known here",
        "local_off[2].date: 2026-07-01 stands twice",
        "local_off[3].date: `soon` is no date",
    ] {
        assert!(
            told.iter().any(|fault| fault.starts_with(place)),
            "{place} in {told:#?}"
        );
    }
    assert_eq!(told.len(), 18, "{told:#?}");
}

#[test]
fn a_day_both_off_and_worked_is_a_fault() {
    let told = faults(&with(r#", "2026-10-10""#, r#""2026-10-10""#, ""));
    assert_eq!(told, ["years.2026.work[0]: 2026-10-10 stands twice"]);
}

#[test]
fn what_is_no_calendar_or_too_large_is_refused() {
    assert_eq!(faults("{"), ["line 1, column 1: not JSON"]);
    assert_eq!(faults("[]"), ["not a JSON object"]);
    assert_eq!(faults("{}"), ["years: is missing"]);
    assert_eq!(
        faults(&" ".repeat(DOCUMENT_BYTES_MAX + 1)),
        ["larger than 262144 bytes"]
    );
    let years: Vec<String> = (0..=YEARS_MAX)
        .map(|n| format!(r#""{}": {{}}"#, 2000 + n))
        .collect();
    let told = faults(&format!(r#"{{"years": {{{}}}}}"#, years.join(",")));
    assert_eq!(told, ["years: more than 60 years"]);
    let many = vec![r#""2026-10-10""#; DAYS_MAX + 1].join(",");
    assert_eq!(
        faults(&with("", &many, "")),
        ["years.2026.work: more than 120 values"]
    );
    let many = vec!["{}"; DAYS_MAX + 1].join(",");
    let told = faults(&with("", "", &format!(r#", "local_off": [{many}]"#)));
    assert_eq!(told, ["local_off: more than 120 days"]);
    let long = "长".repeat(TEXT_MAX + 1);
    let rest =
        format!(r#", "local_off": [{{"date": "2026-07-01", "reason": "{long}", "approved_by": "b"}}]"#);
    assert_eq!(
        faults(&with("", "", &rest)),
        ["local_off[0].reason: longer than 200 characters"]
    );
}
