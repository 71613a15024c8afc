//! Where words go on pages: lines broken as Chinese is, rows that continue on the next page.
//!
//! **Invariants.** No line is wider than its column. A line begins with no closing sign and ends with no opening one,
//! unless the column is too narrow for anything else. Nothing is left out: what does not fit goes to the next page.
//! **Not here.** Drawing (`io::pdf`).
//! **Source.** GB/T 15834—2011 5.1.10 (marks that do not begin a line).

use crate::io::pdf::font::Face;

/// Signs no line begins with.
const NEVER_FIRST: &str = "，。、；：？！）】》〉」』”’…—,.;:?!)]}%";
/// Signs no line ends with.
const NEVER_LAST: &str = "（【《〈「『“‘([{";

/// Breaks a text into lines of at most `width` ems; a line feed always breaks. An empty text is one empty line.
pub fn lines(face: &Face, text: &str, width: f32) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        break_paragraph(face, paragraph.trim_end_matches('\r'), width, &mut lines);
    }
    lines
}

fn break_paragraph(face: &Face, paragraph: &str, width: f32, lines: &mut Vec<String>) {
    let clean: String = paragraph.chars().map(printable).collect();
    let glyphs = face.glyphs(&clean);
    let (mut start, mut used) = (0, 0.0_f32);
    for (at, (_, range, advance)) in glyphs.iter().enumerate() {
        if used + advance <= width || range.start == start {
            used += advance;
            continue;
        }
        let end = break_before(&clean, start, range.start);
        lines.push(clean.get(start..end).unwrap_or_default().trim_end().to_owned());
        start = end + leading_blanks(clean.get(end..).unwrap_or_default());
        let rest = glyphs.get(..=at).unwrap_or_default();
        let kept = rest.iter().filter(|(_, range, _)| start <= range.start);
        used = kept.map(|(_, _, advance)| advance).sum();
    }
    lines.push(clean.get(start..).unwrap_or_default().to_owned());
}

/// The best place to break `text[start..]` at or before `end`.
fn break_before(text: &str, start: usize, end: usize) -> usize {
    let line = text.get(start..end).unwrap_or_default();
    let next = |at: usize| text.get(at..).and_then(|rest| rest.chars().next());
    let candidates = line.char_indices().rev().take(40);
    for (at, before) in candidates {
        let place = start + at + before.len_utf8();
        if at == 0 && place < end {
            break;
        }
        let Some(after) = next(place) else {
            return place;
        };
        let word = before.is_ascii_alphanumeric() && after.is_ascii_alphanumeric();
        if !word && !NEVER_FIRST.contains(after) && !NEVER_LAST.contains(before) {
            return place;
        }
    }
    end
}

fn leading_blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}

/// Tabs are blanks, and what cannot be drawn is one too.
fn printable(it: char) -> char {
    if it.is_control() { ' ' } else { it }
}

/// A table's columns from the shares of its width, in points.
pub(super) fn columns(shares: &[u16], width: f32) -> Vec<f32> {
    let sum: f32 = shares.iter().map(|share| f32::from(*share)).sum();
    let sum = if sum < 1.0 { 1.0 } else { sum };
    shares
        .iter()
        .map(|share| width * f32::from(*share) / sum)
        .collect()
}
