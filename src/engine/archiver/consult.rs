//! Checking, opening and copying archives.
//!
//! **Invariants.** A fact of the read is written before anything is opened. What is damaged is neither opened nor copied.
//! **Not here.** Packing (`engine::archiver`).
//! **Source.** DB1302/T 604—2025 7.9.1 to 7.9.3.

use std::path::PathBuf;
use std::sync::Arc;

use crate::base::ids::TicketId;
use crate::engine::archiver::ArchiveCheck;
use crate::engine::archiver::Archiver;
use crate::engine::archiver::ArchiverError;
use crate::engine::archiver::OpenedFile;
use crate::engine::audit::AuditError;
use crate::fact::Actor;
use crate::fact::Fact;
use crate::fact::Record;
use crate::fact::account::AccountFact;
use crate::fact::codec;
use crate::fact::ticket::TicketFact;
use crate::io::archive::PackageError;
use crate::io::archive::folder;
use crate::io::archive::manifest::Entry;
use crate::io::archive::manifest::Part;
use crate::io::archive::package;
use crate::io::archive::verify;
use crate::io::archive::verify::PackageFault;

impl Archiver {
    /// Checks an order's archive: every file against the manifest, the manifest against the fact. Writes what it found
    /// into the catalogue.
    ///
    /// # Errors
    /// [`ArchiverError`] when it could not be checked; what is wrong with it stands in the answer.
    pub async fn verify(&self, number: &str) -> Result<ArchiveCheck, ArchiverError> {
        let row = self.parts.store.ticket_of_number(number).await?;
        let row = row.ok_or_else(|| ArchiverError::NotFound(number.to_owned()))?;
        let named = self.named(row.ticket.id).await?;
        let (parts, number) = (Arc::clone(&self.parts), number.to_owned());
        let against = named.clone();
        let checked = tokio::task::spawn_blocking(move || {
            (
                verify::verify(&parts.archives, &number, against.as_deref()),
                number,
            )
        });
        let (mut package, number) = checked.await?;
        if row.ticket.archive.is_some() && row.ticket.archive != named {
            package.faults.push(PackageFault::Manifest);
        }
        let found = package.faults.len();
        self.parts
            .store
            .archive_checked(&number, found, self.parts.clock.now().wall)
            .await?;
        Ok(ArchiveCheck {
            number,
            package,
            named,
        })
    }

    /// The manifest that the newest fact of the order's archive names.
    async fn named(&self, ticket: TicketId) -> Result<Option<String>, ArchiverError> {
        let mut named = None;
        for (_, text) in self.parts.store.facts_of_ticket(ticket).await? {
            let envelope = codec::decode(text.as_bytes()).map_err(AuditError::from)?;
            if let Ok(Some(Fact::Ticket(TicketFact::Archived { manifest, .. }))) = envelope.fact() {
                named = Some(manifest);
            }
        }
        Ok(named)
    }

    /// Opens an archive for `actor`: first the fact of the read, then the files.
    ///
    /// # Errors
    /// [`ArchiverError`]; a damaged archive is opened as far as it goes only by [`package::open_sealed`].
    pub async fn open(
        &self,
        actor: &Actor,
        cause: &'static str,
        number: &str,
    ) -> Result<Vec<OpenedFile>, ArchiverError> {
        let check = self.verify(number).await?;
        let content = check.package.content.clone();
        let content = content.filter(|_| check.named.is_some());
        let content = content.ok_or_else(|| ArchiverError::NotArchived(number.to_owned()))?;
        if !check.is_sound() {
            return Err(PackageError::Damaged(number.to_owned()).into());
        }
        self.consulted(actor, cause, number, content.ticket).await?;
        let key = self.key(&content.key).await?;
        let key = key.ok_or_else(|| ArchiverError::Erased(number.to_owned()))?;
        let folder = folder(&self.parts.archives, number)?;
        let opened = tokio::task::spawn_blocking(move || {
            let open = |entry: &Entry| {
                let bytes = if entry.part == Part::Recording {
                    let path = folder.join(&entry.name);
                    std::fs::read(&path).map_err(|error| PackageError::Io { path, error })?
                } else {
                    package::open_sealed(&folder, &content, &entry.name, &key)?
                };
                Ok(OpenedFile {
                    name: entry.name.trim_end_matches(package::SEALED).to_owned(),
                    part: entry.part,
                    bytes,
                })
            };
            content
                .files
                .iter()
                .map(open)
                .collect::<Result<Vec<_>, PackageError>>()
        });
        Ok(opened.await??)
    }

    /// The consult log: who opened which archive. Source: 7.9.2.
    async fn consulted(
        &self,
        actor: &Actor,
        cause: &'static str,
        number: &str,
        ticket: TicketId,
    ) -> Result<(), ArchiverError> {
        let fact = AccountFact::Revealed {
            object: format!("archive/{number}"),
            fields: vec!["order".to_owned(), "paper".to_owned(), "files".to_owned()],
        };
        let record = Record {
            now: self.parts.clock.now(),
            interaction: None,
            ticket: Some(ticket),
            actor: actor.clone(),
            cause,
            fact: Fact::Account(fact),
            personal: None,
        };
        Ok(self.parts.audit.write(&[record]).await?)
    }

    /// Copies an archive to a second store and checks the copy. Returns whether it was not there before.
    ///
    /// # Errors
    /// [`ArchiverError`]; a damaged archive is not copied.
    pub async fn copy(&self, number: &str, to: PathBuf) -> Result<bool, ArchiverError> {
        let check = self.verify(number).await?;
        let Some(named) = check.named else {
            return Err(ArchiverError::NotArchived(number.to_owned()));
        };
        let (parts, of) = (Arc::clone(&self.parts), number.to_owned());
        let copied = tokio::task::spawn_blocking(move || verify::copy(&parts.archives, &to, &of, &named));
        let copied = copied.await??;
        self.parts
            .store
            .archive_copied(number, self.parts.clock.now().wall)
            .await?;
        Ok(copied)
    }
}
