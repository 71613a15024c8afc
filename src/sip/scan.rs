//! The scanner: white space, tokens, quoted strings, comma lists and `;name=value` parameters of header values.
//!
//! A folded header keeps its line breaks in the raw value; CR and LF count as white space here, so that nothing has to
//! be copied to read a folded header.
//!
//! **Invariants.** Every function takes any text and returns borrowed parts of it; none panics.
//!
//! **Not here.** What a part means: the typed headers know.
//!
//! **Source.** RFC 3261 §7.3.1, §25.1.

use std::borrow::Cow;

use crate::sip::message::ParseError;

/// Whether a character is linear white space, line breaks of folding included.
pub const fn is_lws(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

/// Whether a byte may stand in a token.
pub const fn is_token_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9'
        | b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
}

/// Whether a text is a token: not empty, token characters only.
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// The text without white space at its ends.
pub fn trim_lws(text: &str) -> &str {
    text.trim_matches(is_lws)
}

/// The value with each fold replaced by one space; borrowed when nothing is folded.
pub fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.contains(&b'\n') {
        return Cow::Borrowed(value);
    }
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((line, after)) = rest
        .iter()
        .position(|byte| *byte == b'\n')
        .and_then(|at| rest.split_at_checked(at))
    {
        out.extend_from_slice(line.trim_ascii_end());
        rest = after.trim_ascii_start();
        if !rest.is_empty() && !out.is_empty() {
            out.push(b' ');
        }
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

/// The place of the first `wanted` byte outside quoted strings and angle brackets.
///
/// # Errors
/// [`ParseError::Quote`]: a quoted string does not end before `wanted` was found.
pub fn find_outside(text: &str, wanted: u8) -> Result<Option<usize>, ParseError> {
    let mut quoted = false;
    let mut bracketed = false;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        if escaped {
            escaped = false;
        } else if quoted {
            match byte {
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => (),
            }
        } else if bracketed {
            bracketed = byte != b'>';
        } else if byte == wanted {
            return Ok(Some(at));
        } else {
            quoted = byte == b'"';
            bracketed = byte == b'<';
        }
    }
    if quoted { Err(ParseError::Quote) } else { Ok(None) }
}

/// The elements of a comma list, trimmed; commas inside quotes and brackets do not separate.
///
/// An unbalanced quote makes the rest one element, whose parser then refuses it.
#[derive(Clone, Debug)]
pub struct ListItems<'a> {
    rest: Option<&'a str>,
}

impl<'a> ListItems<'a> {
    /// Starts at the first element.
    pub const fn new(text: &'a str) -> Self {
        Self { rest: Some(text) }
    }
}

impl<'a> Iterator for ListItems<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest.take()?;
        let comma = find_outside(text, b',').ok().flatten();
        let Some((item, rest)) = comma.and_then(|at| text.split_at_checked(at)) else {
            return Some(trim_lws(text));
        };
        self.rest = rest.strip_prefix(',');
        Some(trim_lws(item))
    }
}

/// The content of the quoted string at the start of `text`, still escaped, and what follows it.
///
/// # Errors
/// [`ParseError::Quote`]: no quote at the start, or none at the end.
pub fn split_quoted(text: &str) -> Result<(&str, &str), ParseError> {
    let inner = text.strip_prefix('"').ok_or(ParseError::Quote)?;
    let mut escaped = false;
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => {
                let (content, after) = inner.split_at_checked(at).ok_or(ParseError::Quote)?;
                return Ok((content, after.strip_prefix('"').unwrap_or(after)));
            }
            _ => (),
        }
    }
    Err(ParseError::Quote)
}

/// The meaning of a quoted string's content: escapes taken away, folds made one space.
pub fn unquote(content: &str) -> Cow<'_, str> {
    if !content.contains(['\\', '\n']) {
        return Cow::Borrowed(content);
    }
    let mut out = String::with_capacity(content.len());
    let mut characters = content.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => out.extend(characters.next()),
            '\r' | '\n' => {
                while characters.next_if(|next| is_lws(*next)).is_some() {}
                out.push(' ');
            }
            _ => out.push(character),
        }
    }
    Cow::Owned(out)
}

/// The parameters after a header value, checked once when made. Source: RFC 3261 §25.1 generic-param.
///
/// Values may carry more than the grammar's token (a bare IPv6 address, base64), never a separator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Params<'a> {
    /// Without the first semicolon; empty: no parameter.
    raw: &'a str,
}

impl<'a> Params<'a> {
    /// Reads the parameters that follow a first `;`, which the caller has taken away.
    ///
    /// # Errors
    /// [`ParseError::Params`]: an empty parameter, a name that is no token, a value with a separator;
    /// [`ParseError::Quote`]: a quoted value that does not end.
    pub fn parse(raw: &'a str) -> Result<Self, ParseError> {
        let mut rest = Some(raw);
        while let Some(text) = rest {
            let (_, _, after) = next_param(text)?;
            rest = after;
        }
        Ok(Self { raw })
    }

    /// Reads what follows the main part of a value: nothing, or `;` and parameters.
    ///
    /// # Errors
    /// As [`Params::parse`]; text that does not start with `;` is [`ParseError::Params`].
    pub fn parse_tail(tail: &'a str) -> Result<Self, ParseError> {
        let tail = trim_lws(tail);
        if tail.is_empty() {
            return Ok(Self::default());
        }
        Self::parse(tail.strip_prefix(';').ok_or(ParseError::Params)?)
    }

    /// The value of a parameter; a flag has the value `""`. Case of names is ignored; quotes are taken away.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.unwrap_or(""))
    }

    /// Each parameter's name and value in order; `None` is a flag.
    pub fn iter(&self) -> ParamsIter<'a> {
        ParamsIter {
            rest: if self.raw.is_empty() { None } else { Some(self.raw) },
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// The parameters as sent, without the first `;`.
    pub fn as_str(&self) -> &'a str {
        self.raw
    }
}

impl<'a> IntoIterator for &Params<'a> {
    type Item = (&'a str, Option<&'a str>);
    type IntoIter = ParamsIter<'a>;

    fn into_iter(self) -> ParamsIter<'a> {
        self.iter()
    }
}

/// Walks over [`Params`].
#[derive(Clone, Debug)]
pub struct ParamsIter<'a> {
    rest: Option<&'a str>,
}

impl<'a> Iterator for ParamsIter<'a> {
    type Item = (&'a str, Option<&'a str>);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value, rest) = next_param(self.rest.take()?).ok()?;
        self.rest = rest;
        Some((name, value))
    }
}

type Param<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

/// Takes one parameter off: its name, its value, and what follows the next `;` if there is one.
fn next_param(text: &str) -> Result<Param<'_>, ParseError> {
    let end = text
        .bytes()
        .position(|byte| !is_token_byte(byte) && !is_lws(char::from(byte)))
        .unwrap_or(text.len());
    let (name, tail) = text.split_at_checked(end).ok_or(ParseError::Params)?;
    let name = trim_lws(name);
    if !is_token(name) {
        return Err(ParseError::Params);
    }
    if let Some(rest) = tail.strip_prefix(';') {
        return Ok((name, None, Some(rest)));
    }
    if tail.is_empty() {
        return Ok((name, None, None));
    }
    let value = tail
        .strip_prefix('=')
        .ok_or(ParseError::Params)?
        .trim_start_matches(is_lws);
    let (value, tail) = if value.starts_with('"') {
        split_quoted(value)?
    } else {
        let end = value.find([';', ',', '"', '<', '>']).unwrap_or(value.len());
        let (value, tail) = value.split_at_checked(end).ok_or(ParseError::Params)?;
        let value = trim_lws(value);
        if value.is_empty() || value.contains(|character| is_lws(character) || character.is_ascii_control()) {
            return Err(ParseError::Params);
        }
        (value, tail)
    };
    let tail = tail.trim_start_matches(is_lws);
    if tail.is_empty() {
        return Ok((name, Some(value), None));
    }
    Ok((
        name,
        Some(value),
        Some(tail.strip_prefix(';').ok_or(ParseError::Params)?),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fold_becomes_one_space() {
        assert_eq!(
            unfold(b"newfangled value\r\n continued"),
            &b"newfangled value continued"[..]
        );
        assert_eq!(unfold(b"a \n\t  b\r\n c"), &b"a b c"[..]);
        assert!(matches!(unfold(b"plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_comma_in_quotes_or_brackets_does_not_separate() {
        let items: Vec<_> = ListItems::new("\"a, \\\"b\" <sip:x@y,z>;q=1 , <sip:c@d> ,,e").collect();
        assert_eq!(items, ["\"a, \\\"b\" <sip:x@y,z>;q=1", "<sip:c@d>", "", "e"]);
    }

    #[test]
    fn parameters_are_read_with_white_space_quotes_and_flags() {
        let params =
            Params::parse(" newparam =\r\n  newvalue ;\r\n lr;q = 0.33; text=\"a;b, c\" ;maddr=[::1]")
                .unwrap();
        let all: Vec<_> = params.iter().collect();
        assert_eq!(
            all,
            [
                ("newparam", Some("newvalue")),
                ("lr", None),
                ("q", Some("0.33")),
                ("text", Some("a;b, c")),
                ("maddr", Some("[::1]"))
            ]
        );
        assert_eq!(params.get("Q"), Some("0.33"));
        assert_eq!(params.get("lr"), Some(""));
        assert_eq!(params.get("none"), None);
    }

    #[test]
    fn broken_parameters_are_refused() {
        for bad in [
            "", ";", "a;", "a;;b", "=b", "a=", "a b", "a=b c", "a=\"b", "a=\"b\"c", "a=<b>", "a,b",
        ] {
            assert!(Params::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn quoted_pairs_are_unescaped_once() {
        assert_eq!(unquote("J \\\\\\\" R"), "J \\\" R");
        assert_eq!(split_quoted("\"a\\\"b\" c"), Ok(("a\\\"b", " c")));
        assert_eq!(split_quoted("\"a\\\""), Err(ParseError::Quote));
    }
}
