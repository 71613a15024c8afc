//! What answered calls become, days that are closed once, and calls that were made for an order.

use std::sync::Arc;

use rexian::account::Role;
use rexian::base::random::Random;
use rexian::engine::alarms::AlarmCode;
use rexian::engine::alarms::AlarmParts;
use rexian::engine::alarms::Alarms;
use rexian::engine::callouts::Callouts;
use rexian::engine::dispositions::DispositionParts;
use rexian::engine::dispositions::Dispositions;
use rexian::engine::metrics::Metrics;
use rexian::engine::projector::Projector;
use rexian::engine::ticket_service::Give;
use rexian::fact::Actor;
use rexian::fact::ActorKind;
use rexian::fact::Fact;
use rexian::fact::FactNo;
use rexian::fact::Record;
use rexian::fact::call::CallFact;
use rexian::fact::call::Direction;
use rexian::fact::call::EndedBy;
use rexian::fact::call::Outcome;
use rexian::fact::call::Purpose;
use rexian::io::clock::SystemClock;
use rexian::io::store::calls::Became;
use rexian::io::store::calls::CallFilter;
use rexian::io::store::calls::Cutoff;
use rexian::ticket::decide::By;
use rexian::ticket::reference::Reference;
use serde_json::json;

use crate::store::Bench;
use crate::store::CallIds;
use crate::store::Chain;
use crate::store::NODE;
use crate::store::at;
use crate::store::fold::command;
use crate::store::fold::who;
use crate::store::on_both;
use crate::store::tickets::draft_of;
use crate::store::zone;

const MINUTE_MS: u64 = 60_000;
const GRACE_MS: u64 = 10 * MINUTE_MS;

async fn alarms(bench: &Bench) -> Alarms {
    let parts = AlarmParts {
        store: bench.store.clone(),
        audit: bench.audit(),
        clock: Arc::new(SystemClock::new()),
        metrics: Arc::new(Metrics::default()),
        random: Random::from_number(5),
    };
    Alarms::load(parts).await.unwrap()
}

fn node(bench: &Bench, alarms: &Alarms) -> Dispositions {
    Dispositions::new(DispositionParts {
        store: bench.store.clone(),
        audit: bench.audit(),
        alarms: alarms.clone(),
        reference: Arc::new(|| Reference::shipped().unwrap()),
        clock: bench.clock.clone(),
        zone: zone(),
    })
}

/// The calls that are undisposed at `ms`.
async fn undisposed(bench: &Bench, ms: u64) -> Vec<String> {
    let filter = CallFilter {
        became: Some((Became::undisposed(), Cutoff(at(ms.saturating_sub(GRACE_MS)).wall))),
        limit: 10,
        ..CallFilter::default()
    };
    let (lines, _) = bench.store.calls(&filter).await.unwrap();
    lines
        .iter()
        .map(|line| line.record.interaction.to_string())
        .collect()
}

async fn closed_days(bench: &Bench) -> Vec<serde_json::Value> {
    let audit = bench.audit();
    let facts = bench
        .store
        .facts_of_kind_after(audit.node(), FactNo(0), "day.reconciled", 100)
        .await
        .unwrap();
    let body = |text: &String| serde_json::from_str::<serde_json::Value>(text).unwrap()["body"].clone();
    facts.iter().map(|(_, text)| body(text)).collect()
}

#[test]
fn an_answered_call_is_undisposed_ten_minutes_after_its_wrap_up_until_its_order_goes_on() {
    on_both(async |bench| {
        let (one, two) = (CallIds::number(1), CallIds::number(2));
        let mut chain = Chain::new();
        bench.ship(&mut chain, &one.whole_call(0)).await;
        bench.ship(&mut chain, &two.whole_call(MINUTE_MS)).await;
        Projector::new(bench.store.clone(), NODE)
            .catch_up()
            .await
            .unwrap();
        let draft = draft_of(bench, one).await.row.ticket.id;
        // Ended after 47.1 s, wrapped up for 10 s.
        let due = 57_100 + GRACE_MS;
        assert!(undisposed(bench, due - 1).await.is_empty());
        assert_eq!(undisposed(bench, due).await, [one.call.to_string()]);
        let both = [two.call.to_string(), one.call.to_string()];
        assert_eq!(
            undisposed(bench, due + MINUTE_MS).await,
            both,
            "newest first; one has no order at all"
        );
        let desk = who(Role::Agent, "hotline");
        let invalid = command(json!({"command": "mark_invalid", "disposition": "silent"}));
        let give = Give {
            by: By::User(&desk),
            ticket: draft,
            command: &invalid,
            expected: None,
            key: None,
        };
        bench.tickets().give(give).await.unwrap();
        assert_eq!(undisposed(bench, due + MINUTE_MS).await, both[..1]);
        let span = (at(0).wall, at(due).wall);
        let sums = bench
            .store
            .dispositions(span, Cutoff(at(due).wall))
            .await
            .unwrap();
        let expected = [("invalid", 1), ("undisposed", 1)].map(|(became, calls)| (became.to_owned(), calls));
        assert_eq!(sums, expected.into(), "the sum is the answered calls");
    });
}

#[test]
fn a_day_is_closed_once_with_its_sums_whoever_closes_it_and_whatever_breaks_off() {
    on_both(async |bench| {
        let alarms = alarms(bench).await;
        let one = CallIds::number(1);
        bench.ship(&mut Chain::new(), &one.whole_call(0)).await;
        Projector::new(bench.store.clone(), NODE)
            .catch_up()
            .await
            .unwrap();
        let (first, second) = (node(bench, &alarms), node(bench, &alarms));
        // It is 16:00 in Tangshan: the day ends eight hours later, and then there are ten minutes.
        bench.clock.advance_ms(8 * 60 * MINUTE_MS + GRACE_MS - 1);
        assert_eq!(
            first.turn().await.unwrap(),
            0,
            "not before 24:00 and the time to write"
        );
        assert!(alarms.is_open(AlarmCode::CallsUndisposed), "undisposed for hours");
        bench.clock.advance_ms(1);
        let (one, other) = tokio::join!(first.turn(), second.turn());
        // Who loses the race may be told to try again; the day is closed once.
        let closed = one.unwrap_or(0) + other.unwrap_or(0);
        assert_eq!(closed, 1);
        assert_eq!(node(bench, &alarms).turn().await.unwrap(), 0, "a start later");
        let facts = closed_days(bench).await;
        assert_eq!(
            facts,
            [json!({"day": "2026-11-23", "answered": 1, "undisposed": 1, "sums": {"undisposed": 1}})]
        );
        // A stop of three days leaves none of them out.
        bench.clock.advance_ms(3 * 24 * 60 * MINUTE_MS);
        assert_eq!(node(bench, &alarms).turn().await.unwrap(), 3);
        let days: Vec<String> = closed_days(bench)
            .await
            .iter()
            .map(|it| it["day"].to_string())
            .collect();
        assert_eq!(
            days,
            [
                "\"2026-11-23\"",
                "\"2026-11-24\"",
                "\"2026-11-25\"",
                "\"2026-11-26\""
            ]
        );
        assert!(
            !alarms.is_open(AlarmCode::CallsUndisposed),
            "of days long past the sums tell"
        );
    });
}

fn made(
    ids: CallIds,
    ticket: rexian::base::ids::TicketId,
    purpose: Purpose,
    outcome: Outcome,
) -> Vec<Record> {
    let record = |ms: u64, fact: CallFact| Record {
        now: at(ms),
        interaction: Some(ids.call),
        ticket: None,
        actor: Actor::named(ActorKind::Agent, "1001"),
        cause: "test",
        fact: Fact::Call(fact),
        personal: None,
    };
    let offered = Record {
        ticket: Some(ticket),
        ..record(
            0,
            CallFact::Offered {
                leg: ids.leg,
                trunk: Some("carrier".parse().unwrap()),
                line: None,
                flow: None,
                direction: Direction::Outbound,
                purpose: Some(purpose),
            },
        )
    };
    let mut records = vec![offered];
    if outcome == Outcome::Answered {
        let recording = Some(ids.recording);
        records.push(record(5_000, CallFact::Answered { recording }));
    }
    let ended = CallFact::Ended {
        outcome,
        by: EndedBy::Caller,
        status: None,
    };
    records.push(record(65_000, ended));
    records
}

#[test]
fn a_call_made_for_an_order_is_entered_there_once_with_its_recording() {
    on_both(async |bench| {
        let ticket = draft_of(bench, CallIds::number(1)).await.row.ticket.id;
        let ids = CallIds::number(2);
        let records = made(ids, ticket, Purpose::Contact, Outcome::Answered);
        bench.ship(&mut Chain::new(), &records).await;
        let up_to = FactNo(3);
        let mut callouts = Callouts::new(bench.store.clone(), bench.tickets(), NODE);
        callouts.catch_up(up_to).await.unwrap();
        let linked = bench.tickets().ticket(ticket).await.unwrap().row.ticket;
        assert!(
            linked.calls.contains(&(ids.call, "contact".to_owned())),
            "{:?}",
            linked.calls
        );
        // Killed before the checkpoint moved: done again without harm.
        let mut tx = bench.store.begin().await.unwrap();
        tx.reset_checkpoint(rexian::engine::callouts::CALLOUTS)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let mut again = Callouts::new(bench.store.clone(), bench.tickets(), NODE);
        again.catch_up(up_to).await.unwrap();
        let after = bench.tickets().ticket(ticket).await.unwrap().row.ticket;
        assert_eq!(after.version, linked.version);
        Projector::new(bench.store.clone(), NODE)
            .catch_up()
            .await
            .unwrap();
        let call = bench.store.call(ids.call).await.unwrap().unwrap().record;
        assert_eq!(
            (call.direction, call.purpose),
            (Direction::Outbound, Some(Purpose::Contact))
        );
        let kinds: Vec<&str> = call.segments.iter().map(|it| it.kind.code()).collect();
        assert_eq!((kinds, call.talk_ms), (vec!["setup", "talk"], 60_000));
        let all = (at(0).wall, at(100_000).wall);
        let sums = bench
            .store
            .dispositions(all, Cutoff(at(900_000).wall))
            .await
            .unwrap();
        assert!(
            sums.is_empty(),
            "a call of ours is no answered call of the hotline: {sums:?}"
        );
    });
}
