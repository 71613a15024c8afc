//! The composition root: command line, configuration, start-up, shutdown. The only place that names everything.

mod archives;
pub mod build;
pub mod cli;
pub mod config;
pub mod credentials;
mod house;
pub mod serve;
mod sockets;
pub mod telemetry;
