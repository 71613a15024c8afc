//! The rows of the search index over sealed texts: keyed tags of character pairs, never a text.
//!
//! ```text
//!  command ─► search_doc, search_tail (one row a write) ─fold─► search_posting (tag, segment → documents)
//! ```
//!
//! Documents are numbered densely in the order of commits; who indexes holds the counter's row until his commit. What
//! stands in the tail is complete, what stands in postings is never taken back: a reader takes the tail first and the
//! postings after it, and what was folded between stands in both.
//!
//! A dump of these tables shows which orders share a pair of characters and how frequent a pair is, not which pair it
//! is; without the key that cannot be tried out. An order that left the index keeps a number that leads nowhere.
//!
//! **Invariants.** Postings only grow, by union inside a transaction that holds the folder's row: two folders at once do
//! the work twice and lose nothing. Tail rows go after their postings are committed.
//! **Not here.** Lists as text (`io::store::search_segment`); queries and when to fold (`engine::search`).
//! **Source.** HMAC-SHA-256: RFC 2104.

use hmac::Hmac;
use hmac::KeyInit as _;
use hmac::Mac as _;
use sha2::Sha256;
use sqlx::AssertSqlSafe;

use crate::base::ids::TicketId;
use crate::base::time::WallTime;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::io::store::search_segment;
use crate::io::store::search_segment::Postings;
use crate::io::store::search_segment::TailRow;
use crate::io::store::search_segment::first_of;
use crate::io::store::search_segment::segment_of;
use crate::io::store::search_segment::union;
use crate::io::store::sql;
use crate::io::store::sql::Cells;
use crate::io::store::sql::Tx;
use crate::io::store::sql::Value;
use crate::io::store::sql::values;
use crate::ticket::likeness;

/// Tags of one tail row at most; a longer text takes several rows.
const ROW_TAGS_MAX: usize = 4_096;
/// Values of one IN list at most; shorter lists are padded to a power of two, so that few statements are prepared.
const LIST_MAX: usize = 64;
/// Tail rows read at once.
const TAIL_PAGE: i64 = 512;

/// The key of the index: makes tags of pairs of characters and of labels.
#[derive(Clone)]
pub struct IndexKey(Hmac<Sha256>);

impl std::fmt::Debug for IndexKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IndexKey")
    }
}

impl IndexKey {
    /// Takes the 32 bytes that were derived for this purpose alone.
    pub fn new(key: &[u8; 32]) -> Self {
        // A shorter key is filled with zeros to the block of the hash: RFC 2104, 2.
        let mut block = [0; 64];
        let (first, _) = block.split_at_mut(key.len());
        first.copy_from_slice(key);
        Self(Hmac::new(&block.into()))
    }

    /// The tags of a normal form (see [`likeness::normalise`]), ascending, each once.
    pub fn tags_of(&self, normal: &str) -> Vec<i64> {
        let mut pairs: Vec<u64> = likeness::pairs(normal).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let mut tags: Vec<i64> = pairs.into_iter().map(|pair| self.pair(pair)).collect();
        tags.sort_unstable();
        tags.dedup();
        tags
    }

    /// The tags of fields in clear and of labels, ascending, each once.
    pub fn tags<'a>(
        &self,
        fields: impl IntoIterator<Item = &'a str>,
        labels: impl IntoIterator<Item = &'a str>,
    ) -> Vec<i64> {
        let mut tags = self.tags_of(&likeness::normalise_fields(fields));
        tags.extend(labels.into_iter().map(|label| self.label(label)));
        tags.sort_unstable();
        tags.dedup();
        tags
    }

    /// The tag of a label, as `unit:t130283`: what an order has beside its words so that a search can be narrowed by it.
    pub fn label(&self, label: &str) -> i64 {
        self.tag(b'l', label.as_bytes())
    }

    fn pair(&self, pair: u64) -> i64 {
        self.tag(b'p', &pair.to_be_bytes())
    }

    fn tag(&self, kind: u8, message: &[u8]) -> i64 {
        let mut mac = self.0.clone();
        mac.update(&[kind]);
        mac.update(message);
        let bytes = mac.finalize().into_bytes();
        bytes
            .first_chunk::<8>()
            .map_or(0, |first| i64::from_be_bytes(*first))
    }
}

/// Where the index stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The newest document.
    pub docs: i64,
    /// The newest row of the tail.
    pub seq: i64,
    /// Segments below this one have been folded.
    pub folded: i64,
}

/// Rows of the tail: of documents `from..to`, written up to `seq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TailRange {
    /// The first document.
    pub from: i64,
    /// The document after the last.
    pub to: i64,
    /// The last row.
    pub seq: i64,
}

/// An order for [`Tx::index_bulk`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indexed {
    /// Which.
    pub ticket: TicketId,
    /// Its tags, ascending.
    pub tags: Vec<i64>,
}

/// Which orders a new appeal is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatterFilter<'a> {
    /// Keyed tag of the caller's number.
    pub caller_tag: Option<&'a str>,
    /// 事件类型, the whole code.
    pub category: Option<&'a str>,
    /// 区域, the whole code.
    pub region: Option<&'a str>,
    /// Opened at or after.
    pub since: WallTime,
    /// Rows of each kind at most.
    pub limit: u32,
}

fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(format!("search index: {what}"))
}

fn read_row(cells: &mut Cells) -> Result<TailRow, StoreError> {
    let (seq, doc, tags) = (cells.int()?, cells.int()?, cells.text()?);
    let tags = search_segment::decode_tags(&tags).ok_or_else(|| corrupt("tail"))?;
    Ok(TailRow { seq, doc, tags })
}

fn read_posting(cells: &mut Cells) -> Result<(i64, i64, Vec<i64>), StoreError> {
    let (tag, segment, docs) = (cells.int()?, cells.int()?, cells.text()?);
    let docs = search_segment::decode_docs(segment, &docs).ok_or_else(|| corrupt("posting"))?;
    Ok((tag, segment, docs))
}

/// `column IN ($first, …)` for a list padded to a power of two with its last value.
fn in_list<'a>(column: &str, first: usize, values: &mut Vec<Value<'a>>, list: &[Value<'a>]) -> String {
    let size = list.len().next_power_of_two();
    let last = list.last().cloned();
    values.extend(list.iter().cloned());
    values.extend(last.into_iter().cycle().take(size - list.len()));
    let places: Vec<String> = (first..first + size).map(|place| format!("${place}")).collect();
    format!("{column} IN ({})", places.join(","))
}

impl Store {
    /// Where the index stands.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn search_head(&self) -> Result<Head, StoreError> {
        const SQL: &str = "SELECT search_head.docs, search_head.seq, search_fold.folded
            FROM search_head, search_fold WHERE search_head.id = 1 AND search_fold.id = 1";
        let head = |cells: &mut Cells| {
            Ok(Head {
                docs: cells.int()?,
                seq: cells.int()?,
                folded: cells.int()?,
            })
        };
        let head = sql::read(self.database(), SQL, [], head).await?.pop();
        head.ok_or_else(|| corrupt("no head"))
    }

    /// Reads rows of the tail that follow `after`; fewer than 512 are the last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn search_tail(&self, after: i64) -> Result<(Vec<TailRow>, bool), StoreError> {
        const SQL: &str = "SELECT seq, doc, tags FROM search_tail WHERE seq > $1 ORDER BY seq LIMIT $2";
        let rows = sql::read(self.database(), SQL, values![after, TAIL_PAGE], read_row).await?;
        let more = i64::try_from(rows.len()).is_ok_and(|rows| rows == TAIL_PAGE);
        Ok((rows, more))
    }

    /// Reads rows of the tail by document, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn search_tail_of(&self, range: TailRange, limit: u32) -> Result<Vec<TailRow>, StoreError> {
        const SQL: &str = "SELECT seq, doc, tags FROM search_tail WHERE doc >= $1 AND doc < $2 AND seq <= $3
            ORDER BY doc, seq LIMIT $4";
        let values = values![range.from, range.to, range.seq, i64::from(limit)];
        sql::read(self.database(), SQL, values, read_row).await
    }

    /// How many rows of the tail belong to documents below `doc`, counted up to `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn search_tail_below(&self, doc: i64, limit: u32) -> Result<i64, StoreError> {
        const SQL: &str =
            "SELECT COUNT(*) FROM (SELECT doc FROM search_tail WHERE doc < $1 LIMIT $2) AS late";
        let rows = sql::read(self.database(), SQL, values![doc, i64::from(limit)], Cells::int).await?;
        Ok(rows.first().copied().unwrap_or(0))
    }

    /// Reads the documents of tags in the segments `from..=to`: (tag, segment, documents).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn search_postings(
        &self,
        tags: &[i64],
        from: i64,
        to: i64,
    ) -> Result<Vec<(i64, i64, Vec<i64>)>, StoreError> {
        let mut all = Vec::new();
        for tags in tags.chunks(LIST_MAX) {
            let mut values = Vec::from(values![from, to]);
            let list = in_list(
                "tag",
                3,
                &mut values,
                &tags.iter().map(|tag| Value::from(*tag)).collect::<Vec<_>>(),
            );
            let sql = format!(
                "SELECT tag, segment, docs FROM search_posting WHERE {list} AND segment >= $1 AND segment <= $2"
            );
            all.extend(sql::read(self.database(), AssertSqlSafe(sql), values, read_posting).await?);
        }
        Ok(all)
    }

    /// The orders of documents, in the order given; documents whose order left the index are missing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn search_tickets(&self, docs: &[i64]) -> Result<Vec<(i64, TicketId)>, StoreError> {
        let mut found = Vec::with_capacity(docs.len());
        for docs in docs.chunks(LIST_MAX) {
            let mut values = Vec::new();
            let list = in_list(
                "doc",
                1,
                &mut values,
                &docs.iter().map(|doc| Value::from(*doc)).collect::<Vec<_>>(),
            );
            let sql = format!("SELECT doc, ticket FROM search_doc WHERE {list} AND ticket IS NOT NULL");
            let read = |cells: &mut Cells| Ok((cells.int()?, cells.id()?));
            let mut rows = sql::read(self.database(), AssertSqlSafe(sql), values, read).await?;
            rows.sort_unstable();
            let of = |doc: &i64| rows.binary_search_by_key(doc, |row| row.0).ok();
            found.extend(docs.iter().filter_map(|doc| rows.get(of(doc)?).copied()));
        }
        Ok(found)
    }

    /// Orders of the same caller, and orders of the same category and region, newest first, each once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn similar_matters(&self, filter: &MatterFilter<'_>) -> Result<Vec<TicketId>, StoreError> {
        const CALLER: &str = "SELECT id FROM ticket WHERE caller_tag = $1 AND created_at_us >= $2
            ORDER BY created_at_us DESC LIMIT $3";
        const MATTER: &str =
            "SELECT id FROM ticket WHERE category = $1 AND region = $2 AND created_at_us >= $3
            ORDER BY created_at_us DESC LIMIT $4";
        let limit = i64::from(filter.limit);
        let mut found: Vec<TicketId> = Vec::new();
        if let Some(tag) = filter.caller_tag {
            let values = values![tag, filter.since, limit];
            let same: Vec<TicketId> = sql::read(self.database(), CALLER, values, Cells::id).await?;
            found.extend(same);
        }
        if let (Some(category), Some(region)) = (filter.category, filter.region) {
            let values = values![category, region, filter.since, limit];
            let same: Vec<TicketId> = sql::read(self.database(), MATTER, values, Cells::id).await?;
            found.extend(same);
        }
        let mut seen = std::collections::BTreeSet::new();
        found.retain(|ticket| seen.insert(*ticket));
        Ok(found)
    }
}

impl Tx {
    /// Adds tags (ascending) to an order, giving it a document when it has none. Returns the document.
    ///
    /// It holds the counter's row until the commit: call it before facts are appended, in every command alike, so that
    /// no two commands wait for each other.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn index_order(&mut self, ticket: TicketId, tags: &[i64]) -> Result<i64, StoreError> {
        const FIND: &str = "SELECT doc FROM search_doc WHERE ticket = $1";
        const NEW: &str = "INSERT INTO search_doc (doc, ticket) VALUES ($1, $2)";
        const HEAD: &str = "INSERT INTO search_tail (seq, doc, tags)";
        let known = self
            .rows(FIND, values![ticket.to_string()], Cells::int)
            .await?
            .pop();
        let rows = tags.chunks(ROW_TAGS_MAX);
        let written = i64::try_from(rows.len()).unwrap_or(0);
        let (newest, seq) = self.take_numbers(i64::from(known.is_none()), written).await?;
        let doc = known.unwrap_or(newest);
        if known.is_none() {
            self.execute(NEW, values![doc, ticket.to_string()]).await?;
        }
        let mut values = Vec::with_capacity(rows.len() * 3);
        for (tags, seq) in rows.zip(seq - written + 1..) {
            values.extend(values![seq, doc, search_segment::encode_tags(tags)]);
        }
        self.insert_many(HEAD, "", 3, values).await?;
        Ok(doc)
    }

    /// Adds many new orders and their postings at once, past the tail. Batches of a segment's size cost least.
    ///
    /// # Errors
    /// [`StoreError::Database`], as when one of them is in the index already.
    pub async fn index_bulk(&mut self, orders: &[Indexed]) -> Result<(), StoreError> {
        const HEAD: &str = "INSERT INTO search_doc (doc, ticket)";
        let count = i64::try_from(orders.len()).unwrap_or(0);
        let (newest, _) = self.take_numbers(count, 0).await?;
        let first = newest - count + 1;
        let mut values = Vec::with_capacity(orders.len() * 2);
        for (order, doc) in orders.iter().zip(first..) {
            values.extend(values![doc, order.ticket.to_string()]);
        }
        self.insert_many(HEAD, "", 2, values).await?;
        let rows: Vec<TailRow> = orders
            .iter()
            .zip(first..)
            .map(|(order, doc)| TailRow {
                seq: 0,
                doc,
                tags: order.tags.clone(),
            })
            .collect();
        // Nobody folds meanwhile: what both wrote to one list would be lost.
        self.execute("UPDATE search_fold SET folded = folded WHERE id = 1", [])
            .await?;
        for of_segment in rows.chunk_by(|one, two| segment_of(one.doc) == segment_of(two.doc)) {
            let segment = of_segment.first().map_or(0, |row| segment_of(row.doc));
            self.merge_postings(segment, &search_segment::invert(of_segment))
                .await?;
        }
        Ok(())
    }

    /// Takes an order out of the index: nothing leads from its tags to it any more. Returns whether it was there. When
    /// it is indexed again it counts as new.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn hide_order(&mut self, ticket: TicketId) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE search_doc SET ticket = NULL WHERE ticket = $1 RETURNING doc";
        let docs = self.rows(SQL, values![ticket.to_string()], Cells::int).await?;
        for doc in &docs {
            self.execute("DELETE FROM search_tail WHERE doc = $1", values![*doc])
                .await?;
        }
        Ok(!docs.is_empty())
    }

    async fn take_numbers(&mut self, docs: i64, rows: i64) -> Result<(i64, i64), StoreError> {
        const SQL: &str =
            "UPDATE search_head SET docs = docs + $1, seq = seq + $2 WHERE id = 1 RETURNING docs, seq";
        let read = |cells: &mut Cells| Ok((cells.int()?, cells.int()?));
        let head = self.rows(SQL, values![docs, rows], read).await?.pop();
        head.ok_or_else(|| corrupt("no head"))
    }

    /// Holds the folder's row until the commit; no when somebody else may fold until later than `now`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn hold_fold(
        &mut self,
        holder: &str,
        now: WallTime,
        until: WallTime,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE search_fold SET holder = $1, until_us = $3
            WHERE id = 1 AND (holder = $1 OR until_us < $2)";
        Ok(self.execute(SQL, values![holder, now, until]).await? == 1)
    }

    /// Adds documents to the postings of a segment; the folder's row must be held.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn merge_postings(
        &mut self,
        segment: i64,
        postings: &[(i64, Vec<i64>)],
    ) -> Result<(), StoreError> {
        const HEAD: &str = "INSERT INTO search_posting (tag, segment, docs)";
        const TAIL: &str = "ON CONFLICT (tag, segment) DO UPDATE SET docs = excluded.docs";
        for part in postings.chunks(LIST_MAX) {
            let mut values = Vec::from(values![segment]);
            let list: Vec<Value<'_>> = part.iter().map(|(tag, _)| Value::from(*tag)).collect();
            let list = in_list("tag", 2, &mut values, &list);
            let sql = format!("SELECT tag, segment, docs FROM search_posting WHERE {list} AND segment = $1");
            let there = self.rows(AssertSqlSafe(sql), values, read_posting).await?;
            let there: std::collections::BTreeMap<i64, Vec<i64>> =
                there.into_iter().map(|(tag, _, docs)| (tag, docs)).collect();
            let mut rows = Vec::with_capacity(part.len() * 3);
            for (tag, docs) in part {
                let text = match there.get(tag) {
                    Some(known) => search_segment::encode_docs(segment, &union(known, docs)),
                    None => search_segment::encode_docs(segment, docs),
                };
                rows.extend(values![*tag, segment, text]);
            }
            self.insert_many(HEAD, TAIL, 3, rows).await?;
        }
        Ok(())
    }

    /// Deletes rows of the tail whose postings are committed; the folder's row must be held.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn drop_tail(&mut self, range: TailRange) -> Result<(), StoreError> {
        const SQL: &str = "DELETE FROM search_tail WHERE doc >= $1 AND doc < $2 AND seq <= $3";
        let values = values![range.from, range.to, range.seq];
        self.execute(SQL, values).await.map(|_| ())
    }

    /// Says that the segments below `folded` have been folded; the folder's row must be held.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_folded(&mut self, folded: i64) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE search_fold SET folded = $1 WHERE id = 1 AND folded < $1";
        self.execute(SQL, values![folded]).await.map(|_| ())
    }
}

/// The documents of one segment that are still in the tail, as [`TailRange`].
pub const fn range_of(segment: i64, seq: i64) -> TailRange {
    TailRange {
        from: first_of(segment),
        to: first_of(segment + 1),
        seq,
    }
}

/// Splits the rows of several segments, ascending by document, and turns each part round.
pub fn invert_by_segment(rows: &[TailRow]) -> Vec<(i64, Postings)> {
    rows.chunk_by(|one, two| segment_of(one.doc) == segment_of(two.doc))
        .filter_map(|part| Some((segment_of(part.first()?.doc), search_segment::invert(part))))
        .collect()
}
