//! A media plane with a fake world: everything it sends, says and records is kept.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rexian::base::codec::Codec;
use rexian::base::time::MonoTime;
use rexian::media::chunk::ChunkAudio;
use rexian::media::chunk::RecorderCommand;
use rexian::media::chunk::new_audio;
use rexian::media::command::Flow;
use rexian::media::command::Latch;
use rexian::media::command::LegMedia;
use rexian::media::command::MediaCommand;
use rexian::media::command::MediaEvent;
use rexian::media::command::MediaLeg;
use rexian::media::command::Playback;
use rexian::media::command::PlaybackId;
use rexian::media::command::PromptIndex;
use rexian::media::command::Repeat;
use rexian::media::command::StreamStart;
use rexian::media::plane::Channel;
use rexian::media::plane::Plane;
use rexian::media::plane::PlaneConfig;
use rexian::media::plane::Port;
use rexian::media::plane::SlotSocket;
use rexian::media::player::Prompt;
use rexian::media::player::Prompts;
use rexian::media::rtp;
use rexian::media::rtp::Header;

/// The two legs of most scripts.
pub(super) const A: MediaLeg = MediaLeg {
    slot: 0,
    generation: 1,
};
pub(super) const B: MediaLeg = MediaLeg {
    slot: 1,
    generation: 1,
};
/// 200 ms of A-law 1, and 1 s of A-law 2.
pub(super) const SHORT: PromptIndex = PromptIndex(0);
pub(super) const LONG: PromptIndex = PromptIndex(1);

/// One packet that the plane sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) at: MonoTime,
    pub(super) slot: u32,
    pub(super) channel: Channel,
    pub(super) to: SocketAddr,
    pub(super) packet: Vec<u8>,
}

impl Sent {
    pub(super) fn header(&self) -> Header {
        rtp::parse(&self.packet).unwrap().header
    }
}

#[derive(Default)]
pub(super) struct World {
    now: MonoTime,
    pub(super) sent: Vec<Sent>,
    pub(super) events: Vec<MediaEvent>,
    pub(super) recorded: Vec<RecorderCommand>,
    pub(super) buffers_refused: bool,
}

impl Port for World {
    fn send(&mut self, slot: u32, channel: Channel, to: SocketAddr, packet: &[u8]) {
        self.sent.push(Sent {
            at: self.now,
            slot,
            channel,
            to,
            packet: packet.to_vec(),
        });
    }
    fn event(&mut self, event: MediaEvent) {
        self.events.push(event);
    }
    fn record(&mut self, command: RecorderCommand) {
        self.recorded.push(command);
    }
    fn open_buffer(&mut self) -> ChunkAudio {
        new_audio()
    }
    fn take_buffer(&mut self) -> Option<ChunkAudio> {
        (!self.buffers_refused).then(new_audio)
    }
    fn close_buffer(&mut self, _spare: Option<ChunkAudio>) {}
}

pub(super) struct Rig {
    pub(super) plane: Plane,
    pub(super) world: World,
    pub(super) ms: u64,
}

/// Where a leg's phone is: 10.0.0.SLOT:4000.
pub(super) fn phone(leg: MediaLeg) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, u8::try_from(leg.slot).unwrap()], 4000))
}

pub(super) fn media(leg: MediaLeg) -> LegMedia {
    LegMedia {
        remote_rtp: Some(phone(leg)),
        remote_rtcp: Some(SocketAddr::new(phone(leg).ip(), 4001)),
        rtcp_mux: false,
        codec: Codec::Pcma,
        payload_type: 8,
        telephone_event: Some(101),
        flow: Flow {
            send: true,
            receive: true,
        },
        latch: Latch::SdpAddress,
    }
}

pub(super) fn packet(ssrc: u32, sequence: u16, timestamp: u32, payload_type: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = Header {
        marker: false,
        payload_type,
        sequence,
        timestamp,
        ssrc,
    }
    .to_bytes()
    .to_vec();
    packet.extend(payload);
    packet
}

impl Rig {
    /// A plane of ten slots without legs.
    pub(super) fn new() -> Self {
        let fill = |value: u8, length: usize| Prompt {
            alaw: vec![value; length].into(),
            ulaw: vec![!value; length].into(),
        };
        let prompts = Arc::new(Prompts(vec![fill(1, 1_600), fill(2, 8_000)]));
        let config = PlaneConfig {
            slots_max: 10,
            rtp_timeout: Duration::from_secs(30),
            wall_zero_us: 1_795_000_000_000_000,
        };
        Self {
            plane: Plane::new(config, prompts),
            world: World::default(),
            ms: 0,
        }
    }

    /// A plane with A and B open.
    pub(super) fn with_two_legs() -> Self {
        let mut rig = Self::new();
        rig.open(A, media(A));
        rig.open(B, media(B));
        rig
    }

    pub(super) fn bridged() -> Self {
        let mut rig = Self::with_two_legs();
        rig.command(MediaCommand::Bridge { a: A, b: B });
        rig
    }

    pub(super) fn now(&mut self) -> MonoTime {
        self.world.now = MonoTime::from_micros(self.ms * 1_000);
        self.world.now
    }

    pub(super) fn command(&mut self, command: MediaCommand) {
        let now = self.now();
        self.plane.handle(now, command, &mut self.world);
    }

    pub(super) fn open(&mut self, leg: MediaLeg, media: LegMedia) {
        let start = StreamStart {
            ssrc: 0xAA00 + leg.slot,
            sequence: 65_530,
            timestamp: 4_294_960_000,
        };
        self.command(MediaCommand::Open {
            leg,
            media: Some(media),
            start,
        });
    }

    pub(super) fn play(&mut self, leg: MediaLeg, prompts: &[PromptIndex], repeat: Repeat) {
        let playback = Playback {
            id: PlaybackId(7),
            prompts: prompts.into(),
            repeat,
        };
        self.command(MediaCommand::Play { leg, playback });
    }

    /// Lets time pass in steps of 2 ms.
    pub(super) fn pass(&mut self, ms: u64) {
        for _ in 0..ms / 2 {
            self.ms += 2;
            let now = self.now();
            self.plane.tick(now, &mut self.world);
        }
    }

    pub(super) fn receive_from(&mut self, leg: MediaLeg, source: SocketAddr, packet: &[u8]) {
        let now = self.now();
        self.plane.receive(
            now,
            SlotSocket {
                slot: leg.slot,
                channel: Channel::Rtp,
            },
            source,
            &mut packet.to_vec(),
            &mut self.world,
        );
    }

    pub(super) fn receive(&mut self, leg: MediaLeg, packet: &[u8]) {
        self.receive_from(leg, phone(leg), packet);
    }

    pub(super) fn receive_rtcp(&mut self, leg: MediaLeg, source: SocketAddr, packet: &[u8]) {
        let now = self.now();
        self.plane.receive(
            now,
            SlotSocket {
                slot: leg.slot,
                channel: Channel::Rtcp,
            },
            source,
            &mut packet.to_vec(),
            &mut self.world,
        );
    }

    /// A leg's phone speaks `frames` of 20 ms from sequence number and frame `first` on, all bytes `value`.
    pub(super) fn talk(&mut self, leg: MediaLeg, ssrc: u32, first: u16, frames: u16, value: u8) {
        for frame in first..first + frames {
            self.receive(
                leg,
                &packet(ssrc, frame, u32::from(frame) * 160, 8, &[value; 160]),
            );
            self.pass(20);
        }
    }

    /// The RTP that a leg was sent since the last call.
    pub(super) fn take_sent(&mut self, leg: MediaLeg) -> Vec<Sent> {
        let (mine, rest): (Vec<Sent>, Vec<Sent>) = std::mem::take(&mut self.world.sent)
            .into_iter()
            .partition(|it| it.slot == leg.slot);
        self.world.sent = rest;
        mine.into_iter().filter(|it| it.channel == Channel::Rtp).collect()
    }

    pub(super) fn take_events(&mut self) -> Vec<MediaEvent> {
        std::mem::take(&mut self.world.events)
    }
}

/// Checks a stream that one leg was sent: one SSRC, numbers without a hole, timestamps that follow the wall.
pub(super) fn assert_continuous(sent: &[Sent], tolerance_ms: i64) {
    for pair in sent.windows(2) {
        let (before, after) = (pair[0].header(), pair[1].header());
        assert_eq!(before.ssrc, after.ssrc);
        assert_eq!(before.sequence.wrapping_add(1), after.sequence);
        let by_stream = i64::from(after.timestamp.wrapping_sub(before.timestamp)) / 8;
        let by_wall = i64::try_from(pair[1].at.since(pair[0].at).as_millis()).unwrap();
        assert!(
            (by_stream - by_wall).abs() <= tolerance_ms,
            "{by_stream} ms of stream in {by_wall} ms"
        );
    }
}
