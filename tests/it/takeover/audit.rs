//! `rexian audit verify`: every way to tamper with the trail makes it fail, and says where.

use rexian::fact::Actor;
use rexian::fact::Fact;
use rexian::fact::Record;
use rexian::fact::account::AccountFact;

use crate::store::Bench;
use crate::store::at;
use crate::store::on_both;
use crate::takeover::Program;

const DAY: &str = "2026-11-23";

/// Six facts, the head of the fourth kept outside yesterday and that of the sixth today.
async fn trail(bench: &Bench) -> Program {
    let audit = bench.audit();
    let record = Record {
        now: at(0),
        interaction: None,
        ticket: None,
        actor: Actor::system(),
        cause: "test",
        fact: Fact::Account(AccountFact::SignedIn {
            user: "wang".parse().unwrap(),
        }),
        personal: None,
    };
    for _ in 0..4 {
        audit.write(std::slice::from_ref(&record)).await.unwrap();
    }
    audit.keep_heads("2026-11-22").await.unwrap();
    audit.write(&[record.clone(), record]).await.unwrap();
    audit.keep_heads(DAY).await.unwrap();
    Program::on(bench)
}

fn heads(bench: &Bench) -> std::path::PathBuf {
    bench.data.path().join("audit").join("heads.log")
}

#[test]
fn a_whole_trail_is_verified() {
    on_both(async |bench| {
        let program = trail(bench).await;
        let out = program.run(&["audit", "verify", "--json"]);
        assert!(out.contains("\"facts\":\"6\",\"faults\":\"0\""), "{out}");
    });
}

#[test]
fn a_row_that_was_changed_and_one_that_was_removed_are_named() {
    on_both(async |bench| {
        let program = trail(bench).await;
        bench
            .meddle("UPDATE journal SET envelope = replace(envelope, 'wang', 'zhao') WHERE fact_no = 3")
            .await;
        let (out, _) = program.refuses(&["audit", "verify", "--json"]);
        assert!(out.contains("\"fact\":\"3\""), "{out}");
        bench
            .meddle("UPDATE journal SET envelope = replace(envelope, 'zhao', 'wang') WHERE fact_no = 3")
            .await;
        program.run(&["audit", "verify"]);
        bench.meddle("DELETE FROM journal WHERE fact_no = 2").await;
        let (out, _) = program.refuses(&["audit", "verify", "--json"]);
        assert!(out.contains("\"fact\":\"3\""), "the one behind the hole: {out}");
    });
}

#[test]
fn a_chain_cut_back_to_a_sound_shorter_one_is_found_by_the_head_outside() {
    on_both(async |bench| {
        let program = trail(bench).await;
        let fourth = bench.audit().kept_heads().await.unwrap().remove(0);
        // Sound in itself: the tail is gone and the database's own head says so too.
        bench
            .meddle(&format!(
                "DELETE FROM journal WHERE fact_no > 4;
                 UPDATE chain_head SET fact_no = 4, hash = '{}' WHERE node = 'n1-db'",
                fourth.hash
            ))
            .await;
        let (out, _) = program.refuses(&["audit", "verify", "--json"]);
        let found = format!("\"fact\":\"6\",\"fault\":\"is not the head that was kept on {DAY}\"");
        assert!(out.contains(&found), "{out}");
    });
}

#[test]
fn a_tail_behind_the_last_head_that_was_cut_is_found_by_the_databases_own_head() {
    on_both(async |bench| {
        let program = trail(bench).await;
        let kept = std::fs::read_to_string(heads(bench)).unwrap();
        std::fs::write(heads(bench), kept.lines().next().unwrap().to_owned() + "\n").unwrap();
        bench.meddle("DELETE FROM journal WHERE fact_no > 4").await;
        let (out, _) = program.refuses(&["audit", "verify", "--json"]);
        assert!(
            out.contains("\"fact\":\"6\",\"fault\":\"was changed or removed"),
            "{out}"
        );
    });
}

#[test]
fn a_head_outside_that_differs_from_a_sound_chain_is_a_fault() {
    on_both(async |bench| {
        let program = trail(bench).await;
        let kept = bench.audit().kept_heads().await.unwrap();
        let text = std::fs::read_to_string(heads(bench)).unwrap();
        let other = format!("sha256:{}", "0".repeat(64));
        std::fs::write(heads(bench), text.replace(&kept[1].hash, &other)).unwrap();
        let (out, _) = program.refuses(&["audit", "verify", "--json"]);
        assert!(
            out.contains("\"fact\":\"6\",\"fault\":\"is not the head"),
            "{out}"
        );
    });
}

#[test]
fn without_the_file_of_heads_nothing_is_verified_and_a_damaged_line_is_told() {
    on_both(async |bench| {
        let program = trail(bench).await;
        let text = std::fs::read_to_string(heads(bench)).unwrap();
        std::fs::remove_file(heads(bench)).unwrap();
        let (out, _) = program.refuses(&["audit", "verify"]);
        assert!(out.contains("not verified: no head is kept outside"), "{out}");
        std::fs::write(heads(bench), "").unwrap();
        let (out, _) = program.refuses(&["audit", "verify"]);
        assert!(out.contains("not verified"), "an empty file is none: {out}");
        let damaged = text.replacen("n1-db 4 ", "n1-db four ", 1);
        std::fs::write(heads(bench), &damaged).unwrap();
        let (out, _) = program.refuses(&["audit", "verify", "--json"]);
        assert!(out.contains("line 1 of audit/heads.log is no head"), "{out}");
        std::fs::write(heads(bench), text.trim_end()).unwrap();
        bench.audit().keep_heads("2026-11-24").await.unwrap();
        program.run(&["audit", "verify"]);
        let kept = bench.audit().kept_heads().await.unwrap();
        assert_eq!(
            kept.len(),
            3,
            "a line that was cut off takes no later one with it"
        );
    });
}

#[test]
fn a_chain_that_was_removed_whole_is_known_by_its_heads() {
    on_both(async |bench| {
        let program = trail(bench).await;
        bench.meddle("DELETE FROM journal; DELETE FROM chain_head").await;
        let (out, _) = program.refuses(&["audit", "verify", "--json"]);
        assert!(out.contains("\"fact\":\"6\""), "{out}");
        assert!(out.contains("\"fact\":\"4\""), "{out}");
    });
}
