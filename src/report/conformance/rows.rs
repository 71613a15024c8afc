//! What the conformance report reads: orders, cycles, requests, 督办 and settings, as far as a clause asks about them.
//!
//! **Not here.** Reading them (`io::store::conformance`).

use serde::Serialize;

use crate::base::time::WallTime;

/// An order as the report sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderRow {
    /// Its number.
    pub number: String,
    /// Where it stands.
    pub state: String,
    /// 诉求人类别.
    pub appellant_kind: Option<String>,
    /// 诉求类别.
    pub appeal_type: Option<String>,
    /// 事件类型.
    pub category: Option<String>,
    /// 紧急程度.
    pub urgency: Option<String>,
    /// An enterprise's.
    pub enterprise: bool,
    /// When it was submitted.
    pub submitted_at: Option<WallTime>,
    /// When it was accepted.
    pub accepted_at: Option<WallTime>,
    /// When it was created.
    pub created_at: WallTime,
    /// When it was first dispatched.
    pub dispatched_at: Option<WallTime>,
    /// When it was closed.
    pub closed_at: Option<WallTime>,
    /// How it ended before dispatch.
    pub ending: Option<String>,
    /// The basis or reason of that.
    pub ending_code: Option<String>,
    /// Exempt from follow-up.
    pub exempt: Option<String>,
    /// How it was closed.
    pub closing: Option<String>,
    /// The city's last follow-up.
    pub followed_mode: Option<String>,
    /// 办理结果.
    pub result: Option<String>,
    /// 满意程度.
    pub satisfaction: Option<String>,
    /// Parts missing from its archive; none without one.
    pub missing: Option<i64>,
    /// Faults found in its archive.
    pub faults: Option<i64>,
}

/// A cycle of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CycleRow {
    /// The order's number.
    pub number: String,
    /// 首接负责单位.
    pub unit: Option<String>,
    /// How it was found.
    pub basis: Option<String>,
    /// The class of the limit.
    pub class: Option<String>,
    /// When it was dispatched.
    pub dispatched_at: Option<WallTime>,
    /// After the limit.
    pub dispatched_late: Option<bool>,
    /// To be signed before.
    pub sign_deadline: Option<WallTime>,
    /// When it was signed.
    pub signed_at: Option<WallTime>,
    /// After the limit.
    pub signed_late: Option<bool>,
    /// To be closed before.
    pub close_deadline: Option<WallTime>,
    /// The accepted reply.
    pub fed_back_at: Option<WallTime>,
    /// After the limit.
    pub fed_back_late: Option<bool>,
    /// When the reply passed its review.
    pub reviewed_at: Option<WallTime>,
    /// How often it was sent back.
    pub sent_back: u64,
    /// First result due before.
    pub first_deadline: Option<WallTime>,
    /// The first result.
    pub first_result_at: Option<WallTime>,
    /// The first contact with the appellant.
    pub contacted_at: Option<WallTime>,
    /// Returns approved: the clocks are void.
    pub returned: u64,
    /// Co-units.
    pub co_units: u64,
    /// The city's result.
    pub result: Option<String>,
    /// The city's satisfaction.
    pub satisfaction: Option<String>,
    /// When it was heard.
    pub followed_at: Option<WallTime>,
    /// What the verification found.
    pub verdict: Option<String>,
    /// A rework.
    pub rework: bool,
    /// When the order was closed in this cycle.
    pub closed_at: Option<WallTime>,
    /// Whether 督办 of cause a was sent.
    pub supervised_a: bool,
    /// Whether 督办 of cause b was sent.
    pub supervised_b: bool,
    /// Whether responsibility was fixed.
    pub fixed: bool,
}

/// A return, extension or co-handling that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestRow {
    /// The order's number.
    pub number: String,
    /// `return`, `extension`, `co_handling`.
    pub kind: String,
    /// Where it stands.
    pub state: String,
    /// Decided after the review's limit.
    pub decided_late: bool,
    /// When it was asked for.
    pub asked_at: WallTime,
    /// The order's urgency.
    pub urgency: Option<String>,
}

/// A 督办.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SupervisionRow {
    /// The order's number.
    pub number: String,
    /// a to d.
    pub cause: String,
    /// By the program.
    pub automatic: bool,
    /// Where it stands.
    pub state: String,
    /// When it was sent.
    pub sent_at: WallTime,
    /// To be answered before.
    pub reply_deadline: Option<WallTime>,
    /// When it was answered.
    pub replied_at: Option<WallTime>,
    /// After the limit.
    pub reply_late: Option<bool>,
}

/// A setting in force at the end of the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingRow {
    /// Its code.
    pub id: String,
    /// Its value.
    pub value: String,
    /// First day.
    pub from: String,
    /// Law, standard or document.
    pub basis: String,
    /// The question of reading it answers.
    pub reading: String,
}
