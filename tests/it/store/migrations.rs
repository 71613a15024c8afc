//! The schema goes forward only, and what is released is frozen.

use rexian::io::store::Address;
use rexian::io::store::Store;
use rexian::io::store::StoreError;
use rexian::io::store::migrate::MIGRATIONS;

use crate::store::at;
use crate::store::on_both;

#[test]
fn a_database_is_opened_again_without_a_change() {
    on_both(async |bench| {
        bench.store.setting_once("realm", "tangshan").await.unwrap();
        let again = Store::open(&bench.address, at(1).wall).await.unwrap();
        again.ping().await.unwrap();
        assert_eq!(again.setting("realm").await.unwrap().as_deref(), Some("tangshan"));
        again.close().await;
        let copies = std::fs::read_dir(bench.data.path()).unwrap();
        let copies = copies.filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .path()
                .to_string_lossy()
                .contains("backup")
        });
        assert_eq!(copies.count(), 0, "nothing was migrated");
    });
}

#[test]
fn a_newer_schema_is_refused_in_clear_words() {
    on_both(async |bench| {
        bench
            .meddle("INSERT INTO schema_migration VALUES (99, 'later', 'x', 0)")
            .await;
        let refused = Store::open(&bench.address, at(1).wall).await.unwrap_err();
        assert!(matches!(refused, StoreError::Newer { found: 99, .. }));
        assert!(
            refused.to_string().contains("start the newer program"),
            "{refused}"
        );
    });
}

#[test]
fn an_altered_migration_is_refused() {
    on_both(async |bench| {
        bench
            .meddle("UPDATE schema_migration SET checksum = 'x' WHERE version = 1")
            .await;
        let refused = Store::open(&bench.address, at(1).wall).await.unwrap_err();
        assert!(matches!(refused, StoreError::Altered { version: 1 }));
    });
}

#[test]
fn a_migration_that_was_released_is_never_edited() {
    let frozen = include_str!("../../../src/io/store/migrations/checksums.txt");
    let frozen: Vec<&str> = frozen.lines().filter(|line| !line.starts_with('#')).collect();
    let present: Vec<String> = MIGRATIONS
        .iter()
        .map(|migration| {
            format!(
                "{:04} {} {}",
                migration.version,
                migration.title,
                migration.checksum()
            )
        })
        .collect();
    assert_eq!(present, frozen, "add a new migration instead");
}

#[test]
fn an_address_is_a_file_or_a_server() {
    assert_eq!(
        "sqlite:/data/db".parse::<Address>().unwrap(),
        Address::Sqlite("/data/db".into())
    );
    let server = "postgres://rexian@db/rexian";
    assert_eq!(
        server.parse::<Address>().unwrap(),
        Address::Postgres(server.to_owned())
    );
    for bad in ["", "sqlite:", "/data/db", "mysql://x"] {
        assert!(
            matches!(bad.parse::<Address>(), Err(StoreError::Address)),
            "{bad}"
        );
    }
}
