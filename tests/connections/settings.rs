//! What a connection is set to, from end to end: guards, time limits, and what is told of it.

use std::time::{Duration, Instant};

use crate::notebook::Notebook;
use crate::server::server;

#[tokio::test]
async fn guards_and_limits_of_a_connection() {
    let login = server().as_role("by_scram");
    let read_only = Notebook::with(&(login.clone() + " read_only=on"));
    read_only.fails("create table t ()", "read-only").await;
    read_only.good(&format!("%connect {login} as other")).await;
    let copy = "%copy pg_class from other to postgres as classes";
    read_only.fails(copy, "COPY would write").await;
    read_only.good("%use postgres").await;
    // What the guard cannot see, the server does.
    assert_eq!(read_only.value("show transaction_read_only").await, "on");

    let careful = Notebook::with(&(login.clone() + " confirm=on"));
    careful.good("create temp table t as select 1 as a").await;
    careful.fails("delete from t", "was not confirmed").await;
    careful.host.will_answer(Ok("n"));
    careful.bad("delete from t").await;
    assert_eq!(careful.value("select count(*) from t").await, "1");
    careful.host.will_answer(Ok("yes"));
    careful.good("delete from t").await;
    assert_eq!(careful.value("select count(*) from t").await, "0");
    assert_eq!(careful.host.asked().len(), 3);

    let hasty = Notebook::with(&(login + " timeout=1"));
    let begun = Instant::now();
    hasty.bad("select pg_sleep(20)").await;
    hasty.bad("%%sql --timeout 0.2\nselect pg_sleep(20)").await;
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(hasty.value("select 1").await, "1");
}

#[tokio::test]
async fn connections_tells_what_tls_there_is() {
    let login = server().as_role("by_scram");
    for (mode, expected) in [
        ("require", "TLSv1.3, TLS_AES_256_GCM_SHA384"),
        ("disable", "no"),
    ] {
        let notebook = Notebook::with(&format!("{login} sslmode={mode}"));
        notebook.good("select 1").await;
        let answer = notebook.good("%connections").await;
        let text = answer.bundles().last().unwrap().text().to_owned();
        assert!(text.contains(expected), "{text}");
    }
}
