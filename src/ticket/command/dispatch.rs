//! Commands of dispatch (转办).
//!
//! **Not here.** What they do (`ticket::decide`).

use serde::Deserialize;
use utoipa::ToSchema;

use crate::base::ids::OrganId;
use crate::ticket::command::Text;
use crate::ticket::model::AppealType;
use crate::ticket::model::RouteBasis;
use crate::ticket::model::Urgency;

/// Sends the order to its first unit. Source: 7.2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Dispatch {
    /// 首接负责单位.
    #[schema(value_type = String)]
    pub unit: OrganId,
    /// How it was found.
    pub basis: RouteBasis,
    /// The routing rule followed.
    pub rule: Option<String>,
    /// The grid, with `grid`.
    pub grid: Option<String>,
    /// Why this unit; required with `judgement`.
    #[serde(default)]
    pub reason: Text,
}

/// Facts are missing: back to the agent. Source: 7.1.2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendBack {
    /// What is missing.
    #[serde(default)]
    pub reason: Text,
}

/// Responsibility is unclear. Source: 7.2 b.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenArbitration {
    /// Why.
    #[serde(default)]
    pub reason: Text,
    /// Who decides with the hotline organ.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub invited: Vec<OrganId>,
}

/// Fixes the first unit. Source: B.1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Arbitrate {
    /// Primary.
    #[schema(value_type = String)]
    pub unit: OrganId,
    /// Secondary.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub secondary: Vec<OrganId>,
    /// The decision.
    #[serde(default)]
    pub decision: Text,
    /// What it rests on.
    #[serde(default)]
    pub legal_basis: Text,
    /// The minutes.
    #[serde(default)]
    pub minutes: Text,
}

/// Sends the order down the tree of organs. Source: 7.7.1 b.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Redispatch {
    /// A unit below.
    #[schema(value_type = String)]
    pub to: OrganId,
    /// Why.
    #[serde(default)]
    pub reason: Text,
}

/// The duty office says that it knows. Source: 7.2 a.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgeDuty {
    /// Who at the duty office.
    #[serde(default)]
    pub name: Text,
}

/// Raises or lowers the urgency. Source: 7.5.1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeUrgency {
    /// Now.
    pub to: Urgency,
    /// Why.
    #[serde(default)]
    pub reason: Text,
}

/// Changes the kind of appeal after submission. Source: 3.2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeType {
    /// Now.
    pub to: AppealType,
    /// Why.
    #[serde(default)]
    pub reason: Text,
}

/// Changes the event type after submission. Source: 7.1.2 a.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeCategory {
    /// A code of the tree.
    pub to: String,
    /// Why.
    #[serde(default)]
    pub reason: Text,
}
