//! Verification (重点核实) of a negative word, and the rework that may follow.
//!
//! ```text
//!  verify ─one proposes, another closes: lawful and complete─► closed
//!     └─one: not really solved─► rework, a new cycle of all units (an order without a unit: pending_dispatch)
//! ```
//!
//! **Invariants.** Closing takes two people, and the appellant's word stays as he gave it. Nobody verifies a complaint about
//! himself. A rework has its own limits; the cycle before is never changed.
//! **Not here.** How the word was got (`ticket::decide::followup`).
//! **Source.** DB1302/T 604—2025 6.1, 7.7.1, B.4; readings Q17, Q24.

use crate::fact::ticket::TicketFact;
use crate::ticket::command::Command;
use crate::ticket::command::DecideVerdict;
use crate::ticket::command::ProposeVerdict;
use crate::ticket::deadline::Deadline;
use crate::ticket::deadline::Rule;
use crate::ticket::decide::dispatch;
use crate::ticket::decide::followup::REASON_MIN;
use crate::ticket::decide::followup::close;
use crate::ticket::decide::intake;
use crate::ticket::decide::work::Start;
use crate::ticket::decide::work::WORDS_MAX;
use crate::ticket::decide::work::Work;
use crate::ticket::decide::work::invalid;
use crate::ticket::decide::work::rule;
use crate::ticket::model::ClockKind;
use crate::ticket::model::Closing;
use crate::ticket::model::State;
use crate::ticket::model::SubState;
use crate::ticket::model::Verdict;
use crate::ticket::refusal::TicketError;
use crate::ticket::settings::Id;

/// Nobody judges a complaint about himself. Source: 6.1 a, reading Q24.
pub(super) fn check_conflict(work: &Work<'_>) -> Result<(), TicketError> {
    let Some(organ) = work.user().and_then(|who| who.organ.organ()) else {
        return Ok(());
    };
    let target = work.ticket.draft.target_organ.as_ref();
    let conflict = work.ctx.reference.conflict(target, organ);
    if conflict.is_some_and(|it| it.decided_by != *organ) {
        work.refuse(TicketError::Forbidden {
            rule: "conflict_of_interest",
            clause: "6.1",
        })?;
    }
    Ok(())
}

/// Verification is the city's, or of whoever judges the hotline itself. Source: 7.7.1 c, reading Q24.
fn check_verifier(work: &Work<'_>) -> Result<(), TicketError> {
    check_conflict(work)?;
    let root = work.ctx.reference.organs.root().map(|it| &it.id);
    let about_us = work.ticket.draft.target_organ.as_ref() == root && root.is_some();
    if work.is_city_organ() || about_us {
        return Ok(());
    }
    Err(TicketError::Forbidden {
        rule: "city_organ",
        clause: "7.7.1 c",
    })
}

pub(super) fn propose(
    work: &mut Work<'_>,
    command: &Command,
    it: &ProposeVerdict,
) -> Result<(), TicketError> {
    work.in_state(command, &[State::Verify])?;
    check_verifier(work)?;
    let Some(who) = work.user() else {
        return Err(TicketError::Forbidden {
            rule: "person_required",
            clause: "7.7.1",
        });
    };
    let reason = work.text("reason", &it.reason, (REASON_MIN, WORDS_MAX), "7.7.1")?;
    let cycle = work.ticket.cycle_no();
    let fact = TicketFact::VerifyProposed {
        cycle,
        verdict: it.verdict,
        by: who.user.clone(),
    };
    work.put_with(fact, vec![(format!("verify.{cycle}.proposal"), reason)]);
    Ok(())
}

pub(super) fn decide_verdict(
    work: &mut Work<'_>,
    command: &Command,
    it: &DecideVerdict,
) -> Result<(), TicketError> {
    work.in_state(command, &[State::Verify])?;
    check_verifier(work)?;
    let reason = work.text("reason", &it.reason, (REASON_MIN, WORDS_MAX), "7.7.1")?;
    let cycle = work.ticket.cycle().cloned().unwrap_or_default();
    if cycle.verdict.is_some() {
        return Err(rule("already_decided", "7.7.1"));
    }
    if it.verdict == Verdict::Close {
        check_four_eyes(work)?;
    } else if it.excluded {
        return Err(invalid("excluded", "only_with_close", "7.7.1"));
    }
    let subs = rework_parts(work, it)?;
    work.met(ClockKind::Verify, 0);
    let fact = TicketFact::Verified {
        cycle: cycle.no,
        verdict: it.verdict,
        excluded: it.excluded,
    };
    let words = vec![(format!("verify.{}.reason", cycle.no), reason.clone())];
    work.put_with(fact, words);
    match it.verdict {
        Verdict::Close => close(work, Closing::Verified),
        Verdict::Rework => rework(work, reason, &subs),
    }
    Ok(())
}

/// Closing against the appellant's word takes a proposal of one and the decision of another. Source: 7.7.1 (T35).
fn check_four_eyes(work: &Work<'_>) -> Result<(), TicketError> {
    let proposed = work.ticket.cycle().and_then(|cycle| cycle.proposed.as_ref());
    let Some((Verdict::Close, by)) = proposed else {
        return Err(rule("proposal_missing", "7.7.1"));
    };
    match work.user() {
        Some(who) if who.user != *by => Ok(()),
        _ => work.refuse(TicketError::Forbidden {
            rule: "second_person",
            clause: "7.7.1",
        }),
    }
}

/// The co-units' parts that a rework goes to: chosen, or as the site sets it all that were done. Source: B.4.
fn rework_parts(work: &Work<'_>, it: &DecideVerdict) -> Result<Vec<u32>, TicketError> {
    let cycle = work.ticket.cycle_no();
    let done = |no: u32| {
        let part = work.ticket.sub(no);
        part.is_some_and(|part| part.cycle == cycle && part.state == SubState::Done)
    };
    if it.verdict == Verdict::Close {
        return Ok(Vec::new());
    }
    if let Some(chosen) = &it.subs {
        if !chosen.iter().all(|no| done(*no)) {
            return Err(invalid("subs", "unknown_code", "B.4"));
        }
        let mut chosen = chosen.clone();
        chosen.sort_unstable();
        chosen.dedup();
        return Ok(chosen);
    }
    if work.settings().choice(Id::ReworkCoUnits) == "chosen" {
        return Ok(Vec::new());
    }
    let parts = work.ticket.subs.iter().map(|part| part.no);
    Ok(parts.filter(|no| done(*no)).collect())
}

/// Back to the units: a new cycle with its own limit from now, signed by itself. An order that was answered directly has no
/// unit yet and goes to the dispatcher. Source: 7.7.1, B.4, reading Q17.
fn rework(work: &mut Work<'_>, demand: String, subs: &[u32]) {
    let Some(unit) = work.ticket.unit().cloned() else {
        let name = format!("reopen.{}.reason", work.ticket.reopened + 1);
        work.put_with(TicketFact::Reopened {}, vec![(name, demand)]);
        let first = work.ticket.accepted_at.unwrap_or(work.ticket.created_at);
        intake::start_accepted(work, first);
        return;
    };
    // The windows of the cycle before may still be open: a rework is not given back, and has its own for co-units.
    for window in [ClockKind::ReturnWindow, ClockKind::CoApplyWindow] {
        work.void(window, 0);
    }
    let cycle = work.ticket.cycle_no() + 1;
    let words = vec![(format!("rework.{cycle}.demand"), demand)];
    work.put_with(TicketFact::Reworked { cycle, unit }, words);
    let (limit, deadline, basis, first_result) = rework_limit(work);
    let from = work.ctx.now;
    let close = |subject: u32| Start {
        kind: ClockKind::Close,
        subject,
        from,
        rule: Some(limit),
        against: "unit",
        basis: basis.clone(),
    };
    work.start_at(close(0), Some(deadline));
    if first_result.is_some() {
        work.start_by(ClockKind::FirstResult, 0, Id::FirstResult, "unit");
    }
    work.start_by(ClockKind::CoApplyWindow, 0, Id::CoApplyWindow, "unit");
    for sub in subs {
        work.put(TicketFact::SubChanged {
            sub: *sub,
            state: SubState::Rework,
            late: false,
            cycle,
        });
        work.start_at(close(*sub), Some(deadline));
    }
}

/// The limit of a rework: the order's own class from now, or the one that is set.
fn rework_limit(work: &Work<'_>) -> (Rule, Deadline, String, Option<Rule>) {
    let (settings, limits, now) = (work.settings(), work.limits(), work.ctx.now);
    let fixed = match settings.choice(Id::ReworkLimit) {
        "consult" => Some(Id::CloseConsult),
        "other" => Some(Id::CloseOther),
        "urgent" => Some(Id::CloseUrgent),
        "critical" => Some(Id::CloseCritical),
        _ => None,
    };
    let own = if fixed.is_none() {
        dispatch::close_limit(work, now)
    } else {
        None
    };
    if let Some(own) = own {
        let basis = dispatch::basis_of(&own);
        return (own.rule, own.deadline, basis, own.first_result);
    }
    let id = fixed.unwrap_or(Id::CloseOther);
    let limit = settings.rule(id);
    let basis = settings.entry(id).basis.clone();
    (limit, limits.deadline(now, limit), basis, None)
}
