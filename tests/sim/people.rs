//! Media and people of the simulator: keys, prompts, desks and supervisors.

use std::sync::Arc;
use std::time::Duration;

use rexian::exchange::command::Command;
use rexian::exchange::command::RequestId;
use rexian::exchange::input::Input;
use rexian::exchange::profile::Line;
use rexian::exchange::snapshot::AgentView;
use rexian::exchange::snapshot::Occupancy;
use rexian::fact::Actor;
use rexian::fact::ActorKind;
use rexian::fact::agent::Presence;
use rexian::media::command::MediaCommand;
use rexian::media::command::MediaEvent;

use crate::city::account;
use crate::city::agent_index;
use crate::city::agent_of;
use crate::city::profile;
use crate::city::slug;
use crate::media::Effect;
use crate::world::Event;
use crate::world::Step;
use crate::world::TICK;
use crate::world::World;
use crate::world::broken;

impl World {
    pub(crate) fn media_command(&mut self, command: MediaCommand) -> Step {
        let number = match &command {
            MediaCommand::Record { interaction, .. } => self.checker.number(*interaction),
            _ => None,
        };
        let mut effects = Vec::new();
        let result = self.media.command(self.now.mono, command, &mut effects);
        self.take_effects(effects);
        result.or_else(|why| broken(number, why))
    }

    pub(crate) fn tick(&mut self) -> Step {
        let mut effects = Vec::new();
        let result = self.media.tick(self.now.mono, &mut effects);
        self.ticking = false;
        self.take_effects(effects);
        result.or_else(|why| broken(None, why))
    }

    pub(crate) fn take_effects(&mut self, effects: Vec<Effect>) {
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

    /// A supervisor ends a talk now and then.
    pub(crate) fn supervise(&mut self, number: u32) {
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

    /// An agent's screen is painted; only what is new there is looked at. His own name is no news.
    pub(crate) fn look(&mut self, mut view: AgentView) {
        view.name.clear();
        if self.screens.get(&view.agent) != Some(&view) {
            self.desk(&view);
            self.screens.insert(view.agent.clone(), view);
        }
    }

    /// An administrator publishes a profile: by turns other names, a queue more and a line more, and the first again.
    pub(crate) fn publish(&mut self) -> Step {
        self.published += 1;
        self.requests += 1;
        let request = RequestId(self.requests);
        self.unanswered.insert(request);
        let mut profile = profile(self.setup.agents);
        if self.published % 2 == 1 {
            for agent in profile.agents.values_mut() {
                agent.name += "乙";
            }
            let spare = profile.queues.get(&slug("general")).cloned();
            profile.queues.extend(spare.map(|queue| (slug("spare"), queue)));
            let line = profile.lines.get(&slug("direct")).cloned();
            profile.lines.extend(line.map(|line| {
                (
                    slug("spare"),
                    Line {
                        number: "12347".to_owned(),
                        ..line
                    },
                )
            }));
        }
        let command = Command::Publish {
            version: self.published,
            profile: Arc::new(profile),
            devices: (0..self.setup.agents).map(account).collect(),
        };
        let actor = Actor::named(ActorKind::User, "admin");
        let mut out = Vec::new();
        let input = Input::Command {
            request,
            actor,
            command,
        };
        self.exchange.handle(self.now, input, &mut out);
        self.carry_out(out)
    }

    /// An agent looks at his screen.
    pub(crate) fn desk(&mut self, view: &AgentView) {
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

    pub(crate) fn command(&mut self, actor: Actor, command: Command) -> Step {
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
}
