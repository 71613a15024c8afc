//! `rexian tickets import`.

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::Duration;

use rexian::engine::ticket_service::IMPORT_BATCH;
use rexian::engine::ticket_service::Imported;
use rexian::fact::Actor;
use rexian::fact::ActorKind;
use rexian::io::store::tickets::TicketFilter;
use rexian::ticket::command::DraftFields;
use rexian::ticket::command::Import;
use rexian::ticket::model::Satisfaction;
use rexian::ticket::model::State;
use serde_json::Value;
use serde_json::json;
use tokio::sync::Notify;

use crate::real::wait;
use crate::store::Bench;
use crate::store::at;
use crate::store::on_both;
use crate::takeover::Program;

const HEAD: &str =
    "工单编号,受理时间,办结时间,工单状态,承办单位,答复内容,办理结果,满意程度,诉求人,联系电话,诉求内容\n";

async fn count(bench: &Bench) -> usize {
    let mut sum = 0;
    for number in 0..=3_000 {
        let there = bench
            .store
            .ticket_of_old_number(&format!("JD-{number}"))
            .await
            .unwrap();
        if there.is_none() {
            break;
        }
        sum += 1;
    }
    sum
}

fn many(orders: usize) -> String {
    let mut text = HEAD.to_owned();
    for number in 0..orders {
        let _ = writeln!(
            text,
            "JD-{number},2024-08-15 09:30,2024-08-20 10:00,已归档,cg,已经修复。,已解决,基本满意,王小明,13800138000,第{number}盏路灯不亮。"
        );
    }
    text
}

#[test]
fn old_orders_are_taken_over_once_closed_without_clocks_and_found_by_their_number() {
    on_both(async |bench| {
        let program = Program::on(bench);
        let file = program.file("old.csv", &many(3));
        assert_eq!(
            program.run(&["tickets", "import", &file, "--check", "--json"]),
            "{\"faults\":\"0\",\"orders\":\"3\"}\n"
        );
        assert_eq!(count(bench).await, 0, "a check writes nothing");
        let printed: Value =
            serde_json::from_str(&program.run(&["tickets", "import", &file, "--json"])).unwrap();
        assert_eq!(
            printed,
            json!({"orders": "3", "added": "3", "there_already": "0"})
        );
        let again: Value =
            serde_json::from_str(&program.run(&["tickets", "import", &file, "--json"])).unwrap();
        assert_eq!(again, json!({"orders": "3", "added": "0", "there_already": "3"}));
        let row = bench.store.ticket_of_old_number("JD-1").await.unwrap().unwrap();
        let order = bench.tickets().open_row(row).await.unwrap();
        let ticket = &order.row.ticket;
        assert_eq!((ticket.state, ticket.clocks.len()), (State::Closed, 0));
        assert_eq!(ticket.draft.content, "第1盏路灯不亮。");
        assert_eq!(ticket.texts.get("reply.1.result"), "已经修复。");
        let word = ticket.cycle().and_then(|cycle| cycle.city.clone()).unwrap();
        assert_eq!(
            word.satisfaction,
            Satisfaction::Satisfied,
            "three values are offered, the fourth is mapped"
        );
        assert_eq!(bench.store.clocks_running().await.unwrap(), 0);
        let filter = TicketFilter {
            caller_tag: order.row.contact_tag.clone(),
            limit: 10,
            ..TicketFilter::default()
        };
        assert!(filter.caller_tag.is_some());
        assert_eq!(
            bench.store.tickets(&filter).await.unwrap().0.len(),
            3,
            "his history holds them"
        );
        let chain = bench.audit().verify("node-1-db").await.unwrap();
        assert_eq!(chain.faults, []);
        let facts = bench
            .store
            .facts_after("node-1-db", rexian::fact::FactNo(0), 500)
            .await
            .unwrap();
        let imported = facts
            .iter()
            .filter(|(_, text)| text.contains("\"ticket.imported\""));
        let imported: Vec<&String> = imported.map(|(_, text)| text).collect();
        assert_eq!(imported.len(), 3);
        assert!(
            imported
                .iter()
                .all(|text| text.contains("\"id\":\"command-line\""))
        );
        assert!(
            facts
                .iter()
                .all(|(_, text)| !text.contains("王小明") && !text.contains("13800138000"))
        );
    });
}

#[test]
fn a_file_with_a_fault_imports_nothing_and_every_fault_is_told() {
    on_both(async |bench| {
        let program = Program::on(bench);
        let mut text = many(150);
        text.push_str("JD-900,2024-08-15 09:30,2024-08-10,办理中,nobody,,,一般,,,\n");
        let file = program.file("old.csv", &text);
        let (out, _) = program.refuses(&["tickets", "import", &file, "--json"]);
        let mut places: Vec<String> = out
            .lines()
            .map(|line| {
                serde_json::from_str::<Value>(line).unwrap()["place"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        places.sort();
        assert_eq!(
            places,
            [
                "line 152, column 办结时间",
                "line 152, column 工单状态",
                "line 152, column 承办单位",
                "line 152, column 满意程度",
            ]
        );
        assert_eq!(count(bench).await, 0);
        let map = program.file("map.csv", "column,there,here\nsatisfaction,一般,no_comment\n");
        let (out, _) = program.refuses(&["tickets", "import", &file, "--check", "--map", &map]);
        assert!(!out.contains("满意程度") && out.contains("承办单位"), "{out}");
        std::fs::write(&file, b"old_number\n\xb1\xe0\n").unwrap();
        let (out, _) = program.refuses(&["tickets", "import", &file]);
        assert!(out.contains("line 2") && out.contains("UTF-8"), "{out}");
        assert!(
            program
                .run(&["tickets", "words"])
                .contains("satisfaction,基本满意,satisfied")
        );
        assert!(program.run(&["tickets", "import", "--help"]).contains("--check"));
    });
}

#[test]
fn a_run_that_is_dropped_in_a_batch_leaves_whole_batches_and_the_same_run_again_ends_it() {
    on_both(async |bench| {
        let orders: Vec<Import> = (0..350).map(import).collect();
        let actor = Actor::named(ActorKind::User, "command-line");
        let tickets = bench.tickets();
        let enough = Notify::new();
        let run = tickets.import(&actor, &orders, |sum| {
            if sum.added == 2 * IMPORT_BATCH {
                enough.notify_one();
            }
        });
        tokio::select! {
            biased;
            () = enough.notified() => (),
            done = run => panic!("it went through: {done:?}"),
        }
        assert_eq!(count(bench).await, 2 * IMPORT_BATCH);
        let again = bench.tickets().import(&actor, &orders, |_| ()).await.unwrap();
        assert_eq!(
            again,
            Imported {
                added: 150,
                there: 200
            }
        );
        assert_eq!(count(bench).await, 350);
        assert_eq!(bench.audit().verify("n1-db").await.unwrap().faults, []);
    });
}

fn import(number: usize) -> Import {
    Import {
        number: String::new(),
        old_number: format!("JD-{number}"),
        fields: DraftFields {
            content: Some("路灯不亮。".to_owned()),
            ..DraftFields::default()
        },
        reply: "".into(),
        unit: None,
        accepted_at: at(0).wall,
        closed_at: at(0).wall,
        result: None,
        satisfaction: None,
    }
}

#[test]
fn a_program_that_is_killed_between_batches_is_repaired_by_running_it_again() {
    on_both(async |bench| {
        const ORDERS: usize = 1_000;
        let program = Program::on(bench);
        let file = program.file("old.csv", &many(ORDERS));
        let mut command = program.command(&["tickets", "import", &file]);
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        let last = format!("JD-{}", IMPORT_BATCH - 1);
        tokio::time::timeout(Duration::from_secs(60), async {
            while bench.store.ticket_of_old_number(&last).await.unwrap().is_none() {
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("a first batch");
        child.kill().unwrap();
        assert!(wait::exit_of(&mut child, Duration::from_secs(10)).is_some());
        let left = count(bench).await;
        assert!((IMPORT_BATCH..ORDERS).contains(&left), "{left}");
        assert_eq!(left % IMPORT_BATCH, 0, "whole batches only");
        let printed: Value =
            serde_json::from_str(&program.run(&["tickets", "import", &file, "--json"])).unwrap();
        let (added, there) = ((ORDERS - left).to_string(), left.to_string());
        assert_eq!(
            printed,
            json!({"orders": ORDERS.to_string(), "added": added, "there_already": there})
        );
        assert_eq!(count(bench).await, ORDERS);
        assert_eq!(bench.audit().verify("node-1-db").await.unwrap().faults, []);
    });
}
