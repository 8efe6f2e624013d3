//! The HTML table: what it says, that nothing escapes it, and that it stays small.

#![allow(clippy::unwrap_used)]

use display::{Column, Expanded, Kind, Print, Table};

fn table(columns: &[(&str, Kind)], rows: &[&[Option<&str>]]) -> Table {
    let column = |&(name, kind): &(&str, Kind)| Column::new(name, "", kind);
    let row = |row: &&[Option<&str>]| row.iter().map(|value| value.map(String::from)).collect();
    Table::new(
        columns.iter().map(column).collect(),
        rows.iter().map(row).collect(),
    )
}

fn html(table: &Table) -> String {
    table.html(&Print::default())
}

/// The table cells of one value, of a kind.
fn cell(kind: Kind, value: Option<&str>) -> String {
    let html = html(&table(&[("v", kind)], &[&[value]]));
    let start = html.find("<td").unwrap();
    let end = html.rfind("</td>").unwrap();
    html[start..end + "</td>".len()].into()
}

/// What is left for a reader where every style is stripped.
fn unstyled(html: &str) -> String {
    let mut out = String::new();
    for (i, part) in html.split(" style=\"").enumerate() {
        let rest = if i == 0 {
            part
        } else {
            part.split_once('"').unwrap().1
        };
        out += rest;
    }
    out
}

#[test]
fn a_table_as_a_whole() {
    let mut table = Table::new(
        vec![
            Column::new("id", "integer", Kind::Number),
            Column::new("name", "text", Kind::Text),
        ],
        vec![vec![Some("1".into()), Some("Ada".into())]],
    );
    table.notes = vec!["12 ms".into()];
    let expected = "\
<div class=\"tex2jax_ignore mathjax_ignore\">
<div>
<table border=\"1\" class=\"dataframe tex2jax_ignore mathjax_ignore\">
<thead>
<tr><th align=\"right\">id<br><small>integer</small></th><th align=\"left\">name<br><small>text</small></th></tr>
</thead>
<tbody>
<tr><td align=\"right\">1</td><td>Ada</td></tr>
</tbody>
</table>
</div>
<div><small>1 row · 12 ms</small></div>
</div>";
    assert_eq!(unstyled(&html(&table)), expected);
}

#[test]
fn null_is_unlike_any_text() {
    let null = unstyled(&cell(Kind::Text, None));
    assert_eq!(null, "<td><em>NULL</em></td>");
    assert_eq!(unstyled(&cell(Kind::Text, Some(""))), "<td></td>");
    assert_eq!(unstyled(&cell(Kind::Text, Some("NULL"))), "<td>NULL</td>");
    let set = Print {
        null: "<none>".into(),
        ..Print::default()
    };
    let html = table(&[("v", Kind::Text)], &[&[None]]).html(&set);
    assert!(unstyled(&html).contains("<td><em>&lt;none&gt;</em></td>"));
}

#[test]
fn values_by_kind() {
    let check = |kind, value, expected: &str| {
        assert_eq!(unstyled(&cell(kind, Some(value))), expected);
    };
    check(Kind::Number, "-1.50", "<td align=\"right\">-1.50</td>");
    check(Kind::Boolean, "t", "<td>true</td>");
    check(Kind::Boolean, "f", "<td>false</td>");
    check(Kind::Text, "t", "<td>t</td>");
    check(Kind::Text, "a\nb", "<td><div>a<br>b</div></td>");
    check(Kind::Text, "if\n  x", "<td><pre>if<br>  x</pre></td>");
    check(
        Kind::Text,
        "\u{1}\r\u{1B}[31m",
        "<td>\\x01\\r\\x1B[31m</td>",
    );
    check(Kind::Text, "שלום", "<td dir=\"auto\">שלום</td>");
    check(Kind::Json, "{\"a\":1}", "<td>{&quot;a&quot;:1}</td>");
    let json = format!("{{\"k\":\"{}\",\"n\":[1]}}", "x".repeat(60));
    let expected = format!(
        "<td><pre>{{<br>  &quot;k&quot;: &quot;{}&quot;,<br>  &quot;n&quot;: [1]<br>}}</pre></td>",
        "x".repeat(60)
    );
    check(Kind::Json, &json, &expected);
}

#[test]
fn text_is_aligned_left_where_front_ends_align_right() {
    assert!(cell(Kind::Text, Some("a")).starts_with("<td style=\"text-align:left"));
    assert!(cell(Kind::Text, None).starts_with("<td style=\"text-align:left"));
}

#[test]
fn long_values_fold_and_unfold() {
    let value = "word ".repeat(200);
    let cell = unstyled(&cell(Kind::Text, Some(&value)));
    assert!(
        cell.starts_with("<td><details><summary>word word"),
        "{cell}"
    );
    assert!(
        cell.contains("… <small>1000 characters</small></summary>"),
        "{cell}"
    );
    assert!(
        cell.contains(&format!("<div>{value}</div></details>")),
        "{cell}"
    );
}

#[test]
fn columns_are_sized_by_what_is_seen() {
    // 40 letters of two bytes stay on their line; 40 of two columns do not.
    let hebrew = cell(Kind::Text, Some(&"ש".repeat(40)));
    assert!(!hebrew.contains("<div"), "{hebrew}");
    let chinese = cell(Kind::Text, Some(&"日".repeat(40)));
    assert!(chinese.contains("min-width:30em"), "{chinese}");
    // A front end breaks no line of a plan or of JSON in the middle of a word.
    let plan = format!("  ->  Seq Scan {}", "x".repeat(100));
    let plan = cell(Kind::Text, Some(&plan));
    assert!(plan.contains("word-break:normal;min-width:72em"), "{plan}");
    let json = format!("{{\"k\":\"{}\",\"n\":[1]}}", "x".repeat(70));
    assert!(cell(Kind::Json, Some(&json)).contains("min-width:50em"));
    // What is folded takes one line.
    let bytes = cell(Kind::Bytes, Some(&"f".repeat(400)));
    assert!(bytes.contains("white-space:nowrap"), "{bytes}");
}

#[test]
fn lists_of_our_own_have_no_null() {
    let list = table(&[("name", Kind::Text)], &[&[None], &[Some("a")]]).without_nulls();
    assert!(unstyled(&html(&list)).contains("<tr><td></td></tr>\n<tr><td>a</td></tr>"));
}

#[test]
fn nothing_escapes() {
    let evil = "\"><script>alert(1)</script><img src=x onerror='alert(1)'>&amp;";
    let long = evil.repeat(20);
    let lines = format!("  {evil}\n{evil}");
    for kind in [
        Kind::Text,
        Kind::Json,
        Kind::Number,
        Kind::Boolean,
        Kind::Bytes,
    ] {
        for expanded in [Expanded::Off, Expanded::On] {
            let row = [Some(evil), Some(long.as_str()), Some(lines.as_str()), None];
            let mut table = table(
                &[(evil, kind), (evil, kind), ("", kind), ("", kind)],
                &[&row],
            );
            table.title = Some(evil.into());
            table.notes = vec![evil.into()];
            table.footers = Some(vec![evil.into()]);
            table.columns[0].type_name = evil.into();
            let null = evil.into();
            let html = table.html(&Print {
                expanded,
                null,
                ..Print::default()
            });
            assert!(
                !html.contains("<script") && !html.contains("<img"),
                "{html}"
            );
            assert!(!html.contains("&amp;&"), "{html}");
            assert!(html.contains("&amp;amp;"), "{html}");
        }
    }
}

#[test]
fn names_are_kept_apart() {
    let kind = Kind::Text;
    let html = html(&table(
        &[("a", kind), ("", kind), ("a", kind), ("b", kind)],
        &[],
    ));
    let html = unstyled(&html);
    for name in ["a <sub>1</sub>", "a <sub>2</sub>", "", "b"] {
        assert!(
            html.contains(&format!("<th align=\"left\">{name}</th>")),
            "{name}: {html}"
        );
    }
    let nameless = Table::new(vec![Column::new("", "text", kind)], vec![]);
    assert!(self::html(&nameless).contains("<em>no name</em><br>"));
}

#[test]
fn the_line_below_says_what_is_shown() {
    let check = |table: Table, expected: &str| {
        let html = unstyled(&html(&table));
        assert!(
            html.ends_with(&format!("<div><small>{expected}</small></div>\n</div>")),
            "{html}"
        );
    };
    let one = || table(&[("n", Kind::Number)], &[&[Some("1")]]);
    check(one(), "1 row");
    check(table(&[("n", Kind::Number)], &[]), "0 rows");
    check(table(&[], &[&[], &[]]), "2 rows without columns");
    check(
        Table {
            total: 1_234_567,
            ..one()
        },
        "1 of 1,234,567 rows shown, %%sql --limit N shows more",
    );
    check(
        Table {
            total: 4711,
            running: true,
            ..one()
        },
        "1 of 4,711 rows so far",
    );
}

#[test]
fn records_have_a_line_a_column() {
    let table = table(
        &[("a", Kind::Number), ("b", Kind::Text)],
        &[&[Some("1"), None]],
    );
    let html = table.html(&Print {
        expanded: Expanded::On,
        ..Print::default()
    });
    let html = unstyled(&html);
    assert!(
        html.contains("<th colspan=\"2\" align=\"left\"><small>record 1</small></th>"),
        "{html}"
    );
    assert!(
        html.contains("<tr><th align=\"left\">a</th><td>1</td></tr>"),
        "{html}"
    );
    assert!(
        html.contains("<tr><th align=\"left\">b</th><td><em>NULL</em></td></tr>"),
        "{html}"
    );
}

#[test]
fn an_output_is_never_larger_than_500_kb() {
    let huge = "<&é日".repeat(10_000);
    let value = || Some(huge.as_str());
    let large = Some(&huge[..7_000]);
    let long_name = "&".repeat(10_000);
    let check = |table: Table, expected: &str| {
        for expanded in [Expanded::Off, Expanded::On] {
            let html = table.html(&Print {
                expanded,
                ..Print::default()
            });
            assert!(html.len() <= 500_000, "{} bytes", html.len());
            assert!(
                html.contains(expected),
                "{expected} is not in {}",
                &html[html.len() - 500..]
            );
            assert!(html.ends_with("</div>"));
        }
    };
    let text = ("v", Kind::Text);
    check(
        table(&[text], &[&[value()]]),
        "first 20000 of 40000 characters",
    );
    check(
        table(&[text], &vec![&[value()][..]; 300]),
        "first 200 of 40000 characters",
    );
    check(
        table(&[text], &vec![&[value()][..]; 300]),
        "<small>300 rows</small>",
    );
    check(
        table(&[text; 20], &vec![&[value(); 20][..]; 100]),
        "long values cut to fit",
    );
    check(
        table(
            &[text; 20],
            &vec![&[Some("some ordinary value"); 20][..]; 5000],
        ),
        "of 5,000 rows shown: more would make this output exceed 500 kB",
    );
    check(table(&[text; 1600], &[&[large; 1600]]), "1 row");
    check(
        table(&[(long_name.as_str(), Kind::Json); 1600], &[&[large; 1600]]),
        "1600 columns shown: no more fit",
    );
    let footers = vec![long_name.clone(); 10_000];
    check(
        Table {
            footers: Some(footers.clone()),
            notes: footers.clone(),
            title: Some(huge.clone()),
            ..table(&[text; 20], &vec![&[value(); 20][..]; 100])
        },
        "…",
    );
}
