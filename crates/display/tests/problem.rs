//! Problems as psql prints them: the lines were printed by psql 15.

use display::{Place, Problem};

/// An error with its place marked by `‸` in the cell.
fn error(code: &str, message: &str, cell: &str) -> Problem {
    Problem {
        place: cell.find('‸').map(|offset| Place {
            text: cell.replace('‸', ""),
            offset,
        }),
        ..Problem::server("ERROR", code, message)
    }
}

fn check(problem: Problem, expected: &[&str]) {
    assert_eq!(problem.text().split('\n').collect::<Vec<_>>(), expected);
}

#[test]
fn the_line_is_counted_in_the_cell() {
    let missing = "column \"foo\" does not exist";
    check(
        error("42703", missing, "select 1,\n  2,\n\t‸foo\nfrom x;"),
        &[
            "ERROR:  column \"foo\" does not exist",
            "LINE 3:  foo",
            "         ^",
        ],
    );
    let line = |cell: &str| {
        error("42703", missing, cell)
            .place
            .map(|place| place.line())
    };
    assert_eq!(line("‸foo"), Some(1));
    assert_eq!(line("select 1;\r\nselect\r\n  ‸foo;"), Some(3));
    assert_eq!(line("select 1\rfrom\r‸foo"), Some(3));
    assert_eq!(line("a\n\n‸"), Some(3));
}

#[test]
fn a_long_line_is_cut_around_the_place() {
    let ones = |n| "1, ".repeat(n);
    let missing = "column \"foo\" does not exist";
    check(
        error(
            "42703",
            missing,
            &format!("select {}‸foo, {}1;", ones(20), ones(7)),
        ),
        &[
            "ERROR:  column \"foo\" does not exist",
            "LINE 1: ..., 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, foo, 1, 1,...",
            "                                                             ^",
        ],
    );
    check(
        error("42703", missing, &format!("select ‸foo, {}1;", ones(19))),
        &[
            "ERROR:  column \"foo\" does not exist",
            "LINE 1: select foo, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, ...",
            "               ^",
        ],
    );
}

#[test]
fn wide_characters_take_two_columns() {
    check(
        error(
            "42703",
            "column \"föö\" does not exist",
            "select '日本語', ‸föö;",
        ),
        &[
            "ERROR:  column \"föö\" does not exist",
            "LINE 1: select '日本語', föö;",
            "                         ^",
        ],
    );
}

#[test]
fn fields_follow_in_order() {
    check(
        Problem {
            detail: Some("Key (a)=(1) already exists.".into()),
            ..error(
                "23505",
                "duplicate key value violates unique constraint \"pk_pkey\"",
                "",
            )
        },
        &[
            "ERROR:  duplicate key value violates unique constraint \"pk_pkey\"",
            "DETAIL:  Key (a)=(1) already exists.",
        ],
    );
    check(
        Problem {
            query: Some("SELECT foo from nix".into()),
            context: Some("PL/pgSQL function inline_code_block line 1 at PERFORM".into()),
            ..error(
                "42P01",
                "relation \"nix\" does not exist",
                "SELECT foo from ‸nix",
            )
        },
        &[
            "ERROR:  relation \"nix\" does not exist",
            "LINE 1: SELECT foo from nix",
            "                        ^",
            "QUERY:  SELECT foo from nix",
            "CONTEXT:  PL/pgSQL function inline_code_block line 1 at PERFORM",
        ],
    );
    check(
        Problem {
            hint: Some("h".into()),
            ..Problem::server("WARNING", "01000", "there")
        },
        &["WARNING:  there", "HINT:  h"],
    );
}

#[test]
fn advice_stands_apart() {
    let mut problem = Problem::new("UnknownCommand", "there is no %tabels");
    problem.advice = vec!["%tables lists the tables".into()];
    check(
        problem,
        &[
            "ERROR:  there is no %tabels",
            "",
            "→ %tables lists the tables",
        ],
    );
}

#[test]
fn problems_have_names() {
    let name = |code| Problem::server("ERROR", code, "").name;
    assert_eq!(name("42P01"), "42P01 undefined_table");
    assert_eq!(name("ZZ999"), "ZZ999");
}

#[test]
fn a_traceback_has_colours_of_its_own_only() {
    let problem = error(
        "22P02",
        "invalid: \"\u{1B}[2J\"",
        "select ‸'\u{1B}[2J'::int",
    );
    assert_eq!(
        problem.traceback(),
        [
            "\u{1B}[1mERROR:\u{1B}[0m  invalid: \"\\x1B[2J\"",
            // One sign for one character: the caret stays where it belongs.
            "LINE 1: select '␛[2J'::int",
            "\u{1B}[31m               ^\u{1B}[0m",
        ]
    );
}

#[test]
fn a_nul_is_seen() {
    let text = error("42601", "a NUL character", "select 'a‸\0b'").text();
    assert!(
        text.ends_with("\nLINE 1: select 'a␀b'\n                 ^"),
        "{text}"
    );
}

#[test]
fn a_place_outside_of_the_text_is_no_place() {
    for offset in [2, 100] {
        let place = Place {
            text: "ä日".into(),
            offset,
        };
        assert!(place.line() == 1);
        let problem = Problem {
            place: Some(place),
            ..error("42601", "x", "")
        };
        let expected = ["LINE 1: ä日", "         ^"];
        let lines: Vec<_> = problem.text().lines().skip(1).map(String::from).collect();
        assert!(
            if offset == 2 {
                lines == expected
            } else {
                lines.is_empty()
            },
            "{lines:?}"
        );
    }
    let inside_a_character = Place {
        text: "日".into(),
        offset: 1,
    };
    let problem = Problem {
        place: Some(inside_a_character),
        ..error("42601", "x", "")
    };
    check(problem, &["ERROR:  x"]);
}
