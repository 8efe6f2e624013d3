//! What a value weighs, so that values sort as the server would sort them.

use std::cmp::Ordering;

use display::{Column, Kind};
use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, Timestamp};

/// How a column's values are weighed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Weigh {
    Number,
    /// A date or a timestamp, in microseconds.
    Moment,
    /// Its length, a month being 30 days as in the server's own order.
    Interval,
    /// By its letters, whatever their case: the server's collations are its own.
    Text,
}

impl Weigh {
    pub(super) fn new(column: &Column) -> Self {
        match column.kind {
            Kind::Number => Weigh::Number,
            Kind::Time if column.type_name.starts_with("interval") => Weigh::Interval,
            // Times of day sort as they are written.
            Kind::Time if column.type_name.starts_with("time ") => Weigh::Text,
            Kind::Time => Weigh::Moment,
            _ => Weigh::Text,
        }
    }

    /// A value's weight, and the text that decides between equal weights.
    pub(super) fn of(self, value: &str) -> (f64, &str) {
        match self {
            Weigh::Number => {
                let number = number(value);
                // Seventeen digits and more do not fit.
                let exact = value.len() <= 15 || !number.is_finite();
                (number, if exact { "" } else { value })
            }
            Weigh::Moment => moment(value).map_or((f64::MAX, value), |weight| (weight, "")),
            Weigh::Interval => interval(value).map_or((f64::MAX, value), |weight| (weight, "")),
            Weigh::Text => (beginning(value), value),
        }
    }

    /// Whether weights mean something by themselves, and not only beside each other.
    pub(super) fn measures(self) -> bool {
        self != Weigh::Text
    }
}

/// A number as the server prints it, also one of money; what is none is larger than all.
fn number(value: &str) -> f64 {
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '-' | '.');
    value
        .parse()
        .ok()
        .or_else(|| {
            let number: String = value.chars().filter(|c| digits(*c)).collect();
            number.parse().ok()
        })
        .unwrap_or(f64::NAN)
}

/// `2024-05-06`, `2024-05-06 07:08:09.5+02`, `infinity`.
fn moment(value: &str) -> Option<f64> {
    match value {
        "infinity" => return Some(f64::INFINITY),
        "-infinity" => return Some(f64::NEG_INFINITY),
        _ => {}
    }
    let micros = |time: DateTime| {
        let zoned = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(zoned.timestamp().as_microsecond() as f64)
    };
    if let Some(before_christ) = value.strip_suffix(" BC") {
        // 1 BC is the year 0 of those who count through.
        let (year, rest) = before_christ.split_once('-')?;
        let year = 1 - year.parse::<i32>().ok()?;
        let sign = if year < 0 { "-00" } else { "" };
        return moment(&format!("{sign}{:04}-{rest}", year.abs()));
    }
    if !value.contains(' ') {
        let date: Date = value.parse().ok()?;
        return micros(date.to_datetime(Time::midnight()));
    }
    match value.parse::<Timestamp>() {
        Ok(instant) => Some(instant.as_microsecond() as f64),
        Err(_) => micros(value.parse().ok()?),
    }
}

/// `1 year 2 mons 3 days 04:05:06`, in seconds.
fn interval(value: &str) -> Option<f64> {
    let words = value.replace("mons", "months").replace("mon ", "month ");
    let span: Span = words.parse().ok()?;
    let months = f64::from(span.get_years()) * 12.0 + f64::from(span.get_months());
    let days = months * 30.0 + f64::from(span.get_days());
    let time = f64::from(span.get_hours()) * 3600.0
        + span.get_minutes() as f64 * 60.0
        + span.get_seconds() as f64
        + span.get_milliseconds() as f64 / 1e3
        + span.get_microseconds() as f64 / 1e6;
    Some(days * 86400.0 + time)
}

/// The first six bytes, in lower case: a number that sorts as they do.
fn beginning(value: &str) -> f64 {
    let mut bytes = [0; 8];
    for (to, from) in bytes[2..].iter_mut().zip(value.bytes()) {
        *to = from.to_ascii_lowercase();
    }
    u64::from_be_bytes(bytes) as f64
}

/// Two texts of equal weight: by their letters, then by their case.
pub(super) fn letter_order(a: &str, b: &str) -> Ordering {
    let lower = |text: &'_ str| {
        text.chars()
            .flat_map(char::to_lowercase)
            .collect::<Vec<_>>()
    };
    lower(a).cmp(&lower(b)).then_with(|| a.cmp(b))
}

/// Two numbers as written, to their last digit.
pub(super) fn decimal_order(a: &str, b: &str) -> Ordering {
    let parts = |text: &str| {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let whole = whole.trim_start_matches('0').to_owned();
        (negative, whole, fraction.trim_end_matches('0').to_owned())
    };
    let ((a_negative, a_whole, a_fraction), (b_negative, b_whole, b_fraction)) =
        (parts(a), parts(b));
    let size = a_whole
        .len()
        .cmp(&b_whole.len())
        .then_with(|| a_whole.cmp(&b_whole))
        .then_with(|| a_fraction.cmp(&b_fraction));
    match (a_negative, b_negative) {
        (false, false) => size,
        (true, true) => size.reverse(),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}
