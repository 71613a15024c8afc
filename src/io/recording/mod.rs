//! Recordings on disk: a second at a time, sealed, chained, and playable up to the last whole second.
//!
//! **Invariants.** The recorder thread alone writes what is heard now; a disk's trouble ends here and never reaches the audio path.
//! **Not here.** What is recorded (`media::tap`), who may listen (`account`).

pub mod archive;
pub mod command;
pub mod container;
pub mod wav;
pub mod writer;
