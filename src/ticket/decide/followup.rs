//! Follow-up (回访): tries, the appellant's word, and the end.
//!
//! ```text
//!  followup ─result good─► closed          answered ─rating─► closed
//!     │ ▲  └─last try, nobody there─► closed      └─nobody rates─► followup
//!     │ └─ try, nobody there
//!     └─ 不满意 or 未解决 ─► verify (ticket::decide::verify)
//! ```
//!
//! **Invariants.** An enterprise's word counts only from a person. The county's word stands beside the city's and never
//! for it. Every negative word of the city's follow-up opens a verification.
//! **Not here.** Who is asked and how (`ticket::followup`).
//! **Source.** DB1302/T 604—2025 7.7.1, 7.7.2, 8.5 c; readings Q19 to Q23.

use crate::account::Role;
use crate::base::ids::InteractionId;
use crate::base::ids::RecordingId;
use crate::fact::ticket::TicketFact;
use crate::ticket::command::Command;
use crate::ticket::command::RateAgent;
use crate::ticket::command::RecordAttempt;
use crate::ticket::command::RecordResult;
use crate::ticket::decide::verify;
use crate::ticket::decide::work::Start;
use crate::ticket::decide::work::WORDS_MAX;
use crate::ticket::decide::work::Words;
use crate::ticket::decide::work::Work;
use crate::ticket::decide::work::rule;
use crate::ticket::followup;
use crate::ticket::followup::Plan;
use crate::ticket::model::ClockKind;
use crate::ticket::model::Closing;
use crate::ticket::model::FollowupLevel;
use crate::ticket::model::FollowupMode;
use crate::ticket::model::FollowupResult;
use crate::ticket::model::Satisfaction;
use crate::ticket::model::State;
use crate::ticket::model::Verdict;
use crate::ticket::refusal::TicketError;
use crate::ticket::settings::Id;

/// Shortest reason, characters.
pub(super) const REASON_MIN: usize = 2;
/// Tries of a county's own follow-up in a cycle: it has no plan that ends it.
const COUNTY_TRIES_MAX: u32 = 20;

pub(super) fn decide(work: &mut Work<'_>, command: &Command) -> Result<(), TicketError> {
    match command {
        Command::RecordAttempt(it) => record_attempt(work, command, it),
        Command::RecordResult(it) => record_result(work, command, it),
        Command::RateAgent(it) => rate_agent(work, command, it),
        Command::ProposeVerdict(it) => verify::propose(work, command, it),
        Command::DecideVerdict(it) => verify::decide_verdict(work, command, it),
        _ => {
            debug_assert!(false, "{} is no follow-up", command.code());
            Ok(())
        }
    }
}

/// Starts a follow-up by its plan: the fact, which brings the order into follow-up, and the clock to the first try.
pub(super) fn begin(work: &mut Work<'_>, plan: Plan) {
    let cycle = work.ticket.cycle_no();
    work.put(TicketFact::FollowupPlanned {
        cycle,
        modes: plan.modes,
        only_person: plan.only_person,
    });
    work.start_by(ClockKind::FollowupStart, 0, Id::FollowupStart, "organ");
}

/// The instant rating did not come: that was a try, and the next way follows; or, as the site sets it, the order closes.
pub(super) fn rating_over(work: &mut Work<'_>) {
    if !work.settings().flag(Id::InstantRatingTimeoutIsAttempt) {
        close(work, Closing::InstantRating);
        return;
    }
    let mut plan = followup::plan(&work.ticket, &work.settings());
    if !plan.is_due() {
        close(work, Closing::Exempt);
        return;
    }
    if !plan.only_person {
        attempted(
            work,
            FollowupLevel::City,
            FollowupMode::Instant,
            false,
            (None, None),
        );
        // The rating is behind; its place in the plan stays, so that the next way is the next in order.
        plan.modes.retain(|mode| *mode != FollowupMode::Instant);
        plan.modes.insert(0, FollowupMode::Instant);
    }
    begin(work, plan);
}

/// What becomes of an order that was just answered directly: exempt kinds close, an enterprise waits for a person, others
/// for the rating.
pub(super) fn after_answer(work: &mut Work<'_>) {
    let plan = followup::plan(&work.ticket, &work.settings());
    if plan.exempt.is_some() {
        close(work, Closing::Exempt);
    } else if plan.modes.first() == Some(&FollowupMode::Instant) {
        match work.ticket.agent_rating {
            Some(satisfaction) => rated(work, satisfaction),
            None => work.start_by(ClockKind::InstantRating, 0, Id::InstantRating, "organ"),
        }
    } else if plan.is_due() {
        begin(work, plan);
    }
}

/// Closes the order, unless a 重点督办 holds it open: then it closes when its last case ends.
pub(super) fn close(work: &mut Work<'_>, how: Closing) {
    let held = work.ticket.cases.iter().any(|(_, open)| *open);
    if held && work.settings().flag(Id::KeyBlocksClose) {
        return;
    }
    let cycle = work.ticket.cycle_no();
    work.put(TicketFact::Closed { cycle, how });
    work.met(ClockKind::Citizen, 0);
    work.void_all_but(&[
        ClockKind::Citizen,
        ClockKind::SupervisionReply,
        ClockKind::HelpContact,
        ClockKind::HelpReport,
    ]);
    work.start_by(ClockKind::Archive, 0, Id::Archive, "organ");
}

/// Whether the person may follow up on this level. Source: 7.7.1 b, c.
fn check_level(work: &Work<'_>, level: FollowupLevel) -> Result<(), TicketError> {
    match level {
        FollowupLevel::City if work.is_city_organ() && work.has_role(Role::Followup) => Ok(()),
        FollowupLevel::City => work.refuse(TicketError::Forbidden {
            rule: "city_organ",
            clause: "7.7.1 c",
        }),
        FollowupLevel::County => work.handler("7.7.1 b").map(|_| ()),
    }
}

fn check_mode(work: &Work<'_>, level: FollowupLevel, mode: FollowupMode) -> Result<(), TicketError> {
    let settings = work.settings();
    let answered = work.ticket.cycle_no() == 0;
    let planned = work.ticket.cycle().is_some_and(|cycle| cycle.only_person);
    let only_person = planned || followup::must_be_person(&work.ticket, answered, &settings);
    if level == FollowupLevel::City && only_person && mode != FollowupMode::Person {
        work.refuse(rule("enterprise_by_person", "7.7.1"))?;
    }
    if mode == FollowupMode::Instant && work.ticket.state != State::Answered {
        return Err(rule("instant_only_answered", "8.5 c"));
    }
    // What a person is said to have asked, a person has asked.
    if mode == FollowupMode::Person && work.user().is_none() {
        return Err(TicketError::Forbidden {
            rule: "person_required",
            clause: "7.7.1",
        });
    }
    Ok(())
}

/// The states in which a level is followed up.
const fn states(level: FollowupLevel) -> &'static [State] {
    match level {
        FollowupLevel::City => &[State::Followup, State::Answered, State::Merged],
        FollowupLevel::County => &[State::Review, State::Followup, State::Verify, State::Closed],
    }
}

fn record_attempt(work: &mut Work<'_>, command: &Command, it: &RecordAttempt) -> Result<(), TicketError> {
    work.in_state(command, states(it.level))?;
    check_level(work, it.level)?;
    check_mode(work, it.level, it.mode)?;
    check_open(work, it.level)?;
    let note = work.text("note", &it.note, (0, WORDS_MAX), "7.7.1")?;
    check_time(work, it.level)?;
    let number = attempt_no(work, it.level);
    let name = format!("{}.{number}.note", prefix(work, it.level));
    let call = (it.call, it.recording);
    attempted_with(work, it.level, it.mode, false, call, vec![(name, note)]);
    if it.level == FollowupLevel::County {
        return Ok(());
    }
    work.met(ClockKind::FollowupStart, 0);
    work.met(ClockKind::FollowupAttempt, 0);
    if number < work.settings().count(Id::FollowupAttempts) {
        next_attempt(work);
        return Ok(());
    }
    // The last try: nobody was there, which is a word of its own. Source: reading Q22.
    recorded(
        work,
        it.mode,
        (FollowupResult::Other, Satisfaction::NoComment),
        false,
        it.recording,
    );
    close_with_word(work, Closing::FollowedUp);
    Ok(())
}

/// Whether people may be telephoned now, in this part of the day, once more.
fn check_time(work: &Work<'_>, level: FollowupLevel) -> Result<(), TicketError> {
    let (limits, settings, now) = (work.limits(), work.settings(), work.ctx.now);
    if !followup::within_hours(&limits, now, &settings) {
        return Err(rule("followup_hours", "7.7.1"));
    }
    let Some(cycle) = work.ticket.cycle() else {
        return Ok(());
    };
    if level == FollowupLevel::County {
        let full = COUNTY_TRIES_MAX <= followup::tries(cycle, level);
        return if full {
            Err(rule("followup_tries", "7.7.1"))
        } else {
            Ok(())
        };
    }
    let hour = followup::local_hour(&limits, now);
    if followup::daypart_fits(cycle, level, hour, &settings) {
        return Ok(());
    }
    Err(rule("followup_daypart", "7.7.1"))
}

fn next_attempt(work: &mut Work<'_>) {
    let (limits, settings, now) = (work.limits(), work.settings(), work.ctx.now);
    let Some(cycle) = work.ticket.cycle() else { return };
    let (_, deadline) = followup::next_try(cycle, &limits, now, &settings);
    let start = Start {
        kind: ClockKind::FollowupAttempt,
        subject: 0,
        from: now,
        rule: Some(settings.rule(Id::FollowupAttempt)),
        against: "organ",
        basis: settings.entry(Id::FollowupAttempt).basis.clone(),
    };
    work.start_at(start, Some(deadline));
}

fn attempt_no(work: &Work<'_>, level: FollowupLevel) -> u32 {
    work.ticket
        .cycle()
        .map_or(1, |cycle| followup::tries(cycle, level) + 1)
}

fn prefix(work: &Work<'_>, level: FollowupLevel) -> String {
    let cycle = work.ticket.cycle_no();
    match level {
        FollowupLevel::City => format!("followup.{cycle}"),
        FollowupLevel::County => format!("county_followup.{cycle}"),
    }
}

/// A try, with its call and recording.
fn attempted(
    work: &mut Work<'_>,
    level: FollowupLevel,
    mode: FollowupMode,
    reached: bool,
    call: (Option<InteractionId>, Option<RecordingId>),
) {
    attempted_with(work, level, mode, reached, call, Words::new());
}

fn attempted_with(
    work: &mut Work<'_>,
    level: FollowupLevel,
    mode: FollowupMode,
    reached: bool,
    (call, recording): (Option<InteractionId>, Option<RecordingId>),
    words: Words,
) {
    let attempt = attempt_no(work, level);
    let daypart = followup::local_hour(&work.limits(), work.ctx.now);
    let cycle = work.ticket.cycle_no();
    let fact = TicketFact::FollowupAttempted {
        cycle,
        level,
        mode,
        attempt,
        reached,
        daypart,
        call,
        recording,
    };
    work.put_with(fact, words);
    let Some(interaction) = call else { return };
    if !work.ticket.calls.iter().any(|(known, _)| *known == interaction) {
        work.put(TicketFact::CallLinked {
            interaction,
            purpose: "followup".to_owned(),
            recording,
        });
    }
}

/// Whether the level has said nothing yet in this cycle.
fn check_open(work: &Work<'_>, level: FollowupLevel) -> Result<(), TicketError> {
    let said = work.ticket.cycle().is_some_and(|cycle| match level {
        FollowupLevel::City => cycle.city.is_some(),
        FollowupLevel::County => cycle.county.is_some(),
    });
    if said {
        Err(rule("already_recorded", "7.7.2"))
    } else {
        Ok(())
    }
}

fn record_result(work: &mut Work<'_>, command: &Command, it: &RecordResult) -> Result<(), TicketError> {
    work.in_state(command, states(it.level))?;
    check_level(work, it.level)?;
    check_mode(work, it.level, it.mode)?;
    check_open(work, it.level)?;
    let opinion = work.text("opinion", &it.opinion, (0, WORDS_MAX), "7.7.2")?;
    if matches!(it.mode, FollowupMode::Person | FollowupMode::Robot) {
        attempted(work, it.level, it.mode, true, (it.call, it.recording));
    }
    let name = format!("{}.opinion", prefix(work, it.level));
    let fact = TicketFact::FollowupRecorded {
        cycle: work.ticket.cycle_no(),
        level: it.level,
        mode: it.mode,
        result: it.result,
        satisfaction: it.satisfaction,
        reached: true,
        recording: it.recording,
    };
    let how = if work.ticket.state == State::Answered && it.mode == FollowupMode::Instant {
        Closing::InstantRating
    } else {
        Closing::FollowedUp
    };
    work.put_with(fact, vec![(name, opinion)]);
    if it.level == FollowupLevel::City {
        close_with_word(work, how);
    }
    Ok(())
}

fn recorded(
    work: &mut Work<'_>,
    mode: FollowupMode,
    (result, satisfaction): (FollowupResult, Satisfaction),
    reached: bool,
    recording: Option<RecordingId>,
) {
    work.put(TicketFact::FollowupRecorded {
        cycle: work.ticket.cycle_no(),
        level: FollowupLevel::City,
        mode,
        result,
        satisfaction,
        reached,
        recording,
    });
}

/// What follows from the city's word: the end, or a verification. A merged order has ended already.
fn close_with_word(work: &mut Work<'_>, how: Closing) {
    for kind in [
        ClockKind::FollowupStart,
        ClockKind::FollowupAttempt,
        ClockKind::InstantRating,
    ] {
        work.met(kind, 0);
    }
    match work.ticket.state {
        State::Verify => work.start_by(ClockKind::Verify, 0, Id::Verify, "organ"),
        State::Followup | State::Answered => close(work, how),
        _ => (),
    }
}

/// Ends what a 重点督办 held open, once no case holds it any more.
pub(super) fn close_if_decided(work: &mut Work<'_>) {
    let Some(cycle) = work.ticket.cycle() else { return };
    let how = match work.ticket.state {
        State::Review if cycle.reviewed_at.is_some() => Closing::Exempt,
        State::Followup | State::Answered if cycle.city.is_some() => Closing::FollowedUp,
        State::Verify if cycle.verdict == Some(Verdict::Close) => Closing::Verified,
        _ => return,
    };
    close(work, how);
}

fn rate_agent(work: &mut Work<'_>, command: &Command, it: &RateAgent) -> Result<(), TicketError> {
    // An item of the inbox has no agent yet.
    let nobody = [State::Intake, State::Archived, State::Cancelled];
    if nobody.contains(&work.ticket.state) {
        work.in_state(command, &[])?;
    }
    if work.ticket.agent_rating.is_some() {
        return Err(rule("already_rated", "8.5 c"));
    }
    work.put(TicketFact::AgentRated {
        satisfaction: it.satisfaction,
    });
    if work.ticket.state == State::Answered {
        rated(work, it.satisfaction);
    }
    Ok(())
}

/// The rating of a directly answered order is its follow-up, but for an enterprise's, whom a person asks.
fn rated(work: &mut Work<'_>, satisfaction: Satisfaction) {
    let plan = followup::plan(&work.ticket, &work.settings());
    let open = work.ticket.cycle().is_none_or(|cycle| cycle.city.is_none());
    if plan.modes.first() != Some(&FollowupMode::Instant) || !open {
        return;
    }
    let word = (followup::result_of_rating(satisfaction), satisfaction);
    recorded(work, FollowupMode::Instant, word, true, None);
    close_with_word(work, Closing::InstantRating);
}
