use super::*;

fn at(hour: i64) -> WallTime {
    WallTime::from_micros(hour * 3_600_000_000)
}

fn report() -> Conformance {
    Conformance::new(Period {
        from: at(0),
        to: at(100),
        now: at(200),
        archive_before: at(176),
    })
}

fn clause(report: Conformance, clause: &str) -> Clause {
    report
        .finish(|_| Vec::new())
        .into_iter()
        .find(|it| it.clause == clause)
        .unwrap()
}

fn count(of: &Clause, what: &str) -> u64 {
    of.counts
        .iter()
        .find(|(code, _)| *code == what)
        .map_or(0, |(_, count)| *count)
}

fn faults(of: &Clause) -> Vec<(&str, &str)> {
    of.named.iter().map(|it| (it.number.as_str(), it.fault)).collect()
}

fn order(number: &str) -> OrderRow {
    let text = |text: &str| Some(text.to_owned());
    OrderRow {
        number: number.to_owned(),
        state: "archived".to_owned(),
        appellant_kind: text("person"),
        appeal_type: text("help"),
        category: text("0101"),
        urgency: text("normal"),
        submitted_at: Some(at(1)),
        accepted_at: Some(at(1)),
        created_at: at(1),
        dispatched_at: Some(at(2)),
        closed_at: Some(at(50)),
        closing: text("followed_up"),
        followed_mode: text("sms"),
        result: text("solved"),
        satisfaction: text("satisfied"),
        missing: Some(0),
        ..OrderRow::default()
    }
}

fn cycle(number: &str) -> CycleRow {
    CycleRow {
        number: number.to_owned(),
        unit: Some("lubei".to_owned()),
        dispatched_at: Some(at(2)),
        dispatched_late: Some(false),
        sign_deadline: Some(at(26)),
        signed_at: Some(at(20)),
        signed_late: Some(false),
        close_deadline: Some(at(90)),
        fed_back_at: Some(at(40)),
        fed_back_late: Some(false),
        reviewed_at: Some(at(41)),
        contacted_at: Some(at(21)),
        ..CycleRow::default()
    }
}

#[test]
fn an_order_as_the_standard_asks_is_no_exception_anywhere() {
    let mut report = report();
    report.order(&order("1"));
    report.cycle(&cycle("1"));
    let clauses = report.finish(|_| Vec::new());
    assert_eq!(clauses.len(), CLAUSES.len());
    assert_eq!(clauses.iter().map(|it| it.exceptions).sum::<u64>(), 0);
}

#[test]
fn follow_up_names_every_order_that_was_not_followed_and_every_enterprise_not_by_a_person() {
    let mut report = report();
    report.order(&order("1"));
    report.order(&OrderRow {
        followed_mode: None,
        result: None,
        satisfaction: None,
        ..order("2")
    });
    report.order(&OrderRow {
        enterprise: true,
        ..order("3")
    });
    report.order(&OrderRow {
        exempt: Some("praise".to_owned()),
        followed_mode: None,
        ..order("4")
    });
    let found = clause(report, "7.7.1");
    assert_eq!(faults(&found), [("2", "not_followed"), ("3", "not_by_person")]);
    assert_eq!((count(&found, "due"), count(&found, "followed")), (3, 2));
}

#[test]
fn limits_are_exclusive_and_what_is_not_done_is_late_only_when_its_limit_is_over() {
    let mut report = report();
    report.cycle(&CycleRow {
        signed_at: Some(at(26)),
        signed_late: Some(true),
        ..cycle("1")
    });
    report.cycle(&CycleRow {
        fed_back_at: None,
        fed_back_late: None,
        ..cycle("2")
    });
    report.period.now = at(80);
    report.cycle(&CycleRow {
        fed_back_at: None,
        fed_back_late: None,
        ..cycle("3")
    });
    report.cycle(&CycleRow {
        signed_late: Some(true),
        returned: 1,
        ..cycle("4")
    });
    let signing = clause(report.clone(), "7.3");
    assert_eq!(faults(&signing), [("1", "signed_late")]);
    assert_eq!(count(&signing, "due"), 3);
    let closing = clause(report.clone(), "7.5.1");
    assert_eq!(faults(&closing), [("2", "not_fed_back")]);
    let supervision = clause(report, "7.8.1");
    assert_eq!(
        faults(&supervision),
        [("1", "no_supervision_a"), ("2", "no_supervision_b")]
    );
}

#[test]
fn a_critical_order_needs_its_first_result_before_five_hours_are_over() {
    let mut report = report();
    let critical = |number: &str, first: Option<i64>| CycleRow {
        first_deadline: Some(at(7)),
        first_result_at: first.map(at),
        ..cycle(number)
    };
    for (number, first) in [("1", Some(6)), ("2", Some(7)), ("3", None)] {
        report.cycle(&critical(number, first));
    }
    let found = clause(report, "7.5.1");
    assert_eq!(
        (count(&found, "critical"), count(&found, "first_on_time")),
        (3, 1)
    );
    assert_eq!(
        faults(&found),
        [("2", "first_result_late"), ("3", "first_result_late")]
    );
}

#[test]
fn requests_count_under_their_own_clause_and_urgent_matters_are_not_extended() {
    let mut report = report();
    let request = |kind: &str, state: &str, late: bool, urgency: &str| RequestRow {
        number: "1".to_owned(),
        kind: kind.to_owned(),
        state: state.to_owned(),
        decided_late: late,
        asked_at: at(3),
        urgency: Some(urgency.to_owned()),
    };
    report.request(&request("return", "approved", true, "normal"));
    report.request(&request("extension", "approved", false, "urgent"));
    report.request(&request("co_handling", "refused", false, "normal"));
    assert_eq!(faults(&clause(report.clone(), "7.4")), [("1", "decided_late")]);
    assert_eq!(faults(&clause(report.clone(), "7.6")), [("1", "urgent_extended")]);
    assert_eq!(count(&clause(report, "B.2"), "decided_refused"), 1);
}

#[test]
fn what_is_outside_the_period_counts_nowhere() {
    let mut report = report();
    report.period.from = at(95);
    report.order(&order("1"));
    report.cycle(&cycle("1"));
    let clauses = report.finish(|_| Vec::new());
    assert!(
        clauses
            .iter()
            .all(|it| it.counts.iter().all(|(_, count)| *count == 0))
    );
}

#[test]
fn a_clause_names_a_bounded_number_of_orders_and_counts_all() {
    let mut report = report();
    for number in 0..=EXCEPTIONS_MAX {
        report.order(&OrderRow {
            appeal_type: None,
            ..order(&number.to_string())
        });
    }
    let found = clause(report, "3.2");
    assert_eq!(
        (found.named.len(), found.exceptions),
        (EXCEPTIONS_MAX, EXCEPTIONS_MAX as u64 + 1)
    );
}

#[test]
fn a_closed_order_is_archived_in_time_and_a_damaged_archive_is_named() {
    let mut report = report();
    report.order(&OrderRow {
        state: "closed".to_owned(),
        missing: None,
        ..order("1")
    });
    report.order(&OrderRow {
        faults: Some(2),
        ..order("2")
    });
    assert_eq!(
        faults(&clause(report, "7.9.1")),
        [("1", "not_archived"), ("2", "damaged")]
    );
}
