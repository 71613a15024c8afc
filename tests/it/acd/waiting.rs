//! What waits: plans that widen, owners, caps, reserves, standby, emergencies.

use std::collections::BTreeSet;
use std::time::Duration;

use rexian::acd::config::Config;
use rexian::acd::config::QueueConfig;
use rexian::acd::distributor::AcdError;
use rexian::acd::relaxation;
use rexian::acd::relaxation::Action;
use rexian::acd::relaxation::Step;
use rexian::acd::relaxation::When;
use rexian::acd::requirement::Requirement;
use rexian::base::ids::InteractionId;
use rexian::fact::call::Class;
use rexian::fact::call::OfferOutcome;

use crate::acd::script::Script;
use crate::acd::script::agent;
use crate::acd::script::config;
use crate::acd::script::queue;
use crate::acd::script::slug;

fn after(seconds: u32, action: Action) -> Step {
    Step {
        when: When::AfterS(seconds),
        action,
    }
}

/// An expert queue of this plan, needing law 5, beside the general one; `expert` has law 6, `novice` law 2, `nobody` none.
fn planned(plan: Vec<Step>) -> Script {
    let expert = QueueConfig {
        relaxation: plan,
        ..queue(&[("law", 5)])
    };
    Script::with(config(
        &[("general", queue(&[])), ("law", expert)],
        &[
            ("expert", agent(&[("law", 6)], &["law"])),
            ("novice", agent(&[("law", 2)], &["law"])),
            ("plain", agent(&[], &["general"])),
        ],
    ))
}

#[test]
fn each_step_of_a_plan_lets_more_agents_take_the_call() {
    let mut script = planned(vec![
        after(
            20,
            Action::Lower {
                skill: slug("law"),
                to: 2,
            },
        ),
        after(40, Action::AddQueue(slug("general"))),
    ]);
    script.ready("plain");
    let call = script.call("law");
    script.wait(19);
    script.ready("novice");
    assert_eq!(script.agent_of(call), "novice", "he was ready when the step came");
    script.pick_up(call);
    let second = script.call("law");
    script.wait(39);
    assert_eq!(script.agent_of(second), "nobody");
    script.wait(2);
    assert_eq!(script.agent_of(second), "plain");
    assert_eq!(script.joined, [(second, slug("general"))]);
}

#[test]
fn steps_count_from_the_first_queueing_and_a_miss_does_not_restart_them() {
    let mut script = planned(vec![after(30, Action::Drop(slug("law")))]);
    script.ready("expert");
    let call = script.call("law");
    script.wait(7);
    assert_eq!(script.ended[0].1, OfferOutcome::Failed);
    script.ready("novice");
    script.wait(21);
    assert_eq!(script.agent_of(call), "expert");
    script.wait(2);
    assert_eq!(script.agent_of(call), "novice");
}

#[test]
fn a_step_without_staff_is_done_at_entry_and_when_the_last_one_leaves() {
    let plan = vec![Step {
        when: When::NoStaffed,
        action: Action::AddQueue(slug("general")),
    }];
    let mut script = planned(plan.clone());
    script.ready("plain");
    let call = script.call("law");
    assert_eq!(script.agent_of(call), "plain");

    let mut script = planned(plan);
    script.ready("expert");
    let first = script.call("law");
    script.pick_up(first);
    let second = script.call("law");
    assert_eq!(script.agent_of(second), "nobody");
    script.ready("plain");
    assert_eq!(
        script.agent_of(second),
        "nobody",
        "an expert is there, though he talks"
    );
    script.hang_up_and_sign_out("expert", first);
    assert_eq!(script.agent_of(second), "plain");
}

#[test]
fn named_agents_and_rings_open_with_time() {
    let mut script = planned(vec![
        after(10, Action::AllowAgents(BTreeSet::from([slug("plain")]))),
        after(20, Action::AnyInQueue),
    ]);
    script.ready("novice");
    let call = script.call("law");
    script.wait(9);
    script.ready("plain");
    assert_eq!(script.agent_of(call), "plain");
    script.pick_up(call);
    let second = script.call("law");
    script.wait(21);
    assert_eq!(script.agent_of(second), "novice");

    let ringed = QueueConfig {
        relaxation: vec![after(10, Action::Ring(2))],
        ..queue(&[])
    };
    let mut outer = agent(&[], &["general"]);
    outer.memberships[0].ring = 2;
    let mut script = Script::with(config(&[("general", ringed)], &[("outer", outer)]));
    script.ready("outer");
    let call = script.call("general");
    assert_eq!(script.agent_of(call), "nobody");
    script.wait(11);
    assert_eq!(script.agent_of(call), "outer");
}

#[test]
fn a_member_with_a_delay_joins_when_the_call_is_old_enough() {
    let mut late = agent(&[], &["general"]);
    late.memberships[0].delay = Duration::from_secs(15);
    let mut script = Script::with(config(&[("general", queue(&[]))], &[("late", late)]));
    script.ready("late");
    let call = script.call("general");
    script.wait(14);
    assert_eq!(script.agent_of(call), "nobody");
    script.wait(2);
    assert_eq!(script.agent_of(call), "late");
}

#[test]
fn a_plan_that_could_exclude_is_refused_with_its_step() {
    let trainee = Requirement::Not(Box::new(Requirement::Skill {
        id: slug("trainee"),
        least: 1,
        most: 10,
    }));
    let plan = [
        after(20, Action::Drop(slug("trainee"))),
        after(10, Action::Drop(slug("unknown"))),
        after(30, Action::AllowAgents(BTreeSet::new())),
    ];
    let faults = relaxation::faults(&trainee, &plan);
    let steps: Vec<usize> = faults.iter().map(|fault| fault.0).collect();
    assert_eq!(steps, [0, 1, 1, 2], "{faults:?}");
}

#[test]
fn the_owner_is_asked_first_and_others_after_his_time() {
    let owned = |it: &mut rexian::acd::distributor::NewItem| {
        it.owners = vec![slug("b")];
        it.owners_for = Duration::from_secs(20);
    };
    let mut script = Script::new();
    script.ready("a");
    script.ready("b");
    let call = script.item("general", owned);
    assert_eq!(script.agent_of(call), "b", "though a is idle longer");
    script.pick_up(call);
    let second = script.item("general", owned);
    assert_eq!(
        script.agent_of(second),
        "nobody",
        "b has a call, and it is his for a while"
    );
    script.wait(21);
    assert_eq!(script.agent_of(second), "a");
    // An owner who becomes free takes his own before older ones.
    let older = script.call("general");
    let own = script.item("general", |it| {
        it.owners = vec![slug("c")];
        it.owners_for = Duration::from_secs(60);
    });
    script.ready("c");
    assert_eq!((script.agent_of(own), script.agent_of(older)), ("c", "nobody"));
}

#[test]
fn what_waits_for_an_owner_waits_for_all_when_he_takes_calls_no_more() {
    let mut script = Script::new();
    script.ready("b");
    let talk = script.call("general");
    script.pick_up(talk);
    script.ready("a");
    let own = script.item("general", |it| {
        it.owners = vec![slug("b")];
        it.owners_for = Duration::from_secs(60);
    });
    assert_eq!(script.agent_of(own), "nobody");
    script.hang_up_and_sign_out("b", talk);
    assert_eq!(script.agent_of(own), "a");
}

#[test]
fn the_cap_of_a_queue_holds_and_its_end_lets_the_next_in() {
    let capped = QueueConfig {
        talks_max: Some(1),
        ..queue(&[])
    };
    let agents = [("a", agent(&[], &["general"])), ("b", agent(&[], &["general"]))];
    let mut script = Script::with(config(&[("general", capped)], &agents));
    script.ready("a");
    script.ready("b");
    let first = script.call("general");
    let second = script.call("general");
    assert_eq!((script.agent_of(first), script.agent_of(second)), ("a", "nobody"));
    script.accept(0);
    script.wait(30);
    assert_eq!(script.agent_of(second), "nobody");
    script.step(|acd, now, random, out| acd.talk_ended(now, &slug("a"), first, random, out));
    assert_eq!(script.agent_of(second), "b", "in the same step");
}

#[test]
fn a_reserve_keeps_its_members_free_from_other_queues() {
    let kept = QueueConfig {
        reserve: 1,
        ..queue(&[])
    };
    let both = ["general", "kept"];
    let agents: Vec<_> = ["a", "b", "c"]
        .iter()
        .map(|name| (*name, agent(&[], &both)))
        .collect();
    let mut script = Script::with(config(&[("general", queue(&[])), ("kept", kept)], &agents));
    for name in ["a", "b"] {
        script.ready(name);
    }
    let ordinary = script.call("general");
    assert_eq!(
        script.agent_of(ordinary),
        "nobody",
        "one would be left, and more than one must be"
    );
    script.ready("c");
    assert_ne!(script.agent_of(ordinary), "nobody", "two are left");
    let own = script.call("kept");
    assert_ne!(
        script.agent_of(own),
        "nobody",
        "its own calls take whom they like"
    );
    let urgent = script.item("general", |it| it.class = Some(Class::Emergency));
    assert_ne!(
        script.agent_of(urgent),
        "nobody",
        "an emergency takes a reserved seat"
    );
}

#[test]
fn standby_members_join_an_overloaded_queue_and_leave_a_calm_one() {
    let loaded = QueueConfig {
        overload: Some(Duration::from_secs(30)),
        ..queue(&[])
    };
    let mut standby = agent(&[], &["general"]);
    standby.memberships[0].standby = true;
    let agents = [("helper", standby), ("regular", agent(&[], &["general"]))];
    let mut script = Script::with(config(&[("general", loaded)], &agents));
    script.ready("helper");
    let first = script.call("general");
    script.wait(39);
    assert_eq!(
        script.agent_of(first),
        "nobody",
        "over the bound, but not for ten seconds"
    );
    script.wait(2);
    assert_eq!(script.agent_of(first), "helper");
    assert_eq!(
        script.acd.queue(&slug("general")).unwrap().free,
        0,
        "a helper is no staff of the queue"
    );
    script.serve(first, 1);
    let second = script.call("general");
    assert_eq!(
        script.agent_of(second),
        "helper",
        "calm for less than half a minute"
    );
    script.serve(second, 40);
    let third = script.call("general");
    assert_eq!(script.agent_of(third), "nobody");
}

#[test]
fn exclusive_agents_serve_their_classes_alone_and_every_emergency() {
    let mut exclusive = agent(&[], &["general"]);
    exclusive.classes = vec![Class::Dedicated];
    let mut script = Script::with(config(&[("general", queue(&[]))], &[("seat", exclusive)]));
    script.ready("seat");
    let ordinary = script.call("general");
    assert_eq!(script.agent_of(ordinary), "nobody");
    let dedicated = script.item("general", |it| it.class = Some(Class::Dedicated));
    assert_eq!(script.agent_of(dedicated), "seat");
    script.serve(dedicated, 5);
    let urgent = script.item("general", |it| it.class = Some(Class::Emergency));
    assert_eq!(script.agent_of(urgent), "seat");
}

#[test]
fn an_emergency_takes_the_offer_of_an_ordinary_call_which_returns_to_its_place() {
    let mut script = Script::new();
    script.ready("a");
    let ordinary = script.call("general");
    let later = script.call("general");
    let place = script.acd.item(ordinary).unwrap().place;
    let urgent = script.item("general", |it| it.class = Some(Class::Emergency));
    assert_eq!(script.ended[0].1, OfferOutcome::Preempted);
    assert_eq!(script.agent_of(urgent), "a");
    assert_eq!(script.acd.item(ordinary).unwrap().place, place);
    let idle = script.acd.agent(&slug("a")).unwrap();
    assert_eq!((idle.missed, idle.rejected), (0, 0));
    script.ready("b");
    assert_eq!(
        (script.agent_of(ordinary), script.agent_of(later)),
        ("b", "nobody"),
        "the first is first"
    );
    // Taken twice it is immune.
    script.item("general", |it| it.class = Some(Class::Emergency));
    assert_eq!(script.ended[1].1, OfferOutcome::Preempted);
    script.ready("c");
    assert_eq!(script.agent_of(ordinary), "c");
    let third = script.item("general", |it| it.class = Some(Class::Emergency));
    assert_eq!((script.agent_of(third), script.ended.len()), ("nobody", 2));
}

#[test]
fn a_talk_is_never_cut_by_an_emergency_and_it_waits_first_in_line() {
    let mut script = Script::new();
    script.ready("a");
    let talk = script.call("general");
    script.accept(0);
    let ordinary = script.call("general");
    let urgent = script.item("general", |it| it.class = Some(Class::Emergency));
    assert_eq!(script.agent_of(urgent), "nobody");
    script.step(|acd, now, random, out| acd.talk_ended(now, &slug("a"), talk, random, out));
    script.wait(11);
    assert_eq!(
        (script.agent_of(urgent), script.agent_of(ordinary)),
        ("a", "nobody")
    );
}

#[test]
fn as_many_wait_as_may_and_an_emergency_besides() {
    let mut script = Script::new();
    for _ in 0..100 {
        script.call("general");
    }
    let id = InteractionId::from_bytes([1; 16]);
    assert_eq!(script.try_item(id, "general", |_| {}), Err(AcdError::Full));
    let urgent = |it: &mut rexian::acd::distributor::NewItem| it.class = Some(Class::Emergency);
    assert_eq!(script.try_item(id, "general", urgent), Ok(()));
    let other = InteractionId::from_bytes([2; 16]);
    assert_eq!(script.try_item(other, "nowhere", |_| {}), Err(AcdError::NoQueue));
}

#[test]
fn a_publish_changes_later_items_only_and_loses_nobody() {
    let mut script = planned(vec![after(20, Action::Drop(slug("law")))]);
    script.ready("novice");
    let call = script.call("law");
    let config = Config {
        queues: std::collections::BTreeMap::from([(slug("general"), queue(&[]))]),
        ..config(&[], &[("novice", agent(&[("law", 2)], &["law"]))])
    };
    script.publish(config);
    script.wait(21);
    assert_eq!(script.agent_of(call), "novice", "by the plan it was queued with");
    let id = InteractionId::from_bytes([1; 16]);
    assert_eq!(script.try_item(id, "law", |_| {}), Err(AcdError::NoQueue));
}
