//! Which PostgreSQL type a column of Parquet or Arrow gets.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, DurationNanosecondType, Field, FieldRef, Fields,
    IntervalMonthDayNanoType, IntervalUnit, Time64NanosecondType, TimeUnit,
    TimestampNanosecondType,
};

use crate::column_text::text;
use crate::infer::bits::JSONB;
use crate::jsonb;

/// What its values leave of the type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Leaf {
    /// They survive in the type they have.
    Plain,
    /// They are JSON of which jsonb would not keep all.
    Json,
    /// They are no JSON, or have nanoseconds, of which PostgreSQL knows nothing.
    Text,
}

/// A field as it is read: with the values of dictionaries and runs in their places.
pub(crate) fn flat(field: &FieldRef) -> FieldRef {
    let data_type = flat_type(field.data_type());
    match data_type == *field.data_type() {
        true => field.clone(),
        false => Arc::new(
            (**field)
                .clone()
                .with_data_type(data_type)
                .with_nullable(true),
        ),
    }
}

fn flat_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(_, of) => flat_type(of),
        DataType::RunEndEncoded(_, of) => flat_type(of.data_type()),
        DataType::List(of) => DataType::List(flat(of)),
        DataType::LargeList(of) => DataType::LargeList(flat(of)),
        DataType::FixedSizeList(of, size) => DataType::FixedSizeList(flat(of), *size),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(flat).collect::<Fields>()),
        DataType::Map(entries, sorted) => DataType::Map(flat(entries), *sorted),
        other => other.clone(),
    }
}

/// The elements of a list.
pub(crate) fn element(data_type: &DataType) -> Option<&FieldRef> {
    match data_type {
        DataType::List(of)
        | DataType::LargeList(of)
        | DataType::FixedSizeList(of, _)
        | DataType::ListView(of)
        | DataType::LargeListView(of) => Some(of),
        _ => None,
    }
}

/// PostgreSQL's name for the type of a column; none where there is no such type.
pub(crate) fn type_name(field: &Field, leaf: Leaf) -> Option<String> {
    let name = match field.data_type() {
        DataType::Null => "text",
        DataType::Boolean => "boolean",
        DataType::Int8 | DataType::UInt8 | DataType::Int16 => "smallint",
        DataType::UInt16 | DataType::Int32 => "integer",
        DataType::UInt32 | DataType::Int64 => "bigint",
        DataType::UInt64 => "numeric(20,0)",
        DataType::Float16 | DataType::Float32 => "real",
        DataType::Float64 => "double precision",
        DataType::Decimal32(digits, scale)
        | DataType::Decimal64(digits, scale)
        | DataType::Decimal128(digits, scale)
        | DataType::Decimal256(digits, scale) => {
            return Some(
                match (0..=i16::from(*digits)).contains(&i16::from(*scale)) {
                    true => format!("numeric({digits},{scale})"),
                    // Not every server has numbers with such a scale.
                    false => "numeric".into(),
                },
            );
        }
        _ if leaf == Leaf::Text && has_leaf(field) => "text",
        DataType::Date32 | DataType::Date64 => "date",
        DataType::Time32(_) | DataType::Time64(_) => "time",
        DataType::Timestamp(_, None) => "timestamp",
        DataType::Timestamp(_, Some(_)) => "timestamptz",
        DataType::Duration(_) | DataType::Interval(_) => "interval",
        DataType::FixedSizeBinary(16) if is_uuid(field) => "uuid",
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => "bytea",
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => match (is_json(field), leaf) {
            (true, Leaf::Plain) => "jsonb",
            (true, _) => "json",
            (false, _) => "text",
        },
        DataType::Struct(fields) => {
            for field in fields {
                type_name(field, Leaf::Plain)?;
            }
            "jsonb"
        }
        DataType::Map(entries, _) => {
            type_name(entries, Leaf::Plain)?;
            "jsonb"
        }
        list => {
            let of = element(list)?;
            let name = type_name(of, leaf)?;
            return Some(match of.data_type().is_nested() {
                // A list of lists need not be square, as an array of arrays must.
                true => "jsonb".into(),
                false => name + "[]",
            });
        }
    };
    Some(name.to_owned())
}

pub(crate) fn is_uuid(field: &Field) -> bool {
    extension(field) == Some("arrow.uuid")
}

pub(crate) fn is_json(field: &Field) -> bool {
    extension(field) == Some("arrow.json")
}

fn extension(field: &Field) -> Option<&str> {
    let name = field.metadata().get("ARROW:extension:name");
    name.map(String::as_str)
}

/// Whether the values of a column decide its type.
pub(crate) fn is_looked_at(field: &Field) -> bool {
    match element(field.data_type()) {
        Some(of) => is_looked_at(of),
        None => has_leaf(field),
    }
}

fn has_leaf(field: &Field) -> bool {
    match field.data_type() {
        DataType::Timestamp(TimeUnit::Nanosecond, _)
        | DataType::Time64(TimeUnit::Nanosecond)
        | DataType::Duration(TimeUnit::Nanosecond)
        | DataType::Interval(IntervalUnit::MonthDayNano) => true,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => is_json(field),
        _ => false,
    }
}

impl Leaf {
    /// What these values leave of their type.
    pub(crate) fn of(field: &Field, column: &ArrayRef) -> Self {
        let lost = match field.data_type() {
            DataType::Timestamp(..) => loses::<TimestampNanosecondType>(column, |value| value),
            DataType::Time64(_) => loses::<Time64NanosecondType>(column, |value| value),
            DataType::Duration(_) => loses::<DurationNanosecondType>(column, |value| value),
            DataType::Interval(_) => {
                loses::<IntervalMonthDayNanoType>(column, |value| value.nanoseconds)
            }
            list if element(list).is_some() => return Leaf::of_elements(field, column),
            _ => return Leaf::of_json(column),
        };
        if lost { Leaf::Text } else { Leaf::Plain }
    }

    fn of_elements(field: &Field, column: &ArrayRef) -> Self {
        let Some(of) = element(field.data_type()) else {
            return Leaf::Plain;
        };
        let elements = match field.data_type() {
            DataType::LargeList(_) => column.as_list::<i64>().values(),
            DataType::FixedSizeList(..) => column.as_fixed_size_list().values(),
            DataType::ListView(_) => column.as_list_view::<i32>().values(),
            DataType::LargeListView(_) => column.as_list_view::<i64>().values(),
            _ => column.as_list::<i32>().values(),
        };
        Leaf::of(of, elements)
    }

    fn of_json(column: &ArrayRef) -> Self {
        let rows = (0..column.len()).filter(|row| column.is_valid(*row));
        let leaves = rows.map(|row| {
            let text = text(column, row).as_bytes();
            let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok();
            match is_json {
                true if jsonb::has_nul(text) => Leaf::Json,
                true if jsonb::value(text) & JSONB == 0 => Leaf::Json,
                true => Leaf::Plain,
                false => Leaf::Text,
            }
        });
        leaves.max().unwrap_or(Leaf::Plain)
    }
}

/// Whether a value has more than microseconds.
fn loses<T: ArrowPrimitiveType>(column: &ArrayRef, nanos: impl Fn(T::Native) -> i64) -> bool {
    let column: &PrimitiveArray<T> = column.as_primitive();
    column
        .iter()
        .flatten()
        .any(|value| nanos(value) % 1000 != 0)
}
