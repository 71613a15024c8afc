//! Who of several gets an item, and which item an agent takes: strategies and orders.

use std::collections::BTreeMap;
use std::time::Duration;

use rexian::acd::config::Config;
use rexian::acd::config::QueueConfig;
use rexian::acd::order::Order;
use rexian::acd::requirement::Preferred;
use rexian::acd::requirement::Requirement;
use rexian::acd::strategy::Strategy;
use rexian::base::ids::InteractionId;

use crate::acd::script::Script;
use crate::acd::script::agent;
use crate::acd::script::config;
use crate::acd::script::queue;
use crate::acd::script::slug;

/// A general queue of this strategy; agents by name with their level of `law`.
fn by(strategy: Strategy, agents: &[(&str, u8)]) -> Script {
    let asked = QueueConfig {
        strategy,
        ..queue(&[("law", 1)])
    };
    let agents: Vec<_> = agents
        .iter()
        .map(|(name, level)| (*name, agent(&[("law", *level)], &["general"])))
        .collect();
    Script::with(config(&[("general", asked)], &agents))
}

/// Serves `calls` one after another, ten seconds each, and says who got them.
fn served(script: &mut Script, calls: usize) -> Vec<String> {
    (0..calls)
        .map(|_| {
            let call = script.call("general");
            let agent = script.agent_of(call).to_owned();
            script.serve(call, 10);
            agent
        })
        .collect()
}

#[test]
fn the_most_and_the_least_skilled_are_chosen_by_what_is_asked_for() {
    for (strategy, expected) in [(Strategy::MostSkilled, "high"), (Strategy::LeastSkilled, "low")] {
        let mut script = by(strategy, &[("high", 9), ("low", 2), ("middle", 5)]);
        for name in ["middle", "high", "low"] {
            script.ready(name);
        }
        assert_eq!(served(&mut script, 2), [expected, expected], "{strategy:?}");
    }
}

#[test]
fn weighted_skill_prefers_what_is_liked_and_never_excludes_for_it() {
    let liked = QueueConfig {
        strategy: Strategy::WeightedSkill,
        preferred: vec![Preferred {
            skill: slug("english"),
            least: 3,
            weight: 50,
        }],
        ..queue(&[("law", 1)])
    };
    let agents = [
        ("lawyer", agent(&[("law", 10)], &["general"])),
        ("linguist", agent(&[("law", 1), ("english", 6)], &["general"])),
        ("beginner", agent(&[("law", 1), ("english", 2)], &["general"])),
    ];
    let mut script = Script::with(config(&[("general", liked)], &agents));
    for name in ["beginner", "lawyer", "linguist"] {
        script.ready(name);
    }
    let calls: Vec<InteractionId> = (0..3).map(|_| script.call("general")).collect();
    let got: Vec<&str> = calls.iter().map(|call| script.agent_of(*call)).collect();
    assert_eq!(got, ["linguist", "lawyer", "beginner"]);
}

#[test]
fn fewest_calls_and_least_talk_look_at_the_last_hour() {
    let mut script = by(Strategy::FewestCalls, &[("a", 1), ("b", 1)]);
    script.ready("a");
    assert_eq!(served(&mut script, 3), ["a", "a", "a"]);
    script.ready("b");
    assert_eq!(
        served(&mut script, 4),
        ["b", "b", "b", "a"],
        "b catches up, then a is idle longer"
    );
    let mut script = by(Strategy::LeastTalk, &[("a", 1), ("b", 1)]);
    script.ready("a");
    let call = script.call("general");
    script.serve(call, 300);
    script.ready("b");
    assert_eq!(served(&mut script, 3), ["b", "b", "b"]);
    script.wait(3_700);
    assert_eq!(
        served(&mut script, 1),
        ["a"],
        "after an hour nothing counts any more"
    );
}

#[test]
fn the_least_occupied_is_the_one_who_was_idle_for_more_of_the_time() {
    let mut script = by(Strategy::LeastOccupied, &[("a", 1), ("b", 1)]);
    script.ready("a");
    script.ready("b");
    let call = script.call("general");
    assert_eq!(script.agent_of(call), "a");
    script.serve(call, 200);
    // Both have been idle; a was busy meanwhile.
    assert_eq!(served(&mut script, 1), ["b"]);
}

#[test]
fn round_robin_goes_by_id_and_linear_by_rank() {
    let mut script = by(Strategy::RoundRobin, &[("a", 1), ("b", 1), ("c", 1)]);
    for name in ["b", "c", "a"] {
        script.ready(name);
    }
    assert_eq!(served(&mut script, 5), ["a", "b", "c", "a", "b"]);
    let ranked = QueueConfig {
        strategy: Strategy::Linear,
        ..queue(&[])
    };
    let with_rank = |rank| {
        let mut it = agent(&[], &["general"]);
        it.memberships[0].rank = rank;
        it
    };
    let agents = [("a", with_rank(3)), ("b", with_rank(1)), ("c", with_rank(2))];
    let mut script = Script::with(config(&[("general", ranked)], &agents));
    for name in ["a", "b", "c"] {
        script.ready(name);
    }
    assert_eq!(served(&mut script, 2), ["b", "b"]);
    let first = script.call("general");
    let second = script.call("general");
    assert_eq!((script.agent_of(first), script.agent_of(second)), ("b", "c"));
}

#[test]
fn drawn_strategies_reach_everybody_and_the_skilled_more_often() {
    for (strategy, skilled_more) in [(Strategy::Random, false), (Strategy::WeightedRandom, true)] {
        let mut script = by(strategy, &[("high", 10), ("low", 1)]);
        script.ready("high");
        script.ready("low");
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for name in served(&mut script, 200) {
            *counts.entry(name).or_default() += 1;
        }
        let (high, low) = (counts["high"], counts["low"]);
        assert!(4 < low, "{strategy:?}: {counts:?}");
        assert_eq!(120 < high, skilled_more, "{strategy:?}: {counts:?}");
    }
}

/// Two queues and an agent of both, who signs in last.
fn two(order: Order, shape: impl FnOnce(&mut Config)) -> Script {
    let mut config = config(
        &[("general", queue(&[])), ("other", queue(&[]))],
        &[("a", agent(&[], &["general", "other"]))],
    );
    config.order = order;
    shape(&mut config);
    Script::with(config)
}

/// Who is served in which order, by index of the call.
fn order_of(script: &mut Script, calls: &[InteractionId]) -> Vec<usize> {
    script.ready("a");
    for _ in 0..calls.len() {
        let last = script.offers.last().unwrap().interaction;
        script.serve(last, 1);
    }
    let place = |call: InteractionId| calls.iter().position(|it| *it == call).unwrap();
    script.offers.iter().map(|it| place(it.interaction)).collect()
}

#[test]
fn strict_queue_goes_by_preference_then_priority_then_age() {
    let mut script = two(Order::StrictQueue, |config| {
        config.agents.get_mut(&slug("a")).unwrap().memberships[1].preference = 10;
    });
    let calls = [
        script.call("general"),
        script.item("general", |it| it.priority = Some(3)),
        script.call("other"),
        script.call("other"),
    ];
    assert_eq!(order_of(&mut script, &calls), [2, 3, 1, 0]);
}

#[test]
fn ageing_lets_the_ordinary_overtake_what_came_later_with_priority() {
    for (waits, expected) in [(0, [1, 0]), (240, [0, 1])] {
        let mut script = two(Order::StrictQueue, |_| {});
        let first = script.call("general");
        script.wait(waits);
        let second = script.item("general", |it| it.priority = Some(3));
        assert_eq!(order_of(&mut script, &[first, second]), expected, "{waits} s");
    }
}

#[test]
fn longest_wait_knows_age_alone_and_sla_slack_the_target() {
    let mut script = two(Order::LongestWait, |_| {});
    let calls = [
        script.call("general"),
        script.item("other", |it| it.priority = Some(9)),
        script.call("general"),
    ];
    assert_eq!(order_of(&mut script, &calls), [0, 1, 2]);
    let mut script = two(Order::SlaSlack, |config| {
        config.queues.get_mut(&slug("other")).unwrap().sla_target = Duration::from_secs(5);
    });
    let first = script.call("general");
    script.wait(10);
    let second = script.call("other");
    script.wait(10);
    let third = script.call("other");
    assert_eq!(order_of(&mut script, &[first, second, third]), [1, 0, 2]);
}

#[test]
fn weighted_fair_gives_the_heavy_queue_more_and_none_nothing() {
    let mut script = two(Order::WeightedFair, |config| {
        config.queues.get_mut(&slug("general")).unwrap().weight = 3;
    });
    let calls: Vec<InteractionId> = (0..24)
        .map(|nth| script.call(if nth % 2 == 0 { "general" } else { "other" }))
        .collect();
    let order = order_of(&mut script, &calls);
    let of_general = order[..12].iter().filter(|nth| **nth % 2 == 0).count();
    assert_eq!(of_general, 9, "three of four: {order:?}");
}

#[test]
fn a_requirement_is_a_tree_of_and_or_not_and_levels() {
    let leaf = |id: &str, least, most| Requirement::Skill {
        id: slug(id),
        least,
        most,
    };
    let tree = Requirement::All(vec![
        Requirement::Any(vec![leaf("law", 5, 10), leaf("tax", 3, 6)]),
        Requirement::Not(Box::new(leaf("trainee", 1, 10))),
    ]);
    let levels = |list: &[(&str, u8)]| list.iter().map(|(id, level)| (slug(id), *level)).collect();
    for (who, fits) in [
        (vec![("law", 5)], true),
        (vec![("law", 4)], false),
        (vec![("tax", 4)], true),
        (vec![("tax", 7)], false),
        (vec![("law", 9), ("trainee", 1)], false),
        (vec![], false),
    ] {
        assert_eq!(tree.holds(&levels(&who)), fits, "{who:?}");
    }
}
