//! Personal data on its way into a fact or a table: names, numbers, addresses, exact SIP URIs.
//!
//! **Invariants.** Written only as ciphertext under a data key (one per interaction or order); found again only by
//! keyed tags. Erasing is deleting the data key. `Debug` never shows a value.
//! **Source.** Personal data: PIPL articles 6, 47, 51; secrecy of callers: DB1302/T 604—2025 8.4.2.1.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use crate::base::phone_number::Number;

/// Named personal values; the names are stable codes (`caller`, `called`, `from_uri`, `name`, `address`, `content` …).
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Personal {
    /// The caller's number, from which the search tags are made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Number>,
    /// Everything else by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
}

impl Personal {
    /// Adds a named value.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// Looks a named value up.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Personal({} values)",
            self.values.len() + usize::from(self.number.is_some())
        )
    }
}

/// Personal data after sealing, as it stands in envelopes and tables.
///
/// The algorithm is stored with every cipher and tag so that SM4 and SM3 can stand beside the present ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// `A256GCM` today.
    pub alg: String,
    /// The data key: the id of the interaction or order it belongs to.
    pub key: String,
    /// Base64 of nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes).
    pub ct: String,
    /// `HS256:` + hex HMAC of the canonical number, for equality search.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_tag: Option<String>,
    /// `HS256:` + hex HMAC of the last four digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last4_tag: Option<String>,
}
