//! What holds of the distributor whatever people do, by the numbers of the behaviour it is held to.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rexian::acd::config::Config;
use rexian::acd::relaxation;
use rexian::acd::requirement::Levels;
use rexian::base::random::Random;
use rexian::fact::call::OfferOutcome;
use std::time::Duration;

use crate::acd::script::Script;
use crate::acd::script::agent;
use crate::acd::script::config;
use crate::acd::script::queue;
use crate::acd::script::slug;
use crate::acd::world;
use crate::acd::world::ALL;
use crate::acd::world::Rules;
use crate::acd::world::World;

const ACTS: usize = 250;

fn run(seed: u64, rules: Rules) -> World {
    let mut world = World::new(seed, rules);
    for _ in 0..ACTS {
        world.act();
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// P01, P02, P03, P04, P08, P12, P13, P15, P16, P24: every check of the world after every act, and at rest.
    #[test]
    fn p01_p02_p03_p04_p08_p12_p13_p15_p16_p24_hold_whatever_people_do(seed in any::<u64>()) {
        run(seed, ALL).close();
    }

    #[test]
    fn p26_the_cap_of_a_queue_holds(seed in any::<u64>()) {
        run(seed, Rules { emergencies: false, ..ALL }).close();
    }

    #[test]
    fn p27_the_same_seed_decides_the_same(seed in any::<u64>()) {
        prop_assert_eq!(run(seed, ALL).log, run(seed, ALL).log);
    }

    #[test]
    fn p07_eligibility_only_grows(seed in any::<u64>(), levels in prop::collection::vec(0_u8..=10, 3)) {
        let mut random = Random::from_number(seed);
        let requires = world::requirement(&mut random, 3);
        let plan = world::plan(&mut random);
        prop_assume!(relaxation::faults(&requires, &plan).is_empty());
        let skills = ["dialect", "law", "tax"];
        let levels: Levels = skills.iter().map(|it| slug(it)).zip(levels).collect();
        let mut demand = relaxation::Demand {
            queue: slug("general"),
            requires,
            preferred: vec![],
            match_weight: 0,
            ring: 1,
            anywhere: false,
            allowed: std::collections::BTreeSet::new(),
        };
        for step in plan {
            let before = (demand.requires.holds(&levels), demand.ring, demand.allowed.clone());
            demand.widen(&step.action);
            prop_assert!(!before.0 || demand.requires.holds(&levels), "{:?}", step);
            prop_assert!(before.1 <= demand.ring && before.2.is_subset(&demand.allowed));
        }
    }

    #[test]
    fn p10_the_order_in_which_queues_and_agents_came_changes_nothing(seed in any::<u64>()) {
        let mut people = Random::from_number(seed);
        let whole = world::domain(&mut people, ALL);
        let mut at_once = World::with(whole.clone(), people.clone(), ALL);
        let mut half = Config { order: whole.order, ..Config::default() };
        half.queues.extend(whole.queues.iter().rev().take(1).map(|(id, it)| (id.clone(), it.clone())));
        half.agents.extend(whole.agents.iter().rev().take(2).map(|(id, it)| (id.clone(), it.clone())));
        let mut by_halves = World::with(half, people, ALL);
        by_halves.publish(whole);
        for _ in 0..ACTS {
            at_once.act();
            by_halves.act();
        }
        // Draws go to candidates in the order in which they were first seen: who is drawn may differ, not whether.
        let drawn = |it: &rexian::acd::config::QueueConfig| {
            matches!(it.strategy, rexian::acd::strategy::Strategy::Random | rexian::acd::strategy::Strategy::WeightedRandom)
        };
        if !at_once.config.queues.values().any(drawn) {
            prop_assert_eq!(at_once.log, by_halves.log);
        }
    }

    #[test]
    fn p11_a_publish_of_the_same_changes_nothing_and_p28_a_new_strategy_loses_nobody(seed in any::<u64>(), at in 0..ACTS) {
        let (mut world, mut other) = (World::new(seed, ALL), World::new(seed, ALL));
        for nth in 0..ACTS {
            world.act();
            other.act();
            if nth == at {
                let same = other.config.clone();
                other.publish(same);
            }
        }
        prop_assert_eq!(&world.log, &other.log);
        let mut changed = world.config.clone();
        let mut random = Random::from_number(seed.wrapping_add(1));
        let donor = world::domain(&mut random, ALL);
        for (id, queue) in &mut changed.queues {
            queue.strategy = donor.queues[id].strategy;
        }
        changed.order = donor.order;
        let waiting: Vec<_> = world.script.acd.queues().map(|(id, it)| (id.clone(), it.length)).collect();
        world.publish(changed);
        let after: Vec<_> = world.script.acd.queues().map(|(id, it)| (id.clone(), it.length)).collect();
        prop_assert_eq!(waiting, after);
        for _ in 0..ACTS {
            world.act();
        }
        world.close();
    }

    #[test]
    fn p29_jumps_of_the_wall_clock_change_nothing(seed in any::<u64>()) {
        let (mut steady, mut jumps) = (World::new(seed, ALL), World::new(seed, ALL));
        for nth in 0..ACTS {
            steady.act();
            if nth % 7 == 0 {
                let hour = Duration::from_hours(1);
                let wall = jumps.script.now.wall;
                let back = rexian::base::time::WallTime::from_micros(wall.as_micros() - 3_600_000_000);
                jumps.script.now.wall = if nth % 2 == 0 { wall + hour } else { back };
            }
            jumps.act();
        }
        prop_assert_eq!(steady.log, jumps.log);
    }

    #[test]
    fn p05_equal_calls_are_served_in_their_order(waits in prop::collection::vec(0_u64..20, 2..20)) {
        let mut script = Script::with(config(&[("general", queue(&[]))], &[("a", agent(&[], &["general"]))]));
        let calls: Vec<_> = waits.iter().map(|seconds| { script.wait(*seconds); script.call("general") }).collect();
        script.ready("a");
        for call in &calls {
            prop_assert_eq!(script.offers.last().unwrap().interaction, *call);
            script.serve(*call, 1);
        }
    }

    #[test]
    fn p06_nobody_starves_behind_those_with_priority(priority in 1_u8..=9) {
        let mut script = Script::with(config(&[("general", queue(&[]))], &[("a", agent(&[], &["general"]))]));
        script.ready("a");
        let first = script.item("general", |it| it.priority = Some(9));
        let humble = script.call("general");
        script.serve(first, 1);
        // One with priority is always there when the agent is free; each takes half a minute and more.
        let mut served = 0;
        while script.agent_of(humble) == "nobody" {
            let pressing = script.item("general", |it| it.priority = Some(priority));
            let current = script.offers.last().unwrap().interaction;
            prop_assert_ne!(current, humble);
            script.serve(current, 30);
            served += 1;
            prop_assert!(served <= 9 * 60 / 30 + 2, "{pressing:?}");
        }
    }
}

#[test]
fn every_ending_of_a_reservation_occurs_often() {
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..150 {
        let world = run(seed, ALL);
        for (outcome, count) in world.outcomes {
            *outcomes.entry(outcome).or_default() += count;
        }
    }
    for outcome in [
        "Accepted",
        "Rejected",
        "NoAnswer",
        "Failed",
        "Cancelled",
        "Preempted",
    ] {
        assert!(
            50 <= outcomes.get(outcome).copied().unwrap_or(0),
            "{outcome}: {outcomes:?}"
        );
    }
}

#[test]
fn p25_the_end_of_a_wrap_up_does_not_move() {
    let mut script = Script::new();
    script.ready("a");
    let call = script.call("general");
    script.accept(0);
    script.step(|acd, now, random, out| acd.talk_ended(now, &slug("a"), call, random, out));
    let until = |script: &Script| match script.acd.agent(&slug("a")).unwrap().work {
        rexian::acd::agent::Work::Wrapup { until, .. } => Some(until),
        _ => None,
    };
    let before = until(&script).unwrap();
    let mut longer = queue(&[]);
    longer.wrapup = Duration::from_secs(300);
    script.publish(config(&[("other", longer)], &[("a", agent(&[], &["other"]))]));
    assert_eq!(until(&script), Some(before));
    script.wait(11);
    assert_eq!(until(&script), None);
}

#[test]
fn p23_the_last_wish_for_the_next_state_wins() {
    let mut script = Script::new();
    script.ready("a");
    let call = script.call("general");
    script.accept(0);
    let agent: rexian::base::ids::AgentId = slug("a");
    use rexian::fact::agent::Presence;
    let rest = || Presence::NotReady(slug("rest"));
    for (wishes, becomes) in [
        (vec![rest(), Presence::Ready], Presence::Ready),
        (vec![Presence::Ready, rest()], rest()),
    ] {
        for wish in wishes {
            script
                .step(|acd, now, random, out| acd.set_presence(now, &agent, wish, random, out))
                .unwrap();
        }
        let next = script.acd.agent(&agent).unwrap().next.clone();
        assert_eq!(next.unwrap_or(Presence::Ready), becomes);
    }
    script.step(|acd, now, random, out| acd.talk_ended(now, &agent, call, random, out));
    script.wait(11);
    assert_eq!(script.acd.agent(&agent).unwrap().presence, rest());
    assert_eq!(
        script
            .ended
            .iter()
            .filter(|it| it.1 == OfferOutcome::NoAnswer)
            .count(),
        0
    );
}
