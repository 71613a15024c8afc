//! Calls of ours: the agent's phone first, then the citizen's, and every way it can end.

use rexian::base::ids::BootId;
use rexian::base::time::millis;
use rexian::exchange::command::Command;
use rexian::exchange::command::CommandError;
use rexian::exchange::snapshot::CallState;
use rexian::exchange::snapshot::Occupancy;
use rexian::exchange::snapshot::ViewChange;
use rexian::fact::Actor;
use rexian::fact::Fact;
use rexian::fact::agent::Presence;
use rexian::fact::call::CallFact;
use rexian::fact::call::Direction;
use rexian::fact::call::RefusalReason;
use rexian::media::command::MediaCommand;
use rexian::media::command::MediaEvent;
use rexian::media::command::Repeat;
use rexian::report::cdr::CallRecord;
use rexian::report::cdr::Moment;

use super::profile::limits;
use super::profile::profile;
use super::profile::slug;
use super::rig::CITY;
use super::rig::PHONES;
use super::rig::Rig;
use super::rig::SDP;
use super::rig::body_of;
use super::rig::on_hold;
use super::rig::value;

const NUMBER: &str = "13812345678";

fn occupancy(rig: &Rig) -> Occupancy {
    let mut agents = rig.views.iter().rev();
    agents
        .find_map(|view| match view {
            ViewChange::Agent(agent) => Some(agent.occupancy),
            _ => None,
        })
        .unwrap()
}

fn state(rig: &Rig) -> CallState {
    let mut calls = rig.views.iter().rev();
    calls
        .find_map(|view| match view {
            ViewChange::Call(call) => Some(call.state),
            _ => None,
        })
        .unwrap()
}

/// The one record of the call, folded from its facts; its segments tile its time.
fn record(rig: &Rig) -> CallRecord {
    let moment = |it: &rexian::fact::Record| Moment {
        wall: it.now.wall,
        mono: it.now.mono,
        boot: BootId::default(),
    };
    let mut records = Vec::new();
    for it in &rig.facts {
        let begins = serde_json::to_value(&it.fact).unwrap()["kind"] == "call.offered";
        if begins {
            records.push(CallRecord::new(it.interaction.unwrap(), moment(it)));
        }
        let of = |record: &&mut CallRecord| Some(record.interaction) == it.interaction;
        if let Some(record) = records.iter_mut().find(of) {
            record.apply(moment(it), &it.fact, None);
        }
    }
    assert_eq!(records.len(), 1, "exactly one record");
    let record = records.remove(0);
    assert_eq!(record.direction, Direction::Outbound);
    let mut at = record.offered_at;
    for segment in &record.segments {
        assert_eq!(segment.from, at, "{record:?}");
        at = segment.to;
    }
    assert_eq!(Some(at), record.ended_at, "{record:?}");
    let sum: u64 = record.segments.iter().map(|it| it.lasted_ms).sum();
    assert_eq!(sum, millis(at.since(record.offered_at)));
    record
}

fn kinds(record: &CallRecord) -> Vec<&'static str> {
    record.segments.iter().map(|it| it.kind.code()).collect()
}

fn ended(rig: &Rig) -> (String, String, serde_json::Value) {
    let fact = rig.last("call.ended");
    let text = |name: &str| fact[name].as_str().unwrap().to_owned();
    (text("outcome"), text("by"), fact["status"].clone())
}

/// An agent whose citizen is being called: the INVITEs of both.
fn dialling(rig: &mut Rig) -> (String, String) {
    rig.make_call(0, NUMBER).unwrap();
    let agent = rig.pick_up(0);
    let citizen = rig.dialled();
    (agent, citizen)
}

fn talking(rig: &mut Rig) -> (String, String) {
    let (agent, citizen) = dialling(rig);
    rig.trunk_responds(&citizen, 180, "");
    rig.pass(4_000);
    rig.trunk_responds(&citizen, 200, SDP);
    assert_eq!(rig.told(CITY), "ACK");
    (agent, citizen)
}

#[test]
fn an_agent_calls_a_citizen_and_both_talk() {
    let mut rig = Rig::staffed(1);
    let interaction = rig.make_call(0, NUMBER).unwrap();
    assert_eq!(rig.told(CITY), "", "the agent's phone first");
    assert_eq!(occupancy(&rig), Occupancy::Reserved);
    let invite = rig.rung(0);
    assert!(
        value(&invite, "From").contains("sip:12345@"),
        "the phone does not show the citizen's number: {invite}"
    );
    rig.respond(0, &invite, 180, "");
    assert_eq!(occupancy(&rig), Occupancy::Ringing);
    rig.pass(2_000);
    rig.respond(0, &invite, 200, SDP);
    assert_eq!(rig.told(PHONES[0]), "ACK");
    assert_eq!(
        (occupancy(&rig), state(&rig)),
        (Occupancy::Talking, CallState::Dialling)
    );
    let agent_leg = rig.opened();
    let (leg, playback) = rig.playing();
    assert_eq!((leg, playback.repeat), (agent_leg, Repeat::Forever), "ringback");
    let citizen = rig.dialled();
    assert!(
        citizen.starts_with("INVITE sip:13812345678@192.0.2.2:5060 "),
        "{citizen}"
    );
    assert!(value(&citizen, "From").contains("sip:12345@"), "{citizen}");
    assert!(body_of(&citizen).contains("a=sendrecv"), "{citizen}");
    rig.trunk_responds(&citizen, 180, "");
    rig.pass(5_000);
    rig.forget();
    rig.trunk_responds(&citizen, 200, SDP);
    assert_eq!(rig.told(CITY), "ACK");
    let customer_leg = rig.opened();
    assert!(rig.media.contains(&MediaCommand::Bridge {
        a: customer_leg,
        b: agent_leg
    }));
    let recorded = rig.media.iter().find_map(|command| match command {
        MediaCommand::Record { leg, interaction, .. } => Some((*leg, *interaction)),
        _ => None,
    });
    assert_eq!(
        recorded,
        Some((customer_leg, interaction)),
        "recording begins here"
    );
    assert_eq!(state(&rig), CallState::Talking);
    rig.pass(30_000);
    rig.trunk_says(&citizen, "BYE", 1, "");
    assert_eq!(rig.told(CITY), "200");
    assert_eq!(rig.told(PHONES[0]), "BYE");
    assert_eq!(occupancy(&rig), Occupancy::Wrapup, "{:?}", rig.views);
    assert_eq!(
        ended(&rig),
        ("answered".into(), "caller".into(), serde_json::Value::Null)
    );
    let record = record(&rig);
    assert_eq!(kinds(&record), ["setup", "talk"]);
    assert_eq!((record.talk_ms, record.wait_ms), (30_000, 0));
    assert!(record.recording.is_some() && record.queue.is_none() && record.visits.is_empty());
    let begins = |it: &&rexian::fact::Record| matches!(&it.fact, Fact::Call(CallFact::Offered { .. }));
    let offered = rig.facts.iter().find(begins).unwrap();
    assert!(
        offered.ticket.is_some(),
        "the order stands in the envelope: {offered:?}"
    );
}

#[test]
fn nothing_rings_before_its_fact_is_durable() {
    let mut rig = Rig::staffed(1);
    rig.durable_at_once = false;
    rig.make_call_unseen(0, NUMBER);
    assert_eq!(rig.told(PHONES[0]), "", "the reservation is not on disk");
    rig.sync();
    let invite = rig.rung(0);
    rig.respond(0, &invite, 200, SDP);
    assert_eq!(rig.told(CITY), "", "the agent's answer is not on disk");
    rig.sync();
    rig.dialled();
}

#[test]
fn early_media_is_heard_and_the_talk_is_recorded_from_the_answer_on() {
    let mut rig = Rig::staffed(1);
    let (_, citizen) = dialling(&mut rig);
    let agent_leg = rig.opened();
    rig.forget();
    rig.trunk_responds(&citizen, 183, SDP);
    let customer_leg = rig.opened();
    assert!(rig.media.contains(&MediaCommand::Bridge {
        a: customer_leg,
        b: agent_leg
    }));
    let records = |rig: &Rig| {
        let commands = rig.media.iter();
        commands
            .filter(|it| matches!(it, MediaCommand::Record { .. }))
            .count()
    };
    assert_eq!(records(&rig), 0);
    rig.media_says(MediaEvent::RtpTimeout { leg: customer_leg });
    assert_eq!(rig.exchange.calls_len(), 1, "nobody has promised sound yet");
    rig.trunk_responds(&citizen, 200, &SDP.replace("40000", "41000"));
    assert_eq!(records(&rig), 1);
    let moved = rig.media.iter().any(|it| match it {
        MediaCommand::Modify { leg, media } => {
            *leg == customer_leg && media.remote_rtp.unwrap().port() == 41_000
        }
        _ => false,
    });
    assert!(moved, "the answer's description counts: {:?}", rig.media);
    rig.trunk_says(&citizen, "BYE", 1, "");
    rig.settle();
}

#[test]
fn a_refusal_of_each_kind_has_its_outcome_and_a_wrap_up() {
    for (status, outcome, by) in [
        (486, "busy", "network"),
        (600, "busy", "network"),
        (480, "no_answer", "ring_timeout"),
        (603, "declined", "caller"),
        (404, "unreachable", "network"),
        (503, "failed", "network"),
    ] {
        let mut rig = Rig::staffed(1);
        let (_, citizen) = dialling(&mut rig);
        rig.trunk_responds(&citizen, 180, "");
        rig.pass(3_000);
        rig.trunk_responds(&citizen, status, "");
        assert_eq!(rig.told(CITY), "ACK");
        assert_eq!(rig.told(PHONES[0]), "BYE");
        assert_eq!(ended(&rig), (outcome.into(), by.into(), status.into()));
        assert_eq!(occupancy(&rig), Occupancy::Wrapup);
        let record = record(&rig);
        assert_eq!(kinds(&record), ["setup"]);
        assert!(record.recording.is_none() && record.agent_answered_at.is_none());
    }
}

#[test]
fn a_citizen_who_does_not_pick_up_is_rung_for_a_minute() {
    let mut rig = Rig::staffed(1);
    let (agent, citizen) = dialling(&mut rig);
    rig.trunk_responds(&citizen, 180, "");
    rig.pass(59_000);
    assert_eq!(rig.told(CITY), "");
    rig.pass(2_000);
    assert!(rig.told(CITY).starts_with("CANCEL"));
    rig.trunk_responds(&citizen, 487, "");
    assert!(rig.told(PHONES[0]).starts_with("BYE"));
    assert_eq!(
        ended(&rig),
        ("no_answer".into(), "ring_timeout".into(), serde_json::Value::Null)
    );
    drop(agent);
    record(&rig);
}

#[test]
fn an_agent_who_does_not_take_his_phone_calls_nobody() {
    let mut rig = Rig::staffed(1);
    rig.make_call(0, NUMBER).unwrap();
    let invite = rig.rung(0);
    rig.respond(0, &invite, 180, "");
    rig.pass(25_000);
    assert_eq!(rig.told(CITY), "", "nobody was dialled");
    assert_eq!(ended(&rig).0, "agent_no_answer");
    assert_eq!(rig.last("call.offer_ended")["outcome"], "no_answer");
    assert_eq!(occupancy(&rig), Occupancy::Idle, "he is free, and still ready");
    rig.respond(0, &invite, 487, "");
    record(&rig);
    // A miss of his own is not held against him: the next caller rings him.
    rig.forget();
    let citizen = rig.call(1, "12346");
    rig.pick_up(0);
    rig.say(&citizen, "BYE", "", "");
    rig.settle();
}

#[test]
fn an_agent_may_decline_his_own_call_at_the_phone_and_on_the_screen() {
    let mut rig = Rig::staffed(1);
    rig.make_call(0, NUMBER).unwrap();
    let invite = rig.rung(0);
    rig.respond(0, &invite, 603, "");
    assert_eq!(ended(&rig).0, "agent_no_answer");
    rig.told(PHONES[0]);
    rig.make_call(0, NUMBER).unwrap();
    let invite = rig.rung(0);
    rig.respond(0, &invite, 180, "");
    rig.reject(0).unwrap();
    assert_eq!(
        ended(&rig),
        ("agent_no_answer".into(), "agent".into(), serde_json::Value::Null)
    );
    assert_eq!(rig.told(PHONES[0]), "CANCEL");
    rig.respond(0, &invite, 487, "");
    rig.settle();
}

#[test]
fn an_agent_who_hangs_up_while_it_rings_stops_the_ringing() {
    let mut rig = Rig::staffed(1);
    let (agent, citizen) = dialling(&mut rig);
    rig.trunk_responds(&citizen, 180, "");
    rig.phone_says(0, &agent, "BYE", 1, "");
    assert_eq!(rig.told(CITY), "CANCEL");
    assert_eq!(
        ended(&rig),
        ("cancelled".into(), "agent".into(), serde_json::Value::Null)
    );
    rig.trunk_responds(&citizen, 487, "");
    record(&rig);
    rig.settle();
}

#[test]
fn an_answer_that_crosses_our_cancel_is_acknowledged_and_ended() {
    let mut rig = Rig::staffed(1);
    let (agent, citizen) = dialling(&mut rig);
    rig.trunk_responds(&citizen, 180, "");
    rig.phone_says(0, &agent, "BYE", 1, "");
    assert_eq!(rig.told(CITY), "CANCEL");
    rig.trunk_responds(&citizen, 200, SDP);
    let told = rig.heard(CITY);
    assert!(
        told[0].starts_with("ACK") && told[1].starts_with("BYE"),
        "{told:?}"
    );
    rig.trunk_responds(&told[1], 200, "");
    assert_eq!(ended(&rig).0, "cancelled");
    assert!(!rig.story(0).contains("call.answered"));
    record(&rig);
    rig.settle();
}

#[test]
fn both_may_hang_up_at_once() {
    let mut rig = Rig::staffed(1);
    let (agent, citizen) = talking(&mut rig);
    rig.phone_says(0, &agent, "BYE", 1, "");
    rig.trunk_says(&citizen, "BYE", 1, "");
    let told = rig.heard(CITY);
    assert!(told.iter().any(|text| text.starts_with("BYE")), "{told:?}");
    assert!(
        told.iter().any(|text| text.starts_with("SIP/2.0 200")),
        "{told:?}"
    );
    assert_eq!(rig.story(0).matches("call.ended").count(), 1);
    record(&rig);
    rig.settle();
}

#[test]
fn hold_is_the_hold_of_every_call() {
    let mut rig = Rig::staffed(1);
    let (agent, citizen) = talking(&mut rig);
    rig.pass(1_000);
    rig.phone_says(0, &agent, "INVITE", 1, &on_hold());
    rig.phone_says(0, &agent, "ACK", 1, "");
    assert_eq!(occupancy(&rig), Occupancy::Holding);
    rig.pass(2_000);
    rig.phone_says(0, &agent, "INVITE", 2, &SDP.replace("o=- 1 1", "o=- 1 3"));
    rig.phone_says(0, &agent, "ACK", 2, "");
    rig.pass(3_000);
    rig.trunk_says(&citizen, "BYE", 1, "");
    let record = record(&rig);
    assert_eq!(kinds(&record), ["setup", "talk", "hold", "talk"]);
    assert_eq!((record.talk_ms, record.hold_ms), (4_000, 2_000));
}

#[test]
fn what_cannot_be_called_is_refused_before_anything_rings() {
    let agent = || slug("a1001");
    let mut rig = Rig::new();
    assert_eq!(rig.make_call(0, NUMBER), Err(CommandError::NotSignedIn(agent())));
    rig.sign_in(0);
    assert_eq!(rig.make_call(0, NUMBER), Err(CommandError::NoPhone(agent())));
    let mut rig = Rig::staffed(1);
    assert_eq!(rig.make_call(0, "anonymous"), Err(CommandError::NoNumber));
    let mut deaf = profile();
    for trunk in deaf.trunks.values_mut() {
        trunk.outbound = None;
    }
    let mut no_trunk = Rig::with(deaf, limits());
    no_trunk.register(0, 7_200);
    no_trunk.sign_in(0);
    assert_eq!(no_trunk.make_call(0, NUMBER), Err(CommandError::NoTrunk));
    let mut small = limits();
    small.calls_max = 1;
    let mut full = Rig::with(profile(), small);
    full.register(0, 7_200);
    full.sign_in(0);
    full.call(1, "12346");
    let refused = Err(CommandError::NotAdmitted(RefusalReason::Overload));
    assert_eq!(full.make_call(0, NUMBER), refused);
    for rig in [&mut no_trunk, &mut full, &mut rig] {
        assert_eq!(rig.told(PHONES[0]), "", "nothing rang");
        assert!(!rig.story(0).contains("call.agent_offered"));
    }
    rig.make_call(0, NUMBER).unwrap();
    assert_eq!(rig.make_call(0, NUMBER), Err(CommandError::Busy(agent())));
}

#[test]
fn an_agent_who_is_not_ready_may_call_and_nobody_else_rings_him_meanwhile() {
    let mut rig = Rig::staffed(1);
    rig.set_presence(0, Presence::NotReady(slug("rest"))).unwrap();
    let (_, citizen) = talking(&mut rig);
    let caller = rig.call(2, "12346");
    assert_eq!(rig.told(PHONES[0]), "", "he talks");
    rig.trunk_says(&citizen, "BYE", 1, "");
    rig.finish_wrapup(0).unwrap();
    assert!(
        !rig.told(PHONES[0]).contains("INVITE"),
        "he is not ready, as before"
    );
    rig.say(&caller, "BYE", "", "");
    rig.settle();
}

#[test]
fn a_draining_node_makes_no_calls_and_lets_a_call_go_on() {
    let mut rig = Rig::staffed(2);
    let (_, citizen) = dialling(&mut rig);
    rig.command(Actor::system(), Command::Drain);
    let draining = Err(CommandError::NotAdmitted(RefusalReason::Draining));
    assert_eq!(rig.make_call(1, NUMBER), draining);
    rig.trunk_responds(&citizen, 200, SDP);
    assert_eq!(state(&rig), CallState::Talking);
    rig.command(Actor::system(), Command::Force);
    assert!(rig.told(CITY).contains("BYE"));
    assert_eq!(ended(&rig).1, "shutdown");
    record(&rig);
}

#[test]
fn a_supervisor_may_end_it_at_every_stage() {
    for stage in 0..3 {
        let mut rig = Rig::staffed(1);
        let interaction = rig.make_call(0, NUMBER).unwrap();
        let phone = rig.rung(0);
        rig.respond(0, &phone, 180, "");
        let mut citizen = None;
        if 0 < stage {
            rig.respond(0, &phone, 200, SDP);
            citizen = Some(rig.dialled());
        }
        if let Some(citizen) = citizen.as_ref().filter(|_| stage == 2) {
            rig.trunk_responds(citizen, 180, "");
        }
        rig.command(Actor::system(), Command::HangUp { interaction });
        assert_eq!(ended(&rig).0, "cancelled", "stage {stage}");
        if stage == 0 {
            assert_eq!(rig.last("call.offer_ended")["outcome"], "cancelled");
            rig.respond(0, &phone, 487, "");
        }
        if let Some(citizen) = &citizen {
            rig.trunk_responds(citizen, 487, "");
        }
        record(&rig);
        rig.settle();
    }
}
