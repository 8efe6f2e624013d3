//! psql's own variables: what they do, beside psql, and which are refused.

use crate::notebook::Notebook;
use crate::server::Database;

async fn count(database: &Database) -> String {
    let out = database.psql("\\t on\nselect count(*) from t");
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn autocommit_off_begins_a_transaction() {
    let database = Database::new().await;
    database.psql("create table t (a int)");
    let notebook = Notebook::new(&database);
    notebook
        .good("\\set AUTOCOMMIT off\ninsert into t values (1)")
        .await;
    assert!(notebook.query.in_transaction());
    assert_eq!(count(&database).await, "0");
    notebook.good("rollback").await;
    assert_eq!(count(&database).await, "0");
    notebook.good("insert into t values (1); commit").await;
    assert_eq!(count(&database).await, "1");
    assert!(!notebook.query.in_transaction());

    // What begins or ends one itself, and what no transaction takes.
    for cell in [
        "vacuum t",
        "create index concurrently i on t (a)",
        "drop index concurrently i",
        "reindex table concurrently t",
        "cluster",
        "commit",
        "begin; commit",
    ] {
        notebook.good(cell).await;
        assert!(!notebook.query.in_transaction(), "{cell}");
    }

    // Whatever sends a statement begins one.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.csv");
    std::fs::write(&file, "a\n5\n6\n").unwrap();
    let file = file.display();
    for cell in [
        "insert into t values (2) returning a \\gset".to_owned(),
        "%%sql --as kept\ninsert into t values (3) returning a".to_owned(),
        "insert into t values (4) \\g".to_owned(),
        format!("%import {file} into t"),
        format!("\\copy t from '{file}' csv header"),
    ] {
        notebook.good(&cell).await;
        assert!(notebook.query.in_transaction(), "{cell}");
        assert_eq!(count(&database).await, "1", "{cell}");
        notebook.good("rollback").await;
        assert_eq!(count(&database).await, "1", "{cell}");
    }
    notebook
        .good("\\set AUTOCOMMIT on\ninsert into t values (7)")
        .await;
    assert_eq!(count(&database).await, "2");
    // As in psql, forgotten is off.
    notebook
        .good("\\unset AUTOCOMMIT\ninsert into t values (8)")
        .await;
    assert_eq!(count(&database).await, "2");
}

#[tokio::test]
async fn values_are_psqls() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    for (name, value) in [
        ("AUTOCOMMIT", "maybe"),
        ("AUTOCOMMIT", "o"),
        ("QUIET", "2"),
        ("ON_ERROR_STOP", "later"),
        ("FETCH_COUNT", "many"),
        ("FETCH_COUNT", "''"),
        ("HISTSIZE", "x"),
        ("HISTCONTROL", "x"),
        ("VERBOSITY", "loud"),
        ("SHOW_CONTEXT", "x"),
        ("ECHO", "x"),
        ("ECHO_HIDDEN", "x"),
        ("ON_ERROR_ROLLBACK", "x"),
        ("COMP_KEYWORD_CASE", "x"),
        ("SINGLELINE", "x"),
    ] {
        let cell = format!("\\set {name} {value}");
        let told = String::from_utf8(database.psql(&cell).stderr).unwrap();
        let (_, expected) = told.split_once("error: ").unwrap();
        let problem = notebook.bad(&cell).await;
        assert_eq!(problem.message, expected.trim_end(), "{cell}");
    }
}

#[tokio::test]
async fn what_is_not_heeded_is_refused() {
    let notebook = Notebook::new(&Database::new().await);
    for cell in [
        "\\set ON_ERROR_ROLLBACK on",
        "\\set ON_ERROR_ROLLBACK interactive",
        "\\set SHOW_ALL_RESULTS off",
        "\\unset SHOW_ALL_RESULTS",
        "\\set SINGLELINE on",
        "\\set SINGLESTEP",
        "\\set ECHO all",
        "\\set ECHO_HIDDEN on",
        "\\set HIDE_TABLEAM on",
        "\\set HIDE_TOAST_COMPRESSION yes",
        "\\set COMP_KEYWORD_CASE lower",
    ] {
        notebook.fails(cell, "not supported by Rowcell").await;
    }
    for cell in [
        "\\set ON_ERROR_ROLLBACK off",
        "\\set SHOW_ALL_RESULTS yes",
        "\\set SINGLELINE off",
        "\\set PROMPT1 '%/ '",
        "\\set HISTSIZE 10",
        "\\set HISTCONTROL ignoredups",
        "\\set FETCH_COUNT 100",
        "\\set ON_ERROR_STOP on",
        "\\set COMP_KEYWORD_CASE preserve-lower",
        "\\unset VERBOSITY",
    ] {
        notebook.good(cell).await;
    }
}

#[tokio::test]
async fn they_tell_what_psqls_tell() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    let told = "\\echo TOLD :ERROR :SQLSTATE :ROW_COUNT :LAST_ERROR_SQLSTATE :LAST_ERROR_MESSAGE";
    let statements = [
        "select 1 union select 2;",
        "create table t (a int);",
        "insert into t values (1), (2), (3);",
        "select nosuch;",
        "delete from t where a < 3;",
        "begin; update t set a = 4; commit;",
        "copy t to stdout;",
        "select 1/0;",
        "select 1 as x \\gset",
    ];
    let mut script = "\\set ON_ERROR_STOP off\n".to_owned();
    let mut seen = Vec::new();
    for statement in statements {
        script += &format!("{statement}\n{told}\n");
        notebook.run(statement).await;
        seen.push(notebook.good(told).await.out());
    }
    let psql = database.another().psql(&script);
    let psql = String::from_utf8(psql.stdout).unwrap();
    let expected: Vec<&str> = psql
        .lines()
        .filter(|line| line.starts_with("TOLD"))
        .collect();
    assert_eq!(seen.concat().lines().collect::<Vec<_>>(), expected);

    let about =
        "\\echo :DBNAME :USER :HOST :PORT :ENCODING :SERVER_VERSION_NUM :SERVER_VERSION_NAME";
    let psql = String::from_utf8(database.psql(about).stdout).unwrap();
    notebook.good("select 1").await;
    assert_eq!(notebook.good(about).await.out(), psql);
}

#[tokio::test]
async fn a_cell_that_names_the_connection_opens_it() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook
        .good(&format!("%connect {} as here", database.target()))
        .await;
    assert_eq!(
        notebook.good("\\echo :DBNAME").await.out(),
        format!("{}\n", database.name)
    );
}

#[tokio::test]
async fn reports_are_as_wordy_as_psqls() {
    let database = Database::new().await;
    database.psql(
        "create table t (a int constraint positive check (a > 0));
         create function g() returns int language plpgsql as
         $$ begin raise warning 'w' using detail = 'd', hint = 'h'; return 1; end $$;",
    );
    for verbosity in ["default", "verbose", "terse", "sqlstate"] {
        for context in ["never", "errors", "always"] {
            let notebook = Notebook::new(&database);
            let set = format!("\\set VERBOSITY {verbosity}\n\\set SHOW_CONTEXT {context}\n");
            notebook.good(&set).await;
            for statement in [
                "select 1 + nosuch",
                "insert into t values (-1)",
                "select g()",
                "do $$ begin perform 1/0; end $$",
            ] {
                let psql = database.psql(&format!("{set}{statement};"));
                let stderr = String::from_utf8(psql.stderr).unwrap();
                let expected: Vec<&str> = stderr
                    .lines()
                    .map(|line| match line.strip_prefix("psql:") {
                        Some(rest) => rest.split_once(": ").map_or(rest, |(_, rest)| rest),
                        None => line,
                    })
                    .collect();
                let answer = notebook.run(&format!("{statement};")).await;
                let seen = match &answer.problem {
                    Some(problem) => problem.text(),
                    None => answer.err(),
                };
                assert_eq!(
                    seen.trim_end(),
                    expected.join("\n"),
                    "{verbosity} {context} {statement}"
                );
            }
        }
    }
}

#[tokio::test]
async fn quiet_leaves_tags_out_and_echo_prints_what_is_sent() {
    let notebook = Notebook::new(&Database::new().await);
    let answer = notebook
        .good("\\set QUIET\ncreate table t ();\n\\set QUIET off\ndrop table t;")
        .await;
    assert_eq!(answer.out(), "DROP TABLE\n");
    let answer = notebook
        .good("\\set ECHO queries\n\\set n 3\nselect :n as a")
        .await;
    assert_eq!(answer.out(), "select 3 as a\n");
}
