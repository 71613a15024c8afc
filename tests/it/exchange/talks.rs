//! Hold and retrieve by either side, and descriptions that come again.

use rexian::exchange::snapshot::CallState;
use rexian::exchange::snapshot::Occupancy;
use rexian::exchange::snapshot::ViewChange;
use rexian::media::command::MediaCommand;
use rexian::media::command::MediaEvent;
use rexian::media::command::Repeat;

use super::rig::CITY;
use super::rig::PHONES;
use super::rig::Rig;
use super::rig::SDP;
use super::rig::body_of;
use super::rig::on_hold;

fn occupancy(rig: &Rig) -> Occupancy {
    let agents = rig.views.iter().rev();
    agents
        .into_iter()
        .find_map(|view| match view {
            ViewChange::Agent(agent) => Some(agent.occupancy),
            _ => None,
        })
        .unwrap()
}

fn state(rig: &Rig) -> CallState {
    let calls = rig.views.iter().rev();
    calls
        .into_iter()
        .find_map(|view| match view {
            ViewChange::Call(call) => Some(call.state),
            _ => None,
        })
        .unwrap()
}

#[test]
fn while_the_agent_holds_the_citizen_hears_music_and_silence_ends_nothing() {
    let mut rig = Rig::staffed(1);
    let citizen = rig.call(1, "12346");
    let customer_leg = rig.opened();
    let invite = rig.pick_up(0);
    let agent_leg = rig.opened();
    rig.forget();
    rig.phone_says(0, &invite, "INVITE", 1, &on_hold());
    let answers = rig.heard(PHONES[0]);
    let answer = answers.last().unwrap();
    assert!(body_of(answer).contains("a=recvonly"), "{answer}");
    rig.phone_says(0, &invite, "ACK", 1, "");
    assert_eq!(rig.last("call.held")["by"], "agent");
    assert!(rig.media.contains(&MediaCommand::Unbridge { leg: customer_leg }));
    assert_eq!(
        (rig.playing().0, rig.playing().1.repeat),
        (customer_leg, Repeat::Forever)
    );
    assert_eq!(
        (occupancy(&rig), state(&rig)),
        (Occupancy::Holding, CallState::Held)
    );
    assert_eq!(rig.told(CITY), "", "the citizen's phone sees nothing");
    rig.media_says(MediaEvent::RtpTimeout { leg: agent_leg });
    assert_eq!(rig.exchange.calls_len(), 1, "a phone that holds may be silent");
    rig.forget();
    rig.phone_says(0, &invite, "INVITE", 2, &SDP.replace("o=- 1 1", "o=- 1 3"));
    rig.phone_says(0, &invite, "ACK", 2, "");
    assert_eq!(rig.last("call.retrieved")["by"], "agent");
    assert!(rig.media.contains(&MediaCommand::Bridge {
        a: customer_leg,
        b: agent_leg
    }));
    assert_eq!(occupancy(&rig), Occupancy::Talking);
    rig.say(&citizen, "BYE", "", "");
    rig.settle();
}

#[test]
fn a_citizen_may_hold_too() {
    let mut rig = Rig::staffed(1);
    let mut citizen = rig.call(1, "12346");
    rig.pick_up(0);
    rig.forget();
    let answer = rig.reinvite(&mut citizen, &on_hold());
    assert!(answer.contains("a=recvonly"), "{answer}");
    assert_eq!(rig.last("call.held")["by"], "caller");
    assert_eq!(rig.told(PHONES[0]), "");
    rig.reinvite(&mut citizen, &SDP.replace("o=- 1 1", "o=- 1 3"));
    assert_eq!(rig.last("call.retrieved")["by"], "caller");
    rig.say(&citizen, "BYE", "", "");
    assert_eq!(rig.last("call.ended")["outcome"], "answered");
    rig.settle();
}

#[test]
fn both_may_hold_and_the_talk_goes_on_when_both_have_retrieved() {
    let mut rig = Rig::staffed(1);
    let mut citizen = rig.call(1, "12346");
    let invite = rig.pick_up(0);
    rig.reinvite(&mut citizen, &on_hold());
    rig.phone_says(0, &invite, "INVITE", 1, &on_hold());
    rig.phone_says(0, &invite, "ACK", 1, "");
    rig.phone_says(0, &invite, "INVITE", 2, &SDP.replace("o=- 1 1", "o=- 1 3"));
    rig.phone_says(0, &invite, "ACK", 2, "");
    assert!(
        !rig.story(0).contains("call.retrieved"),
        "the citizen still holds"
    );
    rig.reinvite(&mut citizen, &SDP.replace("o=- 1 1", "o=- 1 3"));
    assert_eq!(rig.last("call.retrieved")["by"], "caller");
    let kinds = rig.story(0);
    assert_eq!(kinds.matches("call.held").count(), 1);
}

#[test]
fn an_offer_that_cannot_be_met_is_refused_and_the_talk_goes_on() {
    let mut rig = Rig::staffed(1);
    let citizen = rig.call(1, "12346");
    let invite = rig.pick_up(0);
    rig.phone_says(
        0,
        &invite,
        "INVITE",
        1,
        &SDP.replace("RTP/AVP 8 101", "RTP/AVP 18"),
    );
    assert_eq!(rig.told(PHONES[0]), "100 488");
    assert_eq!(rig.exchange.calls_len(), 1);
    rig.say(&citizen, "BYE", "", "");
    assert_eq!(rig.last("call.ended")["outcome"], "answered");
}

#[test]
fn an_offerless_reinvite_gets_our_offer_and_its_answer_counts() {
    let mut rig = Rig::staffed(1);
    rig.call(1, "12346");
    let invite = rig.pick_up(0);
    let agent_leg = rig.opened();
    rig.forget();
    rig.phone_says(0, &invite, "INVITE", 1, "");
    assert!(body_of(rig.heard(PHONES[0]).last().unwrap()).contains("a=sendrecv"));
    rig.phone_says(0, &invite, "ACK", 1, &SDP.replace("40000", "41000"));
    let moved = rig.media.iter().any(|it| match it {
        MediaCommand::Modify { leg, media } => {
            *leg == agent_leg && media.remote_rtp.unwrap().port() == 41_000
        }
        _ => false,
    });
    assert!(moved, "{:?}", rig.media);
}
