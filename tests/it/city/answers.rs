//! What the desk ends itself, and help on the spot: clauses 7.1.4 and 7.1.5.

use rexian::account::Role;
use rexian::base::ids::TicketId;
use rexian::ticket::model::ClockKind;
use rexian::ticket::model::Ending;
use rexian::ticket::model::HelpState;
use rexian::ticket::model::State;
use serde_json::Value;
use serde_json::json;

use super::appeals::appeal;
use super::steps::form;
use super::steps::reviewed;
use super::steps::word;
use super::town::Answer;
use super::town::City;
use super::town::HOTLINE;
use super::town::Person;
use super::town::instant;
use super::twin::Off;
use super::twin::holds;
use super::twin::proven;

const CALLER: &str = "13800138000";

async fn article(city: &City, writer: &Person) -> Value {
    let words = json!({"title": "异地就医备案", "body": "请到医保服务平台备案。", "owner": "hotline",
        "valid_from": "2020-01-01"});
    let answer = city.post(writer, "/articles", &words).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

async fn approve(city: &City, who: &Person, article: &Value) -> Answer {
    let path = format!("/articles/{}/approve", article["id"].as_str().unwrap());
    let sent = city
        .send(who, ("POST", &path), article["revision"].as_i64(), None)
        .await;
    Answer {
        status: sent.status().as_u16(),
        body: sent.json().await.unwrap(),
    }
}

#[test]
fn ac_7_1_4a_an_answer_rests_on_an_approved_article_whose_version_is_kept_and_counted() {
    let sentence = "an article that nobody approved carries no answer";
    proven(&[(Off::Rules(&["article_not_valid"]), sentence)], async |city| {
        city.at("2026-11-23 09:00");
        let agent = city.person(Role::Agent, HOTLINE).await;
        let (writer, approver) = (
            city.person(Role::Supervisor, HOTLINE).await,
            city.person(Role::Dispatcher, HOTLINE).await,
        );
        let draft = article(city, &writer).await;
        let ticket = city.written(CALLER, &appeal("AP001").fields).await;
        let answer = json!({"command": "answer", "basis": "article", "reply": "请在医保服务平台备案后就医。",
            "article": {"id": draft["id"], "version": draft["version"]}});
        let refused = city.give(&agent, ticket, answer.clone()).await;
        holds(sentence, refused.status == 422)?;
        assert_eq!(refused.refusal(), "422 article_not_valid - 7.1.4 a");
        assert_eq!(approve(city, &approver, &draft).await.status, 200);
        city.done(&agent, ticket, answer).await;
        let row = city.ticket(ticket).await.ticket;
        assert_eq!(row.state, State::Answered);
        let kept = |row: &rexian::ticket::model::Ticket| match &row.ending {
            Some(Ending::Answered { article, .. }) => article.clone().map(|it| (it.id, it.version)),
            _ => None,
        };
        let id = draft["id"].as_str().unwrap().to_owned();
        assert_eq!(
            kept(&row).map(|(id, version)| (id, i64::from(version as i32))),
            Some((id, 1))
        );
        let fact = city.fact(ticket, "answered").await.unwrap();
        assert_eq!(
            (fact.actor.as_str(), &fact.body["article"]["version"]),
            ("agent:a1001", &json!(1))
        );
        assert_eq!(city.share("knowledge_answer").await, (1, 1));
        // The article goes on; what was told is what was told.
        let path = format!("/articles/{}", draft["id"].as_str().unwrap());
        let current = city.get(&writer, &path).await.body;
        let revision = current["versions"][0]["revision"].as_i64();
        let words = json!({"title": "异地就医备案（新）", "body": "新规定。", "owner": "hotline",
            "valid_from": "2020-01-01"})
        .to_string();
        let sent = city
            .send(&writer, ("PUT", &path), revision, Some(words.into()))
            .await;
        let next: Value = sent.json().await.unwrap();
        assert_eq!(approve(city, &approver, &next).await.body["version"], 2, "{next}");
        let fact = city.fact(ticket, "answered").await.unwrap();
        assert_eq!(fact.body["article"]["version"], 1);
        Ok(())
    });
}

#[test]
fn ac_7_1_4c_repeats_propose_their_master_and_a_merge_makes_no_dispatch_and_can_be_undone() {
    let sentence = "a merged order is dispatched by nobody";
    proven(&[(Off::Rules(&["state"]), sentence)], async |city| {
        city.at("2026-11-23 09:00");
        let agent = city.person(Role::Agent, HOTLINE).await;
        let dispatcher = city.person(Role::Dispatcher, HOTLINE).await;
        let supervisor = city.person(Role::Supervisor, HOTLINE).await;
        let master = city.accepted(CALLER, &appeal("AP009").fields).await;
        for other in ["AP021", "AP063", "AP028", "AP058"] {
            city.accepted("13700137000", &appeal(other).fields).await;
        }
        city.at("2026-11-26 15:00");
        let mut repeats: Vec<TicketId> = Vec::new();
        for (key, caller) in [("AP074", CALLER), ("AP075", "13600136000")] {
            let repeat = city.written(caller, &appeal(key).fields).await;
            let proposed = city
                .get(&agent, &format!("/tickets/{repeat}/duplicates"))
                .await
                .body;
            let items = proposed["items"].as_array().unwrap();
            let place = items
                .iter()
                .position(|it| it["ticket"]["id"] == master.to_string());
            assert!(place.is_some_and(|place| place < 3), "{key}: {proposed}");
            repeats.push(repeat);
        }
        for repeat in &repeats {
            let merge = json!({"command": "merge", "master": master.to_string(), "score": 800,
                "told": "您反映的问题正在办理"});
            city.done(&agent, *repeat, merge).await;
            let row = city.ticket(*repeat).await.ticket;
            assert_eq!(row.state, State::Merged);
            let dispatch = json!({"command": "dispatch", "unit": "cg", "basis": "judgement", "reason": "属于该单位职责"});
            let refused = city.give(&dispatcher, *repeat, dispatch).await;
            holds(sentence, city.ticket(*repeat).await.ticket.cycles.is_empty())?;
            assert_eq!(refused.refusal(), "409 not_allowed - 7.2");
            assert_eq!(city.due(*repeat, ClockKind::Dispatch).await, "-");
        }
        let row = city.ticket(master).await.ticket;
        assert_eq!(row.repeats, [(repeats[0], true), (repeats[1], false)]);
        let merged = city.fact(repeats[1], "merged").await.unwrap();
        assert_eq!(
            (merged.actor.as_str(), &merged.body["master"]),
            ("agent:a1001", &json!(master.to_string()))
        );
        city.at("2026-11-27 10:00");
        let unmerge = json!({"command": "unmerge", "reason": "其实是另一路段"});
        let refused = city.give(&agent, repeats[1], unmerge.clone()).await;
        assert_eq!(refused.refusal(), "403 role - 7.1.4 c");
        city.done(&supervisor, repeats[1], unmerge).await;
        let row = city.ticket(repeats[1]).await.ticket;
        assert_eq!(
            (row.state, row.accepted_at),
            (State::PendingDispatch, Some(instant("2026-11-26 15:00")))
        );
        assert_eq!(
            city.due(repeats[1], ClockKind::Dispatch).await,
            "2026-11-27 12:00"
        );
        assert_eq!(city.ticket(master).await.ticket.repeats, [(repeats[0], true)]);
        let unmerged = city.fact(repeats[1], "unmerged").await.unwrap();
        assert_eq!(unmerged.actor, "user:supervisor-hotline");
        Ok(())
    });
}

/// An enterprise's order that a county's organ has.
async fn enterprise(city: &City) -> TicketId {
    let ticket = city.accepted(CALLER, &appeal("AP059").fields).await;
    city.dispatch(ticket, "t130203").await;
    ticket
}

fn open_help() -> Value {
    json!({"command": "open_help", "need": "窗口办理执照变更，请到场协助", "place": "市民中心",
        "departments": ["sp"]})
}

#[test]
fn ac_7_1_5a_only_the_citys_organ_sends_help_and_the_seat_sees_what_it_is_given() {
    let sentence = "a county's organ does not open it";
    proven(&[(Off::Rules(&["city_organ"]), sentence)], async |city| {
        city.at("2026-11-23 09:00");
        let ticket = enterprise(city).await;
        let county = city.person(Role::Dispatcher, "t130203").await;
        let refused = city.give(&county, ticket, open_help()).await;
        holds(sentence, refused.status == 403)?;
        assert_eq!(refused.refusal(), "403 city_organ - 7.1.5 a");
        let dispatcher = city.person(Role::Dispatcher, HOTLINE).await;
        city.done(&dispatcher, ticket, open_help()).await;
        let assign = json!({"command": "assign_help", "no": 1, "seat": "a1002"});
        city.done(&dispatcher, ticket, assign).await;
        assert_eq!(
            city.ticket(ticket).await.ticket.helps[0].state,
            HelpState::Assigned
        );
        let seat = city.person(Role::Expert, HOTLINE).await;
        let stranger = city.named("expert-other", Role::Expert, HOTLINE).await;
        let path = format!("/tickets/{ticket}");
        assert_eq!(city.get(&stranger, &path).await.status, 403);
        let task = city.get(&seat, &path).await.body;
        let help = &task["parts"]["helps"][0];
        assert_eq!(
            (&help["seat"], &help["state"]),
            (&json!("a1002"), &json!("assigned")),
            "{task}"
        );
        let check_in =
            json!({"command": "check_in", "no": 1, "place": "市民中心三楼", "companions": "审批局张科长"});
        let seen = city.done(&seat, ticket, check_in).await;
        assert_eq!(seen["parts"]["helps"][0]["state"], "on_site");
        let opened = city.fact(ticket, "help_opened").await.unwrap();
        assert_eq!(opened.actor, "user:dispatcher-hotline");
        let changed = city.fact(ticket, "help_changed").await.unwrap();
        assert_eq!(
            (changed.actor.as_str(), &changed.body["state"]),
            ("agent:a1002", &json!("on_site"))
        );
        Ok(())
    });
}

#[test]
fn ac_7_1_5b_help_is_not_closed_without_its_report_and_a_report_that_is_late_is_told() {
    let sentence = "without the report it is not closed";
    proven(
        &[(Off::Rules(&["help_report_missing"]), sentence)],
        async |city| {
            city.at("2026-11-23 09:00");
            let ticket = enterprise(city).await;
            let supervisor = city.person(Role::Supervisor, HOTLINE).await;
            let seat = city.person(Role::Expert, HOTLINE).await;
            city.done(&supervisor, ticket, open_help()).await;
            let assign = json!({"command": "assign_help", "no": 1, "seat": "a1002"});
            city.done(&supervisor, ticket, assign).await;
            city.done(
                &seat,
                ticket,
                json!({"command": "check_in", "no": 1, "place": "市民中心"}),
            )
            .await;
            city.done(&seat, ticket, json!({"command": "end_help", "no": 1}))
                .await;
            let close = json!({"command": "close_help", "no": 1});
            let refused = city.give(&supervisor, ticket, close.clone()).await;
            holds(sentence, refused.status == 422)?;
            assert_eq!(refused.refusal(), "422 help_report_missing - 7.1.5 b");
            let row = city.ticket(ticket).await.ticket;
            let clock = row.clock(ClockKind::HelpReport, 1).unwrap();
            assert_eq!(clock.deadline, Some(instant("2026-11-25 24:00")));
            city.pass_until("2026-11-26 08:00").await;
            let late = city.facts(ticket).await;
            let late = late
                .iter()
                .rev()
                .find(|it| it.kind == "ticket.clock_breached" && it.body["clock"]["kind"] == "help_report");
            assert_eq!(
                late.map(|it| (it.actor.as_str(), it.at)),
                Some(("system:", instant("2026-11-25 24:00")))
            );
            let told = city.messages(ticket).await;
            let told = told.iter().filter(|it| {
                it.notification.recipient_tag.as_deref() == Some("unit:hotline")
                    && it.notification.created_at == instant("2026-11-25 24:00")
            });
            assert_eq!(told.count(), 1, "the supervisors are told");
            let thin = json!({"command": "report_help", "no": 1, "needs": "变更执照", "steps": "陪同办理",
            "result": "已办结"});
            let refused = city.give(&seat, ticket, thin.clone()).await;
            assert_eq!(refused.body["fields"], json!(["problems"]));
            assert_eq!(refused.body["clause"], "DB1302/T 604—2025 7.1.5 b");
            let mut report = thin;
            report["problems"] = json!("窗口一次性告知不到位");
            city.done(&seat, ticket, report).await;
            city.done(&supervisor, ticket, close).await;
            assert_eq!(city.ticket(ticket).await.ticket.helps[0].state, HelpState::Closed);
            let changed = city.fact(ticket, "help_changed").await.unwrap();
            assert_eq!(
                (changed.actor.as_str(), &changed.body["state"]),
                ("user:supervisor-hotline", &json!("closed"))
            );
            Ok(())
        },
    );
}

/// An order that is answered at once and whose caller rates nothing.
async fn answered(city: &City) -> TicketId {
    let (agent, writer, approver) = (
        city.person(Role::Agent, HOTLINE).await,
        city.person(Role::Supervisor, HOTLINE).await,
        city.person(Role::Dispatcher, HOTLINE).await,
    );
    let draft = article(city, &writer).await;
    assert_eq!(approve(city, &approver, &draft).await.status, 200);
    let ticket = city.written(CALLER, &appeal("AP001").fields).await;
    let answer = json!({"command": "answer", "basis": "article", "reply": "请在医保服务平台备案后就医。",
        "article": {"id": draft["id"], "version": draft["version"]}});
    city.done(&agent, ticket, answer).await;
    ticket
}

/// n and N of the coverage, and the orders that are missing in it, as `who` reads them.
async fn coverage(city: &City, who: &Person) -> (Value, Value, Vec<String>) {
    let days = "from=2026-11-23&to=2026-11-30";
    let ratios = city.get(who, &format!("/ratios?{days}")).await.body;
    let items = ratios["items"].as_array().unwrap();
    let ratio = items.iter().find(|it| it["id"] == "followup").unwrap().clone();
    let path = format!("/ratios/followup/orders?{days}&which=missing");
    let missing = city.get(who, &path).await.body;
    let missing = missing["items"].as_array().unwrap().iter();
    let missing = missing.map(|it| it["id"].as_str().unwrap().to_owned()).collect();
    (ratio["n"].clone(), ratio["N"].clone(), missing)
}

#[test]
fn ac_7_7_1d_coverage_below_one_hundred_names_every_order_that_is_missing() {
    let off = Off::Setting("instant_rating.timeout_is_attempt", json!(false));
    let sentence = "nothing closes without a follow-up";
    proven(&[(off, sentence)], async |city| {
        city.at("2026-11-23 10:00");
        let asked = reviewed(city, &form("complaint", "normal")).await;
        let followup = city.person(Role::Followup, HOTLINE).await;
        city.done(&followup, asked, word("person", "solved", "satisfied"))
            .await;
        let silent = answered(city).await;
        city.pass_until("2026-11-25 09:00").await;
        let supervisor = city.person(Role::Supervisor, HOTLINE).await;
        let (n, all, missing) = coverage(city, &supervisor).await;
        // Where a rating that did not come ends an order, the coverage says so, by number and by name.
        if city.ticket(silent).await.ticket.state == State::Closed {
            assert_eq!((n, all), (json!(1), json!(2)));
            assert_eq!(missing, [silent.to_string()]);
            return Err(sentence.to_owned());
        }
        assert_eq!((n, all), (json!(1), json!(1)));
        holds("nothing is missing", missing.is_empty())?;
        let unit = city.person(Role::Unit, "ga").await;
        let (_, _, of_unit) = coverage(city, &unit).await;
        holds("a unit reads its own", of_unit.is_empty())?;
        let agent = city.person(Role::Agent, HOTLINE).await;
        let refused = city.get(&agent, "/ratios").await;
        holds("an agent does not read it", refused.status == 403)
    });
}
