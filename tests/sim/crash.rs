//! kill −9 at every fact: what was promised is durable, what was open is closed once, and the city goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use rexian::base::ids::BootId;
use rexian::base::ids::InteractionId;
use rexian::base::time::MonoTime;
use rexian::base::time::Now;
use rexian::fact::Actor;
use rexian::fact::Fact;
use rexian::fact::Record;
use rexian::report::cdr::CallRecord;
use rexian::report::cdr::Moment;
use rexian::report::closing::closing_facts;

use crate::expect;
use crate::world::Setup;
use crate::world::Step;
use crate::world::World;

fn setup(seed: u64) -> Setup {
    Setup {
        seed,
        calls: 12,
        agents: 4,
        gap: Duration::from_millis(1_500),
        journal_faults: false,
        publish_every: 0,
    }
}

/// What a start after a crash writes: the end of every offer and call that has none.
fn recover(durable: &[Record], now: Now) -> Vec<Record> {
    let mut calls: BTreeMap<InteractionId, CallRecord> = BTreeMap::new();
    for record in durable {
        let Some(id) = record.interaction else { continue };
        let at = Moment {
            wall: record.now.wall,
            mono: record.now.mono,
            boot: BootId::default(),
        };
        calls
            .entry(id)
            .or_insert_with(|| CallRecord::new(id, at))
            .apply(at, &record.fact, None);
    }
    let mut closing = Vec::new();
    for call in calls.values() {
        closing.extend(closing_facts(call, now.wall).into_iter().map(|fact| Record {
            now,
            interaction: Some(call.interaction),
            ticket: None,
            actor: Actor::system(),
            cause: "recovery",
            fact: Fact::Call(fact),
            personal: None,
        }));
    }
    closing
}

/// What is durable when the process dies at a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disk {
    /// What was reported.
    Reported,
    /// Everything up to the fact, though nobody was told.
    Ahead,
}

fn day_with_a_crash(world: &mut World, no: u64, disk: Disk) -> Step {
    world.crash_at = Some(no);
    world.start()?;
    world.run(an_hour_after(world), World::is_quiet)?;
    assert!(world.crashed, "fact {no} is written in every run of this seed");
    let durable = match disk {
        Disk::Reported => world.checker.durable,
        Disk::Ahead => no,
    };
    world.restart(durable, recover)?;
    world.run(an_hour_after(world), World::is_quiet)?;
    world.close()
}

fn an_hour_after(world: &World) -> MonoTime {
    world.now.mono + Duration::from_hours(1)
}

pub(crate) fn at_every_fact(seed: u64) {
    let mut sound = World::new(setup(seed));
    let result = sound.start();
    expect(&sound, result);
    let end = an_hour_after(&sound);
    let result = sound.run(end, World::is_quiet);
    expect(&sound, result);
    let facts = u64::try_from(sound.facts.len()).unwrap();
    println!("SEED={seed}: {facts} facts");
    assert!(facts > 80, "too short a day: {facts} facts");
    for no in 1..=facts {
        for disk in [Disk::Reported, Disk::Ahead] {
            let mut world = World::new(setup(seed));
            let result = day_with_a_crash(&mut world, no, disk);
            if let Err(violation) = &result {
                println!("killed at fact {no}, {disk:?}: {}", violation.why);
            }
            expect(&world, result);
        }
    }
}
