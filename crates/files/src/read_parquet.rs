//! Parquet, read as rows for COPY.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Decimal256Type, Field, Fields, Float32Type, Float64Type,
    Int16Type, Int32Type, Int64Type, Time64MicrosecondType, TimeUnit, TimestampMicrosecondType,
};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use parquet::file::metadata::ParquetMetaData;

use crate::columnar::arrow_error;
use crate::infer::{Inferred, Takes};
use crate::values::{DAY, civil};
use crate::{Error, arrays, copy, json, read_csv};

/// Rows decoded at once.
const BATCH: usize = 2048;

/// The rows of a Parquet file.
pub(crate) struct Batches {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    pub(crate) columns: Vec<Inferred>,
    pub(crate) rows: u64,
    pub(crate) remarks: Vec<String>,
    /// The types the columns are cast to, which are few.
    types: Vec<DataType>,
    batch: Option<(RecordBatch, usize)>,
    /// The values of a row, one after the other.
    text: Vec<u8>,
}

impl Batches {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let file = read_csv::open(path)?;
        let whole = |error: parquet::errors::ParquetError| {
            let why = error.to_string();
            let why = why.split_once(": ").map_or(&*why, |(_, why)| why);
            Error::new(format!(
                "{} is no whole Parquet file: {why}",
                path.display()
            ))
        };
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(whole)?;
        if let Some(compression) = not_read_here(builder.metadata()) {
            let why = format!(
                "{} is compressed with {compression}, which is not read here",
                path.display()
            );
            return Err(Error::new(why).advise("Zstandard, Snappy, gzip and LZ4 are."));
        }
        let rows = builder.metadata().file_metadata().num_rows();
        let schema = builder.schema().clone();
        let mut columns = Vec::new();
        let mut types = Vec::new();
        let mut remarks = Vec::new();
        for field in schema.fields() {
            let Some((data_type, type_name)) = fitting(field) else {
                return Err(Error::new(format!(
                    "{}: column \"{}\" is {}, for which there is no type here",
                    path.display(),
                    field.name(),
                    field.data_type()
                )));
            };
            if matches!(
                field.data_type(),
                DataType::Timestamp(TimeUnit::Nanosecond, _)
            ) {
                remarks.push(format!(
                    "\"{}\" has nanoseconds; microseconds are kept.",
                    field.name()
                ));
            }
            types.push(data_type);
            columns.push(Inferred {
                name: field.name().clone(),
                type_name,
            });
        }
        let reader = builder.with_batch_size(BATCH).build().map_err(whole)?;
        Ok(Batches {
            path: path.to_owned(),
            reader,
            columns,
            rows: u64::try_from(rows).unwrap_or_default(),
            remarks,
            types,
            batch: None,
            text: Vec::new(),
        })
    }

    /// What columns made for its own take.
    pub(crate) fn takes(&self) -> Vec<Takes> {
        let takes = |(data_type, column): (&DataType, &Inferred)| match data_type {
            DataType::List(_) if column.type_name.ends_with("[]") => Takes::Array,
            DataType::List(_) | DataType::Struct(_) => Takes::Json,
            _ => Takes::Text,
        };
        self.types.iter().zip(&self.columns).map(takes).collect()
    }

    /// Appends the next row as a row of COPY; false at the end.
    pub(crate) fn write_next(&mut self, takes: &[Takes], to: &mut Vec<u8>) -> Result<bool, Error> {
        let (batch, row) = match self.batch.take() {
            Some((batch, row)) if row < batch.num_rows() => (batch, row),
            _ => match self.reader.next() {
                None => return Ok(false),
                Some(batch) => {
                    let batch = batch.and_then(|batch| {
                        let columns = batch.columns().iter().zip(&self.types);
                        let columns = columns.map(|(column, to)| cast(column, to));
                        let columns = columns.collect::<Result<Vec<ArrayRef>, _>>()?;
                        let fields: Fields = columns
                            .iter()
                            .map(|column| Field::new("", column.data_type().clone(), true))
                            .collect();
                        RecordBatch::try_new(
                            Arc::new(arrow::datatypes::Schema::new(fields)),
                            columns,
                        )
                    });
                    (batch.map_err(|error| arrow_error(&self.path, error))?, 0)
                }
            },
        };
        self.text.clear();
        let mut ends = Vec::with_capacity(self.types.len());
        for (column, takes) in batch.columns().iter().zip(takes) {
            let start = self.text.len();
            let there = column.is_valid(row);
            match (there, takes, column.data_type()) {
                (false, ..) => {}
                (_, Takes::Json, DataType::List(_)) => as_json(column, row, &mut self.text),
                _ => value(column, row, &mut self.text),
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

/// The type that a column is cast to, and PostgreSQL's name for it.
fn fitting(field: &Field) -> Option<(DataType, String)> {
    let micros = TimeUnit::Microsecond;
    let (data_type, name) = match field.data_type() {
        DataType::Null => (DataType::Utf8, "text"),
        DataType::Boolean => (DataType::Boolean, "boolean"),
        DataType::Int8 | DataType::UInt8 | DataType::Int16 => (DataType::Int16, "smallint"),
        DataType::UInt16 | DataType::Int32 => (DataType::Int32, "integer"),
        DataType::UInt32 | DataType::Int64 => (DataType::Int64, "bigint"),
        DataType::UInt64 => (DataType::Decimal128(20, 0), "numeric(20,0)"),
        DataType::Float16 | DataType::Float32 => (DataType::Float32, "real"),
        DataType::Float64 => (DataType::Float64, "double precision"),
        of @ (DataType::Decimal32(digits, scale)
        | DataType::Decimal64(digits, scale)
        | DataType::Decimal128(digits, scale)
        | DataType::Decimal256(digits, scale)) => {
            let to = match of {
                DataType::Decimal256(..) => of.clone(),
                _ => DataType::Decimal128(*digits, *scale),
            };
            return Some((to, format!("numeric({digits},{scale})")));
        }
        DataType::Date32 | DataType::Date64 => (DataType::Date32, "date"),
        DataType::Time32(_) | DataType::Time64(_) => (DataType::Time64(micros), "time"),
        DataType::Timestamp(_, None) => (DataType::Timestamp(micros, None), "timestamp"),
        DataType::Timestamp(_, Some(zone)) => (
            DataType::Timestamp(micros, Some(zone.clone())),
            "timestamptz",
        ),
        DataType::FixedSizeBinary(16) if extension(field) == Some("arrow.uuid") => {
            (DataType::FixedSizeBinary(16), "uuid")
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            (DataType::Binary, "bytea")
        }
        DataType::FixedSizeBinary(_) => (DataType::Binary, "bytea"),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => match extension(field) {
            Some("arrow.json") => (DataType::Utf8, "jsonb"),
            _ => (DataType::Utf8, "text"),
        },
        DataType::Dictionary(_, of) => {
            return fitting(&Field::new("", (**of).clone(), true));
        }
        DataType::List(of) | DataType::LargeList(of) | DataType::FixedSizeList(of, _) => {
            let (to, name) = fitting(of)?;
            let name = match to {
                // A list of lists need not be square, as an array of arrays must.
                DataType::List(_) | DataType::Struct(_) => "jsonb".to_owned(),
                _ => format!("{name}[]"),
            };
            let element = Field::new("element", to, true);
            return Some((DataType::List(Arc::new(element)), name));
        }
        DataType::Struct(fields) => {
            let fit = |field: &Arc<Field>| Some(Field::new(field.name(), fitting(field)?.0, true));
            let fields: Option<Fields> = fields.iter().map(fit).collect();
            (DataType::Struct(fields?), "jsonb")
        }
        _ => return None,
    };
    Some((data_type, name.to_owned()))
}

fn extension(field: &Field) -> Option<&str> {
    field
        .metadata()
        .get("ARROW:extension:name")
        .map(String::as_str)
}

/// Appends a value that is not NULL, as PostgreSQL reads it.
fn value(column: &ArrayRef, row: usize, to: &mut Vec<u8>) {
    // Writing to memory does not fail.
    let _ = match column.data_type() {
        DataType::Boolean => write!(to, "{}", column.as_boolean().value(row)),
        DataType::Int16 => write!(to, "{}", column.as_primitive::<Int16Type>().value(row)),
        DataType::Int32 => write!(to, "{}", column.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => write!(to, "{}", column.as_primitive::<Int64Type>().value(row)),
        DataType::Float32 => write!(to, "{}", column.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => write!(to, "{}", column.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(..) => {
            write!(
                to,
                "{}",
                column.as_primitive::<Decimal128Type>().value_as_string(row)
            )
        }
        DataType::Decimal256(..) => {
            write!(
                to,
                "{}",
                column.as_primitive::<Decimal256Type>().value_as_string(row)
            )
        }
        DataType::Date32 => {
            let days = column.as_primitive::<Date32Type>().value(row);
            moment(i64::from(days), None, "", to)
        }
        DataType::Time64(_) => clock(
            column.as_primitive::<Time64MicrosecondType>().value(row),
            to,
        ),
        DataType::Timestamp(_, zone) => {
            let micros = column.as_primitive::<TimestampMicrosecondType>().value(row);
            let zone = if zone.is_some() { "+00" } else { "" };
            moment(
                micros.div_euclid(DAY),
                Some(micros.rem_euclid(DAY)),
                zone,
                to,
            )
        }
        DataType::Binary => {
            to.extend_from_slice(b"\\x");
            let bytes = column.as_binary::<i32>().value(row);
            bytes.iter().try_for_each(|byte| write!(to, "{byte:02x}"))
        }
        DataType::FixedSizeBinary(_) => {
            uuid(column.as_fixed_size_binary().value(row), to);
            Ok(())
        }
        DataType::List(_) => {
            list(&column.as_list::<i32>().value(row), to);
            Ok(())
        }
        DataType::Struct(_) => {
            as_json(column, row, to);
            Ok(())
        }
        _ => {
            to.extend_from_slice(column.as_string::<i32>().value(row).as_bytes());
            Ok(())
        }
    };
}

/// An array in PostgreSQL's form, each element in quotes; lists in it are its further dimensions.
fn list(elements: &ArrayRef, to: &mut Vec<u8>) {
    let mut text = Vec::new();
    to.push(b'{');
    for row in 0..elements.len() {
        if row > 0 {
            to.push(b',');
        }
        if elements.is_null(row) {
            to.extend_from_slice(b"NULL");
        } else if matches!(elements.data_type(), DataType::List(_)) {
            value(elements, row, to);
        } else {
            text.clear();
            value(elements, row, &mut text);
            arrays::quote(&text, to);
        }
    }
    to.push(b'}');
}

/// A value as JSON: a struct is an object.
fn as_json(column: &ArrayRef, row: usize, to: &mut Vec<u8>) {
    if column.is_null(row) {
        return to.extend_from_slice(b"null");
    }
    match column.data_type() {
        DataType::Struct(fields) => {
            let of = column.as_struct();
            to.push(b'{');
            for (number, field) in fields.iter().enumerate() {
                if number > 0 {
                    to.push(b',');
                }
                json::string(field.name().as_bytes(), to);
                to.push(b':');
                as_json(of.column(number), row, to);
            }
            to.push(b'}');
        }
        DataType::List(_) => {
            let elements = column.as_list::<i32>().value(row);
            to.push(b'[');
            for element in 0..elements.len() {
                if element > 0 {
                    to.push(b',');
                }
                as_json(&elements, element, to);
            }
            to.push(b']');
        }
        of => {
            let mut text = Vec::new();
            value(column, row, &mut text);
            let bare = matches!(of, DataType::Boolean)
                || of.is_numeric() && text.last().is_some_and(u8::is_ascii_digit);
            match bare {
                true => to.extend_from_slice(&text),
                false => json::string(&text, to),
            }
        }
    }
}

fn uuid(bytes: &[u8], to: &mut Vec<u8>) {
    for (number, byte) in bytes.iter().enumerate() {
        if matches!(number, 4 | 6 | 8 | 10) {
            to.push(b'-');
        }
        let _ = write!(to, "{byte:02x}");
    }
}

/// A day, and the time of it where there is one.
fn moment(days: i64, micros: Option<i64>, zone: &str, to: &mut Vec<u8>) -> std::io::Result<()> {
    let (year, month, day) = civil(days);
    // The year before 1 is 1 BC.
    let (shown, era) = if year > 0 {
        (year, "")
    } else {
        (1 - year, " BC")
    };
    write!(to, "{shown:04}-{month:02}-{day:02}")?;
    if let Some(micros) = micros {
        to.push(b' ');
        clock(micros, to)?;
        to.extend_from_slice(zone.as_bytes());
    }
    to.extend_from_slice(era.as_bytes());
    Ok(())
}

fn clock(micros: i64, to: &mut Vec<u8>) -> std::io::Result<()> {
    let seconds = micros / 1_000_000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    write!(to, "{hours:02}:{minutes:02}:{seconds:02}")?;
    match micros % 1_000_000 {
        0 => Ok(()),
        micros => write!(to, ".{micros:06}"),
    }
}
