//! The gateway of a site that has none yet: one JSON line per message, for the site's own program to take on.
//!
//! `<data>/outbox/YYYYMMDD.jsonl`, by the site's day. Each line is
//! `{"id","resends","at","to","text","template","purpose","ticket_number"}`; `to` is the whole number, since this is
//! where the message leaves our hands. The folder is its owner's alone (0700), so are the files (0600). A message that
//! was being written when the power failed may stand there twice: its `id` is the same.
//!
//! **Invariants.** A message counts as taken when its line is on disk. A line is never changed.
//! **Not here.** Removing old files: they are the site's.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::path::PathBuf;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde::Serialize;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Mutex;

use crate::base::civil::SiteZone;
use crate::base::civil::to_rfc3339;
use crate::io::notify::gateway::Gateway;
use crate::io::notify::gateway::Outgoing;
use crate::io::notify::gateway::SubmitError;
use crate::io::notify::gateway::SubmitErrorKind;
use crate::io::notify::gateway::Taken;

/// The gateway's name in rows.
pub const NAME: &str = "file";

/// The folder that messages are written to.
#[derive(Debug)]
pub struct FileGateway {
    folder: PathBuf,
    zone: SiteZone,
    /// One line is written at a time.
    writing: Mutex<()>,
}

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    resends: u32,
    at: String,
    to: &'a str,
    text: &'a str,
    template: &'a str,
    purpose: &'a str,
    ticket_number: &'a str,
}

impl FileGateway {
    /// Writes into `<data>/outbox`.
    pub fn new(data: &Path, zone: SiteZone) -> Self {
        Self {
            folder: data.join("outbox"),
            zone,
            writing: Mutex::new(()),
        }
    }

    async fn write(&self, message: &Outgoing) -> std::io::Result<()> {
        let line = Line {
            id: &message.id,
            resends: message.resends,
            at: to_rfc3339(message.at),
            to: &message.to,
            text: &message.text,
            template: message.template,
            purpose: message.purpose,
            ticket_number: &message.ticket_number,
        };
        let mut bytes = serde_json::to_vec(&line).map_err(std::io::Error::other)?;
        bytes.push(b'\n');
        let _one = self.writing.lock().await;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)?;
        let day = self.zone.date_of(message.at).compact();
        let mut file = tokio::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .read(true)
            .mode(0o600)
            .open(self.folder.join(format!("{day}.jsonl")))
            .await?;
        if ends_torn(&mut file).await? {
            bytes.insert(0, b'\n');
        }
        file.write_all(&bytes).await?;
        file.sync_data().await
    }
}

/// Whether the last line was cut off by a power failure.
async fn ends_torn(file: &mut tokio::fs::File) -> std::io::Result<bool> {
    use tokio::io::AsyncReadExt as _;
    use tokio::io::AsyncSeekExt as _;
    if file.metadata().await?.len() == 0 {
        return Ok(false);
    }
    file.seek(std::io::SeekFrom::End(-1)).await?;
    Ok(file.read_u8().await? != b'\n')
}

impl Gateway for FileGateway {
    fn name(&self) -> &str {
        NAME
    }

    fn submit<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Result<Taken, SubmitError>> {
        async move {
            let written = self.write(message).await;
            written.map_err(|error| {
                tracing::warn!(%error, gateway = NAME, "a message was not written");
                SubmitError::new(SubmitErrorKind::Down, "file-failed")
            })?;
            // Nothing comes back by this way.
            Ok(Taken::default())
        }
        .boxed()
    }

    fn window(&self) -> usize {
        1
    }
}
