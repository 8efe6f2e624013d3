//! What psql 15 makes of commands: every row of [`check`] was run through psql
//! itself, against a server that writes down what it is sent.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::cell::tests::check;
use crate::cell::{Cell, Step};
use crate::split::Dialect;

/// Backslashes: \; keeps statements together, others begin a command.
#[test]
fn commands_between_statements() {
    check(
        r"select 1\; select 2; select 3",
        &["select 1; select 2;", "select 3"],
    );
    check(r"select 1\;", &["select 1;"]);
    check(r"begin\; select 1\; commit;", &["begin; select 1; commit;"]);
    check(r"select 1 \: name;", &["select 1 : name;"]);
    check(r"select 1 \g", &["select 1"]);
    check("select 1 \\g\nselect 2 \\g", &["select 1", "select 2"]);
    check(r"select 1 \g select 2", &["select 1"]);
    check("select 1\\gx\n", &["select 1"]);
    check("select 1\n\\g\nselect 2;", &["select 1", "select 2;"]);
    check(
        "select '\\g'; select $$\\g$$ -- \\g\n; select 2",
        &[r"select '\g';", "select $$\\g$$ -- \\g\n;", "select 2"],
    );
    check(
        "select (1; 2 \\g\nselect 3;",
        &["select (1; 2", "select 3;"],
    );
    check(
        "select 1 \\echo a\n+ 2;",
        &[r"\echo [a]", "select 1 \n+ 2;"],
    );
    check(
        "select 1\n\\echo a\n+ 2;",
        &[r"\echo [a]", "select 1\n+ 2;"],
    );
    check(r"\echo a \\ select 1;", &[r"\echo [a]", "select 1;"]);
    check(r"\echo a \echo b", &[r"\echo [a]", r"\echo [b]"]);
    check(r"\echo a\\\echo b", &[r"\echo [a]", r"\echo [b]"]);
    check(r"\echo a\\select 1;", &[r"\echo [a]", "select 1;"]);
    check(
        "select 1; \\echo a\nselect 2;",
        &["select 1;", r"\echo [a]", "select 2;"],
    );
    check("select 1 \\r\nselect 2;", &["select 2;"]);
    check(
        "create function f() begin atomic \\r\nselect 1; select 2;",
        &["select 1;", "select 2;"],
    );
    check(r"select 1; \g", &["select 1;", "select 1;"]);
    check(r"select 1 \g \g \g", &["select 1", "select 1", "select 1"]);
}

/// Arguments of commands.
#[test]
fn arguments() {
    check(r"\echo", &[r"\echo []"]);
    check(r"\echo one two", &[r"\echo [one] [two]"]);
    check(r"\echo 'one two' three", &[r"\echo [one two] [three]"]);
    check(
        r"\echo 'it''s' 'a\tb\nc' '\x41\101\q'",
        &["\\echo [it's] [a\tb\nc] [AAq]"],
    );
    check(r"\echo '\303\251' '\xC3\xA9'", &[r"\echo [é] [é]"]);
    check(
        r#"\echo "a b" "c""d" a"b"c"#,
        &[r#"\echo ["a b"] ["c""d"] [a"b"c]"#],
    );
    check(r#"\echo a'b'c 'a'"b""#, &[r#"\echo [abc] [a"b"]"#]);
    check(
        r"\echo -- not a comment /* nor this */",
        &[r"\echo [--] [not] [a] [comment] [/*] [nor] [this] [*/]"],
    );
    check(
        r"\echo select 1; select 2;",
        &[r"\echo [select] [1;] [select] [2;]"],
    );
    check(r"\echo 1;", &[r"\echo [1;]"]);
    check(r"\echo 'a''' '' ''", &[r"\echo [a'] [] []"]);
    check("\\echo a\tb\rc", &[r"\echo [a] [b] [c]"]);
    check(r"\echo :: :=: : a:b", &[r"\echo [::] [:=:] [:] [a:b]"]);
}

/// The ways to read an argument.
#[test]
fn kinds() {
    let read = |text: &str, kind| {
        let mut cell = Cell::new(text);
        let variables = Variables::default();
        assert!(matches!(
            cell.next(&variables, Dialect::default()),
            Some(Ok(Step::Command { .. }))
        ));
        let argument = cell.argument(&variables, kind).unwrap();
        argument.map(|argument| {
            format!(
                "{} {} {}",
                argument.text, &text[argument.at], argument.quoted
            )
        })
    };
    let is = |text: &str| Some(text.to_owned());
    assert_eq!(read(r"\x on;", Kind::Normal), is("on; on; false"));
    assert_eq!(read(r"\x on;;", Kind::Lenient), is("on on;; false"));
    assert_eq!(read(r"\x 'on;';", Kind::Lenient), is("on; 'on;'; true"));
    assert_eq!(read(r"\x ;", Kind::Lenient), None);
    assert_eq!(read(r"\x", Kind::Normal), None);
    assert_eq!(read(r"\echo '-n'", Kind::Normal), is("-n '-n' true"));
    assert_eq!(
        read(r#"\c Prod."Big One"X"a""b";"#, Kind::Identifier),
        is(r#"prod.Big Onexa"b Prod."Big One"X"a""b"; true"#)
    );
    assert_eq!(
        read("\\h  create table \\x  \r\nselect 1", Kind::WholeLine),
        is("create table \\x create table \\x  \r false")
    );
    assert_eq!(read(r"\h   ", Kind::WholeLine), None);
}

#[test]
fn refusals() {
    check(r"\echo 'a", &[r#"UnclosedArgument('\'') at "'""#]);
    check("\\echo \"a\nb\"", &[r#"UnclosedArgument('"') at "\"""#]);
    check(r"\echo a'b\'", &[r#"UnclosedArgument('\'') at "'""#]);
    check(r"\echo `date`", &[r#"Backtick at "`""#]);
    check(r"\echo `date", &[r#"UnclosedArgument('`') at "`""#]);
    check(r"\echo a '\377'", &[r#"NotText at "'\\377'""#]);
    check(r"\echo a '\000' b", &[r#"NotText at "'\\000'""#]);
}

/// What a command does not read is passed over, but no open quote is.
#[test]
fn unread_arguments() {
    let steps = |text: &str| {
        let mut cell = Cell::new(text);
        std::iter::from_fn(|| cell.next(&Variables::default(), Dialect::default()))
            .map(|step| match step {
                Ok(Step::Command { name, at }) => format!("{name} {at:?}"),
                Ok(Step::Statement(statement)) => statement.text,
                Ok(step) => panic!("{step:?}"),
                Err(unreadable) => unreadable.to_string(),
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        steps("\\x a 'b' `c` \\\\ select 1;\n\\y"),
        ["x 0..2", "select 1;", "y 26..28"]
    );
    assert_eq!(steps(r"\x a\y b"), ["x 0..2", "y 4..6"]);
    assert_eq!(
        steps("\\x 'a\nselect 1"),
        [
            "x 0..2",
            "unterminated quoted string: the ' opened here must be closed on its line"
        ]
    );
}
