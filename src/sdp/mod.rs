//! Session descriptions: reading them, and offer and answer for one audio stream.
//!
//! **Invariants.** Text in, values and text out; no socket, no clock. Audio in G.711 with telephone events is all that is
//! negotiated; every other stream is refused in its place.
//!
//! **Not here.** Moving the media: `media`. When to offer: `call` and `sip::session`.
//!
//! **Source.** RFC 8866, RFC 3264.

pub mod description;
pub mod negotiate;
pub mod parse;
