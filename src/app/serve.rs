//! `rexian serve`: starts, says where everything is, drains on the first signal and forces on the second.
//!
//! ```text
//!  starting ─► serving ─signal─► draining ─no call left─► closing ─► exit 0
//!     │ signal    │ a thread ends  │ signal                  │ signal: exit 1
//!     ▼           ▼                ▼                         │
//!   exit 0     exit 1           forcing ─calls ended─────────┘
//!                                  └ 15 s or a signal ─► exit 1
//! ```
//! **Invariants.** The web side works while calls drain. What ends first may speak to what ends later: control, then
//! recorder and web, journal, shipper and what follows it, database, lock. No step waits for ever.
//! **Not here.** The start (`app::build`).

use std::io::IsTerminal as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use anyhow::bail;
use serde::Serialize;
use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::app::build;
use crate::app::build::Places;
use crate::app::build::Running;
use crate::app::config::ServerConfig;
use crate::app::credentials;
use crate::engine::Engine;
use crate::exchange::command::Command;
use crate::fact::Actor;
use crate::http::server;
use crate::http::server::WebConfig;
use crate::sip::endpoint::Listener;
use crate::sip::endpoint::Transport;

/// The file in the data folder that says where the running program listens.
pub const RUN_FILE: &str = "run.json";

/// While calls drain it is told so often what is waited for.
const TELL_EVERY: Duration = Duration::from_secs(10);
/// Calls that are ended by force must be on disk within this time.
const FORCE_MAX: Duration = Duration::from_secs(15);
/// Answers in progress on the web side; it gives up itself after 5 s.
const WEB_MAX: Duration = Duration::from_secs(6);
/// The recorder's last writes.
const RECORDER_MAX: Duration = Duration::from_secs(5);
/// The journal's last writes; it gives up itself after 10 s.
const JOURNAL_MAX: Duration = Duration::from_secs(15);
/// Everything over the database: what is late is done again at the next start.
const DATABASE_MAX: Duration = Duration::from_secs(3);

#[derive(Serialize)]
struct RunFile {
    pid: u32,
    sip: Vec<RunListener>,
    http: Vec<String>,
    data: String,
    recordings: String,
}

#[derive(Serialize)]
struct RunListener {
    transport: &'static str,
    address: SocketAddr,
}

/// Runs the server until it is told to stop.
///
/// # Errors
/// What start-up says, or what could not be brought to an end; a stop in order is no error.
pub fn run(config: &ServerConfig, places: &Places) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let result = runtime.block_on(serve(config, places));
    // A thread that hangs on a disk is not waited for: what it has not written nobody was promised.
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

async fn serve(config: &ServerConfig, places: &Places) -> anyhow::Result<()> {
    let mut signals = Signals::new()?;
    let running = tokio::select! {
        running = build::start(config, places) => running?,
        () = signals.next() => {
            tracing::info!("stopped before it was up");
            return Ok(());
        }
    };
    let (stop_web, web_stopped) = watch::channel(false);
    let web = WebConfig {
        listen: config.http.listen,
        hosts: config.http.hosts.clone(),
        data: places.data.clone(),
    };
    let web = server::start(running.engine.clone(), web, web_stopped)
        .await
        .context("the web side")?;
    let addresses = vec![format!("https://{}", web.address)];
    let present = Present::write(&running, &addresses, places)?;
    if let Err(error) = print_table(&running, &addresses, places) {
        tracing::warn!(%error, "the table of addresses could not be printed");
    }
    let Running {
        engine,
        stop,
        notify,
        control,
        recorder,
        journal,
        tasks,
        lock,
        ..
    } = running;
    let mut threads = Threads {
        control: spawn_blocking(move || control.join().is_ok()),
        recorder: spawn_blocking(move || recorder.join().is_ok()),
        journal: spawn_blocking(move || journal.join().is_ok()),
    };
    tokio::select! {
        () = signals.next() => {}
        name = threads.fault() => bail!("the {name} thread ended with a fault, which stands above; start again"),
    }
    tracing::info!("no new calls; waiting for calls in progress, a second signal ends them");
    stop.store(true, Ordering::Relaxed);
    order(&engine, Command::Drain);
    notify.notify_one();
    let sound = drain(&engine, &mut signals, &mut threads.control, &places.data).await?;
    let closing = async {
        stop_web.send_replace(true);
        let sound = sound & close_threads(threads, web.task).await;
        close_database(&engine, tasks).await;
        sound
    };
    let sound = tokio::select! {
        sound = closing => sound,
        () = signals.next() => bail!("stopped by a signal while the last facts were written"),
    };
    drop((present, lock));
    anyhow::ensure!(
        sound,
        "not everything could be written or a thread failed: the log says what; the next start closes what is open"
    );
    Ok(())
}

/// Gives an order of the program's own. Its answer waits for the disk, which may hang; the order does not.
fn order(engine: &Engine, command: Command) {
    let engine = engine.clone();
    tokio::spawn(async move {
        if let Err(error) = engine.submit(Actor::system(), command).await {
            tracing::debug!(%error, "the control thread was gone already");
        }
    });
}

/// Waits for calls in progress; a signal ends them. Says whether the control thread ended well.
async fn drain(
    engine: &Engine,
    signals: &mut Signals,
    control: &mut JoinHandle<bool>,
    data: &Path,
) -> anyhow::Result<bool> {
    let mut tell = tokio::time::interval(TELL_EVERY);
    tell.tick().await;
    loop {
        tokio::select! {
            ended = &mut *control => return Ok(ended?),
            () = signals.next() => break,
            _ = tell.tick() => {
                let (calls, gated) = (&engine.metrics().calls_active, &engine.metrics().gated);
                tracing::info!(
                    calls = calls.load(Ordering::Relaxed),
                    waiting_for_disk = gated.load(Ordering::Relaxed),
                    "still waiting; a second signal ends the calls"
                );
            }
        }
    }
    tracing::warn!("ending the calls in progress");
    order(engine, Command::Force);
    tokio::select! {
        ended = timeout(FORCE_MAX, control) => match ended {
            Ok(ended) => Ok(ended?),
            Err(_) => bail!(
                "the ends of calls are not on disk after {} s: look at the disk of {}; the next start closes what is open",
                FORCE_MAX.as_secs(),
                data.display()
            ),
        },
        () = signals.next() => bail!("stopped by a third signal; the next start closes what is open"),
    }
}

/// The threads that matter, each with whether it ended well.
struct Threads {
    control: JoinHandle<bool>,
    recorder: JoinHandle<bool>,
    journal: JoinHandle<bool>,
}

impl Threads {
    /// Ends when one of them ends that should not.
    async fn fault(&mut self) -> &'static str {
        tokio::select! {
            _ = &mut self.control => "control",
            _ = &mut self.recorder => "recorder",
            _ = &mut self.journal => "journal",
        }
    }
}

/// Waits for recorder, web side and journal; says whether all ended well and in time.
async fn close_threads(threads: Threads, web: JoinHandle<()>) -> bool {
    let recorder = matches!(timeout(RECORDER_MAX, threads.recorder).await, Ok(Ok(true)));
    let web = timeout(WEB_MAX, web).await.is_ok();
    let journal = matches!(timeout(JOURNAL_MAX, threads.journal).await, Ok(Ok(true)));
    for (name, ended) in [("recorder", recorder), ("web side", web), ("journal", journal)] {
        if !ended {
            tracing::error!("the {name} did not end in time, or failed");
        }
    }
    recorder && web && journal
}

/// Brings the last facts and alarms into the database; what is late is read again at the next start.
async fn close_database(engine: &Engine, tasks: Vec<JoinHandle<()>>) {
    // The shipper ends when the journal has ended; the others follow it.
    for mut task in tasks {
        if timeout(DATABASE_MAX, &mut task).await.is_err() {
            task.abort();
        }
    }
    if !matches!(timeout(DATABASE_MAX, engine.alarms().flush()).await, Ok(Ok(()))) {
        tracing::warn!("the last changes of alarms are not in the database");
    }
    if timeout(DATABASE_MAX, engine.store().close()).await.is_err() {
        tracing::warn!("the database was not closed in time");
    }
}

/// Both signals that stop us.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The file that says that we run; gone when this is dropped.
struct Present(PathBuf);

impl Present {
    fn write(running: &Running, http: &[String], places: &Places) -> anyhow::Result<Self> {
        let listener = |it: &Listener| RunListener {
            transport: name(it.transport),
            address: it.local,
        };
        let run = RunFile {
            pid: std::process::id(),
            sip: running.sip.iter().map(listener).collect(),
            http: http.to_vec(),
            data: places.data.display().to_string(),
            recordings: places.recordings.display().to_string(),
        };
        let path = places.data.join(RUN_FILE);
        credentials::replace(&path, &serde_json::to_vec_pretty(&run)?)?;
        Ok(Self(path))
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::warn!(%error, "run.json is left behind, though nothing runs");
        }
    }
}

const fn name(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "udp",
        Transport::Tcp => "tcp",
    }
}

/// The short table that a person needs after a start.
fn print_table(running: &Running, http: &[String], places: &Places) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nRexian 热线 {}\n", env!("CARGO_PKG_VERSION"))?;
    for it in &running.sip {
        writeln!(out, "  SIP {:<4}      {}", name(it.transport), it.local)?;
    }
    for address in http {
        writeln!(out, "  web           {address}/")?;
    }
    writeln!(out, "  data          {}", absolute(&places.data))?;
    writeln!(out, "  recordings    {}", absolute(&places.recordings))?;
    for line in running.engine.profile().lines.values() {
        writeln!(out, "  line          {:<12}  {}", line.number, line.name)?;
    }
    // A log that is kept must not hold the secrets again with every start.
    let show = out.is_terminal() || running.made_secrets;
    print_secrets(&mut out, &running.engine, places, show)?;
    writeln!(out, "\nCtrl-C drains and stops; a second one forces.")?;
    out.flush()?;
    Ok(())
}

/// Where the secrets are and, when `show` says so, what they were when they were made.
fn print_secrets(
    out: &mut impl std::io::Write,
    engine: &Engine,
    places: &Places,
    show: bool,
) -> anyhow::Result<()> {
    let Some(known) = credentials::read(&places.data) else {
        return Ok(());
    };
    let path = absolute(&places.data.join(credentials::FILE));
    writeln!(
        out,
        "\n  secrets       {path} (mode 600, as made; delete it after reading)"
    )?;
    if !show {
        return Ok(());
    }
    writeln!(out, "\n  user            password        roles        agent")?;
    for it in known.users {
        let (roles, agent) = (it.roles.join(","), it.agent.unwrap_or_default());
        writeln!(
            out,
            "  {:<14}  {:<14}  {roles:<11}  {agent}",
            it.user, it.password
        )?;
    }
    let profile = engine.profile();
    writeln!(
        out,
        "\n  phone           secret            agent    realm {}",
        known.realm
    )?;
    for it in known.devices {
        let holder = { &profile.agents }
            .iter()
            .find(|(_, agent)| agent.devices.iter().any(|device| device.as_str() == it.device));
        let agent = holder.map_or("", |(id, _)| id.as_str());
        writeln!(out, "  {:<14}  {:<16}  {agent}", it.user, it.secret)?;
    }
    Ok(())
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path)
        .unwrap_or_else(|_| path.to_owned())
        .display()
        .to_string()
}
