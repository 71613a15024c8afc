//! A call out of a work order between real peers: who hears whom, and what stands in the recording and in the order.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;

use crate::real::alaw;
use crate::real::alaw::Tone;
use crate::real::media::samples;
use crate::real::peer::Phone;
use crate::real::peer::Pickup;
use crate::real::server::OUTBOUND_HOST;
use crate::real::server::Server;
use crate::real::server::user_of;
use crate::real::sipp::agent;
use crate::real::wait;

const CITIZEN_HZ: f64 = 1_000.0;
const AGENT_HZ: f64 = 440.0;

#[test]
fn an_agent_calls_the_appellant_of_his_order_and_both_directions_are_heard_and_recorded() {
    let server = Server::start();
    let agent = agent(&server, 1);
    // The appellant calls first, so that there is an order.
    let appellant = Phone::new("13812345678", server.address(10), server.sip);
    appellant.call("12345");
    appellant.wait_up();
    wait::pause(Duration::from_millis(500));
    appellant.media.press('0');
    agent.wait_up();
    appellant.hang_up();
    agent.wait_over(Duration::from_secs(5));
    server.ended_calls(1);
    let desk = server.sign_in(&user_of(1));
    let order = wait::until("the order of the call", Duration::from_secs(10), || {
        let page = desk.get("/api/v1/calls?day=today");
        Some(page["items"][0]["ticket"]["id"].as_str()?.to_owned())
    });
    desk.post("/api/v1/agent/wrapup/finish", &json!({}));
    agent.forget();
    // Where the trunk takes calls of ours.
    let trunk = SocketAddr::new(server.address(OUTBOUND_HOST), 5060);
    let citizen = Phone::at("13812345678", trunk, server.sip);
    citizen.pick_up(Pickup::After(Duration::from_secs(3)));
    citizen.media.play(Tone::new(CITIZEN_HZ, 1));
    agent.media.play(Tone::new(AGENT_HZ, 2));
    let answer = desk.post(
        &format!("/api/v1/tickets/{order}/call"),
        &json!({"purpose": "contact"}),
    );
    let made = answer.good();
    assert!(!String::from_utf8_lossy(&made.body).contains("13812345678"));
    let interaction = made.json()["interaction"].as_str().unwrap().to_owned();
    agent.wait_up();
    // Ringback in China is 450 Hz, a second long.
    agent.media.wait_tone(450.0, Duration::from_secs(3));
    citizen.wait_up();
    agent.media.wait_tone(CITIZEN_HZ, Duration::from_secs(3));
    citizen.media.wait_tone(AGENT_HZ, Duration::from_secs(3));
    wait::pause(Duration::from_secs(4));
    citizen.hang_up();
    agent.wait_over(Duration::from_secs(2));
    assert!(
        alaw::level(&samples(&citizen.media.heard()), CITIZEN_HZ) < -40.0,
        "the citizen hears himself"
    );
    let calls = server.ended_calls(2);
    let call = calls
        .iter()
        .find(|it| it["interaction"] == interaction.as_str())
        .unwrap();
    assert_eq!(
        (&call["direction"], &call["purpose"], &call["outcome"]),
        (&json!("outbound"), &json!("contact"), &json!("answered"))
    );
    let (left, right) = alaw::read_stereo(&server.recording(call));
    let (begin, end, gaps) = alaw::span(&left, CITIZEN_HZ).expect("the citizen on the left");
    assert!(
        begin <= 400 && 3_500 <= end - begin && gaps <= 5,
        "{begin} {end} {gaps}"
    );
    let (begin, end, gaps) = alaw::span(&right, AGENT_HZ).expect("the agent on the right");
    assert!(3_500 <= end - begin && gaps <= 5, "{begin} {end} {gaps}");
    assert!(alaw::level(&left, AGENT_HZ) < -40.0, "the agent on the left");
    assert!(
        alaw::level(&right, CITIZEN_HZ) < -40.0,
        "the citizen on the right"
    );
    wait::until("the call in the order's history", Duration::from_secs(10), || {
        let history = desk.get(&format!("/api/v1/tickets/{order}/history"));
        let items = history["items"].as_array()?;
        let linked = items.iter().find(|it| it["kind"] == "ticket.call_linked")?;
        assert_eq!(linked["detail"]["recording"], call["recording"], "{linked}");
        Some(())
    });
}
