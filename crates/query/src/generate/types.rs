//! The Rust type of a column, by the name of its type.

use db::Type;

use super::names::type_name;
use crate::inspector::{Column, Domain, Enum, Made, Path};

/// Types as `format_type` prints them, without what stands in parentheses, and their OIDs.
const BUILT_IN: &[(&str, u32)] = &[
    ("boolean", 16),
    ("bytea", 17),
    ("\"char\"", 18),
    ("name", 19),
    ("bigint", 20),
    ("smallint", 21),
    ("integer", 23),
    ("text", 25),
    ("oid", 26),
    ("json", 114),
    ("cidr", 650),
    ("real", 700),
    ("double precision", 701),
    ("macaddr", 829),
    ("inet", 869),
    ("character", 1042),
    ("bpchar", 1042),
    ("character varying", 1043),
    ("date", 1082),
    ("time without time zone", 1083),
    ("timestamp without time zone", 1114),
    ("timestamp with time zone", 1184),
    ("interval", 1186),
    ("time with time zone", 1266),
    ("numeric", 1700),
    ("uuid", 2950),
    ("jsonb", 3802),
    ("int4range", 3904),
    ("numrange", 3906),
    ("tsrange", 3908),
    ("tstzrange", 3910),
    ("daterange", 3912),
    ("int8range", 3926),
    ("int4multirange", 4451),
    ("nummultirange", 4532),
    ("tsmultirange", 4533),
    ("tstzmultirange", 4534),
    ("datemultirange", 4535),
    ("int8multirange", 4536),
];

/// What other engines call the same types.
const ELSEWHERE: &[(&str, &str)] = &[
    ("bool", "boolean"),
    ("blob", "bytea"),
    ("int", "integer"),
    ("float", "double precision"),
    ("double", "double precision"),
    ("decimal", "numeric"),
    ("hugeint", "numeric"),
    ("time", "time without time zone"),
    ("timestamp", "timestamp without time zone"),
    ("timestamptz", "timestamp with time zone"),
];

/// Domains may be made from domains, but not without end, whatever a server says.
const DEEPEST: usize = 64;
/// What PostgreSQL has of them.
const MOST_DIMENSIONS: i16 = 6;

/// What a column's values are in Rust.
#[derive(Debug, PartialEq)]
pub(super) enum Rust<'m> {
    /// A type of the `db` crate or of Rust itself.
    Known(String),
    /// An enum.
    Enum(&'m Enum),
    /// An array of one.
    Enums(&'m Enum),
}

impl Made {
    /// The Rust type for a type of this name.
    pub(super) fn rust(&self, type_name: &str) -> Rust<'_> {
        self.rust_within(type_name, DEEPEST)
    }

    /// The same, for a type that may be made from so many others.
    fn rust_within(&self, type_name: &str, depth: usize) -> Rust<'_> {
        let Some(depth) = depth.checked_sub(1) else {
            return Rust::Known("String".into());
        };
        if let Some(element) = type_name.strip_suffix("[]") {
            return match self.rust_within(element, depth) {
                Rust::Known(rust) => Rust::Known(format!("Vec<Option<{rust}>>")),
                Rust::Enum(of) | Rust::Enums(of) => Rust::Enums(of),
            };
        }
        // One without labels has no values, and would be no type either.
        let mut enums = self.enums.iter().filter(|of| !of.labels.is_empty());
        if let Some(found) = enums.find(|of| is_it(type_name, &of.schema, &of.name, of.visible)) {
            return Rust::Enum(found);
        }
        if let Some(domain) = self.domain(type_name) {
            return self.rust_within(&domain.base, depth);
        }
        let plain = without_modifier(type_name);
        let known = built_in(&plain);
        Rust::Known(match known {
            Some((name, oid)) => Type { oid: *oid, name }.rust(),
            None if plain.starts_with("interval") => Type {
                oid: 1186,
                name: "interval",
            }
            .rust(),
            None => "String".into(),
        })
    }

    /// The Rust type of a column's values.
    pub(super) fn rust_of(&self, column: &Column) -> String {
        let array = match self.rust(&column.type_name) {
            Rust::Known(rust) => rust,
            Rust::Enum(of) => self.enum_name(of),
            Rust::Enums(of) => format!("Vec<Option<{}>>", self.enum_name(of)),
        };
        // The dimensions of an array are the column's, not its type's.
        let dimensions = column.dimensions.min(MOST_DIMENSIONS);
        (1..dimensions).fold(array, |array, _| format!("Vec<{array}>"))
    }

    /// The Rust name of an enum, with its schema where another one has the same.
    pub(super) fn enum_name(&self, of: &Enum) -> String {
        let name = type_name(&of.name);
        let is_same = |other: &&Enum| type_name(&other.name) == name;
        match self.enums.iter().filter(is_same).count() {
            0 | 1 => name,
            _ => type_name(&format!("{} {}", of.schema, of.name)),
        }
    }

    /// What a domain is made from in the end; any other type is itself.
    pub(super) fn base<'m>(&'m self, type_name: &'m str) -> &'m str {
        let mut base = type_name;
        for _ in 0..DEEPEST {
            match self.domain(base) {
                Some(domain) => base = &domain.base,
                None => break,
            }
        }
        base
    }

    fn domain(&self, type_name: &str) -> Option<&Domain> {
        let mut domains = self.domains.iter();
        domains.find(|of| is_it(type_name, &of.schema, &of.name, of.visible))
    }
}

/// A built-in type, as `format_type` prints it; else as other engines call it, in letters of any
/// case.
fn built_in(plain: &str) -> Option<&'static (&'static str, u32)> {
    let named = |wanted: &str| BUILT_IN.iter().find(|(name, _)| *name == wanted);
    let lower = plain.to_lowercase();
    let elsewhere = || ELSEWHERE.iter().find(|(name, _)| *name == lower);
    named(plain)
        .or_else(|| named(elsewhere()?.1))
        .or_else(|| named(&lower))
}

/// Whether `format_type` prints this type so: with its schema, unless it is found without.
fn is_it(printed: &str, schema: &str, name: &str, visible: bool) -> bool {
    Path::parse(printed).is_ok_and(|path| {
        path.name == name && path.schema.map_or(visible, |printed| printed == schema)
    })
}

/// `timestamp with time zone` for `timestamp(3) with time zone`.
pub(super) fn without_modifier(type_name: &str) -> String {
    match (type_name.find('('), type_name.find(')')) {
        (Some(from), Some(to)) if from < to => {
            let before = type_name.get(..from).unwrap_or_default();
            format!("{before}{}", type_name.get(to + 1..).unwrap_or_default())
        }
        _ => type_name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn types_are_known_by_their_names() {
        let mood = Enum {
            schema: "shop".into(),
            name: "mood".into(),
            labels: vec!["happy".into()],
            ..Enum::default()
        };
        let odd = Enum {
            schema: "Odd \"Schema\"".into(),
            name: "Mood".into(),
            ..mood.clone()
        };
        let order = Enum {
            name: "order".into(),
            visible: true,
            ..mood.clone()
        };
        let nothing = Enum {
            name: "nothing".into(),
            labels: Vec::new(),
            ..order.clone()
        };
        let amount = Domain {
            schema: "public".into(),
            name: "amount".into(),
            base: "numeric(10,2)".into(),
            visible: true,
            ..Domain::default()
        };
        let made = Made {
            enums: vec![mood.clone(), odd.clone(), order.clone(), nothing],
            domains: vec![amount],
        };
        let known = |name: &str, rust: &str| {
            assert_eq!(made.rust(name), Rust::Known(rust.into()), "{name}")
        };
        known("integer", "i32");
        known("numeric(10,2)", "db::Numeric");
        known("amount", "db::Numeric");
        known("timestamp(3) with time zone", "db::Timestamptz");
        known("interval year to month", "db::Interval");
        known("character varying(20)[]", "Vec<Option<String>>");
        known("tsvector", "String");
        known("other.mood", "String");
        known("mood", "String");
        known("nothing", "String");
        for (name, rust) in [
            ("INTEGER", "i32"),
            ("DOUBLE", "f64"),
            ("DECIMAL(18,3)", "db::Numeric"),
            ("VARCHAR", "String"),
            ("TIMESTAMP WITH TIME ZONE", "db::Timestamptz"),
            ("BIGINT[]", "Vec<Option<i64>>"),
        ] {
            known(name, rust);
        }
        assert_eq!(made.rust("shop.mood"), Rust::Enum(&mood));
        assert_eq!(made.rust("shop.mood[]"), Rust::Enums(&mood));
        let quoted = "\"Odd \"\"Schema\"\"\".\"Mood\"";
        assert_eq!(made.rust(quoted), Rust::Enum(&odd));
        assert_eq!(made.rust("\"order\""), Rust::Enum(&order));
        let names = [&mood, &odd, &order].map(|of| made.enum_name(of));
        assert_eq!(names, ["ShopMood", "OddSchemaMood", "Order"]);
        assert_eq!(made.base("amount"), "numeric(10,2)");
        let column = Column {
            type_name: "integer[]".into(),
            dimensions: 2,
            ..Column::default()
        };
        assert_eq!(made.rust_of(&column), "Vec<Vec<Option<i32>>>");
    }
}
