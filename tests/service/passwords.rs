//! Tokens: how long they last, what happens when one does not, and where another one comes from.

use std::fs;
use std::time::{Duration, SystemTime};

use crate::notebook::{Notebook, keywords};
use crate::stand_in::{End, Quirks, Service, token};

const MINUTE: Duration = Duration::from_secs(60);

/// A token of the usual 24 hours that has so long to live.
fn lasting(left: Duration) -> String {
    let day = 24 * 60 * MINUTE;
    token(SystemTime::now() + left - day, day)
}

#[tokio::test]
async fn the_expiry_is_shown_before_and_after_the_connection_opens() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::connected(&service).await;
    let answer = notebook.good("%connections").await;
    answer.shows("expires in 23 h 59 min");
    answer.shows("not open");
    let answer = notebook.good("select 1").await;
    assert!(!answer.remarks("token"), "{answer:?}");
    let answer = notebook.good("%connections").await;
    answer.shows("expires in 23 h 59 min");
    answer.shows("open, Query Service 0.1.0");
}

#[tokio::test]
async fn from_ten_minutes_before_the_footer_says_so() {
    let service = Service::start(Quirks::default()).await;
    for (left, said) in [
        (MINUTE * 21 / 2, None),
        (MINUTE * 19 / 2, Some("the token expires in 9 min")),
    ] {
        let token = lasting(left);
        service.accept(&token);
        let mut notebook = Notebook::new(&service);
        notebook.hides(&token);
        notebook
            .good(&format!("%connect {} password={token}", keywords(&service)))
            .await;
        let answer = notebook.good("select name from loyalty_members").await;
        assert_eq!(answer.remarks("the token"), said.is_some(), "{answer:?}");
        assert!(answer.remarks(said.unwrap_or_default()), "{answer:?}");
    }
}

#[tokio::test]
async fn an_expired_token_is_asked_for_once_and_the_statement_runs() {
    let service = Service::start(Quirks::default()).await;
    let old = lasting(Duration::ZERO);
    service.accept(&old);
    let mut notebook = Notebook::new(&service);
    notebook.hides(&old);
    notebook
        .good(&format!("%connect {} password={old}", keywords(&service)))
        .await;
    // As it comes off a page.
    let pasted = format!(
        "\n  {}\n{}  \n",
        &service.token[..500],
        &service.token[500..]
    );
    notebook.host.will_answer(Ok(&pasted));
    let answer = notebook.good("select count(*) from loyalty_members").await;
    answer.shows(" 5\n");
    let asked = notebook.host.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(
        asked[0].0.contains("refuses the password") && asked[0].1,
        "{asked:?}"
    );
    assert_eq!(
        service.log().queries,
        ["select count(*) from loyalty_members"]
    );
    // The new one is kept for the next time.
    service.end_sessions(End::Silent).await;
    notebook.good("select 1").await;
    assert_eq!(notebook.host.asked().len(), 1);
    assert_eq!(service.log().logins.last().unwrap().password, service.token);
}

#[tokio::test]
async fn a_second_wrong_token_ends_the_asking() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::connected(&service).await;
    service.revoke();
    notebook
        .host
        .will_answer(Ok("eyJmYWxzZQ.eyJmYWxzZQ.eyJmYWxzZQ"));
    notebook.host.will_answer(Ok("never asked for"));
    let problem = notebook.bad("select 1").await;
    assert_eq!(problem.code.as_deref(), Some("28P01"));
    assert_eq!(notebook.host.asked().len(), 1);
    assert_eq!(service.log().queries.len(), 0);
}

#[tokio::test]
async fn without_a_prompt_the_error_says_where_to_get_a_token() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::connected(&service).await;
    service.revoke();
    let text = notebook.bad("select 1").await.text();
    assert!(text.contains("the token is wrong or has expired"), "{text}");
    assert!(
        text.contains("copy a new one from Queries, Credentials"),
        "{text}"
    );
    assert!(text.contains("password_command="), "{text}");
}

#[tokio::test]
async fn a_password_left_out_is_asked_for() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::new(&service);
    notebook
        .good(&format!(
            "%connect {} passfile=/nowhere",
            keywords(&service)
        ))
        .await;
    notebook.host.will_answer(Ok(&service.token));
    notebook.good("select 1").await;
    let asked = notebook.host.asked();
    assert!(
        asked[0].0.starts_with("Password for user ") && asked[0].1,
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_command_is_run_for_each_connection() {
    let service = Service::start(Quirks::default()).await;
    let folder = tempfile::tempdir().unwrap();
    let (file, runs) = (folder.path().join("token"), folder.path().join("runs"));
    fs::write(&file, &service.token).unwrap();
    let mut notebook = Notebook::trusted(&service);
    let command = format!("echo run >> {}; cat {}", runs.display(), file.display());
    notebook
        .good(&format!(
            "%connect {} password_command='{command}'",
            keywords(&service)
        ))
        .await;
    assert!(!runs.exists(), "nothing is run before the first statement");
    notebook.good("select 1").await;
    notebook.good("select 2").await;
    assert_eq!(fs::read_to_string(&runs).unwrap(), "run\n");

    // The token ends with the session; the command has another one.
    service.end_sessions(End::Silent).await;
    service.revoke();
    let new = lasting(MINUTE);
    service.accept(&new);
    notebook.hides(&new);
    fs::write(&file, &new).unwrap();
    notebook.good("select 3").await;
    assert_eq!(fs::read_to_string(&runs).unwrap(), "run\nrun\n");
    assert_eq!(service.log().logins.last().unwrap().password, new);
}

#[tokio::test]
async fn a_target_that_cannot_be_read_repeats_no_token() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::new(&service);
    let token = &service.token;
    let (half, rest) = token.split_at(token.len() / 2);
    for cell in [
        format!("%connect host=h password={token} nonsense"),
        format!("%connect host=h password={half} {rest}"),
        format!("%connect host=h {token}=password"),
        format!("%connect psql 'host=h password={token}"),
        format!("%connect postgresql://u:{token}%zz@h/d"),
        format!("%connect postgresql://u:{token}@h:{half}/d"),
        format!("%connect {token}"),
        format!("%%connect\n{token}"),
        format!("%%connect\nhost h\nport {token}"),
        format!("%%connect\n{{\"token\": {token}}}"),
        format!("%%connect as a b {token}\nhost h"),
        format!("%%connect\nhost h\nsslmode {token}"),
    ] {
        notebook.bad(&cell).await;
    }
}
