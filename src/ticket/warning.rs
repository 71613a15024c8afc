//! When a clock of an order warns before it is late.
//!
//! **Invariants.** A warning lies between start and deadline; which kinds warn is fixed, how early is a setting.
//! **Not here.** Whom a warning reaches (`engine`), what a breach does (`ticket::decide`).
//! **Source.** DB1302/T 604—2025 4.2.2.3 (预警), 7.2 to 7.8.

use crate::base::time::WallTime;
use crate::fact::codes::ClockKind;
use crate::ticket::deadline::Limits;
use crate::ticket::deadline::Rule;
use crate::ticket::deadline::just_before;
use crate::ticket::settings::Id;
use crate::ticket::settings::SettingsAt;

impl Limits<'_> {
    /// When warnings are due, ascending, all between start and deadline. `rule` is none for a deadline that was set
    /// otherwise; it is warned of like one in hours.
    pub fn warnings(
        &self,
        kind: ClockKind,
        start: WallTime,
        deadline: WallTime,
        rule: Option<Rule>,
        settings: &SettingsAt<'_>,
    ) -> Vec<WallTime> {
        let plan = WarningPlan::of(kind, settings);
        let mut due: Vec<WallTime> = plan
            .after
            .iter()
            .map(|rule| self.deadline(start, *rule).at)
            .collect();
        if let Some(percent) = plan.share {
            let whole = i128::from(deadline.as_micros()) - i128::from(start.as_micros());
            let part = i64::try_from(whole * i128::from(percent) / 100).unwrap_or_default();
            due.push(WallTime::from_micros(start.as_micros().saturating_add(part)));
        }
        let before = match rule {
            Some(Rule::WorkingDays(_)) => plan.before_day_rules,
            Some(Rule::Hours(_) | Rule::Minutes(_)) | None => plan.before_hour_rules,
        };
        due.extend(before.map(|rule| self.before(deadline, rule)));
        due.retain(|at| start < *at && *at < deadline);
        due.sort_unstable();
        due.dedup();
        due
    }

    /// The instant a limit before a deadline: for working days the end of the working day from which on only they are
    /// left.
    fn before(&self, deadline: WallTime, rule: Rule) -> WallTime {
        if let Some(span) = rule.duration() {
            let back = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
            return WallTime::from_micros(deadline.as_micros().saturating_sub(back));
        }
        let Rule::WorkingDays(mut left) = rule else {
            return deadline;
        };
        let mut date = self.zone.date_of(just_before(deadline));
        while 0 < left {
            let Some(earlier) = date.yesterday() else { break };
            date = earlier;
            left -= u16::from(self.calendar.working(date).working);
        }
        self.end(date)
    }
}

/// When a kind of clock warns.
struct WarningPlan {
    /// After this share of the time, percent.
    share: Option<u32>,
    /// So long before the end of a limit in working days.
    before_day_rules: Option<Rule>,
    /// So long before the end of a limit in hours.
    before_hour_rules: Option<Rule>,
    /// So long after the start.
    after: Vec<Rule>,
}

impl WarningPlan {
    fn of(kind: ClockKind, settings: &SettingsAt<'_>) -> Self {
        let mut plan = Self {
            share: None,
            before_day_rules: None,
            before_hour_rules: None,
            after: Vec::new(),
        };
        match kind {
            ClockKind::Dispatch => plan.after.push(settings.rule(Id::WarnDispatch)),
            ClockKind::FirstResult => plan.after = settings.rules(Id::WarnFirstResult),
            ClockKind::ExtensionReview => plan.after.push(settings.rule(Id::ExtensionReviewWarn)),
            ClockKind::Close => {
                plan.share = Some(settings.count(Id::WarnShare));
                plan.before_day_rules = Some(settings.rule(Id::WarnBeforeWd));
                plan.before_hour_rules = Some(settings.rule(Id::WarnBeforeH));
            }
            ClockKind::HelpReport => plan.before_day_rules = Some(settings.rule(Id::WarnBeforeWd)),
            ClockKind::Inbox
            | ClockKind::Sign
            | ClockKind::ReturnReview
            | ClockKind::CoReview
            | ClockKind::FeedbackReview
            | ClockKind::Verify
            | ClockKind::Arbitration
            | ClockKind::SupervisionReply
            | ClockKind::HelpContact => plan.share = Some(settings.count(Id::WarnShare)),
            ClockKind::DutyNotice
            | ClockKind::ReturnWindow
            | ClockKind::CoApplyWindow
            | ClockKind::FollowupStart
            | ClockKind::FollowupAttempt
            | ClockKind::InstantRating
            | ClockKind::Archive
            | ClockKind::Citizen => (),
        }
        plan
    }
}

#[cfg(test)]
#[path = "warning_test.rs"]
mod tests;
