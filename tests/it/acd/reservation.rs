//! Who gets whom: longest idle with skill, places kept, reservations that end once.

use std::collections::BTreeMap;

use rexian::acd::agent::Work;
use rexian::acd::distributor::Reachable;
use rexian::base::ids::AgentId;
use rexian::base::ids::DeviceId;
use rexian::fact::agent::Presence;
use rexian::fact::call::OfferOutcome;

use crate::acd::script::Script;
use crate::acd::script::slug;

#[test]
fn the_longest_idle_agent_with_the_skill_is_offered() {
    let mut script = Script::new();
    for agent in ["c", "a", "b"] {
        script.ready(agent);
    }
    script.call("expert");
    assert_eq!(script.offered(0), "a", "c is idle longer but lacks the skill");
    script.call("general");
    assert_eq!(script.offered(1), "c");
}

#[test]
fn a_caller_waits_for_a_skill_while_another_is_served() {
    let mut script = Script::new();
    script.ready("c");
    script.call("expert");
    assert_eq!(script.offered(0), "nobody");
    script.call("general");
    assert_eq!(script.offered(0), "c");
}

#[test]
fn a_missed_offer_returns_the_caller_to_his_place_and_rings_another() {
    let mut script = Script::new();
    script.ready("a");
    let first = script.call("general");
    let second = script.call("general");
    let offer = script.offers[0].clone();
    script.step(|acd, now, _, out| acd.ringing(now, &offer.agent, offer.epoch, out));
    script.wait(21);
    assert_eq!(script.ended[0].1, OfferOutcome::NoAnswer);
    assert_eq!(
        script.offers[1].interaction, second,
        "a is not offered the same caller again so soon"
    );
    script.ready("b");
    assert_eq!(
        (script.offered(2), script.offers[2].interaction),
        ("b", first),
        "the oldest caller first"
    );
}

#[test]
fn two_misses_in_a_row_make_an_agent_not_ready() {
    let mut script = Script::new();
    script.ready("a");
    script.call("general");
    script.call("general");
    for nth in 0..2 {
        let offer = script.offers[nth].clone();
        script.step(|acd, now, _, out| acd.ringing(now, &offer.agent, offer.epoch, out));
        script.wait(21);
    }
    let presence = &script.acd.agent(&slug("a")).unwrap().presence;
    assert_eq!(presence, &Presence::NotReady(slug("rona")));
    assert_eq!(script.offers.len(), 2);
}

#[test]
fn an_agent_of_two_queues_takes_who_waits_longest_in_either() {
    for (first, second) in [("general", "expert"), ("expert", "general")] {
        let mut script = Script::new();
        let oldest = script.call(first);
        script.wait(1);
        script.call(second);
        script.ready("a");
        assert_eq!(script.offers[0].interaction, oldest, "{first} before {second}");
    }
}

#[test]
fn a_stale_epoch_changes_nothing() {
    let mut script = Script::new();
    script.ready("a");
    script.call("general");
    script.end(0, OfferOutcome::Rejected);
    script.wait(61);
    assert_eq!(
        script.offered(1),
        "a",
        "after the exclusion the caller is offered again"
    );
    let stale = script.offers[0].clone();
    let taken = script.step(|acd, now, random, out| acd.accept(now, &stale.agent, stale.epoch, random, out));
    assert!(taken.is_none());
    script.end(0, OfferOutcome::NoAnswer);
    assert_eq!(script.ended.len(), 1, "a reservation ends once");
    script.accept(1);
}

#[test]
fn a_caller_who_leaves_costs_the_agent_nothing() {
    let mut script = Script::new();
    script.ready("a");
    let call = script.call("general");
    let idle_since = script.acd.agent(&slug("a")).unwrap().idle_since;
    script.wait(3);
    script.step(|acd, now, random, out| acd.withdraw(now, call, random, out));
    assert_eq!(script.ended[0].1, OfferOutcome::Cancelled);
    let agent = script.acd.agent(&slug("a")).unwrap();
    assert_eq!(
        (agent.idle_since, agent.missed, &agent.work),
        (idle_since, 0, &Work::Idle)
    );
}

#[test]
fn an_unreachable_phone_is_not_a_miss_and_returns_with_its_registration() {
    let mut script = Script::new();
    script.ready("a");
    script.call("general");
    script.wait(7);
    assert_eq!(
        script.ended[0].1,
        OfferOutcome::Failed,
        "no 18x within six seconds"
    );
    assert_eq!(
        script.acd.agent(&slug("a")).unwrap().presence,
        Presence::NotReady(slug("device"))
    );
    let device: DeviceId = slug("phone-a");
    script.step(|acd, now, random, out| acd.set_reachable(now, &device, Reachable::No, random, out));
    script.step(|acd, now, random, out| acd.set_reachable(now, &device, Reachable::Yes, random, out));
    assert_eq!(script.acd.agent(&slug("a")).unwrap().presence, Presence::Ready);
}

#[test]
fn the_ring_time_runs_from_the_first_18x_and_is_not_begun_again() {
    let mut script = Script::new();
    script.ready("a");
    script.call("general");
    let offer = script.offers[0].clone();
    let rings = |script: &mut Script| {
        script.step(|acd, now, _, out| acd.ringing(now, &offer.agent, offer.epoch, out));
    };
    script.wait(5);
    assert!(script.ended.is_empty(), "six seconds to the first 18x");
    rings(&mut script);
    script.wait(10);
    rings(&mut script);
    script.wait(9);
    assert!(script.ended.is_empty(), "19 s of ringing, 24 s after the INVITE");
    script.wait(1);
    assert_eq!(script.ended[0].1, OfferOutcome::NoAnswer);
}

#[test]
fn a_device_failure_keeps_the_callers_place_and_is_no_miss() {
    let mut script = Script::new();
    script.ready("a");
    let first = script.call("general");
    let second = script.call("general");
    script.end(0, OfferOutcome::Failed);
    let presence = |script: &Script| script.acd.agent(&slug("a")).unwrap().presence.clone();
    assert_eq!(presence(&script), Presence::NotReady(slug("device")));
    script.ready("b");
    assert_eq!(script.offers[1].interaction, first, "before whoever came later");
    let device: DeviceId = slug("phone-a");
    for reachable in [Reachable::No, Reachable::Yes] {
        script.step(|acd, now, random, out| acd.set_reachable(now, &device, reachable, random, out));
    }
    assert_eq!(script.offers[2].interaction, second);
    script.end(2, OfferOutcome::NoAnswer);
    assert_eq!(
        presence(&script),
        Presence::Ready,
        "the first miss; two are too many"
    );
}

#[test]
fn wrap_up_holds_the_agent_and_the_next_state_is_applied_after_it() {
    let mut script = Script::new();
    script.ready("a");
    let call = script.call("general");
    script.accept(0);
    let agent: AgentId = slug("a");
    let rest = Presence::NotReady(slug("rest"));
    script
        .step(|acd, now, random, out| acd.set_presence(now, &agent, rest.clone(), random, out))
        .unwrap();
    assert_eq!(
        script.acd.agent(&agent).unwrap().presence,
        Presence::Ready,
        "kept for later"
    );
    script.step(|acd, now, random, out| acd.talk_ended(now, &agent, call, random, out));
    script.call("general");
    assert_eq!(script.offers.len(), 1, "nothing is offered in wrap-up");
    script.wait(11);
    assert_eq!(script.acd.agent(&agent).unwrap().presence, rest);
    assert_eq!(script.offers.len(), 1);
    script.set_ready("a");
    assert_eq!(script.offers.len(), 2);
}

#[test]
fn equal_calls_are_spread_evenly_over_the_longest_idle() {
    let mut script = Script::new();
    for agent in ["a", "b", "c"] {
        script.ready(agent);
    }
    let mut counts = BTreeMap::new();
    for nth in 0..30 {
        let call = script.call("general");
        let agent = script.offers[nth].agent.clone();
        *counts.entry(agent.clone()).or_insert(0) += 1;
        script.accept(nth);
        script.step(|acd, now, random, out| acd.talk_ended(now, &agent, call, random, out));
        script.wait(11);
    }
    assert_eq!(counts.values().copied().collect::<Vec<_>>(), [10, 10, 10]);
}
