//! Whoever takes the database away reads no number and no name.

use rexian::engine::projector::Projector;
use rexian::io::store::Address;

use crate::store::NODE;
use crate::store::on_both;
use crate::store::tickets::agent;
use crate::store::tickets::complete;
use crate::store::tickets::draft;

#[test]
fn a_dump_of_the_database_holds_no_number_name_content_or_address() {
    on_both(async |bench| {
        let id = draft(bench).await.row.ticket.id;
        let tickets = bench.tickets();
        tickets.save(&agent(), id, complete(), 1).await.unwrap();
        tickets.submit(&agent(), id, 2, None).await.unwrap();
        Projector::new(bench.store.clone(), NODE)
            .catch_up()
            .await
            .unwrap();
        let dump = match &bench.address {
            Address::Postgres(url) => crate::postgres::dump(url),
            Address::Sqlite(_) => {
                let files = std::fs::read_dir(bench.data.path()).unwrap();
                let files = files
                    .map(|entry| entry.unwrap().path())
                    .filter(|path| path.is_file());
                files.flat_map(|path| std::fs::read(path).unwrap()).collect()
            }
        };
        let found = |text: &str| dump.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(found("010202") && found("20261123000001"), "the dump is a dump");
        for secret in [
            "13800138000",
            "8613800138000",
            "13900139000",
            "王小明",
            "占道经营",
            "学院路十二号",
        ] {
            assert!(!found(secret), "{} shows {secret}", bench.kind);
        }
    });
}
