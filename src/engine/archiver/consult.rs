//! Checking, opening and copying archives.
//!
//! **Invariants.** A fact of the read is written before anything is opened. What is damaged is neither opened nor copied.
//! **Not here.** Packing (`engine::archiver`).
//! **Source.** DB1302/T 604—2025 7.9.1 to 7.9.3.

use std::path::PathBuf;
use std::sync::Arc;

use crate::base::ids::TicketId;
use crate::base::time::WallTime;
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
use crate::io::archive::dossier::Dossier;
use crate::io::archive::folder;
use crate::io::archive::manifest::Entry;
use crate::io::archive::manifest::Manifest;
use crate::io::archive::manifest::Part;
use crate::io::archive::package;
use crate::io::archive::paper;
use crate::io::archive::verify;
use crate::io::archive::verify::PackageFault;

/// A read of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consultation {
    /// When.
    pub at: WallTime,
    /// Who.
    pub actor: Actor,
    /// By which way.
    pub cause: String,
    /// Which parts.
    pub parts: Vec<String>,
}

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
        let content = self.sound(number).await?;
        let read = ["order", "paper", "files"].map(str::to_owned).to_vec();
        self.consulted((actor, cause), number, content.ticket, read)
            .await?;
        let all = content.files.clone();
        self.opened(number, content, all).await
    }

    /// Opens one part of an archive for `actor`, as `order.json`: first the fact of the read, then the part.
    ///
    /// # Errors
    /// As [`Self::open`]; [`ArchiverError::NotFound`] for a part that the archive does not have.
    pub async fn open_part(
        &self,
        by: (&Actor, &'static str),
        number: &str,
        name: &str,
    ) -> Result<OpenedFile, ArchiverError> {
        let content = self.sound(number).await?;
        let named = |entry: &&Entry| entry.name.trim_end_matches(package::SEALED) == name;
        let entry = content.files.iter().find(named).cloned();
        let entry = entry.ok_or_else(|| ArchiverError::NotFound(number.to_owned()))?;
        self.consulted(by, number, content.ticket, vec![name.to_owned()])
            .await?;
        let mut opened = self.opened(number, content, vec![entry]).await?;
        opened
            .pop()
            .ok_or_else(|| ArchiverError::NotFound(number.to_owned()))
    }

    /// What a whole archive says it has.
    async fn sound(&self, number: &str) -> Result<Manifest, ArchiverError> {
        let check = self.verify(number).await?;
        let content = check.package.content.clone();
        let content = content.filter(|_| check.named.is_some());
        let content = content.ok_or_else(|| ArchiverError::NotArchived(number.to_owned()))?;
        if check.is_sound() {
            Ok(content)
        } else {
            Err(PackageError::Damaged(number.to_owned()).into())
        }
    }

    async fn opened(
        &self,
        number: &str,
        content: Manifest,
        which: Vec<Entry>,
    ) -> Result<Vec<OpenedFile>, ArchiverError> {
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
            which.iter().map(open).collect::<Result<Vec<_>, PackageError>>()
        });
        Ok(opened.await??)
    }

    /// The consult log: who opened what of which archive. Source: 7.9.2.
    async fn consulted(
        &self,
        (actor, cause): (&Actor, &'static str),
        number: &str,
        ticket: TicketId,
        fields: Vec<String>,
    ) -> Result<(), ArchiverError> {
        let fact = AccountFact::Revealed {
            object: format!("archive/{number}"),
            fields,
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

    /// Reads the consult log of an archive, oldest first.
    ///
    /// # Errors
    /// [`ArchiverError`].
    pub async fn consultations(
        &self,
        number: &str,
        ticket: TicketId,
    ) -> Result<Vec<Consultation>, ArchiverError> {
        let ours = format!("archive/{number}");
        let mut all = Vec::new();
        for (_, text) in self.parts.store.facts_of_ticket(ticket).await? {
            let envelope = codec::decode(text.as_bytes()).map_err(AuditError::from)?;
            if let Ok(Some(Fact::Account(AccountFact::Revealed { object, fields }))) = envelope.fact()
                && object == ours
            {
                all.push(Consultation {
                    at: WallTime::from_micros(envelope.at_us),
                    actor: envelope.actor,
                    cause: envelope.cause,
                    parts: fields,
                });
            }
        }
        all.sort_by_key(|it| it.at);
        Ok(all)
    }

    /// Draws an order's paper: the five blocks of 3.4 and every event.
    ///
    /// # Errors
    /// [`ArchiverError::NoFace`]; [`ArchiverError::Package`].
    pub async fn draw(&self, dossier: Dossier) -> Result<Vec<u8>, ArchiverError> {
        let face = self.parts.face.clone().ok_or(ArchiverError::NoFace)?;
        let drawn = tokio::task::spawn_blocking(move || paper::document(&dossier).draw(&face));
        Ok(drawn.await?.map_err(PackageError::from)?)
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
