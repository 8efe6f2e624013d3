//! Ranges and multiranges.

use std::borrow::Cow;
use std::fmt;
use std::ops::Bound;

use crate::array::{quote, quoted};
use crate::numeric::Numeric;
use crate::parameter::Value;
use crate::time::{Date, Timestamp, Timestamptz};
use crate::types::Type;
use crate::value::{FromSql, Unreadable};

/// A range: everything between two bounds, or nothing.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Range<T> {
    /// No value at all.
    #[default]
    Empty,
    /// From the first to the second.
    Between(Bound<T>, Bound<T>),
}

/// Ranges that do not overlap, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Multirange<T>(pub Vec<Range<T>>);

/// What PostgreSQL has ranges of.
pub trait RangeElement: FromSql + Value {
    /// The range's type.
    const RANGE: &'static str;
    /// The multirange's type.
    const MULTIRANGE: &'static str;
    /// The element's type.
    const OF: Type<'static>;
}

macro_rules! ranges {
    ($($rust:ty: $name:literal $oid:literal $range:literal $multirange:literal;)+) => {$(
        impl RangeElement for $rust {
            const RANGE: &'static str = $range;
            const MULTIRANGE: &'static str = $multirange;
            const OF: Type<'static> = Type { oid: $oid, name: $name };
        }
    )+};
}

ranges! {
    i32: "integer" 23 "int4range" "int4multirange";
    i64: "bigint" 20 "int8range" "int8multirange";
    Numeric: "numeric" 1700 "numrange" "nummultirange";
    Date: "date" 1082 "daterange" "datemultirange";
    Timestamp: "timestamp" 1114 "tsrange" "tsmultirange";
    Timestamptz: "timestamptz" 1184 "tstzrange" "tstzmultirange";
}

impl<T: RangeElement> FromSql for Range<T> {
    fn accepts(ty: &Type<'_>) -> bool {
        ty.is(&[T::RANGE])
    }

    fn from_sql(_: &Type<'_>, text: &str) -> Result<Self, Unreadable> {
        match range::<T>(text)? {
            (range, "") => Ok(range),
            _ => Err(Unreadable::new(text, T::RANGE)),
        }
    }
}

impl<T: RangeElement> FromSql for Multirange<T> {
    fn accepts(ty: &Type<'_>) -> bool {
        ty.is(&[T::MULTIRANGE])
    }

    fn from_sql(_: &Type<'_>, text: &str) -> Result<Self, Unreadable> {
        let unreadable = || Unreadable::new(text, T::MULTIRANGE);
        let inner = text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'));
        let mut rest = inner.ok_or_else(unreadable)?;
        let mut ranges = Vec::new();
        while !rest.is_empty() {
            let (range, after) = range(rest)?;
            ranges.push(range);
            rest = match after.strip_prefix(',') {
                Some(after) => after,
                None if after.is_empty() => after,
                None => return Err(unreadable()),
            };
        }
        Ok(Multirange(ranges))
    }
}

/// The range with which the text begins, and what comes after it.
fn range<T: RangeElement>(text: &str) -> Result<(Range<T>, &str), Unreadable> {
    let unreadable = || Unreadable::new(text, T::RANGE);
    if let Some(rest) = text.strip_prefix("empty") {
        return Ok((Range::Empty, rest));
    }
    let from_included = text.starts_with('[');
    let rest = text.strip_prefix(['[', '(']).ok_or_else(unreadable)?;
    let (from, rest) = bound::<T>(rest, from_included)?;
    let rest = rest.strip_prefix(',').ok_or_else(unreadable)?;
    // The closing bracket is behind the value: read it as included, and look.
    let (to, rest) = bound::<T>(rest, true)?;
    let to = match (to, rest.starts_with(')')) {
        (Bound::Included(value), true) => Bound::Excluded(value),
        (to, _) => to,
    };
    let rest = rest.strip_prefix([']', ')']).ok_or_else(unreadable)?;
    Ok((Range::Between(from, to), rest))
}

fn bound<T: RangeElement>(text: &str, included: bool) -> Result<(Bound<T>, &str), Unreadable> {
    let (value, rest) = match text.starts_with('"') {
        true => {
            let (value, rest) = quoted(text).ok_or_else(|| Unreadable::new(text, T::RANGE))?;
            (Cow::Owned(value), rest)
        }
        false => {
            let (value, rest) = text.split_at(text.find([',', ']', ')']).unwrap_or(text.len()));
            if value.is_empty() {
                return Ok((Bound::Unbounded, rest));
            }
            (Cow::Borrowed(value), rest)
        }
    };
    let value = T::from_sql(&T::OF, &value)?;
    Ok((
        if included {
            Bound::Included(value)
        } else {
            Bound::Excluded(value)
        },
        rest,
    ))
}

fn write<T: Value>(out: &mut String, range: &Range<T>) {
    let Range::Between(from, to) = range else {
        return out.push_str("empty");
    };
    out.push(if matches!(from, Bound::Included(_)) {
        '['
    } else {
        '('
    });
    write_bound(out, from);
    out.push(',');
    write_bound(out, to);
    out.push(if matches!(to, Bound::Included(_)) {
        ']'
    } else {
        ')'
    });
}

fn write_bound<T: Value>(out: &mut String, bound: &Bound<T>) {
    if let Bound::Included(value) | Bound::Excluded(value) = bound {
        quote(out, &value.text().unwrap_or_default());
    }
}

impl<T: RangeElement> Value for Range<T> {
    fn cast() -> Option<Cow<'static, str>> {
        Some(T::RANGE.into())
    }

    fn text(&self) -> Option<String> {
        let mut out = String::new();
        write(&mut out, self);
        Some(out)
    }
}

impl<T: RangeElement> Value for Multirange<T> {
    fn cast() -> Option<Cow<'static, str>> {
        Some(T::MULTIRANGE.into())
    }

    fn text(&self) -> Option<String> {
        let mut out = String::from("{");
        for (index, range) in self.0.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            write(&mut out, range);
        }
        out.push('}');
        Some(out)
    }
}

impl<T> From<std::ops::Range<T>> for Range<T> {
    fn from(range: std::ops::Range<T>) -> Self {
        Range::Between(Bound::Included(range.start), Bound::Excluded(range.end))
    }
}

impl<T: fmt::Debug> fmt::Debug for Range<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Range::Between(from, to) = self else {
            return f.write_str("empty");
        };
        match from {
            Bound::Included(value) => write!(f, "[{value:?},")?,
            Bound::Excluded(value) => write!(f, "({value:?},")?,
            Bound::Unbounded => f.write_str("(,")?,
        }
        match to {
            Bound::Included(value) => write!(f, "{value:?}]"),
            Bound::Excluded(value) => write!(f, "{value:?})"),
            Bound::Unbounded => f.write_str(")"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: Type<'static> = Type { oid: 0, name: "" };

    #[test]
    fn ranges_come_back_as_they_went() {
        let check = |text: &str, expected: Range<i32>| {
            assert_eq!(Range::from_sql(&ANY, text), Ok(expected), "{text}");
            assert_eq!(
                Range::from_sql(&ANY, &expected.text().unwrap()),
                Ok(expected)
            );
        };
        check("empty", Range::Empty);
        check("[1,10)", (1..10).into());
        check("(,5]", Range::Between(Bound::Unbounded, Bound::Included(5)));
        check("(,)", Range::Between(Bound::Unbounded, Bound::Unbounded));
        let many = Multirange(vec![(1..3).into(), (7..9).into()]);
        assert_eq!(
            Multirange::<i32>::from_sql(&ANY, "{[1,3),[7,9)}"),
            Ok(many.clone())
        );
        assert_eq!(Multirange::from_sql(&ANY, &many.text().unwrap()), Ok(many));
        assert_eq!(
            Multirange::<i32>::from_sql(&ANY, "{}"),
            Ok(Multirange(vec![]))
        );
        let quoted = "[\"2024-01-01 00:00:00\",infinity)";
        let times = Range::<Timestamp>::from_sql(&ANY, quoted).unwrap();
        assert_eq!(format!("{times:?}"), "[2024-01-01 00:00:00,infinity)");
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["", "[1,2", "1,2)", "[a,2)", "[1;2)", "[1,2)x"] {
            assert!(Range::<i32>::from_sql(&ANY, text).is_err(), "{text}");
        }
        assert!(Multirange::<i32>::from_sql(&ANY, "{[1,2)[3,4)}").is_err());
    }
}
