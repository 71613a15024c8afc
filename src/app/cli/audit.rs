//! `rexian audit`: nobody has changed, removed or added a fact.

use std::process::ExitCode;

use clap::Subcommand;

use crate::app::cli::base::Base;

#[derive(Debug, Subcommand)]
pub(super) enum Audits {
    /// Follows every chain from its first fact.
    Verify {
        /// One chain; all when none is given.
        node: Option<String>,
    },
    /// Keeps the heads of all chains for today outside the database.
    Keep,
}

pub(super) async fn run(base: &Base, verb: Audits) -> anyhow::Result<ExitCode> {
    match verb {
        Audits::Verify { node } => verify(base, node).await,
        Audits::Keep => {
            let day = base.zone.date_of(base.now().wall).to_string();
            let kept = base.audit.keep_heads(&day).await?;
            base.output.text(&format!("{kept} heads kept for {day}\n"))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn verify(base: &Base, node: Option<String>) -> anyhow::Result<ExitCode> {
    let nodes = match node {
        Some(node) => vec![node],
        None => base.store.nodes().await?,
    };
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for node in nodes {
        let verified = base.audit.verify(&node).await?;
        rows.push([
            node.clone(),
            verified.facts.to_string(),
            verified.faults.len().to_string(),
            verified.head.hash.clone(),
        ]);
        faults.extend(verified.faults.into_iter().map(|fault| {
            let what = match fault.day {
                Some(day) => format!("is not the head that was kept on {day}"),
                None => "was changed, or does not follow the one before it".to_owned(),
            };
            [node.clone(), fault.fact_no.0.to_string(), what]
        }));
    }
    base.output.table(["chain", "facts", "faults", "head"], &rows)?;
    if faults.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    base.output.table(["chain", "fact", "fault"], &faults)?;
    Ok(ExitCode::FAILURE)
}
