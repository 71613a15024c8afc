//! The closed lists of a work order, as facts, rows and the API write them.
//!
//! **Invariants.** A code is English and stable; its Chinese name stands in `texts/zh-CN.toml`. A list the standard
//! closes has exactly the values the standard names.
//! **Not here.** Lists that are data of the site: channels, categories, regions, organs (`ticket::reference`).
//! **Source.** DB1302/T 604—2025 3.2, 3.3, 6.2, 7.4, 7.5.1, 7.6, 7.7, 7.8.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;

/// Declares a closed list of codes once: enum, codes, JSON and API schema.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $code:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let code = Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&code).ok_or_else(|| {
                    serde::de::Error::unknown_variant(&code, &[$($code),+])
                })
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some([$($code),+]))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )+};
}

pub(crate) use codes;

codes! {
    /// Where an order stands.
    State {
        /// 待受理: waits in the multi-channel inbox.
        Intake = "intake",
        /// 登记中.
        Draft = "draft",
        /// 即时答复.
        Answered = "answered",
        /// 不予受理.
        NotAccepted = "not_accepted",
        /// 无效来电.
        Invalid = "invalid",
        /// 转紧急热线.
        Referred = "referred",
        /// 并单.
        Merged = "merged",
        /// 待派单.
        PendingDispatch = "pending_dispatch",
        /// 会商定责.
        Arbitration = "arbitration",
        /// 待签收.
        PendingSign = "pending_sign",
        /// 办理中.
        Handling = "handling",
        /// 待审核.
        Review = "review",
        /// 待回访.
        Followup = "followup",
        /// 重点核实.
        Verify = "verify",
        /// 重新办理.
        Rework = "rework",
        /// 已办结.
        Closed = "closed",
        /// 已归档.
        Archived = "archived",
        /// 已撤销.
        Cancelled = "cancelled",
    }

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

    /// 紧急程度. Source: 7.5.1.
    Urgency {
        /// 一般.
        Normal = "normal",
        /// 紧急.
        Urgent = "urgent",
        /// 非常紧急.
        Critical = "critical",
    }

    /// 诉求人类别. Source: 3.3.
    AppellantKind {
        /// 自然人.
        Person = "person",
        /// 法人.
        LegalPerson = "legal_person",
        /// 其他组织.
        Organization = "organization",
    }

    /// What marks an order beside its urgency. Source: 7.6, 7.7.1.
    Flag {
        /// 企业诉求: legal persons, organisations, 个体工商户, or a business matter.
        Enterprise = "enterprise",
        /// 群体.
        Group = "group",
        /// 舆情.
        PublicOpinion = "public_opinion",
        /// 未成年人.
        Minor = "minor",
        /// 特殊群体.
        Vulnerable = "vulnerable",
        /// 领导批示.
        Instruction = "instruction",
        /// 生命危险.
        LifeDanger = "life_danger",
        /// 复杂疑难, confirmed by the hotline organ. Source: 7.4.
        Complex = "complex",
    }

    /// 不予受理 reasons. Source: 6.2 a–f.
    RefusalReason {
        /// a: outside the city.
        OutsideCity = "a",
        /// b: belongs to a legal procedure.
        LegalProcedure = "b",
        /// c: already with 信访.
        Petition = "c",
        /// d: secrets or privacy.
        Secret = "d",
        /// e: lawfully concluded.
        Concluded = "e",
        /// f: against law or good morals.
        Unlawful = "f",
    }

    /// The legal procedures of 6.2 b.
    Procedure {
        /// 诉讼.
        Litigation = "litigation",
        /// 仲裁.
        Arbitration = "arbitration",
        /// 纪检监察.
        Discipline = "discipline",
        /// 行政复议.
        Reconsideration = "reconsideration",
        /// 政府信息公开.
        Disclosure = "disclosure",
        /// Another one, named in the text.
        Other = "other",
    }

    /// Why a contact holds no appeal. Source: appendix A.
    Disposition {
        /// 打错电话.
        WrongNumber = "wrong_number",
        /// 恶意骚扰.
        Harassment = "harassment",
        /// 无声.
        Silent = "silent",
        /// 测试.
        Test = "test",
        /// 通话中断, nothing said.
        Dropped = "dropped",
    }

    /// What an instant answer rests on. Source: 7.1.4 a–c.
    AnswerBasis {
        /// a: an article of the knowledge base.
        Article = "article",
        /// b: three-way call or one-key transfer.
        Transfer = "transfer",
        /// c: an order that is open or lawfully finished.
        Master = "master",
    }

    /// How a unit was found. Source: 7.2 b, 7.2 c, B.1.
    RouteBasis {
        /// 属地.
        Territory = "territory",
        /// 行业主管.
        Industry = "industry",
        /// 网格直派清单.
        Grid = "grid",
        /// 会商定责.
        Arbitration = "arbitration",
        /// Re-dispatched down by a county organ.
        Down = "down",
        /// The dispatcher's own judgement, with a reason.
        Judgement = "judgement",
    }

    /// What may hang on an order beside its state; at most one open of each.
    RequestKind {
        /// 退单. Source: 7.4.
        Return = "return",
        /// 延期. Source: 7.6.
        Extension = "extension",
        /// 协办. Source: 7.2 b, B.2.
        CoHandling = "co_handling",
    }

    /// Where a request stands.
    RequestState {
        /// Not decided.
        Open = "open",
        /// 通过.
        Approved = "approved",
        /// 不通过.
        Refused = "refused",
        /// The order left the state in which it could be decided.
        Void = "void",
    }

    /// 退单 reasons. Source: 7.4.
    ReturnReason {
        /// 非本单位职责.
        NotOurDuty = "not_our_duty",
        /// 属地错误.
        WrongArea = "wrong_area",
        /// 重复.
        Duplicate = "duplicate",
        /// 信息不全.
        Incomplete = "incomplete",
        /// 其他.
        Other = "other",
    }

    /// Where a co-unit's part stands. Source: B.2, B.4.
    SubState {
        /// 待签收.
        PendingSign = "pending_sign",
        /// 办理中.
        Handling = "handling",
        /// 已完成.
        Done = "done",
        /// Given back, or the main order left its unit.
        Void = "void",
        /// 重新办理.
        Rework = "rework",
    }

    /// How somebody was spoken to.
    ContactWay {
        /// By telephone.
        Phone = "phone",
        /// On the spot.
        Visit = "visit",
        /// In writing.
        Message = "message",
    }

    /// What came of it.
    ContactOutcome {
        /// Spoken to.
        Reached = "reached",
        /// Nobody answered.
        NoAnswer = "no_answer",
        /// Did not want to speak.
        Declined = "declined",
        /// The number is another's.
        WrongNumber = "wrong_number",
    }

    /// What a reply must have. Source: 7.5.2, 7.7.1 a, B.3.
    ReviewRule {
        /// 办理过程.
        Process = "process",
        /// 政策依据.
        Basis = "basis",
        /// 办理结果.
        Result = "result",
        /// 后续工作安排.
        NextSteps = "next_steps",
        /// 引用文件全称、文号、条款.
        Citation = "citation",
        /// 措辞.
        Wording = "wording",
        /// 事实清楚.
        Facts = "facts",
        /// The appellant was told and heard.
        Contact = "contact",
        /// 协办情况汇总.
        CoSummary = "co_summary",
    }

    /// Who is not followed up. Source: 7.7.1.
    Exemption {
        /// 网格员类.
        Grid = "grid",
        /// 表扬类.
        Praise = "praise",
        /// 保密类.
        Confidential = "confidential",
    }

    /// How an appellant is followed up. Source: 7.7.1.
    FollowupMode {
        /// 智能回访.
        Robot = "robot",
        /// 短信回访.
        Sms = "sms",
        /// 人工回访.
        Person = "person",
        /// The rating right after an instant answer.
        Instant = "instant",
    }

    /// Whose follow-up it is. Source: 7.7.1 b, c.
    FollowupLevel {
        /// 市.
        City = "city",
        /// 县（市、区）和单位.
        County = "county",
    }

    /// 办理结果: exactly three. Source: 7.7.2 a.
    FollowupResult {
        /// 解决.
        Solved = "solved",
        /// 未解决.
        Unsolved = "unsolved",
        /// 其他.
        Other = "other",
    }

    /// 满意程度: exactly three. Source: 7.7.2 b.
    Satisfaction {
        /// 满意.
        Satisfied = "satisfied",
        /// 不满意.
        Unsatisfied = "unsatisfied",
        /// 未评论.
        NoComment = "no_comment",
    }

    /// What a verification found. Source: 7.7.1.
    Verdict {
        /// Obvious omission or not really solved: back to the units.
        Rework = "rework",
        /// Lawful and complete, or unreasonable.
        Close = "close",
    }

    /// How an order was closed.
    Closing {
        /// The follow-up's result was good.
        FollowedUp = "followed_up",
        /// One of the exempt kinds.
        Exempt = "exempt",
        /// Verified by two people.
        Verified = "verified",
        /// The instant rating came or its time ran out.
        InstantRating = "instant_rating",
        /// Forwarded for information: no handling was asked for.
        Information = "information",
        /// Brought in from an older system, closed there.
        Imported = "imported",
    }

    /// 督办 causes. Source: 7.8.1.
    SupervisionCause {
        /// a: signed late.
        LateSign = "a",
        /// b: finished late.
        LateClose = "b",
        /// c: feedback not up to the rules.
        PoorFeedback = "c",
        /// d: knowledge base not updated.
        Knowledge = "d",
    }

    /// Where a 督办 stands.
    SupervisionState {
        /// Sent.
        Open = "open",
        /// The unit opened it.
        Read = "read",
        /// The unit answered.
        Replied = "replied",
        /// The organ is content.
        Closed = "closed",
        /// The limit passed.
        Escalated = "escalated",
    }

    /// 重点督办 causes. Source: 7.8.2.
    KeyCause {
        /// a: many appeals and high attention.
        ManyAppeals = "a",
        /// b: bad handling with a negative effect.
        BadHandling = "b",
        /// c: rectification without effect.
        WeakRectification = "c",
        /// d: another reason.
        Other = "d",
    }

    /// Where a 重点督办 stands.
    KeyState {
        /// Handed to the inspection department.
        Submitted = "submitted",
        /// Taken by it.
        Taken = "taken",
        /// Not taken.
        SentBack = "sent_back",
        /// The unit rectifies.
        Rectify = "rectify",
        /// The rectification is checked.
        Check = "check",
        /// Done.
        Closed = "closed",
    }

    /// Where a 帮办 stands. Source: 7.1.5.
    HelpState {
        /// Asked for.
        Created = "created",
        /// A seat has it.
        Assigned = "assigned",
        /// Checked in on the spot.
        OnSite = "on_site",
        /// Ended; the report is due.
        ReportDue = "report_due",
        /// Reported.
        Reported = "reported",
        /// Reviewed.
        Closed = "closed",
    }

    /// Who asks for haste (催办).
    UrgedBy {
        /// The appellant.
        Appellant = "appellant",
        /// An agent.
        Agent = "agent",
        /// The hotline organ.
        Organ = "organ",
    }

    /// A clock of an order. Source: work-order timers of 7.2–7.9.
    ClockKind {
        /// Waits in the inbox.
        Inbox = "inbox",
        /// Acceptance to dispatch. Source: 7.2 a.
        Dispatch = "dispatch",
        /// The duty office's acknowledgement. Source: 7.2 a.
        DutyNotice = "duty_notice",
        /// Dispatch to signing. Source: 7.3.
        Sign = "sign",
        /// While a return may be asked for. Source: 7.4.
        ReturnWindow = "return_window",
        /// A return asked for, until decided. Source: 7.4.
        ReturnReview = "return_review",
        /// While co-handling may be asked for. Source: B.2.
        CoApplyWindow = "co_apply_window",
        /// Co-handling asked for, until decided. Source: B.2.
        CoReview = "co_review",
        /// Dispatch to an accepted feedback. Source: 7.5.1.
        Close = "close",
        /// First result of a critical order. Source: 7.5.1.
        FirstResult = "first_result",
        /// An extension asked for, until decided. Source: 7.6.
        ExtensionReview = "extension_review",
        /// Feedback to its review.
        FeedbackReview = "feedback_review",
        /// Review to the first follow-up. Source: 7.7.1.
        FollowupStart = "followup_start",
        /// To the next attempt. Source: 7.7.1.
        FollowupAttempt = "followup_attempt",
        /// Verification of a negative result. Source: 7.7.1.
        Verify = "verify",
        /// 会商定责. Source: B.1.
        Arbitration = "arbitration",
        /// A 督办's answer. Source: 7.8.1.
        SupervisionReply = "supervision_reply",
        /// 帮办: the seat's first contact. Source: 7.1.5 a.
        HelpContact = "help_contact",
        /// 帮办: the report. Source: 7.1.5 b.
        HelpReport = "help_report",
        /// The instant rating's time.
        InstantRating = "instant_rating",
        /// Closing to the archive. Source: 7.9.1.
        Archive = "archive",
        /// Runs from the first acceptance to the end, for the citizen; never void.
        Citizen = "citizen",
    }

    /// How a clock ended.
    ClockEnd {
        /// What it waited for came.
        Met = "met",
        /// What it waited for is no longer asked.
        Void = "void",
        /// Its time is over and nothing more is waited for (windows).
        Over = "over",
    }

    /// Why a clock's deadline changed.
    ClockCause {
        /// An approved extension. Source: 7.6.
        Extension = "extension",
        /// The organ's own time in review is given back.
        Credit = "credit",
        /// The kind, category or urgency changed.
        Reclassified = "reclassified",
        /// A calendar was loaded.
        Calendar = "calendar",
        /// One working day after an extension refused late. Source: 7.6.
        Grace = "grace",
        /// The organ moved it while it approved co-handling.
        CoHandling = "co_handling",
        /// It stays and passed, but an extension asked for in time is undecided: nobody is late yet. Source: 7.6.
        Pending = "pending",
    }
}
