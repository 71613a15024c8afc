//! Media of the city: one call in fifty has real packets through the real media plane, the others are played by rule.
//!
//! **Invariants checked.** What a peer hears is one stream: one SSRC, no hole in the sequence, timestamps that follow
//! the clock, over prompts, music and talk. Keys arrive. In a talk both hear each other.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rexian::base::random::Random;
use rexian::base::time::MonoTime;
use rexian::media::chunk::ChunkAudio;
use rexian::media::chunk::RecorderCommand;
use rexian::media::chunk::new_audio;
use rexian::media::command::LegMedia;
use rexian::media::command::LegStats;
use rexian::media::command::MediaCommand;
use rexian::media::command::MediaEvent;
use rexian::media::command::MediaLeg;
use rexian::media::command::PlaybackId;
use rexian::media::command::Repeat;
use rexian::media::command::StreamStart;
use rexian::media::plane::Channel;
use rexian::media::plane::Plane;
use rexian::media::plane::PlaneConfig;
use rexian::media::plane::Port;
use rexian::media::plane::SlotSocket;
use rexian::media::player::Prompt;
use rexian::media::player::Prompts;

use crate::city::PORTS;
use crate::city::PROMPTS;
use crate::city::citizen_of_rtp;

const FRAME: Duration = Duration::from_millis(20);
/// A hold of three seconds, and a retrieval that is lost and sent again.
const HOLD_MAX: Duration = Duration::from_secs(8);
const CITIZEN: u8 = 0x11;
const AGENT: u8 = 0x22;
const FIRST_PROMPT: u8 = 0x81;

/// What the world must do.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Tell the exchange after a while.
    Event(Duration, MediaEvent),
    /// A made-up playback ends after a while, unless something else is heard then.
    PlaybackDue(Duration, MediaLeg, PlaybackId),
    /// Citizen and agent hear each other.
    Bridged(u32),
    /// A leg is served from now on.
    Opened(MediaLeg),
}

#[derive(Debug)]
struct Leg {
    start: StreamStart,
    media: Option<LegMedia>,
    /// Played by rule: what plays now.
    playing: Option<PlaybackId>,
    peer: Option<Peer>,
    partner: Option<MediaLeg>,
}

/// A phone with packets.
#[derive(Debug)]
struct Peer {
    says: u8,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    next: MonoTime,
    pressing: VecDeque<[u8; 4]>,
    pressed: String,
    understood: String,
    last: Option<(u32, u16, u32, MonoTime)>,
    heard: BTreeMap<u8, u32>,
    bridged: Option<MonoTime>,
    talked: Duration,
}

#[derive(Default)]
struct Wire {
    sent: Vec<(SocketAddr, Vec<u8>)>,
    events: Vec<MediaEvent>,
}

impl Port for Wire {
    fn send(&mut self, _: u32, channel: Channel, to: SocketAddr, packet: &[u8]) {
        if channel == Channel::Rtp && !packet.get(1).is_some_and(|kind| (192..=223).contains(kind)) {
            self.sent.push((to, packet.to_vec()));
        }
    }
    fn event(&mut self, event: MediaEvent) {
        self.events.push(event);
    }
    fn record(&mut self, _: RecorderCommand) {}
    fn open_buffer(&mut self) -> ChunkAudio {
        new_audio()
    }
    fn take_buffer(&mut self) -> Option<ChunkAudio> {
        Some(new_audio())
    }
    fn close_buffer(&mut self, _: Option<ChunkAudio>) {}
}

pub(crate) struct Media {
    plane: Plane,
    wire: Wire,
    legs: BTreeMap<MediaLeg, Leg>,
    at: BTreeMap<SocketAddr, MediaLeg>,
    real: BTreeSet<MediaLeg>,
    random: Random,
    /// Real talks in which both sides were heard.
    pub(crate) talks: u32,
    pub(crate) keys: u32,
    pub(crate) packets: u64,
}

impl Media {
    pub(crate) fn new(random: Random) -> Self {
        let prompt = |at: u8| Prompt {
            alaw: vec![FIRST_PROMPT + at; 8_000].into(),
            ulaw: vec![FIRST_PROMPT + at; 8_000].into(),
        };
        let prompts = (0..u8::try_from(PROMPTS.len()).unwrap_or(0))
            .map(prompt)
            .collect();
        let config = PlaneConfig {
            slots_max: PORTS,
            rtp_timeout: Duration::from_secs(30),
            wall_zero_us: 0,
        };
        Self {
            plane: Plane::new(config, Arc::new(Prompts(prompts))),
            wire: Wire::default(),
            legs: BTreeMap::new(),
            at: BTreeMap::new(),
            real: BTreeSet::new(),
            random,
            talks: 0,
            keys: 0,
            packets: 0,
        }
    }

    /// Whether packets flow, so that time must be cut into ticks.
    pub(crate) fn is_ticking(&self) -> bool {
        !self.plane.is_idle()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.legs.is_empty() && self.plane.is_idle()
    }

    /// The leg of the citizen or phone whose RTP is at `rtp`.
    pub(crate) fn leg_at(&self, rtp: SocketAddr) -> Option<MediaLeg> {
        self.at.get(&rtp).copied()
    }

    pub(crate) fn command(
        &mut self,
        now: MonoTime,
        command: MediaCommand,
        out: &mut Vec<Effect>,
    ) -> Result<(), String> {
        match &command {
            MediaCommand::Open { leg, media, start } => {
                let rtp = media.as_ref().and_then(|media| media.remote_rtp);
                let citizen = rtp.and_then(citizen_of_rtp);
                let known = Leg {
                    start: *start,
                    media: media.clone(),
                    playing: None,
                    peer: None,
                    partner: None,
                };
                if self.legs.insert(*leg, known).is_some() {
                    return Err(format!("{leg:?} was opened twice"));
                }
                self.at.extend(rtp.map(|rtp| (rtp, *leg)));
                out.push(Effect::Opened(*leg));
                if citizen.is_some_and(|(_, real)| real) {
                    self.make_real(now, *leg, CITIZEN);
                }
            }
            MediaCommand::Modify { leg, media } => {
                self.at.extend(media.remote_rtp.map(|rtp| (rtp, *leg)));
                if let Some(known) = self.legs.get_mut(leg) {
                    known.media = Some(media.clone());
                }
            }
            MediaCommand::Bridge { a, b } => self.bridge(now, *a, *b, out),
            MediaCommand::Unbridge { leg } | MediaCommand::Close { leg } => self.unbridge(now, *leg),
            MediaCommand::Play { .. }
            | MediaCommand::StopPlay { .. }
            | MediaCommand::Record { .. }
            | MediaCommand::SendDigits { .. } => (),
        }
        let leg = leg_of(&command);
        if self.legs.get(&leg).is_some_and(|known| known.peer.is_some()) {
            if !matches!(command, MediaCommand::Open { .. }) {
                self.plane.handle(now, command, &mut self.wire);
            }
            return self.collect(now, out);
        }
        self.by_rule(&command, out);
        Ok(())
    }

    /// What a made-up leg does.
    fn by_rule(&mut self, command: &MediaCommand, out: &mut Vec<Effect>) {
        let leg = leg_of(command);
        let Some(known) = self.legs.get_mut(&leg) else {
            return;
        };
        let ends = matches!(
            command,
            MediaCommand::Play { .. }
                | MediaCommand::StopPlay { .. }
                | MediaCommand::Bridge { .. }
                | MediaCommand::Close { .. }
        );
        if ends && let Some(playback) = known.playing.take() {
            let played = Duration::from_millis(100);
            let event = MediaEvent::PromptEnded {
                leg,
                playback,
                whole: false,
                played,
            };
            out.push(Effect::Event(Duration::from_millis(1), event));
        }
        match command {
            MediaCommand::Play { playback, .. } if playback.repeat == Repeat::Once => {
                known.playing = Some(playback.id);
                let after = Duration::from_millis(300 + self.random.below(3_000));
                out.push(Effect::PlaybackDue(after, leg, playback.id));
            }
            MediaCommand::Close { .. } => {
                self.legs.remove(&leg);
                self.at.retain(|_, it| *it != leg);
                let after = Duration::from_micros(500 + self.random.below(20_000));
                let stats = LegStats::default();
                out.push(Effect::Event(after, MediaEvent::Closed { leg, stats }));
            }
            _ => (),
        }
    }

    /// The end of a made-up playback, when it still plays.
    pub(crate) fn playback_due(&mut self, leg: MediaLeg, playback: PlaybackId) -> Option<MediaEvent> {
        let known = self.legs.get_mut(&leg)?;
        known.playing.take_if(|it| *it == playback)?;
        Some(MediaEvent::PromptEnded {
            leg,
            playback,
            whole: true,
            played: Duration::from_secs(1),
        })
    }

    fn make_real(&mut self, now: MonoTime, leg: MediaLeg, says: u8) {
        let Some(known) = self.legs.get_mut(&leg) else {
            return;
        };
        let command = MediaCommand::Open {
            leg,
            media: known.media.clone(),
            start: known.start,
        };
        self.real.insert(leg);
        known.peer = Some(Peer {
            says,
            ssrc: self.random.next_u32(),
            sequence: 65_500,
            timestamp: self.random.next_u32(),
            next: now,
            pressing: VecDeque::new(),
            pressed: String::new(),
            understood: String::new(),
            last: None,
            heard: BTreeMap::new(),
            bridged: None,
            talked: Duration::ZERO,
        });
        self.plane.handle(now, command, &mut self.wire);
    }

    fn bridge(&mut self, now: MonoTime, a: MediaLeg, b: MediaLeg, out: &mut Vec<Effect>) {
        // The agent's side of a real call is real from the first word on.
        let is_real = |leg: &MediaLeg| self.legs.get(leg).is_some_and(|it| it.peer.is_some());
        if is_real(&a) && !is_real(&b) {
            self.make_real(now, b, AGENT);
        }
        for (leg, partner) in [(a, b), (b, a)] {
            if let Some(known) = self.legs.get_mut(&leg) {
                known.partner = Some(partner);
                if let Some(peer) = &mut known.peer {
                    peer.bridged = Some(now);
                }
            }
        }
        let rtp = self.legs.get(&a).and_then(|leg| leg.media.as_ref()?.remote_rtp);
        out.extend(
            rtp.and_then(citizen_of_rtp)
                .map(|(number, _)| Effect::Bridged(number)),
        );
    }

    fn unbridge(&mut self, now: MonoTime, leg: MediaLeg) {
        let partner = self.legs.get_mut(&leg).and_then(|it| it.partner.take());
        for leg in [Some(leg), partner].into_iter().flatten() {
            if let Some(known) = self.legs.get_mut(&leg) {
                known.partner = None;
                if let Some(peer) = &mut known.peer
                    && let Some(since) = peer.bridged.take()
                {
                    peer.talked += now.since(since);
                }
            }
        }
    }

    /// A citizen presses a key on his phone.
    pub(crate) fn press(&mut self, leg: MediaLeg, key: char, out: &mut Vec<Effect>) {
        let Some(known) = self.legs.get_mut(&leg) else {
            return;
        };
        let Some(peer) = &mut known.peer else {
            let event = MediaEvent::Digit { leg, digit: key };
            out.push(Effect::Event(Duration::from_millis(3), event));
            return;
        };
        self.keys += 1;
        peer.pressed.push(key);
        let code = u8::try_from(key.to_digit(10).unwrap_or(10)).unwrap_or(10);
        for step in 1..=8_u16 {
            let [high, low] = (step.min(5) * 160).to_be_bytes();
            let end: u8 = if step > 5 { 0x80 } else { 0 };
            peer.pressing.push_back([code, end + 10, high, low]);
        }
    }

    /// Two milliseconds are over.
    pub(crate) fn tick(&mut self, now: MonoTime, out: &mut Vec<Effect>) -> Result<(), String> {
        self.plane.tick(now, &mut self.wire);
        let mut packets = Vec::new();
        for leg in &self.real {
            let Some(known) = self.legs.get_mut(leg) else {
                continue;
            };
            let (Some(media), Some(peer)) = (&known.media, &mut known.peer) else {
                continue;
            };
            if peer.next <= now {
                peer.next = now + FRAME;
                // A phone on hold speaks on: what it says is for nobody, but its numbers advance.
                if let Some(rtp) = media.remote_rtp {
                    packets.push((*leg, rtp, peer.packet(media.flow.receive)));
                }
            }
        }
        for (leg, source, mut packet) in packets {
            self.packets += 1;
            let socket = SlotSocket {
                slot: leg.slot,
                channel: Channel::Rtp,
            };
            self.plane
                .receive(now, socket, source, &mut packet, &mut self.wire);
        }
        self.collect(now, out)
    }

    /// Delivers what the plane sent and said.
    fn collect(&mut self, now: MonoTime, out: &mut Vec<Effect>) -> Result<(), String> {
        for (to, packet) in std::mem::take(&mut self.wire.sent) {
            let known = self.at.get(&to).and_then(|leg| self.legs.get_mut(leg));
            if let Some(peer) = known.and_then(|known| known.peer.as_mut()) {
                peer.hear(now, &packet).map_err(|why| format!("{to}: {why}"))?;
            }
        }
        for event in std::mem::take(&mut self.wire.events) {
            match &event {
                MediaEvent::Digit { leg, digit } => {
                    if let Some(peer) = self.legs.get_mut(leg).and_then(|known| known.peer.as_mut()) {
                        peer.understood.push(*digit);
                    }
                }
                MediaEvent::Closed { leg, .. } => {
                    let leg = *leg;
                    self.at.retain(|_, it| *it != leg);
                    self.real.remove(&leg);
                    if let Some(peer) = self.legs.remove(&leg).and_then(|known| known.peer) {
                        self.talks += u32::from(peer.check()?);
                    }
                }
                _ => (),
            }
            out.push(Effect::Event(Duration::from_micros(100), event));
        }
        Ok(())
    }
}

fn leg_of(command: &MediaCommand) -> MediaLeg {
    match command {
        MediaCommand::Open { leg, .. }
        | MediaCommand::Modify { leg, .. }
        | MediaCommand::Play { leg, .. }
        | MediaCommand::StopPlay { leg }
        | MediaCommand::Unbridge { leg }
        | MediaCommand::Record { leg, .. }
        | MediaCommand::SendDigits { leg, .. }
        | MediaCommand::Close { leg }
        | MediaCommand::Bridge { a: leg, .. } => *leg,
    }
}

impl Peer {
    /// What it says next; a key waits until somebody listens, and is then pressed to its end.
    fn packet(&mut self, listened: bool) -> Vec<u8> {
        let begins = |event: &[u8; 4]| event[3] == 160 && event[2] == 0;
        let waits = !listened && self.pressing.front().is_some_and(begins);
        let event = if waits { None } else { self.pressing.pop_front() };
        // The timestamp of a press stands still while it lasts.
        let (kind, payload): (u8, &[u8]) = match &event {
            Some(event) => (101, event),
            None => (8, &[self.says; 160]),
        };
        if event.as_ref().is_none_or(begins) {
            self.timestamp = self.timestamp.wrapping_add(160);
        }
        self.sequence = self.sequence.wrapping_add(1);
        let mut packet = vec![0x80, kind];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(self.timestamp.to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        packet.extend(payload);
        if event.is_some() && self.pressing.front().is_none_or(begins) {
            self.timestamp = self.timestamp.wrapping_add(7 * 160);
        }
        packet
    }

    fn hear(&mut self, now: MonoTime, packet: &[u8]) -> Result<(), String> {
        let Some((head, payload)) = packet.split_first_chunk::<12>() else {
            return Err("a short packet".to_owned());
        };
        let [_, kind, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *head;
        let sequence = u16::from_be_bytes([s0, s1]);
        let (timestamp, ssrc) = (
            u32::from_be_bytes([t0, t1, t2, t3]),
            u32::from_be_bytes([c0, c1, c2, c3]),
        );
        if let Some((source, before, then, at)) = self.last {
            if source != ssrc {
                return Err(format!("the SSRC changed from {source:08x} to {ssrc:08x}"));
            }
            if before.wrapping_add(1) != sequence {
                return Err(format!("sequence {sequence} follows {before}"));
            }
            let by_stream = i64::from(timestamp.wrapping_sub(then).cast_signed()) / 8;
            let by_clock = i64::try_from(now.since(at).as_millis()).unwrap_or(i64::MAX);
            if kind & 0x7f == 8 && 200 < (by_stream - by_clock).abs() {
                return Err(format!("{by_stream} ms of stream in {by_clock} ms"));
            }
        }
        self.last = Some((ssrc, sequence, timestamp, now));
        if kind & 0x7f == 8 {
            *self
                .heard
                .entry(payload.first().copied().unwrap_or(0))
                .or_default() += 1;
        }
        Ok(())
    }

    /// What must have happened when the call is over; whether there was a talk.
    fn check(&self) -> Result<bool, String> {
        let is_beginning = self.pressed.starts_with(&self.understood);
        if !is_beginning || self.understood.len() + 1 < self.pressed.len() {
            return Err(format!(
                "keys {} were pressed, {} were understood",
                self.pressed, self.understood
            ));
        }
        let other = if self.says == CITIZEN { AGENT } else { CITIZEN };
        let heard = self.heard.get(&other).copied().unwrap_or(0);
        // A citizen who holds hears nothing for a while, though the bridge stands.
        let unheld = self.talked.saturating_sub(HOLD_MAX);
        let expected = (unheld.as_millis() / 40).max(25);
        if self.talked > Duration::from_secs(2) && u128::from(heard) < expected {
            return Err(format!(
                "{heard} packets of the other side in {:?} of talk",
                self.talked
            ));
        }
        Ok(self.talked > Duration::from_secs(2))
    }
}
