//! The scheduler: what is due fires once, whoever fires it, whatever breaks off between, and costs by what is due.

use std::future::Future;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

use rexian::account::Role;
use rexian::base::ids::TicketId;
use rexian::base::random::Random;
use rexian::base::time::Clock;
use rexian::engine::deadlines::DeadlineParts;
use rexian::engine::deadlines::Deadlines;
use rexian::engine::deadlines::Fired;
use rexian::engine::ticket_service::Give;
use rexian::engine::ticket_service::TicketService;
use rexian::engine::ticket_service::TicketServiceParts;
use rexian::fact::Fact;
use rexian::fact::codec;
use rexian::fact::codes::ClockKind;
use rexian::fact::ticket::TicketFact;
use rexian::ticket::decide::By;
use rexian::ticket::model::State;
use rexian::ticket::reference::Kind;
use rexian::ticket::reference::Reference;
use serde_json::json;

use crate::store::Bench;
use crate::store::CallIds;
use crate::store::fold::command;
use crate::store::fold::folded;
use crate::store::fold::who;
use crate::store::on_both;
use crate::store::tickets::complete;
use crate::store::tickets::draft_of;
use crate::store::zone;

const DAY_MS: u64 = 86_400_000;

fn node(bench: &Bench, name: &str) -> Deadlines {
    Deadlines::new(DeadlineParts {
        store: bench.store.clone(),
        tickets: bench.tickets(),
        cases: bench.cases(),
        clock: bench.clock.clone(),
        node: name.to_owned(),
        on_archive_due: Arc::new(|_| ()),
    })
}

/// An order that a unit has to sign.
async fn dispatched(bench: &Bench, seed: u64) -> TicketId {
    let tickets = bench.tickets();
    let (agent, dispatcher) = (who(Role::Agent, "hotline"), who(Role::Dispatcher, "hotline"));
    let id = draft_of(bench, CallIds::number(seed)).await.row.ticket.id;
    tickets.save(&agent, id, complete(), 1).await.unwrap();
    let submit = command(json!({"command": "submit"}));
    let dispatch = command(
        json!({"command": "dispatch", "unit": "ga", "basis": "judgement", "reason": "按职责判断应由该单位办理"}),
    );
    for (giver, command) in [(&agent, &submit), (&dispatcher, &dispatch)] {
        let give = Give {
            by: By::User(giver),
            ticket: id,
            command,
            expected: None,
            key: None,
        };
        tickets.give(give).await.unwrap();
    }
    id
}

async fn facts(bench: &Bench, id: TicketId) -> Vec<TicketFact> {
    let texts = bench.store.facts_of_ticket(id).await.unwrap();
    let fact = |text: &String| match codec::decode(text.as_bytes()).unwrap().fact().unwrap() {
        Some(Fact::Ticket(fact)) => fact,
        other => panic!("{other:?}"),
    };
    texts.iter().map(|(_, text)| fact(text)).collect()
}

fn breaches(facts: &[TicketFact], kind: ClockKind) -> usize {
    let of_kind =
        |fact: &&TicketFact| matches!(fact, TicketFact::ClockBreached { clock } if clock.kind == kind);
    facts.iter().filter(of_kind).count()
}

fn supervised(facts: &[TicketFact]) -> usize {
    facts
        .iter()
        .filter(|fact| matches!(fact, TicketFact::Supervised { .. }))
        .count()
}

#[test]
fn two_schedulers_fire_a_clock_once() {
    on_both(async |bench| {
        let id = dispatched(bench, 1).await;
        let (one, other) = (node(bench, "n1"), node(bench, "n2"));
        assert_eq!(one.fire_due().await.unwrap(), Fired::default(), "nothing is due");
        bench.clock.advance_ms(3 * DAY_MS);
        // Both try at the same time, then both again, and one fires past every lease what was fired already.
        let due = one.take().await.unwrap();
        let (first, second) = tokio::join!(one.fire_due(), other.fire_due());
        let _ = (first.unwrap(), second.unwrap());
        for due in &due {
            let (first, second) = tokio::join!(one.fire(due), other.fire(due));
            let _ = (first.unwrap(), second.unwrap());
        }
        one.fire_due().await.unwrap();
        let facts = facts(bench, id).await;
        assert_eq!(breaches(&facts, ClockKind::Sign), 1, "{facts:#?}");
        assert_eq!(supervised(&facts), 1, "督办 a, once: {facts:#?}");
        assert_eq!(
            folded(bench, id).await,
            bench.tickets().ticket(id).await.unwrap().row.ticket
        );
    });
}

#[test]
fn a_scheduler_that_dies_at_any_point_leaves_the_clock_to_the_next() {
    on_both(async |bench| {
        for polls in 0..60_u32 {
            let id = dispatched(bench, 100 + u64::from(polls)).await;
            let dying = node(bench, "dying");
            bench.clock.advance_ms(6 * DAY_MS);
            let taken = dying.take().await.unwrap();
            let sign = taken
                .iter()
                .find(|it| it.ticket == id && it.clock.kind == ClockKind::Sign);
            let sign = sign.expect("the signature is late").clone();
            // Broken off after so many turns of the runtime: before it began, inside the transaction, after the commit.
            let fire = dying.fire(&sign);
            broken_off(fire, polls).await;
            drop(dying);
            let next = node(bench, "next");
            next.fire_due().await.unwrap();
            bench.clock.advance_ms(3_600_000);
            next.fire_due().await.unwrap();
            let facts = facts(bench, id).await;
            assert_eq!(
                breaches(&facts, ClockKind::Sign),
                1,
                "broken off after {polls} turns: {facts:#?}"
            );
            assert!(supervised(&facts) <= 2);
            assert_eq!(
                folded(bench, id).await,
                bench.tickets().ticket(id).await.unwrap().row.ticket
            );
        }
        assert_eq!(bench.audit().verify("n1-db").await.unwrap().faults, vec![]);
    });
}

async fn broken_off<T>(work: impl Future<Output = T>, turns: u32) {
    let limit = async {
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        _ = work => (),
        () = limit => (),
    }
}

#[test]
fn after_a_stop_everything_overdue_fires_at_once_the_longest_due_first() {
    on_both(async |bench| {
        let mut orders = Vec::new();
        for seed in 0..5 {
            orders.push(dispatched(bench, 10 + seed).await);
            bench.clock.advance_ms(DAY_MS);
        }
        bench.clock.advance_ms(30 * DAY_MS);
        let fired = node(bench, "n1").fire_due().await.unwrap();
        assert!(10 <= fired.changed, "sign and close of five orders: {fired:?}");
        assert_eq!(node(bench, "n1").fire_due().await.unwrap().changed, 0);
        let mut order_of_breach = Vec::new();
        for (_, text) in bench
            .store
            .facts_after("n1-db", rexian::fact::FactNo(0), 2_000)
            .await
            .unwrap()
        {
            let envelope = codec::decode(text.as_bytes()).unwrap();
            if let Some(Fact::Ticket(TicketFact::ClockBreached { clock })) = envelope.fact().unwrap()
                && clock.kind == ClockKind::Sign
            {
                order_of_breach.push(envelope.ticket.unwrap());
            }
        }
        assert_eq!(order_of_breach, orders);
    });
}

#[test]
fn a_running_scheduler_wakes_up_for_a_change_and_for_what_is_due() {
    on_both(async |bench| {
        let tickets = bench.tickets();
        let parts = DeadlineParts {
            store: bench.store.clone(),
            tickets: tickets.clone(),
            cases: bench.cases(),
            clock: bench.clock.clone(),
            node: "n1".to_owned(),
            on_archive_due: Arc::new(|_| ()),
        };
        let id = dispatched(bench, 1).await;
        let mut changes = tickets.subscribe();
        let running = tokio::spawn(Deadlines::new(parts).run(|error| panic!("{error}")));
        bench.clock.advance_ms(6 * DAY_MS);
        // A change of any order wakes it: it need not sleep to the end.
        tickets.tell(vec![rexian::engine::ticket_service::TicketChange {
            ticket: id,
            number: String::new(),
            interaction: None,
            agent: None,
            version: 0,
            quiet: false,
        }]);
        let late = async {
            loop {
                changes.recv().await.unwrap();
                if breaches(&facts(bench, id).await, ClockKind::Sign) == 1 {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), late).await.unwrap();
        running.abort();
    });
}

#[test]
fn a_published_calendar_moves_provisional_deadlines_forward() {
    on_both(async |bench| {
        let current = Arc::new(Mutex::new(Reference::shipped().unwrap()));
        let seen = Arc::clone(&current);
        let tickets = TicketService::new(TicketServiceParts {
            store: bench.store.clone(),
            audit: bench.audit(),
            keys: bench.keys.clone(),
            clock: bench.clock.clone(),
            random: Random::from_number(8),
            zone: zone(),
            area_code: "315".to_owned(),
            reference: Arc::new(move || Arc::clone(&seen.lock().unwrap())),
            search: None,
            outbox: None,
        });
        // Four days before the year ends for which a calendar is loaded.
        bench.clock.advance_ms(37 * DAY_MS);
        let id = dispatched(bench, 1).await;
        let close = async || {
            let ticket = tickets.ticket(id).await.unwrap().row.ticket;
            ticket.clock(ClockKind::Close, 0).unwrap().clone()
        };
        let before = close().await;
        assert!(before.provisional, "{before:?}");
        let deadlines = Deadlines::new(DeadlineParts {
            store: bench.store.clone(),
            tickets: tickets.clone(),
            cases: bench.cases(),
            clock: bench.clock.clone(),
            node: "n1".to_owned(),
            on_archive_due: Arc::new(|_| ()),
        });
        assert_eq!(deadlines.recompute().await.unwrap(), 0, "nothing was published");
        let mut calendar: serde_json::Value =
            serde_json::from_str(Reference::shipped().unwrap().document(Kind::Calendar)).unwrap();
        calendar["years"]["2027"] = json!({"papers": ["https://www.gov.cn/x"], "off": ["2027-01-01", "2027-01-04", "2027-01-05", "2027-05-01", "2027-05-02", "2027-10-01", "2027-10-02", "2027-10-03"], "work": []});
        let next = current
            .lock()
            .unwrap()
            .with(Kind::Calendar, &calendar.to_string())
            .unwrap();
        *current.lock().unwrap() = Arc::new(next);
        assert_eq!(deadlines.recompute().await.unwrap(), 1);
        let after = close().await;
        assert!(
            before.deadline < after.deadline && !after.provisional,
            "{before:?} {after:?}"
        );
        assert_eq!(deadlines.recompute().await.unwrap(), 0);
    });
}

#[test]
fn firing_costs_by_what_is_due_and_not_by_what_runs() {
    on_both(async |bench| {
        let scheduler = node(bench, "n1");
        let mut figures = Vec::new();
        for (at, open) in [1_000_u32, 200_000].into_iter().enumerate() {
            let far = bench.clock.now().wall.as_micros() + 400 * 86_400_000_000;
            bench
                .meddle(&format!(
                    "INSERT INTO ticket_clock (ticket, kind, cycle, subject, due_us, deadline_us, provisional, next_us)
                     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {open})
                     SELECT 'open-{at}-' || i, 'close', 1, 0, {far} + i, {far} + i, 0, {far} + i FROM n"
                ))
                .await;
            let mut spent = Vec::new();
            for seed in 0..8 {
                let id = dispatched(bench, 1_000 * u64::try_from(at + 1).unwrap() + seed).await;
                bench.clock.advance_ms(6 * DAY_MS);
                let begun = Instant::now();
                let fired = scheduler.fire_due().await.unwrap();
                spent.push(begun.elapsed().as_secs_f64() * 1_000.0 / fired.taken.max(1) as f64);
                let ticket = bench.tickets().ticket(id).await.unwrap().row.ticket;
                assert_eq!(ticket.state, State::PendingSign);
                assert!(ticket.clock(ClockKind::Sign, 0).unwrap().breached);
            }
            spent.sort_by(f64::total_cmp);
            figures.push(spent[spent.len() / 2]);
            println!(
                "{}: {open} more clocks run: {:.2} ms a clock that is due",
                bench.kind,
                spent[spent.len() / 2]
            );
        }
        assert!(figures[1] < figures[0] * 3.0 + 5.0, "{figures:?} ms");
    });
}
