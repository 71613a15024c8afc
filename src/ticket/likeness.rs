//! How alike two appeals are, and which earlier orders an appeal may repeat; the normal form that search stands on.
//!
//! ```text
//!  what is typed ─► normal form ─► pairs of characters ─┬─► Jaccard, containment, SimHash ─┐
//!  category, street, time ──────────────────────────────┘                                  ├─► 0 … 1000 with reasons
//!  same number ────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! A score is the share reached of what is known: before a category is chosen, words and time alone make the thousand.
//! The same caller closes three tenths of what is missing; another caller takes nothing away, because a fact that
//! somebody else repeats is the same fact.
//!
//! **Invariants.** Pure and total: the same probe and candidates give the same order, whatever their sequence. A person
//! decides whether it is a repetition; nothing is merged here.
//! **Not here.** Where candidates come from (`engine::search`); merging (`ticket::decide`).
//! **Source.** DB1302/T 604—2025 7.1.4 c. Jaccard over character pairs; SimHash: Charikar, STOC 2002.

use std::cmp::Reverse;
use std::time::Duration;

use crate::base::ids::TicketId;
use crate::base::time::WallTime;

/// Stands between fields of a normal form: no pair of characters and no phrase reaches across it.
pub const FIELD_END: char = '\u{1f}';
/// How far back a repetition is looked for unless the site says otherwise.
pub const WINDOW: Duration = Duration::from_hours(30 * 24);
/// Below this score nothing is proposed.
pub const SCORE_MIN: u32 = 200;

/// Shares of the thousand: words, category, place, time.
const TEXT: u32 = 500;
const CATEGORY: u32 = 250;
const PLACE: u32 = 200;
const TIME: u32 = 50;
/// What the same caller closes of the missing rest, in thousandths.
const CALLER: u32 = 300;
/// A text of fewer pairs is measured as if it had so many: two common pairs are no likeness.
const PAIRS_MIN: usize = 6;

/// Folds a text so that spellings of one thing are equal: full-width forms of ASCII become ASCII, capitals small
/// letters; spaces and punctuation go.
pub fn normalise(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    push_normal(&mut normal, text);
    normal
}

/// Folds several fields into one normal form with [`FIELD_END`] between them.
pub fn normalise_fields<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let mut normal = String::new();
    for field in fields {
        if !normal.is_empty() {
            normal.push(FIELD_END);
        }
        push_normal(&mut normal, field);
    }
    normal
}

fn push_normal(normal: &mut String, text: &str) {
    let folded = text.chars().map(narrow).flat_map(char::to_lowercase);
    normal.extend(folded.filter(|it| it.is_alphanumeric()));
}

/// The ASCII form of a full-width character. Source: Unicode, Halfwidth and Fullwidth Forms, U+FF01 to U+FF5E.
fn narrow(wide: char) -> char {
    match u32::from(wide) {
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(wide),
        _ => wide,
    }
}

/// The pairs of neighbouring characters of a normal form, in order, each as one number; repetitions stay.
pub fn pairs(normal: &str) -> impl Iterator<Item = u64> {
    let second = normal.chars().skip(1);
    let inside = |pair: &(char, char)| pair.0 != FIELD_END && pair.1 != FIELD_END;
    let number = |(one, two)| u64::from(u32::from(one)) << 32 | u64::from(u32::from(two));
    normal.chars().zip(second).filter(inside).map(number)
}

/// An appeal as far as likeness goes; what is not known yet is empty.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Matter {
    /// Keyed tag of the caller's number.
    pub caller_tag: Option<String>,
    /// 事件类型 by code, two digits a level; empty when not chosen.
    pub category: String,
    /// 区域 by code: six digits a county, nine a street; empty when not named.
    pub region: String,
    /// When it was opened.
    pub at: WallTime,
    /// What was said, in clear.
    pub text: String,
}

impl std::fmt::Debug for Matter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Matter({} {} ***)", self.category, self.region)
    }
}

/// Why an order is proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The same number called.
    SameCaller,
    /// The same category down to its last level.
    SameCategory,
    /// The same second level.
    SameGroup,
    /// The same first level.
    SameField,
    /// The same street or township.
    SameStreet,
    /// The same county or district.
    SameRegion,
    /// Opened so many whole days apart.
    Days(u32),
    /// The words are alike.
    Words {
        /// Pairs of characters both have.
        shared: u32,
        /// Common pairs among all pairs, in thousandths.
        jaccard: u32,
        /// Common pairs among those of the shorter text, in thousandths.
        contained: u32,
        /// Bits in which the fingerprints differ, 0 to 64; unrelated texts differ in about 32.
        distance: u32,
    },
}

impl Reason {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SameCaller => "same_caller",
            Self::SameCategory => "same_category",
            Self::SameGroup => "same_group",
            Self::SameField => "same_field",
            Self::SameStreet => "same_street",
            Self::SameRegion => "same_region",
            Self::Days(_) => "days",
            Self::Words { .. } => "words",
        }
    }
}

/// An order that may be the same fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scored {
    /// Which.
    pub ticket: TicketId,
    /// 0 to 1000.
    pub score: u32,
    /// Why, the weightiest kind first.
    pub reasons: Vec<Reason>,
}

/// A text as its set of character pairs and the fingerprint of that set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    pairs: Vec<u64>,
    fingerprint: u64,
}

impl Sketch {
    /// Makes the sketch of a text in clear.
    pub fn new(text: &str) -> Self {
        let mut pairs: Vec<u64> = pairs(&normalise(text)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let fingerprint = simhash(&pairs);
        Self { pairs, fingerprint }
    }

    /// Whether there are no words to compare.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Compares two texts; `None` when they share nothing.
    fn words(&self, other: &Self) -> Option<Reason> {
        let shared = shared(&self.pairs, &other.pairs);
        if shared == 0 {
            return None;
        }
        let (one, two) = (self.pairs.len(), other.pairs.len());
        Some(Reason::Words {
            shared: u32::try_from(shared).unwrap_or(u32::MAX),
            jaccard: permille(shared, (one + two - shared).max(PAIRS_MIN)),
            contained: permille(shared, one.min(two).max(PAIRS_MIN)),
            distance: (self.fingerprint ^ other.fingerprint).count_ones(),
        })
    }
}

/// The 64-bit fingerprint of a set: texts with most pairs in common differ in few bits.
fn simhash(pairs: &[u64]) -> u64 {
    let mut weights = [0_i32; 64];
    for pair in pairs {
        let hash = mix(*pair);
        for (bit, weight) in weights.iter_mut().enumerate() {
            *weight += if hash >> bit & 1 == 1 { 1 } else { -1 };
        }
    }
    let ones = weights.iter().enumerate().filter(|(_, weight)| 0 < **weight);
    ones.fold(0, |print, (bit, _)| print | 1 << bit)
}

/// Spreads a number over 64 bits (the finaliser of SplitMix64).
const fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// How many numbers two ascending lists share.
fn shared(one: &[u64], two: &[u64]) -> usize {
    let (mut one, mut two) = (one.iter().peekable(), two.iter().peekable());
    let mut shared = 0;
    while let (Some(left), Some(right)) = (one.peek(), two.peek()) {
        match left.cmp(right) {
            std::cmp::Ordering::Less => _ = one.next(),
            std::cmp::Ordering::Greater => _ = two.next(),
            std::cmp::Ordering::Equal => {
                shared += 1;
                one.next();
                two.next();
            }
        }
    }
    shared
}

fn permille(part: usize, whole: usize) -> u32 {
    u32::try_from(part * 1000 / whole.max(1))
        .unwrap_or(1000)
        .min(1000)
}

/// Ranks orders that `probe` may repeat: highest score first, then the newest, then the lowest id. Orders opened more
/// than `window` apart and those below [`SCORE_MIN`] are left out.
///
/// Source: 7.1.4 c.
pub fn rank(probe: &Matter, candidates: &[(TicketId, Matter)], window: Duration) -> Vec<Scored> {
    let sketch = Sketch::new(&probe.text);
    let near = candidates
        .iter()
        .filter(|(_, it)| apart(probe.at, it.at) <= window);
    let mut scored: Vec<(WallTime, Scored)> = near
        .map(|(ticket, it)| (it.at, compare(probe, &sketch, *ticket, it, window)))
        .filter(|(_, it)| SCORE_MIN <= it.score)
        .collect();
    scored.sort_by_key(|(at, it)| (Reverse(it.score), Reverse(*at), it.ticket));
    scored.into_iter().map(|(_, it)| it).collect()
}

fn apart(one: WallTime, two: WallTime) -> Duration {
    one.since(two).max(two.since(one))
}

fn compare(probe: &Matter, sketch: &Sketch, ticket: TicketId, other: &Matter, window: Duration) -> Scored {
    let (mut reached, mut known) = (0, TIME);
    let mut reasons = Vec::new();
    let mut count = |weight: u32, (share, reason): (u32, Option<Reason>)| {
        known += weight;
        reached += weight * share / 1000;
        reasons.extend(reason);
    };
    if !sketch.is_empty() {
        count(TEXT, words(sketch, &Sketch::new(&other.text)));
    }
    if !probe.category.is_empty() {
        count(CATEGORY, category(&probe.category, &other.category));
    }
    if !probe.region.is_empty() {
        count(PLACE, place(&probe.region, &other.region));
    }
    let (days, nearness) = time(apart(probe.at, other.at), window);
    reached += TIME * nearness / 1000;
    let mut score = reached * 1000 / known;
    if probe.caller_tag.is_some() && probe.caller_tag == other.caller_tag {
        score += (1000 - score) * CALLER / 1000;
        reasons.insert(0, Reason::SameCaller);
    }
    reasons.push(Reason::Days(days));
    Scored {
        ticket,
        score,
        reasons,
    }
}

/// Three tenths for the shares of both texts, four for the share of the shorter one, three for the fingerprints.
fn words(probe: &Sketch, other: &Sketch) -> (u32, Option<Reason>) {
    let reason = probe.words(other);
    let Some(Reason::Words {
        jaccard,
        contained,
        distance,
        ..
    }) = reason
    else {
        return (0, None);
    };
    let print = 32_u32.saturating_sub(distance) * 1000 / 32;
    ((jaccard * 3 + contained * 4 + print * 3) / 10, reason)
}

fn category(probe: &str, other: &str) -> (u32, Option<Reason>) {
    let same = |digits: usize| probe.get(..digits).is_some() && probe.get(..digits) == other.get(..digits);
    if probe == other {
        (1000, Some(Reason::SameCategory))
    } else if same(4) {
        (500, Some(Reason::SameGroup))
    } else if same(2) {
        (200, Some(Reason::SameField))
    } else {
        (0, None)
    }
}

fn place(probe: &str, other: &str) -> (u32, Option<Reason>) {
    let county = |code: &str| code.get(..6).map(str::to_owned);
    if probe == other && 6 < probe.len() {
        (1000, Some(Reason::SameStreet))
    } else if county(probe).is_some() && county(probe) == county(other) {
        (400, Some(Reason::SameRegion))
    } else {
        (0, None)
    }
}

/// Whole days apart, and how near that is in thousandths of the window.
fn time(apart: Duration, window: Duration) -> (u32, u32) {
    let days = u32::try_from(apart.as_secs() / 86_400).unwrap_or(u32::MAX);
    let window = window.as_secs().max(1);
    let left = window.saturating_sub(apart.as_secs());
    (days, u32::try_from(left * 1000 / window).unwrap_or(0))
}

#[cfg(test)]
#[path = "likeness_test.rs"]
mod tests;
