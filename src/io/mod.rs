//! The shell towards the machine: the only sockets, files, SQL and clock reads of the program.
//!
//! **Not here.** Decisions. What arrives is handed up, what is decided above is carried out.

pub mod archive;
pub mod clock;
pub mod disk;
pub mod files;
pub mod journal;
pub mod keys;
pub mod media;
pub mod notify;
pub mod pdf;
pub mod recording;
pub mod sip;
pub mod store;
