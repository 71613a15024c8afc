//! The archive of a data folder, for the server and for the command line.
//!
//! **Invariants.** An order that could not be archived raises an alarm; it is tried again when its clock tells it again,
//! and the alarm is cleared when it went well.
//! **Not here.** What it does (`engine::archiver`).

use std::sync::Arc;

use crate::app::config::ServerConfig;
use crate::app::house::House;
use crate::app::house::Places;
use crate::base::civil::SiteZone;
use crate::engine::alarms::AlarmCode;
use crate::engine::alarms::Alarms;
use crate::engine::archiver::Archiver;
use crate::engine::archiver::ArchiverParts;
use crate::engine::archiver::NamesOf;
use crate::engine::archiver::ReadFile;
use crate::engine::archiver::SealOrder;
use crate::engine::archiver::files_from;
use crate::engine::archiver::names_from;
use crate::engine::archiver::seal_by;
use crate::engine::audit::Audit;
use crate::engine::ticket_service::TicketService;
use crate::io::clock::SystemClock;
use crate::io::files::Files;
use crate::io::keys::Keys;
use crate::io::pdf::Face;
use crate::io::store::Store;

/// What differs between the server and the command line.
pub(crate) struct Hands {
    /// Reads files of orders.
    pub(crate) files: ReadFile,
    /// Names of codes.
    pub(crate) names: NamesOf,
    /// Seals an order's archive.
    pub(crate) seal: SealOrder,
}

/// What an archive stands on.
pub(crate) struct Ground {
    pub(crate) store: Store,
    pub(crate) audit: Audit,
    pub(crate) keys: Keys,
    pub(crate) zone: SiteZone,
    pub(crate) clock: SystemClock,
}

/// The typeface of documents; a missing one is told with what to install.
pub(crate) fn face(config: &ServerConfig) -> Option<Face> {
    match Face::find(config.documents.font.as_deref()) {
        Ok(face) => Some(face),
        Err(error) => {
            tracing::error!(%error, "documents cannot be drawn");
            None
        }
    }
}

/// The archive of a data folder. Without a `face` nothing is packed; checking, opening and copying need none.
pub(crate) fn archiver(
    config: &ServerConfig,
    places: &Places,
    ground: Ground,
    face: Option<Face>,
    hands: Hands,
) -> Archiver {
    let archives = config.documents.archives.clone();
    Archiver::new(ArchiverParts {
        store: ground.store,
        audit: ground.audit,
        keys: ground.keys,
        archives: archives.unwrap_or_else(|| places.data.join("archives")),
        recordings: places.recordings.clone(),
        face,
        zone: ground.zone,
        clock: Arc::new(ground.clock),
        node: config.node.clone(),
        files: hands.files,
        names: hands.names,
        seal: hands.seal,
    })
}

/// Starts the archive of a server: what its clocks tell it of is packed and sealed until the runtime ends.
pub(crate) fn start(
    config: &ServerConfig,
    places: &Places,
    house: &House,
    alarms: Alarms,
    tickets: &TicketService,
) -> Archiver {
    let ground = Ground {
        store: house.store.clone(),
        audit: house.audit.clone(),
        keys: house.keys.clone(),
        zone: house.zone.clone(),
        clock: house.clock,
    };
    let named = tickets.clone();
    let files = Files::new(places.data.join("files"));
    let hands = Hands {
        files: files_from(house.store.clone(), house.keys.clone(), files),
        names: names_from(Arc::new(move || named.reference())),
        seal: seal_by(tickets.clone()),
    };
    let archiver = archiver(config, places, ground, face(config), hands);
    tokio::spawn(archiver.clone().run(move |ticket, error| {
        if let Some(error) = error {
            tracing::error!(%ticket, %error, "an order was not archived");
        }
        alarms.set(AlarmCode::ArchiveFailed, &ticket.to_string(), error.is_some());
    }));
    archiver
}

/// Says by an alarm whether the program's user of the database could change what is only ever added to.
pub(crate) async fn look_at_rights(store: &Store, alarms: &Alarms) {
    match store.rights().await {
        Ok(rights) => {
            let excess = rights.is_some_and(|it| !it.excess.is_empty());
            alarms.set(AlarmCode::DatabaseRights, "journal", excess);
        }
        Err(error) => tracing::warn!(%error, "the rights in the database could not be read"),
    }
}
