//! Interrupts: the server is asked to cancel and waited for; the session is whole afterwards.

use std::time::{Duration, Instant};

use query::Shown;
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::notebook::Notebook;
use crate::proxy::{Cancels, Proxy, Questions};
use crate::server::Database;

#[tokio::test]
async fn a_statement_is_cancelled_and_the_session_lives() {
    let notebook = Notebook::new(&Database::new().await);
    notebook
        .good("create temp table t as select 7 as n; set work_mem = '7MB'")
        .await;
    let (answer, time) = notebook
        .interrupted("select pg_sleep(30); select 'never'", 200)
        .await;
    assert!(time < Duration::from_secs(1), "{time:?}");
    assert_eq!(
        answer.transcript(),
        "problem 57014 query_canceled: canceling statement due to user request"
    );
    assert_eq!(notebook.value("select n from t").await, "7");
    assert_eq!(notebook.value("show work_mem").await, "7MB");
}

#[tokio::test]
async fn a_transaction_is_failed_by_an_interrupt_not_lost() {
    let notebook = Notebook::new(&Database::new().await);
    notebook.good("begin; create table t (); savepoint s").await;
    let (answer, _) = notebook.interrupted("select pg_sleep(30)", 200).await;
    assert!(
        answer
            .problem
            .unwrap()
            .advice
            .concat()
            .contains("ROLLBACK TO a savepoint")
    );
    notebook.good("rollback to s; commit; select from t").await;
}

#[tokio::test]
async fn a_large_result_is_interrupted() {
    let notebook = Notebook::new(&Database::new().await);
    let cell = "select generate_series(1, 1000000000) as n";
    let (answer, time) = notebook.interrupted(cell, 700).await;
    assert!(time < Duration::from_secs(1), "{time:?}");
    assert!(
        answer.problem.as_ref().unwrap().name.starts_with("57014"),
        "{answer:?}"
    );
    // What was on the screen stays, and does not look complete.
    let text = answer.bundles().last().unwrap().text().to_owned();
    assert!(
        text.contains("(incomplete: an error ended the statement)\n(100 of "),
        "{text}"
    );
    assert_eq!(notebook.value("select 1").await, "1");
}

#[tokio::test]
async fn copies_are_interrupted() {
    let notebook = Notebook::new(&Database::new().await);
    let cell = "copy (select generate_series(1, 1000000000)) to stdout";
    let (answer, time) = notebook.interrupted(cell, 300).await;
    assert!(time < Duration::from_secs(1), "{time:?}");
    assert!(answer.problem.unwrap().name.starts_with("57014"));
    assert_eq!(notebook.value("select 1").await, "1");

    notebook
        .good(
            "create function slow() returns trigger language plpgsql as \
             $$ begin perform pg_sleep(0.01); return new; end $$;\n\
             create temp table t (n int);\n\
             create trigger slow before insert on t for each row execute function slow()",
        )
        .await;
    let cell = format!("copy t from stdin;\n{}\\.\n", "1\n".repeat(1_000_000));
    let (answer, time) = notebook.interrupted(&cell, 300).await;
    assert!(time < Duration::from_secs(1), "{time:?}");
    assert!(answer.problem.unwrap().name.starts_with("57014"));
    assert_eq!(
        notebook.good("copy t from stdin;\n2\n\\.\n").await.out(),
        "COPY 1\n"
    );
    assert_eq!(notebook.value("select n from t").await, "2");
}

#[tokio::test]
async fn connecting_is_interrupted() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    for tls in ["disable", "require"] {
        let notebook = Notebook::with(&format!(
            "host=127.0.0.1 port={port} user=nobody sslmode={tls}"
        ));
        for gap in [0, 5, 100] {
            let again = notebook
                .host
                .interrupt_after(Duration::from_millis(200 + gap));
            let ((answer, time), ()) = tokio::join!(notebook.interrupted("select 1", 200), again);
            assert!(time < Duration::from_secs(1), "{time:?}");
            assert_eq!(
                answer.problem.unwrap().message,
                "interrupted; nothing was sent"
            );
            notebook.host.calm();
        }
    }
}

#[tokio::test]
async fn connecting_has_a_time_limit() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let notebook = Notebook::with(&format!(
        "host=127.0.0.1 port={port} user=nobody sslmode=disable connect_timeout=2"
    ));
    notebook
        .fails("select 1", "no answer within 2 s (connect_timeout)")
        .await;
}

#[tokio::test]
async fn a_server_that_ignores_cancels_is_given_up_at_the_third() {
    let database = Database::new().await;
    let proxy = Proxy::new().await;
    proxy.cancels(Cancels::AreLost);
    let notebook = Notebook::with(&proxy.target(&database));
    notebook.good("create temp table t ()").await;
    let interrupts = async {
        sleep(Duration::from_millis(100)).await;
        notebook.host.interrupt();
        let since = Instant::now();
        notebook
            .host
            .until(|shown| matches!(shown, Shown::Err(text) if text.contains("twice more")))
            .await;
        let told = since.elapsed();
        notebook.host.interrupt();
        notebook
            .host
            .until(|shown| matches!(shown, Shown::Err(text) if text.contains("once more")))
            .await;
        sleep(Duration::from_millis(1100)).await;
        notebook.host.interrupt();
        (told, Instant::now())
    };
    let (answer, (told, since)) = tokio::join!(notebook.run("select pg_sleep(30)"), interrupts);
    assert!(
        told > Duration::from_secs(2) && told < Duration::from_secs(4),
        "{told:?}"
    );
    assert!(
        answer
            .err()
            .contains("has not answered the request to cancel"),
        "{answer:?}"
    );
    assert!(since.elapsed() < Duration::from_secs(1));
    let problem = answer.problem.unwrap();
    assert!(problem.name.starts_with("57014"), "{problem:?}");
    let advice = problem.advice.concat();
    for words in [
        "may still be running, and its changes may be committed",
        "Temporary tables, SET",
    ] {
        assert!(advice.contains(words), "{problem:?}");
    }

    assert_eq!(notebook.value("select 1").await, "1");
    let problem = notebook.bad("select * from t").await;
    assert!(problem.name.starts_with("42P01"), "{problem:?}");
    // That the user was impatient says nothing of the server: it is asked again, and waited for.
    proxy.cancels(Cancels::Pass);
    notebook.good("create temp table t ()").await;
    let (answer, time) = notebook.interrupted("select pg_sleep(30)", 100).await;
    assert!(time < Duration::from_secs(1), "{time:?}");
    assert_eq!(
        answer.transcript(),
        "problem 57014 query_canceled: canceling statement due to user request"
    );
    notebook.good("select from t").await;
}

/// The statement that two interrupts 5 ms apart once left running, on a table of its own: 20 rows,
/// of which each takes a while.
fn slow_update(table: &str) -> String {
    format!(
        "update {table} set a = a + 100 where (select true from pg_sleep(0.15)) \
         and pg_sleep(0.15) is not null"
    )
}

/// Whether nothing of an update was done, and nothing of it will be: no session works on it.
async fn nothing_is_done(database: &Database, table: &str) {
    let looking = Notebook::new(database);
    let working = format!(
        "select count(*) from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() \
         and query like 'update {table} %'"
    );
    let began = Instant::now();
    while looking.value(&working).await != "0" {
        assert!(began.elapsed() < Duration::from_secs(20), "{table}");
        sleep(Duration::from_millis(100)).await;
    }
    let sum = format!("select sum(a) from {table}");
    assert_eq!(looking.value(&sum).await, "210", "{table}");
}

/// Interrupts a slow update twice, so far apart; the session is the same afterwards.
async fn two_interrupts(database: &Database, proxy: &Proxy, gap: u64) {
    let table = format!("t{gap}");
    let notebook = Notebook::with(&proxy.target(database));
    // Of a server that closes at the kernel's own questions none are asked, and none are cancelled.
    while !notebook.good("select 1").await.err().contains("again") {
        sleep(Duration::from_millis(20)).await;
    }
    notebook
        .good(&format!(
            "create table {table} as select a from generate_series(1, 20) as a;\n\
             create temp table mine as select 7 as n"
        ))
        .await;
    let interrupts = async {
        proxy.passes(&format!("update {table} set")).await;
        notebook.host.interrupt();
        sleep(Duration::from_millis(gap)).await;
        notebook.host.interrupt();
    };
    let update = slow_update(&table);
    let (answer, ()) = tokio::join!(notebook.run(&update), interrupts);
    let problem = answer.problem.as_ref().unwrap();
    assert_eq!(
        (problem.name.as_str(), problem.message.as_str()),
        (
            "57014 query_canceled",
            "canceling statement due to user request"
        ),
        "{gap}: {answer:?}"
    );
    nothing_is_done(database, &table).await;
    // The second may have come when the cell was over.
    notebook.host.calm();
    assert_eq!(notebook.value("select n from mine").await, "7", "{gap}");
}

/// What a double click does, or two clicks, at a server that is so far away.
async fn two_interrupts_from_afar(distance: u64) {
    let database = Database::new().await;
    let proxy = Proxy::new().await;
    proxy.is_far(Duration::from_millis(distance));
    proxy.questions(Questions::Close);
    let gaps = [0, 5, 20, 50, 100, 200, 400, 700, 1000];
    let all = gaps.map(|gap| two_interrupts(&database, &proxy, gap));
    futures_util::future::join_all(all).await;
    // Each asked the server once.
    assert_eq!(proxy.cancels_seen(), gaps.len());
}

#[tokio::test]
async fn two_interrupts_are_one_cancel_nearby() {
    two_interrupts_from_afar(0).await;
}

#[tokio::test]
async fn two_interrupts_are_one_cancel_behind_a_network() {
    two_interrupts_from_afar(50).await;
}

#[tokio::test]
async fn two_interrupts_are_one_cancel_far_away() {
    two_interrupts_from_afar(300).await;
}

/// Rows on their way in either direction, between a server that is not near and a cell, a file or
/// another connection.
#[tokio::test]
async fn two_interrupts_of_a_copy_are_one() {
    let database = Database::new().await;
    let proxy = Proxy::new().await;
    proxy.is_far(Duration::from_millis(50));
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let lines = "1\n".repeat(200_000);
    std::fs::write(file("in.csv"), format!("n\n{lines}")).unwrap();
    let target = proxy.target(&database);
    let notebook = Notebook::with(&target);
    notebook
        .good(
            "create table into_it (n int);\n\
             create function slow() returns trigger language plpgsql as \
             $$ begin perform pg_sleep(0.01); return new; end $$;\n\
             create trigger slow before insert on into_it for each row execute function slow()",
        )
        .await;
    notebook.good(&format!("%connect {target} as other")).await;
    notebook
        .good(&format!(
            "%use {}\ncreate temp table mine as select 7 as n",
            database.name
        ))
        .await;
    let rows = "select i from generate_series(1, 1000000000) as i";
    let cells = [
        format!("copy ({rows}) to stdout"),
        format!("copy into_it from stdin;\n{lines}\\.\n"),
        format!("%%export {}\n{rows}", file("out.csv")),
        format!("%%export {}\n{rows}", file("out.parquet")),
        format!("\\copy ({rows}) to '{}'", file("copied.csv")),
        format!("%import {} into into_it", file("in.csv")),
        format!("\\copy into_it from '{}' csv header", file("in.csv")),
        format!(
            "%%copy from other to {} as into_it\nselect i as n from ({rows}) as i (i)",
            database.name
        ),
        format!("{rows} \\gset"),
    ];
    for cell in &cells {
        let again = notebook.host.interrupt_after(Duration::from_millis(1005));
        let ((answer, time), ()) = tokio::join!(notebook.interrupted(cell, 1000), again);
        assert!(time < Duration::from_secs(5), "{cell:.50}: {time:?}");
        let problem = answer.problem.unwrap();
        assert!(problem.name.starts_with("57014"), "{cell:.50}: {problem:?}");
        notebook.host.calm();
        assert_eq!(
            notebook.value("select n from mine").await,
            "7",
            "{cell:.50}"
        );
        assert_eq!(
            database.ask("select count(*) from into_it"),
            "0",
            "{cell:.50}"
        );
        assert_eq!(notebook.value("%%sql --on other\nselect 8").await, "8");
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

/// The other server works long before it sends a row, and nobody is there to take it any more.
#[tokio::test]
async fn a_copy_whose_target_refuses_ends_at_its_source() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook.good("create table into_it (n int)").await;
    notebook
        .good(&format!("%connect {} as other", database.target()))
        .await;
    let began = Instant::now();
    let cell = format!(
        "%%copy from other to {} as into_it\nselect 1 as nosuch from pg_sleep(30)",
        database.name
    );
    let problem = notebook.bad(&cell).await;
    assert!(problem.name.starts_with("42703"), "{problem:?}");
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(notebook.value("%%sql --on other\nselect 8").await, "8");
}

#[tokio::test]
async fn what_was_given_up_is_cancelled_all_the_same() {
    let database = Database::new().await;
    let proxy = Proxy::new().await;
    let notebook = Notebook::with(&proxy.target(&database));
    notebook
        .good("create table t as select a from generate_series(1, 20) as a")
        .await;
    proxy.cancels(Cancels::AreLate(Duration::from_millis(2800)));
    let interrupts = async {
        for _ in 0..3 {
            sleep(Duration::from_millis(1010)).await;
            notebook.host.interrupt();
        }
    };
    // It would take twice as long as the request to cancel it.
    let update = slow_update("t").replace("0.15", "0.35");
    let (answer, ()) = tokio::join!(notebook.run(&update), interrupts);
    let advice = answer.problem.unwrap().advice.concat();
    assert!(advice.contains("its changes may be committed"), "{advice}");
    nothing_is_done(&database, "t").await;
    assert_eq!(proxy.cancels_seen(), 1);
}

#[tokio::test]
async fn a_request_to_cancel_that_does_not_reach_the_server_is_made_again() {
    let database = Database::new().await;
    let proxy = Proxy::new().await;
    let notebook = Notebook::with(&proxy.target(&database));
    notebook
        .good("create temp table mine as select 7 as n")
        .await;
    proxy.close_the_door().await;
    let door = async {
        sleep(Duration::from_millis(700)).await;
        proxy.come_back().await;
    };
    let ((answer, time), ()) = tokio::join!(notebook.interrupted("select pg_sleep(30)", 100), door);
    assert!(answer.problem.unwrap().name.starts_with("57014"));
    assert!(time < Duration::from_secs(3), "{time:?}");
    assert_eq!(notebook.value("select n from mine").await, "7");

    // A statement that ends by itself meanwhile does not wait for it.
    proxy.close_the_door().await;
    let (answer, _) = notebook.interrupted("select pg_sleep(0.4)", 100).await;
    assert_eq!(answer.problem, None);
    assert_eq!(notebook.value("select n from mine").await, "7");
    assert_eq!(proxy.cancels_seen(), 1);
}

#[tokio::test]
async fn a_server_that_ignored_a_whole_request_is_known_for_it() {
    let database = Database::new().await;
    let proxy = Proxy::new().await;
    proxy.cancels(Cancels::AreLost);
    let notebook = Notebook::with(&proxy.target(&database));
    let (answer, time) = notebook.interrupted("select pg_sleep(50)", 100).await;
    assert!(time > Duration::from_secs(29) && time < Duration::from_secs(35));
    assert!(
        answer
            .problem
            .unwrap()
            .message
            .contains("did not answer the request to cancel")
    );
    let before = proxy.cancels_seen();
    let (answer, time) = notebook.interrupted("select pg_sleep(30)", 100).await;
    assert!(time < Duration::from_secs(1), "{time:?}");
    let message = answer.problem.unwrap().message;
    assert!(message.contains("ignores requests to cancel"), "{message}");
    assert_eq!(proxy.cancels_seen(), before);
}

/// A table whose commit takes a second and a half.
const SLOW_COMMIT: &str = "create table t (a int);\n\
     create function slow() returns trigger language plpgsql as \
     $$ begin perform pg_sleep(1.5); return new; end $$;\n\
     create constraint trigger slow after insert on t deferrable initially deferred \
     for each row execute function slow()";

#[tokio::test]
async fn a_commit_is_interrupted() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook.good(SLOW_COMMIT).await;
    notebook
        .good("create temp table mine as select 7 as n")
        .await;
    notebook.good("begin; insert into t values (1)").await;
    let (answer, _) = notebook.interrupted("commit", 200).await;
    assert!(answer.problem.unwrap().name.starts_with("57014"));
    assert_eq!(database.ask("select count(*) from t"), "0");
    assert_eq!(notebook.value("select n from mine").await, "7");

    // Given up, it may still commit, and that is said; what is in a transaction may not.
    let proxy = Proxy::new().await;
    proxy.cancels(Cancels::AreLate(Duration::from_secs(5)));
    let notebook = Notebook::with(&proxy.target(&database));
    for (begin, statement, says) in [
        (
            "begin; insert into t select 1 from generate_series(1, 3)",
            "commit",
            "its changes may be committed",
        ),
        (
            "begin; select 1",
            "select pg_sleep(4)",
            "is rolled back with it",
        ),
    ] {
        notebook.good(begin).await;
        let interrupts = async {
            for _ in 0..3 {
                sleep(Duration::from_millis(1010)).await;
                notebook.host.interrupt();
            }
        };
        let (answer, ()) = tokio::join!(notebook.run(statement), interrupts);
        let advice = answer.problem.unwrap().advice.concat();
        assert!(advice.contains(says), "{statement}: {advice}");
    }
    // The first did.
    let began = Instant::now();
    while database.ask("select count(*) from t") != "3" {
        assert!(began.elapsed() < Duration::from_secs(10));
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn the_rest_of_an_interrupted_cell_is_not_run() {
    let database = Database::new().await;
    let proxy = Proxy::new().await;
    let notebook = Notebook::with(&proxy.target(&database));
    notebook.good("create table t (a int)").await;
    // The request comes when the first statement has ended by itself.
    proxy.cancels(Cancels::AreLate(Duration::from_millis(500)));
    let cell = "insert into t select 1 from pg_sleep(0.3);\ninsert into t values (2)";
    let (answer, _) = notebook.interrupted(cell, 100).await;
    let problem = answer.problem.as_ref().unwrap();
    assert!(problem.name.starts_with("57014"), "{problem:?}");
    assert!(
        problem.message.contains("the rest of the cell"),
        "{problem:?}"
    );
    assert_eq!(answer.out(), "INSERT 0 1\n");
    assert_eq!(notebook.value("select sum(a) from t").await, "1");
}

#[tokio::test]
async fn an_interrupt_never_hits_the_next_statement() {
    let notebook = Notebook::new(&Database::new().await);
    notebook.good("select 1").await;
    let mut hit = 0;
    for round in 0..200 {
        let interrupt = async {
            sleep(Duration::from_micros(round * 10)).await;
            notebook.host.interrupt();
        };
        let (answer, ()) = tokio::join!(notebook.run("select count(*) from pg_class"), interrupt);
        match answer.problem {
            None => {}
            Some(problem) => {
                assert!(problem.name.starts_with("57014"), "{problem:?}");
                hit += 1;
            }
        }
        notebook.host.calm();
        notebook.good("select 1").await;
    }
    // The times above are of both kinds: before and after the statement's end.
    assert!(hit < 200, "{hit}");
}

#[tokio::test]
async fn a_late_cancel_is_waited_for() {
    let database = Database::new().await;
    let proxy = Proxy::new().await;
    let notebook = Notebook::with(&proxy.target(&database));
    notebook.good("select 1").await;
    proxy.cancels(Cancels::AreLate(Duration::from_millis(300)));
    // The statement ends by itself while the request is still on its way.
    let (answer, time) = notebook.interrupted("select pg_sleep(0.3)", 100).await;
    assert_eq!(answer.problem, None);
    assert!(time > Duration::from_millis(250), "{time:?}");
    assert_eq!(proxy.cancels_seen(), 1);
    notebook.good("select pg_sleep(0.3)").await;
}

#[tokio::test]
async fn a_late_cancel_costs_the_session_and_not_the_answer() {
    let database = Database::new().await;
    let proxy = Proxy::new().await;
    let notebook = Notebook::with(&proxy.target(&database));
    notebook.good("create table t (a int)").await;
    proxy.cancels(Cancels::AreLate(Duration::from_secs(9)));
    let started = Instant::now();
    let interrupts = async {
        for _ in 0..3 {
            sleep(Duration::from_millis(1010)).await;
            notebook.host.interrupt();
        }
    };
    // The statement has ended by itself between the first and the second.
    let cell = "insert into t select 1 from pg_sleep(1.3)";
    let (answer, ()) = tokio::join!(notebook.run(cell), interrupts);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(answer.problem, None);
    assert_eq!(answer.out(), "INSERT 0 1\n");
    assert_eq!(proxy.cancels_seen(), 1);
    // Nothing more may be sent there, and that is told.
    let answer = notebook.good("select sum(a) from t").await;
    assert!(answer.err().contains("still on its way"), "{answer:?}");
    assert!(answer.transcript().ends_with("sum 1"), "{answer:?}");
}

#[tokio::test]
async fn a_question_is_interrupted() {
    let notebook = Notebook::new(&Database::new().await);
    let (answer, time) = notebook
        .interrupted("select pg_sleep(30) as x \\gset", 200)
        .await;
    assert!(time < Duration::from_secs(1), "{time:?}");
    assert!(answer.problem.unwrap().name.starts_with("57014"));
    assert_eq!(notebook.value("select 1").await, "1");
}
