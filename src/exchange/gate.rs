//! The gate: commitments that wait for their facts, in the order in which they were made.
//!
//! **Invariants.** What waits behind a fact leaves when that fact is durable and not before; order is kept. A gated
//! answer or offer is a command that comes back into the machine, so a CANCEL in between is seen, and a
//! retransmission can never overtake the fact.

use std::collections::VecDeque;

use crate::base::ids::InteractionId;
use crate::exchange::command::CommandError;
use crate::exchange::command::RequestId;
use crate::exchange::snapshot::ViewChange;
use crate::fact::FactNo;

/// A commitment.
#[derive(Debug)]
pub enum Gated {
    /// The 200 OK to the citizen.
    Answer(InteractionId),
    /// The INVITE to an agent's phones.
    Ring {
        /// For which call.
        interaction: InteractionId,
        /// Under which reservation.
        epoch: u64,
    },
    /// The INVITE to a citizen whom an agent calls.
    Dial(InteractionId),
    /// The answer to a command.
    Reply {
        /// Which.
        request: RequestId,
        /// With what.
        result: Result<(), CommandError>,
    },
    /// A change of the live picture.
    View(Box<ViewChange>),
}

/// Commitments in order of the facts they wait for.
#[derive(Debug, Default)]
pub struct Gate {
    waiting: VecDeque<(FactNo, Gated)>,
    written: FactNo,
    durable: FactNo,
    /// How many of those that wait are more than views.
    promises: usize,
}

impl Gate {
    /// A gate for a chain whose facts up to `last` are durable.
    pub fn new(last: FactNo) -> Self {
        Self {
            waiting: VecDeque::new(),
            written: last,
            durable: last,
            promises: 0,
        }
    }

    /// Counts a fact that was handed to the journal.
    pub fn fact_written(&mut self) -> FactNo {
        self.written.0 += 1;
        self.written
    }

    /// Holds a commitment until all facts written so far are durable, or gives it back when they are.
    pub fn hold(&mut self, gated: Gated) -> Option<Gated> {
        if self.waiting.is_empty() && self.written <= self.durable {
            return Some(gated);
        }
        self.promises += usize::from(is_promise(&gated));
        self.waiting.push_back((self.written, gated));
        None
    }

    /// Facts up to `durable` are on disk.
    pub fn open(&mut self, durable: FactNo) {
        self.durable = self.durable.max(durable);
    }

    /// Takes the next commitment whose facts are durable.
    pub fn pop(&mut self) -> Option<Gated> {
        let (fact_no, _) = self.waiting.front()?;
        if self.durable < *fact_no {
            return None;
        }
        let (_, gated) = self.waiting.pop_front()?;
        self.promises -= usize::from(is_promise(&gated));
        Some(gated)
    }

    /// Whether somebody waits for the disk: a citizen, an agent's phone or a person who asked. Views alone do not.
    pub fn has_promises(&self) -> bool {
        0 < self.promises
    }

    /// How many commitments wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

fn is_promise(gated: &Gated) -> bool {
    !matches!(gated, Gated::View(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_leaves_when_its_fact_is_durable_and_not_before() {
        let mut gate = Gate::new(FactNo(10));
        let request = RequestId(1);
        assert!(
            gate.hold(Gated::Reply {
                request,
                result: Ok(())
            })
            .is_some(),
            "nothing to wait for"
        );
        gate.fact_written();
        assert!(
            gate.hold(Gated::Reply {
                request,
                result: Ok(())
            })
            .is_none()
        );
        assert!(gate.pop().is_none());
        gate.open(FactNo(10));
        assert!(gate.pop().is_none(), "an older fact opens nothing");
        gate.open(FactNo(11));
        assert!(matches!(gate.pop(), Some(Gated::Reply { .. })));
        assert!(gate.is_empty());
    }
}
