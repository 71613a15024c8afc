//! The whole program under real clients: SIPp, baresip, a browser, hand-written phones, `kill -9` and `strace`.
//!
//! Every test starts its own server on its own loopback address, waits for events with a bound, and ends what it
//! started. A missing client is a failure: `make test` installs them.

mod acceptance;
mod alaw;
mod baresip;
mod calls_out;
mod client;
mod desk;
mod durability;
mod media;
mod peer;
mod personal_data;
mod publish;
pub(crate) mod server;
mod sipp;
mod tones;
pub(crate) mod wait;
