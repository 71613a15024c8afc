//! All that the control plane and the media plane say to each other.
//!
//! Commands go down, events come up, each through one bounded ring per worker. Both carry a [`MediaLeg`] with its
//! generation: what arrives for an older generation is dropped and counted.
//!
//! **Invariants.** Digits, ended prompts, first RTP and RTP timeouts are never dropped; statistics coalesce.
//! **Not here.** Sockets (`io::media`), what a prompt means (`ivr`).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::base::codec::Codec;
use crate::base::ids::InteractionId;
use crate::base::ids::RecordingId;

/// A leg as the media plane knows it: the slot of its sockets and how often that slot has been used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MediaLeg {
    /// The socket pair in the port pool.
    pub slot: u32,
    /// Counts the uses of the slot.
    pub generation: u32,
}

/// Which prompt of the loaded library: its place in the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PromptIndex(pub u16);

/// Names one playback so that a late end is not taken for another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaybackId(pub u32);

/// From where a leg accepts its first RTP packet (interop rule 9: learn safely, then lock).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Latch {
    /// Only from the address of the SDP, any port.
    SdpAddress,
    /// From the address of the SDP or the one that signalling came from, any port.
    SdpOrSignalling(std::net::IpAddr),
    /// From anywhere within 3 s of the opening, for peers behind NAT that are flagged so.
    AnySource,
}

/// Which way media may flow, seen from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// We may send.
    pub send: bool,
    /// We listen.
    pub receive: bool,
}

/// What offer/answer settled for a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegMedia {
    /// Where to send RTP; none while the peer holds with `c=0.0.0.0`.
    pub remote_rtp: Option<SocketAddr>,
    /// Where to send RTCP; none when unknown.
    pub remote_rtcp: Option<SocketAddr>,
    /// RTCP shares the RTP socket (RFC 5761).
    pub rtcp_mux: bool,
    /// The codec both ways.
    pub codec: Codec,
    /// Its payload type on this leg.
    pub payload_type: u8,
    /// The payload type of telephone-event/8000 on this leg, when negotiated.
    pub telephone_event: Option<u8>,
    /// Which way media may flow.
    pub flow: Flow,
    /// From where the first packet is accepted.
    pub latch: Latch,
}

/// Random starts of an outgoing RTP stream (RFC 3550 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamStart {
    /// Synchronisation source, one for the life of the leg.
    pub ssrc: u32,
    /// First sequence number.
    pub sequence: u16,
    /// First timestamp.
    pub timestamp: u32,
}

/// What a leg hears from us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Playback {
    /// Names this playback.
    pub id: PlaybackId,
    /// Prompts in order.
    pub prompts: Arc<[PromptIndex]>,
    /// Play them again and again (music) or once.
    pub repeat: Repeat,
}

/// How often a playback runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Once; its end is reported.
    Once,
    /// Until it is stopped.
    Forever,
}

/// What control asks of a media worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaCommand {
    /// Begin to serve a slot's sockets. A slot is closed before it is opened again.
    Open {
        /// The leg.
        leg: MediaLeg,
        /// The settled media; `None` when only our offer is out (packets are not accepted yet).
        media: Option<LegMedia>,
        /// Random starts of the outgoing stream.
        start: StreamStart,
    },
    /// Change the settled media: a (re-)answer, hold, retrieve, a moved peer (which may latch anew).
    Modify {
        /// The leg.
        leg: MediaLeg,
        /// The settled media.
        media: LegMedia,
    },
    /// Play to the leg, in place of what it hears now. A bridged leg hears the playback until its end.
    Play {
        /// The leg.
        leg: MediaLeg,
        /// What.
        playback: Playback,
    },
    /// Stop playing; a `PromptEnded` with `whole: false` follows for a playback of `Repeat::Once`.
    StopPlay {
        /// The leg.
        leg: MediaLeg,
    },
    /// Both legs hear each other (a playback of either is stopped). A leg is never its own source.
    Bridge {
        /// One leg.
        a: MediaLeg,
        /// The other.
        b: MediaLeg,
    },
    /// The leg and its partner stop hearing each other.
    Unbridge {
        /// The leg.
        leg: MediaLeg,
    },
    /// Record this (customer's) leg: left what it sends, right everything it hears.
    Record {
        /// The leg.
        leg: MediaLeg,
        /// The recording.
        recording: RecordingId,
        /// The interaction, whose data key seals the file.
        interaction: InteractionId,
        /// Wall instant of the opening, UTC µs.
        opened_at_us: i64,
    },
    /// Send digits as telephone events (or nothing when the leg negotiated none).
    SendDigits {
        /// The leg.
        leg: MediaLeg,
        /// `0-9 * # A-D`.
        digits: Arc<str>,
    },
    /// Stop serving the slot; `Closed` with the last statistics follows, and the recording is finished.
    Close {
        /// The leg.
        leg: MediaLeg,
    },
}

/// What a media worker or the recorder tells control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaEvent {
    /// A key was pressed (once per press, at its beginning).
    Digit {
        /// The leg.
        leg: MediaLeg,
        /// `0-9 * # A-D`.
        digit: char,
    },
    /// A playback of `Repeat::Once` ended.
    PromptEnded {
        /// The leg.
        leg: MediaLeg,
        /// Which playback.
        playback: PlaybackId,
        /// Whether it was played to its end.
        whole: bool,
        /// How much was played.
        played: Duration,
    },
    /// The first RTP packet of a leg was accepted.
    FirstRtp {
        /// The leg.
        leg: MediaLeg,
    },
    /// No RTP and no RTCP for the limit while media should flow.
    RtpTimeout {
        /// The leg.
        leg: MediaLeg,
    },
    /// The slot is free again.
    Closed {
        /// The leg.
        leg: MediaLeg,
        /// Last figures.
        stats: LegStats,
    },
    /// The recording's file is complete and synced.
    RecordingStored {
        /// Which.
        recording: RecordingId,
        /// Of which interaction.
        interaction: InteractionId,
        /// The file.
        file: StoredFile,
    },
    /// The recording could not be written (in whole or from some second on).
    RecordingFailed {
        /// Which.
        recording: RecordingId,
        /// Of which interaction.
        interaction: InteractionId,
        /// In words.
        error: String,
    },
}

/// A finished recording on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Path below the recordings root.
    pub path: String,
    /// Length, milliseconds.
    pub duration_ms: u64,
    /// Size, bytes.
    pub bytes: u64,
    /// `sha256:` + hex of the chain's last link.
    pub digest: String,
    /// Missing audio (ring full, disk slow or failed), milliseconds.
    pub gap_ms: u64,
}

/// Figures of a leg's streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LegStats {
    /// RTP packets received and used.
    pub received: u64,
    /// RTP packets sent.
    pub sent: u64,
    /// Packets that the sequence numbers say are missing.
    pub lost: u64,
    /// Packets from a source that is not the locked one.
    pub strangers: u64,
    /// Packets received twice or too late.
    pub late: u64,
    /// Interarrival jitter, microseconds (RFC 3550 §6.4.1).
    pub jitter_us: u64,
    /// Loss that the far end reported, of 256 (RFC 3550 §6.4.1).
    pub far_loss: u8,
}
