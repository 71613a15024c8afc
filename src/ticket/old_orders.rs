//! Orders of an older system as they stand in its file: a table or JSON, read and checked whole before one is taken over.
//!
//! ```text
//!  CSV ─┐
//!       ├─ read ─► old orders ─ check ─► no faults: they may be written
//!  JSON ┘   words of there become codes of here (`WordMap`)
//! ```
//!
//! **Invariants.** Every fault of a file is told, by line and column or by place. A word that is not known is a fault and
//! never guessed. Only closed orders are taken: the clocks of an open one would have to be believed from a system whose
//! calendar and pauses are not here, so it is ended there, or entered here as a new appeal. No fault repeats what a person
//! wrote; only words of closed lists are named.
//! **Not here.** Writing (`engine::ticket_service`).
//! **Source.** DB1302/T 604—2025 7.7.2, 7.9.1.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::base::civil::CivilDate;
use crate::base::civil::DayTime;
use crate::base::civil::SiteZone;
use crate::base::civil::from_rfc3339;
use crate::base::csv;
use crate::base::fault::Fault;
use crate::base::ids::OrganId;
use crate::base::ids::TicketId;
use crate::base::time::WallTime;
use crate::ticket::command::DraftFields;
use crate::ticket::command::Import;
use crate::ticket::command::Opening;
use crate::ticket::command::Text;
use crate::ticket::decide;
use crate::ticket::decide::Context;
use crate::ticket::model::AppealType;
use crate::ticket::model::AppellantKind;
use crate::ticket::model::FollowupResult;
use crate::ticket::model::Satisfaction;
use crate::ticket::model::Urgency;
use crate::ticket::refusal::TicketError;

/// Longest file, bytes.
pub const FILE_MAX: usize = 64 * 1024 * 1024;
/// Most orders of a file; what is longer is taken over in several files.
pub const ORDERS_MAX: usize = 100_000;
/// Most words of a map.
pub const WORDS_MAX: usize = 10_000;
/// The shipped words: a table of column, word there, code here.
pub const SHIPPED_WORDS: &str = include_str!("data/old_words.csv");

/// The columns of a table and the fields of JSON.
pub const COLUMNS: &[&str] = &[
    "old_number",
    "accepted_at",
    "closed_at",
    "state",
    "unit",
    "reply",
    "result",
    "satisfaction",
    "name",
    "appellant_kind",
    "contact_phone",
    "appeal_type",
    "category",
    "content",
    "urgency",
    "place",
    "region",
    "address",
    "company",
    "credit_code",
    "target",
    "target_organ",
    "demand",
    "contact_time",
    "secrecy",
];
/// Those that every order has.
const REQUIRED: [&str; 3] = ["old_number", "accepted_at", "closed_at"];
/// Columns whose words are of a closed list, and the codes of it.
const LISTS: &[&str] = &[
    "state",
    "result",
    "satisfaction",
    "appellant_kind",
    "appeal_type",
    "urgency",
    "place",
    "secrecy",
];
/// The word of a map that names columns.
const HEAD: &str = "head";

/// In which form a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A table with a head.
    Csv,
    /// A list of objects, or an object with the list under `orders`.
    Json,
}

/// Which word of an older system is which code here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WordMap(BTreeMap<(String, String), String>);

impl WordMap {
    /// Adds the words of a table of `column,there,here`; a later word stands above an earlier one. The column `head`
    /// names columns themselves.
    ///
    /// # Errors
    /// Every line whose column or code is not known here, or that lacks a cell.
    pub fn add(&mut self, text: &str) -> Result<(), Vec<Fault>> {
        let mut faults = Vec::new();
        for line in csv::parse(text)? {
            let cells: Vec<&str> = line.cells.iter().map(|cell| cell.trim()).collect();
            let [column, there, here] = cells.as_slice() else {
                let place = format!("line {}", line.number);
                faults.push(Fault::new(place, "not three cells: column, there, here"));
                continue;
            };
            if (*column, *there, *here) == ("column", "there", "here") {
                continue;
            }
            let known = (*column == HEAD && COLUMNS.contains(here))
                || LISTS.contains(column) && is_code(column, here)
                || ["unit", "category", "region", "target_organ"].contains(column) && !here.is_empty();
            if !known {
                let place = format!("line {}", line.number);
                faults.push(Fault::new(
                    place,
                    "the column, or the code for it, is not known here",
                ));
                continue;
            }
            self.0
                .insert(((*column).to_owned(), (*there).to_owned()), (*here).to_owned());
        }
        if WORDS_MAX < self.0.len() {
            faults.push(Fault::new("", format!("more than {WORDS_MAX} words")));
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    fn here(&self, column: &str, there: &str) -> Option<&str> {
        self.0
            .get(&(column.to_owned(), there.to_owned()))
            .map(String::as_str)
    }
}

/// An order of an older system and where it stands in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldOrder {
    place: Place,
    /// What is taken over; its number here is given when it is written.
    pub import: Import,
}

/// Where a row stands, and under which names its file has our columns.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Line(usize, Arc<BTreeMap<&'static str, String>>),
    Item(usize),
}

impl Place {
    fn of(&self, column: &str) -> String {
        match self {
            Self::Line(line, names) => {
                let name = names.get(column).map_or(column, String::as_str);
                format!("line {line}, column {name}")
            }
            Self::Item(at) => format!("orders[{at}].{column}"),
        }
    }
}

/// One row of a file: its filled cells by our names.
struct Row {
    place: Place,
    cells: BTreeMap<&'static str, String>,
}

/// Reads a file. What is faulty is told; the orders are there for further checks all the same.
pub fn read(text: &str, form: Form, words: &WordMap, zone: &SiteZone) -> (Vec<OldOrder>, Vec<Fault>) {
    let mut faults = Vec::new();
    let rows = match form {
        Form::Csv => table(text, words, &mut faults),
        Form::Json => list(text, words, &mut faults),
    };
    if ORDERS_MAX < rows.len() {
        let reason = format!(
            "{} orders are more than {ORDERS_MAX}: use several files",
            rows.len()
        );
        return (Vec::new(), vec![Fault::new("", reason)]);
    }
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let mut orders = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(number) = row.cells.get("old_number") {
            let place = row.place.of("old_number");
            match seen.get(number) {
                Some(first) => faults.push(Fault::new(place, format!("stands already at {first}"))),
                None => {
                    seen.insert(number.clone(), place);
                }
            }
        }
        orders.push(order(row, words, zone, &mut faults));
    }
    (orders, faults)
}

/// Checks orders as each will be decided, field after field, and adds what is not told yet.
pub fn check(orders: &[OldOrder], ctx: &Context<'_>, faults: &mut Vec<Fault>) {
    let told: BTreeSet<String> = faults.iter().map(|it| it.place.clone()).collect();
    for order in orders {
        let mut import = order.import.clone();
        for _ in COLUMNS {
            let opening = Opening::Imported(import.clone());
            let Err(error) = decide::open(TicketId::default(), &opening, ctx) else {
                break;
            };
            let field = error.field().unwrap_or("old_number");
            let place = order.place.of(field);
            if !told.contains(&place) {
                faults.push(Fault::new(place, reason(&error)));
            }
            if !clear(&mut import, field) {
                break;
            }
        }
    }
}

fn reason(error: &TicketError) -> String {
    match error {
        TicketError::Invalid { reason, clause, .. } => format!("{} ({clause})", reason.replace('_', " ")),
        error => error.to_string(),
    }
}

/// Takes a faulty field away, so that the next one can be looked at.
fn clear(import: &mut Import, field: &str) -> bool {
    let fields = &mut import.fields;
    match field {
        "old_number" => "0".clone_into(&mut import.old_number),
        "closed_at" => (import.accepted_at, import.closed_at) = Default::default(),
        "unit" => import.unit = None,
        "reply" => import.reply = Text::from(""),
        "region" | "place" => (fields.place, fields.region, fields.address) = (None, None, None),
        "secrecy" => fields.secrecy = None,
        field => match text_of(fields, field) {
            Some(text) => *text = None,
            None => return false,
        },
    }
    true
}

fn table(text: &str, words: &WordMap, faults: &mut Vec<Fault>) -> Vec<Row> {
    let mut lines = match csv::parse(text) {
        Ok(lines) => lines.into_iter(),
        Err(found) => {
            faults.extend(found);
            return Vec::new();
        }
    };
    let head = lines.next().map(|line| line.cells).unwrap_or_default();
    let (mut columns, mut names) = (Vec::with_capacity(head.len()), BTreeMap::new());
    for cell in &head {
        let (place, column) = (format!("line 1, column {}", cell.trim()), our_column(words, cell));
        match column {
            None => faults.push(Fault::new(
                place,
                "is not known here; name it with --map, or take it away",
            )),
            Some(column) => {
                if names.insert(column, cell.trim().to_owned()).is_some() {
                    faults.push(Fault::new(place, "stands twice"));
                }
            }
        }
        columns.push(column);
    }
    let missing = REQUIRED.iter().filter(|column| !names.contains_key(*column));
    let before = faults.len();
    faults.extend(missing.map(|column| Fault::new(format!("line 1, column {column}"), "is missing")));
    if before < faults.len() {
        return Vec::new();
    }
    let names = Arc::new(names);
    let mut rows = Vec::new();
    for line in lines {
        if head.len() < line.cells.len() {
            let place = format!("line {}", line.number);
            faults.push(Fault::new(place, "has more cells than the head"));
        }
        let cells = columns.iter().zip(line.cells);
        let filled = cells.filter_map(|(column, cell)| {
            let cell = cell.trim();
            (!cell.is_empty()).then_some(((*column)?, cell.to_owned()))
        });
        rows.push(Row {
            cells: filled.collect(),
            place: Place::Line(line.number, Arc::clone(&names)),
        });
    }
    rows
}

fn list(text: &str, words: &WordMap, faults: &mut Vec<Fault>) -> Vec<Row> {
    let items = match serde_json::from_str(text) {
        Ok(Value::Array(items)) => items,
        Ok(Value::Object(mut object)) => {
            if let Some(Value::Array(items)) = object.remove("orders") {
                items
            } else {
                faults.push(Fault::new("orders", "is missing, or no list"));
                return Vec::new();
            }
        }
        Ok(_) => {
            faults.push(Fault::new("", "neither a list nor an object"));
            return Vec::new();
        }
        Err(error) => {
            let place = format!("line {}, column {}", error.line(), error.column());
            faults.push(Fault::new(place, "not JSON"));
            return Vec::new();
        }
    };
    let mut rows = Vec::with_capacity(items.len());
    for (at, item) in items.into_iter().enumerate() {
        let Value::Object(fields) = item else {
            faults.push(Fault::new(format!("orders[{at}]"), "no object"));
            continue;
        };
        let mut cells = BTreeMap::new();
        for (name, value) in fields {
            let place = format!("orders[{at}].{name}");
            let Some(column) = our_column(words, &name) else {
                faults.push(Fault::new(place, "is not known here"));
                continue;
            };
            let text = match value {
                Value::Null => continue,
                Value::String(text) => text.trim().to_owned(),
                Value::Bool(flag) => flag.to_string(),
                Value::Number(number) => number.to_string(),
                Value::Array(_) | Value::Object(_) => {
                    faults.push(Fault::new(place, "no text"));
                    continue;
                }
            };
            if !text.is_empty() {
                cells.insert(column, text);
            }
        }
        rows.push(Row {
            place: Place::Item(at),
            cells,
        });
    }
    rows
}

fn our_column(words: &WordMap, name: &str) -> Option<&'static str> {
    let name = words.here(HEAD, name.trim()).unwrap_or_else(|| name.trim());
    COLUMNS.iter().copied().find(|column| *column == name)
}

fn order(row: Row, words: &WordMap, zone: &SiteZone, faults: &mut Vec<Fault>) -> OldOrder {
    let Row { place, mut cells } = row;
    for column in REQUIRED {
        if !cells.contains_key(column) {
            faults.push(Fault::new(place.of(column), "is missing"));
        }
    }
    for (column, text) in &mut cells {
        if let Some(here) = words.here(column, text) {
            here.clone_into(text);
        }
        if LISTS.contains(column) && !is_code(column, text) {
            faults.push(Fault::new(place.of(column), strange(column, text)));
            text.clear();
        }
    }
    let mut take = |column: &str| cells.remove(column).filter(|text| !text.is_empty());
    let mut instant = |column: &str| {
        let text = take(column)?;
        let read = instant_of(&text, zone);
        if read.is_none() {
            faults.push(Fault::new(place.of(column), "no instant, as 2024-08-15 09:30"));
        }
        read
    };
    let (accepted_at, closed_at) = (instant("accepted_at"), instant("closed_at"));
    let unit = take("unit").and_then(|text| {
        let read = text.parse::<OrganId>();
        read.map_err(|error| faults.push(Fault::new(place.of("unit"), error.to_string())))
            .ok()
    });
    let mut import = Import {
        number: String::new(),
        old_number: take("old_number").unwrap_or_else(|| "0".to_owned()),
        fields: DraftFields {
            secrecy: take("secrecy").map(|text| text == "true"),
            ..DraftFields::default()
        },
        reply: Text::from(take("reply").unwrap_or_default().as_str()),
        unit,
        accepted_at: accepted_at.or(closed_at).unwrap_or_default(),
        closed_at: closed_at.or(accepted_at).unwrap_or_default(),
        result: take("result").and_then(|code| FollowupResult::parse(&code)),
        satisfaction: take("satisfaction").and_then(|code| Satisfaction::parse(&code)),
    };
    cells.remove("state");
    for (column, text) in cells {
        if let Some(field) = text_of(&mut import.fields, column).filter(|_| !text.is_empty()) {
            *field = Some(text);
        }
    }
    OldOrder { place, import }
}

/// A text of the form by its name.
fn text_of<'a>(fields: &'a mut DraftFields, name: &str) -> Option<&'a mut Option<String>> {
    Some(match name {
        "name" => &mut fields.name,
        "appellant_kind" => &mut fields.appellant_kind,
        "contact_phone" => &mut fields.contact_phone,
        "appeal_type" => &mut fields.appeal_type,
        "category" => &mut fields.category,
        "content" => &mut fields.content,
        "urgency" => &mut fields.urgency,
        "place" => &mut fields.place,
        "region" => &mut fields.region,
        "address" => &mut fields.address,
        "company" => &mut fields.company,
        "credit_code" => &mut fields.credit_code,
        "target" => &mut fields.target,
        "target_organ" => &mut fields.target_organ,
        "demand" => &mut fields.demand,
        "contact_time" => &mut fields.contact_time,
        _ => return None,
    })
}

fn codes(column: &str) -> Vec<&'static str> {
    fn of<T: Copy>(all: &[T], code: impl Fn(T) -> &'static str) -> Vec<&'static str> {
        all.iter().copied().map(code).collect()
    }
    match column {
        "state" => vec!["closed"],
        "result" => of(FollowupResult::ALL, FollowupResult::code),
        "satisfaction" => of(Satisfaction::ALL, Satisfaction::code),
        "appellant_kind" => of(AppellantKind::ALL, AppellantKind::code),
        "appeal_type" => of(AppealType::ALL, AppealType::code),
        "urgency" => of(Urgency::ALL, Urgency::code),
        "place" => vec!["none", "at"],
        "secrecy" => vec!["true", "false"],
        _ => Vec::new(),
    }
}

fn is_code(column: &str, text: &str) -> bool {
    codes(column).contains(&text)
}

fn strange(column: &str, text: &str) -> String {
    if column == "state" {
        return format!(
            "{}: only closed orders are taken over; end it in the older system, or enter it as a new appeal",
            short(text)
        );
    }
    let known = codes(column).join(", ");
    format!("{}: none of {known}; name it with --map", short(text))
}

fn short(text: &str) -> String {
    text.chars().take(20).collect()
}

/// An instant: RFC 3339, or a local day with or without a time, as `2024-08-15 09:30:05` or `2024/8/15 9:30`.
pub fn instant_of(text: &str, zone: &SiteZone) -> Option<WallTime> {
    if let Ok(at) = from_rfc3339(text) {
        return Some(at);
    }
    let (day, time) = text.split_once([' ', 'T']).unwrap_or((text, "0:0"));
    let mut parts = day.split(['-', '/']);
    let (year, month, date) = (parts.next()?, parts.next()?, parts.next()?);
    let day = CivilDate::new(year.parse().ok()?, month.parse().ok()?, date.parse().ok()?)?;
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let mut parts = time.trim().split(':');
    let (hour, minute) = (parts.next()?, parts.next()?);
    let (hour, minute): (u8, u8) = (hour.parse().ok()?, minute.parse().ok()?);
    let seconds: u8 = parts.next().unwrap_or("0").parse().ok()?;
    if 23 < hour || 59 < seconds || parts.next().is_some() {
        return None;
    }
    let time = DayTime::parse(&format!("{hour:02}:{minute:02}")).ok()?;
    let at = zone.at(day, time).as_micros();
    Some(WallTime::from_micros(at + i64::from(seconds) * 1_000_000))
}

#[cfg(test)]
#[path = "old_orders_test.rs"]
mod tests;
