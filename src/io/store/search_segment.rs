//! What the search index is made of: lists of documents as text, and the part that is not folded yet, in memory.
//!
//! ```text
//!  documents   1 ……………… 16 383 │ 16 384 …………… │ …………… newest
//!              segment 0: folded │ segment 1 …  │ the tail: one row per write, kept in memory as Tail
//!                     ▲ late rows (an edit of an old order) wait in the tail and are folded in later
//! ```
//!
//! **Invariants.** Everything here only grows by union: a document that stands both in the tail and in a posting is one
//! document, so nothing depends on when folding happens. Pure.
//! **Not here.** SQL (`io::store::search`), queries (`engine::search`).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;

/// Documents of one segment. More make fewer and longer lists, fewer make a shorter tail: 16 384 orders are some days
/// of a city, and their tail takes 25 MB of memory.
pub const SEGMENT_DOCS: i64 = 16_384;
/// Tail rows that are kept in memory at most before it is read anew: what has been folded is then gone from it.
pub const TAIL_ROWS_MAX: usize = 49_152;

/// The segment of a document.
pub const fn segment_of(doc: i64) -> i64 {
    doc.div_euclid(SEGMENT_DOCS)
}

/// The first document of a segment.
pub const fn first_of(segment: i64) -> i64 {
    segment.saturating_mul(SEGMENT_DOCS)
}

/// A row of the tail: what one write added to one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailRow {
    /// The write's number; numbers follow the order of commits.
    pub seq: i64,
    /// Which document.
    pub doc: i64,
    /// Tags, ascending.
    pub tags: Vec<i64>,
}

/// Writes tags down.
pub fn encode_tags(tags: &[i64]) -> String {
    let bytes: Vec<u8> = tags.iter().flat_map(|tag| tag.to_be_bytes()).collect();
    BASE64.encode(bytes)
}

/// Reads tags; none when the text is not ours.
pub fn decode_tags(text: &str) -> Option<Vec<i64>> {
    let bytes = BASE64.decode(text).ok()?;
    let (tags, rest) = bytes.as_chunks::<8>();
    rest.is_empty()
        .then(|| tags.iter().map(|tag| i64::from_be_bytes(*tag)).collect())
}

/// Writes an ascending list of documents of `segment` down: gaps, seven bits a byte, the lowest first.
pub fn encode_docs(segment: i64, docs: &[i64]) -> String {
    let mut bytes = Vec::with_capacity(docs.len() + 8);
    let mut before = first_of(segment);
    for doc in docs {
        let mut gap = u64::try_from(doc - before).unwrap_or(0);
        before = *doc;
        loop {
            let low = u8::try_from(gap & 0x7f).unwrap_or(0);
            gap >>= 7;
            if gap == 0 {
                bytes.push(low);
                break;
            }
            bytes.push(low | 0x80);
        }
    }
    BASE64.encode(bytes)
}

/// Reads a list of documents; none when the text is not ours.
pub fn decode_docs(segment: i64, text: &str) -> Option<Vec<i64>> {
    let bytes = BASE64.decode(text).ok()?;
    let mut docs = Vec::with_capacity(bytes.len());
    let mut doc = first_of(segment);
    let (mut gap, mut shift) = (0_i64, 0_u32);
    for byte in bytes {
        gap |= i64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            doc = doc.checked_add(gap)?;
            docs.push(doc);
            (gap, shift) = (0, 0);
        } else {
            shift += 7;
            if 42 < shift {
                return None;
            }
        }
    }
    (shift == 0).then_some(docs)
}

/// What either of two ascending lists has, ascending, each once.
pub fn union(one: &[i64], two: &[i64]) -> Vec<i64> {
    let mut both = Vec::with_capacity(one.len() + two.len());
    let (mut one, mut two) = (one, two);
    while let (Some((left, after_left)), Some((right, after_right))) = (one.split_first(), two.split_first())
    {
        both.push(*left.min(right));
        if left <= right {
            one = after_left;
        }
        if right <= left {
            two = after_right;
        }
    }
    both.extend(one);
    both.extend(two);
    both
}

/// What several ascending lists have in common.
pub fn intersection(mut lists: Vec<Vec<i64>>) -> Vec<i64> {
    lists.sort_unstable_by_key(Vec::len);
    let mut lists = lists.into_iter();
    let first = lists.next().unwrap_or_default();
    lists.fold(first, |mut common, list| {
        common.retain(|doc| list.binary_search(doc).is_ok());
        common
    })
}

/// Documents by tag of one segment, ascending in both.
pub type Postings = Vec<(i64, Vec<i64>)>;

/// Turns rows of one segment round: from the tags of documents to the documents of tags.
pub fn invert(rows: &[TailRow]) -> Postings {
    let mut pairs: Vec<(i64, i64)> = rows
        .iter()
        .flat_map(|row| row.tags.iter().map(|tag| (*tag, row.doc)))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
        .chunk_by(|one, two| one.0 == two.0)
        .filter_map(|of_tag| {
            let tag = of_tag.first()?.0;
            Some((tag, of_tag.iter().map(|(_, doc)| *doc).collect()))
        })
        .collect()
}

/// The tail as it is kept in memory: rows seen so far, by tag.
#[derive(Debug, Default)]
pub struct Tail {
    /// Segments below this one were folded when the tail was read.
    folded: i64,
    seq: i64,
    rows: usize,
    docs: BTreeMap<i64, Vec<i64>>,
}

impl Tail {
    /// An empty tail that is to be filled from the first row on.
    pub fn new(folded: i64) -> Self {
        Self {
            folded,
            ..Self::default()
        }
    }

    /// The last row it has seen.
    pub const fn seq(&self) -> i64 {
        self.seq
    }

    /// Says that it has seen every row up to `seq`: those it was not given have left the table.
    pub fn set_seq(&mut self, seq: i64) {
        self.seq = self.seq.max(seq);
    }

    /// Whether it holds so much that has been folded meanwhile that it should be read anew.
    pub const fn is_stale(&self, folded: i64) -> bool {
        self.folded < folded || TAIL_ROWS_MAX < self.rows
    }

    /// Takes rows in the order of their numbers; those it has seen are skipped.
    pub fn add(&mut self, rows: &[TailRow]) {
        for row in rows {
            if row.seq <= self.seq {
                continue;
            }
            self.seq = row.seq;
            self.rows += 1;
            for tag in &row.tags {
                self.docs.entry(*tag).or_default().push(row.doc);
            }
        }
    }

    /// The documents that have a tag, ascending.
    pub fn docs(&self, tag: i64) -> Vec<i64> {
        let mut docs = self.docs.get(&tag).cloned().unwrap_or_default();
        docs.sort_unstable();
        docs.dedup();
        docs
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lists_survive_their_text(segment in 0_i64..1_000_000, mut docs in proptest::collection::vec(0_i64..SEGMENT_DOCS, 0..200)) {
            docs.sort_unstable();
            docs.dedup();
            let docs: Vec<i64> = docs.into_iter().map(|doc| first_of(segment) + doc).collect();
            prop_assert_eq!(decode_docs(segment, &encode_docs(segment, &docs)), Some(docs));
        }

        #[test]
        fn tags_survive_their_text(tags in proptest::collection::vec(any::<i64>(), 0..200)) {
            prop_assert_eq!(decode_tags(&encode_tags(&tags)), Some(tags));
        }

        #[test]
        fn union_and_intersection_are_those_of_sets(
            one in proptest::collection::btree_set(0_i64..100, 0..50),
            two in proptest::collection::btree_set(0_i64..100, 0..50),
        ) {
            let lists = || (one.iter().copied().collect::<Vec<_>>(), two.iter().copied().collect::<Vec<_>>());
            let (left, right) = lists();
            prop_assert_eq!(union(&left, &right), one.union(&two).copied().collect::<Vec<_>>());
            prop_assert_eq!(intersection(vec![left, right]), one.intersection(&two).copied().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_dense_list_takes_one_byte_a_document_and_foreign_text_is_refused() {
        let docs: Vec<i64> = (first_of(3)..first_of(3) + 999).collect();
        assert_eq!(encode_docs(3, &docs).len(), 999 * 4 / 3);
        assert_eq!(decode_docs(3, "not base64!"), None);
        assert_eq!(decode_docs(3, &BASE64.encode([0x80])), None, "cut off");
        assert_eq!(decode_tags(&BASE64.encode([1, 2, 3])), None);
    }

    #[test]
    fn a_tail_takes_each_row_once_and_tells_when_it_is_stale() {
        let row = |seq, doc, tags: &[i64]| TailRow {
            seq,
            doc,
            tags: tags.to_vec(),
        };
        let mut tail = Tail::new(2);
        tail.add(&[row(1, 40_000, &[5, 7]), row(2, 9, &[7])]);
        tail.add(&[row(2, 9, &[7]), row(3, 40_000, &[7])]);
        assert_eq!(
            (tail.docs(7), tail.docs(5), tail.docs(6)),
            (vec![9, 40_000], vec![40_000], vec![])
        );
        assert_eq!((tail.seq(), tail.is_stale(2), tail.is_stale(3)), (3, false, true));
        let rows: Vec<TailRow> = (0..=TAIL_ROWS_MAX)
            .map(|at| row(4 + i64::try_from(at).unwrap(), 1, &[]))
            .collect();
        tail.add(&rows);
        assert!(tail.is_stale(2), "its memory has a bound");
    }

    #[test]
    fn rows_are_turned_round() {
        let row = |doc, tags: &[i64]| TailRow {
            seq: 0,
            doc,
            tags: tags.to_vec(),
        };
        assert_eq!(
            invert(&[row(2, &[-1, 4]), row(1, &[4]), row(2, &[4])]),
            vec![(-1, vec![2]), (4, vec![1, 2])]
        );
    }
}
