//! A distributor in virtual time: its timers run, its offers and their ends are kept.

use std::collections::BTreeMap;
use std::time::Duration;

use rexian::acd::Acd;
use rexian::acd::config::AgentConfig;
use rexian::acd::config::Config;
use rexian::acd::config::Membership;
use rexian::acd::config::QueueConfig;
use rexian::acd::decision::Decision;
use rexian::acd::decision::Reservation;
use rexian::acd::decision::Timer;
use rexian::acd::distributor::AcdError;
use rexian::acd::distributor::NewItem;
use rexian::acd::requirement::Requirement;
use rexian::base::ids::AgentId;
use rexian::base::ids::DeviceId;
use rexian::base::ids::InteractionId;
use rexian::base::ids::QueueId;
use rexian::base::random::Random;
use rexian::base::time::MonoTime;
use rexian::base::time::Now;
use rexian::base::time::WallTime;
use rexian::base::timer_queue::TimerQueue;
use rexian::fact::agent::Presence;
use rexian::fact::call::OfferOutcome;

/// A queue that needs these least levels; wrap-up 10 s.
pub(super) fn queue(levels: &[(&str, u8)]) -> QueueConfig {
    QueueConfig {
        requires: Requirement::from_levels(&levels_of(levels)),
        wrapup: Duration::from_secs(10),
        ..QueueConfig::new("队列")
    }
}

/// An agent with these levels in these queues.
pub(super) fn agent(levels: &[(&str, u8)], queues: &[&str]) -> AgentConfig {
    AgentConfig {
        name: "坐席".into(),
        skills: levels_of(levels),
        memberships: queues.iter().map(|it| Membership::of(slug(it))).collect(),
        ..AgentConfig::default()
    }
}

fn levels_of(levels: &[(&str, u8)]) -> BTreeMap<rexian::base::ids::SkillId, u8> {
    levels
        .iter()
        .map(|(skill, level)| (slug(skill), *level))
        .collect()
}

/// Queues and agents by name.
pub(super) fn config(queues: &[(&str, QueueConfig)], agents: &[(&str, AgentConfig)]) -> Config {
    Config {
        queues: queues.iter().map(|(id, it)| (slug(id), it.clone())).collect(),
        agents: agents.iter().map(|(id, it)| (slug(id), it.clone())).collect(),
        ..Config::default()
    }
}

pub(super) struct Script {
    pub(super) acd: Acd,
    pub(super) random: Random,
    pub(super) now: Now,
    timers: TimerQueue<Timer>,
    pub(super) offers: Vec<Reservation>,
    pub(super) ended: Vec<(Reservation, OfferOutcome)>,
    pub(super) joined: Vec<(InteractionId, QueueId)>,
}

pub(super) fn slug<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

impl Script {
    /// Agents a (Mandarin 5), b (Mandarin 5), c (none); queue `general` needs nothing, `expert` Mandarin 3.
    pub(super) fn new() -> Self {
        let both = ["general", "expert"];
        Self::with(config(
            &[("general", queue(&[])), ("expert", queue(&[("mandarin", 3)]))],
            &[
                ("a", agent(&[("mandarin", 5)], &both)),
                ("b", agent(&[("mandarin", 5)], &both)),
                ("c", agent(&[], &both)),
            ],
        ))
    }

    pub(super) fn with(config: Config) -> Self {
        let mut script = Self {
            acd: Acd::new(100),
            random: Random::from_number(1),
            now: Now {
                mono: MonoTime::from_micros(1),
                wall: WallTime::from_micros(1_000_000),
            },
            timers: TimerQueue::default(),
            offers: vec![],
            ended: vec![],
            joined: vec![],
        };
        script.publish(config);
        script
    }

    pub(super) fn publish(&mut self, config: Config) {
        self.step(|acd, now, random, out| acd.configure(now, config, random, out));
    }

    pub(super) fn step<T>(
        &mut self,
        act: impl FnOnce(&mut Acd, Now, &mut Random, &mut Vec<Decision>) -> T,
    ) -> T {
        let mut out = vec![];
        let result = act(&mut self.acd, self.now, &mut self.random, &mut out);
        for decision in out {
            match decision {
                Decision::Offer { reservation, .. } => self.offers.push(reservation),
                Decision::OfferEnded { reservation, outcome } => self.ended.push((reservation, outcome)),
                Decision::SetTimer(timer, at) => self.timers.set(timer, at),
                Decision::StopTimer(timer) => self.timers.stop(&timer),
                Decision::QueueJoined { interaction, queue } => self.joined.push((interaction, queue)),
                Decision::Fact(_) | Decision::AgentChanged(_) | Decision::QueueChanged(_) => {}
            }
        }
        result
    }

    pub(super) fn wait(&mut self, seconds: u64) {
        let until = self.now.mono + Duration::from_secs(seconds);
        while let Some(at) = self.timers.next().filter(|at| *at <= until) {
            self.advance_to(at);
            let timer = self.timers.pop_due(at).unwrap();
            self.step(|acd, now, random, out| acd.timeout(now, timer, random, out));
        }
        self.advance_to(until);
    }

    fn advance_to(&mut self, mono: MonoTime) {
        let passed = mono.since(self.now.mono);
        self.now = Now {
            mono,
            wall: self.now.wall + passed,
        };
    }

    pub(super) fn ready(&mut self, agent: &str) {
        let agent: AgentId = slug(agent);
        let device: DeviceId = slug(&format!("phone-{agent}"));
        let signed =
            self.step(|acd, now, _, out| acd.sign_in(now, &agent, (None, vec![device]), |_| true, out));
        signed.unwrap();
        self.set_ready(agent.as_str());
    }

    pub(super) fn set_ready(&mut self, agent: &str) {
        let agent: AgentId = slug(agent);
        self.step(|acd, now, random, out| acd.set_presence(now, &agent, Presence::Ready, random, out))
            .unwrap();
        self.wait(1);
    }

    pub(super) fn call(&mut self, queue: &str) -> InteractionId {
        self.item(queue, |_| {})
    }

    /// A call that is not as its queue has them.
    pub(super) fn item(&mut self, queue: &str, shape: impl FnOnce(&mut NewItem)) -> InteractionId {
        let id = InteractionId::new(self.now, &mut self.random);
        self.try_item(id, queue, shape).unwrap();
        id
    }

    pub(super) fn try_item(
        &mut self,
        id: InteractionId,
        queue: &str,
        shape: impl FnOnce(&mut NewItem),
    ) -> Result<(), AcdError> {
        let mut item = NewItem::new(id, slug(queue));
        shape(&mut item);
        self.step(|acd, now, random, out| acd.enqueue(now, item, random, out))
    }

    pub(super) fn offered(&self, nth: usize) -> &str {
        self.offers.get(nth).map_or("nobody", |it| it.agent.as_str())
    }

    pub(super) fn end(&mut self, nth: usize, outcome: OfferOutcome) {
        let it = self.offers[nth].clone();
        self.step(|acd, now, random, out| acd.offer_ended(now, &it.agent, it.epoch, outcome, random, out));
    }

    pub(super) fn accept(&mut self, nth: usize) {
        let it = self.offers[nth].clone();
        let accepted = self.step(|acd, now, random, out| acd.accept(now, &it.agent, it.epoch, random, out));
        assert!(accepted.is_some());
    }

    /// The agent of the last offer of an interaction.
    pub(super) fn agent_of(&self, interaction: InteractionId) -> &str {
        let offers = self.offers.iter().rev();
        let mut of_it = offers.filter(|it| it.interaction == interaction);
        of_it.next().map_or("nobody", |it| it.agent.as_str())
    }

    /// The last offer of an interaction is answered and the talk ends after so many seconds, and its wrap-up too.
    pub(super) fn serve(&mut self, interaction: InteractionId, seconds: u64) {
        let nth = self
            .offers
            .iter()
            .rposition(|it| it.interaction == interaction)
            .unwrap();
        self.accept(nth);
        self.wait(seconds);
        let agent = self.offers[nth].agent.clone();
        self.step(|acd, now, random, out| acd.talk_ended(now, &agent, interaction, random, out));
        self.wait(11);
    }

    /// The last offer of an interaction is answered; the talk goes on.
    pub(super) fn pick_up(&mut self, interaction: InteractionId) {
        let nth = self
            .offers
            .iter()
            .rposition(|it| it.interaction == interaction)
            .unwrap();
        self.accept(nth);
    }

    /// His talk ends and he signs out in his wrap-up.
    pub(super) fn hang_up_and_sign_out(&mut self, agent: &str, interaction: InteractionId) {
        let agent: AgentId = slug(agent);
        self.step(|acd, now, random, out| acd.talk_ended(now, &agent, interaction, random, out));
        self.step(|acd, now, random, out| acd.sign_out(now, &agent, random, out))
            .unwrap();
    }
}
