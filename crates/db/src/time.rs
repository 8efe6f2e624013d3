//! Dates, times and intervals as PostgreSQL counts them: days and microseconds, exact from
//! 4713 BC on, with its infinities. Printed and read in ISO form.

mod civil;
mod interval;

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

pub use interval::Interval;

use crate::parameter::printed;
use crate::types::Type;
use crate::value::{FromSql, Unreadable};
use civil::{Civil, DAY};

/// Seconds from 1970-01-01, where the system's clock begins, to 2000-01-01, where PostgreSQL's does.
const EPOCH: i64 = 946_684_800;

/// A `date`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Days since 2000-01-01.
    pub days: i32,
}

/// A `time`, from 00:00 to 24:00, the end of the day.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    /// Microseconds since midnight.
    pub microseconds: i64,
}

/// A `time with time zone`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct TimeTz {
    /// The time there.
    pub time: Time,
    /// Seconds that it is ahead of UTC.
    pub offset: i32,
}

/// A `timestamp`: what a calendar and a clock on some wall show.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Microseconds since 2000-01-01 00:00.
    pub microseconds: i64,
}

/// A `timestamp with time zone`: a moment. Printed in UTC.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamptz {
    /// Microseconds since 2000-01-01 00:00 UTC.
    pub microseconds: i64,
}

impl Date {
    /// After all other dates.
    pub const INFINITY: Date = Date { days: i32::MAX };
    /// Before all other dates.
    pub const NEG_INFINITY: Date = Date { days: i32::MIN };

    /// A day of the calendar; the year before 1 is 0. Nothing where there is no such day.
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        let days = Civil {
            year: year.into(),
            month,
            day,
        }
        .days()?;
        Some(Date {
            days: i32::try_from(days).ok()?,
        })
    }

    /// Year, month and day.
    pub fn ymd(self) -> (i32, u32, u32) {
        let day = Civil::of(self.days.into());
        (
            i32::try_from(day.year).unwrap_or_default(),
            day.month,
            day.day,
        )
    }

    /// Whether it is no infinity.
    pub fn is_finite(self) -> bool {
        self != Date::INFINITY && self != Date::NEG_INFINITY
    }

    /// The timestamp at a time of this day; infinite where the day is.
    pub fn at(self, time: Time) -> Timestamp {
        match self {
            Date::INFINITY => Timestamp::INFINITY,
            Date::NEG_INFINITY => Timestamp::NEG_INFINITY,
            Date { days } => Timestamp {
                microseconds: i64::from(days) * DAY + time.microseconds,
            },
        }
    }
}

impl Time {
    /// A time of day; nothing where there is no such time.
    pub fn new(hour: u32, minute: u32, second: u32, microsecond: u32) -> Option<Self> {
        let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
        let microseconds = seconds * 1_000_000 + i64::from(microsecond);
        let is_one = minute < 60 && second < 60 && microsecond < 1_000_000 && microseconds <= DAY;
        is_one.then_some(Time { microseconds })
    }

    /// Hour, minute, second and microsecond.
    pub fn hms(self) -> (u32, u32, u32, u32) {
        let part = |unit: i64, most: i64| {
            u32::try_from(self.microseconds / unit % most).unwrap_or_default()
        };
        (
            part(3_600_000_000, 25),
            part(60_000_000, 60),
            part(1_000_000, 60),
            part(1, 1_000_000),
        )
    }
}

macro_rules! timestamps {
    ($($rust:ident)+) => {$(
        impl $rust {
            /// After all others.
            pub const INFINITY: $rust = $rust { microseconds: i64::MAX };
            /// Before all others.
            pub const NEG_INFINITY: $rust = $rust { microseconds: i64::MIN };

            /// Whether it is no infinity.
            pub fn is_finite(self) -> bool {
                self != $rust::INFINITY && self != $rust::NEG_INFINITY
            }

            /// Its day.
            pub fn date(self) -> Date {
                match self {
                    $rust::INFINITY => Date::INFINITY,
                    $rust::NEG_INFINITY => Date::NEG_INFINITY,
                    $rust { microseconds } => {
                        Date { days: i32::try_from(microseconds.div_euclid(DAY)).unwrap_or(i32::MAX) }
                    }
                }
            }

            /// Its time of day.
            pub fn time(self) -> Time {
                Time { microseconds: self.microseconds.rem_euclid(DAY) }
            }
        }
    )+};
}

timestamps!(Timestamp Timestamptz);

impl Timestamptz {
    /// This very moment.
    pub fn now() -> Self {
        SystemTime::now().into()
    }
}

impl From<SystemTime> for Timestamptz {
    fn from(time: SystemTime) -> Self {
        let micros = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        let since_1970 = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => micros(after),
            Err(before) => -micros(before.duration()),
        };
        Timestamptz {
            microseconds: since_1970.saturating_sub(EPOCH * 1_000_000),
        }
    }
}

impl From<Timestamptz> for SystemTime {
    /// An infinity becomes a moment far away.
    fn from(time: Timestamptz) -> Self {
        let since_1970 = time.microseconds.saturating_add(EPOCH * 1_000_000);
        let span = Duration::from_micros(since_1970.unsigned_abs());
        let moved = match since_1970 < 0 {
            true => SystemTime::UNIX_EPOCH.checked_sub(span),
            false => SystemTime::UNIX_EPOCH.checked_add(span),
        };
        moved.unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Date::INFINITY => f.write_str("infinity"),
            Date::NEG_INFINITY => f.write_str("-infinity"),
            Date { days } => {
                let day = Civil::of(days.into());
                write!(f, "{day}{}", day.era())
            }
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second, microsecond) = self.hms();
        write!(f, "{hour:02}:{minute:02}:{second:02}")?;
        match microsecond {
            0 => Ok(()),
            _ => f.write_str(format!(".{microsecond:06}").trim_end_matches('0')),
        }
    }
}

impl fmt::Display for TimeTz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.offset < 0 { '-' } else { '+' };
        let offset = self.offset.unsigned_abs();
        write!(
            f,
            "{}{sign}{:02}:{:02}:{:02}",
            self.time,
            offset / 3600,
            offset / 60 % 60,
            offset % 60
        )
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        timestamp(f, *self, "")
    }
}

impl fmt::Display for Timestamptz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        timestamp(
            f,
            Timestamp {
                microseconds: self.microseconds,
            },
            "+00",
        )
    }
}

fn timestamp(f: &mut fmt::Formatter<'_>, at: Timestamp, zone: &str) -> fmt::Result {
    if !at.is_finite() {
        return fmt::Display::fmt(&at.date(), f);
    }
    let day = Civil::of(at.microseconds.div_euclid(DAY));
    write!(f, "{day} {}{zone}{}", at.time(), day.era())
}

impl FromStr for Date {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        match text {
            "infinity" => return Ok(Date::INFINITY),
            "-infinity" => return Ok(Date::NEG_INFINITY),
            _ => {}
        }
        let (day, before_christ) = without_era(text);
        let days = Civil::parse(day, before_christ).and_then(|day| i32::try_from(day.days()?).ok());
        days.map(|days| Date { days })
            .ok_or_else(|| not_iso(text, "date"))
    }
}

impl FromStr for Time {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        time(text).ok_or_else(|| not_iso(text, "time"))
    }
}

impl FromStr for TimeTz {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let read = || {
            let (clock, zone) = text.split_at(text.rfind(['+', '-'])?);
            Some(TimeTz {
                time: time(clock)?,
                offset: offset(zone)?,
            })
        };
        read().ok_or_else(|| not_iso(text, "time with time zone"))
    }
}

impl FromStr for Timestamp {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let read = || {
            let (text, before_christ) = without_era(text);
            let (day, clock) = text.split_once([' ', 'T'])?;
            moment(day, before_christ, time(clock)?, 0)
        };
        let microseconds = infinity(text).or_else(read);
        let microseconds = microseconds.ok_or_else(|| not_iso(text, "timestamp"))?;
        Ok(Timestamp { microseconds })
    }
}

impl FromStr for Timestamptz {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let read = || {
            let (text, before_christ) = without_era(text);
            let (day, clock) = text.split_once([' ', 'T'])?;
            let (clock, zone) = clock.split_at(clock.rfind(['+', '-', 'Z'])?);
            moment(day, before_christ, time(clock)?, offset(zone)?)
        };
        let microseconds = infinity(text).or_else(read);
        let microseconds = microseconds.ok_or_else(|| not_iso(text, "timestamp with time zone"))?;
        Ok(Timestamptz { microseconds })
    }
}

fn not_iso(text: &str, what: &str) -> Unreadable {
    let Unreadable(why) = Unreadable::new(text, what);
    Unreadable(format!("{why} in ISO form (set datestyle to iso)"))
}

fn infinity(text: &str) -> Option<i64> {
    match text {
        "infinity" => Some(i64::MAX),
        "-infinity" => Some(i64::MIN),
        _ => None,
    }
}

fn without_era(text: &str) -> (&str, bool) {
    match text.strip_suffix(" BC") {
        Some(text) => (text, true),
        None => (text, false),
    }
}

fn moment(day: &str, before_christ: bool, time: Time, offset: i32) -> Option<i64> {
    let days = Civil::parse(day, before_christ)?.days()?;
    let microseconds = days.checked_mul(DAY)?.checked_add(time.microseconds)?;
    microseconds.checked_sub(i64::from(offset) * 1_000_000)
}

/// `hh:mm:ss` with a fraction of up to six digits.
fn time(text: &str) -> Option<Time> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.split(':').map(civil::digits);
    let (hour, minute, second) = (
        parts.next()??,
        parts.next()??,
        parts.next().unwrap_or(Some(0))?,
    );
    if parts.next().is_some() || fraction.len() > 6 {
        return None;
    }
    let fraction = match fraction {
        "" => 0,
        fraction => civil::digits(&format!("{fraction:0<6}"))?,
    };
    Time::new(hour, minute, second, fraction)
}

/// `+hh`, `-hh:mm`, `+hh:mm:ss`, `Z`: seconds ahead of UTC.
fn offset(text: &str) -> Option<i32> {
    if text == "Z" {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let mut parts = text.strip_prefix(['+', '-'])?.split(':').map(civil::digits);
    let mut next = || parts.next().unwrap_or(Some(0));
    let seconds = next()? * 3600 + next()? * 60 + next()?;
    Some(sign * i32::try_from(seconds).ok()?)
}

macro_rules! sql {
    ($($rust:ident: $cast:literal of $($sql:literal)+;)+) => {$(
        impl FromSql for $rust {
            fn accepts(ty: &Type<'_>) -> bool {
                ty.is(&[$($sql),+])
            }

            fn from_sql(_: &Type<'_>, text: &str) -> Result<Self, Unreadable> {
                text.parse()
            }
        }

        impl fmt::Debug for $rust {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        printed! {
            $rust: Some($cast);
        }
    )+};
}

sql! {
    Date: "date" of "date";
    Time: "time" of "time";
    TimeTz: "timetz" of "timetz";
    Timestamp: "timestamp" of "timestamp";
    Timestamptz: "timestamptz" of "timestamptz";
}

impl FromSql for SystemTime {
    fn accepts(ty: &Type<'_>) -> bool {
        Timestamptz::accepts(ty)
    }

    fn from_sql(_: &Type<'_>, text: &str) -> Result<Self, Unreadable> {
        match text.parse::<Timestamptz>()? {
            time if time.is_finite() => Ok(time.into()),
            _ => Err(Unreadable::new(text, "SystemTime")),
        }
    }
}

impl crate::parameter::Value for SystemTime {
    fn cast() -> Option<std::borrow::Cow<'static, str>> {
        Some("timestamptz".into())
    }

    fn text(&self) -> Option<String> {
        Some(Timestamptz::from(*self).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same<T: FromStr<Err = Unreadable> + ToString>(texts: &[&str]) {
        for text in texts {
            assert_eq!(
                &text.parse::<T>().map(|value| value.to_string()).as_deref(),
                &Ok(*text)
            );
        }
    }

    #[test]
    fn what_the_server_prints_comes_back() {
        same::<Date>(&[
            "2000-01-01",
            "2024-02-29",
            "1999-12-31",
            "0001-01-01",
            "0001-12-31 BC",
            "4714-11-24 BC",
            "5874897-12-31",
            "infinity",
            "-infinity",
            "12024-01-01",
        ]);
        same::<Time>(&["00:00:00", "24:00:00", "23:59:59.999999", "12:30:00.5"]);
        same::<Timestamp>(&[
            "2024-01-02 03:04:05.000001",
            "4714-11-24 00:00:00 BC",
            "294276-12-31 23:59:59.999999",
            "infinity",
            "-infinity",
            "1969-12-31 23:59:59.5",
        ]);
        same::<Timestamptz>(&[
            "2024-01-02 03:04:05+00",
            "infinity",
            "0044-03-15 12:00:00+00 BC",
        ]);
        same::<TimeTz>(&["12:00:00+00:00:00", "24:00:00-12:30:15"]);
    }

    #[test]
    fn a_moment_is_the_same_in_any_zone() {
        let moment = |text: &str| text.parse::<Timestamptz>().unwrap();
        assert_eq!(
            moment("2024-01-01 01:00:00+02"),
            moment("2023-12-31 23:00:00+00")
        );
        assert_eq!(
            moment("2024-01-01 00:00:00-03:30").to_string(),
            "2024-01-01 03:30:00+00"
        );
        assert_eq!(
            moment("1880-01-01 00:00:00+00:53:28").to_string(),
            "1879-12-31 23:06:32+00"
        );
        let time: SystemTime = moment("1970-01-01 00:00:01+00").into();
        assert_eq!(time, SystemTime::UNIX_EPOCH + Duration::from_secs(1));
        assert_eq!(Timestamptz::from(time), moment("1970-01-01 00:00:01+00"));
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "2024-13-01",
            "2023-02-29",
            "01/02/2024",
            "2024-1-1",
            "0000-01-01",
            "+024-01-01",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        for text in [
            "24:00:01",
            "12:60:00",
            "1",
            "12:00:00.1234567",
            "12:00:00:00",
        ] {
            assert!(text.parse::<Time>().is_err(), "{text}");
        }
        assert!("2024-01-01 00:00:00".parse::<Timestamptz>().is_err());
        assert_eq!(Date::new(2024, 2, 30), None);
        assert_eq!(Date::new(2024, 2, 29).unwrap().ymd(), (2024, 2, 29));
        assert_eq!(Time::new(24, 0, 0, 0).unwrap().hms(), (24, 0, 0, 0));
    }
}
