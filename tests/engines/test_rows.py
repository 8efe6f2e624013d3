"""Rows to and from an engine that only resembles PostgreSQL: queries, files, other servers."""

import json

import pyarrow.ipc
import pyarrow.parquet
import pytest


def said(kernel, code):
    """What a cell that has to go well says in the end: at once, or in place of its progress."""
    answer = kernel.check(code)
    return answer.stdout + "".join(answer.texts)


TYPED = """create table typed as select
    true as yes, false as no, 7::bigint as big, 1.5::decimal(10, 2) as exact, 0.25::double as part,
    'tëxt ''quoted'' \\ back' as text, date '2024-02-29' as day,
    timestamp '2024-02-29 10:30:00.5' as at, time '10:30:00' as clock, '\\xAA\\xBB'::blob as bytes,
    null::integer as nothing"""


def test_values_of_all_kinds(duck):
    duck.check(TYPED)
    text = duck.check("select * from typed").texts[-1]
    for value in ["true", "false", "1.50", "0.25", "2024-02-29 10:30:00.500000", r"\xaabb"]:
        assert value in text
    assert "tëxt 'quoted' \\ back" in text


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow"])
def test_a_query_into_a_columnar_file(duck, engine, tmp_path, name):
    duck.check(TYPED)
    file = tmp_path / name
    for _ in range(2):
        before = len(engine.asked())
        assert "1 row written" in said(duck, f"%%export {file}\nselect * from typed")
        asked = engine.asked()[before:]
    # The second time it is known that there is no COPY in binary.
    assert not any("copy" in sql.lower() for sql in asked), asked
    if name.endswith("parquet"):
        table = pyarrow.parquet.read_table(file)
    else:
        table = pyarrow.ipc.open_file(file).read_all()
    (row,) = table.to_pylist()
    assert (row["yes"], row["no"], row["big"], row["part"]) == (True, False, 7, 0.25)
    assert (str(row["day"]), row["bytes"], row["nothing"]) == ("2024-02-29", b"\xaa\xbb", None)
    assert row["text"] == "tëxt 'quoted' \\ back"
    assert str(row["exact"]).startswith("1.5")


def test_booleans_are_what_they_are_in_every_file(duck, tmp_path):
    duck.check("%%sql --as kept\nselect true as yes, false as no")
    for name in ["t.jsonl", "t.csv", "t.sql", "t.parquet"]:
        duck.check(f"%export {tmp_path / name} from kept")
    assert json.loads((tmp_path / "t.jsonl").read_text()) == {"yes": True, "no": False}
    assert (tmp_path / "t.csv").read_text().splitlines()[1] == "true,false"
    assert "(true, false)" in (tmp_path / "t.sql").read_text()
    (row,) = pyarrow.parquet.read_table(tmp_path / "t.parquet").to_pylist()
    assert row == {"yes": True, "no": False}


def test_a_file_into_a_new_table(duck, tmp_path):
    file = tmp_path / "p.csv"
    lines = ["id,name,day,note"]
    rows = [(n, f"O'Neil \\ {n}", "2024-02-29", "two\nlines" if n % 7 else "") for n in range(2500)]
    quoted = [f'"{note}"' if note else "" for *_, note in rows]
    lines += [f'{n},"{name}",{day},{note}' for (n, name, day, _), note in zip(rows, quoted)]
    file.write_text("\n".join(lines) + "\n")
    assert "2500 rows imported into people2" in said(duck, f"%import {file} into people2")
    assert duck.value("select count(*) from people2") == "2500"
    assert duck.value("select name from people2 where id = 3") == "O'Neil \\ 3"
    assert duck.value("select count(*) from people2 where note is null") == str(len(range(0, 2500, 7)))
    assert duck.value("select count(*) from people2 where note = E'two\\nlines'") == "2142"


def test_a_file_into_a_table_that_is_there(duck, tmp_path):
    (tmp_path / "more.jsonl").write_text(
        '{"name": "Lin", "id": 7}\n{"name": "Zoë", "id": 8, "v": 1.25}\n'
    )
    assert "2 rows imported" in said(duck, f"%import {tmp_path}/more.jsonl into people")
    assert duck.value("select v from people where id = 8") == "1.25"
    (tmp_path / "wrong.csv").write_text("id,nome\n9,x\n")
    error = duck.run(f"%import {tmp_path}/wrong.csv into people").error
    assert 'people has no column "nome"' in error["evalue"]


def test_a_file_is_loaded_as_a_whole_or_not_at_all(duck, tmp_path):
    rows = [f"{n},name {n}" for n in range(100, 3000)]
    (tmp_path / "twice.csv").write_text("\n".join(["id,name", *rows, "1,Ada again"]) + "\n")
    error = duck.run(f"%import {tmp_path}/twice.csv into people").error
    assert any("Nothing was loaded." in line for line in error["traceback"])
    assert duck.value("select count(*) from people") == "3"


def test_to_another_server_and_back(duck, engine):
    duck.check(f"%connect {engine.url} as duck")
    duck.check("%connect local as local")
    assert "3 rows copied to people on local" in said(duck, "%copy people from duck to local")
    assert duck.value("select string_agg(name, ' ' order by id) from people") == "Ada Grace O'Neil"
    assert duck.value("select pg_typeof(v) from people limit 1") == "double precision"
    duck.check("update people set name = name || E' \\\\ \\n'")
    assert "3 rows copied to back on duck" in said(duck, "%copy people from local to duck as back")
    query = "%%copy from local to duck as back\nselect id + 10 as id, name, v, d from people"
    assert "3 rows copied" in said(duck, query)
    on = "%%sql --on duck\n"
    assert duck.value(on + r"select count(*) from back where name like E'%\\ \n'") == "6"
    assert duck.value(on + "select count(*) from back where d is null") == "2"


def test_bytes_are_copied_as_they_are_or_not_at_all(duck, engine):
    duck.check(f"%connect {engine.url} as duck")
    duck.check("%connect local as local")
    duck.check(r"create table keys as select 1 as id, '\xdead'::bytea as value")
    assert duck.run("%copy keys from local to duck").error
    assert duck.run("%%sql --on duck\nselect * from keys").error


def test_an_import_is_interrupted(duck, engine, tmp_path):
    rows = "".join(f"{number},name {number}\n" for number in range(400_000))
    (tmp_path / "long.csv").write_text("id,name\n" + rows)
    request = duck.send(f"%import {tmp_path}/long.csv into long")
    duck.until(request, "display_data")
    duck.interrupt()
    assert duck.answer(request).error
    # A cancel that reaches this engine ends its session, though not the connection.
    duck.check(f"%connect {engine.url} as again")
    tables = duck.check("%tables").texts[-1]
    assert "people" in tables and "long" not in tables


def test_psql_copy_is_refused_and_leaves_no_file(duck, tmp_path):
    file = tmp_path / "out.csv"
    error = duck.run(rf"\copy people to '{file}' csv").error
    assert "sent no data" in error["evalue"]
    assert not file.exists()
