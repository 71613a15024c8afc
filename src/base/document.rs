//! Reads a document of rows, `{"note": …, "organs": [{…}, …]}`, field by field, and gathers every fault of it.
//!
//! **Invariants.** Nothing is guessed: a field that is not asked for is a fault, as is a value of another type. At most
//! [`ROWS_MAX`] rows and [`TEXT_MAX`] characters a value are taken.
//! **Not here.** What the rows mean (`account::organs`, `ticket::catalogue`, `ticket::routing`).

use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::Map;
use serde_json::Value;

use crate::base::civil::CivilDate;
use crate::base::fault::Fault;

/// Most rows of a document: twenty times what a city of eight million has of grids.
pub const ROWS_MAX: usize = 20_000;
/// Longest value, characters.
pub const TEXT_MAX: usize = 200;
/// Most values in a list.
pub const LIST_MAX: usize = 50;
/// Between the values of a list that stands in one cell.
pub const LIST_MARK: char = '|';

/// The rows of a document, in order.
#[derive(Clone, Debug)]
pub struct Rows(Vec<Row>);

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    place: String,
    fields: Map<String, Value>,
}

impl Rows {
    /// Reads the rows under `key`; `note`, `source` and `version` may stand beside them and are not read.
    ///
    /// # Errors
    /// The text is no JSON, has no such list, or has too many rows.
    pub fn parse(text: &str, key: &str) -> Result<Self, Vec<Fault>> {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            vec![Fault::new(place, "not JSON")]
        })?;
        let Value::Object(mut document) = value else {
            return Err(vec![Fault::new("", "not a JSON object")]);
        };
        let mut faults = Vec::new();
        let list = match document.remove(key) {
            Some(Value::Array(list)) => list,
            Some(_) => return Err(vec![Fault::new(key, "not a list")]),
            None => return Err(vec![Fault::new(key, "is missing")]),
        };
        let known = ["note", "source", "version"];
        let strange = document.keys().filter(|name| !known.contains(&name.as_str()));
        faults.extend(strange.map(|name| Fault::new(name, "is not known here")));
        if ROWS_MAX < list.len() {
            faults.push(Fault::new(key, format!("more than {ROWS_MAX} rows")));
            return Err(faults);
        }
        let mut rows = Vec::with_capacity(list.len());
        for (at, value) in list.into_iter().enumerate() {
            let place = format!("{key}[{at}]");
            match value {
                Value::Object(fields) => rows.push(Row { place, fields }),
                _ => faults.push(Fault::new(place, "not an object")),
            }
        }
        if faults.is_empty() {
            return Ok(Self(rows));
        }
        Err(faults)
    }
}

impl IntoIterator for Rows {
    type Item = Row;
    type IntoIter = std::vec::IntoIter<Row>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Row {
    /// Where the row stands, as `organs[12]`.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Where a field of it stands, as `organs[12].parent`.
    pub fn place_of(&self, field: &str) -> String {
        format!("{}.{field}", self.place)
    }

    /// Tells a fault of a field.
    pub fn fault(&self, field: &str, reason: impl Into<String>) -> Fault {
        Fault::new(self.place_of(field), reason)
    }

    /// A text that may be missing, null or empty.
    pub fn maybe_text(&mut self, field: &str, faults: &mut Vec<Fault>) -> Option<String> {
        match self.fields.remove(field) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => {
                let text = text.trim();
                if TEXT_MAX < text.chars().count() {
                    faults.push(self.fault(field, format!("longer than {TEXT_MAX} characters")));
                }
                Some(text.to_owned()).filter(|text| !text.is_empty())
            }
            Some(_) => {
                faults.push(self.fault(field, "not a text"));
                None
            }
        }
    }

    /// A text that must be there; the empty text stands for one that is not, and is a fault.
    pub fn text(&mut self, field: &str, faults: &mut Vec<Fault>) -> String {
        let before = faults.len();
        let text = self.maybe_text(field, faults);
        text.unwrap_or_else(|| {
            if before == faults.len() {
                faults.push(self.fault(field, "is missing"));
            }
            String::new()
        })
    }

    /// A value with a form of its own that may be missing; what does not have the form is a fault.
    pub fn maybe<T: FromStr<Err: ToString>>(&mut self, field: &str, faults: &mut Vec<Fault>) -> Option<T> {
        let text = self.maybe_text(field, faults)?;
        let read = text.parse::<T>();
        read.map_err(|error| faults.push(self.fault(field, error.to_string())))
            .ok()
    }

    /// A value with a form of its own that must be there.
    pub fn value<T: FromStr<Err: ToString>>(&mut self, field: &str, faults: &mut Vec<Fault>) -> Option<T> {
        let before = faults.len();
        let value = self.maybe(field, faults);
        if value.is_none() && before == faults.len() {
            faults.push(self.fault(field, "is missing"));
        }
        value
    }

    /// A day that may be missing.
    pub fn maybe_date(&mut self, field: &str, faults: &mut Vec<Fault>) -> Option<CivilDate> {
        let text = self.maybe_text(field, faults)?;
        let read = CivilDate::parse(&text);
        read.map_err(|error| faults.push(self.fault(field, error.to_string())))
            .ok()
    }

    /// First and last day of `from` and `to`; both may be missing, and the first is not after the last.
    pub fn span(&mut self, from: &str, to: &str, faults: &mut Vec<Fault>) -> Span {
        let span = Span {
            from: self.maybe_date(from, faults),
            to: self.maybe_date(to, faults),
        };
        if let (Some(first), Some(last)) = (span.from, span.to)
            && last < first
        {
            faults.push(self.fault(to, "is before the first day"));
        }
        span
    }

    /// A flag: `true` or `false`, also as a text; `usual` when missing or empty.
    pub fn flag(&mut self, field: &str, usual: Flag, faults: &mut Vec<Fault>) -> bool {
        let usual = usual == Flag::Yes;
        match self.fields.remove(field) {
            None | Some(Value::Null) => usual,
            Some(Value::Bool(flag)) => flag,
            Some(Value::String(text)) if text.trim().is_empty() => usual,
            Some(Value::String(text)) if text.trim() == "true" => true,
            Some(Value::String(text)) if text.trim() == "false" => false,
            Some(_) => {
                faults.push(self.fault(field, "neither true nor false"));
                usual
            }
        }
    }

    /// A list of texts: a JSON list, or one text with `|` between the values; empty when missing.
    pub fn texts(&mut self, field: &str, faults: &mut Vec<Fault>) -> Vec<String> {
        let list: Vec<String> = match self.fields.remove(field) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(text)) => text.split(LIST_MARK).map(|part| part.trim().to_owned()).collect(),
            Some(Value::Array(list)) => {
                let texts = list.iter().filter_map(Value::as_str);
                let texts: Vec<String> = texts.map(|part| part.trim().to_owned()).collect();
                if texts.len() < list.len() {
                    faults.push(self.fault(field, "not a list of texts"));
                }
                texts
            }
            Some(_) => {
                faults.push(self.fault(field, "not a list of texts"));
                Vec::new()
            }
        };
        if LIST_MAX < list.len() || list.iter().any(|part| TEXT_MAX < part.chars().count()) {
            let most = format!("more than {LIST_MAX} values, or one longer than {TEXT_MAX} characters");
            faults.push(self.fault(field, most));
        }
        list.into_iter().filter(|part| !part.is_empty()).collect()
    }

    /// Ends the row: what was not asked for is a fault.
    pub fn finish(self, faults: &mut Vec<Fault>) {
        let strange = self.fields.keys();
        faults.extend(strange.map(|field| self.fault(field, "is not known here")));
    }
}

/// Yes or no, where a call would read badly with a bare bool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// Yes.
    Yes,
    /// No.
    No,
}

/// Days on which a row counts, both ends included; an open end is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First day.
    pub from: Option<CivilDate>,
    /// Last day.
    pub to: Option<CivilDate>,
}

impl Span {
    /// Whether the row counts on a day.
    pub fn contains(&self, day: CivilDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    /// Whether both count on some day.
    pub fn meets(&self, other: &Self) -> bool {
        let begins_in_time = |one: &Self, two: &Self| match (one.from, two.to) {
            (Some(from), Some(to)) => from <= to,
            _ => true,
        };
        begins_in_time(self, other) && begins_in_time(other, self)
    }
}

/// Tells of each key that stands in several rows, once a row after the first.
pub fn doubles<'a, K: Ord + 'a>(rows: impl IntoIterator<Item = (K, String)>, faults: &mut Vec<Fault>) {
    let mut seen = BTreeMap::new();
    for (key, place) in rows {
        match seen.get(&key) {
            Some(first) => faults.push(Fault::new(place, format!("stands already at {first}"))),
            None => {
                seen.insert(key, place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_a_row_is_told_with_its_place() {
        let text = r#"{"note": "x", "organs": [
            {"id": "A", "flag": 3, "from": "2026-02-30", "words": ["a", 1], "strange": 1},
            {"id": "b", "flag": "true", "from": "2026-01-02", "to": "2026-01-01", "words": "x| y|"}]}"#;
        let mut faults = Vec::new();
        let mut ids: Vec<Option<crate::base::ids::OrganId>> = Vec::new();
        for mut row in Rows::parse(text, "organs").unwrap() {
            ids.push(row.value("id", &mut faults));
            row.flag("flag", Flag::No, &mut faults);
            row.span("from", "to", &mut faults);
            row.texts("words", &mut faults);
            row.text("name", &mut faults);
            row.finish(&mut faults);
        }
        let places: Vec<&str> = faults.iter().map(|fault| fault.place.as_str()).collect();
        assert_eq!(
            places,
            [
                "organs[0].id",
                "organs[0].flag",
                "organs[0].from",
                "organs[0].words",
                "organs[0].name",
                "organs[0].strange",
                "organs[1].to",
                "organs[1].name"
            ]
        );
        assert!(ids[1].is_some());
    }

    #[test]
    fn what_is_no_document_of_rows_is_told_apart() {
        let place = |text: &str| {
            Rows::parse(text, "organs")
                .unwrap_err()
                .first()
                .unwrap()
                .to_string()
        };
        assert_eq!(place("{"), "line 1, column 1: not JSON");
        assert_eq!(place("[]"), "not a JSON object");
        assert_eq!(place("{}"), "organs: is missing");
        assert_eq!(place(r#"{"organs": {}}"#), "organs: not a list");
        assert_eq!(
            place(r#"{"organs": [], "rules": []}"#),
            "rules: is not known here"
        );
        let many = format!(r#"{{"organs": [{}{{}}]}}"#, "{},".repeat(ROWS_MAX));
        assert_eq!(place(&many), "organs: more than 20000 rows");
    }

    #[test]
    fn spans_meet_on_their_last_day() {
        let span = |from: &str, to: &str| Span {
            from: CivilDate::parse(from).ok(),
            to: CivilDate::parse(to).ok(),
        };
        assert!(span("", "2026-01-31").meets(&span("2026-01-31", "")));
        assert!(!span("", "2026-01-31").meets(&span("2026-02-01", "")));
        assert!(span("", "").meets(&span("2026-02-01", "2026-02-02")));
    }
}
