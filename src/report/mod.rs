//! Folds of facts: one record per call and the figures of each queue per quarter of an hour.
//!
//! **Invariants.** Pure: the same facts in the same order give the same rows, so a projection can be thrown away and
//! folded again.
//! **Not here.** Checkpoints and tables (`engine::projector`, `io::store`); the live picture (`exchange::snapshot`).

pub mod cdr;
pub mod closing;
pub mod conformance;
pub mod interval;
pub mod missed;
pub mod ratio;
pub mod ratio_table;
