//! The simulated world: time, network, journal, people and machines around one exchange.
//!
//! Everything is drawn from one seed. Nothing here reads a clock.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use rexian::base::ids::InteractionId;
use rexian::base::random::Random;
use rexian::base::time::MonoTime;
use rexian::base::time::Now;
use rexian::base::time::WallTime;
use rexian::exchange::Exchange;
use rexian::exchange::command::Command;
use rexian::exchange::command::RequestId;
use rexian::exchange::input::Input;
use rexian::exchange::input::JournalStatus;
use rexian::exchange::output::Output;
use rexian::exchange::snapshot::AgentView;
use rexian::exchange::snapshot::Occupancy;
use rexian::exchange::snapshot::ViewChange;
use rexian::fact::Actor;
use rexian::fact::ActorKind;
use rexian::fact::Fact;
use rexian::fact::FactNo;
use rexian::fact::Record;
use rexian::fact::agent::Presence;
use rexian::fact::call::CallFact;
use rexian::media::command::MediaCommand;
use rexian::media::command::MediaEvent;
use rexian::media::command::MediaLeg;
use rexian::media::command::PlaybackId;
use rexian::media::port_pool::Family;

use crate::checker::Checker;
use crate::citizen;
use crate::citizen::Citizen;
use crate::city::PORTS;
use crate::city::agent_index;
use crate::city::agent_of;
use crate::city::exchange;
use crate::city::phone_index;
use crate::city::route;
use crate::city::slug;
use crate::defects::Meddler;
use crate::media::Effect;
use crate::media::Media;
use crate::phone;
use crate::phone::Phone;
use crate::text::Text;

const TICK: Duration = Duration::from_millis(2);
const LOG_LINES: usize = 40;
/// A BYE is repeated for 32 s.
const TOLD_AT_LAST: Duration = Duration::from_secs(40);

/// What is broken, and by whom.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) why: String,
    pub(crate) number: Option<u32>,
}

pub(crate) type Step = Result<(), Violation>;

/// How a run is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) seed: u64,
    pub(crate) calls: u32,
    pub(crate) agents: usize,
    /// Mean time between calls.
    pub(crate) gap: Duration,
    /// Whether the journal fills up and fails now and then.
    pub(crate) journal_faults: bool,
}

/// What the network and the peers did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    pub(crate) lost: u32,
    pub(crate) repeated: u32,
    pub(crate) late: u32,
    pub(crate) answers_after_cancel: u32,
    pub(crate) byes_before_ack: u32,
    pub(crate) journal_stalls: u32,
}

enum Event {
    ToExchange(SocketAddr, String),
    ToPeer(SocketAddr, String),
    Durable(u64),
    Journal(JournalStatus),
    Media(MediaEvent),
    PlaybackDue(MediaLeg, PlaybackId),
    Tick,
    WakeCitizen(u32),
    Citizen(u32, citizen::Act),
    WakePhone(usize),
    Phone(usize, phone::Act),
    Command(Actor, Command),
    Dial(u32),
    Meddle,
    /// Long enough after its end everybody must have been told.
    MustBeDown(InteractionId),
}

pub(crate) struct World {
    pub(crate) setup: Setup,
    pub(crate) exchange: Exchange,
    pub(crate) now: Now,
    pub(crate) checker: Checker,
    pub(crate) facts: Vec<Record>,
    pub(crate) media: Media,
    pub(crate) citizens: BTreeMap<u32, Citizen>,
    pub(crate) phones: Vec<Phone>,
    pub(crate) faults: Faults,
    pub(crate) meddler: Option<Meddler>,
    /// The process is killed when it hands over this fact.
    pub(crate) crash_at: Option<u64>,
    pub(crate) crashed: bool,
    /// Everything that left the exchange, as one number.
    pub(crate) digest: u64,
    pub(crate) steps: u64,
    events: BTreeMap<(MonoTime, u64), Event>,
    sequence: u64,
    random: Random,
    syncing: bool,
    journal: JournalStatus,
    ticking: bool,
    requests: u64,
    unanswered: BTreeSet<RequestId>,
    desk_busy: BTreeMap<usize, MonoTime>,
    closing: bool,
    logs: BTreeMap<u32, VecDeque<String>>,
}

impl World {
    pub(crate) fn new(setup: Setup) -> Self {
        let mut random = Random::from_number(setup.seed);
        let exchange = exchange(setup.agents, FactNo(0), random.fork());
        let phones = (0..setup.agents)
            .map(|at| Phone::new(at, random.fork()))
            .collect();
        let mut world = Self {
            setup,
            exchange,
            now: Now {
                mono: MonoTime::from_micros(1_000_000),
                wall: WallTime::from_micros(1_795_000_000_000_000),
            },
            checker: Checker::default(),
            facts: Vec::new(),
            media: Media::new(random.fork()),
            citizens: BTreeMap::new(),
            phones,
            faults: Faults::default(),
            meddler: None,
            crash_at: None,
            crashed: false,
            digest: 0,
            steps: 0,
            events: BTreeMap::new(),
            sequence: 0,
            random,
            syncing: false,
            journal: JournalStatus::Accepting,
            ticking: false,
            requests: 0,
            unanswered: BTreeSet::new(),
            desk_busy: BTreeMap::new(),
            closing: false,
            logs: BTreeMap::new(),
        };
        world.plan();
        world
    }

    /// Lays out the day: phones come up, people sign in, calls come, the disk has its moods.
    fn plan(&mut self) {
        for at in 0..self.setup.agents {
            let after = Duration::from_millis(self.random.below(2_000));
            self.after(after, Event::Phone(at, phone::Act::Register));
        }
        let mut at = Duration::from_secs(3);
        let gap = crate::micros(self.setup.gap);
        for number in 0..self.setup.calls {
            // Now and then thirty call in one instant.
            let burst = number % 400 >= 370;
            at += if burst {
                Duration::from_micros(self.random.below(1_000))
            } else {
                Duration::from_micros(self.random.below(2 * gap))
            };
            self.after(at, Event::Dial(number));
        }
        self.after(Duration::from_secs(200), Event::Meddle);
    }

    pub(crate) fn start(&mut self) -> Step {
        let mut out = Vec::new();
        self.exchange.start(self.now, &mut out);
        self.carry_out(out)
    }

    fn after(&mut self, delay: Duration, event: Event) {
        self.sequence += 1;
        self.events.insert((self.now.mono + delay, self.sequence), event);
    }

    /// The last events of a call.
    pub(crate) fn log_of(&self, number: u32) -> String {
        let lines = self.logs.get(&number).into_iter().flatten();
        lines.fold(String::new(), |all, line| all + "  " + line + "\n")
    }

    fn log(&mut self, number: Option<u32>, line: impl FnOnce() -> String) {
        let Some(number) = number else { return };
        let line = format!("{:>12.6} {}", self.now.mono.as_micros() as f64 / 1e6, line());
        let log = self.logs.entry(number).or_default();
        log.push_back(line);
        if log.len() > LOG_LINES {
            log.pop_front();
        }
    }

    /// Runs until nothing is due before `end`, or `done` says so.
    pub(crate) fn run(&mut self, end: MonoTime, done: impl Fn(&Self) -> bool) -> Step {
        while !self.crashed && !done(self) {
            let timer = self.exchange.next_timeout();
            let event = self.events.first_key_value().map(|((at, _), _)| *at);
            let Some(next) = [timer, event].into_iter().flatten().min().filter(|at| *at <= end) else {
                break;
            };
            self.turn_to(next);
            if timer.is_some_and(|at| at <= next) {
                self.step(Input::Timeout)?;
            } else if let Some((_, event)) = self.events.pop_first() {
                self.happen(event)?;
            }
        }
        Ok(())
    }

    pub(crate) fn turn_to(&mut self, mono: MonoTime) {
        let mono = mono.max(self.now.mono);
        self.now = Now {
            mono,
            wall: self.now.wall + mono.since(self.now.mono),
        };
    }

    fn step(&mut self, input: Input<'_>) -> Step {
        self.steps += 1;
        let mut out = Vec::new();
        self.exchange.handle(self.now, input, &mut out);
        self.carry_out(out)?;
        if self.steps.is_multiple_of(256) {
            self.check_conservation()?;
        }
        Ok(())
    }

    fn carry_out(&mut self, out: Vec<Output>) -> Step {
        for output in out {
            let outputs = match &mut self.meddler {
                Some(meddler) => meddler.meddle(output),
                None => vec![output],
            };
            for output in outputs {
                if self.crashed {
                    return Ok(());
                }
                self.output(output)?;
            }
        }
        self.sync();
        Ok(())
    }

    fn output(&mut self, output: Output) -> Step {
        match output {
            Output::Send { route, bytes } => {
                self.note(&bytes);
                let text = String::from_utf8(bytes.to_vec()).unwrap_or_default();
                self.sends(route.remote, &text)
            }
            Output::Media(command) => self.media_command(command),
            Output::Fact(record) => self.fact(record),
            Output::Reply { request, .. } if self.unanswered.remove(&request) => Ok(()),
            Output::Reply { request, .. } => broken(None, format!("{request:?} is answered twice")),
            Output::View(change) => {
                if let ViewChange::Agent(view) = change {
                    self.desk(&view);
                }
                Ok(())
            }
        }
    }

    fn note(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.digest = (self.digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    // The journal.

    fn fact(&mut self, record: Record) -> Step {
        let no = u64::try_from(self.facts.len()).unwrap_or(0) + 1;
        let result = self.checker.fact(no, &record);
        let number = record.interaction.and_then(|id| self.checker.number(id));
        let fact = format!("{:?}", record.fact);
        self.note(fact.as_bytes());
        self.log(number, || format!("fact {no} {fact}"));
        let is_end = matches!(&record.fact, Fact::Call(CallFact::Ended { .. })) && record.cause != "recovery";
        if let Some(interaction) = record.interaction.filter(|_| is_end) {
            self.after(TOLD_AT_LAST, Event::MustBeDown(interaction));
        }
        self.facts.push(record);
        if self.crash_at == Some(no) {
            self.crashed = true;
        }
        result.or_else(|why| broken(number, why))
    }

    /// Begins to write what waits, when the disk is idle.
    fn sync(&mut self) {
        let written = u64::try_from(self.facts.len()).unwrap_or(0);
        if self.syncing || written == self.checker.durable || self.journal == JournalStatus::Failed {
            return;
        }
        self.syncing = true;
        let stalls = self.random.below(3_000) == 0;
        self.faults.journal_stalls += u32::from(stalls);
        let delay = if stalls {
            Duration::from_secs(3)
        } else {
            Duration::from_micros(100 + self.random.below(4_900))
        };
        self.after(delay, Event::Durable(written));
    }

    // The network.

    fn sends(&mut self, to: SocketAddr, text: &str) -> Step {
        let message = Text(text);
        if let Some(at) = phone_index(to) {
            let number = interaction_of(message).and_then(|id| self.checker.number(id));
            self.log(number, || format!("to phone {at}: {}", message.short()));
            if let Err(why) = self.checker.sends_to_phone(at, message) {
                return broken(number, why);
            }
        } else {
            let number = Citizen::number_of(message.call_id());
            self.log(number, || format!("to citizen: {}", message.short()));
            if let Some(number) = number
                && let Err(why) = self.checker.sends_to_citizen(number, message)
            {
                return broken(Some(number), why);
            }
        }
        self.carry(|text| Event::ToPeer(to, text), text);
        Ok(())
    }

    fn peer_sends(&mut self, from: SocketAddr, texts: Vec<String>) {
        for text in texts {
            self.carry(|text| Event::ToExchange(from, text), &text);
        }
    }

    /// One message between us and a peer: lost, doubled, late, or overtaken.
    fn carry(&mut self, arrives: impl Fn(String) -> Event, text: &str) {
        let number = Citizen::number_of(Text(text).call_id());
        let near = number
            .and_then(|it| self.citizens.get(&it))
            .is_some_and(|it| it.plan.near);
        let dice = self.random.below(100);
        if dice < 2 {
            self.faults.lost += 1;
            return;
        }
        let copies = if dice < 4 { 2 } else { 1 };
        self.faults.repeated += copies - 1;
        for _ in 0..copies {
            let delay = if near {
                50 + self.random.below(250)
            } else {
                1_000 + self.random.below(39_000)
            };
            let late = dice == 4;
            self.faults.late += u32::from(late);
            let extra = if late {
                300_000 + self.random.below(1_700_000)
            } else {
                0
            };
            self.after(Duration::from_micros(delay + extra), arrives(text.to_owned()));
        }
    }

    // What happens.

    fn happen(&mut self, event: Event) -> Step {
        match event {
            Event::ToExchange(from, text) => {
                if let Some(at) = phone_index(from) {
                    self.checker.hears_phone(at, Text(&text));
                }
                self.log(Citizen::number_of(Text(&text).call_id()), || {
                    format!("from citizen: {}", Text(&text).short())
                });
                let bytes = text.as_bytes();
                self.step(Input::Sip {
                    route: route(from),
                    bytes,
                })
            }
            Event::ToPeer(to, text) => {
                self.peer_receives(to, &text);
                Ok(())
            }
            Event::Durable(no) => {
                self.syncing = false;
                self.checker.durable = no;
                self.step(Input::Durable(FactNo(no)))
            }
            Event::Journal(status) => {
                self.journal = status;
                self.step(Input::Journal(status))
            }
            Event::Media(event) => self.step(Input::Media(event)),
            Event::PlaybackDue(leg, playback) => match self.media.playback_due(leg, playback) {
                Some(event) => self.step(Input::Media(event)),
                None => Ok(()),
            },
            Event::Tick => self.tick(),
            Event::WakeCitizen(number) => {
                self.with_citizen(number, Citizen::fire);
                Ok(())
            }
            Event::Citizen(number, act) => {
                self.citizen_acts(number, act);
                Ok(())
            }
            Event::WakePhone(at) => {
                self.with_phone(at, Phone::fire);
                Ok(())
            }
            Event::Phone(at, act) => {
                self.with_phone(at, |phone, now, out| phone.act(now, act, out));
                Ok(())
            }
            Event::Command(actor, command) => self.command(actor, command),
            Event::Dial(number) => {
                let citizen = Citizen::new(number, &mut self.random);
                self.citizens.insert(number, citizen);
                self.citizen_acts(number, citizen::Act::Dial);
                Ok(())
            }
            Event::Meddle => self.mood(),
            Event::MustBeDown(interaction) => self.check_down(interaction),
        }
    }

    /// The disk has its moods.
    fn mood(&mut self) -> Step {
        let next = Duration::from_secs(150 + self.random.below(100));
        self.after(next, Event::Meddle);
        if !self.setup.journal_faults || self.closing {
            return Ok(());
        }
        let status = if self.random.below(2) == 0 {
            JournalStatus::Full
        } else {
            JournalStatus::Failed
        };
        self.after(Duration::from_secs(2), Event::Journal(JournalStatus::Accepting));
        self.happen(Event::Journal(status))
    }

    fn peer_receives(&mut self, to: SocketAddr, text: &str) {
        if let Some(at) = phone_index(to) {
            self.with_phone(at, |phone, now, out| phone.receive(now, text, out));
        } else if let Some(number) = Citizen::number_of(Text(text).call_id()) {
            self.with_citizen(number, |citizen, now, out| citizen.receive(now, text, out));
        }
    }

    fn with_citizen(
        &mut self,
        number: u32,
        act: impl FnOnce(&mut Citizen, MonoTime, &mut Vec<String>) -> citizen::Acts,
    ) {
        let Some(citizen) = self.citizens.get_mut(&number) else {
            return;
        };
        let mut out = Vec::new();
        let acts = act(citizen, self.now.mono, &mut out);
        let (address, wake) = (citizen.address, citizen.next());
        self.peer_sends(address, out);
        for (delay, act) in acts {
            self.after(delay, Event::Citizen(number, act));
        }
        if let Some(at) = wake {
            let delay = at.since(self.now.mono);
            self.after(delay, Event::WakeCitizen(number));
        }
    }

    fn with_phone(
        &mut self,
        at: usize,
        act: impl FnOnce(&mut Phone, MonoTime, &mut Vec<String>) -> phone::Acts,
    ) {
        let Some(phone) = self.phones.get_mut(at) else {
            return;
        };
        let mut out = Vec::new();
        let acts = act(phone, self.now.mono, &mut out);
        let (address, wake) = (phone.address, phone.next());
        self.peer_sends(address, out);
        for (delay, act) in acts {
            self.after(delay, Event::Phone(at, act));
        }
        if let Some(next) = wake {
            let delay = next.since(self.now.mono);
            self.after(delay, Event::WakePhone(at));
        }
    }

    fn citizen_acts(&mut self, number: u32, act: citizen::Act) {
        let Some(citizen) = self.citizens.get(&number) else {
            return;
        };
        if let citizen::Act::Press(key) = act
            && citizen.presses_by_rtp()
        {
            let leg = self.media.leg_at(citizen.rtp()).filter(|_| citizen.is_up());
            let mut effects = Vec::new();
            if let Some(leg) = leg {
                self.media.press(leg, key, &mut effects);
            }
            self.take_effects(effects);
            return;
        }
        self.with_citizen(number, |citizen, now, out| citizen.act(now, act, out));
    }

    // Media.

    fn media_command(&mut self, command: MediaCommand) -> Step {
        let number = match &command {
            MediaCommand::Record { interaction, .. } => self.checker.number(*interaction),
            _ => None,
        };
        let mut effects = Vec::new();
        let result = self.media.command(self.now.mono, command, &mut effects);
        self.take_effects(effects);
        result.or_else(|why| broken(number, why))
    }

    fn tick(&mut self) -> Step {
        let mut effects = Vec::new();
        let result = self.media.tick(self.now.mono, &mut effects);
        self.ticking = false;
        self.take_effects(effects);
        result.or_else(|why| broken(None, why))
    }

    fn take_effects(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Event(delay, event) => self.after(delay, Event::Media(event)),
                Effect::PlaybackDue(delay, leg, playback) => {
                    self.after(delay, Event::PlaybackDue(leg, playback));
                }
                Effect::Bridged(number) => {
                    self.with_citizen(number, |citizen, _, _| citizen.talk_begins());
                    self.supervise(number);
                }
                // Some legs fall silent; what comes for a leg that is closed by then is stale.
                Effect::Opened(leg) if self.random.below(60) == 0 => {
                    let after = Duration::from_millis(2_000 + self.random.below(30_000));
                    self.after(after, Event::Media(MediaEvent::RtpTimeout { leg }));
                }
                Effect::Opened(_) => (),
            }
        }
        if self.media.is_ticking() && !self.ticking {
            self.ticking = true;
            self.after(TICK, Event::Tick);
        }
    }

    // People.

    /// A supervisor ends a talk now and then.
    fn supervise(&mut self, number: u32) {
        if self.random.below(100) != 0 {
            return;
        }
        let talk = self
            .checker
            .calls
            .iter()
            .find(|(_, model)| model.number == Some(number) && !model.ended);
        if let Some(interaction) = talk.map(|(id, _)| *id) {
            let actor = Actor::named(ActorKind::User, "supervisor");
            let command = Command::HangUp { interaction };
            self.after(Duration::from_secs(3), Event::Command(actor, command));
        }
    }

    /// An agent looks at his screen.
    fn desk(&mut self, view: &AgentView) {
        let at = agent_index(&view.agent);
        if self.closing
            || self
                .desk_busy
                .get(&at)
                .is_some_and(|until| self.now.mono < *until)
        {
            return;
        }
        let agent = view.agent.clone();
        let dice = self.random.below(100);
        let ready = Command::SetPresence {
            agent: agent.clone(),
            presence: Presence::Ready,
        };
        let (after, command) = match (&view.presence, view.occupancy) {
            (Presence::Offline, _) => {
                let command = Command::SignIn {
                    agent,
                    seat: None,
                    devices: Vec::new(),
                };
                (Duration::from_millis(100 + dice * 10), command)
            }
            (Presence::NotReady(_), Occupancy::Idle) => (Duration::from_millis(200 + dice * 50), ready),
            (Presence::Ready, Occupancy::Wrapup) if dice < 50 => (
                Duration::from_millis(500 + dice * 100),
                Command::FinishWrapup { agent },
            ),
            (Presence::Ready, Occupancy::Ringing) if dice < 3 => {
                (Duration::from_millis(300), Command::RejectOffer { agent })
            }
            (Presence::Ready, Occupancy::Talking) if dice < 5 => {
                let presence = Presence::NotReady(slug("rest"));
                (Duration::from_secs(1), Command::SetPresence { agent, presence })
            }
            _ => return,
        };
        self.desk_busy.insert(at, self.now.mono + after);
        let actor = Actor::named(ActorKind::Agent, &view.agent);
        self.after(after, Event::Command(actor, command));
    }

    fn command(&mut self, actor: Actor, command: Command) -> Step {
        self.requests += 1;
        let request = RequestId(self.requests);
        self.unanswered.insert(request);
        // A refused attempt is made again when the screen changes, or after a while.
        if let Command::SetPresence { agent, .. } | Command::SignIn { agent, .. } = &command {
            let at = agent_index(agent);
            let waits = self
                .exchange
                .acd()
                .agent(agent)
                .is_some_and(|it| it.presence != Presence::Ready);
            if waits && !self.closing {
                let again = Command::SetPresence {
                    agent: agent_of(at),
                    presence: Presence::Ready,
                };
                self.after(Duration::from_secs(20), Event::Command(actor.clone(), again));
            }
        }
        self.step(Input::Command {
            request,
            actor,
            command,
        })
    }

    // Ends.

    /// No free agent stands beside a caller whom he could serve.
    fn check_conservation(&self) -> Step {
        if self.journal == JournalStatus::Failed {
            return Ok(());
        }
        for (id, queue) in self.exchange.acd().queues() {
            for item in queue
                .waiting
                .values()
                .filter_map(|item| self.exchange.acd().item(*item))
            {
                let idle = queue.free.iter().find(|(_, agent)| {
                    item.excluded
                        .get(agent)
                        .is_none_or(|until| *until <= self.now.mono)
                });
                if let Some((_, agent)) = idle {
                    return broken(None, format!("{agent} is free beside a caller in {id}"));
                }
            }
        }
        Ok(())
    }

    /// A call is over for those who talked, too.
    fn check_down(&self, interaction: InteractionId) -> Step {
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
        for at in 0..self.setup.agents {
            self.after(Duration::from_secs(1), Event::Phone(at, phone::Act::Register));
        }
        self.exchange = exchange(self.setup.agents, FactNo(last), self.random.fork());
        self.start()
    }
}

fn broken<T>(number: Option<u32>, why: impl Into<String>) -> Result<T, Violation> {
    let why = why.into();
    Err(Violation { why, number })
}

fn interaction_of(message: Text<'_>) -> Option<InteractionId> {
    message.header("X-Interaction-Id").parse().ok()
}
