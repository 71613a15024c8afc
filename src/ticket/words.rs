//! Small lists of the site: lines that emergencies are handed to, and words that raise a flag.
//!
//! **Invariants.** A flag is told, never acted on by itself: a person decides.
//! **Source.** DB1302/T 604—2025 3.1 (what is an emergency is no matter of the hotline), 7.5.2 (注意措辞，防止引发舆情).

use crate::base::document::Row;
use crate::base::document::Rows;
use crate::base::document::doubles;
use crate::base::fault::Fault;

/// The fields of an emergency line's row, as the columns of a table.
pub const LINE_COLUMNS: &[&str] = &["number", "name"];
/// The fields of a risky word's row.
pub const WORD_COLUMNS: &[&str] = &["word", "use", "flag"];

/// A line that emergencies are handed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmergencyLine {
    /// Its number.
    pub number: String,
    /// What it is for, Chinese.
    pub name: String,
}

/// Where a word is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WordUse {
    /// In what a citizen says.
    Appeal,
    /// In what a unit writes to him.
    Reply,
}

/// A word that raises a flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RiskyWord {
    /// The word.
    pub word: String,
    /// Where it is looked for.
    pub used: WordUse,
    /// The flag, a code as `life_danger`.
    pub flag: String,
}

/// Reads the lines from their document, `{"emergency_lines": [{"number", "name"}]}`.
///
/// # Errors
/// Every fault.
pub fn parse_emergency_lines(text: &str) -> Result<Vec<EmergencyLine>, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut lines = Vec::new();
    let mut keys = Vec::new();
    for mut row in Rows::parse(text, "emergency_lines")? {
        let line = EmergencyLine {
            number: row.text("number", &mut faults),
            name: row.text("name", &mut faults),
        };
        let good = |letter: char| letter.is_ascii_digit();
        if !line.number.is_empty() && !line.number.chars().all(good) {
            faults.push(row.fault("number", "not digits"));
        }
        keys.push((line.number.clone(), row.place_of("number")));
        lines.push(line);
        row.finish(&mut faults);
    }
    doubles(keys, &mut faults);
    if faults.is_empty() {
        return Ok(lines);
    }
    Err(faults)
}

/// Reads the words from their document, `{"risky_words": [{"word", "use", "flag"}]}`.
///
/// # Errors
/// Every fault.
pub fn parse_risky_words(text: &str) -> Result<Vec<RiskyWord>, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut words = Vec::new();
    let mut keys = Vec::new();
    for mut row in Rows::parse(text, "risky_words")? {
        let word = RiskyWord {
            word: row.text("word", &mut faults),
            used: word_use(&mut row, &mut faults),
            flag: row.text("flag", &mut faults),
        };
        keys.push(((word.word.clone(), word.used), row.place_of("word")));
        words.push(word);
        row.finish(&mut faults);
    }
    doubles(keys, &mut faults);
    if faults.is_empty() {
        return Ok(words);
    }
    Err(faults)
}

fn word_use(row: &mut Row, faults: &mut Vec<Fault>) -> WordUse {
    match row.text("use", faults).as_str() {
        "reply" => WordUse::Reply,
        "appeal" | "" => WordUse::Appeal,
        _ => {
            faults.push(row.fault("use", "neither appeal nor reply"));
            WordUse::Appeal
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_lists_are_read() {
        let lines = parse_emergency_lines(include_str!("data/emergency_lines.json")).unwrap();
        let numbers: Vec<&str> = lines.iter().map(|line| line.number.as_str()).collect();
        assert_eq!(numbers, ["110", "119", "120", "122"]);
        let words = parse_risky_words(include_str!("data/risky_words.json")).unwrap();
        assert!(words.iter().any(|it| it.used == WordUse::Reply));
        assert!(words.iter().any(|it| it.flag == "life_danger"));
    }

    #[test]
    fn a_word_twice_and_a_line_of_letters_are_told() {
        let words = r#"{"risky_words": [{"word": "a", "use": "reply", "flag": "x"}, {"word": "a", "use": "reply",
            "flag": "y"}, {"word": "a", "use": "letter", "flag": ""}]}"#;
        let told: Vec<String> = parse_risky_words(words)
            .unwrap_err()
            .iter()
            .map(|it| it.place.clone())
            .collect();
        assert_eq!(
            told,
            ["risky_words[2].use", "risky_words[2].flag", "risky_words[1].word"]
        );
        let lines = r#"{"emergency_lines": [{"number": "one", "name": "x"}]}"#;
        assert_eq!(parse_emergency_lines(lines).unwrap_err().len(), 1);
    }
}
