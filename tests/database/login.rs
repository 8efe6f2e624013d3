//! TLS and passwords: what is checked, what is asked for, and that no password is ever shown.

use query::Unanswered;

use crate::notebook::Notebook;
use crate::server::{Database, Server};

/// Keywords for the database over TCP with these options.
fn target(database: &Database, host: &str, options: &str) -> String {
    format!(
        "{} {options}",
        database.target_at(host, database.server.port)
    )
}

/// Whether the session is encrypted, or why there is none.
async fn encrypted(target: &str) -> Result<bool, String> {
    let notebook = Notebook::with(target);
    let answer = notebook
        .run("select ssl from pg_stat_ssl where pid = pg_backend_pid()")
        .await;
    match answer.problem {
        Some(problem) => Err(problem.message),
        None => Ok(answer.bundles().last().unwrap().text().contains(" t\n")),
    }
}

#[tokio::test]
async fn tls_as_the_mode_says() {
    let database = Database::new().await;
    let rootcert = database.server.file("authority.crt");
    let with = |host: &str, options: &str| target(&database, host, options);
    let rooted = |mode: &str| format!("sslmode={mode} sslrootcert={rootcert}");

    assert_eq!(
        encrypted(&with("localhost", "sslmode=disable")).await,
        Ok(false)
    );
    assert_eq!(
        encrypted(&with("localhost", "sslmode=allow")).await,
        Ok(false)
    );
    assert_eq!(
        encrypted(&with("localhost", "sslmode=prefer")).await,
        Ok(true)
    );
    assert_eq!(encrypted(&with("localhost", "")).await, Ok(true));
    assert_eq!(
        encrypted(&with("localhost", "sslmode=require")).await,
        Ok(true)
    );
    assert_eq!(
        encrypted(&with("localhost", &rooted("verify-ca"))).await,
        Ok(true)
    );
    assert_eq!(
        encrypted(&with("localhost", &rooted("verify-full"))).await,
        Ok(true)
    );
    assert_eq!(
        encrypted(&database.target()).await,
        Ok(false),
        "a Unix socket has none"
    );

    // Another name than the certificate's, for the same server.
    let other = format!("hostaddr=127.0.0.1 {}", rooted("verify-ca"));
    assert_eq!(encrypted(&with("db.example", &other)).await, Ok(true));
    let other = format!("hostaddr=127.0.0.1 {}", rooted("verify-full"));
    let why = encrypted(&with("db.example", &other)).await.unwrap_err();
    assert!(
        why.contains("certificate is not for \"db.example\""),
        "{why}"
    );
}

#[tokio::test]
async fn a_certificate_of_a_stranger_is_refused() {
    let database = Database::new().await;
    // The server's own certificate is no authority; nor does the system know ours.
    let stranger = database.server.file("server.crt");
    for options in [
        "sslmode=verify-full".to_owned(),
        "sslmode=verify-ca sslrootcert=system".to_owned(),
        format!("sslmode=verify-ca sslrootcert={stranger}"),
        format!("sslmode=verify-full sslrootcert={stranger}x"),
    ] {
        let why = encrypted(&target(&database, "localhost", &options))
            .await
            .unwrap_err();
        assert!(
            why.contains("authorities trusted") || why.contains("sslrootcert"),
            "{options}: {why}"
        );
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_asked_for_again() {
    let database = Database::new().await;
    let wrong = target(&database, "localhost", "password='not the right one'");
    let notebook = Notebook::with(&wrong);
    let answer = notebook.run("select 1").await;
    let problem = answer.problem.as_ref().unwrap();
    assert_eq!(problem.name, "28P01 invalid_password");
    assert!(
        problem
            .message
            .contains("password authentication failed for user"),
        "{problem:?}"
    );
    assert!(!format!("{answer:?}").contains("not the right one"));

    notebook.host.will_answer(Ok(&database.server.password));
    assert_eq!(notebook.value("select 1").await, "1");
}

#[tokio::test]
async fn a_missing_password_is_asked_for_once() {
    let database = Database::new().await;
    let host = "localhost";
    let Server {
        port,
        user,
        password,
        ..
    } = database.server;
    let bare = format!(
        "host={host} port={port} user={user} dbname={}",
        database.name
    );
    let notebook = Notebook::with(&bare);

    let problem = notebook.bad("select 1").await;
    assert!(
        problem.advice.concat().contains("PGPASSWORD"),
        "{problem:?}"
    );
    let (prompt, secret) = notebook.host.asked().pop().unwrap();
    assert_eq!(
        prompt,
        format!("Password for user {user} at {host}:{port}: ")
    );
    assert!(secret);

    notebook.host.will_answer(Err(Unanswered::Interrupted));
    let problem = notebook.bad("select 1").await;
    assert_eq!(problem.message, "interrupted; nothing was sent");

    notebook.host.will_answer(Ok("wrong"));
    let problem = notebook.bad("select 1").await;
    assert_eq!(problem.name, "28P01 invalid_password");

    notebook.host.will_answer(Ok(password));
    assert_eq!(notebook.value("select 1").await, "1");
    // It is kept for as long as the session is.
    let asked = notebook.host.asked().len();
    notebook
        .run("select pg_terminate_backend(pg_backend_pid())")
        .await;
    assert_eq!(notebook.value("select 2").await, "2");
    assert_eq!(notebook.host.asked().len(), asked);
}

#[tokio::test]
async fn the_password_is_in_no_output() {
    // Every cell of these tests is searched for it; these are those that might say it.
    let database = Database::new().await;
    let Server {
        port,
        user,
        password,
        ..
    } = database.server;
    let notebook = Notebook::new(&database);
    let url = format!(
        "postgresql://{user}:{password}@localhost:{port}/{}",
        database.name
    );
    notebook
        .good(&format!(
            "%connect {url} as url\nselect 1;\n%connections\n\\conninfo"
        ))
        .await;
    let nowhere = format!("postgresql://{user}:{password}@localhost:1/x");
    notebook
        .bad(&format!("%connect {nowhere} as nowhere\nselect 1"))
        .await;
    let nobody = url.replace(user, "nobody");
    notebook
        .bad(&format!("%connect {nobody} as nobody\nselect 1"))
        .await;
    notebook.good("%connections\n\\conninfo").await;
}

#[tokio::test]
async fn what_does_not_exist_is_named() {
    let database = Database::new().await;
    let notebook = Notebook::with(&database.target().replace(&database.name, "nosuch"));
    let problem = notebook.bad("select 1").await;
    assert_eq!(problem.name, "3D000 invalid_catalog_name");
    assert!(
        problem
            .message
            .contains("database \"nosuch\" does not exist"),
        "{problem:?}"
    );

    let notebook = Notebook::with("host=nosuch.invalid user=nobody");
    notebook.fails("select 1", "nosuch.invalid:5432").await;
    let notebook = Notebook::with("host=/nosuch user=nobody");
    notebook.fails("select 1", "/nosuch/.s.PGSQL.5432").await;
}
