//! A flow: what a caller hears and may key between our answer and a queue, as nodes that name their successors.
//!
//! **Invariants.** A flow is immutable once published; a call keeps the one it began with. Its id is the name of its
//! file and stands outside of it.
//! **Not here.** Soundness (`ivr::validate`), running it (`ivr::interpreter`), verbs (`ivr::node`).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::base::ids::NodeId;
use crate::base::ids::PromptId;
use crate::ivr::node::Node;

/// The variable that holds what the caller last keyed in a `collect`; empty when he keyed nothing that counts.
pub const CHOICE: &str = "choice";
/// The variable that holds the id of the line that was dialled.
pub const LINE: &str = "line";
/// Every variable that a `branch` may read.
pub const VARIABLES: [&str; 2] = [CHOICE, LINE];

/// A flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// 流程名, as 主流程.
    pub name: String,
    /// Where a call begins.
    pub start: NodeId,
    /// The prompt that says that the call is recorded; every path to a queue then passes it, uninterruptible.
    #[serde(default)]
    pub notice: Option<PromptId>,
    /// The nodes by id.
    pub nodes: BTreeMap<NodeId, Node>,
}
