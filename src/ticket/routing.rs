//! Which unit a matter goes to first: by the rule table, and never alone to the unit it is about.
//!
//! ```text
//!  category, region ─► longest rule ─► territory: hotline organ of the region   (属地)
//!                                   ├► industry: department of the category     (行业主管)
//!                                   └► an organ by name
//!                    no rule, no organ ─► none: 会商定责
//! ```
//!
//! **Invariants.** Choices are total orders, so a repeated run chooses the same. The table is proposed, a dispatcher
//! decides. Every proposal names its rule and says why.
//! **Not here.** The dispatch itself (`ticket::decide`); what goes straight to a grid (`ticket::grids`).
//! **Source.** DB1302/T 604—2025 7.2 b, B.1; reading Q24.

use std::cmp::Reverse;
use std::str::FromStr;

use crate::account::organs::Organ;
use crate::account::organs::Organs;
use crate::base::civil::CivilDate;
use crate::base::document::Row;
use crate::base::document::Rows;
use crate::base::document::Span;
use crate::base::document::doubles;
use crate::base::fault::Fault;
use crate::base::ids::OrganId;
use crate::fact::codes::RouteBasis;
use crate::ticket::catalogue::Catalogue;
use crate::ticket::catalogue::Route;

/// Stands for every category or region.
pub const ANY: &str = "*";
/// The fields of a rule's row, as the columns of a table.
pub const RULE_COLUMNS: &[&str] = &[
    "id",
    "category",
    "region",
    "target",
    "basis",
    "from",
    "to",
    "approved_by",
];

/// Longest id of a row, characters.
const ID_MAX: usize = 40;

/// Whom a rule names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The hotline organ of the region.
    Territory,
    /// The department of the category.
    Industry,
    /// This one.
    Organ(OrganId),
}

impl FromStr for Target {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "territory" => Ok(Self::Territory),
            "industry" => Ok(Self::Industry),
            id => id
                .parse()
                .map(Self::Organ)
                .map_err(|_| "not territory, industry or the id of an organ"),
        }
    }
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its id, told with every proposal.
    pub id: String,
    /// An event type with everything below it, or [`ANY`].
    pub category: String,
    /// A region with everything in it, or [`ANY`].
    pub region: String,
    /// Whom.
    pub target: Target,
    /// 属地 or 行业主管.
    pub basis: RouteBasis,
    /// When it counts.
    pub span: Span,
    /// Who approved it, a paper or an organ.
    pub approved_by: Option<String>,
    place: String,
}

/// What is to be routed.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The event type.
    pub category: &'a str,
    /// The region or street, when the matter has a place.
    pub region: Option<&'a str>,
    /// The organ that is complained about, if it is one.
    pub target: Option<&'a OrganId>,
    /// The local day.
    pub day: CivilDate,
}

/// Where a matter should go first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The first-responsible unit (首接负责单位).
    pub unit: OrganId,
    /// The rule.
    pub rule: String,
    /// 属地 or 行业主管.
    pub basis: RouteBasis,
    /// Codes of the explanation, in order: keys of `[route]` in the texts.
    pub words: Vec<&'static str>,
    /// Whom else a dispatcher might choose or ask to help.
    pub alternatives: Vec<OrganId>,
}

/// What the tables are read against.
#[derive(Clone, Copy, Debug)]
pub struct Lists<'a> {
    /// The tree of organs.
    pub organs: &'a Organs,
    /// Categories and regions.
    pub catalogue: &'a Catalogue,
}

/// The rule table.
#[derive(Clone, Debug, Default)]
pub struct Rules(Vec<Rule>);

impl Rules {
    /// Reads the table from its document, `{"rules": [{"id", "category", "region", "target", "basis", …}]}`.
    ///
    /// # Errors
    /// Every fault of a row; what a row names is checked by [`Rules::check`].
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut rules = Vec::new();
        for mut row in Rows::parse(text, "rules")? {
            let rule = read_rule(&mut row, &mut faults);
            row.finish(&mut faults);
            rules.extend(rule);
        }
        let ids = rules
            .iter()
            .map(|rule: &Rule| (rule.id.as_str(), format!("{}.id", rule.place)));
        doubles(ids, &mut faults);
        ended(Self(rules), faults)
    }

    /// Tells of every code and organ that is not there, and of two rules that say the same on one day.
    pub fn check(&self, lists: Lists<'_>, faults: &mut Vec<Fault>) {
        for (at, rule) in self.0.iter().enumerate() {
            let place = |field: &str| format!("{}.{field}", rule.place);
            if rule.category != ANY && !lists.catalogue.categories.contains(&rule.category) {
                faults.push(Fault::new(place("category"), "there is no such category"));
            }
            if rule.region != ANY && !lists.catalogue.regions.contains(&rule.region) {
                faults.push(Fault::new(place("region"), "there is no such region"));
            }
            if let Target::Organ(organ) = &rule.target
                && lists.organs.get(organ).is_none()
            {
                faults.push(Fault::new(place("target"), format!("there is no organ {organ}")));
            }
            let same = |other: &&Rule| {
                other.category == rule.category && other.region == rule.region && other.span.meets(&rule.span)
            };
            if let Some(other) = self.0.iter().take(at).find(same) {
                let reason = format!("{} says where this goes on the same days", other.id);
                faults.push(Fault::new(place("category"), reason));
            }
        }
    }

    /// Every rule, in the document's order.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter()
    }

    /// The rule for a matter: the deepest category, then the deepest region, then the latest beginning, then the lowest
    /// id.
    pub fn select(&self, question: Question<'_>, catalogue: &Catalogue) -> Option<&Rule> {
        let fits = |rule: &&Rule| {
            let category =
                rule.category == ANY || catalogue.categories.covers(&rule.category, question.category);
            let inside = |region| catalogue.contains(&rule.region, region);
            let region = rule.region == ANY || question.region.is_some_and(inside);
            category && region && rule.span.contains(question.day)
        };
        self.0.iter().filter(fits).max_by_key(|rule| {
            (
                catalogue.categories.depth(&rule.category),
                catalogue.regions.depth(&rule.region),
                rule.span.from,
                Reverse(rule.id.as_str()),
            )
        })
    }

    /// Proposes the first unit; none when the tables do not say: the matter is one for 会商定责 (7.2 b).
    pub fn propose(&self, question: Question<'_>, lists: Lists<'_>) -> Option<Proposal> {
        let rule = self.select(question, lists.catalogue)?;
        let mut words = Vec::new();
        let (unit, basis) = first_unit(rule, question, lists, &mut words)?;
        let mut unit = active(unit, question.day, lists.organs, &mut words)?;
        if let Some(conflict) = conflict(question.target, &unit, lists.organs) {
            unit = conflict.decided_by;
            words.push("conflict");
        }
        let mut alternatives = Vec::new();
        for other in others(question, lists) {
            let usable = other.is_active(question.day) && other.id != unit;
            let clean = conflict(question.target, &other.id, lists.organs).is_none();
            if usable && clean && !alternatives.contains(&other.id) {
                alternatives.push(other.id.clone());
            }
        }
        Some(Proposal {
            unit,
            rule: rule.id.clone(),
            basis,
            words,
            alternatives,
        })
    }
}

/// The organ a rule leads to, before it is asked whether it takes orders.
fn first_unit<'a>(
    rule: &Rule,
    question: Question<'_>,
    lists: Lists<'a>,
    words: &mut Vec<&'static str>,
) -> Option<(&'a Organ, RouteBasis)> {
    let dept = || dept_of(question, lists);
    match &rule.target {
        Target::Organ(organ) => {
            words.push("named");
            Some((lists.organs.get(organ)?, rule.basis))
        }
        Target::Industry => {
            words.push("industry");
            Some((dept()?, rule.basis))
        }
        Target::Territory => {
            if let Some(organ) = question.region.and_then(|region| hotline_of(region, lists)) {
                words.push("territory");
                return Some((organ, rule.basis));
            }
            words.push("no_region");
            Some((dept()?, RouteBasis::Industry))
        }
    }
}

fn dept_of<'a>(question: Question<'_>, lists: Lists<'a>) -> Option<&'a Organ> {
    let dept = lists.catalogue.category(question.category)?.dept.as_ref()?;
    lists.organs.get(dept)
}

/// The hotline organ nearest to a region on the way up, but not the city's own: that would be nobody's territory.
fn hotline_of<'a>(region: &str, lists: Lists<'a>) -> Option<&'a Organ> {
    let organs = lists
        .catalogue
        .regions
        .chain(region)
        .filter_map(|at| lists.organs.hotline_of(at));
    organs.into_iter().find(|organ| organ.parent.is_some())
}

/// Who else has to do with the matter: the department, the county's organ, the street.
fn others<'a>(question: Question<'_>, lists: Lists<'a>) -> Vec<&'a Organ> {
    let category = lists.catalogue.category(question.category);
    let by_trade = category.is_some_and(|it| it.route != Some(Route::Territory));
    let dept = dept_of(question, lists);
    let territory = question.region.and_then(|region| hotline_of(region, lists));
    let street = question.region.and_then(|region| lists.organs.of_street(region));
    let order = if by_trade {
        [dept, territory, street]
    } else {
        [territory, street, dept]
    };
    order.into_iter().flatten().collect()
}

/// The organ, or the first one above it that takes orders on the day.
fn active(organ: &Organ, day: CivilDate, organs: &Organs, words: &mut Vec<&'static str>) -> Option<OrganId> {
    let above = |organ: &&Organ| organs.get(organ.parent.as_ref()?);
    let mut way = std::iter::successors(Some(organ), above);
    let found = way.find(|organ| organ.is_active(day))?;
    if found.id != organ.id {
        words.push("retired");
    }
    Some(found.id.clone())
}

/// A unit that would judge itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Who handles, decides and reviews instead: the upper organ, and 督查部门 where there is none.
    pub decided_by: OrganId,
}

/// Whether `unit` would judge a complaint about itself or about an organ above it.
///
/// Source: DB1302/T 604—2025 6.1 a with reading Q24: the matter goes to the upper organ of whom it is about, and about the
/// hotline organ itself to 督查部门.
pub fn conflict(target: Option<&OrganId>, unit: &OrganId, organs: &Organs) -> Option<Conflict> {
    let target = target?;
    if !organs.is_below(unit, target) {
        return None;
    }
    let above = organs.upper(target).cloned();
    let decided_by = above.or_else(|| organs.inspection().map(|organ| organ.id.clone()))?;
    Some(Conflict { decided_by })
}

fn read_rule(row: &mut Row, faults: &mut Vec<Fault>) -> Option<Rule> {
    let id = row_id(row, faults);
    let category = row.text("category", faults);
    let region = row.text("region", faults);
    let target = row.value::<Target>("target", faults);
    let basis = row.text("basis", faults);
    let basis = match basis.as_str() {
        "territory" => Some(RouteBasis::Territory),
        "industry" => Some(RouteBasis::Industry),
        "" => None,
        _ => {
            faults.push(row.fault("basis", "neither territory (属地) nor industry (行业主管), 7.2 b"));
            None
        }
    };
    let span = row.span("from", "to", faults);
    let approved_by = row.maybe_text("approved_by", faults);
    let place = row.place().to_owned();
    Some(Rule {
        id,
        category,
        region,
        target: target?,
        basis: basis?,
        span,
        approved_by,
        place,
    })
}

/// Reads the id of a row.
pub(super) fn row_id(row: &mut Row, faults: &mut Vec<Fault>) -> String {
    let id = row.text("id", faults);
    let good = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if !id.is_empty() && (ID_MAX < id.len() || !id.chars().all(good)) {
        faults.push(row.fault("id", format!("not 1 to {ID_MAX} of a-z, 0-9 and -")));
    }
    id
}

/// Gives what was read, or every fault in order.
pub(super) fn ended<T>(read: T, mut faults: Vec<Fault>) -> Result<T, Vec<Fault>> {
    if faults.is_empty() {
        return Ok(read);
    }
    faults.sort();
    faults.dedup();
    Err(faults)
}

#[cfg(test)]
#[path = "routing_test.rs"]
mod tests;
