//! Another version of the profile becomes the active one under a live call, a waiting citizen and agents at their desks.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;
use toml::Table;

use crate::real::acceptance::facts;
use crate::real::acceptance::of_kind;
use crate::real::acceptance::stop;
use crate::real::alaw::Tone;
use crate::real::client::Answer;
use crate::real::client::Client;
use crate::real::peer::Hash;
use crate::real::peer::Phone;
use crate::real::server::Server;
use crate::real::sipp::agent;
use crate::real::wait;

const ACTIVATE: &str = "/api/v1/profiles/activate";
/// The new line's number.
const LINE: &str = "12329";
const BRIEFLY: Duration = Duration::from_secs(10);

/// A folder of profile files of one's own.
struct Files(PathBuf);

impl Files {
    /// Copies the files that the server began with.
    fn of(server: &Server, name: &str) -> Self {
        let (from, to) = (
            server.folder.path().join("profiles"),
            server.folder.path().join(name),
        );
        fs::create_dir_all(to.join("flows")).unwrap();
        for folder in [Path::new("."), Path::new("flows")] {
            for entry in fs::read_dir(from.join(folder)).unwrap().flatten() {
                if entry.path().is_file() {
                    fs::copy(entry.path(), to.join(folder).join(entry.file_name())).unwrap();
                }
            }
        }
        Self(to)
    }

    fn edit(&self, name: &str, change: impl FnOnce(&mut Table)) {
        let path = self.0.join(name);
        let mut file: Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        change(&mut file);
        fs::write(path, toml::to_string(&file).unwrap()).unwrap();
    }

    /// Adds a table.
    fn add(&self, name: &str, (kind, id): (&str, &str), table: &str) {
        let table: Table = table.parse().unwrap();
        self.edit(name, |file| {
            let tables = file[kind].as_table_mut().unwrap();
            tables.insert(id.to_owned(), table.into());
        });
    }

    /// A line with its flow and its queue, an agent who serves it, and a phone.
    fn with_fund_line(self) -> Self {
        let flow =
            "name = \"公积金\"\nstart = \"person\"\n[nodes.person]\nverb = \"enqueue\"\nqueue = \"fund\"\n";
        fs::write(self.0.join("flows/fund.toml"), flow).unwrap();
        let line = format!("number = \"{LINE}\"\nname = \"公积金热线\"\nflow = \"fund\"");
        self.add("site.toml", ("lines", "fund"), &line);
        self.add(
            "queues.toml",
            ("queues", "fund"),
            "name = \"公积金专席\"\nkind = \"expert\"\nskills = { general = 1 }\nring_timeout_s = 5\nwrapup_s = 0\n\
             music = \"music-hold\"\nshort_abandon_s = 5",
        );
        self.add(
            "agents.toml",
            ("agents", "a1003"),
            "name = \"坐席3\"\nuser = \"agent3\"\norgan = \"hotline\"\nskills = { general = 5 }\nqueues = [\"fund\"]\n\
             devices = [\"d8003\"]",
        );
        self.add(
            "devices.toml",
            ("devices", "d8003"),
            "user = \"8003\"\nextension = \"8003\"\ncodecs = [\"pcma\", \"pcmu\"]",
        );
        self
    }

    fn publish(&self, server: &Server) -> String {
        let said = server.run(&["profile", "publish", self.0.to_str().unwrap()]);
        String::from_utf8(said).unwrap()
    }
}

/// Makes the newest version active; gives the answer.
fn activate(admin: &Client) -> Value {
    admin.send("POST", ACTIVATE, &[], None).good().json()
}

/// A citizen calls the new line, which is not there.
fn nobody_answers(server: &Server, host: u8) {
    let citizen = Phone::new("13800000009", server.address(host), server.sip);
    citizen.call(LINE);
    let answer = citizen.answer_to("INVITE");
    assert!(answer.text.starts_with("SIP/2.0 404 "), "{}", answer.text);
}

/// What must not change: agents but the newcomer, and who waits.
fn living(supervisor: &Client) -> (Vec<Value>, Value) {
    let agents = supervisor.get("/api/v1/agents");
    let mut agents = agents["items"].as_array().unwrap().clone();
    agents.retain(|it| it["agent"] != "a1003");
    assert_eq!(agents.len(), 2, "{agents:#?}");
    let queues = supervisor.get("/api/v1/queues");
    let general = { queues["items"].as_array().unwrap() }
        .iter()
        .find(|it| it["queue"] == "general");
    (agents, general.unwrap().clone())
}

/// Counters of calls and offers.
fn counters(supervisor: &Client) -> Vec<String> {
    const NAMES: [&str; 4] = [
        "rexian_calls_",
        "rexian_offers_",
        "rexian_agents_answered_total",
        "rexian_wait_seconds",
    ];
    let text = supervisor.send("GET", "/metrics", &[], None).good().body;
    let text = String::from_utf8(text).unwrap();
    let of_calls = |line: &&str| NAMES.iter().any(|name| line.starts_with(name));
    let lines: Vec<String> = text.lines().filter(of_calls).map(str::to_owned).collect();
    assert!(
        lines.contains(&"rexian_calls_answered_total 2".to_owned()),
        "{lines:#?}"
    );
    lines
}

/// Asks for an account for the newcomer, has it approved, and signs him in.
fn newcomer(server: &Server, admin: &Client) -> Client {
    let wish = json!({"kind": "open", "user": "agent3", "name": "坐席3", "roles": ["agent"], "organ": "hotline",
        "agent": "a1003", "reason": "新增坐席"});
    let asked = admin.post("/api/v1/account-requests", &wish).good().json();
    let path = format!(
        "/api/v1/account-requests/{}/approve",
        asked["id"].as_str().unwrap()
    );
    let approved = server
        .sign_in("security")
        .send("POST", &path, &[], None)
        .good()
        .json();
    let desk = Client::sign_in(server.web, "agent3", approved["password"].as_str().unwrap());
    desk.post("/api/v1/agent/sign-in", &json!({})).good();
    desk.put("/api/v1/agent/presence", &json!({"state": "ready"}))
        .good();
    desk
}

/// Both hear each other anew.
fn they_talk(citizen: &Phone, phone: &Phone, (of_citizen, of_phone): (f64, f64)) {
    citizen.media.play(Tone::new(of_citizen, 1));
    phone.media.play(Tone::new(of_phone, 2));
    phone.media.wait_tone(of_citizen, BRIEFLY);
    citizen.media.wait_tone(of_phone, BRIEFLY);
    assert!(citizen.is_up() && phone.is_up());
}

/// Whether any file of the server but the agents' recordings holds these words.
fn kept_in_clear(folder: &Path, words: &str) -> bool {
    fs::read_dir(folder).unwrap().flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return kept_in_clear(&path, words);
        }
        let bytes = fs::read(&path).unwrap_or_default();
        bytes.windows(words.len()).any(|it| it == words.as_bytes())
    })
}

#[test]
fn a_published_version_takes_effect_for_the_next_call_and_touches_nobody() {
    let mut server = Server::start();
    let (supervisor, admin) = (server.supervisor(), server.sign_in("admin"));
    let phone = agent(&server, 1);
    let talking = Phone::new("13812345678", server.address(10), server.sip);
    talking.call("12000");
    phone.wait_up();
    they_talk(&talking, &phone, (1_000.0, 440.0));
    // The second agent rests, so the second citizen waits.
    let second = agent(&server, 2);
    let desk = server.sign_in("agent2");
    let rest = json!({"state": "not_ready", "reason": "rest"});
    desk.put("/api/v1/agent/presence", &rest).good();
    let waiting = Phone::new("13812345679", server.address(11), server.sip);
    waiting.call("12000");
    wait::until("the second citizen to wait", BRIEFLY, || {
        (living(&supervisor).1["waiting"] == 1).then_some(())
    });
    let before = living(&supervisor);

    // Checked and compared. Published is not active yet, and not everybody makes it so.
    let faulty = Files::of(&server, "profiles-0").with_fund_line();
    faulty.add(
        "site.toml",
        ("lines", "lost"),
        "number = \"12330\"\nname = \"无\"\nflow = \"nowhere\"",
    );
    let said = server.refuses(&["profile", "publish", faulty.0.to_str().unwrap()]);
    assert!(said.contains("1 faults") && said.contains("nowhere"), "{said}");
    let files = Files::of(&server, "profiles-2").with_fund_line();
    let said = files.publish(&server);
    assert!(said.contains("version 2") && said.contains(ACTIVATE), "{said}");
    let differs = String::from_utf8(server.run(&["profile", "diff"])).unwrap();
    for field in ["lines.fund", "queues.fund", "agents.a1003", "devices.d8003"] {
        assert!(differs.contains(field), "{differs}");
    }
    nobody_answers(&server, 12);
    assert_eq!(supervisor.send("POST", ACTIVATE, &[], None).status, 403);
    nobody_answers(&server, 12);

    let counted = counters(&supervisor);
    let first = activate(&admin);
    assert_eq!(counters(&supervisor), counted);
    let told = first["new_devices"].as_array().unwrap();
    assert_eq!((&first["version"], told.len()), (&json!(2), 1), "{first:#}");
    assert_eq!(
        (&told[0]["device"], &told[0]["user"]),
        (&json!("d8003"), &json!("8003"))
    );
    let secret = told[0]["secret"].as_str().unwrap().to_owned();
    assert_eq!(living(&supervisor), before, "no presence, no age, no place");
    they_talk(&talking, &phone, (1_300.0, 600.0));

    // The next call takes the new line and queue to the new agent at the new phone.
    let third = Phone::new("8003", server.address(53), server.sip);
    assert_eq!(third.register(&secret, Hash::Sha256), "200");
    let newcomer = newcomer(&server, &admin);
    let citizen = Phone::new("13812345670", server.address(13), server.sip);
    citizen.call(LINE);
    third.wait_up();
    they_talk(&citizen, &third, (1_700.0, 800.0));
    assert_eq!(newcomer.get("/api/v1/agent")["occupancy"], "talking");
    assert_eq!(living(&supervisor), before);

    // Told once; nothing else is made by asking again, and no file has it.
    assert_eq!(activate(&admin)["new_devices"], json!([]));
    assert!(
        !kept_in_clear(server.folder.path(), &secret),
        "the secret lies about"
    );

    refusal_and_way_back(&server, &admin, &files);
    assert_eq!(living(&supervisor), before);
    they_talk(&talking, &phone, (1_100.0, 500.0));
    they_talk(&citizen, &third, (1_500.0, 700.0));

    // Who waited all the while is served.
    desk.put("/api/v1/agent/presence", &json!({"state": "ready"}))
        .good();
    second.wait_up();
    for it in [&talking, &waiting, &citizen] {
        it.hang_up();
    }
    // Three of them, and three that nobody answered.
    server.ended_calls(6);
    stop(&mut server);
    trail(&server);
    // The secret outlives the program.
    server.start_again();
    let again = Phone::new("8003", server.address(54), server.sip);
    assert_eq!(again.register(&secret, Hash::Sha256), "200");
}

/// A version that this server cannot take, then the old one, then the new one again.
fn refusal_and_way_back(server: &Server, admin: &Client, files: &Files) {
    let wrong = Files::of(server, "profiles-3").with_fund_line();
    wrong.edit("site.toml", |file| {
        file["site"]["realm"] = "elsewhere.local".into();
    });
    wrong.publish(server);
    let refusal: Answer = admin.send("POST", ACTIVATE, &[], None);
    assert_eq!(refusal.header("content-type"), Some("application/problem+json"));
    let problem = refusal.json();
    assert_eq!(
        (refusal.status, &problem["code"], &problem["field"]),
        (409, &json!("not_allowed"), &json!("site.realm")),
        "{problem:#}"
    );
    let names = |of: &str| admin_names(server, of);
    assert!(names("lines").contains(&"fund".to_owned()), "version 2 stays");

    Files::of(server, "profiles-4").publish(server);
    let back = activate(admin);
    assert_eq!(
        (&back["version"], &back["new_devices"]),
        (&json!(4), &json!([])),
        "{back:#}"
    );
    assert!(!names("lines").contains(&"fund".to_owned()));
    nobody_answers(server, 14);
    files.publish(server);
    let forth = activate(admin);
    assert_eq!(
        (&forth["version"], &forth["new_devices"]),
        (&json!(5), &json!([])),
        "the phone has its secret: {forth:#}"
    );
}

/// Ids of the lines, queues or phones that screens are shown.
fn admin_names(server: &Server, of: &str) -> Vec<String> {
    let names = server.supervisor().get("/api/v1/profile/public");
    { names[of].as_array().unwrap() }
        .iter()
        .map(|it| it["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Who made which version active, and where the call of the new line went.
fn trail(server: &Server) {
    let trail = facts(server, None);
    let published = of_kind(&trail, "profile.published", None);
    let by_web: Vec<(&Value, &Value)> = { &published }
        .iter()
        .filter(|it| it["cause"] == "api:activate")
        .map(|it| (&it["actor"]["id"], &it["body"]["version"]))
        .collect();
    let admin = json!("admin");
    let versions = [2, 2, 4, 5].map(|version| json!(version));
    let expected: Vec<(&Value, &Value)> = versions.iter().map(|version| (&admin, version)).collect();
    assert_eq!(by_web, expected, "{published:#?}");
    let queued = of_kind(&trail, "call.queued", None);
    let of_fund: Vec<&&Value> = queued.iter().filter(|it| it["body"]["queue"] == "fund").collect();
    assert_eq!(of_fund.len(), 1, "{queued:#?}");
    let rung = of_kind(&trail, "call.agent_offered", Some(&of_fund[0]["interaction"]));
    assert_eq!(rung.len(), 1, "{rung:#?}");
    assert_eq!(rung[0]["body"]["agent"], "a1003");
    let of_rest = of_kind(&trail, "agent.presence_changed", None);
    let of_second = of_rest.iter().filter(|it| it["body"]["agent"] == "a1002").count();
    assert_eq!(
        of_second, 4,
        "login, ready, rest, ready, each by himself: {of_rest:#?}"
    );
    server.run(&["audit", "verify"]);
}
