//! Rows as the server sent them: whole DataRow messages, read in place.
//!
//! A message is `D`, its length (which counts itself), the number of values, and for each value
//! its length (-1 is NULL) and its bytes. A server that says something else has its row end there.

use std::ops::Range;

use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;

/// The tag and the length that a message begins with, in bytes.
pub(crate) const HEAD: usize = 5;

/// Some rows, one after the other.
#[derive(Debug)]
pub(crate) struct Block {
    messages: Bytes,
    count: u64,
    /// Given back when the rows are read or written down: no more wait than there is room for.
    _room: OwnedSemaphorePermit,
}

/// One row.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    message: &'a [u8],
    values: &'a [Option<Range<usize>>],
}

/// Reads the rows of a block; each is valid until the next.
pub(crate) struct Rows<'a> {
    rest: &'a [u8],
    values: Vec<Option<Range<usize>>>,
}

impl Block {
    /// `count` whole messages, and the room they take.
    pub(crate) fn new(messages: Bytes, count: u64, room: OwnedSemaphorePermit) -> Self {
        Block {
            messages,
            count,
            _room: room,
        }
    }

    /// How many rows there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The messages.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.messages
    }

    pub(crate) fn rows(&self) -> Rows<'_> {
        Rows {
            rest: &self.messages,
            values: Vec::new(),
        }
    }

    /// The rows' values, copied.
    pub(crate) fn texts(&self) -> impl Iterator<Item = display::Row> {
        let mut rows = self.rows();
        std::iter::from_fn(move || Some(rows.next()?.texts()))
    }
}

impl Rows<'_> {
    pub(crate) fn next(&mut self) -> Option<Row<'_>> {
        let (message, rest) = self.rest.split_at_checked(message_length(self.rest)?)?;
        self.rest = rest;
        Some(Row::read(message, &mut self.values))
    }
}

impl<'a> Row<'a> {
    /// Reads where the values of a message are.
    pub(crate) fn read(message: &'a [u8], values: &'a mut Vec<Option<Range<usize>>>) -> Self {
        values.clear();
        let count = number(message, HEAD).map_or(0, u16::from_be_bytes);
        let mut at = HEAD + 2;
        for _ in 0..count {
            let Some(length) = number(message, at).map(i32::from_be_bytes) else {
                break;
            };
            at += 4;
            let value = usize::try_from(length).ok().map(|length| at..at + length);
            at = value.as_ref().map_or(at, |value| value.end);
            values.push(value);
        }
        Row { message, values }
    }

    /// How many values it has.
    pub(crate) fn len(self) -> usize {
        self.values.len()
    }

    /// How many bytes it was sent in.
    pub(crate) fn size(self) -> usize {
        self.message.len()
    }

    /// A value's text; `None` is NULL, and where there is no such column.
    pub(crate) fn get(self, column: usize) -> Option<&'a str> {
        // A cell may have set another encoding than the UTF-8 that was agreed on.
        let text = |bytes| std::str::from_utf8(bytes).unwrap_or("\u{FFFD}");
        self.bytes(column).map(text)
    }

    /// A value as it was sent.
    pub(crate) fn bytes(self, column: usize) -> Option<&'a [u8]> {
        self.message.get(self.values.get(column)?.clone()?)
    }

    /// Its values, copied.
    pub(crate) fn texts(self) -> display::Row {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        (0..self.len())
            .map(|column| self.bytes(column).map(text))
            .collect()
    }
}

/// The length of the message that these bytes begin with, head included; none where they are too
/// few to tell.
pub(crate) fn message_length(bytes: &[u8]) -> Option<usize> {
    let length = i32::from_be_bytes(number(bytes, 1)?);
    // A length that is none would never be passed.
    Some(usize::try_from(length).unwrap_or_default().max(4) + 1)
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::*;

    /// A row as a server sends it.
    pub(crate) fn message(values: &[Option<&str>]) -> Vec<u8> {
        let mut body = (values.len() as u16).to_be_bytes().to_vec();
        for value in values {
            let length = value.map_or(-1, |value| value.len() as i32);
            body.extend(length.to_be_bytes());
            body.extend(value.unwrap_or_default().as_bytes());
        }
        let mut message = vec![b'D'];
        message.extend((body.len() as i32 + 4).to_be_bytes());
        message.extend(body);
        message
    }

    pub(crate) fn block(rows: &[Vec<u8>]) -> Block {
        let room = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        Block::new(rows.concat().into(), rows.len() as u64, room)
    }

    #[test]
    fn rows_are_read_in_place() {
        let rows = block(&[
            message(&[Some("1"), None, Some("")]),
            message(&[]),
            message(&[Some("é")]),
        ]);
        let texts: Vec<_> = rows.texts().collect();
        assert_eq!(
            texts,
            [
                vec![Some("1".to_owned()), None, Some(String::new())],
                vec![],
                vec![Some("é".to_owned())],
            ]
        );
        let mut rows = rows.rows();
        let row = rows.next().unwrap();
        assert_eq!(
            (row.len(), row.get(0), row.get(1), row.get(9)),
            (3, Some("1"), None, None)
        );
        assert_eq!(row.bytes(2), Some(&b""[..]));
    }

    #[test]
    fn broken_rows_end_where_they_break() {
        let whole = message(&[Some("abc"), Some("def")]);
        for end in 0..whole.len() {
            let mut values = Vec::new();
            let row = Row::read(&whole[..end], &mut values);
            assert!(row.get(1).is_none() && row.texts().len() <= 2, "{end}");
        }
        let mut wrong = whole.clone();
        wrong[7] = 0x7F;
        let mut values = Vec::new();
        assert_eq!(Row::read(&wrong, &mut values).get(0), None);
        assert_eq!(block(&[vec![b'D', 0xFF, 0, 0, 0]]).texts().count(), 1);
        assert_eq!(message_length(b"D\0\0\0"), None);
    }
}
