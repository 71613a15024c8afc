//! Dispatch (转办): the one first unit, arbitration where responsibility is unclear, and the duty office.
//!
//! ```text
//!  pending_dispatch ─dispatch─► pending_sign ◄─redispatch down─┐
//!     │  │   ▲  └─send back─► draft      └──────────────────────┘
//!     │  │   └─ approved return (ticket::decide::request)
//!     │  └─ praise: told, closed, no clocks
//!     └─arbitration─► arbitration ─decided, final─► pending_sign
//! ```
//!
//! **Invariants.** A cycle has exactly one first unit, and it is not the one complained about. An approved return keeps
//! its cycle; an order that is opened again gets a new one. The child's clocks are the parent's.
//! **Not here.** Which unit a matter leads to (`ticket::routing`); how long a unit has (`ticket::close_limit`).
//! **Source.** DB1302/T 604—2025 7.2, 7.7.1 b, B.1; readings Q2, Q8, Q10, Q24, Q26, Q27.

use crate::base::ids::OrganId;
use crate::base::time::WallTime;
use crate::fact::ticket::TicketFact;
use crate::ticket::close_limit::CloseCase;
use crate::ticket::close_limit::CloseLimit;
use crate::ticket::close_limit::LimitSource;
use crate::ticket::close_limit::Statutory;
use crate::ticket::command::Arbitrate;
use crate::ticket::command::Command;
use crate::ticket::command::Dispatch;
use crate::ticket::command::OpenArbitration;
use crate::ticket::command::Redispatch;
use crate::ticket::command::SendBack;
use crate::ticket::deadline::Rule;
use crate::ticket::decide::duty;
use crate::ticket::decide::followup;
use crate::ticket::decide::parts;
use crate::ticket::decide::work::Start;
use crate::ticket::decide::work::WORDS_MAX;
use crate::ticket::decide::work::Words;
use crate::ticket::decide::work::Work;
use crate::ticket::decide::work::invalid;
use crate::ticket::decide::work::rule;
use crate::ticket::model::AppealType;
use crate::ticket::model::ClockKind;
use crate::ticket::model::Closing;
use crate::ticket::model::Flag;
use crate::ticket::model::RequestKind;
use crate::ticket::model::RequestState;
use crate::ticket::model::RouteBasis;
use crate::ticket::model::State;
use crate::ticket::model::Urgency;
use crate::ticket::refusal::TicketError;
use crate::ticket::routing::Question;
use crate::ticket::settings::Id;

/// Shortest reason, characters.
const REASON_MIN: usize = 2;
/// Shortest decision of an arbitration, characters.
const DECISION_MIN: usize = 5;
/// Most secondary units, and most that are invited to an arbitration.
const UNITS_MAX: usize = 10;

pub(super) fn decide(work: &mut Work<'_>, command: &Command) -> Result<(), TicketError> {
    match command {
        Command::Dispatch(it) => dispatch(work, command, it),
        Command::SendBack(it) => send_back(work, command, it),
        Command::OpenArbitration(it) => open_arbitration(work, command, it),
        Command::Arbitrate(it) => arbitrate(work, command, it),
        Command::Redispatch(it) => redispatch(work, command, it),
        Command::AcknowledgeDuty(it) => duty::acknowledge(work, command, it),
        Command::NotifyDuty => {
            duty::notify(work);
            Ok(())
        }
        _ => {
            debug_assert!(false, "{} is no dispatch", command.code());
            Ok(())
        }
    }
}

/// An order on its way to its first unit.
pub(super) struct Sending {
    /// 首接负责单位.
    pub(super) unit: OrganId,
    /// How it was found.
    pub(super) basis: RouteBasis,
    /// The routing rule.
    pub(super) rule: Option<String>,
    /// The grid.
    pub(super) grid: Option<String>,
    /// Secondary units, by arbitration.
    pub(super) secondary: Vec<OrganId>,
    /// Why, in words.
    pub(super) reason: String,
}

/// Sends the order to its first unit and starts the unit's clocks. Praise is only told, and closed. Source: 7.2.
pub(super) fn send(work: &mut Work<'_>, sending: Sending) {
    let cycle = next_cycle(work);
    let praise = work.ticket.draft.appeal_type == Some(AppealType::Praise)
        && !work.ctx.reference.suspends("praise_is_told");
    let limit = close_limit(work, work.ctx.now);
    work.met(ClockKind::Dispatch, 0);
    let (class, legal_basis) = match &limit {
        Some(limit) => (limit.class.code().to_owned(), basis_of(limit)),
        None => (
            String::new(),
            work.settings().entry(Id::PraiseInformUnit).basis.clone(),
        ),
    };
    let grid = sending.basis == RouteBasis::Grid;
    let fact = TicketFact::Dispatched {
        cycle,
        unit: sending.unit,
        basis: sending.basis,
        rule: sending.rule,
        grid: sending.grid,
        class,
        legal_basis,
        final_unit: sending.basis == RouteBasis::Arbitration,
        secondary: sending.secondary,
        for_information: praise,
    };
    work.put_with(fact, vec![(format!("dispatch.{cycle}.reason"), sending.reason)]);
    if praise {
        followup::close(work, Closing::Information);
        return;
    }
    start_windows(work, grid);
    if work.settings().choice(Id::CloseStart) != "signed" {
        start_close(work);
    }
    if urgency(work) == Urgency::Critical {
        work.start_by(ClockKind::FirstResult, 0, Id::FirstResult, "unit");
    }
    duty::begin(work);
}

/// The urgency that counts.
pub(super) fn urgency(work: &Work<'_>) -> Urgency {
    work.ticket.draft.urgency.unwrap_or(Urgency::Normal)
}

fn start_windows(work: &mut Work<'_>, grid: bool) {
    let sign = Id::of_clock(ClockKind::Sign, urgency(work)).unwrap_or(Id::Sign);
    work.start_by(ClockKind::Sign, 0, sign, "unit");
    if grid {
        work.start_by(ClockKind::ReturnWindow, 0, Id::GridHandBack, "unit");
        return;
    }
    if work.settings().choice(Id::ReturnStart) != "signed" {
        start_return_window(work);
    }
    work.start_by(ClockKind::CoApplyWindow, 0, Id::CoApplyWindow, "unit");
}

/// Starts the window in which the unit may give the order back, if it may at all. Source: 7.4, readings Q7, Q10.
pub(super) fn start_return_window(work: &mut Work<'_>) {
    let critical = urgency(work) == Urgency::Critical && !work.settings().flag(Id::ReturnCritical);
    if work.ticket.final_unit || critical {
        return;
    }
    let id = if work.ticket.flags.contains(&Flag::Complex) {
        Id::ReturnWindowComplex
    } else {
        Id::ReturnWindow
    };
    work.start_by(ClockKind::ReturnWindow, 0, id, "unit");
}

/// Starts the limit to close, counted from where the site's reading says. Source: 7.5.1, reading Q2.
pub(super) fn start_close(work: &mut Work<'_>) {
    let from = match work.settings().choice(Id::CloseStart) {
        "accepted" => work.ticket.accepted_at.unwrap_or(work.ctx.now),
        _ => work.ctx.now,
    };
    let Some(limit) = close_limit(work, from) else {
        return;
    };
    let start = Start {
        kind: ClockKind::Close,
        subject: 0,
        from,
        rule: Some(limit.rule),
        against: "unit",
        basis: basis_of(&limit),
    };
    work.start_at(start, Some(limit.deadline));
}

/// The limit to close the order that counts from an instant; none for praise. Source: 7.5.1.
pub(super) fn close_limit(work: &Work<'_>, from: WallTime) -> Option<CloseLimit> {
    let draft = &work.ticket.draft;
    let category = work.ctx.reference.catalogue.category(&draft.category);
    let law = category.and_then(|it| it.statutory_limit.as_ref());
    let statutory = law.and_then(|it| {
        let rule = it.rule.parse::<Rule>().ok()?;
        Some(Statutory {
            rule,
            basis: it.basis.as_str(),
        })
    });
    let case = CloseCase {
        start: from,
        appeal_type: draft.appeal_type?,
        urgency: urgency(work),
        statutory,
        // What is over when it comes is nothing a unit could keep.
        upper: work.ticket.origin.upper_deadline.filter(|at| work.ctx.now < *at),
    };
    work.limits().close_limit(&case, &work.settings())
}

/// What a limit rests on, in words.
pub(super) fn basis_of(limit: &CloseLimit) -> String {
    match limit.source {
        LimitSource::Standard | LimitSource::Statutory => limit.basis.clone(),
        LimitSource::Upper => format!("{} 5 d", crate::ticket::refusal::STANDARD),
    }
}

/// The cycle that begins: after an approved return the same one goes to another unit, else the next.
fn next_cycle(work: &Work<'_>) -> u32 {
    let given_back = is_given_back(work);
    work.ticket
        .cycle()
        .map_or(1, |cycle| if given_back { cycle.no } else { cycle.no + 1 })
}

/// Whether the newest cycle's unit gave the order back and no other has it yet. Source: 7.4.
pub(super) fn is_given_back(work: &Work<'_>) -> bool {
    work.ticket.cycle().is_some_and(|cycle| {
        work.ticket.requests.iter().any(|it| {
            it.what == RequestKind::Return
                && it.sub.is_none()
                && it.state == RequestState::Approved
                && it.cycle == cycle.no
                && cycle.dispatched_at <= it.decided_at
        })
    })
}

/// Refuses a person who does not work for the city's hotline organ.
pub(super) fn check_city(work: &Work<'_>, clause: &'static str) -> Result<(), TicketError> {
    if work.is_city_organ() {
        return Ok(());
    }
    work.refuse(TicketError::Forbidden {
        rule: "city_organ",
        clause,
    })
}

/// Refuses an organ that is not there or takes no orders today.
pub(super) fn check_unit(
    work: &Work<'_>,
    field: &'static str,
    unit: &OrganId,
    clause: &'static str,
) -> Result<(), TicketError> {
    let today = work.ctx.zone.date_of(work.ctx.now);
    match work.ctx.reference.organs.get(unit) {
        None => Err(invalid(field, "unknown_code", clause)),
        Some(organ) if !organ.is_active(today) => Err(invalid(field, "not_active", clause)),
        Some(_) => Ok(()),
    }
}

/// Nobody handles a complaint about himself. Source: 6.1 a, reading Q24.
fn check_conflict(work: &Work<'_>, unit: &OrganId) -> Result<(), TicketError> {
    // Praise is about the unit it is told to.
    if work.ticket.draft.appeal_type == Some(AppealType::Praise) {
        return Ok(());
    }
    let target = work.ticket.draft.target_organ.as_ref();
    match work.ctx.reference.conflict(target, unit) {
        Some(conflict) if conflict.decided_by != *unit => work.refuse(rule("conflict_of_interest", "6.1 a")),
        Some(_) | None => Ok(()),
    }
}

fn dispatch(work: &mut Work<'_>, command: &Command, it: &Dispatch) -> Result<(), TicketError> {
    work.in_state(command, &[State::PendingDispatch])?;
    check_city(work, "7.2")?;
    check_written(work)?;
    check_unit(work, "unit", &it.unit, "7.2 b")?;
    let min = if it.basis == RouteBasis::Judgement {
        REASON_MIN
    } else {
        0
    };
    let reason = work.text("reason", &it.reason, (min, WORDS_MAX), "7.2 b")?;
    if work.settings().count(Id::ReturnMaxApproved) <= work.ticket.returns {
        return Err(rule("arbitration_needed", "B.1"));
    }
    check_conflict(work, &it.unit)?;
    let rule = check_basis(work, it)?;
    let grid = it.grid.clone().filter(|_| it.basis == RouteBasis::Grid);
    send(
        work,
        Sending {
            unit: it.unit.clone(),
            basis: it.basis,
            rule,
            grid,
            secondary: Vec::new(),
            reason,
        },
    );
    Ok(())
}

/// An end at the desk that was undone may have nothing written yet: without a kind there is no limit. Source: 3.2.
fn check_written(work: &Work<'_>) -> Result<(), TicketError> {
    if work.ticket.draft.appeal_type.is_none() {
        return Err(invalid("appeal_type", "missing", "3.2"));
    }
    Ok(())
}

/// Checks that the unit is where the named basis leads; the routing rule, if one does.
fn check_basis(work: &Work<'_>, it: &Dispatch) -> Result<Option<String>, TicketError> {
    match it.basis {
        RouteBasis::Judgement => Ok(None),
        RouteBasis::Territory | RouteBasis::Industry => {
            let draft = &work.ticket.draft;
            let proposal = work.ctx.reference.propose(Question {
                category: &draft.category,
                region: draft.place.region(),
                target: draft.target_organ.as_ref(),
                day: work.ctx.zone.date_of(work.ctx.now),
            });
            let fits = proposal.filter(|found| {
                let named = it.rule.as_ref().is_none_or(|rule| *rule == found.rule);
                named && found.basis == it.basis && found.unit == it.unit
            });
            match fits {
                Some(found) => Ok(Some(found.rule)),
                None => Err(rule("route_mismatch", "7.2 b")),
            }
        }
        RouteBasis::Grid => {
            let Some(grid) = it.grid.as_deref() else {
                return Err(invalid("grid", "missing", "7.2 c"));
            };
            match work.ctx.reference.grids.get(grid) {
                None => Err(invalid("grid", "unknown_code", "7.2 c")),
                Some(found) if found.organ != it.unit => Err(rule("route_mismatch", "7.2 c")),
                Some(_) => Ok(None),
            }
        }
        RouteBasis::Arbitration | RouteBasis::Down => Err(invalid("basis", "not_here", "7.2 b")),
    }
}

fn send_back(work: &mut Work<'_>, command: &Command, it: &SendBack) -> Result<(), TicketError> {
    work.in_state(command, &[State::PendingDispatch])?;
    check_city(work, "7.1.2")?;
    let reason = work.text("reason", &it.reason, (REASON_MIN, WORDS_MAX), "7.1.2")?;
    let cycle = work.ticket.cycle_no() + 1;
    let words = vec![(format!("send_back.{cycle}.reason"), reason)];
    work.put_with(TicketFact::SentBackToIntake {}, words);
    Ok(())
}

fn open_arbitration(work: &mut Work<'_>, command: &Command, it: &OpenArbitration) -> Result<(), TicketError> {
    work.in_state(command, &[State::PendingDispatch])?;
    check_city(work, "7.2 b")?;
    check_written(work)?;
    let reason = work.text("reason", &it.reason, (REASON_MIN, WORDS_MAX), "7.2 b")?;
    if UNITS_MAX < it.invited.len() {
        return Err(invalid("invited", "too_many", "7.2 b"));
    }
    for organ in &it.invited {
        check_unit(work, "invited", organ, "7.2 b")?;
    }
    if work.ticket.draft.appeal_type == Some(AppealType::Praise) {
        return Err(rule("praise_is_told", "7.2"));
    }
    // 编办 and 司法 always decide with the hotline organ.
    let arbiters = work.ctx.reference.organs.arbiters().map(|organ| &organ.id);
    let mut invited: Vec<OrganId> = arbiters.chain(&it.invited).cloned().collect();
    invited.sort_unstable();
    invited.dedup();
    let (returns, cycle) = (work.ticket.returns, next_cycle(work));
    work.void(ClockKind::Dispatch, 0);
    let words = vec![(format!("arbitration.{cycle}.reason"), reason)];
    work.put_with(TicketFact::ArbitrationOpened { returns, invited }, words);
    work.start_by(ClockKind::Arbitration, 0, Id::Arbitration, "organ");
    Ok(())
}

fn arbitrate(work: &mut Work<'_>, command: &Command, it: &Arbitrate) -> Result<(), TicketError> {
    work.in_state(command, &[State::Arbitration])?;
    check_city(work, "B.1")?;
    let decision = work.text("decision", &it.decision, (DECISION_MIN, WORDS_MAX), "B.1")?;
    let legal_basis = work.text("legal_basis", &it.legal_basis, (REASON_MIN, WORDS_MAX), "B.1")?;
    let minutes = work.text("minutes", &it.minutes, (0, WORDS_MAX), "B.1")?;
    check_unit(work, "unit", &it.unit, "B.1")?;
    if UNITS_MAX < it.secondary.len() {
        return Err(invalid("secondary", "too_many", "B.1"));
    }
    for (at, unit) in it.secondary.iter().enumerate() {
        check_unit(work, "secondary", unit, "B.1")?;
        if *unit == it.unit || it.secondary.iter().take(at).any(|other| other == unit) {
            return Err(invalid("secondary", "twice", "B.1"));
        }
    }
    check_conflict(work, &it.unit)?;
    let cycle = next_cycle(work);
    let name = |field: &str| format!("arbitration.{cycle}.{field}");
    let words: Words = vec![
        (name("decision"), decision.clone()),
        (name("legal_basis"), legal_basis),
        (name("minutes"), minutes),
    ];
    work.met(ClockKind::Arbitration, 0);
    let fact = TicketFact::Arbitrated {
        unit: it.unit.clone(),
        secondary: it.secondary.clone(),
    };
    work.put_with(fact, words);
    send(
        work,
        Sending {
            unit: it.unit.clone(),
            basis: RouteBasis::Arbitration,
            rule: None,
            grid: None,
            secondary: it.secondary.clone(),
            reason: String::new(),
        },
    );
    for unit in &it.secondary {
        parts::open(work, unit, None, decision.clone());
    }
    Ok(())
}

fn redispatch(work: &mut Work<'_>, command: &Command, it: &Redispatch) -> Result<(), TicketError> {
    work.in_state(command, &[State::PendingSign])?;
    let _answerable = work.handler("7.7.1 b")?;
    let reason = work.text("reason", &it.reason, (0, WORDS_MAX), "7.7.1 b")?;
    check_unit(work, "to", &it.to, "7.7.1 b")?;
    let (Some(first), Some(from)) = (work.ticket.unit().cloned(), work.ticket.handler().cloned()) else {
        return Err(rule("not_dispatched", "7.7.1 b"));
    };
    let organs = &work.ctx.reference.organs;
    if it.to == from || !organs.is_below(&it.to, &from) {
        return Err(rule("not_below", "7.7.1 b"));
    }
    let depth = usize::try_from(work.settings().count(Id::RedispatchDepth)).unwrap_or(usize::MAX);
    let mut above = std::iter::successors(organs.upper(&it.to), |organ| organs.upper(organ)).take(depth);
    if !above.any(|organ| *organ == first) {
        return Err(rule("too_deep", "7.7.1 b"));
    }
    // Who has a part of it does not answer for the whole.
    let mut parts = work.ticket.subs.iter().filter(|sub| parts::is_open(sub));
    if parts.any(|sub| sub.unit == it.to) {
        return Err(invalid("to", "twice", "B.2"));
    }
    check_conflict(work, &it.to)?;
    let cycle = work.ticket.cycle_no();
    let to = it.to.clone();
    let words = vec![(format!("redispatch.{cycle}.reason"), reason)];
    work.put_with(TicketFact::Redispatched { from, to }, words);
    duty::begin(work);
    Ok(())
}
