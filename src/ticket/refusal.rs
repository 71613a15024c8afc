//! Why a command to a work order is refused: the field and the clause, so that people learn the rule.
//!
//! **Invariants.** A refusal changes nothing. Its rule is a stable code with a Chinese sentence in `texts/zh-CN.toml`
//! (`[ticket_rule]`).

use crate::ticket::model::State;

/// The standard, before each clause.
pub const STANDARD: &str = "DB1302/T 604—2025";

/// Why a command is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// The order exists already.
    #[error("the order is already open")]
    AlreadyOpen,
    /// The order does not exist.
    #[error("no such order")]
    NotOpen,
    /// The state does not allow it.
    #[error("{STANDARD} {clause}: not in state {state}")]
    NotAllowed {
        /// Where the order stands.
        state: State,
        /// The clause of the command.
        clause: &'static str,
    },
    /// None of the person's roles may give this command, or the order is not his unit's.
    #[error("{STANDARD} {clause}: {rule}")]
    Forbidden {
        /// `role`, `not_your_unit`, `not_your_order`, `second_person` …
        rule: &'static str,
        /// The clause of the command.
        clause: &'static str,
    },
    /// Somebody was quicker.
    #[error("version {expected} was expected, {actual} is there")]
    Version {
        /// What the writer had before his eyes.
        expected: i64,
        /// What is there.
        actual: i64,
    },
    /// Required items are missing.
    #[error("{STANDARD} {clause}: missing {}", fields.join(", "))]
    Incomplete {
        /// The fields by name, in the order of the form.
        fields: Vec<&'static str>,
        /// The clause that asks for them.
        clause: &'static str,
    },
    /// A field holds what it may not.
    #[error("{STANDARD} {clause}: {field}: {reason}")]
    Invalid {
        /// The field by name.
        field: &'static str,
        /// Which rule it breaks, as a stable code: `too_long`, `too_short`, `unknown_code`, `not_text`, `missing` …
        reason: &'static str,
        /// The clause behind the rule.
        clause: &'static str,
    },
    /// A rule of the standard does not allow it now.
    #[error("{STANDARD} {clause}: {rule}")]
    Rule {
        /// Which, as a stable code.
        rule: &'static str,
        /// The clause behind it.
        clause: &'static str,
    },
}

impl TicketError {
    /// The clause behind the refusal, with the standard's name, if one is.
    pub fn clause(&self) -> Option<String> {
        match self {
            Self::Incomplete { clause, .. }
            | Self::Invalid { clause, .. }
            | Self::NotAllowed { clause, .. }
            | Self::Forbidden { clause, .. }
            | Self::Rule { clause, .. } => Some(format!("{STANDARD} {clause}")),
            Self::AlreadyOpen | Self::NotOpen | Self::Version { .. } => None,
        }
    }

    /// The rules behind the refusal as stable codes: the rule's own, `state`, or the fields.
    pub(crate) fn rules(&self) -> Vec<&'static str> {
        match self {
            Self::Forbidden { rule, .. } | Self::Rule { rule, .. } => vec![rule],
            Self::NotAllowed { .. } => vec!["state"],
            Self::Invalid { field, .. } => vec![field],
            Self::Incomplete { fields, .. } => fields.clone(),
            Self::AlreadyOpen | Self::NotOpen | Self::Version { .. } => Vec::new(),
        }
    }

    /// The first field the refusal is about.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Incomplete { fields, .. } => fields.first().copied(),
            Self::Invalid { field, .. } => Some(field),
            _ => None,
        }
    }
}
