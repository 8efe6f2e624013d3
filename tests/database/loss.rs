//! A connection that ends: the cell says what was lost, and the next one works.

use std::process::Command;
use std::time::Duration;

use tokio::time::sleep;

use crate::notebook::Notebook;
use crate::proxy::{CUT, Proxy};
use crate::server::{Database, Server};

/// Ends every session of the database, as an administrator does.
fn terminate(database: &Database) {
    let others = "pid <> pg_backend_pid() and datname = current_database()";
    database.ask(&format!(
        "select pg_terminate_backend(pid) from pg_stat_activity where {others}"
    ));
}

#[tokio::test]
async fn while_idle_the_next_statement_connects_again() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook.good("create temp table t ()").await;
    terminate(&database);
    sleep(Duration::from_millis(100)).await;
    let answer = notebook.good("select 1 as a").await;
    assert_eq!(
        answer.transcript(),
        "err Connected again: the connection before had ended (terminating connection due to \
         administrator command). Temporary tables, SET and prepared statements are gone.\n\
         result a 1"
    );
    assert_eq!(
        notebook.good("select 2 as b").await.transcript(),
        "result b 2"
    );
}

#[tokio::test]
async fn in_a_transaction_the_next_statement_is_not_sent() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook
        .good("create table t (n int); begin; insert into t values (1)")
        .await;
    terminate(&database);
    sleep(Duration::from_millis(100)).await;
    let problem = notebook.bad("insert into t values (2)").await;
    assert!(problem.name.starts_with("08006"), "{problem:?}");
    assert!(problem.message.contains("rolled back"), "{problem:?}");
    assert!(
        problem.message.contains("administrator command"),
        "{problem:?}"
    );
    assert!(problem.message.contains("was not sent"), "{problem:?}");
    assert_eq!(notebook.value("select count(*) from t").await, "0");
}

#[tokio::test]
async fn under_a_statement_of_a_transaction_it_is_rolled_back() {
    let notebook = Notebook::new(&Database::new().await);
    let end = "select pg_terminate_backend(pg_backend_pid())";
    notebook.good("create table t (n int); begin").await;
    let advice = notebook.bad(end).await.advice.concat();
    assert!(advice.contains("is rolled back"), "{advice}");
    // One that may have committed before the end is another matter.
    notebook.good("begin; insert into t values (1)").await;
    let advice = notebook.bad(&format!("commit\\; {end}")).await.advice;
    assert!(advice.concat().contains("is not known"), "{advice:?}");
    assert_eq!(notebook.value("select count(*) from t").await, "1");
}

#[tokio::test]
async fn in_the_middle_of_a_result_what_came_is_kept() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    let cell =
        "select n, case when n > 150 then pg_sleep(0.01) end from generate_series(1, 100000) as n";
    let end = async {
        sleep(Duration::from_millis(900)).await;
        terminate(&database);
    };
    let (answer, ()) = tokio::join!(notebook.run(cell), end);
    let problem = answer.problem.as_ref().unwrap();
    assert!(problem.name.starts_with("08006"), "{problem:?}");
    assert!(
        problem.message.contains("administrator command"),
        "{problem:?}"
    );
    let advice = problem.advice.concat();
    assert!(
        advice.contains("Whether the statement took effect is not known"),
        "{problem:?}"
    );
    assert_eq!(notebook.value("select 1").await, "1");
}

#[tokio::test]
async fn cut_in_the_middle_of_a_row() {
    let database = Database::new().await;
    let proxy = Proxy::new().await;
    let notebook = Notebook::with(&proxy.target(&database));
    notebook.good("select 1").await;
    let cell = format!("{CUT} select n, repeat('x', 50) as x from generate_series(1, 5000) as n");
    for bytes in [0, 3, 50, 70, 1000, 100_000] {
        proxy.cut_after(bytes);
        let answer = notebook.run(&cell).await;
        let problem = answer.problem.as_ref().unwrap();
        assert!(problem.name.starts_with("08006"), "{bytes}: {problem:?}");
        assert!(
            problem
                .message
                .contains("closed the connection without a word"),
            "{problem:?}"
        );
        if let Some(bundle) = answer.bundles().last() {
            assert!(
                bundle.text().contains("(incomplete: the connection ended)"),
                "{}",
                bundle.text()
            );
        }
        assert_eq!(notebook.value("select 2").await, "2", "{bytes}");
    }
}

#[tokio::test]
async fn cut_in_the_middle_of_a_copy() {
    let database = Database::new().await;
    let proxy = Proxy::new().await;
    let notebook = Notebook::with(&proxy.target(&database));
    notebook.good("create table t (n int)").await;
    proxy.cut_after(100_000);
    let problem = notebook
        .bad(&format!(
            "{CUT} copy (select n from generate_series(1, 100000) as n) to stdout"
        ))
        .await;
    assert!(problem.name.starts_with("08006"), "{problem:?}");
    assert_eq!(notebook.value("select 1").await, "1");

    proxy.cut_after(0);
    let cell = format!("copy t from stdin {CUT};\n{}\\.\n", "1\n".repeat(1_000_000));
    let problem = notebook.bad(&cell).await;
    assert!(problem.name.starts_with("08006"), "{problem:?}");
    assert_eq!(notebook.value("select count(*) from t").await, "0");
}

#[tokio::test]
async fn what_the_server_said_before_it_closed_is_told() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook
        .good(
            "create function slow() returns trigger language plpgsql as \
             $$ begin perform pg_sleep(0.01); return new; end $$;\n\
             create table t (n int);\n\
             create trigger slow before insert on t for each row execute function slow()",
        )
        .await;
    // Most of the data is not written yet when the server goes.
    let cell = format!("copy t from stdin;\n{}\\.\n", "1\n".repeat(2_000_000));
    let end = async {
        sleep(Duration::from_millis(300)).await;
        terminate(&database);
    };
    let (problem, ()) = tokio::join!(notebook.bad(&cell), end);
    assert!(
        problem.message.contains("administrator command"),
        "{problem:?}"
    );
    assert_eq!(notebook.value("select count(*) from t").await, "0");
}

#[tokio::test]
async fn a_server_that_is_away_and_comes_back() {
    let database = Database::new().await;
    let proxy = Proxy::new().await;
    let notebook = Notebook::with(&proxy.target(&database));
    notebook.good("create temp table t ()").await;
    proxy.go_down().await;
    sleep(Duration::from_millis(50)).await;
    for _ in 0..2 {
        let problem = notebook.bad("select 1").await;
        assert!(problem.name.starts_with("08001"), "{problem:?}");
        assert!(problem.message.contains("refused"), "{problem:?}");
    }
    proxy.come_back().await;
    let answer = notebook.good("select 1 as a").await;
    assert!(answer.err().starts_with("Connected again"), "{answer:?}");
    assert!(answer.transcript().ends_with("result a 1"), "{answer:?}");
}

#[tokio::test]
async fn a_server_that_crashes_and_starts_again() {
    let database = Database::on(Server::another()).await;
    let notebook = Notebook::new(&database);
    let victim = Notebook::new(&database);
    let process = victim.value("select pg_backend_pid()").await;
    notebook.good("begin").await;
    let killed = Command::new("kill").args(["-KILL", &process]).status();
    assert!(killed.unwrap().success());
    sleep(Duration::from_millis(500)).await;
    let problem = notebook.bad("select 1").await;
    let why = "terminating connection because of crash of another server process";
    assert!(problem.message.contains(why), "{problem:?}");
    let answer = loop {
        let answer = victim.run("select 1 as a").await;
        match &answer.problem {
            None => break answer,
            // It is not done with recovery.
            Some(problem) => assert!(problem.name.starts_with("57P03"), "{problem:?}"),
        }
        sleep(Duration::from_millis(50)).await;
    };
    let why = "closed the connection without a word";
    assert!(answer.err().contains(why), "{answer:?}");
    assert_eq!(notebook.value("select 1").await, "1");
}

#[tokio::test]
async fn a_server_that_is_away_in_a_transaction() {
    let database = Database::new().await;
    let proxy = Proxy::new().await;
    let notebook = Notebook::with(&proxy.target(&database));
    notebook.good("begin").await;
    proxy.go_down().await;
    sleep(Duration::from_millis(50)).await;
    notebook
        .fails("commit", "while a transaction was open")
        .await;
    let problem = notebook.bad("select 1").await;
    assert!(problem.name.starts_with("08001"), "{problem:?}");
    proxy.come_back().await;
    assert_eq!(notebook.value("select 1").await, "1");
}

#[tokio::test]
async fn a_statement_that_ends_its_own_session() {
    let notebook = Notebook::new(&Database::new().await);
    let problem = notebook
        .bad("select pg_terminate_backend(pg_backend_pid()); select 1")
        .await;
    assert!(problem.name.starts_with("08006"), "{problem:?}");
    assert_eq!(notebook.value("select 1").await, "1");
}
