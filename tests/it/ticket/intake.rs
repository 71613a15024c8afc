//! Opening, claiming, accepting.

use rexian::base::time::WallTime;
use rexian::ticket::command::Claim;
use rexian::ticket::command::Command;
use rexian::ticket::command::DraftFields;
use rexian::ticket::command::Import;
use rexian::ticket::command::OpenMatter;
use rexian::ticket::command::Opening;
use rexian::ticket::command::Receive;
use rexian::ticket::command::SendBack;
use rexian::ticket::command::SetFlag;
use rexian::ticket::decide::MATTERS_MAX;
use rexian::ticket::decide::ORIGINAL_MAX;
use rexian::ticket::model::AppellantKind;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::Closing;
use rexian::ticket::model::Flag;
use rexian::ticket::model::FollowupResult;
use rexian::ticket::model::RouteBasis;
use rexian::ticket::model::Satisfaction;
use rexian::ticket::model::State;
use rexian::ticket::reference::Kind;

use crate::ticket::desk::accepted;
use crate::ticket::desk::agent;
use crate::ticket::desk::by_call;
use crate::ticket::desk::claimed;
use crate::ticket::desk::complete;
use crate::ticket::desk::id;
use crate::ticket::desk::item;
use crate::ticket::desk::of;
use crate::ticket::desk::opened;
use crate::ticket::desk::other_agent;
use crate::ticket::desk::submit;
use crate::ticket::desk::text;
use crate::ticket::desk::written;
use crate::ticket::script::at;
use crate::ticket::script::dispatcher;
use crate::ticket::script::person;
use crate::ticket::script::supervisor;
use crate::ticket::script::unit;

const MON: &str = "2026-11-23 09:00";

fn matter() -> OpenMatter {
    OpenMatter {
        number: "20261123000003".to_owned(),
        agent: "1001".parse().unwrap(),
        matter: 2,
        first: id(1),
        interaction: None,
        recording: None,
        appellant: DraftFields {
            company: text("某厂"),
            appellant_kind: text("legal_person"),
            ..complete()
        },
    }
}

#[test]
fn a_call_opens_a_draft_without_clocks() {
    let script = of(MON, &by_call());
    let ticket = &script.ticket;
    assert_eq!((ticket.state, ticket.version), (State::Draft, 1));
    assert_eq!(ticket.agent.as_ref().map(|it| it.as_str()), Some("1001"));
    assert!(ticket.interaction.is_some() && ticket.clocks.is_empty());
}

#[test]
fn another_matter_takes_over_who_asks_and_not_what() {
    let ticket = opened(MON, &Opening::Matter(matter())).unwrap().ticket;
    assert_eq!((ticket.matter, ticket.first), (2, Some(id(1))));
    assert_eq!(ticket.draft.name, "李女士");
    assert_eq!(ticket.draft.company, "某厂");
    assert_eq!(ticket.draft.appellant_kind, Some(AppellantKind::LegalPerson));
    assert_eq!(
        (ticket.draft.content.as_str(), ticket.draft.appeal_type),
        ("", None)
    );
    for no in [0, 1, MATTERS_MAX + 1] {
        let refused = opened(
            MON,
            &Opening::Matter(OpenMatter {
                matter: no,
                ..matter()
            }),
        )
        .unwrap_err();
        assert_eq!(
            (refused.field(), refused.clause()),
            (Some("matter"), Some("DB1302/T 604—2025 3.4".to_owned()))
        );
    }
    let itself = OpenMatter {
        first: id(7),
        ..matter()
    };
    assert_eq!(
        opened(MON, &Opening::Matter(itself)).unwrap_err().field(),
        Some("first")
    );
}

#[test]
fn where_matters_are_items_of_one_order_no_second_one_is_opened() {
    let script = of(MON, &by_call()).with(Kind::Settings, "\"split\"", "\"items\"");
    let refused = crate::ticket::desk::opened_with(MON, &Opening::Matter(matter()), &script.reference);
    assert_eq!(
        refused.unwrap_err().to_string(),
        "DB1302/T 604—2025 3.4: matters_are_items"
    );
}

#[test]
fn an_item_of_another_channel_keeps_its_words_to_the_letter_and_waits_in_the_inbox() {
    let mut script = of(MON, &Opening::Received(item("app")));
    assert_eq!(script.ticket.state, State::Intake);
    assert_eq!(script.ticket.texts.get("original.text"), " 路灯不亮\n请尽快 ");
    assert_eq!(script.due(ClockKind::Inbox, 0), "2026-11-23 11:00");
    script.give("2026-11-23 09:10", &agent(), Command::Claim(Claim {}));
    script.give("2026-11-23 09:10", &agent(), Command::SaveDraft(complete()));
    assert_eq!(script.ticket.state, State::Draft);
    assert_eq!(script.ticket.texts.get("original.text"), " 路灯不亮\n请尽快 ");
    assert_eq!(script.due(ClockKind::Inbox, 0), "-");
}

#[test]
fn each_channel_has_its_own_time_in_the_inbox() {
    for (channel, due) in [
        ("sms", "2026-11-23 09:03"),
        ("mailbox", "2026-11-24 09:00"),
        ("people.cn", "2026-11-23 11:00"),
    ] {
        let script = of(MON, &Opening::Received(item(channel)));
        assert_eq!(script.due(ClockKind::Inbox, 0), due, "{channel}");
    }
}

#[test]
fn an_item_without_words_or_with_too_many_or_with_a_wrong_digest_is_refused_by_field() {
    let table = [
        (
            "original",
            Receive {
                original: "".into(),
                ..item("app")
            },
        ),
        (
            "original",
            Receive {
                original: "长".repeat(ORIGINAL_MAX + 1).as_str().into(),
                ..item("app")
            },
        ),
        (
            "digest",
            Receive {
                digest: "AB".repeat(32),
                ..item("app")
            },
        ),
        (
            "channel",
            Receive {
                channel: String::new(),
                ..item("app")
            },
        ),
        (
            "external",
            Receive {
                external: text("a b"),
                ..item("app")
            },
        ),
    ];
    for (field, item) in table {
        let refused = opened(MON, &Opening::Received(item)).unwrap_err();
        assert_eq!(refused.field(), Some(field));
    }
}

#[test]
fn an_item_is_claimed_once_and_by_somebody_who_answers_calls() {
    let mut script = of(MON, &Opening::Received(item("app")));
    let claim = || Command::Claim(Claim {});
    let without = person("guest", rexian::account::Role::Agent, "hotline");
    assert_eq!(script.refused(MON, &without, claim()), "7.1.2 b: no_agent");
    assert_eq!(script.refused(MON, &unit("cg"), claim()), "7.1.2 b: role");
    assert_eq!(script.give(MON, &agent(), claim()).len(), 2);
    assert_eq!(
        script.refused(MON, &other_agent(), claim()),
        "7.1.2 b: not in state draft"
    );
}

#[test]
fn an_order_of_an_older_system_is_closed_with_its_last_word_and_has_no_clock() {
    let import = Import {
        number: "20261123000009".to_owned(),
        old_number: "2024-0815-7".to_owned(),
        fields: complete(),
        reply: "已修复".into(),
        unit: Some("cg".parse().unwrap()),
        accepted_at: at("2024-08-15 09:00"),
        closed_at: at("2024-08-20 10:00"),
        result: Some(FollowupResult::Solved),
        satisfaction: None,
    };
    let ticket = opened(MON, &Opening::Imported(import.clone())).unwrap().ticket;
    assert_eq!(
        (ticket.state, ticket.closing),
        (State::Closed, Some(Closing::Imported))
    );
    assert_eq!(ticket.accepted_at, Some(import.accepted_at));
    assert_eq!(ticket.closed_at, Some(import.closed_at));
    assert_eq!(ticket.unit().map(|it| it.as_str()), Some("cg"));
    let word = ticket.cycle().and_then(|cycle| cycle.city.clone()).unwrap();
    assert_eq!(
        (word.result, word.satisfaction),
        (FollowupResult::Solved, Satisfaction::NoComment)
    );
    assert!(ticket.clocks.is_empty());
    let table = [
        (
            "closed_at",
            Import {
                closed_at: at("2024-08-14 10:00"),
                ..import.clone()
            },
        ),
        (
            "closed_at",
            Import {
                closed_at: at("2027-01-01 10:00"),
                ..import.clone()
            },
        ),
        (
            "unit",
            Import {
                unit: Some("nobody".parse().unwrap()),
                ..import
            },
        ),
    ];
    for (field, import) in table {
        assert_eq!(
            opened(MON, &Opening::Imported(import)).unwrap_err().field(),
            Some(field)
        );
    }
}

#[test]
fn an_accepted_appeal_starts_the_two_hours_and_the_citizens_clock() {
    let mut script = written(MON, complete());
    let facts = script.give("2026-11-23 09:05", &agent(), submit());
    assert_eq!(
        facts,
        [
            "submitted appeal_type=help category=140403 category_version=1 urgency=normal version=3",
            "accepted at=2026-11-23 09:05",
            "clock_started dispatch/0/0 2h → 2026-11-23 11:05 by organ !2026-11-23 10:35",
            "clock_started citizen/0/0  → null by organ",
        ]
    );
    assert_eq!(script.ticket.state, State::PendingDispatch);
    assert_eq!(
        script.refused("2026-11-23 09:06", &agent(), submit()),
        "7.1.2 a: not in state pending_dispatch"
    );
}

#[test]
fn an_urgent_appeal_also_waits_for_the_duty_office() {
    for (urgency, dispatch) in [("urgent", "2026-11-23 11:00"), ("critical", "2026-11-23 09:15")] {
        let script = accepted(
            MON,
            DraftFields {
                urgency: text(urgency),
                ..complete()
            },
        );
        assert_eq!(script.due(ClockKind::Dispatch, 0), dispatch, "{urgency}");
        assert_eq!(
            script.due(ClockKind::DutyNotice, 0),
            "2026-11-23 09:15",
            "{urgency}"
        );
    }
    let praise = DraftFields {
        urgency: text("urgent"),
        appeal_type: text("praise"),
        ..complete()
    };
    assert_eq!(accepted(MON, praise).due(ClockKind::DutyNotice, 0), "-");
}

#[test]
fn a_draft_is_its_agents_and_a_supervisors() {
    let mut script = written(MON, complete());
    assert_eq!(
        script.refused(MON, &other_agent(), submit()),
        "7.1.2 a: not_your_order"
    );
    let save = || {
        Command::SaveDraft(DraftFields {
            name: text("王先生"),
            ..DraftFields::default()
        })
    };
    assert_eq!(
        script.refused(MON, &other_agent(), save()),
        "7.1.2 a: not_your_order"
    );
    assert_eq!(script.give(MON, &supervisor(), save()).len(), 1);
    assert_eq!(script.refused(MON, &dispatcher(), save()), "7.1.2 a: role");
}

#[test]
fn a_legal_person_needs_its_name_and_is_an_enterprise() {
    let kind = |kind: &str, company: &str| DraftFields {
        appellant_kind: text(kind),
        company: text(company),
        ..complete()
    };
    for code in ["legal_person", "organization"] {
        let mut script = written(MON, kind(code, ""));
        assert_eq!(script.refused(MON, &agent(), submit()), "3.3: missing company");
        let mut script = written(MON, kind(code, "某厂"));
        let facts = script.give(MON, &agent(), submit());
        assert_eq!(facts[0], "flagged flag=enterprise on=true");
        assert!(script.ticket.flags.contains(&Flag::Enterprise));
    }
    let script = accepted(MON, kind("person", ""));
    assert!(!script.ticket.is_enterprise());
}

#[test]
fn a_business_matter_of_a_person_is_marked_by_the_agent() {
    let mut script = written(MON, complete());
    let flag = SetFlag {
        flag: Flag::Enterprise,
        on: true,
        reason: "".into(),
    };
    script.give(MON, &agent(), Command::SetFlag(flag));
    let facts = script.give(MON, &agent(), submit());
    assert!(!facts.iter().any(|fact| fact.starts_with("flagged")), "{facts:?}");
    assert!(script.ticket.is_enterprise());
}

fn for_grid() -> DraftFields {
    DraftFields {
        category: text("010102"),
        place: None,
        region: text("130202001"),
        ..complete()
    }
}

#[test]
fn a_matter_of_the_grid_list_goes_to_the_grid_without_a_dispatcher() {
    let mut script = written(MON, for_grid());
    let facts = script.give(MON, &agent(), submit());
    let kinds: Vec<&str> = facts.iter().map(|fact| fact.split(' ').next().unwrap()).collect();
    assert_eq!(
        kinds[..4],
        ["submitted", "accepted", "clock_started", "dispatched"],
        "{facts:?}"
    );
    assert_eq!(script.ticket.state, State::PendingSign);
    let cycle = script.ticket.cycle().unwrap();
    assert_eq!(
        (cycle.basis, cycle.grid.as_deref()),
        (Some(RouteBasis::Grid), Some("130202001-g01"))
    );
    assert_eq!(script.due(ClockKind::Dispatch, 0), "-");
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-30 24:00");
    assert!(script.running(ClockKind::Citizen, 0).is_some());
}

#[test]
fn what_needs_judgement_is_not_sent_to_the_grid_by_itself() {
    let table = [
        DraftFields {
            category: text("140403"),
            ..for_grid()
        },
        DraftFields {
            region: text("130202"),
            ..for_grid()
        },
        DraftFields {
            secrecy: Some(true),
            ..for_grid()
        },
        DraftFields {
            urgency: text("critical"),
            ..for_grid()
        },
        DraftFields {
            appeal_type: text("praise"),
            ..for_grid()
        },
        DraftFields {
            target_organ: text("t130202"),
            ..for_grid()
        },
    ];
    for (no, fields) in table.into_iter().enumerate() {
        assert_eq!(accepted(MON, fields).ticket.state, State::PendingDispatch, "{no}");
    }
}

#[test]
fn what_a_grid_officer_reports_goes_to_a_dispatcher() {
    let mut script = of(
        MON,
        &Opening::Received(Receive {
            grid: true,
            ..item("grid")
        }),
    );
    script.give(MON, &agent(), Command::Claim(Claim {}));
    script.give(MON, &agent(), Command::SaveDraft(for_grid()));
    script.give(MON, &agent(), submit());
    assert_eq!(script.ticket.state, State::PendingDispatch);
    assert!(script.ticket.origin.grid);
}

#[test]
fn an_order_that_was_sent_back_is_not_accepted_twice() {
    let mut script = accepted(MON, complete());
    let first: Option<WallTime> = script.ticket.accepted_at;
    script.give(
        "2026-11-23 09:30",
        &dispatcher(),
        Command::SendBack(SendBack {
            reason: "缺少地址".into(),
        }),
    );
    assert_eq!(script.ticket.state, State::Draft);
    let facts = script.give("2026-11-23 10:00", &agent(), submit());
    assert_eq!(facts.len(), 1, "{facts:?}");
    assert_eq!(script.ticket.accepted_at, first);
    assert_eq!(script.due(ClockKind::Dispatch, 0), "2026-11-23 11:00");
}

#[test]
fn three_kinds_of_entry_make_the_same_kind_of_order() {
    let by_call = accepted(MON, complete());
    let mut by_item = claimed(MON, "app");
    by_item.give(MON, &agent(), submit());
    let mut by_grid = of(
        MON,
        &Opening::Received(Receive {
            grid: true,
            ..item("grid")
        }),
    );
    by_grid.give(MON, &agent(), Command::Claim(Claim {}));
    by_grid.give(MON, &agent(), Command::SaveDraft(complete()));
    by_grid.give(MON, &agent(), submit());
    for script in [by_call, by_item, by_grid] {
        assert_eq!(script.ticket.state, State::PendingDispatch);
        assert_eq!(script.due(ClockKind::Dispatch, 0), "2026-11-23 11:00");
    }
}
