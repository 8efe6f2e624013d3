//! What psql 15 makes of variables: every row of [`check`] was run through psql
//! itself, against a server that writes down what it is sent.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::cell::tests::check;

/// Variables.
#[test]
fn variables() {
    check("\\set a 1\nselect :a;", &["select 1;"]);
    check(
        "\\set a 'x y'\nselect :'a', :\"a\", :a;",
        &[r#"select 'x y', "x y", x y;"#],
    );
    check("\\set a 'it''s'\nselect :'a';", &["select 'it''s';"]);
    check("\\set a 'a\"b'\nselect :\"a\";", &[r#"select "a""b";"#]);
    check(
        "\\set a 'a\\\\b'\nselect x:'a', :\"a\";",
        &[r#"select x E'a\\b', "a\b";"#],
    );
    check(
        "\\set a 'it''s \\\\ '\nselect :'a';",
        &[r"select  E'it''s \\ ';"],
    );
    check("\\set a 1 2 3\n\\echo :a", &[r"\echo [123]"]);
    check(
        "\\set a\nselect :'a', :{?a}, :{?b};",
        &["select '', TRUE, FALSE;"],
    );
    check(
        "\\set a 1\n\\unset a\nselect :a, :{?a};",
        &["select :a, FALSE;"],
    );
    check(
        r#"select :zz, :'zz', :"zz", :{?zz}, :{zz};"#,
        &[r#"select :zz, :'zz', :"zz", FALSE, :{zz};"#],
    );
    check(
        "\\set a 1\nselect ':a', \":a\", $$:a$$, /* :a */ a -- :a\n;",
        &["select ':a', \":a\", $$:a$$, /* :a */ a -- :a\n;"],
    );
    check(
        "\\set a 1\nselect x::a, a:=:a, :::a, : a, :'a b', :'a, ':a';",
        &[r#"Unclosed("'") at "'""#],
    );
    check(
        "\\set a 1\nselect x[1:2], x[:a], x[1:a];",
        &["select x[1:2], x[1], x[11];"],
    );
    check(
        "\\set int 1\nselect 2::int, 2:int, 2: :int;",
        &["select 2::int, 21, 2: 1;"],
    );
    check(
        "\\set a1_é 5\nselect :a1_é, :a1_éx, :a1_é-1;",
        &["select 5, :a1_éx, 5-1;"],
    );
    check(
        "\\set a 'select 1; select 2'\n:a; select 3;",
        &["select 1;", "select 2;", "select 3;"],
    );
    check(
        "\\set a 'select '';'\n:a a'; select 2;",
        &["select '; a';", "select 2;"],
    );
    check("\\set a ':b' \\\\ \\set b 7\nselect :a;", &["select 7;"]);
    check("\\set a ':a + 1'\nselect :a;", &["select :a + 1;"]);
    check(
        "\\set a ':b' \\\\ \\set b ':a'\nselect :a;",
        &["select :a;"],
    );
    check(
        "\\set a '1 -- ;'\nselect :a ; 2\n;",
        &["select 1 -- ; ;", "2\n;"],
    );
    check(
        "\\set a '\\\\echo hi'\nselect 1 :a there\n;",
        &[r"\echo [hi] [there]", "select 1 \n;"],
    );
    check("\\set a '\\\\ec'\n:a ho", &[r"\ec [ho]"]);
    check(
        "\\set a '\\\\g'\nselect 1 :a\nselect 2;",
        &["select 1", "select 2;"],
    );
    check("\\set a ' '\n:a select 1;", &["select 1;"]);
    check("\\set a ''\n:a select :a 1:a;", &["select  1;"]);
    check(
        "\\set a '('\nselect :a 1; 2) ; select 3",
        &["select ( 1; 2) ;", "select 3"],
    );
    check(
        "\\set a '$$'\nselect :a ; $$; select 3",
        &["select $$ ; $$;", "select 3"],
    );
    check(
        "\\set a '$'\nselect :a$ ; :a$; select 3",
        &["select $$ ;", "$$;", "select 3"],
    );
    check(
        "\\set a 'x'\n\\echo :a :'a' :\"a\" :{?a} ':a' \":a\" :ab :{?b} ::a a:a",
        &[r#"\echo [x] ['x'] ["x"] [TRUE] [:a] [":a"] [:ab] [FALSE] [:x] [ax]"#],
    );
    check(
        "\\set a 'it''s \"'\n\\echo :a:a :'a':\"a\"",
        &[r#"\echo [it's "it's "] ['it''s "'"it's """]"#],
    );
    check("\\set a 1\n\\set b :a:a\n\\echo :b", &[r"\echo [11]"]);
    check(
        "\\set a 'two words'\n\\set b :a\n\\echo :b",
        &[r"\echo [two words]"],
    );
}

#[test]
fn names() {
    let mut variables = Variables::default();
    for name in ["a", "A_1", "1", "_", "é"] {
        assert_eq!(variables.set(name, "x"), Ok(()));
    }
    for name in ["", "a b", "a-b", "a\0"] {
        assert_eq!(variables.set(name, "x"), Err(NotSet::Name(name.to_owned())));
    }
    assert_eq!(variables.unset("a"), Ok(()));
    assert_eq!(variables.get("a"), None);
    assert_eq!(
        variables.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        ["1", "A_1", "_", "é"]
    );
}

/// Fifty variables, each twice the one before it.
#[test]
fn values_that_grow_without_end() {
    let mut text: String = (1..50)
        .map(|i| format!("\\set v{i} ':v{0}:v{0}'\n", i - 1))
        .collect();
    text.push_str("\\set v0 '1234567890123456789012345678901234567890'\nselect :v49");
    check(&text, &[r#"Endless at ":v49""#]);
}
