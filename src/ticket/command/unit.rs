//! Commands of the handling unit (承办单位).
//!
//! **Not here.** What they do (`ticket::decide`).

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::ids::InteractionId;
use crate::ticket::command::Text;
use crate::ticket::model::ContactOutcome;
use crate::ticket::model::ContactWay;
use crate::ticket::model::FileRef;

/// The unit signs. Source: 7.3.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sign {}

/// The unit spoke or tried to speak to the appellant. Source: 7.3.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordContact {
    /// How.
    pub way: ContactWay,
    /// What came of it.
    pub outcome: ContactOutcome,
    /// The number dialled, if one was.
    #[serde(default)]
    pub number: Text,
    /// The appellant's opinion, if one was heard.
    #[serde(default)]
    pub opinion: Text,
    /// More.
    #[serde(default)]
    pub note: Text,
    /// The call.
    #[schema(value_type = Option<String>)]
    pub call: Option<InteractionId>,
}

/// A stage of the handling. Source: 7.5.1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordProgress {
    /// What was done.
    #[serde(default)]
    pub text: Text,
    /// The first result of a critical order.
    #[serde(default)]
    pub first_result: bool,
    /// Whether the appellant may read it.
    #[serde(default)]
    pub public: bool,
}

/// The unit's reply. Source: 7.5.2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedBack {
    /// 办理过程.
    #[serde(default)]
    pub process: Text,
    /// 政策依据.
    #[serde(default)]
    pub basis: Text,
    /// 办理结果.
    #[serde(default)]
    pub result: Text,
    /// 后续工作安排.
    #[serde(default)]
    pub next_steps: Text,
    /// What the appellant reads.
    #[serde(default)]
    pub public_reply: Text,
    /// What he does not.
    #[serde(default)]
    pub internal_note: Text,
    /// As the unit sees it.
    #[serde(default)]
    pub solved: bool,
    /// Documents quoted.
    #[serde(default)]
    pub citations: Vec<Citation>,
    /// 协办情况汇总, after co-handling.
    #[serde(default)]
    pub co_summary: Text,
    /// The unit's own follow-up, after co-handling.
    #[serde(default)]
    pub unit_followup: Text,
    /// Evidence.
    #[serde(default)]
    pub files: Vec<FileRef>,
}

/// A document quoted in a reply. Source: 7.5.2.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Citation {
    /// 全称.
    pub title: Text,
    /// 发文字号.
    pub number: Text,
    /// 具体条款.
    pub clause: Text,
}
