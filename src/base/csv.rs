//! Tables as comma-separated texts.
//!
//! **Invariants.** A written table is read back cell by cell the same. A mark of byte order before the table, and either
//! end of line, are taken.
//! **Source.** RFC 4180.

use std::fmt::Write as _;

use crate::base::fault::Fault;

/// A line of a table and where it begins in the text: 1, 2, 3 …
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Number of the line of text on which it begins.
    pub number: usize,
    /// Its cells.
    pub cells: Vec<String>,
}

/// Reads a table; lines without any letter are left out.
///
/// # Errors
/// A quoted cell that does not end, or goes on behind its closing quote.
pub fn parse(text: &str) -> Result<Vec<Line>, Vec<Fault>> {
    let mut reader = Reader::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for letter in text.chars() {
        reader.take(letter);
    }
    reader.end()
}

/// Writes a table.
pub fn write<'a>(lines: impl IntoIterator<Item = Vec<&'a str>>) -> String {
    let mut text = String::new();
    for line in lines {
        for (at, cell) in line.into_iter().enumerate() {
            if 0 < at {
                text.push(',');
            }
            if cell.contains([',', '"', '\n', '\r']) || cell.trim() != cell {
                let _ = write!(text, "\"{}\"", cell.replace('"', "\"\""));
            } else {
                text.push_str(cell);
            }
        }
        text.push_str("\r\n");
    }
    text
}

/// A cell that no spreadsheet takes for a formula: one that begins as a formula does gets an apostrophe before it.
pub fn harmless(cell: &str) -> String {
    const BEGINS: [char; 11] = [
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ];
    let risky = cell.starts_with(BEGINS) || cell.trim_start().starts_with(BEGINS);
    if risky {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Inside {
    /// A cell that has not begun, or a bare one.
    #[default]
    Bare,
    /// Between quotes.
    Quoted,
    /// Behind a quote: the end of the cell, or half of a doubled quote.
    AfterQuote,
}

#[derive(Debug)]
struct Reader {
    inside: Inside,
    cell: String,
    cells: Vec<String>,
    lines: Vec<Line>,
    faults: Vec<Fault>,
    number: usize,
    began: usize,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            inside: Inside::Bare,
            cell: String::new(),
            cells: Vec::new(),
            lines: Vec::new(),
            faults: Vec::new(),
            number: 1,
            began: 1,
        }
    }
}

impl Reader {
    fn take(&mut self, letter: char) {
        match (self.inside, letter) {
            (Inside::Quoted, '"') => self.inside = Inside::AfterQuote,
            (Inside::AfterQuote, '"') => {
                self.cell.push('"');
                self.inside = Inside::Quoted;
            }
            (Inside::Bare, '"') if self.cell.is_empty() => self.inside = Inside::Quoted,
            (Inside::Bare | Inside::AfterQuote, ',') => self.end_cell(),
            (Inside::Bare | Inside::AfterQuote, '\n') => self.end_line(),
            (Inside::Bare | Inside::AfterQuote, '\r') => (),
            (Inside::AfterQuote, _) => {
                let place = format!("line {}", self.number);
                self.faults
                    .push(Fault::new(place, "a cell goes on behind its closing quote"));
                self.inside = Inside::Bare;
            }
            (Inside::Bare | Inside::Quoted, letter) => self.cell.push(letter),
        }
        if letter == '\n' {
            self.number += 1;
            if self.inside != Inside::Quoted {
                self.began = self.number;
            }
        }
    }

    fn end_cell(&mut self) {
        self.cells.push(std::mem::take(&mut self.cell));
        self.inside = Inside::Bare;
    }

    fn end_line(&mut self) {
        self.end_cell();
        let cells = std::mem::take(&mut self.cells);
        if cells.iter().any(|cell| !cell.trim().is_empty()) {
            self.lines.push(Line {
                number: self.began,
                cells,
            });
        }
    }

    fn end(mut self) -> Result<Vec<Line>, Vec<Fault>> {
        if self.inside == Inside::Quoted {
            let place = format!("line {}", self.began);
            self.faults.push(Fault::new(place, "a quoted cell does not end"));
        }
        self.end_line();
        if self.faults.is_empty() {
            return Ok(self.lines);
        }
        Err(self.faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_table_is_read_back_the_same() {
        let rows = [
            vec!["id", "name"],
            vec!["a,b", "说“好”\n\"下一行\""],
            vec!["", " 空 "],
        ];
        let text = write(rows.iter().cloned());
        let read = parse(&format!("\u{feff}{text}")).unwrap();
        let cells: Vec<Vec<&str>> = read
            .iter()
            .map(|line| line.cells.iter().map(String::as_str).collect())
            .collect();
        assert_eq!(cells, rows);
        let numbers: Vec<usize> = read.iter().map(|line| line.number).collect();
        assert_eq!(numbers, [1, 2, 4]);
    }

    #[test]
    fn a_cell_that_does_not_end_is_named_by_its_line() {
        assert_eq!(
            parse("a\n\"b").unwrap_err()[0].to_string(),
            "line 2: a quoted cell does not end"
        );
        assert_eq!(parse("a\n\"b\"c\n").unwrap_err()[0].place, "line 2");
        assert_eq!(parse("a,b\n\n , \nc").unwrap().len(), 2);
    }

    #[test]
    fn a_cell_that_begins_as_a_formula_does_is_text() {
        for cell in [
            "=1+1",
            "+8613800138000",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "  =1",
            "＝1",
            "\r\n=1",
        ] {
            assert_eq!(harmless(cell), format!("'{cell}"));
        }
        for cell in ["", "井盖缺失", "a=b", "13800138000"] {
            assert_eq!(harmless(cell), cell);
        }
    }
}
