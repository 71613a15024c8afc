//! The index: who waits, by what he asks; who is free, by what he can.
//!
//! ```text
//!  items   ─► lanes (demand, class, priority) ─► demands ─┐ eligible?   computed once for each pair
//!  agents  ─► supplies (skills, memberships)  ────────────┘
//! ```
//! Thousands of agents share some hundred sets of skills, and thousands of items some hundred demands. Whether a pair fits
//! is computed when a demand or a supply is first seen; a decision looks at the first of each open lane or supply only, so
//! its cost does not grow with the number that waits.
//!
//! **Invariants.** A lane that is open has an item in it, a supply that is open a free agent. Numbers of rows are never
//! reused. Nothing here depends on the order in which demands and supplies were first seen: what is found is compared by
//! total orders.
//! **Not here.** What bars a pair at a moment: caps, reserves, exclusions, delays (`matching`).
//! **Source.** `docs/conformance.md`: A-3.7.4, A-P10, A-P30.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

use crate::acd::order::Place;
use crate::acd::relaxation::Demand;
use crate::acd::requirement::Levels;
use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::QueueId;
use crate::base::time::MonoTime;
use crate::base::time::millis;
use crate::fact::call::Class;

/// A demand's number.
pub(super) type DemandNo = usize;
/// A supply's number.
pub(super) type SupplyNo = usize;
/// A lane's number.
pub(super) type LaneNo = usize;

/// What some agents can and where they belong.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Supply {
    pub(super) levels: Levels,
    /// By queue.
    pub(super) members: Vec<Member>,
    /// Classes they serve; empty is all.
    pub(super) classes: Vec<Class>,
}

/// A membership.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Member {
    pub(super) queue: QueueId,
    /// 1 most, 99 least.
    pub(super) preference: u8,
    /// Takes items of this age or older.
    pub(super) delay: Duration,
    pub(super) ring: u8,
    /// Joins while the queue is overloaded.
    pub(super) standby: bool,
}

/// How a supply fits a demand.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fit {
    pub(super) score: u32,
    pub(super) delay_ms: u32,
    pub(super) mean: u16,
    pub(super) preference: u8,
    pub(super) standby: bool,
}

// There is one for each pair of a demand and a supply.
const _: () = assert!(size_of::<Fit>() == 12);

impl Fit {
    /// Its agents take items of this age or older.
    pub(super) const fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms as u64)
    }
}

#[derive(Clone, Debug)]
pub(super) struct DemandRow {
    pub(super) demand: Demand,
    /// The number of its queue.
    pub(super) queue: usize,
    /// By supply; meaningful where `eligible`.
    fits: Vec<Fit>,
    eligible: Bits,
    open_lanes: Vec<LaneNo>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct SupplyRow {
    pub(super) supply: Supply,
    eligible: Bits,
    /// Free agents, longest idle first.
    pub(super) free: BTreeSet<(MonoTime, AgentId)>,
    /// Agents that are signed in.
    pub(super) signed_in: u32,
}

#[derive(Clone, Debug)]
pub(super) struct LaneRow {
    pub(super) demand: DemandNo,
    pub(super) class: Class,
    pub(super) priority: u8,
    /// Items that wait and are not being offered.
    pub(super) waiting: BTreeMap<Place, InteractionId>,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Market {
    demands: Vec<DemandRow>,
    by_demand: BTreeMap<Demand, DemandNo>,
    supplies: Vec<SupplyRow>,
    by_supply: BTreeMap<Supply, SupplyNo>,
    lanes: Vec<LaneRow>,
    by_lane: BTreeMap<(DemandNo, Class, u8), LaneNo>,
    open_demands: Bits,
    open_supplies: Bits,
    /// Demands that name an agent.
    named: BTreeMap<AgentId, Vec<DemandNo>>,
}

impl Market {
    /// The number of a supply.
    pub(super) fn supply_no(&mut self, supply: Supply) -> SupplyNo {
        if let Some(known) = self.by_supply.get(&supply) {
            return *known;
        }
        let no = self.supplies.len();
        let mut row = SupplyRow {
            supply: supply.clone(),
            ..SupplyRow::default()
        };
        for (demand_no, demand) in self.demands.iter_mut().enumerate() {
            let fit = fit(&demand.demand, &supply);
            if fit.is_some() {
                demand.eligible.set(no, true);
                row.eligible.set(demand_no, true);
            }
            demand.fits.push(fit.unwrap_or_default());
        }
        self.supplies.push(row);
        self.by_supply.insert(supply, no);
        no
    }

    /// The number of a demand in the queue of this number.
    pub(super) fn demand_no(&mut self, demand: &Demand, queue: usize) -> DemandNo {
        if let Some(known) = self.by_demand.get(demand) {
            return *known;
        }
        let no = self.demands.len();
        let mut row = DemandRow {
            demand: demand.clone(),
            queue,
            fits: Vec::with_capacity(self.supplies.len()),
            eligible: Bits::default(),
            open_lanes: Vec::new(),
        };
        for (supply_no, supply) in self.supplies.iter_mut().enumerate() {
            let fit = fit(demand, &supply.supply);
            if fit.is_some() {
                row.eligible.set(supply_no, true);
                supply.eligible.set(no, true);
            }
            row.fits.push(fit.unwrap_or_default());
        }
        for agent in &demand.allowed {
            self.named.entry(agent.clone()).or_default().push(no);
        }
        self.demands.push(row);
        self.by_demand.insert(demand.clone(), no);
        no
    }

    /// The lane of a demand for a class and a first priority.
    pub(super) fn lane_no(&mut self, demand: DemandNo, class: Class, priority: u8) -> LaneNo {
        let next = self.lanes.len();
        let no = *self.by_lane.entry((demand, class, priority)).or_insert(next);
        if no == next {
            self.lanes.push(LaneRow {
                demand,
                class,
                priority,
                waiting: BTreeMap::new(),
            });
        }
        no
    }

    /// An item waits in a lane.
    pub(super) fn wait(&mut self, lane: LaneNo, place: Place, interaction: InteractionId) {
        let Some(row) = self.lanes.get_mut(lane) else {
            return;
        };
        let opens = row.waiting.is_empty();
        row.waiting.insert(place, interaction);
        if opens && let Some(demand) = self.demands.get_mut(row.demand) {
            demand.open_lanes.push(lane);
            self.open_demands.set(row.demand, true);
        }
    }

    /// An item waits in a lane no more.
    pub(super) fn leave(&mut self, lane: LaneNo, place: Place) {
        let Some(row) = self.lanes.get_mut(lane) else {
            return;
        };
        if row.waiting.remove(&place).is_none() || !row.waiting.is_empty() {
            return;
        }
        if let Some(demand) = self.demands.get_mut(row.demand) {
            demand.open_lanes.retain(|open| *open != lane);
            if demand.open_lanes.is_empty() {
                self.open_demands.set(row.demand, false);
            }
        }
    }

    /// An agent is free.
    pub(super) fn offer_labour(&mut self, supply: SupplyNo, key: (MonoTime, AgentId)) {
        if let Some(row) = self.supplies.get_mut(supply) {
            row.free.insert(key);
            self.open_supplies.set(supply, true);
        }
    }

    /// An agent is free no more.
    pub(super) fn withdraw_labour(&mut self, supply: SupplyNo, key: &(MonoTime, AgentId)) {
        if let Some(row) = self.supplies.get_mut(supply) {
            row.free.remove(key);
            if row.free.is_empty() {
                self.open_supplies.set(supply, false);
            }
        }
    }

    /// Counts an agent of a supply as signed in or out.
    pub(super) fn count_signed_in(&mut self, supply: SupplyNo, was: bool, is: bool) {
        if let Some(row) = self.supplies.get_mut(supply) {
            row.signed_in = (row.signed_in + u32::from(is)).saturating_sub(u32::from(was));
        }
    }

    pub(super) fn demand(&self, no: DemandNo) -> Option<&DemandRow> {
        self.demands.get(no)
    }

    pub(super) fn supply(&self, no: SupplyNo) -> Option<&SupplyRow> {
        self.supplies.get(no)
    }

    /// How a supply fits a demand; none when it does not.
    pub(super) fn fit(&self, demand: DemandNo, supply: SupplyNo) -> Option<Fit> {
        let row = self.demands.get(demand)?;
        row.eligible.get(supply).then(|| row.fits.get(supply).copied())?
    }

    /// Supplies with free agents who fit a demand.
    pub(super) fn open_supplies_for(&self, demand: DemandNo) -> impl Iterator<Item = (&SupplyRow, Fit)> {
        let row = self.demands.get(demand);
        let eligible = row.map_or(&EMPTY, |row| &row.eligible);
        eligible.both(&self.open_supplies).filter_map(move |no| {
            let fit = row?.fits.get(no).copied()?;
            Some((self.supplies.get(no)?, fit))
        })
    }

    /// Open lanes that a supply fits, with the number of their queue.
    pub(super) fn open_lanes_for(&self, supply: SupplyNo) -> impl Iterator<Item = (&LaneRow, usize, Fit)> {
        let eligible = self.supplies.get(supply).map_or(&EMPTY, |row| &row.eligible);
        eligible.both(&self.open_demands).flat_map(move |no| {
            let row = self.demands.get(no);
            let fit = row.and_then(|row| row.fits.get(supply)).copied();
            let lanes = row.map_or(&[][..], |row| row.open_lanes.as_slice());
            let queue = row.map_or(0, |row| row.queue);
            lanes
                .iter()
                .filter_map(move |lane| Some((self.lanes.get(*lane)?, queue, fit?)))
        })
    }

    /// Open lanes whose demand names an agent, with the number of their queue.
    pub(super) fn open_lanes_naming(&self, agent: &AgentId) -> impl Iterator<Item = (&LaneRow, usize)> {
        let demands = self.named.get(agent).map_or(&[][..], Vec::as_slice);
        demands
            .iter()
            .filter_map(|no| self.demands.get(*no))
            .flat_map(|row| {
                let lanes = row.open_lanes.iter().filter_map(|lane| self.lanes.get(*lane));
                lanes.map(|lane| (lane, row.queue))
            })
    }

    /// Open lanes of a queue.
    pub(super) fn open_lanes_of<'a>(&'a self, queue: &'a QueueId) -> impl Iterator<Item = &'a LaneRow> {
        self.open_demands
            .iter()
            .filter_map(|no| self.demands.get(no))
            .filter(move |row| row.demand.queue == *queue)
            .flat_map(|row| row.open_lanes.iter().filter_map(|lane| self.lanes.get(*lane)))
    }

    /// Supplies with free agents.
    pub(super) fn open_supplies(&self) -> impl Iterator<Item = &SupplyRow> {
        self.open_supplies.iter().filter_map(|no| self.supplies.get(no))
    }

    /// Whether anybody is free.
    pub(super) fn has_labour(&self) -> bool {
        self.open_supplies.iter().next().is_some()
    }

    /// Whether somebody who fits a demand by his skills and memberships is signed in.
    pub(super) fn is_staffed(&self, demand: DemandNo) -> bool {
        self.demands.get(demand).is_some_and(|row| {
            row.eligible
                .iter()
                .any(|no| self.supplies.get(no).is_some_and(|supply| 0 < supply.signed_in))
        })
    }
}

/// How agents of a supply fit a demand by skills and membership.
fn fit(demand: &Demand, supply: &Supply) -> Option<Fit> {
    let member = supply.members.iter().find(|member| member.queue == demand.queue);
    let reached = match member {
        Some(member) => demand.anywhere || member.ring <= demand.ring,
        None => demand.anywhere,
    };
    if !reached || !demand.requires.holds(&supply.levels) {
        return None;
    }
    let mean = demand.requires.mean(&supply.levels);
    let liked: u32 = demand
        .preferred
        .iter()
        .filter_map(|liked| {
            let level = supply
                .levels
                .get(&liked.skill)
                .copied()
                .filter(|level| liked.least <= *level)?;
            Some(u32::from(liked.weight) * u32::from(level) * 100)
        })
        .sum();
    let member = member.filter(|_| !demand.anywhere);
    Some(Fit {
        score: liked + u32::from(demand.match_weight) * mean,
        delay_ms: member.map_or(0, |member| {
            u32::try_from(millis(member.delay)).unwrap_or(u32::MAX)
        }),
        mean: u16::try_from(mean).unwrap_or(u16::MAX),
        preference: member.map_or(1, |member| member.preference),
        standby: member.is_some_and(|member| member.standby),
    })
}

static EMPTY: Bits = Bits { words: Vec::new() };

/// A set of row numbers.
#[derive(Clone, Debug, Default)]
struct Bits {
    words: Vec<u64>,
}

impl Bits {
    fn set(&mut self, at: usize, on: bool) {
        let (word, bit) = (at / 64, 1 << (at % 64));
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        if let Some(word) = self.words.get_mut(word) {
            *word = if on { *word | bit } else { *word & !bit };
        }
    }

    fn get(&self, at: usize) -> bool {
        self.words
            .get(at / 64)
            .is_some_and(|word| word & (1 << (at % 64)) != 0)
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.both(self)
    }

    /// What is in both sets, ascending.
    fn both<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = usize> + 'a {
        self.words
            .iter()
            .zip(&other.words)
            .enumerate()
            .flat_map(|(at, (one, two))| {
                let mut left = one & two;
                std::iter::from_fn(move || {
                    let bit = (left != 0).then(|| left.trailing_zeros())?;
                    left &= left - 1;
                    Some(at * 64 + usize::try_from(bit).unwrap_or(0))
                })
            })
    }
}
