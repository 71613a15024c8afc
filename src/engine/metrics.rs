//! Counters and gauges of the running program, and their text for Prometheus.
//!
//! Whoever sees something happen counts it; nobody waits for anybody.
//!
//! **Invariants.** Plain atomics, relaxed: a figure is right for itself, two figures need not be of one instant.
//! Labels come from closed lists, so that a stranger cannot make the text grow.
//! **Not here.** Statistics for people (`report::interval`), alarms (`engine::alarms`).
//! **Source.** Prometheus text exposition format 0.0.4.

use std::fmt::Write as _;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use crate::fact::Fact;
use crate::fact::call::CallFact;
use crate::fact::call::LegStats;
use crate::fact::call::OfferOutcome;
use crate::fact::call::Outcome;
use crate::fact::call::RefusalReason;
use crate::fact::recording::RecordingFact;
use crate::fact::system::SystemFact;

/// Declares a closed list of labels for the values of an enum.
macro_rules! labels {
    ($name:ident: $type:ident, $count:literal, $($variant:ident = $at:literal $label:literal),+ $(,)?) => {
        const $name: [&str; $count] = [$($label),+];

        impl Label for $type {
            fn at(self) -> usize {
                match self { $(Self::$variant => $at),+ }
            }
        }
    };
}

trait Label {
    fn at(self) -> usize;
}

labels! {
    OUTCOMES: Outcome, 12,
    Answered = 0 "answered", Abandoned = 1 "abandoned", ShortAbandoned = 2 "short_abandoned",
    EndedInIvr = 3 "ended_in_ivr", Cancelled = 4 "cancelled", Refused = 5 "refused", Failed = 6 "failed",
    Busy = 7 "busy", NoAnswer = 8 "no_answer", Declined = 9 "declined", Unreachable = 10 "unreachable",
    AgentNoAnswer = 11 "agent_no_answer",
}

labels! {
    REFUSALS: RefusalReason, 11,
    NoTrunk = 0 "no_trunk", BadCredentials = 1 "bad_credentials", UnknownNumber = 2 "unknown_number",
    NotAcceptable = 3 "not_acceptable", Overload = 4 "overload", NoMediaPort = 5 "no_media_port",
    JournalFull = 6 "journal_full", JournalFailed = 7 "journal_failed", Draining = 8 "draining",
    Malformed = 9 "malformed", Counted = 10 "counted",
}

labels! {
    OFFERS: OfferOutcome, 8,
    Accepted = 0 "accepted", Rejected = 1 "rejected", NoAnswer = 2 "no_answer", Failed = 3 "failed",
    Cancelled = 4 "cancelled", Preempted = 5 "preempted", LostRace = 6 "lost_race", Expired = 7 "expired",
}

/// Upper bounds of the buckets of waiting times, milliseconds: the limits that the standard and contracts name.
const WAIT_BUCKETS_MS: [u64; 8] = [5_000, 10_000, 15_000, 20_000, 30_000, 60_000, 120_000, 300_000];

/// Name, help and value of a figure.
type Figure<'a> = (&'static str, &'static str, &'a AtomicU64);

/// Every figure.
#[derive(Debug, Default)]
pub struct Metrics {
    /// INVITEs taken.
    pub calls_offered: AtomicU64,
    /// Calls we answered.
    pub calls_answered: AtomicU64,
    /// Calls in progress now.
    pub calls_active: AtomicU64,
    /// Effects that wait for their fact now.
    pub gated: AtomicU64,
    /// Agents' answers.
    pub agents_answered: AtomicU64,
    /// Callers waiting now; this and the three below are set from the live picture when the text is asked for.
    pub queue_waiting: AtomicU64,
    /// How long the oldest has been waiting, milliseconds.
    pub queue_oldest_ms: AtomicU64,
    /// Agents signed in now.
    pub agents_signed_in: AtomicU64,
    /// Agents that could take a call now.
    pub agents_ready: AtomicU64,
    /// Facts handed to the journal.
    pub facts: AtomicU64,
    /// Facts in the local journal that the database has not yet.
    pub journal_lag_facts: AtomicU64,
    /// Their bytes.
    pub journal_lag_bytes: AtomicU64,
    /// Facts in the database that the call records do not show yet.
    pub projector_lag_facts: AtomicU64,
    /// Free bytes where data and recordings are.
    pub disk_free_bytes: AtomicU64,
    /// Days until the web certificate ends; negative after it.
    pub certificate_days: AtomicI64,
    /// Commands that did not fit into the ring towards media.
    pub media_commands_dropped: AtomicU64,
    /// RTP packets received.
    pub rtp_received: AtomicU64,
    /// RTP packets sent.
    pub rtp_sent: AtomicU64,
    /// RTP packets missing by their numbers.
    pub rtp_lost: AtomicU64,
    /// RTP packets too late or twice.
    pub rtp_late: AtomicU64,
    /// RTP packets from strangers.
    pub rtp_strangers: AtomicU64,
    /// SIP messages received.
    pub sip_received: AtomicU64,
    /// SIP messages sent.
    pub sip_sent: AtomicU64,
    /// Datagrams and stream bytes that were no SIP message.
    pub sip_malformed: AtomicU64,
    /// Recordings closed whole.
    pub recordings_stored: AtomicU64,
    /// Recordings that could not be written.
    pub recordings_failed: AtomicU64,
    /// Milliseconds missing in recordings.
    pub recording_gap_ms: AtomicU64,
    /// Work orders submitted.
    pub tickets_submitted: AtomicU64,
    /// Sign-ins to the web.
    pub sign_ins: AtomicU64,
    /// Failed ones.
    pub sign_ins_failed: AtomicU64,
    /// Commands refused for lack of permission.
    pub permissions_denied: AtomicU64,
    /// Open alarms.
    pub alarms_open: AtomicU64,
    /// Requests answered, by the hundred of their status: 1xx to 5xx.
    pub http_answers: [AtomicU64; 5],
    /// Open streams of browsers.
    pub streams_open: AtomicU64,
    outcomes: [AtomicU64; OUTCOMES.len()],
    refusals: [AtomicU64; REFUSALS.len()],
    offers: [AtomicU64; OFFERS.len()],
    waits: [AtomicU64; WAIT_BUCKETS_MS.len() + 1],
    wait_sum_ms: AtomicU64,
}

impl Metrics {
    /// Counts what a fact of the exchange says; called once for each. What people do is counted where they do it.
    pub fn count_fact(&self, fact: &Fact) {
        self.facts.fetch_add(1, Relaxed);
        match fact {
            Fact::Call(fact) => self.count_call(fact),
            Fact::Recording(RecordingFact::Stored { gap_ms, .. }) => {
                self.recordings_stored.fetch_add(1, Relaxed);
                self.recording_gap_ms.fetch_add(*gap_ms, Relaxed);
            }
            Fact::Recording(RecordingFact::Failed { .. }) => add(&self.recordings_failed, 1),
            Fact::System(SystemFact::RefusalsCounted { reason, count, .. }) => {
                // The row stands for as many calls, each refused for this reason.
                add_at(&self.refusals, reason.at(), *count);
            }
            Fact::Agent(_)
            | Fact::Recording(_)
            | Fact::Ticket(_)
            | Fact::Case(_)
            | Fact::Article(_)
            | Fact::Account(_)
            | Fact::System(_) => (),
        }
    }

    fn count_call(&self, fact: &CallFact) {
        match fact {
            CallFact::Offered { .. } => add(&self.calls_offered, 1),
            CallFact::Answered { .. } => add(&self.calls_answered, 1),
            CallFact::Refused { reason, .. } => add_at(&self.refusals, reason.at(), 1),
            CallFact::OfferEnded { outcome, .. } => add_at(&self.offers, outcome.at(), 1),
            // Of a call that the agent makes nobody has waited in a queue.
            CallFact::AgentAnswered { queue: None, .. } => {
                add_at(&self.offers, OfferOutcome::Accepted.at(), 1);
            }
            CallFact::AgentAnswered { waited_ms, .. } => {
                add(&self.agents_answered, 1);
                add_at(&self.offers, OfferOutcome::Accepted.at(), 1);
                let bucket = WAIT_BUCKETS_MS.iter().position(|bound| waited_ms <= bound);
                add_at(&self.waits, bucket.unwrap_or(WAIT_BUCKETS_MS.len()), 1);
                add(&self.wait_sum_ms, *waited_ms);
            }
            CallFact::Ended { outcome, .. } => add_at(&self.outcomes, outcome.at(), 1),
            CallFact::LegMedia { stats, .. } => self.count_media(*stats),
            _ => (),
        }
    }

    fn count_media(&self, stats: LegStats) {
        add(&self.rtp_received, stats.received);
        add(&self.rtp_sent, stats.sent);
        add(&self.rtp_lost, stats.lost);
        add(&self.rtp_late, stats.late);
        add(&self.rtp_strangers, stats.strangers);
    }

    /// Counts an answer of the web server; `status` is 100 to 599.
    pub fn count_answer(&self, status: u16) {
        add_at(&self.http_answers, usize::from(status / 100).saturating_sub(1), 1);
    }

    /// The text that Prometheus reads.
    pub fn render(&self) -> String {
        let mut text = String::with_capacity(8 * 1024);
        for (name, help, value) in self.call_counters().into_iter().chain(self.desk_counters()) {
            let _ = writeln!(
                text,
                "# HELP {name} {help}\n# TYPE {name} counter\n{name} {}",
                value.load(Relaxed)
            );
        }
        for (name, help, value) in self.gauges() {
            let _ = writeln!(
                text,
                "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {}",
                value.load(Relaxed)
            );
        }
        let days = self.certificate_days.load(Relaxed);
        let name = "rexian_certificate_days";
        let _ = writeln!(
            text,
            "# HELP {name} Days until the certificate ends.\n# TYPE {name} gauge\n{name} {days}"
        );
        labelled(
            &mut text,
            "rexian_calls_ended_total",
            "outcome",
            &OUTCOMES,
            &self.outcomes,
        );
        labelled(
            &mut text,
            "rexian_calls_refused_total",
            "reason",
            &REFUSALS,
            &self.refusals,
        );
        labelled(
            &mut text,
            "rexian_offers_ended_total",
            "outcome",
            &OFFERS,
            &self.offers,
        );
        let classes = ["1xx", "2xx", "3xx", "4xx", "5xx"];
        labelled(
            &mut text,
            "rexian_http_answers_total",
            "class",
            &classes,
            &self.http_answers,
        );
        self.render_waits(&mut text);
        text
    }

    fn call_counters(&self) -> [Figure<'_>; 12] {
        [
            (
                "rexian_calls_offered_total",
                "INVITEs taken.",
                &self.calls_offered,
            ),
            (
                "rexian_calls_answered_total",
                "Calls answered by the centre.",
                &self.calls_answered,
            ),
            (
                "rexian_agents_answered_total",
                "Calls answered by agents.",
                &self.agents_answered,
            ),
            (
                "rexian_media_commands_dropped_total",
                "Media commands lost.",
                &self.media_commands_dropped,
            ),
            (
                "rexian_rtp_received_total",
                "RTP packets received, counted at the end of a leg.",
                &self.rtp_received,
            ),
            ("rexian_rtp_sent_total", "RTP packets sent.", &self.rtp_sent),
            ("rexian_rtp_lost_total", "RTP packets missing.", &self.rtp_lost),
            (
                "rexian_rtp_late_total",
                "RTP packets too late or twice.",
                &self.rtp_late,
            ),
            (
                "rexian_rtp_strangers_total",
                "RTP packets from strangers.",
                &self.rtp_strangers,
            ),
            (
                "rexian_sip_received_total",
                "SIP messages received.",
                &self.sip_received,
            ),
            ("rexian_sip_sent_total", "SIP messages sent.", &self.sip_sent),
            (
                "rexian_sip_malformed_total",
                "What came to a SIP port and was no message.",
                &self.sip_malformed,
            ),
        ]
    }

    fn desk_counters(&self) -> [Figure<'_>; 8] {
        [
            ("rexian_facts_total", "Facts handed to the journal.", &self.facts),
            (
                "rexian_recordings_stored_total",
                "Recordings closed whole.",
                &self.recordings_stored,
            ),
            (
                "rexian_recordings_failed_total",
                "Recordings not written.",
                &self.recordings_failed,
            ),
            (
                "rexian_recording_gap_ms_total",
                "Milliseconds missing in recordings.",
                &self.recording_gap_ms,
            ),
            (
                "rexian_tickets_submitted_total",
                "Work orders submitted.",
                &self.tickets_submitted,
            ),
            ("rexian_sign_ins_total", "Sign-ins.", &self.sign_ins),
            (
                "rexian_sign_ins_failed_total",
                "Failed sign-ins.",
                &self.sign_ins_failed,
            ),
            (
                "rexian_permissions_denied_total",
                "Commands refused.",
                &self.permissions_denied,
            ),
        ]
    }

    fn gauges(&self) -> [Figure<'_>; 12] {
        [
            ("rexian_calls_active", "Calls in progress.", &self.calls_active),
            (
                "rexian_effects_gated",
                "Effects waiting for their fact.",
                &self.gated,
            ),
            ("rexian_queue_waiting", "Callers waiting.", &self.queue_waiting),
            (
                "rexian_queue_oldest_ms",
                "Longest present wait.",
                &self.queue_oldest_ms,
            ),
            (
                "rexian_agents_signed_in",
                "Agents signed in.",
                &self.agents_signed_in,
            ),
            (
                "rexian_agents_ready",
                "Agents that could take a call.",
                &self.agents_ready,
            ),
            (
                "rexian_journal_lag_facts",
                "Facts the database has not yet.",
                &self.journal_lag_facts,
            ),
            (
                "rexian_journal_lag_bytes",
                "Their bytes.",
                &self.journal_lag_bytes,
            ),
            (
                "rexian_projector_lag_facts",
                "Facts the call records do not show yet.",
                &self.projector_lag_facts,
            ),
            ("rexian_disk_free_bytes", "Free bytes.", &self.disk_free_bytes),
            ("rexian_alarms_open", "Open alarms.", &self.alarms_open),
            (
                "rexian_streams_open",
                "Browsers on the live stream.",
                &self.streams_open,
            ),
        ]
    }

    fn render_waits(&self, text: &mut String) {
        let name = "rexian_wait_seconds";
        let _ = writeln!(
            text,
            "# HELP {name} Wait in the queue before an agent answered.\n# TYPE {name} histogram"
        );
        let mut below = 0;
        for (bound, count) in WAIT_BUCKETS_MS.iter().zip(&self.waits) {
            below += count.load(Relaxed);
            let _ = writeln!(text, "{name}_bucket{{le=\"{}\"}} {below}", bound / 1000);
        }
        let all: u64 = self.waits.iter().map(|count| count.load(Relaxed)).sum();
        let sum = self.wait_sum_ms.load(Relaxed);
        let _ = writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {all}");
        let _ = writeln!(
            text,
            "{name}_sum {}.{:03}\n{name}_count {all}",
            sum / 1000,
            sum % 1000
        );
    }
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Relaxed);
}

fn add_at(counters: &[AtomicU64], at: usize, count: u64) {
    if let Some(counter) = counters.get(at) {
        add(counter, count);
    }
}

fn labelled(text: &mut String, name: &str, label: &str, labels: &[&str], counters: &[AtomicU64]) {
    let _ = writeln!(text, "# TYPE {name} counter");
    for (value, counter) in labels.iter().zip(counters) {
        let _ = writeln!(text, "{name}{{{label}=\"{value}\"}} {}", counter.load(Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::OfferId;
    use crate::fact::call::EndedBy;

    fn answered(waited_ms: u64) -> Fact {
        Fact::Call(CallFact::AgentAnswered {
            offer: OfferId::default(),
            leg: crate::base::ids::LegId::default(),
            agent: "a1001".parse().unwrap(),
            device: "d1001".parse().unwrap(),
            queue: "general".parse().ok(),
            waited_ms,
        })
    }

    #[test]
    fn a_wait_is_counted_in_its_bucket_and_all_above_it() {
        let metrics = Metrics::default();
        for waited_ms in [1_000, 15_000, 15_001, 900_000] {
            metrics.count_fact(&answered(waited_ms));
        }
        let text = metrics.render();
        for line in [
            "rexian_wait_seconds_bucket{le=\"5\"} 1",
            "rexian_wait_seconds_bucket{le=\"15\"} 2",
            "rexian_wait_seconds_bucket{le=\"20\"} 3",
            "rexian_wait_seconds_bucket{le=\"300\"} 3",
            "rexian_wait_seconds_bucket{le=\"+Inf\"} 4",
            "rexian_wait_seconds_sum 931.001",
            "rexian_offers_ended_total{outcome=\"accepted\"} 4",
        ] {
            assert!(text.lines().any(|it| it == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn a_refusal_is_counted_under_its_reason_one_by_one_or_by_the_minute() {
        let metrics = Metrics::default();
        metrics.count_fact(&Fact::Call(CallFact::Refused {
            status: 486,
            q850: Some(17),
            reason: RefusalReason::Overload,
            trunk: None,
        }));
        metrics.count_fact(&Fact::System(SystemFact::RefusalsCounted {
            minute_us: 0,
            reason: RefusalReason::JournalFull,
            count: 40,
        }));
        metrics.count_fact(&Fact::Call(CallFact::Ended {
            outcome: Outcome::Failed,
            by: EndedBy::Crash,
            status: None,
        }));
        let text = metrics.render();
        assert!(
            text.contains("rexian_calls_refused_total{reason=\"overload\"} 1\n"),
            "{text}"
        );
        assert!(
            text.contains("rexian_calls_refused_total{reason=\"journal_full\"} 40\n"),
            "{text}"
        );
        assert!(
            text.contains("rexian_calls_ended_total{outcome=\"failed\"} 1\n"),
            "{text}"
        );
    }

    #[test]
    fn every_label_is_the_code_of_its_value() {
        let code = |value: serde_json::Value| value.as_str().unwrap().to_owned();
        let reasons = [
            RefusalReason::NoTrunk,
            RefusalReason::JournalFailed,
            RefusalReason::Counted,
        ];
        for reason in reasons {
            assert_eq!(REFUSALS[reason.at()], code(serde_json::to_value(reason).unwrap()));
        }
        for outcome in [Outcome::ShortAbandoned, Outcome::EndedInIvr, Outcome::Failed] {
            assert_eq!(
                OUTCOMES[outcome.at()],
                code(serde_json::to_value(outcome).unwrap())
            );
        }
        for outcome in [
            OfferOutcome::NoAnswer,
            OfferOutcome::LostRace,
            OfferOutcome::Expired,
        ] {
            assert_eq!(OFFERS[outcome.at()], code(serde_json::to_value(outcome).unwrap()));
        }
    }
}
