//! Arrays: `{1,NULL,"a b"}` and back, nested ones too.

use std::borrow::Cow;

use crate::parameter::Value;
use crate::types::Type;
use crate::value::{FromSql, Unreadable};

impl<T: FromSql> FromSql for Vec<T> {
    fn accepts(ty: &Type<'_>) -> bool {
        match T::is_array() {
            true => T::accepts(ty),
            false => ty.element().is_some_and(|element| T::accepts(&element)),
        }
    }

    fn from_sql(ty: &Type<'_>, text: &str) -> Result<Self, Unreadable> {
        let of = ty.element().ok_or_else(|| Unreadable::new(text, "array"))?;
        let parts = parts(text).ok_or_else(|| Unreadable::new(text, "array"))?;
        let value = |part| match part {
            Part::Null => T::null()
                .ok_or_else(|| Unreadable("an element is NULL: its type here is Option<…>".into())),
            Part::Value(text) => T::from_sql(&of, &text),
            Part::Nested(text) if T::is_array() => T::from_sql(ty, text),
            Part::Nested(text) => Err(Unreadable::new(
                text,
                "element: the array has more dimensions",
            )),
        };
        parts.into_iter().map(value).collect()
    }

    fn is_array() -> bool {
        true
    }
}

/// Everything that lies in a row and is given as one parameter.
macro_rules! arrays {
    ({$($generic:tt)*} $rust:ty) => {
        impl<T: Value, $($generic)*> Value for $rust {
            fn cast() -> Option<Cow<'static, str>> {
                cast::<T>()
            }

            fn text(&self) -> Option<String> {
                Some(text(self))
            }
        }
    };
}

arrays!({}[T]);
arrays!({} Vec<T>);
arrays!({const N: usize} [T; N]);

/// The type of an array of these.
fn cast<T: Value>() -> Option<Cow<'static, str>> {
    Some(match T::cast() {
        // The server would not find out what an array of texts is.
        None => "text[]".into(),
        Some(cast) if cast.ends_with("[]") => cast,
        Some(cast) => format!("{cast}[]").into(),
    })
}

fn text<T: Value>(values: &[T]) -> String {
    // An array in an array stands as it is.
    let nested = T::cast().is_some_and(|cast| cast.ends_with("[]"));
    let mut out = String::from("{");
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        match value.text() {
            None => out.push_str("NULL"),
            Some(text) if nested => out.push_str(&text),
            Some(text) => quote(&mut out, &text),
        }
    }
    out.push('}');
    out
}

/// A text in double quotes, as arrays, composites and ranges read them.
pub(crate) fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

/// An element as it stands in an array's text.
#[derive(Debug, PartialEq)]
enum Part<'t> {
    Null,
    Value(Cow<'t, str>),
    Nested(&'t str),
}

/// The elements of an array's text; nothing where it is none.
fn parts(text: &str) -> Option<Vec<Part<'_>>> {
    // `[0:2]={…}`: the bounds are not kept.
    let text = match text.starts_with('[') {
        true => text.split_once('=')?.1,
        false => text,
    };
    let mut rest = text.strip_prefix('{')?.strip_suffix('}')?;
    let mut parts = Vec::new();
    if rest.is_empty() {
        return Some(parts);
    }
    loop {
        let (part, after) = part(rest)?;
        parts.push(part);
        match after.strip_prefix(',') {
            Some(after) => rest = after,
            None => return after.is_empty().then_some(parts),
        }
    }
}

fn part(text: &str) -> Option<(Part<'_>, &str)> {
    match text.as_bytes().first()? {
        b'{' => {
            let end = nested_end(text)?;
            let (inner, after) = text.split_at_checked(end)?;
            Some((Part::Nested(inner), after))
        }
        b'"' => {
            let (value, after) = quoted(text)?;
            Some((Part::Value(value.into()), after))
        }
        _ => {
            let (value, after) = text.split_at(text.find([',', '}']).unwrap_or(text.len()));
            let part = match value {
                "NULL" => Part::Null,
                value => Part::Value(value.into()),
            };
            Some((part, after))
        }
    }
}

/// A quoted text and what comes after it.
pub(crate) fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.strip_prefix('"')?.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.push(chars.next()?.1),
            // Composites double their quotes.
            '"' if chars.as_str().starts_with('"') => value.push(chars.next()?.1),
            '"' => return Some((value, text.get(at + 2..)?)),
            c => value.push(c),
        }
    }
    None
}

/// Where the array ends with which the text begins.
fn nested_end(text: &str) -> Option<usize> {
    let (mut depth, mut in_quotes, mut escaped) = (0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_quotes = !in_quotes,
            b'{' if !in_quotes => depth += 1,
            b'}' if !in_quotes => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTS: Type<'static> = Type {
        oid: 1007,
        name: "integer[]",
    };
    const TEXTS: Type<'static> = Type {
        oid: 1009,
        name: "text[]",
    };

    #[test]
    fn arrays_come_back_as_they_went() {
        let texts = vec![
            Some("a b".to_owned()),
            None,
            Some("NULL".into()),
            Some("".into()),
            Some("{\",\\}".into()),
            Some("ü".into()),
        ];
        let written = texts.text().unwrap();
        assert_eq!(Vec::<Option<String>>::from_sql(&TEXTS, &written), Ok(texts));
        let nested = vec![vec![1, 2], vec![3, 4]];
        assert_eq!(nested.text().unwrap(), "{{\"1\",\"2\"},{\"3\",\"4\"}}");
        assert_eq!(
            Vec::<Vec<i32>>::from_sql(&INTS, "{{1,2},{3,4}}"),
            Ok(nested)
        );
        assert_eq!(Vec::<i32>::from_sql(&INTS, "[0:1]={7,8}"), Ok(vec![7, 8]));
        assert_eq!(Vec::<i32>::from_sql(&INTS, "{}"), Ok(vec![]));
    }

    #[test]
    fn what_is_no_such_array_is_refused() {
        assert!(Vec::<i32>::from_sql(&INTS, "{1,NULL}").is_err());
        assert!(Vec::<i32>::from_sql(&INTS, "{{1}}").is_err());
        assert!(Vec::<i32>::from_sql(&INTS, "{1").is_err());
        assert!(Vec::<String>::from_sql(&TEXTS, "{\"a}").is_err());
        assert!(!Vec::<i32>::accepts(&TEXTS));
        assert!(Vec::<Vec<i32>>::accepts(&INTS));
        assert!(!Vec::<i32>::accepts(&Type {
            oid: 23,
            name: "integer"
        }));
    }

    #[test]
    fn the_type_of_an_array_is_known_when_it_is_empty() {
        assert_eq!(Vec::<Vec<Option<i64>>>::cast().unwrap(), "int8[]");
        assert_eq!(<[&str]>::cast().unwrap(), "text[]");
        assert_eq!(Vec::<u8>::cast().unwrap(), "bytea");
        assert_eq!(Vec::<Vec<u8>>::cast().unwrap(), "bytea[]");
    }
}
