//! What must hold in every life of an order, checked fact by fact, so that a bad history can be shown to be found.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use rexian::base::ids::OrganId;
use rexian::base::time::WallTime;
use rexian::fact::ticket::ClockRef;
use rexian::fact::ticket::TicketFact;
use rexian::ticket::model::ClockCause;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::Closing;
use rexian::ticket::model::Ending;
use rexian::ticket::model::FollowupLevel;
use rexian::ticket::model::RequestKind;
use rexian::ticket::model::RequestState;
use rexian::ticket::model::State;
use rexian::ticket::model::SubState;
use rexian::ticket::model::Ticket;
use rexian::ticket::model::Urgency;
use rexian::ticket::model::Verdict;

/// What one command did.
pub(super) struct Step {
    pub(super) facts: Vec<TicketFact>,
    pub(super) before: Ticket,
    pub(super) after: Ticket,
    /// The calendar was loaded anew.
    pub(super) recompute: bool,
}

/// The invariants of one order's life.
#[derive(Default)]
pub(super) struct Watch {
    running: BTreeMap<(ClockKind, u32), ClockRef>,
    started: usize,
    ended: usize,
    /// The first unit of the newest cycle, until it gives the order back.
    first: Option<(u32, OrganId)>,
    /// The latest deadline of each clock of a cycle.
    latest: BTreeMap<ClockRef, WallTime>,
    /// The city's word since the order was last opened, and whether it asks for a verification.
    word: Option<bool>,
    proposed: Option<Verdict>,
    pub(super) faults: BTreeSet<String>,
}

impl Watch {
    fn fault(&mut self, what: impl Into<String>) {
        self.faults.insert(what.into());
    }

    /// The watch of an order that stands already: what it has counts as told.
    pub(super) fn of(ticket: &Ticket) -> Self {
        let runs = ticket.clocks.iter().filter(|it| it.runs());
        let running: BTreeMap<_, _> = runs
            .map(|it| ((it.clock.kind, it.clock.subject), it.clock))
            .collect();
        let city = ticket.cycle().and_then(|cycle| cycle.city.as_ref());
        Self {
            started: ticket.clocks.len(),
            ended: ticket.clocks.len() - running.len(),
            running,
            first: ticket.unit().map(|unit| (ticket.cycle_no(), unit.clone())),
            word: city.map(rexian::ticket::model::FollowupWord::is_negative),
            ..Self::default()
        }
    }

    pub(super) fn step(&mut self, step: &Step) {
        for fact in &step.facts {
            self.clock(fact, step);
            self.unit(fact, step);
            self.speaks(fact, step);
            self.closes(fact, step);
        }
        self.after(step);
    }

    /// Every started clock ends once or runs; none moves later without a decision that says so.
    fn clock(&mut self, fact: &TicketFact, step: &Step) {
        match fact {
            TicketFact::ClockStarted { clock } => {
                self.started += 1;
                let which = clock.clock;
                if self.running.insert((which.kind, which.subject), which).is_some() {
                    self.fault(format!("{} started while it runs", which.kind));
                }
                let Some(deadline) = clock.deadline else { return };
                let again = self.latest.insert(which, deadline);
                let allowed = step.facts.iter().any(|it| {
                    matches!(
                        it,
                        TicketFact::ReviewSentBack { .. } | TicketFact::Dispatched { .. }
                    )
                });
                if which.kind == ClockKind::Close && again.is_some_and(|before| before < deadline) && !allowed
                {
                    self.fault("close started again with a later deadline and no decision");
                }
            }
            TicketFact::ClockEnded { clock, .. } => {
                self.ended += 1;
                if self.running.remove(&(clock.kind, clock.subject)).is_none() {
                    self.fault(format!("{} ended and does not run", clock.kind));
                }
            }
            TicketFact::ClockMoved {
                clock,
                from,
                to,
                cause,
                ..
            } => {
                self.runs(*clock, "moved");
                self.latest.insert(*clock, *to);
                if from < to && !decides(*cause, step) {
                    self.fault(format!(
                        "{} moved later by {cause} and no decision says so",
                        clock.kind
                    ));
                }
            }
            TicketFact::ClockWarned { clock, .. } => self.runs(*clock, "warned"),
            TicketFact::ClockBreached { clock } => self.runs(*clock, "breached"),
            _ => (),
        }
    }

    fn runs(&mut self, clock: ClockRef, what: &str) {
        if !self.running.contains_key(&(clock.kind, clock.subject)) {
            self.fault(format!("{} {what} and does not run", clock.kind));
        }
    }

    /// Exactly one first unit per cycle.
    fn unit(&mut self, fact: &TicketFact, step: &Step) {
        match fact {
            TicketFact::Dispatched { cycle, unit, .. } | TicketFact::Reworked { cycle, unit } => {
                if self.first.as_ref().is_some_and(|(no, _)| no == cycle) {
                    self.fault("a second first unit in one cycle");
                }
                self.first = Some((*cycle, unit.clone()));
            }
            TicketFact::RequestDecided {
                request,
                state: RequestState::Approved,
                ..
            } => {
                let returned = step.after.request(*request);
                if returned.is_some_and(|it| it.what == RequestKind::Return && it.sub.is_none()) {
                    // The next unit has its whole time.
                    self.first = None;
                    self.latest.clear();
                }
            }
            _ => (),
        }
    }

    /// The first unit answers, or the one below it that has the order; a co-unit never does.
    fn speaks(&mut self, fact: &TicketFact, step: &Step) {
        let (TicketFact::FedBack { unit, .. } | TicketFact::Contacted { unit, .. }) = fact else {
            return;
        };
        let answerable = [step.before.unit(), step.before.handler()].contains(&Some(unit));
        let cycle = step.before.cycle_no();
        let mut parts = step.before.subs.iter().filter(|it| it.state != SubState::Void);
        let part = parts.any(|it| it.unit == *unit && it.cycle == cycle);
        if part || !answerable {
            self.fault(format!("{unit}, a co-unit, speaks to the citizen"));
        }
    }

    /// Closed is followed up, exempt, verified by two, or praise that was told.
    fn closes(&mut self, fact: &TicketFact, step: &Step) {
        match fact {
            TicketFact::Reopened {} | TicketFact::Reworked { .. } => {
                (self.word, self.proposed) = (None, None)
            }
            TicketFact::FollowupRecorded {
                level: FollowupLevel::City,
                ..
            } => {
                let word = step.after.cycle().and_then(|cycle| cycle.city.as_ref());
                self.word = Some(word.is_some_and(rexian::ticket::model::FollowupWord::is_negative));
            }
            TicketFact::VerifyProposed { verdict, .. } => self.proposed = Some(*verdict),
            TicketFact::Closed { how, .. } => {
                let right = match how {
                    Closing::FollowedUp | Closing::InstantRating => self.word == Some(false),
                    Closing::Verified => self.word == Some(true) && self.proposed == Some(Verdict::Close),
                    Closing::Exempt => is_exempt(&step.before) || is_exempt(&step.after),
                    Closing::Information => step.after.exempt.is_some(),
                    _ => false,
                };
                if !right {
                    self.fault(format!("closed as {how} and neither followed up nor exempt"));
                }
            }
            _ => (),
        }
    }

    /// The order as it stands after a command: its clocks are those of its facts, and its state has the clock it waits by.
    fn after(&mut self, step: &Step) {
        let ticket = &step.after;
        let runs = ticket.clocks.iter().filter(|it| it.runs());
        let runs: BTreeMap<_, _> = runs
            .map(|it| ((it.clock.kind, it.clock.subject), it.clock))
            .collect();
        if runs != self.running
            || self.started != ticket.clocks.len()
            || self.started - self.ended != runs.len()
        {
            self.fault("the order's clocks are not those of its facts");
        }
        // Cycle 0 is a direct answer's own: it has a word and no unit.
        let cycles = || ticket.cycles.iter().filter(|cycle| cycle.no != 0);
        let numbers: Vec<u32> = cycles().map(|cycle| cycle.no).collect();
        let expected: Vec<u32> = (1..).take(numbers.len()).collect();
        if numbers != expected || cycles().any(|cycle| cycle.unit.is_none()) {
            self.fault(format!("cycles {numbers:?}, each with its first unit"));
        }
        let held = ticket.cases.iter().any(|(_, open)| *open);
        let waits = waits_by(ticket.state);
        if !held && !waits.is_empty() && !waits.iter().any(|kind| ticket.clock(*kind, 0).is_some()) {
            self.fault(format!("{} waits by no clock", ticket.state));
        }
        let accepted = ticket.accepted_at.is_some() && !ticket.is_ended();
        let citizen = ticket.clock(ClockKind::Citizen, 0).is_some();
        let answered = matches!(ticket.ending, Some(Ending::Answered { .. }));
        if accepted != citizen && !answered && ticket.state != State::Draft {
            self.fault(format!(
                "the citizen's clock runs: {citizen}, in {}",
                ticket.state
            ));
        }
        let at_unit = matches!(ticket.state, State::Handling | State::Rework);
        if at_unit && ticket.clock(ClockKind::Close, 0).is_none() {
            self.fault("a unit works without a limit");
        }
    }
}

/// The clock by which a state waits; any of them.
const fn waits_by(state: State) -> &'static [ClockKind] {
    match state {
        State::PendingDispatch => &[ClockKind::Dispatch],
        State::Arbitration => &[ClockKind::Arbitration],
        State::PendingSign => &[ClockKind::Sign],
        State::Review => &[ClockKind::FeedbackReview],
        State::Followup => &[ClockKind::FollowupStart, ClockKind::FollowupAttempt],
        State::Verify => &[ClockKind::Verify],
        State::Intake => &[ClockKind::Inbox],
        State::Answered => &[
            ClockKind::InstantRating,
            ClockKind::FollowupStart,
            ClockKind::FollowupAttempt,
        ],
        State::Closed
        | State::NotAccepted
        | State::Invalid
        | State::Referred
        | State::Merged
        | State::Cancelled => &[ClockKind::Archive],
        _ => &[],
    }
}

fn is_exempt(ticket: &Ticket) -> bool {
    let draft = &ticket.draft;
    ticket.exempt.is_some() || ticket.confidential || draft.secrecy || ticket.origin.grid
}

/// Whether a fact of the same command decides that there is more time.
fn decides(cause: ClockCause, step: &Step) -> bool {
    let decided = |what: RequestKind, state: RequestState| {
        step.facts.iter().any(|fact| {
            let TicketFact::RequestDecided {
                request,
                state: found,
                ..
            } = fact
            else {
                return false;
            };
            *found == state && step.after.request(*request).is_some_and(|it| it.what == what)
        })
    };
    let any = |is: fn(&TicketFact) -> bool| step.facts.iter().any(is);
    match cause {
        ClockCause::Extension => decided(RequestKind::Extension, RequestState::Approved),
        ClockCause::Grace => decided(RequestKind::Extension, RequestState::Refused),
        ClockCause::CoHandling => decided(RequestKind::CoHandling, RequestState::Approved),
        ClockCause::Credit => decided(RequestKind::Return, RequestState::Refused),
        ClockCause::Calendar => step.recompute,
        ClockCause::Reclassified => any(|fact| match fact {
            TicketFact::TypeChanged { .. } | TicketFact::CategoryChanged { .. } => true,
            TicketFact::UrgencyChanged { from, to } => to < from && *from > Urgency::Normal,
            _ => false,
        }),
        ClockCause::Pending => false,
    }
}
