//! The exchange: SIP endpoint, all calls and the distributor in one deterministic machine.
//!
//! ```text
//!   datagram ─┐                                   ┌─► datagram
//!   media ────┤   endpoint ─► call ⇄ acd          ├─► media command
//!   command ──┼─►    │          │      │     ─────┼─► fact ──► journal ──► Input::Durable ─┐
//!   durable ──┤      └──────────┴──────┴── timers │                                        │
//!   timeout ──┘                                   └─► reply, view ◄──── gates ◄────────────┘
//! ```
//!
//! **Invariants.** A run is a function of (seed, profile, inputs). A commitment (200 OK to a citizen, INVITE to an
//! agent, answer to a command, a view) leaves only when every fact before it is durable: it waits in the gate, which
//! [`input::Input::Durable`] opens. 100, ACK, CANCEL, BYE, retransmissions and media commands are never gated.
//! **Not here.** Sockets, threads, the journal's file (`io`, `engine`).

pub mod admission;
pub mod command;
pub mod dialplan;
pub mod gate;
pub mod input;
pub mod machine;
mod make_call;
pub mod output;
pub mod profile;
pub mod snapshot;

mod calls;
mod commands;
mod cut_calls;
mod distribution;
mod signalling;
mod views;

pub use crate::exchange::machine::Exchange;
