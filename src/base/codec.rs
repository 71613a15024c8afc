//! The audio codecs that legs speak; named here because `sdp` negotiates them and `media` moves them.

use serde::Deserialize;
use serde::Serialize;

/// A G.711 law. Source: RFC 3551 §4.5.14, table 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// A-law, static payload type 8.
    Pcma,
    /// μ-law, static payload type 0.
    Pcmu,
}

impl Codec {
    /// The static RTP payload type.
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::Pcma => 8,
            Self::Pcmu => 0,
        }
    }

    /// The encoding name of `a=rtpmap`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
        }
    }
}
