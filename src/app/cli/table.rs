//! What the verbs print: texts, and lists as tables for people or as JSON for programs.

use std::io::Write as _;

use serde_json::Map;
use serde_json::Value;

/// Standard output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    json: bool,
}

impl Output {
    /// Prints lists as JSON, or as tables.
    pub(super) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints a text as it is.
    #[allow(clippy::unused_self, reason = "one door for everything that is printed")]
    pub(super) fn text(self, text: &str) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()?;
        Ok(())
    }

    /// Prints rows under a head of stable names.
    pub(super) fn table<const N: usize>(self, head: [&str; N], rows: &[[String; N]]) -> anyhow::Result<()> {
        self.text(&if self.json {
            objects(head, rows)
        } else {
            columns(head, rows)
        })
    }

    /// Prints one thing, a line a field.
    pub(super) fn fields(self, fields: &[(&str, String)]) -> anyhow::Result<()> {
        if self.json {
            let object = fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())));
            return self.text(&format!("{}\n", Value::Object(object.collect())));
        }
        let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let lines: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name:<width$}  {value}\n"))
            .collect();
        self.text(&lines.concat())
    }
}

fn objects<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let object = |row: &[String; N]| {
        let fields = head
            .iter()
            .zip(row)
            .map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())));
        format!("{}\n", Value::Object(fields.collect::<Map<_, _>>()))
    };
    rows.iter().map(object).collect()
}

fn columns<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = head.map(width);
    for row in rows {
        for (most, cell) in widths.iter_mut().zip(row) {
            *most = width(cell).max(*most);
        }
    }
    let line = |cells: &[&str]| {
        let mut text = String::new();
        for (cell, most) in cells.iter().zip(widths) {
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', most.saturating_sub(width(cell)) + 2));
        }
        format!("{}\n", text.trim_end())
    };
    let body = rows.iter().map(|row| line(&row.each_ref().map(String::as_str)));
    std::iter::once(line(&head)).chain(body).collect()
}

/// Columns of a terminal: Chinese letters take two.
fn width(text: &str) -> usize {
    text.chars()
        .map(|letter| {
            if ('\u{1100}'..='\u{ffe6}').contains(&letter) {
                2
            } else {
                1
            }
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_stands_straight_with_chinese_names_in_it() {
        let rows = [
            ["王芳".to_owned(), "1".to_owned()],
            ["li".to_owned(), "22".to_owned()],
        ];
        assert_eq!(columns(["name", "n"], &rows), "name  n\n王芳  1\nli    22\n");
    }

    #[test]
    fn a_list_for_programs_is_an_object_a_line() {
        let rows = [["a".to_owned(), "1".to_owned()]];
        assert_eq!(objects(["x", "y"], &rows), "{\"x\":\"a\",\"y\":\"1\"}\n");
    }
}
