//! Media and people of the simulator: keys, prompts, desks and supervisors.

use std::time::Duration;

use rexian::exchange::command::Command;
use rexian::exchange::command::RequestId;
use rexian::exchange::input::Input;
use rexian::exchange::snapshot::AgentView;
use rexian::exchange::snapshot::Occupancy;
use rexian::fact::Actor;
use rexian::fact::ActorKind;
use rexian::fact::agent::Presence;
use rexian::media::command::MediaCommand;
use rexian::media::command::MediaEvent;

use crate::city::agent_index;
use crate::city::agent_of;
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
