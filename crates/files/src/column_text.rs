//! Values of Parquet and Arrow as PostgreSQL reads them, and as JSON.

use std::fmt::Display;
use std::io::Write;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType,
    Field, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    IntervalDayTimeType, IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};

use crate::column_types::{element, is_json, is_uuid};
use crate::values::civil;
use crate::{arrays, json};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// The value of a primitive column.
macro_rules! at {
    ($column:expr, $row:expr, $type:ty) => {
        $column.as_primitive::<$type>().value($row)
    };
}

/// Appends a value that is not NULL, as PostgreSQL reads it.
pub(crate) fn value(field: &Field, column: &ArrayRef, row: usize, to: &mut Vec<u8>) {
    match field.data_type() {
        DataType::Boolean => show(column.as_boolean().value(row), to),
        DataType::Int8 => show(at!(column, row, Int8Type), to),
        DataType::Int16 => show(at!(column, row, Int16Type), to),
        DataType::Int32 => show(at!(column, row, Int32Type), to),
        DataType::Int64 => show(at!(column, row, Int64Type), to),
        DataType::UInt8 => show(at!(column, row, UInt8Type), to),
        DataType::UInt16 => show(at!(column, row, UInt16Type), to),
        DataType::UInt32 => show(at!(column, row, UInt32Type), to),
        DataType::UInt64 => show(at!(column, row, UInt64Type), to),
        DataType::Float16 => float(f64::from(at!(column, row, Float16Type)), None, to),
        DataType::Float32 => {
            let value = at!(column, row, Float32Type);
            float(f64::from(value), Some(value), to);
        }
        DataType::Float64 => float(at!(column, row, Float64Type), None, to),
        DataType::Decimal32(..) => {
            show(
                column.as_primitive::<Decimal32Type>().value_as_string(row),
                to,
            );
        }
        DataType::Decimal64(..) => {
            show(
                column.as_primitive::<Decimal64Type>().value_as_string(row),
                to,
            );
        }
        DataType::Decimal128(..) => {
            show(
                column.as_primitive::<Decimal128Type>().value_as_string(row),
                to,
            );
        }
        DataType::Decimal256(..) => {
            show(
                column.as_primitive::<Decimal256Type>().value_as_string(row),
                to,
            );
        }
        DataType::Date32 => day(at!(column, row, Date32Type).into(), None, "", to),
        DataType::Date64 => {
            let millis = at!(column, row, Date64Type);
            day(millis.div_euclid(DAY * 1000), None, "", to);
        }
        DataType::Binary => bytes(column.as_binary::<i32>().value(row), to),
        DataType::LargeBinary => bytes(column.as_binary::<i64>().value(row), to),
        DataType::BinaryView => bytes(column.as_binary_view().value(row), to),
        DataType::FixedSizeBinary(_) => {
            let value = column.as_fixed_size_binary().value(row);
            match is_uuid(field) {
                true => uuid(value, to),
                false => bytes(value, to),
            }
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            to.extend_from_slice(text(column, row).as_bytes());
        }
        DataType::Struct(_) | DataType::Map(..) => as_json(field, column, row, to),
        of => match element(of) {
            Some(of) => list(of, &elements(column, row), to),
            None => moment(of, column, row, to),
        },
    }
}

/// Appends a moment, or a time between two of them.
fn moment(of: &DataType, column: &ArrayRef, row: usize, to: &mut Vec<u8>) {
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    match of {
        DataType::Time32(Second) => time(at!(column, row, Time32SecondType).into(), 1, to),
        DataType::Time32(_) => time(at!(column, row, Time32MillisecondType).into(), 1_000, to),
        DataType::Time64(Nanosecond) => {
            time(at!(column, row, Time64NanosecondType), 1_000_000_000, to);
        }
        DataType::Time64(_) => time(at!(column, row, Time64MicrosecondType), 1_000_000, to),
        DataType::Timestamp(unit, zone) => {
            let (value, a_second) = match unit {
                Second => (at!(column, row, TimestampSecondType), 1),
                Millisecond => (at!(column, row, TimestampMillisecondType), 1_000),
                Microsecond => (at!(column, row, TimestampMicrosecondType), 1_000_000),
                Nanosecond => (at!(column, row, TimestampNanosecondType), 1_000_000_000),
            };
            let seconds = value.div_euclid(a_second);
            let nanos = value.rem_euclid(a_second) * (1_000_000_000 / a_second);
            let clock = (seconds.rem_euclid(DAY), nanos);
            let zone = if zone.is_some() { "+00" } else { "" };
            day(seconds.div_euclid(DAY), Some(clock), zone, to);
        }
        DataType::Duration(unit) => {
            let (value, a_second) = match unit {
                Second => (at!(column, row, DurationSecondType), 1),
                Millisecond => (at!(column, row, DurationMillisecondType), 1_000),
                Microsecond => (at!(column, row, DurationMicrosecondType), 1_000_000),
                Nanosecond => (at!(column, row, DurationNanosecondType), 1_000_000_000),
            };
            time(value, a_second, to);
        }
        DataType::Interval(IntervalUnit::YearMonth) => {
            let months = at!(column, row, IntervalYearMonthType);
            show(format_args!("{months} mons"), to);
        }
        DataType::Interval(IntervalUnit::DayTime) => {
            let value = at!(column, row, IntervalDayTimeType);
            show(format_args!("{} days ", value.days), to);
            time(value.milliseconds.into(), 1_000, to);
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let value = at!(column, row, IntervalMonthDayNanoType);
            show(
                format_args!("{} mons {} days ", value.months, value.days),
                to,
            );
            time(value.nanoseconds, 1_000_000_000, to);
        }
        // A column of nothing has no values.
        _ => {}
    }
}

/// A text of any of the three layouts.
pub(crate) fn text(column: &ArrayRef, row: usize) -> &str {
    match column.data_type() {
        DataType::LargeUtf8 => column.as_string::<i64>().value(row),
        DataType::Utf8View => column.as_string_view().value(row),
        _ => column.as_string::<i32>().value(row),
    }
}

/// The elements of a list of any of the layouts.
fn elements(column: &ArrayRef, row: usize) -> ArrayRef {
    match column.data_type() {
        DataType::LargeList(_) => column.as_list::<i64>().value(row),
        DataType::FixedSizeList(..) => column.as_fixed_size_list().value(row),
        DataType::ListView(_) => column.as_list_view::<i32>().value(row),
        DataType::LargeListView(_) => column.as_list_view::<i64>().value(row),
        _ => column.as_list::<i32>().value(row),
    }
}

/// An array in PostgreSQL's form, each element in quotes; lists in it are its further dimensions.
fn list(of: &Field, elements: &ArrayRef, to: &mut Vec<u8>) {
    let mut text = Vec::new();
    to.push(b'{');
    for row in 0..elements.len() {
        if row > 0 {
            to.push(b',');
        }
        if is_null(elements, row) {
            to.extend_from_slice(b"NULL");
        } else if element(of.data_type()).is_some() {
            value(of, elements, row, to);
        } else {
            text.clear();
            value(of, elements, row, &mut text);
            arrays::quote(&text, to);
        }
    }
    to.push(b'}');
}

fn is_null(column: &ArrayRef, row: usize) -> bool {
    column.is_null(row) || *column.data_type() == DataType::Null
}

/// A value as JSON: a struct and a map are objects.
pub(crate) fn as_json(field: &Field, column: &ArrayRef, row: usize, to: &mut Vec<u8>) {
    if is_null(column, row) {
        return to.extend_from_slice(b"null");
    }
    match field.data_type() {
        DataType::Struct(fields) => {
            let of = column.as_struct();
            to.push(b'{');
            for (number, field) in fields.iter().enumerate() {
                if number > 0 {
                    to.push(b',');
                }
                json::string(field.name().as_bytes(), to);
                to.push(b':');
                as_json(field, of.column(number), row, to);
            }
            to.push(b'}');
        }
        DataType::Map(entries, _) => {
            let of = column.as_map().value(row);
            let DataType::Struct(fields) = entries.data_type() else {
                return;
            };
            let [key, field] = &fields[..] else { return };
            let mut name = Vec::new();
            to.push(b'{');
            for entry in 0..of.len() {
                if entry > 0 {
                    to.push(b',');
                }
                name.clear();
                value(key, of.column(0), entry, &mut name);
                json::string(&name, to);
                to.push(b':');
                as_json(field, of.column(1), entry, to);
            }
            to.push(b'}');
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View if is_json(field) => {
            to.extend_from_slice(text(column, row).as_bytes());
        }
        of => match element(of) {
            Some(of) => {
                let elements = elements(column, row);
                to.push(b'[');
                for number in 0..elements.len() {
                    if number > 0 {
                        to.push(b',');
                    }
                    as_json(of, &elements, number, to);
                }
                to.push(b']');
            }
            None => {
                let mut text = Vec::new();
                value(field, column, row, &mut text);
                let bare = matches!(of, DataType::Boolean)
                    // Not NaN and Infinity, of which JSON knows nothing.
                    || of.is_numeric() && text.last().is_some_and(u8::is_ascii_digit);
                match bare {
                    true => to.extend_from_slice(&text),
                    false => json::string(&text, to),
                }
            }
        },
    }
}

/// Appends what is shown; to write to memory does not fail.
fn show(value: impl Display, to: &mut Vec<u8>) {
    let _ = write!(to, "{value}");
}

/// A number with as many digits as tell it from its neighbours; of a short one, from its own.
fn float(value: f64, short: Option<f32>, to: &mut Vec<u8>) {
    if value.is_infinite() {
        let sign = if value < 0.0 { "-" } else { "" };
        show(format_args!("{sign}Infinity"), to);
    } else if let Some(value) = short {
        show(value, to);
    } else {
        show(value, to);
    }
}

fn bytes(value: &[u8], to: &mut Vec<u8>) {
    to.extend_from_slice(b"\\x");
    for byte in value {
        show(format_args!("{byte:02x}"), to);
    }
}

fn uuid(bytes: &[u8], to: &mut Vec<u8>) {
    for (number, byte) in bytes.iter().enumerate() {
        if matches!(number, 4 | 6 | 8 | 10) {
            to.push(b'-');
        }
        show(format_args!("{byte:02x}"), to);
    }
}

/// A day, and the time of it (seconds, nanoseconds) where there is one.
fn day(days: i64, of_day: Option<(i64, i64)>, zone: &str, to: &mut Vec<u8>) {
    let (year, month, day) = civil(days);
    // The year before 1 is 1 BC.
    let (shown, era) = if year > 0 {
        (year, "")
    } else {
        (1 - year, " BC")
    };
    show(format_args!("{shown:04}-{month:02}-{day:02}"), to);
    if let Some((seconds, nanos)) = of_day {
        to.push(b' ');
        clock(seconds.unsigned_abs(), nanos.unsigned_abs(), to);
        show(zone, to);
    }
    show(era, to);
}

/// A time in units of which a second has so many; of a day, or between two moments.
fn time(value: i64, a_second: i64, to: &mut Vec<u8>) {
    if value < 0 {
        to.push(b'-');
    }
    let (value, a_second) = (value.unsigned_abs(), a_second.unsigned_abs());
    let nanos = value % a_second * (1_000_000_000 / a_second);
    clock(value / a_second, nanos, to);
}

fn clock(seconds: u64, nanos: u64, to: &mut Vec<u8>) {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    show(format_args!("{hours:02}:{minutes:02}:{seconds:02}"), to);
    match (nanos, nanos % 1000) {
        (0, _) => {}
        (_, 0) => show(format_args!(".{:06}", nanos / 1000), to),
        _ => show(format_args!(".{nanos:09}"), to),
    }
}
