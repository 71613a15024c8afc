//! Automatic call distribution: who waits, who is free, and who gets whom.
//!
//! ```text
//!  item    Waiting ──match──► Offering ──accepted──► (gone: the talk is the call's)
//!             ▲                  │
//!             └──same place──────┘ rejected · no answer · failed · expired
//!
//!  agent   Idle ──reserve──► Reserved ──► Ringing ──► Talking ⇄ Holding ──► Wrapup ──► Idle
//!             ▲                  │            │                                │
//!             └──────────────────┴────────────┘ (offer ended without a talk)  └─ next state applied
//! ```
//!
//! The exchange drives [`Acd`]: it tells what happened and carries out the [`decision::Decision`]s.
//!
//! **Invariants.** (R1) A reservation sets agent and item in one step. (R2) Its epoch grows with every reservation;
//! what comes for an older epoch is refused. (R3) It has a lease. (R4) It ends exactly once. At the end of every
//! step there is no routable agent beside an eligible waiting item. A re-offered item keeps its place.
//! **Not here.** SIP, legs, media; callbacks.

pub mod agent;
pub mod config;
pub mod decision;
pub mod distributor;
mod market;
mod matching;
mod offers;
pub mod order;
mod presence;
pub mod queue;
pub mod relaxation;
pub mod requirement;
pub mod strategy;
pub mod tally;
mod waiting;

pub use crate::acd::distributor::Acd;
