//! Reads the report on how the standard was kept in a period, for the command line and for the web.
//!
//! **Not here.** What counts (`report::conformance`).

use crate::base::civil::CivilDate;
use crate::base::civil::SiteZone;
use crate::base::time::WallTime;
use crate::io::store::Store;
use crate::io::store::StoreError;
use crate::report::conformance::Clause;
use crate::report::conformance::Conformance;
use crate::report::conformance::Period;
use crate::report::conformance::SettingRow;
use crate::ticket::reference::Reference;
use crate::ticket::settings::Id;
use crate::ticket::settings::SettingsAt;

/// For how long a closed order may wait for its archive before it is an exception: the limit and a day for the night.
const ARCHIVE_WITHIN_DAYS: i32 = 2;
/// What each fact counts as.
const FACTS: &[(&str, &str, &str)] = &[
    ("user.created", "8.4.1", "created"),
    ("user.roles_set", "8.4.1", "roles_set"),
    ("permission.denied", "8.4.1", "denied"),
    ("ticket.key_supervised", "7.8.2", "key"),
];

/// The period from a first to a last day, both of it, looked at now.
pub fn period(zone: &SiteZone, (first, last): (CivilDate, CivilDate), now: WallTime) -> Period {
    Period {
        from: zone.start_of(first),
        to: zone.end_of(last),
        now,
        archive_before: zone.start_of(zone.date_of(now).add_days(-ARCHIVE_WITHIN_DAYS)),
    }
}

/// The report of a period, clause by clause.
///
/// # Errors
/// [`StoreError::Database`].
pub async fn clauses(
    store: &Store,
    reference: &Reference,
    period: Period,
) -> Result<Vec<Clause>, StoreError> {
    let (from, to) = (period.from, period.to);
    let mut report = Conformance::new(period);
    store.report_orders(from, to, |row| report.order(row)).await?;
    store.report_cycles(from, to, |row| report.cycle(row)).await?;
    store.report_requests(from, to, |row| report.request(row)).await?;
    store
        .report_supervisions(from, to, |row| report.supervision(row))
        .await?;
    for (kind, count) in store.report_facts(from, to).await? {
        if let Some((_, clause, what)) = FACTS.iter().find(|(fact, ..)| *fact == kind) {
            report.add(clause, what, count);
        }
    }
    // The last instant of the period, or the present when it is not over.
    let settings = reference.settings.at(to.min(period.now));
    Ok(report.finish(|clause| settings_of(settings, clause)))
}

/// The settings whose code begins so decide a clause.
fn deciding(clause: &str) -> &'static [&'static str] {
    match clause {
        "6.2" => &["refusal."],
        "7.1.2" => &["inbox", "matters."],
        "7.2 a" => &["dispatch", "duty_notice", "warn.dispatch"],
        "7.2 b" => &["arbitration", "grid.", "redispatch."],
        "7.3" => &["sign", "contact."],
        "7.4" => &["return", "pause_on_return_review", "credit_return_review"],
        "7.5.1" => &[
            "cutoff",
            "count_event_day",
            "close.",
            "close_start",
            "first_result",
            "reclass.",
            "raise.",
        ],
        "7.5.2" => &["feedback", "review.", "credit_review_time"],
        "7.6" => &["extension"],
        "7.7.1" => &[
            "followup",
            "exempt",
            "enterprise.",
            "merged.",
            "verify",
            "instant_rating",
        ],
        "7.7.2" => &["rates."],
        "7.8.1" => &["supervision_reply", "knowledge_update", "urge."],
        "7.8.2" => &["key."],
        "7.9.1" => &["archive", "recording."],
        "B.2" | "B.3" => &["co_", "co."],
        "B.4" => &["rework"],
        _ => &[],
    }
}

fn settings_of(settings: SettingsAt<'_>, clause: &str) -> Vec<SettingRow> {
    let prefixes = deciding(clause);
    let ours = Id::ALL
        .iter()
        .filter(|id| prefixes.iter().any(|prefix| id.code().starts_with(prefix)));
    ours.map(|id| {
        let entry = settings.entry(*id);
        let value = serde_json::to_value(&entry.value).unwrap_or_default();
        SettingRow {
            id: id.code().to_owned(),
            value: value
                .as_str()
                .map_or_else(|| value.to_string(), ToOwned::to_owned),
            from: entry.from.to_string(),
            basis: entry.basis.clone(),
            reading: entry.reading.clone(),
        }
    })
    .collect()
}
