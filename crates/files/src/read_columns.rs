//! Parquet and Arrow, read as rows for COPY.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, FieldRef, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::reader::FileReader;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;

use crate::column_text::{as_json, value};
use crate::column_types::{Leaf, flat, is_looked_at, type_name};
use crate::columnar::arrow_error;
use crate::infer::{Inferred, Takes};
use crate::text::{GoOn, open, stopped};
use crate::whole::{arrow_is_whole, parquet_is_whole};
use crate::{Error, Format, copy};

/// Rows decoded at once.
const BATCH: usize = 2048;

/// The columns of a file, and how they are read.
pub(crate) struct Columns {
    format: Format,
    pub(crate) columns: Vec<Inferred>,
    pub(crate) rows: u64,
    /// Without dictionaries.
    fields: Vec<FieldRef>,
}

/// The rows of a file.
pub(crate) struct Batches<'c> {
    path: PathBuf,
    reader: Reader,
    of: &'c Columns,
    go_on: GoOn,
    /// Bytes in memory of what was read.
    read: u64,
    batch: Option<(RecordBatch, usize)>,
    /// The values of a row, one after the other.
    text: Vec<u8>,
}

enum Reader {
    Parquet(ParquetRecordBatchReader),
    /// With the batches that it says it has and that have not come.
    Arrow(Box<FileReader<BufReader<File>>>, usize),
}

impl Columns {
    /// Finds the types of a file's columns, and looks through those whose values decide it.
    pub(crate) fn look(path: &Path, format: Format, go_on: &GoOn) -> Result<Self, Error> {
        let (schema, told) = schema(path, format)?;
        let mut fields = Vec::new();
        let mut leaves = Vec::new();
        for field in schema.fields() {
            let flat = flat(field);
            if type_name(&flat, Leaf::Plain).is_none() {
                return Err(Error::new(format!(
                    "{}: column \"{}\" is {}, for which there is no type here",
                    path.display(),
                    field.name(),
                    field.data_type()
                )));
            }
            fields.push(flat);
            leaves.push(Leaf::Plain);
        }
        let looked: Vec<usize> = (0..fields.len())
            .filter(|at| is_looked_at(&fields[*at]))
            .collect();
        let mut rows = 0;
        // What an Arrow file holds is told by its batches alone.
        if !looked.is_empty() || told.is_none() {
            let mut reader = Reader::open(path, format, Some(&looked))?;
            while let Some(batch) = reader.next(path)? {
                rows += batch.num_rows() as u64;
                if !go_on(0) {
                    return Err(stopped());
                }
                for (at, column) in looked.iter().zip(batch.columns()) {
                    let column = flattened(column, &fields[*at]);
                    let column = column.map_err(|error| arrow_error(path, error))?;
                    leaves[*at] = leaves[*at].max(Leaf::of(&fields[*at], &column));
                }
            }
        }
        let columns = fields.iter().zip(leaves).map(|(field, leaf)| Inferred {
            name: field.name().clone(),
            type_name: type_name(field, leaf).unwrap_or_default(),
        });
        Ok(Columns {
            format,
            columns: columns.collect(),
            rows: told.unwrap_or(rows),
            fields,
        })
    }

    /// What columns made for its own take.
    pub(crate) fn takes(&self) -> Vec<Takes> {
        let columns = self.columns.iter();
        columns.map(|column| Takes::of(&column.type_name)).collect()
    }

    /// Reads the rows.
    pub(crate) fn open(&self, path: &Path, go_on: &GoOn) -> Result<Batches<'_>, Error> {
        Ok(Batches {
            path: path.to_owned(),
            reader: Reader::open(path, self.format, None)?,
            of: self,
            go_on: go_on.clone(),
            read: 0,
            batch: None,
            text: Vec::new(),
        })
    }
}

impl Batches<'_> {
    /// Appends the next row as a row of COPY, with these columns of the file; false at the end.
    pub(crate) fn write_next(
        &mut self,
        places: &[(usize, Takes)],
        to: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        let (batch, row) = match self.batch.take() {
            Some((batch, row)) if row < batch.num_rows() => (batch, row),
            _ => loop {
                match self.next()? {
                    None => return Ok(false),
                    Some(batch) if batch.num_rows() == 0 => {}
                    Some(batch) => break (batch, 0),
                }
            },
        };
        self.text.clear();
        let mut ends = Vec::with_capacity(places.len());
        for (place, takes) in places {
            let (column, field) = (batch.column(*place), &self.of.fields[*place]);
            let start = self.text.len();
            // A column of nothing has no mask that says so.
            let there = column.is_valid(row) && *column.data_type() != DataType::Null;
            match (there, takes) {
                (false, _) => {}
                (true, Takes::Json) => as_json(field, column, row, &mut self.text),
                (true, _) => value(field, column, row, &mut self.text),
            }
            ends.push(there.then_some(start..self.text.len()));
        }
        let values = ends
            .into_iter()
            .map(|range| range.map(|range| &self.text[range]));
        copy::write_row(values, to);
        self.batch = Some((batch, row + 1));
        Ok(true)
    }

    fn next(&mut self) -> Result<Option<RecordBatch>, Error> {
        if !(self.go_on)(self.read) {
            return Err(stopped());
        }
        let Some(batch) = self.reader.next(&self.path)? else {
            return Ok(None);
        };
        self.read += batch.get_array_memory_size() as u64;
        let columns = batch.columns().iter().zip(&self.of.fields);
        let columns: Result<Vec<_>, _> = columns
            .map(|(column, field)| flattened(column, field))
            .collect();
        let columns = columns.map_err(|error| arrow_error(&self.path, error))?;
        let schema = Arc::new(arrow::datatypes::Schema::new(self.of.fields.clone()));
        let options =
            arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch = RecordBatch::try_new_with_options(schema, columns, &options);
        batch
            .map(Some)
            .map_err(|error| arrow_error(&self.path, error))
    }
}

/// A column without dictionaries. A value that does not survive is an error.
fn flattened(column: &ArrayRef, field: &FieldRef) -> Result<ArrayRef, ArrowError> {
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    match column.data_type() == field.data_type() {
        true => Ok(column.clone()),
        false => cast_with_options(column, field.data_type(), &options),
    }
}

/// The schema of a file, and its rows where it tells them.
fn schema(path: &Path, format: Format) -> Result<(SchemaRef, Option<u64>), Error> {
    if format == Format::Arrow {
        let mut file = open(path)?;
        arrow_is_whole(path, &mut file)?;
        let reader = FileReader::try_new(BufReader::new(open(path)?), None);
        let reader = reader.map_err(|error| arrow_error(path, error))?;
        return Ok((reader.schema(), None));
    }
    let builder = parquet(path)?;
    if let Some(compression) = not_read_here(builder.metadata()) {
        let why = format!(
            "{} is compressed with {compression}, which is not read here",
            path.display()
        );
        return Err(Error::new(why).advise("Zstandard, Snappy, gzip and LZ4 are."));
    }
    let rows = builder.metadata().file_metadata().num_rows();
    let rows = u64::try_from(rows).map_err(|_| {
        let what = format!("{} says that it has {rows} rows", path.display());
        Error::new(what).advise("Have the file written or fetched again.")
    })?;
    Ok((builder.schema().clone(), Some(rows)))
}

fn parquet(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, Error> {
    let mut file = open(path)?;
    parquet_is_whole(path, &mut file)?;
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| half(path, &error))
}

fn half(path: &Path, error: &ParquetError) -> Error {
    let why = error.to_string();
    let why = why.split_once(": ").map_or(&*why, |(_, why)| why);
    Error::new(format!(
        "{} is no whole Parquet file: {why}",
        path.display()
    ))
}

impl Reader {
    /// Reads a file, or some of its columns.
    fn open(path: &Path, format: Format, columns: Option<&[usize]>) -> Result<Self, Error> {
        if format == Format::Arrow {
            let file = BufReader::new(open(path)?);
            let reader = FileReader::try_new(file, columns.map(<[usize]>::to_vec));
            let reader = reader.map_err(|error| arrow_error(path, error))?;
            let batches = reader.num_batches();
            return Ok(Reader::Arrow(Box::new(reader), batches));
        }
        let mut builder = parquet(path)?.with_batch_size(BATCH);
        if let Some(columns) = columns {
            let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
            builder = builder.with_projection(mask);
        }
        let reader = builder.build().map_err(|error| half(path, &error))?;
        Ok(Reader::Parquet(reader))
    }

    fn next(&mut self, path: &Path) -> Result<Option<RecordBatch>, Error> {
        let next = match self {
            Reader::Parquet(reader) => reader.next(),
            Reader::Arrow(reader, left) => match reader.next() {
                None if *left > 0 => {
                    let what = format!("{} is damaged: a part of it holds no rows", path.display());
                    return Err(Error::new(what).advise("Nothing was loaded."));
                }
                next => {
                    *left = left.saturating_sub(1);
                    next
                }
            },
        };
        let next = next.transpose();
        next.map_err(|error| {
            let text = error.to_string();
            match text.contains("decompression requires") {
                true => Error::new(format!(
                    "{} is compressed, which is not read here of an Arrow file",
                    path.display()
                ))
                .advise("Have it written without compression, or as Parquet."),
                false => arrow_error(path, error),
            }
        })
    }
}

/// The kind of compression that we do not read, if any column has it.
fn not_read_here(file: &ParquetMetaData) -> Option<&'static str> {
    let chunks = file.row_groups().iter().flat_map(|group| group.columns());
    chunks
        .into_iter()
        .find_map(|chunk| match chunk.compression() {
            Compression::BROTLI(_) => Some("Brotli"),
            Compression::LZO => Some("LZO"),
            _ => None,
        })
}

#[cfg(test)]
mod tests;
