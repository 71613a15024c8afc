//! The work order as it stands, and the closed lists of its fields.
//!
//! **Invariants.** Codes on the wire and in rows are English and stable; Chinese names stand on the screens.
//! **Not here.** Category and region codes (`ticket::catalogue`).
//! **Source.** DB1302/T 604—2025 3.2 (six kinds), 3.3 (appellants), 7.1.2 a (five items), 7.5.1 (urgency).

use std::fmt;

use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::LineId;
use crate::base::ids::QueueId;
use crate::base::ids::RecordingId;
use crate::base::ids::TicketId;
use crate::base::time::WallTime;

/// Declares a closed list of codes once.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$item])* $variant),+ }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The value with this code.
            pub fn parse(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.code() == code)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.code())
            }
        }
    };
}

codes! {
    /// Where an order stands.
    State {
        /// 登记中.
        Draft = "draft",
        /// 待派单.
        PendingDispatch = "pending_dispatch",
    }
}

codes! {
    /// 诉求类别: exactly six. Source: 3.2.
    AppealType {
        /// 咨询.
        Consult = "consult",
        /// 求助.
        Help = "help",
        /// 投诉.
        Complaint = "complaint",
        /// 举报.
        Report = "report",
        /// 表扬.
        Praise = "praise",
        /// 意见建议.
        Suggestion = "suggestion",
    }
}

codes! {
    /// 紧急程度. Source: 7.5.1.
    Urgency {
        /// 一般.
        Normal = "normal",
        /// 紧急.
        Urgent = "urgent",
        /// 非常紧急.
        Critical = "critical",
    }
}

codes! {
    /// 诉求人类别. Source: 3.3.
    AppellantKind {
        /// 自然人.
        Person = "person",
        /// 法人.
        LegalPerson = "legal_person",
        /// 其他组织.
        Organization = "organization",
    }
}

/// 地点.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Place {
    /// Not asked yet.
    #[default]
    Unset,
    /// 无地点: the matter has no place.
    None,
    /// A region by code, and the address in words. The address is personal.
    At {
        /// Code of the region tree.
        region: String,
        /// 详细地址.
        address: String,
    },
}

/// What the agent writes down. Its `Debug` shows no value.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// 诉求人姓名或称呼. Personal.
    pub name: String,
    /// 诉求人类别.
    pub appellant_kind: Option<AppellantKind>,
    /// Another number to call back. Personal.
    pub contact_phone: String,
    /// 诉求类别.
    pub appeal_type: Option<AppealType>,
    /// 事件类型 by code.
    pub category: String,
    /// Version of the category tree the code was chosen from; 0 while nothing is chosen.
    pub category_version: i64,
    /// 诉求内容. Personal.
    pub content: String,
    /// 紧急程度.
    pub urgency: Option<Urgency>,
    /// 地点.
    pub place: Place,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unset => "Unset",
            Self::None => "None",
            Self::At { .. } => "At(***)",
        })
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Draft(***)")
    }
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Its internal id.
    pub id: TicketId,
    /// 工单编号, `YYYYMMDD` + 6 digits.
    pub number: String,
    /// Where it stands.
    pub state: State,
    /// The call it was opened by.
    pub interaction: InteractionId,
    /// The dialled line.
    pub line: Option<LineId>,
    /// The queue that delivered the call.
    pub queue: QueueId,
    /// Who answered and writes it.
    pub agent: AgentId,
    /// The recording of the call.
    pub recording: Option<RecordingId>,
    /// The fields.
    pub draft: Draft,
    /// 1 at its opening, one more with every fact.
    pub version: i64,
    /// When it was opened.
    pub created_at: WallTime,
    /// When it last changed.
    pub updated_at: WallTime,
    /// When it was submitted.
    pub submitted_at: Option<WallTime>,
}
