//! The RTP sockets and the one thread that serves them.
//!
//! ```text
//! control ── MediaCommand ──▶ ring ─▶ worker: Plane + sockets ─▶ ring ── MediaEvent ──▶ control
//!                                       │ ▲
//!                                chunks ▼ │ empty buffers
//!                                     recorder
//! ```
//! **Invariants.** The worker holds no lock, touches no file, writes no log; while its legs are unchanged it
//! allocates nothing.
//! **Not here.** What a packet does (`media`), files (`io::recording`).

pub mod pool;
pub mod prompts;
pub mod ring;
pub mod socket;
pub mod worker;
