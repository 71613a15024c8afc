//! Commands of review, follow-up (回访), verification, and of undoing an end.
//!
//! **Not here.** What they do (`ticket::decide`).

use std::collections::BTreeSet;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::base::ids::InteractionId;
use crate::base::ids::RecordingId;
use crate::ticket::command::Text;
use crate::ticket::model::FollowupLevel;
use crate::ticket::model::FollowupMode;
use crate::ticket::model::FollowupResult;
use crate::ticket::model::ReviewRule;
use crate::ticket::model::Satisfaction;
use crate::ticket::model::Verdict;

/// The reply meets the rules. Source: 7.5.2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PassReview {
    /// More.
    #[serde(default)]
    pub note: Text,
}

/// The reply fails rules. Source: 7.5.2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendBackReply {
    /// Which.
    #[serde(default)]
    pub rules: BTreeSet<ReviewRule>,
    /// What is to be bettered.
    #[serde(default)]
    pub reason: Text,
}

/// Tried to follow up and reached nobody. Source: 7.7.1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordAttempt {
    /// Whose.
    pub level: FollowupLevel,
    /// How.
    pub mode: FollowupMode,
    /// The call.
    #[schema(value_type = Option<String>)]
    pub call: Option<InteractionId>,
    /// Its recording.
    #[schema(value_type = Option<String>)]
    pub recording: Option<RecordingId>,
    /// More.
    #[serde(default)]
    pub note: Text,
}

/// The appellant's word. Source: 7.7.2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordResult {
    /// Whose.
    pub level: FollowupLevel,
    /// How.
    pub mode: FollowupMode,
    /// 办理结果.
    pub result: FollowupResult,
    /// 满意程度.
    pub satisfaction: Satisfaction,
    /// In words.
    #[serde(default)]
    pub opinion: Text,
    /// The call.
    #[schema(value_type = Option<String>)]
    pub call: Option<InteractionId>,
    /// Its recording.
    #[schema(value_type = Option<String>)]
    pub recording: Option<RecordingId>,
}

/// The appellant rates the agent right after the call. Source: 8.5 c.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RateAgent {
    /// His word.
    pub satisfaction: Satisfaction,
}

/// What follows from a negative result, by one officer. Source: 7.7.1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeVerdict {
    /// What.
    pub verdict: Verdict,
    /// Why.
    #[serde(default)]
    pub reason: Text,
}

/// Decides on it; closing takes a second person. Source: 7.7.1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideVerdict {
    /// What.
    pub verdict: Verdict,
    /// Why, and with `rework` what is demanded.
    #[serde(default)]
    pub reason: Text,
    /// 不纳入考核.
    #[serde(default)]
    pub excluded: bool,
    /// With `rework`: the co-units' parts it goes to; without it the site's setting says. Source: B.4.
    #[serde(default)]
    pub subs: Option<Vec<u32>>,
}

/// Opens a closed order again. Source: 7.7.1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reopen {
    /// The new fact, or what was wrong.
    #[serde(default)]
    pub reason: Text,
}

/// A refusal did not stand. Source: 6.2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OverturnRefusal {
    /// Why.
    #[serde(default)]
    pub reason: Text,
}

/// A merge did not stand. Source: 7.1.4 c.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unmerge {
    /// Why.
    #[serde(default)]
    pub reason: Text,
}

/// Withdrawn by the appellant, or opened by mistake. Source: 7.9.3.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// By the appellant.
    #[serde(default)]
    pub withdrawn: bool,
    /// Why.
    #[serde(default)]
    pub reason: Text,
}
