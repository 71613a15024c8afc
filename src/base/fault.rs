//! What is wrong in a document: where it stands and why it is refused.
//!
//! **Invariants.** A check names every fault it finds, not the first; a place reads like a path (`rules[3].target`) or,
//! for a table, like a cell (`line 4, column target`).
//! **Not here.** The checks themselves (each document's own module).

use std::fmt;

/// A fault of a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Where it is, as `organs[12].parent`; empty for the document as a whole.
    pub place: String,
    /// Why it is refused, in plain English, with the clause where one asks for it.
    pub reason: String,
}

impl Fault {
    /// A fault at a place.
    pub fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            return f.write_str(&self.reason);
        }
        write!(f, "{}: {}", self.place, self.reason)
    }
}

impl std::error::Error for Fault {}
