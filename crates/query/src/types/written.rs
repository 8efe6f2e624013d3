//! The name of a type as another server has told it, written anew for SQL: nothing that a server
//! says is taken for SQL as it stands.

use crate::variables::identifier;

/// The types whose names are several words, without what stands in parentheses.
const WORDS: &[&str] = &[
    "bit varying",
    "character varying",
    "double precision",
    "time with time zone",
    "time without time zone",
    "timestamp with time zone",
    "timestamp without time zone",
];
/// The units that an interval may be bounded to.
const UNITS: &[&str] = &["year", "month", "day", "hour", "minute", "second"];

/// A type's name as it stands in SQL: `character varying(20)`, `"My Schema".mood[]`,
/// `geometry(Point,4326)`; nothing where the text is no name of a type.
pub(crate) fn written(name: &str) -> Option<String> {
    let mut rest = name;
    let mut dimensions = 0;
    while let Some(element) = rest.strip_suffix("[]") {
        (rest, dimensions) = (element, dimensions + 1);
    }
    let (before, modifier, behind) = match rest.split_once('(').filter(|_| !rest.starts_with('"')) {
        // A quoted name may have parentheses of its own.
        None if rest.ends_with(')') => {
            let (before, inside) = rest[..rest.len() - 1].rsplit_once('(')?;
            (before, Some(inside), "")
        }
        None => (rest, None, ""),
        Some((before, rest)) => {
            let (inside, behind) = rest.split_once(')')?;
            (before, Some(inside), behind)
        }
    };
    let modifier = match modifier {
        Some(inside) if is_modifier(inside) => format!("({inside})"),
        Some(_) => return None,
        None => String::new(),
    };
    let plain = format!("{before}{behind}");
    let known = WORDS.contains(&&*plain) || is_interval(&plain);
    let before = match known {
        true => before.to_owned(),
        false if behind.is_empty() => path(before)?,
        false => return None,
    };
    Some(format!(
        "{before}{modifier}{behind}{}",
        "[]".repeat(dimensions)
    ))
}

/// Numbers and words, with commas between them.
fn is_modifier(inside: &str) -> bool {
    inside.split(',').all(|part| {
        let part = part.trim();
        let digits = part.strip_prefix('-').unwrap_or(part);
        let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        number || (!part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    })
}

/// `interval`, `interval day to second`.
fn is_interval(name: &str) -> bool {
    let mut words = name.split(' ');
    if words.next() != Some("interval") {
        return false;
    }
    match words.collect::<Vec<_>>().as_slice() {
        [] => true,
        [unit] => UNITS.contains(unit),
        [from, "to", to] => UNITS.contains(from) && UNITS.contains(to),
        _ => false,
    }
}

/// A name, or a schema and a name.
fn path(text: &str) -> Option<String> {
    let (first, rest) = part(text)?;
    match rest.strip_prefix('.') {
        None if rest.is_empty() => Some(first),
        None => None,
        Some(rest) => match part(rest)? {
            (second, "") => Some(format!("{first}.{second}")),
            _ => None,
        },
    }
}

/// The name that a text begins with, and what comes behind it.
fn part(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let mut name = String::new();
        let mut rest = quoted;
        loop {
            let (before, behind) = rest.split_once('"')?;
            name.push_str(before);
            match behind.strip_prefix('"') {
                Some(more) => {
                    name.push('"');
                    rest = more;
                }
                None => return (!name.is_empty()).then(|| (identifier(&name), behind)),
            }
        }
    }
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let begins = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    begins.then(|| (name.to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types() {
        for name in [
            "integer",
            "text[]",
            "text[][]",
            "numeric(10,2)",
            "numeric(3,-2)",
            "character varying(20)",
            "character varying",
            "character(3)[]",
            "bit varying(3)",
            "double precision",
            "timestamp(3) with time zone",
            "timestamp without time zone[]",
            "time(0) without time zone",
            "interval",
            "interval(3)",
            "interval day to second(3)",
            "interval year to month",
            "geometry(Point,4326)",
            "vector(3)",
            "public.mood",
            "\"char\"",
            "\"My Schema\".\"a \"\"b\"\"\"[]",
            "\"a(b)\"(3)",
            "\"a); drop table t; --\"",
            "größe",
        ] {
            assert_eq!(written(name).as_deref(), Some(name));
        }
        for name in [
            "",
            "text); create table pwned(); --",
            "text, b int",
            "text default f()",
            "text default f",
            "int primary key",
            "integer references secrets",
            "text collate \"C\"",
            "text'",
            "text -- x",
            "text/**/",
            "a.b.c",
            "\"a",
            "\"\"",
            "a..b",
            "1a",
            "numeric(10,2) not null",
            "numeric(f())",
            "numeric(1)(2)",
            "timestamp with time zone default now",
            "interval day to f",
            "text\n",
            "setof t",
        ] {
            assert_eq!(written(name), None, "{name:?}");
        }
    }
}
