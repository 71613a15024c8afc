//! What an archive is made from: the order's recordings, its line in the catalogue, names of codes, and the command that
//! seals it.
//!
//! **Not here.** The work itself (`engine::archiver`).

use std::sync::Arc;

use crate::base::ids::FileId;
use crate::base::ids::RecordingId;
use crate::base::ids::TicketId;
use crate::base::time::WallTime;
use crate::engine::archiver::NamesOf;
use crate::engine::archiver::ReadFile;
use crate::engine::archiver::Seal;
use crate::engine::archiver::SealOrder;
use crate::engine::ticket_service::Give;
use crate::engine::ticket_service::ReferenceOf;
use crate::engine::ticket_service::TicketService;
use crate::fact::Fact;
use crate::fact::codec::Envelope;
use crate::fact::personal::Personal;
use crate::fact::ticket::TicketFact;
use crate::io::archive::dossier::Names;
use crate::io::archive::manifest::Missing;
use crate::io::archive::package::Packed;
use crate::io::files::Files;
use crate::io::keys::Keys;
use crate::io::store::Store;
use crate::io::store::archives::ArchiveRow;
use crate::ticket::command::Archive;
use crate::ticket::command::Command;
use crate::ticket::command::Text;
use crate::ticket::model::FileRef;
use crate::ticket::model::Ticket;

/// Seals by a command of the program.
pub fn seal_by(tickets: TicketService) -> SealOrder {
    Arc::new(move |seal: Seal| {
        let tickets = tickets.clone();
        Box::pin(async move {
            let command = Command::Archive(Archive {
                manifest: seal.manifest,
                missing: seal.missing,
                explanation: Text(seal.explanation),
            });
            let given = tickets.give(Give::by_system(seal.ticket, &command)).await;
            given.map(|_| ()).map_err(|error| error.to_string())
        })
    })
}

/// Reads the files of orders where they were put, with the order's own key.
pub fn files_from(store: Store, keys: Keys, files: Files) -> ReadFile {
    let files = Arc::new(files);
    Arc::new(move |ticket: TicketId, file: FileRef| {
        let (store, keys, files) = (store.clone(), keys.clone(), Arc::clone(&files));
        Box::pin(async move {
            let id: FileId = file.id.parse().ok()?;
            let row = store.ticket(ticket).await.ok()??;
            let record = store.data_key(&row.ticket.key_id()).await.ok()??;
            let key = keys.with(|ring| ring.unwrap_key(&record)).ok()?;
            files.get(id, &key, &file.sha256).await.ok()
        })
    })
}

/// Names from the reference data in force.
pub fn names_from(reference: ReferenceOf) -> NamesOf {
    Arc::new(move |ticket| {
        let reference = reference();
        let path = |tree: &crate::ticket::catalogue::Tree, code: &str| {
            tree.path(code).unwrap_or_default().to_owned()
        };
        let regions = &reference.catalogue.regions;
        Names {
            organs: reference
                .organs
                .iter()
                .map(|it| (it.id.to_string(), it.name.clone()))
                .collect(),
            category: path(&reference.catalogue.categories, &ticket.draft.category),
            region: ticket
                .draft
                .place
                .region()
                .map(|code| path(regions, code))
                .unwrap_or_default(),
        }
    })
}

/// The recordings that belong to an order: its caller's, those of its calls, and those of follow-ups. What should have
/// one and has none is missing.
pub(super) fn wanted_sounds(
    ticket: &Ticket,
    facts: &[(Envelope, Option<Personal>)],
) -> (Vec<(RecordingId, String)>, Vec<Missing>) {
    let mut wanted: Vec<(RecordingId, String)> = Vec::new();
    let mut missing = Vec::new();
    let mut want = |recording: RecordingId, purpose: &str| {
        if wanted.iter().all(|(it, _)| *it != recording) {
            wanted.push((recording, purpose.to_owned()));
        }
    };
    match ticket.recording {
        Some(recording) => want(recording, "intake"),
        None if ticket.interaction.is_some() => missing.push("intake_recording"),
        None => (),
    }
    for (envelope, _) in facts {
        match envelope.fact() {
            Ok(Some(Fact::Ticket(TicketFact::CallLinked {
                recording: Some(it),
                purpose,
                ..
            }))) => want(it, &purpose),
            Ok(Some(Fact::Ticket(
                TicketFact::FollowupAttempted {
                    recording: Some(it), ..
                }
                | TicketFact::FollowupRecorded {
                    recording: Some(it), ..
                },
            ))) => want(it, "followup"),
            Ok(Some(Fact::Ticket(TicketFact::FollowupAttempted {
                call: Some(_),
                reached: true,
                ..
            }))) => {
                missing.push("followup_recording");
            }
            _ => (),
        }
    }
    let missing = missing.into_iter().map(|part| Missing {
        part: part.to_owned(),
        why: "not_recorded".to_owned(),
    });
    (wanted, missing.collect())
}

pub(super) fn catalogue_row(ticket: &Ticket, packed: &Packed) -> ArchiveRow {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let draft = &ticket.draft;
    ArchiveRow {
        number: ticket.number.clone(),
        ticket: ticket.id,
        year: ticket.number.chars().take(4).collect(),
        appeal_type: draft.appeal_type.map(|it| it.code().to_owned()),
        category: Some(draft.category.clone()).filter(|it| !it.is_empty()),
        region: draft.place.region().map(ToOwned::to_owned),
        unit: ticket.unit().cloned(),
        confidential: ticket.confidential,
        manifest: packed.manifest.clone(),
        version: ticket.version,
        files: count(packed.content.files.len()),
        bytes: packed.bytes,
        missing: count(packed.content.missing.len()),
        packed_at: packed.content.made_at,
        checked_at: None::<WallTime>,
        faults: None,
        copied_at: None,
    }
}

pub(super) fn seal_of(ticket: TicketId, packed: &Packed) -> Seal {
    let missing = &packed.content.missing;
    let told: Vec<String> = missing
        .iter()
        .map(|it| format!("{}: {}", it.part, it.why))
        .collect();
    Seal {
        ticket,
        manifest: packed.manifest.clone(),
        missing: missing.iter().map(|it| it.part.clone()).collect(),
        explanation: told.join("; "),
    }
}
