//! Where psql 15 ends statements: every row of [`check`] and [`splits`] was run through psql
//! itself, against a server that writes down what it is sent.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::cell::tests::{check, read};

/// A cell with `¦` where one statement ends and the next begins.
#[track_caller]
fn splits(text: &str) {
    let parts: Vec<&str> = text.split('¦').map(str::trim).collect();
    check(&text.replace('¦', ""), &parts);
}

/// Statements end at a semicolon, or at the cell's end.
#[test]
fn ends() {
    splits("select 1");
    splits("select 1;");
    splits("select 1;¦ select 2");
    check("select 1;;; ;select 2;", &["select 1;", "select 2;"]);
    splits("  select 1  ;¦  select 2  ");
    check(";", &[]);
    check(" ", &[]);
    splits("select\n1\n;¦\nselect 2");
}

/// Blanks and -- comments before a statement are not sent; those inside are.
#[test]
fn blanks_and_line_comments() {
    check(
        "-- one\nselect 1; -- two\n-- three\nselect 2",
        &["select 1;", "select 2"],
    );
    splits("select 1 -- one; two\n, 2;");
    splits("select 1 --");
    check("-- it's \"open $$ /*\nselect 1", &["select 1"]);
    check("--;select 1", &[]);
    splits("select 1-- a\r;¦select 2");
}

/// Lines with nothing in them are not sent, but those of quotes and comments are.
#[test]
fn empty_lines() {
    check(
        "select 1,\n\n\n  2 -- two\n\n;",
        &["select 1,\n  2 -- two\n;"],
    );
    check("select (\n\n1)", &["select (\n1)"]);
    splits("select 'a\n\nb', /* c\n\nd */ $$\n\n$$;");
    splits("select 1\n \n, 2\r\n\r\n, 3");
}

/// /* */ comments are sent, and nest.
#[test]
fn comments() {
    splits("/* one; */ select 1;");
    splits("select /* a /* b; */ c; */ 1;¦ select 2");
    splits(r#"select 1 /* it's "open" $$ */;¦ select 2"#);
    splits("/**/select 1;¦/***/select 2;");
    splits("/*/ ; */ select 1");
    check("/* a */", &[]);
    check("select 1; /* end */", &["select 1;"]);
    splits("select 1 /*\n;\n*/ ;¦ select 2");
    splits("/* -- */ select 1;¦ */ select 2");
    check(
        "-- /*\nselect 1; -- */\nselect 2",
        &["select 1;", "select 2"],
    );
}

/// Operators end where a comment begins.
#[test]
fn operators() {
    splits("select 1 +/* ; */ 2;¦ select 3");
    splits("select 1 +-- ;\n 2;¦ select 3");
    splits("select 1 */* ; */ 2;¦ select 3");
    splits("select @-- ;\n1;¦ select 2");
    splits("select 1 <-/* ; */1;¦ select 2");
    splits("select //*;*/ 1;¦ select 2");
}

/// Strings.
#[test]
fn strings() {
    splits("select 'a;b';¦ select 2");
    splits("select 'it''s;';¦ select 2");
    splits("select '';¦ select '''';¦ select ''';'");
    splits(r"select '\';¦ select 2");
    splits("select 'a\n;\nb';¦ select 2");
    splits("select 'a\n\n\nb';¦ select 2");
    splits("select '-- a';¦ select '/* b';¦ select '$$'");
    splits(r"select E'\';';¦ select 2");
    splits(r"select E'\\';¦ select 2");
    splits(r"select e'a\'b''c;';¦ select 2");
    splits("select E'a\\\n;';¦ select 2");
    splits(r"select E'\x27;\047;\u0027;';¦ select 2");
    splits(r"select N'\';¦ select 2");
    splits("select B'1;0';¦ select x'a;b';¦ select b'1''0;'");
    splits(r"select U&'\';¦ select u&'a''b;';¦ select 2");
    splits("select U&'d!0061t;' uescape '!';¦ select 2");
    splits(r"select AE'\';¦ select 2");
    splits(r#"select "E"'\';¦ select 2"#);
}

/// Two strings with a line's end between them are one.
#[test]
fn strings_over_lines() {
    splits("select 'a'\n'b;';¦ select 2");
    splits("select 'a' -- c;\n'b;';¦ select 2");
    splits("select 'a' -- c'\n -- d'\n  'b;';¦ select 2");
    splits("select 'a' 'b;';¦ select 2");
    splits("select 'a' /* c */\n'b;';¦ select 2");
    splits("select 'a'\n-'b;';¦ select 2");
    splits("select B'1'\n'0;';¦ select 2");
}

/// Quoted names.
#[test]
fn names() {
    splits(r#"select "a;b";¦ select 2"#);
    splits(r#"select "a"";b";¦ select 2"#);
    splits("select \"a\n;b\";¦ select 2");
    splits(r#"select "it's";¦ select 2"#);
    splits(r#"select U&"d\0061t;a";¦ select 2"#);
    splits(r#"select u&"a"";";¦ select 2"#);
    splits(r#"select U& "a;";¦ select 2"#);
    splits("select u&;¦select 2");
}

/// Dollar quotes.
#[test]
fn dollar_quotes() {
    splits("select $$a;b$$;¦ select 2");
    splits("select $a$ ; $$ ; $b$ ; $a$;¦ select 2");
    splits(r#"select $$it's /* "open$$;¦ select 2"#);
    splits("select $a$$a$;¦ select $a$;$a $a$;¦ select 2");
    splits("select $a$ $A$; $a$;¦ select 2");
    splits("select $é_1$;$é_1$;¦ select 2");
    splits("select a$b$;¦ select c$b$");
    splits("select $1;¦select $2$$;$$");
    check(
        "select $1a$;$a$",
        &["select $1a$;", r#"Unclosed("$a$") at "$a$""#],
    );
    splits("select $1a;¦select 2");
    splits("select $ a$;¦$ a$");
    splits("select $a;¦$a;¦ select 2");
    splits("select 1$a$;$a$;¦ select 2");
    splits("select 1e$a$;¦select $a$;$a$");
    splits("select 1.5e3$$;¦select $$;$$");
    splits("select $$\n;\n$$;¦ select 2");
    splits("select $a$ $ab$ ; $a$;¦ select 2");
    splits("do $$ begin perform 1; end $$;¦ select 2");
}

/// Numbers take the word glued to them.
#[test]
fn numbers() {
    splits(r"select 1e'\';¦ select 2");
    splits(r"select 1.e'\';¦ select 2");
    splits(r"select 1e5e'\';¦ select 2");
    splits(r"select .5e'\';¦ select 2");
    splits(r"select 1..e'\';';¦ select 2");
    splits("select 1e+5;¦ select 1e-- 2;¦\n3");
    splits(r"select 1e+e'\';';¦ select 2");
    splits(r"select 1 e'\';';¦ select 2");
}

/// Parentheses hold semicolons; a lone closing one does not.
#[test]
fn parentheses() {
    splits("select (1;2);¦ select 3");
    splits("select (';'; (1;2;));¦ select 3");
    splits("select ) ;¦ select (1;");
    splits("create rule r as on insert to t do (select 1; select 2);¦ select 3");
    splits("select '(';¦ select 2");
    splits("select /*(*/ 1;¦ select 2");
}

/// The bodies of functions.
#[test]
fn function_bodies() {
    splits("create function f() returns int begin atomic select 1; select 2; end;¦ select 3");
    splits("CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END;¦ SELECT 3");
    splits(
        "create procedure p() begin atomic insert into t values (1); insert into t values (2); end;¦ select 3",
    );
    splits("create or replace procedure p() begin atomic ; end;¦ select 3");
    splits(
        "create function f() begin atomic select case when 1 then 2 end; select case 1 when 2 then 3 end; end;¦ select 3",
    );
    splits(
        "create function f() begin atomic select (case 1 when 2 then 3 end); select 2; end;¦ select 3",
    );
    splits("create function f() begin atomic begin; end; end;¦ select 3");
    splits("create function f() returns int language sql as $$ begin; $$;¦ select 2");
    splits("create function f() returns int return 1;¦ begin;¦ select 2;¦ end;");
    splits("create function begin() returns int begin atomic select 1; end; end;¦ select 2");
    splits("create /* c */ function f() begin atomic select 1; end;¦ select 2");
    splits("create function f(a int default (begin;)) ;¦ select 2");
    splits(
        r#"create function f() begin atomic select "end"; select 'end'; select 2; end;¦ select 3"#,
    );
    splits("create table function (a int);¦ begin;¦ select 1;¦ end;");
    splits("create or function f() begin;¦ select 1;¦ end;");
    splits("create view function as select 1;¦ begin;¦ end;");
    splits("begin;¦ select 1;¦ end;");
    splits("begin atomic;¦ select 1;¦ end;");
    splits("alter function f() begin;¦ end;");
    splits("create function f() begin_x;¦ select 1");
    splits("explain create function f() begin;¦ select 1;¦ end");
    splits("createfunction f() begin;¦ end");
}

/// Line ends, byte order mark, other characters.
#[test]
fn line_ends_and_characters() {
    splits("select 1;¦\r\nselect 2\r\n;\r\n");
    check("\\echo a b\r\nselect 1;", &[r"\echo [a] [b]", "select 1;"]);
    check("select 1 \\g\r\nselect 2;", &["select 1", "select 2;"]);
    splits("select 'a\r\nb';");
    splits(r#"select 'é;日本';¦select "é;";¦select é;"#);
    check("\u{feff}select 1;", &["select 1;"]);
    check("\u{feff}\\echo a", &[r"\echo [a]"]);
    splits("select 1;¦\x0cselect 2;");
    splits("select \u{a0};¦select 2");
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
