//! The service's errors: each with its code, its message, and what it means there in one sentence.

use std::time::Duration;

use crate::notebook::{Notebook, keywords};
use crate::stand_in::{Quirks, Service};

#[tokio::test]
async fn each_error_says_what_it_means() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::connected(&service).await;
    for (statement, code, says, means) in [
        (
            "select page from web_events limit 100001",
            "53400",
            "LIMIT may be 100000 at most",
            Some("a query may run for 10 minutes and a LIMIT may be 100,000 at most"),
        ),
        (
            "select varchar(name) from loyalty_members",
            "58000",
            "Function [varchar] not defined.",
            Some("what stands behind Reason is the engine's own word"),
        ),
        (
            "update loyalty_members set points = 1",
            "0A000",
            "UPDATE is not supported",
            Some("it has INSERT INTO … SELECT"),
        ),
        (
            "delete from loyalty_members",
            "0A000",
            "DELETE is not supported",
            Some("it has INSERT INTO … SELECT"),
        ),
        (
            "insert into loyalty_archive values ('Ada', 1)",
            "0A000",
            "INSERT is not supported",
            Some("it has INSERT INTO … SELECT"),
        ),
        (
            "insert into loyalty_archive select 'A' name, 1 points returning name",
            "42601",
            "syntax error",
            None,
        ),
        (
            "select * from nowhere",
            "42P01",
            "Table or view not found: nowhere",
            None,
        ),
        ("drop table web_events", "42501", "must be owner", None),
        ("selec 1", "42601", "syntax error", None),
    ] {
        let problem = notebook.bad(statement).await;
        let text = problem.text();
        assert_eq!(problem.code.as_deref(), Some(code), "{text}");
        assert!(text.contains(says), "{text}");
        match means {
            Some(means) => assert!(text.contains(means), "{text}"),
            None => assert!(!text.contains("Query Service:"), "{text}"),
        }
        // The session goes on.
        notebook.good("select 1").await;
    }
    assert_eq!(service.log().dials, 1);
}

#[tokio::test]
async fn the_time_limit() {
    let quirks = Quirks {
        works: Duration::from_secs(60),
        time_limit: Duration::from_millis(50),
        ..Quirks::default()
    };
    let service = Service::start(quirks).await;
    let notebook = Notebook::connected(&service).await;
    let text = notebook.bad("select * from web_events").await.text();
    assert!(text.contains("statement timeout"), "{text}");
    assert!(text.contains("a query may run for 10 minutes"), "{text}");
}

#[tokio::test]
async fn a_service_that_cannot_be_reached() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::new(&service);
    let target = keywords(&service).replace(&service.port.to_string(), &port.to_string());
    notebook
        .good(&format!("%connect {target} password={}", service.token))
        .await;
    let text = notebook.bad("select 1").await.text();
    assert!(text.contains("Connection refused"), "{text}");
    assert!(
        text.contains("an organization allows only some addresses"),
        "{text}"
    );
}
