//! INSERT statements of many rows each, made of COPY's text: for servers that take no COPY.

use std::borrow::Cow;

use crate::Error;

/// Rows of one statement, and about as many bytes: a row that is longer is sent alone. Some engines
/// take seconds to read a megabyte of SQL.
const ROWS: u64 = 1000;
const BYTES: usize = 1 << 16;

/// Makes statements of rows that come in blocks of any size.
#[derive(Debug)]
pub struct Inserts {
    opening: String,
    /// Whether each column takes bytes, which every engine writes in its own way.
    bytes: Vec<bool>,
    input: Vec<u8>,
    /// Up to here it is read.
    read: usize,
    sql: Vec<u8>,
    rows: u64,
}

/// A statement.
#[derive(Debug, PartialEq, Eq)]
pub struct Insert {
    /// Its text.
    pub sql: String,
    /// How many rows it has.
    pub rows: u64,
}

impl Inserts {
    /// Into this table and these columns, which are SQL; `bytes` says which of them takes bytes.
    pub fn new(table: &str, columns: &[String], bytes: Vec<bool>) -> Self {
        let columns = match columns {
            [] => String::new(),
            columns => format!(" ({})", columns.join(", ")),
        };
        Inserts {
            opening: format!("insert into {table}{columns} values\n"),
            bytes,
            input: Vec::new(),
            read: 0,
            sql: Vec::new(),
            rows: 0,
        }
    }

    /// Takes more of COPY's text.
    pub fn push(&mut self, block: &[u8]) {
        self.input.drain(..self.read);
        self.read = 0;
        self.input.extend_from_slice(block);
    }

    /// The next full statement, where enough rows have come for one.
    ///
    /// # Errors
    /// The text is not UTF-8.
    #[allow(clippy::should_implement_trait)] // what there is grows between calls
    pub fn next(&mut self) -> Result<Option<Insert>, Error> {
        while self.rows < ROWS && self.sql.len() < BYTES {
            if !self.whole_line() {
                return Ok(None);
            }
        }
        self.statement()
    }

    /// The statement with the rows that are left, after the last block.
    ///
    /// # Errors
    /// The text is not UTF-8.
    pub fn last(&mut self) -> Result<Option<Insert>, Error> {
        while self.whole_line() {}
        if self.read < self.input.len() {
            self.line(self.read..self.input.len());
            self.read = self.input.len();
        }
        self.statement()
    }

    fn statement(&mut self) -> Result<Option<Insert>, Error> {
        let rows = std::mem::take(&mut self.rows);
        let sql = String::from_utf8(std::mem::take(&mut self.sql));
        let sql = sql.map_err(|_| Error {
            message: "the rows are not UTF-8".into(),
            advice: None,
        })?;
        Ok((rows > 0).then_some(Insert { sql, rows }))
    }

    /// Writes the next row, where all of it has come.
    fn whole_line(&mut self) -> bool {
        let rest = &self.input[self.read..];
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            return false;
        };
        self.line(self.read..self.read + end);
        self.read += end + 1;
        true
    }

    /// Writes a row.
    fn line(&mut self, range: std::ops::Range<usize>) {
        match self.rows {
            0 => self.sql.extend_from_slice(self.opening.as_bytes()),
            _ => self.sql.extend_from_slice(b",\n"),
        }
        self.rows += 1;
        self.sql.push(b'(');
        let line = &self.input[range];
        for (number, value) in line.split(|byte| *byte == b'\t').enumerate() {
            if number > 0 {
                self.sql.extend_from_slice(b", ");
            }
            match (value, self.bytes.get(number)) {
                (b"\\N", _) => self.sql.extend_from_slice(b"null"),
                (value, Some(true)) => bytes(&unescaped(value), &mut self.sql),
                (value, _) => quote(&unescaped(value), &mut self.sql),
            }
        }
        self.sql.push(b')');
    }
}

/// A value as it was before COPY's text escaped it.
fn unescaped(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.contains(&b'\\') {
        return value.into();
    }
    let mut plain = Vec::with_capacity(value.len());
    let mut bytes = value.iter();
    while let Some(byte) = bytes.next() {
        let escaped = match byte {
            b'\\' => bytes.next(),
            _ => None,
        };
        plain.push(match escaped {
            None => *byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'v') => 11,
            Some(other) => *other,
        });
    }
    plain.into()
}

/// A literal that is read alike whatever `standard_conforming_strings` says.
pub(crate) fn quote(value: &[u8], to: &mut Vec<u8>) {
    if value.contains(&b'\\') {
        to.push(b'E');
    }
    to.push(b'\'');
    for byte in value {
        if matches!(byte, b'\'' | b'\\') {
            to.push(*byte);
        }
        to.push(*byte);
    }
    to.push(b'\'');
}

/// Bytes, from PostgreSQL's `\x…`: a literal of them means other bytes to other engines, and this
/// means the same or is an error.
fn bytes(value: &[u8], to: &mut Vec<u8>) {
    match value.strip_prefix(b"\\x") {
        Some(hex) => {
            to.extend_from_slice(b"decode(");
            quote(hex, to);
            to.extend_from_slice(b", 'hex')");
        }
        None => quote(value, to),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn inserts() -> Inserts {
        Inserts::new("t", &["\"a\"".into(), "\"b\"".into()], Vec::new())
    }

    #[test]
    fn rows_become_literals() {
        let mut inserts = inserts();
        inserts.push(b"1\tit's\n\\N\tback\\\\sl");
        assert_eq!(inserts.next().unwrap(), None);
        inserts.push(b"ash\\n\\t'\n3\t");
        assert_eq!(inserts.next().unwrap(), None);
        let last = inserts.last().unwrap().unwrap();
        assert_eq!(last.rows, 3);
        assert_eq!(
            last.sql,
            "insert into t (\"a\", \"b\") values\n('1', 'it''s'),\n\
             (null, E'back\\\\slash\n\t'''),\n('3', '')"
        );
        assert_eq!(inserts.last().unwrap(), None);
    }

    #[test]
    fn bytes_are_never_read_as_others() {
        let mut inserts = Inserts::new("t", &[], vec![true, false]);
        inserts.push(b"\\\\xdead\t\\\\xdead\n");
        let last = inserts.last().unwrap().unwrap();
        let expected = "insert into t values\n(decode('dead', 'hex'), E'\\\\xdead')";
        assert_eq!(last.sql, expected);
    }

    #[test]
    fn statements_are_bounded_in_rows_and_in_bytes() {
        let mut inserts = inserts();
        let rows = b"1\tx\n".repeat(2_500);
        inserts.push(&rows);
        let mut counts = Vec::new();
        while let Some(one) = inserts.next().unwrap() {
            counts.push(one.rows);
        }
        counts.push(inserts.last().unwrap().unwrap().rows);
        assert_eq!(counts, [1000, 1000, 500]);

        let long = [b"1\t".to_vec(), vec![b'x'; 40_000], b"\n".to_vec()].concat();
        inserts.push(&long.repeat(5));
        let first = inserts.next().unwrap().unwrap();
        assert_eq!(first.rows, 2);
        assert!(first.sql.len() < 2 * BYTES);
    }

    #[test]
    fn what_is_not_utf_8_is_refused() {
        let mut inserts = inserts();
        inserts.push(b"1\t\xff\n");
        assert!(inserts.last().is_err());
    }
}
