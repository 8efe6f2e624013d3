//! The commands that need a server: `\watch`, `\gset`, `%%sql`, and what an unknown one answers.

use std::time::{Duration, Instant};

use query::Shown;
use tokio::time::sleep;

use crate::notebook::Notebook;
use crate::server::Database;

#[tokio::test]
async fn watch_updates_in_place() {
    let notebook = Notebook::new(&Database::new().await);
    notebook.good("create temp sequence s").await;
    let answer = notebook
        .good("select nextval('s') as n \\watch i=0.01 c=4")
        .await;
    assert_eq!(
        answer.transcript(),
        "display 1 n 1\nclear\ndisplay 2 n 2\nupdate 2 n 3\nupdate 2 n 4"
    );
    assert_eq!(answer.screen().len(), 1);
}

#[tokio::test]
async fn watch_updates_each_result_in_its_own_place() {
    let notebook = Notebook::new(&Database::new().await);
    let cell = "select 1 as a\\; select 2 as b \\watch i=0.01 c=3";
    assert_eq!(
        notebook.good(cell).await.transcript(),
        "display 1 a 1\ndisplay 2 b 2\nclear\n\
         display 3 a 1\ndisplay 4 b 2\nupdate 3 a 1\nupdate 4 b 2"
    );
}

#[tokio::test]
async fn watch_goes_on_until_interrupted() {
    let notebook = Notebook::new(&Database::new().await);
    let interrupt = notebook
        .host
        .interrupt_once(|shown| matches!(shown, Shown::Update(..)));
    let (answer, ()) = tokio::join!(notebook.run("select 1 as a \\watch 0.01"), interrupt);
    let problem = answer.problem.unwrap();
    assert!(problem.name.starts_with("57014"), "{problem:?}");
    assert_eq!(notebook.value("select 2").await, "2");
}

#[tokio::test]
async fn watch_stops_at_an_error() {
    let notebook = Notebook::new(&Database::new().await);
    notebook.good("create temp sequence s").await;
    let answer = notebook
        .run("select 2 / (2 - nextval('s')) as n \\watch i=0.01 c=9")
        .await;
    assert_eq!(
        answer.transcript(),
        "display 1 n 2\nclear\nproblem 22012 division_by_zero: division by zero"
    );
}

#[tokio::test]
async fn watch_of_a_command_says_its_tag_each_time() {
    let notebook = Notebook::new(&Database::new().await);
    notebook.good("create temp table t (n int)").await;
    let answer = notebook
        .good("insert into t values (1) \\watch i=0.01 c=3")
        .await;
    assert_eq!(
        answer.transcript(),
        "out INSERT 0 1\nclear\nout INSERT 0 1\nout INSERT 0 1"
    );
}

#[tokio::test]
async fn gset_wants_one_row() {
    let notebook = Notebook::new(&Database::new().await);
    let message = async |cell| notebook.bad(cell).await.message;
    assert_eq!(
        message("select 1 where false \\gset").await,
        "no rows returned for \\gset"
    );
    let two = "select * from generate_series(1, 2) \\gset";
    assert_eq!(message(two).await, "more than one row returned for \\gset");
    notebook.good("select 1 as a, null as b \\gset").await;
    assert_eq!(notebook.value("select :a + 1").await, "2");
    notebook
        .good("\\set b there\nselect null as b \\gset")
        .await;
    assert_eq!(notebook.good("\\echo :b").await.out(), ":b\n");
}

#[tokio::test]
async fn gset_says_what_else_the_server_says() {
    let notebook = Notebook::new(&Database::new().await);
    let cell = "do $$ begin raise notice 'n'; end $$\\; select 1 as a\\; select 2 as b \\gset";
    let answer = notebook.good(cell).await;
    assert_eq!(answer.transcript(), "err NOTICE:  n\nout DO\ndisplay a 1");
    assert_eq!(notebook.good("\\echo :a :b").await.out(), ":a 2\n");
    let problem = notebook.bad("begin;\nselect nosuch \\gset").await;
    assert!(
        problem.text().contains("LINE 2: select nosuch"),
        "{problem:?}"
    );
    assert!(problem.advice.concat().contains("ROLLBACK"), "{problem:?}");
    notebook.good("rollback").await;
    let problem = notebook
        .bad("%%sql --timeout 0.2\nselect pg_sleep(30) as s \\gset")
        .await;
    assert_eq!(problem.name, "57014 query_canceled");
    let cell = "%%sql --limit 0\nselect 3 as c \\gset";
    notebook.good(cell).await;
    assert_eq!(notebook.good("\\echo :c").await.out(), "3\n");
}

#[tokio::test]
async fn variables_are_put_in_by_their_form() {
    let notebook = Notebook::new(&Database::new().await);
    notebook.good("\\set name 'O''Reilly \\\\ \"x\"'").await;
    assert_eq!(notebook.value("select :'name'").await, "O'Reilly \\ \"x\"");
    let answer = notebook.good("select 1 as :\"name\"").await;
    assert!(
        answer
            .transcript()
            .starts_with("result O'Reilly \\ \"x\" 1"),
        "{answer:?}"
    );
    notebook.good("set standard_conforming_strings = off").await;
    assert_eq!(notebook.value("select :'name'").await, "O'Reilly \\ \"x\"");
}

#[tokio::test]
async fn an_unknown_command_names_the_nearest() {
    let notebook = Notebook::new(&Database::new().await);
    let told = async |cell| {
        let problem = notebook.bad(cell).await;
        format!("{} {}", problem.message, problem.advice.concat())
    };
    assert!(
        told("\\ehco hi")
            .await
            .starts_with("invalid command \\ehco Did you mean \\echo?")
    );
    assert!(
        told("%conect local")
            .await
            .contains("Did you mean %connect?")
    );
    assert!(told("%%sq\nselect 1").await.contains("Did you mean %%sql?"));
    assert!(told("\\pset nul x").await.contains("did you mean null?"));
    assert!(
        told("%use nowhere")
            .await
            .contains("no connection is named \"nowhere\"")
    );
}

#[tokio::test]
async fn a_limit_is_of_rows_shown() {
    let notebook = Notebook::new(&Database::new().await);
    let cell = "%%sql --limit 2\nselect n from generate_series(1, 5) as n";
    let text = notebook
        .good(cell)
        .await
        .bundles()
        .next()
        .unwrap()
        .text()
        .to_owned();
    assert_eq!(text, " n \n---\n 1\n 2\n(2 of 5 rows shown)");
    let cell = "%%sql --limit 0\nselect 1 as a";
    let text = notebook
        .good(cell)
        .await
        .bundles()
        .next()
        .unwrap()
        .text()
        .to_owned();
    assert_eq!(text, " a \n---\n(0 of 1 row shown)");
    notebook
        .fails("%%sql --limit many\nselect 1", "not a number of rows")
        .await;
    notebook
        .fails("%%sql --lmit 1\nselect 1", "has no option --lmit")
        .await;
}

#[tokio::test]
async fn a_time_limit_interrupts() {
    let notebook = Notebook::new(&Database::new().await);
    let started = Instant::now();
    let problem = notebook
        .bad("%%sql --timeout 0.2\nselect pg_sleep(30)")
        .await;
    assert!(started.elapsed() < Duration::from_secs(2));
    assert_eq!(problem.name, "57014 query_canceled");
    assert_eq!(problem.advice, ["The time limit of --timeout had passed."]);
    assert_eq!(notebook.value("select 1").await, "1");
}

#[tokio::test]
async fn a_notification_is_told_with_the_next_statement() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook.good("listen news").await;
    database.ask("notify news, 'hello'; select 1");
    sleep(Duration::from_millis(100)).await;
    let answer = notebook.good("select 1 as a").await;
    let said =
        "Asynchronous notification \"news\" with payload \"hello\" received from server process";
    assert!(answer.out().starts_with(said), "{answer:?}");
    let answer = notebook.good("notify news; select 2 as b").await;
    assert!(
        answer
            .out()
            .contains("NOTIFY\nAsynchronous notification \"news\" rec"),
        "{answer:?}"
    );
}

/// What a problem's advice says.
async fn advice(notebook: &Notebook, cell: &str) -> String {
    notebook.bad(cell).await.advice.join("\n")
}

#[tokio::test]
async fn a_forgotten_semicolon_is_named() {
    let notebook = Notebook::new(&Database::new().await);
    notebook.good("create temp table t (a int)").await;
    for (cell, command, line) in [
        ("select 1\n%tables", "%tables", 1),
        ("\nselect a\nfrom t\n\n%chart bar x=a", "%chart", 3),
        ("insert into t values (1)\n%tables", "%tables", 1),
        ("select 1 as a\n%%sql --limit 3\nselect 2", "%%sql", 1),
        ("%%sql --as kept\nselect 1\n%results kept", "%results", 2),
        ("create temp table u (a int)\n%export u.csv", "%export", 1),
    ] {
        let expected = format!("A ; is missing at the end of line {line}: without it {command} is");
        let said = advice(&notebook, cell).await;
        assert!(said.starts_with(&expected), "{cell}\n{said}");
    }
    for (cell, word, line) in [
        ("select 1\nselect 2", "SELECT", 1),
        ("select a\nfrom t\nupdate t set a = 2", "UPDATE", 2),
        (
            "insert into t values (1)\ninsert into t values (2)",
            "INSERT",
            1,
        ),
        ("drop table t\ncreate table t (a int)", "CREATE", 1),
    ] {
        let expected = format!(
            "If {word} begins another statement, a ; is missing at the end of line {line}."
        );
        assert_eq!(advice(&notebook, cell).await, expected, "{cell}");
    }
    for cell in [
        "select b\nfrom t",
        "select 1 +\n  % 3",
        "select (\nselect 1 1)",
        "with a as (select 1)\nselect b from a",
        "select '\n%tables' x y",
    ] {
        assert_eq!(advice(&notebook, cell).await, "", "{cell}");
    }
    // As psql: a command behind a statement that is not ended comes first, and the statement then.
    let answer = notebook.good("select 5 as n\n\\echo first\n;").await;
    assert_eq!(answer.transcript(), "out first\nresult n 5");
}

#[tokio::test]
async fn what_a_power_failure_may_cost_a_folder_is_said_once() {
    const COST: &str = "PostgreSQL's fsync is off here";
    let notebook = Notebook::new(&Database::new().await);
    for (cell, is_said) in [
        ("%connect local", false),
        ("%connect local /nowhere/a", true),
        ("%connect local /nowhere/a as again", false),
        ("%connect local /nowhere/b", true),
    ] {
        let said = notebook.good(cell).await.out();
        assert_eq!(said.contains(COST), is_said, "{cell}: {said}");
    }
    // Also where no cell connects.
    let target = query::Target::parse("local /nowhere/a", &|_| None).unwrap();
    let notebook = Notebook::first(Some(target), "no password of anybody's");
    let answer = notebook.run("select 1").await;
    assert!(answer.transcript().contains(COST), "{answer:?}");
}
