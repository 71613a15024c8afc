//! The network of the simulator and the peers on it: what is lost, doubled, late or overtaken.

use std::net::SocketAddr;
use std::time::Duration;

use rexian::base::ids::InteractionId;
use rexian::base::time::MonoTime;

use crate::citizen;
use crate::citizen::Citizen;
use crate::city::phone_index;
use crate::phone;
use crate::phone::Phone;
use crate::text::Text;
use crate::world::Event;
use crate::world::Step;
use crate::world::World;
use crate::world::broken;

impl World {
    pub(crate) fn sends(&mut self, to: SocketAddr, text: &str) -> Step {
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

    pub(crate) fn peer_sends(&mut self, from: SocketAddr, texts: Vec<String>) {
        for text in texts {
            self.carry(|text| Event::ToExchange(from, text), &text);
        }
    }

    /// One message between us and a peer: lost, doubled, late, or overtaken.
    pub(crate) fn carry(&mut self, arrives: impl Fn(String) -> Event, text: &str) {
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

    pub(crate) fn peer_receives(&mut self, to: SocketAddr, text: &str) {
        if let Some(at) = phone_index(to) {
            self.with_phone(at, |phone, now, out| phone.receive(now, text, out));
        } else if let Some(number) = Citizen::number_of(Text(text).call_id()) {
            self.with_citizen(number, |citizen, now, out| citizen.receive(now, text, out));
        }
    }

    pub(crate) fn with_citizen(
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

    pub(crate) fn with_phone(
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

    pub(crate) fn citizen_acts(&mut self, number: u32, act: citizen::Act) {
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
}

fn interaction_of(message: Text<'_>) -> Option<InteractionId> {
    message.header("X-Interaction-Id").parse().ok()
}
