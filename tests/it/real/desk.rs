//! The agent's first call in a real browser, from the sign-in to the recording, with a citizen and a phone of our own.

use std::io::BufRead as _;
use std::io::BufReader;
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
    fn start(server: &Server) -> Self {
        let mut child = Command::new("node")
            .arg(root().join("tests/browser/desk.mjs").canonicalize().unwrap())
            .env("BASE_URL", format!("https://{}/", server.web))
            .env("AGENT_USER", user_of(1))
            .env("AGENT_PASSWORD", server.password(&user_of(1)))
            .env("SCREENS", server.folder.path().join("screens"))
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
    let browser = Browser::start(&server);
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
