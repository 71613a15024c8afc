//! Facts about 重点督办 cases: many orders handed to the inspection department (督查部门) as one matter.
//!
//! **Invariants.** Each body names its case. Words that people write travel beside the fact as personal values; a body holds
//! codes, numbers, instants and ids.
//! **Not here.** Which fact follows from which command (`ticket::key_case`); what an order notes of it (`fact::ticket`).
//! **Source.** DB1302/T 604—2025 7.8.2.

use serde::Deserialize;
use serde::Serialize;

use crate::base::ids::CaseId;
use crate::base::ids::OrganId;
use crate::base::ids::TicketId;
use crate::base::time::WallTime;
use crate::fact::codes::KeyCause;

/// What happened to a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum CaseFact {
    /// The hotline organ handed it over. Personal: title, text.
    #[serde(rename = "case.submitted")]
    Submitted {
        /// Which.
        case: CaseId,
        /// Why.
        cause: KeyCause,
        /// The orders it holds.
        orders: Vec<TicketId>,
        /// The units that are to rectify.
        units: Vec<OrganId>,
        /// Different appellants, as counted when it was submitted.
        appellants: u32,
    },
    /// More orders of the same matter.
    #[serde(rename = "case.joined")]
    Joined {
        /// Which.
        case: CaseId,
        /// Those that were not in it.
        orders: Vec<TicketId>,
    },
    /// The inspection department took it.
    #[serde(rename = "case.taken")]
    Taken {
        /// Which.
        case: CaseId,
    },
    /// The inspection department did not take it. Personal: reason.
    #[serde(rename = "case.sent_back")]
    SentBack {
        /// Which.
        case: CaseId,
    },
    /// The units are to rectify until then. Personal: demand.
    #[serde(rename = "case.rectification_ordered")]
    RectificationOrdered {
        /// Which.
        case: CaseId,
        /// 1, 2 …
        round: u32,
        /// On time is before this instant.
        limit: WallTime,
    },
    /// A unit says what it did. Personal: report.
    #[serde(rename = "case.reported")]
    Reported {
        /// Which.
        case: CaseId,
        /// The round.
        round: u32,
        /// Who.
        unit: OrganId,
        /// After the limit.
        late: bool,
        /// Whether every unit of the case has reported now.
        all: bool,
    },
    /// The rectification had no clear effect. Personal: reason.
    #[serde(rename = "case.ineffective")]
    Ineffective {
        /// Which.
        case: CaseId,
        /// The round.
        round: u32,
    },
    /// Done. Personal: conclusion.
    #[serde(rename = "case.closed")]
    Closed {
        /// Which.
        case: CaseId,
    },
    /// The limit of a round passed without every report.
    #[serde(rename = "case.overdue")]
    Overdue {
        /// Which.
        case: CaseId,
        /// The round.
        round: u32,
    },
}

impl CaseFact {
    /// The case it is about.
    pub const fn case(&self) -> CaseId {
        match self {
            Self::Submitted { case, .. }
            | Self::Joined { case, .. }
            | Self::Taken { case }
            | Self::SentBack { case }
            | Self::RectificationOrdered { case, .. }
            | Self::Reported { case, .. }
            | Self::Ineffective { case, .. }
            | Self::Closed { case }
            | Self::Overdue { case, .. } => *case,
        }
    }
}
