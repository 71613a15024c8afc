//! What was promised is on disk: system calls in their order, and `kill -9` in the middle of ten talks.

use std::fs;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use crate::real::alaw;
use crate::real::alaw::Tone;
use crate::real::client::Client;
use crate::real::peer::Phone;
use crate::real::server::Server;
use crate::real::server::Setup;
use crate::real::server::user_of;
use crate::real::sipp::agent;
use crate::real::wait;

/// One system call that has ended, in the order of their ends: what strace has seen.
#[derive(Debug)]
struct Done {
    name: String,
    /// Descriptor with its file, and the data.
    text: String,
}

/// Reads the output of `strace -f -yy`; calls that were interrupted by another thread's are put together.
fn calls(trace: &str) -> Vec<Done> {
    let mut begun: std::collections::BTreeMap<&str, &str> = std::collections::BTreeMap::new();
    let mut done = Vec::new();
    for line in trace.lines() {
        // The thread's number is padded to five places.
        let parts = line.trim_start().split_once(' ');
        let parts = parts.and_then(|(thread, rest)| Some((thread, rest.trim_start().split_once(' ')?.1)));
        let Some((thread, rest)) = parts else {
            continue;
        };
        if let Some(begin) = rest.strip_suffix("<unfinished ...>") {
            begun.insert(thread, begin);
        } else if rest.starts_with("<... ") {
            let Some(begin) = begun.remove(thread) else {
                continue;
            };
            push(begin, &mut done);
        } else {
            push(rest, &mut done);
        }
    }
    done
}

fn push(text: &str, done: &mut Vec<Done>) {
    if let Some((name, _)) = text.split_once('(') {
        done.push(Done {
            name: name.to_owned(),
            text: text.to_owned(),
        });
    }
}

/// Whether the journal was written with `fact` and synced before the call at `promise`.
fn synced_before(done: &[Done], fact: &str, promise: usize) -> bool {
    let in_journal = |it: &&Done| it.text.contains("/journal/");
    let before = &done[..promise];
    let Some(write) = before.iter().rposition(|it| {
        in_journal(&it)
            && (it.name.starts_with("write") || it.name.starts_with("pwrite"))
            && it.text.contains(fact)
    }) else {
        return false;
    };
    before[write..]
        .iter()
        .any(|it| it.name == "fdatasync" && in_journal(&it))
}

/// The first datagram that holds all these words.
fn datagram(done: &[Done], words: &[&str]) -> usize {
    done.iter()
        .position(|it| it.name.starts_with("send") && words.iter().all(|word| it.text.contains(word)))
        .unwrap_or_else(|| panic!("no datagram with {words:?}"))
}

#[test]
fn fdatasync_lies_between_a_fact_and_the_promise_that_rests_on_it() {
    let server = Server::with(Setup {
        strace: Some("trace"),
        ..Setup::default()
    });
    let agent = agent(&server, 1);
    let citizen = Phone::new("13812345678", server.address(10), server.sip);
    citizen.call("12000");
    citizen.wait_up();
    agent.wait_up();
    let desk = server.sign_in(&user_of(1));
    let draft = draft_of(&desk, None);
    let trace_file = server.folder.path().join("trace");
    let before = fs::read_to_string(&trace_file).unwrap().len();
    save(&desk, &draft, "承诺已保存的一句话");
    let saved = fs::read_to_string(&trace_file).unwrap()[before..].to_owned();
    citizen.hang_up();
    agent.wait_over(Duration::from_secs(5));
    let trace = fs::read_to_string(&trace_file).unwrap();
    let done = calls(&trace);
    let answer = datagram(&done, &["SIP/2.0 200 OK", "1 INVITE", "application/sdp"]);
    assert!(
        synced_before(&done, "call.answered", answer),
        "200 OK to the citizen before its fact was on disk"
    );
    let offer = datagram(&done, &["INVITE sip:8001@"]);
    assert!(
        synced_before(&done, "call.agent_offered", offer),
        "INVITE to the agent before its fact was on disk"
    );
    // The answer `saved` is ciphertext to strace: but when the client has it, the database was synced after the request.
    let synced = calls(&saved)
        .iter()
        .any(|it| it.name.ends_with("sync") && it.text.contains("rexian.db"));
    assert!(synced, "saved without a sync of the database");
}

/// The draft of the agent's present call.
fn draft_of(desk: &Client, interaction: Option<&str>) -> Value {
    wait::until("the draft", Duration::from_secs(10), || {
        let drafts = desk.get("/api/v1/tickets?day=today&agent=me");
        let found = drafts["items"].as_array()?.iter().find(|it| {
            it["state"] == "draft" && interaction.is_none_or(|interaction| it["interaction"] == interaction)
        })?;
        Some(found.clone())
    })
}

/// Saves a draft's text; the answer says that it is kept.
fn save(desk: &Client, draft: &Value, content: &str) {
    let (id, version) = (draft["id"].as_str().unwrap(), draft["version"].as_u64().unwrap());
    let path = format!("/api/v1/tickets/{id}");
    let matched = format!("\"{version}\"");
    desk.send(
        "PUT",
        &path,
        &[("If-Match", &matched)],
        Some(&json!({"content": content})),
    )
    .good();
}

const CALLS: usize = 10;

#[test]
fn kill_9_in_ten_talks_loses_no_record_no_sound_and_no_order() {
    let mut server = Server::with(Setup {
        agents: CALLS,
        calls_max: 20,
        ..Setup::default()
    });
    let agents: Vec<Phone> = (1..=CALLS).map(|number| agent(&server, number)).collect();
    let citizens: Vec<(Phone, Instant)> = (0..CALLS).map(|number| talk(&server, number)).collect();
    for agent in &agents {
        agent.wait_up();
        agent.media.play(Tone::new(440.0, 99));
    }
    let supervisor = server.supervisor();
    wait::until("ten orders", Duration::from_secs(10), || {
        (orders(&supervisor).len() == CALLS).then_some(())
    });
    wait::pause(Duration::from_secs(4));
    let desk = server.sign_in(&user_of(1));
    let draft = draft_of(&desk, None);
    save(&desk, &draft, "断电之前保存的内容");
    server.kill();
    let killed = Instant::now();
    drop(agents);
    server.start_again();
    let calls = server.ended_calls(CALLS);
    assert_eq!(calls.len(), CALLS, "{calls:#?}");
    for call in &calls {
        assert_eq!(call["ended_by"], "crash", "{call:#}");
        assert!(call["ticket"]["number"].is_string(), "{call:#}");
    }
    check_recordings(&server, &calls, &citizens, killed);
    let supervisor = server.supervisor();
    assert_eq!(orders(&supervisor).len(), CALLS, "no order is lost");
    let kept = server
        .sign_in(&user_of(1))
        .get(&format!("/api/v1/tickets/{}", draft["id"].as_str().unwrap()));
    assert_eq!(kept["content"], "断电之前保存的内容", "{kept:#}");
    // And it works.
    let agent = agent(&server, 1);
    let citizen = talk(&server, 50).0;
    agent.wait_up();
    citizen.hang_up();
    assert_eq!(server.ended_calls(CALLS + 1).len(), CALLS + 1);
}

/// A citizen who is answered and speaks; and since when.
fn talk(server: &Server, number: usize) -> (Phone, Instant) {
    let phone = Phone::new(
        &format!("138000{:05}", 10_000 + number),
        server.address(10),
        server.sip,
    );
    phone.media.play(Tone::new(1_000.0, number as u32 + 1));
    phone.call("12000");
    let since = phone.wait_up();
    (phone, since)
}

fn orders(supervisor: &Client) -> Vec<Value> {
    supervisor.get("/api/v1/tickets?day=today&limit=500")["items"]
        .as_array()
        .unwrap()
        .clone()
}

/// Every recording plays, and holds the talk up to about the second in which the program died.
fn check_recordings(server: &Server, calls: &[Value], citizens: &[(Phone, Instant)], killed: Instant) {
    let mut lengths: Vec<f64> = citizens
        .iter()
        .map(|(_, since)| killed.duration_since(*since).as_secs_f64())
        .collect();
    lengths.sort_by(f64::total_cmp);
    let mut recorded: Vec<f64> = calls
        .iter()
        .map(|call| {
            let (left, right) = alaw::read_stereo(&server.recording(call));
            assert!(alaw::span(&left, 1_000.0).is_some(), "no citizen in {call:#}");
            assert!(alaw::span(&right, 440.0).is_some(), "no agent in {call:#}");
            left.len() as f64 / alaw::RATE
        })
        .collect();
    recorded.sort_by(f64::total_cmp);
    for (talked, recorded) in lengths.iter().zip(&recorded) {
        // A second is the chunk; the rest is the time to be answered and to die.
        assert!(
            talked - 1.3 <= *recorded && *recorded <= talked + 0.3,
            "talked {talked} s, recorded {recorded} s"
        );
    }
}

#[test]
fn program_that_is_stopped_in_order_lets_talks_end_and_takes_no_new_ones() {
    let mut server = Server::start();
    let agent = agent(&server, 1);
    let (citizen, _) = talk(&server, 1);
    agent.wait_up();
    let pid = server.pid();
    std::process::Command::new("kill")
        .args(["-TERM", &pid.to_string()])
        .status()
        .unwrap();
    let late = Phone::new("13800000099", server.address(11), server.sip);
    wait::until("a refusal", Duration::from_secs(5), || {
        late.forget();
        late.call("12000");
        let answer = late.answer_to("INVITE");
        if answer.text.starts_with("SIP/2.0 200") {
            late.hang_up();
        }
        answer.text.starts_with("SIP/2.0 486").then_some(())
    });
    assert!(citizen.is_up() && agent.is_up(), "the talk goes on");
    citizen.hang_up();
    agent.wait_over(Duration::from_secs(5));
    server.stopped(Duration::from_secs(20));
    server.start_again();
    let calls = server.ended_calls(2);
    assert!(
        calls
            .iter()
            .any(|it| it["outcome"] == "answered" && it["ended_by"] == "caller"),
        "{calls:#?}"
    );
    assert!(calls.iter().any(|it| it["refusal"] == "draining"), "{calls:#?}");
}
