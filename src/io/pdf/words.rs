//! The Chinese words of documents for codes, from `texts/zh-CN.toml`.
//!
//! **Invariants.** A code without words is shown as itself: nothing fails for a missing text.

use std::sync::LazyLock;

static TEXTS: LazyLock<toml::Table> = LazyLock::new(|| {
    include_str!("../../../texts/zh-CN.toml")
        .parse()
        .unwrap_or_default()
});

/// The words for `code` in a table below `document`, or the code itself.
pub fn word(table: &str, code: &str) -> String {
    of("document", table, code).map_or_else(|| code.to_owned(), ToOwned::to_owned)
}

/// The words for `code` in a table at the top, or the code itself.
pub fn plain(table: &str, code: &str) -> String {
    let found = TEXTS
        .get(table)
        .and_then(|it| it.get(code))
        .and_then(toml::Value::as_str);
    found.unwrap_or(code).to_owned()
}

fn of(group: &str, table: &str, code: &str) -> Option<&'static str> {
    TEXTS.get(group)?.get(table)?.get(code)?.as_str()
}
