//! Facts about work orders (工单): the draft and its submission. Later steps of the life-cycle add kinds.
//!
//! **Source.** DB1302/T 604—2025 3.4, 7.1.2 a.

use serde::Deserialize;
use serde::Serialize;

use crate::base::ids::AgentId;
use crate::base::ids::QueueId;
use crate::base::ids::RecordingId;

/// What happened to a work order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum TicketFact {
    /// A draft was opened because an agent answered. Personal: caller.
    #[serde(rename = "ticket.draft_opened")]
    DraftOpened {
        /// The order number, `YYYYMMDD` + 6 digits.
        number: String,
        /// The answering agent.
        agent: AgentId,
        /// The queue.
        queue: QueueId,
        /// The recording of the call.
        recording: Option<RecordingId>,
    },
    /// The draft's fields were saved. Personal: name, content, address …
    #[serde(rename = "ticket.draft_saved")]
    DraftSaved {
        /// The fields that changed, by name.
        changed: Vec<String>,
        /// The row version after it.
        version: i64,
    },
    /// The agent submitted the order. Personal: as in the draft.
    #[serde(rename = "ticket.submitted")]
    Submitted {
        /// 诉求类别, one of six codes.
        appeal_type: String,
        /// 事件类型 code.
        category: String,
        /// Version of the category tree.
        category_version: i64,
        /// 紧急程度: normal, urgent, critical.
        urgency: String,
        /// The row version after it.
        version: i64,
    },
}
