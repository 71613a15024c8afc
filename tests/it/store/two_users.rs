//! Two people at one order at once: who comes second is refused with the version, and nobody's word is lost.

use rexian::account::Principal;
use rexian::account::Role;
use rexian::base::ids::TicketId;
use rexian::base::random::Random;
use rexian::engine::ticket_service::Give;
use rexian::engine::ticket_service::OpenedTicket;
use rexian::engine::ticket_service::TicketServiceError;
use rexian::ticket::command::Command;
use rexian::ticket::decide::By;
use rexian::ticket::decide::TicketError;
use serde_json::json;

use crate::store::Bench;
use crate::store::CallIds;
use crate::store::fold::command;
use crate::store::fold::folded;
use crate::store::fold::who;
use crate::store::on_both;
use crate::store::tickets::complete;
use crate::store::tickets::draft_of;

type Given = Result<OpenedTicket, TicketServiceError>;

async fn give(
    bench: &Bench,
    who: &Principal,
    id: TicketId,
    command: &Command,
    expected: Option<i64>,
) -> Given {
    let give = Give {
        by: By::User(who),
        ticket: id,
        command,
        expected,
        key: None,
    };
    bench.tickets().give(give).await
}

fn says(word: &str) -> Command {
    command(json!({"command": "add_facts", "by": "appellant", "text": word}))
}

async fn order(bench: &Bench) -> TicketId {
    let id = draft_of(bench, CallIds::number(7)).await.row.ticket.id;
    let agent = who(Role::Agent, "hotline");
    bench.tickets().save(&agent, id, complete(), 1).await.unwrap();
    give(bench, &agent, id, &command(json!({"command": "submit"})), None)
        .await
        .unwrap();
    id
}

/// Which words of these the order holds.
async fn held(bench: &Bench, id: TicketId, words: &[String]) -> Vec<String> {
    let ticket = bench.tickets().ticket(id).await.unwrap().row.ticket;
    assert_eq!(folded(bench, id).await, ticket, "the row is what its facts tell");
    let texts: Vec<&String> = ticket.texts.0.values().collect();
    words
        .iter()
        .filter(|word| texts.contains(word))
        .cloned()
        .collect()
}

/// Both say something at once, each on a node of his own; who was taken, and what the order holds then.
async fn at_once(
    bench: &Bench,
    id: TicketId,
    round: u64,
    expected: Option<i64>,
) -> (Vec<Given>, Vec<String>) {
    let words = [format!("甲说第{round}次"), format!("乙说第{round}次")];
    let (one, other) = (who(Role::Agent, "hotline"), who(Role::Supervisor, "hotline"));
    let (first, second) = (says(&words[0]), says(&words[1]));
    let (first, second) = tokio::join!(
        give(bench, &one, id, &first, expected),
        give(bench, &other, id, &second, expected)
    );
    let held = held(bench, id, &words).await;
    (vec![first, second], held)
}

#[test]
fn of_two_people_with_one_version_before_their_eyes_one_is_taken_and_the_other_told() {
    on_both(async |bench| {
        let id = order(bench).await;
        let mut random = Random::from_number(11);
        let (mut first_won, mut second_won) = (0, 0);
        for round in 0..20 {
            let version = bench.tickets().ticket(id).await.unwrap().row.ticket.version;
            let (given, held) = at_once(bench, id, round, Some(version)).await;
            assert_eq!(held.len(), 1, "{given:?}");
            let lost = given
                .iter()
                .find_map(|it| it.as_ref().err())
                .expect("one is told");
            let TicketServiceError::Refused(TicketError::Version { expected, actual }) = lost else {
                panic!("{lost}")
            };
            assert_eq!((*expected, *actual), (version, version + 1));
            first_won += usize::from(given[0].is_ok());
            second_won += usize::from(given[1].is_ok());
            // A version of long ago is refused whenever it comes.
            let stale = version - i64::try_from(random.below(3)).unwrap();
            let late = give(bench, &who(Role::Agent, "hotline"), id, &says("旧"), Some(stale)).await;
            assert!(matches!(
                late,
                Err(TicketServiceError::Refused(TicketError::Version { .. }))
            ));
        }
        assert_eq!(first_won + second_won, 20);
    });
}

#[test]
fn without_a_version_both_are_taken_one_on_top_of_the_other() {
    on_both(async |bench| {
        let id = order(bench).await;
        for round in 0..5 {
            let (given, held) = at_once(bench, id, round, None).await;
            assert_eq!((given.iter().filter(|it| it.is_ok()).count(), held.len()), (2, 2));
        }
    });
}

#[test]
fn an_order_that_was_overwritten_past_the_program_is_found() {
    on_both(async |bench| {
        let id = order(bench).await;
        let older = format!("CREATE TABLE older AS SELECT body, sealed FROM ticket WHERE id = '{id}'");
        bench.meddle(&older).await;
        let who = who(Role::Agent, "hotline");
        give(bench, &who, id, &says("先说的话"), None).await.unwrap();
        // Somebody else's write that came from what he had before his eyes.
        let overwrite =
            "UPDATE ticket SET body = (SELECT body FROM older), sealed = (SELECT sealed FROM older)";
        bench.meddle(overwrite).await;
        let ticket = bench.tickets().ticket(id).await.unwrap().row.ticket;
        assert_ne!(
            folded(bench, id).await,
            ticket,
            "the facts say what the row should be"
        );
    });
}
