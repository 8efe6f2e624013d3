//! A column of values in memory, as Arrow lays them out.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Decimal256Builder,
    FixedSizeBinaryBuilder, Float32Builder, Float64Builder, Int16Builder, Int32Builder,
    Int64Builder, IntervalMonthDayNanoBuilder, ListArray, StringBuilder, Time64MicrosecondBuilder,
    TimestampMicrosecondBuilder, UInt32Builder,
};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{
    DataType, Field as ArrowField, FieldRef, IntervalMonthDayNano, IntervalUnit, TimeUnit, i256,
};

use crate::arrays::{Array, Piece};
use crate::field::Type;
use crate::values::{self, DAY, Unfit};
use crate::{Field, Format};

/// What a decimal of 128 and of 256 bits holds, in digits.
const DIGITS: (u16, u16) = (38, 76);
/// Microseconds from 1970 to 2000, where PostgreSQL counts from; and the days.
const MICROS_TO_2000: i64 = 946_684_800_000_000;
const DAYS_TO_2000: i32 = 10_957;

const NESTED: &str =
    "is an array of more than one dimension, which a list cannot hold: cast the column to text";
const NO_ARRAY: &str = "is not an array";
const DAMAGED: &str = "came damaged from the server";
const BROKEN: Unfit = Unfit::Form(DAMAGED);

/// The column of an Arrow schema for a column of rows.
pub(crate) fn arrow_field(field: &Field, format: Format) -> ArrowField {
    let (kind, is_array) = field.kind();
    let value = |name: &str| {
        let field = ArrowField::new(name, data_type(kind, format), true);
        let extension = match kind {
            Type::Uuid => "arrow.uuid",
            Type::Json | Type::Jsonb => "arrow.json",
            _ => return field,
        };
        let extension = [
            ("ARROW:extension:name", extension),
            ("ARROW:extension:metadata", ""),
        ];
        let extension = extension.map(|(key, value)| (key.to_owned(), value.to_owned()));
        field.with_metadata(HashMap::from(extension))
    };
    match is_array {
        true => ArrowField::new_list(&field.name, value("element"), true),
        false => value(&field.name),
    }
}

fn data_type(kind: Type, format: Format) -> DataType {
    match kind {
        Type::Bool => DataType::Boolean,
        Type::Bytes => DataType::Binary,
        Type::Int16 => DataType::Int16,
        Type::Int32 => DataType::Int32,
        Type::Int64 => DataType::Int64,
        Type::Oid => DataType::UInt32,
        Type::Float32 => DataType::Float32,
        Type::Float64 => DataType::Float64,
        Type::Numeric(Some((precision, scale)))
            if precision <= DIGITS.1 && (0..=i16::from(precision as u8)).contains(&scale) =>
        {
            // Both are at most 76.
            let (digits, scale) = (precision as u8, scale as i8);
            match precision <= DIGITS.0 {
                true => DataType::Decimal128(digits, scale),
                false => DataType::Decimal256(digits, scale),
            }
        }
        Type::Date => DataType::Date32,
        Type::Time => DataType::Time64(TimeUnit::Microsecond),
        Type::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        Type::TimestampTz => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        // Parquet's own interval holds no microseconds.
        Type::Interval if format == Format::Arrow => DataType::Interval(IntervalUnit::MonthDayNano),
        Type::Uuid => DataType::FixedSizeBinary(16),
        // A number of any length is exact as text only.
        Type::Numeric(_) | Type::Interval | Type::Json | Type::Jsonb | Type::Text | Type::Other => {
            DataType::Utf8
        }
    }
}

/// The type a column is to be cast to, so that its binary form can be read here.
pub(crate) fn cast(field: &Field, format: Format) -> Option<&'static str> {
    let (kind, is_array) = field.kind();
    let as_text = match kind {
        Type::Other => true,
        Type::Numeric(_) | Type::Interval => data_type(kind, format) == DataType::Utf8,
        _ => false,
    };
    as_text.then_some(if is_array { "text[]" } else { "text" })
}

/// Values that gather.
pub(crate) enum Column {
    Bool(BooleanBuilder),
    Bytes(BinaryBuilder),
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Oid(UInt32Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    Decimal128(Decimal128Builder, u8),
    Decimal256(Decimal256Builder, u8),
    Date(Date32Builder),
    Time(Time64MicrosecondBuilder),
    Timestamp(TimestampMicrosecondBuilder),
    Interval(IntervalMonthDayNanoBuilder),
    Uuid(FixedSizeBinaryBuilder),
    Text(StringBuilder),
    /// Text that has a version before it in its binary form.
    Jsonb(StringBuilder),
    List(Box<List>),
}

/// Lists that gather.
pub(crate) struct List {
    element: FieldRef,
    elements: Column,
    /// Elements so far. A column is emptied long before it has two billion.
    count: i32,
    /// Where each list begins, and where the last one ends.
    offsets: Vec<i32>,
    valid: Vec<bool>,
}

impl Column {
    /// An empty column of a field's type.
    pub(crate) fn new(field: &ArrowField, kind: Type) -> Self {
        match field.data_type() {
            DataType::Boolean => Column::Bool(BooleanBuilder::new()),
            DataType::Binary => Column::Bytes(BinaryBuilder::new()),
            DataType::Int16 => Column::Int16(Int16Builder::new()),
            DataType::Int32 => Column::Int32(Int32Builder::new()),
            DataType::Int64 => Column::Int64(Int64Builder::new()),
            DataType::UInt32 => Column::Oid(UInt32Builder::new()),
            DataType::Float32 => Column::Float32(Float32Builder::new()),
            DataType::Float64 => Column::Float64(Float64Builder::new()),
            of @ DataType::Decimal128(_, scale) => {
                let builder = Decimal128Builder::new().with_data_type(of.clone());
                Column::Decimal128(builder, scale.unsigned_abs())
            }
            of @ DataType::Decimal256(_, scale) => {
                let builder = Decimal256Builder::new().with_data_type(of.clone());
                Column::Decimal256(builder, scale.unsigned_abs())
            }
            DataType::Date32 => Column::Date(Date32Builder::new()),
            DataType::Time64(_) => Column::Time(Time64MicrosecondBuilder::new()),
            of @ DataType::Timestamp(..) => {
                let builder = TimestampMicrosecondBuilder::new().with_data_type(of.clone());
                Column::Timestamp(builder)
            }
            DataType::Interval(_) => Column::Interval(IntervalMonthDayNanoBuilder::new()),
            DataType::FixedSizeBinary(_) => Column::Uuid(FixedSizeBinaryBuilder::new(16)),
            DataType::List(element) => Column::List(Box::new(List {
                element: element.clone(),
                elements: Column::new(element, kind),
                count: 0,
                offsets: vec![0],
                valid: Vec::new(),
            })),
            _ if kind == Type::Jsonb => Column::Jsonb(StringBuilder::new()),
            _ => Column::Text(StringBuilder::new()),
        }
    }

    pub(crate) fn push_null(&mut self) {
        match self {
            Column::Bool(to) => to.append_null(),
            Column::Bytes(to) => to.append_null(),
            Column::Int16(to) => to.append_null(),
            Column::Int32(to) => to.append_null(),
            Column::Int64(to) => to.append_null(),
            Column::Oid(to) => to.append_null(),
            Column::Float32(to) => to.append_null(),
            Column::Float64(to) => to.append_null(),
            Column::Decimal128(to, _) => to.append_null(),
            Column::Decimal256(to, _) => to.append_null(),
            Column::Date(to) => to.append_null(),
            Column::Time(to) => to.append_null(),
            Column::Timestamp(to) => to.append_null(),
            Column::Interval(to) => to.append_null(),
            Column::Uuid(to) => to.append_null(),
            Column::Text(to) | Column::Jsonb(to) => to.append_null(),
            Column::List(list) => list.end(false),
        }
    }

    /// Takes a value as the server prints it. False where it is beyond what the file's type holds,
    /// and NULL was taken in its place.
    pub(crate) fn push_text(&mut self, value: &[u8]) -> Result<bool, &'static str> {
        let taken = match self {
            Column::List(list) => return list.push_text(value),
            _ => self.text(value),
        };
        self.or_null(taken)
    }

    /// The same with a value in its type's binary form.
    pub(crate) fn push_binary(&mut self, value: &[u8]) -> Result<bool, &'static str> {
        let taken = match self {
            Column::List(list) => return list.push_binary(value),
            _ => self.binary(value),
        };
        self.or_null(taken)
    }

    fn or_null(&mut self, taken: Result<(), Unfit>) -> Result<bool, &'static str> {
        match taken {
            Ok(()) => Ok(true),
            Err(Unfit::Beyond) => {
                self.push_null();
                Ok(false)
            }
            Err(Unfit::Form(why)) => Err(why),
        }
    }

    fn text(&mut self, value: &[u8]) -> Result<(), Unfit> {
        const WRONG: Unfit = Unfit::Form("is not of its column's type");
        let text = str::from_utf8(value).map_err(|_| Unfit::Form("is not UTF-8"))?;
        match self {
            Column::Bool(to) => to.append_value(values::truth(value).ok_or(WRONG)?),
            Column::Bytes(to) => to.append_value(values::bytes(text).ok_or(WRONG)?),
            Column::Int16(to) => to.append_value(text.parse().map_err(|_| WRONG)?),
            Column::Int32(to) => to.append_value(text.parse().map_err(|_| WRONG)?),
            Column::Int64(to) => to.append_value(text.parse().map_err(|_| WRONG)?),
            Column::Oid(to) => to.append_value(text.parse().map_err(|_| WRONG)?),
            Column::Float32(to) => to.append_value(text.parse().map_err(|_| WRONG)?),
            Column::Float64(to) => to.append_value(text.parse().map_err(|_| WRONG)?),
            Column::Decimal128(to, scale) => {
                let digits = values::decimal(text, usize::from(*scale))?;
                to.append_value(digits.parse().map_err(|_| Unfit::Beyond)?);
            }
            Column::Decimal256(to, scale) => {
                let digits = values::decimal(text, usize::from(*scale))?;
                to.append_value(i256::from_string(&digits).ok_or(Unfit::Beyond)?);
            }
            Column::Date(to) => to.append_value(values::date(text)?),
            Column::Time(to) => to.append_value(of_day(values::time(text)?)?),
            Column::Timestamp(to) => to.append_value(values::timestamp(text)?),
            Column::Interval(to) => to.append_value(month_day_nano(values::interval(text)?)?),
            Column::Uuid(to) => {
                let bytes = values::uuid(text).ok_or(WRONG)?;
                to.append_value(bytes).map_err(|_| WRONG)?;
            }
            Column::Text(to) | Column::Jsonb(to) => to.append_value(text),
            // A list takes its elements one by one.
            Column::List(_) => return Err(Unfit::Form(NO_ARRAY)),
        }
        Ok(())
    }

    fn binary(&mut self, value: &[u8]) -> Result<(), Unfit> {
        match self {
            Column::Bool(to) => to.append_value(value == [1]),
            Column::Bytes(to) => to.append_value(value),
            Column::Int16(to) => to.append_value(i16::from_be_bytes(sized(value)?)),
            Column::Int32(to) => to.append_value(i32::from_be_bytes(sized(value)?)),
            Column::Int64(to) => to.append_value(i64::from_be_bytes(sized(value)?)),
            Column::Oid(to) => to.append_value(u32::from_be_bytes(sized(value)?)),
            Column::Float32(to) => to.append_value(f32::from_be_bytes(sized(value)?)),
            Column::Float64(to) => to.append_value(f64::from_be_bytes(sized(value)?)),
            Column::Decimal128(to, scale) => to.append_value(numeric(value, *scale)?),
            Column::Decimal256(to, scale) => to.append_value(numeric_256(value, *scale)?),
            Column::Date(to) => {
                let days = i32::from_be_bytes(sized(value)?);
                if matches!(days, i32::MIN | i32::MAX) {
                    return Err(Unfit::Beyond);
                }
                to.append_value(days.checked_add(DAYS_TO_2000).ok_or(Unfit::Beyond)?);
            }
            Column::Time(to) => to.append_value(of_day(i64::from_be_bytes(sized(value)?))?),
            Column::Timestamp(to) => {
                let micros = i64::from_be_bytes(sized(value)?);
                if matches!(micros, i64::MIN | i64::MAX) {
                    return Err(Unfit::Beyond);
                }
                to.append_value(micros.checked_add(MICROS_TO_2000).ok_or(Unfit::Beyond)?);
            }
            Column::Interval(to) => {
                let value: [u8; 16] = sized(value)?;
                let micros = i64::from_be_bytes(sized(&value[..8])?);
                let days = i32::from_be_bytes(sized(&value[8..12])?);
                let months = i32::from_be_bytes(sized(&value[12..])?);
                to.append_value(month_day_nano((months, days, micros))?);
            }
            Column::Uuid(to) => to.append_value(value).map_err(|_| BROKEN)?,
            Column::Text(to) => to.append_value(str::from_utf8(value).map_err(|_| BROKEN)?),
            Column::Jsonb(to) => {
                let text = value.get(1..).and_then(|text| str::from_utf8(text).ok());
                to.append_value(text.ok_or(BROKEN)?);
            }
            Column::List(_) => return Err(BROKEN),
        }
        Ok(())
    }

    /// The values so far; the column is empty after.
    pub(crate) fn finish(&mut self) -> ArrayRef {
        match self {
            Column::Bool(from) => Arc::new(from.finish()),
            Column::Bytes(from) => Arc::new(from.finish()),
            Column::Int16(from) => Arc::new(from.finish()),
            Column::Int32(from) => Arc::new(from.finish()),
            Column::Int64(from) => Arc::new(from.finish()),
            Column::Oid(from) => Arc::new(from.finish()),
            Column::Float32(from) => Arc::new(from.finish()),
            Column::Float64(from) => Arc::new(from.finish()),
            Column::Decimal128(from, _) => Arc::new(from.finish()),
            Column::Decimal256(from, _) => Arc::new(from.finish()),
            Column::Date(from) => Arc::new(from.finish()),
            Column::Time(from) => Arc::new(from.finish()),
            Column::Timestamp(from) => Arc::new(from.finish()),
            Column::Interval(from) => Arc::new(from.finish()),
            Column::Uuid(from) => Arc::new(from.finish()),
            Column::Text(from) | Column::Jsonb(from) => Arc::new(from.finish()),
            Column::List(list) => list.finish(),
        }
    }
}

impl List {
    fn push_text(&mut self, value: &[u8]) -> Result<bool, &'static str> {
        let mut array = Array::new(value);
        let mut all_fit = true;
        if array.next() != Some(Piece::Open) {
            return Err(NO_ARRAY);
        }
        loop {
            match array.next().ok_or(NO_ARRAY)? {
                Piece::Open => return Err(NESTED),
                Piece::Null => self.elements.push_null(),
                Piece::Element(element) => all_fit &= self.elements.push_text(element)?,
                Piece::Close => break,
            }
            self.count += 1;
        }
        self.end(true);
        Ok(all_fit)
    }

    fn push_binary(&mut self, value: &[u8]) -> Result<bool, &'static str> {
        let int = |at: usize| {
            let bytes = value.get(at..).and_then(<[u8]>::first_chunk);
            bytes.map(|bytes| i32::from_be_bytes(*bytes)).ok_or(DAMAGED)
        };
        // Dimensions, whether there are NULLs, the elements' type; of each dimension its size and
        // where its numbers begin.
        let count = match int(0)? {
            0 => 0,
            1 => int(12)?,
            _ => return Err(NESTED),
        };
        let (mut at, mut all_fit) = (20, true);
        for _ in 0..count {
            let length = usize::try_from(int(at)?);
            at += 4;
            match length {
                Err(_) => self.elements.push_null(),
                Ok(length) => {
                    let element = value.get(at..).and_then(|rest| rest.get(..length));
                    all_fit &= self.elements.push_binary(element.ok_or(DAMAGED)?)?;
                    at += length;
                }
            }
            self.count += 1;
        }
        self.end(true);
        Ok(all_fit)
    }

    fn end(&mut self, valid: bool) {
        self.offsets.push(self.count);
        self.valid.push(valid);
    }

    fn finish(&mut self) -> ArrayRef {
        let offsets = std::mem::replace(&mut self.offsets, vec![0]);
        let valid = std::mem::take(&mut self.valid);
        self.count = 0;
        Arc::new(ListArray::new(
            self.element.clone(),
            OffsetBuffer::new(ScalarBuffer::from(offsets)),
            self.elements.finish(),
            Some(NullBuffer::from(valid)),
        ))
    }
}

fn sized<const N: usize>(value: &[u8]) -> Result<[u8; N], Unfit> {
    value.try_into().map_err(|_| BROKEN)
}

/// A time that Arrow knows: PostgreSQL has 24:00:00, too.
fn of_day(micros: i64) -> Result<i64, Unfit> {
    (micros < DAY).then_some(micros).ok_or(Unfit::Beyond)
}

fn month_day_nano((months, days, micros): (i32, i32, i64)) -> Result<IntervalMonthDayNano, Unfit> {
    let nanos = micros.checked_mul(1000).ok_or(Unfit::Beyond)?;
    Ok(IntervalMonthDayNano::new(months, days, nanos))
}

/// A number as the server sends it: digits to the base 10,000, the first one's weight, a sign.
struct Numeric<'a> {
    digits: &'a [[u8; 2]],
    weight: i16,
    negative: bool,
}

impl<'a> Numeric<'a> {
    fn read(value: &'a [u8]) -> Result<Self, Unfit> {
        let ([_, weight, sign, _], digits) =
            value.as_chunks::<2>().0.split_first_chunk().ok_or(BROKEN)?;
        let negative = match u16::from_be_bytes(*sign) {
            0 => false,
            0x4000 => true,
            // Not a number, or infinite.
            _ => return Err(Unfit::Beyond),
        };
        Ok(Numeric {
            digits,
            weight: i16::from_be_bytes(*weight),
            negative,
        })
    }

    /// Ten to this many, times all digits in a row, is the number times ten to the `scale`.
    fn exponent(&self, scale: u8) -> i32 {
        let behind = i32::from(self.weight) + 1 - self.digits.len() as i32;
        4 * behind + i32::from(scale)
    }
}

fn numeric(value: &[u8], scale: u8) -> Result<i128, Unfit> {
    let number = Numeric::read(value)?;
    let mut all = 0_i128;
    for digit in number.digits {
        let digit = i128::from(u16::from_be_bytes(*digit));
        let next = all.checked_mul(10_000).ok_or(Unfit::Beyond)?;
        all = next.checked_add(digit).ok_or(Unfit::Beyond)?;
    }
    let exponent = number.exponent(scale);
    let ten = 10_i128
        .checked_pow(exponent.unsigned_abs())
        .ok_or(Unfit::Beyond)?;
    let all = match exponent >= 0 {
        true => all.checked_mul(ten).ok_or(Unfit::Beyond)?,
        // The digits beyond the scale are zeros.
        false => all / ten,
    };
    Ok(if number.negative { -all } else { all })
}

fn numeric_256(value: &[u8], scale: u8) -> Result<i256, Unfit> {
    let number = Numeric::read(value)?;
    let mut text = String::from(if number.negative { "-0" } else { "0" });
    for digit in number.digits {
        text += &format!("{:04}", u16::from_be_bytes(*digit));
    }
    let exponent = number.exponent(scale);
    match usize::try_from(exponent) {
        Ok(zeros) => text.extend(std::iter::repeat_n('0', zeros)),
        Err(_) => {
            let surplus = exponent.unsigned_abs() as usize;
            text.truncate(text.len().saturating_sub(surplus));
        }
    }
    i256::from_string(&text).ok_or(Unfit::Beyond)
}
