//! A check and its twin: with the rule the check holds, on both databases; with the rule switched off it breaks, and just
//! where it should. What only prepares a check panics, so that no twin is red for another reason.

use serde_json::Value;

use super::town::City;
use super::town::run;

/// What a check came to: nothing, or which of its sentences does not hold.
pub(crate) type Finding = Result<(), String>;

/// How a rule is switched off.
#[derive(Clone, Debug)]
pub(crate) enum Off {
    /// A setting has another value.
    Setting(&'static str, Value),
    /// Rules that are no settings, by the codes of their refusals.
    Rules(&'static [&'static str]),
    /// A table has this row no more.
    Row(&'static str, &'static str),
}

/// A sentence of a check.
pub(crate) fn holds(sentence: &str, is_so: bool) -> Finding {
    if is_so { Ok(()) } else { Err(sentence.to_owned()) }
}

/// Runs a check, and each of its twins, which must break just the sentence named with it.
pub(crate) fn proven<F: AsyncFn(&mut City) -> Finding>(twins: &[(Off, &str)], check: F) {
    run(&["SQLite", "PostgreSQL"], async |city| {
        let finding = check(city).await;
        assert_eq!(finding, Ok(()), "on {}", city.kind);
    });
    for (off, breaks) in twins {
        println!("without {off:?}");
        run(&["SQLite"], async |city| {
            match off.clone() {
                Off::Setting(id, value) => city.set(id, value).await,
                Off::Rules(rules) => city.suspend(rules),
                Off::Row(kind, id) => city.drop_row(kind, id).await,
            }
            let finding = check(city).await;
            assert_eq!(finding, Err((*breaks).to_owned()), "the twin without {off:?}");
        });
    }
}
