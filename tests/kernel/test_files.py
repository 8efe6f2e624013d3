"""Files as their own reader reads them; and an export or import that is watched and interrupted."""

import re
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pyarrow
import pytest
from pyarrow import ipc, parquet

ENDLESS = """select n, repeat('x', 100) as text, n * 1.5 as half
  from (select generate_series(1, 1000000000) as n) as endless"""
MANY = "select n, md5(n::text) as text, n * 1.5 as half from generate_series(1, 5000000) n"

KEY = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
# A column each: in SQL, what it is in a file, and what its value is there.
COLUMNS = [
    ("9007199254740993::bigint", pyarrow.int64(), 9007199254740993),
    ("(-7)::smallint", pyarrow.int16(), -7),
    ("7", pyarrow.int32(), 7),
    ("true", pyarrow.bool_(), True),
    ("'é😀'", pyarrow.string(), "é😀"),
    ("0.1::float8", pyarrow.float64(), 0.1),
    ("0.5::real", pyarrow.float32(), 0.5),
    ("12.30::numeric(10,2)", pyarrow.decimal128(10, 2), Decimal("12.30")),
    ("'-1234567890123456789012345678901234567.125'::numeric(40,3)", pyarrow.decimal256(40, 3),
     Decimal("-1234567890123456789012345678901234567.125")),
    ("1.10::numeric", pyarrow.string(), "1.10"),
    ("date '2024-02-29'", pyarrow.date32(), date(2024, 2, 29)),
    ("time '12:30:05.25'", pyarrow.time64("us"), time(12, 30, 5, 250000)),
    ("timestamp '1969-12-31 23:59:59.999999'", pyarrow.timestamp("us"),
     datetime(1969, 12, 31, 23, 59, 59, 999999)),
    ("timestamptz '2024-02-29 12:30:05+02'", pyarrow.timestamp("us", "UTC"),
     datetime(2024, 2, 29, 10, 30, 5, tzinfo=UTC)),
    (f"'{KEY}'::uuid", pyarrow.uuid(), uuid.UUID(KEY)),
    ("""'{"a": [1, null]}'::jsonb""", pyarrow.json_(), '{"a": [1, null]}'),
    (r"'\x00ff10'::bytea", pyarrow.binary(), b"\x00\xff\x10"),
    ("'{1,NULL,3}'::int[]", pyarrow.list_(pyarrow.int32()), [1, None, 3]),
    ("""'{"a b",NULL}'::text[]""", pyarrow.list_(pyarrow.string()), ["a b", None]),
    ("'{1.5,2.25}'::numeric(5,2)[]", pyarrow.list_(pyarrow.decimal128(5, 2)),
     [Decimal("1.50"), Decimal("2.25")]),
    ("point '(1,2)'", pyarrow.string(), "(1,2)"),
    ("interval '1 year -2 days 03:04:05.6'", {
        "parquet": pyarrow.string(), "arrow": pyarrow.month_day_nano_interval(),
    }, {
        "parquet": "1 year -2 days +03:04:05.6",
        "arrow": pyarrow.MonthDayNano([12, -2, 11_045_600_000_000]),
    }),
]  # fmt: skip


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_another_reader_sees_the_same_types_and_values(remote, tmp_path, ending):
    values = ", ".join(f"{sql} as c{number}" for number, (sql, _, _) in enumerate(COLUMNS))
    # And a row of NULLs, of the same types.
    query = f"select t.* from generate_series(1, 2) n left join (select {values}) t on n = 1 order by n"
    by_copy, kept = tmp_path / f"copy.{ending}", tmp_path / f"kept.{ending}"
    remote.check(f"%%export {by_copy}\n{query}")
    remote.check(f"{query};\n%export {kept}")
    for file in (by_copy, kept):
        table = parquet.read_table(file) if ending == "parquet" else ipc.open_file(file).read_all()
        assert table.num_rows == 2
        for (sql, kind, value), column in zip(COLUMNS, table.columns, strict=True):
            kind, value = (x[ending] if isinstance(x, dict) else x for x in (kind, value))
            assert (column.type, column.to_pylist()) == (kind, [value, None]), sql


@pytest.mark.parametrize("compression", ["snappy", "gzip", "lz4", "zstd", "none"])
def test_files_of_another_writer_are_read(remote, server, tmp_path, compression):
    columns = {
        "id": pyarrow.array([1, 2], pyarrow.int32()),
        "nested": pyarrow.array([[[1, 2], [3, None]], []]),
        "rows": pyarrow.array([[{"a": 1, "b": 'x"y'}], None]),
        "days": pyarrow.array([[date(2024, 2, 29), None], []]),
        "texts": pyarrow.array([["a,b", 'c"', "", None], None]),
        "kind": pyarrow.array(["x", "y"]).dictionary_encode(),
    }
    file = tmp_path / f"others_{compression}.parquet"
    parquet.write_table(pyarrow.table(columns), file, compression=compression)
    made = remote.check(f"%import {file}").stdout
    assert '"nested" jsonb, "rows" jsonb, "days" date[], "texts" text[], "kind" text' in made
    assert server.ask(f"select * from {file.stem} order by id") == [
        (1, [[1, 2], [3, None]], [{"a": 1, "b": 'x"y'}], [date(2024, 2, 29), None],
         ["a,b", 'c"', "", None], "x"),
        (2, [], None, [], None, "y"),
    ]  # fmt: skip
    # A table that is there takes them as it can.
    remote.check("create temp table there (id int, nested int[], texts jsonb, kind text)")
    columns.pop("rows"), columns.pop("days")
    parquet.write_table(pyarrow.table(columns).slice(0, 1), file, compression=compression)
    remote.check(f"%import {file} into there")
    shown = remote.check("select nested, texts from there").texts[-1].splitlines()[2]
    assert shown.split("|")[0].strip() == "{{1,2},{3,NULL}}"
    assert shown.split("|")[1].strip() == '["a,b", "c\\"", "", null]'


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_every_type_of_another_writer_is_read(remote, server, tmp_path, ending):
    identity = pyarrow.struct([("id", pyarrow.string()), ("primary", pyarrow.bool_())])
    of = pyarrow.map_(pyarrow.string(), pyarrow.list_(identity))
    day = timedelta(days=1, hours=2, microseconds=5)
    # A column each: what it is called, its type and two values; what it becomes, and its text.
    columns = [
        ("ids", of, [{"email": [{"id": "a@b", "primary": True}]}, None], "jsonb",
         '{"email": [{"id": "a@b", "primary": true}]}'),
        ("span", pyarrow.duration("us"), [day, None], "interval", "26:00:00.000005"),
        ("long", pyarrow.decimal256(50, 3), [Decimal("-1.5"), None], "numeric(50,3)", "-1.500"),
        ("clock", pyarrow.time32("ms"), [time(1, 2, 3, 4000), None], "time without time zone", "01:02:03.004"),
        ("at", pyarrow.timestamp("ns"), [datetime(2024, 2, 29, 1), None], "timestamp without time zone",
         "2024-02-29 01:00:00"),
        ("fine", pyarrow.timestamp("ns"), [1, None], "text", "1970-01-01 00:00:00.000000001"),
        ("zoned", pyarrow.timestamp("ms", "Europe/Oslo"), [0, None], "timestamp with time zone",
         "1970-01-01 00:00:00+00"),
        ("fixed", pyarrow.binary(2), [b"\x00\xff", None], "bytea", "\\x00ff"),
        ("half", pyarrow.float16(), [0.5, None], "real", "0.5"),
        ("large", pyarrow.large_string(), ["x", None], "text", "x"),
        ("lists", pyarrow.large_list(pyarrow.int8()), [[1, None], None], "smallint[]", "{1,NULL}"),
        ("nested", pyarrow.struct([("a", pyarrow.list_(pyarrow.int32()))]), [{"a": [1]}, None], "jsonb",
         '{"a": [1]}'),
        ("doc", pyarrow.json_(), ['{"a": 1, "a": 2}', None], "json", '{"a": 1, "a": 2}'),
        ("nothing", pyarrow.null(), [None, None], "text", None),
    ]  # fmt: skip
    arrays = {name: pyarrow.array(values, kind) for name, kind, values, *_ in columns}
    table, file = pyarrow.table(arrays), tmp_path / f"typed_{ending}.{ending}"
    if ending == "parquet":
        parquet.write_table(table, file)
    else:
        with ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
    remote.check(f"%import {file}")
    types = f"""select format_type(atttypid, atttypmod) from pg_attribute
      where attrelid = '{file.stem}'::regclass and attnum > 0 order by attnum"""
    assert [kind for (kind,) in server.ask(types)] == [column[3] for column in columns]
    texts = ", ".join(f"{name}::text" for name, *_ in columns)
    first, second = server.ask(f"select {texts} from {file.stem} order by ids is null")
    assert list(first) == [column[4] for column in columns]
    assert set(second) == {None}


def test_a_union_is_refused_by_the_name_of_its_column(remote, tmp_path):
    kinds, numbers = pyarrow.array([0], pyarrow.int8()), pyarrow.array([1])
    table = pyarrow.table({"either": pyarrow.UnionArray.from_sparse(kinds, [numbers])})
    file = tmp_path / "union.arrow"
    with ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    assert 'column "either" is Union' in remote.run(f"%import {file}").error["evalue"]


def test_an_arrow_file_that_is_compressed_or_a_stream_is_told(remote, tmp_path):
    table, file = pyarrow.table({"id": [1, 2, 3]}), tmp_path / "others.arrow"
    with ipc.new_file(file, table.schema, options=ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(table)
    assert "is compressed, which is not read here" in remote.run(f"%import {file}").error["evalue"]
    with ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)
    assert "it seems to be a stream" in remote.run(f"%import {file}").error["evalue"]


def test_a_compression_that_is_not_read_is_named(remote, tmp_path):
    file = tmp_path / "others.parquet"
    parquet.write_table(pyarrow.table({"id": [1]}), file, compression="brotli")
    error = remote.run(f"%import {file}").error
    assert error["evalue"] == f"{file} is compressed with Brotli, which is not read here"
    assert "Zstandard, Snappy, gzip and LZ4 are." in "".join(error["traceback"])


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_an_interrupted_export_leaves_no_file(remote, tmp_path, ending):
    running = remote.send(f"%%export {tmp_path}/endless.{ending}\n{ENDLESS}")
    first, second = map(rows, ticks(remote, running))
    assert 0 < first < second
    stopped(remote, running)
    assert list(tmp_path.iterdir()) == []
    assert remote.value("select 1") == "1"


def test_an_interrupt_leaves_a_kept_result_for_the_next_command(remote, tmp_path):
    remote.check(f"%%sql --as many --limit 1\n{MANY}")
    running = remote.send(f"%export {tmp_path}/many.parquet from many")
    first, second = map(rows, ticks(remote, running))
    assert 0 < first < second
    stopped(remote, running)
    assert list(tmp_path.iterdir()) == []

    running = remote.send("%chart point x=n y=half color=text from many")
    remote.until(running, "status")
    remote.interrupt()
    answer = remote.answer(running, timeout=10)
    assert answer.error["evalue"] == "interrupted; nothing was drawn"
    assert answer.texts == []
    assert remote.value("%chart histogram x=n from many\nselect 1") == "1"


def test_an_interrupted_import_leaves_no_table(remote, server, tmp_path):
    file = tmp_path / "many.csv"
    file.write_text("n,text\n" + "".join(f"{n},text of {n}\n" for n in range(3_000_000)))
    running = remote.send(f"%import {file}")
    ticks(remote, running)
    stopped(remote, running)
    assert server.ask("select to_regclass('many')") == [(None,)]

    # Rows that the server takes its time for, into a table that is there.
    remote.check("create table slow (n int check (pg_sleep(0.01) is not null), text text)")
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:2000]))
    running = remote.send(f"%import {file} into slow")
    ticks(remote, running)
    stopped(remote, running)
    assert server.ask("select count(*) from slow") == [(0,)]
    assert remote.value("select 1") == "1"


def ticks(kernel, request):
    """The first two lines of progress that tell of rows: there may be none yet where all is slow."""
    lines = [kernel.until(request, "display_data")["data"]["text/plain"]]
    while len(lines) < 2 or ": 0 B, " in lines[0]:
        lines = lines[-1:] + [kernel.until(request, "update_display_data")["data"]["text/plain"]]
    return lines


def rows(line):
    """How many rows a line of progress tells: `/tmp/many.csv: 70000 rows, 1.5 MiB, 720 ms …`."""
    told = re.fullmatch(r"\S+: (\d+) rows, [\d.]+ [KMG]?i?B, [\d.]+ m?s …", line)
    assert told, line
    return int(told[1])


def stopped(kernel, request):
    """Interrupts: the work ends with an error and says in its line that it has."""
    kernel.interrupt()
    answer = kernel.answer(request, timeout=10)
    assert answer.error["ename"] == "57014 query_canceled", answer.error
    kind, content = next(m for m in reversed(answer.messages) if m[0] == "update_display_data")
    assert content["data"]["text/plain"].endswith(": stopped")
