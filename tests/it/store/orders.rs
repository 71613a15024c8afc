//! Orders that come otherwise than by a draft, commands that concern two orders, keys, bounds, and what the first schema
//! held.

use std::sync::Arc;

use rexian::account::Principal;
use rexian::account::Role;
use rexian::base::ids::TicketId;
use rexian::base::random::Random;
use rexian::engine::alarms::AlarmParts;
use rexian::engine::alarms::Alarms;
use rexian::engine::metrics::Metrics;
use rexian::engine::outbox::Outbox;
use rexian::engine::outbox::OutboxParts;
use rexian::engine::outbox::Pace;
use rexian::engine::ticket_service::Give;
use rexian::engine::ticket_service::OpenedTicket;
use rexian::engine::ticket_service::TicketService;
use rexian::engine::ticket_service::TicketServiceError;
use rexian::engine::ticket_service::TicketServiceParts;
use rexian::fact::Fact;
use rexian::fact::account::AccountFact;
use rexian::fact::codec;
use rexian::io::clock::SystemClock;
use rexian::io::notify;
use rexian::io::notify::NotifyConfig;
use rexian::io::notify::SmsConfig;
use rexian::io::notify::render::SiteWords;
use rexian::io::store::Store;
use rexian::io::store::migrate::MIGRATIONS;
use rexian::io::store::outbox::OutboxFilter;
use rexian::io::store::tickets::TicketFilter;
use rexian::ticket::command::Command;
use rexian::ticket::command::DraftFields;
use rexian::ticket::command::Import;
use rexian::ticket::command::OpenMatter;
use rexian::ticket::command::Opening;
use rexian::ticket::command::Receive;
use rexian::ticket::decide::By;
use rexian::ticket::decide::FACTS_MAX;
use rexian::ticket::decide::TicketError;
use rexian::ticket::model::Place;
use rexian::ticket::model::State;
use rexian::ticket::reference::Reference;
use serde_json::json;

use crate::store::Bench;
use crate::store::CallIds;
use crate::store::at;
use crate::store::fold::command;
use crate::store::fold::folded;
use crate::store::fold::who;
use crate::store::on_both;
use crate::store::tickets::agent;
use crate::store::tickets::complete;
use crate::store::tickets::draft_of;
use crate::store::zone;

const SHA: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

async fn give(
    bench: &Bench,
    who: &Principal,
    ticket: TicketId,
    command: &Command,
) -> Result<OpenedTicket, TicketServiceError> {
    let give = Give {
        by: By::User(who),
        ticket,
        command,
        expected: None,
        key: None,
    };
    bench.tickets().give(give).await
}

async fn submitted(bench: &Bench, seed: u64) -> TicketId {
    let id = draft_of(bench, CallIds::number(seed)).await.row.ticket.id;
    bench.tickets().save(&agent(), id, complete(), 1).await.unwrap();
    give(bench, &agent(), id, &command(json!({"command": "submit"})))
        .await
        .unwrap();
    id
}

fn received(external: &str) -> Opening {
    Opening::Received(Receive {
        number: String::new(),
        channel: "app".to_owned(),
        platform: Some("province".to_owned()),
        external: Some(external.to_owned()),
        deadline: None,
        digest: SHA.to_owned(),
        grid: false,
        original: "楼下井盖丢了，晚上很危险。".into(),
        fields: DraftFields {
            contact_phone: Some("13900139000".to_owned()),
            content: Some("楼下井盖丢了，晚上很危险。".to_owned()),
            ..DraftFields::default()
        },
    })
}

#[test]
fn an_appeal_of_another_platform_opens_one_order_that_is_found_by_its_number() {
    on_both(async |bench| {
        let tickets = bench.tickets();
        let first = tickets.open(By::System, &received("HB-1")).await.unwrap();
        let again = tickets.open(By::System, &received("HB-1")).await.unwrap();
        assert_eq!(first.row.ticket.id, again.row.ticket.id);
        assert_eq!(first.row.ticket.state, State::Intake);
        let opening = received("HB-2");
        let (one, other) = tokio::join!(
            tickets.open(By::System, &opening),
            tickets.open(By::System, &opening)
        );
        assert_eq!(
            one.unwrap().row.ticket.id,
            other.unwrap().row.ticket.id,
            "both at once are one"
        );
        let second = tickets.open(By::System, &received("HB-3")).await.unwrap();
        assert_eq!(second.row.ticket.number, "20261123000003", "no number is skipped");
        let tag = first.row.contact_tag.clone();
        assert!(tag.is_some() && first.row.caller.as_ref().unwrap().number_tag == tag);
        let filter = TicketFilter {
            caller_tag: tag,
            limit: 10,
            ..TicketFilter::default()
        };
        assert_eq!(bench.store.tickets(&filter).await.unwrap().0.len(), 3);
        let read = tickets.ticket(first.row.ticket.id).await.unwrap();
        assert_eq!(read, first);
        assert_eq!(
            read.row.ticket.texts.get("original.text"),
            "楼下井盖丢了，晚上很危险。"
        );
        assert_eq!(folded(bench, first.row.ticket.id).await, read.row.ticket);
    });
}

#[test]
fn an_order_of_an_older_system_is_taken_over_once_and_runs_no_clock() {
    on_both(async |bench| {
        let import = || {
            Opening::Imported(Import {
                number: String::new(),
                old_number: "2019-113".to_owned(),
                fields: DraftFields {
                    content: Some("路灯不亮。".to_owned()),
                    ..DraftFields::default()
                },
                reply: "已经修复。".into(),
                unit: Some("ga".parse().unwrap()),
                accepted_at: at(0).wall,
                closed_at: at(0).wall,
                result: None,
                satisfaction: None,
            })
        };
        bench.clock.advance_ms(1_000);
        let first = bench.tickets().open(By::System, &import()).await.unwrap();
        let again = bench.tickets().open(By::System, &import()).await.unwrap();
        assert_eq!(first.row.ticket.id, again.row.ticket.id);
        assert_eq!(first.row.ticket.state, State::Closed);
        assert_eq!(bench.store.clocks_running().await.unwrap(), 0);
        let row = bench.tickets().ticket(first.row.ticket.id).await.unwrap();
        assert_eq!(folded(bench, first.row.ticket.id).await, row.row.ticket);
    });
}

#[test]
fn another_matter_of_a_call_takes_over_who_asks() {
    on_both(async |bench| {
        let tickets = bench.tickets();
        let ids = CallIds::number(1);
        let first = draft_of(bench, ids).await.row.ticket.id;
        tickets.save(&agent(), first, complete(), 1).await.unwrap();
        let matter = Opening::Matter(OpenMatter {
            number: String::new(),
            agent: "1001".parse().unwrap(),
            matter: 0,
            first,
            interaction: None,
            recording: None,
            appellant: DraftFields::default(),
        });
        let who = agent();
        let second = tickets.open(By::User(&who), &matter).await.unwrap().row.ticket;
        let third = tickets.open(By::User(&who), &matter).await.unwrap().row.ticket;
        assert_eq!((second.matter, third.matter), (2, 3));
        assert_eq!((second.interaction, second.first), (Some(ids.call), Some(first)));
        assert_eq!(second.draft.name, "王小明");
        assert_eq!(second.draft.content, "");
        assert_eq!(folded(bench, second.id).await, second);
        assert_eq!(bench.store.tickets_of(ids.call).await.unwrap().len(), 3);
        assert_eq!(
            tickets.ticket_of(ids.call).await.unwrap().unwrap().row.ticket.id,
            first
        );
    });
}

#[test]
fn a_merge_is_written_on_both_orders_or_on_none() {
    on_both(async |bench| {
        let tickets = bench.tickets();
        let master = submitted(bench, 1).await;
        let repeat = draft_of(bench, CallIds::number(2)).await.row.ticket.id;
        tickets.save(&agent(), repeat, complete(), 1).await.unwrap();
        let merge = |master: TicketId| {
            command(
                json!({"command": "merge", "master": master.to_string(), "score": 900, "told": "已告知并单办理"}),
            )
        };
        let nowhere = give(bench, &agent(), repeat, &merge(TicketId::default()))
            .await
            .unwrap_err();
        assert!(matches!(nowhere, TicketServiceError::Refused(_)), "{nowhere}");
        let merged = give(bench, &agent(), repeat, &merge(master)).await.unwrap();
        assert_eq!(merged.row.ticket.state, State::Merged);
        let known = tickets.ticket(master).await.unwrap().row.ticket;
        assert_eq!(known.repeats, [(repeat, true)], "the same number to call back");
        let boss = who(Role::Supervisor, "hotline");
        let unmerge = command(json!({"command": "unmerge", "reason": "事实不同，应当单独办理"}));
        give(bench, &boss, repeat, &unmerge).await.unwrap();
        assert_eq!(tickets.ticket(master).await.unwrap().row.ticket.repeats, []);
        for id in [master, repeat] {
            assert_eq!(
                folded(bench, id).await,
                tickets.ticket(id).await.unwrap().row.ticket
            );
        }
    });
}

#[test]
fn who_may_not_give_a_command_is_refused_with_the_clause_and_stands_in_the_trail() {
    on_both(async |bench| {
        let id = submitted(bench, 1).await;
        let dispatch = command(
            json!({"command": "dispatch", "unit": "ga", "basis": "judgement", "reason": "按职责判断"}),
        );
        let refused = give(bench, &agent(), id, &dispatch).await.unwrap_err();
        let TicketServiceError::Refused(error) = refused else {
            panic!("{refused}")
        };
        assert!(matches!(error, TicketError::Forbidden { .. }));
        assert!(
            error.clause().unwrap().starts_with("DB1302/T 604—2025 7."),
            "{error}"
        );
        let facts = bench
            .store
            .facts_after("n1-db", rexian::fact::FactNo(0), 500)
            .await
            .unwrap();
        let last = codec::decode(facts.last().unwrap().1.as_bytes()).unwrap();
        let denied = AccountFact::PermissionDenied {
            verb: "ticket.dispatch".to_owned(),
            object: format!("ticket/{id}"),
        };
        assert_eq!(last.fact().unwrap(), Some(Fact::Account(denied)));
    });
}

#[test]
fn a_key_that_came_before_does_nothing_again() {
    on_both(async |bench| {
        let tickets = bench.tickets();
        let id = submitted(bench, 1).await;
        let who = agent();
        let urge = command(json!({"command": "urge", "by": "appellant", "text": "请尽快办理"}));
        let with = |key| Give {
            by: By::User(&who),
            ticket: id,
            command: &urge,
            expected: None,
            key: Some(key),
        };
        let before = tickets.ticket(id).await.unwrap().row.ticket.urges.len();
        let once = tickets.give(with("u-1")).await;
        if let Ok(once) = once {
            assert_eq!(tickets.give(with("u-1")).await.unwrap(), once);
            let twice = tickets.give(with("u-2")).await.unwrap();
            assert_eq!(twice.row.ticket.urges.len(), before + 2);
        } else {
            panic!("{once:?}");
        }
    });
}

#[test]
fn an_order_takes_no_more_facts_than_the_bound_but_the_program_can_end_it() {
    on_both(async |bench| {
        let id = submitted(bench, 1).await;
        let full = format!(
            "UPDATE ticket SET version = {FACTS_MAX}, body = REPLACE(body, '\"version\":', '\"version\":{FACTS_MAX},\"was\":') WHERE id = '{id}'"
        );
        bench.meddle(&full).await;
        let facts = command(json!({"command": "add_facts", "by": "appellant", "text": "补充一句话。"}));
        let refused = give(bench, &agent(), id, &facts).await.unwrap_err();
        let TicketServiceError::Refused(refused) = refused else {
            panic!("{refused}")
        };
        assert_eq!(
            refused,
            TicketError::Rule {
                rule: "too_many_facts",
                clause: "7.9.1"
            }
        );
        bench.tickets().give(Give::by_system(id, &facts)).await.unwrap();
    });
}

#[test]
fn a_list_is_narrowed_by_unit_and_hides_confidential_orders_from_whom_they_do_not_concern() {
    on_both(async |bench| {
        let (one, other) = (submitted(bench, 1).await, submitted(bench, 2).await);
        let dispatcher = who(Role::Dispatcher, "hotline");
        let dispatch = command(
            json!({"command": "dispatch", "unit": "ga", "basis": "judgement", "reason": "按职责判断应由该单位办理"}),
        );
        give(bench, &dispatcher, one, &dispatch).await.unwrap();
        let circle = command(
            json!({"command": "set_circle", "confidential": true, "circle": ["li"], "reason": "涉及个人隐私"}),
        );
        give(bench, &who(Role::Supervisor, "hotline"), other, &circle)
            .await
            .unwrap();
        let list = async |filter: TicketFilter| {
            let filter = TicketFilter { limit: 10, ..filter };
            let (rows, _) = bench.store.tickets(&filter).await.unwrap();
            let mut ids: Vec<TicketId> = rows.into_iter().map(|row| row.ticket.id).collect();
            ids.sort();
            ids
        };
        let organs = |organ: &str| TicketFilter {
            organs: vec![organ.parse().unwrap()],
            ..TicketFilter::default()
        };
        let reader = |name: &str| TicketFilter {
            reader: Some(name.parse().unwrap()),
            ..TicketFilter::default()
        };
        assert_eq!(list(organs("ga")).await, [one]);
        assert_eq!(list(organs("jy")).await, []);
        assert_eq!(list(reader("zhao")).await, [one]);
        let mut both = vec![one, other];
        both.sort();
        assert_eq!(list(reader("li")).await, both);
        let below = TicketFilter {
            category: Some("0102".to_owned()),
            states: vec![State::PendingSign, State::Handling],
            ..TicketFilter::default()
        };
        assert_eq!(list(below).await, [one]);
        let due = TicketFilter {
            due: Some(rexian::io::store::tickets::Deadlines::Before(
                at(40 * 86_400_000).wall,
            )),
            ..TicketFilter::default()
        };
        assert_eq!(list(due).await, [one], "only what has a limit is overdue");
    });
}

#[test]
fn orders_of_the_first_schema_are_carried_over() {
    on_both(async |bench| {
        // The schema as the first release left it, with a submitted order, and a draft that says almost nothing.
        let first = include_str!("../../../src/io/store/migrations/0001_first.sql");
        let made: Vec<&str> = MIGRATIONS
            .iter()
            .flat_map(|it| it.sql.split("CREATE TABLE ").skip(1))
            .collect();
        let tables = made
            .iter()
            .rev()
            .filter_map(|rest| rest.split_whitespace().next());
        // These two took the place of tables that are in the first schema.
        let tables = tables.filter(|table| !["ticket_2", "offer_any"].contains(table));
        let drops: String = tables.map(|table| format!("DROP TABLE {table};")).collect();
        let id = |last: u32| format!("0199f5c2-1000-7000-8000-00000000000{last}");
        let orders = format!(
            "INSERT INTO ticket VALUES ('{}', '20261123000001', '12345678', 'pending_dispatch', '{}', NULL, 'HS256:aa', 'main',
                'general', '1001', NULL, 'legal_person', 'help', '010202', 1, 'urgent', 'at', '130202001', NULL, 'k-1', 3,
                {now}, {now} + 5, {now} + 5);
             INSERT INTO ticket VALUES ('{}', '20261123000002', '12345679', 'draft', '{}', NULL, NULL, NULL, 'general', '1002',
                NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, 1, {now}, {now}, NULL);",
            id(1), id(2), id(3), id(4), now = at(0).wall.as_micros()
        );
        bench.store.close().await;
        bench
            .meddle(&format!(
                "{drops} {first} {orders} DELETE FROM schema_migration WHERE 1 < version;"
            ))
            .await;
        let store = Store::open(&bench.address, at(1).wall).await.unwrap();
        let row = store.ticket(id(1).parse().unwrap()).await.unwrap().unwrap();
        let ticket = &row.ticket;
        assert_eq!(
            (ticket.state, ticket.version, ticket.matter),
            (State::PendingDispatch, 3, 1)
        );
        assert_eq!(ticket.interaction.unwrap().to_string(), id(2));
        assert_eq!(ticket.draft.category, "010202");
        assert_eq!(ticket.draft.place.region(), Some("130202001"));
        assert_eq!(ticket.accepted_at, ticket.submitted_at);
        assert!(ticket.is_enterprise());
        let draft = store
            .ticket(id(3).parse().unwrap())
            .await
            .unwrap()
            .unwrap()
            .ticket;
        assert_eq!(
            (draft.draft.place.clone(), draft.state),
            (Place::Unset, State::Draft)
        );
        let filter = TicketFilter {
            enterprise: Some(true),
            caller_tag: Some("HS256:aa".to_owned()),
            limit: 5,
            ..TicketFilter::default()
        };
        assert_eq!(store.tickets(&filter).await.unwrap().0.len(), 1);
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.command_key(ticket.id, "k-1").await.unwrap(), Some(3));
        drop(tx);
        store.close().await;
    });
}

/// An outbox whose senders nobody runs: what was queued stands in its rows.
async fn outbox(bench: &Bench) -> Outbox {
    let alarms = Alarms::load(AlarmParts {
        store: bench.store.clone(),
        audit: bench.audit(),
        clock: Arc::new(SystemClock::new()),
        metrics: Arc::new(Metrics::default()),
        random: Random::from_number(3),
    })
    .await
    .unwrap();
    let config = NotifyConfig {
        signature: "12345".to_owned(),
        sms: SmsConfig::File,
        webhook: None,
    };
    let ways = notify::open(&config, bench.data.path(), &zone(), bench.clock.clone()).unwrap();
    let (outbox, _, _) = Outbox::new(OutboxParts {
        store: bench.store.clone(),
        audit: bench.audit(),
        alarms,
        clock: bench.clock.clone(),
        node: "n1".to_owned(),
        site: SiteWords {
            city: "唐山市".to_owned(),
            signature: "12345".to_owned(),
        },
        area_code: "315".to_owned(),
        sms: ways.sms,
        webhook: ways.webhook,
        incoming: ways.incoming,
        pace: Pace::STANDARD,
    });
    outbox
}

async fn told(bench: &Bench, id: TicketId) -> Vec<(&'static str, &'static str, bool)> {
    let filter = OutboxFilter {
        ticket: Some(id),
        limit: 100,
        ..OutboxFilter::default()
    };
    let (rows, _) = bench.store.notifications(&filter).await.unwrap();
    let told = rows.into_iter().map(|row| row.notification);
    let mut told: Vec<_> = told
        .map(|it| (it.template.code(), it.recipient_kind.code(), it.confidential))
        .collect();
    told.sort_unstable();
    told
}

#[test]
fn messages_are_queued_with_the_command_that_asks_for_them() {
    on_both(async |bench| {
        let tickets = TicketService::new(TicketServiceParts {
            store: bench.store.clone(),
            audit: bench.audit(),
            keys: bench.keys.clone(),
            clock: bench.clock.clone(),
            random: Random::from_number(99),
            zone: zone(),
            area_code: "315".to_owned(),
            reference: Arc::new(|| Reference::shipped().unwrap()),
            search: None,
            outbox: Some(outbox(bench).await),
        });
        let give = async |who: &Principal, id: TicketId, value: serde_json::Value| {
            let command = command(value);
            let give = Give {
                by: By::User(who),
                ticket: id,
                command: &command,
                expected: None,
                key: None,
            };
            tickets.give(give).await
        };
        let submit = json!({"command": "submit"});
        let dispatch = json!({"command": "dispatch", "unit": "ga", "basis": "judgement", "reason": "按职责判断应由该单位办理"});
        let dispatcher = who(Role::Dispatcher, "hotline");
        let id = draft_of(bench, CallIds::number(1)).await.row.ticket.id;
        tickets.save(&agent(), id, complete(), 1).await.unwrap();
        give(&agent(), id, submit.clone()).await.unwrap();
        assert_eq!(told(bench, id).await, [("accepted", "appellant", false)]);
        // A refused command tells nobody.
        give(&agent(), id, dispatch.clone()).await.unwrap_err();
        give(&dispatcher, id, dispatch.clone()).await.unwrap();
        let expected = [
            ("accepted", "appellant", false),
            ("dispatched", "appellant", false),
            ("unit_new_order", "unit", false),
        ];
        assert_eq!(told(bench, id).await, expected);
        // Who asks for secrecy is told no more than number and code, and so is his unit.
        let secret = draft_of(bench, CallIds::number(2)).await.row.ticket.id;
        let fields = DraftFields {
            secrecy: Some(true),
            ..complete()
        };
        tickets.save(&agent(), secret, fields, 1).await.unwrap();
        give(&agent(), secret, submit).await.unwrap();
        give(&dispatcher, secret, dispatch).await.unwrap();
        let told = told(bench, secret).await;
        assert!(told.iter().all(|(_, _, confidential)| *confidential), "{told:?}");
    });
}
