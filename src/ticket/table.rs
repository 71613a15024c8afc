//! Documents of reference data as tables, in one written form, and what differs between two of them.
//!
//! ```text
//!  CSV ─from_csv─► document ─canonical─► the form that is stored ─to_csv─► CSV
//! ```
//!
//! **Invariants.** The same content has one written form, whichever way it came, so that it is not published twice. A
//! fault of a document that came as a table is told by line and column.
//! **Not here.** What the rows mean and whether they are right (`ticket::reference`).

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Map;
use serde_json::Value;

use crate::account::organs;
use crate::base::csv;
use crate::base::document::LIST_MARK;
use crate::base::fault::Fault;
use crate::ticket::catalogue;
use crate::ticket::grids;
use crate::ticket::reference::Kind;
use crate::ticket::routing;
use crate::ticket::words;

/// The columns of the calendar's table: kind is `paper`, `off`, `work` or `local_off`.
const DAY_COLUMNS: &[&str] = &["year", "kind", "value", "reason", "approved_by"];
/// Columns that hold lists.
const LISTS: &[&str] = &["keywords", "places"];
/// Columns that hold flags, with what a missing one means.
const FLAGS: &[(&str, bool)] = &[
    ("active", true),
    ("arbiter", false),
    ("grid_direct", false),
    ("emergency", false),
];
/// Fields that name a row.
const KEYS: &[&str] = &["id", "code", "number", "word", "date"];
/// Fields that tell rows of one name apart.
const SECOND_KEYS: &[&str] = &["use", "from"];

/// A document that came as a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The document, JSON.
    pub document: String,
    /// On which line a row of the document stood.
    lines: BTreeMap<String, usize>,
}

/// The columns of a kind's table; none for settings, whose values have forms of their own.
pub const fn columns(kind: Kind) -> Option<&'static [&'static str]> {
    Some(match kind {
        Kind::Organs => organs::COLUMNS,
        Kind::Categories => catalogue::CATEGORY_COLUMNS,
        Kind::Regions => catalogue::REGION_COLUMNS,
        Kind::Rules => routing::RULE_COLUMNS,
        Kind::Grids => grids::GRID_COLUMNS,
        Kind::GridList => grids::GRID_LIST_COLUMNS,
        Kind::EmergencyLines => words::LINE_COLUMNS,
        Kind::RiskyWords => words::WORD_COLUMNS,
        Kind::Calendar => DAY_COLUMNS,
        Kind::Settings => return None,
    })
}

/// Writes a document as a table with a head; none where there is no table or the text is no document.
pub fn to_csv(kind: Kind, document: &str) -> Option<String> {
    let columns = columns(kind)?;
    let Ok(Value::Object(document)) = serde_json::from_str(document) else {
        return None;
    };
    let rows = if kind == Kind::Calendar {
        days(&document)
    } else {
        let rows = document.get(kind.code())?.as_array()?;
        let cells = |row: &Value| {
            let cell = |name: &&str| cell(row.get(name).unwrap_or(&Value::Null));
            columns.iter().map(cell).collect()
        };
        rows.iter().map(cells).collect::<Vec<Vec<String>>>()
    };
    let head = std::iter::once(columns.to_vec());
    let rows = rows.iter().map(|row| row.iter().map(String::as_str).collect());
    Some(csv::write(head.chain(rows)))
}

/// Reads a table into a document; the note is that of `before`, the document published last.
///
/// # Errors
/// The table cannot be read, has a column that is not known or twice, or a line longer than its head.
pub fn from_csv(kind: Kind, text: &str, before: &str) -> Result<Table, Vec<Fault>> {
    let Some(columns) = columns(kind) else {
        return Err(vec![Fault::new("", format!("{kind} has no table: give JSON"))]);
    };
    let mut lines = csv::parse(text)?.into_iter();
    let Some(head) = lines.next() else {
        return Err(vec![Fault::new(
            "line 1",
            "the head with the names of the columns is missing",
        )]);
    };
    let head: Vec<String> = head.cells.iter().map(|name| name.trim().to_owned()).collect();
    let mut faults = Vec::new();
    for (at, name) in head.iter().enumerate() {
        let place = format!("line 1, column {name}");
        if !columns.contains(&name.as_str()) {
            let reason = format!("is not known here; there are {}", columns.join(", "));
            faults.push(Fault::new(place, reason));
        } else if head.iter().take(at).any(|earlier| earlier == name) {
            faults.push(Fault::new(place, "stands twice"));
        }
    }
    let mut table = Table {
        document: String::new(),
        lines: BTreeMap::new(),
    };
    let mut rows = Vec::new();
    for line in lines {
        if head.len() < line.cells.len() {
            faults.push(Fault::new(
                format!("line {}", line.number),
                "has more cells than the head",
            ));
        }
        let cells = head.iter().cloned().zip(line.cells);
        let filled = cells.filter(|(_, cell)| !cell.trim().is_empty());
        let row: Map<String, Value> = filled
            .map(|(name, cell)| (name, Value::from(cell.trim())))
            .collect();
        rows.push((line.number, row));
    }
    let mut document = if kind == Kind::Calendar {
        calendar(rows, &mut table.lines, &mut faults)
    } else {
        for (at, (line, _)) in rows.iter().enumerate() {
            table.lines.insert(format!("{kind}[{at}]"), *line);
        }
        let rows = rows.into_iter().map(|(_, row)| Value::Object(row)).collect();
        Map::from_iter([(kind.code().to_owned(), Value::Array(rows))])
    };
    if !faults.is_empty() {
        return Err(faults);
    }
    keep_frame(kind, before, &mut document);
    table.document = Value::Object(document).to_string();
    Ok(table)
}

impl Table {
    /// Tells faults by line and column where the document's places are rows of the table.
    pub fn in_lines(&self, faults: Vec<Fault>) -> Vec<Fault> {
        let told = faults.into_iter().map(|fault| {
            let found = self.lines.iter().rev().find_map(|(place, line)| {
                let rest = fault.place.strip_prefix(place.as_str())?;
                (rest.is_empty() || rest.starts_with('.')).then_some((line, rest))
            });
            match found {
                Some((line, "")) => Fault::new(format!("line {line}"), fault.reason),
                Some((line, rest)) => Fault::new(
                    format!("line {line}, column {}", rest.trim_start_matches('.')),
                    fault.reason,
                ),
                None => fault,
            }
        });
        told.collect()
    }
}

/// The one written form of a document: fields in a fixed order, nothing that goes without saying. A text that is no
/// document stays as it is.
pub fn canonical(kind: Kind, text: &str) -> String {
    let Ok(Value::Object(document)) = serde_json::from_str(text) else {
        return text.to_owned();
    };
    let rows = document.get(kind.code()).and_then(Value::as_array);
    let (Some(columns), Some(rows)) = (columns(kind), rows) else {
        let filled = document
            .into_iter()
            .filter(|(_, value)| !value.as_array().is_some_and(Vec::is_empty));
        let sorted = sorted(Value::Object(filled.collect()));
        return serde_json::to_string_pretty(&sorted).map_or_else(|_| text.to_owned(), |it| it + "\n");
    };
    let mut written = String::from("{\n");
    for frame in ["note", "source"] {
        if let Some(value) = document.get(frame) {
            let _ = writeln!(written, "\"{frame}\": {value},");
        }
    }
    let _ = writeln!(written, "\"{kind}\": [");
    let rows: Vec<String> = rows.iter().map(|row| canonical_row(row, columns)).collect();
    written.push_str(&rows.join(",\n"));
    written.push_str("\n]\n}\n");
    written
}

/// What differs between two documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Rows that are new, as `organs.t130203`.
    pub added: Vec<String>,
    /// Rows that are gone.
    pub removed: Vec<String>,
    /// Fields that differ.
    pub changed: Vec<Change>,
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which, as `organs.t130203.name`.
    pub place: String,
    /// What it was; empty when it was not there.
    pub before: String,
    /// What it is; empty when it is no longer there.
    pub after: String,
}

impl Changes {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// Compares two documents of a kind row by row.
pub fn changes(kind: Kind, before: &str, after: &str) -> Changes {
    let (before, after) = (keyed(&canonical(kind, before)), keyed(&canonical(kind, after)));
    let mut changes = Changes::default();
    let empty = String::new();
    for (row, old) in &before {
        let Some(new) = after.get(row) else {
            changes.removed.push(row.clone());
            continue;
        };
        let fields: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for field in fields {
            let (was, is) = (old.get(field).unwrap_or(&empty), new.get(field).unwrap_or(&empty));
            if was != is {
                let place = if field.is_empty() {
                    row.clone()
                } else {
                    format!("{row}.{field}")
                };
                changes.changed.push(Change {
                    place,
                    before: was.clone(),
                    after: is.clone(),
                });
            }
        }
    }
    let added = after.keys().filter(|row| !before.contains_key(*row));
    changes.added = added.cloned().collect();
    changes
}

/// The rows of a document by name, each with its fields as texts.
fn keyed(document: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut rows = BTreeMap::new();
    let Ok(Value::Object(document)) = serde_json::from_str(document) else {
        return rows;
    };
    for (name, value) in &document {
        match value {
            Value::Array(list) if list.iter().any(Value::is_object) => {
                for (at, row) in list.iter().enumerate() {
                    let first = KEYS.iter().find_map(|key| row.get(key)?.as_str());
                    let second = SECOND_KEYS.iter().find_map(|key| row.get(key)?.as_str());
                    let first = first.map_or_else(|| at.to_string(), ToOwned::to_owned);
                    let mut key = format!("{name}.{first}");
                    if let Some(second) =
                        second.filter(|_| ["entries", "risky_words"].contains(&name.as_str()))
                    {
                        let _ = write!(key, "@{second}");
                    }
                    rows.insert(key, fields(row));
                }
            }
            Value::Object(parts) => {
                rows.extend(
                    parts
                        .iter()
                        .map(|(part, row)| (format!("{name}.{part}"), fields(row))),
                );
            }
            Value::Array(list) if list.is_empty() => (),
            value => {
                rows.insert(name.clone(), fields(value));
            }
        }
    }
    rows
}

fn fields(row: &Value) -> BTreeMap<String, String> {
    match row {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), cell(value)))
            .collect(),
        value => BTreeMap::from([(String::new(), cell(value))]),
    }
}

/// A value as a cell.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            let parts: Vec<String> = list.iter().map(cell).collect();
            parts.join(&LIST_MARK.to_string())
        }
        value => value.to_string(),
    }
}

fn canonical_row(row: &Value, columns: &[&str]) -> String {
    let Value::Object(fields) = row else {
        return row.to_string();
    };
    let known = columns
        .iter()
        .filter_map(|name| Some((*name, fields.get(*name)?)));
    // What is not known stays, so that the check can tell it.
    let strange = fields
        .iter()
        .filter(|(name, _)| !columns.contains(&name.as_str()))
        .map(|(name, value)| (name.as_str(), value));
    let written = known.chain(strange).filter_map(|(name, value)| {
        let value = canonical_value(name, value)?;
        Some(format!("{}: {value}", Value::from(name)))
    });
    format!("{{{}}}", written.collect::<Vec<_>>().join(", "))
}

/// A value in its one form; none for what goes without saying.
fn canonical_value(name: &str, value: &Value) -> Option<Value> {
    let text = value.as_str().map(str::trim);
    if value.is_null() || text == Some("") {
        return None;
    }
    if let Some((_, usual)) = FLAGS.iter().find(|(flag, _)| *flag == name) {
        let flag = match (value, text) {
            (_, Some("true")) | (Value::Bool(true), _) => true,
            (_, Some("false")) | (Value::Bool(false), _) => false,
            _ => return Some(value.clone()),
        };
        return (flag != *usual).then_some(Value::Bool(flag));
    }
    if LISTS.contains(&name) {
        let parts: Vec<Value> = match (value, text) {
            (_, Some(text)) => text
                .split(LIST_MARK)
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(Value::from)
                .collect(),
            (Value::Array(parts), _) => parts.clone(),
            _ => return Some(value.clone()),
        };
        return (!parts.is_empty()).then_some(Value::Array(parts));
    }
    Some(text.map_or_else(|| value.clone(), Value::from))
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<String, Value> = fields
                .into_iter()
                .map(|(name, value)| (name, sorted(value)))
                .collect();
            Value::Object(fields.into_iter().collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(sorted).collect()),
        value => value,
    }
}

/// What a table has no place for is taken over from the document before.
fn keep_frame(kind: Kind, before: &str, document: &mut Map<String, Value>) {
    let Ok(Value::Object(before)) = serde_json::from_str(before) else {
        return;
    };
    let frame: &[&str] = if kind == Kind::Calendar {
        &["note", "source", "timezone", "version"]
    } else {
        &["note", "source"]
    };
    for name in frame {
        if let Some(value) = before.get(*name) {
            document.insert((*name).to_owned(), value.clone());
        }
    }
}

/// The lines of the calendar's table.
fn days(document: &Map<String, Value>) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let years = document.get("years").and_then(Value::as_object);
    let years: BTreeMap<&String, &Value> = years.into_iter().flatten().collect();
    for (year, lists) in years {
        for (kind, list) in [("paper", "papers"), ("off", "off"), ("work", "work")] {
            let values = lists.get(list).and_then(Value::as_array);
            for value in values.into_iter().flatten() {
                let row = [year, kind, &cell(value), "", ""];
                rows.push(row.map(ToOwned::to_owned).to_vec());
            }
        }
    }
    let local = document.get("local_off").and_then(Value::as_array);
    for day in local.into_iter().flatten() {
        let of = |name: &str| cell(day.get(name).unwrap_or(&Value::Null));
        let row = [
            String::new(),
            "local_off".to_owned(),
            of("date"),
            of("reason"),
            of("approved_by"),
        ];
        rows.push(row.to_vec());
    }
    rows
}

/// The calendar's document from the lines of its table.
fn calendar(
    rows: Vec<(usize, Map<String, Value>)>,
    lines: &mut BTreeMap<String, usize>,
    faults: &mut Vec<Fault>,
) -> Map<String, Value> {
    let mut years: BTreeMap<String, BTreeMap<&str, Vec<Value>>> = BTreeMap::new();
    let mut local = Vec::new();
    for (line, row) in rows {
        let of = |name: &str| cell(row.get(name).unwrap_or(&Value::Null));
        let (year, value) = (of("year"), Value::from(of("value")));
        let list = match of("kind").as_str() {
            "paper" => "papers",
            "off" => "off",
            "work" => "work",
            "local_off" => {
                lines.insert(format!("local_off[{}]", local.len()), line);
                let day = [
                    ("date".to_owned(), value),
                    ("reason".to_owned(), Value::from(of("reason"))),
                    ("approved_by".to_owned(), Value::from(of("approved_by"))),
                ];
                local.push(Value::Object(Map::from_iter(day)));
                continue;
            }
            _ => {
                let place = format!("line {line}, column kind");
                faults.push(Fault::new(place, "not paper, off, work or local_off"));
                continue;
            }
        };
        lines.entry(format!("years.{year}")).or_insert(line);
        let lists = years.entry(year.clone()).or_insert_with(|| {
            BTreeMap::from([("off", Vec::new()), ("papers", Vec::new()), ("work", Vec::new())])
        });
        let list_of = lists.entry(list).or_default();
        lines.insert(format!("years.{year}.{list}[{}]", list_of.len()), line);
        list_of.push(value);
    }
    let years = years.into_iter().map(|(year, lists)| {
        let lists = lists
            .into_iter()
            .map(|(name, list)| (name.to_owned(), Value::Array(list)));
        (year, Value::Object(lists.collect()))
    });
    let mut document = Map::from_iter([("years".to_owned(), Value::Object(years.collect()))]);
    if !local.is_empty() {
        document.insert("local_off".to_owned(), Value::Array(local));
    }
    document
}

#[cfg(test)]
#[path = "table_test.rs"]
mod tests;
