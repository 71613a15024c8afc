//! Drafts are opened by facts, saved with their version, submitted whole.

use rexian::account::Principal;
use rexian::account::Role;
use rexian::base::ids::AgentId;
use rexian::base::ids::LineId;
use rexian::base::ids::TicketId;
use rexian::engine::policies::Policies;
use rexian::engine::ticket_service::DraftRequest;
use rexian::engine::ticket_service::OpenedTicket;
use rexian::engine::ticket_service::TicketServiceError;
use rexian::fact::FactNo;
use rexian::io::store::tickets::TicketFilter;
use rexian::ticket::command::DraftFields;
use rexian::ticket::decide::TicketError;
use rexian::ticket::model::State;

use crate::store::Bench;
use crate::store::CITIZEN;
use crate::store::CallIds;
use crate::store::Chain;
use crate::store::NODE;
use crate::store::at;
use crate::store::on_both;
use crate::store::person;

pub(crate) fn complete() -> DraftFields {
    let text = |text: &str| Some(text.to_owned());
    DraftFields {
        name: text("王小明"),
        appellant_kind: text("person"),
        contact_phone: text("13900139000"),
        appeal_type: text("complaint"),
        category: text("010202"),
        content: text("小区门口有摊贩占道经营，请处理。"),
        urgency: text("normal"),
        place: None,
        region: text("130202001"),
        address: text("学院路十二号"),
        ..DraftFields::default()
    }
}

pub(crate) fn agent() -> Principal {
    person("wang", Role::Agent, "hotline", Some("1001"))
}

pub(crate) async fn draft(bench: &Bench) -> OpenedTicket {
    let ids = CallIds::number(1);
    bench.ship(&mut Chain::new(), &ids.whole_call(0)).await;
    let mut policies = Policies::new(bench.store.clone(), bench.tickets(), NODE);
    policies.catch_up(FactNo(12)).await.unwrap();
    bench.tickets().ticket_of(ids.call).await.unwrap().unwrap()
}

/// A draft of a call without facts of its own: what the policy asks for, asked for by hand.
pub(crate) async fn draft_of(bench: &Bench, ids: CallIds) -> OpenedTicket {
    let mut tx = bench.store.begin().await.unwrap();
    let request = DraftRequest {
        interaction: ids.call,
        line: Some("main".parse().unwrap()),
        queue: "general".parse().unwrap(),
        agent: "1001".parse().unwrap(),
        recording: Some(ids.recording),
        caller: None,
    };
    bench.tickets().open_drafts(&mut tx, &[request]).await.unwrap();
    tx.commit().await.unwrap();
    bench.tickets().ticket_of(ids.call).await.unwrap().unwrap()
}

#[test]
fn an_answer_opens_one_draft_with_caller_line_and_recording() {
    on_both(async |bench| {
        let tickets = bench.tickets();
        let mut changes = tickets.subscribe();
        let mut chain = Chain::new();
        let ids = CallIds::number(1);
        bench.ship(&mut chain, &ids.whole_call(0)).await;
        let mut policies = Policies::new(bench.store.clone(), tickets.clone(), NODE);
        policies.catch_up(FactNo(12)).await.unwrap();
        let opened = tickets.ticket_of(ids.call).await.unwrap().unwrap();
        assert_eq!(opened.row.ticket.number, "20261123000001");
        assert_eq!(opened.row.ticket.version, 1);
        assert_eq!(
            opened.row.ticket.agent.as_ref().map(AgentId::as_str),
            Some("1001")
        );
        assert_eq!(opened.row.ticket.line.as_ref().map(LineId::as_str), Some("main"));
        assert_eq!(opened.row.ticket.recording, Some(ids.recording));
        assert_eq!(
            opened.caller.as_ref().map(|number| number.raw.as_str()),
            Some(CITIZEN)
        );
        assert_eq!(opened.row.query_code.len(), 8);
        assert_eq!(changes.try_recv().unwrap().ticket, opened.row.ticket.id);
        // The same facts again, as after a restart that lost the checkpoint.
        let mut tx = bench.store.begin().await.unwrap();
        tx.reset_checkpoint("policies").await.unwrap();
        tx.commit().await.unwrap();
        Policies::new(bench.store.clone(), tickets.clone(), NODE)
            .catch_up(FactNo(12))
            .await
            .unwrap();
        let (rows, _) = bench
            .store
            .tickets(&TicketFilter {
                limit: 10,
                ..TicketFilter::default()
            })
            .await
            .unwrap();
        assert_eq!(rows.len(), 1);
        bench
            .ship(&mut chain, &CallIds::number(2).whole_call(60_000))
            .await;
        policies.catch_up(FactNo(24)).await.unwrap();
        let second = tickets.ticket_of(CallIds::number(2).call).await.unwrap().unwrap();
        assert_eq!(second.row.ticket.number, "20261123000002", "no number is skipped");
    });
}

#[test]
fn a_draft_is_saved_field_by_field_and_read_back_in_clear() {
    on_both(async |bench| {
        let tickets = bench.tickets();
        let id = draft(bench).await.row.ticket.id;
        bench.clock.advance_ms(60_000);
        let fields = complete();
        let saved = tickets.save(&agent(), id, fields.clone(), 1).await.unwrap();
        assert_eq!(saved.row.ticket.version, 2);
        let read = tickets.ticket(id).await.unwrap();
        assert_eq!(read, saved);
        assert_eq!(read.row.ticket.draft.name, "王小明");
        assert_eq!(read.row.ticket.updated_at, at(60_000).wall);
        // Nothing changed: nothing is written.
        assert_eq!(
            tickets
                .save(&agent(), id, fields, 2)
                .await
                .unwrap()
                .row
                .ticket
                .version,
            2
        );
        let clear = DraftFields {
            name: Some(String::new()),
            ..DraftFields::default()
        };
        let cleared = tickets.save(&agent(), id, clear, 2).await.unwrap();
        assert_eq!(cleared.row.ticket.draft.name, "");
        assert_eq!(
            cleared.row.ticket.draft.category, "010202",
            "what is not named stays"
        );
        assert_eq!(bench.store.facts_of_ticket(id).await.unwrap().len(), 3);
    });
}

#[test]
fn of_two_writers_the_slower_is_told_the_version() {
    on_both(async |bench| {
        let tickets = bench.tickets();
        let id = draft(bench).await.row.ticket.id;
        let name = |name: &str| DraftFields {
            name: Some(name.to_owned()),
            ..DraftFields::default()
        };
        let (first, actor) = (tickets.clone(), agent());
        let (quick, slow) = tokio::join!(
            first.save(&actor, id, name("甲"), 1),
            tickets.save(&actor, id, name("乙"), 1)
        );
        let refused = [quick, slow]
            .into_iter()
            .filter_map(Result::err)
            .collect::<Vec<_>>();
        assert_eq!(refused.len(), 1);
        let version = TicketError::Version {
            expected: 1,
            actual: 2,
        };
        assert!(
            matches!(&refused[0], TicketServiceError::Refused(error) if *error == version),
            "{refused:?}"
        );
    });
}

#[test]
fn a_submission_is_repeated_by_its_key_and_refused_otherwise() {
    on_both(async |bench| {
        let tickets = bench.tickets();
        let id = draft(bench).await.row.ticket.id;
        let bare = tickets.submit(&agent(), id, 1, Some("k1")).await.unwrap_err();
        let TicketServiceError::Refused(bare) = bare else {
            panic!("{bare}")
        };
        assert_eq!(bare.field(), Some("name"));
        tickets.save(&agent(), id, complete(), 1).await.unwrap();
        let submitted = tickets.submit(&agent(), id, 2, Some("k1")).await.unwrap();
        assert_eq!(submitted.row.ticket.state, State::PendingDispatch);
        let again = tickets.submit(&agent(), id, 2, Some("k1")).await.unwrap();
        assert_eq!(again, submitted, "the same request gives the same answer");
        let other = tickets
            .submit(&agent(), id, submitted.row.ticket.version, Some("k2"))
            .await
            .unwrap_err();
        let state = TicketError::NotAllowed {
            state: State::PendingDispatch,
            clause: "7.1.2 a",
        };
        assert!(
            matches!(&other, TicketServiceError::Refused(error) if *error == state),
            "{other:?}"
        );
        let nobody = tickets.ticket(TicketId::default()).await.unwrap_err();
        assert!(matches!(nobody, TicketServiceError::NotFound(_)));
    });
}

#[test]
fn many_drafts_at_once_get_numbers_without_gap() {
    on_both(async |bench| {
        let mut chain = Chain::new();
        for number in 0..150 {
            let ids = CallIds::number(number);
            bench
                .ship(
                    &mut chain,
                    &[ids.offered(number), ids.agent_answered(number + 1, 1)],
                )
                .await;
        }
        let mut policies = Policies::new(bench.store.clone(), bench.tickets(), NODE);
        policies.catch_up(FactNo(300)).await.unwrap();
        assert_eq!(
            bench.store.checkpoint("policies", NODE).await.unwrap(),
            FactNo(300)
        );
        let filter = TicketFilter {
            limit: 500,
            ..TicketFilter::default()
        };
        let mut numbers: Vec<String> = bench
            .store
            .tickets(&filter)
            .await
            .unwrap()
            .0
            .into_iter()
            .map(|row| row.ticket.number)
            .collect();
        numbers.sort();
        let expected: Vec<String> = (1..=150).map(|last| format!("20261123{last:06}")).collect();
        assert_eq!(numbers, expected);
    });
}

#[test]
fn erasing_the_data_key_empties_the_order_and_leaves_the_row() {
    on_both(async |bench| {
        let opened = draft(bench).await;
        let id = opened.row.ticket.id;
        bench.tickets().save(&agent(), id, complete(), 1).await.unwrap();
        let key = opened.row.ticket.key_id();
        let mut tx = bench.store.begin().await.unwrap();
        assert!(tx.erase_data_key(&key).await.unwrap());
        tx.commit().await.unwrap();
        bench.keys.with(|ring| ring.forget(&key));
        let read = bench.tickets().ticket(id).await.unwrap();
        assert!(read.erased);
        assert_eq!(read.caller, None);
        assert_eq!(read.row.ticket.draft.name, "");
        assert_eq!(
            read.row.ticket.draft.category, "010202",
            "what is not personal stays for the figures"
        );
        let verified = bench.audit().verify("n1-db").await.unwrap();
        assert_eq!(verified.faults, vec![], "hashes run over ciphertext");
    });
}
