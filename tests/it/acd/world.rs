//! A random routing domain with random people in it, and a plain model that says what must hold after every step.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

use rexian::acd::agent::Work;
use rexian::acd::config::AgentConfig;
use rexian::acd::config::Config;
use rexian::acd::config::Membership;
use rexian::acd::config::QueueConfig;
use rexian::acd::order::Order;
use rexian::acd::queue::Place;
use rexian::acd::relaxation::Action;
use rexian::acd::relaxation::Demand;
use rexian::acd::relaxation::Step;
use rexian::acd::relaxation::When;
use rexian::acd::requirement::Preferred;
use rexian::acd::requirement::Requirement;
use rexian::acd::strategy::Strategy;
use rexian::base::ids::AgentId;
use rexian::base::ids::InteractionId;
use rexian::base::ids::QueueId;
use rexian::base::random::Random;
use rexian::fact::agent::Presence;
use rexian::fact::call::Class;
use rexian::fact::call::OfferOutcome;

use crate::acd::script::Script;
use crate::acd::script::slug;

const SKILLS: [&str; 3] = ["dialect", "law", "tax"];
const QUEUES: [&str; 3] = ["expert", "general", "help"];
const STRATEGIES: [Strategy; 11] = [
    Strategy::LongestIdle,
    Strategy::FewestCalls,
    Strategy::LeastTalk,
    Strategy::LeastOccupied,
    Strategy::MostSkilled,
    Strategy::LeastSkilled,
    Strategy::WeightedSkill,
    Strategy::RoundRobin,
    Strategy::Linear,
    Strategy::Random,
    Strategy::WeightedRandom,
];
const ORDERS: [Order; 4] = [
    Order::StrictQueue,
    Order::LongestWait,
    Order::SlaSlack,
    Order::WeightedFair,
];

/// Which of the rules that bar a pair a domain has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) agents: usize,
    pub(super) caps: bool,
    pub(super) reserves: bool,
    pub(super) emergencies: bool,
}

pub(super) const ALL: Rules = Rules {
    agents: 6,
    caps: true,
    reserves: true,
    emergencies: true,
};

fn pick<T: Copy>(random: &mut Random, of: &[T]) -> T {
    of[usize::try_from(random.below(u64::try_from(of.len()).unwrap())).unwrap()]
}

fn chance(random: &mut Random, percent: u64) -> bool {
    random.below(100) < percent
}

fn level(random: &mut Random) -> u8 {
    u8::try_from(1 + random.below(10)).unwrap()
}

/// A random tree over the skills.
pub(super) fn requirement(random: &mut Random, depth: u32) -> Requirement {
    let parts = |random: &mut Random| {
        (0..1 + random.below(3))
            .map(|_| requirement(random, depth - 1))
            .collect()
    };
    match if depth == 0 { 0 } else { random.below(5) } {
        0..=2 => {
            let (a, b) = (level(random), level(random));
            let most = if chance(random, 30) { a.max(b) } else { 10 };
            Requirement::Skill {
                id: slug(pick(random, &SKILLS)),
                least: a.min(b).min(4),
                most,
            }
        }
        3 => Requirement::All(parts(random)),
        _ if chance(random, 20) => Requirement::Not(Box::new(requirement(random, depth - 1))),
        _ => Requirement::Any(parts(random)),
    }
}

/// A random plan; not every one is sound.
pub(super) fn plan(random: &mut Random) -> Vec<Step> {
    let mut at = 0;
    (0..random.below(4))
        .map(|_| {
            at += u32::try_from(5 + random.below(30)).unwrap();
            let skill = slug(pick(random, &SKILLS));
            let action = match random.below(6) {
                0 => Action::Lower {
                    skill,
                    to: level(random).min(3),
                },
                1 => Action::Drop(skill),
                2 => Action::AddAlternative(requirement(random, 1)),
                3 => Action::AddQueue(slug(pick(random, &QUEUES))),
                4 => Action::AllowAgents(BTreeSet::from([slug("g0"), slug("g1")])),
                _ => Action::AnyInQueue,
            };
            Step {
                when: When::AfterS(at),
                action,
            }
        })
        .collect()
}

/// A random domain.
pub(super) fn domain(random: &mut Random, rules: Rules) -> Config {
    let queue = |random: &mut Random| {
        let requires = if chance(random, 40) {
            Requirement::default()
        } else {
            requirement(random, 2)
        };
        let steps = plan(random);
        let sound = rexian::acd::relaxation::faults(&requires, &steps).is_empty();
        QueueConfig {
            requires,
            relaxation: if sound { steps } else { Vec::new() },
            strategy: pick(random, &STRATEGIES),
            preferred: vec![Preferred {
                skill: slug(pick(random, &SKILLS)),
                least: 1,
                weight: 5,
            }],
            priority: u8::try_from(random.below(4)).unwrap(),
            sla_target: Duration::from_secs(5 + random.below(60)),
            weight: u16::try_from(1 + random.below(4)).unwrap(),
            talks_max: (rules.caps && chance(random, 30))
                .then(|| u32::try_from(1 + random.below(2)).unwrap()),
            reserve: u32::from(rules.reserves && chance(random, 30)),
            overload: chance(random, 30).then(|| Duration::from_secs(15)),
            wrapup: Duration::from_secs(random.below(10)),
            ..QueueConfig::new("队列")
        }
    };
    let agent = |random: &mut Random| AgentConfig {
        name: "坐席".into(),
        skills: SKILLS
            .iter()
            .filter_map(|skill| {
                let has = chance(random, 60);
                has.then(|| (slug(skill), level(random)))
            })
            .collect(),
        memberships: QUEUES
            .iter()
            .filter_map(|queue| {
                let belongs = chance(random, 70);
                belongs.then(|| Membership {
                    preference: u8::try_from(1 + random.below(3)).unwrap(),
                    delay: Duration::from_secs(if chance(random, 20) { 8 } else { 0 }),
                    standby: chance(random, 10),
                    rank: u16::try_from(random.below(9)).unwrap(),
                    ..Membership::of(slug(queue))
                })
            })
            .collect(),
        classes: if chance(random, 10) {
            vec![Class::Dedicated]
        } else {
            Vec::new()
        },
        devices: Vec::new(),
    };
    let queues = QUEUES.iter().map(|id| (slug(id), queue(random))).collect();
    let agents = (0..rules.agents)
        .map(|nth| (slug(&format!("g{nth}")), agent(random)))
        .collect();
    Config {
        order: pick(random, &ORDERS),
        queues,
        agents,
    }
}

/// What the model knows of a waiting item.
struct Known {
    place: Place,
    queue: QueueId,
    class: Class,
    config: QueueConfig,
}

/// A run.
pub(super) struct World {
    pub(super) script: Script,
    pub(super) config: Config,
    pub(super) rules: Rules,
    /// What drives people; the distributor has randomness of its own.
    people: Random,
    items: BTreeMap<InteractionId, Known>,
    talks: BTreeMap<AgentId, (InteractionId, Option<QueueId>)>,
    /// Epochs of offers that have ended or were accepted.
    over: BTreeSet<u64>,
    seen_offers: usize,
    seen_ends: usize,
    /// How often each outcome occurred.
    pub(super) outcomes: BTreeMap<String, usize>,
    /// What was decided, without times and ids that come from the wall clock.
    pub(super) log: Vec<String>,
    numbers: BTreeMap<InteractionId, usize>,
}

impl World {
    pub(super) fn new(seed: u64, rules: Rules) -> Self {
        let mut people = Random::from_number(seed);
        let config = domain(&mut people, rules);
        Self::with(config, people, rules)
    }

    pub(super) fn with(config: Config, people: Random, rules: Rules) -> Self {
        Self {
            script: Script::with(config.clone()),
            config,
            rules,
            people,
            items: BTreeMap::new(),
            talks: BTreeMap::new(),
            over: BTreeSet::new(),
            seen_offers: 0,
            seen_ends: 0,
            outcomes: BTreeMap::new(),
            log: Vec::new(),
            numbers: BTreeMap::new(),
        }
    }

    /// Lets people do something, and checks everything.
    pub(super) fn act(&mut self) {
        match self.people.below(100) {
            0..=24 => self.call(),
            25..=29 => self.hang_up(),
            30..=64 => self.handle_offer(),
            65..=79 => self.end_talk(),
            80..=89 => self.change_presence(),
            _ => {
                let seconds = 1 + self.people.below(12);
                self.script.wait(seconds);
            }
        }
        self.check();
    }

    fn call(&mut self) {
        if 60 < self.items.len() {
            return;
        }
        let queue = pick(&mut self.people, &QUEUES);
        let class = match self.people.below(100) {
            0..=4 if self.rules.emergencies => Class::Emergency,
            0..=14 => Class::Dedicated,
            _ => Class::Normal,
        };
        let priority = u8::try_from(self.people.below(6)).unwrap();
        let number = self.numbers.len();
        let id = self.script.item(queue, |it| {
            it.class = Some(class);
            it.priority = Some(priority);
        });
        self.numbers.insert(id, number);
        let place = self.script.acd.item(id).unwrap().place;
        let known = Known {
            place,
            queue: slug(queue),
            class,
            config: self.config.queues[&slug::<QueueId>(queue)].clone(),
        };
        self.items.insert(id, known);
    }

    fn hang_up(&mut self) {
        let mut here: Vec<InteractionId> = self.items.keys().copied().collect();
        here.sort_by_key(|id| self.numbers[id]);
        if chance(&mut self.people, 50) {
            let offered = self.offers();
            let rings = |id: &InteractionId| offered.iter().any(|(_, _, it)| it == id);
            here.sort_by_key(|id| !rings(id));
            here.truncate(1);
        }
        if !here.is_empty() {
            let id = pick(&mut self.people, &here);
            self.items.remove(&id);
            self.script
                .step(|acd, now, random, out| acd.withdraw(now, id, random, out));
        }
    }

    fn offers(&self) -> Vec<(AgentId, u64, InteractionId)> {
        self.script
            .acd
            .agents()
            .filter_map(|(id, agent)| match &agent.work {
                Work::Reserved { reservation, .. } => {
                    Some((id.clone(), reservation.epoch, reservation.interaction))
                }
                _ => None,
            })
            .collect()
    }

    fn handle_offer(&mut self) {
        let offers = self.offers();
        if offers.is_empty() {
            return;
        }
        let nth = usize::try_from(self.people.below(u64::try_from(offers.len()).unwrap())).unwrap();
        let (agent, epoch, interaction) = offers[nth].clone();
        match self.people.below(10) {
            0 => {
                let outcome = OfferOutcome::Rejected;
                self.script
                    .step(|acd, now, random, out| acd.offer_ended(now, &agent, epoch, outcome, random, out));
            }
            1 => {
                self.script
                    .step(|acd, now, _, out| acd.ringing(now, &agent, epoch, out));
                self.script.wait(21);
            }
            2 => {
                let outcome = OfferOutcome::Failed;
                self.script
                    .step(|acd, now, random, out| acd.offer_ended(now, &agent, epoch, outcome, random, out));
            }
            _ => {
                let accepted = self
                    .script
                    .step(|acd, now, random, out| acd.accept(now, &agent, epoch, random, out));
                let accepted = accepted.unwrap();
                assert!(self.over.insert(epoch), "P02: a reservation ends once");
                *self.outcomes.entry("Accepted".to_owned()).or_default() += 1;
                self.items.remove(&interaction);
                self.talks
                    .insert(agent, (interaction, accepted.reservation.queue));
            }
        }
    }

    fn end_talk(&mut self) {
        if let Some((agent, (interaction, _))) = self.talks.pop_first() {
            self.script
                .step(|acd, now, random, out| acd.talk_ended(now, &agent, interaction, random, out));
        }
    }

    fn change_presence(&mut self) {
        let nth = self.people.below(u64::try_from(self.rules.agents).unwrap());
        let name = format!("g{nth}");
        let id: AgentId = slug(&name);
        let present = self.script.acd.agent(&id).unwrap().presence.clone();
        match present {
            Presence::Offline => {
                let place = (None, vec![slug(&format!("phone-{name}"))]);
                self.script
                    .step(|acd, now, _, out| acd.sign_in(now, &id, place, |_| true, out))
                    .unwrap();
            }
            Presence::Ready if chance(&mut self.people, 50) => {
                let rest = Presence::NotReady(slug("rest"));
                self.script
                    .step(|acd, now, random, out| acd.set_presence(now, &id, rest, random, out))
                    .unwrap();
            }
            Presence::Ready | Presence::NotReady(_) => {
                self.script
                    .step(|acd, now, random, out| acd.set_presence(now, &id, Presence::Ready, random, out))
                    .unwrap();
            }
        }
    }

    /// Publishes a profile.
    pub(super) fn publish(&mut self, config: Config) {
        self.config = config.clone();
        self.script.publish(config);
        self.check();
    }

    /// What must hold at the end of every step.
    pub(super) fn check(&mut self) {
        self.check_ends();
        self.check_offers();
        self.check_pairs();
        self.check_counters();
        self.check_work_is_conserved();
    }

    fn check_ends(&mut self) {
        for (reservation, outcome) in &self.script.ended[self.seen_ends..] {
            assert!(
                self.over.insert(reservation.epoch),
                "P02: a reservation ends once"
            );
            *self.outcomes.entry(format!("{outcome:?}")).or_default() += 1;
            let number = self.numbers[&reservation.interaction];
            self.log
                .push(format!("{} -{number} {outcome:?}", reservation.agent));
            let interrupted = *outcome == OfferOutcome::Preempted;
            assert!(!interrupted || self.rules.emergencies);
        }
        self.seen_ends = self.script.ended.len();
    }

    fn check_offers(&mut self) {
        for offer in &self.script.offers[self.seen_offers..] {
            let number = self.numbers[&offer.interaction];
            self.log.push(format!("{} +{number}", offer.agent));
            let Some(known) = self.items.get(&offer.interaction) else {
                continue;
            };
            let classes = &self.config.agents[&offer.agent].classes;
            assert!(
                known.class == Class::Emergency || classes.is_empty() || classes.contains(&known.class),
                "P15: {} serves {classes:?}",
                offer.agent
            );
        }
        self.seen_offers = self.script.offers.len();
    }

    fn check_pairs(&self) {
        let acd = &self.script.acd;
        let mut bound = BTreeSet::new();
        for (id, agent) in acd.agents() {
            if let Some(interaction) = agent.interaction() {
                let wraps = matches!(agent.work, Work::Wrapup { .. });
                assert!(wraps || bound.insert(interaction), "P01: two agents for one item");
            }
            if let Work::Reserved { reservation, .. } = &agent.work {
                let item = acd.item(reservation.interaction).unwrap();
                assert_eq!(item.offering.as_ref(), Some(reservation), "P01: {id}");
            }
        }
        for (id, known) in &self.items {
            let item = acd.item(*id).unwrap();
            assert_eq!(item.place, known.place, "P08, P16: a place is kept");
            let queues: BTreeSet<&QueueId> = item.waits.iter().map(|it| &it.queue).collect();
            assert_eq!(queues.len(), item.waits.len(), "P24: no queue twice");
            assert!(item.preempted <= 2);
        }
    }

    fn check_counters(&self) {
        let acd = &self.script.acd;
        for (id, queue) in acd.queues() {
            let members = |standby: bool| {
                self.config.agents.iter().filter(move |(_, agent)| {
                    agent
                        .memberships
                        .iter()
                        .any(|it| it.queue == *id && (standby || !it.standby))
                })
            };
            let of = |agent: &AgentId| acd.agent(agent).unwrap();
            let signed_in = members(true).filter(|(agent, _)| of(agent).presence != Presence::Offline);
            let free = members(false).filter(|(agent, _)| of(agent).is_routable(self.script.now.mono));
            let here = |interaction: &&InteractionId| {
                acd.item(**interaction)
                    .is_some_and(|item| item.waits.iter().any(|it| it.queue == *id))
            };
            let offered = acd
                .agents()
                .filter(|(_, agent)| matches!(&agent.work, Work::Reserved { reservation, .. } if reservation.queue.as_ref() == Some(id)));
            let talks = self
                .talks
                .values()
                .filter(|(_, queue)| queue.as_ref() == Some(id));
            assert_eq!(
                (queue.length, queue.signed_in, queue.free, queue.talks),
                (
                    u32::try_from(self.items.keys().filter(here).count()).unwrap(),
                    u32::try_from(signed_in.count()).unwrap(),
                    u32::try_from(free.count()).unwrap(),
                    u32::try_from(offered.count() + talks.count()).unwrap(),
                ),
                "P12: {id}"
            );
            if let Some(most) = queue.config.talks_max
                && !self.rules.emergencies
            {
                assert!(queue.talks <= most, "P26: {id}");
            }
        }
    }

    /// P04: no routable agent beside an item that he may take.
    fn check_work_is_conserved(&self) {
        let acd = &self.script.acd;
        let now = self.script.now.mono;
        for (id, known) in &self.items {
            let item = acd.item(*id).unwrap();
            if item.offering.is_some() {
                continue;
            }
            let age = now.since(known.place.0);
            for (agent, config) in &self.config.agents {
                if !acd.agent(agent).unwrap().is_routable(now)
                    || item.excluded.get(agent).is_some_and(|until| now < *until)
                {
                    continue;
                }
                for wait in &item.waits {
                    let free = self.may_take(known, &wait.queue, age, (agent, config));
                    assert!(
                        !free,
                        "P04: {agent} is free and item {} waits {age:?} in {}",
                        self.numbers[id], wait.queue
                    );
                }
            }
        }
    }

    /// The rules once more, without an index.
    fn may_take(
        &self,
        known: &Known,
        queue: &QueueId,
        age: Duration,
        (agent, config): (&AgentId, &AgentConfig),
    ) -> bool {
        let urgent = known.class == Class::Emergency;
        let bound = if *queue == known.queue {
            &known.config
        } else {
            &self.config.queues[queue]
        };
        let mut demand = Demand {
            queue: queue.clone(),
            requires: bound.requires.clone(),
            preferred: Vec::new(),
            match_weight: 0,
            ring: u8::MAX,
            anywhere: urgent,
            allowed: BTreeSet::new(),
        };
        if *queue == known.queue {
            let due = known
                .config
                .relaxation
                .iter()
                .filter(|step| step.when.after().unwrap() <= age);
            due.for_each(|step| demand.widen(&step.action));
        }
        let row = self.script.acd.queue(queue).unwrap();
        let named = demand.allowed.contains(agent);
        let member = config.memberships.iter().find(|it| it.queue == *queue);
        let skilled = demand.requires.holds(&config.skills) && (urgent || member.is_some());
        if !skilled && !named {
            return false;
        }
        if urgent {
            return true;
        }
        if row.config.talks_max.is_some_and(|most| most <= row.talks) {
            return false;
        }
        if !config.classes.is_empty() && !config.classes.contains(&known.class) {
            return false;
        }
        let kept = config.memberships.iter().any(|it| {
            let other = self.script.acd.queue(&it.queue).unwrap();
            it.queue != *queue
                && !it.standby
                && 0 < other.config.reserve
                && other.free.saturating_sub(1) <= other.config.reserve
        });
        if kept {
            return false;
        }
        named || member.is_some_and(|it| it.delay <= age && (!it.standby || row.overloaded))
    }

    /// Everybody leaves: nothing may be left over.
    pub(super) fn close(&mut self) {
        while !self.talks.is_empty() {
            self.end_talk();
        }
        while !self.items.is_empty() {
            self.hang_up();
        }
        self.script.wait(120);
        self.check();
        let acd = &self.script.acd;
        assert!(self.offers().is_empty(), "P03: at rest nobody is reserved");
        assert!(acd.agents().all(|(_, agent)| agent.work == Work::Idle), "P03");
        let made: BTreeSet<u64> = self.script.offers.iter().map(|it| it.epoch).collect();
        assert_eq!(made, self.over, "P02: each reservation ends");
        assert!(
            acd.queues()
                .all(|(_, queue)| queue.length == 0 && queue.waiting.is_empty()),
            "P13"
        );
    }
}
