//! Co-handling (协办): the first unit asks for others, the organ gives each its part, all are done before the reply.
//!
//! ```text
//!  asked ─► open ─approved─► part: pending_sign ─sign─► handling ─reply─► done ─► (rework ─reply─► done)
//!             └──refused             └──────────┴─return approved, main returned─► void
//! ```
//!
//! **Invariants.** The first unit stays answerable and alone answers the appellant. All parts of one request begin at
//! once. A part's clocks carry its number as their subject; its deadline is the main order's, unless the site says
//! otherwise.
//! **Not here.** Whether the main order may be replied to (`ticket::decide::handling`).
//! **Source.** DB1302/T 604—2025 7.2 b, B.2 to B.4; readings Q15, Q16.

use crate::base::ids::OrganId;
use crate::fact::ticket::TicketFact;
use crate::ticket::command::AskCoHandling;
use crate::ticket::command::CoPart;
use crate::ticket::command::Command;
use crate::ticket::command::DecideCoHandling;
use crate::ticket::command::ReplySub;
use crate::ticket::command::SignSub;
use crate::ticket::deadline::Deadline;
use crate::ticket::decide::clocks;
use crate::ticket::decide::dispatch;
use crate::ticket::decide::extension;
use crate::ticket::decide::handling;
use crate::ticket::decide::request;
use crate::ticket::decide::request::REASON_MIN;
use crate::ticket::decide::work::BLOCK_MAX;
use crate::ticket::decide::work::Start;
use crate::ticket::decide::work::WORDS_MAX;
use crate::ticket::decide::work::Words;
use crate::ticket::decide::work::Work;
use crate::ticket::decide::work::invalid;
use crate::ticket::decide::work::rule;
use crate::ticket::model::ClockCause;
use crate::ticket::model::ClockKind;
use crate::ticket::model::Flag;
use crate::ticket::model::RequestKind;
use crate::ticket::model::RequestState;
use crate::ticket::model::State;
use crate::ticket::model::SubOrder;
use crate::ticket::model::SubState;
use crate::ticket::refusal::TicketError;
use crate::ticket::settings::Id;

const CLAUSE: &str = "B.2";
/// Most units asked for at once.
const UNITS_MAX: usize = 10;
/// Most parts of one order.
const PARTS_MAX: usize = 50;
/// Where parts are worked on: of an arbitration they begin before the first unit has signed.
pub(super) const WORKED: &[State] = &[State::PendingSign, State::Handling, State::Rework];

pub(super) fn ask(work: &mut Work<'_>, command: &Command, it: &AskCoHandling) -> Result<(), TicketError> {
    work.in_state(command, handling::WORKED)?;
    let unit = work
        .ticket
        .handler()
        .cloned()
        .ok_or(rule("not_dispatched", CLAUSE))?;
    let first = work.ticket.unit().cloned().unwrap_or_else(|| unit.clone());
    let asks = if work.works_for(&unit) { unit } else { first };
    request::check_asker(work, &asks, it.overridden, CLAUSE)?;
    let reason = work.text("reason", &it.reason, (REASON_MIN, WORDS_MAX), CLAUSE)?;
    let matters = check_parts(work, &it.units)?;
    if it.files.is_empty() {
        work.refuse(invalid("files", "missing", CLAUSE))?;
    }
    handling::check_files(&it.files, CLAUSE)?;
    let no = request::next(work, RequestKind::CoHandling, None, CLAUSE)?;
    let since = work.ticket.cycle().and_then(|cycle| cycle.dispatched_at);
    let end = request::window(work, since.unwrap_or(work.ctx.now), Id::CoApplyWindow);
    let over = end.at <= work.ctx.now;
    if over && !it.overridden {
        work.refuse(rule("co_window_over", CLAUSE))?;
    }
    let fact = TicketFact::Requested {
        request: no,
        what: RequestKind::CoHandling,
        cycle: work.ticket.cycle_no(),
        unit: asks,
        sub: None,
        reason: None,
        complex: false,
        units: it.units.iter().map(|part| part.unit.clone()).collect(),
        until: None,
        told: None,
        files: it.files.clone(),
        overridden: over,
    };
    let mut words: Words = vec![(format!("co_handling.{no}.reason"), reason)];
    for (unit, matter) in matters {
        words.push((matter_name(no, &unit), matter));
    }
    work.put_with(fact, words);
    work.start_by(ClockKind::CoReview, no, Id::CoReview, "organ");
    Ok(())
}

fn matter_name(request: u32, unit: &OrganId) -> String {
    format!("co_handling.{request}.matter.{unit}")
}

/// The units asked for and their matters: each there, none twice, none that has the order or a part of it.
fn check_parts(work: &Work<'_>, units: &[CoPart]) -> Result<Vec<(OrganId, String)>, TicketError> {
    if units.is_empty() {
        return Err(invalid("units", "missing", CLAUSE));
    }
    if UNITS_MAX < units.len() || PARTS_MAX < work.ticket.subs.len() + units.len() {
        return Err(invalid("units", "too_many", CLAUSE));
    }
    let mut matters: Vec<(OrganId, String)> = Vec::new();
    for part in units {
        dispatch::check_unit(work, "units", &part.unit, CLAUSE)?;
        let has = [work.ticket.unit(), work.ticket.handler()].contains(&Some(&part.unit));
        let open = work
            .ticket
            .subs
            .iter()
            .any(|sub| sub.unit == part.unit && is_open(sub));
        if has || open || matters.iter().any(|(unit, _)| *unit == part.unit) {
            return Err(invalid("units", "twice", CLAUSE));
        }
        let matter = work.text("matter", &part.matter, (REASON_MIN, WORDS_MAX), CLAUSE)?;
        matters.push((part.unit.clone(), matter));
    }
    Ok(matters)
}

/// Whether a part is still to be done.
pub(super) const fn is_open(sub: &SubOrder) -> bool {
    matches!(
        sub.state,
        SubState::PendingSign | SubState::Handling | SubState::Rework
    )
}

pub(super) fn decide(
    work: &mut Work<'_>,
    command: &Command,
    it: &DecideCoHandling,
) -> Result<(), TicketError> {
    work.in_state(command, handling::WORKED)?;
    dispatch::check_city(work, CLAUSE)?;
    let request = request::open(work, it.request, RequestKind::CoHandling, CLAUSE)?;
    let least = if it.approve { 0 } else { REASON_MIN };
    let reason = work.text("reason", &it.reason, (least, WORDS_MAX), CLAUSE)?;
    let until = if it.approve {
        main_deadline(work, it)?
    } else {
        None
    };
    let late = work.met(ClockKind::CoReview, request.no);
    let state = if it.approve {
        RequestState::Approved
    } else {
        RequestState::Refused
    };
    let fact = TicketFact::RequestDecided {
        request: request.no,
        state,
        late,
        complex: false,
        until: until.map(|it| it.at),
    };
    work.put_with(
        fact,
        vec![(format!("co_handling.{}.decision", request.no), reason)],
    );
    if !it.approve {
        return Ok(());
    }
    if let Some(until) = until {
        work.move_clock(ClockKind::Close, 0, until, ClockCause::CoHandling);
        follow_main(work, until, ClockCause::CoHandling);
    }
    for unit in &request.units {
        let matter = work.ticket.texts.get(&matter_name(request.no, unit)).to_owned();
        open(work, unit, Some(request.no), matter);
    }
    Ok(())
}

/// The main deadline the organ gives while it approves; asked for when too little is left for the co-units, unless the
/// order may never get more time. Source: reading Q15.
fn main_deadline(work: &Work<'_>, it: &DecideCoHandling) -> Result<Option<Deadline>, TicketError> {
    let Some(clock) = work.ticket.clock(ClockKind::Close, 0) else {
        return Ok(None);
    };
    let forbidden = extension::is_forbidden(work);
    if let Some(day) = &it.until {
        if forbidden {
            return Err(rule("extension_forbidden", "7.6"));
        }
        return extension::day_end(work, clock, day, CLAUSE).map(Some);
    }
    let settings = work.settings();
    let needed = work.deadline(work.ctx.now, settings.rule(Id::CoShort));
    let short = clock.deadline.is_some_and(|at| at < needed.at);
    if short && !forbidden && settings.choice(Id::CoDeadline) == "main" {
        return Err(rule("co_time_short", CLAUSE));
    }
    Ok(None)
}

/// Gives a co-unit its part and starts its clocks.
pub(super) fn open(work: &mut Work<'_>, unit: &OrganId, request: Option<u32>, matter: String) {
    let sub = u32::try_from(work.ticket.subs.len() + 1).unwrap_or(u32::MAX);
    let fact = TicketFact::SubOpened {
        sub,
        cycle: work.ticket.cycle_no(),
        unit: unit.clone(),
        request,
    };
    work.put_with(fact, vec![(format!("sub.{sub}.matter"), matter)]);
    let urgency = dispatch::urgency(work);
    let sign = Id::of_clock(ClockKind::Sign, urgency).unwrap_or(Id::Sign);
    work.start_by(ClockKind::Sign, sub, sign, "unit");
    let settings = work.settings();
    if settings.flag(Id::CoMayReturn) {
        let complex = work.ticket.flags.contains(&Flag::Complex);
        let window = if complex {
            Id::ReturnWindowComplex
        } else {
            Id::ReturnWindow
        };
        work.start_by(ClockKind::ReturnWindow, sub, window, "unit");
    }
    let own = settings.choice(Id::CoDeadline) == "own";
    let limit = dispatch::close_limit(work, work.ctx.now);
    let Some(limit) = limit else { return };
    let main = work.ticket.clock(ClockKind::Close, 0).and_then(|clock| {
        let (at, provisional) = (clock.deadline?, clock.provisional);
        Some(Deadline { at, provisional })
    });
    let deadline = main.filter(|_| !own).unwrap_or(limit.deadline);
    let start = Start {
        kind: ClockKind::Close,
        subject: sub,
        from: work.ctx.now,
        rule: Some(limit.rule),
        against: "unit",
        basis: settings.entry(Id::CoDeadline).basis.clone(),
    };
    work.start_at(start, Some(deadline));
}

/// The co-units' deadlines go with the main order's, and never before what they have.
pub(super) fn follow_main(work: &mut Work<'_>, until: Deadline, cause: ClockCause) {
    if work.settings().choice(Id::CoDeadline) != "main" {
        return;
    }
    let parts: Vec<u32> = work
        .ticket
        .subs
        .iter()
        .filter(|it| is_open(it))
        .map(|it| it.no)
        .collect();
    for no in parts {
        let has = work.ticket.clock(ClockKind::Close, no).and_then(|it| it.deadline);
        if has.is_some_and(|at| at < until.at) {
            work.move_clock(ClockKind::Close, no, until, cause);
        }
    }
}

/// Takes a part away: nothing of it counts.
pub(super) fn void(work: &mut Work<'_>, sub: u32) {
    for kind in [ClockKind::Sign, ClockKind::Close, ClockKind::ReturnWindow] {
        work.void(kind, sub);
    }
    let cycle = work.ticket.cycle_no();
    work.put(TicketFact::SubChanged {
        sub,
        state: SubState::Void,
        late: false,
        cycle,
    });
}

/// Takes every part away that is not done, because the order left its first unit.
pub(super) fn void_all(work: &mut Work<'_>) {
    let open: Vec<u32> = work
        .ticket
        .subs
        .iter()
        .filter(|it| is_open(it))
        .map(|it| it.no)
        .collect();
    for sub in open {
        void(work, sub);
    }
}

/// The part, when the person works for its unit.
fn own_part(work: &Work<'_>, no: u32) -> Result<SubOrder, TicketError> {
    let Some(sub) = work.ticket.sub(no) else {
        return Err(invalid("sub", "unknown_code", CLAUSE));
    };
    if !work.works_for(&sub.unit) {
        return Err(TicketError::Forbidden {
            rule: "not_your_unit",
            clause: CLAUSE,
        });
    }
    Ok(sub.clone())
}

pub(super) fn sign(work: &mut Work<'_>, command: &Command, it: &SignSub) -> Result<(), TicketError> {
    work.in_state(command, WORKED)?;
    let sub = own_part(work, it.sub)?;
    if sub.state != SubState::PendingSign {
        return Err(rule("part_not_pending", CLAUSE));
    }
    clocks::tell_breach(work, ClockKind::Sign, sub.no);
    let late = work.met(ClockKind::Sign, sub.no);
    let cycle = work.ticket.cycle_no();
    work.put(TicketFact::SubChanged {
        sub: sub.no,
        state: SubState::Handling,
        late,
        cycle,
    });
    Ok(())
}

pub(super) fn reply(work: &mut Work<'_>, command: &Command, it: &ReplySub) -> Result<(), TicketError> {
    work.in_state(command, WORKED)?;
    let sub = own_part(work, it.sub)?;
    if !matches!(sub.state, SubState::Handling | SubState::Rework) {
        return Err(rule("part_not_worked", CLAUSE));
    }
    let reply = work.text("reply", &it.reply, (REASON_MIN, BLOCK_MAX), CLAUSE)?;
    handling::check_files(&it.files, CLAUSE)?;
    if let Some(open) = work
        .ticket
        .open_request(RequestKind::Return, Some(sub.no))
        .cloned()
    {
        request::void(work, &open);
    }
    let protected = extension::protects(work) && work.settings().choice(Id::CoDeadline) == "main";
    clocks::tell_breach(work, ClockKind::Close, sub.no);
    let late = !protected
        && work
            .ticket
            .clock(ClockKind::Close, sub.no)
            .is_some_and(|it| work.is_late(it));
    work.met_judged(ClockKind::Close, sub.no, late);
    for file in &it.files {
        if !work.ticket.files.iter().any(|(known, _)| known == file) {
            work.put(TicketFact::Attached {
                file: file.clone(),
                purpose: "evidence".to_owned(),
            });
        }
    }
    let fact = TicketFact::SubChanged {
        sub: sub.no,
        state: SubState::Done,
        late,
        cycle: work.ticket.cycle_no(),
    };
    work.put_with(fact, vec![(format!("sub.{}.reply", sub.no), reply)]);
    Ok(())
}
