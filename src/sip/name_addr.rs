//! Addresses in headers: `From`, `To`, `Contact`, `Route`, `P-Asserted-Identity` and their like.
//!
//! **Invariants.** A [`NameAddr`] borrows the message; only a display name with escapes or folds is copied.
//!
//! **Not here.** Which address is believed: the endpoint and the trunk's settings decide.
//!
//! **Source.** RFC 3261 §20.10, §20.20, §25.1; leniency after RFC 4475 §3.1.2.14 and §3.1.2.15.

use std::borrow::Cow;

use crate::sip::header::parse_seconds;
use crate::sip::message::ParseError;
use crate::sip::scan::Params;
use crate::sip::scan::split_quoted;
use crate::sip::scan::trim_lws;
use crate::sip::scan::unquote;
use crate::sip::uri::Uri;

/// An address with an optional display name and header parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameAddr<'a> {
    /// The display name, unescaped.
    pub display: Option<Cow<'a, str>>,
    /// The URI.
    pub uri: Uri<'a>,
    /// The header parameters, not those of the URI.
    pub params: Params<'a>,
}

impl<'a> NameAddr<'a> {
    /// Reads one address; the text must hold nothing else.
    ///
    /// Without angle brackets, everything after the first `;` belongs to the header, and the URI may not carry `?` or
    /// `,`. Source: RFC 3261 §20.
    ///
    /// # Errors
    /// [`ParseError::NameAddr`]: no address or text behind it; [`ParseError::Quote`]: a quote that does not end;
    /// [`ParseError::Uri`], [`ParseError::Params`]: a broken part.
    pub fn parse(text: &'a str) -> Result<Self, ParseError> {
        let text = trim_lws(text);
        if text.starts_with('"') {
            let (content, rest) = split_quoted(text)?;
            let rest = trim_lws(rest).strip_prefix('<').ok_or(ParseError::NameAddr)?;
            return Self::parse_bracketed(Some(unquote(content)), rest);
        }
        match text.split_once('<') {
            Some((display, rest)) if !display.contains('"') => {
                let display = trim_lws(display);
                let display = if display.is_empty() {
                    None
                } else {
                    Some(unquote(display))
                };
                Self::parse_bracketed(display, rest)
            }
            _ => Self::parse_bare(text),
        }
    }

    /// Reads one address whose display name may be in another encoding than UTF-8, as old exchanges send it; such a name
    /// becomes text with U+FFFD for what is not UTF-8.
    ///
    /// # Errors
    /// As [`NameAddr::parse`]; [`ParseError::Utf8`]: more than the display name is not UTF-8.
    pub fn parse_bytes(value: &'a [u8]) -> Result<Self, ParseError> {
        if let Ok(text) = str::from_utf8(value) {
            return Self::parse(text);
        }
        let bracket = value
            .iter()
            .rposition(|byte| *byte == b'<')
            .ok_or(ParseError::Utf8)?;
        let (display, rest) = value.split_at_checked(bracket).ok_or(ParseError::Utf8)?;
        let rest = str::from_utf8(rest).map_err(|_| ParseError::Utf8)?;
        let display = String::from_utf8_lossy(display.trim_ascii())
            .trim_matches('"')
            .to_owned();
        Ok(Self {
            display: Some(Cow::Owned(display)),
            ..Self::parse(rest)?
        })
    }

    fn parse_bracketed(display: Option<Cow<'a, str>>, rest: &'a str) -> Result<Self, ParseError> {
        let (uri, tail) = rest.split_once('>').ok_or(ParseError::NameAddr)?;
        Ok(Self {
            display,
            uri: Uri::parse(trim_lws(uri))?,
            params: Params::parse_tail(tail)?,
        })
    }

    fn parse_bare(text: &'a str) -> Result<Self, ParseError> {
        let end = text.find(';').unwrap_or(text.len());
        let (uri, tail) = text.split_at_checked(end).ok_or(ParseError::NameAddr)?;
        if uri.contains(['?', ',']) {
            return Err(ParseError::NameAddr);
        }
        Ok(Self {
            display: None,
            uri: Uri::parse(trim_lws(uri))?,
            params: Params::parse_tail(tail)?,
        })
    }

    /// The dialog tag; an empty one counts as none.
    pub fn tag(&self) -> Option<&'a str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    /// The value of a header parameter; a flag has the value `""`.
    pub fn param(&self, name: &str) -> Option<&'a str> {
        self.params.get(name)
    }

    /// The `expires` parameter in seconds, at most 2³²−1; `None` when absent or no number.
    pub fn expires(&self) -> Option<u32> {
        self.params.get("expires").and_then(parse_seconds)
    }

    /// The `q` parameter in thousandths, 0 to 1000; `None` when absent or malformed. Source: RFC 3261 §25.1 qvalue.
    pub fn q(&self) -> Option<u16> {
        let text = self.params.get("q")?;
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !matches!(whole, "0" | "1" | "") || 3 < fraction.len() || !digits(fraction) {
            return None;
        }
        let mut thousandths: u16 = if whole == "1" { 10 } else { 0 };
        let mut places = fraction.bytes();
        for place in 0..3 {
            let digit = places.next().map_or(0, |byte| u16::from(byte - b'0'));
            thousandths = if place == 0 {
                thousandths + digit
            } else {
                thousandths * 10 + digit
            };
        }
        (thousandths <= 1000).then_some(thousandths)
    }
}

/// One element of a `Contact` list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contact<'a> {
    /// `*`: every binding. Source: RFC 3261 §10.2.2.
    Star,
    /// An address.
    Address(NameAddr<'a>),
}

impl<'a> Contact<'a> {
    /// Reads one element.
    ///
    /// # Errors
    /// As [`NameAddr::parse`].
    pub fn parse(text: &'a str) -> Result<Self, ParseError> {
        if trim_lws(text) == "*" {
            Ok(Self::Star)
        } else {
            NameAddr::parse(text).map(Self::Address)
        }
    }

    /// The address, if it is one.
    pub const fn address(&self) -> Option<&NameAddr<'a>> {
        match self {
            Self::Star => None,
            Self::Address(address) => Some(address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> NameAddr<'_> {
        NameAddr::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn the_three_forms_are_read() {
        let quoted =
            address("\"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8");
        assert_eq!(quoted.display.as_deref(), Some("J Rosenberg \\\""));
        assert_eq!(
            (quoted.uri.as_str(), quoted.tag()),
            ("sip:jdrosen@example.com", Some("98asjd8"))
        );
        let token = address("caller<sip:caller@example.com>;tag=323");
        assert_eq!(token.display.as_deref(), Some("caller"));
        let bare = address("sip:+16505552222@ss1.example.net;user=phone");
        assert_eq!(
            (bare.uri.param("user"), bare.param("user")),
            (None, Some("phone"))
        );
        let none = address("<sip:+16505552222@ss1.example.net;user=phone>");
        assert_eq!(
            (
                none.display.as_deref(),
                none.uri.param("user"),
                none.param("user")
            ),
            (None, Some("phone"), None)
        );
    }

    #[test]
    fn chinese_display_names_survive() {
        assert_eq!(
            address("\"杭州市 12345\" <sip:12345@a>").display.as_deref(),
            Some("杭州市 12345")
        );
        assert_eq!(address("热线 <sip:12345@a>").display.as_deref(), Some("热线"));
        assert_eq!(address("\"\" <sip:12345@a>").display.as_deref(), Some(""));
    }

    #[test]
    fn a_display_name_in_another_encoding_does_not_hide_the_number() {
        let address = NameAddr::parse_bytes(b"\"\xba\xbc\xd6\xdd\" <sip:12345@a>;tag=1").unwrap();
        assert_eq!((address.uri.user, address.tag()), (Some("12345"), Some("1")));
        assert!(
            address
                .display
                .is_some_and(|display| display.contains('\u{fffd}'))
        );
        assert_eq!(NameAddr::parse_bytes(b"sip:\xba@a"), Err(ParseError::Utf8));
        assert_eq!(NameAddr::parse_bytes(b"<sip:\xba@a>"), Err(ParseError::Utf8));
    }

    #[test]
    fn the_leniencies_are_spaces_in_brackets_and_odd_display_names() {
        assert_eq!(
            address("\"Watson, Thomas\" < sip:t.watson@example.org >")
                .uri
                .as_str(),
            "sip:t.watson@example.org"
        );
        assert_eq!(
            address("Bell, Alexander <sip:a.g.bell@example.com>;tag=43").tag(),
            Some("43")
        );
    }

    #[test]
    fn a_web_phone_contact_keeps_its_parameters() {
        let text =
            "<sip:8s2@kk.invalid;transport=ws>;+sip.instance=\"<urn:uuid:0-1>\";reg-id=1;expires=600;q=0.5";
        let contact = address(text);
        assert_eq!(contact.param("+sip.instance"), Some("<urn:uuid:0-1>"));
        assert_eq!((contact.expires(), contact.q()), (Some(600), Some(500)));
    }

    #[test]
    fn q_is_counted_in_thousandths() {
        let q = |value: &str| address(&format!("<sip:a@b>;q={value}")).q();
        assert_eq!(
            [q("0"), q("1"), q("1.000"), q("0.33"), q(".7")],
            [Some(0), Some(1000), Some(1000), Some(330), Some(700)]
        );
        assert_eq!([q("1.1"), q("2"), q("0.1234"), q("x")], [None; 4]);
    }

    #[test]
    fn broken_addresses_are_refused() {
        let bad = [
            "",
            "\"Mr. J. User <sip:j.user@example.com>",
            "<sip:a@b",
            "sip:a@b?Route=x",
            "<sip:a@b>;;;;;",
            "\"x\" sip:a@b",
            "<sip:a@b> x",
            "<>",
            "sip:a@b, sip:c@d",
            "Joe",
            "<sip:a@b>, <sip:c@d>",
        ];
        for text in bad {
            assert!(NameAddr::parse(text).is_err(), "{text}");
        }
        assert_eq!(Contact::parse(" * "), Ok(Contact::Star));
    }
}
