//! `rexian recordings`: lists them, takes one out as WAV, checks that none was changed, brings those of an older system in.

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;

use crate::app::cli::base::Base;
use crate::app::cli::base::COMMAND_LINE;
use crate::app::cli::import;
use crate::base::ids::RecordingId;
use crate::engine::old_recordings::OldRecordings;
use crate::engine::old_recordings::TakenOver;
use crate::engine::reference::References;
use crate::fact::Actor;
use crate::fact::ActorKind;
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
    /// Takes WAV files of an older system over, sealed and linked with the orders of their old numbers, each once. A fault
    /// imports nothing, and every fault is told. Taken are A-law, μ-law and PCM of 16 bits, 8000 Hz, one or two channels.
    Import {
        /// The folder with the files.
        folder: PathBuf,
        /// A table with the columns file, `old_number`, `recorded_at`, in UTF-8.
        #[arg(long, value_name = "FILE")]
        index: PathBuf,
        /// Only checks index, files and orders.
        #[arg(long)]
        check: bool,
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
        Recordings::Import { folder, index, check } => import_old(base, &folder, &index, check).await,
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

async fn import_old(base: &Base, folder: &Path, index: &Path, check: bool) -> anyhow::Result<ExitCode> {
    let text = match import::utf8(index)? {
        Ok(text) => text,
        Err(fault) => return import::told(base, &[fault]),
    };
    let references = References::open(base.store.clone(), base.audit.clone(), base.now()).await?;
    let ours = OldRecordings {
        store: base.store.clone(),
        audit: base.audit.clone(),
        keys: base.keys.clone(),
        tickets: import::tickets(base, &references)?,
        zone: base.zone.clone(),
        root: base.places.recordings.clone(),
        actor: Actor::named(ActorKind::User, COMMAND_LINE),
    };
    let (wanted, faults) = ours.check(&text, folder, base.now().wall).await?;
    if !faults.is_empty() {
        return import::told(base, &faults);
    }
    let mut done = TakenOver::default();
    for it in wanted.iter().filter(|_| !check) {
        let new = ours.take_over(it, base.now()).await;
        let new = new.context("not all recordings were taken over; the same command again goes on")?;
        let count = if new { &mut done.added } else { &mut done.there };
        *count += 1;
    }
    base.output.fields(&[
        ("recordings", wanted.len().to_string()),
        ("added", done.added.to_string()),
        ("there_already", done.there.to_string()),
    ])?;
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
