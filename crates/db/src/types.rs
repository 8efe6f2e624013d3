//! PostgreSQL's types as far as Rust values care: what a type is called, what its elements are, and
//! which Rust type is meant for it.

use crate::wire::Column;

/// The type of a column, or of what is inside of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type<'t> {
    /// Its OID; 0 where only the name is known.
    pub oid: u32,
    /// As PostgreSQL prints it; may be empty.
    pub name: &'t str,
}

/// OIDs from here on are given out by a database: types somebody made.
const FIRST_MADE: u32 = 16384;

/// The types built in that have a Rust type of their own: OID, OID of their array, name, Rust type.
const BUILT_IN: &[(u32, u32, &str, &str)] = &[
    (16, 1000, "bool", "bool"),
    (17, 1001, "bytea", "Vec<u8>"),
    (20, 1016, "int8", "i64"),
    (21, 1005, "int2", "i16"),
    (23, 1007, "int4", "i32"),
    (26, 1028, "oid", "u32"),
    (700, 1021, "float4", "f32"),
    (701, 1022, "float8", "f64"),
    (1700, 1231, "numeric", "db::Numeric"),
    (25, 1009, "text", "String"),
    (1043, 1015, "varchar", "String"),
    (1042, 1014, "bpchar", "String"),
    (19, 1003, "name", "String"),
    (18, 1002, "char", "String"),
    (1082, 1182, "date", "db::Date"),
    (1083, 1183, "time", "db::Time"),
    (1266, 1270, "timetz", "db::TimeTz"),
    (1114, 1115, "timestamp", "db::Timestamp"),
    (1184, 1185, "timestamptz", "db::Timestamptz"),
    (1186, 1187, "interval", "db::Interval"),
    (2950, 2951, "uuid", "db::Uuid"),
    (114, 199, "json", "db::Json"),
    (3802, 3807, "jsonb", "db::Json"),
    (869, 1041, "inet", "db::Inet"),
    (650, 651, "cidr", "db::Cidr"),
    (829, 1040, "macaddr", "db::MacAddr"),
    (3904, 3905, "int4range", "db::Range<i32>"),
    (3926, 3927, "int8range", "db::Range<i64>"),
    (3906, 3907, "numrange", "db::Range<db::Numeric>"),
    (3912, 3913, "daterange", "db::Range<db::Date>"),
    (3908, 3909, "tsrange", "db::Range<db::Timestamp>"),
    (3910, 3911, "tstzrange", "db::Range<db::Timestamptz>"),
    (4451, 6150, "int4multirange", "db::Multirange<i32>"),
    (4536, 6157, "int8multirange", "db::Multirange<i64>"),
    (4532, 6151, "nummultirange", "db::Multirange<db::Numeric>"),
    (4535, 6155, "datemultirange", "db::Multirange<db::Date>"),
    (4533, 6152, "tsmultirange", "db::Multirange<db::Timestamp>"),
    (
        4534,
        6153,
        "tstzmultirange",
        "db::Multirange<db::Timestamptz>",
    ),
];

impl<'t> Type<'t> {
    pub(crate) fn of(column: &'t Column) -> Self {
        Type {
            oid: column.oid,
            name: &column.type_name,
        }
    }

    /// Whether it is one of these built-in types, by the names `pg_type` has for them.
    pub fn is(&self, names: &[&str]) -> bool {
        self.built_in()
            .is_some_and(|(_, _, name, _)| names.contains(name))
    }

    /// Whether it is a type that has no Rust type of its own here, and so comes as text.
    pub fn is_foreign(&self) -> bool {
        self.built_in().is_none() && self.element().is_none_or(|element| element.is_made())
    }

    /// Whether somebody made it: an enum, a composite type, a type of an extension. (The server
    /// tells a domain as the type below it.)
    pub fn is_made(&self) -> bool {
        self.oid >= FIRST_MADE || self.oid == 0
    }

    /// The type of its elements, where it is an array or may be one.
    pub fn element(&self) -> Option<Type<'t>> {
        let built_in = BUILT_IN.iter().find(|(_, array, _, _)| *array == self.oid);
        match built_in {
            Some((oid, _, name, _)) => Some(Type { oid: *oid, name }),
            None if self.is_made() => Some(Type {
                oid: 0,
                name: self.name.trim_end_matches("[]"),
            }),
            None => None,
        }
    }

    /// The Rust type meant for its values, as it is written in a Rust cell.
    pub fn rust(&self) -> String {
        match (self.built_in(), self.element()) {
            (Some((_, _, _, rust)), _) => (*rust).to_owned(),
            (None, Some(element)) if !self.is_made() => format!("Vec<Option<{}>>", element.rust()),
            _ => "String".into(),
        }
    }

    fn built_in(&self) -> Option<&'static (u32, u32, &'static str, &'static str)> {
        BUILT_IN.iter().find(|(oid, _, _, _)| *oid == self.oid)
    }
}
