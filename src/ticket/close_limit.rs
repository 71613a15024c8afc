//! The limit to close an order: the standard's class, a stricter law, a stricter upper platform.
//!
//! **Invariants.** Urgency outranks the kind; praise has no limit; nothing looser than the standard ever counts.
//! **Not here.** How a limit is counted (`ticket::deadline`), how long each is (`ticket::settings`).
//! **Source.** DB1302/T 604—2025 7.2, 7.5.1.

use crate::base::time::WallTime;
use crate::fact::codes::AppealType;
use crate::fact::codes::Urgency;
use crate::ticket::deadline::Deadline;
use crate::ticket::deadline::Limits;
use crate::ticket::deadline::Rule;
use crate::ticket::settings::Id;
use crate::ticket::settings::SettingsAt;

/// The class of a limit to close. Source: 7.5.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CloseClass {
    /// 咨询类.
    Consult,
    /// 非咨询类.
    Other,
    /// 紧急.
    Urgent,
    /// 非常紧急.
    Critical,
}

impl CloseClass {
    /// The class of an order; none for praise.
    pub const fn of(appeal_type: AppealType, urgency: Urgency) -> Option<Self> {
        match (appeal_type, urgency) {
            (AppealType::Praise, _) => None,
            (_, Urgency::Critical) => Some(Self::Critical),
            (_, Urgency::Urgent) => Some(Self::Urgent),
            (AppealType::Consult, Urgency::Normal) => Some(Self::Consult),
            (_, Urgency::Normal) => Some(Self::Other),
        }
    }

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Consult => "consult",
            Self::Other => "other",
            Self::Urgent => "urgent",
            Self::Critical => "critical",
        }
    }

    /// The setting with its length.
    pub const fn setting(self) -> Id {
        match self {
            Self::Consult => Id::CloseConsult,
            Self::Other => Id::CloseOther,
            Self::Urgent => Id::CloseUrgent,
            Self::Critical => Id::CloseCritical,
        }
    }
}

/// A category's own limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statutory<'a> {
    /// How long.
    pub rule: Rule,
    /// The law, regulation or document it stands in.
    pub basis: &'a str,
}

/// What decides how long an order may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseCase<'a> {
    /// From when it counts.
    pub start: WallTime,
    /// 诉求类别.
    pub appeal_type: AppealType,
    /// 紧急程度.
    pub urgency: Urgency,
    /// The category's own limit.
    pub statutory: Option<Statutory<'a>>,
    /// The upper platform's deadline, exclusive.
    pub upper: Option<WallTime>,
}

/// Whose limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitSource {
    /// The standard's class.
    Standard,
    /// The category's.
    Statutory,
    /// The upper platform's.
    Upper,
}

impl LimitSource {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Statutory => "statutory",
            Self::Upper => "upper",
        }
    }
}

/// The limit to close an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseLimit {
    /// The standard's class.
    pub class: CloseClass,
    /// The unit in which time is counted and given back.
    pub rule: Rule,
    /// When it ends.
    pub deadline: Deadline,
    /// When a critical order needs its first result.
    pub first_result: Option<Rule>,
    /// What the limit rests on; empty for the upper platform's.
    pub basis: String,
    /// Whose limit it is.
    pub source: LimitSource,
}

impl Limits<'_> {
    /// The limit to close an order; none for praise, which has no clock. Urgency outranks the kind; of the standard's,
    /// the statutory and the upper platform's limit the strictest counts, a looser one is ignored.
    ///
    /// Source: 7.2, 7.5.1.
    pub fn close_limit(&self, case: &CloseCase<'_>, settings: &SettingsAt<'_>) -> Option<CloseLimit> {
        let class = CloseClass::of(case.appeal_type, case.urgency)?;
        let entry = settings.entry(class.setting());
        let rule = settings.rule(class.setting());
        let mut limit = CloseLimit {
            class,
            rule,
            deadline: self.deadline(case.start, rule),
            first_result: (class == CloseClass::Critical).then(|| settings.rule(Id::FirstResult)),
            basis: entry.basis.clone(),
            source: LimitSource::Standard,
        };
        if let Some(statutory) = case.statutory {
            let deadline = self.deadline(case.start, statutory.rule);
            if deadline.at < limit.deadline.at {
                limit.deadline = deadline;
                limit.rule = statutory.rule;
                limit.source = LimitSource::Statutory;
                statutory.basis.clone_into(&mut limit.basis);
            }
        }
        if let Some(upper) = case.upper
            && upper < limit.deadline.at
        {
            limit.deadline = Deadline {
                at: upper,
                provisional: false,
            };
            limit.source = LimitSource::Upper;
            limit.basis.clear();
        }
        Some(limit)
    }
}

#[cfg(test)]
#[path = "close_limit_test.rs"]
mod tests;
