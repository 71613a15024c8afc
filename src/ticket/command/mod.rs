//! What may be asked of a work order.
//!
//! A command is what the API takes: `{"command": "sign"}`. What only the program asks stands in [`Command`] too, and is not
//! read from outside ([`Command::is_internal`]).
//!
//! **Invariants.** Words people write are [`Text`], whose `Debug` shows nothing.
//! **Not here.** Whether it is allowed (`ticket::decide`), to whom (`account::permission`).

mod dispatch;
mod intake;
mod internal;
mod request;
mod review;
mod supervise;
mod unit;

use std::fmt;

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::LineId;
use crate::base::ids::OrganId;
use crate::base::ids::QueueId;
use crate::base::ids::RecordingId;
use crate::base::ids::TicketId;
use crate::base::time::WallTime;
pub use crate::ticket::command::dispatch::*;
pub use crate::ticket::command::intake::*;
pub use crate::ticket::command::internal::*;
pub use crate::ticket::command::request::*;
pub use crate::ticket::command::review::*;
pub use crate::ticket::command::supervise::*;
pub use crate::ticket::command::unit::*;
use crate::ticket::model::FollowupResult;
use crate::ticket::model::Satisfaction;

/// Words somebody wrote: personal, never shown by `Debug`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Text(pub String);

impl Text {
    /// The words without blanks around them.
    pub fn trimmed(&self) -> &str {
        self.0.trim()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.trimmed().is_empty()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How an order comes into being; made by the program, never read from outside as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// An agent answered a call; idempotent by call.
    Draft(OpenDraft),
    /// Another matter of the same call.
    Matter(OpenMatter),
    /// An appeal by another channel; idempotent by channel and the number there.
    Received(Receive),
    /// A closed order of an older system; idempotent by its number there.
    Imported(Import),
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

/// What another matter of a call is opened with: the appellant's block is taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenMatter {
    /// The order number given to it.
    pub number: String,
    /// Who writes it.
    pub agent: AgentId,
    /// 2, 3 …
    pub matter: u32,
    /// The first order of the call.
    pub first: TicketId,
    /// The call; order and matter together are unique.
    pub interaction: Option<InteractionId>,
    /// Its recording.
    pub recording: Option<RecordingId>,
    /// The appellant's block of the first order: name, kind, number to call back, company, credit code, secrecy.
    pub appellant: DraftFields,
}

/// What an appeal by another channel is opened with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receive {
    /// The order number given to it.
    pub number: String,
    /// The channel's id.
    pub channel: String,
    /// The other platform.
    pub platform: Option<String>,
    /// Its own number.
    pub external: Option<String>,
    /// Its own deadline, exclusive.
    pub deadline: Option<WallTime>,
    /// SHA-256 of the original payload, hex.
    pub digest: String,
    /// Whether a grid officer reported it.
    pub grid: bool,
    /// The original words; never changed.
    pub original: Text,
    /// What could be read into the form.
    pub fields: DraftFields,
}

/// A closed order of an older system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The order number given to it.
    pub number: String,
    /// Its number there.
    pub old_number: String,
    /// The fields.
    pub fields: DraftFields,
    /// The reply the appellant got.
    pub reply: Text,
    /// The unit that handled it.
    pub unit: Option<OrganId>,
    /// When it was accepted there.
    pub accepted_at: WallTime,
    /// When it was closed there.
    pub closed_at: WallTime,
    /// 办理结果.
    pub result: Option<FollowupResult>,
    /// 满意程度.
    pub satisfaction: Option<Satisfaction>,
}

/// Fields as they come from a form: `None` leaves a field as it is, an empty text clears it.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
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
    /// 企业名称, at most 100 characters; with a legal person or organisation.
    pub company: Option<String>,
    /// 统一社会信用代码, 18 characters.
    pub credit_code: Option<String>,
    /// 被反映对象 in words, at most 100 characters.
    pub target: Option<String>,
    /// 被反映对象, when it is an organ: its id.
    pub target_organ: Option<String>,
    /// 诉求人要求, at most 500 characters.
    pub demand: Option<String>,
    /// When he may be called back, at most 50 characters.
    pub contact_time: Option<String>,
    /// Whether his identity is to be kept secret.
    pub secrecy: Option<bool>,
    /// Whether what was written was read back to him.
    pub read_back: Option<bool>,
}

impl fmt::Debug for DraftFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DraftFields(***)")
    }
}

/// A command.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Takes an appeal from the inbox.
    Claim(Claim),
    /// Saves fields of the draft.
    SaveDraft(DraftFields),
    /// Submits the draft: it is accepted.
    Submit(Submit),
    /// Answers at once.
    Answer(Answer),
    /// Says one of the two phrases to somebody who harasses.
    WarnCaller(WarnCaller),
    /// Does not accept the appeal.
    Refuse(Refuse),
    /// Holds no appeal.
    MarkInvalid(MarkInvalid),
    /// Hands the caller to an emergency or other line.
    Refer(Refer),
    /// The same fact and reason as another order.
    Merge(Merge),
    /// Sets a flag or takes it away.
    SetFlag(SetFlag),
    /// Makes the order confidential, names its circle, or ends it.
    SetCircle(SetCircle),
    /// Adds a file that was uploaded.
    Attach(Attach),
    /// A call belongs to the order.
    LinkCall(LinkCall),
    /// The appellant adds something.
    AddFacts(AddFacts),
    /// Sends the order to its first unit.
    Dispatch(Dispatch),
    /// Facts are missing: back to the agent.
    SendBack(SendBack),
    /// Responsibility is unclear.
    OpenArbitration(OpenArbitration),
    /// Fixes the first unit.
    Arbitrate(Arbitrate),
    /// Sends the order down the tree of organs.
    Redispatch(Redispatch),
    /// The duty office says that it knows.
    AcknowledgeDuty(AcknowledgeDuty),
    /// Raises or lowers the urgency.
    ChangeUrgency(ChangeUrgency),
    /// Changes the kind of appeal after submission.
    ChangeType(ChangeType),
    /// Changes the event type after submission.
    ChangeCategory(ChangeCategory),
    /// The unit signs.
    Sign(Sign),
    /// The unit spoke or tried to speak to the appellant.
    RecordContact(RecordContact),
    /// A stage of the handling.
    RecordProgress(RecordProgress),
    /// The unit's reply.
    FeedBack(FeedBack),
    /// The unit asks to give the order back.
    AskReturn(AskReturn),
    /// The organ decides on a return.
    DecideReturn(DecideReturn),
    /// The unit asks for more time.
    AskExtension(AskExtension),
    /// The organ decides on an extension.
    DecideExtension(DecideExtension),
    /// The first unit asks for co-units.
    AskCoHandling(AskCoHandling),
    /// The organ decides on co-handling.
    DecideCoHandling(DecideCoHandling),
    /// A co-unit signs its part.
    SignSub(SignSub),
    /// A co-unit is done.
    ReplySub(ReplySub),
    /// The reply meets the rules.
    PassReview(PassReview),
    /// The reply fails rules.
    SendBackReply(SendBackReply),
    /// Tried to follow up and reached nobody.
    RecordAttempt(RecordAttempt),
    /// The appellant's word.
    RecordResult(RecordResult),
    /// The appellant rates the agent right after the call.
    RateAgent(RateAgent),
    /// What follows from a negative result, by one officer.
    ProposeVerdict(ProposeVerdict),
    /// Decides on it; closing takes a second person.
    DecideVerdict(DecideVerdict),
    /// Opens a closed order again.
    Reopen(Reopen),
    /// A refusal did not stand.
    OverturnRefusal(OverturnRefusal),
    /// A merge did not stand.
    Unmerge(Unmerge),
    /// Withdrawn by the appellant, or opened by mistake.
    Cancel(Cancel),
    /// Asks for haste (催办).
    Urge(Urge),
    /// A leader's instruction (批示).
    Instruct(Instruct),
    /// 督办 by hand.
    Supervise(Supervise),
    /// The unit opens a 督办.
    ReadSupervision(ReadSupervision),
    /// The unit answers a 督办.
    ReplySupervision(ReplySupervision),
    /// The organ is content with the answer, or not.
    JudgeSupervision(JudgeSupervision),
    /// Joins a 重点督办 case.
    EnterCase(EnterCase),
    /// Its 重点督办 case is closed.
    LeaveCase(LeaveCase),
    /// Asks for 帮办.
    OpenHelp(OpenHelp),
    /// Gives it to a seat.
    AssignHelp(AssignHelp),
    /// The seat is on the spot.
    CheckIn(CheckIn),
    /// The help ended; the report is due.
    EndHelp(EndHelp),
    /// The report with the problems found.
    ReportHelp(ReportHelp),
    /// The report was reviewed.
    CloseHelp(CloseHelp),
    /// Primary and secondary responsibility after closing.
    FixResponsibility(FixResponsibility),
    /// Another order was merged into this one, or taken out again.
    #[serde(skip)]
    RecordRepeat(RecordRepeat),
    /// Seals the archive.
    #[serde(skip)]
    Archive(Archive),
    /// A warning or a deadline is due.
    #[serde(skip)]
    ClockDue(ClockDue),
    /// A calendar was loaded: provisional deadlines are counted again.
    #[serde(skip)]
    Recompute,
    /// The duty office is called (again).
    #[serde(skip)]
    NotifyDuty,
}

impl Command {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Claim(_) => "claim",
            Self::SaveDraft(_) => "save_draft",
            Self::Submit(_) => "submit",
            Self::Answer(_) => "answer",
            Self::WarnCaller(_) => "warn_caller",
            Self::Refuse(_) => "refuse",
            Self::MarkInvalid(_) => "mark_invalid",
            Self::Refer(_) => "refer",
            Self::Merge(_) => "merge",
            Self::SetFlag(_) => "set_flag",
            Self::SetCircle(_) => "set_circle",
            Self::Attach(_) => "attach",
            Self::LinkCall(_) => "link_call",
            Self::AddFacts(_) => "add_facts",
            Self::Dispatch(_) => "dispatch",
            Self::SendBack(_) => "send_back",
            Self::OpenArbitration(_) => "open_arbitration",
            Self::Arbitrate(_) => "arbitrate",
            Self::Redispatch(_) => "redispatch",
            Self::AcknowledgeDuty(_) => "acknowledge_duty",
            Self::ChangeUrgency(_) => "change_urgency",
            Self::ChangeType(_) => "change_type",
            Self::ChangeCategory(_) => "change_category",
            Self::Sign(_) => "sign",
            Self::RecordContact(_) => "record_contact",
            Self::RecordProgress(_) => "record_progress",
            Self::FeedBack(_) => "feed_back",
            Self::AskReturn(_) => "ask_return",
            Self::DecideReturn(_) => "decide_return",
            Self::AskExtension(_) => "ask_extension",
            Self::DecideExtension(_) => "decide_extension",
            Self::AskCoHandling(_) => "ask_co_handling",
            Self::DecideCoHandling(_) => "decide_co_handling",
            Self::SignSub(_) => "sign_sub",
            Self::ReplySub(_) => "reply_sub",
            Self::PassReview(_) => "pass_review",
            Self::SendBackReply(_) => "send_back_reply",
            Self::RecordAttempt(_) => "record_attempt",
            Self::RecordResult(_) => "record_result",
            Self::RateAgent(_) => "rate_agent",
            Self::ProposeVerdict(_) => "propose_verdict",
            Self::DecideVerdict(_) => "decide_verdict",
            Self::Reopen(_) => "reopen",
            Self::OverturnRefusal(_) => "overturn_refusal",
            Self::Unmerge(_) => "unmerge",
            Self::Cancel(_) => "cancel",
            Self::Urge(_) => "urge",
            Self::Instruct(_) => "instruct",
            Self::Supervise(_) => "supervise",
            Self::ReadSupervision(_) => "read_supervision",
            Self::ReplySupervision(_) => "reply_supervision",
            Self::JudgeSupervision(_) => "judge_supervision",
            Self::EnterCase(_) => "enter_case",
            Self::LeaveCase(_) => "leave_case",
            Self::OpenHelp(_) => "open_help",
            Self::AssignHelp(_) => "assign_help",
            Self::CheckIn(_) => "check_in",
            Self::EndHelp(_) => "end_help",
            Self::ReportHelp(_) => "report_help",
            Self::CloseHelp(_) => "close_help",
            Self::FixResponsibility(_) => "fix_responsibility",
            Self::RecordRepeat(_) => "record_repeat",
            Self::Archive(_) => "archive",
            Self::ClockDue(_) => "clock_due",
            Self::Recompute => "recompute",
            Self::NotifyDuty => "notify_duty",
        }
    }

    /// The clause it serves, which a refusal by state names.
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Claim(_) => "7.1.2 b",
            Self::SaveDraft(_) | Self::Submit(_) | Self::ChangeCategory(_) => "7.1.2 a",
            Self::Answer(_) => "7.1.4",
            Self::WarnCaller(_) | Self::MarkInvalid(_) => "A",
            Self::Refuse(_) | Self::OverturnRefusal(_) => "6.2",
            Self::Refer(_) => "3.1",
            Self::Merge(_) | Self::Unmerge(_) | Self::RecordRepeat(_) => "7.1.4 c",
            Self::SetFlag(_) | Self::AskExtension(_) | Self::DecideExtension(_) => "7.6",
            Self::SetCircle(_)
            | Self::RecordAttempt(_)
            | Self::ProposeVerdict(_)
            | Self::DecideVerdict(_)
            | Self::Reopen(_) => "7.7.1",
            Self::Attach(_) | Self::LinkCall(_) | Self::Archive(_) => "7.9.1",
            Self::AddFacts(_) | Self::SendBack(_) => "7.1.2",
            Self::Dispatch(_) => "7.2",
            Self::OpenArbitration(_) => "7.2 b",
            Self::Arbitrate(_) => "B.1",
            Self::Redispatch(_) => "7.7.1 b",
            Self::AcknowledgeDuty(_) | Self::NotifyDuty => "7.2 a",
            Self::ChangeUrgency(_) | Self::RecordProgress(_) | Self::Recompute => "7.5.1",
            Self::ChangeType(_) => "3.2",
            Self::Sign(_) | Self::RecordContact(_) => "7.3",
            Self::FeedBack(_) | Self::PassReview(_) | Self::SendBackReply(_) => "7.5.2",
            Self::AskReturn(_) | Self::DecideReturn(_) => "7.4",
            Self::AskCoHandling(_) | Self::DecideCoHandling(_) | Self::SignSub(_) | Self::ReplySub(_) => {
                "B.2"
            }
            Self::RecordResult(_) => "7.7.2",
            Self::RateAgent(_) => "8.5 c",
            Self::Cancel(_) => "7.9.3",
            Self::Urge(_) => "7.8",
            Self::Instruct(_) => "8.1.2.1 a",
            Self::Supervise(_)
            | Self::ReadSupervision(_)
            | Self::ReplySupervision(_)
            | Self::JudgeSupervision(_)
            | Self::ClockDue(_) => "7.8.1",
            Self::EnterCase(_) | Self::LeaveCase(_) => "7.8.2",
            Self::OpenHelp(_) | Self::AssignHelp(_) | Self::CheckIn(_) => "7.1.5 a",
            Self::EndHelp(_) | Self::ReportHelp(_) | Self::CloseHelp(_) => "7.1.5 b",
            Self::FixResponsibility(_) => "B.5",
        }
    }

    /// Whether only the program asks it.
    pub const fn is_internal(&self) -> bool {
        matches!(
            self,
            Self::RecordRepeat(_) | Self::Archive(_) | Self::ClockDue(_) | Self::Recompute | Self::NotifyDuty
        )
    }

    /// The codes of all that may be asked from outside.
    pub const CODES: &[&str] = &[
        "claim",
        "save_draft",
        "submit",
        "answer",
        "warn_caller",
        "refuse",
        "mark_invalid",
        "refer",
        "merge",
        "set_flag",
        "set_circle",
        "attach",
        "link_call",
        "add_facts",
        "dispatch",
        "send_back",
        "open_arbitration",
        "arbitrate",
        "redispatch",
        "acknowledge_duty",
        "change_urgency",
        "change_type",
        "change_category",
        "sign",
        "record_contact",
        "record_progress",
        "feed_back",
        "ask_return",
        "decide_return",
        "ask_extension",
        "decide_extension",
        "ask_co_handling",
        "decide_co_handling",
        "sign_sub",
        "reply_sub",
        "pass_review",
        "send_back_reply",
        "record_attempt",
        "record_result",
        "rate_agent",
        "propose_verdict",
        "decide_verdict",
        "reopen",
        "overturn_refusal",
        "unmerge",
        "cancel",
        "urge",
        "instruct",
        "supervise",
        "read_supervision",
        "reply_supervision",
        "judge_supervision",
        "enter_case",
        "leave_case",
        "open_help",
        "assign_help",
        "check_in",
        "end_help",
        "report_help",
        "close_help",
        "fix_responsibility",
    ];
}
