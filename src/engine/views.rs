//! The live picture for readers: a snapshot with a number, and every change with the next number.
//!
//! ```text
//!  control ─apply─► fresh ─► snapshot ─► changes ─► readers
//!                     └ whoever holds the snapshot takes fresh changes over
//! ```
//! **Invariants.** One writer (the control thread), which never waits for a reader: a change that finds the picture in
//! use is taken over by the reader who uses it. A reader that subscribes first and takes the snapshot second can drop
//! changes up to the snapshot's number and miss nothing; a gap in the numbers means: take a new snapshot.
//! **Not here.** Who may see what (`http`), what a change is made of (`exchange::snapshot`).

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::TryLockError;

use tokio::sync::broadcast;

use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::QueueId;
use crate::base::limits::STREAM_EVENTS_MAX;
use crate::exchange::snapshot::AgentView;
use crate::exchange::snapshot::CallView;
use crate::exchange::snapshot::QueueView;
use crate::exchange::snapshot::ViewChange;

/// The whole live picture at one number.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Counts changes since the program began.
    pub seq: u64,
    /// Agents.
    pub agents: BTreeMap<AgentId, AgentView>,
    /// Queues.
    pub queues: BTreeMap<QueueId, QueueView>,
    /// Calls in progress.
    pub calls: BTreeMap<InteractionId, CallView>,
}

impl Snapshot {
    fn take(&mut self, change: ViewChange) {
        match change {
            ViewChange::Agent(view) => drop(self.agents.insert(view.agent.clone(), view)),
            ViewChange::Queue(view) => drop(self.queues.insert(view.queue.clone(), view)),
            ViewChange::Call(view) => drop(self.calls.insert(view.interaction, view)),
            ViewChange::CallGone(interaction) => drop(self.calls.remove(&interaction)),
        }
    }
}

/// Holds the picture and tells changes.
#[derive(Debug)]
pub struct Views {
    snapshot: Mutex<Snapshot>,
    /// Changes on their way into the snapshot; empty but for moments.
    fresh: Mutex<VecDeque<ViewChange>>,
    changes: broadcast::Sender<(u64, ViewChange)>,
}

impl Default for Views {
    fn default() -> Self {
        Self {
            snapshot: Mutex::default(),
            fresh: Mutex::default(),
            changes: broadcast::channel(STREAM_EVENTS_MAX).0,
        }
    }
}

impl Views {
    /// The present picture.
    pub fn snapshot(&self) -> Snapshot {
        self.read(Clone::clone)
    }

    /// Looks at the present picture without copying it whole.
    pub fn read<T>(&self, look: impl FnOnce(&Snapshot) -> T) -> T {
        let seen = {
            let mut snapshot = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
            self.take_over(&mut snapshot);
            look(&snapshot)
        };
        self.settle();
        seen
    }

    /// Changes from now on. A reader that lags loses changes and is told so.
    pub fn subscribe(&self) -> broadcast::Receiver<(u64, ViewChange)> {
        self.changes.subscribe()
    }

    /// Takes a change over; called by the control thread alone.
    pub fn apply(&self, change: ViewChange) {
        self.fresh
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(change);
        self.settle();
    }

    /// Brings fresh changes into the picture, unless somebody holds it: then he does it when he leaves.
    fn settle(&self) {
        while self.has_fresh() {
            let mut snapshot = match self.snapshot.try_lock() {
                Ok(snapshot) => snapshot,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            };
            self.take_over(&mut snapshot);
        }
    }

    fn take_over(&self, snapshot: &mut Snapshot) {
        while let Some(change) = self.next_fresh() {
            snapshot.seq += 1;
            // Whoever subscribes later finds the change in the snapshot, which is held until it is there.
            if 0 < self.changes.receiver_count() {
                snapshot.take(change.clone());
                // The last listener may just have left.
                let _ = self.changes.send((snapshot.seq, change));
            } else {
                snapshot.take(change);
            }
        }
    }

    fn has_fresh(&self) -> bool {
        !self
            .fresh
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }

    fn next_fresh(&self) -> Option<ViewChange> {
        self.fresh
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    }
}
