//! Facts about work orders (工单): everything that happens to one between the call and the archive.
//!
//! **Invariants.** Every fact raises the order's version by one. Words that people write travel beside the fact as
//! personal values; a fact's body holds codes, numbers, instants and ids. Clocks are told apart by kind, cycle and
//! subject.
//! **Not here.** Which fact follows from which command (`ticket::decide`), what it does to the order (`ticket::evolve`).
//! **Source.** DB1302/T 604—2025 3.4, 7.1 to 7.9, appendix B.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;

use crate::base::ids::AgentId;
use crate::base::ids::CaseId;
use crate::base::ids::InteractionId;
use crate::base::ids::LineId;
use crate::base::ids::OrganId;
use crate::base::ids::QueueId;
use crate::base::ids::RecordingId;
use crate::base::ids::TicketId;
use crate::base::ids::UserId;
use crate::base::time::WallTime;
use crate::fact::codes::AnswerBasis;
use crate::fact::codes::AppealType;
use crate::fact::codes::ClockCause;
use crate::fact::codes::ClockEnd;
use crate::fact::codes::ClockKind;
use crate::fact::codes::Closing;
use crate::fact::codes::ContactOutcome;
use crate::fact::codes::ContactWay;
use crate::fact::codes::Disposition;
use crate::fact::codes::Exemption;
use crate::fact::codes::Flag;
use crate::fact::codes::FollowupLevel;
use crate::fact::codes::FollowupMode;
use crate::fact::codes::FollowupResult;
use crate::fact::codes::HelpState;
use crate::fact::codes::KeyCause;
use crate::fact::codes::Procedure;
use crate::fact::codes::RefusalReason;
use crate::fact::codes::RequestKind;
use crate::fact::codes::RequestState;
use crate::fact::codes::ReturnReason;
use crate::fact::codes::ReviewRule;
use crate::fact::codes::RouteBasis;
use crate::fact::codes::Satisfaction;
use crate::fact::codes::State;
use crate::fact::codes::SubState;
use crate::fact::codes::SupervisionCause;
use crate::fact::codes::SupervisionState;
use crate::fact::codes::UrgedBy;
use crate::fact::codes::Urgency;
use crate::fact::codes::Verdict;

/// A file of an order by its content; name and bytes stand elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FileRef {
    /// Its id.
    pub id: String,
    /// SHA-256 of its bytes, hex.
    pub sha256: String,
    /// Length.
    pub bytes: u64,
    /// As `image/jpeg`.
    pub media_type: String,
}

/// An article of the knowledge base in the version that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ArticleRef {
    /// Its id.
    pub id: String,
    /// The version.
    pub version: i64,
}

/// Which clock of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ClockRef {
    /// What it waits for.
    pub kind: ClockKind,
    /// The cycle: 1, 2 …; 0 before the first dispatch.
    pub cycle: u32,
    /// 0: the order itself; else the number of the request, sub-order, supervision or help it belongs to.
    pub subject: u32,
}

/// A clock as it starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockBody {
    /// Which.
    #[serde(flatten)]
    pub clock: ClockRef,
    /// From when it counts.
    pub start: WallTime,
    /// On time is before this instant; none for a clock that only counts.
    pub deadline: Option<WallTime>,
    /// Past the last loaded calendar.
    pub provisional: bool,
    /// The rule, as `5wd` or `72h`.
    pub rule: String,
    /// Whom a breach counts against: `unit`, `organ`, `seat`.
    pub against: String,
    /// What the limit rests on.
    pub basis: String,
    /// When warnings are due, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<WallTime>,
}

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
        /// The dialled line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<LineId>,
    },
    /// Another matter of the same call got its own draft. Personal: the appellant's block.
    #[serde(rename = "ticket.matter_opened")]
    MatterOpened {
        /// The order number.
        number: String,
        /// Who writes it.
        agent: AgentId,
        /// The first order of the call.
        first: TicketId,
        /// 2, 3 …
        matter: u32,
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
    /// An appeal came by another channel and waits in the inbox. Personal: original, caller, name.
    #[serde(rename = "ticket.received")]
    Received {
        /// The order number.
        number: String,
        /// The channel's id.
        channel: String,
        /// The other platform.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        platform: Option<String>,
        /// The other platform's own number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        external: Option<String>,
        /// The other platform's own deadline, exclusive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<WallTime>,
        /// SHA-256 of the original payload, hex.
        digest: String,
        /// Whether a grid officer reported it.
        grid: bool,
    },
    /// An agent took it from the inbox.
    #[serde(rename = "ticket.claimed")]
    Claimed {
        /// Who.
        agent: AgentId,
    },
    /// A flag was set or taken away. Personal: reason.
    #[serde(rename = "ticket.flagged")]
    Flagged {
        /// Which.
        flag: Flag,
        /// Set or taken away.
        on: bool,
    },
    /// The order is confidential, or no longer; only the circle sees it. Personal: reason.
    #[serde(rename = "ticket.circle_set")]
    CircleSet {
        /// Whether it is.
        confidential: bool,
        /// Who sees it beside the hotline organ's confidential officers.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        circle: BTreeSet<UserId>,
    },
    /// A file was added. Personal: file name.
    #[serde(rename = "ticket.attached")]
    Attached {
        /// Which.
        file: FileRef,
        /// What it shows: `evidence`, `photo`, `reply` …
        purpose: String,
    },
    /// A call belongs to the order.
    #[serde(rename = "ticket.call_linked")]
    CallLinked {
        /// The call.
        interaction: InteractionId,
        /// `intake`, `followup`, `contact`, `urge` …
        purpose: String,
        /// Its recording.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recording: Option<RecordingId>,
    },
    /// Answered at once. Personal: reply.
    #[serde(rename = "ticket.answered")]
    Answered {
        /// What it rests on.
        basis: AnswerBasis,
        /// The article.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        article: Option<ArticleRef>,
        /// The three-way call or transfer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<InteractionId>,
        /// The order it repeats.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        master: Option<TicketId>,
    },
    /// Not accepted. Personal: explanation, route.
    #[serde(rename = "ticket.refused")]
    NotAccepted {
        /// Which of the six.
        reason: RefusalReason,
        /// With b: which procedure.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        procedure: Option<Procedure>,
        /// With e: the concluded order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        concluded: Option<TicketId>,
        /// With e: the conclusion.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<FileRef>,
    },
    /// Somebody who harasses was told so.
    #[serde(rename = "ticket.caller_warned")]
    CallerWarned {
        /// 1 or 2.
        step: u32,
    },
    /// Holds no appeal.
    #[serde(rename = "ticket.invalid")]
    MarkedInvalid {
        /// Why.
        disposition: Disposition,
    },
    /// Handed to an emergency or other line. Personal: note.
    #[serde(rename = "ticket.referred")]
    Referred {
        /// Its number, as `110`.
        line: String,
        /// What came of the transfer: `connected`, `stayed`, `told`.
        outcome: String,
        /// The partner's own number of the matter.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        partner_number: Option<String>,
        /// Whether a life is in danger.
        life_danger: bool,
    },
    /// Repeats another order.
    #[serde(rename = "ticket.merged")]
    Merged {
        /// That order.
        master: TicketId,
        /// Whether the same person asks again.
        same_appellant: bool,
        /// The likeness shown, 0 to 1000.
        score: u32,
    },
    /// Another order was merged into this one.
    #[serde(rename = "ticket.repeated")]
    Repeated {
        /// That order.
        repeat: TicketId,
        /// Whether the same person asks again.
        same_appellant: bool,
    },
    /// A merged order was taken out again.
    #[serde(rename = "ticket.repeat_undone")]
    RepeatUndone {
        /// That order.
        repeat: TicketId,
    },
    /// Accepted: the citizen's clock runs from here; told again after an overturned refusal or an un-merge.
    #[serde(rename = "ticket.accepted")]
    Accepted {
        /// The instant that counts.
        at: WallTime,
        /// Whether it was accepted before.
        again: bool,
    },
    /// Sent to its first unit. Personal: reason.
    #[serde(rename = "ticket.dispatched")]
    Dispatched {
        /// The cycle.
        cycle: u32,
        /// 首接负责单位.
        unit: OrganId,
        /// How it was found.
        basis: RouteBasis,
        /// The routing rule.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
        /// The grid.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grid: Option<String>,
        /// The class of its limit.
        class: String,
        /// What the limit rests on.
        legal_basis: String,
        /// 终审派单: no return.
        final_unit: bool,
        /// Secondary units by arbitration.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        secondary: Vec<OrganId>,
        /// 表扬: told to the unit, nothing asked.
        for_information: bool,
    },
    /// Facts are missing: back to the agent. Personal: reason.
    #[serde(rename = "ticket.sent_back")]
    SentBackToIntake {},
    /// Responsibility is unclear. Personal: reason.
    #[serde(rename = "ticket.arbitration_opened")]
    ArbitrationOpened {
        /// Approved returns so far.
        returns: u32,
        /// Who decides with the hotline organ.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        invited: Vec<OrganId>,
    },
    /// The first unit was fixed. Personal: decision, legal_basis, minutes.
    #[serde(rename = "ticket.arbitrated")]
    Arbitrated {
        /// Primary.
        unit: OrganId,
        /// Secondary.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        secondary: Vec<OrganId>,
    },
    /// Sent down the tree of organs; the upper stays answerable.
    #[serde(rename = "ticket.redispatched")]
    Redispatched {
        /// Who sent it.
        from: OrganId,
        /// Who handles it now.
        to: OrganId,
    },
    /// The unit signed.
    #[serde(rename = "ticket.signed")]
    Signed {
        /// Who.
        unit: OrganId,
        /// After the limit.
        late: bool,
    },
    /// The duty office was called.
    #[serde(rename = "ticket.duty_notified")]
    DutyNotified {
        /// 1, 2 …
        attempt: u32,
        /// Whose.
        unit: OrganId,
    },
    /// The duty office said that it knows. Personal: name.
    #[serde(rename = "ticket.duty_acknowledged")]
    DutyAcknowledged {
        /// Whose.
        unit: OrganId,
    },
    /// The unit spoke or tried to speak to the appellant. Personal: number, opinion, note.
    #[serde(rename = "ticket.contacted")]
    Contacted {
        /// The cycle.
        cycle: u32,
        /// Who.
        unit: OrganId,
        /// How.
        way: ContactWay,
        /// What came of it.
        outcome: ContactOutcome,
        /// The call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<InteractionId>,
        /// Whether an opinion was heard.
        opinion: bool,
    },
    /// A stage of the handling. Personal: text.
    #[serde(rename = "ticket.progressed")]
    Progressed {
        /// The cycle.
        cycle: u32,
        /// Who.
        unit: OrganId,
        /// The first result of a critical order.
        first_result: bool,
        /// Whether the appellant may read it.
        public: bool,
    },
    /// A unit asks for a return, an extension or co-handling. Personal: reason, legal_basis, progress, matter of each unit.
    #[serde(rename = "ticket.requested")]
    Requested {
        /// Its number in the order: 1, 2 …
        request: u32,
        /// What.
        what: RequestKind,
        /// The cycle.
        cycle: u32,
        /// Who asks.
        unit: OrganId,
        /// A co-unit's part that it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sub: Option<u32>,
        /// Return: why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<ReturnReason>,
        /// Return: claimed as 复杂疑难.
        complex: bool,
        /// Return: the unit suggested. Co-handling: whom.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        units: Vec<OrganId>,
        /// Extension: the new deadline, exclusive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<WallTime>,
        /// Extension: how the appellant was told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        told: Option<ContactWay>,
        /// Evidence.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<FileRef>,
        /// Taken after its window by the supervisor's word.
        overridden: bool,
    },
    /// Decided by the organ. Personal: reason.
    #[serde(rename = "ticket.request_decided")]
    RequestDecided {
        /// Which.
        request: u32,
        /// Approved, refused or void.
        state: RequestState,
        /// After the review's own limit.
        late: bool,
        /// Return: confirmed as 复杂疑难.
        complex: bool,
        /// Extension: the deadline given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<WallTime>,
    },
    /// A co-unit got its part. Personal: matter.
    #[serde(rename = "ticket.sub_opened")]
    SubOpened {
        /// Its number in the order.
        sub: u32,
        /// The cycle.
        cycle: u32,
        /// Who.
        unit: OrganId,
        /// The request it comes from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<u32>,
    },
    /// A co-unit's part moved on. Personal: reply.
    #[serde(rename = "ticket.sub_changed")]
    SubChanged {
        /// Which.
        sub: u32,
        /// Where it stands now.
        state: SubState,
        /// After its limit.
        late: bool,
        /// The cycle.
        cycle: u32,
    },
    /// The unit's reply. Personal: process, basis, result, next_steps, public_reply, internal_note, co_summary, unit_followup, citations.
    #[serde(rename = "ticket.fed_back")]
    FedBack {
        /// The cycle.
        cycle: u32,
        /// Who.
        unit: OrganId,
        /// As the unit sees it.
        solved: bool,
        /// After the limit.
        late: bool,
        /// What the checks found: `citation:number`, `wording:…`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<String>,
        /// Evidence.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<FileRef>,
    },
    /// The reply meets the rules.
    #[serde(rename = "ticket.review_passed")]
    ReviewPassed {
        /// The cycle.
        cycle: u32,
        /// Not followed up, and why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exempt: Option<Exemption>,
        /// By the template check alone.
        automatic: bool,
        /// By the county's organ alone; the city's review follows.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        county: bool,
    },
    /// The reply fails rules. Personal: reason.
    #[serde(rename = "ticket.review_sent_back")]
    ReviewSentBack {
        /// The cycle.
        cycle: u32,
        /// Which.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        rules: BTreeSet<ReviewRule>,
    },
    /// A follow-up is due.
    #[serde(rename = "ticket.followup_planned")]
    FollowupPlanned {
        /// The cycle.
        cycle: u32,
        /// In this order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        modes: Vec<FollowupMode>,
        /// Enterprise: by a person only.
        only_person: bool,
    },
    /// Tried to reach the appellant. Personal: note.
    #[serde(rename = "ticket.followup_attempted")]
    FollowupAttempted {
        /// The cycle.
        cycle: u32,
        /// Whose.
        level: FollowupLevel,
        /// How.
        mode: FollowupMode,
        /// 1, 2 … of this cycle and level.
        attempt: u32,
        /// Whether somebody was there.
        reached: bool,
        /// The hour of the day, local.
        daypart: u8,
        /// The call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<InteractionId>,
        /// Its recording.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recording: Option<RecordingId>,
    },
    /// The appellant's word. Personal: opinion.
    #[serde(rename = "ticket.followup_recorded")]
    FollowupRecorded {
        /// The cycle.
        cycle: u32,
        /// Whose.
        level: FollowupLevel,
        /// How.
        mode: FollowupMode,
        /// 办理结果.
        result: FollowupResult,
        /// 满意程度.
        satisfaction: Satisfaction,
        /// Whether somebody was there.
        reached: bool,
        /// Its recording.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recording: Option<RecordingId>,
    },
    /// The appellant rated the agent right after the call. Source: 8.5 c.
    #[serde(rename = "ticket.agent_rated")]
    AgentRated {
        /// His word.
        satisfaction: Satisfaction,
    },
    /// One officer proposes what follows from a negative result. Personal: reason.
    #[serde(rename = "ticket.verify_proposed")]
    VerifyProposed {
        /// The cycle.
        cycle: u32,
        /// What.
        verdict: Verdict,
        /// Who.
        by: UserId,
    },
    /// Decided; closing takes two people. Personal: reason.
    #[serde(rename = "ticket.verified")]
    Verified {
        /// The cycle.
        cycle: u32,
        /// What.
        verdict: Verdict,
        /// 不纳入考核.
        excluded: bool,
    },
    /// Back to the units: a new cycle. Personal: demand.
    #[serde(rename = "ticket.reworked")]
    Reworked {
        /// The new cycle.
        cycle: u32,
        /// The first unit.
        unit: OrganId,
    },
    /// Closed.
    #[serde(rename = "ticket.closed")]
    Closed {
        /// The cycle.
        cycle: u32,
        /// How.
        how: Closing,
    },
    /// Opened again. Personal: reason.
    #[serde(rename = "ticket.reopened")]
    Reopened {},
    /// A refusal did not stand. Personal: reason.
    #[serde(rename = "ticket.refusal_overturned")]
    RefusalOverturned {},
    /// A merge did not stand. Personal: reason.
    #[serde(rename = "ticket.unmerged")]
    Unmerged {
        /// From which order.
        master: TicketId,
    },
    /// Withdrawn or opened by mistake. Personal: reason.
    #[serde(rename = "ticket.cancelled")]
    Cancelled {
        /// By the appellant.
        withdrawn: bool,
    },
    /// The archive package is sealed. Personal: explanation of what is missing.
    #[serde(rename = "ticket.archived")]
    Archived {
        /// SHA-256 of the manifest, hex.
        manifest: String,
        /// Parts that are not there.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missing: Vec<String>,
    },
    /// Personal: reason.
    #[serde(rename = "ticket.urgency_changed")]
    UrgencyChanged {
        /// Before.
        from: Urgency,
        /// Now.
        to: Urgency,
    },
    /// The kind of appeal was changed after submission. Personal: reason.
    #[serde(rename = "ticket.type_changed")]
    TypeChanged {
        /// Before.
        from: AppealType,
        /// Now.
        to: AppealType,
    },
    /// Personal: reason.
    #[serde(rename = "ticket.category_changed")]
    CategoryChanged {
        /// Before.
        from: String,
        /// Now.
        to: String,
        /// Version of the tree.
        version: i64,
    },
    /// The appellant added something. Personal: text.
    #[serde(rename = "ticket.facts_added")]
    FactsAdded {
        /// Who brought it.
        by: UrgedBy,
    },
    /// Somebody asks for haste. Personal: text.
    #[serde(rename = "ticket.urged")]
    Urged {
        /// Who.
        by: UrgedBy,
        /// Whether the unit was told (at most once in the set time).
        notified: bool,
    },
    /// A leader's instruction (批示). Personal: text, leader.
    #[serde(rename = "ticket.instructed")]
    Instructed {
        /// 1, 2 …
        no: u32,
    },
    /// 督办. Personal: text.
    #[serde(rename = "ticket.supervised")]
    Supervised {
        /// 1, 2 …
        no: u32,
        /// Why.
        cause: SupervisionCause,
        /// The cycle.
        cycle: u32,
        /// Whom.
        unit: OrganId,
        /// By the program at a breach.
        automatic: bool,
    },
    /// A 督办 moved on. Personal: reply, reason.
    #[serde(rename = "ticket.supervision_changed")]
    SupervisionChanged {
        /// Which.
        no: u32,
        /// Where it stands now.
        state: SupervisionState,
    },
    /// Handed to the inspection department with a case.
    #[serde(rename = "ticket.key_supervised")]
    KeySupervised {
        /// The case.
        case: CaseId,
        /// Why.
        cause: KeyCause,
    },
    /// The case is closed.
    #[serde(rename = "ticket.key_supervision_ended")]
    KeySupervisionEnded {
        /// The case.
        case: CaseId,
    },
    /// 帮办 asked for. Personal: need, appointment place.
    #[serde(rename = "ticket.help_opened")]
    HelpOpened {
        /// 1, 2 …
        no: u32,
        /// Whom it takes.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        departments: Vec<OrganId>,
    },
    /// A 帮办 moved on. Personal: place, companions, report fields.
    #[serde(rename = "ticket.help_changed")]
    HelpChanged {
        /// Which.
        no: u32,
        /// Where it stands now.
        state: HelpState,
        /// Who helps.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seat: Option<AgentId>,
        /// Photos.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<FileRef>,
    },
    /// Primary and secondary responsibility after closing. Personal: reason. Source: B.5.
    #[serde(rename = "ticket.responsibility_fixed")]
    ResponsibilityFixed {
        /// Primary.
        primary: OrganId,
        /// Secondary.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        secondary: Vec<OrganId>,
        /// Whether a routing rule is proposed.
        propose_rule: bool,
    },
    /// Brought in from an older system. Personal: as there.
    #[serde(rename = "ticket.imported")]
    Imported {
        /// The order number.
        number: String,
        /// Its number there.
        old_number: String,
        /// Closed or archived.
        state: State,
        /// The unit that handled it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<OrganId>,
        /// When it was accepted there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accepted_at: Option<WallTime>,
        /// When it was closed there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        closed_at: Option<WallTime>,
    },
    /// A clock runs.
    #[serde(rename = "ticket.clock_started")]
    ClockStarted {
        /// Which, from when, until when.
        clock: ClockBody,
    },
    /// A deadline changed; both are kept.
    #[serde(rename = "ticket.clock_moved")]
    ClockMoved {
        /// Which.
        clock: ClockRef,
        /// The deadline before.
        from: WallTime,
        /// The deadline now.
        to: WallTime,
        /// Past the last loaded calendar.
        provisional: bool,
        /// Why.
        cause: ClockCause,
        /// When warnings are due now, ascending, all to come.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<WallTime>,
        /// The limit that counts from now on, if it is another one, as `72h`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<String>,
        /// What that limit rests on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        basis: Option<String>,
    },
    /// A clock ended.
    #[serde(rename = "ticket.clock_ended")]
    ClockEnded {
        /// Which.
        clock: ClockRef,
        /// How.
        end: ClockEnd,
        /// After its deadline.
        late: bool,
    },
    /// A deadline is near.
    #[serde(rename = "ticket.clock_warned")]
    ClockWarned {
        /// Which.
        clock: ClockRef,
        /// 1, 2 … of its warnings.
        step: u32,
    },
    /// A deadline passed.
    #[serde(rename = "ticket.clock_breached")]
    ClockBreached {
        /// Which.
        clock: ClockRef,
    },
}
