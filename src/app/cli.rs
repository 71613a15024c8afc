//! The command line: `rexian serve` and the verbs that need only files and the database.
//!
//! **Invariants.** A verb that writes leaves the same facts as the same act over HTTP, by the actor `command-line`.
//! Numbers and names are masked here as everywhere. Exit code 0 is success, 1 a fault, 2 a wrong command line.
//! **Not here.** What the verbs do (`app::cli::*`), the server (`app::serve`).

mod archive;
mod audit;
mod base;
mod calls;
mod conformance;
mod doctor;
mod import;
mod profile;
mod recordings;
mod reference;
mod table;
mod tickets;
mod users;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::Parser;
use clap::Subcommand;

use crate::app::build::Places;
use crate::app::cli::base::Base;
use crate::app::cli::table::Output;
use crate::app::config;
use crate::app::config::ServerConfig;
use crate::app::config::load_server;
use crate::app::serve;
use crate::app::telemetry;
use crate::app::telemetry::LogFormat;
use crate::engine::projector;

/// Rexian 热线: the contact-centre engine of a city's 12345 hotline.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

/// Where things are; what is given here stands above `server.toml`.
#[derive(Args, Debug)]
struct Common {
    /// Data folder: database, journal, keys, certificates.
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Profile files, `server.toml` among them.
    #[arg(long, global = true, value_name = "DIR", default_value = "sip-profiles")]
    profiles: PathBuf,
    /// Prompts.
    #[arg(long, global = true, value_name = "DIR", default_value = "prompts")]
    prompts: PathBuf,
    /// Recordings.
    #[arg(long, global = true, value_name = "DIR")]
    recordings: Option<PathBuf>,
    /// How log lines look.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    log: LogFormat,
    /// What is logged: a level, or a list as `info,rexian::sip=debug`.
    #[arg(long, global = true, value_name = "FILTER")]
    log_filter: Option<String>,
    /// Lists as JSON, one object a line.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Starts the server; Ctrl-C drains and stops it.
    Serve,
    /// Checks profile files and prompts, and tells every fault with file, line and fix.
    Check,
    /// Lists and shows calls.
    #[command(subcommand)]
    Calls(calls::Calls),
    /// Lists and shows work orders.
    #[command(subcommand)]
    Tickets(tickets::Tickets),
    /// Lists, exports and checks recordings.
    #[command(subcommand)]
    Recordings(recordings::Recordings),
    /// Makes and changes accounts.
    #[command(subcommand)]
    Users(users::Users),
    /// Publishes organs, event types, rules, grids, calendar and settings, and shows what would change.
    #[command(subcommand)]
    Reference(reference::ReferenceVerb),
    /// Publishes profiles and shows what would change.
    #[command(subcommand)]
    Profile(profile::Profiles),
    /// Checks, lists, opens and copies archives of closed orders.
    #[command(subcommand)]
    Archive(archive::Archives),
    /// Reports how the standard was kept.
    #[command(subcommand)]
    Conformance(conformance::Reports),
    /// Checks the hash chains of facts against themselves and against the heads kept outside the database.
    #[command(subcommand)]
    Audit(audit::Audits),
    /// Folds call records, recordings and queue figures again from the facts.
    Replay {
        /// Which projection.
        #[arg(default_value = projector::CDR)]
        projection: String,
    },
    /// Looks at this machine and says what is wrong and what to do.
    Doctor,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // A list for people is not to be mixed with what goes well.
    let usual = if matches!(cli.verb, Verb::Serve) {
        "info,sqlx=warn"
    } else {
        "warn"
    };
    let result = telemetry::start(cli.common.log, cli.common.log_filter.as_deref().unwrap_or(usual))
        .and_then(|()| run(&cli.common, cli.verb));
    match result {
        Ok(code) => code,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(common: &Common, verb: Verb) -> anyhow::Result<ExitCode> {
    let output = Output::new(common.json);
    match verb {
        Verb::Check => {
            let report = config::check(&common.profiles, &common.prompts);
            output.text(&report.to_string())?;
            Ok(if report.faults.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        Verb::Serve => {
            let (config, places) = settings(common)?;
            serve::run(&config, &places)?;
            Ok(ExitCode::SUCCESS)
        }
        verb => {
            let (config, places) = settings(common)?;
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(over_files(&config, &places, output, verb))
        }
    }
}

/// The verbs that need files and the database, and no running server.
async fn over_files(
    config: &ServerConfig,
    places: &Places,
    output: Output,
    verb: Verb,
) -> anyhow::Result<ExitCode> {
    if matches!(verb, Verb::Doctor) {
        return doctor::run(config, places, output).await;
    }
    let base = Base::open(config, places, output).await?;
    let code = match verb {
        Verb::Calls(verb) => calls::run(&base, verb).await,
        Verb::Tickets(verb) => tickets::run(&base, verb).await,
        Verb::Recordings(verb) => recordings::run(&base, verb).await,
        Verb::Users(verb) => users::run(&base, verb).await,
        Verb::Profile(verb) => profile::run(&base, verb).await,
        Verb::Reference(verb) => reference::run(&base, verb).await,
        Verb::Audit(verb) => audit::run(&base, verb).await,
        Verb::Archive(verb) => archive::run(&base, config, verb).await,
        Verb::Conformance(verb) => conformance::run(&base, config, verb).await,
        Verb::Replay { projection } => replay(&base, &projection).await,
        Verb::Serve | Verb::Check | Verb::Doctor => Ok(ExitCode::SUCCESS),
    };
    base.store.close().await;
    code
}

async fn replay(base: &Base, projection: &str) -> anyhow::Result<ExitCode> {
    let folded = projector::rebuild(&base.store, projection).await?;
    let folded =
        folded.ok_or_else(|| anyhow::anyhow!("no projection {projection}; there is `{}`", projector::CDR))?;
    base.output.text(&format!("{folded} facts folded\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn settings(common: &Common) -> anyhow::Result<(ServerConfig, Places)> {
    let config = load_server(&common.profiles.join("server.toml")).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{}", lines.join("\n"))
    })?;
    let places = Places {
        data: common.data.clone().unwrap_or_else(|| config.data.clone()),
        profiles: common.profiles.clone(),
        prompts: common.prompts.clone(),
        recordings: common
            .recordings
            .clone()
            .unwrap_or_else(|| config.recordings.clone()),
    };
    Ok((config, places))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[test]
    fn places_may_stand_before_or_behind_the_verb() {
        for line in [
            &["rexian", "serve", "--data", "x"][..],
            &["rexian", "--data", "x", "serve"][..],
        ] {
            let cli = Cli::try_parse_from(line).unwrap();
            assert_eq!(cli.common.data, Some("x".into()));
        }
        assert!(Cli::try_parse_from(["rexian", "users", "password"]).is_err());
    }
}
