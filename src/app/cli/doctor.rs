//! `rexian doctor`: looks at this machine as the server will, and says for each finding what to do.
//!
//! **Invariants.** Looks only: what it writes to measure is removed, what it binds is released.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::UdpSocket;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crate::app::build::Places;
use crate::app::build::open_store;
use crate::app::cli::table::Output;
use crate::app::config;
use crate::app::config::ServerConfig;
use crate::app::config::SipTransport;
use crate::base::time::Clock as _;
use crate::base::time::WallTime;
use crate::http::certificate::Certificate;
use crate::io::clock::SystemClock;
use crate::io::disk::free_bytes;
use crate::io::keys::KeyRing;

/// Less free than this is a finding.
const FREE_LOW: u64 = 2 << 30;
/// A synced write slower than this holds calls up: their answer waits for it.
const SYNC_SLOW: Duration = Duration::from_millis(20);
/// Synced writes measured.
const SYNCS: u32 = 20;
/// Before this no server of this program can run: the clock is wrong. 2026-01-01T00:00:00Z.
const EARLIEST: WallTime = WallTime::from_micros(1_767_225_600_000_000);

/// How a look went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grade {
    Good,
    Warning,
    Fault,
}

/// One finding: what was looked at, how it went, what was seen, what to do.
struct Finding {
    what: String,
    grade: Grade,
    seen: String,
    fix: String,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn good(&mut self, what: impl Into<String>, seen: impl Into<String>) {
        self.0.push(Finding {
            what: what.into(),
            grade: Grade::Good,
            seen: seen.into(),
            fix: String::new(),
        });
    }

    fn bad(
        &mut self,
        grade: Grade,
        what: impl Into<String>,
        seen: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.0.push(Finding {
            what: what.into(),
            grade,
            seen: seen.into(),
            fix: fix.into(),
        });
    }
}

pub(super) async fn run(config: &ServerConfig, places: &Places, output: Output) -> anyhow::Result<ExitCode> {
    let clock = SystemClock::new();
    let mut findings = Findings::default();
    look_at_profile(&mut findings, places);
    look_at_clock(&mut findings, clock.now().wall);
    let runs = is_running(&places.data);
    look_at_disk(&mut findings, "data", &places.data, clock);
    look_at_disk(&mut findings, "recordings", &places.recordings, clock);
    look_at_keys(&mut findings, &places.data);
    look_at_certificate(&mut findings, places, clock.now().wall);
    look_at_database(&mut findings, config, places, clock).await;
    if runs {
        findings.good("server", "runs on this data folder; its ports are its own");
    } else {
        look_at_ports(&mut findings, config);
    }
    let rows: Vec<[String; 4]> = findings
        .0
        .iter()
        .map(|it| {
            let grade = match it.grade {
                Grade::Good => "ok",
                Grade::Warning => "warning",
                Grade::Fault => "FAULT",
            };
            [grade.to_owned(), it.what.clone(), it.seen.clone(), it.fix.clone()]
        })
        .collect();
    output.table(["grade", "what", "seen", "fix"], &rows)?;
    let broken = findings.0.iter().any(|it| it.grade == Grade::Fault);
    Ok(if broken {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn look_at_profile(findings: &mut Findings, places: &Places) {
    let report = config::check(&places.profiles, &places.prompts);
    match report.faults.len() {
        0 => findings.good("profile", "no faults"),
        faults => findings.bad(
            Grade::Fault,
            "profile",
            format!("{faults} faults"),
            "run `rexian check`",
        ),
    }
}

fn look_at_clock(findings: &mut Findings, now: WallTime) {
    if now < EARLIEST {
        findings.bad(
            Grade::Fault,
            "clock",
            "before 2026",
            "set the clock and keep it with NTP",
        );
    } else {
        findings.good("clock", crate::base::civil::to_rfc3339(now));
    }
}

/// Whether a server holds the data folder.
fn is_running(data: &Path) -> bool {
    let Ok(file) = fs::OpenOptions::new().write(true).open(data.join("lock")) else {
        return false;
    };
    matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock))
}

fn look_at_disk(findings: &mut Findings, what: &str, folder: &Path, clock: SystemClock) {
    let shown = folder.display();
    if !folder.exists() {
        findings.good(what, format!("{shown}: made at the first start"));
        return;
    }
    match free_bytes(folder) {
        Some(free) if free < FREE_LOW => {
            findings.bad(
                Grade::Warning,
                what,
                format!("{shown}: {} MB free", free >> 20),
                "make room",
            );
        }
        Some(free) => findings.good(what, format!("{shown}: {} GB free", free >> 30)),
        None => findings.bad(
            Grade::Warning,
            what,
            format!("{shown}: room unknown"),
            "look with df",
        ),
    }
    match time_of_sync(folder, clock) {
        Ok(time) if SYNC_SLOW < time => findings.bad(
            Grade::Warning,
            format!("{what}: synced write"),
            format!("{} ms", time.as_millis()),
            "use a faster disk: every answered call waits for one",
        ),
        Ok(time) => findings.good(
            format!("{what}: synced write"),
            format!("{} us", time.as_micros()),
        ),
        Err(error) => findings.bad(
            Grade::Fault,
            what,
            format!("{shown}: {error}"),
            "make the folder writable",
        ),
    }
}

/// The mean time of a small write that reaches the disk.
fn time_of_sync(folder: &Path, clock: SystemClock) -> std::io::Result<Duration> {
    let path = folder.join(".doctor");
    let mut file = fs::File::create(&path)?;
    let begin = clock.now().mono;
    let mut result = Ok(());
    for _ in 0..SYNCS {
        result = file.write_all(&[0; 512]).and_then(|()| file.sync_data());
        if result.is_err() {
            break;
        }
    }
    let time = clock.now().mono.since(begin) / SYNCS;
    let removed = fs::remove_file(&path);
    result.and(removed).map(|()| time)
}

fn look_at_keys(findings: &mut Findings, data: &Path) {
    if !data.join("keys").join("master.key").exists() {
        findings.good("keys", "made at the first start; copy them to a safe place then");
        return;
    }
    match KeyRing::open(data) {
        Ok(ring) => findings.good("keys", format!("master {}", ring.wrapping_master())),
        Err(error) => findings.bad(
            Grade::Fault,
            "keys",
            error.to_string(),
            "bring the file back from its copy",
        ),
    }
}

fn look_at_certificate(findings: &mut Findings, places: &Places, now: WallTime) {
    let folder = places.data.join("certs");
    if !folder.join("server.crt").exists() {
        findings.good(
            "certificate",
            "made at the first start; browsers will warn until you install your own",
        );
        return;
    }
    match Certificate::load_or_make(&folder, &[], now) {
        Ok(certificate) => match certificate.days_left(now) {
            days if days < 30 => findings.bad(
                Grade::Warning,
                "certificate",
                format!("{days} days left"),
                format!("put a new server.crt and server.key into {}", folder.display()),
            ),
            days => findings.good("certificate", format!("{days} days left")),
        },
        Err(error) => findings.bad(
            Grade::Fault,
            "certificate",
            error.to_string(),
            "put a matching pair there",
        ),
    }
}

async fn look_at_database(
    findings: &mut Findings,
    config: &ServerConfig,
    places: &Places,
    clock: SystemClock,
) {
    if config.database.is_none() && !places.data.join("rexian.db").exists() {
        findings.good("database", "made at the first start");
        return;
    }
    match open_store(config, &places.data, clock.now()).await {
        Ok(store) => {
            match store.latest_profile().await {
                Ok(Some(row)) => findings.good("database", format!("profile version {}", row.version)),
                Ok(None) => findings.good("database", "empty"),
                Err(error) => findings.bad(Grade::Fault, "database", error.to_string(), "see its log"),
            }
            store.close().await;
        }
        Err(error) => {
            findings.bad(
                Grade::Fault,
                "database",
                format!("{error:#}"),
                "start it, or correct `database` in server.toml",
            );
        }
    }
}

fn look_at_ports(findings: &mut Findings, config: &ServerConfig) {
    for listener in &config.sip {
        let (name, bound) = match listener.transport {
            SipTransport::Udp => ("udp", UdpSocket::bind(listener.address).map(drop)),
            SipTransport::Tcp => ("tcp", TcpListener::bind(listener.address).map(drop)),
        };
        port(findings, &format!("SIP {name}"), listener.address, bound);
    }
    port(
        findings,
        "web",
        config.http.listen,
        TcpListener::bind(config.http.listen).map(drop),
    );
    for address in &config.media.addresses {
        let media = SocketAddr::new(*address, config.media.first_port);
        port(findings, "media", media, UdpSocket::bind(media).map(drop));
    }
}

fn port(findings: &mut Findings, what: &str, address: SocketAddr, bound: std::io::Result<()>) {
    match bound {
        Ok(()) => findings.good(what, format!("{address} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            let fix = format!("find who has it: ss -tulpn | grep {}", address.port());
            findings.bad(Grade::Fault, what, format!("{address} is taken"), fix);
        }
        Err(error) => {
            let fix = "correct the address in server.toml: it must be one of this machine";
            findings.bad(Grade::Fault, what, format!("{address}: {error}"), fix);
        }
    }
}
