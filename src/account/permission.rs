//! The table of permissions and the one place that checks it.
//!
//! **Invariants.** A role grants (verb, reach) pairs; a principal may do what one of his roles grants; everything else
//! is denied, and the caller writes `permission.denied`.
//! **Not here.** Which state allows a command (the exchange, `ticket::decide`).

use std::fmt;

use crate::account::Principal;
use crate::account::Role;
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
    /// Reads the names of queues, lines, reasons, skills, categories and regions for the screens.
    ProfileNames = "profile.names",
    /// Reads whole profiles.
    ProfileRead = "profile.read",
    /// Publishes a profile.
    ProfilePublish = "profile.publish",
    /// Reads figures of calls and queues.
    StatisticsRead = "statistics.read",
    /// Reads and checks the trail of what people did.
    AuditRead = "audit.read",
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
}

/// Checks that one of the principal's roles grants `verb` on `object`.
///
/// # Errors
/// [`Denied`] names the missing permission; the caller writes it to the trail.
pub fn authorize(principal: &Principal, verb: Verb, object: &Object) -> Result<(), Denied> {
    let granted = principal.roles.iter().filter_map(|role| reach(*role, verb));
    if granted.into_iter().any(|reach| reaches(principal, reach, object)) {
        return Ok(());
    }
    Err(Denied {
        verb,
        object: object.name.clone(),
    })
}

/// The farthest reach with which the principal holds `verb`: lists are narrowed with it, see [`Reach::Own`].
pub fn reach_of(principal: &Principal, verb: Verb) -> Option<Reach> {
    principal.roles.iter().filter_map(|role| reach(*role, verb)).max()
}

/// With which reach a role grants a verb.
pub fn reach(role: Role, verb: Verb) -> Option<Reach> {
    if matches!(verb, Verb::SessionSelf | Verb::ProfileNames) {
        return Some(Reach::Organ);
    }
    grants(role)
        .iter()
        .find(|(granted, _)| *granted == verb)
        .map(|(_, reach)| *reach)
}

fn reaches(principal: &Principal, reach: Reach, object: &Object) -> bool {
    match reach {
        Reach::Own => object.agent.is_some() && object.agent == principal.agent,
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
    (Verb::CallHangup, Reach::Own),
    (Verb::RecordingPlay, Reach::Own),
    (Verb::TicketList, Reach::Own),
    (Verb::TicketRead, Reach::Own),
    (Verb::TicketEdit, Reach::Own),
    (Verb::TicketSubmit, Reach::Own),
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
    (Verb::CallHangup, Reach::Organ),
    (Verb::RecordingList, Reach::Organ),
    (Verb::RecordingPlay, Reach::Organ),
    (Verb::TicketList, Reach::Organ),
    (Verb::TicketRead, Reach::Organ),
    (Verb::TicketEdit, Reach::Organ),
    (Verb::TicketSubmit, Reach::Organ),
    (Verb::AlarmList, Reach::Organ),
    (Verb::AlarmAcknowledge, Reach::Organ),
    (Verb::StatisticsRead, Reach::Organ),
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
    (Verb::StatisticsRead, Reach::Organ),
    (Verb::MetricsRead, Reach::Organ),
    (Verb::NodeDrain, Reach::Organ),
];

const fn grants(role: Role) -> &'static [(Verb, Reach)] {
    use Reach::Organ;
    match role {
        Role::Agent | Role::Expert => AGENT,
        Role::Supervisor => SUPERVISOR,
        Role::Dispatcher | Role::Reviewer | Role::Followup => &[
            (Verb::TicketList, Organ),
            (Verb::TicketRead, Organ),
            (Verb::StreamRead, Organ),
        ],
        Role::Quality => &[
            (Verb::CallList, Organ),
            (Verb::CallRead, Organ),
            (Verb::RecordingList, Organ),
            (Verb::RecordingPlay, Organ),
            (Verb::RecordingExport, Organ),
            (Verb::TicketList, Organ),
            (Verb::TicketRead, Organ),
            (Verb::StatisticsRead, Organ),
        ],
        Role::Analyst => &[(Verb::CallList, Organ), (Verb::StatisticsRead, Organ)],
        Role::Unit | Role::Grid => &[],
        Role::Inspector => &[
            (Verb::TicketList, Organ),
            (Verb::TicketRead, Organ),
            (Verb::StatisticsRead, Organ),
        ],
        Role::Auditor => &[(Verb::AuditRead, Organ), (Verb::UserList, Organ)],
        Role::Security => &[
            (Verb::UserList, Organ),
            (Verb::UserGrant, Organ),
            (Verb::AlarmList, Organ),
        ],
        Role::Admin => ADMIN,
    }
}

#[cfg(test)]
#[path = "permission_test.rs"]
mod tests;
