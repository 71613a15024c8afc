//! The settings of the site: a dated document of limits and readings, each with what it rests on.
//!
//! ```text
//!  id ──► entry from 2025-01-01 ──► entry from 2026-07-01 ──► …      the newest that has begun is in force
//! ```
//!
//! **Invariants.** A document has at least one entry for every [`Id`], never two of one day, and a value of the right
//! kind in each. An instant before the first day of a setting has its first value. The days are the site's.
//! **Not here.** What may be set ([`Id`]); who may publish (`engine`); what a setting does (where it is read).
//! **Source.** DB1302/T 604—2025; reading Q35: every limit is data with a first day and a legal basis.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Serialize;
use serde_json::Map;
use serde_json::Value as Json;

use crate::base::civil::CivilDate;
use crate::base::civil::DayTime;
use crate::base::civil::SiteZone;
use crate::base::fault::Fault;
use crate::base::time::WallTime;
use crate::ticket::deadline::Rule;
use crate::ticket::deadline::RuleError;
pub use crate::ticket::settings_id::Id;
pub use crate::ticket::settings_id::Kind;

/// The settings that are shipped.
pub const SHIPPED: &str = include_str!("data/settings.json");
/// Largest document, bytes.
pub const DOCUMENT_BYTES_MAX: usize = 1 << 20;
/// Most entries: every setting changed some twenty times.
pub const ENTRIES_MAX: usize = 2_000;
/// Most values in a list.
pub const LIST_MAX: usize = 50;
/// Longest basis, characters.
pub const BASIS_MAX: usize = 300;
/// Longest id in a list, characters.
pub const CODE_MAX: usize = 40;
/// The questions of reading are numbered 1 to this.
pub const READING_MAX: u8 = 35;

/// The zone of a document that names none.
const ZONE: &str = "Asia/Shanghai";

/// A value as the document writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A limit.
    Rule(Rule),
    /// A number.
    Count(u32),
    /// Yes or no.
    Flag(bool),
    /// A time of the day.
    #[serde(serialize_with = "as_text")]
    Time(DayTime),
    /// A word.
    Choice(String),
    /// Limits.
    Rules(Vec<Rule>),
    /// Words or ids.
    List(Vec<String>),
}

/// A value with its first day and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Which setting.
    #[serde(serialize_with = "as_text")]
    pub id: Id,
    /// Its value.
    pub value: Value,
    /// First day it counts.
    pub from: CivilDate,
    /// Law, standard or document, in words.
    pub basis: String,
    /// The question of reading it answers, `Q11`; empty when the text leaves none.
    pub reading: String,
    /// The first instant of `from`.
    #[serde(skip)]
    pub since: WallTime,
}

/// All settings with their history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The document's own version; 0 when it names none.
    pub version: i64,
    /// By setting, oldest first.
    entries: BTreeMap<Id, Vec<Entry>>,
}

/// The settings in force at an instant.
#[derive(Clone, Copy, Debug)]
pub struct SettingsAt<'a> {
    settings: &'a Settings,
    at: WallTime,
}

impl Settings {
    /// Reads a document `{"version", "timezone", "entries": [{"id", "value", "from", "basis", "reading"}]}`.
    ///
    /// # Errors
    /// Every [`Fault`] of it: an unknown or missing id, a value that its id does not take, a day that is none, two
    /// entries of one day, a missing basis, values that contradict each other.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        if DOCUMENT_BYTES_MAX < text.len() {
            return Err(vec![Fault::new(
                "",
                format!("larger than {DOCUMENT_BYTES_MAX} bytes"),
            )]);
        }
        let document = match serde_json::from_str(text) {
            Ok(Json::Object(document)) => document,
            Ok(_) => return Err(vec![Fault::new("", "not a JSON object")]),
            Err(error) => {
                let place = format!("line {}, column {}", error.line(), error.column());
                return Err(vec![Fault::new(place, "not JSON")]);
            }
        };
        let mut reader = Reader::default();
        reader.document(&document);
        if reader.faults.is_empty() {
            reader.contradictions();
        }
        if reader.faults.is_empty() {
            return Ok(reader.settings);
        }
        Err(reader.faults)
    }

    /// The settings that are shipped.
    pub fn shipped() -> &'static Self {
        static SETTINGS: LazyLock<Settings> = LazyLock::new(|| Settings::parse(SHIPPED).unwrap_or_default());
        &SETTINGS
    }

    /// The settings in force at an instant: an order's acceptance or dispatch, not the present, for its limits.
    pub const fn at(&self, at: WallTime) -> SettingsAt<'_> {
        SettingsAt { settings: self, at }
    }

    /// All values of a setting, oldest first.
    pub fn history(&self, id: Id) -> &[Entry] {
        self.entries.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Every entry, by setting, oldest first.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().flatten()
    }
}

impl<'a> SettingsAt<'a> {
    /// The value in force, its first day and what it rests on.
    pub fn entry(&self, id: Id) -> &'a Entry {
        let history = self.settings.history(id);
        let begun = history.partition_point(|entry| entry.since <= self.at);
        let entry = history.get(begun.saturating_sub(1));
        debug_assert!(entry.is_some(), "a document without {id} is not taken");
        // Only an empty set has no entry, and no document makes one.
        entry.unwrap_or_else(|| nothing())
    }

    /// A limit. One working day when the setting is none, which is a programmer's mistake.
    pub fn rule(&self, id: Id) -> Rule {
        match self.entry(id).value {
            Value::Rule(rule) => rule,
            _ => mistaken(id, Rule::WorkingDays(1)),
        }
    }

    /// A number. 0 when the setting is none, which is a programmer's mistake; so below.
    pub fn count(&self, id: Id) -> u32 {
        match self.entry(id).value {
            Value::Count(count) => count,
            _ => mistaken(id, 0),
        }
    }

    /// A flag.
    pub fn flag(&self, id: Id) -> bool {
        match self.entry(id).value {
            Value::Flag(flag) => flag,
            _ => mistaken(id, false),
        }
    }

    /// A time of the day.
    pub fn time(&self, id: Id) -> DayTime {
        match self.entry(id).value {
            Value::Time(time) => time,
            _ => mistaken(id, DayTime::END),
        }
    }

    /// A word of a closed list.
    pub fn choice(&self, id: Id) -> &'a str {
        match &self.entry(id).value {
            Value::Choice(word) => word,
            _ => mistaken(id, ""),
        }
    }

    /// A list of words or ids.
    pub fn list(&self, id: Id) -> &'a [String] {
        match &self.entry(id).value {
            Value::List(words) => words,
            _ => mistaken(id, &[]),
        }
    }

    /// A list of limits.
    pub fn rules(&self, id: Id) -> Vec<Rule> {
        match &self.entry(id).value {
            Value::Rules(rules) => rules.clone(),
            _ => mistaken(id, Vec::new()),
        }
    }

    /// Whether refusing an appeal of this channel needs a second person. Source: 6.2, reading Q25.
    pub fn refusal_needs_second_person(&self, channel: &str) -> bool {
        self.list(Id::RefusalSecondPersonChannels)
            .iter()
            .any(|it| it == "all" || it == channel || (it == "non_phone" && channel != "phone"))
    }
}

fn mistaken<T>(id: Id, instead: T) -> T {
    debug_assert!(false, "{id} is read as another kind than {:?}", id.kind());
    instead
}

fn nothing() -> &'static Entry {
    static NOTHING: LazyLock<Entry> = LazyLock::new(|| Entry {
        id: Id::Cutoff,
        value: Value::List(Vec::new()),
        from: CivilDate::default(),
        basis: String::new(),
        reading: String::new(),
        since: WallTime::default(),
    });
    &NOTHING
}

fn as_text<T: ToString, S: serde::Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.to_string())
}

/// A document being read.
#[derive(Default)]
struct Reader {
    settings: Settings,
    faults: Vec<Fault>,
}

impl Reader {
    fn fault(&mut self, place: impl Into<String>, reason: impl Into<String>) {
        self.faults.push(Fault::new(place, reason));
    }

    fn document(&mut self, document: &Map<String, Json>) {
        let name = document.get("timezone").map_or(Some(ZONE), Json::as_str);
        let zone = SiteZone::new(name.unwrap_or_default());
        if let Err(error) = &zone {
            self.fault("timezone", error.to_string());
        }
        for (key, value) in document {
            match key.as_str() {
                "note" | "source" | "timezone" | "entries" => (),
                "version" => match value.as_i64() {
                    Some(version) if 0 <= version => self.settings.version = version,
                    _ => self.fault("version", "not a number from 0 on"),
                },
                _ => self.fault(key, "is not known here"),
            }
        }
        match document.get("entries") {
            Some(Json::Array(entries)) if entries.len() <= ENTRIES_MAX => {
                for (at, value) in entries.iter().enumerate() {
                    self.entry(value, zone.as_ref().ok(), &format!("entries[{at}]"));
                }
            }
            Some(Json::Array(_)) => self.fault("entries", format!("more than {ENTRIES_MAX} entries")),
            Some(_) => self.fault("entries", "not a list"),
            None => self.fault("entries", "is missing"),
        }
        for id in Id::ALL {
            if !self.settings.entries.contains_key(id) {
                self.fault("entries", format!("{id} is missing"));
            }
        }
        for history in self.settings.entries.values_mut() {
            history.sort_by_key(|entry| entry.from);
        }
    }

    fn entry(&mut self, value: &Json, zone: Option<&SiteZone>, place: &str) {
        let Json::Object(fields) = value else {
            self.fault(place, "not an object");
            return;
        };
        for key in fields.keys() {
            if !["id", "value", "from", "basis", "reading"].contains(&key.as_str()) {
                self.fault(format!("{place}.{key}"), "is not known here");
            }
        }
        let text = |key: &str| fields.get(key).and_then(Json::as_str).unwrap_or_default().trim();
        let id = Id::parse(text("id"));
        if id.is_none() {
            self.fault(
                format!("{place}.id"),
                format!("`{}` is no setting", shortened(text("id"))),
            );
        }
        let from = CivilDate::parse(text("from"));
        if let Err(error) = &from {
            self.fault(format!("{place}.from"), error.to_string());
        }
        let (basis, reading) = (text("basis"), text("reading"));
        if basis.is_empty() || BASIS_MAX < basis.chars().count() {
            let reason = format!("1 to {BASIS_MAX} characters: the law, standard or document it rests on");
            self.fault(format!("{place}.basis"), reason);
        }
        if !is_reading(fields.get("reading")) {
            let reason = format!("empty or Q1 to Q{READING_MAX}");
            self.fault(format!("{place}.reading"), reason);
        }
        let value = id.map(|id| read(id.kind(), fields.get("value")));
        if let Some(Err(reason)) = &value {
            self.fault(format!("{place}.value"), reason);
        }
        let (Some(id), Ok(from), Some(Ok(value))) = (id, from, value) else {
            // An entry that is wrong is still an entry: its id is not missing too.
            if let Some(id) = id {
                self.settings.entries.entry(id).or_default();
            }
            return;
        };
        let history = self.settings.entries.entry(id).or_default();
        if history.iter().any(|entry| entry.from == from) {
            self.fault(format!("{place}.from"), format!("{id} has two entries of {from}"));
            return;
        }
        history.push(Entry {
            id,
            value,
            from,
            basis: basis.to_owned(),
            reading: reading.to_owned(),
            since: zone.map_or_else(WallTime::default, |zone| zone.start_of(from)),
        });
    }

    /// Values that do not go together, on any day on which one of them begins.
    fn contradictions(&mut self) {
        let days: BTreeSet<WallTime> = self.settings.entries().map(|entry| entry.since).collect();
        let mut faults = BTreeSet::new();
        for day in days {
            let now = self.settings.at(day);
            if now.time(Id::Cutoff) == DayTime::START {
                faults.insert(Fault::new(
                    "cutoff",
                    "a working day ends after 00:00, at most at 24:00",
                ));
            }
            if now.time(Id::FollowupTo) <= now.time(Id::FollowupFrom) {
                faults.insert(Fault::new("followup.to", "not after followup.from"));
            }
            if now.count(Id::FollowupAttempts) < now.count(Id::FollowupDayparts) {
                faults.insert(Fault::new("followup.dayparts", "more than followup.attempts"));
            }
            if now.list(Id::RatesFive).len() != 5 {
                faults.insert(Fault::new("rates.five", "not five"));
            }
        }
        self.faults.extend(faults);
    }
}

fn is_reading(value: Option<&Json>) -> bool {
    let text = match value {
        None => return true,
        Some(value) => value.as_str(),
    };
    let number = |digits: &str| digits.parse::<u8>().ok().filter(|it| it.to_string() == digits);
    text.is_some_and(|text| {
        let number = text.strip_prefix('Q').and_then(number);
        text.is_empty() || number.is_some_and(|number| (1..=READING_MAX).contains(&number))
    })
}

/// Reads a value of a kind, or says what it should look like.
fn read(kind: Kind, value: Option<&Json>) -> Result<Value, String> {
    let Some(value) = value else {
        return Err("is missing".to_owned());
    };
    match (kind, value) {
        (Kind::Rule, Json::String(text)) => text
            .parse()
            .map(Value::Rule)
            .map_err(|error: RuleError| error.to_string()),
        (Kind::Rule, _) => Err("not a limit as a text, such as \"5wd\"".to_owned()),
        (Kind::Count { min, max }, value) => {
            let number = value.as_u64().and_then(|it| u32::try_from(it).ok());
            let number = number.filter(|it| (min..=max).contains(it));
            number
                .map(Value::Count)
                .ok_or_else(|| format!("not a number from {min} to {max}"))
        }
        (Kind::Flag, Json::Bool(flag)) => Ok(Value::Flag(*flag)),
        (Kind::Flag, _) => Err("neither true nor false".to_owned()),
        (Kind::Time, Json::String(text)) => DayTime::parse(text)
            .map(Value::Time)
            .map_err(|error| error.to_string()),
        (Kind::Time, _) => Err("not a time of the day as a text, such as \"17:30\"".to_owned()),
        (Kind::Choice(words), Json::String(text)) if words.contains(&text.as_str()) => {
            Ok(Value::Choice(text.clone()))
        }
        (Kind::Choice(words), _) => Err(format!("not one of {}", words.join(", "))),
        (Kind::Rules | Kind::Words(_) | Kind::Codes, Json::Array(list)) if list.len() <= LIST_MAX => {
            list_of(kind, list)
        }
        (Kind::Rules | Kind::Words(_) | Kind::Codes, _) => {
            Err(format!("not a list of at most {LIST_MAX} texts"))
        }
    }
}

fn list_of(kind: Kind, list: &[Json]) -> Result<Value, String> {
    let texts: Vec<&str> = list.iter().filter_map(Json::as_str).collect();
    if texts.len() < list.len() {
        return Err("not a list of texts".to_owned());
    }
    if texts.iter().collect::<BTreeSet<_>>().len() < texts.len() {
        return Err("a value stands twice".to_owned());
    }
    let all = |fits: &dyn Fn(&str) -> bool| texts.iter().all(|text| fits(text));
    match kind {
        Kind::Rules => {
            let rules: Result<Vec<Rule>, _> = texts.iter().map(|text| text.parse()).collect();
            return rules.map(Value::Rules).map_err(|error| error.to_string());
        }
        Kind::Words(_) if texts.is_empty() => return Err("empty".to_owned()),
        Kind::Words(words) if !all(&|text| words.contains(&text)) => {
            return Err(format!("not only of {}", words.join(", ")));
        }
        Kind::Codes if !all(&is_code) => {
            return Err(format!(
                "not only ids of 1 to {CODE_MAX} of a-z, 0-9, `_`, `.` and `-`"
            ));
        }
        _ => (),
    }
    Ok(Value::List(texts.into_iter().map(str::to_owned).collect()))
}

fn is_code(text: &str) -> bool {
    let fits =
        |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || b"_.-".contains(&letter);
    (1..=CODE_MAX).contains(&text.len()) && text.bytes().all(fits)
}

fn shortened(text: &str) -> String {
    text.chars().take(CODE_MAX).collect()
}

#[cfg(test)]
#[path = "settings_test.rs"]
mod tests;
