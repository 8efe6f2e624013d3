//! CSV as the server's COPY reads it, record by record: what others write, however it ends its
//! lines.

use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::text::{LONGEST, failed, not_utf8};

/// Bytes read at a time.
const CHUNK: usize = 1 << 18;

/// The records of a CSV file.
pub(crate) struct Records<R> {
    source: R,
    path: PathBuf,
    special: [bool; 256],
    delimiter: u8,
    buffer: Vec<u8>,
    /// Where the next record begins in `buffer`, and where what was read ends.
    start: usize,
    filled: usize,
    /// Nothing more will come.
    ended: bool,
    /// The line on which the next record begins, from 1.
    line: u64,
    values: Vec<Place>,
    /// Values without their quotes.
    text: Vec<u8>,
    /// How lines end: seen are `\n`, `\r\n`, `\r`.
    pub(crate) endings: [bool; 3],
    /// Lines with nothing on them, which are no records.
    pub(crate) blank: u64,
    /// Bytes of a record beyond which it is none.
    longest: usize,
}

/// Where a value is: as it is in the buffer, or without its quotes in `text`.
struct Place {
    range: Range<usize>,
    quoted: bool,
}

/// A record: its values in order, `None` where there is nothing, not even quotes.
pub(crate) struct Record<'r> {
    /// The line it begins on, from 1.
    pub(crate) line: u64,
    /// The whole of it, without its line end.
    pub(crate) raw: &'r [u8],
    buffer: &'r [u8],
    text: &'r [u8],
    values: &'r [Place],
}

impl<'r> Record<'r> {
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The values; one without quotes that says this word is none, either.
    pub(crate) fn values<'n>(
        &self,
        null: Option<&'n [u8]>,
    ) -> impl Iterator<Item = Option<&'r [u8]>> + use<'n, 'r> {
        let (buffer, text) = (self.buffer, self.text);
        let is_value = move |value: &&[u8]| !value.is_empty() && Some(*value) != null;
        self.values.iter().map(move |place| match place.quoted {
            true => Some(&text[place.range.clone()]),
            false => Some(&buffer[place.range.clone()]).filter(is_value),
        })
    }
}

impl<R: Read> Records<R> {
    pub(crate) fn new(source: R, path: &Path, delimiter: u8) -> Self {
        let mut special = [false; 256];
        for byte in [delimiter, b'"', b'\n', b'\r'] {
            special[usize::from(byte)] = true;
        }
        Records {
            source,
            path: path.to_owned(),
            special,
            delimiter,
            buffer: vec![0; CHUNK],
            start: 0,
            filled: 0,
            ended: false,
            line: 1,
            values: Vec::new(),
            text: Vec::new(),
            endings: [false; 3],
            blank: 0,
            longest: LONGEST,
        }
    }

    /// The next record.
    pub(crate) fn next(&mut self) -> Result<Option<Record<'_>>, Error> {
        let (end, after) = loop {
            if self.start == self.filled && self.ended {
                return Ok(None);
            }
            match self.scan() {
                None => self.fill()?,
                Some((end, after)) if end == self.start => {
                    self.blank += 1;
                    self.line += 1;
                    self.start = after;
                }
                Some(found) => break found,
            }
        };
        let raw = &self.buffer[self.start..end];
        let line = self.line;
        if let Err(error) = str::from_utf8(raw) {
            let byte = raw.get(error.valid_up_to()).copied().unwrap_or_default();
            let line = line + line_ends(&raw[..error.valid_up_to()]);
            return Err(not_utf8(&self.path, line, byte));
        }
        if memchr::memchr(0, raw).is_some() {
            return Err(Error::new(format!(
                "{}, line {line}: a NUL byte, which no PostgreSQL text can hold",
                self.path.display()
            ))
            .advise("Of a file in UTF-16 without a mark say so: encoding=utf-16le."));
        }
        self.line += 1;
        if self.values.iter().any(|place| place.quoted) {
            self.line += line_ends(raw);
        }
        self.start = after;
        Ok(Some(Record {
            line,
            raw,
            buffer: &self.buffer,
            text: &self.text,
            values: &self.values,
        }))
    }

    /// Finds the values of the record at `start`; answers where it ends, and where the next begins.
    /// `None` where more has to be read.
    fn scan(&mut self) -> Option<(usize, usize)> {
        let data = &self.buffer[..self.filled];
        self.values.clear();
        self.text.clear();
        let (mut at, mut value, mut quoted) = (self.start, self.start, false);
        loop {
            while let Some(byte) = data.get(at)
                && !self.special[usize::from(*byte)]
            {
                at += 1;
            }
            let found = data.get(at).copied();
            match found {
                Some(b'"') => {
                    quoted = true;
                    at += 1 + memchr::memchr(b'"', data.get(at + 1..)?)? + 1;
                    continue;
                }
                None if !self.ended => return None,
                _ => {}
            }
            let place = match quoted {
                false => value..at,
                true => unquote(&data[value..at], &mut self.text),
            };
            self.values.push(Place {
                range: place,
                quoted,
            });
            match found {
                Some(byte) if byte == self.delimiter => {
                    at += 1;
                    (value, quoted) = (at, false);
                }
                None => return Some((at, at)),
                Some(b'\n') => {
                    self.endings[0] = true;
                    return Some((at, at + 1));
                }
                // What else stops the search is a carriage return.
                Some(_) => match data.get(at + 1) {
                    None if !self.ended => return None,
                    Some(b'\n') => {
                        self.endings[1] = true;
                        return Some((at, at + 2));
                    }
                    _ => {
                        self.endings[2] = true;
                        return Some((at, at + 1));
                    }
                },
            }
        }
    }

    /// Reads more behind what is there.
    fn fill(&mut self) -> Result<(), Error> {
        if self.ended {
            return Err(Error::new(format!(
                "{}, line {}: a quote is opened in this record and never closed",
                self.path.display(),
                self.line
            )));
        }
        self.buffer.copy_within(self.start..self.filled, 0);
        self.filled -= self.start;
        self.start = 0;
        if self.filled == self.buffer.len() {
            if self.filled >= self.longest {
                return Err(Error::new(format!(
                    "{}, line {}: a record of more than {} MiB, which is the most that is read",
                    self.path.display(),
                    self.line,
                    self.longest >> 20
                ))
                .advise("Is a quote opened in it and never closed?"));
            }
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        // As much again as there is: a long record is looked through from its start each time.
        let wanted = (2 * self.filled).clamp(1, self.buffer.len());
        while self.filled < wanted && !self.ended {
            let room = &mut self.buffer[self.filled..];
            let read = self.source.read(room);
            let count = read.map_err(|error| failed(&self.path, &error))?;
            self.filled += count;
            self.ended = count == 0;
        }
        Ok(())
    }
}

/// Appends a value without its quotes; two of them inside of quotes are one.
fn unquote(value: &[u8], to: &mut Vec<u8>) -> Range<usize> {
    let start = to.len();
    let mut rest = value;
    let mut inside = false;
    while let Some(at) = memchr::memchr(b'"', rest) {
        to.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        match rest {
            [b'"', after @ ..] if inside => {
                to.push(b'"');
                rest = after;
            }
            _ => inside = !inside,
        }
    }
    to.extend_from_slice(rest);
    start..to.len()
}

/// Line ends of any kind.
fn line_ends(text: &[u8]) -> u64 {
    let ends = |(at, byte): (usize, &u8)| match byte {
        b'\n' => true,
        b'\r' => text.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    text.iter().enumerate().filter(|found| ends(*found)).count() as u64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Hands out its first bytes, and then the rest.
    struct Cut<'d>(&'d [u8], &'d [u8]);

    impl Read for Cut<'_> {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            if self.0.is_empty() {
                std::mem::swap(&mut self.0, &mut self.1);
            }
            self.0.read(to)
        }
    }

    /// The same wherever the file is cut between two reads.
    fn records(text: &str) -> String {
        let read = |at| {
            let (first, rest) = text.as_bytes().split_at(at);
            read(Cut(first, rest))
        };
        let found = read(0);
        for at in 1..text.len() {
            assert_eq!(read(at), found, "{text:?} cut at {at}");
        }
        found
    }

    fn read(source: Cut<'_>) -> String {
        let mut records = Records::new(source, Path::new("x.csv"), b',');
        let mut found = String::new();
        loop {
            match records.next() {
                Ok(None) => return found,
                Err(error) => return found + &error.message,
                Ok(Some(record)) => {
                    let value = |value: Option<&[u8]>| {
                        value.map_or("∅".into(), |value| {
                            format!("<{}>", str::from_utf8(value).unwrap())
                        })
                    };
                    let values: Vec<String> = record.values(None).map(value).collect();
                    found += &format!("{}:{} ", record.line, values.concat());
                }
            }
        }
    }

    #[test]
    fn records_are_read_as_the_server_reads_them() {
        let check =
            |text: &str, expected: &str| assert_eq!(records(text).trim_end(), expected, "{text:?}");
        check("a,b\n1,2\n", "1:<a><b> 2:<1><2>");
        check(
            "a,b\r\n1,2\r3,4\n5,6",
            "1:<a><b> 2:<1><2> 3:<3><4> 4:<5><6>",
        );
        check("a,\n,\"\"\n", "1:<a>∅ 2:∅<>");
        check("\"a \"\"b\"\", c\",d\n", "1:<a \"b\", c><d>");
        check("\"two\r\nlines\",x\ny,z", "1:<two\r\nlines><x> 3:<y><z>");
        check("a\"b,c\"d,e\n", "1:<ab,cd><e>");
        check("a\n\n\nb", "1:<a> 4:<b>");
        check("", "");
        check(
            "a\n\"open\nand",
            "1:<a> x.csv, line 2: a quote is opened in this record and never closed",
        );
        check(
            "a\n\0",
            "1:<a> x.csv, line 2: a NUL byte, which no PostgreSQL text can hold",
        );
    }

    #[test]
    fn a_word_for_nothing_stands_without_quotes() {
        let mut records = Records::new(&b"NA,\"NA\",,x"[..], Path::new("x.csv"), b',');
        let record = records.next().unwrap().unwrap();
        let values: Vec<_> = record.values(Some(b"NA")).collect();
        assert_eq!(values, [None, Some(&b"NA"[..]), None, Some(b"x")]);
    }

    #[test]
    fn a_record_has_an_end() {
        let mut text = b"a,b\n\"".to_vec();
        text.resize(3 << 20, b'x');
        let mut records = Records::new(&text[..], Path::new("x.csv"), b',');
        records.longest = 1 << 20;
        assert!(records.next().unwrap().is_some());
        let error = records.next().err().unwrap();
        assert_eq!(
            error.message,
            "x.csv, line 2: a record of more than 1 MiB, which is the most that is read"
        );
    }
}
