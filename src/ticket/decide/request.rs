//! Requests that hang on an order, and the return (退单) among them.
//!
//! ```text
//!  asked ─► open ─approved─► the order is dispatched again, the unit's clocks are void
//!             ├──refused───► the unit's clocks go on; the organ's own delay is given back
//!             └──the order moved on─► void
//! ```
//!
//! **Invariants.** At most one of a kind is open, for each part one return more. A request never hides the main clock.
//! What was asked inside its window is decided, however late; what was asked after it only on the supervisor's word.
//! **Not here.** Extensions (`ticket::decide::extension`), co-handling (`ticket::decide::parts`).
//! **Source.** DB1302/T 604—2025 7.4, 7.2 c, B.1; readings Q7, Q9, Q10, Q16.

use crate::account::Role;
use crate::base::ids::OrganId;
use crate::base::time::WallTime;
use crate::fact::ticket::TicketFact;
use crate::ticket::command::AskReturn;
use crate::ticket::command::Command;
use crate::ticket::command::DecideReturn;
use crate::ticket::deadline::Deadline;
use crate::ticket::deadline::Limits;
use crate::ticket::deadline::Rule;
use crate::ticket::deadline::Span;
use crate::ticket::decide::dispatch;
use crate::ticket::decide::extension;
use crate::ticket::decide::handling;
use crate::ticket::decide::parts;
use crate::ticket::decide::work::WORDS_MAX;
use crate::ticket::decide::work::Words;
use crate::ticket::decide::work::Work;
use crate::ticket::decide::work::invalid;
use crate::ticket::decide::work::rule;
use crate::ticket::model::ClockCause;
use crate::ticket::model::ClockKind;
use crate::ticket::model::Flag;
use crate::ticket::model::Request;
use crate::ticket::model::RequestKind;
use crate::ticket::model::RequestState;
use crate::ticket::model::ReturnReason;
use crate::ticket::model::RouteBasis;
use crate::ticket::model::State;
use crate::ticket::model::SubOrder;
use crate::ticket::model::SubState;
use crate::ticket::model::Urgency;
use crate::ticket::refusal::TicketError;
use crate::ticket::settings::Id;

/// Shortest reason, characters.
pub(super) const REASON_MIN: usize = 2;
/// Most requests of one order: each is decided by a person.
const REQUESTS_MAX: usize = 100;
/// Where an order may be given back; a rework may not.
const RETURNED: &[State] = &[State::PendingSign, State::Handling];
/// What a unit's clocks are not.
const NOT_THE_UNITS: &[ClockKind] = &[
    ClockKind::Citizen,
    ClockKind::SupervisionReply,
    ClockKind::HelpContact,
    ClockKind::HelpReport,
];

pub(super) fn decide(work: &mut Work<'_>, command: &Command) -> Result<(), TicketError> {
    match command {
        Command::AskReturn(it) => ask_return(work, command, it),
        Command::DecideReturn(it) => decide_return(work, command, it),
        Command::AskExtension(it) => extension::ask(work, command, it),
        Command::DecideExtension(it) => extension::decide(work, command, it),
        Command::AskCoHandling(it) => parts::ask(work, command, it),
        Command::DecideCoHandling(it) => parts::decide(work, command, it),
        Command::SignSub(it) => parts::sign(work, command, it),
        Command::ReplySub(it) => parts::reply(work, command, it),
        _ => {
            debug_assert!(false, "{} is no request", command.code());
            Ok(())
        }
    }
}

/// The number of the next request; refused when another of its kind is open or there were too many.
pub(super) fn next(
    work: &Work<'_>,
    what: RequestKind,
    sub: Option<u32>,
    clause: &'static str,
) -> Result<u32, TicketError> {
    if work.ticket.open_request(what, sub).is_some() {
        return Err(rule("request_open", clause));
    }
    if REQUESTS_MAX <= work.ticket.requests.len() {
        return Err(rule("too_many_requests", clause));
    }
    Ok(u32::try_from(work.ticket.requests.len() + 1).unwrap_or(u32::MAX))
}

/// The open request that is to be decided.
pub(super) fn open(
    work: &Work<'_>,
    no: u32,
    what: RequestKind,
    clause: &'static str,
) -> Result<Request, TicketError> {
    let found = work.ticket.request(no).filter(|it| it.what == what);
    let Some(request) = found else {
        return Err(invalid("request", "unknown_code", clause));
    };
    if request.state != RequestState::Open {
        return Err(rule("request_decided", clause));
    }
    Ok(request.clone())
}

/// The clock that waits for a kind of request to be decided.
const fn review_of(what: RequestKind) -> ClockKind {
    match what {
        RequestKind::Return => ClockKind::ReturnReview,
        RequestKind::Extension => ClockKind::ExtensionReview,
        RequestKind::CoHandling => ClockKind::CoReview,
    }
}

/// Makes every open request void, because the order left the state in which it could be decided.
pub(super) fn void_open(work: &mut Work<'_>) {
    let all = work.ticket.requests.iter();
    let open: Vec<Request> = all.filter(|it| it.state == RequestState::Open).cloned().collect();
    for request in open {
        void(work, &request);
    }
}

/// Makes one request void.
pub(super) fn void(work: &mut Work<'_>, request: &Request) {
    work.void(review_of(request.what), request.no);
    work.put(TicketFact::RequestDecided {
        request: request.no,
        state: RequestState::Void,
        late: false,
        complex: request.complex,
        until: None,
    });
}

/// Whether the person may ask for this unit: one of its own, or for what comes after its window the city's supervisor.
pub(super) fn check_asker(
    work: &Work<'_>,
    unit: &OrganId,
    overridden: bool,
    clause: &'static str,
) -> Result<(), TicketError> {
    let supervisor = work.has_role(Role::Supervisor) && work.is_city_organ();
    if overridden && !supervisor {
        return Err(TicketError::Forbidden {
            rule: "supervisor_only",
            clause,
        });
    }
    if overridden || work.works_for(unit) {
        return Ok(());
    }
    Err(TicketError::Forbidden {
        rule: "not_your_unit",
        clause,
    })
}

/// When a window ends that counts from an instant, as the settings of that instant say.
pub(super) fn window(work: &Work<'_>, from: WallTime, id: Id) -> Deadline {
    let reference = work.ctx.reference;
    let limit = reference.settings.at(from).rule(id);
    Limits::of(reference, work.ctx.zone, from).deadline(from, limit)
}

/// From when the window of a return counts: the dispatch of the order or of the part, or its signing.
fn window_start(work: &Work<'_>, sub: Option<&SubOrder>) -> WallTime {
    let now = work.ctx.now;
    if let Some(sub) = sub {
        return sub.at;
    }
    let Some(cycle) = work.ticket.cycle() else {
        return now;
    };
    match work.settings().choice(Id::ReturnStart) {
        "signed" => cycle.signed_at.unwrap_or(now),
        _ => cycle.dispatched_at.unwrap_or(now),
    }
}

fn ask_return(work: &mut Work<'_>, command: &Command, it: &AskReturn) -> Result<(), TicketError> {
    let (unit, sub) = returning(work, command, it)?;
    check_asker(work, &unit, it.overridden, "7.4")?;
    work.own_grid("7.4")?;
    let clause = "7.4";
    let by_grid = sub.is_none()
        && work
            .ticket
            .cycle()
            .is_some_and(|it| it.basis == Some(RouteBasis::Grid));
    let asks_basis = matches!(it.reason, ReturnReason::NotOurDuty | ReturnReason::WrongArea) && !by_grid;
    let least = usize::from(asks_basis) * REASON_MIN;
    let legal_basis = work.text("legal_basis", &it.legal_basis, (least, WORDS_MAX), clause)?;
    let explanation = work.text("explanation", &it.explanation, (REASON_MIN, WORDS_MAX), clause)?;
    if let Some(suggested) = &it.suggested {
        dispatch::check_unit(work, "suggested", suggested, clause)?;
        if *suggested == unit {
            return Err(invalid("suggested", "yourself", clause));
        }
    }
    handling::check_files(&it.files, clause)?;
    let no = next(work, RequestKind::Return, it.sub, clause)?;
    let overridden = check_window(work, it, sub.as_ref(), by_grid)?;
    let cycle = work.ticket.cycle_no();
    let fact = TicketFact::Requested {
        request: no,
        what: RequestKind::Return,
        cycle,
        unit,
        sub: it.sub,
        reason: Some(it.reason),
        complex: it.complex,
        units: it.suggested.iter().cloned().collect(),
        until: None,
        told: None,
        files: it.files.clone(),
        overridden,
    };
    let words: Words = vec![
        (format!("return.{no}.reason"), explanation),
        (format!("return.{no}.legal_basis"), legal_basis),
    ];
    work.put_with(fact, words);
    if by_grid {
        // A grid officer decides himself; the dispatcher finds another unit (7.2 c).
        approve(work, no, it.complex);
        return Ok(());
    }
    let review = Id::of_clock(ClockKind::ReturnReview, dispatch::urgency(work)).unwrap_or(Id::ReturnReview);
    work.start_by(ClockKind::ReturnReview, no, review, "organ");
    Ok(())
}

/// Who gives what back: the unit its order, or a co-unit its part.
fn returning(
    work: &Work<'_>,
    command: &Command,
    it: &AskReturn,
) -> Result<(OrganId, Option<SubOrder>), TicketError> {
    let Some(no) = it.sub else {
        work.in_state(command, RETURNED)?;
        let unit = work
            .ticket
            .handler()
            .cloned()
            .ok_or(rule("not_dispatched", "7.4"))?;
        // The unit above, which stays answerable, may give it back too.
        let first = work.ticket.unit().cloned().unwrap_or_else(|| unit.clone());
        let asks = if work.works_for(&unit) { unit } else { first };
        return Ok((asks, None));
    };
    work.in_state(command, parts::WORKED)?;
    let Some(sub) = work.ticket.sub(no) else {
        return Err(invalid("sub", "unknown_code", "7.4"));
    };
    if !matches!(sub.state, SubState::PendingSign | SubState::Handling) {
        return Err(rule("part_over", "7.4"));
    }
    if !work.settings().flag(Id::CoMayReturn) {
        return Err(rule("part_not_returned", "7.4"));
    }
    Ok((sub.unit.clone(), Some(sub.clone())))
}

/// Whether a return may be asked for now; whether that is by the supervisor's word after the window.
fn check_window(
    work: &Work<'_>,
    it: &AskReturn,
    sub: Option<&SubOrder>,
    by_grid: bool,
) -> Result<bool, TicketError> {
    let critical = dispatch::urgency(work) == Urgency::Critical && !work.settings().flag(Id::ReturnCritical);
    let from = window_start(work, sub);
    if by_grid {
        let over = window(work, from, Id::GridHandBack).at <= work.ctx.now;
        return if over {
            Err(rule("grid_window_over", "7.2 c"))
        } else {
            Ok(false)
        };
    }
    if sub.is_none() && work.ticket.final_unit {
        return Err(rule("final_dispatch", "B.1"));
    }
    if critical {
        return Err(rule("critical_not_returned", "7.4"));
    }
    let id = if it.complex || work.ticket.flags.contains(&Flag::Complex) {
        Id::ReturnWindowComplex
    } else {
        Id::ReturnWindow
    };
    if work.ctx.now < window(work, from, id).at {
        return Ok(false);
    }
    if it.overridden {
        return Ok(true);
    }
    Err(rule("return_window_over", "7.4"))
}

fn decide_return(work: &mut Work<'_>, command: &Command, it: &DecideReturn) -> Result<(), TicketError> {
    let request = open(work, it.request, RequestKind::Return, "7.4");
    let part = request.as_ref().is_ok_and(|it| it.sub.is_some());
    work.in_state(command, if part { parts::WORKED } else { RETURNED })?;
    dispatch::check_city(work, "7.4")?;
    let request = request?;
    let least = if it.approve { 0 } else { REASON_MIN };
    let reason = work.text("reason", &it.reason, (least, WORDS_MAX), "7.4")?;
    if it.approve && !it.complex && needs_complex(work, &request) {
        return Err(rule("complex_not_confirmed", "7.4"));
    }
    if it.complex && !work.ticket.flags.contains(&Flag::Complex) {
        work.put(TicketFact::Flagged {
            flag: Flag::Complex,
            on: true,
        });
    }
    let words = vec![(format!("return.{}.decision", request.no), reason)];
    match (it.approve, request.sub) {
        (true, None) => approve_with(work, request.no, it.complex, words),
        (true, Some(sub)) => {
            let late = work.met(ClockKind::ReturnReview, request.no);
            decided(work, &request, RequestState::Approved, (late, it.complex), words);
            parts::void(work, sub);
        }
        (false, sub) => refuse(work, &request, it.complex, (sub, words)),
    }
    Ok(())
}

/// Whether a request stood only on its claim that the matter is complex.
fn needs_complex(work: &Work<'_>, request: &Request) -> bool {
    let sub = request.sub.and_then(|no| work.ticket.sub(no));
    let end = window(work, window_start(work, sub), Id::ReturnWindow);
    let known = work.ticket.flags.contains(&Flag::Complex);
    request.complex && !request.overridden && !known && end.at <= request.at
}

fn decided(
    work: &mut Work<'_>,
    request: &Request,
    state: RequestState,
    (late, complex): (bool, bool),
    words: Words,
) {
    let fact = TicketFact::RequestDecided {
        request: request.no,
        state,
        late,
        complex,
        until: None,
    };
    work.put_with(fact, words);
}

fn approve(work: &mut Work<'_>, no: u32, complex: bool) {
    approve_with(work, no, complex, Words::new());
}

/// The unit gives the order back: nothing of it counts against the unit, and the dispatcher begins anew. Source: 7.4.
fn approve_with(work: &mut Work<'_>, no: u32, complex: bool, words: Words) {
    let late = work.met(ClockKind::ReturnReview, no);
    let all = work.ticket.requests.iter();
    let others: Vec<Request> = all
        .filter(|it| it.state == RequestState::Open && it.no != no)
        .cloned()
        .collect();
    for other in others {
        void(work, &other);
    }
    parts::void_all(work);
    let Some(request) = work.ticket.request(no).cloned() else {
        return;
    };
    decided(work, &request, RequestState::Approved, (late, complex), words);
    work.void_all_but(NOT_THE_UNITS);
    let dispatch = Id::of_clock(ClockKind::Dispatch, dispatch::urgency(work)).unwrap_or(Id::Dispatch);
    work.start_by(ClockKind::Dispatch, 0, dispatch, "organ");
}

/// The unit keeps the order: its clocks go on, and what the organ took beyond its own limit is given back. Source: Q9.
fn refuse(work: &mut Work<'_>, request: &Request, complex: bool, (sub, words): (Option<u32>, Words)) {
    let due = work
        .ticket
        .clock(ClockKind::ReturnReview, request.no)
        .and_then(|it| it.deadline);
    let late = work.met(ClockKind::ReturnReview, request.no);
    decided(work, request, RequestState::Refused, (late, complex), words);
    if let Some(from) = due.filter(|_| late && work.settings().flag(Id::CreditReturnReview)) {
        let span = Span {
            from,
            to: work.ctx.now,
        };
        for kind in [ClockKind::Sign, ClockKind::Close] {
            credit(work, kind, sub.unwrap_or(0), span);
        }
    }
}

/// Gives a running clock the organ's own time back, in the unit its limit is counted in.
fn credit(work: &mut Work<'_>, kind: ClockKind, subject: u32, span: Span) {
    let Some(clock) = work.ticket.clock(kind, subject) else {
        return;
    };
    let (Some(at), Ok(limit)) = (clock.deadline, clock.rule.parse::<Rule>()) else {
        return;
    };
    let provisional = clock.provisional;
    let to = work.limits().later_by(Deadline { at, provisional }, limit, span);
    work.move_clock(kind, subject, to, ClockCause::Credit);
}
