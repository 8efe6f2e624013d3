//! A CSV that is looked through: its delimiter, whether its first line names the columns, and what
//! they hold.

use std::path::Path;

use crate::infer::{Class, Inferred};
use crate::names::distinct;
use crate::options::Options;
use crate::read_csv::{Record, Records};
use crate::text::{GoOn, Text};
use crate::{Error, Format};

/// Records that tell the delimiter.
const SNIFFED: usize = 10;

/// What was seen of a CSV.
#[derive(Debug, Clone)]
pub(crate) struct Separated {
    pub(crate) delimiter: u8,
    /// Whether the first line of all only says what the delimiter is, as Excel writes it: `sep=;`.
    told: bool,
    /// Its bytes can go to the server as they are.
    pub(crate) plain: bool,
    /// The cells of the first record, what they look like, and what those below them do.
    head: Vec<Option<String>>,
    first: Vec<Class>,
    rest: Vec<Class>,
    /// Records behind the first.
    rows: u64,
}

impl Separated {
    /// Looks through all of a file; answers also what is to be said of it.
    pub(crate) fn look(
        path: &Path,
        format: Format,
        options: &Options,
        go_on: &GoOn,
    ) -> Result<(Self, Vec<String>), Error> {
        let told = told(path, options, go_on)?;
        let delimiter = match (options.delimiter, told, format) {
            (Some(said), ..) => said,
            (None, Some(told), _) => told,
            (None, None, Format::Tsv) => b'\t',
            (None, None, _) => sniff(path, options, go_on)?,
        };
        let look =
            |careful| Separated::pass(path, options, go_on, delimiter, told.is_some(), careful);
        let (found, remarks) = look(false)?;
        match found.rest.iter().any(|class| class.is_doubtful()) {
            true => look(true),
            false => Ok((found, remarks)),
        }
    }

    /// The same once the delimiter is known.
    fn pass(
        path: &Path,
        options: &Options,
        go_on: &GoOn,
        delimiter: u8,
        told: bool,
        careful: bool,
    ) -> Result<(Self, Vec<String>), Error> {
        let text = Text::open(path, options.encoding, go_on)?;
        let (plain, remark) = (text.plain, text.remark.clone());
        let mut records = Records::new(text, path, delimiter);
        if told {
            records.next()?;
        }
        let null = options.null.as_deref().map(str::as_bytes);
        let Some(first) = records.next()? else {
            return Err(Error::new(format!("{} is empty", path.display())));
        };
        let class = |value: Option<&[u8]>| {
            let mut class = Class::NOTHING;
            if let Some(value) = value {
                class.take(value, true);
            }
            class
        };
        let cell =
            |value: Option<&[u8]>| value.map(|value| String::from_utf8_lossy(value).into_owned());
        let mut found = Separated {
            delimiter,
            told,
            plain: plain && !told && options.null.is_none(),
            head: first.values(None).map(cell).collect(),
            first: first.values(null).map(class).collect(),
            rest: vec![Class::NOTHING; first.len()],
            rows: 0,
        };
        while let Some(record) = records.next()? {
            if record.len() != found.rest.len() {
                return Err(found.ragged(path, &record));
            }
            for (value, class) in record.values(null).zip(&mut found.rest) {
                if let Some(value) = value {
                    class.take(value, careful);
                }
            }
            // A line of its own that COPY would take for the end of the data.
            found.plain &= record.raw != b"\\.";
            found.rows += 1;
        }
        let kinds = records.endings.iter().filter(|seen| **seen).count();
        found.plain &= kinds <= 1 && records.blank == 0;
        let mut remarks: Vec<String> = remark.into_iter().collect();
        match records.blank {
            0 => {}
            1 => remarks.push("A blank line was passed over.".into()),
            blank => remarks.push(format!("{blank} blank lines were passed over.")),
        }
        Ok((found, remarks))
    }

    /// Whether the first record names the columns. It is a row only where every cell of it is a
    /// number or a moment, of the type of all that is below it, and the table that is loaded, if it
    /// is there, has no columns of these names.
    pub(crate) fn is_named(&self, options: &Options, present: Option<&[&str]>) -> bool {
        if let Some(said) = options.header {
            return said;
        }
        let mut columns = self.first.iter().zip(&self.rest);
        let is_row = columns.all(|(first, rest)| {
            let alike = *rest == Class::NOTHING || first.kind() == rest.kind();
            first.is_measure() && alike
        });
        let is_there = |present: &[&str]| {
            let mut cells = self.head.iter().flatten();
            cells.all(|cell| {
                present
                    .iter()
                    .any(|name| name.eq_ignore_ascii_case(cell.trim()))
            })
        };
        !is_row || present.is_some_and(is_there)
    }

    /// What was decided and not said, in one line.
    pub(crate) fn decision(&self, options: &Options, named: bool) -> Option<String> {
        let mut decided = Vec::new();
        if options.header.is_none() {
            decided.push(match named {
                true => "the first line names the columns (header=no takes it as a row)".to_owned(),
                false => "the first line is a row (header=yes takes it as the names)".to_owned(),
            });
        }
        if options.delimiter.is_none() && !matches!(self.delimiter, b',' | b'\t') {
            let delimiter = char::from(self.delimiter);
            decided.push(format!(
                "values end at {delimiter} (delimiter= says another)"
            ));
        }
        let mut line = decided.join("; ");
        let first = line.get(..1)?.to_uppercase();
        line.replace_range(..1, &first);
        Some(line + ".")
    }

    /// Rows in the file.
    pub(crate) fn rows(&self, named: bool) -> u64 {
        self.rows + u64::from(!named)
    }

    /// The columns; not named, they are numbered.
    pub(crate) fn columns(&self, named: bool) -> Vec<Inferred> {
        let names = self
            .head
            .iter()
            .map(|cell| cell.as_deref().filter(|_| named));
        let classes = self.first.iter().zip(&self.rest);
        let classes = classes.map(|(first, rest)| match named {
            true => *rest,
            false => first.join(*rest),
        });
        let columns = distinct(names).into_iter().zip(classes);
        columns
            .map(|(name, class)| Inferred {
                name,
                type_name: class.type_name().into(),
            })
            .collect()
    }

    /// The records that are rows.
    pub(crate) fn records(
        &self,
        path: &Path,
        options: &Options,
        named: bool,
        go_on: &GoOn,
    ) -> Result<Records<Text>, Error> {
        let text = Text::open(path, options.encoding, go_on)?;
        let mut records = Records::new(text, path, self.delimiter);
        for _ in 0..usize::from(self.told) + usize::from(named) {
            records.next()?;
        }
        Ok(records)
    }

    /// A record with more or fewer values than the first.
    pub(crate) fn ragged(&self, path: &Path, record: &Record<'_>) -> Error {
        let (found, expected) = (record.len(), self.head.len());
        let values = if found == 1 { "value" } else { "values" };
        Error::new(format!(
            "{}, line {}: {found} {values} where the first line has {expected}",
            path.display(),
            record.line
        ))
        .advise(
            "Nothing was loaded. A value that holds the delimiter stands in double quotes; \
             delimiter= says another one.",
        )
    }

    /// Values of a record.
    pub(crate) fn width(&self) -> usize {
        self.head.len()
    }
}

/// The delimiter that the first line says: `sep=;`.
fn told(path: &Path, options: &Options, go_on: &GoOn) -> Result<Option<u8>, Error> {
    let text = Text::open(path, options.encoding, go_on)?;
    // A delimiter that such a line does not have.
    let mut records = Records::new(text, path, b'\0');
    let first = records.next()?;
    let line = first.and_then(|record| record.values(None).next().flatten().map(<[u8]>::to_vec));
    Ok(match line.as_deref() {
        Some([s, e, p, b'=', delimiter])
            if [*s, *e, *p].eq_ignore_ascii_case(b"sep")
                && !matches!(delimiter, b'"' | b'\\')
                && delimiter.is_ascii() =>
        {
            Some(*delimiter)
        }
        _ => None,
    })
}

/// The byte between values: of those that others use, the one that parts the first records into
/// most values, the same number each; else the one that the first has most of.
fn sniff(path: &Path, options: &Options, go_on: &GoOn) -> Result<u8, Error> {
    const DELIMITERS: [u8; 4] = *b",;\t|";
    let mut best = ((false, 0), b',');
    for delimiter in DELIMITERS {
        let text = Text::open(path, options.encoding, go_on)?;
        let mut records = Records::new(text, path, delimiter);
        let (mut count, mut even) = (0, true);
        for number in 0..SNIFFED {
            // What is wrong with a record is told when it is looked at.
            let Ok(Some(record)) = records.next() else {
                break;
            };
            match number {
                0 => count = record.len(),
                _ => even &= record.len() == count,
            }
        }
        let rank = (even && count > 1, count);
        if rank > best.0 {
            best = (rank, delimiter);
        }
    }
    Ok(best.1)
}
