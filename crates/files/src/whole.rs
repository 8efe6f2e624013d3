//! Whether a file of columns is what it says of itself, as far as its reader would believe it: how
//! deep it is nested, and how much is to be read.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use arrow::ipc::reader::read_footer_length;
use arrow::ipc::root_as_footer;

use crate::Error;

/// A schema that is nested deeper is none: its reader calls itself for each level.
const DEEPEST: usize = 100;

/// Bytes that may stand between two parts of an Arrow file, so that the next begins where it may.
const GAP: u64 = 128;

/// Looks at the end of a Parquet file.
pub(crate) fn parquet_is_whole(path: &Path, file: &mut File) -> Result<(), Error> {
    let failed = |error: io::Error| Error::io(path, &error);
    let length = file.metadata().map_err(failed)?.len();
    let mut end = [0; 8];
    if length < 12 {
        return Ok(());
    }
    file.seek(SeekFrom::End(-8)).map_err(failed)?;
    file.read_exact(&mut end).map_err(failed)?;
    let [a, b, c, d, ..] = end;
    let footer = u64::from(u32::from_le_bytes([a, b, c, d]));
    // What is no Parquet at all is told by its reader.
    if !end.ends_with(b"PAR1") || footer > length - 12 {
        return Ok(());
    }
    let mut bytes = vec![0; usize::try_from(footer).unwrap_or_default()];
    file.seek(SeekFrom::Start(length - 8 - footer))
        .map_err(failed)?;
    file.read_exact(&mut bytes).map_err(failed)?;
    match depth(&bytes) {
        Some(depth) if depth > DEEPEST => Err(Error::new(format!(
            "{} has columns that are nested deeper than {DEEPEST} levels",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// Looks at the end of an Arrow file: no more is to be read than there is.
pub(crate) fn arrow_is_whole(path: &Path, file: &mut File) -> Result<(), Error> {
    let failed = |error: io::Error| Error::io(path, &error);
    let half = |why: &str| {
        let what = format!("{} is no whole Arrow file: {why}", path.display());
        Err(Error::new(what))
    };
    let length = file.metadata().map_err(failed)?.len();
    let (mut start, mut end) = ([0; 6], [0; 10]);
    if length < 20 {
        return half("it is too short");
    }
    file.read_exact(&mut start).map_err(failed)?;
    if start != *b"ARROW1" {
        return match start {
            [0xff, 0xff, 0xff, 0xff, ..] => half("it seems to be a stream").map_err(|error| {
                error.advise("Have it written as a file (IPC, also called Feather 2).")
            }),
            _ => half("it does not begin as one"),
        };
    }
    file.seek(SeekFrom::End(-10)).map_err(failed)?;
    file.read_exact(&mut end).map_err(failed)?;
    let footer = match read_footer_length(end) {
        Ok(footer) if footer as u64 <= length - 16 => footer,
        _ => return half("it does not end as one"),
    };
    let mut bytes = vec![0; footer];
    file.seek(SeekFrom::Start(length - 10 - footer as u64))
        .map_err(failed)?;
    file.read_exact(&mut bytes).map_err(failed)?;
    let Ok(footer) = root_as_footer(&bytes) else {
        return half("what it says of itself is damaged");
    };
    let batches = footer.recordBatches().into_iter().flatten();
    let dictionaries = footer.dictionaries().into_iter().flatten();
    let mut parts = Vec::new();
    for block in batches.chain(dictionaries) {
        let whole = (|| {
            let start = u64::try_from(block.offset()).ok()?;
            let length = u64::try_from(block.metaDataLength()).ok()?;
            let end = start.checked_add(length)?;
            Some((
                start,
                end.checked_add(u64::try_from(block.bodyLength()).ok()?)?,
            ))
        })();
        match whole {
            Some(part) if part.1 <= length => parts.push(part),
            _ => return half("a part of it would lie behind its end"),
        }
    }
    // Part stands beside part up to what tells of them: where there is a gap, one is not told of.
    parts.sort_unstable();
    let ends = parts.iter().map(|(_, end)| *end);
    let starts = parts.iter().map(|(start, _)| *start).skip(1);
    for (end, next) in ends.zip(starts.chain([length - 10 - bytes.len() as u64])) {
        if next.checked_sub(end).is_none_or(|gap| gap > GAP) {
            return half("it does not tell of all of its parts");
        }
    }
    Ok(())
}

/// How deep the schema in the footer of a Parquet file is nested; none where it cannot be read.
fn depth(footer: &[u8]) -> Option<usize> {
    let mut thrift = Thrift(footer);
    let mut last = 0;
    // The schema is the second field of the file's metadata: a list of elements, of which each tells
    // how many of those behind it are its children.
    loop {
        match thrift.field(&mut last)? {
            (2, LIST) => break,
            (_, kind) => thrift.skip(kind, DEPTH)?,
        }
    }
    let (count, kind) = thrift.list()?;
    if kind != STRUCT {
        return None;
    }
    let mut open: Vec<u64> = Vec::new();
    let mut deepest = 0;
    for _ in 0..count {
        while open.last() == Some(&0) {
            open.pop();
        }
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        let children = thrift.element()?;
        if children > 0 {
            open.push(children);
        }
        deepest = deepest.max(open.len());
        if deepest > DEEPEST {
            break;
        }
    }
    Some(deepest)
}

/// Types of Thrift's compact protocol.
const INTEGER: u8 = 5;
const LIST: u8 = 9;
const STRUCT: u8 = 12;
/// What is not looked at is nested no deeper.
const DEPTH: usize = 16;

/// Thrift's compact protocol, as far as a schema needs it.
struct Thrift<'t>(&'t [u8]);

impl Thrift<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn pass(&mut self, count: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// The next field of a struct: its number and type; type 0 is the struct's end.
    fn field(&mut self, last: &mut u64) -> Option<(u64, u8)> {
        let head = self.byte()?;
        let kind = head & 0x0f;
        if kind != 0 {
            *last = match head >> 4 {
                // Written in full, with its sign in the last bit.
                0 => self.number()? / 2,
                more => last.checked_add(more.into())?,
            };
        }
        Some((*last, kind))
    }

    /// How many elements a list has, and of which type.
    fn list(&mut self) -> Option<(u64, u8)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.number()?,
            few => few.into(),
        };
        Some((count, head & 0x0f))
    }

    /// How many children an element of a schema has, which is its fifth field.
    fn element(&mut self) -> Option<u64> {
        let (mut last, mut children) = (0, 0);
        loop {
            match self.field(&mut last)? {
                (_, 0) => return Some(children),
                (5, INTEGER) => children = self.number()? / 2,
                (_, kind) => self.skip(kind, DEPTH)?,
            }
        }
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            // A boolean is its own type.
            1 | 2 => Some(()),
            3 => self.pass(1),
            4..=6 => self.number().map(drop),
            7 => self.pass(8),
            8 => {
                let length = self.number()?;
                self.pass(length)
            }
            LIST | 10 => {
                let (count, kind) = self.list()?;
                for _ in 0..count {
                    self.skip_one(kind, depth)?;
                }
                Some(())
            }
            11 => {
                let count = self.number()?;
                let kinds = if count > 0 { self.byte()? } else { 0 };
                for _ in 0..count {
                    self.skip_one(kinds >> 4, depth)?;
                    self.skip_one(kinds & 0x0f, depth)?;
                }
                Some(())
            }
            STRUCT => {
                let mut last = 0;
                loop {
                    match self.field(&mut last)? {
                        (_, 0) => return Some(()),
                        (_, kind) => self.skip(kind, depth)?,
                    }
                }
            }
            _ => None,
        }
    }

    /// The same of an element, of which a boolean is a byte.
    fn skip_one(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            1 | 2 => self.pass(1),
            kind => self.skip(kind, depth),
        }
    }
}
