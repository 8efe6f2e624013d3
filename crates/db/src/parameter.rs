//! From a Rust value to a parameter: a text, and the type that the statement is to read it as.
//!
//! The kernel writes both into the statement, in a form that no text can break out of.

use std::borrow::Cow;

/// A value for a `$n` of a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameter {
    /// The type it is cast to; without one the server finds out from where it stands.
    pub cast: Option<String>,
    /// The value as PostgreSQL reads it; none is NULL.
    pub text: Option<String>,
}

/// What can be given to a statement: any [`Value`], behind a reference.
pub trait ToSql {
    /// The parameter that says the same.
    fn parameter(&self) -> Parameter;
}

/// A Rust type whose values PostgreSQL can be told.
pub trait Value {
    /// The type of such values; none where the server should find out.
    fn cast() -> Option<Cow<'static, str>>;

    /// The value as PostgreSQL reads it; none is NULL.
    fn text(&self) -> Option<String>;
}

impl<T: Value + ?Sized> ToSql for T {
    fn parameter(&self) -> Parameter {
        Parameter {
            cast: T::cast().map(Cow::into_owned),
            text: self.text(),
        }
    }
}

impl<T: Value + ?Sized> Value for &T {
    fn cast() -> Option<Cow<'static, str>> {
        T::cast()
    }

    fn text(&self) -> Option<String> {
        (**self).text()
    }
}

impl<T: Value> Value for Option<T> {
    fn cast() -> Option<Cow<'static, str>> {
        T::cast()
    }

    fn text(&self) -> Option<String> {
        self.as_ref().and_then(Value::text)
    }
}

/// Types that print what PostgreSQL reads.
macro_rules! printed {
    ($($rust:ty: $cast:expr;)+) => {$(
        impl $crate::parameter::Value for $rust {
            fn cast() -> Option<std::borrow::Cow<'static, str>> {
                let cast: Option<&'static str> = $cast;
                cast.map(std::borrow::Cow::Borrowed)
            }

            fn text(&self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )+};
}
pub(crate) use printed;

printed! {
    bool: Some("bool");
    i16: Some("int2");
    i32: Some("int4");
    i64: Some("int8");
    i128: Some("numeric");
    u32: Some("int8");
    u64: Some("numeric");
    usize: Some("numeric");
    // The server knows best whether a text is a name, a label of an enum or a date.
    str: None;
    String: None;
    char: None;
}

macro_rules! floats {
    ($($rust:ty: $cast:literal;)+) => {$(
        impl Value for $rust {
            fn cast() -> Option<Cow<'static, str>> {
                Some($cast.into())
            }

            fn text(&self) -> Option<String> {
                Some(match *self {
                    // Rust's `inf` is not PostgreSQL's.
                    number if number == <$rust>::INFINITY => "Infinity".into(),
                    number if number == <$rust>::NEG_INFINITY => "-Infinity".into(),
                    number => format!("{number:?}"),
                })
            }
        }
    )+};
}

floats! {
    f32: "float4";
    f64: "float8";
}

/// Bytes.
macro_rules! bytes {
    ({$($generic:tt)*} $rust:ty) => {
        impl<$($generic)*> Value for $rust {
            fn cast() -> Option<Cow<'static, str>> {
                Some("bytea".into())
            }

            fn text(&self) -> Option<String> {
                let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
                let digits = self.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
                Some("\\x".chars().chain(digits).collect())
            }
        }
    };
}

bytes!({}[u8]);
bytes!({} Vec<u8>);
bytes!({const N: usize} [u8; N]);
