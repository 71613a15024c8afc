//! All legs of one media worker: who hears whom, and what commands, packets and time do to them.
//!
//! ```text
//!         Open             Bridge
//! (none) ──────▶ alone ◀──────────▶ bridged with one partner
//!    ▲             │     Unbridge      │
//!    └──── Close ──┴──────── Close ────┘
//! ```
//! Driven by `io::media::worker` (sockets, rings, clock) and by the simulator; drives a [`Port`].
//!
//! **Invariants.** A command for another generation of a slot is dropped and counted; a leg is never its own
//! source; partners are symmetric; after `Open` a leg allocates nothing until it is recorded or closed.
//! **Not here.** What one leg does (`endpoint`), when legs are opened and bridged (`call`).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::base::time::MonoTime;
use crate::media::chunk;
use crate::media::chunk::ChunkAudio;
use crate::media::chunk::RecorderCommand;
use crate::media::command::LegMedia;
use crate::media::command::MediaCommand;
use crate::media::command::MediaEvent;
use crate::media::command::MediaLeg;
use crate::media::command::StreamStart;
use crate::media::endpoint::Endpoint;
use crate::media::endpoint::Received;
use crate::media::player::Prompts;
use crate::media::reports::Ending;
use crate::media::reports::Reports;
use crate::media::rtp;
use crate::media::tap::Tap;

/// Timeouts, reports and recordings are looked at this often.
const SLOW: Duration = Duration::from_millis(50);

/// Which socket of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// The even port.
    Rtp,
    /// The odd port.
    Rtcp,
}

/// One socket of one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotSocket {
    /// The slot.
    pub slot: u32,
    /// Which of its two.
    pub channel: Channel,
}

/// What the plane asks of the world.
pub trait Port {
    /// Sends a packet from a slot's socket.
    fn send(&mut self, slot: u32, channel: Channel, to: SocketAddr, packet: &[u8]);
    /// Tells control; never lost.
    fn event(&mut self, event: MediaEvent);
    /// Tells the recorder; never lost.
    fn record(&mut self, command: RecorderCommand);
    /// Makes a buffer, and one that is on its way, for one more recording.
    fn open_buffer(&mut self) -> ChunkAudio;
    /// An empty buffer, when one is free.
    fn take_buffer(&mut self) -> Option<ChunkAudio>;
    /// A recording has ended; its unused buffer.
    fn close_buffer(&mut self, spare: Option<ChunkAudio>);
}

/// How a plane behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaneConfig {
    /// Slots are numbered below this.
    pub slots_max: u32,
    /// Silence after which a leg is reported.
    pub rtp_timeout: Duration,
    /// The wall instant of `MonoTime` zero, UTC µs, for sender reports.
    pub wall_zero_us: i64,
}

/// What the plane counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlaneCounts {
    /// Commands for another generation or a slot that does not exist.
    pub stale: u64,
    /// Commands that make no sense (a leg bridged with itself).
    pub refused: u64,
}

#[derive(Debug)]
struct Leg {
    endpoint: Endpoint,
    reports: Reports,
    partner: Option<u32>,
    slow_at: MonoTime,
}

/// All legs of one worker.
#[derive(Debug)]
pub struct Plane {
    config: PlaneConfig,
    prompts: Arc<Prompts>,
    legs: Vec<Option<Box<Leg>>>,
    open: Vec<u32>,
    counts: PlaneCounts,
}

impl Plane {
    /// A plane without legs.
    pub fn new(config: PlaneConfig, prompts: Arc<Prompts>) -> Self {
        let slots = usize::try_from(config.slots_max).unwrap_or(0);
        let legs = std::iter::repeat_with(|| None).take(slots).collect();
        Self {
            config,
            prompts,
            legs,
            open: Vec::with_capacity(slots),
            counts: PlaneCounts::default(),
        }
    }

    /// Whether any leg is open.
    pub fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// The open slots, in no particular order.
    pub fn open_slots(&self) -> &[u32] {
        &self.open
    }

    /// Whether a slot is open.
    pub fn is_open(&self, slot: u32) -> bool {
        self.legs.get(index(slot)).is_some_and(Option::is_some)
    }

    /// Closes every leg, as at the end of the program.
    pub fn close_all(&mut self, now: MonoTime, port: &mut impl Port) {
        while let Some(leg) = self.open.last().copied().and_then(|slot| self.leg(slot)) {
            let leg = leg.endpoint.leg();
            self.close(now, leg, port);
        }
    }

    /// What was counted so far.
    pub fn counts(&self) -> PlaneCounts {
        self.counts
    }

    /// Does what control asks.
    pub fn handle(&mut self, now: MonoTime, command: MediaCommand, port: &mut impl Port) {
        match command {
            MediaCommand::Open { leg, media, start } => self.open(now, leg, media, start, port),
            MediaCommand::Close { leg } => {
                if self.find(leg).is_some() {
                    self.close(now, leg, port);
                }
            }
            MediaCommand::Bridge { a, b } => self.bridge(a, b, port),
            MediaCommand::Unbridge { leg } => {
                if self.find(leg).is_some() {
                    self.unbridge(leg.slot);
                }
            }
            MediaCommand::Modify { leg, media } => self.modify(now, leg, media),
            MediaCommand::Play { leg, playback } => {
                if let Some(found) = self.find(leg) {
                    found.endpoint.play(now, playback, port);
                }
            }
            MediaCommand::StopPlay { leg } => {
                if let Some(found) = self.find(leg) {
                    found.endpoint.stop_play(port);
                }
            }
            MediaCommand::SendDigits { leg, digits } => {
                if let Some(found) = self.find(leg) {
                    found.endpoint.press(now, &digits);
                }
            }
            MediaCommand::Record {
                leg,
                recording,
                interaction,
                opened_at_us,
            } => {
                if let Some(found) = self.find(leg) {
                    end_recording(now, &mut found.endpoint, port);
                    let buffer = port.open_buffer();
                    found.endpoint.tap = Some(Tap::new(recording, opened_at_us, now, buffer));
                    port.record(RecorderCommand::Open {
                        recording,
                        interaction,
                        opened_at_us,
                    });
                }
            }
        }
    }

    fn open(
        &mut self,
        now: MonoTime,
        leg: MediaLeg,
        media: Option<LegMedia>,
        start: StreamStart,
        port: &mut impl Port,
    ) {
        // A slot is closed before it is opened again; a missed close is made up for.
        if let Some(old) = self.leg(leg.slot).map(|old| old.endpoint.leg()) {
            self.counts.refused += 1;
            self.close(now, old, port);
        }
        let mut endpoint = Endpoint::new(leg, start, now);
        if let Some(media) = media {
            endpoint.modify(now, media);
        }
        let reports = Reports::new(now, start.ssrc, start.timestamp);
        // Spread over the legs, so that slow work does not come in one tick.
        let slow_at = now + Duration::from_millis(u64::from(leg.slot % 25) * 2);
        let Some(place) = self.legs.get_mut(index(leg.slot)) else {
            self.counts.stale += 1;
            return;
        };
        *place = Some(Box::new(Leg {
            endpoint,
            reports,
            partner: None,
            slow_at,
        }));
        self.open.push(leg.slot);
    }

    fn modify(&mut self, now: MonoTime, leg: MediaLeg, media: LegMedia) {
        let Some(found) = self.find(leg) else {
            return;
        };
        let speaks_anew = found.endpoint.modify(now, media);
        let partner = found.partner.filter(|_| speaks_anew);
        if let Some(other) = partner.and_then(|partner| self.leg(partner)) {
            other.endpoint.out.break_relay();
        }
    }

    fn close(&mut self, now: MonoTime, leg: MediaLeg, port: &mut impl Port) {
        self.unbridge(leg.slot);
        let Some(mut closed) = self.legs.get_mut(index(leg.slot)).and_then(Option::take) else {
            return;
        };
        self.open.retain(|slot| *slot != leg.slot);
        closed.endpoint.stop_play(port);
        let Leg {
            endpoint, reports, ..
        } = &mut *closed;
        reports.send(now, self.config.wall_zero_us, endpoint, Ending::Leaves, port);
        end_recording(now, endpoint, port);
        port.event(MediaEvent::Closed {
            leg,
            stats: endpoint.stats(),
        });
    }

    fn bridge(&mut self, a: MediaLeg, b: MediaLeg, port: &mut impl Port) {
        if self.find(a).is_none() || self.find(b).is_none() {
            return;
        }
        if a.slot == b.slot {
            self.counts.refused += 1;
            return;
        }
        for (leg, partner) in [(a, b), (b, a)] {
            let Some(found) = self.leg(leg.slot) else {
                continue;
            };
            found.endpoint.stop_play(port);
            if found.partner != Some(partner.slot) {
                self.unbridge(leg.slot);
            }
        }
        for (leg, partner) in [(a, b), (b, a)] {
            if let Some(found) = self.leg(leg.slot) {
                found.partner = Some(partner.slot);
            }
        }
    }

    /// Ends a pair; when it is bridged again, both legs go on from the number that they were sent last.
    fn unbridge(&mut self, slot: u32) {
        let partner = self.leg(slot).and_then(|found| found.partner);
        for leg in [Some(slot), partner].into_iter().flatten() {
            if let Some(found) = self.leg(leg) {
                found.partner = None;
                found.endpoint.out.break_relay();
            }
        }
    }

    /// Takes one packet from a slot's socket; it is changed in place when it is passed on.
    pub fn receive(
        &mut self,
        now: MonoTime,
        socket: SlotSocket,
        source: SocketAddr,
        packet: &mut [u8],
        port: &mut impl Port,
    ) {
        let Some(leg) = self.leg(socket.slot) else {
            return;
        };
        if socket.channel == Channel::Rtcp || rtp::is_rtcp(packet) {
            leg.reports.receive(now, &mut leg.endpoint, source, packet);
            return;
        }
        hand_over(now, &mut leg.endpoint, port);
        let received = leg.endpoint.receive(now, source, packet, port);
        let codec = leg.endpoint.media.as_ref().map(|media| media.codec);
        if let (Some(partner), Some(codec)) = (leg.partner, codec)
            && received != Received::Nothing
            && let Some(other) = self.leg(partner)
        {
            hand_over(now, &mut other.endpoint, port);
            other.endpoint.relay(now, codec, received, packet, port);
        }
    }

    /// Sends the frames that are due and does what is slow when its time has come.
    pub fn tick(&mut self, now: MonoTime, port: &mut impl Port) {
        for slot in &self.open {
            let Some(leg) = self.legs.get_mut(index(*slot)).and_then(Option::as_deref_mut) else {
                continue;
            };
            // At most what was missed in a long pause of the thread; then frames are left out.
            hand_over(now, &mut leg.endpoint, port);
            for _ in 0..5 {
                if leg.endpoint.next_frame().is_none_or(|due| now < due) {
                    break;
                }
                leg.endpoint.frame(now, &self.prompts, port);
            }
            if leg.slow_at <= now {
                leg.slow_at = now + SLOW;
                slow(now, &self.config, leg, port);
            }
        }
    }

    /// The figures of an open leg.
    pub fn stats(&self, slot: u32) -> Option<crate::media::command::LegStats> {
        self.legs
            .get(index(slot))?
            .as_ref()
            .map(|leg| leg.endpoint.stats())
    }

    fn leg(&mut self, slot: u32) -> Option<&mut Leg> {
        self.legs.get_mut(index(slot))?.as_deref_mut()
    }

    /// The leg of this generation; another one's command is counted.
    fn find(&mut self, leg: MediaLeg) -> Option<&mut Leg> {
        let found = self.legs.get_mut(index(leg.slot)).and_then(Option::as_deref_mut);
        let found = found.filter(|found| found.endpoint.leg() == leg);
        if found.is_none() {
            self.counts.stale += 1;
        }
        found
    }
}

fn slow(now: MonoTime, config: &PlaneConfig, leg: &mut Leg, port: &mut impl Port) {
    leg.endpoint.check_timeout(now, config.rtp_timeout, port);
    if leg.reports.is_due(now) {
        leg.reports
            .send(now, config.wall_zero_us, &mut leg.endpoint, Ending::GoesOn, port);
    }
    hand_over(now, &mut leg.endpoint, port);
}

/// Hands the recorder each second that is complete; before a packet is copied, so that it finds room.
fn hand_over(now: MonoTime, endpoint: &mut Endpoint, port: &mut impl Port) {
    while let Some(tap) = endpoint.tap.as_mut().filter(|tap| tap.is_due(now)) {
        if let Some(chunk) = tap.take(port.take_buffer()) {
            port.record(RecorderCommand::Chunk(chunk));
        }
    }
}

fn end_recording(now: MonoTime, endpoint: &mut Endpoint, port: &mut impl Port) {
    if let Some(tap) = endpoint.tap.take() {
        let recording = tap.recording();
        let more = tap
            .ends_in_two(now)
            .then(|| port.take_buffer().unwrap_or_else(chunk::new_audio));
        let finished = tap.finish(now, more);
        for chunk in finished.chunks.into_iter().flatten() {
            port.record(RecorderCommand::Chunk(chunk));
        }
        port.record(RecorderCommand::Close {
            recording,
            gap_ms: finished.gap_ms,
        });
        port.close_buffer(finished.spare);
    }
}

fn index(slot: u32) -> usize {
    usize::try_from(slot).unwrap_or(usize::MAX)
}
