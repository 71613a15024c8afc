use super::*;

use crate::base::civil::from_rfc3339;
use crate::fact::codes::ClockKind;
use crate::fact::codes::Urgency;

fn at(text: &str) -> WallTime {
    from_rfc3339(text).unwrap()
}

/// The shipped document after a change.
fn changed(change: impl FnOnce(&mut Vec<Json>)) -> Result<Settings, Vec<String>> {
    let mut document: Json = serde_json::from_str(SHIPPED).unwrap();
    change(document["entries"].as_array_mut().unwrap());
    let faults = |list: Vec<Fault>| list.iter().map(ToString::to_string).collect();
    Settings::parse(&document.to_string()).map_err(faults)
}

fn entry(id: &str, value: impl Into<Json>, from: &str) -> Json {
    let value: Json = value.into();
    serde_json::json!({"id": id, "value": value, "from": from, "basis": "test", "reading": ""})
}

fn index(entries: &[Json], id: &str) -> usize {
    entries.iter().position(|entry| entry["id"] == id).unwrap()
}

#[test]
fn the_shipped_settings_have_no_fault_and_one_entry_for_every_id() {
    let settings = Settings::parse(SHIPPED).unwrap();
    assert_eq!(&settings, Settings::shipped());
    assert_eq!(settings.entries().count(), Id::ALL.len());
    let codes: BTreeSet<&str> = Id::ALL.iter().map(|id| id.code()).collect();
    assert_eq!(codes.len(), Id::ALL.len(), "no code twice");
    for id in Id::ALL {
        assert_eq!(Id::parse(id.code()), Some(*id));
        assert_eq!(settings.history(*id)[0].id, *id);
    }
}

#[test]
fn the_standards_own_numbers_are_as_it_writes_them() {
    let now = Settings::shipped().at(at("2026-11-24T02:00:00Z"));
    for (id, rule, clause) in [
        (Id::Dispatch, "2h", "7.2 a"),
        (Id::Sign, "1wd", "7.3"),
        (Id::ReturnWindow, "1wd", "7.4"),
        (Id::ReturnWindowComplex, "3wd", "7.4"),
        (Id::CoApplyWindow, "1wd", "附录B"),
        (Id::CloseConsult, "2wd", "7.5.1"),
        (Id::CloseOther, "5wd", "7.5.1"),
        (Id::CloseUrgent, "72h", "7.5.1"),
        (Id::CloseCritical, "24h", "7.5.1"),
        (Id::FirstResult, "5h", "7.5.1"),
        (Id::ExtensionReview, "24h", "7.6"),
    ] {
        assert_eq!(now.rule(id).to_string(), rule, "{id}");
        assert!(now.entry(id).basis.starts_with("DB1302/T 604—2025"), "{id}");
        assert!(now.entry(id).basis.contains(clause), "{id}");
    }
}

#[test]
fn internal_limits_and_readings_have_their_defaults() {
    let now = Settings::shipped().at(at("2026-11-24T02:00:00Z"));
    for (id, rule) in [
        (Id::Inbox, "2h"),
        (Id::DispatchCritical, "15min"),
        (Id::DutyNotice, "15min"),
        (Id::DutyNoticeRepeat, "5min"),
        (Id::SignUrgent, "4h"),
        (Id::SignCritical, "30min"),
        (Id::ReturnReview, "1wd"),
        (Id::ReturnReviewUrgent, "4h"),
        (Id::CoReview, "1wd"),
        (Id::ExtensionReviewWarn, "20h"),
        (Id::ExtensionGrace, "1wd"),
        (Id::FeedbackReview, "1wd"),
        (Id::FollowupStart, "2wd"),
        (Id::FollowupAttempt, "4h"),
        (Id::Verify, "1wd"),
        (Id::Arbitration, "1wd"),
        (Id::SupervisionReply, "1wd"),
        (Id::KnowledgeUpdate, "3wd"),
        (Id::HelpReport, "2wd"),
        (Id::HelpContact, "1wd"),
        (Id::Archive, "24h"),
        (Id::ArchiveEndRecord, "168h"),
        (Id::UrgeNoticeEvery, "4h"),
        (Id::InstantRating, "24h"),
        (Id::KeyWindow, "168h"),
        (Id::DispositionGrace, "10min"),
        (Id::WarnDispatch, "90min"),
    ] {
        assert_eq!(now.rule(id).to_string(), rule, "{id}");
    }
    for (id, count) in [
        (Id::DutyNoticeRepeats, 3),
        (Id::ReturnMaxApproved, 2),
        (Id::ExtensionMaxCount, 1),
        (Id::FollowupAttempts, 3),
        (Id::FollowupDayparts, 2),
        (Id::ContactUnreachableTries, 3),
        (Id::KeyDistinctAppellants, 10),
        (Id::KeyFailedReworks, 2),
        (Id::RecordingOnline, 1826),
        (Id::WarnShare, 80),
    ] {
        assert_eq!(now.count(id), count, "{id}");
    }
    assert_eq!(now.choice(Id::CloseStart), "dispatched");
    assert_eq!(now.choice(Id::CoDeadline), "main");
    assert_eq!(now.choice(Id::ExtensionOnReviewTimeout), "escalate");
    assert_eq!(now.choice(Id::ReworkLimit), "same");
    assert_eq!(now.choice(Id::MattersMode), "split");
    assert!(now.flag(Id::DisposedIsClosed) && now.flag(Id::ReviewOn) && !now.flag(Id::ExemptGridDirect));
    assert_eq!(now.list(Id::FollowupOrder), ["robot", "sms", "person"]);
    assert_eq!(now.list(Id::RatesFive).len(), 5);
    assert_eq!(now.rules(Id::WarnFirstResult), [Rule::Hours(3), Rule::Hours(4)]);
    assert_eq!(now.time(Id::FollowupFrom).to_string(), "09:00");
    assert_eq!(now.time(Id::FollowupTo).to_string(), "20:00");
    assert_eq!(now.time(Id::Cutoff), DayTime::END);
}

#[test]
fn a_value_counts_from_the_midnight_of_its_first_day_at_the_site() {
    let settings = changed(|entries| {
        entries.insert(0, entry("close.other", "3wd", "2026-07-01"));
        entries.push(entry("close.other", "4wd", "2026-03-01"));
    })
    .unwrap();
    for (when, rule) in [
        ("1999-01-01T00:00:00Z", 5),
        ("2026-02-28T15:59:59Z", 5),
        ("2026-02-28T16:00:00Z", 4),
        ("2026-06-30T15:59:59Z", 4),
        ("2026-06-30T16:00:00Z", 3),
        ("2099-01-01T00:00:00Z", 3),
    ] {
        let now = settings.at(at(when));
        assert_eq!(now.rule(Id::CloseOther), Rule::WorkingDays(rule), "{when}");
    }
    let entry = settings.at(at("2026-07-01T00:00:00Z")).entry(Id::CloseOther);
    assert_eq!(
        (entry.from.to_string(), entry.basis.as_str()),
        ("2026-07-01".to_owned(), "test")
    );
    assert_eq!(settings.history(Id::CloseOther).len(), 3);
}

#[test]
fn every_fault_is_told_at_once_with_its_place() {
    let told = changed(|entries| {
        let at = index(entries, "sign");
        entries.remove(at);
        entries[0] = entry("cutoff", "25:00", "2025-01-01");
        entries[1]["from"] = "2025-02-30".into();
        entries[2]["basis"] = " ".into();
        entries[3]["reading"] = "Q36".into();
        entries[4]["clause"] = "7.2".into();
        let double = entries[5].clone();
        entries.push(double);
        entries.push(entry("close.others", "5wd", "2025-01-01"));
        entries.push(Json::Null);
    })
    .unwrap_err();
    for place in [
        "entries[0].value: `25:00` is no time of the day",
        "entries[1].from: `2025-02-30` is no date",
        "entries[2].basis: 1 to 300 characters",
        "entries[3].reading: empty or Q1 to Q35",
        "entries[4].clause: is not known here",
        "entries[107].from: inbox.clock has two entries of 2025-01-01",
        "entries[108].id: `close.others` is no setting",
        "entries[109]: not an object",
        "entries: sign is missing",
    ] {
        assert!(
            told.iter().any(|fault| fault.starts_with(place)),
            "{place} in {told:#?}"
        );
    }
    assert_eq!(told.len(), 9, "{told:#?}");
}

#[test]
fn a_value_of_another_kind_is_told_what_it_should_be() {
    for (id, value, reason) in [
        ("sign", serde_json::json!("1 day"), "`1 day` is no limit"),
        ("sign", serde_json::json!("01wd"), "`01wd` is no limit"),
        ("sign", serde_json::json!("0wd"), "`0wd` is no limit"),
        ("sign", serde_json::json!("251wd"), "`251wd` is no limit"),
        ("sign", serde_json::json!(1), "not a limit as a text"),
        ("warn.share", serde_json::json!(100), "not a number from 1 to 99"),
        ("warn.share", serde_json::json!(-1), "not a number from 1 to 99"),
        ("warn.share", serde_json::json!("80"), "not a number from 1 to 99"),
        ("review.on", serde_json::json!("true"), "neither true nor false"),
        (
            "followup.from",
            serde_json::json!("9:00"),
            "`9:00` is no time of the day",
        ),
        (
            "followup.from",
            serde_json::json!(9),
            "not a time of the day as a text",
        ),
        (
            "close_start",
            serde_json::json!("soon"),
            "not one of dispatched, accepted, signed",
        ),
        (
            "followup.order",
            serde_json::json!(["fax"]),
            "not only of robot, sms, person",
        ),
        ("followup.order", serde_json::json!([]), "empty"),
        (
            "followup.order",
            serde_json::json!(["sms", "sms"]),
            "a value stands twice",
        ),
        (
            "followup.order",
            serde_json::json!("sms"),
            "not a list of at most 50 texts",
        ),
        (
            "rates.five",
            serde_json::json!(["A", "b", "c", "d", "e"]),
            "not only ids of 1 to 40",
        ),
        ("rates.five", serde_json::json!(["a", 2]), "not a list of texts"),
        (
            "warn.first_result",
            serde_json::json!(["3h", "4"]),
            "`4` is no limit",
        ),
    ] {
        let told = changed(|entries| {
            let at = index(entries, id);
            entries[at]["value"] = value.clone();
        })
        .unwrap_err();
        assert_eq!(told.len(), 1, "{told:#?}");
        assert!(
            told[0].contains(&format!(".value: {reason}")),
            "{id} {value}: {told:#?}"
        );
    }
}

#[test]
fn values_that_contradict_each_other_on_any_day_are_refused() {
    let told = changed(|entries| {
        entries.push(entry("followup.to", "08:00", "2026-07-01"));
        entries.push(entry("followup.dayparts", 4, "2026-08-01"));
        entries.push(entry("cutoff", "00:00", "2026-09-01"));
        entries.push(entry("rates.five", serde_json::json!(["solved"]), "2026-10-01"));
    })
    .unwrap_err();
    assert_eq!(
        told,
        [
            "cutoff: a working day ends after 00:00, at most at 24:00",
            "followup.dayparts: more than followup.attempts",
            "followup.to: not after followup.from",
            "rates.five: not five",
        ]
    );
}

#[test]
fn what_is_no_document_or_too_large_is_refused() {
    let first = |text: &str| Settings::parse(text).unwrap_err()[0].to_string();
    assert_eq!(first("{"), "line 1, column 1: not JSON");
    assert_eq!(first("[]"), "not a JSON object");
    assert_eq!(first("{}"), "entries: is missing");
    assert_eq!(
        first(r#"{"timezone": 8, "entries": []}"#),
        "timezone: `` is no time zone; write one as Asia/Shanghai"
    );
    assert_eq!(
        first(&" ".repeat(DOCUMENT_BYTES_MAX + 1)),
        "larger than 1048576 bytes"
    );
    let many = vec!["0"; ENTRIES_MAX + 1].join(",");
    assert_eq!(
        first(&format!(r#"{{"entries": [{many}]}}"#)),
        "entries: more than 2000 entries"
    );
    let values: Vec<String> = (0..=LIST_MAX).map(|n| format!("a{n}")).collect();
    let told = changed(|entries| {
        let at = index(entries, "review.off_categories");
        entries[at]["value"] = serde_json::json!(values);
    });
    assert!(told.unwrap_err()[0].contains("not a list of at most 50 texts"));
}

#[test]
fn refusals_of_other_channels_than_the_telephone_need_a_second_person() {
    let now = Settings::shipped().at(WallTime::default());
    assert!(!now.refusal_needs_second_person("phone"));
    assert!(now.refusal_needs_second_person("app"));
    let change = |list: Json| {
        changed(|entries| {
            let at = index(entries, "refusal.second_person_channels");
            entries[at]["value"] = list;
        })
        .unwrap()
    };
    let all = change(serde_json::json!(["all"]));
    assert!(all.at(WallTime::default()).refusal_needs_second_person("phone"));
    let one = change(serde_json::json!(["mail"]));
    assert!(one.at(WallTime::default()).refusal_needs_second_person("mail"));
    assert!(!one.at(WallTime::default()).refusal_needs_second_person("app"));
}

#[test]
fn a_clock_finds_its_limit_by_kind_and_urgency() {
    let now = Settings::shipped().at(WallTime::default());
    let rule = |kind, urgency| Id::of_clock(kind, urgency).map(|id| now.rule(id).to_string());
    assert_eq!(rule(ClockKind::Sign, Urgency::Normal).as_deref(), Some("1wd"));
    assert_eq!(rule(ClockKind::Sign, Urgency::Critical).as_deref(), Some("30min"));
    assert_eq!(
        rule(ClockKind::Dispatch, Urgency::Critical).as_deref(),
        Some("15min")
    );
    assert_eq!(
        rule(ClockKind::ReturnReview, Urgency::Urgent).as_deref(),
        Some("4h")
    );
    assert_eq!(rule(ClockKind::Close, Urgency::Normal), None);
    for kind in ClockKind::ALL {
        for urgency in Urgency::ALL {
            let id = Id::of_clock(*kind, *urgency);
            let decided_otherwise = matches!(kind, ClockKind::Close | ClockKind::Citizen);
            assert_eq!(id.is_none(), decided_otherwise, "{kind}");
            assert!(id.is_none_or(|id| id.kind() == Kind::Rule), "{kind}");
        }
    }
}

#[test]
fn an_entry_is_shown_as_the_document_writes_it() {
    let document: Json = serde_json::from_str(SHIPPED).unwrap();
    for written in document["entries"].as_array().unwrap() {
        let id = Id::parse(written["id"].as_str().unwrap()).unwrap();
        let shown = serde_json::to_value(&Settings::shipped().history(id)[0]).unwrap();
        assert_eq!(&shown, written, "{id}");
    }
}
