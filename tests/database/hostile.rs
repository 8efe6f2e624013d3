//! Servers that mean harm: nothing that they say is taken for SQL, a command, a number, markup or
//! Rust before it was looked at.

use std::fs;

use crate::liar::Liar;
use crate::notebook::Notebook;
use crate::server::Database;

/// A value that an int4 is heard to be; the true one has as many digits.
const TRUTH: &str = "123456789";
const LIE: &str = "1);\n\\! id";

/// A notebook on a database whose server lies.
async fn lied_to(database: &Database, lies: &[(&str, &str)]) -> (Notebook, Liar) {
    let liar = Liar::new(lies).await;
    let notebook = Notebook::with(&liar.target(database));
    (notebook, liar)
}

#[tokio::test]
async fn a_number_is_one_in_every_file() {
    let database = Database::new().await;
    let (notebook, _liar) = lied_to(&database, &[(TRUTH, LIE)]).await;
    let folder = tempfile::tempdir().unwrap();
    let query = format!(
        "select {TRUTH} as i, {TRUTH}::int8 as b, {TRUTH}::numeric as n, {TRUTH}::float8 as f, \
         {TRUTH}::oid as o, array[{TRUTH}] as a, 'NaN'::float8 as x, '-Infinity'::numeric as y"
    );
    notebook.good(&format!("%%sql --as kept\n{query}")).await;
    let written = async |name: &str| {
        let file = folder.path().join(name);
        let path = file.display();
        notebook.good(&format!("%%export {path}\n{query}")).await;
        let streamed = fs::read_to_string(&file).unwrap();
        notebook.good(&format!("%export {path} from kept")).await;
        assert_eq!(fs::read_to_string(&file).unwrap(), streamed, "{name}");
        streamed
    };

    let sql = written("people.sql").await;
    let values = sql.split_once("values\n").unwrap().1;
    let quoted = "E'1);\n\\\\! id'";
    let array = "E'{1);\n\\\\! id}'";
    let expected = format!(
        "({quoted}, {quoted}, {quoted}, {quoted}, {quoted}, {array}, 'NaN', '-Infinity');\n"
    );
    assert_eq!(values, expected);

    for (name, lines) in [("people.jsonl", true), ("people.json", false)] {
        let text = written(name).await;
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let row = if lines { &json } else { &json[0] };
        assert_eq!(row["i"], LIE, "{text}");
        assert_eq!(row["a"][0], LIE, "{text}");
        assert_eq!((&row["x"], &row["y"]), (&"NaN".into(), &"-Infinity".into()));
        assert_eq!(text.lines().count(), if lines { 1 } else { 3 }, "{text}");
    }

    let csv = written("people.csv").await;
    assert!(csv.contains("\"1);\n\\! id\","), "{csv}");
    let markdown = written("people.md").await;
    assert_eq!(markdown.lines().count(), 3, "{markdown}");

    for format in ["parquet", "arrow"] {
        let file = folder.path().join(format!("kept.{format}"));
        let file = file.display();
        notebook
            .fails(
                &format!("%export {file} from kept"),
                "is not of its column's type",
            )
            .await;
    }
}

#[tokio::test]
async fn booleans_and_json_are_what_they_are_called() {
    let database = Database::new().await;
    database.psql("create table t (b bool, j json); insert into t values (true, '{\"truth\":1}')");
    let lies = [("{\"truth\":1}", "{},{\"a\":2},")];
    let (notebook, _liar) = lied_to(&database, &lies).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.jsonl");
    let path = file.display();
    notebook.good(&format!("%%export {path}\ntable t")).await;
    let text = fs::read_to_string(&file).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["j"], "{},{\"a\":2},");
}

#[tokio::test]
async fn a_type_is_one_before_a_table_is_made_of_it() {
    let (a, lie) = (Database::new().await, "text); create table pwned(); --");
    let truth = format!("d{}", "x".repeat(lie.len() - 1));
    a.psql(&format!(
        "create type {truth} as enum ('1'); create table t (\"a); --\" {truth}); insert into t values ('1')"
    ));
    let b = a.another();
    let (notebook, _liar) = lied_to(&a, &[(&truth, lie)]).await;
    notebook.good("select 1").await;
    notebook
        .good(&format!("%connect {} as b", b.target()))
        .await;
    let name = &a.name;
    for cell in [
        format!("%copy t from {name} to b"),
        format!("%%copy from {name} to b as t\nselect * from t"),
    ] {
        notebook.fails(&cell, "is no name of a type").await;
    }
    let there = b.psql("\\t on\nselect count(*) from pg_class where relname in ('pwned', 't')");
    assert_eq!(String::from_utf8_lossy(&there.stdout).trim(), "0");

    // A name that is one, however odd.
    let odd = a.another();
    let make = "create schema \"My S\"; create type \"My S\".\"a); b\" as enum ('1');";
    odd.psql(&format!(
        "{make} create table t (\"x\"\"; y\" \"My S\".\"a); b\"); insert into t values ('1')"
    ));
    b.psql(make);
    notebook
        .good(&format!("%connect {} as odd", odd.target()))
        .await;
    notebook.good("%copy t from odd to b").await;
    let there = b.psql("\\t on\nselect count(*) from t");
    assert_eq!(String::from_utf8_lossy(&there.stdout).trim(), "1");
}

#[tokio::test]
async fn what_is_made_of_names_is_made_of_names() {
    let database = Database::new().await;
    let name = "t\"; drop table pwned_not; --\n\\! id";
    let column = "a\"; drop table pwned_not; --\n\\! id";
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let (table, field) = (quoted(name), quoted(column));
    let script = format!(
        "create table pwned_not (a int);
         create type mood as enum ('*/ panic!() /*', E'two\\nlines', '\"); panic!(); (\"', '{{panic!()}}', '\\');
         create table {table} (id int primary key default 1, {field} text default '\"); panic!(); (\"',
         m mood default '\"); panic!(); (\"', \"</td><script>\" int);
         comment on table {table} is E'*/ panic!() /*\\n}} panic!(); // <script>alert(1)</script>\\u202e\\x1b[2K';
         comment on column {table}.{field} is E'line\\n}} panic!();\\r\\n#![feature(x)] <img src=x onerror=y>';
         create schema {table};
         insert into {table} values (1, 'x', 'two\nlines', 2);"
    );
    let made = database.psql(&script);
    assert!(made.status.success(), "{made:?}");
    let notebook = Notebook::new(&database);
    let folder = tempfile::tempdir().unwrap();
    let one_line = table.replace('\n', " ");
    // A name with a line's end cannot be written on a line: patterns find it.
    for cell in [
        "%tables".to_owned(),
        "%tables t*".to_owned(),
        "%schema public".to_owned(),
        "%schema".to_owned(),
        "%describe mood".to_owned(),
        "\\d".to_owned(),
        "\\d t*".to_owned(),
        "\\dt+".to_owned(),
        "\\dn+".to_owned(),
        "\\dT+ mood".to_owned(),
        "\\dp".to_owned(),
        "\\d \"t*".to_owned(),
        format!("\\d {one_line}"),
        format!("%describe {one_line}"),
        format!("%tables {one_line}"),
        format!("%model {one_line}"),
        format!("%schema {one_line}"),
        "\\d '; drop table pwned_not; --".to_owned(),
        "%describe x'; drop table pwned_not; --".to_owned(),
        "%tables x'; drop table pwned_not; --".to_owned(),
        format!("table {table}"),
    ] {
        let answer = notebook.run(&cell).await;
        for bundle in answer.bundles() {
            let text = bundle.text();
            assert!(!text.contains('\u{1b}'), "{cell}: {text:?}");
            let html = bundle.html().unwrap_or_default();
            for tag in ["<script", "<img src=x", "</td><script>"] {
                assert!(!html.contains(tag), "{cell}: {html}");
            }
            let svg = bundle.get("image/svg+xml").and_then(|svg| svg.as_str());
            assert!(!svg.unwrap_or_default().contains("<script"), "{cell}");
        }
        let here = database.psql("\\t on\nselect count(*) from pwned_not");
        assert_eq!(String::from_utf8_lossy(&here.stdout).trim(), "0", "{cell}");
    }

    // What completion offers can be run as it stands.
    notebook.good("select 1").await;
    let begun = std::time::Instant::now();
    let offered = loop {
        let completions = notebook.query.complete("select * from t", 15).await;
        let items = completions.items.into_iter();
        let found = items
            .map(|item| item.text)
            .find(|text| text.starts_with("\"t\"\""));
        if let Some(found) = found {
            break found;
        }
        assert!(begun.elapsed().as_secs() < 10, "never offered");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert_eq!(offered, table);
    notebook.good(&format!("select * from {offered}")).await;

    // The same names in files, which psql then reads.
    let file = folder.path().join("odd.sql");
    let path = file.display();
    notebook
        .good(&format!("%%export {path}\ntable {table}"))
        .await;
    let text = fs::read_to_string(&file).unwrap();
    let other = database.another();
    other.psql(&script);
    let read = other.psql(&text.replace("\"odd\"", &table).replace("(1, ", "(2, "));
    assert!(read.status.success(), "{read:?}\n{text}");
    let stdout = String::from_utf8(read.stdout).unwrap();
    assert!(!stdout.contains("uid="), "psql ran a command: {stdout}");
}

#[tokio::test]
async fn types_of_rust_are_made_of_names_and_compile() {
    let database = Database::new().await;
    database.psql(
        "create type mood as enum ('*/ panic!() /*', E'two\\nlines', '\"); panic!(); (\"', '{panic!()}', '\\');
         create table t (id int primary key, \"a\"\" }} panic!(); //\" text default '\"); panic!(); (\"',
         m mood default '{panic!()}', \"x\ny\" int default 7);
         comment on table t is E'*/ panic!() /*\\n}} panic!(); //\\u2028\\u202e';
         comment on column t.id is E'line\\n}} panic!();\\r\\n#![feature(x)]';",
    );
    let notebook = Notebook::new(&database);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.rs");
    notebook
        .good(&format!("%model t --to {}", file.display()))
        .await;
    let answer = notebook.good("%model t").await;
    let source = answer.bundles().last().unwrap().text().to_owned();
    for text in [fs::read_to_string(&file).unwrap(), source] {
        // What is outside of strings and comments is of our own making.
        for line in text.lines() {
            let code = line.trim_start();
            if code.contains("panic!") {
                let comment = code.starts_with("//");
                let string = code
                    .find('"')
                    .is_some_and(|quote| quote < code.find("panic!").unwrap());
                assert!(comment || string, "{line}");
            }
            assert!(!code.starts_with("#![feature"), "{line}");
        }
    }
}

#[tokio::test]
async fn what_a_server_says_does_nothing_to_a_terminal() {
    let database = Database::new().await;
    database.psql(
        "create function g(text) returns int language plpgsql as
         $$ begin raise notice '%', $1; return 1; end $$;
         create function h(text) returns int language plpgsql as
         $$ begin raise exception '%', $1 using detail = $1, hint = $1; end $$;",
    );
    let notebook = Notebook::new(&database);
    let evil = "E'\\x1b[2K\\x1b]0;t\\x07\\r\\x08\\u009b31m\\u202eabc'";
    for cell in [
        format!("select g({evil})"),
        format!("select h({evil})"),
        format!("select {evil} as a, {evil}::json"),
        "select 1 as \"\u{1b}[2K\u{202e}\"".to_owned(),
        "select \"\u{1b}[2K\"".to_owned(),
        "listen \"\u{1b}[2K\"; notify \"\u{1b}[2K\", '\u{1b}[31m'; select 1".to_owned(),
    ] {
        let answer = notebook.run(&cell).await;
        let mut texts = vec![answer.err(), answer.out()];
        texts.extend(answer.problem.iter().map(display::Problem::text));
        for text in texts {
            let control = |c: char| c.is_control() && c != '\n' && c != '\t';
            assert!(
                !text.contains(control) && !text.contains('\u{202e}'),
                "{cell}: {text:?}"
            );
        }
        for bundle in answer.bundles() {
            let control = |c: char| c.is_control() && c != '\n';
            assert!(
                !bundle.text().contains(control),
                "{cell}: {:?}",
                bundle.text()
            );
        }
    }
}
