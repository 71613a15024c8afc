//! The dial plan: what a dialled number leads to.

use std::collections::BTreeMap;

use crate::base::ids::LineId;
use crate::base::phone_number::Number;
use crate::exchange::profile::Profile;

/// Canonical numbers of the lines.
#[derive(Clone, Debug, Default)]
pub struct DialPlan {
    lines: BTreeMap<String, LineId>,
    area_code: String,
}

impl DialPlan {
    /// Reads the lines of a profile.
    pub fn new(profile: &Profile) -> Self {
        let area_code = profile.site.area_code.clone();
        let canonical = |number: &str| Number::parse(number, &area_code).canonical_text().to_owned();
        let lines = profile
            .lines
            .iter()
            .map(|(id, line)| (canonical(&line.number), id.clone()))
            .collect();
        Self {
            lines,
            area_code: area_code.clone(),
        }
    }

    /// Understands a number as this site does.
    pub fn number(&self, raw: &str) -> Number {
        Number::parse(raw, &self.area_code)
    }

    /// The line that is reached by `number`.
    pub fn line(&self, number: &Number) -> Option<&LineId> {
        self.lines.get(number.canonical_text())
    }
}
