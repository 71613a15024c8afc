//! 重点督办 cases on both databases: the limit fires once, orders follow their case, proposals are counted by tags.

use rexian::account::Principal;
use rexian::account::Role;
use rexian::base::ids::TicketId;
use rexian::base::time::Clock as _;
use rexian::base::time::WallTime;
use rexian::engine::cases::CaseError;
use rexian::engine::cases::Cases;
use rexian::engine::cases::GiveCase;
use rexian::engine::cases::ORDERS_AT_ONCE;
use rexian::engine::deadlines::DeadlineParts;
use rexian::engine::deadlines::Deadlines;
use rexian::engine::ticket_service::TicketServiceError;
use rexian::fact::FactNo;
use rexian::ticket::command::DraftFields;
use rexian::ticket::command::Opening;
use rexian::ticket::command::Receive;
use rexian::ticket::decide::By;
use rexian::ticket::decide::TicketError;
use rexian::ticket::key_case::CaseCommand;
use rexian::ticket::key_case::KeyCase;
use rexian::ticket::key_case::SubmitCase;
use rexian::ticket::model::KeyCause;
use rexian::ticket::model::KeyState;
use serde_json::json;

use crate::store::Bench;
use crate::store::NODE;
use crate::store::fold::command;
use crate::store::fold::who;
use crate::store::on_both;
use crate::store::tickets::complete;

const HOUR_MS: u64 = 3_600_000;

/// An appeal that waits for dispatch, of whoever has this number.
async fn appeal(bench: &Bench, no: u32, phone: &str) -> TicketId {
    let text = |text: &str| Some(text.to_owned());
    let opening = Opening::Received(Receive {
        number: String::new(),
        channel: "app".to_owned(),
        platform: None,
        external: Some(format!("e-{no}")),
        deadline: None,
        digest: "aa".repeat(32),
        grid: false,
        original: "家里暖气不热".into(),
        fields: DraftFields {
            contact_phone: text(phone),
            ..complete()
        },
    });
    let tickets = bench.tickets();
    let opened = tickets.open(By::System, &opening).await.unwrap();
    let (id, desk) = (opened.row.ticket.id, who(Role::Agent, "hotline"));
    for body in [json!({"command": "claim"}), json!({"command": "submit"})] {
        let give = rexian::engine::ticket_service::Give {
            by: By::User(&desk),
            ticket: id,
            command: &command(body),
            expected: None,
            key: None,
        };
        tickets.give(give).await.unwrap();
    }
    id
}

fn submission(orders: Vec<TicketId>) -> SubmitCase {
    SubmitCase {
        cause: KeyCause::ManyAppeals,
        title: "供热不达标".into(),
        text: "多户反映温度不足".into(),
        orders,
        units: vec!["rl".parse().unwrap()],
        appellants: 0,
    }
}

async fn give(
    cases: &Cases,
    by: &Principal,
    case: &KeyCase,
    command: CaseCommand,
) -> Result<KeyCase, CaseError> {
    let give = GiveCase {
        by: By::User(by),
        case: case.id,
        command: &command,
        expected: None,
        key: None,
    };
    cases.give(give).await
}

async fn kinds(bench: &Bench, kind: &str) -> usize {
    let facts = bench.store.facts_after("n1-db", FactNo(0), 10_000).await.unwrap();
    let wanted = format!("\"kind\":\"{kind}\"");
    facts.iter().filter(|(_, text)| text.contains(&wanted)).count()
}

/// A case whose unit is to rectify within an hour.
async fn rectifying(bench: &Bench) -> KeyCase {
    let (boss, inspector) = (who(Role::Supervisor, "hotline"), who(Role::Inspector, "dc"));
    let cases = bench.cases();
    let order = appeal(bench, 1, "13800000001").await;
    let case = cases.submit(&boss, &submission(vec![order]), None).await.unwrap();
    give(&cases, &inspector, &case, CaseCommand::Take {})
        .await
        .unwrap();
    let limit = WallTime::from_micros(bench.clock.now().wall.as_micros() + 3_600_000_000);
    let ordered = CaseCommand::OrderRectification {
        demand: "限期整改并报告".into(),
        limit,
    };
    give(&cases, &inspector, &case, ordered).await.unwrap()
}

#[test]
fn a_limit_that_passes_is_told_once_whoever_looks_and_however_often_the_program_starts() {
    on_both(async |bench| {
        let case = rectifying(bench).await;
        assert_eq!(case.state, KeyState::Rectify);
        let scheduler = || {
            Deadlines::new(DeadlineParts {
                store: bench.store.clone(),
                tickets: bench.tickets(),
                cases: bench.cases(),
                clock: bench.clock.clone(),
                node: NODE.to_owned(),
                on_archive_due: std::sync::Arc::new(|_| ()),
            })
        };
        let mut calendar = None;
        let sleep = scheduler().turn(&mut calendar).await.unwrap();
        assert!(!sleep.is_zero());
        assert_eq!(kinds(bench, "case.overdue").await, 0, "its limit has not passed");

        // The program stands still at the limit; two nodes start after it, and one of them again.
        bench.clock.advance_ms(HOUR_MS);
        let (one, other) = (scheduler(), scheduler());
        let (mut first, mut second) = (None, None);
        let both = tokio::join!(one.turn(&mut first), other.turn(&mut second));
        both.0.unwrap();
        both.1.unwrap();
        scheduler().turn(&mut calendar).await.unwrap();
        assert_eq!(kinds(bench, "case.overdue").await, 1);
        let cases = bench.cases();
        assert!(cases.case(case.id).await.unwrap().overdue);
        assert_eq!(cases.next_due().await.unwrap(), None);

        // Every report ends the round; without effect the next round has its own limit, told in its turn.
        let (unit, inspector) = (who(Role::Unit, "rl"), who(Role::Inspector, "dc"));
        let report = CaseCommand::Report {
            unit: "rl".parse().unwrap(),
            report: "已完成整改".into(),
        };
        give(&cases, &unit, &case, report).await.unwrap();
        let limit = WallTime::from_micros(bench.clock.now().wall.as_micros() + 1_000_000);
        let check = CaseCommand::Check {
            effective: false,
            text: "温度仍不达标".into(),
            limit: Some(limit),
        };
        let again = give(&cases, &inspector, &case, check).await.unwrap();
        assert_eq!((again.round, again.overdue), (2, false));
        bench.clock.advance_ms(2_000);
        assert_eq!(cases.fire_due().await.unwrap(), 1);
        assert_eq!(cases.fire_due().await.unwrap(), 0);
    });
}

#[test]
fn orders_enter_and_leave_with_their_case_and_a_refusal_changes_none_of_them() {
    on_both(async |bench| {
        let (boss, inspector) = (who(Role::Supervisor, "hotline"), who(Role::Inspector, "dc"));
        let cases = bench.cases();
        let one = appeal(bench, 1, "13800000001").await;
        let other = appeal(bench, 2, "13800000002").await;
        let open = async |id: TicketId| bench.store.ticket(id).await.unwrap().unwrap().ticket.cases;

        let unknown = cases
            .submit(&boss, &submission(vec![one, TicketId::default()]), None)
            .await;
        assert!(
            matches!(
                unknown,
                Err(CaseError::Service(TicketServiceError::Refused(
                    TicketError::Invalid { field: "orders", .. }
                )))
            ),
            "{unknown:?}"
        );
        assert_eq!(open(one).await, [], "nothing has changed");

        let case = cases
            .submit(&boss, &submission(vec![one]), Some("key"))
            .await
            .unwrap();
        let again = cases
            .submit(&boss, &submission(vec![one]), Some("key"))
            .await
            .unwrap();
        assert_eq!(again.id, case.id, "the same key again gives the same case");
        assert_eq!(kinds(bench, "case.submitted").await, 1);
        assert_eq!(case.appellants, 1);
        give(&cases, &boss, &case, CaseCommand::Join { orders: vec![other] })
            .await
            .unwrap();
        assert_eq!(
            (open(one).await, open(other).await),
            (vec![(case.id, true)], vec![(case.id, true)])
        );
        let reason = "不属于重点督办范围".into();
        give(&cases, &inspector, &case, CaseCommand::SendBack { reason })
            .await
            .unwrap();
        assert_eq!(
            (open(one).await, open(other).await),
            (vec![(case.id, false)], vec![(case.id, false)])
        );

        let stored = bench.store.key_case(case.id).await.unwrap().unwrap();
        assert_eq!(
            stored.sealed.key,
            case.id.to_string(),
            "sealed under the case's own key"
        );
        let facts = bench.store.facts_after("n1-db", FactNo(0), 10_000).await.unwrap();
        assert!(
            facts
                .iter()
                .all(|(_, text)| !text.contains("供热不达标") && !text.contains("重点督办范围"))
        );
        let ours: Vec<_> = facts
            .iter()
            .filter(|(_, text)| text.contains("case.submitted"))
            .collect();
        assert!(
            ours[0].1.contains(&format!("\"key\":\"{}\"", case.id)),
            "{}",
            ours[0].1
        );
    });
}

#[test]
fn more_orders_than_one_transaction_takes_are_refused() {
    on_both(async |bench| {
        let boss = who(Role::Supervisor, "hotline");
        let many = vec![TicketId::default(); ORDERS_AT_ONCE + 1];
        let refused = bench.cases().submit(&boss, &submission(many), None).await;
        assert!(
            matches!(
                refused,
                Err(CaseError::Service(TicketServiceError::Refused(
                    TicketError::Rule {
                        rule: "case_limit",
                        ..
                    }
                )))
            ),
            "{refused:?}"
        );
    });
}

#[test]
fn ten_people_of_one_matter_in_a_week_propose_a_case_and_one_person_ten_times_does_not() {
    on_both(async |bench| {
        let (boss, cases) = (who(Role::Supervisor, "hotline"), bench.cases());
        let mut orders = Vec::new();
        for no in 0..9 {
            orders.push(appeal(bench, no, &format!("1380000001{no}")).await);
        }
        for no in 9..12 {
            appeal(bench, no, "13800000010").await;
        }
        assert_eq!(
            cases.proposals().await.unwrap(),
            [],
            "nine people in twelve appeals"
        );
        bench.clock.advance_ms(24 * HOUR_MS);
        orders.push(appeal(bench, 12, "13800000020").await);
        let told = cases.proposals().await.unwrap();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(
            (told[0].cause, told[0].counted.appellants),
            (KeyCause::ManyAppeals, 10)
        );
        assert_eq!(told[0].orders.len(), 13);

        // After seven days the first nine are no longer of this week; those in a case do not count again.
        bench.clock.advance_ms(6 * 24 * HOUR_MS);
        assert_eq!(cases.proposals().await.unwrap(), []);
        for no in 13..22 {
            appeal(bench, no, &format!("138000001{no}")).await;
        }
        let told = cases.proposals().await.unwrap();
        assert_eq!(told[0].counted.appellants, 10);
        cases
            .submit(&boss, &submission(told[0].orders.clone()), None)
            .await
            .unwrap();
        assert_eq!(cases.proposals().await.unwrap(), []);
    });
}
