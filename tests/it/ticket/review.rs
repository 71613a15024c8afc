//! Review of replies. 7.5.2, 7.7.1, 7.8.1 c.

use expect_test::expect;
use rexian::account::Role;
use rexian::ticket::command::Command;
use rexian::ticket::command::SendBackReply;
use rexian::ticket::model::AppealType::*;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::Closing;
use rexian::ticket::model::Exemption;
use rexian::ticket::model::ReviewRule;
use rexian::ticket::model::State;
use rexian::ticket::model::SupervisionCause;
use rexian::ticket::model::Urgency::*;
use rexian::ticket::reference::Kind;

use crate::ticket::followup::passed;
use crate::ticket::followup::reviewer;
use crate::ticket::script::Script;
use crate::ticket::script::organ;
use crate::ticket::script::person;
use crate::ticket::script::reply;
use crate::ticket::script::unit;

const START: &str = "2026-11-23 09:40";
const NOW: &str = "2026-11-24 17:00";

fn sent_back(rules: &[ReviewRule]) -> Command {
    Command::SendBackReply(SendBackReply {
        rules: rules.iter().copied().collect(),
        reason: "缺少政策依据".into(),
    })
}

fn replied() -> Script {
    let mut script = Script::signed(Help, Normal, START, "zj");
    script.heard("2026-11-23 15:00", &unit("zj"));
    script.give("2026-11-24 15:00", &unit("zj"), reply());
    script
}

#[test]
fn a_good_reply_goes_to_the_follow_up() {
    let mut script = replied();
    assert_eq!(script.refused(NOW, &unit("zj"), passed()), "7.5.2: role");
    let facts = script.give(NOW, &reviewer(), passed());
    expect![[r#"
        review_passed cycle=1
        clock_ended feedback_review/1/0 end=met
        followup_planned cycle=1 modes=robot,sms,person
        clock_started followup_start/1/0 2wd → 2026-11-26 24:00 by organ"#]]
    .assert_eq(&facts.join("\n"));
    assert_eq!(script.ticket.state, State::Followup);
    assert!(
        script
            .refused(NOW, &reviewer(), passed())
            .starts_with("7.5.2: not in state")
    );
}

#[test]
fn exempt_kinds_are_closed_at_once_with_the_reason() {
    let mut script = replied();
    script.ticket.origin.grid = true;
    let facts = script.give(NOW, &reviewer(), passed());
    expect![[r#"
        review_passed cycle=1 exempt=grid
        clock_ended feedback_review/1/0 end=met
        closed cycle=1 how=exempt
        clock_ended citizen/0/0 end=met
        clock_ended return_window/1/0 end=void
        clock_ended co_apply_window/1/0 end=void
        clock_started archive/1/0 24h → 2026-11-25 17:00 by organ"#]]
    .assert_eq(&facts.join("\n"));
    assert_eq!(script.ticket.closing, Some(Closing::Exempt));
    assert_eq!(script.ticket.exempt, Some(Exemption::Grid));
}

#[test]
fn a_reply_is_sent_back_with_the_rules_it_fails_and_the_review_is_credited() {
    let mut script = replied();
    assert_eq!(
        script.refused(NOW, &reviewer(), sent_back(&[])),
        "7.5.2: missing rules"
    );
    let facts = script.give("2026-11-25 17:00", &reviewer(), sent_back(&[ReviewRule::Basis]));
    expect![[r#"
        review_sent_back cycle=1 rules=basis
        clock_ended feedback_review/1/0 end=met
        clock_started close/1/0 5wd → 2026-12-01 24:00 by unit !2026-11-30 06:44 !2026-11-30 24:00"#]]
    .assert_eq(&facts.join("\n"));
    assert_eq!(script.ticket.state, State::Handling);
    assert_eq!(script.ticket.texts.get("review.1.1.reason"), "缺少政策依据");
    // The first limit and the credited one are both kept.
    let limits: Vec<String> = script
        .ticket
        .clocks
        .iter()
        .filter(|it| it.clock.kind == ClockKind::Close)
        .map(|it| script.zone.format_end(it.deadline.unwrap()))
        .collect();
    assert_eq!(limits, ["2026-11-30 24:00", "2026-12-01 24:00"]);
}

#[test]
fn without_credit_the_deadline_stays() {
    let (from, to) = (
        r#""id": "credit_review_time", "value": true"#,
        r#""id": "credit_review_time", "value": false"#,
    );
    let mut script = replied().with(Kind::Settings, from, to);
    script.give("2026-11-25 17:00", &reviewer(), sent_back(&[ReviewRule::Facts]));
    assert_eq!(script.due(ClockKind::Close, 0), "2026-11-30 24:00");
}

#[test]
fn ac_7_8_1_the_second_reply_sent_back_supervises_the_unit() {
    let mut script = replied();
    script.give("2026-11-24 16:00", &reviewer(), sent_back(&[ReviewRule::Basis]));
    assert!(script.ticket.supervisions.is_empty());
    script.give("2026-11-25 15:00", &unit("zj"), reply());
    let facts = script.give("2026-11-25 16:00", &reviewer(), sent_back(&[ReviewRule::Wording]));
    assert!(
        facts
            .iter()
            .any(|it| it.starts_with("supervised automatic=true cause=c")),
        "{facts:?}"
    );
    script.give("2026-11-26 15:00", &unit("zj"), reply());
    script.give("2026-11-26 16:00", &reviewer(), sent_back(&[ReviewRule::Facts]));
    let causes: Vec<_> = script.ticket.supervisions.iter().map(|it| it.cause).collect();
    assert_eq!(causes, [SupervisionCause::PoorFeedback]);
}

#[test]
fn ac_6_1_nobody_reviews_a_reply_to_a_complaint_about_himself() {
    let mut script = replied();
    script.ticket.draft.target_organ = Some(organ("hotline"));
    assert_eq!(
        script.refused(NOW, &reviewer(), passed()),
        "6.1: conflict_of_interest"
    );
    let judge = person("du", Role::Reviewer, "hotline/dc");
    script.give(NOW, &judge, passed());
    let mut script = replied();
    script.ticket.draft.target_organ = Some(organ("zj"));
    assert_eq!(
        script.refused(NOW, &person("shen", Role::Reviewer, "hotline/zj"), passed()),
        "6.1: conflict_of_interest"
    );
    script.give(NOW, &reviewer(), passed());
}

#[test]
fn only_the_city_reviews_unless_the_county_goes_first() {
    let county = person("xian", Role::Reviewer, "hotline/t130203");
    let other = person("xian", Role::Reviewer, "hotline/t130202");
    let mut script = replied();
    assert_eq!(script.refused(NOW, &county, passed()), "7.5.2: city_organ");
    script.ticket.cycles[0].handler = Some(organ("t130203-zj"));
    let (from, to) = (
        r#""id": "review.by", "value": "city""#,
        r#""id": "review.by", "value": "county_then_city""#,
    );
    let mut script = script.with(Kind::Settings, from, to);
    assert_eq!(
        script.refused(NOW, &reviewer(), passed()),
        "7.5.2: county_review_first"
    );
    assert_eq!(script.refused(NOW, &other, passed()), "7.5.2: city_organ");
    let facts = script.give(NOW, &county, passed());
    assert_eq!(facts, ["review_passed county=true cycle=1"]);
    assert_eq!(script.refused(NOW, &county, passed()), "7.5.2: city_organ");
    script.give(NOW, &reviewer(), passed());
    assert_eq!(script.ticket.state, State::Followup);
}

#[test]
fn a_site_without_reviews_passes_replies_by_itself() {
    let (from, to) = (
        r#""id": "review.on", "value": true"#,
        r#""id": "review.on", "value": false"#,
    );
    let mut script = Script::signed(Help, Normal, START, "zj").with(Kind::Settings, from, to);
    script.heard("2026-11-23 15:00", &unit("zj"));
    let facts = script.give("2026-11-24 15:00", &unit("zj"), reply());
    assert!(
        facts.contains(&"review_passed automatic=true cycle=1".to_owned()),
        "{facts:?}"
    );
    assert_eq!(script.ticket.state, State::Followup);
}
