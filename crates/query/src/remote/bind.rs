//! Parameters: each `$n` of a statement becomes a typed literal.
//!
//! One careful writer instead of the extended protocol, which not every server and pooler speaks:
//! the tokenizer finds the `$n` outside of strings, comments and dollar quotes, and what is written
//! in their places is one literal whatever is in it.

use db::Parameter;
use display::Problem;

use crate::split::tokens::{Inside, Token, token};
use crate::split::{Dialect, Statement};
use crate::variables;

/// The statement with its parameters written in; it knows which byte came from where.
pub(super) fn bind(
    sql: &str,
    parameters: &[Parameter],
    dialect: Dialect,
) -> Result<Statement, Problem> {
    let mut literals = Vec::with_capacity(parameters.len());
    for (index, parameter) in parameters.iter().enumerate() {
        literals.push(literal(index + 1, parameter, dialect)?);
    }
    let mut used = vec![false; parameters.len()];
    let mut statement = Statement::default();
    let mut at = 0;
    let mut inside: Option<Inside> = None;
    while let Some(rest) = sql.get(at..).filter(|rest| !rest.is_empty()) {
        let length = match &mut inside {
            Some(open) => {
                let (length, closed) = open.close(rest.as_bytes());
                if closed {
                    inside = None;
                }
                length
            }
            None => match token(rest.as_bytes(), dialect) {
                None => break,
                Some((Token::Other, length)) if rest.starts_with('$') && length > 1 => {
                    let number = rest.get(1..length).and_then(|digits| digits.parse().ok());
                    let place = number.and_then(|number: usize| number.checked_sub(1));
                    let known = place.and_then(|place| Some((place, literals.get(place)?)));
                    let (place, text) = known.ok_or_else(|| {
                        let what = rest.get(..length).unwrap_or_default();
                        wrong(format!(
                            "there is no parameter {what}: {} given",
                            count(parameters)
                        ))
                    })?;
                    if let Some(used) = used.get_mut(place) {
                        *used = true;
                    }
                    statement.push(text, at..at + length, false);
                    at += length;
                    continue;
                }
                Some((Token::Open(open), length)) => {
                    inside = Some(open);
                    length
                }
                Some((_, length)) => length,
            },
        };
        // A token ends between characters; a lone byte of a longer one stays with its character.
        let length = (length..)
            .find(|length| rest.is_char_boundary(*length))
            .unwrap_or(rest.len());
        statement.push(rest.get(..length).unwrap_or(rest), at..at + length, true);
        at += length;
    }
    match used.iter().position(|used| !used) {
        None => Ok(statement),
        Some(unused) => Err(wrong(format!(
            "{} given, and the statement has no ${}",
            count(parameters),
            unused + 1
        ))),
    }
}

/// A parameter as a literal. The parentheses keep it from what stands around it: from a string on
/// the line before, of which it would be the continuation, and from a subscript.
fn literal(number: usize, parameter: &Parameter, dialect: Dialect) -> Result<String, Problem> {
    let text = match &parameter.text {
        None if dialect.spark => return Ok(" NULL".into()),
        None => "NULL".to_owned(),
        Some(text) if text.contains('\0') => {
            return Err(wrong(format!(
                "parameter ${number} has a character of code 0, which PostgreSQL's texts cannot have"
            )));
        }
        Some(text) if dialect.spark => {
            return Ok(format!(" {}", spark(text, parameter.cast.as_deref())));
        }
        Some(text) => variables::literal(text),
    };
    Ok(match &parameter.cast {
        None => format!("({text})"),
        Some(cast) => format!("({text}::{cast})"),
    })
}

/// A literal of Spark's: numbers and booleans bare, dates and times by their type, all else a text.
/// It reads a backslash as an escape, and two quotes as the end of one string and another one.
fn spark(text: &str, cast: Option<&str>) -> String {
    let quoted = format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
    let is_number = text.parse::<f64>().is_ok_and(f64::is_finite);
    match cast {
        Some("bool") => text.to_owned(),
        Some("int2" | "int4" | "int8" | "numeric" | "float4" | "float8") if is_number => {
            text.to_owned()
        }
        Some(cast @ ("date" | "timestamp")) => format!("CAST({quoted} AS {cast})"),
        Some("timestamptz") => format!("CAST({quoted} AS timestamp)"),
        _ => quoted,
    }
}

fn count(parameters: &[Parameter]) -> String {
    match parameters.len() {
        1 => "1 parameter was".into(),
        count => format!("{count} parameters were"),
    }
}

/// Refused before anything is sent.
fn wrong(why: String) -> Problem {
    let mut problem = Problem::server("ERROR", "08P01", why);
    problem.advice = vec!["Nothing was sent.".into()];
    problem
}

#[cfg(test)]
mod tests {
    use db::ToSql;

    use super::*;

    fn bound(sql: &str, parameters: &[&dyn ToSql], dialect: Dialect) -> Result<String, String> {
        let parameters: Vec<_> = parameters.iter().map(|value| value.parameter()).collect();
        match bind(sql, &parameters, dialect) {
            Ok(statement) => Ok(statement.text),
            Err(problem) => Err(problem.message),
        }
    }

    fn check(sql: &str, parameters: &[&dyn ToSql], expected: &str) {
        let bound = bound(sql, parameters, Dialect::default());
        assert_eq!(bound.as_deref(), Ok(expected), "{sql}");
    }

    #[test]
    fn parameters_are_literals() {
        check("select $1", &[&7], "select ('7'::int4)");
        check(
            "select $1+$2",
            &[&-7i64, &1.5],
            "select ('-7'::int8)+('1.5'::float8)",
        );
        check("select $1", &[&"it's"], "select ('it''s')");
        check("select $1", &[&"a\\'b"], "select ( E'a\\\\''b')");
        check("select $1", &[&None::<i32>], "select (NULL::int4)");
        check(
            "select $1",
            &[&vec![1, 2]],
            "select ('{\"1\",\"2\"}'::int4[])",
        );
        check(
            "select $2, $1, $2",
            &[&1, &"b"],
            "select ('b'), ('1'::int4), ('b')",
        );
        check("select '€'||$1", &[&"ü"], "select '€'||('ü')");
    }

    #[test]
    fn a_parameter_is_none_where_sql_has_none() {
        for sql in [
            "select '$1', \"$1\", $$ $1 $$, $a$ $1 $a$ -- $1",
            "select /* $1 /* $1 */ $1 */ 1",
            "select E'\\'$1', a$1, U&'$1'",
        ] {
            check(sql, &[], sql);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let refused = |sql: &str, parameters: &[&dyn ToSql], expected: &str| {
            let bound = bound(sql, parameters, Dialect::default());
            assert_eq!(bound, Err(expected.to_owned()));
        };
        refused(
            "select $2",
            &[&1],
            "there is no parameter $2: 1 parameter was given",
        );
        refused(
            "select $0",
            &[&1],
            "there is no parameter $0: 1 parameter was given",
        );
        refused(
            "select 1",
            &[&1],
            "1 parameter was given, and the statement has no $1",
        );
        refused(
            "select $1, $3",
            &[&1, &2, &3],
            "3 parameters were given, and the statement has no $2",
        );
        refused(
            "select $1",
            &[&"\0"],
            "parameter $1 has a character of code 0, which PostgreSQL's texts cannot have",
        );
    }

    #[test]
    fn other_dialects_read_the_same() {
        let spark = Dialect {
            standard_conforming_strings: false,
            spark: true,
        };
        let text = bound("select $1, $2", &[&"it's \\", &7], spark);
        assert_eq!(text.as_deref(), Ok("select  'it\\'s \\\\',  7"));
        // A backslash hides the quote after it there: the string goes on.
        let escapes = Dialect {
            standard_conforming_strings: false,
            spark: false,
        };
        let text = bound("select 'a\\'$1', $1", &[&"\\"], escapes);
        assert_eq!(text.as_deref(), Ok("select 'a\\'$1', ( E'\\\\')"));
    }
}
