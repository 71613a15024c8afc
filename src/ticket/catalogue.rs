//! The closed lists a work order chooses from: event types (事件类型) and places (区域), as trees of codes.
//!
//! **Invariants.** A code is unique in its tree; the tree carries a version that is kept with every choice. A limit of a
//! law stands with its basis.
//! **Not here.** Which unit a matter goes to (`ticket::routing`); what the limits mean (`ticket::deadline`).
//! **Source.** DB1302/T 604—2025 7.1.2 a, 7.2, 7.5.1.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::LazyLock;

use crate::base::document::Flag;
use crate::base::document::Row;
use crate::base::document::Rows;
use crate::base::document::doubles;
use crate::base::fault::Fault;
use crate::base::ids::OrganId;

/// The shipped event types.
pub const CATEGORIES: &str = include_str!("data/categories.json");
/// The shipped places.
pub const REGIONS: &str = include_str!("data/regions.json");

/// The fields of a category's row, as the columns of a table.
pub const CATEGORY_COLUMNS: &[&str] = &[
    "code",
    "name",
    "parent",
    "route",
    "dept",
    "grid_direct",
    "keywords",
    "statutory_rule",
    "statutory_basis",
    "emergency",
    "gbt39666",
];
/// The fields of a region's row.
pub const REGION_COLUMNS: &[&str] = &["code", "name", "parent"];
/// Deepest tree.
const DEPTH_MAX: usize = 6;
/// Longest code, characters.
const CODE_MAX: usize = 20;

/// A node of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its code.
    pub code: String,
    /// Its Chinese name.
    pub name: String,
    /// What stands below it.
    pub children: Vec<Entry>,
}

/// A tree of codes.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// Its version: 1, 2, 3 …
    pub version: i64,
    /// Its topmost nodes.
    pub top: Vec<Entry>,
    paths: BTreeMap<String, String>,
    parents: BTreeMap<String, String>,
}

/// A row of a tree before it is one.
struct Node {
    code: String,
    name: String,
    parent: Option<String>,
    place: String,
}

impl Tree {
    fn build(version: i64, nodes: &[Node], faults: &mut Vec<Fault>) -> Self {
        let codes = nodes
            .iter()
            .map(|node| (node.code.as_str(), format!("{}.code", node.place)));
        doubles(codes, faults);
        let mut below: BTreeMap<Option<&str>, Vec<&Node>> = BTreeMap::new();
        for node in nodes {
            below.entry(node.parent.as_deref()).or_default().push(node);
        }
        let mut tree = Self {
            version,
            ..Self::default()
        };
        tree.top = tree.grow(&below, None, "", 0);
        for node in nodes {
            if !tree.paths.contains_key(&node.code) && !node.code.is_empty() {
                let there = |parent: &String| nodes.iter().any(|other| other.code == *parent);
                let reason = if node.parent.as_ref().is_some_and(|parent| !there(parent)) {
                    "there is no such code".to_owned()
                } else {
                    format!("in a ring, or deeper than {DEPTH_MAX}")
                };
                faults.push(Fault::new(format!("{}.parent", node.place), reason));
            }
        }
        tree
    }

    fn grow(
        &mut self,
        below: &BTreeMap<Option<&str>, Vec<&Node>>,
        parent: Option<&str>,
        above: &str,
        depth: usize,
    ) -> Vec<Entry> {
        let mut entries = Vec::new();
        if depth == DEPTH_MAX {
            return entries;
        }
        for node in below.get(&parent).into_iter().flatten() {
            let path = if above.is_empty() {
                node.name.clone()
            } else {
                format!("{above}/{}", node.name)
            };
            let children = self.grow(below, Some(&node.code), &path, depth + 1);
            self.paths.insert(node.code.clone(), path);
            if let Some(parent) = parent {
                self.parents.insert(node.code.clone(), parent.to_owned());
            }
            entries.push(Entry {
                code: node.code.clone(),
                name: node.name.clone(),
                children,
            });
        }
        entries
    }

    /// Whether the tree has this code.
    pub fn contains(&self, code: &str) -> bool {
        self.paths.contains_key(code)
    }

    /// The names from the top down with `/` between them.
    pub fn path(&self, code: &str) -> Option<&str> {
        self.paths.get(code).map(String::as_str)
    }

    /// The name alone.
    pub fn name(&self, code: &str) -> Option<&str> {
        self.path(code)?.rsplit('/').next()
    }

    /// What it stands directly below.
    pub fn parent(&self, code: &str) -> Option<&str> {
        self.parents.get(code).map(String::as_str)
    }

    /// The code itself, then what it stands below, up to the top; empty for a code that is not there.
    pub fn chain<'a>(&'a self, code: &'a str) -> impl Iterator<Item = &'a str> {
        let first = Some(code).filter(|code| self.contains(code));
        std::iter::successors(first, |code| self.parent(code))
    }

    /// Whether `below` is `code` or stands below it.
    pub fn covers(&self, code: &str, below: &str) -> bool {
        self.chain(below).any(|at| at == code)
    }

    /// How many codes stand above it and with it: 1 at the top, 0 for a code that is not there.
    pub fn depth(&self, code: &str) -> usize {
        self.chain(code).count()
    }

    /// How many codes it has.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }
}

/// By what a matter is led to its first unit. Source: 7.2 b (属地管理与行业主管相结合).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Route {
    /// 属地: the hotline organ of the region.
    Territory,
    /// 属地 first, the trade's department beside it.
    TerritoryWithIndustry,
    /// 行业主管: the department, wherever the place is.
    Industry,
}

impl Route {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Territory => "territory",
            Self::TerritoryWithIndustry => "territory_with_industry",
            Self::Industry => "industry",
        }
    }
}

impl FromStr for Route {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let all = [Self::Territory, Self::TerritoryWithIndustry, Self::Industry];
        all.into_iter()
            .find(|route| route.code() == text)
            .ok_or("not territory, territory_with_industry or industry")
    }
}

/// A limit that a law sets for a kind of matter. Source: 7.5.1 (从其规定).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatutoryLimit {
    /// As `24h`, `7wd`, `30min`.
    pub rule: String,
    /// The law.
    pub basis: String,
}

/// An event type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Its code.
    pub code: String,
    /// Its Chinese name.
    pub name: String,
    /// By what it is routed, at the lowest level.
    pub route: Option<Route>,
    /// The department of the trade.
    pub dept: Option<OrganId>,
    /// Whether it may stand on the list of matters that go straight to the grid (7.2 c).
    pub grid_direct: bool,
    /// Words by which it is found while typing.
    pub keywords: Vec<String>,
    /// A limit of law.
    pub statutory_limit: Option<StatutoryLimit>,
    /// Whether an emergency line is to be offered.
    pub emergency: bool,
    /// The code of GB/T 39666—2020, where the city has mapped it.
    pub gbt39666: Option<String>,
}

/// Both trees.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// 事件类型.
    pub categories: Tree,
    /// 区域.
    pub regions: Tree,
    details: BTreeMap<String, Category>,
}

impl Catalogue {
    /// Reads both trees from their documents with the versions they were published as.
    ///
    /// # Errors
    /// Every fault of both.
    pub fn parse(
        (categories, category_version): (&str, i64),
        (regions, region_version): (&str, i64),
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut read = Self::default();
        match Rows::parse(categories, "categories") {
            Ok(rows) => read.take_categories(rows, category_version, &mut faults),
            Err(found) => faults.extend(found),
        }
        match Rows::parse(regions, "regions") {
            Ok(rows) => {
                let nodes: Vec<Node> = rows.into_iter().map(|row| region(row, &mut faults)).collect();
                read.regions = Tree::build(region_version, &nodes, &mut faults);
            }
            Err(found) => faults.extend(found),
        }
        if faults.is_empty() {
            return Ok(read);
        }
        faults.sort();
        faults.dedup();
        Err(faults)
    }

    fn take_categories(&mut self, rows: Rows, version: i64, faults: &mut Vec<Fault>) {
        let mut nodes = Vec::new();
        for mut row in rows {
            let node = node(&mut row, faults);
            let category = category(&mut row, &node, faults);
            row.finish(faults);
            self.details.insert(node.code.clone(), category);
            nodes.push(node);
        }
        self.categories = Tree::build(version, &nodes, faults);
    }

    /// The shipped trees.
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Catalogue> = LazyLock::new(|| {
            // The texts are compiled in and a test reads them; an empty catalogue refuses every choice.
            Catalogue::parse((CATEGORIES, 1), (REGIONS, 1)).unwrap_or_default()
        });
        &SHIPPED
    }

    /// An event type of any level.
    pub fn category(&self, code: &str) -> Option<&Category> {
        self.details.get(code)
    }

    /// Every event type of any level, by code.
    pub fn all_categories(&self) -> impl Iterator<Item = &Category> {
        self.details.values()
    }

    /// The field (领域) of an event type: its topmost code.
    pub fn field<'a>(&'a self, code: &'a str) -> Option<&'a str> {
        self.categories.chain(code).last()
    }

    /// Whether `below` is the region or lies in it.
    pub fn contains(&self, region: &str, below: &str) -> bool {
        self.regions.covers(region, below)
    }
}

fn node(row: &mut Row, faults: &mut Vec<Fault>) -> Node {
    let code = row.text("code", faults);
    let good = |letter: char| letter.is_ascii_alphanumeric();
    if CODE_MAX < code.len() || !code.chars().all(good) {
        faults.push(row.fault("code", format!("not 1 to {CODE_MAX} of 0-9, A-Z and a-z")));
    }
    let name = row.text("name", faults);
    if name.contains('/') {
        faults.push(row.fault("name", "has a `/`, which stands between names"));
    }
    Node {
        code,
        name,
        parent: row.maybe_text("parent", faults),
        place: row.place().to_owned(),
    }
}

fn region(mut row: Row, faults: &mut Vec<Fault>) -> Node {
    let node = node(&mut row, faults);
    row.finish(faults);
    node
}

fn category(row: &mut Row, node: &Node, faults: &mut Vec<Fault>) -> Category {
    let rule = row.maybe_text("statutory_rule", faults);
    let basis = row.maybe_text("statutory_basis", faults);
    if rule.as_deref().is_some_and(|rule| !is_rule(rule)) {
        faults.push(row.fault("statutory_rule", "not a limit as 24h, 7wd or 30min"));
    }
    if rule.is_some() != basis.is_some() {
        faults.push(row.fault("statutory_basis", "a limit and its law stand together (7.5.1)"));
    }
    Category {
        code: node.code.clone(),
        name: node.name.clone(),
        route: row.maybe("route", faults),
        dept: row.maybe("dept", faults),
        grid_direct: row.flag("grid_direct", Flag::No, faults),
        keywords: row.texts("keywords", faults),
        statutory_limit: rule
            .zip(basis)
            .map(|(rule, basis)| StatutoryLimit { rule, basis }),
        emergency: row.flag("emergency", Flag::No, faults),
        gbt39666: row.maybe_text("gbt39666", faults),
    }
}

/// Whether a text is a limit: a number of 1 to 9999, then `wd`, `h` or `min`.
fn is_rule(text: &str) -> bool {
    let number = ["wd", "min", "h"].iter().find_map(|unit| text.strip_suffix(unit));
    let number = number.and_then(|number| number.parse::<u16>().ok());
    number.is_some_and(|number| (1..=9_999).contains(&number))
}

#[cfg(test)]
#[path = "catalogue_test.rs"]
mod tests;
