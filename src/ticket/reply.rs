//! What a program can see in a unit's reply: documents quoted in full, careful words.
//!
//! **Invariants.** Pure. Warnings are stable codes without a word of the reply: they stand beside it in clear. A check tells,
//! a person decides: nothing here refuses a reply.
//! **Not here.** The refusal of an empty block and of a missing contact (`ticket::decide::handling`), the person who reviews
//! (`ticket::decide::review`).
//! **Source.** DB1302/T 604—2025 7.5.2 (引用文件应注明全称、文号、条款；注意措辞，防止引发舆情).

use std::collections::BTreeSet;

use crate::ticket::command::Citation;
use crate::ticket::command::FeedBack;
use crate::ticket::reference::Reference;
use crate::ticket::words::WordUse;

/// Warnings of one reply at most.
pub const WARNINGS_MAX: usize = 50;
/// Documents that a reply is searched for at most.
pub const TITLES_MAX: usize = 100;
/// Documents that a reply may list.
pub const CITATIONS_MAX: usize = 50;
/// How far after a title its number and clause are looked for, characters.
const REACH: usize = 60;

/// What is to be looked at before the reply goes out: `citation:<what is missing>`, `wording:<word of the site's list>`; each
/// once, in this order.
pub fn check(reply: &FeedBack, reference: &Reference) -> Vec<String> {
    let public = reply.public_reply.trimmed();
    let texts = [
        reply.process.trimmed(),
        reply.basis.trimmed(),
        reply.result.trimmed(),
        reply.next_steps.trimmed(),
        public,
        reply.co_summary.trimmed(),
    ];
    let missing = missing_of_citations(&texts, &reply.citations).into_iter();
    let mut warnings: Vec<String> = missing.map(|what| format!("citation:{what}")).collect();
    let mut words = BTreeSet::new();
    for text in &texts {
        words.extend(reference.risky(text, WordUse::Reply).map(|it| it.word.as_str()));
    }
    warnings.extend(words.into_iter().map(|word| format!("wording:{word}")));
    warnings.truncate(WARNINGS_MAX);
    warnings
}

/// What documents quoted lack: `title`, `number`, `clause`. A document counts as quoted in full when its row, or the text
/// right after its title, says it.
fn missing_of_citations(texts: &[&str], rows: &[Citation]) -> BTreeSet<&'static str> {
    let mut missing = BTreeSet::new();
    for row in rows.iter().take(CITATIONS_MAX) {
        let parts = [
            ("title", &row.title),
            ("number", &row.number),
            ("clause", &row.clause),
        ];
        let empty = parts.into_iter().filter(|(_, text)| text.is_empty());
        missing.extend(empty.map(|(name, _)| name));
    }
    let mentions = texts.iter().flat_map(|text| mentions(text));
    for (title, after) in mentions.take(TITLES_MAX) {
        let row = rows.iter().find(|row| bare(row.title.trimmed()) == title);
        // What a row lacks is told above.
        if row.is_some() {
            continue;
        }
        if !has_number(after) {
            missing.insert("number");
        }
        if !has_clause(after) {
            missing.insert("clause");
        }
    }
    missing
}

/// The title without 《》.
fn bare(title: &str) -> &str {
    title.trim_start_matches('《').trim_end_matches('》')
}

/// Every 《title》 of a text with what stands right after it, up to the next one.
fn mentions(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('《').skip(1).filter_map(|part| {
        let (title, after) = part.split_once('》')?;
        let end = after.char_indices().nth(REACH).map_or(after.len(), |(at, _)| at);
        Some((title, after.get(..end).unwrap_or(after)))
    })
}

/// Whether a document number stands there: 国办发〔2025〕66号.
fn has_number(text: &str) -> bool {
    let marks = [
        ('〔', '〕'),
        ('[', ']'),
        ('［', '］'),
        ('【', '】'),
        ('（', '）'),
        ('(', ')'),
    ];
    let year = |year: &str| year.chars().count() == 4 && year.chars().all(|it| it.is_ascii_digit());
    marks.into_iter().any(|(open, close)| {
        let mut parts = text.split(open).skip(1);
        parts.any(|part| {
            let Some((inside, after)) = part.split_once(close) else {
                return false;
            };
            let digits = after.trim_start_matches('第');
            let number = digits.trim_start_matches(|it: char| it.is_ascii_digit());
            year(inside) && number.len() < digits.len() && number.starts_with('号')
        })
    }) || has_order_number(text)
}

/// 主席令第七十号, 国务院令第588号: how laws and regulations are numbered.
fn has_order_number(text: &str) -> bool {
    text.split_once('令').is_some_and(|(_, after)| {
        let (number, rest) = after.split_once('号').unwrap_or_default();
        let _ = rest;
        (2..=10).contains(&number.chars().count()) && number.starts_with('第')
    })
}

/// Whether a clause stands there: 第十二条, 第3款, 第二章.
fn has_clause(text: &str) -> bool {
    text.split('第').skip(1).any(|part| {
        let mut letters = part.chars().skip_while(|it| is_numeral(*it)).peekable();
        let numbered = part.chars().next().is_some_and(is_numeral);
        numbered && letters.peek().is_some_and(|it| "条款项章节".contains(*it))
    })
}

fn is_numeral(letter: char) -> bool {
    letter.is_ascii_digit() || "〇零一二三四五六七八九十百千".contains(letter)
}

#[cfg(test)]
#[path = "reply_test.rs"]
mod tests;
