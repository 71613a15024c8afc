//! `rexian reference`: organs, event types, rules, grids, calendar and settings, from files to published versions.
//!
//! **Invariants.** A file is taken whole or not at all, and every fault of it is told, for a table by line and column. The
//! same content again makes no new version. A running server takes a new version up by itself within seconds.

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use anyhow::bail;
use clap::Subcommand;

use crate::app::cli::base::Base;
use crate::app::cli::base::COMMAND_LINE;
use crate::base::fault::Fault;
use crate::engine::reference::Publisher;
use crate::engine::reference::ReferenceError;
use crate::engine::reference::References;
use crate::fact::Actor;
use crate::fact::ActorKind;
use crate::ticket::reference::DOCUMENT_MAX;
use crate::ticket::reference::Kind;
use crate::ticket::table;
use crate::ticket::table::Changes;
use crate::ticket::table::Table;

/// Versions that `history` lists.
const HISTORY: i64 = 200;

#[derive(Debug, Subcommand)]
pub(super) enum ReferenceVerb {
    /// Lists the kinds with their newest versions.
    List,
    /// Prints a document as JSON.
    Show {
        /// organs, categories, regions, rules, grids, `grid_list`, calendar, settings, `emergency_lines`, `risky_words`.
        kind: Kind,
        /// The version; the newest when none is given.
        #[arg(long)]
        version: Option<i64>,
    },
    /// Checks a file and tells every fault; nothing is published.
    Check {
        /// The kind.
        kind: Kind,
        /// JSON, or a table when the name ends with .csv.
        file: PathBuf,
    },
    /// Checks a file and publishes it as the next version.
    Import {
        /// The kind.
        kind: Kind,
        /// JSON, or a table when the name ends with .csv.
        file: PathBuf,
    },
    /// Prints a document for a file: JSON, or a table.
    Export {
        /// The kind.
        kind: Kind,
        /// As a table.
        #[arg(long)]
        csv: bool,
        /// The version; the newest when none is given.
        #[arg(long)]
        version: Option<i64>,
    },
    /// Lists the versions of a kind, newest first.
    History {
        /// The kind.
        kind: Kind,
    },
    /// Shows what a file would change, row by row and field by field.
    Diff {
        /// The kind.
        kind: Kind,
        /// JSON, or a table when the name ends with .csv.
        file: PathBuf,
    },
}

pub(super) async fn run(base: &Base, verb: ReferenceVerb) -> anyhow::Result<ExitCode> {
    let references = References::open(base.store.clone(), base.audit.clone(), base.now()).await?;
    match verb {
        ReferenceVerb::List => list(base, &references).await,
        ReferenceVerb::Show { kind, version } => {
            let document = document(&references, kind, version).await?;
            base.output.text(&document)?;
            Ok(ExitCode::SUCCESS)
        }
        ReferenceVerb::Export { kind, csv, version } => {
            let document = document(&references, kind, version).await?;
            let text = if csv {
                table::to_csv(kind, &document).with_context(|| format!("{kind} has no table"))?
            } else {
                document
            };
            base.output.text(&text)?;
            Ok(ExitCode::SUCCESS)
        }
        ReferenceVerb::Check { kind, file } => {
            let changes = match checked(&references, kind, &file)? {
                Ok((_, changes)) => changes,
                Err(faults) => return told(base, &faults),
            };
            base.output.text(&format!("no faults; {}\n", summary(&changes)))?;
            Ok(ExitCode::SUCCESS)
        }
        ReferenceVerb::Diff { kind, file } => match checked(&references, kind, &file)? {
            Ok((_, changes)) => show_changes(base, &changes),
            Err(faults) => told(base, &faults),
        },
        ReferenceVerb::Import { kind, file } => import(base, &references, kind, &file).await,
        ReferenceVerb::History { kind } => history(base, &references, kind).await,
    }
}

async fn list(base: &Base, references: &References) -> anyhow::Result<ExitCode> {
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        let newest = references.history(kind, None, 1).await?.pop();
        rows.extend(newest.map(|row| {
            let published = base.local(Some(row.published_at));
            [
                row.kind,
                row.version.to_string(),
                published,
                row.published_by,
                row.sha256,
            ]
        }));
    }
    base.output
        .table(["kind", "version", "published", "by", "sha256"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

async fn history(base: &Base, references: &References, kind: Kind) -> anyhow::Result<ExitCode> {
    let rows = references.history(kind, None, HISTORY).await?;
    let rows: Vec<[String; 4]> = rows
        .into_iter()
        .map(|row| {
            let published = base.local(Some(row.published_at));
            [row.version.to_string(), published, row.published_by, row.sha256]
        })
        .collect();
    base.output
        .table(["version", "published", "by", "sha256"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

async fn document(references: &References, kind: Kind, version: Option<i64>) -> anyhow::Result<String> {
    match version {
        None => Ok(references.current().document(kind).to_owned()),
        Some(version) => {
            let row = references.version(kind, version).await?;
            Ok(row
                .with_context(|| format!("{kind} has no version {version}"))?
                .document)
        }
    }
}

/// A file as a document, with its lines when it is a table.
type Read = Result<(String, Option<Table>), Vec<Fault>>;

fn read(references: &References, kind: Kind, file: &Path) -> anyhow::Result<Read> {
    let size = std::fs::metadata(file).with_context(|| file.display().to_string())?;
    if u64::try_from(DOCUMENT_MAX).is_ok_and(|most| most < size.len()) {
        bail!("{}: longer than {DOCUMENT_MAX} bytes", file.display());
    }
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let is_table = file
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    if !is_table {
        return Ok(Ok((text, None)));
    }
    let current = references.current();
    let read = table::from_csv(kind, &text, current.document(kind));
    Ok(read.map(|table| (table.document.clone(), Some(table))))
}

/// Reads a file and checks it with all that is published.
fn checked(
    references: &References,
    kind: Kind,
    file: &Path,
) -> anyhow::Result<Result<(String, Changes), Vec<Fault>>> {
    let (document, table) = match read(references, kind, file)? {
        Ok(read) => read,
        Err(faults) => return Ok(Err(faults)),
    };
    let checked = references.check(kind, &document);
    Ok(checked
        .map(|changes| (document, changes))
        .map_err(|faults| table.map_or_else(|| faults.clone(), |table| table.in_lines(faults.clone()))))
}

async fn import(base: &Base, references: &References, kind: Kind, file: &Path) -> anyhow::Result<ExitCode> {
    let (document, _) = match checked(references, kind, file)? {
        Ok(read) => read,
        Err(faults) => return told(base, &faults),
    };
    let by = Publisher {
        actor: Actor::named(ActorKind::User, COMMAND_LINE),
        name: COMMAND_LINE.to_owned(),
        cause: "cli",
        now: base.now(),
    };
    let before = references.current().version(kind);
    match references.publish(kind, &document, Some(before), by).await {
        Ok(done) if done.version == before => {
            base.output
                .text(&format!("nothing has changed: version {before}\n"))?;
        }
        Ok(done) => {
            let what = summary(&done.changes);
            base.output.text(&format!(
                "version {}, sha256 {}; {what}\n",
                done.version, done.sha256
            ))?;
        }
        Err(ReferenceError::Faults(faults)) => return told(base, &faults),
        Err(error) => return Err(error.into()),
    }
    Ok(ExitCode::SUCCESS)
}

fn told(base: &Base, faults: &[Fault]) -> anyhow::Result<ExitCode> {
    let rows: Vec<[String; 2]> = faults
        .iter()
        .map(|fault| [fault.place.clone(), fault.reason.clone()])
        .collect();
    base.output.table(["place", "fault"], &rows)?;
    Ok(ExitCode::FAILURE)
}

fn summary(changes: &Changes) -> String {
    if changes.is_empty() {
        return "nothing would change".to_owned();
    }
    format!(
        "{} added, {} fields changed, {} removed",
        changes.added.len(),
        changes.changed.len(),
        changes.removed.len()
    )
}

fn show_changes(base: &Base, changes: &Changes) -> anyhow::Result<ExitCode> {
    let row = |what: &str, place: &str, before: &str, after: &str| {
        [what, place, before, after].map(ToOwned::to_owned)
    };
    let removed = changes.removed.iter().map(|place| row("removed", place, "", ""));
    let added = changes.added.iter().map(|place| row("added", place, "", ""));
    let changed = changes
        .changed
        .iter()
        .map(|it| row("changed", &it.place, &it.before, &it.after));
    let rows: Vec<[String; 4]> = removed.chain(added).chain(changed).collect();
    if rows.is_empty() {
        base.output.text("nothing would change\n")?;
    } else {
        base.output.table(["what", "place", "published", "file"], &rows)?;
    }
    Ok(ExitCode::SUCCESS)
}
