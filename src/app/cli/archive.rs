//! `rexian archive`: checks archives, lists the catalogue, opens one on the record, copies them to a second store.
//!
//! **Not here.** Packing, which the server does when an order's archive is due.
//! **Source.** DB1302/T 604—2025 7.9.1 to 7.9.3.

use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use anyhow::bail;
use clap::Args;
use clap::Subcommand;

use crate::app::archives;
use crate::app::archives::Ground;
use crate::app::archives::Hands;
use crate::app::cli::base::Base;
use crate::app::cli::base::COMMAND_LINE;
use crate::app::config::ServerConfig;
use crate::engine::archiver::Archiver;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::io::archive::dossier::Names;
use crate::io::store::archives::ArchiveFilter;

/// Rows read at once.
const PAGE: u32 = 500;

#[derive(Debug, Subcommand)]
pub(super) enum Archives {
    /// Reads every file of an archive again, and compares its manifest with the order's fact in the chain.
    Verify {
        /// The order's number.
        #[arg(required_unless_present = "all")]
        number: Option<String>,
        /// Every archive of the catalogue that is asked for.
        #[arg(long, conflicts_with = "number")]
        all: bool,
        #[command(flatten)]
        which: Which,
    },
    /// Lists the catalogue.
    List {
        #[command(flatten)]
        which: Which,
        /// Only those that the last check found damaged.
        #[arg(long)]
        damaged: bool,
        /// After this number.
        #[arg(long, default_value = "")]
        after: String,
        /// Rows at most (1 to 500).
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Writes an archive in clear to a folder. Leaves a fact.
    Open {
        /// The order's number.
        number: String,
        /// The folder; it must not be there yet.
        out: PathBuf,
    },
    /// Copies archives to a second store and checks each copy.
    Copy {
        /// The second store's folder.
        to: PathBuf,
        #[command(flatten)]
        which: Which,
    },
}

/// Which archives of the catalogue.
#[derive(Args, Debug)]
pub(super) struct Which {
    /// The year, four digits.
    #[arg(long)]
    year: Option<String>,
    /// The event type, or the beginning of its code.
    #[arg(long)]
    category: Option<String>,
    /// The unit.
    #[arg(long)]
    unit: Option<String>,
    /// The region, or the beginning of its code.
    #[arg(long)]
    region: Option<String>,
}

impl Which {
    fn filter(&self) -> anyhow::Result<ArchiveFilter> {
        let unit = self.unit.as_deref().map(str::parse).transpose();
        Ok(ArchiveFilter {
            year: self.year.clone(),
            category: self.category.clone(),
            unit: unit.ok().context("--unit: not an organ's id")?,
            region: self.region.clone(),
            ..ArchiveFilter::default()
        })
    }
}

pub(super) async fn run(base: &Base, config: &ServerConfig, verb: Archives) -> anyhow::Result<ExitCode> {
    let archiver = archiver(base, config);
    match verb {
        Archives::Verify { number, which, .. } => verify(base, &archiver, number, &which).await,
        Archives::List {
            which,
            damaged,
            after,
            limit,
        } => {
            let filter = ArchiveFilter {
                damaged,
                after,
                ..which.filter()?
            };
            list(base, &filter, limit).await
        }
        Archives::Open { number, out } => open(base, &archiver, &number, &out).await,
        Archives::Copy { to, which } => copy(base, &archiver, &to, &which).await,
    }
}

fn archiver(base: &Base, config: &ServerConfig) -> Archiver {
    let ground = Ground {
        store: base.store.clone(),
        audit: base.audit.clone(),
        keys: base.keys.clone(),
        zone: base.zone.clone(),
        clock: base.clock,
    };
    let hands = Hands {
        files: Arc::new(|_, _| Box::pin(async { None })),
        names: Arc::new(|_| Names::default()),
        seal: Arc::new(|_| Box::pin(async { Err("only the server archives".to_owned()) })),
    };
    archives::archiver(config, &base.places, ground, None, hands)
}

/// The numbers of the catalogue that are asked for.
async fn numbers(base: &Base, which: &Which) -> anyhow::Result<Vec<String>> {
    let mut filter = ArchiveFilter {
        sealed: true,
        ..which.filter()?
    };
    let mut numbers = Vec::new();
    loop {
        let rows = base.store.archives(&filter, PAGE).await?;
        let Some(last) = rows.last() else {
            return Ok(numbers);
        };
        filter.after.clone_from(&last.number);
        numbers.extend(rows.into_iter().map(|row| row.number));
    }
}

async fn verify(
    base: &Base,
    archiver: &Archiver,
    number: Option<String>,
    which: &Which,
) -> anyhow::Result<ExitCode> {
    let numbers = match number {
        Some(number) => vec![number],
        None => numbers(base, which).await?,
    };
    let mut faults = Vec::new();
    for number in &numbers {
        let check = archiver.verify(number).await?;
        if check.named.is_none() {
            faults.push([number.clone(), "the order is not archived".to_owned()]);
        }
        let found = check.package.faults.iter();
        faults.extend(found.map(|fault| [number.clone(), fault.to_string()]));
    }
    if !faults.is_empty() {
        base.output.table(["order", "fault"], &faults)?;
    }
    let words = format!("{} archives, {} faults\n", numbers.len(), faults.len());
    base.output.text(&words)?;
    Ok(if faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn list(base: &Base, filter: &ArchiveFilter, limit: u32) -> anyhow::Result<ExitCode> {
    let rows = base.store.archives(filter, limit).await?;
    let rows: Vec<[String; 8]> = rows
        .into_iter()
        .map(|row| {
            [
                row.number,
                row.category.unwrap_or_default(),
                row.region.unwrap_or_default(),
                row.unit.map(|unit| unit.to_string()).unwrap_or_default(),
                base.local(Some(row.packed_at)),
                row.missing.to_string(),
                row.faults.map(|faults| faults.to_string()).unwrap_or_default(),
                base.local(row.copied_at),
            ]
        })
        .collect();
    base.output.table(
        [
            "order", "category", "region", "unit", "packed", "missing", "faults", "copied",
        ],
        &rows,
    )?;
    Ok(ExitCode::SUCCESS)
}

async fn open(base: &Base, archiver: &Archiver, number: &str, out: &Path) -> anyhow::Result<ExitCode> {
    if out.exists() {
        bail!("{}: is there already", out.display());
    }
    let actor = Actor::named(ActorKind::User, COMMAND_LINE);
    let files = archiver.open(&actor, "cli", number).await?;
    for file in &files {
        let path = out.join(&file.name);
        let above = path.parent().unwrap_or(out);
        std::fs::create_dir_all(above).with_context(|| above.display().to_string())?;
        let mut written = std::fs::File::create_new(&path).with_context(|| path.display().to_string())?;
        written.write_all(&file.bytes)?;
    }
    base.output
        .text(&format!("{}: {} files\n", out.display(), files.len()))?;
    Ok(ExitCode::SUCCESS)
}

async fn copy(base: &Base, archiver: &Archiver, to: &Path, which: &Which) -> anyhow::Result<ExitCode> {
    let numbers = numbers(base, which).await?;
    let (mut copied, mut faults) = (0, Vec::new());
    for number in &numbers {
        match archiver.copy(number, to.to_owned()).await {
            Ok(is_new) => copied += usize::from(is_new),
            Err(error) => faults.push([number.clone(), error.to_string()]),
        }
    }
    if !faults.is_empty() {
        base.output.table(["order", "fault"], &faults)?;
    }
    let there = numbers.len() - copied - faults.len();
    let words = format!(
        "{copied} copied, {there} there already, {} faults\n",
        faults.len()
    );
    base.output.text(&words)?;
    Ok(if faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
