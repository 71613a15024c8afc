//! Follow-up, its plan, verification and rework. 7.7.1, 7.7.2, 8.5 c, B.4.

use expect_test::expect;
use rexian::account::Principal;
use rexian::account::Role;
use rexian::base::ids::InteractionId;
use rexian::base::ids::TicketId;
use rexian::fact::ticket::TicketFact;
use rexian::ticket::command::Command;
use rexian::ticket::command::DecideVerdict;
use rexian::ticket::command::PassReview;
use rexian::ticket::command::ProposeVerdict;
use rexian::ticket::command::RateAgent;
use rexian::ticket::command::RecordAttempt;
use rexian::ticket::command::RecordResult;
use rexian::ticket::followup::plan;
use rexian::ticket::model::AnswerBasis;
use rexian::ticket::model::AppealType;
use rexian::ticket::model::AppealType::*;
use rexian::ticket::model::AppellantKind;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::Closing;
use rexian::ticket::model::Disposition;
use rexian::ticket::model::Exemption;
use rexian::ticket::model::FollowupLevel;
use rexian::ticket::model::FollowupMode;
use rexian::ticket::model::FollowupResult;
use rexian::ticket::model::RefusalReason;
use rexian::ticket::model::Satisfaction;
use rexian::ticket::model::State;
use rexian::ticket::model::SubState;
use rexian::ticket::model::Urgency;
use rexian::ticket::model::Urgency::*;
use rexian::ticket::model::Verdict;
use rexian::ticket::reference::Kind;

use crate::ticket::script::Script;
use crate::ticket::script::at;
use crate::ticket::script::organ;
use crate::ticket::script::person;
use crate::ticket::script::reply;
use crate::ticket::script::supervisor;
use crate::ticket::script::unit;

const START: &str = "2026-11-23 09:40";
const NOW: &str = "2026-11-25 10:00";

pub(super) fn follower() -> Principal {
    person("hui", Role::Followup, "hotline")
}

fn second() -> Principal {
    person("hui-2", Role::Followup, "hotline")
}

pub(super) fn reviewer() -> Principal {
    person("shen", Role::Reviewer, "hotline")
}

pub(super) fn passed() -> Command {
    Command::PassReview(PassReview { note: "".into() })
}

fn attempt(mode: FollowupMode) -> Command {
    Command::RecordAttempt(RecordAttempt {
        level: FollowupLevel::City,
        mode,
        call: None,
        recording: None,
        note: "无人接听".into(),
    })
}

fn result(mode: FollowupMode, result: FollowupResult, satisfaction: Satisfaction) -> RecordResult {
    RecordResult {
        level: FollowupLevel::City,
        mode,
        result,
        satisfaction,
        opinion: "".into(),
        call: None,
        recording: None,
    }
}

fn good(mode: FollowupMode) -> Command {
    Command::RecordResult(result(mode, FollowupResult::Solved, Satisfaction::Satisfied))
}

fn bad(mode: FollowupMode) -> Command {
    Command::RecordResult(result(mode, FollowupResult::Unsolved, Satisfaction::NoComment))
}

fn propose(verdict: Verdict) -> Command {
    Command::ProposeVerdict(ProposeVerdict {
        verdict,
        reason: "现场核实".into(),
    })
}

fn verdict(verdict: Verdict, excluded: bool) -> Command {
    Command::DecideVerdict(DecideVerdict {
        verdict,
        reason: "漏水仍在，请三日内修复".into(),
        excluded,
        subs: None,
    })
}

/// An order whose reply passed its review on Tuesday at 17:00.
fn followed(prepare: impl FnOnce(&mut Script)) -> Script {
    let mut script = Script::signed(Help, Normal, START, "zj");
    prepare(&mut script);
    script.heard("2026-11-23 15:00", &unit("zj"));
    script.give("2026-11-24 15:00", &unit("zj"), reply());
    script.give("2026-11-24 17:00", &reviewer(), passed());
    script
}

fn negative() -> Script {
    let mut script = followed(|_| ());
    script.give(NOW, &follower(), bad(FollowupMode::Person));
    script
}

#[test]
fn ac_7_7_1a_the_plan_equals_the_answer_key() {
    let text = include_str!("../../data/appeals.json");
    let key: serde_json::Value = serde_json::from_str(text).unwrap();
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    for item in key["items"].as_array().unwrap() {
        let expected = &item["expected"];
        let script = keyed(item);
        let settings = script.reference.settings.at(script.now);
        let plan = plan(&script.ticket, &settings);
        let said = match (&plan.exempt, plan.modes.as_slice()) {
            (Some(_), []) => "exempt",
            (None, []) => "none",
            (None, [FollowupMode::Instant, ..]) => "instant_rating",
            (None, [FollowupMode::Person]) if plan.only_person => "manual",
            (None, [FollowupMode::Robot, FollowupMode::Sms, FollowupMode::Person]) => "auto_then_manual",
            other => panic!("{other:?}"),
        };
        // The appellant of a merged order who is another than the master's is asked himself: a site may switch it off.
        let own = item["id"] == "AP075";
        let expected = if own {
            "auto_then_manual"
        } else {
            expected["followup"].as_str().unwrap()
        };
        assert_eq!(said, expected, "{}", item["id"]);
        *seen.entry(said.to_owned()).or_default() += 1;
    }
    assert_eq!(seen.len(), 5, "{seen:?}");
}

/// The order of a row of the answer key, as far as its follow-up depends on it.
fn keyed(item: &serde_json::Value) -> Script {
    let expected = &item["expected"];
    let kind = match expected["type"].as_str().unwrap() {
        "咨询" => Consult,
        "求助" => Help,
        "投诉" => Complaint,
        "举报" => Report,
        "表扬" => Praise,
        _ => Suggestion,
    };
    let urgency = Urgency::parse(expected["urgency"].as_str().unwrap()).unwrap();
    let mut script = Script::accepted(kind, urgency, START);
    script.ticket.draft.appellant_kind = Some(match item["appellant_kind"].as_str().unwrap() {
        "自然人" => AppellantKind::Person,
        _ => AppellantKind::LegalPerson,
    });
    let flags = expected["flags"].as_array().unwrap();
    script.ticket.draft.secrecy = flags.iter().any(|it| it == "confidential");
    script.ticket.origin.grid = item["channel"] == "grid_app";
    match expected["path"].as_str().unwrap() {
        "direct_reply" => script.fold(answered()),
        "not_accepted" => script.fold(TicketFact::NotAccepted {
            reason: RefusalReason::Unlawful,
            procedure: None,
            concluded: None,
            file: None,
        }),
        "invalid" => script.fold(TicketFact::MarkedInvalid {
            disposition: Disposition::WrongNumber,
        }),
        "merged" => script.fold(TicketFact::Merged {
            master: TicketId::from_bytes([1; 16]),
            same_appellant: item["id"] == "AP074",
            score: 900,
        }),
        "transfer_emergency" => script.fold(TicketFact::Referred {
            line: "110".to_owned(),
            outcome: "stayed".to_owned(),
            partner_number: None,
            life_danger: true,
        }),
        _ => (),
    }
    script
}

fn answered() -> TicketFact {
    TicketFact::Answered {
        basis: AnswerBasis::Transfer,
        article: None,
        call: Some(InteractionId::from_bytes([3; 16])),
        master: None,
    }
}

#[test]
fn an_exemption_is_read_narrowly_and_wins_over_an_enterprise() {
    let mut script = Script::accepted(Report, Normal, START);
    script.ticket.draft.secrecy = true;
    script.ticket.draft.appellant_kind = Some(AppellantKind::Organization);
    let exempt = |script: &Script| plan(&script.ticket, &script.reference.settings.at(script.now));
    assert_eq!(exempt(&script).exempt, Some(Exemption::Confidential));
    let (from, to) = (r#""value": "exemption""#, r#""value": "enterprise""#);
    let script = script.with(Kind::Settings, from, to);
    let other = exempt(&script);
    assert!(other.exempt.is_none() && other.modes == [FollowupMode::Person] && other.only_person);
    // Sent to a grid officer but raised by a citizen: followed up.
    let mut grid = Script::accepted(Help, Normal, START);
    grid.dispatch(START, "zj");
    grid.ticket.cycles[0].basis = Some(rexian::ticket::model::RouteBasis::Grid);
    assert_eq!(exempt(&grid).modes.len(), 3);
}

#[test]
fn a_good_word_closes_the_order_and_keeps_the_call() {
    let mut script = followed(|_| ());
    let mut word = result(
        FollowupMode::Person,
        FollowupResult::Other,
        Satisfaction::Satisfied,
    );
    word.call = Some(InteractionId::from_bytes([12; 16]));
    let facts = script.give(NOW, &follower(), Command::RecordResult(word.clone()));
    expect![[r#"
        followup_attempted attempt=1 call=0c0c0c0c-0c0c-0c0c-0c0c-0c0c0c0c0c0c cycle=1 daypart=10 level=city mode=person reached=true
        call_linked interaction=0c0c0c0c-0c0c-0c0c-0c0c-0c0c0c0c0c0c purpose=followup
        followup_recorded cycle=1 level=city mode=person reached=true result=other satisfaction=satisfied
        clock_ended followup_start/1/0 end=met
        closed cycle=1 how=followed_up
        clock_ended citizen/0/0 end=met
        clock_ended return_window/1/0 end=void
        clock_ended co_apply_window/1/0 end=void
        clock_started archive/1/0 24h → 2026-11-26 10:00 by organ"#]].assert_eq(&facts.join("\n"));
    assert_eq!(script.ticket.closing, Some(Closing::FollowedUp));
    assert!(
        script
            .refused(NOW, &follower(), Command::RecordResult(word))
            .contains("not in state closed")
    );
}

#[test]
fn ac_7_7_1b_an_enterprise_is_asked_by_a_person_alone() {
    let mut script = followed(|it| it.ticket.draft.appellant_kind = Some(AppellantKind::LegalPerson));
    assert_eq!(script.ticket.cycle().unwrap().plan, [FollowupMode::Person]);
    for mode in [FollowupMode::Robot, FollowupMode::Sms] {
        assert_eq!(
            script.refused(NOW, &follower(), good(mode)),
            "7.7.1: enterprise_by_person"
        );
        assert_eq!(
            script.refused(NOW, &follower(), attempt(mode)),
            "7.7.1: enterprise_by_person"
        );
        let refusal = script
            .by(NOW, rexian::ticket::decide::By::System, &good(mode))
            .unwrap_err();
        assert_eq!(refusal.clause().unwrap(), "DB1302/T 604—2025 7.7.1");
    }
    let refusal = script.by(
        NOW,
        rexian::ticket::decide::By::System,
        &good(FollowupMode::Person),
    );
    assert!(refusal.unwrap_err().to_string().ends_with("person_required"));
    script.give(NOW, &follower(), good(FollowupMode::Person));
    assert_eq!(script.ticket.state, State::Closed);
}

#[test]
fn ac_7_7_1b_the_countys_word_stands_beside_the_citys() {
    let mut script = followed(|_| ());
    let county = |level| {
        let word = result(
            FollowupMode::Person,
            FollowupResult::Solved,
            Satisfaction::Satisfied,
        );
        Command::RecordResult(RecordResult { level, ..word })
    };
    assert_eq!(
        script.refused(NOW, &unit("zj"), county(FollowupLevel::City)),
        "7.7.1 c: city_organ"
    );
    assert_eq!(
        script.refused(NOW, &unit("cg"), county(FollowupLevel::County)),
        "7.7.1 b: not_your_unit"
    );
    script.give(NOW, &unit("zj"), county(FollowupLevel::County));
    assert_eq!(script.ticket.state, State::Followup);
    script.give(NOW, &follower(), bad(FollowupMode::Person));
    let cycle = script.ticket.cycle().unwrap();
    assert_eq!(cycle.county.as_ref().unwrap().result, FollowupResult::Solved);
    assert_eq!(cycle.city.as_ref().unwrap().result, FollowupResult::Unsolved);
    let again = script.refused(NOW, &unit("zj"), county(FollowupLevel::County));
    assert_eq!(again, "7.7.2: already_recorded");
}

#[test]
fn who_is_not_reached_three_times_at_two_times_of_the_day_gave_no_comment() {
    let mut script = followed(|_| ());
    assert_eq!(
        script.refused("2026-11-24 20:10", &follower(), attempt(FollowupMode::Robot)),
        "7.7.1: followup_hours"
    );
    let facts = script.give(NOW, &follower(), attempt(FollowupMode::Robot));
    expect![[r#"
        followup_attempted attempt=1 cycle=1 daypart=10 level=city mode=robot
        clock_ended followup_start/1/0 end=met
        clock_started followup_attempt/1/0 4h → 2026-11-25 14:00 by organ"#]]
    .assert_eq(&facts.join("\n"));
    // The second may be in the same part of the day, the third may not.
    script.give("2026-11-25 11:00", &follower(), attempt(FollowupMode::Sms));
    // The part of the day that fits begins at noon; from then on the pause counts.
    assert_eq!(script.due(ClockKind::FollowupAttempt, 0), "2026-11-25 16:00");
    assert_eq!(
        script.refused("2026-11-25 11:30", &follower(), attempt(FollowupMode::Person)),
        "7.7.1: followup_daypart"
    );
    let facts = script.give("2026-11-25 15:00", &follower(), attempt(FollowupMode::Person));
    expect![[r#"
        followup_attempted attempt=3 cycle=1 daypart=15 level=city mode=person
        clock_ended followup_attempt/1/0 end=met
        followup_recorded cycle=1 level=city mode=person result=other satisfaction=no_comment
        closed cycle=1 how=followed_up
        clock_ended citizen/0/0 end=met
        clock_ended return_window/1/0 end=void
        clock_ended co_apply_window/1/0 end=void
        clock_started archive/1/0 24h → 2026-11-26 15:00 by organ"#]]
    .assert_eq(&facts.join("\n"));
    let word = script.ticket.cycle().unwrap().city.clone().unwrap();
    assert_eq!(
        (word.result, word.satisfaction),
        (FollowupResult::Other, Satisfaction::NoComment)
    );
    assert!(!word.reached && script.ticket.state == State::Closed);
}

#[test]
fn the_pause_to_the_next_try_counts_over_the_hours_of_telephoning() {
    let mut script = followed(|_| ());
    script.give("2026-11-25 18:30", &follower(), attempt(FollowupMode::Robot));
    assert_eq!(script.due(ClockKind::FollowupAttempt, 0), "2026-11-26 11:30");
    let mut script = followed(|_| ());
    script.give("2026-11-25 09:00", &follower(), attempt(FollowupMode::Robot));
    script.give("2026-11-26 09:00", &follower(), attempt(FollowupMode::Robot));
    assert_eq!(script.due(ClockKind::FollowupAttempt, 0), "2026-11-26 16:00");
}

#[test]
fn ac_7_7_1c_every_negative_word_opens_a_verification() {
    for (outcome, satisfaction) in [
        (FollowupResult::Unsolved, Satisfaction::Satisfied),
        (FollowupResult::Solved, Satisfaction::Unsatisfied),
        (FollowupResult::Unsolved, Satisfaction::NoComment),
    ] {
        let mut script = followed(|_| ());
        let word = result(FollowupMode::Sms, outcome, satisfaction);
        let facts = script.system(NOW, Command::RecordResult(word));
        assert!(
            facts.last().unwrap().starts_with("clock_started verify/1/0 1wd"),
            "{facts:?}"
        );
        assert_eq!(script.ticket.state, State::Verify);
    }
}

#[test]
fn closing_against_the_appellants_word_takes_two_people() {
    let mut script = negative();
    assert_eq!(
        script.refused(NOW, &second(), verdict(Verdict::Close, true)),
        "7.7.1: proposal_missing"
    );
    script.give(NOW, &follower(), propose(Verdict::Close));
    assert_eq!(
        script.refused(NOW, &follower(), verdict(Verdict::Close, true)),
        "7.7.1: second_person"
    );
    let facts = script.give(NOW, &supervisor(), verdict(Verdict::Close, true));
    expect![[r#"
        clock_ended verify/1/0 end=met
        verified cycle=1 excluded=true verdict=close
        closed cycle=1 how=verified
        clock_ended citizen/0/0 end=met
        clock_ended return_window/1/0 end=void
        clock_ended co_apply_window/1/0 end=void
        clock_started archive/1/0 24h → 2026-11-26 10:00 by organ"#]]
    .assert_eq(&facts.join("\n"));
    let cycle = script.ticket.cycle().unwrap();
    assert_eq!(cycle.city.as_ref().unwrap().result, FollowupResult::Unsolved);
    assert!(cycle.excluded);
}

#[test]
fn a_rework_is_a_new_cycle_with_the_orders_own_class_from_now() {
    let mut script = negative();
    assert_eq!(
        script.refused(NOW, &follower(), verdict(Verdict::Rework, true)),
        "7.7.1: excluded: only_with_close"
    );
    let facts = script.give(NOW, &follower(), verdict(Verdict::Rework, false));
    expect![[r#"
        clock_ended verify/1/0 end=met
        verified cycle=1 verdict=rework
        clock_ended return_window/1/0 end=void
        clock_ended co_apply_window/1/0 end=void
        reworked cycle=2 unit=zj
        clock_started close/2/0 5wd → 2026-12-02 24:00 by unit !2026-12-01 11:36 !2026-12-01 24:00
        clock_started co_apply_window/2/0 1wd → 2026-11-26 24:00 by unit"#]]
    .assert_eq(&facts.join("\n"));
    assert_eq!(script.ticket.state, State::Rework);
    assert_eq!(
        script.ticket.texts.get("rework.2.demand"),
        "漏水仍在，请三日内修复"
    );
    script.heard("2026-11-26 15:00", &unit("zj"));
    script.give("2026-11-27 15:00", &unit("zj"), reply());
    script.give("2026-11-27 16:00", &reviewer(), passed());
    script.give("2026-11-30 10:00", &follower(), good(FollowupMode::Person));
    assert_eq!(script.ticket.cycles.len(), 2);
    assert!(script.ticket.cycles[0].city.as_ref().unwrap().is_negative());
    assert_eq!(script.ticket.closing, Some(Closing::FollowedUp));
}

#[test]
fn b_4_a_rework_goes_to_the_co_units_too() {
    let mut script = negative();
    script.fold(TicketFact::SubOpened {
        sub: 1,
        cycle: 1,
        unit: organ("cg"),
        request: None,
    });
    script.fold(TicketFact::SubChanged {
        sub: 1,
        state: SubState::Done,
        late: false,
        cycle: 1,
    });
    let none = Command::DecideVerdict(DecideVerdict {
        verdict: Verdict::Rework,
        reason: "重新办理".into(),
        excluded: false,
        subs: Some(vec![2]),
    });
    assert_eq!(script.refused(NOW, &follower(), none), "B.4: subs: unknown_code");
    let facts = script.give(NOW, &follower(), verdict(Verdict::Rework, false));
    assert_eq!(
        facts[facts.len() - 2..],
        [
            "sub_changed cycle=2 state=rework sub=1",
            "clock_started close/2/1 5wd → 2026-12-02 24:00 by unit !2026-12-01 11:36 !2026-12-01 24:00"
        ]
    );
    assert_eq!(script.ticket.sub(1).unwrap().cycle, 2);
}

#[test]
fn a_rating_of_the_agent_is_no_follow_up_of_a_dispatched_order() {
    let rate = |satisfaction| Command::RateAgent(RateAgent { satisfaction });
    let mut script = followed(|_| ());
    let facts = script.system(NOW, rate(Satisfaction::Unsatisfied));
    assert_eq!(facts, ["agent_rated satisfaction=unsatisfied"]);
    assert_eq!(script.ticket.state, State::Followup);
    let again = script.refused(NOW, &follower(), rate(Satisfaction::Satisfied));
    assert_eq!(again, "8.5 c: already_rated");
}

#[test]
fn a_rating_is_the_follow_up_of_an_order_that_was_answered() {
    let rate = |satisfaction| Command::RateAgent(RateAgent { satisfaction });
    let mut script = Script::accepted(Consult, Normal, START);
    script.fold(answered());
    let facts = script.system(NOW, rate(Satisfaction::Satisfied));
    expect![[r#"
        agent_rated satisfaction=satisfied
        followup_recorded cycle=0 level=city mode=instant reached=true result=solved satisfaction=satisfied
        closed cycle=0 how=instant_rating
        clock_ended citizen/0/0 end=met
        clock_ended dispatch/0/0 end=void
        clock_started archive/0/0 24h → 2026-11-26 10:00 by organ"#]]
    .assert_eq(&facts.join("\n"));
    // Who is not content is verified; without a unit a rework goes to the dispatcher.
    let mut script = Script::accepted(Consult, Normal, START);
    script.fold(answered());
    script.system(NOW, rate(Satisfaction::Unsatisfied));
    assert_eq!(script.ticket.state, State::Verify);
    let facts = script.give(NOW, &follower(), verdict(Verdict::Rework, false));
    expect![[r#"
        clock_ended verify/0/0 end=met
        verified cycle=0 verdict=rework
        reopened"#]]
    .assert_eq(&facts.join("\n"));
    assert_eq!(script.ticket.state, State::PendingDispatch);
    // An enterprise is asked by a person, whatever it pressed.
    let mut script = Script::accepted(Consult, Normal, START);
    script.ticket.draft.appellant_kind = Some(AppellantKind::LegalPerson);
    script.fold(answered());
    script.system(NOW, rate(Satisfaction::Satisfied));
    assert_eq!(script.ticket.state, State::Answered);
}

#[test]
fn a_complaint_is_not_verified_by_whom_it_is_about() {
    let mut script = negative();
    script.ticket.draft.target_organ = Some(organ("hotline"));
    assert_eq!(
        script.refused(NOW, &follower(), verdict(Verdict::Rework, false)),
        "6.1: conflict_of_interest"
    );
    let judge = person("du", Role::Supervisor, "hotline/dc");
    script.give(NOW, &judge, verdict(Verdict::Rework, false));
    assert_eq!(at(NOW), script.now);
}

#[test]
fn a_merged_appellant_of_his_own_is_asked_without_a_verification() {
    let mut script = Script::accepted(Complaint, Normal, START);
    script.fold(TicketFact::Merged {
        master: TicketId::from_bytes([1; 16]),
        same_appellant: false,
        score: 800,
    });
    script.give(NOW, &follower(), bad(FollowupMode::Person));
    assert_eq!(script.ticket.state, State::Merged);
    assert!(script.ticket.cycle().unwrap().city.is_some());
    let _: AppealType = Complaint;
}
