use super::*;
use crate::base::ids::TicketId;
use crate::fact::ticket::ClockBody;
use crate::ticket::evolve::blank;
use crate::ticket::evolve::evolve;
use crate::ticket::model::RouteBasis;
use crate::ticket::model::SupervisionCause;

fn dispatched() -> TicketFact {
    TicketFact::Dispatched {
        cycle: 1,
        unit: "zj".parse().unwrap(),
        basis: RouteBasis::Judgement,
        rule: None,
        grid: None,
        class: "other".to_owned(),
        legal_basis: String::new(),
        final_unit: false,
        secondary: Vec::new(),
        for_information: false,
    }
}

fn clock(kind: ClockKind, deadline: i64) -> TicketFact {
    TicketFact::ClockStarted {
        clock: ClockBody {
            clock: ClockRef {
                kind,
                cycle: 1,
                subject: 0,
            },
            start: WallTime::from_micros(1),
            deadline: Some(WallTime::from_micros(deadline)),
            provisional: false,
            rule: "5wd".to_owned(),
            against: "unit".to_owned(),
            basis: String::new(),
            warnings: Vec::new(),
        },
    }
}

fn order() -> Ticket {
    let mut ticket = blank(TicketId::default(), WallTime::from_micros(1));
    for fact in [
        dispatched(),
        clock(ClockKind::Close, 9),
        clock(ClockKind::Sign, 5),
    ] {
        evolve(&mut ticket, WallTime::from_micros(2), &fact, None);
    }
    ticket
}

/// Templates and recipients in one line each.
fn told(ticket: &Ticket, fact: &TicketFact) -> Vec<String> {
    let line = |notice: Notice| {
        let to = match notice.to {
            To::Appellant => "appellant".to_owned(),
            To::Unit(unit) => format!("unit {unit}"),
            To::DutyOffice(unit) => format!("duty office {unit}"),
            To::Organ => "organ".to_owned(),
        };
        let value = |value: Value| match value {
            Value::Words(words) => words,
            Value::At(at) => at.as_micros().to_string(),
            Value::Organ(organ) => organ.to_string(),
            Value::Code(code) => code,
        };
        let values = notice
            .variables
            .into_iter()
            .map(|(name, it)| format!(" {name}={}", value(it)));
        format!("{} to {to}{}", notice.template, values.collect::<String>())
    };
    notices(ticket, fact).into_iter().map(line).collect()
}

#[test]
fn a_dispatch_is_told_to_the_appellant_and_to_the_unit_with_their_limits() {
    assert_eq!(
        told(&order(), &dispatched()),
        [
            "dispatched to appellant deadline=9 unit=zj",
            "unit_new_order to unit zj deadline=5"
        ]
    );
    let TicketFact::Dispatched { unit, .. } = dispatched() else {
        unreachable!()
    };
    let notified = TicketFact::DutyNotified { attempt: 1, unit };
    assert_eq!(
        told(&order(), &notified),
        ["duty_office to duty office zj deadline="]
    );
}

#[test]
fn of_a_confidential_order_nothing_but_its_number_is_told() {
    let mut ticket = order();
    ticket.draft.secrecy = true;
    for notice in notices(&ticket, &dispatched()) {
        assert!(notice.confidential && notice.variables.is_empty(), "{notice:?}");
    }
    assert_eq!(notices(&ticket, &dispatched()).len(), 2);
}

#[test]
fn a_units_limit_is_told_to_the_unit_and_the_organs_own_to_its_supervisors() {
    let due = |kind| ClockRef {
        kind,
        cycle: 1,
        subject: 0,
    };
    let breached = |kind| TicketFact::ClockBreached { clock: due(kind) };
    assert_eq!(
        told(&order(), &breached(ClockKind::Close)),
        ["unit_overdue to unit zj deadline=9"]
    );
    assert_eq!(
        told(&order(), &breached(ClockKind::Verify)),
        ["supervisor_alarm to organ reason=clock_verify"]
    );
    let warned = TicketFact::ClockWarned {
        clock: due(ClockKind::Sign),
        step: 1,
    };
    assert_eq!(told(&order(), &warned), ["unit_near_limit to unit zj deadline=5"]);
}

#[test]
fn a_supervision_names_its_cause_and_an_urge_its_two_recipients() {
    let supervised = TicketFact::Supervised {
        no: 1,
        cause: SupervisionCause::LateSign,
        cycle: 1,
        unit: "zj".parse().unwrap(),
        automatic: true,
    };
    assert_eq!(
        told(&order(), &supervised),
        ["unit_supervision to unit zj deadline= reason=supervision_a"]
    );
    let urged = |by, notified| told(&order(), &TicketFact::Urged { by, notified });
    assert_eq!(
        urged(UrgedBy::Appellant, true),
        [
            "urged to appellant unit=zj",
            "unit_near_limit to unit zj deadline=9"
        ]
    );
    assert!(urged(UrgedBy::Agent, false).is_empty());
}

#[test]
fn every_code_of_a_reason_has_words() {
    let texts: toml::Table = include_str!("../../texts/zh-CN.toml").parse().unwrap();
    let words = texts["notice_reason"].as_table().unwrap();
    let mut codes: Vec<String> = ["a", "b", "c", "d", "again", "escalated"]
        .map(|it| format!("supervision_{it}"))
        .into();
    codes.extend(["a", "b", "c", "d"].map(|it| format!("key_{it}")));
    codes.extend(ClockKind::ALL.iter().map(|it| format!("clock_{it}")));
    for what in RequestKind::ALL {
        codes.extend(["approved", "refused"].map(|it| format!("{what}_{it}")));
    }
    let others = [
        "critical",
        "life_danger",
        "group",
        "public_opinion",
        "urgency_raised",
        "cancelled",
    ];
    codes.extend(others.map(str::to_owned));
    for code in &codes {
        assert!(words.contains_key(code), "{code}");
    }
    for word in words.keys() {
        assert!(codes.contains(word), "{word} is never told");
    }
}
