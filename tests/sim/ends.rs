//! Ends: what must hold between calls, after the last one, and after a crash.

use std::time::Duration;

use rexian::base::ids::AgentId;
use rexian::base::ids::InteractionId;
use rexian::base::time::Now;
use rexian::exchange::command::Command;
use rexian::exchange::input::JournalStatus;
use rexian::fact::Actor;
use rexian::fact::ActorKind;
use rexian::fact::FactNo;
use rexian::fact::Record;
use rexian::media::port_pool::Family;

use crate::checker::Checker;
use crate::citizen::Citizen;
use crate::city::PORTS;
use crate::city::agent_of;
use crate::city::exchange;
use crate::city::phone_index;
use crate::media::Media;
use crate::phone;
use crate::text::Text;
use crate::world::Event;
use crate::world::Step;
use crate::world::World;
use crate::world::broken;

impl World {
    /// No free agent stands beside a caller whom he could serve. Who is free is read from the facts; whether his phone
    /// can be reached and whether he rests after a rejection, from his record.
    pub(crate) fn check_conservation(&self) -> Step {
        if self.crashed || self.journal == JournalStatus::Failed {
            return Ok(());
        }
        let now = self.now.mono;
        let can_ring = |agent: &AgentId| {
            self.exchange.acd().agent(agent).is_some_and(|it| {
                !it.reachable.is_empty() && it.cooldown_until.is_none_or(|until| until <= now)
            })
        };
        match self.checker.side_by_side(now, can_ring) {
            Some((agent, id)) => broken(
                self.checker.number(id),
                format!("{agent} is free beside {id}, who waits"),
            ),
            None => Ok(()),
        }
    }

    /// A call is over for those who talked, too.
    pub(crate) fn check_down(&self, interaction: InteractionId) -> Step {
        let number = self.checker.number(interaction);
        if let Some(citizen) = number
            .and_then(|number| self.citizens.get(&number))
            .filter(|it| it.is_up())
        {
            return broken(number, format!("citizen {} is still up", citizen.number));
        }
        let id = interaction.to_string();
        match self.phones.iter().find(|phone| phone.is_up_for(&id)) {
            Some(phone) => broken(number, format!("phone {} is still up in {id}", phone.at)),
            None => Ok(()),
        }
    }

    /// Whether every call that was to come has come and gone.
    pub(crate) fn is_quiet(&self) -> bool {
        u32::try_from(self.citizens.len()) == Ok(self.setup.calls)
            && self.citizens.values().all(Citizen::is_done)
            && self.exchange.calls_len() == 0
    }

    /// Everybody goes home, and nothing may be left.
    pub(crate) fn close(&mut self) -> Step {
        for citizen in self.citizens.values() {
            if !citizen.is_done() {
                return broken(
                    Some(citizen.number),
                    format!("citizen {} is still up", citizen.number),
                );
            }
        }
        self.closing = true;
        let pause = |seconds| Duration::from_secs(seconds);
        self.run(self.now.mono + pause(30), |_| false)?;
        for at in 0..self.setup.agents {
            let actor = Actor::named(ActorKind::Agent, agent_of(at));
            self.command(actor, Command::SignOut { agent: agent_of(at) })?;
            self.with_phone(at, |phone, now, out| {
                phone.leave(now, out);
                phone::Acts::new()
            });
        }
        self.run(self.now.mono + pause(200), |_| false)?;
        if !self.exchange.is_idle() || !self.media.is_idle() {
            let counters = self.exchange.endpoint().counters();
            return broken(
                None,
                format!("left over: {counters:?}, {} gated", self.exchange.gated_len()),
            );
        }
        let free = self.exchange.free_ports(Family::V4);
        if u32::try_from(free) != Ok(PORTS) {
            return broken(None, format!("left over: {free} of {PORTS} ports are free"));
        }
        if let Some(at) = self.exchange.next_timeout() {
            return broken(None, format!("left over: a timer at {at:?}"));
        }
        if let Some(phone) = self.phones.iter().find(|phone| !phone.is_done()) {
            return broken(None, format!("phone {} is still up", phone.at));
        }
        if !self.unanswered.is_empty() {
            return broken(None, format!("{} commands got no answer", self.unanswered.len()));
        }
        self.checker.check_ends().or_else(|why| broken(None, why))
    }

    /// Adds up what the peers saw.
    pub(crate) fn count_races(&mut self) {
        for citizen in self.citizens.values() {
            self.faults.answers_after_cancel += citizen.races.answers_after_cancel;
            self.faults.byes_before_ack += citizen.races.byes_before_ack;
        }
        self.faults.answers_after_cancel += self.phones.iter().map(|phone| phone.late_answers).sum::<u32>();
    }

    /// The process dies, and another one begins with what was durable and the facts of recovery.
    pub(crate) fn restart(
        &mut self,
        durable: u64,
        recovery: impl FnOnce(&[Record], Now) -> Vec<Record>,
    ) -> Step {
        let kept = usize::try_from(durable).unwrap_or(0);
        self.facts.truncate(kept);
        let facts = std::mem::take(&mut self.facts);
        self.checker = Checker::default();
        for (record, no) in facts.iter().zip(1..) {
            let replayed = self.checker.fact(no, record);
            replayed.or_else(|why| broken(None, format!("the durable facts do not make sense: {why}")))?;
        }
        let closing = recovery(&facts, self.now);
        self.facts = facts;
        self.crash_at = None;
        self.crashed = false;
        for record in closing {
            self.fact(record)?;
        }
        self.checker.after_crash().or_else(|why| broken(None, why))?;
        let last = u64::try_from(self.facts.len()).unwrap_or(0);
        self.checker.durable = last;
        (self.syncing, self.ticking) = (false, false);
        self.journal = JournalStatus::Accepting;
        self.unanswered.clear();
        self.desk_busy.clear();
        self.screens.clear();
        self.media = Media::new(self.random.fork());
        self.events.retain(|_, event| {
            !matches!(
                event,
                Event::Durable(_)
                    | Event::Media(_)
                    | Event::PlaybackDue(..)
                    | Event::Tick
                    | Event::Command(..)
                    | Event::MustBeDown(_)
            )
        });
        for phone in &mut self.phones {
            phone.forget_calls();
        }
        for event in self.events.values() {
            if let Event::ToPeer(to, text) = event
                && let Some(phone) = phone_index(*to).and_then(|at| self.phones.get_mut(at))
                && Text(text).method() == "INVITE"
            {
                phone.will_hear_of_the_dead(Text(text).call_id());
            }
        }
        for at in 0..self.setup.agents {
            self.after(Duration::from_secs(1), Event::Phone(at, phone::Act::Register));
        }
        self.exchange = exchange(self.setup.agents, FactNo(last), self.random.fork());
        self.start()
    }
}
