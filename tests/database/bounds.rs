//! Large and odd cells and results: nothing breaks, and memory stays where it was.

use std::time::{Duration, Instant};

use crate::notebook::Notebook;
use crate::server::Database;

#[tokio::test]
async fn a_million_rows_stream_by() {
    let database = Database::alone().await;
    let notebook = Notebook::new(&database);
    let rows =
        |count| format!("select n, repeat('x', 100) as text from generate_series(1, {count}) as n");
    notebook.good(&rows(10_000)).await;
    let memory = Memory::now();
    let started = Instant::now();
    let answer = notebook.good(&rows(1_000_000)).await;
    let time = started.elapsed();
    let bundle = answer.bundles().last().unwrap();
    assert!(
        bundle.text().ends_with("\n(100 of 1000000 rows shown)"),
        "{}",
        bundle.text()
    );
    assert_eq!(bundle.text().lines().count(), 103);
    assert!(time < Duration::from_secs(15), "{time:?}");
    assert!(memory.grown() < 30 << 20, "{} bytes more", memory.grown());
}

#[tokio::test]
async fn rows_of_a_megabyte_stream_by() {
    let database = Database::alone().await;
    let notebook = Notebook::new(&database);
    let rows = |count| {
        format!(
            "%%sql --limit 1\nselect repeat('x', 1 << 20) as s from generate_series(1, {count})"
        )
    };
    notebook.good(&rows(20)).await;
    let memory = Memory::now();
    let answer = notebook.good(&rows(1000)).await;
    assert!(
        answer
            .bundles()
            .last()
            .unwrap()
            .text()
            .ends_with("\n(1 of 1000 rows shown)")
    );
    assert!(memory.grown() < 100 << 20, "{} bytes more", memory.grown());
}

#[tokio::test]
async fn one_value_of_200_megabytes() {
    let database = Database::alone().await;
    let notebook = Notebook::new(&database);
    let answer = notebook
        .good("select repeat('0123456789', 20000000) as s")
        .await;
    let bundle = answer.bundles().last().unwrap();
    let html = bundle.html().unwrap();
    assert!(html.len() < 1 << 20, "{} bytes of HTML", html.len());
    assert_eq!(notebook.value("select 1").await, "1");
}

#[tokio::test]
async fn as_many_columns_as_there_can_be() {
    let notebook = Notebook::new(&Database::new().await);
    let list: Vec<String> = (1..=1600).map(|n| format!("{n} as c{n}")).collect();
    let answer = notebook.good(&format!("select {}", list.join(", "))).await;
    let text = answer.bundles().last().unwrap().text().to_owned();
    assert!(text.starts_with(" c1 | c2 | c3 "), "{text:.99}");
    assert!(text.contains("| c1600 \n") && text.ends_with("|  1600\n(1 row)"));
}

#[tokio::test]
async fn a_cell_of_five_megabytes() {
    let notebook = Notebook::new(&Database::new().await);
    let cell = format!("select length('{}')", "é".repeat(5 << 19));
    assert_eq!(notebook.value(&cell).await, (5 << 19).to_string());
    let cell = format!("{}select 1", "-- a comment\n".repeat(400_000));
    assert_eq!(notebook.value(&cell).await, "1");
    let problem = notebook
        .bad(&format!("{}select nosuch", "select 1; \n".repeat(20)))
        .await;
    assert!(
        problem.text().contains("\nLINE 21: select nosuch\n"),
        "{problem:?}"
    );
}

#[tokio::test]
async fn ten_thousand_statements() {
    let notebook = Notebook::new(&Database::new().await);
    let started = Instant::now();
    let answer = notebook.good(&"select 1;\n".repeat(10_000)).await;
    assert_eq!(answer.shown.len(), 10_000);
    assert!(
        started.elapsed() < Duration::from_secs(30),
        "{:?}",
        started.elapsed()
    );
    let answer = notebook
        .good(&"set work_mem = '4MB'\\;".repeat(10_000))
        .await;
    assert_eq!(answer.out(), "SET\n".repeat(10_000));
}

#[tokio::test]
async fn cells_of_nothing() {
    let notebook = Notebook::new(&Database::new().await);
    for cell in [
        "",
        " \n\t\r\n",
        "-- only a comment",
        "/* one\n /* in another */ */",
        ";",
        " ; ;\n;",
    ] {
        let answer = notebook.good(cell).await;
        assert_eq!(answer.shown, [], "{cell:?}");
    }
    assert_eq!(notebook.good("\\;").await.shown, []);
}

#[tokio::test]
async fn what_cannot_be_sent_is_not() {
    let notebook = Notebook::new(&Database::new().await);
    for (cell, says) in [
        ("select 'open", "unterminated quoted string"),
        ("select \"open", "unterminated quoted identifier"),
        (
            "select $tag$ open $tag",
            "unterminated dollar-quoted string",
        ),
        ("select 1 /* open", "unterminated /* comment"),
        ("select 'a\0b'", "a NUL character"),
        ("\\echo 'open", "unterminated quoted string"),
        (
            "select 1;\n%%sql\nselect 2",
            "a %% command stands on the first line",
        ),
    ] {
        let problem = notebook.bad(cell).await;
        assert!(problem.message.starts_with(says), "{cell:?}: {problem:?}");
        assert!(problem.place.is_some(), "{cell:?}: {problem:?}");
    }
    assert_eq!(notebook.value("select 1").await, "1");
}

#[tokio::test]
async fn a_parenthesis_left_open_is_the_servers_to_say() {
    let notebook = Notebook::new(&Database::new().await);
    let problem = notebook.bad("select (1;\nselect 2").await;
    assert_eq!(problem.name, "42601 syntax_error");
}

#[tokio::test]
async fn an_error_of_70_megabytes() {
    let database = Database::alone().await;
    let notebook = Notebook::new(&database);
    let cell = "do $$ begin raise exception '%', repeat('x', 70000000); end $$";
    assert_eq!(notebook.bad(cell).await.name, "P0001 raise_exception");
    assert_eq!(notebook.value("select 1").await, "1");
}

#[tokio::test]
async fn another_encoding_costs_nothing() {
    let notebook = Notebook::new(&Database::new().await);
    notebook
        .good("create temp table mine as select 7 as n; begin")
        .await;
    for set in [
        "set client_encoding to 'LATIN1'",
        "set local client_encoding to 'EUC_JP'",
        "select set_config('client_encoding', 'WIN1252', false)",
        "set names 'LATIN1'",
    ] {
        // What is sent with it comes in that encoding, whatever it is.
        let cell = format!("{set}\\; select chr(233) || 'tudes' as \"é\"");
        let answer = notebook.run(&cell).await;
        assert_eq!(answer.problem, None, "{set}");
        assert!(answer.err().contains("is UTF8 again"), "{answer:?}");
        // What is sent afterwards is as ever.
        let answer = notebook
            .good("select chr(233) || 'tudes' as \"é\", 'ä'")
            .await;
        assert!(
            answer.transcript().ends_with("é | ?column? études | ä"),
            "{set}: {answer:?}"
        );
        let answer = notebook
            .good("do $$ begin raise notice 'é'; end $$; copy (select 'é') to stdout")
            .await;
        assert_eq!(answer.err(), "NOTICE:  é\n", "{set}");
        assert_eq!(answer.out(), "DO\né\n", "{set}");
    }
    // An error in it, by a column and a message that are no UTF-8.
    notebook.good("savepoint s").await;
    let cell = "set client_encoding to 'LATIN1'\\; select 1 as \"é\" from \"nosuch é\"";
    assert_eq!(notebook.bad(cell).await.name, "42P01 undefined_table");
    notebook.good("rollback to s").await;
    let problem = notebook.bad("select \"é\"").await;
    assert_eq!(problem.message, "column \"é\" does not exist");
    notebook.good("rollback").await;
    assert_eq!(notebook.value("select n from mine").await, "7");
    notebook.good("reset client_encoding; discard temp").await;
    assert_eq!(notebook.value("show client_encoding").await, "UTF8");
    assert_eq!(notebook.value("select chr(233)").await, "é");
}

#[tokio::test]
async fn an_encoding_of_a_role_or_of_options_is_not_taken() {
    let database = Database::new().await;
    let role = format!("latin_{}", database.name);
    let password = &database.server.password;
    database.ask(&format!(
        "create role {role} login password '{password}'; \
         alter role {role} set client_encoding to 'LATIN1'"
    ));
    let target = database.target();
    let target = target.replace(
        &format!("user={}", database.server.user),
        &format!("user={role}"),
    );
    for more in [
        "",
        " client_encoding=LATIN1",
        " options='-c client_encoding=LATIN1'",
    ] {
        let notebook = Notebook::with(&format!("{target}{more}"));
        let answer = notebook.good("select chr(233) as \"é\"").await;
        assert_eq!(answer.transcript(), "result é é", "{more}");
    }
    database.ask(&format!("drop role {role}"));
}

#[tokio::test]
async fn texts_of_a_database_without_an_encoding() {
    let database = Database::new().await;
    let name = format!("{}_bytes", database.name);
    database.ask(&format!(
        "create database {name} encoding 'SQL_ASCII' locale 'C' template template0"
    ));
    let target = database.target();
    let target = target.replace(
        &format!("dbname={}", database.name),
        &format!("dbname={name}"),
    );
    let notebook = Notebook::with(&target);
    notebook
        .good("create temp table mine as select 7 as n; begin")
        .await;
    // The server itself refuses to send what is no UTF-8, and that costs nothing else.
    for cell in [
        "select convert_from('\\xe9', 'SQL_ASCII')",
        "do $$ begin raise exception '%', convert_from('\\xe9', 'SQL_ASCII'); end $$",
        "set client_encoding to 'LATIN1'\\; select nosuch",
    ] {
        notebook.good("savepoint s").await;
        notebook.bad(cell).await;
        notebook.good("rollback to s").await;
    }
    // In the encoding that the database has none of, its bytes come as they are.
    let cell = "set client_encoding to 'SQL_ASCII'\\; select convert_from('\\x63616ee974', 'SQL_ASCII') as a";
    let answer = notebook.good(cell).await;
    assert!(answer.transcript().contains("can\u{fffd}t"), "{answer:?}");
    notebook.good("commit").await;
    assert_eq!(notebook.value("select n from mine").await, "7");
}

/// The memory of this process, and the most it has had since.
pub(crate) struct Memory {
    before: u64,
}

impl Memory {
    pub(crate) fn now() -> Memory {
        // 5: forget the peak (man 5 proc).
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        Memory {
            before: status("VmRSS:"),
        }
    }

    /// Bytes between then and the peak.
    pub(crate) fn grown(&self) -> u64 {
        status("VmHWM:").saturating_sub(self.before)
    }
}

/// A line of the process's status, in bytes.
fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        * 1024
}
