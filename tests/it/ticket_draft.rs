//! The rules of a draft: what is refused, by which field and clause, and that facts alone rebuild the order.

use proptest::prelude::*;

use rexian::base::civil::SiteZone;
use rexian::base::ids::InteractionId;
use rexian::base::ids::TicketId;
use rexian::base::time::WallTime;
use rexian::fact::ticket::TicketFact;
use rexian::ticket::command::Command;
use rexian::ticket::command::DraftFields;
use rexian::ticket::command::OpenDraft;
use rexian::ticket::command::Opening;
use rexian::ticket::command::Submit;
use rexian::ticket::decide::ADDRESS_MAX;
use rexian::ticket::decide::By;
use rexian::ticket::decide::CLAUSE_ITEMS;
use rexian::ticket::decide::CLAUSE_KINDS;
use rexian::ticket::decide::CONTENT_MAX;
use rexian::ticket::decide::Context;
use rexian::ticket::decide::Decision;
use rexian::ticket::decide::Known;
use rexian::ticket::decide::NAME_MAX;
use rexian::ticket::decide::TicketError;
use rexian::ticket::decide::decide;
use rexian::ticket::decide::open;
use rexian::ticket::evolve;
use rexian::ticket::model::AppealType;
use rexian::ticket::model::Place;
use rexian::ticket::model::State;
use rexian::ticket::model::Ticket;
use rexian::ticket::reference::Reference;

/// 2026-11-23, a Monday morning.
const NOW: WallTime = WallTime::from_micros(1_795_395_600_000_000);

fn with_context<T>(run: impl FnOnce(&Context<'_>) -> T) -> T {
    let zone = SiteZone::new("Asia/Shanghai").unwrap();
    let reference = Reference::shipped().unwrap();
    run(&Context {
        now: NOW,
        by: By::System,
        reference: &reference,
        zone: &zone,
        known: &Known::default(),
    })
}

fn opened() -> Ticket {
    let opening = Opening::Draft(OpenDraft {
        number: "20261123000001".to_owned(),
        interaction: InteractionId::default(),
        line: Some("main".parse().unwrap()),
        queue: "general".parse().unwrap(),
        agent: "1001".parse().unwrap(),
        recording: None,
    });
    with_context(|ctx| open(TicketId::default(), &opening, ctx))
        .unwrap()
        .ticket
}

/// Carries a command out; the decisions it gave.
fn decisions(ticket: &mut Ticket, command: &Command) -> Result<Vec<Decision>, TicketError> {
    let outcome = with_context(|ctx| decide(ticket, command, ctx))?;
    *ticket = outcome.ticket;
    Ok(outcome.decisions)
}

fn save(ticket: &mut Ticket, fields: DraftFields) -> Result<Vec<TicketFact>, TicketError> {
    let decisions = decisions(ticket, &Command::SaveDraft(fields))?;
    Ok(decisions.into_iter().map(|decision| decision.fact).collect())
}

fn submit(ticket: &mut Ticket) -> Result<Vec<TicketFact>, TicketError> {
    let decisions = decisions(ticket, &Command::Submit(Submit {}))?;
    Ok(decisions.into_iter().map(|decision| decision.fact).collect())
}

fn complete() -> DraftFields {
    let text = |text: &str| Some(text.to_owned());
    DraftFields {
        name: text("李女士"),
        appeal_type: text("help"),
        category: text("010102"),
        content: text("垃圾三天没有清运"),
        urgency: text("urgent"),
        place: text("none"),
        ..DraftFields::default()
    }
}

type Field = (&'static str, fn(&mut DraftFields) -> &mut Option<String>);

const ITEMS: [Field; 6] = [
    ("name", |fields| &mut fields.name),
    ("content", |fields| &mut fields.content),
    ("appeal_type", |fields| &mut fields.appeal_type),
    ("category", |fields| &mut fields.category),
    ("urgency", |fields| &mut fields.urgency),
    ("place", |fields| &mut fields.place),
];

#[test]
fn a_bare_draft_is_refused_with_every_missing_item_and_the_clause() {
    let refused = submit(&mut opened()).unwrap_err();
    let fields = ITEMS.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        refused,
        TicketError::Incomplete {
            fields,
            clause: CLAUSE_ITEMS
        }
    );
    assert!(
        refused
            .to_string()
            .starts_with("DB1302/T 604—2025 7.1.2 a: missing name, content"),
        "{refused}"
    );
}

#[test]
fn each_item_alone_is_missed_by_name() {
    for (name, field) in ITEMS {
        let mut fields = complete();
        *field(&mut fields) = None;
        let mut ticket = opened();
        save(&mut ticket, fields).unwrap();
        let refused = submit(&mut ticket).unwrap_err();
        assert_eq!(
            refused,
            TicketError::Incomplete {
                fields: vec![name],
                clause: CLAUSE_ITEMS
            }
        );
        assert_eq!(ticket.state, State::Draft);
    }
}

#[test]
fn a_complete_draft_is_submitted_once() {
    let mut ticket = opened();
    save(&mut ticket, complete()).unwrap();
    let facts = submit(&mut ticket).unwrap();
    let submitted = TicketFact::Submitted {
        appeal_type: "help".to_owned(),
        category: "010102".to_owned(),
        category_version: 1,
        urgency: "urgent".to_owned(),
        version: 3,
    };
    let accepted = TicketFact::Accepted {
        at: NOW,
        again: false,
    };
    assert_eq!(facts[..2], [submitted, accepted]);
    assert_eq!(facts.len(), 5, "three clocks start: {facts:?}");
    assert_eq!((ticket.state, ticket.version), (State::PendingDispatch, 7));
    let state = TicketError::NotAllowed {
        state: State::PendingDispatch,
        clause: CLAUSE_ITEMS,
    };
    assert_eq!(submit(&mut ticket), Err(state.clone()));
    assert_eq!(save(&mut ticket, complete()), Err(state));
}

#[test]
fn there_are_six_kinds_and_a_seventh_is_refused_by_its_clause() {
    let codes: Vec<&str> = AppealType::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(
        codes,
        ["consult", "help", "complaint", "report", "praise", "suggestion"]
    );
    let seventh = DraftFields {
        appeal_type: Some("petition".to_owned()),
        ..DraftFields::default()
    };
    let refused = save(&mut opened(), seventh).unwrap_err();
    assert_eq!(
        (refused.field(), refused.clause()),
        (
            Some("appeal_type"),
            Some(format!("DB1302/T 604—2025 {CLAUSE_KINDS}"))
        )
    );
}

#[test]
fn unknown_codes_and_long_texts_are_refused_by_field() {
    let text = |text: &str| Some(text.to_owned());
    let long = |max: usize| Some("长".repeat(max + 1));
    let none = DraftFields::default;
    let table = [
        (
            "category",
            "unknown_code",
            DraftFields {
                category: text("999999"),
                ..none()
            },
        ),
        (
            "urgency",
            "unknown_code",
            DraftFields {
                urgency: text("soon"),
                ..none()
            },
        ),
        (
            "appellant_kind",
            "unknown_code",
            DraftFields {
                appellant_kind: text("cat"),
                ..none()
            },
        ),
        (
            "region",
            "unknown_code",
            DraftFields {
                region: text("110000"),
                ..none()
            },
        ),
        (
            "place",
            "unknown_code",
            DraftFields {
                place: text("here"),
                ..none()
            },
        ),
        (
            "region",
            "missing",
            DraftFields {
                place: text("at"),
                ..none()
            },
        ),
        (
            "name",
            "too_long",
            DraftFields {
                name: long(NAME_MAX),
                ..none()
            },
        ),
        (
            "content",
            "too_long",
            DraftFields {
                content: long(CONTENT_MAX),
                ..none()
            },
        ),
        (
            "address",
            "too_long",
            DraftFields {
                region: text("130200"),
                address: long(ADDRESS_MAX),
                ..none()
            },
        ),
        (
            "contact_phone",
            "too_long",
            DraftFields {
                contact_phone: text(&"1".repeat(33)),
                ..none()
            },
        ),
        (
            "name",
            "not_text",
            DraftFields {
                name: text("a\u{0}b"),
                ..none()
            },
        ),
    ];
    for (field, reason, fields) in table {
        let mut ticket = opened();
        let refused = save(&mut ticket, fields).unwrap_err();
        let clause = match field {
            "appellant_kind" => "3.3",
            _ => CLAUSE_ITEMS,
        };
        assert_eq!(
            refused,
            TicketError::Invalid {
                field,
                reason,
                clause
            }
        );
        assert_eq!(ticket, opened(), "a refusal changes nothing");
    }
    let longest = DraftFields {
        content: Some("长".repeat(CONTENT_MAX)),
        ..none()
    };
    assert!(save(&mut opened(), longest).is_ok());
}

#[test]
fn a_place_is_asked_for_told_and_taken_back() {
    let mut ticket = opened();
    let region = |code: &str| DraftFields {
        region: Some(code.to_owned()),
        ..DraftFields::default()
    };
    save(&mut ticket, region("130202001")).unwrap();
    let at = Place::At {
        region: "130202001".to_owned(),
        address: String::new(),
    };
    assert_eq!(ticket.draft.place, at);
    let none = DraftFields {
        place: Some("none".to_owned()),
        ..DraftFields::default()
    };
    save(&mut ticket, none).unwrap();
    assert_eq!(ticket.draft.place, Place::None);
    let unset = DraftFields {
        place: Some(String::new()),
        ..DraftFields::default()
    };
    save(&mut ticket, unset).unwrap();
    assert_eq!(ticket.draft.place, Place::Unset);
}

#[test]
fn the_same_values_again_are_no_change() {
    let mut ticket = opened();
    save(&mut ticket, complete()).unwrap();
    assert_eq!(save(&mut ticket, complete()), Ok(vec![]));
    assert_eq!(ticket.version, 2);
}

#[test]
fn a_draft_prints_nobody() {
    let mut ticket = opened();
    let fields = DraftFields {
        region: Some("130200".to_owned()),
        address: Some("学院路".to_owned()),
        ..complete()
    };
    let shown = format!("{fields:?}");
    save(
        &mut ticket,
        DraftFields {
            place: None,
            ..fields
        },
    )
    .unwrap();
    let shown = format!("{shown}{ticket:?}{:?}", ticket.draft.place);
    assert!(!shown.contains("李女士") && !shown.contains("学院路"), "{shown}");
}

fn any_fields() -> impl Strategy<Value = DraftFields> {
    let text = || prop::option::of("[a-z一-龥 ]{0,12}");
    let one_of = |codes: &'static [&'static str]| {
        prop::option::of(prop::sample::select(codes).prop_map(str::to_owned))
    };
    let codes = (
        one_of(&["", "consult", "praise"]),
        one_of(&["", "010101", "140403"]),
        one_of(&["", "normal", "critical"]),
        one_of(&["", "none"]),
        one_of(&["130200", "130202001"]),
        one_of(&["", "person", "organization"]),
    );
    ((text(), text(), text(), text()), codes).prop_map(|(texts, codes)| {
        let (name, contact_phone, content, address) = texts;
        let (appeal_type, category, urgency, place, region, appellant_kind) = codes;
        DraftFields {
            name,
            appellant_kind,
            contact_phone,
            appeal_type,
            category,
            content,
            urgency,
            place,
            region,
            address,
            ..DraftFields::default()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn folding_the_facts_gives_the_order(saves in prop::collection::vec(any_fields(), 1..8)) {
        let mut ticket = opened();
        let mut folded = opened();
        for fields in saves {
            let before = ticket.version;
            for decision in decisions(&mut ticket, &Command::SaveDraft(fields)).unwrap() {
                let TicketFact::DraftSaved { changed, version } = &decision.fact else { unreachable!() };
                prop_assert_eq!(*version, before + 1);
                prop_assert_eq!(changed.len(), decision.personal.as_ref().unwrap().values.len());
                evolve::evolve(&mut folded, NOW, &decision.fact, decision.personal.as_ref());
            }
            prop_assert_eq!(&ticket, &folded);
        }
        let values = evolve::values(&ticket.draft);
        let mut again = rexian::ticket::model::Draft::default();
        evolve::set_values(&mut again, &values);
        prop_assert_eq!(again, ticket.draft);
    }
}
