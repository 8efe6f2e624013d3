//! The name patterns of `\d` and its kin: `people`, `shop.*`, `"Mixed Case"`, `a|b`.

use regex::Regex;

use crate::variables::literal;

/// A pattern, its parts turned into regular expressions.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// The database that `database.schema.name` names: a name, not an expression.
    pub(crate) database: Option<String>,
    schema: Option<String>,
    name: String,
}

/// What a pattern is matched against: SQL expressions over the tables of a query.
pub(crate) struct Names {
    /// The schema's name, for what lives in a schema.
    pub(crate) schema: Option<&'static str>,
    pub(crate) name: &'static str,
    /// Another spelling of the name that counts as well.
    pub(crate) or: Option<&'static str>,
    /// Whether the object is found without its schema; counts where the pattern names no schema.
    pub(crate) visible: Option<&'static str>,
}

impl Pattern {
    /// Reads a pattern as psql does: `*` and `?` stand for any text and any character, dots part
    /// the names, unquoted letters become lower case, and nothing in double quotes is special.
    /// What else is special in a regular expression stays so.
    ///
    /// # Errors
    /// There are more dots than what is looked for has names.
    pub(crate) fn parse(text: &str, names: &Names) -> Result<Self, String> {
        let most_dots = if names.schema.is_some() { 2 } else { 0 };
        let mut parts = vec![Part::default()];
        let mut quoted = false;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if c == '.' && !quoted {
                parts.push(Part::default());
                continue;
            }
            let Some(part) = parts.last_mut() else { break };
            match c {
                '"' if quoted && chars.next_if_eq(&'"').is_some() => part.push('"', false),
                '"' => quoted = !quoted,
                _ if quoted => part.push(c, "|*+?()[]{}.^$\\".contains(c)),
                '*' | '?' => part.wildcard(c),
                // An array type's name is meant far more often than a set of characters.
                '[' => part.push(c, chars.peek() == Some(&']')),
                _ => part.push(c.to_ascii_lowercase(), c == '$'),
            }
        }
        if parts.len() > most_dots + 1 {
            return Err(format!(
                "improper qualified name (too many dotted names): {text}"
            ));
        }
        let name = parts.pop().unwrap_or_default().expression;
        let schema = parts.pop().map(|part| part.expression);
        let database = parts.pop().map(|part| part.text);
        Ok(Pattern {
            database,
            schema,
            name,
        })
    }

    /// The same for names that are here.
    ///
    /// # Errors
    /// A part is no regular expression.
    pub(crate) fn meant(&self) -> Result<Meant, String> {
        let whole = |part: &str| Regex::new(&format!("(?i)^(?:{part})$"));
        let read = || {
            Ok::<_, regex::Error>(Meant {
                schema: self.schema.as_deref().map(whole).transpose()?,
                name: whole(&self.name)?,
            })
        };
        read().map_err(|error| format!("invalid regular expression: {error}"))
    }

    /// The condition under which a row is meant; without a pattern, all that is visible is.
    pub(crate) fn condition(pattern: Option<&Pattern>, names: &Names) -> String {
        let mut all = Vec::new();
        if let Some(pattern) = pattern.filter(|pattern| pattern.name != ".*") {
            let name = like(names.name, &pattern.name);
            all.push(match names.or {
                Some(other) => format!("({name} or {})", like(other, &pattern.name)),
                None => name,
            });
        }
        let schema = pattern.and_then(|pattern| pattern.schema.as_deref());
        match (schema, names.schema) {
            (Some(".*"), _) => {}
            (Some(schema), Some(named)) => all.push(like(named, schema)),
            _ => all.extend(names.visible.map(str::to_owned)),
        }
        match all.is_empty() {
            true => "true".into(),
            false => all.join("\n  and "),
        }
    }
}

/// What a pattern means, where the names are here and not in a server.
pub(crate) struct Meant {
    schema: Option<Regex>,
    name: Regex,
}

impl Meant {
    /// Whether it means this. Letters of any case do: who keeps names here is a server that may keep
    /// them as they were written.
    pub(crate) fn has(&self, schema: Option<&str>, name: &str) -> bool {
        let of_schema = |wanted: &Regex| wanted.is_match(schema.unwrap_or_default());
        self.name.is_match(name) && self.schema.as_ref().is_none_or(of_schema)
    }
}

/// The collation is named because `name` and `text` columns differ in theirs.
fn like(expression: &str, pattern: &str) -> String {
    format!(
        "{expression} operator(pg_catalog.~) {} collate pg_catalog.default",
        literal(&format!("^({pattern})$")).trim_start()
    )
}

/// One name of a pattern.
#[derive(Default)]
struct Part {
    /// As a regular expression.
    expression: String,
    /// As a plain name.
    text: String,
}

impl Part {
    fn push(&mut self, c: char, escape: bool) {
        if escape {
            self.expression.push('\\');
        }
        self.expression.push(c);
        self.text.push(c);
    }

    fn wildcard(&mut self, c: char) {
        self.expression.push_str(if c == '*' { ".*" } else { "." });
        self.text.push(c);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const TABLES: Names = Names {
        schema: Some("s"),
        name: "t",
        or: None,
        visible: Some("visible"),
    };
    const ROLES: Names = Names {
        schema: None,
        name: "r",
        or: None,
        visible: None,
    };

    #[track_caller]
    fn check(text: &str, database: Option<&str>, schema: Option<&str>, name: &str) {
        let expected = Pattern {
            database: database.map(str::to_owned),
            schema: schema.map(str::to_owned),
            name: name.to_owned(),
        };
        assert_eq!(Pattern::parse(text, &TABLES), Ok(expected));
    }

    #[test]
    fn dots_part_the_names() {
        check("people", None, None, "people");
        check("shop.people", None, Some("shop"), "people");
        check("sales.shop.people", Some("sales"), Some("shop"), "people");
        check(r#""a.b".c"#, None, Some(r"a\.b"), "c");
        check("people.", None, Some("people"), "");
        check(".people", None, Some(""), "people");
        check("", None, None, "");
    }

    #[test]
    fn names_that_are_here_are_meant_alike() {
        let has = |pattern: &str, schema, name| {
            let pattern = Pattern::parse(pattern, &TABLES).unwrap();
            pattern.meant().unwrap().has(Some(schema), name)
        };
        assert!(has("people", "main", "people") && has("people", "main", "People"));
        assert!(has("peo*", "main", "people") && has("p?ople|pets", "main", "people"));
        assert!(has("ma*.*", "main", "people") && has("\"a.b\"", "main", "a.b"));
        assert!(!has("people", "main", "people2") && !has("shop.*", "main", "people"));
        assert!(!has("\"a.b\"", "main", "acb"));
        let wrong = Pattern::parse("a[", &TABLES).unwrap();
        assert!(wrong.meant().is_err());
    }

    #[test]
    fn unquoted_names_are_folded() {
        check("People", None, None, "people");
        check(r#""People""#, None, None, "People");
        check(r#"MIXED"Case"MORE"#, None, None, "mixedCasemore");
        check("ÄRGER", None, None, "Ärger");
        check(r#""say ""hi""""#, None, None, r#"say "hi""#);
    }

    #[test]
    fn wildcards_become_expressions() {
        check("p*", None, None, "p.*");
        check("p?o", None, None, "p.o");
        check(r#""p*""#, None, None, r"p\*");
        check("*.*", None, Some(".*"), ".*");
        check("a|b", None, None, "a|b");
        check("[ab]x", None, None, "[ab]x");
        check("int[]", None, None, r"int\[]");
        check("a$b", None, None, r"a\$b");
        check(r#""a$b|c""#, None, None, r"a\$b\|c");
    }

    #[test]
    fn a_database_is_a_name() {
        check(r#""My.DB".S.T"#, Some("My.DB"), Some("s"), "t");
        check("D*B.s.t", Some("d*b"), Some("s"), "t");
    }

    #[test]
    fn too_many_dots_are_refused() {
        let why = Pattern::parse("a.b.c.d", &TABLES).unwrap_err();
        assert_eq!(
            why,
            "improper qualified name (too many dotted names): a.b.c.d"
        );
        assert!(Pattern::parse("a.b", &ROLES).is_err());
        assert!(Pattern::parse(r#""a.b""#, &ROLES).is_ok());
    }

    #[track_caller]
    fn check_condition(text: Option<&str>, names: &Names, expected: &str) {
        let pattern = text.map(|text| Pattern::parse(text, names).unwrap());
        assert_eq!(Pattern::condition(pattern.as_ref(), names), expected);
    }

    #[test]
    fn a_condition_names_what_is_meant() {
        const NAME: &str = "t operator(pg_catalog.~) '^(p)$' collate pg_catalog.default";
        const SCHEMA: &str = "s operator(pg_catalog.~) '^(x)$' collate pg_catalog.default";
        check_condition(None, &TABLES, "visible");
        check_condition(None, &ROLES, "true");
        check_condition(Some("p"), &TABLES, &format!("{NAME}\n  and visible"));
        check_condition(Some("x.p"), &TABLES, &format!("{NAME}\n  and {SCHEMA}"));
        check_condition(Some("x.*"), &TABLES, SCHEMA);
        check_condition(Some("*.*"), &TABLES, "true");
        let either = Names {
            or: Some("u"),
            ..TABLES
        };
        let other = NAME.replacen('t', "u", 1);
        check_condition(Some("*.p"), &either, &format!("({NAME} or {other})"));
    }

    #[test]
    fn quotes_and_backslashes_stay_in_the_literal() {
        let pattern = Pattern::parse(r"o'b\d", &ROLES).unwrap();
        assert_eq!(
            Pattern::condition(Some(&pattern), &ROLES),
            r"r operator(pg_catalog.~) E'^(o''b\\d)$' collate pg_catalog.default"
        );
    }
}
