//! Which type holds all values of a column: one in which every value survives the way there and
//! back.

use crate::jsonb;

/// A column of a file, and the type that holds all of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inferred {
    /// The name the file gives it; where it gives none, `column1` and so on.
    pub name: String,
    /// The PostgreSQL type, as SQL writes it.
    pub type_name: String,
}

/// Types, as bits.
pub(crate) mod bits {
    pub(crate) const BOOLEAN: u16 = 1;
    pub(crate) const BIGINT: u16 = 1 << 1;
    pub(crate) const NUMERIC: u16 = 1 << 2;
    pub(crate) const DOUBLE: u16 = 1 << 3;
    pub(crate) const DATE: u16 = 1 << 4;
    pub(crate) const TIMESTAMP: u16 = 1 << 5;
    pub(crate) const TIMESTAMPTZ: u16 = 1 << 6;
    pub(crate) const UUID: u16 = 1 << 7;
    pub(crate) const JSONB: u16 = 1 << 8;
    pub(crate) const JSON: u16 = 1 << 9;
    pub(crate) const TEXT: u16 = 1 << 10;
    pub(crate) const MOMENTS: u16 = DATE | TIMESTAMP | TIMESTAMPTZ;
    pub(crate) const ANY_JSON: u16 = JSONB | JSON;
}
use bits::{
    ANY_JSON, BIGINT, BOOLEAN, DATE, DOUBLE, JSON, JSONB, MOMENTS, NUMERIC, TEXT, TIMESTAMP,
    TIMESTAMPTZ, UUID,
};

/// What has been seen, as bits: a value that is more than a word such as `NaN`, …
const VALUE: u8 = 1;
/// … a number with an exponent, …
const EXPONENT: u8 = 1 << 1;
/// … an object or an array, …
const NESTED: u8 = 1 << 2;
/// … a number or a boolean of JSON, which is no text, …
const BARE: u8 = 1 << 3;
/// … a long number of which it was not tried whether it survives in a double.
const UNTRIED: u8 = 1 << 4;

/// What PostgreSQL's numeric holds, in digits before and behind the point.
const DIGITS: (i64, i64) = (131_072, 16_383);

/// The types in order, with their names.
const NAMES: [(u16, &str); 11] = [
    (BOOLEAN, "boolean"),
    (BIGINT, "bigint"),
    (NUMERIC, "numeric"),
    (DOUBLE, "double precision"),
    (DATE, "date"),
    (TIMESTAMP, "timestamp"),
    (TIMESTAMPTZ, "timestamptz"),
    (UUID, "uuid"),
    (JSONB, "jsonb"),
    (JSON, "json"),
    (TEXT, "text"),
];

/// What a value looks like, and what all values of a column do: the types in which each of them
/// survives the way there and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Class {
    fits: u16,
    seen: u8,
}

impl Default for Class {
    fn default() -> Self {
        Class::NOTHING
    }
}

impl Class {
    /// No value yet.
    pub(crate) const NOTHING: Class = Class {
        fits: u16::MAX,
        seen: 0,
    };
    const ONLY_TEXT: Class = Class::value(0);

    const fn value(fits: u16) -> Self {
        Class {
            fits: fits | TEXT,
            seen: VALUE,
        }
    }

    /// The class of a text.
    #[cfg(test)]
    pub(crate) fn of(value: &[u8]) -> Self {
        Class::look(value, true)
    }

    /// The same; where it is done with care, long numbers are tried.
    fn look(value: &[u8], careful: bool) -> Self {
        let text = value.trim_ascii();
        match text.first() {
            Some(b'{' | b'[') if is_json(text) => Class {
                fits: TEXT | jsonb::exact(text),
                seen: VALUE | NESTED,
            },
            Some(b'0'..=b'9' | b'-' | b'.') => number(text, careful)
                .or_else(|| time(text).map(Class::value))
                .unwrap_or_else(|| word(value)),
            Some(_) => word(value),
            None => Class::ONLY_TEXT,
        }
    }

    /// Takes one more value in. Without care the column may be doubtful in the end: to try every
    /// long number takes its time, and is seldom of use.
    pub(crate) fn take(&mut self, value: &[u8], careful: bool) {
        // Nothing but text will come of it.
        if self.fits == TEXT {
            return;
        }
        // Most values are like those before them.
        if self.seen == VALUE {
            if self.fits == (BIGINT | NUMERIC | DOUBLE | TEXT) && is_short(value) {
                return;
            }
            if self.fits & MOMENTS != 0
                && let Some(fits) = time(value)
            {
                self.fits &= fits | TEXT;
                return;
            }
        }
        let careful = careful || self.seen & EXPONENT != 0;
        *self = self.join(Class::look(value, careful && self.fits & DOUBLE != 0));
    }

    /// Whether its type depends on numbers that were not tried.
    pub(crate) fn is_doubtful(self) -> bool {
        self.kind() == DOUBLE && self.seen & UNTRIED != 0
    }

    /// The class of a column that has values of both.
    pub(crate) fn join(self, other: Self) -> Self {
        Class {
            fits: self.fits & other.fits,
            seen: self.seen | other.seen,
        }
    }

    /// The type it gets.
    pub(crate) fn kind(self) -> u16 {
        let order: &[u16] = match self.seen {
            // Of nothing, and of words alone, nobody knows.
            seen if seen & VALUE == 0 => &[],
            seen if seen & NESTED != 0 => &[JSONB, JSON],
            // Numbers with exponents were no exact ones where they come from.
            seen if seen & EXPONENT != 0 => &[DOUBLE, NUMERIC],
            _ => &[
                BOOLEAN,
                BIGINT,
                NUMERIC,
                DOUBLE,
                DATE,
                TIMESTAMP,
                TIMESTAMPTZ,
                UUID,
            ],
        };
        let found = order.iter().find(|kind| self.fits & *kind != 0);
        found.copied().unwrap_or(TEXT)
    }

    /// Whether there is a value, and all of them are numbers, or all are moments.
    pub(crate) fn is_measure(self) -> bool {
        self.kind() & (BIGINT | NUMERIC | DOUBLE | MOMENTS) != 0
    }

    /// The type's name in SQL.
    pub(crate) fn type_name(self) -> &'static str {
        let kind = self.kind();
        let found = NAMES.iter().find(|(bit, _)| *bit == kind);
        found.map_or("text", |(_, name)| name)
    }
}

/// What a column of a table takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// What a value says, as its type reads it.
    Text,
    /// JSON.
    Json,
    /// An array in PostgreSQL's form.
    Array,
}

impl Takes {
    /// What a type takes, by its name in SQL.
    pub fn of(type_name: &str) -> Self {
        let name = type_name.trim().to_ascii_lowercase();
        match name.as_str() {
            "json" | "jsonb" => Takes::Json,
            name if name.ends_with(']') => Takes::Array,
            _ => Takes::Text,
        }
    }
}

/// What a JSON value looks like, and what all values of a column do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Value(Class),
    /// An array of such values.
    Array(Class),
}

impl Shape {
    /// An array of elements of these classes; JSON where no array type holds them all.
    pub(crate) fn array(elements: impl Iterator<Item = Class>) -> Self {
        let all = elements.fold(Class::NOTHING, Class::join);
        // An array has no texts beside numbers.
        let mixed = all.kind() == TEXT && all.seen & BARE != 0;
        match mixed || all.seen & NESTED != 0 {
            true => Shape::Value(json(all)),
            false => Shape::Array(all),
        }
    }

    /// The shape of a column that has values of both.
    pub(crate) fn join(self, other: Self) -> Self {
        match (self, other) {
            (Shape::Value(Class::NOTHING), shape) | (shape, Shape::Value(Class::NOTHING)) => shape,
            (Shape::Array(a), Shape::Array(b)) => Shape::array([a, b].into_iter()),
            (Shape::Value(a), Shape::Value(b)) => Shape::Value(a.join(b)),
            // Anything may stand beside an array: as JSON.
            (Shape::Array(a), Shape::Value(b)) | (Shape::Value(b), Shape::Array(a)) => {
                Shape::Value(json(a).join(b))
            }
        }
    }

    /// The type's name in SQL.
    pub(crate) fn type_name(self) -> String {
        match self {
            // Of arrays that are all empty nobody knows the type.
            Shape::Array(Class::NOTHING) => "jsonb".into(),
            Shape::Value(class) => class.type_name().into(),
            Shape::Array(class) => format!("{}[]", class.type_name()),
        }
    }

    /// What a column made for it takes.
    pub(crate) fn takes(self) -> Takes {
        Takes::of(&self.type_name())
    }
}

/// An array of such elements as JSON.
fn json(elements: Class) -> Class {
    Class {
        fits: elements.fits & ANY_JSON,
        seen: VALUE | NESTED,
    }
}

/// The class of a JSON value, of which only texts are looked into; and only for what JSON has no
/// values of its own for.
pub(crate) fn of_json(raw: &str, text: Option<&str>) -> Class {
    let bytes = raw.as_bytes();
    let (class, bare) = match (text, bytes.first()) {
        (_, Some(b'n')) => return Class::NOTHING,
        (_, Some(b'{' | b'[')) => {
            return Class {
                fits: jsonb::value(bytes),
                seen: VALUE | NESTED,
            };
        }
        (Some("NaN" | "Infinity" | "-Infinity" | "infinity" | "-infinity"), _) => {
            (word(text.unwrap_or_default().as_bytes()), 0)
        }
        (Some(text), _) => {
            let class = match text.as_bytes().first() {
                Some(b'0'..=b'9') => time(text.as_bytes()).map(Class::value),
                _ => None,
            };
            let class = class.unwrap_or_else(|| word(text.as_bytes()));
            let fits = class.fits & (MOMENTS | UUID);
            (Class::value(fits), 0)
        }
        (None, Some(b't' | b'f')) => (Class::value(BOOLEAN), BARE),
        (None, _) => (number(bytes, true).unwrap_or(Class::ONLY_TEXT), BARE),
    };
    // A number that no numeric holds is none of jsonb's.
    let beyond = bare != 0 && class.fits & (BOOLEAN | NUMERIC) == 0;
    Class {
        fits: class.fits | if beyond { JSON } else { ANY_JSON },
        seen: class.seen | bare,
    }
}

/// `-12`, `12.5`, `1e5`; no number with leading zeros or a plus, which are codes.
fn number(text: &[u8], careful: bool) -> Option<Class> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let run = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = run(digits);
    if whole > 1 && digits[0] == b'0' {
        return None;
    }
    let (fraction, rest) = match &digits[whole..] {
        [b'.', rest @ ..] => rest.split_at(run(rest)),
        rest => (&[][..], rest),
    };
    if whole + fraction.len() == 0 {
        return None;
    }
    let (exponent, mut seen) = match rest {
        [] => (0, VALUE),
        [b'e' | b'E', exponent @ ..] => {
            let unsigned = exponent.strip_prefix(b"-").or(exponent.strip_prefix(b"+"));
            let unsigned = unsigned.unwrap_or(exponent);
            if unsigned.is_empty() || unsigned.len() > 6 || run(unsigned) < unsigned.len() {
                return None;
            }
            (
                str::from_utf8(exponent).ok()?.parse().ok()?,
                VALUE | EXPONENT,
            )
        }
        _ => return None,
    };
    let (before, behind) = (whole as i64 + exponent, fraction.len() as i64 - exponent);
    let zero = || {
        !digits[..whole]
            .iter()
            .chain(fraction)
            .any(|digit| *digit != b'0')
    };
    let mut fits = TEXT;
    // Only a double knows the sign of a zero.
    let signless = digits.len() < text.len() && zero();
    if !signless {
        if rest.is_empty() && fraction.is_empty() && digits.len() == whole && is_bigint(text, whole)
        {
            fits |= BIGINT;
        }
        if before <= DIGITS.0 && behind <= DIGITS.1 {
            fits |= NUMERIC;
        }
    }
    // Fifteen digits always survive in a double; of more it has to be tried.
    let short = whole + fraction.len() <= 15 && (-290..=290).contains(&exponent);
    if !short && !careful {
        seen |= UNTRIED;
    }
    if short || !careful || survives_as_double(text) {
        fits |= DOUBLE;
    }
    Some(Class { fits, seen })
}

/// Whether a text is a whole number of few digits and nothing else.
fn is_short(text: &[u8]) -> bool {
    (1..=15).contains(&text.len())
        && (text[0] != b'0' || text.len() == 1)
        && text.iter().all(u8::is_ascii_digit)
}

/// Whether so many digits are a whole number of 64 bits.
fn is_bigint(text: &[u8], digits: usize) -> bool {
    digits <= 18 || str::from_utf8(text).is_ok_and(|text| text.parse::<i64>().is_ok())
}

/// Whether a number is the same after it was a double.
fn survives_as_double(text: &[u8]) -> bool {
    let parsed = str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse::<f64>().ok());
    parsed.is_some_and(|value| {
        value.is_finite() && significant(text) == significant(format!("{value:e}").as_bytes())
    })
}

/// The digits of a number without zeros at their ends, and the power of ten of the last.
fn significant(text: &[u8]) -> (Vec<u8>, i64) {
    let at = text.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (mantissa, exponent) = text.split_at(at.unwrap_or(text.len()));
    let exponent = exponent
        .get(1..)
        .and_then(|exponent| str::from_utf8(exponent).ok());
    let mut power: i64 = exponent
        .and_then(|exponent| exponent.parse().ok())
        .unwrap_or(0);
    let point = mantissa.iter().position(|byte| *byte == b'.');
    if let Some(point) = point {
        power -= (mantissa.len() - point - 1) as i64;
    }
    let digits = mantissa.iter().copied().filter(u8::is_ascii_digit);
    let mut digits: Vec<u8> = digits.skip_while(|digit| *digit == b'0').collect();
    while digits.last() == Some(&b'0') {
        digits.pop();
        power += 1;
    }
    if digits.is_empty() {
        power = 0;
    }
    (digits, power)
}

/// `2024-02-29`, `2024-02-29 12:30`, `2024-02-29T12:30:05.25+02:00`, `0044-03-15 BC`: the types
/// that hold it. Fractions beyond microseconds would be lost.
fn time(text: &[u8]) -> Option<u16> {
    let (text, before_christ) = match text.strip_suffix(b" BC") {
        Some(text) => (text, true),
        None => (text, false),
    };
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (year, rest) = text.split_at(digits);
    let [b'-', m1, m2, b'-', d1, d2, rest @ ..] = rest else {
        return None;
    };
    if !(4..=6).contains(&digits) || digits > 4 && year[0] == b'0' {
        return None;
    }
    let digits = year.iter().map(|digit| u32::from(digit - b'0'));
    let year = digits.fold(0, |year, digit| year * 10 + digit);
    let most = if before_christ { 4712 } else { 294_275 };
    if year == 0 || year > most {
        return None;
    }
    // The year before 1 is 1 BC, which is a leap year.
    let leap = if before_christ { year - 1 } else { year };
    let (month, day) = (two(*m1, *m2)?, two(*d1, *d2)?);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap.is_multiple_of(4) && (!leap.is_multiple_of(100) || leap.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) {
        return None;
    }
    match rest {
        [] => Some(DATE | TIMESTAMP),
        [b' ' | b'T' | b't', rest @ ..] => clock(rest),
        _ => None,
    }
}

/// What stands behind a day.
fn clock(text: &[u8]) -> Option<u16> {
    let [h1, h2, b':', m1, m2, rest @ ..] = text else {
        return None;
    };
    if two(*h1, *h2)? > 23 || two(*m1, *m2)? > 59 {
        return None;
    }
    let rest = match rest {
        [b':', s1, s2, rest @ ..] if two(*s1, *s2)? < 60 => match rest {
            [b'.', rest @ ..] => {
                let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                let (digits, rest) = rest.split_at(digits);
                if digits.is_empty() || digits.iter().skip(6).any(|digit| *digit != b'0') {
                    return None;
                }
                rest
            }
            rest => rest,
        },
        rest => rest,
    };
    let sixty = |tens: u8, ones: u8| two(tens, ones).is_some_and(|number| number < 60);
    let zoned = match rest {
        [] => return Some(TIMESTAMP),
        b"Z" | b"z" => true,
        [b'+' | b'-', h1, h2, rest @ ..] if two(*h1, *h2)? < 16 => match rest {
            [] => true,
            [b':', m1, m2] | [m1, m2] => sixty(*m1, *m2),
            [b':', m1, m2, b':', s1, s2] => sixty(*m1, *m2) && sixty(*s1, *s2),
            _ => false,
        },
        _ => false,
    };
    zoned.then_some(TIMESTAMPTZ)
}

/// A number of two digits.
fn two(tens: u8, ones: u8) -> Option<u8> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + ones - b'0')
}

fn word(value: &[u8]) -> Class {
    let text = value.trim_ascii();
    let is = |word: &str| text.eq_ignore_ascii_case(word.as_bytes());
    let unsigned = text.strip_prefix(b"-").unwrap_or(text);
    // Single letters are codes far more often.
    if is("true") || is("false") {
        return Class::value(BOOLEAN);
    }
    let fits = if is("nan") {
        NUMERIC | DOUBLE
    } else if unsigned.eq_ignore_ascii_case(b"infinity") {
        DOUBLE | MOMENTS
    } else if unsigned.eq_ignore_ascii_case(b"inf") {
        DOUBLE
    } else {
        return Class::value(if is_uuid(value) { UUID } else { 0 });
    };
    Class {
        fits: fits | TEXT,
        seen: 0,
    }
}

/// A UUID as PostgreSQL prints it: in lower case.
fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// Whether a text is JSON whose texts hold no NUL, which PostgreSQL does not take.
fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok() && !jsonb::has_nul(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_types() {
        let check = |value: &str, expected: &str| {
            assert_eq!(Class::of(value.as_bytes()).type_name(), expected, "{value}");
        };
        check("0", "bigint");
        check("-12", "bigint");
        check(" 12", "bigint");
        check("9223372036854775807", "bigint");
        check("9223372036854775808", "numeric");
        check("007", "text");
        check("+49151", "text");
        check("1.50", "numeric");
        check(".5", "numeric");
        check("1e5", "double precision");
        check("1e", "text");
        check("-", "text");
        check("1,000", "text");
        check("12e456", "numeric");
        check("1e-16000", "numeric");
        check("1e131073", "text");
        check("-0", "double precision");
        check("-0.00", "double precision");
        check(&"9".repeat(1000), "numeric");
        check("2024-02-29", "date");
        check("2023-02-29", "text");
        check("0044-03-15 BC", "date");
        check("0001-02-29 BC", "date");
        check("12345-01-01", "date");
        check("2024-02-29 12:30", "timestamp");
        check("2024-02-29T12:30:05.25", "timestamp");
        check("2024-02-29 12:30:05.123456000", "timestamp");
        check("2024-02-29 12:30:05.123456789", "text");
        check("2024-02-29 12:30:05+00", "timestamptz");
        check("1900-01-01 00:17:30+00:17:30", "timestamptz");
        check("2024-02-29T12:30:05Z", "timestamptz");
        check("2024-02-29+02:00", "text");
        check("2024-02-29 25:00", "text");
        check("True", "boolean");
        check("F", "text");
        check("t", "text");
        check("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "uuid");
        check("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "text");
        check("{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "text");
        check("{\"a\": [1]}", "jsonb");
        check("{\"a\":[1]}", "json");
        check("{1,2}", "text");
        check("", "text");
    }

    #[test]
    fn a_column_has_a_type_in_which_all_its_values_survive() {
        let check = |values: &[&str], expected: &str| {
            let mut class = Class::default();
            for value in values {
                class.take(value.as_bytes(), true);
            }
            assert_eq!(class.type_name(), expected, "{values:?}");
            let mut quick = Class::default();
            for value in values {
                quick.take(value.as_bytes(), false);
            }
            assert!(
                quick.is_doubtful() || quick.kind() == class.kind(),
                "{values:?}"
            );
        };
        check(&[], "text");
        check(&["1", "2"], "bigint");
        check(&["1", "2.5"], "numeric");
        check(&["1", "2.5", "1e3"], "double precision");
        check(&["4111111111111112345", "4.11111E+15"], "numeric");
        check(&["0.1", "0.30000000000000004", "1e-05"], "double precision");
        check(&["0.1", "0.3000000000000000400001", "1e-05"], "numeric");
        check(&["12e456", "1"], "numeric");
        check(&["12e456", "-0"], "text");
        check(&["1.50", "NaN"], "numeric");
        check(&["1.5", "Infinity"], "double precision");
        check(&["9007199254740993", "Infinity"], "text");
        check(&["9007199254740992", "inf"], "double precision");
        check(&["NaN", "nan"], "text");
        check(&["infinity"], "text");
        check(&["2024-01-01", "infinity"], "date");
        check(&["2024-01-01 10:00Z", "-infinity"], "timestamptz");
        check(&["2024-01-01", "2024-01-01 10:00"], "timestamp");
        check(&["2024-01-01", "2024-01-01 10:00Z"], "text");
        check(&["1", "true"], "text");
        check(&["{\"a\": 1}", "[]"], "jsonb");
        check(&["{\"a\": 1}", "{\"a\": 1, \"a\": 2}"], "json");
        check(&["{\"a\": 1}", "null"], "text");
    }

    #[test]
    fn arrays_of_one_type_of_values_are_arrays() {
        let check = |values: &[&str], expected: &str| {
            let shape = |raw: &&str| match raw.strip_prefix('[') {
                None => Shape::Value(of(raw)),
                Some(inside) => {
                    let inside = inside.trim_end_matches(']');
                    let elements = inside.split('|').filter(|raw| !raw.is_empty());
                    Shape::array(elements.map(of))
                }
            };
            let shapes = values.iter().map(shape);
            let all = shapes.fold(Shape::Value(Class::NOTHING), Shape::join);
            assert_eq!(all.type_name(), expected, "{values:?}");
        };
        fn of(raw: &str) -> Class {
            let text = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'));
            of_json(raw, text)
        }
        check(&["[1|null|2.5]"], "numeric[]");
        check(&["[]", "null", "[true]"], "boolean[]");
        check(&["[\"2024-01-01\"]", "[\"x\"|\"2024-01-01\"]"], "text[]");
        check(&["[]", "[null]"], "jsonb");
        check(&["[1|\"x\"]"], "jsonb");
        check(&["[1]", "[true]"], "jsonb");
        check(&["[{}]"], "jsonb");
        check(&["[1]", "1"], "jsonb");
        check(&["{}", "\"x\""], "jsonb");
        check(&["{\"a\":1,\"a\":2}", "\"x\""], "json");
        check(&["1", "\"x\""], "text");
        check(&["1.5", "\"NaN\""], "numeric");
        check(&["\"NaN\""], "text");
        check(&["1e500", "1"], "numeric");
    }
}
