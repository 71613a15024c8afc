//! Local time: the only place that knows the site's time zone. Instants stay UTC everywhere else.
//!
//! **Invariants.** Zone data are built in; the machine's own are not read, so a record means the same everywhere.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::base::time::WallTime;

/// Why a text is not a zone or an instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CivilError {
    /// Not an IANA name.
    #[error("`{0}` is no time zone; write one as Asia/Shanghai")]
    Zone(String),
    /// Not RFC 3339.
    #[error("`{0}` is no instant; write one as 2026-11-24T02:10:22Z")]
    Instant(String),
    /// Not a date.
    #[error("`{0}` is no date; write one as 2026-11-24")]
    Date(String),
}

/// The site's time zone.
#[derive(Clone, Debug)]
pub struct SiteZone(TimeZone);

/// A day of the site's calendar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDate(Date);

impl SiteZone {
    /// Looks an IANA zone up.
    ///
    /// # Errors
    /// [`CivilError::Zone`].
    pub fn new(name: &str) -> Result<Self, CivilError> {
        let known = jiff::tz::TimeZoneDatabase::bundled().get(name);
        known.map(Self).map_err(|_| CivilError::Zone(name.to_owned()))
    }

    /// The local day of an instant.
    pub fn date_of(&self, at: WallTime) -> CivilDate {
        CivilDate(timestamp(at).to_zoned_datetime(self.0.clone()).date())
    }

    /// The first instant of a local day.
    pub fn start_of(&self, date: CivilDate) -> WallTime {
        let start = self
            .0
            .to_ambiguous_zoned_datetime(date.0.to_datetime(jiff::civil::Time::midnight()))
            .compatible();
        start.map_or(WallTime::default(), |it| {
            WallTime::from_micros(it.timestamp().as_microsecond())
        })
    }

    /// The first instant after a local day.
    pub fn end_of(&self, date: CivilDate) -> WallTime {
        date.0.tomorrow().map_or(WallTime::from_micros(i64::MAX), |next| {
            self.start_of(CivilDate(next))
        })
    }

    /// Local time as `2026-11-24 10:10:22`.
    pub fn format(&self, at: WallTime) -> String {
        timestamp(at)
            .to_zoned_datetime(self.0.clone())
            .strftime("%Y-%m-%d %H:%M:%S")
            .to_string()
    }
}

impl CivilDate {
    /// `20261124`, as in order numbers.
    pub fn compact(self) -> String {
        self.0.strftime("%Y%m%d").to_string()
    }

    /// `2026/11/24`, as in folders.
    pub fn as_path(self) -> String {
        self.0.strftime("%Y/%m/%d").to_string()
    }

    /// Reads `2026-11-24`.
    ///
    /// # Errors
    /// [`CivilError::Date`].
    pub fn parse(text: &str) -> Result<Self, CivilError> {
        text.parse()
            .map(Self)
            .map_err(|_| CivilError::Date(text.to_owned()))
    }

    /// Year, month 1–12, day 1–31.
    pub fn parts(self) -> (i16, i8, i8) {
        (self.0.year(), self.0.month(), self.0.day())
    }
}

impl fmt::Display for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An instant as RFC 3339 in UTC with microseconds.
pub fn to_rfc3339(at: WallTime) -> String {
    timestamp(at).strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// Reads an RFC 3339 instant.
///
/// # Errors
/// [`CivilError::Instant`].
pub fn from_rfc3339(text: &str) -> Result<WallTime, CivilError> {
    let read: Result<Timestamp, _> = text.parse();
    read.map(|it| WallTime::from_micros(it.as_microsecond()))
        .map_err(|_| CivilError::Instant(text.to_owned()))
}

fn timestamp(at: WallTime) -> Timestamp {
    Timestamp::from_microsecond(at.as_micros()).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_in_tangshan_begins_eight_hours_before_utc_does() {
        let zone = SiteZone::new("Asia/Shanghai").unwrap();
        let late = from_rfc3339("2026-11-23T16:00:00Z").unwrap();
        assert_eq!(zone.date_of(late).compact(), "20261124");
        assert_eq!(zone.start_of(zone.date_of(late)), late);
        assert_eq!(
            to_rfc3339(zone.end_of(zone.date_of(late))),
            "2026-11-24T16:00:00.000000Z"
        );
        assert_eq!(zone.format(late), "2026-11-24 00:00:00");
        assert_eq!(zone.date_of(late).as_path(), "2026/11/24");
    }

    #[test]
    fn what_is_no_zone_or_instant_is_named() {
        assert_eq!(
            SiteZone::new("China/Tangshan").err(),
            Some(CivilError::Zone("China/Tangshan".into()))
        );
        assert!(from_rfc3339("yesterday").is_err());
        assert!(CivilDate::parse("2026-02-30").is_err());
    }
}
