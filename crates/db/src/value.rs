//! From the server's text to a Rust value.

use std::fmt;

use crate::types::Type;

/// A Rust type that values of the database become.
pub trait FromSql: Sized {
    /// Whether values of this type become one without loss.
    fn accepts(ty: &Type<'_>) -> bool;

    /// The value of the server's text.
    ///
    /// # Errors
    /// The text is none of the type's.
    fn from_sql(ty: &Type<'_>, text: &str) -> Result<Self, Unreadable>;

    /// The value that stands for NULL, where there is one.
    fn null() -> Option<Self> {
        None
    }

    /// Whether it is an array itself: PostgreSQL has one type for arrays of any number of
    /// dimensions.
    fn is_array() -> bool {
        false
    }
}

/// Why a text is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(pub String);

impl Unreadable {
    pub(crate) fn new(text: &str, what: &str) -> Self {
        let shown: String = text.chars().take(60).collect();
        Unreadable(format!("\"{shown}\" is no {what}"))
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

impl<T: FromSql> FromSql for Option<T> {
    fn accepts(ty: &Type<'_>) -> bool {
        T::accepts(ty)
    }

    fn from_sql(ty: &Type<'_>, text: &str) -> Result<Self, Unreadable> {
        T::from_sql(ty, text).map(Some)
    }

    fn null() -> Option<Self> {
        Some(None)
    }

    fn is_array() -> bool {
        T::is_array()
    }
}

/// Types whose text the standard library reads, each with the types that fit into it.
macro_rules! parsed {
    ($($rust:ty: $what:literal of $($sql:literal)+;)+) => {$(
        impl FromSql for $rust {
            fn accepts(ty: &Type<'_>) -> bool {
                ty.is(&[$($sql),+])
            }

            fn from_sql(_: &Type<'_>, text: &str) -> Result<Self, Unreadable> {
                text.parse().map_err(|_| Unreadable::new(text, $what))
            }
        }
    )+};
}

parsed! {
    i16: "smallint" of "int2";
    i32: "integer" of "int2" "int4";
    i64: "bigint" of "int2" "int4" "int8" "oid";
    i128: "integer" of "int2" "int4" "int8" "oid";
    u32: "oid" of "oid";
    f32: "real" of "float4" "int2";
    f64: "double precision" of "float4" "float8" "int2" "int4";
}

impl FromSql for bool {
    fn accepts(ty: &Type<'_>) -> bool {
        ty.is(&["bool"])
    }

    fn from_sql(_: &Type<'_>, text: &str) -> Result<Self, Unreadable> {
        match text {
            "t" | "true" => Ok(true),
            "f" | "false" => Ok(false),
            _ => Err(Unreadable::new(text, "boolean")),
        }
    }
}

impl FromSql for String {
    /// Texts, and every type that has no Rust type of its own.
    fn accepts(ty: &Type<'_>) -> bool {
        ty.is(&["text", "varchar", "bpchar", "name", "char", "json", "jsonb"]) || ty.is_foreign()
    }

    fn from_sql(_: &Type<'_>, text: &str) -> Result<Self, Unreadable> {
        Ok(text.to_owned())
    }
}

impl FromSql for char {
    fn accepts(ty: &Type<'_>) -> bool {
        ty.is(&["char", "bpchar"])
    }

    fn from_sql(_: &Type<'_>, text: &str) -> Result<Self, Unreadable> {
        text.parse()
            .map_err(|_| Unreadable::new(text, "single character"))
    }
}

impl FromSql for Vec<u8> {
    fn accepts(ty: &Type<'_>) -> bool {
        ty.is(&["bytea"])
    }

    fn from_sql(_: &Type<'_>, text: &str) -> Result<Self, Unreadable> {
        bytes(text)
    }
}

/// Bytes as the server prints them: `\x…`, or with escapes where the session says so.
fn bytes(text: &str) -> Result<Vec<u8>, Unreadable> {
    let unreadable = || Unreadable::new(text, "bytea");
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    if let Some(hex) = text.strip_prefix("\\x") {
        let pairs = hex.as_bytes().chunks(2);
        let byte = |pair: &[u8]| match pair {
            [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
            _ => None,
        };
        return pairs
            .map(byte)
            .collect::<Option<_>>()
            .ok_or_else(unreadable);
    }
    let mut rest = text.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    loop {
        rest = match rest {
            [] => return Ok(bytes),
            [b'\\', b'\\', rest @ ..] => {
                bytes.push(b'\\');
                rest
            }
            [
                b'\\',
                a @ b'0'..=b'3',
                b @ b'0'..=b'7',
                c @ b'0'..=b'7',
                rest @ ..,
            ] => {
                bytes.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
                rest
            }
            [b'\\', ..] => return Err(unreadable()),
            [byte, rest @ ..] => {
                bytes.push(*byte);
                rest
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_in_both_forms() {
        assert_eq!(bytes("\\x00ff"), Ok(vec![0, 255]));
        assert_eq!(bytes("\\x"), Ok(vec![]));
        assert_eq!(bytes("a\\\\b\\377\\000"), Ok(b"a\\b\xff\0".to_vec()));
        assert!(bytes("\\x0").is_err());
        assert!(bytes("\\9").is_err());
        assert!(bytes("\\xäa").is_err());
    }
}
