//! Review (审核) of a unit's reply by the hotline organ.
//!
//! ```text
//!  review ─pass─► followup          review ─pass, exempt─► closed
//!     └─send back─► handling or rework, the limit goes on where it stood
//! ```
//!
//! **Invariants.** Nobody reviews a reply to a complaint about himself. What the organ takes for its review is given back
//! to the unit; the first limit and the credited one are both kept.
//! **Not here.** What a reply must hold (`ticket::reply`), who is followed up (`ticket::followup`).
//! **Source.** DB1302/T 604—2025 7.5.2, 7.7.1, 7.8.1 c; readings Q18, Q21, Q24.

use crate::account::organs::OrganKind;
use crate::base::ids::OrganId;
use crate::fact::ticket::TicketFact;
use crate::ticket::command::Command;
use crate::ticket::command::PassReview;
use crate::ticket::command::SendBackReply;
use crate::ticket::deadline::Deadline;
use crate::ticket::deadline::Rule;
use crate::ticket::deadline::Span;
use crate::ticket::decide::followup::REASON_MIN;
use crate::ticket::decide::followup::begin;
use crate::ticket::decide::followup::close;
use crate::ticket::decide::supervision;
use crate::ticket::decide::verify::check_conflict;
use crate::ticket::decide::work::Start;
use crate::ticket::decide::work::WORDS_MAX;
use crate::ticket::decide::work::Words;
use crate::ticket::decide::work::Work;
use crate::ticket::decide::work::rule;
use crate::ticket::followup::plan;
use crate::ticket::model::ClockEnd;
use crate::ticket::model::ClockKind;
use crate::ticket::model::Closing;
use crate::ticket::model::State;
use crate::ticket::model::SupervisionCause;
use crate::ticket::refusal::TicketError;
use crate::ticket::settings::Id;

/// Replies sent back in one cycle after which the unit is supervised. Source: 7.8.1 c, T30 (when repeated).
const SENT_BACK_SUPERVISED: u32 = 2;

pub(super) fn decide(work: &mut Work<'_>, command: &Command) -> Result<(), TicketError> {
    match command {
        Command::PassReview(it) => pass(work, command, it),
        Command::SendBackReply(it) => send_back(work, command, it),
        _ => {
            debug_assert!(false, "{} is no review", command.code());
            Ok(())
        }
    }
}

/// Passes a reply that needs no person: reviews are switched off for the site or the event type. Source: reading Q18.
pub(super) fn pass_if_off(work: &mut Work<'_>) {
    let settings = work.settings();
    let off = settings.list(Id::ReviewOffCategories);
    let free = !settings.flag(Id::ReviewOn) || off.contains(&work.ticket.draft.category);
    if free && work.ticket.state == State::Review {
        passed(work, true, Words::new());
    }
}

fn pass(work: &mut Work<'_>, command: &Command, it: &PassReview) -> Result<(), TicketError> {
    check_reviewable(work, command)?;
    let note = work.text("note", &it.note, (0, WORDS_MAX), "7.5.2")?;
    let cycle = work.ticket.cycle_no();
    let words = vec![(format!("review.{cycle}.note"), note)];
    if is_county_step(work) {
        work.put_with(
            TicketFact::ReviewPassed {
                cycle,
                exempt: None,
                automatic: false,
                county: true,
            },
            words,
        );
        return Ok(());
    }
    passed(work, work.user().is_none(), words);
    Ok(())
}

fn passed(work: &mut Work<'_>, automatic: bool, words: Words) {
    let cycle = work.ticket.cycle_no();
    let plan = plan(&work.ticket, &work.settings());
    let exempt = plan.exempt;
    let fact = TicketFact::ReviewPassed {
        cycle,
        exempt,
        automatic,
        county: false,
    };
    work.put_with(fact, words);
    work.met(ClockKind::FeedbackReview, 0);
    if exempt.is_some() {
        close(work, Closing::Exempt);
    } else {
        begin(work, plan);
    }
}

/// The state, the reviewer's own organ, and whose turn it is.
fn check_reviewable(work: &Work<'_>, command: &Command) -> Result<(), TicketError> {
    work.in_state(command, &[State::Review])?;
    check_conflict(work)?;
    let cycle = work.ticket.cycle();
    if cycle.is_some_and(|it| it.reviewed_at.is_some()) {
        return Err(rule("already_decided", "7.5.2"));
    }
    let county_done = cycle.is_some_and(|it| it.county_reviewed_at.is_some());
    if work.is_city_organ() || is_other_judge(work) {
        let county_first = needs_county(work) && !county_done && work.user().is_some();
        return if county_first {
            Err(rule("county_review_first", "7.5.2"))
        } else {
            Ok(())
        };
    }
    if needs_county(work) && !county_done && is_county_step(work) {
        return Ok(());
    }
    Err(TicketError::Forbidden {
        rule: "city_organ",
        clause: "7.5.2",
    })
}

/// Whether the person judges instead of the hotline organ, because the complaint is about it. Source: reading Q24.
fn is_other_judge(work: &Work<'_>) -> bool {
    let organs = &work.ctx.reference.organs;
    let target = work.ticket.draft.target_organ.as_ref();
    let Some(organ) = work.user().and_then(|who| who.organ.organ()) else {
        return false;
    };
    let root = organs.root().map(|it| &it.id);
    target.is_some() && target == root && organs.inspection().is_some_and(|it| it.id == *organ)
}

/// Whether a county's organ reviews first: the setting asks it, and one stands above the unit that handled the order.
fn needs_county(work: &Work<'_>) -> bool {
    work.settings().choice(Id::ReviewBy) == "county_then_city" && county_above(work).is_some()
}

fn county_above(work: &Work<'_>) -> Option<OrganId> {
    let organs = &work.ctx.reference.organs;
    let handler = work.ticket.handler()?;
    let upper = std::iter::successors(organs.upper(handler), |at| organs.upper(at));
    let is_county = |id: &&OrganId| {
        let kind = organs.get(id).map(|it| it.kind);
        matches!(kind, Some(OrganKind::CountyHotline | OrganKind::ZoneHotline))
    };
    upper.into_iter().find(is_county).cloned()
}

/// Whether this person's pass is the county's.
fn is_county_step(work: &Work<'_>) -> bool {
    let organ = work.user().and_then(|who| who.organ.organ());
    organ.is_some() && county_above(work).as_ref() == organ
}

fn send_back(work: &mut Work<'_>, command: &Command, it: &SendBackReply) -> Result<(), TicketError> {
    check_reviewable(work, command)?;
    if it.rules.is_empty() {
        return Err(TicketError::Incomplete {
            fields: vec!["rules"],
            clause: "7.5.2",
        });
    }
    let reason = work.text("reason", &it.reason, (REASON_MIN, WORDS_MAX), "7.5.2")?;
    let cycle = work.ticket.cycle().cloned().unwrap_or_default();
    let name = format!("review.{}.{}.reason", cycle.no, cycle.sent_back + 1);
    let fact = TicketFact::ReviewSentBack {
        cycle: cycle.no,
        rules: it.rules.clone(),
    };
    work.put_with(fact, vec![(name, reason)]);
    work.met(ClockKind::FeedbackReview, 0);
    resume_close(work);
    if SENT_BACK_SUPERVISED <= cycle.sent_back + 1 {
        supervision::automatic(work, SupervisionCause::PoorFeedback);
    }
    Ok(())
}

/// The limit goes on from where it stood when the reply came: the same start, the deadline later by the organ's own time.
/// Source: T30, setting `credit_review_time`.
fn resume_close(work: &mut Work<'_>) {
    let cycle = work.ticket.cycle_no();
    let of_cycle = |kind: ClockKind| {
        let clocks = work.ticket.clocks.iter().rev();
        clocks
            .filter(move |it| it.clock.kind == kind && it.clock.cycle == cycle && it.clock.subject == 0)
            .find(|it| it.end == Some(ClockEnd::Met))
            .cloned()
    };
    let Some(clock) = of_cycle(ClockKind::Close) else {
        return;
    };
    let (Some(at), Some(stopped)) = (clock.deadline, clock.ended_at) else {
        return;
    };
    let before = Deadline {
        at,
        provisional: clock.provisional,
    };
    let limit = clock.rule.parse::<Rule>().ok();
    let span = Span {
        from: stopped,
        to: work.ctx.now,
    };
    let credit = work.settings().flag(Id::CreditReviewTime);
    let deadline = match limit {
        Some(limit) if credit => work.limits().later_by(before, limit, span),
        _ => before,
    };
    let start = Start {
        kind: ClockKind::Close,
        subject: 0,
        from: clock.start,
        rule: limit,
        against: "unit",
        basis: clock.basis,
    };
    work.start_at(start, Some(deadline));
}
