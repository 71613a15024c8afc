//! Every answered call becomes something: what has not after its time is told, and every day is closed with its sums.
//!
//! ```text
//!  each minute: days whose last calls have had their time ─► sums, row and fact in one transaction
//!               anything undisposed for an hour            ─► alarm, until there is none
//! ```
//!
//! **Invariants.** A day is closed once, by whichever node is first: its row and its fact stand or fall together. Days
//! are closed in order, so that a stop of any length leaves none out. The sums of a day are its answered calls.
//! **Not here.** What a call became (`io::store::calls` reads it off its first order); who sees it (`http`).
//! **Source.** DB1302/T 604—2025 7.1.2, 8.5 a; appendix A.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::base::civil::CivilDate;
use crate::base::civil::SiteZone;
use crate::base::time::Clock;
use crate::base::time::WallTime;
use crate::engine::alarms::AlarmCode;
use crate::engine::alarms::Alarms;
use crate::engine::audit::Audit;
use crate::engine::audit::AuditError;
use crate::engine::ticket_service::ReferenceOf;
use crate::fact::Actor;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::system::SystemFact;
use crate::io::store::Store;
use crate::io::store::calls::Cutoff;
use crate::ticket::reference::Reference;
use crate::ticket::settings::Id;

/// How often there is a look.
const PACE: Duration = Duration::from_mins(1);
/// A call undisposed for so long beyond its time raises the alarm.
const ALARM_AFTER: Duration = Duration::from_hours(1);
/// The alarm looks so far back.
const ALARM_SPAN: Duration = Duration::from_hours(48);
/// A day waits at most so long for calls that still run.
const PATIENCE: Duration = Duration::from_hours(4);
/// The time to write after a call, where the site's setting counts working days.
const GRACE: Duration = Duration::from_mins(10);
/// Days closed in one look at most.
const DAYS_MAX: u32 = 400;

/// What the task is made of.
pub struct DispositionParts {
    /// The database.
    pub store: Store,
    /// The chain of the program's facts.
    pub audit: Audit,
    /// The alarm list.
    pub alarms: Alarms,
    /// Settings.
    pub reference: ReferenceOf,
    /// The clocks; tests move them.
    pub clock: Arc<dyn Clock + Send + Sync>,
    /// The site's zone.
    pub zone: SiteZone,
}

/// The task.
pub struct Dispositions {
    parts: DispositionParts,
}

/// The time to write after a call. Source: appendix A, setting `disposition.grace`.
pub fn grace(reference: &Reference, now: WallTime) -> Duration {
    let rule = reference.settings.at(now).rule(Id::DispositionGrace);
    rule.duration().unwrap_or(GRACE)
}

impl Dispositions {
    /// Makes the task.
    pub const fn new(parts: DispositionParts) -> Self {
        Self { parts }
    }

    /// Looks as long as the program runs; `failed` hears of each failure.
    pub async fn run(self, mut failed: impl FnMut(&AuditError) + Send) {
        loop {
            if let Err(error) = self.turn().await {
                failed(&error);
            }
            tokio::time::sleep(PACE).await;
        }
    }

    /// One look; how many days it closed.
    ///
    /// # Errors
    /// [`AuditError`]; days before it are closed.
    pub async fn turn(&self) -> Result<u32, AuditError> {
        let closed = self.close_days().await?;
        let now = self.parts.clock.now().wall;
        let cutoff = Cutoff(now - self.grace(now) - ALARM_AFTER);
        let sums = self
            .parts
            .store
            .dispositions((now - ALARM_SPAN, now), cutoff)
            .await?;
        let wrong = sums.contains_key("undisposed");
        self.parts.alarms.set(AlarmCode::CallsUndisposed, "calls", wrong);
        Ok(closed)
    }

    async fn close_days(&self) -> Result<u32, AuditError> {
        let Some(mut day) = self.next_day().await? else {
            return Ok(0);
        };
        let mut closed = 0;
        while closed < DAYS_MAX {
            let now = self.parts.clock.now().wall;
            let end = self.parts.zone.end_of(day);
            let grace = self.grace(now);
            if now < end + grace {
                break;
            }
            let span = (self.parts.zone.start_of(day), end);
            let mut sums = self.parts.store.dispositions(span, Cutoff(now - grace)).await?;
            if sums.contains_key("pending") {
                if now < end + PATIENCE {
                    break;
                }
                // What still runs after so long has become nothing on its day.
                let late = sums.remove("pending").unwrap_or(0);
                *sums.entry("undisposed".to_owned()).or_default() += late;
            }
            closed += u32::from(self.close(day, sums).await?);
            let Some(next) = day.tomorrow() else { break };
            day = next;
        }
        Ok(closed)
    }

    /// The day after the last that was closed; the day of the first call where none was.
    async fn next_day(&self) -> Result<Option<CivilDate>, AuditError> {
        let last = self.parts.store.last_day_closed().await?;
        if let Some(last) = last.and_then(|day| CivilDate::parse(&day).ok()) {
            return Ok(last.tomorrow());
        }
        let first = self.parts.store.first_call_at().await?;
        Ok(first.map(|at| self.parts.zone.date_of(at)))
    }

    async fn close(&self, day: CivilDate, sums: BTreeMap<String, u64>) -> Result<bool, AuditError> {
        let now = self.parts.clock.now();
        let mut tx = self.parts.store.begin().await?;
        if !tx.close_day(&day.to_string(), now.wall, &sums).await? {
            return Ok(false);
        }
        let fact = SystemFact::DayReconciled {
            day: day.to_string(),
            answered: sums.values().sum(),
            undisposed: sums.get("undisposed").copied().unwrap_or(0),
            sums,
        };
        let record = Record {
            now,
            interaction: None,
            ticket: None,
            actor: Actor::system(),
            cause: "timer:day",
            fact: Fact::System(fact),
            personal: None,
        };
        self.parts.audit.append(&mut tx, &[record]).await?;
        tx.commit().await?;
        Ok(true)
    }

    fn grace(&self, now: WallTime) -> Duration {
        grace(&(self.parts.reference)(), now)
    }
}
