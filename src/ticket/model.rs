//! The work order as it stands: one aggregate from the first word to the archive.
//!
//! One main state; beside it cycles (a rework is a new one), attached requests (at most one open of each kind),
//! sub-orders of co-units, side records (督办, 帮办, 催办, 批示) and clocks. Everything is a fold of the order's facts.
//!
//! **Invariants.** Words people wrote stand in [`Ticket::texts`] and in the personal fields of [`Draft`]; everything else
//! is codes, numbers, instants and ids and may stand in clear in a row. A closed cycle is never changed.
//! **Not here.** Category and region codes (`ticket::catalogue`), limits (`ticket::deadline`, `ticket::settings`).
//! **Source.** DB1302/T 604—2025 3.2 to 3.4, 7.1 to 7.9, appendix B.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;

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
pub use crate::fact::codes::*;
pub use crate::fact::ticket::ArticleRef;
pub use crate::fact::ticket::ClockRef;
pub use crate::fact::ticket::FileRef;

/// 地点.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
        #[serde(skip)]
        address: String,
    },
}

impl Place {
    /// The region's code, if one was named.
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::At { region, .. } => Some(region),
            Self::Unset | Self::None => None,
        }
    }
}

/// What the agent writes down. Its `Debug` shows no value; what is personal is not serialised.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// 诉求人姓名或称呼. Personal.
    #[serde(skip)]
    pub name: String,
    /// 诉求人类别.
    pub appellant_kind: Option<AppellantKind>,
    /// Another number to call back. Personal.
    #[serde(skip)]
    pub contact_phone: String,
    /// 诉求类别.
    pub appeal_type: Option<AppealType>,
    /// 事件类型 by code.
    pub category: String,
    /// Version of the category tree the code was chosen from; 0 while nothing is chosen.
    pub category_version: i64,
    /// 诉求内容. Personal.
    #[serde(skip)]
    pub content: String,
    /// 紧急程度.
    pub urgency: Option<Urgency>,
    /// 地点.
    pub place: Place,
    /// 企业名称 or the organisation's. Personal.
    #[serde(skip)]
    pub company: String,
    /// 统一社会信用代码. Personal.
    #[serde(skip)]
    pub credit_code: String,
    /// 被反映对象 in words. Personal.
    #[serde(skip)]
    pub target: String,
    /// 被反映对象, when it is an organ: a complaint about it is not decided by it.
    pub target_organ: Option<OrganId>,
    /// 诉求人要求. Personal.
    #[serde(skip)]
    pub demand: String,
    /// When he may be called back, in words. Personal.
    #[serde(skip)]
    pub contact_time: String,
    /// Whether he asks that his identity is kept secret.
    pub secrecy: bool,
    /// Whether what was written was read back to him (appendix A, 7).
    pub read_back: bool,
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

/// The words of an order by name, as `reply.2.process`; sealed in its row. `Debug` shows how many.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Texts(pub BTreeMap<String, String>);

impl Texts {
    /// The text with this name, or an empty one.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Texts({})", self.0.len())
    }
}

/// Where the appeal came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Origin {
    /// The channel's id: `phone`, `app`, `mail` … (data of the site).
    pub channel: String,
    /// The other platform.
    pub platform: Option<String>,
    /// Its own number.
    pub external: Option<String>,
    /// Its own deadline; the stricter one counts.
    pub upper_deadline: Option<WallTime>,
    /// SHA-256 of the original payload, hex.
    pub digest: Option<String>,
    /// Whether a grid officer reported it (exempt from follow-up).
    pub grid: bool,
    /// Its number in an older system.
    pub old_number: Option<String>,
}

/// How an order ended before dispatch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// 7.1.4.
    Answered {
        /// What it rests on.
        basis: AnswerBasis,
        /// The article.
        article: Option<ArticleRef>,
        /// The order it repeats.
        master: Option<TicketId>,
    },
    /// 6.2.
    NotAccepted {
        /// Which of the six.
        reason: RefusalReason,
        /// With b: which procedure.
        procedure: Option<Procedure>,
    },
    /// Appendix A.
    Invalid {
        /// Why.
        disposition: Disposition,
    },
    /// 6.1, emergency lines.
    Referred {
        /// Its number.
        line: String,
    },
    /// 7.1.4 c.
    Merged {
        /// The order it repeats.
        master: TicketId,
        /// Whether the same person asked.
        same_appellant: bool,
    },
    /// Withdrawn, or opened by mistake.
    Cancelled {
        /// By the appellant.
        withdrawn: bool,
    },
}

/// One round of handling. The newest is the last; the others are frozen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cycle {
    /// 1, 2 …
    pub no: u32,
    /// 首接负责单位.
    pub unit: Option<OrganId>,
    /// Who handles it now: the unit, or one below it.
    pub handler: Option<OrganId>,
    /// How the unit was found.
    pub basis: Option<RouteBasis>,
    /// The routing rule.
    pub rule: Option<String>,
    /// The grid.
    pub grid: Option<String>,
    /// The class of the limit.
    pub class: String,
    /// When it was dispatched.
    pub dispatched_at: Option<WallTime>,
    /// When it was signed.
    pub signed_at: Option<WallTime>,
    /// Signed after the limit.
    pub signed_late: bool,
    /// Contacts of units with the appellant.
    pub contacts: Vec<Contact>,
    /// When the first result of a critical order came.
    pub first_result_at: Option<WallTime>,
    /// Stages reported.
    pub stages: u32,
    /// When the last reply came.
    pub fed_back_at: Option<WallTime>,
    /// The last reply came after the limit.
    pub fed_back_late: bool,
    /// The reply says solved.
    pub said_solved: bool,
    /// How often a reply was sent back.
    pub sent_back: u32,
    /// When the county's organ passed the reply on to the city's.
    pub county_reviewed_at: Option<WallTime>,
    /// When the reply passed its review.
    pub reviewed_at: Option<WallTime>,
    /// Tries to follow up.
    pub attempts: Vec<Attempt>,
    /// The modes planned, in order.
    pub plan: Vec<FollowupMode>,
    /// By a person only (enterprise).
    pub only_person: bool,
    /// The city's result.
    pub city: Option<FollowupWord>,
    /// The county's or unit's own result; never stands for the city's.
    pub county: Option<FollowupWord>,
    /// What one officer proposed after a negative result.
    pub proposed: Option<(Verdict, UserId)>,
    /// What the verification found.
    pub verdict: Option<Verdict>,
    /// 不纳入考核.
    pub excluded: bool,
}

/// A unit's word with the appellant. Source: 7.3, 7.7.1 a.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// When.
    pub at: WallTime,
    /// Which unit.
    pub unit: OrganId,
    /// How.
    pub way: ContactWay,
    /// What came of it.
    pub outcome: ContactOutcome,
    /// Whether an opinion was heard.
    pub opinion: bool,
    /// The call.
    pub call: Option<InteractionId>,
}

/// A try to follow up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When.
    pub at: WallTime,
    /// Whose.
    pub level: FollowupLevel,
    /// How.
    pub mode: FollowupMode,
    /// Whether somebody was there.
    pub reached: bool,
    /// The local hour.
    pub daypart: u8,
}

/// The appellant's word. Source: 7.7.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowupWord {
    /// When.
    pub at: WallTime,
    /// How.
    pub mode: FollowupMode,
    /// 办理结果.
    pub result: FollowupResult,
    /// 满意程度.
    pub satisfaction: Satisfaction,
    /// Whether somebody was there.
    pub reached: bool,
}

impl FollowupWord {
    /// Whether a verification must follow. Source: 7.7.1.
    pub fn is_negative(&self) -> bool {
        self.result == FollowupResult::Unsolved || self.satisfaction == Satisfaction::Unsatisfied
    }
}

/// A return, extension or co-handling that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// 1, 2 …
    pub no: u32,
    /// What.
    pub what: RequestKind,
    /// Where it stands.
    pub state: RequestState,
    /// In which cycle.
    pub cycle: u32,
    /// Who asked.
    pub unit: OrganId,
    /// A co-unit's part that it is about.
    pub sub: Option<u32>,
    /// When.
    pub at: WallTime,
    /// When it was decided.
    pub decided_at: Option<WallTime>,
    /// Decided after the review's limit.
    pub decided_late: bool,
    /// Return: why.
    pub reason: Option<ReturnReason>,
    /// Return: 复杂疑难 claimed; after an approval: confirmed.
    pub complex: bool,
    /// Taken after its window by the supervisor's word.
    #[serde(default)]
    pub overridden: bool,
    /// The unit suggested, or the co-units wanted.
    pub units: Vec<OrganId>,
    /// Extension: the deadline wanted, then the one given.
    pub until: Option<WallTime>,
    /// Evidence.
    pub files: Vec<FileRef>,
}

/// A co-unit's part. Source: B.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubOrder {
    /// 1, 2 …
    pub no: u32,
    /// Opened in this cycle.
    pub cycle: u32,
    /// Who.
    pub unit: OrganId,
    /// Where it stands.
    pub state: SubState,
    /// When it was sent.
    pub at: WallTime,
    /// Signed after the limit.
    pub signed_late: bool,
    /// Done after the limit.
    pub done_late: bool,
}

/// 督办. Source: 7.8.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supervision {
    /// 1, 2 …
    pub no: u32,
    /// Why.
    pub cause: SupervisionCause,
    /// In which cycle.
    pub cycle: u32,
    /// Whom.
    pub unit: OrganId,
    /// By the program.
    pub automatic: bool,
    /// Where it stands.
    pub state: SupervisionState,
    /// When it was sent.
    pub at: WallTime,
}

/// 帮办. Source: 7.1.5.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Help {
    /// 1, 2 …
    pub no: u32,
    /// Where it stands.
    pub state: HelpState,
    /// Whom it takes.
    pub departments: Vec<OrganId>,
    /// Who helps.
    pub seat: Option<AgentId>,
    /// When it was asked for.
    pub at: WallTime,
}

/// A clock of the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Which.
    pub clock: ClockRef,
    /// From when it counts.
    pub start: WallTime,
    /// The first deadline, exclusive.
    pub first_deadline: Option<WallTime>,
    /// The deadline in force, exclusive.
    pub deadline: Option<WallTime>,
    /// Past the last loaded calendar.
    pub provisional: bool,
    /// The rule, as `5wd`.
    pub rule: String,
    /// What the limit rests on.
    #[serde(default)]
    pub basis: String,
    /// `unit`, `organ`, `seat`.
    pub against: String,
    /// When warnings are due, ascending.
    pub warnings: Vec<WallTime>,
    /// Warnings given.
    pub warned: u32,
    /// Whether its breach was told.
    pub breached: bool,
    /// Whether it passed while what was asked for in time is undecided: no breach yet.
    #[serde(default)]
    pub held: bool,
    /// How it ended; none while it runs.
    pub end: Option<ClockEnd>,
    /// When it ended.
    pub ended_at: Option<WallTime>,
    /// Ended after its deadline.
    pub late: bool,
}

impl Clock {
    /// Whether it runs.
    pub const fn runs(&self) -> bool {
        self.end.is_none()
    }

    /// When the scheduler has to look at it next: its next warning, then its deadline; none when nothing is to come.
    pub fn next_due(&self) -> Option<WallTime> {
        if !self.runs() || self.breached || self.held {
            return None;
        }
        let warned = usize::try_from(self.warned).unwrap_or(usize::MAX);
        self.warnings.get(warned).copied().or(self.deadline)
    }
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its internal id.
    pub id: TicketId,
    /// 工单编号, `YYYYMMDD` + 6 digits.
    pub number: String,
    /// Where it stands.
    pub state: State,
    /// Where it came from.
    #[serde(default)]
    pub origin: Origin,
    /// The call it was opened by.
    pub interaction: Option<InteractionId>,
    /// 1: the first matter of its call; 2, 3 … the others.
    #[serde(default = "one")]
    pub matter: u32,
    /// The first order of the call, for the others.
    #[serde(default)]
    pub first: Option<TicketId>,
    /// The dialled line.
    pub line: Option<LineId>,
    /// The queue that delivered the call.
    pub queue: Option<QueueId>,
    /// Who answered and writes it.
    pub agent: Option<AgentId>,
    /// The recording of the call.
    pub recording: Option<RecordingId>,
    /// All calls that belong to it, with their purpose.
    #[serde(default)]
    pub calls: Vec<(InteractionId, String)>,
    /// The fields.
    pub draft: Draft,
    /// Words by name.
    #[serde(skip)]
    pub texts: Texts,
    /// Flags.
    #[serde(default)]
    pub flags: BTreeSet<Flag>,
    /// Confidential: only the circle sees it.
    #[serde(default)]
    pub confidential: bool,
    /// Who sees a confidential order.
    #[serde(default)]
    pub circle: BTreeSet<UserId>,
    /// Files.
    #[serde(default)]
    pub files: Vec<(FileRef, String)>,
    /// How it ended before dispatch.
    #[serde(default)]
    pub ending: Option<Ending>,
    /// When somebody who harasses was told so: first, second.
    #[serde(default)]
    pub warned: Vec<WallTime>,
    /// Orders merged into this one, and whether the same person asked.
    #[serde(default)]
    pub repeats: Vec<(TicketId, bool)>,
    /// Approved returns since the last arbitration.
    #[serde(default)]
    pub returns: u32,
    /// 终审派单: no return.
    #[serde(default)]
    pub final_unit: bool,
    /// Cycles, oldest first.
    #[serde(default)]
    pub cycles: Vec<Cycle>,
    /// Requests, oldest first.
    #[serde(default)]
    pub requests: Vec<Request>,
    /// Co-units' parts, oldest first.
    #[serde(default)]
    pub subs: Vec<SubOrder>,
    /// 督办, oldest first.
    #[serde(default)]
    pub supervisions: Vec<Supervision>,
    /// 重点督办 cases it is in, and whether each is open.
    #[serde(default)]
    pub cases: Vec<(CaseId, bool)>,
    /// 帮办, oldest first.
    #[serde(default)]
    pub helps: Vec<Help>,
    /// 催办: when and whether the unit was told.
    #[serde(default)]
    pub urges: Vec<(WallTime, UrgedBy, bool)>,
    /// 批示.
    #[serde(default)]
    pub instructions: u32,
    /// The appellant's rating of the agent.
    #[serde(default)]
    pub agent_rating: Option<Satisfaction>,
    /// Exempt from follow-up, and why.
    #[serde(default)]
    pub exempt: Option<Exemption>,
    /// How it was closed.
    #[serde(default)]
    pub closing: Option<Closing>,
    /// Primary and secondary responsibility.
    #[serde(default)]
    pub responsibility: Option<(OrganId, Vec<OrganId>)>,
    /// Clocks, oldest first.
    #[serde(default)]
    pub clocks: Vec<Clock>,
    /// 1 at its opening, one more with every fact.
    pub version: i64,
    /// When it was opened.
    pub created_at: WallTime,
    /// When it last changed.
    pub updated_at: WallTime,
    /// When it was submitted.
    pub submitted_at: Option<WallTime>,
    /// When it was first accepted: the citizen's clock.
    #[serde(default)]
    pub accepted_at: Option<WallTime>,
    /// When it was closed.
    #[serde(default)]
    pub closed_at: Option<WallTime>,
    /// SHA-256 of the archive's manifest.
    #[serde(default)]
    pub archive: Option<String>,
    /// When it was opened again.
    #[serde(default)]
    pub reopened: u32,
}

const fn one() -> u32 {
    1
}

impl Ticket {
    /// The newest cycle.
    pub fn cycle(&self) -> Option<&Cycle> {
        self.cycles.last()
    }

    /// The number of the newest cycle; 0 before the first dispatch.
    pub fn cycle_no(&self) -> u32 {
        self.cycle().map_or(0, |cycle| cycle.no)
    }

    /// 首接负责单位 of the newest cycle.
    pub fn unit(&self) -> Option<&OrganId> {
        self.cycle().and_then(|cycle| cycle.unit.as_ref())
    }

    /// Who handles it now.
    pub fn handler(&self) -> Option<&OrganId> {
        self.cycle()
            .and_then(|cycle| cycle.handler.as_ref().or(cycle.unit.as_ref()))
    }

    /// The open request of this kind; for co-units' own returns name the part.
    pub fn open_request(&self, what: RequestKind, sub: Option<u32>) -> Option<&Request> {
        self.requests
            .iter()
            .find(|it| it.what == what && it.sub == sub && it.state == RequestState::Open)
    }

    /// A request by number.
    pub fn request(&self, no: u32) -> Option<&Request> {
        self.requests.iter().find(|it| it.no == no)
    }

    /// A co-unit's part by number.
    pub fn sub(&self, no: u32) -> Option<&SubOrder> {
        self.subs.iter().find(|it| it.no == no)
    }

    /// The running clock of this kind and subject in the newest cycle (or of any cycle for clocks without one).
    pub fn clock(&self, kind: ClockKind, subject: u32) -> Option<&Clock> {
        let of_kind = |it: &&Clock| it.clock.kind == kind && it.clock.subject == subject && it.runs();
        self.clocks.iter().rev().find(of_kind)
    }

    /// Whether the appeal is an enterprise's: followed up by a person. Source: 7.7.1.
    pub fn is_enterprise(&self) -> bool {
        self.flags.contains(&Flag::Enterprise)
            || matches!(
                self.draft.appellant_kind,
                Some(AppellantKind::LegalPerson | AppellantKind::Organization)
            )
    }

    /// Whether nothing but the archive is to come.
    pub const fn is_ended(&self) -> bool {
        matches!(
            self.state,
            State::Closed
                | State::Archived
                | State::Cancelled
                | State::NotAccepted
                | State::Invalid
                | State::Referred
                | State::Merged
        )
    }

    /// The data key its personal values are sealed under: its call's, so that the caller is sealed once; else its own.
    pub fn key_id(&self) -> String {
        self.interaction
            .map_or_else(|| self.id.to_string(), |call| call.to_string())
    }
}
