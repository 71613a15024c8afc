use super::*;

use crate::base::civil::SiteZone;
use crate::base::civil::from_rfc3339;
use crate::ticket::calendar::Calendar;
use crate::ticket::settings::Settings;

fn warnings(kind: ClockKind, start: &str, rule: &str) -> Vec<String> {
    let zone = SiteZone::new("Asia/Shanghai").unwrap();
    let start = from_rfc3339(&format!("{}:00+08:00", start.replace(' ', "T"))).unwrap();
    let settings = Settings::shipped().at(start);
    let limits = Limits::new(Calendar::shipped(), &settings, &zone);
    let rule: Rule = rule.parse().unwrap();
    let end = limits.deadline(start, rule).at;
    let due = limits.warnings(kind, start, end, Some(rule), &settings);
    assert!(due.iter().all(|it| start < *it && *it < end));
    due.iter().map(|it| zone.format(*it)).collect()
}

#[test]
fn closing_in_days_warns_one_working_day_before_and_at_four_fifths() {
    // Monday 10:00 to the end of the next Monday: 182 hours.
    assert_eq!(
        warnings(ClockKind::Close, "2026-11-23 10:00", "5wd"),
        ["2026-11-28 00:00:00", "2026-11-29 11:36:00"]
    );
    assert_eq!(
        warnings(ClockKind::Close, "2026-09-30 15:00", "1wd"),
        ["2026-10-01 00:00:00", "2026-10-07 07:48:00"],
        "the last working day before a holiday is the day before the last"
    );
}

#[test]
fn closing_in_hours_warns_two_hours_before_and_at_four_fifths() {
    assert_eq!(
        warnings(ClockKind::Close, "2026-10-01 08:00", "24h"),
        ["2026-10-02 03:12:00", "2026-10-02 06:00:00"]
    );
    assert_eq!(
        warnings(ClockKind::Close, "2026-10-01 08:00", "1h"),
        ["2026-10-01 08:48:00"]
    );
}

#[test]
fn other_clocks_warn_as_their_setting_says() {
    let day = "2026-11-24";
    assert_eq!(
        warnings(ClockKind::Dispatch, "2026-11-24 08:00", "2h"),
        [format!("{day} 09:30:00")]
    );
    assert_eq!(
        warnings(ClockKind::Dispatch, "2026-11-24 08:00", "15min"),
        [""; 0]
    );
    assert_eq!(
        warnings(ClockKind::FirstResult, "2026-11-24 08:00", "5h"),
        [format!("{day} 11:00:00"), format!("{day} 12:00:00")]
    );
    assert_eq!(
        warnings(ClockKind::ExtensionReview, "2026-11-24 00:00", "24h"),
        [format!("{day} 20:00:00")]
    );
    assert_eq!(
        warnings(ClockKind::HelpReport, "2026-11-24 08:00", "2wd"),
        ["2026-11-26 00:00:00"]
    );
    assert_eq!(
        warnings(ClockKind::Verify, "2026-11-24 08:00", "10h"),
        [format!("{day} 16:00:00")]
    );
    for silent in [ClockKind::ReturnWindow, ClockKind::Archive, ClockKind::DutyNotice] {
        assert_eq!(warnings(silent, "2026-11-24 08:00", "24h"), [""; 0]);
    }
}

#[test]
fn a_deadline_set_otherwise_is_warned_of_like_one_in_hours() {
    let zone = SiteZone::new("Asia/Shanghai").unwrap();
    let settings = Settings::shipped().at(WallTime::default());
    let limits = Limits::new(Calendar::shipped(), &settings, &zone);
    let (start, end) = (WallTime::default(), WallTime::from_micros(36_000_000_000));
    let due = limits.warnings(ClockKind::Close, start, end, None, &settings);
    assert_eq!(
        due,
        [WallTime::from_micros(28_800_000_000)],
        "both at the same instant: one"
    );
    let late = limits.warnings(ClockKind::Close, end, start, None, &settings);
    assert!(
        late.is_empty(),
        "a deadline already passed when it is set warns no more"
    );
}
