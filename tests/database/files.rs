//! Rows into files and out of files: psql is the judge of CSV, the table itself of the others.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::notebook::{Answer, Notebook};
use crate::server::Database;

/// Of every type that a file keeps, ordinary and awkward values, and NULL.
const TYPES: &str = r#"
create type mood as enum ('sad', 'ok');
create table types (id bigint, small smallint, flag boolean, name text, score float8, ratio real,
  amount numeric(10,2), long numeric(40,3), exact numeric, day date, clock time, at timestamp, moment timestamptz,
  span interval, doc json, docb jsonb, key uuid, raw bytea, numbers int[], words text[], feeling mood, place point,
  code char(3), prices numeric(5,2)[]);
insert into types values
  (1, 1, true, 'plain', 1.5, 0.1, 12.34, 123456789012345678901234567890.5, 1.10, '2024-02-29', '12:30:05.25',
   '2024-02-29 12:30:05.123456', '2024-02-29 12:30:05+02', '1 year -2 days 03:04:05.6',
   '{"a": [1, null]}', '{"b": "c"}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '\x00ff10',
   '{1,NULL,3}', '{"a b",NULL,"c,\"d\""}', 'ok', '(1,2)', 'x', '{1.5,2.25}'),
  (-9223372036854775808, -1, false, E'two\nlines, "quoted"\ttab\\', 'NaN', 'Infinity', -0.05, -0.5, 1e20,
   '0044-03-15 BC', '00:00:00', '0001-01-01 00:00:00', '1969-12-31 23:59:59.999999+00', '-00:00:01',
   '"<script>"', 'null', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '', '{}', '{}', 'sad', '(-1e300,0)', '', '{NULL}'),
  (3, 3, null, '', 3, 3, 3, 3, 3, '1969-12-31', '23:59:59.999999', '9999-12-31 23:59:59', '2262-04-12 00:00:00+00', '0',
   '[]', '[]', '00000000-0000-0000-0000-000000000000', '\x', '{3}', '{\\.}', 'ok', '(0,0)', 'é😀', '{3}'),
  (4, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null)
"#;

/// A notebook, and a folder for its files.
pub(crate) struct Desk {
    pub(crate) database: Database,
    pub(crate) notebook: Notebook,
    pub(crate) folder: TempDir,
}

impl Desk {
    pub(crate) async fn new() -> Desk {
        let database = Database::new().await;
        let notebook = Notebook::new(&database);
        let folder = tempfile::tempdir().unwrap();
        Desk {
            database,
            notebook,
            folder,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn name(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Everything in the folder.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

/// What a cell says in the end: on a line, or in place of the progress where it took long.
pub(crate) fn said(answer: &Answer) -> String {
    let shown = answer.bundles().map(|bundle| bundle.text().to_owned());
    answer.out().trim_end().to_owned() + &shown.collect::<String>()
}

#[tokio::test]
async fn csv_is_psqls_byte_for_byte() {
    let desk = Desk::new().await;
    desk.notebook.good(TYPES).await;
    desk.notebook
        .good(r"create table awkward (a text); insert into awkward values ('\.'), (''), (null), (' '), ('a,b'), (E'\r')")
        .await;
    for table in ["types", "awkward"] {
        let name = desk.name("psql.csv");
        desk.database
            .psql(&format!("\\copy {table} to '{name}' csv header\n"));
        let expected = desk.read("psql.csv");
        let query = format!("select * from {table}");
        for cell in [
            format!("%%export {}\n{query}", desk.name("a.csv")),
            format!("{query};\n%export {}", desk.name("a.csv")),
            format!("\\copy {table} to {} csv header", desk.name("a.csv")),
            format!(
                "\\copy ({query}) to '{}' (format csv, header)",
                desk.name("a.csv")
            ),
        ] {
            desk.notebook.good(&cell).await;
            assert_eq!(desk.read("a.csv"), expected, "{cell}");
            fs::remove_file(desk.path("a.csv")).unwrap();
        }
        desk.notebook
            .good(&format!("%%export {}\n{query}", desk.name("a.tsv")))
            .await;
        let tabs = format!("\\copy {table} to '{name}' csv header delimiter E'\\t'\n");
        desk.database.psql(&tabs);
        assert_eq!(desk.read("a.tsv"), desk.read("psql.csv"));
    }
    assert_eq!(desk.files(), ["a.tsv", "psql.csv"]);
}

#[tokio::test]
async fn every_type_comes_back_from_parquet() {
    let desk = Desk::new().await;
    desk.notebook.good(TYPES).await;
    // Once by COPY's binary tuples, once by the text of the kept result.
    for cell in [
        "%%export FILE\nselect * from types",
        "table types;\n%export FILE",
    ] {
        let file = desk.name("types.parquet");
        let answer = desk.notebook.good(&cell.replace("FILE", &file)).await;
        assert!(said(&answer).contains("4 rows written to "), "{answer:?}");
        desk.notebook
            .good(&format!(
                "drop table if exists back;\n%import {file} into back"
            ))
            .await;
        let types = "select string_agg(format('%s %s', attname, format_type(atttypid, atttypmod)), ', ' order by attnum) \
                     from pg_attribute where attrelid = 'back'::regclass and attnum > 0";
        assert_eq!(
            desk.database.ask(types),
            "id bigint, small smallint, flag boolean, name text, score double precision, ratio real, \
             amount numeric(10,2), long numeric(40,3), exact text, day date, clock time without time zone, \
             at timestamp without time zone, moment timestamp with time zone, span text, doc jsonb, docb jsonb, \
             key uuid, raw bytea, numbers integer[], words text[], feeling text, place text, code text, \
             prices numeric(5,2)[]"
        );
        let different = "with a as (select id, to_jsonb(t) - 'doc' as row from types as t), \
                         b as (select id, to_jsonb(t) - 'doc' as row from back as t) \
                         select string_agg(format('%s: %s is %s', id, x.key, b.row->x.key), '; ') \
                         from a join b using (id), jsonb_each(a.row) as x \
                         where x.value::text <> (b.row->x.key)::text \
                         and trim('\"' from x.value::text) <> trim('\"' from (b.row->x.key)::text)";
        assert_eq!(desk.database.ask(different), "", "{cell}");
        assert_eq!(desk.database.ask("select count(*) from back"), "4");
    }
}

#[tokio::test]
async fn json_says_what_the_server_says() {
    let desk = Desk::new().await;
    desk.notebook.good(TYPES).await;
    let columns =
        "id, flag, name, amount, long, exact, day, docb, key, raw, numbers, words, feeling, code";
    desk.notebook
        .good(&format!(
            "%%export {}\nselect {columns} from types order by id",
            desk.name("a.jsonl")
        ))
        .await;
    let ours = desk.read("a.jsonl");
    let theirs = desk.database.ask(&format!(
        "select to_json(t) from (select {columns} from types order by id) t"
    ));
    assert_eq!(ours.lines().count(), 4);
    for (our, their) in ours.lines().zip(theirs.lines()) {
        let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(parse(our), parse(their));
    }
    // And back, into a table of the same types.
    let file = desk.name("a.jsonl");
    desk.notebook
        .good(&format!(
            "create table back (like types);\n%import {file} into back"
        ))
        .await;
    // All but one: JSON has one null, where a jsonb has its own beside SQL's.
    let columns = columns.replace("docb, ", "");
    let left = format!(
        "select count(*) from (select {columns} from types except select {columns} from back) x"
    );
    assert_eq!(desk.database.ask(&left), "0");
}

#[tokio::test]
async fn statements_and_tables_of_text() {
    let desk = Desk::new().await;
    desk.notebook.good(TYPES).await;
    let file = desk.name("back.sql");
    desk.notebook
        .good(&format!("%%export {file}\ntable types"))
        .await;
    desk.database
        .psql(&format!("create table back (like types);\n\\i {file}\n"));
    let left =
        "select count(*) from (select t::text from types t except select t::text from back t) x";
    assert_eq!(desk.database.ask(left), "0");
    assert_eq!(desk.database.ask("select count(*) from back"), "4");

    let cell = format!(
        "select '<script>a|b' as \"x|<y>\", 1 as n, null as z;\n%export {}",
        desk.name("a.md")
    );
    desk.notebook.good(&cell).await;
    assert_eq!(
        desk.read("a.md"),
        "| x\\|&lt;y&gt; | n | z |\n| --- | ---: | --- |\n| &lt;script&gt;a\\|b | 1 | *null* |\n"
    );
    let cell = format!(
        "%%export {}\nselect 1 as a, 2 as a where false",
        desk.name("a.json")
    );
    desk.notebook.good(&cell).await;
    assert_eq!(desk.read("a.json"), "[]\n");
}

#[tokio::test]
async fn what_cannot_be_written_leaves_what_was_there() {
    let desk = Desk::new().await;
    let check = async |file: &str, query: &str, expected: &str| {
        let problem = desk
            .notebook
            .bad(&format!("%%export {file}\n{query}"))
            .await;
        assert!(problem.message.contains(expected), "{problem:?}");
    };
    let folder = desk.name("folder.csv");
    fs::create_dir(&folder).unwrap();
    fs::write(desk.path("a.csv"), "before").unwrap();
    fs::write(desk.path("a.parquet"), "before").unwrap();
    check(&folder, "select 1", "is a folder").await;
    check(
        &desk.name("no/a.csv"),
        "select 1",
        "No such file or directory",
    )
    .await;
    check(
        &desk.name("a.xlsx"),
        "select 1",
        "no format has the ending .xlsx",
    )
    .await;
    for ending in ["csv", "parquet", "jsonl"] {
        let link = desk.name(&format!("full.{ending}"));
        std::os::unix::fs::symlink("/dev/full", &link).unwrap();
        let query = "select repeat('x', 100), g from generate_series(1, 300000) g";
        check(&link, query, "No space left on device").await;
        fs::remove_file(link).unwrap();
    }
    let fails = "select 1 / (50000 - g) from generate_series(1, 100000) g";
    for file in ["a.csv", "a.parquet", "a.jsonl"] {
        check(&desk.name(file), fails, "division by zero").await;
    }
    check(&desk.name("a.csv"), "selec 1", "syntax error").await;
    check(&desk.name("a.csv"), "create table t ()", "no result").await;
    assert_eq!(desk.read("a.csv"), "before");
    assert_eq!(desk.files(), ["a.csv", "a.parquet", "folder.csv"]);
    assert_eq!(desk.notebook.value("select 1").await, "1");
}

#[tokio::test]
async fn an_error_shows_its_place_in_the_cell() {
    let desk = Desk::new().await;
    for file in ["a.csv", "a.parquet", "a.json"] {
        let cell = format!("%%export {}\nselect 1,\n  nope", desk.name(file));
        let problem = desk.notebook.bad(&cell).await;
        let place = problem.place.unwrap();
        assert_eq!(place.offset, cell.find("nope").unwrap(), "{file}");
    }
}

#[tokio::test]
async fn an_interrupt_leaves_nothing_behind() {
    let desk = Desk::new().await;
    let query = "select g, pg_sleep(0.001) from generate_series(1, 100000) g";
    for file in ["a.csv", "a.json"] {
        let cell = format!("%%export {}\n{query}", desk.name(file));
        let (answer, _) = desk.notebook.interrupted(&cell, 300).await;
        assert_eq!(answer.problem.unwrap().name, "57014 query_canceled");
    }
    assert!(desk.files().is_empty());
    assert_eq!(desk.notebook.value("select 1").await, "1");
}

#[tokio::test]
async fn types_are_found_in_the_whole_file() {
    let desk = Desk::new().await;
    let csv = "id;code;ratio;at;flag;note\r\n1;007;1.5;2024-01-01 10:00:00+00;true;\"a;b\"\r\n\
               2;008;2;2024-01-02T10:00Z;false;\r\n9999999999;;-3.25;;;\"\"\r\n";
    fs::write(desk.path("My data.csv"), csv).unwrap();
    let answer = desk
        .notebook
        .good(&format!("%import '{}'", desk.name("My data.csv")))
        .await;
    assert!(
        said(&answer).starts_with(
            "3 rows imported into \"my_data\", made with \"id\" bigint, \"code\" text, \"ratio\" numeric, \
             \"at\" timestamptz, \"flag\" boolean, \"note\" text."
        ),
        "{answer:?}"
    );
    assert_eq!(
        desk.database
            .ask("select id, code, ratio, flag, note is null from my_data order by id"),
        "1|007|1.5|t|f\n2|008|2|f|t\n9999999999||-3.25||f"
    );
}

#[tokio::test]
async fn files_of_others_are_read() {
    let desk = Desk::new().await;
    let check = async |name: &str, data: &[u8], expected: &str| {
        fs::write(desk.path(name), data).unwrap();
        let cell = format!(
            "drop table if exists t;\n%import {} into t",
            desk.name(name)
        );
        desk.notebook.good(&cell).await;
        let rows = "select string_agg(t::text, ' ' order by t::text) from t";
        assert_eq!(desk.database.ask(rows), expected, "{name}");
    };
    check("bom.csv", b"\xef\xbb\xbfa,b\n1,2\n", "(1,2)").await;
    check(
        "mixed.csv",
        b"a,b\n1,2\r\n3,\"4\n5\"\r\r\n6,7",
        "(1,2) (3,\"4\n5\") (6,7)",
    )
    .await;
    check("end.csv", b"a\nb\n\\.\nc\n", "(\"\\\\.\") (b) (c)").await;
    check("tabs.tsv", b"a\tb\n1\tx,y\n", "(1,\"x,y\")").await;
    check(
        "bare.csv",
        b"1,2024-01-01\n2,2024-01-02\n",
        "(1,2024-01-01) (2,2024-01-02)",
    )
    .await;
    let utf16: Vec<u8> = "\u{feff}a,b\n1,é\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    check("utf16.csv", &utf16, "(1,é)").await;
    let lines = b"{\"a\": 1, \"b\": \"x\\ty\"}\n\n{\"b\": null, \"c\": {\"d\": [1]}, \"a\": 2.5}\n";
    check(
        "lines.jsonl",
        lines,
        "(1,\"x\ty\",) (2.5,,\"{\"\"d\"\": [1]}\")",
    )
    .await;
}

#[tokio::test]
async fn arrays_of_one_type_become_arrays() {
    let desk = Desk::new().await;
    let lines = concat!(
        r#"{"n": [1, null, 2.5], "t": ["a,\"b\"", "null"], "m": [1, "x"], "s": [[1, 2], [3, 4]], "e": []}"#,
        "\n",
        r#"{"n": [], "t": null, "m": [], "s": [[5, 6], [7, 8]], "e": []}"#,
    );
    fs::write(desk.path("a.jsonl"), lines).unwrap();
    let file = desk.name("a.jsonl");
    let answer = desk.notebook.good(&format!("%import {file} into t")).await;
    let types = "\"n\" numeric[], \"t\" text[], \"m\" jsonb, \"s\" jsonb, \"e\" jsonb";
    assert!(said(&answer).contains(types), "{answer:?}");
    let first = "select n, t, t[2] = 'null', m, s from t limit 1";
    assert_eq!(
        desk.database.ask(first),
        r#"{1,NULL,2.5}|{"a,\"b\"","null"}|t|[1, "x"]|[[1, 2], [3, 4]]"#
    );
    // A table that is there says what it takes.
    let table = "create table u (n jsonb, t text, m json, s int[], e text[])";
    desk.notebook
        .good(&format!("{table};\n%import {file} into u"))
        .await;
    assert_eq!(
        desk.database
            .ask("select n, t, m, s[2][1], e from u limit 1"),
        r#"[1, null, 2.5]|["a,\"b\"", "null"]|[1, "x"]|3|{}"#
    );
}

#[tokio::test]
async fn a_bad_line_is_named_and_nothing_is_loaded() {
    let desk = Desk::new().await;
    desk.notebook
        .good("create table t (a int, b text); insert into t values (0, 'before')")
        .await;
    let files: [(&str, &[u8], &str); 11] = [
        (
            "ragged.csv",
            b"a,b\n1,x\n2,y,z\n",
            "line 3: 3 values where the first line has 2",
        ),
        (
            "latin.csv",
            b"a,b\n1,caf\xe9\n",
            "line 2: the byte 0xe9 (é in Latin-1)",
        ),
        (
            "open.csv",
            b"a,b\n1,\"x\n2,y\n",
            "line 2: a quote is opened",
        ),
        ("nul.csv", b"a,b\n1,\0\n", "line 2: a NUL byte"),
        ("value.csv", b"a,b\n1,x\nten,y\n", "This is line 3 of"),
        // Not sent as it is: the line is found again.
        (
            "other.csv",
            b"\xef\xbb\xbfa,b\n\n1,\"two\nlines\"\r\nten,y\n",
            "This is line 5 of",
        ),
        (
            "value.jsonl",
            b"{\"a\": 1}\n\n{\"a\": \"ten\"}\n",
            "This is line 3 of",
        ),
        (
            "wrong.jsonl",
            b"{\"a\": 1}\n{\"a\": \n",
            "line 2: this is no JSON",
        ),
        ("names.csv", b"a,bb\n1,x\n", "Did you mean b?"),
        ("empty.csv", b"", "is empty"),
        (
            "half.parquet",
            b"PAR1 and then nothing",
            "is no whole Parquet file",
        ),
    ];
    for (name, data, expected) in files {
        fs::write(desk.path(name), data).unwrap();
        let problem = desk
            .notebook
            .bad(&format!("%import {} into t", desk.name(name)))
            .await;
        let text = format!("{} {}", problem.message, problem.advice.join(" "));
        assert!(text.contains(expected), "{text}");
        assert_eq!(desk.database.ask("select count(*) from t"), "1");
    }
    let problem = desk
        .notebook
        .bad(&format!("%import {}", desk.name("none.csv")))
        .await;
    assert!(problem.message.contains("No such file"), "{problem:?}");
}

#[tokio::test]
async fn a_parquet_file_cut_in_half_is_refused() {
    let desk = Desk::new().await;
    let file = desk.name("a.parquet");
    desk.notebook
        .good(&format!(
            "%%export {file}\nselect g, md5(g::text) from generate_series(1, 10000) g"
        ))
        .await;
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let problem = desk.notebook.bad(&format!("%import {file} into t")).await;
    assert!(
        problem.message.contains("is no whole Parquet file"),
        "{problem:?}"
    );
    // Whole at both ends, and damaged between.
    let mut damaged = whole;
    damaged[10..2000].fill(0);
    fs::write(&file, damaged).unwrap();
    desk.notebook.bad(&format!("%import {file} into t")).await;
    assert_eq!(desk.database.ask("select to_regclass('t') is null"), "t");
}

#[tokio::test]
async fn copy_to_and_from_files_is_psqls() {
    let desk = Desk::new().await;
    desk.notebook.good("create table t (a int, b text)").await;
    fs::write(desk.path("t.txt"), "1\tone\n2\t\\N\n").unwrap();
    let file = desk.name("t.txt");
    let answer = desk.notebook.good(&format!("\\copy t from '{file}'")).await;
    assert_eq!(said(&answer), "COPY 2");
    let cell = format!(
        "\\copy (select b from t order by a) to {}",
        desk.name("b.txt")
    );
    assert_eq!(said(&desk.notebook.good(&cell).await), "COPY 2");
    assert_eq!(desk.read("b.txt"), "one\n\\N\n");
    assert_eq!(
        desk.notebook.good("\\copy t to stdout").await.out(),
        "1\tone\n2\t\\N\n"
    );
    desk.notebook
        .good("\\copy t (a) from stdin\n3\n\\.\n")
        .await;
    assert_eq!(desk.database.ask("select sum(a) from t"), "6");

    fs::write(desk.path("bad.txt"), "4\tfour\nx\ty\n").unwrap();
    let problem = desk
        .notebook
        .bad(&format!("\\copy t from '{}'", desk.name("bad.txt")))
        .await;
    assert_eq!(
        problem.context.as_deref(),
        Some("COPY t, line 2, column a: \"x\"")
    );
    let problem = desk.notebook.bad("\\copy nope to '/dev/null'").await;
    assert_eq!(problem.message, "relation \"nope\" does not exist");
    let folder = desk.folder.path().display();
    let problem = desk
        .notebook
        .bad(&format!("\\copy t from '{folder}'"))
        .await;
    assert_eq!(
        problem.message,
        format!("{folder}: cannot copy from/to a directory")
    );
    let problem = desk.notebook.bad("\\copy").await;
    assert_eq!(problem.message, "\\copy: arguments required");
}

#[tokio::test]
async fn guards_hold_for_files() {
    let database = Database::new().await;
    let notebook = Notebook::with(&format!("{} read_only=on", database.target()));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.csv");
    fs::write(&file, "a\n1\n").unwrap();
    let file = file.display();
    for cell in [
        format!("%import {file}"),
        format!("\\copy t from {file}"),
        format!("%%export {file}\ninsert into t values (1) returning *"),
    ] {
        notebook.fails(&cell, "read-only").await;
    }
    notebook
        .good(&format!("%%export {file}\nselect 2 as b"))
        .await;
    assert_eq!(
        fs::read_to_string(folder.path().join("a.csv")).unwrap(),
        "b\n2\n"
    );
}
