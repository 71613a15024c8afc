//! Two endpoints and a bad network between them: whatever is lost, doubled or overtaken, both forget everything.

use std::collections::BTreeMap;
use std::time::Duration;

use rexian::base::random::Random;
use rexian::base::time::MonoTime;
use rexian::base::time::Now;
use rexian::base::timer_queue::TimerQueue;
use rexian::sip::endpoint::Completed;
use rexian::sip::endpoint::Endpoint;
use rexian::sip::endpoint::Event;
use rexian::sip::endpoint::OutgoingInvite;
use rexian::sip::endpoint::Output;
use rexian::sip::endpoint::Refusal;
use rexian::sip::endpoint::SessionId;
use rexian::sip::endpoint::Target;
use rexian::sip::endpoint::TimerKey;

use super::OFFER;
use super::config;
use super::udp;

const SIDES: [&str; 2] = ["192.0.2.1:5060", "192.0.2.2:5060"];

struct Side {
    endpoint: Endpoint,
    timers: TimerQueue<TimerKey>,
    /// Sessions alive as the exchange sees them.
    alive: BTreeMap<SessionId, u32>,
}

struct Network {
    sides: [Side; 2],
    now: Now,
    random: Random,
    in_flight: BTreeMap<(MonoTime, u64), (usize, Vec<u8>)>,
    sequence: u64,
    loss_percent: u64,
}

impl Network {
    fn new(seed: u64) -> Self {
        let mut random = Random::from_number(seed);
        let mut side = |at: usize| Side {
            endpoint: Endpoint::new(config(SIDES[at], &SIDES[1 - at][..9]), random.fork()),
            timers: TimerQueue::default(),
            alive: BTreeMap::new(),
        };
        let sides = [side(0), side(1)];
        let loss_percent = random.below(40);
        let in_flight = BTreeMap::new();
        Self {
            sides,
            now: Now::default(),
            random,
            in_flight,
            sequence: 0,
            loss_percent,
        }
    }

    fn act<T>(&mut self, at: usize, act: impl FnOnce(&mut Endpoint, Now, &mut Vec<Output>) -> T) -> T {
        let mut out = Vec::new();
        let result = act(&mut self.sides[at].endpoint, self.now, &mut out);
        let mut events = Vec::new();
        for output in out {
            match output {
                Output::Send { route, bytes } => {
                    assert_eq!(route.remote.to_string(), SIDES[1 - at]);
                    self.carry(1 - at, &bytes);
                }
                Output::SetTimer(key, due) => self.sides[at].timers.set(key, due),
                Output::StopTimer(key) => self.sides[at].timers.stop(&key),
                Output::Event(event) => events.push(event),
            }
        }
        for event in events {
            self.react(at, &event);
        }
        result
    }

    fn carry(&mut self, to: usize, bytes: &[u8]) {
        let copies = if self.random.below(10) == 0 { 2 } else { 1 };
        for _ in 0..copies {
            if self.random.below(100) < self.loss_percent {
                continue;
            }
            self.sequence += 1;
            let delay = Duration::from_millis(1 + self.random.below(700));
            self.in_flight
                .insert((self.now.mono + delay, self.sequence), (to, bytes.to_vec()));
        }
    }

    /// What an exchange of whims does with an event.
    fn react(&mut self, at: usize, event: &Event) {
        let whim = self.random.below(10);
        match event {
            Event::Incoming { session, .. } => {
                let session = *session;
                assert_eq!(self.sides[at].alive.insert(session, 0), None);
                match whim {
                    0 => {
                        self.sides[at].alive.remove(&session);
                        let refusal = Refusal {
                            status: 486,
                            q850: Some((17, "busy")),
                            retry_after_s: None,
                        };
                        self.act(at, |endpoint, now, out| {
                            endpoint.refuse(now, session, &refusal, out);
                        });
                    }
                    1 => self.act(at, |endpoint, now, out| endpoint.ring(now, session, 180, out)),
                    _ => {
                        self.act(at, |endpoint, now, out| endpoint.ring(now, session, 180, out));
                        self.act(at, |endpoint, now, out| endpoint.answer(now, session, OFFER, out));
                    }
                }
            }
            Event::Offer { session, .. } => {
                let session = *session;
                assert!(self.sides[at].alive.contains_key(&session));
                match whim {
                    0 => (),
                    1 => self.act(at, |endpoint, now, out| {
                        endpoint.refuse_offer(now, session, 488, out);
                    }),
                    _ => self.act(at, |endpoint, now, out| {
                        endpoint.answer_offer(now, session, OFFER, out);
                    }),
                }
            }
            Event::Cancelled { session }
            | Event::Failed { session, .. }
            | Event::Ended { session, .. }
            | Event::Closed { session } => {
                let known = self.sides[at].alive.remove(session);
                assert!(known.is_some(), "a session ended twice: {event:?}");
            }
            Event::Acknowledged { session, .. }
            | Event::Progress { session, .. }
            | Event::Answered { session, .. }
            | Event::OfferAnswered { session, .. }
            | Event::OfferFailed { session, .. }
            | Event::Info { session, .. } => {
                assert!(self.sides[at].alive.contains_key(session), "late news: {event:?}");
            }
            Event::Refused { .. } | Event::Registered { .. } | Event::Unregistered { .. } => (),
        }
    }

    /// Somebody does something to one of his sessions.
    fn meddle(&mut self) {
        let at = usize::try_from(self.random.below(2)).unwrap();
        let count = u64::try_from(self.sides[at].alive.len()).unwrap();
        if count == 0 || self.random.below(4) == 0 {
            return self.call(at);
        }
        let place = usize::try_from(self.random.below(count)).unwrap();
        let session = *self.sides[at].alive.keys().nth(place).unwrap();
        match self.random.below(8) {
            0 => self.act(at, |endpoint, now, out| {
                endpoint.bye(now, session, Some((16, "bye")), out);
            }),
            1 => self.act(at, |endpoint, now, out| {
                endpoint.cancel(now, session, Completed::Elsewhere, out);
            }),
            2 => self.act(at, |endpoint, now, out| endpoint.answer(now, session, OFFER, out)),
            3 => self.act(at, |endpoint, now, out| endpoint.ring(now, session, 183, out)),
            _ => self.act(at, |endpoint, now, out| {
                endpoint.reoffer(now, session, OFFER, out);
            }),
        }
    }

    fn call(&mut self, at: usize) {
        let request = OutgoingInvite {
            target: Target::Uri {
                uri: format!("sip:1@{}", SIDES[1 - at]),
                route: udp(SIDES[at], SIDES[1 - at]),
            },
            from_user: "12345".to_owned(),
            from_display: None,
            to_user: "1".to_owned(),
            headers: Vec::new(),
            sdp: OFFER.to_owned(),
        };
        let session = self.act(at, |endpoint, now, out| endpoint.invite(now, &request, out));
        self.sides[at].alive.insert(session, 0);
    }

    /// Runs until `end`; a meddler acts every half second until `busy_until`.
    fn run(&mut self, busy_until: MonoTime, end: MonoTime) {
        let mut next_meddling = self.now.mono;
        loop {
            let due = [
                self.in_flight.keys().next().map(|(due, _)| *due),
                self.sides[0].timers.next(),
                self.sides[1].timers.next(),
                Some(next_meddling).filter(|due| *due < busy_until),
            ];
            let Some(next) = due.into_iter().flatten().min().filter(|due| *due <= end) else {
                break;
            };
            self.now.mono = next;
            if due[3] == Some(next) {
                next_meddling = next + Duration::from_millis(1 + self.random.below(1_000));
                self.meddle();
            } else if let Some(entry) = self.in_flight.first_entry().filter(|entry| entry.key().0 == next) {
                let (to, bytes) = entry.remove();
                let route = udp(SIDES[to], SIDES[1 - to]);
                self.act(to, |endpoint, now, out| endpoint.receive(now, route, &bytes, out));
            } else {
                for at in 0..2 {
                    if let Some(key) = self.sides[at].timers.pop_due(next) {
                        self.act(at, |endpoint, now, out| endpoint.timeout(now, key, out));
                    }
                }
            }
        }
        self.now.mono = end;
    }
}

fn at(seconds: u64) -> MonoTime {
    MonoTime::from_micros(seconds * 1_000_000)
}

#[test]
fn whatever_the_network_does_both_sides_end_idle() {
    for seed in 0..300 {
        let mut network = Network::new(seed);
        network.run(at(20), at(20));
        for side in 0..2 {
            let sessions: Vec<SessionId> = network.sides[side].alive.keys().copied().collect();
            for session in sessions {
                network.act(side, |endpoint, now, out| endpoint.bye(now, session, None, out));
            }
        }
        network.run(at(20), at(2_000));
        for side in &network.sides {
            let left = side.endpoint.counters();
            assert!(side.endpoint.is_idle(), "seed {seed}: left over {left:?}");
            assert!(side.timers.is_empty(), "seed {seed}: timers {:?}", side.timers);
            assert!(
                side.alive.is_empty(),
                "seed {seed}: not told the end of {:?}",
                side.alive
            );
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let run = |seed| {
        let mut network = Network::new(seed);
        network.run(at(20), at(100));
        (
            network.sequence,
            network.sides.map(|side| side.endpoint.counters()),
        )
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7).0, run(8).0);
}
