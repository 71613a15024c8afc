//! Offer and answer for the one audio stream of a leg.
//!
//! ```text
//!            offer ──▶ Offered ── accept_answer ─▶ Idle
//!   Idle ──▶
//!            answer ─▶ Idle          (a new offer of ours replaces one that was not answered)
//! ```
//!
//! **Invariants.** The version of `o=` never falls; it grows by one exactly when our description changes. Sections keep
//! their number and order; what is not our audio is there with port 0. A failed negotiation changes nothing.
//!
//! **Not here.** When to offer and what a hold does to a call: `call`. Where packets go: `media`.
//!
//! **Source.** RFC 3264 §5–§8; RFC 4733 §7; RFC 5761 §5.1.1; hold by `c=0.0.0.0` after RFC 2543 §B.5.

use std::fmt::Write;
use std::net::IpAddr;
use std::net::SocketAddr;

use crate::base::codec::Codec;
use crate::sdp::description::Address;
use crate::sdp::description::Description;
use crate::sdp::description::Direction;
use crate::sdp::description::Media;
pub use crate::sdp::parse::SdpError;

/// The payload type that our offers give to telephone events until the peer has chosen one.
const TELEPHONE_EVENT: u8 = 101;
/// The packet time that we write, and assume when nothing usable is said. Source: RFC 3551 §4.2.
const PTIME_MS: u8 = 20;

/// What our side of a leg can do.
#[derive(Clone, Copy, Debug)]
pub struct LocalMedia<'a> {
    /// The address where we receive, as the peer sees it.
    pub address: IpAddr,
    /// The port where we receive RTP; RTCP comes to the next one.
    pub rtp_port: u16,
    /// The codecs we allow, best first.
    pub codecs: &'a [Codec],
    /// Whether telephone events are spoken.
    pub telephone_event: bool,
    /// Whether RTCP may come on the RTP port.
    pub rtcp_mux: bool,
}

/// What both sides agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// Where to send; `None`: the peer wants nothing sent (`0.0.0.0`, or port 0).
    pub remote_rtp: Option<SocketAddr>,
    /// Where to send RTCP.
    pub remote_rtcp: Option<SocketAddr>,
    /// Whether we may send.
    pub send: bool,
    /// Whether the peer may send.
    pub receive: bool,
    /// The codec to send.
    pub codec: Codec,
    /// The payload type to send it with.
    pub payload_type: u8,
    /// The payload type of telephone events, if both sides speak them.
    pub telephone_event: Option<u8>,
    /// The packet time that the peer prefers, 10 to 60 in milliseconds.
    pub ptime_ms: u8,
    /// Whether RTCP shares the RTP port.
    pub rtcp_mux: bool,
    /// Whether the peer has put us on hold.
    pub hold: bool,
}

/// A section that is not our audio, kept in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Slot {
    kind: String,
    profile: String,
    format: String,
}

/// What our last offer said that the answer is measured against.
#[derive(Clone, Debug)]
struct Offered {
    direction: Direction,
    codecs: Vec<Codec>,
    telephone_event: bool,
    rtcp_mux: bool,
}

/// Our side of one leg's session description.
#[derive(Clone, Debug)]
pub struct SdpSession {
    id: u64,
    /// The version of the last description; 0: none yet.
    version: u64,
    /// The last description without its `o=` line.
    last: String,
    /// Every section the session has; that of our audio is at `audio`.
    slots: Vec<Slot>,
    audio: usize,
    telephone_event: u8,
    /// What was agreed last, for an offer that only disables the stream.
    codec: Option<(Codec, u8)>,
    offered: Option<Offered>,
}

/// Our audio section, ready to be written.
struct AudioSection<'a> {
    local: &'a LocalMedia<'a>,
    port: u16,
    profile: &'a str,
    codecs: &'a [(u8, Codec)],
    telephone_event: Option<u8>,
    rtcp_mux: bool,
    direction: Direction,
}

impl SdpSession {
    /// Starts a session; `id` is unique among ours for as long as the peer may remember.
    pub const fn new(id: u64) -> Self {
        Self {
            id,
            version: 0,
            last: String::new(),
            slots: Vec::new(),
            audio: 0,
            telephone_event: TELEPHONE_EVENT,
            codec: None,
            offered: None,
        }
    }

    /// Writes an offer. It replaces an offer that was not answered.
    pub fn offer(&mut self, local: &LocalMedia<'_>, direction: Direction) -> String {
        let codecs: Vec<(u8, Codec)> = local
            .codecs
            .iter()
            .map(|codec| (codec.payload_type(), *codec))
            .collect();
        let slots = if self.slots.is_empty() {
            vec![audio_slot("RTP/AVP")]
        } else {
            self.slots.clone()
        };
        let profile = slots
            .get(self.audio)
            .map_or("RTP/AVP", |slot| slot.profile.as_str());
        let section = AudioSection {
            local,
            port: local.rtp_port,
            profile,
            codecs: &codecs,
            telephone_event: local.telephone_event.then_some(self.telephone_event),
            rtcp_mux: local.rtcp_mux,
            direction,
        };
        let body = write_body(&slots, self.audio, &section);
        self.offered = Some(Offered {
            direction,
            codecs: local.codecs.to_vec(),
            telephone_event: local.telephone_event,
            rtcp_mux: local.rtcp_mux,
        });
        self.slots = slots;
        self.commit(body, local.address)
    }

    /// Answers an offer; the codec is the first of the peer's that `local` allows.
    ///
    /// # Errors
    /// [`SdpError`]; the session is as before and [`SdpError::status`] is the answer.
    pub fn answer(&mut self, offer: &[u8], local: &LocalMedia<'_>) -> Result<(String, Negotiated), SdpError> {
        let remote = Description::parse(offer)?;
        let chosen = choose_audio(&remote, local.codecs, self.codec)?;
        let media = chosen.media;
        let negotiated = Negotiated {
            telephone_event: media.telephone_event().filter(|_| local.telephone_event),
            ..agree(&chosen, Direction::SendRecv, media.rtcp_mux && local.rtcp_mux)?
        };
        let slots: Vec<Slot> = remote.media.iter().map(slot_of).collect();
        let codecs = [(chosen.payload_type, chosen.codec)];
        let section = AudioSection {
            local,
            port: if media.port == 0 { 0 } else { local.rtp_port },
            profile: media.profile,
            codecs: &codecs,
            telephone_event: negotiated.telephone_event,
            rtcp_mux: negotiated.rtcp_mux,
            direction: direction_of(media).reversed(),
        };
        let body = write_body(&slots, chosen.at, &section);
        self.slots = slots;
        self.audio = chosen.at;
        self.offered = None;
        self.remember(&negotiated);
        Ok((self.commit(body, local.address), negotiated))
    }

    /// Takes the answer to our last offer.
    ///
    /// # Errors
    /// [`SdpError`]; the offer stays open, so that a later answer of another fork can be taken.
    pub fn accept_answer(&mut self, answer: &[u8]) -> Result<Negotiated, SdpError> {
        let offered = self.offered.as_ref().ok_or(SdpError::NoOffer)?;
        let remote = Description::parse(answer)?;
        let at_our_place = remote.media.get(self.audio).filter(|media| media.kind == "audio");
        let media = at_our_place.or_else(|| remote.media.iter().find(|media| media.kind == "audio"));
        let media = media.ok_or(SdpError::NoAudio)?;
        if media.port == 0 {
            return Err(SdpError::Rejected);
        }
        let (payload_type, codec) = first_codec(media, &offered.codecs).ok_or(SdpError::NoCodec)?;
        let chosen = Chosen {
            at: self.audio,
            media,
            codec,
            payload_type,
        };
        let negotiated = Negotiated {
            telephone_event: media.telephone_event().filter(|_| offered.telephone_event),
            ..agree(&chosen, offered.direction, media.rtcp_mux && offered.rtcp_mux)?
        };
        self.offered = None;
        self.remember(&negotiated);
        Ok(negotiated)
    }

    /// The version of our last description; 0 before the first.
    pub const fn version(&self) -> u64 {
        self.version
    }

    fn remember(&mut self, negotiated: &Negotiated) {
        self.telephone_event = negotiated.telephone_event.unwrap_or(self.telephone_event);
        self.codec = Some((negotiated.codec, negotiated.payload_type));
    }

    /// Puts the origin before a description and counts the version when it is a new one.
    fn commit(&mut self, body: String, address: IpAddr) -> String {
        if self.last != body {
            self.version += 1;
            self.last = body;
        }
        let (id, version, last) = (self.id, self.version, &self.last);
        format!(
            "v=0\r\no=- {id} {version} IN {} {address}\r\n{last}",
            family(address)
        )
    }
}

/// The peer's audio section that we take.
struct Chosen<'a, 'b> {
    at: usize,
    media: &'b Media<'a>,
    codec: Codec,
    payload_type: u8,
}

/// Picks the first audio section that can be accepted; a disabled one only in a session that has been agreed before.
fn choose_audio<'a, 'b>(
    remote: &'b Description<'a>,
    codecs: &[Codec],
    agreed: Option<(Codec, u8)>,
) -> Result<Chosen<'a, 'b>, SdpError> {
    let mut refusal = SdpError::NoAudio;
    let mut disabled = None;
    for (at, media) in remote
        .media
        .iter()
        .enumerate()
        .filter(|(_, media)| media.kind == "audio")
    {
        if media.port == 0 {
            disabled = disabled.or(Some((at, media)));
        } else if !is_plain_rtp(media.profile) {
            refusal = SdpError::Profile;
        } else if let Some((payload_type, codec)) = first_codec(media, codecs) {
            return Ok(Chosen {
                at,
                media,
                codec,
                payload_type,
            });
        } else {
            refusal = SdpError::NoCodec;
        }
    }
    match (disabled, agreed) {
        (Some((at, media)), Some((codec, payload_type))) => Ok(Chosen {
            at,
            media,
            codec,
            payload_type,
        }),
        _ => Err(refusal),
    }
}

fn is_plain_rtp(profile: &str) -> bool {
    matches!(profile, "RTP/AVP" | "RTP/AVPF")
}

fn first_codec(media: &Media<'_>, allowed: &[Codec]) -> Option<(u8, Codec)> {
    media
        .payload_types()
        .filter_map(|payload_type| Some((payload_type, media.codec(payload_type)?)))
        .find(|(_, codec)| allowed.contains(codec))
}

/// The peer's direction; a peer at `0.0.0.0` does not receive.
fn direction_of(media: &Media<'_>) -> Direction {
    match media.address {
        _ if media.port == 0 => Direction::Inactive,
        Some(Address::Ip(ip)) if ip.is_unspecified() => media.direction.deaf(),
        _ => media.direction,
    }
}

/// What the peer's section means, with the direction that we allow.
fn agree(chosen: &Chosen<'_, '_>, ours: Direction, rtcp_mux: bool) -> Result<Negotiated, SdpError> {
    let media = chosen.media;
    let theirs = direction_of(media);
    let ip = match media.address {
        Some(Address::Ip(ip)) => Some(ip),
        _ if media.port == 0 => None,
        _ => return Err(SdpError::Address),
    };
    let ip = ip.filter(|ip| !ip.is_unspecified() && media.port != 0);
    let remote_rtp = ip.map(|ip| SocketAddr::new(ip, media.port));
    let remote_rtcp = match (remote_rtp, media.rtcp) {
        (None, _) => None,
        (Some(rtp), _) if rtcp_mux => Some(rtp),
        (Some(rtp), Some((port, address))) => Some(SocketAddr::new(address.unwrap_or(rtp.ip()), port)),
        (Some(rtp), None) => media
            .port
            .checked_add(1)
            .map(|port| SocketAddr::new(rtp.ip(), port)),
    };
    Ok(Negotiated {
        remote_rtp,
        remote_rtcp,
        send: ours.sends() && theirs.receives(),
        receive: ours.receives() && theirs.sends(),
        codec: chosen.codec,
        payload_type: chosen.payload_type,
        telephone_event: None,
        ptime_ms: media
            .ptime_ms
            .filter(|ms| matches!(ms, 10 | 20 | 30 | 40 | 50 | 60))
            .unwrap_or(PTIME_MS),
        rtcp_mux,
        hold: ours.sends() && !theirs.receives(),
    })
}

fn audio_slot(profile: &str) -> Slot {
    Slot {
        kind: "audio".to_owned(),
        profile: profile.to_owned(),
        format: "0".to_owned(),
    }
}

fn slot_of(media: &Media<'_>) -> Slot {
    Slot {
        kind: media.kind.to_owned(),
        profile: media.profile.to_owned(),
        format: media.formats.first().copied().unwrap_or("0").to_owned(),
    }
}

const fn family(address: IpAddr) -> &'static str {
    match address {
        IpAddr::V4(_) => "IP4",
        IpAddr::V6(_) => "IP6",
    }
}

fn write_body(slots: &[Slot], audio: usize, section: &AudioSection<'_>) -> String {
    let address = section.local.address;
    let mut out = String::with_capacity(256);
    // Writing into a String cannot fail.
    let _ = write!(out, "s=-\r\nc=IN {} {address}\r\nt=0 0\r\n", family(address));
    for (at, slot) in slots.iter().enumerate() {
        if at == audio {
            write_audio(&mut out, section);
        } else {
            let _ = write!(out, "m={} 0 {} {}\r\n", slot.kind, slot.profile, slot.format);
        }
    }
    out
}

fn write_audio(out: &mut String, section: &AudioSection<'_>) {
    let _ = write!(out, "m=audio {} {}", section.port, section.profile);
    let events = section.telephone_event;
    for payload_type in section
        .codecs
        .iter()
        .map(|(payload_type, _)| *payload_type)
        .chain(events)
    {
        let _ = write!(out, " {payload_type}");
    }
    out.push_str("\r\n");
    for (payload_type, codec) in section.codecs {
        let _ = write!(out, "a=rtpmap:{payload_type} {}/8000\r\n", codec.name());
    }
    if let Some(events) = events {
        let _ = write!(
            out,
            "a=rtpmap:{events} telephone-event/8000\r\na=fmtp:{events} 0-15\r\n"
        );
    }
    let _ = write!(out, "a=ptime:{PTIME_MS}\r\n");
    if section.rtcp_mux {
        out.push_str("a=rtcp-mux\r\n");
    }
    let _ = write!(out, "a={}\r\n", section.direction.as_str());
}

#[cfg(test)]
#[path = "negotiate_test.rs"]
mod tests;
