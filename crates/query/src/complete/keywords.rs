//! SQL's own words: which of them names must be quoted for, and which go on from where. Lists are
//! written as they are read, with commas.

use crate::variables::identifier;

/// Words that are no names without quotes, with those that servers up to version 17 have added.
const RESERVED: &str = "\
    all analyse analyze and any array as asc asymmetric authorization between bigint binary bit \
    boolean both case cast char character check coalesce collate collation column concurrently \
    constraint create cross current_catalog current_date current_role current_schema current_time \
    current_timestamp current_user dec decimal default deferrable desc distinct do else end except \
    exists extract false fetch float for foreign freeze from full grant greatest group grouping \
    having ilike in initially inner inout int integer intersect interval into is isnull join json \
    json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar \
    json_serialize json_table json_value lateral leading least left like limit localtime \
    localtimestamp merge_action national natural nchar none normalize not notnull null nullif \
    numeric offset on only or order out outer overlaps overlay placing position precision primary \
    real references returning right row select session_user setof similar smallint some substring \
    symmetric system_user table tablesample then time timestamp to trailing treat trim true union \
    unique user using values varchar variadic verbose when where window with xmlattributes \
    xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize \
    xmltable";

/// The types of every server, by the names people use.
pub(crate) const TYPES: &str = "\
    text, integer, bigint, boolean, numeric, date, timestamptz, timestamp, jsonb, uuid, smallint, \
    real, double precision, varchar, interval, time, timetz, json, bytea, char, serial, bigserial, \
    smallserial, decimal, money, int, int2, int4, int8, float4, float8, bool, bpchar, bit, varbit, \
    inet, cidr, macaddr, macaddr8, point, line, lseg, box, path, polygon, circle, tsvector, \
    tsquery, xml, name, oid, regclass, regtype, regproc, regrole, regnamespace, int4range, \
    int8range, numrange, tsrange, tstzrange, daterange, int4multirange, int8multirange, \
    nummultirange, tsmultirange, tstzmultirange, datemultirange, character varying, character, \
    timestamp with time zone, timestamp without time zone, time with time zone, \
    time without time zone, pg_lsn, record, void";

/// Functions with a grammar of their own, which no catalogue lists as they are written.
pub(crate) const SPECIAL_FUNCTIONS: &[(&str, &str)] = &[
    ("coalesce", "(value, …): the first value that is not null"),
    (
        "nullif",
        "(value, other): null where both are equal, else the value",
    ),
    ("greatest", "(value, …): the largest value"),
    ("least", "(value, …): the smallest value"),
    ("extract", "(field from source): a part of a date or time"),
    ("cast", "(value as type): the value as another type"),
    ("exists", "(query): whether the query has a row"),
    (
        "trim",
        "([leading | trailing | both] [characters] from string): the string without them",
    ),
    (
        "overlay",
        "(string placing new from start [for count]): the string with a part replaced",
    ),
    (
        "grouping",
        "(expression, …): which of them this row's grouping leaves out",
    ),
];

/// What `extract` takes from a date or time.
pub(crate) const FIELDS: &str = "\
    year, month, day, hour, minute, second, week, quarter, dow, doy, isodow, isoyear, epoch, \
    century, decade, millennium, milliseconds, microseconds, timezone, timezone_hour, \
    timezone_minute, julian";

/// Where a value is expected.
pub(crate) const VALUES: &str = "\
    case, not, null, true, false, exists, interval, array, row, cast, any, all, current_date, \
    current_timestamp, current_time, current_user, session_user, localtime, localtimestamp, \
    current_catalog, current_schema";

/// After a value.
pub(crate) const OPERATORS: &str = "\
    is null, is not null, in, not in, between, not between, like, not like, ilike, not ilike, \
    is, similar to, is distinct from, is not distinct from, collate, at time zone, over, filter, \
    within group";

/// In a `case`.
pub(crate) const CASES: &str = "when, then, else, end";

/// At the start of a query inside another statement.
pub(crate) const QUERIES: &str = "select, with, values, table";

/// What can be explained, or stand in WITH.
pub(crate) const STATEMENTS: &str = "select, insert, update, delete, values, with, merge, table";

/// What goes on with a FROM.
pub(crate) const JOINS: &str = "\
    join, left join, inner join, right join, full join, cross join, natural join, tablesample";

/// What a query or a change can go on with, in the order of SQL's grammar, each with the kinds of
/// statements that have it.
pub(crate) const CLAUSES: &[(&str, &str)] = &[
    ("into", "select"),
    ("from", "select, update"),
    ("using", "delete"),
    ("where", "select, update, delete"),
    ("group by", "select"),
    ("having", "select"),
    ("window", "select"),
    ("union", "select, values"),
    ("union all", "select, values"),
    ("intersect", "select, values"),
    ("except", "select, values"),
    ("order by", "select, values"),
    ("limit", "select, values"),
    ("offset", "select, values"),
    ("fetch first", "select"),
    ("for update", "select"),
    ("on conflict", "insert"),
    ("returning", "insert, update, delete"),
];

/// What these words go on with, wherever they stand in a query.
const PAIRS: &[(&str, &str)] = &[
    ("left", "join, outer join"),
    ("right", "join, outer join"),
    ("full", "join, outer join"),
    ("outer", "join"),
    ("inner", "join"),
    ("cross", "join"),
    ("natural", "join, left join, right join, full join"),
    ("tablesample", "bernoulli, system"),
    ("group", "by"),
    ("order", "by"),
    ("partition", "by"),
    (
        "is",
        "null, not null, true, false, unknown, distinct from, not distinct from",
    ),
    ("nulls", "first, last"),
    ("fetch", "first, next"),
    ("delete", "from"),
    ("insert", "into"),
    ("merge", "into"),
    ("similar", "to"),
    ("within", "group"),
    ("conflict", "do nothing, do update set, on constraint"),
    ("do", "nothing, update set"),
    ("matched", "then, and"),
    ("primary", "key"),
    ("foreign", "key"),
];

/// What this word goes on with, if that does not depend on where it stands.
pub(crate) fn after(word: &str) -> Option<&'static str> {
    let known = PAIRS.iter();
    let (_, words) = known
        .into_iter()
        .find(|(first, _)| first.eq_ignore_ascii_case(word))?;
    Some(words)
}

/// The entries of a list.
pub(crate) fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split(", ").filter(|entry| !entry.is_empty())
}

/// Whether a name like this must be quoted.
pub(crate) fn is_reserved(word: &str) -> bool {
    RESERVED.split(' ').any(|reserved| reserved == word)
}

/// A name as SQL reads it: quoted where it must be.
pub(crate) fn quoted(name: &str) -> String {
    let begins = |c: char| c == '_' || (c.is_alphabetic() && !c.is_uppercase());
    let plain = name.starts_with(begins)
        && name
            .chars()
            .all(|c| begins(c) || c.is_ascii_digit() || c == '$')
        && !is_reserved(name);
    if plain {
        name.to_owned()
    } else {
        identifier(name)
    }
}
