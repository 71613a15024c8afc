//! A TOML file whose fields are read one by one, so that every fault is found at once and knows its line.
//!
//! **Invariants.** A field that nobody asked for is a fault. A faulty field never hides another fault.
//! **Not here.** What the fields mean (`app::config::form`).

use std::cell::Cell;
use std::cell::RefCell;
use std::fmt::Display;
use std::ops::Range;
use std::ops::RangeInclusive;
use std::path::Path;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::de::IntoDeserializer as _;
use toml::Spanned;
use toml::de::DeString;
use toml::de::DeTable;
use toml::de::DeValue;

use crate::app::config::Fault;
use crate::ivr::validate::suggest;

/// One file's text, or why there is none.
pub(super) struct Source {
    file: String,
    text: Result<String, std::io::Error>,
}

impl Source {
    /// Reads a file.
    pub(super) fn read(file: &Path) -> Self {
        Self {
            file: file.display().to_string(),
            text: std::fs::read_to_string(file),
        }
    }
}

/// One parsed file.
pub(super) struct Document<'t> {
    file: &'t str,
    /// Byte offsets at which lines begin.
    lines: Vec<usize>,
    root: DeTable<'t>,
    /// Not read or not parsed whole: what seems to be missing may be there.
    broken: bool,
    faults: RefCell<Vec<Fault>>,
}

impl<'t> Document<'t> {
    /// Parses a file; what cannot be read or parsed is a fault, and the rest is read as far as possible.
    pub(super) fn parse(source: &'t Source) -> Self {
        let text = source.text.as_deref().unwrap_or_default();
        let lines = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        let (root, errors) = DeTable::parse_recoverable(text);
        let broken = source.text.is_err() || !errors.is_empty();
        let (root, faults) = (root.into_inner(), RefCell::default());
        let document = Self {
            file: &source.file,
            lines,
            root,
            broken,
            faults,
        };
        if let Err(error) = &source.text {
            document.push(
                0,
                "",
                format!("cannot be read: {error}"),
                "add the file or make it readable",
            );
        }
        for error in errors {
            let line = document.line_at(error.span());
            document.push(line, "", error.message(), "correct the TOML");
        }
        document
    }

    /// The outermost table.
    pub(super) fn root(&self) -> Table<'_> {
        Table {
            document: self,
            fields: &self.root,
            path: String::new(),
            asked: RefCell::default(),
            lenient: Cell::default(),
        }
    }

    /// The line in which `path` stands; of a field that is absent, the line of the table it belongs to.
    pub(super) fn line_of(&self, path: &str) -> u32 {
        let mut line = 1;
        let mut table = Some(&self.root);
        let mut array: Option<&[Spanned<DeValue<'_>>]> = None;
        for name in path.split('.') {
            let value = match (table, array) {
                (Some(table), _) => table.get_key_value(name).map(|(key, value)| (key.span(), value)),
                (None, Some(array)) => name
                    .parse::<usize>()
                    .ok()
                    .and_then(|at| array.get(at))
                    .map(|value| (value.span(), value)),
                (None, None) => None,
            };
            let Some((span, value)) = value else { break };
            line = self.line_at(Some(span));
            table = value.get_ref().as_table();
            array = value.get_ref().as_array().map(AsRef::as_ref);
        }
        line
    }

    /// Adds a fault of the field `path`.
    pub(super) fn fault(&self, path: &str, problem: impl Into<String>, fix: impl Into<String>) {
        self.push(self.line_of(path), path, problem, fix);
    }

    /// The faults so far.
    pub(super) fn into_faults(self) -> Vec<Fault> {
        self.faults.into_inner()
    }

    /// Whether no fault was found so far.
    pub(super) fn is_sound(&self) -> bool {
        self.faults.borrow().is_empty()
    }

    /// Whether the file could not be read or parsed whole.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    fn push(&self, line: u32, path: &str, problem: impl Into<String>, fix: impl Into<String>) {
        let (file, field) = (self.file.to_owned(), path.to_owned());
        let fault = Fault {
            file,
            line,
            field,
            problem: problem.into(),
            fix: fix.into(),
        };
        let mut faults = self.faults.borrow_mut();
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }

    fn line_at(&self, span: Option<Range<usize>>) -> u32 {
        let at = span.map_or(0, |span| span.start);
        u32::try_from(self.lines.partition_point(|begin| *begin <= at)).unwrap_or(u32::MAX)
    }
}

/// A table of a document, with what has been asked of it.
pub(super) struct Table<'a> {
    document: &'a Document<'a>,
    fields: &'a DeTable<'a>,
    path: String,
    asked: RefCell<Vec<&'static str>>,
    lenient: Cell<bool>,
}

impl<'a> Table<'a> {
    /// The path of a field of this table.
    pub(super) fn path_of(&self, name: impl Display) -> String {
        if self.path.is_empty() {
            name.to_string()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Adds a fault of a field of this table.
    pub(super) fn fault(&self, name: impl Display, problem: impl Into<String>, fix: impl Into<String>) {
        self.document.fault(&self.path_of(name), problem, fix);
    }

    /// A field that must be there; `None` after a fault.
    pub(super) fn required<T: DeserializeOwned>(&self, name: &'static str) -> Option<T> {
        if let Some(value) = self.value(name) {
            self.read(name, value)
        } else {
            self.missing(name)
        }
    }

    /// A field that may be left out; `None` also after a fault.
    pub(super) fn optional<T: DeserializeOwned>(&self, name: &'static str) -> Option<T> {
        self.value(name).and_then(|value| self.read(name, value))
    }

    /// A field with a default, which also stands in after a fault.
    pub(super) fn or<T: DeserializeOwned>(&self, name: &'static str, default: T) -> T {
        self.optional(name).unwrap_or(default)
    }

    /// A number that must be there and within `range`.
    pub(super) fn within<T>(&self, name: &'static str, range: &RangeInclusive<T>) -> Option<T>
    where
        T: DeserializeOwned + PartialOrd + Display + Copy,
    {
        let number = self.required::<i64>(name)?;
        let value = self
            .value(name)
            .and_then(|value| T::deserialize(value.clone().into_deserializer()).ok());
        if let Some(value) = value.filter(|value| range.contains(value)) {
            return Some(value);
        }
        let fix = format!("write {} to {}", range.start(), range.end());
        self.fault(name, format!("{number} is out of range"), fix);
        None
    }

    /// A list, element by element; faulty ones are left out. Absent, it is empty.
    pub(super) fn list<T: DeserializeOwned>(&self, name: &'static str) -> Vec<T> {
        let Some(value) = self.value(name) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            self.fault(
                name,
                format!("a {} where a list is due", value.get_ref().type_str()),
                "write [ ] around it",
            );
            return Vec::new();
        };
        let element = |(at, value)| self.read(&format!("{name}.{at}"), value);
        array.iter().enumerate().filter_map(element).collect()
    }

    /// A list that must be there and hold something.
    pub(super) fn some<T: DeserializeOwned>(&self, name: &'static str) -> Vec<T> {
        match self.value(name) {
            None => self.missing::<()>(name),
            Some(value) if value.get_ref().as_array().is_some_and(|array| array.is_empty()) => {
                self.fault(name, "the list is empty", "name at least one");
                None
            }
            Some(_) => None,
        };
        self.list(name)
    }

    /// The keys of a table with their values, each key read as an id; absent, it is empty.
    pub(super) fn map<K: FromStr + Ord, V: DeserializeOwned>(&self, name: &'static str) -> Vec<(K, V)>
    where
        K::Err: Display,
    {
        let Some(table) = self.table(name) else {
            return Vec::new();
        };
        let pair = |(key, value): (&Spanned<DeString<'a>>, &Spanned<DeValue<'a>>)| {
            let key = key.get_ref().as_ref();
            let value = table.read::<V>(key, value);
            Some((table.id(key)?, value?))
        };
        table.fields.iter().filter_map(pair).collect()
    }

    /// The tables of a table, each key read as an id; absent, it is empty. Keys whose value is no table are faults.
    pub(super) fn tables<K: FromStr>(&self, name: &'static str) -> Vec<(K, Table<'a>)>
    where
        K::Err: Display,
    {
        let Some(table) = self.table(name) else {
            return Vec::new();
        };
        let keys = table.fields.keys().map(|key| key.get_ref().as_ref());
        keys.filter_map(|key| Some((table.id(key)?, table.inner(key)?)))
            .collect()
    }

    /// The tables of a list of tables, as of `[[prompt]]`; absent, it is empty.
    pub(super) fn rows(&self, name: &'static str) -> Vec<Table<'a>> {
        let rows = self.value(name).and_then(|value| value.get_ref().as_array());
        let Some(rows) = rows else {
            if self.value(name).is_some() {
                self.fault(
                    name,
                    "no list of tables",
                    format!("write [[{}]] before each", self.path_of(name)),
                );
            }
            return Vec::new();
        };
        let row = |(at, value): (usize, &'a Spanned<DeValue<'a>>)| self.sub(&format!("{name}.{at}"), value);
        rows.iter().enumerate().filter_map(row).collect()
    }

    /// A table that must be there.
    pub(super) fn section(&self, name: &'static str) -> Option<Table<'a>> {
        if self.value(name).is_none() {
            return self.missing(name);
        }
        self.inner(name)
    }

    /// A table that may be left out.
    fn table(&self, name: &'static str) -> Option<Table<'a>> {
        self.value(name)?;
        self.inner(name)
    }

    /// Tells fields that nobody asked for.
    pub(super) fn finish(&self) {
        let asked = self.asked.borrow();
        for key in self.fields.keys() {
            let key = key.get_ref().as_ref();
            if !self.lenient.get() && !asked.contains(&key) {
                let free = asked
                    .iter()
                    .copied()
                    .filter(|name| !self.fields.contains_key(*name));
                let near = crate::ivr::validate::nearest(key, free);
                let fix = near.map_or_else(
                    || format!("leave it out, or {}", suggest("", asked.iter().copied())),
                    |name| format!("did you mean `{name}`?"),
                );
                self.fault(key, format!("unknown field `{key}`"), fix);
            }
        }
    }

    /// Tells no unknown field of this table: it is not known which it should have.
    pub(super) fn ask_all(&self) {
        self.lenient.set(true);
    }

    fn value(&self, name: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        let mut asked = self.asked.borrow_mut();
        if !asked.contains(&name) {
            asked.push(name);
        }
        self.fields.get(name)
    }

    fn missing<T>(&self, name: &'static str) -> Option<T> {
        if !self.document.broken {
            self.fault(name, format!("`{name}` is missing"), format!("add `{name}`"));
        }
        None
    }

    fn inner(&self, name: &str) -> Option<Table<'a>> {
        self.fields.get(name).and_then(|value| self.sub(name, value))
    }

    fn sub(&self, name: &str, value: &'a Spanned<DeValue<'a>>) -> Option<Table<'a>> {
        let path = self.path_of(name);
        if let Some(fields) = value.get_ref().as_table() {
            return Some(Table {
                document: self.document,
                fields,
                path,
                asked: RefCell::default(),
                lenient: Cell::default(),
            });
        }
        self.fault(
            name,
            format!("a {} where a table is due", value.get_ref().type_str()),
            format!("write [{path}]"),
        );
        None
    }

    fn id<K: FromStr>(&self, key: &str) -> Option<K>
    where
        K::Err: Display,
    {
        let id = key.parse::<K>();
        id.map_err(|error| self.fault(key, format!("`{key}` is {error}"), fix_of(&error.to_string())))
            .ok()
    }

    fn read<T: DeserializeOwned>(&self, name: &str, value: &Spanned<DeValue<'a>>) -> Option<T> {
        let read = T::deserialize(value.clone().into_deserializer());
        read.map_err(|error| {
            let fix = fix_of(error.message());
            self.fault(name, error.message(), fix);
        })
        .ok()
    }
}

/// What to do about what serde says of a value.
fn fix_of(message: &str) -> String {
    if let Some((unknown, names)) = message
        .strip_prefix("unknown variant `")
        .and_then(|it| it.split_once('`'))
    {
        return suggest(unknown, names.split('`').skip(1).step_by(2));
    }
    let expected = message
        .rsplit_once("expected ")
        .map_or(message, |(_, expected)| expected);
    let fix = match expected.trim() {
        "u8" => "write a whole number from 0 to 255",
        "u16" => "write a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "write a whole number that is not negative",
        "i64" => "write a whole number",
        "a string" => "write a text in quotes",
        "a boolean" => "write true or false",
        "IP address" => "write an address in quotes, as \"192.0.2.1\" or \"2001:db8::1\"",
        it if it.contains("IP address") => "write an address as \"192.0.2.1\" or \"2001:db8::1\"",
        it if it.contains("socket address") => {
            "write an address and a port as \"192.0.2.1:5060\" or \"[2001:db8::1]:5060\""
        }
        it if it.contains("a-z") => "write 1 to 40 of a-z, 0-9 and -",
        other => return format!("write {other}"),
    };
    fix.to_owned()
}
