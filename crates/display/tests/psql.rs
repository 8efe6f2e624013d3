//! Tables as psql prints them: every expectation was printed by psql 15, but for what is our own,
//! the line that says what part is shown.

use display::Kind::{Boolean, Number, Text};
use display::{Column, Expanded, Format, Kind, Print, Table};

/// Stands for NULL in the rows below.
const NULL: &str = "␀";

fn check(table: Table, print: Print, expected: &[&str]) {
    assert_eq!(table.text(&print).split('\n').collect::<Vec<_>>(), expected);
}

fn table(columns: &[(&str, Kind)], rows: &[&[&str]]) -> Table {
    let column = |&(name, kind): &(&str, Kind)| Column::new(name, "", kind);
    let value = |&value: &&str| (value != NULL).then(|| value.to_string());
    Table::new(
        columns.iter().map(column).collect(),
        rows.iter()
            .map(|row| row.iter().map(value).collect())
            .collect(),
    )
}

#[test]
fn values_are_aligned_by_type() {
    check(
        table(
            &[
                ("id", Number),
                ("name", Text),
                ("amount", Number),
                ("even", Boolean),
            ],
            &[&["1", "Ada", "1.5", "f"], &["22", NULL, "-10.25", "t"]],
        ),
        Print::default(),
        &[
            " id | name | amount | even ",
            "----+------+--------+------",
            "  1 | Ada  |    1.5 | f",
            " 22 |      | -10.25 | t",
            "(2 rows)",
        ],
    );
}

#[test]
fn one_row() {
    check(
        table(&[("a", Number)], &[&["1"]]),
        Print::default(),
        &[" a ", "---", " 1", "(1 row)"],
    );
}

#[test]
fn no_rows() {
    check(
        table(&[("id", Number), ("name", Text)], &[]),
        Print::default(),
        &[" id | name ", "----+------", "(0 rows)"],
    );
}

#[test]
fn no_columns() {
    check(table(&[], &[&[]]), Print::default(), &["--", "(1 row)"]);
}

#[test]
fn no_columns_three_rows() {
    check(
        table(&[], &[&[], &[], &[]]),
        Print::default(),
        &["--", "(3 rows)"],
    );
}

#[test]
fn names_are_centred() {
    check(
        table(&[("long_name", Text), ("x", Text)], &[&["a", "long value"]]),
        Print::default(),
        &[
            " long_name |     x      ",
            "-----------+------------",
            " a         | long value",
            "(1 row)",
        ],
    );
}

#[test]
fn lines_and_control_characters() {
    check(
        table(
            &[("x", Text), ("h\nk", Number), ("y", Text)],
            &[&["a\nb", "1", "q\rw\tz\u{1}"]],
        ),
        Print::default(),
        &[
            " x | h+|       y       ",
            "   | k |               ",
            "---+---+---------------",
            " a+| 1 | q\\rw    z\\x01",
            " b |   | ",
            "(1 row)",
        ],
    );
}

#[test]
fn last_column_has_no_spaces_behind() {
    check(
        table(&[("a", Text), ("t", Text)], &[&["b", "one\nlonger"]]),
        Print::default(),
        &[
            " a |   t    ",
            "---+--------",
            " b | one   +",
            "   | longer",
            "(1 row)",
        ],
    );
}

#[test]
fn wide_characters() {
    check(
        table(
            &[("名前", Text), ("n", Number)],
            &[
                &["日本語", "1"],
                &["e\u{301}", "2"],
                &["👨\u{200D}👩\u{200D}👧", "3"],
            ],
        ),
        Print::default(),
        &[
            "   名前   | n ",
            "----------+---",
            " 日本語   | 1",
            " e\u{301}        | 2",
            " 👨\u{200D}👩\u{200D}👧 | 3",
            "(3 rows)",
        ],
    );
}

#[test]
fn border_0() {
    check(
        table(
            &[("a", Number), ("b", Text), ("c", Text)],
            &[&["1", "x\ny", "z"]],
        ),
        Print {
            border: 0,
            ..Print::default()
        },
        &["a b c ", "- - -", "1 x+z", "  y ", "(1 row)"],
    );
}

#[test]
fn border_2() {
    check(
        table(
            &[("a", Number), ("b", Text), ("c", Text)],
            &[&["1", "x\ny", NULL]],
        ),
        Print {
            border: 2,
            null: "∅".into(),
            ..Print::default()
        },
        &[
            "+---+---+---+",
            "| a | b | c |",
            "+---+---+---+",
            "| 1 | x+| ∅ |",
            "|   | y |   |",
            "+---+---+---+",
            "(1 row)",
        ],
    );
}

#[test]
fn tuples_only() {
    check(
        table(&[("a", Number), ("b", Text)], &[&["1", "x"]]),
        Print {
            tuples_only: true,
            ..Print::default()
        },
        &[" 1 | x"],
    );
}

#[test]
fn no_footer() {
    check(
        table(&[("a", Number)], &[&["1"]]),
        Print {
            footer: false,
            ..Print::default()
        },
        &[" a ", "---", " 1"],
    );
}

#[test]
fn expanded() {
    check(
        table(
            &[("id", Number), ("b", Text), ("name", Text)],
            &[&["1", "x\ny", NULL], &["1", "x\ny", NULL]],
        ),
        Print {
            expanded: Expanded::On,
            ..Print::default()
        },
        &[
            "-[ RECORD 1 ]",
            "id   | 1",
            "b    | x+",
            "     | y",
            "name | ",
            "-[ RECORD 2 ]",
            "id   | 1",
            "b    | x+",
            "     | y",
            "name | ",
        ],
    );
}

#[test]
fn expanded_long_names() {
    check(
        table(
            &[("a rather long name", Number), ("two\nlines", Number)],
            &[&["1", "2"]],
        ),
        Print {
            expanded: Expanded::On,
            ..Print::default()
        },
        &[
            "-[ RECORD 1 ]------+--",
            "a rather long name | 1",
            "two               +| 2",
            "lines              |",
        ],
    );
}

#[test]
fn expanded_border_0() {
    check(
        table(&[("id", Number), ("b", Text)], &[&["1", "x\ny"]]),
        Print {
            expanded: Expanded::On,
            border: 0,
            ..Print::default()
        },
        &["* Record 1", "id 1", "b  x+", "   y"],
    );
}

#[test]
fn expanded_border_2() {
    check(
        table(&[("id", Number), ("b", Text)], &[&["1", "x\ny"]]),
        Print {
            expanded: Expanded::On,
            border: 2,
            ..Print::default()
        },
        &[
            "+-[ RECORD 1 ]-+",
            "| id | 1 |",
            "| b  | x+|",
            "|    | y |",
            "+----+---+",
        ],
    );
}

#[test]
fn expanded_no_rows() {
    check(
        table(&[("a", Number)], &[]),
        Print {
            expanded: Expanded::On,
            ..Print::default()
        },
        &["(0 rows)"],
    );
}

#[test]
fn expanded_tuples_only() {
    check(
        table(&[("a", Number), ("b", Text)], &[&["1", "x"], &["2", "x"]]),
        Print {
            expanded: Expanded::On,
            tuples_only: true,
            ..Print::default()
        },
        &["a | 1", "b | x", "--+--", "a | 2", "b | x"],
    );
}

#[test]
fn auto_narrow() {
    check(
        table(&[("a", Number), ("b", Text)], &[&["1", "x"]]),
        Print {
            expanded: Expanded::Auto,
            columns: 20,
            ..Print::default()
        },
        &[" a | b ", "---+---", " 1 | x", "(1 row)"],
    );
}

#[test]
fn auto_wide() {
    check(
        table(
            &[("a", Number), ("b", Text)],
            &[&["1", "twenty characters, no"]],
        ),
        Print {
            expanded: Expanded::Auto,
            columns: 20,
            ..Print::default()
        },
        &[
            "-[ RECORD 1 ]------------",
            "a | 1",
            "b | twenty characters, no",
        ],
    );
}

#[test]
fn unaligned() {
    check(
        table(
            &[("a", Number), ("b", Text), ("c", Text)],
            &[&["1", "x\ny", NULL]],
        ),
        Print {
            format: Format::Unaligned,
            null: "N".into(),
            ..Print::default()
        },
        &["a|b|c", "1|x", "y|N", "(1 row)"],
    );
}

#[test]
fn unaligned_expanded() {
    check(
        table(&[("a", Number), ("b", Text)], &[&["1", "x"], &["2", "x"]]),
        Print {
            format: Format::Unaligned,
            expanded: Expanded::On,
            ..Print::default()
        },
        &["a|1", "b|x", "", "a|2", "b|x"],
    );
}

#[test]
fn csv() {
    check(
        table(
            &[("a", Number), ("b,c", Text), ("d", Text), ("e", Text)],
            &[&["1", "x\ny", "say \"hi\"", "\\."]],
        ),
        Print {
            format: Format::Csv,
            ..Print::default()
        },
        &["a,\"b,c\",d,e", "1,\"x", "y\",\"say \"\"hi\"\"\",\"\\.\""],
    );
}

#[test]
fn csv_expanded() {
    check(
        table(&[("a", Number), ("b", Text)], &[&["1", "x,y"]]),
        Print {
            format: Format::Csv,
            expanded: Expanded::On,
            ..Print::default()
        },
        &["a,1", "b,\"x,y\""],
    );
}

#[test]
fn title_and_footers() {
    check(
        Table {
            title: Some("Table \"public.demo\"".into()),
            footers: Some(vec![
                "Indexes:".into(),
                "    \"demo_pkey\" PRIMARY KEY, btree (id)".into(),
            ]),
            ..table(
                &["Column", "Type", "Collation", "Nullable", "Default"].map(|name| (name, Text)),
                &[&["id", "integer", "", "not null", ""]],
            )
        },
        Print::default(),
        &[
            "                Table \"public.demo\"",
            " Column |  Type   | Collation | Nullable | Default ",
            "--------+---------+-----------+----------+---------",
            " id     | integer |           | not null | ",
            "Indexes:",
            "    \"demo_pkey\" PRIMARY KEY, btree (id)",
        ],
    );
}

#[test]
fn title_expanded() {
    check(
        Table {
            title: Some("Some title".into()),
            ..table(&[("a", Number), ("b", Text)], &[&["1", "x"]])
        },
        Print {
            expanded: Expanded::On,
            ..Print::default()
        },
        &["Some title", "-[ RECORD 1 ]", "a | 1", "b | x"],
    );
}

#[test]
fn a_cut_is_said_in_every_form() {
    let cut = || Table {
        total: 1_000_000,
        ..table(&[("n", Number)], &[&["1"], &["2"]])
    };
    let said = "(2 of 1000000 rows shown)";
    check(cut(), Print::default(), &[" n ", "---", " 1", " 2", said]);
    for (format, expanded, tuples_only) in [
        (Format::Aligned, Expanded::On, false),
        (Format::Aligned, Expanded::Off, true),
        (Format::Unaligned, Expanded::Off, false),
        (Format::Unaligned, Expanded::On, true),
        (Format::Csv, Expanded::Off, false),
        (Format::Csv, Expanded::On, true),
    ] {
        let print = Print {
            format,
            expanded,
            tuples_only,
            footer: false,
            ..Print::default()
        };
        assert!(
            cut().text(&print).ends_with(&format!("\n{said}")),
            "{print:?}"
        );
    }
    let running = Table {
        running: true,
        total: 2,
        ..cut()
    };
    assert!(
        running
            .text(&Print::default())
            .ends_with("(2 of 2 rows so far)")
    );
}

#[test]
fn a_short_row_is_padded_and_a_long_one_cut() {
    check(
        table(&[("a", Text), ("b", Text)], &[&["1"], &["1", "2", "3"]]),
        Print::default(),
        &[" a | b ", "---+---", " 1 | ", " 1 | 2", "(2 rows)"],
    );
}
