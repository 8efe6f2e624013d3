//! Credentials as people have them: each way in reaches the service with the very bytes it wants.

use crate::notebook::{Notebook, keywords};
use crate::stand_in::{HOST, Login, Quirks, Service, USER};

#[tokio::test]
async fn keywords_reach_the_service() {
    let service = Service::start(Quirks::default()).await;
    let target = format!("{} password={}", keywords(&service), service.token);
    reaches(&service, &format!("%connect {target}"), "prod:all").await;
}

#[tokio::test]
async fn a_pasted_psql_command_reaches_the_service() {
    let service = Service::start(Quirks::default()).await;
    let (port, token) = (service.port, &service.token);
    let command = |database: &str| {
        format!(
            "%connect psql 'sslmode=require host={HOST} port={port} dbname={database} user={USER} \
             password={token} hostaddr=127.0.0.1'"
        )
    };
    reaches(&service, &command("prod:all"), "prod:all").await;
    reaches(&service, &command("prod:all?FLATTEN"), "prod:all?FLATTEN").await;
}

#[tokio::test]
async fn a_psql_command_broken_over_lines_reaches_the_service() {
    let service = Service::start(Quirks::default()).await;
    let (port, token) = (service.port, broken(&service.token));
    let command = format!(
        "%%connect\npsql 'sslmode=require host={HOST}\nport={port} dbname=prod:all \
         hostaddr=127.0.0.1\nuser={USER} password={token}'"
    );
    reaches(&service, &command, "prod:all").await;
}

#[tokio::test]
async fn fields_reach_the_service() {
    let service = Service::start(Quirks::default()).await;
    let (port, token) = (service.port, &service.token);
    let fields = format!(
        "%%connect as adobe\nHost: {HOST}\nhostaddr: 127.0.0.1\nPort: {port}\nDatabase: prod:all\n\
         Username: {USER}\nPassword: {token}\nExpires: 24/11/2026, 10:15:33"
    );
    reaches(&service, &fields, "prod:all").await;
    // Any order, any case, and a token that was copied off a page that wraps it.
    let fields = format!(
        "%%connect\npassword\n  {}\n\nUSERNAME = {USER}\ndatabase prod:all?FLATTEN\nport\t{port}\n\
         hostaddr=127.0.0.1\nhOST={HOST}",
        broken(token)
    );
    reaches(&service, &fields, "prod:all?FLATTEN").await;
}

#[tokio::test]
async fn both_kinds_of_credentials_files_reach_the_service() {
    let service = Service::start(Quirks::default()).await;
    let (port, token) = (service.port, &service.token);
    let parameters = format!(
        r#"%%connect
{{"username": "{USER}", "dbName": "prod:all", "host": "{HOST}", "port": {port}, "hostaddr": "127.0.0.1",
 "token": "{token}", "compressedToken": "eNoLycgsVgCi", "version": 1, "websocketHost": "wss://{HOST}"}}"#
    );
    reaches(&service, &parameters, "prod:all").await;

    let password = "0EC11FA5623A8DE50A495CB1:5f0e7d2c9b1a4c3d8e6f7a8b9c0d1e2f";
    let (account, credential) = password.split_once(':').unwrap();
    service.accept(password);
    // The other fields are those of the page; the account stands in stray braces.
    let file = format!(
        r#"%%connect
Host: {HOST}
hostaddr: 127.0.0.1
Port: {port}
Database: prod:all
Username: {USER}
{{"technicalAccountName":"0EC1@TECHACCT.ADOBE.COM","credential":"{credential}","technicalAccountId":"{{{account}}}"}}"#
    );
    let mut notebook = Notebook::new(&service);
    notebook.hides(password);
    notebook.good(&file).await;
    notebook.good("select 1").await;
    assert_eq!(
        service.log().logins.last(),
        Some(&login("prod:all", password))
    );
}

#[tokio::test]
async fn a_url_reaches_the_service() {
    let service = Service::start(Quirks::default()).await;
    let (port, token) = (service.port, &service.token);
    let (raw, encoded) = (USER, USER.replace('@', "%40"));
    for (user, database, wanted) in [
        (raw, "prod:all?", "prod:all"),
        (&encoded, "prod:all?", "prod:all"),
        (raw, "prod:all?FLATTEN&", "prod:all?FLATTEN"),
        (raw, "prod%3Aall%3FFLATTEN?", "prod:all?FLATTEN"),
    ] {
        let target = format!(
            "%connect postgresql://{user}:{token}@{HOST}:{port}/{database}hostaddr=127.0.0.1&sslmode=require"
        );
        reaches(&service, &target, wanted).await;
    }
}

#[tokio::test]
async fn the_certificate_is_checked_where_asked() {
    let service = Service::start(Quirks::default()).await;
    let root = service.root_certificate();
    let (root, token) = (root.display(), &service.token);
    let full = format!(
        "%connect {} password={token} sslmode=verify-full",
        keywords(&service)
    );
    reaches(&service, &format!("{full} sslrootcert={root}"), "prod:all").await;

    let before = service.log().logins.len();
    let notebook = Notebook::new(&service);
    notebook.good(&format!("{full} sslrootcert=system")).await;
    notebook
        .fails("select 1", "none of the authorities trusted")
        .await;
    let elsewhere = full.replace(HOST, "beta.platform.adobe.io");
    notebook
        .good(&format!("{elsewhere} sslrootcert={root}"))
        .await;
    notebook
        .fails("select 1", "not for \"beta.platform.adobe.io\"")
        .await;
    assert_eq!(
        service.log().logins.len(),
        before,
        "no password goes to a stranger"
    );
}

/// Connects, runs a statement, and compares what the service was told at the login.
async fn reaches(service: &Service, connect: &str, database: &str) {
    let notebook = Notebook::new(service);
    let before = service.log();
    let answer = notebook.good(connect).await;
    assert!(
        answer.out().contains("the first statement opens it"),
        "{answer:?}"
    );
    assert!(
        answer.err().contains("The password stands in this cell"),
        "{answer:?}"
    );
    assert_eq!(
        service.log().dials,
        before.dials,
        "nothing is dialled before the first statement"
    );

    notebook.good("select 1").await;
    let log = service.log();
    assert_eq!(log.dials, before.dials + 1, "{connect:.200}");
    assert_eq!(
        log.logins.last(),
        Some(&login(database, &service.token)),
        "{connect:.200}"
    );
}

fn login(database: &str, password: &str) -> Login {
    Login {
        user: USER.into(),
        database: database.into(),
        password: password.into(),
    }
}

/// A token as it comes from a page or a terminal that wraps lines.
fn broken(token: &str) -> String {
    let (first, rest) = token.split_at(300);
    let (second, third) = rest.split_at(80);
    format!("{first}\n{second}\n{third}\n")
}
