"""The inspector beside SQLAlchemy's, field by field, on a schema of hard cases."""

import json
import re
import subprocess
from pathlib import Path

import judge
import psycopg2
import pytest
import sqlalchemy as sa
from support.server import session

SCHEMAS = ["Odd Schema", "other", "public"]
CASES = Path(__file__).with_name("hard.sql").read_text()
TEMPORARY = """
create temporary table passing (id serial primary key, a integer check (a > 0), b text default 'x');
create temporary table referring (a integer references passing on delete cascade);
create index on passing (b desc);
create temporary view glimpse as select id, a from passing
"""
# Types that SQLAlchemy does not know (difference 2), as ours says them.
UNKNOWN = {
    ("texts", "l"): "bpchar", ("others", "f"): "xml", ("others", "l"): "point",
    ("others", "n"): "ltree", ("others", "q"): "jsonpath", ("typed", "at"): "point",
    ("composites", "a"): "place", ("composites", "b"): "place[]",
}  # fmt: skip
# Types that are another, larger one to it, as ours says them.
COARSE = {("texts", "f"): '"char"', ("texts", "g"): "name"}
# Keys that the server made for itself, one for each partition that a key to a partitioned table
# may refer to (difference 3): psql leaves them out, too; SQLAlchemy lists them.
OWN_KEYS = re.compile(r"to_parted_id_day_fkey\d+")


@pytest.fixture(scope="module")
def url(server):
    """A database with all cases."""
    url = server.database("hard")
    with session(url) as cursor:
        cursor.execute(CASES)
        with pytest.raises(psycopg2.errors.UniqueViolation):
            cursor.execute("create unique index concurrently broken_once on broken (a)")
        cursor.execute("analyze")
    return url


@pytest.fixture(scope="module")
def connection(url):
    engine = sa.create_engine(url.replace(":", "+psycopg2:", 1))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture(scope="module")
def structure(rowcell, url):
    """All of it, as our inspector reads it."""
    program = rowcell.parent / "examples/structure"
    if not program.exists():
        pytest.exit(f"{program} is missing; build it: make build", returncode=1)
    return json.loads(subprocess.run([program, url], check=True, stdout=subprocess.PIPE).stdout)


def relations(structure, schema):
    return {one["name"]: one for one in structure["relations"] if one["schema"] == schema}


def test_there_are_sixty_cases():
    numbers = [int(number) for number in re.findall(r"^-- (\d+):", CASES, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= 60


@pytest.mark.parametrize("schema", SCHEMAS)
def test_all_fields_are_sqlalchemys(connection, structure, schema):
    expected = judge.reflected(connection, schema)
    known = relations(structure, schema)
    assert set(known) == set(expected)
    for name, relation in expected.items():
        own = [key for key in relation["foreign_keys"] if OWN_KEYS.fullmatch(key["name"])]
        relation["foreign_keys"] = [key for key in relation["foreign_keys"] if key not in own]
        told = judge.ours(known[name])
        for kind, value in relation.items():
            assert told[kind] == value, f"{schema}.{name}: {kind}"


@pytest.mark.parametrize("schema", SCHEMAS)
def test_types_are_sqlalchemys(connection, structure, schema):
    expected = judge.types(connection, schema)
    ours = {
        (name, column["name"]): column["type"]
        for name, relation in relations(structure, schema).items()
        for column in relation["columns"]
    }
    unknown = {place: text for place, text in ours.items() if place not in expected}
    assert unknown == (UNKNOWN if schema == "public" else {})
    coarse = {place: ours[place] for place, text in expected.items() if ours[place] != text}
    assert coarse == (COARSE if schema == "public" else {})


def test_lists_of_names_are_sqlalchemys(connection, structure):
    inspector = sa.inspect(connection)
    # Difference 4: the standard's views came with the server.
    schemas = set(inspector.get_schema_names()) - {"information_schema"}
    assert {schema["name"] for schema in structure["schemas"]} == schemas == set(SCHEMAS)
    for schema in SCHEMAS:
        for kinds, names in {
            ("table", "partitioned table"): inspector.get_table_names(schema),
            ("view",): inspector.get_view_names(schema),
            ("materialized view",): inspector.get_materialized_view_names(schema),
            ("foreign table",): inspector.get_foreign_table_names(schema),
        }.items():
            known = relations(structure, schema).values()
            assert {one["name"] for one in known if one["kind"] in kinds} == set(names)
        sequences = {one["name"] for one in structure["sequences"] if one["schema"] == schema}
        assert sequences == set(inspector.get_sequence_names(schema))
        for name, relation in relations(structure, schema).items():
            if relation["kind"] in ("view", "materialized view"):
                assert relation["definition"] == inspector.get_view_definition(name, schema)


def test_types_of_ones_own_are_sqlalchemys(connection, structure):
    inspector = sa.inspect(connection)
    for schema in SCHEMAS:
        enums = [
            {name: one[name] for name in ("schema", "name", "visible", "labels")}
            for one in structure["enums"]
            if one["schema"] == schema
        ]
        assert enums == inspector.get_enums(schema)
        for told in inspector.get_domains(schema):
            domains = structure["domains"]
            ours = next(one for one in domains if (one["schema"], one["name"]) == (schema, told["name"]))
            for name in ("visible", "nullable", "default", "collation"):
                assert ours[name] == told[name], told["name"]
            # Difference 5: SQLAlchemy cuts the length off a domain's type, and keeps the
            # parentheses of some checks.
            assert ours["type"].partition("(")[0] == told["type"]
            checks = [[one["name"], one["check"].strip("()")] for one in told["constraints"]]
            assert [[name, text.strip("()")] for name, text in ours["checks"]] == checks


def test_one_relation_is_told_as_in_the_whole(start, url, structure):
    kernel = start({"DATABASE_URL": url})
    names = [(one["schema"], one["name"]) for one in structure["relations"]]
    quoted = ['"{}"."{}"'.format(*(part.replace('"', '""') for part in name)) for name in names]
    answer = kernel.check("\n".join(f"%describe {name} --json" for name in quoted))
    assert len(answer.texts) == len(names) > 70
    for text, whole in zip(answer.texts, structure["relations"], strict=True):
        described = json.loads(text)
        for kind in ("schema", "name", "kind", "comment"):
            assert described[kind] == whole[kind]
        lists = ["columns", "foreign_keys", "referenced_by", "unique_constraints"]
        for kind in [*lists, "check_constraints", "indexes"]:
            items = whole[kind]
            if kind == "indexes":
                items = [one for one in items if not one["primary"]]
            fields = described[kind][0].keys() if described[kind] else ()
            expected = [{name: one[name] for name in fields} for one in items]
            assert sort(described[kind]) == sort(expected), (whole["name"], kind)


def test_keys_are_told_from_both_sides(structure):
    to_tree = {
        (key["referred_schema"], key["referred_table"], key["name"])
        for key in relations(structure, "public")["tree"]["referenced_by"]
    }
    referring = {
        (relation["schema"], relation["name"], key["name"])
        for relation in structure["relations"]
        for key in relation["foreign_keys"]
        if (key["referred_schema"], key["referred_table"]) == ("public", "tree")
    }
    # A partition's key is its parent's.
    assert referring - to_tree == {("public", "from_parted_1", "from_parted_tree_fkey")}
    assert to_tree <= referring


def test_what_sqlalchemy_does_not_tell(structure):
    public = relations(structure, "public")
    assert public["parted"]["partition_key"] == "RANGE (day)"
    assert public["parted_1"]["partition_bound"].startswith("FOR VALUES FROM ('2025-01-01')")
    assert public["parted_1"]["parents"] == [{"schema": "public", "name": "parted"}]
    assert {one["name"] for one in public["parted"]["children"]} == {"parted_1", "parted_2", "parted_rest"}
    assert [one["name"] for one in public["child"]["parents"]] == ["mother", "father"]
    assert {one["name"] for one in public["excluded"]["exclusion_constraints"]} == {
        "excluded_room_during_excl", "only_active"
    }  # fmt: skip
    assert public["secured"]["row_security"]
    policies = {one["name"]: one for one in public["secured"]["policies"]}
    assert policies["mine"]["command"] == "select" and policies["mine"]["permissive"]
    assert policies["never"]["check"] == "(a > 0)" and not policies["never"]["permissive"]
    triggers = {one["name"]: one for one in public["secured"]["triggers"]}
    assert triggers["noting"]["enabled"] and not triggers["sleeping"]["enabled"]
    assert triggers["noting"]["comment"] == "notes"
    assert public["unlogged"]["unlogged"]
    assert public["broken"]["rows_estimate"] == 2 and public["broken"]["bytes"] > 0
    composites = {one["name"]: one["fields"] for one in structure["composites"]}
    assert composites["place"] == [["street", "text"], ["number", "integer"], ["at", "point"]]
    functions = {one["name"]: one for one in structure["functions"]}
    assert functions["is_fine"]["result"] == "boolean"
    assert functions["is_fine"]["volatility"] == "immutable"


def test_temporary_tables(start, url, connection):
    connection.exec_driver_sql(TEMPORARY)
    expected = judge.reflected(connection, "pg_temp")
    kernel = start({"DATABASE_URL": url})
    kernel.check(TEMPORARY)
    listed = json.loads(kernel.check("%tables pg_temp.* --json").texts[-1])
    assert {one["name"] for one in listed} == set(expected)
    for name, relation in expected.items():
        told = json.loads(kernel.check(f"%describe {name} --json").texts[-1])
        assert told["schema"] == "pg_temp"
        assert [one["name"] for one in told["columns"]] == [one["name"] for one in relation["columns"]]
        for kind in ("foreign_keys", "indexes", "check_constraints"):
            for ours, judged in zip(told[kind], relation[kind], strict=True):
                assert ours == {field: judged[field] for field in ours}


def test_a_name_that_is_none(start, url):
    kernel = start({"DATABASE_URL": url})
    error = kernel.run("%describe indexd").error
    assert error["evalue"] == 'there is no table or view "indexd"'
    assert "Did you mean indexed?" in "".join(error["traceback"])
    assert kernel.run("%describe").error and kernel.run("%describe a.b.c").error
    assert "no tables or views" in kernel.check("%tables nothing_like_it").outputs[-1][1]["data"]["text/html"]


def sort(items):
    return sorted(items, key=lambda one: json.dumps(one, sort_keys=True))
