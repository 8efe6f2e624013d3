//! Sessions with the service: how they open, how they end, and how many there may be.

use std::time::{Duration, Instant};

use crate::notebook::{Notebook, keywords};
use crate::stand_in::{End, Quirks, Service, USER};

#[tokio::test]
async fn nothing_is_asked_but_what_the_user_asks() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::connected(&service).await;
    assert_eq!(service.log().dials, 0);
    notebook.good("select * from loyalty_members").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(service.log().queries, ["select * from loyalty_members"]);
    assert_eq!(service.log().dials, 1);
}

#[tokio::test]
async fn an_idle_session_that_ended_is_opened_again() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::connected(&service).await;
    for (end, why) in [
        (End::Silent, "closed the connection without a word"),
        (End::Fatal, "terminating connection due to inactivity"),
    ] {
        notebook.good("select 1").await;
        let dials = service.log().dials;
        service.end_sessions(end).await;
        let answer = notebook.good("select 2").await;
        assert!(answer.err().contains("Connected again"), "{answer:?}");
        assert!(answer.err().contains(why), "{answer:?}");
        assert_eq!(service.log().dials, dials + 1);
    }
    let queries = service.log().queries;
    assert_eq!(
        queries,
        ["select 1", "select 2", "select 1", "select 2"],
        "none is sent twice"
    );
}

#[tokio::test]
async fn a_transaction_that_ended_with_its_session_is_told() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::connected(&service).await;
    notebook
        .good("begin; insert into loyalty_archive select 'Ada' name, 1 points")
        .await;
    service.end_sessions(End::Fatal).await;
    notebook
        .fails(
            "select count(*) from loyalty_archive",
            "a transaction was open, which is rolled back",
        )
        .await;
    assert!(
        !service
            .log()
            .queries
            .iter()
            .any(|query| query.contains("count"))
    );
    notebook.good("select 1").await;
}

#[tokio::test]
async fn more_sessions_than_the_licence_has() {
    let service = Service::start(Quirks {
        sessions: 1,
        ..Quirks::default()
    })
    .await;
    let first = Notebook::connected(&service).await;
    first.good("select 1").await;
    let second = Notebook::connected(&service).await;
    let text = second.bad("select 1").await.text();
    assert!(text.contains("Session Limit Reached"), "{text}");
    assert!(
        text.contains("all sessions of the licence are taken; close other notebooks"),
        "{text}"
    );
    // The session goes with the connection.
    first.good("%disconnect").await;
    for _ in 0..50 {
        if second.run("select 1").await.problem.is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the first session never ended");
}

#[tokio::test]
async fn a_database_that_stands_for_nothing() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::new(&service);
    let target = keywords(&service).replace("prod:all", "sales");
    notebook
        .good(&format!("%connect {target} password={}", service.token))
        .await;
    let text = notebook.bad("select 1").await.text();
    assert!(
        text.contains("Could not find tables for dbName sales"),
        "{text}"
    );
    assert!(
        text.contains("it is a sandbox and what is in it, such as prod:all"),
        "{text}"
    );
}

#[tokio::test]
async fn a_service_that_warms_up() {
    let slow = Duration::from_millis(300);
    let service = Service::start(Quirks {
        slow,
        ..Quirks::default()
    })
    .await;
    let notebook = Notebook::connected(&service).await;
    notebook.good("select 1").await;

    let slow = Duration::from_secs(60);
    let service = Service::start(Quirks {
        slow,
        ..Quirks::default()
    })
    .await;
    let notebook = Notebook::new(&service);
    let target = format!("{} password={}", keywords(&service), service.token);
    notebook
        .good(&format!("%connect {target} connect_timeout=2"))
        .await;
    let began = Instant::now();
    notebook
        .fails("select 1", "no answer within 2 s (connect_timeout)")
        .await;
    assert!(began.elapsed() < Duration::from_secs(4));

    notebook.good(&format!("%connect {target}")).await;
    let began = Instant::now();
    notebook.host.interrupt();
    notebook
        .fails("select 1", "interrupted; nothing was sent")
        .await;
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn tls_cannot_be_left_out() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::new(&service);
    let target = format!("{} password={}", keywords(&service), service.token);
    notebook
        .fails(
            &format!("%connect {target} sslmode=disable"),
            "with TLS only",
        )
        .await;
    // What would accept less is given no less.
    for mode in ["allow", "prefer"] {
        notebook
            .good(&format!("%connect {target} sslmode={mode}"))
            .await;
        notebook.good("select 1").await;
    }
    let answer = notebook.good("%connections").await;
    let line = answer
        .text()
        .lines()
        .find(|line| line.contains('*'))
        .unwrap();
    assert!(line.contains("| yes |") && line.contains(USER), "{line}");
}

#[tokio::test]
async fn a_session_without_a_key_is_a_session() {
    let service = Service::start(Quirks {
        key: false,
        ..Quirks::default()
    })
    .await;
    let notebook = Notebook::connected(&service).await;
    notebook.good("select 1").await;
}

#[tokio::test]
async fn a_guarded_session_opens_where_the_service_knows_no_such_setting() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::new(&service);
    let target = format!("{} password={}", keywords(&service), service.token);
    notebook
        .good(&format!("%connect {target} read_only=on confirm=on"))
        .await;
    let told = notebook.good("select 1").await.err();
    assert!(told.contains("checked by their words alone"), "{told}");
    assert_eq!(notebook.good("select 2").await.err(), "");
    notebook
        .fails(
            "select set_config('x.y', '1', false)",
            "this connection is read-only",
        )
        .await;
    let sent = service.log().queries.len();
    notebook
        .fails(
            "insert into loyalty_archive select 'Ada' name, 1 points",
            "this connection is read-only",
        )
        .await;
    assert_eq!(service.log().queries.len(), sent);
}
