//! Logging in: every way a server may ask, every place a password may come from, and what is said
//! where the server refuses.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use query::Target;
use tokio::time::sleep;

use crate::notebook::Notebook;
use crate::server::{psql, server};

const WHO: &str = "select session_user || ' in ' || current_database() as who";

/// A notebook whose target has these variables in its environment.
fn notebook(target: &str, variables: &[(&str, &str)]) -> Result<Notebook, String> {
    let target = Target::parse(target, &|name| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    })?;
    Ok(Notebook::first(Some(target), &server().password))
}

/// The target of a role, without its password.
fn bare(role: &str) -> String {
    let target = server().as_role(role);
    target.replace(&format!(" password={}", server().password), "")
}

#[tokio::test]
async fn every_way_a_server_may_ask() {
    for role in [
        "by_clear",
        "by_md5",
        "by_scram",
        "by_trust",
        "ECBB80245ECFC73E8A095EC9@AdobeOrg",
    ] {
        for mode in ["disable", "require"] {
            let target = format!("{} sslmode={mode}", server().as_role(role));
            let who = Notebook::with(&target).value(WHO).await;
            assert_eq!(who, format!("{role} in postgres"), "{mode}");
            assert_eq!(psql(&target, "select 1").stdout, b"1\n", "{target}");
        }
        if role == "by_trust" {
            continue;
        }
        let wrong = server()
            .as_role(role)
            .replace(&server().password, "the wrong one");
        let wrong = wrong.replace("password=the wrong one", "password='the wrong one'");
        let notebook = Notebook::with(&wrong);
        let problem = notebook.bad("select 1").await;
        assert_eq!(problem.name, "28P01 invalid_password", "{role}");
        assert!(!format!("{problem:?}").contains("the wrong one"));
        // Asked once, and the statement runs.
        notebook.host.will_answer(Ok(&server().password));
        assert_eq!(notebook.value("select 2").await, "2");
        assert_eq!(notebook.host.asked().len(), 2);
    }
}

#[tokio::test]
async fn names_and_passwords_out_of_the_ordinary() {
    let login = server().as_role("by_scram");
    for (database, written) in [
        ("prod:all", "prod:all"),
        ("prod:all?FLATTEN", "prod:all?FLATTEN"),
    ] {
        let target = login.replace("dbname=postgres", &format!("dbname={written}"));
        assert_eq!(
            Notebook::with(&target).value(WHO).await,
            format!("by_scram in {database}")
        );
    }
    let port = server().port;
    let password = &server().password;
    for written in [
        "prod:all?FLATTEN",
        "prod:all%3FFLATTEN",
        "prod%3Aall?FLATTEN&sslmode=require",
    ] {
        let url = format!(
            "postgres://ECBB80245ECFC73E8A095EC9@AdobeOrg:{password}@localhost:{port}/{written}"
        );
        let who = Notebook::with(&url).value(WHO).await;
        assert_eq!(
            who, "ECBB80245ECFC73E8A095EC9@AdobeOrg in prod:all?FLATTEN",
            "{written}"
        );
    }
    let long = bare("long_password") + " password=" + &"x".repeat(1500);
    assert_eq!(
        Notebook::with(&long).value(WHO).await,
        "long_password in postgres"
    );
}

#[tokio::test]
async fn what_the_server_refuses() {
    let problem = Notebook::with(&server().as_role("late"))
        .bad("select 1")
        .await;
    assert_eq!(problem.name, "28P01 invalid_password");

    let first = Notebook::with(&server().as_role("one"));
    first.good("select 1").await;
    let second = Notebook::with(&server().as_role("one"));
    let problem = second.bad("select 1").await;
    assert_eq!(problem.name, "53300 too_many_connections");
    assert!(
        problem.message.contains("too many connections for role"),
        "{problem:?}"
    );
    first.good("%disconnect").await;
    drop(first);
    for _ in 0..50 {
        if second.run("select 1").await.problem.is_none() {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("the first connection was not closed");
}

#[tokio::test]
async fn a_session_that_was_idle_for_too_long() {
    let notebook = Notebook::with(&server().as_role("sleepy"));
    notebook.good("set idle_session_timeout = 100").await;
    // Completion may ask something of its own before it idles.
    let sessions = "select count(*) from pg_stat_activity where usename = 'sleepy'";
    while server().sql(sessions) != "0" {
        sleep(Duration::from_millis(50)).await;
    }
    let answer = notebook.good("select 1 as a").await;
    assert!(answer.err().contains("idle-session timeout"), "{answer:?}");
}

#[tokio::test]
async fn the_password_file_as_libpq_heeds_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pass");
    let set = |text: &str, mode: u32| {
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
    };
    let password = &server().password;
    let line = format!(
        "# ours\nother:*:*:*:x\nlocalhost:{}:*:by_scram:{password}\n",
        server().port
    );
    let target = format!("{} passfile={}", bare("by_scram"), file.display());
    set(&line, 0o600);
    assert_eq!(psql(&target, "select 1").stdout, b"1\n");
    assert_eq!(Notebook::with(&target).value("select 1").await, "1");
    let by_variable = [("PGPASSFILE", file.to_str().unwrap())];
    assert_eq!(
        notebook(&bare("by_scram"), &by_variable)
            .unwrap()
            .value("select 1")
            .await,
        "1"
    );
    // One that others may read is passed over, which matters where a password is needed.
    set(&line, 0o640);
    assert!(!psql(&target, "select 1").status.success());
    Notebook::with(&target)
        .fails("select 1", "chmod 0600")
        .await;
    let trusted = target.replace("by_scram", "by_trust");
    assert_eq!(psql(&trusted, "select 1").stdout, b"1\n");
    assert_eq!(Notebook::with(&trusted).value("select 1").await, "1");
}

#[tokio::test]
async fn every_place_a_password_may_come_from() {
    let password = server().password.as_str();
    let target = bare("by_scram");
    let check = async |target: &str, variables: &[(&str, &str)]| {
        assert_eq!(
            notebook(target, variables).unwrap().value("select 1").await,
            "1",
            "{target}"
        );
    };
    check(&target, &[("PGPASSWORD", password)]).await;
    check(
        &(target.clone() + " password=${SECRET}"),
        &[("SECRET", password)],
    )
    .await;
    let url = format!(
        "postgresql://by_scram:${{SECRET}}@localhost:{}/postgres",
        server().port
    );
    check(&url, &[("SECRET", password)]).await;
    check(
        "${EVERYTHING}",
        &[("EVERYTHING", &server().as_role("by_scram"))],
    )
    .await;
    check(&format!("{target} password_command='echo {password}'"), &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let services = folder.path().join("services");
    let text = server().as_role("by_scram").replace(' ', "\n");
    std::fs::write(&services, format!("[other]\nhost=x\n[ours]\n{text}\n")).unwrap();
    let services = [("PGSERVICEFILE", services.to_str().unwrap())];
    check("service=ours", &services).await;
    check("postgresql:///?service=ours", &services).await;
    let why = notebook("service=hours", &services).err().unwrap();
    assert!(why.contains("did you mean ours?"), "{why}");

    // A command that fails, and one that does not end.
    let problem = Notebook::with(&format!("{target} password_command='echo no >&2; exit 3'"))
        .bad("select 1")
        .await;
    assert!(
        problem.message.contains("password_command: it ended with")
            && problem.message.contains("no"),
        "{problem:?}"
    );
    let endless = format!("{target} connect_timeout=2 password_command='sleep 60'");
    Notebook::with(&endless)
        .fails("select 1", "within 2 s")
        .await;
}

#[tokio::test]
async fn no_password_is_shown_anywhere() {
    let password = server().password.as_str();
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "no key").unwrap();
    for more in [
        "".to_owned(),
        format!(
            "sslpassword={password} sslcert=/nosuch sslkey={}",
            key.display()
        ),
        format!("password_command='echo {password}; false'"),
        "port=1".to_owned(),
        "user=nobody".to_owned(),
        "dbname=nosuch".to_owned(),
    ] {
        let text = format!("{} {more}", server().as_role("by_scram"));
        let target = Target::parse(&text, &|_| None).unwrap();
        assert!(!format!("{target:?}").contains(password), "{target:?}");
        assert!(!target.describe().contains(password));
        // Each answer is searched for it.
        let notebook = Notebook::with(&text);
        notebook.run("select 1").await;
        notebook.good("%connections").await;
        notebook.good("\\conninfo").await;
        let cell = format!("%connect {text}");
        notebook.run(&cell).await;
        assert!(!notebook.query.remembers(&cell), "{cell}");
    }
    let remembers = |cell: &str| Notebook::with("local").query.remembers(cell);
    for cell in [
        "%connect postgresql://ada:secret@db/sales",
        "%connect psql 'host=db password=secret'",
        "%%connect\nHost: db\nPassword: secret",
        "%%connect\n{\"credential\": \"x\", \"technicalAccountId\": \"y\"}",
        "alter role ada password 'secret'",
        "create user ada with encrypted PASSWORD 'secret'",
    ] {
        assert!(!remembers(cell), "{cell}");
    }
    for cell in [
        "select 1",
        "%connect postgresql://ada@db/sales",
        "%connect host=db user=ada",
        "%connect local",
    ] {
        assert!(remembers(cell), "{cell}");
    }
}

/// Whatever the reason: who wanted to come in, and where to.
#[tokio::test]
async fn every_failure_to_log_in_says_who_and_where() {
    let port = server().port;
    let login = server().as_role("by_scram");
    let socket = format!(
        "host={} port={port} user=by_scram dbname=nosuch password=wrong",
        server().folder
    );
    for (target, why) in [
        (
            login.replace("dbname=postgres", "dbname=nosuch"),
            "does not exist",
        ),
        (
            login.replace(&server().password, "wrong"),
            "password authentication failed",
        ),
        (
            login.replace("by_scram", "nobody"),
            "password authentication failed",
        ),
        (
            login.replace("by_scram", "late"),
            "password authentication failed",
        ),
        (bare("by_scram"), "asks for a password"),
        (login.clone() + " options='-c nosuch=1'", "nosuch"),
        (
            login.clone() + " target_session_attrs=standby",
            "target_session_attrs",
        ),
        (login.replace(&format!("port={port}"), "port=1"), "refused"),
        (
            login.clone() + " sslmode=verify-full",
            "none of the authorities",
        ),
        (socket, "password authentication failed"),
    ] {
        let notebook = Notebook::with(&target);
        let problem = notebook.bad("select 1").await;
        let user = match target.split("user=").nth(1) {
            Some(rest) => rest.split(' ').next().unwrap(),
            None => panic!("{target}"),
        };
        let database = match target.contains("nosuch") && target.contains("dbname=nosuch") {
            true => "nosuch",
            false => "postgres",
        };
        let told = &problem.message;
        for words in [
            why.to_owned(),
            format!("user \"{user}\""),
            format!("database \"{database}\""),
            match target.contains("port=1 ") {
                true => "localhost:1".to_owned(),
                false => format!(":{port}"),
            },
        ] {
            assert!(told.contains(&words), "{target}: {words}: {told}");
        }
    }
}

#[tokio::test]
async fn a_cell_starts_no_program_without_leave() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ran");
    let login = server().as_role("by_scram");
    let (target, password) = login.rsplit_once(" password=").unwrap();
    let command = format!("touch {}; echo {password}", file.display());
    let first = || Notebook::with("host=nowhere.invalid user=u dbname=d");
    let trusted = || {
        let notebook = first();
        Notebook {
            query: notebook.query.allow_programs(true),
            ..notebook
        }
    };
    for cell in [
        format!("%connect {target} password_command='{command}'"),
        format!("%connect psql \"{target} password_command='{command}'\""),
        format!(
            "%%connect\n{}\npassword_command: {command}",
            target.replace(' ', "\n")
        ),
    ] {
        let notebook = first();
        notebook.fails(&cell, "which cells may not").await;
        assert!(!file.exists(), "{cell}");
        let notebook = trusted();
        notebook.good(&cell).await;
        assert_eq!(notebook.value("select 1").await, "1", "{cell}");
        assert!(file.exists(), "{cell}");
        std::fs::remove_file(&file).unwrap();
    }
    // Nobody reads these for a program in them, whoever has allowed some.
    let port = server().port;
    for cell in [
        format!(
            "%connect postgresql://by_scram@localhost:{port}/postgres?password_command=touch%20{}",
            file.display()
        ),
        format!(
            "%connect psql 'postgresql://by_scram@localhost:{port}/postgres?password_command=x'"
        ),
        format!(
            "%%connect\n{{\"host\": \"localhost\", \"port\": {port}, \"username\": \"by_scram\", \"password_command\": \"touch {}\"}}",
            file.display()
        ),
    ] {
        for notebook in [first(), trusted()] {
            notebook.fails(&cell, "never taken from").await;
            assert!(!file.exists(), "{cell}");
        }
    }
}
