//! The live picture for readers: a snapshot with a number, and every change with the next number.
//!
//! **Invariants.** One writer (the control thread). A reader that subscribes first and takes the snapshot second can
//! drop changes up to the snapshot's number and miss nothing; a gap in the numbers means: take a new snapshot.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;

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

/// Holds the picture and tells changes.
#[derive(Debug)]
pub struct Views {
    snapshot: Mutex<Snapshot>,
    changes: broadcast::Sender<(u64, ViewChange)>,
}

impl Default for Views {
    fn default() -> Self {
        Self {
            snapshot: Mutex::default(),
            changes: broadcast::channel(STREAM_EVENTS_MAX).0,
        }
    }
}

impl Views {
    /// The present picture.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Looks at the present picture without copying it whole.
    pub fn read<T>(&self, look: impl FnOnce(&Snapshot) -> T) -> T {
        look(&self.snapshot.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes from now on. A reader that lags loses changes and is told so.
    pub fn subscribe(&self) -> broadcast::Receiver<(u64, ViewChange)> {
        self.changes.subscribe()
    }

    /// Takes a change over; called by the control thread alone.
    pub fn apply(&self, change: ViewChange) {
        let mut snapshot = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        snapshot.seq += 1;
        let seq = snapshot.seq;
        match &change {
            ViewChange::Agent(view) => {
                snapshot.agents.insert(view.agent.clone(), view.clone());
            }
            ViewChange::Queue(view) => {
                snapshot.queues.insert(view.queue.clone(), view.clone());
            }
            ViewChange::Call(view) => {
                snapshot.calls.insert(view.interaction, view.clone());
            }
            ViewChange::CallGone(interaction) => {
                snapshot.calls.remove(interaction);
            }
        }
        drop(snapshot);
        // Nobody listening is no fault.
        let _ = self.changes.send((seq, change));
    }
}
