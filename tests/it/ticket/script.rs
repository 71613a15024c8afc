//! A script against the rules of a work order: people and the program give commands in virtual time.

use std::sync::Arc;

use rexian::account::Principal;
use rexian::account::Role;
use rexian::base::civil::CivilDate;
use rexian::base::civil::DayTime;
use rexian::base::civil::SiteZone;
use rexian::base::ids::OrganId;
use rexian::base::ids::TicketId;
use rexian::base::time::WallTime;
use rexian::fact::ticket::ClockBody;
use rexian::fact::ticket::ClockRef;
use rexian::fact::ticket::FileRef;
use rexian::fact::ticket::TicketFact;
use rexian::ticket::command::ClockDue;
use rexian::ticket::command::Command;
use rexian::ticket::command::FeedBack;
use rexian::ticket::command::RecordContact;
use rexian::ticket::command::Sign;
use rexian::ticket::decide::By;
use rexian::ticket::decide::CallView;
use rexian::ticket::decide::Context;
use rexian::ticket::decide::Known;
use rexian::ticket::decide::TicketError;
use rexian::ticket::decide::decide;
use rexian::ticket::evolve::blank;
use rexian::ticket::evolve::evolve;
use rexian::ticket::model::AppealType;
use rexian::ticket::model::Clock;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::ContactOutcome;
use rexian::ticket::model::ContactWay;
use rexian::ticket::model::Place;
use rexian::ticket::model::RouteBasis;
use rexian::ticket::model::Ticket;
use rexian::ticket::model::Urgency;
use rexian::ticket::reference::Kind;
use rexian::ticket::reference::Reference;
use serde_json::Value;

/// An order in virtual time.
pub(super) struct Script {
    pub(super) ticket: Ticket,
    pub(super) now: WallTime,
    pub(super) reference: Arc<Reference>,
    pub(super) zone: SiteZone,
    pub(super) known: Known,
}

pub(super) fn zone() -> SiteZone {
    SiteZone::new("Asia/Shanghai").unwrap()
}

/// `2026-11-24 24:00` in the site's zone.
pub(super) fn at(text: &str) -> WallTime {
    let (day, time) = text.split_once(' ').unwrap();
    zone().at(CivilDate::parse(day).unwrap(), DayTime::parse(time).unwrap())
}

pub(super) fn organ(id: &str) -> OrganId {
    id.parse().unwrap()
}

pub(super) fn person(user: &str, role: Role, organ: &str) -> Principal {
    Principal {
        user: user.parse().unwrap(),
        roles: [role].into(),
        organ: organ.parse().unwrap(),
        agent: None,
        session: String::new(),
        commitment: rexian::account::commitment::Commitment::Signed,
    }
}

pub(super) fn dispatcher() -> Principal {
    person("pai", Role::Dispatcher, "hotline")
}

pub(super) fn supervisor() -> Principal {
    person("ban", Role::Supervisor, "hotline")
}

/// Somebody of a unit directly below the city.
pub(super) fn unit(id: &str) -> Principal {
    person(&format!("of-{id}"), Role::Unit, &format!("hotline/{id}"))
}

pub(super) fn file(id: &str) -> FileRef {
    FileRef {
        id: id.to_owned(),
        sha256: "ab".repeat(32),
        bytes: 1,
        media_type: "image/jpeg".to_owned(),
    }
}

impl Script {
    /// An order that was just accepted: no region, a category without a limit of its own.
    pub(super) fn accepted(kind: AppealType, urgency: Urgency, when: &str) -> Self {
        let now = at(when);
        let id = TicketId::from_bytes(7_u128.to_be_bytes());
        let mut ticket = blank(id, now);
        ticket.draft.appeal_type = Some(kind);
        ticket.draft.category = "140403".to_owned();
        ticket.draft.urgency = Some(urgency);
        ticket.draft.place = Place::None;
        let mut script = Self {
            ticket,
            now,
            reference: Reference::shipped().unwrap(),
            zone: zone(),
            known: Known::default(),
        };
        script.fold(TicketFact::Submitted {
            appeal_type: kind.code().to_owned(),
            category: "140403".to_owned(),
            category_version: 1,
            urgency: urgency.code().to_owned(),
            version: 2,
        });
        script.clock(ClockKind::Dispatch, Some("2h"));
        script.clock(ClockKind::Citizen, None);
        script
    }

    /// One that was dispatched on the dispatcher's judgement.
    pub(super) fn dispatched(kind: AppealType, urgency: Urgency, when: &str, to: &str) -> Self {
        let mut script = Self::accepted(kind, urgency, when);
        script.dispatch(when, to);
        script
    }

    /// One that the unit signed at the same instant.
    pub(super) fn signed(kind: AppealType, urgency: Urgency, when: &str, to: &str) -> Self {
        let mut script = Self::dispatched(kind, urgency, when, to);
        script.give(when, &unit(to), Command::Sign(Sign {}));
        script
    }

    /// The reference data with a text of one document changed.
    pub(super) fn with(mut self, kind: Kind, from: &str, to: &str) -> Self {
        let document = self.reference.document(kind);
        assert!(document.contains(from), "{from}");
        let document = document.replace(from, to);
        self.reference = Arc::new(self.reference.with(kind, &document).unwrap());
        self
    }

    fn clock(&mut self, kind: ClockKind, rule: Option<&str>) {
        let deadline = rule.map(|_| at_plus(self.now, 2));
        self.fold(TicketFact::ClockStarted {
            clock: ClockBody {
                clock: ClockRef {
                    kind,
                    cycle: 0,
                    subject: 0,
                },
                start: self.now,
                deadline,
                provisional: false,
                rule: rule.unwrap_or_default().to_owned(),
                against: "organ".to_owned(),
                basis: String::new(),
                warnings: Vec::new(),
            },
        });
    }

    /// Applies a fact that somebody else's rule made.
    pub(super) fn fold(&mut self, fact: TicketFact) {
        evolve(&mut self.ticket, self.now, &fact, None);
    }

    pub(super) fn by(
        &mut self,
        when: &str,
        by: By<'_>,
        command: &Command,
    ) -> Result<Vec<String>, TicketError> {
        self.now = at(when);
        let ctx = Context {
            now: self.now,
            by,
            reference: &self.reference,
            zone: &self.zone,
            known: &self.known,
        };
        let outcome = decide(&self.ticket, command, &ctx)?;
        // What was decided is what its facts make of the order.
        let mut folded = self.ticket.clone();
        for decision in &outcome.decisions {
            evolve(&mut folded, self.now, &decision.fact, decision.personal.as_ref());
        }
        assert_eq!(folded, outcome.ticket);
        self.ticket = folded;
        Ok(outcome.decisions.iter().map(|it| told(&it.fact)).collect())
    }

    /// A person's command that is allowed; its facts.
    pub(super) fn give(&mut self, when: &str, who: &Principal, command: Command) -> Vec<String> {
        match self.by(when, By::User(who), &command) {
            Ok(facts) => facts,
            Err(refusal) => panic!("{command:?} at {when}: {refusal}"),
        }
    }

    /// A person's command that is refused; the rule and its clause.
    pub(super) fn refused(&mut self, when: &str, who: &Principal, command: Command) -> String {
        let before = self.ticket.clone();
        let refusal = self.by(when, By::User(who), &command);
        assert_eq!(self.ticket, before);
        match refusal {
            Err(refusal) => refusal.to_string().replace("DB1302/T 604—2025 ", ""),
            Ok(facts) => panic!("{command:?} at {when} is allowed: {facts:?}"),
        }
    }

    /// The program's command.
    pub(super) fn system(&mut self, when: &str, command: Command) -> Vec<String> {
        self.by(when, By::System, &command).unwrap()
    }

    /// The scheduler comes for every clock that is due, as often as there is something to do.
    pub(super) fn tick(&mut self, when: &str) -> Vec<String> {
        let mut facts = Vec::new();
        loop {
            let due = self
                .ticket
                .clocks
                .iter()
                .filter(|it| it.next_due().is_some_and(|due| due <= at(when)));
            let Some(clock) = due.min_by_key(|it| it.next_due()).map(|it| it.clock) else {
                return facts;
            };
            let more = self.system(when, Command::ClockDue(ClockDue { clock }));
            assert!(!more.is_empty(), "{clock:?} is due and nothing is done");
            facts.extend(more);
        }
    }

    pub(super) fn running(&self, kind: ClockKind, subject: u32) -> Option<&Clock> {
        self.ticket.clock(kind, subject)
    }

    /// The deadline of a running clock as people read it, or `-`.
    pub(super) fn due(&self, kind: ClockKind, subject: u32) -> String {
        let deadline = self.running(kind, subject).and_then(|it| it.deadline);
        deadline.map_or("-".to_owned(), |it| self.zone.format_end(it))
    }

    pub(super) fn dispatch(&mut self, when: &str, to: &str) -> Vec<String> {
        self.give(when, &dispatcher(), judged(to))
    }

    pub(super) fn heard(&mut self, when: &str, who: &Principal) {
        self.known.call = Some(CallView { answered: true });
        self.give(when, who, contact(ContactOutcome::Reached, "同意", true));
        self.known.call = None;
    }
}

fn at_plus(from: WallTime, hours: i64) -> WallTime {
    WallTime::from_micros(from.as_micros() + hours * 3_600_000_000)
}

/// A dispatch on the dispatcher's judgement.
pub(super) fn judged(to: &str) -> Command {
    Command::Dispatch(rexian::ticket::command::Dispatch {
        unit: organ(to),
        basis: RouteBasis::Judgement,
        rule: None,
        grid: None,
        reason: "职责相符".into(),
    })
}

pub(super) fn contact(outcome: ContactOutcome, opinion: &str, with_call: bool) -> Command {
    Command::RecordContact(RecordContact {
        way: ContactWay::Phone,
        outcome,
        number: "13900000000".into(),
        opinion: opinion.into(),
        note: "".into(),
        call: with_call.then(|| rexian::base::ids::InteractionId::from_bytes(9_u128.to_be_bytes())),
    })
}

/// A complete reply.
pub(super) fn full_reply() -> FeedBack {
    FeedBack {
        process: "已到现场查看".into(),
        basis: "按有关规定办理".into(),
        result: "已修复".into(),
        next_steps: "加强巡查".into(),
        public_reply: "您反映的问题已解决".into(),
        internal_note: "".into(),
        solved: true,
        citations: Vec::new(),
        co_summary: "".into(),
        unit_followup: "".into(),
        files: Vec::new(),
    }
}

pub(super) fn reply() -> Command {
    Command::FeedBack(full_reply())
}

/// A fact in one line: its kind, what its body holds, instants as people read them.
fn told(fact: &TicketFact) -> String {
    let Value::Object(fact) = serde_json::to_value(fact).unwrap() else {
        unreachable!()
    };
    let kind = fact["kind"]
        .as_str()
        .unwrap()
        .trim_start_matches("ticket.")
        .to_owned();
    let mut line = vec![kind.clone()];
    let body = fact.get("body").and_then(Value::as_object);
    let mut clock = Vec::new();
    for (key, value) in body.into_iter().flatten() {
        match key.as_str() {
            "clock" => clock = words(value),
            "basis" if kind == "clock_started" => (),
            "legal_basis" | "manifest" => (),
            _ => line.push(format!("{key}={}", shown(value))),
        }
    }
    line.splice(1..1, clock);
    line.retain(|it| !it.ends_with("=false") && !it.ends_with("=null"));
    line.join(" ")
}

fn words(clock: &Value) -> Vec<String> {
    let get = |key: &str| shown(&clock[key]);
    let mut words = vec![format!("{}/{}/{}", get("kind"), get("cycle"), get("subject"))];
    if let Some(deadline) = clock.get("deadline") {
        words.push(format!(
            "{} → {} by {}",
            get("rule"),
            shown(deadline),
            get("against")
        ));
        if clock["provisional"] == true {
            words.push("provisional".to_owned());
        }
        for warning in clock
            .get("warnings")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            words.push(format!("!{}", shown(warning)));
        }
    }
    words
}

fn shown(value: &Value) -> String {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(micros) if 1_000_000_000_000 < micros => zone().format_end(WallTime::from_micros(micros)),
            _ => number.to_string(),
        },
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(","),
        Value::Object(fields) => fields.values().map(shown).collect::<Vec<_>>().join("/"),
        other => other.to_string(),
    }
}
