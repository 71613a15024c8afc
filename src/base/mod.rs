//! The ground floor: ids, time, numbers, limits, randomness and the timer queue.
//!
//! **Invariants.** Nothing here knows SIP, calls or orders; nothing reads a clock or the operating system.

pub mod civil;
pub mod codec;
pub mod csv;
pub mod document;
pub mod fault;
pub mod ids;
pub mod limits;
pub mod phone_number;
pub mod random;
pub mod time;
pub mod timer_queue;

/// A hash map for keys that strangers choose; everything else uses `BTreeMap`.
#[allow(
    clippy::disallowed_types,
    reason = "the one place that gives the map its seeded hasher"
)]
pub type Map<K, V> = std::collections::HashMap<K, V, random::SeededHasher>;
