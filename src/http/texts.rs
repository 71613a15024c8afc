//! The Chinese words for stable codes, from `texts/zh-CN.toml`.
//!
//! **Invariants.** A code without words is shown as itself: nothing fails for a missing text.
//! **Not here.** The words of the screens: they read the same file when they are built.

use std::sync::LazyLock;

static TEXTS: LazyLock<toml::Table> =
    LazyLock::new(|| include_str!("../../texts/zh-CN.toml").parse().unwrap_or_default());

/// The words for `code` in `table` (`document.event` is a table in another), or the code itself.
pub(crate) fn text<'a>(table: &str, code: &'a str) -> &'a str
where
    'static: 'a,
{
    let mut names = table.split('.');
    let outer = TEXTS.get(names.next().unwrap_or_default());
    names
        .fold(outer, |outer, name| outer.and_then(|outer| outer.get(name)))
        .and_then(|table| table.get(code))
        .and_then(toml::Value::as_str)
        .unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_words_and_an_unknown_code_stands_for_itself() {
        assert_eq!(text("urgency", "critical"), "非常紧急");
        assert_eq!(text("urgency", "soon"), "soon");
        assert_eq!(text("nothing", "soon"), "soon");
    }
}
