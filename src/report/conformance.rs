//! How the standard was kept in a period: per clause what there was, and which orders were not as it asks.
//!
//! **Invariants.** Counts are of what its clause anchors in the period: registering, dispatching, limits, closing. Every
//! order that is not as a clause asks is counted; the first [`EXCEPTIONS_MAX`] of a clause are named. Pure: the same rows
//! give the same report.
//! **Not here.** Reading rows (`io::store::conformance`), the paper (`app::cli::conformance`).
//! **Source.** DB1302/T 604—2025 3.2, 6.2, 7.1.2 to 7.9.1, 8.4.1, B.2 to B.5.

mod rows;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::time::WallTime;
pub use crate::report::conformance::rows::CycleRow;
pub use crate::report::conformance::rows::OrderRow;
pub use crate::report::conformance::rows::RequestRow;
pub use crate::report::conformance::rows::SettingRow;
pub use crate::report::conformance::rows::SupervisionRow;

/// Orders named under one clause; the others are counted.
pub const EXCEPTIONS_MAX: usize = 500;

/// The clauses, in their order.
pub const CLAUSES: &[&str] = &[
    "3.2", "6.2", "7.1.2", "7.1.4", "7.2 a", "7.2 b", "7.3", "7.4", "7.5.1", "7.5.2", "7.6", "7.7.1",
    "7.7.2", "7.8.1", "7.8.2", "7.9.1", "8.4.1", "B.2", "B.3", "B.4", "B.5",
];

/// From when to when; the end is exclusive. `now` decides whether what is not done is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Period {
    /// First instant.
    pub from: WallTime,
    /// First instant after it.
    pub to: WallTime,
    /// The present.
    pub now: WallTime,
    /// When a closed order is to be archived at the latest: closed before this.
    pub archive_before: WallTime,
}

impl Period {
    fn has(&self, at: Option<WallTime>) -> bool {
        at.is_some_and(|at| self.from <= at && at < self.to)
    }

    fn over(&self, deadline: Option<WallTime>) -> bool {
        deadline.is_some_and(|deadline| deadline <= self.now)
    }
}

/// An order that is not as a clause asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exception {
    /// Its number.
    pub number: String,
    /// What is wrong, as a stable code.
    pub fault: &'static str,
}

/// What there was under one clause.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Clause {
    /// Its number in the standard.
    pub clause: &'static str,
    /// Counts by code, in the order they were made.
    pub counts: Vec<(&'static str, u64)>,
    /// How many orders are not as it asks, each fault counted.
    pub exceptions: u64,
    /// The first of them.
    pub named: Vec<Exception>,
    /// The settings that decide it.
    pub settings: Vec<SettingRow>,
}

/// A report in the making.
#[derive(Clone, Debug)]
pub struct Conformance {
    period: Period,
    clauses: BTreeMap<&'static str, Clause>,
}

impl Conformance {
    /// An empty report.
    pub fn new(period: Period) -> Self {
        let mut clauses = BTreeMap::new();
        for clause in CLAUSES {
            clauses.insert(
                *clause,
                Clause {
                    clause,
                    ..Clause::default()
                },
            );
        }
        Self { period, clauses }
    }

    /// The clauses in their order; `settings` gives those of a clause.
    pub fn finish(mut self, settings: impl Fn(&str) -> Vec<SettingRow>) -> Vec<Clause> {
        let finish = |clause: &&'static str| {
            let mut found = self.clauses.remove(clause)?;
            found.settings = settings(clause);
            Some(found)
        };
        CLAUSES.iter().filter_map(finish).collect()
    }

    /// Adds to a count.
    pub fn add(&mut self, clause: &'static str, what: &'static str, many: u64) {
        let counts = &mut self.clauses.entry(clause).or_default().counts;
        match counts.iter_mut().find(|(code, _)| *code == what) {
            Some((_, count)) => *count += many,
            None => counts.push((what, many)),
        }
    }

    fn when(&mut self, clause: &'static str, what: &'static str, is_so: bool) {
        self.add(clause, what, u64::from(is_so));
    }

    /// Names an order that is not as a clause asks, if it is not.
    pub fn except(&mut self, clause: &'static str, number: &str, fault: &'static str, is_so: bool) {
        if !is_so {
            return;
        }
        let found = self.clauses.entry(clause).or_default();
        found.exceptions += 1;
        if found.named.len() < EXCEPTIONS_MAX {
            found.named.push(Exception {
                number: number.to_owned(),
                fault,
            });
        }
    }

    /// Counts an order.
    pub fn order(&mut self, row: &OrderRow) {
        self.registered(row);
        self.ended_early(row);
        if self.period.has(row.closed_at) {
            self.followed(row);
            self.judged(row);
        }
        self.archived(row);
    }

    fn registered(&mut self, row: &OrderRow) {
        if !self.period.has(row.submitted_at.or(row.accepted_at)) {
            return;
        }
        let types = [
            ("consult", "consult"),
            ("help", "help"),
            ("complaint", "complaint"),
            ("report", "report"),
            ("praise", "praise"),
            ("suggestion", "suggestion"),
        ];
        let kind = row.appeal_type.as_deref();
        for (code, what) in types {
            self.when("3.2", what, kind == Some(code));
        }
        let known = types.iter().any(|(code, _)| kind == Some(*code));
        self.except("3.2", &row.number, "no_type", !known);
        let whole = known && row.appellant_kind.is_some() && row.category.is_some() && row.urgency.is_some();
        self.add("7.1.2", "orders", 1);
        self.when("7.1.2", "complete", whole);
        self.except("7.1.2", &row.number, "incomplete", !whole);
    }

    fn ended_early(&mut self, row: &OrderRow) {
        if !self.period.has(Some(row.created_at)) {
            return;
        }
        let code = row.ending_code.as_deref();
        match row.ending.as_deref() {
            Some("not_accepted") => {
                self.add("6.2", "refused", 1);
                let reasons = [
                    ("a", "reason_a"),
                    ("b", "reason_b"),
                    ("c", "reason_c"),
                    ("d", "reason_d"),
                    ("e", "reason_e"),
                    ("f", "reason_f"),
                ];
                for (reason, what) in reasons {
                    self.when("6.2", what, code == Some(reason));
                }
                let known = reasons.iter().any(|(reason, _)| code == Some(*reason));
                self.except("6.2", &row.number, "no_reason", !known);
            }
            Some("answered") => {
                self.add("7.1.4", "answered", 1);
                for (basis, what) in [
                    ("article", "by_article"),
                    ("transfer", "by_transfer"),
                    ("master", "by_master"),
                ] {
                    self.when("7.1.4", what, code == Some(basis));
                }
                self.except("7.1.4", &row.number, "no_basis", code.is_none());
            }
            Some("merged") => self.add("7.1.4", "merged", 1),
            _ => (),
        }
    }

    fn followed(&mut self, row: &OrderRow) {
        let exempt = row.exempt.is_some()
            || matches!(
                row.closing.as_deref(),
                Some("exempt" | "information" | "imported")
            );
        let followed = row.followed_mode.is_some();
        self.add("7.7.1", "closed", 1);
        self.when("7.7.1", "exempt", exempt);
        self.when("7.7.1", "due", !exempt);
        self.when("7.7.1", "followed", !exempt && followed);
        self.except("7.7.1", &row.number, "not_followed", !exempt && !followed);
        let person = row.enterprise && !exempt && row.dispatched_at.is_some();
        let by_person = row.followed_mode.as_deref() == Some("person");
        self.when("7.7.1", "enterprise", person);
        self.when("7.7.1", "enterprise_person", person && by_person);
        self.except(
            "7.7.1",
            &row.number,
            "not_by_person",
            person && followed && !by_person,
        );
    }

    fn judged(&mut self, row: &OrderRow) {
        let (result, satisfaction) = (row.result.as_deref(), row.satisfaction.as_deref());
        for (code, what) in [("solved", "solved"), ("unsolved", "unsolved"), ("other", "other")] {
            self.when("7.7.2", what, result == Some(code));
        }
        for (code, what) in [
            ("satisfied", "satisfied"),
            ("unsatisfied", "unsatisfied"),
            ("no_comment", "no_comment"),
        ] {
            self.when("7.7.2", what, satisfaction == Some(code));
        }
        let half = result.is_some() != satisfaction.is_some();
        self.except("7.7.2", &row.number, "no_satisfaction", half);
    }

    fn archived(&mut self, row: &OrderRow) {
        if !self.period.has(row.closed_at) {
            return;
        }
        let done = row.state == "archived";
        self.add("7.9.1", "closed", 1);
        self.when("7.9.1", "archived", done);
        self.when("7.9.1", "with_missing", row.missing.is_some_and(|it| 0 < it));
        let damaged = row.faults.is_some_and(|it| 0 < it);
        self.when("7.9.1", "damaged", damaged);
        let late = row.closed_at.is_some_and(|at| at < self.period.archive_before);
        self.except(
            "7.9.1",
            &row.number,
            "not_archived",
            !done && row.state == "closed" && late,
        );
        self.except("7.9.1", &row.number, "damaged", damaged);
    }

    /// Counts a cycle.
    pub fn cycle(&mut self, row: &CycleRow) {
        if self.period.has(row.dispatched_at) {
            self.dispatched(row);
        }
        // What was returned has no clocks that count against the unit.
        if row.returned == 0 {
            self.signed(row);
            self.limits(row);
        }
        self.reviewed(row);
        self.co_handled(row);
        self.negative(row);
    }

    fn dispatched(&mut self, row: &CycleRow) {
        if row.rework {
            self.add("B.4", "reworked", 1);
            self.when("B.4", "with_co", 0 < row.co_units);
            let late = row.fed_back_late == Some(true);
            self.except("B.4", &row.number, "fed_back_late", late);
            return;
        }
        self.add("7.2 a", "dispatched", 1);
        let late = row.dispatched_late == Some(true);
        self.when("7.2 a", "on_time", row.dispatched_late == Some(false));
        self.when("7.2 a", "late", late);
        self.except("7.2 a", &row.number, "dispatched_late", late);
        self.add("7.2 b", "dispatched", 1);
        self.when("7.2 b", "with_unit", row.unit.is_some());
        self.when("7.2 b", "with_co", 0 < row.co_units);
        self.when(
            "7.2 b",
            "by_arbitration",
            row.basis.as_deref() == Some("arbitration"),
        );
        self.except("7.2 b", &row.number, "no_unit", row.unit.is_none());
    }

    fn signed(&mut self, row: &CycleRow) {
        let over = self.period.over(row.sign_deadline);
        if self.period.has(row.sign_deadline) && (row.signed_at.is_some() || over) {
            let late = row.signed_late == Some(true);
            let open = row.signed_at.is_none();
            self.add("7.3", "due", 1);
            self.when("7.3", "on_time", !late && !open);
            self.except("7.3", &row.number, "signed_late", late);
            self.except("7.3", &row.number, "not_signed", open);
            self.except(
                "7.8.1",
                &row.number,
                "no_supervision_a",
                (late || open) && !row.supervised_a,
            );
        }
        if self.period.has(row.fed_back_at) {
            let contacted = row.contacted_at.is_some();
            self.when("7.3", "contacted", contacted);
            self.except("7.3", &row.number, "no_contact", !contacted);
        }
    }

    fn limits(&mut self, row: &CycleRow) {
        let over = self.period.over(row.close_deadline);
        if self.period.has(row.close_deadline) && (row.fed_back_at.is_some() || over) {
            let late = row.fed_back_late == Some(true);
            let open = row.fed_back_at.is_none();
            self.add("7.5.1", "due", 1);
            self.when("7.5.1", "on_time", !late && !open);
            self.except("7.5.1", &row.number, "fed_back_late", late);
            self.except("7.5.1", &row.number, "not_fed_back", open);
            self.except(
                "7.8.1",
                &row.number,
                "no_supervision_b",
                (late || open) && !row.supervised_b,
            );
        }
        if self.period.has(row.first_deadline) {
            let first = row.first_result_at.or(row.fed_back_at);
            let on_time = first < row.first_deadline && first.is_some();
            self.add("7.5.1", "critical", 1);
            self.when("7.5.1", "first_on_time", on_time);
            let late = !on_time && (first.is_some() || self.period.over(row.first_deadline));
            self.except("7.5.1", &row.number, "first_result_late", late);
        }
    }

    fn reviewed(&mut self, row: &CycleRow) {
        if !self.period.has(row.fed_back_at) {
            return;
        }
        self.add("7.5.2", "fed_back", 1);
        self.add("7.5.2", "sent_back", row.sent_back);
        self.when("7.5.2", "reviewed", row.reviewed_at.is_some());
        let unseen = row.reviewed_at.is_none() && row.closed_at.is_some();
        self.except("7.5.2", &row.number, "not_reviewed", unseen);
    }

    fn co_handled(&mut self, row: &CycleRow) {
        let co = 0 < row.co_units;
        if co && self.period.has(row.fed_back_at) {
            self.add("B.3", "fed_back", 1);
            self.when("B.3", "contacted", row.contacted_at.is_some());
            self.except("B.3", &row.number, "no_contact", row.contacted_at.is_none());
        }
        let arbitrated = row.basis.as_deref() == Some("arbitration");
        if (co || arbitrated) && self.period.has(row.closed_at) {
            self.add("B.5", "due", 1);
            self.when("B.5", "fixed", row.fixed);
            self.except("B.5", &row.number, "not_fixed", !row.fixed);
        }
    }

    fn negative(&mut self, row: &CycleRow) {
        if !self.period.has(row.followed_at) {
            return;
        }
        let unsolved = row.result.as_deref() == Some("unsolved");
        let negative = unsolved || row.satisfaction.as_deref() == Some("unsatisfied");
        self.when("7.7.1", "negative", negative);
        self.when("7.7.1", "verified", negative && row.verdict.is_some());
        // What is being verified is not missing; what was closed without it is.
        let skipped = negative && row.verdict.is_none() && row.closed_at.is_some();
        self.except("7.7.1", &row.number, "not_verified", skipped);
    }

    /// Counts a return, an extension or a co-handling.
    pub fn request(&mut self, row: &RequestRow) {
        if !self.period.has(Some(row.asked_at)) {
            return;
        }
        let clause = match row.kind.as_str() {
            "return" => "7.4",
            "extension" => "7.6",
            _ => "B.2",
        };
        let approved = row.state == "approved";
        self.add(clause, "asked", 1);
        self.when(clause, "approved", approved);
        self.when(clause, "decided_refused", row.state == "refused");
        self.when(clause, "open", row.state == "open");
        self.except(clause, &row.number, "decided_late", row.decided_late);
        let urgent = matches!(row.urgency.as_deref(), Some("urgent" | "critical"));
        self.except(
            "7.6",
            &row.number,
            "urgent_extended",
            clause == "7.6" && approved && urgent,
        );
    }

    /// Counts a 督办.
    pub fn supervision(&mut self, row: &SupervisionRow) {
        if !self.period.has(Some(row.sent_at)) {
            return;
        }
        for (cause, what) in [
            ("a", "cause_a"),
            ("b", "cause_b"),
            ("c", "cause_c"),
            ("d", "cause_d"),
        ] {
            self.when("7.8.1", what, row.cause == cause);
        }
        self.when("7.8.1", "automatic", row.automatic);
        let late = row.reply_late == Some(true)
            || (row.replied_at.is_none() && self.period.over(row.reply_deadline));
        self.when("7.8.1", "reply_late", late);
        self.except("7.8.1", &row.number, "reply_late", late);
        self.when("7.8.2", "escalated", row.state == "escalated");
    }
}

#[cfg(test)]
#[path = "conformance_test.rs"]
mod tests;
