//! Requests that hang on an order: return (退单), extension (延期), co-handling (协办).
//!
//! **Not here.** What they do (`ticket::decide`).

use serde::Deserialize;
use utoipa::ToSchema;

use crate::base::ids::OrganId;
use crate::ticket::command::Text;
use crate::ticket::model::ContactWay;
use crate::ticket::model::FileRef;
use crate::ticket::model::ReturnReason;

/// The unit asks to give the order back. Source: 7.4.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskReturn {
    /// Why.
    pub reason: ReturnReason,
    /// What that rests on.
    #[serde(default)]
    pub legal_basis: Text,
    /// In words.
    #[serde(default)]
    pub explanation: Text,
    /// The unit that should have it.
    #[schema(value_type = Option<String>)]
    pub suggested: Option<OrganId>,
    /// Claims 复杂疑难: three working days.
    #[serde(default)]
    pub complex: bool,
    /// Evidence.
    #[serde(default)]
    pub files: Vec<FileRef>,
    /// A co-unit's part.
    pub sub: Option<u32>,
    /// The supervisor takes it after its window.
    #[serde(default)]
    pub overridden: bool,
}

/// The organ decides on a return. Source: 7.4.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideReturn {
    /// Which.
    pub request: u32,
    /// Whether it is approved.
    #[serde(default)]
    pub approve: bool,
    /// 复杂疑难 confirmed.
    #[serde(default)]
    pub complex: bool,
    /// Why; required when refused.
    #[serde(default)]
    pub reason: Text,
}

/// The unit asks for more time. Source: 7.6.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskExtension {
    /// The last day wanted, `YYYY-MM-DD`.
    pub until: String,
    /// Why.
    #[serde(default)]
    pub reason: Text,
    /// Stage progress.
    #[serde(default)]
    pub progress: Text,
    /// How the appellant was told.
    pub told: ContactWay,
    /// What he was told.
    #[serde(default)]
    pub told_text: Text,
    /// Evidence.
    #[serde(default)]
    pub files: Vec<FileRef>,
}

/// The organ decides on an extension. Source: 7.6.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideExtension {
    /// Which.
    pub request: u32,
    /// Whether it is approved.
    #[serde(default)]
    pub approve: bool,
    /// Another last day than the one wanted.
    pub until: Option<String>,
    /// Why; required when refused.
    #[serde(default)]
    pub reason: Text,
}

/// The first unit asks for co-units. Source: B.2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskCoHandling {
    /// Whom, and for what.
    #[serde(default)]
    pub units: Vec<CoPart>,
    /// Why.
    #[serde(default)]
    pub reason: Text,
    /// Evidence, one at least.
    #[serde(default)]
    pub files: Vec<FileRef>,
    /// The supervisor takes it after its window.
    #[serde(default)]
    pub overridden: bool,
}

/// The organ decides on co-handling. Source: B.2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideCoHandling {
    /// Which.
    pub request: u32,
    /// Whether it is approved.
    #[serde(default)]
    pub approve: bool,
    /// Moves the main deadline to the end of this day.
    pub until: Option<String>,
    /// Why; required when refused.
    #[serde(default)]
    pub reason: Text,
}

/// A co-unit signs its part. Source: B.2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignSub {
    /// Which.
    pub sub: u32,
}

/// A co-unit is done. Source: B.2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplySub {
    /// Which.
    pub sub: u32,
    /// What was done.
    #[serde(default)]
    pub reply: Text,
    /// Evidence.
    #[serde(default)]
    pub files: Vec<FileRef>,
}

/// A co-unit and its matter. Source: B.2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CoPart {
    /// Whom.
    #[schema(value_type = String)]
    pub unit: OrganId,
    /// For what.
    pub matter: Text,
}
