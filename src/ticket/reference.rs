//! Reference data of the site: organs, event types, regions, routing rules, grids, calendar, settings and word lists, one
//! document a kind, together one unchangeable whole.
//!
//! ```text
//!  documents ─► each read ─► checked against each other ─► Reference ─with(kind, text)─► a new Reference
//! ```
//!
//! **Invariants.** A whole is made only of documents without a fault, of which none names what another does not have. An
//! organ that was there stays there: it is retired, never taken away.
//! **Not here.** Where documents are kept and who may publish them (`io::store::reference`, `engine::reference`).
//! **Source.** DB1302/T 604—2025 7.2, B.5; reading Q35 (every limit is data).

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::LazyLock;

use serde_json::Value;

use crate::account::organs::Organ;
use crate::account::organs::Organs;
use crate::base::fault::Fault;
use crate::base::ids::OrganId;
use crate::ticket::calendar::Calendar;
use crate::ticket::catalogue::CATEGORIES;
use crate::ticket::catalogue::Catalogue;
use crate::ticket::catalogue::REGIONS;
use crate::ticket::catalogue::Tree;
use crate::ticket::grids::Grid;
use crate::ticket::grids::GridList;
use crate::ticket::grids::Grids;
use crate::ticket::routing;
use crate::ticket::routing::Conflict;
use crate::ticket::routing::Lists;
use crate::ticket::routing::Proposal;
use crate::ticket::routing::Question;
use crate::ticket::routing::Rules;
use crate::ticket::settings::Settings;
use crate::ticket::words::EmergencyLine;
use crate::ticket::words::RiskyWord;
use crate::ticket::words::WordUse;
use crate::ticket::words::parse_emergency_lines;
use crate::ticket::words::parse_risky_words;

/// Longest document, bytes.
pub const DOCUMENT_MAX: usize = 4 << 20;

/// A kind of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// 机构.
    Organs,
    /// 事件类型.
    Categories,
    /// 区域.
    Regions,
    /// 派单规则.
    Rules,
    /// 网格.
    Grids,
    /// 网格直派清单.
    GridList,
    /// 工作日历.
    Calendar,
    /// 时限与规则.
    Settings,
    /// 紧急热线.
    EmergencyLines,
    /// 敏感词.
    RiskyWords,
}

impl Kind {
    /// Every kind, those that name nothing of others first.
    pub const ALL: [Self; 10] = [
        Self::Regions,
        Self::Organs,
        Self::Categories,
        Self::Rules,
        Self::Grids,
        Self::GridList,
        Self::Calendar,
        Self::Settings,
        Self::EmergencyLines,
        Self::RiskyWords,
    ];

    /// The stable code; for documents of rows the name of their list.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Organs => "organs",
            Self::Categories => "categories",
            Self::Regions => "regions",
            Self::Rules => "rules",
            Self::Grids => "grids",
            Self::GridList => "grid_list",
            Self::Calendar => "calendar",
            Self::Settings => "settings",
            Self::EmergencyLines => "emergency_lines",
            Self::RiskyWords => "risky_words",
        }
    }

    /// The shipped document.
    pub const fn shipped(self) -> &'static str {
        match self {
            Self::Organs => include_str!("data/organs.json"),
            Self::Categories => CATEGORIES,
            Self::Regions => REGIONS,
            Self::Rules => include_str!("data/rules.json"),
            Self::Grids => include_str!("data/grids.json"),
            Self::GridList => include_str!("data/grid_list.json"),
            Self::Calendar => include_str!("data/calendar.json"),
            Self::Settings => include_str!("data/settings.json"),
            Self::EmergencyLines => include_str!("data/emergency_lines.json"),
            Self::RiskyWords => include_str!("data/risky_words.json"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Kind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.code() == text)
            .ok_or("no kind of reference data")
    }
}

/// A published document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// 1, 2, 3 …; 0 is one that is only being tried.
    pub version: i64,
    /// Its text, JSON.
    pub text: Arc<str>,
}

/// All reference data at one time.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The tree of organs.
    pub organs: Organs,
    /// Event types and regions.
    pub catalogue: Catalogue,
    /// Routing rules.
    pub rules: Rules,
    /// Grids.
    pub grids: Grids,
    /// What goes straight to them.
    pub grid_list: GridList,
    /// Working days.
    pub calendar: Calendar,
    /// Limits and readings.
    pub settings: Settings,
    /// Lines for emergencies.
    pub emergency_lines: Vec<EmergencyLine>,
    /// Words that raise a flag.
    pub risky_words: Vec<RiskyWord>,
    documents: BTreeMap<Kind, Document>,
    suspended: BTreeSet<&'static str>,
}

impl Reference {
    /// Makes the whole of documents; a kind without one takes the shipped as version 1.
    ///
    /// # Errors
    /// Every fault of every document, and of each against the others.
    pub fn build(mut documents: BTreeMap<Kind, Document>) -> Result<Self, Vec<Fault>> {
        for kind in Kind::ALL {
            documents.entry(kind).or_insert_with(|| Document {
                version: 1,
                text: kind.shipped().into(),
            });
        }
        let of = |kind: Kind| documents.get(&kind).map_or("", |it| &it.text);
        let version = |kind: Kind| documents.get(&kind).map_or(0, |it| it.version);
        let mut faults = Vec::new();
        for kind in Kind::ALL
            .into_iter()
            .filter(|kind| DOCUMENT_MAX < of(*kind).len())
        {
            faults.push(Fault::new(
                kind.code(),
                format!("longer than {DOCUMENT_MAX} bytes"),
            ));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let catalogue = Catalogue::parse(
            (of(Kind::Categories), version(Kind::Categories)),
            (of(Kind::Regions), version(Kind::Regions)),
        );
        let catalogue = gather(catalogue, &mut faults);
        let organs = gather(Organs::parse(of(Kind::Organs)), &mut faults);
        let rules = gather(Rules::parse(of(Kind::Rules)), &mut faults);
        let grids = gather(Grids::parse(of(Kind::Grids)), &mut faults);
        let grid_list = gather(GridList::parse(of(Kind::GridList)), &mut faults);
        let calendar = Calendar::parse(of(Kind::Calendar)).map(|mut read| {
            read.version = version(Kind::Calendar);
            read
        });
        let calendar = gather(calendar, &mut faults);
        let settings = gather(Settings::parse(of(Kind::Settings)), &mut faults);
        let emergency_lines = gather(parse_emergency_lines(of(Kind::EmergencyLines)), &mut faults);
        let risky_words = gather(parse_risky_words(of(Kind::RiskyWords)), &mut faults);
        let whole = (|| {
            Some(Self {
                organs: organs?,
                catalogue: catalogue?,
                rules: rules?,
                grids: grids?,
                grid_list: grid_list?,
                calendar: calendar?,
                settings: settings?,
                emergency_lines: emergency_lines?,
                risky_words: risky_words?,
                documents,
                suspended: BTreeSet::new(),
            })
        })();
        let Some(whole) = whole else { return Err(faults) };
        whole.check(&mut faults);
        if faults.is_empty() {
            return Ok(whole);
        }
        Err(faults)
    }

    /// The shipped documents.
    ///
    /// # Errors
    /// None: a test reads them. The type is that of [`Reference::build`].
    pub fn shipped() -> Result<Arc<Self>, Vec<Fault>> {
        static SHIPPED: LazyLock<Result<Arc<Reference>, Vec<Fault>>> =
            LazyLock::new(|| Reference::build(BTreeMap::new()).map(Arc::new));
        SHIPPED.clone()
    }

    /// The whole with another document of a kind, as the next version.
    ///
    /// # Errors
    /// Every fault, also of other documents that name what the new one no longer has.
    pub fn with(&self, kind: Kind, text: &str) -> Result<Self, Vec<Fault>> {
        let mut documents = self.documents.clone();
        let document = Document {
            version: self.version(kind) + 1,
            text: text.into(),
        };
        documents.insert(kind, document);
        let mut next = Self::build(documents)?;
        next.suspended.clone_from(&self.suspended);
        let gone = |organ: &&Organ| next.organs.get(&organ.id).is_none();
        let faults: Vec<Fault> = self
            .organs
            .iter()
            .filter(gone)
            .map(|organ| {
                let reason = format!(
                    "{} is gone: orders name it; retire it with `active` or `valid_to`",
                    organ.id
                );
                Fault::new("organs", reason)
            })
            .collect();
        if faults.is_empty() {
            return Ok(next);
        }
        Err(faults)
    }

    /// The whole with some rules switched off, each by the code its refusal has. Only for showing that a check fails when
    /// its rule is gone: no document, setting or request leads here.
    #[must_use]
    pub fn without(mut self, rules: &[&'static str]) -> Self {
        self.suspended.extend(rules);
        self
    }

    /// Whether a rule is switched off; see [`Reference::without`].
    pub(crate) fn suspends(&self, rule: &str) -> bool {
        self.suspended.contains(rule)
    }

    /// The version of a kind.
    pub fn version(&self, kind: Kind) -> i64 {
        self.documents.get(&kind).map_or(0, |it| it.version)
    }

    /// The document of a kind.
    pub fn document(&self, kind: Kind) -> &str {
        self.documents.get(&kind).map_or("", |it| &it.text)
    }

    /// Proposes the first unit for a matter. Source: 7.2 b.
    pub fn propose(&self, question: Question<'_>) -> Option<Proposal> {
        self.rules.propose(question, self.lists())
    }

    /// The grid to which a matter goes straight, if it does. `address` picks among the grids of a street. Source: 7.2 c.
    pub fn grid_of(&self, question: Question<'_>, address: &str) -> Option<&Grid> {
        if !self.grid_list.names(question, &self.catalogue) {
            return None;
        }
        let grid = self.grids.at(question.region?, address)?;
        let organ = self.organs.get(&grid.organ)?.is_active(question.day);
        let judge = routing::conflict(question.target, &grid.organ, &self.organs);
        (organ && judge.is_none()).then_some(grid)
    }

    /// Whether a unit would judge a complaint about itself; see [`routing::conflict`]. Source: reading Q24.
    pub fn conflict(&self, target: Option<&OrganId>, unit: &OrganId) -> Option<Conflict> {
        routing::conflict(target, unit, &self.organs)
    }

    /// The risky words of a use that stand in a text, in the list's order.
    pub fn risky<'a>(&'a self, text: &'a str, used: WordUse) -> impl Iterator<Item = &'a RiskyWord> {
        self.risky_words
            .iter()
            .filter(move |it| it.used == used && text.contains(&it.word))
    }

    /// What routing tables are read against.
    pub fn lists(&self) -> Lists<'_> {
        Lists {
            organs: &self.organs,
            catalogue: &self.catalogue,
        }
    }

    fn check(&self, faults: &mut Vec<Fault>) {
        let regions: &Tree = &self.catalogue.regions;
        let rows = serde_json::from_str::<Value>(self.document(Kind::Organs)).unwrap_or_default();
        let rows = rows.get("organs").and_then(Value::as_array);
        let place_of = |id: &str, field: &str| {
            let at = rows.and_then(|rows| {
                rows.iter()
                    .position(|row| row.get("id") == Some(&Value::from(id)))
            });
            at.map_or(format!("organs.{id}.{field}"), |at| {
                format!("organs[{at}].{field}")
            })
        };
        for organ in self.organs.iter() {
            let id = organ.id.as_str();
            if organ
                .region
                .as_deref()
                .is_some_and(|code| !regions.contains(code))
            {
                faults.push(Fault::new(place_of(id, "region"), "there is no such region"));
            }
            let Some(street) = organ.street.as_deref() else {
                continue;
            };
            let inside = organ
                .region
                .as_deref()
                .is_none_or(|region| regions.covers(region, street));
            if !regions.contains(street) || !inside {
                faults.push(Fault::new(
                    place_of(id, "street"),
                    "there is no such street in the region",
                ));
            }
        }
        let rows = serde_json::from_str::<Value>(self.document(Kind::Categories)).unwrap_or_default();
        for (at, row) in rows
            .get("categories")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .enumerate()
        {
            let code = row.get("code").and_then(Value::as_str).unwrap_or_default();
            let dept = self
                .catalogue
                .category(code)
                .and_then(|category| category.dept.as_ref());
            if let Some(dept) = dept.filter(|dept| self.organs.get(dept).is_none()) {
                let place = format!("categories[{at}].dept");
                faults.push(Fault::new(place, format!("there is no organ {dept}")));
            }
        }
        self.rules.check(self.lists(), faults);
        self.grids.check(self.lists(), faults);
        self.grid_list.check(&self.catalogue, faults);
    }
}

fn gather<T>(read: Result<T, Vec<Fault>>, faults: &mut Vec<Fault>) -> Option<T> {
    read.map_err(|found| faults.extend(found)).ok()
}

#[cfg(test)]
#[path = "reference_test.rs"]
mod tests;
