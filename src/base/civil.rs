//! Local time: the only place that knows the site's time zone. Instants stay UTC everywhere else.
//!
//! **Invariants.** Zone data are built in; the machine's own are not read, so a record means the same everywhere.

use std::borrow::Cow;
use std::fmt;

use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error as _;

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
    /// Not a time of the day.
    #[error("`{0}` is no time of the day; write one as 17:30, at most 24:00")]
    Time(String),
}

/// The site's time zone.
#[derive(Clone, Debug)]
pub struct SiteZone(TimeZone);

/// A day of the site's calendar.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDate(Date);

/// A time of the local day in minutes after midnight, 0 to 1440; the last is 24:00, the end of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayTime(u16);

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

    /// The instant of a time of a local day; 24:00 is the first instant of the next day.
    pub fn at(&self, date: CivilDate, time: DayTime) -> WallTime {
        if time == DayTime::END {
            return self.end_of(date);
        }
        let wanted =
            jiff::civil::Time::midnight().saturating_add(SignedDuration::from_mins(i64::from(time.0)));
        let there = self.0.to_ambiguous_zoned_datetime(date.0.to_datetime(wanted));
        there.compatible().map_or(self.start_of(date), |it| {
            WallTime::from_micros(it.timestamp().as_microsecond())
        })
    }

    /// The local time of an instant, down to the minute.
    pub fn time_of(&self, at: WallTime) -> DayTime {
        let local = timestamp(at).to_zoned_datetime(self.0.clone());
        let minutes = i32::from(local.hour()) * 60 + i32::from(local.minute());
        DayTime(u16::try_from(minutes).unwrap_or(0))
    }

    /// A deadline as people read it, `2026-11-24 17:30`; midnight is the end of the day before, `2026-11-24 24:00`.
    pub fn format_end(&self, at: WallTime) -> String {
        let last = self.date_of(WallTime::from_micros(at.as_micros().saturating_sub(1)));
        if self.end_of(last) == at {
            return format!("{last} 24:00");
        }
        timestamp(at)
            .to_zoned_datetime(self.0.clone())
            .strftime("%Y-%m-%d %H:%M")
            .to_string()
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

    /// Makes a day of year −9999–9999, month 1–12, day 1–31; none when the calendar has no such day.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        Date::new(year, month, day).ok().map(Self)
    }

    /// Year, month 1–12, day 1–31.
    pub fn parts(self) -> (i16, i8, i8) {
        (self.0.year(), self.0.month(), self.0.day())
    }

    /// Day of the week, 1 (Monday) to 7 (Sunday). Source: ISO 8601.
    pub fn weekday(self) -> i8 {
        self.0.weekday().to_monday_one_offset()
    }

    /// Whether it is a Saturday or a Sunday.
    pub fn is_weekend(self) -> bool {
        5 < self.weekday()
    }

    /// The next day; none after the last day there is.
    pub fn tomorrow(self) -> Option<Self> {
        self.0.tomorrow().ok().map(Self)
    }

    /// The day before; none before the first day there is.
    pub fn yesterday(self) -> Option<Self> {
        self.0.yesterday().ok().map(Self)
    }

    /// The day so many days later, or earlier when negative; stops at the first and last day there are.
    pub fn add_days(self, days: i32) -> Self {
        Self(
            self.0
                .saturating_add(SignedDuration::from_hours(i64::from(days) * 24)),
        )
    }
}

impl Serialize for CivilDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CivilDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Cow::<'de, str>::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl DayTime {
    /// 00:00.
    pub const START: Self = Self(0);
    /// 24:00.
    pub const END: Self = Self(24 * 60);

    /// Reads `17:30`; two digits each, 00:00 to 24:00.
    ///
    /// # Errors
    /// [`CivilError::Time`].
    pub fn parse(text: &str) -> Result<Self, CivilError> {
        let wrong = || CivilError::Time(text.to_owned());
        let two = |part: &str| match part.as_bytes() {
            [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
                Some(u16::from(tens - b'0') * 10 + u16::from(ones - b'0'))
            }
            _ => None,
        };
        let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
        let (hour, minute) = two(hour).zip(two(minute)).ok_or_else(wrong)?;
        if 59 < minute || 24 * 60 < hour * 60 + minute {
            return Err(wrong());
        }
        Ok(Self(hour * 60 + minute))
    }

    /// The hour, 0 to 24.
    pub const fn hour(self) -> u16 {
        self.0 / 60
    }
}

impl fmt::Display for DayTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
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
        for text in ["24:01", "9:00", "12:60", "1200", "+1:00", "ab:cd", "12:0", ""] {
            assert!(DayTime::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn days_follow_one_another_to_the_ends_of_the_calendar() {
        let friday = CivilDate::parse("2026-11-20").unwrap();
        assert_eq!(
            (
                friday.weekday(),
                friday.add_days(1).weekday(),
                friday.add_days(2).weekday()
            ),
            (5, 6, 7)
        );
        assert!(!friday.is_weekend() && friday.add_days(2).is_weekend());
        assert_eq!(friday.tomorrow().unwrap().yesterday(), Some(friday));
        let last = friday.add_days(i32::MAX);
        assert_eq!((last.parts(), last.tomorrow()), ((9999, 12, 31), None));
        let json = serde_json::to_string(&friday).unwrap();
        assert_eq!(serde_json::from_str::<CivilDate>(&json).unwrap(), friday);
        assert_eq!(CivilDate::new(2026, 2, 29), None);
    }

    #[test]
    fn a_time_of_the_day_is_an_instant_of_a_day_and_midnight_ends_the_day_before() {
        let zone = SiteZone::new("Asia/Shanghai").unwrap();
        let day = CivilDate::parse("2026-11-24").unwrap();
        let at = zone.at(day, DayTime::parse("17:30").unwrap());
        assert_eq!(to_rfc3339(at), "2026-11-24T09:30:00.000000Z");
        assert_eq!(
            (zone.time_of(at).to_string(), zone.time_of(at).hour()),
            ("17:30".into(), 17)
        );
        assert_eq!(zone.at(day, DayTime::END), zone.end_of(day));
        assert_eq!(zone.at(day, DayTime::START), zone.start_of(day));
        assert_eq!(zone.format_end(at), "2026-11-24 17:30");
        assert_eq!(zone.format_end(zone.end_of(day)), "2026-11-24 24:00");
    }
}
