//! The free socket pairs: which slot a new leg gets, and when a used one may be used again.
//!
//! ```text
//! free ─take─▶ taken ─release─▶ quarantine (5 s) ─▶ free
//! ```
//! **Invariants.** A slot is given to one leg at a time, first in first out; each use has its own generation, so
//! that what comes late for an old leg is known. A port rests 5 s, so that an old peer's last packets reach nobody.
//! **Not here.** Binding (`io::media::pool`), packets (`endpoint`).

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use crate::base::time::MonoTime;
use crate::media::command::MediaLeg;

/// How long a used slot rests.
pub const QUARANTINE: Duration = Duration::from_secs(5);

/// The address family of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The family of an address.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }
}

/// One bound pair of sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundSlot {
    /// Its place in the worker's table.
    pub slot: u32,
    /// Its family.
    pub family: Family,
    /// The RTP port (even); RTCP is the next.
    pub rtp_port: u16,
}

/// A slot that was given to a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The leg as the media plane will know it.
    pub leg: MediaLeg,
    /// Its family.
    pub family: Family,
    /// The RTP port to name in the SDP.
    pub rtp_port: u16,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    bound: BoundSlot,
    generation: u32,
    taken: bool,
}

/// All slots of one worker.
#[derive(Clone, Debug, Default)]
pub struct PortPool {
    entries: Vec<Option<Entry>>,
    free: [VecDeque<(MonoTime, u32)>; 2],
}

impl PortPool {
    /// An empty pool.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a bound slot; one of a number that is already there is left out.
    pub fn add(&mut self, bound: BoundSlot) {
        let at = usize::try_from(bound.slot).unwrap_or(usize::MAX);
        if self.entries.len() <= at {
            self.entries.resize(at + 1, None);
        }
        if let Some(place @ None) = self.entries.get_mut(at) {
            *place = Some(Entry {
                bound,
                generation: 0,
                taken: false,
            });
            self.queue(bound.family)
                .push_back((MonoTime::default(), bound.slot));
        }
    }

    /// Takes the slot that has been free longest; `None` when none of the family is free.
    pub fn take(&mut self, now: MonoTime, family: Family) -> Option<Slot> {
        let (ready, slot) = *self.queue(family).front()?;
        if now < ready {
            return None;
        }
        self.queue(family).pop_front();
        let entry = self.entry(slot)?;
        entry.taken = true;
        entry.generation = entry.generation.wrapping_add(1);
        Some(Slot {
            leg: MediaLeg {
                slot,
                generation: entry.generation,
            },
            family: entry.bound.family,
            rtp_port: entry.bound.rtp_port,
        })
    }

    /// Gives a slot back; a leg that does not hold it (any more) changes nothing.
    pub fn release(&mut self, now: MonoTime, leg: MediaLeg) {
        let Some(entry) = self.entry(leg.slot) else {
            return;
        };
        if !entry.taken || entry.generation != leg.generation {
            return;
        }
        entry.taken = false;
        let family = entry.bound.family;
        self.queue(family).push_back((now + QUARANTINE, leg.slot));
    }

    /// Slots of a family that nobody holds, resting ones among them.
    pub fn free(&self, family: Family) -> usize {
        match family {
            Family::V4 => self.free.first(),
            Family::V6 => self.free.last(),
        }
        .map_or(0, VecDeque::len)
    }

    fn queue(&mut self, family: Family) -> &mut VecDeque<(MonoTime, u32)> {
        let [v4, v6] = &mut self.free;
        match family {
            Family::V4 => v4,
            Family::V6 => v6,
        }
    }

    fn entry(&mut self, slot: u32) -> Option<&mut Entry> {
        self.entries.get_mut(usize::try_from(slot).ok()?)?.as_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> MonoTime {
        MonoTime::from_micros(ms * 1000)
    }

    fn pool() -> PortPool {
        let mut pool = PortPool::new();
        for (slot, family, rtp_port) in [
            (0, Family::V4, 20_000),
            (1, Family::V4, 31_002),
            (2, Family::V6, 20_000),
        ] {
            pool.add(BoundSlot {
                slot,
                family,
                rtp_port,
            });
        }
        pool
    }

    #[test]
    fn families_are_kept_apart() {
        let mut pool = pool();
        assert_eq!(
            pool.take(at(0), Family::V6).unwrap().leg,
            MediaLeg {
                slot: 2,
                generation: 1
            }
        );
        assert_eq!(pool.take(at(0), Family::V6), None);
        assert_eq!(pool.take(at(0), Family::V4).unwrap().rtp_port, 20_000);
        assert_eq!(pool.free(Family::V4), 1);
    }

    #[test]
    fn a_port_rests_five_seconds_and_the_longest_free_comes_first() {
        let mut pool = pool();
        let first = pool.take(at(0), Family::V4).unwrap();
        let second = pool.take(at(0), Family::V4).unwrap();
        pool.release(at(1_000), second.leg);
        pool.release(at(2_000), first.leg);
        assert_eq!(pool.take(at(5_999), Family::V4), None);
        assert_eq!(
            pool.take(at(6_000), Family::V4).unwrap().leg,
            MediaLeg {
                slot: 1,
                generation: 2
            }
        );
        assert_eq!(pool.take(at(6_000), Family::V4), None);
        assert_eq!(
            pool.take(at(7_000), Family::V4).unwrap().leg,
            MediaLeg {
                slot: 0,
                generation: 2
            }
        );
    }

    #[test]
    fn a_slot_is_given_back_once_and_by_its_holder() {
        let mut pool = pool();
        let leg = pool.take(at(0), Family::V6).unwrap().leg;
        pool.release(at(0), MediaLeg { generation: 9, ..leg });
        assert_eq!(pool.free(Family::V6), 0);
        pool.release(at(0), leg);
        pool.release(at(0), leg);
        pool.release(
            at(0),
            MediaLeg {
                slot: 77,
                generation: 1,
            },
        );
        assert_eq!(pool.free(Family::V6), 1);
    }
}
