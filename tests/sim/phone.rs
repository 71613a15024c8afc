//! An agent's phone: registers with a digest of its own making, rings, answers or does not, talks and hangs up.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use md5::Digest as _;
use rexian::base::random::Random;
use rexian::base::time::MonoTime;

use crate::city::REALM;
use crate::city::phone_address;
use crate::city::phone_rtp;
use crate::city::user_of;
use crate::dialog::Dialog;
use crate::dialog::Heard;
use crate::text::Speaks;
use crate::text::Text;
use crate::text::sdp;
use crate::text::with_body;

const EXPIRES: Duration = Duration::from_mins(20);
const REMEMBERED: Duration = Duration::from_mins(5);
/// Nobody cancels the INVITE of a process that died under way: the phone stops ringing by itself.
const RINGS_FOR: Duration = Duration::from_mins(1);

/// What a phone does of its own accord.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Register,
    /// In the call of this Call-ID.
    Ring(String),
    Answer(String),
    Fail(String, u16),
    Hold(String),
    Retrieve(String),
    HangUp(String),
}

/// What a phone does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    Answers,
    Rejects,
    RingsOut,
    Fails(u16),
    /// Says nothing at all.
    Silent,
    /// Answers when it is cancelled.
    AnswersLate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Ringing,
    Up,
    Ending,
    Over,
}

#[derive(Debug)]
pub(crate) struct PhoneCall {
    dialog: Dialog,
    invite: String,
    interaction: String,
    plan: Plan,
    pub(crate) stage: Stage,
    version: u32,
    rtp: SocketAddr,
    since: MonoTime,
}

#[derive(Debug)]
pub(crate) struct Phone {
    pub(crate) at: usize,
    pub(crate) address: SocketAddr,
    pub(crate) calls: BTreeMap<String, PhoneCall>,
    /// 200s that were sent after a CANCEL.
    pub(crate) late_answers: u32,
    registration: Registration,
    serial: u32,
    /// Call-IDs of INVITEs whose sender died before they arrived.
    orphans: BTreeSet<String>,
    leaves: bool,
    random: Random,
}

#[derive(Debug, Default)]
struct Registration {
    text: String,
    cseq: u32,
    waits: bool,
    next: MonoTime,
    tries: u32,
    nonce: String,
    count: u32,
}

pub(crate) type Acts = Vec<(Duration, Act)>;

impl Phone {
    pub(crate) fn new(at: usize, random: Random) -> Self {
        Self {
            at,
            address: phone_address(at),
            calls: BTreeMap::new(),
            late_answers: 0,
            registration: Registration::default(),
            serial: 0,
            orphans: BTreeSet::new(),
            leaves: false,
            random,
        }
    }

    pub(crate) fn next(&self) -> Option<MonoTime> {
        let calls = self.calls.values().filter_map(|call| call.dialog.next());
        calls
            .chain(self.registration.waits.then_some(self.registration.next))
            .min()
    }

    /// Whether no call is left.
    pub(crate) fn is_done(&self) -> bool {
        self.calls
            .values()
            .all(|call| call.stage == Stage::Over && call.dialog.is_quiet())
            && !self.registration.waits
    }

    /// Whether a call of this interaction is up.
    pub(crate) fn is_up_for(&self, interaction: &str) -> bool {
        let mut calls = self.calls.values();
        calls.any(|call| call.stage == Stage::Up && call.interaction == interaction)
    }

    /// The calls whose other end died.
    pub(crate) fn forget_calls(&mut self) {
        for call in self.calls.values_mut() {
            call.stage = Stage::Over;
            call.dialog.forget();
        }
    }

    /// An INVITE of a dead process is still under way to it.
    pub(crate) fn will_hear_of_the_dead(&mut self, call_id: &str) {
        self.orphans.insert(call_id.to_owned());
    }

    /// The phone goes home: it takes its registration back.
    pub(crate) fn leave(&mut self, now: MonoTime, out: &mut Vec<String>) {
        self.leaves = true;
        self.register(now, out);
    }

    // Registration.

    fn register(&mut self, now: MonoTime, out: &mut Vec<String>) {
        let user = user_of(self.at);
        let it = &mut self.registration;
        it.cseq += 1;
        let proof = if it.nonce.is_empty() {
            String::new()
        } else {
            it.count += 1;
            proof(&user, &it.nonce, it.count)
        };
        let (address, cseq) = (self.address, it.cseq);
        let expires = if self.leaves { 0 } else { EXPIRES.as_secs() };
        let head = format!(
            "REGISTER sip:{REALM} SIP/2.0\r\nVia: SIP/2.0/UDP {address};rport;branch=z9hG4bKr{}.{cseq}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{user}@{REALM}>;tag=r{user}\r\nTo: <sip:{user}@{REALM}>\r\n\
             Call-ID: register-{user}\r\nCSeq: {cseq} REGISTER\r\nContact: <sip:{user}@{address}>\r\n\
             Expires: {expires}\r\n{proof}",
            self.at
        );
        it.text = with_body(&head, "", "");
        (it.waits, it.tries, it.next) = (true, 0, now + Duration::from_millis(500));
        out.push(it.text.clone());
    }

    fn registered(&mut self, now: MonoTime, response: Text<'_>, out: &mut Vec<String>) -> Acts {
        if !self.registration.waits || response.cseq() != self.registration.cseq {
            return Acts::new();
        }
        match response.status() {
            Some(200) => {
                self.registration.waits = false;
                if self.leaves {
                    return Acts::new();
                }
                vec![(EXPIRES / 2, Act::Register)]
            }
            Some(401) => {
                let md5 = response
                    .headers("WWW-Authenticate")
                    .find(|value| value.contains("algorithm=MD5"));
                let nonce = md5
                    .and_then(|value| value.split("nonce=\"").nth(1)?.split('"').next())
                    .unwrap_or_default();
                nonce.clone_into(&mut self.registration.nonce);
                self.registration.count = 0;
                self.register(now, out);
                Acts::new()
            }
            _ => Acts::new(),
        }
    }

    // Calls.

    pub(crate) fn act(&mut self, now: MonoTime, act: Act, out: &mut Vec<String>) -> Acts {
        let (id, step): (String, _) = match act {
            Act::Register => {
                if !self.leaves && !self.registration.waits {
                    self.register(now, out);
                }
                return Acts::new();
            }
            Act::Ring(id) => (id, Step::Respond(180)),
            Act::Answer(id) => (id, Step::Respond(200)),
            Act::Fail(id, status) => (id, Step::Respond(status)),
            Act::Hold(id) if self.at.is_multiple_of(2) => (id, Step::Offer(Speaks::Rests)),
            Act::Hold(id) => (id, Step::Offer(Speaks::Holds)),
            Act::Retrieve(id) => (id, Step::Offer(Speaks::Both)),
            Act::HangUp(id) => (id, Step::HangUp),
        };
        let Some(call) = self.calls.get_mut(&id) else {
            return Acts::new();
        };
        match (step, call.stage) {
            (Step::Respond(status), Stage::Ringing) => call.respond(now, status, out),
            (Step::Offer(speaks), Stage::Up) => {
                call.version += 1;
                let offer = sdp(call.rtp, call.version, speaks);
                call.dialog.send(now, "INVITE", &offer, out);
                if speaks != Speaks::Both {
                    return vec![(Duration::from_secs(4), Act::Retrieve(id))];
                }
            }
            (Step::HangUp, Stage::Up) => {
                call.dialog.send(now, "BYE", "", out);
                call.stage = Stage::Ending;
            }
            _ => (),
        }
        Acts::new()
    }

    pub(crate) fn receive(&mut self, now: MonoTime, text: &str, out: &mut Vec<String>) -> Acts {
        let message = Text(text);
        if message.status().is_some() && message.method() == "REGISTER" {
            return self.registered(now, message, out);
        }
        let id = message.call_id().to_owned();
        if !self.calls.contains_key(&id) {
            if message.method() != "INVITE" || message.status().is_some() {
                return Acts::new();
            }
            return self.rung(now, message, out);
        }
        let Some(call) = self.calls.get_mut(&id) else {
            return Acts::new();
        };
        let heard = call.dialog.receive(text, out);
        self.think(now, &id, heard, out)
    }

    /// A new call.
    fn rung(&mut self, now: MonoTime, invite: Text<'_>, out: &mut Vec<String>) -> Acts {
        let plan = match self.random.below(100) {
            0..4 => Plan::Rejects,
            4..9 => Plan::RingsOut,
            9..11 => Plan::Fails(503),
            11..13 => Plan::Fails(480),
            13..15 => Plan::Silent,
            15..19 => Plan::AnswersLate,
            _ => Plan::Answers,
        };
        let id = invite.call_id().to_owned();
        self.serial += 1;
        let mut dialog = Dialog::called(invite, self.address);
        dialog.receive(invite.0, out);
        let call = PhoneCall {
            dialog,
            invite: invite.0.to_owned(),
            interaction: invite.header("X-Interaction-Id").to_owned(),
            plan,
            // Whoever says nothing has nothing to end.
            stage: if plan == Plan::Silent {
                Stage::Over
            } else {
                Stage::Ringing
            },
            version: 1,
            rtp: phone_rtp(self.at, self.serial),
            since: now,
        };
        // Over calls are remembered until nothing of them can arrive any more.
        self.calls
            .retain(|_, call| call.stage != Stage::Over || now.since(call.since) < REMEMBERED);
        self.calls.insert(id.clone(), call);
        let later = |random: &mut Random, ms: u64| Duration::from_millis(50 + random.below(ms));
        let ring = (Duration::from_millis(10), Act::Ring(id.clone()));
        if self.orphans.remove(&id) && matches!(plan, Plan::RingsOut | Plan::AnswersLate) {
            return vec![ring, (RINGS_FOR, Act::Fail(id, 480))];
        }
        match plan {
            Plan::Answers => vec![ring, (later(&mut self.random, 5_000), Act::Answer(id))],
            Plan::Rejects => vec![ring, (later(&mut self.random, 2_000), Act::Fail(id, 486))],
            Plan::Fails(status) => vec![(later(&mut self.random, 200), Act::Fail(id, status))],
            Plan::RingsOut | Plan::AnswersLate => vec![ring],
            Plan::Silent => vec![(Duration::from_secs(20), Act::Register)],
        }
    }

    fn think(&mut self, now: MonoTime, id: &str, heard: Option<Heard>, out: &mut Vec<String>) -> Acts {
        let Some(call) = self.calls.get_mut(id) else {
            return Acts::new();
        };
        match heard {
            None => Acts::new(),
            Some(Heard::Acknowledged) => {
                let random = &mut self.random;
                let mut acts = Acts::new();
                if call.stage == Stage::Up && call.version == 1 {
                    if random.below(10) < 5 {
                        let after = Duration::from_millis(2_000 + random.below(40_000));
                        acts.push((after, Act::HangUp(id.to_owned())));
                    }
                    if random.below(20) == 0 {
                        acts.push((Duration::from_millis(1_500), Act::Hold(id.to_owned())));
                    }
                }
                acts
            }
            Some(Heard::TimedOut) => {
                call.stage = Stage::Over;
                Acts::new()
            }
            Some(Heard::Response(status, text)) => {
                let response = Text(&text);
                match (response.method(), status) {
                    ("INVITE", 200..300) => call.dialog.ack(response.cseq(), "", out),
                    ("BYE", 200..) | (_, 481) => call.stage = Stage::Over,
                    _ => (),
                }
                Acts::new()
            }
            Some(Heard::Request(text)) => {
                let request = Text(&text);
                match request.method() {
                    "CANCEL" => {
                        call.dialog.answer(now, &text, 200, "", out);
                        let late = call.plan == Plan::AnswersLate && call.stage == Stage::Ringing;
                        let status = if late { 200 } else { 487 };
                        self.late_answers += u32::from(late);
                        if call.stage == Stage::Ringing {
                            call.respond(now, status, out);
                        }
                        Acts::new()
                    }
                    "BYE" => {
                        call.dialog.answer(now, &text, 200, "", out);
                        call.stage = Stage::Over;
                        Acts::new()
                    }
                    _ => {
                        call.dialog.answer(now, &text, 405, "", out);
                        Acts::new()
                    }
                }
            }
        }
    }

    pub(crate) fn fire(&mut self, now: MonoTime, out: &mut Vec<String>) -> Acts {
        let it = &mut self.registration;
        if it.waits && it.next <= now {
            it.tries += 1;
            if it.tries > 6 {
                it.waits = false;
                return vec![(Duration::from_secs(5), Act::Register)];
            }
            it.next = now + Duration::from_secs(1);
            out.push(it.text.clone());
        }
        let due = self
            .calls
            .iter()
            .filter(|(_, call)| call.dialog.next().is_some_and(|next| next <= now));
        let due: Vec<String> = due.map(|(id, _)| id.clone()).collect();
        let mut acts = Acts::new();
        for id in due {
            let heard = self
                .calls
                .get_mut(&id)
                .and_then(|call| call.dialog.fire(now, out));
            acts.extend(self.think(now, &id, heard, out));
        }
        acts
    }
}

enum Step {
    Respond(u16),
    Offer(Speaks),
    HangUp,
}

impl PhoneCall {
    fn respond(&mut self, now: MonoTime, status: u16, out: &mut Vec<String>) {
        let body = if status == 200 {
            sdp(self.rtp, 1, Speaks::Both)
        } else {
            String::new()
        };
        let invite = std::mem::take(&mut self.invite);
        self.dialog.answer(now, &invite, status, &body, out);
        self.invite = invite;
        self.stage = match status {
            180 => Stage::Ringing,
            200 => Stage::Up,
            _ => Stage::Over,
        };
    }
}

fn proof(user: &str, nonce: &str, count: u32) -> String {
    let secret = md5(&format!("{user}:{REALM}:secret-{user}"));
    let action = md5(&format!("REGISTER:sip:{REALM}"));
    let response = md5(&format!("{secret}:{nonce}:{count:08x}:c0ffee:auth:{action}"));
    format!(
        "Authorization: Digest username=\"{user}\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"sip:{REALM}\", qop=auth, \
         nc={count:08x}, cnonce=\"c0ffee\", response=\"{response}\", algorithm=MD5\r\n"
    )
}

fn md5(text: &str) -> String {
    let mut hex = String::new();
    for byte in md5::Md5::digest(text.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
