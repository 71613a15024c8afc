//! The SIP sockets: datagrams on the control thread, streams on the runtime.
//!
//! **Invariants.** No other module opens a SIP socket. What arrives is handed on whole; nothing is parsed here beyond
//! the framing of streams. Nothing waits for a peer: a socket that cannot take a datagram drops it, and a stream
//! whose queue is full is closed (SIP repeats what matters).

pub mod stream;
pub mod udp;
