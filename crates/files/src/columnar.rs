//! Files of columns: Parquet and Arrow. Rows gather in memory and go out by the thousands.

use std::io;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::columns::{Column, arrow_field};
use crate::{Error, Field, Format, Output};

/// Rows that gather …
const BATCH: usize = 8192;
/// … or as many bytes.
const BATCH_BYTES: usize = 8 << 20;
/// Rows of a row group of Parquet …
const GROUP: usize = 1 << 17;
/// … or as many bytes of it in memory.
const GROUP_BYTES: usize = 32 << 20;

/// Bytes of a column's dictionary. One that grows beyond is of no use any more, and was work: each
/// value is looked up.
const DICTIONARY: usize = 128 << 10;

/// A file of columns on its way.
pub(crate) struct Columnar {
    sink: Sink,
    schema: SchemaRef,
    columns: Vec<Column>,
    /// Rows that gather, and about how many bytes they are.
    gathered: usize,
    bytes: usize,
    /// Of each column, values beyond what its type holds.
    beyond: Vec<u64>,
}

enum Sink {
    Parquet(Box<ArrowWriter<Output>>),
    Arrow(Box<FileWriter<Output>>),
}

impl Columnar {
    /// Begins a file of fields of which no two have one name.
    pub(crate) fn new(output: Output, format: Format, fields: &[Field]) -> Result<Self, Error> {
        let path = output.path().to_owned();
        let arrow_fields: Vec<_> = fields
            .iter()
            .map(|field| arrow_field(field, format))
            .collect();
        let columns = arrow_fields
            .iter()
            .zip(fields)
            .map(|(arrow_field, field)| Column::new(arrow_field, field.kind().0))
            .collect();
        let schema = Arc::new(Schema::new(arrow_fields));
        let sink = match format {
            Format::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::default()))
                    .set_dictionary_page_size_limit(DICTIONARY)
                    .set_max_row_group_row_count(Some(GROUP))
                    .set_max_row_group_bytes(Some(GROUP_BYTES))
                    .build();
                let writer = ArrowWriter::try_new(output, schema.clone(), Some(properties));
                Sink::Parquet(Box::new(
                    writer.map_err(|error| parquet_error(&path, error))?,
                ))
            }
            _ => {
                let writer = FileWriter::try_new(output, &schema);
                Sink::Arrow(Box::new(writer.map_err(|error| arrow_error(&path, error))?))
            }
        };
        Ok(Columnar {
            sink,
            schema,
            columns,
            gathered: 0,
            bytes: 0,
            beyond: vec![0; fields.len()],
        })
    }

    /// Takes a row; `before` is how many there were. `push` takes a value into its column.
    pub(crate) fn row<'v>(
        &mut self,
        values: impl Iterator<Item = Option<&'v [u8]>>,
        before: u64,
        push: impl Fn(&mut Column, &[u8]) -> Result<bool, &'static str>,
    ) -> Result<(), Error> {
        for (number, (column, value)) in self.columns.iter_mut().zip(values).enumerate() {
            let Some(value) = value else {
                column.push_null();
                continue;
            };
            self.bytes += value.len();
            match push(column, value) {
                Ok(true) => {}
                Ok(false) => self.beyond[number] += 1,
                Err(why) => {
                    let name = self.schema.field(number).name();
                    let row = before + 1;
                    return Err(Error::new(format!(
                        "row {row}, column \"{name}\": a value {why}"
                    )));
                }
            }
        }
        self.gathered += 1;
        if self.gathered == BATCH || self.bytes >= BATCH_BYTES {
            self.send()?;
        }
        Ok(())
    }

    /// Bytes that are in the file.
    pub(crate) fn written(&self) -> u64 {
        self.output().written()
    }

    /// Of each column, values that are NULL in the file because its type does not hold them.
    pub(crate) fn beyond(&self) -> &[u64] {
        &self.beyond
    }

    /// Writes what is left.
    pub(crate) fn finish(mut self) -> Result<Output, Error> {
        self.send()?;
        let path = self.output().path().to_owned();
        match self.sink {
            Sink::Parquet(writer) => writer
                .into_inner()
                .map_err(|error| parquet_error(&path, error)),
            Sink::Arrow(mut writer) => {
                let finished = writer.finish();
                let output = finished.and_then(|()| writer.into_inner());
                output.map_err(|error| arrow_error(&path, error))
            }
        }
    }

    fn send(&mut self) -> Result<(), Error> {
        if self.gathered == 0 {
            return Ok(());
        }
        let columns = self.columns.iter_mut().map(Column::finish).collect();
        let path = self.output().path().to_owned();
        let batch = RecordBatch::try_new(self.schema.clone(), columns)
            .map_err(|error| arrow_error(&path, error))?;
        (self.gathered, self.bytes) = (0, 0);
        match &mut self.sink {
            Sink::Parquet(writer) => writer
                .write(&batch)
                .map_err(|error| parquet_error(&path, error)),
            Sink::Arrow(writer) => writer
                .write(&batch)
                .map_err(|error| arrow_error(&path, error)),
        }
    }

    fn output(&self) -> &Output {
        match &self.sink {
            Sink::Parquet(writer) => writer.inner(),
            Sink::Arrow(writer) => writer.get_ref(),
        }
    }
}

/// The system's own word where there is one.
pub(crate) fn parquet_error(path: &Path, error: ParquetError) -> Error {
    if let ParquetError::External(inner) = &error
        && let Some(error) = inner.downcast_ref::<io::Error>()
    {
        return Error::io(path, error);
    }
    Error::new(format!("{}: {error}", path.display()))
}

pub(crate) fn arrow_error(path: &Path, error: ArrowError) -> Error {
    match &error {
        ArrowError::IoError(_, error) => Error::io(path, error),
        _ => Error::new(format!("{}: {error}", path.display())),
    }
}
