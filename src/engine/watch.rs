//! What is watched: the journal, the shipper, the projector, the disk, the recorder, the network and the floor, each with
//! its alarm and its figure.
//!
//! **Invariants.** An alarm is raised when its cause is seen and cleared when it is seen to be gone; nobody clears by hand.
//! Only a gap between database and file stays: what is missing does not come back.
//! **Not here.** The list (`engine::alarms`); the certificate, which the web side watches (`http::server`).

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::base::time::millis;
use crate::engine::Engine;
use crate::engine::alarms::AlarmCode;
use crate::engine::alarms::Alarms;
use crate::engine::metrics::Metrics;
use crate::engine::projector::CDR;
use crate::engine::shipper::ShipperEvent;
use crate::engine::ticket_service::TicketServiceError;
use crate::fact::agent::Presence;
use crate::io::journal::JournalEvent;
use crate::io::store::StoreError;
use crate::media::command::MediaEvent;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(5);
/// Less free than this is an alarm.
const DISK_LOW_BYTES: u64 = 2 << 30;
/// More facts than this waiting for the database, or for the call records, is an alarm.
const LAG_FACTS: u64 = 10_000;
/// Looks after which lost packets are weighed: a minute.
const LOSS_LOOKS: u32 = 12;
/// Fewer packets than this say nothing about a network.
const LOSS_PACKETS_MIN: u64 = 1_000;
/// A loss of more than one packet in so many is an alarm: what people hear as gaps begins about there.
const LOSS_ONE_IN: u64 = 50;

/// Brings causes to the alarm list.
#[derive(Clone)]
pub struct Watch {
    alarms: Alarms,
    metrics: Arc<Metrics>,
    durable: Arc<AtomicU64>,
    shipped: Arc<AtomicU64>,
}

impl Watch {
    /// Watches for `alarms` and `metrics`. What the last run found wrong with journal, database and recorder is taken
    /// back: none of them has failed in this one yet.
    pub fn new(alarms: &Alarms, metrics: &Arc<Metrics>) -> Self {
        for (code, object) in [
            (AlarmCode::JournalFailed, "journal"),
            (AlarmCode::JournalFull, "journal"),
            (AlarmCode::JournalFull, "disk"),
            (AlarmCode::DatabaseDown, "journal"),
            (AlarmCode::RecordingFailed, "recordings"),
        ] {
            alarms.clear(code, object);
        }
        Self {
            alarms: alarms.clone(),
            metrics: Arc::clone(metrics),
            durable: Arc::default(),
            shipped: Arc::default(),
        }
    }

    /// What the journal tells.
    pub fn journal(&self, event: &JournalEvent) {
        match event {
            JournalEvent::Durable(fact_no) => self.durable.store(fact_no.0, Relaxed),
            JournalEvent::Accepting => {
                self.alarms.clear(AlarmCode::JournalFailed, "journal");
                self.alarms.clear(AlarmCode::JournalFull, "journal");
            }
            JournalEvent::Full => {
                self.alarms.clear(AlarmCode::JournalFailed, "journal");
                self.alarms.raise(AlarmCode::JournalFull, "journal");
            }
            JournalEvent::Failed(_) => self.alarms.raise(AlarmCode::JournalFailed, "journal"),
        }
    }

    /// What the control thread sees when the journal's thread hangs in a write.
    pub fn journal_choked(&self, choked: bool) {
        self.alarms.set(AlarmCode::JournalFull, "disk", choked);
    }

    /// What the recorder tells.
    pub fn recorder(&self, event: &MediaEvent) {
        match event {
            MediaEvent::RecordingFailed { error, .. } => {
                tracing::error!(%error, "a recording cannot be written");
                self.alarms.raise(AlarmCode::RecordingFailed, "recordings");
            }
            MediaEvent::RecordingStored { .. } => self.alarms.clear(AlarmCode::RecordingFailed, "recordings"),
            _ => {}
        }
    }

    /// What the shipper tells.
    pub fn shipper(&self) -> impl FnMut(ShipperEvent<'_>) + Send + use<> {
        let alarms = self.alarms.clone();
        let shipped = Arc::clone(&self.shipped);
        move |event| match event {
            ShipperEvent::Shipped(fact_no) => shipped.store(fact_no.0, Relaxed),
            ShipperEvent::DatabaseDown(error) => {
                tracing::error!(%error, "the database takes no facts; the journal's file grows");
                alarms.raise(AlarmCode::DatabaseDown, "journal");
            }
            ShipperEvent::DatabaseUp => alarms.clear(AlarmCode::DatabaseDown, "journal"),
            ShipperEvent::FileFailed(error) => tracing::error!(%error, "the journal's file cannot be read"),
            ShipperEvent::Gap { after, before } => {
                tracing::error!(
                    after = after.0,
                    before = before.0,
                    "facts are missing between database and file"
                );
                alarms.raise(AlarmCode::JournalLag, "gap");
            }
        }
    }

    /// What the projector tells.
    pub fn projector(&self) -> impl FnMut(&StoreError) + Send + use<> {
        |error| tracing::error!(%error, "call records lag behind")
    }

    /// What the policies tell.
    pub fn policies(&self) -> impl FnMut(&TicketServiceError) + Send + use<> {
        |error| tracing::error!(%error, "drafts are opened late")
    }

    /// Looks every few seconds until the runtime ends. `node` is whose facts are folded into call records.
    pub fn begin(self, engine: Engine, data: PathBuf, node: String) {
        tokio::spawn(async move {
            let mut beat = tokio::time::interval(LOOK);
            let mut loss = Loss::default();
            loop {
                beat.tick().await;
                let places = [data.clone(), engine.recordings_root().to_owned()];
                // A disk that hangs must not hold up a thread of the runtime.
                if let Ok(room) = tokio::task::spawn_blocking(move || Room::look(&places)).await {
                    self.look_at_disk(&room);
                }
                self.look_at_projector(&engine, &node).await;
                self.look_at_floor(&engine);
                self.look_at_network(&mut loss);
            }
        });
    }

    fn look_at_disk(&self, room: &Room) {
        let names = ["data", "recordings"];
        for (name, free) in names.into_iter().zip(room.free) {
            if let Some(free) = free {
                self.alarms.set(AlarmCode::DiskLow, name, free < DISK_LOW_BYTES);
            }
        }
        if let Some(least) = room.free.into_iter().flatten().min() {
            self.metrics.disk_free_bytes.store(least, Relaxed);
        }
        let lag = self
            .durable
            .load(Relaxed)
            .saturating_sub(self.shipped.load(Relaxed));
        // A file is kept until its last fact is shipped, so bytes are those of whole files.
        let bytes = if lag == 0 { 0 } else { room.journal };
        self.metrics.journal_lag_facts.store(lag, Relaxed);
        self.metrics.journal_lag_bytes.store(bytes, Relaxed);
        self.alarms.set(AlarmCode::JournalLag, "facts", LAG_FACTS < lag);
    }

    async fn look_at_projector(&self, engine: &Engine, node: &str) {
        // The shipper tells when the database is down.
        if let Ok(folded) = engine.store().checkpoint(CDR, node).await {
            let lag = self.shipped.load(Relaxed).saturating_sub(folded.0);
            self.metrics.projector_lag_facts.store(lag, Relaxed);
            self.alarms
                .set(AlarmCode::JournalLag, "call-records", LAG_FACTS < lag);
        }
    }

    /// Weighs the packets of legs that ended since the last weighing.
    fn look_at_network(&self, loss: &mut Loss) {
        let (received, lost) = (
            self.metrics.rtp_received.load(Relaxed),
            self.metrics.rtp_lost.load(Relaxed),
        );
        if let Some(wrong) = loss.weigh(received, lost) {
            self.alarms.set(AlarmCode::MediaLoss, "network", wrong);
        }
    }

    fn look_at_floor(&self, engine: &Engine) {
        let now = engine.clock().now().wall;
        let (waiting, oldest, signed_in, ready) = engine.views().read(|picture| {
            let waiting: u32 = picture.queues.values().map(|queue| queue.waiting).sum();
            let oldest = picture
                .queues
                .values()
                .filter_map(|queue| queue.oldest_since)
                .min();
            let signed_in = picture
                .agents
                .values()
                .filter(|agent| agent.presence != Presence::Offline)
                .count();
            let ready = picture
                .agents
                .values()
                .filter(|agent| agent.presence == Presence::Ready)
                .count();
            (waiting, oldest, signed_in, ready)
        });
        self.metrics.queue_waiting.store(u64::from(waiting), Relaxed);
        self.metrics
            .queue_oldest_ms
            .store(oldest.map_or(0, |since| millis(now.since(since))), Relaxed);
        self.metrics
            .agents_signed_in
            .store(u64::try_from(signed_in).unwrap_or(0), Relaxed);
        self.metrics
            .agents_ready
            .store(u64::try_from(ready).unwrap_or(0), Relaxed);
        self.alarms
            .set(AlarmCode::NoAgentSignedIn, "floor", signed_in == 0);
    }
}

/// What a look at the disks found.
struct Room {
    /// Free bytes for data and for recordings; `None`: the system does not say.
    free: [Option<u64>; 2],
    /// Bytes of the journal's files.
    journal: u64,
}

impl Room {
    fn look(places: &[PathBuf; 2]) -> Self {
        let [data, _] = places;
        let entries = std::fs::read_dir(data.join("journal")).into_iter().flatten();
        let sizes = entries.filter_map(|entry| entry.ok()?.metadata().ok());
        Self {
            free: places
                .each_ref()
                .map(|path: &PathBuf| crate::io::disk::free_bytes(Path::new(path))),
            journal: sizes.map(|it| it.len()).sum(),
        }
    }
}

/// Packets at the last weighing.
#[derive(Debug, Default)]
struct Loss {
    received: u64,
    lost: u64,
    looks: u32,
}

impl Loss {
    /// Says, once a minute and only of enough packets, whether too many of them were lost; both counts are since the
    /// start. Without calls a network is not bad.
    fn weigh(&mut self, received: u64, lost: u64) -> Option<bool> {
        self.looks += 1;
        let new_lost = lost.saturating_sub(self.lost);
        let packets = received.saturating_sub(self.received).saturating_add(new_lost);
        if self.looks < LOSS_LOOKS || (0 < packets && packets < LOSS_PACKETS_MIN) {
            return None;
        }
        *self = Self {
            received,
            lost,
            looks: 0,
        };
        Some(packets < new_lost.saturating_mul(LOSS_ONE_IN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_packets_are_weighed_by_the_minute_and_only_when_there_are_enough() {
        let mut loss = Loss::default();
        let mut minute = |received, lost| (0..LOSS_LOOKS).find_map(|_| loss.weigh(received, lost));
        assert_eq!(minute(0, 0), Some(false), "no calls");
        assert_eq!(minute(900, 90), None, "too few to say");
        assert_eq!(
            minute(10_000, 300),
            Some(true),
            "three in a hundred, the few from before among them"
        );
        assert_eq!(minute(20_000, 400), Some(false), "one in a hundred");
    }
}
