//! What may be asked of a work order.
//!
//! **Not here.** Whether it is allowed (`ticket::decide`) and to whom (`account::permission`).

use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::LineId;
use crate::base::ids::QueueId;
use crate::base::ids::RecordingId;

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Opens a draft because an agent answered; idempotent by interaction.
    OpenDraft(OpenDraft),
    /// Saves fields of the draft.
    SaveDraft {
        /// The fields.
        fields: DraftFields,
        /// The version the writer had before his eyes.
        expected_version: i64,
    },
    /// Submits the draft for dispatch.
    Submit {
        /// The version the writer had before his eyes.
        expected_version: i64,
    },
}

/// What a draft is opened with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenDraft {
    /// The order number given to it.
    pub number: String,
    /// The call.
    pub interaction: InteractionId,
    /// The dialled line.
    pub line: Option<LineId>,
    /// The queue.
    pub queue: QueueId,
    /// Who answered.
    pub agent: AgentId,
    /// The recording of the call.
    pub recording: Option<RecordingId>,
}

/// Fields as they come from a form: `None` leaves a field as it is, an empty text clears it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftFields {
    /// 诉求人姓名或称呼, at most 50 characters.
    pub name: Option<String>,
    /// 诉求人类别: `person`, `legal_person`, `organization`.
    pub appellant_kind: Option<String>,
    /// Another number to call back, at most 32 characters.
    pub contact_phone: Option<String>,
    /// 诉求类别: one of six codes.
    pub appeal_type: Option<String>,
    /// 事件类型: a code of the category tree.
    pub category: Option<String>,
    /// 诉求内容, at most 4 000 characters.
    pub content: Option<String>,
    /// 紧急程度: `normal`, `urgent`, `critical`.
    pub urgency: Option<String>,
    /// 地点: `none` (无地点), `at`, or empty.
    pub place: Option<String>,
    /// A code of the region tree; setting it makes the place `at`.
    pub region: Option<String>,
    /// 详细地址, at most 200 characters.
    pub address: Option<String>,
}

impl std::fmt::Debug for DraftFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DraftFields(***)")
    }
}
