//! SIPp against the program: what a carrier and phones do, in order and out of order, and what is written down of it.

use std::fs;
use std::fs::File;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;

use crate::real::peer::Hash;
use crate::real::peer::Phone;
use crate::real::server::Server;
use crate::real::server::Setup;
use crate::real::server::root;
use crate::real::wait;

static RUNS: AtomicU32 = AtomicU32::new(1);

/// A SIPp scenario in progress; ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Sipp {
    child: Child,
    scenario: String,
    folder: PathBuf,
}

impl Sipp {
    /// Starts a scenario of `tests/sipp` at `from`; `service` is the dialled number or the phone's user.
    pub(crate) fn start(
        server: &Server,
        scenario: &str,
        (from, to): (IpAddr, SocketAddr),
        service: &str,
        more: &[&str],
    ) -> Self {
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let folder = server.folder.path().join(format!("sipp-{run}-{scenario}"));
        fs::create_dir_all(&folder).unwrap();
        let file = root().join("tests/sipp").join(format!("{scenario}.xml"));
        let out = File::create(folder.join("screen")).unwrap();
        let mut command = Command::new("sipp");
        command
            .arg("-sf")
            .arg(file)
            .args(["-s", service, "-m", "1", "-nostdin", "-trace_err", "-trace_msg"]);
        command
            .arg("-error_file")
            .arg(folder.join("errors"))
            .arg("-message_file")
            .arg(folder.join("messages"));
        command.args([
            "-i",
            &from.to_string(),
            "-mi",
            &from.to_string(),
            "-timeout",
            "60",
            "-timeout_error",
        ]);
        if !more.contains(&"-p") {
            command.args(["-p", "5060"]);
        }
        let child = command
            .args(more)
            .arg(to.to_string())
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .expect("sipp (apt-get install sip-tester)");
        Self {
            child,
            scenario: scenario.to_owned(),
            folder,
        }
    }

    /// Waits for the end, which must be a good one; gives the messages.
    pub(crate) fn finish(mut self) -> String {
        let status = wait::exit_of(&mut self.child, Duration::from_secs(65));
        let read = |name: &str| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        let good = status.is_some_and(|status| status.success());
        assert!(
            good,
            "{}: {status:?}\n{}\n{}",
            self.scenario,
            read("errors"),
            read("messages")
        );
        read("messages")
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        // It has ended already as a rule.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A citizen's scenario from the trunk, to its end.
fn citizen(server: &Server, scenario: &str, number: &str) {
    let _ = citizen_starts(server, scenario, number).finish();
}

fn citizen_starts(server: &Server, scenario: &str, number: &str) -> Sipp {
    Sipp::start(server, scenario, (server.address(10), server.sip), number, &[])
}

/// The address at which SIPp plays phone `number`.
fn phone_address(server: &Server, number: usize) -> IpAddr {
    server.address(30 + number as u8)
}

/// Registers the phone `number` that SIPp will play, and makes its agent ready.
fn sipp_agent_ready(server: &Server, number: usize) {
    let user = Server::phone(number);
    let local = SocketAddr::new(phone_address(server, number), 5060);
    let phone = Phone::at(&user, local, server.sip);
    assert_eq!(phone.register(&server.phone_secret(&user), Hash::Md5), "200");
    server.agent_ready(number);
}

fn sipp_agent(server: &Server, number: usize, scenario: &str) -> Sipp {
    Sipp::start(
        server,
        scenario,
        (phone_address(server, number), server.sip),
        &Server::phone(number),
        &[],
    )
}

/// A hand-written phone that answers, registered and its agent ready.
pub(crate) fn agent(server: &Server, number: usize) -> Phone {
    let user = Server::phone(number);
    let phone = Phone::new(&user, server.address(50 + number as u8), server.sip);
    assert_eq!(phone.register(&server.phone_secret(&user), Hash::Md5), "200");
    server.agent_ready(number);
    phone
}

fn outcomes(call: &Value) -> Vec<&str> {
    call["offers"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["outcome"].as_str())
        .collect()
}

fn record(call: &Value) -> &Value {
    &call["call"]
}

#[test]
fn citizen_is_greeted_keys_0_and_talks() {
    let server = Server::start();
    let _agent = agent(&server, 1);
    citizen(&server, "uac-greeted-and-talks", "12345");
    let call = server.only_call();
    assert_eq!(record(&call)["outcome"], "answered", "{call:#}");
    assert_eq!(record(&call)["ended_by"], "caller");
    assert_eq!(call["notice"]["whole"], true, "{call:#}");
    assert_eq!(call["choices"][0]["choice"], "0", "{call:#}");
    assert_eq!(outcomes(&call), ["accepted"]);
    assert!(record(&call)["recording"].is_string());
    assert!(record(&call)["ticket"]["number"].is_string(), "{call:#}");
}

#[test]
fn segments_of_a_call_tile_its_life() {
    let server = Server::start();
    let _agent = agent(&server, 1);
    citizen(&server, "uac-talks", "12000");
    let call = server.only_call();
    let segments = call["segments"].as_array().unwrap();
    for pair in segments.windows(2) {
        assert_eq!(pair[0]["to"], pair[1]["from"], "{call:#}");
    }
    assert_eq!(
        segments.first().unwrap()["from"],
        record(&call)["offered_at"],
        "{call:#}"
    );
    assert_eq!(
        segments.last().unwrap()["to"],
        record(&call)["ended_at"],
        "{call:#}"
    );
    assert_eq!(segments.last().unwrap()["kind"], "talk", "{call:#}");
}

#[test]
fn options_is_answered_also_after_garbage() {
    let server = Server::start();
    citizen(&server, "uac-options-is-answered", "12345");
    let socket = UdpSocket::bind((server.address(11), 0)).unwrap();
    let mut noise = 0x2545_f491_u32;
    for length in 0..600_usize {
        let datagram: Vec<u8> = (0..length * 3 % 1_400)
            .map(|_| {
                noise ^= noise << 13;
                noise ^= noise >> 17;
                noise ^= noise << 5;
                noise as u8
            })
            .collect();
        socket.send_to(&datagram, server.sip).unwrap();
    }
    for begin in [
        "INVITE sip:",
        "SIP/2.0 200 OK\r\n\r\n",
        "INVITE sip:x SIP/2.0\r\nVia: \r\n\r\n",
        "\r\n\r\n",
        "\0\0\0",
    ] {
        socket.send_to(begin.as_bytes(), server.sip).unwrap();
    }
    citizen(&server, "uac-options-is-answered", "12345");
}

#[test]
fn refusals_each_leave_one_record() {
    let server = Server::start();
    citizen(&server, "uac-unknown-number-404", "19999");
    Sipp::start(
        &server,
        "uac-stranger-403",
        (server.address(99), server.sip),
        "12345",
        &[],
    )
    .finish();
    citizen(&server, "uac-no-common-codec-488", "12345");
    citizen(&server, "uac-broken-sdp-488", "12345");
    citizen(&server, "uac-unknown-require-420", "12345");
    let calls = server.ended_calls(5);
    let refusals: Vec<&str> = calls.iter().filter_map(|it| it["refusal"].as_str()).collect();
    let wanted = [
        "unknown_number",
        "no_trunk",
        "not_acceptable",
        "not_acceptable",
        "not_acceptable",
    ];
    assert_eq!(refusals, wanted, "{calls:#?}");
    assert!(
        calls
            .iter()
            .all(|it| it["outcome"] == "refused" && it["recording"].is_null()),
        "{calls:#?}"
    );
}

#[test]
fn wrong_secret_registers_nothing_and_both_digests_register() {
    let server = Server::start();
    let secret = server.phone_secret("8001");
    let place = (server.address(31), server.sip);
    let wrong = ["-au", "8001", "-ap", "not-the-secret"];
    Sipp::start(&server, "uac-register-wrong-secret-403", place, "8001", &wrong).finish();
    Sipp::start(
        &server,
        "uac-registers",
        place,
        "8001",
        &["-au", "8001", "-ap", &secret],
    )
    .finish();
    let phone = Phone::new("8002", server.address(32), server.sip);
    assert_eq!(phone.register("not-the-secret", Hash::Sha256), "403");
    assert_eq!(phone.register(&server.phone_secret("8002"), Hash::Sha256), "200");
    assert_eq!(phone.register(&server.phone_secret("8002"), Hash::Md5), "200");
}

#[test]
fn invite_that_comes_four_times_is_one_call() {
    let server = Server::start();
    let citizen = Phone::new("13800000000", server.address(10), server.sip);
    citizen.call("12000");
    citizen.repeat_invite();
    citizen.wait_up();
    citizen.repeat_invite();
    citizen.repeat_invite();
    // What comes after the 200 is absorbed (RFC 6026 7.1); nothing but the same 200 may come.
    wait::pause(Duration::from_millis(700));
    let answers = citizen.answers("200", "INVITE");
    assert!(
        answers.windows(2).all(|it| it[0].text == it[1].text),
        "one call, one answer: {answers:#?}"
    );
    assert!(citizen.is_up());
    citizen.hang_up();
    assert!(citizen.answer_to("BYE").text.starts_with("SIP/2.0 200"));
    assert_eq!(server.ended_calls(1).len(), 1);
}

#[test]
fn bye_before_ack_ends_the_call_once() {
    let server = Server::start();
    citizen(&server, "uac-bye-before-ack", "12000");
    let call = server.only_call();
    assert_eq!(record(&call)["outcome"], "short_abandoned", "{call:#}");
}

#[test]
fn cancel_after_the_200_changes_nothing() {
    let server = Server::start();
    citizen(&server, "uac-cancel-after-200", "12000");
    assert_eq!(record(&server.only_call())["ended_by"], "caller");
}

#[test]
fn cancel_right_behind_the_invite_leaves_one_record() {
    let server = Server::start();
    for number in 0..8 {
        let citizen = Phone::new(&format!("1380000000{number}"), server.address(10), server.sip);
        citizen.call_and_cancel("12000");
        let answer = citizen.answer_to("CANCEL");
        assert!(
            answer.text.starts_with("SIP/2.0 200") || answer.text.starts_with("SIP/2.0 481"),
            "{}",
            answer.text
        );
        let last = citizen.answer_to("INVITE");
        if last.text.starts_with("SIP/2.0 200") {
            citizen.hang_up();
        } else {
            assert!(last.text.starts_with("SIP/2.0 487"), "{}", last.text);
        }
    }
    let calls = server.ended_calls(8);
    assert_eq!(calls.len(), 8, "{calls:#?}");
    let left = |it: &Value| it["outcome"] == "cancelled" || it["outcome"] == "short_abandoned";
    assert!(calls.iter().all(left), "{calls:#?}");
    assert!(calls.iter().any(|it| it["outcome"] == "cancelled"), "{calls:#?}");
}

#[test]
fn first_200_that_is_lost_comes_again() {
    let server = Server::start();
    let messages = citizen_starts(&server, "uac-first-200-lost", "12000").finish();
    // T1 and 2 × T1 after the first: three within 1.8 s.
    let answers = messages.matches("SIP/2.0 200 OK").count();
    assert!(
        (4..=5).contains(&answers),
        "three to the INVITE and one to the BYE, not {answers}:\n{messages}"
    );
    assert_eq!(server.ended_calls(1).len(), 1);
}

#[test]
fn every_way_to_hold_is_answered_and_the_talk_goes_on() {
    let server = Server::start();
    let _agent = agent(&server, 1);
    citizen(&server, "uac-holds-and-retrieves", "12000");
    let call = server.only_call();
    assert_eq!(record(&call)["outcome"], "answered", "{call:#}");
    let kinds: Vec<&str> = call["segments"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["kind"].as_str())
        .collect();
    assert_eq!(kinds.iter().filter(|it| **it == "hold").count(), 3, "{kinds:?}");
    assert_eq!(kinds.last(), Some(&"talk"), "{kinds:?}");
}

#[test]
fn late_offer_is_offered_in_the_200() {
    let server = Server::start();
    let _agent = agent(&server, 1);
    citizen(&server, "uac-late-offer", "12000");
    assert_eq!(record(&server.only_call())["outcome"], "answered");
}

#[test]
fn sipp_agent_answers_and_hangs_up() {
    let server = Server::start();
    sipp_agent_ready(&server, 1);
    let phone = sipp_agent(&server, 1, "uas-answers-and-hangs-up");
    let citizen = citizen_starts(&server, "uac-waits-for-bye", "12000");
    phone.finish();
    citizen.finish();
    let call = server.only_call();
    assert_eq!(
        (&record(&call)["outcome"], &record(&call)["ended_by"]),
        (&"answered".into(), &"agent".into())
    );
}

#[test]
fn busy_agent_is_passed_over_for_the_next() {
    let server = Server::start();
    sipp_agent_ready(&server, 1);
    sipp_agent_ready(&server, 2);
    let busy = sipp_agent(&server, 1, "uas-busy-486");
    let answers = sipp_agent(&server, 2, "uas-answers");
    citizen(&server, "uac-talks", "12000");
    busy.finish();
    answers.finish();
    let call = server.only_call();
    assert_eq!(outcomes(&call), ["rejected", "accepted"], "{call:#}");
    assert_eq!(record(&call)["agent"], "a1002");
}

#[test]
fn silent_agent_is_cancelled_and_the_next_one_is_offered_the_call() {
    let server = Server::start();
    sipp_agent_ready(&server, 1);
    sipp_agent_ready(&server, 2);
    let silent = sipp_agent(&server, 1, "uas-rings-until-cancelled");
    let answers = sipp_agent(&server, 2, "uas-answers");
    citizen(&server, "uac-waits-long", "12000");
    silent.finish();
    answers.finish();
    let call = server.only_call();
    assert_eq!(outcomes(&call), ["no_answer", "accepted"], "{call:#}");
    assert_eq!(call["offers"][0]["agent"], "a1001", "{call:#}");
    assert!(
        (4_500..6_500).contains(&call["offers"][0]["lasted_ms"].as_u64().unwrap()),
        "{call:#}"
    );
    let enqueued = call["segments"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["kind"] == "queue")
        .count();
    assert_eq!(enqueued, 1, "the place in the queue is kept: {call:#}");
}

#[test]
fn caller_who_leaves_while_a_phone_rings_silences_it() {
    let server = Server::start();
    sipp_agent_ready(&server, 1);
    let phone = sipp_agent(&server, 1, "uas-rings-until-cancelled");
    citizen(&server, "uac-hangs-up-in-queue", "12000");
    phone.finish();
    let call = server.only_call();
    assert_eq!(record(&call)["outcome"], "short_abandoned", "{call:#}");
    assert_eq!(outcomes(&call), ["cancelled"], "{call:#}");
}

#[test]
fn call_too_many_is_refused_with_a_cause_and_written_down() {
    let server = Server::with(Setup {
        calls_max: 1,
        ..Setup::default()
    });
    let first = citizen_starts(&server, "uac-hangs-up-in-queue", "12000");
    let supervisor = server.supervisor();
    wait::until("the first call", Duration::from_secs(5), || {
        let calls = supervisor.get("/api/v1/queues");
        calls["items"]
            .as_array()?
            .iter()
            .any(|it| it["waiting"] == 1)
            .then_some(())
    });
    Sipp::start(
        &server,
        "uac-too-many-486",
        (server.address(11), server.sip),
        "12000",
        &[],
    )
    .finish();
    first.finish();
    let calls = server.ended_calls(2);
    assert!(calls.iter().any(|it| it["refusal"] == "overload"), "{calls:#?}");
}

#[test]
fn calls_by_tcp_and_by_ipv6_are_calls() {
    let server = Server::with(Setup {
        v6: true,
        ..Setup::default()
    });
    let _agent = agent(&server, 1);
    let place = (server.address(10), server.sip);
    Sipp::start(&server, "uac-talks", place, "12000", &["-t", "t1"]).finish();
    let free = UdpSocket::bind("[::1]:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
        .to_string();
    let place = ("::1".parse().unwrap(), server.sip_v6.unwrap());
    Sipp::start(&server, "uac-talks", place, "12000", &["-p", &free]).finish();
    let calls = server.ended_calls(2);
    assert!(calls.iter().all(|it| it["outcome"] == "answered"), "{calls:#?}");
}
