//! What a person may see of a work order.
//!
//! ```text
//!  nothing < masked < matter < personal < whole
//! ```
//!
//! **Invariants.** What no row of the table grants is not seen. A unit sees who asks only of orders it has, and not of
//! one that complains about it or whose appellant asked for secrecy. A confidential order is seen by its circle and the
//! city's supervisors; what was refused because it is a secret, by those supervisors alone. Before he has signed the
//! secrecy commitment nobody sees anything.
//! **Not here.** Which command a person may give (`ticket::permission`), how a value is masked (`http`).
//! **Source.** DB1302/T 604—2025 4.3.1, 6.1 a, 6.2 d, 7.7.1, 7.8.2, 8.4.1, 8.4.2; readings Q6, Q24.

use crate::account::Principal;
use crate::account::Role;
use crate::account::commitment::Commitment;
use crate::base::ids::OrganId;
use crate::ticket::model::Ending;
use crate::ticket::model::RefusalReason;
use crate::ticket::model::State;
use crate::ticket::model::SubState;
use crate::ticket::model::Ticket;
use crate::ticket::reference::Reference;
use crate::ticket::settings::Id;

/// How much of an order is seen; each includes what stands before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// Not even that it exists.
    Nothing,
    /// Number, state, codes and times; every word and value masked.
    Masked,
    /// The matter with its place and the replies; who asks is masked.
    Matter,
    /// Who asks, too.
    Personal,
    /// Everything, with the organ's own notes and the words of every unit.
    Whole,
}

impl Sight {
    /// Whether the order may be shown at all.
    pub fn is_seen(self) -> bool {
        Self::Nothing < self
    }

    /// Whether content, demand, place and replies are shown.
    pub fn shows_matter(self) -> bool {
        Self::Matter <= self
    }

    /// Whether name, numbers, company and caller are shown.
    pub fn shows_identity(self) -> bool {
        Self::Personal <= self
    }

    /// Whether internal notes and what other units wrote are shown.
    pub fn shows_internal(self) -> bool {
        self == Self::Whole
    }
}

/// Where a person stands to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// The city's hotline organ.
    City,
    /// His organ, or one below it, has the order or a part of it.
    Handling,
    /// It had the order and gave it back, or has only to learn from it.
    Former,
    /// It is the inspection department (督查部门), and the order is in a case.
    Inspection,
    /// None of these.
    Outside,
}

/// What a person may see of an order as it stands. Source: 8.4.1 (accounts reach their organ's subtree), 8.4.2.
pub fn sight(ticket: &Ticket, who: &Principal, reference: &Reference) -> Sight {
    if who.commitment == Commitment::Missing {
        return Sight::Nothing;
    }
    let side = side(ticket, who, reference);
    let officer = side == Side::City && who.roles.contains(&Role::Supervisor);
    if is_own_draft(ticket, who) || officer {
        return Sight::Whole;
    }
    let granted = who
        .roles
        .iter()
        .map(|role| granted(*role, side, ticket, who, reference));
    let sight = granted.max().unwrap_or(Sight::Nothing);
    if is_secret(ticket) && !reference.suspends("secret_refusal") {
        return sight.min(Sight::Masked);
    }
    if ticket.confidential && !ticket.circle.contains(&who.user) {
        return Sight::Nothing;
    }
    if side == Side::Handling && hides_appellant(ticket, who, reference) {
        return sight.min(Sight::Matter);
    }
    sight
}

/// The table: what a role sees from where it stands.
fn granted(role: Role, side: Side, ticket: &Ticket, who: &Principal, reference: &Reference) -> Sight {
    match (role, side) {
        (
            Role::Agent
            | Role::Expert
            | Role::Supervisor
            | Role::Dispatcher
            | Role::Reviewer
            | Role::Followup,
            Side::City,
        )
        | (Role::Inspector, Side::Inspection) => Sight::Whole,
        (
            Role::Unit
            | Role::Agent
            | Role::Expert
            | Role::Supervisor
            | Role::Dispatcher
            | Role::Reviewer
            | Role::Followup
            | Role::Inspector,
            Side::Handling,
        ) => Sight::Personal,
        (Role::Grid, Side::Handling) if is_his_grid(ticket, who, reference) => Sight::Personal,
        (Role::Quality, Side::City | Side::Handling) | (Role::Analyst, Side::City) => Sight::Matter,
        (Role::Analyst, Side::Handling)
        | (Role::Unit | Role::Dispatcher, Side::Former)
        | (Role::Auditor, Side::City) => Sight::Masked,
        _ => Sight::Nothing,
    }
}

fn side(ticket: &Ticket, who: &Principal, reference: &Reference) -> Side {
    let own = who.organ.organ();
    if own.is_some() && own == reference.organs.root().map(|it| &it.id) {
        return Side::City;
    }
    let below = |unit: &OrganId| {
        let path = reference.organs.path(unit);
        path.is_some_and(|path| who.organ.contains(&path))
    };
    let part = ticket.subs.iter().filter(|sub| sub.state != SubState::Void);
    let mut has = ticket
        .unit()
        .into_iter()
        .chain(ticket.handler())
        .chain(part.map(|sub| &sub.unit));
    let given_back = matches!(
        ticket.state,
        State::PendingDispatch | State::Draft | State::Arbitration
    );
    if !given_back && has.any(below) {
        return Side::Handling;
    }
    if own.is_some() && own == reference.organs.inspection().map(|it| &it.id) && !ticket.cases.is_empty() {
        return Side::Inspection;
    }
    let earlier = ticket.cycles.iter().filter_map(|cycle| cycle.unit.as_ref());
    let asked = ticket.requests.iter().map(|request| &request.unit);
    if earlier.chain(asked).any(below) {
        return Side::Former;
    }
    Side::Outside
}

/// A grid officer sees what was sent to one of his grids.
fn is_his_grid(ticket: &Ticket, who: &Principal, reference: &Reference) -> bool {
    let grid = ticket.cycle().and_then(|cycle| cycle.grid.as_deref());
    let grid = grid.and_then(|id| reference.grids.get(id));
    grid.is_some_and(|grid| grid.officer.as_ref() == Some(&who.user))
}

/// Who writes a draft sees what he writes.
fn is_own_draft(ticket: &Ticket, who: &Principal) -> bool {
    ticket.state == State::Draft && who.agent.is_some() && who.agent == ticket.agent
}

/// Refused because it holds a state or business secret or another's privacy. Source: 6.2 d.
fn is_secret(ticket: &Ticket) -> bool {
    let Some(Ending::NotAccepted { reason, .. }) = &ticket.ending else {
        return false;
    };
    *reason == RefusalReason::Secret
}

/// Whether a unit must not learn who asks: he asked for secrecy, the order is confidential, or it complains about the
/// person's own organ or one above it. Source: readings Q6, Q24.
fn hides_appellant(ticket: &Ticket, who: &Principal, reference: &Reference) -> bool {
    if ticket.draft.secrecy || ticket.confidential {
        return true;
    }
    let at = ticket.accepted_at.unwrap_or(ticket.created_at);
    let hide = reference.settings.at(at).flag(Id::ComplaintHideAppellant);
    let target = ticket.draft.target_organ.as_ref();
    let about = |target: &OrganId| {
        let own = who.organ.organ();
        own.is_some_and(|own| reference.organs.is_below(own, target))
    };
    // The inspection department handles what is about the hotline itself, of which it is a part by the tree alone.
    let judge = who.organ.organ() == reference.organs.inspection().map(|it| &it.id);
    hide && !judge && target.is_some_and(about)
}

#[cfg(test)]
#[path = "sight_test.rs"]
mod tests;
