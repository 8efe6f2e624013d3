//! Which type holds all values of a column.

/// A column of a file, and the type that holds all of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inferred {
    /// The name the file gives it; where it gives none, `column1` and so on.
    pub name: String,
    /// The PostgreSQL type, as SQL writes it.
    pub type_name: String,
}

/// What a value looks like, and what all values of a column do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Class {
    /// No value yet.
    #[default]
    Nothing,
    /// `true`, `false`, `t`, `f`.
    Boolean,
    /// A whole number of 64 bits; none with leading zeros, which a number would lose.
    Integer,
    /// A decimal number, exact.
    Numeric,
    /// One with an exponent; NaN and Infinity.
    Double,
    Date,
    Timestamp,
    TimestampTz,
    Uuid,
    /// An object or an array.
    Json,
    Text,
}

impl Class {
    /// The class of a text.
    pub(crate) fn of(value: &[u8]) -> Self {
        let text = value.trim_ascii();
        match text.first() {
            None => Class::Text,
            Some(b'{' | b'[') if is_json(text) => Class::Json,
            Some(b'0'..=b'9' | b'-' | b'.') => number(text)
                .or_else(|| time(text))
                .unwrap_or_else(|| word(value)),
            Some(_) => word(value),
        }
    }

    /// Whether a text is of this class; cheaper than [`Class::of`] where it is.
    pub(crate) fn fits(self, value: &[u8]) -> bool {
        match self {
            Class::Text => true,
            Class::Integer | Class::Numeric => number(value) == Some(self),
            Class::Date | Class::Timestamp | Class::TimestampTz => time(value) == Some(self),
            _ => false,
        }
    }

    /// The class of a column that has values of both.
    pub(crate) fn join(self, other: Self) -> Self {
        use Class::{Date, Double, Integer, Nothing, Numeric, Text, Timestamp};
        match (self, other) {
            (a, b) if a == b => a,
            (Nothing, a) | (a, Nothing) => a,
            (Integer | Numeric, Integer | Numeric) => Numeric,
            (Integer | Numeric | Double, Integer | Numeric | Double) => Double,
            (Date | Timestamp, Date | Timestamp) => Timestamp,
            _ => Text,
        }
    }

    /// The same of the elements of arrays, of which one array may not have texts beside numbers;
    /// none where no array type holds both.
    fn join_elements(self, other: Self) -> Option<Self> {
        let bare = |class| {
            matches!(
                class,
                Class::Boolean | Class::Integer | Class::Numeric | Class::Double
            )
        };
        match (self, other, self.join(other)) {
            (Class::Json, ..) | (_, Class::Json, _) => None,
            (a, b, Class::Text) if bare(a) || bare(b) => None,
            (.., joined) => Some(joined),
        }
    }

    /// The type's name in SQL.
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Class::Boolean => "boolean",
            Class::Integer => "bigint",
            Class::Numeric => "numeric",
            Class::Double => "double precision",
            Class::Date => "date",
            Class::Timestamp => "timestamp",
            Class::TimestampTz => "timestamptz",
            Class::Uuid => "uuid",
            Class::Json => "jsonb",
            Class::Text | Class::Nothing => "text",
        }
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

/// What a JSON value looks like, and what all values of a column do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Value(Class),
    /// An array of such values.
    Array(Class),
}

impl Shape {
    /// An array of elements of these classes; JSON where no array type holds them all.
    pub(crate) fn array(mut elements: impl Iterator<Item = Class>) -> Self {
        let all = elements.try_fold(Class::Nothing, Class::join_elements);
        all.map_or(Shape::Value(Class::Json), Shape::Array)
    }

    /// The shape of a column that has values of both.
    pub(crate) fn join(self, other: Self) -> Self {
        use Class::{Json, Nothing};
        match (self, other) {
            (Shape::Value(Nothing), shape) | (shape, Shape::Value(Nothing)) => shape,
            (Shape::Array(a), Shape::Array(b)) => Shape::array([a, b].into_iter()),
            // Anything may stand beside an object or an array: as JSON, too.
            (Shape::Value(a), Shape::Value(b)) if a != Json && b != Json => Shape::Value(a.join(b)),
            _ => Shape::Value(Json),
        }
    }

    /// The type's name in SQL.
    pub(crate) fn type_name(self) -> String {
        match (self, self.takes()) {
            (_, Takes::Json) => Class::Json.type_name().into(),
            (Shape::Value(class), _) => class.type_name().into(),
            (Shape::Array(class), _) => format!("{}[]", class.type_name()),
        }
    }

    /// What a column made for it takes.
    pub(crate) fn takes(self) -> Takes {
        match self {
            // Of arrays that are all empty nobody knows the type.
            Shape::Value(Class::Json) | Shape::Array(Class::Nothing) => Takes::Json,
            Shape::Value(_) => Takes::Text,
            Shape::Array(_) => Takes::Array,
        }
    }
}

/// The class of a JSON value, of which only texts are looked into; and only for what JSON has no
/// values of its own for.
pub(crate) fn of_json(raw: &str, text: Option<&str>) -> Class {
    match (text, raw.as_bytes().first()) {
        (_, Some(b'n')) => Class::Nothing,
        (Some(text), _) => match Class::of(text.as_bytes()) {
            class @ (Class::Date | Class::Timestamp | Class::TimestampTz | Class::Uuid) => class,
            _ => Class::Text,
        },
        (None, Some(b't' | b'f')) => Class::Boolean,
        (None, Some(b'{' | b'[')) => Class::Json,
        (None, _) => number(raw.as_bytes()).unwrap_or(Class::Double),
    }
}

/// `-12`, `12.5`, `1e5`; no number with leading zeros or a plus, which are codes.
fn number(text: &[u8]) -> Option<Class> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if whole > 1 && digits[0] == b'0' {
        return None;
    }
    let rest = &digits[whole..];
    if rest.is_empty() {
        return match whole {
            0 => None,
            1..=18 => Some(Class::Integer),
            _ => str::from_utf8(text)
                .ok()
                .map(|text| match text.parse::<i64>() {
                    Ok(_) => Class::Integer,
                    Err(_) => Class::Numeric,
                }),
        };
    }
    let (fraction, rest) = match rest.strip_prefix(b".") {
        Some(rest) => rest.split_at(rest.iter().take_while(|byte| byte.is_ascii_digit()).count()),
        None => (&[][..], rest),
    };
    if whole + fraction.len() == 0 {
        return None;
    }
    match rest {
        [] => Some(Class::Numeric),
        [b'e' | b'E', exponent @ ..] => {
            let digits = exponent
                .strip_prefix(b"-")
                .or_else(|| exponent.strip_prefix(b"+"));
            let digits = digits.unwrap_or(exponent);
            let right = (1..=3).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
            right.then_some(Class::Double)
        }
        _ => None,
    }
}

/// `2024-02-29`, `2024-02-29 12:30`, `2024-02-29T12:30:05.25+02:00`.
fn time(text: &[u8]) -> Option<Class> {
    let (day, rest) = text.split_first_chunk::<10>()?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *day else {
        return None;
    };
    let year = u32::from(two(y1, y2)?) * 100 + u32::from(two(y3, y4)?);
    let (month, day) = (two(m1, m2)?, two(d1, d2)?);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if year == 0 || !(1..=days).contains(&day) {
        return None;
    }
    let (clock, rest) = match rest {
        [] => return Some(Class::Date),
        [b' ' | b'T' | b't', rest @ ..] => rest.split_first_chunk::<5>()?,
        _ => return None,
    };
    let [h1, h2, b':', m1, m2] = *clock else {
        return None;
    };
    if two(h1, h2)? > 23 || two(m1, m2)? > 59 {
        return None;
    }
    let rest = match rest {
        [b':', s1, s2, rest @ ..] if two(*s1, *s2)? < 60 => match rest {
            [b'.', rest @ ..] => {
                let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                if digits == 0 {
                    return None;
                }
                &rest[digits..]
            }
            rest => rest,
        },
        rest => rest,
    };
    let zoned = match rest {
        [] => return Some(Class::Timestamp),
        b"Z" | b"z" => true,
        [b'+' | b'-', h1, h2] => two(*h1, *h2)? < 16,
        [b'+' | b'-', h1, h2, b':', m1, m2] | [b'+' | b'-', h1, h2, m1, m2] => {
            two(*h1, *h2)? < 16 && two(*m1, *m2)? < 60
        }
        _ => false,
    };
    zoned.then_some(Class::TimestampTz)
}

/// A number of two digits.
fn two(tens: u8, ones: u8) -> Option<u8> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + ones - b'0')
}

fn word(value: &[u8]) -> Class {
    let text = value.trim_ascii();
    let is = |words: &[&str]| {
        words
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word.as_bytes()))
    };
    if is(&["true", "false", "t", "f"]) {
        return Class::Boolean;
    }
    if is(&["nan", "infinity", "-infinity", "inf", "-inf"]) {
        return Class::Double;
    }
    let is_uuid = value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    if is_uuid { Class::Uuid } else { Class::Text }
}

/// Whether a text is JSON that PostgreSQL takes, whose texts hold no NUL.
fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
        && memchr::memmem::find(text, b"\\u0000").is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_classes() {
        let check = |value: &str, expected: Class| {
            assert_eq!(Class::of(value.as_bytes()), expected, "{value}");
        };
        check("0", Class::Integer);
        check("-12", Class::Integer);
        check(" 12", Class::Integer);
        check("9223372036854775807", Class::Integer);
        check("9223372036854775808", Class::Numeric);
        check("007", Class::Text);
        check("+49151", Class::Text);
        check("1.50", Class::Numeric);
        check(".5", Class::Numeric);
        check("1e5", Class::Double);
        check("1e", Class::Text);
        check("-", Class::Text);
        check("1,000", Class::Text);
        check("NaN", Class::Double);
        check("2024-02-29", Class::Date);
        check("2023-02-29", Class::Text);
        check("2024-02-29 12:30", Class::Timestamp);
        check("2024-02-29T12:30:05.25", Class::Timestamp);
        check("2024-02-29 12:30:05+00", Class::TimestampTz);
        check("2024-02-29T12:30:05Z", Class::TimestampTz);
        check("2024-02-29 25:00", Class::Text);
        check("True", Class::Boolean);
        check("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", Class::Uuid);
        check("{\"a\": [1]}", Class::Json);
        check("{1,2}", Class::Text);
        check("", Class::Text);
    }

    #[test]
    fn a_column_has_the_class_of_all_its_values() {
        let check = |values: &[&str], expected: &str| {
            let class = values.iter().map(|value| Class::of(value.as_bytes()));
            let class = class.fold(Class::default(), Class::join);
            assert_eq!(class.type_name(), expected, "{values:?}");
        };
        check(&[], "text");
        check(&["1", "2"], "bigint");
        check(&["1", "2.5"], "numeric");
        check(&["1", "2.5", "1e3"], "double precision");
        check(&["2024-01-01", "2024-01-01 10:00"], "timestamp");
        check(&["2024-01-01", "2024-01-01 10:00Z"], "text");
        check(&["1", "true"], "text");
    }

    #[test]
    fn arrays_of_one_type_of_values_are_arrays() {
        let check = |values: &[Shape], expected: &str| {
            let shape = values.iter().copied();
            let shape = shape.fold(Shape::Value(Class::Nothing), Shape::join);
            assert_eq!(shape.type_name(), expected, "{values:?}");
        };
        let array = |classes: &[Class]| Shape::array(classes.iter().copied());
        use Class::{Boolean, Date, Integer, Json, Nothing, Numeric, Text};
        check(&[array(&[Integer, Nothing, Numeric])], "numeric[]");
        check(
            &[array(&[]), Shape::Value(Nothing), array(&[Boolean])],
            "boolean[]",
        );
        check(&[array(&[Date]), array(&[Text, Date])], "text[]");
        check(&[array(&[]), array(&[Nothing])], "jsonb");
        check(&[array(&[Integer, Text])], "jsonb");
        check(&[array(&[Integer]), array(&[Boolean])], "jsonb");
        check(&[array(&[Json])], "jsonb");
        check(&[array(&[Integer]), Shape::Value(Integer)], "jsonb");
        check(&[Shape::Value(Json), Shape::Value(Text)], "jsonb");
        check(&[Shape::Value(Integer), Shape::Value(Text)], "text");
    }

    #[test]
    fn a_class_fits_what_is_of_it() {
        for value in [
            "1",
            "1.5",
            "2024-01-01",
            "2024-01-01 10:00",
            "2024-01-01 10:00Z",
        ] {
            let class = Class::of(value.as_bytes());
            assert!(class.fits(value.as_bytes()), "{value}");
            assert!(!class.fits(b"x"), "{value}");
        }
    }
}
