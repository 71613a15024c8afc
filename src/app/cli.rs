//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::app::build::Places;
use crate::app::config::load_server;
use crate::app::serve;
use crate::app::telemetry;

/// The contact-centre engine of a city's 12345 hotline.
#[derive(Debug, Parser)]
enum Cli {
    /// Starts the server.
    Serve {
        /// Data folder.
        #[arg(long)]
        data: Option<PathBuf>,
        /// Profile files.
        #[arg(long, default_value = "sip-profiles")]
        profiles: PathBuf,
        /// Prompts.
        #[arg(long, default_value = "prompts")]
        prompts: PathBuf,
        /// Recordings folder.
        #[arg(long)]
        recordings: Option<PathBuf>,
    },
}

/// Runs the program.
pub fn main() -> ExitCode {
    telemetry::start();
    let Cli::Serve { data, profiles, prompts, recordings } = Cli::parse();
    let result = load_server(&profiles.join("server.toml"))
        .map_err(|faults| anyhow::anyhow!("{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
        .and_then(|config| {
            let places = Places {
                data: data.unwrap_or_else(|| config.data.clone()),
                profiles,
                prompts,
                recordings: recordings.unwrap_or_else(|| config.recordings.clone()),
            };
            serve::run(&config, &places)
        });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
