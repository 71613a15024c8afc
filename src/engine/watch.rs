//! What is watched: the shipper, the projector, the policies, the disk, the recorder and the floor, each with its alarm
//! and its figure.
//!
//! **Invariants.** An alarm is raised when its cause is seen and cleared when it is seen to be gone; nobody clears by hand.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::base::time::Clock as _;
use crate::base::time::millis;
use crate::engine::Engine;
use crate::engine::alarms::AlarmCode;
use crate::engine::alarms::Alarms;
use crate::engine::metrics::Metrics;
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
/// More facts than this waiting for the database is an alarm.
const LAG_FACTS: u64 = 10_000;

/// Brings causes to the alarm list.
#[derive(Clone)]
pub struct Watch {
    alarms: Alarms,
    metrics: Arc<Metrics>,
    durable: Arc<AtomicU64>,
    shipped: Arc<AtomicU64>,
}

impl Watch {
    /// Watches for `alarms` and `metrics`.
    pub fn new(alarms: &Alarms, metrics: &Arc<Metrics>) -> Self {
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
            JournalEvent::Full => self.alarms.raise(AlarmCode::JournalFull, "journal"),
            JournalEvent::Failed(_) => self.alarms.raise(AlarmCode::JournalFailed, "journal"),
        }
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

    /// Looks every few seconds until the runtime ends.
    pub fn begin(self, engine: Engine, data: PathBuf) {
        tokio::spawn(async move {
            let mut beat = tokio::time::interval(LOOK);
            loop {
                beat.tick().await;
                self.look(&engine, &data);
            }
        });
    }

    fn look(&self, engine: &Engine, data: &std::path::Path) {
        let places = [("data", data), ("recordings", engine.recordings_root())];
        let mut least = u64::MAX;
        for (name, path) in places {
            if let Some(free) = crate::io::disk::free_bytes(path) {
                least = least.min(free);
                self.alarms.set(AlarmCode::DiskLow, name, free < DISK_LOW_BYTES);
            }
        }
        self.metrics.disk_free_bytes.store(least, Relaxed);
        let lag = self
            .durable
            .load(Relaxed)
            .saturating_sub(self.shipped.load(Relaxed));
        self.metrics.journal_lag_facts.store(lag, Relaxed);
        self.alarms.set(AlarmCode::JournalLag, "facts", LAG_FACTS < lag);
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
