//! The composition root: command line, configuration, start-up, shutdown. The only place that names everything.

pub mod build;
pub mod cli;
pub mod config;
pub mod credentials;
pub mod serve;
pub mod telemetry;
