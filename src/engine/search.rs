//! Search over sealed texts: candidates from keyed pairs of characters, each checked against the opened text.
//!
//! ```text
//!  query ─► words ─► tags ─► tail, then postings, newest segments first ─► intersection ─► opened ─► page
//!                                    ▲                                          newest first, until it is full
//!  fold: full segments of the tail ──┘ postings in short transactions, then the tail's rows go
//! ```
//!
//! A tag match is a candidate, never an answer: the opened text must hold every word, so false candidates cost time
//! and are not shown. Whoever may not see an order, or a field of it, is given no text and finds nothing in it.
//!
//! **Invariants.** What was committed before a search began is found, whenever it is folded. A page that is not full
//! says why and where to go on: nothing is cut silently.
//! **Not here.** When and how is folded (`engine::search::fold`); tables (`io::store::search`); who may see what, and opening (the [`Reader`] that is given); ranking of
//! repetitions (`ticket::likeness`).
//! **Source.** DB1302/T 604—2025 7.1.4 c (repetitions are found while the appeal is written down).

pub mod fold;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::base::ids::TicketId;
use crate::base::time::Clock;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::Tx;
use crate::io::store::search::Head;
use crate::io::store::search::IndexKey;
use crate::io::store::search_segment::Tail;
use crate::io::store::search_segment::first_of;
use crate::io::store::search_segment::intersection;
use crate::io::store::search_segment::segment_of;
use crate::io::store::search_segment::union;
use crate::ticket::likeness;

/// Characters of a query at most.
pub const QUERY_CHARS_MAX: usize = 100;
/// Words of a query at most.
pub const QUERY_WORDS_MAX: usize = 8;
/// Labels that narrow one search at most: the units of a county with its townships.
pub const QUERY_LABELS_MAX: usize = 64;
/// Orders of one page at most.
pub const PAGE_HITS_MAX: usize = 100;
/// Orders that are opened for one request at most; more would hold the desk up for longer than a fifth of a second.
pub const CANDIDATES_MAX: usize = 2_000;
/// Tags of a query that are looked up: more find hardly fewer candidates.
const QUERY_TAGS_MAX: usize = 16;
/// Orders opened at once after the first page's worth.
const OPEN_AT_ONCE: usize = 128;
/// Segments looked up at once: first, then four times as many, at most so many.
const SEGMENTS_FIRST: i64 = 2;
const SEGMENTS_MAX: i64 = 64;

/// Segments that repetitions are looked for in: 131 072 orders are a month of a city.
const ALIKE_SEGMENTS: i64 = 8;
/// Pairs of a typed text that are looked up, and the rarest of them that count.
const ALIKE_TAGS_MAX: usize = 128;
const ALIKE_RAREST: usize = 24;
/// Documents weighed at most.
const ALIKE_DOCS_MAX: usize = 20_000;

/// Why a query is not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// No word of two characters.
    #[error("a search needs a word of at least two characters")]
    TooShort,
    /// More characters than one hundred.
    #[error("a search has at most {QUERY_CHARS_MAX} characters")]
    TooLong,
    /// More words than eight.
    #[error("a search has at most {QUERY_WORDS_MAX} words")]
    TooManyWords,
    /// More labels than sixty-four.
    #[error("a search is narrowed by at most {QUERY_LABELS_MAX} labels")]
    TooManyLabels,
}

/// What is looked for: every word must stand in an order.
#[derive(Clone, PartialEq, Eq)]
pub struct Query {
    words: Vec<String>,
    tags: Vec<i64>,
    labels: Vec<i64>,
}

impl std::fmt::Debug for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Query({} words)", self.words.len())
    }
}

/// What of an order somebody may read.
pub trait Reader {
    /// The fields of orders in clear, in the order asked: none for an order that he may not see or that cannot be
    /// opened, and only those fields that he may see.
    fn fields(
        &self,
        tickets: &[TicketId],
    ) -> impl Future<Output = Result<Vec<Option<Vec<String>>>, StoreError>> + Send;
}

/// Why a page ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It is full.
    Full,
    /// As many orders were opened as one request may: narrow the query, or go on from the cursor.
    Bounded,
    /// There is nothing more.
    Exhausted,
}

/// What was found, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Orders.
    pub hits: Vec<TicketId>,
    /// Where the next page begins; none after the last.
    pub next: Option<i64>,
    /// Why it ended.
    pub end: End,
    /// Orders that were opened for it.
    pub opened: usize,
}

/// The search index, cheap to clone.
#[derive(Clone)]
pub struct Search {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    key: IndexKey,
    clock: Arc<dyn Clock + Send + Sync>,
    node: String,
    tail: Mutex<Tail>,
}

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Search")
    }
}

impl Search {
    /// Opens the index for `node`.
    pub fn new(
        store: Store,
        key: IndexKey,
        clock: Arc<dyn Clock + Send + Sync>,
        node: impl Into<String>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                key,
                clock,
                node: node.into(),
                tail: Mutex::default(),
            }),
        }
    }

    /// Adds fields in clear and labels of an order inside the transaction that stores them; what it has stays, so an
    /// edit passes what it wrote. To be called before facts are appended.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn index(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        fields: &[&str],
        labels: &[&str],
    ) -> Result<(), StoreError> {
        let tags = self
            .inner
            .key
            .tags(fields.iter().copied(), labels.iter().copied());
        if tags.is_empty() {
            return Ok(());
        }
        tx.index_order(ticket, &tags).await.map(|_| ())
    }

    /// Takes an order out of the index, as one that becomes confidential or is erased.
    ///
    /// Source: 6.2 d.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn hide(&self, tx: &mut Tx, ticket: TicketId) -> Result<(), StoreError> {
        tx.hide_order(ticket).await.map(|_| ())
    }

    /// Reads a query: words between spaces, and labels of which an order must have one (none: any order).
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn query(&self, text: &str, labels: &[&str]) -> Result<Query, QueryError> {
        if QUERY_CHARS_MAX < text.chars().count() {
            return Err(QueryError::TooLong);
        }
        if QUERY_LABELS_MAX < labels.len() {
            return Err(QueryError::TooManyLabels);
        }
        let words = text.split_whitespace().map(likeness::normalise);
        let words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
        if QUERY_WORDS_MAX < words.len() {
            return Err(QueryError::TooManyWords);
        }
        let mut tags: Vec<i64> = words
            .iter()
            .flat_map(|word| self.inner.key.tags_of(word))
            .collect();
        if tags.is_empty() {
            return Err(QueryError::TooShort);
        }
        // Tags are as good as random: the first of them are a fair choice.
        tags.sort_unstable();
        tags.dedup();
        tags.truncate(QUERY_TAGS_MAX);
        let labels = labels.iter().map(|label| self.inner.key.label(label)).collect();
        Ok(Query { words, tags, labels })
    }

    /// Finds orders that hold every word, newest first; `after` is [`Page::next`] of the page before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn search(
        &self,
        query: &Query,
        after: Option<i64>,
        limit: usize,
        reader: &impl Reader,
    ) -> Result<Page, StoreError> {
        let limit = limit.clamp(1, PAGE_HITS_MAX);
        let (head, tail) = self.tail(query.tags.iter().chain(&query.labels)).await?;
        let newest = after.map_or(head.docs, |after| after.saturating_sub(1).min(head.docs));
        let mut page = PageBuilder {
            query,
            reader,
            store: &self.inner.store,
            limit,
            hits: Vec::new(),
            opened: 0,
        };
        let (mut high, mut span) = (segment_of(newest), SEGMENTS_FIRST);
        while 0 <= high {
            let low = (high - span + 1).max(0);
            let mut candidates = self.candidates(query, &tail, low, high).await?;
            candidates.retain(|doc| *doc <= newest);
            candidates.reverse();
            if let Some((next, end)) = page.take(&candidates).await? {
                return Ok(page.end(Some(next), end));
            }
            high = low - 1;
            span = (span * 4).min(SEGMENTS_MAX);
        }
        Ok(page.end(None, End::Exhausted))
    }

    /// Orders whose words share rare pairs of characters with a text that is being typed, the likeliest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn alike(&self, text: &str, limit: usize) -> Result<Vec<TicketId>, StoreError> {
        let mut tags = self.inner.key.tags_of(&likeness::normalise(text));
        tags.truncate(ALIKE_TAGS_MAX);
        if tags.is_empty() {
            return Ok(Vec::new());
        }
        let (head, tail) = self.tail(&tags).await?;
        let high = segment_of(head.docs);
        let low = (high - ALIKE_SEGMENTS + 1).max(0);
        let lists = self.lists(&tags, &tail, low, high).await?;
        let mut lists: Vec<Vec<i64>> = lists.into_values().filter(|list| !list.is_empty()).collect();
        lists.sort_by_key(Vec::len);
        let mut weights: BTreeMap<i64, u32> = BTreeMap::new();
        let range = usize::try_from(head.docs - first_of(low)).unwrap_or(1).max(1);
        let mut weighed = 0;
        for list in lists.iter().take(ALIKE_RAREST) {
            weighed += list.len();
            if ALIKE_DOCS_MAX < weighed && !weights.is_empty() {
                break;
            }
            let weight = (range / list.len().max(1)).max(1).ilog2() + 1;
            for doc in list.iter().rev().take(ALIKE_DOCS_MAX) {
                *weights.entry(*doc).or_default() += weight;
            }
        }
        let mut docs: Vec<(u32, i64)> = weights.into_iter().map(|(doc, weight)| (weight, doc)).collect();
        docs.sort_unstable_by_key(|found| Reverse(*found));
        let docs: Vec<i64> = docs.into_iter().take(limit).map(|(_, doc)| doc).collect();
        let found = self.inner.store.search_tickets(&docs).await?;
        Ok(found.into_iter().map(|(_, ticket)| ticket).collect())
    }

    /// Brings the tail in memory up to date and gives the documents of these tags that stand in it.
    async fn tail(
        &self,
        tags: impl IntoIterator<Item = &i64>,
    ) -> Result<(Head, BTreeMap<i64, Vec<i64>>), StoreError> {
        let store = &self.inner.store;
        let mut tail = self.inner.tail.lock().await;
        // The mark is read before the rows: what is missing among the rows was folded by then.
        let head = store.search_head().await?;
        if tail.is_stale(head.folded) {
            *tail = Tail::new(head.folded);
        }
        while tail.seq() < head.seq {
            let (rows, more) = store.search_tail(tail.seq()).await?;
            tail.add(&rows);
            if !more {
                tail.set_seq(head.seq);
            }
        }
        let docs = tags.into_iter().map(|tag| (*tag, tail.docs(*tag))).collect();
        Ok((head, docs))
    }

    /// The documents of each tag in the segments `low..=high`, ascending.
    async fn lists(
        &self,
        tags: &[i64],
        tail: &BTreeMap<i64, Vec<i64>>,
        low: i64,
        high: i64,
    ) -> Result<BTreeMap<i64, Vec<i64>>, StoreError> {
        let mut postings = self.inner.store.search_postings(tags, low, high).await?;
        postings.sort_unstable_by_key(|(tag, segment, _)| (*tag, *segment));
        let mut lists: BTreeMap<i64, Vec<i64>> = tags.iter().map(|tag| (*tag, Vec::new())).collect();
        for (tag, _, docs) in postings {
            lists.entry(tag).or_default().extend(docs);
        }
        for (tag, list) in &mut lists {
            let Some(late) = tail.get(tag) else { continue };
            let from = late.partition_point(|doc| *doc < first_of(low));
            let to = late.partition_point(|doc| *doc < first_of(high + 1));
            let late = late.get(from..to).unwrap_or_default();
            if !late.is_empty() {
                *list = union(list, late);
            }
        }
        Ok(lists)
    }

    /// The documents in the segments `low..=high` that have every tag and one of the labels, ascending.
    async fn candidates(
        &self,
        query: &Query,
        tail: &BTreeMap<i64, Vec<i64>>,
        low: i64,
        high: i64,
    ) -> Result<Vec<i64>, StoreError> {
        let tags: Vec<i64> = query.tags.iter().chain(&query.labels).copied().collect();
        let mut lists = self.lists(&tags, tail, low, high).await?;
        let mut all: Vec<Vec<i64>> = query.tags.iter().filter_map(|tag| lists.remove(tag)).collect();
        if !query.labels.is_empty() {
            let labels = query.labels.iter().filter_map(|label| lists.remove(label));
            let mut any: Vec<i64> = labels.flatten().collect();
            any.sort_unstable();
            any.dedup();
            all.push(any);
        }
        Ok(intersection(all))
    }
}

/// A page while it is filled.
struct PageBuilder<'a, R> {
    query: &'a Query,
    reader: &'a R,
    store: &'a Store,
    limit: usize,
    hits: Vec<TicketId>,
    opened: usize,
}

impl<R: Reader> PageBuilder<'_, R> {
    /// Opens candidates, newest first, until the page ends; the document it ended at, and why.
    async fn take(&mut self, candidates: &[i64]) -> Result<Option<(i64, End)>, StoreError> {
        let mut left = candidates;
        let mut size = self.limit.clamp(16, OPEN_AT_ONCE);
        while let Some(first) = left.first() {
            let room = CANDIDATES_MAX - self.opened;
            if room == 0 {
                return Ok(Some((first + 1, End::Bounded)));
            }
            let (part, rest) = left.split_at(size.min(room).min(left.len()));
            let found = self.store.search_tickets(part).await?;
            let tickets: Vec<TicketId> = found.iter().map(|(_, ticket)| *ticket).collect();
            let texts = self.reader.fields(&tickets).await?;
            self.opened += part.len();
            for ((doc, ticket), fields) in found.iter().zip(texts) {
                if fields.is_some_and(|fields| self.holds(&fields)) {
                    self.hits.push(*ticket);
                    if self.hits.len() == self.limit {
                        return Ok(Some((*doc, End::Full)));
                    }
                }
            }
            left = rest;
            size = OPEN_AT_ONCE;
        }
        Ok(None)
    }

    fn holds(&self, fields: &[String]) -> bool {
        let normal = likeness::normalise_fields(fields.iter().map(String::as_str));
        self.query.words.iter().all(|word| normal.contains(word.as_str()))
    }

    fn end(self, next: Option<i64>, end: End) -> Page {
        Page {
            hits: self.hits,
            next,
            end,
            opened: self.opened,
        }
    }
}
