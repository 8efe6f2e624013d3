//! What `%import` makes of the files of others and of our own: headers, options, types, names, and
//! files that are damaged.

use std::fs;

use crate::files::{Desk, said};

/// Values of every kind of type, ordinary and awkward, and NULL.
const EVERYTHING: &str = r#"
create type mood as enum ('sad', 'ok');
create type pair as (n int, t text);
create domain positive as int check (value > 0);
create table everything (id bigint, flag boolean, small smallint, score float8, ratio real, amount numeric(10,2),
  exact numeric, cash money, day date, clock time, zoned timetz, at timestamp, moment timestamptz, span interval,
  doc json, docb jsonb, key uuid, raw bytea, numbers int[], grid int[][], words text[], feeling mood, p pair, pos positive,
  place point, area polygon, edge lseg, ring circle, code char(3), name varchar(20), letter "char", net inet, cidr cidr,
  mac macaddr, flags bit(4), more varbit, ints int4range, nums numrange, times tsrange, many int4multirange, words_of tsvector,
  markup xml, lsn pg_lsn, note text);
insert into everything values
  (1, true, 1, 1.5, 0.1, 12.34, 1.10, 1234.56, '2024-02-29', '12:30:05.25', '12:30:05+02', '2024-02-29 12:30:05.123456',
   '2024-02-29 12:30:05+02', '1 year -2 days 03:04:05.6', '{"b":1,  "a":[1,null]}', '{"b": "c"}',
   'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '\x00ff10', '{1,NULL,3}', '{{1,2},{3,4}}', '{"a b",NULL,"c,\"d\"",""}', 'ok',
   '(1,"a, ""b""")', 7, '(1,2)', '((0,0),(1,1),(1,0))', '[(0,0),(1,1)]', '<(0,0),2>', 'x', 'plain', 'c', '10.0.0.1/8',
   '10.0.0.0/8', '08:00:2b:01:02:03', B'1010', B'1', '[1,5)', '[1,2]', '["2024-01-01 00:00:00","2024-01-02 00:00:00"]',
   '{[1,3),[5,7)}', 'a:1 b:2', '<a>b</a>', '16/B374D848', 'plain'),
  (-9223372036854775808, false, -1, 'NaN', 'Infinity', -0.05, repeat('9', 1000)::numeric, -0.5, 'infinity', '00:00:00',
   '23:59:59.999999-07:30', '-infinity', 'infinity', '-00:00:01', '"<script>"', 'null',
   'ffffffff-ffff-ffff-ffff-ffffffffffff', '', '{}', '{}', '{}', 'sad', '(,)', 1, '(-1e300,0)', '((0,0))', '[(0,0),(0,0)]',
   '<(1,2),0>', '', '', ' ', '::1', '::/0', 'ff:ff:ff:ff:ff:ff', B'0001', B'', 'empty', '(,)', '(,)', '{}', '', '', '0/0', ''),
  (3, null, 3, '-0', 3, 3, 'NaN', 3, '0044-03-15 BC', '23:59:59.999999', '00:00:00+00', '0001-01-01 00:00:00',
   '12345-01-01 00:00:00+00', '0', '[]', '{"a": 1.50, "bb": [true, "x\ny"]}', '00000000-0000-0000-0000-000000000000', '\x',
   '[2:3]={7,8}', null, '{\\.}', null, '(2,)', 3, null, null, null, null, 'é😀', 'NaN', null, null, null, null, B'1111', B'101',
   '(,3)', '[1.50,1.50]', null, null, null, null, null, E'two\nlines, "quoted"\ttab\\ \\N'),
  (4, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
   null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
   null, null, null)
"#;

impl Desk {
    fn write(&self, name: &str, data: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), data).unwrap();
        self.name(name)
    }

    /// Imports into a table `t` that is made, and answers its columns and types, and its rows.
    async fn imported(&self, file: &str, options: &str) -> (String, String) {
        let cell = format!("drop table if exists t;\n%import '{file}' into t {options}");
        self.notebook.good(&cell).await;
        (self.types("t"), self.rows("t"))
    }

    fn types(&self, table: &str) -> String {
        self.database.ask(&format!(
            "select string_agg(format('%s %s', attname, format_type(atttypid, atttypmod)), ', ' order by attnum) \
             from pg_attribute where attrelid = '{table}'::regclass and attnum > 0"
        ))
    }

    fn rows(&self, table: &str) -> String {
        let query = format!("select string_agg(r::text, ' ' order by ctid) from {table} as r");
        self.database.ask(&query)
    }

    #[track_caller]
    fn there_is_no(&self, table: &str) {
        let query = format!("select to_regclass('{table}') is null");
        assert_eq!(self.database.ask(&query), "t", "{table}");
    }
}

#[tokio::test]
async fn the_first_line_names_the_columns_whatever_they_look_like() {
    let desk = Desk::new().await;
    let check = async |data: &str, types: &str, rows: &str| {
        let file = desk.write("a.csv", data);
        let found = desk.imported(&file, "").await;
        assert_eq!(found, (types.to_owned(), rows.to_owned()), "{data}");
    };
    check("t,x,y\n0,1,2\n", "t bigint, x bigint, y bigint", "(0,1,2)").await;
    check("true,f\n1,2\n", "true bigint, f bigint", "(1,2)").await;
    check("NaN,null\n1,2\n", "NaN bigint, null bigint", "(1,2)").await;
    check("year,2023\na,1\n", "year text, 2023 bigint", "(a,1)").await;
    check(
        "2023,2024\n1.5,2.5\n",
        "2023 numeric, 2024 numeric",
        "(1.5,2.5)",
    )
    .await;
    check(
        "a,a,\n1,2,3\n",
        "a bigint, a_2 bigint, column3 bigint",
        "(1,2,3)",
    )
    .await;
    check("a,A\n1,2\n", "a bigint, A bigint", "(1,2)").await;
    check("a\n", "a text", "").await;
    check(
        "1,2\n3,4\n",
        "column1 bigint, column2 bigint",
        "(1,2) (3,4)",
    )
    .await;
    check(
        "2024-01-01\n2024-01-02\n",
        "column1 date",
        "(2024-01-01) (2024-01-02)",
    )
    .await;
    check("sep=;\nid;name\n1;a\n", "id bigint, name text", "(1,a)").await;
    check("sex\nF\nF\n", "sex text", "(F) (F)").await;
    check(
        "id\n4111111111111112345\n4.11111E+15\n",
        "id numeric",
        "(4111111111111112345) (4111110000000000)",
    )
    .await;
    check("a;b\n1,5;2,5\n", "a text, b text", "(\"1,5\",\"2,5\")").await;
    check("a,b\r1,2\r", "a bigint, b bigint", "(1,2)").await;
    let long = "x".repeat(70);
    check(
        &format!("{long},{long}\n1,2\n"),
        &format!("{} bigint, {}_2 bigint", "x".repeat(63), "x".repeat(61)),
        "(1,2)",
    )
    .await;
    let file = desk.write("a.csv", "code\n12e456\n");
    assert_eq!(desk.imported(&file, "").await.0, "code numeric");
    let value = desk.database.ask("select length(code::text) from t");
    assert_eq!(value, "458");
}

#[tokio::test]
async fn what_was_decided_is_said_and_can_be_said_otherwise() {
    let desk = Desk::new().await;
    let file = desk.write("a.csv", "1;2\n3;4\n");
    let answer = desk.notebook.good(&format!("%import {file} into a")).await;
    let notes: Vec<_> = answer.notes().collect();
    assert_eq!(
        notes,
        [
            "The first line is a row (header=yes takes it as the names); values end at ; (delimiter= says another).\n"
        ]
    );
    let all = desk.imported(&file, "header=yes").await;
    assert_eq!(all, ("1 bigint, 2 bigint".into(), "(3,4)".into()));
    // A table with columns of these names.
    desk.notebook
        .good("create table b (\"1\" int, \"2\" int)")
        .await;
    let answer = desk.notebook.good(&format!("%import {file} into b")).await;
    assert!(
        said(&answer).starts_with("1 row imported into b"),
        "{answer:?}"
    );
    assert!(
        answer
            .notes()
            .next()
            .unwrap()
            .starts_with("The first line names the columns")
    );

    let file = desk.write("b.csv", "x,y\n1,NA\nNA,\"NA\"\n");
    let all = desk.imported(&file, "null=NA header=no").await;
    assert_eq!(all.1, "(x,y) (1,) (,NA)");
    let all = desk.imported(&file, "delimiter=';'").await;
    assert_eq!(all.0, "x,y text");
    let all = desk.imported(&file, "delimiter=;").await;
    assert_eq!(all.0, "x,y text");
    let all = desk.imported(&file, "columns=x:text,y:-").await;
    assert_eq!(all, ("x text".into(), "(1) (NA)".into()));
    let all = desk
        .imported(&file, "header=no columns='a:varchar(5),\"b c\"'")
        .await;
    assert_eq!(all.0, "a character varying(5), b c text");
    let file = desk.write("c.csv", b"name\ncaf\xe9\n");
    let all = desk.imported(&file, "encoding=latin1").await;
    assert_eq!(all.1, "(café)");
    let file = desk.write("d.jsonl", r#"{"a": "1", "b": [1], "c": 2}"#);
    let all = desk.imported(&file, "columns=a:int,b:json,c:-").await;
    assert_eq!(all, ("a integer, b json".into(), "(1,[1])".into()));

    for (options, expected) in [
        ("header=maybe", "write header=yes or header=no"),
        ("delimiter=ab", "a delimiter is one character"),
        ("encoding=klingon", "no encoding is called \"klingon\""),
        ("quote=x", "no option is called quote="),
        ("columns=z:text", "has no column \"z\""),
        ("columns='x:text; drop table a'", "that is no type"),
        ("columns=x:-,y:-", "leaves no column to load"),
        ("header=no columns=a", "has 2 columns and names none"),
        ("into", "write %import FILE"),
    ] {
        let cell = format!("%import {} into none {options}", desk.name("b.csv"));
        desk.notebook.fails(&cell, expected).await;
    }
    let cell = format!("%import {} header=no", desk.name("d.jsonl"));
    desk.notebook
        .fails(&cell, "of .csv and .tsv files only")
        .await;
    desk.there_is_no("none");
}

#[tokio::test]
async fn files_that_no_table_can_be_made_of_say_why() {
    let desk = Desk::new().await;
    let wide = (0..10_000)
        .map(|n| format!("c{n}"))
        .collect::<Vec<_>>()
        .join(",");
    let file = desk.write("wide.csv", wide.clone() + "\n" + &wide + "\n");
    let cell = format!("%import {file}");
    desk.notebook
        .fails(
            &cell,
            "has 10000 columns, and a table has no more than 1600",
        )
        .await;
    let file = desk.write("a.csv.gz", "x");
    desk.notebook
        .fails(&format!("%import {file}"), "no format has the ending .gz")
        .await;
    fs::create_dir(desk.path("folder.csv")).unwrap();
    let cell = format!("%import {}", desk.name("folder.csv"));
    desk.notebook.fails(&cell, "is a folder").await;
    let file = desk.write("utf16.csv", b"a\0\n\x001\0\n\0");
    let problem = desk.notebook.bad(&format!("%import {file}")).await;
    assert!(
        problem.advice[0].contains("encoding=utf-16le"),
        "{problem:?}"
    );
    desk.notebook.good("create table t (a int)").await;
    let file = desk.write("twice.csv", "a,A\n1,2\n");
    let cell = format!("%import {file} into t");
    desk.notebook
        .fails(&cell, "\"a\" and \"A\" of the file both go to t's \"a\"")
        .await;
    let file = desk.write("names.csv", "b\n1\n");
    let problem = desk.notebook.bad(&format!("%import {file} into t")).await;
    assert!(
        problem.advice.iter().any(|line| line.contains("header=no")),
        "{problem:?}"
    );
}

#[tokio::test]
async fn arrays_that_are_too_deep_are_an_error() {
    let desk = Desk::new().await;
    desk.notebook.good("create table t (a int[])").await;
    let nested = |depth: usize| format!("{{\"a\": {}1{}}}\n", "[".repeat(depth), "]".repeat(depth));
    let file = desk.write("six.jsonl", nested(6));
    desk.notebook.good(&format!("%import {file} into t")).await;
    for depth in [7, 20_000] {
        let file = desk.write("deep.jsonl", "{\"a\": [1]}\n".to_owned() + &nested(depth));
        let cell = format!("%import {file} into t");
        let problem = desk.notebook.fails(&cell, "more than 6 dimensions").await;
        assert!(problem.message.contains("line 2, \"a\""), "{problem:?}");
    }
    assert_eq!(desk.rows("t"), "({{{{{{1}}}}}})");
    // Into a table of its own: text, for PostgreSQL's JSON is not as deep either.
    let file = desk.write("deep.jsonl", nested(20_000));
    assert_eq!(desk.imported(&file, "").await.0, "a text");
    assert_eq!(desk.database.ask("select length(a) from t"), "40001");
}

#[tokio::test]
async fn our_own_files_come_back_unchanged() {
    let desk = Desk::new().await;
    desk.notebook.good(EVERYTHING).await;
    let all = "select * from everything order by id";
    for ending in ["csv", "tsv", "jsonl"] {
        let (first, second) = (
            desk.name(&format!("a.{ending}")),
            desk.name(&format!("b.{ending}")),
        );
        // Into a table that is made: what it prints is what the file has.
        desk.notebook
            .good(&format!("%%export {first}\n{all}"))
            .await;
        desk.notebook
            .good(&format!("drop table if exists t;\n%import {first} into t"))
            .await;
        desk.notebook
            .good(&format!("%%export {second}\nselect * from t order by id"))
            .await;
        let (before, after) = (
            desk.read(&format!("a.{ending}")),
            desk.read(&format!("b.{ending}")),
        );
        match ending {
            "jsonl" => {
                // A number that the parser of this test does not know.
                let long = "9".repeat(1000);
                let parse = |text: &str| -> Vec<serde_json::Value> {
                    let text = text.replace(&long, "9");
                    let lines = text.lines();
                    lines
                        .map(|line| serde_json::from_str(line).unwrap())
                        .collect()
                };
                assert_eq!(parse(&before), parse(&after));
            }
            _ => assert_eq!(before, after),
        }
        // Into one of the same types: the same values.
        desk.notebook
            .good(&format!("drop table if exists same; create table same (like everything);\n%import {first} into same"))
            .await;
        // JSON has one null, where a jsonb has its own beside SQL's, and arrays begin at 1.
        let row = match ending {
            "jsonb" | "jsonl" => "(to_jsonb(r) - 'docb' - 'numbers')::text",
            _ => "r::text",
        };
        let left = format!(
            "select count(*) from (select {row} from everything as r except select {row} from same as r) as x"
        );
        assert_eq!(desk.database.ask(&left), "0", "{ending}");
    }
}

#[tokio::test]
async fn columns_come_back_from_files_of_columns() {
    let desk = Desk::new().await;
    desk.notebook.good(EVERYTHING).await;
    // A list has one dimension, and no decimal and no date is infinite: null, and it is said.
    let query = "select id, flag, small, score, ratio, amount, exact, cash, clock, span, doc, docb, key, raw, words, feeling, p, pos, \
                 place, code, name, net, flags, ints, nums, times, many, note from everything order by id";
    for ending in ["parquet", "arrow"] {
        let file = desk.name(&format!("a.{ending}"));
        desk.notebook
            .good(&format!("%%export {file}\n{query}"))
            .await;
        desk.notebook
            .good(&format!("drop table if exists t;\n%import {file} into t"))
            .await;
        let different = format!(
            "with a as (select id, to_jsonb(r) as row from ({query}) as r), b as (select id, to_jsonb(t) as row from t) \
             select string_agg(format('%s %s: %s is %s', id, x.key, x.value, b.row->x.key), '; ') \
             from a join b using (id), jsonb_each(a.row) as x \
             where x.key not in ('p') and trim('\"' from x.value::text) <> trim('\"' from (b.row->x.key)::text)"
        );
        assert_eq!(desk.database.ask(&different), "", "{ending}");
        assert_eq!(desk.database.ask("select count(*) from t"), "4");
        let types = desk.types("t");
        assert!(
            types.contains("doc json, docb jsonb") || types.contains("doc jsonb, docb jsonb"),
            "{types}"
        );
        let answer = desk
            .notebook
            .good(&format!(
                "%%export {file}\nselect id, day, at, amount from everything"
            ))
            .await;
        let told: String = answer.notes().collect();
        assert!(told.contains("1 of the values of \"day\""), "{told}");
    }
}

#[tokio::test]
async fn a_damaged_file_of_several_row_groups_loads_all_or_nothing() {
    let desk = Desk::new().await;
    let file = desk.name("a.parquet");
    desk.notebook
        .good(&format!(
            "%%export {file}\nselect g, g % 7 as h from generate_series(1, 140000) g"
        ))
        .await;
    let whole = fs::read(&file).unwrap();
    // What the file says of its groups is at its end.
    let mut refused = 0;
    for (number, back) in (40..700).step_by(30).enumerate() {
        let mut damaged = whole.clone();
        let at = whole.len() - back;
        damaged[at] ^= [0x01, 0x80, 0xff][number % 3];
        fs::write(&file, damaged).unwrap();
        let answer = desk
            .notebook
            .run(&format!("drop table if exists t;\n%import {file} into t"))
            .await;
        match answer.problem {
            None => assert_eq!(
                desk.database.ask("select count(*) from t"),
                "140000",
                "{back}"
            ),
            Some(problem) => {
                refused += 1;
                desk.there_is_no("t");
                assert!(!problem.message.is_empty());
            }
        }
    }
    assert!(refused > 3, "{refused}");
    assert_eq!(desk.notebook.value("select 1").await, "1");
}

#[tokio::test]
async fn names_are_read_as_in_sql_by_every_command() {
    let desk = Desk::new().await;
    desk.notebook
        .good(
            "create schema \"S2\"; create table \"S2\".\"a b\" (id int primary key, \"N\"\"o\" text); \
             insert into \"S2\".\"a b\" values (1, 'x'); create table \"Ärger\" (a int)",
        )
        .await;
    let file = desk.write("f.csv", "id,n\n7,x\n");
    let answer = desk
        .notebook
        .good(&format!("%import {file} into \"Order Items\""))
        .await;
    assert!(
        said(&answer).starts_with("1 row imported into \"Order Items\""),
        "{answer:?}"
    );
    desk.notebook
        .good(&format!("%import {file} into \"S2\".\"say \"\"hi\"\"\""))
        .await;
    desk.notebook
        .good(&format!("%import {file} into Public.Lower"))
        .await;
    let count = "select (select count(*) from \"Order Items\") + (select count(*) from \"S2\".\"say \"\"hi\"\"\") \
                 + (select count(*) from lower)";
    assert_eq!(desk.database.ask(count), "3");
    desk.notebook
        .fails(
            &format!("%import {file} into \"open"),
            "is no name of a relation",
        )
        .await;
    let injected = format!("%import {file} into x;drop--table");
    desk.notebook.good(&injected).await;
    assert_eq!(
        desk.database.ask("select count(*) from \"x;drop--table\""),
        "1"
    );

    let shown = desk.notebook.good("%tables \"S2\".*").await;
    let text = shown.bundles().last().unwrap().text().to_owned();
    assert!(
        text.contains("a b") && !text.contains("Order Items"),
        "{text}"
    );
    let shown = desk.notebook.good("%tables \"Order Items\"").await;
    assert!(
        shown
            .bundles()
            .last()
            .unwrap()
            .text()
            .contains("Order Items")
    );
    desk.notebook.good("%describe \"S2\".\"a b\"").await;
    desk.notebook.good("%describe \"Ärger\"").await;
    desk.notebook
        .good("%describe \"S2\".\"say \"\"hi\"\"\" --json")
        .await;
    desk.notebook.good("%schema \"S2\"").await;
    desk.notebook.good("%model \"S2\".\"a b\" as Ab").await;

    let other = desk.database.another();
    desk.notebook
        .good(&format!("%connect {} as here", desk.database.target()))
        .await;
    desk.notebook
        .good(&format!("%connect {} as there", other.target()))
        .await;
    desk.notebook
        .good("%copy \"S2\".\"a b\" from here to there as \"a  b\"")
        .await;
    desk.notebook
        .good("%%copy from here to there as \"Q\"\"\"\nselect * from \"S2\".\"a b\"")
        .await;
    assert_eq!(
        other.ask("select count(*) from \"a  b\" join \"Q\"\"\" using (id)"),
        "1"
    );
    desk.notebook
        .good("create schema \"S2\";\n%copy \"S2\".\"a b\" from here to there")
        .await;
    assert_eq!(other.ask("select count(*) from \"S2\".\"a b\""), "1");
}

#[tokio::test]
async fn a_semicolon_at_the_end_is_no_part_of_the_last_word() {
    let desk = Desk::new().await;
    desk.notebook
        .good("create table t (id int); select 'a' as x, 1 as y")
        .await;
    let file = desk.write("f.csv", "id\n7\n");
    let target = desk.database.target();
    for cell in [
        "%tables;",
        "%tables t;",
        "%tables --json;",
        "%describe t ;",
        "%schema public;",
        "select 'a' as x, 1 as y;\n%chart bar x=x y=y;",
        &format!("%connect {target} as here;"),
        "%use here;",
        "%connections;",
        "%results;",
        "%help %tables;",
        "%model t;",
        &format!("%import {file} into t;"),
        &format!("%import {file} into t; "),
        &format!("select 1 as a;\n%export {};", desk.name("g.csv")),
        &format!("%%export {};\nselect 1 as a;", desk.name("h.csv")),
        "%%sql --limit 1;\nselect 1",
        "\\dt;",
        "\\d t;",
        "\\x on;",
        "\\x off;",
        "\\x;",
        "\\x;",
        "\\timing off;",
        "\\pset format aligned;",
        "select 1 \\g;",
        "select 1 as q \\gset;",
        "select 1 as q \\gset pre;",
        "\\conninfo;",
        "\\h create table;",
        "\\unset q;",
        &format!("%connect {target} as gone;"),
        "%disconnect gone;",
        "%use here;",
    ] {
        desk.notebook.good(cell).await;
    }
    let answer = desk
        .notebook
        .good("\\copy (insert into t values (9) returning id) to stdout;")
        .await;
    assert_eq!(answer.out(), "9\n");
    desk.notebook
        .good(&format!("\\copy t to {};", desk.name("i.csv")))
        .await;
    desk.notebook
        .good(&format!("\\copy t to '{}' csv header;", desk.name("j.csv")))
        .await;
    assert_eq!(desk.read("j.csv"), "id\n7\n7\n9\n");
    for name in ["g.csv", "h.csv", "i.csv", "j.csv"] {
        assert!(desk.path(name).exists(), "{name}");
    }
    // psql's own text stays as it is typed.
    assert_eq!(desk.notebook.good("\\echo a;").await.out(), "a;\n");
    assert_eq!(
        desk.notebook.good("\\set a 1;\n\\echo :a").await.out(),
        "1;\n"
    );
}

#[tokio::test]
async fn rows_that_a_trigger_keeps_out_are_no_loss() {
    let desk = Desk::new().await;
    desk.notebook
        .good(
            "create table t (id int);\n\
             create function odd() returns trigger language plpgsql as \
             $$ begin if new.id % 2 = 0 then return null; end if; return new; end $$;\n\
             create trigger odd before insert on t for each row execute function odd()",
        )
        .await;
    let file = desk.write("a.csv", "id\n1\n2\n3\n");
    let answer = desk.notebook.good(&format!("%import {file} into t")).await;
    assert!(
        said(&answer).starts_with("2 rows imported into t"),
        "{answer:?}"
    );
    let notes: String = answer.notes().collect();
    assert!(
        notes.contains("1 row not taken, by a trigger of the table."),
        "{notes}"
    );
    assert_eq!(desk.rows("t"), "(1) (3)");
}
