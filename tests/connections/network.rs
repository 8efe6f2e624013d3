//! Networks that fail: servers that do not answer, answer something else, answer byte by byte or
//! stop in the middle; and several servers, of which some are like that.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::notebook::Notebook;
use crate::server::server;

/// What becomes of a connection.
#[derive(Clone, Copy)]
enum Way {
    /// Nothing is ever said.
    Silent,
    /// Closed at once.
    Closed,
    /// Another protocol.
    Web,
    /// The server's bytes come one at a time.
    ByteByByte,
    /// Only so many of the server's bytes come, and then nothing.
    StallsAfter(usize),
}

/// Something that listens at a port of this machine, for as long as the test runs.
async fn listen(way: Way) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client, way));
        }
    });
    port
}

async fn serve(mut client: TcpStream, way: Way) {
    match way {
        Way::Silent => std::future::pending().await,
        Way::Closed => {}
        Way::Web => {
            let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            sleep(Duration::from_millis(100)).await;
        }
        Way::ByteByByte => pass(client, 1, usize::MAX).await,
        Way::StallsAfter(bytes) => pass(client, 4096, bytes).await,
    }
}

/// To the server and back.
async fn pass(mut client: TcpStream, piece: usize, limit: usize) {
    client.set_nodelay(true).unwrap();
    let mut server = TcpStream::connect(("127.0.0.1", server().port))
        .await
        .unwrap();
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let back = async {
        let mut left = limit;
        let mut buffer = vec![0; piece];
        while left > 0 {
            let most = piece.min(left);
            match from_server.read(&mut buffer[..most]).await {
                Ok(count) if count > 0 => {
                    let _ = to_client.write_all(&buffer[..count]).await;
                    left -= count;
                }
                _ => return,
            }
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
        () = back => {}
    }
}

fn target(port: u16, more: &str) -> String {
    let target = server().as_role("by_scram");
    let target = target.replace(&format!("port={}", server().port), &format!("port={port}"));
    target.replace("host=localhost", "host=127.0.0.1") + " connect_timeout=2 " + more
}

/// Fails within the limit of two seconds, with these words.
async fn fails(target: &str, words: &str) {
    let begun = Instant::now();
    let problem = Notebook::with(target).bad("select 1").await;
    assert!(problem.message.contains(words), "{target}: {problem:?}");
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{target}: {:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn servers_that_do_not_answer_as_they_should() {
    let silent = listen(Way::Silent).await;
    fails(
        &target(silent, "sslmode=require"),
        "no answer within 2 s (connect_timeout)",
    )
    .await;
    fails(
        &target(silent, "sslmode=disable"),
        "no answer within 2 s (connect_timeout)",
    )
    .await;
    let closed = listen(Way::Closed).await;
    fails(
        &target(closed, "sslmode=require"),
        "is this the port of a PostgreSQL server?",
    )
    .await;
    fails(
        &target(closed, "sslmode=disable"),
        &format!("127.0.0.1:{closed}: "),
    )
    .await;
    let web = listen(Way::Web).await;
    fails(&target(web, "sslmode=require"), "not a PostgreSQL server").await;
    fails(
        &target(web, "sslmode=disable"),
        &format!("127.0.0.1:{web}: "),
    )
    .await;
}

#[tokio::test]
async fn the_limit_covers_tls_and_logging_in() {
    // In the handshake, before and between the messages of the login.
    for bytes in [1, 5, 100, 1000] {
        let port = listen(Way::StallsAfter(bytes)).await;
        fails(&target(port, "sslmode=require"), "no answer within 2 s").await;
    }
    for bytes in [3, 24, 60, 120, 300] {
        let port = listen(Way::StallsAfter(bytes)).await;
        fails(&target(port, "sslmode=disable"), "no answer within 2 s").await;
    }
}

#[tokio::test]
async fn byte_by_byte_is_slow_but_right() {
    let port = listen(Way::ByteByByte).await;
    for mode in ["disable", "require"] {
        let notebook = Notebook::with(&target(port, &format!("sslmode={mode} connect_timeout=10")));
        assert_eq!(
            notebook
                .value("select string_agg(n::text, '') from generate_series(1, 9) as n")
                .await,
            "123456789"
        );
    }
}

#[tokio::test]
async fn opening_can_be_interrupted() {
    let port = listen(Way::Silent).await;
    let notebook = Notebook::with(&target(port, "connect_timeout=60"));
    let begun = Instant::now();
    let interrupt = notebook.host.interrupt_after(Duration::from_millis(200));
    let (problem, ()) = tokio::join!(notebook.bad("select 1"), interrupt);
    assert_eq!(problem.message, "interrupted; nothing was sent");
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn several_servers_of_which_one_answers() {
    let (silent, closed) = (listen(Way::Silent).await, listen(Way::Closed).await);
    let good = server().port;
    let several = target(good, "").replace(
        "host=127.0.0.1",
        "host=127.0.0.1,127.0.0.1,nosuch.invalid,localhost",
    );
    let several = several.replace(
        &format!("port={good}"),
        &format!("port={silent},{closed},5432,{good}"),
    );
    assert_eq!(Notebook::with(&several).value("select 1").await, "1");
    let shuffled = several.clone() + " load_balance_hosts=random";
    assert_eq!(Notebook::with(&shuffled).value("select 1").await, "1");
    let none = several.replace(&format!(",{good}"), &format!(",{closed}"));
    let problem = Notebook::with(&none).bad("select 1").await;
    for words in [
        format!("127.0.0.1:{silent}: no answer"),
        format!("127.0.0.1:{closed}: "),
        "nosuch.invalid:5432: ".into(),
    ] {
        assert!(problem.message.contains(&words), "{words}: {problem:?}");
    }
}

#[tokio::test]
async fn the_kind_of_session_that_is_wanted() {
    let wants = |kind: &str, more: &str| {
        Notebook::with(&format!(
            "{} target_session_attrs={kind} {more}",
            server().as_role("by_scram")
        ))
    };
    for kind in ["any", "read-write", "primary", "prefer-standby"] {
        assert_eq!(wants(kind, "").value("select 1").await, "1", "{kind}");
    }
    for kind in ["read-only", "standby"] {
        let problem = wants(kind, "").bad("select 1").await;
        assert!(
            problem.message.contains("target_session_attrs"),
            "{kind}: {problem:?}"
        );
    }
    let read_only = "options='-c default_transaction_read_only=on'";
    assert_eq!(wants("read-only", read_only).value("select 1").await, "1");
    wants("read-write", read_only).bad("select 1").await;
}

/// A server that lets everyone in, and answers each query with these bytes.
async fn answers(bytes: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                let _ = client.read(&mut buffer).await;
                // The way in is open; a key; ready.
                let greeting = b"R\0\0\0\x08\0\0\0\0K\0\0\0\x0c\0\0\0\x01\0\0\0\x02Z\0\0\0\x05I";
                let _ = client.write_all(greeting).await;
                while client.read(&mut buffer).await.is_ok_and(|count| count > 0) {
                    let _ = client.write_all(bytes).await;
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn answers_that_are_none_of_the_protocols() {
    let ask = async |bytes: &'static [u8]| {
        let port = answers(bytes).await;
        let notebook = Notebook::with(&format!(
            "host=127.0.0.1 port={port} user=u dbname=d sslmode=disable"
        ));
        let problem = notebook.bad("select 1").await;
        // The next one is as good as the first.
        assert_eq!(notebook.bad("select 2").await.message, problem.message);
        problem
    };
    // An error with nothing but a message, and nothing at all.
    let problem = ask(b"E\0\0\0\x0dMno way\0\0Z\0\0\0\x05I").await;
    assert_eq!(problem.name, "server_error");
    assert_eq!(problem.text(), "ERROR:  no way");
    let problem = ask(b"E\0\0\0\x05\0Z\0\0\0\x05I").await;
    assert_eq!(problem.text(), "ERROR:  (the server gave no message)");
    // An error after which the server goes: what it said is not lost.
    let problem = ask(b"E\0\0\0\x14SERROR\0Mno way\0\0S\x7f\xff\xff\xffname").await;
    assert_eq!(problem.message, "no way");
    assert!(
        problem
            .advice
            .concat()
            .contains("Then the connection ended")
    );
    // Lengths that nothing has, a message that is cut short, and one nobody knows.
    for (bytes, words) in [
        (
            &b"S\x7f\xff\xff\xffname"[..],
            "a message of 2147483648 bytes",
        ),
        (b"D\x7f\xff\xff\xff\0\x01", "a message of 2147483648 bytes"),
        (b"E\x7f\xff\xff\xffS", "a message of 2147483648 bytes"),
        (b"T\0\0\0\x06\0\x09", "a message that is cut"),
        (b"C\0\0\0\x08SELE", "a message that is cut"),
    ] {
        let problem = ask(bytes).await;
        assert!(problem.name.starts_with("08006"), "{problem:?}");
        assert!(problem.message.contains(words), "{words}: {problem:?}");
    }
}
