"""What an engine that only resembles PostgreSQL holds: asked in ways that it knows."""

import json
import time

TABLES = ["adults", "people", "pets"]


def names(kernel, command="%tables --json"):
    return [(of["schema"], of["name"]) for of in json.loads(kernel.check(command).texts[-1])]


def test_tables_are_those_of_this_database(duck):
    found = names(duck)
    assert found == [("main", name) for name in TABLES] + [("shop", "orders")]
    text = duck.check("%tables").texts[-1]
    assert "view" in text and "duckdb" not in text and "elsewhere" not in text
    assert names(duck, "%tables peo* --json") == [("main", "people")]


def test_temporary_tables_are_listed(duck):
    duck.check("create temp table mine (a int)")
    assert ("main", "mine") in names(duck)
    assert "(0 rows)" in duck.check("select * from mine").texts[-1]


def test_an_empty_database_is_empty(duck):
    duck.check("drop view adults; drop table pets; drop table people; drop table shop.orders")
    assert names(duck) == []
    assert "Did not find any relations." in duck.check(r"\dt").stderr


def test_the_picture_of_a_schema(duck):
    text = duck.check("%schema").texts[-1]
    assert "owner → main.people (id)" in text
    assert "3 tables" in text and "duckdb" not in text


def test_describe(duck):
    told = json.loads(duck.check("%describe people --json").texts[-1])
    columns = [(of["name"], of["type"], of["nullable"], of["default"]) for of in told["columns"]]
    assert columns == [
        ("id", "INTEGER", False, None),
        ("name", "VARCHAR", False, None),
        ("v", "DOUBLE", True, "1.5"),
        ("d", "DATE", True, None),
    ]
    assert told["primary_key"]["columns"] == ["id"]
    assert told["referenced_by"][0]["referred_table"] == "pets"
    text = duck.check("%describe people").texts[-1]
    assert "not null" in text and "Grace" in text


def test_describe_finds_what_is_there(duck):
    duck.check('create table "Mixed Case" (n int); create table Kept (n int)')
    assert '"Mixed Case"' not in duck.check('%describe "Mixed Case"').texts[-1].splitlines()[0]
    # The engine keeps letters and does not heed them.
    for name in ["Kept", "kept", "KEPT", "main.kept"]:
        assert "INTEGER" in duck.check(f"%describe {name}").texts[-1]
    error = duck.run("%describe peeple").error
    assert "there is no table or view" in error["evalue"]
    assert any("Did you mean people?" in line for line in error["traceback"])


def test_keys_of_several_columns_refer_in_their_order(duck):
    duck.check(
        """create table parts (a int, b int, primary key (a, b));
        create table uses (n int, x int, y int, foreign key (x, y) references parts (a, b))"""
    )
    told = json.loads(duck.check("%describe uses --json").texts[-1])
    (key,) = told["foreign_keys"]
    assert (key["columns"], key["referred_columns"]) == (["x", "y"], ["a", "b"])
    told = json.loads(duck.check("%describe parts --json").texts[-1])
    (key,) = told["referenced_by"]
    assert (key["columns"], key["referred_columns"]) == (["a", "b"], ["x", "y"])


def test_psql_lists(duck):
    expected = """\
        List of relations
 Schema |  Name  | Type  | Owner 
--------+--------+-------+-------
 main   | people | table | 
 main   | pets   | table | 
 shop   | orders | table | 
(3 rows)"""
    assert duck.check(r"\dt").texts == [expected]
    assert duck.check(r"\dt+").texts == [expected]
    assert "adults" in duck.check(r"\dv").texts[-1]
    listed = duck.check(r"\d").texts[-1]
    for name in [*TABLES, "orders", "counter"]:
        assert name in listed
    assert "(1 row)" in duck.check(r"\dt people").texts[-1]
    assert "(1 row)" in duck.check(r"\dt shop.*").texts[-1]
    assert "(2 rows)" in duck.check(r"\dt p*").texts[-1]
    assert "Did not find any relation named" in duck.check(r"\dt public.*").stderr
    assert "by_person | index | " in duck.check(r"\di").texts[-1]
    assert "counter | sequence" in duck.check(r"\ds").texts[-1]


def test_psql_describes(duck):
    text = duck.check(r"\d people").texts[-1]
    assert text.splitlines() == [
        '                Table "main.people"',
        " Column |  Type   | Collation | Nullable | Default ",
        "--------+---------+-----------+----------+---------",
        " id     | INTEGER |           | not null | ",
        " name   | VARCHAR |           | not null | ",
        " v      | DOUBLE  |           |          | 1.5",
        " d      | DATE    |           |          | ",
        "Indexes:",
        '    "people_id_pkey" PRIMARY KEY (id)',
        "Referenced by:",
        '    TABLE "pets" CONSTRAINT "pets_owner_id_fkey" FOREIGN KEY (owner) REFERENCES people(id)',
    ]
    assert duck.check(r"\d+ shop.orders").texts[-1].splitlines()[0].strip() == 'Table "shop.orders"'
    assert 'View "main.adults"' in duck.check(r"\d adults").texts[-1]
    assert "Did not find any relation named" in duck.check(r"\d nothing").stderr


def test_other_lists(duck):
    schemas = duck.check(r"\dn").texts[-1]
    assert "main" in schemas and "shop" in schemas and "pg_catalog" not in schemas
    assert "pg_catalog" in duck.check(r"\dnS").texts[-1]
    databases = duck.check(r"\l").texts[-1]
    assert "memory" in databases and "other" in databases
    assert "CREATE VIEW adults" in duck.check(r"\sv adults").stdout
    assert "there is no view" in duck.run(r"\sv people").error["evalue"]


def test_what_is_not_told_is_said(duck):
    commands = {
        r"\du": "roles",
        r"\dg": "roles",
        r"\df": "functions",
        r"\dT": "types",
        r"\dx": "extensions",
        r"\dp": "privileges",
        r"\dP": "partitioned tables",
        r"\sf f": "functions' sources",
    }
    # Also the second time, when nothing is asked for it.
    for _ in range(2):
        for command, things in commands.items():
            error = duck.run(command).error
            assert f"this server does not tell its {things}" in error["evalue"], command


def test_the_way_that_is_answered_is_remembered(duck, engine):
    for command in ["%tables", "%describe people", r"\dt", r"\d people", r"\du"]:
        duck.run(command)
        before = len(engine.asked())
        duck.run(command)
        again = engine.asked()[before:]
        assert not any("pg_catalog.pg_" in sql for sql in again), again


def test_an_open_transaction_is_not_harmed(duck, start, engine):
    duck.check("%tables")
    duck.check("begin; insert into people values (4, 'Mine', 1, null)")
    assert ("main", "people") in names(duck)
    duck.check("commit")
    assert duck.value("select count(*) from people") == "4"
    # Where nothing is known of the engine, nothing is asked that might end the transaction.
    other = start({"DATABASE_URL": engine.url})
    other.check("begin; insert into people values (5, 'Theirs', 1, null)")
    error = other.run("%tables").error
    assert "a transaction is open" in error["evalue"]
    assert not any("information_schema" in sql for sql in engine.asked()[-1:])
    other.check("commit")
    assert other.value("select count(*) from people") == "5"
    assert ("main", "people") in names(other)
    assert ("shop", "orders") in names(other)


def test_completion_and_inspection_know_the_tables(duck):
    duck.check("select 1 as one")
    deadline = time.monotonic() + 60
    while "name" not in matches(duck, "select na| from people"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert "people" in matches(duck, "select * from peo")
    assert "elsewhere" not in matches(duck, "select * from ")
    request = duck.client.inspect("select * from people", 16)
    text = duck.shell_reply(request)["data"]["text/plain"]
    assert "name" in text and "VARCHAR" in text
    duck.check("create table freshly (n int)")
    while "freshly" not in matches(duck, "select * from fre"):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def matches(kernel, code):
    cursor = code.find("|")
    request = kernel.client.complete(code.replace("|", ""), None if cursor < 0 else cursor)
    return kernel.shell_reply(request)["matches"]


def test_a_model(duck):
    text = duck.check("%model people").texts[-1]
    for field in ["id: i32", "name: String", "v: Option<f64>", "d: Option<db::Date>"]:
        assert field in text
