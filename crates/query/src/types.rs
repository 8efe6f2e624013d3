//! A column's type: its name as PostgreSQL prints it, and how its values are shown.

mod written;

use std::collections::HashMap;

use display::{Column, Kind};
use tokio_postgres::types::{Kind as TypeKind, Type};

pub(crate) use self::written::written;
use crate::wire::Field;

/// Type names that had to be asked for, by OID and modifier.
pub(crate) type Names = HashMap<(u32, i32), String>;

/// The column for a result's field. `names` knows the types that are not built in.
pub(crate) fn column(field: &Field, names: &Names) -> Column {
    let built_in = Type::from_oid(field.oid);
    let type_name = match &built_in {
        Some(built_in) => name(built_in, field.modifier),
        None => names
            .get(&(field.oid, field.modifier))
            .cloned()
            .unwrap_or_default(),
    };
    let kind = match &built_in {
        Some(built_in) => kind(built_in),
        None if type_name.ends_with("[]") => Kind::Array,
        None => Kind::Other,
    };
    Column::new(field.name.clone(), type_name, kind)
}

/// Whether a type of this name is one of numbers, as `format_type` prints it or as another engine
/// calls it: psql sets these to the right.
pub(crate) fn is_number(type_name: &str) -> bool {
    const NUMBERS: &[&str] = &[
        "smallint",
        "integer",
        "bigint",
        "numeric",
        "real",
        "double precision",
        "money",
        "oid",
        "xid",
        "xid8",
        "cid",
        "int",
        "tinyint",
        "hugeint",
        "decimal",
        "float",
        "double",
    ];
    let plain = type_name.split('(').next().unwrap_or_default();
    let is_array = type_name.ends_with("[]");
    !is_array && NUMBERS.iter().any(|name| name.eq_ignore_ascii_case(plain))
}

/// The query for the names of the types that are not built in and not in `names`; none where all
/// are known.
pub(crate) fn question(fields: &[Field], names: &Names) -> Option<String> {
    let unknown: Vec<String> = fields
        .iter()
        .filter(|field| Type::from_oid(field.oid).is_none())
        .filter(|field| !names.contains_key(&(field.oid, field.modifier)))
        .map(|field| format!("({}, {})", field.oid, field.modifier))
        .collect();
    (!unknown.is_empty()).then(|| {
        format!(
            "select o, m, pg_catalog.format_type(o::pg_catalog.oid, m) from (values {}) as t (o, m)",
            unknown.join(", ")
        )
    })
}

/// Takes in the answer to [`question`].
pub(crate) fn learn(names: &mut Names, rows: &[Vec<Option<String>>]) {
    /// More types than a database has; they are asked for again.
    const KNOWN: usize = 10_000;
    /// No name of a type has more bytes.
    const LENGTH: usize = 1000;
    if names.len() > KNOWN {
        names.clear();
    }
    for row in rows.iter().take(KNOWN) {
        if let [Some(oid), Some(modifier), Some(name)] = row.as_slice()
            && name.len() <= LENGTH
            && let (Ok(oid), Ok(modifier)) = (oid.parse(), modifier.parse())
        {
            names.insert((oid, modifier), name.clone());
        }
    }
}

/// What `format_type` prints: source `src/backend/utils/adt/format_type.c`.
fn name(built_in: &Type, modifier: i32) -> String {
    if let TypeKind::Array(element) = built_in.kind() {
        // The vectors print under their own names.
        if !matches!(*built_in, Type::OID_VECTOR | Type::INT2_VECTOR) {
            return format!("{}[]", name(element, modifier));
        }
    }
    let of_length = |name: &str| match modifier {
        // The length counts its own four bytes.
        4.. => format!("{name}({})", modifier - 4),
        _ => name.to_owned(),
    };
    let of_precision = |before: &str, after: &str| match modifier {
        0.. => format!("{before}({modifier}){after}"),
        _ => format!("{before}{after}"),
    };
    match *built_in {
        Type::BOOL => "boolean".into(),
        Type::CHAR => "\"char\"".into(),
        Type::INT2 => "smallint".into(),
        Type::INT4 => "integer".into(),
        Type::INT8 => "bigint".into(),
        Type::FLOAT4 => "real".into(),
        Type::FLOAT8 => "double precision".into(),
        Type::BPCHAR if modifier < 0 => "bpchar".into(),
        Type::BPCHAR => of_length("character"),
        Type::VARCHAR => of_length("character varying"),
        Type::BIT if modifier < 0 => "\"bit\"".into(),
        Type::BIT => format!("bit({modifier})"),
        Type::VARBIT => of_precision("bit varying", ""),
        Type::NUMERIC if modifier >= 4 => {
            // Precision above, scale below, in eleven bits with its sign.
            let packed = modifier - 4;
            let scale = ((packed & 0x7ff) ^ 1024) - 1024;
            format!("numeric({},{scale})", (packed >> 16) & 0xffff)
        }
        Type::TIME => of_precision("time", " without time zone"),
        Type::TIMETZ => of_precision("time", " with time zone"),
        Type::TIMESTAMP => of_precision("timestamp", " without time zone"),
        Type::TIMESTAMPTZ => of_precision("timestamp", " with time zone"),
        Type::INTERVAL => interval(modifier),
        _ => built_in.name().to_owned(),
    }
}

/// `interval year to month`, `interval(3)`: fields in the upper half, precision in the lower.
fn interval(modifier: i32) -> String {
    const YEAR: i32 = 1 << 2;
    const MONTH: i32 = 1 << 1;
    const DAY: i32 = 1 << 3;
    const HOUR: i32 = 1 << 10;
    const MINUTE: i32 = 1 << 11;
    const SECOND: i32 = 1 << 12;
    if modifier < 0 {
        return "interval".into();
    }
    let fields = [
        (YEAR, " year"),
        (MONTH, " month"),
        (YEAR | MONTH, " year to month"),
        (DAY, " day"),
        (HOUR, " hour"),
        (MINUTE, " minute"),
        (SECOND, " second"),
        (DAY | HOUR, " day to hour"),
        (DAY | HOUR | MINUTE, " day to minute"),
        (DAY | HOUR | MINUTE | SECOND, " day to second"),
        (HOUR | MINUTE, " hour to minute"),
        (HOUR | MINUTE | SECOND, " hour to second"),
        (MINUTE | SECOND, " minute to second"),
    ];
    let range = (modifier >> 16) & 0x7fff;
    let range = fields
        .iter()
        .find(|(bits, _)| *bits == range)
        .map_or("", |(_, words)| words);
    match modifier & 0xffff {
        0xffff => format!("interval{range}"),
        precision => format!("interval{range}({precision})"),
    }
}

fn kind(built_in: &Type) -> Kind {
    if let TypeKind::Array(_) = built_in.kind() {
        return Kind::Array;
    }
    match *built_in {
        Type::INT2
        | Type::INT4
        | Type::INT8
        | Type::FLOAT4
        | Type::FLOAT8
        | Type::NUMERIC
        | Type::OID
        | Type::XID
        | Type::XID8
        | Type::CID
        | Type::MONEY => Kind::Number,
        Type::BOOL => Kind::Boolean,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::CHAR | Type::NAME | Type::UNKNOWN => {
            Kind::Text
        }
        Type::JSON | Type::JSONB => Kind::Json,
        Type::XML => Kind::Xml,
        Type::BYTEA => Kind::Bytes,
        Type::DATE
        | Type::TIME
        | Type::TIMETZ
        | Type::TIMESTAMP
        | Type::TIMESTAMPTZ
        | Type::INTERVAL => Kind::Time,
        Type::RECORD => Kind::Composite,
        _ => Kind::Other,
    }
}
