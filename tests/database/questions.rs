//! Questions of the kernel's own: a server that leaves them without an answer, or answers without
//! end, costs the user's statements nothing but a moment.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::notebook::{Answer, Notebook};
use crate::proxy::{Cancels, Proxy, Questions};
use crate::server::Database;

/// A notebook whose server has just been asked the first question, and what becomes of that.
async fn asked(database: &Database, questions: Questions, cancels: Cancels) -> (Proxy, Notebook) {
    let proxy = Proxy::new().await;
    proxy.questions(questions);
    proxy.cancels(cancels);
    let notebook = Notebook::with(&proxy.target(database));
    notebook
        .good("create temp table mine as select 7 as n")
        .await;
    proxy.question().await;
    (proxy, notebook)
}

/// Statements go on, and the question is not asked again.
async fn goes_on(proxy: &Proxy, notebook: &Notebook) {
    let seen = proxy.questions_seen();
    for number in 0..4 {
        let cell = format!("create table t{number} (a int); select {number}");
        assert_eq!(notebook.good(&cell).await.err(), "");
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(proxy.questions_seen(), seen);
}

/// The statement behind the question, and how long it took.
async fn behind(notebook: &Notebook) -> (Answer, Duration) {
    let began = Instant::now();
    let answer = notebook.good("select 1 as a").await;
    (answer, began.elapsed())
}

#[tokio::test]
async fn a_silent_server_is_told_of_and_asked_to_cancel() {
    let database = Database::new().await;
    let (proxy, notebook) = asked(&database, Questions::AreSilent, Cancels::Pass).await;
    let (_, time) = behind(&notebook).await;
    assert!(time < Duration::from_secs(5), "{time:?}");
    assert_eq!(proxy.cancels_seen(), 1);
    // The session is the same.
    proxy.questions(Questions::Pass);
    assert_eq!(notebook.value("select n from mine").await, "7");
}

#[tokio::test]
async fn a_silent_server_that_ignores_the_cancel_is_given_up() {
    let database = Database::new().await;
    let (proxy, notebook) = asked(&database, Questions::AreSilent, Cancels::AreLost).await;
    let (answer, time) = behind(&notebook).await;
    assert!(
        time > Duration::from_secs(8) && time < Duration::from_secs(20),
        "{time:?}"
    );
    let told = answer.err();
    for words in [
        "has not answered a question of Rowcell's own",
        "Connected again",
        "did not answer a question of Rowcell's own",
    ] {
        assert!(told.contains(words), "{told}");
    }
    assert!(answer.transcript().ends_with("result a 1"), "{answer:?}");
    goes_on(&proxy, &notebook).await;
}

#[tokio::test]
async fn whoever_waits_behind_a_question_can_interrupt() {
    let database = Database::new().await;
    let (_proxy, notebook) = asked(&database, Questions::AreSilent, Cancels::AreLost).await;
    for gap in [0, 5, 100] {
        let again = notebook
            .host
            .interrupt_after(Duration::from_millis(300 + gap));
        let ((answer, time), ()) = tokio::join!(notebook.interrupted("select 1", 300), again);
        assert_eq!(
            answer.problem.unwrap().message,
            "interrupted; nothing was sent"
        );
        assert!(time < Duration::from_secs(1), "{time:?}");
        notebook.host.calm();
    }
    assert_eq!(notebook.value("select 1").await, "1");
}

#[tokio::test]
async fn an_answer_without_end_is_cut() {
    let database = Database::alone().await;
    let memory = crate::bounds::Memory::now();
    let (proxy, notebook) = asked(&database, Questions::AreEndless, Cancels::Pass).await;
    let (answer, time) = behind(&notebook).await;
    assert!(time < Duration::from_secs(10), "{time:?}");
    assert!(answer.err().contains("has no end"), "{answer:?}");
    assert_eq!(notebook.value("select n from mine").await, "7");
    goes_on(&proxy, &notebook).await;
    assert!(memory.grown() < 200 << 20, "{} bytes more", memory.grown());
}

#[tokio::test]
async fn an_answer_without_end_of_a_server_that_ignores_the_cancel() {
    let database = Database::alone().await;
    let memory = crate::bounds::Memory::now();
    let (proxy, notebook) = asked(&database, Questions::AreEndless, Cancels::AreLost).await;
    let (answer, time) = behind(&notebook).await;
    assert!(time < Duration::from_secs(20), "{time:?}");
    assert!(answer.err().contains("Connected again"), "{answer:?}");
    goes_on(&proxy, &notebook).await;
    assert!(memory.grown() < 200 << 20, "{} bytes more", memory.grown());
}

#[tokio::test]
async fn a_server_that_closes_at_a_question_loses_no_statement() {
    let database = Database::new().await;
    let proxy = Proxy::new().await;
    proxy.questions(Questions::Close);
    let notebook = Notebook::with(&proxy.target(&database));
    let mut told = String::new();
    for number in 0..20 {
        // Some come while the question is on its way, some later.
        sleep(Duration::from_millis(number * 3)).await;
        let answer = notebook.good(&format!("select {number} as a")).await;
        told += &answer.err();
        let transcript = answer.transcript();
        assert!(
            transcript.ends_with(&format!("result a {number}")),
            "{transcript}"
        );
    }
    assert_eq!(proxy.questions_seen(), 1);
    assert_eq!(told.matches("Connected again").count(), 1, "{told}");
    assert!(told.contains("at a question of Rowcell's own"), "{told}");
    goes_on(&proxy, &notebook).await;
}

#[tokio::test]
async fn a_question_that_a_user_asked_for_is_told_of_and_interrupted() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook.good("create table t (a int)").await;
    let other = Notebook::new(&database);
    other.good("begin; lock table pg_class").await;
    // The lock holds up whoever looks into the catalog.
    let told = |shown: &query::Shown| matches!(shown, query::Shown::Err(text) if text.contains("has not answered a question"));
    let interrupt = notebook.host.interrupt_once(told);
    let (problem, ()) = tokio::join!(notebook.bad("\\dt"), interrupt);
    assert!(problem.name.starts_with("57014"), "{problem:?}");
    other.good("rollback").await;
    notebook.good("\\dt").await;
}
