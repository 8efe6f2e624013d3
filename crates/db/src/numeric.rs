//! A number of any size and scale, without loss.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::parameter::printed;
use crate::types::Type;
use crate::value::{FromSql, Unreadable};

/// A `numeric`: decimal digits as the server printed them, or `NaN`, `Infinity`, `-Infinity`.
///
/// Equal are those of equal value: `1.10` and `1.1`. As in PostgreSQL, `NaN` equals itself and is
/// greater than every number. For arithmetic turn it into an `f64`, or into a `Decimal` with
/// `:dep rust_decimal`.
#[derive(Clone)]
pub struct Numeric(String);

impl Numeric {
    /// The nearest `f64`.
    pub fn to_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// The same as a whole number, where it is one and fits.
    pub fn to_i128(&self) -> Option<i128> {
        let (whole, fraction) = self.0.split_once('.').unwrap_or((&self.0, ""));
        let is_whole = fraction.bytes().all(|digit| digit == b'0');
        is_whole.then(|| whole.parse().ok()).flatten()
    }

    /// Its digits, as the server prints them.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it is compared by: its sign, how many digits stand before the point, and all digits
    /// without the zeros around them.
    fn key(&self) -> (i8, usize, &str, &str) {
        let sign = match self.0.as_str() {
            "NaN" => return (3, 0, "", ""),
            "Infinity" => return (2, 0, "", ""),
            "-Infinity" => return (-2, 0, "", ""),
            text if text.starts_with('-') => -1,
            _ => 1,
        };
        let digits = self.0.trim_start_matches('-');
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let (whole, fraction) = (
            whole.trim_start_matches('0'),
            fraction.trim_end_matches('0'),
        );
        match whole.is_empty() && fraction.is_empty() {
            true => (0, 0, "", ""),
            false => (sign, whole.len(), whole, fraction),
        }
    }
}

impl FromStr for Numeric {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let all = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_number = !whole.is_empty() && !fraction.is_empty() && all(whole) && all(fraction);
        match is_number || matches!(text, "NaN" | "Infinity" | "-Infinity") {
            true => Ok(Numeric(text.to_owned())),
            false => Err(Unreadable::new(text, "numeric")),
        }
    }
}

macro_rules! from_whole {
    ($($rust:ty)+) => {$(
        impl From<$rust> for Numeric {
            fn from(number: $rust) -> Self {
                Numeric(number.to_string())
            }
        }
    )+};
}

from_whole!(i16 i32 i64 i128 u32 u64);

impl PartialEq for Numeric {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Numeric {}

impl Hash for Numeric {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl Ord for Numeric {
    fn cmp(&self, other: &Self) -> Ordering {
        let ((sign, length, whole, fraction), theirs) = (self.key(), other.key());
        let size = (length, whole, fraction).cmp(&(theirs.1, theirs.2, theirs.3));
        sign.cmp(&theirs.0)
            .then(if sign < 0 { size.reverse() } else { size })
    }
}

impl PartialOrd for Numeric {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Default for Numeric {
    fn default() -> Self {
        Numeric("0".into())
    }
}

impl fmt::Display for Numeric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Numeric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromSql for Numeric {
    fn accepts(ty: &Type<'_>) -> bool {
        ty.is(&["numeric", "int2", "int4", "int8"])
    }

    fn from_sql(_: &Type<'_>, text: &str) -> Result<Self, Unreadable> {
        text.parse()
    }
}

printed! {
    Numeric: Some("numeric");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n(text: &str) -> Numeric {
        text.parse().unwrap()
    }

    #[test]
    fn numerics_are_ordered_as_in_postgresql() {
        let order = [
            "-Infinity",
            "-10",
            "-9.5",
            "-9.25",
            "0",
            "0.001",
            "0.01",
            "1",
            "1.1",
            "1.11",
            "9",
            "10",
            "100000000000000000000000000000000000000001",
            "Infinity",
            "NaN",
        ];
        for pair in order.windows(2) {
            assert!(n(pair[0]) < n(pair[1]), "{pair:?}");
        }
        assert_eq!(n("1.10"), n("1.1"));
        assert_eq!(n("-0.0"), n("0"));
        assert_eq!(n("1.10").to_string(), "1.10");
        assert_eq!(n("7.00").to_i128(), Some(7));
        assert_eq!(n("7.5").to_i128(), None);
        assert_eq!(n("7.5").to_f64(), 7.5);
    }

    #[test]
    fn what_is_no_numeric_is_refused() {
        for text in ["", "-", ".", "1.", "1e5", "--1", "1,5", "nan"] {
            assert!(text.parse::<Numeric>().is_err(), "{text}");
        }
    }
}
