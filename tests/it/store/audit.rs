//! The chain of facts born in the database: every change of it is found.

use rexian::engine::audit::ChainFault;
use rexian::fact::Actor;
use rexian::fact::Fact;
use rexian::fact::FactNo;
use rexian::fact::Record;
use rexian::fact::account::AccountFact;
use sha2::Digest as _;

use crate::store::Bench;
use crate::store::at;
use crate::store::on_both;

fn sign_in(user: &str) -> Record {
    Record {
        now: at(0),
        interaction: None,
        ticket: None,
        actor: Actor::system(),
        cause: "test",
        fact: Fact::Account(AccountFact::SignedIn {
            user: user.parse().unwrap(),
        }),
        personal: None,
    }
}

async fn written(bench: &Bench, count: usize) {
    let audit = bench.audit();
    for _ in 0..count {
        audit.write(&[sign_in("wang")]).await.unwrap();
    }
}

fn fault(fact_no: u64) -> ChainFault {
    ChainFault {
        fact_no: FactNo(fact_no),
        day: None,
    }
}

#[test]
fn writers_at_once_make_one_chain_without_gap() {
    on_both(async |bench| {
        let writers = (0..12).map(|_| {
            let audit = bench.audit();
            tokio::spawn(async move {
                for _ in 0..5 {
                    audit.write(&[sign_in("wang"), sign_in("li")]).await.unwrap();
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        let verified = bench.audit().verify("n1-db").await.unwrap();
        assert_eq!((verified.facts, verified.faults), (120, vec![]));
        assert_eq!(bench.store.chain_head("n1-db").await.unwrap(), verified.head);
    });
}

#[test]
fn a_transaction_that_is_dropped_leaves_the_chain_as_it_was() {
    on_both(async |bench| {
        written(bench, 2).await;
        let mut tx = bench.store.begin().await.unwrap();
        bench.audit().append(&mut tx, &[sign_in("li")]).await.unwrap();
        drop(tx);
        written(bench, 1).await;
        let verified = bench.audit().verify("n1-db").await.unwrap();
        assert_eq!((verified.facts, verified.faults), (3, vec![]));
    });
}

#[test]
fn a_changed_a_removed_and_a_cut_fact_are_found() {
    on_both(async |bench| {
        written(bench, 6).await;
        assert_eq!(bench.audit().keep_heads("2026-11-23").await.unwrap(), 1);
        assert_eq!(
            bench.audit().keep_heads("2026-11-23").await.unwrap(),
            0,
            "once a day"
        );
        bench
            .meddle("UPDATE journal SET envelope = replace(envelope, 'wang', 'zhao') WHERE fact_no = 3")
            .await;
        assert_eq!(
            bench.audit().verify("n1-db").await.unwrap().faults,
            vec![fault(3)]
        );
        bench
            .meddle("UPDATE journal SET envelope = replace(envelope, 'zhao', 'wang') WHERE fact_no = 3")
            .await;
        assert_eq!(bench.audit().verify("n1-db").await.unwrap().faults, vec![]);
        bench.meddle("DELETE FROM journal WHERE fact_no = 4").await;
        assert_eq!(
            bench.audit().verify("n1-db").await.unwrap().faults,
            vec![fault(5)]
        );
    });
}

#[test]
fn a_fact_that_is_forged_with_a_hash_of_its_own_is_found_by_the_next() {
    on_both(async |bench| {
        written(bench, 3).await;
        let facts = bench.store.facts_after("n1-db", FactNo(1), 1).await.unwrap();
        let forged = facts[0].1.replace("wang", "zhao");
        let covered = forged.split(",\"hash\":").next().unwrap();
        let hash = hex::encode(sha2::Sha256::digest(covered));
        bench
            .meddle(&format!(
                "UPDATE journal SET envelope = '{covered},\"hash\":\"sha256:{hash}\"}}' WHERE fact_no = 2"
            ))
            .await;
        let faults = bench.audit().verify("n1-db").await.unwrap().faults;
        assert_eq!(faults, vec![fault(3)], "the forged one is sound in itself");
    });
}

#[test]
fn a_cut_tail_is_found_by_the_head_that_is_kept_outside() {
    on_both(async |bench| {
        written(bench, 4).await;
        bench.audit().keep_heads("2026-11-22").await.unwrap();
        written(bench, 2).await;
        bench.audit().keep_heads("2026-11-23").await.unwrap();
        bench.meddle("DELETE FROM journal WHERE fact_no > 5").await;
        let faults = bench.audit().verify("n1-db").await.unwrap().faults;
        assert_eq!(
            faults,
            vec![ChainFault {
                fact_no: FactNo(6),
                day: Some("2026-11-23".to_owned())
            }]
        );
        let heads = bench.audit().kept_heads().await.unwrap();
        assert_eq!(
            heads.iter().map(|head| head.fact_no.0).collect::<Vec<_>>(),
            [4, 6]
        );
    });
}
