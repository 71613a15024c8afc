//! The calendar of working days: weekends, the State Council's days off and make-up days, the city's own days off.
//!
//! **Invariants.** Only years with a notice are known; a day of any other year is provisional: weekends and the days
//! that are off by law on a fixed date. A document is taken whole or not at all, and every fault of it is told.
//! **Not here.** Deadlines (`ticket::deadline`); the alarm about a missing year (`engine`).
//! **Source.** 全国年节及纪念日放假办法 (2024) art. 2; the yearly notices named in the document; 民法典 art. 203.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Map;
use serde_json::Value;

use crate::base::civil::CivilDate;
use crate::base::civil::SiteZone;
use crate::base::fault::Fault;

/// The calendar that is shipped.
pub const SHIPPED: &str = include_str!("data/calendar.json");
/// Largest document, bytes: thirty years of notices are a third of it.
pub const DOCUMENT_BYTES_MAX: usize = 256 * 1024;
/// Most years of a document.
pub const YEARS_MAX: usize = 60;
/// Most days in one list.
pub const DAYS_MAX: usize = 120;
/// Longest reason, name or address of a notice, characters.
pub const TEXT_MAX: usize = 200;

/// Off by law on a fixed date, month and day: New Year, two days in May, three in October.
const FIXED: &[(i8, i8)] = &[(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)];

/// Why a day is a working day or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Monday to Friday.
    Weekday,
    /// Saturday or Sunday.
    Weekend,
    /// 放假, by the notice of the year.
    StatutoryOff,
    /// 调休上班, by the notice of the year.
    Makeup,
    /// The city gave the day off.
    LocalOff,
    /// Off by law on a fixed date, in a year without a notice yet.
    ProvisionalStatutory,
}

impl Why {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Weekday => "weekday",
            Self::Weekend => "weekend",
            Self::StatutoryOff => "statutory_off",
            Self::Makeup => "makeup",
            Self::LocalOff => "local_off",
            Self::ProvisionalStatutory => "provisional_statutory",
        }
    }
}

/// What a day is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Whether people work.
    pub working: bool,
    /// Why.
    pub why: Why,
    /// The notice of its year is not there yet.
    pub provisional: bool,
}

/// A day off that the city gave itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalOff {
    /// Why.
    pub reason: String,
    /// Who approved it.
    pub approved_by: String,
}

/// Days off, make-up days and the years they are known for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// The document's own version; 0 when it names none.
    pub version: i64,
    papers: BTreeMap<i16, Vec<String>>,
    notices: BTreeMap<CivilDate, Notice>,
    local_off: BTreeMap<CivilDate, LocalOff>,
}

/// What a notice says of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notice {
    Off,
    Work,
}

impl Calendar {
    /// Reads a document `{"version", "timezone", "years": {"2026": {"papers", "off", "work"}}, "local_off": […]}`.
    ///
    /// # Errors
    /// Every [`Fault`] of it: what is no day, stands twice or in the wrong year, a make-up day that is no weekend, a
    /// year without the fixed days off, a local day off without reason or approval, what is not known here.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        if DOCUMENT_BYTES_MAX < text.len() {
            return Err(vec![Fault::new(
                "",
                format!("larger than {DOCUMENT_BYTES_MAX} bytes"),
            )]);
        }
        let document = match serde_json::from_str(text) {
            Ok(Value::Object(document)) => document,
            Ok(_) => return Err(vec![Fault::new("", "not a JSON object")]),
            Err(error) => {
                let place = format!("line {}, column {}", error.line(), error.column());
                return Err(vec![Fault::new(place, "not JSON")]);
            }
        };
        let mut reader = Reader::default();
        reader.document(&document);
        if reader.faults.is_empty() {
            return Ok(reader.calendar);
        }
        Err(reader.faults)
    }

    /// The calendar that is shipped.
    pub fn shipped() -> &'static Self {
        static CALENDAR: LazyLock<Calendar> = LazyLock::new(|| Calendar::parse(SHIPPED).unwrap_or_default());
        &CALENDAR
    }

    /// What a day is.
    pub fn working(&self, date: CivilDate) -> Day {
        let day = |working, why, provisional| Day {
            working,
            why,
            provisional,
        };
        if self.local_off.contains_key(&date) {
            return day(false, Why::LocalOff, false);
        }
        match self.notices.get(&date) {
            Some(Notice::Off) => return day(false, Why::StatutoryOff, false),
            Some(Notice::Work) => return day(true, Why::Makeup, false),
            None => (),
        }
        let (year, month, day_of_month) = date.parts();
        let provisional = !self.is_loaded(year);
        if provisional && FIXED.contains(&(month, day_of_month)) {
            return day(false, Why::ProvisionalStatutory, true);
        }
        if date.is_weekend() {
            return day(false, Why::Weekend, provisional);
        }
        day(true, Why::Weekday, provisional)
    }

    /// The years whose notice is there, ascending.
    pub fn years(&self) -> impl Iterator<Item = i16> + '_ {
        self.papers.keys().copied()
    }

    /// Whether the notice of a year is there.
    pub fn is_loaded(&self, year: i16) -> bool {
        self.papers.contains_key(&year)
    }

    /// Where the notices of a year stand.
    pub fn papers(&self, year: i16) -> &[String] {
        self.papers.get(&year).map_or(&[], Vec::as_slice)
    }

    /// The city's own days off, ascending.
    pub fn local_off(&self) -> impl Iterator<Item = (CivilDate, &LocalOff)> {
        self.local_off.iter().map(|(date, off)| (*date, off))
    }

    /// Whether an administrator has to load a year now: next year from 1 December on, this year at any time.
    pub fn next_year_missing(&self, today: CivilDate) -> bool {
        let (year, month, _) = today.parts();
        !self.is_loaded(year) || (month == 12 && !self.is_loaded(year.saturating_add(1)))
    }
}

/// A document being read.
#[derive(Default)]
struct Reader {
    calendar: Calendar,
    faults: Vec<Fault>,
}

impl Reader {
    fn fault(&mut self, place: impl Into<String>, reason: impl Into<String>) {
        self.faults.push(Fault::new(place, reason));
    }

    fn document(&mut self, document: &Map<String, Value>) {
        for (key, value) in document {
            match (key.as_str(), value) {
                ("note" | "source", Value::String(_)) => (),
                ("version", value) => match value.as_i64() {
                    Some(version) if 0 <= version => self.calendar.version = version,
                    _ => self.fault("version", "not a number from 0 on"),
                },
                ("timezone", Value::String(name)) => {
                    if let Err(error) = SiteZone::new(name) {
                        self.fault("timezone", error.to_string());
                    }
                }
                ("years", Value::Object(years)) => self.years(years),
                ("local_off", Value::Array(days)) => self.local_off(days),
                ("note" | "source" | "timezone" | "years" | "local_off", _) => {
                    self.fault(key, "of the wrong type");
                }
                _ => self.fault(key, "is not known here"),
            }
        }
        if !document.contains_key("years") {
            self.fault("years", "is missing");
        }
    }

    fn years(&mut self, years: &Map<String, Value>) {
        if YEARS_MAX < years.len() {
            self.fault("years", format!("more than {YEARS_MAX} years"));
            return;
        }
        for (key, value) in years {
            let place = format!("years.{key}");
            let year = key
                .parse::<i16>()
                .ok()
                .filter(|it| (2000..=2999).contains(it) && key.len() == 4);
            match (year, value) {
                (Some(year), Value::Object(fields)) => self.year(year, fields, &place),
                (None, _) => self.fault(place, "no year from 2000 to 2999"),
                (_, _) => self.fault(place, "not an object"),
            }
        }
    }

    fn year(&mut self, year: i16, fields: &Map<String, Value>, place: &str) {
        self.calendar.papers.insert(year, Vec::new());
        for (key, value) in fields {
            let place = format!("{place}.{key}");
            match key.as_str() {
                "papers" => {
                    let papers = self
                        .texts(value, &place)
                        .into_iter()
                        .map(|(_, text)| text)
                        .collect();
                    self.calendar.papers.insert(year, papers);
                }
                "off" => self.days(year, value, Notice::Off, &place),
                "work" => self.days(year, value, Notice::Work, &place),
                _ => self.fault(place, "is not known here"),
            }
        }
        let days = FIXED
            .iter()
            .filter_map(|(month, day)| CivilDate::new(year, *month, *day));
        let missing: Vec<CivilDate> = days
            .filter(|date| self.calendar.notices.get(date) != Some(&Notice::Off))
            .collect();
        for date in missing {
            self.fault(
                format!("{place}.off"),
                format!("{date} is off by law and is missing"),
            );
        }
    }

    fn days(&mut self, year: i16, value: &Value, notice: Notice, place: &str) {
        for (place, text) in self.texts(value, place) {
            let date = match CivilDate::parse(&text) {
                Ok(date) => date,
                Err(error) => {
                    self.fault(place, error.to_string());
                    continue;
                }
            };
            let (of, month, _) = date.parts();
            // The days around New Year's Day may reach into the December before.
            if of != year && !(month == 12 && of.saturating_add(1) == year) {
                self.fault(&place, format!("{date} is no day of {year}"));
            }
            if notice == Notice::Work && !date.is_weekend() {
                self.fault(
                    &place,
                    format!("{date} is no weekend: only a weekend can be made up for"),
                );
            }
            if self.calendar.notices.insert(date, notice).is_some() {
                self.fault(place, format!("{date} stands twice"));
            }
        }
    }

    fn local_off(&mut self, days: &[Value]) {
        if DAYS_MAX < days.len() {
            self.fault("local_off", format!("more than {DAYS_MAX} days"));
            return;
        }
        for (at, value) in days.iter().enumerate() {
            let place = format!("local_off[{at}]");
            let Value::Object(fields) = value else {
                self.fault(place, "not an object");
                continue;
            };
            for key in fields.keys() {
                if !["date", "reason", "approved_by"].contains(&key.as_str()) {
                    self.fault(format!("{place}.{key}"), "is not known here");
                }
            }
            let date = self.text(fields, "date", &place);
            let reason = self.text(fields, "reason", &place);
            let approved_by = self.text(fields, "approved_by", &place);
            if date.is_empty() {
                continue;
            }
            match CivilDate::parse(&date) {
                Err(error) => self.fault(format!("{place}.date"), error.to_string()),
                Ok(date) => {
                    let off = LocalOff { reason, approved_by };
                    if self.calendar.local_off.insert(date, off).is_some() {
                        self.fault(format!("{place}.date"), format!("{date} stands twice"));
                    }
                }
            }
        }
    }

    /// A text that must be there; empty when it is not, which is told.
    fn text(&mut self, fields: &Map<String, Value>, key: &str, place: &str) -> String {
        let text = fields.get(key).and_then(Value::as_str).unwrap_or_default().trim();
        if text.is_empty() {
            self.fault(format!("{place}.{key}"), "is missing");
        }
        if TEXT_MAX < text.chars().count() {
            self.fault(
                format!("{place}.{key}"),
                format!("longer than {TEXT_MAX} characters"),
            );
        }
        text.to_owned()
    }

    /// The texts of a list, each with its place.
    fn texts(&mut self, value: &Value, place: &str) -> Vec<(String, String)> {
        let Value::Array(list) = value else {
            self.fault(place, "not a list");
            return Vec::new();
        };
        if DAYS_MAX < list.len() {
            self.fault(place, format!("more than {DAYS_MAX} values"));
            return Vec::new();
        }
        let mut texts = Vec::with_capacity(list.len());
        for (at, value) in list.iter().enumerate() {
            let place = format!("{place}[{at}]");
            match value.as_str() {
                Some(text) if text.chars().count() <= TEXT_MAX => texts.push((place, text.to_owned())),
                Some(_) => self.fault(place, format!("longer than {TEXT_MAX} characters")),
                None => self.fault(place, "not a text"),
            }
        }
        texts
    }
}

#[cfg(test)]
#[path = "calendar_test.rs"]
mod tests;
