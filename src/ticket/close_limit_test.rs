use super::*;

use crate::base::civil::SiteZone;
use crate::base::civil::from_rfc3339;
use crate::ticket::calendar::Calendar;
use crate::ticket::settings::Settings;

fn at(local: &str) -> WallTime {
    from_rfc3339(&format!("{}:00+08:00", local.replace(' ', "T"))).unwrap()
}

fn limit(case: &CloseCase<'_>) -> Option<CloseLimit> {
    let zone = SiteZone::new("Asia/Shanghai").unwrap();
    let settings = Settings::shipped().at(case.start);
    Limits::new(Calendar::shipped(), &settings, &zone).close_limit(case, &settings)
}

fn case(appeal_type: AppealType, urgency: Urgency) -> CloseCase<'static> {
    CloseCase {
        start: at("2026-11-23 10:00"),
        appeal_type,
        urgency,
        statutory: None,
        upper: None,
    }
}

#[test]
fn praise_has_no_limit_however_urgent() {
    for urgency in Urgency::ALL {
        assert_eq!(limit(&case(AppealType::Praise, *urgency)), None);
    }
}

#[test]
fn urgency_outranks_the_kind() {
    for (kind, urgency, class, rule, end) in [
        (
            AppealType::Consult,
            Urgency::Normal,
            "consult",
            "2wd",
            "2026-11-26 00:00",
        ),
        (
            AppealType::Complaint,
            Urgency::Normal,
            "other",
            "5wd",
            "2026-12-01 00:00",
        ),
        (
            AppealType::Suggestion,
            Urgency::Normal,
            "other",
            "5wd",
            "2026-12-01 00:00",
        ),
        (
            AppealType::Consult,
            Urgency::Urgent,
            "urgent",
            "72h",
            "2026-11-26 10:00",
        ),
        (
            AppealType::Help,
            Urgency::Critical,
            "critical",
            "24h",
            "2026-11-24 10:00",
        ),
    ] {
        let limit = limit(&case(kind, urgency)).unwrap();
        assert_eq!(
            (limit.class.code(), limit.rule.to_string().as_str()),
            (class, rule)
        );
        assert_eq!(
            (limit.deadline.at, limit.source),
            (at(end), LimitSource::Standard)
        );
        assert_eq!(limit.first_result.is_some(), urgency == Urgency::Critical);
        assert!(limit.basis.contains("7.5.1"));
    }
}

#[test]
fn s7_a_stricter_law_wins_and_a_looser_one_is_ignored() {
    let law = |rule| {
        let basis = "《示例条例》第十条";
        CloseCase {
            statutory: Some(Statutory { rule, basis }),
            ..case(AppealType::Complaint, Urgency::Normal)
        }
    };
    let stricter = limit(&law(Rule::Hours(24))).unwrap();
    assert_eq!(stricter.deadline.at, at("2026-11-24 10:00"));
    assert_eq!(
        (stricter.source.code(), stricter.basis.as_str()),
        ("statutory", "《示例条例》第十条")
    );
    assert_eq!(
        (stricter.rule, stricter.class),
        (Rule::Hours(24), CloseClass::Other)
    );
    let looser = limit(&law(Rule::WorkingDays(7))).unwrap();
    assert_eq!(looser.deadline.at, at("2026-12-01 00:00"));
    assert_eq!(
        (looser.source, looser.rule),
        (LimitSource::Standard, Rule::WorkingDays(5))
    );
}

#[test]
fn limits_in_days_and_hours_are_compared_by_when_they_end() {
    // Over National Day five working days end after ten times twenty-four hours.
    let over_the_holiday = CloseCase {
        start: at("2026-09-30 15:00"),
        statutory: Some(Statutory {
            rule: Rule::Hours(240),
            basis: "x",
        }),
        ..case(AppealType::Complaint, Urgency::Normal)
    };
    assert_eq!(
        limit(&over_the_holiday).unwrap().deadline.at,
        at("2026-10-10 15:00")
    );
    let in_november = CloseCase {
        start: at("2026-11-23 15:00"),
        ..over_the_holiday
    };
    assert_eq!(limit(&in_november).unwrap().source, LimitSource::Standard);
}

#[test]
fn the_upper_platforms_deadline_counts_when_it_is_the_strictest() {
    let upper = |end: &str| {
        let statutory = Some(Statutory {
            rule: Rule::WorkingDays(3),
            basis: "x",
        });
        limit(&CloseCase {
            statutory,
            upper: Some(at(end)),
            ..case(AppealType::Complaint, Urgency::Normal)
        })
        .unwrap()
    };
    let strict = upper("2026-11-26 23:00");
    assert_eq!(
        (strict.deadline.at, strict.source.code()),
        (at("2026-11-26 23:00"), "upper")
    );
    let loose = upper("2026-11-27 00:00");
    assert_eq!(
        (loose.deadline.at, loose.source),
        (at("2026-11-27 00:00"), LimitSource::Statutory)
    );
}
