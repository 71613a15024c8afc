//! The distributor under the load of a province: `cargo bench --bench distributor`.
//!
//! Ten thousand agents of two thousand sets of skills, a hundred thousand waiting items of five hundred trees, weighted
//! skill and slack order, relaxation timers, and a publish in the middle. Prints what one decision costs, what an item and
//! an agent weigh, and how the cost grows from a hundred items to a hundred thousand.
#![allow(
    missing_docs,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    unsafe_code,
    reason = "a measurement stops at the first thing that is not as it should be"
)]

use std::alloc::GlobalAlloc;
use std::alloc::Layout;
use std::alloc::System;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use rexian::acd::Acd;
use rexian::acd::config::AgentConfig;
use rexian::acd::config::Config;
use rexian::acd::config::Membership;
use rexian::acd::config::QueueConfig;
use rexian::acd::decision::Decision;
use rexian::acd::decision::Timer;
use rexian::acd::distributor::NewItem;
use rexian::acd::order::Order;
use rexian::acd::relaxation::Action;
use rexian::acd::relaxation::Step;
use rexian::acd::relaxation::When;
use rexian::acd::requirement::Preferred;
use rexian::acd::requirement::Requirement;
use rexian::acd::strategy::Strategy;
use rexian::base::ids::AgentId;
use rexian::base::ids::InteractionId;
use rexian::base::ids::QueueId;
use rexian::base::ids::SkillId;
use rexian::base::random::Random;
use rexian::base::time::MonoTime;
use rexian::base::time::Now;
use rexian::base::time::WallTime;
use rexian::base::timer_queue::TimerQueue;
use rexian::fact::agent::Presence;

struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const QUEUES: usize = 25;
const TREES_A_QUEUE: usize = 20;
const SKILLS: usize = 40;

fn skill(at: usize) -> SkillId {
    format!("s{at}").parse().unwrap()
}

fn queue(at: usize) -> QueueId {
    format!("q{at:02}").parse().unwrap()
}

fn below(random: &mut Random, bound: usize) -> usize {
    random.below(bound as u64) as usize
}

fn leaf(random: &mut Random) -> Requirement {
    let least = 1 + below(random, 5) as u8;
    Requirement::Skill {
        id: skill(below(random, SKILLS)),
        least,
        most: 10,
    }
}

/// AND, OR, NOT and levels.
fn tree(random: &mut Random) -> Requirement {
    let either = Requirement::Any((0..3).map(|_| leaf(random)).collect());
    let not = Requirement::Not(Box::new(Requirement::Skill {
        id: skill(below(random, SKILLS)),
        least: 10,
        most: 10,
    }));
    match below(random, 3) {
        0 => Requirement::All(vec![leaf(random), either]),
        1 => Requirement::All(vec![either, not]),
        _ => either,
    }
}

struct Bench {
    acd: Acd,
    random: Random,
    now: Now,
    timers: TimerQueue<Timer>,
    trees: Vec<Vec<Requirement>>,
    config: Config,
    /// Offers that are to be accepted, and talks that are to end.
    offers: Vec<(AgentId, u64, InteractionId)>,
    talks: Vec<(AgentId, InteractionId)>,
    waiting: Vec<InteractionId>,
}

impl Bench {
    fn new(agents: usize, sets: usize, waiting_max: usize) -> Self {
        let mut random = Random::from_number(7);
        let trees = (0..QUEUES)
            .map(|_| (0..TREES_A_QUEUE).map(|_| tree(&mut random)).collect())
            .collect();
        let queues = (0..QUEUES).map(|at| {
            let config = QueueConfig {
                strategy: Strategy::WeightedSkill,
                preferred: vec![Preferred {
                    skill: skill(at),
                    least: 1,
                    weight: 20,
                }],
                relaxation: vec![
                    Step {
                        when: When::AfterS(60),
                        action: Action::Lower {
                            skill: skill(at),
                            to: 1,
                        },
                    },
                    Step {
                        when: When::AfterS(100),
                        action: Action::AnyInQueue,
                    },
                ],
                sla_target: Duration::from_secs(20 + at as u64),
                wrapup: Duration::ZERO,
                ..QueueConfig::new("队列")
            };
            (queue(at), config)
        });
        let queues = queues.collect();
        let sets: Vec<AgentConfig> = (0..sets)
            .map(|_| AgentConfig {
                skills: (0..8)
                    .map(|_| {
                        (
                            skill(below(&mut random, SKILLS)),
                            1 + below(&mut random, 10) as u8,
                        )
                    })
                    .collect(),
                memberships: (0..4)
                    .map(|_| Membership::of(queue(below(&mut random, QUEUES))))
                    .collect(),
                ..AgentConfig::default()
            })
            .collect();
        let agents: BTreeMap<AgentId, AgentConfig> = (0..agents)
            .map(|at| {
                (
                    format!("a{at:05}").parse().unwrap(),
                    sets[at % sets.len()].clone(),
                )
            })
            .collect();
        let config = Config {
            order: Order::SlaSlack,
            queues,
            agents,
        };
        Self {
            acd: Acd::new(waiting_max),
            random,
            now: Now {
                mono: MonoTime::from_micros(1_000_000_000),
                wall: WallTime::from_micros(1_000_000_000_000),
            },
            timers: TimerQueue::default(),
            trees,
            config,
            offers: Vec::new(),
            talks: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// One step; returns how long it took, without what is done with its decisions.
    fn step<T>(
        &mut self,
        act: impl FnOnce(&mut Acd, Now, &mut Random, &mut Vec<Decision>) -> T,
    ) -> (Duration, T) {
        let mut out = Vec::with_capacity(64);
        let began = Instant::now();
        let result = act(&mut self.acd, self.now, &mut self.random, &mut out);
        let took = began.elapsed();
        for decision in out {
            match decision {
                Decision::Offer { reservation, .. } => {
                    self.offers
                        .push((reservation.agent, reservation.epoch, reservation.interaction));
                }
                Decision::SetTimer(timer, at) => self.timers.set(timer, at),
                Decision::StopTimer(timer) => self.timers.stop(&timer),
                _ => {}
            }
        }
        (took, result)
    }

    fn publish(&mut self) -> Duration {
        let config = self.config.clone();
        self.step(|acd, now, random, out| acd.configure(now, config, random, out))
            .0
    }

    fn sign_in_all(&mut self) {
        let agents: Vec<AgentId> = self.config.agents.keys().cloned().collect();
        for agent in agents {
            let phone = format!("p{agent}").parse().unwrap();
            self.step(|acd, now, _, out| acd.sign_in(now, &agent, (None, vec![phone]), |_| true, out))
                .1
                .unwrap();
            self.step(|acd, now, random, out| acd.set_presence(now, &agent, Presence::Ready, random, out))
                .1
                .unwrap();
        }
    }

    fn arrive(&mut self) -> Duration {
        let id = InteractionId::new(self.now, &mut self.random);
        let at = below(&mut self.random, QUEUES);
        let requires = self.trees[at][below(&mut self.random, TREES_A_QUEUE)].clone();
        let mut item = NewItem::new(id, queue(at));
        item.requires = Some(requires);
        item.priority = Some(below(&mut self.random, 3) as u8);
        self.waiting.push(id);
        self.step(|acd, now, random, out| acd.enqueue(now, item, random, out))
            .0
    }

    /// Answers every offer.
    fn answer(&mut self, times: &mut Vec<Duration>) {
        while let Some((agent, epoch, interaction)) = self.offers.pop() {
            let (took, accepted) =
                self.step(|acd, now, random, out| acd.accept(now, &agent, epoch, random, out));
            assert!(accepted.is_some());
            times.push(took);
            self.talks.push((agent, interaction));
        }
    }

    /// A talk ends, its agent is free, and what waits is matched.
    fn free(&mut self) -> Option<Duration> {
        let at = below(&mut self.random, self.talks.len().max(1));
        if self.talks.is_empty() {
            return None;
        }
        let (agent, interaction) = self.talks.swap_remove(at);
        Some(
            self.step(|acd, now, random, out| acd.talk_ended(now, &agent, interaction, random, out))
                .0,
        )
    }

    fn advance(&mut self, by: Duration, times: &mut Vec<Duration>) -> usize {
        self.now = Now {
            mono: self.now.mono + by,
            wall: self.now.wall + by,
        };
        let mut fired = 0;
        while let Some(timer) = self.timers.pop_due(self.now.mono) {
            // Phones answer at once here: only what widens is of interest.
            if matches!(timer, Timer::Widen(_)) {
                let (took, ()) = self.step(|acd, now, random, out| acd.timeout(now, timer, random, out));
                times.push(took);
                fired += 1;
            }
        }
        fired
    }
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_nanos() as f64 / 1000.0;
    println!(
        "{what}: {} decisions, p50 {:.2} us, p99 {:.2} us, p99.9 {:.2} us, longest {:.2} us",
        times.len(),
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
}

/// Runs `events` with `items` waiting all the time; returns the p99 of a decision.
fn run(agents: usize, sets: usize, items: usize, events: usize, say: bool) -> Duration {
    let mut bench = Bench::new(agents, sets, items * 2 + 1000);
    let held = HELD.load(Ordering::Relaxed);
    bench.publish();
    let described = HELD.load(Ordering::Relaxed);
    bench.sign_in_all();
    let staffed = HELD.load(Ordering::Relaxed);
    let mut scrap = Vec::new();
    // Everybody talks.
    while bench.talks.len() < agents * 9 / 10 {
        bench.arrive();
        bench.answer(&mut scrap);
    }
    let before = HELD.load(Ordering::Relaxed);
    let begun = bench.acd.queues().map(|(_, it)| it.length).sum::<u32>() as usize;
    // A hundred seconds of arrivals, so that a thousand timers a second are due later.
    for nth in 0..items {
        bench.arrive();
        bench.answer(&mut scrap);
        if nth % items.div_ceil(100) == 0 {
            bench.advance(Duration::from_secs(1), &mut scrap);
            bench.answer(&mut scrap);
        }
    }
    let waiting = bench.acd.queues().map(|(_, it)| it.length).sum::<u32>() as usize;
    let filled = HELD.load(Ordering::Relaxed);
    let (mut arrivals, mut frees, mut widenings, mut answers) = (vec![], vec![], vec![], vec![]);
    let mut published = Duration::ZERO;
    let mut fired = 0;
    let began = bench.now.mono;
    for nth in 0..events {
        if nth == events / 2 {
            published = bench.publish();
        }
        arrivals.push(bench.arrive());
        bench.answer(&mut answers);
        frees.extend(bench.free());
        bench.answer(&mut answers);
        fired += bench.advance(Duration::from_millis(1), &mut widenings);
        bench.answer(&mut answers);
    }
    let mut all = [
        arrivals.clone(),
        frees.clone(),
        widenings.clone(),
        answers.clone(),
    ]
    .concat();
    all.sort();
    let p99 = all[(all.len() - 1) * 99 / 100];
    if say {
        println!(
            "{agents} agents of {sets} sets of skills, {waiting} items wait for {} trees",
            QUEUES * TREES_A_QUEUE
        );
        report("an item arrives", &mut arrivals);
        report("an agent is free", &mut frees);
        report("an offer is answered", &mut answers);
        if !widenings.is_empty() {
            report("an item asks less", &mut widenings);
        }
        report("all", &mut all);
        println!(
            "{:.0} widenings a second of the clock; a publish in the middle took {:.1} ms",
            fired as f64 / bench.now.mono.since(began).as_secs_f64(),
            published.as_secs_f64() * 1e3
        );
        println!(
            "memory: {} bytes an item, what fits whom included; {} bytes an agent, {} of them his profile",
            (filled - before) / (waiting - begun).max(1),
            (staffed - held) / agents,
            (described - held) / agents
        );
    }
    p99
}

fn main() {
    let quick = std::env::args().any(|it| it == "--quick" || it == "--test");
    let (events, items) = if quick {
        (2_000, 10_000)
    } else {
        (100_000, 100_000)
    };
    run(10_000, 2_000, items, events, true);
    println!("| waiting | p99 of a decision |\n| --- | --- |");
    for items in [100, 1_000, 10_000, 100_000] {
        if !quick || items <= 10_000 {
            let p99 = run(10_000, 2_000, items, events / 10, false);
            println!("| {items} | {:.2} µs |", p99.as_nanos() as f64 / 1000.0);
        }
    }
}
