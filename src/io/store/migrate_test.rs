use super::*;
use crate::io::store::Address;

/// The newest released version, and how many there are.
fn released() -> (i64, usize) {
    (MIGRATIONS.last().unwrap().version, MIGRATIONS.len())
}

fn later() -> Migration {
    Migration {
        version: released().0 + 1,
        title: "later",
        sql: "CREATE TABLE later (id TEXT PRIMARY KEY);",
    }
}

fn broken() -> Migration {
    Migration {
        version: released().0 + 2,
        title: "broken",
        sql: "CREATE TABLE half (id TEXT); CREATE TABLE half (id TEXT);",
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

fn backups(folder: &Path) -> Vec<std::path::PathBuf> {
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|end| end == "backup"))
        .collect()
}

#[test]
fn a_file_is_copied_before_it_is_migrated_and_the_copy_opens_as_it_was() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rexian.db");
        let store = Store::open(&Address::Sqlite(file.clone()), WallTime::from_micros(7))
            .await
            .unwrap();
        store.setting_once("realm", "tangshan").await.unwrap();
        assert_eq!(backups(folder.path()), Vec::<std::path::PathBuf>::new());
        let (newest, count) = released();
        let both = [MIGRATIONS, &[later()]].concat();
        run_all(&store, Some(&file), WallTime::from_micros(8), &both)
            .await
            .unwrap();
        run_all(&store, Some(&file), WallTime::from_micros(9), &both)
            .await
            .unwrap();
        let copies = backups(folder.path());
        let copy = format!("rexian.db.schema-{count}.8.backup");
        assert_eq!(copies, [folder.path().join(copy)]);
        store.close().await;
        let refused = Store::open(&Address::Sqlite(file), WallTime::from_micros(9))
            .await
            .unwrap_err();
        assert!(
            matches!(refused, StoreError::Newer { found, known } if (found, known) == (newest + 1, newest)),
            "{refused}"
        );
        let copy = Store::open(&Address::Sqlite(copies[0].clone()), WallTime::from_micros(9))
            .await
            .unwrap();
        assert_eq!(copy.setting("realm").await.unwrap().as_deref(), Some("tangshan"));
    });
}

#[test]
fn a_migration_that_fails_halfway_leaves_nothing() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let address = Address::Sqlite(folder.path().join("rexian.db"));
        let store = Store::open(&address, WallTime::from_micros(7)).await.unwrap();
        let all = [MIGRATIONS, &[later(), broken()]].concat();
        assert!(
            run_all(&store, None, WallTime::from_micros(8), &all)
                .await
                .is_err()
        );
        let versions = sql::read(store.database(), SELECT, [], sql::Cells::int)
            .await
            .unwrap();
        let expected: Vec<i64> = MIGRATIONS
            .iter()
            .map(|it| it.version)
            .chain([released().0 + 1])
            .collect();
        assert_eq!(versions, expected);
        let half = sql::read(store.database(), "SELECT COUNT(*) FROM half", [], sql::Cells::int).await;
        assert!(half.is_err(), "the broken one was rolled back whole");
    });
}
