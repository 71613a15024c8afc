//! The agent's first call in a real browser, from the sign-in to the recording, with a citizen and a phone of our own.

use std::io::BufRead as _;
use std::io::BufReader;
use std::net::SocketAddr;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use serde_json::Value;

use crate::real::alaw::Tone;
use crate::real::peer::Hash;
use crate::real::peer::Phone;
use crate::real::peer::Pickup;
use crate::real::server::OUTBOUND_HOST;
use crate::real::server::Server;
use crate::real::server::Setup;
use crate::real::server::root;
use crate::real::server::user_of;
use crate::real::wait;

struct Browser {
    child: Child,
    steps: Receiver<Value>,
}

impl Browser {
    /// Runs a script of `tests/browser` at a server, as its first agent.
    fn start(server: &Server, script: &str) -> Self {
        let mut child = Command::new("node")
            .arg(root().join("tests/browser").join(script).canonicalize().unwrap())
            .env("BASE_URL", format!("https://{}/", server.web))
            .env("AGENT_USER", user_of(1))
            .env("AGENT_PASSWORD", server.password(&user_of(1)))
            .env(
                "SCREENS",
                std::env::var_os("SCREENS").map_or_else(|| server.folder.path().join("screens"), Into::into),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, steps) = mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Whoever listened is gone when the test has failed.
                let _ = sender.send(serde_json::from_str(&line).unwrap_or(Value::String(line)));
            }
        });
        Self { child, steps }
    }

    /// Waits for a step; others before it are passed over, a failure is one.
    fn wait_for(&self, step: &str) -> Value {
        loop {
            let said = self
                .steps
                .recv_timeout(Duration::from_secs(60))
                .unwrap_or_else(|_| panic!("no step `{step}`"));
            assert_ne!(said["step"], "failed", "{said:#}");
            if said["step"] == step {
                return said;
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It has ended by itself as a rule.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn agent_takes_a_call_writes_the_order_and_hears_the_recording_in_the_browser() {
    let server = Server::with(Setup {
        wrapup_s: 120,
        ring_timeout_s: 60,
        ..Setup::default()
    });
    let phone = Phone::new("8001", server.address(51), server.sip);
    phone.pick_up(Pickup::Never);
    assert_eq!(phone.register(&server.phone_secret("8001"), Hash::Md5), "200");
    let browser = Browser::start(&server, "desk.mjs");
    browser.wait_for("ready");
    let citizen = Phone::new("13812345678", server.address(10), server.sip);
    citizen.media.play(Tone::new(1_000.0, 1));
    phone.media.play(Tone::new(440.0, 2));
    citizen.call("12000");
    let ringing = browser.wait_for("ringing");
    assert!(
        ringing["caller"]
            .as_str()
            .unwrap()
            .replace(' ', "")
            .contains("13812345678"),
        "{ringing:#}"
    );
    phone.answer_now();
    let order = browser.wait_for("order");
    wait::pause(Duration::from_secs(2));
    let submitted = browser.wait_for("submitted");
    assert_eq!(order["number"], submitted["number"]);
    citizen.hang_up();
    let played = browser.wait_for("played");
    assert!(0.5 < played["seconds"].as_f64().unwrap(), "{played:#}");
    browser.wait_for("done");
    let call = server.only_call();
    assert_eq!(call["call"]["ticket"]["number"], order["number"], "{call:#}");
}

#[test]
fn agent_calls_back_in_the_browser_who_had_reached_nobody() {
    let server = Server::start();
    let caller = Phone::new("13812345678", server.address(10), server.sip);
    caller.call("12000");
    caller.wait_up();
    // Longer than who counts as having waited at all.
    wait::pause(Duration::from_secs(7));
    caller.hang_up();
    server.ended_calls(1);
    let agent = Phone::new("8001", server.address(51), server.sip);
    agent.pick_up(Pickup::After(Duration::from_millis(500)));
    assert_eq!(agent.register(&server.phone_secret("8001"), Hash::Md5), "200");
    let trunk = SocketAddr::new(server.address(OUTBOUND_HOST), 5060);
    let citizen = Phone::at("13812345678", trunk, server.sip);
    citizen.pick_up(Pickup::After(Duration::from_secs(1)));
    citizen.media.play(Tone::new(1_000.0, 1));
    agent.media.play(Tone::new(440.0, 2));
    let browser = Browser::start(&server, "missed.mjs");
    let line = browser.wait_for("missed");
    assert!(line["row"].as_str().unwrap().contains("138****5678"), "{line:#}");
    browser.wait_for("called");
    agent.wait_up();
    citizen.wait_up();
    citizen.media.wait_tone(440.0, Duration::from_secs(5));
    wait::pause(Duration::from_secs(11));
    citizen.hang_up();
    browser.wait_for("served");
    browser.wait_for("done");
    let desk = server.sign_in(&user_of(1));
    let served = desk.get("/api/v1/calls/missed?state=served");
    assert_eq!(served["items"].as_array().unwrap().len(), 1, "{served:#}");
    let talk = desk.get("/api/v1/calls?day=today&outcome=answered");
    assert_eq!(served["items"][0]["served_by"], talk["items"][0]["interaction"]);
}
