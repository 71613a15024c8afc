//! The words of a message: a template from `texts/zh-CN.toml`, its variables, the city and its signature.
//!
//! **Invariants.** Of a confidential order only its number and, to the appellant, its query code are told, whatever the
//! template and the variables hold. A variable is put in as it is: what looks like a place in it is no place. Every
//! template has words; a variable that is missing reads as nothing.
//! **Not here.** Splitting into short messages (the gateways).
//! **Source.** DB1302/T 604—2025 3.1, 6.2 d, 8.4.2.1.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::io::notify::gateway::TEXT_CHARS_MAX;
use crate::io::notify::vocabulary::Template;

/// Longest variable, characters: an answer fits, a letter does not.
pub const VARIABLE_CHARS_MAX: usize = 300;

static TEXTS: LazyLock<toml::Table> = LazyLock::new(|| {
    include_str!("../../../texts/zh-CN.toml")
        .parse()
        .unwrap_or_default()
});

/// How the site names itself. Source: 3.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteWords {
    /// The city, as 唐山市.
    pub city: String,
    /// What stands in 【】 before each text, as 唐山12345; empty when the gateway puts it there itself.
    pub signature: String,
}

/// Whether the message tells of a confidential order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// It does not.
    Open,
    /// It does.
    Confidential,
}

/// The whole text of a message.
pub fn render(
    template: Template,
    variables: &BTreeMap<String, String>,
    secrecy: Secrecy,
    site: &SiteWords,
) -> String {
    let (words, allowed): (&str, &[&str]) = match secrecy {
        Secrecy::Open => (words(template.code()), &[]),
        Secrecy::Confidential if template.is_for_appellant() => {
            (words("confidential_appellant"), &["number", "code"])
        }
        Secrecy::Confidential => (words("confidential_unit"), &["number"]),
    };
    let value = |name: &str| -> String {
        if name == "city" {
            return site.city.clone();
        }
        let known = variables
            .get(name)
            .filter(|_| secrecy == Secrecy::Open || allowed.contains(&name));
        known.map_or_else(String::new, |value| plain(value))
    };
    let mut text = String::new();
    if !site.signature.is_empty() {
        text.push('【');
        text.push_str(&site.signature);
        text.push('】');
    }
    fill(words, value, &mut text);
    shorten(&text, TEXT_CHARS_MAX)
}

fn words(key: &str) -> &'static str {
    find("sms", key).unwrap_or("{number}")
}

/// The words of a reason that a notice names by code, or the code itself.
pub fn reason(code: &str) -> &str {
    find("notice_reason", code).unwrap_or(code)
}

fn find(table: &str, key: &str) -> Option<&'static str> {
    let table = TEXTS.get(table)?;
    table.get(key).and_then(toml::Value::as_str)
}

/// Puts values into their places, once.
fn fill(words: &str, value: impl Fn(&str) -> String, text: &mut String) {
    let mut rest = words;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            rest = after;
            break;
        };
        text.push_str(&value(name));
        rest = behind;
    }
    text.push_str(rest);
}

/// One line without control characters, of bounded length.
fn plain(value: &str) -> String {
    let line: String = value
        .chars()
        .map(|it| if it.is_control() { ' ' } else { it })
        .collect();
    shorten(line.trim(), VARIABLE_CHARS_MAX)
}

fn shorten(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max.saturating_sub(1)).collect();
    format!("{kept}…")
}

#[cfg(test)]
#[path = "render_test.rs"]
mod tests;
