//! The media plane without its sockets: RTP in, RTP out, prompts, digits, recording copies.
//!
//! ```text
//! MediaCommand ─▶ Plane ─▶ MediaEvent
//! packet ───────▶  │ one Endpoint per leg ─▶ packet
//! tick ─────────▶  └ one Tap per recorded leg ─▶ Chunk
//! ```
//! Driven by `io::media::worker` and by the simulator, which implement [`plane::Port`].
//!
//! **Invariants.** Time is an argument (`MonoTime`, µs); a packet, a tick and a chunk allocate nothing.
//! **Not here.** Sockets, rings, threads and files (`io::media`, `io::recording`), offer/answer (`sdp`).
//! **Source.** RFC 3550, RFC 3551, RFC 4733.

pub mod chunk;
pub mod command;
pub mod endpoint;
pub mod g711;
pub mod latch;
pub mod out_stream;
pub mod plane;
pub mod player;
pub mod port_pool;
pub mod reception;
pub mod reports;
pub mod rtcp;
pub mod rtp;
pub mod tap;
pub mod telephone_event;
pub mod tone;
