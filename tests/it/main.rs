//! The one integration binary: scripts against the pure machines, and one real path for each shell.
#![allow(
    clippy::pedantic,
    clippy::nonminimal_bool,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod acd;
mod archive;
mod city;
mod conformance;
mod conformance_report;
mod durable;
mod exchange;
mod golden_facts;
mod golden_orders;
mod http;
mod ivr;
mod media;
mod notify;
mod numbers;
mod pdf;
mod postgres;
mod profile_check;
mod prompts;
mod real;
mod recording;
mod report;
mod rights;
mod shell;
mod sip;
mod sip_machines;
mod store;
mod takeover;
mod ticket;
mod ticket_draft;
mod tidy;
