//! The closed lists a work order chooses from: event types (事件类型) and places (区域), as trees of codes.
//!
//! **Invariants.** A code is unique in its tree; the tree carries a version that is kept with every choice.
//! **Not here.** Editing the trees: they are data of the site, shipped as a demonstration set.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

const CATEGORIES: &str = include_str!("data/categories.json");
const REGIONS: &str = include_str!("data/regions.json");

/// A node of a tree.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// Its code.
    pub code: String,
    /// Its Chinese name.
    pub name: String,
    /// What stands below it.
    #[serde(default)]
    pub children: Vec<Entry>,
}

/// A tree of codes.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Its version: 1, 2, 3 …
    pub version: i64,
    /// Its topmost nodes.
    pub top: Vec<Entry>,
    paths: BTreeMap<String, String>,
}

impl Tree {
    fn new(version: i64, top: Vec<Entry>) -> Self {
        let mut paths = BTreeMap::new();
        let mut todo: Vec<(String, &Entry)> = top.iter().map(|entry| (String::new(), entry)).collect();
        while let Some((above, entry)) = todo.pop() {
            let path = if above.is_empty() {
                entry.name.clone()
            } else {
                format!("{above}/{}", entry.name)
            };
            todo.extend(entry.children.iter().map(|child| (path.clone(), child)));
            paths.insert(entry.code.clone(), path);
        }
        Self { version, top, paths }
    }

    /// Whether the tree has this code.
    pub fn contains(&self, code: &str) -> bool {
        self.paths.contains_key(code)
    }

    /// The names from the top down with `/` between them.
    pub fn path(&self, code: &str) -> Option<&str> {
        self.paths.get(code).map(String::as_str)
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

/// Both trees.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// 事件类型.
    pub categories: Tree,
    /// 区域.
    pub regions: Tree,
}

#[derive(Deserialize)]
struct CategoriesFile {
    version: i64,
    tree: Vec<Entry>,
}

#[derive(Deserialize)]
struct RegionsFile {
    version: i64,
    root: Entry,
}

impl Catalogue {
    /// Reads both trees from their JSON texts.
    ///
    /// # Errors
    /// The text is not a tree.
    pub fn parse(categories: &str, regions: &str) -> Result<Self, serde_json::Error> {
        let categories: CategoriesFile = serde_json::from_str(categories)?;
        let regions: RegionsFile = serde_json::from_str(regions)?;
        Ok(Self {
            categories: Tree::new(categories.version, categories.tree),
            regions: Tree::new(regions.version, vec![regions.root]),
        })
    }

    /// The shipped trees.
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Catalogue> = LazyLock::new(|| {
            // The texts are compiled in and a test reads them; an empty catalogue refuses every choice.
            Catalogue::parse(CATEGORIES, REGIONS).unwrap_or_else(|_| Catalogue {
                categories: Tree::new(0, Vec::new()),
                regions: Tree::new(0, Vec::new()),
            })
        });
        &SHIPPED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_trees_are_read_whole() {
        let shipped = Catalogue::shipped();
        assert_eq!(shipped.categories.len(), 14 + 53 + 151);
        assert_eq!(
            shipped.categories.path("010101"),
            Some("城乡建设与管理/市容环境/占道经营")
        );
        assert_eq!(
            shipped.regions.path("130202001"),
            Some("唐山市/路南区/学院南路街道")
        );
        assert!(!shipped.categories.contains("999999"));
        assert_eq!(shipped.categories.top.len(), 14);
    }
}
