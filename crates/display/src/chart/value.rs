//! A value as a chart takes it: the server's text as a number or a moment, or as a name.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::chart::{moment, number};
use crate::{Column, Kind, Money};

/// Characters of a text that is kept as it is. No number a chart could show has more before its point.
const LONGEST: usize = 400;
/// Of a longer text so many, and a number that its whole makes.
const KEPT: usize = 360;

/// What a column's values are to a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    Number,
    /// An interval, in seconds.
    Duration,
    /// A date or a timestamp, in microseconds as on the session's wall clock.
    Moment,
    /// A time of day, in microseconds.
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
}

/// How the values of a column are read, as numbers and as names.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reading {
    pub(super) nature: Nature,
    pub(super) from: From,
}

/// What a value is counted from, or in.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum From {
    /// From nothing, in what it is.
    Itself,
    /// From a number near all of them, which lie closer together than a scale can tell.
    Number(String),
    /// In microseconds from a moment near all of them.
    Moment(i64),
    /// On a clock that goes so many microseconds before UTC, and is not turned back in between.
    Clock(i64),
    /// Money in its smallest unit, while its decimals are not known …
    Units,
    /// … and once they are, …
    Money(usize),
    /// … or will never be.
    Unclear,
}

impl Reading {
    pub(super) fn of(column: &Column) -> Self {
        let from = match column.kind == Kind::Number && column.type_name.starts_with("money") {
            true => From::Units,
            false => From::Itself,
        };
        Reading {
            nature: Nature::of(column),
            from,
        }
    }

    /// A number as it is.
    pub(super) fn number() -> Self {
        Reading {
            nature: Nature::Number,
            from: From::Itself,
        }
    }

    /// The value as a number; nothing where it is none that can be drawn (`NaN`, `infinity`).
    pub(super) fn read(&self, text: &str) -> Option<f64> {
        match (&self.from, self.nature) {
            (From::Number(base), _) => number::difference(&number::plain(within(text)?), base),
            (From::Moment(base), _) => {
                let (at, _) = moment::moment(text).or_else(|| Some((moment::time(text)?, None)))?;
                Some((at - base) as f64)
            }
            (From::Clock(ahead), _) => match moment::moment(text)? {
                (at, Some(offset)) => Some((at - offset + ahead) as f64),
                (at, None) => Some(at as f64),
            },
            (From::Unclear, _) => None,
            (From::Units, _) => finite(&Money::units(text)?),
            (From::Money(decimals), _) => finite(&Money::number(text, *decimals)?),
            (From::Itself, Nature::Number) => finite(within(text)?),
            (From::Itself, Nature::Duration) => moment::interval(text),
            (From::Itself, Nature::Moment) => moment::moment(text).map(|(at, _)| at as f64),
            (From::Itself, Nature::Time) => moment::time(text).map(|at| at as f64),
            (From::Itself, Nature::Truth | Nature::Name) => None,
        }
    }

    /// The value as a name: equal values have equal ones, and different values different ones.
    pub(super) fn name<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match (&self.from, self.nature) {
            (_, Nature::Truth) => Cow::Borrowed(match is_true(text) {
                true => "true",
                false => "false",
            }),
            (From::Units, _) => named(Money::units(text), text),
            (From::Money(decimals), _) => named(Money::number(text, *decimals), text),
            (From::Itself | From::Number(_), Nature::Number) => match number::plain(text) {
                Cow::Borrowed(text) => bounded(text),
                Cow::Owned(text) => Cow::Owned(bounded(&text).into_owned()),
            },
            (From::Itself, Nature::Duration) => match moment::interval(text) {
                Some(seconds) => Cow::Owned(seconds.to_string()),
                None => bounded(text),
            },
            _ => bounded(text),
        }
    }

    /// What [`Reading::read`] made of the value that has this name.
    pub(super) fn of_name(&self, name: &str) -> Option<f64> {
        let number = match (&self.from, self.nature) {
            (From::Units | From::Money(_), _) | (From::Itself, Nature::Duration) => finite(name)?,
            _ => self.read(name)?,
        };
        Some(number)
    }

    /// What a title adds where numbers are counted from another one.
    pub(super) fn base(&self) -> Option<String> {
        match &self.from {
            From::Number(base) => Some(match base.strip_prefix('-') {
                Some(size) => format!(" + {size}"),
                None => format!(" − {base}"),
            }),
            From::Moment(base) => {
                let format = match (0..moment::DAY).contains(base) {
                    true => "%H:%M:%S.%L",
                    false => "%Y-%m-%d %H:%M:%S.%L",
                };
                Some(format!(" (µs after {})", moment::print(*base, format)))
            }
            _ => None,
        }
    }

    /// The order of two names.
    pub(super) fn order(&self, a: &str, b: &str) -> std::cmp::Ordering {
        match self.nature {
            Nature::Number | Nature::Duration => number::order(a, b).then_with(|| a.cmp(b)),
            _ => a.cmp(b),
        }
    }

    /// A value's text as it is kept until the second pass: it is read as the whole would be.
    pub(super) fn kept(&self, text: &str) -> String {
        match (&self.from, self.nature) {
            (From::Itself, Nature::Number) => self.name(text).into_owned(),
            _ => bounded(text).into_owned(),
        }
    }
}

fn named(number: Option<String>, text: &str) -> Cow<'_, str> {
    match number {
        Some(number) => Cow::Owned(number::plain(&number).into_owned()),
        None => bounded(text),
    }
}

fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// As much of a number as matters to a picture, which is nearly always all of it.
fn within(text: &str) -> Option<&str> {
    if text.len() <= 20 {
        return Some(text);
    }
    let own = text.split('…').next()?;
    own.get(..own.len().min(LONGEST))
}

/// Whether a boolean is true: PostgreSQL prints `t`, and engines that resemble it print the word.
pub(super) fn is_true(text: &str) -> bool {
    matches!(text, "t" | "true")
}

/// A text that can be kept: long ones are shortened, and different ones stay different.
pub(super) fn bounded(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST || text.chars().nth(LONGEST).is_none() {
        return Cow::Borrowed(text);
    }
    let end = text
        .char_indices()
        .nth(KEPT)
        .map_or(text.len(), |(end, _)| end);
    let mut whole = DefaultHasher::new();
    text.hash(&mut whole);
    Cow::Owned(format!("{}… {:016x}", &text[..end], whole.finish()))
}

/// What of a text that [`bounded`] has shortened is its own.
pub(super) fn own_part(text: &str) -> &str {
    let is_cut = text.chars().count() == KEPT + 18;
    match text.rsplit_once("… ") {
        Some((own, digits)) if is_cut && digits.len() == 16 => &text[..own.len() + '…'.len_utf8()],
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(type_name: &str, kind: Kind) -> Reading {
        Reading::of(&Column::new("c", type_name, kind))
    }

    #[test]
    fn numbers_are_read_as_servers_print_them() {
        let numeric = reading("numeric", Kind::Number);
        let check = |text: &str, expected: Option<f64>| {
            assert_eq!(numeric.read(text), expected, "{text}");
            // What is kept is read as the whole.
            assert_eq!(numeric.read(&numeric.kept(text)), expected, "{text}");
        };
        check("42", Some(42.0));
        check("-1.50", Some(-1.5));
        check("1e+20", Some(1e20));
        check("NaN", None);
        check("Infinity", None);
        check("", None);
        check("$1,234.50", None);
        check(&"9".repeat(5000), None);
        check(&format!("0.{}", "3".repeat(5000)), Some(1.0 / 3.0));
    }

    #[test]
    fn money_is_read_once_its_decimals_are_known() {
        let mut money = reading("money", Kind::Number);
        assert_eq!(money.read("1.234,56 €"), Some(123_456.0));
        money.from = From::Money(2);
        assert_eq!(money.read("1.234,56 €"), Some(1234.56));
        assert_eq!(money.read("-$2.00"), Some(-2.0));
        assert_eq!(money.name("-2,50 €"), "-2.5");
    }

    #[test]
    fn what_is_counted_from_a_number_keeps_its_digits() {
        let mut number = reading("bigint", Kind::Number);
        number.from = From::Number("9007199254740992".into());
        assert_eq!(number.read("9007199254740993"), Some(1.0));
        assert_eq!(number.name("9007199254740993"), "9007199254740993");
    }

    #[test]
    fn long_texts_are_cut_and_stay_different() {
        assert_eq!(bounded("short"), "short");
        let long = |last: char| format!("{}{last}", "ä".repeat(1000));
        let (a, b) = (
            bounded(&long('a')).into_owned(),
            bounded(&long('b')).into_owned(),
        );
        assert_ne!(a, b);
        assert_eq!(bounded(&a), a, "what is cut is not cut again");
        assert_eq!(own_part(&a), format!("{}…", "ä".repeat(KEPT)));
        assert_eq!(own_part("a… b"), "a… b");
    }
}
