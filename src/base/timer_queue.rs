//! Deadlines ordered by time; one timer per key.
//!
//! **Invariants.** Timers that fall due together fire in the order in which they were set, so a run repeats.
//! Cost: O(log n) to set, stop and pop.

use std::collections::BTreeMap;

use crate::base::time::MonoTime;

/// Timers keyed by `K`: setting a key again replaces its deadline.
#[derive(Clone, Debug)]
pub struct TimerQueue<K> {
    due: BTreeMap<(MonoTime, u64), K>,
    keys: BTreeMap<K, (MonoTime, u64)>,
    sequence: u64,
}

impl<K> Default for TimerQueue<K> {
    fn default() -> Self {
        Self {
            due: BTreeMap::new(),
            keys: BTreeMap::new(),
            sequence: 0,
        }
    }
}

impl<K: Ord + Clone> TimerQueue<K> {
    /// Arms `key` for `at`, replacing an earlier deadline of the same key.
    pub fn set(&mut self, key: K, at: MonoTime) {
        self.stop(&key);
        self.sequence += 1;
        self.due.insert((at, self.sequence), key.clone());
        self.keys.insert(key, (at, self.sequence));
    }

    /// Disarms `key`; nothing happens when it is not armed.
    pub fn stop(&mut self, key: &K) {
        if let Some(place) = self.keys.remove(key) {
            self.due.remove(&place);
        }
    }

    /// The earliest deadline.
    pub fn next(&self) -> Option<MonoTime> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the earliest timer that is due at `now`.
    pub fn pop_due(&mut self, now: MonoTime) -> Option<K> {
        let (place, _) = self.due.first_key_value()?;
        if now < place.0 {
            return None;
        }
        let (_, key) = self.due.pop_first()?;
        self.keys.remove(&key);
        Some(key)
    }

    /// How many timers are armed.
    pub fn len(&self) -> usize {
        self.due.len()
    }

    /// Whether no timer is armed.
    pub fn is_empty(&self) -> bool {
        self.due.is_empty()
    }
}
