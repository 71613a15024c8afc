//! The table of permissions and the one place that checks it.
//!
//! **Invariants.** A role grants (verb, reach) pairs; a principal may do what one of his roles grants; everything else
//! is denied, and the caller writes `permission.denied`.
//! **Not here.** Which state allows a command (the exchange, `ticket::decide`).

use std::fmt;

use crate::account::Principal;
use crate::account::Role;
use crate::account::commitment::Commitment;
use crate::account::organ::OrganPath;
use crate::base::ids::AgentId;

/// Declares verbs with their codes once.
macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident = $code:literal),+ $(,)?) => {
        /// What may be done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Verb { $($(#[$doc])* $name),+ }

        impl Verb {
            /// Every verb.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The stable code, as in `permission.denied`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }
        }
    };
}

verbs! {
    /// Reads and ends his own session, changes his own password.
    SessionSelf = "session.self",
    /// Signs in and out as his own agent, sets his presence, finishes wrap-up, rejects an offer.
    AgentSelf = "agent.self",
    /// Does the same to another agent.
    AgentForce = "agent.force",
    /// Sees agents live.
    AgentList = "agent.list",
    /// Sees queues live.
    QueueList = "queue.list",
    /// Takes part in the live stream.
    StreamRead = "stream.read",
    /// Lists calls, numbers masked.
    CallList = "call.list",
    /// Reads one call with its segments and offers, numbers masked.
    CallRead = "call.read",
    /// Sees a caller's number in clear; audited.
    CallReveal = "call.reveal",
    /// Calls the appellant of a work order that he sees.
    CallMake = "call.make",
    /// Sees what answered calls have become, and which became nothing.
    CallReconcile = "call.reconcile",
    /// Sees who called and reached nobody, and calls him back.
    CallMissed = "call.missed",
    /// Ends a call.
    CallHangup = "call.hangup",
    /// Lists recordings.
    RecordingList = "recording.list",
    /// Listens to a recording; audited.
    RecordingPlay = "recording.play",
    /// Takes a recording out; audited.
    RecordingExport = "recording.export",
    /// Lists work orders, persons masked.
    TicketList = "ticket.list",
    /// Reads one work order.
    TicketRead = "ticket.read",
    /// Saves a draft.
    TicketEdit = "ticket.edit",
    /// Submits a draft.
    TicketSubmit = "ticket.submit",
    /// Gives a command to a work order; which one, says `ticket::permission`.
    TicketCommand = "ticket.command",
    /// Searches work orders by words, tags and codes.
    TicketSearch = "ticket.search",
    /// Takes work orders out as a table; audited.
    TicketExport = "ticket.export",
    /// Reads an order's archive.
    ArchiveRead = "archive.read",
    /// Reads 重点督办 cases.
    CaseRead = "case.read",
    /// Submits 重点督办 cases; sees what should become one.
    CaseSubmit = "case.submit",
    /// Joins, moves and closes 重点督办 cases; a unit reports to its own.
    CaseManage = "case.manage",
    /// Reads articles of the knowledge base.
    ArticleRead = "article.read",
    /// Writes articles of the knowledge base.
    ArticleEdit = "article.edit",
    /// Publishes and retires articles of the knowledge base.
    ArticleApprove = "article.approve",
    /// Reads the ratios of organs.
    RatioRead = "ratio.read",
    /// Reads the report on how the standard is kept.
    ConformanceReport = "conformance.read",
    /// Sees messages that leave the house.
    OutboxRead = "outbox.read",
    /// Sends messages again and gives them up.
    OutboxManage = "outbox.manage",
    /// Sees alarms.
    AlarmList = "alarm.list",
    /// Takes notice of an alarm.
    AlarmAcknowledge = "alarm.acknowledge",
    /// Sees accounts.
    UserList = "user.list",
    /// Makes, locks and unlocks accounts, sets passwords.
    UserManage = "user.manage",
    /// Gives and takes roles.
    UserGrant = "user.grant",
    /// Asks for accounts, for other rights, and for closing; sees what was asked.
    AccountRequest = "account.request",
    /// Approves and refuses what was asked.
    AccountApprove = "account.approve",
    /// Reads and signs the secrecy commitment.
    CommitmentSign = "commitment.sign",
    /// Reads the names of queues, lines, reasons, skills, categories and regions for the screens.
    ProfileNames = "profile.names",
    /// Reads whole profiles.
    ProfileRead = "profile.read",
    /// Publishes a profile.
    ProfilePublish = "profile.publish",
    /// Reads reference data: organs, event types, rules, calendar, settings.
    ReferenceRead = "reference.read",
    /// Publishes reference data.
    ReferencePublish = "reference.publish",
    /// Sees routing rules that fixed responsibilities propose.
    RuleRead = "rule.read",
    /// Approves and refuses them.
    RuleApprove = "rule.approve",
    /// Reads figures of calls and queues.
    StatisticsRead = "statistics.read",
    /// Reads and checks the trail of what people did.
    AuditRead = "audit.read",
    /// Sees what was taken out of the house, by whom and what for.
    ExportLog = "export.list",
    /// Reads the program's metrics.
    MetricsRead = "metrics.read",
    /// Stops taking calls, stops the program.
    NodeDrain = "node.drain",
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// How far a grant reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// What belongs to the agent he works as.
    Own,
    /// What belongs to his organ or one below it, and never what names no organ: units see nothing of the centre's.
    Below,
    /// What belongs to his organ or one below it; what names no organ belongs to the centre.
    Organ,
}

/// What a command is about, as far as permission goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// Its name in the trail, as `call/<id>`; carries ids only.
    pub name: String,
    /// The agent it belongs to, if any.
    pub agent: Option<AgentId>,
    /// The organ it belongs to; none is the centre itself.
    pub organ: Option<OrganPath>,
}

impl Object {
    /// A thing of the centre that belongs to nobody in particular.
    pub fn of_centre(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            agent: None,
            organ: None,
        }
    }

    /// A thing that belongs to an organ; a list, as far as it is narrowed to the organ's subtree.
    pub fn of_organ(name: impl Into<String>, organ: OrganPath) -> Self {
        Self {
            name: name.into(),
            agent: None,
            organ: Some(organ),
        }
    }

    /// A thing that belongs to an agent.
    pub fn of_agent(name: impl Into<String>, agent: Option<AgentId>) -> Self {
        Self {
            name: name.into(),
            agent,
            organ: None,
        }
    }
}

/// A command that may not be given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no permission {verb} on {object}")]
pub struct Denied {
    /// The permission that is missing.
    pub verb: Verb,
    /// What it was about.
    pub object: String,
    /// What he lacks.
    pub lack: Lack,
}

/// What somebody lacks who may not give a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// A role that grants it.
    Grant,
    /// His signature under the secrecy commitment. Source: 4.3.1.
    Commitment,
}

/// Checks that one of the principal's roles grants `verb` on `object`, and that he has signed the secrecy commitment
/// where appellants are seen.
///
/// # Errors
/// [`Denied`] names the missing permission; the caller writes it to the trail.
pub fn authorize(principal: &Principal, verb: Verb, object: &Object) -> Result<(), Denied> {
    let mut granted = principal.roles.iter().filter_map(|role| reach(*role, verb));
    let lack = if !granted.any(|reach| reaches(principal, reach, object)) {
        Lack::Grant
    } else if principal.commitment == Commitment::Missing && SHOWS_APPELLANTS.contains(&verb) {
        Lack::Commitment
    } else {
        return Ok(());
    };
    Err(Denied {
        verb,
        object: object.name.clone(),
        lack,
    })
}

/// The farthest reach with which the principal holds `verb`: lists are narrowed with it, see [`Reach::Own`].
pub fn reach_of(principal: &Principal, verb: Verb) -> Option<Reach> {
    principal.roles.iter().filter_map(|role| reach(*role, verb)).max()
}

/// With which reach a role grants a verb.
pub fn reach(role: Role, verb: Verb) -> Option<Reach> {
    if EVERYBODY.contains(&verb) {
        return Some(Reach::Organ);
    }
    grants(role)
        .into_iter()
        .flatten()
        .find(|(granted, _)| *granted == verb)
        .map(|(_, reach)| *reach)
}

/// What every role grants.
const EVERYBODY: &[Verb] = &[
    Verb::SessionSelf,
    Verb::CommitmentSign,
    Verb::ProfileNames,
    Verb::ReferenceRead,
    Verb::ArticleRead,
];

/// What shows who appeals, or what he says: nobody does it before he has signed the secrecy commitment. Source: 4.3.1.
const SHOWS_APPELLANTS: &[Verb] = &[
    Verb::AgentSelf,
    Verb::StreamRead,
    Verb::CallList,
    Verb::CallRead,
    Verb::CallReveal,
    Verb::RecordingList,
    Verb::RecordingPlay,
    Verb::RecordingExport,
    Verb::TicketList,
    Verb::TicketRead,
    Verb::TicketEdit,
    Verb::TicketSubmit,
    Verb::TicketCommand,
    Verb::TicketSearch,
    Verb::TicketExport,
    Verb::ArchiveRead,
    Verb::CaseRead,
    Verb::CaseManage,
    Verb::OutboxRead,
];

fn reaches(principal: &Principal, reach: Reach, object: &Object) -> bool {
    match reach {
        Reach::Own => object.agent.is_some() && object.agent == principal.agent,
        Reach::Below => object
            .organ
            .as_ref()
            .is_some_and(|organ| principal.organ.contains(organ)),
        Reach::Organ => object
            .organ
            .as_ref()
            .is_none_or(|organ| principal.organ.contains(organ)),
    }
}

/// What agents and experts may.
const AGENT: &[(Verb, Reach)] = &[
    (Verb::AgentSelf, Reach::Own),
    (Verb::QueueList, Reach::Organ),
    (Verb::StreamRead, Reach::Organ),
    (Verb::CallList, Reach::Own),
    (Verb::CallRead, Reach::Own),
    (Verb::CallReveal, Reach::Own),
    (Verb::CallMake, Reach::Own),
    (Verb::CallMissed, Reach::Organ),
    (Verb::CallHangup, Reach::Own),
    (Verb::RecordingPlay, Reach::Own),
    (Verb::TicketList, Reach::Own),
    (Verb::TicketRead, Reach::Own),
    (Verb::TicketEdit, Reach::Own),
    (Verb::TicketSubmit, Reach::Own),
    (Verb::TicketCommand, Reach::Organ),
    (Verb::TicketSearch, Reach::Organ),
];

/// What supervisors may.
const SUPERVISOR: &[(Verb, Reach)] = &[
    (Verb::AgentForce, Reach::Organ),
    (Verb::AgentList, Reach::Organ),
    (Verb::QueueList, Reach::Organ),
    (Verb::StreamRead, Reach::Organ),
    (Verb::CallList, Reach::Organ),
    (Verb::CallRead, Reach::Organ),
    (Verb::CallReveal, Reach::Organ),
    (Verb::CallReconcile, Reach::Organ),
    (Verb::CallMissed, Reach::Organ),
    (Verb::CallHangup, Reach::Organ),
    (Verb::RecordingList, Reach::Organ),
    (Verb::RecordingPlay, Reach::Organ),
    (Verb::TicketList, Reach::Organ),
    (Verb::TicketRead, Reach::Organ),
    (Verb::TicketEdit, Reach::Organ),
    (Verb::TicketSubmit, Reach::Organ),
    (Verb::TicketCommand, Reach::Organ),
    (Verb::TicketSearch, Reach::Organ),
    (Verb::TicketExport, Reach::Organ),
    (Verb::ArchiveRead, Reach::Organ),
    (Verb::CaseRead, Reach::Organ),
    (Verb::CaseSubmit, Reach::Organ),
    (Verb::CaseManage, Reach::Organ),
    (Verb::RuleRead, Reach::Organ),
    (Verb::RuleApprove, Reach::Organ),
    (Verb::ArticleEdit, Reach::Organ),
    (Verb::ArticleApprove, Reach::Organ),
    (Verb::RatioRead, Reach::Organ),
    (Verb::ConformanceReport, Reach::Organ),
    (Verb::OutboxRead, Reach::Organ),
    (Verb::AccountRequest, Reach::Organ),
    (Verb::AlarmList, Reach::Organ),
    (Verb::AlarmAcknowledge, Reach::Organ),
    (Verb::StatisticsRead, Reach::Organ),
];

/// What units and grid officers may.
const UNIT: &[(Verb, Reach)] = &[
    (Verb::TicketList, Reach::Below),
    (Verb::TicketRead, Reach::Below),
    (Verb::TicketSearch, Reach::Below),
    (Verb::TicketCommand, Reach::Organ),
    (Verb::RecordingPlay, Reach::Below),
    (Verb::CaseRead, Reach::Below),
    (Verb::CaseManage, Reach::Below),
    (Verb::ArticleEdit, Reach::Organ),
    (Verb::RatioRead, Reach::Below),
    (Verb::AccountRequest, Reach::Organ),
];

/// What grid officers may: what units may, but accounts and figures are their unit's.
const GRID: &[(Verb, Reach)] = &[
    (Verb::TicketList, Reach::Below),
    (Verb::TicketRead, Reach::Below),
    (Verb::TicketSearch, Reach::Below),
    (Verb::TicketCommand, Reach::Organ),
    (Verb::RecordingPlay, Reach::Below),
];

/// What administrators may.
const ADMIN: &[(Verb, Reach)] = &[
    (Verb::AgentList, Reach::Organ),
    (Verb::QueueList, Reach::Organ),
    (Verb::StreamRead, Reach::Organ),
    (Verb::AlarmList, Reach::Organ),
    (Verb::AlarmAcknowledge, Reach::Organ),
    (Verb::UserList, Reach::Organ),
    (Verb::UserManage, Reach::Organ),
    (Verb::ProfileRead, Reach::Organ),
    (Verb::ProfilePublish, Reach::Organ),
    (Verb::ReferencePublish, Reach::Organ),
    (Verb::ArticleEdit, Reach::Organ),
    (Verb::OutboxRead, Reach::Organ),
    (Verb::OutboxManage, Reach::Organ),
    (Verb::AccountRequest, Reach::Organ),
    (Verb::StatisticsRead, Reach::Organ),
    (Verb::MetricsRead, Reach::Organ),
    (Verb::NodeDrain, Reach::Organ),
];

/// What experts may beyond agents.
const EXPERT: &[(Verb, Reach)] = &[(Verb::ArticleEdit, Reach::Organ)];

/// What the officers who dispatch, review and follow up may alike.
const OFFICER: &[(Verb, Reach)] = &[
    (Verb::TicketList, Reach::Organ),
    (Verb::TicketRead, Reach::Organ),
    (Verb::TicketCommand, Reach::Organ),
    (Verb::TicketSearch, Reach::Organ),
    (Verb::ArchiveRead, Reach::Organ),
    (Verb::StreamRead, Reach::Organ),
];

/// What officers who follow up may beyond officers, where one of them works at a telephone.
const FOLLOWUP: &[(Verb, Reach)] = &[
    (Verb::AgentSelf, Reach::Own),
    (Verb::CallMake, Reach::Own),
    (Verb::CallHangup, Reach::Own),
    (Verb::CallList, Reach::Own),
    (Verb::CallRead, Reach::Own),
];

/// What dispatchers may beyond other officers.
const DISPATCHER: &[(Verb, Reach)] = &[
    (Verb::ArticleApprove, Reach::Organ),
    (Verb::CaseRead, Reach::Organ),
    (Verb::CaseSubmit, Reach::Organ),
    (Verb::CaseManage, Reach::Organ),
    (Verb::RuleRead, Reach::Organ),
    (Verb::RuleApprove, Reach::Organ),
];

/// What reviewers may beyond other officers.
const REVIEWER: &[(Verb, Reach)] = &[
    (Verb::CaseRead, Reach::Organ),
    (Verb::CaseSubmit, Reach::Organ),
    (Verb::CaseManage, Reach::Organ),
    (Verb::RuleRead, Reach::Organ),
];

/// What inspectors may.
const INSPECTOR: &[(Verb, Reach)] = &[
    (Verb::TicketList, Reach::Organ),
    (Verb::TicketRead, Reach::Organ),
    (Verb::TicketCommand, Reach::Organ),
    (Verb::TicketSearch, Reach::Organ),
    (Verb::ArchiveRead, Reach::Organ),
    (Verb::CaseRead, Reach::Organ),
    (Verb::CaseManage, Reach::Organ),
    (Verb::RatioRead, Reach::Organ),
    (Verb::StatisticsRead, Reach::Organ),
];

/// What a role grants, in parts.
const fn grants(role: Role) -> [&'static [(Verb, Reach)]; 2] {
    use Reach::Organ;
    match role {
        Role::Agent => [AGENT, &[]],
        Role::Expert => [AGENT, EXPERT],
        Role::Supervisor => [SUPERVISOR, &[]],
        Role::Dispatcher => [OFFICER, DISPATCHER],
        Role::Reviewer => [OFFICER, REVIEWER],
        Role::Followup => [OFFICER, FOLLOWUP],
        Role::Quality => [
            &[
                (Verb::CallList, Organ),
                (Verb::CallRead, Organ),
                (Verb::CallReconcile, Organ),
                (Verb::RecordingList, Organ),
                (Verb::RecordingPlay, Organ),
                (Verb::RecordingExport, Organ),
                (Verb::TicketList, Organ),
                (Verb::TicketRead, Organ),
                (Verb::TicketSearch, Organ),
                (Verb::ArchiveRead, Organ),
                (Verb::StatisticsRead, Organ),
            ],
            &[],
        ],
        Role::Analyst => [
            &[
                (Verb::CallList, Organ),
                (Verb::StatisticsRead, Organ),
                (Verb::RatioRead, Organ),
                (Verb::ConformanceReport, Organ),
            ],
            &[],
        ],
        Role::Unit => [UNIT, &[]],
        Role::Grid => [GRID, &[]],
        Role::Inspector => [INSPECTOR, &[]],
        Role::Auditor => [
            &[
                (Verb::AuditRead, Organ),
                (Verb::ExportLog, Organ),
                (Verb::UserList, Organ),
                (Verb::ConformanceReport, Organ),
            ],
            &[],
        ],
        Role::Security => [
            &[
                (Verb::UserList, Organ),
                (Verb::UserGrant, Organ),
                (Verb::AccountRequest, Organ),
                (Verb::AccountApprove, Organ),
                (Verb::AlarmList, Organ),
            ],
            &[],
        ],
        Role::Admin => [ADMIN, &[]],
    }
}

#[cfg(test)]
#[path = "permission_test.rs"]
mod tests;
