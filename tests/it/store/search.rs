//! The search index on both databases: what a search finds is what a reader of every text finds, whatever was folded,
//! edited, hidden or broken off between.

#[path = "search_killed.rs"]
mod killed;
#[path = "../../../benches/search_texts.rs"]
mod search_texts;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Mutex;

use rexian::base::ids::TicketId;
use rexian::base::random::Random;
use rexian::base::time::WallTime;
use rexian::engine::search::CANDIDATES_MAX;
use rexian::engine::search::End;
use rexian::engine::search::QUERY_CHARS_MAX;
use rexian::engine::search::QUERY_LABELS_MAX;
use rexian::engine::search::QUERY_WORDS_MAX;
use rexian::engine::search::Query;
use rexian::engine::search::QueryError;
use rexian::engine::search::Reader;
use rexian::engine::search::Search;
use rexian::engine::search::fold::Folded;
use rexian::io::clock::SystemClock;
use rexian::io::store::Address;
use rexian::io::store::Store;
use rexian::io::store::StoreError;
use rexian::io::store::search::IndexKey;
use rexian::io::store::search::Indexed;
use rexian::io::store::search::MatterFilter;
use rexian::io::store::search_segment::SEGMENT_DOCS;
use rexian::ticket::likeness::normalise;
use rexian::ticket::likeness::normalise_fields;

use crate::store::Bench;
use crate::store::at;
use crate::store::on_both;
use search_texts::City;
use search_texts::TEMPLATES;

const KEY: [u8; 32] = [7; 32];

fn ticket(no: u64) -> TicketId {
    TicketId::from_bytes(u128::from(no).to_be_bytes())
}

fn search(store: &Store) -> Search {
    let clock = std::sync::Arc::new(SystemClock::new());
    Search::new(store.clone(), IndexKey::new(&KEY), clock, "n1")
}

/// Opened texts by order, as somebody may read them.
#[derive(Debug, Default)]
struct Desk {
    texts: Mutex<BTreeMap<TicketId, Vec<String>>>,
    normal: Mutex<BTreeMap<TicketId, String>>,
}

impl Desk {
    fn put(&self, no: u64, fields: &[&str]) {
        let normal = normalise_fields(fields.iter().copied());
        self.normal.lock().unwrap().insert(ticket(no), normal);
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        self.texts.lock().unwrap().insert(ticket(no), fields);
    }

    /// What a reader of every text finds.
    fn scan(&self, words: &[&str]) -> BTreeSet<TicketId> {
        let words: Vec<String> = words.iter().map(|word| normalise(word)).collect();
        let normal = self.normal.lock().unwrap();
        let holds = |normal: &String| words.iter().all(|word| normal.contains(word));
        normal.iter().filter(|it| holds(it.1)).map(|it| *it.0).collect()
    }
}

impl Reader for Desk {
    async fn fields(&self, tickets: &[TicketId]) -> Result<Vec<Option<Vec<String>>>, StoreError> {
        let texts = self.texts.lock().unwrap();
        Ok(tickets.iter().map(|ticket| texts.get(ticket).cloned()).collect())
    }
}

async fn index(search: &Search, store: &Store, no: u64, fields: &[&str], labels: &[&str]) {
    let mut tx = store.begin().await.unwrap();
    search.index(&mut tx, ticket(no), fields, labels).await.unwrap();
    tx.commit().await.unwrap();
}

/// All pages of a search.
async fn all(search: &Search, query: &Query, desk: &Desk) -> Vec<TicketId> {
    let (mut hits, mut after) = (Vec::new(), None);
    loop {
        let page = search.search(query, after, 50, desk).await.unwrap();
        hits.extend(page.hits);
        match page.next {
            Some(next) => after = Some(next),
            None => return hits,
        }
    }
}

async fn assert_equals_scan(search: &Search, desk: &Desk, words: &[&str]) {
    let query = search.query(&words.join(" "), &[]).unwrap();
    let found = all(search, &query, desk).await;
    let set: BTreeSet<TicketId> = found.iter().copied().collect();
    assert_eq!(set.len(), found.len(), "{words:?}: an order is found once");
    assert_eq!(set, desk.scan(words), "{words:?}");
}

/// Phrases of all lengths that stand in appeals, and some that stand nowhere.
async fn assert_equals_scan_for_many(search: &Search, desk: &Desk, city: &City, appeals: u64, seed: u64) {
    let mut random = Random::from_number(seed);
    for length in [2, 2, 2, 2, 3, 4, 5, 8, 12] {
        let phrase = city.phrase(appeals, length, &mut random);
        assert_equals_scan(search, desk, &[&phrase]).await;
    }
    let (one, two) = (
        city.phrase(appeals, 2, &mut random),
        city.phrase(appeals, 3, &mut random),
    );
    assert_equals_scan(search, desk, &[&one, &two]).await;
    assert_equals_scan(search, desk, &["不存在的词语"]).await;
}

/// Adds invented appeals as an import does.
async fn import(store: &Store, desk: &Desk, city: &City, numbers: std::ops::Range<u64>) {
    let key = IndexKey::new(&KEY);
    let orders: Vec<Indexed> = numbers
        .map(|no| {
            let text = city.text(no);
            desk.put(no, &[&text]);
            Indexed {
                ticket: ticket(no),
                tags: key.tags([text.as_str()], []),
            }
        })
        .collect();
    let mut tx = store.begin().await.unwrap();
    tx.index_bulk(&orders).await.unwrap();
    tx.commit().await.unwrap();
}

async fn rows(bench: &Bench, table: &str) -> i64 {
    use sqlx::Connection as _;
    let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
    match &bench.address {
        Address::Sqlite(path) => {
            let url = format!("sqlite:{}", path.display());
            let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
        }
        Address::Postgres(url) => {
            let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
        }
    }
}

#[test]
fn the_invented_city_has_five_thousand_templates_of_a_realistic_length() {
    let city = City::new(1);
    let templates: BTreeSet<String> = (0..TEMPLATES).map(|no| city.template(no)).collect();
    assert!(5_000 <= templates.len(), "{}", templates.len());
    let lengths: Vec<usize> = (0..2_000).map(|no| city.text(no).chars().count()).collect();
    let fit = lengths
        .iter()
        .filter(|length| (80..=300).contains(*length))
        .count();
    assert!(1_900 <= fit, "{fit} of 2000");
}

#[test]
fn an_order_is_found_by_every_part_of_its_words_as_soon_as_it_is_committed() {
    on_both(async |bench| {
        let (search, desk) = (search(&bench.store), Desk::default());
        let fields = ["机场路和学院路口往北一百米，路灯坏了五六盏", "张 三", "Unit-12"];
        desk.put(1, &fields);
        index(&search, &bench.store, 1, &fields, &[]).await;
        desk.put(2, &["路灯不亮"]);
        let mut tx = bench.store.begin().await.unwrap();
        search
            .index(&mut tx, ticket(2), &["路灯不亮"], &[])
            .await
            .unwrap();
        drop(tx);
        let found = async |text: &str| all(&search, &search.query(text, &[]).unwrap(), &desk).await;
        assert_eq!(
            found("路灯").await,
            [ticket(1)],
            "what was not committed is not there"
        );
        assert_eq!(
            found("学院路口 路灯 坏").await,
            [ticket(1)],
            "words in any order, short ones beside"
        );
        assert_eq!(found("ＵＮＩＴ12").await, [ticket(1)], "widths and case");
        assert_eq!(
            found("一百米路灯").await,
            [ticket(1)],
            "punctuation counts for nothing"
        );
        assert_eq!(found("六盏张三").await, [], "no phrase reaches across fields");
        assert_eq!(found("路灯 水管").await, [], "every word must be there");
        index(&search, &bench.store, 2, &["路灯不亮"], &[]).await;
        assert_eq!(found("路灯").await, [ticket(2), ticket(1)], "the newest first");
    });
}

#[test]
fn a_query_that_cannot_be_run_is_refused_with_the_reason() {
    on_both(async |bench| {
        let search = search(&bench.store);
        let refused = |text: &str, labels: &[&str]| search.query(text, labels).unwrap_err();
        for text in ["", " ", "路", "，。！", "a b 路"] {
            assert_eq!(refused(text, &[]), QueryError::TooShort, "{text}");
        }
        assert_eq!(
            refused(&"路".repeat(QUERY_CHARS_MAX + 1), &[]),
            QueryError::TooLong
        );
        assert_eq!(
            refused(&"路灯 ".repeat(QUERY_WORDS_MAX + 1), &[]),
            QueryError::TooManyWords
        );
        assert_eq!(
            refused("路灯", &["unit:a"; QUERY_LABELS_MAX + 1]),
            QueryError::TooManyLabels
        );
        assert!(
            search
                .query(&"路".repeat(QUERY_CHARS_MAX), &["unit:a"; QUERY_LABELS_MAX])
                .is_ok()
        );
    });
}

#[test]
fn an_edit_adds_words_and_what_no_longer_stands_there_is_not_shown() {
    on_both(async |bench| {
        let (search, desk) = (search(&bench.store), Desk::default());
        desk.put(1, &["路灯坏了"]);
        index(&search, &bench.store, 1, &["路灯坏了"], &[]).await;
        desk.put(1, &["水管坏了"]);
        index(&search, &bench.store, 1, &["水管坏了"], &[]).await;
        assert_equals_scan(&search, &desk, &["水管"]).await;
        assert_equals_scan(&search, &desk, &["路灯"]).await;
        assert_eq!(rows(bench, "search_doc").await, 1, "it is the same document");
    });
}

#[test]
fn a_hidden_order_leaves_the_index_and_comes_back_as_a_new_one() {
    on_both(async |bench| {
        let (search, desk) = (search(&bench.store), Desk::default());
        for no in 1..=2 {
            desk.put(no, &["商业秘密"]);
            index(&search, &bench.store, no, &["商业秘密"], &[]).await;
        }
        let query = search.query("商业秘密", &[]).unwrap();
        assert_eq!(
            all(&search, &query, &desk).await,
            [ticket(2), ticket(1)],
            "and the tail is in memory"
        );
        let mut tx = bench.store.begin().await.unwrap();
        search.hide(&mut tx, ticket(1)).await.unwrap();
        search.hide(&mut tx, ticket(9)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(all(&search, &query, &desk).await, [ticket(2)]);
        assert_eq!(rows(bench, "search_tail").await, 1, "its tags are gone, too");
        index(&search, &bench.store, 1, &["商业秘密"], &[]).await;
        assert_eq!(all(&search, &query, &desk).await, [ticket(1), ticket(2)]);
    });
}

#[test]
fn a_label_narrows_a_search_and_who_may_see_nothing_finds_nothing() {
    on_both(async |bench| {
        let (search, desk) = (search(&bench.store), Desk::default());
        for no in 1..=4 {
            let unit = format!("unit:u{no}");
            desk.put(no, &["路灯坏了"]);
            index(&search, &bench.store, no, &["路灯坏了"], &[&unit]).await;
        }
        let of = async |labels: &[&str]| all(&search, &search.query("路灯", labels).unwrap(), &desk).await;
        assert_eq!(of(&["unit:u2", "unit:u3"]).await, [ticket(3), ticket(2)]);
        assert_eq!(of(&["unit:u9"]).await, []);
        // An order that is handed on gets another label without any words.
        index(&search, &bench.store, 4, &[], &["unit:u2"]).await;
        assert_eq!(of(&["unit:u2"]).await, [ticket(4), ticket(2)]);
        assert_eq!(
            all(&search, &search.query("路灯", &[]).unwrap(), &Desk::default()).await,
            []
        );
    });
}

#[test]
fn a_search_opens_a_bounded_number_of_orders_and_tells_where_to_go_on() {
    on_both(async |bench| {
        let search = search(&bench.store);
        let key = IndexKey::new(&KEY);
        let tags = key.tags(["路灯坏了"], []);
        let count = u64::try_from(CANDIDATES_MAX).unwrap() + 10;
        let orders: Vec<Indexed> = (1..=count)
            .map(|no| Indexed {
                ticket: ticket(no),
                tags: tags.clone(),
            })
            .collect();
        let mut tx = bench.store.begin().await.unwrap();
        tx.index_bulk(&orders).await.unwrap();
        tx.commit().await.unwrap();
        // He may see only the oldest order.
        let desk = Desk::default();
        desk.put(1, &["路灯坏了"]);
        let query = search.query("路灯", &[]).unwrap();
        let page = search.search(&query, None, 20, &desk).await.unwrap();
        assert_eq!(
            (page.end, page.hits.len(), page.opened),
            (End::Bounded, 0, CANDIDATES_MAX)
        );
        let page = search.search(&query, page.next, 20, &desk).await.unwrap();
        assert_eq!(
            (page.end, page.hits, page.opened),
            (End::Exhausted, vec![ticket(1)], 10)
        );
    });
}

#[test]
fn what_is_found_is_what_a_scan_finds_before_and_after_folding_and_late_edits() {
    on_both(async |bench| {
        let (search, desk, city) = (search(&bench.store), Desk::default(), City::new(7));
        // Imported orders, then orders of the day over the edge of the segment.
        let edge = u64::try_from(SEGMENT_DOCS).unwrap();
        import(&bench.store, &desk, &city, 0..edge - 300).await;
        for no in edge - 300..edge + 200 {
            let text = city.text(no);
            desk.put(no, &[&text]);
            index(&search, &bench.store, no, &[&text], &[]).await;
        }
        assert_equals_scan_for_many(&search, &desk, &city, edge + 200, 1).await;
        assert_eq!(search.fold().await.unwrap(), Folded::Segment(0));
        assert_eq!(search.fold().await.unwrap(), Folded::Nothing);
        assert_eq!(
            rows(bench, "search_tail").await,
            201,
            "the segment begins with document 16 384"
        );
        assert_equals_scan_for_many(&search, &desk, &city, edge + 200, 2).await;
        // Replies to old orders gather in the tail until they are worth folding.
        let mut tx = bench.store.begin().await.unwrap();
        for no in 0..4_200 {
            let (text, reply) = (
                city.text(no),
                format!("答复{no}：经{}核实", city.text(no + 90_000)),
            );
            desk.put(no, &[&text, &reply]);
            search.index(&mut tx, ticket(no), &[&reply], &[]).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_equals_scan_for_many(&search, &desk, &city, 100_000, 3).await;
        assert!(matches!(search.fold().await.unwrap(), Folded::Late(late) if 4_000 < late));
        assert_eq!(search.fold().await.unwrap(), Folded::Nothing);
        assert!(rows(bench, "search_tail").await < 400);
        assert_equals_scan_for_many(&search, &desk, &city, 100_000, 4).await;
        // Another process, which has seen nothing yet, finds the same.
        let again = self::search(&bench.store);
        assert_equals_scan_for_many(&again, &desk, &city, 100_000, 5).await;
    });
}

#[test]
fn only_one_node_folds_at_a_time() {
    on_both(async |bench| {
        let mut tx = bench.store.begin().await.unwrap();
        assert!(tx.hold_fold("n1", at(0).wall, at(60_000).wall).await.unwrap());
        tx.commit().await.unwrap();
        let mut tx = bench.store.begin().await.unwrap();
        assert!(
            !tx.hold_fold("n2", at(60_000).wall, at(90_000).wall)
                .await
                .unwrap()
        );
        assert!(tx.hold_fold("n1", at(1_000).wall, at(61_000).wall).await.unwrap());
        assert!(
            tx.hold_fold("n2", at(61_001).wall, at(90_000).wall)
                .await
                .unwrap(),
            "after a minute of silence"
        );
    });
}

#[test]
fn no_text_stands_in_the_tables_of_the_index() {
    on_both(async |bench| {
        let search = search(&bench.store);
        index(
            &search,
            &bench.store,
            1,
            &["机场路路灯 streetlamp"],
            &["unit:t130203"],
        )
        .await;
        import(&bench.store, &Desk::default(), &City::new(3), 2..40).await;
        let dump = match &bench.address {
            Address::Postgres(url) => crate::postgres::dump(url),
            Address::Sqlite(path) => {
                let mut all = std::fs::read(path).unwrap();
                all.extend(std::fs::read(path.with_extension("db-wal")).unwrap_or_default());
                all
            }
        };
        for secret in ["路灯", "机场", "street", "t130203"] {
            let found = dump.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{secret} on {}", bench.kind);
        }
    });
}

#[test]
fn appeals_with_the_same_rare_words_are_brought_for_comparison() {
    on_both(async |bench| {
        let (search, desk, city) = (search(&bench.store), Desk::default(), City::new(11));
        import(&bench.store, &desk, &city, 0..3_000).await;
        let lamps = "机场路和学院路口往北一百米，路灯坏了五六盏，晚上黑漆漆的，老人摔了好几次。";
        index(&search, &bench.store, 5_000, &[lamps], &[]).await;
        for typed in [
            "机场路学院路口往北那几盏路灯还是黑的，我上周就反映了。",
            "学院路口路灯黑漆漆的",
        ] {
            let found = search.alike(typed, 20).await.unwrap();
            assert!(found.iter().take(3).any(|it| *it == ticket(5_000)), "{typed}");
        }
        assert_eq!(search.alike("！", 20).await.unwrap(), []);
    });
}

#[test]
fn orders_of_the_same_caller_and_of_the_same_matter_are_brought_for_comparison() {
    on_both(async |bench| {
        let rows = [
            (1, "'HS256:a'", "'010203'", "'130203006'", 10),
            (2, "'HS256:b'", "'010203'", "'130203006'", 20),
            (3, "'HS256:a'", "'020101'", "'130202'", 30),
            (4, "'HS256:a'", "'010203'", "'130203006'", 5),
            (5, "NULL", "NULL", "NULL", 40),
        ];
        for (no, caller, category, region, at) in rows {
            let id = ticket(no);
            bench
                .meddle(&format!(
                    "INSERT INTO ticket (id, number, query_code, query_tries, version, body, state, channel, matter, flags,
                     enterprise, confidential, cycle, updated_at_us, close_provisional, returns_asked, returns_approved,
                     extensions_asked, extensions_approved, reworks, reopened, repeats, excluded, caller_tag, category,
                     region, created_at_us)
                     VALUES ('{id}', '{no}', '0', 0, 1, '', 'draft', 'phone', 1, ',', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                     {caller}, {category}, {region}, {at})"
                ))
                .await;
        }
        let filter = MatterFilter {
            caller_tag: Some("HS256:a"),
            category: Some("010203"),
            region: Some("130203006"),
            since: WallTime::from_micros(10),
            limit: 50,
        };
        let found = bench.store.similar_matters(&filter).await.unwrap();
        assert_eq!(
            found,
            [ticket(3), ticket(1), ticket(2)],
            "each once, none before the window"
        );
        let nothing = MatterFilter {
            caller_tag: None,
            region: None,
            ..filter
        };
        assert_eq!(bench.store.similar_matters(&nothing).await.unwrap(), []);
    });
}
