//! What a value weighs, so that values sort as the server would sort them.

use std::cmp::Ordering;

use display::{Column, Kind, Money};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};

/// How a column's values are weighed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Weigh {
    Number,
    /// By its smallest unit: all amounts of a column have as many decimals.
    Money,
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
            Kind::Number if column.type_name.starts_with("money") => Weigh::Money,
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
            Weigh::Money => (number(&cents(value)), ""),
            Weigh::Moment => moment(value).map_or((f64::MAX, value), |weight| (weight, "")),
            Weigh::Interval => interval(value).map_or((f64::MAX, value), |weight| (weight, "")),
            Weigh::Text => (beginning(value), value),
        }
    }

    /// Whether a text is a value.
    pub(super) fn knows(self, value: &str) -> bool {
        match self {
            Weigh::Number => !number(value).is_nan(),
            Weigh::Money => Money::units(value).is_some(),
            Weigh::Moment => moment(value).is_some(),
            Weigh::Interval => interval(value).is_some(),
            Weigh::Text => true,
        }
    }

    /// Whether weights mean something by themselves, and not only beside each other.
    pub(super) fn measures(self) -> bool {
        self != Weigh::Text
    }
}

/// How two values stand to each other.
pub(super) fn order(weigh: Weigh, a: &str, b: &str) -> Ordering {
    let ((a_weight, a_text), (b_weight, b_text)) = (weigh.of(a), weigh.of(b));
    a_weight.total_cmp(&b_weight).then_with(|| match weigh {
        // One of them may be short enough to be told by its weight alone.
        Weigh::Number if a_text.is_empty() && b_text.is_empty() => Ordering::Equal,
        Weigh::Number => decimal_order(a, b),
        Weigh::Money => decimal_order(&cents(a), &cents(b)),
        _ => letter_order(a_text, b_text),
    })
}

/// A number as the server prints it; what is none is larger than all.
fn number(value: &str) -> f64 {
    value.parse().unwrap_or(f64::NAN)
}

/// An amount in its smallest unit.
pub(super) fn cents(value: &str) -> String {
    Money::units(value).unwrap_or_else(|| value.to_owned())
}

/// A value as the table shows it.
pub(super) fn shown(kind: Kind, value: &str) -> &str {
    match (kind, value) {
        (Kind::Boolean, "t") => "true",
        (Kind::Boolean, "f") => "false",
        (_, value) => value,
    }
}

/// A moment without how far its clock goes before UTC.
pub(super) fn without_offset(value: &str) -> &str {
    let Some(clock) = value.find(' ').map(|blank| blank + 1) else {
        return value;
    };
    let end = value[clock..].find(['+', '-', 'z']);
    end.map_or(value, |end| value[..clock + end].trim_end())
}

/// A moment of which the first parts were said: `2024`, `2024-05`, `2024-05-06 07:08`.
pub(super) fn completed(said: &str) -> Option<String> {
    let (date, clock) = said.split_once([' ', 'T']).unwrap_or((said, ""));
    let date = match date.split('-').count() {
        _ if moment(&date.to_lowercase()).is_some() => date.to_owned(),
        1 => format!("{date}-01-01"),
        _ => format!("{date}-01"),
    };
    let clock = match clock.len() {
        0 => String::new(),
        2 => format!(" {clock}:00:00"),
        5 => format!(" {clock}:00"),
        _ => format!(" {clock}"),
    };
    let whole = format!("{date}{clock}").to_lowercase();
    moment(&whole).is_some().then_some(whole)
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

/// `1 year 2 mons -3 days +04:05:06.7`, in seconds.
fn interval(value: &str) -> Option<f64> {
    const DAY: f64 = 86_400.0;
    let mut seconds = 0.0;
    let mut words = value.split(' ');
    while let Some(word) = words.next() {
        if word.contains(':') {
            let sign = if word.starts_with('-') { -1.0 } else { 1.0 };
            let mut unit = 3600.0 * sign;
            for part in word.trim_start_matches(['-', '+']).split(':') {
                seconds += part.parse::<f64>().ok()? * unit;
                unit /= 60.0;
            }
            continue;
        }
        let length = match words.next()? {
            "year" | "years" => 360.0 * DAY,
            "mon" | "mons" => 30.0 * DAY,
            "day" | "days" => DAY,
            _ => return None,
        };
        seconds += word.parse::<f64>().ok()? * length;
    }
    Some(seconds)
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
            .collect::<String>()
    };
    match a.is_ascii() && b.is_ascii() {
        true => {
            let [a, b] = [a, b].map(|text| text.bytes().map(|byte| byte.to_ascii_lowercase()));
            a.cmp(b)
        }
        false => lower(a).cmp(&lower(b)),
    }
    .then_with(|| a.cmp(b))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// These values of a column of that type are in order, as PostgreSQL sorts them.
    fn check(kind: Kind, type_name: &str, values: &[&str]) {
        let weigh = Weigh::new(&Column::new("c", type_name, kind));
        for pair in values.windows(2) {
            assert_eq!(order(weigh, pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(order(weigh, pair[1], pair[0]), Ordering::Greater);
            assert_eq!(order(weigh, pair[0], pair[0]), Ordering::Equal);
        }
    }

    #[test]
    fn numbers_to_their_last_digit() {
        let values = [
            "-Infinity",
            "-9007199254740993",
            "-9007199254740992",
            "-1.5",
            "0",
            "0.00000000000000000001",
            "2",
            "10",
            "123456789012345678901234567890.1",
            "123456789012345678901234567890.2",
            "Infinity",
            "NaN",
        ];
        check(Kind::Number, "numeric", &values);
        check(Kind::Number, "money", &["-$5.00", "$1.00", "$1,000.00"]);
        check(
            Kind::Number,
            "money",
            &[
                "-1.234,56 €",
                "7,00 €",
                "1.234,56 €",
                "92.233.720.368.547.758,07 €",
            ],
        );
    }

    #[test]
    fn moments_across_zones_and_eras() {
        let stamps = [
            "-infinity",
            "0044-03-15 12:00:00+00 BC",
            "0001-12-31 00:00:00+00 BC",
            "0001-01-01 00:00:00+00",
            "2024-10-27 02:30:00+02",
            "2024-10-27 02:00:00+01",
            "2024-10-27 02:00:00.000001+01",
            "infinity",
        ];
        check(Kind::Time, "timestamp with time zone", &stamps);
        check(
            Kind::Time,
            "date",
            &["0002-01-01 BC", "1999-12-31", "2000-01-01"],
        );
        let spans = [
            "-1 days",
            "00:00:01",
            "23:00:00",
            "1 day",
            "1 mon",
            "1 year 2 mons",
        ];
        check(Kind::Time, "interval", &spans);
        check(
            Kind::Time,
            "time without time zone",
            &["09:00:00", "10:00:00"],
        );
    }

    #[test]
    fn texts_by_letters_then_by_case() {
        let values = [
            "", "Apple", "apple", "apples", "Banana", "cherries", "zoo", "Ähre",
        ];
        check(Kind::Text, "text", &values);
    }
}
