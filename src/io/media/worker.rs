//! The media thread: sockets in, [`Plane`], sockets out, on a grid of 2 ms, or of 10 ms while nothing comes or goes.
//!
//! ```text
//! idle (parked) ─Open─▶ on the grid: commands, readable sockets, frames, events ─last Close─▶ idle
//! ```
//! Control holds a [`MediaHandle`]; commands and packets are looked at on the grid, and a command wakes a parked thread.
//!
//! **Invariants.** On the grid: no lock, no file, no log, and no allocation unless a command opens, records or
//! closes something. Only open slots are read; what came for a slot before it was opened is thrown away.
//! **Not here.** What a packet does (`media`), binding (`io::media::pool`).

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::sync::atomic::fence;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::base::limits::MEDIA_RING_MAX;
use crate::base::random::Random;
use crate::base::time::Clock;
use crate::base::time::MonoTime;
use crate::io::media::pool;
use crate::io::media::pool::PoolConfig;
use crate::io::media::pool::PoolError;
use crate::io::media::pool::SocketPair;
use crate::io::media::ring::Outbox;
use crate::io::media::socket::Poller;
use crate::io::recording::command::RecorderSender;
use crate::media::chunk;
use crate::media::chunk::ChunkAudio;
use crate::media::chunk::RecorderCommand;
use crate::media::command::MediaCommand;
use crate::media::command::MediaEvent;
use crate::media::plane::Channel;
use crate::media::plane::Plane;
use crate::media::plane::PlaneConfig;
use crate::media::plane::Port;
use crate::media::plane::SlotSocket;
use crate::media::player::Prompts;
use crate::media::port_pool::BoundSlot;
use crate::media::rtp::PACKET_BYTES_MAX;

/// The thread looks at its sockets this often while a leg is open.
pub const GRID: Duration = Duration::from_millis(2);
/// When no RTP came or went in so many looks, it looks only every [`QUIET_GRID`]; the first packet ends that.
const QUIET_LOOKS: u32 = 16;
/// Half a packet time: a first packet or digit is seen at most so late.
const QUIET_GRID: Duration = Duration::from_millis(10);
/// Packets read from one socket in one look; a flood on one leg must not hold up the others.
const READS_MAX: u32 = 8;
/// Commands taken between two looks at the sockets.
const COMMANDS_MAX: u32 = 256;
/// Packets thrown away when a slot is opened; more cannot wait in its socket.
const STALE_PACKETS_MAX: u32 = 1_024;
/// Buffers of a recording: one being filled, one on its way through the recorder.
const BUFFERS: usize = 2;
/// Buffers beside them for all recordings together, while the disk takes its time.
const SPARES: usize = 24;

/// How the media plane is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaConfig {
    /// Where sockets are bound.
    pub pool: PoolConfig,
    /// Silence after which a leg is reported; 30 s is usual.
    pub rtp_timeout: Duration,
}

/// Why the media plane could not be started.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// Sockets.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The thread or its socket set.
    #[error("the media thread could not be started: {0}")]
    Thread(#[from] io::Error),
}

/// What the worker needs besides its sockets.
pub struct MediaParts {
    /// The sounds.
    pub prompts: Arc<Prompts>,
    /// The way to the recorder.
    pub recorder: RecorderSender,
    /// Called (on the media thread) when events have been put into the ring.
    pub wake: Arc<dyn Fn() + Send + Sync>,
}

/// Figures of the worker, readable at any time.
#[derive(Debug, Default)]
pub struct MediaCounts {
    /// Packets read.
    pub received: AtomicU64,
    /// Packets written.
    pub sent: AtomicU64,
    /// Packets that the system refused to send.
    pub refused: AtomicU64,
    /// Commands that came for a leg that is no more.
    pub stale: AtomicU64,
    /// Grid points that were missed by more than 10 ms.
    pub late_looks: AtomicU64,
    /// Open legs.
    pub legs: AtomicU64,
}

/// Control's end of the media plane.
pub struct MediaHandle {
    commands: rtrb::Producer<MediaCommand>,
    events: rtrb::Consumer<MediaEvent>,
    stop: Arc<AtomicBool>,
    /// Whether the worker is parked, or about to be, with nothing that would wake it but control.
    asleep: Arc<AtomicBool>,
    counts: Arc<MediaCounts>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for MediaHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MediaHandle")
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

impl MediaHandle {
    /// Hands a command over; [`MediaHandle::flush`] makes the worker look at it.
    ///
    /// # Errors
    /// Gives the command back when the ring is full.
    #[allow(
        clippy::result_large_err,
        reason = "the command comes back so that it can be tried again"
    )]
    pub fn send(&mut self, command: MediaCommand) -> Result<(), MediaCommand> {
        self.commands
            .push(command)
            .map_err(|rtrb::PushError::Full(command)| command)
    }

    /// Wakes the worker if it sleeps; call once after a batch of commands. On the grid it looks by itself.
    pub fn flush(&self) {
        // Pairs with the fence of `Worker::sleep`: either it sees the command, or this sees that it sleeps.
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::Relaxed) {
            self.unpark();
        }
    }

    fn unpark(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    /// The next event, if there is one.
    pub fn receive(&mut self) -> Option<MediaEvent> {
        self.events.pop().ok()
    }

    /// The worker's figures.
    pub fn counts(&self) -> Arc<MediaCounts> {
        Arc::clone(&self.counts)
    }
}

impl Drop for MediaHandle {
    /// Stops the worker: open legs are closed, their recordings finished.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.unpark();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Binds the sockets and starts the thread `media-0`; gives control's end and the slots for its pool.
///
/// # Errors
/// [`MediaError::Pool`] when too few ports are free, [`MediaError::Thread`] when the system refuses the thread.
pub fn start(
    config: MediaConfig,
    random: &mut Random,
    clock: impl Clock + Send + 'static,
    parts: MediaParts,
) -> Result<(MediaHandle, Vec<BoundSlot>), MediaError> {
    let (sockets, slots) = pool::bind(&config.pool, random)?;
    let (commands, inbox) = rtrb::RingBuffer::new(MEDIA_RING_MAX);
    let (outbox, events) = Outbox::new(MEDIA_RING_MAX);
    let (stop, counts) = (Arc::new(AtomicBool::new(false)), Arc::new(MediaCounts::default()));
    let asleep = Arc::new(AtomicBool::new(false));
    let now = clock.now();
    let plane_config = PlaneConfig {
        slots_max: u32::try_from(sockets.len()).unwrap_or(u32::MAX),
        rtp_timeout: config.rtp_timeout,
        wall_zero_us: now.wall.as_micros() - i64::try_from(now.mono.as_micros()).unwrap_or(0),
    };
    let worker = Worker {
        plane: Plane::new(plane_config, parts.prompts),
        wire: Wire {
            recordings: VecDeque::with_capacity(sockets.len()),
            spares: Vec::with_capacity(sockets.len() * BUFFERS + SPARES),
            sockets,
            events: outbox,
            recorder: parts.recorder,
            recorder_pushed: false,
            buffers: 0,
            buffers_wanted: SPARES,
            sent: 0,
            refused: 0,
            sound: false,
        },
        poller: Poller::new()?,
        watched: Vec::new(),
        ready: Vec::with_capacity(super::socket::READY_MAX),
        inbox,
        wake: parts.wake,
        stop: Arc::clone(&stop),
        asleep: Arc::clone(&asleep),
        counts: Arc::clone(&counts),
        clock,
        received: 0,
    };
    let thread = std::thread::Builder::new()
        .name("media-0".to_owned())
        .spawn(move || worker.run())?;
    Ok((
        MediaHandle {
            commands,
            events,
            stop,
            asleep,
            counts,
            thread: Some(thread),
        },
        slots,
    ))
}

/// The sockets, rings and buffers: what the plane speaks to.
struct Wire {
    sockets: Vec<SocketPair>,
    events: Outbox<MediaEvent>,
    recorder: RecorderSender,
    recordings: VecDeque<RecorderCommand>,
    recorder_pushed: bool,
    spares: Vec<ChunkAudio>,
    /// Buffers that exist, and that the open recordings should have.
    buffers: usize,
    buffers_wanted: usize,
    sent: u64,
    refused: u64,
    /// Whether RTP came or went since the last look; reports can wait for the slower grid.
    sound: bool,
}

impl Wire {
    /// Hands the recorder what found its ring full.
    fn flush_recorder(&mut self) {
        while let Some(command) = self.recordings.pop_front() {
            if let Err(command) = self.recorder.send(command) {
                self.recordings.push_front(command);
                break;
            }
            self.recorder_pushed = true;
        }
        if std::mem::take(&mut self.recorder_pushed) {
            self.recorder.flush();
        }
    }
}

impl Port for Wire {
    fn send(&mut self, slot: u32, channel: Channel, to: SocketAddr, packet: &[u8]) {
        let Some(pair) = usize::try_from(slot).ok().and_then(|slot| self.sockets.get(slot)) else {
            return;
        };
        let socket = match channel {
            Channel::Rtp => &pair.rtp,
            Channel::Rtcp => &pair.rtcp,
        };
        match socket.send_to(packet, to) {
            Ok(_) => {
                self.sent += 1;
                self.sound |= matches!(channel, Channel::Rtp);
            }
            Err(_) => self.refused += 1,
        }
    }

    fn event(&mut self, event: MediaEvent) {
        self.events.push(event);
    }

    fn record(&mut self, command: RecorderCommand) {
        self.recordings.push_back(command);
    }

    fn open_buffer(&mut self) -> ChunkAudio {
        self.buffers_wanted += BUFFERS;
        while self.buffers < self.buffers_wanted {
            self.spares.push(chunk::new_audio());
            self.buffers += 1;
        }
        self.take_buffer().unwrap_or_else(chunk::new_audio)
    }

    fn take_buffer(&mut self) -> Option<ChunkAudio> {
        self.spares.pop().or_else(|| self.recorder.take_buffer())
    }

    fn close_buffer(&mut self, spare: Option<ChunkAudio>) {
        self.buffers_wanted = self.buffers_wanted.saturating_sub(BUFFERS);
        self.spares.extend(spare);
    }
}

struct Worker<C> {
    plane: Plane,
    wire: Wire,
    poller: Poller,
    /// Slots whose sockets are in the poller.
    watched: Vec<u32>,
    ready: Vec<u64>,
    inbox: rtrb::Consumer<MediaCommand>,
    wake: Arc<dyn Fn() + Send + Sync>,
    stop: Arc<AtomicBool>,
    asleep: Arc<AtomicBool>,
    counts: Arc<MediaCounts>,
    clock: C,
    received: u64,
}

impl<C: Clock> Worker<C> {
    fn run(mut self) {
        let mut look_at = MonoTime::default();
        let mut quiet = 0_u32;
        loop {
            let now = self.clock.now().mono;
            self.take_commands(now);
            if self.stop.load(Ordering::Acquire) {
                self.close_all(now);
                return;
            }
            if self.plane.is_idle() {
                look_at = MonoTime::default();
                self.flush();
                if self.wire.events.is_blocked() || !self.wire.recordings.is_empty() {
                    std::thread::park_timeout(GRID);
                } else {
                    self.sleep();
                }
                continue;
            }
            if look_at <= now {
                if look_at != MonoTime::default() && QUIET_GRID < now.since(look_at) {
                    self.counts.late_looks.fetch_add(1, Ordering::Relaxed);
                }
                self.read_sockets(now);
                self.plane.tick(now, &mut self.wire);
                quiet = if std::mem::take(&mut self.wire.sound) {
                    0
                } else {
                    quiet.saturating_add(1)
                };
                let grid = if quiet < QUIET_LOOKS { GRID } else { QUIET_GRID };
                look_at = (look_at + grid).max(now + grid / 2);
            }
            self.flush();
            let rest = look_at.since(self.clock.now().mono);
            if !rest.is_zero() {
                std::thread::park_timeout(rest);
            }
        }
    }

    /// Parks until a command comes or the end.
    fn sleep(&self) {
        self.asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if self.inbox.is_empty() {
            std::thread::park();
        }
        self.asleep.store(false, Ordering::Relaxed);
    }

    fn take_commands(&mut self, now: MonoTime) {
        for _ in 0..COMMANDS_MAX {
            let Ok(command) = self.inbox.pop() else {
                return;
            };
            // Whatever the command does to the set of open slots, the poller follows.
            let opened = match &command {
                MediaCommand::Open { leg, .. } => Some(leg.slot),
                _ => None,
            };
            let closes = matches!(command, MediaCommand::Close { .. });
            if let Some(slot) = opened {
                self.watch(slot);
            }
            self.plane.handle(now, command, &mut self.wire);
            if closes {
                self.forget_closed();
            }
        }
    }

    fn watch(&mut self, slot: u32) {
        let Some(pair) = usize::try_from(slot)
            .ok()
            .and_then(|at| self.wire.sockets.get(at))
        else {
            return;
        };
        if self.watched.contains(&slot) {
            return;
        }
        let mut buffer = [0; 1];
        for socket in [&pair.rtp, &pair.rtcp] {
            for _ in 0..STALE_PACKETS_MAX {
                if socket.recv_from(&mut buffer).is_err() {
                    break;
                }
            }
        }
        let token = u64::from(slot) << 1;
        let watched = self
            .poller
            .watch(&pair.rtp, token)
            .and_then(|()| self.poller.watch(&pair.rtcp, token | 1));
        if watched.is_ok() {
            self.watched.push(slot);
        }
    }

    fn forget_closed(&mut self) {
        let (plane, sockets, poller) = (&self.plane, &self.wire.sockets, &self.poller);
        self.watched.retain(|slot| {
            if plane.is_open(*slot) {
                return true;
            }
            if let Some(pair) = usize::try_from(*slot).ok().and_then(|at| sockets.get(at)) {
                // A socket that is not watched any more is what is wanted.
                drop(poller.forget(&pair.rtp).and_then(|()| poller.forget(&pair.rtcp)));
            }
            false
        });
    }

    fn read_sockets(&mut self, now: MonoTime) {
        self.ready.clear();
        self.ready.extend(self.poller.ready());
        let mut buffer = [0; PACKET_BYTES_MAX];
        for token in &self.ready {
            let slot = u32::try_from(token >> 1).unwrap_or(u32::MAX);
            let channel = if token & 1 == 0 {
                Channel::Rtp
            } else {
                Channel::Rtcp
            };
            for _ in 0..READS_MAX {
                let Some(pair) = usize::try_from(slot)
                    .ok()
                    .and_then(|at| self.wire.sockets.get(at))
                else {
                    break;
                };
                let socket = if channel == Channel::Rtp {
                    &pair.rtp
                } else {
                    &pair.rtcp
                };
                let Ok((length, source)) = socket.recv_from(&mut buffer) else {
                    break;
                };
                self.received += 1;
                self.wire.sound |= channel == Channel::Rtp;
                if let Some(packet) = buffer.get_mut(..length) {
                    self.plane
                        .receive(now, SlotSocket { slot, channel }, source, packet, &mut self.wire);
                }
            }
        }
    }

    fn flush(&mut self) {
        self.wire.flush_recorder();
        if self.wire.events.flush() {
            (self.wake)();
        }
        let legs = u64::try_from(self.plane.open_slots().len()).unwrap_or(0);
        for (count, value) in [
            (&self.counts.received, self.received),
            (&self.counts.sent, self.wire.sent),
            (&self.counts.refused, self.wire.refused),
            (&self.counts.stale, self.plane.counts().stale),
            (&self.counts.legs, legs),
        ] {
            count.store(value, Ordering::Relaxed);
        }
    }

    /// The end: every leg is closed and every recording handed over, as far as the recorder still takes it.
    fn close_all(&mut self, now: MonoTime) {
        self.plane.close_all(now, &mut self.wire);
        for _ in 0..1_000 {
            self.flush();
            if self.wire.recordings.is_empty() {
                return;
            }
            std::thread::park_timeout(GRID);
        }
    }
}
