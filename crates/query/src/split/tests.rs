//! Where psql 15 ends statements: every row of [`check`] was run through psql
//! itself, against a server that writes down what it is sent.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::cell::tests::{check, read};

/// Statements end at a semicolon, or at the cell's end.
#[test]
fn ends() {
    check("select 1", &["select 1"]);
    check("select 1;", &["select 1;"]);
    check("select 1; select 2", &["select 1;", "select 2"]);
    check("select 1;;; ;select 2;", &["select 1;", "select 2;"]);
    check("  select 1  ;  select 2  ", &["select 1  ;", "select 2"]);
    check(";", &[]);
    check(" ", &[]);
    check("select\n1\n;\nselect 2", &["select\n1\n;", "select 2"]);
}

/// Blanks and -- comments before a statement are not sent; those inside are.
#[test]
fn blanks_and_line_comments() {
    check(
        "-- one\nselect 1; -- two\n-- three\nselect 2",
        &["select 1;", "select 2"],
    );
    check(
        "select 1 -- one; two\n, 2;",
        &["select 1 -- one; two\n, 2;"],
    );
    check("select 1 --", &["select 1 --"]);
    check("-- it's \"open $$ /*\nselect 1", &["select 1"]);
    check("--;select 1", &[]);
    check("select 1-- a\r;select 2", &["select 1-- a\r;", "select 2"]);
}

/// /* */ comments are sent, and nest.
#[test]
fn comments() {
    check("/* one; */ select 1;", &["/* one; */ select 1;"]);
    check(
        "select /* a /* b; */ c; */ 1; select 2",
        &["select /* a /* b; */ c; */ 1;", "select 2"],
    );
    check(
        r#"select 1 /* it's "open" $$ */; select 2"#,
        &[r#"select 1 /* it's "open" $$ */;"#, "select 2"],
    );
    check(
        "/**/select 1;/***/select 2;",
        &["/**/select 1;", "/***/select 2;"],
    );
    check("/*/ ; */ select 1", &["/*/ ; */ select 1"]);
    check("/* a */", &[]);
    check("select 1; /* end */", &["select 1;"]);
    check(
        "select 1 /*\n;\n*/ ; select 2",
        &["select 1 /*\n;\n*/ ;", "select 2"],
    );
    check(
        "/* -- */ select 1; */ select 2",
        &["/* -- */ select 1;", "*/ select 2"],
    );
    check(
        "-- /*\nselect 1; -- */\nselect 2",
        &["select 1;", "select 2"],
    );
}

/// Operators end where a comment begins.
#[test]
fn operators() {
    check(
        "select 1 +/* ; */ 2; select 3",
        &["select 1 +/* ; */ 2;", "select 3"],
    );
    check(
        "select 1 +-- ;\n 2; select 3",
        &["select 1 +-- ;\n 2;", "select 3"],
    );
    check(
        "select 1 */* ; */ 2; select 3",
        &["select 1 */* ; */ 2;", "select 3"],
    );
    check(
        "select @-- ;\n1; select 2",
        &["select @-- ;\n1;", "select 2"],
    );
    check(
        "select 1 <-/* ; */1; select 2",
        &["select 1 <-/* ; */1;", "select 2"],
    );
    check(
        "select //*;*/ 1; select 2",
        &["select //*;*/ 1;", "select 2"],
    );
}

/// Strings.
#[test]
fn strings() {
    check("select 'a;b'; select 2", &["select 'a;b';", "select 2"]);
    check(
        "select 'it''s;'; select 2",
        &["select 'it''s;';", "select 2"],
    );
    check(
        "select ''; select ''''; select ''';'",
        &["select '';", "select '''';", "select ''';'"],
    );
    check(r"select '\'; select 2", &[r"select '\';", "select 2"]);
    check(
        "select 'a\n;\nb'; select 2",
        &["select 'a\n;\nb';", "select 2"],
    );
    check(
        "select 'a\n\n\nb'; select 2",
        &["select 'a\n\n\nb';", "select 2"],
    );
    check(
        "select '-- a'; select '/* b'; select '$$'",
        &["select '-- a';", "select '/* b';", "select '$$'"],
    );
    check(r"select E'\';'; select 2", &[r"select E'\';';", "select 2"]);
    check(r"select E'\\'; select 2", &[r"select E'\\';", "select 2"]);
    check(
        r"select e'a\'b''c;'; select 2",
        &[r"select e'a\'b''c;';", "select 2"],
    );
    check(
        "select E'a\\\n;'; select 2",
        &["select E'a\\\n;';", "select 2"],
    );
    check(
        r"select E'\x27;\047;\u0027;'; select 2",
        &[r"select E'\x27;\047;\u0027;';", "select 2"],
    );
    check(r"select N'\'; select 2", &[r"select N'\';", "select 2"]);
    check(
        "select B'1;0'; select x'a;b'; select b'1''0;'",
        &["select B'1;0';", "select x'a;b';", "select b'1''0;'"],
    );
    check(
        r"select U&'\'; select u&'a''b;'; select 2",
        &[r"select U&'\';", "select u&'a''b;';", "select 2"],
    );
    check(
        "select U&'d!0061t;' uescape '!'; select 2",
        &["select U&'d!0061t;' uescape '!';", "select 2"],
    );
    check(r"select AE'\'; select 2", &[r"select AE'\';", "select 2"]);
    check(
        r#"select "E"'\'; select 2"#,
        &[r#"select "E"'\';"#, "select 2"],
    );
}

/// Two strings with a line's end between them are one.
#[test]
fn strings_over_lines() {
    check(
        "select 'a'\n'b;'; select 2",
        &["select 'a'\n'b;';", "select 2"],
    );
    check(
        "select 'a' -- c;\n'b;'; select 2",
        &["select 'a' -- c;\n'b;';", "select 2"],
    );
    check(
        "select 'a' -- c'\n -- d'\n  'b;'; select 2",
        &["select 'a' -- c'\n -- d'\n  'b;';", "select 2"],
    );
    check(
        "select 'a' 'b;'; select 2",
        &["select 'a' 'b;';", "select 2"],
    );
    check(
        "select 'a' /* c */\n'b;'; select 2",
        &["select 'a' /* c */\n'b;';", "select 2"],
    );
    check(
        "select 'a'\n-'b;'; select 2",
        &["select 'a'\n-'b;';", "select 2"],
    );
    check(
        "select B'1'\n'0;'; select 2",
        &["select B'1'\n'0;';", "select 2"],
    );
}

/// Quoted names.
#[test]
fn names() {
    check(
        r#"select "a;b"; select 2"#,
        &[r#"select "a;b";"#, "select 2"],
    );
    check(
        r#"select "a"";b"; select 2"#,
        &[r#"select "a"";b";"#, "select 2"],
    );
    check(
        "select \"a\n;b\"; select 2",
        &["select \"a\n;b\";", "select 2"],
    );
    check(
        r#"select "it's"; select 2"#,
        &[r#"select "it's";"#, "select 2"],
    );
    check(
        r#"select U&"d\0061t;a"; select 2"#,
        &[r#"select U&"d\0061t;a";"#, "select 2"],
    );
    check(
        r#"select u&"a"";"; select 2"#,
        &[r#"select u&"a"";";"#, "select 2"],
    );
    check(
        r#"select U& "a;"; select 2"#,
        &[r#"select U& "a;";"#, "select 2"],
    );
    check("select u&;select 2", &["select u&;", "select 2"]);
}

/// Dollar quotes.
#[test]
fn dollar_quotes() {
    check("select $$a;b$$; select 2", &["select $$a;b$$;", "select 2"]);
    check(
        "select $a$ ; $$ ; $b$ ; $a$; select 2",
        &["select $a$ ; $$ ; $b$ ; $a$;", "select 2"],
    );
    check(
        r#"select $$it's /* "open$$; select 2"#,
        &[r#"select $$it's /* "open$$;"#, "select 2"],
    );
    check(
        "select $a$$a$; select $a$;$a $a$; select 2",
        &["select $a$$a$;", "select $a$;$a $a$;", "select 2"],
    );
    check(
        "select $a$ $A$; $a$; select 2",
        &["select $a$ $A$; $a$;", "select 2"],
    );
    check(
        "select $é_1$;$é_1$; select 2",
        &["select $é_1$;$é_1$;", "select 2"],
    );
    check("select a$b$; select c$b$", &["select a$b$;", "select c$b$"]);
    check(
        "select $1;select $2$$;$$",
        &["select $1;", "select $2$$;$$"],
    );
    check(
        "select $1a$;$a$",
        &["select $1a$;", r#"Unclosed("$a$") at "$a$""#],
    );
    check("select $1a;select 2", &["select $1a;", "select 2"]);
    check("select $ a$;$ a$", &["select $ a$;", "$ a$"]);
    check("select $a;$a; select 2", &["select $a;", "$a;", "select 2"]);
    check(
        "select 1$a$;$a$; select 2",
        &["select 1$a$;$a$;", "select 2"],
    );
    check(
        "select 1e$a$;select $a$;$a$",
        &["select 1e$a$;", "select $a$;$a$"],
    );
    check(
        "select 1.5e3$$;select $$;$$",
        &["select 1.5e3$$;", "select $$;$$"],
    );
    check(
        "select $$\n;\n$$; select 2",
        &["select $$\n;\n$$;", "select 2"],
    );
    check(
        "select $a$ $ab$ ; $a$; select 2",
        &["select $a$ $ab$ ; $a$;", "select 2"],
    );
    check(
        "do $$ begin perform 1; end $$; select 2",
        &["do $$ begin perform 1; end $$;", "select 2"],
    );
}

/// Numbers take the word glued to them.
#[test]
fn numbers() {
    check(r"select 1e'\'; select 2", &[r"select 1e'\';", "select 2"]);
    check(r"select 1.e'\'; select 2", &[r"select 1.e'\';", "select 2"]);
    check(
        r"select 1e5e'\'; select 2",
        &[r"select 1e5e'\';", "select 2"],
    );
    check(r"select .5e'\'; select 2", &[r"select .5e'\';", "select 2"]);
    check(
        r"select 1..e'\';'; select 2",
        &[r"select 1..e'\';';", "select 2"],
    );
    check(
        "select 1e+5; select 1e-- 2;\n3",
        &["select 1e+5;", "select 1e-- 2;", "3"],
    );
    check(
        r"select 1e+e'\';'; select 2",
        &[r"select 1e+e'\';';", "select 2"],
    );
    check(
        r"select 1 e'\';'; select 2",
        &[r"select 1 e'\';';", "select 2"],
    );
}

/// Parentheses hold semicolons; a lone closing one does not.
#[test]
fn parentheses() {
    check("select (1;2); select 3", &["select (1;2);", "select 3"]);
    check(
        "select (';'; (1;2;)); select 3",
        &["select (';'; (1;2;));", "select 3"],
    );
    check("select ) ; select (1;", &["select ) ;", "select (1;"]);
    check(
        "create rule r as on insert to t do (select 1; select 2); select 3",
        &[
            "create rule r as on insert to t do (select 1; select 2);",
            "select 3",
        ],
    );
    check("select '('; select 2", &["select '(';", "select 2"]);
    check("select /*(*/ 1; select 2", &["select /*(*/ 1;", "select 2"]);
}

/// The bodies of functions.
#[test]
fn function_bodies() {
    check(
        "create function f() returns int begin atomic select 1; select 2; end; select 3",
        &[
            "create function f() returns int begin atomic select 1; select 2; end;",
            "select 3",
        ],
    );
    check(
        "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; SELECT 3",
        &[
            "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END;",
            "SELECT 3",
        ],
    );
    check(
        "create procedure p() begin atomic insert into t values (1); insert into t values (2); end; select 3",
        &[
            "create procedure p() begin atomic insert into t values (1); insert into t values (2); end;",
            "select 3",
        ],
    );
    check(
        "create or replace procedure p() begin atomic ; end; select 3",
        &[
            "create or replace procedure p() begin atomic ; end;",
            "select 3",
        ],
    );
    check(
        "create function f() begin atomic select case when 1 then 2 end; select case 1 when 2 then 3 end; end; select 3",
        &[
            "create function f() begin atomic select case when 1 then 2 end; select case 1 when 2 then 3 end; end;",
            "select 3",
        ],
    );
    check(
        "create function f() begin atomic select (case 1 when 2 then 3 end); select 2; end; select 3",
        &[
            "create function f() begin atomic select (case 1 when 2 then 3 end); select 2; end;",
            "select 3",
        ],
    );
    check(
        "create function f() begin atomic begin; end; end; select 3",
        &[
            "create function f() begin atomic begin; end; end;",
            "select 3",
        ],
    );
    check(
        "create function f() returns int language sql as $$ begin; $$; select 2",
        &[
            "create function f() returns int language sql as $$ begin; $$;",
            "select 2",
        ],
    );
    check(
        "create function f() returns int return 1; begin; select 2; end;",
        &[
            "create function f() returns int return 1;",
            "begin;",
            "select 2;",
            "end;",
        ],
    );
    check(
        "create function begin() returns int begin atomic select 1; end; end; select 2",
        &[
            "create function begin() returns int begin atomic select 1; end; end;",
            "select 2",
        ],
    );
    check(
        "create /* c */ function f() begin atomic select 1; end; select 2",
        &[
            "create /* c */ function f() begin atomic select 1; end;",
            "select 2",
        ],
    );
    check(
        "create function f(a int default (begin;)) ; select 2",
        &["create function f(a int default (begin;)) ;", "select 2"],
    );
    check(
        r#"create function f() begin atomic select "end"; select 'end'; select 2; end; select 3"#,
        &[
            r#"create function f() begin atomic select "end"; select 'end'; select 2; end;"#,
            "select 3",
        ],
    );
    check(
        "create table function (a int); begin; select 1; end;",
        &[
            "create table function (a int);",
            "begin;",
            "select 1;",
            "end;",
        ],
    );
    check(
        "create or function f() begin; select 1; end;",
        &["create or function f() begin;", "select 1;", "end;"],
    );
    check(
        "create view function as select 1; begin; end;",
        &["create view function as select 1;", "begin;", "end;"],
    );
    check("begin; select 1; end;", &["begin;", "select 1;", "end;"]);
    check(
        "begin atomic; select 1; end;",
        &["begin atomic;", "select 1;", "end;"],
    );
    check(
        "alter function f() begin; end;",
        &["alter function f() begin;", "end;"],
    );
    check(
        "create function f() begin_x; select 1",
        &["create function f() begin_x;", "select 1"],
    );
    check(
        "explain create function f() begin; select 1; end",
        &["explain create function f() begin;", "select 1;", "end"],
    );
    check(
        "createfunction f() begin; end",
        &["createfunction f() begin;", "end"],
    );
}

/// Line ends, byte order mark, other characters.
#[test]
fn line_ends_and_characters() {
    check(
        "select 1;\r\nselect 2\r\n;\r\n",
        &["select 1;", "select 2\r\n;"],
    );
    check("\\echo a b\r\nselect 1;", &[r"\echo [a] [b]", "select 1;"]);
    check("select 1 \\g\r\nselect 2;", &["select 1", "select 2;"]);
    check("select 'a\r\nb';", &["select 'a\r\nb';"]);
    check(
        r#"select 'é;日本';select "é;";select é;"#,
        &["select 'é;日本';", r#"select "é;";"#, "select é;"],
    );
    check("\u{feff}select 1;", &["select 1;"]);
    check("\u{feff}\\echo a", &[r"\echo [a]"]);
    check("select 1;\x0cselect 2;", &["select 1;", "select 2;"]);
    check("select \u{a0};select 2", &["select \u{a0};", "select 2"]);
}

/// psql forgets at a line's end that the string before it was an `E''`; the server does not.
#[test]
fn escapes_go_on_in_strings_over_lines() {
    check(
        "select E'a'\n'b\\';'; select 2",
        &["select E'a'\n'b\\';';", "select 2"],
    );
}

/// A server with `standard_conforming_strings = off`.
#[test]
fn escapes_without_standard_strings() {
    let dialect = Dialect {
        standard_conforming_strings: false,
        ..Dialect::default()
    };
    for (text, expected) in [
        (r"select '\';'; select 2", [r"select '\';';", "select 2"]),
        (r"select N'\';'; select 2", [r"select N'\';';", "select 2"]),
        (r"select U&'\'; select 2", [r"select U&'\';", "select 2"]),
        (
            "select 'a'\n'\\';'; select 2",
            ["select 'a'\n'\\';';", "select 2"],
        ),
    ] {
        assert_eq!(read(text, dialect), expected, "{text}");
    }
}

/// Spark's identifiers, and Query Service's blocks, which are dollar quotes to psql.
#[test]
fn spark() {
    let dialect = Dialect {
        spark: true,
        ..Dialect::default()
    };
    for (text, expected) in [
        ("select `a;b`; select 2", ["select `a;b`;", "select 2"]),
        ("select `it's`; select 2", ["select `it's`;", "select 2"]),
        ("select `a``;b`; select 2", ["select `a``;b`;", "select 2"]),
        (
            "select 1 <`a;b`; select 2",
            ["select 1 <`a;b`;", "select 2"],
        ),
        (
            "$$BEGIN\n  SET @a = SELECT 1;\n  INSERT INTO t SELECT 'x';\n$$END; select 2",
            [
                "$$BEGIN\n  SET @a = SELECT 1;\n  INSERT INTO t SELECT 'x';\n$$END;",
                "select 2",
            ],
        ),
        (
            "$$ BEGIN SELECT 1; END $$; select 2",
            ["$$ BEGIN SELECT 1; END $$;", "select 2"],
        ),
    ] {
        assert_eq!(read(text, dialect), expected, "{text}");
    }
    check(
        "select 1 ` 2; select 3 ` 4",
        &["select 1 ` 2;", "select 3 ` 4"],
    );
}

#[test]
fn first_words() {
    for (text, words) in [
        ("select 1", vec!["SELECT"]),
        (
            "/* a */ -- b\n Copy \"from\" (x) FROM stdin;",
            vec!["COPY", "X", "FROM", "STDIN"],
        ),
        ("('delete') $$drop$$ e'a\\'b' Übung", vec!["ÜBUNG"]),
        ("'open", vec![]),
        ("", vec![]),
    ] {
        assert_eq!(leading_words(text, 9), words, "{text}");
    }
    assert_eq!(
        leading_words("create or replace function", 2),
        ["CREATE", "OR"]
    );
}

#[test]
fn copies_that_read_rows() {
    let reads_rows = |text: &str| {
        Statement {
            text: text.to_owned(),
            ..Statement::default()
        }
        .reads_rows()
    };
    assert!(reads_rows("copy t from stdin"));
    assert!(reads_rows(
        "/* c */ COPY t (a, b) FROM STDIN WITH (FORMAT csv);"
    ));
    assert!(!reads_rows("copy t to stdout"));
    assert!(!reads_rows("copy t from 'stdin'"));
    assert!(!reads_rows("select 'copy' from stdin"));
}
