//! Ratios as data: what is counted above the line and below it, at which instant, at which level.
//!
//! ```text
//!  Ratio ── numerator, denominator: Quantity over rows that pass a Filter
//!            Filter ─► SQL with bound values        (the database counts)
//!                   └► a predicate over a row       (tests count, and say the same)
//! ```
//!
//! **Invariants.** A filter has no third truth value: a comparison with NULL is false and its negation true, in SQL as in
//! memory. Every value in SQL is bound; names of columns come from this program alone. A denominator of zero gives no
//! percentage. Averages are made of sums.
//! **Not here.** Which ratios there are ([`crate::report::ratio_table`]); statements (`io::store::ratios`).
//! **Source.** DB1302/T 604—2025 8.1.2.2 e, 8.5, 8.6; GB/T 33358—2016.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::base::time::WallTime;

/// What one row of a count is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Base {
    /// A work order.
    Order,
    /// A cycle of an order: its first handling, or a rework.
    Cycle,
    /// A request for return, extension or co-handling.
    Request,
    /// A 督办.
    Supervision,
    /// A call.
    Call,
}

impl Base {
    /// Every base.
    pub const ALL: [Self; 5] = [
        Self::Order,
        Self::Cycle,
        Self::Request,
        Self::Supervision,
        Self::Call,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Cycle => "cycle",
            Self::Request => "request",
            Self::Supervision => "supervision",
            Self::Call => "call",
        }
    }

    /// What follows FROM: the rows of the base, each with its order beside it.
    pub const fn tables(self) -> &'static str {
        match self {
            Self::Order => "ticket t",
            Self::Cycle => "ticket_cycle c JOIN ticket t ON t.id = c.ticket",
            Self::Request => "ticket_request r JOIN ticket t ON t.id = r.ticket",
            Self::Supervision => "ticket_supervision s JOIN ticket t ON t.id = s.ticket",
            Self::Call => "interaction i",
        }
    }

    /// The order or call a row belongs to.
    pub const fn id(self) -> Column {
        match self {
            Self::Call => Column::text("i.id"),
            _ => Column::text("t.id"),
        }
    }

    /// The column that tells which of a level a row belongs to; none where the base has no such level.
    pub const fn key(self, level: Level) -> Option<Column> {
        Some(match (level, self) {
            (Level::City, _) | (Level::Unit, Self::Call) => return None,
            (Level::Unit, Self::Order) => Column::text("t.unit"),
            (Level::Unit, Self::Cycle) => Column::text("c.unit"),
            (Level::Unit, Self::Request) => Column::text("r.unit"),
            (Level::Unit, Self::Supervision) => Column::text("s.unit"),
            (Level::Agent, Self::Call) => Column::text("i.agent"),
            (Level::Agent, _) => Column::text("t.agent"),
            (Level::Queue, Self::Call) => Column::text("i.queue"),
            (Level::Queue, _) => Column::text("t.queue"),
        })
    }
}

/// For whom a ratio is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// 全市.
    City,
    /// 承办单位.
    Unit,
    /// 受理人员.
    Agent,
    /// 队列.
    Queue,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 4] = [Self::City, Self::Unit, Self::Agent, Self::Queue];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::City => "city",
            Self::Unit => "unit",
            Self::Agent => "agent",
            Self::Queue => "queue",
        }
    }

    /// The level with this code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.code() == code)
    }
}

/// A column, with the letter of its table before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Column {
    /// As `t.state`.
    pub name: &'static str,
    /// Whether it holds texts; else whole numbers.
    pub is_text: bool,
}

impl Column {
    /// A column of texts.
    pub const fn text(name: &'static str) -> Self {
        Self { name, is_text: true }
    }

    /// A column of whole numbers: instants in µs, counts, flags.
    pub const fn int(name: &'static str) -> Self {
        Self { name, is_text: false }
    }
}

/// A value that is bound to a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A text.
    Text(String),
    /// A whole number.
    Int(i64),
}

/// A cell of a row in memory; NULL is a cell that is not there.
pub type Row = BTreeMap<&'static str, Bound>;

/// Which rows count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Every row.
    Every,
    /// All of these.
    All(&'static [Filter]),
    /// One of these.
    Any(&'static [Filter]),
    /// Not this.
    Not(&'static Filter),
    /// The column holds this text.
    Is(Column, &'static str),
    /// The column holds one of these texts.
    In(Column, &'static [&'static str]),
    /// The column is not NULL.
    Has(Column),
    /// The column holds this number.
    Equals(Column, i64),
    /// The column holds this number or more.
    AtLeast(Column, i64),
    /// The first column holds less than the second.
    Less(Column, Column),
    /// Both columns hold the same number.
    Same(Column, Column),
    /// From the first column to the second so many pass at most.
    Within(Column, Column, i64),
    /// The instant has passed when the count is made.
    Passed(Column),
}

/// A condition being written, and the values it binds.
#[derive(Debug)]
pub struct Statement {
    /// The text.
    pub sql: String,
    /// The values of `$1`, `$2` …
    pub bound: Vec<Bound>,
}

impl Statement {
    /// Begins with a text that binds nothing.
    pub fn new(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            bound: Vec::new(),
        }
    }

    /// Writes a text that binds nothing.
    pub fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    /// Binds a value and writes its place; it is cast, so that a database knows its type wherever it stands.
    pub fn bind(&mut self, value: Bound) {
        let kind = match value {
            Bound::Text(_) => "TEXT",
            Bound::Int(_) => "BIGINT",
        };
        self.bound.push(value);
        let _ = write!(self.sql, "CAST(${} AS {kind})", self.bound.len());
    }

    /// Writes a filter; `now` is when the count is made.
    pub fn filter(&mut self, filter: &Filter, now: WallTime) {
        match filter {
            Filter::Every => self.push("1 = 1"),
            Filter::All(parts) => self.join(parts, " AND ", "1 = 1", now),
            Filter::Any(parts) => self.join(parts, " OR ", "1 = 0", now),
            Filter::Not(part) => {
                self.push("NOT (");
                self.filter(part, now);
                self.push(")");
            }
            Filter::Is(column, text) => self.compare(*column, " = ", Bound::Text((*text).to_owned())),
            Filter::In(column, texts) => {
                self.push("(1 = 0");
                for text in *texts {
                    self.push(" OR ");
                    self.compare(*column, " = ", Bound::Text((*text).to_owned()));
                }
                self.push(")");
            }
            Filter::Has(column) => {
                let _ = write!(self.sql, "{} IS NOT NULL", column.name);
            }
            Filter::Equals(column, number) => self.compare(*column, " = ", Bound::Int(*number)),
            Filter::AtLeast(column, number) => self.compare(*column, " >= ", Bound::Int(*number)),
            Filter::Less(one, other) => self.pair(*one, " < ", *other),
            Filter::Same(one, other) => self.pair(*one, " = ", *other),
            Filter::Within(from, to, most) => {
                let (from, to) = (from.name, to.name);
                let _ = write!(
                    self.sql,
                    "({from} IS NOT NULL AND {to} IS NOT NULL AND {to} - {from} <= "
                );
                self.bind(Bound::Int(*most));
                self.push(")");
            }
            Filter::Passed(column) => self.compare(*column, " < ", Bound::Int(now.as_micros())),
        }
    }

    fn join(&mut self, parts: &[Filter], between: &str, none: &str, now: WallTime) {
        if parts.is_empty() {
            return self.push(none);
        }
        for (at, part) in parts.iter().enumerate() {
            self.push(if at == 0 { "(" } else { between });
            self.filter(part, now);
        }
        self.push(")");
    }

    fn compare(&mut self, column: Column, how: &str, value: Bound) {
        let _ = write!(self.sql, "({0} IS NOT NULL AND {0}{how}", column.name);
        self.bind(value);
        self.push(")");
    }

    fn pair(&mut self, one: Column, how: &str, other: Column) {
        let (one, other) = (one.name, other.name);
        let _ = write!(
            self.sql,
            "({one} IS NOT NULL AND {other} IS NOT NULL AND {one}{how}{other})"
        );
    }
}

impl Filter {
    /// Whether a row counts, when the count is made at `now`.
    pub fn passes(&self, row: &Row, now: WallTime) -> bool {
        let text = |column: &Column| match row.get(column.name) {
            Some(Bound::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        match self {
            Self::Every => true,
            Self::All(parts) => parts.iter().all(|part| part.passes(row, now)),
            Self::Any(parts) => parts.iter().any(|part| part.passes(row, now)),
            Self::Not(part) => !part.passes(row, now),
            Self::Is(column, wanted) => text(column) == Some(wanted),
            Self::In(column, wanted) => text(column).is_some_and(|text| wanted.contains(&text)),
            Self::Has(column) => row.contains_key(column.name),
            Self::Equals(column, number) => int(row, *column) == Some(*number),
            Self::AtLeast(column, number) => int(row, *column).is_some_and(|it| *number <= it),
            Self::Less(one, other) => {
                let both = int(row, *one).zip(int(row, *other));
                both.is_some_and(|(one, other)| one < other)
            }
            Self::Same(one, other) => {
                let both = int(row, *one).zip(int(row, *other));
                both.is_some_and(|(one, other)| one == other)
            }
            Self::Within(from, to, most) => {
                let both = int(row, *from).zip(int(row, *to));
                both.is_some_and(|(from, to)| to.saturating_sub(from) <= *most)
            }
            Self::Passed(column) => int(row, *column).is_some_and(|it| it < now.as_micros()),
        }
    }
}

/// The number in a column of a row.
pub fn int(row: &Row, column: Column) -> Option<i64> {
    match row.get(column.name) {
        Some(Bound::Int(number)) => Some(*number),
        _ => None,
    }
}

/// What is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// The rows themselves.
    Rows,
    /// What a column holds.
    Sum(Column),
    /// The time from one instant to another, µs.
    Span(Column, Column),
}

/// One side of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What is added up …
    pub quantity: Quantity,
    /// … over which rows.
    pub filter: Filter,
}

impl Part {
    /// Counts rows.
    pub const fn rows(filter: Filter) -> Self {
        Self {
            quantity: Quantity::Rows,
            filter,
        }
    }

    /// What a row adds.
    pub fn of(&self, row: &Row, now: WallTime) -> i64 {
        if !self.filter.passes(row, now) {
            return 0;
        }
        match self.quantity {
            Quantity::Rows => 1,
            Quantity::Sum(column) => int(row, column).unwrap_or(0),
            Quantity::Span(from, to) => {
                let both = int(row, from).zip(int(row, to));
                both.map_or(0, |(from, to)| to.saturating_sub(from))
            }
        }
    }
}

/// How a result is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// A share of the denominator: the numerator's rows are among the denominator's.
    Share,
    /// A number per row of the denominator, which may exceed 1.
    Rate,
    /// An average time: the numerator in µs.
    AverageTime,
    /// An average time: the numerator in ms.
    AverageMs,
}

impl Form {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::Rate => "rate",
            Self::AverageTime => "average_time",
            Self::AverageMs => "average_ms",
        }
    }
}

/// An entry of the registry.
#[derive(Clone, Copy, Debug)]
pub struct Ratio {
    /// Its id; its Chinese name is the text `ratio.<id>`, the label of its variant `ratio.<id>_note`.
    pub id: &'static str,
    /// What one row is.
    pub base: Base,
    /// How the result is read.
    pub form: Form,
    /// Above the line. In a [`Form::Share`] only rows of the denominator are counted.
    pub numerator: Part,
    /// Below the line.
    pub denominator: Part,
    /// The instant by which a row belongs to a period.
    pub anchor: Column,
    /// For whom it is counted.
    pub levels: &'static [Level],
    /// What is left out and listed.
    pub exclusions: Filter,
    /// The clause or standard it comes from.
    pub source: &'static str,
}

/// Rows a drill-down lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// n.
    Numerator,
    /// N.
    Denominator,
    /// N − n.
    Missing,
    /// What is left out.
    Excluded,
}

impl Which {
    /// Every part.
    pub const ALL: [Self; 4] = [Self::Numerator, Self::Denominator, Self::Missing, Self::Excluded];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Numerator => "numerator",
            Self::Denominator => "denominator",
            Self::Missing => "missing",
            Self::Excluded => "excluded",
        }
    }

    /// The part with this code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|which| which.code() == code)
    }
}

impl Ratio {
    /// Writes the condition of a drill-down.
    pub fn condition(&self, which: Which, out: &mut Statement, now: WallTime) {
        let below = |out: &mut Statement| {
            out.push("NOT (");
            out.filter(&self.exclusions, now);
            out.push(") AND ");
            out.filter(&self.denominator.filter, now);
        };
        match which {
            Which::Denominator => below(out),
            Which::Numerator if self.form == Form::Share => {
                below(out);
                out.push(" AND ");
                out.filter(&self.numerator.filter, now);
            }
            Which::Numerator => {
                out.push("NOT (");
                out.filter(&self.exclusions, now);
                out.push(") AND ");
                out.filter(&self.numerator.filter, now);
            }
            Which::Missing => {
                below(out);
                out.push(" AND NOT (");
                out.filter(&self.numerator.filter, now);
                out.push(")");
            }
            Which::Excluded => {
                out.filter(&self.exclusions, now);
                out.push(" AND ");
                out.filter(&self.denominator.filter, now);
            }
        }
    }

    /// Whether a row stands in a drill-down; the row's period is not looked at.
    pub fn lists(&self, which: Which, row: &Row, now: WallTime) -> bool {
        let excluded = self.exclusions.passes(row, now);
        let below = self.denominator.filter.passes(row, now);
        let above = self.numerator.filter.passes(row, now);
        match which {
            Which::Excluded => excluded && below,
            Which::Denominator => !excluded && below,
            Which::Missing => !excluded && below && !above,
            Which::Numerator => !excluded && above && (below || self.form != Form::Share),
        }
    }

    /// Counts rows in memory.
    pub fn count<'a>(&self, rows: impl IntoIterator<Item = &'a Row>, period: Period) -> Figure {
        let mut figure = Figure::default();
        for row in rows {
            let inside = int(row, self.anchor).is_some_and(|at| period.holds(at));
            if !inside {
                continue;
            }
            if self.lists(Which::Excluded, row, period.now) {
                figure.excluded += 1;
            }
            if self.lists(Which::Numerator, row, period.now) {
                figure.n += self.numerator.of(row, period.now);
            }
            if self.lists(Which::Denominator, row, period.now) {
                figure.d += self.denominator.of(row, period.now);
            }
        }
        figure
    }
}

/// When, and when it is looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// First instant.
    pub from: WallTime,
    /// First instant after it.
    pub to: WallTime,
    /// When the count is made: what is not due yet is not missing.
    pub now: WallTime,
}

impl Period {
    /// Whether an instant in µs lies in it.
    pub fn holds(&self, at: i64) -> bool {
        (self.from.as_micros()..self.to.as_micros()).contains(&at)
    }
}

/// What a count came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figure {
    /// Above the line.
    pub n: i64,
    /// Below the line.
    pub d: i64,
    /// Rows left out of both.
    pub excluded: i64,
}

impl Figure {
    /// n ÷ N in ten-thousandths, rounded to the nearest: 9876 is 98.76 %. None when N is 0, shown as “—”.
    pub fn basis_points(&self) -> Option<i64> {
        self.scaled(10_000)
    }

    /// n ÷ N, rounded to the nearest, for averages.
    pub fn average(&self) -> Option<i64> {
        self.scaled(1)
    }

    fn scaled(&self, by: i128) -> Option<i64> {
        if self.d <= 0 {
            return None;
        }
        let d = i128::from(self.d);
        let doubled = i128::from(self.n) * by * 2 + d;
        i64::try_from(doubled.div_euclid(d * 2)).ok()
    }
}

#[cfg(test)]
#[path = "ratio_test.rs"]
mod tests;
