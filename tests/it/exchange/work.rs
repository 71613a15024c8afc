//! Agents' work around calls: wrap-up, what a publish leaves alone, and views that wait for their facts.

use std::sync::Arc;

use rexian::exchange::command::Command;
use rexian::exchange::command::CommandError;
use rexian::exchange::snapshot::Occupancy;
use rexian::exchange::snapshot::ViewChange;
use rexian::fact::Actor;
use rexian::fact::agent::Presence;

use super::profile::accounts;
use super::profile::profile;
use super::profile::slug;
use super::rig::PHONES;
use super::rig::Rig;
use super::rig::SDP;
use super::rig::short;

fn occupancy(rig: &Rig) -> Vec<Occupancy> {
    let of_agent = |view: &ViewChange| match view {
        ViewChange::Agent(agent) => Some(agent.occupancy),
        _ => None,
    };
    rig.views.iter().filter_map(of_agent).collect()
}

fn after_a_talk(rig: &mut Rig) {
    let citizen = rig.call(1, "12346");
    rig.pick_up(0);
    rig.pass(10_000);
    rig.say(&citizen, "BYE", "", "");
    let bye = rig.heard(PHONES[0]);
    assert_eq!(short(&bye[0]), "BYE");
    rig.respond(0, &bye[0], 200, "");
}

#[test]
fn wrap_up_holds_the_agent_until_he_is_done_or_its_time_is_over() {
    for early in [true, false] {
        let mut rig = Rig::staffed(1);
        after_a_talk(&mut rig);
        let talked = rig.interaction();
        rig.call(2, "12346");
        assert_eq!(rig.told(PHONES[0]), "", "nothing rings in wrap-up");
        if early {
            rig.pass(5_000);
            rig.finish_wrapup(0).unwrap();
        } else {
            rig.pass(30_001);
        }
        assert_eq!(rig.told(PHONES[0]), "INVITE");
        let ended = rig.last("agent.wrapup_ended");
        assert_eq!(
            (&ended["timed_out"], &ended["lasted_ms"]),
            (&(!early).into(), &[30_000, 5_000][usize::from(early)].into())
        );
        let of_the_call = rig
            .facts
            .iter()
            .filter(|it| it.interaction == Some(talked))
            .map(super::rig::kind);
        assert!(
            of_the_call
                .collect::<Vec<_>>()
                .contains(&"agent.wrapup_ended".to_owned()),
            "it counts for its call"
        );
    }
}

#[test]
fn a_next_state_waits_for_the_end_of_the_work() {
    let mut rig = Rig::staffed(1);
    let citizen = rig.call(1, "12346");
    rig.pick_up(0);
    rig.set_presence(0, Presence::NotReady(slug("rest"))).unwrap();
    rig.say(&citizen, "BYE", "", "");
    rig.finish_wrapup(0).unwrap();
    assert_eq!(rig.last("agent.presence_changed")["presence"]["reason"], "rest");
    assert_eq!(
        rig.finish_wrapup(0),
        Err(CommandError::NothingToFinish(slug("a1001")))
    );
}

#[test]
fn a_publish_changes_nothing_that_lives() {
    let mut rig = Rig::staffed(1);
    let citizen = rig.call(1, "12346");
    rig.pick_up(0);
    rig.call(2, "12346");
    let waiting = rig.interaction();
    let before = (
        rig.exchange
            .acd()
            .agent(&slug("a1001"))
            .cloned()
            .map(|it| format!("{it:?}")),
        rig.facts.len(),
    );
    let place = rig.exchange.acd().item(waiting).unwrap().place;
    let mut changed = profile();
    changed.queues.get_mut(&slug("general")).unwrap().wrapup_s = 0;
    rig.forget();
    rig.command(
        Actor::system(),
        Command::Publish {
            version: 2,
            profile: Arc::new(changed),
            devices: accounts(),
        },
    );
    let after = (
        rig.exchange
            .acd()
            .agent(&slug("a1001"))
            .cloned()
            .map(|it| format!("{it:?}")),
        rig.facts.len(),
    );
    assert_eq!(before, after, "no presence, no work, no fact");
    assert_eq!(rig.exchange.acd().item(waiting).unwrap().place, place);
    assert_eq!((rig.told(PHONES[0]), rig.media.len()), (String::new(), 0));
    rig.say(&citizen, "BYE", "", "");
    let heard = rig.heard(PHONES[0]);
    assert_eq!(
        heard.iter().map(|text| short(text)).collect::<Vec<_>>(),
        ["BYE", "INVITE"],
        "no wrap-up any more"
    );
}

#[test]
fn views_and_replies_wait_for_their_facts() {
    let mut rig = Rig::staffed(1);
    rig.durable_at_once = false;
    let request = rig.command(
        Actor::system(),
        Command::SetPresence {
            agent: slug("a1001"),
            presence: Presence::NotReady(slug("rest")),
        },
    );
    assert!(
        rig.replies.is_empty() && rig.views.is_empty(),
        "nothing is said before it is saved"
    );
    rig.sync();
    assert_eq!(rig.replies, [(request, Ok(()))]);
    assert_eq!(occupancy(&rig), [Occupancy::Idle]);
}

#[test]
fn refusals_of_commands_say_why() {
    let mut rig = Rig::new();
    let ready = |rig: &mut Rig| rig.set_presence(0, Presence::Ready);
    assert_eq!(ready(&mut rig), Err(CommandError::NotSignedIn(slug("a1001"))));
    rig.register(0, 3_600);
    rig.sign_in(0);
    let unknown = rig.set_presence(0, Presence::NotReady(slug("no-such-reason")));
    assert!(matches!(
        unknown,
        Err(CommandError::Unknown { field: "reason", .. })
    ));
    assert_eq!(rig.reject(0), Err(CommandError::NothingToFinish(slug("a1001"))));
    ready(&mut rig).unwrap();
    rig.call(1, "12346");
    let invite = rig.rung(0);
    let sign_out = rig.command(Actor::system(), Command::SignOut { agent: slug("a1001") });
    assert!(
        rig.replies
            .contains(&(sign_out, Err(CommandError::Busy(slug("a1001")))))
    );
    rig.respond(0, &invite, 200, SDP);
}

#[test]
fn a_phone_that_unregisters_takes_its_agent_out_of_the_queue() {
    let mut rig = Rig::staffed(1);
    rig.register(0, 0);
    rig.forget();
    rig.call(1, "12346");
    assert_eq!(rig.told(PHONES[0]), "");
    rig.register(0, 7_200);
    // `register` reads what the phone heard: the INVITE came with the 200.
    assert_eq!(rig.last("call.agent_offered")["agent"], "a1001");
}
