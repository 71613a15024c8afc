//! The index of a process that is killed without warning, while it indexes and while it folds.

use std::process::Child;
use std::time::Duration;
use std::time::Instant;

use super::*;

/// The database of the child, and whether it indexes or only folds.
const CHILD: &str = "REXIAN_TEST_SEARCH_CHILD";
const INDEXES: &str = "REXIAN_TEST_SEARCH_INDEXES";

/// What a killed process runs: it folds without end, and indexes beside it when it is told to.
#[test]
fn child_that_is_killed() {
    let Ok(address) = std::env::var(CHILD) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let address: Address = address.parse().unwrap();
        let store = Store::open(&address, at(0).wall).await.unwrap();
        let (search, city) = (search(&store), City::new(13));
        // The number after the last that a killed predecessor has committed.
        let mut no = u64::try_from(store.search_head().await.unwrap().docs).unwrap();
        let folder = search.clone();
        let folding = tokio::spawn(async move {
            loop {
                folder.fold().await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        if std::env::var(INDEXES).is_err() {
            folding.await.unwrap();
        }
        loop {
            let text = city.text(no);
            index(&search, &store, no, &[&text], &[]).await;
            no += 1;
        }
    });
}

fn start(bench: &Bench, indexes: bool) -> Child {
    let address = match &bench.address {
        Address::Sqlite(path) => format!("sqlite:{}", path.display()),
        Address::Postgres(url) => url.clone(),
    };
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "store::search::killed::child_that_is_killed",
            "--nocapture",
        ])
        .env(CHILD, address)
        .stdout(std::process::Stdio::null());
    if indexes {
        command.env(INDEXES, "1");
    }
    command.spawn().unwrap()
}

#[test]
fn killed_while_it_indexes_the_index_is_what_a_scan_finds() {
    on_both(async |bench| {
        let (desk, city) = (Desk::default(), City::new(13));
        let mut random = Random::from_number(5);
        let mut docs = 0;
        for round in 0..3 {
            let mut child = start(bench, true);
            let enough = i64::try_from(docs + 1 + random.below(200)).unwrap();
            while rows(bench, "search_doc").await < enough {}
            child.kill().unwrap();
            child.wait().unwrap();
            docs = u64::try_from(bench.store.search_head().await.unwrap().docs).unwrap();
            for no in 0..docs {
                desk.put(no, &[&city.text(no)]);
            }
            assert!(0 < docs, "the child has worked");
            assert_eq!(rows(bench, "search_doc").await, docs.cast_signed());
            assert_eq!(rows(bench, "search_tail").await, docs.cast_signed());
            assert_equals_scan_for_many(&search(&bench.store), &desk, &city, docs, 100 + round).await;
        }
    });
}

#[test]
fn killed_while_it_folds_the_index_is_what_a_scan_finds() {
    on_both(async |bench| {
        let (desk, city) = (Desk::default(), City::new(13));
        let search = search(&bench.store);
        let docs = u64::try_from(SEGMENT_DOCS).unwrap();
        let mut tx = bench.store.begin().await.unwrap();
        for no in 0..docs {
            let text = city.text(no);
            desk.put(no, &[&text]);
            search.index(&mut tx, ticket(no), &[&text], &[]).await.unwrap();
        }
        tx.commit().await.unwrap();
        let (mut random, mut in_the_middle) = (Random::from_number(6), 0);
        for round in 0..12 {
            let mut child = start(bench, false);
            // Until it has begun to write; later rounds go further, into the dropping of rows.
            let began = Instant::now();
            let begins = |postings: i64| 0 < postings && Duration::from_millis(150 * round) < began.elapsed();
            while !begins(rows(bench, "search_posting").await) {}
            for _ in 0..random.below(100) {
                rows(bench, "search_posting").await;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            let folded = bench.store.search_head().await.unwrap().folded;
            in_the_middle += i64::from(folded == 0);
            let again = self::search(&bench.store);
            assert_equals_scan_for_many(&again, &desk, &city, docs, 200 + round).await;
            if folded != 0 {
                break;
            }
        }
        println!("{}: {in_the_middle} folds were broken off", bench.kind);
        assert!(0 < in_the_middle, "no fold was broken off");
        while search.fold().await.unwrap() != Folded::Nothing {}
        assert_eq!(bench.store.search_head().await.unwrap().folded, 1);
        assert_eq!(
            rows(bench, "search_tail").await,
            1,
            "document 16 384 belongs to the next segment"
        );
        assert_equals_scan_for_many(&search, &desk, &city, docs, 300).await;
    });
}
