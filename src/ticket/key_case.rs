//! 重点督办: a case of one or many orders that the hotline organ hands to the inspection department (督查部门).
//!
//! ```text
//!  submitted ─take─► taken ─order─► rectify ─every unit reports─► check ─effective─► closed
//!      └─send back─► sent_back         ▲                            │
//!                                      └────────no clear effect─────┘
//! ```
//!
//! **Invariants.** Pure, an aggregate of its own: [`submit`] and [`decide`] give facts, [`evolve`] applies them, each raises
//! the version by one. An order is in a case once. The inspection department works only on what was submitted to it.
//! **Not here.** What an order notes of its case (`ticket::decide::cases`); rows (`io::store`).
//! **Source.** DB1302/T 604—2025 7.8.2 a–d.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::account::Principal;
use crate::account::Role;
use crate::base::ids::CaseId;
use crate::base::ids::OrganId;
use crate::base::ids::TicketId;
use crate::base::time::WallTime;
use crate::fact::case::CaseFact;
use crate::fact::personal::Personal;
use crate::ticket::command::Text;
use crate::ticket::decide::By;
use crate::ticket::decide::Context;
use crate::ticket::decide::checked;
use crate::ticket::model::KeyCause;
use crate::ticket::model::KeyState;
use crate::ticket::model::Texts;
use crate::ticket::reference::Reference;
use crate::ticket::refusal::TicketError;

/// Orders of one case at most.
pub const ORDERS_MAX: usize = 2_000;
/// Units of one case at most.
pub const UNITS_MAX: usize = 50;
/// Rounds of rectification at most.
pub const ROUNDS_MAX: u32 = 50;
/// Longest text, characters.
const WORDS_MAX: usize = 4_000;
/// Longest title, characters.
const TITLE_MAX: usize = 100;
/// Shortest text, characters.
const WORDS_MIN: usize = 2;
const CLAUSE: &str = "7.8.2";

/// A case as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyCase {
    /// Which.
    pub id: CaseId,
    /// Why.
    pub cause: KeyCause,
    /// Where it stands.
    pub state: KeyState,
    /// Its orders, in the order in which they came.
    pub orders: Vec<TicketId>,
    /// The units that are to rectify.
    pub units: Vec<OrganId>,
    /// Units that have reported in this round.
    pub reported: BTreeSet<OrganId>,
    /// Different appellants when it was submitted.
    pub appellants: u32,
    /// The round of rectification: 1, 2 …; 0 before the first.
    pub round: u32,
    /// On time is before this instant.
    pub limit: Option<WallTime>,
    /// Whether the round's limit passed without every report.
    pub overdue: bool,
    /// When it was submitted.
    pub at: WallTime,
    /// When it was closed or sent back.
    pub ended_at: Option<WallTime>,
    /// Words by name, as `demand.1`; sealed in its row.
    #[serde(skip)]
    pub texts: Texts,
    /// One more with every fact.
    pub version: i64,
}

/// What a case is submitted with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitCase {
    /// Why.
    pub cause: KeyCause,
    /// In a few words.
    #[serde(default)]
    pub title: Text,
    /// What happened and what is asked.
    #[serde(default)]
    pub text: Text,
    /// Its orders.
    #[schema(value_type = Vec<String>)]
    pub orders: Vec<TicketId>,
    /// The units that are to rectify.
    #[schema(value_type = Vec<String>)]
    pub units: Vec<OrganId>,
    /// Different appellants, as the program counted them.
    #[serde(skip)]
    pub appellants: u32,
}

/// What may be asked of a case.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum CaseCommand {
    /// More orders of the same matter, by the hotline organ.
    Join {
        /// Which.
        #[schema(value_type = Vec<String>)]
        orders: Vec<TicketId>,
    },
    /// The inspection department takes it.
    Take {},
    /// The inspection department does not take it.
    SendBack {
        /// Why.
        #[serde(default)]
        reason: Text,
    },
    /// The units are to rectify.
    OrderRectification {
        /// What is demanded.
        #[serde(default)]
        demand: Text,
        /// Until when, exclusive, UTC µs.
        #[schema(value_type = i64)]
        limit: WallTime,
    },
    /// A unit says what it did.
    Report {
        /// Who.
        #[schema(value_type = String)]
        unit: OrganId,
        /// What.
        #[serde(default)]
        report: Text,
    },
    /// The rectification is judged.
    Check {
        /// Whether it had a clear effect: then the case is closed.
        effective: bool,
        /// Why, or the conclusion.
        #[serde(default)]
        text: Text,
        /// Without effect: until when the next round lasts, exclusive, UTC µs.
        #[schema(value_type = Option<i64>)]
        limit: Option<WallTime>,
    },
    /// The limit passed; only the program says it.
    #[serde(skip)]
    LimitPassed {},
}

/// A fact to be, with the words that are sealed beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseDecision {
    /// What happens.
    pub fact: CaseFact,
    /// The words behind it.
    pub personal: Option<Personal>,
}

/// What a command did.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseOutcome {
    /// The case after it.
    pub case: KeyCase,
    /// The facts, in order; none when nothing changes.
    pub decisions: Vec<CaseDecision>,
}

type Words = Vec<(String, String)>;

impl CaseOutcome {
    fn put(&mut self, at: WallTime, fact: CaseFact, words: Words) {
        let values: BTreeMap<String, String> =
            words.into_iter().filter(|(_, text)| !text.is_empty()).collect();
        let personal = (!values.is_empty()).then_some(Personal { number: None, values });
        evolve(&mut self.case, at, &fact, personal.as_ref());
        self.decisions.push(CaseDecision { fact, personal });
    }
}

/// The case before its first fact.
pub fn blank(id: CaseId, at: WallTime) -> KeyCase {
    KeyCase {
        id,
        cause: KeyCause::Other,
        state: KeyState::Submitted,
        orders: Vec::new(),
        units: Vec::new(),
        reported: BTreeSet::new(),
        appellants: 0,
        round: 0,
        limit: None,
        overdue: false,
        at,
        ended_at: None,
        texts: Texts::default(),
        version: 0,
    }
}

/// Applies one fact.
pub fn evolve(case: &mut KeyCase, at: WallTime, fact: &CaseFact, personal: Option<&Personal>) {
    if let Some(personal) = personal {
        let words = personal.values.iter();
        case.texts
            .0
            .extend(words.map(|(name, text)| (name.clone(), text.clone())));
    }
    match fact {
        CaseFact::Submitted {
            cause,
            orders,
            units,
            appellants,
            ..
        } => {
            (case.cause, case.appellants) = (*cause, *appellants);
            (case.orders, case.units) = (orders.clone(), units.clone());
        }
        CaseFact::Joined { orders, .. } => case.orders.extend(orders),
        CaseFact::Taken { .. } | CaseFact::Ineffective { .. } => case.state = KeyState::Taken,
        CaseFact::SentBack { .. } => (case.state, case.ended_at) = (KeyState::SentBack, Some(at)),
        CaseFact::RectificationOrdered { round, limit, .. } => {
            (case.state, case.round, case.limit) = (KeyState::Rectify, *round, Some(*limit));
            case.overdue = false;
            case.reported.clear();
        }
        CaseFact::Reported { unit, all, .. } => {
            case.reported.insert(unit.clone());
            if *all {
                case.state = KeyState::Check;
            }
        }
        CaseFact::Closed { .. } => (case.state, case.ended_at) = (KeyState::Closed, Some(at)),
        CaseFact::Overdue { .. } => case.overdue = true,
    }
    case.version += 1;
}

/// Hands orders to the inspection department as one case. Source: 7.8.2.
///
/// # Errors
/// [`TicketError`] says why not.
pub fn submit(id: CaseId, submission: &SubmitCase, ctx: &Context<'_>) -> Result<CaseOutcome, TicketError> {
    check_organ(ctx)?;
    let title = words("title", &submission.title, TITLE_MAX)?;
    let text = words("text", &submission.text, WORDS_MAX)?;
    let orders = distinct(&submission.orders);
    let units = distinct(&submission.units);
    check_orders(orders.len())?;
    if orders.is_empty() {
        return Err(missing("orders"));
    }
    if units.is_empty() {
        return Err(missing("units"));
    }
    let known = units.iter().all(|unit| ctx.reference.organs.get(unit).is_some());
    if UNITS_MAX < units.len() || !known {
        return Err(TicketError::Invalid {
            field: "units",
            reason: "unknown_code",
            clause: CLAUSE,
        });
    }
    let mut outcome = CaseOutcome {
        case: blank(id, ctx.now),
        decisions: Vec::new(),
    };
    let fact = CaseFact::Submitted {
        case: id,
        cause: submission.cause,
        orders,
        units,
        appellants: submission.appellants,
    };
    let texts = vec![("title".to_owned(), title), ("text".to_owned(), text)];
    outcome.put(ctx.now, fact, texts);
    Ok(outcome)
}

/// Decides what a command does to a case.
///
/// # Errors
/// [`TicketError`] says why it is refused.
pub fn decide(case: &KeyCase, command: &CaseCommand, ctx: &Context<'_>) -> Result<CaseOutcome, TicketError> {
    let mut outcome = CaseOutcome {
        case: case.clone(),
        decisions: Vec::new(),
    };
    match command {
        CaseCommand::Join { orders } => join(&mut outcome, orders, ctx)?,
        CaseCommand::Take {} => {
            check_inspector(ctx)?;
            in_state(case, &[KeyState::Submitted])?;
            outcome.put(ctx.now, CaseFact::Taken { case: case.id }, Words::new());
        }
        CaseCommand::SendBack { reason } => {
            check_inspector(ctx)?;
            in_state(case, &[KeyState::Submitted])?;
            let reason = words("reason", reason, WORDS_MAX)?;
            let fact = CaseFact::SentBack { case: case.id };
            outcome.put(ctx.now, fact, vec![("sent_back".to_owned(), reason)]);
        }
        CaseCommand::OrderRectification { demand, limit } => {
            check_inspector(ctx)?;
            in_state(case, &[KeyState::Taken])?;
            let demand = words("demand", demand, WORDS_MAX)?;
            order(&mut outcome, demand, *limit, ctx)?;
        }
        CaseCommand::Report { unit, report } => report_of(&mut outcome, unit, report, ctx)?,
        CaseCommand::Check {
            effective,
            text,
            limit,
        } => check(&mut outcome, *effective, text, *limit, ctx)?,
        CaseCommand::LimitPassed {} => limit_passed(&mut outcome, ctx),
    }
    Ok(outcome)
}

fn join(outcome: &mut CaseOutcome, orders: &[TicketId], ctx: &Context<'_>) -> Result<(), TicketError> {
    check_organ(ctx)?;
    let open = [
        KeyState::Submitted,
        KeyState::Taken,
        KeyState::Rectify,
        KeyState::Check,
    ];
    in_state(&outcome.case, &open)?;
    let mut fresh = distinct(orders);
    fresh.retain(|order| !outcome.case.orders.contains(order));
    check_orders(outcome.case.orders.len() + fresh.len())?;
    if !fresh.is_empty() {
        let case = outcome.case.id;
        outcome.put(ctx.now, CaseFact::Joined { case, orders: fresh }, Words::new());
    }
    Ok(())
}

fn order(
    outcome: &mut CaseOutcome,
    demand: String,
    limit: WallTime,
    ctx: &Context<'_>,
) -> Result<(), TicketError> {
    if limit <= ctx.now {
        return Err(TicketError::Invalid {
            field: "limit",
            reason: "not_later",
            clause: CLAUSE,
        });
    }
    let round = outcome.case.round + 1;
    if ROUNDS_MAX < round {
        return Err(refused("case_limit"));
    }
    let fact = CaseFact::RectificationOrdered {
        case: outcome.case.id,
        round,
        limit,
    };
    outcome.put(ctx.now, fact, vec![(format!("demand.{round}"), demand)]);
    Ok(())
}

fn report_of(
    outcome: &mut CaseOutcome,
    unit: &OrganId,
    report: &Text,
    ctx: &Context<'_>,
) -> Result<(), TicketError> {
    let case = &outcome.case;
    let ours = case.units.contains(unit) && works_for(ctx, unit, Role::Unit);
    if !ours {
        return Err(forbidden("not_your_unit"));
    }
    in_state(case, &[KeyState::Rectify])?;
    let report = words("report", report, WORDS_MAX)?;
    if case.reported.contains(unit) {
        return Err(refused("already_recorded"));
    }
    let others = case.units.iter().filter(|it| *it != unit);
    let all = others.clone().all(|it| case.reported.contains(it));
    let late = case.limit.is_some_and(|limit| limit <= ctx.now);
    let fact = CaseFact::Reported {
        case: case.id,
        round: case.round,
        unit: unit.clone(),
        late,
        all,
    };
    let name = format!("report.{}.{unit}", case.round);
    outcome.put(ctx.now, fact, vec![(name, report)]);
    Ok(())
}

fn check(
    outcome: &mut CaseOutcome,
    effective: bool,
    text: &Text,
    limit: Option<WallTime>,
    ctx: &Context<'_>,
) -> Result<(), TicketError> {
    check_inspector(ctx)?;
    in_state(&outcome.case, &[KeyState::Check])?;
    let text = words("text", text, WORDS_MAX)?;
    let (case, round) = (outcome.case.id, outcome.case.round);
    if effective {
        let words = vec![("conclusion".to_owned(), text)];
        outcome.put(ctx.now, CaseFact::Closed { case }, words);
        return Ok(());
    }
    let Some(limit) = limit else {
        return Err(missing("limit"));
    };
    let words = vec![(format!("ineffective.{round}"), text)];
    outcome.put(ctx.now, CaseFact::Ineffective { case, round }, words);
    order(outcome, String::new(), limit, ctx)
}

fn limit_passed(outcome: &mut CaseOutcome, ctx: &Context<'_>) {
    let case = &outcome.case;
    let passed = case.limit.is_some_and(|limit| limit <= ctx.now);
    if case.state == KeyState::Rectify && passed && !case.overdue && matches!(ctx.by, By::System) {
        let fact = CaseFact::Overdue {
            case: case.id,
            round: case.round,
        };
        outcome.put(ctx.now, fact, Words::new());
    }
}

/// Whether a person may see a case: the city's organ its own, the inspection department what was submitted to it, a unit the
/// cases in which it rectifies, once they were taken. Source: 7.8.2.
pub fn is_visible(case: &KeyCase, who: &Principal, reference: &Reference) -> bool {
    let organ = who.organ.organ();
    let organs = &reference.organs;
    if who.roles.contains(&Role::Inspector) || organ == organs.root().map(|it| &it.id) {
        return true;
    }
    let begun = !matches!(case.state, KeyState::Submitted | KeyState::SentBack);
    let own = |unit: &OrganId| organ.is_some_and(|organ| organs.is_below(unit, organ));
    begun && who.roles.contains(&Role::Unit) && case.units.iter().any(own)
}

fn distinct<T: Clone + Ord>(items: &[T]) -> Vec<T> {
    let mut seen = BTreeSet::new();
    items
        .iter()
        .filter(|it| seen.insert((*it).clone()))
        .cloned()
        .collect()
}

fn check_orders(count: usize) -> Result<(), TicketError> {
    if ORDERS_MAX < count {
        Err(refused("case_limit"))
    } else {
        Ok(())
    }
}

fn words(field: &'static str, text: &Text, max: usize) -> Result<String, TicketError> {
    checked(field, text.trimmed(), (WORDS_MIN, max), CLAUSE)
}

fn in_state(case: &KeyCase, states: &[KeyState]) -> Result<(), TicketError> {
    if states.contains(&case.state) {
        Ok(())
    } else {
        Err(refused("case_state"))
    }
}

/// Only the city's hotline organ submits.
fn check_organ(ctx: &Context<'_>) -> Result<(), TicketError> {
    let By::User(who) = ctx.by else { return Ok(()) };
    let role = [Role::Supervisor, Role::Reviewer, Role::Dispatcher];
    let root = ctx.reference.organs.root().map(|it| &it.id);
    if !role.iter().any(|it| who.roles.contains(it)) {
        return Err(forbidden("role"));
    }
    if who.organ.organ() != root {
        return Err(forbidden("city_organ"));
    }
    Ok(())
}

fn check_inspector(ctx: &Context<'_>) -> Result<(), TicketError> {
    match ctx.by {
        By::User(who) if who.roles.contains(&Role::Inspector) => Ok(()),
        _ => Err(forbidden("role")),
    }
}

fn works_for(ctx: &Context<'_>, unit: &OrganId, role: Role) -> bool {
    match ctx.by {
        By::System => true,
        By::User(who) => {
            who.roles.contains(&role) && ctx.reference.organs.path(unit).as_ref() == Some(&who.organ)
        }
    }
}

const fn forbidden(rule: &'static str) -> TicketError {
    TicketError::Forbidden { rule, clause: CLAUSE }
}

const fn refused(rule: &'static str) -> TicketError {
    TicketError::Rule { rule, clause: CLAUSE }
}

fn missing(field: &'static str) -> TicketError {
    TicketError::Incomplete {
        fields: vec![field],
        clause: CLAUSE,
    }
}

#[cfg(test)]
#[path = "key_case_test.rs"]
mod tests;
