//! `rexian audit`: nobody has changed, removed or added a fact, and the program's own user of the database could not.
//!
//! **Invariants.** A chain is verified only against heads kept outside the database: without them a whole chain could have
//! been written anew. What was written after the last kept head is told by its day.
//! **Source.** DB1302/T 604—2025 7.9.3.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Subcommand;

use crate::app::cli::base::Base;
use crate::engine::audit::ChainFault;
use crate::engine::audit::KeptHead;
use crate::fact::FactNo;
use crate::io::store::rights;

#[derive(Debug, Subcommand)]
pub(super) enum Audits {
    /// Follows every chain from its first fact, against the heads kept outside the database.
    Verify {
        /// One chain; all when none is given.
        node: Option<String>,
    },
    /// Keeps the heads of all chains for today outside the database.
    Keep,
    /// Says whether the program's user of the database could change or remove facts.
    Rights {
        /// Prints the script that makes the roles for PostgreSQL.
        #[arg(long)]
        script: bool,
    },
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
        Audits::Rights { script } => rights(base, script).await,
    }
}

async fn rights(base: &Base, script: bool) -> anyhow::Result<ExitCode> {
    if script {
        base.output.text(rights::SCRIPT)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(found) = base.store.rights().await? else {
        base.output
            .text("SQLite has no users: only the heads kept outside show a change\n")?;
        return Ok(ExitCode::SUCCESS);
    };
    if found.excess.is_empty() {
        let words = format!("{} can add to the journal and not change it\n", found.user);
        base.output.text(&words)?;
        return Ok(ExitCode::SUCCESS);
    }
    let excess = found.excess.join(", ");
    let fix = "make the roles with `rexian audit rights --script`, and let the server run as rexian_app";
    base.output.text(&format!(
        "{} could change the journal ({excess}): {fix}\n",
        found.user
    ))?;
    Ok(ExitCode::FAILURE)
}

async fn verify(base: &Base, node: Option<String>) -> anyhow::Result<ExitCode> {
    let kept = base.audit.kept_heads().await?;
    let damaged = base.audit.damaged_heads().await?;
    let nodes: BTreeSet<String> = if let Some(node) = node {
        [node].into()
    } else {
        // A chain that was removed whole is known by its heads alone.
        let there = base.store.nodes().await?;
        let kept = kept.iter().map(|head| head.node.clone());
        there.into_iter().chain(kept).collect()
    };
    let today = base.zone.date_of(base.now().wall).to_string();
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for node in nodes {
        let day = |at| base.zone.date_of(at).to_string();
        let verified = base.audit.verify_by_day(&node, day).await?;
        let heads = heads(&kept, &node, &verified.days, &today);
        rows.push([
            node.clone(),
            verified.facts.to_string(),
            verified.faults.len().to_string(),
            heads.lacking.join(" "),
            verified.head.hash.clone(),
        ]);
        faults.extend(verified.faults.iter().map(|fault| told(&node, fault)));
        faults.extend(heads.open.into_iter().map(|(day, fact_no)| {
            let what = format!("facts of {day} stand behind no head kept outside the database");
            [node.clone(), fact_no.0.to_string(), what]
        }));
    }
    faults.extend(damaged.into_iter().map(|line| {
        let what = format!("line {line} of audit/heads.log is no head: it was damaged or changed");
        [String::new(), String::new(), what]
    }));
    base.output
        .table(["chain", "facts", "faults", "days without a head", "head"], &rows)?;
    if kept.is_empty()
        && rows
            .iter()
            .any(|row| row.get(1).is_some_and(|facts| facts != "0"))
    {
        let words = "not verified: no head is kept outside the database (audit/heads.log); `rexian audit keep` keeps them from now on\n";
        base.output.text(words)?;
        return Ok(ExitCode::FAILURE);
    }
    if faults.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    base.output.table(["chain", "fact", "fault"], &faults)?;
    Ok(ExitCode::FAILURE)
}

fn told(node: &str, fault: &ChainFault) -> [String; 3] {
    let what = match &fault.day {
        Some(day) => format!("is not the head that was kept on {day}"),
        None => "was changed or removed, or does not follow the one before it".to_owned(),
    };
    [node.to_owned(), fault.fact_no.0.to_string(), what]
}

/// How the heads kept outside cover a chain.
#[derive(Debug, Default, PartialEq, Eq)]
struct Heads {
    /// Days with facts on which no head was kept; a later head covers them.
    lacking: Vec<String>,
    /// Days before today whose last fact no head covers.
    open: Vec<(String, FactNo)>,
}

/// A head is kept at the beginning of a day, so the day of the first fact needs none and the present day is not over.
fn heads(kept: &[KeptHead], node: &str, days: &BTreeMap<String, FactNo>, today: &str) -> Heads {
    let ours: Vec<&KeptHead> = kept.iter().filter(|head| head.node == node).collect();
    let last = ours.iter().map(|head| head.fact_no).max();
    let mut found = Heads::default();
    for (at, (day, fact_no)) in days.iter().enumerate() {
        if 0 < at && !ours.iter().any(|head| head.day == *day) {
            found.lacking.push(day.clone());
        }
        if day.as_str() < today && last.is_none_or(|last| last < *fact_no) {
            found.open.push((day.clone(), *fact_no));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(day: &str, fact_no: u64) -> KeptHead {
        KeptHead {
            day: day.to_owned(),
            node: "n1-db".to_owned(),
            fact_no: FactNo(fact_no),
            hash: String::new(),
        }
    }

    fn days() -> BTreeMap<String, FactNo> {
        [("2026-11-20", 10), ("2026-11-21", 20), ("2026-11-23", 30)]
            .map(|(day, fact_no)| (day.to_owned(), FactNo(fact_no)))
            .into()
    }

    #[test]
    fn days_without_a_head_are_named_and_what_no_head_covers_is_a_fault() {
        let found = heads(&[head("2026-11-23", 20)], "n1-db", &days(), "2026-11-23");
        assert_eq!(found.lacking, ["2026-11-21"]);
        assert_eq!(found.open, []);
        let found = heads(&[head("2026-11-21", 10)], "n1-db", &days(), "2026-11-24");
        assert_eq!(found.lacking, ["2026-11-23"]);
        let open = [
            ("2026-11-21".to_owned(), FactNo(20)),
            ("2026-11-23".to_owned(), FactNo(30)),
        ];
        assert_eq!(found.open, open);
    }

    #[test]
    fn without_heads_every_day_before_today_is_open() {
        let found = heads(&[head("2026-11-23", 30)], "other", &days(), "2026-11-23");
        assert_eq!(found.open.len(), 2);
        assert_eq!(
            heads(&[], "n1-db", &BTreeMap::new(), "2026-11-23"),
            Heads::default()
        );
    }
}
