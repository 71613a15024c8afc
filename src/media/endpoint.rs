//! One leg: packets in and out, its prompts and digits, its recording copy, its reports and its timeout.
//!
//! ```text
//! no media ─Modify─▶ media ─first packet of the peer─▶ heard ─30 s of nothing─▶ timed out ─packet─▶ heard
//! outgoing: silent | playback | digits | relayed     (digits over playback over relayed)
//! ```
//! Driven by [`plane`](crate::media::plane), which knows the partners.
//!
//! **Invariants.** One outgoing stream for the life of the leg; nothing is sent to nobody, against the flow, or to
//! an address that was neither signalled nor locked; a digit is reported once.
//! **Not here.** Pairs of legs (`plane`), sockets (`io::media`), why a leg plays or is held (`call`).
//! **Source.** RFC 3550, RFC 4733; interoperability rules 7 to 10.

use std::net::SocketAddr;
use std::time::Duration;

use crate::base::codec::Codec;
use crate::base::time::MonoTime;
use crate::media::command::LegMedia;
use crate::media::command::LegStats;
use crate::media::command::MediaEvent;
use crate::media::command::MediaLeg;
use crate::media::command::Playback;
use crate::media::command::StreamStart;
use crate::media::latch::SourceLatch;
use crate::media::latch::Verdict;
use crate::media::out_stream::OutStream;
use crate::media::plane::Channel;
use crate::media::plane::Port;
use crate::media::player::FRAME_SAMPLES;
use crate::media::player::Played;
use crate::media::player::Player;
use crate::media::player::Prompts;
use crate::media::reception::Order;
use crate::media::reception::Reception;
use crate::media::rtp;
use crate::media::rtp::HEADER_BYTES;
use crate::media::rtp::Header;
use crate::media::rtp::Span;
use crate::media::tap::Audio;
use crate::media::tap::Side;
use crate::media::tap::Tap;
use crate::media::telephone_event::EVENT_BYTES;
use crate::media::telephone_event::Frame;
use crate::media::telephone_event::Listener;
use crate::media::telephone_event::Sender;

/// Time between two frames of our own.
pub const FRAME: Duration = Duration::from_millis(20);
/// Behind by more than this, frames are left out rather than sent in a burst.
const FRAME_LAG_MAX: Duration = Duration::from_millis(100);

/// What a received packet is to the partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Nothing to pass on.
    Nothing,
    /// Audio in the leg's codec.
    Audio(Span),
    /// A telephone event.
    Event(Span),
}

/// One leg.
#[derive(Debug)]
pub struct Endpoint {
    leg: MediaLeg,
    pub(crate) media: Option<LegMedia>,
    pub(crate) latch: Option<SourceLatch>,
    pub(crate) reception: Reception,
    pub(crate) out: OutStream,
    listener: Listener,
    presses: Sender,
    player: Option<Player>,
    pub(crate) tap: Option<Tap>,
    frame_at: MonoTime,
    strangers: u64,
    pub(crate) far_loss: u8,
    first_heard: bool,
    pub(crate) heard_at: MonoTime,
    timed_out: bool,
}

impl Endpoint {
    /// Begins a leg without media.
    pub fn new(leg: MediaLeg, start: StreamStart, now: MonoTime) -> Self {
        Self {
            leg,
            media: None,
            latch: None,
            reception: Reception::default(),
            out: OutStream::new(start),
            listener: Listener::default(),
            presses: Sender::default(),
            player: None,
            tap: None,
            frame_at: MonoTime::default(),
            strangers: 0,
            far_loss: 0,
            first_heard: false,
            heard_at: now,
            timed_out: false,
        }
    }

    /// Which leg.
    pub fn leg(&self) -> MediaLeg {
        self.leg
    }

    /// Takes settled media. Returns whether the packets of the peer that come next are another stream to the
    /// partner: it was not listened to before, or moves, or changes its payload type.
    pub fn modify(&mut self, now: MonoTime, media: LegMedia) -> bool {
        let speaks_anew = self.media.as_ref().is_none_or(|before| {
            !before.flow.receive
                || before.remote_rtp != media.remote_rtp
                || before.payload_type != media.payload_type
        });
        let was_silenced = self.send_to().is_none();
        match &mut self.latch {
            Some(latch) => latch.reset(now, media.latch, media.remote_rtp),
            None => self.latch = Some(SourceLatch::new(now, media.latch, media.remote_rtp)),
        }
        self.heard_at = now;
        self.timed_out = false;
        self.media = Some(media);
        if was_silenced {
            self.out.interrupt();
        }
        speaks_anew
    }

    /// Takes one RTP packet from this leg's socket.
    pub fn receive(
        &mut self,
        now: MonoTime,
        source: SocketAddr,
        packet: &[u8],
        port: &mut impl Port,
    ) -> Received {
        let (Some(media), Some(latch)) = (&self.media, &mut self.latch) else {
            return Received::Nothing;
        };
        let Some(span) = rtp::parse(packet) else {
            return Received::Nothing;
        };
        let header = span.header;
        let is_event = media.telephone_event == Some(header.payload_type);
        let is_audio = header.payload_type == media.payload_type;
        if !is_event && !is_audio && header.payload_type != COMFORT_NOISE {
            return Received::Nothing;
        }
        if latch.judge(now, source, &header) == Verdict::Stranger {
            self.strangers += 1;
            return Received::Nothing;
        }
        self.heard_at = now;
        self.timed_out = false;
        if !self.first_heard {
            self.first_heard = true;
            port.event(MediaEvent::FirstRtp { leg: self.leg });
        }
        if self.reception.receive(now, &header) == Order::Late || !media.flow.receive {
            return Received::Nothing;
        }
        let payload = packet.get(span.start..span.end).unwrap_or(&[]);
        if is_event {
            if let Some(digit) = self.listener.receive(header.ssrc, header.timestamp, payload) {
                port.event(MediaEvent::Digit { leg: self.leg, digit });
            }
            return Received::Event(span);
        }
        if !is_audio || payload.is_empty() {
            return Received::Nothing;
        }
        if let Some(tap) = &mut self.tap {
            let codec = media.codec;
            tap.copy(
                now,
                Side::Left,
                &Audio {
                    ssrc: header.ssrc,
                    timestamp: header.timestamp,
                    codec,
                    payload,
                },
            );
        }
        Received::Audio(span)
    }

    /// Passes a packet of the partner on: new header, payload in place, other law when it must be.
    pub fn relay(
        &mut self,
        now: MonoTime,
        from: Codec,
        received: Received,
        packet: &mut [u8],
        port: &mut impl Port,
    ) {
        let (span, is_event) = match received {
            Received::Nothing => return,
            Received::Audio(span) => (span, false),
            Received::Event(span) => (span, true),
        };
        let (Some(media), Some(to)) = (&self.media, self.send_to()) else {
            return;
        };
        if self.player.is_some() || !self.presses.is_idle() {
            self.out.break_relay();
            return;
        }
        let payload_type = if is_event {
            media.telephone_event
        } else {
            Some(media.payload_type)
        };
        let Some(payload_type) = payload_type else {
            self.out.skip(now, &span.header);
            return;
        };
        let codec = media.codec;
        let length = u32::try_from(span.end - span.start).unwrap_or(0);
        let samples = if is_event { 0 } else { length };
        let Some(header) = self.out.relayed(now, &span.header, payload_type, samples) else {
            return;
        };
        let Some((head, payload)) = packet
            .get_mut(span.start - HEADER_BYTES..span.end)
            .and_then(|part| part.split_at_mut_checked(HEADER_BYTES))
        else {
            return;
        };
        head.copy_from_slice(&header.to_bytes());
        if !is_event {
            crate::media::g711::transcode(from, codec, payload);
            let audio = Audio {
                ssrc: header.ssrc,
                timestamp: header.timestamp,
                codec,
                payload,
            };
            if let Some(tap) = &mut self.tap {
                tap.copy(now, Side::Right, &audio);
            }
        }
        self.out.octets += u64::from(length);
        if let Some(whole) = packet.get(span.start - HEADER_BYTES..span.end) {
            port.send(self.leg.slot, Channel::Rtp, to, whole);
        }
    }

    /// Starts a playback in place of the one before.
    pub fn play(&mut self, now: MonoTime, playback: Playback, port: &mut impl Port) {
        self.stop_play(port);
        self.player = Some(Player::new(playback));
        self.out.interrupt();
        self.start_frames(now);
    }

    /// Ends the playback before its end.
    pub fn stop_play(&mut self, port: &mut impl Port) {
        if let Some(player) = self.player.take() {
            self.report_end(&player, false, port);
        }
    }

    fn report_end(&self, player: &Player, whole: bool, port: &mut impl Port) {
        if player.is_once() {
            let (playback, played) = (player.id(), player.played());
            port.event(MediaEvent::PromptEnded {
                leg: self.leg,
                playback,
                whole,
                played,
            });
        }
    }

    /// Sends digits, when the leg knows telephone events.
    pub fn press(&mut self, now: MonoTime, digits: &str) {
        if self
            .media
            .as_ref()
            .is_some_and(|media| media.telephone_event.is_some())
        {
            self.presses.press(digits);
            self.start_frames(now);
        }
    }

    /// When the next frame of our own is due; `None` when there is nothing to send.
    pub fn next_frame(&self) -> Option<MonoTime> {
        (self.player.is_some() || !self.presses.is_idle()).then_some(self.frame_at)
    }

    /// The legs' frames are spread over the 20 ms by slot, so that they do not come in one burst.
    fn start_frames(&mut self, now: MonoTime) {
        if now < self.frame_at {
            return;
        }
        let grid = 20_000;
        let phase = u64::from(self.leg.slot % 10) * 2_000;
        let since = (now.as_micros() + grid - phase) % grid;
        self.frame_at = now + Duration::from_micros(if since == 0 { 0 } else { grid - since });
    }

    /// Sends the frame that is due.
    pub fn frame(&mut self, now: MonoTime, prompts: &Prompts, port: &mut impl Port) {
        let lag = now.since(self.frame_at);
        self.frame_at = if FRAME_LAG_MAX < lag {
            now + FRAME
        } else {
            self.frame_at + FRAME
        };
        if !self.presses.is_idle() {
            self.press_frame(now, port);
            return;
        }
        let Some(codec) = self.media.as_ref().map(|media| media.codec) else {
            return;
        };
        let Some(player) = &mut self.player else {
            return;
        };
        let mut frame = [0; FRAME_SAMPLES];
        match player.next_frame(prompts, codec, &mut frame) {
            Played::Frame => self.send_own(now, codec, &frame, port),
            Played::End => {
                if let Some(player) = self.player.take() {
                    self.report_end(&player, true, port);
                }
                self.out.interrupt();
            }
        }
    }

    fn send_own(&mut self, now: MonoTime, codec: Codec, frame: &[u8; FRAME_SAMPLES], port: &mut impl Port) {
        let (Some(media), Some(to)) = (&self.media, self.send_to()) else {
            return;
        };
        let samples = u32::try_from(FRAME_SAMPLES).unwrap_or(0);
        let header = self.out.own_frame(now, media.payload_type, samples);
        let mut packet = [0; HEADER_BYTES + FRAME_SAMPLES];
        fill(&mut packet, &header, frame);
        if let Some(tap) = &mut self.tap {
            let audio = Audio {
                ssrc: header.ssrc,
                timestamp: header.timestamp,
                codec,
                payload: frame,
            };
            tap.copy(now, Side::Right, &audio);
        }
        self.out.octets += u64::from(samples);
        port.send(self.leg.slot, Channel::Rtp, to, &packet);
    }

    fn press_frame(&mut self, now: MonoTime, port: &mut impl Port) {
        let to = self.send_to();
        let Some(payload_type) = self.media.as_ref().and_then(|media| media.telephone_event) else {
            self.presses.clear();
            return;
        };
        if let (
            Frame::Packet {
                first,
                payload,
                duration,
            },
            Some(to),
        ) = (self.presses.next_frame(), to)
        {
            let header = self.out.own_event(now, payload_type, first, u32::from(duration));
            let mut packet = [0; HEADER_BYTES + EVENT_BYTES];
            fill(&mut packet, &header, &payload);
            port.send(self.leg.slot, Channel::Rtp, to, &packet);
        }
    }

    /// Where RTP goes now: the locked source, else the address of the SDP; nowhere while we may not send.
    pub fn send_to(&self) -> Option<SocketAddr> {
        let media = self.media.as_ref().filter(|media| media.flow.send)?;
        let named = media.remote_rtp?;
        Some(self.latch.as_ref().and_then(SourceLatch::locked).unwrap_or(named))
    }

    /// Reports once that nothing was heard for `limit` while something should be.
    pub fn check_timeout(&mut self, now: MonoTime, limit: Duration, port: &mut impl Port) {
        let expected = self.media.as_ref().is_some_and(|media| media.flow.receive);
        if expected && !self.timed_out && limit <= now.since(self.heard_at) {
            self.timed_out = true;
            port.event(MediaEvent::RtpTimeout { leg: self.leg });
        }
    }

    /// The peer sent a control packet: it is alive.
    pub(crate) fn note_heard(&mut self, now: MonoTime) {
        self.heard_at = now;
        self.timed_out = false;
    }

    /// Counts a packet of somebody else.
    pub(crate) fn note_stranger(&mut self) {
        self.strangers += 1;
    }

    /// The figures so far.
    pub fn stats(&self) -> LegStats {
        LegStats {
            received: self.reception.received,
            sent: self.out.packets,
            lost: self.reception.lost(),
            strangers: self.strangers,
            late: self.reception.late,
            jitter_us: self.reception.jitter_us(),
            far_loss: self.far_loss,
        }
    }
}

/// Comfort noise: proof of life, but no audio. Source: RFC 3389 §4.
const COMFORT_NOISE: u8 = 13;

fn fill(packet: &mut [u8], header: &Header, payload: &[u8]) {
    if let Some((head, body)) = packet.split_at_mut_checked(HEADER_BYTES) {
        head.copy_from_slice(&header.to_bytes());
        body.copy_from_slice(payload);
    }
}
