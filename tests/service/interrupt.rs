//! Interrupts: the service takes requests to cancel and does nothing about them.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::notebook::Notebook;
use crate::stand_in::{Quirks, Service, USER};

/// It takes as long as the service works on a query of a table.
const QUERY: &str = "select * from web_events";

#[tokio::test]
async fn an_interrupt_drops_the_connection_at_once() {
    let service = Service::start(Quirks {
        works: Duration::from_secs(1),
        ..Quirks::default()
    })
    .await;
    let notebook = Notebook::connected(&service).await;
    notebook.good("select 1").await;
    let began = Instant::now();
    let (answer, time) = notebook.interrupted(QUERY, 100).await;
    assert!(time < Duration::from_millis(500), "{time:?}");
    let text = answer.problem.unwrap().text();
    assert!(
        text.contains("this server ignores requests to cancel"),
        "{text}"
    );
    assert!(
        text.contains("may still be running, and its changes may be committed"),
        "{text}"
    );
    assert_eq!(service.log().finished, 1, "the service is not done yet");

    // The next statement is not kept waiting by the last one.
    notebook.good("select 2").await;
    let log = service.log();
    assert_eq!((log.dials, log.cancels, log.finished), (2, 0, 2));
    sleep(Duration::from_millis(1200) - began.elapsed().min(Duration::from_secs(1))).await;
    assert_eq!(service.log().finished, 3, "the service went on");
}

#[tokio::test]
async fn a_second_interrupt_is_of_no_other_statement() {
    let service = Service::start(Quirks {
        works: Duration::from_millis(1500),
        ..Quirks::default()
    })
    .await;
    let notebook = Notebook::connected(&service).await;
    for gap in [0, 5, 50, 200, 700, 1000] {
        notebook.good("select 1").await;
        let again = notebook
            .host
            .interrupt_after(Duration::from_millis(100 + gap));
        let ((answer, time), ()) = tokio::join!(notebook.interrupted(QUERY, 100), again);
        assert!(time < Duration::from_millis(500 + gap), "{time:?}");
        let text = answer.problem.unwrap().text();
        for words in [
            "this server ignores requests to cancel",
            "its changes may be committed",
            "Temporary tables, SET",
        ] {
            assert!(text.contains(words), "{gap}: {text}");
        }
        notebook.host.calm();
        notebook.good("select 2").await;
    }
    assert_eq!(service.log().cancels, 0);
}

#[tokio::test]
async fn a_time_limit_drops_the_connection_at_once() {
    let service = Service::start(Quirks {
        works: Duration::from_secs(60),
        ..Quirks::default()
    })
    .await;
    let notebook = Notebook::connected(&service).await;
    notebook.good("select 1").await;
    let began = Instant::now();
    let problem = notebook.bad(&format!("%%sql --timeout 0.2\n{QUERY}")).await;
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    let text = problem.text();
    assert!(
        text.contains("The time limit of --timeout had passed."),
        "{text}"
    );
}

/// A server of which it is not known that it ignores requests to cancel.
#[tokio::test]
async fn a_server_that_did_not_listen_once_is_not_asked_again() {
    let quirks = Quirks {
        works: Duration::from_secs(60),
        version: "15.4",
        ..Quirks::default()
    };
    let service = Service::start(quirks).await;
    let notebook = Notebook::new(&service);
    let (port, token) = (service.port, &service.token);
    notebook
        .good(&format!(
            "%connect host=localhost port={port} dbname=prod:all user={USER} password={token}"
        ))
        .await;
    notebook.good("select 1").await;
    let (answer, time) = notebook.interrupted(QUERY, 100).await;
    assert!(time > Duration::from_secs(29), "{time:?}");
    assert!(answer.err().contains("has not answered"), "{answer:?}");
    let text = answer.problem.unwrap().text();
    assert!(
        text.contains("did not answer the request to cancel"),
        "{text}"
    );
    assert_eq!(service.log().cancels, 1);

    notebook.good("select 1").await;
    let (answer, time) = notebook.interrupted(QUERY, 100).await;
    assert!(time < Duration::from_millis(900), "{time:?}");
    let text = answer.problem.unwrap().text();
    assert!(text.contains("ignores requests to cancel"), "{text}");
    assert_eq!(service.log().cancels, 1);
}
