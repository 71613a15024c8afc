//! The conformance report over the tables: the same on both databases.

use rexian::base::time::WallTime;
use rexian::report::conformance::Clause;
use rexian::report::conformance::Conformance;
use rexian::report::conformance::Period;
use rexian::report::conformance::SettingRow;

use crate::archive::Bench;
use crate::archive::NUMBER;
use crate::archive::now;
use crate::archive::on_both;

async fn clauses(bench: &Bench, from: WallTime, to: WallTime) -> Vec<Clause> {
    let late = now(10_000_000).wall;
    let mut report = Conformance::new(Period {
        from,
        to,
        now: late,
        archive_before: late,
    });
    bench
        .store
        .report_orders(from, to, |row| report.order(row))
        .await
        .unwrap();
    bench
        .store
        .report_cycles(from, to, |row| report.cycle(row))
        .await
        .unwrap();
    bench
        .store
        .report_requests(from, to, |row| report.request(row))
        .await
        .unwrap();
    bench
        .store
        .report_supervisions(from, to, |row| report.supervision(row))
        .await
        .unwrap();
    let setting = |id: &str| SettingRow {
        id: id.to_owned(),
        value: "24h".to_owned(),
        from: "2025-01-01".to_owned(),
        basis: "DB1302/T 604—2025".to_owned(),
        reading: String::new(),
    };
    report.finish(|clause| {
        if clause == "7.9.1" {
            vec![setting("archive")]
        } else {
            Vec::new()
        }
    })
}

fn faults<'a>(clauses: &'a [Clause], clause: &str) -> Vec<(&'a str, &'a str)> {
    let found = clauses.iter().find(|it| it.clause == clause).unwrap();
    found
        .named
        .iter()
        .map(|it| (it.number.as_str(), it.fault))
        .collect()
}

fn count(clauses: &[Clause], clause: &str, what: &str) -> u64 {
    let found = clauses.iter().find(|it| it.clause == clause).unwrap();
    found
        .counts
        .iter()
        .find(|(code, _)| *code == what)
        .map_or(0, |(_, count)| *count)
}

#[test]
fn a_report_counts_an_order_and_names_it_where_it_is_not_as_the_standard_asks() {
    on_both(false, async |bench| {
        let (from, to) = (now(0).wall, now(86_400).wall);
        let before = clauses(&bench, from, to).await;
        assert_eq!(count(&before, "3.2", "complaint"), 1);
        assert_eq!(
            faults(&before, "7.1.2"),
            [(NUMBER, "incomplete")],
            "nobody asked what kind of person he is"
        );
        assert_eq!(count(&before, "7.2 b", "with_unit"), 1);
        assert_eq!(faults(&before, "7.3"), [(NUMBER, "no_contact")]);
        assert_eq!(faults(&before, "7.5.2"), [(NUMBER, "not_reviewed")]);
        assert_eq!(faults(&before, "7.7.1"), [(NUMBER, "not_followed")]);
        assert_eq!(faults(&before, "7.9.1"), [(NUMBER, "not_archived")]);
        assert_eq!(
            before
                .iter()
                .find(|it| it.clause == "7.9.1")
                .unwrap()
                .settings
                .len(),
            1
        );
        bench.archiver.archive(bench.id).await.unwrap();
        std::fs::write(crate::archive::package(&bench).join("order.pdf.sealed"), "x").unwrap();
        bench.archiver.verify(NUMBER).await.unwrap();
        let after = clauses(&bench, from, to).await;
        assert_eq!(
            (
                count(&after, "7.9.1", "archived"),
                count(&after, "7.9.1", "damaged")
            ),
            (1, 1)
        );
        assert_eq!(faults(&after, "7.9.1"), [(NUMBER, "damaged")]);
        let later = clauses(&bench, to, now(200_000).wall).await;
        assert!(
            later
                .iter()
                .all(|it| it.exceptions == 0 && it.counts.iter().all(|(_, count)| *count == 0))
        );
    });
}

#[test]
fn facts_of_accounts_are_counted_by_kind() {
    on_both(false, async |bench| {
        let found = bench
            .store
            .report_facts(now(0).wall, now(86_400).wall)
            .await
            .unwrap();
        assert_eq!(found, []);
    });
}
