//! SIP: messages, transactions, dialogs and sessions, without sockets or clocks.
//!
//! **Invariants.** Bytes and time come in as arguments, bytes and timers go out as values; the same inputs give the same
//! outputs.
//!
//! **Not here.** Sockets and name resolution: `io/sip`. Calls: `call` and `exchange`.

mod admission;
pub mod auth;
mod core;
mod dialog;
pub mod endpoint;
pub mod frame;
pub mod header;
mod inbound;
pub mod message;
pub mod name_addr;
pub mod refusal;
pub mod registrar;
mod render;
pub mod scan;
mod session;
mod transaction;
pub mod uri;
pub mod via;
mod vocabulary;
pub mod write;
