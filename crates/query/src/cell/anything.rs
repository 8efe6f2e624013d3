//! Nothing that can be typed breaks the reading of a cell: no panic, an end, and places that are in
//! the cell.

#![allow(clippy::unwrap_used)]

use super::tests::{arguments, read};
use super::*;
use crate::split::leading_words;

/// Whatever is typed: no panic, an end, and places that are in the cell and in order.
#[test]
fn anything_typed() {
    const PIECES: &[&str] = &[
        "'",
        "\"",
        "`",
        "$",
        "$$",
        "$a$",
        "E'",
        "U&\"",
        "/*",
        "*/",
        "--",
        "\n",
        "\r\n",
        " ",
        ";",
        "(",
        ")",
        "\\",
        "\\;",
        "\\:",
        "\\\\",
        "\\g",
        "\\echo ",
        "\\set a ",
        "\\set b ",
        ":a",
        ":b",
        ":'a'",
        ":\"b\"",
        ":{?a}",
        ":",
        "%",
        "%%a",
        "\u{feff}",
        "\0",
        "é",
        "日本",
        "😀",
        "\u{a0}",
        "1",
        "1e",
        "1é",
        "create ",
        "function ",
        "begin ",
        "end ",
        "case ",
        "a",
        "copy t from stdin;",
        "\\.",
        "\\3",
        "\\xf",
        "\t",
        "+-",
    ];
    // Numbers that look random and are the same in every run (xorshift).
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for _ in 0..20_000 {
        let text: String = (0..random(40))
            .map(|_| PIECES[random(PIECES.len())])
            .collect();
        let dialect = Dialect {
            standard_conforming_strings: random(4) > 0,
            spark: random(4) == 0,
        };
        walk(&text, dialect, random(2) == 0);
        completeness(&text, dialect);
        leading_words(&text, 5);
    }
}

fn walk(text: &str, dialect: Dialect, all_arguments: bool) {
    let mut variables = Variables::default();
    let mut cell = Cell::new(text);
    let (mut steps, mut read) = (0, 0);
    while let Some(step) = cell.next(&variables, dialect) {
        steps += 1;
        assert!(steps <= 4 * text.len() + 4, "no end: {text:?}");
        let at = match step {
            Ok(Step::Statement(statement)) => {
                if statement.reads_rows() {
                    assert!(text.get(cell.copy_data().range).is_some());
                }
                check_places(text, &statement);
                continue;
            }
            Ok(Step::Command { name, at }) => {
                let arguments = if all_arguments {
                    arguments(&mut cell, &variables)
                } else {
                    Ok(vec![])
                };
                match (name.as_str(), arguments.as_deref()) {
                    ("set", Ok([name, values @ ..])) => drop(variables.set(name, values.concat())),
                    ("g", _) => cell
                        .take()
                        .iter()
                        .for_each(|statement| check_places(text, statement)),
                    _ => {}
                }
                at
            }
            Ok(Step::Percent { at, .. } | Step::Block { at, .. }) => at,
            Err(unreadable) => {
                assert!(text.get(unreadable.at).is_some(), "{text:?}");
                assert_eq!(cell.next(&variables, dialect), None);
                return;
            }
        };
        assert!(
            text.get(at.clone()).is_some() && read <= at.end,
            "{at:?} in {text:?}"
        );
        read = at.end;
    }
}

fn check_places(text: &str, statement: &Statement) {
    assert!(text.get(statement.range()).is_some(), "{text:?}");
    let mut last = 0;
    for (at, typed) in statement.text.char_indices() {
        let place = statement.in_cell(at);
        assert!(
            last <= place && statement.range().contains(&place),
            "{text:?}"
        );
        assert!(text[place..].starts_with([typed, ':']), "{text:?}");
        last = place;
    }
}

#[test]
fn many_and_long() {
    let text = "select 'a;b', $$c$$ /* d */ from e;\n".repeat(10_000);
    assert_eq!(read(&text, Dialect::default()).len(), 10_000);
    let text = format!("select '{}'", "x".repeat(5 << 20));
    assert_eq!(read(&text, Dialect::default()), [text.as_str()]);
}
