//! Grids (网格) with their officers, and the list of matters that go straight to them (网格直派清单).
//!
//! **Invariants.** A matter goes to a grid without a dispatcher when the list names it for its place on the day and the
//! place has a grid with an officer; otherwise it is dispatched as any other.
//! **Not here.** The officer's own clock and his handing back (`ticket::decide`).
//! **Source.** DB1302/T 604—2025 7.2 c.

use std::cmp::Reverse;

use crate::base::document::Row;
use crate::base::document::Rows;
use crate::base::document::Span;
use crate::base::document::doubles;
use crate::base::fault::Fault;
use crate::base::ids::OrganId;
use crate::base::ids::UserId;
use crate::ticket::catalogue::Catalogue;
use crate::ticket::routing::ANY;
use crate::ticket::routing::Lists;
use crate::ticket::routing::Question;
use crate::ticket::routing::ended;
use crate::ticket::routing::row_id;

/// The fields of a grid's row, as the columns of a table.
pub const GRID_COLUMNS: &[&str] = &["id", "street", "name", "officer", "organ", "places"];
/// The fields of a row of the grid-direct list.
pub const GRID_LIST_COLUMNS: &[&str] = &["id", "category", "area", "from", "to", "basis"];

/// A grid (网格).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Its id.
    pub id: String,
    /// The street or township it lies in.
    pub street: String,
    /// Its Chinese name.
    pub name: String,
    /// The account of its officer (网格员).
    pub officer: Option<UserId>,
    /// The organ its officer works for.
    pub organ: OrganId,
    /// Roads and estates in it, as addresses name them.
    pub places: Vec<String>,
    place: String,
}

/// Every grid.
#[derive(Clone, Debug, Default)]
pub struct Grids(Vec<Grid>);

impl Grids {
    /// Reads the grids from their document, `{"grids": [{"id", "street", "name", "officer", "organ"}]}`.
    ///
    /// # Errors
    /// Every fault of a row; what a row names is checked by [`Grids::check`].
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut grids = Vec::new();
        for mut row in Rows::parse(text, "grids")? {
            grids.extend(read_grid(&mut row, &mut faults));
            row.finish(&mut faults);
        }
        let ids = grids
            .iter()
            .map(|grid: &Grid| (grid.id.as_str(), format!("{}.id", grid.place)));
        doubles(ids, &mut faults);
        ended(Self(grids), faults)
    }

    /// Tells of every street and organ that is not there.
    pub fn check(&self, lists: Lists<'_>, faults: &mut Vec<Fault>) {
        for grid in &self.0 {
            if !lists.catalogue.regions.contains(&grid.street) {
                faults.push(Fault::new(
                    format!("{}.street", grid.place),
                    "there is no such region",
                ));
            }
            if lists.organs.get(&grid.organ).is_none() {
                let reason = format!("there is no organ {}", grid.organ);
                faults.push(Fault::new(format!("{}.organ", grid.place), reason));
            }
        }
    }

    /// Every grid, in the document's order.
    pub fn iter(&self) -> impl Iterator<Item = &Grid> {
        self.0.iter()
    }

    /// A grid by its id.
    pub fn get(&self, id: &str) -> Option<&Grid> {
        self.0.iter().find(|grid| grid.id == id)
    }

    /// The grid of an address: of those of the street with an officer, the one whose place the address names at greatest
    /// length, else the one with the lowest id.
    pub fn at(&self, street: &str, address: &str) -> Option<&Grid> {
        let here = |grid: &&Grid| grid.street == street && grid.officer.is_some();
        let named = |grid: &Grid| {
            let places = grid
                .places
                .iter()
                .filter(|place| address.contains(place.as_str()));
            places.map(String::len).max().unwrap_or(0)
        };
        self.0
            .iter()
            .filter(here)
            .max_by_key(|grid| (named(grid), Reverse(grid.id.as_str())))
    }
}

/// A row of the grid-direct list (网格直派清单).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GridMatter {
    /// Its id.
    pub id: String,
    /// An event type with everything below it.
    pub category: String,
    /// A region with everything in it, or [`ANY`].
    pub area: String,
    /// When it counts.
    pub span: Span,
    /// By which paper.
    pub basis: Option<String>,
    place: String,
}

/// The grid-direct list.
#[derive(Clone, Debug, Default)]
pub struct GridList(Vec<GridMatter>);

impl GridList {
    /// Reads the list from its document, `{"grid_list": [{"id", "category", "area", "from", "to"}]}`.
    ///
    /// # Errors
    /// Every fault of a row; what a row names is checked by [`GridList::check`].
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut matters = Vec::new();
        for mut row in Rows::parse(text, "grid_list")? {
            let matter = GridMatter {
                id: row_id(&mut row, &mut faults),
                category: row.text("category", &mut faults),
                area: row.text("area", &mut faults),
                span: row.span("from", "to", &mut faults),
                basis: row.maybe_text("basis", &mut faults),
                place: row.place().to_owned(),
            };
            row.finish(&mut faults);
            matters.push(matter);
        }
        let ids = matters
            .iter()
            .map(|matter| (matter.id.as_str(), format!("{}.id", matter.place)));
        doubles(ids, &mut faults);
        ended(Self(matters), faults)
    }

    /// Tells of every category and region that is not there.
    pub fn check(&self, catalogue: &Catalogue, faults: &mut Vec<Fault>) {
        for matter in &self.0 {
            if !catalogue.categories.contains(&matter.category) {
                let place = format!("{}.category", matter.place);
                faults.push(Fault::new(place, "there is no such category"));
            }
            if matter.area != ANY && !catalogue.regions.contains(&matter.area) {
                faults.push(Fault::new(
                    format!("{}.area", matter.place),
                    "there is no such region",
                ));
            }
        }
    }

    /// Every row, in the document's order.
    pub fn iter(&self) -> impl Iterator<Item = &GridMatter> {
        self.0.iter()
    }

    /// Whether a matter goes straight to the grid. Source: 7.2 c.
    pub fn names(&self, question: Question<'_>, catalogue: &Catalogue) -> bool {
        self.0.iter().any(|matter| {
            let inside = |region| catalogue.contains(&matter.area, region);
            let area = matter.area == ANY || question.region.is_some_and(inside);
            let category = catalogue.categories.covers(&matter.category, question.category);
            area && category && matter.span.contains(question.day)
        })
    }
}

fn read_grid(row: &mut Row, faults: &mut Vec<Fault>) -> Option<Grid> {
    let id = row_id(row, faults);
    let street = row.text("street", faults);
    let name = row.text("name", faults);
    let officer = row.maybe("officer", faults);
    let organ = row.value("organ", faults);
    let places = row.texts("places", faults);
    Some(Grid {
        id,
        street,
        name,
        officer,
        organ: organ?,
        places,
        place: row.place().to_owned(),
    })
}
