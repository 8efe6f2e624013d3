//! A file of rows that is written: whole, or not at all.

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;

use crate::columnar::Columnar;
use crate::columns::{Column, cast};
use crate::{Error, Field, Format, Output, csv, json, markdown, sql};

/// Text that gathers before it goes to the file.
const BUFFER: usize = 1 << 18;

/// A file on its way. What was at its place before stays until [`Writer::finish`].
pub struct Writer {
    fields: Vec<Field>,
    rows: u64,
    renamed: Vec<String>,
    sink: Sink,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Rows.
    pub rows: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// What is not in the file as it was in the rows, a sentence each.
    pub remarks: Vec<String>,
}

enum Sink {
    Lines(Lines),
    Columns(Columnar),
}

/// Rows that are written as text.
struct Lines {
    output: Output,
    buffer: Vec<u8>,
    layout: Layout,
}

enum Layout {
    /// With this byte between two values.
    Separated(u8),
    /// Objects with these keys.
    Array(Vec<Vec<u8>>),
    Objects(Vec<Vec<u8>>),
    Markdown,
    /// Statements that begin so.
    Insert(Vec<u8>),
}

impl Writer {
    /// Begins a file of rows with these columns.
    ///
    /// # Errors
    /// The path is a folder, or cannot be written.
    pub fn create(path: &Path, format: Format, fields: &[Field]) -> Result<Self, Error> {
        let mut fields = fields.to_vec();
        let renamed = match format {
            // A table may have two columns of one name, an object and a schema may not.
            Format::Json | Format::JsonLines | Format::Parquet | Format::Arrow | Format::Sql => {
                rename(&mut fields)
            }
            Format::Csv | Format::Tsv | Format::Markdown => Vec::new(),
        };
        let output = Output::create(path)?;
        let mut buffer = Vec::new();
        let layout = match format {
            Format::Csv | Format::Tsv => {
                let delimiter = if format == Format::Csv { b',' } else { b'\t' };
                csv::header(&fields, delimiter, &mut buffer);
                Layout::Separated(delimiter)
            }
            Format::Json => Layout::Array(json::keys(&fields)),
            Format::JsonLines => Layout::Objects(json::keys(&fields)),
            Format::Markdown => {
                markdown::header(&fields, &mut buffer);
                Layout::Markdown
            }
            Format::Sql => {
                let table = path.file_stem().unwrap_or_default().to_string_lossy();
                Layout::Insert(sql::opening(&table, &fields))
            }
            Format::Parquet | Format::Arrow => {
                let sink = Sink::Columns(Columnar::new(output, format, &fields)?);
                return Ok(Writer {
                    fields,
                    rows: 0,
                    renamed,
                    sink,
                });
            }
        };
        Ok(Writer {
            fields,
            rows: 0,
            renamed,
            sink: Sink::Lines(Lines {
                output,
                buffer,
                layout,
            }),
        })
    }

    /// The type that a column is to be cast to before its binary form is given to
    /// [`Writer::tuple`]; none where it is fine as it is.
    pub fn cast(field: &Field, format: Format) -> Option<&'static str> {
        cast(field, format)
    }

    /// Takes a row, each value as the server prints it; `None` is NULL.
    ///
    /// # Errors
    /// The file cannot be written, or a value is not of its column's type.
    pub fn row<'v>(&mut self, values: impl Iterator<Item = Option<&'v [u8]>>) -> Result<(), Error> {
        match &mut self.sink {
            Sink::Lines(lines) => lines.row(values, &self.fields, self.rows)?,
            Sink::Columns(columnar) => columnar.row(values, self.rows, Column::push_text)?,
        }
        self.rows += 1;
        Ok(())
    }

    /// Takes a row of a columnar format, each value in its type's binary form.
    ///
    /// # Errors
    /// As [`Writer::row`]; and the format keeps text only.
    pub fn tuple<'v>(
        &mut self,
        values: impl Iterator<Item = Option<&'v [u8]>>,
    ) -> Result<(), Error> {
        match &mut self.sink {
            Sink::Lines(_) => return Err(Error::new("this format takes no binary rows")),
            Sink::Columns(columnar) => columnar.row(values, self.rows, Column::push_binary)?,
        }
        self.rows += 1;
        Ok(())
    }

    /// Rows taken, and bytes that are in the file.
    pub fn written(&self) -> (u64, u64) {
        let bytes = match &self.sink {
            Sink::Lines(lines) => lines.output.written(),
            Sink::Columns(columnar) => columnar.written(),
        };
        (self.rows, bytes)
    }

    /// Writes what is left and puts the file at its place.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(self) -> Result<Written, Error> {
        let mut remarks = self.renamed;
        let output = match self.sink {
            Sink::Lines(mut lines) => {
                lines.end(self.rows);
                lines.flush()?;
                lines.output
            }
            Sink::Columns(columnar) => {
                for (field, count) in self.fields.iter().zip(columnar.beyond()) {
                    if *count > 0 {
                        remarks.push(format!(
                            "Null in the file, whose type holds no infinity, NaN or time beyond \
                             its range: {count} of the values of \"{}\".",
                            field.name
                        ));
                    }
                }
                columnar.finish()?
            }
        };
        Ok(Written {
            rows: self.rows,
            bytes: output.keep()?,
            remarks,
        })
    }
}

impl Lines {
    fn row<'v>(
        &mut self,
        values: impl Iterator<Item = Option<&'v [u8]>>,
        fields: &[Field],
        before: u64,
    ) -> Result<(), Error> {
        let to = &mut self.buffer;
        match &self.layout {
            Layout::Separated(delimiter) => csv::row(values, fields.len() == 1, *delimiter, to),
            Layout::Array(keys) => {
                to.extend_from_slice(if before == 0 { b"[\n" } else { b",\n" });
                json::object(values, fields, keys, to);
            }
            Layout::Objects(keys) => {
                json::object(values, fields, keys, to);
                to.push(b'\n');
            }
            Layout::Markdown => markdown::row(values, to),
            Layout::Insert(opening) => sql::row(values, fields, opening, before, to),
        }
        match self.buffer.len() >= BUFFER {
            true => self.flush(),
            false => Ok(()),
        }
    }

    fn end(&mut self, rows: u64) {
        let end: &[u8] = match (&self.layout, rows) {
            (Layout::Array(_), 0) => b"[]\n",
            (Layout::Array(_), _) => b"\n]\n",
            (Layout::Insert(_), 0) => b"-- no rows\n",
            (Layout::Insert(_), _) => b";\n",
            (Layout::Separated(_) | Layout::Objects(_) | Layout::Markdown, _) => b"",
        };
        self.buffer.extend_from_slice(end);
    }

    fn flush(&mut self) -> Result<(), Error> {
        let written = self.output.write_all(&self.buffer);
        written.map_err(|error| self.output.failed(&error))?;
        self.buffer.clear();
        Ok(())
    }
}

/// Makes the fields' names unlike each other; answers a sentence for each that is changed.
fn rename(fields: &mut [Field]) -> Vec<String> {
    let mut taken: HashSet<String> = fields.iter().map(|field| field.name.clone()).collect();
    let mut seen = HashSet::new();
    let mut changed = Vec::new();
    for field in fields {
        if seen.insert(field.name.clone()) {
            continue;
        }
        let mut number = 2;
        let name = loop {
            let name = format!("{}_{number}", field.name);
            if taken.insert(name.clone()) {
                break name;
            }
            number += 1;
        };
        changed.push(format!(
            "A second column \"{}\" is \"{name}\" in the file.",
            field.name
        ));
        seen.insert(name.clone());
        field.name = name;
    }
    changed
}
