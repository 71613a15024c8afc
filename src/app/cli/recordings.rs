//! `rexian recordings`: lists them, takes one out as WAV, checks that none was changed.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;

use crate::app::cli::base::Base;
use crate::base::ids::RecordingId;
use crate::fact::Fact;
use crate::fact::recording::RecordingFact;
use crate::io::recording::archive;
use crate::io::recording::archive::RecordingReader;
use crate::io::store::recordings::RecordingRow;

/// Rows read at once.
const PAGE: u32 = 500;

#[derive(Debug, Subcommand)]
pub(super) enum Recordings {
    /// Lists recordings, newest first.
    List {
        /// `today`, YYYY-MM-DD or `all`.
        #[arg(long, default_value = "today")]
        day: String,
        /// Rows at most (1 to 500).
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Writes a recording as a WAV file: left the citizen, right what he heard. Leaves a fact.
    Export {
        /// The recording.
        recording: RecordingId,
        /// The file; it must not be there yet.
        out: PathBuf,
    },
    /// Opens every chunk of a recording, or of a day's, and follows its chain.
    Verify {
        /// The recording; none is all of `--day`.
        recording: Option<RecordingId>,
        /// `today`, YYYY-MM-DD or `all`.
        #[arg(long, default_value = "today")]
        day: String,
    },
}

pub(super) async fn run(base: &Base, verb: Recordings) -> anyhow::Result<ExitCode> {
    match verb {
        Recordings::List { day, limit } => list(base, &day, limit).await,
        Recordings::Export { recording, out } => export(base, recording, out).await,
        Recordings::Verify { recording, day } => verify(base, recording, &day).await,
    }
}

async fn list(base: &Base, day: &str, limit: u32) -> anyhow::Result<ExitCode> {
    let (from, to) = base.day(day)?;
    let (rows, _) = base.store.recordings(from, to, None, limit).await?;
    let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let rows: Vec<[String; 7]> = rows
        .into_iter()
        .map(|row| {
            [
                row.id.to_string(),
                row.state.code().to_owned(),
                base.local(Some(row.opened_at)),
                number(row.duration_ms),
                number(row.bytes),
                number(row.gap_ms),
                row.path.unwrap_or_default(),
            ]
        })
        .collect();
    base.output.table(
        [
            "recording",
            "state",
            "opened",
            "duration_ms",
            "bytes",
            "gap_ms",
            "path",
        ],
        &rows,
    )?;
    Ok(ExitCode::SUCCESS)
}

async fn export(base: &Base, recording: RecordingId, out: PathBuf) -> anyhow::Result<ExitCode> {
    let row = base
        .store
        .recording(recording)
        .await?
        .with_context(|| format!("no recording {recording}"))?;
    let path = row
        .path
        .as_deref()
        .with_context(|| format!("{recording} has no file: it is {}", row.state.code()))?;
    anyhow::ensure!(!out.exists(), "{}: is there already", out.display());
    // The trail first: who takes it out is known even when the copy fails.
    let fact = Fact::Recording(RecordingFact::Read {
        recording,
        how: "export".to_owned(),
    });
    base.audit.write(&[base.record(row.interaction, fact)]).await?;
    let duration_ms = archive::export(&base.recording_file(path), &base.keys, &out)?;
    base.output
        .text(&format!("{}: {duration_ms} ms\n", out.display()))?;
    Ok(ExitCode::SUCCESS)
}

async fn verify(base: &Base, recording: Option<RecordingId>, day: &str) -> anyhow::Result<ExitCode> {
    let rows = match recording {
        Some(id) => vec![
            base.store
                .recording(id)
                .await?
                .with_context(|| format!("no recording {id}"))?,
        ],
        None => of_day(base, day).await?,
    };
    let mut faults = Vec::new();
    for row in &rows {
        if let Err(error) = verify_one(base, row) {
            faults.push([row.id.to_string(), format!("{error:#}")]);
        }
    }
    if !faults.is_empty() {
        base.output.table(["recording", "fault"], &faults)?;
    }
    base.output
        .text(&format!("{} recordings, {} faults\n", rows.len(), faults.len()))?;
    Ok(if faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn of_day(base: &Base, day: &str) -> anyhow::Result<Vec<RecordingRow>> {
    let (from, to) = base.day(day)?;
    let (mut rows, mut next) = base.store.recordings(from, to, None, PAGE).await?;
    while let Some(after) = next {
        let (more, end) = base.store.recordings(from, to, Some(&after), PAGE).await?;
        rows.extend(more);
        next = end;
    }
    rows.retain(|row| row.path.is_some());
    Ok(rows)
}

fn verify_one(base: &Base, row: &RecordingRow) -> anyhow::Result<()> {
    let path = row.path.as_deref().context("no file")?;
    let reader = RecordingReader::open(&base.recording_file(path), &base.keys)?;
    let digest = reader.verify()?;
    if let Some(written) = &row.digest {
        anyhow::ensure!(
            *written == digest,
            "the file is whole and is not the one the fact names"
        );
    }
    Ok(())
}
