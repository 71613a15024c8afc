//! Folding an order's facts, with the values sealed beside them, gives the order as its row holds it: over random lives.

use std::collections::BTreeMap;

use rexian::account::Principal;
use rexian::account::Role;
use rexian::base::ids::TicketId;
use rexian::base::random::Random;
use rexian::base::time::WallTime;
use rexian::engine::deadlines::DeadlineParts;
use rexian::engine::deadlines::Deadlines;
use rexian::engine::ticket_service::Give;
use rexian::engine::ticket_service::TicketServiceError;
use rexian::fact::Fact;
use rexian::fact::codec;
use rexian::fact::personal::Personal;
use rexian::fact::ticket::TicketFact;
use rexian::ticket::command::Command;
use rexian::ticket::decide::By;
use rexian::ticket::evolve;
use rexian::ticket::model::RequestState;
use rexian::ticket::model::State;
use rexian::ticket::model::SubState;
use rexian::ticket::model::Ticket;
use serde_json::Value;
use serde_json::json;

use crate::store::Bench;
use crate::store::CallIds;
use crate::store::NODE;
use crate::store::on_both;
use crate::store::person;
use crate::store::tickets::complete;
use crate::store::tickets::draft_of;

const SHA: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

pub(crate) fn scheduler(bench: &Bench) -> Deadlines {
    Deadlines::new(DeadlineParts {
        store: bench.store.clone(),
        tickets: bench.tickets(),
        cases: bench.cases(),
        clock: bench.clock.clone(),
        node: NODE.to_owned(),
        on_archive_due: std::sync::Arc::new(|_| ()),
    })
}

pub(crate) fn command(value: Value) -> Command {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

/// Somebody of each role that acts on orders; units by the organ that has to act.
pub(crate) fn who(role: Role, organ: &str) -> Principal {
    let name = format!("{}-{organ}", role.code());
    let path = if organ == "hotline" {
        organ.to_owned()
    } else {
        format!("hotline/{organ}")
    };
    let agent = matches!(role, Role::Agent | Role::Expert).then_some("1001");
    person(&name, role, &path, agent)
}

fn file(random: &mut Random) -> Value {
    json!({"id": format!("f{}", random.below(1000)), "sha256": SHA, "bytes": 10, "media_type": "image/jpeg"})
}

/// What somebody may want to do with an order as it stands; often refused, which is no fault.
pub(crate) fn next(ticket: &Ticket, at: WallTime, random: &mut Random) -> (Principal, Command) {
    let organ = |random: &mut Random| ["ga", "jy", "jj"][usize::try_from(random.below(3)).unwrap()];
    let (desk, dispatcher) = (who(Role::Agent, "hotline"), who(Role::Dispatcher, "hotline"));
    let (boss, reviewer) = (who(Role::Supervisor, "hotline"), who(Role::Reviewer, "hotline"));
    let unit = who(Role::Unit, ticket.handler().map_or("ga", |unit| unit.as_str()));
    let caller = who(Role::Followup, "hotline");
    let open = ticket.requests.iter().find(|it| it.state == RequestState::Open);
    let waiting = ticket
        .subs
        .iter()
        .find(|it| it.state != SubState::Done && it.state != SubState::Void);
    if let Some(request) = open.filter(|_| random.below(2) == 0) {
        let verb = format!("decide_{}", request.what.code());
        let body = json!({"command": verb, "request": request.no, "approve": random.below(2) == 0, "reason": "已核实情况"});
        return (boss, command(body));
    }
    if let Some(sub) = waiting.filter(|_| random.below(2) == 0) {
        let verb = if sub.state == SubState::PendingSign {
            "sign_sub"
        } else {
            "reply_sub"
        };
        let mut body = json!({"command": verb, "sub": sub.no});
        if verb == "reply_sub" {
            body["reply"] = "协办事项已经办完。".into();
        }
        return (who(Role::Unit, sub.unit.as_str()), command(body));
    }
    if random.below(6) == 0 {
        return anything(ticket, random);
    }
    let later = WallTime::from_micros(at.as_micros() + 4 * 86_400_000_000);
    let (giver, body) = match ticket.state {
        State::Intake => (desk, json!({"command": "claim"})),
        State::Draft => match random.below(8) {
            0 => (
                desk,
                json!({"command": "refuse", "reason": "a", "explanation": "不属于本市管辖的事项。"}),
            ),
            1 => (desk, json!({"command": "mark_invalid", "disposition": "silent"})),
            _ => (desk, json!({"command": "submit"})),
        },
        State::PendingDispatch => match random.below(8) {
            0 => (
                dispatcher,
                json!({"command": "send_back", "reason": "缺少具体地址信息"}),
            ),
            1 => (
                dispatcher,
                json!({"command": "open_arbitration", "reason": "责任不清需要会商"}),
            ),
            _ => (
                dispatcher,
                json!({"command": "dispatch", "unit": organ(random), "basis": "judgement", "reason": "按职责判断应由该单位办理"}),
            ),
        },
        State::Arbitration => (
            boss,
            json!({"command": "arbitrate", "unit": organ(random), "decision": "会商决定由该单位办理", "legal_basis": "职责规定", "minutes": "会议纪要"}),
        ),
        State::PendingSign => match random.below(4) {
            0 => (
                unit,
                json!({"command": "ask_return", "reason": "not_our_duty", "legal_basis": "《三定方案》第二条", "explanation": "不属于我单位职责", "files": [file(random)]}),
            ),
            _ => (unit, json!({"command": "sign"})),
        },
        State::Handling | State::Rework => match random.below(7) {
            0 => (
                unit,
                json!({"command": "record_progress", "text": "已经到现场查看。", "public": true}),
            ),
            1 => (
                unit,
                json!({"command": "ask_extension", "until": later.as_micros().to_string(), "reason": "情况复杂需要更多时间", "progress": "正在办理", "told": "phone", "told_text": "已电话告知诉求人", "files": [file(random)]}),
            ),
            2 => (
                unit,
                json!({"command": "ask_co_handling", "units": [{"unit": organ(random), "matter": "请协助现场核实"}], "reason": "涉及其他单位职责", "files": [file(random)]}),
            ),
            3 | 4 => (
                unit,
                json!({"command": "record_contact", "way": "visit", "outcome": "reached", "opinion": "希望尽快解决", "note": "已上门"}),
            ),
            _ => (unit, feed_back(ticket)),
        },
        State::Review => match random.below(3) {
            0 => (
                reviewer,
                json!({"command": "send_back_reply", "rules": ["basis"], "reason": "请补充政策依据"}),
            ),
            _ => (reviewer, json!({"command": "pass_review"})),
        },
        State::Followup => match random.below(4) {
            0 => (
                caller,
                json!({"command": "record_attempt", "level": "city", "mode": "person"}),
            ),
            1 => (
                caller,
                json!({"command": "record_result", "level": "city", "mode": "person", "result": "unsolved", "satisfaction": "unsatisfied", "opinion": "没有解决"}),
            ),
            _ => (
                caller,
                json!({"command": "record_result", "level": "city", "mode": "person", "result": "solved", "satisfaction": "satisfied"}),
            ),
        },
        State::Verify => match random.below(3) {
            0 => (
                caller,
                json!({"command": "propose_verdict", "verdict": "close", "reason": "依法依规已经办结"}),
            ),
            1 => (
                boss,
                json!({"command": "decide_verdict", "verdict": "close", "reason": "依法依规已经办结", "excluded": true}),
            ),
            _ => (
                boss,
                json!({"command": "decide_verdict", "verdict": "rework", "reason": "请重新办理并答复"}),
            ),
        },
        State::NotAccepted => (boss, json!({"command": "overturn_refusal", "reason": "应当受理"})),
        _ => (boss, json!({"command": "reopen", "reason": "出现新的事实情况"})),
    };
    (giver, command(body))
}

fn feed_back(ticket: &Ticket) -> Value {
    let mut body = json!({"command": "feed_back", "process": "接到工单后到现场调查核实。", "basis": "《中华人民共和国城乡规划法》第四十条。",
        "result": "已清理完毕，恢复通行。", "next_steps": "安排人员每日巡查。", "public_reply": "您反映的问题已经解决。",
        "solved": true, "citations": [{"title": "中华人民共和国城乡规划法", "number": "主席令第七十四号", "clause": "第四十条"}], "files": []});
    if ticket.subs.iter().any(|sub| sub.state != SubState::Void) {
        body["co_summary"] = "协办单位已经完成。".into();
        body["unit_followup"] = "诉求人表示满意。".into();
    }
    body
}

fn anything(ticket: &Ticket, random: &mut Random) -> (Principal, Command) {
    let (desk, boss) = (who(Role::Agent, "hotline"), who(Role::Supervisor, "hotline"));
    let (giver, body) = match random.below(8) {
        0 => (
            desk,
            json!({"command": "set_flag", "flag": "group", "on": true, "reason": "多人反映同一问题"}),
        ),
        1 => (
            boss,
            json!({"command": "change_urgency", "to": "urgent", "reason": "影响较大需要加快"}),
        ),
        2 => (
            desk,
            json!({"command": "add_facts", "by": "appellant", "text": "补充：每天早晚都有。"}),
        ),
        3 => (
            desk,
            json!({"command": "urge", "by": "appellant", "text": "请尽快办理"}),
        ),
        4 => (
            boss,
            json!({"command": "supervise", "cause": "c", "text": "请按规定办理并答复"}),
        ),
        5 => (
            boss,
            json!({"command": "instruct", "leader": "张某", "text": "请认真办理"}),
        ),
        6 => (
            boss,
            json!({"command": "set_circle", "confidential": !ticket.confidential, "circle": ["supervisor-hotline", "agent-hotline"], "reason": "涉及个人隐私"}),
        ),
        _ => (
            desk,
            json!({"command": "attach", "file": file(random), "name": "现场照片.jpg", "purpose": "photo"}),
        ),
    };
    (giver, command(body))
}

/// The order as its facts tell it.
pub(crate) async fn folded(bench: &Bench, id: TicketId) -> Ticket {
    let mut facts: Vec<(WallTime, TicketFact, Option<Personal>)> = Vec::new();
    let mut interaction = None;
    for (_, text) in bench.store.facts_of_ticket(id).await.unwrap() {
        let envelope = codec::decode(text.as_bytes()).unwrap();
        interaction = interaction.or(envelope.interaction);
        let Some(Fact::Ticket(fact)) = envelope.fact().unwrap() else {
            panic!("{text}")
        };
        let personal = match &envelope.sealed {
            Some(sealed) => bench.audit().open(sealed).await.unwrap(),
            None => None,
        };
        facts.push((WallTime::from_micros(envelope.at_us), fact, personal));
    }
    let facts = facts
        .iter()
        .map(|(at, fact, personal)| (*at, fact, personal.as_ref()));
    evolve::fold(id, interaction, facts).unwrap()
}

#[test]
fn the_fold_of_an_orders_facts_is_its_row_over_random_lives() {
    on_both(async |bench| {
        let mut random = Random::from_number(20_261_124);
        let (tickets, deadlines) = (bench.tickets(), scheduler(bench));
        let mut reached: BTreeMap<&str, u32> = BTreeMap::new();
        let mut kinds: BTreeMap<String, u32> = BTreeMap::new();
        for life in 0..12 {
            let id = draft_of(bench, CallIds::number(100 + life)).await.row.ticket.id;
            tickets
                .save(&who(Role::Agent, "hotline"), id, complete(), 1)
                .await
                .unwrap();
            for _ in 0..60 {
                bench.clock.advance_ms(1 + random.below(12 * 3_600_000));
                deadlines.fire_due().await.unwrap();
                let now = tickets.ticket(id).await.unwrap().row.ticket;
                let at = rexian::base::time::Clock::now(&*bench.clock).wall;
                let (giver, command) = next(&now, at, &mut random);
                let give = Give {
                    by: By::User(&giver),
                    ticket: id,
                    command: &command,
                    expected: None,
                    key: None,
                };
                match tickets.give(give).await {
                    Ok(_) => *kinds.entry(command.code().to_owned()).or_default() += 1,
                    Err(TicketServiceError::Refused(error)) => {
                        *kinds.entry(format!("{}: {error}", command.code())).or_default() += 1;
                    }
                    Err(error) => panic!("{command:?}: {error}"),
                }
            }
            let row = tickets.ticket(id).await.unwrap().row.ticket;
            *reached.entry(row.state.code()).or_default() += 1;
            let folded = folded(bench, id).await;
            pretty_eq(&folded, &row);
        }
        println!("{reached:?}\n{kinds:#?}");
        for code in [
            "submit",
            "dispatch",
            "sign",
            "record_contact",
            "feed_back",
            "pass_review",
            "record_result",
        ] {
            assert!(kinds.contains_key(code), "no life had a {code}: {kinds:#?}");
        }
        assert_eq!(bench.audit().verify("n1-db").await.unwrap().faults, vec![]);
    });
}

fn pretty_eq(folded: &Ticket, row: &Ticket) {
    let json = |ticket: &Ticket| serde_json::to_value(ticket).unwrap();
    assert_eq!(json(folded), json(row));
    assert_eq!(evolve::personal_values(folded), evolve::personal_values(row));
    assert_eq!(folded, row);
}
