//! The tree of organs and units (机构): the city's hotline organ at the top, below it the organs of counties and zones,
//! departments, enterprises, streets.
//!
//! **Invariants.** One root, [`ROOT`]; every other organ stands below one that is there, without a ring, at most
//! [`DEPTH_MAX`] deep. An organ is never renamed or taken away, only retired, since orders name it.
//! **Not here.** Who works for an organ (`io::store::users`); which organ gets an order (`ticket::routing`).
//! **Source.** DB1302/T 604—2025 7.2, 7.7.1 b, 8.4.1.1.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::account::organ::DEPTH_MAX;
use crate::account::organ::OrganPath;
use crate::base::civil::CivilDate;
use crate::base::document::Flag;
use crate::base::document::Row;
use crate::base::document::Rows;
use crate::base::document::Span;
use crate::base::document::doubles;
use crate::base::fault::Fault;
use crate::base::ids::OrganId;
use crate::base::ids::UserId;

/// The id of the city's hotline organ.
pub const ROOT: &str = "hotline";
/// The fields of a row, as the columns of a table.
pub const COLUMNS: &[&str] = &[
    "id",
    "name",
    "kind",
    "arbiter",
    "parent",
    "region",
    "street",
    "duty_phone",
    "deputy_phone",
    "liaison_user",
    "active",
    "valid_from",
    "valid_to",
];
/// Shortest and longest number of a duty office, digits.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 3..=15;

/// What an organ is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrganKind {
    /// 市 12345 热线工作机构.
    Hotline,
    /// 县（市、区）12345 热线工作机构.
    CountyHotline,
    /// The same of a zone (开发区、管理区).
    ZoneHotline,
    /// 市直单位.
    CityDepartment,
    /// 县（市、区）直单位.
    CountyDepartment,
    /// 公共服务企事业单位.
    PublicEnterprise,
    /// 驻唐中省属单位.
    CentralProvincial,
    /// 乡镇、街道.
    Township,
    /// 督查部门 (7.8.2).
    Inspection,
    /// Decides on responsibility with the hotline organ and does nothing else (编办).
    Arbiter,
}

impl OrganKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Hotline,
        Self::CountyHotline,
        Self::ZoneHotline,
        Self::CityDepartment,
        Self::CountyDepartment,
        Self::PublicEnterprise,
        Self::CentralProvincial,
        Self::Township,
        Self::Inspection,
        Self::Arbiter,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Hotline => "hotline",
            Self::CountyHotline => "county_hotline",
            Self::ZoneHotline => "zone_hotline",
            Self::CityDepartment => "city_department",
            Self::CountyDepartment => "county_department",
            Self::PublicEnterprise => "public_enterprise",
            Self::CentralProvincial => "central_provincial",
            Self::Township => "township",
            Self::Inspection => "inspection",
            Self::Arbiter => "arbiter",
        }
    }

    /// Whether it is a hotline organ, of the city or below: one that dispatches further and follows up itself (7.7.1 b).
    pub const fn is_hotline(self) -> bool {
        matches!(self, Self::Hotline | Self::CountyHotline | Self::ZoneHotline)
    }
}

impl fmt::Display for OrganKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A text that is no kind of organ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no kind of organ")]
pub struct UnknownKind;

impl FromStr for OrganKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.code() == text)
            .ok_or(UnknownKind)
    }
}

/// An organ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organ {
    /// Which.
    pub id: OrganId,
    /// Its Chinese name.
    pub name: String,
    /// What it is.
    pub kind: OrganKind,
    /// Whether it decides on responsibility with the hotline organ (编办、司法, B.1).
    pub arbiter: bool,
    /// What it stands below; none for the root.
    pub parent: Option<OrganId>,
    /// The region it works for, by code.
    pub region: Option<String>,
    /// The street or township it is.
    pub street: Option<String>,
    /// The telephone of its duty office (值班室), told at once of what is urgent (7.2 a).
    pub duty_phone: Option<String>,
    /// Whom to call when the duty office does not answer.
    pub deputy_phone: Option<String>,
    /// The account of the person who takes its orders.
    pub liaison_user: Option<UserId>,
    /// Whether orders go to it.
    pub active: bool,
    /// When it exists.
    pub valid: Span,
}

impl Organ {
    /// Whether orders may go to it on a day.
    pub fn is_active(&self, day: CivilDate) -> bool {
        self.active && self.valid.contains(day)
    }
}

/// The tree of organs.
#[derive(Clone, Debug, Default)]
pub struct Organs {
    rows: BTreeMap<OrganId, Organ>,
    children: BTreeMap<OrganId, Vec<OrganId>>,
    paths: BTreeMap<OrganId, OrganPath>,
}

impl Organs {
    /// Reads the tree from its document, `{"organs": [{"id", "name", "kind", "parent", …}]}`.
    ///
    /// # Errors
    /// Every fault: a bad field, an id twice, no root or a second one, a parent that is not there, a ring, too deep.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut rows = Vec::new();
        let mut ids = Vec::new();
        for mut row in Rows::parse(text, "organs")? {
            let organ = read(&mut row, &mut faults);
            let place = row.place().to_owned();
            row.finish(&mut faults);
            if let Some(organ) = organ {
                ids.push((organ.id.clone(), format!("{place}.id")));
                rows.push((place, organ));
            }
        }
        doubles(ids, &mut faults);
        check_parents(&rows, &mut faults);
        let tree = Self::build(&rows);
        for (place, organ) in &rows {
            if !tree.paths.contains_key(&organ.id) && faults.is_empty() {
                let most = format!("in a ring, or deeper than {DEPTH_MAX}");
                faults.push(Fault::new(format!("{place}.parent"), most));
            }
        }
        // A ring hides behind no other fault.
        if !faults.is_empty() {
            faults.extend(rings(&rows));
            faults.sort();
            faults.dedup();
            return Err(faults);
        }
        Ok(tree)
    }

    fn build(rows: &[(String, Organ)]) -> Self {
        let mut tree = Self::default();
        for (_, organ) in rows {
            tree.rows.insert(organ.id.clone(), organ.clone());
            if let Some(parent) = &organ.parent {
                tree.children
                    .entry(parent.clone())
                    .or_default()
                    .push(organ.id.clone());
            }
        }
        let roots = tree.rows.values().filter(|organ| organ.parent.is_none());
        let mut todo: Vec<(OrganId, String)> = roots
            .map(|organ| (organ.id.clone(), organ.id.to_string()))
            .collect();
        while let Some((id, path)) = todo.pop() {
            // A path that is too deep is no path; what stands below it has none either.
            let Ok(read) = path.parse::<OrganPath>() else {
                continue;
            };
            for child in tree.children.get(&id).into_iter().flatten() {
                todo.push((child.clone(), format!("{path}/{child}")));
            }
            tree.paths.insert(id, read);
        }
        tree
    }

    /// The city's hotline organ.
    pub fn root(&self) -> Option<&Organ> {
        self.rows.values().find(|organ| organ.parent.is_none())
    }

    /// An organ.
    pub fn get(&self, id: &OrganId) -> Option<&Organ> {
        self.rows.get(id)
    }

    /// Every organ, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Organ> {
        self.rows.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The path from the root down.
    pub fn path(&self, id: &OrganId) -> Option<OrganPath> {
        self.paths.get(id).cloned()
    }

    /// What stands directly below, in the document's order.
    pub fn children(&self, id: &OrganId) -> &[OrganId] {
        self.children.get(id).map_or(&[], Vec::as_slice)
    }

    /// What it stands directly below; none for the root.
    pub fn upper(&self, id: &OrganId) -> Option<&OrganId> {
        self.rows.get(id)?.parent.as_ref()
    }

    /// Whether `organ` is `upper` or stands below it.
    pub fn is_below(&self, organ: &OrganId, upper: &OrganId) -> bool {
        match (self.paths.get(organ), self.paths.get(upper)) {
            (Some(organ), Some(upper)) => upper.contains(organ),
            _ => organ == upper,
        }
    }

    /// 督查部门: the first inspection organ by id.
    pub fn inspection(&self) -> Option<&Organ> {
        self.rows
            .values()
            .find(|organ| organ.kind == OrganKind::Inspection)
    }

    /// Who decides on responsibility with the hotline organ (编办、司法), by id. Source: B.1.
    pub fn arbiters(&self) -> impl Iterator<Item = &Organ> {
        self.rows.values().filter(|organ| organ.arbiter)
    }

    /// The hotline organ of a region, by its code; not that of a region above.
    pub fn hotline_of(&self, region: &str) -> Option<&Organ> {
        let of_region = |organ: &&Organ| organ.region.as_deref() == Some(region);
        self.rows
            .values()
            .find(|organ| organ.kind.is_hotline() && of_region(organ))
    }

    /// The organ that is a street or township, by its code.
    pub fn of_street(&self, street: &str) -> Option<&Organ> {
        self.rows
            .values()
            .find(|organ| organ.street.as_deref() == Some(street))
    }
}

fn read(row: &mut Row, faults: &mut Vec<Fault>) -> Option<Organ> {
    let id = row.value::<OrganId>("id", faults);
    let kind = row.value::<OrganKind>("kind", faults);
    let organ = Organ {
        id: id?,
        name: row.text("name", faults),
        kind: kind.unwrap_or(OrganKind::CityDepartment),
        arbiter: row.flag("arbiter", Flag::No, faults) || kind == Some(OrganKind::Arbiter),
        parent: row.maybe("parent", faults),
        region: row.maybe_text("region", faults),
        street: row.maybe_text("street", faults),
        duty_phone: phone(row, "duty_phone", faults),
        deputy_phone: phone(row, "deputy_phone", faults),
        liaison_user: row.maybe("liaison_user", faults),
        active: row.flag("active", Flag::Yes, faults),
        valid: row.span("valid_from", "valid_to", faults),
    };
    Some(organ)
}

fn phone(row: &mut Row, field: &str, faults: &mut Vec<Fault>) -> Option<String> {
    let text = row.maybe_text(field, faults)?;
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let strange = text
        .chars()
        .any(|letter| !letter.is_ascii_digit() && letter != '-' && letter != '+');
    if strange || !PHONE_DIGITS.contains(&digits) {
        faults.push(row.fault(field, "not a number of 3 to 15 digits, as 0315-12345"));
    }
    Some(text)
}

fn check_parents(rows: &[(String, Organ)], faults: &mut Vec<Fault>) {
    let known = |id: &OrganId| rows.iter().any(|(_, organ)| organ.id == *id);
    let mut roots = 0;
    for (place, organ) in rows {
        match &organ.parent {
            None if organ.id.as_str() == ROOT => roots += 1,
            None => {
                let reason = format!("is missing; `{ROOT}` alone stands at the top");
                faults.push(Fault::new(format!("{place}.parent"), reason));
            }
            Some(parent) if !known(parent) => {
                let reason = format!("there is no organ {parent}");
                faults.push(Fault::new(format!("{place}.parent"), reason));
            }
            Some(_) => (),
        }
        if (organ.id.as_str() == ROOT) != (organ.kind == OrganKind::Hotline) {
            let reason = format!("`{ROOT}` and no other is of the kind hotline");
            faults.push(Fault::new(format!("{place}.kind"), reason));
        }
    }
    if roots == 0 {
        faults.push(Fault::new("organs", format!("there is no `{ROOT}` at the top")));
    }
}

/// Tells of every organ from which the way up never ends, or is too long.
fn rings(rows: &[(String, Organ)]) -> Vec<Fault> {
    let parents: BTreeMap<&OrganId, &OrganId> = rows
        .iter()
        .filter_map(|(_, organ)| Some((&organ.id, organ.parent.as_ref()?)))
        .collect();
    let endless = |organ: &OrganId| {
        let mut at = organ;
        for _ in 0..DEPTH_MAX {
            match parents.get(at) {
                Some(parent) => at = parent,
                None => return false,
            }
        }
        true
    };
    let endless = rows.iter().filter(|(_, organ)| endless(&organ.id));
    endless
        .map(|(place, _)| {
            Fault::new(
                format!("{place}.parent"),
                format!("in a ring, or deeper than {DEPTH_MAX}"),
            )
        })
        .collect()
}

#[cfg(test)]
#[path = "organs_test.rs"]
mod tests;
