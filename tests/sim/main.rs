//! The simulator: one exchange, sixty agents, ten thousand citizens, a bad network, a slow disk, and a seed.
//!
//! `SEED` and `SIM_CALLS` choose another run; the seed is printed, and a failure prints the last events of its call.
#![allow(
    clippy::pedantic,
    clippy::nonminimal_bool,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod checker;
mod citizen;
mod city;
mod crash;
mod defects;
mod dialog;
mod ends;
mod media;
mod network;
mod people;
mod phone;
mod text;
mod world;

use std::time::Duration;

use rexian::base::time::MonoTime;

use crate::defects::Defect;
use crate::defects::Meddler;
use crate::world::Setup;
use crate::world::Step;
use crate::world::World;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn setup(seed: u64, calls: u32) -> Setup {
    Setup {
        seed,
        calls,
        agents: 60,
        gap: Duration::from_millis(550),
        journal_faults: true,
        publish_every: 0,
    }
}

/// Runs a whole day.
fn day(world: &mut World) -> Step {
    world.start()?;
    // After the last call nobody waits for longer than this.
    let last = world.now.mono + Duration::from_secs(u64::from(world.setup.calls) * 2 + 1_200);
    world.run(last, World::is_quiet)?;
    world.close()
}

/// Stops with everything that helps to find the fault.
fn expect(world: &World, result: Step) {
    if let Err(violation) = result {
        let log = violation
            .number
            .map(|number| world.log_of(number))
            .unwrap_or_default();
        panic!("SEED={}: {}\n{log}", world.setup.seed, violation.why);
    }
}

/// Every INVITE has exactly one record, or is counted while the journal takes nothing.
fn check_records(world: &World) {
    let mut uncounted = 0;
    for citizen in world.citizens.values() {
        let (records, number) = (world.checker.records_of(citizen.number), citizen.number);
        let log = || world.log_of(number);
        match citizen.final_status {
            Some(status) if status >= 300 && records == 0 => uncounted += 1,
            // What a stranger sends again after a lost 403 is refused again: nothing is kept of him.
            Some(_) if citizen.plan.stranger => (),
            Some(_) => assert_eq!(records, 1, "citizen {number}\n{}", log()),
            None => assert!(records <= 1, "citizen {number}\n{}", log()),
        }
    }
    assert!(
        uncounted <= world.checker.counted_refusals,
        "{uncounted} refusals without a row, {} counted",
        world.checker.counted_refusals
    );
}

#[test]
fn ten_thousand_calls_keep_every_promise() {
    let seed = setting("SEED", 12_345);
    let calls = u32::try_from(setting("SIM_CALLS", 10_000)).unwrap();
    println!("SEED={seed} SIM_CALLS={calls}");
    let mut world = World::new(setup(seed, calls));
    let result = day(&mut world);
    expect(&world, result);
    check_records(&world);
    world.count_races();
    let least = if calls >= 10_000 { 50 } else { calls / 400 };
    println!(
        "{} steps, {} facts, {:?} of virtual time, {} RTP packets, {} real talks, {} keys\n{:?}\n{:?}\n{:?}",
        world.steps,
        world.facts.len(),
        world.now.mono.since(MonoTime::default()),
        world.media.packets,
        world.media.talks,
        world.media.keys,
        world.faults,
        world.checker.outcomes,
        world.checker.offers,
    );
    let outcomes = [
        "Answered",
        "Abandoned",
        "ShortAbandoned",
        "EndedInIvr",
        "Cancelled",
        "Refused",
        "Failed",
    ];
    for outcome in outcomes {
        let count = world.checker.outcomes.get(outcome).copied().unwrap_or(0);
        assert!(least <= count, "SEED={seed}: only {count} calls {outcome}");
    }
    for outcome in ["Accepted", "Rejected", "NoAnswer", "Failed", "Cancelled"] {
        let count = world.checker.offers.get(outcome).copied().unwrap_or(0);
        assert!(least <= count, "SEED={seed}: only {count} offers {outcome}");
    }
    let faults = world.faults;
    for (fault, count) in [
        ("lost", faults.lost),
        ("repeated", faults.repeated),
        ("late", faults.late),
        ("200 after CANCEL", faults.answers_after_cancel),
        ("BYE before ACK", faults.byes_before_ack),
    ] {
        assert!(least <= count, "SEED={seed}: only {count} × {fault}");
    }
    assert!(
        calls / 200 <= world.media.talks,
        "SEED={seed}: only {} talks with packets",
        world.media.talks
    );
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let run = |seed| {
        let mut world = World::new(setup(seed, 150));
        let result = day(&mut world);
        expect(&world, result);
        (world.digest, world.steps, world.facts.len())
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn a_publish_at_any_point_changes_nothing() {
    let run = |publish_every| {
        let mut world = World::new(Setup {
            publish_every,
            ..setup(11, 150)
        });
        let result = day(&mut world);
        expect(&world, result);
        (world.digest, world.facts.len(), world.published)
    };
    let (digest, facts, _) = run(0);
    let (published_digest, published_facts, published) = run(1);
    assert!(1_000 < published, "only {published} profiles");
    assert_eq!((published_digest, published_facts), (digest, facts));
}

#[test]
fn every_planted_defect_is_found() {
    for defect in Defect::ALL {
        let mut world = World::new(Setup {
            agents: 20,
            journal_faults: false,
            ..setup(21, 400)
        });
        let sound = day(&mut world);
        expect(&world, sound);
        let mut world = World::new(world.setup);
        world.meddler = Some(Meddler::new(defect, world.setup.agents));
        let violation = day(&mut world).expect_err("a defect that nobody notices");
        println!("{defect:?}: {}", violation.why);
        let complaint = defect.complaint();
        assert!(
            violation.why.contains(complaint),
            "{defect:?} was found as: {}",
            violation.why
        );
    }
}

#[test]
fn a_crash_at_any_fact_loses_nothing_that_was_promised() {
    let seed = setting("SEED", 5);
    for seed in seed..seed + 3 {
        crash::at_every_fact(seed);
    }
}
