//! `rexian conformance`: how the standard was kept in a period, clause by clause, as JSON or as a paper.
//!
//! **Not here.** What counts (`report::conformance`), reading it (`engine::conformance`).

use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use anyhow::bail;
use clap::Subcommand;

use crate::app::archives;
use crate::app::cli::base::Base;
use crate::app::cli::base::COMMAND_LINE;
use crate::app::config::ServerConfig;
use crate::base::civil::CivilDate;
use crate::base::time::WallTime;
use crate::engine::conformance;
use crate::engine::reference::References;
use crate::io::pdf::Block;
use crate::io::pdf::Document;
use crate::io::pdf::words::word;
use crate::report::conformance::Clause;
use crate::report::conformance::SettingRow;

#[derive(Debug, Subcommand)]
pub(super) enum Reports {
    /// Writes the report of a period.
    Report {
        /// First day, YYYY-MM-DD.
        #[arg(long)]
        from: String,
        /// Last day, YYYY-MM-DD.
        #[arg(long)]
        to: String,
        /// The file, .pdf or .json; it must not be there yet.
        #[arg(long)]
        out: PathBuf,
    },
}

pub(super) async fn run(base: &Base, config: &ServerConfig, verb: Reports) -> anyhow::Result<ExitCode> {
    let Reports::Report { from, to, out } = verb;
    let day = |text: &str| CivilDate::parse(text).map_err(|_| anyhow::anyhow!("{text}: not YYYY-MM-DD"));
    let (first, last) = (day(&from)?, day(&to)?);
    if last < first {
        bail!("--to {to} is before --from {from}");
    }
    let kind = out.extension().and_then(|it| it.to_str()).unwrap_or_default();
    if !["pdf", "json"].contains(&kind) {
        bail!("{}: give a name that ends with .pdf or .json", out.display());
    }
    let now = base.now().wall;
    let references = References::open(base.store.clone(), base.audit.clone(), base.now()).await?;
    let period = conformance::period(&base.zone, (first, last), now);
    let clauses = conformance::clauses(&base.store, &references.current(), period).await?;
    let bytes = if kind == "pdf" {
        let face =
            archives::face(config).context("no typeface: install fonts-noto-cjk, or set documents.font")?;
        paper(base, (&from, &to), now, &clauses).draw(&face)?
    } else {
        serde_json::to_vec_pretty(&serde_json::json!({
            "standard": "DB1302/T 604—2025", "from": from, "to": to, "made_at": now, "clauses": clauses,
        }))?
    };
    write(&out, &bytes)?;
    let exceptions: u64 = clauses.iter().map(|it| it.exceptions).sum();
    base.output
        .text(&format!("{}: {exceptions} exceptions\n", out.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn write(out: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut file = std::fs::File::create_new(out).with_context(|| out.display().to_string())?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}

fn paper(base: &Base, (from, to): (&str, &str), now: WallTime, clauses: &[Clause]) -> Document {
    let label = |code: &str| word("label", code);
    let mut blocks = vec![
        Block::Title(label("report")),
        Block::Text(format!("{}：{from} — {to}", label("period"))),
        Block::Text(format!("{}：{}", label("made_at"), base.local(Some(now)))),
    ];
    for clause in clauses {
        blocks.push(Block::Heading(format!(
            "{} {}",
            clause.clause,
            word("clause", clause.clause)
        )));
        let count = |(what, count): &(&str, u64)| vec![word("tally", what), count.to_string()];
        blocks.push(table(
            &[3, 1],
            &["item", "count"],
            clause.counts.iter().map(count).collect(),
        ));
        blocks.push(Block::Text(format!(
            "{}：{}",
            label("exceptions"),
            clause.exceptions
        )));
        if !clause.named.is_empty() {
            let row =
                |it: &crate::report::conformance::Exception| vec![it.number.clone(), word("fault", it.fault)];
            blocks.push(table(
                &[2, 4],
                &["number", "exception"],
                clause.named.iter().map(row).collect(),
            ));
            let named = u64::try_from(clause.named.len()).unwrap_or(u64::MAX);
            if named < clause.exceptions {
                blocks.push(Block::Text(label("more")));
            }
        }
        if !clause.settings.is_empty() {
            let row =
                |it: &SettingRow| vec![it.id.clone(), it.value.clone(), it.from.clone(), it.basis.clone()];
            let heads = ["setting", "value", "since", "basis"];
            blocks.push(table(
                &[4, 3, 3, 8],
                &heads,
                clause.settings.iter().map(row).collect(),
            ));
        }
    }
    Document {
        title: label("report"),
        header: label("report"),
        watermark: format!("{COMMAND_LINE}  {}", base.local(Some(now))),
        blocks,
    }
}

fn table(columns: &[u16], heads: &[&str], rows: Vec<Vec<String>>) -> Block {
    Block::Table {
        columns: columns.to_vec(),
        heads: heads.iter().map(|head| word("label", head)).collect(),
        rows,
    }
}
