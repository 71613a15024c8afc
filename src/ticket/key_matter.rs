//! When a matter should become a 重点督办 case: many appellants of one thing, or reworks without effect.
//!
//! **Invariants.** Pure. A proposal is only that: a person submits.
//! **Not here.** The case (`ticket::key_case`); how alike two appeals are (`ticket::likeness`).
//! **Source.** DB1302/T 604—2025 7.8.2 a, c.

use std::collections::BTreeSet;

use crate::base::time::WallTime;
use crate::ticket::model::FollowupWord;
use crate::ticket::model::KeyCause;
use crate::ticket::model::Ticket;
use crate::ticket::settings::Id;
use crate::ticket::settings::SettingsAt;

/// What is known of a matter: appeals of one event type in one place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Matter {
    /// Different appellants in the window that is set.
    pub appellants: u32,
    /// Reworks of one order that did not content the appellant.
    pub failed_reworks: u32,
    /// 督办 of one order that nobody answered in time.
    pub escalated: u32,
}

/// Counts different appellants of a matter in the window before now. `appeals` are instants with a keyed tag of who asked.
pub fn appellants(appeals: &[(WallTime, String)], now: WallTime, settings: &SettingsAt<'_>) -> u32 {
    let window = settings.rule(Id::KeyWindow).duration().unwrap_or_default();
    let recent = appeals
        .iter()
        .filter(|(at, _)| *at <= now && now.since(*at) < window);
    let who: BTreeSet<&str> = recent.map(|(_, who)| who.as_str()).collect();
    u32::try_from(who.len()).unwrap_or(u32::MAX)
}

/// Reworks of an order after which the appellant was still not content.
pub fn failed_reworks(ticket: &Ticket) -> u32 {
    let reworks = ticket.cycles.iter().filter(|it| 1 < it.no && it.basis.is_none());
    let failed = reworks.filter(|it| it.city.as_ref().is_some_and(FollowupWord::is_negative));
    u32::try_from(failed.count()).unwrap_or(u32::MAX)
}

/// Why a matter should be handed to the inspection department, if it should: a proposal, which a person decides on.
pub fn propose(matter: Matter, settings: &SettingsAt<'_>) -> Option<KeyCause> {
    if settings.count(Id::KeyDistinctAppellants) <= matter.appellants {
        return Some(KeyCause::ManyAppeals);
    }
    if settings.count(Id::KeyFailedReworks) <= matter.failed_reworks {
        return Some(KeyCause::WeakRectification);
    }
    (0 < matter.escalated).then_some(KeyCause::BadHandling)
}

#[cfg(test)]
#[path = "key_matter_test.rs"]
mod tests;
