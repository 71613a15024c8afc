//! What a session description says, borrowed from its text.
//!
//! **Invariants.** Only what the negotiation needs is kept; everything else was passed over when reading.
//!
//! **Not here.** Reading: `parse.rs`. What to answer: `negotiate.rs`.
//!
//! **Source.** RFC 8866 §5, §6; RFC 3605 for `rtcp`; RFC 5761 for `rtcp-mux`.

use std::net::IpAddr;

use crate::base::codec::Codec;

/// Who sends, from the side that wrote the description. Source: RFC 8866 §6.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Direction {
    /// Sends and receives; also meant when nothing is written.
    #[default]
    SendRecv,
    /// Sends only.
    SendOnly,
    /// Receives only.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    /// The direction of this attribute name; case counts.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "sendrecv" => Some(Self::SendRecv),
            "sendonly" => Some(Self::SendOnly),
            "recvonly" => Some(Self::RecvOnly),
            "inactive" => Some(Self::Inactive),
            _ => None,
        }
    }

    /// The attribute name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The same stream seen from the other side. Source: RFC 3264 §6.1.
    pub const fn reversed(self) -> Self {
        match self {
            Self::SendOnly => Self::RecvOnly,
            Self::RecvOnly => Self::SendOnly,
            same => same,
        }
    }

    /// The same, without receiving.
    pub const fn deaf(self) -> Self {
        match self {
            Self::SendRecv | Self::SendOnly => Self::SendOnly,
            Self::RecvOnly | Self::Inactive => Self::Inactive,
        }
    }

    /// Whether the writer sends.
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the writer receives.
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }
}

/// The address of a `c=` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address<'a> {
    /// A literal address.
    Ip(IpAddr),
    /// A name, which nobody here resolves.
    Name(&'a str),
}

/// One `a=rtpmap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpMap<'a> {
    /// 0 to 127.
    pub payload_type: u8,
    /// The encoding name as sent.
    pub name: &'a str,
    /// The clock rate in Hz.
    pub clock_hz: u32,
    /// 1 when not written.
    pub channels: u8,
}

/// One `m=` section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Media<'a> {
    /// `audio`, `video`, ….
    pub kind: &'a str,
    /// 0: refused or disabled.
    pub port: u16,
    /// `RTP/AVP`, ….
    pub profile: &'a str,
    /// The formats as sent: payload types for RTP.
    pub formats: Vec<&'a str>,
    /// This section's own `c=`, else the session's.
    pub address: Option<Address<'a>>,
    /// This section's own direction, else the session's, else both ways.
    pub direction: Direction,
    /// Each `a=rtpmap`.
    pub rtpmaps: Vec<RtpMap<'a>>,
    /// Each `a=fmtp`: payload type and parameters.
    pub fmtps: Vec<(u8, &'a str)>,
    /// `a=ptime` in milliseconds.
    pub ptime_ms: Option<u8>,
    /// `a=rtcp`: port and, if written, address.
    pub rtcp: Option<(u16, Option<IpAddr>)>,
    /// Whether `a=rtcp-mux` was there.
    pub rtcp_mux: bool,
}

impl Media<'_> {
    /// The payload types in the order of preference; what is no payload type is passed over.
    pub fn payload_types(&self) -> impl Iterator<Item = u8> {
        self.formats
            .iter()
            .filter_map(|format| format.parse().ok())
            .filter(|payload_type| *payload_type < 128)
    }

    /// The codec of a payload type: by its `rtpmap`, else the static table. Source: RFC 3551 §6.
    pub fn codec(&self, payload_type: u8) -> Option<Codec> {
        let all = [Codec::Pcma, Codec::Pcmu];
        match self.rtpmap(payload_type) {
            Some(map) if map.clock_hz == 8000 && map.channels == 1 => all
                .into_iter()
                .find(|codec| map.name.eq_ignore_ascii_case(codec.name())),
            Some(_) => None,
            None => all.into_iter().find(|codec| codec.payload_type() == payload_type),
        }
    }

    /// The payload type of telephone events at 8 kHz, if they are offered. Source: RFC 4733 §2.4.1, §7.1.
    pub fn telephone_event(&self) -> Option<u8> {
        self.payload_types().find(|payload_type| {
            self.rtpmap(*payload_type)
                .is_some_and(|map| map.clock_hz == 8000 && map.name.eq_ignore_ascii_case("telephone-event"))
        })
    }

    fn rtpmap(&self, payload_type: u8) -> Option<&RtpMap<'_>> {
        self.rtpmaps.iter().find(|map| map.payload_type == payload_type)
    }
}

/// A session description.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description<'a> {
    /// The value of `o=` as sent.
    pub origin: &'a str,
    /// The `m=` sections in order.
    pub media: Vec<Media<'a>>,
}

impl Description<'_> {
    /// The session version of `o=`. Source: RFC 8866 §5.2.
    pub fn version(&self) -> Option<u64> {
        self.origin.split_ascii_whitespace().nth(2)?.parse().ok()
    }
}
