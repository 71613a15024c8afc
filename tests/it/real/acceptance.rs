//! The acceptance checks of DB1302/T 604—2025 that the first call must pass, over SIP and HTTPS, on what was stored; and
//! how soon a killed program answers again.
//!
//! Each check of the standard has its twin: with the rule taken away the same question is answered the other way round.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

use rexian::base::time::Clock as _;
use rexian::fact::FactNo;
use rexian::io::clock::SystemClock;
use rexian::io::store::Address;
use rexian::io::store::Store;
use serde_json::Value;
use serde_json::json;

use crate::postgres;
use crate::real::client::Client;
use crate::real::peer::Hash;
use crate::real::peer::Phone;
use crate::real::server::Server;
use crate::real::server::Setup;
use crate::real::server::user_of;
use crate::real::wait;

const NUMBER: &str = "13987650421";
const NAME: &str = "欧阳测试人";
/// A number of a member of staff, which nothing has to hide.
const STAFF: &str = "13765430987";

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// Every fact that the database of a stopped server holds, chain by chain.
pub(crate) fn facts(server: &Server, database: Option<&str>) -> Vec<Value> {
    let address = match database {
        Some(url) => Address::Postgres(url.to_owned()),
        None => Address::Sqlite(server.data().join("rexian.db")),
    };
    runtime().block_on(async {
        let store = Store::open(&address, SystemClock::new().now().wall)
            .await
            .unwrap();
        let mut facts = Vec::new();
        for node in store.nodes().await.unwrap() {
            let rows = store.facts_after(&node, FactNo(0), 100_000).await.unwrap();
            facts.extend(
                rows.iter()
                    .map(|(_, text)| serde_json::from_str::<Value>(text).unwrap()),
            );
        }
        store.close().await;
        facts
    })
}

/// The facts of a kind, of one call if it is named.
pub(crate) fn of_kind<'a>(facts: &'a [Value], kind: &str, interaction: Option<&Value>) -> Vec<&'a Value> {
    let wanted = |it: &&Value| it["kind"] == kind && interaction.is_none_or(|id| it["interaction"] == *id);
    facts.iter().filter(wanted).collect()
}

pub(crate) fn stop(server: &mut Server) {
    let status = Command::new("kill")
        .args(["-TERM", &server.pid().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
    server.stopped(Duration::from_secs(20));
}

fn registered(server: &Server, number: usize) -> Phone {
    let user = Server::phone(number);
    let phone = Phone::new(&user, server.address(50 + number as u8), server.sip);
    assert_eq!(phone.register(&server.phone_secret(&user), Hash::Md5), "200");
    phone
}

fn wait_for_waiting(supervisor: &Client, queue: &str, count: usize) {
    wait::until(
        &format!("{count} waiting in {queue}"),
        Duration::from_secs(40),
        || {
            let queues = supervisor.get("/api/v1/queues");
            let found = queues["items"]
                .as_array()?
                .iter()
                .find(|it| it["queue"] == queue)?;
            (found["waiting"] == count).then_some(())
        },
    );
}

/// Calls a number that leads nowhere; gives the record, the newest one.
fn refused_call(server: &Server, number: &str, calls: usize) -> Value {
    let stranger = Phone::new("13800000009", server.address(11), server.sip);
    stranger.call(number);
    let answer = stranger.answer_to("INVITE");
    assert!(answer.text.starts_with("SIP/2.0 404 "), "{}", answer.text);
    let record = server.ended_calls(calls).pop().unwrap();
    assert_eq!(
        (&record["outcome"], &record["refusal"]),
        (&json!("refused"), &json!("unknown_number")),
        "{record:#}"
    );
    assert_eq!(
        (&record["line"], &record["queue"]),
        (&Value::Null, &Value::Null),
        "{record:#}"
    );
    record
}

/// Takes a line out of the profile files.
fn unmap(server: &Server, line: &str) {
    let path = server.folder.path().join("profiles/site.toml");
    let mut site: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
    site["lines"].as_table_mut().unwrap().remove(line).unwrap();
    fs::write(path, toml::to_string(&site).unwrap()).unwrap();
}

#[test]
fn ac_4_2_2_1a_a_call_to_any_mapped_number_lands_in_the_one_queue_with_its_line() {
    // Number, its line in the profile, and whether a menu asks first; in the order in which they call.
    let lines = [
        ("12319", "city-management", true),
        ("12345", "hotline", true),
        ("12000", "load", false),
    ];
    let mut server = Server::with(Setup {
        agents: lines.len(),
        ring_timeout_s: 30,
        ..Setup::default()
    });
    let phones: Vec<Phone> = (1..=lines.len())
        .map(|number| registered(&server, number))
        .collect();
    let supervisor = server.supervisor();
    let mut citizens = Vec::new();
    for (index, (number, _, menu)) in lines.into_iter().enumerate() {
        let citizen = Phone::new(&format!("1381234567{index}"), server.address(10), server.sip);
        citizen.call(number);
        citizen.wait_up();
        if menu {
            citizen.media.press('0');
        }
        wait_for_waiting(&supervisor, "general", index + 1);
        citizens.push(citizen);
    }
    // One queue: whichever line they called, they are served by age, and each order bears its line.
    let mut desks = Vec::new();
    for (index, (_, line, _)) in lines.into_iter().enumerate() {
        let desk = server.agent_ready(index + 1);
        phones[index].wait_up();
        let draft = wait::until("the draft", Duration::from_secs(10), || {
            desk.get("/api/v1/tickets?day=today&agent=me")["items"]
                .as_array()?
                .first()
                .cloned()
        });
        assert_eq!(
            (&draft["line"], &draft["queue"]),
            (&json!(line), &json!("general")),
            "{draft:#}"
        );
        desks.push((desk, draft));
    }
    // A talk of about a second.
    wait::pause(Duration::from_millis(1_200));
    for citizen in &citizens {
        citizen.hang_up();
    }
    let calls = server.ended_calls(lines.len());
    for ((call, (_, line, _)), (_, draft)) in calls.iter().zip(lines).zip(&desks) {
        assert_eq!(
            (&call["line"], &call["queue"], &call["outcome"]),
            (&json!(line), &json!("general"), &json!("answered")),
            "{call:#}"
        );
        assert_eq!(call["interaction"], draft["interaction"], "{call:#}");
        assert_eq!(call["ticket"]["id"], draft["id"], "{call:#}");
    }
    // Who administers sees no call, whatever its line.
    let admin = server.sign_in("admin");
    let path = format!("/api/v1/calls/{}", calls[0]["interaction"].as_str().unwrap());
    assert_eq!(admin.send("GET", &path, &[], None).status, 403);

    let refused = refused_call(&server, "19999", lines.len() + 1);
    stop(&mut server);
    let trail = facts(&server, None);
    for (call, (_, line, _)) in calls.iter().zip(lines) {
        let offered = of_kind(&trail, "call.offered", Some(&call["interaction"]));
        assert_eq!(offered.len(), 1);
        assert_eq!(offered[0]["body"]["line"], line, "{:#}", offered[0]);
        let queued = of_kind(&trail, "call.queued", Some(&call["interaction"]));
        assert_eq!(queued.len(), 1);
        assert_eq!(queued[0]["body"]["queue"], "general", "{:#}", queued[0]);
        let opened = of_kind(&trail, "ticket.draft_opened", Some(&call["interaction"]));
        assert_eq!(opened.len(), 1);
    }
    let told = of_kind(&trail, "call.refused", Some(&refused["interaction"]));
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["body"]["reason"], "unknown_number", "{:#}", told[0]);
    assert!(of_kind(&trail, "call.queued", Some(&refused["interaction"])).is_empty());
    let denied = of_kind(&trail, "permission.denied", None);
    assert!(
        denied.iter().any(|it| it["actor"]["id"] == "admin"),
        "{denied:#?}"
    );
    server.run(&["audit", "verify"]);

    // The twin: a number that is not mapped any more reaches no queue.
    unmap(&server, "city-management");
    server.run(&["profile", "publish"]);
    server.start_again();
    refused_call(&server, "12319", lines.len() + 2);
}

/// Gives an agent one skill alone, and the queue that asks for it; the server is stopped, told and started again.
fn with_skill(server: &mut Server, agent: &str, skill: &str) {
    stop(server);
    let path = server.folder.path().join("profiles/agents.toml");
    let mut file: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
    let only: toml::Table = format!("skills = {{ {skill} = 5 }}\nqueues = [\"{skill}\"]")
        .parse()
        .unwrap();
    file["agents"][agent].as_table_mut().unwrap().extend(only);
    fs::write(path, toml::to_string(&file).unwrap()).unwrap();
    server.run(&["profile", "publish"]);
    server.start_again();
}

/// A citizen calls and talks with whoever is given to him; the agents are ready since long, the first the longest.
fn whom_the_citizen_gets(server: &Server, calls: usize) -> Value {
    let phones: Vec<Phone> = (1..=3).map(|number| registered(server, number)).collect();
    for number in 1..=3 {
        server.agent_ready(number);
    }
    let citizen = Phone::new("13812345678", server.address(10), server.sip);
    citizen.call("12000");
    wait::until("an agent", Duration::from_secs(10), || {
        phones.iter().any(Phone::is_up).then_some(())
    });
    citizen.hang_up();
    server.ended_calls(calls).pop().unwrap()
}

#[test]
fn ac_4_2_2_1b_of_idle_agents_the_one_with_the_skill_and_the_longest_idle_time_rings() {
    let mut server = Server::with(Setup {
        agents: 3,
        ..Setup::default()
    });
    with_skill(&mut server, "a1001", "dialect");
    let call = whom_the_citizen_gets(&server, 1);
    assert_eq!(call["agent"], "a1002", "{call:#}");
    let path = format!("/api/v1/calls/{}", call["interaction"].as_str().unwrap());
    let refusal = server.sign_in(&user_of(1)).send("GET", &path, &[], None);
    assert_eq!(
        refusal.status, 403,
        "whoever did not get the call does not see it"
    );
    assert_eq!(server.sign_in(&user_of(2)).get(&path)["call"]["agent"], "a1002");
    // The twin: with the skill he would have been the first.
    with_skill(&mut server, "a1001", "general");
    let twin = whom_the_citizen_gets(&server, 2);
    assert_eq!(twin["agent"], "a1001", "{twin:#}");
    stop(&mut server);
    let trail = facts(&server, None);
    for (call, agent) in [(&call, "a1002"), (&twin, "a1001")] {
        let offered = of_kind(&trail, "call.agent_offered", Some(&call["interaction"]));
        let agents: Vec<&Value> = offered.iter().map(|it| &it["body"]["agent"]).collect();
        assert_eq!(agents, [agent], "nobody else's phone rang");
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|it| it == text.as_bytes())
}

/// Whatever the database holds, as files or as SQL.
fn dump(server: &Server, database: Option<&str>) -> Vec<u8> {
    let Some(url) = database else {
        let folder: &Path = &server.data();
        let mut whole = Vec::new();
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.file_name().to_string_lossy().starts_with("rexian.db") {
                whole.extend(fs::read(entry.path()).unwrap());
            }
        }
        return whole;
    };
    postgres::dump(url)
}

/// A call whose order is written; what the agent, the supervisor and the administrator get to see of the citizen.
fn call_with_order(server: &Server) -> Value {
    let phone = registered(server, 1);
    let desk = server.agent_ready(1);
    let citizen = Phone::new(NUMBER, server.address(10), server.sip);
    citizen.call("12000");
    phone.wait_up();
    let draft = wait::until("the draft", Duration::from_secs(10), || {
        desk.get("/api/v1/tickets?day=today&agent=me")["items"]
            .as_array()?
            .first()
            .cloned()
    });
    let path = format!("/api/v1/tickets/{}", draft["id"].as_str().unwrap());
    let version = format!("\"{}\"", draft["version"]);
    desk.send(
        "PUT",
        &path,
        &[("If-Match", &version)],
        Some(&json!({"name": NAME, "contact_phone": NUMBER})),
    )
    .good();
    let own = desk.get(&path);
    assert_eq!(
        (&own["name"], own["caller"].as_str().unwrap().contains(NUMBER)),
        (&json!(NAME), true)
    );
    wait::pause(Duration::from_millis(1_200));
    citizen.hang_up();
    let call = server.ended_calls(1).remove(0);
    let supervisor = server.supervisor();
    let masked = supervisor.get("/api/v1/calls?day=today").to_string();
    assert!(!masked.contains(NUMBER) && masked.contains("0421"), "{masked}");
    call
}

fn nothing_in_clear(database: Option<&str>) {
    let mut server = Server::with(Setup {
        agents: 2,
        database: database.map(str::to_owned),
        ..Setup::default()
    });
    let call = call_with_order(&server);
    let path = format!("/api/v1/calls/{}/reveal", call["interaction"].as_str().unwrap());
    let number = server.supervisor().post(&path, &json!({})).good().json();
    assert!(number["number"].as_str().unwrap().contains(NUMBER), "{number}");
    // Neither who administers nor another agent may see the number.
    let admin = server.sign_in("admin");
    for client in [&admin, &server.sign_in(&user_of(2))] {
        let refusal = client.post(&path, &json!({}));
        assert_eq!(refusal.status, 403);
        assert!(!holds(&refusal.body, NUMBER));
    }
    // The twin's row: the same table of the same dump shows what is not sealed.
    let staff = json!({"kind": "open", "user": "staff", "name": format!("热线{STAFF}"), "roles": ["quality"],
        "organ": "hotline", "reason": "新增质检岗位"});
    let asked = admin.post("/api/v1/account-requests", &staff).good().json();
    let approval = format!(
        "/api/v1/account-requests/{}/approve",
        asked["id"].as_str().unwrap()
    );
    server
        .sign_in("security")
        .send("POST", &approval, &[], None)
        .good();
    stop(&mut server);

    let whole = dump(&server, database);
    let interaction = call["interaction"].as_str().unwrap();
    assert!(holds(&whole, interaction), "the call is in the dump");
    for secret in [NUMBER, &NUMBER[1..], NAME] {
        assert!(!holds(&whole, secret), "the dump shows {secret}");
    }
    assert!(holds(&whole, STAFF), "what is written in clear is found");
    let trail = facts(&server, database);
    let revealed = of_kind(&trail, "personal.revealed", Some(&call["interaction"]));
    assert_eq!(revealed.len(), 1, "{revealed:#?}");
    assert_eq!(revealed[0]["actor"]["id"], "banzhang", "{:#}", revealed[0]);
    let denied = of_kind(&trail, "permission.denied", None);
    for user in ["admin", "agent2"] {
        assert!(denied.iter().any(|it| it["actor"]["id"] == user), "{denied:#?}");
    }
}

#[test]
fn ac_8_4_2_1_a_dump_of_sqlite_shows_no_number_and_no_name() {
    nothing_in_clear(None);
}

#[test]
fn ac_8_4_2_1_a_dump_of_postgresql_shows_no_number_and_no_name() {
    let database = runtime().block_on(postgres::empty_database());
    nothing_in_clear(Some(&database));
}

#[test]
fn r_03_after_kill_9_a_call_is_answered_within_five_seconds_and_a_phone_registers_again() {
    let mut server = Server::start();
    let phone = registered(&server, 1);
    server.agent_ready(1);
    let cut = Phone::new("13812345678", server.address(10), server.sip);
    cut.call("12000");
    phone.wait_up();
    server.kill();
    let killed = Instant::now();
    server.start_again();
    let next = Phone::new("13812345679", server.address(11), server.sip);
    next.call("12000");
    let answered = next.wait_up().duration_since(killed);
    assert!(answered < Duration::from_secs(5), "answering after {answered:?}");
    assert_eq!(phone.register(&server.phone_secret("8001"), Hash::Md5), "200");
    next.hang_up();
    let calls = server.ended_calls(2);
    let ends: Vec<&str> = calls.iter().filter_map(|it| it["ended_by"].as_str()).collect();
    assert_eq!(ends, ["crash", "caller"], "{calls:#?}");
}
