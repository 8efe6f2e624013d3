//! COPY's two formats: its text, written, and its binary tuples, read.

use std::ops::Range;

use crate::Error;

/// Bytes that are appended in pieces of any size and taken from the front.
#[derive(Debug, Default)]
struct Pieces {
    bytes: Vec<u8>,
    /// Up to here they are taken.
    taken: usize,
}

impl Pieces {
    fn push(&mut self, data: &[u8]) {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.extend_from_slice(data);
    }

    fn left(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }
}

/// Appends a row in COPY's text format; `None` is NULL.
pub fn write_row<'v>(values: impl Iterator<Item = Option<&'v [u8]>>, to: &mut Vec<u8>) {
    for (number, value) in values.enumerate() {
        if number > 0 {
            to.push(b'\t');
        }
        match value {
            None => to.extend_from_slice(b"\\N"),
            Some(value) => escape(value, to),
        }
    }
    to.push(b'\n');
}

fn escape(value: &[u8], to: &mut Vec<u8>) {
    let mut rest = value;
    while let Some(at) = rest
        .iter()
        .position(|byte| matches!(byte, b'\\' | b'\n' | b'\r' | b'\t'))
    {
        to.extend_from_slice(&rest[..at]);
        to.push(b'\\');
        to.push(match rest[at] {
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            other => other,
        });
        rest = &rest[at + 1..];
    }
    to.extend_from_slice(rest);
}

/// The rows in the data of `COPY … TO STDOUT (FORMAT binary)`.
#[derive(Debug, Default)]
pub struct Tuples {
    pieces: Pieces,
    begun: bool,
    ended: bool,
    values: Vec<Option<Range<usize>>>,
}

impl Tuples {
    /// Takes the next piece of data.
    pub fn push(&mut self, data: &[u8]) {
        self.pieces.push(data);
    }

    /// The values of the next row that is whole, each in its type's binary form.
    ///
    /// # Errors
    /// The data is not in this format.
    #[allow(clippy::should_implement_trait)] // a row lends from the buffer
    pub fn next(&mut self) -> Result<Option<impl Iterator<Item = Option<&[u8]>>>, Error> {
        if !self.begun {
            match header(self.pieces.left())? {
                Some(length) => self.pieces.taken += length,
                None => return Ok(None),
            }
            self.begun = true;
        }
        let left = self.pieces.left();
        // In place of a count of values, with which a row begins.
        self.ended |= left.starts_with(&END);
        if self.ended {
            return Ok(None);
        }
        let Some(length) = tuple(left, &mut self.values) else {
            return Ok(None);
        };
        let start = self.pieces.taken;
        self.pieces.taken += length;
        let left = &self.pieces.bytes[start..];
        let values = self.values.iter();
        Ok(Some(
            values.map(move |range| range.clone().map(|range| &left[range])),
        ))
    }

    /// Whether the data has said its end, and nothing of a row is left before it.
    pub fn has_ended(&self) -> bool {
        self.ended
    }
}

/// What ends the data.
const END: [u8; 2] = [0xff, 0xff];

/// The length of the header, where it is whole: signature, flags, and an extension.
fn header(data: &[u8]) -> Result<Option<usize>, Error> {
    const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
    let Some((head, _)) = data.split_at_checked(SIGNATURE.len() + 8) else {
        return Ok(None);
    };
    if !head.starts_with(SIGNATURE) {
        return Err(Error::new("the server sent no binary rows"));
    }
    let extension = be_i32(head, SIGNATURE.len() + 4).unwrap_or_default();
    let length = head.len() + usize::try_from(extension).unwrap_or_default();
    Ok((data.len() >= length).then_some(length))
}

/// Finds the values of the tuple that `data` begins with; answers its length, where it is whole.
fn tuple(data: &[u8], values: &mut Vec<Option<Range<usize>>>) -> Option<usize> {
    values.clear();
    // Below zero is the end of the data.
    let count = usize::try_from(i16::from_be_bytes([*data.first()?, *data.get(1)?])).ok()?;
    let mut at = 2;
    for _ in 0..count {
        let length = be_i32(data, at)?;
        at += 4;
        values.push(match usize::try_from(length) {
            Ok(length) => {
                let range = at..at.checked_add(length)?;
                at = range.end;
                Some(range)
            }
            Err(_) => None,
        });
    }
    (at <= data.len()).then_some(at)
}

fn be_i32(data: &[u8], at: usize) -> Option<i32> {
    Some(i32::from_be_bytes(*data.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn text_is_written_as_copy_reads_it() {
        let row: [Option<&[u8]>; 4] = [Some(b"a\tb\\\r\n"), None, Some(b""), Some(b"\\N")];
        let mut data = Vec::new();
        write_row(row.into_iter(), &mut data);
        assert_eq!(data, b"a\\tb\\\\\\r\\n\t\\N\t\t\\\\N\n");
    }

    #[test]
    fn tuples_are_found_however_they_are_cut() {
        let data = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\
                     \0\x02\0\0\0\x01a\xff\xff\xff\xff\0\x02\0\0\0\0\0\0\0\x02bc\xff\xff";
        for cut in 0..data.len() {
            let mut tuples = Tuples::default();
            let mut found = Vec::new();
            for piece in [&data[..cut], &data[cut..]] {
                tuples.push(piece);
                while let Some(row) = tuples.next().unwrap() {
                    found.push(row.map(|v| v.map(<[u8]>::to_vec)).collect::<Vec<_>>());
                }
            }
            let some = |text: &[u8]| Some(text.to_vec());
            assert_eq!(found, [[some(b"a"), None], [some(b""), some(b"bc")]]);
            assert!(tuples.has_ended());
        }
        let mut tuples = Tuples::default();
        tuples.push(&data[..data.len() - 2]);
        while tuples.next().unwrap().is_some() {}
        assert!(!tuples.has_ended());
        let mut tuples = Tuples::default();
        tuples.push(b"no binary data at all");
        assert!(tuples.next().is_err());
    }
}
