//! A citizen's phone behind the carrier: calls, listens, presses keys, waits, talks, and sometimes behaves badly.

use std::net::SocketAddr;
use std::time::Duration;

use rexian::base::random::Random;
use rexian::base::time::MonoTime;

use crate::city::citizen_rtp;
use crate::city::trunk_address;
use crate::dialog::Dialog;
use crate::dialog::Heard;
use crate::text::Speaks;
use crate::text::Text;
use crate::text::sdp;

/// What a citizen does of his own accord.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Dial,
    Cancel,
    /// The ACK that a BYE has overtaken.
    Acknowledge(u32),
    Press(char),
    Hold,
    Retrieve,
    /// Has waited long enough.
    GiveUp,
    HangUp,
}

/// How a citizen treats our 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handshake {
    Acknowledges,
    /// Hangs up before he acknowledges.
    ByeFirst,
    /// Is gone.
    Vanishes,
}

/// What his INVITE carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    Early,
    Late,
    /// Late, and without an answer in the ACK.
    Never,
    NoCodec,
}

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) called: &'static str,
    pub(crate) stranger: bool,
    pub(crate) near: bool,
    pub(crate) real: bool,
    cancel: Option<Duration>,
    handshake: Handshake,
    offer: Offer,
    key: Option<(char, Duration)>,
    by_info: bool,
    patience: Duration,
    holds: bool,
    /// `None`: the agent ends the talk.
    talk: Option<Duration>,
}

impl Plan {
    pub(crate) fn draw(number: u32, random: &mut Random) -> Self {
        let ms =
            |random: &mut Random, from: u64, to: u64| Duration::from_millis(from + random.below(to - from));
        let dice = random.below(1_000);
        let real = number.is_multiple_of(50);
        let ordinary = real || dice >= 150;
        let called = match random.below(10) {
            0..3 => "12346",
            _ => "12345",
        };
        let minute = Duration::from_mins(1);
        let patience = match random.below(20) {
            0 => ms(random, 300, 3_500),
            1..4 => ms(random, 3_500, 20_000),
            _ => minute + ms(random, 0, 120_000),
        };
        let key = match random.below(10) {
            0..5 => Some('0'),
            5 | 6 => Some('1'),
            7 => Some('9'),
            8 => Some('7'),
            _ => None,
        };
        let mut plan = Self {
            called,
            stranger: false,
            near: random.below(3) == 0,
            real,
            cancel: None,
            handshake: Handshake::Acknowledges,
            offer: Offer::Early,
            key: key.map(|key| (key, ms(random, 500, 9_000))),
            by_info: random.below(10) == 0 && !real,
            patience,
            holds: random.below(20) == 0,
            talk: (random.below(10) < 6).then(|| ms(random, 1_000, 40_000)),
        };
        if !ordinary {
            plan.misbehave(dice, random);
        }
        plan
    }

    fn misbehave(&mut self, dice: u64, random: &mut Random) {
        match dice {
            0..20 => self.called = "55555",
            20..30 => self.stranger = true,
            30..40 => self.offer = Offer::NoCodec,
            40..60 => self.offer = Offer::Late,
            60..68 => self.offer = Offer::Never,
            68..90 => (self.near, self.cancel) = (true, Some(Duration::from_micros(random.below(500)))),
            90..110 => (self.near, self.cancel) = (false, Some(Duration::from_millis(random.below(20)))),
            110..130 => self.handshake = Handshake::ByeFirst,
            130..140 => self.handshake = Handshake::Vanishes,
            _ => self.patience = Duration::from_millis(500 + random.below(4_000)),
        }
    }
}

/// Where the call stands, as he sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Idle,
    Calling,
    Up,
    Ending,
    Over,
    Gone,
}

/// What a citizen noticed that a simulator counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Races {
    pub(crate) answers_after_cancel: u32,
    pub(crate) byes_before_ack: u32,
}

#[derive(Debug)]
pub(crate) struct Citizen {
    pub(crate) number: u32,
    pub(crate) address: SocketAddr,
    pub(crate) plan: Plan,
    pub(crate) stage: Stage,
    pub(crate) final_status: Option<u16>,
    pub(crate) races: Races,
    dialog: Dialog,
    cancelled: bool,
    holding: bool,
    version: u32,
    talking: bool,
}

pub(crate) type Acts = Vec<(Duration, Act)>;

impl Citizen {
    pub(crate) fn new(number: u32, random: &mut Random) -> Self {
        let plan = Plan::draw(number, random);
        let address = if plan.stranger {
            SocketAddr::from(([203, 0, 113, 9], 5060))
        } else {
            trunk_address(usize::try_from(number).unwrap_or(0))
        };
        let user = format!("139{number:08}");
        let target = format!("sip:{}@10.0.0.1", plan.called);
        Self {
            number,
            address,
            plan,
            stage: Stage::Idle,
            final_status: None,
            races: Races::default(),
            dialog: Dialog::caller(format!("c{number}@sim"), address, &user, &target),
            cancelled: false,
            holding: false,
            version: 1,
            talking: false,
        }
    }

    /// The number of the call whose Call-ID this is.
    pub(crate) fn number_of(call_id: &str) -> Option<u32> {
        call_id.strip_prefix('c')?.strip_suffix("@sim")?.parse().ok()
    }

    pub(crate) fn next(&self) -> Option<MonoTime> {
        self.dialog.next()
    }

    /// Whether he has hung up, or was, and nothing is left to say.
    pub(crate) fn is_done(&self) -> bool {
        match self.stage {
            Stage::Over => self.dialog.is_quiet(),
            Stage::Gone => true,
            Stage::Idle | Stage::Calling | Stage::Up | Stage::Ending => false,
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.stage == Stage::Up
    }

    pub(crate) fn rtp(&self) -> SocketAddr {
        citizen_rtp(self.number, self.plan.real)
    }

    pub(crate) fn act(&mut self, now: MonoTime, act: Act, out: &mut Vec<String>) -> Acts {
        match (act, self.stage) {
            (Act::Dial, Stage::Idle) => return self.dial(now, out),
            (Act::Cancel, Stage::Calling) => {
                self.cancelled = true;
                self.dialog.cancel(now, out);
            }
            (Act::Acknowledge(cseq), Stage::Up | Stage::Ending | Stage::Over) => {
                self.dialog.ack(cseq, "", out);
            }
            (Act::Press(key), Stage::Up) if self.plan.by_info => {
                let body = format!("Signal={key}\r\nDuration=160\r\n");
                self.dialog
                    .send_with(now, "INFO", "", ("application/dtmf-relay", &body), out);
            }
            (Act::Hold, Stage::Up) if self.talking => {
                self.holding = true;
                let holds = if self.number.is_multiple_of(4) {
                    Speaks::Rests
                } else {
                    Speaks::Holds
                };
                self.reoffer(now, holds, out);
                return vec![(Duration::from_secs(3), Act::Retrieve)];
            }
            (Act::Retrieve, Stage::Up) => {
                self.holding = false;
                self.reoffer(now, Speaks::Both, out);
            }
            (Act::GiveUp, Stage::Up) if self.talking => (),
            (Act::GiveUp | Act::HangUp, Stage::Up) => {
                self.dialog.send(now, "BYE", "", out);
                self.stage = Stage::Ending;
            }
            _ => (),
        }
        Acts::new()
    }

    fn dial(&mut self, now: MonoTime, out: &mut Vec<String>) -> Acts {
        self.stage = Stage::Calling;
        let offer = sdp(self.rtp(), 1, Speaks::Both);
        let offer = match self.plan.offer {
            Offer::Early => offer,
            Offer::Late | Offer::Never => String::new(),
            Offer::NoCodec => offer
                .replace("AVP 8 101", "AVP 18")
                .replace("a=rtpmap:8 PCMA/8000\r\n", ""),
        };
        self.dialog.send(now, "INVITE", &offer, out);
        Acts::new()
    }

    fn reoffer(&mut self, now: MonoTime, speaks: Speaks, out: &mut Vec<String>) {
        self.version += 1;
        let offer = sdp(self.rtp(), self.version, speaks);
        self.dialog.send(now, "INVITE", &offer, out);
    }

    pub(crate) fn receive(&mut self, now: MonoTime, text: &str, out: &mut Vec<String>) -> Acts {
        if self.stage == Stage::Gone {
            return Acts::new();
        }
        match self.dialog.receive(text, out) {
            Some(heard) => self.think(now, heard, out),
            None => Acts::new(),
        }
    }

    pub(crate) fn fire(&mut self, now: MonoTime, out: &mut Vec<String>) -> Acts {
        match self.dialog.fire(now, out) {
            Some(heard) => self.think(now, heard, out),
            None => Acts::new(),
        }
    }

    /// The agent is on the line: he stops being impatient and talks.
    pub(crate) fn talk_begins(&mut self) -> Acts {
        if std::mem::replace(&mut self.talking, true) {
            return Acts::new();
        }
        // Whoever waits for the agent to hang up does not wait for ever.
        let length = self.plan.talk.unwrap_or(Duration::from_mins(3));
        let mut acts = vec![(length, Act::HangUp)];
        if self.plan.holds {
            acts.push((Duration::from_secs(2), Act::Hold));
        }
        acts
    }

    fn think(&mut self, now: MonoTime, heard: Heard, out: &mut Vec<String>) -> Acts {
        match heard {
            Heard::Response(status, text) => self.answered(now, status, &text, out),
            Heard::Request(text) => {
                let is_bye = Text(&text).method() == "BYE";
                self.dialog
                    .answer(now, &text, if is_bye { 200 } else { 405 }, "", out);
                if is_bye {
                    self.stage = Stage::Over;
                }
                Acts::new()
            }
            Heard::TimedOut => {
                self.stage = Stage::Over;
                Acts::new()
            }
            Heard::Acknowledged => Acts::new(),
        }
    }

    fn answered(&mut self, now: MonoTime, status: u16, text: &str, out: &mut Vec<String>) -> Acts {
        let response = Text(text);
        match (response.method(), status) {
            ("INVITE", 100..200) => self
                .plan
                .cancel
                .filter(|_| !self.cancelled && self.stage == Stage::Calling)
                .map(|after| (after, Act::Cancel))
                .into_iter()
                .collect(),
            ("INVITE", 200..300) if self.stage == Stage::Calling => self.taken(now, response, out),
            ("INVITE", 200..300) => {
                self.dialog.ack(response.cseq(), "", out);
                Acts::new()
            }
            ("INVITE", _) if self.stage == Stage::Calling => {
                self.final_status = Some(status);
                self.stage = Stage::Over;
                Acts::new()
            }
            // 481: the engine knows nothing of this dialog any more.
            ("BYE", 200..) | ("INVITE" | "INFO", 481) => {
                self.stage = Stage::Over;
                Acts::new()
            }
            _ => Acts::new(),
        }
    }

    /// Our 200.
    fn taken(&mut self, now: MonoTime, response: Text<'_>, out: &mut Vec<String>) -> Acts {
        self.final_status = Some(200);
        self.stage = Stage::Up;
        if self.plan.handshake == Handshake::Vanishes {
            self.stage = Stage::Gone;
            self.dialog.forget();
            return Acts::new();
        }
        let answer = match self.plan.offer {
            Offer::Late => sdp(self.rtp(), 1, Speaks::Both),
            Offer::Early | Offer::Never | Offer::NoCodec => String::new(),
        };
        if self.plan.handshake == Handshake::ByeFirst {
            self.races.byes_before_ack += 1;
            self.act(now, Act::HangUp, out);
            return vec![(Duration::from_millis(20), Act::Acknowledge(response.cseq()))];
        }
        self.dialog.ack(response.cseq(), &answer, out);
        if self.cancelled {
            self.races.answers_after_cancel += 1;
            return self.act(now, Act::HangUp, out);
        }
        let mut acts = vec![(self.plan.patience, Act::GiveUp)];
        acts.extend(self.plan.key.map(|(key, after)| (after, Act::Press(key))));
        acts
    }

    /// Whether his key travels as RTP, and is not to be made up.
    pub(crate) fn presses_by_rtp(&self) -> bool {
        !self.plan.by_info
    }
}
