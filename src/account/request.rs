//! Requests for accounts: what is asked, who decides, and what takes effect without a decision.
//!
//! ```text
//!  ask ─► Open ──approve──► Approved      a new account, a closed one opened again: the upper 12345 organ
//!    │      └───refuse───► Refused        other rights: the city's organ
//!    └──► Done                            rights taken away, an account closed: at once
//! ```
//!
//! **Invariants.** Nobody decides what he asked himself or what is about himself. Until a request is approved the
//! account stands as it stood; what changed meanwhile is never undone by an approval.
//! **Not here.** Rows (`io::store::account_requests`), passwords (`http::auth`).
//! **Source.** DB1302/T 604—2025 8.4.1.1, 8.4.1.2.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;

use crate::account::Principal;
use crate::account::Role;
use crate::account::organs::Organs;
use crate::base::ids::AgentId;
use crate::base::ids::OrganId;
use crate::base::ids::UserId;

/// A new account is approved by the organ above.
pub const CLAUSE_NEW: &str = "DB1302/T 604—2025 8.4.1.1";
/// Other rights are approved by the city's organ.
pub const CLAUSE_CHANGE: &str = "DB1302/T 604—2025 8.4.1.2";

/// What an account may do, and for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// Its roles.
    pub roles: BTreeSet<Role>,
    /// The organ it works for.
    pub organ: OrganId,
    /// The agent it works as.
    pub agent: Option<AgentId>,
}

/// What is asked for an account. Serialised for the request's row alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// A new one.
    Open {
        /// 姓名.
        name: String,
        /// What it is to be allowed.
        rights: Rights,
    },
    /// Other rights.
    Change {
        /// All it is to be allowed.
        rights: Rights,
    },
    /// A closed one is to be used again, as it stood.
    Reopen,
    /// It is to be closed.
    Close,
}

impl Wish {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Change { .. } => "change",
            Self::Reopen => "reopen",
            Self::Close => "close",
        }
    }

    /// The clause that says who decides.
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Open { .. } | Self::Reopen => CLAUSE_NEW,
            Self::Change { .. } | Self::Close => CLAUSE_CHANGE,
        }
    }

    /// The rights it would lead to, when it names any.
    pub const fn rights(&self) -> Option<&Rights> {
        match self {
            Self::Open { rights, .. } | Self::Change { rights } => Some(rights),
            Self::Reopen | Self::Close => None,
        }
    }
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// It waits for its decision.
    Open,
    /// It was approved and took effect.
    Approved,
    /// It was refused.
    Refused,
    /// It took effect at once, since it only takes rights away.
    Done,
}

impl RequestState {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Done => "done",
        }
    }

    /// The state with this code.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Open, Self::Approved, Self::Refused, Self::Done]
            .into_iter()
            .find(|state| state.code() == code)
    }
}

/// An account as it stands when something is asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What it may do.
    pub rights: Rights,
    /// Whether it may be used.
    pub active: bool,
}

/// How a request goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// It only takes away.
    AtOnce,
    /// This organ, or a 12345 organ above it, decides.
    Decision(OrganId),
}

/// Why a request or a decision is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// There is such an account already.
    #[error("there is an account of this name")]
    Exists,
    /// There is no such account.
    #[error("there is no account of this name")]
    NoAccount,
    /// There is no such organ, or it is not in use.
    #[error("there is no such organ")]
    NoOrgan,
    /// An account without any role.
    #[error("an account has at least one role")]
    NoRole,
    /// The account is closed, or is not.
    #[error("the account is {0}")]
    State(&'static str),
    /// Nothing would change.
    #[error("nothing would change")]
    Unchanged,
    /// Who asked, or whom it is about, decides.
    #[error("who asks, and whom it is about, does not decide")]
    FourEyes(&'static str),
    /// Another organ decides.
    #[error("this is decided by {0} or a 12345 organ above it")]
    NotUpper(OrganId, &'static str),
    /// It was decided before.
    #[error("it has been decided")]
    Decided,
    /// The account is not as it was when this was asked.
    #[error("the account changed since this was asked")]
    Stale(&'static str),
    /// Too many of the organ's requests wait.
    #[error("too many requests of this organ wait")]
    TooMany,
    /// It needs a request.
    #[error("this goes by a request")]
    NeedsRequest(&'static str),
}

impl RequestError {
    /// The stable code of the rule.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Exists => "account_exists",
            Self::NoAccount => "account_unknown",
            Self::NoOrgan => "account_organ",
            Self::NoRole => "account_role",
            Self::State(_) => "account_state",
            Self::Unchanged => "account_unchanged",
            Self::FourEyes(_) => "four_eyes",
            Self::NotUpper(..) => "not_upper_organ",
            Self::Decided => "request_decided",
            Self::Stale(_) => "account_changed",
            Self::TooMany => "too_many_requests",
            Self::NeedsRequest(_) => "needs_request",
        }
    }

    /// The clause behind it.
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::FourEyes(clause)
            | Self::NotUpper(_, clause)
            | Self::Stale(clause)
            | Self::NeedsRequest(clause) => clause,
            Self::Exists
            | Self::NoAccount
            | Self::NoOrgan
            | Self::NoRole
            | Self::State(_)
            | Self::Unchanged
            | Self::Decided
            | Self::TooMany => CLAUSE_NEW,
        }
    }

    /// The field at fault, if one is.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::Exists | Self::NoAccount | Self::State(_) => Some("user"),
            Self::NoOrgan => Some("organ"),
            Self::NoRole | Self::Unchanged => Some("roles"),
            Self::FourEyes(_)
            | Self::NotUpper(..)
            | Self::Decided
            | Self::Stale(_)
            | Self::TooMany
            | Self::NeedsRequest(_) => None,
        }
    }

    /// Whether it is about who asks or decides, and not about what.
    pub const fn is_about_person(&self) -> bool {
        matches!(self, Self::FourEyes(_) | Self::NotUpper(..))
    }
}

/// The nearest 12345 organ above an organ; the city's own stands above itself. Source: 8.4.1.1.
pub fn upper_hotline<'a>(organs: &'a Organs, organ: &OrganId) -> Option<&'a OrganId> {
    let mut at = organs.get(organ)?;
    loop {
        let Some(upper) = at.parent.as_ref().and_then(|upper| organs.get(upper)) else {
            return Some(&at.id);
        };
        if upper.kind.is_hotline() {
            return Some(&upper.id);
        }
        at = upper;
    }
}

/// Whether `after` allows nothing that `before` does not: the same organ, no new role, no new agent.
pub fn is_reduction(before: &Rights, after: &Rights) -> bool {
    let no_new_agent = after.agent.is_none() || after.agent == before.agent;
    before.organ == after.organ && after.roles.is_subset(&before.roles) && no_new_agent
}

/// Says how a wish goes on for an account that stands as it does.
///
/// # Errors
/// [`RequestError`]: of an account that is there or not, closed or not, an unknown organ, or where nothing would change.
pub fn way(wish: &Wish, standing: Option<&Standing>, organs: &Organs) -> Result<Way, RequestError> {
    let root = || {
        organs
            .root()
            .map(|root| root.id.clone())
            .ok_or(RequestError::NoOrgan)
    };
    if let Some(rights) = wish.rights() {
        let there = organs.get(&rights.organ).is_some_and(|organ| organ.active);
        let moves = standing.is_none_or(|it| it.rights.organ != rights.organ);
        if moves && !there {
            return Err(RequestError::NoOrgan);
        }
    }
    match (wish, standing) {
        (Wish::Open { .. }, Some(_)) => Err(RequestError::Exists),
        (Wish::Open { rights, .. }, None) if rights.roles.is_empty() => Err(RequestError::NoRole),
        (Wish::Open { rights, .. }, None) => {
            let upper = upper_hotline(organs, &rights.organ).ok_or(RequestError::NoOrgan)?;
            Ok(Way::Decision(upper.clone()))
        }
        (_, None) => Err(RequestError::NoAccount),
        (Wish::Reopen, Some(it)) if it.active => Err(RequestError::State("active")),
        (Wish::Reopen, Some(it)) => {
            let upper = upper_hotline(organs, &it.rights.organ).cloned();
            Ok(Way::Decision(upper.map_or_else(root, Ok)?))
        }
        (_, Some(it)) if !it.active => Err(RequestError::State("disabled")),
        (Wish::Close, Some(_)) => Ok(Way::AtOnce),
        (Wish::Change { rights }, Some(it)) if *rights == it.rights => Err(RequestError::Unchanged),
        (Wish::Change { rights }, Some(it)) if is_reduction(&it.rights, rights) => Ok(Way::AtOnce),
        (Wish::Change { .. }, Some(_)) => Ok(Way::Decision(root()?)),
    }
}

/// A request that waits, as far as its decision goes.
#[derive(Clone, Copy, Debug)]
pub struct Waiting<'a> {
    /// What is asked.
    pub wish: &'a Wish,
    /// Whose account.
    pub account: &'a UserId,
    /// Who asked.
    pub asked_by: &'a UserId,
    /// The organ that decides.
    pub approver: &'a OrganId,
}

/// Whether this person decides the request: another one, of the deciding organ or a 12345 organ above it.
///
/// # Errors
/// [`RequestError::FourEyes`]; [`RequestError::NotUpper`].
pub fn may_decide(request: Waiting<'_>, who: &Principal, organs: &Organs) -> Result<(), RequestError> {
    let clause = request.wish.clause();
    let own = who.organ.organ().and_then(|own| organs.get(own));
    let upper = own.is_some_and(|own| own.kind.is_hotline() && organs.is_below(request.approver, &own.id));
    if !upper {
        return Err(RequestError::NotUpper(request.approver.clone(), clause));
    }
    if who.user == *request.asked_by || who.user == *request.account {
        return Err(RequestError::FourEyes(clause));
    }
    Ok(())
}

/// Whether an approval still fits the account as it stands now.
///
/// # Errors
/// [`RequestError::Stale`].
pub fn still_fits(
    wish: &Wish,
    before: Option<&Standing>,
    now: Option<&Standing>,
) -> Result<(), RequestError> {
    if before == now {
        return Ok(());
    }
    Err(RequestError::Stale(wish.clause()))
}

#[cfg(test)]
#[path = "request_test.rs"]
mod tests;
