//! The free socket pairs: which slot a new leg gets.
//!
//! ```text
//! free ─take─▶ taken ─release─▶ free, behind all others
//! ```
//! **Invariants.** A slot is given to one leg at a time, first in first out, so that a port rests as long as it can;
//! each use has its own generation, so that what comes late for an old leg is known. What an old peer still sends is
//! thrown away when the slot is opened, and meets the latch after that.
//! **Not here.** Binding (`io::media::pool`), packets (`endpoint`).

use std::collections::VecDeque;
use std::net::IpAddr;

use crate::media::command::MediaLeg;

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
    free: [VecDeque<u32>; 2],
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
            self.queue(bound.family).push_back(bound.slot);
        }
    }

    /// Takes the slot that has been free longest; `None` when none of the family is free.
    ///
    /// Under load a port that was used a moment ago is better than a refused call.
    pub fn take(&mut self, family: Family) -> Option<Slot> {
        let slot = self.queue(family).pop_front()?;
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
    pub fn release(&mut self, leg: MediaLeg) {
        let Some(entry) = self.entry(leg.slot) else {
            return;
        };
        if !entry.taken || entry.generation != leg.generation {
            return;
        }
        entry.taken = false;
        let family = entry.bound.family;
        self.queue(family).push_back(leg.slot);
    }

    /// Slots of a family that nobody holds, resting ones among them.
    pub fn free(&self, family: Family) -> usize {
        match family {
            Family::V4 => self.free.first(),
            Family::V6 => self.free.last(),
        }
        .map_or(0, VecDeque::len)
    }

    fn queue(&mut self, family: Family) -> &mut VecDeque<u32> {
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
            pool.take(Family::V6).unwrap().leg,
            MediaLeg {
                slot: 2,
                generation: 1
            }
        );
        assert_eq!(pool.take(Family::V6), None);
        assert_eq!(pool.take(Family::V4).unwrap().rtp_port, 20_000);
        assert_eq!(pool.free(Family::V4), 1);
    }

    #[test]
    fn the_longest_free_comes_first_and_a_port_is_used_again_at_once_when_none_else_is_free() {
        let mut pool = pool();
        let first = pool.take(Family::V4).unwrap();
        let second = pool.take(Family::V4).unwrap();
        assert_eq!(pool.take(Family::V4), None);
        pool.release(second.leg);
        pool.release(first.leg);
        let again = |slot| MediaLeg { slot, generation: 2 };
        assert_eq!(pool.take(Family::V4).unwrap().leg, again(1));
        assert_eq!(pool.take(Family::V4).unwrap().leg, again(0));
    }

    #[test]
    fn a_slot_is_given_back_once_and_by_its_holder() {
        let mut pool = pool();
        let leg = pool.take(Family::V6).unwrap().leg;
        pool.release(MediaLeg { generation: 9, ..leg });
        assert_eq!(pool.free(Family::V6), 0);
        pool.release(leg);
        pool.release(leg);
        pool.release(MediaLeg {
            slot: 77,
            generation: 1,
        });
        assert_eq!(pool.free(Family::V6), 1);
    }
}
