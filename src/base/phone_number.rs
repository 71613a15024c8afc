//! Telephone numbers: what was dialled, and the one canonical form that routing, search and history use.
//!
//! **Invariants.** `Display` and `Debug` print a number masked; the clear text is reached by name alone.
//! **Source.** ITU-T E.164 for lengths, RFC 3966 for `tel:` URIs, the numbering plan of China for short codes, mobile
//! numbers (11 digits from 13 to 19) and area codes (10, 2x, and three digits from 3 to 9).

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

/// A number as received and as understood.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Number {
    /// As received.
    pub raw: String,
    /// As understood.
    pub canonical: Canonical,
}

/// The canonical form of a number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "form", content = "value", rename_all = "snake_case")]
pub enum Canonical {
    /// `+` and 7 to 15 digits (ITU-T E.164).
    E164(String),
    /// A short code: 12345, 1xx, 95xxx, 100xx, or an extension of ours (3 to 6 digits).
    Short(String),
    /// The caller withheld it.
    Anonymous,
    /// Not a number.
    Invalid,
}

/// The longest text that is looked at; a number is far shorter.
const RAW_MAX: usize = 128;

impl Number {
    /// Understands `raw`: +86/0086/86 forms, a 0 before a mobile number, 0 + area code, bare 7–8 digits of
    /// `site_area` (an area code without its 0, as `315`), short codes, and `tel:`, `sip:` and `sips:` URIs with
    /// `phone-context`.
    pub fn parse(raw: &str, site_area: &str) -> Self {
        let canonical = if raw.len() <= RAW_MAX {
            canonical(raw, site_area)
        } else {
            Canonical::Invalid
        };
        Self {
            raw: raw.chars().take(RAW_MAX).collect(),
            canonical,
        }
    }

    /// The canonical text: `+8613800138000`, `12345`, `anonymous` or `invalid`.
    pub fn canonical_text(&self) -> &str {
        match &self.canonical {
            Canonical::E164(text) | Canonical::Short(text) => text,
            Canonical::Anonymous => "anonymous",
            Canonical::Invalid => "invalid",
        }
    }

    /// The number as people dial it at home: `13800138000`, `03152345678`, `12345`; empty when it is none.
    pub fn national(&self) -> String {
        match &self.canonical {
            Canonical::E164(text) => match text.strip_prefix("+86") {
                Some(whole) if is_mobile(whole) || is_service(whole) => whole.to_owned(),
                Some(fixed) => format!("0{fixed}"),
                None => text.clone(),
            },
            Canonical::Short(text) => text.clone(),
            Canonical::Anonymous | Canonical::Invalid => String::new(),
        }
    }

    /// The number with its middle hidden: `138****8000`, `0315****78`; short codes of the public stay whole.
    pub fn masked(&self) -> String {
        let national = self.national();
        let digits = national.chars().count();
        match &self.canonical {
            Canonical::Anonymous => "anonymous".to_owned(),
            Canonical::Invalid => "invalid".to_owned(),
            Canonical::Short(text) => text.clone(),
            Canonical::E164(_) => {
                let is_mobile = is_mobile(&national);
                let (head, tail) = if is_mobile { (3, 4) } else { (4, 2) };
                let first: String = national.chars().take(head).collect();
                let last: String = national.chars().skip(digits.saturating_sub(tail)).collect();
                format!("{first}****{last}")
            }
        }
    }
}

fn canonical(raw: &str, site_area: &str) -> Canonical {
    let text = raw.trim();
    let lower = text.to_ascii_lowercase();
    if lower.is_empty() {
        return Canonical::Invalid;
    }
    if ["anonymous", "unavailable", "restricted", "private", "unknown"]
        .iter()
        .any(|it| lower.starts_with(it))
    {
        return Canonical::Anonymous;
    }
    let body = ["tel:", "sip:", "sips:"]
        .iter()
        .find_map(|scheme| lower.strip_prefix(scheme))
        .unwrap_or(&lower);
    let (body, params) = body.split_once(';').unwrap_or((body, ""));
    let body = body.split('@').next().unwrap_or(body);
    if body.starts_with("anonymous") {
        return Canonical::Anonymous;
    }
    let Some(digits) = digits_of(body) else {
        return Canonical::Invalid;
    };
    let context = params.split(';').find_map(|it| it.strip_prefix("phone-context="));
    // In a SIP URI the host follows: `2345678;phone-context=+86315@10.0.0.1`.
    let context = context.and_then(|it| it.split('@').next());
    match context.and_then(|it| it.strip_prefix('+')) {
        // A local number in the context of a country, and perhaps an area.
        Some(prefix) if !digits.starts_with('+') => in_context(&digits, prefix, site_area),
        _ => of_digits(&digits, site_area),
    }
}

/// Strips what people write between digits; `None` for anything that is no number.
fn digits_of(body: &str) -> Option<String> {
    let mut digits = String::with_capacity(body.len());
    for (at, letter) in body.chars().enumerate() {
        match letter {
            '0'..='9' => digits.push(letter),
            '+' if at == 0 => digits.push('+'),
            '-' | ' ' | '.' | '(' | ')' => {}
            _ => return None,
        }
    }
    (!digits.trim_start_matches('+').is_empty()).then_some(digits)
}

fn in_context(digits: &str, prefix: &str, site_area: &str) -> Canonical {
    let prefix: String = prefix.chars().filter(char::is_ascii_digit).collect();
    match prefix.strip_prefix("86") {
        Some("") => of_digits(digits, site_area),
        Some(area) => of_digits(digits, area),
        None => e164(&format!("{prefix}{digits}")),
    }
}

fn of_digits(digits: &str, site_area: &str) -> Canonical {
    if let Some(international) = digits.strip_prefix('+') {
        return match international.strip_prefix("86") {
            Some(national) => from_abroad(national, site_area),
            None => e164(international),
        };
    }
    if let Some(international) = digits.strip_prefix("00") {
        return match international.strip_prefix("86") {
            Some(national) => from_abroad(national, site_area),
            None => e164(international),
        };
    }
    if let Some(national) = digits.strip_prefix("86").filter(|rest| 10 <= rest.len()) {
        return chinese(national, site_area);
    }
    chinese(digits, site_area)
}

/// A number behind the code of China: a short code may stand behind its area, as people abroad dial it.
fn from_abroad(national: &str, site_area: &str) -> Canonical {
    match with_area(national) {
        Some(Canonical::Short(text)) => Canonical::Short(text),
        _ => chinese(national, site_area),
    }
}

/// A number inside China, without its country code.
fn chinese(national: &str, site_area: &str) -> Canonical {
    let bare = national.strip_prefix('0').unwrap_or(national);
    if is_mobile(bare) {
        return Canonical::E164(format!("+86{bare}"));
    }
    if national.starts_with('0') {
        return with_area(bare).unwrap_or(Canonical::Invalid);
    }
    match national.len() {
        // Subscribers' numbers begin with 2 to 8; 1 and 9 begin services, as 1008611 and 95105105.
        7 | 8 if !national.starts_with(['1', '9']) => Canonical::E164(format!("+86{site_area}{national}")),
        3..=8 => Canonical::Short(national.to_owned()),
        10 if is_service(national) => Canonical::E164(format!("+86{national}")),
        _ => with_area(national).unwrap_or(Canonical::Invalid),
    }
}

/// Area code and subscriber number, without the leading 0; a short code behind an area code is that short code.
fn with_area(bare: &str) -> Option<Canonical> {
    let area = if bare.starts_with("10") || bare.starts_with('2') {
        2
    } else {
        3
    };
    let subscriber = bare.get(area..)?;
    if matches!(bare.as_bytes().first(), Some(b'0')) || (bare.starts_with('1') && area == 3) {
        return None;
    }
    match subscriber.len() {
        3..=6
            if subscriber.starts_with('1')
                || subscriber.starts_with("95")
                || subscriber.starts_with("96") =>
        {
            Some(Canonical::Short(subscriber.to_owned()))
        }
        7 | 8 => Some(Canonical::E164(format!("+86{bare}"))),
        _ => None,
    }
}

fn is_mobile(digits: &str) -> bool {
    digits.len() == 11 && digits.starts_with('1') && matches!(digits.as_bytes().get(1), Some(b'3'..=b'9'))
}

/// 400 and 800 numbers, which have no area.
fn is_service(digits: &str) -> bool {
    digits.len() == 10 && (digits.starts_with("400") || digits.starts_with("800"))
}

fn e164(digits: &str) -> Canonical {
    if (7..=15).contains(&digits.len()) && !digits.starts_with('0') {
        Canonical::E164(format!("+{digits}"))
    } else {
        Canonical::Invalid
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
