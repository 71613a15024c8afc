//! An organ's place in the tree of organs, written as its path from the city down: `tangshan/lunan`.
//!
//! **Invariants.** Never empty; at most [`DEPTH_MAX`] deep. The first name is the city.
//! **Not here.** The list of organs (a later aggregate of the store).

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;

use crate::base::ids::OrganId;

/// Deepest tree: city, county, street, community, grid, with room.
pub const DEPTH_MAX: usize = 8;

/// Why a text is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 1 to 8 organ names with / between them")]
pub struct OrganPathError;

/// A path from the city down to an organ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrganPath(Vec<OrganId>);

impl OrganPath {
    /// The path of an organ that stands at the top.
    pub fn top(organ: OrganId) -> Self {
        Self(vec![organ])
    }

    /// Whether `other` is this organ or stands below it.
    pub fn contains(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// The organ itself: the last name.
    pub fn organ(&self) -> Option<&OrganId> {
        self.0.last()
    }
}

impl fmt::Display for OrganPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, organ) in self.0.iter().enumerate() {
            if 0 < depth {
                f.write_str("/")?;
            }
            f.write_str(organ.as_str())?;
        }
        Ok(())
    }
}

impl FromStr for OrganPath {
    type Err = OrganPathError;

    fn from_str(text: &str) -> Result<Self, OrganPathError> {
        let organs = text
            .split('/')
            .map(|name| name.parse().map_err(|_| OrganPathError));
        let organs = organs.take(DEPTH_MAX + 1).collect::<Result<Vec<OrganId>, _>>()?;
        if DEPTH_MAX < organs.len() {
            return Err(OrganPathError);
        }
        Ok(Self(organs))
    }
}

impl Serialize for OrganPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OrganPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_county_is_below_its_city_and_not_below_its_neighbour() {
        let path = |text: &str| text.parse::<OrganPath>().unwrap();
        assert!(path("tangshan").contains(&path("tangshan/lunan")));
        assert!(path("tangshan/lunan").contains(&path("tangshan/lunan")));
        assert!(!path("tangshan/lunan").contains(&path("tangshan")));
        assert!(!path("tangshan/lu").contains(&path("tangshan/lunan")));
        assert_eq!(path("tangshan/lunan").to_string(), "tangshan/lunan");
        for bad in ["", "a//b", "/a", "A", "a/b/c/d/e/f/g/h/i"] {
            assert_eq!(bad.parse::<OrganPath>(), Err(OrganPathError), "{bad}");
        }
    }
}
