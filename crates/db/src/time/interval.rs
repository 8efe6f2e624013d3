//! Intervals: months, days and microseconds, each on its own.

use std::fmt;
use std::str::FromStr;

use super::{FromSql, Type, Unreadable};
use crate::parameter::Value;

/// An `interval`. A month has no number of days and a day no number of hours, so the three stand
/// side by side.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Interval {
    /// Months; years are twelve.
    pub months: i32,
    /// Days.
    pub days: i32,
    /// Microseconds.
    pub microseconds: i64,
}

impl Interval {
    /// Longer than all others; since PostgreSQL 17.
    pub const INFINITY: Interval = Interval {
        months: i32::MAX,
        days: i32::MAX,
        microseconds: i64::MAX,
    };
    /// Its opposite.
    pub const NEG_INFINITY: Interval = Interval {
        months: i32::MIN,
        days: i32::MIN,
        microseconds: i64::MIN,
    };

    fn infinity(self) -> Option<&'static str> {
        match self {
            Interval::INFINITY => Some("infinity"),
            Interval::NEG_INFINITY => Some("-infinity"),
            _ => None,
        }
    }
}

impl fmt::Display for Interval {
    /// As the server prints it, unless its `intervalstyle` is set: `1 year 2 mons -3 days +04:05:06`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(word) = self.infinity() {
            return f.write_str(word);
        }
        let units = [
            (self.months / 12, "year"),
            (self.months % 12, "mon"),
            (self.days, "day"),
        ];
        let (mut some, mut negative) = (false, false);
        for (count, unit) in units.into_iter().filter(|(count, _)| *count != 0) {
            let blank = if some { " " } else { "" };
            let plus = if negative && count > 0 { "+" } else { "" };
            let plural = if count == 1 { "" } else { "s" };
            write!(f, "{blank}{plus}{count} {unit}{plural}")?;
            (some, negative) = (true, count < 0);
        }
        if self.microseconds == 0 && some {
            return Ok(());
        }
        let blank = if some { " " } else { "" };
        let sign = match self.microseconds {
            ..0 => "-",
            _ if negative => "+",
            _ => "",
        };
        let all = self.microseconds.unsigned_abs();
        let (seconds, fraction) = (all / 1_000_000, all % 1_000_000);
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{blank}{sign}{hours:02}:{minutes:02}:{seconds:02}")?;
        match fraction {
            0 => Ok(()),
            _ => f.write_str(format!(".{fraction:06}").trim_end_matches('0')),
        }
    }
}

impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Interval {
    type Err = Unreadable;

    /// The styles `postgres` and `iso_8601`.
    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let parsed = match text {
            "infinity" => Some(Interval::INFINITY),
            "-infinity" => Some(Interval::NEG_INFINITY),
            text if text.starts_with('P') => iso(text),
            text => postgres(text),
        };
        parsed.ok_or_else(|| {
            let Unreadable(why) = Unreadable::new(text, "interval");
            Unreadable(format!(
                "{why} that can be read here (set intervalstyle to postgres)"
            ))
        })
    }
}

fn postgres(text: &str) -> Option<Interval> {
    let mut interval = Interval::default();
    let mut words = text.split(' ').peekable();
    words.peek()?;
    while let Some(word) = words.next() {
        if word.contains(':') {
            interval.microseconds = clock(word)?;
            return words.next().is_none().then_some(interval);
        }
        match words.next()?.trim_end_matches('s') {
            "year" => add(&mut interval.months, word, 12)?,
            "mon" => add(&mut interval.months, word, 1)?,
            "day" => add(&mut interval.days, word, 1)?,
            _ => return None,
        }
    }
    Some(interval)
}

/// Adds a number of units; nothing where the sum is out of range.
fn add(place: &mut i32, number: &str, unit: i32) -> Option<()> {
    *place = place.checked_add(number.parse::<i32>().ok()?.checked_mul(unit)?)?;
    Some(())
}

/// `-hh:mm:ss.ffffff`, of any number of hours.
fn clock(text: &str) -> Option<i64> {
    let negative = text.starts_with('-');
    let mut parts = text.trim_start_matches(['+', '-']).split(':');
    let (hours, minutes) = (
        parts.next()?.parse::<i64>().ok()?,
        parts.next()?.parse::<i64>().ok()?,
    );
    let seconds = micros(parts.next().unwrap_or("0"))?;
    if parts.next().is_some() {
        return None;
    }
    // Counted downwards: the most negative interval has no positive counterpart.
    let minutes = hours.checked_mul(60)?.checked_add(minutes)?;
    let all = minutes.checked_mul(-60_000_000)?.checked_sub(seconds)?;
    if negative {
        Some(all)
    } else {
        all.checked_neg()
    }
}

/// Seconds with a fraction of up to six digits, in microseconds.
fn micros(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.len() > 6 {
        return None;
    }
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    let fraction = i64::from(super::civil::digits(&format!("{fraction:0<6}"))?);
    whole
        .parse::<i64>()
        .ok()?
        .checked_mul(1_000_000)?
        .checked_add(sign * fraction)
}

/// `P1Y2M-3DT4H5M6.7S`.
fn iso(text: &str) -> Option<Interval> {
    let mut interval = Interval::default();
    let mut in_time = false;
    let mut rest = text.strip_prefix('P')?;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('T') {
            (in_time, rest) = (true, after);
            continue;
        }
        let at = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let (number, unit) = (rest.get(..at)?, rest.get(at..=at)?);
        rest = rest.get(at + 1..)?;
        match (in_time, unit) {
            (true, "H") => add_time(&mut interval, number, 3600)?,
            (true, "M") => add_time(&mut interval, number, 60)?,
            (true, "S") => add_time(&mut interval, number, 1)?,
            (false, "Y") => add(&mut interval.months, number, 12)?,
            (false, "M") => add(&mut interval.months, number, 1)?,
            (false, "W") => add(&mut interval.days, number, 7)?,
            (false, "D") => add(&mut interval.days, number, 1)?,
            _ => return None,
        }
    }
    Some(interval)
}

fn add_time(interval: &mut Interval, number: &str, unit: i64) -> Option<()> {
    let micros = micros(number)?.checked_mul(unit)?;
    interval.microseconds = interval.microseconds.checked_add(micros)?;
    Some(())
}

impl FromSql for Interval {
    fn accepts(ty: &Type<'_>) -> bool {
        ty.is(&["interval"])
    }

    fn from_sql(_: &Type<'_>, text: &str) -> Result<Self, Unreadable> {
        text.parse()
    }
}

impl Value for Interval {
    fn cast() -> Option<std::borrow::Cow<'static, str>> {
        Some("interval".into())
    }

    /// With a sign everywhere: in the style `sql_standard` a single one would stand for all.
    fn text(&self) -> Option<String> {
        let Interval {
            months,
            days,
            microseconds,
        } = self;
        Some(match self.infinity() {
            Some(word) => word.to_owned(),
            None => {
                let sign = if *microseconds < 0 { '-' } else { '+' };
                let all = microseconds.unsigned_abs();
                let (minutes, seconds) = (all / 60_000_000, all % 60_000_000);
                format!(
                    "{months:+} mons {days:+} days {sign}{:02}:{:02}:{:02}.{:06}",
                    minutes / 60,
                    minutes % 60,
                    seconds / 1_000_000,
                    seconds % 1_000_000
                )
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_come_back_as_the_server_prints_them() {
        for text in [
            "00:00:00",
            "1 year 2 mons 3 days 04:05:06.789",
            "-1 years -2 mons +3 days -04:05:06",
            "-1 days +02:03:00",
            "-178000000 years",
            "2562047788:00:54.775807",
            "-2562047788:00:54.775808",
            "1 mon",
            "infinity",
            "-infinity",
        ] {
            let interval: Interval = text.parse().unwrap();
            assert_eq!(interval.to_string(), text);
            assert_eq!(interval.text().unwrap().parse(), Ok(interval), "{text}");
        }
    }

    #[test]
    fn the_iso_style_is_read_too() {
        let expected: Interval = "1 year 2 mons -3 days +04:05:06.7".parse().unwrap();
        assert_eq!("P1Y2M-3DT4H5M6.7S".parse(), Ok(expected));
        assert_eq!(
            "PT-0.5S".parse::<Interval>().unwrap().microseconds,
            -500_000
        );
        assert_eq!("PT0S".parse(), Ok(Interval::default()));
    }

    #[test]
    fn other_styles_are_named() {
        for text in ["", "+1-2 -3 +4:05:06", "@ 1 year ago", "1", "1 year x"] {
            assert!(text.parse::<Interval>().is_err(), "{text}");
        }
    }
}
