//! Interrupts: the server is asked to cancel and waited for; the session is whole afterwards.

use std::time::{Duration, Instant};

use query::Shown;
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::notebook::Notebook;
use crate::proxy::{Cancels, Proxy};
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
        let (answer, time) = notebook.interrupted("select 1", 200).await;
        assert!(time < Duration::from_secs(1), "{time:?}");
        assert_eq!(
            answer.problem.unwrap().message,
            "interrupted; nothing was sent"
        );
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
async fn a_server_that_ignores_cancels_is_given_up_at_the_second() {
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
            .until(|shown| matches!(shown, Shown::Err(_)))
            .await;
        let told = since.elapsed();
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
    assert!(
        problem.advice.concat().contains("Temporary tables, SET"),
        "{problem:?}"
    );
    assert_eq!(proxy.cancels_seen(), 1);

    assert_eq!(notebook.value("select 1").await, "1");
    let problem = notebook.bad("select * from t").await;
    assert!(problem.name.starts_with("42P01"), "{problem:?}");
    // It is known now: the next interrupt does not wait.
    let (answer, time) = notebook.interrupted("select pg_sleep(30)", 100).await;
    assert!(time < Duration::from_secs(1), "{time:?}");
    assert!(
        answer
            .problem
            .unwrap()
            .message
            .contains("ignores requests to cancel")
    );
    assert_eq!(notebook.value("select 2").await, "2");
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
async fn a_late_cancel_is_given_up_at_a_second_interrupt() {
    let database = Database::new().await;
    let proxy = Proxy::new().await;
    let notebook = Notebook::with(&proxy.target(&database));
    notebook.good("select 1").await;
    proxy.cancels(Cancels::AreLate(Duration::from_secs(9)));
    let started = Instant::now();
    let interrupts = async {
        for _ in 0..2 {
            sleep(Duration::from_millis(300)).await;
            notebook.host.interrupt();
        }
    };
    // The statement has ended by itself between the two.
    let (answer, ()) = tokio::join!(notebook.run("select pg_sleep(0.4)"), interrupts);
    assert!(started.elapsed() < Duration::from_secs(3));
    let problem = answer.problem.unwrap();
    assert!(problem.name.starts_with("57014"), "{problem:?}");
    assert_eq!(proxy.cancels_seen(), 1);
    assert_eq!(notebook.value("select 2").await, "2");
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
