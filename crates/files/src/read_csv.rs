//! CSV as the server's COPY reads it, record by record: what others write, however it ends its
//! lines.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use crate::Error;

/// Bytes read at a time.
const CHUNK: usize = 1 << 18;

/// A text file without its byte order mark, as UTF-8.
pub(crate) struct Text {
    reader: Box<dyn Read + Send>,
    /// What was done to it.
    pub(crate) remark: Option<&'static str>,
    /// Bytes of it that are not handed out: the mark.
    pub(crate) marked: bool,
}

impl Text {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let failed = |error: io::Error| Error::io(path, &error);
        let mut file = open(path)?;
        let mut start = [0; 3];
        let mut count = 0;
        while count < start.len() {
            match file.read(&mut start[count..]).map_err(failed)? {
                0 => break,
                more => count += more,
            }
        }
        let start = &start[..count];
        Ok(match start {
            [0xef, 0xbb, 0xbf] => Text {
                reader: Box::new(file),
                remark: None,
                marked: true,
            },
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Text {
                reader: Box::new(Utf16 {
                    source: io::Cursor::new(start[2..].to_vec()).chain(file),
                    big_endian: start[0] == 0xfe,
                    bytes: Vec::new(),
                    text: Vec::new(),
                    taken: 0,
                }),
                remark: Some("The file is UTF-16 and was read as such."),
                marked: true,
            },
            _ => Text {
                reader: Box::new(io::Cursor::new(start.to_vec()).chain(file)),
                remark: None,
                marked: false,
            },
        })
    }
}

impl Read for Text {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.reader.read(to)
    }
}

/// Opens a file to read.
pub(crate) fn open(path: &Path) -> Result<File, Error> {
    let failed = |error| Error::io(path, &error);
    let found = std::fs::metadata(path).map_err(failed)?;
    if found.is_dir() {
        let what = format!("{} is a folder", path.display());
        return Err(Error::new(what).advise("Name a file in it."));
    }
    if found.file_type().is_fifo() {
        let what = format!("{} is a pipe, and a file is read twice", path.display());
        return Err(Error::new(what).advise("Have it written to a file first."));
    }
    File::open(path).map_err(failed)
}

/// UTF-16 that is read as UTF-8.
struct Utf16<R> {
    source: R,
    big_endian: bool,
    /// Bytes whose character is not whole.
    bytes: Vec<u8>,
    text: Vec<u8>,
    taken: usize,
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.text.len() {
            let before = self.bytes.len();
            self.bytes.resize(before + 8192, 0);
            let count = self.source.read(&mut self.bytes[before..])?;
            self.bytes.truncate(before + count);
            if count == 0 {
                return match self.bytes.is_empty() {
                    true => Ok(0),
                    false => Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "it ends within a character",
                    )),
                };
            }
            let units: Vec<u16> = self
                .bytes
                .as_chunks::<2>()
                .0
                .iter()
                .map(|pair| match self.big_endian {
                    true => u16::from_be_bytes(*pair),
                    false => u16::from_le_bytes(*pair),
                })
                .collect();
            // The first half of a pair waits for the other.
            let whole = match units.last() {
                Some(0xd800..=0xdbff) => units.len() - 1,
                _ => units.len(),
            };
            self.text = String::from_utf16_lossy(&units[..whole]).into_bytes();
            self.taken = 0;
            self.bytes.drain(..whole * 2);
        }
        let count = to.len().min(self.text.len() - self.taken);
        to[..count].copy_from_slice(&self.text[self.taken..self.taken + count]);
        self.taken += count;
        Ok(count)
    }
}

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
    /// Bytes of records that were handed out.
    pub(crate) read: u64,
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

    pub(crate) fn values(&self) -> impl Iterator<Item = Option<&'r [u8]>> {
        let (buffer, text) = (self.buffer, self.text);
        self.values.iter().map(move |place| match place.quoted {
            true => Some(&text[place.range.clone()]),
            false => Some(&buffer[place.range.clone()]).filter(|value| !value.is_empty()),
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
            read: 0,
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
                    self.read += (after - self.start) as u64;
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
            )));
        }
        self.line += 1;
        if self.values.iter().any(|place| place.quoted) {
            self.line += line_ends(raw);
        }
        self.read += (after - self.start) as u64;
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
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let room = &mut self.buffer[self.filled..];
        let count = self
            .source
            .read(room)
            .map_err(|error| Error::io(&self.path, &error))?;
        self.filled += count;
        self.ended = count == 0;
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

pub(crate) fn not_utf8(path: &Path, line: u64, byte: u8) -> Error {
    let latin = char::from(byte);
    let like = match latin.is_alphanumeric() {
        true => format!(" ({latin} in Latin-1)"),
        false => String::new(),
    };
    Error::new(format!(
        "{}, line {line}: the byte 0x{byte:02x}{like} makes the file no UTF-8",
        path.display()
    ))
    .advise("Convert it first, for example: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Hands out a byte at a time, so that every record is cut everywhere.
    struct Drops<'d>(&'d [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else {
                return Ok(0);
            };
            to[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn records(text: &str) -> String {
        let mut records = Records::new(Drops(text.as_bytes()), Path::new("x.csv"), b',');
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
                    let values: Vec<String> = record.values().map(value).collect();
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
    fn utf16_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        for big_endian in [false, true] {
            let unit = |unit: u16| match big_endian {
                true => unit.to_be_bytes(),
                false => unit.to_le_bytes(),
            };
            let text = "\u{feff}é,😀\n".repeat(5000);
            let bytes: Vec<u8> = text.encode_utf16().flat_map(unit).collect();
            std::fs::write(&path, bytes).unwrap();
            let mut read = String::new();
            let mut file = Text::open(&path).unwrap();
            file.read_to_string(&mut read).unwrap();
            assert_eq!(read, text[3..]);
            assert!(file.remark.is_some());
        }
    }
}
