//! The Rust type of a column, by the name of its type.

use db::Type;

use crate::inspector::{Enum, Made};

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
        if let Some(element) = type_name.strip_suffix("[]") {
            return match self.rust(element) {
                Rust::Known(rust) => Rust::Known(format!("Vec<Option<{rust}>>")),
                Rust::Enum(of) | Rust::Enums(of) => Rust::Enums(of),
            };
        }
        let is_it = |schema: &str, name: &str| {
            type_name == name || type_name.strip_suffix(name) == Some(&format!("{schema}."))
        };
        let bare = |name: &str| match name
            .chars()
            .all(|c| c.is_lowercase() || c == '_' || c.is_ascii_digit())
        {
            true => name.to_owned(),
            false => format!("\"{}\"", name.replace('"', "\"\"")),
        };
        if let Some(found) = self
            .enums
            .iter()
            .find(|of| is_it(&of.schema, &bare(&of.name)))
        {
            return Rust::Enum(found);
        }
        if let Some(domain) = self
            .domains
            .iter()
            .find(|of| is_it(&of.schema, &bare(&of.name)))
        {
            return self.rust(&domain.base);
        }
        let plain = without_modifier(type_name);
        let known = BUILT_IN.iter().find(|(name, _)| *name == plain);
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
}

/// `timestamp with time zone` for `timestamp(3) with time zone`.
fn without_modifier(type_name: &str) -> String {
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
    use crate::inspector::Domain;

    #[test]
    fn types_are_known_by_their_names() {
        let mood = Enum {
            schema: "shop".into(),
            name: "mood".into(),
            ..Enum::default()
        };
        let amount = Domain {
            schema: "public".into(),
            name: "amount".into(),
            base: "numeric(10,2)".into(),
            ..Domain::default()
        };
        let made = Made {
            enums: vec![mood.clone()],
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
        assert_eq!(made.rust("shop.mood"), Rust::Enum(&mood));
        assert_eq!(made.rust("mood[]"), Rust::Enums(&mood));
    }
}
