//! Why a message is refused: what breaks while reading, and what every message must have.
//!
//! **Invariants.** A refusal is a value with the status to answer; nothing here acts on it.
//!
//! **Not here.** What a request may ask for (405, 415, 420): `endpoint.rs`.
//!
//! **Source.** RFC 3261 §8.1.1, §8.2; RFC 4475 §3.1.2, §3.3.

use crate::sip::header::HeaderName;
use crate::sip::message::Message;
use crate::sip::message::Method;
use crate::sip::uri::Scheme;

/// Why bytes are not a message, or a header is not what its name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// No bytes, or line breaks only: a keep-alive.
    #[error("empty")]
    Empty,
    /// More than [`SIP_MESSAGE_BYTES_MAX`](crate::base::limits::SIP_MESSAGE_BYTES_MAX).
    #[error("message too long")]
    TooLong,
    /// Neither a request line nor a status line.
    #[error("malformed start line")]
    StartLine,
    /// A status code outside 100 to 699.
    #[error("malformed status code")]
    StatusCode,
    /// A line without a colon, an impossible name, or a line that does not end.
    #[error("malformed header line")]
    HeaderLine,
    /// More than [`SIP_HEADERS_MAX`](crate::base::limits::SIP_HEADERS_MAX) header lines.
    #[error("too many headers")]
    TooManyHeaders,
    /// A header line longer than [`SIP_HEADER_BYTES_MAX`](crate::base::limits::SIP_HEADER_BYTES_MAX).
    #[error("header too long")]
    HeaderTooLong,
    /// A `Content-Length` that is no number, or is there twice.
    #[error("malformed Content-Length")]
    ContentLength,
    /// A message on a stream without `Content-Length`.
    #[error("missing Content-Length")]
    NoContentLength,
    /// `Content-Length` is larger than what arrived.
    #[error("truncated body")]
    Truncated,
    /// A header value is not UTF-8.
    #[error("header is not UTF-8")]
    Utf8,
    /// The header is absent.
    #[error("missing header")]
    Missing,
    /// A URI.
    #[error("malformed URI")]
    Uri,
    /// A `Via` element.
    #[error("malformed Via")]
    Via,
    /// An address.
    #[error("malformed address")]
    NameAddr,
    /// Header parameters.
    #[error("malformed parameters")]
    Params,
    /// A quoted string that does not end.
    #[error("unbalanced quote")]
    Quote,
    /// `CSeq`.
    #[error("malformed CSeq")]
    CSeq,
    /// `Call-ID`.
    #[error("malformed Call-ID")]
    CallId,
    /// `Content-Type`.
    #[error("malformed Content-Type")]
    ContentType,
    /// A header that must be a number.
    #[error("malformed number")]
    Number,
}

impl ParseError {
    /// The answer to a request that cannot be read.
    pub const fn refusal(self) -> Refusal {
        match self {
            Self::TooLong | Self::TooManyHeaders | Self::HeaderTooLong => Refusal {
                status: 513,
                reason: "Message Too Large",
            },
            Self::StartLine => Refusal {
                status: 400,
                reason: "Bad Request Line",
            },
            Self::ContentLength => Refusal {
                status: 400,
                reason: "Bad Content-Length",
            },
            Self::NoContentLength => Refusal {
                status: 400,
                reason: "Missing Content-Length",
            },
            Self::Truncated => Refusal {
                status: 400,
                reason: "Truncated Body",
            },
            Self::HeaderLine => Refusal {
                status: 400,
                reason: "Bad Header Line",
            },
            _ => Refusal {
                status: 400,
                reason: "Bad Request",
            },
        }
    }
}

/// A refusal of a request as a value: what to answer. Of a response: drop it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status code, 400 to 699.
    pub status: u16,
    /// The reason phrase.
    pub reason: &'static str,
}

const fn bad(reason: &'static str) -> Refusal {
    Refusal { status: 400, reason }
}

impl Message<'_> {
    /// Checks what every message must have before anything acts on it. A refused response is dropped.
    ///
    /// `Max-Forwards`, tags and the magic cookie are not demanded: peers of RFC 2543 lack them (RFC 4475 §3.4.1).
    ///
    /// # Errors
    /// [`Refusal`] is the answer to send.
    pub fn validate(&self) -> Result<(), Refusal> {
        if !self.version().eq_ignore_ascii_case("SIP/2.0") {
            return Err(Refusal {
                status: 505,
                reason: "Version Not Supported",
            });
        }
        self.validate_once()?;
        self.validate_core()?;
        if self.header(HeaderName::MaxForwards).is_some() && self.max_forwards().is_err() {
            return Err(bad("Bad Max-Forwards"));
        }
        if self.header(HeaderName::ContentType).is_some() && self.content_type().is_err() {
            return Err(bad("Bad Content-Type"));
        }
        if self.contacts().any(|contact| contact.is_err()) {
            return Err(bad("Bad Contact"));
        }
        if self.record_routes().any(|route| route.is_err()) {
            return Err(bad("Bad Record-Route"));
        }
        if self.is_request() {
            self.validate_request()
        } else {
            Ok(())
        }
    }

    /// A header with one value is there once. Source: RFC 4475 §3.3.8.
    fn validate_once(&self) -> Result<(), Refusal> {
        const ONCE: &[(HeaderName, &str)] = &[
            (HeaderName::From, "Repeated From"),
            (HeaderName::To, "Repeated To"),
            (HeaderName::CallId, "Repeated Call-ID"),
            (HeaderName::CSeq, "Repeated CSeq"),
            (HeaderName::MaxForwards, "Repeated Max-Forwards"),
            (HeaderName::ContentType, "Repeated Content-Type"),
            (HeaderName::Expires, "Repeated Expires"),
            (HeaderName::SessionExpires, "Repeated Session-Expires"),
            (HeaderName::MinSe, "Repeated Min-SE"),
            (HeaderName::ReferTo, "Repeated Refer-To"),
            (HeaderName::Replaces, "Repeated Replaces"),
            (HeaderName::Event, "Repeated Event"),
            (HeaderName::RAck, "Repeated RAck"),
            (HeaderName::RSeq, "Repeated RSeq"),
        ];
        let mut seen = 0_u128;
        let mut again = 0_u128;
        for bit in self
            .lines()
            .iter()
            .filter_map(|line| line.known)
            .map(HeaderName::bit)
        {
            again |= seen & bit;
            seen |= bit;
        }
        match ONCE.iter().find(|(name, _)| again & name.bit() != 0) {
            Some((_, reason)) => Err(bad(reason)),
            None => Ok(()),
        }
    }

    /// The headers that every message carries. Source: RFC 3261 §8.1.1.
    fn validate_core(&self) -> Result<(), Refusal> {
        let explain = |error: ParseError, missing: &'static str, broken: &'static str| {
            if error == ParseError::Missing {
                bad(missing)
            } else {
                bad(broken)
            }
        };
        self.top_via()
            .map_err(|error| explain(error, "Missing Via", "Bad Via"))?;
        if self.vias().any(|via| via.is_err()) {
            return Err(bad("Bad Via"));
        }
        self.from()
            .map_err(|error| explain(error, "Missing From", "Bad From"))?;
        self.to()
            .map_err(|error| explain(error, "Missing To", "Bad To"))?;
        self.call_id()
            .map_err(|error| explain(error, "Missing Call-ID", "Bad Call-ID"))?;
        self.cseq()
            .map_err(|error| explain(error, "Missing CSeq", "Bad CSeq"))?;
        Ok(())
    }

    /// What only requests have. Source: RFC 3261 §8.1.1.5, §8.2.2.1, §19.1.1 (no headers in a Request-URI).
    fn validate_request(&self) -> Result<(), Refusal> {
        if self.cseq().ok().as_ref().map(|cseq| cseq.method.as_str()) != self.method().map(Method::as_str) {
            return Err(bad("CSeq Method Mismatch"));
        }
        let uri = self.request_uri().map_err(|_| bad("Bad Request-URI"))?;
        if matches!(uri.scheme, Scheme::Other(_)) {
            return Err(Refusal {
                status: 416,
                reason: "Unsupported URI Scheme",
            });
        }
        if uri.headers.is_some() {
            return Err(bad("Headers in Request-URI"));
        }
        if self.routes().any(|route| route.is_err()) {
            return Err(bad("Bad Route"));
        }
        Ok(())
    }
}
