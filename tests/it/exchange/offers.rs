//! Offers to agents: the fact first, then the phone; and every way in which an offer ends without a talk.

use std::collections::BTreeMap;

use rexian::acd::agent::Work;
use rexian::acd::relaxation::Action;
use rexian::acd::relaxation::Step;
use rexian::acd::relaxation::When;
use rexian::base::ids::AgentId;
use rexian::base::ids::QueueId;
use rexian::base::ids::SkillId;
use rexian::exchange::command::Command;
use rexian::exchange::input::JournalStatus;
use rexian::exchange::snapshot::Occupancy;
use rexian::exchange::snapshot::ViewChange;
use rexian::fact::Actor;
use rexian::fact::ActorKind;
use rexian::fact::agent::Presence;
use rexian::fact::call::Class;

use super::profile::limits;
use super::profile::profile;
use super::profile::slug;
use super::rig::CITY;
use super::rig::PHONES;
use super::rig::Rig;
use super::rig::SDP;
use super::rig::agent_of;
use super::rig::kind;
use super::rig::short;
use super::rig::value;

fn presence(rig: &Rig, at: usize) -> Presence {
    rig.exchange
        .acd()
        .agent(&slug(agent_of(at)))
        .unwrap()
        .presence
        .clone()
}

fn outcome(rig: &Rig) -> String {
    rig.last("call.offer_ended")["outcome"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn no_phone_rings_before_the_offer_is_durable() {
    let mut rig = Rig::staffed(1);
    let waiting = rig.call(1, "12345");
    rig.durable_at_once = false;
    rig.prompt_ends(true);
    rig.press('0');
    assert!(rig.story(0).ends_with("call.queued call.agent_offered"));
    assert_eq!(rig.told(PHONES[0]), "");
    rig.sync();
    assert_eq!(rig.told(PHONES[0]), "INVITE");
    rig.say(&waiting, "BYE", "", "");
}

#[test]
fn an_agent_is_seen_reserved_from_his_offer_on_and_no_queue_counts_him_ready() {
    let mut rig = Rig::staffed(1);
    rig.call(1, "12346");
    let agent = rig.views.iter().rev().find_map(|view| match view {
        ViewChange::Agent(agent) => Some(agent.occupancy),
        _ => None,
    });
    assert_eq!(agent, Some(Occupancy::Reserved), "no 18x yet");
    for queue in ["general", "enterprise"] {
        let ready = rig.views.iter().rev().find_map(|view| match view {
            ViewChange::Queue(it) if it.queue.as_str() == queue => Some(it.ready),
            _ => None,
        });
        assert_eq!(ready, Some(0), "{queue}");
    }
}

#[test]
fn an_offer_withdrawn_before_it_is_durable_rings_nothing() {
    let mut rig = Rig::staffed(1);
    let citizen = rig.call(1, "12345");
    rig.durable_at_once = false;
    rig.prompt_ends(true);
    rig.press('0');
    rig.say(&citizen, "BYE", "", "");
    rig.sync();
    assert_eq!(rig.told(PHONES[0]), "");
    assert_eq!(outcome(&rig), "cancelled");
    assert!(
        rig.story(0).contains("call.offer_ended call.ended"),
        "the offer ends before the call"
    );
    rig.settle();
}

#[test]
fn nobody_is_to_blame_while_the_disk_stalls() {
    let mut rig = Rig::staffed(1);
    rig.call(1, "12345");
    rig.durable_at_once = false;
    rig.prompt_ends(true);
    rig.press('0');
    rig.pass(20_000);
    assert_eq!(presence(&rig, 0), Presence::Ready);
    rig.sync();
    assert_eq!(rig.told(PHONES[0]), "INVITE", "the offer goes on where it was");
}

#[test]
fn a_missed_offer_rings_the_next_agent_and_the_caller_keeps_his_place() {
    let mut rig = Rig::staffed(1);
    rig.call(1, "12346");
    let first = rig.interaction();
    rig.call(2, "12346");
    let invite = rig.rung(0);
    rig.respond(0, &invite, 180, "");
    rig.pass(20_001);
    assert_eq!(outcome(&rig), "no_answer");
    let cancel = rig.heard(PHONES[0]);
    assert_eq!(short(&cancel[0]), "CANCEL");
    rig.respond(0, &cancel[0], 200, "");
    rig.respond(0, &invite, 487, "");
    let second = rig.heard(PHONES[0]);
    let second = second.iter().find(|text| short(text) == "INVITE");
    let offered = second.map(|text| value(text, "X-Interaction-Id").to_owned());
    assert!(
        offered.is_none_or(|id| id != first.to_string()),
        "not the same caller again so soon"
    );
    rig.register(1, 7_200);
    rig.sign_in(1);
    rig.set_presence(1, Presence::Ready).unwrap();
    let invite = rig.rung(1);
    assert_eq!(
        value(&invite, "X-Interaction-Id"),
        first.to_string(),
        "the oldest caller first"
    );
}

#[test]
fn a_phone_rings_for_the_queues_time_from_its_first_18x() {
    let mut rig = Rig::staffed(1);
    rig.call(1, "12346");
    let invite = rig.rung(0);
    rig.respond(0, &invite, 100, "");
    rig.pass(5_000);
    rig.respond(0, &invite, 180, "");
    rig.pass(10_000);
    rig.respond(0, &invite, 180, "");
    rig.pass(9_999);
    assert_eq!(rig.told(PHONES[0]), "", "24.999 s after the INVITE");
    rig.pass(1);
    assert_eq!(rig.told(PHONES[0]), "CANCEL");
    assert_eq!(outcome(&rig), "no_answer");
    // A phone that does not say 18x at all is given up before.
    let mut rig = Rig::staffed(1);
    rig.call(1, "12346");
    let invite = rig.rung(0);
    rig.respond(0, &invite, 100, "");
    rig.pass(5_999);
    assert_eq!(rig.told(PHONES[0]), "");
    rig.pass(1);
    assert_eq!(outcome(&rig), "failed");
}

#[test]
fn an_agent_who_rejects_at_the_phone_or_at_the_desk_is_passed_over() {
    for by_phone in [true, false] {
        let mut rig = Rig::staffed(2);
        rig.call(1, "12346");
        let invite = rig.rung(0);
        rig.respond(0, &invite, 180, "");
        if by_phone {
            rig.respond(0, &invite, 486, "");
        } else {
            rig.reject(0).unwrap();
            assert!(rig.told(PHONES[0]).contains("CANCEL"));
        }
        assert_eq!(outcome(&rig), "rejected");
        assert_eq!(
            value(&rig.rung(1), "X-Interaction-Id"),
            rig.interaction().to_string()
        );
        assert_eq!(presence(&rig, 0), Presence::Ready, "one rejection is no offence");
        assert_eq!(rig.told(CITY), "", "the caller hears nothing of it");
    }
}

#[test]
fn an_unreachable_phone_makes_its_agent_not_ready_until_it_registers_again() {
    let mut rig = Rig::staffed(1);
    rig.call(1, "12346");
    let invite = rig.rung(0);
    rig.respond(0, &invite, 503, "");
    assert_eq!(outcome(&rig), "failed");
    assert_eq!(presence(&rig, 0), Presence::NotReady(slug("device")));
    rig.forget();
    rig.register(0, 7_200);
    assert_eq!(presence(&rig, 0), Presence::Ready);
}

#[test]
fn a_caller_who_leaves_while_it_rings_cancels_the_phone() {
    let mut rig = Rig::staffed(1);
    let citizen = rig.call(1, "12346");
    let invite = rig.rung(0);
    rig.respond(0, &invite, 180, "");
    rig.say(&citizen, "BYE", "", "");
    let cancel = rig.heard(PHONES[0]);
    assert_eq!(short(&cancel[0]), "CANCEL");
    rig.respond(0, &cancel[0], 200, "");
    rig.respond(0, &invite, 487, "");
    assert_eq!(outcome(&rig), "cancelled");
    assert_eq!(rig.exchange.acd().agent(&slug("a1001")).unwrap().work, Work::Idle);
    rig.settle();
}

#[test]
fn a_200_that_crosses_the_cancel_is_acknowledged_and_ended() {
    let mut rig = Rig::staffed(1);
    let citizen = rig.call(1, "12346");
    let invite = rig.rung(0);
    rig.respond(0, &invite, 180, "");
    rig.say(&citizen, "BYE", "", "");
    let cancel = rig.heard(PHONES[0]);
    rig.respond(0, &invite, 200, SDP);
    let heard = rig.heard(PHONES[0]);
    assert_eq!(
        heard.iter().map(|text| short(text)).collect::<Vec<_>>(),
        ["ACK", "BYE"]
    );
    rig.respond(0, &cancel[0], 200, "");
    rig.respond(0, &heard[1], 200, "");
    assert_eq!(rig.last("call.ended")["outcome"], "short_abandoned");
    rig.settle();
}

#[test]
fn no_offer_is_made_while_the_journal_fails() {
    let mut rig = Rig::staffed(0);
    rig.call(1, "12346");
    rig.register(0, 7_200);
    rig.sign_in(0);
    rig.journal(JournalStatus::Failed);
    assert!(
        rig.set_presence(0, Presence::Ready).is_err(),
        "nothing can be saved"
    );
    rig.journal(JournalStatus::Accepting);
    rig.set_presence(0, Presence::Ready).unwrap();
    assert_eq!(rig.told(PHONES[0]), "INVITE");
}

#[test]
fn offers_that_wait_for_a_failed_journal_are_made_when_it_is_well() {
    let mut rig = Rig::staffed(1);
    rig.call(1, "12345");
    rig.journal(JournalStatus::Failed);
    rig.prompt_ends(true);
    rig.press('0');
    assert_eq!(rig.told(PHONES[0]), "");
    rig.journal(JournalStatus::Accepting);
    assert_eq!(rig.told(PHONES[0]), "INVITE");
}

#[test]
fn a_call_for_experts_reaches_those_with_the_skill_and_overflows_where_none_is_signed_in() {
    let mut profile = profile();
    let law: SkillId = slug("law");
    let expert = profile.queues.get_mut(&slug::<QueueId>("enterprise")).unwrap();
    expert.skills = BTreeMap::from([(law.clone(), 3)]);
    expert.distribution.class = Class::Dedicated;
    expert.distribution.relaxation = vec![Step {
        when: When::NoStaffed,
        action: Action::AddQueue(slug("general")),
    }];
    profile.agents.get_mut(&slug::<AgentId>("a1001")).unwrap().queues = vec![slug("general")];
    let second = profile.agents.get_mut(&slug::<AgentId>("a1002")).unwrap();
    second.skills = BTreeMap::from([(law, 5)]);
    let mut rig = Rig::with(profile, limits());
    for at in 0..2 {
        rig.register(at, 7_200);
        rig.sign_in(at);
        rig.set_presence(at, Presence::Ready).unwrap();
    }
    rig.forget();
    rig.call(1, "12345");
    rig.prompt_ends(true);
    rig.press('1');
    assert_eq!(rig.last("call.queued")["class"], "dedicated");
    assert_eq!(
        rig.told(PHONES[1]),
        "INVITE",
        "the expert, though the other is idle longer"
    );
    assert!(!rig.facts.iter().any(|it| kind(it) == "call.queue_joined"));
    rig.reject(1).unwrap();
    let agent: AgentId = slug("a1002");
    rig.command(
        Actor::named(ActorKind::Agent, "a1002"),
        Command::SignOut { agent },
    );
    assert_eq!(
        rig.last("call.queue_joined")["queue"],
        "general",
        "the overflow is on record"
    );
    assert_eq!(rig.told(PHONES[0]), "INVITE");
}
