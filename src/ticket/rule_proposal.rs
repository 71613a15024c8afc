//! The routing rule that a fixed responsibility leads to, written into the table of rules.
//!
//! **Invariants.** Pure. On no day do two rules say where one matter goes: what said it until now ends the day before, and
//! the new rule ends before what is to say it later.
//! **Not here.** Which rule counts (`ticket::routing`); publishing (`engine::rule_proposals`).
//! **Source.** DB1302/T 604—2025 B.5 (固化主责、次责单位，规范派单).

use serde_json::Value;
use serde_json::json;

use crate::base::civil::CivilDate;
use crate::base::ids::OrganId;
use crate::ticket::reference::Kind;
use crate::ticket::reference::Reference;
use crate::ticket::routing::ANY;

/// A rule to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewRule<'a> {
    /// The number of the order it comes from.
    pub number: &'a str,
    /// 事件类型.
    pub category: &'a str,
    /// The region or street; none for all.
    pub region: Option<&'a str>,
    /// The primary unit.
    pub unit: &'a OrganId,
    /// First day it counts.
    pub day: CivilDate,
    /// Who approved it.
    pub approved_by: &'a str,
}

impl NewRule<'_> {
    /// The id of its row.
    pub fn id(&self) -> String {
        format!("b5-{}", self.number)
    }
}

/// The table of rules with this one in it; none when the table cannot be read.
pub fn with_rule(reference: &Reference, rule: &NewRule<'_>) -> Option<String> {
    let mut document: Value = serde_json::from_str(reference.document(Kind::Rules)).ok()?;
    let rows = document.get_mut("rules")?.as_array_mut()?;
    let (id, region) = (rule.id(), rule.region.unwrap_or(ANY));
    let day = rule.day.to_string();
    let text = |row: &Value, field: &str| {
        row.get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let same = |row: &Value| text(row, "category") == rule.category && text(row, "region") == region;
    // Days are written so that their texts have their order; none is the first or the last of all.
    rows.retain(|row| text(row, "id") != id && !(same(row) && text(row, "from") == day));
    let mut end = None;
    for row in rows.iter_mut().filter(|row| same(row)) {
        let (from, to) = (text(row, "from"), text(row, "to"));
        if day < from {
            end = Some(end.map_or(from.clone(), |end: String| end.min(from)));
        } else if (to.is_empty() || day <= to)
            && let Some(row) = row.as_object_mut()
        {
            row.insert("to".to_owned(), json!(rule.day.add_days(-1).to_string()));
        }
    }
    let mut row = json!({
        "id": id, "category": rule.category, "region": region, "target": rule.unit, "basis": basis(reference, rule.unit),
        "from": day, "approved_by": rule.approved_by,
    });
    let end = end.and_then(|end| CivilDate::parse(&end).ok());
    if let (Some(end), Some(row)) = (end, row.as_object_mut()) {
        row.insert("to".to_owned(), json!(end.add_days(-1).to_string()));
    }
    rows.push(row);
    serde_json::to_string(&document).ok()
}

/// 属地 for an organ of a place, 行业主管 for a department.
fn basis(reference: &Reference, unit: &OrganId) -> &'static str {
    let organ = reference.organs.get(unit);
    let local = organ.is_some_and(|organ| organ.kind.is_hotline() || organ.street.is_some());
    if local { "territory" } else { "industry" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::routing::Question;

    fn question(day: &str) -> Question<'_> {
        Question {
            category: "010401",
            region: Some("130202001"),
            target: None,
            day: CivilDate::parse(day).unwrap(),
        }
    }

    #[test]
    fn a_new_rule_leads_where_responsibility_was_fixed_and_ends_what_said_otherwise() {
        let reference = Reference::shipped().unwrap();
        let unit: OrganId = "cg".parse().unwrap();
        let mut rule = NewRule {
            number: "20261124000001",
            category: "010401",
            region: Some("130202001"),
            unit: &unit,
            day: CivilDate::parse("2026-11-24").unwrap(),
            approved_by: "supervisor",
        };
        let first = reference
            .with(Kind::Rules, &with_rule(&reference, &rule).unwrap())
            .unwrap();
        let found = first.propose(question("2026-11-24")).unwrap();
        assert_eq!((found.unit.as_str(), found.rule), ("cg", rule.id()));
        let before = first.propose(question("2026-11-23")).unwrap();
        assert_ne!(before.rule, rule.id(), "it does not count backwards");

        let other: OrganId = "zj".parse().unwrap();
        (rule.number, rule.unit) = ("20261201000001", &other);
        rule.day = CivilDate::parse("2026-12-01").unwrap();
        let second = first
            .with(Kind::Rules, &with_rule(&first, &rule).unwrap())
            .unwrap();
        let unit = |day: &str| second.propose(question(day)).unwrap().unit.to_string();
        assert_eq!(
            (unit("2026-11-30"), unit("2026-12-01")),
            ("cg".into(), "zj".into())
        );

        // A rule for an earlier day ends before the one that is there already.
        (rule.number, rule.day) = ("20261126000001", CivilDate::parse("2026-11-26").unwrap());
        let third = second
            .with(Kind::Rules, &with_rule(&second, &rule).unwrap())
            .unwrap();
        let rule_of = |day: &str| third.propose(question(day)).unwrap().rule;
        assert_eq!(rule_of("2026-11-25"), "b5-20261124000001");
        assert_eq!(rule_of("2026-11-30"), "b5-20261126000001");
        assert_eq!(rule_of("2026-12-01"), "b5-20261201000001");
    }
}
