//! Files of columns as others write them, and as a bad disk leaves them.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{
    BinaryArray, BooleanArray, Decimal256Array, DictionaryArray, DurationMillisecondArray,
    DurationNanosecondArray, FixedSizeBinaryArray, Float64Array, Int32Array, Int32Builder,
    Int64Array, IntervalMonthDayNanoArray, LargeStringArray, ListArray, ListBuilder, MapBuilder,
    NullArray, StringArray, StringBuilder, StringViewArray, StructArray, Time32SecondArray,
    Time64NanosecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt64Array, UnionArray,
};
use arrow::datatypes::{
    Field, Int8Type, Int32Type, IntervalMonthDayNano, Schema, UnionFields, i256,
};
use arrow::ipc::writer::FileWriter;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::*;
use crate::{Looked, Options};

fn column(array: impl Array + 'static) -> ArrayRef {
    Arc::new(array)
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields = columns
        .iter()
        .map(|(name, column)| Field::new(*name, column.data_type().clone(), true));
    let schema = Schema::new(fields.collect::<Vec<_>>());
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

/// The bytes of a file with these batches, of which each is a row group.
fn written(format: Format, batches: &[RecordBatch]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let schema = batches[0].schema();
    if format == Format::Arrow {
        let mut writer = FileWriter::try_new(&mut bytes, &schema).unwrap();
        for batch in batches {
            writer.write(batch).unwrap();
        }
        writer.finish().unwrap();
        drop(writer);
        return bytes;
    }
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .build();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, Some(properties)).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
        writer.flush().unwrap();
    }
    writer.close().unwrap();
    bytes
}

fn ending(format: Format) -> &'static str {
    match format {
        Format::Arrow => "a.arrow",
        _ => "a.parquet",
    }
}

/// The types of the columns, and all rows as they go to the server.
fn read(format: Format, bytes: &[u8]) -> Result<(Vec<String>, String), Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(ending(format));
    fs::write(&path, bytes).unwrap();
    // Whatever a file says, its reader comes to an end.
    let asked = AtomicU64::new(0);
    let go_on: GoOn = Arc::new(move |_| asked.fetch_add(1, Ordering::Relaxed) < 10_000);
    let import = Looked::read(&path, Options::default(), go_on)?.settle(None)?;
    let mut rows = Vec::new();
    let mut blocks = import.blocks()?;
    while let Some(block) = blocks.next()? {
        rows.extend_from_slice(block);
    }
    let types = import.columns.iter().map(|column| column.type_name.clone());
    Ok((types.collect(), String::from_utf8_lossy(&rows).into_owned()))
}

#[track_caller]
fn check(columns: Vec<(&str, ArrayRef)>, types: &[&str], rows: &[&str]) {
    let batch = batch(columns);
    for format in [Format::Parquet, Format::Arrow] {
        let (found, text) = read(format, &written(format, std::slice::from_ref(&batch))).unwrap();
        assert_eq!(found, types, "{format:?}");
        assert_eq!(text.lines().collect::<Vec<_>>(), rows, "{format:?}");
    }
}

/// `map<string, list<struct<id: string, primary: boolean>>>`.
fn identities() -> ArrayRef {
    let ids = StringArray::from(vec![Some("a@b\""), None, Some("7")]);
    let primary = BooleanArray::from(vec![Some(true), Some(false), None]);
    let fields = vec![
        Arc::new(Field::new("id", DataType::Utf8, true)),
        Arc::new(Field::new("primary", DataType::Boolean, true)),
    ];
    let of = StructArray::new(fields.into(), vec![column(ids), column(primary)], None);
    let element = Arc::new(Field::new("element", of.data_type().clone(), true));
    let offsets = arrow::buffer::OffsetBuffer::from_lengths([2, 1]);
    let lists = ListArray::new(element, offsets, column(of), None);
    let keys = StringArray::from(vec!["email", "crm"]);
    let fields = vec![
        Arc::new(Field::new("key", DataType::Utf8, false)),
        Arc::new(Field::new("value", lists.data_type().clone(), true)),
    ];
    let entries = StructArray::new(fields.into(), vec![column(keys), column(lists)], None);
    let field = Arc::new(Field::new("entries", entries.data_type().clone(), false));
    let offsets = arrow::buffer::OffsetBuffer::from_lengths([2, 0]);
    column(arrow::array::MapArray::new(
        field, offsets, entries, None, false,
    ))
}

#[test]
fn maps_lists_and_structs_are_json() {
    let mut lists = ListBuilder::new(ListBuilder::new(Int32Builder::new()));
    lists.values().append_value([Some(1), None]);
    lists.values().append_value([]);
    lists.append(true);
    lists.append(false);
    let mut numbers = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    numbers.keys().append_value("n");
    numbers.values().append_null();
    numbers.append(true).unwrap();
    numbers.append(false).unwrap();
    check(
        vec![
            ("identityMap", identities()),
            ("lists", column(lists.finish())),
            ("numbers", column(numbers.finish())),
        ],
        &["jsonb", "jsonb", "jsonb"],
        &[
            r#"{"email":[{"id":"a@b\\"","primary":true},{"id":null,"primary":false}],"crm":[{"id":"7","primary":null}]}	[[1,null],[]]	{"n":null}"#,
            "{}\t\\N\t\\N",
        ],
    );
}

#[test]
fn times_are_times_where_nothing_of_them_is_lost() {
    let nanos = |value: i64| {
        vec![
            ("s", column(TimestampSecondArray::from(vec![-1]))),
            (
                "ns",
                column(TimestampNanosecondArray::from(vec![value]).with_timezone("Europe/Oslo")),
            ),
            ("t", column(Time32SecondArray::from(vec![86_399]))),
            ("tn", column(Time64NanosecondArray::from(vec![value]))),
            (
                "d",
                column(DurationMillisecondArray::from(vec![-90_061_500])),
            ),
            ("dn", column(DurationNanosecondArray::from(vec![value]))),
        ]
    };
    check(
        nanos(1_000_001_000),
        &[
            "timestamp",
            "timestamptz",
            "time",
            "time",
            "interval",
            "interval",
        ],
        &[
            "1969-12-31 23:59:59\t1970-01-01 00:00:01.000001+00\t23:59:59\t00:00:01.000001\t-25:01:01.500000\t00:00:01.000001",
        ],
    );
    check(
        nanos(1_000_000_001),
        &["timestamp", "text", "time", "text", "interval", "text"],
        &[
            "1969-12-31 23:59:59\t1970-01-01 00:00:01.000000001+00\t23:59:59\t00:00:01.000000001\t-25:01:01.500000\t00:00:01.000000001",
        ],
    );
}

#[test]
fn every_layout_of_a_value_is_read() {
    let words: DictionaryArray<Int8Type> = vec![Some("x"), None].into_iter().collect();
    let fixed = FixedSizeBinaryArray::try_from_iter([[0_u8, 255], [1, 2]].into_iter()).unwrap();
    let long = i256::from_string("-12345678901234567890123456789012345678901234567890").unwrap();
    let decimal = Decimal256Array::from(vec![Some(long), None]);
    let decimal = decimal.with_precision_and_scale(50, 3).unwrap();
    check(
        vec![
            ("words", column(words)),
            ("large", column(LargeStringArray::from(vec!["a\tb", ""]))),
            (
                "view",
                column(StringViewArray::from(vec![
                    "a view of more than twelve bytes",
                    "v",
                ])),
            ),
            (
                "raw",
                column(BinaryArray::from(vec![&b"\x00\xff"[..], b""])),
            ),
            ("fixed", column(fixed)),
            ("long", column(decimal)),
            ("most", column(UInt64Array::from(vec![u64::MAX, 0]))),
            (
                "float",
                column(Float64Array::from(vec![f64::NEG_INFINITY, -0.0])),
            ),
            ("nothing", column(NullArray::new(2))),
        ],
        &[
            "text",
            "text",
            "text",
            "bytea",
            "bytea",
            "numeric(50,3)",
            "numeric(20,0)",
            "double precision",
            "text",
        ],
        &[
            "x\ta\\tb\ta view of more than twelve bytes\t\\\\x00ff\t\\\\x00ff\t-12345678901234567890123456789012345678901234567.890\t18446744073709551615\t-Infinity\t\\N",
            "\\N\t\tv\t\\\\x\t\\\\x0102\t\\N\t0\t-0\t\\N",
        ],
    );
}

#[test]
fn intervals_come_in_three_kinds() {
    let value = IntervalMonthDayNano::new(14, -3, -1_500_000_000);
    let batch = batch(vec![(
        "i",
        column(IntervalMonthDayNanoArray::from(vec![value])),
    )]);
    let (types, rows) = read(Format::Arrow, &written(Format::Arrow, &[batch])).unwrap();
    assert_eq!(types, ["interval"]);
    assert_eq!(rows, "14 mons -3 days -00:00:01.500000\n");
}

#[test]
fn a_union_is_refused_by_the_name_of_its_column() {
    let fields: UnionFields = [(0, Arc::new(Field::new("n", DataType::Int32, true)))]
        .into_iter()
        .collect();
    let union = UnionArray::try_new(
        fields,
        vec![0].into(),
        None,
        vec![column(Int32Array::from(vec![1]))],
    );
    let batch = batch(vec![("either", column(union.unwrap()))]);
    let error = read(Format::Arrow, &written(Format::Arrow, &[batch])).unwrap_err();
    assert!(
        error.message.contains("column \"either\" is Union"),
        "{error}"
    );
}

/// Three row groups of all that can be damaged: numbers, texts, a dictionary, lists.
fn sample() -> Vec<RecordBatch> {
    let group = |group: i64| {
        let numbers = (0..40).map(|n| (n % 7 != 0).then_some(n * group));
        let mut lists = ListBuilder::new(Int32Builder::new());
        for n in 0..40 {
            lists.append_value((0..n % 4).map(Some));
        }
        let words = (0..40).map(|n| Some(["alpha", "beta", "gamma"][n % 3]));
        let words: DictionaryArray<Int32Type> = words.collect();
        let texts = (0..40).map(|n| Some(format!("text {group} {n}")));
        batch(vec![
            ("n", column(numbers.collect::<Int64Array>())),
            ("word", column(words)),
            ("list", column(lists.finish())),
            ("text", column(texts.collect::<StringArray>())),
        ])
    };
    vec![group(1), group(2), group(3)]
}

#[test]
fn a_damaged_file_is_an_error_or_has_all_its_rows() {
    for format in [Format::Parquet, Format::Arrow] {
        let whole = written(format, &sample());
        let (_, rows) = read(format, &whole).unwrap();
        assert_eq!(rows.lines().count(), 120);
        let mut refused = 0;
        for at in (0..whole.len()).step_by(3) {
            let mut damaged = whole.clone();
            damaged[at] ^= [0x01, 0x80, 0xff][at / 3 % 3];
            match read(format, &damaged) {
                // What was changed may have been a value, of which no file knows that it is wrong.
                Ok((_, rows)) => assert_eq!(rows.lines().count(), 120, "{format:?} {at}"),
                Err(_) => refused += 1,
            }
            if at % 48 == 0 {
                assert!(
                    read(format, &whole[..at]).is_err(),
                    "{format:?} cut at {at}"
                );
            }
        }
        assert!(refused > 50, "{format:?}: {refused} of {}", whole.len());
    }
}

/// The end of a Parquet file whose columns are nested so deep.
fn nested(depth: usize) -> Vec<u8> {
    let mut footer = vec![0x15, 0x02, 0x19, 0xfc];
    let mut count = depth + 1;
    while count >= 0x80 {
        footer.push(count as u8 & 0x7f | 0x80);
        count >>= 7;
    }
    footer.push(count as u8);
    for _ in 0..depth {
        footer.extend([0x35, 0x02, 0x18, 1, b'a', 0x15, 0x02, 0]);
    }
    footer.extend([0x15, 0x02, 0x25, 0x02, 0x18, 1, b'a', 0]);
    footer.extend([0x16, 0, 0x19, 0x0c, 0]);
    let mut file = b"PAR1".to_vec();
    file.extend(&footer);
    file.extend((footer.len() as u32).to_le_bytes());
    file.extend(b"PAR1");
    file
}

#[test]
fn columns_that_are_nested_too_deep_are_refused() {
    let (types, rows) = read(Format::Parquet, &nested(20)).unwrap();
    assert_eq!((types, rows), (vec!["jsonb".to_owned()], String::new()));
    for depth in [101, 20_000, 1_000_000] {
        let error = read(Format::Parquet, &nested(depth)).unwrap_err();
        assert!(
            error.message.ends_with("nested deeper than 100 levels"),
            "{error}"
        );
    }
}
