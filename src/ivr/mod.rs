//! Interactive voice response: what a flow is, whether it is sound, and the machine that walks a caller through it.
//!
//! **Invariants.** Nothing here knows SIP, RTP or agents; nothing reads a clock. A flow that passed
//! [`validate::validate`] leads a caller who does nothing to a person or to an end.
//! **Not here.** Playing prompts (`media`), what a call does with an action (`call`), reading flow files
//! (`app::config`).

pub mod flow;
pub mod interpreter;
pub mod node;
pub mod validate;
