//! INSERT statements of many rows each.

use crate::Field;
use crate::field::Type;
use crate::insert::quote;
use crate::number::is_number;

/// Rows of one statement.
const ROWS: u64 = 1000;

/// `insert into "people" ("id", "name") values`.
pub(crate) fn opening(table: &str, fields: &[Field]) -> Vec<u8> {
    let names: Vec<String> = fields.iter().map(|field| identifier(&field.name)).collect();
    let names = names.join(", ");
    format!("insert into {} ({names}) values\n", identifier(table)).into_bytes()
}

/// A row, after `before` others.
pub(crate) fn row<'v>(
    values: impl Iterator<Item = Option<&'v [u8]>>,
    fields: &[Field],
    opening: &[u8],
    before: u64,
    to: &mut Vec<u8>,
) {
    match before % ROWS {
        0 if before > 0 => {
            to.extend_from_slice(b";\n");
            to.extend_from_slice(opening);
        }
        0 => to.extend_from_slice(opening),
        _ => to.extend_from_slice(b",\n"),
    }
    to.push(b'(');
    for (number, (value, field)) in values.zip(fields).enumerate() {
        if number > 0 {
            to.extend_from_slice(b", ");
        }
        match (value, field.kind()) {
            (None, _) => to.extend_from_slice(b"null"),
            (Some(b"t" | b"true"), (Type::Bool, false)) => to.extend_from_slice(b"true"),
            (Some(b"f" | b"false"), (Type::Bool, false)) => to.extend_from_slice(b"false"),
            (Some(value), _) if is_plain_number(value, field) => to.extend_from_slice(value),
            (Some(value), _) => quote(value, to),
        }
    }
    to.push(b')');
}

/// Not NaN and Infinity, which stand in quotes, nor what a server only calls a number.
fn is_plain_number(value: &[u8], field: &Field) -> bool {
    field.is_number() && is_number(value)
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn values_become_literals() {
        let field = |name: &str, oid| Field {
            name: name.into(),
            oid,
            modifier: -1,
        };
        let fields = [field("n", 1700), field("b", 16), field("a\"b", 25)];
        let opening = opening("my table", &fields);
        let mut sql = Vec::new();
        let rows: [[Option<&[u8]>; 3]; 3] = [
            [Some(b"-1.50"), Some(b"t"), Some(b"it's")],
            [Some(b"NaN"), None, Some(b"back\\slash'")],
            // A server may call anything a number.
            [Some(b"1);\n\\! id"), Some(b"maybe"), Some(b"")],
        ];
        for (number, values) in rows.iter().enumerate() {
            row(
                values.iter().copied(),
                &fields,
                &opening,
                number as u64,
                &mut sql,
            );
        }
        assert_eq!(
            String::from_utf8(sql).unwrap(),
            "insert into \"my table\" (\"n\", \"b\", \"a\"\"b\") values\n\
             (-1.50, true, 'it''s'),\n('NaN', null, E'back\\\\slash'''),\n\
             (E'1);\n\\\\! id', 'maybe', '')"
        );
    }
}
