//! Follow-up, its levels, results and verification. 7.7.1, 7.7.2.

use rexian::account::Role;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::FollowupMode;
use serde_json::json;

use super::steps::actor;
use super::steps::contact;
use super::steps::enterprise;
use super::steps::form;
use super::steps::pass;
use super::steps::replied;
use super::steps::reply;
use super::steps::reviewed;
use super::steps::signed;
use super::steps::state;
use super::steps::unhappy;
use super::steps::why;
use super::steps::word;
use super::town::City;
use super::town::HOTLINE;
use super::town::in_a_city;
use super::twin::Finding;
use super::twin::Off;
use super::twin::holds;
use super::twin::proven;

async fn planned(city: &mut City) -> Finding {
    city.at("2026-11-23 10:00");
    let (person, robot, sms) = (FollowupMode::Person, FollowupMode::Robot, FollowupMode::Sms);
    let plan = async |ticket| {
        city.ticket(ticket)
            .await
            .ticket
            .cycle()
            .map(|it| it.plan.clone())
            .unwrap_or_default()
    };
    let usual = reviewed(city, &form("complaint", "normal")).await;
    holds(
        "a citizen by the three ways in turn",
        plan(usual).await == [robot, sms, person],
    )?;
    let firm = reviewed(city, &enterprise("help")).await;
    holds("an enterprise by a person", plan(firm).await == [person])?;
    assert_eq!(
        actor(city, firm, "followup_planned").await,
        "user:reviewer-hotline"
    );
    // The three exempt kinds: praise is told and closed, a confidential matter closes with its review.
    let praise = city.accepted("13800138000", &form("praise", "normal")).await;
    city.dispatch(praise, "ga").await;
    holds("praise closes", state(city, praise).await == "closed")?;
    let mut hidden = form("complaint", "normal");
    hidden["secrecy"] = json!(true);
    let hidden = reviewed(city, &hidden).await;
    let closed = city
        .fact(hidden, "closed")
        .await
        .map(|fact| fact.body["how"].clone());
    holds("a confidential matter is exempt", closed == Some(json!("exempt")))?;
    // An exempt kind of an enterprise: the exemption wins (Q21).
    let mut both = enterprise("complaint");
    both["secrecy"] = json!(true);
    let both = reviewed(city, &both).await;
    holds(
        "the exemption goes before the enterprise",
        state(city, both).await == "closed",
    )
}

#[test]
fn ac_7_7_1a_everybody_is_followed_up_by_his_way_but_the_three_exempt_kinds() {
    let off = Off::Setting("followup.order", json!(["person"]));
    proven(&[(off, "a citizen by the three ways in turn")], planned);
}

#[test]
fn q_21_an_exempt_order_of_an_enterprise_is_exempt() {
    let off = Off::Setting("enterprise.exempt_precedence", json!("enterprise"));
    proven(&[(off, "the exemption goes before the enterprise")], planned);
}

async fn told(city: &mut City) -> Finding {
    city.at("2026-11-23 10:00");
    let ticket = signed(city, &form("help", "normal")).await;
    let unit = city.person(Role::Unit, "ga").await;
    let refused = city.give(&unit, ticket, reply()).await;
    holds(
        "no reply before the appellant was told and heard",
        why(&refused) == "contact_missing - 7.7.1 a",
    )?;
    assert_eq!(
        (state(city, ticket).await, actor(city, ticket, "fed_back").await),
        ("handling", "-".to_owned())
    );
    let other = city.person(Role::Unit, "jj").await;
    let refused = city.give(&other, ticket, contact()).await;
    holds(
        "another unit does not speak to him",
        refused.status == 403 || refused.status == 404,
    )?;
    city.done(&unit, ticket, contact()).await;
    assert_eq!(actor(city, ticket, "contacted").await, "user:unit-ga");
    city.done(&unit, ticket, reply()).await;
    holds(
        "then the reply goes to review",
        state(city, ticket).await == "review",
    )
}

#[test]
fn ac_7_7_1a1_a_reply_before_the_appellant_was_told_and_heard_is_refused() {
    let breaks = "no reply before the appellant was told and heard";
    proven(&[(Off::Rules(&["contact_missing"]), breaks)], told);
}

async fn by_person(city: &mut City) -> Finding {
    city.at("2026-11-23 10:00");
    let ticket = reviewed(city, &enterprise("help")).await;
    let followup = city.person(Role::Followup, HOTLINE).await;
    for mode in ["robot", "sms"] {
        let refused = city
            .give(&followup, ticket, word(mode, "solved", "satisfied"))
            .await;
        holds(
            "an enterprise is not closed by a machine",
            why(&refused) == "enterprise_by_person - 7.7.1",
        )?;
        assert_eq!(state(city, ticket).await, "followup");
    }
    let agent = city.person(Role::Agent, HOTLINE).await;
    let refused = city
        .give(&agent, ticket, word("person", "solved", "satisfied"))
        .await;
    holds("an agent does not follow up", why(&refused) == "role - 7.7.2")?;
    city.done(&followup, ticket, word("person", "solved", "satisfied"))
        .await;
    assert_eq!(
        actor(city, ticket, "followup_recorded").await,
        "user:followup-hotline"
    );
    holds("a person closes it", state(city, ticket).await == "closed")
}

#[test]
fn ac_7_7_1b_an_enterprise_is_followed_up_by_a_person_alone() {
    let breaks = "an enterprise is not closed by a machine";
    proven(&[(Off::Rules(&["enterprise_by_person"]), breaks)], by_person);
}

async fn county(city: &mut City) -> Finding {
    city.at("2026-11-23 10:00");
    let ticket = reviewed(city, &form("help", "normal")).await;
    let unit = city.person(Role::Unit, "ga").await;
    let mut own = word("person", "solved", "satisfied");
    let refused = city.give(&unit, ticket, own.clone()).await;
    holds(
        "a unit's word is not the city's",
        why(&refused) == "city_organ - 7.7.1 c",
    )?;
    own["level"] = json!("county");
    city.done(&unit, ticket, own).await;
    let cycle = city.ticket(ticket).await.ticket.cycle().cloned().unwrap();
    assert!(
        cycle.county.is_some() && cycle.city.is_none(),
        "beside the city's, never for it"
    );
    holds(
        "its own word closes nothing",
        state(city, ticket).await == "followup",
    )?;
    let followup = city.person(Role::Followup, HOTLINE).await;
    city.done(&followup, ticket, word("person", "unsolved", "unsatisfied"))
        .await;
    let cycle = city.ticket(ticket).await.ticket.cycle().cloned().unwrap();
    let both = (
        cycle.city.unwrap().result.code(),
        cycle.county.unwrap().result.code(),
    );
    holds("both words stand", both == ("unsolved", "solved"))?;
    holds("the city's decides", state(city, ticket).await == "verify")
}

#[test]
fn ac_7_7_1b_a_units_own_follow_up_stands_beside_the_citys_and_never_for_it() {
    proven(
        &[(Off::Rules(&["city_organ"]), "a unit's word is not the city's")],
        county,
    );
}

async fn verified(city: &mut City) -> Finding {
    city.at("2026-11-23 10:00");
    let followup = city.person(Role::Followup, HOTLINE).await;
    for (result, satisfaction) in [
        ("unsolved", "unsatisfied"),
        ("unsolved", "satisfied"),
        ("solved", "unsatisfied"),
    ] {
        let ticket = reviewed(city, &form("help", "normal")).await;
        city.done(&followup, ticket, word("person", result, satisfaction))
            .await;
        holds(
            "each negative word is verified",
            state(city, ticket).await == "verify",
        )?;
        assert_eq!(city.due(ticket, ClockKind::Verify).await, "2026-11-24 24:00");
    }
    let ticket = unhappy(city, &form("help", "normal")).await;
    let propose = json!({"command": "propose_verdict", "verdict": "close", "reason": "依法依规已经办结"});
    city.done(&followup, ticket, propose).await;
    let close = json!({"command": "decide_verdict", "verdict": "close", "reason": "依法依规已经办结"});
    let refused = city.give(&followup, ticket, close.clone()).await;
    holds(
        "closing takes a second person",
        why(&refused) == "second_person - 7.7.1",
    )?;
    let supervisor = city.person(Role::Supervisor, HOTLINE).await;
    city.done(&supervisor, ticket, close).await;
    assert_eq!(actor(city, ticket, "verified").await, "user:supervisor-hotline");
    let row = city.ticket(ticket).await.ticket;
    let kept = row
        .cycle()
        .and_then(|cycle| cycle.city.as_ref())
        .is_some_and(|word| word.is_negative());
    holds(
        "the word stays as it was given",
        kept && row.state.code() == "closed",
    )
}

#[test]
fn ac_7_7_1c_every_negative_word_is_verified_and_closed_by_two_people_only() {
    proven(
        &[(Off::Rules(&["second_person"]), "closing takes a second person")],
        verified,
    );
}

async fn city_task(city: &mut City) -> Finding {
    city.at("2026-11-23 10:00");
    let ticket = replied(city, &form("help", "normal")).await;
    pass(city, ticket).await;
    let due = city.due(ticket, ClockKind::FollowupStart).await;
    holds(
        "the city's follow-up begins in 2 working days",
        due == "2026-11-25 24:00",
    )?;
    assert_eq!(
        actor(city, ticket, "followup_planned").await,
        "user:reviewer-hotline"
    );
    let unit = city.person(Role::Unit, "ga").await;
    let mut own = word("person", "solved", "satisfied");
    own["level"] = json!("county");
    city.done(&unit, ticket, own).await;
    let due = city.due(ticket, ClockKind::FollowupStart).await;
    holds("a unit's own does not take it away", due == "2026-11-25 24:00")?;
    // Nobody followed up: it stays in the list until somebody does.
    city.pass_until("2026-11-26 09:00").await;
    let breached = city.fact(ticket, "clock_breached").await.unwrap();
    assert_eq!(
        (breached.actor.as_str(), &breached.body["clock"]["kind"]),
        ("system:", &json!("followup_start"))
    );
    holds(
        "it is not closed by time",
        state(city, ticket).await == "followup",
    )
}

#[test]
fn ac_7_7_1c_the_citys_follow_up_is_always_a_task_with_a_limit() {
    let off = Off::Setting("followup_start", json!("3wd"));
    proven(
        &[(off, "the city's follow-up begins in 2 working days")],
        city_task,
    );
}

#[test]
fn ac_7_7_2_other_results_and_words_than_three_are_not_taken() {
    in_a_city(async |city| {
        city.at("2026-11-23 10:00");
        let ticket = reviewed(city, &form("help", "normal")).await;
        let followup = city.person(Role::Followup, HOTLINE).await;
        let unit = city.person(Role::Unit, "ga").await;
        for (result, satisfaction) in [
            ("half", "satisfied"),
            ("solved", "mostly_satisfied"),
            ("", "satisfied"),
        ] {
            let refused = city
                .give(&followup, ticket, word("person", result, satisfaction))
                .await;
            assert!(
                (400..500).contains(&refused.status),
                "{result} {satisfaction}: {}",
                refused.body
            );
        }
        let refused = city
            .give(&unit, ticket, word("person", "solved", "satisfied"))
            .await;
        assert_eq!(why(&refused), "city_organ - 7.7.1 c");
        assert_eq!(
            (
                state(city, ticket).await,
                actor(city, ticket, "followup_recorded").await
            ),
            ("followup", "-".to_owned())
        );
        city.done(&followup, ticket, word("person", "other", "no_comment"))
            .await;
        let fact = city.fact(ticket, "followup_recorded").await.unwrap();
        assert_eq!(fact.actor, "user:followup-hotline");
        assert_eq!(
            (&fact.body["result"], &fact.body["satisfaction"]),
            (&json!("other"), &json!("no_comment"))
        );
        assert_eq!(state(city, ticket).await, "closed");
    });
}

async fn tries(city: &mut City) -> Finding {
    city.at("2026-11-23 10:00");
    let ticket = reviewed(city, &form("help", "normal")).await;
    let followup = city.person(Role::Followup, HOTLINE).await;
    let unit = city.person(Role::Unit, "ga").await;
    let attempt =
        |mode: &str| json!({"command": "record_attempt", "level": "city", "mode": mode, "note": "无人接听"});
    let refused = city.give(&unit, ticket, attempt("person")).await;
    holds(
        "a unit tries not for the city",
        why(&refused) == "city_organ - 7.7.1 c",
    )?;
    for (at, mode) in [("2026-11-23 11:00", "robot"), ("2026-11-23 15:00", "sms")] {
        city.at(at);
        city.done(&followup, ticket, attempt(mode)).await;
        holds("three tries", state(city, ticket).await == "followup")?;
    }
    city.at("2026-11-23 21:00");
    let refused = city.give(&followup, ticket, attempt("person")).await;
    holds("not in the evening", why(&refused) == "followup_hours - 7.7.1")?;
    city.at("2026-11-24 10:00");
    city.done(&followup, ticket, attempt("person")).await;
    let word = city
        .ticket(ticket)
        .await
        .ticket
        .cycle()
        .and_then(|cycle| cycle.city.clone());
    let said = word.map(|word| (word.result.code(), word.satisfaction.code(), word.reached));
    assert_eq!(
        actor(city, ticket, "followup_attempted").await,
        "user:followup-hotline"
    );
    holds(
        "nobody there: 其他, 未评论",
        said == Some(("other", "no_comment", false)),
    )?;
    holds("and the order closes", state(city, ticket).await == "closed")
}

#[test]
fn ac_7_7_2b_who_says_nothing_has_not_commented() {
    proven(
        &[(Off::Setting("followup.attempts", json!(2)), "three tries")],
        tries,
    );
}

#[test]
fn q_22_three_tries_by_day_in_two_parts_of_it() {
    proven(
        &[(Off::Setting("followup.to", json!("22:00")), "not in the evening")],
        tries,
    );
}
