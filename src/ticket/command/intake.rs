//! Commands of intake (受理): from the first word to acceptance or another end.
//!
//! **Not here.** What they do (`ticket::decide`).

use std::collections::BTreeSet;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::base::ids::InteractionId;
use crate::base::ids::RecordingId;
use crate::base::ids::TicketId;
use crate::base::ids::UserId;
use crate::ticket::command::Text;
use crate::ticket::model::AnswerBasis;
use crate::ticket::model::ArticleRef;
use crate::ticket::model::Disposition;
use crate::ticket::model::FileRef;
use crate::ticket::model::Flag;
use crate::ticket::model::Procedure;
use crate::ticket::model::RefusalReason;
use crate::ticket::model::UrgedBy;

/// Takes an appeal from the inbox. Source: 7.1.2 b.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {}

/// Submits the draft: it is accepted. Source: 7.1.2 a.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Submit {}

/// Answers at once. Source: 7.1.4.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// What the answer rests on.
    pub basis: AnswerBasis,
    /// With `article`: which, in which version.
    pub article: Option<ArticleRef>,
    /// With `transfer`: the three-way call or transfer.
    #[schema(value_type = Option<String>)]
    pub call: Option<InteractionId>,
    /// With `master`: the order it repeats.
    #[schema(value_type = Option<String>)]
    pub master: Option<TicketId>,
    /// What the appellant was told, 2 to 4 000 characters.
    #[serde(default)]
    pub reply: Text,
}

/// Says one of the two phrases to somebody who harasses. Source: A.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WarnCaller {
    /// 1 or 2.
    pub step: u32,
}

/// Does not accept the appeal. Source: 6.2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refuse {
    /// Which of the six.
    pub reason: RefusalReason,
    /// With b: which procedure.
    pub procedure: Option<Procedure>,
    /// Why, in words; always.
    #[serde(default)]
    pub explanation: Text,
    /// With b and c: the legal route that was told.
    #[serde(default)]
    pub route: Text,
    /// With e: the concluded order.
    #[schema(value_type = Option<String>)]
    pub concluded: Option<TicketId>,
    /// With e: the conclusion.
    pub file: Option<FileRef>,
    /// By other channels than the telephone: the second person.
    #[schema(value_type = Option<String>)]
    pub confirmed_by: Option<UserId>,
}

/// Holds no appeal. Source: A.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkInvalid {
    /// Why.
    pub disposition: Disposition,
}

/// Hands the caller to an emergency or other line. Source: 3.1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refer {
    /// Its number, as `110`.
    pub line: String,
    /// `connected`, `stayed` or `told`.
    pub outcome: String,
    /// The partner's own number of the matter.
    pub partner_number: Option<String>,
    /// Whether a life is in danger.
    #[serde(default)]
    pub life_danger: bool,
    /// What was said.
    #[serde(default)]
    pub note: Text,
}

/// The same fact and reason as another order. Source: 7.1.4 c.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// That order.
    #[schema(value_type = String)]
    pub master: TicketId,
    /// The likeness shown, 0 to 1000.
    pub score: u32,
    /// What the appellant was told of it.
    #[serde(default)]
    pub told: Text,
}

/// Sets a flag or takes it away. Source: 7.6.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetFlag {
    /// Which.
    pub flag: Flag,
    /// Set or taken away.
    #[serde(default)]
    pub on: bool,
    /// Why.
    #[serde(default)]
    pub reason: Text,
}

/// Makes the order confidential, names its circle, or ends it. Source: 7.7.1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetCircle {
    /// Whether it is.
    #[serde(default)]
    pub confidential: bool,
    /// Who sees it.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub circle: BTreeSet<UserId>,
    /// Why.
    #[serde(default)]
    pub reason: Text,
}

/// Adds a file that was uploaded. Source: 7.9.1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Attach {
    /// Which.
    pub file: FileRef,
    /// Its name.
    #[serde(default)]
    pub name: Text,
    /// `evidence`, `photo`, `reply`, `conclusion`, `other`.
    pub purpose: String,
}

/// A call belongs to the order. Source: 7.9.1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkCall {
    /// The call.
    #[schema(value_type = String)]
    pub interaction: InteractionId,
    /// `intake`, `followup`, `contact`, `callback`, `urge`, `other`.
    pub purpose: String,
    /// Its recording.
    #[schema(value_type = Option<String>)]
    pub recording: Option<RecordingId>,
}

/// The appellant adds something. Source: 7.1.2.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddFacts {
    /// Who brought it.
    pub by: UrgedBy,
    /// What.
    #[serde(default)]
    pub text: Text,
}
