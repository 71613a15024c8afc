//! Header field names and the small typed headers: `CSeq`, `Content-Type`, numbers and token lists.
//!
//! **Invariants.** A name is looked up without regard to case, in its long or its compact form; an unknown name stays
//! a raw name on its line. Nothing is copied.
//!
//! **Not here.** `Via` (`via.rs`), addresses (`name_addr.rs`), digest headers (`auth.rs`).
//!
//! **Source.** RFC 3261 §7.3, §20; compact forms of the IANA registry "Header Fields".

use crate::sip::message::Method;
use crate::sip::message::ParseError;
use crate::sip::scan::Params;
use crate::sip::scan::is_lws;
use crate::sip::scan::is_token;
use crate::sip::scan::trim_lws;

/// The longest name that [`HeaderName::lookup`] knows.
const NAME_BYTES_MAX: usize = 24;

macro_rules! header_names {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $lower:literal $(| $compact:literal)?;)+) => {
        /// A header field that this program knows by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum HeaderName { $(
            #[doc = concat!("`", $name, "`.")]
            $variant,
        )+ }

        impl HeaderName {
            /// Every known name, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The long form as the standard spells it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            fn from_lower(lower: &[u8]) -> Option<Self> {
                match lower {
                    $($lower $(| $compact)? => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

header_names! {
    Accept = "Accept", b"accept";
    AcceptContact = "Accept-Contact", b"accept-contact" | b"a";
    AcceptEncoding = "Accept-Encoding", b"accept-encoding";
    AcceptLanguage = "Accept-Language", b"accept-language";
    AlertInfo = "Alert-Info", b"alert-info";
    Allow = "Allow", b"allow";
    AllowEvents = "Allow-Events", b"allow-events" | b"u";
    AuthenticationInfo = "Authentication-Info", b"authentication-info";
    Authorization = "Authorization", b"authorization";
    CallId = "Call-ID", b"call-id" | b"i";
    CallInfo = "Call-Info", b"call-info";
    Contact = "Contact", b"contact" | b"m";
    ContentDisposition = "Content-Disposition", b"content-disposition";
    ContentEncoding = "Content-Encoding", b"content-encoding" | b"e";
    ContentLanguage = "Content-Language", b"content-language";
    ContentLength = "Content-Length", b"content-length" | b"l";
    ContentType = "Content-Type", b"content-type" | b"c";
    CSeq = "CSeq", b"cseq";
    Date = "Date", b"date";
    Diversion = "Diversion", b"diversion";
    ErrorInfo = "Error-Info", b"error-info";
    Event = "Event", b"event" | b"o";
    Expires = "Expires", b"expires";
    From = "From", b"from" | b"f";
    HistoryInfo = "History-Info", b"history-info";
    Identity = "Identity", b"identity" | b"y";
    IdentityInfo = "Identity-Info", b"identity-info" | b"n";
    InReplyTo = "In-Reply-To", b"in-reply-to";
    Join = "Join", b"join";
    MaxForwards = "Max-Forwards", b"max-forwards";
    MimeVersion = "MIME-Version", b"mime-version";
    MinExpires = "Min-Expires", b"min-expires";
    MinSe = "Min-SE", b"min-se";
    Organization = "Organization", b"organization";
    PAssertedIdentity = "P-Asserted-Identity", b"p-asserted-identity";
    PEarlyMedia = "P-Early-Media", b"p-early-media";
    PPreferredIdentity = "P-Preferred-Identity", b"p-preferred-identity";
    Path = "Path", b"path";
    Priority = "Priority", b"priority";
    Privacy = "Privacy", b"privacy";
    ProxyAuthenticate = "Proxy-Authenticate", b"proxy-authenticate";
    ProxyAuthorization = "Proxy-Authorization", b"proxy-authorization";
    ProxyRequire = "Proxy-Require", b"proxy-require";
    RAck = "RAck", b"rack";
    Reason = "Reason", b"reason";
    RecordRoute = "Record-Route", b"record-route";
    ReferSub = "Refer-Sub", b"refer-sub";
    ReferTo = "Refer-To", b"refer-to" | b"r";
    ReferredBy = "Referred-By", b"referred-by" | b"b";
    RejectContact = "Reject-Contact", b"reject-contact" | b"j";
    RemotePartyId = "Remote-Party-ID", b"remote-party-id";
    Replaces = "Replaces", b"replaces";
    ReplyTo = "Reply-To", b"reply-to";
    RequestDisposition = "Request-Disposition", b"request-disposition" | b"d";
    Require = "Require", b"require";
    RetryAfter = "Retry-After", b"retry-after";
    Route = "Route", b"route";
    RSeq = "RSeq", b"rseq";
    Server = "Server", b"server";
    ServiceRoute = "Service-Route", b"service-route";
    SessionExpires = "Session-Expires", b"session-expires" | b"x";
    Subject = "Subject", b"subject" | b"s";
    SubscriptionState = "Subscription-State", b"subscription-state";
    Supported = "Supported", b"supported" | b"k";
    Timestamp = "Timestamp", b"timestamp";
    To = "To", b"to" | b"t";
    Unsupported = "Unsupported", b"unsupported";
    UserAgent = "User-Agent", b"user-agent";
    Via = "Via", b"via" | b"v";
    Warning = "Warning", b"warning";
    WwwAuthenticate = "WWW-Authenticate", b"www-authenticate";
}

impl HeaderName {
    /// The known header of this name in any case, long or compact. `None`: a header this program does not know.
    pub fn lookup(name: &[u8]) -> Option<Self> {
        let mut lower = [0_u8; NAME_BYTES_MAX];
        let lower = lower.get_mut(..name.len())?;
        for (to, from) in lower.iter_mut().zip(name) {
            *to = from.to_ascii_lowercase();
        }
        Self::from_lower(lower)
    }

    /// The place of this name in a set of bits; under 128 for every name.
    pub(crate) fn bit(self) -> u128 {
        1_u128 << (self as u8)
    }
}

impl AsRef<str> for HeaderName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

/// The `CSeq` header. Source: RFC 3261 §20.16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CSeq<'a> {
    /// Under 2³¹.
    pub number: u32,
    /// The method of the request, or of the request that a response answers.
    pub method: Method<'a>,
}

impl<'a> CSeq<'a> {
    /// Reads `number method`.
    ///
    /// # Errors
    /// [`ParseError::CSeq`]: not two words, a number of 2³¹ or more, or a method that is no token.
    pub fn parse(text: &'a str) -> Result<Self, ParseError> {
        let (number, method) = trim_lws(text).split_once(is_lws).ok_or(ParseError::CSeq)?;
        let method = trim_lws(method);
        let number = parse_number(number)
            .filter(|number| *number < 1 << 31)
            .ok_or(ParseError::CSeq)?;
        if !is_token(method) {
            return Err(ParseError::CSeq);
        }
        Ok(Self {
            number,
            method: Method::from_name(method),
        })
    }
}

/// The `Content-Type` header. Source: RFC 3261 §20.15.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentType<'a> {
    /// The type before the slash, as sent.
    pub kind: &'a str,
    /// The type after the slash, as sent.
    pub subtype: &'a str,
    /// The parameters.
    pub params: Params<'a>,
}

impl<'a> ContentType<'a> {
    /// Reads `type/subtype;params`.
    ///
    /// # Errors
    /// [`ParseError::ContentType`]: anything else.
    pub fn parse(text: &'a str) -> Result<Self, ParseError> {
        let (media, params) = text
            .split_once(';')
            .map_or((text, None), |(media, params)| (media, Some(params)));
        let (kind, subtype) = media.split_once('/').ok_or(ParseError::ContentType)?;
        let (kind, subtype) = (trim_lws(kind), trim_lws(subtype));
        if !is_token(kind) || !is_token(subtype) {
            return Err(ParseError::ContentType);
        }
        let params = params
            .map_or(Ok(Params::default()), Params::parse)
            .map_err(|_| ParseError::ContentType)?;
        Ok(Self {
            kind,
            subtype,
            params,
        })
    }

    /// Whether this is `media`, written `type/subtype`; case is ignored.
    pub fn is(&self, media: &str) -> bool {
        media.split_once('/').is_some_and(|(kind, subtype)| {
            kind.eq_ignore_ascii_case(self.kind) && subtype.eq_ignore_ascii_case(self.subtype)
        })
    }
}

/// A number of digits only, white space around it allowed; `None` when it is not one or exceeds 32 bits.
pub fn parse_number(text: &str) -> Option<u32> {
    let text = trim_lws(text);
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A number of seconds; what exceeds 32 bits is the largest number. `None`: not digits.
///
/// Source: RFC 3261 §20.19 asks only for "malformed" values to be replaced; a peer that means "for ever" is served.
pub fn parse_seconds(text: &str) -> Option<u32> {
    let text = trim_lws(text);
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_in_any_case() {
        for name in HeaderName::ALL {
            assert_eq!(HeaderName::lookup(name.as_str().as_bytes()), Some(*name));
            assert_eq!(
                HeaderName::lookup(name.as_str().to_uppercase().as_bytes()),
                Some(*name)
            );
        }
        assert!(HeaderName::ALL.len() < 128);
        assert_eq!(HeaderName::lookup(b"NewFangledHeader"), None);
        assert_eq!(HeaderName::lookup(b""), None);
        assert_eq!(HeaderName::lookup(&[b'x'; 300]), None);
    }

    #[test]
    fn compact_forms_are_those_of_the_registry() {
        let forms = [
            ("a", "Accept-Contact"),
            ("b", "Referred-By"),
            ("c", "Content-Type"),
            ("d", "Request-Disposition"),
            ("e", "Content-Encoding"),
            ("f", "From"),
            ("i", "Call-ID"),
            ("j", "Reject-Contact"),
            ("k", "Supported"),
            ("l", "Content-Length"),
            ("m", "Contact"),
            ("n", "Identity-Info"),
            ("o", "Event"),
            ("r", "Refer-To"),
            ("s", "Subject"),
            ("t", "To"),
            ("u", "Allow-Events"),
            ("v", "Via"),
            ("x", "Session-Expires"),
            ("y", "Identity"),
        ];
        for (compact, long) in forms {
            assert_eq!(
                HeaderName::lookup(compact.as_bytes()).map(HeaderName::as_str),
                Some(long)
            );
        }
    }

    #[test]
    fn cseq_keeps_to_31_bits() {
        assert_eq!(
            CSeq::parse("0009\r\n  INVITE"),
            Ok(CSeq {
                number: 9,
                method: Method::Invite
            })
        );
        assert_eq!(
            CSeq::parse("2147483647 BYE").map(|cseq| cseq.number),
            Ok(2_147_483_647)
        );
        for bad in [
            "2147483648 BYE",
            "BYE",
            "1",
            "1 ",
            "-1 BYE",
            "1 B Y",
            "+1 BYE",
            "",
        ] {
            assert_eq!(CSeq::parse(bad), Err(ParseError::CSeq), "{bad}");
        }
    }

    #[test]
    fn a_content_type_is_compared_without_case() {
        let kind = ContentType::parse(" Application / SDP ; charset=\"utf-8\"").unwrap();
        assert!(kind.is("application/sdp"));
        assert_eq!(kind.params.get("CHARSET"), Some("utf-8"));
        assert_eq!(ContentType::parse("sdp"), Err(ParseError::ContentType));
    }

    #[test]
    fn seconds_saturate_and_numbers_do_not() {
        assert_eq!(parse_seconds("99999999999999999999"), Some(u32::MAX));
        assert_eq!(parse_number("99999999999999999999"), None);
        assert_eq!(parse_number(" 0068 "), Some(68));
        assert_eq!(parse_seconds("soon"), None);
    }
}
