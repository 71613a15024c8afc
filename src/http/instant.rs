//! Instants on the wire: RFC 3339 in UTC with microseconds.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde::Serializer;
use utoipa::PartialSchema;
use utoipa::ToSchema;
use utoipa::openapi::KnownFormat;
use utoipa::openapi::ObjectBuilder;
use utoipa::openapi::RefOr;
use utoipa::openapi::Schema;
use utoipa::openapi::SchemaFormat;
use utoipa::openapi::Type;

use crate::base::civil::to_rfc3339;
use crate::base::time::WallTime;

/// An instant as the API writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instant(pub(crate) WallTime);

impl From<WallTime> for Instant {
    fn from(at: WallTime) -> Self {
        Self(at)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_rfc3339(self.0))
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl PartialSchema for Instant {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(format))
            .description(Some("RFC 3339 in UTC with microseconds."))
            .into()
    }
}

impl ToSchema for Instant {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Instant")
    }
}

/// Writes an instant that may be absent.
pub(crate) fn maybe(at: Option<WallTime>) -> Option<Instant> {
    at.map(Instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_in_utc_with_six_digits() {
        let at = Instant(WallTime::from_micros(1_795_486_222_000_050));
        assert_eq!(at.to_string(), "2026-11-24T02:10:22.000050Z");
        assert_eq!(
            Instant(WallTime::from_micros(0)).to_string(),
            "1970-01-01T00:00:00.000000Z"
        );
    }
}
