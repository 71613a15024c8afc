//! Search at the size of a big city's years: `search_load sqlite:/big/disk/search.db 1000000`, or `postgres://…`.
//!
//! Imports invented appeals, sealed as orders are, indexes the last ones one by one as the desk does while the fold
//! runs, asks 200 queries and compares a sample of them with a scan of every text. Prints one figure a line. The
//! database must be empty; SQLite's sealed texts go to a file beside it, so that its size is the index's.
#![allow(
    missing_docs,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a measurement stops at the first thing that is not as it should be"
)]

mod search_texts;

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use aes_gcm::Aes256Gcm;
use aes_gcm::KeyInit as _;
use aes_gcm::aead::Aead as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rexian::base::ids::TicketId;
use rexian::base::random::Random;
use rexian::base::time::WallTime;
use rexian::engine::search::End;
use rexian::engine::search::Reader;
use rexian::engine::search::Search;
use rexian::engine::search::fold::Folded;
use rexian::io::clock::SystemClock;
use rexian::io::store::Address;
use rexian::io::store::Store;
use rexian::io::store::StoreError;
use rexian::io::store::search::IndexKey;
use rexian::io::store::search::Indexed;
use rexian::io::store::search_segment::SEGMENT_DOCS;
use rexian::ticket::likeness::normalise;
use sqlx::AssertSqlSafe;

use search_texts::City;

const KEY: [u8; 32] = [7; 32];
/// Orders that are not imported but indexed as the desk does: a whole segment in batches, then one by one.
const LIVE: u64 = SEGMENT_DOCS as u64 + ONE_BY_ONE;
const ONE_BY_ONE: u64 = 4_000;
const PAGE: usize = 20;

fn ticket(no: u64) -> TicketId {
    TicketId::from_bytes(u128::from(no).to_be_bytes())
}

fn number(ticket: TicketId) -> u64 {
    u64::try_from(u128::from_be_bytes(ticket.to_bytes())).unwrap()
}

/// Sealed texts, each under a key of its own that a master wraps, and what opens them.
#[derive(Clone)]
enum Sealed {
    Sqlite(sqlx::SqlitePool),
    Postgres(sqlx::PgPool),
}

fn cipher(key: &[u8; 32]) -> Aes256Gcm {
    Aes256Gcm::new(&(*key).into())
}

impl Sealed {
    async fn open(address: &str) -> Self {
        const TABLE: &str =
            "CREATE TABLE sealed_order (ticket TEXT PRIMARY KEY, wrapped TEXT NOT NULL, ct TEXT NOT NULL)";
        if let Some(path) = address.strip_prefix("sqlite:") {
            let options: sqlx::sqlite::SqliteConnectOptions =
                format!("sqlite:{path}.sealed").parse().unwrap();
            let options = options
                .create_if_missing(true)
                .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal);
            let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
            sqlx::query(TABLE).execute(&pool).await.unwrap();
            return Self::Sqlite(pool);
        }
        let pool = sqlx::PgPool::connect(address).await.unwrap();
        sqlx::query(TABLE).execute(&pool).await.unwrap();
        Self::Postgres(pool)
    }

    async fn put(&self, rows: &[(u64, String)]) {
        let seal = |(no, text): &(u64, String)| {
            let mut key = [3; 32];
            key[..8].copy_from_slice(&no.to_be_bytes());
            let nonce = [0; 12];
            let wrapped = cipher(&KEY).encrypt(&nonce.into(), &key[..]).unwrap();
            let ct = cipher(&key).encrypt(&nonce.into(), text.as_bytes()).unwrap();
            format!(
                "('{}','{}','{}')",
                ticket(*no),
                BASE64.encode(wrapped),
                BASE64.encode(ct)
            )
        };
        for rows in rows.chunks(256) {
            let rows: Vec<String> = rows.iter().map(seal).collect();
            let sql = AssertSqlSafe(format!("INSERT INTO sealed_order VALUES {}", rows.join(",")));
            match self {
                Self::Sqlite(pool) => _ = sqlx::raw_sql(sql).execute(pool).await.unwrap(),
                Self::Postgres(pool) => _ = sqlx::raw_sql(sql).execute(pool).await.unwrap(),
            }
        }
    }
}

fn unseal(wrapped: &str, ct: &str) -> Vec<String> {
    let nonce = [0; 12];
    let key = cipher(&KEY)
        .decrypt(&nonce.into(), &BASE64.decode(wrapped).unwrap()[..])
        .unwrap();
    let text = cipher(&key.try_into().unwrap()).decrypt(&nonce.into(), &BASE64.decode(ct).unwrap()[..]);
    vec![String::from_utf8(text.unwrap()).unwrap()]
}

impl Reader for Sealed {
    async fn fields(&self, tickets: &[TicketId]) -> Result<Vec<Option<Vec<String>>>, StoreError> {
        let ids: Vec<String> = tickets.iter().map(|ticket| format!("'{ticket}'")).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT ticket, wrapped, ct FROM sealed_order WHERE ticket IN ({})",
            ids.join(",")
        );
        let sql = AssertSqlSafe(sql);
        let rows: Vec<(String, String, String)> = match self {
            Self::Sqlite(pool) => sqlx::query_as(sql).persistent(false).fetch_all(pool).await?,
            Self::Postgres(pool) => sqlx::query_as(sql).persistent(false).fetch_all(pool).await?,
        };
        let rows: std::collections::BTreeMap<TicketId, Vec<String>> = rows
            .into_iter()
            .map(|(id, wrapped, ct)| (id.parse().unwrap(), unseal(&wrapped, &ct)))
            .collect();
        Ok(tickets.iter().map(|ticket| rows.get(ticket).cloned()).collect())
    }
}

fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "{what}: n {} p50 {:.2} ms p95 {:.2} ms p99 {:.2} ms max {:.2} ms",
        times.len(),
        ms(at(50)),
        ms(at(95)),
        ms(at(99)),
        ms(at(100))
    );
}

struct Load {
    store: Store,
    search: Search,
    sealed: Sealed,
    city: City,
    orders: u64,
}

impl Load {
    async fn import(&self) {
        let key = IndexKey::new(&KEY);
        let (started, mut index, mut tags, mut made) = (Instant::now(), Duration::ZERO, 0, 0);
        let bulk = self.orders - LIVE;
        while made < bulk {
            let end = bulk.min(made + SEGMENT_DOCS as u64);
            let texts: Vec<(u64, String)> = (made..end).map(|no| (no, self.city.text(no))).collect();
            self.sealed.put(&texts).await;
            let at = Instant::now();
            let indexed = |(no, text): &(u64, String)| Indexed {
                ticket: ticket(*no),
                tags: key.tags([text.as_str()], []),
            };
            let orders: Vec<Indexed> = texts.iter().map(indexed).collect();
            tags += orders.iter().map(|order| order.tags.len()).sum::<usize>();
            let mut tx = self.store.begin().await.unwrap();
            tx.index_bulk(&orders).await.unwrap();
            tx.commit().await.unwrap();
            index += at.elapsed();
            made = end;
        }
        println!(
            "import: {bulk} orders, index {:.3} ms an order, {} tags an order, all {:.0} s",
            index.as_secs_f64() * 1000.0 / bulk as f64,
            tags / bulk as usize,
            started.elapsed().as_secs_f64()
        );
        // The imported segments have no tail: only the mark moves.
        while self.search.fold().await.unwrap() != Folded::Nothing {}
    }

    /// One order after the other, each with its own commit.
    async fn live(&self, numbers: std::ops::Range<u64>, what: &str) {
        let mut times = Vec::new();
        for no in numbers {
            let text = self.city.text(no);
            self.sealed.put(&[(no, text.clone())]).await;
            let at = Instant::now();
            let mut tx = self.store.begin().await.unwrap();
            self.search
                .index(&mut tx, ticket(no), &[&text], &[])
                .await
                .unwrap();
            tx.commit().await.unwrap();
            times.push(at.elapsed());
        }
        tell(what, times);
    }

    /// What a fold costs, and how long orders wait for it.
    async fn fold(&self) {
        // Replies to old orders, and the tail's oldest segment, if it is full.
        let mut tx = self.store.begin().await.unwrap();
        for no in 0..4_200 {
            let text = self.city.text(no + 7_000_000);
            let half: String = text.chars().take(80).collect();
            self.search
                .index(&mut tx, ticket(no * 37 % (self.orders - LIVE)), &[&half], &[])
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        let at = Instant::now();
        for from in (self.orders - LIVE..self.orders - ONE_BY_ONE).step_by(128) {
            let texts: Vec<(u64, String)> = (from..from + 128).map(|no| (no, self.city.text(no))).collect();
            self.sealed.put(&texts).await;
            let mut tx = self.store.begin().await.unwrap();
            for (no, text) in &texts {
                self.search
                    .index(&mut tx, ticket(*no), &[text], &[])
                    .await
                    .unwrap();
            }
            tx.commit().await.unwrap();
        }
        println!("a segment in batches of 128: {:?}", at.elapsed());
        let search = self.search.clone();
        let folder = tokio::spawn(async move {
            let mut all = Vec::new();
            loop {
                let at = Instant::now();
                match search.fold().await.unwrap() {
                    Folded::Nothing => return all,
                    folded => all.push((folded, at.elapsed())),
                }
            }
        });
        self.live(
            self.orders - ONE_BY_ONE..self.orders - ONE_BY_ONE / 2,
            "index one order beside the fold",
        )
        .await;
        for (folded, took) in folder.await.unwrap() {
            println!("fold: {folded:?} took {took:?}");
        }
    }

    fn queries(&self) -> Vec<String> {
        let mut random = Random::from_number(99);
        let mut queries: Vec<String> = (0..100)
            .map(|_| self.city.phrase(self.orders, 2, &mut random))
            .collect();
        for at in 0..80 {
            queries.push(self.city.phrase(self.orders, 3 + at % 10, &mut random));
        }
        for _ in 0..20 {
            let (one, two) = (
                self.city.phrase(self.orders, 2, &mut random),
                self.city.phrase(self.orders, 2, &mut random),
            );
            queries.push(format!("{one} {two}"));
        }
        queries
    }

    async fn ask(&self, queries: &[String]) {
        for round in ["first", "second"] {
            let (mut two, mut all, mut opened, mut bounded) = (Vec::new(), Vec::new(), 0, 0);
            for text in queries {
                let query = self.search.query(text, &[]).unwrap();
                let at = Instant::now();
                let page = self
                    .search
                    .search(&query, None, PAGE, &self.sealed)
                    .await
                    .unwrap();
                let took = at.elapsed();
                opened += page.opened;
                bounded += usize::from(page.end == End::Bounded);
                if text.chars().count() == 2 {
                    two.push(took);
                }
                all.push(took);
            }
            println!(
                "{round} round: {} opened a query, {bounded} bounded",
                opened / queries.len()
            );
            tell("search, two characters", two);
            tell("search, all", all);
        }
        let mut times = Vec::new();
        for no in 0..100 {
            let text: String = self.city.text(9_000_000 + no).chars().take(60).collect();
            let at = Instant::now();
            self.search.alike(&text, 50).await.unwrap();
            times.push(at.elapsed());
        }
        tell("alike, 60 characters typed", times);
    }

    /// Every fourth query, up to 1 000 hits, against a scan of all texts.
    async fn compare(&self, queries: &[String]) {
        let queries: Vec<&String> = queries.iter().step_by(4).collect();
        let words: Vec<Vec<String>> = queries
            .iter()
            .map(|query| query.split(' ').map(normalise).collect())
            .collect();
        let mut expected: Vec<Vec<u64>> = vec![Vec::new(); queries.len()];
        for no in (0..self.orders).rev() {
            let normal = normalise(&self.city.text(no));
            for (words, found) in words.iter().zip(&mut expected) {
                if found.len() < 1_000 && words.iter().all(|word| normal.contains(word)) {
                    found.push(no);
                }
            }
        }
        let (mut there, mut missed, mut wrong) = (0, 0, 0);
        for (text, expected) in queries.iter().zip(&expected) {
            let query = self.search.query(text, &[]).unwrap();
            let (mut found, mut after) = (Vec::new(), None);
            while found.len() < 1_000 {
                let page = self
                    .search
                    .search(&query, after, 100, &self.sealed)
                    .await
                    .unwrap();
                found.extend(page.hits.into_iter().map(number));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            found.truncate(1_000);
            there += expected.len();
            missed += expected.iter().filter(|no| !found.contains(no)).count();
            wrong += found.iter().filter(|no| !expected.contains(no)).count();
        }
        println!(
            "recall: {} queries, {there} hits, {missed} missed, {wrong} wrong",
            queries.len()
        );
        assert_eq!((missed, wrong), (0, 0));
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap();
    let orders: u64 = arguments.next().unwrap().parse().unwrap();
    let parsed: Address = address.parse().unwrap();
    let store = Store::open(&parsed, WallTime::from_micros(0)).await.unwrap();
    let search = Search::new(
        store.clone(),
        IndexKey::new(&KEY),
        Arc::new(SystemClock::new()),
        "n1",
    );
    let sealed = Sealed::open(&address).await;
    let city = City::new(2_604);
    let load = Load {
        store,
        search,
        sealed,
        city,
        orders,
    };
    load.import().await;
    load.fold().await;
    load.live(orders - ONE_BY_ONE / 2..orders, "index one order")
        .await;
    let queries = load.queries();
    load.ask(&queries).await;
    load.compare(&queries).await;
    println!("{:?}", load.store.search_head().await.unwrap());
    load.store.close().await;
    if let Address::Sqlite(path) = parsed {
        println!("size: {} MB", std::fs::metadata(path).unwrap().len() / 1_000_000);
    }
}
