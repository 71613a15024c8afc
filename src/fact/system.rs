//! Facts about the program: starts, stops, published profiles, alarms, counted refusals.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::base::ids::AlarmId;
use crate::base::ids::TicketId;
use crate::fact::call::RefusalReason;

/// What happened to the program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum SystemFact {
    /// The program started.
    #[serde(rename = "node.started")]
    NodeStarted {
        /// Its version.
        version: String,
    },
    /// The program stopped in order.
    #[serde(rename = "node.stopped")]
    NodeStopped {
        /// Whether calls had to be cut.
        forced: bool,
    },
    /// A profile became the active one.
    #[serde(rename = "profile.published")]
    ProfilePublished {
        /// Its version: 1, 2, 3 …
        version: u64,
        /// Hex SHA-256 of the document.
        sha256: String,
    },
    /// A document of reference data became the one that counts.
    #[serde(rename = "reference.published")]
    ReferencePublished {
        /// Its kind, as `organs`.
        document: String,
        /// Its version: 1, 2, 3 …
        version: i64,
        /// Hex SHA-256 of the document.
        sha256: String,
    },
    /// A routing rule that a fixed responsibility proposed was approved or refused. Source: DB1302/T 604—2025 B.5.
    #[serde(rename = "rule.decided")]
    RuleDecided {
        /// The order whose responsibility was fixed.
        ticket: TicketId,
        /// Whether the rule counts.
        approved: bool,
        /// The version of the rules that has it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<i64>,
    },
    /// An alarm was raised.
    #[serde(rename = "alarm.raised")]
    AlarmRaised {
        /// Which.
        alarm: AlarmId,
        /// Its stable code, as `journal-full`.
        code: String,
        /// How bad.
        severity: Severity,
        /// What it is about, as a trunk or a disk.
        object: String,
    },
    /// An alarm's cause is gone.
    #[serde(rename = "alarm.cleared")]
    AlarmCleared {
        /// Which.
        alarm: AlarmId,
    },
    /// Somebody took notice of an alarm.
    #[serde(rename = "alarm.acknowledged")]
    AlarmAcknowledged {
        /// Which.
        alarm: AlarmId,
    },
    /// A day was closed: what became of every answered call that came on it.
    #[serde(rename = "day.reconciled")]
    DayReconciled {
        /// The civil day of the site, `YYYY-MM-DD`.
        day: String,
        /// Calls that an agent answered.
        answered: u64,
        /// Those of them that became nothing.
        undisposed: u64,
        /// How many became what; the sum is `answered`.
        sums: BTreeMap<String, u64>,
    },
    /// INVITEs of one minute that were refused while facts could not be taken one by one.
    #[serde(rename = "call.refusals_counted")]
    RefusalsCounted {
        /// Start of the minute, UTC µs.
        minute_us: i64,
        /// Why they were refused.
        reason: RefusalReason,
        /// How many.
        count: u64,
    },
}

/// How bad an alarm is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Look at it today.
    Warning,
    /// Citizens are affected.
    Critical,
}
