//! The shipped profile is sound, and every planted fault is told with its file, its line, its field and its fix.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use rexian::app::config::Fault;
use rexian::app::config::SipTransport;
use rexian::app::config::check;
use rexian::app::config::load_profile;
use rexian::app::config::load_server;
use rexian::exchange::profile::Profile;
use rexian::exchange::profile::QueueKind;
use rexian::ivr::flow::Flow;
use tempfile::TempDir;

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A copy of the shipped profile that may be spoilt.
struct Copy {
    folder: TempDir,
}

impl Copy {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&shipped("sip-profiles"), &folder.path().join("sip-profiles"));
        fs::create_dir(folder.path().join("prompts")).unwrap();
        fs::copy(
            shipped("prompts/manifest.toml"),
            folder.path().join("prompts/manifest.toml"),
        )
        .unwrap();
        for part in ["zh-CN", "music", "tone"] {
            copy(
                &shipped("prompts").join(part),
                &folder.path().join("prompts").join(part),
            );
        }
        Self { folder }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn spoil(&self, file: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.path(file)).unwrap();
        assert!(text.contains(old), "{file} has no {old}");
        fs::write(self.path(file), text.replacen(old, new, 1)).unwrap();
    }

    fn faults(&self) -> Vec<Fault> {
        check(&self.path("sip-profiles"), &self.path("prompts")).faults
    }

    /// The line of `file` in which `text` first stands.
    fn line(&self, file: &str, text: &str) -> usize {
        let lines = fs::read_to_string(self.path(file)).unwrap();
        1 + lines
            .lines()
            .position(|line| line.contains(text))
            .unwrap_or_else(|| panic!("{file} has no {text}"))
    }
}

/// One planted fault: in `file`, `old` is replaced by `new`; then exactly one fault is told, of `field`, in the line
/// that holds `at`, with `fix`.
struct Planted {
    file: &'static str,
    old: &'static str,
    new: &'static str,
    at: &'static str,
    field: &'static str,
    fix: &'static str,
}

impl Planted {
    /// What is told otherwise than it should be.
    fn differences(&self) -> Option<String> {
        let copy = Copy::new();
        let folder = if self.file == "manifest.toml" {
            "prompts"
        } else {
            "sip-profiles"
        };
        let file = format!("{folder}/{}", self.file);
        copy.spoil(&file, self.old, self.new);
        let line = u32::try_from(copy.line(&file, self.at)).unwrap();
        let (field, fix) = (self.field.to_owned(), self.fix.to_owned());
        let faults = copy.faults();
        let expected = Fault {
            file: copy.path(&file).display().to_string(),
            line,
            field,
            fix,
            problem: String::new(),
        };
        let told: Vec<Fault> = faults
            .iter()
            .cloned()
            .map(|it| Fault {
                problem: String::new(),
                ..it
            })
            .collect();
        let right = told == [expected.clone()] && faults.iter().all(|fault| !fault.problem.is_empty());
        (!right).then(|| format!("expected {expected:?}\ntold {faults:#?}"))
    }
}

fn check_all(planted: &[Planted]) {
    let differences: Vec<String> = planted.iter().filter_map(Planted::differences).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

macro_rules! planted {
    ($file:literal: $old:literal => $new:literal, at $at:literal, $field:literal, $fix:literal) => {
        Planted {
            file: $file,
            old: $old,
            new: $new,
            at: $at,
            field: $field,
            fix: $fix,
        }
    };
}

#[test]
fn the_shipped_profile_has_no_fault() {
    let report = check(&shipped("sip-profiles"), &shipped("prompts"));
    assert_eq!(report.faults, []);
    let loaded = report.profile.as_ref().unwrap();
    assert_eq!(
        serde_json::from_str::<Profile>(&loaded.document).unwrap(),
        loaded.profile
    );
    assert!(
        report
            .to_string()
            .starts_with("no faults: 1 trunks, 3 lines, 3 queues, 4 agents"),
        "{report}"
    );
    let profile = &loaded.profile;
    assert_eq!(profile.site.area_code, "315");
    let experts = profile
        .queues
        .values()
        .filter(|queue| queue.kind == QueueKind::Expert)
        .count();
    assert_eq!(experts, 2);
    let main = &profile.flows[&"main".parse().unwrap()];
    assert_eq!(main.notice, Some("notice-recorded".parse().unwrap()));
    let server = report.server.unwrap();
    assert_eq!(
        server
            .sip
            .iter()
            .filter(|listener| listener.transport == SipTransport::Udp)
            .count(),
        2
    );
}

#[test]
fn the_checked_flows_are_what_serde_reads_of_the_same_files() {
    let loaded = load_profile(&shipped("sip-profiles"), &shipped("prompts")).unwrap();
    for (id, flow) in &loaded.profile.flows {
        let text = fs::read_to_string(shipped("sip-profiles/flows").join(format!("{id}.toml"))).unwrap();
        assert_eq!(&toml::from_str::<Flow>(&text).unwrap(), flow);
    }
}

#[test]
fn defaults_of_a_question_are_the_same_for_files_and_documents() {
    let copy = Copy::new();
    copy.spoil(
        "sip-profiles/flows/main.toml",
        "digits = 1\ntimeout_ms = 3000\ninvalid = [\"invalid-key\"]\nretries = 1\n",
        "",
    );
    let loaded = load_profile(&copy.path("sip-profiles"), &copy.path("prompts")).unwrap();
    let text = fs::read_to_string(copy.path("sip-profiles/flows/main.toml")).unwrap();
    assert_eq!(
        toml::from_str::<Flow>(&text).unwrap(),
        loaded.profile.flows[&"main".parse().unwrap()]
    );
}

#[test]
fn equal_profiles_have_equal_documents_and_a_change_shows() {
    let first = load_profile(&shipped("sip-profiles"), &shipped("prompts")).unwrap();
    let copy = Copy::new();
    copy.spoil(
        "sip-profiles/queues.toml",
        "# Queues, the skills",
        "# Another comment, the skills",
    );
    let same = load_profile(&copy.path("sip-profiles"), &copy.path("prompts")).unwrap();
    assert_eq!((&first.document, &first.sha256), (&same.document, &same.sha256));
    copy.spoil(
        "sip-profiles/queues.toml",
        "ring_timeout_s = 20",
        "ring_timeout_s = 25",
    );
    let other = load_profile(&copy.path("sip-profiles"), &copy.path("prompts")).unwrap();
    assert_ne!(first.sha256, other.sha256);
    assert_eq!(first.sha256.len(), 64);
}

#[test]
fn faults_of_the_city_and_its_lines_are_told() {
    check_all(&[
        planted!("site.toml": "area_code = \"315\"" => "area_code = \"0315\"", at "0315", "site.area_code",
        "write 2 or 3 digits without the 0, as 315"),
        planted!("site.toml": "Asia/Shanghai" => "Asia/Shangai", at "Shangai", "site.time_zone",
        "did you mean `Asia/Shanghai`?"),
        planted!("site.toml": "realm = \"rexian.local\"\n" => "", at "[site]", "site.realm", "add `realm`"),
        planted!("site.toml": "outbound_number = \"12345\"" => "outbound_number = 12345", at "outbound_number =",
        "site.outbound_number", "write a text in quotes"),
        planted!("site.toml": "outbound_number = \"12345\"" => "outbound_number = \"热线\"", at "outbound_number =",
        "site.outbound_number", "write digits, with + in front if need be"),
        planted!("site.toml": "id = \"tangshan\"" => "id = \"Tangshan\"", at "Tangshan", "site.id",
        "write 1 to 40 of a-z, 0-9 and -"),
        planted!("site.toml": "flow = \"direct\"" => "flow = \"dirct\"", at "dirct", "lines.load.flow",
        "did you mean `direct`?"),
        planted!("site.toml": "number = \"12000\"" => "number = \"12345\" # here", at "# here", "lines.load.number",
        "give `load` another number"),
        planted!("site.toml": "[lines.load]" => "[lines.Load]", at "[lines.Load]", "lines.Load",
        "write 1 to 40 of a-z, 0-9 and -"),
    ]);
}

#[test]
fn faults_of_trunks_are_told() {
    check_all(&[
        planted!("trunk.toml": "\"127.0.0.1\"" => "\"127.0.0.256\"", at "127.0.0.256", "trunks.carrier.addresses.0",
        "write an address as \"192.0.2.1\" or \"2001:db8::1\""),
        planted!("trunk.toml": "codecs = [\"pcma\", \"pcmu\"]" => "codecs = [\"pcma\", \"pcmuu\"]", at "pcmuu",
        "trunks.carrier.codecs.1", "did you mean `pcmu`?"),
        planted!("trunk.toml": "codecs = [\"pcma\", \"pcmu\"]" => "codecs = []", at "codecs = []",
        "trunks.carrier.codecs", "name at least one"),
        planted!("trunk.toml": "\"busy\"" => "\"bussy\"", at "bussy", "trunks.carrier.overload", "did you mean `busy`?"),
        planted!("trunk.toml": "trusted_identity = true" => "trusted_identity = 1", at "trusted_identity = 1",
        "trunks.carrier.trusted_identity", "write true or false"),
        planted!("trunk.toml": "trusted_identity = true" => "trusted_identity = true\nnatt = true", at "natt",
        "trunks.carrier.natt", "did you mean `nat`?"),
    ]);
}

#[test]
fn faults_of_queues_are_told() {
    check_all(&[
        planted!("queues.toml": "kind = \"expert\"" => "kind = \"special\"", at "special", "queues.enterprise.kind",
        "write one of `general`, `expert`"),
        planted!("queues.toml": "ring_timeout_s = 20" => "ring_timeout_s = 3", at "ring_timeout_s = 3",
        "queues.general.ring_timeout_s", "write 5 to 120"),
        planted!("queues.toml": "wrapup_s = 60" => "wrapup_s = -1", at "wrapup_s = -1", "queues.enterprise.wrapup_s",
        "write 0 to 3600"),
        planted!("queues.toml": "{ dialect = 3 }" => "{ dialekt = 3 }", at "dialekt", "queues.dialect.skills.dialekt",
        "did you mean `dialect`?"),
        planted!("queues.toml": "{ dialect = 3 }" => "{ dialect = 11 }", at "dialect = 11",
        "queues.dialect.skills.dialect", "write 1 to 10"),
        planted!("queues.toml": "music = \"music-hold\"" => "music = \"music-hols\"", at "music-hols",
        "queues.general.music", "did you mean `music-hold`?"),
        planted!("queues.toml": "music = \"music-hold\"" => "music = \"queue-wait\"", at "music = \"queue-wait\"",
        "queues.general.music", "write one of `agent-whisper`, `busy`, `music-hold`, `ringback`"),
        planted!("queues.toml": "rona = \"无人应答\"\n" => "", at "[reasons]", "reasons.rona", "add rona = \"…\""),
        planted!("queues.toml": "ring_timeout_s = 20" => "ring_timout_s = 20\nring_timeout_s = 20", at "ring_timout_s",
        "queues.general.ring_timout_s",
        "leave it out, or write one of `name`, `kind`, `skills`, `ring_timeout_s`, `wrapup_s`, `music`, `short_abandon_s`, `distribution`"),
    ]);
}

#[test]
fn faults_of_the_distribution_are_told() {
    check_all(&[
        planted!("queues.toml": "[queues.dialect.distribution]" => "[queues.dialect.distribution]\nstratagy = 1",
        at "[queues.dialect.distribution]", "queues.dialect.distribution", "write one of `requires`, `preferred`, `match_weight`, `relaxation`, `strategy`, `class`, `priority`, `ageing`, `sla_target_s`, `weight`, `talks_max`, `reserve`, `overload_s`"),
        planted!("queues.toml": "do = { add_queue = \"general\" } },\n" => "do = { add_queue = \"generall\" } },\n", at "generall",
        "queues.enterprise.distribution.relaxation.0", "did you mean `general`?"),
        planted!("queues.toml": "class = \"dedicated\"" => "class = \"dedicated\"\nweight = 0",
        at "[queues.enterprise.distribution]", "queues.enterprise.distribution", "write numbers within"),
        planted!("queues.toml": "class = \"dedicated\"" => "class = \"dedicated\"\nrequires = { skill = { id = \"enterprise\", least = 0 } }",
        at "least = 0", "queues.enterprise.distribution.requires", "write a smaller tree with levels within bounds"),
        planted!("queues.toml": "class = \"dedicated\"" => "class = \"dedicated\"\npreferred = [{ skill = \"dialekt\", weight = 3 }]",
        at "[queues.enterprise.distribution]", "queues.enterprise.distribution.requires", "did you mean `dialect`?"),
        planted!("queues.toml": "{ when = \"no_staffed\", do = { a" => "{ when = { after_s = 5 }, do = { a", at "after_s = 5",
        "queues.enterprise.distribution.relaxation.1", "correct the step or leave it out"),
    ]);
}

#[test]
fn faults_of_people_phones_and_desks_are_told() {
    check_all(&[
        planted!("agents.toml": "queues = [\"general\"]" => "queues = [\"generall\"]", at "generall",
        "agents.a1001.queues.0", "did you mean `general`?"),
        planted!("agents.toml": "dialect = 6" => "dialect = 2", at "queues = [\"general\", \"dialect\"]",
        "agents.a1002.queues.1", "raise dialect to 3 or leave `dialect` out"),
        planted!("agents.toml": "user = \"sumingyue\"" => "user = \"linxiaoyun\" # here", at "# here",
        "agents.a1003.user", "give `a1003` another user"),
        planted!("agents.toml": "[\"d8004\"]" => "[\"d8005\"]", at "d8005", "agents.a1004.devices.0",
        "did you mean `d8001`?"),
        planted!("agents.toml": "{ general = 7, enterprise = 6 }" => "{ general = 7, enterprise = 6, singing = 1 }",
        at "singing", "agents.a1003.skills.singing", "write one of `dialect`, `enterprise`, `general`"),
        planted!("agents.toml": "devices = [\"d8001\"]" => "devices = \"d8001\"", at "devices = \"d8001\"",
        "agents.a1001.devices", "write [ ] around it"),
        planted!("agents.toml": "devices = [\"d8001\"]" => "devices = [\"d8001\", \"d8001\"]", at "\"d8001\", \"d8001\"",
        "agents.a1001.devices.1", "leave one out"),
        planted!("devices.toml": "extension = \"8003\"" => "extension = \"8002\" # here", at "# here",
        "devices.d8003.extension", "give `d8003` another extension"),
        planted!("devices.toml": "extension = \"8003\"" => "extension = \"12345\"", at "12345",
        "devices.d8003.extension", "give `d8003` another extension"),
        planted!("devices.toml": "user = \"8002\"" => "user = \"80 02\"", at "80 02", "devices.d8002.user",
        "write letters, digits, . _ and -"),
        planted!("devices.toml": "device = \"d8004\"" => "device = \"d9\"", at "d9", "seats.s04.device",
        "write one of `d8001`, `d8002`, `d8003`, `d8004`"),
        planted!("devices.toml": "device = \"d8002\"" => "device = \"d8001\" # twice", at "# twice", "seats.s02.device",
        "give `s02` another device"),
        planted!("devices.toml": "room = \"受理大厅\"" => "room = \" \"", at "room = \" \"", "seats.s01.room",
        "write what screens shall show"),
    ]);
}

#[test]
fn faults_of_flows_are_told() {
    check_all(&[
        planted!("flows/main.toml": "\"1\" = \"enterprise\"" => "\"1\" = \"enterprize\"", at "enterprize",
        "nodes.menu.choices.1", "did you mean `enterprise`?"),
        planted!("flows/main.toml": "\"1\" = \"enterprise\"" => "\"12\" = \"enterprise\"", at "\"12\"",
        "nodes.menu.choices.12", "write one of 0 to 9, * and #"),
        planted!("flows/main.toml": "start = \"greeting\"" => "start = \"greting\"", at "start = \"greting\"", "start",
        "did you mean `greeting`?"),
        planted!("flows/main.toml": "prompts = [\"menu\"]" => "prompts = [\"menue\"]", at "menue",
        "nodes.menu.prompts.0", "did you mean `menu`?"),
        planted!("flows/main.toml": "invalid = [\"invalid-key\"]" => "invalid = [\"invalid\"]", at "[\"invalid\"]",
        "nodes.menu.invalid.0",
        "write one of `agent-whisper`, `busy`, `closed`, `connecting`, `goodbye`, `greeting`, `invalid-key`, `menu` or 7 more"),
        planted!("flows/main.toml": "queue = \"general\"" => "queue = \"genral\"", at "genral", "nodes.person.queue",
        "did you mean `general`?"),
        planted!("flows/main.toml": "timeout_ms = 3000" => "timeout_ms = 500", at "timeout_ms = 500",
        "nodes.menu.timeout_ms", "write 1000 to 30000 milliseconds"),
        planted!("flows/main.toml": "retries = 1" => "retries = 9", at "retries = 9", "nodes.menu.retries",
        "write 0 to 5"),
        planted!("flows/main.toml": "digits = 1" => "digits = 33", at "digits = 33", "nodes.menu.digits", "write 1 to 32"),
        planted!("flows/main.toml": "timeout = \"person\"" => "timeout = \"menu\"", at "timeout = \"menu\"",
        "nodes.menu.timeout", "lead it to an enqueue or hangup node"),
        planted!("flows/main.toml": "interruptible = false" => "interruptible = true", at "interruptible = true",
        "nodes.greeting.interruptible", "write interruptible = false"),
        planted!("flows/main.toml": "prompts = [\"greeting\", \"notice-recorded\"]" => "prompts = [\"greeting\"]",
        at "notice = ", "notice", "play it before the first queue, or leave `notice` out"),
        planted!("flows/main.toml": "\"3\" = \"progress\" " => "", at "[nodes.progress]", "nodes.progress",
        "lead a path to it or leave it out"),
        planted!("flows/main.toml": "verb = \"play\"" => "verb = \"say\"", at "verb = \"say\"", "nodes.greeting.verb",
        "write one of `play`, `collect`, `branch`, `enqueue`, `hangup`"),
        planted!("flows/main.toml": "next = \"menu\"" => "nxt = \"menu\"\nnext = \"menu\"", at "nxt", "nodes.greeting.nxt",
        "leave it out, or write one of `verb`, `prompts`, `interruptible`, `next`"),
        planted!("flows/direct.toml": "verb = \"enqueue\"\nqueue = \"general\"" => "verb = \"play\"\nprompts = []\nnext = \"bye\"\n[nodes.bye]\nverb = \"hangup\"",
        at "prompts = []", "nodes.person.prompts", "name a prompt or leave the node out"),
        planted!("flows/direct.toml": "verb = \"enqueue\"\nqueue = \"general\"" => "verb = \"branch\"\non = \"lin\"\notherwise = \"bye\"\n[nodes.bye]\nverb = \"hangup\"",
        at "on = \"lin\"", "nodes.person.on", "did you mean `line`?"),
        planted!("flows/direct.toml": "verb = \"enqueue\"\nqueue = \"general\"" => "verb = \"branch\"\non = \"line\"\notherwise = \"person\"",
        at "[nodes.person]", "nodes.person", "lead a path to an enqueue or hangup node"),
        planted!("flows/main.toml": "[nodes.person]" => "[nodes.person]\nprompt = [\"queue-wait\"]", at "prompt = [",
        "nodes.person.prompt", "did you mean `prompts`?"),
    ]);
}

#[test]
fn a_queue_that_is_reached_without_the_notice_is_told() {
    let copy = Copy::new();
    let file = "sip-profiles/flows/main.toml";
    copy.spoil(file, "start = \"greeting\"", "start = \"which\"");
    let branch = "[nodes.which]\nverb = \"branch\"\non = \"line\"\ncases = { load = \"person\" }\notherwise = \"greeting\"\n";
    copy.spoil(file, "[nodes.greeting]", &format!("{branch}\n[nodes.greeting]"));
    let faults = copy.faults();
    assert_eq!(faults.len(), 1, "{faults:#?}");
    assert_eq!(faults[0].field, "nodes.person");
    assert_eq!(faults[0].fix, "play the notice on every path before it");
}

#[test]
fn faults_of_prompts_are_told() {
    check_all(&[
        planted!("manifest.toml": "id = \"queue-wait\"" => "id = \"greeting\" # here", at "# here",
        "prompt.4.id", "rename one of them"),
        planted!("manifest.toml": "file = \"zh-CN/menu.wav\"" => "file = \"zh-CN/menue.wav\"", at "menue", "prompt.2.file",
        "add the file or correct the path"),
        planted!("manifest.toml": "file = \"zh-CN/menu.wav\"" => "file = \"../menu.wav\"", at "../menu", "prompt.2.file",
        "write a path below the manifest's folder"),
        planted!("manifest.toml": "file = \"zh-CN/menu.wav\"" => "file = \"zh-CN/greeting.wav\" # wrong", at "sha256 = \"c99e",
        "prompt.2.sha256", "make the prompt anew, or restore the file"),
        planted!("manifest.toml": "kind = \"music\"" => "kind = \"musik\"", at "musik", "prompt.11.kind",
        "did you mean `music`?"),
    ]);
}

#[test]
fn faults_of_a_node_are_told() {
    check_all(&[
        planted!("server.toml": "node = \"node-1\"" => "node = \"Node 1\"", at "Node 1", "node",
        "write 1 to 40 of a-z, 0-9 and -"),
        planted!("server.toml": "\"127.0.0.1:5060\"" => "\"0.0.0.0:5060\"", at "0.0.0.0:5060", "sip.listen.0.address",
        "write an address of this machine"),
        planted!("server.toml": "\"127.0.0.1:5060\"" => "\"127.0.0.1\"", at "address = \"127.0.0.1\"",
        "sip.listen.0.address", "write an address and a port as \"192.0.2.1:5060\" or \"[2001:db8::1]:5060\""),
        planted!("server.toml": "\"127.0.0.1:5060\"" => "\"127.0.0.1:0\"", at "127.0.0.1:0", "sip.listen.0.address",
        "write a port, as 5060"),
        planted!("server.toml": "\"tcp\"\naddress = \"127.0.0.1:5060\"" => "\"udp\"\naddress = \"127.0.0.1:5060\" # here", at "# here",
        "sip.listen.1.address", "leave one out"),
        planted!("server.toml": "last_port = 29999" => "last_port = 20099", at "20099", "media.last_port",
        "leave room for 800 ports or lower calls_max"),
        planted!("server.toml": "calls_max = 200" => "calls_max = 0", at "calls_max = 0", "calls_max", "write 1 to 10000"),
        planted!("server.toml": "addresses = [\"127.0.0.1\", \"::1\"]" => "addresses = [\"127.0.0.1\", \"127.0.0.2\", \"::1\"]",
        at "127.0.0.2", "media.addresses.1", "leave one out"),
        planted!("server.toml": "# database = \"postgres:" => "database = \"mysql:", at "mysql", "database",
        "write \"sqlite:PATH\" or \"postgres://user@host/name\""),
        planted!("server.toml": "hosts = [\"localhost\", \"127.0.0.1\", \"::1\"]" => "", at "[http]", "http.hosts", "add `hosts`"),
        planted!("server.toml": "timeout_s = 30" => "timeout_s = 5", at "timeout_s = 5", "media.timeout_s",
        "write 10 to 300"),
    ]);
}

#[test]
fn all_faults_of_all_files_are_told_at_once() {
    let copy = Copy::new();
    copy.spoil("sip-profiles/site.toml", "\"315\"", "\"x\"");
    copy.spoil("sip-profiles/trunk.toml", "\"busy\"", "\"never\"");
    copy.spoil("sip-profiles/queues.toml", "wrapup_s = 60", "wrapup_s = 6000");
    copy.spoil(
        "sip-profiles/queues.toml",
        "short_abandon_s = 5",
        "short_abandon_s = 500",
    );
    copy.spoil("sip-profiles/agents.toml", "\"d8001\"", "\"d8009\"");
    copy.spoil("sip-profiles/devices.toml", "\"pcmu\"", "\"opus\"");
    copy.spoil(
        "sip-profiles/flows/main.toml",
        "next = \"menu\"",
        "next = \"menus\"",
    );
    copy.spoil(
        "sip-profiles/flows/direct.toml",
        "queue = \"general\"",
        "queue = 7",
    );
    copy.spoil("sip-profiles/server.toml", "listen = \"127", "listen = \"x127");
    let files: BTreeSet<String> = copy.faults().into_iter().map(|fault| fault.file).collect();
    assert_eq!(files.len(), 8, "{files:#?}");
}

#[test]
fn a_file_that_cannot_be_parsed_is_told_without_faults_that_follow_from_it() {
    let copy = Copy::new();
    copy.spoil("sip-profiles/queues.toml", "[queues.general]", "[queues.general");
    let faults = copy.faults();
    let files: BTreeSet<&str> = faults.iter().map(|fault| fault.file.as_str()).collect();
    assert_eq!(files.len(), 1, "{faults:#?}");
    let line = copy.line("sip-profiles/queues.toml", "[queues.general");
    assert!(
        faults
            .iter()
            .any(|fault| usize::try_from(fault.line).unwrap() == line),
        "{faults:#?}"
    );
}

#[test]
fn a_missing_and_a_misnamed_file_are_told() {
    let copy = Copy::new();
    fs::rename(
        copy.path("sip-profiles/agents.toml"),
        copy.path("sip-profiles/agent.toml"),
    )
    .unwrap();
    let faults = copy.faults();
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(faults.len(), 2, "{told:#?}");
    assert_eq!(faults[0].fix, "did you mean `agents.toml`?");
    assert!(faults[1].problem.starts_with("cannot be read"), "{told:#?}");
}

#[test]
fn a_flow_whose_file_has_no_id_for_a_name_is_told() {
    let copy = Copy::new();
    fs::rename(
        copy.path("sip-profiles/flows/direct.toml"),
        copy.path("sip-profiles/flows/Direct.toml"),
    )
    .unwrap();
    let faults = copy.faults();
    assert!(
        faults
            .iter()
            .any(|fault| fault.file.ends_with("Direct.toml") && fault.fix == "rename it"),
        "{faults:#?}"
    );
    assert!(
        faults.iter().any(|fault| fault.field == "lines.load.flow"),
        "{faults:#?}"
    );
}

#[test]
fn a_profile_of_two_thousand_agents_is_read() {
    let copy = Copy::new();
    let (mut agents, mut devices) = (String::new(), String::new());
    for at in 0..2000 {
        writeln!(
            agents,
            "[agents.b{at}]\nname = \"甲{at}\"\nuser = \"u{at}\"\norgan = \"hotline\""
        )
        .unwrap();
        writeln!(
            agents,
            "skills = {{ general = 5 }}\nqueues = [\"general\"]\ndevices = [\"e{at}\"]"
        )
        .unwrap();
        writeln!(
            devices,
            "[devices.e{at}]\nuser = \"e{at}\"\nextension = \"5{at:04}\"\ncodecs = [\"pcma\"]"
        )
        .unwrap();
    }
    for (file, text) in [("agents.toml", agents), ("devices.toml", devices)] {
        let path = copy.path("sip-profiles").join(file);
        let old = fs::read_to_string(&path).unwrap();
        fs::write(&path, old + &text).unwrap();
    }
    let loaded = load_profile(&copy.path("sip-profiles"), &copy.path("prompts")).unwrap();
    assert_eq!(loaded.profile.agents.len(), 2004);
}

#[test]
fn server_settings_are_read_alone() {
    let server = load_server(&shipped("sip-profiles/server.toml")).unwrap();
    assert_eq!(server.node, "node-1");
    assert_eq!(server.database, None);
    assert_eq!((server.media.first_port, server.media.timeout_s), (20_000, 30));
    let absent = load_server(&shipped("sip-profiles/none.toml")).unwrap_err();
    assert_eq!(absent.len(), 1);
}
