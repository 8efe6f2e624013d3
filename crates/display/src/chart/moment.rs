//! Dates, times and intervals as the server prints them (`datestyle` ISO, `intervalstyle` postgres
//! or ISO), and the units of time that a chart counts in.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{Span, SpanTotal, Timestamp, Unit as Scale, civil};

/// A date or a timestamp, in microseconds since 1970 as its own wall clock shows it, for the table
/// beside shows the same clock; and how far that clock goes before UTC, where the text says so.
pub(super) fn moment(text: &str) -> Option<(i64, Option<i64>)> {
    let (date, clock, offset) = match text.split_once([' ', 'T']) {
        Some((date, rest)) => {
            let clock = without_offset(rest);
            (date, clock, offset(&rest[clock.len()..]))
        }
        None => (text, "", None),
    };
    if date.starts_with('-') || date.len() != 10 || text.ends_with("BC") {
        return None;
    }
    let date: civil::Date = date.parse().ok()?;
    let clock = match clock {
        "" => civil::Time::midnight(),
        clock => clock.parse().ok()?,
    };
    let at = Offset::UTC.to_timestamp(date.to_datetime(clock)).ok()?;
    Some((at.as_microsecond(), offset))
}

/// `+02`, `-03:30`, `+00:53:28`, in microseconds.
fn offset(text: &str) -> Option<i64> {
    let (sign, clock) = match text.strip_prefix('-') {
        Some(clock) => (-1, clock),
        None => (1, text.strip_prefix('+')?),
    };
    let mut total = 0;
    for (part, length) in clock.split(':').zip([HOUR, MINUTE, SECOND]) {
        total += part.parse::<i64>().ok()? * length;
    }
    Some(sign * total)
}

/// A time of day, in microseconds since midnight.
pub(super) fn time(text: &str) -> Option<i64> {
    let time: civil::Time = without_offset(text).parse().ok()?;
    let since = time.duration_since(civil::Time::midnight());
    i64::try_from(since.as_micros()).ok()
}

fn without_offset(clock: &str) -> &str {
    let end = clock.find(['+', '-', 'Z', ' ']).unwrap_or(clock.len());
    &clock[..end]
}

/// An interval in seconds; a month counts 30 days, a year 365.25 of them, as in PostgreSQL's
/// `extract(epoch …)`.
pub(super) fn interval(text: &str) -> Option<f64> {
    const DAY: f64 = 86_400.0;
    if text.starts_with(['P', '-']) && text.contains('P') {
        let span: Span = text.parse().ok()?;
        return span
            .total(SpanTotal::from(Scale::Second).days_are_24_hours())
            .ok();
    }
    let mut seconds = 0.0;
    let mut words = text.split_whitespace().peekable();
    words.peek()?;
    while let Some(word) = words.next() {
        if word.contains(':') {
            let (sign, clock) = match word.strip_prefix('-') {
                Some(clock) => (-1.0, clock),
                None => (1.0, word.trim_start_matches('+')),
            };
            let mut total = 0.0;
            for part in clock.split(':') {
                total = total * 60.0 + part.parse::<f64>().ok()?;
            }
            seconds += sign * total;
            continue;
        }
        let number: f64 = word.parse().ok()?;
        seconds += number
            * match words.next()?.trim_end_matches('s') {
                "year" => 365.25 * DAY,
                "mon" => 30.0 * DAY,
                "day" => DAY,
                _ => return None,
            };
    }
    Some(seconds)
}

/// A unit that moments are cut to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unit {
    /// How it is called: `by hour`, `by 10 minutes`.
    pub(super) name: &'static str,
    length: Length,
    /// How its moments are printed, in the words of `strftime`, which Vega shares.
    pub(super) format: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Length {
    Microseconds(i64),
    /// Weeks begin on Mondays.
    Week,
    Months(i32),
}

pub(super) const MILLISECOND: i64 = 1000;
const SECOND: i64 = 1000 * MILLISECOND;
const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;
/// 1970-01-05 was a Monday.
const MONDAY: i64 = 4 * DAY;

const fn unit(name: &'static str, length: Length, format: &'static str) -> Unit {
    Unit {
        name,
        length,
        format,
    }
}

const DAYS: Unit = unit("day", Length::Microseconds(DAY), "%Y-%m-%d");

/// The finest first.
const UNITS: [Unit; 21] = [
    unit(
        "microsecond",
        Length::Microseconds(1),
        "%Y-%m-%d %H:%M:%S.%f",
    ),
    unit(
        "10 microseconds",
        Length::Microseconds(10),
        "%Y-%m-%d %H:%M:%S.%f",
    ),
    unit(
        "100 microseconds",
        Length::Microseconds(100),
        "%Y-%m-%d %H:%M:%S.%f",
    ),
    unit(
        "millisecond",
        Length::Microseconds(MILLISECOND),
        "%Y-%m-%d %H:%M:%S.%L",
    ),
    unit(
        "100 milliseconds",
        Length::Microseconds(100 * MILLISECOND),
        "%Y-%m-%d %H:%M:%S.%L",
    ),
    unit("second", Length::Microseconds(SECOND), "%Y-%m-%d %H:%M:%S"),
    unit(
        "10 seconds",
        Length::Microseconds(10 * SECOND),
        "%Y-%m-%d %H:%M:%S",
    ),
    unit("minute", Length::Microseconds(MINUTE), "%Y-%m-%d %H:%M"),
    unit(
        "10 minutes",
        Length::Microseconds(10 * MINUTE),
        "%Y-%m-%d %H:%M",
    ),
    unit(
        "30 minutes",
        Length::Microseconds(30 * MINUTE),
        "%Y-%m-%d %H:%M",
    ),
    unit("hour", Length::Microseconds(HOUR), "%Y-%m-%d %H:%M"),
    unit("3 hours", Length::Microseconds(3 * HOUR), "%Y-%m-%d %H:%M"),
    unit(
        "12 hours",
        Length::Microseconds(12 * HOUR),
        "%Y-%m-%d %H:%M",
    ),
    DAYS,
    unit("week", Length::Week, "%Y-%m-%d"),
    unit("month", Length::Months(1), "%Y-%m"),
    unit("quarter", Length::Months(3), "%Y-%m"),
    unit("year", Length::Months(12), "%Y"),
    unit("10 years", Length::Months(120), "%Y"),
    unit("100 years", Length::Months(1200), "%Y"),
    unit("1000 years", Length::Months(12_000), "%Y"),
];

impl Unit {
    /// The finest unit of which at most `room` lie between two moments.
    pub(super) fn fitting(from: i64, to: i64, room: usize) -> Self {
        let fits = |unit: &&Unit| (to - from) / unit.least() < room as i64;
        *UNITS.iter().find(fits).unwrap_or(&UNITS[UNITS.len() - 1])
    }

    /// The coarsest unit, none coarser than a year, which this moment begins.
    pub(super) fn begun_by(at: i64) -> Self {
        let begins = |unit: &&Unit| unit.least() <= 366 * DAY && unit.start(at) == at;
        *UNITS.iter().rev().find(begins).unwrap_or(&UNITS[0])
    }

    pub(super) fn day() -> Self {
        DAYS
    }

    pub(super) fn is_finer_than(&self, other: &Unit) -> bool {
        self.least() < other.least()
    }

    /// When the unit begins in which a moment is.
    pub(super) fn start(&self, at: i64) -> i64 {
        match self.length {
            Length::Microseconds(length) => at.div_euclid(length) * length,
            Length::Week => (at - MONDAY).div_euclid(7 * DAY) * 7 * DAY + MONDAY,
            Length::Months(months) => match civil(at) {
                Some(civil) => of_months(months_of(civil).div_euclid(months) * months, at),
                None => at,
            },
        }
    }

    /// When the next unit begins.
    pub(super) fn next(&self, start: i64) -> i64 {
        match self.length {
            Length::Microseconds(length) => start + length,
            Length::Week => start + 7 * DAY,
            Length::Months(months) => match civil(start) {
                Some(civil) => of_months(months_of(civil) + months, start),
                None => start,
            },
        }
    }

    /// How times of day of this unit are printed.
    pub(super) fn clock(&self) -> &'static str {
        match self.least() {
            ..MILLISECOND => "%H:%M:%S.%f",
            MILLISECOND..SECOND => "%H:%M:%S.%L",
            _ => "%H:%M:%S",
        }
    }

    /// A moment as this unit prints it.
    pub(super) fn print(&self, at: i64) -> String {
        print(at, self.format)
    }

    /// Its least length in microseconds.
    pub(super) fn least(&self) -> i64 {
        match self.length {
            Length::Microseconds(length) => length,
            Length::Week => 7 * DAY,
            Length::Months(months) => i64::from(months) * 28 * DAY,
        }
    }
}

/// How far a clock goes before UTC: `UTC+02`, `UTC-03:30`.
pub(super) fn offset_words(ahead: i64) -> String {
    let sign = if ahead < 0 { '-' } else { '+' };
    let minutes = ahead.abs() / MINUTE;
    match minutes % 60 {
        0 => format!("UTC{sign}{:02}", minutes / 60),
        rest => format!("UTC{sign}{:02}:{rest:02}", minutes / 60),
    }
}

/// A moment in a format of [`Unit::format`].
pub(super) fn print(at: i64, format: &str) -> String {
    match civil(at) {
        // Vega's %L is the fraction's first three digits, and its %f six.
        Some(civil) => {
            let format = format.replace(".%L", "%.3f").replace(".%f", "%.6f");
            civil.strftime(&format).to_string()
        }
        None => String::new(),
    }
}

fn civil(at: i64) -> Option<DateTime> {
    let at = Timestamp::from_microsecond(at).ok()?;
    Some(Offset::UTC.to_datetime(at))
}

fn months_of(civil: DateTime) -> i32 {
    i32::from(civil.year()) * 12 + i32::from(civil.month()) - 1
}

/// The first moment of a month, counted from the year 0; `otherwise` outside of the calendar.
fn of_months(months: i32, otherwise: i64) -> i64 {
    let year = i16::try_from(months.div_euclid(12));
    let month = i8::try_from(months.rem_euclid(12) + 1);
    let first = || civil::Date::new(year.ok()?, month.ok()?, 1).ok();
    let at = first().and_then(|date| {
        Offset::UTC
            .to_timestamp(date.to_datetime(civil::Time::midnight()))
            .ok()
    });
    at.map_or(otherwise, |at| at.as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<i64> {
        moment(text).map(|(at, _)| at)
    }

    #[test]
    fn moments_are_read_by_their_wall_clock() {
        let check = |text: &str, expected: Option<i64>| assert_eq!(at(text), expected, "{text}");
        check("1970-01-01", Some(0));
        check("1970-01-02 00:00:01.500001", Some(86_401_500_001));
        check("1970-01-01 12:00:00+02", Some(43_200_000_000));
        check("1970-01-01 12:00:00-03:30", Some(43_200_000_000));
        check("1969-12-31 23:59:59", Some(-SECOND));
        check("infinity", None);
        check("0044-03-15 BC", None);
        check("23/11/2026", None);
        check("Mon Nov 23 02:00:20 2026", None);
    }

    #[test]
    fn offsets_are_told_beside() {
        let check = |text: &str, expected: Option<i64>| {
            assert_eq!(
                moment(text).map(|(_, offset)| offset),
                Some(expected),
                "{text}"
            );
        };
        check("1970-01-01", None);
        check("1970-01-01 12:00:00", None);
        check("1970-01-01 12:00:00+02", Some(2 * HOUR));
        check("1970-01-01 12:00:00.5-03:30", Some(-210 * MINUTE));
        check(
            "1893-01-01 12:00:00+00:53:28",
            Some(53 * MINUTE + 28 * SECOND),
        );
    }

    #[test]
    fn times_of_day_are_read() {
        assert_eq!(time("00:00:01"), Some(SECOND));
        assert_eq!(time("12:30:00.25+02"), Some(45_000_250_000));
        assert_eq!(time("24:00:00"), None);
    }

    #[test]
    fn intervals_are_read_in_seconds() {
        let check =
            |text: &str, expected: Option<f64>| assert_eq!(interval(text), expected, "{text}");
        check("00:00:01.5", Some(1.5));
        check("-01:00:00", Some(-3600.0));
        check("1 day 02:00:00", Some(93_600.0));
        check("1 mon -1 days", Some(29.0 * 86_400.0));
        check("2 years", Some(730.5 * 86_400.0));
        check("PT90S", Some(90.0));
        check("P1DT1S", Some(86_401.0));
        check("@ 1 hour", None);
        check("", None);
    }

    #[test]
    fn units_begin_where_calendars_say() {
        let now = at("2026-11-19 14:37:42.5").unwrap_or_default();
        let check = |room: usize, span: i64, name: &str, start: &str| {
            let unit = Unit::fitting(now, now + span, room);
            assert_eq!(unit.name, name);
            assert_eq!(Some(unit.start(now)), at(start), "{name}");
        };
        check(10, 99, "10 microseconds", "2026-11-19 14:37:42.5");
        check(100, 99 * SECOND, "second", "2026-11-19 14:37:42");
        check(10, HOUR, "10 minutes", "2026-11-19 14:30:00");
        check(100, 90 * DAY, "day", "2026-11-19");
        check(20, 100 * DAY, "week", "2026-11-16");
        check(20, 400 * DAY, "month", "2026-11-01");
        check(12, 900 * DAY, "quarter", "2026-10-01");
        check(10, 9 * 365 * DAY, "year", "2026-01-01");
        check(5, 40 * 365 * DAY, "10 years", "2020-01-01");

        let month = Unit::fitting(now, now + 400 * DAY, 20);
        let start = month.start(now);
        assert_eq!(month.print(start), "2026-11");
        assert_eq!(month.print(month.next(month.next(start))), "2027-01");
    }

    #[test]
    fn a_moment_begins_units() {
        let check = |text: &str, name: &str| {
            assert_eq!(Unit::begun_by(at(text).unwrap_or_default()).name, name);
        };
        check("2026-01-01", "year");
        check("2026-04-01", "quarter");
        check("2026-11-16", "week");
        check("2026-11-17 03:00:00", "3 hours");
        check("2026-11-17 03:00:00.001", "millisecond");
        check("2026-11-17 03:00:00.000001", "microsecond");
    }
}
