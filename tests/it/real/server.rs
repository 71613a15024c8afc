//! A server of one's own for a test: its own folder, profile, loopback address and agents.

use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::AtomicU16;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;
use toml::Table;

use crate::real::client::Client;
use crate::real::wait;

/// Numbers the servers of this test run.
static SERVERS: AtomicU16 = AtomicU16::new(1);

/// What a test wants of its server.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// Agents a1001, a1002 … who serve the queue `general`, with phones 8001, 8002 … .
    pub(crate) agents: usize,
    /// Most calls at once.
    pub(crate) calls_max: i64,
    /// Ringing, seconds.
    pub(crate) ring_timeout_s: i64,
    /// Wrap-up, seconds.
    pub(crate) wrapup_s: i64,
    /// How the trunk wants calls refused.
    pub(crate) overload: &'static str,
    /// Listens on `::1` too.
    pub(crate) v6: bool,
    /// Runs under strace, which writes to this file of the folder.
    pub(crate) strace: Option<&'static str>,
    /// Database address, SQLite in the data folder if none.
    pub(crate) database: Option<String>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            agents: 2,
            calls_max: 30,
            ring_timeout_s: 5,
            wrapup_s: 0,
            overload: "busy",
            v6: false,
            strace: None,
            database: None,
        }
    }
}

/// A running server; it is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    /// The folder of this test: profiles, data, recordings, logs.
    pub(crate) folder: TempDir,
    /// Where it listens for SIP.
    pub(crate) sip: SocketAddr,
    /// Where it listens for SIP in IPv6.
    pub(crate) sip_v6: Option<SocketAddr>,
    /// Where its web side is.
    pub(crate) web: SocketAddr,
    /// Second octet and third octet of our own network 127.a.b.0/24.
    net: (u8, u8),
    setup: Setup,
    child: Child,
    credentials: Value,
    /// Of each user the session he has.
    sessions: Mutex<BTreeMap<(SocketAddr, String), Client>>,
}

/// The program under test.
pub(crate) fn program() -> PathBuf {
    match option_env!("CARGO_BIN_EXE_rexian") {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(std::env::var("REXIAN_PROGRAM").expect("the program's path in REXIAN_PROGRAM")),
    }
}

/// The folder of the package.
pub(crate) fn root() -> &'static Path {
    const ROOT: &str = env!("CARGO_MANIFEST_DIR");
    Path::new(ROOT)
}

impl Server {
    /// Starts a server with the usual settings.
    pub(crate) fn start() -> Self {
        Self::with(Setup::default())
    }

    /// Starts a server.
    pub(crate) fn with(setup: Setup) -> Self {
        let folder = tempfile::Builder::new().prefix("rexian-real-").tempdir().unwrap();
        let number = SERVERS.fetch_add(1, Ordering::Relaxed);
        let net = (16 + (std::process::id() % 200) as u8, number as u8);
        let ip = IpAddr::from(Ipv4Addr::new(127, net.0, net.1, 1));
        let (sip, web) = (SocketAddr::new(ip, 5060), SocketAddr::new(ip, 8443));
        let sip_v6 = setup.v6.then(|| {
            let free = std::net::UdpSocket::bind("[::1]:0").unwrap();
            free.local_addr().unwrap()
        });
        write_profile(&folder.path().join("profiles"), &setup, (sip, sip_v6, web), net);
        let child = launch(folder.path(), &setup);
        let mut server = Self {
            folder,
            sip,
            sip_v6,
            web,
            net,
            setup,
            child,
            credentials: Value::Null,
            sessions: Mutex::default(),
        };
        server.wait_until_it_runs();
        server
    }

    fn wait_until_it_runs(&mut self) {
        let run_file = self.data().join("run.json");
        wait::until("the server to run", Duration::from_secs(40), || {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the server ended, {status}:\n{}", self.log());
            }
            let run: Value = serde_json::from_slice(&fs::read(&run_file).ok()?).ok()?;
            self.is_alive(run["pid"].as_u64()?).then_some(())
        });
        self.credentials =
            serde_json::from_slice(&fs::read(self.data().join("credentials.json")).unwrap()).unwrap();
    }

    fn is_alive(&self, pid: u64) -> bool {
        let own = u64::from(self.child.id()) == pid;
        // Under strace the program is strace's child.
        own || (self.setup.strace.is_some() && Path::new(&format!("/proc/{pid}")).exists())
    }

    /// The program's process number.
    pub(crate) fn pid(&self) -> u64 {
        let run: Value = serde_json::from_slice(&fs::read(self.data().join("run.json")).unwrap()).unwrap();
        run["pid"].as_u64().unwrap()
    }

    /// Data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Recordings folder.
    pub(crate) fn recordings(&self) -> PathBuf {
        self.folder.path().join("recordings")
    }

    /// What the program has said.
    pub(crate) fn log(&self) -> String {
        let read = |name| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        read("stdout.log") + &read("stderr.log")
    }

    /// An address of this test's network; 10 to 19 are the trunk's.
    pub(crate) fn address(&self, host: u8) -> IpAddr {
        IpAddr::from(Ipv4Addr::new(127, self.net.0, self.net.1, host))
    }

    /// The trunk's address for clients that send audio from 127.0.0.1 whatever they are told.
    pub(crate) fn trunk_v4(&self) -> IpAddr {
        IpAddr::from(Ipv4Addr::LOCALHOST)
    }

    /// `kill -9`, and the program is gone.
    pub(crate) fn kill(&mut self) {
        if self.data().join("run.json").exists() {
            signal("-KILL", self.pid());
        }
        // It may be gone already.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    /// Waits for the end of a stop in order that has begun.
    pub(crate) fn stopped(&mut self, at_most: Duration) {
        let status = wait::exit_of(&mut self.child, at_most).expect("a stop in time");
        assert!(status.success(), "{status}:\n{}", self.log());
    }

    /// Starts the program again on the same folder.
    pub(crate) fn start_again(&mut self) {
        // What the last run left says nothing about this one.
        let _ = fs::remove_file(self.data().join("run.json"));
        self.child = launch(self.folder.path(), &self.setup);
        self.wait_until_it_runs();
    }

    /// Runs another verb of the program; gives what it prints.
    pub(crate) fn run(&self, verb: &[&str]) -> Vec<u8> {
        let output = command(self.folder.path(), verb).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{verb:?}: {}\n{said}",
            String::from_utf8_lossy(&output.stdout)
        );
        output.stdout
    }

    /// Runs another verb of the program, which refuses; gives what it says.
    pub(crate) fn refuses(&self, verb: &[&str]) -> String {
        let output = command(self.folder.path(), verb).output().unwrap();
        assert!(!output.status.success(), "{verb:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// The secret of a phone, by its user name.
    pub(crate) fn phone_secret(&self, user: &str) -> String {
        self.find("devices", user)["secret"].as_str().unwrap().to_owned()
    }

    /// The password of a user.
    pub(crate) fn password(&self, user: &str) -> String {
        self.find("users", user)["password"].as_str().unwrap().to_owned()
    }

    fn find(&self, list: &str, user: &str) -> &Value {
        let list = self.credentials[list].as_array().unwrap();
        list.iter()
            .find(|it| it["user"] == user)
            .unwrap_or_else(|| panic!("no `{user}` among the credentials"))
    }

    /// A session of a user: the one he has, for a newer sign-in would end it.
    pub(crate) fn sign_in(&self, user: &str) -> Client {
        let mut sessions = self.sessions.lock().unwrap();
        let known = sessions.get(&(self.web, user.to_owned()));
        if let Some(client) = known.filter(|client| client.is_signed_in()) {
            return client.clone();
        }
        let client = Client::sign_in(self.web, user, &self.password(user));
        sessions.insert((self.web, user.to_owned()), client.clone());
        client
    }

    /// A supervisor's session.
    pub(crate) fn supervisor(&self) -> Client {
        self.sign_in("banzhang")
    }

    /// Signs agent number `number` (from 1) in at the desk and makes him ready.
    pub(crate) fn agent_ready(&self, number: usize) -> Client {
        let client = self.sign_in(&user_of(number));
        client.post("/api/v1/agent/sign-in", &json!({})).good();
        wait::until("a registered phone", Duration::from_secs(5), || {
            let agent = client.get("/api/v1/agent");
            let phones = agent["devices"].as_array()?;
            phones.iter().any(|it| it["registered"] == true).then_some(())
        });
        client
            .put("/api/v1/agent/presence", &json!({"state": "ready"}))
            .good();
        client
    }

    /// Waits until today's list has `count` ended calls; gives them, oldest first.
    pub(crate) fn ended_calls(&self, count: usize) -> Vec<Value> {
        let supervisor = self.supervisor();
        wait::until(&format!("{count} ended calls"), Duration::from_secs(15), || {
            let page = supervisor.get("/api/v1/calls?day=today&limit=500");
            let mut ended: Vec<Value> = page["items"].as_array()?.clone();
            ended.retain(|it| !it["outcome"].is_null());
            ended.reverse();
            (count <= ended.len()).then_some(ended)
        })
    }

    /// The one call of this test, once it has ended, with its segments and offers.
    pub(crate) fn only_call(&self) -> Value {
        let calls = self.ended_calls(1);
        assert_eq!(calls.len(), 1, "{calls:#?}");
        wait::until("the end of every offer", Duration::from_secs(10), || {
            let call = self.detail(&calls[0]);
            call["offers"]
                .as_array()?
                .iter()
                .all(|it| !it["outcome"].is_null())
                .then_some(call)
        })
    }

    /// A call whole.
    pub(crate) fn detail(&self, call: &Value) -> Value {
        self.supervisor().get(&format!(
            "/api/v1/calls/{}",
            call["interaction"].as_str().unwrap()
        ))
    }

    /// A recording as WAV, through the web.
    pub(crate) fn recording(&self, call: &Value) -> Vec<u8> {
        let id = call["recording"].as_str().expect("a recording");
        let path = format!("/api/v1/recordings/{id}/audio");
        self.supervisor().send("GET", &path, &[], None).good().body
    }

    /// A phone's user name, from 1.
    pub(crate) fn phone(number: usize) -> String {
        format!("{}", 8_000 + number)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(40).collect();
            println!(
                "the server said last:\n{}",
                tail.into_iter().rev().collect::<Vec<_>>().join("\n")
            );
        }
    }
}

/// The account of agent `number`.
/// Where the trunk takes calls of ours.
pub(crate) const OUTBOUND_HOST: u8 = 19;

pub(crate) fn user_of(number: usize) -> String {
    format!("agent{number}")
}

fn signal(name: &str, pid: u64) {
    // The process may be gone already.
    let _ = Command::new("kill")
        .args([name, &pid.to_string()])
        .stderr(Stdio::null())
        .status();
}

fn command(folder: &Path, verb: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(verb);
    places(&mut command, folder);
    command
}

fn places(command: &mut Command, folder: &Path) {
    command.arg("--data").arg(folder.join("data"));
    command.arg("--recordings").arg(folder.join("recordings"));
    command.arg("--profiles").arg(folder.join("profiles"));
    command.arg("--prompts").arg(root().join("prompts"));
}

fn launch(folder: &Path, setup: &Setup) -> Child {
    let log = |name| {
        File::options()
            .create(true)
            .append(true)
            .open(folder.join(name))
            .unwrap()
    };
    let mut command = if let Some(trace) = setup.strace {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-ttt", "-yy", "-s", "6000", "-e"]);
        strace.arg("trace=fsync,fdatasync,sendto,sendmsg,sendmmsg,write,writev,pwrite64");
        strace.arg("-o").arg(folder.join(trace)).arg(program());
        strace
    } else {
        Command::new(program())
    };
    command.arg("serve");
    places(&mut command, folder);
    command
        .stdin(Stdio::null())
        .stdout(log("stdout.log"))
        .stderr(log("stderr.log"));
    command
        .env("RUST_LOG", "info")
        .current_dir(folder)
        .spawn()
        .expect("the program or strace")
}

fn write_profile(
    to: &Path,
    setup: &Setup,
    places: (SocketAddr, Option<SocketAddr>, SocketAddr),
    net: (u8, u8),
) {
    let shipped = root().join("sip-profiles");
    fs::create_dir_all(to.join("flows")).unwrap();
    for flow in ["direct.toml", "main.toml"] {
        fs::copy(shipped.join("flows").join(flow), to.join("flows").join(flow)).unwrap();
    }
    let read = |name: &str| -> Table { fs::read_to_string(shipped.join(name)).unwrap().parse().unwrap() };
    let write =
        |name: &str, table: &Table| fs::write(to.join(name), toml::to_string(table).unwrap()).unwrap();
    let mut site = read("site.toml");
    // The short line is recorded here like any other.
    site["lines"]["load"].as_table_mut().unwrap().remove("record");
    write("site.toml", &site);
    let mut server = read("server.toml");
    edit_server(&mut server, setup, places);
    write("server.toml", &server);
    let mut queues = read("queues.toml");
    for (_, queue) in queues["queues"].as_table_mut().unwrap() {
        queue["ring_timeout_s"] = setup.ring_timeout_s.into();
        queue["wrapup_s"] = setup.wrapup_s.into();
    }
    write("queues.toml", &queues);
    let mut trunk = read("trunk.toml");
    let own = (10..20).map(|host| format!("127.{}.{}.{host}", net.0, net.1));
    let addresses: Vec<String> = own.chain(["::1".to_owned(), "127.0.0.1".to_owned()]).collect();
    trunk["trunks"]["carrier"]["addresses"] = addresses.into();
    trunk["trunks"]["carrier"]["overload"] = setup.overload.into();
    let outbound = format!("127.{}.{}.{OUTBOUND_HOST}:5060", net.0, net.1);
    let carrier = trunk["trunks"]["carrier"].as_table_mut().unwrap();
    carrier.insert("outbound_address".to_owned(), outbound.into());
    write("trunk.toml", &trunk);
    let (agents, devices) = people(setup.agents);
    write("agents.toml", &agents);
    write("devices.toml", &devices);
}

fn edit_server(
    server: &mut Table,
    setup: &Setup,
    (sip, sip_v6, web): (SocketAddr, Option<SocketAddr>, SocketAddr),
) {
    let listen: Vec<toml::Value> = [Some(sip), sip_v6]
        .into_iter()
        .flatten()
        .flat_map(|address| ["udp", "tcp"].map(|transport| (transport, address)))
        .map(|(transport, address)| {
            let mut row = Table::new();
            row.insert("transport".to_owned(), transport.into());
            row.insert("address".to_owned(), address.to_string().into());
            row.into()
        })
        .collect();
    server["sip"]["listen"] = listen.into();
    server["http"]["listen"] = web.to_string().into();
    server["http"]["hosts"] = vec![web.ip().to_string()].into();
    server["calls_max"] = setup.calls_max.into();
    let media: Vec<String> = [Some(sip), sip_v6]
        .into_iter()
        .flatten()
        .map(|it| it.ip().to_string())
        .collect();
    server["media"]["addresses"] = media.into();
    // All tests share ::1, so there they must not share ports.
    let first = if setup.v6 {
        30_000 + i64::from(sip_v6.unwrap().port() % 100) * 200
    } else {
        20_000
    };
    server["media"]["first_port"] = first.into();
    server["media"]["last_port"] = (first + (setup.calls_max * 6).max(190)).into();
    if let Some(database) = &setup.database {
        server.insert("database".to_owned(), database.clone().into());
    }
}

/// Agents and their phones.
fn people(count: usize) -> (Table, Table) {
    let (mut agents, mut devices) = (Table::new(), Table::new());
    for number in 1..=count {
        let phone = Server::phone(number);
        let mut agent: Table = "organ = \"hotline\"\nskills = { general = 5 }\nqueues = [\"general\"]"
            .parse()
            .unwrap();
        agent.insert("name".to_owned(), format!("坐席{number}").into());
        agent.insert("user".to_owned(), user_of(number).into());
        agent.insert("devices".to_owned(), vec![format!("d{phone}")].into());
        agents.insert(format!("a{}", 1_000 + number), agent.into());
        let mut device: Table = "codecs = [\"pcma\", \"pcmu\"]".parse().unwrap();
        device.insert("user".to_owned(), phone.clone().into());
        device.insert("extension".to_owned(), phone.clone().into());
        // baresip 1.0.0 and SIPp 3.6.1 play the first phone.
        device.insert("md5_only".to_owned(), (number == 1).into());
        devices.insert(format!("d{phone}"), device.into());
    }
    let (mut agents_file, mut devices_file) = (Table::new(), Table::new());
    agents_file.insert("agents".to_owned(), agents.into());
    devices_file.insert("devices".to_owned(), devices.into());
    (agents_file, devices_file)
}
