"""What SQLAlchemy's Inspector says of a database, in the words of ours; and where the two differ
although ours is right."""

import warnings

import sqlalchemy as sa
from sqlalchemy.engine.reflection import ObjectKind, ObjectScope

EVERYTHING = {"kind": ObjectKind.ANY, "scope": ObjectScope.ANY}


def reflected(connection, schema):
    """The relations of a schema by name. Temporary ones: those that are found without a schema."""
    inspector = sa.inspect(connection)
    temporary = schema == "pg_temp"
    options = dict(EVERYTHING, schema=None if temporary else schema)
    if temporary:
        options["scope"] = ObjectScope.TEMPORARY
    with warnings.catch_warnings():
        # A type that SQLAlchemy does not know is none to it; see `types`.
        warnings.filterwarnings("ignore", "Did not recognize type", sa.exc.SAWarning)
        told = {
            kind: {name: value for (_, name), value in ask(**options).items()}
            for kind, ask in {
                "columns": inspector.get_multi_columns,
                "primary_key": inspector.get_multi_pk_constraint,
                "foreign_keys": inspector.get_multi_foreign_keys,
                "unique_constraints": inspector.get_multi_unique_constraints,
                "check_constraints": inspector.get_multi_check_constraints,
                "indexes": inspector.get_multi_indexes,
                "comment": inspector.get_multi_table_comment,
            }.items()
        }
    return {
        name: {
            "columns": [column(one, schema) for one in told["columns"][name]],
            "primary_key": primary_key(told["primary_key"][name]),
            "foreign_keys": by_name(foreign_key(one, schema) for one in told["foreign_keys"][name]),
            "unique_constraints": by_name(map(unique, told["unique_constraints"][name])),
            "check_constraints": by_name(map(check, told["check_constraints"][name])),
            "indexes": by_name(map(index, told["indexes"][name])),
            "comment": told["comment"][name]["text"],
        }
        for name in told["columns"]
    }


def ours(relation):
    """The same of ours: without what SQLAlchemy has no word for."""
    keep = {
        "columns": ("name", "nullable", "default", "identity", "computed", "comment", "collation"),
        "primary_key": ("name", "columns", "include", "comment"),
        "foreign_keys": (
            "name", "columns", "referred_schema", "referred_table", "referred_columns", "options",
            "comment",
        ),
        "unique_constraints": ("name", "columns", "include", "nulls_not_distinct", "comment"),
        "check_constraints": ("name", "sqltext", "no_inherit", "not_valid", "comment"),
        "indexes": (
            "name", "columns", "expressions", "unique", "include", "method", "where", "sorting",
            "operator_classes", "nulls_not_distinct", "invalid", "constraint", "storage",
        ),
    }  # fmt: skip

    def kept(kind, one):
        return one and {name: one[name] for name in keep[kind]}

    relation["indexes"] = [one for one in relation["indexes"] if not one["primary"]]
    told = {"comment": relation["comment"]}
    for kind in keep:
        value = relation[kind]
        is_list = isinstance(value, list)
        told[kind] = [kept(kind, one) for one in value] if is_list else kept(kind, value)
        if is_list and kind != "columns":
            told[kind] = by_name(told[kind])
    return told


def by_name(items):
    return sorted(items, key=lambda item: item["name"])


def column(told, schema):
    default = told["default"]
    if default is not None and schema != "pg_temp":
        # Difference 1: SQLAlchemy writes the reflected schema into a default's nextval, whether or
        # not the sequence is found without; ours is the server's own text. It is taken out where
        # the server has not written it.
        default = default.replace(f"nextval('\"{schema}\".", "nextval('")
    collation = getattr(told["type"], "collation", None)
    if isinstance(told["type"], sa.dialects.postgresql.DOMAIN):
        collation = None  # the domain's, which is not the column's own
    return {
        "name": told["name"],
        "nullable": told["nullable"],
        "default": default,
        "identity": told.get("identity"),
        "computed": told.get("computed"),
        "comment": told["comment"],
        "collation": collation
        and {"name": collation, "schema": getattr(told["type"], "collation_schema", None)},
    }


def primary_key(told):
    return told["name"] and {
        "name": told["name"],
        "columns": told["constrained_columns"],
        "include": told["dialect_options"]["postgresql_include"],
        "comment": told["comment"],
    }


def foreign_key(told, schema):
    return {
        "name": told["name"],
        "columns": told["constrained_columns"],
        # None is a schema of the search path: here there is one, or the temporary one.
        "referred_schema": told["referred_schema"]
        or ("pg_temp" if schema == "pg_temp" else "public"),
        "referred_table": told["referred_table"],
        "referred_columns": told["referred_columns"],
        "options": told["options"],
        "comment": told["comment"],
    }


def unique(told):
    options = told["dialect_options"]
    return {
        "name": told["name"],
        "columns": told["column_names"],
        "include": options["postgresql_include"],
        "nulls_not_distinct": options["postgresql_nulls_not_distinct"],
        "comment": told["comment"],
    }


def check(told):
    options = told.get("dialect_options", {})
    return {
        "name": told["name"],
        "sqltext": told["sqltext"],
        "no_inherit": options.get("no_inherit", False),
        "not_valid": options.get("not_valid", False),
        "comment": told["comment"],
    }


def index(told):
    options = told.get("dialect_options", {})
    return {
        "name": told["name"],
        "columns": told["column_names"],
        "expressions": told.get("expressions", []),
        "unique": told["unique"],
        "include": options.get("postgresql_include", []),
        "method": options.get("postgresql_using", "btree"),
        "where": options.get("postgresql_where"),
        "sorting": {name: list(words) for name, words in told.get("column_sorting", {}).items()},
        "operator_classes": options.get("postgresql_ops", {}),
        "nulls_not_distinct": options.get("postgresql_nulls_not_distinct", False),
        "invalid": options.get("postgresql_invalid", False),
        "constraint": told.get("duplicates_constraint"),
        "storage": [f"{name}={value}" for name, value in options.get("postgresql_with", {}).items()],
    }


def types(connection, schema):
    """The types of all columns, as the server prints those that SQLAlchemy would make columns of.

    Difference 2: types that SQLAlchemy does not know are None.
    """
    options = dict(EVERYTHING, schema=schema)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Did not recognize type", sa.exc.SAWarning)
        columns = sa.inspect(connection).get_multi_columns(**options)
    dialect = connection.dialect
    found = {
        (name, column["name"]): column["type"].compile(dialect)
        for (_, name), told in columns.items()
        for column in told
        if not isinstance(element(column["type"]), sa.types.NullType)
    }
    distinct = sorted(set(found.values()))
    fields = ", ".join(f"c{number} {text}" for number, text in enumerate(distinct))
    connection.exec_driver_sql(f"create temporary table probe ({fields})".replace("%", "%%"))
    printed = connection.exec_driver_sql(
        "select format_type(atttypid, atttypmod) from pg_attribute"
        " where attrelid = 'probe'::regclass and attnum > 0 order by attnum"
    )
    printed = dict(zip(distinct, printed.scalars(), strict=True))
    connection.exec_driver_sql("drop table probe")
    return {place: printed[text] for place, text in found.items()}


def element(type_):
    return type_.item_type if isinstance(type_, sa.ARRAY) else type_
