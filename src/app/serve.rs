//! `rexian serve`: starts, says where everything is, drains on the first signal and forces on the second.

use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;
use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio::sync::watch;

use crate::app::build;
use crate::app::build::Places;
use crate::app::build::Running;
use crate::app::config::ServerConfig;
use crate::app::credentials;
use crate::exchange::command::Command;
use crate::fact::Actor;
use crate::http::server;
use crate::http::server::WebConfig;
use crate::sip::endpoint::Transport;

/// The file in the data folder that says where the running program listens.
pub const RUN_FILE: &str = "run.json";

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
/// What start-up says; a stop in order is no error.
pub fn run(config: &ServerConfig, places: &Places) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let running = build::start(config, places).await?;
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
        write_run_file(&running, &addresses, places)?;
        print_table(&running, &addresses, places)?;
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        one_of(&mut interrupt, &mut terminate).await;
        tracing::info!("no new calls; waiting for calls in progress, a second signal ends them");
        stop(running, stop_web, (&mut interrupt, &mut terminate), web.task).await?;
        // Whoever finds no file knows that nothing runs.
        let _ = std::fs::remove_file(places.data.join(RUN_FILE));
        Ok(())
    })
}

async fn one_of(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

async fn stop(
    running: Running,
    stop_web: watch::Sender<bool>,
    (interrupt, terminate): (&mut Signal, &mut Signal),
    web: tokio::task::JoinHandle<()>,
) -> anyhow::Result<()> {
    let Running {
        engine,
        stop,
        notify,
        control,
        journal,
        tasks,
        lock,
        ..
    } = running;
    engine.submit(Actor::system(), Command::Drain).await?;
    stop.store(true, Ordering::Relaxed);
    notify.notify_one();
    let mut ended = tokio::task::spawn_blocking(move || control.join().is_ok());
    let sound = tokio::select! {
        ended = &mut ended => ended?,
        () = one_of(interrupt, terminate) => {
            tracing::warn!("ending the calls in progress");
            // Refused only when the loop has just ended.
            let _ = engine.submit(Actor::system(), Command::Force).await;
            ended.await?
        }
    };
    stop_web.send_replace(true);
    let _ = tokio::time::timeout(Duration::from_secs(2), web).await;
    let journal = tokio::task::spawn_blocking(move || journal.join().is_ok());
    let written = journal.await?;
    for task in tasks {
        // The shipper ends when the journal has ended; the others follow it. What is late is read again at the start.
        let _ = tokio::time::timeout(Duration::from_secs(2), task).await;
    }
    engine.store().close().await;
    drop(lock);
    anyhow::ensure!(sound && written, "a thread ended with a fault");
    Ok(())
}

fn write_run_file(running: &Running, http: &[String], places: &Places) -> anyhow::Result<()> {
    let sip = running
        .sip
        .iter()
        .map(|it| RunListener {
            transport: name(it.transport),
            address: it.local,
        })
        .collect();
    let run = RunFile {
        pid: std::process::id(),
        sip,
        http: http.to_vec(),
        data: places.data.display().to_string(),
        recordings: places.recordings.display().to_string(),
    };
    let path = places.data.join(RUN_FILE);
    let fresh = places.data.join("run.json.new");
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&fresh)?;
    file.write_all(&serde_json::to_vec_pretty(&run)?)?;
    std::fs::rename(&fresh, &path)?;
    Ok(())
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
    if let Some(known) = credentials::read(&places.data) {
        writeln!(
            out,
            "\n  secrets       {} (mode 600)",
            absolute(&places.data.join(credentials::FILE))
        )?;
        writeln!(out, "\n  user            password        roles        agent")?;
        for it in known.users {
            let agent = it.agent.unwrap_or_default();
            writeln!(
                out,
                "  {:<14}  {:<14}  {:<11}  {agent}",
                it.user,
                it.password,
                it.roles.join(",")
            )?;
        }
        writeln!(out, "\n  phone           secret            realm {}", known.realm)?;
        for it in known.devices {
            writeln!(out, "  {:<14}  {}", it.user, it.secret)?;
        }
    }
    writeln!(out, "\nCtrl-C drains and stops; a second one forces.")?;
    out.flush()?;
    Ok(())
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path)
        .unwrap_or_else(|_| path.to_owned())
        .display()
        .to_string()
}
