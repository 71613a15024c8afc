//! A decision in the making: the order as the facts so far leave it, and the tools every rule uses.
//!
//! **Invariants.** Each fact is applied as it is put. A clock is started, moved and ended only through here, so that no
//! command loses one.

use crate::account::Principal;
use crate::account::Role;
use crate::account::organ::OrganPath;
use crate::base::ids::OrganId;
use crate::base::time::WallTime;
use crate::fact::personal::Personal;
use crate::fact::ticket::ClockBody;
use crate::fact::ticket::TicketFact;
use crate::ticket::command::Command;
use crate::ticket::command::Text;
use crate::ticket::deadline::Deadline;
use crate::ticket::deadline::Limits;
use crate::ticket::deadline::Rule;
use crate::ticket::decide::By;
use crate::ticket::decide::Context;
use crate::ticket::decide::Decision;
use crate::ticket::decide::Outcome;
use crate::ticket::evolve::evolve;
use crate::ticket::model::Clock;
use crate::ticket::model::ClockCause;
use crate::ticket::model::ClockEnd;
use crate::ticket::model::ClockKind;
use crate::ticket::model::ClockRef;
use crate::ticket::model::State;
use crate::ticket::model::Ticket;
use crate::ticket::refusal::TicketError;
use crate::ticket::settings::Id;
use crate::ticket::settings::SettingsAt;

/// Longest text of a reason, note or progress, characters.
pub(super) const WORDS_MAX: usize = 2_000;
/// Longest block of a reply, characters.
pub(super) const BLOCK_MAX: usize = 4_000;
/// Facts of one order at most: a life of years stays far below.
pub const FACTS_MAX: i64 = 5_000;

/// Words by name.
pub(super) type Words = Vec<(String, String)>;

/// A clock to be started.
pub(super) struct Start {
    /// What it waits for.
    pub(super) kind: ClockKind,
    /// 0, or the number of what it belongs to.
    pub(super) subject: u32,
    /// From when it counts.
    pub(super) from: WallTime,
    /// How long; none for a clock that only counts.
    pub(super) rule: Option<Rule>,
    /// `unit`, `organ`, `seat`.
    pub(super) against: &'static str,
    /// What the limit rests on.
    pub(super) basis: String,
}

/// A decision in the making.
pub(super) struct Work<'a> {
    /// The order after the facts so far.
    pub(super) ticket: Ticket,
    /// What is decided with.
    pub(super) ctx: &'a Context<'a>,
    out: Vec<Decision>,
}

impl<'a> Work<'a> {
    pub(super) const fn new(ticket: Ticket, ctx: &'a Context<'a>) -> Self {
        Self {
            ticket,
            ctx,
            out: Vec::new(),
        }
    }

    pub(super) fn done(self) -> Outcome {
        Outcome {
            ticket: self.ticket,
            decisions: self.out,
        }
    }

    /// Puts a fact without words.
    pub(super) fn put(&mut self, fact: TicketFact) {
        self.put_with(fact, Words::new());
    }

    /// Puts a fact with words; empty ones are left out.
    pub(super) fn put_with(&mut self, fact: TicketFact, words: Words) {
        let values = words.into_iter().filter(|(_, text)| !text.is_empty()).collect();
        self.put_values(fact, values);
    }

    /// Puts a fact with values as they are, empty ones too (an emptied field is a value).
    pub(super) fn put_values(
        &mut self,
        fact: TicketFact,
        values: std::collections::BTreeMap<String, String>,
    ) {
        let personal = (!values.is_empty()).then_some(Personal { number: None, values });
        evolve(&mut self.ticket, self.ctx.now, &fact, personal.as_ref());
        self.out.push(Decision { fact, personal });
    }

    /// The settings in force now.
    pub(super) fn settings(&self) -> SettingsAt<'a> {
        self.ctx.reference.settings.at(self.ctx.now)
    }

    /// Refuses, unless every rule behind the refusal is switched off ([`crate::ticket::reference::Reference::without`]).
    pub(super) fn refuse(&self, refusal: TicketError) -> Result<(), TicketError> {
        let rules = refusal.rules();
        let suspended = rules.iter().all(|rule| self.ctx.reference.suspends(rule));
        if suspended && !rules.is_empty() {
            return Ok(());
        }
        Err(refusal)
    }

    /// Refuses unless the order stands in one of these states.
    pub(super) fn in_state(&self, command: &Command, states: &[State]) -> Result<(), TicketError> {
        if states.contains(&self.ticket.state) {
            return Ok(());
        }
        self.refuse(TicketError::NotAllowed {
            state: self.ticket.state,
            clause: command.clause(),
        })
    }

    /// The signed-in person; none for the program.
    pub(super) const fn user(&self) -> Option<&'a Principal> {
        match self.ctx.by {
            By::User(who) => Some(who),
            By::System => None,
        }
    }

    /// Whether the person has this role (the program has every one).
    pub(super) fn has_role(&self, role: Role) -> bool {
        self.user().is_none_or(|who| who.roles.contains(&role))
    }

    /// Whether the person works for the city's hotline organ itself.
    pub(super) fn is_city_organ(&self) -> bool {
        let root = self.ctx.reference.organs.root().map(|it| &it.id);
        self.user().is_none_or(|who| who.organ.organ() == root)
    }

    /// Whether the person works for this unit, or for an organ above it that is below the city's.
    pub(super) fn works_for(&self, unit: &OrganId) -> bool {
        let Some(who) = self.user() else { return true };
        let Some(path): Option<OrganPath> = self.ctx.reference.organs.path(unit) else {
            return false;
        };
        who.organ == path || (!self.is_city_organ() && who.organ.contains(&path))
    }

    /// The unit that handles the order now, when the person works for it.
    pub(super) fn handler(&self, clause: &'static str) -> Result<OrganId, TicketError> {
        let unit = self.ticket.handler().cloned();
        let first = self.ticket.unit().cloned();
        match (unit, first) {
            (Some(unit), _) if self.works_for(&unit) => self.own_grid(clause).map(|()| unit),
            (_, Some(first)) if self.works_for(&first) => self.own_grid(clause).map(|()| first),
            (unit, _) => {
                let refusal = || TicketError::Forbidden {
                    rule: "not_your_unit",
                    clause,
                };
                self.refuse(refusal())?;
                unit.ok_or_else(refusal)
            }
        }
    }

    /// Refuses a grid officer what is not his own grid's: he works for the county's organ, but for no other order of it.
    pub(super) fn own_grid(&self, clause: &'static str) -> Result<(), TicketError> {
        let Some(who) = self.user().filter(|who| !who.roles.contains(&Role::Unit)) else {
            return Ok(());
        };
        if !who.roles.contains(&Role::Grid) {
            return Ok(());
        }
        let grid = self.ticket.cycle().and_then(|cycle| cycle.grid.as_deref());
        let grid = grid.and_then(|id| self.ctx.reference.grids.get(id));
        if grid.is_some_and(|grid| grid.officer.as_ref().is_none_or(|officer| *officer == who.user)) {
            return Ok(());
        }
        Err(TicketError::Forbidden {
            rule: "not_your_grid",
            clause,
        })
    }

    /// A required or optional text within bounds, without control characters.
    pub(super) fn text(
        &self,
        field: &'static str,
        text: &Text,
        (min, max): (usize, usize),
        clause: &'static str,
    ) -> Result<String, TicketError> {
        checked(field, text.trimmed(), (min, max), clause).or_else(|refusal| {
            self.refuse(refusal)?;
            Ok(text.trimmed().to_owned())
        })
    }

    /// When this rule ends that counts from `from`.
    pub(super) fn deadline(&self, from: WallTime, rule: Rule) -> Deadline {
        self.limits().deadline(from, rule)
    }

    /// The calendar and readings in force.
    pub(super) fn limits(&self) -> Limits<'a> {
        Limits::of(self.ctx.reference, self.ctx.zone, self.ctx.now)
    }

    /// Starts a clock in the newest cycle.
    pub(super) fn start(&mut self, start: Start) {
        let deadline = start.rule.map(|rule| self.deadline(start.from, rule));
        self.start_at(start, deadline);
    }

    /// Starts a clock whose deadline was decided otherwise.
    pub(super) fn start_at(&mut self, start: Start, deadline: Option<Deadline>) {
        let clock = ClockRef {
            kind: start.kind,
            cycle: self.ticket.cycle_no(),
            subject: start.subject,
        };
        let warnings = deadline.map_or_else(Vec::new, |it| {
            self.limits()
                .warnings(start.kind, start.from, it.at, start.rule, &self.settings())
        });
        self.put(TicketFact::ClockStarted {
            clock: ClockBody {
                clock,
                start: start.from,
                deadline: deadline.map(|it| it.at),
                provisional: deadline.is_some_and(|it| it.provisional),
                rule: start.rule.map_or_else(String::new, |rule| rule.to_string()),
                against: start.against.to_owned(),
                basis: start.basis,
                warnings,
            },
        });
    }

    /// Ends a running clock because what it waited for came; whether that was late.
    pub(super) fn met(&mut self, kind: ClockKind, subject: u32) -> bool {
        self.end(kind, subject, ClockEnd::Met)
    }

    /// Ends a running clock because nothing is waited for any more.
    pub(super) fn void(&mut self, kind: ClockKind, subject: u32) {
        self.end(kind, subject, ClockEnd::Void);
    }

    /// Ends every running clock but these kinds.
    pub(super) fn void_all_but(&mut self, keep: &[ClockKind]) {
        let running: Vec<ClockRef> = self
            .ticket
            .clocks
            .iter()
            .filter(|it| it.runs() && !keep.contains(&it.clock.kind))
            .map(|it| it.clock)
            .collect();
        for clock in running {
            self.put(TicketFact::ClockEnded {
                clock,
                end: ClockEnd::Void,
                late: false,
            });
        }
    }

    /// Ends a running clock; whether it is after its deadline (never for a void one).
    pub(super) fn end(&mut self, kind: ClockKind, subject: u32, end: ClockEnd) -> bool {
        let Some(clock) = self.ticket.clock(kind, subject) else {
            return false;
        };
        let late = end == ClockEnd::Met && self.is_late(clock);
        let clock = clock.clock;
        self.put(TicketFact::ClockEnded { clock, end, late });
        late
    }

    /// Ends a running clock as met with a judgement of its own: what was asked for in time may still be undecided.
    pub(super) fn met_judged(&mut self, kind: ClockKind, subject: u32, late: bool) {
        let Some(clock) = self.ticket.clock(kind, subject).map(|it| it.clock) else {
            return;
        };
        let end = ClockEnd::Met;
        self.put(TicketFact::ClockEnded { clock, end, late });
    }

    /// Starts a clock in the newest cycle from now, as long as a setting says.
    pub(super) fn start_by(&mut self, kind: ClockKind, subject: u32, id: Id, against: &'static str) {
        let (settings, from) = (self.settings(), self.ctx.now);
        self.start(Start {
            kind,
            subject,
            from,
            rule: Some(settings.rule(id)),
            against,
            basis: settings.entry(id).basis.clone(),
        });
    }

    /// Moves a running clock's deadline; both are kept.
    pub(super) fn move_clock(&mut self, kind: ClockKind, subject: u32, to: Deadline, cause: ClockCause) {
        self.move_to(kind, subject, to, cause, None);
    }

    /// Moves a running clock's deadline because another limit counts from now on; both are kept.
    pub(super) fn reclassify(&mut self, kind: ClockKind, subject: u32, to: Deadline, limit: (Rule, String)) {
        self.move_to(kind, subject, to, ClockCause::Reclassified, Some(limit));
    }

    fn move_to(
        &mut self,
        kind: ClockKind,
        subject: u32,
        to: Deadline,
        cause: ClockCause,
        limit: Option<(Rule, String)>,
    ) {
        let Some(clock) = self.ticket.clock(kind, subject) else {
            return;
        };
        let from = clock.deadline.unwrap_or(to.at);
        let before = clock.rule.parse::<Rule>().ok();
        let (rule, basis) = limit.unzip();
        let same_limit = rule.is_none_or(|rule| before == Some(rule));
        if (from, clock.provisional) == (to.at, to.provisional) && same_limit {
            return;
        }
        let (rule, now) = (rule.or(before), self.ctx.now);
        let mut warnings = self
            .limits()
            .warnings(kind, clock.start, to.at, rule, &self.settings());
        warnings.retain(|warning| now < *warning);
        let clock = clock.clock;
        self.put(TicketFact::ClockMoved {
            clock,
            from,
            to: to.at,
            provisional: to.provisional,
            cause,
            warnings,
            limit: rule.filter(|_| !same_limit).map(|rule| rule.to_string()),
            basis: basis.filter(|_| !same_limit),
        });
    }

    /// Whether now is after a clock's deadline: on time is before the instant.
    pub(super) fn is_late(&self, clock: &Clock) -> bool {
        clock.deadline.is_some_and(|deadline| deadline <= self.ctx.now)
    }
}

/// A rule's refusal.
pub(super) const fn rule(rule: &'static str, clause: &'static str) -> TicketError {
    TicketError::Rule { rule, clause }
}

/// A field's refusal.
pub(super) const fn invalid(field: &'static str, reason: &'static str, clause: &'static str) -> TicketError {
    TicketError::Invalid {
        field,
        reason,
        clause,
    }
}

/// A text within bounds, without control characters but line breaks and tabs.
pub(in crate::ticket) fn checked(
    field: &'static str,
    text: &str,
    (min, max): (usize, usize),
    clause: &'static str,
) -> Result<String, TicketError> {
    let text = text.trim();
    let length = text.chars().count();
    if length < min {
        let reason = if text.is_empty() { "missing" } else { "too_short" };
        return Err(invalid(field, reason, clause));
    }
    if max < length {
        return Err(invalid(field, "too_long", clause));
    }
    // Line breaks are text; other control characters are an accident of copying.
    if text
        .chars()
        .any(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t'))
    {
        return Err(invalid(field, "not_text", clause));
    }
    Ok(text.to_owned())
}
