//! Who may do what: roles, permissions, the organs they reach, and the signed-in principal that every command carries.
//!
//! A permission is (verb, scope): a role grants verbs, each with a reach; the reach is measured against the organ
//! subtree of the principal and against the agent he works as.
//!
//! **Invariants.** Checked in one place ([`permission::authorize`]); what is not granted is denied. Nobody holds two of
//! admin, security and auditor.
//! **Not here.** Passwords, sessions and lock-outs (`io::store::users`, `http::auth`).
//! **Source.** GB/T 22239—2019 8.1.5 (system, security and audit management apart); DB1302/T 604—2025 8.4.2.1.

pub mod commitment;
pub mod organ;
pub mod organs;
pub mod permission;
pub mod request;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use crate::account::commitment::Commitment;
use crate::account::organ::OrganPath;
use crate::base::ids::AgentId;
use crate::base::ids::UserId;

/// What a person does in the centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 受理人员: takes calls and writes work orders.
    Agent,
    /// 专席: takes the calls of an expert queue.
    Expert,
    /// 班长: watches agents and queues.
    Supervisor,
    /// 派单员.
    Dispatcher,
    /// 审核员.
    Reviewer,
    /// 回访员.
    Followup,
    /// 质检员: listens to recordings.
    Quality,
    /// 数据分析员: reads figures.
    Analyst,
    /// 承办单位.
    Unit,
    /// 网格员.
    Grid,
    /// 督查员.
    Inspector,
    /// 审计员: reads the trail of what people did.
    Auditor,
    /// 安全管理员: gives roles.
    Security,
    /// 系统管理员: accounts, profiles, operation.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 14] = [
        Self::Agent,
        Self::Expert,
        Self::Supervisor,
        Self::Dispatcher,
        Self::Reviewer,
        Self::Followup,
        Self::Quality,
        Self::Analyst,
        Self::Unit,
        Self::Grid,
        Self::Inspector,
        Self::Auditor,
        Self::Security,
        Self::Admin,
    ];

    /// The stable code, as in the database and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Expert => "expert",
            Self::Supervisor => "supervisor",
            Self::Dispatcher => "dispatcher",
            Self::Reviewer => "reviewer",
            Self::Followup => "followup",
            Self::Quality => "quality",
            Self::Analyst => "analyst",
            Self::Unit => "unit",
            Self::Grid => "grid",
            Self::Inspector => "inspector",
            Self::Auditor => "auditor",
            Self::Security => "security",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Why roles cannot be given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleError {
    /// No such role.
    #[error("no role {0}")]
    Unknown(String),
    /// Two of admin, security and auditor.
    #[error("{0} and {1} must be two people")]
    Apart(Role, Role),
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        let found = Self::ALL.into_iter().find(|role| role.code() == text);
        found.ok_or_else(|| RoleError::Unknown(text.to_owned()))
    }
}

/// Reads role codes and checks that they may be held by one person.
///
/// # Errors
/// [`RoleError::Unknown`] for a code that is no role; [`RoleError::Apart`] for two of admin, security and auditor.
pub fn parse_roles<'a>(codes: impl IntoIterator<Item = &'a str>) -> Result<BTreeSet<Role>, RoleError> {
    let roles = codes
        .into_iter()
        .map(str::parse)
        .collect::<Result<BTreeSet<Role>, RoleError>>()?;
    let mut apart = [Role::Auditor, Role::Security, Role::Admin]
        .into_iter()
        .filter(|role| roles.contains(role));
    if let (Some(first), Some(second)) = (apart.next(), apart.next()) {
        return Err(RoleError::Apart(first, second));
    }
    Ok(roles)
}

/// A signed-in person, as every command carries him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Whose account.
    pub user: UserId,
    /// What he may be.
    pub roles: BTreeSet<Role>,
    /// The organ he works for; his reach is its subtree.
    pub organ: OrganPath,
    /// The agent he works as, if any.
    pub agent: Option<AgentId>,
    /// Hash of the session token, so that an act is traced to a sign-in; empty at the command line.
    pub session: String,
    /// Whether he has signed the secrecy commitment in force; until then he sees no appellant.
    pub commitment: Commitment,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_survives_its_code() {
        for role in Role::ALL {
            assert_eq!(role.code().parse(), Ok(role));
        }
        assert_eq!("root".parse::<Role>(), Err(RoleError::Unknown("root".to_owned())));
    }

    #[test]
    fn admin_security_and_auditor_are_three_people() {
        assert!(parse_roles(["agent", "supervisor", "admin"]).is_ok());
        for pair in [
            ["admin", "security"],
            ["security", "auditor"],
            ["auditor", "admin"],
        ] {
            assert!(
                matches!(parse_roles(pair), Err(RoleError::Apart(_, _))),
                "{pair:?}"
            );
        }
    }
}
