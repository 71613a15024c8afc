//! The closed list of settings: what may be set, and what a value of each looks like.
//!
//! **Invariants.** Every limit of the standard that has a number and every reading of it that is a number, a limit, a
//! flag or a choice stands here once. A code is stable: it is never renamed, only retired.
//! **Not here.** Values (`data/settings.json`, `ticket::settings`); what each does (where it is read).
//! **Source.** DB1302/T 604—2025 as named at each; readings are numbered as in the document's `reading`.

use std::fmt;

use crate::fact::codes::ClockKind;
use crate::fact::codes::Urgency;

/// What a value of a setting looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A limit, `"5wd"`.
    Rule,
    /// A number within bounds.
    Count {
        /// Smallest.
        min: u32,
        /// Largest.
        max: u32,
    },
    /// `true` or `false`.
    Flag,
    /// A time of the day, `"17:30"`.
    Time,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of limits.
    Rules,
    /// A list of these words, each once, in an order that counts.
    Words(&'static [&'static str]),
    /// A list of ids of the site's own: `[a-z0-9_.-]`, each once; may be empty.
    Codes,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $variant:ident = $code:literal: $kind:expr,)+) => {
        /// A setting.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Id { $($(#[$doc])* $variant),+ }

        impl Id {
            /// Every setting.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// What its values look like.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => $kind),+ }
            }
        }
    };
}

ids! {
    /// When a working day ends.
    Cutoff = "cutoff": Kind::Time,
    /// Whether the day of the event is the first working day.
    CountEventDay = "count_event_day": Kind::Flag,
    /// Received to claimed, other channels. Source: reading Q4.
    Inbox = "inbox": Kind::Rule,
    /// Received to claimed, SMS and chat. Source: GB/T 33358.
    InboxMessage = "inbox.message": Kind::Rule,
    /// Received to claimed, mailbox and e-mail. Source: GB/T 33358.
    InboxMailbox = "inbox.mailbox": Kind::Rule,
    /// Whether items in the inbox have a clock of their own, beside the one from acceptance.
    InboxClock = "inbox.clock": Kind::Flag,
    /// How long a disposition may be corrected. Source: appendix A.
    DispositionGrace = "disposition.grace": Kind::Rule,
    /// Whether kind, event type and unit are proposed from the words of an appeal. Source: 8.2.
    ProposalsOn = "proposals.on": Kind::Flag,
    /// Several matters of one call: linked orders, or items of one.
    MattersMode = "matters.mode": Kind::Choice(&["split", "items"]),
    /// Channels whose refusals need a second person; `non_phone` is every one but the telephone, `all` every one.
    RefusalSecondPersonChannels = "refusal.second_person_channels": Kind::Codes,
    /// Share of refusals that quality inspection samples, percent.
    RefusalSample = "refusal.sample": Kind::Count { min: 0, max: 100 },
    /// Harassing calls of one number after which the supervisor looks at it.
    HarassmentReviewAfter = "harassment.review_after": Kind::Count { min: 1, max: 100 },
    /// What makes an appeal an enterprise's.
    EnterpriseKinds = "enterprise.kinds": Kind::Words(&["legal_person", "organization", "individual_business", "business_matter"]),
    /// Who decides on complaints about a unit or its staff.
    ComplaintRoutedTo = "complaint.routed_to": Kind::Choice(&["upper", "inspection"]),
    /// Whether the unit complained of does not see who complained.
    ComplaintHideAppellant = "complaint.hide_appellant": Kind::Flag,
    /// Whether praise is forwarded to the unit for information.
    PraiseInformUnit = "praise.inform_unit": Kind::Flag,
    /// Most layers of a voice menu before a person.
    IvrLayersMax = "ivr.layers_max": Kind::Count { min: 0, max: 1 },
    /// A call is answered in time within so many seconds.
    AnswerWithinSeconds = "answer.within_seconds": Kind::Count { min: 1, max: 600 },
    /// Share of calls to be answered in any 24 hours, percent.
    AnswerShare = "answer.share": Kind::Count { min: 1, max: 100 },
    /// Acceptance to dispatch. Source: 7.2 a.
    Dispatch = "dispatch": Kind::Rule,
    /// The same, urgent orders. Source: 7.2 a.
    DispatchUrgent = "dispatch.urgent": Kind::Rule,
    /// The same, critical orders. Source: 7.2 a.
    DispatchCritical = "dispatch.critical": Kind::Rule,
    /// Acceptance to the duty office's acknowledgement. Source: 7.2 a.
    DutyNotice = "duty_notice": Kind::Rule,
    /// Between two notices to a duty office that does not answer.
    DutyNoticeRepeat = "duty_notice.repeat": Kind::Rule,
    /// Repeated notices before the supervisor takes over.
    DutyNoticeRepeats = "duty_notice.repeats": Kind::Count { min: 0, max: 20 },
    /// How many levels down an order may be dispatched again.
    RedispatchDepth = "redispatch.depth": Kind::Count { min: 0, max: 8 },
    /// How long a grid officer may hand an order back. Source: 7.2 c.
    GridHandBack = "grid.hand_back": Kind::Rule,
    /// Until responsibility is decided. Source: 7.2 b, B.1.
    Arbitration = "arbitration": Kind::Rule,
    /// Dispatch to signing. Source: 7.3.
    Sign = "sign": Kind::Rule,
    /// The same, urgent orders.
    SignUrgent = "sign.urgent": Kind::Rule,
    /// The same, critical orders.
    SignCritical = "sign.critical": Kind::Rule,
    /// Tries after which an appellant counts as out of reach. Source: 7.3.
    ContactUnreachableTries = "contact.unreachable_tries": Kind::Count { min: 1, max: 20 },
    /// How long a return may be asked for. Source: 7.4.
    ReturnWindow = "return_window": Kind::Rule,
    /// The same, complex matters. Source: 7.4.
    ReturnWindowComplex = "return_window.complex": Kind::Rule,
    /// From when the return window counts.
    ReturnStart = "return_start": Kind::Choice(&["dispatched", "signed"]),
    /// Whether a critical order may be returned.
    ReturnCritical = "return.critical": Kind::Flag,
    /// A return asked for, until decided.
    ReturnReview = "return_review": Kind::Rule,
    /// The same, urgent and critical orders.
    ReturnReviewUrgent = "return_review.urgent": Kind::Rule,
    /// Approved returns after which responsibility is arbitrated.
    ReturnMaxApproved = "return.max_approved": Kind::Count { min: 1, max: 10 },
    /// Whether the unit's clocks stand still while a return is decided.
    PauseOnReturnReview = "pause_on_return_review": Kind::Flag,
    /// Whether the organ's delay in deciding a return is given back to the unit.
    CreditReturnReview = "credit_return_review": Kind::Flag,
    /// How long co-handling may be asked for. Source: B.2.
    CoApplyWindow = "co_apply_window": Kind::Rule,
    /// Co-handling asked for, until decided. Source: B.2.
    CoReview = "co_review": Kind::Rule,
    /// Whose deadline a co-unit has: the main order's, or its own from its dispatch.
    CoDeadline = "co.deadline": Kind::Choice(&["main", "own"]),
    /// With less than this left the organ is asked to move the main deadline.
    CoShort = "co.short": Kind::Rule,
    /// Whether a co-unit may return its part.
    CoMayReturn = "co.may_return": Kind::Flag,
    /// From when the limit to close counts.
    CloseStart = "close_start": Kind::Choice(&["dispatched", "accepted", "signed"]),
    /// 咨询类. Source: 7.5.1.
    CloseConsult = "close.consult": Kind::Rule,
    /// 非咨询类. Source: 7.5.1.
    CloseOther = "close.other": Kind::Rule,
    /// 紧急. Source: 7.5.1.
    CloseUrgent = "close.urgent": Kind::Rule,
    /// 非常紧急. Source: 7.5.1.
    CloseCritical = "close.critical": Kind::Rule,
    /// First result of a critical order. Source: 7.5.1.
    FirstResult = "first_result": Kind::Rule,
    /// Whether a disposed urgent order counts as closed.
    DisposedIsClosed = "disposed_is_closed": Kind::Flag,
    /// From when the limit counts after the kind or category was changed.
    ReclassStart = "reclass.start": Kind::Choice(&["dispatched", "changed"]),
    /// From when the limit counts after the urgency was raised.
    RaiseStart = "raise.start": Kind::Choice(&["changed", "dispatched"]),
    /// Whether a unit may take a flag off.
    FlagsUnitMayRemove = "flags.unit_may_remove": Kind::Flag,
    /// What happens to a reply with an empty block. Source: 7.5.2.
    FeedbackEmptyBlock = "feedback.empty_block": Kind::Choice(&["refuse", "warn"]),
    /// Feedback to its review.
    FeedbackReview = "feedback_review": Kind::Rule,
    /// Whether replies are reviewed by a person.
    ReviewOn = "review.on": Kind::Flag,
    /// Event types whose replies pass without a person.
    ReviewOffCategories = "review.off_categories": Kind::Codes,
    /// Who reviews replies.
    ReviewBy = "review.by": Kind::Choice(&["city", "county_then_city"]),
    /// Whether time in review is given back to the unit.
    CreditReviewTime = "credit_review_time": Kind::Flag,
    /// Which feedback decides whether the unit was late.
    CloseJudged = "close.judged": Kind::Choice(&["accepted", "first"]),
    /// An extension asked for, until decided. Source: 7.6.
    ExtensionReview = "extension_review": Kind::Rule,
    /// When a review that is not decided is escalated.
    ExtensionReviewWarn = "extension_review.warn": Kind::Rule,
    /// How often an order may be extended.
    ExtensionMaxCount = "extension.max_count": Kind::Count { min: 0, max: 5 },
    /// Longest extension in percent of the limit.
    ExtensionMaxLength = "extension.max_length": Kind::Count { min: 1, max: 1000 },
    /// Grace after a refusal that came after the deadline.
    ExtensionGrace = "extension.grace": Kind::Rule,
    /// What happens when a review runs out of time.
    ExtensionOnReviewTimeout = "extension.on_review_timeout": Kind::Choice(&["escalate", "approve", "reject"]),
    /// Whether a unit is not late while its request in time is undecided.
    ExtensionPendingNotLate = "extension.pending_not_late": Kind::Flag,
    /// Review to the first follow-up.
    FollowupStart = "followup_start": Kind::Rule,
    /// To the next attempt.
    FollowupAttempt = "followup_attempt": Kind::Rule,
    /// Most attempts.
    FollowupAttempts = "followup.attempts": Kind::Count { min: 1, max: 20 },
    /// In how many parts of the day at least.
    FollowupDayparts = "followup.dayparts": Kind::Count { min: 1, max: 4 },
    /// Earliest time of the day.
    FollowupFrom = "followup.from": Kind::Time,
    /// Latest time of the day.
    FollowupTo = "followup.to": Kind::Time,
    /// The modes, in order.
    FollowupOrder = "followup.order": Kind::Words(&["robot", "sms", "person"]),
    /// Attempts after which an order out of reach counts as followed up.
    FollowupCountedAfter = "followup.counted_after": Kind::Count { min: 0, max: 20 },
    /// Whether a citizen's appeal sent to a grid officer is exempt.
    ExemptGridDirect = "exempt_grid_direct": Kind::Flag,
    /// Which enterprise appeals are followed up by a person.
    EnterprisePersonFollowup = "enterprise.person_followup": Kind::Choice(&["accepted", "dispatched"]),
    /// What wins when an enterprise's appeal is of an exempt kind.
    EnterpriseExemptPrecedence = "enterprise.exempt_precedence": Kind::Choice(&["exemption", "enterprise"]),
    /// Whether the appellant of a merged order has a follow-up of his own.
    MergedOwnFollowup = "merged.own_followup": Kind::Flag,
    /// How long an instant rating is waited for.
    InstantRating = "instant_rating": Kind::Rule,
    /// Whether it is the follow-up of an order that was answered directly.
    InstantRatingIsFollowup = "instant_rating.is_followup": Kind::Flag,
    /// Whether a rating that did not come is an attempt, and the next mode follows.
    InstantRatingTimeoutIsAttempt = "instant_rating.timeout_is_attempt": Kind::Flag,
    /// Verification of a negative result. Source: 7.7.1.
    Verify = "verify": Kind::Rule,
    /// The limit of a rework: the order's own class, or this one.
    ReworkLimit = "rework_limit": Kind::Choice(&["same", "consult", "other", "urgent", "critical"]),
    /// Which co-units a rework goes to unless the officer chooses. Source: B.4.
    ReworkCoUnits = "rework.co_units": Kind::Choice(&["all", "chosen"]),
    /// A 督办's answer.
    SupervisionReply = "supervision_reply": Kind::Rule,
    /// A knowledge update asked for, until published.
    KnowledgeUpdate = "knowledge_update": Kind::Rule,
    /// At most one notice of 催办 to the unit in this time.
    UrgeNoticeEvery = "urge.notice_every": Kind::Rule,
    /// Different appellants of one matter after which 重点督办 is proposed.
    KeyDistinctAppellants = "key.distinct_appellants": Kind::Count { min: 2, max: 1000 },
    /// In how much time.
    KeyWindow = "key.window": Kind::Rule,
    /// Reworks without effect after which it is proposed.
    KeyFailedReworks = "key.failed_reworks": Kind::Count { min: 1, max: 10 },
    /// Whether an order in an open 重点督办 cannot be closed.
    KeyBlocksClose = "key.blocks_close": Kind::Flag,
    /// 帮办: the seat's first contact.
    HelpContact = "help_contact": Kind::Rule,
    /// 帮办: the report.
    HelpReport = "help_report": Kind::Rule,
    /// Closing to the archive.
    Archive = "archive": Kind::Rule,
    /// The same, orders that ended before dispatch.
    ArchiveEndRecord = "archive_end_record": Kind::Rule,
    /// How long recordings stay on fast disks, days; later they are kept elsewhere.
    RecordingOnline = "recording.online": Kind::Count { min: 30, max: 36_500 },
    /// Share of a limit after which it is warned of, percent.
    WarnShare = "warn.share": Kind::Count { min: 1, max: 99 },
    /// So long before the end of a limit in working days.
    WarnBeforeWd = "warn.before_wd": Kind::Rule,
    /// So long before the end of a limit in hours.
    WarnBeforeH = "warn.before_h": Kind::Rule,
    /// So long after acceptance.
    WarnDispatch = "warn.dispatch": Kind::Rule,
    /// So long after a critical order's dispatch.
    WarnFirstResult = "warn.first_result": Kind::Rules,
    /// The five rates (五率), by id.
    RatesFive = "rates.five": Kind::Codes,
    /// Which denominator of 解决率 and 满意率 stands first; both are shown.
    RatesDenominator = "rates.denominator": Kind::Choice(&["effective", "strict"]),
    /// Which cycles the rates show.
    RatesCycle = "rates.cycle": Kind::Choice(&["both", "first", "final"]),
}

impl Id {
    /// The setting with this code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|id| id.code() == code)
    }

    /// The setting that says how long a clock runs; none for the clock to close, whose class decides, and for the
    /// citizen's, which only counts.
    pub const fn of_clock(kind: ClockKind, urgency: Urgency) -> Option<Self> {
        Some(match (kind, urgency) {
            (ClockKind::Close | ClockKind::Citizen, _) => return None,
            (ClockKind::Inbox, _) => Self::Inbox,
            (ClockKind::Dispatch, Urgency::Normal) => Self::Dispatch,
            (ClockKind::Dispatch, Urgency::Urgent) => Self::DispatchUrgent,
            (ClockKind::Dispatch, Urgency::Critical) => Self::DispatchCritical,
            (ClockKind::DutyNotice, _) => Self::DutyNotice,
            (ClockKind::Sign, Urgency::Normal) => Self::Sign,
            (ClockKind::Sign, Urgency::Urgent) => Self::SignUrgent,
            (ClockKind::Sign, Urgency::Critical) => Self::SignCritical,
            (ClockKind::ReturnWindow, _) => Self::ReturnWindow,
            (ClockKind::ReturnReview, Urgency::Normal) => Self::ReturnReview,
            (ClockKind::ReturnReview, Urgency::Urgent | Urgency::Critical) => Self::ReturnReviewUrgent,
            (ClockKind::CoApplyWindow, _) => Self::CoApplyWindow,
            (ClockKind::CoReview, _) => Self::CoReview,
            (ClockKind::FirstResult, _) => Self::FirstResult,
            (ClockKind::ExtensionReview, _) => Self::ExtensionReview,
            (ClockKind::FeedbackReview, _) => Self::FeedbackReview,
            (ClockKind::FollowupStart, _) => Self::FollowupStart,
            (ClockKind::FollowupAttempt, _) => Self::FollowupAttempt,
            (ClockKind::Verify, _) => Self::Verify,
            (ClockKind::Arbitration, _) => Self::Arbitration,
            (ClockKind::SupervisionReply, _) => Self::SupervisionReply,
            (ClockKind::HelpContact, _) => Self::HelpContact,
            (ClockKind::HelpReport, _) => Self::HelpReport,
            (ClockKind::InstantRating, _) => Self::InstantRating,
            (ClockKind::Archive, _) => Self::Archive,
        })
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
