//! Side records: 催办, 批示, 督办, 重点督办, 帮办, responsibility.
//!
//! **Not here.** What they do (`ticket::decide`).

use serde::Deserialize;
use utoipa::ToSchema;

use crate::base::ids::AgentId;
use crate::base::ids::CaseId;
use crate::base::ids::OrganId;
use crate::ticket::command::Text;
use crate::ticket::model::FileRef;
use crate::ticket::model::KeyCause;
use crate::ticket::model::SupervisionCause;
use crate::ticket::model::UrgedBy;

/// Asks for haste (催办). Source: 7.8.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Urge {
    /// Who.
    pub by: UrgedBy,
    /// In words.
    #[serde(default)]
    pub text: Text,
}

/// A leader's instruction (批示). Source: 8.1.2.1 a.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Instruct {
    /// Who.
    #[serde(default)]
    pub leader: Text,
    /// What.
    #[serde(default)]
    pub text: Text,
}

/// 督办 by hand. Source: 7.8.1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Supervise {
    /// Why.
    pub cause: SupervisionCause,
    /// What is demanded.
    #[serde(default)]
    pub text: Text,
}

/// The unit opens a 督办. Source: 7.8.1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadSupervision {
    /// Which.
    pub no: u32,
}

/// The unit answers a 督办. Source: 7.8.1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplySupervision {
    /// Which.
    pub no: u32,
    /// What was done.
    #[serde(default)]
    pub reply: Text,
}

/// The organ is content with the answer, or not. Source: 7.8.1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JudgeSupervision {
    /// Which.
    pub no: u32,
    /// Whether it is.
    #[serde(default)]
    pub satisfied: bool,
    /// Why not.
    #[serde(default)]
    pub reason: Text,
}

/// Joins a 重点督办 case. Source: 7.8.2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnterCase {
    /// Which.
    #[schema(value_type = String)]
    pub case: CaseId,
    /// Why.
    pub cause: KeyCause,
}

/// Its 重点督办 case is closed. Source: 7.8.2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveCase {
    /// Which.
    #[schema(value_type = String)]
    pub case: CaseId,
}

/// Asks for 帮办. Source: 7.1.5 a.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenHelp {
    /// What is needed.
    #[serde(default)]
    pub need: Text,
    /// Where.
    #[serde(default)]
    pub place: Text,
    /// Whom it takes.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub departments: Vec<OrganId>,
}

/// Gives it to a seat. Source: 7.1.5 a.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignHelp {
    /// Which.
    pub no: u32,
    /// Who helps.
    #[schema(value_type = String)]
    pub seat: AgentId,
}

/// The seat is on the spot. Source: 7.1.5 a.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckIn {
    /// Which.
    pub no: u32,
    /// Where.
    #[serde(default)]
    pub place: Text,
    /// With whom.
    #[serde(default)]
    pub companions: Text,
    /// Photos.
    #[serde(default)]
    pub files: Vec<FileRef>,
}

/// The help ended; the report is due. Source: 7.1.5 b.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndHelp {
    /// Which.
    pub no: u32,
}

/// The report with the problems found. Source: 7.1.5 b.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportHelp {
    /// Which.
    pub no: u32,
    /// What was needed.
    #[serde(default)]
    pub needs: Text,
    /// What was done.
    #[serde(default)]
    pub steps: Text,
    /// What came of it.
    #[serde(default)]
    pub result: Text,
    /// Problems found.
    #[serde(default)]
    pub problems: Text,
    /// Suggestions.
    #[serde(default)]
    pub suggestions: Text,
}

/// The report was reviewed. Source: 7.1.5 b.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseHelp {
    /// Which.
    pub no: u32,
}

/// Primary and secondary responsibility after closing. Source: B.5.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FixResponsibility {
    /// Primary.
    #[schema(value_type = String)]
    pub primary: OrganId,
    /// Secondary.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub secondary: Vec<OrganId>,
    /// Why.
    #[serde(default)]
    pub reason: Text,
    /// Proposes a routing rule.
    #[serde(default)]
    pub propose_rule: bool,
}
