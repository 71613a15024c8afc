//! `rexian calls`: what became of calls, numbers masked.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;

use crate::app::cli::base::Base;
use crate::app::cli::base::by_code;
use crate::app::cli::base::code;
use crate::base::ids::AgentId;
use crate::base::ids::InteractionId;
use crate::base::ids::QueueId;
use crate::io::store::calls::CallFilter;
use crate::report::cdr::CallRecord;

#[derive(Debug, Subcommand)]
pub(super) enum Calls {
    /// Lists calls, newest first.
    List {
        /// `today`, YYYY-MM-DD or `all`.
        #[arg(long, default_value = "today")]
        day: String,
        /// Talked with this agent.
        #[arg(long)]
        agent: Option<AgentId>,
        /// Came to this queue.
        #[arg(long)]
        queue: Option<QueueId>,
        /// Came to this end: answered, abandoned, `short_abandoned`, `ended_in_ivr`, cancelled, refused, failed.
        #[arg(long)]
        outcome: Option<String>,
        /// Rows at most (1 to 500).
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Shows one call with its segments and offers.
    Show {
        /// The call.
        interaction: InteractionId,
    },
}

pub(super) async fn run(base: &Base, verb: Calls) -> anyhow::Result<ExitCode> {
    match verb {
        Calls::List {
            day,
            agent,
            queue,
            outcome,
            limit,
        } => {
            let (from, to) = base.day(&day)?;
            let outcome = outcome.map(|outcome| by_code("outcome", &outcome)).transpose()?;
            list(
                base,
                &CallFilter {
                    from,
                    to,
                    agent,
                    queue,
                    outcome,
                    limit,
                    ..CallFilter::default()
                },
            )
            .await?;
        }
        Calls::Show { interaction } => show(base, interaction).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(base: &Base, filter: &CallFilter) -> anyhow::Result<()> {
    let (lines, _) = base.store.calls(filter).await?;
    let mut rows = Vec::with_capacity(lines.len());
    for line in &lines {
        let record = &line.record;
        rows.push([
            record.interaction.to_string(),
            base.local(Some(record.offered_at)),
            base.caller(record.caller.as_ref()).await?,
            record.queue.as_ref().map(ToString::to_string).unwrap_or_default(),
            record.agent.as_ref().map(ToString::to_string).unwrap_or_default(),
            record.outcome.as_ref().map(code).unwrap_or_default(),
            record.ended_by.as_ref().map(code).unwrap_or_default(),
            record.wait_ms.to_string(),
            record.talk_ms.to_string(),
            line.ticket
                .as_ref()
                .map(|(_, number)| number.clone())
                .unwrap_or_default(),
            record
                .recording
                .map(|recording| recording.to_string())
                .unwrap_or_default(),
        ]);
    }
    let head = [
        "interaction",
        "offered",
        "caller",
        "queue",
        "agent",
        "outcome",
        "ended_by",
        "wait_ms",
        "talk_ms",
        "ticket",
        "recording",
    ];
    base.output.table(head, &rows)
}

async fn show(base: &Base, interaction: InteractionId) -> anyhow::Result<()> {
    let line = base
        .store
        .call(interaction)
        .await?
        .with_context(|| format!("no call {interaction}"))?;
    let record = &line.record;
    base.output.fields(&[
        ("interaction", interaction.to_string()),
        (
            "trunk",
            record.trunk.as_ref().map(ToString::to_string).unwrap_or_default(),
        ),
        (
            "line",
            record.line.as_ref().map(ToString::to_string).unwrap_or_default(),
        ),
        ("caller", base.caller(record.caller.as_ref()).await?),
        ("offered", base.local(Some(record.offered_at))),
        ("answered", base.local(record.answered_at)),
        ("queued", base.local(record.queued_at)),
        ("agent answered", base.local(record.agent_answered_at)),
        ("ended", base.local(record.ended_at)),
        ("outcome", record.outcome.as_ref().map(code).unwrap_or_default()),
        ("ended by", record.ended_by.as_ref().map(code).unwrap_or_default()),
        (
            "refusal",
            record
                .refusal
                .as_ref()
                .map(|refusal| code(&refusal.reason))
                .unwrap_or_default(),
        ),
        (
            "status",
            record.status.map(|status| status.to_string()).unwrap_or_default(),
        ),
        (
            "wait, talk, hold, wrap-up ms",
            format!(
                "{} {} {} {}",
                record.wait_ms, record.talk_ms, record.hold_ms, record.wrapup_ms
            ),
        ),
        (
            "recording",
            record
                .recording
                .map(|recording| recording.to_string())
                .unwrap_or_default(),
        ),
        (
            "ticket",
            line.ticket
                .as_ref()
                .map(|(_, number)| number.clone())
                .unwrap_or_default(),
        ),
    ])?;
    segments(base, record)?;
    offers(base, record)
}

fn segments(base: &Base, record: &CallRecord) -> anyhow::Result<()> {
    let segments: Vec<[String; 5]> = record
        .segments
        .iter()
        .map(|it| {
            [
                it.kind.code().to_owned(),
                base.local(Some(it.from)),
                it.lasted_ms.to_string(),
                it.queue.as_ref().map(ToString::to_string).unwrap_or_default(),
                it.agent.as_ref().map(ToString::to_string).unwrap_or_default(),
            ]
        })
        .collect();
    base.output.text("\n")?;
    base.output
        .table(["segment", "from", "lasted_ms", "queue", "agent"], &segments)
}

fn offers(base: &Base, record: &CallRecord) -> anyhow::Result<()> {
    let offers: Vec<[String; 4]> = record
        .offers
        .iter()
        .map(|it| {
            let outcome = it.outcome.as_ref().map(code).unwrap_or_default();
            [
                it.agent.to_string(),
                base.local(Some(it.offered_at)),
                outcome,
                it.lasted_ms.to_string(),
            ]
        })
        .collect();
    base.output.text("\n")?;
    base.output
        .table(["offered to", "at", "outcome", "lasted_ms"], &offers)
}
