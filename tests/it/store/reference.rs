//! Reference data: published whole, once, with a fact, and taken up by whoever else runs on the database.

use rexian::engine::reference::Publisher;
use rexian::engine::reference::ReferenceError;
use rexian::engine::reference::References;
use rexian::fact::Actor;
use rexian::fact::ActorKind;
use rexian::io::store::StoreError;
use rexian::ticket::reference::Kind;
use rexian::ticket::table;

use crate::store::Bench;
use crate::store::NODE;
use crate::store::at;
use crate::store::on_both;

async fn open(bench: &Bench) -> References {
    References::open(bench.store.clone(), bench.audit(), at(1))
        .await
        .unwrap()
}

fn by(name: &str) -> Publisher {
    Publisher {
        actor: Actor::named(ActorKind::User, name),
        name: name.to_owned(),
        cause: "test",
        now: at(1_000),
    }
}

/// The shipped organs with another name for one.
fn renamed(name: &str) -> String {
    let shipped = Kind::Organs.shipped();
    let changed = shipped.replace("市医疗保障局", name);
    assert_ne!(changed, shipped);
    changed
}

async fn facts(bench: &Bench) -> Vec<String> {
    let node = format!("{NODE}-db");
    let rows = bench
        .store
        .facts_after(&node, rexian::fact::FactNo(0), 500)
        .await
        .unwrap();
    let published = rows
        .into_iter()
        .filter(|(_, text)| text.contains("reference.published"));
    published.map(|(_, text)| text).collect()
}

#[test]
fn the_shipped_documents_are_published_once_at_the_first_start() {
    on_both(async |bench| {
        let first = open(bench).await;
        assert_eq!(facts(bench).await.len(), Kind::ALL.len());
        let again = open(bench).await;
        assert_eq!(facts(bench).await.len(), Kind::ALL.len());
        for kind in Kind::ALL {
            assert_eq!(first.current().version(kind), 1);
            assert_eq!(again.current().document(kind), first.current().document(kind));
            let row = again.version(kind, 1).await.unwrap().unwrap();
            assert_eq!(row.published_by, "program");
        }
    });
}

#[test]
fn a_publication_is_a_row_a_fact_and_a_new_whole() {
    on_both(async |bench| {
        let references = open(bench).await;
        let before = references.current();
        let text = renamed("市医保局");
        let done = references
            .publish(Kind::Organs, &text, Some(1), by("admin"))
            .await
            .unwrap();
        assert_eq!(done.version, 2);
        assert_eq!(done.changes.changed.len(), 1);
        assert_eq!(done.changes.changed[0].place, "organs.yb.name");
        let yb = "yb".parse().unwrap();
        assert_eq!(references.current().organs.get(&yb).unwrap().name, "市医保局");
        assert_eq!(
            before.organs.get(&yb).unwrap().name,
            "市医疗保障局",
            "what was taken stays"
        );
        let facts = facts(bench).await;
        let fact = facts.last().unwrap();
        assert!(
            fact.contains(r#""document":"organs","version":2"#) && fact.contains(&done.sha256),
            "{fact}"
        );
        let history = references.history(Kind::Organs, None, 10).await.unwrap();
        let versions: Vec<(i64, &str)> = history
            .iter()
            .map(|row| (row.version, row.published_by.as_str()))
            .collect();
        assert_eq!(versions, [(2, "admin"), (1, "program")]);
        let older = references.history(Kind::Organs, Some(2), 10).await.unwrap();
        assert_eq!(older.len(), 1);
    });
}

#[test]
fn the_same_content_makes_no_new_version_whichever_way_it_came() {
    on_both(async |bench| {
        let references = open(bench).await;
        for kind in Kind::ALL {
            let current = references.current();
            let mut texts = vec![kind.shipped().to_owned()];
            if let Some(csv) = table::to_csv(kind, current.document(kind)) {
                let table = table::from_csv(kind, &csv, current.document(kind)).unwrap();
                texts.push(table.document);
            }
            for text in texts {
                let done = references.publish(kind, &text, None, by("admin")).await.unwrap();
                assert_eq!(done.version, 1, "{kind}");
                assert!(done.changes.is_empty());
            }
        }
        assert_eq!(facts(bench).await.len(), Kind::ALL.len());
    });
}

#[test]
fn a_document_with_faults_leaves_nothing() {
    on_both(async |bench| {
        let references = open(bench).await;
        let bad = r#"{"rules": [{"id": "a", "category": "99", "region": "*", "target": "nobody", "basis": "industry"}]}"#;
        let refused = references.publish(Kind::Rules, bad, None, by("admin")).await;
        let Err(ReferenceError::Faults(faults)) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(faults.len(), 2, "all of them: {faults:?}");
        assert_eq!(references.check(Kind::Rules, bad).unwrap_err(), faults);
        assert_eq!(references.current().version(Kind::Rules), 1);
        assert_eq!(references.history(Kind::Rules, None, 10).await.unwrap().len(), 1);
        assert_eq!(facts(bench).await.len(), Kind::ALL.len());
    });
}

#[test]
fn who_did_not_see_the_newest_version_is_refused() {
    on_both(async |bench| {
        let (one, two) = (open(bench).await, open(bench).await);
        one.publish(Kind::Organs, &renamed("甲"), Some(1), by("wang"))
            .await
            .unwrap();
        let refused = two
            .publish(Kind::Organs, &renamed("乙"), Some(1), by("li"))
            .await
            .unwrap_err();
        assert!(
            matches!(refused, ReferenceError::Store(StoreError::Version { actual: 2 })),
            "{refused}"
        );
        let done = two
            .publish(Kind::Organs, &renamed("乙"), Some(2), by("li"))
            .await
            .unwrap();
        assert_eq!(done.version, 3);
        assert_eq!(done.changes.changed[0].before, "甲");
    });
}

#[test]
fn another_process_takes_up_what_was_published() {
    on_both(async |bench| {
        let (one, two) = (open(bench).await, open(bench).await);
        assert!(!two.refresh().await.unwrap());
        one.publish(Kind::Organs, &renamed("甲"), None, by("wang"))
            .await
            .unwrap();
        assert_eq!(two.current().version(Kind::Organs), 1);
        assert!(two.refresh().await.unwrap());
        assert_eq!(two.current().version(Kind::Organs), 2);
        assert!(!two.refresh().await.unwrap());
    });
}

#[test]
fn two_who_publish_at_once_come_one_after_the_other() {
    on_both(async |bench| {
        let (one, two) = (open(bench).await, open(bench).await);
        let (a, b) = (renamed("甲"), renamed("乙"));
        let (first, second) = tokio::join!(
            one.publish(Kind::Organs, &a, None, by("wang")),
            two.publish(Kind::Organs, &b, None, by("li")),
        );
        let mut versions = [first.unwrap().version, second.unwrap().version];
        versions.sort_unstable();
        assert_eq!(versions, [2, 3]);
    });
}
