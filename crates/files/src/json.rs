//! Rows as JSON objects, a line each.

use serde::de::IgnoredAny;

use crate::Field;
use crate::arrays::{Array, Piece};
use crate::field::Type;
use crate::number::is_number;
use crate::values;

/// The names as the keys of an object, each up to its colon.
pub(crate) fn keys(fields: &[Field]) -> Vec<Vec<u8>> {
    let key = |field: &Field| {
        let mut key = Vec::new();
        string(field.name.as_bytes(), &mut key);
        key.push(b':');
        key
    };
    fields.iter().map(key).collect()
}

/// A row as an object without a line break in it.
pub(crate) fn object<'v>(
    values: impl Iterator<Item = Option<&'v [u8]>>,
    fields: &[Field],
    keys: &[Vec<u8>],
    to: &mut Vec<u8>,
) {
    to.push(b'{');
    for (number, ((value, field), key)) in values.zip(fields).zip(keys).enumerate() {
        if number > 0 {
            to.push(b',');
        }
        to.extend_from_slice(key);
        match value {
            None => to.extend_from_slice(b"null"),
            Some(value) => match field.kind() {
                (kind, false) => scalar(value, kind, to),
                (kind, true) => array(value, kind, to),
            },
        }
    }
    to.push(b'}');
}

fn scalar(value: &[u8], kind: Type, to: &mut Vec<u8>) {
    match kind {
        Type::Bool => match values::truth(value) {
            Some(true) => to.extend_from_slice(b"true"),
            Some(false) => to.extend_from_slice(b"false"),
            None => string(value, to),
        },
        Type::Int16
        | Type::Int32
        | Type::Int64
        | Type::Oid
        | Type::Float32
        | Type::Float64
        | Type::Numeric(_)
            // Not NaN and Infinity, of which JSON knows nothing, nor what only a server calls a number.
            if is_number(value) =>
        {
            to.extend_from_slice(value);
        }
        Type::Json | Type::Jsonb if is_json(value) => {
            // Outside of its strings JSON may be on several lines, inside it cannot.
            let line = |byte: &u8| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte };
            to.extend(value.iter().map(line));
        }
        _ => string(value, to),
    }
}

/// Whether this is JSON, and one value of it.
fn is_json(value: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(value).is_ok()
}

/// An array; what is none, whatever the server says, is a text.
fn array(value: &[u8], kind: Type, to: &mut Vec<u8>) {
    let start = to.len();
    let mut array = Array::new(value);
    pieces(&mut array, kind, to);
    if !array.is_whole() {
        to.truncate(start);
        string(value, to);
    }
}

fn pieces(array: &mut Array<'_>, kind: Type, to: &mut Vec<u8>) {
    let mut first = true;
    while let Some(piece) = array.next() {
        if !first && piece != Piece::Close {
            to.push(b',');
        }
        first = piece == Piece::Open;
        match piece {
            Piece::Open => to.push(b'['),
            Piece::Close => to.push(b']'),
            Piece::Null => to.extend_from_slice(b"null"),
            Piece::Element(element) => scalar(element, kind, to),
        }
    }
}

pub(crate) fn string(value: &[u8], to: &mut Vec<u8>) {
    to.push(b'"');
    for byte in value {
        match byte {
            b'"' => to.extend_from_slice(b"\\\""),
            b'\\' => to.extend_from_slice(b"\\\\"),
            b'\n' => to.extend_from_slice(b"\\n"),
            b'\r' => to.extend_from_slice(b"\\r"),
            b'\t' => to.extend_from_slice(b"\\t"),
            0..0x20 => to.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            other => to.push(*other),
        }
    }
    to.push(b'"');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn values_keep_their_types() {
        let check = |oid: u32, value: &str, expected: &str| {
            let fields = [Field {
                name: "a\"b".into(),
                oid,
                modifier: -1,
            }];
            let mut line = Vec::new();
            object(
                [Some(value.as_bytes())].into_iter(),
                &fields,
                &keys(&fields),
                &mut line,
            );
            let line = String::from_utf8(line).unwrap();
            assert_eq!(line, format!("{{\"a\\\"b\":{expected}}}"));
            serde_json::from_str::<serde_json::Value>(&line).unwrap();
        };
        check(16, "t", "true");
        check(16, "f", "false");
        check(16, "true", "true");
        check(16, "false", "false");
        check(20, "-9223372036854775808", "-9223372036854775808");
        check(701, "1e-07", "1e-07");
        check(701, "Infinity", "\"Infinity\"");
        check(1700, "0.10", "0.10");
        check(1700, "NaN", "\"NaN\"");
        check(25, "é\n\u{1}\\", "\"é\\n\\u0001\\\\\"");
        check(114, "{\"a\":\n 1}", "{\"a\":  1}");
        check(1007, "{1,NULL,3}", "[1,null,3]");
        check(1007, "{{1,2},{3,4}}", "[[1,2],[3,4]]");
        check(1007, "{}", "[]");
        check(1009, "{a,\"b\\\"c\"}", "[\"a\",\"b\\\"c\"]");
        check(3807, "{\"{\\\"a\\\": 1}\"}", "[{\"a\": 1}]");
        check(600, "(1,2)", "\"(1,2)\"");
        // A server may call anything a number.
        check(23, "1}\n{\"b\":2", r#""1}\n{\"b\":2""#);
        check(23, "0x10", "\"0x10\"");
        check(16, "maybe", "\"maybe\"");
        check(114, "{\"a\":1},{\"b\":2}", r#""{\"a\":1},{\"b\":2}""#);
        check(1007, "{1,{2}", "\"{1,{2}\"");
        check(1007, "{1},{2}", "\"{1},{2}\"");
        check(1007, "1,2", "\"1,2\"");
        check(1007, "{1,x]}", "[1,\"x]\"]");
    }
}
