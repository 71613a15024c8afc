//! Who is told what of a fact: messages to the appellant, the units, the duty office and the hotline organ.
//!
//! **Invariants.** Pure: from the order after a command and one of its facts. Of a confidential order, and of one whose
//! appellant asked for secrecy, a notice holds no variable at all: number and query code are put in by whoever sends it.
//! What is told to units never names the appellant.
//! **Not here.** The words (`texts/zh-CN.toml`), numbers to dial, query codes, sending (`engine::outbox`).
//! **Source.** DB1302/T 604—2025 6.2, 7.1 to 7.8; work-order table, side effects.

use std::collections::BTreeMap;

use crate::base::ids::OrganId;
use crate::base::time::WallTime;
use crate::fact::ticket::ClockRef;
use crate::fact::ticket::TicketFact;
use crate::ticket::model::ClockKind;
use crate::ticket::model::Closing;
use crate::ticket::model::Flag;
use crate::ticket::model::FollowupMode;
use crate::ticket::model::HelpState;
use crate::ticket::model::Request;
use crate::ticket::model::RequestKind;
use crate::ticket::model::RequestState;
use crate::ticket::model::SubState;
use crate::ticket::model::SupervisionState;
use crate::ticket::model::Ticket;
use crate::ticket::model::UrgedBy;
use crate::ticket::model::Urgency;

/// To whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// 诉求人.
    Appellant,
    /// A unit's people.
    Unit(OrganId),
    /// A unit's duty office.
    DutyOffice(OrganId),
    /// The hotline organ's supervisors.
    Organ,
}

/// What stands in a place of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Words of the order.
    Words(String),
    /// The end of a limit.
    At(WallTime),
    /// An organ, told by its name.
    Organ(OrganId),
    /// A code with words in `[notice_reason]` of the texts.
    Code(String),
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The template's code.
    pub template: &'static str,
    /// To whom.
    pub to: To,
    /// What is put in beside number and query code.
    pub variables: BTreeMap<&'static str, Value>,
    /// Of a confidential order: nothing but number and query code may be told.
    pub confidential: bool,
}

/// The notices of one fact. `ticket` is the order as the whole command leaves it.
pub fn notices(ticket: &Ticket, fact: &TicketFact) -> Vec<Notice> {
    let mut out = Told {
        ticket,
        notices: Vec::new(),
    };
    out.intake(fact);
    out.units(fact);
    out.requests(fact);
    out.results(fact);
    out.side(fact);
    out.clocks(fact);
    out.notices
}

struct Told<'a> {
    ticket: &'a Ticket,
    notices: Vec<Notice>,
}

impl Told<'_> {
    fn tell<const N: usize>(&mut self, to: To, template: &'static str, values: [(&'static str, Value); N]) {
        let confidential = self.ticket.confidential || self.ticket.draft.secrecy;
        let variables = if confidential {
            BTreeMap::new()
        } else {
            BTreeMap::from(values)
        };
        self.notices.push(Notice {
            template,
            to,
            variables,
            confidential,
        });
    }

    fn alarm(&mut self, code: impl Into<String>) {
        self.tell(
            To::Organ,
            "supervisor_alarm",
            [("reason", Value::Code(code.into()))],
        );
    }

    fn words(&self, name: &str) -> Value {
        Value::Words(self.ticket.texts.get(name).to_owned())
    }

    /// The deadline of the order's newest clock of a kind, running or not.
    fn deadline(&self, kind: ClockKind, subject: u32) -> Value {
        let mut clocks = self.ticket.clocks.iter().rev();
        let found = clocks.find(|it| it.clock.kind == kind && it.clock.subject == subject);
        found
            .and_then(|it| it.deadline)
            .map_or_else(|| Value::Words(String::new()), Value::At)
    }

    fn unit(&self) -> Value {
        let unit = self.ticket.unit().cloned();
        unit.map_or_else(|| Value::Words(String::new()), Value::Organ)
    }

    fn intake(&mut self, fact: &TicketFact) {
        match fact {
            TicketFact::Received { .. } => self.tell(To::Appellant, "accepted", []),
            TicketFact::Submitted { urgency, .. } => {
                // Who wrote by another channel was told when it came.
                if self.ticket.origin.channel == "phone" {
                    self.tell(To::Appellant, "accepted", []);
                }
                if urgency == Urgency::Critical.code() {
                    self.alarm("critical");
                }
            }
            TicketFact::Answered { .. } => {
                let answer = self.words("answer.1.reply");
                self.tell(To::Appellant, "answered", [("answer", answer)]);
            }
            TicketFact::NotAccepted { .. } => {
                let reason = self.words("refusal.1.explanation");
                let route = self.words("refusal.1.route");
                self.tell(To::Appellant, "refused", [("reason", reason), ("route", route)]);
            }
            TicketFact::Referred {
                life_danger: true, ..
            } => self.alarm("life_danger"),
            TicketFact::Flagged { flag, on: true } => match flag {
                Flag::LifeDanger | Flag::Group | Flag::PublicOpinion => self.alarm(flag.code()),
                _ => (),
            },
            TicketFact::UrgencyChanged { to, .. } if Urgency::Normal < *to => {
                self.alarm("urgency_raised");
                if let Some(unit) = self.ticket.handler().cloned() {
                    let deadline = self.deadline(ClockKind::Close, 0);
                    self.tell(To::Unit(unit), "unit_near_limit", [("deadline", deadline)]);
                }
            }
            _ => (),
        }
    }

    fn units(&mut self, fact: &TicketFact) {
        match fact {
            // Praise is forwarded for information: nothing is asked, and nobody is told of a limit.
            TicketFact::Dispatched {
                unit,
                for_information: false,
                ..
            } => {
                let values = [
                    ("unit", self.unit()),
                    ("deadline", self.deadline(ClockKind::Close, 0)),
                ];
                self.tell(To::Appellant, "dispatched", values);
                self.new_order(unit.clone(), ClockKind::Sign, 0);
            }
            TicketFact::Redispatched { to, .. } => self.new_order(to.clone(), ClockKind::Sign, 0),
            TicketFact::SubOpened { sub, unit, .. } => self.new_order(unit.clone(), ClockKind::Sign, *sub),
            TicketFact::SubChanged {
                sub,
                state: SubState::Rework,
                ..
            } => {
                if let Some(unit) = self.ticket.sub(*sub).map(|part| part.unit.clone()) {
                    self.new_order(unit, ClockKind::Close, *sub);
                }
            }
            TicketFact::DutyNotified { unit, .. } => {
                let deadline = self.deadline(ClockKind::DutyNotice, 0);
                self.tell(
                    To::DutyOffice(unit.clone()),
                    "duty_office",
                    [("deadline", deadline)],
                );
            }
            TicketFact::Reworked { .. } => {
                let values = [
                    ("unit", self.unit()),
                    ("deadline", self.deadline(ClockKind::Close, 0)),
                ];
                self.tell(To::Appellant, "rework", values);
                if let Some(unit) = self.ticket.handler().cloned() {
                    self.new_order(unit, ClockKind::Close, 0);
                }
            }
            _ => (),
        }
    }

    fn new_order(&mut self, unit: OrganId, kind: ClockKind, subject: u32) {
        let deadline = self.deadline(kind, subject);
        self.tell(To::Unit(unit), "unit_new_order", [("deadline", deadline)]);
    }

    fn requests(&mut self, fact: &TicketFact) {
        match fact {
            TicketFact::RequestDecided { request, state, .. } => {
                if let Some(request) = self.ticket.request(*request).cloned() {
                    self.decided(&request, *state);
                }
            }
            TicketFact::ReviewSentBack { cycle, .. } => {
                let sent_back = self.ticket.cycle().map_or(0, |it| it.sent_back);
                let reason = self.words(&format!("review.{cycle}.{sent_back}.reason"));
                self.tell_unit("unit_returned", reason);
            }
            TicketFact::Cancelled { .. } => {
                self.tell_unit("unit_returned", Value::Code("cancelled".to_owned()));
            }
            _ => (),
        }
    }

    fn tell_unit(&mut self, template: &'static str, reason: Value) {
        if let Some(unit) = self.ticket.handler().cloned() {
            self.tell(To::Unit(unit), template, [("reason", reason)]);
        }
    }

    fn decided(&mut self, request: &Request, state: RequestState) {
        let deadline = self.deadline(ClockKind::Close, 0);
        match (request.what, state) {
            (_, RequestState::Open | RequestState::Void) => return,
            (RequestKind::Extension, RequestState::Approved) => {
                let reason = self.words(&format!("extension.{}.reason", request.no));
                let values = [("reason", reason), ("deadline", deadline)];
                self.tell(To::Appellant, "extended", values);
            }
            (RequestKind::Extension, RequestState::Refused) => {
                self.tell(To::Appellant, "extension_refused", [("deadline", deadline)]);
            }
            (RequestKind::Return | RequestKind::CoHandling, _) => (),
        }
        let code = format!("{}_{}", request.what.code(), state.code());
        let values = [("reason", Value::Code(code))];
        self.tell(To::Unit(request.unit.clone()), "unit_returned", values);
    }

    fn results(&mut self, fact: &TicketFact) {
        match fact {
            TicketFact::FollowupAttempted {
                mode: FollowupMode::Sms,
                ..
            } => {
                let unit = self.unit();
                self.tell(To::Appellant, "followup_ask", [("unit", unit)]);
            }
            TicketFact::Closed { how, .. } => match how {
                Closing::FollowedUp | Closing::Exempt | Closing::Verified => {
                    self.tell(To::Appellant, "closed", []);
                }
                // The answer was the message, nothing was asked for, or it was told long ago.
                Closing::InstantRating | Closing::Information | Closing::Imported => (),
            },
            _ => (),
        }
    }

    fn side(&mut self, fact: &TicketFact) {
        match fact {
            TicketFact::Urged { by, notified } => {
                if *by == UrgedBy::Appellant {
                    let unit = self.unit();
                    self.tell(To::Appellant, "urged", [("unit", unit)]);
                }
                if let Some(unit) = self.ticket.handler().cloned().filter(|_| *notified) {
                    let deadline = self.deadline(ClockKind::Close, 0);
                    self.tell(To::Unit(unit), "unit_near_limit", [("deadline", deadline)]);
                }
            }
            TicketFact::Supervised { no, cause, unit, .. } => {
                self.supervised(*no, unit.clone(), format!("supervision_{}", cause.code()));
            }
            TicketFact::SupervisionChanged { no, state } => self.supervision_changed(*no, *state),
            TicketFact::KeySupervised { cause, .. } => {
                let reason = Value::Code(format!("key_{}", cause.code()));
                let values = [
                    ("reason", reason),
                    ("deadline", self.deadline(ClockKind::Close, 0)),
                ];
                if let Some(unit) = self.ticket.handler().cloned() {
                    self.tell(To::Unit(unit), "unit_supervision", values);
                }
            }
            TicketFact::HelpChanged {
                no,
                state: HelpState::Assigned,
                ..
            } => {
                let time = self.deadline(ClockKind::HelpContact, *no);
                let place = self.words(&format!("help.{no}.place"));
                self.tell(
                    To::Appellant,
                    "help_appointment",
                    [("time", time), ("place", place)],
                );
            }
            _ => (),
        }
    }

    fn supervised(&mut self, no: u32, unit: OrganId, code: String) {
        let deadline = self.deadline(ClockKind::SupervisionReply, no);
        let values = [("reason", Value::Code(code)), ("deadline", deadline)];
        self.tell(To::Unit(unit), "unit_supervision", values);
    }

    fn supervision_changed(&mut self, no: u32, state: SupervisionState) {
        let found = self.ticket.supervisions.iter().find(|it| it.no == no);
        let Some(unit) = found.map(|it| it.unit.clone()) else {
            return;
        };
        match state {
            SupervisionState::Open => self.supervised(no, unit, "supervision_again".to_owned()),
            SupervisionState::Escalated => self.alarm("supervision_escalated"),
            SupervisionState::Read | SupervisionState::Replied | SupervisionState::Closed => (),
        }
    }

    fn clocks(&mut self, fact: &TicketFact) {
        match fact {
            TicketFact::ClockWarned { clock, .. } => self.clock(*clock, "unit_near_limit"),
            TicketFact::ClockBreached { clock } => self.clock(*clock, "unit_overdue"),
            _ => (),
        }
    }

    /// A unit's limit is told to the unit, everybody else's to the supervisors.
    fn clock(&mut self, clock: ClockRef, template: &'static str) {
        let of_unit = matches!(
            clock.kind,
            ClockKind::Sign | ClockKind::Close | ClockKind::FirstResult | ClockKind::SupervisionReply
        );
        if !of_unit {
            self.alarm(format!("clock_{}", clock.kind));
            return;
        }
        let supervision = || self.ticket.supervisions.iter().find(|it| it.no == clock.subject);
        let unit = if clock.kind == ClockKind::SupervisionReply {
            supervision().map(|it| it.unit.clone())
        } else if 0 < clock.subject {
            self.ticket.sub(clock.subject).map(|it| it.unit.clone())
        } else {
            self.ticket.handler().cloned()
        };
        let deadline = self.deadline(clock.kind, clock.subject);
        if let Some(unit) = unit {
            self.tell(To::Unit(unit), template, [("deadline", deadline)]);
        }
        // A first result that does not come is an emergency without help. Source: 7.5.1.
        if clock.kind == ClockKind::FirstResult && template == "unit_overdue" {
            self.alarm("clock_first_result");
        }
    }
}

#[cfg(test)]
#[path = "notices_test.rs"]
mod tests;
