//! A value as a chart takes it: the server's text as a number or a moment.

use std::borrow::Cow;

use crate::chart::moment;
use crate::{Column, Kind};

/// A longer text is no label, and no number a chart could show has more digits.
const LONGEST: usize = 400;

/// What a column's values are to a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    Number,
    /// An interval, in seconds.
    Duration,
    /// A date or a timestamp, in milliseconds as on the session's wall clock.
    Moment,
    /// A time of day, in milliseconds.
    Time,
    /// A boolean, as a name.
    Truth,
    /// Anything else: names.
    Name,
}

impl Nature {
    pub(super) fn of(column: &Column) -> Self {
        match (column.kind, column.type_name.as_str()) {
            (Kind::Number, _) => Nature::Number,
            (Kind::Time, name) if name.starts_with("interval") => Nature::Duration,
            (Kind::Time, name) if name.starts_with("date") || name.starts_with("timestamp") => {
                Nature::Moment
            }
            (Kind::Time, _) => Nature::Time,
            (Kind::Boolean, _) => Nature::Truth,
            _ => Nature::Name,
        }
    }

    /// Whether its values can be added up.
    pub(super) fn is_quantity(self) -> bool {
        matches!(self, Nature::Number | Nature::Duration)
    }

    pub(super) fn is_name(self) -> bool {
        matches!(self, Nature::Truth | Nature::Name)
    }

    pub(super) fn is_clock(self) -> bool {
        matches!(self, Nature::Moment | Nature::Time)
    }

    /// The value as a number; nothing where it is none that can be drawn (`NaN`, `infinity`).
    pub(super) fn read(self, text: &str) -> Option<f64> {
        match self {
            Nature::Number => number(text),
            Nature::Duration => moment::interval(text),
            Nature::Moment => moment::moment(text).map(|at| at as f64),
            Nature::Time => moment::time(text).map(|at| at as f64),
            Nature::Truth | Nature::Name => None,
        }
    }

    /// The value as a name: equal values have equal ones.
    pub(super) fn name(self, text: &str) -> Option<Cow<'_, str>> {
        match self {
            Nature::Truth => Some(Cow::Borrowed(if text == "t" { "true" } else { "false" })),
            Nature::Name => Some(bounded(text)),
            nature => nature
                .read(text)
                .map(|number| Cow::Owned(number.to_string())),
        }
    }
}

/// A text that can be kept.
pub(super) fn bounded(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

fn number(text: &str) -> Option<f64> {
    let digits = text.get(..text.len().min(LONGEST))?;
    let parsed = digits.parse().or_else(|_| {
        // `money` comes with a currency and with separators.
        let plain: String = digits
            .chars()
            .filter(|c| c.is_ascii_digit() || matches!(c, '.' | '-'))
            .collect();
        plain.parse()
    });
    parsed.ok().filter(|number: &f64| number.is_finite())
}

/// A number as people read it, with as many digits as matter.
pub(super) fn printed(number: f64) -> String {
    if number == 0.0 {
        return "0".into();
    }
    let size = number.abs();
    if !(1e-4..1e15).contains(&size) {
        return format!("{number:.3e}");
    }
    // Six digits matter; those of whole numbers all do.
    let decimals = (5 - size.log10().floor() as i32).clamp(0, 9) as usize;
    let text = format!("{number:.decimals$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    thousands(text)
}

/// `1234567.5` with commas; four digits need none, and may be a year.
fn thousands(text: &str) -> String {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    if whole.len() <= 4 {
        return format!("{sign}{text}");
    }
    let mut out = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_servers_print_them() {
        let check =
            |text: &str, expected: Option<f64>| assert_eq!(number(text), expected, "{text}");
        check("42", Some(42.0));
        check("-1.50", Some(-1.5));
        check("1e+20", Some(1e20));
        check("$1,234.50", Some(1234.5));
        check("-$2.00", Some(-2.0));
        check("NaN", None);
        check("Infinity", None);
        check("", None);
        check(&"9".repeat(5000), None);
    }

    #[test]
    fn numbers_are_printed_as_people_read_them() {
        let check = |number: f64, expected: &str| assert_eq!(printed(number), expected);
        check(0.0, "0");
        check(1_234_567.0, "1,234,567");
        check(-12345.5, "-12,345.5");
        check(0.1 + 0.2, "0.3");
        check(12.345_678, "12.3457");
        check(1e20, "1.000e20");
        check(100.0, "100");
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(bounded("short"), "short");
        let cut = bounded(&"ä".repeat(1000)).into_owned();
        assert_eq!(cut.chars().count(), LONGEST + 1);
    }
}
