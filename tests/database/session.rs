//! A session over several cells, and what they show: transactions, settings, the order of outputs,
//! connections by name.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::notebook::Notebook;
use crate::server::{Database, server};

#[tokio::test]
async fn a_transaction_lasts_over_cells() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook.good("create table t (id int); begin").await;
    notebook.good("insert into t values (1)").await;
    notebook.good("select * from t").await;
    assert_eq!(database.ask("select count(*) from t"), "0");
    notebook.good("commit").await;
    assert_eq!(database.ask("select count(*) from t"), "1");
}

#[tokio::test]
async fn settings_and_temporary_tables_last() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook
        .good("set search_path = elsewhere; create temp table t as select 7 as n")
        .await;
    notebook.good("prepare p as select n + 1 from t").await;
    assert_eq!(notebook.value("execute p").await, "8");
    assert_eq!(notebook.value("show search_path").await, "elsewhere");
}

#[tokio::test]
async fn a_failed_transaction_says_how_to_go_on() {
    let notebook = Notebook::new(&Database::new().await);
    let problem = notebook.bad("begin;\nselect 1/0").await;
    assert_eq!(problem.name, "22012 division_by_zero");
    assert!(
        problem.advice.concat().contains("ROLLBACK ends it"),
        "{problem:?}"
    );
    let problem = notebook.bad("select 1").await;
    assert_eq!(problem.name, "25P02 in_failed_sql_transaction");
    assert!(
        problem.advice.concat().contains("ROLLBACK ends it"),
        "{problem:?}"
    );
    notebook.good("rollback").await;
    assert_eq!(notebook.value("select 1").await, "1");
}

#[tokio::test]
async fn everything_is_shown_in_order() {
    let notebook = Notebook::new(&Database::new().await);
    let answer = notebook
        .good(
            "select 1 as a;\n\
             do $$ begin raise notice 'between'; end $$;\n\
             select 2 as b;\n\
             \\echo said\n\
             create temp table t as select 3 as c;\n\
             \\warn look out\n\
             table t",
        )
        .await;
    assert_eq!(
        answer.transcript(),
        "display a 1\n\
         err NOTICE:  between\n\
         out DO\n\
         display b 2\n\
         out said\n\
         out SELECT 1\n\
         err look out\n\
         result c 3"
    );
}

#[tokio::test]
async fn statements_sent_together_are_shown_in_order() {
    let notebook = Notebook::new(&Database::new().await);
    let answer = notebook
        .good(
            "select 1 as a\\; do $$ begin raise notice 'one'; raise notice 'two'; end $$\\; \
             select 2 as b\\; create temp table t ()\\; select 3 as c",
        )
        .await;
    assert_eq!(
        answer.transcript(),
        "display a 1\n\
         err NOTICE:  one\n\
         err NOTICE:  two\n\
         out DO\n\
         display b 2\n\
         out CREATE TABLE\n\
         result c 3"
    );
}

#[tokio::test]
async fn notices_stand_before_the_rows_they_came_with() {
    let notebook = Notebook::new(&Database::new().await);
    notebook
        .good(
            "create function noisy(n int) returns int language plpgsql as \
             $$ begin raise notice 'at %', n; return n; end $$",
        )
        .await;
    let answer = notebook
        .good("select noisy(n) from generate_series(1, 2) as n")
        .await;
    assert_eq!(
        answer.transcript(),
        "err NOTICE:  at 1\nerr NOTICE:  at 2\nresult noisy 1 2"
    );
}

#[tokio::test]
async fn a_result_is_the_value_only_where_it_stands_last() {
    let notebook = Notebook::new(&Database::new().await);
    let transcript = async |cell| notebook.good(cell).await.transcript();
    assert_eq!(transcript("select 1 as a").await, "result a 1");
    assert_eq!(
        transcript("select 1 as a; -- no more\n;").await,
        "result a 1"
    );
    assert_eq!(
        transcript("select 1 as a;\n\\echo more").await,
        "display a 1\nout more"
    );
    assert_eq!(
        transcript("select 1 as a; select 2 as b").await,
        "display a 1\nresult b 2"
    );
    let insert = "create temp table t (n int);\ninsert into t values (1) returning n";
    assert_eq!(
        transcript(insert).await,
        "out CREATE TABLE\ndisplay n 1\nout INSERT 0 1"
    );
}

#[tokio::test]
async fn a_cell_stops_at_its_first_error() {
    let notebook = Notebook::new(&Database::new().await);
    let answer = notebook
        .run("select 1 as a;\nselect nosuch;\nselect 2 as b")
        .await;
    assert_eq!(
        answer.transcript(),
        "display a 1\nproblem 42703 undefined_column: column \"nosuch\" does not exist"
    );
    let problem = answer.problem.unwrap();
    assert_eq!(
        problem.text(),
        "ERROR:  column \"nosuch\" does not exist\nLINE 2: select nosuch;\n               ^"
    );
}

#[tokio::test]
async fn a_place_is_counted_in_the_cell() {
    let notebook = Notebook::new(&Database::new().await);
    let text = async |cell| notebook.bad(cell).await.text();
    let holds = |text: String, part| assert!(text.contains(part), "{text}");
    holds(
        text("\\echo é😀\n-- a\n\nselect 1,\n  x").await,
        "\nLINE 5:   x\n          ^",
    );
    holds(
        text("select 1\\;\n select '日本', y").await,
        "\nLINE 2:  select '日本', y\n",
    );
    holds(
        text("\\set n nosuch\nselect\n :n").await,
        "\nLINE 3:  :n\n         ^",
    );
    holds(
        text("select 1 as a \\gset\nselect z \\gset").await,
        "\nLINE 2: select z \\gset\n",
    );
}

#[tokio::test]
async fn the_first_statement_says_where_it_goes() {
    let notebook = Notebook::first(None, &server().password);
    let answer = notebook.run("select 1").await;
    let said = answer.transcript();
    assert!(
        said.contains("Using local: an embedded PostgreSQL"),
        "{said}"
    );
    let problem = answer.problem.unwrap();
    assert_eq!(problem.message, "there is no embedded PostgreSQL here");
}

#[tokio::test]
async fn connections_go_by_name() {
    let database = Database::new().await;
    let other = database.another();
    let notebook = Notebook::new(&database);
    notebook.good("create table here ()").await;
    let connect = format!("%connect {} as other", other.target());
    let answer = notebook.good(&connect).await;
    assert!(answer.out().starts_with("other ("), "{answer:?}");
    assert!(
        answer.err().starts_with("The password stands in this cell"),
        "{answer:?}"
    );

    notebook.good("create table there ()").await;
    assert_eq!(
        notebook.value("select current_database()").await,
        other.name
    );
    let cell = format!("%%sql --on {}\nselect current_database()", database.name);
    assert_eq!(notebook.value(&cell).await, database.name);
    assert_eq!(
        notebook.value("select current_database()").await,
        other.name
    );

    notebook.good(&format!("%use {}", database.name)).await;
    assert_eq!(
        notebook.value("select current_database()").await,
        database.name
    );
    let answer = notebook.good("begin;\n%connections").await;
    let table = answer.bundles().last().unwrap().text().to_owned();
    let line = |name: &str| {
        table
            .lines()
            .find(|line| line.contains(name))
            .unwrap()
            .to_owned()
    };
    assert!(
        line(&format!("* | {}", database.name)).contains("| open"),
        "{table}"
    );
    assert!(line("| other ").contains("PostgreSQL 1"), "{table}");
    assert!(!table.contains(&database.server.password), "{table}");

    notebook.good("%disconnect other").await;
    let problem = notebook.bad("%use other").await;
    assert!(
        problem
            .message
            .starts_with("no connection is named \"other\""),
        "{problem:?}"
    );
    let sessions = format!(
        "select count(*) from pg_stat_activity \
         where datname = '{}' and backend_type = 'client backend'",
        other.name
    );
    let ended = async {
        while database.ask(&sessions) != "0" {
            sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(
        timeout(Duration::from_secs(5), ended).await.is_ok(),
        "it is still open"
    );
}

#[tokio::test]
async fn a_connection_is_opened_by_its_first_statement() {
    let notebook = Notebook::with("host=127.0.0.1 port=1 user=nobody sslmode=disable");
    notebook
        .good("%connect host=127.0.0.1 port=2 user=nobody dbname=x as two")
        .await;
    notebook
        .good("\\echo nothing is opened\n%connections")
        .await;
    let problem = notebook.bad("select 1").await;
    assert_eq!(
        problem.name,
        "08001 sqlclient_unable_to_establish_sqlconnection"
    );
    assert!(problem.message.contains("127.0.0.1:2"), "{problem:?}");
    assert!(problem.message.contains("refused"), "{problem:?}");
}

/// A `%connect` or `%use` that does not work leaves no connection: a statement after it does not run
/// on the one before, in this cell or a later one.
#[tokio::test]
async fn a_connect_that_fails_leaves_no_connection() {
    let database = Database::new().await;
    for wrong in [
        "%connect",
        "%connect nonsense",
        "%connect host=db prot=1",
        "%connect host=db port=x",
        "%connect mysql://db/x",
        "%connect service=nosuch",
        "%connect host=db password=${NOSUCH_VARIABLE}",
        "%connect as other",
        "%%connect",
        "%%connect as other\n \n\t\n",
        "%%connect\n# nothing but a comment",
        "%%connect\nHost:\nUser:\n",
        "%%connect\n{\"host\": 1",
        "%%connect other\nhost: db",
        "%use",
        "%use nosuch",
        "%conect local",
        "\\c other",
        "\\connect other",
    ] {
        let notebook = Notebook::new(&database);
        notebook
            .good("create temp table mine as select 7 as n")
            .await;
        let problem = notebook.bad(&format!("{wrong}\n")).await;
        assert!(
            problem
                .advice
                .concat()
                .contains("No connection is current now"),
            "{wrong}: {problem:?}"
        );
        for cell in [
            "create table t ()",
            "\\d",
            "%tables",
            "%%sql --limit 1\nselect 1",
        ] {
            let problem = notebook.bad(cell).await;
            let says = problem.message.contains("no connection is current since");
            assert!(says, "{wrong}: {cell}: {problem:?}");
        }
        let text = notebook.good("%connections").await;
        let text = text.bundles().last().unwrap().text().to_owned();
        assert!(!text.contains('*'), "{wrong}: {text}");
        // It is there still, and is gone back to by its name.
        notebook.good(&format!("%use {}", database.name)).await;
        assert_eq!(notebook.value("select n from mine").await, "7", "{wrong}");
    }
    // The first of all connections is no exception.
    let notebook = Notebook::new(&database);
    notebook.bad("%connect nonsense").await;
    notebook.fails("select 1", "no connection is current").await;
    notebook
        .good(&format!("%connect {}", database.target()))
        .await;
    assert_eq!(notebook.value("select 1").await, "1");
}

/// Numbers that a user types are errors before anything is sent, or are as good as no limit.
#[tokio::test]
async fn numbers_beyond_all_measure() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook.good("create table t (n int)").await;
    let insert = "insert into t values (1)";
    let mut inserted = 0;
    for number in [
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "1e300",
        "1e-300",
        "1e999",
        "inf",
        "nan",
        "-1",
        "-9223372036854775809",
        "0x10",
        "٣",
        "4294967296",
        "2147483648",
    ] {
        for cell in [
            format!("%%sql --timeout {number}\n{insert}"),
            format!("%%sql --limit {number}\n{insert} returning n"),
            format!("\\pset columns {number}\n{insert} returning n"),
            format!("\\pset border {number}\n{insert} returning n"),
            format!("\\pset rows {number}\n{insert} returning n"),
            format!("\\x auto\n\\pset columns {number}\n{insert} returning n"),
            format!("{insert} \\watch i={number} c=1"),
            format!("{insert} \\watch c={number} i=1000"),
        ] {
            let endless = cell.contains("\\watch c=") && number != "1e300";
            let before = notebook.host.interrupt_after(Duration::from_millis(200));
            let answer = match endless {
                true => tokio::join!(notebook.run(&cell), before).0,
                false => notebook.run(&cell).await,
            };
            notebook.host.calm();
            let count: u64 = database.ask("select count(*) from t").parse().unwrap();
            // It ran, or was refused; nothing between. An endless \watch runs once until it is ended.
            let refused = answer.problem.as_ref().is_some_and(|problem| {
                problem.name == "command_error"
                    || problem.name.starts_with("57014")
                        && problem.message != "\\watch was interrupted after 1 runs"
            });
            assert_eq!(count - inserted, u64::from(!refused), "{cell}: {answer:?}");
            inserted = count;
            notebook
                .good("\\pset columns 0\n\\pset border 1\n\\pset rows 100\n\\x off")
                .await;
        }
        for option in ["connect_timeout", "timeout"] {
            let cell = format!("%connect {} {option}={number} as other", database.target());
            let answer = notebook.run(&cell).await;
            if answer.problem.is_none() {
                assert_eq!(notebook.value("select 1").await, "1", "{option}={number}");
            }
            notebook.good(&format!("%use {}", database.name)).await;
        }
    }
}
