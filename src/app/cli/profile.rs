//! `rexian profile`: from files to a published version, and what lies between them.
//!
//! **Invariants.** Only a profile without faults is published. A running server takes a new version when it is asked to over
//! HTTP, or at its next start.
//! **Not here.** Making a version the active one (`engine::publication`).

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::Value;

use crate::app::cli::base::Base;
use crate::app::cli::base::COMMAND_LINE;
use crate::app::config::LoadedProfile;
use crate::app::config::load_profile;
use crate::app::serve::RUN_FILE;
use crate::fact::Fact;
use crate::fact::system::SystemFact;

#[derive(Debug, Subcommand)]
pub(super) enum Profiles {
    /// Checks the files and stores them as the next version; a running server adopts it when an administrator asks it to.
    Publish {
        /// The folder; that of `--profiles` when none is given.
        dir: Option<PathBuf>,
    },
    /// Lists the published versions, newest first.
    List,
    /// Shows what the files would change, field by field.
    Diff {
        /// The version to compare with; the newest when none is given.
        #[arg(long)]
        version: Option<u64>,
    },
    /// Prints a published version as JSON.
    Show {
        /// Which; the newest when none is given.
        version: Option<u64>,
    },
}

pub(super) async fn run(base: &Base, verb: Profiles) -> anyhow::Result<ExitCode> {
    match verb {
        Profiles::Publish { dir } => publish(base, dir).await,
        Profiles::List => list(base).await,
        Profiles::Diff { version } => diff(base, version).await,
        Profiles::Show { version } => {
            base.output
                .text(&format!("{}\n", document(base, version).await?.1))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn load(base: &Base, dir: Option<PathBuf>) -> anyhow::Result<LoadedProfile> {
    let dir = dir.unwrap_or_else(|| base.places.profiles.clone());
    load_profile(&dir, &base.places.prompts).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{} faults:\n{}", lines.len(), lines.join("\n"))
    })
}

async fn publish(base: &Base, dir: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    let loaded = load(base, dir)?;
    let before = base.store.latest_profile().await?;
    if before
        .as_ref()
        .is_some_and(|before| before.sha256 == loaded.sha256)
    {
        base.output.text("nothing has changed\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut tx = base.store.begin().await?;
    let version = tx
        .publish_profile(&loaded.document, &loaded.sha256, base.now().wall, COMMAND_LINE)
        .await?;
    let fact = Fact::System(SystemFact::ProfilePublished {
        version,
        sha256: loaded.sha256.clone(),
    });
    base.audit.append(&mut tx, &[base.record(None, fact)]).await?;
    tx.commit().await?;
    base.output
        .text(&format!("version {version}, sha256 {}\n", loaded.sha256))?;
    base.output
        .text(&adoption(web_of(&base.places.data).as_deref()))?;
    Ok(ExitCode::SUCCESS)
}

/// How a stored version comes into use; `web` is where the running server listens.
fn adoption(web: Option<&str>) -> String {
    let Some(web) = web else {
        return "no server runs on this folder; the next start adopts it\n".to_owned();
    };
    format!(
        "The running server adopts it, without ending a call, when an administrator (verb profile.publish) asks:\n  \
         curl -k -c session.txt -H 'Content-Type: application/json' -d '{{\"user\": \"admin\", \"password\": \"…\"}}' \
         {web}/api/v1/session\n  \
         curl -k -b session.txt -X POST {web}/api/v1/profiles/activate\n\
         The answer tells the secrets of new phones, once. A restart adopts it too.\n"
    )
}

/// Where the server that runs on a data folder has its web side.
fn web_of(data: &Path) -> Option<String> {
    let run: Value = serde_json::from_slice(&std::fs::read(data.join(RUN_FILE)).ok()?).ok()?;
    Some(run.pointer("/http/0")?.as_str()?.to_owned())
}

async fn list(base: &Base) -> anyhow::Result<ExitCode> {
    let rows: Vec<[String; 4]> = base
        .store
        .profiles()
        .await?
        .into_iter()
        .map(|row| {
            [
                row.version.to_string(),
                base.local(Some(row.published_at)),
                row.published_by,
                row.sha256,
            ]
        })
        .collect();
    base.output
        .table(["version", "published", "by", "sha256"], &rows)?;
    Ok(ExitCode::SUCCESS)
}

async fn document(base: &Base, version: Option<u64>) -> anyhow::Result<(u64, String)> {
    let row = match version {
        Some(version) => base.store.profile(version).await?,
        None => base.store.latest_profile().await?,
    };
    row.map(|row| (row.version, row.document))
        .context("no such version was published")
}

async fn diff(base: &Base, version: Option<u64>) -> anyhow::Result<ExitCode> {
    let loaded = load(base, None)?;
    let (version, document) = document(base, version).await?;
    let (before, after): (Value, Value) = (
        serde_json::from_str(&document)?,
        serde_json::from_str(&loaded.document)?,
    );
    let mut changes = Vec::new();
    compare("", &before, &after, &mut changes);
    if changes.is_empty() {
        base.output.text(&format!("the files are version {version}\n"))?;
    } else {
        base.output.table(["field", "published", "files"], &changes)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Collects what differs, by path.
fn compare(path: &str, before: &Value, after: &Value, changes: &mut Vec<[String; 3]>) {
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        if before != after {
            changes.push([path.to_owned(), before.to_string(), after.to_string()]);
        }
        return;
    };
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    for (name, old) in old {
        match new.get(name) {
            Some(new) => compare(&below(name), old, new, changes),
            None => changes.push([below(name), old.to_string(), String::new()]),
        }
    }
    for (name, new) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
        changes.push([below(name), String::new(), new.to_string()]);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_difference_is_told_by_its_path() {
        let before = json!({"queues": {"a": {"name": "x", "ring": 20}, "b": 1}, "same": [1]});
        let after = json!({"queues": {"a": {"name": "y", "ring": 20}, "c": 2}, "same": [1]});
        let mut changes = Vec::new();
        compare("", &before, &after, &mut changes);
        assert_eq!(
            changes,
            [
                ["queues.a.name", "\"x\"", "\"y\""],
                ["queues.b", "1", ""],
                ["queues.c", "", "2"]
            ]
        );
    }
}
