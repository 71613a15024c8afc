//! The simulated world: time, network, journal, people and machines around one exchange.
//!
//! Everything is drawn from one seed. Nothing here reads a clock.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use rexian::base::ids::AgentId;
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
use rexian::exchange::snapshot::ViewChange;
use rexian::fact::Actor;
use rexian::fact::Fact;
use rexian::fact::FactNo;
use rexian::fact::Record;
use rexian::fact::call::CallFact;
use rexian::media::command::MediaEvent;
use rexian::media::command::MediaLeg;
use rexian::media::command::PlaybackId;

use crate::checker::Checker;
use crate::citizen;
use crate::citizen::Citizen;
use crate::city::exchange;
use crate::city::phone_index;
use crate::city::route;
use crate::defects::Meddler;
use crate::media::Media;
use crate::phone;
use crate::phone::Phone;
use crate::text::Text;

pub(crate) const TICK: Duration = Duration::from_millis(2);
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
    /// A profile is published after every so many steps; 0: never.
    pub(crate) publish_every: u64,
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

pub(crate) enum Event {
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
    pub(crate) events: BTreeMap<(MonoTime, u64), Event>,
    pub(crate) sequence: u64,
    pub(crate) random: Random,
    pub(crate) syncing: bool,
    pub(crate) journal: JournalStatus,
    pub(crate) ticking: bool,
    pub(crate) requests: u64,
    pub(crate) unanswered: BTreeSet<RequestId>,
    pub(crate) desk_busy: BTreeMap<usize, MonoTime>,
    /// What each agent saw last.
    pub(crate) screens: BTreeMap<AgentId, AgentView>,
    /// Profiles published.
    pub(crate) published: u64,
    pub(crate) closing: bool,
    pub(crate) logs: BTreeMap<u32, VecDeque<String>>,
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
            screens: BTreeMap::new(),
            published: 0,
            closing: false,
            logs: BTreeMap::new(),
        };
        world.plan();
        world
    }

    /// Lays out the day: phones come up, people sign in, calls come, the disk has its moods.
    pub(crate) fn plan(&mut self) {
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

    pub(crate) fn after(&mut self, delay: Duration, event: Event) {
        self.sequence += 1;
        self.events.insert((self.now.mono + delay, self.sequence), event);
    }

    /// The last events of a call.
    pub(crate) fn log_of(&self, number: u32) -> String {
        let lines = self.logs.get(&number).into_iter().flatten();
        lines.fold(String::new(), |all, line| all + "  " + line + "\n")
    }

    pub(crate) fn log(&mut self, number: Option<u32>, line: impl FnOnce() -> String) {
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

    pub(crate) fn step(&mut self, input: Input<'_>) -> Step {
        self.steps += 1;
        let mut out = Vec::new();
        self.exchange.handle(self.now, input, &mut out);
        self.carry_out(out)?;
        self.check_conservation()?;
        if self.setup.publish_every != 0 && self.steps.is_multiple_of(self.setup.publish_every) {
            self.publish()?;
        }
        Ok(())
    }

    pub(crate) fn carry_out(&mut self, out: Vec<Output>) -> Step {
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

    pub(crate) fn output(&mut self, output: Output) -> Step {
        match output {
            Output::Send { route, bytes } => {
                self.note(&bytes);
                let text = String::from_utf8(bytes.to_vec()).unwrap_or_default();
                self.sends(route.remote, &text)
            }
            Output::Media(command) => {
                self.note(format!("{command:?}").as_bytes());
                self.media_command(command)
            }
            Output::Fact(record) => self.fact(record),
            Output::Reply { request, .. } if self.unanswered.remove(&request) => Ok(()),
            Output::Reply { request, .. } => broken(None, format!("{request:?} is answered twice")),
            Output::View(change) => {
                if let ViewChange::Agent(view) = change {
                    self.look(view);
                }
                Ok(())
            }
        }
    }

    pub(crate) fn note(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.digest = (self.digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    // The journal.

    pub(crate) fn fact(&mut self, record: Record) -> Step {
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
    pub(crate) fn sync(&mut self) {
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

    // What happens.

    pub(crate) fn happen(&mut self, event: Event) -> Step {
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
    pub(crate) fn mood(&mut self) -> Step {
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
}

pub(crate) fn broken<T>(number: Option<u32>, why: impl Into<String>) -> Result<T, Violation> {
    let why = why.into();
    Err(Violation { why, number })
}
