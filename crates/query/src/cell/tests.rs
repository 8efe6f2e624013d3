//! How cells are read: steps, places and errors, and that nothing breaks the reading.

#![allow(clippy::unwrap_used)]

use super::*;

/// Reads a cell to its end, runs those of its commands that change how it is read, and writes each
/// step as one line of text.
pub(crate) fn read(text: &str, dialect: Dialect) -> Vec<String> {
    let mut cell = Cell::new(text);
    let mut variables = Variables::default();
    let (mut steps, mut last) = (Vec::new(), None);
    while let Some(step) = cell.next(&variables, dialect) {
        match step {
            Ok(Step::Statement(statement)) => {
                steps.push(statement.text.clone());
                last = Some(statement);
            }
            Ok(Step::Command { name, .. }) => {
                let arguments = match arguments(&mut cell, &variables) {
                    Ok(arguments) => arguments,
                    Err(unreadable) => {
                        steps.push(refused(text, &unreadable));
                        return steps;
                    }
                };
                match (name.as_str(), arguments.as_slice()) {
                    ("set", [name, values @ ..]) => variables.set(name, values.concat()).unwrap(),
                    ("unset", [name]) => variables.unset(name).unwrap(),
                    ("r", _) => drop(cell.take()),
                    ("g" | "gx", _) => {
                        last = cell.take().or(last);
                        steps.extend(last.as_ref().map(|statement| statement.text.clone()));
                    }
                    _ => steps.push(format!("\\{name} [{}]", arguments.join("] ["))),
                }
            }
            Ok(Step::Percent { name, rest, .. }) => steps.push(format!("%{name} [{rest}]")),
            Ok(Step::Block {
                name, rest, body, ..
            }) => {
                steps.push(format!("%%{name} [{rest}] {body:?}"));
            }
            Err(unreadable) => steps.push(refused(text, &unreadable)),
        }
    }
    steps
}

pub(super) fn arguments(cell: &mut Cell, variables: &Variables) -> Result<Vec<String>, Unreadable> {
    std::iter::from_fn(|| cell.argument(variables, Kind::Normal).transpose())
        .map(|argument| argument.map(|argument| argument.text))
        .collect()
}

fn refused(text: &str, unreadable: &Unreadable) -> String {
    format!(
        "{:?} at {:?}",
        unreadable.fault,
        &text[unreadable.at.clone()]
    )
}

#[track_caller]
pub(crate) fn check(text: &str, expected: &[&str]) {
    assert_eq!(read(text, Dialect::default()), expected, "{text}");
}

/// `%` lines count at the start of a line where no statement is begun.
#[test]
fn percent_lines() {
    check("%connect local", &["%connect [local]"]);
    check(
        "  %connect  host=a  \r\nselect 1;\n%use b",
        &["%connect [host=a]", "select 1;", "%use [b]"],
    );
    check(
        "%a\n%b\n\n\\echo c\n%d",
        &["%a []", "%b []", r"\echo [c]", "%d []"],
    );
    check("-- about\n/* it */\n%a 'x; y", &["%a ['x; y]"]);
    check(
        "/* kept */\n%a\nselect 1;",
        &["%a []", "/* kept */\n\nselect 1;"],
    );
    check("select 10\n% 3", &["select 10\n% 3"]);
    check("select 10\n%name 3;", &["select 10\n%name 3;"]);
    check(
        "select 'a\n%b'; select $$\n%c\n$$; /*\n%d */",
        &["select 'a\n%b';", "select $$\n%c\n$$;"],
    );
    check("select 1; %a", &["select 1;", "%a"]);
    check("/* a */ %a", &["/* a */ %a"]);
    check("(\n%a", &["(\n%a"]);
    check("\u{feff}%a é", &["%a [é]"]);
    check("% \n%", &["% []", "% []"]);
    check("\\set a '%b'\n:a", &["%b"]);
    check(
        "select 1;\n%%sql",
        &["select 1;", r#"LateBlock at "%%sql""#],
    );
}

#[test]
fn blocks() {
    check("%%sql", &[r#"%%sql [] """#]);
    check(
        "\n \r\n %%sql --limit 5 \r\nselect ';\n\n",
        &[r#"%%sql [--limit 5] "select ';\n\n""#],
    );
    check(
        "\u{feff}%%rust\nlet a = '\0';",
        &[r#"%%rust [] "let a = '\0';""#],
    );
    check("-- a\n%%sql", &[r#"LateBlock at "%%sql""#]);
}

#[test]
fn a_pasted_psql_command_goes_on_over_lines() {
    check(
        "%connect psql -h db \\\n -p 80 as a\nselect 1",
        &["%connect [psql -h db \\\n -p 80 as a]", "select 1"],
    );
    check(
        "%connect psql 'host=db\nport=80'\n%use a",
        &["%connect [psql 'host=db\nport=80']", "%use [a]"],
    );
    check(
        "%connect psql 'host=db\n%use a",
        &["%connect [psql 'host=db]", "%use [a]"],
    );
    check(
        "%connect host=db password='a\n%use a",
        &["%connect [host=db password='a]", "%use [a]"],
    );
}

#[test]
fn a_block_entered() {
    let text = "\n%%sql --limit 5\nselect 1;\n%a\n";
    let mut cell = Cell::new(text);
    let (variables, dialect) = (Variables::default(), Dialect::default());
    let Some(Ok(Step::Block { at, .. })) = cell.next(&variables, dialect) else {
        panic!("a block")
    };
    assert_eq!(at, 1..16);
    cell.enter(&at);
    let Some(Ok(Step::Statement(statement))) = cell.next(&variables, dialect) else {
        panic!("SQL")
    };
    assert_eq!(
        (statement.text.as_str(), statement.range()),
        ("select 1;", 17..26)
    );
    assert!(matches!(
        cell.next(&variables, dialect),
        Some(Ok(Step::Percent { name: "a", .. }))
    ));
    assert_eq!(cell.next(&variables, dialect), None);
}

#[test]
fn unclosed() {
    check(
        "select 1; select 'a; select 2",
        &["select 1;", r#"Unclosed("'") at "'""#],
    );
    check("select E'a\\'; select 2", &[r#"Unclosed("'") at "E'""#]);
    check("select \"a; select 2", &[r#"Unclosed("\"") at "\"""#]);
    check("select $a$ $$ ; select 2", &[r#"Unclosed("$a$") at "$a$""#]);
    check("select /* /* */ ; select 2", &[r#"Unclosed("/*") at "/*""#]);
    check("/* \n%a\n\\echo b", &[r#"Unclosed("/*") at "/*""#]);
    check(
        "\\set a '''b'\nselect :a; select 2",
        &[r#"Unclosed("'") at ":a""#],
    );
    let message = |opened: &str| {
        Unreadable {
            fault: Fault::Unclosed(opened.to_owned()),
            at: 0..1,
        }
        .to_string()
    };
    assert_eq!(
        message("'"),
        "unterminated quoted string: the ' opened here has no ' that closes it"
    );
    assert_eq!(
        message("/*"),
        "unterminated /* comment: the /* opened here has no */ that closes it"
    );
    assert_eq!(
        message("$a$"),
        "unterminated dollar-quoted string: the $a$ opened here has no $a$ that closes it"
    );
}

/// Nothing runs of a cell that holds a NUL.
#[test]
fn nul() {
    check("select 1; select '\0'", &[r#"Nul at "\0""#]);
}

#[test]
fn copy_data() {
    let (variables, dialect) = (Variables::default(), Dialect::default());
    let text = "copy a from stdin; copy b from stdin; select 1;\n1;'\n\\.\n2\n \\.\n\\.\r\nselect 2;\ncopy c from stdin;\n3";
    let mut cell = Cell::new(text);
    let mut steps = Vec::new();
    while let Some(Ok(Step::Statement(statement))) = cell.next(&variables, dialect) {
        if statement.reads_rows() {
            let data = cell.copy_data();
            steps.push(format!("{:?} {}", &text[data.range], data.ended));
        }
        steps.push(text[statement.range()].to_owned());
    }
    assert_eq!(
        steps,
        [
            r#""1;'\n" true"#,
            "copy a from stdin;",
            r#""2\n \\.\n" true"#,
            "copy b from stdin;",
            "select 1;",
            "select 2;",
            r#""3" false"#,
            "copy c from stdin;",
        ]
    );
}

/// A statement before a command is there to be shown, sent or forgotten, and else goes on.
#[test]
fn begun_statements() {
    let (variables, dialect) = (Variables::default(), Dialect::default());
    let mut cell = Cell::new("select (1 \\p\n+ 1; \\g\n/* a */ \\p\n\\g");
    let begun = |cell: &mut Cell| {
        assert!(matches!(
            cell.next(&variables, dialect),
            Some(Ok(Step::Command { .. }))
        ));
        cell.begun().map(|statement| statement.text.clone())
    };
    assert_eq!(begun(&mut cell).as_deref(), Some("select (1 "));
    assert_eq!(begun(&mut cell).as_deref(), Some("select (1 \n+ 1; "));
    assert_eq!(
        cell.take().map(|statement| statement.text).as_deref(),
        Some("select (1 \n+ 1;")
    );
    assert_eq!(begun(&mut cell), None);
    assert_eq!(begun(&mut cell), None);
    assert_eq!(
        cell.take().map(|statement| statement.text).as_deref(),
        Some("/* a */")
    );
    assert_eq!(cell.next(&variables, dialect), None);
}

/// Every byte sent leads back to the cell: of a variable's value, to the variable.
#[test]
fn places() {
    let text = "-- é\n select :a,\\; :'b' \\echo hi\n from t ;";
    let mut variables = Variables::default();
    variables.set("a", "1 + x").unwrap();
    variables.set("b", "it's").unwrap();
    let mut cell = Cell::new(text);
    assert!(cell.next(&variables, Dialect::default()).is_some());
    let Some(Ok(Step::Statement(statement))) = cell.next(&variables, Dialect::default()) else {
        panic!("a statement")
    };
    assert_eq!(statement.text, "select 1 + x,; 'it''s' \n from t ;");
    assert_eq!(
        &text[statement.range()],
        "select :a,\\; :'b' \\echo hi\n from t ;"
    );
    for (sent, typed) in [
        ("select", "select"),
        ("x,", ":a"),
        ("; '", "; :"),
        ("s' ", ":'b'"),
        ("from", "from"),
    ] {
        let at = statement.text.find(sent).unwrap();
        assert!(text[statement.in_cell(at)..].starts_with(typed), "{sent}");
    }
    assert_eq!(statement.in_cell(statement.text.len()), text.len());
}

#[test]
fn completeness_at_a_console() {
    use Completeness::{Complete, Incomplete, Invalid};
    for (text, expected) in [
        ("", Complete),
        ("-- a", Complete),
        ("/* a */", Complete),
        ("select 1;", Complete),
        ("select 1; -- b", Complete),
        ("select 1", Incomplete),
        ("select 1; select 2", Incomplete),
        ("select 'a;", Incomplete),
        ("select (1;", Incomplete),
        ("select $$;", Incomplete),
        ("/* a", Incomplete),
        ("create function f() begin atomic select 1;", Incomplete),
        ("create function f() begin atomic select 1; end;", Complete),
        (r"\d", Complete),
        (r"\echo 'a b' c", Complete),
        (r"select 1 \g", Complete),
        (r"select 1 \gx", Complete),
        (r"select 1 \echo a", Incomplete),
        (r"\echo 'a", Invalid),
        ("%connect local", Complete),
        ("select 1\n%connect", Incomplete),
        ("select 1;\n%%sql", Invalid),
        ("select '\0'", Invalid),
        ("%%sql", Incomplete),
        ("%%sql\n", Incomplete),
        ("%%sql\nselect 1", Incomplete),
        ("%%sql\nselect 1\n", Complete),
        ("copy t from stdin;\n1", Incomplete),
        ("copy t from stdin;\n1\n\\.", Complete),
    ] {
        assert_eq!(completeness(text, Dialect::default()), expected, "{text}");
    }
}
