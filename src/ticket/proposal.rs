//! Proposals from the words of a matter: kind, event type, place, urgency and first unit, each with what decided it.
//!
//! ```text
//!  text ─► runs of letters ─► pairs and threes of letters ─► weight in each event type ─► the best few
//!                         └► whole keywords and phrases ────┘        │
//!  text ─► names of places ─► region ────────────────────────────────┴─► routing rules ─► units
//! ```
//!
//! An event type is described by its name, its keywords, the name above it and the shipped phrases. A piece of a text
//! counts the more, the fewer event types have it (logarithm of the share), and the more weightily they have it.
//!
//! **Invariants.** A proposal is never acted on by itself: a person chooses. Whole numbers only, so that every machine
//! proposes the same; no network, no clock. At most [`TEXT_MAX`] letters are read.
//! **Not here.** What an order is led by once somebody chose (`ticket::routing`).
//! **Source.** DB1302/T 604—2025 7.1.2 a, 7.2 b.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Deserialize;

use crate::base::civil::CivilDate;
use crate::base::fault::Fault;
use crate::base::ids::OrganId;
use crate::ticket::catalogue::Catalogue;
use crate::ticket::catalogue::Entry;
use crate::ticket::model::AppealType;
use crate::ticket::model::Urgency;
use crate::ticket::reference::Reference;
use crate::ticket::routing::Question;

/// The shipped phrases and cue words.
pub const PHRASES: &str = include_str!("data/proposal_phrases.json");
/// Letters of a text that are read; what follows is not looked at.
pub const TEXT_MAX: usize = 4_000;
/// Event types that are told.
pub const CATEGORIES_TOLD: usize = 5;
/// Units that are told.
pub const UNITS_TOLD: usize = 3;
/// Pieces of the text that are told as reasons.
pub const WORDS_TOLD: usize = 4;
/// Phrases of an event type that are read from the document.
pub const PHRASES_MAX: usize = 100;

/// Bits after the point.
const SCALE: u32 = 256;
/// Less than this is no proposal: about one whole keyword.
const SCORE_MIN: u64 = 5 * 256;
/// What a name, a keyword, a phrase and the name above weigh in an event type.
const WEIGHTS: Weights = Weights {
    name: 5,
    keyword: 6,
    phrase: 3,
    above: 1,
};
/// What a keyword or phrase that stands whole in the text adds for each letter.
const WHOLE: u64 = 320;
/// What a keyword of one letter adds: many of them stand in other words.
const LETTER: u64 = 500;
/// What the word of a kind itself, as 举报, counts in letters.
const OWN_WORD: u32 = 6;

struct Weights {
    name: u32,
    keyword: u32,
    phrase: u32,
    above: u32,
}

/// One possibility.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    /// The code.
    pub code: String,
    /// How clearly it stands out among the others, percent: a share, not a chance of being right.
    pub confidence: u8,
    /// The pieces of the text that decided, the weightiest first.
    pub words: Vec<String>,
}

/// A possible first unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitGuess {
    /// Which.
    pub unit: OrganId,
    /// The confidence of the event types that lead to it, percent.
    pub confidence: u8,
    /// The routing rule; none for one that the rule only names beside the first.
    pub rule: Option<String>,
    /// Codes of the explanation, keys of `[route]` in the texts.
    pub words: Vec<&'static str>,
}

/// Everything that is proposed for a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposals {
    /// 诉求类别.
    pub appeal_type: Guess,
    /// 事件类型, the best first; none when nothing is known of the words.
    pub categories: Vec<Guess>,
    /// 区域, when the text names one.
    pub region: Option<Guess>,
    /// 紧急程度.
    pub urgency: Guess,
    /// 首接负责单位, the best first.
    pub units: Vec<UnitGuess>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "note")]
    _note: Option<String>,
    types: Vec<Cues>,
    urgencies: Vec<Cues>,
    categories: Vec<Described>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cues {
    code: String,
    cues: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    code: String,
    phrases: Vec<String>,
}

/// Two or three letters; the third of two is NUL.
type Gram = [char; 3];

#[derive(Clone, Debug)]
struct Known {
    code: String,
    emergency: bool,
    whole: Vec<String>,
}

#[derive(Clone, Debug)]
struct Place {
    code: String,
    /// The county, when it is a street.
    county: Option<String>,
    /// The name without what kind of place it is.
    stem: String,
    name: String,
}

/// Makes proposals; built once for a catalogue.
#[derive(Clone, Debug, Default)]
pub struct Proposer {
    types: Vec<Cues>,
    urgencies: Vec<Cues>,
    categories: Vec<Known>,
    grams: BTreeMap<Gram, Vec<(usize, u32)>>,
    places: Vec<Place>,
}

/// What a text says for each event type.
struct Scored {
    letters: Vec<char>,
    /// By event type.
    scores: Vec<u64>,
}

impl Proposer {
    /// Makes one of the shipped phrases.
    pub fn new(catalogue: &Catalogue) -> Self {
        // The document is compiled in and a test reads it; an empty one proposes nothing.
        Self::parse(PHRASES, catalogue).unwrap_or_default()
    }

    /// Makes one of a document of phrases; phrases of event types that the catalogue has not are left aside.
    ///
    /// # Errors
    /// A [`Fault`]: not the form, a kind or urgency that there is not, too many phrases.
    pub fn parse(text: &str, catalogue: &Catalogue) -> Result<Self, Vec<Fault>> {
        let document: Document = serde_json::from_str(text)
            .map_err(|error| vec![Fault::new("", format!("not the form of phrases: {error}"))])?;
        let mut faults = Vec::new();
        for (at, it) in document.types.iter().enumerate() {
            if AppealType::parse(&it.code).is_none() {
                faults.push(Fault::new(
                    format!("types[{at}].code"),
                    "there is no such kind (3.2)",
                ));
            }
        }
        for (at, it) in document.urgencies.iter().enumerate() {
            if Urgency::parse(&it.code).is_none() {
                faults.push(Fault::new(
                    format!("urgencies[{at}].code"),
                    "there is no such urgency (7.5.1)",
                ));
            }
        }
        for (at, it) in document.categories.iter().enumerate() {
            if PHRASES_MAX < it.phrases.len() {
                faults.push(Fault::new(
                    format!("categories[{at}].phrases"),
                    format!("more than {PHRASES_MAX}"),
                ));
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut made = Self {
            types: document.types,
            urgencies: document.urgencies,
            places: places(catalogue),
            ..Self::default()
        };
        let mut phrases: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for it in document.categories {
            phrases.entry(it.code).or_default().extend(it.phrases);
        }
        made.describe(catalogue, phrases);
        Ok(made)
    }

    fn describe(&mut self, catalogue: &Catalogue, mut phrases: BTreeMap<String, Vec<String>>) {
        let tree = &catalogue.categories;
        let above: Vec<&str> = catalogue
            .all_categories()
            .filter_map(|it| tree.parent(&it.code))
            .collect();
        for category in catalogue.all_categories() {
            if above.contains(&category.code.as_str()) {
                continue;
            }
            let mut weights: BTreeMap<Gram, u32> = BTreeMap::new();
            let mut add = |text: &str, weight: u32| {
                for gram in grams(&letters(text)).map(|(_, gram)| gram) {
                    *weights.entry(gram).or_default() += weight;
                }
            };
            let mut whole = phrases.remove(&category.code).unwrap_or_default();
            for phrase in &whole {
                add(phrase, WEIGHTS.phrase);
            }
            category
                .keywords
                .iter()
                .for_each(|word| add(word, WEIGHTS.keyword));
            add(&category.name, WEIGHTS.name);
            if let Some(name) = tree.parent(&category.code).and_then(|code| tree.name(code)) {
                add(name, WEIGHTS.above);
            }
            whole.extend(category.keywords.iter().cloned());
            whole.push(category.name.clone());
            whole.sort();
            whole.dedup();
            let at = self.categories.len();
            for (gram, weight) in weights {
                self.grams.entry(gram).or_default().push((at, weight));
            }
            self.categories.push(Known {
                code: category.code.clone(),
                emergency: category.emergency,
                whole: whole.into_iter().map(|text| text.to_lowercase()).collect(),
            });
        }
    }

    /// Proposes for a text on a local day; `region` is the one that stands in the order already, and then leads to the
    /// units instead of what the text names.
    pub fn propose(
        &self,
        text: &str,
        region: Option<&str>,
        reference: &Reference,
        day: CivilDate,
    ) -> Proposals {
        let text: String = text.chars().take(TEXT_MAX).collect();
        let lower = text.to_lowercase();
        let scored = self.score(&lower);
        let categories = self.best(&scored);
        let named = self.region(&text);
        let best = categories.first();
        let place = region.or(named.as_ref().map(|it| it.code.as_str()));
        let units = units(&categories, place, reference, day);
        Proposals {
            appeal_type: self.appeal_type(&lower, best),
            urgency: self.urgency(&lower, best),
            categories,
            region: named,
            units,
        }
    }

    fn score(&self, text: &str) -> Scored {
        let letters = letters(text);
        let mut scores = vec![0_u64; self.categories.len()];
        let mut seen = BTreeSet::new();
        for (_, gram) in grams(&letters) {
            if !seen.insert(gram) {
                continue;
            }
            for (at, gain) in self.gains(gram) {
                if let Some(score) = scores.get_mut(at) {
                    *score += gain;
                }
            }
        }
        for (known, score) in self.categories.iter().zip(&mut scores) {
            for phrase in known.whole.iter().filter(|phrase| text.contains(phrase.as_str())) {
                let length = phrase.chars().count().min(6);
                let gain = if length == 1 { LETTER } else { WHOLE };
                *score += gain.saturating_mul(u64::try_from(length).unwrap_or(1));
            }
        }
        Scored { letters, scores }
    }

    /// What a piece adds to each event type that has it.
    fn gains(&self, gram: Gram) -> impl Iterator<Item = (usize, u64)> {
        let found = self.grams.get(&gram).map_or(&[][..], Vec::as_slice);
        let rare = u64::from(rarity(self.categories.len(), found.len()));
        let gain = move |weight: u32| rare * 16 * u64::from(weight) / u64::from(weight + 4) / 16;
        found.iter().map(move |(at, weight)| (*at, gain(*weight)))
    }

    fn best(&self, scored: &Scored) -> Vec<Guess> {
        let mut order: Vec<(u64, usize)> = scored.scores.iter().copied().zip(0..).collect();
        order.retain(|(score, _)| SCORE_MIN <= *score);
        order.sort_by_key(|(score, at)| (Reverse(*score), *at));
        order.truncate(CATEGORIES_TOLD);
        let squares: Vec<u64> = order
            .iter()
            .map(|(score, _)| score.saturating_mul(*score))
            .collect();
        let sum: u64 = squares.iter().fold(0, |sum, it| sum.saturating_add(*it));
        let told = order.iter().zip(&squares).filter_map(|((_, at), square)| {
            let known = self.categories.get(*at)?;
            Some(Guess {
                code: known.code.clone(),
                confidence: percent(*square, sum),
                words: self.reasons(&scored.letters, *at),
            })
        });
        told.collect()
    }

    /// The runs of letters of which an event type knows the pieces, the weightiest first.
    fn reasons(&self, letters: &[char], category: usize) -> Vec<String> {
        let mut weights = vec![0_u64; letters.len()];
        for (start, gram) in grams(letters) {
            let length = if gram[2] == '\0' { 2 } else { 3 };
            let gain = self
                .gains(gram)
                .find(|(at, _)| *at == category)
                .map_or(0, |it| it.1);
            for weight in weights.iter_mut().skip(start).take(length) {
                *weight += gain;
            }
        }
        let mut runs: Vec<(u64, String)> = Vec::new();
        let mut inside = false;
        for (letter, weight) in letters.iter().zip(&weights) {
            if *weight == 0 {
                inside = false;
                continue;
            }
            if !inside {
                runs.push((0, String::new()));
                inside = true;
            }
            if let Some((sum, run)) = runs.last_mut() {
                *sum += *weight;
                run.push(*letter);
            }
        }
        runs.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        runs.dedup_by(|one, other| one.1 == other.1);
        runs.into_iter().take(WORDS_TOLD).map(|(_, run)| run).collect()
    }

    fn appeal_type(&self, text: &str, category: Option<&Guess>) -> Guess {
        let asks = text.trim_end().ends_with(['?', '？', '吗', '呢']);
        let named = |code: &str| match category.map(|it| it.code.as_str()) {
            Some("140301") => code == AppealType::Praise.code(),
            Some("140302") => code == AppealType::Suggestion.code(),
            _ => false,
        };
        let mut sums = Vec::new();
        for (at, it) in self.types.iter().enumerate() {
            let (mut sum, words) = cues(text, &it.cues);
            if asks && it.code == AppealType::Consult.code() {
                sum += 3;
            }
            if named(&it.code) {
                sum += 3;
            }
            if it.code == AppealType::Help.code() {
                sum += 1;
            }
            sums.push((sum, at, it.code.clone(), words));
        }
        let all: u32 = sums.iter().map(|it| it.0).sum();
        sums.sort_by_key(|it| (Reverse(it.0), it.1));
        match sums.into_iter().next() {
            Some((sum, _, code, words)) => Guess {
                code,
                confidence: percent(u64::from(sum), u64::from(all)),
                words,
            },
            None => Guess {
                code: AppealType::Help.code().to_owned(),
                confidence: 0,
                words: Vec::new(),
            },
        }
    }

    /// The gravest urgency of which a cue stands in the text; a matter for an emergency line is urgent at least.
    fn urgency(&self, text: &str, category: Option<&Guess>) -> Guess {
        let emergency = category.is_some_and(|best| {
            let mut known = self.categories.iter();
            40 <= best.confidence && known.any(|it| it.code == best.code && it.emergency)
        });
        let mut found = Guess {
            code: if emergency {
                Urgency::Urgent
            } else {
                Urgency::Normal
            }
            .code()
            .to_owned(),
            confidence: 50,
            words: Vec::new(),
        };
        for urgency in [Urgency::Critical, Urgency::Urgent] {
            let lists = self.urgencies.iter().filter(|it| it.code == urgency.code());
            let words: Vec<String> = lists.flat_map(|it| cues(text, &it.cues).1).collect();
            if !words.is_empty() {
                found = Guess {
                    code: urgency.code().to_owned(),
                    confidence: if words.len() == 1 { 60 } else { 80 },
                    words,
                };
                break;
            }
        }
        found
    }

    /// The place a text names: the deepest, and of streets of one name that of the county that is named too.
    fn region(&self, text: &str) -> Option<Guess> {
        let counties: Vec<(&Place, &str)> = self
            .places
            .iter()
            .filter(|place| place.county.is_none())
            .filter_map(|place| Some((place, named(text, place)?)))
            .collect();
        let streets: Vec<(&Place, &str)> = self
            .places
            .iter()
            .filter(|place| place.county.is_some())
            .filter_map(|place| {
                let known = counties
                    .iter()
                    .any(|(it, _)| Some(&it.code) == place.county.as_ref());
                let word = named_street(text, place, known)?;
                Some((place, word))
            })
            .collect();
        let inside = |(place, _): &&(&Place, &str)| {
            counties
                .iter()
                .any(|(it, _)| Some(&it.code) == place.county.as_ref())
        };
        let longest = |(_, word): &&(&Place, &str)| word.len();
        let sure = streets.iter().filter(inside).max_by_key(longest);
        let alone = || {
            let best = streets.iter().max_by_key(longest)?;
            let same = streets.iter().filter(|(_, word)| *word == best.1).count();
            (same == 1 && (counties.is_empty() || best.1.ends_with(KINDS_OF_STREET))).then_some(best)
        };
        let (place, word, confidence) = match (sure, counties.iter().max_by_key(longest)) {
            (Some((place, word)), _) => (place, *word, 90),
            (None, county) => match (alone(), county) {
                (Some((place, word)), None) => (place, *word, 70),
                (_, Some((place, word))) => (place, *word, 80),
                (None, None) => return None,
            },
        };
        Some(Guess {
            code: place.code.clone(),
            confidence,
            words: vec![word.to_owned()],
        })
    }
}

const KINDS_OF_STREET: [char; 4] = ['镇', '乡', '道', '处'];
const ENDINGS: [&str; 16] = [
    "满族乡",
    "街道服务中心",
    "经济技术开发区",
    "高新技术产业开发区",
    "经济开发区",
    "管理区",
    "办事处",
    "街道",
    "矿区街道",
    "自治县",
    "镇",
    "乡",
    "区",
    "县",
    "市",
    "农场",
];

fn places(catalogue: &Catalogue) -> Vec<Place> {
    let mut found = Vec::new();
    let mut take = |entry: &Entry, county: Option<&Entry>| {
        let ending = ENDINGS
            .iter()
            .filter_map(|ending| entry.name.strip_suffix(ending));
        let stem = ending.min_by_key(|stem| stem.len()).unwrap_or(&entry.name);
        let stem = stem.trim_start_matches("河北").trim_start_matches("唐山市");
        let stem = stem.trim_start_matches("唐山");
        found.push(Place {
            code: entry.code.clone(),
            county: county.map(|it| it.code.clone()),
            stem: stem.to_owned(),
            name: entry.name.clone(),
        });
    };
    for city in &catalogue.regions.top {
        for county in &city.children {
            take(county, None);
            county
                .children
                .iter()
                .for_each(|street| take(street, Some(county)));
        }
    }
    found
}

fn named<'a>(text: &str, place: &'a Place) -> Option<&'a str> {
    if text.contains(&place.name) {
        return Some(&place.name);
    }
    let long = 2 <= place.stem.chars().count();
    (long && text.contains(&place.stem)).then_some(place.stem.as_str())
}

/// A street's own name may be any word: alone it counts from three letters, or with its county, or with its kind.
fn named_street<'a>(text: &str, place: &'a Place, county_named: bool) -> Option<&'a str> {
    if text.contains(&place.name) {
        return Some(&place.name);
    }
    let length = place.stem.chars().count();
    if length < 2 || !text.contains(&place.stem) {
        return None;
    }
    let kinds = ["镇", "乡", "街道", "办事处"];
    let with_kind = kinds
        .iter()
        .any(|kind| text.contains(&format!("{}{kind}", place.stem)));
    (3 <= length || county_named || with_kind).then_some(place.stem.as_str())
}

/// The units that the best event types lead to, then whom the best rule names beside them.
fn units(
    categories: &[Guess],
    region: Option<&str>,
    reference: &Reference,
    day: CivilDate,
) -> Vec<UnitGuess> {
    let mut found: Vec<UnitGuess> = Vec::new();
    let mut beside = Vec::new();
    for guess in categories.iter().take(UNITS_TOLD) {
        let question = Question {
            category: &guess.code,
            region,
            target: None,
            day,
        };
        let Some(proposal) = reference.propose(question) else {
            continue;
        };
        beside.extend(
            proposal
                .alternatives
                .into_iter()
                .map(|unit| (unit, guess.confidence / 4)),
        );
        match found.iter_mut().find(|it| it.unit == proposal.unit) {
            Some(same) => same.confidence = same.confidence.saturating_add(guess.confidence).min(100),
            None => found.push(UnitGuess {
                unit: proposal.unit,
                confidence: guess.confidence,
                rule: Some(proposal.rule),
                words: proposal.words,
            }),
        }
    }
    for (unit, confidence) in beside {
        if !found.iter().any(|it| it.unit == unit) {
            found.push(UnitGuess {
                unit,
                confidence,
                rule: None,
                words: vec!["alternative"],
            });
        }
    }
    found.sort_by_key(|it| Reverse(it.confidence));
    found.truncate(UNITS_TOLD);
    found
}

/// The cues that stand in a text and their letters together; the first word of a kind's list counts like the others.
fn cues(text: &str, list: &[String]) -> (u32, Vec<String>) {
    let own = ["投诉", "举报", "表扬", "建议", "咨询", "求助"];
    let mut sum = 0;
    let mut words = Vec::new();
    for cue in list.iter().filter(|cue| text.contains(cue.as_str())) {
        let length = u32::try_from(cue.chars().count()).unwrap_or(u32::MAX);
        sum += if own.contains(&cue.as_str()) {
            OWN_WORD
        } else {
            length
        };
        words.push(cue.clone());
    }
    words.truncate(WORDS_TOLD);
    (sum, words)
}

/// The letters and digits of a text in lower case; NUL where there is something else.
fn letters(text: &str) -> Vec<char> {
    let plain = |letter: char| if letter.is_alphanumeric() { letter } else { '\0' };
    text.chars().flat_map(char::to_lowercase).map(plain).collect()
}

/// Every pair and three of neighbours without a gap, with where it begins.
fn grams(letters: &[char]) -> impl Iterator<Item = (usize, Gram)> {
    letters.windows(2).enumerate().flat_map(move |(at, pair)| {
        let two = match pair {
            [one, two] if *one != '\0' && *two != '\0' => Some([*one, *two, '\0']),
            _ => None,
        };
        let three = two.and_then(|two| {
            let third = letters.get(at + 2).copied().filter(|third| *third != '\0')?;
            Some([two[0], two[1], third])
        });
        [two, three].into_iter().flatten().map(move |gram| (at, gram))
    })
}

/// How many bits the news is worth that a piece stands in `having` of `all`, in 1/256; never less than half a bit.
fn rarity(all: usize, having: usize) -> u32 {
    let share = all.saturating_mul(256).checked_div(having).unwrap_or(256);
    let share = u32::try_from(share).unwrap_or(u32::MAX).max(256);
    let whole = share.ilog2();
    // Between two powers of two the logarithm is taken as straight.
    let rest = (u64::from(share) << 8 >> whole) & 0xff;
    let bits = whole * SCALE + u32::try_from(rest).unwrap_or(0);
    bits.saturating_sub(8 * SCALE).max(SCALE / 2)
}

fn percent(part: u64, whole: u64) -> u8 {
    let share = u128::from(part) * 100;
    let share = share.checked_div(u128::from(whole)).unwrap_or(0);
    u8::try_from(share).unwrap_or(100).min(100)
}

#[cfg(test)]
#[path = "proposal_test.rs"]
mod tests;
